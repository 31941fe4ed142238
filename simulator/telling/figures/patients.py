"""The figure of a hospital's own patients: what became of them."""

from __future__ import annotations

from matplotlib.figure import Figure

from simulator.telling.colours import LINE_COLOURS
from simulator.telling.columns import labels
from simulator.telling.style import caption, house_style, new_figure, percent_axis
from simulator.words.findings import Findings


def figures(findings: Findings) -> dict[str, Figure]:
    """Cumulative incidence at the times of the table; nothing where few events are told."""
    table = findings.tables["course"]
    told = table[table["value"].notna()]
    found = {} if told.empty else {"course": course_figure(findings)}
    if "calibration" in findings.tables:
        found["calibration"] = calibration_figure(findings)
    return found


def calibration_figure(findings: Findings) -> Figure:
    """Observed against expected shares by one year: a panel an outcome, before and after the hospital's people were seen."""
    table, called = findings.tables["calibration"], labels()
    table = table[table["time_years"] == table["time_years"].min()]
    names = list(dict.fromkeys(table["outcome"]))
    with house_style():
        figure, panels = new_figure(8.6, 3.0, 1, max(2, len(names)))
        for axes in panels[len(names) :]:
            axes.set_visible(False)
        for axes, name in zip(panels, names, strict=False):
            axes.plot([0, 1], [0, 1], color="0.7", linewidth=0.8)
            for by, colour in zip(("before", "after"), LINE_COLOURS[1:], strict=False):
                own = table[(table["outcome"] == name) & (table["by"] == by)]
                axes.vlines(own["expected"], own["low"], own["high"], colors=colour, linewidth=0.8)
                axes.plot(own["expected"], own["observed"], "o", color=colour, label=called["registry_prediction"][by])
            axes.set_title(called["registry_event"][name], fontsize=9)
            axes.set_xlabel("Expected")
            axes.set_xlim(0, 1)
            axes.set_ylim(0, 1)
            percent_axis(axes)
        panels[0].set_ylabel("Observed by one year")
        panels[0].legend(fontsize=7)
        caption(
            figure,
            "Groups of people of like risk, with 95% limits: on the line as many had the outcome as were expected.",
        )
    return figure


def course_figure(findings: Findings) -> Figure:
    """A panel an event, points with 95% limits."""
    table, called = findings.tables["course"], labels()["registry_event"]
    names = list(dict.fromkeys(table["event"]))
    with house_style():
        figure, panels = new_figure(8.6, 3.0, 1, len(names))
        for axes, name, colour in zip(panels, names, LINE_COLOURS[1:], strict=False):
            own = table[(table["event"] == name) & table["value"].notna()]
            axes.vlines(own["time_years"], own["low"], own["high"], colors=colour)
            axes.plot(own["time_years"], own["value"], "o", color=colour)
            axes.set_title(called[name], fontsize=9)
            axes.set_xlabel("Years since the start")
            axes.set_xlim(0, float(table["time_years"].max()) * 1.05)
            axes.set_ylim(0, 1)
            percent_axis(axes)
        caption(figure, "Cumulative incidence with 95% limits. Numbers that few people carry are not drawn.")
    return figure
