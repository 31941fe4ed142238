"""Figures of a designed sweep: which choice is best where, and what a wrong one loses."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from simulator.telling.colours import OKABE_ITO
from simulator.telling.direct_labels import shortened
from simulator.telling.formats import Format
from simulator.telling.style import INK, caption, house_style, new_figure
from simulator.words.findings import Findings

FILLS = tuple(OKABE_ITO[name] for name in ("sky", "orange", "green", "yellow", "purple", "blue", "vermillion"))
PANELS = 6
"""Choices whose losses are drawn; the table has them all."""


def figures(findings: Findings) -> dict[str, Figure]:
    """The map of the best choices and the maps of losses."""
    with house_style():
        return {"best": best_map(findings), "loss": loss_maps(findings)}


def best_map(findings: Findings) -> Figure:
    """The best choice in each cell, with its value, and hatching where it is not told apart from the next."""
    facts, cells = findings.facts, findings.tables["cells"]
    across, up, columns, rows = _map(facts)
    names = list(dict.fromkeys(cells["choice"]))
    figure, (axes,) = new_figure(2.6 + 0.85 * len(columns), 1.8 + 0.55 * len(rows))
    axes.grid(visible=False)
    written = Format(facts["digits"]["cells"])
    for cell in cells.to_dict("records"):
        x, y = columns.index(cell[across]), rows.index(cell[up])
        fill = FILLS[names.index(cell["choice"]) % len(FILLS)]
        hatch = None if cell["decided"] else "////"
        looks: dict[str, Any] = {"facecolor": fill, "edgecolor": "white", "linewidth": 1.5, "alpha": 0.75}
        axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1.0, 1.0, hatch=hatch, **looks))
        axes.text(x, y, written.number(cell["value"]), ha="center", va="center", fontsize=8, color=INK)
    _name_cells(axes, facts)
    handles = [
        Patch(facecolor=FILLS[i % len(FILLS)], alpha=0.75, label=shortened(each)) for i, each in enumerate(names)
    ]
    if facts["undecided"]:
        handles.append(Patch(facecolor="white", edgecolor=INK, hatch="////", label="not told apart from the next"))
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(0, -0.12 - 0.35 / max(len(rows), 2)))
    sentence = f"The best choice by {facts['by']} in each cell, with its value."
    if facts["undecided"]:
        sentence += f" Hatched cells: the best leads the next by less than {facts['told_apart']:g} standard errors."
    caption(figure, sentence)
    return figure


def loss_maps(findings: Findings) -> Figure:
    """The loss of each choice that is left in a cell, the least losing choices first."""
    facts, losses = findings.facts, findings.tables["losses"]
    across, up, columns, rows = _map(facts)
    order = losses.groupby("choice", sort=False)["loss"].mean().sort_values(kind="stable").index[:PANELS]
    wide = min(len(order), 2)
    high = -(-len(order) // wide)
    figure, panels = new_figure(wide * (1.4 + 0.75 * len(columns)), high * (1.3 + 0.5 * len(rows)), high, wide)
    top = float(losses["loss"].max())
    written = Format(facts["digits"]["loss"])
    for axes, choice in zip(panels, order, strict=False):
        axes.grid(visible=False)
        table = losses[losses["choice"] == choice].pivot_table(index=up, columns=across, values="loss", sort=False)
        grid = table.reindex(index=list(rows), columns=list(columns)).to_numpy()
        picture = axes.imshow(grid, origin="lower", cmap="cividis_r", vmin=0.0, vmax=top or 1.0, aspect="auto")
        for (y, x), loss in np.ndenumerate(grid):
            text = written.number(loss)
            colour = "white" if loss > 0.55 * top else INK
            axes.text(x, y, text, ha="center", va="center", fontsize=8, color=colour)
        _name_cells(axes, facts)
        axes.set_title(str(choice), fontsize=9)
    for axes in panels[len(order) :]:
        axes.set_visible(False)
    figure.colorbar(picture, ax=panels, label=f"loss of {facts['by']}", shrink=0.8)
    hidden = losses["choice"].nunique() - len(order)
    more = f" The {hidden} choices that lose most are in choices.csv." if hidden else ""
    caption(
        figure,
        f"What each choice loses of {facts['by']} against the best in the same circumstances; 0 is the best.{more}",
    )
    return figure


def _map(facts: Any) -> tuple[str, str, list[float], list[float]]:
    """The two inputs of the map, across and up, and their levels."""
    across, up = facts["map"]["across"], facts["map"]["up"]
    return across, up, facts["vary"][across], facts["vary"][up]


def _name_cells(axes: Axes, facts: Any) -> None:
    across, up, columns, rows = _map(facts)
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(-0.5, len(rows) - 0.5)
    axes.set_xticks(range(len(columns)), [f"{level:g}" for level in columns])
    axes.set_yticks(range(len(rows)), [f"{level:g}" for level in rows])
    axes.set_xlabel(facts["called"][across])
    axes.set_ylabel(facts["called"][up])
