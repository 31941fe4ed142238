"""Which column of an export is which field, by its name and what its cells can be, and how that was told."""

from __future__ import annotations

import math
from collections.abc import Iterator

from simulator.questions.registry.cells import Export
from simulator.questions.registry.dates import order_of
from simulator.questions.registry.fields import (
    CODES,
    FIELDS,
    coded,
    folded,
    grade_in,
    is_missing,
    names,
    number_in,
    word,
)
from simulator.questions.registry.mapping import ASK
from simulator.questions.registry.naming import events_of, known, never, plain_name, words_of

SEEN = 20_000
"""Rows by which a column is judged."""
FEW = 30
"""Different cells that a coded column has at most."""
TOLD, GUESSED = range(2)
"""How surely a name tells: it is known or its words say what happened; it only holds a known one."""
OF_EVENTS = {
    "date": {
        "birth": "birth_date", "death": "death_date", "amputation": "amputation_date", "healing": "healing_date",
        "last": "last_contact", "start": "index_date",
    },
    "yes": {"death": "death", "alive": "alive", "amputation": "amputation", "healing": "healed"},
}  # fmt: skip
"""What a column of dates, or of yes and no, is by what its name says happened."""
UNGUESSED = ("name", "date", "event", "level")
"""Kinds of fields that a name does not make likely by holding a known one."""


def columns_of(export: Export) -> tuple[dict[str, str], dict[str, str]]:
    """Field -> column, and why. Where several columns could be one field and differ, the column is `ASK` and their names."""
    found: dict[str, dict[int, list[tuple[str, str]]]] = {}
    for column in export.header:
        cells = export.column(column)[:SEEN]
        for field, rank, why in _meanings(column, cells, export):
            found.setdefault(field, {}).setdefault(rank, []).append((column, why))
    taken: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for rank in (TOLD, GUESSED):
        for field, ranked in found.items():
            free = [(column, why) for column, why in ranked.get(rank, []) if column not in taken.values()]
            if field in taken or not free:
                continue
            column, reasons[field] = free[0]
            differ = [other for other, _ in free if not _alike(field, column, other, export)]
            taken[field] = column
            if differ:
                several = [column, *differ]
                taken[field], reasons[field] = f"{ASK} {' or '.join(several)}", "several columns could be it"
    return {name: taken[name] for name in FIELDS if name in taken}, reasons


def cells_of(export: Export, column: str) -> list[str]:
    """Cells by which a column is judged; of several that it could be, those of the first."""
    if column not in export.header:
        column = column.removeprefix(f"{ASK} ").split(" or ")[0]
    return export.column(column)[:SEEN] if column in export.header else []


def _meanings(column: str, cells: list[str], export: Export) -> Iterator[tuple[str, int, str]]:
    """Fields that a column could be, how surely, and why."""
    plain, words = plain_name(column), words_of(column)
    if not column or plain in never():
        return
    name = known().get(folded(column)) or known().get(plain)
    if name is not None and fits(name, cells, export):
        yield name, TOLD, "recognised by its name"
        return
    events = events_of(words)
    for kind, fields in OF_EVENTS.items():
        # What was so after some days or months has no date.
        happened = events if kind == "date" else events - {"last", "start"}
        if kind == "yes" and any(sign.isdigit() for sign in plain):
            continue
        event = next(iter(happened)) if len(happened) == 1 else ""
        field = fields.get(event, "")
        if field and fits(field, cells, export) and (kind == "date" or _understood(field, cells)):
            yield field, TOLD, f"recognised by its words, which say {event!r}"
            return
    if set(words) & set(names()["parts"]["other"]):
        return
    for spelled in sorted(known(), key=len, reverse=True):
        field = known()[spelled]
        if len(spelled) < 4 or f"_{spelled}_" not in f"_{plain}_" or FIELDS[field] in UNGUESSED:
            continue
        if fits(field, cells, export) and _understood(field, cells):
            yield field, GUESSED, f"guessed, because its name holds {spelled!r}"
            return


def _understood(field: str, cells: list[str]) -> bool:
    """Whether most cells of a coded column stand for something that is known."""
    kind = FIELDS[field]
    if kind not in CODES:
        return True
    full = [cell for cell in cells if not is_missing(cell, coded=True)]
    told = {cell: coded(kind, cell, {}) is not None for cell in set(full)}
    return bool(full) and sum(told[cell] for cell in full) > 0.8 * len(full)


def _alike(field: str, one: str, other: str, export: Export) -> bool:
    """Whether two columns say the same: the same cells, or of people the same groups of rows."""
    if one == other:
        return True
    left, right = export.column(one), export.column(other)
    if FIELDS[field] != "name":
        return left == right
    return len(set(left)) == len(set(right)) == len(set(zip(left, right, strict=True)))


def fits(name: str, cells: list[str], export: Export) -> bool:
    """Whether most cells could be of this field."""
    kind = FIELDS[name]
    full = [cell for cell in cells if not is_missing(cell, coded=kind in CODES or kind == "grade", kind=kind)]
    if not full or kind == "name":
        return bool(full)
    if kind == "date":
        return order_of(full) != ""
    if kind in {"number", "tcpo2", "creatinine", "pressure", "duration"}:
        return sum(math.isfinite(number_in(cell, export.decimal_comma)) for cell in full) > 0.9 * len(full)
    if kind in {"grade", "renal"}:
        return sum(bool(grade_in(cell, kind)) for cell in full) > 0.8 * len(full)
    if kind == "event":
        return True
    different = set(map(word, full))
    return len(different) <= FEW and not order_of(different)
