"""Reading a trial's design together with the scenario that it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.evidence.file_names import instead, is_file
from simulator.evidence.hospitals import load_hospitals
from simulator.evidence.reading import MISSING, checked, read_toml, salvaged, spelled
from simulator.evidence.shipped import shipped
from simulator.questions.trial.design.blinding import SHAM, sham_faults
from simulator.questions.trial.design.design import Design
from simulator.questions.trial.reading.design_faults import faults
from simulator.scenario import Scenario, load_scenario
from simulator.scenario.inheritance import centre_in, merged
from simulator.scenario.settings import OwnCounts, OwnOffsets
from simulator.words.errors import BadInput, Problem, nearest, shown
from simulator.words.label import label_from


@dataclass(frozen=True, eq=False)
class Planned:
    """A checked design and its scenario; `inputs` maps what a reader calls a file to what was read.

    `population` is the scenario at the founding hospital, which other hospitals are told from, where a prior comes from them.
    """

    design: Design
    scenario: Scenario
    inputs: Mapping[str, bytes] = field(repr=False)
    population: Scenario | None = field(default=None, repr=False)


def shipped_designs() -> dict[str, Path]:
    """The shipped designs by name."""
    return {file.stem: file for file in sorted((shipped("scenarios") / "designs").glob("*.toml"))}


def load_design(source: str | Path, overrides: Mapping[str, Any] | None = None) -> Planned:
    """The design of a TOML file or of a shipped name, with its scenario.

    `overrides` is laid over the file, in its own words, as in ``{"size": {"patients": 300}}``. A scenario or a hospital that
    is a file is found from the design's folder on. Raises BadInput with everything that is wrong with the design and with
    its scenario.
    """
    problems: list[Problem] = []
    names = shipped_designs()
    file = Path(source)
    if not is_file(file) and str(source) in names:
        file = names[str(source)]
    if not is_file(file):
        raise BadInput([Problem(str(file), "file", MISSING, instead(file, "design"))])
    root = shipped("scenarios")
    called = spelled(file.resolve(), root) if file.resolve().is_relative_to(root) else str(file)
    table = merged(read_toml(file, called, problems), overrides or {})
    there = file.parent / str(table["centre"]) if str(table.get("centre", "")).endswith(".toml") else None
    if there is not None:
        table["centre"] = centre_in(there, problems)
    design, left_out = None, frozenset[str]()
    if not problems:
        labelled = {"label": label_from(file.stem)} | table
        design = checked(Design, labelled, called, "", problems)
        if design is None:
            design, left_out = salvaged(Design, labelled)
            if design is not None and _lacks(design, labelled, left_out):
                design = None
    if design is not None:
        design.read_from(called)
        problems += [
            Problem(called, key, shown(value), allowed)
            for key, value, allowed in faults(design)
            if not (left_out and (value in (MISSING, "none") or _about(key, left_out)))
        ]
    scenario = _scenario(table, design, file, called, problems)
    population = None
    priors = {} if design is None else {each.name: each.prior for each in design.endpoints if each.prior is not None}
    hospitals = {name: prior for name, prior in priors.items() if prior.taken_from == "hospitals"}
    if hospitals and scenario is not None and not problems:
        for name, prior in hospitals.items():
            if prior.policy is not None and prior.policy not in scenario.policies:
                allowed = nearest(prior.policy, scenario.policies)
                problems.append(Problem(called, f"endpoints.{name}.prior.policy", repr(prior.policy), allowed))
        if load_hospitals() is None:
            allowed = "'stated' or 'studies': no population of hospitals has been fitted (clti calibrate --hospitals)"
            problems.append(Problem(called, "endpoints.prior.taken_from", "'hospitals'", allowed))
        population = _scenario({**table, "centre": "founding"}, None, file, called, problems)
    if problems or design is None or scenario is None:
        raise BadInput(problems)
    own = {} if there is None else {str(there): there.read_bytes()}
    return Planned(design, scenario, {called: file.read_bytes(), **own, **scenario.inputs}, population)


def _scenario(
    table: Mapping[str, Any], design: Design | None, file: Path, called: str, problems: list[Problem]
) -> Scenario | None:
    """The design's scenario, with the design's view; what is wrong with its name or its policies is appended."""
    source = table.get("scenario", "base")
    if not isinstance(source, str):
        return None
    place = file.parent / source
    view = table.get("view")
    evidence = {"view": view} if view in ("sceptical", "central", "optimistic") else {}
    if design is not None and design.accrual.hospitals == "different":
        # Offsets of the sites are to the founding hospital.
        evidence["centre"] = "founding"
    elif "centre" in table and _is_sound(design, table["centre"]):
        evidence["centre"] = table["centre"]
    overrides = {"evidence": evidence} if evidence else None
    try:
        scenario = load_scenario(place if is_file(place) else source, overrides=overrides)
    except BadInput as bad:
        problems.extend(bad.problems)
        return None
    if scenario.settings.capacity is not None:
        allowed = "a scenario without [capacity]: patients of a trial do not queue for a shared resource"
        problems.append(Problem(called, "scenario", repr(source), allowed))
    if design is None:
        return scenario
    used = [(f"arms.{arm.name}.policy", arm.policy) for arm in design.arms]
    if design.crossover is not None:
        used.append(("crossover.to", design.crossover.to))
    problems.extend(
        Problem(called, key, repr(policy), nearest(policy, scenario.policies))
        for key, policy in used
        if policy not in scenario.policies
    )
    if all(policy in scenario.policies for _, policy in used):
        found = sham_faults(design, *_giving(design, scenario))
        problems.extend(Problem(called, key, shown(value), allowed) for key, value, allowed in found)
    return scenario


def _lacks(design: Design, table: Mapping[str, Any], left_out: frozenset[str]) -> bool:
    """Whether a whole table was left out, or an arm, endpoint or other item, which the rest would seem to lack."""
    shorter = (
        isinstance(items, list) and len(getattr(design, name, items)) < len(items) for name, items in table.items()
    )
    return bool(left_out & set(Design.model_fields)) or any(shorter)


def _about(key: str, places: Iterable[str]) -> bool:
    """Whether a fault may come of what was left out: of the same key, or of a table or list that holds it or that it holds."""
    own, *ways = [f"{place}.".replace("[", ".[") for place in (key, *places)]
    return any(own.startswith(way) or way.startswith(own) for way in ways)


def _is_sound(design: Design | None, centre: object) -> bool:
    """Whether the design's hospital can be laid over the scenario; what is wrong with own counts is told of the design."""
    if isinstance(centre, str):
        return True
    return design is not None and (
        not isinstance(design.centre, OwnCounts | OwnOffsets) or not any(design.centre.faults())
    )


def _giving(design: Design, scenario: Scenario) -> tuple[set[str], set[str]]:
    """The arms' policies that give something, and those that give a sham alone."""
    treating, shams = set(), set()
    for name in {arm.policy for arm in design.arms}:
        policy = scenario.policies[name]
        if policy.treats:
            treating.add(name)
        if policy.given == (SHAM,) and not policy.cell_therapy.doses:
            shams.add(name)
    return treating, shams
