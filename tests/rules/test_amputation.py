"""Minor and major amputation, its level, conversion, and the other leg."""

from __future__ import annotations

from math import exp, inf, log
from typing import Any

import pytest

from rules.people import a_life, a_patient, at_risk, chance, exponential, in_force, just_above, values
from simulator.rules.pathway.amputation import (
    amputate_major,
    amputate_minor,
    below_knee_chance,
    convert,
    lose_other_limb,
    new_stump,
)
from simulator.rules.pathway.other_limb import other_limb_after_amputation, plan_other_limb
from simulator.rules.pathway.risks import minor_amputation_occurrence
from simulator.words.vocabulary import Limb, Renal, Risk, Stream, Wound

STUMP = {
    "death_rate_wound": 0.5,
    "death_causal_share": 0.25,
    "death_per_mmhg": -0.04,
    "death_trend": 0.0,
    "death_ratio_amputee": 16.0,
    "death_per_year_of_age": 0.0,
    "postoperative_death_rate": 0.8,
    "postoperative_hr_above_knee": 1.5,
    "postoperative_death_trend": 0.0,
    "stump_healing_rate_below_knee": 2.0,
    "stump_healing_rate_above_knee": 4.0,
    "stump_healing_lag_days": 36.525,
    "conversion_rate": 0.1,
    "conversion_trend": 0.0,
    "other_limb_trend": 0.0,
    "other_limb_hr_amputated": 2.0,
    "frailty_sd": 0.0,
    "frailty_level": 0.0,
}
OPEN_FOOT: dict[str, Any] = {
    "severe": 1,
    "walking": 1,
    "mobile": 1,
    "walks_at": 0.9,
    "next_dose": 0.6,
    "step_next": 0.7,
    "step_lost": 0.8,
    "death_hr": 2.0,
    "excess_hr": 1.0,
    "healing_hr": 0.5,
}
MINOR = {
    "amputation_rate": 0.6,
    "amputation_per_mmhg": 0.0,
    "amputation_trend": -0.2,
    "amputation_hr_minor": 0.25,
    "minor_amputation_rate": 0.8,
    "most_minor_amputations": 9.0,
    "minor_amputation_per_mmhg": 0.0,
    "minor_amputation_trend": -0.5,
    "minor_amputation_hr_no_gangrene": 0.25,
    "healing_rate": 0.4,
    "healing_per_mmhg": 0.0,
    "healing_trend": 0.1,
    "healing_hr_gangrene": 0.1,
    "healing_hr_no_gangrene": 9.0,
    "minor_amputation_lag_days": 0.0,
}


def test_an_operation_brings_no_gangrene_into_a_foot_without_it() -> None:
    """Though none would be cleared."""
    life = a_life(**OPEN_FOOT, gangrene=0, wound_hr=1.0)
    amputate_minor(life, values(**MINOR, minor_amputation_success=0.0), 0.5)
    assert (life.limb, life.gangrene) == (Limb.MINOR_AMPUTATION, 0)


def test_what_a_therapy_did_to_death_ends_with_the_limb() -> None:
    """A ratio of 0.5 on death of the disease from a therapy in force: 4 years away at half the hazard, it is 2 without it."""
    life = a_life(**OPEN_FOOT, limb=Limb.BELOW_KNEE, disease_death=4.5, step_works=[1, 0, 0, 0])
    life.step_therapy[0] = 0
    new_stump(life, values({"death_hr": 0.5}, **STUMP), 0.5)
    assert life.disease_death == pytest.approx(2.5)
    assert life.step_works.tolist() == [0] * 4


