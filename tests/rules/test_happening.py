"""What happens next to a patient, and what it changes."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from rules.people import a_life, a_policy, at_risk, in_force, ramps, values
from simulator.rules.pathway.happening import care_for, clinical_event, planned_care, suffer
from simulator.words.vocabulary import Death, Event, Limb, Renal, Repeat, Risk, Wound


@pytest.mark.parametrize(
    ("times", "time", "kind"),
    [
        ({}, inf, Event.CONVERSION),
        ({"conversion_at": 1.0, "stump_heals_at": 1.0}, 1.0, Event.CONVERSION),
        ({"conversion_at": 2.0, "stump_heals_at": 1.0, "other_limb_at": 1.0}, 1.0, Event.STUMP_HEALED),
        ({"other_limb_at": 1.0, "dialysis_at": 1.0, "walks_at": 1.0}, 1.0, Event.OTHER_LIMB_AMPUTATION),
        ({"dialysis_at": 1.0, "walks_at": 1.0, "walking_ends_at": 1.0}, 1.0, Event.STARTS_DIALYSIS),
        ({"walking_ends_at": 1.0, "step_next": 1.0}, 1.0, Event.WALKS_NO_MORE),
        ({"walks_at": 1.0, "step_next": 2.0, "step_lost": 2.0, "next_dose": 2.0}, 1.0, Event.WALKS),
        ({"walks_at": 2.0, "step_next": 1.0, "step_lost": 2.0, "next_dose": 2.0}, 1.0, Event.PROCEDURE),
        ({"walks_at": 2.0, "step_next": 2.0, "step_lost": 1.0, "next_dose": 2.0}, 1.0, Event.LOSS),
        ({"walks_at": 2.0, "step_next": 2.0, "step_lost": 2.0, "next_dose": 1.0}, 1.0, Event.DOSE),
        ({"walks_at": 1.0, "step_next": 1.0, "step_lost": 1.0, "next_dose": 1.0}, 1.0, Event.WALKS),
        ({"step_next": 1.0, "step_lost": 1.0, "next_dose": 1.0}, 1.0, Event.PROCEDURE),
        ({"step_lost": 1.0, "next_dose": 1.0}, 1.0, Event.LOSS),
        ({"walks_at": 1.0, "dies_at": 1.0, "step_next": 1.0}, 1.0, Event.WALKS),
        ({"other_limb_at": 2.0, "dies_at": 1.0, "step_next": 1.0}, 1.0, Event.PROCEDURAL_DEATH),
        ({"minor_at": 1.0, "step_next": 1.0}, 1.0, Event.MINOR_AMPUTATION),
        ({"major_at": 1.0, "next_dose": 1.0}, 1.0, Event.BELOW_KNEE_AMPUTATION),
        ({"step_ends": 1.0, "step_next": 2.0}, 1.0, Event.EFFECT_ENDS),
        ({"next_dose": 1.0, "next_crossover": 1.0}, 1.0, Event.DOSE),
        ({"next_dose": 2.0, "next_crossover": 1.0}, 1.0, Event.CROSSES_OVER),
    ],
)
def test_what_is_planned_first_comes_first(times: dict[str, float], time: float, kind: Event) -> None:
    """At equal times: conversion, stump, other limb, dialysis, walking and its end, what a procedure brings with it, a
    procedure, its loss, a dose, crossing over."""
    assert planned_care(a_life(**times)) == (time, kind)


@pytest.mark.parametrize(
    ("background", "horizon", "expected"),
    [
        (inf, 5.0, (2.0, Risk.HEALING)),
        (3.0, 5.0, (2.0, Risk.HEALING)),
        (2.0, 5.0, (2.0, -1)),
        (1.0, 5.0, (1.0, -1)),
        (1.0, 1.0, (1.0, -1)),
        (inf, 1.9, (inf, -1)),
        (inf, 2.0, (2.0, Risk.HEALING)),
        (1.8, 1.5, (inf, -1)),
    ],
)
def test_background_death_competes_and_wins_ties(
    background: float, horizon: float, expected: tuple[float, int]
) -> None:
    """A wound that would heal at 2 years: not in who dies before or then, nor before an earlier horizon."""
    life = a_life(background_death=background)
    at_risk(life, Risk.HEALING, 0.5, unspent=1.0)
    assert clinical_event(life, horizon) == expected


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ((1.0, 2.0, 3.0), (1.0, Death.BACKGROUND)),
        ((2.0, 1.0, 3.0), (1.0, Death.DISEASE)),
        ((3.0, 2.0, 1.0), (1.0, Death.POSTOPERATIVE)),
        ((1.0, 1.0, 1.0), (1.0, Death.BACKGROUND)),
        ((inf, 2.1, 2.1), (2.0, Risk.HEALING)),
    ],
)
def test_the_earliest_of_the_deaths_settled_ahead_counts(
    times: tuple[float, float, float], expected: tuple[float, int]
) -> None:
    """Of background, disease and operation; a wound that heals at 2 years comes before deaths after it."""
    background, disease, operation = times
    life = a_life(background_death=background, disease_death=disease, postoperative_death=operation)
    at_risk(life, Risk.HEALING, 0.5, unspent=1.0)
    assert clinical_event(life, 5.0) == expected


@pytest.mark.parametrize(
    ("risk", "event"),
    [
        (Death.BACKGROUND, Event.BACKGROUND_DEATH),
        (Death.DISEASE, Event.DISEASE_DEATH),
        (Risk.EXCESS_DEATH, Event.DISEASE_DEATH),
        (Death.POSTOPERATIVE, Event.POSTOPERATIVE_DEATH),
    ],
)
def test_death_ends_the_life_and_is_told_by_its_cause(risk: int, event: Event) -> None:
    """And changes nothing else: the limb and the wound are as they were."""
    life = a_life()
    assert suffer(life, values(), 0.5, risk) == event
    assert (life.alive, life.died_at, life.anchor, life.limb, life.wound) == (0, 0.5, 0.0, Limb.INTACT, Wound.OPEN)


RATES = {
    **dict.fromkeys(("death_rate_wound", "death_rate_healed", "amputation_rate"), 0.1),
    **dict.fromkeys(("healing_rate", "minor_amputation_rate", "recurrence_rate"), 0.1),
    "most_minor_amputations": 9.0,
    **dict.fromkeys(("stump_healing_rate_below_knee", "stump_healing_rate_above_knee"), 0.1),
    **dict.fromkeys(("minor_amputation_trend", "minor_amputation_per_mmhg", "death_per_year_of_age"), 0.0),
    **dict.fromkeys(("infection_share", "recurrent_severe_share", "recurrent_gangrene_share"), 0.0),
    **dict.fromkeys(("healing_hr_gangrene", "healing_hr_no_gangrene", "minor_amputation_hr_no_gangrene"), 1.0),
    **dict.fromkeys(("wound_area_ratio", "wound_age_ratio"), 1.0),
    **dict.fromkeys(("amputation_hr_recurrent", "amputation_hr_minor"), 1.0),
    **dict.fromkeys(("other_limb_hr_amputated", "death_ratio_amputee"), 1.0),
    "other_limb_trend": 0.0,
    "death_causal_share": 0.0,
    "stump_healing_lag_days": 20.0,
    **dict.fromkeys(("death_per_mmhg", "amputation_per_mmhg", "healing_per_mmhg", "recurrence_per_mmhg"), 0.0),
    **dict.fromkeys(("death_trend", "amputation_trend", "healing_trend", "recurrence_trend", "conversion_trend"), 0.0),
    **dict.fromkeys(("postoperative_death_rate", "postoperative_hr_above_knee", "conversion_rate"), 0.1),
    **dict.fromkeys(("walking_share_below_knee", "walking_share_above_knee"), 0.0),
    **dict.fromkeys(("prosthesis_days_below_knee", "prosthesis_days_above_knee"), 100.0),
    "reference_tcpo2": 17.0,
    "recurrence_reference_tcpo2": 40.0,
    "recurrence_hr_minor": 1.0,
    "postoperative_death_trend": -4.0,
}
PLAIN = dict.fromkeys(("death_hr", "healing_hr", "wound_hr", "amputation_hr", "recurrence_hr"), 1.0)
PLAIN |= {"excess_hr": 1.0, "wound_amputation_hr": 1.0}


@pytest.mark.parametrize(
    ("risk", "before", "changed", "event", "limb", "wound"),
    [
        (
            Risk.MAJOR_AMPUTATION,
            {},
            {"below_knee_share": 1.0},
            Event.BELOW_KNEE_AMPUTATION,
            Limb.BELOW_KNEE,
            Wound.OPEN,
        ),
        (
            Risk.MAJOR_AMPUTATION,
            {},
            {"below_knee_share": 0.0},
            Event.ABOVE_KNEE_AMPUTATION,
            Limb.ABOVE_KNEE,
            Wound.OPEN,
        ),
        (Risk.MINOR_AMPUTATION, {}, {}, Event.MINOR_AMPUTATION, Limb.MINOR_AMPUTATION, Wound.OPEN),
        (Risk.HEALING, {}, {}, Event.HEALED, Limb.INTACT, Wound.HEALED),
        (Risk.HEALING, {"wound": Wound.NONE}, {}, Event.PAIN_RELIEVED, Limb.INTACT, Wound.HEALED),
        (Risk.RECURRENCE, {"wound": Wound.HEALED, "healed_at": 0.1}, {}, Event.NEW_WOUND, Limb.INTACT, Wound.RECURRED),
    ],
)
def test_each_risk_does_what_it_says_and_is_told_so(
    risk: Risk, before: dict[str, Any], changed: dict[str, float], event: Event, limb: Limb, wound: Wound
) -> None:
    """After the time until then is spent: half a year at 0.4 of the budget of 1 of excess death, which none renews."""
    life = a_life(**PLAIN, **before)
    at_risk(life, Risk.EXCESS_DEATH, 0.4, unspent=1.0)
    assert suffer(life, values(**{**RATES, **changed}), 0.5, risk) == event
    assert (life.alive, life.died_at, life.limb, life.wound) == (1, inf, limb, wound)
    assert life.anchor == 0.5
    assert life.budget[Risk.EXCESS_DEATH] == pytest.approx(0.8)
    dates = {"amputated_at": Risk.MAJOR_AMPUTATION, "minor_amputation_at": Risk.MINOR_AMPUTATION}
    for name, cause in dates.items():
        assert (life[name] == 0.5) == (risk == cause)


STUMP = {"limb": Limb.BELOW_KNEE, "amputated_at": 0.25, "mobile": 1, "walking": 1, "renal": Renal.NORMAL}


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        (Event.CONVERSION, True),
        (Event.STUMP_HEALED, False),
        (Event.OTHER_LIMB_AMPUTATION, True),
        (Event.STARTS_DIALYSIS, True),
        (Event.WALKS_NO_MORE, False),
    ],
)
def test_what_is_settled_ahead_happens_and_is_told(kind: Event, changed: bool) -> None:
    """Whether the hazards changed is said, so that what comes next is settled anew."""
    ratios = dict.fromkeys(("death", "healing", "amputation", "recurrence"), 2.0)
    dialysis = {f"{what}_hr_dialysis": ratio for what, ratio in ratios.items()} | {"other_limb_hr_dialysis": 2.0}
    life = a_life(**PLAIN, **STUMP)
    assert care_for(life, values(**RATES, **dialysis), a_policy(), 0.5, kind) == (kind, changed)
    assert (life.limb == Limb.ABOVE_KNEE) == (kind == Event.CONVERSION)
    assert (life.wound == Wound.HEALED) == (kind == Event.STUMP_HEALED)
    assert (life.other_amputated_at == 0.5) == (kind == Event.OTHER_LIMB_AMPUTATION)
    assert (life.dialysis_since == 0.5) == (kind == Event.STARTS_DIALYSIS)
    assert kind != Event.STARTS_DIALYSIS or life.anchor == 0.5
    assert (life.mobile == 0) == (kind in (Event.WALKS_NO_MORE, Event.OTHER_LIMB_AMPUTATION))


def test_walking_begins_when_planned() -> None:
    """It changes no hazard."""
    life = a_life(walks_at=0.5, wound=Wound.HEALED)
    assert care_for(life, values(), a_policy(), 0.5, Event.WALKS) == (Event.WALKS, False)
    assert (life.walking, life.walks_at) == (1, inf)


def test_a_restenosis_is_noted_and_changes_no_hazard() -> None:
    """The path has fallen since the angioplasty was planned so; only the next procedure is settled."""
    life = a_life(step_lost=0.5, step_done=1)
    params = values({"repetition": 1.0, "most": 2.0, "loss_days": 36.525})
    assert care_for(life, params, a_policy(), 0.5, Event.LOSS) == (Event.LOSS, False)
    assert life.next_procedure == pytest.approx(0.6)


DILATION = {
    "plateau": 45.0,
    "plateau_sd": 0.0,
    "rise_days": 36.525,
}


@pytest.mark.parametrize(
    ("number", "success", "event"),
    [
        (0, 1.0, Event.PROCEDURE),
        (0, 0.0, Event.PROCEDURE),
        (1, 1.0, Event.REPEAT_PROCEDURE),
        (1, 0.0, Event.REPEAT_PROCEDURE),
    ],
)
def test_an_angioplasty_is_told_as_first_or_repeated(number: int, success: float, event: Event) -> None:
    """It changes the hazards if it succeeds, and is counted if not."""
    life = a_life(step_done=number, step_next=0.5)
    params = values({**DILATION, "success": success})
    assert care_for(life, params, a_policy({}), 0.5, Event.PROCEDURE) == (event, success == 1.0)
    assert (life.step_done[0], len(ramps(life)), life.next_procedure) == (number + 1, int(success), inf)


def test_a_due_angioplasty_of_a_healed_foot_is_given_up() -> None:
    """Treatment stops; no procedure is counted."""
    life = a_life(step_next=0.5, wound=Wound.HEALED)
    assert care_for(life, values(), a_policy(), 0.5, Event.PROCEDURE) == (Event.STOPS_TREATMENT, False)
    assert (life.next_procedure, life.step_done[0]) == (inf, 0)


def test_a_dose_is_given_or_treatment_stops() -> None:
    """Given, it changes the hazards of a limb that responds. Not given, no further dose is due."""
    policy = a_policy(doses=3.0, interval=0.125, repeat_rule=Repeat.ALWAYS)
    params = values(
        act_death_hr=1.0, recovery_days=36.525, recovery_waning_share=0.0, published_doses=3.0, dose_share=0.5
    )
    responding = {"caused_gain": 30.0, "given_gain": 0.0}
    life = a_life(**responding, next_dose=0.5)
    assert care_for(life, params, policy, 0.5, Event.DOSE) == (Event.DOSE, True)
    assert (life.doses, life.next_dose, len(ramps(life))) == (1, 0.625, 1)
    other = a_life(**{**responding, "caused_gain": 0.0}, next_dose=0.5)
    assert care_for(other, params, policy, 0.5, Event.DOSE) == (Event.DOSE, False)
    healed = a_life(**responding, next_dose=0.5, wound=Wound.HEALED)
    assert care_for(healed, params, policy, 0.5, Event.DOSE) == (Event.STOPS_TREATMENT, False)
    assert (healed.doses, healed.next_dose, healed.last_dose_at) == (0, inf, inf)
    assert in_force(healed) == {}


def test_the_step_that_acts_is_the_one_that_was_due() -> None:
    """The second of two: its loss and its procedure; a step that is not done any more is taken off the plan, alone."""
    params = values({"loss_days": 36.525}, {"loss_days": 36.525, "repetition": 1.0, "most": 2.0})
    both = {"step_therapy": [0, 1, -1, -1], "step_done": [1, 1, 0, 0]}
    lost = a_life(**both, step_lost=[0.9, 0.5, inf, inf])
    care_for(lost, params, a_policy({}, {}), 0.5, Event.LOSS)
    assert (lost.acting, lost.step_lost.tolist()) == (1, [0.9, inf, inf, inf])
    assert lost.step_next.tolist() == [inf, pytest.approx(0.6), inf, inf]
    due = {"step_therapy": [0, 1, -1, -1], "step_done": [1, 0, 0, 0], "step_next": [0.9, 0.5, inf, inf]}
    done = a_life(**due)
    assert care_for(done, params, a_policy({}, {}), 0.5, Event.PROCEDURE) == (Event.PROCEDURE, True)
    assert (done.acting, done.step_done.tolist()[:2], done.next_procedure) == (1, [1, 1], 0.9)
    healed = a_life(**due, wound=Wound.HEALED)
    care_for(healed, params, a_policy({}, {}), 0.5, Event.PROCEDURE)
    assert (healed.acting, healed.step_next.tolist()) == (1, [0.9, inf, inf, inf])


def brought_along(kind: Event, **life: Any) -> Any:
    """A life after what a procedure brought with it half a year after referral, at 0.4 a year of excess of death."""
    found = a_life(**PLAIN, **life)
    at_risk(found, Risk.EXCESS_DEATH, 0.4, unspent=1.0)
    params = values({}, {"death_hr": 0.5}, **RATES)
    assert care_for(found, params, a_policy({}, {}), 0.5, kind) == (kind, True)
    return found


def test_a_procedure_that_kills_ends_the_life() -> None:
    """At its own time; nothing is spent any more."""
    life = brought_along(Event.PROCEDURAL_DEATH, dies_at=0.5)
    assert (life.alive, life.died_at, life.limb, life.anchor) == (0, 0.5, Limb.INTACT, 0.0)


def test_an_amputation_that_a_procedure_brings_is_below_the_knee() -> None:
    """Whatever the share of other operations; 0.2 of the budget is spent by then and nothing else is planned of it."""
    life = brought_along(Event.BELOW_KNEE_AMPUTATION, major_at=0.5, minor_at=0.5)
    assert (life.alive, life.limb, life.amputated_at, life.wound) == (1, Limb.BELOW_KNEE, 0.5, Wound.OPEN)
    assert (life.anchor, life.budget[Risk.EXCESS_DEATH]) == (0.5, pytest.approx(0.8))
    assert (life.major_at, life.minor_at, life.next_sequel) == (inf, inf, inf)


def test_a_minor_amputation_that_a_procedure_brings_is_counted_as_one() -> None:
    """Toes are taken off; the limb is kept and its wound open."""
    life = brought_along(Event.MINOR_AMPUTATION, minor_at=0.5)
    assert (life.limb, life.minor_amputations, life.minor_amputation_at) == (Limb.MINOR_AMPUTATION, 1, 0.5)
    assert (life.wound, life.amputated_at) == (Wound.OPEN, inf)
    assert (life.anchor, life.budget[Risk.EXCESS_DEATH]) == (0.5, pytest.approx(0.8))
    assert (life.minor_at, life.next_sequel) == (inf, inf)


def test_a_direct_effect_ends_with_the_step_that_had_it() -> None:
    """The third of three: a hazard of death halved to 0.4 is 0.8 a year again, and the effects of the others go on."""
    life = a_life(**PLAIN, step_therapy=[0, 1, 2, -1], step_ends=[0.9, 0.8, 0.5, inf], step_works=[1, 1, 1, 0])
    at_risk(life, Risk.EXCESS_DEATH, 0.4, unspent=1.0)
    params = values({"death_hr": 0.25}, {"death_hr": 0.125}, {"death_hr": 0.5}, **RATES)
    assert care_for(life, params, a_policy({}, {}, {}), 0.5, Event.EFFECT_ENDS) == (Event.EFFECT_ENDS, True)
    assert (life.acting, life.next_sequel, life.alive) == (2, 0.8, 1)
    assert (life.rate[Risk.EXCESS_DEATH], life.budget[Risk.EXCESS_DEATH]) == pytest.approx((0.8, 0.8))
