"""The TcPO2 path."""

from __future__ import annotations

from math import inf

import pytest

from rules.people import a_life, ramps
from simulator.rules.pathway.life import MOST_RAMPS
from simulator.rules.perfusion import add_ramp, clipped, crossing, saturated, segment, shortfall, tcpo2


def limb(start: float = 20.0, slope: float = 0.0, *changes: tuple[float, float, float]) -> object:
    """A limb's path: TcPO2 at referral, its yearly change, and ramps of start, duration and height."""
    life = a_life(tcpo2_start=start, tcpo2_slope=slope)
    for change in changes:
        add_ramp(life, *change)
    return life


def test_ramps_are_kept_in_the_order_in_which_they_come() -> None:
    """Start, duration and height of each."""
    life = limb(20.0, 0.0, (0.5, 0.25, 30.0), (2.0, 1.0, -10.0))
    assert ramps(life) == [(0.5, 0.25, 30.0), (2.0, 1.0, -10.0)]


def test_a_path_has_room_for_every_ramp_that_policies_allow() -> None:
    """The natural change and twenty doses, each with its waning, and the rise and fall of three angioplasties, are 48."""
    assert MOST_RAMPS >= 2 * 21 + 6


@pytest.mark.parametrize(
    ("t", "value"), [(0.0, 20.0), (0.5, 19.0), (0.75, 33.5), (1.0, 48.0), (2.0, 46.0), (3.0, 34.0), (4.0, 32.0)]
)
def test_a_path_is_its_start_its_slope_and_its_ramps(t: float, value: float) -> None:
    """20 mmHg, 2 a year less; 30 more from 0.5 to 1 years, 10 less from 2 to 3 years. In the middle of a ramp, half."""
    assert tcpo2(limb(20.0, -2.0, (0.5, 0.5, 30.0), (2.0, 1.0, -10.0)), t) == pytest.approx(value)


@pytest.mark.parametrize(
    ("t", "expected"),
    [
        (0.0, (20.0, 0.0, 0.5)),
        (0.5, (20.0, 40.0, 1.0)),
        (0.75, (30.0, 40.0, 1.0)),
        (1.0, (40.0, 0.0, 2.0)),
        (2.5, (35.0, -10.0, 3.0)),
        (3.0, (30.0, 0.0, inf)),
    ],
)
def test_a_segment_is_straight_until_a_ramp_begins_or_ends(t: float, expected: tuple[float, float, float]) -> None:
    """Value, slope and end: 20 mmHg in half a year are 40 a year, and 10 in one year are 10."""
    assert segment(limb(20.0, 0.0, (0.5, 0.5, 20.0), (2.0, 1.0, -10.0)), t) == pytest.approx(expected)


def test_ramps_at_once_add_up() -> None:
    """Two rises of 20 mmHg a year are one of 40, until the first ends; a falling limb takes its 5 a year off them."""
    life = limb(20.0, -5.0, (0.0, 1.0, 20.0), (0.5, 1.0, 20.0))
    assert segment(life, 0.25) == pytest.approx((20.0 + 0.25 * 15.0, 15.0, 0.5))
    assert segment(life, 0.75) == pytest.approx((20.0 - 3.75 + 15.0 + 5.0, 35.0, 1.0))


CEILING = 70.0


