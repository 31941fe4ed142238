"""The figures of a comparison: what happens when, TcPO2, states over time, what differs, and the waiting list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from simulator.comparison import Comparison
from simulator.report.comparison_tables import outcome_label, years
from simulator.report.style import (
    INK,
    MUTED,
    OKABE_ITO,
    End,
    band,
    caption,
    direct_label,
    heading,
    house_style,
    interval_rows,
    label_ends,
    looks,
    new_figure,
    percent_axis,
    shortened,
)
from simulator.scenario import Scenario

CURVES = ("major_amputation", "death", "healing_without_amputation", "amputation_free_survival")
CHANGES = {
    "major_amputation": "Major amputation",
    "death": "Death",
    "healing_without_amputation": "Healed, limb kept",
    "walking": "Walking",
}
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
MOST_ACROSS = 3
SHOWN_PATHS = 14
"""mmHg below which ischaemia counts as critical and healing as impaired (Dubsky et al., Mol Diagn Ther 2023;27:673)."""
WIDE = 8.6


def incidence_figure(comparison: Comparison) -> Figure:
    """Cumulative incidence with death competing, per policy, with 95% Monte Carlo bands."""
    window = min(CURVE_YEARS, comparison.scenario.horizon)
    table = comparison.result.outcomes
    table = table[table["time_years"] <= window]
    look = looks(comparison.policies)
    names = {str(place): shortened(comparison.label(name)) for place, name in enumerate(comparison.policies)}
    with house_style():
        figure, panels = new_figure(WIDE, 5.6, 2, 2, sharex=True)
        for axes, outcome in zip(panels, CURVES, strict=True):
            for place, policy in enumerate(comparison.policies):
                own = table[(table["policy"] == policy) & (table["outcome"] == outcome)]
                time, mean, error = own["time_years"], own["mean"], 1.96 * own["se"]
                band(axes, time, np.maximum(mean - error, 0), np.minimum(mean + error, 1), look[policy].colour)
                axes.plot(time, mean, **look[policy].line, label=str(place), zorder=3)
            axes.set_title(outcome_label(outcome, comparison.scenario.register))
            axes.set_xlim(0, window)
            axes.set_ylim(0, None)
            percent_axis(axes)
        for axes in panels[2:]:
            axes.set_xlabel("Years since referral")
        for axes in (panels[1], panels[3]):
            direct_label(axes, names)
        caption(
            figure,
            "Shares of all patients by then: death competes with the other events, and nobody is censored. The curve of"
            " healing can fall, because a healed limb may be lost later. Bands are 95% Monte Carlo intervals of each"
            " curve; differences between policies are known better than they suggest, because every patient lives under"
            " every policy.",
        )
    return figure


def difference_figure(comparison: Comparison) -> Figure:
    """Paired differences of every policy to the reference with 95% Monte Carlo intervals."""
    others = [name for name in comparison.policies if name != comparison.reference]
    look = looks(comparison.policies)
    table = comparison.differences.set_index(["policy", "outcome", "time_years"])
    first, last = comparison.first_time, comparison.scenario.times[-1]
    with house_style():
        figure, panels = _difference_panels(
            len(others),
            [table.loc[[(name, outcome, first) for name in others]] for outcome in CHANGES],
            [shortened(comparison.label(name)) for name in others],
            [look[name].colour for name in others],
            extra=table.loc[[(name, "life_years", last) for name in others]],
        )
        panels[-1].set_title(f"Life within {years(last)}", fontsize=9)
        caption(
            figure,
            f"What each policy changes against {comparison.label(comparison.reference).lower()} in the same patients"
            f" with the same luck, by {years(first)} (percentage points of the whole population) and in months of life"
            f" within {years(last)}. Bars are 95% Monte Carlo intervals and say nothing about the uncertainty of the"
            " evidence.",
        )
    return figure


def views_figure(comparison: Comparison) -> Figure:
    """The main policy's difference to the reference under the three views of the evidence."""
    views = comparison.views
    assert views is not None and comparison.main is not None
    names = list(dict.fromkeys(views["view"]))
    renamed = views.rename(columns={"difference": "mean", "difference_se": "se", "mean": "_", "se": "__"})
    table = renamed.set_index(["view", "outcome", "time_years"])[["mean", "se"]]
    first, last = comparison.first_time, comparison.scenario.times[-1]
    with house_style():
        colour = looks(comparison.policies)[comparison.main].colour
        figure, panels = _difference_panels(
            len(names),
            [table.loc[[(name, outcome, first) for name in names]] for outcome in CHANGES],
            [name.capitalize() for name in names],
            [colour] * len(names),
            extra=table.loc[[(name, "life_years", last) for name in names]],
        )
        panels[-1].set_title(f"Life within {years(last)}", fontsize=9)
        caption(
            figure,
            f"{comparison.label(comparison.main)} against {comparison.label(comparison.reference).lower()} by"
            f" {years(first)} under the three readings of the evidence. Treated limbs recover alike in all three; what"
            " differs is how many limbs recover without cells, treated or not.",
        )
    return figure


