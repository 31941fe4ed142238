"""Survival endpoints of many trials at once: log-rank test, hazard ratio, restricted mean and survival at a time.

Data as in `simulator.statistics.endpoints.risk_sets`; any event code above 0 counts as an
event, so recode competing events first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.compiling import compiled
from simulator.statistics.endpoints.effect import ByArm, Effect, ratio_or_nan
from simulator.statistics.endpoints.risk_sets import (
    COLUMNS,
    Codes,
    Strata,
    last_follow_up,
    participants,
    risk_table,
    time_to_event,
)

Array = NDArray[np.float64]


def logrank(time: ArrayLike, event: ArrayLike, arm: ArrayLike, stratum: ArrayLike | None = None) -> Effect:
    """The log-rank test, stratified if strata are given.

    z = (O - E) / sqrt(V) of arm 1 with the hypergeometric variance; its square is the usual chi-square. The estimate is
    the one-step log hazard ratio (O - E) / V and its standard error 1 / sqrt(V), so 1 / se^2 is the information.
    """
    times, events, arms, strata = time_to_event(time, np.asarray(event) > 0, arm, stratum)
    return score_effect(*_logrank(times, events, arms, strata, int(strata.max(initial=0)) + 1))


def score_effect(score: Array, variance: Array) -> Effect:
    """The effect that a score test implies: estimate score / variance with standard error 1 / sqrt(variance)."""
    root = np.sqrt(variance)
    return Effect(ratio_or_nan(score, variance), ratio_or_nan(1.0, root), ratio_or_nan(score, root))


@compiled
def _logrank(time: Array, event: Codes, arm: Codes, stratum: Strata, strata: int) -> tuple[Array, Array]:
    trials, patients = time.shape
    score, variance = np.zeros(trials), np.zeros(trials)
    table = np.empty((patients, COLUMNS))
    for trial in range(trials):
        order = participants(time[trial], event[trial], arm[trial])
        for which in range(strata):
            rows = risk_table(time[trial], event[trial], arm[trial], stratum[trial], order, which, table)
            for k in range(rows):
                n0, n1 = table[k, 1], table[k, 2]
                n, d = n0 + n1, table[k, 3] + table[k, 4]
                score[trial] += table[k, 4] - d * n1 / n
                if n > 1.0:
                    variance[trial] += d * (n - d) / (n - 1.0) * n0 * n1 / (n * n)
    return score, variance


@dataclass(frozen=True)
class HazardRatio:
    """Cox's model with the arm as its only covariate.

    `wald` has the log hazard ratio, its standard error and the Wald z. `score` is the score test of the same model,
    which is the log-rank test but for the treatment of ties.
    """

    wald: Effect
    score: Effect


def cox(time: ArrayLike, event: ArrayLike, arm: ArrayLike, stratum: ArrayLike | None = None) -> HazardRatio:
    """Log hazard ratio of arm 1 by partial likelihood, ties by Efron's method, stratified if strata are given.

    Where all informative events fall into one arm the estimate is infinite, its standard error too, and the Wald z NaN;
    the score test still holds.
    """
    times, events, arms, strata = time_to_event(time, np.asarray(event) > 0, arm, stratum)
    estimate, information, score, variance = _cox(times, events, arms, strata, int(strata.max(initial=0)) + 1)
    se = np.where(np.isinf(estimate), np.inf, ratio_or_nan(1.0, np.sqrt(information)))
    z = np.where(np.isinf(estimate), np.nan, ratio_or_nan(estimate, se))
    return HazardRatio(Effect(estimate, se, z), score_effect(score, variance))


@compiled
def _derivatives(table: Array, rows: int, beta: float) -> tuple[float, float]:
    """Score and information of the partial likelihood at log hazard ratio `beta`, ties by Efron's method."""
    score, information = 0.0, 0.0
    ratio = math.exp(beta)
    for k in range(rows):
        d0, d1 = table[k, 3], table[k, 4]
        d = d0 + d1
        score += d1
        for tied in range(int(d)):
            part = tied / d
            in_1 = (table[k, 2] - part * d1) * ratio
            p = in_1 / (table[k, 1] - part * d0 + in_1)
            score -= p
            information += p * (1.0 - p)
    return score, information


