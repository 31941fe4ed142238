"""Figures of a sensitivity study: bars with intervals, tornado, Morris plane, the strongest inputs, convergence, grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator.telling.colours import OKABE_ITO
from simulator.telling.direct_labels import End, direct_label, label_ends
from simulator.telling.style import INK, MUTED, band, caption, house_style, new_figure
from simulator.words.findings import Findings

FIRST, SECOND = OKABE_ITO["blue"], OKABE_ITO["orange"]
LINES = tuple(OKABE_ITO[name] for name in ("blue", "vermillion", "green", "purple", "black", "orange", "sky"))

WORDS = {
    "S1": "alone",
    "ST": "in total",
    "mu_star": "mean size of the effect",
    "dgsm": "upper bound of the total share of the variance",
    "median": "shift of the distribution (median PAWN)",
    "largest": "distance between regions",
    "main_effect": "share of the variance over the grid",
}


def figures(findings: Findings) -> dict[str, Figure]:
    """The figures of a study by file name: for each output those that its method has. Constant outputs have none."""
    drawn: dict[str, Figure] = {}
    facts, tables = findings.facts, findings.tables
    method, counts = facts["method"]["name"], facts["method"]["counts"]
    with house_style():
        for each in facts["outputs"]:
            output, name, ranked = each["name"], each["file"], each["ranked"][: facts["most"]]
            if not ranked:
                continue
            table = tables["indices"][tables["indices"]["output"] == output]
            if method == "one_way":
                drawn[f"tornado_{name}"] = tornado(output, table, ranked, each["base"])
            else:
                drawn[f"indices_{name}"] = bars(output, table, ranked, facts["method"])
            if method == "morris" and table.loc[table["index"] == "sigma", "value"].notna().any():
                drawn[f"morris_{name}"] = morris_plane(output, table, facts["most"])
            if "grid" in tables:
                drawn[f"grid_{name}"] = heat_map(output, tables["grid"])
            if "effects" in tables:
                few = facts["method"]["size"] if method == "morris" else 0
                drawn[f"inputs_{name}"] = binned_means(output, tables["effects"], few)
            if "convergence" in tables:
                path = tables["convergence"][tables["convergence"]["output"] == output]
                if path["size"].min() < path["size"].max():
                    settled = tables["ranking"][tables["ranking"]["output"] == output]
                    drawn[f"convergence_{name}"] = convergence(output, path, settled, ranked, counts)
    return drawn


def bars(output: str, table: pd.DataFrame, ranked: list[str], method: dict[str, Any]) -> Figure:
    """The ranking index of each parameter with its interval, beside the first-order index where there is one."""
    headline = method["headline"]
    shown = [headline, "S1"] if headline == "ST" else [headline]
    figure, (axes,) = new_figure(7.2, 1.2 + 0.3 * len(ranked))
    places = np.arange(len(ranked))[::-1]
    thick = 0.7 / len(shown)
    for i, index in enumerate(shown):
        rows = table[table["index"] == index].set_index("parameter").loc[ranked]
        centre = places + thick * ((len(shown) - 1) / 2 - i)
        axes.barh(centre, rows["value"], height=thick, color=(FIRST, SECOND)[i], label=WORDS.get(index, index))
        if i == 0:
            _mark_noise(axes, centre, thick, rows, table)
        axes.hlines(centre, rows["low"], rows["high"], color=INK, linewidth=1.0)
    _name_rows(axes, places, ranked)
    axes.axvline(0.0, color=MUTED, linewidth=0.7)
    axes.set_xlabel(WORDS.get(headline, headline) if len(shown) == 1 else "share of the variance")
    axes.set_title(output)
    if len(axes.containers) > 1:
        axes.legend(loc="lower right")
    # What FAST leaves out is up to 0.015 of the Ishigami function's variance.
    beyond = ", where it is more than 0.02" if method["name"] == "fast" else ""
    extra = f" A gap between total and alone is interaction{beyond}." if len(shown) > 1 else ""
    caption(figure, f"What drives {output}: the longest bar matters most.{_lines(table)}{extra}{_cut(table, ranked)}")
    return figure


def tornado(output: str, table: pd.DataFrame, ranked: list[str], base: float) -> Figure:
    """The output at both ends of each parameter's range, around its base."""
    ends = {end: table[table["index"] == end].set_index("parameter").loc[ranked] for end in ("at_low", "at_high")}
    figure, (axes,) = new_figure(7.2, 1.2 + 0.3 * len(ranked))
    places = np.arange(len(ranked))[::-1]
    for end, colour, word in (("at_low", SECOND, "lowest value"), ("at_high", FIRST, "highest value")):
        rows = ends[end]
        axes.barh(places, rows["value"] - base, left=base, height=0.62, color=colour, label=word)
        axes.hlines(places, rows["low"], rows["high"], color=INK, linewidth=1.0)
    axes.axvline(base, color=INK, linewidth=0.9)
    _name_rows(axes, places, ranked)
    axes.set_xlabel(output)
    axes.set_title(output)
    axes.legend(loc="lower right")
    caption(
        figure,
        f"One parameter at a time moves {output} from its base ({base:.4g}) to what it is at either end of the "
        f"parameter's range; lines are Monte Carlo intervals.{_cut(table, ranked)}",
    )
    return figure


