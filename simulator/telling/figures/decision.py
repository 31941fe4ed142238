"""Figures of any decision between options: frontier, plane, acceptability, expected loss, value of information."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from simulator.telling.colours import OKABE_ITO
from simulator.telling.direct_labels import direct_label, shortened
from simulator.telling.page import Telling
from simulator.telling.phrases import lower
from simulator.telling.style import GRID, INK, MUTED, caption, looks, new_figure, percent_axis
from simulator.words.findings import Findings

POINTS_SHOWN = 300
"""Draws per option that the plane shows one by one; ellipses hold all."""
BARS_SHOWN = 12
NAME_ROOM = 0.12
"""Share of an axis that the name of a threshold takes."""
KEPT = ("reference", "frontier")
"""Status of the options on the frontier."""


class Words:
    """What the figures of a decision call options, amounts and axes."""

    def __init__(self, findings: Findings) -> None:
        self.telling = Telling(findings)
        self.effect = str(findings.facts["effect"])
        self.currency = self.telling.currency.strip()

    def option(self, name: str) -> str:
        """An option as its label."""
        return self.telling.label("policy", name)

    def inside(self, name: str) -> str:
        """An option as its label inside a sentence."""
        return lower(self.option(name))

    def number(self, name: str) -> str:
        """A parameter, price or utility as its label."""
        return self.telling.label("number", name)

    @property
    def money(self) -> str:
        """The currency in brackets for an axis, or nothing."""
        return f" ({self.currency})" if self.currency else ""

    @property
    def ratio(self) -> str:
        """What thresholds are counted in, for an axis."""
        return f"{self.currency} per {self.effect}".strip()


def decision_drawings(findings: Findings) -> dict[str, Callable[[], Figure]]:
    """What draws every figure that the tables allow, by file name."""
    words, tables = Words(findings), findings.tables
    comparator, at = findings.facts["reference"], findings.facts["thresholds"]
    drawn: dict[str, Callable[[], Figure]] = {"frontier": lambda: frontier_figure(tables["frontier"], words)}
    if "ceac" in tables:
        drawn["plane"] = lambda: plane_figure(tables["draws"], tables["ellipses"], comparator, at, words)
        drawn["acceptability"] = lambda: acceptability_figure(tables["ceac"], at, words)
        drawn["expected_loss"] = lambda: loss_figure(tables["ceac"], at, words)
        drawn["information"] = lambda: information_figure(tables["ceac"], tables["voi"], at[0], words)
    return drawn


def frontier_figure(table: pd.DataFrame, words: Words) -> Figure:
    """Mean cost against mean effect, with the frontier joined; `table` is that of `incremental_analysis`."""
    figure, (axes,) = new_figure(6.4, 4.0)
    kept = table[table["status"].isin(KEPT)]
    axes.plot(kept["effect"], kept["cost"], color=MUTED, zorder=2)
    look_of = looks(table["option"])
    for row in table.to_dict("records"):
        name, solid = row["option"], row["status"] in KEPT
        axes.plot(row["effect"], row["cost"], **look_of[name].point, fillstyle="full" if solid else "none", zorder=3)
        _name_at(axes, words.option(name), row["effect"], row["cost"], INK if solid else MUTED)
    axes.margins(x=0.18, y=0.12)
    axes.set_xlabel(f"Mean effect ({words.effect})")
    axes.set_ylabel(f"Mean cost{words.money}")
    thousands(axes.yaxis)
    left_out = len(table) - len(kept)
    caption(
        figure,
        "Options joined by the line buy effect at the lowest price; "
        + ("none is dominated." if left_out == 0 else f"hollow points ({left_out}) are dominated."),
    )
    return figure


def plane_figure(
    draws: pd.DataFrame, ellipses: pd.DataFrame, comparator: str, thresholds: Sequence[float], words: Words
) -> Figure:
    """Increments against `comparator` per draw, with the mean and the 95% ellipse of each option."""
    figure, (axes,) = new_figure(7.2, 4.6)
    options = list(dict.fromkeys(draws["option"]))
    look = looks(options)
    base = draws[draws["option"] == comparator]
    every = max(1, len(base) // POINTS_SHOWN)
    for option in options:
        if option == comparator:
            continue
        own = draws[draws["option"] == option]
        effect = own["effect"].to_numpy() - base["effect"].to_numpy()
        cost = own["cost"].to_numpy() - base["cost"].to_numpy()
        colour = look[option].colour
        axes.plot(effect[::every], cost[::every], ".", color=colour, markersize=2.2, alpha=0.35, zorder=2)
        outline = ellipses.loc[ellipses["option"] == option, ["effect", "cost"]].to_numpy()
        axes.plot(*outline.T, **look[option].line, linewidth=1.2, zorder=3)
        axes.plot(effect.mean(), cost.mean(), **look[option].point, zorder=4)
        highest = outline[outline[:, 1].argmax()]
        _name_at(axes, words.option(option), highest[0], highest[1], colour)
    axes.margins(0.08)
    axes.axhline(0, color=MUTED, linewidth=0.8, zorder=1)
    axes.axvline(0, color=MUTED, linewidth=0.8, zorder=1)
    window = axes.get_xlim(), axes.get_ylim()
    _threshold_lines(axes, thresholds, window, words)
    axes.set_xlim(window[0])
    axes.set_ylim(window[1])
    axes.set_xlabel(f"Effect gained over {shortened(words.inside(comparator))} ({words.effect})")
    axes.set_ylabel(f"Added cost{words.money}")
    thousands(axes.yaxis)
    shown = -(-len(base) // every)
    some = "every draw" if every == 1 else f"{shown:,} of the {len(base):,} draws"
    caption(
        figure,
        f"Each cloud is one option against {words.inside(comparator)}: small dots are {some}, the large dot is the mean of all,"
        " and the ellipse holds 95% of all draws if they are normal. Below a grey line an option is worth its cost at that"
        f" threshold: {', '.join(words.telling.threshold(each) for each in thresholds)}.",
    )
    return figure


def _threshold_lines(axes: Axes, thresholds: Sequence[float], window: Any, words: Words) -> None:
    named: list[Any] = []
    for threshold in thresholds:
        ends = np.array(window[0])
        axes.plot(ends, threshold * ends, color=GRID, linewidth=1.4, zorder=0)
        if threshold > 0:
            right = min(window[0][1], window[1][1] / threshold)
            at = np.array([right, threshold * right])
            share = (at - [window[0][0], window[1][0]]) / [np.ptp(window[0]), np.ptp(window[1])]
            # A name that would lie over another one is left out; the caption has them in order.
            if all(np.abs(share - other).max() > NAME_ROOM for other in named):
                named.append(share)
                axes.annotate(
                    words.telling.threshold(threshold), tuple(at), color=MUTED, fontsize=7.5, ha="right", va="bottom"
                )


def acceptability_figure(curves: pd.DataFrame, thresholds: Sequence[float], words: Words) -> Figure:
    """Probability of being the best option by threshold; `curves` is the table of `acceptability`."""
    figure, (axes,) = new_figure(7.2, 4.0)
    best = curves[curves["frontier"]]
    axes.plot(best["threshold"], best["probability"], color="#bbbbbb", linewidth=6, zorder=1, solid_capstyle="butt")
    names = _lines(axes, curves, "probability", words)
    axes.set_ylim(0, 1)
    percent_axis(axes)
    axes.set_ylabel("Probability of the highest net benefit")
    _threshold_axis(axes, thresholds, words)
    direct_label(axes, names)
    caption(
        figure,
        "The wide grey band follows the option with the highest mean net benefit (acceptability frontier), which need not"
        " be the likeliest to be best.",
    )
    return figure


def loss_figure(curves: pd.DataFrame, thresholds: Sequence[float], words: Words) -> Figure:
    """Expected loss of choosing each option by threshold; the lowest line is the EVPI."""
    figure, (axes,) = new_figure(7.2, 4.0)
    best = curves[curves["frontier"]]
    axes.plot(best["threshold"], best["expected_loss"], color="#bbbbbb", linewidth=6, zorder=1, solid_capstyle="butt")
    names = _lines(axes, curves, "expected_loss", words)
    axes.set_ylim(bottom=0)
    axes.set_ylabel(f"Expected loss per person{words.money}")
    thousands(axes.yaxis)
    _threshold_axis(axes, thresholds, words)
    direct_label(axes, names)
    caption(
        figure,
        "What choosing an option loses on average because it is not always the best. The lowest line, banded in grey,"
        " belongs to the best choice: it is the expected value of perfect information.",
    )
    return figure


def information_figure(curves: pd.DataFrame, information: pd.DataFrame, threshold: float, words: Words) -> Figure:
    """EVPI by threshold and, where there are parameters, the EVPPI of each at one threshold."""
    bars = information[(information["measure"] == "EVPPI") & (information["threshold"] == threshold)]
    # What is worth nothing needs no bar, unless everything is.
    bars = bars[bars["value"] > 0.005 * bars["value"].max()] if bars["value"].max() > 0 else bars
    bars = bars.nlargest(BARS_SHOWN, "value").iloc[::-1]
    two = len(bars) > 0
    figure, panels = new_figure(8.6, 3.6 if len(bars) < 8 else 4.4, 1, 2 if two else 1)
    axes = panels[0]
    best = curves[curves["frontier"]]
    low, high = (best["expected_loss"] + sign * 1.96 * best["expected_loss_se"] for sign in (-1, 1))
    axes.fill_between(best["threshold"], low, high, color=INK, alpha=0.16, linewidth=0)
    axes.plot(best["threshold"], best["expected_loss"], color=INK)
    axes.set_ylim(bottom=0)
    axes.set_title("Perfect information")
    axes.set_ylabel(f"EVPI per person{words.money}")
    thousands(axes.yaxis)
    _threshold_axis(axes, [threshold], words)
    if two:
        axes.xaxis.set_major_locator(MaxNLocator(4 if axes.get_xlim()[1] < 1e5 else 2))
        axes = panels[1]
        places = np.arange(len(bars))
        value, error = bars["value"].to_numpy(), 1.96 * bars["se"].to_numpy()
        axes.barh(places, value, color=OKABE_ITO["blue"], height=0.62)
        axes.errorbar(value, places, xerr=(np.minimum(error, value), error), color=INK, linestyle="none", linewidth=1)
        axes.set_yticks(places, [shortened(words.number(name)) for name in bars["parameters"]])
        axes.grid(visible=False, axis="y")
        axes.grid(visible=True, axis="x")
        axes.set_xlim(left=0)
        axes.set_title("Partial information")
        axes.set_xlabel(f"EVPPI per person{words.money} at {words.telling.threshold(threshold)}")
    caption(
        figure,
        "The value of learning everything before deciding peaks where the choice is closest"
        + ("; bars say which numbers carry it, with 95% Monte Carlo intervals." if two else "."),
    )
    return figure


def _name_at(axes: Axes, name: str, x: float, y: float, colour: str) -> None:
    axes.annotate(
        shortened(name),
        (x, y),
        xytext=(5, 4),
        textcoords="offset points",
        color=colour,
        fontsize=8.5,
        annotation_clip=False,
        bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.8},
        zorder=5,
    )


def _lines(axes: Axes, curves: pd.DataFrame, column: str, words: Words) -> dict[str, str]:
    """One line per option with its interval; returns what the labels of the lines stand for."""
    options = list(dict.fromkeys(curves["option"]))
    look = looks(options)
    for number, option in enumerate(options):
        own = curves[curves["option"] == option]
        error = 1.96 * own[f"{column}_se"]
        axes.fill_between(
            own["threshold"],
            np.maximum(own[column] - error, 0),
            own[column] + error,
            color=look[option].colour,
            alpha=0.14,
            linewidth=0,
        )
        # A number as label, because matplotlib hides labels that begin with an underscore.
        axes.plot(own["threshold"], own[column], **look[option].line, label=str(number), zorder=3)
    return {str(number): shortened(words.option(option)) for number, option in enumerate(options)}


def _threshold_axis(axes: Axes, thresholds: Sequence[float], words: Words) -> None:
    for threshold in thresholds:
        axes.axvline(threshold, color=GRID, linewidth=1.4, zorder=0)
    axes.margins(x=0)
    axes.set_xlim(left=0)
    axes.set_xlabel(f"Threshold ({words.ratio})")
    thousands(axes.xaxis)


def thousands(axis: Any) -> None:
    """Amounts along an axis with thousands separated and a true minus sign."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}".replace("-", "−")))
