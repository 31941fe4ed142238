"""Healing of wounds and stumps, and new wounds."""

from __future__ import annotations

from math import exp, inf

import pytest

from rules.people import a_life, at_risk, chance, exponential, in_force, just_above, values
from simulator.rules.pathway.healing import heal_stump, heal_wound, open_wound, relieve_pain
from simulator.words.vocabulary import Limb, Risk, Stream, Wound

RATES = {
    "death_rate_wound": 0.4,
    "death_causal_share": 0.25,
    "death_per_mmhg": 0.0,
    "death_trend": 0.0,
    "amputation_rate": 0.5,
    "amputation_per_mmhg": -0.05,
    "amputation_trend": -0.3,
    "amputation_hr_recurrent": 1.0,
    "amputation_hr_minor": 1.0,
    "healing_rate": 0.7,
    "healing_per_mmhg": 0.03,
    "healing_trend": -0.1,
    "minor_amputation_rate": 0.2,
    "most_minor_amputations": 9.0,
    "minor_amputation_per_mmhg": 0.0,
    "minor_amputation_trend": 0.0,
    "recurrence_rate": 0.6,
    "recurrence_per_mmhg": 0.0,
    "recurrence_trend": -0.2,
    "reference_tcpo2": 17.0,
    "recurrence_reference_tcpo2": 40.0,
    "death_hr_rutherford_6": 1.0,
    "healing_hr_rutherford_6": 0.5,
    "amputation_hr_rutherford_6": 2.0,
    "healing_hr_infection": 0.25,
    "healing_hr_gangrene": 0.1,
    "healing_hr_no_gangrene": 1.0,
    "minor_amputation_hr_no_gangrene": 1.0,
    "wound_area_ratio": 1.0,
    "wound_age_ratio": 1.0,
    "healing_lag_days": 0.0,
    "recurrence_lag_days": 0.0,
}
PLAIN = dict.fromkeys(("death_hr", "healing_hr", "wound_hr", "amputation_hr", "recurrence_hr", "excess_hr"), 1.0)


@pytest.mark.parametrize("wounds", [0, 1])
@pytest.mark.parametrize("walking", [0, 1])
def test_a_healed_foot_waits_for_its_next_wound(wounds: int, walking: int) -> None:
    """Only death and a new wound are left, the latter with a budget of its own for each wound so far.

    Whoever walks then walks on a healed foot.
    """
    life = a_life(severe=1, wounds=wounds, walking=walking, **PLAIN)
    at_risk(life, Risk.MAJOR_AMPUTATION, 0.5)
    heal_wound(life, values(**RATES), 0.5)
    assert (life.wound, life.severe, life.healed_at, life.walking) == (Wound.HEALED, 0, 0.5, walking)
    assert life.first_walked_at == (0.5 if walking else inf)
    assert life.budget[Risk.RECURRENCE] == exponential(Stream.RECURRENCE, wounds)
    assert in_force(life) == {
        Risk.EXCESS_DEATH: (pytest.approx(0.3), 0.0, 0.0, 0.5),
        Risk.RECURRENCE: (0.6, 0.0, -0.2, 0.5),
    }
    assert life.wounds == wounds


def test_the_first_healing_is_the_one_that_is_kept() -> None:
    """A second wound that heals at 2 years does not change that the first did at half a year."""
    life = a_life(healed_at=0.5, **PLAIN)
    heal_wound(life, values(**RATES), 2.0)
    assert life.healed_at == 0.5


def test_relieved_pain_is_like_a_healed_foot_but_no_wound_has_healed() -> None:
    """Death and a first wound are left, the latter with what is left of its budget; nothing counts as healed."""
    life = a_life(wound=Wound.NONE, walking=1, **PLAIN)
    at_risk(life, Risk.MAJOR_AMPUTATION, 0.5)
    life.budget[Risk.RECURRENCE] = 0.75
    relieve_pain(life, values(**RATES), 0.5)
    assert (life.wound, life.healed_at, life.walking, life.wounds) == (Wound.HEALED, inf, 1, 0)
    assert life.budget[Risk.RECURRENCE] == 0.75
    assert in_force(life) == {
        Risk.EXCESS_DEATH: (pytest.approx(0.3), 0.0, 0.0, 0.5),
        Risk.RECURRENCE: (0.6, 0.0, -0.2, 0.5),
    }


