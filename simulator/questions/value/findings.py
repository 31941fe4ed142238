"""An economic analysis as findings: the tables of its files, and the facts that its sentences need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from simulator.evidence.distributions import mean, text
from simulator.evidence.parameter import GRADES
from simulator.evidence.posterior import joint_names
from simulator.evidence.sources import load_sources
from simulator.evidence.sources import references as listed
from simulator.living.ledger import COUNTS
from simulator.questions.value.analysis import EconomicAnalysis, can_be_paid
from simulator.questions.value.cost_items import INCLUDED, PRODUCT, main_treatment
from simulator.questions.value.deal import in_words
from simulator.questions.value.disaggregated import by_state, dialysis, events
from simulator.questions.value.incremental import DOMINATED, EXTENDED, against
from simulator.questions.value.inventory import impact_inventory
from simulator.questions.value.net_benefit import net_monetary_benefit
from simulator.questions.value.plane import ellipse
from simulator.questions.value.results import Array, CostEffectResults, spread_of
from simulator.questions.value.severity import severity_table
from simulator.questions.value.valuation import worth
from simulator.questions.value.values import Values
from simulator.questions.value.variants import hospitals_table, rows_left_out
from simulator.scenario.arrays import by_name
from simulator.scenario.caveats import caveats
from simulator.scenario.changes import Change
from simulator.words.findings import Findings

NET_BENEFIT = "incremental net benefit"


def findings(
    found: EconomicAnalysis,
    people: pd.DataFrame,
    *,
    inputs: Mapping[str, bytes],
    settings: Mapping[str, Any],
    changed: list[Change],
    clinical: Mapping[str, pd.DataFrame] | None = None,
) -> Findings:
    """Everything that is told of an economic analysis.

    `people` are patients of the scenario with the columns age and male; `clinical` are tables of what happens to people.
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
        "views": views_table(found),
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
        "values": values_table(values),
        "draws": draws_table(found),
    }
    return Findings(
        "value",
        {name: table for name, table in tables.items() if table is not None},
        facts(found, changed),
        frozenset({"draws"}),
        inputs,
        found.seed,
        settings,
    )


