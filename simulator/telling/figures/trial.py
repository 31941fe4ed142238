"""Figures of a trial: events by arm, power, patients needed, views of the evidence, accrual, the calendar and the stops."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from simulator.telling.colours import LINE_COLOURS
from simulator.telling.columns import called, labels
from simulator.telling.direct_labels import direct_label
from simulator.telling.figures.boundaries import boundary_figure
from simulator.telling.figures.prior import conflict_figure
from simulator.telling.phrases import lower
from simulator.telling.style import (
    MUTED,
    Look,
    band,
    caption,
    house_style,
    interval_rows,
    looks,
    new_figure,
    percent_axis,
)
from simulator.words.findings import Findings

BLUE, VERMILLION, GREEN = LINE_COLOURS[1], LINE_COLOURS[2], LINE_COLOURS[3]
VIEW_COLOURS = {"sceptical": VERMILLION, "central": BLUE, "optimistic": GREEN}


AT_RISK = 6
"""Times at which people at risk are counted under a curve."""
REASONS = {"efficacy": BLUE, "futility": VERMILLION, "harm": LINE_COLOURS[4], "end": MUTED}


def drawings(findings: Findings) -> dict[str, Callable[[], Figure]]:
    """What draws every figure, by its file name, in the order of the report."""
    facts, tables = findings.facts, findings.tables
    drawn: dict[str, Callable[[], Figure]] = {"events": lambda: events_figure(findings)}
    if facts["looks"] > 1:
        if facts["plan"] is not None:
            drawn["boundaries"] = lambda: boundary_figure(tables["boundaries"], facts["plan"])
        elif facts["stages"] is not None:
            null_rate = facts["endpoints"][0]["null_rate"]
            drawn["boundaries"] = lambda: stage_figure(facts["stages"], null_rate, facts["hoped_rate"])
        drawn["stopping"] = lambda: stopping_figure(tables["stops"], truths_of(findings))
    if "prior_conflict" in tables:
        drawn["prior_conflict"] = lambda: conflict_figure(tables["prior_conflict"], facts["prior"], facts["design"])
    if "power_curve" in tables:
        drawn["power_curve"] = lambda: size_search_figure(tables["power_curve"], facts["target"], facts["search"])
    if "assumptions" in tables:
        drawn["assumptions"] = lambda: assumption_figure(tables["assumptions"])
    needs = tables["endpoints"]
    if len(facts["endpoints"]) > 1 and needs["patients"].notna().any():
        drawn["endpoints"] = lambda: endpoint_figure(needs[needs["truth"] == facts["base"]], facts["target"])
    if "views" in tables:
        drawn["views"] = lambda: view_figure(tables["views"])
    drawn["calendar"] = lambda: calendar_figure(tables["calendar"], truths_of(findings))
    if "accrual" in tables:
        accrual = facts["design"]["accrual"]
        drawn["accrual"] = lambda: accrual_figure(
            tables["accrual"], accrual["per_month"], accrual["pattern"] == "sites"
        )
    return drawn


def truths_of(findings: Findings) -> dict[str, str]:
    """Truths and what people call them."""
    kind = labels()[findings.facts["truth_labels"]]
    return {name: called(kind, name) or name for name in findings.facts["truths"]}


def arm_looks(findings: Findings) -> dict[str, Look]:
    """The look of every arm: that of its policy, unless two arms have the same."""
    arms = findings.facts["design"]["arms"]
    policies = [arm["policy"] for arm in arms]
    found = looks(policies if len(set(policies)) == len(policies) else [arm["name"] for arm in arms])
    return {arm["name"]: found.get(arm["policy"]) or found[arm["name"]] for arm in arms}


def events_figure(findings: Findings) -> Figure:
    """The first endpoint's event in each arm over time, with people at risk below."""
    facts, curves = findings.facts, findings.tables["curves"]
    shown = [facts["base"]]
    if {"stated", "scenario"} <= set(facts["truths"]):
        shown = ["stated", "scenario"]
    look, called_ = arm_looks(findings), truths_of(findings)
    outcome = labels()["trial_event"][facts["shown_outcome"]]
    arms = list(look)
    with house_style():
        figure, panels = new_figure(4.6 * len(shown) + 1.6, 4.0, columns=len(shown))
        for axes, truth in zip(panels, shown, strict=True):
            own = curves[curves["truth"] == truth]
            end = max(facts["planned_months"], facts["design"]["follow_up"]["months"])
            end = min(1.25 * end, float(own["months"].max()))
            for arm in arms:
                part = own[(own["arm"] == arm) & (own["months"] <= end + 1e-9)]
                axes.plot(part["months"], part["value"], **look[arm].line, label=arm)
            axes.axvline(facts["planned_months"], color=MUTED, linewidth=0.7, linestyle=":")
            axes.set_title(called_[truth] if len(shown) > 1 else outcome)
            axes.set_xlim(0.0, end)
            axes.set_ylim(0.0, None)
            axes.set_xlabel("Months since entry")
            axes.set_ylabel(f"{outcome}, share")
            percent_axis(axes)
            times = own["months"].unique()
            wanted = [times[np.abs(times - at).argmin()] for at in np.linspace(0.0, end, AT_RISK)]
            axes.text(0.0, -0.26, "At risk in a trial", transform=axes.transAxes, fontsize=8, color=MUTED)
            for place, arm in enumerate(arms):
                counts = own[own["arm"] == arm].set_index("months")["at_risk"]
                for month in wanted:
                    axes.text(
                        month,
                        -0.33 - 0.07 * place,
                        f"{counts[month]:.0f}",
                        transform=axes.get_xaxis_transform(),
                        fontsize=8,
                        ha="center",
                        color=look[arm].colour,
                    )
            direct_label(axes)
        caption(
            figure,
            f"{outcome} in simulated patients if no look stops the trial, other events competing. Below the axis: people "
            "still at risk, on average in a trial. The dotted line is the planned time.",
        )
    return figure


