"""The first day: who is treated under a policy, and the life that begins."""

from __future__ import annotations

from math import inf, nan, nextafter
from typing import Any

import numpy as np
import pytest

from rules.people import (
    KEY,
    PATIENT_NUMBER,
    a_life,
    a_patient,
    a_policy,
    chance,
    exponential,
    in_force,
    just_above,
    ramps,
    values,
)
from simulator.rules.pathway.life import LIFE
from simulator.rules.pathway.referral import begin_life, is_treated, marker_present, plan_care, selected
from simulator.rules.pathway.response import PUBLISHED
from simulator.rules.population.patient import small_ev_level
from simulator.words.vocabulary import Limb, Marker, Risk, Stream, Wound

CLASSES = {"small_ev_low_mean": 10.0, "small_ev_low_sd": 3.0, "small_ev_high_mean": 30.0, "small_ev_high_sd": 3.0}


@pytest.mark.parametrize(("who", "present"), [({}, False), ({"leiden": 1.0}, True), ({"mthfr": 1.0}, True)])
def test_either_mutation_is_thrombophilia(who: dict[str, float], present: bool) -> None:
    """Factor V Leiden or MTHFR."""
    policy = a_policy(marker=Marker.THROMBOPHILIA)
    assert marker_present(a_patient(**who), values(), policy, KEY, PATIENT_NUMBER) == present


@pytest.mark.parametrize(("level", "present"), [(14.9, False), (15.0, True), (15.1, True)])
def test_a_known_level_of_small_vesicles_is_compared_with_the_threshold(level: float, present: bool) -> None:
    """15% reach a threshold of 15%. Thrombophilia has nothing to do with it."""
    policy = a_policy(marker=Marker.SMALL_EV, marker_threshold=15.0)
    assert marker_present(a_patient(small_ev=level, leiden=1.0), values(), policy, KEY, PATIENT_NUMBER) == present


def test_an_unknown_level_is_drawn_from_the_patients_class() -> None:
    """The threshold that equals the drawn level is reached, the next higher number is not."""
    patient = a_patient(small_ev=nan, small_ev_high=1.0, screened=1.0)
    level = small_ev_level(patient, values(**CLASSES), KEY, PATIENT_NUMBER)
    for threshold, present in [(level, True), (just_above(level), False)]:
        policy = a_policy(marker=Marker.SMALL_EV, marker_threshold=threshold)
        assert marker_present(patient, values(**CLASSES), policy, KEY, PATIENT_NUMBER) == present


def test_without_a_marker_everybody_is_treated_and_nobody_tested() -> None:
    """Selection is by the other criteria alone."""
    life = a_life()
    assert selected(life, a_patient(), values(), a_policy(marker=Marker.NONE)) is True
    assert life.tested == 0


U = chance(Stream.MARKER_TEST)
OTHER = 1.0 - U


@pytest.mark.parametrize("treat_positive", [1.0, 0.0])
@pytest.mark.parametrize("present", [True, False])
@pytest.mark.parametrize("seen", [True, False])
def test_a_test_errs_by_its_sensitivity_and_specificity(present: bool, seen: bool, treat_positive: float) -> None:
    """Who has the marker is seen where the draw is below the sensitivity, who lacks it where below 1 - specificity.

    The other of the two is chosen so that it would say the opposite.
    """
    share = just_above(U) if seen else U
    opposite = 0.0 if seen else 1.0
    sensitivity = share if present else opposite
    specificity = 1.0 - (opposite if present else (U + 1e-9 if seen else U - 1e-9))
    policy = a_policy(
        marker=Marker.THROMBOPHILIA,
        marker_sensitivity=sensitivity,
        marker_specificity=specificity,
        marker_treat_positive=treat_positive,
    )
    life = a_life()
    treated = selected(life, a_patient(leiden=float(present)), values(), policy)
    assert treated == (seen if treat_positive else not seen)
    assert life.tested == 1


