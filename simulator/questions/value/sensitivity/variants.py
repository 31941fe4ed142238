"""The scenario table: what structural choices do to the result, each against the base case in the same draws.

Other prices, utilities and discounting are dot products on the base case's ledgers. Another horizon, life table,
evidence view or rule of the disease is simulated in the first draws only; its change from the base case in those draws
is added to the base case of all draws, so that the rows can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from simulator.evidence.economics.population_norm import alternatives_to, norm_by
from simulator.evidence.economics.utilities import utility_sets
from simulator.evidence.economics.value_sets import PUBLISHED, is_mapped, value_sets
from simulator.evidence.former_names import known_instead
from simulator.evidence.hospitals import FIELDS, load_hospitals
from simulator.evidence.life_table import load_life_table
from simulator.evidence.posterior import parameter_draws
from simulator.evidence.register import outside_range
from simulator.scenario.economics import Variant
from simulator.scenario.scenario import Scenario
from simulator.valuation.cost_items import ALL_IN, DIALYSIS, HELD_BY_WOUND_PRICE, SPLIT, Scope
from simulator.valuation.lives import Lives, Simulations, for_money
from simulator.valuation.prices_read import read_prices
from simulator.valuation.values import Values, values_of
from simulator.words.errors import BadInput, Problem
from simulator.words.vocabulary import View

BASE = "base case"
AVERAGE = "average"
CENTRE = "centre_"
"""Begins the names of rows at another hospital."""
CENTRES = ("average", "new", "founding")


@dataclass(frozen=True, eq=False)
class Row:
    """One row of the table: how lives are valued, and which lives. Without a scenario they are the base case's.

    `label` is empty for rows of the program's own, which have a name of their own in every language.
    """

    name: str
    label: str
    valued_by: Values
    scenario: Scenario | None = None
    weight: float | None = None


def revalued(scenario: Scenario, values: Values) -> Iterator[Row]:
    """Rows that need no simulation: wounds, payers' alternatives, utilities, discounting, costs left out."""
    for way in (ALL_IN, SPLIT):
        if way != values.wound_costs and not _gaps(values, way, values.scope):
            yield Row(f"wound_costs_{way}", "", _changed(scenario, {"wound_costs": way}))
    if values.wound_costs == ALL_IN:
        yield Row("procedures_off", "", replace(values, leave_out=HELD_BY_WOUND_PRICE))
    for name, alternative in values.perspective.conventions.alternatives.items():
        yield Row(name, alternative.label, replace(values, perspective=values.perspective.with_alternative(name)))
    strict = values.strict_payer
    name = "institutional_care" if strict else "without_institutional_care"
    if not _gaps(values, values.wound_costs, replace(values.scope, institutional_care=strict)):
        yield Row(name, "", _changed(scenario, {"strict_payer": not strict}))
    informal = values.scope.informal_care
    if not _gaps(values, values.wound_costs, replace(values.scope, informal_care=not informal)):
        name = "without_informal_care" if informal else "informal_care"
        yield Row(name, "", _changed(scenario, {"informal_care": not informal}))
    if values.scope.vascular_events:
        yield Row("without_vascular_events", "", _changed(scenario, {"vascular_events": False}))
    yield Row("without_dialysis", "", replace(values, leave_out=(DIALYSIS,)))
    for name in utility_sets():
        if name != values.utility_set.name:
            kept = {k: v for k, v in scenario.settings.economics.utilities.items() if k in values.utility_set.losses}
            changes: dict[str, object] = {"utility_set": name, "utilities": kept}
            if not is_mapped(name, scenario.settings.economics.value_set):
                changes |= {"value_set": PUBLISHED, "population_norm": None}
            yield Row(f"utilities_{name}", "", _changed(scenario, changes))
    for other in value_sets():
        if other != scenario.settings.economics.value_set and not why_not_by(other, values):
            changes = {"value_set": other, "utilities": {}, "population_norm": None}
            yield Row(f"value_set_{other}", "", _changed(scenario, changes))
    for name in alternatives_to(values.norm.country):
        yield Row(f"norm_{name}", "", _changed(scenario, {"population_norm": name}))
    if values.age_adjusted:
        yield Row("utilities_ageless", "", replace(values, age_adjusted=False))
    yield Row("undiscounted", "", replace(values, discounted=False))
    for name, variant in scenario.settings.economics.scenarios.items():
        if varied(scenario, variant, name).hash == scenario.hash and variant.discounting is None:
            yield Row(name, variant.label, _valued(scenario, variant, name), weight=variant.weight)


def why_not_by(value_set: str, values: Values) -> str:
    """What keeps utilities and norm from being valued by another value set, as a name; empty where nothing does."""
    if not is_mapped(values.utility_set.name, value_set):
        return "utilities"
    return "" if norm_by(value_set, values.perspective.conventions.perspective.population_norm) else "norm"


def resimulated(scenario: Scenario, values: Values) -> Iterator[Row]:
    """Rows of the scenario's file that have lives of their own."""
    for name, variant in scenario.settings.economics.scenarios.items():
        other = varied(scenario, variant, name)
        rates = values.discounting if variant.discounting is None else variant.discounting
        if other.hash != scenario.hash or variant.discounting is not None:
            yield Row(name, variant.label, _valued(scenario, variant, name), for_money(other, rates), variant.weight)


