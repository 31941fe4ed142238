"""Rejection regions of exact tests of two proportions, and their power, against another program."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, boschloo_exact, fisher_exact

from simulator.statistics.sizes import exact_proportions
from simulator.words.errors import BadInput


@pytest.mark.parametrize("test", ["chi-square", "chi-square-corrected", "fisher", "boschloo"])
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


def test_the_first_and_the_stable_number_of_a_sawtooth() -> None:
    """Enough at 30, 32 and from 40 on; nothing within reach; enough once and never again within reach."""

    def at(n: int) -> float:
        return 0.9 if n in (30, 32) or n >= 40 else 0.5

    for guess in (5.0, 35.0, 45.0):
        assert exact_proportions.sawtooth(at, guess, 0.8, 1_000) == (30, 40)
    assert exact_proportions.sawtooth(lambda _n: 0.5, 50.0, 0.8, 100) == (None, None)
    assert exact_proportions.sawtooth(lambda n: float(n == 90), 90.0, 0.8, 100) == (90, None)
    assert exact_proportions.sawtooth(lambda n: float(n >= 2), 1e9, 0.8, 100) == (2, 2)


@pytest.mark.parametrize("ratio", [1.0, 1.5])
def test_sizes_by_trying_all(ratio: float) -> None:
    """20% against 60%: the first of all numbers whose exact power is 80%, and the one after the last that is short of it."""

    def power(n0: int) -> float:
        return exact_proportions.power("chi-square", n0, int(np.ceil(ratio * n0 - 1e-9)), 0.2, 0.6, 0.05)

    def both(n0: int) -> int:
        return n0 + int(np.ceil(ratio * n0 - 1e-9))

    enough = {n0: power(n0) >= 0.8 for n0 in range(2, 45)}
    first, last = min(n for n in enough if enough[n]), max(n for n in enough if not enough[n])
    found = exact_proportions.size("chi-square", 0.2, 0.6, 0.05, 0.8, ratio)
    assert (found.first, found.stable) == (both(first), both(last + 1))
    assert found.reached == pytest.approx(power(first), abs=1e-12)


def test_sizes_that_cannot_be() -> None:
    """No difference, and a probability that is none, both at once."""
    with pytest.raises(BadInput) as caught:
        exact_proportions.size("fisher", 1.2, 1.2)
    assert [problem.key for problem in caught.value.problems] == ["p0", "p1", "p1"]


def test_first_and_stable_sizes_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Power enough with 30 and from 40 of arm 0 on, and half as many again in arm 1: 75 and 100 in all."""
    monkeypatch.setattr(exact_proportions, "power", lambda _test, n0, *_: 0.9 if n0 == 30 or n0 >= 40 else 0.5)
    found = exact_proportions.size("fisher", 0.3, 0.6, 0.05, 0.8, 1.5)
    assert (found.first, found.stable, found.reached) == (75, 100, 0.9)
