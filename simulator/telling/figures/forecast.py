"""Figures of forecasts: one a trial, the events of each arm under each view of the evidence. Its chance of success is a table."""

from __future__ import annotations

from matplotlib.figure import Figure

from simulator.telling.colours import LINE_COLOURS
from simulator.telling.columns import labels
from simulator.telling.style import caption, house_style, interval_rows, new_figure, percent_axis
from simulator.words.findings import Findings

ROW_INCHES = 0.36


def figures(findings: Findings) -> dict[str, Figure]:
    """A figure a trial that was forecast."""
    return {f"trial_{trial['name']}": trial_figure(findings, trial["name"]) for trial in findings.facts["trials"]}


def trial_figure(findings: Findings, trial: str) -> Figure:
    """Share of each arm with each event, with 95% prediction limits, by view of the evidence; reported ones as crosses."""
    arms = findings.tables["arms"]
    arms = arms[arms["trial"] == trial]
    views, endpoints = list(dict.fromkeys(arms["view"])), list(dict.fromkeys(arms["endpoint"]))
    called, of_view = findings.facts["labels"]["arm"], labels()["view"]
    shade = dict(zip(dict.fromkeys(arms["arm"]), LINE_COLOURS, strict=False))
    scores = findings.tables.get("scores")
    per_panel = len(arms) // len(endpoints)
    with house_style():
        figure, panels = new_figure(8.6, 0.9 + len(endpoints) * (0.7 + ROW_INCHES * per_panel), len(endpoints), 1)
        for axes, endpoint in zip(panels, endpoints, strict=True):
            own = arms[arms["endpoint"] == endpoint]
            names = [f"{of_view.get(v, v)}, {called.get(a, a)}" for v, a in zip(own["view"], own["arm"], strict=True)]
            colours = [shade[arm] for arm in own["arm"]]
            mean, low, high = (own[column] / own["n"] for column in ("mean", "low", "high"))
            interval_rows(axes, names, mean, low, high, colours)
            if scores is not None:
                for place, arm in enumerate(own["arm"]):
                    seen = scores[(scores["endpoint"] == endpoint) & (scores["arm"] == arm)]
                    if len(seen):
                        share = seen["events"].iloc[0] / seen["n"].iloc[0]
                        axes.scatter([share], [place], marker="x", c="black", s=40, zorder=4)
            axes.set_title(endpoint)
            axes.set_xlim(0, 1)
            axes.set_xlabel("Share of the arm")
            percent_axis(axes, "x")
        seen_words = " Crosses are what was reported." if scores is not None else ""
        caption(
            figure,
            "Mean and limits of 95 of 100 such trials: the luck of so few people, and what is not known of the parameters,"
            f" the hospital and the design. {len(views)} readings of the evidence.{seen_words}",
        )
    return figure
