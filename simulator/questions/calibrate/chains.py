"""Sampling a posterior on a response surface: differential-evolution Markov chains.

Source: ter Braak, Stat Comput 2006;16:239, doi:10.1007/s11222-006-8769-1. Proposals are differences of other chains, so they
take the shape of the posterior without tuning.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def sample_chains(
    log_posterior: Callable[[Array], Array], start: Array, *, steps: int, keep_every: int, luck: np.random.Generator
) -> Array:
    """Draws (kept, parameters) from the second half of parallel chains that start at `start` (chains, parameters)."""
    x = start.copy()
    chains, parameters = x.shape
    level = log_posterior(x)
    kept = []
    for step in range(steps):
        a, b = luck.integers(0, chains, (2, chains))
        # Now and then a full-length jump, so that chains can change between modes.
        scale = 1.0 if step % 10 == 0 else 2.38 / np.sqrt(2 * parameters) * luck.uniform(0.3, 1.0, (chains, 1))
        proposal = x + scale * (x[a] - x[b]) + luck.normal(0.0, 1e-3, x.shape)
        proposed = log_posterior(proposal)
        accept = np.log(luck.random(chains)) < proposed - level
        x[accept], level[accept] = proposal[accept], proposed[accept]
        if step >= steps // 2 and step % keep_every == 0:
            kept.append(x.copy())
    return np.concatenate(kept)


def effective_size(weights: Array) -> float:
    """Number of equally weighted draws that weights are worth (Kish)."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def resample(weights: Array, n: int, luck: np.random.Generator) -> NDArray[np.int64]:
    """Indices of `n` draws by systematic resampling, in proportion to the weights."""
    ladder = (np.arange(n) + luck.random()) / n
    return np.searchsorted(np.cumsum(weights) / weights.sum(), ladder).astype(np.int64)