@pytest.mark.parametrize(
    ("before", "healed", "after"),
    [(Wound.NONE, inf, Wound.OPEN), (Wound.HEALED, inf, Wound.OPEN), (Wound.HEALED, 0.5, Wound.RECURRED)],
)
@pytest.mark.parametrize("worse", [0, 1])
def test_a_new_wound_opens_with_the_luck_and_the_features_of_its_own(
    before: Wound, healed: float, after: Wound, worse: int
) -> None:
    """The first one of a limb with rest pain, relieved or not, is an ulcer, one after healing a recurrence.

    The draws of this wound decide: at the shares it is of Rutherford 5, clean and without gangrene, just below none.
    Whoever walks goes on walking. Minor amputations are those of the foot: their count, and so the luck of the next, goes on.
    """
    streams = {
        "recurrent_severe_share": Stream.NEW_WOUND_CLASS,
        "infection_share": Stream.NEW_WOUND_INFECTION,
        "recurrent_gangrene_share": Stream.NEW_WOUND_GANGRENE,
    }
    shares = {name: chance(stream, 2) for name, stream in streams.items()}
    if worse:
        shares = {name: just_above(share) for name, share in shares.items()}
    life = a_life(wound=before, walking=1, healed_at=healed, wounds=1, minor_amputations=3, severe=1 - worse, **PLAIN)
    at_risk(life, Risk.RECURRENCE, 0.6)
    open_wound(life, values(**RATES, **shares), 2.0)
    assert (life.wound, life.wounds, life.walking, life.healed_at) == (after, 2, 1, healed)
    assert (life.minor_amputations, life.severe, life.gangrene, life.never_gangrene) == (3, worse, worse, 1 - worse)
    assert life.budget[Risk.HEALING] == exponential(Stream.HEALING, 2)
    assert life.budget[Risk.MINOR_AMPUTATION] == exponential(Stream.MINOR_AMPUTATION, 203)
    assert in_force(life) == {
        Risk.EXCESS_DEATH: (pytest.approx(0.4), 0.0, 0.0, 2.0),
        Risk.MAJOR_AMPUTATION: (1.0 if worse else 0.5, -0.05, -0.3, 2.0),
        Risk.HEALING: (pytest.approx(0.7 * 0.5 * 0.25 * 0.1 if worse else 0.7), 0.03, -0.1, 2.0),
        Risk.MINOR_AMPUTATION: (0.2, 0.0, 0.0, 2.0),
    }


@pytest.mark.parametrize(
    ("feature", "stream", "healing", "amputation", "severe", "gangrene"),
    [
        ("recurrent_severe_share", Stream.NEW_WOUND_CLASS, 0.35, 1.0, 1, 0),
        ("infection_share", Stream.NEW_WOUND_INFECTION, 0.175, 0.5, 1, 0),
        ("recurrent_gangrene_share", Stream.NEW_WOUND_GANGRENE, 0.07, 0.5, 0, 1),
    ],
)
def test_each_feature_of_a_new_wound_alone(
    feature: str, stream: Stream, healing: float, amputation: float, severe: int, gangrene: int
) -> None:
    """Rutherford 6 halves healing of 0.7 a year and doubles amputation of 0.5; infection leaves a quarter of healing and
    gangrene a tenth."""
    shares = dict.fromkeys(("recurrent_severe_share", "infection_share", "recurrent_gangrene_share"), 0.0)
    life = a_life(wound=Wound.HEALED, healed_at=0.5, wounds=1, **PLAIN)
    open_wound(life, values(**RATES, **{**shares, feature: just_above(chance(stream, 2))}), 2.0)
    assert (life.rate[Risk.HEALING], life.rate[Risk.MAJOR_AMPUTATION]) == pytest.approx((healing, amputation))
    assert (life.severe, life.gangrene) == (severe, gangrene)