@pytest.mark.parametrize(
    ("value", "slope", "expected"),
    [
        (60.0, 20.0, (60.0, 20.0, 1.5)),
        (60.0, 5.0, (60.0, 5.0, 2.0)),
        (60.0, -20.0, (60.0, -20.0, 2.0)),
        (10.0, -20.0, (10.0, -20.0, 1.5)),
        (10.0, -5.0, (10.0, -5.0, 2.0)),
        (60.0, 0.0, (60.0, 0.0, 2.0)),
        (75.0, -20.0, (CEILING, 0.0, 1.25)),
        (75.0, -2.0, (CEILING, 0.0, 2.0)),
        (75.0, 0.0, (CEILING, 0.0, 2.0)),
        (75.0, 20.0, (CEILING, 0.0, 2.0)),
        (CEILING, 20.0, (CEILING, 0.0, 2.0)),
        (CEILING, 0.0, (CEILING, 0.0, 2.0)),
        (CEILING, -20.0, (CEILING, -20.0, 2.0)),
        (-5.0, 20.0, (0.0, 0.0, 1.25)),
        (-5.0, 2.0, (0.0, 0.0, 2.0)),
        (-5.0, -20.0, (0.0, 0.0, 2.0)),
        (-5.0, 0.0, (0.0, 0.0, 2.0)),
        (0.0, -20.0, (0.0, 0.0, 2.0)),
        (0.0, 0.0, (0.0, 0.0, 2.0)),
        (0.0, 20.0, (0.0, 20.0, 2.0)),
    ],
)
def test_a_path_is_kept_between_zero_and_its_ceiling(
    value: float, slope: float, expected: tuple[float, float, float]
) -> None:
    """From year 1 to at most year 2, below 70 mmHg: a line ends where it meets a limit; beyond one it lies flat on it
    until it comes back; and what leaves a limit is free."""
    assert clipped(value, slope, 1.0, 2.0, CEILING) == pytest.approx(expected)


@pytest.mark.parametrize("limit", [0.0, CEILING])
def test_rounding_at_a_limit_counts_as_lying_on_it(limit: float) -> None:
    """Within a billionth of a mmHg either side a path is on its limit: it may leave, and cannot cross it."""
    inwards = 1.0 if limit == 0.0 else -1.0
    for off in (-5e-10, 5e-10):
        _, slope, end = clipped(limit + off, 20.0 * inwards, 1.0, 2.0, CEILING)
        assert (slope, end) == (20.0 * inwards, 2.0)
        assert clipped(limit + off, -20.0 * inwards, 1.0, 2.0, CEILING) == (limit, 0.0, 2.0)
    off = 2e-9
    assert clipped(limit + off * inwards, -20.0 * inwards, 1.0, 2.0, CEILING)[1] == -20.0 * inwards
    assert clipped(limit - off * inwards, 20.0 * inwards, 1.0, 2.0, CEILING)[1] == 0.0


def test_a_limb_above_its_ceiling_waits_there_until_it_falls_below() -> None:
    """60 mmHg and 30 more stand at 70, not 90; losing 40 within a year they leave the ceiling after half of it."""
    life = limb(60.0, 0.0, (0.0, 1.0, 30.0), (2.0, 1.0, -40.0))
    assert [tcpo2(life, t) for t in (0.25, 0.5, 1.5, 2.25, 2.5, 2.75, 3.0)] == pytest.approx(
        [67.5, 70.0, 70.0, 70.0, 70.0, 60.0, 50.0]
    )
    assert segment(life, 0.25) == pytest.approx((67.5, 30.0, 1.0 / 3.0))
    assert segment(life, 2.25) == pytest.approx((70.0, 0.0, 2.5))


def test_a_path_without_room_says_so() -> None:
    """One ramp more than a path has room for is an error in words, and no ramp is lost silently."""
    life = limb(20.0, 0.0, *[(0.1 * k, 0.1, 1.0) for k in range(MOST_RAMPS)])
    with pytest.raises(IndexError, match="more ramps than a life has room for"):
        add_ramp(life, 2.0, 0.1, 1.0)


@pytest.mark.parametrize(
    ("value", "slope", "when"),
    [
        (30.0, 5.0, 3.0),
        (50.0, -5.0, 3.0),
        (30.0, -5.0, inf),
        (50.0, 5.0, inf),
        (30.0, 0.0, inf),
        (40.0, 5.0, inf),
        (40.0, -5.0, inf),
    ],
)
def test_a_path_crosses_a_level_on_its_way_there_only(value: float, slope: float, when: float) -> None:
    """From 10 mmHg away at 5 mmHg a year it takes two years from year 1 on; who is there or goes elsewhere crosses none."""
    assert crossing(value, slope, 1.0, 40.0) == when


