"""Net benefit at a threshold, the probability of being best, and what a wrong choice is expected to lose.

With the threshold L (money per unit of effect), net monetary benefit is L * effect - cost and net health benefit
effect - cost / L. Options that tie for the best in a draw share it equally, so acceptability sums to one. The
acceptability *frontier* is the probability that the option with the highest *mean* net benefit is the best, which need
not be the highest probability.

Source: Fenwick E, Claxton K, Sculpher M. Representing uncertainty: the role of cost-effectiveness acceptability curves.
Health Econ 2001;10:779-87.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from simulator.statistics.decision.results import Array, CostEffectResults, spread_of
from simulator.words.errors import BadInput, Problem

PROBABILITY = "the probability of being cost-effective"


def net_monetary_benefit(results: CostEffectResults, threshold: float) -> Array:
    """Net monetary benefit with the shape (draws, options), in the currency of the costs."""
    _check_thresholds([threshold])
    return threshold * results.effect - results.cost


def net_health_benefit(results: CostEffectResults, threshold: float) -> Array:
    """Net health benefit with the shape (draws, options), in the unit of the effects; the threshold is above zero."""
    _check_thresholds([threshold], above_zero=True)
    return results.effect - results.cost / threshold


def acceptability(results: CostEffectResults, thresholds: ArrayLike) -> pd.DataFrame:
    """Every option at every threshold: probability best, mean net monetary benefit and expected loss.

    Columns: threshold, option, probability, probability_se, net_benefit, net_benefit_se, expected_loss,
    expected_loss_se, frontier (whether the option has the highest mean net benefit there). The expected loss of the
    frontier option is the expected value of perfect information. At an infinite threshold only effects count, costs
    deciding between equal effects; net benefit and loss are missing there. Needs two draws.
    """
    results.need_draws(PROBABILITY)
    wanted = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
    _check_thresholds(wanted)
    cost, effect = np.ascontiguousarray(results.cost.T), np.ascontiguousarray(results.effect.T)
    measures = np.empty((6, len(wanted), len(results.options)))
    frontier = np.zeros((len(wanted), len(results.options)), dtype=bool)
    for place, threshold in enumerate(wanted):
        if np.isinf(threshold):
            best = effect == effect.max(axis=0)
            cheapest = np.where(best, cost, np.inf)
            best &= cheapest == cheapest.min(axis=0)
            mean_effect = effect.mean(axis=1)
            candidates = np.flatnonzero(mean_effect == mean_effect.max())
            chosen = candidates[np.argmin(cost.mean(axis=1)[candidates])]
            benefit, loss = np.full_like(cost, np.nan), np.full_like(cost, np.nan)
        else:
            benefit = threshold * effect - cost
            top = benefit.max(axis=0)
            best, loss = benefit == top, top - benefit
            chosen = benefit.mean(axis=1).argmax()
        share = best / best.sum(axis=0)
        frontier[place, chosen] = True
        for row, values in zip((0, 2, 4), (share, benefit, loss), strict=True):
            measures[row, place] = values.mean(axis=1)
            measures[row + 1, place] = values.std(axis=1, ddof=1) / np.sqrt(results.draws)
    names = ("probability", "probability_se", "net_benefit", "net_benefit_se", "expected_loss", "expected_loss_se")
    return pd.DataFrame(
        {
            "threshold": np.repeat(wanted, len(results.options)),
            "option": np.tile(np.array(results.options, dtype=object), len(wanted)),
            **{name: values.ravel() for name, values in zip(names, measures, strict=True)},
            "frontier": frontier.ravel(),
        }
    )


def _check_thresholds(thresholds: Sequence[float] | Array, *, above_zero: bool = False) -> None:
    allowed = "above 0" if above_zero else "0 or more"
    problems = [
        Problem("command line", "threshold", f"{value:g}", f"{allowed}, in money per unit of effect")
        for value in thresholds
        if not (value > 0 if above_zero else value >= 0)
    ]
    if problems:
        raise BadInput(problems)


def net_benefit_table(results: CostEffectResults, thresholds: tuple[float, ...], reference: str) -> pd.DataFrame:
    """Net monetary and net health benefit over the reference at each threshold, with their 95% intervals."""
    base = results.column(reference)
    rows = []
    for threshold in sorted(thresholds):
        money = net_monetary_benefit(results, threshold)
        health = net_health_benefit(results, threshold)
        for p, option in enumerate(results.options):
            if p != base:
                rows.append(
                    {
                        "threshold": threshold,
                        "option": option,
                        "reference": reference,
                        **spread_of(money[:, p] - money[:, base], "net_monetary_benefit"),
                        **spread_of(health[:, p] - health[:, base], "net_health_benefit"),
                        "probability": float((money[:, p] > money[:, base]).mean()),
                    }
                )
    return pd.DataFrame(rows)
