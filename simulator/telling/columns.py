"""How the columns of tables look to people, read from `columns.toml` and `labels.toml`.

A table of findings keeps its numbers and names; this turns them into headings and cells at the last step.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from simulator.telling.formats import MISSING, Format, Probability, TextTable, Time, When, heading, plain
from simulator.words.findings import ONE_BY_ONE

JOINED = " + "
"""Between names that stand together in one cell."""
ANY_CURRENCY = "¤"
"""Stands before amounts of money until the currency of the findings takes its place."""
SIGNIFICANT = 5
"""Significant digits of the largest number in a column whose decimals depend on its size."""

GIVEN = "given_"
"""Begins the measures of therapies given, which are as many as there are therapies and share one format."""
Labels = Mapping[str, Mapping[str, str]]
"""Kind of name (``policy``, ``outcome``, ...) -> name -> what people call it."""


@dataclass(frozen=True)
class Column:
    """One column: its heading, its number format, and the kind of names that its cells hold.

    `by` is the column whose value in the same row picks the format from `choices`. `by_size` has as many decimals as its
    largest number needs; `sure` names a column that is no more than its error where nothing is
    shown: the divisor of a ratio.
    """

    label: str
    format: Format | None = None
    names: str = ""
    by: str = ""
    choices: Mapping[str, Format] | None = None
    by_size: bool = False
    sure: str = ""

    def fitted(self, values: pd.Series[Any], currency: str) -> Column:
        """The column with the currency before amounts, and with as many decimals as the largest of `values` needs."""
        if self.format is None and not self.choices:
            return self
        format = None if self.format is None else _priced(self.format, currency)
        if format is not None and self.by_size:
            format = replace(format, digits=decimals(values))
        choices = {name: _priced(each, currency) for name, each in (self.choices or {}).items()}
        return replace(self, format=format, choices=choices or None)

    @property
    def beside(self) -> tuple[str, ...]:
        """Columns that share the cell: the standard error, the limits of the interval."""
        every = [self.format, *(self.choices or {}).values()]
        return tuple(dict.fromkeys(name for each in every if each is not None for name in each.beside))

    def cell(self, row: Mapping[str, Any], column: str, labels: Labels) -> str:
        """The text of one cell."""
        value = row[column]
        if self.names:
            if pd.isna(value):
                return MISSING
            known = labels.get(self.names, {})
            whole = called(known, str(value))
            mark = ONE_BY_ONE if ONE_BY_ONE in str(value) else JOINED
            return whole or mark.join(called(known, part) or said(part) for part in str(value).split(mark))
        chosen = self.format
        if self.sure and row[f"{self.sure}_se"] > abs(row[self.sure]):
            return MISSING
        if self.by:
            choices, by = self.choices or {}, str(row[self.by])
            chosen = _fitting(choices, by)[0] or (choices.get(GIVEN) if by.startswith(GIVEN) else None) or self.format
        return plain(value) if chosen is None else chosen.cell(row, column)


T = TypeVar("T")


def _fitting(known: Mapping[str, T], name: str) -> tuple[T | None, str]:
    """What is known of a name, else of the longest pattern with a ``*`` that it fits; and what stands for the ``*``."""
    if name in known:
        return known[name], ""
    for pattern in sorted((each for each in known if "*" in each), key=len, reverse=True):
        before, _, after = pattern.partition("*")
        if name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after):
            return known[pattern], name[len(before) : len(name) - len(after)]
    return None, ""


def called(names: Mapping[str, str], name: str) -> str | None:
    """The label of a name, or that of a pattern such as ``power_*``, whose own ``*`` the label quotes."""
    label, rest = _fitting(names, name)
    return None if label is None else label.replace("*", rest)


def _priced(look: Format, currency: str) -> Format:
    return replace(look, prefix=currency) if look.prefix == ANY_CURRENCY else look


def decimals(values: Sequence[float] | pd.Series[Any], significant: int = SIGNIFICANT) -> int:
    """Decimals that give the largest of `values` so many significant digits."""
    size = np.abs(np.asarray(values, dtype=np.float64))
    top = size[np.isfinite(size)].max(initial=0.0)
    return 0 if top == 0 else int(np.clip(significant - 1 - math.floor(math.log10(top)), 0, 8))


def said(name: str) -> str:
    """A name that has no label of its own: as it is where it has capitals or blanks, else with blanks and a capital."""
    return name if name != name.lower() or " " in name else heading(name)


def label(kind: str, name: str) -> str:
    """What the program calls a name of a kind (``outcome``, ``target``, ...)."""
    return called(labels().get(kind, {}), name) or said(name)


@cache
def _data(file: str) -> dict[str, Any]:
    return tomllib.loads(files("simulator.telling").joinpath(file).read_text(encoding="utf-8"))


@cache
def labels() -> dict[str, dict[str, str]]:
    """The program's own labels by kind."""
    return {
        kind: {name: spec if isinstance(spec, str) else spec["label"] for name, spec in names.items()}
        for kind, names in _data("labels.toml").items()
    }


@cache
def columns(table: str) -> Mapping[str, Column]:
    """The columns of a table. What `columns.toml` says under `any` holds for every table that does not say otherwise."""
    data = _data("columns.toml")
    own = data.get(table, {})
    if "like" in own:
        own = {**data[own["like"]], **{name: spec for name, spec in own.items() if name != "like"}}
    return {name: _column(name, spec) for name, spec in {**data["any"], **own}.items()}


