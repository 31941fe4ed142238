"""The scenario table: what structural choices do to the result, each against the base case in the same draws.

Other prices, utilities and discounting are dot products on the base case's ledgers. Another horizon, life table,
evidence view or rule of the disease is simulated in the first draws only; its change from the base case in those draws
is added to the base case of all draws, so that the rows can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from simulator.evidence.hospitals import FIELDS, load_hospitals
from simulator.evidence.life_table import load_life_table
from simulator.evidence.population_norm import alternatives_to
from simulator.evidence.posterior import parameter_draws
from simulator.evidence.register import outside_range
from simulator.evidence.utilities import utility_sets
from simulator.questions.value.cost_items import ALL_IN, DIALYSIS, HELD_BY_WOUND_PRICE, SPLIT, Scope
from simulator.questions.value.incremental import LESS, RATIO, standing
from simulator.questions.value.lives import Lives, Simulations, for_money
from simulator.questions.value.results import Array, spread_of, standard_error
from simulator.questions.value.valuation import worth
from simulator.questions.value.values import Drawn, Values, read_prices, values_of
from simulator.scenario.economics import Variant
from simulator.scenario.scenario import Scenario
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
            other = _changed(scenario, {"utility_set": name, "utilities": kept})
            yield Row(f"utilities_{name}", "", other)
    for name in alternatives_to(values.norm.country):
        yield Row(f"norm_{name}", "", _changed(scenario, {"population_norm": name}))
    if values.age_adjusted:
        yield Row("utilities_ageless", "", replace(values, age_adjusted=False))
    yield Row("undiscounted", "", replace(values, discounted=False))
    for name, variant in scenario.settings.economics.scenarios.items():
        if varied(scenario, variant, name).hash == scenario.hash and variant.discounting is None:
            yield Row(name, variant.label, _valued(scenario, variant, name), weight=variant.weight)


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


def hospitals_table(table: pd.DataFrame, centre: str) -> pd.DataFrame:
    """The base case, which is that of the hospital `centre`, and the rows at other hospitals: centre, then as the table."""
    rows = table[(table["scenario"] == BASE) | table["scenario"].str.startswith(CENTRE)]
    found = rows["scenario"].str.removeprefix(CENTRE).where(rows["scenario"] != BASE, centre)
    return rows.drop(columns=["scenario", "weight"]).assign(centre=found).reset_index(drop=True)


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


def scenario_table(
    scenario: Scenario, values: Values, base: Lives, drawn: Drawn, rows: list[tuple[Row, Lives | None]], seed: int
) -> pd.DataFrame:
    """One line per row and policy other than the reference, the base case first, an average last if rows have weights.

    Columns: scenario, policy, incremental_cost, incremental_effect, standing and icer (see `incremental.standing`),
    net_benefit (incremental, at the first threshold), se, low, high, probability (that net benefit is above zero), change
    (of net benefit from the base case), weight, draws. `low`, `high` and `probability` describe the row's own draws.
    """
    every = len(base.parameters)
    ours = increments(scenario, values, base, drawn)
    table = _lines(Row(BASE, "", values), scenario, ours, ours, ours)
    for row, lives in rows:
        if lives is None:
            again = row.valued_by.sample(every, seed)
            found = increments(scenario, row.valued_by, base, again)
            table += _lines(row, scenario, found, ours, ours)
        else:
            count = len(lives.parameters)
            few = row.valued_by.sample(count, seed)
            found = increments(scenario, row.valued_by, lives, few)
            table += _lines(row, scenario, found, ours[:, :count], ours)
    return _with_average(pd.DataFrame(table), values.threshold)


def _lines(row: Row, scenario: Scenario, found: Array, same: Array, base: Array) -> list[dict[str, object]]:
    """`found`, `same` (the base case in the same draws) and `base` have the shape (cost and effect, draws, policies)."""
    lines = []
    threshold = row.valued_by.threshold
    for p, policy in enumerate(scenario.compare):
        if policy == scenario.reference:
            continue
        change = found[:, :, p] - same[:, :, p]
        cost, effect = (float(each) for each in change.mean(axis=1) + base[:, :, p].mean(axis=1))
        benefit = threshold * found[1, :, p] - found[0, :, p]
        base_benefit = threshold * base[1, :, p] - base[0, :, p]
        moved = threshold * change[1] - change[0]
        own = spread_of(benefit)
        lines.append(
            {
                "scenario": row.name,
                "policy": policy,
                "incremental_cost": cost,
                "incremental_effect": effect,
                **_ratio(cost, effect),
                "net_benefit": threshold * effect - cost,
                "se": own["se"] if found.shape == base.shape else _both(base_benefit, moved),
                "low": own["low"],
                "high": own["high"],
                "probability": float((benefit > 0).mean()),
                "change": float(moved.mean()),
                "weight": np.nan if row.weight is None else row.weight,
                "draws": found.shape[1],
            }
        )
    return lines


def _both(base: Array, change: Array) -> float:
    """The error of the base case's mean and of a change that was seen in fewer draws, together."""
    return float(np.hypot(standard_error(base), standard_error(change)))


def _ratio(cost: float, effect: float) -> dict[str, object]:
    """How increments stand, and their ratio where neither side dominates."""
    stands = standing(cost, effect)
    return {"standing": stands, "icer": cost / effect if stands in (RATIO, LESS) else np.nan}


def _with_average(table: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """The table with the average of the rows that have weights and of the base case, which has the rest."""
    weighted = table["weight"].notna()
    if not weighted.any():
        return table
    first = table["scenario"] == BASE
    rest = 1.0 - table[weighted].groupby("policy")["weight"].sum()
    table.loc[first, "weight"] = table.loc[first, "policy"].map(rest)
    lines = []
    for policy, own in table[table["weight"].notna()].groupby("policy", sort=False):
        weight = own["weight"].to_numpy()
        cost, effect, change = (
            float(weight @ own[name]) for name in ("incremental_cost", "incremental_effect", "change")
        )
        lines.append(
            {"scenario": AVERAGE, "policy": policy}
            | {"incremental_cost": cost, "incremental_effect": effect, **_ratio(cost, effect)}
            | {"net_benefit": threshold * effect - cost, "probability": float(weight @ own["probability"])}
            | {"change": change, "weight": 1.0, "draws": int(own["draws"].min())}
        )
    return pd.concat([table, pd.DataFrame(lines)], ignore_index=True)


def increments(scenario: Scenario, values: Values, lives: Lives, drawn: Drawn) -> Array:
    """Costs and QALYs over the reference, shape (2, draws, policies)."""
    found = worth(lives.ledgers, lives.parameters, drawn, values)
    both = np.stack([found.cost, found.qalys])
    return np.asarray(both - both[:, :, [scenario.compare.index(scenario.reference)]])


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
