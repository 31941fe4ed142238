"""What a prior costs and gains over true rates: the figure of a posterior rule."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from simulator.telling.colours import LINE_COLOURS
from simulator.telling.direct_labels import direct_label
from simulator.telling.style import MUTED, caption, house_style, new_figure, percent_axis

OWN, ALONE = LINE_COLOURS[1], LINE_COLOURS[2]


def conflict_figure(table: pd.DataFrame, prior: dict[str, Any], design: dict[str, Any]) -> Figure:
    """Type I error and power with the prior and without, or a single arm's claims, against the true rate."""
    two = "power" in table
    panels_of = (("type_i_error", "Type I error"), ("power", "Power")) if two else (("claimed", "Claims"),)
    with house_style():
        figure, panels = new_figure(8.6 if two else 6.4, 3.4, columns=len(panels_of))
        for axes, (measure, title) in zip(panels, panels_of, strict=True):
            axes.axvspan(prior["low"], prior["high"], color=MUTED, alpha=0.12, linewidth=0)
            axes.plot(table["rate"], table[measure], color=OWN, label="with the prior" if two else "")
            if two:
                axes.plot(table["rate"], table[f"alone_{measure}"], color=ALONE, linestyle="--", label="uniform prior")
            if measure != "power":
                axes.axhline(design["alpha"], color=MUTED, linewidth=0.8, linestyle=":")
            axes.set_title(title)
            axes.set_xlim(0.0, 1.0)
            axes.set_ylim(0.0, None if measure == "type_i_error" else 1.0)
            axes.set_xlabel("True rate in the control arm" if two else "True rate")
            percent_axis(axes, "x")
            percent_axis(axes)
            if two:
                direct_label(axes)
        goal = next((each["null_rate"] for each in design["endpoints"] if each["null_rate"] is not None), None)
        if not two and goal is not None:
            panels[0].axvline(goal, color=MUTED, linewidth=0.8, linestyle=":")
        words = (
            "Chance of success over the true control rate where arms are alike (left) and where the treatment works as in the "
            "simulated trials (right). Grey: where earlier controls let one expect it, 95%; dotted: the level."
            if two
            else "Chance to claim that the goal is beaten over the true rate. Grey: where earlier patients let one expect it, "
            "95%; dotted: the goal and the level."
        )
        caption(figure, words)
    return figure