def elsewhere(scenario: Scenario, values: Values) -> Iterator[Row]:
    """Rows at the hospitals that the scenario does not speak for; none where no population of hospitals has been fitted."""
    if load_hospitals() is None or scenario.read is None:
        return
    for centre in CENTRES:
        if centre != scenario.centre:
            other = laid_over(scenario, {"evidence": {"centre": centre}}, scenario.name)
            yield Row(f"{CENTRE}{centre}", "", values, other)


def seen_otherwise(scenario: Scenario) -> dict[str, Scenario]:
    """The scenario under each of the other views of the evidence, by name."""
    views = (each.name.lower() for each in View)
    return {view: with_view(scenario, view) for view in views if view != scenario.view}


def _valued(scenario: Scenario, variant: Variant, name: str) -> Values:
    """The values under a variant's own prices and utilities. Raises BadInput for what is wrong with them."""
    own = scenario.settings.economics
    changes: dict[str, object] = {
        key: {**getattr(own, key), **getattr(variant, key)} for key in ("prices", "utilities") if getattr(variant, key)
    }
    return _changed(scenario, changes)


def varied(scenario: Scenario, variant: Variant, name: str = "variant") -> Scenario:
    """The scenario with a variant's differences. Raises BadInput for values that cannot be."""
    problems: list[Problem] = []
    if variant.settings:
        scenario = laid_over(scenario, variant.settings, f"{scenario.name}: [economics.scenarios.{name}]")
    register = scenario.register
    key = f"economics.scenarios.{name}"
    for parameter, value in variant.parameters.items():
        if parameter not in register:
            allowed = f"a name of the register; {known_instead(parameter, register.names())}"
            problems.append(Problem(scenario.name, f"{key}.parameters", parameter, allowed))
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
            problems += [replace(each, file=scenario.name, key=f"{key}.life_table_period") for each in bad.problems]
    if problems:
        raise BadInput(problems)
    register = register.with_values({name: float(value) for name, value in variant.parameters.items()})
    return replace(scenario, settings=settings, register=register, life_table=life_table)


def laid_over(scenario: Scenario, difference: Mapping[str, Any], file: str) -> Scenario:
    """The scenario with a difference in the words of a file, and the discounting and the slots that it had."""
    if scenario.read is None:
        raise BadInput([Problem(file, "settings", "given", "a scenario that was read from files")])
    try:
        other = replace(scenario, settings=scenario.read.settings).with_(**difference)
    except BadInput as bad:
        raise BadInput(replace(each, file=file, key=f"settings.{each.key}") for each in bad.problems) from None
    kept = {key: getattr(scenario.settings, key) for key in ("discounting", "capacity")}
    fixed = {"compare": scenario.compare, "reference": scenario.reference}
    other = replace(other, settings=other.settings.model_copy(update=kept | fixed))
    return _where_it_was(other, scenario) if other.centre == "own" else other


def _where_it_was(other: Scenario, scenario: Scenario) -> Scenario:
    """A scenario at the hospital of own counts, which have been read: it lies where it lay."""
    free = {name: rows for name, rows in scenario.register.joint.items() if name not in other.settings.parameters}
    point = {name: scenario.register[name].value for name in FIELDS.values() if name in free}
    return replace(other, register=other.register.with_joint(free, point))


def with_view(scenario: Scenario, view: str) -> Scenario:
    """The scenario under another view of the evidence."""
    evidence = scenario.settings.evidence.model_copy(update={"view": view})
    return replace(scenario, settings=scenario.settings.model_copy(update={"evidence": evidence}))


def lives_of(row: Row, draws: int, patients: int, seed: int, simulations: Simulations) -> Lives:
    """The lives of a row with its own scenario, in the first draws of the base case."""
    assert row.scenario is not None
    parameters = row.scenario.parameter_draws(parameter_draws(row.scenario.register, draws, seed))
    title = f"Scenario: {row.label or row.name.replace('_', ' ')}"
    return simulations.probabilistic(title, row.scenario, parameters, patients, seed)


def rows_left_out(values: Values) -> dict[str, list[str]]:
    """Rows that the payer's gaps keep out of the table, with the prices that are missing."""
    other = SPLIT if values.wound_costs == ALL_IN else ALL_IN
    asked = {
        f"wound_costs_{other}": (other, values.scope),
        "institutional_care": (values.wound_costs, replace(values.scope, institutional_care=True)),
        "informal_care": (values.wound_costs, replace(values.scope, informal_care=True)),
    }
    found = {name: _gaps(values, *how) for name, how in asked.items()}
    return {name: missing for name, missing in found.items() if missing}


def _gaps(values: Values, wound_costs: str, scope: Scope) -> list[str]:
    """Prices that would be read under other settings and that the payer's file does not know."""
    read = read_prices(values.policies, wound_costs, scope, values.therapies)
    return sorted(read & set(values.perspective.gaps))


def _changed(scenario: Scenario, changes: dict[str, object]) -> Values:
    """The values under other economic settings. A price that only the base case charges is dropped, not refused."""
    own = scenario.settings.economics
    if "wound_costs" in changes:
        changes = changes | {"prices": {k: v for k, v in own.prices.items() if not k.startswith("wound_")}}
    economics = own.model_copy(update=changes)
    return values_of(replace(scenario, settings=scenario.settings.model_copy(update={"economics": economics})))