def options_table(found: EconomicAnalysis) -> pd.DataFrame:
    """One row per option, for the first page; `_deterministic` is the analysis with every number at its centre.

    Columns: option, cost, effect, life_years with se, low, high; incremental_cost, incremental_effect, incremental_life_years
    and net_benefit over the reference with se, low, high (missing for the reference); each of these four deterministic;
    standing and icer against the reference (see `incremental.standing`); status, compared_with, sequential_effect and
    sequential_icer (with se) in the fully incremental analysis; probability of being best and of being worth it against the
    reference; product, the price that it is taken to cost, and the price at which the option is exactly worth it at the first
    threshold, with its interval.
    """
    results, values, reference = found.results, found.valued_by, found.scenario.reference
    base = results.column(reference)
    lived = worth(found.lives.ledgers, found.lives.parameters, found.drawn, values).life_years
    quantities = {
        "cost": results.cost,
        "effect": results.effect,
        "life_years": lived,
        "net_benefit": net_monetary_benefit(results, values.threshold),
    }
    fixed = found.one_way.base
    once = {"cost": fixed.cost[0], "effect": fixed.qalys[0], "life_years": fixed.life_years[0]}
    once["net_benefit"] = values.threshold * once["effect"] - once["cost"]
    at = found.decision.at_thresholds()
    best = _by_option(at[at["threshold"] == values.threshold])
    frontier = _by_option(found.decision.frontier)
    beside = found.decision.against
    assert beside is not None
    ratios = _by_option(beside)
    worth_it = _by_option(found.net_benefit[found.net_benefit["threshold"] == values.threshold])
    price = found.price[(found.price["view"] == found.scenario.view) & (found.price["threshold"] == values.threshold)]
    prices = _by_option(price)
    rows = []
    for p, option in enumerate(results.options):
        row: dict[str, Any] = {"option": option}
        for name, array in quantities.items():
            if name != "net_benefit":
                row |= spread_of(array[:, p], name)
            more = f"incremental_{name}" if name != "net_benefit" else name
            spread = spread_of(array[:, p] - array[:, base], more)
            spread[f"{more}_deterministic"] = float(once[name][p] - once[name][base])
            row |= spread if p != base else dict.fromkeys(spread, np.nan)
        row["standing"] = None if p == base else ratios[option]["standing"]
        row["icer"] = np.nan if p == base else ratios[option]["icer"]
        row["icer_se"] = np.nan if p == base else ratios[option]["icer_se"]
        row["status"] = frontier[option]["status"]
        row["compared_with"] = frontier[option]["compared_with"]
        row["sequential_icer"] = frontier[option]["icer"]
        row["sequential_icer_se"] = frontier[option]["icer_se"]
        row["sequential_effect"] = frontier[option]["incremental_effect"]
        row["sequential_effect_se"] = frontier[option]["incremental_effect_se"]
        row["dominated_by"] = frontier[option]["dominated_by"]
        row["probability_best"] = best[option]["probability"]
        row["probability"] = np.nan if p == base else worth_it[option]["probability"]
        row["product"] = main_treatment(values.policies[option])
        row["assumed_price"] = values.product_prices.get(values.price_name(option) or "", np.nan)
        for name in ("price", "low", "high"):
            column = "price" if name == "price" else f"price_{name}"
            row[column] = prices[option][name] if option in prices else np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def _by_option(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {str(row["option"]): {str(key): cell for key, cell in row.items()} for row in table.to_dict("records")}


def costs_summed(costs: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Mean discounted costs of each policy by some keys, with a last row `total`: policy, the keys, mean."""
    summed = costs.groupby(["policy", *keys], sort=False)["mean"].sum().reset_index()
    whole = costs.groupby("policy", sort=False)["mean"].sum().reset_index()
    whole = whole.assign(**{key: "total" if key == keys[0] else "" for key in keys})
    return pd.concat([summed, whole[summed.columns]], ignore_index=True)


def views_table(found: EconomicAnalysis) -> pd.DataFrame:
    """The result under each view of the evidence, in the same draws but for the share that cells cause.

    Columns: view, share (mean of the draws), stated (the register's own value), option, incremental_cost, incremental_effect
    and net_benefit with se, low, high, standing and icer, probability (that net benefit is above zero).
    """
    scenario, values = found.scenario, found.valued_by
    base = found.results.column(scenario.reference)
    parts = []
    for seen in found.views:
        own = worth(seen.lives.ledgers, seen.lives.parameters, found.drawn, values)
        results = CostEffectResults(scenario.compare, own.cost, own.qalys, source=scenario.name)
        table = against(results, scenario.reference).drop(columns="comparator")
        benefit = net_monetary_benefit(results, values.threshold)
        more = [benefit[:, p] - benefit[:, base] for p in range(len(scenario.compare)) if p != base]
        table = table[[name for name in table.columns if not name.startswith("costs_")]]
        table = table.join(pd.DataFrame([spread_of(each, "net_benefit") for each in more]))
        table["probability"] = [float((each > 0).mean()) for each in more]
        table.insert(0, "view", seen.view)
        table.insert(1, "share", seen.share)
        table.insert(2, "stated", seen.stated)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


def ellipses_table(results: CostEffectResults, comparator: str) -> pd.DataFrame:
    """Outlines that hold 95% of the draws of each option against the comparator if they are normal: option, effect, cost."""
    base = results.column(comparator)
    parts = []
    for p, option in enumerate(results.options):
        if p != base:
            effect = results.effect[:, p] - results.effect[:, base]
            cost = results.cost[:, p] - results.cost[:, base]
            outline = ellipse(effect, cost).outline()
            parts.append(pd.DataFrame({"option": option, "effect": outline[:, 0], "cost": outline[:, 1]}))
    return pd.concat(parts, ignore_index=True)


def draws_table(found: EconomicAnalysis) -> pd.DataFrame:
    """Costs and effects of every draw and option, with the numbers that were read: what `clti cea` reads."""
    lives = found.lives
    drawn = by_name(lives.parameters, found.scenario.register, found.scenario.view)
    parameters = {name: drawn[name] for name in found.one_way.read}
    return long_draws(found.results, parameters | found.valued_by.uncertain(found.drawn))


def long_draws(results: CostEffectResults, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """A row per draw and option: draw, option, cost, effect, then parameters of shape (draws,)."""
    draws, options = results.cost.shape
    rows = np.repeat(np.arange(draws), options)
    return pd.DataFrame(
        {
            "draw": rows,
            "option": np.tile(np.array(results.options, dtype=object), draws),
            "cost": results.cost.ravel(),
            "effect": results.effect.ravel(),
            **{name: np.asarray(column)[rows] for name, column in parameters.items()},
        }
    )


def values_table(values: Values) -> pd.DataFrame:
    """Every price and utility in force with the evidence behind it: kind, name, label, value, mean (of its draws), unit,
    distribution, grade, source, note. Amounts are the payer's own."""
    rows = []
    for kind, register, names in (
        ("price", values.perspective.prices, values.price_names),
        ("utility", values.utility_set.states, values.utility_set.states.names()),
    ):
        for name in names:
            p = register[name]
            rows.append(
                {
                    "kind": kind,
                    "name": name,
                    "label": p.label,
                    "value": p.value,
                    "mean": mean(p),
                    "unit": p.unit,
                    "distribution": text(p.distribution),
                    "grade": p.grade,
                    "source": register.citations(name),
                    "note": p.note,
                }
            )
    return pd.DataFrame(rows)


def facts(found: EconomicAnalysis, changed: list[Change]) -> dict[str, Any]:
    """What sentences need and no table holds."""
    scenario, values, decision = found.scenario, found.valued_by, found.decision
    settings, economics = scenario.settings, scenario.settings.economics
    payer, conventions = values.perspective.conventions.perspective, values.perspective.conventions
    frontier = _by_option(decision.frontier)
    best = decision.at_thresholds()
    best_now = best[(best["threshold"] == values.threshold) & best["frontier"]]["option"].iloc[0]
    of_focus = found.luck[(found.luck["policy"] == found.policy) & (found.luck["quantity"] == NET_BENEFIT)]
    luck = of_focus.to_dict("records")[0]
    own_rates = settings.discounting
    population = decision.population
    assert population is not None
    prices, states = values.perspective.prices, values.utility_set.states
    labels = {
        "policy": {name: policy.label for name, policy in scenario.policies.items()},
        "number": {p.name: p.label for register in (scenario.register, prices, states) for p in register.parameters},
        "scenario": dict(found.scenario_labels),
    }
    grid = found.two_way
    return {
        "title": scenario.label,
        "description": settings.description,
        "labels": labels,
        "policies": [{"name": name, "description": scenario.policies[name].description} for name in scenario.compare],
        "reference": scenario.reference,
        "centre": scenario.centre,
        "focus": found.policy,
        "focus_asked": economics.focus is not None,
        "focus_dominated": frontier[found.policy]["status"] in (DOMINATED, EXTENDED),
        "best": str(best_now),
        "currency": values.money.currency,
        "price_year": values.money.price_year,
        "factor": values.money.factor,
        "effect": "QALY",
        "threshold": values.threshold,
        "thresholds": list(values.thresholds),
        "own_thresholds": bool(economics.thresholds),
        "threshold_grades": [
            {"label": each.label, "grade": each.grade, "value": each.value} for each in conventions.thresholds
        ],
        "discount_grade": conventions.discount.grade,
        "payer": {
            "label": payer.label,
            "country": payer.country,
            "currency": payer.currency,
            "year": payer.price_year,
            "value_set": payer.value_set,
        },
        "strict_payer": values.strict_payer,
        "informal_care": values.scope.informal_care,
        "vascular_events": values.scope.vascular_events,
        "wounds": conventions.wound_costing[values.wound_costs].label,
        "utility_set": {
            "name": values.utility_set.name,
            "label": values.utility_set.method.label,
            "instrument": values.utility_set.method.instrument,
            "value_set": values.utility_set.method.value_set,
            "norm": values.norm.label,
            "norm_instrument": values.norm.instrument,
        },
        "out_of_order": [list(pair) for pair in values.utility_set.out_of_order()],
        "age_adjusted": values.age_adjusted,
        "horizon": scenario.horizon,
        "rates": {"costs": values.discounting.costs, "effects": values.discounting.effects},
        "own_rates": None if values.discounting == own_rates else own_rates.model_dump(),
        "life_table": {"country": settings.life_table.country, "period": settings.life_table.period},
        "view": scenario.view,
        "fitted": len(joint_names(scenario.register)),
        "draws": len(found.lives.parameters),
        "people": found.lives.people,
        "evpi": {"with_luck": found.evpi[0], "without_luck": found.evpi[1]},
        "error": {name: float(luck[name]) for name in ("se", "se_draws", "se_patients", "sd", "patients_share")},
        "bottleneck": str(luck["bottleneck"]),
        "population": {
            "per_year": population.per_year,
            "years": population.years,
            "waiting": population.waiting,
            "people": population.size(),
        },
        "trial": _trial(found),
        "trial_left_out": _no_trial(found),
        "budget_limit": economics.budget.treatments_per_year,
        "product_prices": values.product_prices,
        "cell_products": sorted({item.money for item in values.items if item.category == PRODUCT}),
        "two_way": None
        if grid is None
        else {
            "first": _axis(grid.first.name, grid.first.base, found),
            "second": _axis(grid.second.name, grid.second.base, found),
            "policy": grid.policy,
        },
        "repeats": dict(found.repeats),
        "unread": list(found.one_way.unread),
        "included": [name for name in COUNTS if name in INCLUDED],
        "grades": {
            "prices": _counted(prices[name].grade for name in values.price_names),
            "clinical": _counted(scenario.register[name].grade for name in found.one_way.read),
            "utilities": _counted(p.grade for p in states.parameters),
        },
        "recalled": [
            name
            for register, names in (
                (prices, values.price_names),
                (states, states.names()),
                (scenario.register, found.one_way.read),
            )
            for name in names
            if register[name].grade == "recalled"
        ],
        "views_draws": len(found.views[0].lives.parameters),
        "capacity": settings.capacity is not None,
        "warnings": list(caveats(scenario, draws=economics.draws))
        + [words for words in [in_words(economics.deal)] if words],
        "left_out": rows_left_out(found.valued_by),
        "changes": changed,
        "references": references(found),
    }


def references(found: EconomicAnalysis) -> list[dict[str, str]]:
    """The publications that prices, utilities, conventions and the clinical numbers that were read cite, in order."""
    values, conventions = found.valued_by, found.valued_by.perspective.conventions
    keys = {key for name in found.one_way.read for key in found.scenario.register[name].source}
    keys |= {key for name in values.price_names for key in values.perspective.prices[name].source}
    keys |= {key for parameter in values.utility_set.states.parameters for key in parameter.source}
    keys |= {*values.utility_set.method.source, *conventions.discount.source}
    keys |= {key for threshold in conventions.thresholds for key in threshold.source}
    sources = load_sources()
    return listed(keys & sources.keys(), sources)


def _undiscounted(found: EconomicAnalysis) -> Array:
    plain = replace(found.valued_by, discounted=False)
    return worth(found.lives.ledgers, found.lives.parameters, found.drawn, plain).qalys


def _axis(name: str, base: float, found: EconomicAnalysis) -> dict[str, Any]:
    prices = found.valued_by.perspective.prices
    return {"name": name, "base": base, "unit": prices[name].unit if name in prices else ""}


def _trial(found: EconomicAnalysis) -> dict[str, Any] | None:
    if found.trial is None:
        return None
    trial, after = found.scenario.settings.economics.trial, found.trial.table["years"]
    return {
        "design": found.trial.design,
        "draws": found.trial.draws,
        "most": found.trial.most.value,
        "first_result": float(after.min()),
        "last_result": float(after.max()),
        "currency": trial.currency,
        "price_year": trial.price_year,
        "fixed_cost": trial.fixed_cost,
        "cost_per_patient": trial.cost_per_patient,
    }


def _no_trial(found: EconomicAnalysis) -> str | None:
    """Why there is no worth of a trial: few draws, or money that nothing restates."""
    if found.trial is not None:
        return None
    return "money" if not can_be_paid(found.scenario.settings.economics.trial, found.valued_by) else "draws"


def _counted(grades: Iterable[str]) -> dict[str, int]:
    listed = list(grades)
    return {grade: listed.count(grade) for grade in GRADES if grade in listed}
