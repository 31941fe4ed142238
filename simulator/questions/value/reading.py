"""Reading anybody's costs and effects from CSV or Parquet, long or wide, with all faults reported at once.

Long: one row per (draw, option) with the columns draw, option, cost, effect; any other column is a parameter, whose
value must be the same in all rows of a draw. Wide: one row per draw with cost_<option> and effect_<option> for every
option; `draw` is optional and any other column is a parameter. A table with a column `option` is long. Tables of other
programs are recognised by their column names (`layouts`).
"""

from __future__ import annotations

import csv
import io
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from simulator.evidence.file_names import is_file
from simulator.plain_text import text_in
from simulator.statistics.decision.layouts import WORDS, in_our_layout, joined, without_row_names
from simulator.statistics.decision.results import Array, CostEffectResults, listed, option_problems, shown
from simulator.words.errors import BadInput, Problem, nearest
from simulator.work.parquet import read_parquet

LONG = ("draw", "option", "cost", "effect")
KINDS = ("cost_", "effect_")
LAYOUT = (
    "the columns draw, option, cost, effect, or cost_<option> and effect_<option> for every option, or a layout of hesim or"
    " heemod, or costs and effects in two files (--effects)"
)
NOT_NEGATIVE = "zero or more (for increments, or costs net of savings, allow them with --negative-costs)"


Source: TypeAlias = Path | str | pd.DataFrame
"""A table: a file that ends in .csv or .parquet, or a DataFrame."""


def read_results(
    costs: Source,
    *,
    effects: Source | None = None,
    parameters: Source | None = None,
    negative_costs: bool = False,
) -> CostEffectResults:
    """Read a table of costs and effects, or one of costs and one of `effects` with a column for every option.

    `parameters` may be a table of their own, with a row a draw, beside two tables. Draws and options keep the order in which
    they first appear. Rows are counted from 1 below the header. Negative costs are faults unless `negative_costs`. All
    faults are raised together as `BadInput`.
    """
    if effects is None and parameters is not None:
        raise BadInput([Problem("parameters", "parameters", "given", "only together with a table of effects")])
    names: list[str] = []
    found: list[pd.DataFrame] = []
    problems: list[Problem] = []
    for called, source in (("costs", costs), ("effects", effects), ("parameters", parameters)):
        try:
            if source is not None:
                found.append(source if isinstance(source, pd.DataFrame) else _table(Path(source)))
                names.append(_named(source, called))
        except BadInput as bad:
            problems += bad.problems
    if problems:
        raise BadInput(problems)
    if effects is None:
        return results_from(found[0], _named(costs, "results"), negative_costs=negative_costs)
    wide = joined(found[0], found[1], names[0], names[1])
    if parameters is not None:
        more = without_row_names(found[2])
        if len(more) != len(wide):
            raise BadInput([Problem(names[2], "rows", str(len(more)), f"as many as {names[0]}: {len(wide)}")])
        wide = pd.concat([wide, more.reset_index(drop=True)], axis=1)
    return results_from(wide, f"{names[0]} and {names[1]}", negative_costs=negative_costs)


def _named(source: Source, otherwise: str) -> str:
    return otherwise if isinstance(source, pd.DataFrame) else str(Path(source))


def results_from(table: pd.DataFrame, source: str, *, negative_costs: bool = False) -> CostEffectResults:
    """The results in a long or wide table; `source` is its name in messages."""
    twice = [name for name, count in Counter(table.columns).items() if count > 1]
    if twice:
        raise BadInput([Problem(source, "column", f"{name!r} more than once", "every column once") for name in twice])
    table = in_our_layout(table, source)
    wide = "option" not in table.columns and any(str(name).startswith(KINDS) for name in table.columns)
    found = [] if wide else _missing(table.columns, source)
    if not found and table.empty:
        found = [Problem(source, "rows", "none", "one row per draw and option")]
    if found:
        raise BadInput(found)
    columns = _Columns(table.reset_index(drop=True), source)
    lowest = None if negative_costs else 0.0
    return _wide(columns, lowest) if wide else _long(columns, lowest)


def _table(path: Path) -> pd.DataFrame:
    name = str(path)
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise BadInput([Problem(name, "file", path.suffix or "no ending", "a table that ends in .csv or .parquet")])
    if not is_file(path):
        raise BadInput([Problem(name, "file", "not found", "an existing .csv or .parquet file")])
    try:
        return read_parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)
    except (OSError, ValueError, csv.Error, pd.errors.ParserWarning) as fault:
        if isinstance(fault, BadInput):
            raise
        said = " ".join(str(fault).split())
        raise BadInput([Problem(name, "file", f"unreadable ({said})", "a table in CSV (UTF-8) or Parquet")]) from None


def _csv(path: Path) -> pd.DataFrame:
    text = text_in(path.read_bytes(), str(path), "CSV")
    header = [title.strip() for title in next(csv.reader(io.StringIO(text, newline="")), [])]
    if not header:
        raise BadInput([Problem(str(path), "file", "empty", LAYOUT)])
    if len(header) == 1 and ";" in header[0]:
        raise BadInput([Problem(str(path), "separator", "';'", "commas between columns and points in decimals")])
    words = {position: "str" for position, title in enumerate(header) if title in WORDS}
    with warnings.catch_warnings():
        # A row with too many cells would otherwise be cut short with no more than a warning.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        table = pd.read_csv(
            io.StringIO(text, newline=""),
            header=0,
            names=list(range(len(header))),
            index_col=False,
            dtype=words,
            keep_default_na=False,  # an option may be called "None" or "NA"
            skipinitialspace=True,
            float_precision="round_trip",  # identical policies must stay identical
            low_memory=False,
        )
    return table.set_axis(header, axis="columns")


