"""Rejection regions of exact tests of two proportions, and their power, against another program."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, boschloo_exact, fisher_exact

from simulator.statistics import exact_proportions


@pytest.mark.parametrize("test", exact_proportions.TESTS)
def test_rejection_regions_are_the_p_values_of_another_program(test: str) -> None:
    """Fisher's and Boschloo's regions are scipy's; the chi-square's is where its z reaches the limit."""
    n0, n1, alpha = 9, 12, 0.05
    limits = exact_proportions.limits(test, n0, n1, alpha)

    def p(x0: int, x1: int) -> float:
        table = [[x0, x1], [n0 - x0, n1 - x1]]
        if test == "fisher":
            return float(fisher_exact(np.transpose(table), alternative="less")[1])
        if test == "boschloo":
            return float(boschloo_exact(table, alternative="less", n=64).pvalue)
        pooled, gain = (x0 + x1) / (n0 + n1), x1 / n1 - x0 / n0
        if test == "chi-square-corrected":
            gain -= 0.5 * (1.0 / n0 + 1.0 / n1)
        spread = pooled * (1.0 - pooled) * (1.0 / n0 + 1.0 / n1)
        return 0.04 if spread > 0.0 and gain >= 1.6448536 * spread**0.5 else 1.0

    for x0 in range(n0 + 1):
        assert limits[x0] == next((x1 for x1 in range(n1 + 1) if p(x0, x1) <= alpha), n1 + 1), (test, x0)
    exact = exact_proportions.power(test, n0, n1, 0.2, 0.7, alpha)
    table = np.array([[x1 >= limits[x0] for x1 in range(n1 + 1)] for x0 in range(n0 + 1)])
    joint = np.outer(binom.pmf(range(n0 + 1), n0, 0.2), binom.pmf(range(n1 + 1), n1, 0.7))
    assert exact == pytest.approx(float((table * joint).sum()), abs=1e-12)
    assert exact == pytest.approx(exact_proportions.power(test, n0, n1, 0.8, 0.3, alpha), abs=1e-12)
