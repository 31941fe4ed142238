"""Simon's two-stage single-arm designs: stop after the first stage if too few patients succeed.

The first stage treats n1 patients and stops for futility with r1 successes or fewer; otherwise the second stage
completes n patients and the treatment is promising with more than r. Simon R. Control Clin Trials 1989;10:1-10, doi
10.1016/0197-2456(89)90015-9.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from simulator.compiling import compiled
from simulator.statistics.sizes.exact_binomial import single_arm_problems, single_arm_size
from simulator.words.errors import BadInput, Problem

Array = NDArray[np.float64]

LARGEST = 200
"""Single-stage sizes beyond this are refused: the search grows with the fourth power of n."""


@dataclass(frozen=True)
class TwoStage:
    """A two-stage design and its exact properties.

    `alpha` and `power` are what the design really has; `early_stop` and `expected_n` hold under p0.
    """

    kind: str
    n1: int
    r1: int
    n: int
    r: int
    alpha: float
    power: float
    early_stop: float
    expected_n: float


def promising(p: float, n1: int, r1: int, n: int, r: int) -> float:
    """Probability that both stages are passed if the success probability is p."""
    x = np.arange(r1 + 1, n1 + 1)
    return float(np.sum(scipy.stats.binom.pmf(x, n1, p) * scipy.stats.binom.sf(r - x, n - n1, p)))


def two_stage(
    p0: float, p1: float, alpha: float = 0.05, target: float = 0.8, file: str = "design"
) -> tuple[TwoStage, TwoStage]:
    """The optimal design (fewest patients expected under p0) and the minimax design (fewest at most), in this order.

    The search is exhaustive, so both are exact. Among minimax designs the one with the fewest patients expected is
    taken.
    """
    problems = single_arm_problems(p0, p1, alpha, target, file)
    if problems:
        raise BadInput(problems)
    single = single_arm_size(p0, p1, alpha, target, file).first
    if single > LARGEST:
        allowed = f"further from p0 {p0:g}: a single stage needs {single} patients, and {LARGEST} are searched"
        raise BadInput([Problem(file, "p1", f"{p1:g}", allowed)])
    designs = []
    for kind, minimax in (("optimal", False), ("minimax", True)):
        n1, r1, n, r = _search(p0, p1, alpha, 1.0 - target, single, minimax)
        if n == 0:
            allowed = "values for which a two-stage design beats a single stage"
            raise BadInput([Problem(file, kind, f"p0 {p0:g}, p1 {p1:g}", allowed)])
        stop = float(scipy.stats.binom.cdf(r1, n1, p0))
        actual = promising(p0, n1, r1, n, r), promising(p1, n1, r1, n, r)
        designs.append(TwoStage(kind, n1, r1, n, r, *actual, stop, n1 + (1.0 - stop) * (n - n1)))
    return designs[0], designs[1]


@compiled
def _binomial(n: int, p: float) -> Array:
    """Probabilities of 0 to n successes."""
    out = np.empty(n + 1)
    for x in range(n + 1):
        log = math.lgamma(n + 1.0) - math.lgamma(x + 1.0) - math.lgamma(n - x + 1.0)
        out[x] = math.exp(log + x * math.log(p) + (n - x) * math.log1p(-p))
    return out


@compiled
def _tails(n: int, p: float) -> Array:
    """Element x is the probability of x or more successes among n, for x from 0 to n + 1."""
    out = np.zeros(n + 2)
    mass = _binomial(n, p)
    for x in range(n, -1, -1):
        out[x] = out[x + 1] + mass[x]
    return out


@compiled
def _passed(first: Array, tail: Array, n1: int, r1: int, n2: int, r: int) -> float:
    """Probability of more than r1 successes in stage 1 and more than r in all."""
    total = 0.0
    for x in range(r1 + 1, n1 + 1):
        need = r + 1 - x
        if need <= 0:
            total += first[x]
        elif need <= n2:
            total += first[x] * tail[need]
    return total


@compiled
def _search(p0: float, p1: float, alpha: float, beta: float, single: int, minimax: bool) -> tuple[int, int, int, int]:
    """The design (n1, r1, n, r), all zero if there is none.

    For a given first stage the expected size grows with n, so the first n that works is the best, and no first stage
    larger than the best expected size so far can win: the search ends by itself. The single stage gives its start.
    """
    best_expected = float(single)
    best_n = single if minimax else 1 << 30
    best = (0, 0, 0, 0)
    n1 = 0
    while n1 + 1 < (best_n + 1 if minimax else best_expected):
        n1 += 1
        first0, first1 = _binomial(n1, p0), _binomial(n1, p1)
        stop0, stop1 = 0.0, 0.0
        for r1 in range(n1):
            stop0 += first0[r1]
            stop1 += first1[r1]
            if stop1 > beta:
                break
            # The last critical value is where the next search can start: it never falls when n grows.
            r = r1
            n = n1
            while True:
                n += 1
                expected = n1 + (1.0 - stop0) * (n - n1)
                if n > best_n or (not minimax and expected >= best_expected):
                    break
                if minimax and n == best_n and best[2] > 0 and expected >= best_expected:
                    break
                tail0 = _tails(n - n1, p0)
                while _passed(first0, tail0, n1, r1, n - n1, r) > alpha:
                    r += 1
                if _passed(first1, _tails(n - n1, p1), n1, r1, n - n1, r) >= 1.0 - beta:
                    best = (n1, r1, n, r)
                    best_expected = expected
                    if minimax:
                        best_n = n
                    break
    return best
