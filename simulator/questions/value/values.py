"""The values in force: one payer's prices, one set of utilities, one way of pricing wounds, one currency.

They are read once, with every fault told before anything is simulated: a price for an event that no policy compared
has, a missing price for one that it has, a price of the payer that the model cannot charge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TypeVar

import numpy as np

from simulator.evidence.distributions import mean, sample
from simulator.evidence.perspective import Perspective, load_perspective
from simulator.evidence.population_norm import PopulationNorm, load_population_norm
from simulator.evidence.price_transfer import exchange, inflate
from simulator.evidence.register import Register, replacement
from simulator.evidence.utilities import UtilitySet, load_utilities
from simulator.questions.value.cost_items import (
    LATER_VISITS,
    PRODUCT_PRICES,
    SITE_PRICES,
    CostItem,
    cost_items,
    known_prices,
    makes_cells,
)
from simulator.questions.value.results import Array
from simulator.scenario.economics import Discounting, Economics
from simulator.scenario.policy import Policy
from simulator.scenario.scenario import Scenario
from simulator.words.errors import BadInput, Problem, nearest

Found = TypeVar("Found")

COMMON_UTILITY = "utility_quantile"
"""Name of the one uncertain number behind utilities that are drawn at a common quantile."""


@dataclass(frozen=True)
class Money:
    """The money in which results are stated; `factor` turns the payer's own amounts into it."""

    currency: str
    price_year: int
    factor: float = 1.0


@dataclass(frozen=True, eq=False)
class Drawn:
    """Prices and utilities of each draw, by name, each of shape (draws,)."""

    prices: Mapping[str, Array]
    utilities: Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class Values:
    """What a ledger is multiplied with. `discounted` chooses the columns; `leave_out` names categories not charged."""

    perspective: Perspective
    utility_set: UtilitySet
    norm: PopulationNorm
    male_share: float
    policies: Mapping[str, Policy] = field(repr=False)
    wound_costs: str
    strict_payer: bool
    age_adjusted: bool
    money: Money
    thresholds: tuple[float, ...]
    discounting: Discounting
    discounted: bool = True
    leave_out: tuple[str, ...] = ()

    @cached_property
    def items(self) -> tuple[CostItem, ...]:
        """Costs that some policy can incur."""
        every = cost_items(self.wound_costs, self.strict_payer, self.leave_out)
        return tuple(item for item in every if any(item.charged_under(policy) for policy in self.policies.values()))

    @property
    def price_names(self) -> tuple[str, ...]:
        """Prices that are read, in the payer's order."""
        read = {name for item in self.items for name in item.names}
        return tuple(name for name in self.perspective.prices.names() if name in read)

    @property
    def product_prices(self) -> dict[str, float]:
        """What a treatment's product is taken to cost on average over the draws, by product, in the money of the results;
        those that are read."""
        read = {product: name for product, name in PRODUCT_PRICES.items() if name in self.price_names}
        return {product: mean(self.perspective.prices[name]) * self.money.factor for product, name in read.items()}

    @property
    def threshold(self) -> float:
        """The first threshold: what is reported where there is room for one only."""
        return self.thresholds[0]

    def sample(self, n: int, seed: int) -> Drawn:
        """`n` draws of every price that is read and of every utility."""
        prices, states = self.perspective.prices, self.utility_set.states
        priced, valued = sample(prices, n, seed, self.price_names), sample(states, n, seed)
        return Drawn(
            {name: np.asarray(priced[name]) for name in self.price_names},
            {name: np.asarray(valued[name]) for name in states.names()},
        )

    def at_means(self, changes: Mapping[str, Array] | None = None) -> Drawn:
        """The means of the distributions as one draw, or as many as `changes` has rows; otherwise as `at_base`."""
        rows = len(next(iter((changes or {}).values()), (0,)))
        prices, states = self.perspective.prices, self.utility_set.states
        means = {name: np.full(rows, mean(prices[name])) for name in self.price_names}
        means |= {name: np.full(rows, mean(states[name])) for name in states.names()}
        return self.at_base(means | dict(changes or {}))

    def at_base(self, changes: Mapping[str, Array] | None = None) -> Drawn:
        """The numbers in force as one draw, or as many as `changes` has rows; `changes` replaces prices and utilities.

        Raises BadInput for a name that is neither a price that is read nor a state of the set.
        """
        changes = changes or {}
        states = self.utility_set.states
        known = (*self.price_names, *states.names())
        unread = [name for name in changes if name not in known]
        if unread:
            raise BadInput(Problem("draws", name, "read by nothing", nearest(name, known)) for name in unread)
        rows = len(next(iter(changes.values()), (0,)))
        base = {name: self.perspective.prices[name].value for name in self.price_names}
        return Drawn(
            {name: np.asarray(changes.get(name, np.full(rows, value))) for name, value in base.items()},
            {n: np.asarray(changes.get(n, np.full(rows, states[n].value))) for n in states.names()},
        )

    def uncertain(self, drawn: Drawn) -> dict[str, Array]:
        """The draws of every price and utility that varies; utilities of one common quantile count once."""
        columns = {name: draws for name, draws in drawn.prices.items() if np.ptp(draws) > 0}
        streams: dict[str, Array] = {}
        for name, draws in drawn.utilities.items():
            if np.ptp(draws) > 0:
                luck = self.utility_set.states[name].luck
                streams.setdefault(COMMON_UTILITY if luck == "utility" else name, draws)
        return columns | streams


