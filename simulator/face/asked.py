"""What is asked for, as people write it: a scenario by name, file or object, with a difference laid over it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from simulator.words.errors import BadInput, Problem, nearest, said, whole_number

if TYPE_CHECKING:
    import pandas as pd

    from simulator.scenario import Scenario
    from simulator.scenario.policy import Policy
    from simulator.work.execution import Way

VIEWS = ("sceptical", "central", "optimistic")
SEEDS = 2**64
SMALL_SEEDS = 2**63
MOST_WORKERS = 256
LAID_OVER = ("overrides", "with_")
"""What messages call a difference laid over a scenario."""

Policies: TypeAlias = "Sequence[str] | Mapping[str, Policy | None]"
"""Names of policies, or names with policies made in Python; None stands for the one of this name that there is."""
Patients: TypeAlias = "int | str | Path | pd.DataFrame"
"""How many patients, or a table of real ones: a CSV file or a DataFrame, a row a patient."""
Centre: TypeAlias = "str | Path | Mapping[str, Any]"
"""A hospital: average, new, founding, own counts, as ``{"amputations": [14, 60], "deaths": [11, 60]}``, or a file of them."""
Progress: TypeAlias = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Opens a display of progress: what is done and its steps; gives a function that is called with the steps just finished."""


def scenario_of(
    scenario: str | Path | Scenario,
    *,
    policies: Policies | None = None,
    view: str | None = None,
    centre: Centre | None = None,
    overrides: Mapping[str, Any] | None = None,
    table: Any = None,
    question: str = "compare",
) -> Scenario:
    """The scenario that is meant, with a difference laid over it. `table` holds real patients (a file or a DataFrame).

    What is wrong is a BadInput in words, under the name of the `question`.
    """
    from simulator.scenario import Scenario, load_scenario

    problems = []
    if view is not None and view not in VIEWS:
        problems.append(Problem(question, "view", repr(view), nearest(str(view), VIEWS)))
    if policies is not None and not _are_policies(policies):
        allowed = f"a list of names, as in [{policies!r}]" if isinstance(policies, str) else "a list of names"
        problems.append(Problem(question, "policies", said(policies), allowed))
    if overrides is not None and not isinstance(overrides, Mapping):
        allowed = "a dictionary of a scenario's tables, as {'evidence': {'view': 'sceptical'}}"
        problems.append(Problem(question, "overrides", said(overrides), allowed))
    if not isinstance(scenario, Scenario | str | Path):
        problems.append(Problem(question, "scenario", type(scenario).__name__, "a name, a file or a Scenario"))
    if problems:
        raise BadInput(problems)
    difference = dict(overrides or {})
    there: dict[str, Any] = {}
    if isinstance(policies, Mapping):
        own = {name: policy for name, policy in policies.items() if policy is not None}
        difference["policies"] = {**difference.get("policies", {}), **own}
        policies = list(policies)
    if view is not None:
        difference["evidence"] = {**difference.get("evidence", {}), "view": view}
    if centre is not None:
        there = at_centre(centre)
        difference["evidence"] = {**difference.get("evidence", {}), **there["evidence"]}
        if "parameters" in there:
            difference["parameters"] = {**there["parameters"], **difference.get("parameters", {})}
    if table is not None:
        place = str(table) if isinstance(table, str | Path) else table
        difference["population"] = {**difference.get("population", {}), "csv": place}
    try:
        if isinstance(scenario, Scenario):
            if policies is not None:
                difference["compare"] = policies
            found = scenario.with_(**difference) if difference else scenario
        else:
            found = load_scenario(scenario, policies=policies, overrides=difference or None)
    except BadInput as bad:
        mix = set(there.get("parameters", {})) - set((overrides or {}).get("parameters", {}))
        named = (of_centre(problem, centre, mix, question) for problem in bad.problems)
        raise BadInput(of_table(problem, table, question) for problem in named) from None
    if isinstance(found.settings.evidence.centre, str):
        return found
    from simulator.centre.own import at_its_centre

    return at_its_centre(found)


def at_centre(centre: Centre) -> dict[str, Any]:
    """The difference that puts a scenario at a hospital: [evidence] centre, and the case mix in which a file counted.

    A file is one that `clti new centre` began or `clti patients` wrote.
    """
    from simulator.evidence.reading import read_toml
    from simulator.scenario.inheritance import centre_in

    if not isinstance(centre, str | Path) or not str(centre).endswith(".toml"):
        return {"evidence": {"centre": centre}}
    problems: list[Problem] = []
    found = centre_in(Path(centre), problems)
    if problems:
        raise BadInput(problems)
    file = read_toml(Path(centre), str(centre), problems)
    mix = file.get("parameters")
    return {"evidence": {"centre": found}, **({"parameters": mix} if isinstance(mix, dict) else {})}


def of_centre(problem: Problem, centre: Centre | None, mix: Collection[str], question: str) -> Problem:
    """A problem with what `centre` laid over the scenario, under the name under which it was asked for.

    That of a hospital's file, for its case `mix` too, or the argument of the `question`; other problems as they are.
    """
    if centre is None or problem.file not in LAID_OVER:
        return problem
    table, _, key = problem.key.partition(".")
    named, _, rest = key.partition(".")
    stated = table == "evidence" and named == "centre"
    if isinstance(centre, str | Path) and str(centre).endswith(".toml"):
        return replace(problem, file=str(centre)) if stated or (table == "parameters" and key in mix) else problem
    return replace(problem, file=question, key=".".join(["centre", *([rest] if rest else [])])) if stated else problem


def of_table(problem: Problem, table: object, question: str) -> Problem:
    """A problem with the place of a `table` of real patients, under the argument that gave it; other problems as they are."""
    if table is None or problem.file not in LAID_OVER or problem.key != "population.csv":
        return problem
    return replace(problem, file=question, key="patients", allowed=f"a whole number, or {problem.allowed}")


def _are_policies(policies: object) -> bool:
    from simulator.scenario.policy import Policy

    if isinstance(policies, Mapping):
        return all(isinstance(n, str) and (p is None or isinstance(p, Policy)) for n, p in policies.items())
    if isinstance(policies, str) or not isinstance(policies, Sequence):
        return False
    return all(isinstance(name, str) for name in policies)


def number_and_table(patients: Patients | None) -> tuple[int | None, Any]:
    """What `patients` means: how many, or a table of real ones."""
    if isinstance(patients, str | Path) or hasattr(patients, "to_csv"):
        return None, patients
    return patients, None


def check(question: str, **asked: tuple[object, int, int]) -> None:
    """Raise BadInput for numbers that are not whole or lie outside their limits (value, lowest, highest).

    None stands for what nobody asked for.
    """
    problems = [
        Problem(question, name, said(value), f"a whole number, {low:,} to {_limit(high)}")
        for name, (value, low, high) in asked.items()
        if value is not None and not low <= _or(whole_number(value), low - 1) <= high
    ]
    if problems:
        raise BadInput(problems)


def _limit(high: int) -> str:
    """A highest number in words that can be read: seeds end at a power of two."""
    return f"2**{high.bit_length()} - 1" if high in (SEEDS - 1, SMALL_SEEDS - 1) else f"{high:,}"


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


def way_of(workers: int | None) -> Way | None:
    """Where runs are made: None, this process; a number, so many processes."""
    if workers is None or workers == 1:
        return None
    from simulator.work.processes import Processes

    return Processes(workers)
