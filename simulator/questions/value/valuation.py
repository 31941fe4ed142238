"""From ledgers to money and health: dot products of a ledger with unit values, and nothing else.

No life is simulated here, so other prices, utilities, payers or thresholds cost no time. Ledgers have the shape
(draws, policies, fields), with the columns of `simulator.living.ledger.FIELDS`; prices and utilities have as many
draws, or one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.living.ledger import COUNTS, FIELDS
from simulator.questions.value.cost_items import (
    INCLUDED,
    LATER_VISITS,
    PRODUCT,
    SESSIONS,
    CostItem,
    cost_items,
    discounted,
    main_treatment,
    price_unit,
    treatments,
)
from simulator.questions.value.quality_of_life import utility_weights
from simulator.questions.value.results import Array, spread_of
from simulator.questions.value.values import Drawn, Values
from simulator.scenario.therapies import step_columns
from simulator.words.errors import BadInput, Problem
from simulator.words.vocabulary import DAYS_PER_YEAR, State

COLUMN = {name: place for place, name in enumerate(FIELDS)}
TIMES = [COLUMN[f"time_{state.name.lower()}"] for state in State]
EFFECTS = [COLUMN[f"effect_{state.name.lower()}"] for state in State]
MOMENTS = 3 * len(State)
"""Columns of undiscounted time and its moments, which come first; those of discounted time follow in the same order."""


@dataclass(frozen=True, eq=False)
class Worth:
    """Costs, QALYs and life-years of every draw and policy, each of shape (draws, policies)."""

    cost: Array
    qalys: Array
    life_years: Array


def worth(ledgers: Array, parameters: NDArray[np.void], drawn: Drawn, values: Values) -> Worth:
    """Value ledgers; `parameters` holds the clinical draws behind them, one or as many as there are ledgers.

    Raises BadInput where a policy has an event that nothing charges.
    """
    check_events(ledgers, values)
    cost = (ledgers * cost_weights(parameters, drawn, values)).sum(axis=-1)
    qalys = (ledgers * effect_weights(drawn, values)[:, None, :]).sum(axis=-1) - lost(ledgers, parameters, values)
    lived = ledgers[..., EFFECTS if values.discounted else TIMES].sum(axis=-1)
    return Worth(cost, qalys, np.broadcast_to(lived, cost.shape).copy())


def with_price_apart(
    ledgers: Array, parameters: NDArray[np.void], drawn: Drawn, values: Values, name: str
) -> tuple[Worth, Array]:
    """Value ledgers with the price `name` at nothing, and how often it is paid, shape (draws, policies).

    Costs are linear in a price, so ``cost + price * often`` is the cost at any price (in the money of results), and another
    price needs no life and no dot product.
    """
    free = Drawn({**drawn.prices, name: np.zeros(1)}, drawn.utilities)
    one = Drawn({**drawn.prices, name: np.full(1, 1.0 / values.money.factor)}, drawn.utilities)
    without = worth(ledgers, parameters, free, values)
    return without, (ledgers * (cost_weights(parameters, one, values) - cost_weights(parameters, free, values))).sum(-1)


def qalys_by_state(ledgers: Array, drawn: Drawn, values: Values) -> Array:
    """QALYs in each state, shape (draws, policies, states); their sum is all of them."""
    each = ledgers * effect_weights(drawn, values)[:, None, :]
    return np.stack(
        [each[..., [COLUMN[name] for name in _moments(state, values)]].sum(axis=-1) for state in State], axis=-1
    )


def _moments(state: State, values: Values) -> list[str]:
    kind = "effect" if values.discounted else "time"
    return [f"{kind}{moment}_{state.name.lower()}" for moment in ("", "_age", "_age2")]


def cost_weights(parameters: NDArray[np.void], drawn: Drawn, values: Values) -> Array:
    """What each column of the ledger costs under each policy, shape (draws, policies, fields)."""
    units = unit_costs(parameters, drawn, values)
    charges = [values.charged(item, len(parameters)) for item in values.items]
    rows = max(len(units), *map(len, charges))
    weights = np.zeros((rows, len(values.policies), len(FIELDS)))
    for item, unit, charged in zip(values.items, units.T, charges, strict=True):
        for place, policy in enumerate(values.policies.values()):
            if item.charged_under(policy):
                for column in item.columns_under(policy):
                    weights[:, place, _column(column, values)] += unit * charged[:, place]
    return weights


def effect_weights(drawn: Drawn, values: Values) -> Array:
    """What each column of the ledger adds to QALYs, shape (draws, fields)."""
    weights = utility_weights(
        drawn.utilities, values.utility_set, values.norm, values.male_share, age_adjusted=values.age_adjusted
    )
    return np.roll(weights, MOMENTS, axis=1) if values.discounted else weights


def unit_costs(parameters: NDArray[np.void], drawn: Drawn, values: Values) -> Array:
    """The cost of one event or year of each item in force, in the money of results, shape (draws, items)."""
    multipliers = dict(drawn.prices) | {LATER_VISITS: DAYS_PER_YEAR / parameters["later_visit_interval_days"]}
    columns = []
    for item in values.items:
        unit = np.full(1, item.factor * values.money.factor)
        for name in item.names:
            unit = unit * multipliers[name]
        for number in item.numbers:
            unit = unit * number_of(item.therapy, number, parameters, values)
        columns.append(unit)
    return np.column_stack(np.broadcast_arrays(*columns))


def number_of(therapy: str, number: str, parameters: NDArray[np.void], values: Values) -> Array:
    """A therapy's number in each draw, shape (draws,); of its sessions those that people have on average."""
    own = parameters["therapies"][:, list(values.therapies).index(therapy)]
    if number == SESSIONS:
        return np.asarray(own[SESSIONS] * (1.0 + own["completion"]) / 2.0)
    return np.asarray(own[number])


