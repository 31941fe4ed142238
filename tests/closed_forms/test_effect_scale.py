"""Boundaries as hazard ratios and differences, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulator.statistics.sequential.boundary_search import solve
from simulator.statistics.sequential.effect_scale import EffectScale
from simulator.statistics.sequential.spending import Spending
from simulator.statistics.sequential.stopping_plan import Futility, Plan
from simulator.words.errors import Problem


def test_the_estimate_on_a_boundary() -> None:
    """z of 3 at a quarter of the information, where the effect has a mean z of 4: 3 / (4 x 1/2) of the effect."""
    z, t = np.array([3.0, 2.0]), np.array([0.25, 1.0])
    assert EffectScale("difference", 0.2).at(z, t, 4.0) == pytest.approx([0.3, 0.1])
    assert EffectScale("hazard-ratio", 0.6).at(z, t, 4.0) == pytest.approx([0.6**1.5, 0.6**0.5])


@pytest.mark.parametrize("sides", [1, 2])
def test_columns_beside_the_boundaries(sides: int) -> None:
    """Efficacy for every plan, harm for two sides, futility where a rule stops for it; the table given is left as it was."""
    rule = Futility("beta", Spending("hsd", 0.0))
    found = solve(Plan((0.5, 1.0), 0.025 * sides, "ld-obf", sides, power=0.9, futility=rule))
    table = found.table()
    own = EffectScale("difference", 0.2).beside(table, found)
    scale = 0.2 / found.drift / np.sqrt([0.5, 1.0])
    assert own["effect"].to_numpy() == pytest.approx(found.upper * scale)
    assert own["futility_effect"].to_numpy() == pytest.approx(table["futility_z"] * scale)
    assert ("harm_effect" in own) == (sides == 2) and "effect" not in table
    if sides == 2:
        assert own["harm_effect"].to_numpy() == pytest.approx(-found.upper * scale)
    plain = solve(Plan((0.5, 1.0), power=0.9))
    assert "futility_effect" not in EffectScale("difference", 0.2).beside(plain.table(), plain)


@pytest.mark.parametrize(
    ("scale", "effect", "allowed"),
    [
        ("difference", -0.2, None),
        ("difference", 1.0, None),
        ("hazard-ratio", 1.5, None),
        ("odds", 0.5, "one of hazard-ratio, difference"),
        ("difference", 0.0, "a number other than 0"),
        ("difference", math.inf, "a number other than 0"),
        ("hazard-ratio", math.nan, "a number other than 0"),
        ("hazard-ratio", 0.0, "a number other than 0"),
        ("hazard-ratio", 0.5, None),
        ("hazard-ratio", -0.5, "a ratio above 0 and other than 1"),
        ("hazard-ratio", 1.0, "a ratio above 0 and other than 1"),
    ],
)
def test_effects_that_are_none(scale: str, effect: float, allowed: str | None) -> None:
    """With the reason."""
    value = repr(scale) if scale == "odds" else f"{effect:g}"
    expected = [] if allowed is None else [Problem("a.toml", "effect", value, allowed)]
    assert list(EffectScale(scale, effect).problems("a.toml")) == expected
