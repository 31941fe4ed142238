"""The whole economic analysis of a scenario, in one object that holds every table.

Lives are simulated first, then valued; what was simulated before, for any prices or utilities, is not simulated again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from simulator.evidence.economics.aversion import load_aversions
from simulator.evidence.posterior import parameter_draws
from simulator.questions.value.consequences.budget import BudgetImpact, budget_impact, budget_lives
from simulator.questions.value.consequences.equity import Equity, equity, hospital_lives
from simulator.questions.value.consequences.luck import evpi_without_luck, luck_table
from simulator.questions.value.consequences.subgroups import stratified_value, subgroup_lives, subgroup_table
from simulator.questions.value.research.information import information
from simulator.questions.value.research.proposed_trial import (
    TrialWorth,
    can_be_paid,
    simulated_trial_worth,
    trial_lives,
    trial_worth,
)
from simulator.questions.value.research.simulated_trial import SimulatedTrial
from simulator.questions.value.sensitivity.one_way import OneWay, one_way
from simulator.questions.value.sensitivity.price_by_view import price_table
from simulator.questions.value.sensitivity.repeats import repeats
from simulator.questions.value.sensitivity.scenario_table import hospitals_table, increments, scenario_table
from simulator.questions.value.sensitivity.two_way import TwoWay, pair_of, two_way
from simulator.questions.value.sensitivity.variants import Row, elsewhere, lives_of, resimulated, revalued
from simulator.questions.value.sensitivity.views import Seen, seen_in_every_view
from simulator.scenario.scenario import Scenario
from simulator.statistics.decision.decision import Decision, decide
from simulator.statistics.decision.net_benefit import net_benefit_table, net_monetary_benefit
from simulator.statistics.decision.population import Population
from simulator.statistics.decision.results import CostEffectResults
from simulator.statistics.decision.voi import FEWEST_DRAWS
from simulator.valuation.deal import MoneyBack, on_terms
from simulator.valuation.lives import Lives, Simulations, for_money
from simulator.valuation.unread import check_numbers
from simulator.valuation.valuation import cost_table, item_costs, totals_table, worth
from simulator.valuation.values import Drawn, Values, values_of
from simulator.words.errors import BadInput, Problem
from simulator.work.beside import Beside, later

TRIAL_MONEY = "costs in [economics.trial] that exchange rates and price indices can restate in the money of the results"


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

    scenario: as it was valued. policy: that of the one-way analysis, the budget and the trial. decision: `decision.decide` of
    the probabilistic analysis. information: `voi.information_table`, with single parameters and groups at the first
    threshold. totals: option, quantity, mean, se, low, high. costs: `valuation.cost_table`. net_benefit: threshold, option,
    net monetary and net health benefit. price: view, then `price.value_based_price`. scenarios, subgroups, stratified,
    one_way, two_way, budget, trial, luck: as their modules say. repeats: scenarios that change nothing, with the reason
    where it is known. Parts that a scenario cannot have are None.
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
    views: tuple[Seen, ...]
    one_way: OneWay
    two_way: TwoWay | None
    scenarios: pd.DataFrame
    scenario_labels: Mapping[str, str]
    repeats: Mapping[str, str]
    subgroups: pd.DataFrame
    stratified: pd.DataFrame
    equity: Equity
    budget: BudgetImpact
    spent: tuple[Lives, ...]
    back: MoneyBack | None
    trial: TrialWorth | None
    luck: pd.DataFrame
    evpi: tuple[float, float]
    seed: int


def economic_analysis(
    scenario: Scenario,
    seed: int = 1,
    simulations: Simulations | None = None,
    simulated_trial: SimulatedTrial | None = None,
    *,
    chosen: Callable[[Scenario, str], None] = lambda _scenario, _policy: None,
    beside: Beside = later,
) -> EconomicAnalysis:
    """Analyse a scenario by its own economic settings, with a trial of its own or one that was simulated elsewhere.

    `chosen` hears of the scenario as it is valued and of the policy in focus as soon as they are known. Work that nothing here
    waits for until the end is done `beside` the rest.

    Raises BadInput for fewer than two policies, and with everything that is wrong with prices and utilities.
    """
    simulations = simulations or Simulations()
    settings = scenario.settings.economics
    values, headline = values_of(scenario), main_policy(scenario)
    check_numbers(scenario, values)
    payable = can_be_paid(settings.trial, values)
    if simulated_trial is not None and not (payable and settings.draws >= FEWEST_DRAWS):
        asked_for = f"at least {FEWEST_DRAWS} draws to value a trial" if payable else TRIAL_MONEY
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
    rows = [*resimulated(scenario, values), *elsewhere(scenario, values)]
    free = [replace(row, valued_by=row.valued_by.with_left(values.left)) for row in revalued(scenario, values)]

    # First, because a number that was asked for and that nothing reads stops the analysis.
    by_one = one_way(scenario, values, simulations, effort.twins, seed)
    pair_of(headline, scenario, values, by_one.read, seed)
    lives = base_lives(scenario, settings.draws, settings.patients, seed, simulations)
    drawn = values.sample(settings.draws, seed)
    base = worth(lives.ledgers, lives.parameters, drawn, values)
    results = CostEffectResults(scenario.compare, base.cost, base.qalys, source=scenario.name)
    decision = decide(results, values.thresholds, comparator=scenario.reference, population=population)
    benefit = net_monetary_benefit(results, values.threshold)
    policy = settings.focus or best_treatment(results, values.threshold, scenario.reference)
    chosen(scenario, policy)
    known = information(decision, lives, drawn, by_one.read, values, scenario, beside)
    pair = pair_of(policy, scenario, values, by_one.read, seed)
    by_two = None if pair is None else two_way(pair, policy, scenario, values, simulations, effort.twins, seed)

    def with_lives(row: Row) -> tuple[Row, Lives]:
        """A row and its own lives, valued on the terms of the deal as they act on these."""
        assert row.scenario is not None
        own = lives_of(row, effort.scenario_draws, settings.patients, seed, simulations)
        terms, _ = on_terms(row.scenario, row.valued_by, own, settings.patients, seed, simulations)
        return replace(row, valued_by=terms), own

    views = seen_in_every_view(scenario, values, lives, settings.patients, seed, simulations)
    table: list[tuple[Row, Lives | None]] = [*((row, None) for row in free), *map(with_lives, rows)]
    table += [
        (Row(f"view_{seen.view}", "", seen.valued_by), seen.lives) for seen in views if seen.view != scenario.view
    ]
    scenarios = scenario_table(scenario, values, lives, drawn, table, seed)
    groups = subgroup_lives(
        scenario, lives.parameters[: effort.subgroup_draws], effort.subgroup_patients, seed, simulations
    )
    whole = increments(scenario, values, lives, drawn)
    subgroups = subgroup_table(groups, drawn.first(effort.subgroup_draws), scenario, values, whole)
    aversions = settings.inequality_aversion or tuple(each.value for each in load_aversions().values())
    elsewhere_lives = hospital_lives(scenario, effort.subgroup_draws, effort.subgroup_patients, seed, simulations)
    if elsewhere_lives is not None:
        new = hospitals_table(scenarios, scenario.centre).query("centre == 'new'").set_index("policy")
        gains = zip(new["incremental_cost"], new["incremental_effect"], strict=True)
        elsewhere_lives = replace(elsewhere_lives, gains=dict(zip(new.index, gains, strict=True)))
    fair = equity(groups, subgroups, drawn.first(effort.subgroup_draws), scenario, values, aversions, elsewhere_lives)
    spent = budget_lives(scenario, policy, effort.scenario_draws, settings.patients, seed, simulations)
    trial = None
    if payable and settings.draws >= FEWEST_DRAWS:
        asked = settings.trial, population, values.money, country, seed
        if simulated_trial is not None:
            trial = simulated_trial_worth(simulated_trial, benefit, *asked)
        else:
            summaries = trial_lives(scenario, policy, settings.draws, settings.patients, seed, simulations)
            trial = trial_worth(summaries, benefit, *asked)
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
        information=known(),
        totals=totals_table(base, worth(lives.ledgers, lives.parameters, drawn, undiscounted), scenario.compare),
        costs=cost_table(
            item_costs(lives.ledgers, lives.parameters, drawn, values),
            item_costs(lives.ledgers, lives.parameters, drawn, undiscounted),
            values,
        ),
        net_benefit=net_benefit_table(results, values.thresholds, scenario.reference),
        price=price_table(scenario, values, views, drawn),
        views=views,
        one_way=by_one,
        two_way=by_two,
        scenarios=scenarios,
        scenario_labels={row.name: row.label for row, _ in table if row.label},
        repeats=repeats(scenarios),
        subgroups=subgroups,
        stratified=stratified_value(subgroups, scenario.reference),
        equity=fair,
        budget=budget_impact(
            spent, policy, drawn.first(effort.scenario_draws), values, settings.population, settings.budget, back
        ),
        spent=tuple(spent),
        back=back,
        trial=trial,
        luck=luck_table(halves, scenario.compare, scenario.reference, values.threshold),
        evpi=evpi_without_luck([values.threshold * half.qalys - half.cost for half in halves]),
        seed=seed,
    )


def best_treatment(results: CostEffectResults, threshold: float, reference: str) -> str:
    """The option of highest mean net benefit beside the reference."""
    means = dict(zip(results.options, net_monetary_benefit(results, threshold).mean(axis=0), strict=True))
    return max((name for name in results.options if name != reference), key=lambda name: float(means[name]))


def base_lives(scenario: Scenario, draws: int, patients: int, seed: int, simulations: Simulations) -> Lives:
    """The probabilistic base case: parameter draws of the posterior and the register, each in patients of its own."""
    parameters = scenario.parameter_draws(parameter_draws(scenario.register, draws, seed))
    return simulations.probabilistic(f"Base case, {draws:,} draws", scenario, parameters, patients, seed)


def main_policy(scenario: Scenario) -> str:
    """The policy that the scenario's files speak of; a scenario of one policy is nothing to decide between (BadInput)."""
    if scenario.headline is None:
        raise BadInput([Problem(scenario.name, "compare", ", ".join(scenario.compare), "at least 2 policies")])
    return scenario.headline
