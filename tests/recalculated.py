"""A workbook as LibreOffice calculates it, after every stored value of a formula was removed and some cells were changed."""

from __future__ import annotations

import atexit
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
needs_libreoffice = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed")

Cells = dict[tuple[str, str], object]
"""Sheet and cell -> value."""


def stored(content: bytes) -> Cells:
    """The value that each formula was written with."""
    values = openpyxl.load_workbook(BytesIO(content), data_only=True)
    found = {}
    for sheet in openpyxl.load_workbook(BytesIO(content)):
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    found[sheet.title, cell.coordinate] = values[sheet.title][cell.coordinate].value
    return found


def named(content: bytes, name: str) -> tuple[str, str]:
    """Sheet and cell of a defined name."""
    return _names(content)[name]


@lru_cache(maxsize=4)
def _names(content: bytes) -> dict[str, tuple[str, str]]:
    places = {}
    for name, defined in openpyxl.load_workbook(BytesIO(content)).defined_names.items():
        for sheet, area in defined.destinations:
            places[name] = sheet, area.replace("$", "")
    return places


@cache
def _profile() -> str:
    """A user's profile that every start of LibreOffice in this process shares, because making one takes seconds."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder).as_uri()


def recalculated(content: bytes, folder: Path, changes: Mapping[tuple[str, str], float] | None = None) -> Cells:
    """Every cell's value as LibreOffice finds it from the formulas alone, with some inputs changed."""
    return all_recalculated(content, folder, [changes or {}])[0]


def all_recalculated(content: bytes, folder: Path, changes: Sequence[Mapping[tuple[str, str], float]]) -> list[Cells]:
    """The same under each of several changes, by one start of LibreOffice."""
    assert SOFFICE is not None
    written = []
    book = openpyxl.load_workbook(BytesIO(content))
    for place, cells in enumerate(changes):
        bare = folder / f"bare_{place}.xlsx"
        before = {}
        for (sheet, cell), value in cells.items():
            assert book[sheet][cell].data_type != "f", f"{sheet}!{cell} is a formula"
            before[sheet, cell] = book[sheet][cell].value
            book[sheet][cell] = value
        # openpyxl writes formulas without values; the pattern makes sure of it.
        book.save(bare)
        for (sheet, cell), value in before.items():
            book[sheet][cell] = value
        with zipfile.ZipFile(bare) as parts:
            for part in parts.namelist():
                if part.startswith("xl/worksheets/sheet"):
                    assert not re.search(rb"</f><v>[^<]", parts.read(part)), part
        written.append(bare)
    subprocess.run(
        [
            SOFFICE,
            "--headless",
            "--norestore",
            f"-env:UserInstallation={_profile()}",
            "--convert-to",
            "xlsx:Calc MS Excel 2007 XML",
            "--outdir",
            str(folder / "out"),
            *map(str, written),
        ],
        check=True,
        capture_output=True,
        timeout=240,
    )
    return [_values(folder / "out" / bare.name) for bare in written]


def _values(path: Path) -> Cells:
    book = openpyxl.load_workbook(path, data_only=True)
    return {(s.title, c.coordinate): c.value for s in book for row in s.iter_rows() for c in row if c.value is not None}


def differences(expected: Cells, found: Cells, relative: float = 1e-9) -> list[str]:
    """Cells whose values differ: numbers by more than a share of the larger one, anything else at all."""
    told = []
    for place, wanted in expected.items():
        got = found.get(place)
        if isinstance(wanted, int | float) and isinstance(got, int | float):
            same = abs(wanted - got) <= relative * max(abs(wanted), abs(got))
        else:
            same = (wanted or "") == (got or "")
        if not same:
            told.append(f"{place[0]}!{place[1]}: {wanted!r} was written, {got!r} calculated")
    return told
