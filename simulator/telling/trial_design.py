"""Group-sequential boundaries and sample sizes as people read them: formats, figures and reports."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from scipy.special import ndtri

from simulator.statistics.boundaries import Boundaries
from simulator.telling.formats import Formats, number, percent
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
