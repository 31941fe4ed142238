"""Which risks compete in which state, and what patient and wound multiply them with."""

from __future__ import annotations

from math import exp, log
from typing import Any

import pytest

from rules.people import a_life, a_patient, at_risk, in_force, values
from simulator.rules.pathway.risks import (
    hazard_ratios,
    no_risks,
    risk_of_minor_amputation,
    risks_with_open_wound,
    risks_with_rest_pain,
    risks_with_stump,
    risks_without_wound,
    set_risk,
    set_wound,
    wound_hazard_ratio,
)
from simulator.words.vocabulary import Limb, Renal, Risk, Wound

WOUND = {
    "healing_hr_infection": 0.5,
    "healing_hr_rutherford_6": 0.25,
    "amputation_hr_rutherford_6": 2.5,
    "healing_per_log_area": -0.3,
    "healing_per_log_age": -0.2,
    "wound_area_ratio": 1.0,
    "wound_age_ratio": 1.0,
}
PERSON = {
    "frailty_sd": 0.0,
    "frailty_healing": 0.5,
    "frailty_amputation": 2.0,
    "death_causal_share": 0.25,
    "death_per_mmhg": -0.04,
    "reference_tcpo2": 17.0,
    "death_hr_rest_pain": 0.1,
    "disease_death_hr_rest_pain": 0.5,
    "death_per_year_of_age": 0.1,
    "reference_age": 72.0,
    "death_hr_heart": 2.0,
    "death_hr_renal_moderate": 3.0,
    "death_hr_renal_severe": 5.0,
    "death_hr_dialysis": 7.0,
    "healing_hr_dialysis": 0.5,
    "amputation_hr_dialysis": 1.5,
    "recurrence_hr_dialysis": 1.25,
    "death_hr_rutherford_6": 11.0,
}


@pytest.mark.parametrize(
    ("infection", "severe", "ratio"), [(0.0, 0.0, 1.0), (1.0, 0.0, 0.5), (0.0, 1.0, 0.25), (1.0, 1.0, 0.125)]
)
def test_infection_and_rutherford_6_slow_healing(infection: float, severe: float, ratio: float) -> None:
    """An uninfected wound of Rutherford 5 is the reference; the ratios multiply."""
    assert wound_hazard_ratio(infection, severe, values(**WOUND)) == ratio


@pytest.mark.parametrize(("area", "age"), [(4.0, 1.0), (2.0, 1.0), (1.0, 0.5), (1.0, 2.0), (4.0, 0.5)])
def test_large_and_old_wounds_heal_more_slowly(area: float, age: float) -> None:
    """Area and age act by a power: a wound of 4 times the area heals 4 ** -0.3 times as fast."""
    params = values(**{**WOUND, "wound_area_ratio": area, "wound_age_ratio": age})
    assert wound_hazard_ratio(1.0, 0.0, params) == pytest.approx(0.5 * area**-0.3 * age**-0.2)
    params["healing_hr_infection"] = 1.0
    assert wound_hazard_ratio(1.0, 0.0, params) == pytest.approx(area**-0.3 * age**-0.2)


@pytest.mark.parametrize("severe", [0.0, 1.0])
@pytest.mark.parametrize("infection", [0.0, 1.0])
@pytest.mark.parametrize("gangrene", [0.0, 1.0])
def test_class_infection_and_gangrene_belong_to_the_wound(severe: float, infection: float, gangrene: float) -> None:
    """What the last wound was leaves no trace."""
    life = a_life(severe=7, gangrene=7, never_gangrene=7, wound_hr=9.0, wound_amputation_hr=9.0)
    set_wound(life, values(**WOUND), infection, severe, gangrene)
    assert (life.gangrene, life.never_gangrene) == (gangrene, 1.0 - gangrene)
    assert life.severe == max(severe, infection)
    assert life.wound_hr == (0.25 if severe else 1.0) * (0.5 if infection else 1.0)
    assert life.wound_amputation_hr == (2.5 if severe else 1.0)


