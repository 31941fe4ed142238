"""Weighted log-rank tests of many trials at once: Fleming and Harrington's family, and the largest of several (MaxCombo).

Weights are S(t-)^rho (1 - S(t-))^gamma with the pooled Kaplan-Meier estimate: gamma above 0 looks at late differences, rho at
early ones. Harrington DP, Fleming TR. Biometrika 1982;69:553-566, doi 10.1093/biomet/69.3.553.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from simulator.compiling import compiled
from simulator.statistics.binary_tests import ExactP
from simulator.statistics.effect import Effect, ratio_or_nan
from simulator.statistics.risk_sets import COLUMNS, Codes, Strata, participants, risk_table, time_to_event

Array = NDArray[np.float64]

COMBINED = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
"""rho and gamma of the tests that MaxCombo combines."""
POINTS = 512
"""Points of the lattice that a normal probability is integrated on."""
AT_ONCE = 2_000
ROOTS = (2.0, 3.0, 5.0, 7.0, 11.0, 13.0)
"""Generators of the lattice: fractional parts of their square roots (Richtmyer)."""


def fleming_harrington(
    time: ArrayLike,
    event: ArrayLike,
    arm: ArrayLike,
    rho: float,
    gamma: float,
    stratum: ArrayLike | None = None,
) -> Effect:
    """The test with these weights, stratified if strata are given.

    The estimate is the one-step weighted average of the log hazard ratio; its z is that of the test.
    """
    score, variance, information = _scores(time, event, arm, ((rho, gamma),), stratum)
    se = np.sqrt(variance[:, 0, 0])
    return Effect(
        ratio_or_nan(score[:, 0], information[:, 0]), ratio_or_nan(se, information[:, 0]), ratio_or_nan(score[:, 0], se)
    )


def max_combo(
    time: ArrayLike,
    event: ArrayLike,
    arm: ArrayLike,
    stratum: ArrayLike | None = None,
    weights: Sequence[tuple[float, float]] = COMBINED,
) -> ExactP:
    """One-sided p values of the largest of several weighted log-rank statistics, by their joint normal distribution.

    `greater`: arm 1 has more events. Lin RS et al. Stat Biopharm Res 2020;12:187-198, doi 10.1080/19466315.2019.1697738.
    """
    score, covariance, _ = _scores(time, event, arm, weights, stratum)
    sd = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    z = ratio_or_nan(score, sd)
    correlation = ratio_or_nan(covariance, sd[:, :, None] * sd[:, None, :])
    p = [largest_tail(limit, correlation) for limit in (z.max(axis=1), (-z).max(axis=1))]
    return ExactP(two_sided=np.minimum(1.0, 2.0 * np.minimum(*p)), greater=p[0], less=p[1])


def largest_tail(limit: Array, correlation: Array) -> Array:
    """P(max Z >= limit) of standard normal Z with these correlations (trials, k, k), (trials,); NaN where something is.

    The sum over j of P(Z_j >= limit and all before it below): Z_j is drawn from its tail and the others are integrated by Genz's
    separation of variables, on a lattice that is the same for every trial, so that small tails are as good as large ones (about
    one in a thousand). Genz A. J Comput Graph Stat 1992;1:141-149, doi 10.1080/10618600.1992.10477010.
    """
    out = np.full(limit.shape, np.nan)
    ready = np.flatnonzero(np.isfinite(limit) & np.isfinite(correlation).all(axis=(1, 2)))
    k = correlation.shape[1]
    lattice = np.modf(np.outer(np.arange(1, POINTS + 1), np.sqrt(ROOTS[:k])))[0]
    lattice = np.abs(2.0 * lattice - 1.0)
    for start in range(0, ready.size, AT_ONCE):
        which = ready[start : start + AT_ONCE]
        out[which] = sum(_first_above(limit[which], correlation[which], j, lattice) for j in range(k))
    return out


def _first_above(limit: Array, correlation: Array, j: int, lattice: Array) -> Array:
    """P(Z_j >= limit and Z_0, ..., Z_(j-1) < limit), (trials,)."""
    order = [j, *range(j)]
    part = correlation[:, order][:, :, order] + 1e-10 * np.eye(j + 1)
    root = np.linalg.cholesky(part)
    tail = ndtr(-limit)[:, None]
    values = np.empty((limit.size, len(lattice), j + 1))
    values[:, :, 0] = -ndtri(np.clip(lattice[:, 0] * tail, 1e-300, 1.0))
    inside = np.ones((limit.size, len(lattice)))
    for i in range(1, j + 1):
        shift = np.einsum("tpi,ti->tp", values[:, :, :i], root[:, i, :i])
        chance = ndtr((limit[:, None] - shift) / root[:, i, i][:, None])
        inside *= chance
        values[:, :, i] = ndtri(np.clip(lattice[:, i] * chance, 1e-300, 1.0 - 1e-16))
    return np.asarray(tail[:, 0] * inside.mean(axis=1))


def _scores(
    time: ArrayLike, event: ArrayLike, arm: ArrayLike, weights: Sequence[tuple[float, float]], stratum: ArrayLike | None
) -> tuple[Array, Array, Array]:
    times, events, arms, strata = time_to_event(time, np.asarray(event) > 0, arm, stratum)
    return _weighted(times, events, arms, strata, int(strata.max(initial=0)) + 1, np.array(weights, float))


@compiled
def _weighted(
    time: Array, event: Codes, arm: Codes, stratum: Strata, strata: int, powers: Array
) -> tuple[Array, Array, Array]:
    """Scores (trials, tests), their covariances (trials, tests, tests), and weighted information (trials, tests)."""
    trials, patients = time.shape
    tests = powers.shape[0]
    score, information = np.zeros((trials, tests)), np.zeros((trials, tests))
    covariance = np.zeros((trials, tests, tests))
    table, weight = np.empty((patients, COLUMNS)), np.empty(tests)
    for trial in range(trials):
        order = participants(time[trial], event[trial], arm[trial])
        for which in range(strata):
            rows = risk_table(time[trial], event[trial], arm[trial], stratum[trial], order, which, table)
            surviving = 1.0
            for k in range(rows):
                n0, n1 = table[k, 1], table[k, 2]
                n, d = n0 + n1, table[k, 3] + table[k, 4]
                excess = table[k, 4] - d * n1 / n
                variance = d * (n - d) / (n - 1.0) * n0 * n1 / (n * n) if n > 1.0 else 0.0
                for t in range(tests):
                    weight[t] = surviving ** powers[t, 0] * (1.0 - surviving) ** powers[t, 1]
                    score[trial, t] += weight[t] * excess
                    information[trial, t] += weight[t] * variance
                for t in range(tests):
                    for u in range(tests):
                        covariance[trial, t, u] += weight[t] * weight[u] * variance
                surviving *= (n - d) / n
    return score, covariance, information
