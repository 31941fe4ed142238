"""Costs and QALYs of draws of the evidence, with the price of a treatment left free."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from simulator.evidence.posterior import parameter_draws
from simulator.explorer.controls import WORTH, compared, price_name
from simulator.explorer.parts import SEED, Moved, Part
from simulator.explorer.state import scenario_of
from simulator.scenario import Scenario
from simulator.telling.columns import called, labels
from simulator.valuation.deal import check_no_lives
from simulator.valuation.lives import Simulations, for_money
from simulator.valuation.valuation import (
    BESIDE,
    cost_table,
    item_costs,
    qalys_by_part,
    with_price_apart,
    worth,
)
from simulator.valuation.values import Drawn, Values, values_of
from simulator.words.vocabulary import State

STAGES = ((200, 100), (500, 400))
"""Draws of the evidence and people of each, behind costs and QALYs: first quickly, then refined."""


def money(scenario: Scenario, state: Moved) -> Iterator[Part]:
    """Costs and QALYs of draws of the evidence, with the product's price left free.

    Draws, people and luck are those of `clti economics` with as many draws and patients. The price and the worth of a QALY
    are not looked at, because the page moves them by itself.
    """
    changes = {
        key: value for key, value in state.get("changes", {}).items() if not key.startswith(("economics.price", WORTH))
    }
    asked = scenario_of(scenario, {**state, "changes": changes})
    check_no_lives(asked, "the explorer")
    _, _, mine = compared(scenario)
    values = values_of(asked)
    priced = for_money(asked, values.discounting)
    product = price_name(asked.policies[mine], values)
    for draws, patients in STAGES:
        parameters = priced.parameter_draws(parameter_draws(priced.register, draws, SEED))
        drawn = values.sample(draws, SEED)
        for lives in Simulations(None).growing(priced, parameters, patients, SEED):
            n = len(lives.parameters)
            if patients == STAGES[0][1] or n == draws:
                first = drawn.first(n)
                yield _money(asked, values, lives.ledgers, lives.parameters, first, product, draws, lives.people)
            else:
                yield {"kind": "refining", "draws": n, "of": draws}


def _money(
    scenario: Scenario,
    values: Values,
    ledgers: Any,
    parameters: Any,
    drawn: Drawn,
    product: str | None,
    of: int,
    people: int,
) -> Part:
    if product is None:
        found, often = worth(ledgers, parameters, drawn, values), np.zeros(ledgers.shape[:2])
        free = drawn
    else:
        found, often = with_price_apart(ledgers, parameters, drawn, values, product)
        free = Drawn({**drawn.prices, product: np.zeros(1)}, drawn.utilities)
    costs = item_costs(ledgers, parameters, free, values)
    table = cost_table(costs, costs, values)
    payer = values.perspective.conventions.perspective
    price = None if product is None else values.perspective.prices[product]
    return {
        "kind": "money",
        "draws": len(parameters),
        "of": of,
        "people": people,
        "policies": list(scenario.compare),
        "cost": np.round(found.cost, 2),
        "qalys": np.round(found.qalys, 6),
        "often": np.round(often, 6),
        "costs_by": table[["policy", "category", "state", "kind", "mean"]].to_dict("records"),
        "qalys_by": qalys_by_part(ledgers, parameters, drawn, values).mean(axis=0),
        "states": [called(labels()["state"], name) or name for name in (*(s.name.lower() for s in State), BESIDE)],
        "categories": {
            name: called(labels()["category"], name) or name[:1].upper() + name[1:]
            for name in table["category"].unique()
        },
        "bought_as": next((item.category for item in values.items if item.money == product), None),
        "product": product,
        "drawn_price": None if product is None else np.round(drawn.prices[product] * values.money.factor, 4),
        "price_label": "" if price is None else price.label,
        "thresholds": list(values.thresholds),
        "currency": values.money.currency,
        "price_year": values.money.price_year,
        "payer": payer.label,
    }
