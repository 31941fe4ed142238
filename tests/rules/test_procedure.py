"""Procedures: success, rise, loss, repetition, direct hazard ratios, harm, and what follows them."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from rules.people import a_life, a_policy, at_risk, chance, deviate, exponential, just_above, ramps, values
from simulator.rules.pathway.procedure import carry_out, effect_ends, is_lost, procedure_is_done
from simulator.words.vocabulary import Limb, Risk, Start, Stream, Wound

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
    """At a rate of 0.5 a year it comes -log(u) / 0.5 years later and lasts 73.05 days, 0.2 years."""
    life = a_life(step_done=number)
    dilate(life, {**DILATION, "loss_rate": 0.5, "plateau_sd": 0.0}, 0.5)
    at = 0.5 + exponential(Stream.PROCEDURE_LOSS, number) / 0.5
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


def test_a_falling_hazard_of_loss_is_a_weibull_time() -> None:
    """With a shape of 0.5 and a rate of 2 a year the time is (-log u) squared, over 2; a share of 0.4 of the rise is lost."""
    life = a_life()
    dilate(life, {**DILATION, "plateau_sd": 0.0, "loss_rate": 2.0, "loss_shape": 0.5, "loss_share": 0.4}, 0.5)
    at = 0.5 + exponential(Stream.PROCEDURE_LOSS, 0) ** 2 / 2.0
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
    assert (life.next_sequel, ramps(life), life.disease_death) == (pytest.approx(1.0), [], pytest.approx(5.5))
    effect_ends(life, params, 0, 1.0)
    assert [life.rate[risk] for risk in rates] == pytest.approx(list(rates.values()))
    assert [life.effect[risk] for risk in rates] == pytest.approx([1.0, 1.0, 1.0])
    assert (life.next_sequel, life.anchor, life.disease_death) == (inf, 1.0, pytest.approx(4.6))


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
