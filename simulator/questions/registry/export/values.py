"""The cells of an export as values: days, numbers in the model's units, yes and no, grades."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from simulator.questions.registry.export.cells import Export
from simulator.questions.registry.export.dates import day_in
from simulator.questions.registry.export.fields import (
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
from simulator.questions.registry.export.mapping import Mapping
from simulator.questions.registry.export.remarks import Remarks

FIRST = 2
"""The first line of data where the names of columns are in the first line."""
OF_LIMBS = ("amputation", "amputation_date")


class Values:
    """Every mapped column as numbers: days, values, 1 and 0, grades; NaN where missing."""

    def __init__(self, export: Export, mapping: Mapping, remarks: Remarks) -> None:
        self.numbers, self.remarks = export.numbers, remarks
        self.columns: dict[str, list[Any]] = {}
        losses = mapping.amputations == "major" or "amputation_level" in mapping.fields
        for name, source in mapping.fields.items():
            kind = FIELDS[name]
            if kind == "name" or (name in OF_LIMBS and not losses):
                continue
            scale = _scale(kind, source.unit)
            read = self._reader(name, mapping, source.codes, scale)
            self.columns[name] = self._read(name, export.column(source.column), kind in CODES or kind == "grade", read)

    def has(self, name: str) -> bool:
        """Whether the export has the field."""
        return name in self.columns

    def at(self, name: str, place: int) -> Any:
        """The value of a field in a line; NaN where it is missing."""
        return self.columns[name][place] if name in self.columns else math.nan

    def row(self, place: int) -> int:
        """The line of the export that people see."""
        return self.numbers[place] if self.numbers else place + FIRST

    def _reader(self, name: str, mapping: Mapping, codes: dict[str, str], scale: float) -> Callable[[str], Any]:
        kind = FIELDS[name]
        comma, order = mapping.decimal_comma, str(mapping.date)
        if kind == "date":
            return lambda cell: day_in(cell, order, born=name == "birth_date")
        if kind in CODES:
            return lambda cell: _code(coded(kind, cell, codes))
        if kind in {"grade", "renal"}:
            return lambda cell: grade_in(cell, kind) or math.inf
        return lambda cell: scale * number_in(cell, comma)

    def _read(self, name: str, cells: list[str], is_code: bool, read: Callable[[str], Any]) -> list[Any]:
        known: dict[str, Any] = {}
        found = []
        for place, cell in enumerate(cells):
            if cell not in known:
                known[cell] = math.nan if is_missing(cell, is_code, FIELDS[name]) else read(cell)
            value = known[cell]
            if isinstance(value, float) and math.isinf(value):
                told = "unreadable" if FIELDS[name] == "date" else repr(cell)
                self.remarks.wrong.append((self.row(place), name, told, _allowed(name)))
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


def missing(value: Any) -> bool:
    """Whether a value of a cell says nothing."""
    return isinstance(value, float) and math.isnan(value)


def first_known(*values: Any) -> float:
    """The first value that says something."""
    return next((float(value) for value in values if not missing(value)), math.nan)
