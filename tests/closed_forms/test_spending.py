"""Error spent by half of the information and at the ends, by hand for every spending function."""

from __future__ import annotations

import math

import pytest
from scipy.stats import norm

from simulator.statistics.sequential.spending import NAMES, Spending

HALF = {
    "ld-obf": (Spending("ld-obf"), 2.0 * norm.sf(norm.isf(0.01) / math.sqrt(0.5))),
    "ld-pocock": (Spending("ld-pocock"), 0.02 * math.log(1.0 + (math.e - 1.0) * 0.5)),
    "hsd": (Spending("hsd", -2.0), 0.02 * (1.0 - math.e) / (1.0 - math.e**2)),
    "kim-demets": (Spending("kim-demets", rho=3.0), 0.02 / 8.0),
    "custom": (Spending("custom", at=(0.25, 0.75), share=(0.1, 0.5)), 0.02 * 0.3),
}


@pytest.mark.parametrize("name", NAMES)
def test_half_way_and_at_the_ends(name: str) -> None:
    """Of 2%: nothing at the start, the formula's share at one half, all at the end and no more beyond it."""
    function, half = HALF[name]
    assert function(0.02, [-0.5, 0.0, 0.5, 1.0, 1.7]) == pytest.approx([0.0, 0.0, half, 0.02, 0.02], abs=1e-15)


def test_usual_parameters() -> None:
    """-4 for Hwang, Shih and DeCani, 3 for Kim and DeMets; a gamma of 0 is proportional, as a rho of 1 is."""
    assert Spending("hsd")(1.0, 0.5) == pytest.approx((1.0 - math.e**2) / (1.0 - math.e**4))
    assert Spending("kim-demets")(1.0, 0.5) == pytest.approx(0.125)
    assert Spending("hsd", 0.0)(0.02, 0.3) == pytest.approx(0.006)
    assert Spending("hsd", 1.0)(0.02, 0.3) == pytest.approx(0.02 * (1.0 - math.exp(-0.3)) / (1.0 - math.exp(-1.0)))
    assert Spending("kim-demets", rho=1.0)(0.02, 0.3) == pytest.approx(0.006)


def test_custom_points_are_joined_by_straight_lines() -> None:
    """From (0, 0) by (0.4, 0.1) to (1, 1)."""
    assert Spending("custom", at=(0.4,), share=(0.1,))(0.02, [0.2, 0.4, 0.7]) == pytest.approx([0.001, 0.002, 0.011])


def test_an_unknown_function_is_named() -> None:
    """With those that there are."""
    with pytest.raises(ValueError, match="no spending function 'obf'; there are ld-obf, ld-pocock, hsd"):
        Spending("obf")(0.02, 0.5)
