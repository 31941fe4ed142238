"""Walking: at referral, for how long, and on a prosthesis."""

from __future__ import annotations

from math import exp, inf, log

import pytest

from rules.people import a_life, a_patient, chance, exponential, just_above, values
from simulator.rules.pathway.walking import (
    begin_walking,
    plan_walking,
    stop_walking,
    walk,
    walk_no_more,
    walks_on_healed_foot,
)
from simulator.rules.population.patient import walks_at_referral
from simulator.words.vocabulary import Limb, Renal, Stream

PLANNED = {
    "walking_share_below_knee": 1.0,
    "walking_share_above_knee": 1.0,
    "prosthesis_days_below_knee": 73.05,
    "prosthesis_days_above_knee": 146.1,
    "prosthesis_fitting_days": 36.525,
}
"""Everybody walks; a prosthesis takes 0.2 years below the knee and 0.4 above it, and 0.1 years from a healed stump."""
AT_REFERRAL = {
    "walking_share_referral": 0.8,
    "reference_age": 75.0,
    "walking_or_per_decade": 0.5,
    "walking_or_dialysis": 0.25,
    "frailty_walking": 2.0,
    "frailty_sd": 0.5,
}


@pytest.mark.parametrize(
    ("who", "odds"),
    [
        ({}, 4.0),
        ({"age": 85.0}, 2.0),
        ({"age": 65.0}, 8.0),
        ({"renal": float(Renal.DIALYSIS)}, 1.0),
        ({"renal": float(Renal.SEVERE)}, 4.0),
        ({"frailty": 1.0}, 4.0 * exp(-1.0)),
    ],
)
def test_whether_somebody_walks_at_referral_depends_on_age_dialysis_and_frailty(
    who: dict[str, float], odds: float
) -> None:
    """Odds of 4 at 75; half as many a decade later, a quarter on dialysis, exp(-1) in the frail."""
    share = odds / (1.0 + odds)
    params = values(**AT_REFERRAL)
    assert walks_at_referral(a_patient(**who), params, share - 1e-9) == 1.0
    assert walks_at_referral(a_patient(**who), params, share + 1e-9) == 0.0


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_nobody_or_everybody_walks_at_the_ends(share: float) -> None:
    """Odds of nothing or of infinity need no logarithm."""
    assert walks_at_referral(a_patient(), values(walking_share_referral=share), 0.5) == share


@pytest.mark.parametrize("walks", [0.0, 1.0])
def test_the_ability_to_walk_is_lost_at_a_rate_that_rises_with_age(walks: float) -> None:
    """0.1 a year at 75, at 85 exp(0.5) times as much, and rising by 0.05 a year. An open wound keeps nobody from it."""
    life = a_life(walking=7, mobile=7, walking_ends_at=7.0)
    params = values(walking_loss_rate=0.1, walking_loss_per_year_of_age=0.05, reference_age=75.0)
    begin_walking(life, a_patient(walks=walks, age=85.0), params)
    assert (life.mobile, life.walking) == (walks, walks)
    rate = 0.1 * exp(0.5)
    lost = log(1.0 + 0.05 * exponential(Stream.WALKING_LOSS) / rate) / 0.05
    assert life.walking_ends_at == (pytest.approx(lost) if walks else inf)


def test_where_the_ability_to_walk_is_not_lost_no_age_is_asked() -> None:
    """At a rate of nothing it never ends."""
    life = a_life(walking_ends_at=7.0)
    begin_walking(life, a_patient(walks=1.0), values(walking_loss_rate=0.0, walking_loss_per_year_of_age=0.05))
    assert (life.mobile, life.walking_ends_at) == (1, inf)


@pytest.mark.parametrize(
    ("limb", "operated", "walks"),
    [
        (Limb.BELOW_KNEE, 0.95, 1.15),
        (Limb.ABOVE_KNEE, 0.9, 1.3),
        (Limb.BELOW_KNEE, 0.5, 1.1),
        (Limb.ABOVE_KNEE, 0.65, 1.1),
    ],
)
def test_whose_stump_heals_walks_when_the_prosthesis_is_ready(limb: Limb, operated: float, walks: float) -> None:
    """Healed at 1 year; the prosthesis is begun at the operation, and fitted when the stump has healed."""
    life = a_life(limb=limb, mobile=1)
    plan_walking(life, values(**PLANNED), 1.0, operated)
    assert life.walks_at == pytest.approx(walks)


def test_whoever_could_not_walk_gets_no_prosthesis() -> None:
    """Nothing is planned."""
    life = a_life(limb=Limb.BELOW_KNEE, mobile=0)
    plan_walking(life, values(**PLANNED), 1.0, 0.5)
    assert life.walks_at == inf


@pytest.mark.parametrize("operations", [1, 2])
@pytest.mark.parametrize(
    ("limb", "share"),
    [(Limb.BELOW_KNEE, "walking_share_below_knee"), (Limb.ABOVE_KNEE, "walking_share_above_knee")],
)
def test_a_share_of_each_level_walks(limb: Limb, share: str, operations: int) -> None:
    """The draw of this operation decides: at the share the patient does not walk, just below does."""
    u = chance(Stream.WALKING, operations)
    for value, walks in [(u, False), (just_above(u), True)]:
        life = a_life(limb=limb, operations=operations, walks_at=0.3, mobile=1)
        plan_walking(life, values(**{**PLANNED, share: value}), 1.0, 1.0)
        assert (life.walks_at < inf) == walks


def test_the_first_day_of_walking_on_foot_or_prosthesis_is_kept() -> None:
    """Walking at 2 years is the first time unless it was at 1 year before; who does not walk heals without it."""
    for before, first in [(inf, 2.0), (1.0, 1.0)]:
        life = a_life(walks_at=2.0, first_walked_at=before)
        walk(life)
        assert (life.walking, life.first_walked_at, life.walks_at) == (1, first, inf)
        foot = a_life(walking=1, first_walked_at=before)
        walks_on_healed_foot(foot, 2.0)
        assert foot.first_walked_at == first
    chair = a_life(walking=0)
    walks_on_healed_foot(chair, 2.0)
    assert chair.first_walked_at == inf


def test_an_operation_ends_walking_and_age_ends_it_for_good() -> None:
    """And any plan for it; that the patient once walked stays true."""
    life = a_life(walking=1, mobile=1, walks_at=2.0, first_walked_at=1.0, walking_ends_at=3.0)
    stop_walking(life)
    assert (life.walking, life.walks_at, life.first_walked_at, life.mobile, life.walking_ends_at) == (
        0,
        inf,
        1.0,
        1,
        3.0,
    )
    life.walking, life.walks_at = 1, 2.0
    walk_no_more(life)
    assert (life.walking, life.walks_at, life.mobile, life.walking_ends_at) == (0, inf, 0, inf)
