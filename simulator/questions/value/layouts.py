"""Names under which other programs write draws, options, costs and effects, and costs and effects in two tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from simulator.words.errors import BadInput, Problem

ALIASES: Mapping[str, tuple[str, ...]] = {
    "draw": ("sample", "iteration", ".index", "sim"),
    "option": ("strategy_id", "strategy", ".strategy_names", "strategy_names", "intervention"),
    "cost": ("costs", ".cost"),
    "effect": ("effects", "qalys", "qaly", ".effect"),
}
"""What hesim, heemod, dampack and heormodel call the columns of a long table."""
IDENTIFIERS = ("grp_id",)
"""Columns of these programs that tell rows apart and are no parameters, as long as they hold one value."""


def renamed(table: pd.DataFrame) -> pd.DataFrame:
    """A long table under this program's own names. A table that has them, or lacks even the others, stays as it is.

    A column is renamed only where exactly one of its other names is there.
    """
    names = [str(name) for name in table.columns]
    if "option" not in names and not any(alias in names for alias in ALIASES["option"]):
        return table
    found = {}
    for ours, others in ALIASES.items():
        there = [other for other in others if other in names]
        if ours not in names and len(there) == 1:
            found[there[0]] = ours
    idle = (
        []
        if table.empty
        else [name for name in IDENTIFIERS if name in names and (table[name] == table[name].iloc[0]).all()]
    )
    return table.rename(columns=found).drop(columns=idle)


def side_by_side(costs: pd.DataFrame, effects: pd.DataFrame, names: tuple[str, str]) -> pd.DataFrame:
    """A table of costs and one of effects, a row a draw and a column an option in both, as one wide table.

    A column `draw` may be in either. Raises BadInput where options or draws differ; `names` are those of the two files.
    """
    options = [str(name) for name in costs.columns if name != "draw"]
    others = [str(name) for name in effects.columns if name != "draw"]
    problems = [
        Problem(names[place], "column", f"no {name!r}", f"the options of {names[1 - place]}")
        for place, there, wanted in ((1, others, options), (0, options, others))
        for name in wanted
        if name not in there
    ]
    if len(costs) != len(effects):
        allowed = f"as many as in {names[0]}: {len(costs):,}"
        problems.append(Problem(names[1], "rows", f"{len(effects):,}", allowed))
    elif "draw" in costs and "draw" in effects and (costs["draw"].to_numpy() != effects["draw"].to_numpy()).any():
        problems.append(Problem(names[1], "draw", "in another order", f"the draws of {names[0]} in the same order"))
    if problems:
        raise BadInput(problems)
    columns = {f"cost_{name}": costs[name].to_numpy() for name in options}
    columns |= {f"effect_{name}": effects[name].to_numpy() for name in options}
    return pd.DataFrame(columns)