def _column(name: str, spec: str | Mapping[str, Any]) -> Column:
    if isinstance(spec, str):
        return Column(spec)
    beside = {key: spec[key] for key in ("se", "low", "high") if key in spec}
    by_size = spec.get("digits") == BY_SIZE
    look = {key: value for key, value in _look(spec).items() if not (by_size and key == "digits")}
    wanted = spec.get("as")
    chosen = named(wanted, **look, **beside) if wanted else None
    choices = None
    if "by" in spec:
        kind = spec.get("formats", spec["by"])
        choices = {
            key: named(each["as"], **{**_look(each), **look}, **beside)
            for key, each in _data("labels.toml")[kind].items()
            if isinstance(each, dict) and "as" in each
        }
    return Column(
        spec.get("label", heading(name)),
        chosen,
        spec.get("names", ""),
        spec.get("by", ""),
        choices,
        by_size,
        spec.get("sure", ""),
    )


def _look(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {key: spec[key] for key in ("digits", "scale", "prefix", "suffix", "signed") if key in spec}


BY_SIZE = "size"
"""What `digits` says where they depend on the size of the numbers."""

FORMATS: Mapping[str, Mapping[str, Any]] = {
    "number": {"digits": 1},
    "percent": {"digits": 1, "scale": 100.0, "suffix": "%"},
    "points": {"digits": 1, "scale": 100.0, "signed": True},
    "days": {"digits": 0, "scale": 365.25},
    "months": {"digits": 1, "scale": 12.0},
    "money": {"digits": 0, "prefix": ANY_CURRENCY},
    "count": {"digits": 0},
    "per_hundred": {"digits": 1, "scale": 100.0},
    "short": {"digits": -1},
    "time": {},
    "when": {},
    "p": {"digits": 5},
}
"""The formats that data and templates may name. Shares are stored as 0 to 1, times as years; `short` drops needless digits,
`time` and `when` say a time since referral in words, and `p` has as many decimals as two digits of it need."""


def named(name: str, **more: Any) -> Format:
    """The format of a name in `FORMATS`, with some of its fields changed. An unknown name is a `KeyError`."""
    kind = {"time": Time, "when": When, "p": Probability}.get(name, Format)
    return kind(**{**FORMATS[name], **more})


def told(
    frame: pd.DataFrame,
    table: str,
    labels: Labels,
    *,
    where: Mapping[str, Any] | None = None,
    rows: str | Sequence[str] = (),
    across: str = "",
    shows: str = "",
    keep: Sequence[str] = (),
    sort: str = "",
    first: int | None = None,
    change: Mapping[str, str | Mapping[str, Any]] | None = None,
    order: bool = False,
    currency: str = "",
) -> TextTable:
    """A table as text.

    `where` keeps rows with these values (or one of a list of values), and with `order` in the order of its lists; `sort` puts
    the smallest values of a column first, and only `first` so many are kept. Without `across` the columns of `keep`, or
    all of them, stand as they are. With `across`, there is a line per combination of `rows` and a column per value of
    `across`, which shows the cell of `shows`; columns, and without `order` lines, keep the order in which they first appear.
    `change` replaces entries of `columns.toml` for this table, as headings or whole entries. `currency` stands before amounts.
    """
    chosen = frame
    for column, wanted in (where or {}).items():
        values = list(wanted) if isinstance(wanted, list | tuple | set) else [wanted]
        chosen = chosen[chosen[column].isin(values)]
        if order:
            place = [values.index(each) for each in chosen[column]]
            chosen = chosen.iloc[np.argsort(place, kind="stable")]
    chosen = (chosen.sort_values(sort, kind="stable") if sort else chosen).head(first or len(chosen))
    look = {**columns(table), **{name: _column(name, spec) for name, spec in (change or {}).items()}}
    look = {name: each.fitted(chosen[name], currency) if name in chosen else each for name, each in look.items()}
    beside = {name for column in frame.columns if column in look for name in look[column].beside}
    shown = [c for c in (keep or frame.columns) if c in keep or c not in beside]
    lines: list[dict[str, Any]] = chosen.to_dict("records")  # type: ignore[assignment]

    def text(line: Mapping[str, Any], column: str) -> str:
        return look[column].cell(line, column, labels) if column in look else plain(line[column])

    def numeric(column: str) -> bool:
        named_cells = column in look and bool(look[column].names)
        return not named_cells and pd.api.types.is_numeric_dtype(frame[column]) and frame[column].dtype != bool

    def head(column: str) -> str:
        return look[column].label if column in look else heading(column)

    if not across:
        body = tuple(tuple(text(line, column) for column in shown) for line in lines)
        return TextTable(tuple(map(head, shown)), tuple(map(numeric, shown)), body)
    keys = [rows] if isinstance(rows, str) else list(rows)
    cells: dict[tuple[str, ...], dict[str, str]] = {}
    names: dict[str, None] = {}
    for line in lines:
        key, name = tuple(text(line, column) for column in keys), text(line, across)
        if name in cells.setdefault(key, {}):
            raise ValueError(f"{table}: two cells for {key} and {name!r}")
        cells[key][name] = text(line, shows)
        names[name] = None
    if order:
        every: list[dict[str, Any]] = frame.drop_duplicates(across).to_dict("records")  # type: ignore[assignment]
        names = dict.fromkeys(name for name in (text(line, across) for line in every) if name in names)
    body = tuple((*key, *(line.get(name, "–") for name in names)) for key, line in cells.items())
    return TextTable((*map(head, keys), *names), (*(numeric(c) for c in keys), *(True for _ in names)), body)
