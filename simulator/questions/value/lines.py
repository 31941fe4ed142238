"""What is multiplied in an analysis: lines of cost and states of health, with their amounts in every draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.scenario.economics import Deal
from simulator.statistics.decision.results import Array
from simulator.valuation.cost_items import LATER_VISITS, PRODUCT, CostItem, discounted
from simulator.valuation.ledger_columns import COLUMN
from simulator.valuation.quality_of_life import (
    LOST_IN,
    UTILITY_OF,
    VASCULAR_LOSSES,
    moments_of,
)
from simulator.valuation.valuation import number_of, session_losses
from simulator.valuation.values import Drawn, Values
from simulator.words.vocabulary import DAYS_PER_YEAR

Part = Literal["", "first", "repeat"]
OF_AMPUTATION = (
    "count_minor",
    "count_below",
    "count_above",
    "count_conversion",
    "count_other_limb",
    "clock_amputee",
    "time_below",
    "time_above",
)
"""How columns of the ledger begin that count amputations, or years after them."""


@dataclass(frozen=True)
class Line:
    """One unit cost and what it is charged for.

    `columns` are those of the ledger, undiscounted, a therapy's by its name, and `under` those that each policy is charged
    for. `each` is how many an event of each draw counts for, as the sessions of a course. A product has two lines: people's
    first treatments and the repeats.
    """

    category: str
    price: str
    times: tuple[str, ...]
    factor: float
    columns: tuple[str, ...]
    charged: tuple[bool, ...]
    under: tuple[tuple[str, ...], ...]
    part: Part = ""
    each: Array | None = field(default=None, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The price and what it is multiplied with."""
        return (self.price, *self.times)

    @property
    def counted(self) -> str:
        """What is counted, in words."""
        if self.part:
            return "people treated" if self.part == "first" else "second and later treatments"
        kind = "events" if self.columns[0].startswith("count_") else "years"
        words = (c.removeprefix("count_").removeprefix("clock_").removeprefix("time_") for c in self.columns)
        return f"{kind}: {', '.join(word.replace('_', ' ') for word in words)}"

    @property
    def of_amputation(self) -> bool:
        """Whether it is charged for an amputation, minor or major, or for life after it and nothing else."""
        return all(column.startswith(OF_AMPUTATION) for column in self.columns)

    def amount(self, ledgers: Array, *, discount: bool) -> Array:
        """How much of it there is under each policy; `ledgers` and the result begin with any axes, policies the last."""
        if self.part == "repeat":
            amount = _sum(ledgers, ("count_dose",), discount) - _sum(ledgers, ("count_treated",), discount)
        elif self.part:
            amount = _sum(ledgers, ("count_treated",), discount)
        else:
            by_policy = [_sum(ledgers[..., p, :], columns, discount) for p, columns in enumerate(self.under)]
            amount = np.stack(by_policy, axis=-1)
        if self.each is not None:
            amount = amount * self.each[: amount.shape[-2], None]
        return np.asarray(amount * np.array(self.charged, dtype=np.float64))

    def unit(self, multipliers: Mapping[str, Array], values: Values) -> Array:
        """Its cost in each draw, in the money of the results and on the terms of the deal."""
        unit = np.full(len(next(iter(multipliers.values()))), self.factor * values.money.factor)
        for name in self.names:
            unit = unit * multipliers[name]
        return unit * self.terms(values.deal)

    def terms(self, deal: Deal) -> float:
        """The share of the list price that is paid for one of it."""
        if not self.part:
            return 1.0
        return deal.kits * (deal.repeat_price if self.part == "repeat" else 1.0)


