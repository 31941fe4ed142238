"""A workbook in memory: cells by kind (input, simulated, formula), and texts that never become formulas."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Style = Literal["title", "head", "text", "note", "bold", "money", "many", "rate", "count", "whole"]
Kind = Literal["input", "simulated", "formula"]
Array = NDArray[np.float64]
Value = float | str

LONGEST_FORMULA = 8192
"""Characters of a formula that Excel reads."""
LONGEST_TEXT = 32_767
"""Characters of a cell that Excel reads."""

NUMBERS: Mapping[str, str] = {
    "money": "#,##0.00",
    "many": "#,##0.0000",
    "rate": "0.0%",
    "count": "#,##0.0000",
    "whole": "#,##0",
}
FILLS: Mapping[str, Mapping[str, Any]] = {
    "input": {"bg_color": "#FFF8DC", "font_color": "#0000C0", "border": 1, "border_color": "#B0A060", "locked": False},
    "simulated": {"bg_color": "#EDEDED"},
    "formula": {},
}
TEXTS: Mapping[str, Mapping[str, Any]] = {
    "title": {"bold": True, "font_size": 14},
    "head": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"},
    "text": {"text_wrap": True, "valign": "top"},
    "note": {"italic": True, "font_color": "#555555"},
    "bold": {"bold": True},
}
LINE, TALLEST = 15.0, 409.0
"""Points of a line of text, and of the tallest row that Excel has."""
PLAIN_WIDTH = 8.43
"""Characters of a column whose width nobody set."""
MADE = datetime(2000, 1, 1)
"""A date that is always the same, because the same run makes the same bytes."""


def letters(column: int) -> str:
    """The letters of a column counted from 0: A, B, ..., Z, AA."""
    found = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def cell(row: int, column: int, *, fixed: Literal["", "$", "row", "column"] = "") -> str:
    """The name of a cell counted from 0; `fixed` puts the dollar signs on both, on the row or on the column."""
    across, down = ("$" if fixed in ("$", kind) else "" for kind in ("column", "row"))
    return f"{across}{letters(column)}{down}{row + 1}"


class Sheet:
    """One sheet. Rows and columns count from 0."""

    def __init__(self, name: str, own: Any, book: Book) -> None:
        self.name, self._own, self._book = name, own, book
        self._wrapped: list[tuple[int, int, int]] = []

    def text(self, row: int, column: int, words: str, style: Style = "text", *, kind: Kind = "formula") -> None:
        """Write words as words, whatever they begin with."""
        if style in ("head", "text"):
            self._wrapped.append((row, column, len(words)))
        self._own.write_string(row, column, str(words)[:LONGEST_TEXT], self._book.format(style, kind))

    def texts(self, row: int, column: int, words: Iterable[str], style: Style = "head") -> None:
        """Write words side by side."""
        for place, each in enumerate(words):
            self.text(row, column + place, each, style)

    def number(self, row: int, column: int, value: float, style: Style = "many", kind: Kind = "simulated") -> None:
        """Write a number; one that is missing leaves the cell empty."""
        if math.isfinite(value):
            self._own.write_number(row, column, value, self._book.format(style, kind))
        else:
            self._own.write_blank(row, column, None, self._book.format(style, kind))

    def blank(self, row: int, column: int, style: Style = "many") -> None:
        """An input that is empty."""
        self._own.write_blank(row, column, None, self._book.format(style, "input"))

    def formula(self, row: int, column: int, formula: str, value: Value, style: Style = "many") -> None:
        """Write a formula, without its equals sign, and the value that it has now (empty text where it has none)."""
        if len(formula) >= LONGEST_FORMULA:
            raise ValueError(f"{self.name}!{cell(row, column)}: a formula of {len(formula)} characters")
        shown = "" if isinstance(value, float | np.floating) and not math.isfinite(value) else value
        self._own.write_formula(row, column, f"={formula}", self._book.format(style, "formula"), shown)

    def block(self, row: int, column: int, values: Array, style: Style = "many") -> None:
        """Write a matrix of simulated numbers, all of them finite."""
        look = self._book.format(style, "simulated")
        write = self._own.write_number
        for down, line in enumerate(values.tolist()):
            for across, value in enumerate(line):
                write(row + down, column + across, value, look)

    def formulas(self, row: int, column: int, formula: str, values: Array, style: Style = "many") -> None:
        """Write a formula down a column; ``{r}`` in it is the row's own number as Excel counts."""
        look = self._book.format(style, "formula")
        write = self._own.write_formula
        parts = f"={formula}".split("{r}")
        for down, value in enumerate(values.tolist()):
            write(row + down, column, str(row + down + 1).join(parts), look, value)

    def widths(self, *columns: float) -> None:
        """Set the widths of the first columns, in characters, and the heights of rows whose texts need several lines."""
        for place, width in enumerate(columns):
            self._own.set_column(place, place, width)
        lines: dict[int, int] = {}
        for row, column, length in self._wrapped:
            width = columns[column] if column < len(columns) else PLAIN_WIDTH
            lines[row] = max(lines.get(row, 1), math.ceil(1.1 * length / width))
        for row, many in lines.items():
            if many > 1:
                self._own.set_row(row, min(LINE * many, TALLEST))

    def freeze(self, row: int, column: int) -> None:
        """Keep the rows above and the columns to the left in sight."""
        self._own.freeze_panes(row, column)

    def allow(self, row: int, column: int, low: float, high: float, message: str) -> None:
        """Let an input take numbers between two ends only."""
        rule = {"validate": "decimal", "criteria": "between", "minimum": low, "maximum": high, "ignore_blank": True}
        self._own.data_validation(row, column, row, column, {**rule, "error_title": "Input", "error_message": message})

    def chart(
        self,
        at: tuple[int, int],
        kind: Mapping[str, str],
        title: str,
        axes: tuple[str, str],
        series: Sequence[Mapping[str, Any]],
        across: str = "#,##0",
        height: int = 380,
    ) -> None:
        """Draw cells of this workbook; `axes` name the axis across, whose numbers look like `across`, and the one up."""
        drawn = self._book.own.add_chart(dict(kind))
        for each in series:
            drawn.add_series(dict(each))
        drawn.set_title({"name": title, "name_font": {"size": 11}})
        drawn.set_x_axis({"name": axes[0], "num_format": across, "label_position": "low"})
        up: dict[str, Any] = {"name": axes[1], "major_gridlines": {"visible": True, "line": {"color": "#DDDDDD"}}}
        if kind["type"] == "bar":
            # The categories, the first on top and beside the bars.
            up = {"name": axes[1], "label_position": "low", "reverse": True}
        drawn.set_y_axis(up)
        drawn.set_legend({"position": "bottom"})
        drawn.set_size({"width": 640, "height": height})
        self._own.insert_chart(*at, drawn)

    def whole(self, row: int, column: int) -> str:
        """A cell of this sheet as other sheets call it."""
        return f"{self.quoted}!{cell(row, column, fixed='$')}"

    def down(self, row: int, column: int, rows: int) -> str:
        """A part of a column as other sheets call it."""
        first, last = cell(row, column, fixed="$"), cell(row + rows - 1, column, fixed="$")
        return f"{self.quoted}!{first}:{last}"

    @property
    def quoted(self) -> str:
        """The name as formulas write it."""
        return f"'{self.name}'" if " " in self.name else self.name

    def name_cell(self, name: str, row: int, column: int) -> None:
        """Give a cell a name."""
        self._book.name(name, self.whole(row, column))