def assumption_figure(table: pd.DataFrame) -> Figure:
    """Power if one assumption is wrong."""
    kind = labels()["assumption"]
    names = [
        kind[name] if name == "as_planned" else f"{kind[name]} × {factor:g}"
        for name, factor in zip(table["assumption"].astype(str), table["factor"], strict=True)
    ]
    error = 1.96 * table["se"]
    colours = [MUTED if name == "as_planned" else BLUE for name in table["assumption"]]
    with house_style():
        figure, (axes,) = new_figure(6.4, 0.9 + 0.3 * len(table))
        low, high = np.maximum(table["power"] - error, 0.0), np.minimum(table["power"] + error, 1.0)
        interval_rows(axes, names, table["power"], low, high, colours)
        axes.axvline(float(table["power"].iloc[0]), color=MUTED, linewidth=0.7)
        axes.set_xlim(0.0, 1.0)
        axes.set_xlabel("Power")
        percent_axis(axes, "x")
        caption(
            figure,
            "Power where one assumption is wrong and the others hold; the line is the design as planned, lines are 95% "
            "Monte Carlo intervals.",
        )
    return figure


def size_search_figure(curve: pd.DataFrame, target: float, found: dict[str, float]) -> Figure:
    """Simulated power against size, with the size that reaches the target and its interval."""
    with house_style():
        figure, (axes,) = new_figure(6.4, 3.6)
        axes.errorbar(
            curve["patients"], curve["power"], 1.96 * curve["se"], color=BLUE, marker="o", linestyle="-", linewidth=1.2
        )
        axes.axhline(target, color=MUTED, linewidth=0.8)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:,.0f}"))
        words = f"No size tried reaches a power of {target:.0%}."
        if found["patients"] is not None:
            patients, low, high = found["patients"], found["low"], found["high"]
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
        tests = labels()["trial_test"]
        names = [f"{name} ({tests[test]})" for name, test in zip(shown["endpoint"], shown["test"], strict=True)]
        most = 2.0 * float(shown["patients"].max())
        interval_rows(axes, names, shown["patients"], shown["low"], np.minimum(shown["high"], most))
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:,.0f}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(f"Patients for a power of {target:.0%} (logarithmic)")
        without = len(needs) - len(shown)
        rest = f" {without} show no effect and are left out." if without else ""
        if (shown["high"] > most).any():
            axes.set_xlim(right=most)
            rest += " A line that reaches the edge goes on."
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


