"""Simon's designs, as published and by brute force."""

from __future__ import annotations

import math

import pytest
from scipy.stats import binom

from simulator.statistics.sizes.simon import promising, two_stage

# Simon 1989, tables 1 and 2 (alpha 0.05, and power 0.8 or 0.9): r1/n1 r/n and expected size to one decimal.
SIMON = [
    (0.05, 0.25, 0.8, (0, 9, 2, 17, 12.0), (0, 12, 2, 16, 13.8)),
    (0.10, 0.30, 0.8, (1, 10, 5, 29, 15.0), (1, 15, 5, 25, 19.5)),
    (0.30, 0.50, 0.8, (5, 15, 18, 46, 23.6), (6, 19, 16, 39, 25.7)),
    (0.50, 0.70, 0.8, (8, 15, 26, 43, 23.5), (12, 23, 23, 37, 27.7)),
    (0.70, 0.90, 0.9, (11, 15, 29, 36, 21.2), (13, 18, 26, 32, 22.7)),
]


@pytest.mark.parametrize(("p0", "p1", "power", "optimal", "minimax"), SIMON)
def test_simon_designs(p0, p1, power, optimal, minimax):
    """Optimal and minimax two-stage designs are the published ones."""
    for found, expected in zip(two_stage(p0, p1, 0.05, power), (optimal, minimax), strict=True):
        assert (found.r1, found.n1, found.r, found.n) == expected[:4]
        assert found.expected_n == pytest.approx(expected[4], abs=0.051)
        assert found.alpha <= 0.05
        assert found.power >= power


def test_simon_against_brute_force():
    """A search over every design to a size finds nothing better than the optimal and minimax designs."""
    p0, p1, alpha, power = 0.2, 0.5, 0.1, 0.8
    optimal, minimax = two_stage(p0, p1, alpha, power)
    best, smallest = math.inf, 10_000
    for n in range(2, 22):
        for n1 in range(1, n):
            for r1 in range(n1):
                stop = binom.cdf(r1, n1, p0)
                for r in range(r1, n):
                    if promising(p0, n1, r1, n, r) <= alpha:
                        if promising(p1, n1, r1, n, r) >= power:
                            best, smallest = min(best, n1 + (1 - stop) * (n - n1)), min(smallest, n)
                        break
    assert optimal.expected_n == pytest.approx(best, rel=1e-12)
    assert minimax.n == smallest
