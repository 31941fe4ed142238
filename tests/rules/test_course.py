"""Which of the competing risks comes first, and when."""

from __future__ import annotations

from math import exp, expm1, inf, log
from typing import Any

import pytest

from rules.people import a_life, at_risk
from simulator.rules.pathway.course import (
    first_risk,
    first_spent,
    integrate,
    most_spent,
    spend,
    spend_until,
    start_hazards,
    straight,
    turn_hazards,
)
from simulator.rules.perfusion import add_ramp
from simulator.words.vocabulary import Risk


def test_a_hazard_depends_on_perfusion_and_on_time_in_the_state() -> None:
    """0.5 a year at 20 mmHg and in the state since 1 year; at 30 mmHg, rising by 4, after half a year: 0.5 e^(-.5+.1)."""
    life = a_life()
    at_risk(life, Risk.HEALING, 0.5, per_mmhg=-0.05, trend=0.2)
    life.since[Risk.HEALING] = 1.0
    start_hazards(life, 1.5, 30.0, 4.0)
    assert life.hazard[Risk.HEALING] == pytest.approx(0.5 * exp(-0.5 + 0.1))
    assert life.exponent[Risk.HEALING] == pytest.approx(-0.05 * 4.0 + 0.2)


@pytest.mark.parametrize(
    ("per_mmhg", "trend", "power"),
    [
        *[(0.0, 0.2, 0.1), (0.0, 1.0, 0.5), (0.0, -1.0, -0.5)],
        *[(-0.05, 0.0, -0.5), (1.0, 0.0, 10.0), (-1.0, 0.0, -10.0), (0.0, 0.0, 0.0)],
    ],
)
def test_perfusion_and_time_act_each_by_itself(per_mmhg: float, trend: float, power: float) -> None:
    """Either effect may be absent."""
    life = a_life()
    at_risk(life, Risk.HEALING, 0.5, per_mmhg=per_mmhg, trend=trend)
    start_hazards(life, 0.5, 30.0, 4.0)
    assert life.hazard[Risk.HEALING] == pytest.approx(0.5 * exp(power))
    assert life.exponent[Risk.HEALING] == pytest.approx(per_mmhg * 4.0 + trend)


def test_every_risk_in_force_has_its_hazard_and_no_other() -> None:
    """The first and the last of the list; one that is not in force keeps what it had."""
    life = a_life()
    for risk in (Risk(0), Risk(len(Risk) - 1)):
        at_risk(life, risk, 0.5 + risk)
    life.hazard[Risk.HEALING] = 9.0
    start_hazards(life, 0.5, 30.0, 4.0)
    assert (life.hazard[0], life.hazard[len(Risk) - 1], life.hazard[Risk.HEALING]) == (0.5, len(Risk) - 0.5, 9.0)


@pytest.mark.parametrize("duration", [0.5, 40.0])
@pytest.mark.parametrize("trend", [-1.0, -0.1, 0.0, 0.1])
def test_a_hazard_moves_on_with_what_it_spends(trend: float, duration: float) -> None:
    """To 0.5 e^(trend d) after d years, faded or not, so that the next segment of the path goes on from there."""
    life = a_life()
    at_risk(life, Risk.HEALING, 0.5, unspent=1.0, trend=trend)
    start_hazards(life, 0.0, 20.0, 0.0)
    integrate(life, duration)
    spend(life, life.budget, duration)
    assert life.hazard[Risk.HEALING] == pytest.approx(0.5 * exp(trend * duration), rel=1e-12, abs=0.0)


