"""Reading a study file, with everything that is wrong with it told at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from simulator.evidence.file_names import instead, is_file
from simulator.evidence.former_names import known_instead
from simulator.evidence.reading import MISSING, checked, read_toml
from simulator.evidence.shipped import shipped
from simulator.questions.sweep.methods.designs import METHODS, MOST_ROWS, REMOVED
from simulator.questions.sweep.methods.inputs import Catalogue
from simulator.questions.sweep.methods.model import KINDS, Model
from simulator.questions.sweep.study import ModelChoice, Selection, Study, selected, varies
from simulator.words.errors import BadInput, Problem, in_toml, nearest
from simulator.work.model import canonical

M = TypeVar("M", bound=BaseModel)

SHIPPED = "studies"
"""Folder of shipped studies among the scenarios."""
NO_OUTPUT = "(none)"
"""Stands for outputs that were faulty themselves and reported as such."""


def load_study(path: Path | str) -> Study:
    """The study of a TOML file, checked against the model it names. Raises BadInput with every fault at once."""
    return read_study(*study_tables(path))


def study_tables(path: Path | str) -> tuple[dict[str, Any], str]:
    """The tables of a study file (TOML, or the JSON that lies beside its runs) or shipped study, and what to call it.

    A setting of the model that ends in ``.toml`` and exists beside the study file becomes an absolute path. Raises
    BadInput for a file that cannot be read.
    """
    file = Path(path)
    names = {each.stem: each for each in sorted((shipped("scenarios") / SHIPPED).glob("*.toml"))}
    problems: list[Problem] = []
    content: dict[str, Any] = {}
    if not is_file(file):
        if str(file) in names:
            return study_tables(names[str(file)])
        problems.append(Problem(str(file), "file", MISSING, instead(file, "study")))
    elif file.suffix == ".json":
        content = _read_json(file, problems)
    else:
        content = read_toml(file, file.name, problems)
    if problems:
        raise BadInput(problems)
    if isinstance(content.get("model"), dict) and isinstance(content["model"].get("settings"), dict):
        settings = content["model"]["settings"]
        settings |= {
            key: str((file.parent / value).resolve())
            for key, value in settings.items()
            if isinstance(value, str) and value.endswith(".toml") and is_file(file.parent / value)
        }
    return content, file.name


def _read_json(file: Path, problems: list[Problem]) -> dict[str, Any]:
    """The tables of a study as the folder of its runs keeps it."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        problems.append(Problem(file.name, "file", str(error), "the study.json that 'clti sensitivity' wrote"))
        return {}
    if not isinstance(content, dict):
        problems.append(Problem(file.name, "file", "no table", "the study.json that 'clti sensitivity' wrote"))
        return {}
    return content


def read_study(content: Mapping[str, Any], name: str) -> Study:
    """The study of tables already read; `name` stands for the file in messages. Raises BadInput with every fault."""
    problems: list[Problem] = []
    choice = checked(ModelChoice, content.get("model", {}), name, "model", problems)
    selection = as_far_as_good(Selection, content.get("parameters", {}), name, "parameters", problems, {})
    stand_ins = {"model": ModelChoice(kind=""), "parameters": Selection()}
    missing = {"method": "", "size": 1, "seed": 0, "outputs": (NO_OUTPUT,)}
    study = as_far_as_good(Study, {**content, **stand_ins}, name, "", problems, missing)
    problems.extend(_method_faults(content, name))
    if choice is not None and choice.kind not in KINDS:
        problems.append(Problem(name, "model.kind", repr(choice.kind), nearest(choice.kind, KINDS)))
    elif choice is not None and not _is_plain(choice.settings):
        allowed = "finite numbers, texts, yes or no, lists and tables"
        problems.append(Problem(name, "model.settings", repr(choice.settings), allowed))
    elif choice is not None:
        study = study.model_copy(update={"model": choice, "parameters": selection})
        catalogue = _catalogue(study.to_model(), name, problems)
        if catalogue is not None:
            problems.extend(_selection_faults(selection, catalogue, name))
        elif "scenario" in choice.settings:
            problems.extend(each for each in _faults_elsewhere(study, name) if each not in problems)
        if not problems:
            problems.extend(_design_faults(study, name))
    if problems:
        raise BadInput(problems)
    return study


def _is_plain(settings: Mapping[str, Any]) -> bool:
    try:
        canonical(settings)
    except (TypeError, ValueError):
        return False
    return True


def as_far_as_good(
    kind: type[M], content: object, name: str, key: str, problems: list[Problem], missing: Mapping[str, Any]
) -> M:
    """`content` as a `kind`; faulty keys are reported and left at their defaults, so that the rest can be judged too.

    `missing` stands in for required keys that are absent or faulty. Raises pydantic's ValidationError where a required
    key without a stand-in is.
    """
    good = checked(kind, content, name, key, problems)
    if good is not None:
        return good
    table = dict(content) if isinstance(content, Mapping) else {}
    kept = {**missing, **{field: table[field] for field in kind.model_fields if field in table}}
    try:
        return kind.model_validate(kept)
    except ValidationError as error:
        faulty = {str(fault["loc"][0]) for fault in error.errors()}
    sound = {field: value for field, value in kept.items() if field not in faulty}
    return kind.model_validate({**missing, **sound})


