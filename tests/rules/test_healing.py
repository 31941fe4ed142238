"""Healing of wounds and stumps, and new wounds."""

from __future__ import annotations

from math import inf

import pytest

from rules.people import a_life, at_risk, exponential, in_force, values
from simulator.rules.pathway.healing import heal_stump, heal_wound, open_wound, relieve_pain
from simulator.words.vocabulary import Limb, Risk, Stream, Wound

RATES = {
    "death_rate_wound": 0.4,
    "death_per_mmhg": -0.01,
    "death_trend": 0.2,
    "death_rate_healed": 0.1,
    "amputation_rate": 0.5,
    "amputation_per_mmhg": -0.05,
    "amputation_trend": -0.3,
    "healing_rate": 0.7,
    "healing_per_mmhg": 0.03,
    "healing_trend": -0.1,
    "minor_amputation_rate": 0.2,
    "recurrence_rate": 0.6,
    "recurrence_per_mmhg": 0.0,
    "recurrence_trend": -0.2,
    "reference_tcpo2": 17.0,
    "recurrence_reference_tcpo2": 40.0,
    "walking_share_limb": 1.0,
}
PLAIN = {"death_hr": 1.0, "healing_hr": 1.0, "wound_hr": 1.0, "amputation_hr": 1.0, "recurrence_hr": 1.0}


@pytest.mark.parametrize("wounds", [0, 1])
def test_a_healed_foot_walks_at_once_and_waits_for_its_next_wound(wounds: int) -> None:
    """Only death and a new wound are left, the latter with a budget of its own for each wound so far."""
    life = a_life(severe=1, wounds=wounds, **PLAIN)
    at_risk(life, Risk.MAJOR_AMPUTATION, 0.5)
    heal_wound(life, values(**RATES), 0.5)
    assert (life.wound, life.severe, life.healed_at, life.walks_at) == (Wound.HEALED, 0, 0.5, 0.5)
    assert life.budget[Risk.RECURRENCE] == exponential(Stream.RECURRENCE, wounds)
    assert in_force(life) == {Risk.DISEASE_DEATH: (0.1, 0.0, 0.0, 0.5), Risk.RECURRENCE: (0.6, 0.0, -0.2, 0.5)}
    assert (life.wounds, life.recoveries) == (wounds, 1)


def test_the_first_healing_is_the_one_that_is_kept() -> None:
    """A second wound that heals at 2 years does not change that the first did at half a year."""
    life = a_life(healed_at=0.5, **PLAIN)
    heal_wound(life, values(**RATES), 2.0)
    assert life.healed_at == 0.5


def test_relieved_pain_is_like_a_healed_foot_but_no_wound_has_healed() -> None:
    """Death and a first wound are left, the latter with what is left of its budget; the foot walks; nothing counts as healed."""
    life = a_life(wound=Wound.NONE, **PLAIN)
    at_risk(life, Risk.MAJOR_AMPUTATION, 0.5)
    life.budget[Risk.RECURRENCE] = 0.75
    relieve_pain(life, values(**RATES), 0.5)
    assert (life.wound, life.healed_at, life.walks_at, life.wounds) == (Wound.HEALED, inf, 0.5, 0)
    assert life.budget[Risk.RECURRENCE] == 0.75
    assert in_force(life) == {Risk.DISEASE_DEATH: (0.1, 0.0, 0.0, 0.5), Risk.RECURRENCE: (0.6, 0.0, -0.2, 0.5)}


@pytest.mark.parametrize(
    ("before", "healed", "after"),
    [(Wound.NONE, inf, Wound.OPEN), (Wound.HEALED, inf, Wound.OPEN), (Wound.HEALED, 0.5, Wound.RECURRED)],
)
def test_a_new_wound_opens_with_the_luck_of_its_own(before: Wound, healed: float, after: Wound) -> None:
    """The first one of a limb with rest pain, relieved or not, is an ulcer, one after healing a recurrence.

    Nobody walks on it.
    """
    life = a_life(wound=before, walking=1, walks_at=3.0, healed_at=healed, wounds=1, **PLAIN)
    at_risk(life, Risk.RECURRENCE, 0.6)
    open_wound(life, values(**RATES), 2.0)
    assert (life.wound, life.wounds, life.walking, life.walks_at, life.healed_at) == (after, 2, 0, inf, healed)
    assert life.budget[Risk.HEALING] == exponential(Stream.HEALING, 2)
    assert in_force(life) == {
        Risk.DISEASE_DEATH: (0.4, -0.01, 0.2, 2.0),
        Risk.MAJOR_AMPUTATION: (0.5, -0.05, -0.3, 2.0),
        Risk.HEALING: (0.7, 0.03, -0.1, 2.0),
        Risk.MINOR_AMPUTATION: (0.2, 0.0, 0.0, 2.0),
    }


STUMP = {
    "postoperative_death_trend": -4.0,
    "walking_share_below_knee": 1.0,
    "walking_share_above_knee": 1.0,
    "prosthesis_days_below_knee": 365.25,
    "prosthesis_days_above_knee": 730.5,
}


@pytest.mark.parametrize(
    ("limb", "converted", "operated", "walks"),
    [(Limb.BELOW_KNEE, inf, 0.5, 1.5), (Limb.ABOVE_KNEE, inf, 0.5, 2.5), (Limb.ABOVE_KNEE, 0.75, 0.75, 2.75)],
)
def test_a_healed_stump_is_past_conversion_and_gets_its_prosthesis(
    limb: Limb, converted: float, operated: float, walks: float
) -> None:
    """Healed at 1 year: death and its early peak go on, counted from the last operation, as does the prosthesis."""
    life = a_life(limb=limb, amputated_at=0.5, converted_at=converted)
    for risk, rate in [(Risk.DISEASE_DEATH, 0.3), (Risk.POSTOPERATIVE_DEATH, 0.8), (Risk.STUMP_HEALING, 2.0)]:
        at_risk(life, risk, rate)
    at_risk(life, Risk.CONVERSION, 0.1)
    heal_stump(life, values(**STUMP), 1.0)
    assert (life.wound, life.healed_at) == (Wound.HEALED, 1.0)
    assert in_force(life) == {
        Risk.DISEASE_DEATH: (0.3, 0.0, 0.0, operated),
        Risk.POSTOPERATIVE_DEATH: (0.8, 0.0, -4.0, operated),
    }
    assert life.walks_at == pytest.approx(walks)


def test_a_healed_stump_does_not_change_the_day_on_which_the_foot_had_healed() -> None:
    """The first healing of a life is the one that is kept."""
    life = a_life(limb=Limb.BELOW_KNEE, amputated_at=0.5, healed_at=0.25)
    heal_stump(life, values(**STUMP), 1.0)
    assert life.healed_at == 0.25


def test_there_is_no_stump_in_a_kept_limb() -> None:
    """A stump cannot heal where there is none: nothing changes."""
    life = a_life(limb=Limb.MINOR_AMPUTATION)
    at_risk(life, Risk.HEALING, 0.7)
    heal_stump(life, values(**STUMP), 1.0)
    assert (life.wound, life.healed_at, life.walks_at) == (Wound.OPEN, inf, inf)
    assert in_force(life) == {Risk.HEALING: (0.7, 0.0, 0.0, 0.0)}
