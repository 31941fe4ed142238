"""`sim.register`: every number the model reads, where it comes from and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from simulator.face.result import Result, now
from simulator.words.errors import BadInput, Problem, nearest

if TYPE_CHECKING:
    from simulator.evidence.parameter import Parameter
    from simulator.evidence.register import Register
    from simulator.scenario import Scenario

Located: TypeAlias = "Sequence[tuple[Register, Parameter]]"
"""Parameters, each with the register that it stands in."""
STRONGEST = 5
"""Values shown for each headline result; the file has all of them."""
SEED = 1
"""Seed of the lives in which weak numbers are moved."""


def register(
    *,
    grade: str | Iterable[str] = (),
    group: str | Iterable[str] = (),
    name: str | Iterable[str] = (),
    reliance: bool = False,
    scenario: str = "base",
    policy: str | None = None,
) -> Result:
    """Say where the numbers come from: parameters, prices and utilities.

    `grade` (published, derived, recalled, assumption), `group` (as death or prices italy) and `name` (a whole name, or a
    word that names hold) take one or several and leave only those. `reliance` also simulates which headline results rest on
    recalled or assumed values, which takes some seconds: of a `policy` of the `scenario`, by default of the one that summaries
    speak of.

    Tables of the result: ``evidence`` (group, name, value, unit, limits, grade, source, ... a row a number), ``groups`` (how
    many of each grade), ``sources`` (a row a publication) and, if asked for, ``reliance`` (outcomes at the lower and upper
    limit of each number) and ``reliance_strongest`` (the numbers that move each most).

    Raises BadInput for a grade, group, name or policy that there is not.

    >>> import simulator as sim
    >>> sim.register(name="restenosis_rate").evidence["name"].tolist()
    ['restenosis_rate']
    """
    return asked(_listed(grade), _listed(group), _listed(name), reliance=reliance, scenario=scenario, policy=policy)


def asked(
    grades: Sequence[str] = (),
    groups: Sequence[str] = (),
    names: Sequence[str] = (),
    *,
    shown: str = "values",
    reliance: bool = False,
    scenario: str = "base",
    policy: str | None = None,
    file: str = "register",
    option: str = "",
) -> Result:
    """What `register` answers, of which the console tells what is `shown`: groups, values (a card of each that is named in
    full), sources or reliance.

    `file` and `option` are those of `located`.
    """
    from simulator.evidence.catalogue import catalogue, groups_table, numbers_table, sources_table
    from simulator.evidence.parameter import GRADES
    from simulator.questions.compare.headlines import headline_reliance, strongest
    from simulator.questions.compare.job import RELIANCE_PATIENTS
    from simulator.scenario.changes import changes
    from simulator.words.findings import Findings

    begun = now()
    registers = catalogue()
    chosen = located(registers, grades, groups, names, file, option)
    if shown == "values" and names and {parameter.name for _, parameter in chosen} <= set(names):
        shown = "cards"
    tables = {"evidence": numbers_table(chosen), "groups": groups_table(chosen), "sources": sources_table()}
    settings: dict[str, Any] = {
        each.groups[0] if i else "clinical register": each.hash() for i, each in enumerate(registers)
    }
    facts: dict[str, Any] = {
        "count": len(chosen),
        "grades": {grade: sum(parameter.grade == grade for _, parameter in chosen) for grade in GRADES},
        "groups": list(dict.fromkeys(p.group for _, p in chosen)),
        "shown": shown,
    }
    if not reliance:
        facts["labels"] = {"parameter": {parameter.name: parameter.label for parameter in registers[0].parameters}}
        return Result(Findings("register", tables, facts, settings=settings), begun)
    about = leaning(scenario, policy)
    told_of = about.headline if policy is None else policy
    tables["reliance"] = headline_reliance(about, told_of, RELIANCE_PATIENTS, SEED)
    tables["reliance_strongest"] = strongest(tables["reliance"], STRONGEST)
    facts["labels"] = {
        "parameter": {each.name: each.label for each in about.register.parameters},
        "policy": {name: each.label for name, each in about.policies.items()},
    }
    facts |= {"changes": changes(about), "people": RELIANCE_PATIENTS}
    settings |= {"scenario": about.hash, "policy": told_of, "patients": RELIANCE_PATIENTS}
    return Result(Findings("register", tables, facts, inputs=about.inputs, seed=SEED, settings=settings), begun)


def located(
    registers: Sequence[Register],
    grades: Sequence[str] = (),
    groups: Sequence[str] = (),
    names: Sequence[str] = (),
    file: str = "register",
    option: str = "",
) -> Located:
    """The parameters that are meant. Messages call the caller `file`, and write `option` before the names of its keys."""
    from simulator.evidence.former_names import known_instead
    from simulator.evidence.parameter import GRADES

    everything = [(each, parameter) for each in registers for parameter in each.parameters]
    parameters = {p.name for _, p in everything}
    known: list[tuple[str, Sequence[str], set[str]]] = [
        ("grade", grades, set(GRADES)),
        ("group", groups, {p.group for _, p in everything}),
        ("name", [word for word in names if not any(word.lower() in each for each in parameters)], parameters),
    ]
    problems = [
        Problem(file, f"{option}{key}", repr(word), known_instead(word, allowed))
        for key, words, allowed in known
        for word in words
        if word not in allowed
    ]
    if problems:
        raise BadInput(problems)
    return [
        (each, p)
        for each, p in everything
        if (not grades or p.grade in grades)
        and (not groups or p.group in groups)
        and (not names or any(_meant(word, p.name, parameters) for word in names))
    ]


def leaning(scenario: str, policy: str | None) -> Scenario:
    """The scenario of which results are told that lean on weak numbers, with a `policy` beside its reference if one is named.

    Raises BadInput for a scenario or a policy that there is not.
    """
    from simulator.scenario import load_scenario

    found = load_scenario(scenario)
    if policy is None:
        return found
    if policy not in found.policies or policy == found.reference:
        others = [name for name in found.policies if name != found.reference]
        raise BadInput([Problem("evidence", "policy", repr(policy), nearest(policy, others))])
    return load_scenario(scenario, policies=[found.reference, policy])


def _meant(word: str, name: str, parameters: set[str]) -> bool:
    """Whether a word means a parameter: by its whole name or, if nothing has that name, by a part of it."""
    return name == word if word in parameters else word.lower() in name


def _listed(words: str | Iterable[str]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)
