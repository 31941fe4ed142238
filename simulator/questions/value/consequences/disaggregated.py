"""Where life-years and QALYs are lived, what happens how often, and what dialysis costs, under every policy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from simulator.living.ledger import COUNTS, STEP_COUNTS
from simulator.scenario.therapies import step_columns
from simulator.statistics.decision.results import Array, spread_of
from simulator.valuation.cost_items import DIALYSIS
from simulator.valuation.ledger_columns import COLUMN
from simulator.valuation.lives import Lives
from simulator.valuation.quality_of_life import moments_of
from simulator.valuation.valuation import BESIDE, item_costs, qalys_by_part
from simulator.valuation.values import Drawn, Values
from simulator.words.vocabulary import State


def by_state(lives: Lives, drawn: Drawn, values: Values) -> pd.DataFrame:
    """Life-years and QALYs by the state in which they are lived, per person, and the QALYs lost beside them.

    Columns: option, state, quantity (life_years, effect), mean, se, low, high, undiscounted. The rows of the state `total` are
    the sums over an option's states.
    """
    weighted = {plain: replace(values, discounted=not plain) for plain in (False, True)}
    effects = {plain: qalys_by_part(lives.ledgers, lives.parameters, drawn, each) for plain, each in weighted.items()}
    shown = not values.discounted
    rows = []
    for p, option in enumerate(lives.policies):
        for place, name in enumerate([*(state.name.lower() for state in State), BESIDE]):
            found: dict[str, tuple[Array, Array]] = {}
            if name != BESIDE:
                lived = {plain: _lived(lives.ledgers[:, p], name, discounted=not plain) for plain in (False, True)}
                found["life_years"] = (lived[shown], lived[True])
            found["effect"] = (effects[shown][:, p, place], effects[True][:, p, place])
            for quantity, (valued, plain_values) in found.items():
                row = {"option": option, "state": name, "quantity": quantity}
                rows.append({**row, **spread_of(valued), "undiscounted": float(plain_values.mean())})
        lived = {plain: _lived(lives.ledgers[:, p], discounted=not plain) for plain in (False, True)}
        whole = {"life_years": lived, "effect": {plain: each[:, p].sum(axis=-1) for plain, each in effects.items()}}
        for quantity, sums in whole.items():
            row = {"option": option, "state": "total", "quantity": quantity}
            rows.append({**row, **spread_of(sums[shown]), "undiscounted": float(sums[True].mean())})
    return pd.DataFrame(rows)


def _lived(ledgers: Array, *names: str, discounted: bool) -> Array:
    """Years lived in these states, of all where none is named, by draw."""
    states = names or tuple(state.name.lower() for state in State)
    return np.asarray(ledgers[:, [COLUMN[moments_of(name, discounted=discounted)[0]] for name in states]].sum(axis=-1))


def events(lives: Lives, drawn: Drawn, values: Values) -> pd.DataFrame:
    """Events per person over the whole horizon and what they cost: option, event, number, se, cost (discounted).

    Events that no policy has are left out; those whose cost is charged otherwise have no cost.
    """
    costs = item_costs(lives.ledgers, lives.parameters, drawn, values).mean(axis=0)
    rows = []
    for event in COUNTS:
        counts = lives.ledgers[:, :, COLUMN[f"count_{event}"]]
        if not counts.any():
            continue
        column = f"count_{event}"
        for p, (option, policy) in enumerate(values.policies.items()):
            name = step_columns(policy).get(column, "" if event in STEP_COUNTS else column).removeprefix("count_")
            if not name:
                continue
            charged = [
                (k, item) for k, item in enumerate(values.items) if item.charged_under(policy) or not item.therapy
            ]
            items = [k for k, item in charged if column in item.columns_under(policy)]
            spread = spread_of(counts[:, p])
            cost = _share_of_event(costs[p], items, event, lives, p, values) if items else np.nan
            rows.append({"option": option, "event": name, "number": spread["mean"], "se": spread["se"], "cost": cost})
    return pd.DataFrame(rows)


def _share_of_event(costs: Array, items: list[int], event: str, lives: Lives, policy: int, values: Values) -> float:
    """The cost of one event where an item charges several alike: in proportion to their numbers."""
    total = 0.0
    for k in items:
        columns = values.items[k].columns_under(list(values.policies.values())[policy])
        numbers = {column: lives.ledgers[:, policy, COLUMN[column]].mean() for column in columns if column in COLUMN}
        whole = sum(numbers.values())
        total += float(costs[k]) * (numbers[f"count_{event}"] / whole if whole else 0.0)
    return total


def dialysis(lives: Lives, drawn: Drawn, values: Values, reference: str) -> pd.DataFrame:
    """What dialysis costs under each option, and how much of the difference to the reference it is.

    Columns: option, cost, share (of the whole cost), incremental, incremental_years (on dialysis, undiscounted). The increment
    is dialysis in the years gained or lost, because no policy changes who is on dialysis.
    """
    costs = item_costs(lives.ledgers, lives.parameters, drawn, values).mean(axis=0)
    charged = [k for k, item in enumerate(values.items) if item.category == DIALYSIS]
    years = lives.ledgers[:, :, COLUMN["clock_dialysis"]].mean(axis=0)
    base = lives.policies.index(reference)
    rows = []
    for p, option in enumerate(lives.policies):
        own = float(costs[p, charged].sum())
        rows.append(
            {
                "option": option,
                "cost": own,
                "share": own / float(costs[p].sum()),
                "incremental": own - float(costs[base, charged].sum()),
                "incremental_years": float(years[p] - years[base]),
            }
        )
    return pd.DataFrame(rows)
