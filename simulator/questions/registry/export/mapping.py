"""How an export is read: which column is what, in which unit and code, and how rows become people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from simulator.evidence.reading import Frozen, checked, read_toml
from simulator.questions.registry.export.cells import Export
from simulator.questions.registry.export.fields import CODES, FIELDS, UNITS
from simulator.scenario.limits import number
from simulator.words.errors import BadInput, Problem, nearest

Row: TypeAlias = Literal["person", "limb", "procedure", "visit"]
DateOrder: TypeAlias = Literal["year-month-day", "day-month-year", "month-day-year", "excel-1900", "excel-1904"]
ASK = "?"
"""Stands for what the program does not guess, because a wrong guess would change results."""
DATED = ("amputation_date", "death_date", "healing_date", "last_contact")
"""Fields that tell nothing without the date of the start."""


class Source(Frozen):
    """A column of the export: its name there, its unit, and what its codes stand for.

    `codes` maps a cell to a word of the field; cells that it does not name are read as usual.
    """

    column: Annotated[str, Field(min_length=1)]
    unit: str = ""
    codes: dict[str, str] = Field(default_factory=dict)


class Mapping(Frozen):
    """A mapping as its file writes it.

    `row` says what a line of the export is. Lines of one person (column `person`) are brought together: the earliest is the
    person's start, the others tell what followed; of two limbs the one that came first is kept. `amputations` that may be
    ``any`` say nothing of the limb's loss unless a level stands beside them. `date` is the order in dates. `fields` maps names
    of the model to columns. `first_year` and `last_year` keep people whose start lies between.
    """

    row: Row | Literal["?"] = "person"
    amputations: Literal["major", "any", "?"] = "major"
    date: DateOrder | Literal["?"] = "year-month-day"
    decimal_comma: bool = False
    first_year: Annotated[int, BeforeValidator(number(1900, 2200, whole=True))] = 1900
    last_year: Annotated[int, BeforeValidator(number(1900, 2200, whole=True))] = 2200
    fields: dict[str, Source]
    unused: tuple[str, ...] | list[str] = ()

    def faults(self, export: Export) -> Iterator[tuple[str, str, str]]:
        """Key, value and what is allowed, of everything that is still open or does not fit the export."""
        for key, value, allowed in (
            ("row", self.row, "person, limb, procedure or visit: what one line of the export is"),
            ("amputations", self.amputations, "major or any: whether every amputation is a loss of the limb"),
            ("date", self.date, "day-month-year or month-day-year: no day of the export tells"),
        ):
            if value == ASK:
                yield key, repr(ASK), allowed
        if self.row != "person" and "person" not in self.fields:
            yield "fields.person", "missing", f"the column that tells which {self.row} rows are of one person"
        dated = [name for name in self.fields if name in DATED]
        if dated and "index_date" not in self.fields:
            yield "fields.index_date", "missing", f"the column with the date of the start, because {dated[0]} is there"
        if self.first_year > self.last_year:
            yield "last_year", str(self.last_year), f"at least first_year = {self.first_year}"
        for name, source in self.fields.items():
            here = f"fields.{name}"
            if name not in FIELDS:
                yield here, repr(name), nearest(name, FIELDS)
                continue
            kind = FIELDS[name]
            if source.column.startswith(ASK) and source.column not in export.header:
                yield f"{here}.column", repr(ASK), source.column.removeprefix(ASK).strip() or "a column of the export"
            elif source.column not in export.header:
                yield f"{here}.column", repr(source.column), nearest(source.column, export.header)
            if kind in UNITS:
                if source.unit not in UNITS[kind]:
                    yield f"{here}.unit", repr(source.unit), " or ".join(map(repr, UNITS[kind]))
            elif source.unit:
                yield f"{here}.unit", repr(source.unit), "no unit: this field has none"
            words = CODES.get(kind, ())
            for cell, word in source.codes.items():
                if word == ASK:
                    yield f"{here}.codes", f"{cell!r} = {ASK!r}", "one of " + ", ".join(words)
                elif not words:
                    yield f"{here}.codes", repr(cell), "no codes: this field holds numbers, dates or names"
                elif word not in words:
                    yield f"{here}.codes", f"{cell!r} = {word!r}", "one of " + ", ".join(words)


def read_mapping(path: Path, export: Export) -> tuple[Mapping, bytes]:
    """A user's mapping, checked against the export. Raises BadInput with everything that is wrong or still open."""
    problems: list[Problem] = []
    called = path.name
    table = read_toml(path, called, problems)
    mapping = checked(Mapping, table, called, "", problems) if table or not problems else None
    if mapping is not None:
        problems += [Problem(called, *fault) for fault in mapping.faults(export)]
    if problems or mapping is None:
        raise BadInput(problems)
    return mapping, path.read_bytes()


def plain(mapping: Mapping) -> dict[str, Any]:
    """The mapping as JSON has it."""
    return mapping.model_dump(mode="json", exclude_defaults=True)
