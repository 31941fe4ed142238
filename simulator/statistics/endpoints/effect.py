"""What an endpoint test says of many trials: estimates, standard errors and z statistics, arm 1 against arm 0.

Everywhere in the endpoint tests a positive estimate and a positive z mean more of what is measured in arm 1: more
events, more survival time, a higher value. Whether that is good for patients is the caller's knowledge. A quantity that
the data of a trial cannot give (no events, an empty arm) is NaN, and a comparison with NaN never rejects anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """Arm 1 against arm 0, every array of shape (trials,).

    `estimate` is a difference, or a log ratio where the function that made it says so. `z` is standard normal if there
    is no effect. With a t test `df` are its degrees of freedom, and `z` is the normal value with the same p.
    """

    estimate: Array
    se: Array
    z: Array
    df: Array | None = None

    @property
    def p_two_sided(self) -> Array:
        """Two-sided p values."""
        return np.asarray(2.0 * ndtr(-np.abs(self.z)))

    def z_above(self, distance: Array) -> Array:
        """The z statistic of an estimate so far above the hypothesis: the normal value, with a t test that with the same p."""
        t = ratio_or_nan(distance, self.se)
        return t if self.df is None else z_of_t(t, self.df)

    def interval(self, level: float = 0.95) -> tuple[Array, Array]:
        """Confidence limits (low, high) of `estimate`, by the normal or the t distribution."""
        tail = 0.5 * (1.0 + level)
        reach = self.se * (ndtri(tail) if self.df is None else stdtrit(self.df, tail))
        return self.estimate - reach, self.estimate + reach


@dataclass(frozen=True)
class ByArm:
    """A quantity in each arm with its standard error, both of shape (trials, 2)."""

    value: Array
    se: Array

    def difference(self) -> Effect:
        """Arm 1 minus arm 0, tested with the two arms' own variances (a Wald test)."""
        estimate = self.value[:, 1] - self.value[:, 0]
        se = np.hypot(self.se[:, 0], self.se[:, 1])
        return Effect(estimate, se, ratio_or_nan(estimate, se))

    def log_ratio(self) -> Effect:
        """Logarithm of arm 1 over arm 0, tested with the two arms' own variances (a Wald test by the delta method)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(self.value > 0.0, np.log(self.value), np.nan)
        relative = ratio_or_nan(self.se, self.value)
        estimate, se = logs[:, 1] - logs[:, 0], np.hypot(relative[:, 0], relative[:, 1])
        return Effect(estimate, se, ratio_or_nan(estimate, se))


def ratio_or_nan(top: ArrayLike, bottom: ArrayLike) -> Array:
    """top / bottom, NaN where the bottom is zero."""
    top, bottom = np.asarray(top, dtype=float), np.asarray(bottom, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(bottom != 0.0, top / bottom, np.nan))


def z_of_t(t: ArrayLike, df: ArrayLike) -> Array:
    """The standard normal value with the same tail probability as Student's t; accurate in both tails."""
    value, freedom = np.asarray(t, np.float64), np.asarray(df, np.float64)
    return np.asarray(np.sign(value) * -ndtri(stdtr(freedom, -np.abs(value))))
