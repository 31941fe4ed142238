"""Figures of a study: bars with intervals, tornado, Morris plane, panels of the strongest inputs, convergence, grid."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from simulator.questions.sweep.indices import HEADLINE, strengths
from simulator.questions.sweep.inputs import Floats
from simulator.questions.sweep.results import Results
from simulator.questions.sweep.sweep import Runs, Sweep
from simulator.telling.style import (
    INK,
    MUTED,
    OKABE_ITO,
    End,
    band,
    caption,
    direct_label,
    house_style,
    label_ends,
    new_figure,
)

MOST = 15
"""Parameters that a figure shows; the table has them all."""
PANELS = 4
BINS = 12
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


def draw_figures(sweep: Sweep, runs: Runs, results: Results) -> dict[str, Figure]:
    """The figures of a study by file name: for each output those that its method has. Constant outputs have none."""
    figures: dict[str, Figure] = {}
    method = sweep.design.method.name
    names = file_names(runs.outputs)
    with house_style():
        for number, output in enumerate(runs.outputs):
            table = results.indices[results.indices["output"] == output]
            headline = table[table["index"] == HEADLINE[method]]
            if headline["value"].isna().all():
                continue
            name = names[output]
            ranked = _strongest(headline, method)
            if method == "one_way":
                figures[f"tornado_{name}"] = tornado(output, table, float(runs.means[0, number]))
            else:
                figures[f"indices_{name}"] = bars(output, table, ranked, method)
            if method == "morris" and table.loc[table["index"] == "sigma", "value"].notna().any():
                figures[f"morris_{name}"] = morris_plane(output, table)
            if method == "grid":
                if len(sweep.space.factors) == 2:
                    figures[f"grid_{name}"] = heat_map(output, sweep, runs, number)
            elif method != "one_way":
                figures[f"inputs_{name}"] = binned_means(output, sweep, runs, number, ranked)
                path = results.convergence[results.convergence["output"] == output]
                if path["size"].min() < path["size"].max():
                    settled = results.ranking[results.ranking["output"] == output]
                    figures[f"convergence_{name}"] = convergence(
                        output, path, settled, ranked, sweep.design.method.counts
                    )
    return figures


def bars(output: str, table: pd.DataFrame, ranked: list[str], method: str) -> Figure:
    """The ranking index of each parameter with its interval, beside the first-order index where there is one."""
    headline = HEADLINE[method]
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
    beyond = ", where it is more than 0.02" if method == "fast" else ""
    extra = f" A gap between total and alone is interaction{beyond}." if len(shown) > 1 else ""
    caption(figure, f"What drives {output}: the longest bar matters most.{_lines(table)}{extra}{_cut(table, ranked)}")
    return figure


def tornado(output: str, table: pd.DataFrame, base: float) -> Figure:
    """The output at both ends of each parameter's range, around its base."""
    ranked = _strongest(table[table["index"] == "swing"], "one_way")
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


def morris_plane(output: str, table: pd.DataFrame) -> Figure:
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
    named = [place for place in np.argsort(-x, kind="stable")[:MOST] if np.isfinite(y[place])]
    label_ends(axes, [End(x[place], y[place], str(size.index[place]), FIRST) for place in named], size=8)
    caption(
        figure,
        f"Parameters to the right matter for {output}; those above the dotted line act through interactions or bends; "
        "those near the origin can be left at their base."
        + (" Lines are intervals of mu*." if _lines(table) else "")
        + (" Groups have no spread and are not shown." if (~np.isfinite(y)).any() else "")
        + (f" The {MOST} strongest are named." if len(x) > MOST else ""),
    )
    return figure


def binned_means(output: str, sweep: Sweep, runs: Runs, number: int, ranked: list[str]) -> Figure:
    """Mean output over equal parts of the range of the strongest inputs, with the middle 80% of the runs."""
    space = sweep.space
    labels = space.factors if space.groups is None else space.groups
    inputs = [i for label in ranked for i, c in enumerate(space.column) if labels[c] == label][:PANELS]
    figure, panels = new_figure(7.2, 2.9 * ((len(inputs) + 1) // 2), (len(inputs) + 1) // 2, min(2, len(inputs)))
    values = runs.means[:, number]
    for axes, i in zip(panels, inputs, strict=False):
        x = runs.inputs[:, i]
        place = _bins(x)
        groups = [values[place == b] for b in np.unique(place)]
        centre = np.array([x[place == b].mean() for b in np.unique(place)])
        low, high = (np.array([np.quantile(group, q) for group in groups]) for q in (0.1, 0.9))
        band(axes, centre, low, high, FIRST)
        axes.plot(centre, [group.mean() for group in groups], color=FIRST, marker="o", markersize=3)
        unit = space.inputs[i].unit
        axes.set_xlabel(f"{space.names[i]} ({unit})" if unit else space.names[i])
    for axes in panels[len(inputs) :]:
        axes.set_visible(False)
    figure.suptitle(output, fontsize=10, fontweight="bold", x=0.01, ha="left")
    few = ""
    if sweep.design.method.name == "morris":
        few = (
            f" With {sweep.design.size} trajectories these means also carry whatever else happened to vary; the effects"
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


def heat_map(output: str, sweep: Sweep, runs: Runs, number: int) -> Figure:
    """The output over a grid of two factors."""
    levels = sweep.design.size
    table = runs.means[:, number].reshape(levels, levels)
    columns = [int(np.flatnonzero(sweep.space.column == factor)[0]) for factor in range(2)]
    across = runs.inputs[:levels, columns[1]]
    up = runs.inputs[::levels, columns[0]]
    figure, (axes,) = new_figure(6.4, 4.8)
    axes.grid(visible=False)
    picture = axes.pcolormesh(across, up, table, cmap="cividis", shading="nearest")
    axes.set_xlabel(sweep.space.names[columns[1]])
    axes.set_ylabel(sweep.space.names[columns[0]])
    figure.colorbar(picture, ax=axes, label=output)
    caption(figure, f"{output} over two parameters, the others at their base.")
    return figure


def _bins(x: Floats) -> NDArray[np.intp]:
    """The part of its range, of about equal numbers of runs, to which each value belongs; levels are kept apart."""
    levels, place = np.unique(x, return_inverse=True)
    if len(levels) <= BINS:
        return place
    edges = np.unique(np.quantile(x, np.linspace(0, 1, BINS + 1)))
    return np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2)


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


def _strongest(headline: pd.DataFrame, method: str) -> list[str]:
    order = strengths(method, headline["value"]).sort_values(ascending=False, kind="stable").index[:MOST]
    return [str(parameter) for parameter in headline.loc[order, "parameter"]]


def _name_rows(axes: Axes, places: np.ndarray, names: list[str]) -> None:
    axes.set_yticks(places, names)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")


def _lines(table: pd.DataFrame) -> str:
    return " Lines are intervals." if table["low"].notna().any() else ""


def _cut(table: pd.DataFrame, ranked: list[str]) -> str:
    hidden = table[~table["index"].eq("S2")]["parameter"].nunique() - len(ranked)
    return f" The {hidden} weaker parameters are in indices.csv." if hidden > 0 else ""


def file_names(outputs: tuple[str, ...]) -> dict[str, str]:
    """A plain name for every output, different for different outputs."""
    names: dict[str, str] = {}
    for number, output in enumerate(outputs):
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in output)
        names[output] = f"{plain}-{number + 1}" if plain in names.values() else plain
    return names
