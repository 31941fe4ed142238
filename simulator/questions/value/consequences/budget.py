"""What a payer spends more or less in each of the coming years if a policy replaces the reference in a share of people.

People are referred evenly through each year, so a cohort is half a year old on average when its first year ends; its
costs by age of cohort come from the same lives followed for half a year, one and a half years, and so on. Nothing is
discounted. Where treatments are limited, those who cannot be treated have the reference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from simulator.evidence.posterior import parameter_draws
from simulator.scenario.economics import Budget, People
from simulator.scenario.policy import Policy
from simulator.scenario.scenario import Scenario
from simulator.statistics.decision.results import Array, spread_of
from simulator.valuation.cost_items import PRODUCT, SITE_PRICES, makes_cells
from simulator.valuation.deal import MoneyBack, average_share
from simulator.valuation.lives import Lives, Simulations
from simulator.valuation.valuation import item_costs, people_treated, times_given
from simulator.valuation.values import Drawn, Values

SITE = "manufacturing site"


@dataclass(frozen=True, eq=False)
class BudgetImpact:
    """`table`: year, quantity (a cost category, or total), without, with, change, se, low, high. `people`: year,
    referred, uptake, offered (people under the policy), treated (those of them who are given cells, or the first therapy,
    within half a year), treatments. `price_shares`: what volume leaves of the price each year, without and with the policy.
    """

    policy: str
    table: pd.DataFrame
    people: pd.DataFrame
    price_shares: tuple[tuple[float, float], ...] = ()


def budget_lives(
    scenario: Scenario, policy: str, draws: int, patients: int, seed: int, simulations: Simulations
) -> list[Lives]:
    """Lives under the reference and a policy at the middle of each budget year, in the same people."""
    years = len(scenario.settings.economics.budget.uptake)
    found = []
    for year in range(years):
        follow_up = scenario.settings.follow_up.model_copy(update={"horizon_years": year + 0.5})
        update = {"follow_up": follow_up, "compare": (scenario.reference, policy)}
        cut = replace(scenario, settings=scenario.settings.model_copy(update=update))
        parameters = cut.parameter_draws(parameter_draws(cut.register, draws, seed))
        found.append(simulations.probabilistic(f"Budget, year {year + 1}", cut, parameters, patients, seed))
    return found


def budget_impact(
    lives: list[Lives],
    policy: str,
    drawn: Drawn,
    values: Values,
    referrals: People,
    budget: Budget,
    back: MoneyBack | None = None,
) -> BudgetImpact:
    """Yearly costs of all people referred so far, with and without the policy; `back` is what a deal pays back.

    A price that falls with volume falls with the treatments of each year.
    """
    pair = {name: values.policies[name] for name in lives[0].policies}
    plain = replace(values, policies=pair, discounted=False, left=None)
    by_age = _differences([item_costs(each.ledgers, each.parameters, drawn, plain) for each in lives])
    given = _differences([times_given(each.ledgers, plain).mean(axis=0) for each in lives])
    doses = [each[1] for each in given]
    product = [k for k, item in enumerate(plain.items) if item.category == PRODUCT]
    if back is not None:
        _pay_back(by_age, back, drawn, plain, [list(values.policies).index(name) for name in pair])
    referred = np.full(len(lives), referrals.per_year)
    referred[0] += referrals.waiting
    uptake, treatments = _within_capacity(
        referred, np.array(budget.uptake), np.array(doses), budget.treatments_per_year
    )
    treated = referred * uptake * people_treated(lives[0].ledgers, plain)[:, 1].mean()
    categories = [item.category for item in plain.items]
    quantities = {name: [k for k, c in enumerate(categories) if c == name] for name in dict.fromkeys(categories)}
    quantities["total"] = list(range(len(categories)))
    site = site_cost(pair[policy], values, budget.centres)

    def spent(policy: int, people: Array, year: int) -> Array:
        """Costs of a year under one policy of all cohorts so far, shape (draws, items)."""
        cohorts = [n * by_age[year - entered][:, policy] for entered, n in enumerate(people[: year + 1])]
        return np.asarray(np.sum(cohorts, axis=0))

    rows, shares = [], []
    for year in range(len(lives)):
        without = spent(0, referred, year)
        change = spent(1, referred * uptake, year) - spent(0, referred * uptake, year)
        if values.deal.volume:
            before = _treatments(given, 0, referred, year)
            after = (
                before + _treatments(given, 1, referred * uptake, year) - _treatments(given, 0, referred * uptake, year)
            )
            dear, cheap = (average_share(values.deal.volume, many) for many in (before, after))
            change[:, product] = cheap * (without + change)[:, product] - dear * without[:, product]
            without[:, product] *= dear
            shares.append((dear, cheap))
        set_up = site if year == 0 else 0.0
        if set_up:
            rows.append(_row(year, SITE, np.zeros(len(change)), np.full(len(change), set_up)))
        for name, of in quantities.items():
            more = set_up if name == "total" else 0.0
            rows.append(_row(year, name, without[:, of].sum(axis=1), change[:, of].sum(axis=1) + more))
    table = pd.DataFrame(rows)
    counts = {"year": range(1, len(lives) + 1), "referred": referred, "uptake": uptake}
    whom = pd.DataFrame({**counts, "offered": referred * uptake, "treated": treated, "treatments": treatments})
    return BudgetImpact(policy, table, whom, tuple(shares))


def _pay_back(by_age: list[Array], back: MoneyBack, drawn: Drawn, values: Values, places: list[int]) -> None:
    """Take what is paid back in each year since referral off the products' costs."""
    for year, costs in enumerate(by_age):
        done = set()
        for k, item in enumerate(values.items):
            if item.category == PRODUCT and item.money not in done:
                done.add(item.money)
                amounts = back.by_age[year, : len(costs)][:, places]
                price = drawn.prices[item.money][:, None] * values.money.factor
                costs[:, :, k] -= price * amounts * [item.charged_under(p) for p in values.policies.values()]


