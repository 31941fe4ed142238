"""`sim.register`: every number the model reads, where it comes from and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from simulator.face.result import Result, now
from simulator.words.errors import BadInput, Problem, nearest

if TYPE_CHECKING:
    import pandas as pd

    from simulator.evidence.parameter import Parameter
    from simulator.evidence.register import Register
    from simulator.scenario import Scenario

Located: TypeAlias = "Sequence[tuple[Register, Parameter]]"
"""Parameters, each with the register that it stands in."""


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

    Tables of the result: ``evidence`` (group, name, value, unit, limits, grade, source, ... a row a number), ``sources`` (a
    row a publication) and, if asked for, ``reliance`` (outcomes at the lower and upper limit of each number).

    Raises BadInput for a grade, group, name or policy that there is not.

    >>> import simulator as sim
    >>> sim.register(name="restenosis_rate").evidence["name"].tolist()
    ['restenosis_rate']
    """
    from simulator.evidence.catalogue import catalogue, sources_table
    from simulator.evidence.parameter import GRADES
    from simulator.words.findings import Findings

    begun = now()
    registers = catalogue()
    chosen = located(registers, _listed(grade), _listed(group), _listed(name))
    tables = {"evidence": _evidence(registers, chosen), "sources": sources_table()}
    if reliance:
        tables["reliance"] = moved(scenario, policy)

    hashes = {each.groups[0] if i else "clinical register": each.hash() for i, each in enumerate(registers)}
    counts = {grade: sum(parameter.grade == grade for _, parameter in chosen) for grade in GRADES}
    facts = {"count": len(chosen), "grades": counts, "groups": list(dict.fromkeys(p.group for _, p in chosen))}
    return Result(Findings("register", tables, facts, settings=hashes), begun)


def located(
    registers: Sequence[Register],
    grades: Sequence[str] = (),
    groups: Sequence[str] = (),
    names: Sequence[str] = (),
    file: str = "register",
    option: str = "",
) -> Located:
    """The parameters that are meant. Messages call the caller `file`, and write `option` before the names of its keys."""
    from simulator.evidence.parameter import GRADES

    everything = [(each, parameter) for each in registers for parameter in each.parameters]
    parameters = {p.name for _, p in everything}
    known: list[tuple[str, Sequence[str], set[str]]] = [
        ("grade", grades, set(GRADES)),
        ("group", groups, {p.group for _, p in everything}),
        ("name", [word for word in names if not any(word.lower() in each for each in parameters)], parameters),
    ]
    problems = [
        Problem(file, f"{option}{key}", repr(word), nearest(word, allowed))
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


def counted(chosen: Located) -> str:
    """How many numbers there are, by grade."""
    from simulator.evidence.parameter import GRADES

    counts = ", ".join(f"{sum(p.grade == grade for _, p in chosen)} {grade}" for grade in GRADES)
    return f"{len(chosen)} values: {counts}."


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


@cache
def moved(scenario: str = "base", policy: str | None = None) -> pd.DataFrame:
    """What each recalled or assumed value does to the headline results of a policy of a scenario."""
    from simulator.questions.compare.headlines import headline_reliance
    from simulator.questions.compare.job import RELIANCE_PATIENTS

    asked = leaning(scenario, policy)
    return headline_reliance(asked, asked.headline if policy is None else policy, RELIANCE_PATIENTS, seed=1)


def _evidence(registers: Sequence[Register], chosen: Located) -> pd.DataFrame:
    import pandas as pd

    from simulator.evidence.register import Register

    kept = {id(p) for _, p in chosen}
    tables = [Register(tuple(p for p in each.parameters if id(p) in kept), each.sources).table() for each in registers]
    return pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)


def _meant(word: str, name: str, parameters: set[str]) -> bool:
    """Whether a word means a parameter: by its whole name or, if nothing has that name, by a part of it."""
    return name == word if word in parameters else word.lower() in name


def _listed(words: str | Iterable[str]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)
