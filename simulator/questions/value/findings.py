"""An economic analysis as findings: the tables of its files, and the facts that its sentences need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from simulator.questions.value.analysis import EconomicAnalysis
from simulator.questions.value.consequences.disaggregated import by_state, dialysis, events
from simulator.questions.value.consequences.severity import severity_table
from simulator.questions.value.draws import draws_table
from simulator.questions.value.facts import facts
from simulator.questions.value.options import options_table
from simulator.questions.value.sensitivity.scenario_table import hospitals_table
from simulator.questions.value.sensitivity.views import views_table
from simulator.questions.value.workings import PER_DRAW, workings, workings_facts
from simulator.scenario.changes import Change
from simulator.statistics.decision.plane import ellipses_table
from simulator.statistics.decision.results import Array
from simulator.valuation.amounts import conventions_table, own_values, values_table
from simulator.valuation.inventory import impact_inventory
from simulator.valuation.valuation import costs_summed, worth
from simulator.words.findings import Findings


def findings(
    found: EconomicAnalysis,
    people: pd.DataFrame,
    *,
    inputs: Mapping[str, bytes],
    settings: Mapping[str, Any],
    changed: list[Change],
    clinical: Mapping[str, pd.DataFrame] | None = None,
    recalculable: bool = False,
) -> Findings:
    """Everything that is told of an economic analysis.

    `people` are patients of the scenario with the columns age and male; `clinical` are tables of what happens to people. With
    `recalculable` there are also the tables and facts of `workings`, from which costs and QALYs can be worked out again.
    """
    decision, values = found.decision, found.valued_by
    undiscounted = _undiscounted(found)
    base = found.results.column(found.scenario.reference)
    increments = (
        decision.against[["option", "incremental_cost", "incremental_effect"]]
        if decision.against is not None
        else pd.DataFrame(columns=["option", "incremental_cost", "incremental_effect"])
    ).set_axis(["option", "cost", "effect"], axis="columns")
    severity, bands = severity_table(
        people,
        found.scenario.life_table,
        values,
        found.results.effect[:, base],
        undiscounted[:, base],
        increments,
    )
    tables = {
        "options": options_table(found),
        "totals": found.totals,
        "frontier": decision.frontier,
        "against": decision.against,
        "views": views_table(found.views, found.scenario, found.drawn),
        "ceac": decision.curves,
        "ellipses": ellipses_table(found.results, found.scenario.reference),
        "voi": found.information,
        "costs": found.costs,
        "costs_by_category": costs_summed(found.costs, ["category", "kind"]),
        "costs_by_state": costs_summed(found.costs, ["state"]),
        "states": by_state(found.lives, found.drawn, values),
        "events": events(found.lives, found.drawn, values),
        "dialysis": dialysis(found.lives, found.drawn, values, found.scenario.reference),
        **(clinical or {}),
        "net_benefit": found.net_benefit,
        "price": found.price,
        "tornado": found.one_way.tornado,
        "switching": found.one_way.switching,
        "two_way": None if found.two_way is None else found.two_way.table(),
        "scenarios": found.scenarios,
        "hospitals": hospitals_table(found.scenarios, found.scenario.centre),
        "subgroups": found.subgroups,
        "stratified": found.stratified,
        "impact_inventory": impact_inventory(values.scope),
        "equity": found.equity.groups,
        "equity_weighted": found.equity.weighted,
        "severity": severity,
        "severity_bands": bands,
        "budget": found.budget.table,
        "budget_people": found.budget.people,
        "trial_worth": None if found.trial is None else found.trial.table,
        "monte_carlo_error": found.luck,
        "values": values_table(values, own_values(found.scenario)),
        "conventions": conventions_table(found.scenario, values),
        "draws": draws_table(found),
        **(workings(found) if recalculable else {}),
    }
    return Findings(
        "value",
        {name: table for name, table in tables.items() if table is not None},
        facts(found, changed) | ({"workings": workings_facts(found)} if recalculable else {}),
        (PER_DRAW | {"draws"}) & {name for name, table in tables.items() if table is not None},
        inputs,
        found.seed,
        settings,
    )


def _undiscounted(found: EconomicAnalysis) -> Array:
    plain = replace(found.valued_by, discounted=False)
    return worth(found.lives.ledgers, found.lives.parameters, found.drawn, plain).qalys
