"""The figure of the course check: every figure as a ratio of the model's number to the published one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from simulator.telling.colours import OKABE_ITO
from simulator.telling.columns import named
from simulator.telling.style import INK, caption, house_style, interval_rows, new_figure
from simulator.words.findings import Findings

AGREES, OUTSIDE, NO_CHECK = OKABE_ITO["blue"], OKABE_ITO["vermillion"], OKABE_ITO["sky"]
LINE = 0.21
ENDS = 0.12, 8.0
"""Ends of the axis of ratios; what lies beyond is drawn at its end."""
MARKS = (0.125, 0.25, 0.5, 0.67, 1.0, 1.5, 2.0, 4.0, 8.0)


def figures(findings: Findings) -> dict[str, Figure]:
    """The only figure."""
    return {"course": ratio_figure(findings.tables["course"])}


def ratio_figure(table: pd.DataFrame) -> Figure:
    """Every figure that counts as a ratio of model to published, with the published interval as a ratio too."""
    rows = table[table["counts"] & (table["published"] != 0.0)]
    times = rows.groupby("figure")["at_years"].transform("size")
    names = []
    for row, several in zip(rows.to_dict("records"), times > 1, strict=True):
        first = str(row["source"]).split(";", maxsplit=1)[0]
        at = f", {named('time').number(row['at_years'])}" if several else ""
        names.append(f"{row['label']}{at} · {first}")
    inside = rows["inside"].to_numpy(bool)
    colours = np.where(~inside, OUTSIDE, np.where(rows["sets_rule"] == "", AGREES, NO_CHECK)).tolist()
    with house_style():
        figure, (axes,) = new_figure(10.2, 1.2 + LINE * len(rows))
        low, high = rows["low"] / rows["published"], rows["high"] / rows["published"]
        interval_rows(axes, names, np.clip(rows["ratio"], *ENDS), np.clip(low, *ENDS), np.clip(high, *ENDS), colours)
        axes.axvline(1.0, color=INK, linewidth=0.8)
        axes.set_xscale("log")
        axes.set_xlim(ENDS[0] * 0.95, ENDS[1] * 1.05)
        axes.set_xticks(MARKS, [f"{mark:g}" for mark in MARKS])
        axes.set_xticks([], minor=True)
        axes.tick_params(axis="y", labelsize=7.5)
        axes.set_xlabel("model / published")
        axes.set_title("The course: model against published figures")
        caption(
            figure,
            "Each figure of the course as a ratio of the model's number to the published one (dot) and the interval in which "
            "they agree (line). Blue agrees, light blue agrees but set a rule, red lies outside "
            f"({int((~inside).sum())} of {len(rows)}).",
        )
    return figure
