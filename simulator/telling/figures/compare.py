"""The figures of a comparison: what happens when, TcPO2, states over time, what differs, and the waiting list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.telling.colours import OKABE_ITO
from simulator.telling.columns import labels
from simulator.telling.direct_labels import End, direct_label, heading, label_ends, shortened
from simulator.telling.phrases import listed, lower, years
from simulator.telling.style import (
    INK,
    MUTED,
    band,
    caption,
    house_style,
    interval_rows,
    looks,
    new_figure,
    percent_axis,
)
from simulator.words.findings import Findings

CURVES = ("major_amputation", "death", "healing_without_amputation", "amputation_free_survival")
CHANGES = ("major_amputation", "death", "healing_without_amputation", "walking")
STATES = {
    "Healed": (("healed", "healed_after_minor"), OKABE_ITO["green"]),
    "Rest pain": (("rest_pain",), OKABE_ITO["sky"]),
    "New wound": (("recurrent_ulcer",), OKABE_ITO["yellow"]),
    "Open wound": (("ulcer", "severe_ulcer"), OKABE_ITO["orange"]),
    "Amputated, walking": (("below_knee_walking", "above_knee_walking"), OKABE_ITO["purple"]),
    "Amputated": (("below_knee", "above_knee"), OKABE_ITO["vermillion"]),
    "Dead": (("dead",), "#c9c9c9"),
}
"""Groups of ledger states from the bottom of the drawing to its top, with their colours."""
CURVE_YEARS = 5.0
STATE_YEARS = 3.0
MOST_ACROSS = 2
WIDE = 8.6
BEHIND_NAMES = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
"""A name hides the line of no difference where it stands on it."""


def drawings(findings: Findings) -> dict[str, Callable[[], Figure]]:
    """What draws every figure, by its file name, in the order of the report."""
    drawn: dict[str, Callable[[Findings], Figure]] = {"incidence": incidence_figure}
    if findings.facts["main"] is not None:
        drawn["differences"] = difference_figure
    drawn |= {"states": states_figure, "tcpo2": tcpo2_figure}
    if "views" in findings.tables:
        drawn["views"] = views_figure
    if "queue" in findings.tables:
        drawn["queue"] = queue_figure
    return {name: partial(draw, findings) for name, draw in drawn.items()}


def _policies(findings: Findings) -> dict[str, str]:
    """Names of the policies compared to what people call them, in order."""
    called = findings.facts["labels"]["policy"]
    return {each["name"]: called[each["name"]] for each in findings.facts["policies"]}


def _outcome(name: str) -> str:
    return labels()["outcome"][name]


def incidence_figure(findings: Findings) -> Figure:
    """Cumulative incidence with death competing, per policy, with 95% Monte Carlo bands."""
    window = min(CURVE_YEARS, findings.facts["horizon"])
    table = findings.tables["curves"]
    table = table[table["time_years"] <= window]
    policies = _policies(findings)
    look = looks(policies)
    names = {str(place): shortened(label) for place, label in enumerate(policies.values())}
    with house_style():
        figure, panels = new_figure(WIDE, 5.6, 2, 2, sharex=True)
        for axes, outcome in zip(panels, CURVES, strict=True):
            for place, policy in enumerate(policies):
                own = table[(table["policy"] == policy) & (table["outcome"] == outcome)]
                time, mean, error = own["time_years"], own["mean"], 1.96 * own["se"]
                band(axes, time, np.maximum(mean - error, 0), np.minimum(mean + error, 1), look[policy].colour)
                axes.plot(time, mean, **look[policy].line, label=str(place), zorder=3)
            axes.set_title(_outcome(outcome))
            axes.set_xlim(0, window)
            axes.set_ylim(0, None)
            axes.set_xlabel("Years since referral")
            axes.tick_params(labelbottom=True)
            percent_axis(axes)
        for axes in panels:
            direct_label(axes, names)
        caption(
            figure,
            "Shares of all patients by then: death competes with the other events, and nobody is censored. The curve of"
            " healing can fall, because a healed limb may be lost later. Bands are 95% Monte Carlo intervals of each"
            " curve; differences between policies are known better than they suggest, because every patient lives under"
            " every policy.",
        )
    return figure


def difference_figure(findings: Findings) -> Figure:
    """Paired differences of every policy to the reference with 95% Monte Carlo intervals."""
    facts, policies = findings.facts, _policies(findings)
    others = [name for name in policies if name != facts["reference"]]
    look = looks(policies)
    table = findings.tables["differences"].set_index(["policy", "outcome", "time_years"])
    first, last = facts["first_time"], facts["times"][-1]
    with house_style():
        figure = _difference_panels(
            [table.loc[[(name, outcome, first) for name in others]] for outcome in CHANGES],
            [shortened(policies[name]) for name in others],
            [look[name].colour for name in others],
            table.loc[[(name, "life_years", last) for name in others]],
            last,
        )
        caption(
            figure,
            f"What each policy changes against {lower(policies[facts['reference']])} in the same patients"
            f" with the same luck, by {years(first)} (percentage points of the whole population) and in months of life"
            f" within {years(last)}. Bars are 95% Monte Carlo intervals and say nothing about the uncertainty of the"
            " evidence.",
        )
    return figure


def views_figure(findings: Findings) -> Figure:
    """The main policy's difference to the reference under the three views of the evidence."""
    facts, policies = findings.facts, _policies(findings)
    views = findings.tables["views"]
    names = list(dict.fromkeys(views["view"]))
    renamed = views.rename(columns={"difference": "mean", "difference_se": "se", "mean": "_", "se": "__"})
    table = renamed.set_index(["view", "outcome", "time_years"])[["mean", "se"]]
    first, last = facts["first_time"], facts["times"][-1]
    with house_style():
        colour = looks(policies)[facts["main"]].colour
        figure = _difference_panels(
            [table.loc[[(name, outcome, first) for name in names]] for outcome in CHANGES],
            [labels()["view"][name] for name in names],
            [colour] * len(names),
            table.loc[[(name, "life_years", last) for name in names]],
            last,
        )
        caption(
            figure,
            f"{policies[facts['main']]} against {lower(policies[facts['reference']])} by {years(first)} under the three"
            " views of the evidence. Treated limbs recover alike in all three; what differs is how much limbs recover"
            " without cells, treated or not.",
        )
    return figure


