"""Figures of the validation: observed against predicted, the calibration plot, the control-arm ladder, coverage, structures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.telling.style import INK, MUTED, OKABE_ITO, caption, house_style, interval_rows, new_figure, percent_axis

PREDICTED, OUTSIDE = OKABE_ITO["blue"], OKABE_ITO["vermillion"]
COLOURS = {
    "amputation": OKABE_ITO["vermillion"],
    "death": OKABE_ITO["black"],
    "amputation or death": OKABE_ITO["purple"],
    "healing": OKABE_ITO["green"],
    "death after amputation": OKABE_ITO["orange"],
    "founding cohort": OKABE_ITO["sky"],
    "TcPO2": OKABE_ITO["blue"],
}
WANTED = 0.80
"""Share of quantities inside that counts as a sound validation."""
LABEL = 88
LINE = 0.24
TITLES = {
    "major_amputation": "Major amputation",
    "death": "Death",
    "amputation_free_survival": "Alive, limb kept",
    "healing_without_amputation": "Healed, limb kept",
}


def forest(rows: pd.DataFrame, unit: str, heading: str) -> Figure:
    """Observed numbers with their intervals above predictions with theirs; `rows` has columns of table and details."""
    names = [_short(f"{label}: {quantity}") for label, quantity in zip(rows["label"], rows["quantity"], strict=True)]
    with house_style():
        figure, (axes,) = new_figure(10.2, 1.1 + LINE * len(rows))
        places = np.arange(len(rows))
        missed = (rows["inside"] == False).to_numpy(dtype=bool, na_value=False)  # noqa: E712
        colours = [OUTSIDE if miss else PREDICTED for miss in missed]
        axes.hlines(
            places + 0.14, rows["predicted_low"], rows["predicted_high"], colors=colours, linewidth=3.2, alpha=0.55
        )
        axes.scatter(rows["predicted"], places + 0.14, c=colours, marker="D", s=14, zorder=3)
        axes.hlines(places - 0.18, rows["low"], rows["high"], colors=INK, linewidth=0.9)
        axes.scatter(rows["observed"], places - 0.18, c=INK, s=14, zorder=3)
        _rows(axes, names)
        axes.set_xlabel(unit)
        axes.set_title(heading)
        if unit == "share of people":
            axes.set_xlim(-0.02, 1.02)
            percent_axis(axes, "x")
    caption(
        figure,
        f"{heading}: what was observed (black, its 95% interval) and what the model predicts at that size (coloured, 95% "
        f"predictive interval). Blue holds the observed number, red does not ({int(missed.sum())} of {len(rows)}).",
    )
    return figure


def calibration_plot(rows: pd.DataFrame) -> Figure:
    """Predicted against observed shares with both intervals."""
    with house_style():
        figure, (axes,) = new_figure(6.4, 6.0)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=":")
        for outcome, part in rows.groupby("outcome", sort=False):
            colour = COLOURS.get(str(outcome), MUTED)
            axes.hlines(
                part["observed"], part["predicted_low"], part["predicted_high"], colors=colour, lw=0.7, alpha=0.35
            )
            axes.vlines(part["predicted"], part["low"], part["high"], colors=colour, lw=0.7, alpha=0.35)
            axes.scatter(part["predicted"], part["observed"], s=18, color=colour, label=str(outcome), zorder=3)
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xlabel("predicted share, with its 95% predictive interval")
        axes.set_ylabel("observed share, with its 95% interval")
        percent_axis(axes, "x")
        percent_axis(axes, "y")
        axes.grid(visible=True, axis="both")
        axes.legend(loc="lower right")
    caption(
        figure,
        "Every share of people: on the dotted line prediction and observation agree; above it the model predicts too few.",
    )
    return figure


def ladder_figure(ladder: pd.DataFrame) -> Figure:
    """Rungs from the mildest control arm to the most severe, with predictions and the reach of case mix."""
    with house_style():
        figure, (axes,) = new_figure(8.6, 1.3 + 0.34 * len(ladder))
        places = np.arange(len(ladder))
        axes.hlines(places, ladder["reach_low"], ladder["reach_high"], colors="#d9d9d9", linewidth=11, zorder=1)
        axes.hlines(
            places + 0.12, ladder["predicted_low"], ladder["predicted_high"], colors=PREDICTED, lw=2.4, alpha=0.7
        )
        axes.scatter(ladder["predicted"], places + 0.12, color=PREDICTED, marker="D", s=18, zorder=3, label="predicted")
        axes.hlines(places - 0.14, ladder["low"], ladder["high"], colors=INK, linewidth=1.0)
        axes.scatter(ladder["observed"], places - 0.14, color=INK, s=22, zorder=3, label="observed")
        _rows(axes, [str(rung) for rung in ladder["rung"]])
        axes.set_xlim(-0.02, 1.02)
        axes.set_xlabel("share of the control arm with the event")
        percent_axis(axes, "x")
        axes.legend(loc="upper right")
    inside = int(ladder["within_reach"].sum())
    caption(
        figure,
        "The control-arm ladder: published events without effective treatment (black), the prediction from what is known "
        "of each arm (blue), and in grey what the model gives between the mildest and the most severe people it knows. "
        f"{inside} of {len(ladder)} rungs lie within the reach of case mix.",
    )
    return figure


def coverage_figure(coverage: pd.DataFrame) -> Figure:
    """Shares inside their predictive intervals, by kind of quantity, with exact intervals."""
    names = [f"{row['of']} ({row['inside']} of {row['quantities']})" for _, row in coverage.iterrows()]
    with house_style():
        figure, (axes,) = new_figure(8.6, 1.0 + 0.26 * len(coverage))
        interval_rows(axes, names, coverage["share"], coverage["low"], coverage["high"])
        axes.axvline(WANTED, color=OUTSIDE, linewidth=0.9, linestyle="--")
        axes.axvline(0.95, color=MUTED, linewidth=0.9, linestyle=":")
        axes.set_xlim(0.0, 1.01)
        axes.set_xlabel("share of observed numbers inside their 95% predictive intervals")
        percent_axis(axes, "x")
    caption(
        figure,
        "Coverage: a perfect model would lie at the dotted line (95%); the dashed line (80%) is what is asked of grades A "
        "and B. Lines are exact 95% intervals as if quantities were independent, which those of one study are not.",
    )
    return figure


def structural_figure(table: pd.DataFrame, policy: str, time_years: float, outcomes: Sequence[str]) -> Figure:
    """What a policy changes under each structural alternative, with 95% Monte Carlo intervals."""
    rows = table[(table["policy"] == policy) & (table["time_years"] == time_years)]
    first = rows[rows["outcome"] == outcomes[0]]
    names = [f"{a}: {b}" for a, b in zip(first["assumption"], first["alternative"], strict=True)]
    names = [_short(name, 70) for name in names]
    with house_style():
        figure, panels = new_figure(11.5, 1.3 + 0.28 * len(names), 1, len(outcomes), sharey=True)
        for axes, outcome in zip(panels, outcomes, strict=True):
            part = rows[rows["outcome"] == outcome]
            half = 1.96 * part["difference_se"]
            interval_rows(axes, names, part["difference"], part["difference"] - half, part["difference"] + half)
            axes.axvline(float(part["difference"].iloc[0]), color=MUTED, linewidth=0.8, linestyle=":")
            axes.axvline(0.0, color=INK, linewidth=0.7)
            axes.set_title(TITLES.get(outcome, outcome.replace("_", " ").capitalize()), fontsize=8.5)
            percent_axis(axes, "x", points=True)
        panels[len(outcomes) // 2].set_xlabel("difference to conservative care, percentage points")
    caption(
        figure,
        f"What the policy {policy} changes by year {time_years:g} under each assumption, in the same people; the dotted line is "
        "the base case, lines are 95% Monte Carlo intervals.",
    )
    return figure


def _rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(np.arange(len(names)), names, fontsize=7.5)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)


def _short(text: str, letters: int = LABEL) -> str:
    return text if len(text) <= letters else text[: letters - 1].rstrip(" ,") + "…"
