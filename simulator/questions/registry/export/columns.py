"""Which column of an export is which field, by its name and what its cells can be, and how that was told."""

from __future__ import annotations

import math

from simulator.questions.registry.export.cells import Export
from simulator.questions.registry.export.dates import order_of
from simulator.questions.registry.export.fields import (
    CODES,
    FIELDS,
    coded,
    grade_in,
    is_missing,
    names,
    number_in,
    word,
)
from simulator.questions.registry.export.naming import events_of, known, never, plain_name, words_of

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


def columns_of(export: Export) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Field -> column, and why. Where several columns could be one field and differ, all of them."""
    found: dict[str, list[tuple[int, str, str]]] = {}
    for column in export.header:
        meaning = _meaning(column, export.column(column)[:SEEN], export)
        if meaning is not None:
            field, rank, why = meaning
            found.setdefault(field, []).append((rank, column, why))
    taken: dict[str, list[str]] = {}
    reasons: dict[str, str] = {}
    for field in FIELDS:
        surest = min((rank for rank, _, _ in found.get(field, [])), default=None)
        likely = [(column, why) for rank, column, why in found.get(field, []) if rank == surest]
        if likely:
            column, reasons[field] = likely[0]
            taken[field] = [column, *(other for other, _ in likely if not _alike(field, column, other, export))]
            if len(taken[field]) > 1:
                reasons[field] = "several columns could be it"
    return taken, reasons


def _meaning(column: str, cells: list[str], export: Export) -> tuple[str, int, str] | None:
    """The field that a column could be, how surely, and why."""
    plain, words = plain_name(column), words_of(column)
    if not column or plain in never():
        return None
    name = known().get(plain)
    if name is not None and fits(name, cells, export):
        return name, TOLD, "recognised by its name"
    events = events_of(words)
    for kind, fields in OF_EVENTS.items():
        # What was so after some days or months has no date.
        happened = events if kind == "date" else events - {"last", "start"}
        if kind == "yes" and any(sign.isdigit() for sign in plain):
            continue
        event = next(iter(happened)) if len(happened) == 1 else ""
        field = fields.get(event, "")
        if field and fits(field, cells, export) and (kind == "date" or _understood(field, cells)):
            return field, TOLD, f"recognised by its words, which say {event!r}"
    if set(words) & set(names()["parts"]["other"]):
        return None
    for spelled in sorted(known(), key=len, reverse=True):
        field = known()[spelled]
        if len(spelled) < 4 or f"_{spelled}_" not in f"_{plain}_" or FIELDS[field] in UNGUESSED:
            continue
        if fits(field, cells, export) and _understood(field, cells):
            return field, GUESSED, f"guessed, because its name holds {spelled!r}"
    return None


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
