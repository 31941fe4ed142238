"""What happens next to a patient, and what it changes."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from rules.people import a_life, a_policy, at_risk, in_force, ramps, values
from simulator.rules.pathway.happening import care_for, clinical_event, planned_care, suffer
from simulator.words.vocabulary import Event, Limb, Repeat, Risk, Wound


@pytest.mark.parametrize(
    ("times", "time", "kind"),
    [
        ({}, inf, Event.WALKS),
        ({"walks_at": 1.0, "next_angioplasty": 2.0, "restenosis_at": 2.0, "next_dose": 2.0}, 1.0, Event.WALKS),
        ({"walks_at": 2.0, "next_angioplasty": 1.0, "restenosis_at": 2.0, "next_dose": 2.0}, 1.0, Event.ANGIOPLASTY),
        ({"walks_at": 2.0, "next_angioplasty": 2.0, "restenosis_at": 1.0, "next_dose": 2.0}, 1.0, Event.RESTENOSIS),
        ({"walks_at": 2.0, "next_angioplasty": 2.0, "restenosis_at": 2.0, "next_dose": 1.0}, 1.0, Event.DOSE),
        ({"walks_at": 1.0, "next_angioplasty": 1.0, "restenosis_at": 1.0, "next_dose": 1.0}, 1.0, Event.WALKS),
        ({"next_angioplasty": 1.0, "restenosis_at": 1.0, "next_dose": 1.0}, 1.0, Event.ANGIOPLASTY),
        ({"restenosis_at": 1.0, "next_dose": 1.0}, 1.0, Event.RESTENOSIS),
    ],
)
def test_what_is_planned_first_comes_first(times: dict[str, float], time: float, kind: Event) -> None:
    """At equal times in the order of the list of events: walking, angioplasty, restenosis, dose."""
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
    ("risk", "event"),
    [
        (-1, Event.BACKGROUND_DEATH),
        (Risk.DISEASE_DEATH, Event.DISEASE_DEATH),
        (Risk.POSTOPERATIVE_DEATH, Event.POSTOPERATIVE_DEATH),
    ],
)
def test_death_ends_the_life_and_is_told_by_its_cause(risk: int, event: Event) -> None:
    """And changes nothing else: the limb and the wound are as they were."""
    life = a_life()
    assert suffer(life, values(), 0.5, risk) == event
    assert (life.alive, life.died_at, life.anchor, life.limb, life.wound) == (0, 0.5, 0.0, Limb.INTACT, Wound.OPEN)


RATES = {
    **dict.fromkeys(("death_rate_wound", "death_rate_healed", "death_rate_amputee", "amputation_rate"), 0.1),
    **dict.fromkeys(("healing_rate", "minor_amputation_rate", "recurrence_rate", "stump_healing_rate"), 0.1),
    **dict.fromkeys(("death_per_mmhg", "amputation_per_mmhg", "healing_per_mmhg", "recurrence_per_mmhg"), 0.0),
    **dict.fromkeys(("death_trend", "amputation_trend", "healing_trend", "recurrence_trend", "conversion_trend"), 0.0),
    **dict.fromkeys(("postoperative_death_rate", "postoperative_hr_above_knee", "conversion_rate"), 0.1),
    **dict.fromkeys(("walking_share_limb", "walking_share_below_knee", "walking_share_above_knee"), 0.0),
    **dict.fromkeys(("prosthesis_days_below_knee", "prosthesis_days_above_knee"), 100.0),
    "reference_tcpo2": 17.0,
    "recurrence_reference_tcpo2": 40.0,
    "recurrence_hr_minor": 1.0,
    "postoperative_death_trend": -4.0,
}
PLAIN = {"death_hr": 1.0, "healing_hr": 1.0, "wound_hr": 1.0, "amputation_hr": 1.0, "recurrence_hr": 1.0}


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
        (Risk.CONVERSION, {"limb": Limb.BELOW_KNEE}, {}, Event.CONVERSION, Limb.ABOVE_KNEE, Wound.OPEN),
        (Risk.MINOR_AMPUTATION, {}, {}, Event.MINOR_AMPUTATION, Limb.MINOR_AMPUTATION, Wound.OPEN),
        (Risk.HEALING, {}, {}, Event.HEALED, Limb.INTACT, Wound.HEALED),
        (Risk.HEALING, {"wound": Wound.NONE}, {}, Event.PAIN_RELIEVED, Limb.INTACT, Wound.HEALED),
        (Risk.STUMP_HEALING, {"limb": Limb.BELOW_KNEE}, {}, Event.STUMP_HEALED, Limb.BELOW_KNEE, Wound.HEALED),
        (Risk.RECURRENCE, {"wound": Wound.HEALED, "healed_at": 0.1}, {}, Event.NEW_WOUND, Limb.INTACT, Wound.RECURRED),
    ],
)
def test_each_risk_does_what_it_says_and_is_told_so(
    risk: Risk, before: dict[str, Any], changed: dict[str, float], event: Event, limb: Limb, wound: Wound
) -> None:
    """After the time until then is spent: half a year at 0.4 of the budget of 1 of minor amputation, which none renews."""
    life = a_life(**PLAIN, amputated_at=0.25 if "limb" in before else inf, **before)
    at_risk(life, Risk.MINOR_AMPUTATION, 0.4, unspent=1.0)
    assert suffer(life, values(**{**RATES, **changed}), 0.5, risk) == event
    assert (life.alive, life.died_at, life.limb, life.wound) == (1, inf, limb, wound)
    assert life.anchor == 0.5
    assert life.budget[Risk.MINOR_AMPUTATION] == pytest.approx(0.8)
    dates = {"amputated_at": Risk.MAJOR_AMPUTATION, "converted_at": Risk.CONVERSION}
    dates |= {"minor_amputation_at": Risk.MINOR_AMPUTATION}
    for name, cause in dates.items():
        assert (life[name] == 0.5) == (risk == cause)


def test_walking_begins_when_planned() -> None:
    """It changes no hazard."""
    life = a_life(walks_at=0.5, wound=Wound.HEALED)
    assert care_for(life, values(), a_policy(), 0.5, Event.WALKS) == (Event.WALKS, False)
    assert (life.walking, life.walks_at) == (1, inf)


def test_a_restenosis_is_noted_and_changes_no_hazard() -> None:
    """The path has fallen since the angioplasty was planned so; only the next procedure is settled."""
    life = a_life(restenosis_at=0.5, angioplasties=1)
    params = values(repeat_angioplasty=1.0, restenosis_fall_days=36.525)
    assert care_for(life, params, a_policy(), 0.5, Event.RESTENOSIS) == (Event.RESTENOSIS, False)
    assert life.next_angioplasty == pytest.approx(0.6)


DILATION = {
    "angioplasty_plateau": 45.0,
    "angioplasty_plateau_sd": 0.0,
    "angioplasty_rise_days": 36.525,
    "restenosis_rate": 0.0,
}


@pytest.mark.parametrize(
    ("number", "success", "event"),
    [
        (0, 1.0, Event.ANGIOPLASTY),
        (0, 0.0, Event.ANGIOPLASTY),
        (1, 1.0, Event.REPEAT_ANGIOPLASTY),
        (1, 0.0, Event.REPEAT_ANGIOPLASTY),
    ],
)
def test_an_angioplasty_is_told_as_first_or_repeated(number: int, success: float, event: Event) -> None:
    """It changes the hazards if it succeeds, and is counted if not."""
    life = a_life(angioplasties=number, next_angioplasty=0.5)
    params = values(**DILATION, angioplasty_success=success)
    assert care_for(life, params, a_policy(), 0.5, Event.ANGIOPLASTY) == (event, success == 1.0)
    assert (life.angioplasties, len(ramps(life)), life.next_angioplasty) == (number + 1, int(success), inf)


def test_a_due_angioplasty_of_a_healed_foot_is_given_up() -> None:
    """Treatment stops; no procedure is counted."""
    life = a_life(next_angioplasty=0.5, wound=Wound.HEALED)
    assert care_for(life, values(), a_policy(), 0.5, Event.ANGIOPLASTY) == (Event.STOPS_TREATMENT, False)
    assert (life.next_angioplasty, life.angioplasties) == (inf, 0)


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
