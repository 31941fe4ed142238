"""What became of somebody's limb and life, and how long they were followed, from the dates and visits of an export."""

from __future__ import annotations

import math

from simulator.questions.registry.export.remarks import Remarks
from simulator.questions.registry.export.values import Values, missing
from simulator.words.vocabulary import DAYS_PER_YEAR

FOLLOWED = ("amputated", "died", "healed")
"""What follow-up tells."""


def follow_up(
    values: Values, lines: list[int], begin: float, row: int, remarks: Remarks, visits: bool = False
) -> tuple[list[float], list[float], float]:
    """Of somebody with these `lines`, whose start is on day `begin` in line `row`: years between which each of `FOLLOWED` came
    (low, high), and years followed; as in `People`. What a line says without a date was so by then: on that day where lines are
    `visits`, else when the person was last seen.
    """
    if missing(begin):
        return [math.nan] * 3, [math.nan] * 3, math.nan
    at = values.at
    died = _date(values, "death_date", lines)
    lost, lost_low = _amputation(values, lines, begin, visits)
    healed, healed_low = _date(values, "healing_date", lines), math.nan
    if missing(healed):
        healed, healed_low = _between(values, "healed", lines, begin, visits)
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
    for place, before in ((0, lost_low), (2, healed_low)):
        if not missing(before):
            low[place] = min(low[place], (before - begin) / DAYS_PER_YEAR)
    told = [
        values.has("amputation_date") or values.has("amputation") or values.has("event"),
        values.has("death_date") or values.has("death") or values.has("alive"),
        values.has("healing_date") or values.has("healed"),
    ]
    for place, before, what in ((0, lost_low, "the limb was lost"), (2, healed_low, "the wound had healed")):
        if low[place] == years[place] == 0.0 and not missing(before):
            told[place] = False
            remarks.odd.append((row, f"{what} at the start already: not counted"))
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


def _amputation(values: Values, lines: list[int], begin: float, visits: bool) -> tuple[float, float]:
    """Day of the first major amputation, and the day before which it was not yet done if no date tells."""
    at = values.at
    dated = [
        at("amputation_date", line)
        for line in lines
        if not missing(at("amputation_date", line)) and at("amputation_level", line) != 0.0
    ]
    dated += [at("index_date", line) for line in lines if at("event", line) == "major amputation"]
    if dated:
        return min(dated), math.nan
    return _between(
        values, "amputation", [line for line in lines if at("amputation_level", line) != 0.0], begin, visits
    )


def _between(values: Values, name: str, lines: list[int], begin: float, visits: bool) -> tuple[float, float]:
    """Day by which a line says that something had happened, and the last on which one says that it had not."""
    before = begin
    for line in lines:
        seen = ("index_date",) if visits else ("index_date", "last_contact", "death_date")
        day = max((day for day in (values.at(each, line) for each in seen) if not missing(day)), default=math.nan)
        if missing(day):
            continue
        if values.at(name, line) == 1.0:
            return day, before
        if values.at(name, line) == 0.0:
            before = max(before, day)
    return math.nan, math.nan
