"""Would a larger study say the same? Indices from the first part of the runs, and whether the ranking stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from simulator.questions.sweep.methods.designs import Design
from simulator.questions.sweep.methods.indices import HEADLINE, Index, strengths

PARTS = (8, 4, 2, 1)
"""Parts of the study: an eighth, a quarter, half and all of it."""
TOP = 5

CONVERGENCE = ("output", "parameter", "index", "size", "value", "low", "high")
RANKING = ("output", "size", "rank_correlation", "top", "top_shared")


def sizes(design: Design) -> tuple[int, ...]:
    """The sizes of the nested subsets, smallest first; only the study's own where its design does not grow."""
    if not design.method.grows:
        return (design.size,)
    return tuple(design.size // part for part in PARTS if design.size // part >= design.method.smallest or part == 1)


def subset(design: Design, size: int) -> Design:
    """The design of a smaller size, which is the first part of the larger."""
    return Design(design.method, size, design.points[design.first(size)], design.block, design.second_order)


def convergence_table(
    output: str, design: Design, whole: Sequence[Index], indices_at: Callable[[Design], Sequence[Index]]
) -> pd.DataFrame:
    """The ranking index of each parameter at each size, from those of the whole study.

    `indices_at` analyses a subset of the runs.
    """
    headline = HEADLINE[design.method.name]
    rows = [
        (output, each.parameter, each.index, size, each.value, each.low, each.high)
        for size in sizes(design)
        for each in (whole if size == design.size else indices_at(subset(design, size)))
        if each.index == headline
    ]
    return pd.DataFrame(rows, columns=list(CONVERGENCE))


def ranking_table(convergence: pd.DataFrame, method: str) -> pd.DataFrame:
    """How far the ranking at each size is that of the whole study.

    `rank_correlation` is Spearman's, `top_shared` the number of the study's first `top` parameters that are among the
    first at that size already.
    """
    rows = []
    for output, of_output in convergence.groupby("output", sort=False):
        ranked = of_output.assign(strength=strengths(method, of_output["value"]))
        wide = ranked.pivot_table(index="parameter", columns="size", values="strength", dropna=False, sort=False)
        final = wide[wide.columns.max()]
        top = min(TOP, len(final))
        for size in sorted(wide.columns):
            here = wide[size]
            known = len(here) > 1 and bool(np.ptp(here) > 0) and bool(np.ptp(final) > 0)
            agreement = float(spearmanr(here, final).statistic) if known else np.nan
            shared = len(set(here.nlargest(top).index) & set(final.nlargest(top).index)) if known else 0
            rows.append((output, int(size), agreement, top, shared))
    return pd.DataFrame(rows, columns=list(RANKING))