def test_sensitivity_is_for_those_who_have_the_marker_and_specificity_for_the_others() -> None:
    """A test that is never positive in the one or always in the other changes nothing for the other kind of people."""
    usual = {"marker": float(Marker.THROMBOPHILIA), "marker_treat_positive": 1.0}
    for specificity in (0.0, 1.0):
        policy = a_policy(**usual, marker_sensitivity=just_above(U), marker_specificity=specificity)
        assert selected(a_life(), a_patient(leiden=1.0), values(), policy)
    for sensitivity in (0.0, 1.0):
        policy = a_policy(**usual, marker_sensitivity=sensitivity, marker_specificity=1.0 - U - 1e-9)
        assert selected(a_life(), a_patient(), values(), policy)


@pytest.mark.parametrize("aside", [True, False])
def test_an_unknown_level_is_the_patients_own(aside: bool) -> None:
    """A perfect test finds the patient positive at a threshold of the patient's level, and negative just above it."""
    patient = a_patient(small_ev=nan, small_ev_high=1.0, screened=1.0)
    level = small_ev_level(patient, values(**CLASSES), KEY, PATIENT_NUMBER)
    threshold = just_above(level) if aside else level
    policy = a_policy(
        marker=Marker.SMALL_EV,
        marker_threshold=threshold,
        marker_sensitivity=1.0,
        marker_specificity=1.0,
        marker_treat_positive=1.0,
    )
    assert selected(a_life(), patient, values(**CLASSES), policy) is not aside


SCHEDULE = {
    "published_doses": 3.0,
    "published_interval_days": 36.525,
    "last_tcpo2_days": 73.05,
    "judgement_dying_days": 36.525,
}


def planned(policy: dict[str, float], who: dict[str, float] | None = None) -> Any:
    """A life for which care is planned, with a gain of 30 mmHg at hand that only cells bring."""
    life, patient = a_life(gain=30.0, natural_gain=0.0, caused_gain=0.0, treated=0), a_patient(**(who or {}))
    params = values({"cells_gain": 0.5}, **SCHEDULE)
    own = {name: value for name, value in policy.items() if name != "angioplasty"}
    steps = [{"wait": 0.125, "angioplasty_suitable": 1.0}] if "angioplasty" in policy else []
    made = a_policy(*steps, **{"waiting": 0.125, "product": PUBLISHED, "route": PUBLISHED, **own})
    if is_treated(life, patient, params, made):
        plan_care(life, patient, params, made, 0.0)
    return life


@pytest.mark.parametrize("policy", [{}, {"doses": 3.0}])
def test_the_last_measurement_of_the_untreated_has_the_date_of_the_schedules_third_dose(
    policy: dict[str, float],
) -> None:
    """Two intervals of 0.1 years and 0.2 years after the last dose: 0.4 years after referral, whatever the policy."""
    assert begun(policy).last_tcpo2_at == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("policy", "suitable", "treated", "dose", "angioplasty", "gain"),
    [
        ({}, 1.0, 0, inf, inf, 0.0),
        ({"doses": 1.0}, 1.0, 1, 0.125, inf, 30.0),
        ({"angioplasty": 1.0}, 1.0, 0, inf, 0.125, 0.0),
        ({"angioplasty": 1.0}, 0.0, 0, inf, inf, 0.0),
        ({"angioplasty": 1.0, "doses": 1.0}, 1.0, 1, 0.125, 0.125, 15.0),
        ({"angioplasty": 1.0, "doses": 1.0}, 0.0, 1, 0.125, inf, 30.0),
        ({"angioplasty": 1.0, "doses": 1.0, "age_below": 75.0}, 1.0, 0, inf, inf, 0.0),
        ({"doses": 1.0, "age_below": 75.0}, 1.0, 0, inf, inf, 0.0),
        (
            {"doses": 1.0, "marker": 2.0, "marker_specificity": 1.0, "marker_treat_positive": 1.0},
            1.0,
            0,
            inf,
            inf,
            0.0,
        ),
        ({"doses": 1.0, "marker": 2.0, "marker_specificity": 1.0}, 1.0, 1, 0.125, inf, 30.0),
    ],
)
def test_care_is_planned_for_whom_the_policy_treats(
    policy: dict[str, float], suitable: float, treated: int, dose: float, angioplasty: float, gain: float
) -> None:
    """After the wait of an eighth of a year. An angioplasty needs suitable vessels, and halves what cells can add.

    The patient, 75 years old, is refused where only younger people are eligible. Nobody here has thrombophilia.
    """
    life = planned(policy, {"angioplasty_suitable": suitable})
    assert (life.treated, life.next_dose, life.next_procedure, life.caused_gain) == (treated, dose, angioplasty, gain)


