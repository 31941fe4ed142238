"""Exact power and size of tests of two proportions: chi-square with and without correction, Fisher's, Boschloo's.

Every test is one-sided. Its rejection region is, for each number of successes x0 in arm 0, everything from `limits`[x0]
successes in arm 1 on, so the power is a sum over two binomial distributions and needs no approximation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.special import ndtri

from simulator.compiling import compiled
from simulator.statistics.sizes.samplesize import range_problems, two_proportions
from simulator.words.errors import BadInput, Problem

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

LARGEST = 50_000
"""Sizes of arm 0 beyond this are not searched."""
LARGEST_BOSCHLOO = 400
"""The same for Boschloo's test, which has to weigh every table against every common proportion."""
NUISANCE = np.linspace(0.001, 0.999, 999)
"""Common proportions at which the size of a test is taken."""


@compiled
def fisher_tail(x0: int, n0: int, x1: int, n1: int, log_factorial: Array) -> float:
    """P(X1 >= x1) given x0 + x1 successes in all: Fisher's one-sided p."""
    m = x0 + x1
    p = math.exp(
        log_factorial[n1]
        - log_factorial[x1]
        - log_factorial[n1 - x1]
        + log_factorial[n0]
        - log_factorial[x0]
        - log_factorial[n0 - x0]
        - log_factorial[n0 + n1]
        + log_factorial[m]
        + log_factorial[n0 + n1 - m]
    )
    total, x = p, x1
    last = min(m, n1)
    while x < last and (p > 1e-18 * total or x < n1 * m / (n0 + n1)):
        p *= (n1 - x) * (m - x) / ((x + 1.0) * (n0 - m + x + 1.0))
        x += 1
        total += p
    return total


@compiled
def _fisher_limits(n0: int, n1: int, alpha: float, log_factorial: Array) -> Ints:
    out = np.empty(n0 + 1, np.int64)
    x1 = 0
    for x0 in range(n0 + 1):
        # The limit never falls as x0 rises.
        while x1 <= n1 and fisher_tail(x0, n0, x1, n1, log_factorial) > alpha * (1.0 + 1e-10):
            x1 += 1
        out[x0] = x1
    return out


@compiled
def _chi_square_limits(n0: int, n1: int, z: float, correction: float) -> Ints:
    out = np.empty(n0 + 1, np.int64)
    n = n0 + n1
    x1 = 0
    for x0 in range(n0 + 1):
        while x1 <= n1:
            yes = x0 + x1
            excess = float(x1 * n0 - x0 * n1) - correction * n
            variance = float(yes) * (n - yes) * n0 * n1
            if variance > 0.0 and excess > 0.0 and excess * math.sqrt(n) >= z * math.sqrt(variance) * (1.0 - 1e-12):
                break
            x1 += 1
        out[x0] = x1
    return out


def _log_factorials(n: int) -> Array:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])


def limits(test: str, n0: int, n1: int, alpha: float) -> Ints:
    """For each x0 = 0, ..., n0 the fewest successes in arm 1 at which `test` finds arm 1 better; n1 + 1 for never.

    Chi-square: z of the pooled variance, Yates' correction of n/2 with ``chi-square-corrected`` (Fleiss, Levin & Paik 2003,
    chapter 3). Fisher: hypergeometric tail. Boschloo: tables in the order of Fisher's p, as many as keep the size at alpha
    for every common proportion (Boschloo RD. Stat Neerl 1970;24:1-35, doi 10.1111/j.1467-9574.1970.tb00104.x).
    """
    if test in ("chi-square", "chi-square-corrected"):
        return np.asarray(_chi_square_limits(n0, n1, -float(ndtri(alpha)), 0.5 if test.endswith("corrected") else 0.0))
    if test == "fisher":
        return np.asarray(_fisher_limits(n0, n1, alpha, _log_factorials(n0 + n1)))
    return _boschloo_limits(n0, n1, alpha)