@pytest.mark.parametrize(
    ("who", "death", "healing", "amputation", "recurrence"),
    [
        ({}, 1.0, 1.0, 1.0, 1.0),
        ({"ischaemic_heart_disease": 1.0}, 2.0, 1.0, 1.0, 1.0),
        ({"renal": float(Renal.MODERATE)}, 3.0, 1.0, 1.0, 1.0),
        ({"renal": float(Renal.SEVERE)}, 5.0, 1.0, 1.0, 1.0),
        ({"renal": float(Renal.DIALYSIS)}, 7.0, 0.5, 1.5, 1.25),
        ({"rutherford": 6.0}, 1.0, 1.0, 1.0, 1.0),
        ({"rutherford": 4.0}, 0.5, 1.0, 1.0, 1.0),
        ({"renal": float(Renal.DIALYSIS), "ischaemic_heart_disease": 1.0}, 14.0, 0.5, 1.5, 1.25),
    ],
)
def test_what_the_patient_brings_along_multiplies_the_hazards(
    who: dict[str, float], death: float, healing: float, amputation: float, recurrence: float
) -> None:
    """At 75, three years above the reference, death has exp(0.1 x 3) on top of the ratios of the patient's diseases."""
    life = a_life()
    hazard_ratios(life, a_patient(**who), values(**PERSON))
    assert life.death_hr == pytest.approx(death * exp(0.3))
    assert (life.healing_hr, life.amputation_hr, life.recurrence_hr) == (healing, amputation, recurrence)


def test_the_frail_die_and_lose_limbs_sooner_and_heal_later() -> None:
    """At one SD of 0.6, with the mean of the lognormal ratio taken out of death: exp(0.6 - 0.18), exp(1.2), exp(-0.3)."""
    life = a_life()
    hazard_ratios(life, a_patient(frailty=1.0), values(**{**PERSON, "frailty_sd": 0.6}))
    assert life.frailty == 1.0
    found = (life.death_hr, life.amputation_hr, life.healing_hr)
    assert found == pytest.approx((exp(0.3 + 0.6 - 0.18), exp(1.2), exp(-0.3)))


@pytest.mark.parametrize(("rutherford", "ratio"), [(4.0, 0.1), (5.0, 1.0), (6.0, 11.0)])
def test_the_excess_of_death_depends_on_class_and_on_the_tcpo2_that_marks_the_patient(
    rutherford: float, ratio: float
) -> None:
    """Three quarters of the association act as a mark of the patient: 10 mmHg above the reference, exp(-0.03 x 10)."""
    life = a_life()
    hazard_ratios(life, a_patient(rutherford=rutherford, tcpo2=27.0), values(**PERSON))
    assert life.excess_hr == pytest.approx(ratio * exp(-0.3))


def test_a_risk_comes_into_force_and_keeps_its_budget() -> None:
    """Rate, effect of perfusion, trend and start are set; what was spent stays spent."""
    life = a_life()
    life.budget[Risk.HEALING] = 0.7
    set_risk(life, Risk.HEALING, 0.4, 0.03, -0.2, 1.5)
    assert in_force(life) == {Risk.HEALING: (0.4, 0.03, -0.2, 1.5)}
    assert life.budget[Risk.HEALING] == 0.7


def test_no_risk_is_left_before_a_state_sets_its_own() -> None:
    """The first and the last of the list included."""
    life = a_life()
    for risk in Risk:
        at_risk(life, risk, 1.0)
    no_risks(life)
    assert in_force(life) == {}


RATES = {
    "death_rate_wound": 0.4,
    "death_causal_share": 0.25,
    "death_per_mmhg": -0.04,
    "death_trend": -0.6,
    "death_hr_rutherford_6": 3.0,
    "amputation_rate": 0.5,
    "amputation_per_mmhg": -0.05,
    "amputation_trend": -0.3,
    "amputation_hr_rest_pain": 0.25,
    "amputation_hr_recurrent": 0.5,
    "amputation_hr_minor": 0.8,
    "beyond_salvage_rate": 15.0,
    "healing_rate": 0.7,
    "healing_per_mmhg": 0.03,
    "healing_trend": -0.1,
    "healing_hr_gangrene": 0.1,
    "healing_hr_no_gangrene": 1.8,
    "pain_relief_rate": 0.8,
    "minor_amputation_rate": 0.2,
    "most_minor_amputations": 9.0,
    "minor_amputation_per_mmhg": 0.02,
    "minor_amputation_trend": -0.4,
    "minor_amputation_hr_no_gangrene": 0.25,
    "recurrence_rate": 0.6,
    "recurrence_per_mmhg": -0.02,
    "recurrence_trend": -0.2,
    "recurrence_hr_minor": 1.5,
    "reference_tcpo2": 17.0,
    "recurrence_reference_tcpo2": 40.0,
}
RATIOS = {
    "death_hr": 2.0,
    "excess_hr": 1.5,
    "healing_hr": 0.5,
    "wound_hr": 3.0,
    "amputation_hr": 1.5,
    "wound_amputation_hr": 1.0,
    "recurrence_hr": 1.25,
}
RECURRENCE = 0.6 * 1.25 * exp(-0.02 * (17.0 - 40.0))
"""Recurrence is stated at 40 mmHg, hazards at 17: at 17 it is exp(0.02 x 23) times as frequent."""
LEFT = 0.4 * 2.0 * 1.5 * exp(-0.6 * 0.5)
"""What is left of the excess of death after half a year: 0.4 a year, twice for the patient, 1.5 times for the limb."""


