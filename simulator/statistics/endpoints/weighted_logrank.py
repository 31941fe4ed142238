"""Weighted log-rank tests of many trials at once: Fleming and Harrington's family, and the largest of several (MaxCombo).

Weights are S(t-)^rho (1 - S(t-))^gamma with the pooled Kaplan-Meier estimate: gamma above 0 looks at late differences, rho at
early ones. Harrington DP, Fleming TR. Biometrika 1982;69:553-566, doi 10.1093/biomet/69.3.553.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.compiling import compiled
from simulator.statistics.endpoints.binary_tests import ExactP
from simulator.statistics.endpoints.effect import Effect, ratio_or_nan
from simulator.statistics.endpoints.risk_sets import COLUMNS, Codes, Strata, participants, risk_table, time_to_event
from simulator.statistics.multiplicity.normal_maximum import largest_tail

Array = NDArray[np.float64]

COMBINED = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
"""rho and gamma of the tests that MaxCombo combines."""


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
