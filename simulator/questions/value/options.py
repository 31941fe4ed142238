"""The options of an analysis side by side: a row each, for the first page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from simulator.questions.value.analysis import EconomicAnalysis
from simulator.statistics.decision.net_benefit import net_monetary_benefit
from simulator.statistics.decision.results import spread_of
from simulator.valuation.cost_items import main_treatment
from simulator.valuation.valuation import worth


def options_table(found: EconomicAnalysis) -> pd.DataFrame:
    """One row per option, for the first page; `_deterministic` is the analysis with every number at its centre.

    Columns: option, cost, effect, life_years with se, low, high; incremental_cost, incremental_effect, incremental_life_years
    and net_benefit over the reference with se, low, high (missing for the reference); each of these four deterministic,
    with its Monte Carlo error;
    standing and icer against the reference (see `incremental.standing`); status, compared_with, sequential_effect and
    sequential_icer (with se) in the fully incremental analysis; probability of being best and of being worth it against the
    reference; product, the price that it is taken to cost, and the price at which the option is exactly worth it at the first
    threshold, with its interval.
    """
    results, values, reference = found.results, found.valued_by, found.scenario.reference
    base = results.column(reference)
    lived = worth(found.lives.ledgers, found.lives.parameters, found.drawn, values).life_years
    quantities = {
        "cost": results.cost,
        "effect": results.effect,
        "life_years": lived,
        "net_benefit": net_monetary_benefit(results, values.threshold),
    }
    fixed = found.one_way.base
    once = {"cost": fixed.cost[0], "effect": fixed.qalys[0], "life_years": fixed.life_years[0]}
    once["net_benefit"] = values.threshold * once["effect"] - once["cost"]
    at = found.decision.at_thresholds()
    best = by_option(at[at["threshold"] == values.threshold])
    frontier = by_option(found.decision.frontier)
    beside = found.decision.against
    assert beside is not None
    ratios = by_option(beside)
    worth_it = by_option(found.net_benefit[found.net_benefit["threshold"] == values.threshold])
    price = found.price[(found.price["view"] == found.scenario.view) & (found.price["threshold"] == values.threshold)]
    prices = by_option(price)
    rows = []
    for p, option in enumerate(results.options):
        row: dict[str, Any] = {"option": option}
        for name, array in quantities.items():
            if name != "net_benefit":
                row |= spread_of(array[:, p], name)
            more = f"incremental_{name}" if name != "net_benefit" else name
            spread = spread_of(array[:, p] - array[:, base], more)
            spread[f"{more}_deterministic"] = float(once[name][p] - once[name][base])
            spread[f"{more}_deterministic_se"] = float(getattr(found.one_way.errors, name)[p])
            row |= spread if p != base else dict.fromkeys(spread, np.nan)
        row["standing"] = None if p == base else ratios[option]["standing"]
        row["icer"] = np.nan if p == base else ratios[option]["icer"]
        row["icer_se"] = np.nan if p == base else ratios[option]["icer_se"]
        row["status"] = frontier[option]["status"]
        row["compared_with"] = frontier[option]["compared_with"]
        row["sequential_icer"] = frontier[option]["icer"]
        row["sequential_icer_se"] = frontier[option]["icer_se"]
        row["sequential_effect"] = frontier[option]["incremental_effect"]
        row["sequential_effect_se"] = frontier[option]["incremental_effect_se"]
        row["dominated_by"] = frontier[option]["dominated_by"]
        row["probability_best"] = best[option]["probability"]
        row["probability"] = np.nan if p == base else worth_it[option]["probability"]
        row["product"] = main_treatment(values.policies[option])
        row["assumed_price"] = values.product_prices.get(values.price_name(option) or "", np.nan)
        for name in ("price", "low", "high"):
            column = "price" if name == "price" else f"price_{name}"
            row[column] = prices[option][name] if option in prices else np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def by_option(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """The rows of a table with one for each option, by option."""
    return {str(row["option"]): {str(key): cell for key, cell in row.items()} for row in table.to_dict("records")}
