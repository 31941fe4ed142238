"""Yes-or-no endpoints with covariates: strata by Cochran, Mantel and Haenszel, and standardised logistic regression."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.statistics.endpoints.effect import Effect, ratio_or_nan

Array = NDArray[np.float64]

STEPS = 25
"""Newton steps at most."""
CLOSE = 1e-10
LARGEST = 30.0
"""A linear predictor beyond this means that the data are separated and the model has no estimate."""


def cochran_mantel_haenszel(outcome: ArrayLike, arm: ArrayLike, stratum: ArrayLike) -> Effect:
    """The stratified test of two proportions, all arguments (trials, patients); a negative arm takes no part.

    z without continuity correction (Mantel N, Haenszel W. J Natl Cancer Inst 1959;22:719-748). The estimate is Mantel and
    Haenszel's risk difference with Sato's variance (Sato T. Biometrics 1989;45:1323-1324, doi 10.2307/2531784).
    """
    yes, group, strata = np.asarray(outcome, bool), np.asarray(arm), np.asarray(stratum)
    excess, variance = np.zeros(len(yes)), np.zeros(len(yes))
    top, bottom, left, right = (np.zeros(len(yes)) for _ in range(4))
    for level in range(int(strata.max(initial=0)) + 1):
        here = strata == level
        n0, n1 = (((group == a) & here).sum(axis=1) * 1.0 for a in (0, 1))
        y0, y1 = ((yes & (group == a) & here).sum(axis=1) * 1.0 for a in (0, 1))
        n, y = n0 + n1, y0 + y1
        with np.errstate(divide="ignore", invalid="ignore"):
            excess += np.where(n > 0, y1 - y * n1 / n, 0.0)
            variance += np.where(n > 1, y * (n - y) * n0 * n1 / (n * n * (n - 1.0)), 0.0)
            top += np.where(n > 0, (y1 * n0 - y0 * n1) / n, 0.0)
            bottom += np.where(n > 0, n0 * n1 / n, 0.0)
            left += np.where(n > 0, (n1**2 * y0 - n0**2 * y1 + n0 * n1 * (n0 - n1) / 2.0) / n**2, 0.0)
            right += np.where(n > 0, (y1 * (n0 - y0) + y0 * (n1 - y1)) / (2.0 * n), 0.0)
    estimate = ratio_or_nan(top, bottom)
    se = np.sqrt(np.maximum(ratio_or_nan(estimate * left + right, bottom**2), 0.0))
    return Effect(estimate, se, ratio_or_nan(excess, np.sqrt(variance)))


def standardised_difference(outcome: ArrayLike, arm: ArrayLike, *covariates: ArrayLike) -> Effect:
    """Risk difference by g-computation: logistic regression on arm and covariates, averaged over everybody as either arm.

    All arguments (trials, patients). The variance is that of the estimator's influence function, which holds if the model is
    wrong, over the degrees of freedom that the coefficients leave (Ye T, Bannick M, Yi Y, Shao J. Stat Theory Relat Fields
    2023;7:159-163, doi 10.1080/24754269.2023.2205802). NaN where the model has no estimate.
    """
    yes, group = np.asarray(outcome, float), np.asarray(arm)
    estimate, se = np.full(len(yes), np.nan), np.full(len(yes), np.nan)
    for trial in range(len(yes)):
        who = group[trial] >= 0
        y, a = yes[trial][who], group[trial][who] * 1.0
        if min(a.sum(), (1.0 - a).sum()) < 2:
            continue
        columns = [np.asarray(each, float)[trial][who] for each in covariates]
        spread = [(each - each.mean()) / each.std() for each in columns if each.std() > 0.0]
        estimate[trial], se[trial] = _standardised(y, a, np.column_stack([np.ones_like(y), a, *spread]))
    return Effect(estimate, se, ratio_or_nan(estimate, se))


def _standardised(y: Array, a: Array, x: Array) -> tuple[float, float]:
    beta = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = 1.0 / (1.0 + np.exp(-x @ beta))
        weight = p * (1.0 - p)
        try:
            step = np.linalg.solve(x.T @ (weight[:, None] * x), x.T @ (y - p))
        except np.linalg.LinAlgError:
            return np.nan, np.nan
        beta = beta + step
        if np.abs(x @ beta).max() > LARGEST:
            return np.nan, np.nan
        if np.abs(step).max() < CLOSE:
            break
    else:
        return np.nan, np.nan
    means = []
    for arm in (0.0, 1.0):
        other = x.copy()
        other[:, 1] = arm
        means.append(1.0 / (1.0 + np.exp(-other @ beta)))
    gain = float((means[1] - means[0]).mean())
    share = a.mean()
    influence = a / share * (y - means[1]) - (1.0 - a) / (1.0 - share) * (y - means[0]) + means[1] - means[0] - gain
    # The fitted coefficients use up degrees of freedom, without which trials of a hundred people reject too often.
    free = len(y) - x.shape[1]
    return gain, float(influence.std() / np.sqrt(free)) if free > 0 else np.nan
