"""Where one hospital lies, given what its numbers say (atoms) and the population of hospitals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp
from scipy.stats import norm

from simulator.centre.atoms import Atoms
from simulator.evidence.hospitals import OFFSETS, RATES, RESPONSE, Hospitals, Kind

Array = NDArray[np.float64]
THREE = len(RATES)
RESPONSE_PLACE = OFFSETS.index(RESPONSE)
WIDER = 1.6
"""How much wider than what a first fit found a prior is that covers where hospitals lie."""


def wide_prior(rows: pd.DataFrame) -> tuple[Array, Array]:
    """Mean and SD of a normal prior that covers what hospitals of a first fit have."""
    centre = np.array([*(rows[f"mean_{name}"].mean() for name in RATES), 0.0])
    spread = np.array([np.hypot(rows[f"sd_{n}"].quantile(0.9), rows[f"mean_{n}"].std()) for n in RATES])
    return centre, np.append(
        WIDER * np.maximum(spread, 0.3), WIDER * max(0.3, float(rows["sd_response"].quantile(0.9)))
    )


def own_offsets(
    population: Hospitals, each: Atoms, kind: Kind, n: int, luck: np.random.Generator, weights: Array | None = None
) -> Array:
    """`n` joint offsets of one hospital given its atoms and the population, shape (n, offsets)."""
    return own_atoms(population, each, kind, n, luck, weights)[0]


def own_atoms(
    population: Hospitals, each: Atoms, kind: Kind, n: int, luck: np.random.Generator, weights: Array | None = None
) -> tuple[Array, NDArray[np.int64]]:
    """`n` joint offsets of one hospital given its atoms and the population, and the atom that each is of.

    `weights` (see `informed`) are those of the population's rows for a hospital whose numbers the population was not fitted to.
    """
    rows = population.taken(n, luck, weights)
    means, roots, tails = population.means(kind)[rows], population.roots()[rows], population.column("tails")[rows]
    used = len(OFFSETS) if each.treated else len(RATES)
    out, chosen_atoms = np.zeros((n, len(OFFSETS))), np.zeros(n, np.int64)
    for i in range(n):
        inverse = np.linalg.inv(roots[i, : len(RATES), : len(RATES)])
        gap = (each.offsets[:, : len(RATES)] - means[i, : len(RATES)]) @ inverse.T
        square = (gap**2).sum(axis=1)
        freedom = tails[i]
        level = -0.5 * (freedom + len(RATES)) * np.log1p(square / freedom) if np.isfinite(freedom) else -0.5 * square
        sd = max(float(roots[i, -1, -1]), 1e-3)
        if used == len(OFFSETS):
            level = level - 0.5 * ((each.offsets[:, -1] - means[i, -1]) / sd) ** 2
        weights = np.exp(level - each.log_prior - (level - each.log_prior).max())
        chosen = min(int(np.searchsorted(np.cumsum(weights) / weights.sum(), luck.random())), len(weights) - 1)
        out[i], chosen_atoms[i] = each.offsets[chosen], chosen
        if used < len(OFFSETS):
            out[i, -1] = means[i, -1] + sd * luck.standard_normal()
    return out, chosen_atoms


def log_evidence(population: Hospitals, each: Atoms, kind: Kind) -> Array:
    """Log likelihood of a study in each row of the population, up to a constant, shape (rows,)."""
    roots, tails = population.roots(), population.column("tails")
    means, kernels = population.means(kind), each.kernels
    own, shared = roots[:, :THREE, :THREE], kernels.covariance
    root = np.linalg.cholesky(own @ own.transpose(0, 2, 1) + shared[:THREE, :THREE])
    inverse = np.linalg.inv(root)
    gaps = kernels.centres[None, :, :] - means[:, None, :]
    solved = gaps[:, :, :THREE] @ inverse.transpose(0, 2, 1)
    square = (solved**2).sum(axis=2)
    volume = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    level = -0.5 * square - 0.5 * THREE * np.log(2.0 * np.pi)
    heavy = np.isfinite(tails)
    if heavy.any():
        nu = tails[heavy][:, None]
        constant = gammaln((nu + THREE) / 2.0) - gammaln(nu / 2.0) - 0.5 * THREE * np.log(nu * np.pi)
        level[heavy] = constant - 0.5 * (nu + THREE) * np.log1p(square[heavy] / nu)
    level = level - volume[:, None] + kernels.log_weight
    if each.treated:
        told = inverse @ shared[:THREE, RESPONSE_PLACE]
        expected = np.einsum("nki,ni->nk", solved, told)
        variance = (
            roots[:, RESPONSE_PLACE, RESPONSE_PLACE] ** 2
            + shared[RESPONSE_PLACE, RESPONSE_PLACE]
            - (told**2).sum(axis=1)
        )
        sd = np.sqrt(np.maximum(variance, 1e-6))[:, None]
        level = level + norm.logpdf(gaps[:, :, RESPONSE_PLACE], expected, sd)
    return np.asarray(logsumexp(level, axis=1) - np.log(level.shape[1]))


def informed(population: Hospitals, each: Atoms, kind: Kind, weights: Array | None = None) -> Array:
    """Weight of each row once it has read a hospital's numbers too, from what it weighed before; they sum to 1."""
    log = log_evidence(population, each, kind) + np.log(population.weights() if weights is None else weights)
    found = np.exp(log - log.max())
    return np.asarray(found / found.sum())
