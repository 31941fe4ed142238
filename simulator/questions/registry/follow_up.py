"""What became of somebody's limb and life, and how long they were followed, from the dates and visits of an export."""

from __future__ import annotations

import math

from simulator.questions.registry.remarks import Remarks
from simulator.questions.registry.values import Values, missing
from simulator.words.vocabulary import DAYS_PER_YEAR

FOLLOWED = ("amputated", "died", "healed")
"""What follow-up tells."""


def follow_up(
    values: Values, lines: list[int], begin: float, row: int, remarks: Remarks
) -> tuple[list[float], list[float], float]:
    """Of somebody with these `lines`, whose start is on day `begin` in line `row`: years between which each of `FOLLOWED` came
    (low, high), and years followed; as in `People`.
    """
    if missing(begin):
        return [math.nan] * 3, [math.nan] * 3, math.nan
    at = values.at
    died = _date(values, "death_date", lines)
    lost, lost_low = _amputation(values, lines, begin)
    healed = _date(values, "healing_date", lines)
    seen = [at(name, line) for line in lines for name in ("index_date", "last_contact")]
    known = [day for day in (*seen, lost, healed, died) if not missing(day)]
    end = died if not missing(died) else max(known)
    for name, day in (("amputation_date", lost), ("death_date", died), ("healing_date", healed)):
        if not missing(day) and day < begin:
            remarks.wrong.append((row, name, "before the start", "a date from index_date on"))
    for name, day in (("amputation_date", lost), ("healing_date", healed)):
        if day > died:
            remarks.wrong.append((row, name, "after death", "a date up to death_date"))
    if any(day > died for day in seen):
        remarks.odd.append((row, "something is dated after death; follow-up ends with death"))
    followed = (end - begin) / DAYS_PER_YEAR
    years = [_years(day, begin, followed) for day in (lost, died, healed)]
    low = list(years)
    if not missing(lost_low):
        low[0] = min(low[0], (lost_low - begin) / DAYS_PER_YEAR)
    told = (
        values.has("amputation_date") or values.has("amputation") or values.has("event"),
        values.has("death_date") or values.has("death") or values.has("alive"),
        values.has("healing_date"),
    )
    if any(at("death", line) == 1.0 or at("alive", line) == 0.0 for line in lines) and missing(died):
        remarks.odd.append((row, "dead without a date: alive as long as known, unknown afterwards"))
    return (
        [value if known_ else math.nan for value, known_ in zip(low, told, strict=True)],
        [value if known_ else math.nan for value, known_ in zip(years, told, strict=True)],
        followed,
    )


def _years(day: float, begin: float, followed: float) -> float:
    return math.inf if missing(day) else min((day - begin) / DAYS_PER_YEAR, followed)


def _date(values: Values, name: str, lines: list[int]) -> float:
    """The first date of this name in any line."""
    return min((day for day in (values.at(name, line) for line in lines) if not missing(day)), default=math.nan)


def _amputation(values: Values, lines: list[int], begin: float) -> tuple[float, float]:
    """Day of the first major amputation, and the day before which it was not yet done if only a visit tells."""
    at = values.at
    dated = [
        at("amputation_date", line)
        for line in lines
        if not missing(at("amputation_date", line)) and at("amputation_level", line) != 0.0
    ]
    dated += [at("index_date", line) for line in lines if at("event", line) == "major amputation"]
    if dated:
        return min(dated), math.nan
    before = begin
    for line in lines:
        day = at("index_date", line)
        if at("amputation", line) == 1.0 and at("amputation_level", line) != 0.0 and not missing(day):
            return day, before
        before = day if not missing(day) else before
    return math.nan, math.nan
