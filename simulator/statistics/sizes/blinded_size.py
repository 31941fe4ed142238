"""Sample sizes estimated again from a nuisance parameter, without a look at the difference between arms.

What the plan's power needs is information, which is in proportion to patients over the variance of one of them. If the pooled
data say that the nuisance parameter is not what was planned, the size changes so that the information stays. Gould AL. Stat
Med 1992;11:55-66 (rates); Kieser M, Friede T. Stat Med 2003;22:3571-3581 (variances, whose one-sample estimate is used as it
is: it holds a quarter of the squared difference, and the t test its level).

All arguments broadcast; results are factors on the planned size, NaN where the data say nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def by_pooled_rate(rate: ArrayLike, planned: float, ratio: bool) -> Array:
    """For an outcome with this pooled `rate`, if the difference (or, with `ratio`, the ratio) of risks is what was planned.

    The variance of a patient is p (1 - p) for a difference and (1 - p) / p for the logarithm of a ratio.
    """
    p = np.asarray(rate, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        if ratio:
            return np.asarray(np.where(p > 0.0, (1.0 - p) / p / ((1.0 - planned) / planned), np.nan))
        return np.asarray(p * (1.0 - p) / (planned * (1.0 - planned)))


def by_pooled_variance(variance: ArrayLike, planned_sd: float) -> Array:
    """For a mean with this pooled variance."""
    return np.asarray(np.asarray(variance, dtype=float) / planned_sd**2)


def by_event_rate(rate: ArrayLike, planned: float, years: float) -> Array:
    """For a time to an event with this pooled rate a year, if each patient is followed for so many `years`.

    Power is that of a number of events, which stays as it was: the size changes as the share of patients who have one,
    1 - exp(-rate * years).
    """
    r = np.asarray(rate, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(r > 0.0, np.expm1(-planned * years) / np.expm1(-r * years), np.nan))


def residual_variance(values: Array, baseline: Array) -> Array:
    """Pooled variance of `values` about their line on `baseline`, both (trials, patients) with NaN for nobody: (trials,)."""
    use = np.isfinite(values) & np.isfinite(baseline)
    n = use.sum(axis=1)
    y, x = np.where(use, values, 0.0), np.where(use, baseline, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        dy = np.where(use, y - (y.sum(axis=1) / n)[:, None], 0.0)
        dx = np.where(use, x - (x.sum(axis=1) / n)[:, None], 0.0)
        sxx, sxy, syy = (dx * dx).sum(axis=1), (dx * dy).sum(axis=1), (dy * dy).sum(axis=1)
        return np.asarray(np.where(n > 2, (syy - sxy**2 / sxx) / (n - 2.0), np.nan))
