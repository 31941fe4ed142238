"""What an analysis finds under each view of the evidence, in the same draws but for the shares that views differ in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.evidence.posterior import parameter_draws
from simulator.questions.value.sensitivity.variants import seen_otherwise
from simulator.scenario.arrays import SHARE
from simulator.scenario.scenario import Scenario
from simulator.statistics.decision.incremental import against
from simulator.statistics.decision.net_benefit import net_monetary_benefit
from simulator.statistics.decision.results import CostEffectResults, spread_of
from simulator.valuation.deal import on_terms
from simulator.valuation.lives import Lives, Simulations
from simulator.valuation.valuation import worth
from simulator.valuation.values import Drawn, Values
from simulator.words.vocabulary import View


@dataclass(frozen=True, eq=False)
class Seen:
    """Lives under one view of the evidence: `share` is the mean share of a recovery that cells cause, `stated` the
    register's own value of it. `valued_by` has the terms of the deal as they act on these lives."""

    view: str
    share: float
    stated: float
    lives: Lives
    valued_by: Values


def seen_in_every_view(
    scenario: Scenario, values: Values, lives: Lives, patients: int, seed: int, simulations: Simulations
) -> tuple[Seen, ...]:
    """The base case's lives, which `values` value, and those under the other views of the evidence in as many draws of
    the same parameters."""
    others = seen_otherwise(scenario)
    found = []
    for view in (each.name.lower() for each in View):
        seen, own = lives, values
        if view in others:
            other = others[view]
            parameters = other.parameter_draws(parameter_draws(other.register, len(lives.parameters), seed))
            seen = simulations.probabilistic(f"Evidence, {view} view", other, parameters, patients, seed)
            own, _ = on_terms(other, values, seen, patients, seed, simulations)
        stated = scenario.register[f"{SHARE}_{view}"].value
        found.append(Seen(view, float(np.mean(seen.parameters[SHARE])), stated, seen, own))
    return tuple(found)


def views_table(views: Sequence[Seen], scenario: Scenario, drawn: Drawn) -> pd.DataFrame:
    """The result under each view of the evidence, in the same draws but for the share that cells cause.

    Columns: view, share (mean of the draws), stated (the register's own value), option, incremental_cost, incremental_effect
    and net_benefit with se, low, high, standing and icer, probability (that net benefit is above zero).
    """
    base = scenario.compare.index(scenario.reference)
    parts = []
    for seen in views:
        own = worth(seen.lives.ledgers, seen.lives.parameters, drawn, seen.valued_by)
        results = CostEffectResults(scenario.compare, own.cost, own.qalys, source=scenario.name)
        table = against(results, scenario.reference).drop(columns="comparator")
        benefit = net_monetary_benefit(results, seen.valued_by.threshold)
        more = [benefit[:, p] - benefit[:, base] for p in range(len(scenario.compare)) if p != base]
        table = table[[name for name in table.columns if not name.startswith("costs_")]]
        table = table.join(pd.DataFrame([spread_of(each, "net_benefit") for each in more]))
        table["probability"] = [float((each > 0).mean()) for each in more]
        table.insert(0, "view", seen.view)
        table.insert(1, "share", seen.share)
        table.insert(2, "stated", seen.stated)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)
