"""Several hypotheses in one trial: which are rejected while the chance of any false rejection stays below alpha.

`p` holds p values along its last axis (hypotheses), with any leading axes (trials); the result has the same shape. A
NaN p value is never rejected and, in an ordered procedure, stops the testing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
