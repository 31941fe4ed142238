"""How the chains of a fit went: whether they agree, move, and drew enough."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

HIGHEST_R_HAT = 1.05
FEWEST_EFFECTIVE = 100.0
"""Independent draws that a mean or SD with limits needs; 100 a chain is asked of ranks (Vehtari, Bayesian Anal 2021;16:667)."""
LARGEST_DIVERGING = 0.01
LONGEST_STANDING = 10
"""Draws in a row at one place that are told; a chain that moves stays for one or two."""


@dataclass(frozen=True)
class Chains:
    """Diagnostics of all chains of a sampling, over all means, SDs, correlations and tails."""

    diverging: float
    """Share of draws at which the sampler left the posterior's surface."""
    r_hat: float
    """The largest split potential scale reduction."""
    effective: float
    """The smallest effective number of draws."""
    standing: int
    """The longest run of draws at one place."""

    @property
    def faults(self) -> tuple[str, ...]:
        """What forbids to rest on these draws, in words; empty where nothing does."""
        found = {
            f"R-hat {self.r_hat:.2f}, over {HIGHEST_R_HAT:g}": not self.r_hat <= HIGHEST_R_HAT,
            f"{self.effective:.0f} effective draws, under {FEWEST_EFFECTIVE:g}": not self.effective >= FEWEST_EFFECTIVE,
            f"{100.0 * self.diverging:.1f}% of draws diverging, over {100.0 * LARGEST_DIVERGING:g}%": (
                self.diverging > LARGEST_DIVERGING
            ),
            f"a chain at one place for {self.standing} draws, more than {LONGEST_STANDING}": (
                self.standing > LONGEST_STANDING
            ),
        }
        return tuple(told for told, wrong in found.items() if wrong)


def chains_of(rows: pd.DataFrame, chains: int, diverging: NDArray[np.bool_]) -> Chains:
    """Diagnostics of `rows`, the draws of one chain below those of another."""
    from numpyro.diagnostics import effective_sample_size, split_gelman_rubin

    values = (
        rows.assign(tails=np.log(rows["tails"])) if np.isfinite(rows["tails"]).all() else rows.drop(columns="tails")
    )
    table = values.to_numpy(np.float64)
    varying = table[:, np.ptp(table, axis=0) > 0.0]
    parallel = varying.reshape(chains, -1, varying.shape[1])
    return Chains(
        diverging=float(diverging.mean()),
        r_hat=float(np.max(split_gelman_rubin(parallel))),
        effective=float(np.min(effective_sample_size(parallel))),
        standing=max(longest_run(each) for each in parallel),
    )


def longest_run(draws: NDArray[np.float64]) -> int:
    """The most draws in a row that are one another's equal, of a chain (draws, parameters)."""
    longest = here = 1
    for same in (draws[1:] == draws[:-1]).all(axis=1):
        here = here + 1 if same else 1
        longest = max(longest, here)
    return longest
