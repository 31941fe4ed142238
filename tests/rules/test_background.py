"""Background death by age and sex, along a life table that one can work out by hand."""

from __future__ import annotations

import itertools
from math import exp, inf, log

import numpy as np
import pytest

from rules.people import a_life, a_patient, exponential, values
from simulator.rules.pathway.background import background_death, background_exposure
from simulator.words.vocabulary import Stream

AGES = np.array([60.0, 70.0, 80.0])
CONSTANT = np.log(np.array([[0.01, 0.01, 0.01], [0.02, 0.02, 0.02]]))
"""Women die at 1% a year and men at 2%, at any age."""
RISING = np.log(np.array([[0.01, 0.02, 0.08], [0.01, 0.02, 0.08]]))
"""From 1% at 60 doubling to 70, and from there fourfold to 80."""
BUDGET = exponential(Stream.BACKGROUND_DEATH)


def died(age: float, table: np.ndarray, budget: float = 1.0, male: float = 0.0) -> float:
    """Years until a patient dies whose budget is this one, by a hazard ratio that makes it so."""
    params = values(background_hr=BUDGET / budget)
    return float(background_death(a_life(), a_patient(age=age, male=male), params, AGES, table))


@pytest.mark.parametrize(("male", "years"), [(0.0, 100.0), (1.0, 50.0)])
@pytest.mark.parametrize("age", [50.0, 60.0, 65.0, 70.0, 75.0, 80.0, 95.0])
def test_a_constant_mortality_spends_the_budget_in_proportion(age: float, male: float, years: float) -> None:
    """A budget of 1 lasts 100 years for a woman and 50 for a man, whatever the age."""
    assert died(age, CONSTANT, male=male) == pytest.approx(years)


def hazard(start: float, end: float) -> float:
    """Cumulative hazard of the rising table between two ages of one interval; it goes on beyond the ends."""
    rate, slope, origin = (0.01, log(2.0) / 10.0, 60.0) if end <= 70.0 else (0.02, log(4.0) / 10.0, 70.0)
    return rate * (exp(slope * (end - origin)) - exp(slope * (start - origin))) / slope


@pytest.mark.parametrize(
    ("age", "end"), [(60.0, 65.0), (62.0, 70.0), (50.0, 58.0), (70.0, 79.0), (75.0, 84.0), (81.0, 90.0)]
)
def test_mortality_is_log_linear_between_the_ages_of_the_table(age: float, end: float) -> None:
    """Within one interval, and by the first and the last one's law before and after the table."""
    assert died(age, RISING, hazard(age, end)) == pytest.approx(end - age)


@pytest.mark.parametrize(("age", "end"), [(62.0, 75.0), (55.0, 70.5), (69.0, 88.0)])
def test_a_life_goes_from_one_interval_to_the_next(age: float, end: float) -> None:
    """What the first interval spends is gone in the second."""
    assert died(age, RISING, hazard(age, 70.0) + hazard(70.0, end)) == pytest.approx(end - age)


@pytest.mark.parametrize("ratio", [0.0, -1.0])
def test_without_background_mortality_nobody_dies_of_it(ratio: float) -> None:
    """A ratio of zero takes it away."""
    assert background_death(a_life(), a_patient(), values(background_hr=ratio), AGES, CONSTANT) == inf


@pytest.mark.parametrize(("age", "end"), [(52.0, 58.0), (62.0, 68.0), (62.0, 75.0), (55.0, 88.0), (85.0, 90.0)])
def test_exposure_adds_what_each_interval_spends_and_tells_the_hazard_at_its_end(age: float, end: float) -> None:
    """Half as many again of the population's deaths, in people who cross one age of the table, two or none."""
    params = values(background_hr=1.5)
    spent, last = background_exposure(a_patient(age=age), params, AGES, RISING, end - age)
    knots = [age, *(knot for knot in (70.0,) if age < knot < end), end]
    assert spent == pytest.approx(1.5 * sum(hazard(a, b) for a, b in itertools.pairwise(knots)))
    doubling, fourfold = 0.01 * 2.0 ** ((end - 60.0) / 10.0), 0.02 * 4.0 ** ((end - 70.0) / 10.0)
    assert last == pytest.approx(1.5 * (doubling if end <= 70.0 else fourfold))
