"""Figures of the validation: transforms, levels, observed against predicted, the control-arm ladder, structures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.telling.colours import OKABE_ITO
from simulator.telling.columns import label, labels
from simulator.telling.phrases import lower
from simulator.telling.style import INK, MUTED, caption, house_style, interval_rows, new_figure, percent_axis
from simulator.words.findings import Findings

PREDICTED, OUTSIDE = OKABE_ITO["blue"], OKABE_ITO["vermillion"]
COLOURS = {
    "amputation": OKABE_ITO["vermillion"],
    "death": OKABE_ITO["black"],
    "amputation or death": OKABE_ITO["purple"],
    "healing": OKABE_ITO["green"],
    "death after amputation": OKABE_ITO["orange"],
    "founding cohort": OKABE_ITO["sky"],
    "TcPO2": OKABE_ITO["blue"],
}
BINS = 10
LEVELS = (50, 80, 95)
TRIALS = ("blinded trial", "open trial", "observational comparison", "single arm")
SHARE, TCPO2 = "share of people", "TcPO2 (mmHg)"
FORESTS = {
    "forest_trials": (SHARE, "Treatment trials and series"),
    "forest_courses": (SHARE, "Natural history, perfusion, amputees"),
    "forest_founding": (SHARE, "Founding cohort after its first year"),
    "forest_tcpo2": (TCPO2, "TcPO2 over time"),
}
LABEL = 82
LINE = 0.24


def figures(findings: Findings) -> dict[str, Figure]:
    """Every figure by its file name, in the order of the report."""
    tables, facts = findings.tables, findings.facts
    drawn: dict[str, Figure] = {}
    if facts["counts"]:
        drawn |= {"pit": pit_figure(tables["counts"]), "levels": levels_figure(tables["scores"])}
    usable = tables["numbers"][tables["numbers"]["usable"].astype(bool)]
    share = usable["share"].astype(bool)
    founding, trial = usable["kind"] == "founding study", usable["kind"].isin(TRIALS)
    chosen = {
        "forest_trials": share & trial,
        "forest_courses": share & ~trial & ~founding,
        "forest_founding": share & founding,
        "forest_tcpo2": (usable["outcome"] == "TcPO2") & ~share,
    }
    drawn |= {name: forest(usable[chosen[name]], *FORESTS[name]) for name in facts["forests"]}
    if facts["plot"]:
        drawn["calibration_plot"] = calibration_plot(usable[share])
    if "ladder" in tables:
        drawn["ladder"] = ladder_figure(tables["ladder"])
    for name, time in facts["structures"].items():
        table = tables["structural"]
        policy = next(str(p) for p in table["policy"] if p != table["reference"].iloc[0])
        drawn[name] = structural_figure(table, policy, time, facts["labels"]["policy"])
    return drawn


def pit_figure(counts: pd.DataFrame) -> Figure:
    """Histograms of the randomised transform of the model, all counts and by outcome: flat where it is calibrated."""
    outcomes = [str(o) for o, n in counts["outcome"].value_counts().items() if n >= BINS][:5]
    parts = {"all counts": counts} | {name: counts[counts["outcome"] == name] for name in outcomes}
    columns = 3
    with house_style():
        figure, panels = new_figure(8.6, 2.3 * -(-len(parts) // columns), -(-len(parts) // columns), columns)
        for axes, (name, part) in zip(panels, parts.items(), strict=False):
            bins = BINS if name == "all counts" else BINS // 2
            axes.hist(part["pit"], bins=bins, range=(0, 1), color=PREDICTED, edgecolor="white")
            expected = len(part) / bins
            axes.axhline(expected, color=INK, linewidth=0.8)
            half = 1.96 * np.sqrt(expected * (1 - 1 / bins))
            axes.axhspan(max(0.0, expected - half), expected + half, color=MUTED, alpha=0.2, linewidth=0)
            axes.set_title(f"{name[:1].upper()}{name[1:]} ({len(part)})")
            axes.set_xlim(0, 1)
            axes.set_xlabel("place of the observed in the predicted")
            axes.set_ylabel("counts")
        for axes in list(panels)[len(parts) :]:
            axes.set_visible(False)
    caption(
        figure,
        "Where observed counts lie in their predictive distributions (randomised probability integral transform). Flat is right; "
        "a heap to the right says that the model predicts too few. Grey: where 95% of the bars of a perfect model would end, if "
        "counts were independent.",
    )
    return figure


def levels_figure(scores: pd.DataFrame) -> Figure:
    """Shares of counts inside intervals of three levels, model and naive competitor."""
    rows = scores.set_index("score").loc[[f"cover_{level}" for level in LEVELS]]
    with house_style():
        figure, (axes,) = new_figure(6.4, 3.2)
        places = np.arange(len(LEVELS))
        for shift, column, colour, name in (
            (-0.17, "model", PREDICTED, "model"), (0.17, "naive", MUTED, "average of the other studies"),
        ):  # fmt: skip
            axes.bar(places + shift, rows[column], 0.32, color=colour, label=name)
        for place, level in zip(places, LEVELS, strict=True):
            axes.hlines(level / 100, place - 0.42, place + 0.42, color=INK, linewidth=1.2)
        axes.set_xticks(places, [f"{level}%" for level in LEVELS])
        axes.set_xlabel("level of the interval")
        axes.set_ylabel("counts inside")
        axes.set_ylim(0, 1.15)
        percent_axis(axes)
        axes.legend(loc="upper left", ncols=2)
    caption(figure, "Counts inside central predictive intervals; short lines are what the intervals promise.")
    return figure


def forest(rows: pd.DataFrame, unit: str, heading: str) -> Figure:
    """Observed numbers with their intervals above predictions with theirs; `rows` has columns of table and details."""
    names = [
        _short(f"{study}: {label('target', quantity)}")
        for study, quantity in zip(rows["label"], rows["quantity"], strict=True)
    ]
    with house_style():
        figure, (axes,) = new_figure(10.2, 1.1 + LINE * len(rows))
        places = np.arange(len(rows))
        missed = (rows["inside"] == False).to_numpy(dtype=bool, na_value=False)  # noqa: E712
        colours = [OUTSIDE if miss else PREDICTED for miss in missed]
        axes.hlines(
            places + 0.14, rows["predicted_low"], rows["predicted_high"], colors=colours, linewidth=3.2, alpha=0.55
        )
        axes.scatter(rows["predicted"], places + 0.14, c=colours, marker="D", s=14, zorder=3)
        axes.hlines(places - 0.18, rows["low"], rows["high"], colors=INK, linewidth=0.9)
        axes.scatter(rows["observed"], places - 0.18, c=INK, s=14, zorder=3)
        _rows(axes, names)
        axes.set_xlabel(unit)
        axes.set_title(heading)
        if unit == SHARE:
            axes.set_xlim(-0.02, 1.02)
            percent_axis(axes, "x")
    caption(
        figure,
        f"{heading}: what was observed (above, with its 95% interval) and what the model predicts at that size (below, 95% "
        f"predictive interval). Blue holds the observed number, red does not ({int(missed.sum())} of {len(rows)}).",
    )
    return figure


def calibration_plot(rows: pd.DataFrame) -> Figure:
    """Predicted against observed shares with both intervals."""
    with house_style():
        figure, (axes,) = new_figure(6.4, 6.0)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=":")
        for outcome, part in rows.groupby("outcome", sort=False):
            colour = COLOURS.get(str(outcome), MUTED)
            axes.hlines(
                part["observed"], part["predicted_low"], part["predicted_high"], colors=colour, lw=0.7, alpha=0.35
            )
            axes.vlines(part["predicted"], part["low"], part["high"], colors=colour, lw=0.7, alpha=0.35)
            axes.scatter(part["predicted"], part["observed"], s=18, color=colour, label=str(outcome), zorder=3)
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.set_xlabel("predicted share, with its 95% predictive interval")
        axes.set_ylabel("observed share, with its 95% interval")
        percent_axis(axes, "x")
        percent_axis(axes, "y")
        axes.grid(visible=True, axis="both")
        axes.legend(loc="lower right")
    caption(
        figure,
        "Every share of people: on the dotted line prediction and observation agree; above it the model predicts too few.",
    )
    return figure


def ladder_figure(ladder: pd.DataFrame) -> Figure:
    """Rungs from the mildest control arm to the most severe, with predictions and the reach of case mix."""
    with house_style():
        figure, (axes,) = new_figure(8.6, 1.3 + 0.34 * len(ladder))
        places = np.arange(len(ladder))
        axes.hlines(places, ladder["reach_low"], ladder["reach_high"], colors="#d9d9d9", linewidth=11, zorder=1)
        axes.hlines(
            places + 0.12, ladder["predicted_low"], ladder["predicted_high"], colors=PREDICTED, lw=2.4, alpha=0.7
        )
        axes.scatter(ladder["predicted"], places + 0.12, color=PREDICTED, marker="D", s=18, zorder=3, label="predicted")
        axes.hlines(places - 0.14, ladder["low"], ladder["high"], colors=INK, linewidth=1.0)
        axes.scatter(ladder["observed"], places - 0.14, color=INK, s=22, zorder=3, label="observed")
        _rows(axes, [str(rung) for rung in ladder["rung"]])
        axes.set_xlim(-0.02, 1.02)
        axes.set_xlabel("share of the control arm with the event")
        percent_axis(axes, "x")
        axes.legend(loc="upper right")
    inside = int(ladder["within_reach"].sum())
    caption(
        figure,
        "The control-arm ladder: published events without effective treatment (black), the prediction from what is known "
        "of each arm (blue), and in grey what the model gives between the mildest and the most severe people it knows. "
        f"{inside} of {len(ladder)} rungs lie within the reach of case mix.",
    )
    return figure


def structural_figure(table: pd.DataFrame, policy: str, time_years: float, policies: Mapping[str, str]) -> Figure:
    """What a policy changes under each structural alternative, with 95% Monte Carlo intervals. `policies` are labels."""
    outcomes = list(dict.fromkeys(table["outcome"]))
    rows = table[(table["policy"] == policy) & (table["time_years"] == time_years)]
    first = rows[rows["outcome"] == outcomes[0]]
    names = [f"{a}: {b}" for a, b in zip(first["assumption"], first["alternative"], strict=True)]
    names = [_short(name, 70) for name in names]
    with house_style():
        figure, panels = new_figure(11.5, 1.3 + 0.28 * len(names), 1, len(outcomes), sharey=True)
        for axes, outcome in zip(panels, outcomes, strict=True):
            part = rows[rows["outcome"] == outcome]
            half = 1.96 * part["difference_se"]
            interval_rows(axes, names, part["difference"], part["difference"] - half, part["difference"] + half)
            axes.axvline(float(part["difference"].iloc[0]), color=MUTED, linewidth=0.8, linestyle=":")
            axes.axvline(0.0, color=INK, linewidth=0.7)
            axes.set_title(labels()["outcome"][outcome], fontsize=8.5)
            percent_axis(axes, "x", points=True)
        panels[len(outcomes) // 2].set_xlabel(
            f"difference to {lower(policies[table['reference'].iloc[0]])}, percentage points"
        )
    caption(
        figure,
        f"What the policy “{policies[policy]}” changes by year {time_years:g} under each assumption, in the same people; "
        "the dotted line is the base case, lines are 95% Monte Carlo intervals.",
    )
    return figure


def _rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(np.arange(len(names)), names, fontsize=7.5)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)


def _short(text: str, letters: int = LABEL) -> str:
    return text if len(text) <= letters else text[: letters - 1].rstrip(" ,") + "…"
