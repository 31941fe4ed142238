"""Death that is settled ahead, and what moves it."""

from __future__ import annotations

from math import exp, inf, log

import pytest

from rules.people import a_life, exponential, values
from simulator.rules.pathway.death import (
    death_after_amputation,
    plan_disease_death,
    plan_postoperative_death,
    rescaled,
)
from simulator.words.vocabulary import Stream


@pytest.mark.parametrize("trend", [0.0, 0.1, -0.1])
def test_a_ratio_of_one_changes_nothing_and_a_higher_one_hastens(trend: float) -> None:
    """Due at 5, at half the hazard it comes later and at twice the hazard earlier, never before the change."""
    assert rescaled(5.0, 2.0, trend, 1.0) == 5.0
    assert rescaled(5.0, 2.0, trend, 0.5) > 5.0 > rescaled(5.0, 2.0, trend, 2.0) > 2.0


def test_half_the_hazard_takes_twice_as_long_and_none_for_ever() -> None:
    """Three years after year 2 become six."""
    assert rescaled(5.0, 2.0, 0.0, 0.5) == 8.0
    assert rescaled(5.0, 2.0, 0.0, 0.0) == inf


def test_the_cumulative_hazard_is_kept() -> None:
    """With a trend of 0.1 a year from 2 to 5 years: (exp(0.3) - 1) = 2 (exp(0.1 d) - 1)."""
    assert rescaled(5.0, 2.0, 0.1, 2.0) == pytest.approx(2.0 + log(1.0 + (exp(0.3) - 1.0) / 2.0) / 0.1)
    assert rescaled(5.0, 2.0, 0.0, 2.0) == pytest.approx(3.5)


def test_what_never_comes_or_is_over_stays_so() -> None:
    """Never, already due, no hazard any more, and a falling hazard that is too small from then on."""
    assert rescaled(inf, 2.0, 0.1, 2.0) == inf
    assert rescaled(1.5, 2.0, 0.1, 2.0) == 1.5
    assert rescaled(5.0, 2.0, 0.1, 0.0) == inf
    assert rescaled(5.0, 2.0, -0.5, 0.5) == inf


def test_death_of_the_disease_follows_attained_age() -> None:
    """0.1 a year, doubled for the patient, rising by 0.05 a year: b = 0.2 (exp(0.05 t) - 1) / 0.05."""
    life = a_life(death_hr=2.0)
    plan_disease_death(life, values(death_rate_healed=0.1, death_per_year_of_age=0.05))
    b = exponential(Stream.DISEASE_DEATH)
    assert life.disease_death == pytest.approx(log(1.0 + 0.05 * b / 0.2) / 0.05)


@pytest.mark.parametrize(("share", "ratio"), [(0.0, 1.0), (0.5, 2.0), (1.0, 4.0)])
def test_an_amputation_hastens_death_by_its_causal_share(share: float, ratio: float) -> None:
    """Of a ratio of 4, its square root where half is causal, and nothing in the sceptical view."""
    life = a_life(disease_death=5.0)
    params = values(death_causal_share=share, death_ratio_amputee=4.0, death_per_year_of_age=0.0)
    death_after_amputation(life, params, 1.0)
    assert life.disease_death == pytest.approx(1.0 + 4.0 / ratio)


@pytest.mark.parametrize(("above", "peak"), [(False, 1.0), (True, 1.5)])
def test_an_operation_kills_at_attained_age_or_not_at_all(above: bool, peak: float) -> None:
    """At 2 years 0.8 a year for a patient of ratio 1.25 and exp(0.05 x 2) for age; an earlier death in store stays."""
    params = values(
        postoperative_death_rate=0.8,
        postoperative_hr_above_knee=1.5,
        postoperative_death_trend=0.0,
        death_per_year_of_age=0.05,
    )
    life = a_life(death_hr=1.25, operations=1)
    plan_postoperative_death(life, params, 2.0, above)
    wait = exponential(Stream.POSTOPERATIVE_DEATH, 1) / (peak * exp(0.1))
    assert life.postoperative_death == pytest.approx(2.0 + wait)
    assert life.operations == 2
    life.postoperative_death = 2.0001
    plan_postoperative_death(life, params, 2.0, above)
    assert life.postoperative_death == 2.0001
