"""A designed sweep as people read it: which choice is best where, and what a wrong one loses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from simulator.questions.sweep.policy_choice import TOLD_APART, Choices, called
from simulator.questions.sweep.policy_sweep import PolicySweep
from simulator.questions.sweep.sweep import Runs
from simulator.telling.formats import Formats, number, short
from simulator.telling.html import Report
from simulator.telling.outputs import OutputFolder
from simulator.telling.style import INK, OKABE_ITO, caption, house_style, new_figure, shortened

FILLS = tuple(OKABE_ITO[name] for name in ("sky", "orange", "green", "yellow", "purple", "blue", "vermillion"))
PANELS = 6
"""Choices whose losses are drawn; the table has them all."""


def answer(sweep: PolicySweep, found: Choices) -> str:
    """What the sweep says: the best choice and how much of the map is settled."""
    study = sweep.study
    where = "on average over the circumstances" if study.circumstances else "of all"
    worst = f"the worst choice loses {short(found.choices['loss'].max())}"
    equals = f" (as are {found.equals} others)" if found.equals else ""
    text = f"By {study.by} ({study.better} is better), {found.best} is best {where}{equals}; {worst}."
    edges = [f"{called(key)} {found.at_edge[key]:g}" for key in found.at_edge]
    if edges:
        text += f" It lies at the edge of what was tried ({', '.join(edges)}): a better one may lie beyond."
    if found.undecided:
        text += (
            f" In {found.undecided} of {len(found.cells)} cells of the map the best leads by less than {TOLD_APART:g}"
            " standard errors."
        )
    return text


def cell_formats(table: pd.DataFrame) -> Formats:
    """Formats of a table with values, leads or losses in the unit of the measure."""
    columns = {name: "se" if name == "value" else f"{name}_se" for name in ("value", "lead", "loss") if name in table}
    return {name: number(_digits(table[error]), se=error) for name, error in columns.items()}


def labels(table: pd.DataFrame) -> dict[str, str]:
    """Headings of the settings of policies, in words."""
    return {name: called(name) for name in table.columns if "." in name}


def policy_report(sweep: PolicySweep, runs: Runs, found: Choices, figures: dict[str, Figure]) -> Report:
    """The report of a designed sweep."""
    study = sweep.study
    varied = "; ".join(f"{key} at {', '.join(f'{level:g}' for level in levels)}" for key, levels in study.vary.items())
    how = (
        "Standard errors of losses come from differences within replicates, where every choice has the same patients."
        if study.replicates > 1
        else "With one replicate, standard errors of losses take the runs for independent, which is too wide: their"
        " patients are the same. Ten replicates of a tenth of the patients cost as much and tell more."
    )
    report = Report(study.title, answer(sweep, found)).section(
        "The sweep",
        f"{', '.join(study.policies)} by {study.by}, {study.better} is better. Varied: {varied}."
        f" {len(runs.inputs):,} runs in {study.replicates} replicate(s), {study.patients:,} patients each, seed"
        f" {study.seed}.",
    )
    report = report.note(how).section("Best choice").figure(figures["best"])
    report = report.table(
        found.cells,
        "The best choice in each cell of the map.",
        formats=cell_formats(found.cells),
        labels=labels(found.cells),
        note="Lead: how much better it is than the next choice in the cell. Loss: how far it falls short of the best of"
        " all cells in the same circumstances.",
        file="cells.csv",
    )
    ranked = found.choices.sort_values("loss", kind="stable").head(20).reset_index(drop=True)
    return (
        report.section("Loss from choosing wrongly")
        .figure(figures["loss"])
        .table(ranked, "The choices that lose least.", cell_formats(ranked), labels=labels(ranked), file="choices.csv")
    )


def best_map(sweep: PolicySweep, found: Choices) -> Figure:
    """The best choice in each cell, with its value, and hatching where it is not told apart from the next."""
    across, up = sweep.study.map
    names = list(dict.fromkeys(found.cells["choice"]))
    columns, rows = sweep.study.vary[across], sweep.study.vary[up]
    figure, (axes,) = new_figure(2.6 + 0.85 * len(columns), 1.8 + 0.55 * len(rows))
    axes.grid(visible=False)
    written = number(_digits(found.cells["se"]))
    for cell in found.cells.to_dict("records"):
        x, y = columns.index(cell[across]), rows.index(cell[up])
        fill = FILLS[names.index(cell["choice"]) % len(FILLS)]
        hatch = None if cell["decided"] else "////"
        looks: dict[str, Any] = {"facecolor": fill, "edgecolor": "white", "linewidth": 1.5, "alpha": 0.75}
        axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1.0, 1.0, hatch=hatch, **looks))
        axes.text(x, y, written.number(cell["value"]), ha="center", va="center", fontsize=8, color=INK)
    _name_cells(axes, sweep)
    handles = [
        Patch(facecolor=FILLS[i % len(FILLS)], alpha=0.75, label=shortened(each)) for i, each in enumerate(names)
    ]
    if found.undecided:
        handles.append(Patch(facecolor="white", edgecolor=INK, hatch="////", label="not told apart from the next"))
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(0, -0.12 - 0.35 / max(len(rows), 2)))
    sentence = f"The best choice by {sweep.study.by} in each cell, with its value."
    if found.undecided:
        sentence += f" Hatched cells: the best leads the next by less than {TOLD_APART:g} standard errors."
    caption(figure, sentence)
    return figure


def loss_maps(sweep: PolicySweep, found: Choices) -> Figure:
    """The loss of each choice that is left in a cell, the least losing choices first."""
    across, up = sweep.study.map
    columns, rows = sweep.study.vary[across], sweep.study.vary[up]
    losses = found.losses
    order = losses.groupby("choice", sort=False)["loss"].mean().sort_values(kind="stable").index[:PANELS]
    wide = min(len(order), 2)
    high = -(-len(order) // wide)
    figure, panels = new_figure(wide * (1.4 + 0.75 * len(columns)), high * (1.3 + 0.5 * len(rows)), high, wide)
    top = float(losses["loss"].max())
    written = number(int(np.clip(2 - np.floor(np.log10(top)), 0, 6)) if top > 0 else 0)
    for axes, choice in zip(panels, order, strict=False):
        axes.grid(visible=False)
        table = losses[losses["choice"] == choice].pivot_table(index=up, columns=across, values="loss", sort=False)
        grid = table.reindex(index=list(rows), columns=list(columns)).to_numpy()
        picture = axes.imshow(grid, origin="lower", cmap="cividis_r", vmin=0.0, vmax=top or 1.0, aspect="auto")
        for (y, x), loss in np.ndenumerate(grid):
            text = written.number(loss)
            colour = "white" if loss > 0.55 * top else INK
            axes.text(x, y, text, ha="center", va="center", fontsize=8, color=colour)
        _name_cells(axes, sweep)
        axes.set_title(str(choice), fontsize=9)
    for axes in panels[len(order) :]:
        axes.set_visible(False)
    figure.colorbar(picture, ax=panels, label=f"loss of {sweep.study.by}", shrink=0.8)
    hidden = losses["choice"].nunique() - len(order)
    more = f" The {hidden} choices that lose most are in choices.csv." if hidden else ""
    caption(
        figure,
        f"What each choice loses of {sweep.study.by} against the best in the same circumstances; 0 is the best.{more}",
    )
    return figure


def write_policy_sweep(folder: OutputFolder, sweep: PolicySweep, runs: Runs, found: Choices) -> None:
    """Put the tables, figures, runs and report of a designed sweep into an output folder."""
    folder.table("choices", found.choices)
    folder.table("cells", found.cells)
    folder.table("losses", found.losses)
    folder.per_patient("runs", runs.table())
    with house_style():
        figures = {"best": best_map(sweep, found), "loss": loss_maps(sweep, found)}
    for name, figure in figures.items():
        folder.figure(name, figure)
    folder.report(policy_report(sweep, runs, found, figures))


def _digits(errors: pd.Series[float]) -> int:
    """Decimals that show two digits of the smallest standard error."""
    seen = errors[errors > 0]
    return int(np.clip(1 - np.floor(np.log10(seen.min())), 0, 6)) if len(seen) else 3


def _name_cells(axes: Axes, sweep: PolicySweep) -> None:
    across, up = sweep.study.map
    columns, rows = sweep.study.vary[across], sweep.study.vary[up]
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(-0.5, len(rows) - 0.5)
    axes.set_xticks(range(len(columns)), [f"{level:g}" for level in columns])
    axes.set_yticks(range(len(rows)), [f"{level:g}" for level in rows])
    axes.set_xlabel(called(across))
    axes.set_ylabel(called(up))
