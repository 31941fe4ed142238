"""Which risks compete in which state, and what patient and wound multiply them with."""

from __future__ import annotations

from math import exp, log
from typing import Any

import pytest

from rules.people import a_life, a_patient, at_risk, in_force, values
from simulator.rules.pathway.risks import (
    hazard_ratios,
    no_risks,
    risks_with_open_wound,
    risks_with_rest_pain,
    risks_with_stump,
    risks_without_wound,
    set_risk,
    wound_hazard_ratio,
)
from simulator.words.vocabulary import Limb, Renal, Risk

WOUND = {
    "healing_hr_infection": 0.5,
    "healing_hr_no_gangrene": 3.0,
    "healing_per_log_area": -0.3,
    "healing_per_log_age": -0.2,
    "wound_area_ratio": 1.0,
    "wound_age_ratio": 1.0,
}
PERSON = {
    **WOUND,
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
    "healing_hr_rutherford_6": 0.25,
    "amputation_hr_rutherford_6": 2.5,
}


@pytest.mark.parametrize(
    ("infection", "gangrene", "ratio"), [(0.0, 1.0, 1.0), (1.0, 1.0, 0.5), (0.0, 0.0, 3.0), (1.0, 0.0, 1.5)]
)
def test_infection_slows_and_the_lack_of_gangrene_speeds_healing(
    infection: float, gangrene: float, ratio: float
) -> None:
    """The founding cohort's uninfected wound with gangrene is the reference; the ratios multiply."""
    assert wound_hazard_ratio(a_patient(infection=infection, gangrene=gangrene), values(**WOUND)) == ratio


@pytest.mark.parametrize(("area", "age"), [(4.0, 1.0), (1.0, 0.5), (4.0, 0.5)])
def test_large_and_old_wounds_heal_more_slowly(area: float, age: float) -> None:
    """Area and age act by a power: a wound of 4 times the area heals 4 ** -0.3 times as fast."""
    params = values(**{**WOUND, "wound_area_ratio": area, "wound_age_ratio": age})
    wanted = 0.5 * area**-0.3 * age**-0.2
    assert wound_hazard_ratio(a_patient(infection=1.0, gangrene=1.0), params) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("who", "death", "healing", "amputation", "recurrence"),
    [
        ({}, 1.0, 1.0, 1.0, 1.0),
        ({"ischaemic_heart_disease": 1.0}, 2.0, 1.0, 1.0, 1.0),
        ({"renal": float(Renal.MODERATE)}, 3.0, 1.0, 1.0, 1.0),
        ({"renal": float(Renal.SEVERE)}, 5.0, 1.0, 1.0, 1.0),
        ({"renal": float(Renal.DIALYSIS)}, 7.0, 0.5, 1.5, 1.25),
        ({"rutherford": 6.0}, 11.0, 0.25, 2.5, 1.0),
        ({"rutherford": 4.0}, 1.0, 1.0, 1.0, 1.0),
        ({"renal": float(Renal.DIALYSIS), "rutherford": 6.0, "ischaemic_heart_disease": 1.0}, 154.0, 0.125, 3.75, 1.25),
    ],
)
def test_what_the_patient_brings_along_multiplies_the_hazards(
    who: dict[str, float], death: float, healing: float, amputation: float, recurrence: float
) -> None:
    """At 75, three years above the reference, death has exp(0.1 x 3) on top of the ratios of the patient's diseases."""
    life = a_life()
    hazard_ratios(life, a_patient(gangrene=1.0, **who), values(**PERSON))
    assert life.death_hr == pytest.approx(death * exp(0.3))
    assert (life.healing_hr, life.amputation_hr, life.recurrence_hr) == (healing, amputation, recurrence)


def test_the_wounds_own_ratio_is_kept_apart() -> None:
    """It acts on the limb's wounds only, so that a stump does not heal by it."""
    life = a_life()
    hazard_ratios(life, a_patient(gangrene=0.0, infection=1.0), values(**PERSON))
    assert (life.wound_hr, life.healing_hr) == (1.5, 1.0)


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
    "death_per_mmhg": -0.01,
    "death_trend": 0.2,
    "death_rate_healed": 0.1,
    "death_rate_amputee": 0.3,
    "amputation_rate": 0.5,
    "amputation_per_mmhg": -0.05,
    "amputation_trend": -0.3,
    "amputation_hr_rest_pain": 0.25,
    "healing_rate": 0.7,
    "healing_per_mmhg": 0.03,
    "healing_trend": -0.1,
    "pain_relief_rate": 0.8,
    "minor_amputation_rate": 0.2,
    "recurrence_rate": 0.6,
    "recurrence_per_mmhg": -0.02,
    "recurrence_trend": -0.2,
    "recurrence_hr_minor": 1.5,
    "reference_tcpo2": 17.0,
    "recurrence_reference_tcpo2": 40.0,
    "postoperative_death_rate": 0.8,
    "postoperative_hr_above_knee": 1.5,
    "postoperative_death_trend": -4.0,
    "stump_healing_rate": 2.0,
    "conversion_rate": 0.1,
    "conversion_trend": -1.0,
}
RATIOS = {"death_hr": 2.0, "healing_hr": 0.5, "wound_hr": 3.0, "amputation_hr": 1.5, "recurrence_hr": 1.25}
RECURRENCE = 0.6 * 1.25 * exp(-0.02 * (17.0 - 40.0))
"""Recurrence is stated at 40 mmHg, hazards at 17: at 17 it is exp(0.02 x 23) times as frequent."""


