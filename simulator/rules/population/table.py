"""Real patients from a CSV file: any of the columns, the rest drawn from the register."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from simulator.plain_text import text_in
from simulator.rules.population.patient import COLUMNS
from simulator.words.errors import BadInput, Problem, nearest
from simulator.words.vocabulary import ARTERIES, Renal

MOST_TOLD = 20
"""Faults listed one by one; the others are counted."""

CHUNK = 10_000
"""Lines that are read together."""

YES_OR_NO = {"yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0}
RENAL = {renal.name.lower(): float(renal.value) for renal in Renal}
RUTHERFORD = {"4": 4.0, "5": 5.0, "6": 6.0}
OF_A_WOUND = ("infection", "osteomyelitis", "gangrene", "heel")


@dataclass(frozen=True)
class Choice:
    """A column that holds one of a few words."""

    codes: dict[str, float]
    allowed: str
    meaning: str

    def read(self, text: str) -> float | None:
        """The number that a word stands for; None if it is none of them. A whole number may be written as ``1.0``."""
        word = text.lower()
        return self.codes.get(word.removesuffix(".0") if word[:1].isdecimal() else word)


@dataclass(frozen=True)
class Measure:
    """A column that holds a number, both ends included."""

    low: float
    high: float
    unit: str
    meaning: str

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


def _yes(meaning: str) -> Choice:
    return Choice(YES_OR_NO, "yes or no (or 1 or 0, true or false), or nothing if unknown", meaning)


KINDS: dict[str, Choice | Measure] = {
    "age": Measure(18.0, 110.0, "years", "Age at referral."),
    "male": _yes("Sex: yes for men."),
    "diabetes_years": Measure(0.0, 100.0, "years", "Duration of diabetes; at most the age."),
    "ischaemic_heart_disease": _yes("Known ischaemic heart disease."),
    "infection": _yes("Infected wound. Not with Rutherford 4."),
    "osteomyelitis": _yes("Osteomyelitis under the wound. Not with Rutherford 4."),
    "gangrene": _yes("Gangrene. Not with Rutherford 4."),
    "heel": _yes("Wound of the heel. Not with Rutherford 4."),
    "right_limb": _yes("Side of the worse limb, the one that is followed: yes for right."),
    "tcpo2_measured": Measure(
        0.0, 120.0, "mmHg", "Transcutaneous oxygen pressure of the foot as measured at referral."
    ),
    "ankle_pressure_low": _yes("Ankle pressure low enough to count as critical ischaemia."),
    "renal": Choice(
        RENAL, ", ".join(RENAL) + ", or nothing if unknown", "Renal function; severe means without dialysis."
    ),
    "rutherford": Choice(
        RUTHERFORD,
        "4, 5 or 6, or nothing if unknown",
        "Rutherford category: 4 rest pain, 5 minor and 6 major tissue loss.",
    ),
    "leiden": _yes("Factor V Leiden, heterozygous."),
    "mthfr": _yes("MTHFR 677 TT genotype."),
    "small_ev_high": _yes("Class of small extracellular vesicles: yes for high."),
    "small_ev": Measure(0.0, 100.0, "% of vesicles", "Small extracellular vesicles in plasma."),
    "angioplasty_suitable": _yes("A vessel could be dilated."),
    "beyond_salvage": _yes("The limb cannot be saved any more, whatever is done."),
    "walks": _yes("Able to walk, with help or without."),
    **{f"artery_{name}": _yes(f"Disease of the {name.replace('_', ' ')} artery.") for name in ARTERIES},
}
"""Columns that a table may have. True TcPO2 cannot be known, so it is drawn given the measured value."""


def patients_in(content: bytes, called: str) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Patients in the content of a CSV file, which messages call `called`, and the columns that it has.

    The patients have shape (rows, columns of `COLUMNS`), NaN where unknown. The file's first line names its columns, in
    any order; empty cells are unknown.

    Raises BadInput with every fault, the first 20 one by one.
    """
    text = text_in(content, called, "CSV")
    rows = csv.reader(io.StringIO(text, newline=""))
    faults = _Faults(called)
    given = np.empty((text.count("\n") + text.count("\r") + 1, len(COLUMNS)))
    count = 0
    try:
        header = [column.strip() for column in next(rows, [])]
        faults.extend(_faults_of_header(called, header))
        columns = [_Column(name) for name in header]
        first = 2
        while chunk := list(islice(rows, CHUNK)):
            found = _read_chunk(columns, first, chunk, faults)
            given[count : count + len(found)] = found
            first, count = first + len(chunk), count + len(found)
    except csv.Error as error:
        raise BadInput([Problem(called, "file", str(error), "a CSV file with short cells")]) from None
    if header and not count:
        faults.extend([Problem(called, "rows", "none", "at least one patient")])
    if faults.count:
        raise BadInput(faults.told())
    return given[:count], tuple(header)


class _Faults:
    """What is wrong with a table: the first faults one by one, and how many there are."""

    def __init__(self, called: str) -> None:
        self.called, self.first, self.count = called, list[Problem](), 0

    def extend(self, found: list[Problem]) -> None:
        """Add more."""
        self.first += found[: max(0, MOST_TOLD - len(self.first))]
        self.count += len(found)

    def told(self) -> list[Problem]:
        """What a message says."""
        more = self.count - len(self.first)
        allowed = f"none; the first {MOST_TOLD} are listed"
        return [*self.first, Problem(self.called, "further faults", str(more), allowed)] if more else self.first


class _Column(dict[str, float]):
    """Numbers by the cells that stand for them, each read once: NaN for an empty cell, infinite for a faulty one."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.kind = KINDS.get(name)

    def __missing__(self, cell: str) -> float:
        text = cell.strip()
        value = self.kind.read(text) if self.kind is not None and text else math.nan
        number = math.inf if value is None else value
        if len(self) < CHUNK:
            self[cell] = number
        return number


def _read_chunk(columns: list[_Column], first: int, chunk: list[list[str]], faults: _Faults) -> NDArray[np.float64]:
    """The patients of some lines, of which the first has number `first`."""
    given = np.full((len(chunk), len(COLUMNS)), np.nan)
    plain = all(len(cells) == len(columns) for cells in chunk)
    if plain:
        for column, own in zip(columns, zip(*chunk, strict=True), strict=True):
            if column.kind is not None:
                given[:, COLUMNS.index(column.name)] = [column[cell] for cell in own]
        if not (np.isinf(given).any() or np.isnan(given).all(axis=1).any() or _contradicts(given).any()):
            return given
    given[:] = np.nan
    keep = np.zeros(len(chunk), np.bool_)
    header = [column.name for column in columns]
    for place, cells in enumerate(chunk):
        if any(cell.strip() for cell in cells):
            keep[place] = True
            faults.extend(_read_row(faults.called, header, first + place, cells, given[place]))
    return given[keep]


def _contradicts(given: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which patients have known columns that do not go together; `_read_row` says which columns."""
    at = {name: given[:, COLUMNS.index(name)] for name in ("diabetes_years", "age", "rutherford", *OF_A_WOUND)}
    wounds = np.any([at[name] == 1.0 for name in OF_A_WOUND], axis=0)
    return np.asarray((at["diabetes_years"] > at["age"]) | ((at["rutherford"] == RUTHERFORD["4"]) & wounds))


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