def test_care_that_begins_later_is_planned_from_then() -> None:
    """Half a year after referral, with a wait of an eighth of a year."""
    life = a_life(gain=30.0, natural_gain=0.0)
    policy = a_policy(doses=1.0, waiting=0.125, product=PUBLISHED, route=PUBLISHED)
    plan_care(life, a_patient(), values(**SCHEDULE), policy, 0.5)
    assert life.next_dose == 0.625


def test_a_policy_whose_therapies_take_nobody_treats_nobody() -> None:
    """One for people over 80, without cells, and a patient of 75."""
    policy = a_policy({"age_at_least": 80.0})
    assert is_treated(a_life(), a_patient(), values(**SCHEDULE), policy) is False
    assert is_treated(a_life(), a_patient(age=81.0), values(**SCHEDULE), policy) is True


def test_nobody_is_tested_for_a_treatment_that_does_not_exist() -> None:
    """A policy without doses and angioplasty looks at nothing, nor does it test who is not eligible."""
    assert planned({"marker": 2.0}).tested == 0
    assert planned({"marker": 2.0, "doses": 1.0, "age_below": 75.0}).tested == 0
    assert planned({"marker": 2.0, "doses": 1.0}).tested == 1


BEGINNING = {
    **SCHEDULE,
    **CLASSES,
    "reference_tcpo2": 17.0,
    "tcpo2_slope": -1.5,
    "tcpo2_ceiling": 70.0,
    "background_hr": 1.0,
    "death_per_year_of_age": 0.0,
    "reference_age": 75.0,
    "healing_hr_infection": 0.5,
    "healing_hr_no_gangrene": 3.0,
    "wound_area_ratio": 1.0,
    "wound_age_ratio": 1.0,
    **dict.fromkeys(("frailty_sd", "frailty_healing", "frailty_amputation", "death_causal_share"), 0.0),
    **dict.fromkeys(("other_limb_rate", "dialysis_rate_normal", "walking_loss_rate"), 0.5),
    **dict.fromkeys(("other_limb_trend", "walking_loss_per_year_of_age"), 0.0),
    "walking_share_referral": 1.0,
    "beyond_salvage_rate": 15.0,
    "death_hr_rest_pain": 0.5,
    "disease_death_hr_rest_pain": 1.0,
    "healing_hr_gangrene": 0.5,
    "minor_amputation_per_mmhg": 0.0,
    "minor_amputation_trend": 0.0,
    "minor_amputation_hr_no_gangrene": 1.0,
    "death_hr_rutherford_6": 1.0,
    "healing_hr_rutherford_6": 1.0,
    "amputation_hr_rutherford_6": 1.0,
    "response_probability": 0.5,
    "response_or_small_ev": 1.0,
    "small_ev_high_share": 0.5,
    "attributable_share": 0.75,
    "response_polarity": 1.0,
    "recovery_gain": 30.0,
    "recovery_spread": 0.0,
    "recovery_gain_baseline": 0.0,
    "natural_days": 182.625,
    "recovery_waning_share": 0.0,
    "death_rate_wound": 0.4,
    "death_per_mmhg": 0.0,
    "death_trend": 0.0,
    "death_rate_healed": 0.1,
    "amputation_rate": 0.5,
    "amputation_per_mmhg": 0.0,
    "amputation_trend": 0.0,
    "amputation_hr_rest_pain": 0.5,
    "healing_rate": 0.7,
    "healing_per_mmhg": 0.0,
    "healing_trend": 0.0,
    "pain_relief_rate": 0.8,
    "healing_tcpo2_enough": 45.0,
    "healing_tcpo2_least": 18.0,
    "healing_per_mmhg_short": 0.2,
    "minor_amputation_rate": 0.2,
    "most_minor_amputations": 9.0,
    "recurrence_rate": 0.6,
    "recurrence_per_mmhg": 0.0,
    "recurrence_trend": 0.0,
    "recurrence_reference_tcpo2": 40.0,
}
AGES = np.array([50.0, 100.0])
ONE_PERCENT = np.log(np.full((2, 2), 0.01))


