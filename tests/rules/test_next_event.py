"""How far ahead is looked, what decides over a life, and which therapy an event is about."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from rules.people import a_life, a_policy, a_setting, at_risk, values
from simulator.living.history import acting_step
from simulator.living.next_event import CLINICAL, care_under, foresee, foresee_further, sight
from simulator.rules.pathway.crossover import Crossover
from simulator.rules.pathway.policy import POLICY
from simulator.words.vocabulary import Event, Risk

THERAPEUTIC = {Event.PROCEDURE, Event.REPEAT_PROCEDURE, Event.LOSS, Event.EFFECT_ENDS, Event.PROCEDURAL_DEATH}


@pytest.mark.parametrize("event", list(Event))
def test_an_event_is_about_the_therapy_that_acts_if_it_is_about_one(event: Event) -> None:
    """Procedures, their loss, the end of their ratios and death of them; nothing else names a step."""
    assert acting_step(a_life(acting=2), event) == (2 if event in THERAPEUTIC else -1)


def test_a_clinical_event_is_no_planned_one() -> None:
    """What says that a clinical event is due is not the number of any event."""
    assert CLINICAL not in list(Event)


@pytest.mark.parametrize(
    ("planned", "years"),
    [
        ({"next_dose": 1.0, "step_next": 2.0}, 1.25),
        ({"next_dose": 2.0, "step_next": 1.0}, 1.25),
        ({"next_dose": 4.0}, 4.25),
        ({"next_dose": 4.9}, 5.0),
        ({}, 5.0),
    ],
)
def test_sight_reaches_as_far_beyond_care_as_dying_can_be_seen(planned: dict[str, float], years: float) -> None:
    """A quarter of a year after the next dose or procedure, whichever is first, and never beyond the horizon of 5 years."""
    assert sight(a_life(**planned, horizon=5.0, dying_within=0.25)) == years


def test_care_that_changed_nothing_is_looked_beyond() -> None:
    """Healing is due in 2 years: not seen before the dose of year 1 at which nobody dies, and seen once that is past."""
    life = a_life(next_dose=1.0, horizon=5.0, dying_within=0.25)
    at_risk(life, Risk.HEALING, 0.5, unspent=1.0)
    foresee(life)
    assert (life.clinical_at, life.foreseen) == (inf, 1.25)
    life.next_dose = inf
    foresee_further(life)
    assert (life.clinical_at, life.clinical_risk, life.foreseen) == (2.0, Risk.HEALING, 5.0)


def test_who_crosses_over_has_the_other_policy() -> None:
    """The first of three policies, with the third to cross over to."""
    setting = a_setting(values(), a_policy(), 5.0)._replace(
        policies=np.array([a_policy(doses=float(k)) for k in range(3)], POLICY), crossover=Crossover(0.5, 2, 1.0, inf)
    )
    care = getattr(care_under, "py_func", care_under)(setting, 0)  # a Care cannot leave compiled code
    assert (care.policy.doses, care.other.doses, care.crossover.to) == (0.0, 2.0, 2)
    assert care.params is setting.params