def values_of(scenario: Scenario) -> Values:
    """The values that a scenario asks for. Raises BadInput with everything that is wrong with them."""
    settings = scenario.settings.economics
    policies = {name: scenario.policies[name] for name in scenario.compare}
    problems: list[Problem] = []
    file = f"{scenario.name}: [economics]"
    perspective = _found(lambda: load_perspective(settings.perspective), problems)
    chosen = _found(lambda: load_utilities(settings.utility_set), problems)
    norm = money = None
    if perspective is not None:
        payer = perspective.conventions.perspective
        norm = _found(lambda: load_population_norm(settings.population_norm or payer.population_norm), problems)
        money = _found(partial(restated, perspective, settings.currency, settings.price_year), problems)
        prices = _replaced(perspective.prices, settings.prices, f"{file} prices", problems)
        perspective = replace(perspective, prices=prices)
        strict = _is_strict(settings, perspective)
        problems += _unusable(perspective, policies, settings, strict, f"{file} prices")
    if chosen is not None:
        chosen = replace(chosen, states=_replaced(chosen.states, settings.utilities, f"{file} utilities", problems))
    if problems or perspective is None or chosen is None or norm is None or money is None:
        raise BadInput(problems)
    discount = perspective.conventions.discount
    payers = tuple(money.factor * each.value for each in perspective.conventions.thresholds)
    return Values(
        perspective=perspective,
        utility_set=chosen,
        norm=norm,
        male_share=scenario.register["male_share"].value,
        policies=policies,
        wound_costs=settings.wound_costs,
        strict_payer=_is_strict(settings, perspective),
        age_adjusted=settings.age_adjusted,
        money=money,
        thresholds=settings.thresholds or payers,
        discounting=settings.discounting or Discounting(effects=discount.effects, costs=discount.costs),
    )


def _is_strict(settings: Economics, perspective: Perspective) -> bool:
    """Whether institutional care is left out: as the scenario says, else as the payer's file does."""
    if settings.strict_payer is not None:
        return settings.strict_payer
    return not perspective.conventions.perspective.bears_institutional_care


def _unusable(
    perspective: Perspective, policies: Mapping[str, Policy], settings: Economics, strict: bool, file: str
) -> Iterator[Problem]:
    """Prices that the model cannot charge, that are missing, or that the user set for what no policy has."""
    for name in perspective.prices.names():
        if name not in known_prices():
            allowed = f"a price that the model can charge; {nearest(name, known_prices())}"
            yield Problem(perspective.name, f"prices.{name}", "charged by nothing", allowed)
    every = cost_items(settings.wound_costs, strict)
    items = [item for item in every if any(item.charged_under(policy) for policy in policies.values())]
    read = {name for item in items for name in item.names if name != LATER_VISITS}
    if any(makes_cells(policy) for policy in policies.values()):
        read |= set(SITE_PRICES)
    for name in sorted(read):
        if name not in perspective.prices:
            allowed = "a price, because a policy compared incurs it"
            yield Problem(perspective.name, f"prices.{name}", "missing", allowed)
    for name in settings.prices:
        if name in perspective.prices and name not in read:
            how = f"wound_costs = {settings.wound_costs!r}, strict_payer = {str(strict).lower()}"
            allowed = f"one of {', '.join(sorted(read))}: no policy compared incurs it with {how}"
            yield Problem(file, name, "charged to nobody", allowed)


def restated(perspective: Perspective, currency: str | None, price_year: int | None) -> Money:
    """The money of results: the payer's own, or another year's prices and then another currency at that year's rate."""
    payer = perspective.conventions.perspective
    year = payer.price_year if price_year is None else price_year
    factor = 1.0 if year == payer.price_year else inflate(1.0, payer.country, payer.price_year, year)
    if currency not in (None, payer.currency):
        assert currency is not None
        factor *= exchange(1.0, payer.currency, currency, year)
    return Money(currency or payer.currency, year, factor)


def _replaced(register: Register, own: Mapping[str, object], file: str, problems: list[Problem]) -> Register:
    """A register with a user's numbers laid over it; faults of these are appended to `problems`."""
    sound = {}
    for name, value in own.items():
        if name not in register:
            problems.append(Problem(file, name, repr(value), nearest(name, register.names())))
        elif found := replacement(register[name], value, file, name, problems):
            sound[name] = found
    return register.with_parameters(sound)


def _found(read: Callable[[], Found], problems: list[Problem]) -> Found | None:
    """What a reader gives, or None with its faults appended to `problems`."""
    try:
        return read()
    except BadInput as bad:
        problems.extend(bad.problems)
        return None
