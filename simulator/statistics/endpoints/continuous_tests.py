"""Continuous endpoints of many trials at once: the difference of means, adjusted for baseline (ANCOVA) or not."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.statistics.endpoints.effect import Effect, ratio_or_nan, z_of_t

Array = NDArray[np.float64]


def ancova(outcome: ArrayLike, arm: ArrayLike, *covariates: ArrayLike) -> Effect:
    """Difference of means, arm 1 minus arm 0, by least squares adjusted for the covariates (baseline, strata, ...).

    All arrays are (trials, patients). Patients with a negative arm or a NaN outcome take no part: this analyses who was
    measured, so whoever died before is left out. Without covariates it is the t test with a common variance. Residual
    degrees of freedom are patients less 2 less the covariates; NaN where they are not positive or an arm is empty.
    A NaN covariate of somebody who takes part is a `ValueError`.
    """
    y = np.atleast_2d(np.asarray(outcome, dtype=float))
    arms = np.broadcast_to(np.asarray(arm), y.shape)
    use = (arms >= 0) & ~np.isnan(y)
    columns = [np.broadcast_to(np.asarray(x, dtype=float), y.shape) for x in covariates]
    for number, x in enumerate(columns):
        where = np.argwhere(use & ~np.isfinite(x))
        if where.size:
            raise ValueError(f"covariate {number + 1} of trial {where[0][0]}, patient {where[0][1]} is not a number")
    n = use.sum(axis=1)
    n_1 = (use & (arms == 1)).sum(axis=1)

    def centred(x: Array) -> Array:
        kept = np.where(use, x, 0.0)
        return np.where(use, kept - ratio_or_nan(kept.sum(axis=1), n)[:, None], 0.0)

    # By Frisch and Waugh: sweep the covariates out of outcome and arm, then regress what is left on what is left.
    y, treated = centred(np.where(use, y, 0.0)), centred(arms.astype(float))
    swept: list[Array] = []
    for x in columns:
        residual = centred(x)
        scale = (residual**2).sum(axis=1)
        for basis in swept:
            residual = residual - _projection(residual, basis)
        # A covariate that others determine (all patients in one stratum, say) adds rounding noise only.
        residual[(residual**2).sum(axis=1) <= 1e-20 * scale] = 0.0
        swept.append(residual)
        y, treated = y - _projection(y, residual), treated - _projection(treated, residual)
    rank = sum(((basis != 0.0).any(axis=1) for basis in swept), start=np.zeros(n.size, dtype=int))
    df = n - 2 - rank
    information = (treated**2).sum(axis=1)
    possible = (df > 0) & (n_1 > 0) & (n_1 < n) & (information > 1e-12)
    information = np.where(possible, information, 0.0)
    estimate = ratio_or_nan((treated * y).sum(axis=1), information)
    squares = ((y - np.nan_to_num(estimate)[:, None] * treated) ** 2).sum(axis=1)
    se = np.sqrt(ratio_or_nan(squares, np.where(possible, df, 0) * information))
    df = np.where(possible, df, np.nan)
    return Effect(estimate, se, z_of_t(ratio_or_nan(estimate, se), df), df)


def _projection(x: Array, basis: Array) -> Array:
    """The part of every row of x along the same row of basis (nothing along a row of zeros)."""
    length = (basis**2).sum(axis=1)
    return basis * np.nan_to_num(ratio_or_nan((x * basis).sum(axis=1), length))[:, None]