def test_time_spends_the_budget_of_every_risk_in_force() -> None:
    """Half a year at 0.4 and at 1 a year takes 0.2 and 0.5; nothing falls below zero; what is not in force is kept."""
    life = a_life()
    for risk, rate in [(Risk.EXCESS_DEATH, 0.4), (Risk.RECURRENCE, 1.0), (Risk.HEALING, 4.0)]:
        at_risk(life, risk, rate, unspent=1.0)
    life.budget[Risk.MINOR_AMPUTATION] = 1.0
    life.hazard[:], life.exponent[:] = life.rate, 0.0
    life.hazard[Risk.MINOR_AMPUTATION] = 3.0
    integrate(life, 0.5)
    spend(life, life.budget, 0.5)
    left = {
        risk: life.budget[risk] for risk in (Risk.EXCESS_DEATH, Risk.RECURRENCE, Risk.HEALING, Risk.MINOR_AMPUTATION)
    }
    assert left == pytest.approx(
        {Risk.EXCESS_DEATH: 0.8, Risk.RECURRENCE: 0.5, Risk.HEALING: 0.0, Risk.MINOR_AMPUTATION: 1.0}
    )


def test_the_smallest_wait_wins() -> None:
    """Death after 0.8 / 0.4 = 2 years, healing after 0.6 / 0.5 = 1.2, recurrence after 1.5 years: the wound heals."""
    life = a_life()
    at_risk(life, Risk.EXCESS_DEATH, 0.4, unspent=0.8)
    at_risk(life, Risk.HEALING, 0.5, unspent=0.6)
    at_risk(life, Risk.RECURRENCE, 1.0, unspent=1.5)
    assert first_risk(life, inf) == (pytest.approx(1.2), Risk.HEALING)


def test_ties_go_to_the_earlier_risk_of_the_list() -> None:
    """Death and healing at the very same time: the patient dies."""
    life = a_life()
    at_risk(life, Risk.EXCESS_DEATH, 0.5, unspent=0.5)
    at_risk(life, Risk.HEALING, 0.5, unspent=0.5)
    assert first_risk(life, inf) == (1.0, Risk.EXCESS_DEATH)


def test_an_event_at_the_limit_happens_and_a_later_one_does_not() -> None:
    """Due after exactly 1 year: seen within 1 year, and not within a little less."""
    life = a_life()
    at_risk(life, Risk.HEALING, 0.5, unspent=0.5)
    assert first_risk(life, 1.0) == (1.0, Risk.HEALING)
    assert first_risk(life, 0.999) == (inf, -1)


def test_an_event_hardly_later_than_the_limit_does_not_happen() -> None:
    """A hazard of e^t spends e - 1 = 1.7183 in a year: a budget of 1.719 lasts longer, a quick look notwithstanding."""
    life = a_life()
    at_risk(life, Risk.HEALING, 1.0, unspent=1.719, trend=1.0)
    assert first_risk(life, 1.0) == (inf, -1)
    assert first_risk(life, 1.001) == (pytest.approx(log(2.719)), Risk.HEALING)


def test_without_a_risk_nothing_happens() -> None:
    """Ever, or before a date, or when the date is already reached."""
    life = a_life()
    assert first_risk(life, inf) == (inf, -1)
    assert first_risk(life, 5.0) == (inf, -1)
    at_risk(life, Risk.HEALING, 1.0, unspent=0.0)
    life.anchor = 5.0
    assert first_risk(life, 5.0) == (inf, -1)


def test_time_counts_from_the_anchor() -> None:
    """What was spent until year 2 is gone: half a budget at 0.5 a year lasts one year more."""
    life = a_life(anchor=2.0)
    at_risk(life, Risk.HEALING, 0.5, unspent=0.5)
    assert first_risk(life, inf) == (3.0, Risk.HEALING)


def recovering() -> object:
    """A limb at 20 mmHg that rises to 40 at once after a year, which doubles its hazard of healing of 0.5 a year."""
    life = a_life()
    add_ramp(life, 1.0, 1e-9, 20.0)
    at_risk(life, Risk.HEALING, 0.5, unspent=1.0, per_mmhg=log(2.0) / 20.0)
    return life


def test_the_budget_is_spent_along_the_path() -> None:
    """0.5 in the first year, then 1 a year: the budget of 1 lasts a year and a half, and looking does not spend it."""
    life = recovering()
    assert first_risk(life, inf) == (pytest.approx(1.5), Risk.HEALING)
    assert life.budget[Risk.HEALING] == 1.0  # type: ignore[attr-defined]
    assert first_risk(life, inf) == (pytest.approx(1.5), Risk.HEALING)
    assert first_risk(life, 1.4) == (inf, -1)


