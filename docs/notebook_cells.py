"""Notebooks in jupytext's percent format: their cells, and what each shows when all are run from top to bottom.

As in Jupyter a cell shows what it prints, the value of its last expression, and the figures of pyplot that it leaves open.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from html import escape
from io import StringIO
from pathlib import Path
from typing import Any, Literal

CELL = re.compile(r"^# %%( \[markdown\])?\n", re.MULTILINE)
NUMBER = re.compile(r"[−+]?[€£]?\d|–$|$")
"""How the text of a number begins; a dash or nothing stands for a missing one."""
LARGEST_SVG = 400_000
"""Drawings with more bytes than this are shown as PNG."""


@dataclass(frozen=True)
class Cell:
    """One cell: Markdown without its comment signs, or code with the number of lines that stand before it in the file."""

    code: bool
    text: str
    before: int


@dataclass(frozen=True)
class Shown:
    """Something that a cell showed: plain text, a table in HTML, or the bytes and caption of a drawing."""

    kind: Literal["text", "table", "svg", "png"]
    text: str = ""
    drawing: bytes = b""


def cells(text: str) -> list[Cell]:
    """The cells of a notebook; what stands before the first one is jupytext's own."""
    found = []
    starts = [*CELL.finditer(text)]
    for mark, following in zip(starts, [*starts[1:], None], strict=True):
        body = text[mark.end() : following.start() if following else len(text)]
        before = text.count("\n", 0, mark.end())
        if mark[1]:
            found.append(Cell(False, re.sub(r"^# ?", "", body, flags=re.MULTILINE).strip() + "\n", before))
        else:
            found.append(Cell(True, body.rstrip() + "\n", before))
    return found


def run(file: Path) -> Iterator[tuple[Cell, list[Shown]]]:
    """Each cell with what it showed, in one namespace and in the working folder of the process.

    Figures are drawn without a screen in the house style. What a cell raises is raised, with the file's line.
    """
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    from simulator.telling.style import RULES

    names: dict[str, Any] = {"__name__": "__main__"}
    with mpl.rc_context():
        plt.switch_backend("agg")
        mpl.rcParams.update(RULES)
        try:
            for cell in cells(file.read_text(encoding="utf-8")):
                yield cell, (_run(cell, str(file), names) if cell.code else [])
        finally:
            plt.close("all")


def _run(cell: Cell, name: str, names: dict[str, Any]) -> list[Shown]:
    """Run one code cell."""
    import matplotlib.pyplot as plt

    tree = ast.parse(cell.text, name)
    ast.increment_lineno(tree, cell.before)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    value, printed = None, StringIO()
    with redirect_stdout(printed):
        exec(compile(tree, name, "exec", dont_inherit=True), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), name, "eval", dont_inherit=True), names)
    found = [Shown("text", printed.getvalue())] if printed.getvalue() else []
    if value is not None:
        found.append(shown(value))
    for number in plt.get_fignums():
        found.append(shown(plt.figure(number)))
        plt.close(number)
    return found


def shown(value: Any) -> Shown:
    """A table or figure as such, anything else as Python writes it."""
    import pandas as pd
    from matplotlib.figure import Figure

    from simulator.telling.images import image
    from simulator.telling.style import caption_of

    if isinstance(value, pd.Series):
        value = value.to_frame()
    if isinstance(value, pd.DataFrame):
        return Shown("table", _table(value))
    if isinstance(value, Figure):
        drawing = image(value, "svg", with_caption=False)
        if len(drawing) <= LARGEST_SVG:
            return Shown("svg", caption_of(value), drawing)
        return Shown("png", caption_of(value), image(value, "png", with_caption=False))
    return Shown("text", f"{value!r}\n")


def _table(frame: Any) -> str:
    """A table in HTML with its own column names, numbers to the right; an index that only counts is not shown."""
    from pandas.api.types import is_integer_dtype

    from simulator.telling.formats import text_table

    if frame.index.nlevels > 1 or frame.index.name is not None or not is_integer_dtype(frame.index):
        frame = frame.reset_index()
    frame = frame.rename(columns=str)
    read = text_table(frame, labels={name: name for name in frame.columns})
    columns = list(zip(*read.rows, strict=True)) or [()] * len(read.headings)
    classes = [' class="number"' if all(map(NUMBER.match, column)) else "" for column in columns]
    head = "".join(f"<th{own}>{escape(name)}</th>" for own, name in zip(classes, read.headings, strict=True))
    rows = "".join(
        f"<tr>{''.join(f'<td{own}>{escape(cell)}</td>' for own, cell in zip(classes, row, strict=True))}</tr>\n"
        for row in read.rows
    )
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>"
