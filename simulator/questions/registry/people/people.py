"""People of an export: who they were at the start, and what became of limb and life."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.questions.registry.export.cells import Export
from simulator.questions.registry.export.mapping import Mapping
from simulator.questions.registry.export.remarks import Remarks
from simulator.questions.registry.export.values import Values, first_known, missing
from simulator.questions.registry.people.baseline import baseline, has_tissue_loss
from simulator.questions.registry.people.follow_up import FOLLOWED, follow_up
from simulator.rules.population.patient import COLUMNS, TISSUE_LOSS, UNDIALYSED
from simulator.words.errors import BadInput
from simulator.words.vocabulary import DAYS_PER_YEAR

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class People:
    """People of an export.

    `given` has shape (people, columns of a patient), NaN where unknown. `low` and `high` (people, `FOLLOWED`) are years from
    the start between which each event came: equal for a date, infinite if it did not come within `followed` (people,) years,
    NaN where the export does not tell. `calendar` (people,) is the year of the start, NaN without dates. `rows` (people,) is
    the line of the export at which somebody starts. `undialysed` (people,) says of whose kidneys no more is known than that they
    are not on dialysis, `wounded` (people,) of whose Rutherford class no more than that it is 5 or 6; nobody by default.
    `dropped` counts people left out, by reason; `odd` says what is implausible, by line.
    """

    given: Array
    low: Array
    high: Array
    followed: Array
    calendar: Array
    rows: NDArray[np.int64]
    undialysed: NDArray[np.bool_] | None = None
    wounded: NDArray[np.bool_] | None = None
    dropped: dict[str, int] = field(default_factory=dict)
    odd: tuple[tuple[int, str], ...] = ()

    def __len__(self) -> int:
        return len(self.given)

    def column(self, name: str) -> Array:
        """What is known of a column of the patients, NaN where nothing is."""
        return np.asarray(self.given[:, COLUMNS.index(name)])

    @property
    def without_dialysis(self) -> NDArray[np.bool_]:
        """Of whom no more is known than that they are not on dialysis, shape (people,)."""
        return np.zeros(len(self), np.bool_) if self.undialysed is None else self.undialysed

    @property
    def with_tissue_loss(self) -> NDArray[np.bool_]:
        """Of whose Rutherford class no more is known than that it is 5 or 6, shape (people,)."""
        return np.zeros(len(self), np.bool_) if self.wounded is None else self.wounded

    @property
    def lived(self) -> Array:
        """`given` as lives are drawn from it: who is known not to be on dialysis is not, who is known to have a wound has one."""
        given = self.given.copy()
        given[self.with_tissue_loss, COLUMNS.index("rutherford")] = TISSUE_LOSS
        given[self.without_dialysis, COLUMNS.index("renal")] = UNDIALYSED
        return given

    def some(self, places: NDArray[np.int64]) -> People:
        """Those at some places."""
        return replace(
            self,
            given=self.given[places],
            low=self.low[places],
            high=self.high[places],
            followed=self.followed[places],
            calendar=self.calendar[places],
            rows=self.rows[places],
            undialysed=self.without_dialysis[places],
            wounded=self.with_tissue_loss[places],
        )


def people_of(export: Export, mapping: Mapping) -> People:
    """People of an export by a mapping that has been checked. Raises BadInput with every cell that cannot be read."""
    remarks = Remarks()
    values = Values(export, mapping, remarks)
    if remarks.wrong:
        raise BadInput(remarks.problems(export.called))
    lines: dict[Any, list[int]] = {}
    person = export.column(mapping.fields["person"].column) if "person" in mapping.fields else None
    for place in range(len(export.rows)):
        lines.setdefault(person[place] if person is not None and person[place] else ("row", place), []).append(place)
    reader = _Reader(values, mapping, remarks)
    for group in lines.values():
        reader.add(group)
    if remarks.wrong:
        raise BadInput(remarks.problems(export.called))
    return reader.people()


class _Reader:
    """Brings the lines of each person together."""

    def __init__(self, values: Values, mapping: Mapping, remarks: Remarks) -> None:
        self.values, self.mapping, self.remarks = values, mapping, remarks
        self.undialysed: list[bool] = []
        self.wounded: list[bool] = []
        self.given: list[Array] = []
        self.low: list[list[float]] = []
        self.high: list[list[float]] = []
        self.followed: list[float] = []
        self.calendar: list[float] = []
        self.rows: list[int] = []

    def people(self) -> People:
        """Everybody who was kept."""
        return People(
            np.array(self.given).reshape(-1, len(COLUMNS)),
            np.array(self.low).reshape(-1, len(FOLLOWED)),
            np.array(self.high).reshape(-1, len(FOLLOWED)),
            np.array(self.followed),
            np.array(self.calendar),
            np.array(self.rows, np.int64),
            np.array(self.undialysed, np.bool_),
            np.array(self.wounded, np.bool_),
            self.remarks.dropped,
            tuple(self.remarks.odd),
        )

    def add(self, lines: list[int]) -> None:
        """One person's lines."""
        values, remarks = self.values, self.remarks
        if self.mapping.row == "person" and len(lines) > 1:
            row = values.row(lines[1])
            remarks.wrong.append((row, "person", "again", 'each person once, because row = "person"'))
            return
        lines = sorted(lines, key=self._day)
        lines = self._one_limb(lines)
        start = lines[0]
        row, begin = values.row(start), values.at("index_date", start)
        given = baseline(values, start, remarks)
        if given is None:
            return
        year = 1970.0 + begin / DAYS_PER_YEAR if not math.isnan(begin) else math.nan
        if not math.isnan(year) and not self.mapping.first_year <= math.floor(year) <= self.mapping.last_year:
            remarks.drop("outside the years asked for")
            return
        low, high, followed = follow_up(values, lines, begin, row, remarks, self.mapping.row == "visit")
        self.given.append(given)
        self.low.append(low)
        self.high.append(high)
        self.followed.append(followed)
        self.calendar.append(year)
        self.rows.append(row)
        unknown = math.isnan(given[COLUMNS.index("renal")])
        self.undialysed.append(bool(unknown and values.at("dialysis", start) == 0.0))
        self.wounded.append(bool(math.isnan(given[COLUMNS.index("rutherford")]) and has_tissue_loss(values, start)))

    def _day(self, line: int) -> float:
        """When a line begins; those without a date come last."""
        day = self.values.at("index_date", line)
        return math.inf if missing(day) else float(day)

    def _one_limb(self, lines: list[int]) -> list[int]:
        """Lines of the limb that came first; those without a side belong to every limb."""
        if not self.values.has("side"):
            return lines
        sides = {line: self.values.at("side", line) for line in lines}
        first = first_known(*sides.values())
        kept = [line for line in lines if missing(sides[line]) or sides[line] == first]
        if len(kept) < len(lines):
            self.remarks.drop("second limbs")
        return kept
