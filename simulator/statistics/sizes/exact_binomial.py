"""The single-arm trial with an exact binomial test: its rejection limit, power, and the sawtooth of its sample size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from simulator.words.errors import BadInput, Problem

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]
Array = NDArray[np.float64]

LARGEST = 50_000
"""Sizes beyond this are not searched."""


def rejection_limit(n: ArrayLike, p0: float, alpha: float) -> Ints:
    """Smallest number of successes among n that rejects success probability p0 in favour of more, at one-sided alpha.

    It is n + 1 where no number does. Same shape as `n`.
    """
    n = np.asarray(n)
    return np.asarray(scipy.stats.binom.isf(alpha, n, p0) + 1, dtype=np.int64)


def power(n: ArrayLike, p0: float, p1: float, alpha: float) -> Array:
    """Probability of rejecting p0 if the success probability is p1. Same shape as `n`."""
    return np.asarray(scipy.stats.binom.sf(rejection_limit(n, p0, alpha) - 1, np.asarray(n, dtype=np.int64), p1))


@dataclass(frozen=True)
class SingleArmSize:
    """Sample sizes of the exact one-sided test.

    The power does not rise steadily with n: it drops whenever the rejection limit moves. `first` is the smallest n that
    reaches the power, `stable` the smallest from which on every larger n reaches it too. Published designs usually
    quote the first.
    """

    p0: float
    p1: float
    alpha: float
    power: float
    first: int
    stable: int

    def table(self, beyond: int = 5) -> pd.DataFrame:
        """The sawtooth from a little below `first` to a little above `stable`: n, reject_from, actual_alpha, power."""
        import pandas as pd

        n = np.arange(max(1, self.first - beyond), self.stable + beyond + 1)
        limit = rejection_limit(n, self.p0, self.alpha)
        return pd.DataFrame(
            {
                "n": n,
                "reject_from": limit,
                "actual_alpha": scipy.stats.binom.sf(limit - 1, n, self.p0),
                "power": power(n, self.p0, self.p1, self.alpha),
                "enough": power(n, self.p0, self.p1, self.alpha) >= self.power,
            }
        )


def single_arm_size(
    p0: float, p1: float, alpha: float = 0.05, target: float = 0.85, file: str = "design"
) -> SingleArmSize:
    """First and stable n for `target` power against p1 > p0.

    The founding cohort of this project planned 44 patients "for 70% avoided amputation, power 85%, one-sided 5%"
    (Panunzi et al. 2022). That is the first n of this test against a null of 50%, which the paper does not state; the
    stable n is 49. Raises `BadInput` for designs that cannot be.
    """
    problems = single_arm_problems(p0, p1, alpha, target, file)
    if problems:
        raise BadInput(problems)
    n = np.arange(1, LARGEST + 1)
    enough = power(n, p0, p1, alpha) >= target
    if not enough[-1000:].all():
        raise BadInput(
            [Problem(file, "p1", f"{p1:g}", f"further from p0 {p0:g}: more than {LARGEST:,} patients needed")]
        )
    return SingleArmSize(p0, p1, alpha, target, int(n[enough][0]), int(n[~enough][-1]) + 1 if (~enough).any() else 1)


def single_arm_problems(p0: float, p1: float, alpha: float, target: float, file: str) -> list[Problem]:
    """What is impossible about a single-arm design."""
    found = []
    if not 0.0 < alpha < 0.5:
        found.append(Problem(file, "alpha", f"{alpha:g}", "above 0 and below 0.5"))
    if not alpha < target < 1.0:
        found.append(Problem(file, "power", f"{target:g}", f"above alpha ({alpha:g}) and below 1"))
    if not 0.0 < p0 < 1.0:
        found.append(Problem(file, "p0", f"{p0:g}", "above 0 and below 1"))
    if not p0 < p1 < 1.0:
        found.append(Problem(file, "p1", f"{p1:g}", f"above p0 ({p0:g}) and below 1"))
    return found
