"""Real patients from a CSV file: any of the columns, the rest drawn from the register."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulator.errors import BadInput, Problem, nearest
from simulator.plain_text import text_in
from simulator.population.patient import COLUMNS
from simulator.vocabulary import ARTERIES, Renal

MOST_TOLD = 20
"""Faults listed one by one; the others are counted."""

YES_OR_NO = {"yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0}
RENAL = {renal.name.lower(): float(renal.value) for renal in Renal}
RUTHERFORD = {"4": 4.0, "5": 5.0, "6": 6.0}
OF_A_WOUND = ("infection", "osteomyelitis", "gangrene", "heel")


@dataclass(frozen=True)
class Choice:
    """A column that holds one of a few words."""

    codes: dict[str, float]
    allowed: str

    def read(self, text: str) -> float | None:
        """The number that a word stands for; None if it is none of them."""
        return self.codes.get(text.lower())


@dataclass(frozen=True)
class Measure:
    """A column that holds a number, both ends included."""

    low: float
    high: float
    unit: str

    @property
    def allowed(self) -> str:
        """What the column takes."""
        return f"a number, {self.low:g} to {self.high:g} {self.unit}, or nothing if unknown"

    def read(self, text: str) -> float | None:
        """The number; None if it is none or out of range."""
        try:
            number = float(text)
        except ValueError:
            return None
        return number if math.isfinite(number) and self.low <= number <= self.high else None


_BOOLEAN = Choice(YES_OR_NO, "yes or no (or 1 or 0), or nothing if unknown")
KINDS: dict[str, Choice | Measure] = {
    "age": Measure(18.0, 110.0, "years"),
    "male": _BOOLEAN,
    "diabetes_years": Measure(0.0, 100.0, "years"),
    "ischaemic_heart_disease": _BOOLEAN,
    "infection": _BOOLEAN,
    "osteomyelitis": _BOOLEAN,
    "gangrene": _BOOLEAN,
    "heel": _BOOLEAN,
    "right_limb": _BOOLEAN,
    "tcpo2_measured": Measure(0.0, 120.0, "mmHg"),
    "ankle_pressure_low": _BOOLEAN,
    "renal": Choice(RENAL, ", ".join(RENAL) + ", or nothing if unknown"),
    "rutherford": Choice(RUTHERFORD, "4, 5 or 6, or nothing if unknown"),
    "leiden": _BOOLEAN,
    "mthfr": _BOOLEAN,
    "small_ev_high": _BOOLEAN,
    "small_ev": Measure(0.0, 100.0, "% of vesicles"),
    "angioplasty_suitable": _BOOLEAN,
    **{f"artery_{name}": _BOOLEAN for name in ARTERIES},
}
"""Columns that a table may have. True TcPO2 cannot be known, so it is drawn given the measured value."""


def read_patients(path: Path | str) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Patients of a CSV file and the columns that it has.

    The patients have shape (rows, columns of `COLUMNS`), NaN where unknown. The file's first line names its columns, in
    any order; empty cells are unknown.

    Raises BadInput with every fault, the first 20 one by one.
    """
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:  # a name with a null character is a ValueError
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput([Problem(str(path), "file", reason, "a CSV file at this place")]) from None
    return patients_in(content, str(path))


def patients_in(content: bytes, called: str) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """As `read_patients`, for the content of a file that messages call `called`."""
    text = text_in(content, called, "CSV")
    try:
        lines = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise BadInput([Problem(called, "file", str(error), "a CSV file with short cells")]) from None
    header = [column.strip() for column in lines[0]] if lines else []
    problems = _faults_of_header(called, header)
    rows = [(number, cells) for number, cells in enumerate(lines[1:], start=2) if any(cell.strip() for cell in cells)]
    if header and not rows:
        problems.append(Problem(called, "rows", "none", "at least one patient"))
    given = np.full((len(rows), len(COLUMNS)), np.nan)
    for row, (number, cells) in zip(given, rows, strict=True):
        problems.extend(_read_row(called, header, number, cells, row))
    if len(problems) > MOST_TOLD:
        left = len(problems) - MOST_TOLD
        problems[MOST_TOLD:] = [Problem(called, "further faults", str(left), f"none; the first {MOST_TOLD} are listed")]
    if problems:
        raise BadInput(problems)
    return given, tuple(header)


def _faults_of_header(called: str, header: list[str]) -> list[Problem]:
    if not header:
        return [Problem(called, "columns", "none", "a first line with any of " + ", ".join(KINDS))]
    problems = []
    for place, column in enumerate(header):
        if column not in KINDS:
            hint = "did you mean 'tcpo2_measured'?" if column == "tcpo2" else nearest(column, KINDS)
            if ";" in column or "\t" in column:
                hint = "commas between columns and points in decimals"
            problems.append(Problem(called, "column", repr(column), hint))
        elif column in header[:place]:
            problems.append(Problem(called, "column", repr(column), "each column once"))
    return problems


def _read_row(called: str, header: list[str], number: int, cells: list[str], row: NDArray[np.float64]) -> list[Problem]:
    """Fill one row of the matrix and return what is wrong with it."""
    if len(cells) != len(header):
        return [Problem(called, f"row {number}", f"{len(cells)} cells", f"{len(header)}, one for each column")]
    problems = []
    known: dict[str, float] = {}
    for column, cell in zip(header, cells, strict=True):
        text = cell.strip()
        if column not in KINDS or not text:
            continue
        value = KINDS[column].read(text)
        if value is None:
            problems.append(Problem(called, f"row {number}, {column}", repr(text), KINDS[column].allowed))
        else:
            known[column] = value
            row[COLUMNS.index(column)] = value
    if known.get("diabetes_years", 0.0) > known.get("age", math.inf):
        problems.append(
            Problem(
                called,
                f"row {number}, diabetes_years",
                f"{known['diabetes_years']:g}",
                f"at most age, {known['age']:g}",
            )
        )
    if known.get("rutherford") == RUTHERFORD["4"]:
        for column in OF_A_WOUND:
            if known.get(column) == 1.0:
                problems.append(Problem(called, f"row {number}, {column}", "yes", "no: Rutherford 4 has no wound"))
    return problems