def _difference_panels(
    rows: int,
    tables: Sequence[pd.DataFrame],
    names: Sequence[str],
    colours: Sequence[str],
    extra: pd.DataFrame,
) -> tuple[Figure, list[Axes]]:
    """A panel of dots and intervals per outcome in points, and one for years of life shown in months."""
    figure, panels = new_figure(WIDE, 1.35 + 0.27 * rows, 1, len(tables) + 1, sharey=True)
    every = [*((table, 100.0) for table in tables), (extra, 12.0)]
    for axes, (table, scale) in zip(panels, every, strict=True):
        mean, error = scale * table["mean"], scale * 1.96 * table["se"]
        interval_rows(axes, names, mean, mean - error, mean + error, colours)
        axes.axvline(0, color=MUTED, linewidth=0.8, zorder=1)
        low, high = min(0.0, float((mean - error).min())), max(0.0, float((mean + error).max()))
        room = 0.08 * (high - low) or 1.0
        axes.set_xlim(low - room, high + room)
        axes.locator_params(axis="x", nbins=4)
        axes.xaxis.set_major_formatter(_with_sign)
    for axes, outcome in zip(panels, CHANGES, strict=False):
        axes.set_title(CHANGES[outcome], fontsize=9)
        axes.set_xlabel("points")
    panels[-1].set_xlabel("months")
    return figure, panels


def states_figure(comparison: Comparison) -> Figure:
    """Share of people in each state over time, stacked, a panel per policy."""
    window = min(STATE_YEARS, comparison.scenario.horizon)
    table = comparison.result.states
    table = table[table["time_years"] <= window]
    with house_style():
        figure, panels = _grid(len(comparison.policies), 2.5)
        for place, (axes, policy) in enumerate(zip(panels, comparison.policies, strict=False)):
            # `pivot_table` would average a pair that occurs twice.
            wide = table[table["policy"] == policy].pivot(index="time_years", columns="state", values="share")  # noqa: PD010
            below, ends = np.zeros(len(wide)), []
            for name, (members, colour) in STATES.items():
                share = wide[list(members)].sum(axis=1).to_numpy()
                axes.fill_between(wide.index, below, below + share, color=colour, linewidth=0.4, edgecolor="white")
                ends.append(End(float(wide.index[-1]), float(below[-1] + share[-1] / 2), name, colour))
                below = below + share
            axes.set_title(heading(comparison.label(policy)))
            axes.set_xlim(0, window)
            axes.set_xticks(np.arange(0, window + 0.01, 0.5 if window < 2 else 1))
            axes.set_ylim(0, 1)
            axes.grid(visible=False)
            percent_axis(axes)
            _label_outer(axes, place, len(comparison.policies), "Years since referral")
            if place == _across(len(comparison.policies)) - 1:
                label_ends(axes, ends)
        caption(
            figure,
            f"Where the patients are over the first {years(window)}, as shares of everybody referred. New wound: one"
            " that opened after healing. Amputated: after major amputation, not walking.",
        )
    return figure


def tcpo2_figure(comparison: Comparison) -> Figure:
    """True TcPO2 of single patients, mean and 10-90% spread, and the distribution at the end, a panel per policy."""
    time = comparison.path_times
    window = float(time[-1])
    with house_style():
        figure, panels = _grid(len(comparison.policies), 2.7)
        look = looks(comparison.policies)
        levels = tcpo2_levels(comparison.scenario, comparison.policies)
        for place, (axes, policy) in enumerate(zip(panels, comparison.policies, strict=False)):
            _paths_panel(axes, time, comparison.paths[policy], look[policy].colour, levels)
            axes.set_title(heading(comparison.label(policy)))
            _label_outer(axes, place, len(comparison.policies), "Months since referral")
            if place % _across(len(comparison.policies)) == 0:
                axes.set_ylabel("True TcPO2, mmHg")
        caption(
            figure,
            f"Thin lines are {SHOWN_PATHS} single patients, ending at death or major amputation; the thick line is the"
            " mean of living limbs, the band holds 80% of them. The shape at the right is their distribution after"
            f" {12 * window:.3g} months: two groups, those who recovered perfusion and those who did not, which the"
            " mean hides. Limbs recover without cells, too, because the cells are credited with a part of the recovery only,"
            f" as controls of trials improved as well. Dotted: {in_words(levels)}.",
        )
    return figure


