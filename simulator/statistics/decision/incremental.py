"""Fully incremental analysis: who is dominated, who is on the frontier, and at what price per unit of effect.

Options are ordered by mean cost. An option is *dominated* if another costs no more and does no worse, and is better in
one of the two; *extendedly dominated* if a mixture of two others is. The rest form the frontier, each compared with
the one before it; the cheapest (of equally cheap ones the most effective) is the reference. An option whose mean cost
and effect both equal those of an earlier one is *equal* to it and compared with nothing. Options exactly on a line
between two others stay on the frontier, with equal ratios.

Source: Johannesson M, Weinstein MC. On the decision rules of cost-effectiveness analysis. J Health Econ 1993;12:459-67.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.statistics.decision.results import Array, CostEffectResults, spread_of, standard_error

REFERENCE = "reference"
FRONTIER = "frontier"
DOMINATED = "dominated"
EXTENDED = "extendedly dominated"
EQUAL = "equal"

DOMINANT, RATIO, LESS = "dominant", "ratio", "costs less for less"
"""How an option stands against another beside `DOMINATED` and `EQUAL`: better and no dearer; at a price per unit of effect; at
savings per unit of effect lost."""

ROUNDING = 1e-12
"""Relative difference of two slopes below which they are one slope and floating-point noise."""


def frontier(cost: Array, effect: Array) -> list[int]:
    """Positions of the options on the efficiency frontier, from the cheapest to the most effective.

    `cost` and `effect` are means with the shape (options,).
    """
    order = np.lexsort((np.arange(len(cost)), -effect, cost))
    kept: list[int] = []
    for new in order:
        if kept and effect[new] <= effect[kept[-1]]:
            continue
        while len(kept) > 1 and _bends_back(cost, effect, kept[-2], kept[-1], int(new)):
            kept.pop()
        kept.append(int(new))
    return kept


def _bends_back(cost: Array, effect: Array, first: int, middle: int, last: int) -> bool:
    """Whether the ratio from `first` to `middle` exceeds the one from `middle` to `last`."""
    before = (cost[middle] - cost[first]) * (effect[last] - effect[middle])
    after = (cost[last] - cost[middle]) * (effect[middle] - effect[first])
    return bool(before - after > ROUNDING * max(abs(before), abs(after)))


def incremental_analysis(results: CostEffectResults) -> pd.DataFrame:
    """One row per option in order of mean cost.

    Columns: option, status, cost, effect, compared_with, incremental_cost, incremental_effect, icer, each of these
    three with `_se`, and dominated_by. Incremental values are means of paired differences to the option before on the
    frontier; `icer` is the ratio of the means and its standard error the delta method's. Errors are missing with one
    draw.
    """
    cost, effect = results.cost.mean(axis=0), results.effect.mean(axis=0)
    kept = frontier(cost, effect)
    previous = dict(zip(kept[1:], kept, strict=False))
    rows = []
    for position in np.lexsort((np.arange(len(cost)), -effect, cost)):
        status, by = _status(cost, effect, kept, int(position))
        row = {
            "option": results.options[position],
            "status": status,
            "cost": cost[position],
            "effect": effect[position],
            "compared_with": None,
            **dict.fromkeys(_INCREMENTS, np.nan),
            "dominated_by": " + ".join(results.options[each] for each in by) or None,
        }
        if position in previous:
            row["compared_with"] = results.options[previous[position]]
            row.update(_increment(results, int(position), previous[position]))
        rows.append(row)
    return pd.DataFrame(rows)


_INCREMENTS = (
    "incremental_cost", "incremental_cost_se", "incremental_effect", "incremental_effect_se", "icer", "icer_se",
)  # fmt: skip


def _increment(results: CostEffectResults, option: int, comparator: int) -> dict[str, float]:
    d_cost = results.cost[:, option] - results.cost[:, comparator]
    d_effect = results.effect[:, option] - results.effect[:, comparator]
    gain = d_effect.mean()
    icer = d_cost.mean() / gain if gain != 0 else np.nan
    # Delta method: the ratio errs like the mean of (cost - ratio * effect) / mean effect.
    icer_se = standard_error(d_cost - icer * d_effect) / abs(gain) if gain != 0 else np.nan
    values = (d_cost.mean(), standard_error(d_cost), gain, standard_error(d_effect), icer, icer_se)
    return {name: float(value) for name, value in zip(_INCREMENTS, values, strict=True)}


def _status(cost: Array, effect: Array, kept: list[int], option: int) -> tuple[str, list[int]]:
    """The status of an option, and the positions of those that dominate or equal it."""
    if option == kept[0]:
        return REFERENCE, []
    if option in kept:
        return FRONTIER, []
    same = np.flatnonzero((cost == cost[option]) & (effect == effect[option]))
    better = np.flatnonzero((cost <= cost[option]) & (effect >= effect[option]))
    better = np.setdiff1d(better, same)
    if len(better):
        on_frontier = [each for each in kept if each in better]
        return DOMINATED, [on_frontier[0] if on_frontier else int(better[np.argmin(cost[better])])]
    if same[0] in kept:
        return EQUAL, [int(same[0])]
    right = next(place for place, each in enumerate(kept) if effect[each] > effect[option])
    return EXTENDED, [kept[right - 1], kept[right]]


def standing(cost: float, effect: float) -> str:
    """How mean increments of costs and effects stand: dominant, dominated, equal, at a ratio, or costing less for less."""
    if cost == 0.0 and effect == 0.0:
        return EQUAL
    if cost <= 0.0 <= effect:
        return DOMINANT
    if effect <= 0.0 <= cost:
        return DOMINATED
    return RATIO if effect > 0.0 else LESS


def against(results: CostEffectResults, comparator: str) -> pd.DataFrame:
    """Every other option against one comparator, paired by draw.

    Columns: option, comparator, incremental_cost and incremental_effect each with se, low, high; standing (see `standing`),
    icer and icer_se, which are missing where one of the two dominates, and the share of draws in each quadrant:
    costs_more_does_more, costs_less_does_more (dominates), costs_more_does_less (dominated), costs_less_does_less. A
    difference of exactly zero counts half to either side.
    """
    base = results.column(comparator)
    rows = []
    for position, option in enumerate(results.options):
        if position == base:
            continue
        d_cost = results.cost[:, position] - results.cost[:, base]
        d_effect = results.effect[:, position] - results.effect[:, base]
        dearer, better = (1 + np.sign(d_cost)) / 2, (1 + np.sign(d_effect)) / 2
        ratio = _increment(results, position, base)
        stands = standing(ratio["incremental_cost"], ratio["incremental_effect"])
        rows.append(
            {
                "option": option,
                "comparator": comparator,
                **spread_of(d_cost, "incremental_cost"),
                **spread_of(d_effect, "incremental_effect"),
                "standing": stands,
                "icer": ratio["icer"] if stands in (RATIO, LESS) else np.nan,
                "icer_se": ratio["icer_se"] if stands in (RATIO, LESS) else np.nan,
                "costs_more_does_more": float((dearer * better).mean()),
                "costs_less_does_more": float(((1 - dearer) * better).mean()),
                "costs_more_does_less": float((dearer * (1 - better)).mean()),
                "costs_less_does_less": float(((1 - dearer) * (1 - better)).mean()),
            }
        )
    return pd.DataFrame(rows)
