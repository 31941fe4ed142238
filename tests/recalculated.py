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
from typing import Any

import openpyxl
import pytest

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
needs_libreoffice = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed")

Cells = dict[tuple[str, str], object]
"""Sheet and cell -> value."""


def stored(content: bytes) -> Cells:
    """The value that each formula was written with."""
    values = _values(content)
    book = openpyxl.load_workbook(BytesIO(content), read_only=True)
    formulas = [(s.title, c.coordinate) for s in book for row in s.iter_rows() for c in row if c.data_type == "f"]
    return {place: values.get(place) for place in formulas}


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


Changes = Mapping[tuple[str, str], float]
"""Sheet and cell -> another number in it."""


def recalculated(content: bytes, folder: Path, changes: Changes | None = None) -> Cells:
    """Every cell's value as LibreOffice finds it from the formulas alone, with some inputs changed."""
    ((found,),) = shelf_recalculated({"book": (content, [changes or {}])}, folder).values()
    return found


def shelf_recalculated(books: Mapping[str, tuple[bytes, Sequence[Changes]]], folder: Path) -> dict[str, list[Cells]]:
    """The same of several workbooks, by one start of LibreOffice, which takes as long as a large workbook."""
    assert SOFFICE is not None
    written = {name: _written(content, changes, folder, name) for name, (content, changes) in books.items()}
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
            *(str(file) for files in written.values() for file in files),
        ],
        check=True,
        capture_output=True,
        timeout=240,
    )
    return {
        name: [_values((folder / "out" / file.name).read_bytes()) for file in files] for name, files in written.items()
    }


def _written(content: bytes, changes: Sequence[Changes], folder: Path, called: str) -> list[Path]:
    """A file without stored values for each of the changes."""
    written = []
    book, parts = _bare(content)
    for place, cells in enumerate(changes):
        changed = dict(parts)
        for (sheet, cell), value in cells.items():
            assert book[sheet][cell].data_type != "f", f"{sheet}!{cell} is a formula"
            name = f"xl/worksheets/sheet{book.sheetnames.index(sheet) + 1}.xml"
            changed[name] = _with_number(changed[name], cell, value)
        file = folder / f"{called}_{place}.xlsx"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
            for name, part in changed.items():
                package.writestr(name, part)
        written.append(file)
    return written


@lru_cache(maxsize=4)
def _bare(content: bytes) -> tuple[Any, dict[str, bytes]]:
    """A workbook, and the parts of its file without the values of its formulas."""
    book = openpyxl.load_workbook(BytesIO(content))
    bare = BytesIO()
    book.save(bare)
    parts = _parts(bare)
    # openpyxl writes formulas without values; the pattern makes sure of it.
    for name, part in parts.items():
        if name.startswith("xl/worksheets/sheet"):
            assert not re.search(rb"</f><v>[^<]", part), name
    return book, parts


def _parts(package: BytesIO) -> dict[str, bytes]:
    with zipfile.ZipFile(package) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


def _with_number(sheet: bytes, cell: str, value: float) -> bytes:
    """A sheet with another number in a cell that holds no formula."""
    there = rf'<c r="{cell}"( s="\d+")?[^>]*?(?:/>|>.*?</c>)'.encode()
    changed, times = re.subn(there, rf'<c r="{cell}"\1 t="n"><v>{value!r}</v></c>'.encode(), sheet, flags=re.DOTALL)
    assert times == 1, f"{cell} stands {times} times"
    return changed


def _values(content: bytes) -> Cells:
    book = openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=True)
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
