"""How likely the largest of several correlated normal statistics is as large as it is, in many trials at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]

POINTS = 512
"""Points of the lattice that a normal probability is integrated on."""
AT_ONCE = 2_000
ROOTS = (2.0, 3.0, 5.0, 7.0, 11.0, 13.0)
"""Generators of the lattice: fractional parts of their square roots (Richtmyer)."""


FACTORS, FACTOR_RANGE, MOST_SHARED = 301, 8.5, 0.999
"""Points and range over which a common factor is integrated, and the largest share that it can have on them."""


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


def common_factor_tail(limit: Array, loadings: Array) -> Array:
    """P(max Z >= limit), (trials,), of normal Z whose correlations are products of `loadings` (trials, k) from 0 to 1.

    NaN loadings are left out. Given the factor that all share they are independent, and it is integrated over.
    """
    x = np.linspace(-FACTOR_RANGE, FACTOR_RANGE, FACTORS)
    density = np.exp(-0.5 * x**2)
    density /= density.sum()
    out = np.empty(limit.shape)
    for start in range(0, limit.size, AT_ONCE):
        part = slice(start, start + AT_ONCE)
        none = np.zeros((limit[part].size, FACTORS))
        for own in np.minimum(loadings[part].T, MOST_SHARED):
            rest = np.sqrt(1.0 - own**2)
            tail = ndtr((own[:, None] * x - limit[part, None]) / rest[:, None])
            none += np.where(np.isnan(own)[:, None], 0.0, np.log1p(-np.minimum(tail, 1.0 - 1e-16)))
        out[part] = -np.expm1(none) @ density
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
