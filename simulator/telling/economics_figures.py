"""Figures of an economic analysis beside those of every decision: costs, price, tornado, scenarios, subgroups, budget."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from simulator.questions.value.analysis import EconomicAnalysis
from simulator.questions.value.one_way import Range
from simulator.telling.decision_figures import Units
from simulator.telling.economics_tables import units_of
from simulator.telling.style import (
    INK,
    LINE_COLOURS,
    MUTED,
    OKABE_ITO,
    caption,
    house_style,
    interval_rows,
    looks,
    new_figure,
    shortened,
)

BARS = 12
LOW, HIGH = OKABE_ITO["orange"], OKABE_ITO["blue"]


def economics_figures(found: EconomicAnalysis) -> dict[str, Figure]:
    """Every figure of its own by its file name."""
    units = units_of(found)
    drawings: dict[str, Callable[[EconomicAnalysis, Units], Figure]] = {
        "costs": costs_figure,
        "price": price_figure,
        "tornado": tornado_figure,
        "scenarios": scenarios_figure,
        "subgroups": subgroups_figure,
        "budget": budget_figure,
    }
    if found.two_way is not None:
        drawings["two_way"] = two_way_figure
    if found.trial is not None:
        drawings["trial"] = trial_figure
    with house_style():
        return {name: draw(found, units) for name, draw in drawings.items()}


def costs_figure(found: EconomicAnalysis, units: Units) -> Figure:
    """What each policy adds to or saves of each category of costs over the reference."""
    summed = found.costs.groupby(["policy", "category"], sort=False)["mean"].sum().unstack("policy")  # noqa: PD010
    others = [name for name in found.scenario.compare if name != found.scenario.reference]
    change = summed[others].sub(summed[found.scenario.reference], axis=0)
    size = change.abs().max(axis=1)
    change = change[size > 0.005 * size.max()] if size.max() > 0 else change
    figure, (axes,) = new_figure(7.2, 1.2 + 0.16 * len(change) * max(2, len(others)))
    places, look = np.arange(len(change))[::-1], looks(found.scenario.compare)
    height = 0.8 / len(others)
    for k, name in enumerate(others):
        at = places + 0.4 - (k + 0.5) * height
        axes.barh(at, change[name], height=0.9 * height, color=look[name].colour, label=shortened(name))
    axes.set_yticks(places, [category.capitalize() for category in change.index])
    _across(axes)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.legend(loc="best")
    axes.set_xlabel(f"Mean cost over {shortened(found.scenario.reference)} per person{units.money}")
    caption(
        figure, "What a policy costs is partly paid back: bars to the left are savings over a lifetime, discounted."
    )
    return figure


def price_figure(found: EconomicAnalysis, units: Units) -> Figure:
    """Value-based price of each policy by evidence view at the first threshold."""
    table = found.price[(found.price["threshold"] == found.valued_by.threshold) & found.price["price"].notna()]
    figure, (axes,) = new_figure(7.2, 1.2 + 0.28 * max(1, len(table)))
    look = looks(found.scenario.compare)
    names = [f"{shortened(str(row.option))}, {row.view} view" for row in table.itertuples()]
    interval_rows(axes, names, table["price"], table["low"], table["high"], [look[o].colour for o in table["option"]])
    axes.axvline(0, color=MUTED, linewidth=0.8)
    for price in found.valued_by.product_prices.values():
        axes.axvline(price, color=INK, linewidth=0.8, linestyle=(0, (3, 2)))
    _thousands(axes.xaxis)
    axes.set_xlabel(f"Price of the product per treatment{units.money}")
    caption(
        figure,
        f"The price at which a policy is exactly worth it at {units.prefix}{found.valued_by.threshold:,.10g} per QALY, with"
        " 95% intervals. The dashed line is the price assumed in the base case.",
    )
    return figure


def tornado_figure(found: EconomicAnalysis, units: Units) -> Figure:
    """Incremental net benefit of the main policy at both limits of each number."""
    table = found.one_way.tornado
    table = table[table["policy"] == found.policy].head(BARS).reset_index(drop=True)
    base = float(table["net_benefit"].iloc[0])
    figure, (axes,) = new_figure(7.2, 1.2 + 0.3 * len(table))
    places = np.arange(len(table))[::-1]
    for column, colour, label in (("at_low", LOW, "at the low limit"), ("at_high", HIGH, "at the high limit")):
        axes.barh(places, table[column] - base, left=base, height=0.62, color=colour, label=label, alpha=0.9)
    axes.axvline(base, color=INK, linewidth=0.9)
    axes.axvline(0, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)))
    axes.set_yticks(places, [name.replace("_", " ") for name in table["name"]])
    _across(axes)
    axes.legend(loc="lower right")
    axes.set_xlabel(f"Incremental net benefit per person{units.money}")
    caption(
        figure,
        f"{found.policy} against {found.scenario.reference}: one number at a time at its 95% limits, in the same patients"
        " with the same luck. Bars that cross the dashed line can change the decision by themselves.",
    )
    return figure


def two_way_figure(found: EconomicAnalysis, units: Units) -> Figure:
    """Incremental net benefit over a grid of two numbers, with the line on which it is zero."""
    grid = found.two_way
    assert grid is not None
    figure, (axes,) = new_figure(6.4, 4.4)
    top = float(np.abs(grid.net_benefit).max()) or 1.0
    shades = axes.pcolormesh(
        grid.first_values, grid.second_values, grid.net_benefit.T, cmap="RdBu", vmin=-top, vmax=top, shading="gouraud"
    )
    if grid.net_benefit.min() < 0 < grid.net_benefit.max():
        axes.contour(grid.first_values, grid.second_values, grid.net_benefit.T, levels=[0.0], colors=INK)
    if grid.first.name != "utility_quantile" and grid.second.name != "utility_quantile":
        axes.plot(grid.first.base, grid.second.base, "o", color=INK)
    bar = figure.colorbar(shades, ax=axes)
    bar.set_label(f"Incremental net benefit{units.money}")
    _thousands(bar.ax.yaxis)
    axes.grid(visible=False)
    axes.set_xlabel(_named(grid.first, found))
    axes.set_ylabel(_named(grid.second, found))
    for each, axis in ((grid.first, axes.xaxis), (grid.second, axes.yaxis)):
        if each.high >= 1000:
            _thousands(axis)
    caption(
        figure,
        f"On the black line {grid.policy} is exactly worth its cost over {found.scenario.reference}; blue is worth it."
        " The dot is the base case.",
    )
    return figure


def scenarios_figure(found: EconomicAnalysis, units: Units) -> Figure:
    """Incremental net benefit of the main policy in every scenario."""
    table = found.scenarios[found.scenarios["policy"] == found.policy].reset_index(drop=True)
    names = [_short(label) for label in table["label"]]
    figure, (axes,) = new_figure(8.4, 1.2 + 0.26 * len(table) + 0.12 * sum("\n" in name for name in names))
    error = 1.96 * table["se"]
    colours = [INK if k == 0 else LINE_COLOURS[1] for k in range(len(table))]
    interval_rows(
        axes, names, table["net_benefit"], table["net_benefit"] - error, table["net_benefit"] + error, colours
    )
    axes.axvline(0, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)))
    axes.axvline(float(table["net_benefit"].iloc[0]), color=INK, linewidth=0.6)
    _thousands(axes.xaxis)
    axes.set_xlabel(f"Incremental net benefit per person{units.money}")
    caption(
        figure,
        f"{found.policy} against {found.scenario.reference} under other structural choices; lines are 95% Monte Carlo"
        " intervals of the means, not parameter uncertainty.",
    )
    return figure


def subgroups_figure(found: EconomicAnalysis, units: Units) -> Figure:
    """Incremental net benefit of the main policy by subgroup, with 95% intervals of the parameters."""
    table = found.subgroups[found.subgroups["policy"] == found.policy].reset_index(drop=True)
    figure, (axes,) = new_figure(7.2, 1.2 + 0.24 * len(table))
    names = ["Everybody" if r.subgroup == "everybody" else f"{r.subgroup}: {r.level}" for r in table.itertuples()]
    kinds = list(dict.fromkeys(table["subgroup"]))
    colours = [LINE_COLOURS[kinds.index(kind) % len(LINE_COLOURS)] for kind in table["subgroup"]]
    interval_rows(axes, names, table["net_benefit"], table["low"], table["high"], colours)
    axes.axvline(0, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)))
    _thousands(axes.xaxis)
    axes.set_xlabel(f"Incremental net benefit per person{units.money}")
    caption(
        figure,
        f"{found.policy} against {found.scenario.reference} by subgroup, people whom it does not treat included; lines are"
        " 95% intervals of the parameters.",
    )
    return figure


def budget_figure(found: EconomicAnalysis, units: Units) -> Figure:
    """Change of spending by year and category."""
    table = found.budget.table
    years = np.array(sorted(table["year"].unique()))
    wide = table[table["quantity"] != "total"].pivot_table(
        index="quantity", columns="year", values="change", sort=False
    )
    wide = wide.loc[wide.abs().sum(axis=1).sort_values(ascending=False).index]
    shown, rest = wide.head(5), wide.iloc[5:].sum()
    parts = pd.concat([shown, rest.to_frame("all other").T]) if len(wide) > 5 else shown
    figure, (axes,) = new_figure(7.2, 4.0)
    above, below = np.zeros(len(years)), np.zeros(len(years))
    for k, (name, row) in enumerate(parts.iterrows()):
        change = row.to_numpy(dtype=np.float64)
        base = np.where(change >= 0, above, below)
        axes.bar(years, change, bottom=base, width=0.6, color=LINE_COLOURS[(k + 1) % 7], label=str(name))
        above, below = above + np.maximum(change, 0), below + np.minimum(change, 0)
    total = table[table["quantity"] == "total"]
    axes.errorbar(
        years,
        total["change"],
        yerr=(total["change"] - total["low"], total["high"] - total["change"]),
        color=INK,
        marker="o",
        linestyle="none",
        label="total, 95% interval",
    )
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.set_xticks(years)
    axes.set_xlabel("Year")
    axes.set_ylabel(f"Change of spending{units.money}")
    _thousands(axes.yaxis)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    caption(
        figure,
        f"What the payer spends more (above) or less (below) in each year if {found.budget.policy} replaces"
        f" {found.scenario.reference} in a growing share of people; nothing is discounted.",
    )
    return figure


def trial_figure(found: EconomicAnalysis, units: Units) -> Figure:
    """Value of sample information and expected net benefit by the size of a trial."""
    assert found.trial is not None
    table = found.trial.table
    figure, panels = new_figure(7.2, 3.4, 1, 2)
    axes = panels[0]
    below = np.minimum(1.96 * table["se"], table["evsi"])
    axes.errorbar(table["patients"], table["evsi"], yerr=(below, 1.96 * table["se"]), color=HIGH, marker="o")
    axes.axhline(found.trial.most.value, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)))
    axes.set_ylim(bottom=0)
    axes.set_ylabel(f"EVSI per person{units.money}")
    axes = panels[1]
    axes.fill_between(table["patients"], table["low"], table["high"], color=HIGH, alpha=0.16, linewidth=0)
    axes.plot(table["patients"], table["enbs"], color=HIGH, marker="o")
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.set_ylabel(f"Expected net benefit of the trial{units.money}")
    for each in panels:
        each.set_xlabel("Patients in all arms")
        _thousands(each.yaxis)
    caption(
        figure,
        f"{found.trial.label}: what its result is worth per person (left) and, for the people it reaches, after its cost"
        f" (right). The dashed line is {found.trial.bound}; bars are 95% Monte Carlo intervals.",
    )
    return figure


def _across(axes: Axes) -> None:
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    _thousands(axes.xaxis)


def _named(each: Range, found: EconomicAnalysis) -> str:
    """What a number of the two-way analysis is, with the unit of a price, which is in the payer's own money."""
    prices = found.valued_by.perspective.prices
    unit = f" ({prices[each.name].unit})" if each.name in prices else ""
    return "\n".join(wrap(each.label + unit, 60))


def _short(label: str) -> str:
    """A long label on two lines."""
    return "\n".join(wrap(label, 52))


def _thousands(axis: object) -> None:
    written = FuncFormatter(lambda value, _: f"{value:,.10g}".replace("-", "−"))
    axis.set_major_formatter(written)  # type: ignore[attr-defined]
