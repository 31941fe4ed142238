"""Endpoints with a competing event of many trials at once: cumulative incidence, Gray's test, subdistribution hazards.

Data as in `simulator.statistics.endpoints.risk_sets`: event 1 is of interest, event 2 (death, usually) makes it impossible.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.compiling import compiled
from simulator.statistics.endpoints.effect import ByArm, Effect
from simulator.statistics.endpoints.risk_sets import (
    COLUMNS,
    Codes,
    Strata,
    last_follow_up,
    participants,
    risk_table,
    time_to_event,
)
from simulator.statistics.endpoints.survival_tests import HazardRatio, cox, logrank, score_effect

Array = NDArray[np.float64]


def cumulative_incidence(time: ArrayLike, event: ArrayLike, arm: ArrayLike, at: float) -> ByArm:
    """Probability of event 1 by time `at` in each arm (Aalen-Johansen), with its delta-method standard error.

    Without censoring these are the plain proportion and its binomial standard error. NaN where an arm's follow-up ends
    before `at` with patients still free of both events. Marubini E, Valsecchi MG. Analysing Survival Data from Clinical
    Trials and Observational Studies. Wiley 1995, chapter 10.
    """
    times, events, arms, _ = time_to_event(time, event, arm)
    return ByArm(*_aalen_johansen(times, events, arms, float(at)))


@compiled
def _aalen_johansen(time: Array, event: Codes, arm: Codes, at: float) -> tuple[Array, Array]:
    trials, patients = time.shape
    value, se = np.full((trials, 2), math.nan), np.full((trials, 2), math.nan)
    table = np.empty((patients, COLUMNS))
    one_stratum = np.zeros(patients, dtype=np.int32)
    incidence, free = np.empty(patients + 1), np.empty(patients + 1)
    for trial in range(trials):
        order = participants(time[trial], event[trial], arm[trial])
        rows = risk_table(time[trial], event[trial], arm[trial], one_stratum, order, 0, table)
        last = last_follow_up(time[trial], arm[trial])
        while rows > 0 and table[rows - 1, 0] > at:
            rows -= 1
        for a in range(2):
            incidence[0], free[0] = 0.0, 1.0
            for k in range(rows):
                n, d1, d2 = table[k, 1 + a], table[k, 3 + a], table[k, 5 + a]
                incidence[k + 1], free[k + 1] = incidence[k], free[k]
                if d1 + d2 > 0.0:
                    incidence[k + 1] += free[k] * d1 / n
                    free[k + 1] *= (n - d1 - d2) / n
            if last[a] < at and free[rows] > 0.0:
                continue
            value[trial, a] = incidence[rows]
            variance = 0.0
            for k in range(rows):
                n, d1 = table[k, 1 + a], table[k, 3 + a]
                d = d1 + table[k, 5 + a]
                if d == 0.0:
                    continue
                ahead = incidence[rows] - incidence[k + 1]
                if n > d:
                    variance += ahead * ahead * d / (n * (n - d))
                variance += free[k] * free[k] * d1 * (n - d1) / (n * n * n)
                variance -= 2.0 * ahead * free[k] * d1 / (n * n)
            se[trial, a] = math.sqrt(max(variance, 0.0))
    return value, se


def gray(time: ArrayLike, event: ArrayLike, arm: ArrayLike, stratum: ArrayLike | None = None) -> Effect:
    """Gray's test of equal cumulative incidence of event 1 (weight rho = 0), stratified if strata are given.

    The square of z is Gray's chi-square. The estimate, score / variance, is the one-step log ratio of the
    subdistribution hazards. Gray RJ. Ann Stat 1988;16:1141-1154, doi 10.1214/aos/1176350951.
    """
    times, events, arms, strata = time_to_event(time, event, arm, stratum)
    return score_effect(*_gray(times, events, arms, strata, int(strata.max(initial=0)) + 1))


@compiled
def _gray(time: Array, event: Codes, arm: Codes, stratum: Strata, strata: int) -> tuple[Array, Array]:
    """Score and variance of Gray's test.

    With G_i = 1 - F_i (F_i the cumulative incidence in arm i), S_i the event-free probability and Y_i the number at
    risk, R_i = Y_i G_i / S_i is the number at risk in the subdistribution, and the score sums d_1 - (d_0 + d_1) R_1 /
    (R_0 + R_1) over the times of event 1. Under equal incidence F, estimated by the sum of d / H with H = sum of Y_i /
    S_i, the score is a sum of martingale integrals. Its weight is L / G = H_0 H_1 / H, and with C(t), the integral of
    (L / G) dF / G from t to the end, its variance is

        sum over arms, times of   (L/G + C (1 - G/S_i))^2 S_i dF / Y_i  +  (C G)^2 d2_i / Y_i^2 .
    """
    trials, patients = time.shape
    score, variance = np.zeros(trials), np.zeros(trials)
    table = np.empty((patients, COLUMNS))
    # Per event time: weight of each arm, tail factor 1 - G/S of each arm, its multipliers for events 1 and 2, and C.
    weight = np.empty((patients, 2))
    factor = np.empty((patients, 2))
    by_1 = np.empty((patients, 2))
    by_2 = np.empty((patients, 2))
    integral = np.empty(patients + 1)
    free, incidence = np.empty(2), np.empty(2)
    for trial in range(trials):
        order = participants(time[trial], event[trial], arm[trial])
        for which in range(strata):
            rows = risk_table(time[trial], event[trial], arm[trial], stratum[trial], order, which, table)
            free[:] = 1.0
            incidence[:] = 0.0
            pooled = 0.0
            integral[0] = 0.0
            for k in range(rows):
                d = table[k, 3] + table[k, 4]
                h = np.zeros(2)
                r = np.zeros(2)
                for a in range(2):
                    if table[k, 1 + a] > 0.0:
                        h[a] = table[k, 1 + a] / free[a]
                        r[a] = h[a] * (1.0 - incidence[a])
                total = h[0] + h[1]
                score[trial] += table[k, 4] - d * r[1] / (r[0] + r[1])
                share = h[0] * h[1] / total
                integral[k + 1] = integral[k] + share * d / (total * (1.0 - pooled))
                pooled += d / total
                for a in range(2):
                    weight[k, a] = share if a == 1 else -share
                    factor[k, a], by_1[k, a], by_2[k, a] = 1.0, 0.0, 0.0
                    n, d1, d2 = table[k, 1 + a], table[k, 3 + a], table[k, 5 + a]
                    if n == 0.0:
                        continue
                    before = free[a]
                    incidence[a] += before * d1 / n
                    free[a] *= (n - d1 - d2) / n
                    if free[a] > 0.0:
                        factor[k, a] = 1.0 - (1.0 - pooled) / free[a]
                    # Ties lower the variance as in the hypergeometric distribution.
                    if d > 0.0:
                        ties = 1.0 - (d - 1.0) / (total * before - 1.0) if d > 1.0 else 1.0
                        by_1[k, a] = ties * before * d / (total * n)
                    if d2 > 0.0 and free[a] > 0.0:
                        ties = 1.0 - (d2 - 1.0) / (n - 1.0) if d2 > 1.0 else 1.0
                        by_2[k, a] = ties * before * before * d2 / (n * n)
            for k in range(rows):
                for a in range(2):
                    tail = integral[rows] - integral[k + 1]
                    if a == 0:
                        tail = -tail
                    variance[trial] += (weight[k, a] + tail * factor[k, a]) ** 2 * by_1[k, a]
                    variance[trial] += (tail * (1.0 - factor[k, a])) ** 2 * by_2[k, a]
    return score, variance


def subdistribution_times(time: ArrayLike, event: ArrayLike, censoring: ArrayLike) -> tuple[Array, Codes]:
    """Data in which a patient with the competing event stays at risk until `censoring`, the end of possible follow-up.

    `censoring` is known for everybody in a simulated trial, and in a real one where only the data cut censors. Returns
    time and event (0 or 1). Fine JP, Gray RJ. J Am Stat Assoc 1999;94:496-509, doi 10.1080/01621459.1999.10474144,
    section 3.1 (complete data and known censoring times).
    """
    competing = np.asarray(event) == 2
    times = np.where(competing, np.maximum(censoring, time), time)
    return np.asarray(times, dtype=float), (np.asarray(event) == 1).astype(np.int8)


def subdistribution_logrank(
    time: ArrayLike, event: ArrayLike, arm: ArrayLike, censoring: ArrayLike, stratum: ArrayLike | None = None
) -> Effect:
    """Log-rank test of the subdistribution hazards, with known censoring times. Nearly Gray's test, and simpler."""
    return logrank(*subdistribution_times(time, event, censoring), arm, stratum)


def fine_gray(
    time: ArrayLike, event: ArrayLike, arm: ArrayLike, censoring: ArrayLike, stratum: ArrayLike | None = None
) -> HazardRatio:
    """Log ratio of the subdistribution hazards of event 1 (Fine and Gray), with known censoring times."""
    return cox(*subdistribution_times(time, event, censoring), arm, stratum)
