"""Structural uncertainty: the same headline results under other assumptions about how the disease and the treatment work.

An alternative that would spoil the fit to the founding cohort is refitted first: one parameter is moved until the cohort's
own result under the published protocol is what it was. What then differs is what the assumption does, and not a worse fit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, Field

from simulator.evidence.former_names import known_instead
from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen, checked, read_toml, spelled
from simulator.evidence.register import outside_range
from simulator.evidence.shipped import shipped
from simulator.living.outcomes import OUTCOMES
from simulator.run import simulate
from simulator.scenario import Scenario, load_scenario
from simulator.scenario.limits import Years
from simulator.scenario.settings import LifeTableChoice
from simulator.words.errors import BadInput, Problem, nearest

COHORT = "founding_cohort"
PROTOCOL = "protocol"
AT_YEARS = 1.0
ROUNDS = 20
DAMPING = 0.6
"""Power of each step, because shares near their ends move faster than the step expects."""
CLOSE = 0.001
"""Difference of shares at which a refit is done."""

Texts = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
Times = Annotated[tuple[Years, ...], BeforeValidator(as_tuple)]


class Alternative(Frozen):
    """One assumption in place of the base case's.

    `refit` names parameters and, for each, the outcome of the founding cohort at one year that it is moved to keep.
    """

    assumption: Annotated[str, Field(min_length=1)]
    name: Annotated[str, Field(min_length=1)]
    view: Literal["sceptical", "central", "optimistic"] | None = None
    life_table: LifeTableChoice | None = None
    parameters: dict[str, float] = Field(default_factory=dict)
    refit: dict[str, str] = Field(default_factory=dict)
    note: str = ""


class Structural(Frozen):
    """What is compared in every alternative, and the alternatives; the first stands for the base case."""

    scenario: str
    policies: Texts
    reference: str
    outcomes: Texts
    times_years: Times
    alternative: Annotated[tuple[Alternative, ...], BeforeValidator(as_tuple)]


@dataclass(frozen=True, eq=False)
class StructuralResult:
    """The headline results (`table`) and what the refits moved (`refits`).

    table: assumption, alternative, policy, reference, outcome, time_years, mean, se, difference, difference_se. refits:
    assumption, alternative, parameter, value, refitted, outcome, wanted, reached. `labels` are those of the policies.
    """

    table: pd.DataFrame
    refits: pd.DataFrame
    labels: dict[str, str]


def load_structural(path: Path | None = None) -> tuple[Structural, dict[str, bytes]]:
    """The alternatives of a file (default: the shipped one), and what was read. Raises BadInput with every fault."""
    root = shipped("scenarios")
    file = path or root / "structural" / "alternatives.toml"
    called = spelled(file, root)
    problems: list[Problem] = []
    table = read_toml(file, called, problems)
    found = checked(Structural, table, called, "", problems) if table else None
    if found is not None:
        problems += _faults(found, called)
    if problems or found is None:
        raise BadInput(problems or [Problem(called, "file", "empty", "alternatives")])
    return found, {called: file.read_bytes()}


def _faults(found: Structural, called: str) -> list[Problem]:
    """Unknown names, and values outside their ranges."""
    register = load_scenario(found.scenario, policies=list(found.policies)).register
    problems = []
    if found.reference not in found.policies:
        problems.append(Problem(called, "reference", found.reference, "one of policies: " + ", ".join(found.policies)))
    for outcome in found.outcomes:
        if outcome not in OUTCOMES:
            problems.append(Problem(called, "outcomes", repr(outcome), nearest(outcome, OUTCOMES)))
    if not found.alternative:
        problems.append(Problem(called, "alternative", "none", "at least one"))
    for place, each in enumerate(found.alternative):
        here = f"alternative[{place}]"
        for name, value in each.parameters.items():
            where = f"{here}.parameters.{name}"
            if name in register:
                problems += outside_range(register[name], value, called, where)
            else:
                problems.append(Problem(called, where, repr(value), known_instead(name, register.names())))
        for name, outcome in each.refit.items():
            if name not in register:
                problems.append(Problem(called, f"{here}.refit", repr(name), known_instead(name, register.names())))
            if outcome not in OUTCOMES:
                problems.append(Problem(called, f"{here}.refit.{name}", repr(outcome), nearest(outcome, OUTCOMES)))
    return problems


def compare_structures(
    structural: Structural, patients: int, seed: int, advance: Callable[[int], None] | None = None
) -> StructuralResult:
    """Every alternative in the same patients with the same luck. `advance` is called after each."""
    tables: list[pd.DataFrame] = []
    refits: list[dict[str, Any]] = []
    wanted = cohort_results(None, {}, patients, seed)
    for each in structural.alternative:
        parameters = dict(each.parameters)
        if each.refit:
            moved = refit(each, wanted, patients, seed)
            reached = cohort_results(each, parameters | moved, patients, seed)
            register = load_scenario(COHORT).register
            refits += [
                {
                    "assumption": each.assumption,
                    "alternative": each.name,
                    "parameter": name,
                    "value": register[name].value,
                    "refitted": moved[name],
                    "outcome": outcome,
                    "wanted": wanted[outcome],
                    "reached": reached[outcome],
                }
                for name, outcome in each.refit.items()
            ]
            parameters |= moved
        scenario = _scenario(structural.scenario, each, parameters, list(structural.policies))
        tables.append(_results(structural, each, scenario, patients, seed))
        if advance is not None:
            advance(1)
    columns = ["assumption", "alternative", "parameter", "value", "refitted", "outcome", "wanted", "reached"]
    known = load_scenario(structural.scenario, policies=list(structural.policies)).policies
    labels = {name: known[name].label for name in structural.policies}
    return StructuralResult(pd.concat(tables, ignore_index=True), pd.DataFrame(refits, columns=columns), labels)


def refit(each: Alternative, wanted: Mapping[str, float], patients: int, seed: int) -> dict[str, float]:
    """Values at which the founding cohort under the protocol has the wanted shares again.

    Each step multiplies a parameter by the damped ratio of the wanted to the present cumulative hazard of its outcome. A
    parameter that meets the end of its range stays there.
    """
    register = load_scenario(COHORT).register
    values = {name: each.parameters.get(name, register[name].value) for name in each.refit}
    for _ in range(ROUNDS):
        present = cohort_results(each, each.parameters | values, patients, seed)
        if all(abs(present[outcome] - wanted[outcome]) < CLOSE for outcome in each.refit.values()):
            break
        for name, outcome in each.refit.items():
            ratio = math.log1p(-min(wanted[outcome], 0.999)) / math.log1p(
                -float(np.clip(present[outcome], 1e-6, 0.999))
            )
            low, high = register[name].range
            values[name] = float(np.clip(values[name] * ratio**DAMPING, max(low, 1e-9), high))
    return values


def cohort_results(
    each: Alternative | None, parameters: Mapping[str, float], patients: int, seed: int
) -> dict[str, float]:
    """Outcomes of the founding cohort at one year under the protocol."""
    scenario = _scenario(COHORT, each, parameters, [PROTOCOL])
    found = simulate(scenario, [PROTOCOL], patients, seed, engine="compiled", times=[AT_YEARS])
    return {str(outcome): float(mean) for outcome, mean in found.outcomes.set_index("outcome")["mean"].items()}


def _scenario(source: str, each: Alternative | None, parameters: Mapping[str, float], policies: list[str]) -> Scenario:
    overrides: dict[str, Any] = {"parameters": dict(parameters)}
    if each is not None and each.view is not None:
        overrides["evidence"] = {"view": each.view}
    if each is not None and each.life_table is not None:
        overrides["life_table"] = each.life_table.model_dump()
    return load_scenario(source, policies=policies, overrides=overrides)


def _results(structural: Structural, each: Alternative, scenario: Scenario, patients: int, seed: int) -> pd.DataFrame:
    found = simulate(
        scenario, list(structural.policies), patients, seed, engine="compiled", times=structural.times_years
    )
    keys = ["policy", "outcome", "time_years"]
    change = found.differences.rename(columns={"mean": "difference", "se": "difference_se"})
    table = found.outcomes.merge(change.drop(columns="reference"), on=keys, how="left")
    table = table[table["outcome"].isin(structural.outcomes)].reset_index(drop=True)
    table.insert(0, "assumption", each.assumption)
    table.insert(1, "alternative", each.name)
    table.insert(3, "reference", found.reference)
    return table
