"""A mapping proposed from an export's own names and cells: what was recognised, what was guessed and why, what is asked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from simulator.questions.registry.cells import Export
from simulator.questions.registry.dates import order_of
from simulator.questions.registry.fields import (
    CODES,
    FIELDS,
    UNITS,
    Kind,
    coded,
    folded,
    grade_in,
    is_missing,
    names,
    number_in,
    word,
)
from simulator.questions.registry.mapping import ASK, Mapping, Source

SEEN = 20_000
"""Rows by which a column is judged."""
FEW = 30
"""Different cells that a coded column has at most."""
HIGHEST_KPA = {"tcpo2": 16.0, "pressure": 33.0}
"""Values of a column that never exceeds this may be kilopascals: 120 and 250 mmHg, where the scales of mmHg end."""
APART = (20.0, 25.0)
"""Creatinine up to the first is mg/dl, from the second on umol/l (REGISTRIES: 20 to 30 parts the units)."""


@dataclass(frozen=True)
class Proposal:
    """A mapping, why each field was taken, and how many answers it wants."""

    mapping: Mapping
    why: dict[str, str]
    row_hint: str = ""
    questions: int = field(default=0)


def propose(export: Export) -> Proposal:
    """The mapping that names and cells suggest. What would change a result and cannot be told is `ASK`."""
    taken, why = _columns(export)
    cells = {name: export.column(column)[:SEEN] for name, column in taken.items()}
    orders = {order for name in taken if FIELDS[name] == "date" for order in [order_of(cells[name])] if order}
    date = orders.pop() if len(orders) == 1 else _one_order(orders)
    fields = {}
    for name, column in taken.items():
        kind = FIELDS[name]
        unit = _unit(kind, column, cells[name], export.decimal_comma) if kind in UNITS else ""
        fields[name] = Source(column=column, unit=unit, codes=_codes(name, kind, cells[name]))
    row, hint = _row(fields, cells)
    used = {source.column for source in fields.values()}
    unused = [column for column in export.header if column not in used]
    found: dict[str, Any] = {"row": row, "date": date, "decimal_comma": export.decimal_comma}
    mapping = Mapping(**found, fields=fields, unused=unused)
    return Proposal(mapping, why, hint, sum(1 for _ in mapping.faults(export)))


def _columns(export: Export) -> tuple[dict[str, str], dict[str, str]]:
    """Field -> column, and why: exact names first, then names that hold a known one and cells that fit it."""
    known = {spelled: name for name, spec in names()["fields"].items() for spelled in spec["names"]}
    never = {spelled for spec in names()["fields"].values() for spelled in spec.get("never", ())}
    taken: dict[str, str] = {}
    why: dict[str, str] = {}
    for column in export.header:
        name = known.get(folded(column))
        if name is not None and name not in taken and _fits(name, export.column(column)[:SEEN], export):
            taken[name], why[name] = column, "recognised by its name"
    for column in export.header:
        low = folded(column)
        if column in taken.values() or low in never or low in known:
            continue
        for spelled in sorted(known, key=len, reverse=True):
            name = known[spelled]
            inside = len(spelled) >= 4 and f"_{spelled}_" in f"_{low}_"
            if inside and name not in taken and _fits(name, export.column(column)[:SEEN], export):
                taken[name], why[name] = column, f"guessed, because its name holds {spelled!r}"
                break
    return {name: taken[name] for name in FIELDS if name in taken}, why


def _fits(name: str, cells: list[str], export: Export) -> bool:
    """Whether most cells could be of this field."""
    kind = FIELDS[name]
    full = [cell for cell in cells if not is_missing(cell, coded=kind in CODES or kind == "grade")]
    if not full or kind == "name":
        return bool(full)
    if kind == "date":
        return order_of(full) != ""
    if kind in {"number", "tcpo2", "creatinine", "pressure", "duration"}:
        return sum(math.isfinite(number_in(cell, export.decimal_comma)) for cell in full) > 0.9 * len(full)
    if kind in {"grade", "renal"}:
        return sum(bool(grade_in(cell)) for cell in full) > 0.8 * len(full)
    return kind == "event" or len(set(map(word, full))) <= FEW


def _one_order(orders: set[str]) -> str:
    """The order of all date columns: one that is sure wins over one that nobody can tell."""
    sure = orders - {ASK, "year-month-day"}
    if len(sure) == 1:
        return sure.pop()
    return ASK if ASK in orders or len(sure) > 1 else "year-month-day"


def _unit(kind: Kind, column: str, cells: Iterable[str], decimal_comma: bool) -> str:
    """The unit that the name states or the values can only have, else `ASK`."""
    found = [number_in(cell, decimal_comma) for cell in cells if not is_missing(cell, coded=False)]
    values = [value for value in found if math.isfinite(value)]
    low, largest = column.lower().replace("µ", "u").replace("μ", "u"), max(values, default=0.0)
    if kind == "creatinine":
        middle = sorted(values)[len(values) // 2] if values else 0.0
        likely = "mg/dl" if middle <= APART[0] else "umol/l" if middle >= APART[1] else ASK
        stated = "umol/l" if "umol" in low else "mg/dl" if "mg" in low else ""
        return stated if stated in {"", likely} and stated else likely if not stated else ASK
    stated = "kPa" if "kpa" in low else "mmHg" if "mmhg" in low else ""
    if stated:
        contradicted = stated == "kPa" and largest > HIGHEST_KPA[kind]
        return ASK if contradicted else stated
    return "mmHg" if largest > HIGHEST_KPA[kind] else ASK


def _codes(name: str, kind: Kind, cells: list[str]) -> dict[str, str]:
    """Codes that need an answer: two words for one meaning, numbers that a key must explain, and what nobody knows."""
    if kind not in CODES:
        return {}
    counted = Counter(word(cell) for cell in cells)
    seen = {cell for cell in counted if not is_missing(cell, coded=True)}
    numbers = {cell for cell in seen if cell.lstrip("-").isdecimal()}
    if kind == "sex":
        doubtful = numbers | (seen & {"m", "h"} if "h" in seen and "m" in seen else set())
    elif kind == "yes":
        # 1 and 2 without 0 may be yes and no; of dialysis a 1 may be a working transplant.
        doubtful = numbers if not numbers <= {"0", "1"} else set()
    elif kind == "side":
        doubtful = numbers | (seen & {"d", "v", "h", "e", "g", "b"})
    else:
        doubtful = numbers
    unknown = {cell for cell in seen if coded(kind, cell, {}) is None}
    return dict.fromkeys(sorted(doubtful | unknown), ASK)


def _row(fields: dict[str, Source], cells: dict[str, list[str]]) -> tuple[str, str]:
    """What a line is: a person where nobody comes twice, else asked, with a hint."""
    if "person" not in fields:
        return "person", ""
    people = cells["person"]
    if len(set(people)) == len(people):
        return "person", ""
    sides = cells.get("side")
    if sides is not None and len(set(zip(people, map(word, sides), strict=True))) == len(people):
        return ASK, "people come twice, each time with another side: perhaps limb"
    hint = "procedure" if "event" in fields else "visit" if "index_date" in fields else "visit or procedure"
    return ASK, f"people come several times: perhaps {hint}"


def mapping_toml(proposal: Proposal, export: Export) -> str:
    """The mapping as a commented file to edit."""
    mapping = proposal.mapping
    asked = (
        "Nothing is open." if not proposal.questions else f'{proposal.questions} answers are wanted, where it says "?".'
    )
    lines = [
        f"# How {export.called!r} is read ({len(export.header)} columns). {asked}",
        "# Change what is wrong, then: clti patients EXPORT --mapping THIS_FILE",
        "",
        "# What one line is: person, limb, procedure or visit."
        + (f" {proposal.row_hint}" if proposal.row_hint else ""),
        f'row = "{mapping.row}"',
        "# Order in dates: year-month-day, day-month-year, month-day-year, excel-1900 or excel-1904.",
        f'date = "{mapping.date}"',
        f"decimal_comma = {'true' if mapping.decimal_comma else 'false'}",
        "# Keep people whose start lies in these years:",
        "# first_year = 2015",
        "# last_year = 2024",
        "# Columns that are not used: " + (", ".join(map(repr, mapping.unused)) or "none"),
        "",
    ]
    for name, source in mapping.fields.items():
        lines += [f"[fields.{name}]  # {proposal.why[name]}", f"column = {_quoted(source.column)}"]
        if source.unit:
            units = " or ".join(UNITS[FIELDS[name]])
            lines.append(
                f'unit = "{source.unit}"' + (f"  # {units}: the values fit both" if source.unit == ASK else "")
            )
        if source.codes:
            words = ", ".join(CODES[FIELDS[name]])
            codes = ", ".join(f"{_quoted(cell)} = {_quoted(meaning)}" for cell, meaning in source.codes.items())
            lines.append(f"codes = {{ {codes} }}  # each one of {words}")
        lines.append("")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A basic string of TOML."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in plain) + '"'
