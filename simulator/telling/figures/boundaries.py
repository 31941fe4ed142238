"""The figure of group-sequential boundaries."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from simulator.telling.colours import LINE_COLOURS
from simulator.telling.direct_labels import direct_label
from simulator.telling.style import MUTED, caption, house_style, new_figure, percent_axis
from simulator.words.findings import Findings

EFFECTIVE, OTHER, WEDGE = LINE_COLOURS[1], LINE_COLOURS[2], LINE_COLOURS[3]


def figures(findings: Findings) -> dict[str, Figure]:
    """The boundaries on the z scale."""
    return {"boundaries": boundary_figure(findings.tables["boundaries"], findings.facts["plan"])}


def boundary_figure(table: pd.DataFrame, plan: dict[str, Any]) -> Figure:
    """The stopping boundaries on the z scale against information, from `Boundaries.table` and the facts of its plan."""
    with house_style():
        figure, (axes,) = new_figure(6.4, 3.8)
        t, last = table["information"], float(table["z"].iloc[-1])
        axes.plot(t, table["z"], marker="o", color=EFFECTIVE, label="stop: effective")
        words = f"success needs z ≥ {last:.2f} at the end"
        if plan["sides"] == 2:
            axes.plot(t, -table["z"], marker="o", color=OTHER, label="stop: harmful")
            words = f"the end needs |z| ≥ {last:.2f}"
            if plan["futility"] is not None:
                axes.plot(t, table["futility_z"], marker="s", color=WEDGE, label="stop: futile")
                axes.plot(t, -table["futility_z"], marker="s", color=WEDGE)
        elif plan["futility"] is not None:
            axes.plot(t, table["futility_z"], marker="s", color=OTHER, label="stop: futile")
        axes.axhline(0.0, color=MUTED, linewidth=0.7)
        axes.set_xlim(0.0, 1.02)
        axes.set_xlabel("Information (share of the maximum)")
        axes.set_ylabel("z statistic")
        percent_axis(axes, "x")
        direct_label(axes)
        caption(figure, f"The trial stops when z leaves the region between the lines; {words}.")
    return figure
