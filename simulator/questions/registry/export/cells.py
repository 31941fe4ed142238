"""An export as text cells: CSV with any delimiter and encoding, or the sheet of a workbook that holds people."""

from __future__ import annotations

import csv
import datetime
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from simulator.questions.registry.export.fields import names as spelled
from simulator.questions.registry.export.header import LOOKED, delimiter_of, place_of
from simulator.questions.registry.export.naming import recognised
from simulator.words.errors import BadInput, Problem

LARGEST = 500_000_000
"""Bytes of an export that is read."""
MOST_COLUMNS = 2_000
MOST_ROWS = 5_000_000
OF_PEOPLE = 5
"""Names of columns that are recognised in a sheet of people, at least."""


@dataclass(frozen=True)
class Export:
    """Cells of an export, all text, stripped; `numbers` are those of its lines as a spreadsheet counts, from 2 on if empty.

    `decimal_comma` tells whether numbers have a comma before their decimals, `left_out` what lines and sheets are not read.
    """

    called: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    decimal_comma: bool = False
    numbers: tuple[int, ...] = ()
    left_out: str = ""

    def column(self, name: str) -> list[str]:
        """Cells of a column, in order of the rows."""
        place = self.header.index(name)
        return [row[place] for row in self.rows]


def read_export(path: Path) -> Export:
    """The cells of a file. Raises BadInput for one that cannot be read as a table."""
    called = path.name
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST else b""
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput([Problem(called, "file", reason, "an export at this place (CSV or .xlsx)")]) from None
    if size > LARGEST:
        raise BadInput([Problem(called, "file", f"{size:,} bytes", f"at most {LARGEST:,} bytes")])
    return export_in(content, called)


def export_in(content: bytes, called: str) -> Export:
    """As `read_export`, for the content of a file."""
    comma, sheets = False, ""
    if content.startswith(b"PK\x03\x04"):
        lines, sheets = _workbook(content, called)
    elif content.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadInput([Problem(called, "file", "an old Excel file (.xls)", "CSV or .xlsx: save it anew from Excel")])
    else:
        text = decoded(content, called)
        delimiter = delimiter_of(text)
        lines = _csv(text, delimiter, called)
        comma = _has_decimal_commas(lines, delimiter)
    widest = max(map(len, lines[:LOOKED]), default=0)
    if widest > MOST_COLUMNS:
        raise BadInput([Problem(called, "columns", f"{widest:,}", f"at most {MOST_COLUMNS:,}")])
    names, _ = place_of(lines, recognised)
    header = tuple(map(_one_line, lines[names])) if lines else ()
    body, numbers, other = _body(lines, names, len(header))
    problems = _faults(called, header, body, numbers)
    if problems:
        raise BadInput(problems)
    told = [f"Lines that are not read (titles, totals): {_listed(other)}." if other else "", sheets]
    return Export(called, header, body, comma, numbers, " ".join(filter(None, told)))


def _body(
    lines: list[list[str]], names: int, width: int
) -> tuple[tuple[tuple[str, ...], ...], tuple[int, ...], list[int]]:
    """Lines of data below that with the names, their numbers, and those of lines that hold no case: titles and totals.

    Of a case more than one cell is known, unless it has no more than two. A total begins with the word for one and leaves most
    cells empty.
    """
    totals = spelled()["words"]["totals"]
    body, numbers = [], []
    other = [place + 1 for place, line in enumerate(lines[:names]) if any(line)]
    for place, line in enumerate(lines[names + 1 :], names + 2):
        filled = sum(map(bool, line))
        total = 2 * filled < width and "".join(line[:1]).strip(" =:.").lower() in totals
        if not total and (filled > 1 or (filled and width < 3)):
            body.append(tuple(line))
            numbers.append(place)
        elif filled:
            other.append(place)
    return tuple(body), tuple(numbers), other


