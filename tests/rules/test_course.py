"""Which of the competing risks comes first, and when."""

from __future__ import annotations

from math import exp, inf, log

import pytest

from rules.people import a_life, at_risk
from simulator.rules.pathway.course import first_risk, integrate, spend, spend_until, start_hazards
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
@pytest.mark.parametrize("trend", [-0.1, 0.0, 0.1])
def test_a_hazard_moves_on_with_what_it_spends(trend: float, duration: float) -> None:
    """To 0.5 e^(trend d) after d years, faded or not, so that the next segment of the path goes on from there."""
    life = a_life()
    at_risk(life, Risk.HEALING, 0.5, unspent=1.0, trend=trend)
    start_hazards(life, 0.0, 20.0, 0.0)
    integrate(life, duration)
    spend(life, life.budget, duration)
    assert life.hazard[Risk.HEALING] == pytest.approx(0.5 * exp(trend * duration), rel=1e-12)


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
