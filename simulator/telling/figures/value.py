"""Figures of an economic analysis beside those of every decision: options, costs, courses, price, tornado, scenarios, budget."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.telling.colours import LINE_COLOURS, OKABE_ITO
from simulator.telling.direct_labels import direct_label, shortened
from simulator.telling.figures.decision import Words, decision_drawings, thousands
from simulator.telling.style import INK, MUTED, band, caption, interval_rows, looks, new_figure, percent_axis
from simulator.words.findings import Findings

BARS = 12
LOW, HIGH = OKABE_ITO["orange"], OKABE_ITO["blue"]
FIRST_YEARS = 2.0
COURSES = ("death", "amputation_free_survival", "major_amputation", "healing_without_amputation")
DASHED = (0, (3, 2))


def drawings(findings: Findings) -> dict[str, Callable[[], Figure]]:
    """What draws every figure, by its file name."""
    tables, words = findings.tables, Words(findings)
    drawn: dict[str, Callable[[Findings, Words], Figure]] = {"options": options_figure, "costs": costs_figure}
    if "curves" in tables:
        drawn |= {"courses": courses_figure, "observed": observed_figure}
    if tables["price"]["price"].notna().any():
        drawn["price"] = price_figure
    drawn |= {"tornado": tornado_figure, "scenarios": scenarios_figure}
    drawn |= {"subgroups": subgroups_figure, "budget": budget_figure}
    if "two_way" in tables:
        drawn["two_way"] = two_way_figure
    if "trial_worth" in tables:
        drawn["trial"] = trial_figure
    return decision_drawings(findings) | {name: partial(draw, findings, words) for name, draw in drawn.items()}


def _against(findings: Findings, words: Words) -> str:
    facts = findings.facts
    return f"{words.option(facts['focus'])} against {words.inside(facts['reference'])}"


def _over_reference(quantity: str, findings: Findings, words: Words) -> str:
    """Money beyond that of the reference, as an axis tells it."""
    return f"{quantity} over {shortened(words.inside(findings.facts['reference']))} per person{words.money}"


def _net_benefit_across(axes: Axes, findings: Findings, words: Words) -> None:
    """Net benefit over the reference along the axis, with a dashed line where it is zero."""
    axes.axvline(0, color=MUTED, linewidth=0.9, linestyle=DASHED)
    thousands(axes.xaxis)
    axes.set_xlabel(_over_reference("Net benefit", findings, words))


def options_figure(findings: Findings, words: Words) -> Figure:
    """Net benefit of every option over the reference, probabilistic and deterministic."""
    table = findings.tables["options"]
    table = table[table["option"] != findings.facts["reference"]].reset_index(drop=True)
    figure, (axes,) = new_figure(7.2, 1.2 + 0.4 * len(table))
    look = looks(findings.tables["options"]["option"])
    names = [shortened(words.option(option)) for option in table["option"]]
    colours = [look[option].colour for option in table["option"]]
    interval_rows(axes, names, table["net_benefit"], table["net_benefit_low"], table["net_benefit_high"], colours)
    axes.plot(table["net_benefit_deterministic"], np.arange(len(table)), "|", color=INK, markersize=12, zorder=4)
    _net_benefit_across(axes, findings, words)
    caption(
        figure,
        f"Net benefit at {words.telling.threshold(findings.facts['threshold'])} per QALY: means of the draws with 95% intervals"
        " of the parameters; upright strokes are the deterministic analysis. Right of the dashed line an option is worth its"
        " cost.",
    )
    return figure


def courses_figure(findings: Findings, words: Words) -> Figure:
    """Survival and events to the horizon, with 95% Monte Carlo bands."""
    figure, _ = _courses(findings, words, findings.facts["horizon"])
    caption(
        figure,
        "Shares of all people by then, to the end of the analysis, with every number at its centre: death competes"
        " with the other events. Bands are 95% Monte Carlo intervals.",
    )
    return figure


def observed_figure(findings: Findings, words: Words) -> Figure:
    """The first years of the same courses, with what studies observed of people without cells laid over them."""
    window = min(FIRST_YEARS, findings.facts["horizon"])
    figure, panels = _courses(findings, words, window)
    seen = findings.tables["observed"]
    for axes, outcome in zip(panels, COURSES, strict=True):
        own = seen[(seen["outcome"] == outcome) & (seen["latest_years"] <= window)].reset_index(drop=True)
        for place, row in enumerate(own.to_dict("records")):
            # Points of one time stand beside each other.
            alike = int((own["latest_years"].iloc[:place] == row["latest_years"]).sum())
            at = row["latest_years"] - 0.025 * alike
            if np.isfinite(row["low"]):
                axes.plot([at, at], [row["low"], row["high"]], color=MUTED, linewidth=0.8, zorder=4)
            axes.plot(at, row["value"], "o", color=MUTED, markersize=3.5, markerfacecolor="white", zorder=5)
        axes.set_ylim(0, min(1.0, max(axes.get_ylim()[1], own["high"].max(), own["value"].max())) if len(own) else None)
    caption(
        figure,
        "The first years of the same courses. Hollow points with 95% intervals are what published studies observed of people"
        " without cells and without angioplasty, in populations of their own: a check of the level, not of these patients.",
    )
    return figure


def _courses(findings: Findings, words: Words, window: float) -> tuple[Figure, list[Axes]]:
    table = findings.tables["curves"]
    table = table[table["time_years"] <= window]
    options = list(dict.fromkeys(table["policy"]))
    look = looks(options)
    names = {str(place): shortened(words.option(option)) for place, option in enumerate(options)}
    figure, panels = new_figure(8.6, 5.6, 2, 2)
    for axes, outcome in zip(panels, COURSES, strict=True):
        for place, option in enumerate(options):
            own = table[(table["policy"] == option) & (table["outcome"] == outcome)]
            time, mean, error = own["time_years"], own["mean"], 1.96 * own["se"]
            band(axes, time, np.maximum(mean - error, 0), np.minimum(mean + error, 1), look[option].colour)
            axes.plot(time, mean, **look[option].line, label=str(place), zorder=3)
        axes.set_title(words.telling.label("outcome", outcome))
        axes.set_xlim(0, window)
        axes.set_ylim(0, None)
        axes.set_xlabel("Years since referral")
        percent_axis(axes)
    for axes in panels:
        direct_label(axes, names)
    return figure, panels


def costs_figure(findings: Findings, words: Words) -> Figure:
    """What each policy adds to or saves of each category of costs over the reference."""
    costs, reference = findings.tables["costs"], findings.facts["reference"]
    policies = list(dict.fromkeys(costs["policy"]))
    summed = costs.groupby(["policy", "category"], sort=False)["mean"].sum().unstack("policy")  # noqa: PD010
    others = [name for name in policies if name != reference]
    change = summed[others].sub(summed[reference], axis=0)
    size = change.abs().max(axis=1)
    change = change[size > 0.005 * size.max()] if size.max() > 0 else change
    figure, (axes,) = new_figure(7.2, 1.2 + 0.16 * len(change) * max(2, len(others)))
    places, look = np.arange(len(change))[::-1], looks(policies)
    height = 0.8 / len(others)
    for k, name in enumerate(others):
        at = places + 0.4 - (k + 0.5) * height
        label = shortened(words.option(name))
        axes.barh(at, change[name], height=0.9 * height, color=look[name].colour, label=label)
    axes.set_yticks(places, [words.telling.label("category", str(category)) for category in change.index])
    _across(axes)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.legend(loc="best")
    axes.set_xlabel(_over_reference("Mean cost", findings, words))
    caption(
        figure, "What a policy costs is partly paid back: bars to the left are savings over a lifetime, discounted."
    )
    return figure


def price_figure(findings: Findings, words: Words) -> Figure:
    """Value-based price of each policy by evidence view at the first threshold."""
    table, threshold = findings.tables["price"], findings.facts["threshold"]
    table = table[(table["threshold"] == threshold) & table["price"].notna()]
    figure, (axes,) = new_figure(7.2, 1.2 + 0.28 * max(1, len(table)))
    look = looks(findings.tables["options"]["option"])
    names = [f"{shortened(words.option(str(row.option)))}, {row.view} view" for row in table.itertuples()]
    interval_rows(axes, names, table["price"], table["low"], table["high"], [look[o].colour for o in table["option"]])
    axes.axvline(0, color=MUTED, linewidth=0.8)
    for price in findings.facts["product_prices"].values():
        axes.axvline(price, color=INK, linewidth=0.8, linestyle=DASHED)
    thousands(axes.xaxis)
    axes.set_xlabel(f"Price of the product per treatment{words.money}")
    caption(
        figure,
        f"The price at which a policy is exactly worth it at {words.telling.threshold(threshold)} per QALY, with 95% intervals."
        " The dashed line is the mean price of the base case.",
    )
    return figure


def tornado_figure(findings: Findings, words: Words) -> Figure:
    """Incremental net benefit of the policy in focus at both limits of each number."""
    table = findings.tables["tornado"]
    table = table[table["policy"] == findings.facts["focus"]].head(BARS).reset_index(drop=True)
    base = float(table["net_benefit"].iloc[0])
    figure, (axes,) = new_figure(8.2, 1.2 + 0.36 * len(table))
    places = np.arange(len(table))[::-1]
    for column, colour, label in (("at_low", LOW, "at the low limit"), ("at_high", HIGH, "at the high limit")):
        axes.barh(places, table[column] - base, left=base, height=0.62, color=colour, label=label, alpha=0.9)
        error = 1.96 * table[f"{column}_se"].fillna(0.0)
        axes.errorbar(table[column], places, xerr=error, fmt="none", ecolor=INK, elinewidth=0.6, alpha=0.6)
    axes.axvline(base, color=INK, linewidth=0.9)
    _net_benefit_across(axes, findings, words)
    axes.set_yticks(places, [_short(words.number(name), 44) for name in table["name"]])
    _across(axes)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    caption(
        figure,
        f"{_against(findings, words)}: one number at a time at its 95% limits, in the same patients with the same luck. The"
        " upright line is the deterministic analysis; bars that cross the dashed line can change the decision by themselves."
        " Thin lines at their ends are 95% Monte Carlo intervals.",
    )
    return figure


def two_way_figure(findings: Findings, words: Words) -> Figure:
    """Incremental net benefit over a grid of two numbers, with the line on which it is zero."""
    facts, table = findings.facts, findings.tables["two_way"]
    asked = facts["two_way"]
    first, second = asked["first"], asked["second"]
    wide = table.pivot_table(index=first["name"], columns=second["name"], values="net_benefit")
    benefit = wide.to_numpy()
    errors = table.pivot_table(index=first["name"], columns=second["name"], values="net_benefit_se", dropna=False)
    figure, (axes,) = new_figure(6.4, 4.4)
    top = float(np.abs(benefit).max()) or 1.0
    shades = axes.pcolormesh(
        wide.index, wide.columns, benefit.T, cmap="RdBu", vmin=-top, vmax=top, shading="gouraud", rasterized=True
    )
    if benefit.min() < 0 < benefit.max():
        axes.contour(wide.index, wide.columns, benefit.T, levels=[0.0], colors=INK)
    for limit in (benefit - 1.96 * errors.to_numpy(), benefit + 1.96 * errors.to_numpy()):
        if np.isfinite(limit).all() and limit.min() < 0 < limit.max():
            axes.contour(
                wide.index, wide.columns, limit.T, levels=[0.0], colors=INK, linestyles="dashed", linewidths=0.7
            )
    if "utility_quantile" not in (first["name"], second["name"]):
        axes.plot(first["base"], second["base"], "o", color=INK)
    bar = figure.colorbar(shades, ax=axes)
    bar.set_label(f"Net benefit over the reference{words.money}")
    thousands(bar.ax.yaxis)
    axes.grid(visible=False)
    for each, axis, high in (
        (first, axes.xaxis, float(wide.index.max())),
        (second, axes.yaxis, float(wide.columns.max())),
    ):
        unit = f" ({each['unit']})" if each["unit"] else ""
        axis.set_label_text(_short(words.number(each["name"]) + unit, 60))
        if high >= 1000:
            thousands(axis)
    caption(
        figure,
        f"On the black line {words.inside(asked['policy'])} is exactly worth its cost over"
        f" {words.inside(facts['reference'])}; blue is worth it. Between the thin dashed lines the 95% Monte"
        " Carlo interval of net benefit holds zero. The dot is the deterministic analysis.",
    )
    return figure


def scenarios_figure(findings: Findings, words: Words) -> Figure:
    """Incremental net benefit of the policy in focus in every scenario."""
    table = findings.tables["scenarios"]
    table = table[table["policy"] == findings.facts["focus"]].reset_index(drop=True)
    names = [_short(words.telling.label("scenario", name), 52) for name in table["scenario"]]
    figure, (axes,) = new_figure(8.4, 1.2 + 0.26 * len(table) + 0.12 * sum("\n" in name for name in names))
    error = 1.96 * table["se"].fillna(0.0)
    colours = [INK if k == 0 else LINE_COLOURS[1] for k in range(len(table))]
    interval_rows(
        axes, names, table["net_benefit"], table["net_benefit"] - error, table["net_benefit"] + error, colours
    )
    _net_benefit_across(axes, findings, words)
    axes.axvline(float(table["net_benefit"].iloc[0]), color=INK, linewidth=0.6)
    caption(
        figure,
        f"{_against(findings, words)} in each scenario; lines are 95% Monte Carlo intervals of the means, not"
        " parameter uncertainty.",
    )
    return figure


def subgroups_figure(findings: Findings, words: Words) -> Figure:
    """Incremental net benefit of the policy in focus by subgroup, with 95% intervals of the parameters."""
    table = findings.tables["subgroups"]
    table = table[table["policy"] == findings.facts["focus"]].reset_index(drop=True)
    figure, (axes,) = new_figure(7.2, 1.2 + 0.24 * len(table))
    names = [
        "Everybody"
        if row.subgroup == "everybody"
        else f"{words.telling.label('subgroup', row.subgroup)}: {words.telling.label('level', row.level).lower()}"
        for row in table.itertuples()
    ]
    kinds = list(dict.fromkeys(table["subgroup"]))
    colours = [LINE_COLOURS[kinds.index(kind) % len(LINE_COLOURS)] for kind in table["subgroup"]]
    interval_rows(axes, names, table["net_benefit"], table["low"], table["high"], colours)
    _net_benefit_across(axes, findings, words)
    caption(
        figure,
        f"{_against(findings, words)} by subgroup, people whom it does not treat included; lines are 95% intervals of the"
        " parameters, missing where the luck of few patients hides them.",
    )
    return figure


def budget_figure(findings: Findings, words: Words) -> Figure:
    """Change of spending by year and category."""
    facts, table = findings.facts, findings.tables["budget"]
    years = np.array(sorted(table["year"].unique()))
    wide = table[table["quantity"] != "total"].pivot_table(
        index="quantity", columns="year", values="change", sort=False
    )
    wide = wide.loc[wide.abs().sum(axis=1).sort_values(ascending=False).index]
    shown, rest = wide.head(5), wide.iloc[5:].sum()
    parts = pd.concat([shown, rest.to_frame("all_other").T]) if len(wide) > 5 else shown
    figure, (axes,) = new_figure(8.2, 4.0)
    above, below = np.zeros(len(years)), np.zeros(len(years))
    for k, (name, row) in enumerate(parts.iterrows()):
        change = row.to_numpy(dtype=np.float64)
        base = np.where(change >= 0, above, below)
        label = words.telling.label("category", str(name))
        axes.bar(years, change, bottom=base, width=0.6, color=LINE_COLOURS[(k + 1) % 7], label=shortened(label))
        above, below = above + np.maximum(change, 0), below + np.minimum(change, 0)
    total = table[table["quantity"] == "total"]
    axes.errorbar(
        years,
        total["change"],
        yerr=(total["change"] - total["low"], total["high"] - total["change"]),
        color=INK,
        marker="o",
        linestyle="none",
        label="All costs, 95% interval",
    )
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.set_xticks(years)
    axes.set_xlabel("Year")
    axes.set_ylabel(f"Change of spending{words.money}")
    thousands(axes.yaxis)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    caption(
        figure,
        "What the payer spends more (above) or less (below) in each year if"
        f" {words.inside(facts['focus'])} replaces {words.inside(facts['reference'])} for a growing share of people;"
        " nothing is discounted.",
    )
    return figure


def trial_figure(findings: Findings, words: Words) -> Figure:
    """Value of sample information and expected net benefit by the size of a trial."""
    table, trial = findings.tables["trial_worth"], findings.facts["trial"]
    figure, panels = new_figure(8.2, 3.4, 1, 2)
    axes = panels[0]
    below = np.minimum(1.96 * table["se"], table["evsi"])
    axes.errorbar(table["patients"], table["evsi"], yerr=(below, 1.96 * table["se"]), color=HIGH, marker="o")
    axes.axhline(trial["most"], color=MUTED, linewidth=0.9, linestyle=DASHED)
    axes.set_ylim(bottom=0)
    axes.set_ylabel(f"EVSI per person{words.money}")
    axes = panels[1]
    axes.fill_between(table["patients"], table["low"], table["high"], color=HIGH, alpha=0.16, linewidth=0)
    axes.plot(table["patients"], table["enbs"], color=HIGH, marker="o")
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.set_ylabel(f"Expected net benefit of the trial{words.money}")
    for each in panels:
        each.set_xlabel("Patients in all arms")
        thousands(each.yaxis)
    bound = "perfect information" if trial["design"] else "a trial of infinite size"
    caption(
        figure,
        f"What the result of a trial is worth per person and, for the people it reaches, after its cost. The dashed line is"
        f" {bound}; bars are 95% Monte Carlo intervals.",
    )
    return figure


def _across(axes: Axes) -> None:
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    thousands(axes.xaxis)


def _short(label: str, width: int) -> str:
    """A long label on several lines."""
    return "\n".join(wrap(label, width))