def _faults_elsewhere(study: Study, name: str) -> Iterator[Problem]:
    """What is wrong with a study whatever its scenario, which cannot be read: all but what a scenario may define itself."""
    settings = {key: value for key, value in study.model.settings.items() if key != "scenario"}
    found: list[Problem] = []
    alone = study.model_copy(update={"model": ModelChoice(kind=study.model.kind, settings=settings)})
    catalogue = _catalogue(alone.to_model(), name, found)
    if catalogue is not None:
        found.extend(_selection_faults(study.parameters, catalogue, name))
    for each in found:
        of_scenario = each.key == "outputs" or (each.value.startswith("'") and "." in each.value)
        if each.file == name and not of_scenario:
            yield each


def _catalogue(model: Model, name: str, problems: list[Problem]) -> Catalogue | None:
    """What the model lets vary, or None with its faults appended."""
    try:
        runner = model.runner()
        faults = [fault for fault in runner.faults() if fault[:2] != ("outputs", NO_OUTPUT)]
        problems.extend(Problem(name, key, in_toml(value), allowed) for key, value, allowed in faults)
        return runner.catalogue()
    except BadInput as bad:
        problems.extend(bad.problems)
        return None


def _method_faults(content: Mapping[str, Any], name: str) -> Iterable[Problem]:
    method, size = content.get("method"), content.get("size")
    if isinstance(method, str) and method not in METHODS:
        yield Problem(name, "method", repr(method), REMOVED.get(method) or nearest(method, METHODS))
    known = METHODS.get(method) if isinstance(method, str) else None
    if known is not None and isinstance(size, int) and 1 <= size < known.smallest:
        yield Problem(name, "size", str(size), f"{known.smallest} {known.counts} or more for {method}")
    if method == "sobol" and isinstance(size, int) and size >= 1 and size & (size - 1):
        below = 1 << (size.bit_length() - 1)
        yield Problem(name, "size", str(size), f"a power of two for sobol: {below} or {2 * below}")
    if content.get("second_order") is True and known is not None and method != "sobol":
        yield Problem(name, "second_order", "true", "false; only sobol estimates second-order indices")
    outputs = content.get("outputs")
    if isinstance(outputs, list):
        for output in dict.fromkeys(each for each in outputs if isinstance(each, str) and outputs.count(each) > 1):
            yield Problem(name, "outputs", repr(output), "each output once")


def _selection_faults(selection: Selection, catalogue: Catalogue, name: str) -> Iterable[Problem]:
    known = {each.name: each for each in catalogue.inputs}
    for key, words in (("names", selection.names), ("ranges", tuple(selection.ranges))):
        for word in words:
            where = f"parameters.{key}" if key == "names" else f"parameters.ranges.{word}"
            if word not in known:
                yield Problem(name, where, repr(word), known_instead(word, known))
    for group in selection.groups:
        if group not in catalogue.groups:
            yield Problem(name, "parameters.groups", repr(group), nearest(group, catalogue.groups or ("(no groups)",)))
    for word, (low, high) in selection.ranges.items():
        if word in known:
            least, most = known[word].limits
            if not low < high:
                yield Problem(name, f"parameters.ranges.{word}", str([low, high]), "two numbers, the lower first")
            elif low < least or high > most:
                allowed = f"inside {least:g} to {most:g} {known[word].unit}".strip()
                yield Problem(name, f"parameters.ranges.{word}", str([low, high]), allowed)
    for word in selection.names:
        if word in known and word not in selection.ranges and not varies(known[word], catalogue):
            allowed = f"one with a distribution, or give parameters.ranges.{word}"
            yield Problem(name, "parameters.names", repr(word), allowed)
    chosen = {each.name for each in selected(selection, catalogue)}
    if not chosen:
        yield Problem(name, "parameters", "nothing selected", "names, groups, ranges, or all = true")
    for draws in catalogue.joint:
        both = [word for word in draws.names if word in chosen]
        if len(both) > 1 and selection.correlated is None:
            yield Problem(
                name,
                "parameters.correlated",
                "missing",
                f"'group' or 'transformation', because {', '.join(both)} were estimated together ({draws.label})",
            )


def _design_faults(study: Study, name: str) -> Iterable[Problem]:
    """What only the finished space can tell."""
    space = study.space()
    method = METHODS[study.method]
    if space.groups is not None and not method.groups:
        able = ", ".join(each.name for each in METHODS.values() if each.groups)
        allowed = f"{able} for groups; or index_by = 'parameter' and correlated = 'transformation'"
        yield Problem(name, "method", repr(study.method), allowed)
    elif len(space.labels) < 2 and not method.levels:
        what = "parameters" if space.groups is None else "groups"
        yield Problem(name, "parameters", f"1 of the {what}: {space.labels[0]}", f"two or more {what}")
    if study.method == "morris" and len(space.labels) < 2:
        yield Problem(name, "parameters", f"only {space.labels[0]}", "two or more for morris")
    if study.method == "one_way":
        for factor in space.off_base():
            key = f"parameters.ranges.{factor}"
            yield Problem(name, key, "a range or distribution without the base value", "a range around it")
    rows = method.rows(study.size, len(space.factors), len(space.labels), second_order=study.second_order)
    if rows * study.replicates > MOST_ROWS:
        allowed = f"at most {MOST_ROWS:,} runs; this makes {rows * study.replicates:,}"
        yield Problem(name, "size", str(study.size), allowed)
