"""Reading a scenario with everything that it extends, names or points to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from simulator.evidence.economics.perspective import load_perspective
from simulator.evidence.reading import checked
from simulator.evidence.register import Register
from simulator.scenario.evidence import as_many_as_given, files_read, given_patients, life_table_of, register_of
from simulator.scenario.inheritance import (
    BASE,
    Layer,
    Table,
    laid_over,
    merged,
    resolved_policy,
    scenario_layers,
    shipped_policies,
    written_in,
)
from simulator.scenario.policy import Criteria, Policy
from simulator.scenario.scenario import WITH, Read, Scenario
from simulator.scenario.settings import Settings
from simulator.scenario.therapies import policy_faults
from simulator.scenario.writing import TABLE
from simulator.words.errors import BadInput, Problem, nearest, said, shown

CALL = "load_scenario"


def load_scenario(
    source: str | Path | None = None,
    *,
    policies: Sequence[str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Scenario:
    """The scenario of a TOML file or of a shipped name (default: ``base``).

    `policies` are compared instead of the scenario's own; if its reference is not among them, the first is the
    reference. `overrides` is laid over the files as one more difference, in their own words, as in
    ``{"evidence": {"view": "sceptical"}, "parameters": {"restenosis_rate": 0.5}}``; a file named in it is found from
    the working folder on. A pandas table may stand in place of a file of patients: ``{"population": {"csv": table}}``,
    and a `Policy` in place of a policy's table: ``{"policies": {"mine": Policy(extends="protocol")}}``.

    Raises BadInput for arguments of the wrong type, and with every fault of every file.

    >>> import simulator as sim
    >>> here = sim.load_scenario("base", overrides={"parameters": {"age_mean": 66}})
    >>> here.register["age_mean"].value, here.centre
    (66.0, 'average')
    """
    problems = _slips(source, policies, overrides)
    if problems:
        raise BadInput(problems)
    overrides, tables = _without_table(_in_tables(overrides))
    return _read(scenario_layers(source, overrides, problems), policies, tables, problems)


def base_settings() -> Settings:
    """What the shipped base says, without the evidence behind it."""
    problems: list[Problem] = []
    settings = _settings(scenario_layers(BASE, None, problems), problems)
    if problems or settings is None:
        raise BadInput(problems)
    return settings


def differing(scenario: Scenario, difference: Mapping[str, Any]) -> Scenario:
    """The scenario with one more difference laid over what it was read from; see `Scenario.with_`."""
    read = scenario.read
    assert read is not None, "what load_scenario or with_ gave"
    policies = read.policies
    if "compare" in difference and "reference" not in difference:
        policies = difference["compare"]
        difference = {key: value for key, value in difference.items() if key != "compare"}
    elif "compare" in difference:
        policies = None
    problems = [replace(each, file=WITH, key="compare") for each in _slips(None, policies, None)]
    if problems:
        raise BadInput(problems)
    plain, tables = _without_table(_in_tables(difference))
    layers = [*read.layers, *([laid_over(WITH, plain, problems)] if plain else [])]
    return _read(layers, policies, {**scenario.inputs, **tables}, problems)


def _read(
    layers: list[Layer], policies: Sequence[str] | None, tables: Mapping[str, bytes], problems: list[Problem]
) -> Scenario:
    """The scenario of its layers. `tables` holds tables of real patients that need not be read any more."""
    if not layers:
        raise BadInput(problems)
    settings = _settings(layers, problems)
    if settings is None:
        raise BadInput(problems)
    known = shipped_policies(problems)
    options = _policies(settings, layers, known, problems)
    settings = _compared(settings, policies, options, layers, problems)
    inputs = {place: table for place, table in tables.items() if place == settings.population.csv}
    register = register_of(settings, layers, problems)
    _unfit(options, settings, layers, register, known, problems)
    life_table = life_table_of(settings, layers, problems)
    given, columns = given_patients(settings, layers, inputs, problems)
    settings = as_many_as_given(settings, len(given), layers, problems)
    if problems or life_table is None:
        raise BadInput(problems)
    inputs |= files_read(settings, layers, known)
    name = next(layer.name for layer in reversed(layers) if layer.content)
    resolved = {name: policy for name, policy in options.items() if policy is not None}
    read = Read(tuple(layers), None if policies is None else tuple(policies), settings, differing)
    return Scenario(Path(name).stem, settings, resolved, register, life_table, given, columns, inputs, read)


def _slips(source: object, policies: Any, overrides: object) -> list[Problem]:
    """Arguments of the wrong type."""
    problems = []
    if source is not None and not isinstance(source, str | Path):
        allowed = "the name of a shipped scenario, or the path of a TOML file; differences go to overrides={...}"
        problems.append(Problem(CALL, "source", said(source), allowed))
    if policies is not None:
        listed = isinstance(policies, Collection) and not isinstance(policies, str)
        if not listed or not all(isinstance(name, str) for name in policies):
            problems.append(
                Problem(CALL, "policies", said(policies), "a list of names, as ['conservative', 'protocol']")
            )
    if overrides is not None and not isinstance(overrides, Mapping):
        allowed = "a dictionary of a scenario's tables, as {'evidence': {'view': 'sceptical'}}"
        problems.append(Problem(CALL, "overrides", said(overrides), allowed))
    return problems


def _in_tables(overrides: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Overrides with every policy that is an object as the table that its file would hold."""
    policies = (overrides or {}).get("policies")
    if overrides is None or not isinstance(policies, Mapping):
        return overrides
    tables = {
        name: policy.model_dump(exclude_unset=True) if isinstance(policy, Policy) else policy
        for name, policy in policies.items()
    }
    return {**overrides, "policies": tables}