def lost(ledgers: Array, parameters: NDArray[np.void], values: Values) -> Array:
    """QALYs that people lose by what is done to them, shape (draws, policies): by each session of each treatment.

    Amputations lose theirs in the states after them. Discounted as costs are, because events are counted so.
    """
    found = np.zeros(ledgers.shape[:-1])
    for place, policy in enumerate(values.policies.values()):
        by_name = {name: column for column, name in step_columns(policy).items()}
        for therapy in treatments(policy):
            if "utility_loss" not in values.therapies[therapy].names:
                continue
            each, days, sessions = (
                number_of(therapy, number, parameters, values)
                for number in ("utility_loss", "utility_loss_days", SESSIONS)
            )
            names = (f"count_{therapy}", f"count_repeat_{therapy}") if therapy in policy.given else ("count_dose",)
            columns = [_column(by_name.get(name, name), values) for name in names]
            times = ledgers[:, place][..., columns].sum(axis=-1)
            found[:, place] += each * days / DAYS_PER_YEAR * sessions * times
    return found


def times_given(ledgers: Array, values: Values) -> Array:
    """How often each policy's main treatment is given, shape (draws, policies): doses, or its first therapy."""
    found = np.zeros(ledgers.shape[:-1])
    for place, policy in enumerate(values.policies.values()):
        main = main_treatment(policy)
        if main is not None:
            by_name = {name: column for column, name in step_columns(policy).items()}
            names = (f"count_{main}", f"count_repeat_{main}") if main in policy.given else ("count_dose",)
            columns = [_column(by_name.get(name, name), values) for name in names]
            found[:, place] = ledgers[:, place][..., columns].sum(axis=-1)
    return found