def morris_plane(output: str, table: pd.DataFrame, most: int) -> Figure:
    """Mean size of the elementary effects against their spread."""
    size = table[table["index"] == "mu_star"].set_index("parameter")
    spread = table[table["index"] == "sigma"].set_index("parameter")["value"]
    figure, (axes,) = new_figure(7.2, 4.6)
    x = size["value"].to_numpy()
    y = spread.reindex(size.index).to_numpy()
    axes.hlines(y, size["low"], size["high"], color=FIRST, linewidth=1.0, alpha=0.6)
    axes.plot(x, y, "o", color=FIRST)
    reach = float(np.nanmax(x)) * 1.15
    axes.plot([0, reach], [0, reach], color=MUTED, linewidth=0.8, linestyle=":")
    axes.set_xlim(left=0)
    axes.set_ylim(0, (1.15 * float(np.nanmax(y)) if np.isfinite(y).any() else 0.0) or 1.0)
    axes.set_xlabel("mean size of the effect (mu*)")
    axes.set_ylabel("spread of the effect (sigma)")
    axes.set_title(output)
    named = [place for place in np.argsort(-x, kind="stable")[:most] if np.isfinite(y[place])]
    label_ends(axes, [End(x[place], y[place], str(size.index[place]), FIRST) for place in named], size=8)
    caption(
        figure,
        f"Parameters to the right matter for {output}; those above the dotted line act through interactions or bends; "
        "those near the origin can be left at their base."
        + (" Lines are intervals of mu*." if _lines(table) else "")
        + (" Groups have no spread and are not shown." if (~np.isfinite(y)).any() else "")
        + (f" The {most} strongest are named." if len(x) > most else ""),
    )
    return figure


