"""The scenario table: what structural choices do to the result, each against the base case in the same draws.

Other prices, utilities and discounting are dot products on the base case's ledgers. Another horizon, life table,
evidence view or rule of the disease is simulated in the first draws only; its change from the base case in those draws
is added to the base case of all draws, so that the rows can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from simulator.evidence.life_table import load_life_table
from simulator.evidence.posterior import parameter_draws
from simulator.evidence.register import outside_range
from simulator.evidence.utilities import utility_sets
from simulator.questions.value.cost_items import ALL_IN, DIALYSIS, HELD_BY_WOUND_PRICE, SPLIT
from simulator.questions.value.lives import Lives, Simulations
from simulator.questions.value.results import Array, spread_of, standard_error
from simulator.questions.value.valuation import worth
from simulator.questions.value.values import Drawn, Values, values_of
from simulator.scenario.economics import Variant
from simulator.scenario.scenario import Scenario
from simulator.words.errors import BadInput, Problem
from simulator.words.vocabulary import View

BASE = "base case"
WAYS = {ALL_IN: "one monthly price that holds admissions", SPLIT: "outpatient months and admissions apart"}


@dataclass(frozen=True, eq=False)
class Row:
    """One row of the table: how lives are valued, and which lives. Without a scenario they are the base case's."""

    name: str
    label: str
    valued_by: Values
    scenario: Scenario | None = None


def revalued(scenario: Scenario, values: Values) -> Iterator[Row]:
    """Rows that need no simulation: wounds, payers' alternatives, utilities, discounting, costs left out."""
    for way, label in WAYS.items():
        if way != values.wound_costs:
            yield Row(f"wound_costs_{way}", f"Open wounds: {label}", _changed(scenario, {"wound_costs": way}))
    if values.wound_costs == ALL_IN:
        label = "All-in wound price taken to hold amputations and angioplasties too"
        yield Row("procedures_off", label, replace(values, leave_out=HELD_BY_WOUND_PRICE))
    for name, alternative in values.perspective.conventions.alternatives.items():
        yield Row(name, alternative.label, replace(values, perspective=values.perspective.with_alternative(name)))
    if values.strict_payer:
        yield Row("institutional_care", "With institutional care", _changed(scenario, {"strict_payer": False}))
    yield Row("without_dialysis", "Without dialysis costs", replace(values, leave_out=(DIALYSIS,)))
    for name in utility_sets():
        if name != values.utility_set.name:
            other = _changed(scenario, {"utility_set": name, "utilities": {}})
            yield Row(f"utilities_{name}", f"Utility set {name}: {other.utility_set.method.label}", other)
    if values.age_adjusted:
        label = "Utilities without age adjustment"
        yield Row("utilities_ageless", label, replace(values, age_adjusted=False))
    yield Row("undiscounted", "Costs and effects undiscounted", replace(values, discounted=False))


def resimulated(scenario: Scenario, values: Values) -> Iterator[Row]:
    """Rows with lives of their own: those of the scenario's file, and the other views of the evidence."""
    for name, variant in scenario.settings.economics.scenarios.items():
        other = varied(scenario, variant, name)
        if other.hash != scenario.hash:
            yield Row(name, variant.label, values, other)
    for each in View:
        view = each.name.lower()
        if view != scenario.view:
            yield Row(f"view_{view}", f"Evidence: {view} view", values, with_view(scenario, view))


def varied(scenario: Scenario, variant: Variant, name: str = "variant") -> Scenario:
    """The scenario with a variant's differences. Raises BadInput for values that cannot be."""
    problems: list[Problem] = []
    register = scenario.register
    key = f"economics.scenarios.{name}"
    for parameter, value in variant.parameters.items():
        if parameter not in register:
            problems.append(Problem(scenario.name, f"{key}.parameters", parameter, "a name of the register"))
        else:
            problems += outside_range(register[parameter], value, scenario.name, f"{key}.parameters.{parameter}")
    settings, life_table = scenario.settings, scenario.life_table
    if variant.horizon_years is not None:
        follow_up = settings.follow_up.model_copy(update={"horizon_years": variant.horizon_years})
        settings = settings.model_copy(update={"follow_up": follow_up})
    if variant.life_table_period is not None:
        choice = settings.life_table.model_copy(update={"period": variant.life_table_period})
        settings = settings.model_copy(update={"life_table": choice})
        try:
            life_table = load_life_table(choice.country, choice.period)
        except BadInput as bad:
            problems += bad.problems
    if problems:
        raise BadInput(problems)
    register = register.with_values({name: float(value) for name, value in variant.parameters.items()})
    return replace(scenario, settings=settings, register=register, life_table=life_table)


