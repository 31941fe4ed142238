"""Figures of a trial's design: power, patients needed, views of the evidence, accrual, the calendar and the stops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from simulator.statistics.simon import TwoStage
from simulator.telling.style import (
    LINE_COLOURS,
    MUTED,
    band,
    caption,
    direct_label,
    house_style,
    interval_rows,
    new_figure,
    percent_axis,
)

BLUE, VERMILLION, GREEN = LINE_COLOURS[1], LINE_COLOURS[2], LINE_COLOURS[3]
VIEW_COLOURS = {"sceptical": VERMILLION, "central": BLUE, "optimistic": GREEN}


def size_search_figure(curve: pd.DataFrame, target: float, found: tuple[float, float, float] | None) -> Figure:
    """Simulated power against size, with the size that reaches the target and its interval (patients, low, high)."""
    with house_style():
        figure, (axes,) = new_figure(6.4, 3.6)
        axes.errorbar(
            curve["patients"], curve["power"], 1.96 * curve["se"], color=BLUE, marker="o", linestyle="-", linewidth=1.2
        )
        axes.axhline(target, color=MUTED, linewidth=0.8)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:,.0f}"))
        words = f"No size tried reaches a power of {target:.0%}."
        if found is not None:
            patients, low, high = found
            axes.axvspan(low, min(high, float(curve["patients"].max())), color=BLUE, alpha=0.12, linewidth=0)
            words = f"A power of {target:.0%} needs {patients:,.0f} patients (95% interval {low:,.0f} to {high:,.0f})."
        axes.set_xlabel("Patients")
        axes.set_ylabel("Power")
        axes.set_ylim(0.0, 1.0)
        percent_axis(axes)
        caption(figure, words + " Bars are 95% Monte Carlo intervals.")
    return figure


def endpoint_figure(needs: pd.DataFrame, target: float) -> Figure:
    """Patients that each endpoint would need, fewest first."""
    shown = needs[np.isfinite(needs["patients"])]
    with house_style():
        figure, (axes,) = new_figure(6.4, 0.9 + 0.36 * max(len(shown), 1))
        if shown.empty:
            axes.set_axis_off()
            caption(figure, "No endpoint shows an effect.")
            return figure
        names = [f"{row.endpoint} ({row.test})" for row in shown.itertuples()]
        most = 50.0 * float(shown["patients"].min())
        interval_rows(axes, names, shown["patients"], shown["low"], np.minimum(shown["high"], most))
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:,.0f}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(f"Patients for a power of {target:.0%} (logarithmic)")
        without = len(needs) - len(shown)
        rest = f" {without} show no effect and are left out." if without else ""
        first = f"{shown['endpoint'].iloc[0]} needs the fewest patients."
        caption(figure, first + rest + " Each test alone, on the same lives; lines are 95% Monte Carlo intervals.")
    return figure


def view_figure(views: pd.DataFrame) -> Figure:
    """Power against size under each view of the evidence."""
    with house_style():
        figure, (axes,) = new_figure(6.4, 3.6)
        for view, part in views.groupby("view", sort=False):
            colour = VIEW_COLOURS[str(view)]
            axes.plot(part["patients"], part["power"], color=colour, marker="o", label=str(view))
            error = 1.96 * part["se"]
            band(axes, part["patients"], part["power"] - error, part["power"] + error, colour)
        axes.set_xlabel("Patients")
        axes.set_ylabel("Power")
        axes.set_ylim(0.0, 1.0)
        percent_axis(axes)
        direct_label(axes)
        caption(
            figure,
            "Power against size if the sceptical, central or optimistic view of what cell therapy causes is true; bands "
            "are 95% Monte Carlo intervals.",
        )
    return figure


def accrual_figure(accrual: pd.DataFrame, per_month: float, by_site: bool = False) -> Figure:
    """Duration and power against the speed of accrual, in all or at each site."""
    with house_style():
        figure, panels = new_figure(7.2, 3.2, columns=2)
        for axes, measure, label in zip(
            panels, ("months", "power"), ("Expected duration, months", "Power"), strict=True
        ):
            part = accrual[accrual["measure"] == measure]
            axes.errorbar(
                part["speed"] * per_month, part["value"], 1.96 * part["se"], color=BLUE, marker="o", linestyle="-"
            )
            axes.set_xlabel("Patients a month" + (" at each site" if by_site else ", at full speed"))
            axes.set_title(label)
            axes.set_ylim(bottom=0.0)
        panels[1].set_ylim(0.0, 1.0)
        percent_axis(panels[1])
        caption(figure, "What faster or slower accrual does to the trial; bars are 95% Monte Carlo intervals.")
    return figure


def calendar_figure(calendar: pd.DataFrame, labels: Sequence[str] = ("Patients entered", "Events")) -> Figure:
    """Patients and events over calendar time under each truth."""
    with house_style():
        figure, panels = new_figure(7.2, 3.2, columns=2)
        for axes, measure, label in zip(panels, ("patients", "events"), labels, strict=True):
            for place, (truth, part) in enumerate(
                calendar[calendar["measure"] == measure].groupby("truth", sort=False)
            ):
                colour = LINE_COLOURS[1 + place % 6]
                axes.plot(part["months"], part["value"], color=colour, label=str(truth).replace("_", " "))
                error = 1.96 * part["se"]
                band(axes, part["months"], part["value"] - error, part["value"] + error, colour)
            axes.set_xlabel("Months since the trial opened")
            axes.set_title(label)
            axes.set_ylim(bottom=0.0)
        direct_label(panels[1])
        caption(
            figure, "Patients entered and events of the first endpoint over calendar time, if no look stops the trial."
        )
    return figure


def stage_figure(stages: TwoStage, null_rate: float, hoped_rate: float | None) -> Figure:
    """The limits of a two-stage trial: successes against patients, at each stage's end."""
    with house_style():
        figure, (axes,) = new_figure(6.4, 3.6)
        n = np.array([0.0, stages.n])
        for rate, colour, label in ((null_rate, MUTED, "to be beaten"), (hoped_rate, GREEN, "hoped for")):
            if rate is not None:
                axes.plot(n, rate * n, color=colour, linewidth=1.2, label=f"{rate:.0%} {label}")
        for patients, limit in ((stages.n1, stages.r1), (stages.n, stages.r)):
            axes.plot([patients, patients], [0, limit], color=VERMILLION, linewidth=5.0, solid_capstyle="butt")
            axes.plot([patients, patients], [limit + 1, patients], color=BLUE, linewidth=5.0, solid_capstyle="butt")
        axes.set_xlim(0.0, 1.02 * stages.n)
        axes.set_ylim(0.0, stages.n)
        axes.set_xlabel("Patients")
        axes.set_ylabel("Successes")
        direct_label(axes)
        caption(
            figure,
            f"With {stages.r1} successes or fewer among {stages.n1} patients the trial stops (red), with more it goes on "
            f"(blue); more than {stages.r} among {stages.n} are a success.",
        )
    return figure


