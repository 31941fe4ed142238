"""The whole economic analysis of a scenario, in one object that holds every table.

Lives are simulated first, then valued; what was simulated before, for any prices or utilities, is not simulated again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from simulator.evidence.aversion import load_aversions
from simulator.evidence.posterior import parameter_draws
from simulator.evidence.register import Register
from simulator.questions.value.budget import BudgetImpact, budget_impact, budget_lives
from simulator.questions.value.cost_items import PRODUCT_PRICES
from simulator.questions.value.deal import MoneyBack, in_words, on_terms
from simulator.questions.value.decision import Decision, decide
from simulator.questions.value.equity import Equity, equity
from simulator.questions.value.lives import Lives, Simulations, for_money
from simulator.questions.value.luck import evpi_without_luck, luck_table
from simulator.questions.value.net_benefit import net_health_benefit, net_monetary_benefit
from simulator.questions.value.one_way import OneWay, TwoWay, one_way, pair_of, two_way
from simulator.questions.value.population import Population
from simulator.questions.value.price import value_based_price
from simulator.questions.value.proposed_trial import (
    TrialWorth,
    in_money,
    simulated_trial_worth,
    trial_lives,
    trial_worth,
)
from simulator.questions.value.results import CostEffectResults, spread_of
from simulator.questions.value.simulated_trial import SimulatedTrial
from simulator.questions.value.subgroups import stratified_value, subgroup_lives, subgroup_table
from simulator.questions.value.unread import unread_problems
from simulator.questions.value.valuation import Worth, cost_table, item_costs, list_prices_paid, worth
from simulator.questions.value.values import COMMON_UTILITY, Drawn, Values, values_of
from simulator.questions.value.variants import (
    Row,
    lives_of,
    resimulated,
    revalued,
    rows_left_out,
    scenario_table,
    with_view,
)
from simulator.questions.value.voi import FEWEST_DRAWS, information_table
from simulator.scenario.arrays import SHARE
from simulator.scenario.economics import Trial
from simulator.scenario.scenario import Scenario
from simulator.words.errors import BadInput, Problem, nearest
from simulator.words.vocabulary import View


@dataclass(frozen=True)
class Effort:
    """How much is simulated beside the base case."""

    scenario_draws: int
    subgroup_draws: int
    subgroup_patients: int
    twins: int

    @classmethod
    def beside(cls, draws: int, patients: int) -> Effort:
        """In proportion to the base case, and never more draws than it has."""
        return cls(min(draws, 200), min(draws, 100), 2 * patients, 4 * patients)


@dataclass(frozen=True, eq=False)
class EconomicAnalysis:
    """Everything `clti economics` finds. Money is in `valued_by.money`; tables say their columns where they are made.

    scenario: as it was valued. decision: `decision.decide` of the probabilistic analysis. information:
    `voi.information_table`, with single parameters and groups at the first threshold. totals: option, quantity, mean,
    se, low, high. costs: `valuation.cost_table`. net_benefit: threshold, option, net monetary and net health benefit.
    price: view, then `price.value_based_price`. scenarios, subgroups, stratified, equity, one_way, two_way, budget, trial,
    luck: as their modules say. Parts that a scenario cannot have are None, with a remark.
    """

    scenario: Scenario
    valued_by: Values
    policy: str
    lives: Lives
    drawn: Drawn
    results: CostEffectResults
    decision: Decision
    information: pd.DataFrame
    totals: pd.DataFrame
    costs: pd.DataFrame
    net_benefit: pd.DataFrame
    price: pd.DataFrame
    one_way: OneWay
    two_way: TwoWay | None
    scenarios: pd.DataFrame
    subgroups: pd.DataFrame
    stratified: pd.DataFrame
    equity: Equity
    budget: BudgetImpact
    spent: tuple[Lives, ...]
    back: MoneyBack | None
    trial: TrialWorth | None
    luck: pd.DataFrame
    evpi: tuple[float, float]
    remarks: tuple[str, ...]


def economic_analysis(
    scenario: Scenario,
    seed: int = 1,
    simulations: Simulations | None = None,
    simulated_trial: SimulatedTrial | None = None,
) -> EconomicAnalysis:
    """Analyse a scenario by its own economic settings, with a trial of its own or one that was simulated elsewhere.

    Raises BadInput for fewer than two policies, and with everything that is wrong with prices and utilities.
    """
    simulations = simulations or Simulations()
    settings = scenario.settings.economics
    values, policy = values_of(scenario), main_policy(scenario)
    remarks = _remarks(scenario, values)
    check_numbers(scenario, values)
    remarks += [words for words in [in_words(values.deal)] if words]
    remarks += rows_left_out(scenario, values)
    unpaid = _unpaid(settings.trial, values)
    if simulated_trial is not None and (unpaid or settings.draws < FEWEST_DRAWS):
        asked_for = unpaid or f"at least {FEWEST_DRAWS} draws to value a trial"
        raise BadInput([Problem(f"{scenario.name}: [economics]", "trial", simulated_trial.label, asked_for)])
    scenario = for_money(scenario, values.discounting)
    effort = Effort.beside(settings.draws, settings.patients)
    population = Population(
        settings.population.per_year, settings.population.years, values.discounting.costs, settings.population.waiting
    )
    country = values.perspective.conventions.perspective.country

    back = None
    if values.deal.needs_lives:
        lives = base_lives(scenario, settings.draws, settings.patients, seed, simulations)
        values, back = on_terms(scenario, values, lives, settings.patients, seed, simulations)
    rows = [*resimulated(scenario, values)]
    free = [
        replace(row, valued_by=replace(row.valued_by, product_share=values.product_share))
        for row in revalued(scenario, values)
    ]

    # First, because a number that was asked for and that nothing reads stops the analysis.
    by_one = one_way(scenario, values.on_average(), simulations, effort.twins, seed)
    pair = pair_of(policy, scenario, values, by_one.read)
    by_two = (
        None if pair is None else two_way(pair, policy, scenario, values.on_average(), simulations, effort.twins, seed)
    )
    lives = base_lives(scenario, settings.draws, settings.patients, seed, simulations)
    drawn = values.sample(settings.draws, seed)
    base = worth(lives.ledgers, lives.parameters, drawn, values)
    results = CostEffectResults(scenario.compare, base.cost, base.qalys, source=scenario.name)
    decision = decide(results, values.thresholds, comparator=scenario.reference, population=population)

    if by_two is None:
        remarks.append(
            f"No two-way analysis, because {policy} gives no cells; [economics] two_way names other numbers."
        )
    others = [(row, lives_of(row, effort.scenario_draws, settings.patients, seed, simulations)) for row in rows]
    same = [
        row.name for row, found in others if np.array_equal(found.halves, lives.first(effort.scenario_draws).halves)
    ]
    if same:
        remarks.append(f"No rule reads what these scenarios change, so they repeat the base case: {', '.join(same)}.")
    table: list[tuple[Row, Lives | None]] = [*((row, None) for row in free), *others]
    groups = subgroup_lives(
        scenario, lives.parameters[: effort.subgroup_draws], effort.subgroup_patients, seed, simulations
    )
    subgroups = subgroup_table(groups, first(drawn, effort.subgroup_draws), scenario, values)
    aversions = settings.inequality_aversion or tuple(each.value for each in load_aversions().values())
    fair = equity(groups, subgroups, first(drawn, effort.subgroup_draws), scenario, values, aversions)
    spent = budget_lives(scenario, policy, effort.scenario_draws, settings.patients, seed, simulations)
    trial = None
    if unpaid:
        remarks.append(unpaid)
    elif settings.draws >= FEWEST_DRAWS:
        benefit = net_monetary_benefit(results, values.threshold)
        asked = settings.trial, population, values.money, country, seed
        if simulated_trial is not None:
            trial = simulated_trial_worth(simulated_trial, benefit, *asked)
        else:
            summaries = trial_lives(scenario, policy, settings.draws, settings.patients, seed, simulations)
            trial = trial_worth(summaries, policy, benefit, *asked)
    if settings.draws < FEWEST_DRAWS:
        remarks.append(f"The value of parameters and of a trial needs at least {FEWEST_DRAWS} draws and was left out.")
    halves = [worth(half, lives.parameters, drawn, values) for half in lives.halves]
    undiscounted = replace(values, discounted=False)
    return EconomicAnalysis(
        scenario=scenario,
        valued_by=values,
        policy=policy,
        lives=lives,
        drawn=drawn,
        results=results,
        decision=decision,
        information=information(decision, lives, drawn, by_one.read, values, scenario.register),
        totals=totals_table(base, worth(lives.ledgers, lives.parameters, drawn, undiscounted), scenario.compare),
        costs=cost_table(
            item_costs(lives.ledgers, lives.parameters, drawn, values),
            item_costs(lives.ledgers, lives.parameters, drawn, undiscounted),
            values,
        ),
        net_benefit=net_benefit_table(results, values.thresholds, scenario.reference),
        price=price_table(scenario, values, lives, drawn, settings.patients, seed, simulations),
        one_way=by_one,
        two_way=by_two,
        scenarios=scenario_table(scenario, values, lives, drawn, table, seed),
        subgroups=subgroups,
        stratified=stratified_value(subgroups, scenario.reference),
        equity=fair,
        budget=budget_impact(
            spent, policy, first(drawn, effort.scenario_draws), values, settings.population, settings.budget, back
        ),
        spent=tuple(spent),
        back=back,
        trial=trial,
        luck=luck_table(halves, scenario.compare, scenario.reference, values.threshold),
        evpi=evpi_without_luck([values.threshold * half.qalys - half.cost for half in halves]),
        remarks=tuple(remarks),
    )


def base_lives(scenario: Scenario, draws: int, patients: int, seed: int, simulations: Simulations) -> Lives:
    """The probabilistic base case: parameter draws of the posterior and the register, each in patients of its own."""
    parameters = scenario.parameter_draws(parameter_draws(scenario.register, draws, seed))
    return simulations.probabilistic(f"Base case, {draws:,} draws", scenario, parameters, patients, seed)


def main_policy(scenario: Scenario) -> str:
    """The policy of the summary, one-way analyses, budget and trial."""
    if scenario.headline is None:
        raise BadInput([Problem(scenario.name, "compare", ", ".join(scenario.compare), "at least 2 policies")])
    return scenario.headline


def first(drawn: Drawn, draws: int) -> Drawn:
    """The first draws of prices and utilities."""
    prices, utilities = ({n: v[:draws] for n, v in part.items()} for part in (drawn.prices, drawn.utilities))
    return Drawn(prices, utilities)


def information(
    decision: Decision,
    lives: Lives,
    drawn: Drawn,
    read: tuple[str, ...],
    values: Values,
    register: Register,
) -> pd.DataFrame:
    """EVPI along the thresholds, and the value of every number that is read and varies, and of groups of them.

    Groups are those of the register, all prices together and all utilities together, at the first threshold. They are
    missing where there are too few draws.
    """
    along, results = decision.information, decision.results
    assert along is not None
    if results.draws < FEWEST_DRAWS:
        return along
    clinical, valued = {name: lives.parameters[name] for name in read}, values.uncertain(drawn)
    groups = {f"all of {group}": [n for n in register.names(group) if n in clinical] for group in register.groups}
    groups |= {
        "all prices": [name for name in valued if name in drawn.prices],
        "all utilities": [name for name in valued if name not in drawn.prices],
    }
    asked = CostEffectResults(
        results.options, results.cost, results.effect, pd.DataFrame(clinical | valued), source=results.source
    )
    table = information_table(
        asked,
        [values.threshold],
        groups={name: of for name, of in groups.items() if len(of) > 1},
        population=decision.population,
    )
    return pd.concat([table, along[along["threshold"] != values.threshold]], ignore_index=True)


def totals_table(base: Worth, undiscounted: Worth, policies: tuple[str, ...]) -> pd.DataFrame:
    """Costs, effects (QALYs) and life-years of every policy, discounted and not: option, quantity, mean, se, low, high."""
    rows = []
    for p, policy in enumerate(policies):
        for ending, found in (("", base), ("_undiscounted", undiscounted)):
            for quantity, array in (("cost", found.cost), ("effect", found.qalys), ("life_years", found.life_years)):
                rows.append({"option": policy, "quantity": quantity + ending, **spread_of(array[:, p])})
    return pd.DataFrame(rows)


def net_benefit_table(results: CostEffectResults, thresholds: tuple[float, ...], reference: str) -> pd.DataFrame:
    """Net monetary and net health benefit over the reference at each threshold, with their 95% intervals."""
    base = results.column(reference)
    rows = []
    for threshold in sorted(thresholds):
        money = net_monetary_benefit(results, threshold)
        health = net_health_benefit(results, threshold)
        for p, option in enumerate(results.options):
            if p != base:
                rows.append(
                    {
                        "threshold": threshold,
                        "option": option,
                        "reference": reference,
                        **spread_of(money[:, p] - money[:, base], "net_monetary_benefit"),
                        **spread_of(health[:, p] - health[:, base], "net_health_benefit"),
                        "probability": float((money[:, p] > money[:, base]).mean()),
                    }
                )
    return pd.DataFrame(rows)


def price_table(
    scenario: Scenario, values: Values, lives: Lives, drawn: Drawn, patients: int, seed: int, simulations: Simulations
) -> pd.DataFrame:
    """The list price of the cell product at which each policy is exactly worth it, by view and threshold.

    Theatre and anaesthesia stay in the costs. Columns: view, share (of recoveries that cells cause, mean of the draws), then
    those of `price.value_based_price`; policies that give no cells have no row. Every view has the same parameter draws but
    for that share.
    """
    free = Drawn(
        {name: 0.0 * v if name in PRODUCT_PRICES.values() else v for name, v in drawn.prices.items()}, drawn.utilities
    )
    treated = [name for name, policy in values.policies.items() if policy.cell_therapy.doses > 0]
    parts = []
    base = values
    for view in (each.name.lower() for each in View):
        seen, values = lives, base
        if view != scenario.view:
            other = with_view(scenario, view)
            parameters = other.parameter_draws(parameter_draws(other.register, len(lives.parameters), seed))
            seen = simulations.probabilistic(f"Price, {view} view", other, parameters, patients, seed)
            if values.deal.needs_lives:
                values, _ = on_terms(other, values, seen, patients, seed, simulations)
        found = worth(seen.ledgers, seen.parameters, free, values)
        results = CostEffectResults(scenario.compare, found.cost, found.qalys, source=scenario.name)
        for threshold in sorted(values.thresholds):
            paid = list_prices_paid(seen.ledgers, values)
            table = value_based_price(results, paid, threshold, scenario.reference)
            table.insert(0, "view", view)
            table.insert(1, "share", float(np.mean(seen.parameters[SHARE])))
            parts.append(table[table["option"].isin(treated)])
    return pd.concat(parts, ignore_index=True)


def check_numbers(scenario: Scenario, values: Values) -> None:
    """Stop at numbers that are drawn and read by nothing, and at names of the two-way analysis that nothing has."""
    prices, states = values.perspective.prices.names(), values.utility_set.states.names()
    known = (SHARE, COMMON_UTILITY, *scenario.register.names(), *prices, *states)
    problems = list(unread_problems(scenario.register))
    for name in scenario.settings.economics.two_way or ():
        if name not in known:
            problems.append(Problem(f"{scenario.name}: [economics]", "two_way", repr(name), nearest(name, known)))
    if problems:
        raise BadInput(problems)


def _unpaid(trial: Trial, values: Values) -> str:
    """Why the costs of the proposed trial cannot be told in the money of results; empty where they can."""
    try:
        in_money(1.0, trial, values.money, values.perspective.conventions.perspective.country)
    except BadInput:
        return (
            f"No proposed trial, because nothing restates {trial.currency} of {trial.price_year} in"
            f" {values.money.currency} of {values.money.price_year}; [economics.trial] sets its costs and their currency."
        )
    return ""


def _remarks(scenario: Scenario, values: Values) -> list[str]:
    """What a reader might not expect."""
    found = []
    rates, own = values.discounting, scenario.settings.discounting
    if rates != own:
        found.append(
            f"Effects are discounted at {rates.effects:.2%} and costs at {rates.costs:.2%} a year, as the payer does,"
            f" not at the scenario's own {own.effects:.2%} and {own.costs:.2%}; [economics.discounting] changes that."
        )
    country, payer = scenario.settings.life_table.country, values.perspective.conventions.perspective
    if country != payer.country:
        found.append(f"People die by the life table of {country}, but the payer is that of {payer.country}.")
    if scenario.settings.capacity is not None:
        found.append("The queue for a shared resource is left out; the budget limits treatments in its own way.")
    return found