class Book:
    """A workbook that is written into memory: ``with Book(title) as book: ...`` and then ``book.content``."""

    def __init__(self, title: str) -> None:
        import xlsxwriter
        from xlsxwriter.worksheet import Worksheet

        class Plain(Worksheet):  # type: ignore[misc]
            """Searches no formula for functions newer than Excel 2016, which takes half the time and finds none."""

            def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
                del expand_future_functions
                return formula.removeprefix("=")

        self._kind = Plain
        self._stream = io.BytesIO()
        self.own: Any = xlsxwriter.Workbook(self._stream, {"in_memory": True})
        self.own.set_properties({"title": title, "created": MADE})
        self.own.set_calc_mode("auto")
        self._formats: dict[tuple[str, str], Any] = {}
        self.content = b""

    def sheet(self, name: str) -> Sheet:
        """Add a sheet."""
        own = self.own.add_worksheet(name, self._kind)
        own.hide_gridlines(2)
        own.set_landscape()
        own.fit_to_pages(1, 0)
        return Sheet(name, own, self)

    def name(self, name: str, area: str) -> None:
        """Give an area a name that formulas may use."""
        self.own.define_name(name, f"={area}")

    def format(self, style: str, kind: str) -> Any:
        """How a cell of a kind looks."""
        if (style, kind) not in self._formats:
            look: dict[str, Any] = (
                {"num_format": NUMBERS[style], "valign": "top"} if style in NUMBERS else dict(TEXTS[style])
            )
            self._formats[style, kind] = self.own.add_format(look | dict(FILLS[kind]))
        return self._formats[style, kind]

    def __enter__(self) -> Book:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.own.close()
            self.content = self._stream.getvalue()