def _one_line(name: str) -> str:
    """The name of a column in one line, without signs that nobody sees."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:5])) + (" and more" if len(numbers) > 5 else "")


def decoded(content: bytes, called: str) -> str:
    """Text in UTF-8 with or without mark, UTF-16 or Windows-1252, in this order."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\x00" in content[:200]:
        encodings = ["utf-16-le" if content[1:2] == b"\x00" else "utf-16-be"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise BadInput([Problem(called, "file", "no text", "CSV in UTF-8, UTF-16 or Windows-1252, or .xlsx")])


def _csv(text: str, delimiter: str, called: str) -> list[list[str]]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        lines = [[cell.strip() for cell in row] for row in islice(rows, MOST_ROWS + 2)]
    except csv.Error as error:
        raise BadInput([Problem(called, "file", str(error), "a CSV file with short cells")]) from None
    return lines


def _workbook(content: bytes, called: str) -> tuple[list[list[str]], str]:
    """Lines of the sheet that holds people, and which sheets are not read."""
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False)
        begun = {sheet.title: place_of(_lines(sheet, LOOKED), recognised)[1] for sheet in book.worksheets}
        people = [title for title, found in begun.items() if found >= OF_PEOPLE]
        best = max(begun, key=lambda title: begun[title])
        lines = [] if len(people) > 1 else _lines(book[best], MOST_ROWS + LOOKED)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, IndexError, OSError) as error:
        raise BadInput(
            [Problem(called, "file", str(error) or "damaged", "a workbook that Excel opens (.xlsx)")]
        ) from None
    if len(people) > 1:
        allowed = "one with a line for each case: join them by person, or leave the others out"
        raise BadInput([Problem(called, "sheets", ", ".join(people), allowed)])
    while lines and not any(lines[-1]):
        lines.pop()
    width = max((place + 1 for line in lines for place, cell in enumerate(line) if cell), default=0)
    others = [title for title in begun if title != best]
    told = f"Of the sheets {best!r} is read, not {', '.join(map(repr, others))}." if others else ""
    return [line[:width] for line in lines], told


def _lines(sheet: Any, most: int) -> list[list[str]]:
    """So many lines of a sheet as text; one of empty cells where there are too many columns."""
    if (sheet.max_column or 0) > MOST_COLUMNS:
        return [[""] * int(sheet.max_column or 0)]
    return [[_cell(value) for value in row] for row in sheet.iter_rows(values_only=True, max_row=most)]


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime.datetime():
            return value.date().isoformat()
        case datetime.date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
    return str(value).strip()


def _has_decimal_commas(lines: Iterable[list[str]], delimiter: str) -> bool:
    """Whether more cells are numbers with a comma than with a point. Between commas, one before three digits parts thousands."""
    comma = point = 0
    for line in islice(lines, 1, 2_000):
        for cell in line:
            plain = cell.lstrip("<>≤≥ ").replace(",", "").replace(".", "").lstrip("-")
            if plain.isdecimal():
                thousands = delimiter == "," and len(cell.rpartition(",")[2]) == 3
                comma += cell.count(",") == 1 and "." not in cell and not thousands
                point += cell.count(".") == 1 and "," not in cell
    return comma > point


def _faults(
    called: str, header: tuple[str, ...], body: Sequence[tuple[str, ...]], numbers: Sequence[int]
) -> list[Problem]:
    """What no mapping could mend."""
    if not header or not body:
        what = "columns" if not header else "rows"
        return [Problem(called, what, "none", "a first line with the names of columns, and a row for each case")]
    if len(body) > MOST_ROWS:
        return [Problem(called, "rows", f"more than {MOST_ROWS:,}", f"at most {MOST_ROWS:,}")]
    problems = []
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        problems.append(Problem(called, "columns", ", ".join(twice[:5]), "each name once"))
    each = list(zip(numbers, body, strict=True))
    short = [number for number, row in each if len(row) != len(header)]
    if short:
        allowed = f"{len(header)}, one for each column"
        problems.append(Problem(called, f"rows {_listed(short)}", "another number of cells", allowed))
    formulas = [number for number, row in each if any(cell.startswith("=") for cell in row)]
    if formulas:
        allowed = "values: copy the sheet as values"
        problems.append(Problem(called, f"rows {_listed(formulas)}", "a formula", allowed))
    return problems