def with_view(scenario: Scenario, view: str) -> Scenario:
    """The scenario under another view of the evidence."""
    evidence = scenario.settings.evidence.model_copy(update={"view": view})
    return replace(scenario, settings=scenario.settings.model_copy(update={"evidence": evidence}))


def lives_of(row: Row, draws: int, patients: int, seed: int, simulations: Simulations) -> Lives:
    """The lives of a row with its own scenario, in the first draws of the base case."""
    assert row.scenario is not None
    parameters = row.scenario.parameter_draws(parameter_draws(row.scenario.register, draws, seed))
    return simulations.probabilistic(f"Scenario: {row.label}", row.scenario, parameters, patients, seed)


def scenario_table(
    scenario: Scenario, values: Values, base: Lives, drawn: Drawn, rows: list[tuple[Row, Lives | None]], seed: int
) -> pd.DataFrame:
    """One line per row and policy other than the reference, the base case first.

    Columns: scenario, label, policy, incremental_cost, incremental_effect, icer, net_benefit (incremental, at the first
    threshold), se, low, high, probability (that net benefit is above zero), change (of net benefit from the base
    case), draws. `low`, `high` and `probability` describe the row's own draws.
    """
    every = len(base.parameters)
    ours = _increments(scenario, values, base, drawn)
    table = _lines(BASE, "Base case", scenario, values, ours, ours, ours)
    for row, lives in rows:
        if lives is None:
            again = row.valued_by.sample(every, seed)
            found = _increments(scenario, row.valued_by, base, again)
            table += _lines(row.name, row.label, scenario, row.valued_by, found, ours, ours)
        else:
            count = len(lives.parameters)
            few = Drawn(*({n: v[:count] for n, v in part.items()} for part in (drawn.prices, drawn.utilities)))
            found = _increments(scenario, row.valued_by, lives, few)
            table += _lines(row.name, row.label, scenario, row.valued_by, found, ours[:, :count], ours)
    return pd.DataFrame(table)


def _lines(
    name: str, label: str, scenario: Scenario, values: Values, found: Array, same: Array, base: Array
) -> list[dict[str, object]]:
    """`found`, `same` (the base case in the same draws) and `base` have the shape (cost and effect, draws, policies)."""
    lines = []
    for p, policy in enumerate(scenario.compare):
        if policy == scenario.reference:
            continue
        change = found[:, :, p] - same[:, :, p]
        cost, effect = change.mean(axis=1) + base[:, :, p].mean(axis=1)
        benefit = values.threshold * found[1, :, p] - found[0, :, p]
        base_benefit = values.threshold * base[1, :, p] - base[0, :, p]
        moved = values.threshold * change[1] - change[0]
        own = spread_of(benefit)
        lines.append(
            {
                "scenario": name,
                "label": label,
                "policy": policy,
                "incremental_cost": cost,
                "incremental_effect": effect,
                "icer": cost / effect if effect > 0 else np.nan,
                "net_benefit": values.threshold * effect - cost,
                "se": float(np.hypot(standard_error(base_benefit), standard_error(moved))),
                "low": own["low"],
                "high": own["high"],
                "probability": float((benefit > 0).mean()),
                "change": float(moved.mean()),
                "draws": found.shape[1],
            }
        )
    return lines


def _increments(scenario: Scenario, values: Values, lives: Lives, drawn: Drawn) -> Array:
    """Costs and QALYs over the reference, shape (2, draws, policies)."""
    found = worth(lives.ledgers, lives.parameters, drawn, values)
    both = np.stack([found.cost, found.qalys])
    return np.asarray(both - both[:, :, [scenario.compare.index(scenario.reference)]])


def _changed(scenario: Scenario, changes: dict[str, object]) -> Values:
    """The values under other economic settings. A price that only the base case charges is dropped, not refused."""
    own = scenario.settings.economics
    if "wound_costs" in changes:
        changes = changes | {"prices": {k: v for k, v in own.prices.items() if not k.startswith("wound_")}}
    economics = own.model_copy(update=changes)
    return values_of(replace(scenario, settings=scenario.settings.model_copy(update={"economics": economics})))