def binned_means(output: str, effects: pd.DataFrame, trajectories: int) -> Figure:
    """Mean output over equal parts of the range of the strongest inputs, with the middle 80% of the runs."""
    own = effects[effects["output"] == output]
    inputs = list(dict.fromkeys(own["input"]))
    figure, panels = new_figure(7.2, 2.9 * ((len(inputs) + 1) // 2), (len(inputs) + 1) // 2, min(2, len(inputs)))
    for axes, name in zip(panels, inputs, strict=False):
        rows = own[own["input"] == name]
        band(axes, rows["centre"], rows["low"], rows["high"], FIRST)
        axes.plot(rows["centre"], rows["mean"], color=FIRST, marker="o", markersize=3)
        unit = rows["unit"].iloc[0]
        axes.set_xlabel(f"{name} ({unit})" if unit else name)
    for axes in panels[len(inputs) :]:
        axes.set_visible(False)
    figure.suptitle(output, fontsize=10, fontweight="bold", x=0.01, ha="left")
    few = ""
    if trajectories:
        few = (
            f" With {trajectories} trajectories these means also carry whatever else happened to vary; the effects"
            " themselves are in the other figures."
        )
    caption(
        figure, f"How {output} moves with its strongest inputs: means of the runs, with their middle 80% shaded.{few}"
    )
    return figure


def convergence(output: str, path: pd.DataFrame, settled: pd.DataFrame, ranked: list[str], counts: str) -> Figure:
    """The ranking index of the strongest parameters against the size of the study, and how far the ranking stands."""
    figure, (axes, below) = new_figure(7.2, 5.8, 2, 1, height_ratios=[3, 1.2])
    for parameter, colour in zip(ranked, LINES, strict=False):
        rows = path[path["parameter"] == parameter].sort_values("size")
        band(axes, rows["size"], rows["low"], rows["high"], colour)
        axes.plot(rows["size"], rows["value"], color=colour, marker="o", label=parameter)
    axes.set_xscale("log", base=2)
    ticks = sorted(path["size"].unique())
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    index = str(path["index"].iloc[0])
    axes.set_ylabel("share of the variance, in total" if index == "ST" else WORDS.get(index, index))
    axes.set_title(output)
    direct_label(axes)
    top = int(settled["top"].iloc[0])
    below.plot(settled["size"], settled["rank_correlation"], color=FIRST, marker="o", label="rank correlation, all")
    shared = settled["top_shared"] / settled["top"]
    below.plot(settled["size"], shared, color=SECOND, marker="s", label=f"share of the first {top}")
    below.set_xscale("log", base=2)
    below.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    below.set_ylim(min(0.0, float(settled["rank_correlation"].min()) - 0.05), 1.08)
    below.set_xlabel(f"size of the study ({counts})")
    below.set_ylabel("ranking as in the end")
    direct_label(below)
    caption(
        figure,
        f"Would a larger study of {output} say the same? Above, flat lines"
        f"{' whose bands are apart' if path['low'].notna().any() else ''} mean that values have settled; below, lines near"
        " 1 before the last size mean that the ranking has. The smaller sizes are the first part of the same runs.",
    )
    return figure


def heat_map(output: str, grid: pd.DataFrame) -> Figure:
    """The output over a grid of two factors."""
    own = grid[grid["output"] == output]
    table = own.pivot_table(index="y", columns="x", values="value")
    figure, (axes,) = new_figure(6.4, 4.8)
    axes.grid(visible=False)
    picture = axes.pcolormesh(table.columns, table.index, table.to_numpy(), cmap="cividis", shading="nearest")
    axes.set_xlabel(own["across"].iloc[0])
    axes.set_ylabel(own["up"].iloc[0])
    figure.colorbar(picture, ax=axes, label=output)
    caption(figure, f"{output} over two parameters, the others at their base.")
    return figure


def _mark_noise(axes: Axes, centre: np.ndarray, thick: float, rows: pd.DataFrame, table: pd.DataFrame) -> None:
    """Hatch the part of each bar that may be noise, and point out the values from which noise was removed."""
    noise = np.minimum(rows["noise"], rows["value"].abs())
    if (noise > 0.005 * rows["value"].abs().max()).any():
        axes.barh(
            centre,
            -noise,
            left=rows["value"],
            height=thick,
            facecolor=FIRST,
            edgecolor="white",
            hatch="/////",
            linewidth=0.0,
            label="of which noise, at most",
        )
    free = table[table["index"] == "ST_noise_free"].set_index("parameter").reindex(rows.index)
    if free["value"].notna().any():
        axes.plot(free["value"], centre, "D", color=INK, markerfacecolor="white", label="in total, without noise")


def _name_rows(axes: Axes, places: np.ndarray, names: list[str]) -> None:
    axes.set_yticks(places, names)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")


def _lines(table: pd.DataFrame) -> str:
    return " Lines are intervals." if table["low"].notna().any() else ""


def _cut(table: pd.DataFrame, ranked: list[str]) -> str:
    hidden = table[~table["index"].eq("S2")]["parameter"].nunique() - len(ranked)
    return f" The {hidden} weaker parameters are in indices.csv." if hidden > 0 else ""