def begun(policy: dict[str, float] | None = None, gangrene: float = 1.0, **who: float) -> Any:
    """A life that has begun in a record left full of another life's numbers."""
    life = np.zeros(1, LIFE)[0]
    for name in LIFE.names or ():
        life[name] = 9
    patient = a_patient(gangrene=gangrene, screened=1.0, **who)
    begin_life(life, patient, values(**BEGINNING), a_policy(**(policy or {})), KEY, PATIENT_NUMBER, AGES, ONE_PERCENT)
    return life


def test_a_life_begins_at_referral_with_nothing_behind_it() -> None:
    """Alive at time 0 on two feet, with no wound healed, no operation, no dose, and no care planned."""
    life = begun()
    assert (life.seed, life.patient) == (KEY, PATIENT_NUMBER)
    assert (life.time, life.alive, life.anchor, life.limb, life.walking) == (0.0, 1, 0.0, Limb.INTACT, 0)
    assert (life.wounds, life.operations, life.minor_amputations, life.beyond_salvage) == (0, 0, 0, 0)
    assert life.dying_within == pytest.approx(0.1)
    assert (life.tested, life.treated, life.doses, life.step_done.sum()) == (0, 0, 0, 0)
    planned_times = (
        "next_dose",
        "next_procedure",
        "next_loss",
        "next_sequel",
        "walks_at",
        "stump_heals_at",
        "conversion_at",
    )
    past = (
        "postoperative_death",
        "other_amputated_at",
        "first_dose_at",
        "last_dose_at",
        "healed_at",
        "minor_amputation_at",
        "amputated_at",
        "converted_at",
    )
    assert {life[name] for name in (*planned_times, *past, "first_walked_at", "died_at")} == {inf}


def test_no_step_of_a_policy_has_been_thought_of() -> None:
    """None is open, none has a therapy or acts, and no ratio of a therapy is in force; nobody has crossed over."""
    life = begun()
    assert (life.step_open.tolist(), life.step_therapy.tolist(), life.acting) == ([0] * 4, [-1] * 4, -1)
    assert life.effect.tolist() == [1.0] * len(life.effect)
    assert (life.next_crossover, life.crossed_at, life.looked) == (inf, inf, inf)


def test_infection_is_not_gangrene() -> None:
    """Each is set from its own."""
    assert (begun(infection=1.0, gangrene=0.0).gangrene, begun(infection=0.0, gangrene=1.0).gangrene) == (0, 1)


def test_what_was_seen_and_what_is_true_are_kept_apart() -> None:
    """The path begins at the true 20 mmHg; a response is judged against the 26 that were measured."""
    life = begun(tcpo2=20.0, tcpo2_measured=26.0)
    assert (life.tcpo2_start, life.tcpo2_seen) == (20.0, 26.0)


def test_perfusion_begins_at_the_patients_own_tcpo2() -> None:
    """20 mmHg, falling by 1.5 a year, at most the population's 70, or the patient's own if that is higher.

    A quarter of the gain of 30 mmHg comes without cells, within half a year.
    """
    life = begun()
    assert (life.tcpo2_start, life.tcpo2_slope, life.tcpo2_ceiling) == (20.0, -1.5, 70.0)
    assert ramps(life) == [(0.0, 0.5, 7.5)]
    assert (life.reference, life.healing_enough) == (17.0, 45.0)
    assert (life.healing_least, life.healing_short) == (18.0, 0.2)
    assert begun(tcpo2=80.0).tcpo2_ceiling == 80.0