def _difference_panels(
    tables: Sequence[pd.DataFrame], names: Sequence[str], colours: Sequence[str], life: pd.DataFrame, horizon: float
) -> Figure:
    """A panel of dots and intervals per outcome in points, and one for years of life shown in months.

    Each name stands above its own bar, so that a panel can be read alone.
    """
    across = 3
    down = -(-(len(tables) + 1) // across)
    figure, panels = new_figure(WIDE, down * (0.75 + 0.36 * len(names)), down, across)
    titles = [_outcome(outcome).replace(" without", "\nwithout") for outcome in CHANGES]
    every = [*((table, 100.0, "percentage points") for table in tables), (life, 12.0, "months")]
    for axes, title, (table, scale, unit) in zip(
        panels, [*titles, f"Life within {years(horizon)}"], every, strict=False
    ):
        mean, error = (scale * table[column].to_numpy() for column in ("mean", "se"))
        interval_rows(axes, [""] * len(names), mean, mean - 1.96 * error, mean + 1.96 * error, colours)
        axes.axvline(0, color=MUTED, linewidth=0.8, zorder=1)
        low, high = min(0.0, float((mean - 1.96 * error).min())), max(0.0, float((mean + 1.96 * error).max()))
        room = 0.08 * (high - low) or 1.0
        axes.set_xlim(low - room, high + room)
        axes.set_ylim(len(names) - 0.6, -0.75)
        for row, name in enumerate(names):
            axes.text(
                low - room, row - 0.22, name, fontsize=8, color=INK, va="bottom", bbox=BEHIND_NAMES, parse_math=False
            )
        axes.locator_params(axis="x", nbins=4)
        axes.xaxis.set_major_formatter(_with_sign)
        axes.set_title(title, fontsize=9)
        axes.set_xlabel(unit)
    for axes in panels[len(every) :]:
        axes.set_visible(False)
    return figure


def states_figure(findings: Findings) -> Figure:
    """Share of people in each state over time, stacked, a panel per policy."""
    window = min(STATE_YEARS, findings.facts["horizon"])
    table = findings.tables["states"]
    table = table[table["time_years"] <= window]
    policies = _policies(findings)
    with house_style():
        figure, panels = _grid(len(policies), 2.5)
        named = []
        for axes, (policy, label) in zip(panels, policies.items(), strict=False):
            # `pivot_table` would average a pair that occurs twice.
            wide = table[table["policy"] == policy].pivot(index="time_years", columns="state", values="share")  # noqa: PD010
            below, ends = np.zeros(len(wide)), []
            for name, (members, colour) in STATES.items():
                share = wide[list(members)].sum(axis=1).to_numpy()
                axes.fill_between(wide.index, below, below + share, color=colour, linewidth=0.4, edgecolor="white")
                ends.append(End(float(wide.index[-1]), float(below[-1] + share[-1] / 2), name, colour))
                below = below + share
            axes.set_title(heading(label))
            axes.set_xlim(0, window)
            axes.set_xticks(np.arange(0, window + 0.01, 0.5 if window < 2 else 1))
            axes.set_ylim(0, 1)
            axes.grid(visible=False)
            axes.set_xlabel("Years since referral")
            percent_axis(axes)
            named.append((axes, ends))
        for axes, ends in named:
            label_ends(axes, ends)
        caption(
            figure,
            f"Where the patients are over the first {years(window)}, as shares of everybody referred. New wound: one"
            " that opened after healing. Amputated: after major amputation, not walking.",
        )
    return figure


def tcpo2_figure(findings: Findings) -> Figure:
    """True TcPO2 of single patients, mean and 10-90% spread, and the distribution at the end, a panel per policy."""
    policies = _policies(findings)
    look = looks(policies)
    course = findings.tables["tcpo2_course"]
    end = 12.0 * float(course["time_years"].max())
    levels = findings.facts["tcpo2_levels"]
    with house_style():
        figure, panels = _grid(len(policies), 2.7)
        for axes, (policy, label) in zip(panels, policies.items(), strict=False):
            own = {
                name: findings.tables[name][findings.tables[name]["policy"] == policy]
                for name in ("tcpo2_paths", "tcpo2_course", "tcpo2_end")
            }
            _paths_panel(axes, own, end, look[policy].colour, levels)
            axes.set_title(heading(label))
            axes.set_xlabel("Months since referral")
            axes.set_ylabel("True TcPO2, mmHg")
        shown = findings.tables["tcpo2_paths"]["patient"].nunique()
        caption(
            figure,
            f"Thin lines are {shown} single patients, ending at death or major amputation; the thick line is the"
            " mean of living limbs, the band holds 80% of them. The shape at the right is their distribution after"
            f" {end:.3g} months, which the mean hides. Limbs recover without cells, too: the cells are credited"
            " with only part of the recovery, because controls in trials improved as well. Dotted:"
            f" {listed([f'{level:g}' for level in levels])} mmHg.",
        )
    return figure


def _paths_panel(axes: Axes, own: dict[str, pd.DataFrame], end: float, colour: str, levels: Sequence[float]) -> None:
    for level in levels:
        axes.axhline(level, color=MUTED, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
    for _, path in own["tcpo2_paths"].groupby("patient"):
        months = 12.0 * path["time_years"].to_numpy()
        axes.plot(months, path["tcpo2"], color=INK, linewidth=0.5, alpha=0.45, zorder=2)
        if months[-1] < end:
            axes.plot(months[-1], path["tcpo2"].iloc[-1], ".", color=INK, markersize=3, alpha=0.6, zorder=2)
    course = own["tcpo2_course"]
    band(axes, 12.0 * course["time_years"], course["p10"], course["p90"], colour)
    axes.plot(12.0 * course["time_years"], course["mean"], color=colour, linewidth=2.4, zorder=4)
    last = own["tcpo2_end"]
    if last["people"].sum() > 1:
        edges: Any = [*last["from_mmhg"], last["to_mmhg"].iloc[-1]]
        width = 0.24 * end * last["people"].to_numpy() / max(1, last["people"].max())
        axes.fill_betweenx(edges, end, end + np.append(width, 0.0), step="post", color=colour, alpha=0.55, linewidth=0)
    axes.axvline(end, color=MUTED, linewidth=0.7)
    axes.set_xlim(0, 1.26 * end)
    axes.set_ylim(0, 80)
    axes.set_xticks(np.linspace(0, end, 5))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.3g}")


def queue_figure(findings: Findings) -> Figure:
    """How many people wait over calendar time, per policy."""
    policies, queue = _policies(findings), findings.tables["queue"]
    look = looks(policies)
    names = {str(place): shortened(label) for place, label in enumerate(policies.values())}
    with house_style():
        figure, (axes,) = new_figure(7.2, 3.4)
        for place, policy in enumerate(policies):
            own = queue[queue["policy"] == policy]
            axes.plot(own["date_years"], own["queue"], **look[policy].line, label=str(place))
        axes.set_xlim(0, None)
        axes.set_ylim(0, None)
        axes.set_xlabel("Years since the centre opened")
        axes.set_ylabel("People waiting")
        direct_label(axes, names)
        caption(
            figure,
            "People waiting for a slot while patients are referred, from an empty centre on. A line that keeps rising"
            " means that the slots do not suffice for the policy, and that its results depend on how long one looks.",
        )
    return figure


def _grid(many: int, height: float) -> tuple[Figure, list[Axes]]:
    """Panels for so many policies, in rows. Each has its own axes' numbers, because on a narrow page it stands alone."""
    across = min(MOST_ACROSS, many)
    down = -(-many // across)
    figure, panels = new_figure(WIDE, height * down + 0.3, down, across)
    for axes in panels[many:]:
        axes.set_visible(False)
    return figure, panels


def _with_sign(value: float, _: object) -> str:
    return "0" if abs(value) < 1e-9 else f"{value:+g}".replace("-", "−")