def test_spending_moves_the_anchor_and_takes_what_the_path_took() -> None:
    """Until 1.25 years: 0.5 in the first year and 0.25 in the quarter after it leave 0.25."""
    life = recovering()
    spend_until(life, 1.25)
    assert life.anchor == 1.25  # type: ignore[attr-defined]
    assert life.budget[Risk.HEALING] == pytest.approx(0.25)  # type: ignore[attr-defined]
    assert first_risk(life, inf) == (pytest.approx(1.5), Risk.HEALING)


def test_a_hazard_that_rises_along_a_segment_is_integrated() -> None:
    """With a trend of 0.3 a year the budget b lasts log(1 + 0.3 b / 0.5) / 0.3 years."""
    life = a_life()
    at_risk(life, Risk.HEALING, 0.5, unspent=0.6, trend=0.3)
    assert first_risk(life, inf) == (pytest.approx(log(1.0 + 0.3 * 0.6 / 0.5) / 0.3), Risk.HEALING)
    spend_until(life, 0.5)
    assert life.budget[Risk.HEALING] == pytest.approx(0.6 - 0.5 * (exp(0.15) - 1.0) / 0.3)


@pytest.mark.parametrize(
    ("start", "slope", "unspent"),
    [(20.0, 10.0, exp(1.0) - 1.0 + 0.5 * exp(1.0)), (40.0, -10.0, exp(1.0) + exp(1.0) * (1.0 - exp(-0.5)))],
)
def test_healing_does_not_speed_up_above_what_is_enough(start: float, slope: float, unspent: float) -> None:
    """The path crosses 30 mmHg after a year; below it healing follows TcPO2, above it is e a year. Healed at 1.5 years.

    A stump's healing with the same hazard knows no such limit.
    """
    life = a_life(tcpo2_start=start, tcpo2_slope=slope, healing_enough=30.0)
    at_risk(life, Risk.HEALING, 1.0, unspent=unspent, per_mmhg=0.1)
    assert first_risk(life, 5.0) == (pytest.approx(1.5), Risk.HEALING)
    spend_until(life, 1.5)
    assert life.budget[Risk.HEALING] == pytest.approx(0.0, abs=1e-12)
    other = a_life(tcpo2_start=start, tcpo2_slope=slope, healing_enough=30.0)
    at_risk(other, Risk.RECURRENCE, 1.0, unspent=unspent, per_mmhg=0.1)
    assert abs(first_risk(other, 5.0)[0] - 1.5) > 0.05


@pytest.mark.parametrize(("start", "slope"), [(20.0, 10.0), (40.0, -10.0)])
def test_healing_falls_off_steeply_where_perfusion_is_short(start: float, slope: float) -> None:
    """The path crosses 30 mmHg after a year. Above it healing has the hazard exp(0.1 (TcPO2 - 20)), below it every mmHg that
    lacks takes another 0.2 off, so that it rises from exp(-2) to e within the year that leads there. Half a year beyond it,
    the wound has healed; a new wound knows no such limit.
    """
    below, above = (exp(1.0) - exp(-2.0)) / 3.0, exp(1.0) * (exp(0.5) - 1.0)
    unspent = below + above
    if slope < 0.0:
        unspent = exp(2.0) - exp(1.0) + exp(1.0) * (1.0 - exp(-1.5)) / 3.0
    life = a_life(tcpo2_start=start, tcpo2_slope=slope, healing_least=30.0, healing_short=0.2)
    at_risk(life, Risk.HEALING, 1.0, unspent=unspent, per_mmhg=0.1)
    assert first_risk(life, 5.0) == (pytest.approx(1.5), Risk.HEALING)
    spend_until(life, 1.5)
    assert life.budget[Risk.HEALING] == pytest.approx(0.0, abs=1e-12)
    other = a_life(tcpo2_start=start, tcpo2_slope=slope, healing_least=30.0, healing_short=0.2)
    at_risk(other, Risk.RECURRENCE, 1.0, unspent=unspent, per_mmhg=0.1)
    assert abs(first_risk(other, 5.0)[0] - 1.5) > 0.05


