"""Group-sequential boundaries and sample sizes as people read them: formats, figures and reports."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.special import ndtri

from simulator.questions.trial.calculator import Answer
from simulator.statistics.boundaries import Boundaries
from simulator.telling.formats import Formats, number, percent
from simulator.telling.html import Report
from simulator.telling.style import LINE_COLOURS, MUTED, caption, direct_label, house_style, new_figure, percent_axis

BOUNDARY_LABELS = {
    "information": "Information",
    "z": "Efficacy z",
    "nominal_p": "Nominal p",
    "cumulative_alpha": "Alpha spent",
    "futility_z": "Futility z",
    "futility_if_no_effect": "Stopped for futility, no effect",
    "futility_if_effect": "Stopped for futility, effect",
    "cumulative_power": "Planned power so far",
}
QUANTITIES = {
    "alpha": "Type I error",
    "power": "Power",
    "drift": "Mean of the last z under the effect",
    "inflation_factor": "Maximum size over a trial without looks",
    "expected_information_no_effect": "Expected information, no effect",
    "expected_information_half_effect": "Expected information, half of the effect",
    "expected_information_effect": "Expected information, the effect",
    "expected_size_over_fixed_no_effect": "Expected size over a trial without looks, no effect",
    "expected_size_over_fixed_effect": "Expected size over a trial without looks, the effect",
}
SIZE_FORMATS: Formats = {
    "unrounded": number(2),
    "power": percent(),
    "actual_alpha": number(4),
    "early_stop_if_p0": percent(),
    "expected_n_if_p0": number(1),
}


def boundary_formats(table: pd.DataFrame) -> tuple[Formats, dict[str, str]]:
    """Formats and headings for `Boundaries.table`."""
    every: Formats = {
        "information": number(3),
        "z": number(4),
        "nominal_p": number(5),
        "cumulative_alpha": number(5),
        "futility_z": number(4),
        "futility_if_no_effect": percent(),
        "futility_if_effect": percent(),
        "cumulative_power": percent(),
    }
    shown = {name: each for name, each in every.items() if name in table.columns}
    return shown, {name: label for name, label in BOUNDARY_LABELS.items() if name in table.columns}


def summary_for_readers(summary: pd.DataFrame) -> tuple[pd.DataFrame, Formats]:
    """`Boundaries.summary` with its quantities in words."""
    return summary.assign(quantity=summary["quantity"].map(QUANTITIES)), {"value": number(4)}


def boundary_notes(found: Boundaries) -> list[str]:
    """What a reader of the boundaries should know."""
    notes = []
    plan = found.plan
    fixed = float(-ndtri(plan.alpha / plan.sides))
    if found.upper[-1] < fixed - 1e-9:
        notes.append(
            f"The last boundary, z {found.upper[-1]:.2f}, lies below the {fixed:.2f} of a trial without looks. That holds its "
            "level only if the futility rule is obeyed without exception, which regulators rarely accept; a rule that is not "
            "binding avoids it."
        )
    if plan.power is not None:
        notes.append(
            f"Planned power belongs to the effect that the maximum size detects with {plan.power:.0%}; it says nothing of an "
            "effect that is smaller."
        )
    return notes


def boundary_figure(found: Boundaries) -> Figure:
    """The stopping boundaries on the z scale against information."""
    with house_style():
        figure, (axes,) = new_figure(6.4, 3.8)
        t = found.information
        axes.plot(t, found.upper, marker="o", color=LINE_COLOURS[1], label="stop: effective")
        last = f"success needs z ≥ {found.upper[-1]:.2f} at the end"
        if found.plan.sides == 2:
            axes.plot(t, found.lower, marker="o", color=LINE_COLOURS[2], label="stop: harmful")
            last = f"the end needs |z| ≥ {found.upper[-1]:.2f}"
        elif found.plan.futility is not None:
            axes.plot(t, found.lower, marker="s", color=LINE_COLOURS[2], label="stop: futile")
        axes.axhline(0.0, color=MUTED, linewidth=0.7)
        axes.set_xlim(0.0, 1.02)
        axes.set_xlabel("Information (share of the maximum)")
        axes.set_ylabel("z statistic")
        percent_axis(axes, "x")
        direct_label(axes)
        caption(figure, f"The trial stops when z leaves the region between the lines; {last}.")
    return figure


def boundary_report(found: Boundaries) -> Report:
    """The design on one page."""
    table = found.table()
    formats, labels = boundary_formats(table)
    summary, summary_formats = summary_for_readers(found.summary())
    plan = found.plan
    sides = "one" if plan.sides == 1 else "two"
    lead = f"{found.information.size} looks, type {plan.kind}, alpha {plan.alpha:g} ({sides}-sided)"
    lead += "." if plan.power is None else f"; maximum size {found.inflation:.3f} times that of a trial without looks."
    report = Report("Group-sequential boundaries", lead).section("Boundaries")
    report = report.table(table, "Boundaries at each look.", formats, labels=labels, file="boundaries.csv")
    if plan.futility is not None:
        rule = "binding: it must be obeyed" if plan.futility.binding else "not binding: alpha holds if it is overruled"
        report = report.note(f"Futility rule {plan.futility.rule}, {rule}. Power is that of a trial that obeys it.")
    for note in boundary_notes(found):
        report = report.note(note)
    return (
        report.figure(boundary_figure(found), alt="Stopping boundaries against information")
        .section("The whole design")
        .table(summary, "Operating characteristics, computed and not simulated.", summary_formats, file="design.csv")
        .note("Method: recursive numerical integration (Jennison C, Turnbull BW 2000, chapter 19).")
    )


def size_figure(answer: Answer) -> Figure:
    """Power against size, or against the true rate for a two-stage design."""
    x = next(name for name in ("patients", "events", "true_rate") if name in answer.curve.columns)
    with house_style():
        figure, (axes,) = new_figure(6.4, 3.6)
        for place, (method, part) in enumerate(answer.curve.groupby("method", sort=False)):
            axes.plot(part[x], part["power"], color=LINE_COLOURS[1 + place], label=str(method))
        axes.set_xlabel({"patients": "Patients", "events": "Events", "true_rate": "True rate of success"}[x])
        axes.set_ylabel("Probability of success" if x == "true_rate" else "Power")
        percent_axis(axes)
        if x == "true_rate":
            percent_axis(axes, "x")
        direct_label(axes)
        caption(figure, _size_caption(answer, x))
    return figure


def _size_caption(answer: Answer, x: str) -> str:
    if x == "true_rate":
        return "How often each two-stage design calls the treatment promising, for every true rate of success."
    if answer.design == "single-arm":
        falls = int((np.diff(answer.curve["power"]) < 0).sum())
        return f"The power falls {falls} times on this range, whenever the number needed to reject rises."
    return f"Power for every number of {x}, by the closed formula."


def size_report(answer: Answer) -> Report:
    """The sample size on one page."""
    first = answer.table.iloc[0]
    what = "patients" if "patients" in answer.table.columns else "events"
    lead = f"{first[what]:,.0f} {what} ({first['method']})."
    report = Report(f"Sample size: {answer.design}", lead).section("Answer")
    shown = answer.table.drop(columns="citation")
    report = report.table(shown, "Size by method.", formats_for(shown), file="samplesize.csv")
    report = report.points((*answer.notes, *citations(answer)))
    if answer.detail is not None:
        report = report.table(answer.detail, "Around the answer.", formats_for(answer.detail), file="sawtooth.csv")
    return report.figure(size_figure(answer), alt="Power against size")


def citations(answer: Answer) -> list[str]:
    """Which formula each number comes from: papers mix them."""
    by_source: dict[str, list[str]] = {}
    for method, citation in zip(answer.table["method"], answer.table["citation"], strict=True):
        by_source.setdefault(citation, []).append(method)
    return [f"{'; '.join(methods)}: {citation}." for citation, methods in by_source.items()]


def formats_for(table: pd.DataFrame) -> Formats:
    """The formats of the columns that a sample size table has."""
    return {name: each for name, each in SIZE_FORMATS.items() if name in table.columns}
