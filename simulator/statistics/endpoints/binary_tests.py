"""Yes-or-no endpoints of many trials at once: chi-square, Fisher, risk difference and ratio, one arm exact.

All tests work on counts, arrays of shape (trials,); `count` makes them from patients. Arm 1 is compared with arm 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from simulator.compiling import compiled
from simulator.statistics.endpoints.effect import Effect, ratio_or_nan

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Counts:
    """Patients with the outcome and patients in all, by arm, each of shape (trials,)."""

    yes_0: Ints
    n_0: Ints
    yes_1: Ints
    n_1: Ints

    @property
    def risks(self) -> tuple[Array, Array]:
        """Observed risks in arm 0 and arm 1."""
        return ratio_or_nan(self.yes_0, self.n_0), ratio_or_nan(self.yes_1, self.n_1)


def count(outcome: ArrayLike, arm: ArrayLike) -> Counts:
    """Counts of a true-or-false `outcome`, both (trials, patients); patients with a negative arm take no part."""
    outcome = np.atleast_2d(np.asarray(outcome, dtype=bool))
    arm = np.broadcast_to(np.asarray(arm), outcome.shape)
    in_0, in_1 = arm == 0, arm == 1
    return Counts((outcome & in_0).sum(axis=1), in_0.sum(axis=1), (outcome & in_1).sum(axis=1), in_1.sum(axis=1))


def chi_square(counts: Counts, continuity: bool = False) -> Array:
    """Signed root z of the chi-square of the 2 x 2 table, of shape (trials,); Yates' correction with `continuity`.

    Without the correction the size can exceed its nominal value in small trials; with it the test is conservative.
    NaN where nobody or everybody has the outcome, or an arm is empty.
    """
    n = counts.n_0 + counts.n_1
    yes = counts.yes_0 + counts.yes_1
    excess = counts.yes_1 * counts.n_0 - counts.yes_0 * counts.n_1
    shift = np.minimum(0.5 * n, np.abs(excess)) if continuity else 0.0
    variance = yes * (n - yes) * 1.0 * counts.n_0 * counts.n_1
    return ratio_or_nan(np.sign(excess) * (np.abs(excess) - shift) * np.sqrt(n), np.sqrt(variance))


def risk_difference(counts: Counts) -> Effect:
    """Risk in arm 1 minus risk in arm 0, with the unpooled (Wald) standard error."""
    p0, p1 = counts.risks
    se = np.sqrt(ratio_or_nan(p0 * (1.0 - p0), counts.n_0) + ratio_or_nan(p1 * (1.0 - p1), counts.n_1))
    return Effect(p1 - p0, se, ratio_or_nan(p1 - p0, se))


def risk_ratio(counts: Counts) -> Effect:
    """Log risk ratio, arm 1 over arm 0, with Katz's standard error; NaN where nobody in an arm has the outcome."""
    p0, p1 = counts.risks
    some = (counts.yes_0 > 0) & (counts.yes_1 > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.where(some, np.log(p1) - np.log(p0), np.nan)
        variance = 1.0 / counts.yes_0 - 1.0 / counts.n_0 + 1.0 / counts.yes_1 - 1.0 / counts.n_1
        se = np.where(some, np.sqrt(np.maximum(variance, 0.0)), np.nan)
    return Effect(estimate, se, ratio_or_nan(estimate, se))


@dataclass(frozen=True)
class ExactP:
    """p values of an exact test, each of shape (trials,): for more in arm 1 (or than p0), for fewer, and for either."""

    greater: Array
    less: Array
    two_sided: Array


def fisher(counts: Counts) -> ExactP:
    """Fisher's exact test. The two-sided p adds all tables no more likely than the observed one. Conservative."""
    arrays = [np.ascontiguousarray(a, dtype=np.int64) for a in (counts.yes_0, counts.n_0, counts.yes_1, counts.n_1)]
    return ExactP(*_fisher(*arrays))


@compiled
def _fisher(yes_0: Ints, n_0: Ints, yes_1: Ints, n_1: Ints) -> tuple[Array, Array, Array]:
    trials = yes_0.size
    greater, less, both = np.ones(trials), np.ones(trials), np.ones(trials)
    if trials == 0:
        return greater, less, both
    log_factorial = np.zeros(np.max(n_0 + n_1) + 1)
    for i in range(2, log_factorial.size):
        log_factorial[i] = log_factorial[i - 1] + math.log(i)
    for trial in range(trials):
        a, b, yes = n_0[trial], n_1[trial], yes_0[trial] + yes_1[trial]
        seen = yes_1[trial]
        first, last = max(0, yes - a), min(yes, b)
        constant = (
            log_factorial[a] + log_factorial[b] + log_factorial[yes] + log_factorial[a + b - yes] - log_factorial[a + b]
        )
        down, up, other = 0.0, 0.0, 0.0
        limit = 0.0
        for turn in range(2):
            for x in range(first, last + 1):
                log = log_factorial[x] + log_factorial[b - x] + log_factorial[yes - x] + log_factorial[a - yes + x]
                p = math.exp(constant - log)
                if turn == 0:
                    if x == seen:
                        # Equally likely tables must not be lost to rounding.
                        limit = p * (1.0 + 1e-7)
                    if x <= seen:
                        down += p
                    if x >= seen:
                        up += p
                elif p <= limit:
                    other += p
        greater[trial], less[trial], both[trial] = min(up, 1.0), min(down, 1.0), min(other, 1.0)
    return greater, less, both


def one_sample(yes: ArrayLike, n: ArrayLike, p0: float) -> ExactP:
    """Exact binomial test of one arm against the success probability p0; two-sided is twice the smaller, at most 1."""
    yes, n = np.asarray(yes), np.asarray(n)
    greater, less = np.asarray(scipy.stats.binom.sf(yes - 1, n, p0)), np.asarray(scipy.stats.binom.cdf(yes, n, p0))
    return ExactP(greater, less, np.minimum(1.0, 2.0 * np.minimum(greater, less)))
