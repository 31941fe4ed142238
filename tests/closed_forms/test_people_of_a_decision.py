"""How many people a decision is for, by hand."""

from __future__ import annotations

from math import exp, inf, log, nan

import pytest

from simulator.statistics.decision.population import Population
from simulator.words.errors import BadInput


def test_people_without_and_with_discounting() -> None:
    """100 a year for ten years and 50 who wait; at 5% the integral of 1.05^-t; from year four on those after it only."""
    assert Population(100.0, 10.0, waiting=50.0).size() == 1050.0
    assert Population(100.0, 10.0, waiting=50.0).size(4.0) == 600.0
    assert Population(100.0, 10.0, waiting=50.0).size(0.0) == 1050.0
    assert Population(100.0, 10.0, waiting=50.0).size(0.5) == 950.0
    assert Population(100.0, 10.0).size(12.0) == 0.0 and Population(100.0, 10.0).size(-1.0) == 1000.0
    rate = log(1.05)
    found = Population(100.0, 10.0, 0.05, 50.0)
    assert found.size() == pytest.approx(100.0 * (1.0 - exp(-10.0 * rate)) / rate + 50.0)
    assert found.size(4.0) == pytest.approx(100.0 * (exp(-4.0 * rate) - exp(-10.0 * rate)) / rate)
    assert Population(0.0, 0.0).size() == 0.0


@pytest.mark.parametrize("value", [-1.0, inf, nan])
@pytest.mark.parametrize("name", ["per_year", "years", "discount", "waiting"])
def test_people_and_years_are_not_negative(name: str, value: float) -> None:
    """Each is told by its name; a discount of 1 is 100%."""
    given = {"per_year": 1.0, "years": 1.0, "discount": 0.0, "waiting": 0.0}
    with pytest.raises(BadInput) as caught:
        Population(**(given | {name: value}))
    assert {problem.key for problem in caught.value.problems} == {name}
    told = caught.value.problems[0]
    assert told.value == f"{value:g}" and told.allowed.endswith("; 0 or more")
    with pytest.raises(BadInput) as caught:
        Population(1.0, 1.0, 1.0)
    assert [(problem.file, problem.key, problem.allowed) for problem in caught.value.problems] == [
        ("population", "discount", "below 1: 3% is 0.03")
    ]
