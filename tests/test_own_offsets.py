"""A hospital's offsets from what became of each of its people: recovered, by the model's own hazards, and never made up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from rules.people import a_life, at_risk, chance, values
from scipy.optimize import minimize

from simulator.centre.own import by_its_people, draws_of_people, evidence_of_draws
from simulator.evidence.hospitals import OFFSETS, RATES, at_hospital, load_hospitals
from simulator.questions.registry.offsets.given_course import FOLLOWING, WEIGHED, must_come_again
from simulator.questions.registry.offsets.likelihood import Courses, courses_of, impossible, log_likelihood, weighed
from simulator.questions.registry.offsets.offsets import Update, updated
from simulator.questions.registry.synthetic.lived_people import lived_people
from simulator.scenario import load_scenario
from simulator.scenario.arrays import policy_records
from simulator.scenario.settings import OwnOffsets
from simulator.words.vocabulary import DAYS_PER_YEAR, Risk, Stream

FOUNDING = load_scenario("base").with_(evidence={"centre": "founding"})
CARE = policy_records([FOUNDING.policies["conservative"]], FOUNDING.register.therapies)
TRUTH = {"amputation": 0.5, "healing": -0.6, "death": 0.4}


def lived(courses: Courses, lives: int = 32, there: tuple[float, ...] = (0.0, 0.0, 0.0)) -> np.ndarray:
    """What lives at point values and a hospital with these offsets of rates say of the courses."""
    own = at_hospital(np.atleast_1d(FOUNDING.params()), dict(zip(RATES, there, strict=True)))[0]
    return weighed(courses, own, CARE, FOUNDING.life_table_arrays, lives, 1)


def most_likely(found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets of the highest likelihood, and their standard errors."""

    def downhill(x: np.ndarray) -> tuple[float, np.ndarray]:
        value = log_likelihood(found, x[None])[0]
        return -value[0], -value[1:]

    best = minimize(downhill, np.zeros(3), jac=True, method="BFGS")
    return best.x, np.sqrt(np.diag(np.asarray(best.hess_inv)))


@pytest.mark.parametrize("visits", [0.0, 0.25])
def test_known_offsets_are_recovered(visits: float) -> None:
    """Of 4,000 people whose lives the engine lived elsewhere, the likelihood finds where, dates of healing or visits alone."""
    courses = courses_of(lived_people(FOUNDING, TRUTH, 4_000, 12, visits_years=visits))
    found = lived(courses)
    assert impossible(found) == 0
    near, errors = most_likely(found)
    assert np.abs(near - list(TRUTH.values())).max() < 0.2
    further, errors = most_likely(lived(courses, there=tuple(near)))
    assert errors.max() < 0.06
    assert np.abs((near + further - list(TRUTH.values())) / errors).max() < 2.5


@pytest.mark.parametrize("lag", [0.0, 0.1])
def test_a_new_wound_that_must_have_come_came_after_the_lag(lag: float) -> None:
    """Healed at half a year and lost a year later, at 0.6 a year: the draw of its chance spends what is left of the year."""
    life, beside, out = a_life(), np.zeros(1, FOLLOWING).view(np.recarray)[0], np.zeros(1, WEIGHED).view(np.recarray)[0]
    at_risk(life, Risk.RECURRENCE, 0.6)
    must_come_again(life, values(recurrence_lag_days=lag * DAYS_PER_YEAR), beside, out, 0.5, 1.5)
    likely = 1.0 - np.exp(-0.6 * (1.0 - lag))
    assert out.log_weight == pytest.approx(np.log(likely), rel=1e-12)
    luck = chance(Stream.GIVEN_COURSE, 1)
    assert life.budget[Risk.RECURRENCE] == pytest.approx(0.6 * lag - np.log(1.0 - luck * likely), rel=1e-12)
    assert 0.6 * lag < life.budget[Risk.RECURRENCE] < 0.6


