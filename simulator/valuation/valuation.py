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

from simulator.living.ledger import FIELDS
from simulator.scenario.therapies import step_columns
from simulator.statistics.decision.results import Array, spread_of
from simulator.valuation.cost_items import (
    LATER_VISITS,
    SESSIONS,
    main_treatment,
    treatments,
)
from simulator.valuation.ledger_columns import COLUMN
from simulator.valuation.quality_of_life import VASCULAR_LOSSES, moments_of, weights_of
from simulator.valuation.values import Drawn, Values
from simulator.words.errors import BadInput, Problem
from simulator.words.vocabulary import DAYS_PER_YEAR, State

TIMES = [COLUMN[f"time_{state.name.lower()}"] for state in State]
EFFECTS = [COLUMN[f"effect_{state.name.lower()}"] for state in State]
BESIDE = "beside_the_state"
"""What quality of life loses beside the state somebody is in: dialysis, the other leg, heart and brain, what is done."""


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


def qalys_by_part(ledgers: Array, parameters: NDArray[np.void], drawn: Drawn, values: Values) -> Array:
    """QALYs in each state, then those lost `BESIDE` them, shape (draws, policies, states + 1); their sum is all of them."""
    each = ledgers * effect_weights(drawn, values)[:, None, :]
    columns = [
        [COLUMN[name] for name in moments_of(state.name.lower(), discounted=values.discounted)] for state in State
    ]
    beside = sorted(set(range(len(FIELDS))).difference(*columns))
    found = [each[..., of].sum(axis=-1) for of in (*columns, beside)]
    found[-1] = found[-1] - lost(ledgers, parameters, values)
    return np.stack(found, axis=-1)


def cost_weights(parameters: NDArray[np.void], drawn: Drawn, values: Values) -> Array:
    """What each column of the ledger costs under each policy, shape (draws, policies, fields)."""
    units = unit_costs(parameters, drawn, values)
    charges = [values.charged(item, len(parameters)) for item in values.items]
    rows = max(len(units), *map(len, charges))
    weights = np.zeros((rows, len(values.policies), len(FIELDS)))
    for (policies, columns), unit, charged in zip(values.charged_cells, units.T, charges, strict=True):
        weights[:, policies, columns] += unit[:, None] * charged[:, policies]
    return weights


def effect_weights(drawn: Drawn, values: Values) -> Array:
    """What each column of the ledger adds to QALYs, shape (draws, fields)."""
    utilities = drawn.utilities
    if not values.scope.vascular_events:
        utilities = {**utilities, **{name: 0.0 * utilities[name] for name in VASCULAR_LOSSES}}
    return weights_of(utilities, values.top, values.ratio, discounted=values.discounted)


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
    units = np.empty((max(map(len, columns)), len(columns)))
    for place, unit in enumerate(columns):
        units[:, place] = unit
    return units


def number_of(therapy: str, number: str, parameters: NDArray[np.void], values: Values) -> Array:
    """A therapy's number in each draw, shape (draws,); of its sessions those that people have on average."""
    own = parameters["therapies"][:, list(values.therapies).index(therapy)]
    if number == SESSIONS:
        return np.asarray(own[SESSIONS] * (1.0 + own["completion"]) / 2.0)
    return np.asarray(own[number])


def lost(ledgers: Array, parameters: NDArray[np.void], values: Values) -> Array:
    """QALYs that people lose by what is done to them, shape (draws, policies): by each session and complication of treatments.

    Amputations lose theirs in the states after them.
    """
    found = np.zeros(ledgers.shape[:-1])
    for each in session_losses(values):
        weight = each.years(parameters, values)
        for place, columns in enumerate(each.columns(values)):
            if columns:
                found[:, place] += weight * ledgers[:, place][..., [COLUMN[name] for name in columns]].sum(axis=-1)
    return found


@dataclass(frozen=True)
class SessionLoss:
    """A therapy of which sessions or complications cost quality of life."""

    therapy: str

    def years(self, parameters: NDArray[np.void], values: Values) -> Array:
        """QALYs lost by one course of it in each draw, shape (draws,)."""
        loss, days, sessions = (
            number_of(self.therapy, number, parameters, values)
            for number in ("utility_loss", "utility_loss_days", SESSIONS)
        )
        often, harm, long = (
            number_of(self.therapy, number, parameters, values)
            for number in ("complication", "complication_utility_loss", "complication_utility_loss_days")
        )
        return np.asarray(loss * days / DAYS_PER_YEAR * sessions + often * harm * long / DAYS_PER_YEAR)

    def columns(self, values: Values) -> list[tuple[str, ...]]:
        """The ledger's columns that count it under each policy; none where it is not given."""
        found = []
        for policy in values.policies.values():
            by_name = {name: column for column, name in step_columns(policy).items()}
            names: tuple[str, ...] = ()
            if self.therapy in policy.given:
                names = (f"count_{self.therapy}", f"count_repeat_{self.therapy}")
            elif self.therapy in treatments(policy):
                names = ("count_dose",)
            plain = (by_name.get(name, name) for name in names)
            found.append(tuple(f"effect_{name}" if values.discounted else name for name in plain))
        return found


