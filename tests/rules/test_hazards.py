"""The law of a risk: cumulative hazard and its inverse."""

from __future__ import annotations

from math import exp, inf, log

import pytest

from simulator.rules.hazards import LEAST_EXPONENT, cumulative_hazard, time_to_spend


def test_a_constant_hazard_adds_up_in_proportion_to_time() -> None:
    """0.5 a year for 3 years are 1.5; a budget of 1.5 lasts 3 years."""
    assert cumulative_hazard(0.5, 0.0, 3.0) == 1.5
    assert time_to_spend(1.5, 0.5, 0.0) == 3.0


@pytest.mark.parametrize("k", [0.4, -0.4])
def test_a_hazard_that_changes_by_an_exponent_is_integrated(k: float) -> None:
    """0.5 exp(k t) over 3 years adds up to 0.5 (exp(3 k) - 1) / k, and such a budget lasts 3 years."""
    total = 0.5 * (exp(3.0 * k) - 1.0) / k
    assert cumulative_hazard(0.5, k, 3.0) == pytest.approx(total)
    assert time_to_spend(total, 0.5, k) == pytest.approx(3.0)


def test_a_falling_hazard_may_never_spend_a_budget() -> None:
    """0.5 exp(-0.5 t) adds up to 1 in all: a budget of 1 is never spent, one of 0.75 after log(4) / 0.5 years."""
    assert time_to_spend(1.0, 0.5, -0.5) == inf
    assert time_to_spend(1.5, 0.5, -0.5) == inf
    assert time_to_spend(0.75, 0.5, -0.5) == pytest.approx(log(4.0) / 0.5)


@pytest.mark.parametrize("rate", [0.0, -1.0])
def test_without_a_hazard_no_budget_is_ever_spent(rate: float) -> None:
    """Not even one of zero."""
    assert time_to_spend(0.0, rate, 0.3) == inf
    assert time_to_spend(1.0, rate, 0.0) == inf


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_an_exponent_next_to_zero_is_a_constant_hazard(sign: float) -> None:
    """Its products would lose digits; from the limit on the law is the same to the last digit."""
    for k in (5e-324, LEAST_EXPONENT / 2.0, LEAST_EXPONENT, LEAST_EXPONENT * 2.0):
        assert cumulative_hazard(0.5, sign * k, 3.0) == pytest.approx(1.5, rel=1e-15)
        assert time_to_spend(1.5, 0.5, sign * k) == pytest.approx(3.0, rel=1e-15)
