"""Reading files of registered trials and of their results, with everything that is wrong told at once."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator

from simulator.evidence.file_names import instead, is_file
from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import MISSING, Frozen, checked, read_toml, spelled
from simulator.evidence.register import Register
from simulator.evidence.shipped import shipped
from simulator.questions.forecast.registered import RegisteredTrial
from simulator.scenario.policy import Fault
from simulator.studies.reading import check_people, read_checked
from simulator.studies.study import Count, Size, Words
from simulator.words.errors import BadInput, Problem, nearest


class Reported(Frozen):
    """Events among the people of one arm, as reported."""

    endpoint: Words
    arm: Words
    events: Count
    n: Size

    def faults(self) -> Iterator[Fault]:
        """What the keys cannot tell one by one."""
        if self.events > self.n:
            yield "events", self.events, f"at most n = {self.n}"


class Results(Frozen):
    """What a forecast trial reported: where and when, events of its arms, and whether it met its own criterion."""

    forecast: Words
    citation: Words
    reported: datetime.date
    success: bool | None = None
    result: Annotated[tuple[Reported, ...], BeforeValidator(as_tuple)]


def folder() -> Path:
    """Where the shipped files of registered trials are."""
    return shipped("scenarios") / "forecasts"


def trial_names() -> tuple[str, ...]:
    """Names of the shipped trials."""
    return tuple(sorted(file.stem for file in folder().glob("*.toml")))


def file_of(word: str) -> Path:
    """The file of a trial that is asked for by name or by file."""
    return folder() / f"{word}.toml" if word in trial_names() else Path(word)


def load_trials(
    register: Register, asked: Sequence[str] = ()
) -> tuple[dict[str, RegisteredTrial], dict[str, dict[str, bytes]]]:
    """Trials by name or by file (TOML), all shipped ones without any, and what was read for each.

    Raises BadInput with every fault of every file.
    """
    problems: list[Problem] = []
    known = trial_names()
    trials: dict[str, RegisteredTrial] = {}
    inputs: dict[str, dict[str, bytes]] = {}
    for word in asked or known:
        file = file_of(word)
        if word not in known and not is_file(file):
            allowed = instead(file, "forecast") if file.suffix else nearest(word, known)
            problems.append(Problem("command line", "NAME", repr(word), allowed))
            continue
        called = spelled(file, shipped("scenarios")) if word in known else str(file)
        if file.stem in trials:
            problems.append(Problem(called, "file", file.stem, "a name that no other trial of the run has"))
            continue
        found = len(problems)
        trial = read_trial(file, called, register, problems)
        if trial is not None and len(problems) == found:
            trials[file.stem] = trial
            inputs[file.stem] = {called: file.read_bytes()}
    if problems:
        raise BadInput(problems)
    return trials, inputs


def read_trial(file: Path, called: str, register: Register, problems: list[Problem]) -> RegisteredTrial | None:
    """One file of a registered trial; its faults are appended to `problems`."""
    trial = read_checked(RegisteredTrial, "a registered trial", file, called, problems)
    if trial is not None:
        check_people(trial.study(), register, called, problems)
    return trial


def load_results(file: Path, trials: Mapping[str, RegisteredTrial]) -> tuple[Results, dict[str, bytes]]:
    """Reported results, and what was read. Raises BadInput with every fault, also against the trial that was forecast."""
    problems: list[Problem] = []
    called = str(file)
    table = read_toml(file, called, problems)
    results = checked(Results, table, called, "", problems) if table else None
    if results is not None:
        if results.forecast not in trials:
            problems.append(
                Problem(called, "forecast", repr(results.forecast), nearest(results.forecast, tuple(trials)))
            )
        else:
            problems += _against(results, trials[results.forecast], called)
    elif not problems:
        problems.append(Problem(called, "file", MISSING, "results of a trial"))
    if problems or results is None:
        raise BadInput(problems)
    return results, {called: file.read_bytes()}


def _against(results: Results, trial: RegisteredTrial, called: str) -> list[Problem]:
    problems = []
    endpoints = {each.name: (*each.treated, *each.control) for each in trial.endpoint}
    seen: set[tuple[str, str]] = set()
    for place, each in enumerate(results.result):
        here = f"result[{place}]"
        problems += [Problem(called, f"{here}.{key}", str(value), allowed) for key, value, allowed in each.faults()]
        if each.endpoint not in endpoints:
            problems.append(
                Problem(called, f"{here}.endpoint", repr(each.endpoint), nearest(each.endpoint, tuple(endpoints)))
            )
        elif each.arm not in endpoints[each.endpoint]:
            problems.append(Problem(called, f"{here}.arm", repr(each.arm), nearest(each.arm, endpoints[each.endpoint])))
        if (each.endpoint, each.arm) in seen:
            problems.append(Problem(called, here, f"{each.endpoint}, {each.arm}", "each endpoint of an arm once"))
        seen.add((each.endpoint, each.arm))
    if not results.result and results.success is None:
        problems.append(Problem(called, "result", "none", "at least one, or success = true or false"))
    return problems
