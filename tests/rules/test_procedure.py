"""Procedures: success, rise, loss, repetition, direct hazard ratios, harm, and what follows them."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from rules.people import a_life, a_patient, a_policy, at_risk, chance, deviate, exponential, just_above, ramps, values
from simulator.rules.pathway.procedure import (
    carry_out,
    chance_of_success,
    effect_ends,
    first_at,
    has_risen,
    is_lost,
    may_have_a_step,
    plan_steps,
    procedure_is_done,
    sequel,
    settle,
    stop_procedures,
)
from simulator.words.vocabulary import Event, Limb, Renal, Risk, Start, Stream, Wound

DILATION = {
    "success": 1.0,
    "plateau": 45.0,
    "plateau_sd": 6.0,
    "rise_days": 36.525,
    "loss_rate": 0.0,
    "loss_days": 73.05,
}
"""A dilation that always succeeds, rises for a tenth of a year, and never narrows again."""


def dilate(life: Any, therapy: dict[str, float], t: float) -> bool:
    """Carry out the first step of a policy at t."""
    return bool(carry_out(life, values(therapy), a_policy({}), 0, t))


@pytest.mark.parametrize(
    ("limb", "wound", "done"),
    [
        (Limb.INTACT, Wound.NONE, True),
        (Limb.INTACT, Wound.OPEN, True),
        (Limb.MINOR_AMPUTATION, Wound.RECURRED, True),
        (Limb.INTACT, Wound.HEALED, False),
        (Limb.MINOR_AMPUTATION, Wound.HEALED, False),
        (Limb.BELOW_KNEE, Wound.OPEN, False),
        (Limb.ABOVE_KNEE, Wound.OPEN, False),
    ],
)
def test_a_due_angioplasty_is_done_in_a_kept_limb_that_has_not_healed(limb: Limb, wound: Wound, done: bool) -> None:
    """Rest pain and open wounds are dilated; a healed foot and a stump are not."""
    assert procedure_is_done(a_life(limb=limb, wound=wound), values(), a_policy({}), 0, 0.5) == done


@pytest.mark.parametrize("number", [0, 1])
def test_an_angioplasty_fails_where_the_draw_reaches_the_share_that_succeeds(number: int) -> None:
    """The draw of this very angioplasty decides: at the share it fails, just below it succeeds."""
    u = chance(Stream.PROCEDURE_SUCCESS, number)
    failed = a_life(step_done=number, step_next=0.5)
    assert dilate(failed, {**DILATION, "success": u}, 0.5) is False
    assert (failed.step_done[0], failed.next_procedure, ramps(failed), failed.anchor) == (number + 1, inf, [], 0.0)
    succeeded = a_life(step_done=number, step_next=0.5)
    assert dilate(succeeded, {**DILATION, "success": just_above(u)}, 0.5) is True
    assert (succeeded.step_done[0], succeeded.next_procedure, succeeded.ramps) == (number + 1, inf, 1)


@pytest.mark.parametrize(
    ("renal", "severe", "chance_there"),
    [(Renal.SEVERE, 0, 0.8), (Renal.DIALYSIS, 0, 0.5), (Renal.NORMAL, 1, 8.0 / 9.0), (Renal.DIALYSIS, 1, 2.0 / 3.0)],
)
def test_odds_of_success_differ_between_patients(renal: Renal, severe: int, chance_there: float) -> None:
    """Odds of 4 become 1 on dialysis (odds ratio 1/4), 8 in a severe wound (2), and 2 in both."""
    therapy = values({**DILATION, "success": 0.8, "success_or_dialysis": 0.25, "success_or_severe": 2.0}).therapies[0]
    assert chance_of_success(a_life(renal=renal, severe=severe), therapy) == pytest.approx(chance_there, rel=1e-12)


@pytest.mark.parametrize("success", [0.0, 0.8, 1.0])
def test_without_odds_ratios_success_is_as_it_is_written(success: float) -> None:
    """No odds ratio leaves the probability to the last bit, and what is certain stays so with one."""
    life = a_life(renal=Renal.DIALYSIS, severe=1)
    assert chance_of_success(life, values({**DILATION, "success": success}).therapies[0]) == success
    certain = {**DILATION, "success": round(success), "success_or_dialysis": 0.5}
    assert chance_of_success(life, values(certain).therapies[0]) == round(success)


@pytest.mark.parametrize("number", [0, 1])
def test_perfusion_rises_to_a_common_level_whatever_it_was(number: int) -> None:
    """A limb at 20 mmHg that loses 2 a year stands at 19 after half a year: it rises by 45 + 6 z - 19 in 36.525 days."""
    life = a_life(tcpo2_slope=-2.0, step_done=number)
    dilate(life, DILATION, 0.5)
    level = 45.0 + 6.0 * deviate(Stream.PROCEDURE_RISE, number)
    assert ramps(life) == [(0.5, pytest.approx(0.1), pytest.approx(level - 19.0))]
    assert life.next_loss == inf


def test_an_angioplasty_never_lowers_perfusion() -> None:
    """A limb that stands above the common level stays where it is."""
    life = a_life(tcpo2_start=69.0)
    dilate(life, {**DILATION, "plateau_sd": 0.0}, 0.5)
    assert ramps(life) == [(0.5, pytest.approx(0.1), 0.0)]


@pytest.mark.parametrize("number", [0, 1])
def test_restenosis_takes_the_whole_rise_back(number: int) -> None:
    """At a rate of 0.5 a year it comes -log(u) / 0.5 years after the rise of 0.1 years is over and lasts 0.2 years."""
    life = a_life(step_done=number)
    dilate(life, {**DILATION, "loss_rate": 0.5, "plateau_sd": 0.0}, 0.5)
    at = 0.6 + exponential(Stream.PROCEDURE_LOSS, number) / 0.5
    assert life.next_loss == pytest.approx(at)
    assert ramps(life) == [(0.5, pytest.approx(0.1), 25.0), (pytest.approx(at), pytest.approx(0.2), -25.0)]


def test_hazards_until_the_angioplasty_are_spent_on_the_old_path() -> None:
    """A hazard of 0.4 a year for half a year takes 0.2 of a budget of 1 before perfusion changes."""
    life = a_life()
    at_risk(life, Risk.HEALING, 0.4, unspent=1.0)
    dilate(life, DILATION, 0.5)
    assert life.anchor == 0.5
    assert life.budget[Risk.HEALING] == pytest.approx(0.8)


def narrowed(number: int = 1, share: float = 1.0, most: float = 2.0, **stated: float) -> float:
    """When a limb whose vessel narrowed at 1.5 years is dilated again: `number` angioplasties so far, of `most`."""
    life = a_life(step_done=number, step_lost=1.5, **stated)
    is_lost(life, values({"repetition": share, "loss_days": 73.05, "most": most}), a_policy({}), 0)
    assert life.next_loss == inf
    return float(life.next_procedure)


def test_a_narrowed_vessel_is_dilated_again_once_perfusion_has_fallen() -> None:
    """Perfusion falls for 73.05 days, 0.2 years, after 1.5 years; then the limb shows that the vessel has narrowed."""
    assert narrowed() == pytest.approx(1.7)


def test_only_a_share_is_dilated_again() -> None:
    """The draw of the second angioplasty decides: at the share nothing is planned, just below it is."""
    u = chance(Stream.PROCEDURE_REPETITION, 1)
    assert narrowed(share=u) == inf
    assert narrowed(share=just_above(u)) == pytest.approx(1.7)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_vessel_is_dilated_as_often_as_the_register_allows(most: int) -> None:
    """After the last of so many angioplasties a narrowed vessel is left."""
    assert narrowed(number=most, most=float(most)) == inf
    assert narrowed(number=most, most=most + 1.0) < inf


@pytest.mark.parametrize(
    ("limb", "wound", "again"),
    [
        (Limb.INTACT, Wound.OPEN, True),
        (Limb.MINOR_AMPUTATION, Wound.RECURRED, True),
        (Limb.INTACT, Wound.HEALED, False),
        (Limb.INTACT, Wound.NONE, False),
        (Limb.BELOW_KNEE, Wound.OPEN, False),
    ],
)
def test_only_an_open_wound_of_a_kept_limb_is_a_reason_to_dilate_again(limb: Limb, wound: Wound, again: bool) -> None:
    """Nobody dilates for a healed foot, for rest pain that came back, or for a stump."""
    assert (narrowed(limb=limb, wound=wound) < inf) == again


def test_a_rise_adds_to_what_perfusion_was() -> None:
    """10 + 4 z mmHg more, whatever the limb stood at, and never less than nothing."""
    life = a_life()
    dilate(life, {"rise": 10.0, "rise_sd": 4.0, "rise_days": 36.525}, 0.5)
    height = 10.0 + 4.0 * deviate(Stream.PROCEDURE_RISE, 0)
    assert ramps(life) == [(0.5, pytest.approx(0.1), pytest.approx(max(0.0, height)))]


def test_a_small_rise_is_a_rise() -> None:
    """To a plateau of 0.5 mmHg from 0.2, and by 0.5 mmHg."""
    level, more = a_life(tcpo2_start=0.2), a_life()
    dilate(level, {**DILATION, "plateau": 0.5, "plateau_sd": 0.0}, 0.5)
    dilate(more, {"rise": 0.5, "rise_days": 36.525}, 0.5)
    assert (ramps(level)[0][2], ramps(more)[0][2]) == pytest.approx((0.3, 0.5))


def test_a_fall_after_success_is_none() -> None:
    """A limb whose rise would be 1 + sd z = -0.5 mmHg stays where it is."""
    number = next(n for n in range(9) if deviate(Stream.PROCEDURE_RISE, n) < 0.0)
    life = a_life(step_done=number)
    sd = -1.5 / deviate(Stream.PROCEDURE_RISE, number)
    dilate(life, {"rise": 1.0, "rise_sd": sd, "rise_days": 36.525}, 0.5)
    assert ramps(life) == [(0.5, pytest.approx(0.1), 0.0)]


@pytest.mark.parametrize("shape", [0.5, 2.0])
def test_a_changing_hazard_of_loss_is_a_weibull_time(shape: float) -> None:
    """With a rate of 2 a year the time is (-log u) to the power of 1 / shape, over 2; a share of 0.4 of the rise is lost."""
    life = a_life()
    dilate(life, {**DILATION, "plateau_sd": 0.0, "loss_rate": 2.0, "loss_shape": shape, "loss_share": 0.4}, 0.5)
    at = 0.6 + exponential(Stream.PROCEDURE_LOSS, 0) ** (1.0 / shape) / 2.0
    assert life.next_loss == pytest.approx(at)
    assert ramps(life)[1] == (pytest.approx(at), pytest.approx(0.2), pytest.approx(-10.0))


def test_whoever_does_not_complete_a_course_has_nothing_of_it() -> None:
    """The draw decides: at the share that completes nothing rises, just below it something does."""
    u = chance(Stream.COMPLETION)
    for completion, works in ((u, False), (just_above(u), True)):
        assert dilate(a_life(), {**DILATION, "completion": completion}, 0.5) is works


RATIOS = {"healing_hr": 1.25, "amputation_hr": 0.5, "death_hr": 0.8, "effect_days": 182.625}


def test_direct_ratios_multiply_hazards_for_a_while() -> None:
    """Healing 0.4, amputation 0.2 and the excess of death 0.1 a year become 0.5, 0.1 and 0.08 for half a year, and then
    what they were. Death of the disease 4 years off comes in 5, of which a half year passes; then it comes sooner again.
    """
    life = a_life(step_therapy=0, disease_death=4.5)
    rates = {Risk.HEALING: 0.4, Risk.MAJOR_AMPUTATION: 0.2, Risk.EXCESS_DEATH: 0.1}
    for risk, rate in rates.items():
        at_risk(life, risk, rate)
    params = values(RATIOS, death_per_year_of_age=0.0)
    assert carry_out(life, params, a_policy({}), 0, 0.5) is True
    assert [life.rate[risk] for risk in rates] == pytest.approx([0.5, 0.1, 0.08])
    assert [life.effect[risk] for risk in rates] == pytest.approx([1.25, 0.5, 0.8])
    assert life.step_works[0] == 1
    assert (life.next_sequel, ramps(life), life.disease_death) == (pytest.approx(1.0), [], pytest.approx(5.5))
    effect_ends(life, params, 0, 1.0)
    assert [life.rate[risk] for risk in rates] == pytest.approx(list(rates.values()))
    assert [life.effect[risk] for risk in rates] == pytest.approx([1.0, 1.0, 1.0])
    assert (life.next_sequel, life.anchor, life.disease_death) == (inf, 1.0, pytest.approx(4.6))
    assert life.step_works[0] == 0


def test_given_again_a_direct_ratio_lasts_longer_and_is_no_stronger() -> None:
    """A second course three months later: still half the hazard, until half a year after it."""
    life = a_life()
    at_risk(life, Risk.MAJOR_AMPUTATION, 0.2)
    for t in (0.5, 0.75):
        carry_out(life, values(RATIOS, death_per_year_of_age=0.0), a_policy({}), 0, t)
    assert life.rate[Risk.MAJOR_AMPUTATION] == pytest.approx(0.1)
    assert life.next_sequel == pytest.approx(1.25)


@pytest.mark.parametrize(
    ("number", "stream", "time"),
    [
        ("procedural_death", Stream.PROCEDURAL_DEATH, "dies_at"),
        ("major_amputation", Stream.PRIMARY_AMPUTATION, "major_at"),
        ("minor_amputation", Stream.MINOR_WITH, "minor_at"),
    ],
)
def test_what_a_procedure_brings_with_it_happens_at_the_same_moment(number: str, stream: Stream, time: str) -> None:
    """The draw decides: at the share nothing is planned, just below it the sequel is, for the same time."""
    u = chance(stream)
    for share, at in ((u, inf), (just_above(u), 0.5)):
        life = a_life()
        dilate(life, {number: share}, 0.5)
        assert (life[time], life.next_sequel) == (at, at)


def test_therapies_have_luck_of_their_own() -> None:
    """The draws of a therapy are those of its own occurrence: with a luck of 32 the 33rd, not the first."""
    u = chance(Stream.PROCEDURE_SUCCESS, 32)
    assert dilate(a_life(), {**DILATION, "luck": 32.0, "success": u}, 0.5) is False
    assert dilate(a_life(), {**DILATION, "luck": 32.0, "success": just_above(u)}, 0.5) is True


def test_what_follows_a_loss_is_planned_from_it() -> None:
    """A second step that starts when the first is lost, with a wait of 0.1 years, is due 0.1 years after 1.5 years."""
    life = a_life(step_open=[1, 1, 0, 0], step_lost=1.5, step_done=1)
    after = {"start": float(Start.LOSS), "after": 0.0, "wait": 0.1}
    is_lost(life, values({"loss_days": 73.05}), a_policy({}, after), 0)
    assert list(life.step_next[:2]) == [inf, pytest.approx(1.6)]
    closed = a_life(step_open=[1, 0, 0, 0], step_lost=1.5, step_done=1)
    is_lost(closed, values({"loss_days": 73.05}), a_policy({}, after), 0)
    assert closed.next_procedure == inf


@pytest.mark.parametrize(("before", "done"), [(10.0, False), (16.0, True)])
def test_a_step_that_waits_for_no_response_is_left_out_where_tcpo2_has_risen(before: float, done: bool) -> None:
    """At 20 mmHg, measured without error, somebody who had 10 has risen by 5 or more; somebody who had 16 has not."""
    life = a_life(tcpo2_seen=before)
    step = {"start": float(Start.NO_RESPONSE), "rise_below": 5.0}
    assert procedure_is_done(life, values(measurement_sd=0.0), a_policy(step), 0, 0.5) is done


def test_a_rise_is_judged_on_a_measurement_of_its_own() -> None:
    """A limb that loses 2 mmHg a year stands at 19 after half a year; measured for decision 2 with an error of 3 z, it has
    risen from 12 by 7 + 3 z: a limit of just that has been reached, the next number above it has not."""
    life = a_life(tcpo2_seen=12.0, tcpo2_slope=-2.0)
    params = values(measurement_sd=3.0)
    risen = 19.0 + 3.0 * deviate(Stream.RESPONSE_ERROR, 2) - 12.0
    assert has_risen(life, params, risen, 0.5, 2)
    assert not has_risen(life, params, just_above(risen), 0.5, 2)


def test_the_second_step_waits_for_the_first_by_its_own_limit_and_number() -> None:
    """Its decision is number 1; once it has been done, what TcPO2 does stops it no more."""
    risen = 19.0 + 3.0 * deviate(Stream.RESPONSE_ERROR, 1) - 12.0
    params, path = values(measurement_sd=3.0), {"tcpo2_seen": 12.0, "tcpo2_slope": -2.0}
    for limit, done in ((risen, False), (just_above(risen), True)):
        policy = a_policy({}, {"start": float(Start.NO_RESPONSE), "rise_below": limit})
        assert procedure_is_done(a_life(**path), params, policy, 1, 0.5) is done
        assert procedure_is_done(a_life(**path, step_done=[0, 1, 0, 0]), params, policy, 1, 0.5) is True
        assert procedure_is_done(a_life(**path), params, policy, 0, 0.5) is True


OLD, YOUNG = {"age_at_least": 80.0}, {"age_below": 80.0}
"""Criteria that a patient of 75 does not meet, and does."""


@pytest.mark.parametrize(
    ("steps", "any_of_them"),
    [((), False), ((OLD,), False), ((OLD, YOUNG), True), ((YOUNG, OLD), True), ((OLD, OLD, OLD, YOUNG), True)],
)
def test_one_therapy_that_takes_the_patient_is_enough(steps: tuple[dict[str, float], ...], any_of_them: bool) -> None:
    """At 75, of therapies for people under or over 80."""
    assert may_have_a_step(a_patient(), a_policy(*steps)) is any_of_them


def planned(life: Any, *steps: dict[str, float], **params: Any) -> Any:
    """The life after these steps were planned for a patient of 75 half a year after referral."""
    plan_steps(life, a_patient(), values(**params), a_policy(*steps), 0.5)
    return life


def test_steps_at_referral_are_planned_for_those_whom_they_take() -> None:
    """The first step in 0.1 years; the second takes nobody of 75; the third waits for a loss, and may follow; what a former
    policy had planned as its fourth is not done."""
    life = a_life(step_therapy=[0, 1, 2, -1], step_next=[inf, 0.9, inf, 0.55], step_open=[0, 1, 0, 0])
    planned(life, {"wait": 0.1}, OLD, {"start": float(Start.LOSS), **YOUNG})
    assert life.step_next.tolist() == [pytest.approx(0.6), inf, inf, inf]
    assert life.step_open.tolist()[:3] == [1, 0, 1]
    assert life.next_procedure == pytest.approx(0.6)


def test_another_therapy_in_the_place_of_a_step_begins_afresh() -> None:
    """The former one's ratio of 2 on healing ends at once, and what it did and will lose is forgotten; the same therapy as
    before keeps its count, its loss and its ratio."""
    params = [{"healing_hr": 2.0, "effect_days": 365.25}, {"healing_hr": 4.0}, {}]
    life = a_life(step_therapy=[0, 1, -1, -1], step_done=[3, 2, 0, 0], step_lost=[0.7, 0.8, inf, inf])
    life.step_works[:2], life.step_ends[:2] = 1, [1.0, 1.1]
    at_risk(life, Risk.HEALING, 0.8, unspent=1.0)
    plan_steps(life, a_patient(), values(*params, death_per_year_of_age=0.0), a_policy({"therapy": 2.0}, {}), 0.5)
    assert life.step_therapy.tolist() == [2, 1, -1, -1]
    assert (life.step_done.tolist()[:2], life.step_lost.tolist()[:2]) == ([0, 2], [inf, 0.8])
    assert (life.step_works.tolist()[:2], life.step_ends.tolist()[:2]) == ([0, 1], [inf, 1.1])
    assert (life.rate[Risk.HEALING], life.budget[Risk.HEALING]) == pytest.approx((0.4, 0.6))
    assert (life.next_loss, life.next_sequel) == (0.8, 1.1)


def test_a_former_therapy_that_no_longer_works_takes_no_ratio_back() -> None:
    """It was given once and its ratios have ended: hazards stay what they are, and nothing is spent."""
    life = a_life(step_therapy=[0, -1, -1, -1], step_done=1)
    at_risk(life, Risk.HEALING, 0.8, unspent=1.0)
    plan_steps(life, a_patient(), values({"healing_hr": 2.0}, {}), a_policy({"therapy": 1.0}), 0.5)
    assert (life.rate[Risk.HEALING], life.budget[Risk.HEALING], life.step_done[0]) == (0.8, 1.0, 0)


LOST = {"cells_start": float(Start.LOSS), "cells_after": 0.0, "waiting": 0.2, "doses": 1.0}


@pytest.mark.parametrize(
    ("policy", "life", "due"),
    [
        ({}, {}, 1.7),
        ({}, {"next_dose": 1.6}, 1.6),
        ({}, {"next_dose": 1.9}, 1.7),
        ({"doses": 0.0}, {}, inf),
        ({"cells_start": float(Start.NO_RESPONSE)}, {}, inf),
        ({"cells_after": 1.0}, {}, inf),
        ({}, {"doses": 1}, inf),
    ],
)
def test_cells_follow_what_was_lost(policy: dict[str, float], life: dict[str, Any], due: float) -> None:
    """Lost at 1.5 years, cells come 0.2 years later, or when they were planned already, whichever is first. Not where the
    policy has none, starts them otherwise or after another step, nor where a dose has been given."""
    found = a_life(step_lost=1.5, step_done=1, **life)
    is_lost(found, values({"loss_days": 73.05}), a_policy({}, **{**LOST, **policy}), 0)
    assert found.next_dose == pytest.approx(due)


@pytest.mark.parametrize(
    ("step", "life", "due"),
    [
        ({}, {}, 1.6),
        ({}, {"step_next": [inf, 1.55, inf, inf]}, 1.55),
        ({}, {"step_next": [inf, 1.9, inf, inf]}, 1.6),
        ({}, {"step_done": [1, 1, 0, 0]}, inf),
        ({}, {"step_open": [1, 0, 0, 0]}, inf),
        ({"start": float(Start.NO_RESPONSE)}, {}, inf),
        ({"after": -1.0}, {}, inf),
    ],
)
def test_a_step_follows_what_was_lost(step: dict[str, float], life: dict[str, Any], due: float) -> None:
    """Lost at 1.5 years, the second step comes 0.1 years later or sooner, once, in those whom it takes, if it waits for this."""
    found = a_life(**{"step_open": [1, 1, 0, 0], "step_lost": 1.5, "step_done": 1, **life})
    after = {"start": float(Start.LOSS), "after": 0.0, "wait": 0.1, **step}
    is_lost(found, values({"loss_days": 73.05}), a_policy({}, after), 0)
    assert found.next_procedure == pytest.approx(due)


@pytest.mark.parametrize(("number", "due"), [(0, 0.75), (1, inf)])
def test_what_follows_without_a_response_is_planned_with_the_first_time(number: int, due: float) -> None:
    """The first step waits a quarter of a year for the third to show something; a repetition of the third plans nothing."""
    waiting = {"start": float(Start.NO_RESPONSE), "after": 2.0, "wait": 0.25}
    life = a_life(step_open=[1, 1, 1, 0], step_done=[0, 0, number, 0], step_therapy=[0, 1, 2, -1])
    carry_out(life, values(DILATION, DILATION, DILATION), a_policy(waiting, {}, {}), 2, 0.5)
    assert life.next_procedure == pytest.approx(due)


def test_only_the_gravest_of_what_a_procedure_brings_happens() -> None:
    """Certain death, loss of the limb and loss of toes: death; without it the limb; and toes only where there is a wound."""
    all_three = {"procedural_death": 1.0, "major_amputation": 1.0, "minor_amputation": 1.0}

    def told(wound: Wound = Wound.OPEN, **without: float) -> list[float]:
        life = a_life(wound=wound)
        dilate(life, {**all_three, **without}, 0.5)
        return [float(life.dies_at), float(life.major_at), float(life.minor_at)]

    assert told() == [0.5, inf, inf]
    assert told(procedural_death=0.0) == [inf, 0.5, inf]
    assert told(procedural_death=0.0, major_amputation=0.0) == [inf, inf, 0.5]
    assert told(wound=Wound.NONE, procedural_death=0.0, major_amputation=0.0) == [inf, inf, inf]


def test_a_loss_without_a_rise_takes_nothing_of_the_path() -> None:
    """A ratio on healing that is lost one day: its time is settled, the path stays flat."""
    life = a_life()
    dilate(life, {"healing_hr": 2.0, "effect_days": 36.525, "loss_rate": 0.5}, 0.5)
    assert life.next_loss == pytest.approx(0.5 + exponential(Stream.PROCEDURE_LOSS) / 0.5)
    assert ramps(life) == []


def test_a_rise_of_which_nothing_is_lost_stays() -> None:
    """With a share of nought the loss is noted and the path keeps what it has."""
    life = a_life()
    dilate(life, {**DILATION, "plateau_sd": 0.0, "loss_rate": 0.5, "loss_share": 0.0}, 0.5)
    assert (life.next_loss < inf, ramps(life)) == (True, [(0.5, pytest.approx(0.1), 25.0)])


@pytest.mark.parametrize("alone", [{"healing_hr": 2.0}, {"amputation_hr": 2.0}, {"death_hr": 2.0}])
def test_each_direct_ratio_alone_is_enough(alone: dict[str, float]) -> None:
    """Its end is settled, and it alone moves what it is about; without any there is nothing to end."""
    life = a_life()
    for risk in (Risk.HEALING, Risk.MAJOR_AMPUTATION, Risk.EXCESS_DEATH):
        at_risk(life, risk, 0.3)
    by_age = {"death_per_year_of_age": 0.0} if "death_hr" in alone else {}
    life.disease_death = 4.5
    carry_out(life, values({**alone, "effect_days": 36.525}, **by_age), a_policy({}), 0, 0.5)
    assert life.disease_death == (2.5 if by_age else 4.5)
    assert life.next_sequel == pytest.approx(0.6)
    about = {"healing_hr": Risk.HEALING, "amputation_hr": Risk.MAJOR_AMPUTATION, "death_hr": Risk.EXCESS_DEATH}
    for name, risk in about.items():
        assert life.rate[risk] == pytest.approx(0.6 if name in alone else 0.3)
    nothing = a_life()
    dilate(nothing, {"effect_days": 36.525}, 0.5)
    assert (nothing.next_sequel, nothing.step_works[0]) == (inf, 0)


def test_after_a_major_operation_nothing_acts_on_the_limb_any_more() -> None:
    """Of two therapies the one in force gives its ratio of 0.5 on death back, from half a year on; no procedure, loss,
    operation or end of a ratio is planned, and no ratio waits for a new state."""
    life = a_life(step_therapy=[0, 1, -1, -1], step_next=0.6, step_lost=0.7, minor_at=0.5, major_at=0.5, dies_at=0.9)
    life.step_works[1], life.step_ends[:2] = 1, [0.9, 0.8]
    life.effect[Risk.EXCESS_DEATH] = 0.5
    at_risk(life, Risk.EXCESS_DEATH, 0.1, unspent=1.0)
    settle(life)
    params = values({"death_hr": 0.25}, {"death_hr": 0.5, "healing_hr": 2.0}, death_per_year_of_age=0.0)
    stop_procedures(life, params, 0.5)
    assert (life.rate[Risk.EXCESS_DEATH], life.budget[Risk.EXCESS_DEATH]) == pytest.approx((0.2, 0.95))
    assert life.effect.tolist() == [1.0] * len(life.effect)
    assert (life.next_procedure, life.next_loss, life.next_sequel) == (inf, inf, inf)
    assert (life.minor_at, life.major_at, life.dies_at) == (inf, inf, inf)
    assert life.step_works.tolist() == [0] * 4


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_the_first_of_each_kind_is_found_among_the_steps(place: int) -> None:
    """Whatever the step: its procedure, its loss and the end of its ratios are the next of their kind."""
    life = a_life()
    for times, at in ((life.step_next, 0.3), (life.step_lost, 0.4), (life.step_ends, 0.5)):
        times[:] = at + 1.0
        times[place] = at
    settle(life)
    assert (life.next_procedure, life.next_loss, life.next_sequel) == (0.3, 0.4, 0.5)
    assert first_at(life.step_next, 0.3) == place
    assert first_at(life.step_next, 1.3) == (0 if place else 1)


@pytest.mark.parametrize(
    ("times", "event"),
    [
        ({"dies_at": 0.5, "major_at": 0.5, "minor_at": 0.5, "step_ends": 0.5}, Event.PROCEDURAL_DEATH),
        ({"major_at": 0.5, "minor_at": 0.5, "step_ends": 0.5}, Event.BELOW_KNEE_AMPUTATION),
        ({"minor_at": 0.5, "step_ends": 0.5}, Event.MINOR_AMPUTATION),
        ({"dies_at": 0.6, "major_at": 0.6, "minor_at": 0.6, "step_ends": 0.5}, Event.EFFECT_ENDS),
    ],
)
def test_of_sequels_at_one_time_the_gravest_comes_first(times: dict[str, float], event: Event) -> None:
    """Death, the limb, toes, the end of a ratio; what comes later is not asked."""
    life = a_life(**times)
    assert (life.next_sequel, sequel(life)) == (0.5, event)