@compiled
def _cox(time: Array, event: Codes, arm: Codes, stratum: Strata, strata: int) -> tuple[Array, Array, Array, Array]:
    trials, patients = time.shape
    estimate, information = np.full(trials, math.nan), np.zeros(trials)
    score, variance = np.zeros(trials), np.zeros(trials)
    table = np.empty((patients + strata, COLUMNS))
    for trial in range(trials):
        order = participants(time[trial], event[trial], arm[trial])
        rows = 0
        for which in range(strata):
            rows += risk_table(time[trial], event[trial], arm[trial], stratum[trial], order, which, table[rows:])
        score[trial], variance[trial] = _derivatives(table, rows, 0.0)
        information[trial] = variance[trial]
        if variance[trial] == 0.0:
            continue
        both_0, both_1 = 0.0, 0.0
        for k in range(rows):
            if table[k, 1] > 0.0 and table[k, 2] > 0.0:
                both_0 += table[k, 3]
                both_1 += table[k, 4]
        if both_0 == 0.0 or both_1 == 0.0:
            estimate[trial] = math.inf if both_0 == 0.0 else -math.inf
            continue
        beta = 0.0
        slope, curvature = score[trial], variance[trial]
        for _ in range(60):
            step = slope / curvature
            beta += min(max(step, -1.5), 1.5)
            slope, curvature = _derivatives(table, rows, beta)
            if abs(step) < 1e-10:
                break
        estimate[trial], information[trial] = beta, curvature
    return estimate, information, score, variance


def restricted_mean(time: ArrayLike, event: ArrayLike, arm: ArrayLike, until: float) -> ByArm:
    """Restricted mean survival time of each arm: the area under its Kaplan-Meier curve to `until`.

    Greenwood's variance. NaN where an arm's follow-up ends before `until` with patients still event-free.
    """
    times, events, arms, _ = time_to_event(time, np.asarray(event) > 0, arm)
    return ByArm(*_kaplan_meier(times, events, arms, float(until))[2:])


def survival(time: ArrayLike, event: ArrayLike, arm: ArrayLike, at: float) -> ByArm:
    """Kaplan-Meier probability of being event-free after time `at`, by arm, with Greenwood's standard error.

    NaN where an arm's follow-up ends before `at` with patients still event-free.
    """
    times, events, arms, _ = time_to_event(time, np.asarray(event) > 0, arm)
    return ByArm(*_kaplan_meier(times, events, arms, float(at))[:2])


@compiled
def _kaplan_meier(time: Array, event: Codes, arm: Codes, at: float) -> tuple[Array, Array, Array, Array]:
    """Survival and restricted mean at `at` with their standard errors, each (trials, 2)."""
    trials, patients = time.shape
    surviving, survival_se = np.full((trials, 2), math.nan), np.full((trials, 2), math.nan)
    mean, mean_se = np.full((trials, 2), math.nan), np.full((trials, 2), math.nan)
    table = np.empty((patients, COLUMNS))
    one_stratum = np.zeros(patients, dtype=np.int32)
    for trial in range(trials):
        order = participants(time[trial], event[trial], arm[trial])
        rows = risk_table(time[trial], event[trial], arm[trial], one_stratum, order, 0, table)
        last = last_follow_up(time[trial], arm[trial])
        while rows > 0 and table[rows - 1, 0] > at:
            rows -= 1
        for a in range(2):
            # The area from each event time on is needed for the variance, so it is built up backwards.
            level = 1.0
            for k in range(rows):
                n, d = table[k, 1 + a], table[k, 3 + a]
                if d > 0.0:
                    level *= (n - d) / n
            if last[a] < at and level > 0.0:
                continue
            surviving[trial, a] = level
            greenwood, spread = 0.0, 0.0
            area, until, below = 0.0, at, level
            for k in range(rows - 1, -1, -1):
                n, d = table[k, 1 + a], table[k, 3 + a]
                if d == 0.0:
                    continue
                area += below * (until - table[k, 0])
                until = table[k, 0]
                if n > d:
                    greenwood += d / (n * (n - d))
                    spread += area * area * d / (n * (n - d))
                    below *= n / (n - d)
                else:
                    # Everybody at risk had the event, so survival before it cannot be recovered by division.
                    below = 1.0
                    for j in range(k):
                        if table[j, 3 + a] > 0.0:
                            below *= (table[j, 1 + a] - table[j, 3 + a]) / table[j, 1 + a]
            mean[trial, a] = area + until
            mean_se[trial, a] = math.sqrt(spread)
            survival_se[trial, a] = level * math.sqrt(greenwood)
    return surviving, survival_se, mean, mean_se