def with_risks_of(state: Any, **stated: Any) -> dict[Risk, tuple[float, float, float, float]]:
    """The risks in force after entering a state at 0.5 years, with all others in force before."""
    life = a_life(**{**RATIOS, **stated})
    for risk in Risk:
        at_risk(life, risk, 9.0)
    state(life, values(**RATES), 0.5)
    return in_force(life)


@pytest.mark.parametrize(
    ("gangrene", "never", "heals", "minor"), [(1, 0, 0.1, 1.0), (0, 0, 1.0, 0.25), (0, 1, 1.8, 0.25)]
)
def test_a_first_wound_heals_is_operated_on_costs_the_limb_or_life(
    gangrene: int, never: int, heals: float, minor: float
) -> None:
    """Gangrene must be removed before the foot closes; where it has been, healing is the reference, without any faster."""
    assert with_risks_of(risks_with_open_wound, gangrene=gangrene, never_gangrene=never) == {
        Risk.EXCESS_DEATH: (pytest.approx(LEFT), -0.01, -0.6, 0.5),
        Risk.MAJOR_AMPUTATION: (0.75, -0.05, -0.3, 0.5),
        Risk.HEALING: (pytest.approx(0.7 * 0.5 * 3.0 * heals), 0.03, -0.1, 0.5),
        Risk.MINOR_AMPUTATION: (pytest.approx(0.2 * minor), 0.02, -0.4, 0.5),
    }


@pytest.mark.parametrize(("severity", "death"), [(1.0, 1.0), (2.5, 3.0)])
def test_a_recurrent_wound_brings_a_new_causal_excess_and_its_own_danger_to_the_limb(
    severity: float, death: float
) -> None:
    """Three quarters of what is left of the old excess, and a quarter of a new one of 0.8 a year, more in Rutherford 6."""
    found = with_risks_of(
        risks_with_open_wound, wound=Wound.RECURRED, wounds=1, gangrene=1, wound_amputation_hr=severity
    )
    assert found[Risk.EXCESS_DEATH] == (pytest.approx(0.75 * LEFT + 0.25 * 0.8 * death), -0.01, -0.6, 0.5)
    assert found[Risk.MAJOR_AMPUTATION] == (pytest.approx(0.75 * severity * 0.5), -0.05, -0.3, 0.5)


@pytest.mark.parametrize("wound", [Wound.OPEN, Wound.RECURRED])
@pytest.mark.parametrize("gangrene", [0, 1])
def test_a_leg_is_lost_less_often_once_the_foot_has_had_a_minor_amputation(wound: Wound, gangrene: int) -> None:
    """Four fifths as often, in a wound that it left open as in a later one, whether or not there is gangrene."""
    found = with_risks_of(risks_with_open_wound, wound=wound, limb=Limb.MINOR_AMPUTATION, gangrene=gangrene)
    assert found[Risk.MAJOR_AMPUTATION] == (pytest.approx(0.75 * 0.8), -0.05, -0.3, 0.5)


@pytest.mark.parametrize("state", [risks_with_open_wound, risks_with_rest_pain])
def test_a_limb_beyond_salvage_is_lost_soon_whatever_perfusion_does(state: Any) -> None:
    """At 15 a year; nothing else happens to it, but for death."""
    assert with_risks_of(state, beyond_salvage=1) == {
        Risk.EXCESS_DEATH: (pytest.approx(LEFT), -0.01, -0.6, 0.5),
        Risk.MAJOR_AMPUTATION: (15.0, 0.0, 0.0, 0.5),
    }


