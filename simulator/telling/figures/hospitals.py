"""The figure of the fit of hospitals: ranks of truths in synthetic literatures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import binom

from simulator.telling.columns import labels
from simulator.telling.formats import heading
from simulator.telling.style import INK, MUTED, caption, house_style, new_figure
from simulator.words.findings import Findings

ABREAST = 3
BINS = 5


def figures(findings: Findings) -> dict[str, Figure]:
    """The ranks, where the fit was tried on synthetic literatures."""
    return {"ranks": rank_figure(findings.tables["ranks"])} if "ranks" in findings.tables else {}


def rank_figure(ranks: pd.DataFrame) -> Figure:
    """Histograms of the ranks of truths, a panel a quantity: flat where the fit is calibrated."""
    names = list(dict.fromkeys(ranks["quantity"]))
    lines = -(-len(names) // ABREAST)
    with house_style():
        figure, panels = new_figure(8.6, 2.1 * lines, lines, ABREAST)
        for axes, name in zip(panels, names, strict=False):
            part = ranks[ranks["quantity"] == name]
            axes.hist(part["rank"], list(np.linspace(0, 1, BINS + 1)), color=MUTED, edgecolor="white")
            low, high = (float(binom.ppf(p, len(part), 1 / BINS)) for p in (0.025, 0.975))
            axes.axhspan(low, high, color=INK, alpha=0.12, linewidth=0)
            axes.axhline(len(part) / BINS, color=INK, linewidth=0.8)
            axes.set_title(labels()["hospital_quantity"].get(str(name), heading(str(name))))
            axes.set_xlabel("rank of the truth")
            axes.set_ylabel("literatures")
        for axes in list(panels)[len(names) :]:
            axes.set_visible(False)
        caption(
            figure,
            "Ranks of truths among posterior draws in synthetic literatures: flat is right, the line is what chance expects,"
            " the band holds a bar in 95 of 100.",
        )
    return figure
