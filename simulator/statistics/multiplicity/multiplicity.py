"""Several hypotheses in one trial: which are rejected while the chance of any false rejection stays below alpha.

`p` holds p values along its last axis (hypotheses), with any leading axes (trials); the result has the same shape. A
NaN p value is never rejected and, in an ordered procedure, stops the testing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from simulator.statistics.multiplicity.normal_maximum import common_factor_tail

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


def bonferroni(p: ArrayLike, alpha: float) -> Bools:
    """Reject where p is at most alpha over the number of hypotheses."""
    p = np.asarray(p, dtype=float)
    return np.asarray(p <= alpha / p.shape[-1])


def holm(p: ArrayLike, alpha: float) -> Bools:
    """Step down from the smallest p: the k-th smallest of m is compared with alpha / (m - k + 1) until one fails.

    Holm S. Scand J Stat 1979;6:65-70.
    """
    p = np.asarray(p, dtype=float)
    order = np.argsort(p, axis=-1, kind="stable")
    passed = np.take_along_axis(p, order, axis=-1) <= alpha / np.arange(p.shape[-1], 0, -1)
    rejected = np.zeros(p.shape, dtype=bool)
    np.put_along_axis(rejected, order, np.logical_and.accumulate(passed, axis=-1), axis=-1)
    return rejected


def fixed_sequence(p: ArrayLike, alpha: float) -> Bools:
    """Test in the given order, each at full alpha, until the first that is not rejected."""
    return np.asarray(np.logical_and.accumulate(np.asarray(p, dtype=float) <= alpha, axis=-1))


def gatekeeping(p: ArrayLike, alpha: float, families: Sequence[Sequence[int]]) -> Bools:
    """Serial gatekeeping: a family is tested (by Holm at full alpha) only if all of the one before were rejected.

    `families` lists the hypotheses of each family by their place on the last axis, in order; every hypothesis must be
    in exactly one. Westfall PH, Krishen A. J Stat Plan Inference 2001;99:25-40, doi 10.1016/S0378-3758(01)00077-5.
    """
    p = np.asarray(p, dtype=float)
    if sorted(place for family in families for place in family) != list(range(p.shape[-1])):
        raise ValueError(f"families {families} must contain each of {p.shape[-1]} hypotheses once")
    rejected = np.zeros(p.shape, dtype=bool)
    is_open: Bools = np.ones(p.shape[:-1], dtype=bool)
    for family in families:
        places = list(family)
        passed = holm(p[..., places], alpha) & is_open[..., None]
        rejected[..., places] = passed
        is_open = np.asarray(passed.all(axis=-1))
    return rejected


def hochberg(p: ArrayLike, alpha: float) -> Bools:
    """Step up from the largest p: the first that is at most alpha / (m - k + 1) takes all smaller ones along.

    There are m, and k counts from the smallest.

    Keeps its level under positive dependence. Hochberg Y. Biometrika 1988;75:800-802, doi 10.1093/biomet/75.4.800.
    """
    p = np.asarray(p, dtype=float)
    order = np.argsort(p, axis=-1, kind="stable")
    passed = np.take_along_axis(p, order, axis=-1) <= alpha / np.arange(p.shape[-1], 0, -1)
    taken = np.flip(np.logical_or.accumulate(np.flip(passed, axis=-1), axis=-1), axis=-1)
    rejected = np.zeros(p.shape, dtype=bool)
    np.put_along_axis(rejected, order, taken, axis=-1)
    return np.asarray(rejected & ~np.isnan(p))


def dunnett(p: ArrayLike, alpha: float, shares: Sequence[float]) -> Bools:
    """Step-down Dunnett test of several arms against one control, by the joint normal distribution of their statistics.

    `shares` are the patients of the control and of each arm, in any unit. The largest statistic is compared with the maximum of
    all, the next with that of those that are left, until one fails. Dunnett CW, Tamhane AC. Stat Med 1991;10:939-947, doi
    10.1002/sim.4780100614.
    """
    p = np.asarray(p, dtype=float)
    m, (control, *arms) = p.shape[-1], shares
    if len(arms) != m:
        raise ValueError(f"{len(arms)} arms for {m} p values")
    shared = np.sqrt([arm / (arm + control) for arm in arms])
    z = -ndtri(p.reshape(-1, m))
    order = np.argsort(-z, axis=1, kind="stable")
    rejected = np.zeros(z.shape, dtype=bool)
    going: Bools = np.ones(len(z), dtype=bool)
    rows = np.arange(len(z))
    for step in range(m):
        left = order[:, step:]
        mine = z[rows, order[:, step]]
        going &= common_factor_tail(mine, shared[left]) <= alpha
        rejected[rows, order[:, step]] = going
    return rejected.reshape(p.shape)


def graphical(p: ArrayLike, alpha: float, weights: Sequence[float], transitions: Sequence[Sequence[float]]) -> Bools:
    """The sequentially rejective graph: each hypothesis has its weight of alpha and hands it on when it is rejected.

    `transitions[i][j]` is the part of i's alpha that j gets. Bretz F, Maurer W, Brannath W, Posch M. Stat Med 2009;28:586-604,
    doi 10.1002/sim.3495.
    """
    p = np.asarray(p, dtype=float)
    flat = p.reshape(-1, p.shape[-1])
    n, m = flat.shape
    weight = np.broadcast_to(np.asarray(weights, float), (n, m)).copy()
    graph = np.broadcast_to(np.asarray(transitions, float), (n, m, m)).copy()
    rejected, rows = np.zeros((n, m), dtype=bool), np.arange(n)
    for _ in range(m):
        ready = ~rejected & (flat <= alpha * weight)
        which = ready.argmax(axis=1)
        for trial in rows[ready.any(axis=1)]:
            j = which[trial]
            _hand_on(weight[trial], graph[trial], j)
            rejected[trial, j] = True
    return rejected.reshape(p.shape)


def _hand_on(w: Array, g: Array, j: int) -> None:
    """Hypothesis j is rejected: its weight goes to the others and the graph goes on without it, in place."""
    into, out = g[:, j].copy(), g[j].copy()
    w += w[j] * out
    w[j] = 0.0
    # Whoever handed to j hands on to those that j would have handed to, without sending anything back to itself.
    kept = 1.0 - into * out
    g += np.outer(into, out)
    g /= np.where(kept > 1e-12, kept, np.inf)[:, None]
    g[j], g[:, j] = 0.0, 0.0
    np.fill_diagonal(g, 0.0)


def graph_weights(weights: Sequence[float], transitions: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Every weight above 0 that a hypothesis of the graph can come to hold, whatever is rejected first, the largest first."""
    found = {0: (np.array(weights, float), np.array(transitions, float))}
    for rejected in range(1, 1 << len(weights)):
        last = rejected.bit_length() - 1
        w, g = (each.copy() for each in found[rejected & ~(1 << last)])
        _hand_on(w, g, last)
        found[rejected] = w, g
    values = {round(float(each), 12) for w, _ in found.values() for each in w}
    return tuple(sorted((each for each in values if each > 0.0), reverse=True))