def times_bought(ledgers: Array, parameters: NDArray[np.void], values: Values) -> Array:
    """How often the product of each policy's main treatment is bought: as `times_given`, once a limb, or for each session."""
    found = times_given(ledgers, values)
    for place, policy in enumerate(values.policies.values()):
        main = main_treatment(policy)
        unit = None if main is None else price_unit(values.therapies[main])
        if main is not None and unit == "session":
            found[:, place] *= number_of(main, SESSIONS, parameters, values)
        if main in policy.given and unit == "limb":
            first = {name: column for column, name in step_columns(policy).items()}[f"count_{main}"]
            found[:, place] = ledgers[:, place, _column(first, values)]
    return found


def _amounts(item: CostItem, ledgers: Array, values: Values) -> Array:
    """How much of the ledger an item is charged for under each policy, shape (draws, policies)."""
    amounts = np.zeros(ledgers.shape[:-1])
    for place, policy in enumerate(values.policies.values()):
        if item.charged_under(policy):
            columns = [_column(column, values) for column in item.columns_under(policy)]
            amounts[:, place] = ledgers[:, place][..., columns].sum(axis=-1)
    return amounts


def item_costs(ledgers: Array, parameters: NDArray[np.void], drawn: Drawn, values: Values) -> Array:
    """The cost of each item in force, shape (draws, policies, items); their sum is the whole cost."""
    units = unit_costs(parameters, drawn, values)
    costs = []
    for item, unit in zip(values.items, units.T, strict=True):
        costs.append(unit[:, None] * _amounts(item, ledgers, values) * values.charged(item, len(ledgers)))
    return np.stack(costs, axis=-1)


def list_prices_paid(ledgers: Array, parameters: NDArray[np.void], values: Values) -> Array:
    """How many list prices are paid for a person, shape (draws, policies).

    Of a cell product on the terms of the deal; of another main treatment as often as it is bought.
    """
    paid = times_bought(ledgers, parameters, values)
    products = [item for item in values.items if item.category == PRODUCT]
    for place, policy in enumerate(values.policies.values()):
        own = [item for item in products if item.charged_under(policy)]
        if own:
            paid[:, place] = sum(
                item.factor * _amounts(item, ledgers, values)[:, place] * values.charged(item, len(ledgers))[:, place]
                for item in own
            )
    return paid


def cost_table(discounted_costs: Array, undiscounted_costs: Array, values: Values) -> pd.DataFrame:
    """Mean costs that add up: policy, category, state, kind, mean, se, low, high, undiscounted.

    Both arrays are those of `item_costs`. `kind` tells one-off from running costs; `state` is the state in which a
    running cost arises (or a group of states), ``event`` for one-off costs.
    """
    places: dict[tuple[str, str, str], list[int]] = {}
    for place, item in enumerate(values.items):
        places.setdefault((item.category, item.state, item.kind), []).append(place)
    rows = []
    for p, policy in enumerate(values.policies):
        for (category, state, kind), of in places.items():
            own = {"policy": policy, "category": category, "state": state, "kind": kind}
            spread = spread_of(discounted_costs[:, p, of].sum(axis=-1))
            rows.append({**own, **spread, "undiscounted": float(undiscounted_costs[:, p, of].sum(axis=-1).mean())})
    return pd.DataFrame(rows)


def check_events(ledgers: Array, values: Values) -> None:
    """Stop where people have an event that has no price under their policy."""
    every = cost_items(values.wound_costs, values.strict_payer, values.therapies)
    problems = []
    for place, (name, policy) in enumerate(values.policies.items()):
        charged = {column for item in every if item.charged_under(policy) for column in item.columns_under(policy)}
        # What a therapy's file charges for it is all that it costs, be it nothing, as for a sham.
        charged |= set(step_columns(policy))
        for event in COUNTS:
            column = f"count_{event}"
            if event not in INCLUDED and column not in charged and (ledgers[..., place, COLUMN[column]] > 0.0).any():
                allowed = f"a price of {event.replace('_', ' ')} under this policy"
                problems.append(Problem(values.perspective.name, f"policy {name}, {event}", "has no price", allowed))
    if problems:
        raise BadInput(problems)


def _column(column: str, values: Values) -> int:
    return COLUMN[discounted(column) if values.discounted else column]
