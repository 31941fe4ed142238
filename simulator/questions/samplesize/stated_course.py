"""What a protocol states of a time to an event, in its own words: rates at a time, medians, hazards, a hazard ratio, drop-out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from simulator.statistics.sizes.survival_course import NONE, Course, Pieces, from_survival
from simulator.words.errors import BadInput, Problem

CONTROL = ("median_0", "hazard_0", "rate_0")
TREATED = ("hazard_ratio", "median_1", "hazard_1", "rate_1")
"""The ways to state an arm; one of each."""
PIECES = "a number above 0, or RATE:UNTIL,RATE:UNTIL,...,RATE with increasing times"
ACCRUAL = "a duration, or RATE:DURATION,RATE:DURATION,..."
RATES = "a share, or SHARE,SHARE,... at the times of --at, increasing, above 0 and below 1"


@dataclass(frozen=True)
class Stated:
    """A course, or None where the inputs settle a hazard ratio only."""

    course: Course | None
    others: ClassVar[tuple[str, ...]] = ("at", "dropout", "dropout_0", "dropout_1")


def numbers(text: Any) -> tuple[float, ...]:
    """Numbers with commas between them; raises ValueError."""
    if isinstance(text, list | tuple):
        return tuple(float(part) for part in text)
    return (float(text),) if not isinstance(text, str) else tuple(float(part) for part in text.split(","))


def pieces(value: Any, zero: bool = False) -> Pieces:
    """A rate in pieces from a number or from ``0.4:3,0.2``; raises ValueError."""
    parts = [str(value)] if not isinstance(value, str) else value.split(",")
    rates, until = [], []
    for place, part in enumerate(parts):
        rate, _, time = part.partition(":")
        rates.append(float(rate))
        if bool(time) == (place == len(parts) - 1):
            raise ValueError(part)
        if time:
            until.append(float(time))
    low = -1e-300 if zero else 0.0
    if any(not low < rate < math.inf for rate in rates) or until != sorted(set(until)) or (until and until[0] <= 0.0):
        raise ValueError(value)
    return Pieces(tuple(rates), tuple(until))


def accrual_pieces(value: Any) -> tuple[Pieces, float]:
    """Rates of accrual and its duration, from a duration or from ``10:6,20:12`` (rate for how long); raises ValueError."""
    if not isinstance(value, str) or ":" not in value:
        duration = float(value)
        if not 0.0 <= duration < math.inf:
            raise ValueError(value)
        return Pieces((1.0,)), duration
    pairs = [(float(a), float(b)) for a, b in (part.split(":") for part in value.split(","))]
    if any(not (rate >= 0.0 and length > 0.0) for rate, length in pairs) or sum(rate for rate, _ in pairs) <= 0.0:
        raise ValueError(value)
    ends: list[float] = []
    for _, length in pairs:
        ends.append((ends[-1] if ends else 0.0) + length)
    return Pieces(tuple(rate for rate, _ in pairs), tuple(ends[:-1])), ends[-1]


def arm_hazards(values: Mapping[str, Any], arm: int, problems: list[Problem]) -> Pieces | None:
    """The hazards of an arm from whichever way it is stated; None if it is not."""
    given = [name for name in (f"median_{arm}", f"hazard_{arm}", f"rate_{arm}") if name in values]
    if len(given) > 1:
        told = f"nothing when --{given[0].replace('_', '-')} is given"
        problems += [Problem("design", name, str(values[name]), told) for name in given[1:]]
        return None
    if not given:
        return None
    name, value = given[0], values[given[0]]
    try:
        if name.startswith("median"):
            if not 0.0 < float(value) < math.inf:
                raise ValueError(value)
            return Pieces((math.log(2.0) / float(value),))
        if name.startswith("hazard"):
            return pieces(value)
        if "at" not in values:
            problems.append(
                Problem("design", "at", "missing", "the time (or times) by which --rate-0 and --rate-1 are reached")
            )
            return None
        times, shares = numbers(values["at"]), numbers(value)
        increasing = list(times) == sorted(set(times)) and list(shares) == sorted(set(shares))
        if len(times) != len(shares) or not increasing or times[0] <= 0.0 or not 0.0 < shares[0] <= shares[-1] < 1.0:
            raise ValueError(value)
        return from_survival(times, shares)
    except ValueError:
        allowed = {"median": "a number above 0", "hazard": PIECES, "rate": RATES}[name.partition("_")[0]]
        problems.append(Problem("design", name, str(value), allowed))
        return None


def stated_course(values: Mapping[str, Any]) -> Stated:
    """The course of both arms; `BadInput` with everything that is missing, idle or impossible."""
    problems: list[Problem] = []
    arms = [arm_hazards(values, arm, problems) for arm in (0, 1)]
    ratio = values.get("hazard_ratio")
    stated = [any(f"{kind}_{arm}" in values for kind in ("median", "hazard", "rate")) for arm in (0, 1)]
    if ratio is not None and all(stated):
        problems.append(Problem("design", "hazard_ratio", f"{ratio:g}", "nothing when both arms are given"))
    if ratio is None and not all(stated):
        problems.append(Problem("design", "hazard_ratio", "missing", "a number, or --median-0 and --median-1"))
    if "at" in values and not any(f"rate_{arm}" in values for arm in (0, 1)):
        problems.append(Problem("design", "at", str(values["at"]), "only with --rate-0 or --rate-1"))
    if ratio is not None and not problems:
        arms[1] = arms[1] or (arms[0].times(ratio) if arms[0] else None)
        arms[0] = arms[0] or (arms[1].times(1.0 / ratio) if arms[1] else None)
    timing = [name for name in ("accrual", "follow_up") if name not in values]
    idle = [name for name in ("accrual", "follow_up", "until", *Stated.others[1:]) if name in values]
    if problems:
        raise BadInput(problems)
    if arms[0] is None or arms[1] is None or len(timing) == 2:
        if idle:
            allowed = "only with --median-0 (or --hazard-0, --rate-0), --accrual and --follow-up"
            raise BadInput([Problem("design", name, str(values[name]), allowed) for name in idle])
        return Stated(None)
    problems += [Problem("design", name, "missing", "a number; accrual and follow-up go together") for name in timing]
    dropout = [_dropout(values, arm, problems) for arm in (0, 1)]
    accrual, duration = Pieces((1.0,)), 0.0
    try:
        accrual, duration = accrual_pieces(values.get("accrual", 0.0))
    except ValueError:
        problems.append(Problem("design", "accrual", str(values["accrual"]), ACCRUAL))
    follow_up = float(values.get("follow_up", 0.0))
    if not timing and duration == 0.0 and follow_up == 0.0:
        problems.append(Problem("design", "follow_up", "0", "above 0 when accrual is 0"))
    if problems:
        raise BadInput(problems)
    course = Course(
        (arms[0], arms[1]), (dropout[0], dropout[1]), accrual, duration, follow_up, values.get("ratio", 1.0)
    )
    return Stated(course)


def _dropout(values: Mapping[str, Any], arm: int, problems: list[Problem]) -> Pieces:
    own, both = f"dropout_{arm}", "dropout"
    if own in values and both in values:
        problems.append(Problem("design", own, str(values[own]), "nothing when --dropout is given"))
    name = own if own in values else both
    if name not in values:
        return NONE
    try:
        return pieces(values[name], zero=True)
    except ValueError:
        problems.append(Problem("design", name, str(values[name]), PIECES))
        return NONE


def event_ratio(values: Mapping[str, Any], stated: Stated) -> float | None:
    """The one hazard ratio of the whole time; None where it changes."""
    if values.get("hazard_ratio") is not None:
        return float(values["hazard_ratio"])
    hazards = (
        stated.course.hazards
        if stated.course is not None
        else tuple(arm_hazards(values, arm, []) or NONE for arm in (0, 1))
    )
    if hazards[0].until != hazards[1].until:
        return None
    ratios = [b / a for a, b in zip(hazards[0].rates, hazards[1].rates, strict=True)]
    return ratios[0] if max(ratios) - min(ratios) <= 1e-9 * max(ratios) else None
