"""The free parameters and their priors, on a scale where every prior is standard normal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, qmc

from simulator.evidence.distributions import quantile
from simulator.evidence.register import Register
from simulator.words.luck import seed_of

Array = NDArray[np.float64]

OWN_FIT = "attributable_share_sceptical"
"""Fitted to its own contrast after the others, because a view moves only the counterfactual."""
LEVELS = ("death_level_sceptical", "death_level_optimistic")
"""Set last, so that the founding cohort dies alike in every view."""
FURTHEST = 6.0


@dataclass(frozen=True)
class Prior:
    """The register's fitted parameters; z = 0 is each prior's median."""

    register: Register

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Free parameters, in the register's order."""
        return tuple(p.name for p in self.register.parameters if p.fitted and p.name not in (OWN_FIT, *LEVELS))

    def values(self, z: Array) -> dict[str, Array]:
        """Parameter values at points z (..., parameters)."""
        u = norm.cdf(np.clip(z, -FURTHEST, FURTHEST))
        return {name: quantile(self.register[name], u[..., k]) for k, name in enumerate(self.names)}

    def values_at(self, z: Array) -> dict[str, float]:
        """Parameter values at one point z (parameters,)."""
        return {name: value.item() for name, value in self.values(z[None]).items()}

    def points(self, n: int, seed: int, spread: float = 1.0) -> Array:
        """`n` evenly spread points of the prior (scrambled Sobol'), shape (n, parameters); `n` is a power of two."""
        u = qmc.Sobol(len(self.names), rng=np.random.default_rng(seed_of(seed, "prior"))).random(n)
        return np.asarray(spread * norm.ppf(np.clip(u, 1e-6, 1.0 - 1e-6)))