def calendar_figure(calendar: pd.DataFrame, truths: dict[str, str]) -> Figure:
    """Patients and events over calendar time under each truth."""
    with house_style():
        figure, panels = new_figure(8.6, 3.2, columns=2)
        for axes, measure, label in zip(panels, ("patients", "events"), ("Patients entered", "Events"), strict=True):
            for place, (truth, part) in enumerate(
                calendar[calendar["measure"] == measure].groupby("truth", sort=False)
            ):
                colour = LINE_COLOURS[1 + place % 6]
                axes.plot(part["months"], part["value"], color=colour, label=truths[str(truth)])
                error = 1.96 * part["se"]
                band(axes, part["months"], part["value"] - error, part["value"] + error, colour)
            axes.set_xlabel("Months since the trial opened")
            axes.set_title(label)
            axes.set_ylim(bottom=0.0)
            direct_label(axes)
        caption(
            figure, "Patients entered and events of the first endpoint over calendar time, if no look stops the trial."
        )
    return figure


def stage_figure(stages: dict[str, int], null_rate: float, hoped_rate: float | None) -> Figure:
    """The limits of a two-stage trial: successes against patients, at each stage's end."""
    n1, r1, n_all, r = (stages[name] for name in ("n1", "r1", "n", "r"))
    with house_style():
        figure, (axes,) = new_figure(6.4, 3.6)
        n = np.array([0.0, n_all])
        for rate, colour, label in ((null_rate, MUTED, "to be beaten"), (hoped_rate, GREEN, "hoped for")):
            if rate is not None:
                axes.plot(n, rate * n, color=colour, linewidth=1.2, label=f"{rate:.0%} {label}")
        for patients, limit in ((n1, r1), (n_all, r)):
            axes.plot([patients, patients], [0, limit], color=VERMILLION, linewidth=5.0, solid_capstyle="butt")
            axes.plot([patients, patients], [limit + 1, patients], color=BLUE, linewidth=5.0, solid_capstyle="butt")
        axes.set_xlim(0.0, 1.02 * n_all)
        axes.set_ylim(0.0, n_all)
        axes.set_xlabel("Patients")
        axes.set_ylabel("Successes")
        direct_label(axes)
        caption(
            figure,
            f"With {r1} successes or fewer among {n1} patients the trial stops (red), with more it goes on "
            f"(blue); more than {r} among {n_all} are a success.",
        )
    return figure


def stopping_figure(stops: pd.DataFrame, truths: dict[str, str]) -> Figure:
    """How often each truth stops the trial at each look, and why: a bar a look, of all trials that get there or not."""
    names, rows = labels()["reason"], list(dict.fromkeys(zip(stops["truth"], stops["look"], strict=True)))
    share = stops.set_index(["truth", "look", "reason"])["value"]
    with house_style():
        figure, (axes,) = new_figure(6.8, 1.2 + 0.26 * len(rows))
        left = np.zeros(len(rows))
        for reason, colour in REASONS.items():
            values = np.array([float(share.get((*row, reason), 0.0)) for row in rows])
            axes.barh(np.arange(len(rows)), values, left=left, color=colour, height=0.7)
            left += values
        axes.set_yticks(np.arange(len(rows)), [f"{truths[truth]}, look {look}" for truth, look in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(0.0, 1.0)
        axes.set_xlabel("Share of trials that stop")
        percent_axis(axes, "x")
        for place, reason in enumerate(dict.fromkeys(stops["reason"])):
            axes.text(
                1.02,
                0.92 - 0.13 * place,
                f"■ {lower(names[reason])}",
                color=REASONS[reason],
                transform=axes.transAxes,
                fontsize=8.5,
            )
        caption(figure, "Share of trials that stop at each look, by reason.")
    return figure