def test_every_first_budget_is_the_first_draw_of_its_stream() -> None:
    """Those of later wounds and operations come when these do: until then they are zero."""
    life = begun()
    wanted = {
        Risk.EXCESS_DEATH: exponential(Stream.EXCESS_DEATH),
        Risk.MAJOR_AMPUTATION: exponential(Stream.MAJOR_AMPUTATION),
        Risk.MINOR_AMPUTATION: exponential(Stream.MINOR_AMPUTATION),
        Risk.HEALING: exponential(Stream.HEALING),
    }
    assert {risk: life.budget[risk] for risk in Risk} == {risk: wanted.get(risk, 0.0) for risk in Risk}
    resting = begun(rutherford=4.0)
    wanted[Risk.RECURRENCE] = exponential(Stream.RECURRENCE)
    assert {risk: resting.budget[risk] for risk in Risk} == {risk: wanted.get(risk, 0.0) for risk in Risk}


@pytest.mark.parametrize(
    ("who", "wound", "severe"),
    [
        ({"rutherford": 4.0}, Wound.NONE, 0),
        ({"rutherford": 5.0}, Wound.OPEN, 0),
        ({"rutherford": 6.0}, Wound.OPEN, 1),
        ({"rutherford": 5.0, "infection": 1.0}, Wound.OPEN, 1),
    ],
)
def test_rest_pain_has_no_wound_and_infection_or_rutherford_6_a_severe_one(
    who: dict[str, float], wound: Wound, severe: int
) -> None:
    """With the risks that go with it, from referral on."""
    life = begun(**who)
    assert (life.wound, life.severe) == (wound, severe)
    with_wound = {Risk.EXCESS_DEATH, Risk.MAJOR_AMPUTATION, Risk.HEALING, Risk.MINOR_AMPUTATION}
    resting = {Risk.EXCESS_DEATH, Risk.MAJOR_AMPUTATION, Risk.RECURRENCE, Risk.HEALING}
    assert set(in_force(life)) == (resting if wound == Wound.NONE else with_wound)
    assert {since for _, _, _, since in in_force(life).values()} == {0.0}
    idle = [risk for risk in Risk if risk not in in_force(life)]
    assert all(life.per_mmhg[k] == life.trend[k] == life.since[k] == 0.0 for k in idle)


def test_background_death_ratios_and_response_are_settled_at_referral() -> None:
    """At 1% a year it comes -log(u) / 0.01 years on; an infected wound heals half as fast; the gain is 30 mmHg."""
    life = begun(infection=1.0)
    assert life.background_death == pytest.approx(exponential(Stream.BACKGROUND_DEATH) / 0.01)
    assert (life.death_hr, life.wound_hr, life.gangrene, life.gain) == (1.0, 0.5, 1, 30.0)
    assert (life.natural_gain, life.caused_gain, life.given_gain) == (7.5, 0.0, 0.0)


def test_what_does_not_depend_on_perfusion_is_settled_at_referral() -> None:
    """Death of the disease at 0.1 a year; the other leg, dialysis and walking are lost at half a year's rates."""
    life = begun(walks=1.0)
    assert (life.walking, life.mobile, life.dialysis_since) == (1, 1, inf)
    assert life.disease_death == pytest.approx(exponential(Stream.DISEASE_DEATH) / 0.1)
    for name, stream in [
        ("other_limb_at", Stream.OTHER_LIMB),
        ("dialysis_at", Stream.DIALYSIS_START),
        ("walking_ends_at", Stream.WALKING_LOSS),
    ]:
        assert life[name] == pytest.approx(exponential(stream) / 0.5)


def test_a_limb_beyond_salvage_is_treated_by_nobody_and_lost() -> None:
    """Whatever the policy offers; at 15 a year."""
    patient = a_patient(beyond_salvage=1.0, angioplasty_suitable=1.0)
    assert not is_treated(a_life(), patient, values(**SCHEDULE), a_policy({}, doses=1.0))
    life = begun({"doses": 1.0}, beyond_salvage=1.0, angioplasty_suitable=1.0)
    assert (life.treated, life.next_dose, life.next_procedure) == (0, inf, inf)
    assert in_force(life)[Risk.MAJOR_AMPUTATION][0] == 15.0


def test_a_policys_care_is_planned_at_referral() -> None:
    """The first dose is due after the policy's wait."""
    life = begun({"doses": 1.0, "waiting": 0.25})
    assert (life.treated, life.next_dose, life.next_procedure) == (1, 0.25, inf)
    assert nextafter(life.last_tcpo2_at, 0.4) == pytest.approx(0.4)