@pytest.mark.parametrize(("aside", "cleared"), [(0, False), (1, True)])
def test_a_minor_amputation_may_clear_gangrene_and_leaves_the_wound_open(aside: int, cleared: bool) -> None:
    """The operation's own draw decides: at the share gangrene stays, just below it is gone and the wound can heal.

    From the operation on the leg is lost a quarter as often. Hazards still count from the day on which the wound opened.
    """
    u = chance(Stream.MINOR_AMPUTATION_SUCCESS, 0)
    life = a_life(**OPEN_FOOT, gangrene=1, wound_hr=1.0, amputation_hr=1.5, wound_amputation_hr=2.0)
    at_risk(life, Risk.MINOR_AMPUTATION, 0.8)
    life.since[Risk.MINOR_AMPUTATION] = 0.25
    params = values(**MINOR, minor_amputation_success=just_above(u) if aside else u)
    amputate_minor(life, params, 0.5)
    assert (life.limb, life.minor_amputation_at, life.amputated_at) == (Limb.MINOR_AMPUTATION, 0.5, inf)
    assert (life.gangrene == 0) == cleared
    assert in_force(life) == {
        Risk.MAJOR_AMPUTATION: (pytest.approx(0.6 * 1.5 * 2.0 * 0.25), 0.0, -0.2, 0.25),
        Risk.HEALING: (pytest.approx(0.4 * 0.5 * (1.0 if cleared else 0.1)), 0.0, 0.1, 0.25),
        Risk.MINOR_AMPUTATION: (pytest.approx(0.8 * (0.25 if cleared else 1.0)), 0.0, -0.5, 0.25),
    }
    assert (life.wound, life.severe, life.walking, life.next_dose) == (Wound.OPEN, 1, 1, 0.6)


@pytest.mark.parametrize(("wounds", "before"), [(0, 0), (0, 2), (3, 1)])
def test_every_minor_amputation_has_luck_of_its_own(wounds: int, before: int) -> None:
    """By the wound and how many it has had; the date of the first one is kept."""
    life = a_life(**OPEN_FOOT, gangrene=0, wound_hr=1.0, wounds=wounds, minor_amputations=before)
    life.minor_amputation_at = 0.1
    assert minor_amputation_occurrence(life) == 100 * wounds + before
    amputate_minor(life, values(**MINOR), 0.5)
    expected = exponential(Stream.MINOR_AMPUTATION, 100 * wounds + before + 1)
    assert life.budget[Risk.MINOR_AMPUTATION] == expected
    assert (life.minor_amputations, life.minor_amputation_at) == (before + 1, 0.1)


@pytest.mark.parametrize("slope", [0.0, 20.0])
def test_a_foot_that_was_operated_on_does_not_close_for_some_weeks(slope: float) -> None:
    """Healing has to spend in addition what it would spend in those weeks, along the perfusion of that time.

    Operated on half a year after the wound opened, with a lag of a tenth of a year and 0.2 a year as the hazard at 20 mmHg:
    trend and slope make an exponent of 0.1 + 0.03 * slope.
    """
    life = a_life(**OPEN_FOOT, gangrene=0, wound_hr=1.0, tcpo2_slope=slope)
    at_risk(life, Risk.MINOR_AMPUTATION, 0.8)
    life.budget[Risk.HEALING] = 0.3
    amputate_minor(life, values(**{**MINOR, "healing_per_mmhg": 0.03, "minor_amputation_lag_days": 36.525}), 0.5)
    exponent = 0.1 + 0.03 * slope
    hazard = 0.4 * 0.5 * exp(0.5 * exponent)
    spent = hazard * (exp(0.1 * exponent) - 1.0) / exponent
    assert life.budget[Risk.HEALING] == pytest.approx(0.3 + spent, rel=1e-12)