def _without_table(overrides: Mapping[str, Any] | None) -> tuple[Mapping[str, Any] | None, dict[str, bytes]]:
    """Overrides with a word in place of a pandas table of patients, and that table as the content of a CSV file."""
    people = (overrides or {}).get("population")
    table: Any = people.get("csv") if isinstance(people, Mapping) else None
    if people is None or not hasattr(table, "to_csv"):
        return overrides, {}
    return {**(overrides or {}), "population": {**people, "csv": TABLE}}, {TABLE: table.to_csv(index=False).encode()}


def _settings(layers: list[Layer], problems: list[Problem]) -> Settings | None:
    """The layers as one, and what is wrong between their keys.

    Only a shared resource can lack a key, because everything else is in the base; the rest is checked without it.
    """
    table: Table = {}
    for layer in layers:
        table = merged({k: v for k, v in table.items() if k != "description" or not layer.content}, layer.table)
    told = [problem.key for problem in problems]
    found: list[Problem] = []
    settings = checked(Settings, table, layers[-1].name, "", found)
    problems.extend(p for p in found if not any(key.startswith(p.key) for key in told))
    if settings is None:
        settings = checked(Settings, {k: v for k, v in table.items() if k != "capacity"}, layers[-1].name, "", [])
    if settings is not None:
        settings = _with_the_payers_people(settings, layers)
        for key, value, allowed in settings.faults():
            # What a table lacks because a key of it was at fault is no fault of its own.
            if not any(each.startswith(f"{key}.") for each in told):
                problems.append(Problem(written_in(layers, key), key, shown(value), allowed))
    return settings


def _with_the_payers_people(settings: Settings, layers: list[Layer]) -> Settings:
    """The settings with the life table of the payer's country where a payer was named above the base and no life table was."""
    above = [layer.table for layer in layers[1:]]
    named = any("perspective" in table.get("economics", {}) for table in above)
    if not named or any("country" in table.get("life_table", {}) for table in above):
        return settings
    try:
        country = load_perspective(settings.economics.perspective).conventions.perspective.country
    except BadInput:
        return settings  # whoever values lives tells what is wrong with the payer
    return settings.model_copy(update={"life_table": settings.life_table.model_copy(update={"country": country})})


def _policies(
    settings: Settings, layers: list[Layer], known: Mapping[str, Layer], problems: list[Problem]
) -> dict[str, Policy | None]:
    """Every policy that can be named; None for one that is at fault."""
    own = {name: policy.model_dump(exclude_unset=True) for name, policy in settings.policies.items()}
    tables = own | {name: layer.table for name, layer in known.items()}
    options = {name: resolved_policy(name, tables, layer.name, "", problems) for name, layer in known.items()}
    for name in own:
        file = written_in(layers, f"policies.{name}")
        if name in known:
            allowed = f"another name, because {name!r} is shipped; it can be extended"
            problems.append(Problem(file, f"policies.{name}", "taken", allowed))
        else:
            options[name] = resolved_policy(name, tables, file, f"policies.{name}.", problems)
    return options


def _compared(
    settings: Settings,
    policies: Sequence[str] | None,
    options: Mapping[str, Policy | None],
    layers: list[Layer],
    problems: list[Problem],
) -> Settings:
    """The settings with the policies to compare, all of which must be there."""
    for name in settings.compare:
        if name not in options:
            problems.append(Problem(written_in(layers, "compare"), "compare", repr(name), nearest(name, options)))
    if policies is None:
        return settings
    chosen = tuple(dict.fromkeys(policies))
    problems.extend(Problem("policies", "name", repr(n), nearest(n, options)) for n in chosen if n not in options)
    if not chosen:
        problems.append(Problem("policies", "names", "none", "at least one policy"))
        return settings
    reference = settings.reference if settings.reference in chosen else chosen[0]
    return settings.model_copy(update={"compare": chosen, "reference": reference})


def _unfit(
    options: Mapping[str, Policy | None],
    settings: Settings,
    layers: list[Layer],
    register: Register,
    known: Mapping[str, Layer],
    problems: list[Problem],
) -> None:
    """What policies and therapies cannot tell one by one: unknown names, people who may not have it, too many ramps."""
    shipped_ones = {name: each.record.eligibility for name, each in register.therapies.items()}
    own_ones = {
        name: table.get("eligibility") for name, table in settings.therapies.items() if isinstance(table, Mapping)
    }
    for name, eligibility in {**shipped_ones, **own_ones}.items():
        own = name in own_ones
        file = written_in(layers, f"therapies.{name}") if own else f"calibration/therapies/{name}.toml"
        prefix = f"therapies.{name}.eligibility" if own else "eligibility"
        criteria = checked(Criteria, eligibility or {}, file, prefix, problems)
        for key, value, allowed in criteria.faults() if criteria is not None else ():
            problems.append(Problem(file, f"{prefix}.{key}", shown(value), allowed))
    for name, policy in options.items():
        if policy is None:
            continue
        shipped_one = name in known
        file = known[name].name if shipped_one else written_in(layers, f"policies.{name}")
        prefix = "" if shipped_one else f"policies.{name}."
        faults = policy_faults(policy, register, faulty=set(settings.therapies) - set(register.therapies))
        problems.extend(Problem(file, f"{prefix}{key}", shown(value), allowed) for key, value, allowed in faults)
