"""The table of economic scenarios: what each row changes of costs, QALYs and net benefit, and their weighted average."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.questions.value.decision.incremental import LESS, RATIO, standing
from simulator.questions.value.decision.results import Array, spread_of, standard_error
from simulator.questions.value.sensitivity.variants import AVERAGE, BASE, CENTRE, Row
from simulator.questions.value.valuation.lives import Lives
from simulator.questions.value.valuation.valuation import worth
from simulator.questions.value.valuation.values import Drawn, Values
from simulator.scenario.scenario import Scenario


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
    every = len(base.parameters)
    ours = increments(scenario, values, base, drawn)
    table = _lines(Row(BASE, "", values), scenario, ours, ours, ours)
    for row, lives in rows:
        if lives is None:
            again = row.valued_by.sample(every, seed)
            found = increments(scenario, row.valued_by, base, again)
            table += _lines(row, scenario, found, ours, ours)
        else:
            count = len(lives.parameters)
            few = row.valued_by.sample(count, seed)
            found = increments(scenario, row.valued_by, lives, few)
            table += _lines(row, scenario, found, ours[:, :count], ours)
    return _with_average(pd.DataFrame(table), values.threshold)


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
                "se": own["se"] if found.shape == base.shape else _both(base_benefit, moved),
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


def _both(base: Array, change: Array) -> float:
    """The error of the base case's mean and of a change that was seen in fewer draws, together."""
    return float(np.hypot(standard_error(base), standard_error(change)))


def _ratio(cost: float, effect: float) -> dict[str, object]:
    """How increments stand, and their ratio where neither side dominates."""
    stands = standing(cost, effect)
    return {"standing": stands, "icer": cost / effect if stands in (RATIO, LESS) else np.nan}


def _with_average(table: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """The table with the average of the rows that have weights and of the base case, which has the rest."""
    weighted = table["weight"].notna()
    if not weighted.any():
        return table
    first = table["scenario"] == BASE
    rest = 1.0 - table[weighted].groupby("policy")["weight"].sum()
    table.loc[first, "weight"] = table.loc[first, "policy"].map(rest)
    lines = []
    for policy, own in table[table["weight"].notna()].groupby("policy", sort=False):
        weight = own["weight"].to_numpy()
        cost, effect, change = (
            float(weight @ own[name]) for name in ("incremental_cost", "incremental_effect", "change")
        )
        lines.append(
            {"scenario": AVERAGE, "policy": policy}
            | {"incremental_cost": cost, "incremental_effect": effect, **_ratio(cost, effect)}
            | {"net_benefit": threshold * effect - cost, "probability": float(weight @ own["probability"])}
            | {"change": change, "weight": 1.0, "draws": int(own["draws"].min())}
        )
    return pd.concat([table, pd.DataFrame(lines)], ignore_index=True)


def increments(scenario: Scenario, values: Values, lives: Lives, drawn: Drawn) -> Array:
    """Costs and QALYs over the reference, shape (2, draws, policies)."""
    found = worth(lives.ledgers, lives.parameters, drawn, values)
    both = np.stack([found.cost, found.qalys])
    return np.asarray(both - both[:, :, [scenario.compare.index(scenario.reference)]])