def _treatments(given: list[Array], policy: int, people: Array, year: int) -> float:
    """Treatments of a year in all cohorts so far under one policy."""
    return float(sum(n * given[year - entered][policy] for entered, n in enumerate(people[: year + 1])))


def site_cost(policy: Policy, values: Values, centres: int) -> float:
    """What the centres pay once to make cells themselves, in the money of results."""
    if not makes_cells(policy, values.therapies):
        return 0.0
    return centres * values.money.factor * sum(values.perspective.prices[name].value for name in SITE_PRICES)


def _differences(cumulative: list[Array]) -> list[Array]:
    """What is added in each year of a cohort's age."""
    return [now - before for now, before in zip(cumulative, [0.0 * cumulative[0], *cumulative], strict=False)]


def _within_capacity(referred: Array, wanted: Array, doses: Array, most: float | None) -> tuple[Array, Array]:
    """Uptake of each year's people, no more than the treatments allow, and the treatments given each year."""
    uptake, given = np.zeros(len(wanted)), np.zeros(len(wanted))
    for year, share in enumerate(wanted):
        owed = sum(referred[e] * uptake[e] * doses[year - e] for e in range(year))
        new = referred[year] * doses[0]
        room = np.inf if most is None else max(0.0, most - owed)
        uptake[year] = share if new <= 0.0 else min(share, room / new)
        given[year] = owed + uptake[year] * new
    return uptake, given


def _row(year: int, quantity: str, without: Array, change: Array) -> dict[str, object]:
    spread = spread_of(change, "change")
    return {
        "year": year + 1,
        "quantity": quantity,
        "without": float(without.mean()),
        "with": float((without + change).mean()),
        "change": spread["change"],
        "se": spread["change_se"],
        "low": spread["change_low"],
        "high": spread["change_high"],
    }