def test_where_the_path_turns_exponents_change_and_hazards_do_not() -> None:
    """At 25 mmHg, rising by 4 a year: 0.1 x 4 + 0.2; healing that has enough at 22 follows its trend alone; a risk that is
    not in force keeps what it had."""
    life = a_life(healing_enough=22.0)
    for risk in (Risk.EXCESS_DEATH, Risk.HEALING):
        at_risk(life, risk, 0.5, per_mmhg=0.1, trend=0.2)
    life.hazard[:], life.exponent[:] = 3.0, 7.0
    turn_hazards(life, 25.0, 4.0)
    assert (life.exponent[Risk.EXCESS_DEATH], life.exponent[Risk.HEALING]) == pytest.approx((0.6, 0.2))
    assert life.exponent[Risk.RECURRENCE] == 7.0
    assert (life.hazard == 3.0).all()


def test_what_is_not_in_force_is_neither_integrated_nor_spent() -> None:
    """Its cumulative hazard, hazard and budget stay what they were."""
    life = a_life()
    life.hazard[:], life.exponent[:], life.cumulative[:], life.budget[:] = 3.0, 0.5, 0.25, 1.0
    integrate(life, 2.0)
    spend(life, life.budget, 2.0)
    assert (life.cumulative == 0.25).all() and (life.hazard == 3.0).all() and (life.budget == 1.0).all()


@pytest.mark.parametrize("duration", [0.5, 2.0])
@pytest.mark.parametrize("x", [-30.0, -4.0, -2.0, -1.999, -1.0, -0.1, -1e-9, 0.0, 1e-9, 0.1, 0.5, 1.0, 1.001, 5.0])
def test_no_more_is_spent_than_the_bound(x: float, duration: float) -> None:
    """0.4 a year with an exponent of x over the duration: never less than the integral, and never more than all eternity of a
    hazard that fades. Where it rises by no more than a factor of e the bound is within one in a hundred."""
    exponent = x / duration
    spent = 0.4 * duration * (expm1(x) / x if x else 1.0)
    bound = most_spent(0.4, exponent, duration)
    assert spent <= bound * (1.0 + 1e-12)
    if -0.5 < x <= 1.0:
        assert bound < 1.01 * spent
    if x <= -2.0:
        assert bound <= -0.4 / exponent
    assert (bound == inf) == (x > 1.0)


@pytest.mark.parametrize(("remaining", "risk"), [(1.0 + 1e-12, 0), (1.0 + 1e-6, -1), (0.9, 0)])
def test_a_budget_outlasts_a_time_only_beyond_rounding(remaining: float, risk: int) -> None:
    """A constant 0.5 a year spends 1 in 2 years: a hair more than 1 may not outlast them, 1.000001 does."""
    life = a_life()
    at_risk(life, Risk(0), 0.5)
    life.hazard[:], life.exponent[:], life.remaining[:] = 0.5, 0.0, remaining
    assert first_spent(life, 2.0)[1] == risk


def test_the_first_budget_to_be_spent_is_found_wherever_it_stands() -> None:
    """Waits of 1.5, 0.5 and 1 year at 0.5 a year, in the order of the risks, and turned round."""
    for left, which in (([0.75, 0.25, 0.5], 1), ([0.5, 0.25, 0.75], 1), ([0.25, 0.5, 0.75], 0), ([0.75, 0.5, 0.25], 2)):
        life = a_life()
        for risk, remaining in zip((Risk(0), Risk(1), Risk(2)), left, strict=True):
            at_risk(life, risk, 0.5)
            life.remaining[risk] = remaining
        life.hazard[:], life.exponent[:] = 0.5, 0.0
        assert first_spent(life, 2.0) == (0.5, which)