@pytest.mark.parametrize("gangrene", [0, 1])
def test_a_foot_is_not_operated_on_again_for_some_weeks(gangrene: int) -> None:
    """The next minor amputation has to spend in addition what it would spend in a tenth of a year; loss of the leg has not.

    Half a year after the wound opened the hazard is 0.8 exp(-0.25) a year, a quarter of it without gangrene.
    """
    life = a_life(**OPEN_FOOT, gangrene=gangrene, wound_hr=1.0)
    life.budget[Risk.MAJOR_AMPUTATION] = 0.6
    at_risk(life, Risk.MINOR_AMPUTATION, 0.8)
    lag = {**MINOR, "minor_amputation_lag_days": 36.525, "minor_amputation_success": 0.0}
    amputate_minor(life, values(**lag), 0.5)
    hazard = 0.8 * exp(-0.25) * (1.0 if gangrene else 0.25)
    spent = hazard * (1.0 - exp(-0.05)) / 0.5
    own = exponential(Stream.MINOR_AMPUTATION, 1)
    assert life.budget[Risk.MINOR_AMPUTATION] == pytest.approx(own + spent, rel=1e-12)
    assert life.budget[Risk.MAJOR_AMPUTATION] == 0.6


@pytest.mark.parametrize(("aside", "limb"), [(0, Limb.ABOVE_KNEE), (1, Limb.BELOW_KNEE)])
def test_the_level_is_below_the_knee_in_a_share(aside: int, limb: Limb) -> None:
    """The patient's draw decides: at the share above the knee, just below it is below, and may have to be converted."""
    u = chance(Stream.AMPUTATION_LEVEL)
    life = a_life(**OPEN_FOOT, disease_death=4.5, other_limb_at=4.5)
    amputate_major(life, values(**STUMP, below_knee_share=just_above(u) if aside else u), 0.5)
    assert (life.limb, life.amputated_at, life.converted_at) == (limb, 0.5, inf)
    assert life.operations == 1
    later = 0.5 + exponential(Stream.CONVERSION) / 0.1
    assert life.conversion_at == (pytest.approx(later) if limb == Limb.BELOW_KNEE else inf)


@pytest.mark.parametrize(
    ("frailty", "share", "chance"),
    [(0.0, 0.5, 0.5), (1.0, 0.5, 0.2), (-1.0, 0.5, 0.8), (1.0, 1.0, 1.0), (-1.0, 0.0, 0.0)],
)
def test_the_frail_lose_the_leg_above_the_knee(frailty: float, share: float, chance: float) -> None:
    """Half the effect on death, of log 16 for each unit, divides the odds of a level below the knee by 4; who has no choice
    has none."""
    params = values(frailty_sd=log(16.0), frailty_level=0.5, below_knee_share=share)
    assert below_knee_chance(a_life(frailty=frailty), params) == pytest.approx(chance)


@pytest.mark.parametrize(("frailty", "limb"), [(2.0, Limb.ABOVE_KNEE), (-2.0, Limb.BELOW_KNEE)])
def test_frailty_decides_at_the_operation(frailty: float, limb: Limb) -> None:
    """The patient's draw falls on the other side of the chance with another frailty."""
    life = a_life(**OPEN_FOOT, frailty=frailty)
    amputate_major(life, values(**{**STUMP, "frailty_sd": 3.0, "frailty_level": 1.0}, below_knee_share=0.5), 0.5)
    assert life.limb == limb


def test_the_loss_of_a_leg_brings_death_nearer_by_its_causal_share_and_the_other_leg_into_danger() -> None:
    """A quarter of the log of 16 is that of 2: death 4 years off comes in 2, as does the loss of the other leg."""
    life = a_life(**OPEN_FOOT, disease_death=4.5, other_limb_at=4.5)
    amputate_major(life, values(**STUMP, below_knee_share=1.0), 0.5)
    assert life.disease_death == pytest.approx(2.5)
    assert life.other_limb_at == pytest.approx(2.5)
    assert in_force(life) == {Risk.EXCESS_DEATH: (pytest.approx(0.5 * 2.0 * 0.75), 0.0, 0.0, 0.5)}