def session_losses(values: Values) -> list[SessionLoss]:
    """The therapies of some policy of which sessions or complications cost quality of life."""
    given = dict.fromkeys(name for policy in values.policies.values() for name in treatments(policy))
    losses = ("utility_loss", "complication_utility_loss")
    return [SessionLoss(name) for name in given if any(key.startswith(losses) for key in values.therapies[name].names)]


def times_given(ledgers: Array, values: Values) -> Array:
    """How often each policy's main treatment is given, shape (draws, policies): doses, or its first therapy."""
    found = np.zeros(ledgers.shape[:-1])
    for place, policy in enumerate(values.policies.values()):
        main = main_treatment(policy)
        if main is not None:
            by_name = {name: column for column, name in step_columns(policy).items()}
            names = (f"count_{main}", f"count_repeat_{main}") if main in policy.given else ("count_dose",)
            columns = [values.column(by_name.get(name, name)) for name in names]
            found[:, place] = ledgers[:, place][..., columns].sum(axis=-1)
    return found


def people_treated(ledgers: Array, values: Values) -> Array:
    """The share of people who have each policy's main treatment at all, shape (draws, policies)."""
    found = np.zeros(ledgers.shape[:-1])
    for place, policy in enumerate(values.policies.values()):
        main = main_treatment(policy)
        if main is not None:
            by_name = {name: column for column, name in step_columns(policy).items()}
            name = f"count_{main}" if main in policy.given else "count_treated"
            found[:, place] = ledgers[:, place, COLUMN[by_name.get(name, name)]]
    return found


def _amounts(columns: tuple[tuple[int, ...], ...], ledgers: Array) -> Array:
    """How much of the ledger is charged for under each policy, shape (draws, policies), by the columns of each."""
    amounts = np.zeros(ledgers.shape[:-1])
    for place, own in enumerate(columns):
        amounts[:, place] = ledgers[:, place][..., list(own)].sum(axis=-1)
    return amounts


def item_costs(ledgers: Array, parameters: NDArray[np.void], drawn: Drawn, values: Values) -> Array:
    """The cost of each item in force, shape (draws, policies, items); their sum is the whole cost."""
    units = unit_costs(parameters, drawn, values)
    costs = []
    for item, columns, unit in zip(values.items, values.charged_columns, units.T, strict=True):
        costs.append(unit[:, None] * _amounts(columns, ledgers) * values.charged(item, len(ledgers)))
    return np.stack(costs, axis=-1)


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
    problems = []
    happens = np.asarray((ledgers > 0.0).any(axis=tuple(range(ledgers.ndim - 2))))
    for place, (name, events) in enumerate(values.unpriced.items()):
        for event in events:
            if happens[place, COLUMN[f"count_{event}"]]:
                allowed = f"a price of {event.replace('_', ' ')} under this policy"
                problems.append(Problem(values.perspective.name, f"policy {name}, {event}", "has no price", allowed))
    if problems:
        raise BadInput(problems)


def costs_summed(costs: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Mean discounted costs of each policy by some keys, with a last row `total`: policy, the keys, mean."""
    summed = costs.groupby(["policy", *keys], sort=False)["mean"].sum().reset_index()
    whole = costs.groupby("policy", sort=False)["mean"].sum().reset_index()
    whole = whole.assign(**{key: "total" if key == keys[0] else "" for key in keys})
    return pd.concat([summed, whole[summed.columns]], ignore_index=True)


def totals_table(base: Worth, undiscounted: Worth, policies: tuple[str, ...]) -> pd.DataFrame:
    """Costs, effects (QALYs) and life-years of every policy, discounted and not: option, quantity, mean, se, low, high."""
    rows = []
    for p, policy in enumerate(policies):
        for ending, found in (("", base), ("_undiscounted", undiscounted)):
            for quantity, array in (("cost", found.cost), ("effect", found.qalys), ("life_years", found.life_years)):
                rows.append({"option": policy, "quantity": quantity + ending, **spread_of(array[:, p])})
    return pd.DataFrame(rows)
