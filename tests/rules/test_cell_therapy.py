"""Giving a dose of cells."""

from __future__ import annotations

from math import inf

import pytest

from rules.people import a_life, a_policy, at_risk, ramps, values
from simulator.rules.pathway.cell_therapy import give_dose, stop_treatment
from simulator.words.vocabulary import Risk, Start

NO_EFFECT_ON_DEATH = {"act_death_hr": 1.0}
RECOVERY = {"recovery_days": 36.525, "recovery_waning_share": 0.0, "published_doses": 2.0, "dose_share": 0.5}
TWO_DOSES = {"doses": 2.0, "interval": 0.125}


def test_the_first_dose_is_dated_and_the_next_planned_from_it() -> None:
    """Given at 0.5 years at intervals of an eighth of a year: the next is due at 0.625."""
    life = a_life(next_dose=0.4)
    assert give_dose(life, values(**NO_EFFECT_ON_DEATH), a_policy(**TWO_DOSES), 0.5) is False
    assert (life.doses, life.first_dose_at, life.last_dose_at, life.next_dose) == (1, 0.5, 0.5, 0.625)
    assert life.anchor == 0.0


def test_the_last_dose_plans_no_other() -> None:
    """The second of two doses keeps the first one's date and is the last."""
    life = a_life(doses=1, first_dose_at=0.5, last_dose_at=0.5, next_dose=0.625)
    assert give_dose(life, values(**NO_EFFECT_ON_DEATH), a_policy(**TWO_DOSES), 0.625) is False
    assert (life.doses, life.first_dose_at, life.last_dose_at, life.next_dose) == (2, 0.5, 0.625, inf)


def test_a_policy_of_one_dose_gives_one() -> None:
    """After it nothing is due."""
    life = a_life(next_dose=0.5)
    give_dose(life, values(**NO_EFFECT_ON_DEATH), a_policy(doses=1.0, interval=0.125), 0.5)
    assert life.next_dose == inf


def test_a_direct_effect_on_death_begins_with_the_first_dose() -> None:
    """A hazard ratio of 0.5 halves the present hazard and the life's ratio, after half a year at 0.4 a year is spent.

    Death of the disease that was due a year later is due two years later.
    """
    life = a_life(death_hr=1.5, disease_death=1.5)
    at_risk(life, Risk.EXCESS_DEATH, 0.4, unspent=1.0)
    params = values(act_death_hr=0.5, death_per_year_of_age=0.0)
    assert give_dose(life, params, a_policy(**TWO_DOSES), 0.5) is True
    assert (life.death_hr, life.rate[Risk.EXCESS_DEATH], life.anchor) == (0.75, 0.2, 0.5)
    assert life.budget[Risk.EXCESS_DEATH] == pytest.approx(0.8)
    assert life.disease_death == pytest.approx(2.5)


def test_further_doses_do_not_act_on_death_again() -> None:
    """The second dose leaves the hazard as the first has made it."""
    life = a_life(doses=1, death_hr=0.75)
    at_risk(life, Risk.EXCESS_DEATH, 0.2, unspent=1.0)
    assert give_dose(life, values(act_death_hr=0.5), a_policy(**TWO_DOSES), 0.5) is False
    assert (life.death_hr, life.rate[Risk.EXCESS_DEATH], life.anchor) == (0.75, 0.2, 0.0)


def test_a_dose_that_causes_a_rise_starts_it() -> None:
    """The second of two doses, at half a year, adds a third of the 30 mmHg within a tenth of a year."""
    life = a_life(doses=1, caused_gain=30.0, given_gain=20.0)
    at_risk(life, Risk.HEALING, 0.4, unspent=1.0)
    params, policy = values(**NO_EFFECT_ON_DEATH, **RECOVERY), a_policy(**TWO_DOSES)
    assert give_dose(life, params, policy, 0.5) is True
    assert ramps(life) == [(0.5, pytest.approx(0.1), pytest.approx(10.0))]
    assert (life.anchor, life.given_gain) == (0.5, pytest.approx(30.0))
    assert life.budget[Risk.HEALING] == pytest.approx(0.8)


def test_a_dose_that_causes_nothing_changes_nothing() -> None:
    """Budgets are not spent and the path stays as it is, so that the life is what it would be without the dose."""
    life = a_life(caused_gain=0.0, given_gain=0.0)
    assert give_dose(life, values(**NO_EFFECT_ON_DEATH, **RECOVERY), a_policy(**TWO_DOSES), 0.25) is False
    assert (ramps(life), life.anchor) == ([], 0.0)


def test_stopping_treatment_gives_no_further_dose() -> None:
    """Whatever was due is not given."""
    life = a_life(next_dose=0.5)
    stop_treatment(life)
    assert life.next_dose == inf


@pytest.mark.parametrize(("after", "doses", "due"), [(-1.0, 0, 0.75), (0.0, 0, inf), (-1.0, 1, inf)])
def test_what_follows_cells_without_a_response_is_planned_with_the_first_dose(
    after: float, doses: int, due: float
) -> None:
    """A procedure that waits a quarter of a year for the cells to show something; not one that waits for another therapy,
    and not with the second dose."""
    step = {"start": float(Start.NO_RESPONSE), "after": after, "wait": 0.25}
    life = a_life(doses=doses, step_open=[1, 0, 0, 0])
    give_dose(life, values(**NO_EFFECT_ON_DEATH), a_policy(step, **TWO_DOSES), 0.5)
    assert life.next_procedure == due
