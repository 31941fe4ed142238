"""Costs and QALYs: what lives are worth under prices and utilities whose consequence is known."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulator.living.ledger import FIELDS
from simulator.questions.verify.subject.check import (
    BOOKS,
    DESIGN,
    TECH_VER,
    Domain,
    Found,
    NotApplicable,
    equal,
    none_of,
)
from simulator.questions.verify.subject.subject import Subject
from simulator.valuation.cost_items import OPEN_WOUND, WIDEST, cost_items
from simulator.valuation.lives import for_money
from simulator.valuation.quality_of_life import LOST_IN, age_ratio, norm_of_both, utility_weights
from simulator.valuation.valuation import Worth, item_costs, lost, worth
from simulator.valuation.values import Drawn, Values, values_of
from simulator.words.errors import BadInput
from simulator.words.vocabulary import State

VALUE = Domain("results: costs and QALYs", "D")
NO_WORSE = (
    (State.HEALED, State.ULCER),
    (State.HEALED, State.HEALED_AFTER_MINOR),
    (State.ULCER, State.SEVERE_ULCER),
    (State.BELOW_KNEE_WALKING, State.BELOW_KNEE),
    (State.ABOVE_KNEE_WALKING, State.ABOVE_KNEE),
    (State.BELOW_KNEE_WALKING, State.ABOVE_KNEE_WALKING),
)
"""Pairs of states of which nobody doubts the better one."""


@lru_cache(maxsize=1)
def priced(subject: Subject) -> tuple[NDArray[np.float64], NDArray[np.void], Values]:
    """Mean ledgers (one draw), parameters and the scenario's own values."""
    try:
        values = values_of(subject.scenario)
    except BadInput as bad:
        raise NotApplicable(f"the scenario has no complete prices: {bad.problems[0]}") from None
    result = subject.run(scenario=for_money(subject.scenario, values.discounting), times=subject.times)
    return result.draw_ledgers, result.parameters, values


def valued(subject: Subject) -> tuple[Worth, Values, Drawn]:
    """Costs and QALYs at base values."""
    books, parameters, values = priced(subject)
    drawn = values.at_base()
    return worth(books, parameters, drawn, values), values, drawn


def scaled(drawn: Drawn, prices: float = 1.0, utilities: float | None = None) -> Drawn:
    """Prices times a factor, and every utility set to a number."""
    new = {n: u if utilities is None else np.full_like(u, utilities) for n, u in drawn.utilities.items()}
    return Drawn({n: p * prices for n, p in drawn.prices.items()}, new)


def _level(subject: Subject, level: float) -> Found:
    books, parameters, values = priced(subject)
    values = replace(values, age_adjusted=False)
    chosen = values.utility_set.method
    stored = level
    if chosen.form == "decrement":
        stored = norm_of_both(values.norm, float(chosen.reference_age), values.male_share) - level
    drawn = scaled(values.at_base(), utilities=stored)
    drawn = Drawn(drawn.prices, {**drawn.utilities, **{name: np.zeros(1) for name in values.utility_set.losses}})
    found = worth(books, parameters, drawn, values)
    qalys = found.qalys + lost(books, parameters, values)
    return equal(qalys, level * found.life_years, "policies", 1e-10)


@VALUE.check(TECH_VER, "utilities all 1, no age adjustment", "QALYs are life-years")
def utilities_one(subject: Subject) -> Found:
    """Perfect health."""
    return _level(subject, 1.0)


@VALUE.check(TECH_VER, "cells, therapies and tests taken out", "no price of theirs is asked for")
def prices_asked_for(subject: Subject) -> Found:
    """A policy is charged for what people can have under it and for nothing else."""
    _, _, values = priced(subject)
    bare = [
        policy.without_treatment().model_copy(
            update={"selection": policy.selection.model_copy(update={"marker": "none"})}
        )
        for policy in values.policies.values()
    ]
    every = cost_items(values.wound_costs, WIDEST, values.therapies)
    items = [item for item in every if item.therapy or item.marker]
    return none_of([item.charged_under(policy) for item in items for policy in bare], "prices")


