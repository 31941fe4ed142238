"""Angioplasty and restenosis."""

from __future__ import annotations

from math import inf

import pytest

from rules.people import a_life, at_risk, chance, deviate, exponential, just_above, ramps, values
from simulator.rules.pathway.angioplasty import angioplasty_is_done, dilate, restenosis
from simulator.words.vocabulary import Limb, Risk, Stream, Wound

DILATION = {
    "angioplasty_success": 1.0,
    "angioplasty_plateau": 45.0,
    "angioplasty_plateau_sd": 6.0,
    "angioplasty_rise_days": 36.525,
    "restenosis_rate": 0.0,
    "restenosis_fall_days": 73.05,
}
"""A dilation that always succeeds, rises for a tenth of a year, and never narrows again."""


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
    assert angioplasty_is_done(a_life(limb=limb, wound=wound)) == done


@pytest.mark.parametrize("number", [0, 1])
def test_an_angioplasty_fails_where_the_draw_reaches_the_share_that_succeeds(number: int) -> None:
    """The draw of this very angioplasty decides: at the share it fails, just below it succeeds."""
    u = chance(Stream.ANGIOPLASTY_SUCCESS, number)
    failed = a_life(angioplasties=number, next_angioplasty=0.5)
    assert dilate(failed, values(**{**DILATION, "angioplasty_success": u}), 0.5) is False
    assert (failed.angioplasties, failed.next_angioplasty, ramps(failed), failed.anchor) == (number + 1, inf, [], 0.0)
    succeeded = a_life(angioplasties=number, next_angioplasty=0.5)
    assert dilate(succeeded, values(**{**DILATION, "angioplasty_success": just_above(u)}), 0.5) is True
    assert (succeeded.angioplasties, succeeded.next_angioplasty, succeeded.ramps) == (number + 1, inf, 1)


@pytest.mark.parametrize("number", [0, 1])
def test_perfusion_rises_to_a_common_level_whatever_it_was(number: int) -> None:
    """A limb at 20 mmHg that loses 2 a year stands at 19 after half a year: it rises by 45 + 6 z - 19 in 36.525 days."""
    life = a_life(tcpo2_slope=-2.0, angioplasties=number)
    dilate(life, values(**DILATION), 0.5)
    level = 45.0 + 6.0 * deviate(Stream.ANGIOPLASTY_PLATEAU, number)
    assert ramps(life) == [(0.5, pytest.approx(0.1), pytest.approx(level - 19.0))]
    assert life.restenosis_at == inf


def test_an_angioplasty_never_lowers_perfusion() -> None:
    """A limb that stands above the common level stays where it is."""
    life = a_life(tcpo2_start=69.0)
    dilate(life, values(**{**DILATION, "angioplasty_plateau_sd": 0.0}), 0.5)
    assert ramps(life) == [(0.5, pytest.approx(0.1), 0.0)]


@pytest.mark.parametrize("number", [0, 1])
def test_restenosis_takes_the_whole_rise_back(number: int) -> None:
    """At a rate of 0.5 a year it comes -log(u) / 0.5 years later and lasts 73.05 days, 0.2 years."""
    life = a_life(angioplasties=number)
    dilate(life, values(**{**DILATION, "restenosis_rate": 0.5, "angioplasty_plateau_sd": 0.0}), 0.5)
    at = 0.5 + exponential(Stream.RESTENOSIS, number) / 0.5
    assert life.restenosis_at == pytest.approx(at)
    assert ramps(life) == [(0.5, pytest.approx(0.1), 25.0), (pytest.approx(at), pytest.approx(0.2), -25.0)]


def test_hazards_until_the_angioplasty_are_spent_on_the_old_path() -> None:
    """A hazard of 0.4 a year for half a year takes 0.2 of a budget of 1 before perfusion changes."""
    life = a_life()
    at_risk(life, Risk.HEALING, 0.4, unspent=1.0)
    dilate(life, values(**DILATION), 0.5)
    assert life.anchor == 0.5
    assert life.budget[Risk.HEALING] == pytest.approx(0.8)


def narrowed(number: int = 1, share: float = 1.0, most: float = 2.0, **stated: float) -> float:
    """When a limb whose vessel narrowed at 1.5 years is dilated again: `number` angioplasties so far, of `most`."""
    life = a_life(angioplasties=number, restenosis_at=1.5, **stated)
    restenosis(life, values(repeat_angioplasty=share, restenosis_fall_days=73.05, most_angioplasties=most))
    assert life.restenosis_at == inf
    return float(life.next_angioplasty)


def test_a_narrowed_vessel_is_dilated_again_once_perfusion_has_fallen() -> None:
    """Perfusion falls for 73.05 days, 0.2 years, after 1.5 years; then the limb shows that the vessel has narrowed."""
    assert narrowed() == pytest.approx(1.7)


def test_only_a_share_is_dilated_again() -> None:
    """The draw of the second angioplasty decides: at the share nothing is planned, just below it is."""
    u = chance(Stream.REPEAT_ANGIOPLASTY, 1)
    assert narrowed(share=u) == inf
    assert narrowed(share=just_above(u)) == pytest.approx(1.7)


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_vessel_is_dilated_as_often_as_the_register_allows(most: int) -> None:
    """After the last of so many angioplasties a narrowed vessel is left."""
    assert narrowed(number=most, most=most) == inf
    assert narrowed(number=most, most=most + 1) < inf


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
