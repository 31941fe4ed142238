"""How numbers look to people: percent, mean ± standard error, value (low to high).

A table keeps its numbers; only its last step towards a reader turns them into text. The same formats serve the
HTML report and the terminal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from simulator.words.dates import story_date
from simulator.words.vocabulary import DAYS_PER_YEAR

MISSING = "–"
"""What stands for a value that is not there."""
EXACT = 9
"""Decimals beyond those shown that a number has before it is rounded: what arithmetic does to the last bits is not seen."""


def short(value: float) -> str:
    """A number in a sentence: three digits, thousands separated, never an exponent for what people say in words."""
    if abs(value) >= 1000 and math.isfinite(value):
        rounded = round(value, 2 - math.floor(math.log10(abs(value))))
        return f"{rounded:,.0f}".replace("-", "−")
    return f"{value:.3g}".replace("-", "−")


@dataclass(frozen=True)
class Format:
    """How one column looks, and which other columns stand in the same cell.

    Negative `digits` stand for as many as a number needs, three at most. `se` names the column of the standard error, shown
    as ``value ± se``; `low` and `high` name the columns of an interval, shown as ``value (low to high)``. Columns named here
    are not shown on their own.
    """

    digits: int = 1
    scale: float = 1.0
    prefix: str = ""
    suffix: str = ""
    signed: bool = False
    se: str | None = None
    low: str | None = None
    high: str | None = None

    @property
    def beside(self) -> tuple[str, ...]:
        """Columns that share the cell."""
        return tuple(name for name in (self.se, self.low, self.high) if name is not None)

    def number(self, value: Any, *, sign: bool = False) -> str:
        """The bare number as text: thousands separated, a true minus sign, never ``-0.0``."""
        if value is None or pd.isna(value):
            return MISSING
        scaled = float(value) * self.scale
        if math.isinf(scaled):
            return "−∞" if scaled < 0 else "∞"
        if self.digits >= 0:
            # 11 of 2,000 per hundred is 0.55 whether it was multiplied before or here, and reads alike.
            scaled = round(scaled, self.digits + EXACT)
        text = f"{abs(scaled):,.{self.digits}f}" if self.digits >= 0 else _as_many_as_needed(abs(scaled))
        if not any(character in "123456789" for character in text):
            return text
        return ("−" if scaled < 0 else "+" if sign else "") + text

    def cell(self, row: Mapping[str, Any], column: str) -> str:
        """The whole cell of `column` in `row`, with its error or interval."""
        text = self.number(row[column], sign=self.signed)
        if text == MISSING:
            return text
        if self.prefix:
            text = text[0] + self.prefix + text[1:] if text[0] in "+−" else self.prefix + text
        text += self.suffix
        if self.se is not None and not pd.isna(row[self.se]):
            text += f" ± {self.number(row[self.se])}"
        if (
            self.low is not None
            and self.high is not None
            and not pd.isna(row[self.low])
            and not pd.isna(row[self.high])
        ):
            text += (
                f" ({self.number(row[self.low], sign=self.signed)} to {self.number(row[self.high], sign=self.signed)})"
            )
        return text


@dataclass(frozen=True)
class Probability(Format):
    """A p value or an alpha that is spent: two digits of it at least, however small, and never 0 for what is not."""

    def number(self, value: Any, *, sign: bool = False) -> str:
        """The bare number as text."""
        if value is None or pd.isna(value) or not 0.0 < float(value) < 10.0**-self.digits * 10.0:
            return super().number(value, sign=sign)
        return f"{float(value):.{1 - math.floor(math.log10(float(value)))}f}"


@dataclass(frozen=True)
class When(Format):
    """A time since referral in years, as a story dates it."""

    def number(self, value: Any, *, sign: bool = False) -> str:
        """The words."""
        if value is None or pd.isna(value):
            return MISSING
        return story_date(value)


@dataclass(frozen=True)
class Time(Format):
    """A time since referral in years, in words: ``referral``, ``30 days``, ``3 months``, ``1 year``, ``2.5 years``."""

    def number(self, value: Any, *, sign: bool = False) -> str:
        """The words."""
        if value is None or pd.isna(value):
            return MISSING
        time = float(value)
        if time == 0.0:
            return "referral"
        months = round(time * 12.0)
        if time < 1.0:
            whole = months > 1 and abs(time * 12.0 - months) < 0.01
            return f"{months} months" if whole else f"{time * DAYS_PER_YEAR:.0f} days"
        return years(time)


def _as_many_as_needed(size: float) -> str:
    """Three digits, and all those before the point, never as a power of ten."""
    return f"{size:,.0f}" if size >= 1000 else f"{size:.3g}"


@dataclass(frozen=True)
class TextTable:
    """A table ready for a reader: headings, whether a column holds numbers, and the cells row by row."""

    headings: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


def text_table(frame: pd.DataFrame, labels: Mapping[str, str] | None = None) -> TextTable:
    """Every cell of `frame` as text. `labels` gives headings; a column without one shows its name with blanks."""
    known = labels or {}
    columns = [str(column) for column in frame.columns]
    records: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
    return TextTable(
        headings=tuple(known.get(column, heading(column)) for column in columns),
        numeric=tuple(_is_number(frame[column]) for column in columns),
        rows=tuple(tuple(plain(row[column]) for column in columns) for row in records),
    )


def heading(column: str) -> str:
    """A column name as a heading: ``time_years`` becomes ``Time years``."""
    words = str(column).replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def plain(value: Any) -> str:
    """A value without a format of its own: four significant digits, yes or no, text as it is."""
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):
        return MISSING
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}".replace("-", "−").replace("inf", "∞")
    return str(value)


def _is_number(column: pd.Series[Any]) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column)) and not bool(pd.api.types.is_bool_dtype(column))


def years(time: float) -> str:
    """A time in words: ``1 year``, ``2.6 years``."""
    return f"{time:g} year" + ("" if time == 1 else "s")
