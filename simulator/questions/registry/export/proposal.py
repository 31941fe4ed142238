"""A mapping proposed from an export's own names and cells: what was recognised, what was guessed and why, what is asked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from simulator.evidence.reporting import divided, division
from simulator.questions.registry.export.cells import Export
from simulator.questions.registry.export.columns import SEEN, columns_of
from simulator.questions.registry.export.dates import order_of
from simulator.questions.registry.export.fields import CODES, FIELDS, UNITS, Kind, coded, is_missing, number_in, word
from simulator.questions.registry.export.mapping import ASK, Mapping, Source
from simulator.questions.registry.export.naming import says_major


@dataclass(frozen=True)
class Proposal:
    """A mapping, why each field was taken, and how many answers it wants."""

    mapping: Mapping
    why: dict[str, str]
    row_hint: str = ""
    questions: int = field(default=0)


def propose(export: Export) -> Proposal:
    """The mapping that names and cells suggest. What would change a result and cannot be told is `ASK`."""
    taken, why = columns_of(export)
    cells = {name: export.column(columns[0])[:SEEN] for name, columns in taken.items()}
    orders = {order for name in taken if FIELDS[name] == "date" for order in [order_of(cells[name])] if order}
    date = orders.pop() if len(orders) == 1 else _one_order(orders)
    fields = {}
    for name, columns in taken.items():
        kind, choice = FIELDS[name], " or ".join(columns)
        unit = _unit(kind, choice, cells[name], export.decimal_comma) if kind in UNITS else ""
        column = choice if len(columns) == 1 else f"{ASK} {choice}"
        fields[name] = Source(column=column, unit=unit, codes=_codes(name, kind, cells[name]))
    row, hint = _row(fields, cells)
    used = {column for columns in taken.values() for column in columns}
    unused = [column for column in export.header if column not in used]
    found: dict[str, Any] = {"row": row, "date": date, "decimal_comma": export.decimal_comma}
    found["amputations"] = _amputations(taken)
    mapping = Mapping(**found, fields=fields, unused=unused)
    return Proposal(mapping, why, hint, sum(1 for _ in mapping.faults(export)))


def _one_order(orders: set[str]) -> str:
    """The order of all date columns: one that is sure wins over one that nobody can tell."""
    sure = orders - {ASK, "year-month-day"}
    if len(sure) == 1:
        return sure.pop()
    return ASK if ASK in orders or len(sure) > 1 else "year-month-day"


def _amputations(taken: dict[str, list[str]]) -> str:
    """Whether amputations are losses of the limb: where a level stands beside them or all their names say so."""
    told = [column for name in ("amputation_date", "amputation") for column in taken.get(name, [])]
    return "major" if "amputation_level" in taken or all(map(says_major, told)) else ASK


def _unit(kind: Kind, column: str, cells: Iterable[str], decimal_comma: bool) -> str:
    """The unit that the name states or the values can only have, else `ASK`."""
    found = [number_in(cell, decimal_comma) for cell in cells if not is_missing(cell, coded=False)]
    values = [value for value in found if math.isfinite(value)]
    low, largest = column.lower().replace("µ", "u").replace("μ", "u"), max(values, default=0.0)
    if kind == "creatinine":
        middle = sorted(values)[len(values) // 2] if values else 0.0
        highest_mg, least_umol = divided("creatinine_units")
        likely = "mg/dl" if middle <= highest_mg else "umol/l" if middle >= least_umol else ASK
        stated = "umol/l" if "umol" in low else "mg/dl" if "mg" in low else ""
        return stated if stated in {"", likely} and stated else likely if not stated else ASK
    stated = "kPa" if "kpa" in low else "mmHg" if "mmhg" in low else ""
    highest_kpa = division(f"highest_kpa_{kind}")
    if stated:
        contradicted = stated == "kPa" and largest > highest_kpa
        return ASK if contradicted else stated
    return "mmHg" if largest > highest_kpa else ASK


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
    codes = dict.fromkeys(sorted(doubtful | unknown), ASK)
    if kind == "sex" and "h" in codes and seen <= {"h", "f"}:
        # homme and femme, as a woman would be M where men are hombres.
        codes["h"] = "male"
    return codes


def _row(fields: dict[str, Source], cells: dict[str, list[str]]) -> tuple[str, str]:
    """What a line is: a person where nobody comes twice, else asked, with a hint."""
    if "person" not in fields and "event" in fields:
        # Lines of procedures are seldom a person each, and nothing tells whose they are.
        return ASK, "no column is known to tell the person: name it under [fields.person], or say person"
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
        "# Amputations: major, if every one is a loss of the limb above the ankle; any, if toes and forefeet are among them",
        "# and no column tells the level: then nothing is known of the loss of limbs.",
        f'amputations = "{mapping.amputations}"',
        "# Order in dates: year-month-day, day-month-year, month-day-year, excel-1900 or excel-1904.",
        f'date = "{mapping.date}"',
        f"decimal_comma = {'true' if mapping.decimal_comma else 'false'}",
        "# Keep people whose start lies in these years:",
        "# first_year = 2015",
        "# last_year = 2024",
        "# Columns that are not used: " + (", ".join(map(repr, mapping.unused)) or "none"),
        *([f"# {export.left_out}"] if export.left_out else []),
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
