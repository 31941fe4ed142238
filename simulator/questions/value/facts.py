"""What the sentences about an economic analysis need and no table holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulator.evidence.economics.severity import load_severity
from simulator.evidence.economics.value_sets import PUBLISHED, value_sets
from simulator.evidence.life_table import SOURCE as LIFE_TABLES
from simulator.evidence.parameter import GRADES
from simulator.evidence.posterior import joint_names
from simulator.evidence.sources import load_sources
from simulator.evidence.sources import references as listed
from simulator.living.ledger import COUNTS
from simulator.questions.value.analysis import EconomicAnalysis
from simulator.questions.value.consequences.luck import SIMULATED_DRAWS
from simulator.questions.value.options import by_option
from simulator.questions.value.research.proposed_trial import can_be_paid
from simulator.questions.value.sensitivity.one_way import unit_of
from simulator.questions.value.sensitivity.variants import rows_left_out, why_not_by
from simulator.scenario.caveats import caveats
from simulator.scenario.changes import Change
from simulator.statistics.decision.incremental import DOMINATED, EXTENDED
from simulator.statistics.decision.publications import methods_cited
from simulator.valuation.amounts import OWN, own_values
from simulator.valuation.cost_items import INCLUDED, PRODUCT
from simulator.valuation.inventory import load_inventory
from simulator.words.citations import joined

NET_BENEFIT = "incremental net benefit"


def facts(found: EconomicAnalysis, changed: list[Change]) -> dict[str, Any]:
    """What sentences need and no table holds."""
    scenario, values, decision = found.scenario, found.valued_by, found.decision
    settings, economics = scenario.settings, scenario.settings.economics
    payer, conventions = values.perspective.conventions.perspective, values.perspective.conventions
    frontier = by_option(decision.frontier)
    best = decision.at_thresholds()
    best_now = best[(best["threshold"] == values.threshold) & best["frontier"]]["option"].iloc[0]
    of_focus = found.luck[(found.luck["policy"] == found.policy) & (found.luck["quantity"] == NET_BENEFIT)]
    luck = of_focus.to_dict("records")[0]
    own_rates = settings.discounting
    population = decision.population
    assert population is not None
    prices, states = values.perspective.prices, values.utility_set.states
    left_out = rows_left_out(values)
    unpriced = values.perspective.with_gaps_open({name for names in left_out.values() for name in names}).prices
    labels = {
        "policy": {name: policy.label for name, policy in scenario.policies.items()},
        "number": {p.name: p.label for register in (scenario.register, unpriced, states) for p in register.parameters},
        "scenario": dict(found.scenario_labels),
    }
    grid, own = found.two_way, own_values(scenario)
    return {
        "title": scenario.label,
        "description": scenario.described,
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
            "weak": list(payer.weak),
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
            "by": economics.value_set,
            "mapped": [p.label for p in states.parameters if economics.value_set != PUBLISHED and p.name not in own],
            "other_ways": {other: why_not_by(other, values) for other in value_sets() if other != economics.value_set},
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
            "least_error": float(grid.net_benefit_se.min()),
            "most_error": float(grid.net_benefit_se.max()),
        },
        "repeats": dict(found.repeats),
        "unread": list(found.one_way.unread),
        "included": [name for name in COUNTS if name in INCLUDED],
        "grades": {
            "prices": _counted(OWN if name in own else prices[name].grade for name in values.price_names),
            "clinical": _counted(scenario.register[name].grade for name in found.one_way.read),
            "utilities": _counted(OWN if p.name in own else p.grade for p in states.parameters),
        },
        "recalled": [
            name
            for register, names in (
                (prices, values.price_names),
                (states, states.names()),
                (scenario.register, found.one_way.read),
            )
            for name in names
            if register[name].grade == "recalled" and not (register is not scenario.register and name in own)
        ],
        "views_draws": len(found.views[0].lives.parameters),
        "capacity": settings.capacity is not None,
        "deal": economics.deal.model_dump() | {"kits": economics.deal.kits},
        "warnings": list(caveats(scenario, draws=economics.draws)),
        "left_out": left_out,
        "changes": changed,
        "references": references(found),
    }


def references(found: EconomicAnalysis) -> list[dict[str, str]]:
    """The publications behind prices, utilities, conventions, the clinical numbers that were read and the methods, in order."""
    values, conventions = found.valued_by, found.valued_by.perspective.conventions
    keys = {key for name in found.one_way.read for key in found.scenario.register[name].source}
    own = own_values(found.scenario)
    keys |= {key for name in {*values.price_names} - own for key in values.perspective.prices[name].source}
    keys |= {key for each in values.utility_set.states.parameters if each.name not in own for key in each.source}
    keys |= {*values.utility_set.method.source, *conventions.discount.source, *values.norm.source, LIFE_TABLES}
    keys |= {key for rule in load_severity().values() for key in rule.source} | {*load_inventory().source}
    keys |= {key for threshold in conventions.thresholds for key in threshold.source}
    # Therapies of a user's own bring sources of their own.
    sources = {**load_sources(), **found.scenario.register.sources}
    methods = methods_cited(draws=True, parameters=True, study=found.trial is not None)
    return joined(listed(keys & sources.keys(), sources), [*methods, SIMULATED_DRAWS])


def _axis(name: str, base: float, found: EconomicAnalysis) -> dict[str, Any]:
    return {"name": name, "base": base, "unit": unit_of(name, found.scenario, found.valued_by)}


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
    return {grade: listed.count(grade) for grade in (*GRADES, OWN) if grade in listed}
