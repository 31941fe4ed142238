"""Sampling a posterior on a response surface by emcee's differential evolution, and resampling by weight.

Sources: Nelson, Ford, Payne, Astrophys J Suppl 2014;210:11, doi:10.1088/0067-0049/210/1/11; Foreman-Mackey et al., Publ Astron
Soc Pac 2013;125:306, doi:10.1086/670067. Proposals are differences of other chains, so they take the shape of the posterior
without tuning; those chains belong to the half that stands still meanwhile, because differences of the very ensemble that a
chain belongs to leave it too narrow (pooled variance of a standard normal in 20 dimensions .95).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ACROSS = 0.1
"""Share of steps that jump the whole way between two chains, so that chains can change between modes."""


def sample_chains(
    log_posterior: Callable[[Array], Array], start: Array, *, steps: int, keep_every: int, luck: np.random.Generator
) -> Array:
    """Draws (kept, parameters) from the second half of parallel chains that start at `start` (chains, parameters).

    There are at least twice as many chains as parameters.
    """
    from emcee import EnsembleSampler
    from emcee.moves import DEMove

    moves = [(DEMove(), 1.0 - ACROSS), (DEMove(gamma0=1.0), ACROSS)]
    sampler = EnsembleSampler(*start.shape, log_posterior, moves=moves, vectorize=True)
    sampler.random_state = np.random.RandomState(luck.integers(2**32)).get_state()
    half = steps // 2
    settled = sampler.run_mcmc(start, half, store=False, skip_initial_state_check=True)
    sampler.run_mcmc(settled, half // keep_every, thin_by=keep_every, skip_initial_state_check=True)
    return np.asarray(sampler.get_chain(flat=True))


def resample(weights: Array, n: int, luck: np.random.Generator) -> NDArray[np.int64]:
    """Indices of `n` draws by systematic resampling, in proportion to the weights."""
    ladder = (np.arange(n) + luck.random()) / n
    return np.searchsorted(np.cumsum(weights) / weights.sum(), ladder).astype(np.int64)