def stopping_figure(stops: pd.DataFrame) -> Figure:
    """How often each truth stops the trial at each look, and why (truth, look, reason, value, se)."""
    colours = {"efficacy": BLUE, "futility": VERMILLION, "harm": LINE_COLOURS[4], "end": MUTED}
    names = {"efficacy": "success", "futility": "futility", "harm": "harm", "end": "end without success"}
    truths = list(dict.fromkeys(stops["truth"]))
    with house_style():
        figure, panels = new_figure(7.2, 3.0, columns=len(truths), sharey=True)
        for axes, truth in zip(panels, truths, strict=True):
            part = stops[stops["truth"] == truth]
            bottom = dict.fromkeys(sorted(set(part["look"])), 0.0)
            for reason, colour in colours.items():
                for row in part[part["reason"] == reason].itertuples():
                    axes.bar(row.look, row.value, bottom=bottom[row.look], color=colour, width=0.7)
                    bottom[row.look] += row.value
            axes.set_title(str(truth).replace("_", " "))
            axes.set_xlabel("Look")
            axes.set_xticks(list(bottom))
            percent_axis(axes)
        for place, reason in enumerate(dict.fromkeys(stops["reason"])):
            panels[-1].text(
                1.03,
                0.95 - 0.1 * place,
                f"■ {names[reason]}",
                color=colours[reason],
                transform=panels[-1].transAxes,
                fontsize=8.5,
            )
        caption(figure, "Share of trials that stop at each look, by reason.")
    return figure