def test_the_gradient_is_that_of_the_likelihood() -> None:
    """Finite differences of the log likelihood are its gradient, at any offsets."""
    found = lived(courses_of(lived_people(FOUNDING, TRUTH, 40, 3)), 8)
    at, step = np.array([0.3, -0.2, 0.1]), 1e-5
    points = np.concatenate([[at], at + step * np.eye(3), at - step * np.eye(3)])
    values = log_likelihood(found, points)
    assert (values[1:4, 0] - values[4:, 0]) / (2 * step) == pytest.approx(values[0, 1:], rel=1e-5)


def test_what_an_export_does_not_tell_teaches_nothing() -> None:
    """Without dates of death the likelihood is flat in the offset of death; without amputations it stays finite in theirs."""
    people = lived_people(FOUNDING, TRUTH, 60, 3)
    blind = replace(people, low=people.low.copy(), high=people.high.copy())
    blind.low[:, 1] = blind.high[:, 1] = np.nan
    found = lived(courses_of(blind), 8)
    flat = log_likelihood(found, np.array([[0.0, 0.0, -1.0], [0.0, 0.0, 1.0]]))
    assert flat[0, 0] == flat[1, 0]
    found = lived(courses_of(people, (False, True, True)), 8)
    assert np.isfinite(log_likelihood(found, np.array([[-1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]))).all()


def test_nobody_leaves_the_population_and_many_move_it() -> None:
    """Without anybody the hospital is one drawn at random; 150 people narrow every rate about where their hospital lies."""
    population = load_hospitals()
    assert population is not None
    nobody = lived_people(FOUNDING, TRUTH, 1, 5).some(np.zeros(0, np.int64))
    none = updated(courses_of(nobody), FOUNDING, population, particles=40).table().set_index("offset")
    assert none.loc[list(RATES), "narrower"].abs().max() < 0.35
    people = lived_people(FOUNDING, TRUTH, 150, 5)
    some = updated(courses_of(people), FOUNDING, population, particles=12, lives=16)
    table = some.table().set_index("offset")
    assert list(table.index) == list(RATES), "of response nothing is learned, so that nothing is shown"
    assert table.loc[list(RATES), "narrower"].min() > 0.3
    for name, value in TRUTH.items():
        values = some.after[:, OFFSETS.index(name)]
        assert values.min() - 0.5 < value < values.max() + 0.5
    assert some.after.shape[1] == len(OFFSETS)


def test_the_same_people_give_the_same_offsets() -> None:
    """Draws of offsets are the same to the last bit whoever computes them and in which order threads finish."""
    population = load_hospitals()
    assert population is not None
    courses = courses_of(lived_people(FOUNDING, TRUTH, 30, 5))
    one, other = (updated(courses, FOUNDING, population, particles=6, lives=8) for _ in range(2))
    assert one.after.tobytes() == other.after.tobytes()


def test_rows_of_own_people_lie_beside_the_draws_that_they_were_fitted_with() -> None:
    """Of four rows the first two go with the first draw of the clinical parameters, the others with the second."""
    rows = (0.1, 0.2, 0.3, 0.4)
    columns = dict(zip(OFFSETS, (rows, rows[::-1], rows, rows), strict=True))
    own = OwnOffsets(**columns, point=(0.5, 0.6, 0.7, 0.8), draws=2, evidence=evidence_of_draws())
    found, drawn = by_its_people(own), draws_of_people(2)
    first, second = drawn["death_rate_wound"]
    assert first != second
    assert found.joint["death_rate_wound"].tolist() == [first, first, second, second]
    assert found.joint["hospital_healing"].tolist() == [0.4, 0.3, 0.2, 0.1]
    assert found.point["hospital_death"] == 0.7


def test_monte_carlo_errors_are_those_of_the_particles() -> None:
    """Of 400 normal particles whose eight offsets are alike, the mean's error is SD / 20, that of a limit 2.67 times it."""
    own = np.random.default_rng(3).standard_normal((400, 1, len(OFFSETS))) * np.ones((1, 8, 1))
    found = Update(np.zeros(400, np.float64), own, own[0, 0], own[:, 0], 0, 0)
    mean, limits = found.errors(0)
    assert mean == pytest.approx(own[:, 0, 0].std() / 20.0, rel=0.15)
    assert 1.5 * mean < limits < 5.0 * mean
