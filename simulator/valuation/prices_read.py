"""The prices that a comparison reads: those that its policies incur, what therapies bring along, and what is missing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from simulator.evidence.economics.perspective import Perspective
from simulator.evidence.economics.price_transfer import exchange, inflate
from simulator.evidence.parameter import Parameter
from simulator.evidence.register import Register
from simulator.evidence.therapies.therapy import MONEY, Therapy
from simulator.evidence.therapies.therapy_faults import MULTIPLIERS
from simulator.scenario.economics import Economics
from simulator.scenario.policy import Policy
from simulator.valuation.cost_items import (
    LATER_VISITS,
    SITE_PRICES,
    Scope,
    cost_items,
    known_prices,
    makes_cells,
    treatments,
)
from simulator.words.errors import BadInput, Problem, nearest


def unusable(
    perspective: Perspective,
    policies: Mapping[str, Policy],
    settings: Economics,
    scope: Scope,
    file: str,
    therapies: Mapping[str, Therapy],
) -> Iterator[Problem]:
    """Prices that the model cannot charge, that are missing, or that the user set for what no policy has."""
    chargeable = known_prices(therapies)
    for name in perspective.prices.names():
        if name not in chargeable:
            allowed = f"a price that the model can charge; {nearest(name, chargeable)}"
            yield Problem(perspective.name, f"prices.{name}", "charged by nothing", allowed)
    read = read_prices(policies, settings.wound_costs, scope, therapies)
    for name in sorted(read):
        if name in perspective.gaps:
            allowed = (
                f"a number of your own under [economics.prices]; a policy compared incurs it. {perspective.gaps[name]}"
            )
            yield Problem(perspective.name, f"prices.{name}", "a gap", allowed)
        elif name not in perspective.prices:
            allowed = "a price, because a policy compared incurs it"
            yield Problem(perspective.name, f"prices.{name}", "missing", allowed)
    for name in settings.prices:
        if name in perspective.prices and name not in read:
            how = ", ".join(
                [
                    f"wound_costs = {settings.wound_costs!r}",
                    f"strict_payer = {str(not scope.institutional_care).lower()}",
                    f"informal_care = {str(scope.informal_care).lower()}",
                    f"vascular_events = {str(scope.vascular_events).lower()}",
                ]
            )
            allowed = f"one of {', '.join(sorted(read))}: no policy compared incurs it with {how}"
            yield Problem(file, name, "charged to nobody", allowed)


def therapy_prices(
    perspective: Perspective,
    policies: Mapping[str, Policy],
    therapies: Mapping[str, Therapy],
    problems: list[Problem],
    replaced: Collection[str] = (),
) -> Register:
    """A payer's prices with those that the therapies of some policies bring along, in the payer's money.

    Money of another currency is exchanged at the rate of its year and then carried to the payer's price year by consumer
    prices. Where a payer has a price of the same name, the payer's counts. What cannot be exchanged must be among those that are
    `replaced` by a user's own in the payer's money.
    """
    payer, prices = perspective.conventions.perspective, perspective.prices
    added: dict[str, Parameter] = {}
    for name in dict.fromkeys(name for policy in policies.values() for name in treatments(policy)):
        for price in therapies[name].prices:
            if price.name in prices:
                continue
            if price.unit in MULTIPLIERS:
                added[price.name] = price
                continue
            currency, year = re.fullmatch(MONEY, price.unit).groups()  # type: ignore[union-attr]
            try:
                factor = exchange(1.0, currency, payer.currency, int(year)) if currency != payer.currency else 1.0
                if int(year) != payer.price_year:
                    factor *= inflate(1.0, payer.country, int(year), payer.price_year)
            except BadInput as bad:
                if price.name not in replaced:
                    own = f"or a number of your own under [economics.prices], in {payer.currency}"
                    where = f"therapies.{name}.prices.{price.name}"
                    problems.extend(replace(p, file=where, allowed=f"{p.allowed}; {own}") for p in bad.problems)
                # It stands there as it is, lest it be told as missing, too.
                factor = 1.0
            unit = f"{payer.currency} {price.unit.partition(' ')[2].partition(',')[0]}"
            added[price.name] = scaled(price, factor, unit)
    return Register((*prices.parameters, *added.values()), prices.sources, prices.therapies)


def scaled(price: Parameter, factor: float, unit: str) -> Parameter:
    """A price in another money: its value, its range and the spread of its distribution."""
    of_money = {"sd", "low", "high"}
    spread = {
        key: value * factor if key in of_money and value is not None else value
        for key, value in price.distribution.model_dump().items()
    }
    update = {"value": price.value * factor, "centre": price.centre * factor, "unit": unit}
    update |= {"range": tuple(end * factor for end in price.range)}
    return price.model_copy(update={**update, "distribution": type(price.distribution)(**spread)})


def read_prices(
    policies: Mapping[str, Policy], wound_costs: str, scope: Scope, therapies: Mapping[str, Therapy]
) -> set[str]:
    """The prices that policies incur under the settings, those of making cells included."""
    every = cost_items(wound_costs, scope, therapies)
    items = [item for item in every if any(item.charged_under(policy) for policy in policies.values())]
    read = {name for item in items for name in item.names if name != LATER_VISITS}
    return read | set(SITE_PRICES) if any(makes_cells(policy, therapies) for policy in policies.values()) else read