@lru_cache(maxsize=512)
def _boschloo_limits(n0: int, n1: int, alpha: float) -> Ints:
    # Fisher's test at a raised alpha has the same order of tables: the largest raise that keeps the size is Boschloo's.
    table, sizes = _log_factorials(n0 + n1), _sizes_of(n0, n1)
    low, high = alpha, min(1.0, 4.0 * alpha)
    found, too_many = _fisher_limits(n0, n1, low, table), None
    for _ in range(30):
        middle = 0.5 * (low + high)
        trial = _fisher_limits(n0, n1, middle, table)
        # Most raises give a region that was weighed before.
        if np.array_equal(trial, found):
            low = middle
        elif too_many is not None and np.array_equal(trial, too_many):
            high = middle
        elif sizes(trial) <= alpha * (1.0 + 1e-10):
            low, found = middle, trial
        else:
            high, too_many = middle, trial
    found.flags.writeable = False
    return np.asarray(found)


def _sizes_of(n0: int, n1: int) -> Callable[[Ints], float]:
    p = NUISANCE[:, None]
    chance = np.asarray(scipy.stats.binom.pmf(np.arange(n0 + 1), n0, p))
    tail = np.asarray(scipy.stats.binom.sf(np.arange(-1, n1 + 1), n1, p))
    return lambda reject_from: float(np.einsum("ij,ij->i", chance, tail[:, reject_from]).max())


def power(test: str, n0: int, n1: int, p0: float, p1: float, alpha: float) -> float:
    """Probability that `test` finds the difference between p0 and p1 in their direction, with n0 and n1 patients."""
    if p1 < p0:
        p0, p1 = 1.0 - p0, 1.0 - p1
    reject_from = limits(test, n0, n1, alpha)
    return float(scipy.stats.binom.pmf(np.arange(n0 + 1), n0, p0) @ scipy.stats.binom.sf(reject_from - 1, n1, p1))


@dataclass(frozen=True)
class ExactSize:
    """Patients in all: `first` is the smallest number that reaches the power, `stable` that from which on all do.

    The power of an exact test does not rise steadily with the number of patients; published designs usually quote the first.
    `reached` is the power at the first.
    """

    first: int
    stable: int
    reached: float


def size(
    test: str, p0: float, p1: float, alpha: float = 0.025, target: float = 0.9, ratio: float = 1.0, window: float = 0.05
) -> ExactSize:
    """Patients in all for `target` power, arm 1 holding `ratio` times the patients of arm 0, rounded up.

    A number counts as stable when every arm 0 that is larger by up to the share `window` (20 patients at least) reaches the
    power too. Raises BadInput for impossible inputs and where `LARGEST` is not enough.
    """
    problems = range_problems({"p0": p0, "p1": p1, "alpha": alpha, "power": target, "ratio": ratio})
    if p0 == p1:
        problems.append(Problem("design", "p1", f"{p1:g}", f"different from p0 ({p0:g})"))
    if problems:
        raise BadInput(problems)
    known: dict[int, float] = {}

    def at(n0: int) -> float:
        if n0 not in known:
            known[n0] = power(test, n0, math.ceil(ratio * n0 - 1e-9), p0, p1, alpha)
        return known[n0]

    most = LARGEST_BOSCHLOO if test == "boschloo" else LARGEST
    first, stable = sawtooth(at, two_proportions(p0, p1, alpha, target, ratio) / (1.0 + ratio), target, most, window)
    if first is None or stable is None:
        allowed = f"further from p0 {p0:g}: {test} needs more than {most:,} patients in arm 0"
        raise BadInput([Problem("design", "p1", f"{p1:g}", allowed)])
    return ExactSize(_all(first, ratio), _all(stable, ratio), at(first))


def _all(n0: int, ratio: float) -> int:
    return n0 + math.ceil(ratio * n0 - 1e-9)


def sawtooth(
    at: Callable[[int], float], guess: float, target: float, most: int, window: float = 0.05
) -> tuple[int | None, int | None]:
    """The first n and the stable n of a power `at`(n) that rises in a sawtooth; None for what lies beyond `most`.

    The search begins at the `guess` and takes the teeth to be shorter than the share `window` of n (20 at least).
    """
    n = max(2, round(min(guess, most)))
    step = max(1, round(0.1 * n))
    while at(n) < target:
        if n >= most:
            return None, None
        n = min(most, n + step)
    # From a size that is enough down until nothing in a whole window is, and up until everything in a window is.
    first, below = n, n
    while below > 2 and first - below <= max(20, round(window * first)):
        below -= 1
        if at(below) >= target:
            first = below
    last_short, above = first - 1, first
    while above - last_short <= max(20, round(window * last_short)):
        if above > most:
            return first, None
        if at(above) < target:
            last_short = above
        above += 1
    return first, last_short + 1
