"""Layouts of other programs, recognised by their column names and turned into the long one of `reading`.

One table: hesim (sample, strategy_id or strategy, costs, qalys; one grp_id or grp and one dr) and heemod (.index,
.strategy_names, .cost, .effect). Two tables: BCEA and dampack keep costs and effects apart, each with a column an option
and a row a draw; their parameters may be a third table. R writes row names into a column without a name, which is left out.

Sources: Incerti D, Jansen JP. hesim: Health Economic Simulation Modeling and Decision Analysis (R package). Filipovic-
Pierucci A, Zarca K, Durand-Zaleski I. Markov models for health economic evaluations: the R package heemod.
arXiv:1702.03252. Baio G, Berardi A, Heath A. Bayesian Cost-Effectiveness Analysis with the R package BCEA. Springer 2017.
Alarid-Escudero F et al. dampack: Decision-Analytic Modeling Package (R package).
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from pandas.api.types import is_numeric_dtype

from simulator.words.errors import BadInput, Problem

ROW_NAMES = ""
HESIM = {"sample": "draw", "costs": "cost", "qalys": "effect"}
HESIM_OPTIONS = ("strategy", "strategy_id")
HESIM_ONE = ("grp_id", "grp", "dr", "dr_costs", "dr_qalys")
"""Columns of hesim that must have one value, because a decision is about one group at one discount rate."""
HEEMOD = {".index": "draw", ".strategy_names": "option", ".cost": "cost", ".effect": "effect"}
ALIASES: Mapping[str, tuple[str, ...]] = {
    "draw": ("sample", "iteration", "sim"),
    "option": ("strategy", "strategy_names", "intervention"),
    "cost": ("costs",),
    "effect": ("effects", "qalys", "qaly"),
}
"""What other programs and people call the columns of a long table; heormodel writes iteration and strategy."""
WORDS = ("draw", "option", *ALIASES["draw"], *ALIASES["option"], *HESIM_OPTIONS, *HEEMOD)
"""Columns whose cells are read as words."""


def in_our_layout(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """A table of hesim or heemod as a long one; any other table without R's row names. Raises BadInput for mixed groups."""
    table = without_row_names(table)
    names = set(map(str, table.columns))
    options = [name for name in HESIM_OPTIONS if name in names]
    if names >= set(HESIM) and options:
        return _of_hesim(table, options, source)
    if names >= set(HEEMOD):
        return _of_heemod(table)
    return _renamed(table)


def _renamed(table: pd.DataFrame) -> pd.DataFrame:
    """A long table under this program's own names, where exactly one other name of a column is there."""
    names = [str(name) for name in table.columns]
    if "option" not in names and not any(alias in names for alias in ALIASES["option"]):
        return table
    there = {
        ours: [other for other in others if other in names] for ours, others in ALIASES.items() if ours not in names
    }
    return table.rename(columns={other: ours for ours, found in there.items() for other in found if len(found) == 1})


def joined(costs: pd.DataFrame, effects: pd.DataFrame, source: str, effects_source: str) -> pd.DataFrame:
    """Two tables with a column an option as one wide table. Raises BadInput for options or draws that do not pair."""
    costs, effects = without_row_names(costs), without_row_names(effects)
    problems = []
    draws = [table["draw"].to_numpy() for table in (costs, effects) if "draw" in table.columns]
    costs, effects = (table.drop(columns="draw", errors="ignore") for table in (costs, effects))
    if len(draws) == 2 and len(draws[0]) == len(draws[1]) and (draws[0] != draws[1]).any():
        allowed = f"the draws of {source} in the same order"
        problems.append(Problem(effects_source, "draw", "in another order", allowed))
    for ours, theirs, there in ((costs, effects, effects_source), (effects, costs, source)):
        absent = [str(name) for name in ours.columns if name not in set(theirs.columns)]
        problems += [Problem(there, "column", f"no {name!r}", "the same options in both tables") for name in absent]
    if len(costs) != len(effects):
        problems.append(Problem(effects_source, "rows", str(len(effects)), f"as many as {source}: {len(costs)}"))
    if problems:
        raise BadInput(problems)
    named = costs.add_prefix("cost_"), effects[list(costs.columns)].add_prefix("effect_")
    return pd.concat([each.reset_index(drop=True) for each in named], axis=1)


def without_row_names(table: pd.DataFrame) -> pd.DataFrame:
    """The table without the column that R writes row names into."""
    return table.drop(columns=[name for name in table.columns if str(name) == ROW_NAMES])


def _of_hesim(table: pd.DataFrame, options: list[str], source: str) -> pd.DataFrame:
    """The first of the columns that name options is taken: names before numbers."""
    if "category" in table.columns and (table["category"].astype("str") == "total").any():
        table = table[table["category"].astype("str") == "total"].drop(columns="category")
    problems = []
    for name in HESIM_ONE:
        if name in table.columns:
            values = sorted(set(table[name].astype("str")))
            if len(values) > 1:
                given = f"{len(values)} values: {', '.join(values[:5])}"
                problems.append(
                    Problem(source, f"column {name!r}", given, "one value; a decision is about one of them")
                )
    if problems:
        raise BadInput(problems)
    left = [name for name in (*HESIM_ONE, *options[1:]) if name in table.columns]
    return table.drop(columns=left).rename(columns={**HESIM, options[0]: "option"})


def _of_heemod(table: pd.DataFrame) -> pd.DataFrame:
    """Parameters are what is one number in a draw; what differs between strategies there are values of states."""
    own = [name for name in table.columns if not str(name).startswith(".") and name not in HEEMOD.values()]
    first = table.groupby(".index", sort=False)[own].transform("first")
    kept = [name for name in own if is_numeric_dtype(table[name]) and (first[name] == table[name]).all()]
    return table[[*HEEMOD, *kept]].rename(columns=HEEMOD)
