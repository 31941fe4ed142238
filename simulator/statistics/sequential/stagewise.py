"""Estimate, interval and p value after a group-sequential trial has stopped, by the stagewise ordering of its results.

A result is at least as large as another if it crossed the upper boundary at an earlier look, or at the same look with a z at
least as large; stopping below comes last. Fairbanks K, Madsen R. Biometrika 1982;69:69-74, doi 10.1093/biomet/69.1.69; Tsiatis
AA, Rosner GL, Mehta CR. Biometrics 1984;40:797-803, doi 10.2307/2530924; Jennison & Turnbull 2000, sections 8.4 and 8.5. Results
depend on the looks up to the one that stopped the trial only, so later ones need not have been planned.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from simulator.compiling import compiled
from simulator.statistics.sequential.crossing import above, start, step

Array = NDArray[np.float64]

FAR = 12.0
"""Standard errors from the naive estimate beyond which no limit is searched."""
TINY = 1e-30
"""Probabilities below this are as good as none in the search."""


@compiled
def at_least(information: Array, lower: Array, upper: Array, looks: int, z: float, drift: float, r: int) -> float:
    """Probability of a result at least as large as stopping at the last of `looks` looks with `z`.

    `information`, `lower` and `upper` are z boundaries of one trial, (all looks,); `drift` is the mean of z at information 1.
    """
    total, before = 0.0, 0.0
    nodes, mass = np.empty(0), np.empty(0)
    for k in range(looks):
        t = information[k]
        if k == looks - 1:
            return total + above(nodes, mass, before, t, drift, z)
        # A look that brings no information decides nothing.
        if not t > before:
            continue
        total += above(nodes, mass, before, t, drift, upper[k])
        if before == 0.0:
            nodes, mass = start(t, drift, lower[k], upper[k], r)
        else:
            nodes, mass = step(nodes, mass, before, t, drift, lower[k], upper[k], r)
        before = t
    return total


@compiled
def drift_with(
    information: Array, lower: Array, upper: Array, looks: int, z: float, wanted: float, normal: float, r: int
) -> float:
    """The drift under which a result at least as large has the probability `wanted`, which grows with the drift.

    `normal` is the standard normal quantile of `wanted`: without earlier looks the answer is (z + normal) / sqrt(t).
    """
    root = math.sqrt(information[looks - 1])
    low, high = (z - FAR) / root, (z + FAR) / root
    goal = math.log(wanted / (1.0 - wanted))
    slope = root * math.exp(-0.5 * normal * normal) / (math.sqrt(2.0 * math.pi) * wanted * (1.0 - wanted))
    here, ahead, f_here = math.nan, (z + normal) / root, math.nan
    for _ in range(100):
        p = at_least(information, lower, upper, looks, z, ahead, r)
        f = math.log(max(p, TINY) / max(1.0 - p, TINY)) - goal
        if f > 0.0:
            high = ahead
        else:
            low = ahead
        if abs(f) < 1e-9 or high - low < 1e-10:
            break
        # The logit is nearly straight in the drift, so that secants from the normal answer need a few steps only.
        if f != f_here and not math.isnan(here):
            slope = (f - f_here) / (ahead - here)
        here, f_here = ahead, f
        ahead = here - f / slope
        if not low < ahead < high:
            ahead = 0.5 * (low + high)
    return ahead


@compiled
def _each(
    information: Array,
    lower: Array,
    upper: Array,
    obeyed: Array,
    looks: NDArray[np.int64],
    z: Array,
    tail: float,
    normal: float,
    r: int,
) -> Array:
    """p value, estimate, lower and upper limit (as drifts) of each trial, shape (trials, 4)."""
    out = np.full((z.size, 4), np.nan)
    for i in range(z.size):
        if not math.isfinite(z[i]) or not information[i, looks[i] - 1] > 0.0:
            continue
        out[i, 0] = at_least(information[i], lower[i], upper[i], looks[i], z[i], 0.0, r)
        out[i, 1] = drift_with(information[i], obeyed[i], upper[i], looks[i], z[i], 0.5, 0.0, r)
        out[i, 2] = drift_with(information[i], lower[i], upper[i], looks[i], z[i], tail, normal, r)
        out[i, 3] = drift_with(information[i], obeyed[i], upper[i], looks[i], z[i], 1.0 - tail, -normal, r)
    return out


@dataclass(frozen=True)
class AfterStopping:
    """One-sided p value against no effect; estimate and limits as the mean of z at information 1; all (trials,)."""

    p: Array
    estimate: Array
    low: Array
    high: Array


def after_stopping(
    information: Array,
    lower: Array,
    upper: Array,
    looks: NDArray[np.int64],
    z: Array,
    tail: float,
    binding: bool = True,
    r: int = 8,
) -> AfterStopping:
    """What is known of the effect after trials stopped at their look number `looks` (from 1) with this `z`.

    information, lower, upper: (trials, looks), boundaries minus infinite or infinite where there are none. `tail` is the
    probability beyond each limit. The estimate is median-unbiased, the interval covers with 1 - 2 tail. Where futility is not
    `binding`, p value and lower limit leave it out, and estimate and upper limit obey it: the limits then hold, with a little to
    spare, whether or not the rule was overruled.
    """
    free = lower if binding else np.full_like(lower, -np.inf)
    found = _each(information, free, upper, lower, looks, z, tail, float(ndtri(tail)), r)
    return AfterStopping(found[:, 0], found[:, 1], found[:, 2], found[:, 3])
