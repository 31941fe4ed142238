"""What a protocol states of a time to an event, read into hazards by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from simulator.questions.samplesize import stated_course as module
from simulator.questions.samplesize.stated_course import (
    ACCRUAL,
    PIECES,
    RATES,
    Stated,
    accrual_pieces,
    arm_hazards,
    event_ratio,
    numbers,
    pieces,
    stated_course,
)
from simulator.statistics.sizes.survival_course import NONE, Course, Pieces
from simulator.words.errors import BadInput, Problem

LN2 = math.log(2.0)


@pytest.mark.parametrize(
    ("given", "found"),
    [(3, (3.0,)), ("0.25", (0.25,)), ("1,2", (1.0, 2.0)), ([1, "2"], (1.0, 2.0)), ((0.5,), (0.5,))],
)
def test_numbers_with_commas(given: Any, found: tuple[float, ...]) -> None:
    """One number, text with some, or a list of them."""
    assert numbers(given) == found


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (0.4, Pieces((0.4,))),
        ("0.4", Pieces((0.4,))),
        ("0.4:3,0.2", Pieces((0.4, 0.2), (3.0,))),
        ("0.4:0.5,0.2:2,0.1", Pieces((0.4, 0.2, 0.1), (0.5, 2.0))),
    ],
)
def test_a_rate_in_pieces(given: Any, found: Pieces) -> None:
    """Each rate up to its time, and the last for ever."""
    assert pieces(given) == found


@pytest.mark.parametrize(
    "given",
    [
        "0.4:3",
        "0.4,0.2",
        "0.4:3,0.2:5",
        "0.4:3,0.2:2,0.1",
        "0.4:3,0.2:3,0.1",
        "0.4:0,0.2",
        0.0,
        -1.0,
        "inf",
        "x",
        "0.4:3,0",
    ],
)
def test_a_rate_in_pieces_that_cannot_be(given: Any) -> None:
    """A time too many or too few, times that do not rise or begin before entry, and a rate that is none."""
    with pytest.raises(ValueError):
        pieces(given)


def test_nobody_need_drop_out() -> None:
    """A rate of zero is one where it may be."""
    assert pieces(0.0, zero=True) == Pieces((0.0,))
    with pytest.raises(ValueError):
        pieces(-0.001, zero=True)


@pytest.mark.parametrize(
    ("given", "rates", "until", "duration"),
    [
        (12, (1.0,), (), 12.0),
        ("0", (1.0,), (), 0.0),
        ("10:6,20:12", (10.0, 20.0), (6.0,), 18.0),
        ("0:1,5:2,4:3", (0.0, 5.0, 4.0), (1.0, 3.0), 6.0),
        ("0.5:1", (0.5,), (), 1.0),
    ],
)
def test_accrual(given: Any, rates: tuple[float, ...], until: tuple[float, ...], duration: float) -> None:
    """Steadily for a time, or at rates each for as long as is said."""
    assert accrual_pieces(given) == (Pieces(rates, until), duration)


@pytest.mark.parametrize("given", [-1.0, math.inf, "x", "0:3", "5:0", "-1:2,5:2", "5:2,0:0", "5:-1,5:2", "5:1:2"])
def test_accrual_that_cannot_be(given: Any) -> None:
    """Before it begins, for ever, at no rate at all, or for no time."""
    with pytest.raises(ValueError):
        accrual_pieces(given)


@pytest.mark.parametrize(
    ("values", "rates", "until"),
    [
        ({"median_1": "4"}, (LN2 / 4.0,), ()),
        ({"hazard_1": "0.4:3,0.2"}, (0.4, 0.2), (3.0,)),
        ({"rate_1": 0.5, "at": 2.0}, (LN2 / 2.0,), ()),
        ({"rate_1": "0.5,0.75", "at": "1,3"}, (LN2, LN2 / 2.0), (1.0,)),
    ],
)
def test_an_arm_stated_in_each_way(values: dict[str, Any], rates: tuple[float, ...], until: tuple[float, ...]) -> None:
    """A median of four has the hazard ln 2 / 4; half by two and three quarters by three halve each time."""
    problems: list[Problem] = []
    found = arm_hazards(values, 1, problems)
    assert found is not None and problems == []
    assert found.rates == pytest.approx(rates) and found.until == until
    assert arm_hazards(values, 0, problems) is None and problems == []


AT = Problem("design", "at", "missing", "the time (or times) by which --rate-0 and --rate-1 are reached")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"median_0": 0}, [Problem("design", "median_0", "0", "a number above 0")]),
        ({"median_0": math.inf}, [Problem("design", "median_0", "inf", "a number above 0")]),
        ({"hazard_0": "0"}, [Problem("design", "hazard_0", "0", PIECES)]),
        ({"rate_0": 0.5}, [AT]),
        *(
            ({"rate_0": rate, "at": at}, [Problem("design", "rate_0", str(rate), RATES)])
            for rate, at in [
                ("0.5,0.6", "1"),
                ("0.6,0.5", "1,2"),
                ("0.5,0.5", "1,2"),
                ("0.5,0.6", "2,1"),
                ("0.5,0.6", "2,2"),
                (0.5, 0.0),
                (0.5, -1.0),
                (0.0, 1.0),
                (1.0, 1.0),
                ("0.5,1", "1,2"),
            ]
        ),
        (
            {"median_0": 3.0, "rate_0": 0.5},
            [Problem("design", "rate_0", "0.5", "nothing when --median-0 is given")],
        ),
        (
            {"median_0": 3.0, "hazard_0": 0.2, "rate_0": 0.5},
            [
                Problem("design", name, told, "nothing when --median-0 is given")
                for name, told in (("hazard_0", "0.2"), ("rate_0", "0.5"))
            ],
        ),
    ],
)
def test_an_arm_that_is_stated_wrongly(values: dict[str, Any], told: list[Problem]) -> None:
    """Each fault with what is allowed in its place."""
    problems: list[Problem] = []
    assert arm_hazards(values, 0, problems) is None
    assert problems == told


TIMING = {"accrual": 2.0, "follow_up": 1.0}


def test_a_course_of_two_medians() -> None:
    """Every part has its place; nobody drops out unless stated, and arms are alike in size."""
    found = stated_course({"median_0": 1.0, "median_1": 2.0, **TIMING})
    assert found.course == Course((Pieces((LN2,)), Pieces((LN2 / 2.0,))), (NONE, NONE), Pieces((1.0,)), 2.0, 1.0, 1.0)
    more = {"dropout_0": 0.1, "dropout_1": 0.2, "ratio": 3.0, "accrual": "1:1,2:3"}
    other = stated_course({"median_0": 1.0, "median_1": 2.0, **TIMING, **more}).course
    assert other is not None
    assert (other.dropout, other.ratio) == ((Pieces((0.1,)), Pieces((0.2,))), 3.0)
    assert (other.accrual, other.duration) == (Pieces((1.0, 2.0), (1.0,)), 4.0)
    shared = stated_course({"median_0": 1.0, "median_1": 2.0, **TIMING, "dropout": 0.3}).course
    assert shared is not None and shared.dropout == (Pieces((0.3,)), Pieces((0.3,)))


@pytest.mark.parametrize(("given", "hazards"), [("median_0", (LN2, LN2 / 2.0)), ("median_1", (LN2 * 2.0, LN2))])
def test_one_arm_and_the_ratio(given: str, hazards: tuple[float, float]) -> None:
    """The other arm's hazard is half the control's, or the control's is twice the other's."""
    found = stated_course({given: 1.0, "hazard_ratio": 0.5, **TIMING}).course
    assert found is not None
    assert [arm.rates[0] for arm in found.hazards] == pytest.approx(hazards)


def test_everybody_may_enter_on_one_day_or_be_followed_until_the_last_has_come() -> None:
    """One of accrual and follow-up is enough of a time; both at nothing are none."""
    for timing in ({"accrual": 0.0, "follow_up": 1.0}, {"accrual": 1.0, "follow_up": 0.0}):
        assert stated_course({"median_0": 1.0, "hazard_ratio": 0.5, **timing}).course is not None


@pytest.mark.parametrize("values", [{"hazard_ratio": 0.5}, {"hazard_ratio": 0.5, "median_0": 1.0}])
def test_a_ratio_alone_settles_events_only(values: dict[str, Any]) -> None:
    """No times are needed for events, and there is no course without them."""
    assert stated_course(values).course is None


COURSE = "only with --median-0 (or --hazard-0, --rate-0), --accrual and --follow-up"
BOTH = {"median_0": 1.0, "median_1": 2.0}
TOGETHER = "a number; accrual and follow-up go together"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({**BOTH, "hazard_ratio": 0.5}, [("hazard_ratio", "0.5", "nothing when both arms are given")]),
        ({}, [("hazard_ratio", "missing", "a number, or --median-0 and --median-1")]),
        ({"median_1": 1.0}, [("hazard_ratio", "missing", "a number, or --median-0 and --median-1")]),
        ({**BOTH, "at": 2.0}, [("at", "2.0", "only with --rate-0 or --rate-1")]),
        ({"hazard_ratio": 0.5, "accrual": 2.0}, [("accrual", "2.0", COURSE)]),
        (
            {"hazard_ratio": 0.5, "follow_up": 1.0, "until": 3.0, "dropout": 0.1, "dropout_0": 0.2, "dropout_1": 0.3},
            [
                ("follow_up", "1.0", COURSE),
                ("until", "3.0", COURSE),
                ("dropout", "0.1", COURSE),
                ("dropout_0", "0.2", COURSE),
                ("dropout_1", "0.3", COURSE),
            ],
        ),
        ({**BOTH, "until": 3.0}, [("until", "3.0", COURSE)]),
        ({**BOTH, "accrual": 2.0}, [("follow_up", "missing", TOGETHER)]),
        ({**BOTH, "follow_up": 0.0}, [("accrual", "missing", TOGETHER)]),
        ({**BOTH, "accrual": "x", "follow_up": 1.0}, [("accrual", "x", ACCRUAL)]),
        ({**BOTH, "accrual": 0.0, "follow_up": 0.0}, [("follow_up", "0", "above 0 when accrual is 0")]),
        (
            {**BOTH, **TIMING, "dropout": -1.0, "dropout_1": 0.2},
            [("dropout", "-1.0", PIECES), ("dropout_1", "0.2", "nothing when --dropout is given")],
        ),
        ({**BOTH, **TIMING, "dropout_0": "x"}, [("dropout_0", "x", PIECES)]),
    ],
)
def test_a_course_that_cannot_be(values: dict[str, Any], told: list[tuple[str, str, str]]) -> None:
    """All that is missing, idle or impossible, each with what is allowed."""
    with pytest.raises(BadInput) as found:
        stated_course(values)
    assert list(found.value.problems) == [Problem("design", *each) for each in told]


def test_the_ratio_of_the_whole_time() -> None:
    """The stated one; half of either piece; none where it changes or the pieces end at other times."""
    assert event_ratio({"hazard_ratio": "0.7"}, Stated(None)) == 0.7
    assert event_ratio({"hazard_0": "0.4:3,0.2", "hazard_1": "0.2:3,0.1"}, Stated(None)) == pytest.approx(0.5)
    assert event_ratio({"hazard_0": "0.4:3,0.2", "hazard_1": "0.2:3,0.1001"}, Stated(None)) is None
    assert event_ratio({"hazard_0": "0.4:3,0.2", "hazard_1": "0.2:4,0.1"}, Stated(None)) is None
    assert event_ratio({"hazard_0": "0.4:3,0.3", "hazard_1": "0.28:3,0.21"}, Stated(None)) == pytest.approx(0.7)
    course = Course((Pieces((0.4,)), Pieces((0.1,))))
    assert event_ratio({"hazard_0": 1.0, "hazard_1": 1.0}, Stated(course)) == pytest.approx(0.25)


def test_the_ways_to_state_an_arm() -> None:
    """What the calculator takes for either arm is what is read here."""
    assert module.CONTROL == ("median_0", "hazard_0", "rate_0")
    assert module.TREATED == ("hazard_ratio", "median_1", "hazard_1", "rate_1")
