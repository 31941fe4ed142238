"""Reading study files, with everything that is wrong with all of them told at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from simulator.evidence.file_names import instead, is_file
from simulator.evidence.former_names import known_instead
from simulator.evidence.life_table import load_life_table
from simulator.evidence.reading import MISSING, checked, read_toml, salvaged, spelled
from simulator.evidence.register import Register, outside_range
from simulator.evidence.shipped import shipped
from simulator.scenario.therapies import policy_faults
from simulator.studies.baseline import TOLERANCE, solved
from simulator.studies.listed import LISTED
from simulator.studies.study import Described, Study
from simulator.words.errors import BadInput, Problem, nearest

Model = TypeVar("Model", bound=Described)

POPULATION = "population"
"""The only group of the register that a study may change: nothing about the clinical course."""

STAND_INS: dict[str, Any] = {
    "label": "study", "grade": "B", "kind": "natural history", "citation": "none", "description": "none",
    "follow_up_years": 30.0, "life_table": {"country": "Italy", "period": "2015-20"}, "groups": {}, "quantity": [],
    "source": [], "population": {}, "assumed": {}, "entry": {}, "cohort": "referral",
}  # fmt: skip
"""For keys of a study that are faulty, while its other keys are judged."""
FOLLOWING = ("groups", "against", "at_years", "tcpo2")
"""Keys whose faults may only follow from others."""

EVIDENCE = ("fitted.toml", "posterior.csv", "posterior_first_year.csv", "life_tables.csv", "sources.toml",
            "hospitals.csv", "hospitals_left_out.csv", "hospitals_offsets.csv", "hospitals_response.csv")  # fmt: skip


def folder() -> Path:
    """Where the shipped study files are."""
    return shipped("scenarios") / "validation"


def study_names() -> tuple[str, ...]:
    """Names of the shipped studies."""
    return tuple(sorted(file.stem for file in folder().glob("*.toml") if file.stem != LISTED))


def load_studies(
    register: Register, names: Sequence[str] = (), files: Iterable[Path | str] = ()
) -> tuple[dict[str, Study], dict[str, bytes]]:
    """Shipped studies by name (all of them without names or files) and a user's own files, with what was read.

    Raises BadInput with every fault of every file.
    """
    problems: list[Problem] = []
    extra = [Path(file) for file in files]
    known = study_names()
    for name in names:
        if name not in known:
            problems.append(Problem("validate", "studies", repr(name), nearest(name, known)))
    chosen = [folder() / f"{name}.toml" for name in (names or (() if extra else known)) if name in known]
    studies: dict[str, Study] = {}
    inputs: dict[str, bytes] = {}
    for file in (*chosen, *extra):
        if file in extra and not is_file(file):
            problems.append(Problem(str(file), "file", MISSING, instead(file, "validation")))
            continue
        called = spelled(file, shipped("scenarios")) if file in chosen else str(file)
        if file.stem in studies:
            problems.append(Problem(called, "file", file.stem, "a name that no other study of the run has"))
            continue
        found = len(problems)
        study = read_study(file, called, register, problems)
        if study is not None and len(problems) == found:
            studies[file.stem] = study
            inputs[called] = file.read_bytes()
    if problems:
        raise BadInput(problems)
    return studies, inputs


def as_published() -> dict[str, Study]:
    """Every shipped study by name, without asking whether the register's people can be those of the study.

    Raises BadInput with every fault of the files.
    """
    problems: list[Problem] = []
    found = {}
    for name in study_names():
        file = folder() / f"{name}.toml"
        study = read_checked(Study, "a study", file, spelled(file, shipped("scenarios")), problems)
        if study is not None:
            found[name] = study
    if problems:
        raise BadInput(problems)
    return found


def evidence_files() -> dict[str, bytes]:
    """The evidence that predictions rest on, by the name that a reader knows."""
    root = shipped("calibration")
    files = [*sorted((root / "register").glob("*.toml")), *(root / name for name in EVIDENCE)]
    return {spelled(file, root): file.read_bytes() for file in files if file.is_file()}


def read_study(file: Path, called: str, register: Register, problems: list[Problem]) -> Study | None:
    """One study file; its faults are appended to `problems`."""
    before = len(problems)
    study = read_checked(Study, "a study", file, called, problems)
    if study is not None:
        check_people(study, register, called, problems)
    elif len(problems) > before:
        problems.extend(_of_the_rest(file, called, register, {each.key for each in problems[before:]}))
    return study


def _of_the_rest(file: Path, called: str, register: Register, known: set[str]) -> Iterator[Problem]:
    """What is wrong beside the keys that are `known` to be faulty, and does not follow from them."""
    found: list[Problem] = []
    rest, _ = salvaged(Study, read_toml(file, called, []), STAND_INS)
    if rest is not None:
        found += [Problem(called, key, str(value), allowed) for key, value, allowed in rest.faults()]
        check_people(rest, register, called, found)
    yield from (each for each in found if each.key not in known and each.key.rpartition(".")[2] not in FOLLOWING)


def read_checked(model: type[Model], word: str, file: Path, called: str, problems: list[Problem]) -> Model | None:
    """One file of `word` as a `model`, with what its keys cannot tell one by one; faults are appended to `problems`."""
    table: dict[str, Any] = read_toml(file, called, problems)
    if not table:
        if file.is_file() and not problems:
            problems.append(Problem(called, "file", MISSING, word))
        return None
    found = checked(model, table, called, "", problems)
    if found is not None:
        problems.extend(Problem(called, key, str(value), allowed) for key, value, allowed in found.faults())
    return found


def check_people(study: Study, register: Register, called: str, problems: list[Problem]) -> None:
    """Sources, populations, life table and TcPO2 that exist and are possible; faults are appended to `problems`."""
    before = len(problems)
    for place in study.source:
        if place not in register.sources:
            problems.append(Problem(called, "source", repr(place), nearest(place, register.sources)))
    _check_population(study.population, study.assumed, register, called, "", problems)
    for name, group in study.groups.items():
        for key, value, allowed in policy_faults(group.care.policy, register):
            problems.append(Problem(called, f"groups.{name}.care.{key}", str(value), allowed))
        _check_population(group.population, group.assumed, register, called, f"groups.{name}.", problems)
    try:
        load_life_table(study.life_table.country, study.life_table.period)
    except BadInput as bad:
        value = f"{study.life_table.country} {study.life_table.period}"
        problems.extend(Problem(called, "life_table", value, problem.allowed) for problem in bad.problems)
    if len(problems) == before:
        _check_tcpo2(study, register, called, problems)


def _check_population(
    values: Mapping[str, float],
    ranges: Mapping[str, tuple[float, float]],
    register: Register,
    called: str,
    prefix: str,
    problems: list[Problem],
) -> None:
    """Only parameters that say who is referred, inside their ranges, and each either reported or assumed."""
    known = register.names(POPULATION)
    for key, table in (("population", values), ("assumed", ranges)):
        for name in table:
            where = f"{prefix}{key}.{name}"
            if name in register and name not in known:
                allowed = "a parameter of the population; a study changes nothing about the clinical course"
                problems.append(Problem(called, where, repr(table[name]), allowed))
            elif name not in register:
                problems.append(Problem(called, where, repr(table[name]), known_instead(name, known)))
    for name, value in values.items():
        if name in known:
            problems.extend(outside_range(register[name], value, called, f"{prefix}population.{name}"))
    for name, ends in ranges.items():
        where = f"{prefix}assumed.{name}"
        if name in known:
            for end in ends:
                problems.extend(outside_range(register[name], end, called, where))
            if ends[0] > ends[1]:
                problems.append(Problem(called, where, repr(list(ends)), "two numbers, the lower first"))
        if name in values:
            problems.append(Problem(called, where, repr(list(ends)), "not in population too: reported or assumed"))


def _check_tcpo2(study: Study, register: Register, called: str, problems: list[Problem]) -> None:
    """A published TcPO2 that the entry criteria and the measurement error can give, and that nothing else sets."""
    for name, group in study.groups.items():
        values, ranges, tcpo2 = study.baseline(group)
        if tcpo2 is None:
            continue
        where = f"groups.{name}.tcpo2" if group.tcpo2 else "tcpo2"
        for parameter in ("referral_tcpo2_mean", "referral_tcpo2_sd"):
            if parameter in values or parameter in ranges:
                allowed = f"one of tcpo2 and {parameter}"
                problems.append(Problem(called, where, repr(list(tcpo2)), allowed))
        _, miss = solved(register, tcpo2, study.criteria(group), values)
        if miss > TOLERANCE:
            allowed = (
                f"a mean and SD that people who meet the entry criteria can have (nearest misses by {miss:.1f} mmHg)"
            )
            problems.append(Problem(called, where, repr(list(tcpo2)), allowed))
