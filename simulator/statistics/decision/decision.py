"""One whole decision analysis: frontier, acceptability, expected loss and value of information of some results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from simulator.statistics.decision.incremental import against, incremental_analysis
from simulator.statistics.decision.net_benefit import PROBABILITY, acceptability
from simulator.statistics.decision.population import Population
from simulator.statistics.decision.results import CostEffectResults, totals
from simulator.statistics.decision.voi import FEWEST_DRAWS, information_table
from simulator.words.errors import BadInput, Problem, nearest

CURVE_POINTS = 201
"""Thresholds of the curves, evenly from 0 to twice the highest threshold asked for."""
DEFAULT_THRESHOLDS = 4


@dataclass(frozen=True)
class Decision:
    """What an analysis found. The probabilistic tables are missing where only means were analysed.

    `totals`: see `results.totals`; `frontier`: `incremental.incremental_analysis`; `against`: `incremental.against` the
    comparator; `curves`: `net_benefit.acceptability` over the grid and the thresholds; `information`:
    `voi.information_table` at the thresholds, and EVPI along the grid; `net_benefit`: `net_benefit_of_means`, where only means
    were analysed at thresholds. `usual_thresholds`: nobody gave any. `few_draws`: too few to value single parameters.
    """

    results: CostEffectResults
    thresholds: tuple[float, ...]
    comparator: str
    population: Population | None
    totals: pd.DataFrame
    frontier: pd.DataFrame
    against: pd.DataFrame | None = None
    curves: pd.DataFrame | None = None
    information: pd.DataFrame | None = None
    net_benefit: pd.DataFrame | None = None
    usual_thresholds: bool = False
    few_draws: bool = False

    def at_thresholds(self) -> pd.DataFrame:
        """The rows of `curves` at the thresholds."""
        assert self.curves is not None
        return self.curves[self.curves["threshold"].isin(self.thresholds)].reset_index(drop=True)


def decide(
    results: CostEffectResults,
    thresholds: Sequence[float] | None = None,
    *,
    comparator: str | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    population: Population | None = None,
    point_estimates: bool = False,
) -> Decision:
    """Analyse results at some thresholds (money per unit of effect).

    Without thresholds, round ones around the frontier's own ratios are taken. `comparator` is the origin of the plane,
    the reference of the frontier by default. `groups` names sets of parameters that are valued together. With
    `point_estimates` only means are analysed, for which one draw is enough. Everything wrong with the choices is raised
    together as `BadInput`.
    """
    problems = threshold_problems(thresholds or ())
    problems += choice_problems(results, comparator, groups, point_estimates=point_estimates)
    if problems:
        raise BadInput(problems)
    frontier = incremental_analysis(results)
    origin = comparator or str(frontier["option"].iloc[0])
    found = Decision(results, (), origin, population, totals(results), frontier)
    if point_estimates:
        chosen = tuple(sorted({float(value) for value in thresholds or ()}))
        compared = against(results, origin)
        benefits = net_benefit_of_means(compared, chosen) if chosen else None
        return replace(found, thresholds=chosen, against=compared, net_benefit=benefits)
    wanted = tuple(sorted({float(value) for value in thresholds})) if thresholds else default_thresholds(frontier)
    costs_and_effects = CostEffectResults(results.options, results.cost, results.effect, source=results.source)
    few = results.parameters is not None and results.draws < FEWEST_DRAWS
    asked = costs_and_effects if few else results
    steps = np.linspace(0, 2 * (max(wanted) or 1.0), CURVE_POINTS)
    # A step that is a threshold but for its last digit would be told a second time.
    between = steps[~np.isclose(steps[:, None], wanted, rtol=1e-9, atol=0.0).any(axis=1)].tolist()
    grid = np.union1d(between, wanted)
    information = pd.concat(
        [
            information_table(asked, wanted, groups=groups, population=population),
            information_table(costs_and_effects, between, population=population),
        ]
    )
    return replace(
        found,
        thresholds=wanted,
        against=against(results, origin),
        curves=acceptability(results, grid),
        information=information.sort_values("threshold", kind="stable", ignore_index=True),
        usual_thresholds=not thresholds,
        few_draws=few,
    )


def net_benefit_of_means(compared: pd.DataFrame, thresholds: Sequence[float]) -> pd.DataFrame:
    """Net benefit of mean increments: threshold, option, comparator, net_monetary_benefit, net_health_benefit (missing at 0).

    `compared` is the table of `incremental.against`.
    """
    rows = []
    for threshold in thresholds:
        for row in compared.to_dict("records"):
            cost, effect = row["incremental_cost"], row["incremental_effect"]
            rows.append(
                {
                    "threshold": threshold,
                    "option": row["option"],
                    "comparator": row["comparator"],
                    "net_monetary_benefit": threshold * effect - cost,
                    "net_health_benefit": effect - cost / threshold if threshold else math.nan,
                }
            )
    return pd.DataFrame(rows)


def threshold_problems(thresholds: Sequence[float]) -> list[Problem]:
    """What is wrong with the thresholds of an analysis."""
    return [
        Problem("choices", "threshold", f"{value:g}", "0 or more and finite, in money per unit of effect")
        for value in thresholds
        if not (math.isfinite(value) and value >= 0)
    ]


def choice_problems(
    results: CostEffectResults,
    comparator: str | None,
    groups: Mapping[str, Sequence[str]] | None,
    *,
    point_estimates: bool = False,
) -> list[Problem]:
    """What is wrong with the other choices for an analysis of these results."""
    source = results.source
    found = []
    if comparator is not None and comparator not in results.options:
        found.append(Problem(source, "comparator", repr(comparator), nearest(comparator, results.options)))
    names = [] if results.parameters is None else list(results.parameters.columns)
    for group, members in (groups or {}).items():
        if group in names:
            found.append(Problem(source, "group", repr(group), "a name that no parameter has"))
        for member in members:
            if member not in names:
                allowed = nearest(member, names) if names else "a parameter; the table has none"
                found.append(Problem(source, f"group {group!r}", repr(member), allowed))
    if groups and results.draws < FEWEST_DRAWS:
        allowed = f"at least {FEWEST_DRAWS} to value groups of parameters"
        found.append(Problem(source, "number of draws", str(results.draws), allowed))
    if results.draws < 2 and not point_estimates:
        allowed = (
            f"at least 2: {PROBABILITY} and the value of information describe what is not known, and one draw holds no"
            " uncertainty; for the incremental analysis alone say --point-estimates"
        )
        found.append(Problem(source, "number of draws", str(results.draws), allowed))
    return found


def default_thresholds(frontier: pd.DataFrame) -> tuple[float, ...]:
    """Evenly spaced round thresholds that reach beyond every ratio on the frontier.

    Where the frontier is one option, the ratio of the spread of costs to that of effects serves instead.
    """
    ratios = frontier["icer"].dropna()
    spread = frontier["effect"].max() - frontier["effect"].min()
    top = ratios.max() if len(ratios) else (frontier["cost"].max() - frontier["cost"].min()) / (spread or 1.0)
    if not (math.isfinite(top) and top > 0):
        top = 1.0
    step = 1.25 * top / DEFAULT_THRESHOLDS
    unit = 10.0 ** math.floor(math.log10(step))
    step = unit * next(nice for nice in (1, 2, 2.5, 5, 10) if nice * unit >= step)
    return tuple(step * count for count in range(1, DEFAULT_THRESHOLDS + 1))
