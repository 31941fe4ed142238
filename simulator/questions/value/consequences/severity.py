"""How much health the disease takes under current care, and what payers' rules of severity make of it.

Shortfall is the QALYs that people of the same age and sex in the general population may expect, less those of the
scenario's patients under the reference. Source: McNamara S et al. Value Health 2022, doi 10.1016/j.jval.2022.07.005.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import pandas as pd

from simulator.evidence.economics.population_norm import PopulationNorm
from simulator.evidence.economics.severity import load_severity
from simulator.evidence.life_table import LifeTable
from simulator.statistics.decision.results import INTERVAL, Array
from simulator.valuation.values import Values

STEP = 0.25
"""Years between the points of the integral over a remaining life."""
OLDEST = 110.0


def expected_qalys(age: float, male: bool, table: LifeTable, norm: PopulationNorm, rate: float) -> float:
    """QALYs that somebody of the general population may expect, discounted at `rate` a year."""
    from scipy.integrate import simpson

    years, worth = _years_to_come(age, male, table, norm)
    return float(simpson(worth * (1.0 + rate) ** -years, x=years))


@lru_cache(512)
def _years_to_come(age: float, male: bool, table: LifeTable, norm: PopulationNorm) -> tuple[Array, Array]:
    """Years from now, and what each is worth times the probability of living then; the same for every rule."""
    years = np.arange(0.0, max(OLDEST - age, 2 * STEP) + STEP, STEP)
    alive = np.array(table.survivals(age, years, male))
    worth = np.array([norm.at(age + float(year), male) for year in years])
    return years, alive * worth


def expected_of(people: pd.DataFrame, table: LifeTable, norm: PopulationNorm, rate: float) -> float:
    """The mean of `expected_qalys` over people with the columns age and male; ages are taken to whole years."""

    @cache
    def one(age: int, male: bool) -> float:
        return expected_qalys(float(age), male, table, norm, rate)

    ages, men = people["age"].round().astype(int), people["male"].astype(bool)
    return float(np.mean([one(int(age), bool(male)) for age, male in zip(ages, men, strict=True)]))


def severity_table(
    people: pd.DataFrame,
    table: LifeTable,
    values: Values,
    care: Array,
    care_undiscounted: Array,
    increments: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shortfall and what each rule makes of it, and how sure the band is.

    `people` are the scenario's patients; `care` and `care_undiscounted` hold QALYs per draw under the reference; `increments`
    has option, cost and effect over the reference. The first table has rule, option, rate (of discounting: the analysis's, or
    none), own_rate (at which the rule discounts, missing where that was not seen), expected (QALYs of the general
    population), care, absolute, proportional, weight, threshold, net_benefit (without the rule) and net_benefit_weighted; a
    threshold in another currency than the results' is missing, and so is what rests on it. The second has rule, value (weight
    or threshold) and the share of draws in which it holds.
    """
    rows, bands = [], []
    for name, rule in load_severity().items():
        rate = values.discounting.effects if rule.discounted else 0.0
        draws = care if rule.discounted else care_undiscounted
        expected = expected_of(people, table, values.norm, rate)
        absolute = expected - draws
        proportional = absolute / expected
        at_mean = float(rule.at(absolute.mean(), proportional.mean()))
        own_money = rule.weighs or rule.currency == values.money.currency
        weight = at_mean if rule.weighs else np.nan
        threshold = values.threshold if rule.weighs else at_mean if own_money else np.nan
        for row in increments.to_dict("records"):
            gained = (weight if rule.weighs else 1.0) * row["effect"]
            rows.append(
                {
                    "rule": name,
                    "option": row["option"],
                    "rate": rate,
                    "own_rate": (np.nan if rule.rate is None else rule.rate) if rule.discounted else 0.0,
                    "expected": expected,
                    "care": float(draws.mean()),
                    "absolute": float(absolute.mean()),
                    **_interval("absolute", absolute),
                    "proportional": float(proportional.mean()),
                    **_interval("proportional", proportional),
                    "weight": weight,
                    "threshold": threshold,
                    "net_benefit": values.threshold * row["effect"] - row["cost"],
                    "net_benefit_weighted": threshold * gained - row["cost"],
                }
            )
        found, counts = np.unique(rule.at(absolute, proportional), return_counts=True)
        bands += [
            {"rule": name, "value": float(value), "probability": float(count / len(draws))}
            for value, count in zip(found, counts, strict=True)
        ]
    return pd.DataFrame(rows), pd.DataFrame(bands)


def _interval(name: str, draws: Array) -> dict[str, float]:
    low, high = np.quantile(draws, INTERVAL)
    return {f"{name}_low": float(low), f"{name}_high": float(high)}