@pytest.mark.parametrize(("limb", "ratio"), [(Limb.INTACT, 1.0), (Limb.MINOR_AMPUTATION, 1.5)])
def test_without_a_wound_a_new_one_and_what_marks_the_patient_are_left(limb: Limb, ratio: float) -> None:
    """The causal quarter of the excess has gone with the wound. A foot after a minor amputation ulcerates more often."""
    assert with_risks_of(risks_without_wound, limb=limb) == {
        Risk.EXCESS_DEATH: (pytest.approx(0.75 * LEFT), -0.01, -0.6, 0.5),
        Risk.RECURRENCE: (pytest.approx(RECURRENCE * ratio), -0.02, -0.2, 0.5),
    }


def test_rest_pain_is_relieved_or_the_limb_lost_for_it() -> None:
    """Lost at a quarter of the rate with a wound; relieved by perfusion as a wound heals, whatever the patient's ratios."""
    assert with_risks_of(risks_with_rest_pain) == {
        Risk.EXCESS_DEATH: (pytest.approx(LEFT), -0.01, -0.6, 0.5),
        Risk.RECURRENCE: (pytest.approx(RECURRENCE), -0.02, -0.2, 0.5),
        Risk.MAJOR_AMPUTATION: (0.1875, -0.05, -0.3, 0.5),
        Risk.HEALING: (0.8, 0.03, 0.0, 0.5),
    }


def test_with_the_limb_goes_what_it_caused_and_perfusion_acts_no_more() -> None:
    """Only what marks the patient is left of the excess."""
    assert with_risks_of(risks_with_stump, limb=Limb.BELOW_KNEE) == {
        Risk.EXCESS_DEATH: (pytest.approx(0.75 * LEFT), 0.0, -0.6, 0.5)
    }


@pytest.mark.parametrize("t", [0.1, 1.0, 3.0, 10.0])
@pytest.mark.parametrize("share", [0.0, 0.15, 1.0])
def test_an_open_wound_is_never_safer_than_a_healed_foot(t: float, share: float) -> None:
    """However old the wound, whatever the share that is causal, first wound or not, at the same perfusion."""
    params = values(**{**RATES, "death_causal_share": share})
    healed, opened, again = (a_life(**RATIOS, wounds=k) for k in (0, 0, 1))
    risks_without_wound(healed, params, t)
    risks_with_open_wound(opened, params, t)
    risks_with_open_wound(again, params, t)
    least = healed.rate[Risk.EXCESS_DEATH]
    for life in (opened, again):
        assert life.rate[Risk.EXCESS_DEATH] >= least
        assert life.per_mmhg[Risk.EXCESS_DEATH] == healed.per_mmhg[Risk.EXCESS_DEATH]


def test_an_excess_of_less_than_one_death_in_a_million_years_is_left_out() -> None:
    """After 40 years at -0.6 a year nothing of 1.2 a year is left."""
    life = a_life(**RATIOS)
    risks_without_wound(life, values(**RATES), 40.0)
    assert life.rate[Risk.EXCESS_DEATH] == 0.0


def test_recurrence_is_as_stated_at_its_own_reference() -> None:
    """The hazard at 40 mmHg is the published 0.6 a year, whatever TcPO2 the other hazards refer to."""
    rate, per_mmhg, _, _ = with_risks_of(risks_without_wound)[Risk.RECURRENCE]
    assert log(rate / 1.25) + per_mmhg * (40.0 - 17.0) == pytest.approx(log(0.6))


def test_a_foot_has_only_so_much_to_lose() -> None:
    """After the second of at most two minor amputations no third is possible, after the first one still is."""
    for number, rate in ((1, 0.2), (2, 0.0)):
        life = a_life(minor_amputations=number, gangrene=1)
        risk_of_minor_amputation(life, values(**{**RATES, "most_minor_amputations": 2.0}), 0.5)
        assert life.rate[Risk.MINOR_AMPUTATION] == rate


def test_a_direct_ratio_of_a_therapy_multiplies_what_a_new_state_sets() -> None:
    """0.6 a year with a ratio of 0.25 in force are 0.15."""
    life = a_life()
    life.effect[Risk.HEALING] = 0.25
    set_risk(life, Risk.HEALING, 0.6, 0.01, -0.1, 0.5)
    assert in_force(life) == {Risk.HEALING: (pytest.approx(0.15), 0.01, -0.1, 0.5)}