def _missing(columns: Iterable[object], source: str) -> list[Problem]:
    names = [str(name) for name in columns]
    found = []
    for name in LONG:
        if name not in names:
            close = nearest(name, names)
            hint = f" (the table has {close.split()[-1][:-1]})" if close.startswith("did") else ""
            found.append(Problem(source, "column", f"no {name!r}{hint}", LAYOUT))
    return found


class _Columns:
    """The columns of a table as checked numbers; collects what is wrong on the way."""

    def __init__(self, table: pd.DataFrame, source: str) -> None:
        self.table, self.source = table, source
        self.found: list[Problem] = []

    def fault(self, rows: Iterable[int], key: str, value: Callable[[int], str], allowed: str) -> None:
        """Add one problem per row, named by its number, draw and option."""
        problems = [
            Problem(self.source, f"{key} in row {row + 1}{self.where(row)}", value(row), allowed) for row in rows
        ]
        self.found += listed(problems, key)

    def where(self, row: int) -> str:
        parts = [f"{name} {self.table[name].iloc[row]}" for name in ("draw", "option") if name in self.table]
        return f" ({', '.join(parts)})" if parts else ""

    def numbers(self, name: str, lowest: float | None = None) -> Array:
        """Column `name`; cells that are not finite numbers, or are below `lowest`, are faults."""
        column = self.table[name]
        values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        self.fault(np.flatnonzero(~np.isfinite(values)), name, lambda row: shown(column.iloc[row]), "a finite number")
        if lowest is not None:
            self.fault(np.flatnonzero(values < lowest), name, lambda row: f"{values[row]:g}", NOT_NEGATIVE)
        return values

    def labels(self, name: str) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], list[str]]:
        """Column `name` as codes in order of first appearance, and what they stand for; empty cells are faults."""
        column = self.table[name]
        text = column.astype("str").str.strip()
        self.fault(
            np.flatnonzero((column.isna() | (text == "")).to_numpy()), name, lambda _: "empty", "a name or number"
        )
        codes, names = pd.factorize(text)
        return codes, [str(each) for each in names]


def _long(columns: _Columns, lowest: float | None) -> CostEffectResults:
    draw, draws = columns.labels("draw")
    option, options = columns.labels("option")
    columns.found += option_problems(options, columns.source)
    cost, effect = columns.numbers("cost", lowest), columns.numbers("effect")

    code = draw * len(options) + option
    again = np.flatnonzero(pd.Series(code).duplicated().to_numpy())
    columns.fault(again, "draw and option", lambda _: "seen before", "every pair of draw and option once")
    seen = np.zeros(len(draws) * len(options), dtype=bool)
    seen[code] = True
    absent = [
        Problem(columns.source, f"draw {draws[d]}", f"no row for option {options[o]!r}", "every option in every draw")
        for d, o in np.argwhere(~seen.reshape(len(draws), len(options)))
    ]
    columns.found += listed(absent, "draws")

    first = np.full(len(draws), len(draw))
    np.minimum.at(first, draw, np.arange(len(draw)))
    parameters: dict[str, Array] = {}
    for name in columns.table.columns:
        if name not in LONG:
            values = columns.numbers(name)
            own = values[first][draw]
            differs = np.flatnonzero(np.isfinite(values) & np.isfinite(own) & (values != own))
            text = values.astype("str")
            columns.fault(differs, name, text.__getitem__, "a parameter has one value per draw, whatever the option")
            parameters[str(name)] = values[first]
    if columns.found:
        raise BadInput(columns.found)

    shape = (len(draws), len(options))
    by_draw = {"cost": np.empty(shape), "effect": np.empty(shape)}
    by_draw["cost"][draw, option] = cost
    by_draw["effect"][draw, option] = effect
    frame = pd.DataFrame(parameters) if parameters else None
    return CostEffectResults(options, by_draw["cost"], by_draw["effect"], frame, columns.source)


def _wide(columns: _Columns, lowest: float | None) -> CostEffectResults:
    titles = [str(name) for name in columns.table.columns]
    named = {kind: [title.removeprefix(kind) for title in titles if title.startswith(kind)] for kind in KINDS}
    options = [name for name in named["cost_"] if name in named["effect_"]]
    columns.found += [
        Problem(columns.source, "column", f"{kind}{name} without {other}{name}", "both for every option")
        for kind, other in (KINDS, KINDS[::-1])
        for name in named[kind]
        if name not in named[other]
    ]
    columns.found += option_problems(options, columns.source)
    if "draw" in titles:
        columns.labels("draw")
        again = np.flatnonzero(columns.table["draw"].duplicated().to_numpy())
        columns.fault(again, "draw", lambda _: "seen before", "every draw once")
    cost = [columns.numbers(f"cost_{name}", lowest) for name in options]
    effect = [columns.numbers(f"effect_{name}") for name in options]
    parameters = {title: columns.numbers(title) for title in titles if title != "draw" and not title.startswith(KINDS)}
    if columns.found:
        raise BadInput(columns.found)
    frame = pd.DataFrame(parameters) if parameters else None
    return CostEffectResults(options, np.column_stack(cost), np.column_stack(effect), frame, columns.source)
