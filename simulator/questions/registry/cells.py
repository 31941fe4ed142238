"""An export as text cells: CSV with any delimiter and encoding, or the first sheet of a workbook."""

from __future__ import annotations

import csv
import datetime
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from simulator.words.errors import BadInput, Problem

LARGEST = 500_000_000
"""Bytes of an export that is read."""
MOST_COLUMNS = 2_000
MOST_ROWS = 5_000_000
DELIMITERS = ";,\t|"


@dataclass(frozen=True)
class Export:
    """Cells of an export, all text, stripped; `first_row` is the number of the first line of data, as a spreadsheet counts.

    `decimal_comma` tells whether numbers have a comma before their decimals.
    """

    called: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    decimal_comma: bool = False
    first_row: int = 2

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
    if content.startswith(b"PK\x03\x04"):
        lines, comma = _workbook(content, called), False
    elif content.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadInput([Problem(called, "file", "an old Excel file (.xls)", "CSV or .xlsx: save it anew from Excel")])
    else:
        text = decoded(content, called)
        delimiter = _delimiter(text)
        lines = _csv(text, delimiter, called)
        comma = delimiter != "," and _has_decimal_commas(lines)
    header = tuple(lines[0]) if lines else ()
    body = [tuple(row) for row in lines[1:] if any(row)]
    problems = _faults(called, header, body)
    if problems:
        raise BadInput(problems)
    return Export(called, header, tuple(body), comma)


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


def _delimiter(text: str) -> str:
    """The sign that parts most of the first line, outside quotation marks."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    outside = "".join(part for place, part in enumerate(first.split('"')) if place % 2 == 0)
    return max(DELIMITERS, key=lambda sign: (outside.count(sign), -DELIMITERS.index(sign)))


def _csv(text: str, delimiter: str, called: str) -> list[list[str]]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        lines = [[cell.strip() for cell in row] for row in islice(rows, MOST_ROWS + 2)]
    except csv.Error as error:
        raise BadInput([Problem(called, "file", str(error), "a CSV file with short cells")]) from None
    return [line for line in lines if line]


def _workbook(content: bytes, called: str) -> list[list[str]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False)
        sheet = book.worksheets[0]
        if (sheet.max_column or 0) > MOST_COLUMNS:
            return [[""] * int(sheet.max_column or 0)]
        lines = [[_cell(value) for value in row] for row in sheet.iter_rows(values_only=True, max_row=MOST_ROWS + 2)]
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, IndexError, OSError) as error:
        raise BadInput(
            [Problem(called, "file", str(error) or "damaged", "a workbook that Excel opens (.xlsx)")]
        ) from None
    while lines and not any(lines[-1]):
        lines.pop()
    width = max((place + 1 for line in lines for place, cell in enumerate(line) if cell), default=0)
    return [line[:width] for line in lines]


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


def _has_decimal_commas(lines: Iterable[list[str]]) -> bool:
    """Whether some cell is a number with a comma and none is one with a point."""
    comma = point = 0
    for line in islice(lines, 1, 2_000):
        for cell in line:
            plain = cell.lstrip("<>≤≥ ").replace(",", "").replace(".", "").lstrip("-")
            if plain.isdecimal():
                comma += cell.count(",") == 1 and "." not in cell
                point += cell.count(".") == 1 and "," not in cell
    return comma > point


def _faults(called: str, header: tuple[str, ...], body: list[tuple[str, ...]]) -> list[Problem]:
    """What no mapping could mend."""
    if not header or not body:
        what = "columns" if not header else "rows"
        return [Problem(called, what, "none", "a first line with the names of columns, and a row for each case")]
    if len(header) > MOST_COLUMNS:
        return [Problem(called, "columns", f"{len(header):,}", f"at most {MOST_COLUMNS:,}")]
    if len(body) > MOST_ROWS:
        return [Problem(called, "rows", f"more than {MOST_ROWS:,}", f"at most {MOST_ROWS:,}")]
    problems = []
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        problems.append(Problem(called, "columns", ", ".join(twice[:5]), "each name once"))
    short = [number for number, row in enumerate(body, 2) if len(row) != len(header)]
    if short:
        shown = ", ".join(map(str, short[:5])) + (" and more" if len(short) > 5 else "")
        problems.append(
            Problem(called, f"rows {shown}", "another number of cells", f"{len(header)}, one for each column")
        )
    formulas = [number for number, row in enumerate(body, 2) if any(cell.startswith("=") for cell in row)]
    if formulas:
        shown = ", ".join(map(str, formulas[:5])) + (" and more" if len(formulas) > 5 else "")
        problems.append(Problem(called, f"rows {shown}", "a formula", "values: copy the sheet as values"))
    return problems
