"""People of an export: who they were at the start, and what became of limb and life."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.questions.registry.cells import Export
from simulator.questions.registry.dates import day_in
from simulator.questions.registry.fields import (
    CKD,
    CODES,
    FIELDS,
    KPA,
    UMOL,
    UNITS,
    coded,
    grade_in,
    is_missing,
    number_in,
)
from simulator.questions.registry.mapping import Mapping
from simulator.rules.population.patient import COLUMNS
from simulator.rules.population.table import KINDS, OF_A_WOUND, Measure
from simulator.words.errors import BadInput, Problem
from simulator.words.vocabulary import DAYS_PER_YEAR, Renal

Array = NDArray[np.float64]
FOLLOWED = ("amputated", "died", "healed")
"""What follow-up tells."""
MOST_TOLD = 20
"""Rows that a message names."""


@dataclass(frozen=True, eq=False)
class People:
    """People of an export.

    `given` has shape (people, columns of a patient), NaN where unknown. `low` and `high` (people, `FOLLOWED`) are years from
    the start between which each event came: equal for a date, infinite if it did not come within `followed` (people,) years,
    NaN where the export does not tell. `calendar` (people,) is the year of the start, NaN without dates. `rows` (people,) is
    the line of the export at which somebody starts. `dropped` counts people left out, by reason; `odd` says what is
    implausible, by line. `undialysed` counts those of whose kidneys no more is known than that they are not on dialysis.
    """

    given: Array
    low: Array
    high: Array
    followed: Array
    calendar: Array
    rows: NDArray[np.int64]
    dropped: dict[str, int] = field(default_factory=dict)
    odd: tuple[tuple[int, str], ...] = ()
    undialysed: int = 0

    def __len__(self) -> int:
        return len(self.given)

    def column(self, name: str) -> Array:
        """What is known of a column of the patients, NaN where nothing is."""
        return np.asarray(self.given[:, COLUMNS.index(name)])

    def some(self, places: NDArray[np.int64]) -> People:
        """Those at some places."""
        given, low, high = self.given[places], self.low[places], self.high[places]
        return People(
            given, low, high, self.followed[places], self.calendar[places], self.rows[places], self.dropped, self.odd
        )


def people_of(export: Export, mapping: Mapping) -> People:
    """People of an export by a mapping that has been checked. Raises BadInput with every cell that cannot be read."""
    cells = _Cells(export, mapping)
    if cells.problems:
        raise BadInput(cells.told())
    lines: dict[Any, list[int]] = {}
    person = export.column(mapping.fields["person"].column) if "person" in mapping.fields else None
    for place in range(len(export.rows)):
        lines.setdefault(person[place] if person is not None and person[place] else ("row", place), []).append(place)
    reader = _Reader(cells, mapping)
    for group in lines.values():
        reader.add(group)
    if reader.problems:
        raise BadInput(_first(export.called, reader.problems))
    return reader.people()


class _Cells:
    """Every mapped column as numbers: days, values, 1 and 0, grades; NaN where missing."""

    def __init__(self, export: Export, mapping: Mapping) -> None:
        self.export, self.first = export, export.first_row
        self.problems: list[tuple[int, str, str, str]] = []
        self.columns: dict[str, list[Any]] = {}
        for name, source in mapping.fields.items():
            kind = FIELDS[name]
            if kind == "name":
                continue
            scale = _scale(kind, source.unit)
            read = self._reader(kind, mapping, source.codes, scale)
            self.columns[name] = self._read(name, export.column(source.column), kind in CODES or kind == "grade", read)

    def has(self, name: str) -> bool:
        """Whether the export has the field."""
        return name in self.columns

    def at(self, name: str, place: int) -> Any:
        """The value of a field in a line; NaN where it is missing."""
        return self.columns[name][place] if name in self.columns else math.nan

    def told(self) -> list[Problem]:
        """The first problems, and how many more there are."""
        return _first(self.export.called, self.problems)

    def _reader(self, kind: str, mapping: Mapping, codes: dict[str, str], scale: float) -> Callable[[str], Any]:
        comma, order = mapping.decimal_comma, str(mapping.date)
        if kind == "date":
            return lambda cell: day_in(cell, order)
        if kind in CODES:
            return lambda cell: _code(coded(kind, cell, codes))
        if kind in {"grade", "renal"}:
            return lambda cell: grade_in(cell) or math.inf
        return lambda cell: scale * number_in(cell, comma)

    def _read(self, name: str, cells: list[str], is_code: bool, read: Callable[[str], Any]) -> list[Any]:
        known: dict[str, Any] = {}
        found = []
        for place, cell in enumerate(cells):
            if cell not in known:
                known[cell] = math.nan if is_missing(cell, is_code) else read(cell)
            value = known[cell]
            if isinstance(value, float) and math.isinf(value):
                told = "unreadable" if FIELDS[name] == "date" else repr(cell)
                self.problems.append((place + self.first, name, told, _allowed(name)))
                value = math.nan
            found.append(value)
        return found


def _scale(kind: str, unit: str) -> float:
    return {"kPa": KPA, "mg/dl": UMOL}.get(unit, 1.0) if kind in UNITS else 1.0


def _code(meaning: str | None) -> Any:
    """Yes, right, male and major are 1, their opposites 0; events keep their word."""
    table = {"yes": 1.0, "no": 0.0, "male": 1.0, "female": 0.0, "right": 1.0, "left": 0.0, "major": 1.0, "minor": 0.0}
    if meaning is None:
        return math.inf
    return math.nan if meaning == "unknown" else table.get(meaning, meaning)


def _allowed(name: str) -> str:
    kind = FIELDS[name]
    if kind in CODES:
        return "one of " + ", ".join(CODES[kind]) + ": name the code in the mapping"
    return {"date": "a date in the mapping's order", "grade": "a grade", "renal": "a stage of kidney disease"}.get(
        kind, "a number"
    )


def _first(called: str, problems: list[tuple[int, str, str, str]]) -> list[Problem]:
    told = [Problem(called, f"row {row}, {name}", cell, allowed) for row, name, cell, allowed in problems[:MOST_TOLD]]
    if len(problems) > MOST_TOLD:
        allowed = f"none; the first {MOST_TOLD} are listed"
        told.append(Problem(called, "further faults", f"{len(problems) - MOST_TOLD:,}", allowed))
    return told


class _Reader:
    """Brings the lines of each person together."""

    def __init__(self, cells: _Cells, mapping: Mapping) -> None:
        self.cells, self.mapping = cells, mapping
        self.undialysed = 0
        self.given: list[Array] = []
        self.low: list[list[float]] = []
        self.high: list[list[float]] = []
        self.followed: list[float] = []
        self.calendar: list[float] = []
        self.rows: list[int] = []
        self.dropped: dict[str, int] = {}
        self.odd: list[tuple[int, str]] = []
        self.problems: list[tuple[int, str, str, str]] = []

    def people(self) -> People:
        """Everybody who was kept."""
        return People(
            np.array(self.given).reshape(-1, len(COLUMNS)),
            np.array(self.low).reshape(-1, len(FOLLOWED)),
            np.array(self.high).reshape(-1, len(FOLLOWED)),
            np.array(self.followed),
            np.array(self.calendar),
            np.array(self.rows, np.int64),
            self.dropped,
            tuple(self.odd),
            self.undialysed,
        )

    def add(self, lines: list[int]) -> None:
        """One person's lines."""
        cells = self.cells
        if self.mapping.row == "person" and len(lines) > 1:
            row = lines[1] + cells.first
            self.problems.append((row, "person", "again", 'each person once, because row = "person"'))
            return
        lines = sorted(lines, key=lambda line: _or(cells.at("index_date", line), math.inf))
        lines = self._one_limb(lines)
        start = lines[0]
        row, begin = start + cells.first, cells.at("index_date", start)
        given = self._baseline(start, lines)
        if given is None:
            return
        year = 1970.0 + begin / DAYS_PER_YEAR if not math.isnan(begin) else math.nan
        if not math.isnan(year) and not self.mapping.first_year <= math.floor(year) <= self.mapping.last_year:
            self._drop("outside the years asked for")
            return
        low, high, followed = self._course(lines, begin, row)
        self.given.append(given)
        self.low.append(low)
        self.high.append(high)
        self.followed.append(followed)
        self.calendar.append(year)
        self.rows.append(row)
        self.undialysed += cells.at("dialysis", start) == 0.0 and math.isnan(given[COLUMNS.index("renal")])

    def _one_limb(self, lines: list[int]) -> list[int]:
        """Lines of the limb that came first; those without a side belong to every limb."""
        if not self.cells.has("side"):
            return lines
        first = next((s for s in (self.cells.at("side", line) for line in lines) if not _missing(s)), math.nan)
        kept = [line for line in lines if _missing(self.cells.at("side", line)) or self.cells.at("side", line) == first]
        if len(kept) < len(lines):
            self.dropped["second limbs"] = self.dropped.get("second limbs", 0) + 1
        return kept

    def _drop(self, why: str) -> None:
        self.dropped[why] = self.dropped.get(why, 0) + 1

    def _any(self, names: Iterable[str], line: int) -> float:
        """1 if any is yes, 0 if all that are known are no, NaN if none is known."""
        known = [value for value in (self.cells.at(name, line) for name in names) if not _missing(value)]
        return math.nan if not known else float(any(value == 1.0 for value in known))

    def _baseline(self, line: int, lines: list[int]) -> Array | None:
        at, row = self.cells.at, line + self.cells.first
        known: dict[str, float] = {}
        known["age"] = self._age(line)
        known["male"] = _first_known(at("sex", line), at("male", line))
        known["diabetes_years"] = at("diabetes_years", line)
        hearts = ("ischaemic_heart_disease", "prior_infarct", "prior_cabg", "prior_pci")
        known["ischaemic_heart_disease"] = self._any(hearts, line)
        known["tcpo2_measured"] = at("tcpo2", line)
        known["right_limb"] = at("side", line)
        known["osteomyelitis"], known["heel"] = at("osteomyelitis", line), at("heel", line)
        known["small_ev"], known["angioplasty_suitable"] = at("small_ev", line), at("angioplasty_suitable", line)
        known["renal"] = self._renal(line, known)
        severity = self._rutherford(line)
        if severity is not None and severity < 4.0:
            self._drop("Rutherford 0 to 3 or without ischaemia that threatens the limb")
            return None
        known["rutherford"] = math.nan if severity is None else severity
        wagner, wifi = _grade(at("wagner", line)), _grade(at("wifi_infection", line))
        known["infection"] = _first_known(
            at("infection", line), at("sinbad_bacteria", line), math.nan if math.isnan(wifi) else float(wifi >= 1),
            1.0 if wagner == 3 else math.nan,
        )  # fmt: skip
        known["gangrene"] = _first_known(at("gangrene", line), 1.0 if wagner in {4, 5} else math.nan)
        pressure = at("ankle_pressure", line)
        if not _missing(pressure):
            known["ankle_pressure_low"] = float(pressure < (50.0 if known["rutherford"] == 4.0 else 70.0))
        return self._checked(known, row)

    def _checked(self, known: dict[str, float], row: int) -> Array:
        """The row of a patient; what cannot be is left out and named."""
        given = np.full(len(COLUMNS), np.nan)
        for name, value in known.items():
            if _missing(value):
                continue
            kind = KINDS.get(name)
            if isinstance(kind, Measure) and not kind.low <= value <= kind.high:
                self.odd.append((row, f"{name} outside {kind.low:g} to {kind.high:g}, taken as unknown"))
                continue
            given[COLUMNS.index(name)] = value
        at = {name: COLUMNS.index(name) for name in ("age", "diabetes_years", "rutherford", *OF_A_WOUND)}
        if given[at["diabetes_years"]] > given[at["age"]]:
            self.odd.append((row, "more years of diabetes than of life, taken as unknown"))
            given[at["diabetes_years"]] = np.nan
        wounds = [name for name in OF_A_WOUND if given[at[name]] == 1.0]
        if given[at["rutherford"]] == 4.0 and wounds:
            self.odd.append((row, f"rest pain alone with {wounds[0]}: Rutherford class taken as unknown"))
            given[at["rutherford"]] = np.nan
        if given[COLUMNS.index("tcpo2_measured")] > 60.0:
            self.odd.append((row, "TcPO2 above 60 mmHg"))
        return given

    def _age(self, line: int) -> float:
        age, born, begin = (self.cells.at(name, line) for name in ("age", "birth_date", "index_date"))
        if not _missing(born) and not _missing(begin):
            if begin < born:
                self.problems.append((line + self.cells.first, "index_date", "before birth", "a date after birth"))
            return float((begin - born) / DAYS_PER_YEAR)
        return float(age)

    def _renal(self, line: int, known: dict[str, float]) -> float:
        at = self.cells.at
        if at("dialysis", line) == 1.0:
            return float(Renal.DIALYSIS)
        stage, rate = at("ckd_stage", line), at("egfr", line)
        if not _missing(stage):
            return float(CKD[stage]) if stage in CKD else math.nan
        creatinine, age, male = at("creatinine", line), known["age"], known["male"]
        if _missing(rate) and not any(map(_missing, (creatinine, age, male))):
            rate = ckd_epi(creatinine / UMOL, age, male == 1.0)
        if _missing(rate):
            return math.nan
        return float(Renal.NORMAL if rate >= 60.0 else Renal.MODERATE if rate >= 30.0 else Renal.SEVERE)

    def _rutherford(self, line: int) -> float | None:
        """Class 4 to 6; below 4 for somebody without threatening ischaemia; None where it cannot be told."""
        at = self.cells.at
        direct = _grade(at("rutherford", line))
        if not math.isnan(direct):
            return direct
        wound, wagner, fontaine = (_grade(at(name, line)) for name in ("wifi_wound", "wagner", "fontaine"))
        if not math.isnan(wound):
            return (4.0, 5.0, 5.0, 6.0)[int(wound)] if 0 <= wound <= 3 else None
        if not math.isnan(wagner) and wagner >= 1:
            return 6.0 if wagner >= 5 else 5.0
        if not math.isnan(fontaine):
            # Stage IV is class 5 or 6, and nothing in it tells which.
            return 4.0 if fontaine == 3 else None if fontaine >= 4 else 0.0
        return None

    def _course(self, lines: list[int], begin: float, row: int) -> tuple[list[float], list[float], float]:
        """Years between which each event came, and years followed."""
        if _missing(begin):
            return [math.nan] * 3, [math.nan] * 3, math.nan
        at = self.cells.at
        died = self._date("death_date", lines)
        lost, lost_low = self._amputation(lines, begin)
        healed = self._date("healing_date", lines)
        seen = [at(name, line) for line in lines for name in ("index_date", "last_contact")]
        known = [day for day in (*seen, lost, healed, died) if not _missing(day)]
        end = died if not _missing(died) else max(known)
        for name, day in (("amputation_date", lost), ("death_date", died), ("healing_date", healed)):
            if not _missing(day) and day < begin:
                self.problems.append((row, name, "before the start", "a date from index_date on"))
        if not _missing(died) and any(not _missing(day) and day > died for day in (lost, healed, *seen)):
            self.odd.append((row, "something is dated after death; follow-up ends with death"))
        followed = (end - begin) / DAYS_PER_YEAR
        years = [self._years(day, begin, followed) for day in (lost, died, healed)]
        low = list(years)
        if not _missing(lost_low):
            low[0] = min(low[0], (lost_low - begin) / DAYS_PER_YEAR)
        told = (
            self.cells.has("amputation_date") or self.cells.has("amputation") or self.cells.has("event"),
            self.cells.has("death_date") or self.cells.has("death") or self.cells.has("alive"),
            self.cells.has("healing_date"),
        )
        if any(at("death", line) == 1.0 or at("alive", line) == 0.0 for line in lines) and _missing(died):
            self.odd.append((row, "dead without a date: alive as long as known, unknown afterwards"))
        return (
            [value if known_ else math.nan for value, known_ in zip(low, told, strict=True)],
            [value if known_ else math.nan for value, known_ in zip(years, told, strict=True)],
            followed,
        )

    @staticmethod
    def _years(day: float, begin: float, followed: float) -> float:
        return math.inf if _missing(day) else min((day - begin) / DAYS_PER_YEAR, followed)

    def _date(self, name: str, lines: list[int]) -> float:
        """The first date of this name in any line."""
        return min(
            (day for day in (self.cells.at(name, line) for line in lines) if not _missing(day)), default=math.nan
        )

    def _amputation(self, lines: list[int], begin: float) -> tuple[float, float]:
        """Day of the first major amputation, and the day before which it was not yet done if only a visit tells."""
        at = self.cells.at
        dated = [
            at("amputation_date", line)
            for line in lines
            if not _missing(at("amputation_date", line)) and at("amputation_level", line) != 0.0
        ]
        dated += [at("index_date", line) for line in lines if at("event", line) == "major amputation"]
        if dated:
            return min(dated), math.nan
        before = begin
        for line in lines:
            day = at("index_date", line)
            if at("amputation", line) == 1.0 and at("amputation_level", line) != 0.0 and not _missing(day):
                return day, before
            before = day if not _missing(day) else before
        return math.nan, math.nan


def _missing(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _or(value: float, otherwise: float) -> float:
    return otherwise if _missing(value) else value


def _first_known(*values: Any) -> float:
    return next((float(value) for value in values if not _missing(value)), math.nan)


def _grade(value: Any) -> float:
    """The number of a grade such as ``3a``."""
    return math.nan if _missing(value) else float(str(value).rstrip("abcd") or "nan")


def ckd_epi(creatinine: float, age: float, male: bool) -> float:
    """eGFR (ml/min/1.73 m2) from creatinine (mg/dl) by the CKD-EPI equation of 2021, which knows no race.

    Inker et al., N Engl J Med 2021;385:1737, doi:10.1056/NEJMoa2102953 (coefficients recalled).
    """
    k, a, factor = (0.9, -0.302, 1.0) if male else (0.7, -0.241, 1.012)
    ratio = creatinine / k
    return float(142.0 * min(ratio, 1.0) ** a * max(ratio, 1.0) ** -1.2 * 0.9938**age * factor)
