"""The table of economic scenarios: what each row changes of costs, QALYs and net benefit, and their weighted average."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from simulator.questions.value.sensitivity.variants import AVERAGE, BASE, CENTRE, Row
from simulator.scenario.scenario import Scenario
from simulator.statistics.decision.incremental import LESS, RATIO, standing
from simulator.statistics.decision.results import Array, spread_of, standard_error
from simulator.valuation.lives import Lives
from simulator.valuation.valuation import worth
from simulator.valuation.values import Drawn, Values


def hospitals_table(table: pd.DataFrame, centre: str) -> pd.DataFrame:
    """The base case, which is that of the hospital `centre`, and the rows at other hospitals: centre, then as the table."""
    rows = table[(table["scenario"] == BASE) | table["scenario"].str.startswith(CENTRE)]
    found = rows["scenario"].str.removeprefix(CENTRE).where(rows["scenario"] != BASE, centre)
    return rows.drop(columns=["scenario", "weight"]).assign(centre=found).reset_index(drop=True)


def scenario_table(
    scenario: Scenario, values: Values, base: Lives, drawn: Drawn, rows: list[tuple[Row, Lives | None]], seed: int
) -> pd.DataFrame:
    """One line per row and policy other than the reference, the base case first, an average last if rows have weights.

    Columns: scenario, policy, incremental_cost, incremental_effect, standing and icer (see `incremental.standing`),
    net_benefit (incremental, at the first threshold), se, low, high, probability (that net benefit is above zero), change (of
    net benefit from the base case) with its change_se, weight, draws. `low`, `high` and `probability` describe the row's own
    draws.
    """
    ours = increments(scenario, values, base, drawn)
    table = _lines(Row(BASE, "", values), scenario, ours, ours, ours)
    weighted = []
    for row, lives in rows:
        count = len((lives or base).parameters)
        found = increments(scenario, row.valued_by, lives or base, row.valued_by.sample(count, seed))
        table += _lines(row, scenario, found, ours[:, :count], ours)
        if row.weight is not None:
            weighted.append(row.weight * (found - ours[:, :count]))
    return _with_average(pd.DataFrame(table), scenario, values.threshold, ours, weighted)


def _lines(row: Row, scenario: Scenario, found: Array, same: Array, base: Array) -> list[dict[str, object]]:
    """`found`, `same` (the base case in the same draws) and `base` have the shape (cost and effect, draws, policies)."""
    lines = []
    threshold = row.valued_by.threshold
    for p, policy in enumerate(scenario.compare):
        if policy == scenario.reference:
            continue
        change = found[:, :, p] - same[:, :, p]
        cost, effect = (float(each) for each in change.mean(axis=1) + base[:, :, p].mean(axis=1))
        benefit = threshold * found[1, :, p] - found[0, :, p]
        base_benefit = threshold * base[1, :, p] - base[0, :, p]
        moved = threshold * change[1] - change[0]
        own = spread_of(benefit)
        lines.append(
            {
                "scenario": row.name,
                "policy": policy,
                "incremental_cost": cost,
                "incremental_effect": effect,
                **_ratio(cost, effect),
                "net_benefit": threshold * effect - cost,
                "se": error_of_sum([base_benefit, moved]),
                "low": own["low"],
                "high": own["high"],
                "probability": float((benefit > 0).mean()),
                "change": float(moved.mean()),
                "change_se": standard_error(moved),
                "weight": np.nan if row.weight is None else row.weight,
                "draws": found.shape[1],
            }
        )
    return lines


def error_of_sum(terms: Sequence[Array]) -> float:
    """Standard error of a sum of means, each of which is over as many first draws of one analysis as it has.

    Means over `n` and `m` draws have the covariance of one draw divided by the larger number; missing for a single draw.
    """
    if min(len(each) for each in terms) < 2:
        return float("nan")
    found = 0.0
    for one in terms:
        for other in terms:
            few, many = sorted((len(one), len(other)))
            found += float(np.cov(one[:few], other[:few])[0, 1]) / many
    return float(np.sqrt(max(found, 0.0)))


def _ratio(cost: float, effect: float) -> dict[str, object]:
    """How increments stand, and their ratio where neither side dominates."""
    stands = standing(cost, effect)
    return {"standing": stands, "icer": cost / effect if stands in (RATIO, LESS) else np.nan}


def _with_average(
    table: pd.DataFrame, scenario: Scenario, threshold: float, base: Array, weighted: Sequence[Array]
) -> pd.DataFrame:
    """The table with the average of the rows that have weights and of the base case, which has the rest.

    `base` and the `weighted` changes from it, times their weights, have the shape (cost and effect, draws, policies).
    """
    with_weight = table["weight"].notna()
    if not with_weight.any():
        return table
    first = table["scenario"] == BASE
    rest = 1.0 - table[with_weight].groupby("policy")["weight"].sum()
    table.loc[first, "weight"] = table.loc[first, "policy"].map(rest)
    lines = []
    for policy, own in table[table["weight"].notna()].groupby("policy", sort=False):
        weight = own["weight"].to_numpy()
        cost, effect, change = (
            float(weight @ own[name]) for name in ("incremental_cost", "incremental_effect", "change")
        )
        p = scenario.compare.index(str(policy))
        usual, *moved = (threshold * both[1, :, p] - both[0, :, p] for both in (base, *weighted))
        lines.append(
            {"scenario": AVERAGE, "policy": policy}
            | {"incremental_cost": cost, "incremental_effect": effect, **_ratio(cost, effect)}
            | {"net_benefit": threshold * effect - cost, "probability": float(weight @ own["probability"])}
            | {"se": error_of_sum([usual, *moved]), "change": change, "change_se": error_of_sum(moved)}
            | {"weight": 1.0, "draws": int(own["draws"].min())}
        )
    return pd.concat([table, pd.DataFrame(lines)], ignore_index=True)


def increments(scenario: Scenario, values: Values, lives: Lives, drawn: Drawn) -> Array:
    """Costs and QALYs over the reference, shape (2, draws, policies)."""
    found = worth(lives.ledgers, lives.parameters, drawn, values)
    both = np.stack([found.cost, found.qalys])
    return np.asarray(both - both[:, :, [scenario.compare.index(scenario.reference)]])