@VALUE.check(
    BOOKS, "nothing", "a year on dialysis, without the other leg or after a stroke is worth its loss less, once"
)
def losses_counted(subject: Subject) -> Found:
    """QALYs with and without the losses beside the state, against the discounted years lived with each."""
    books, parameters, values = priced(subject)
    drawn = values.at_base()
    none = {name: np.zeros(1) for name in values.utility_set.losses}
    whole, without = (
        worth(books, parameters, each, values) for each in (drawn, Drawn(drawn.prices, {**drawn.utilities, **none}))
    )
    expected = np.zeros_like(whole.qalys)
    for clock, name in LOST_IN.items():
        years = books[:, :, FIELDS.index(f"effect_{clock}" if values.discounted else clock)]
        expected += drawn.utilities[name][:, None] * years * (values.scope.vascular_events or "after" not in clock)
    return equal(without.qalys - whole.qalys, expected, "policies", 1e-9)


@VALUE.check(TECH_VER, "utilities all 0", "no QALYs")
def utilities_zero(subject: Subject) -> Found:
    """Worthless health."""
    return _level(subject, 0.0)


@VALUE.check(TECH_VER, "nothing", "QALYs are positive and fewer than life-years")
def qalys(subject: Subject) -> Found:
    """QALYs against life-years."""
    found, _, _ = valued(subject)
    return none_of((found.qalys >= found.life_years) | (found.qalys <= 0.0), "policies")


@VALUE.check(TECH_VER, "prices all 0", "no costs")
def prices_zero(subject: Subject) -> Found:
    """Everything for free."""
    books, parameters, values = priced(subject)
    found = worth(books, parameters, scaled(values.at_base(), prices=0.0), values)
    return equal(found.cost, np.zeros_like(found.cost), "policies")


@VALUE.check(TECH_VER, "each price raised in turn", "no cost falls, and some cost rises with each price that is read")
def each_price(subject: Subject) -> Found:
    """Monotone response to every price."""
    books, parameters, values = priced(subject)
    drawn = values.at_base()
    base = worth(books, parameters, drawn, values).cost
    wrong = []
    for name, price in drawn.prices.items():
        dearer = Drawn({**drawn.prices, name: price * 1.5 + 1.0}, drawn.utilities)
        wrong.append(bool((worth(books, parameters, dearer, values).cost < base - 1e-9).any()))
    return none_of(wrong, "prices")


@VALUE.check(TECH_VER, "each utility raised and each loss lowered in turn", "no policy loses QALYs")
def each_utility(subject: Subject) -> Found:
    """Monotone response to every utility; a loss acts the other way, in every form of utility set."""
    books, parameters, values = priced(subject)
    drawn = values.at_base()
    base = worth(books, parameters, drawn, values).qalys
    sign = -1.0 if values.utility_set.method.form == "decrement" else 1.0
    wrong = []
    for name, utility in drawn.utilities.items():
        changed = Drawn(drawn.prices, {**drawn.utilities, name: utility + 0.05})
        way = -1.0 if name in LOST_IN.values() else sign
        wrong.append(bool((way * (worth(books, parameters, changed, values).qalys - base) < -1e-12).any()))
    return none_of(wrong, "utilities")


@VALUE.check(BOOKS, "nothing", "the costs of all items add to the cost")
def items(subject: Subject) -> Found:
    """Items against totals."""
    books, parameters, values = priced(subject)
    drawn = values.at_base()
    total = item_costs(books, parameters, drawn, values).sum(axis=-1)
    return equal(total, worth(books, parameters, drawn, values).cost, "policies", 1e-10)


@VALUE.check(TECH_VER, "no discounting", "undiscounted costs and QALYs are no smaller than discounted ones")
def undiscounted_worth(subject: Subject) -> Found:
    """Discounting can only lower totals."""
    books, parameters, values = priced(subject)
    found = valued(subject)[0]
    plain = worth(books, parameters, values.at_base(), replace(values, discounted=False))
    wrong = (plain.cost < found.cost - 1e-9) | (plain.qalys < found.qalys - 1e-12)
    return none_of(wrong | (plain.life_years < found.life_years), "policies")


