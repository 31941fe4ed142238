"""The values in force: one payer's prices, one set of utilities, one way of pricing wounds, one currency.

They are read once, with every fault told before anything is simulated: a price for an event that no policy compared
has, a missing price for one that it has, a price of the payer that the model cannot charge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.distributions import mean, sample
from simulator.evidence.economics.perspective import Perspective, load_perspective
from simulator.evidence.economics.population_norm import PopulationNorm
from simulator.evidence.economics.price_transfer import exchange, inflate
from simulator.evidence.economics.utilities import UtilitySet
from simulator.evidence.register import Register, replacement
from simulator.evidence.therapies.therapy import Therapy
from simulator.living.ledger import COUNTS
from simulator.scenario.economics import Deal, Discounting, Economics
from simulator.scenario.policy import Policy
from simulator.scenario.scenario import Scenario
from simulator.scenario.therapies import step_columns
from simulator.statistics.decision.results import Array
from simulator.valuation.cost_items import (
    INCLUDED,
    PRODUCT,
    WIDEST,
    CostItem,
    Scope,
    cost_items,
    discounted,
    main_treatment,
    product_price,
)
from simulator.valuation.ledger_columns import COLUMN
from simulator.valuation.prices_read import therapy_prices, unusable
from simulator.valuation.quality_of_life import AT_ANY_AGE, ratio_of, top_of
from simulator.valuation.value_set import norm_of, utilities_of
from simulator.words.errors import BadInput, Problem, collected, nearest

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

    def rows(self, chosen: slice | NDArray[np.int64]) -> Drawn:
        """Some of the draws."""
        prices, utilities = ({n: v[chosen] for n, v in part.items()} for part in (self.prices, self.utilities))
        return Drawn(prices, utilities)

    def first(self, draws: int) -> Drawn:
        """The first draws."""
        return self.rows(slice(draws))


@dataclass(frozen=True, eq=False)
class LeftToPay:
    """What volume and money back leave to pay of a product's price, each of shape (draws or 1, policies).

    `by_volume` is the share of the price that is asked; `back` and `back_undiscounted` are the shares of what is paid over the
    horizon that come back, which differ because money comes back later than it is paid.
    """

    by_volume: Array
    back: Array
    back_undiscounted: Array

    def share(self, *, discounted: bool) -> Array:
        """The share of the price that is paid in the end, shape (draws or 1, policies)."""
        return np.asarray(self.by_volume * (1.0 - (self.back if discounted else self.back_undiscounted)))

    def rows(self, chosen: NDArray[np.int64]) -> LeftToPay:
        """Some of the draws, where each has its own."""
        parts = (self.by_volume, self.back, self.back_undiscounted)
        return LeftToPay(*(part if len(part) == 1 else part[chosen] for part in parts))


@dataclass(frozen=True, eq=False)
class Values:
    """What a ledger is multiplied with. `discounted` chooses the columns; `leave_out` names categories not charged.

    `left` is what volume and money back leave to pay in the lives that are valued; without it nothing is taken off.
    """

    perspective: Perspective
    utility_set: UtilitySet
    norm: PopulationNorm
    male_share: float
    policies: Mapping[str, Policy] = field(repr=False)
    therapies: Mapping[str, Therapy] = field(repr=False)
    wound_costs: str
    scope: Scope
    age_adjusted: bool
    money: Money
    thresholds: tuple[float, ...]
    discounting: Discounting
    discounted: bool = True
    leave_out: tuple[str, ...] = ()
    deal: Deal = field(default_factory=Deal)
    left: LeftToPay | None = field(default=None, repr=False)

    @cached_property
    def items(self) -> tuple[CostItem, ...]:
        """Costs that some policy can incur."""
        every = cost_items(self.wound_costs, self.scope, self.therapies, self.leave_out, self.deal)
        return tuple(item for item in every if any(item.charged_under(policy) for policy in self.policies.values()))

    @cached_property
    def charged_columns(self) -> tuple[tuple[tuple[int, ...], ...], ...]:
        """For each of `items` and each policy the places in the ledger of what is charged; none where it is not charged."""
        return tuple(
            tuple(
                tuple(map(self.column, item.columns_under(policy))) if item.charged_under(policy) else ()
                for policy in self.policies.values()
            )
            for item in self.items
        )

    @cached_property
    def charged_cells(self) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], ...]:
        """For each of `items` the policies under which it is charged and, beside each, a place in the ledger of what is."""
        cells = [[(p, column) for p, own in enumerate(each) for column in own] for each in self.charged_columns]
        return tuple((each[:, 0], each[:, 1]) for each in (np.array(own, np.intp).reshape(-1, 2) for own in cells))

    def column(self, name: str) -> int:
        """The place in the ledger of a column of costs, discounted if costs are."""
        return COLUMN[discounted(name) if self.discounted else name]

    @cached_property
    def unpriced(self) -> Mapping[str, tuple[str, ...]]:
        """The events of a ledger that nothing charges under each policy, where there should be a price if they happened."""
        # What is left out of the analysis costs nothing by choice.
        every = cost_items(self.wound_costs, WIDEST, self.therapies)
        found = {}
        for name, policy in self.policies.items():
            charged = {column for item in every if item.charged_under(policy) for column in item.columns_under(policy)}
            # What a therapy's file charges for it is all that it costs, be it nothing, as for a sham.
            charged |= set(step_columns(policy))
            found[name] = tuple(each for each in COUNTS if each not in INCLUDED and f"count_{each}" not in charged)
        return found

    @cached_property
    def ratio(self) -> Array:
        """How utility falls with age: coefficients of 1, age - 75 and its square."""
        return ratio_of(self.utility_set, self.norm, self.male_share) if self.age_adjusted else AT_ANY_AGE

    @cached_property
    def top(self) -> float | None:
        """What utilities are taken off, where a set holds decrements."""
        return top_of(self.utility_set, self.norm, self.male_share)

    def charged(self, item: CostItem, draws: int) -> Array:
        """The share of an item's unit cost that each policy is charged, for the first draws, shape (draws or 1, policies)."""
        under = self._charged_under.get(item)
        if under is None:
            under = np.array([[float(item.charged_under(policy)) for policy in self.policies.values()]])
            self._charged_under[item] = under
        if self.left is None or item.category != PRODUCT:
            return under
        share = self.left.share(discounted=self.discounted)
        return under * (share if len(share) == 1 else share[:draws])

    @cached_property
    def _charged_under(self) -> dict[CostItem, Array]:
        """Whether items that were asked for are charged (1) or not (0) under each policy, of shape (1, policies)."""
        return {}

    def with_left(self, left: LeftToPay | None) -> Values:
        """The same values with something else left to pay."""
        # A copy, and not `replace`, keeps what was read off the policies: hundreds differ in what is left alone.
        other = copy(self)
        object.__setattr__(other, "left", left)
        return other

    def of_draws(self, places: NDArray[np.int64]) -> Values:
        """The values with what is left to pay in the draws at these places among those it was found for."""
        return self if self.left is None else self.with_left(self.left.rows(places))

    @cached_property
    def price_names(self) -> tuple[str, ...]:
        """Prices that are read, in the payer's order."""
        read = {name for item in self.items for name in item.names}
        return tuple(name for name in self.perspective.prices.names() if name in read)

    def price_name(self, policy: str) -> str | None:
        """Name of the price of what is bought for a policy's main treatment: cells, else its first therapy."""
        main = main_treatment(self.policies[policy])
        return None if main is None else product_price(self.therapies[main])

    @property
    def product_prices(self) -> dict[str, float]:
        """What each policy's main treatment is taken to cost each time on average over the draws, by price, in the money of
        the results; those that are read."""
        read = {name for policy in self.policies if (name := self.price_name(policy)) in self.price_names}
        return {name: mean(self.perspective.prices[name]) * self.money.factor for name in sorted(filter(None, read))}

    @property
    def strict_payer(self) -> bool:
        """Whether institutional care is left out."""
        return not self.scope.institutional_care

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
        return self.at_base({name: np.full(rows, value) for name, value in self._means.items()} | dict(changes or {}))

    @cached_property
    def _means(self) -> Mapping[str, float]:
        """The mean of every price that is read and of every utility."""
        prices, states = self.perspective.prices, self.utility_set.states
        return {
            name: mean(of[name])
            for of, names in ((prices, self.price_names), (states, states.names()))
            for name in names
        }

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
        prices, utilities = (
            {n: np.asarray(changes[n] if n in changes else np.full(rows, of[n].value)) for n in names}
            for of, names in ((self.perspective.prices, self.price_names), (states, states.names()))
        )
        return Drawn(prices, utilities)

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
    therapies = scenario.register.therapies
    problems: list[Problem] = []
    file = f"{scenario.name}: [economics]"
    perspective = collected(lambda: load_perspective(settings.perspective), problems)
    chosen = collected(lambda: utilities_of(settings, file), problems)
    norm = money = None
    if perspective is not None:
        payer = perspective.conventions.perspective
        norm = collected(lambda: norm_of(settings, payer, file), problems)
        money = collected(partial(restated, perspective, settings.currency, settings.price_year), problems)
        own = therapy_prices(perspective, policies, therapies, problems, settings.prices)
        perspective = replace(perspective, prices=own).with_gaps_open(settings.prices)
        prices = _replaced(perspective.prices, settings.prices, f"{file} prices", problems)
        perspective = replace(perspective, prices=prices)
        scope = scope_of(settings, perspective)
        problems += unusable(perspective, policies, settings, scope, f"{file} prices", therapies)
        problems += _beyond_rates(perspective, settings, scenario.horizon)
    if chosen is not None:
        chosen = replace(chosen, states=_replaced(chosen.states, settings.utilities, f"{file} utilities", problems))
    if problems or perspective is None or chosen is None or norm is None or money is None:
        raise BadInput(problems)
    discount = perspective.conventions.discount
    if not (settings.thresholds or perspective.conventions.thresholds):
        allowed = f"money per QALY under [economics] thresholds or --threshold: {perspective.name} has none of its own"
        raise BadInput([Problem(file, "thresholds", "none", allowed)])
    payers = tuple(money.factor * each.value for each in perspective.conventions.thresholds)
    return Values(
        perspective=perspective,
        utility_set=chosen,
        norm=norm,
        male_share=scenario.register["male_share"].value,
        policies=policies,
        therapies=therapies,
        wound_costs=settings.wound_costs,
        scope=scope_of(settings, perspective),
        age_adjusted=settings.age_adjusted,
        money=money,
        thresholds=settings.thresholds or payers,
        deal=settings.deal,
        discounting=settings.discounting or Discounting(effects=discount.effects, costs=discount.costs),
    )


def _beyond_rates(perspective: Perspective, settings: Economics, horizon: float) -> Iterator[Problem]:
    """Horizons that reach beyond the years for which the payer's rates hold, where these are in force."""
    discount = perspective.conventions.discount
    longest = max([horizon, *(each.horizon_years or 0.0 for each in settings.scenarios.values())])
    if settings.discounting is None and discount.until_year is not None and longest > discount.until_year:
        allowed = (
            f"at most {discount.until_year:g} years: the payer's rates are lower later, and rates that change with the years are"
            " not modelled; or rates of your own under [economics.discounting]"
        )
        yield Problem(perspective.name, "discount.until_year", f"a horizon of {longest:g} years", allowed)


def scope_of(settings: Economics, perspective: Perspective) -> Scope:
    """What is charged beside the care of the limb: as the scenario says, else as the payer's file does."""
    payer = perspective.conventions.perspective
    strict, informal = settings.strict_payer, settings.informal_care
    return Scope(
        institutional_care=payer.bears_institutional_care if strict is None else not strict,
        informal_care=payer.bears_informal_care if informal is None else informal,
        vascular_events=settings.vascular_events,
    )


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
