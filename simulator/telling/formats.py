"""How numbers look to people: percent, mean ± standard error, value (low to high).

A table keeps its numbers; only its last step towards a reader turns them into text. The same formats serve the
HTML report and the terminal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

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
class When(Format):
    """A time since referral in years, as a story dates it: ``day 143``, later ``year 3.2``."""

    def number(self, value: Any, *, sign: bool = False) -> str:
        """The words."""
        if value is None or pd.isna(value):
            return MISSING
        return f"day {round(value * DAYS_PER_YEAR)}" if value < 2.0 else f"year {value:.1f}"


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
class ByRow:
    """A column whose unit changes from row to row: the value of column `key` picks the format."""

    key: str
    choices: Mapping[str, Format]
    default: Format = field(default_factory=Format)

    @property
    def beside(self) -> tuple[str, ...]:
        """Columns that share the cell in any row."""
        every = (self.default, *self.choices.values())
        return tuple(dict.fromkeys(name for each in every for name in each.beside))

    def cell(self, row: Mapping[str, Any], column: str) -> str:
        """The whole cell of `column` in `row`, in the format its row asks for."""
        return self.choices.get(str(row[self.key]), self.default).cell(row, column)


Formats = Mapping[str, Format | ByRow]
"""Column name -> how it looks. Columns without an entry get a format by their type."""


def percent(
    digits: int = 1, *, signed: bool = False, se: str | None = None, low: str | None = None, high: str | None = None
) -> Format:
    """A share from 0 to 1 as ``16.2%``, ``16.2% ± 0.4`` or ``16.2% (14.1 to 18.0)``."""
    return Format(digits, 100.0, "", "%", signed, se, low, high)


def points(digits: int = 1, *, se: str | None = None, low: str | None = None, high: str | None = None) -> Format:
    """The difference of two shares in percentage points, always with its sign: ``−6.1 ± 0.3``."""
    return Format(digits, 100.0, "", "", True, se, low, high)


def number(
    digits: int = 1,
    *,
    signed: bool = False,
    unit: str = "",
    scale: float = 1.0,
    se: str | None = None,
    low: str | None = None,
    high: str | None = None,
) -> Format:
    """A number with a fixed count of decimals: ``39.1``, ``39.1 mmHg``, ``39.1 ± 0.2``.

    `scale` multiplies the value before it is shown, as in ``scale=365.25`` for years shown as days.
    """
    return Format(digits, scale, "", f" {unit}" if unit else "", signed, se, low, high)


def money(
    currency: str = "€",
    digits: int = 0,
    *,
    signed: bool = False,
    se: str | None = None,
    low: str | None = None,
    high: str | None = None,
) -> Format:
    """An amount: ``€12,340``, ``−€1,200 ± 90``."""
    return Format(digits, 1.0, currency, "", signed, se, low, high)


@dataclass(frozen=True)
class TextTable:
    """A table ready for a reader: headings, whether a column holds numbers, and the cells row by row."""

    headings: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


def text_table(
    frame: pd.DataFrame, formats: Formats | None = None, labels: Mapping[str, str] | None = None
) -> TextTable:
    """Every cell of `frame` as text.

    `labels` gives headings for people; a column without one shows its name with blanks for underscores. Columns that
    a format puts beside another are not repeated. A format for a column that the table lacks is a `KeyError`.
    """
    formats, labels = formats or {}, labels or {}
    merged = {name for each in formats.values() for name in each.beside}
    unknown = sorted((merged | set(formats) | set(labels)) - set(frame.columns))
    if unknown:
        raise KeyError(f"the table has no column {', '.join(map(repr, unknown))}; it has {list(frame.columns)}")
    shown = [column for column in frame.columns if column not in merged]
    records: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
    rows = [
        tuple(formats[column].cell(row, column) if column in formats else plain(row[column]) for column in shown)
        for row in records
    ]
    return TextTable(
        headings=tuple(labels.get(column, heading(column)) for column in shown),
        numeric=tuple(column in formats or _is_number(frame[column]) for column in shown),
        rows=tuple(rows),
    )


def spread(
    frame: pd.DataFrame, rows: str | Sequence[str], columns: str, values: Sequence[str] = ("mean", "se")
) -> pd.DataFrame:
    """A tidy table laid out for reading: one line per `rows`, one column per value of `columns`.

    The first of `values` takes the plain name, the others a suffix: ``death``, ``death_se``. Lines and columns keep
    the order in which they first appear. A pair that occurs twice is a `ValueError`.
    """
    keys = [rows] if isinstance(rows, str) else list(rows)
    # `pivot_table` would average a pair that occurs twice.
    wide = frame.pivot(index=keys, columns=columns, values=list(values))  # noqa: PD010
    order = frame[columns].drop_duplicates().tolist()
    result = pd.DataFrame(
        {
            str(name) if value == values[0] else f"{name}_{value}": wide[value, name]
            for name in order
            for value in values
        }
    )
    lines = (
        pd.MultiIndex.from_frame(frame[keys].drop_duplicates()) if len(keys) > 1 else frame[keys[0]].drop_duplicates()
    )
    return result.loc[lines].reset_index()


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