def tcpo2_levels(scenario: Scenario, policies: Iterable[str]) -> list[float]:
    """Measured TcPO2 (mmHg) below which these policies treat, and at which perfusion counts as restored."""
    limits = {scenario.policies[name].eligibility.tcpo2_below for name in policies}
    return sorted(
        {float(limit) for limit in limits if limit is not None} | {scenario.register["judgement_tcpo2"].value}
    )


def in_words(levels: Sequence[float]) -> str:
    """Values of TcPO2 in a sentence: ``30 and 40 mmHg``."""
    return " and ".join(f"{level:g}" for level in levels) + " mmHg"


def _paths_panel(
    axes: Axes, time: NDArray[np.float64], paths: NDArray[np.float64], colour: str, levels: Sequence[float]
) -> None:
    months = 12.0 * time
    end = months[-1]
    for level in levels:
        axes.axhline(level, color=MUTED, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
    for path in paths[:SHOWN_PATHS]:
        axes.plot(months, path, color=INK, linewidth=0.5, alpha=0.45, zorder=2)
        gone = np.flatnonzero(np.isnan(path))
        if gone.size and gone[0] > 0:
            axes.plot(months[gone[0] - 1], path[gone[0] - 1], ".", color=INK, markersize=3, alpha=0.6, zorder=2)
    alive = ~np.isnan(paths).all(axis=0)
    low, high = np.nanquantile(paths[:, alive], [0.1, 0.9], axis=0)
    band(axes, months[alive], low, high, colour)
    axes.plot(months[alive], np.nanmean(paths[:, alive], axis=0), color=colour, linewidth=2.4, zorder=4)
    last = paths[:, -1][~np.isnan(paths[:, -1])]
    if last.size > 1:
        counts, edges = np.histogram(last, bins=np.arange(0.0, 82.5, 2.5))
        width = 0.24 * end * counts / max(1, counts.max())
        axes.fill_betweenx(edges, end, end + np.append(width, 0.0), step="post", color=colour, alpha=0.55, linewidth=0)
    axes.axvline(end, color=MUTED, linewidth=0.7)
    axes.set_xlim(0, 1.26 * end)
    axes.set_ylim(0, 80)
    axes.set_xticks(np.linspace(0, end, 5))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.3g}")


def queue_figure(comparison: Comparison, queue: pd.DataFrame) -> Figure:
    """How many people wait over calendar time, per policy; `queue` is the table of `queue_table`."""
    look = looks(comparison.policies)
    names = {str(place): shortened(comparison.label(name)) for place, name in enumerate(comparison.policies)}
    with house_style():
        figure, (axes,) = new_figure(7.2, 3.4)
        for place, policy in enumerate(comparison.policies):
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


def comparison_figures(comparison: Comparison) -> Mapping[str, Figure]:
    """Every figure that needs no further table, by its file name."""
    figures = {"incidence": incidence_figure(comparison)}
    if len(comparison.policies) > 1:
        figures["differences"] = difference_figure(comparison)
    figures["states"] = states_figure(comparison)
    figures["tcpo2"] = tcpo2_figure(comparison)
    if comparison.views is not None:
        figures["views"] = views_figure(comparison)
    return figures


def _across(many: int) -> int:
    """How many of so many panels stand beside each other."""
    return 2 if many == 4 else min(MOST_ACROSS, many)


def _grid(many: int, height: float) -> tuple[Figure, list[Axes]]:
    """Panels for so many policies, in rows."""
    across = _across(many)
    down = -(-many // across)
    figure, panels = new_figure(WIDE, height * down + 0.3, down, across, sharex=True, sharey=True)
    for axes in panels[many:]:
        axes.set_visible(False)
    return figure, panels


def _label_outer(axes: Axes, place: int, many: int, words: str) -> None:
    """Name the time axis of panels that have none below them."""
    if place + _across(many) >= many:
        axes.set_xlabel(words)
        axes.tick_params(labelbottom=True)


def _with_sign(value: float, _: object) -> str:
    return "0" if abs(value) < 1e-9 else f"{value:+g}".replace("-", "−")