def with_risks_of(state: Any, limb: Limb) -> dict[Risk, tuple[float, float, float, float]]:
    """The risks in force after entering a state at 0.5 years, with all others in force before."""
    life = a_life(limb=limb, **RATIOS)
    for risk in Risk:
        at_risk(life, risk, 9.0)
    state(life, values(**RATES), 0.5)
    return in_force(life)


@pytest.mark.parametrize("limb", [Limb.INTACT, Limb.MINOR_AMPUTATION])
def test_with_an_open_wound_the_limb_heals_is_lost_or_the_patient_dies(limb: Limb) -> None:
    """Each rate with the patient's ratio, its effect of perfusion and its trend; a minor amputation once in a life."""
    wanted = {
        Risk.DISEASE_DEATH: (0.8, -0.01, 0.2, 0.5),
        Risk.MAJOR_AMPUTATION: (0.75, -0.05, -0.3, 0.5),
        Risk.HEALING: (pytest.approx(0.7 * 0.5 * 3.0), 0.03, -0.1, 0.5),
    }
    if limb == Limb.INTACT:
        wanted[Risk.MINOR_AMPUTATION] = (0.2, 0.0, 0.0, 0.5)
    assert with_risks_of(risks_with_open_wound, limb) == wanted


@pytest.mark.parametrize(("limb", "ratio"), [(Limb.INTACT, 1.0), (Limb.MINOR_AMPUTATION, 1.5)])
def test_without_a_wound_a_new_one_and_death_are_left(limb: Limb, ratio: float) -> None:
    """A foot after a minor amputation ulcerates more often."""
    assert with_risks_of(risks_without_wound, limb) == {
        Risk.DISEASE_DEATH: (0.2, 0.0, 0.0, 0.5),
        Risk.RECURRENCE: (pytest.approx(RECURRENCE * ratio), -0.02, -0.2, 0.5),
    }


def test_rest_pain_is_relieved_or_the_limb_lost_for_it() -> None:
    """Lost at a quarter of the rate with a wound; relieved by perfusion as a wound heals, whatever the patient's ratios."""
    assert with_risks_of(risks_with_rest_pain, Limb.INTACT) == {
        Risk.DISEASE_DEATH: (0.2, 0.0, 0.0, 0.5),
        Risk.RECURRENCE: (pytest.approx(RECURRENCE), -0.02, -0.2, 0.5),
        Risk.MAJOR_AMPUTATION: (0.1875, -0.05, -0.3, 0.5),
        Risk.HEALING: (0.8, 0.03, 0.0, 0.5),
    }


@pytest.mark.parametrize(("limb", "peak"), [(Limb.BELOW_KNEE, 1.6), (Limb.ABOVE_KNEE, 2.4)])
def test_after_an_operation_death_has_an_early_peak(limb: Limb, peak: float) -> None:
    """Higher above the knee. The stump heals by the patient's ratio, not the wound's; below the knee it may be converted."""
    wanted = {
        Risk.DISEASE_DEATH: (0.6, 0.0, 0.0, 0.5),
        Risk.POSTOPERATIVE_DEATH: (pytest.approx(peak), 0.0, -4.0, 0.5),
        Risk.STUMP_HEALING: (1.0, 0.0, 0.0, 0.5),
    }
    if limb == Limb.BELOW_KNEE:
        wanted[Risk.CONVERSION] = (0.1, 0.0, -1.0, 0.5)
    assert with_risks_of(risks_with_stump, limb) == wanted


def test_recurrence_is_as_stated_at_its_own_reference() -> None:
    """The hazard at 40 mmHg is the published 0.6 a year, whatever TcPO2 the other hazards refer to."""
    rate, per_mmhg, _, _ = with_risks_of(risks_without_wound, Limb.INTACT)[Risk.RECURRENCE]
    assert log(rate / 1.25) + per_mmhg * (40.0 - 17.0) == pytest.approx(log(0.6))
