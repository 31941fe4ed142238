"""A patient's story as a figure: the path with what was measured and done, and the budgets of luck beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.telling.colours import LINE_COLOURS, readable
from simulator.telling.columns import called, labels, named
from simulator.telling.direct_labels import direct_label, shortened
from simulator.telling.phrases import lower
from simulator.telling.style import INK, MUTED, caption, house_style, looks, new_figure, percent_axis
from simulator.words.findings import Findings
from simulator.words.vocabulary import DAYS_PER_YEAR

LONGEST = 3.0
"""Years drawn at most; what comes later is named at the border."""
GIVEN = ("therapy_procedure", "therapy_repeat_procedure")
SEEN = ("visit", "referral")
TOP, LINE = 80.0, 7.0
"""mmHg at which the names of events begin, and for each line of them."""
LETTER = 0.013
"""Width of a letter as a share of the panel."""


def figures(findings: Findings) -> dict[str, Figure]:
    """The only figure."""
    return {"story": story_figure(findings)}


def story_figure(findings: Findings) -> Figure:
    """One row per policy: the path at the left, the budgets at the right."""
    facts, lives = findings.facts, findings.facts["lives"]
    window = min(LONGEST, 1.03 * max(life["end"] for life in lives))
    look = looks(life["policy"] for life in lives)
    *risks, background = facts["risks"]
    colours = dict(zip((*risks, background), (*LINE_COLOURS, MUTED, INK), strict=False))
    limits = " and ".join(f"{level:g}" for level in facts["levels"])
    with house_style():
        figure, panels = new_figure(9.0, 3.2 * len(lives), len(lives), 2, width_ratios=[1.5, 1])
        for place, life in enumerate(lives):
            own = {name: _of(table, life["policy"]) for name, table in findings.tables.items()}
            left, right = panels[2 * place], panels[2 * place + 1]
            _path_panel(left, own, window, look[life["policy"]].colour, facts["levels"])
            _name_events(left, life["moments"], window)
            left.set_title(shortened(facts["labels"]["policy"][life["policy"]]))
            _budget_panel(right, own, window, colours, background)
            right.set_title("Luck spent")
            for axes in (left, right):
                _time_axis(axes, window, last=place == len(lives) - 1)
        caption(
            figure,
            f"Patient {facts['patient']}. Under each policy true TcPO2 (line), what was measured (dots) and treatments with cells"
            f" (triangles); dotted lines are {limits} mmHg. Beside or below it the share of each budget of luck that is spent;"
            " an event comes when its line reaches 100%. The same budgets hold under every policy.",
        )
    return figure


def _of(table: pd.DataFrame, policy: str) -> pd.DataFrame:
    return table[table["policy"] == policy]


def _path_panel(
    axes: Axes, own: Mapping[str, pd.DataFrame], window: float, colour: str, levels: Sequence[float]
) -> None:
    for level in levels:
        axes.axhline(level, color=MUTED, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
    events, path = own["events"], own["path"]
    seen, decided = events[events["event"].isin(SEEN)], events[events["decided_on"].notna()]
    axes.plot(seen["time_years"], seen["tcpo2"], ".", color=MUTED, markersize=3.5, zorder=2)
    axes.plot(decided["time_years"], decided["decided_on"], ".", color=MUTED, markersize=3.5, zorder=2)
    axes.plot(path["time_years"], path["tcpo2"], color=colour, linewidth=2, zorder=3)
    doses = list(events.loc[events["event"] == "dose", "time_years"])
    if doses:  # an empty line that is not clipped would wreck the layout
        axes.plot(doses, [2.0] * len(doses), "^", color=colour, markersize=7, clip_on=False, zorder=4)
    axes.set_ylabel("TcPO2, mmHg")
    axes.grid(visible=False)
    axes.set_xlim(0, window)


def _words(moment: Mapping[str, Any]) -> str | None:
    """What an event is called above the path; a therapy's by its name. None for what is not named there."""
    kind = moment["kind"]
    if kind in GIVEN:
        return lower(moment["therapy"])
    if kind == "therapy_effect_ends":
        return f"{lower(moment['therapy'])}: effect ends"
    if kind == "therapy_loss":
        return str(moment["lost"]).replace("_", " ")
    return called(labels()["event_in_story"], kind)


def _name_events(axes: Axes, moments: Sequence[Mapping[str, Any]], window: float) -> None:
    """Name what happened above the path, in as many lines as it takes to keep the words apart."""
    names: dict[float, str] = {}
    later: list[str] = []
    for moment in moments:
        words, time = _words(moment), moment["time"]
        if words is None:
            continue
        if time > window:
            later.append(f"{words} in {named('when').number(time)}")
        else:
            names[time] = f"{names[time]}, {words}" if time in names else words
    lines: list[list[tuple[float, float]]] = []
    for time, words in names.items():
        width = LETTER * window * (len(words) + 2)
        start = time if time + width <= window else max(0.0, time - width)
        line = next((n for n, taken in enumerate(lines) if all(start >= b or start + width <= a for a, b in taken)), -1)
        if line < 0:
            line = len(lines)
            lines.append([])
        lines[line].append((start, start + width))
        height = TOP + LINE * (line + 0.6)
        axes.plot([time, time], [0, height], color=MUTED, linewidth=0.6, zorder=0)
        side = "left" if start == time else "right"
        gap = 0.006 * window * (1 if side == "left" else -1)
        axes.text(time + gap, height, words, fontsize=7.5, ha=side, va="center_baseline", color=INK)
    if later:
        height = TOP + LINE * (len(lines) + 0.6)
        lines.append([])
        between = f"{len(later) - 1} more events, " if len(later) > 1 else ""
        words = f"later: {between}{later[-1]}"
        axes.text(window, height, words, fontsize=7.5, ha="right", va="center_baseline", color=MUTED)
    axes.set_ylim(0, TOP + LINE * len(lines) + 1)
    axes.set_yticks(np.arange(0, TOP + 1, 20))


def _budget_panel(
    axes: Axes, own: Mapping[str, pd.DataFrame], window: float, colours: Mapping[str, str], background: str
) -> None:
    names: dict[str, str] = {}
    spending = own["spending"][own["spending"]["time_years"] <= window]
    for _, part in spending.groupby(["risk", "occurrence"], sort=False):
        risk, occurrence = str(part["risk"].iloc[0]), int(part["occurrence"].iloc[0])
        key = f"{risk} {occurrence}"
        dash = (0, (4, 2)) if risk == background else "-"
        axes.plot(part["time_years"], part["share"], color=colours[risk], linestyle=dash, linewidth=1.4, label=key)
        names[key] = key if occurrence > 1 else risk
    happened = own["budgets"][own["budgets"]["happened_years"] <= window]
    for risk, time in zip(happened["risk"], happened["happened_years"], strict=True):
        axes.plot([time], [1.0], "o", color=readable(colours[risk]), markersize=5, clip_on=False, zorder=5)
    axes.set_ylim(0, 1)
    axes.set_xlim(0, window)
    percent_axis(axes)
    direct_label(axes, names, size=7.5)


def _time_axis(axes: Axes, window: float, *, last: bool) -> None:
    if window <= 2.0:
        days = window * DAYS_PER_YEAR
        step = next(step for step in (7, 14, 30, 60, 90, 180) if days / step <= 7)
        marks = np.arange(0, days, step)
        axes.set_xticks(marks / DAYS_PER_YEAR, [f"{mark:g}" for mark in marks])
        words = "Days since referral"
    else:
        words = "Years since referral"
    if last:
        axes.set_xlabel(words)
