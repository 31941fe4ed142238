"""Probabilities that a sequence of test statistics crosses its boundaries, by recursive numerical integration.

The canonical joint distribution: Z_k at information t_k (a fraction of the maximum) is normal with variance 1, mean
drift * sqrt(t_k), and Z_k sqrt(t_k) has independent increments. The density of Z_k on the event that the trial is still
running is carried from look to look on a Simpson grid that is dense in the middle and sparse in the tails.
Jennison C, Turnbull BW. Group Sequential Methods with Applications to Clinical Trials. Chapman & Hall/CRC 2000,
chapter 19.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled

Array = NDArray[np.float64]

GRID = 48
"""Density of the grid (the r of Jennison and Turnbull, who use 16): 12 r - 3 points, good for nine decimals."""

_ROOT2 = math.sqrt(2.0)
_ROOT2PI = math.sqrt(2.0 * math.pi)


@compiled
def upper_tail(z: float) -> float:
    """P(Z > z) of a standard normal, accurate far into the tail."""
    return 0.5 * math.erfc(z / _ROOT2)


@compiled
def _grid(mean: float, low: float, high: float, r: int) -> tuple[Array, Array]:
    """Nodes and Simpson weights on [low, high], dense around `mean`; empty if the interval is."""
    if not low < high:
        return np.empty(0), np.empty(0)
    ends = np.empty(6 * r + 1)
    n = 0
    for i in range(1, 6 * r):
        if i < r:
            x = mean - 3.0 - 4.0 * math.log(r / i)
        elif i <= 5 * r:
            x = mean - 3.0 + 3.0 * (i - r) / (2.0 * r)
        else:
            x = mean + 3.0 + 4.0 * math.log(r / (6.0 * r - i))
        if x > low:
            if n == 0 and low > -math.inf and x < high:
                ends[0] = low
                n = 1
            if x >= high:
                break
            ends[n] = x
            n += 1
    if n == 0:
        # The whole interval lies between two grid points, or beyond the last one.
        if low == -math.inf or high == math.inf:
            return np.empty(0), np.empty(0)
        ends[0] = low
        n = 1
    if high < math.inf and high - mean < 3.0 + 4.0 * math.log(float(r)):
        ends[n] = high
        n += 1
    if n < 2:
        return np.empty(0), np.empty(0)
    nodes = np.empty(2 * n - 1)
    weights = np.zeros(2 * n - 1)
    for i in range(n):
        nodes[2 * i] = ends[i]
    for i in range(n - 1):
        nodes[2 * i + 1] = 0.5 * (ends[i] + ends[i + 1])
        sixth = (ends[i + 1] - ends[i]) / 6.0
        weights[2 * i] += sixth
        weights[2 * i + 1] += 4.0 * sixth
        weights[2 * i + 2] += sixth
    return nodes, weights


@compiled
def start(t: float, drift: float, low: float, high: float, r: int) -> tuple[Array, Array]:
    """Nodes of Z_1 inside the continuation region, and the probability mass that each stands for."""
    mean = drift * math.sqrt(t)
    nodes, mass = _grid(mean, low, high, r)
    for i in range(nodes.size):
        mass[i] *= math.exp(-0.5 * (nodes[i] - mean) ** 2) / _ROOT2PI
    return nodes, mass


@compiled
def step(
    nodes: Array, mass: Array, before: float, t: float, drift: float, low: float, high: float, r: int
) -> tuple[Array, Array]:
    """From the mass at information `before` to the mass at `t` that is still inside (low, high)."""
    root_t, root_before = math.sqrt(t), math.sqrt(before)
    root_gain = math.sqrt(t - before)
    scale = root_t / root_gain
    ahead, weights = _grid(drift * root_t, low, high, r)
    for i in range(ahead.size):
        total = 0.0
        for j in range(nodes.size):
            d = (ahead[i] * root_t - nodes[j] * root_before - drift * (t - before)) / root_gain
            if abs(d) < 38.0:
                total += mass[j] * math.exp(-0.5 * d * d)
        weights[i] *= total * scale / _ROOT2PI
    return ahead, weights


@compiled
def above(nodes: Array, mass: Array, before: float, t: float, drift: float, bound: float) -> float:
    """Probability of being inside so far and having Z > bound at information `t`; `before` 0 means the first look."""
    if before == 0.0:
        return upper_tail(bound - drift * math.sqrt(t))
    root_t, root_before, root_gain = math.sqrt(t), math.sqrt(before), math.sqrt(t - before)
    total = 0.0
    for j in range(nodes.size):
        total += mass[j] * upper_tail((bound * root_t - nodes[j] * root_before - drift * (t - before)) / root_gain)
    return total


@compiled
def below(nodes: Array, mass: Array, before: float, t: float, drift: float, bound: float) -> float:
    """Probability of being inside so far and having Z < bound at information `t`."""
    return above(-nodes, mass, before, t, -drift, -bound)


@compiled
def _density(nodes: Array, mass: Array, before: float, t: float, drift: float, z: float) -> float:
    """Density of Z at `z` on the event of being inside so far."""
    if before == 0.0:
        return math.exp(-0.5 * (z - drift * math.sqrt(t)) ** 2) / _ROOT2PI
    root_t, root_before, root_gain = math.sqrt(t), math.sqrt(before), math.sqrt(t - before)
    total = 0.0
    for j in range(nodes.size):
        d = (z * root_t - nodes[j] * root_before - drift * (t - before)) / root_gain
        if abs(d) < 38.0:
            total += mass[j] * math.exp(-0.5 * d * d)
    return total * root_t / (root_gain * _ROOT2PI)


@compiled
def bound_for(nodes: Array, mass: Array, before: float, t: float, drift: float, wanted: float) -> float:
    """The bound with `above(...)` equal to `wanted`; infinite if that is nothing, minus infinite if more than is left.

    Newton steps on the logarithm of the probability, which is concave in the bound, kept inside a shrinking bracket.
    """
    if wanted <= 0.0:
        return math.inf
    centre = drift * math.sqrt(t)
    low, high = centre - 38.0, centre + 38.0
    if above(nodes, mass, before, t, drift, low) <= wanted:
        return -math.inf
    if above(nodes, mass, before, t, drift, high) >= wanted:
        return math.inf
    z = centre + 2.0
    for _ in range(200):
        p = above(nodes, mass, before, t, drift, z)
        if p > wanted:
            low = z
        else:
            high = z
        slope = _density(nodes, mass, before, t, drift, z)
        ahead = z + p * math.log(p / wanted) / slope if p > 0.0 and slope > 0.0 else 0.5 * (low + high)
        if not low < ahead < high:
            ahead = 0.5 * (low + high)
        if abs(ahead - z) <= 1e-13 * max(1.0, abs(z)):
            return ahead
        z = ahead
    return z


@compiled
def crossing(information: Array, lower: Array, upper: Array, drift: float, r: int = GRID) -> tuple[Array, Array]:
    """Probability of first leaving the region below (first result) and above (second) at each look.

    `information` are increasing fractions, `lower` and `upper` the z boundaries (infinite where there is none); all of
    shape (looks,). `drift` is the mean of Z at information 1.
    """
    looks = information.size
    leave_below = np.zeros(looks)
    leave_above = np.zeros(looks)
    nodes, mass = np.empty(0), np.empty(0)
    before = 0.0
    for k in range(looks):
        t = information[k]
        leave_below[k] = below(nodes, mass, before, t, drift, lower[k])
        leave_above[k] = above(nodes, mass, before, t, drift, upper[k])
        if k + 1 < looks:
            if k == 0:
                nodes, mass = start(t, drift, lower[k], upper[k], r)
            else:
                nodes, mass = step(nodes, mass, before, t, drift, lower[k], upper[k], r)
        before = t
    return leave_below, leave_above


@compiled
def spent_bounds(information: Array, spend: Array, lower: Array, two_sided: bool, r: int = GRID) -> Array:
    """Upper boundaries that spend `spend[k]` at look k under no drift, given the lower ones.

    With `two_sided` the lower boundary mirrors the upper and `spend` is what each side spends. All of shape (looks,). A
    look without new information cannot stop the trial: its boundary is infinite.
    """
    looks = information.size
    upper = np.empty(looks)
    nodes, mass = np.empty(0), np.empty(0)
    before = 0.0
    for k in range(looks):
        t = information[k]
        if not t > before:
            upper[k] = math.inf
            continue
        upper[k] = bound_for(nodes, mass, before, t, 0.0, spend[k])
        low = -upper[k] if two_sided else min(lower[k], upper[k])
        if k + 1 < looks:
            if before == 0.0:
                nodes, mass = start(t, 0.0, low, upper[k], r)
            else:
                nodes, mass = step(nodes, mass, before, t, 0.0, low, upper[k], r)
        before = t
    return upper


@compiled
def spent_bounds_of_trials(information: Array, spend: Array, two_sided: bool, r: int = 8) -> Array:
    """`spent_bounds` for every row of `information` and `spend`, both (trials, looks), without futility.

    For trials whose looks fall at information that differs from trial to trial, as looks by calendar do. The grid is
    coarser than that of a design, good for five decimals, because there may be ten thousand trials.
    """
    trials, looks = information.shape
    upper = np.empty((trials, looks))
    none = np.full(looks, -math.inf)
    for i in range(trials):
        upper[i] = spent_bounds(information[i], spend[i], none, two_sided, r)
    return upper