SHARES = dict.fromkeys(("recurrent_severe_share", "infection_share", "recurrent_gangrene_share"), 0.0)


def test_no_new_wound_closes_within_the_first_weeks() -> None:
    """It has to spend in addition what 0.7 a year, falling by 0.1 a year, spends in a tenth of a year."""
    life = a_life(wound=Wound.HEALED, healed_at=0.5, wounds=1, **PLAIN)
    open_wound(life, values(**{**RATES, "healing_per_mmhg": 0.0, "healing_lag_days": 36.525}, **SHARES), 2.0)
    spent = 0.7 * (1.0 - exp(-0.01)) / 0.1
    assert life.budget[Risk.HEALING] == pytest.approx(exponential(Stream.HEALING, 2) + spent, rel=1e-12)


@pytest.mark.parametrize("relieved", [False, True])
def test_no_wound_opens_just_after_healing_or_relief(relieved: bool) -> None:
    """It has to spend in addition what 0.6 a year, falling by 0.2 a year, spends in a tenth of a year."""
    life = a_life(wound=Wound.NONE if relieved else Wound.OPEN, **PLAIN)
    life.budget[Risk.RECURRENCE] = 0.75
    (relieve_pain if relieved else heal_wound)(life, values(**{**RATES, "recurrence_lag_days": 36.525}), 0.5)
    spent = 0.6 * (1.0 - exp(-0.02)) / 0.2
    own = 0.75 if relieved else exponential(Stream.RECURRENCE)
    assert life.budget[Risk.RECURRENCE] == pytest.approx(own + spent, rel=1e-12)


def test_a_foot_that_has_lost_all_it_can_loses_no_more_in_its_next_wound() -> None:
    """Two of two were taken in earlier wounds: a new one with gangrene heals without an operation, or the leg is lost."""
    life = a_life(wound=Wound.HEALED, healed_at=0.5, wounds=1, minor_amputations=2, **PLAIN)
    open_wound(
        life, values(**{**RATES, "most_minor_amputations": 2.0}, **{**SHARES, "recurrent_gangrene_share": 1.0}), 2.0
    )
    assert set(in_force(life)) == {Risk.EXCESS_DEATH, Risk.MAJOR_AMPUTATION, Risk.HEALING}


STUMP = {
    "walking_share_below_knee": 1.0,
    "walking_share_above_knee": 1.0,
    "prosthesis_days_below_knee": 365.25,
    "prosthesis_days_above_knee": 730.5,
    "prosthesis_fitting_days": 0.0,
}


@pytest.mark.parametrize(
    ("limb", "converted", "walks"),
    [(Limb.BELOW_KNEE, inf, 1.5), (Limb.ABOVE_KNEE, inf, 2.5), (Limb.ABOVE_KNEE, 0.75, 2.75)],
)
def test_a_healed_stump_is_past_conversion_and_gets_its_prosthesis(limb: Limb, converted: float, walks: float) -> None:
    """Healed at 1 year: the prosthesis was begun at the last operation, at 0.5 or, converted, at 0.75."""
    life = a_life(limb=limb, amputated_at=0.5, converted_at=converted, mobile=1, conversion_at=3.0, stump_heals_at=1.0)
    at_risk(life, Risk.EXCESS_DEATH, 0.3)
    heal_stump(life, values(**STUMP), 1.0)
    assert (life.wound, life.healed_at, life.conversion_at, life.stump_heals_at) == (Wound.HEALED, 1.0, inf, inf)
    assert in_force(life) == {Risk.EXCESS_DEATH: (0.3, 0.0, 0.0, 0.0)}
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