@VALUE.check(DESIGN, "nothing", "a policy without cells has no cost of cells")
def free_of_cells(subject: Subject) -> Found:
    """What conservative care is charged for."""
    books, parameters, values = priced(subject)
    drawn = values.at_base()
    without = [i for i, p in enumerate(values.policies.values()) if p.cell_therapy.doses == 0]
    costs = item_costs(books, parameters, drawn, values)
    dosed = [
        k for k, item in enumerate(values.items) if "count_dose" in item.columns or "count_treated" in item.columns
    ]
    return equal(costs[:, without][:, :, dosed], np.zeros((1, len(without), len(dosed))), "items")


@VALUE.check(TECH_VER, "state", "a healed limb is worth no less than a wound, walking no less than sitting")
def better_states(subject: Subject) -> Found:
    """Utilities of states in their order."""
    _, _, values = priced(subject)
    utilities, chosen = values.at_base().utilities, values.utility_set
    weights = utility_weights(utilities, chosen, values.norm, values.male_share, age_adjusted=False)[0]
    level = {state: weights[FIELDS.index(f"time_{state.name.lower()}")] for state in State}
    return none_of([level[better] < level[worse] for better, worse in NO_WORSE], "pairs of states")


@VALUE.check(
    TECH_VER, "age", "a year is worth what the norm says at the reference age, and less later if the norm falls"
)
def older(subject: Subject) -> Found:
    """The age adjustment against the population norm (to 0.02, the error of a quadratic)."""
    _, _, values = priced(subject)
    age = float(values.utility_set.method.reference_age)
    a, b, c = age_ratio(values.norm, age, values.male_share)
    ages = np.array([60.0, age, 90.0])
    norm = np.array([norm_of_both(values.norm, float(x), values.male_share) for x in ages])
    return equal(a + b * (ages - 75.0) + c * (ages - 75.0) ** 2, norm / norm[1], "ratios", 0.02)


@VALUE.check(BOOKS, "nothing", "time with an open wound is charged twelve months a year, at most once")
def wound_months(subject: Subject) -> Found:
    """Wound care recomputed from the years with an open wound."""
    books, parameters, values = priced(subject)
    drawn = values.at_base()
    monthly = "wound_all_in_month" if values.wound_costs == "all_in" else "wound_outpatient_month"
    if monthly not in drawn.prices:
        raise NotApplicable("wounds are not priced by the month")
    years = books[:, :, [FIELDS.index(f"cost_{state.name.lower()}") for state in OPEN_WOUND]].sum(axis=-1)
    costs = item_costs(books, parameters, drawn, values)
    care = costs[:, :, [k for k, item in enumerate(values.items) if item.category == "wound care"]].sum(axis=-1)
    return equal(care, 12.0 * drawn.prices[monthly][:, None] * years * values.money.factor, "policies", 1e-9)


@VALUE.check(BOOKS, "nothing", "cells are charged for every dose given, at its discounted date")
def dose_costs(subject: Subject) -> Found:
    """Cell products recomputed from the doses given."""
    books, parameters, values = priced(subject)
    drawn = values.at_base()
    costs = item_costs(books, parameters, drawn, values)
    product = [k for k, item in enumerate(values.items) if item.category == "cell product"]
    if not product:
        raise NotApplicable("no policy gives cells")
    unit = {values.items[k].therapy: drawn.prices[values.items[k].money] for k in product}
    doses = books[:, :, FIELDS.index("cost_count_dose")]
    price = [unit.get(policy.cell_therapy.product, np.zeros(1)) for policy in values.policies.values()]
    return equal(
        costs[:, :, product].sum(axis=-1), doses * np.stack(price, axis=1) * values.money.factor, "policies", 1e-9
    )


@VALUE.check(TECH_VER, "utility of sitting amputees raised", "only the two states of amputees who do not walk change")
def sitting(subject: Subject) -> Found:
    """Which states a utility values."""
    _, _, values = priced(subject)
    before, chosen = values.at_base().utilities, values.utility_set
    after = {**before, "major_not_walking": before["major_not_walking"] + 0.05}
    weights = [
        utility_weights(u, chosen, values.norm, values.male_share, age_adjusted=False)[0] for u in (before, after)
    ]
    moved = {FIELDS[k] for k in np.flatnonzero(weights[0] != weights[1])}
    return Found(moved == {"time_below_knee", "time_above_knee"}, ", ".join(sorted(moved)))
