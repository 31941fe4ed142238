"""A patient's story as a figure: the path with what was measured and done, and the budgets of luck below it."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.questions.story import Watched
from simulator.questions.story.budgets import BACKGROUND, NAMES
from simulator.questions.story.telling import when
from simulator.questions.story.watching import Moment
from simulator.scenario import Scenario
from simulator.scenario.therapies import event_word
from simulator.telling.page import lower
from simulator.telling.style import (
    INK,
    LINE_COLOURS,
    MUTED,
    caption,
    direct_label,
    house_style,
    looks,
    new_figure,
    percent_axis,
    readable,
    shortened,
)
from simulator.words.vocabulary import DAYS_PER_YEAR, Event

LONGEST = 3.0
"""Years drawn at most; what comes later is named at the border."""
WORDS = {
    Event.BACKGROUND_DEATH: "dies",
    Event.DISEASE_DEATH: "dies",
    Event.POSTOPERATIVE_DEATH: "dies",
    Event.BELOW_KNEE_AMPUTATION: "amputation below the knee",
    Event.ABOVE_KNEE_AMPUTATION: "amputation above the knee",
    Event.CONVERSION: "amputation above the knee",
    Event.MINOR_AMPUTATION: "minor amputation",
    Event.HEALED: "healed",
    Event.PAIN_RELIEVED: "pain relieved",
    Event.STUMP_HEALED: "stump healed",
    Event.NEW_WOUND: "new wound",
    Event.WALKS: "walks",
    Event.WALKS_NO_MORE: "walks no more",
    Event.OTHER_LIMB_AMPUTATION: "other leg lost",
    Event.STARTS_DIALYSIS: "dialysis",
}
COLOURS = dict(zip((*NAMES.values(), BACKGROUND), (*LINE_COLOURS, MUTED, INK), strict=False))
TOP, LINE = 80.0, 7.0
"""mmHg at which the names of events begin, and for each line of them."""
LETTER = 0.013
"""Width of a letter as a share of the panel."""


def story_figure(lives: Sequence[Watched], scenario: Scenario, number: int) -> Figure:
    """One row per policy: the path at the left, the budgets at the right."""
    window = min(LONGEST, 1.03 * max(life.end for life in lives))
    look = looks(life.policy for life in lives)
    levels = scenario.tcpo2_levels(life.policy for life in lives)
    limits = " and ".join(f"{level:g}" for level in levels)
    with house_style():
        figure, panels = new_figure(9.0, 3.2 * len(lives), len(lives), 2, width_ratios=[1.5, 1])
        for place, life in enumerate(lives):
            left, right = panels[2 * place], panels[2 * place + 1]
            _path_panel(left, life, window, look[life.policy].colour, levels, scenario)
            left.set_title(shortened(scenario.policies[life.policy].label))
            _budget_panel(right, life, window)
            right.set_title("Luck spent")
            for axes in (left, right):
                _time_axis(axes, window, last=place == len(lives) - 1)
        caption(
            figure,
            f"Patient {number}. Left: true TcPO2 (line), what was measured (dots) and treatments with cells"
            f" (triangles); dotted lines are {limits} mmHg. Right: the share of each budget of luck that is spent; an"
            " event comes when its line reaches 100%. The same budgets hold under every policy.",
        )
    return figure


def _path_panel(
    axes: Axes, life: Watched, window: float, colour: str, levels: Sequence[float], scenario: Scenario
) -> None:
    for level in levels:
        axes.axhline(level, color=MUTED, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
    seen = [(m.time, m.tcpo2) for m in life.moments if m.event in (Event.VISIT, Event.REFERRAL)]
    decided = [(m.time, m.decided_on) for m in life.moments if not isnan(m.decided_on)]
    measured = np.array([*seen, *decided])
    axes.plot(*measured.T, ".", color=MUTED, markersize=3.5, zorder=2)
    axes.plot(life.times, life.path, color=colour, linewidth=2, zorder=3)
    doses = [m.time for m in life.moments if m.event is Event.DOSE]
    if doses:  # an empty line that is not clipped would wreck the layout
        axes.plot(doses, [2.0] * len(doses), "^", color=colour, markersize=7, clip_on=False, zorder=4)
    axes.set_ylabel("TcPO2, mmHg")
    axes.grid(visible=False)
    axes.set_xlim(0, window)
    _name_events(axes, life, window, scenario)


def _words(life: Watched, moment: Moment, scenario: Scenario) -> str | None:
    """What an event is called above the path; a therapy's by its name. None for what is not named there."""
    if moment.step < 0:
        return WORDS.get(moment.event)
    therapy = scenario.register.therapies[scenario.policies[life.policy].given[moment.step]]
    if moment.event is Event.PROCEDURAL_DEATH:
        return "dies"
    return lower(therapy.label) if moment.event in GIVEN else event_word(moment.event, therapy).replace("_", " ")


GIVEN = (Event.PROCEDURE, Event.REPEAT_PROCEDURE)


def _name_events(axes: Axes, life: Watched, window: float, scenario: Scenario) -> None:
    """Name what happened above the path, in as many lines as it takes to keep the words apart."""
    names: dict[float, str] = {}
    for moment in life.moments:
        words = _words(life, moment, scenario)
        if words is not None and moment.time <= window:
            names[moment.time] = f"{names[moment.time]}, {words}" if moment.time in names else words
    named = [(m, _words(life, m, scenario)) for m in life.moments if m.time > window]
    later = [f"{words} in {when(m.time)}" for m, words in named if words is not None]
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


def _budget_panel(axes: Axes, life: Watched, window: float) -> None:
    names: dict[str, str] = {}
    for place, own in enumerate(life.spending):
        colour = COLOURS[own.risk]
        times, share = np.array(own.times), np.array(own.share)
        inside = times <= window
        if not inside.any():
            continue
        again = f" {own.occurrence}" if own.occurrence > 1 else ""
        dash = (0, (4, 2)) if own.risk == BACKGROUND else "-"
        axes.plot(times[inside], share[inside], color=colour, linestyle=dash, linewidth=1.4, label=str(place))
        names[str(place)] = own.risk + again
        if own.happened is not None and own.happened <= window:
            axes.plot([own.happened], [1.0], "o", color=readable(colour), markersize=5, clip_on=False, zorder=5)
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