def test_only_risks_in_force_are_spent() -> None:
    """Nothing left of a risk that is not in force means nothing; the one in force outlasts the time, or has its wait."""
    life = a_life()
    at_risk(life, Risk.HEALING, 0.5)
    life.hazard[:], life.exponent[:], life.remaining[:] = 0.5, 0.0, 0.0
    life.remaining[Risk.HEALING] = 2.0
    assert first_spent(life, 1.0) == (inf, -1)
    assert first_spent(life, 5.0) == (4.0, Risk.HEALING)


def test_a_rising_hazard_that_comes_too_late_is_not_an_event() -> None:
    """Due after log(1.36) / 0.3 = 1.02 years, it is not seen within 0.9."""
    life = a_life()
    at_risk(life, Risk.HEALING, 0.5, unspent=0.6, trend=0.3)
    assert first_risk(life, 0.9) == (inf, -1)


def test_a_segment_ends_where_healing_has_enough() -> None:
    """From 20 mmHg by 5 a year to 30: in two years; for who has no wound to heal, never."""
    life = a_life(tcpo2_slope=5.0, healing_enough=30.0)
    assert straight(life, 0.0) == (20.0, 5.0, 10.0)
    at_risk(life, Risk.HEALING, 0.5)
    assert straight(life, 0.0) == (20.0, 5.0, 2.0)


def test_a_segment_ends_where_healing_has_the_least() -> None:
    """From 20 mmHg by 5 a year past 24: in 0.8 years, and for who has no wound to heal not before the ceiling."""
    life = a_life(tcpo2_slope=5.0, healing_least=24.0)
    assert straight(life, 0.0) == (20.0, 5.0, 10.0)
    at_risk(life, Risk.HEALING, 0.5)
    assert straight(life, 0.0) == (20.0, 5.0, 0.8)


def winding(enough: float = 31.7, healing: bool = True) -> Any:
    """A limb whose path turns six times within five years, with hazards that follow it, one of them fading."""
    life = a_life(tcpo2_slope=-1.3, healing_enough=enough, healing_least=19.6, healing_short=0.09)
    for start, duration, height in ((0.7, 0.31, 21.0), (1.9, 0.83, -9.0), (3.1, 1.1, 13.0)):
        add_ramp(life, start, duration, height)
    at_risk(life, Risk.EXCESS_DEATH, 0.21, unspent=1.7, per_mmhg=-0.013, trend=-0.41)
    at_risk(life, Risk.RECURRENCE, 0.017, unspent=3.3, per_mmhg=-0.02, trend=0.13)
    if healing:
        at_risk(life, Risk.HEALING, 0.113, unspent=0.61, per_mmhg=0.031, trend=-0.07)
    return life


@pytest.mark.parametrize("until", [0.2, 1.0, 2.2, 2.9, 3.3])
def test_looking_ahead_changes_no_bit(until: float) -> None:
    """Budgets and the next event after some time are the same to the last bit, whether somebody looked ahead before, looked
    twice, or never."""
    never = winding()
    spend_until(never, until)
    for looks in ((inf,), (inf, 0.1), (2.0, inf), (0.1,), (inf, 2.5)):
        life = winding()
        for look in looks:
            first_risk(life, look)
        spend_until(life, until)
        assert life.budget.tolist() == never.budget.tolist()
        assert first_risk(life, inf) == first_risk(never, inf)


def test_what_was_looked_at_is_spent_once() -> None:
    """After a look at everything that comes, a year and then another half: as two years' steps without the look."""
    looked, other = winding(), winding()
    first_risk(looked, inf)
    for until in (3.2, 3.6):
        spend_until(looked, until)
        spend_until(other, until)
        assert looked.budget.tolist() == other.budget.tolist()
        assert looked.anchor == until


def test_where_healing_has_enough_is_nothing_to_those_without_a_wound() -> None:
    """The same bits wherever the limit lies."""
    one, other = winding(31.7, healing=False), winding(inf, healing=False)
    for life in (one, other):
        spend_until(life, 4.9)
    assert one.budget.tolist() == other.budget.tolist()