@dataclass(frozen=True)
class Health:
    """One state of health, or what is lost beside the states, and the utility that values it.

    Years of a loss count less than nothing. `course` holds the QALYs that one course of a therapy costs in each draw, which no
    utility values; `counted` are the ledger's columns of its courses under each policy, discounted and not.
    """

    name: str
    utility: str = ""
    clock: str = ""
    course: Array | None = field(default=None, compare=False)
    counted: Mapping[bool, list[tuple[str, ...]]] = field(default_factory=dict)

    @property
    def loss(self) -> bool:
        """Whether it is lost beside the states."""
        return bool(self.clock) or self.course is not None

    def weighted(self, ledgers: Array, ratio: Array, *, discount: bool) -> Array:
        """Years in it under each policy, discounted and weighted by the population norm's fall with age; the policies' axis is
        the last but one of the ledgers."""
        if self.course is not None:
            times = [
                ledgers[..., p, [COLUMN[name] for name in names]].sum(axis=-1)
                for p, names in enumerate(self.counted[discount])
            ]
            return np.asarray(-self.course[:, None] * np.stack(times, axis=-1))
        if self.clock:
            return np.asarray(-ledgers[..., COLUMN[f"effect_{self.clock}" if discount else self.clock]])
        moments = [ledgers[..., COLUMN[name]] for name in moments_of(self.name, discounted=discount)]
        return np.asarray(sum(share * each for share, each in zip(ratio.tolist(), moments, strict=True)))

    def level(self, drawn: Mapping[str, Array], top: float | None) -> Array:
        """What a year of it is worth in each draw."""
        if not self.utility:
            return np.ones(1)
        return drawn[self.utility] if top is None or self.loss else top - drawn[self.utility]


def lines_of(values: Values, parameters: NDArray[np.void]) -> list[Line]:
    """The lines of cost of a set of values, those of one unit cost and category together."""
    neutral = replace(values, deal=Deal())
    found: dict[tuple[object, ...], Line] = {}
    for item in neutral.items:
        for part in _parts(item):
            charged = tuple(item.charged_under(policy) for policy in values.policies.values())
            key = (
                item.category,
                item.names,
                item.factor,
                part,
                charged,
                item.therapy if item.numbers else "",
                item.numbers,
            )
            columns = (found[key].columns if key in found else ()) + item.columns
            before = found[key].under if key in found else ((),) * len(charged)
            policies = zip(before, charged, values.policies.values(), strict=True)
            under = tuple(own + (item.columns_under(policy) if paid else ()) for own, paid, policy in policies)
            each = None
            for number in item.numbers:
                each = (1.0 if each is None else each) * number_of(item.therapy, number, parameters, values)
            line = Line(item.category, item.money, item.times, item.factor, columns, charged, under, part, each)
            found[key] = line
    return list(found.values())


def healths(values: Values, parameters: NDArray[np.void]) -> list[Health]:
    """The states of health of the ledger, and what is lost beside them."""
    found = [Health(state.name.lower(), utility) for state, utility in UTILITY_OF.items()]
    left_out = () if values.scope.vascular_events else VASCULAR_LOSSES
    found += [Health(name, name, clock) for clock, name in LOST_IN.items() if name not in left_out]
    for each in session_losses(values):
        counted = {discount: each.columns(replace(values, discounted=discount)) for discount in (True, False)}
        label = f"sessions of {values.therapies[each.therapy].label.lower()} (years lost)"
        found.append(Health(label, course=each.years(parameters, values), counted=counted))
    return found


def multipliers(drawn: Drawn, parameters: NDArray[np.void]) -> dict[str, Array]:
    """Prices and what they are multiplied with, by name."""
    return {**drawn.prices, LATER_VISITS: DAYS_PER_YEAR / parameters["later_visit_interval_days"]}


def _parts(item: CostItem) -> tuple[Part, ...]:
    return ("first", "repeat") if item.category == PRODUCT else ("",)


def _sum(ledgers: Array, columns: tuple[str, ...], discount: bool) -> Array:
    names = [discounted(column) if discount else column for column in columns]
    return np.asarray(ledgers[..., [COLUMN[name] for name in names]].sum(axis=-1))
