"""The figure of a sample size: power against size, or against the true rate of a two-stage design."""

from __future__ import annotations

from matplotlib.figure import Figure

from simulator.telling.colours import LINE_COLOURS
from simulator.telling.direct_labels import direct_label
from simulator.telling.style import caption, house_style, new_figure, percent_axis
from simulator.words.findings import Findings

AXES = {"patients": "Patients", "events": "Events", "true_rate": "True rate of success"}


def figures(findings: Findings) -> dict[str, Figure]:
    """Power by every method."""
    facts, curve = findings.facts, findings.tables["power_curve"]
    x = facts["axis"]
    with house_style():
        figure, (axes,) = new_figure(6.4, 3.6)
        for place, (method, part) in enumerate(curve.groupby("method", sort=False)):
            colour = LINE_COLOURS[1 + place % (len(LINE_COLOURS) - 1)]
            axes.plot(part[x], part["power"], color=colour, label=str(method))
        axes.set_xlabel(AXES[x])
        axes.set_ylabel("Probability of success" if x == "true_rate" else "Power")
        percent_axis(axes)
        if x == "true_rate":
            percent_axis(axes, "x")
            words = "How often each two-stage design calls the treatment promising, for every true rate of success."
        elif facts["falls"] is not None:
            words = f"The power falls {facts['falls']} times on this range, whenever the number needed to reject rises."
        else:
            words = f"Power for every number of {x}, by the closed formula."
        direct_label(axes)
        caption(figure, words)
    return {"power_curve": figure}