@pytest.mark.parametrize(
    ("value", "slope", "seen"),
    [
        (30.0, 5.0, (30.0, 5.0)),
        (50.0, -5.0, (40.0, 0.0)),
        (40.0, 5.0, (40.0, 0.0)),
        (40.0, 0.0, (40.0, 0.0)),
        (40.0, -5.0, (40.0, -5.0)),
    ],
)
def test_above_enough_more_is_not_seen(value: float, slope: float, seen: tuple[float, float]) -> None:
    """Above 40 mmHg the path counts as 40 and level; at 40 it does unless it goes down."""
    assert saturated(value, slope, 40.0) == seen


@pytest.mark.parametrize(
    ("value", "slope", "lack"),
    [
        (30.0, 5.0, (0.0, 0.0)),
        (20.0, 5.0, (5.0, -5.0)),
        (20.0, -5.0, (5.0, 5.0)),
        (25.0, -5.0, (0.0, 5.0)),
        (25.0, 5.0, (0.0, 0.0)),
        (25.0, 0.0, (0.0, 0.0)),
        (24.5, 0.5, (0.5, -0.5)),
        (25.5, -0.5, (0.0, 0.0)),
        (25.0, -0.5, (0.0, 0.5)),
        (24.5, 0.0, (0.5, 0.0)),
    ],
)
def test_what_lacks_below_a_level(value: float, slope: float, lack: tuple[float, float]) -> None:
    """Below 25 mmHg the distance to it and how that changes; at 25 only on the way down."""
    assert shortfall(value, slope, 25.0) == lack


@pytest.mark.parametrize(
    ("value", "slope", "expected"),
    [
        (69.5, 0.5, (69.5, 0.5, 2.0)),
        (70.5, -0.5, (70.0, 0.0, 2.0)),
        (70.5, 0.5, (70.0, 0.0, inf)),
        (70.0, -0.5, (70.0, -0.5, 141.0)),
        (70.0 - 5e-10, 0.0, (70.0, 0.0, inf)),
        (69.5, 0.0, (69.5, 0.0, inf)),
        (0.5, -0.5, (0.5, -0.5, 2.0)),
        (-0.5, 0.5, (0.0, 0.0, 2.0)),
        (-0.5, -0.5, (0.0, 0.0, inf)),
        (0.0, 0.5, (0.0, 0.5, 141.0)),
        (5e-10, 0.0, (0.0, 0.0, inf)),
        (0.5, 0.0, (0.5, 0.0, inf)),
    ],
)
def test_slow_changes_near_the_limits(value: float, slope: float, expected: tuple[float, float, float]) -> None:
    """Half a mmHg a year, half a mmHg off a limit of 0 or 70, from year 1: a year to the limit; on it, only the way off it."""
    assert clipped(value, slope, 1.0, inf, 70.0) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("value", "slope", "at"),
    [(20.0, 0.5, 3.0), (22.0, -0.5, 3.0), (22.0, 0.5, inf), (20.0, -0.5, inf), (22.0, 0.0, inf), (20.0, 0.0, inf)],
)
def test_a_slow_path_crosses_a_level_that_lies_on_its_way(value: float, slope: float, at: float) -> None:
    """21 mmHg, one away, at half a mmHg a year from year 1."""
    assert crossing(value, slope, 1.0, 21.0) == at


@pytest.mark.parametrize(
    ("value", "slope", "expected"),
    [
        (22.0, -0.5, (21.0, 0.0)),
        (21.0, -0.5, (21.0, -0.5)),
        (21.0, 0.5, (21.0, 0.0)),
        (20.5, 0.5, (20.5, 0.5)),
        (21.5, 0.5, (21.0, 0.0)),
        (21.0 - 5e-10, 0.0, (21.0, 0.0)),
    ],
)
def test_a_slow_path_at_its_level(value: float, slope: float, expected: tuple[float, float]) -> None:
    """The smaller of the path and 21 mmHg, which it follows down but not up."""
    assert saturated(value, slope, 21.0) == expected