@pytest.mark.parametrize(("limb", "rate", "peak"), [(Limb.BELOW_KNEE, 2.0, 1.6), (Limb.ABOVE_KNEE, 4.0, 2.4)])
@pytest.mark.parametrize("operations", [0, 1])
def test_a_stump_heals_after_a_lag_by_its_level_and_the_operation_may_kill(
    limb: Limb, rate: float, peak: float, operations: int
) -> None:
    """No trace of the foot that is gone: neither its class nor its healing. Each operation has luck of its own."""
    life = a_life(**OPEN_FOOT, limb=limb, wound=Wound.RECURRED, operations=operations)
    new_stump(life, values(**STUMP), 0.5)
    assert (life.wound, life.severe, life.walking, life.walks_at, life.mobile) == (Wound.OPEN, 0, 0, inf, 1)
    assert (life.next_dose, life.next_procedure, life.next_loss) == (inf, inf, inf)
    assert life.stump_heals_at == pytest.approx(0.5 + 0.1 + exponential(Stream.STUMP_HEALING, operations) / rate)
    killed = 0.5 + exponential(Stream.POSTOPERATIVE_DEATH, operations) / peak
    assert life.postoperative_death == pytest.approx(killed)
    assert life.operations == operations + 1


def test_conversion_is_a_new_operation_above_the_knee() -> None:
    """The date of the first amputation stays, its danger gives way to the new one; nothing is left to convert."""
    life = a_life(**OPEN_FOOT, limb=Limb.BELOW_KNEE, amputated_at=0.5, operations=1, conversion_at=1.5)
    life.postoperative_death = 1.6
    convert(life, values(**STUMP), 1.5)
    assert (life.limb, life.amputated_at, life.converted_at, life.operations) == (Limb.ABOVE_KNEE, 0.5, 1.5, 2)
    assert life.conversion_at == inf
    assert life.postoperative_death == pytest.approx(1.5 + exponential(Stream.POSTOPERATIVE_DEATH, 1) / 2.4)


@pytest.mark.parametrize(
    ("renal", "ratio"), [(Renal.NORMAL, 1.0), (Renal.MODERATE, 2.0), (Renal.SEVERE, 2.0), (Renal.DIALYSIS, 4.0)]
)
def test_the_other_leg_is_lost_by_renal_class(renal: Renal, ratio: float) -> None:
    """A hazard of 0.1 a year that falls by 0.2 a year: b = 0.1 ratio (1 - exp(-0.2 t)) / 0.2, or never."""
    life, u = a_life(), exponential(Stream.OTHER_LIMB)
    rates = {
        "other_limb_rate": 0.1,
        "other_limb_trend": -0.2,
        "other_limb_hr_renal": 2.0,
        "other_limb_hr_dialysis": 4.0,
    }
    plan_other_limb(life, a_patient(renal=float(renal)), values(**rates))
    whole = 0.1 * ratio / 0.2
    assert life.other_limb_at == (pytest.approx(-log(1.0 - u / whole) / 0.2) if u < whole else inf)


def test_what_is_left_of_the_other_legs_budget_is_spent_twice_as_fast() -> None:
    """Due at 3 with a hazard that falls by 0.5 a year: from 1 on, half of the hazard up to then is needed."""
    life = a_life(other_limb_at=3.0)
    other_limb_after_amputation(life, values(other_limb_trend=-0.5, other_limb_hr_amputated=2.0), 1.0)
    needed = (1.0 - exp(-0.5 * 2.0)) / 2.0
    assert life.other_limb_at == pytest.approx(1.0 - log(1.0 - needed) / 0.5)


def test_losing_the_other_leg_ends_walking_for_good_and_may_kill() -> None:
    """No prosthesis any more, and an early danger as after the first."""
    life = a_life(death_hr=2.0, mobile=1, walking=1, walks_at=2.0, other_limb_at=1.0, operations=1)
    lose_other_limb(life, values(**STUMP), 1.0)
    assert (life.other_amputated_at, life.other_limb_at, life.mobile, life.walking) == (1.0, inf, 0, 0)
    assert life.walks_at == inf
    assert life.postoperative_death == pytest.approx(1.0 + exponential(Stream.POSTOPERATIVE_DEATH, 1) / 1.6)
