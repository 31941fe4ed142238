"""Figures of a calibration: shares, predictive intervals, prior against posterior, correlations, recovery."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from simulator.telling.colours import OKABE_ITO
from simulator.telling.columns import label, labels
from simulator.telling.formats import heading
from simulator.telling.style import INK, MUTED, caption, house_style, new_figure
from simulator.words.findings import Findings

ABREAST = 3
"""Panels of parameters side by side."""
TITLE = 44
"""Letters of a line in the title of such a panel."""
STRONG = 0.25
"""Rank correlations from which on a cell says its number."""


def figures(findings: Findings) -> dict[str, Figure]:
    """Every figure by its file name, in the order of the report."""
    tables = findings.tables
    drawn = {"targets": shares_figure(tables["targets"]), "predictive": predictive_figure(tables["predictive"])}
    if "movement" in tables:
        drawn["prior_posterior"] = movement_figure(tables["densities"], findings.facts["labels"]["parameter"])
        drawn["pairs"] = pairs_figure(tables["correlations"])
    if "coverage" in tables:
        drawn["coverage"] = coverage_figure(tables["coverage"])
    return drawn


def shares_figure(targets: pd.DataFrame) -> Figure:
    """Observed shares with exact intervals, and the simulated ones."""
    ratios = targets["target"].str.startswith("risk_ratio")
    shares = targets[(targets["high"] <= 1.0) & (targets["observed"] <= 1.0) & ~ratios].reset_index(drop=True)
    with house_style():
        figure, (axes,) = new_figure(7.2, 0.22 * len(shares) + 1.2)
        y = np.arange(len(shares))[::-1]
        axes.hlines(y, shares["low"], shares["high"], color=MUTED, lw=1.2)
        axes.plot(shares["observed"], y, "o", color=INK, ms=4, label="observed, 95% interval")
        axes.plot(shares["simulated"], y, "D", color=OKABE_ITO["vermillion"], ms=4, label="simulated")
        axes.set_yticks(y, [label("target", name) for name in shares["target"]], fontsize=7)
        axes.set_xlim(0.0, 1.0)
        axes.set_xlabel("share of patients")
        axes.set_ylim(-0.7, len(shares) - 0.3)
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, frameon=False, fontsize=8)
        caption(figure, "Diamonds on or near the dots: the fitted model reproduces the study's tables cell by cell.")
    return figure


def predictive_figure(predictive: pd.DataFrame) -> Figure:
    """Observed values on the scale of their predictive intervals."""
    width = (predictive["high"] - predictive["low"]).replace(0.0, np.nan) / 2.0
    middle = (predictive["high"] + predictive["low"]) / 2.0
    with house_style():
        figure, (axes,) = new_figure(7.2, 0.2 * len(predictive) + 1.2)
        y = np.arange(len(predictive))[::-1]
        axes.axvspan(-1.0, 1.0, color=OKABE_ITO["sky"], alpha=0.25, lw=0)
        axes.plot((predictive["observed"] - middle) / width, y, "o", color=INK, ms=4)
        axes.set_yticks(y, [label("target", name) for name in predictive["target"]], fontsize=7)
        axes.set_ylim(-0.7, len(predictive) - 0.3)
        axes.set_xlabel("observed value; the band is the 95% predictive interval of each number")
        caption(
            figure,
            "Dots inside the band: the study's numbers are where a cohort of fifty from the model could have put them.",
        )
    return figure


def movement_figure(densities: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    """Prior and posterior density of each fitted parameter, a panel each."""
    parts = densities.groupby("parameter", sort=False)
    lines = -(-len(parts) // ABREAST)
    with house_style():
        figure, panels = new_figure(9.0, 1.8 * lines, lines, ABREAST)
        for axes, (name, part) in zip(panels, parts, strict=False):
            edges = [*part["low"], part["high"].iloc[-1]]
            axes.stairs(part["prior"], edges, fill=True, color=MUTED, alpha=0.35)
            axes.stairs(part["posterior"], edges, color=OKABE_ITO["blue"], lw=1.4)
            axes.set_title(fill(names[str(name)], TITLE), fontsize=7, fontweight="normal")
            axes.set_yticks([])
            axes.tick_params(labelsize=6)
        for axes in panels[len(parts) :]:
            axes.set_visible(False)
        caption(
            figure,
            "Grey: prior. Blue: posterior. Where the two agree, the data said nothing and the prior decides.",
        )
    return figure


def pairs_figure(pairs: pd.DataFrame) -> Figure:
    """Rank correlations between all pairs of fitted parameters, by their names in the register."""
    names = list(dict.fromkeys([*pairs["parameter"], *pairs["other"]]))
    correlation = np.eye(len(names))
    for one, other, value in zip(pairs["parameter"], pairs["other"], pairs["correlation"], strict=True):
        i, j = names.index(one), names.index(other)
        correlation[i, j] = correlation[j, i] = value
    with house_style():
        figure, (axes,) = new_figure(8.0, 7.0)
        axes.grid(visible=False)
        image = axes.imshow(correlation, cmap="PuOr", vmin=-1, vmax=1)
        words = [name.replace("_", " ") for name in names]
        axes.set_xticks(range(len(names)), words, rotation=90, fontsize=6)
        axes.set_yticks(range(len(names)), words, fontsize=6)
        for i in range(len(names)):
            for j in range(len(names)):
                if i != j and abs(correlation[i, j]) >= STRONG:
                    axes.text(j, i, f"{correlation[i, j]:.1f}", ha="center", va="center", fontsize=5)
        figure.colorbar(image, ax=axes, shrink=0.6, label="rank correlation")
        caption(figure, "Strong colours mark parameters that the data identify only together, not one by one.")
    return figure


def coverage_figure(recovered: pd.DataFrame) -> Figure:
    """Intervals of each synthetic cohort against its truth, and the ranks of the truths."""
    outcomes = list(dict.fromkeys(recovered["outcome"]))
    with house_style():
        figure, panels = new_figure(9.0, 5.5, 2, len(outcomes))
        for k, name in enumerate(outcomes):
            part = recovered[recovered["outcome"] == name].sort_values("truth").reset_index(drop=True)
            top, bottom = panels[k], panels[len(outcomes) + k]
            colours = np.where(part["inside"], OKABE_ITO["blue"], OKABE_ITO["vermillion"])
            top.vlines(part.index, part["low"], part["high"], colors=list(colours), lw=0.8)
            top.plot(part.index, part["truth"], ".", color=INK, ms=3)
            said = labels()["outcome"].get(name, heading(name))
            top.set_title(f"{said}: {int(part['inside'].sum())} of {len(part)}")
            top.set_xticks([])
            bottom.hist(part["rank"], list(np.linspace(0, 1, 11)), color=MUTED)
            bottom.axhline(len(part) / 10, color=INK, lw=0.8, ls="--")
            bottom.set_xlabel("rank of the truth in its posterior")
        caption(
            figure,
            "Above: 90% intervals of synthetic cohorts (red: missed the true dot). Below: flat ranks mean honest uncertainty.",
        )
    return figure
