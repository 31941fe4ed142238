"""Small differences on top of each other: reading scenario and policy files, each fault told with its file."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from simulator.evidence.file_names import instead, is_file
from simulator.evidence.reading import MISSING, checked, read_toml, spelled
from simulator.evidence.shipped import shipped
from simulator.evidence.unchanged import while_unchanged
from simulator.scenario.policy import Policy
from simulator.scenario.settings import Settings
from simulator.words.errors import Problem, nearest, shown
from simulator.words.label import label_from

BASE = "base"
OWN = ("extends", "label", "description", "note")
"""Keys that say something about one file or policy and are not handed down."""

Table = dict[str, Any]


@dataclass(frozen=True)
class Layer:
    """One file, or what a caller lays over the files, without the keys that are at fault."""

    name: str
    table: Table
    content: bytes = b""


def sound_part(model: type[BaseModel], table: Mapping[str, Any], name: str, problems: list[Problem]) -> Table:
    """`table` without the keys that `model` cannot take; what was wrong with them is appended to `problems`."""
    found: list[Problem] = []
    checked(model, table, name, "", found)
    sound: Table = copy.deepcopy(dict(table))
    for problem in found:
        if problem.value == MISSING:
            continue
        problems.append(Problem(name, problem.key, problem.value, problem.allowed))
        _remove(sound, problem.key.replace("[", ".").split("."))
    return sound


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> Table:
    """Two nested tables in one; where both have a value, the one `above` counts."""
    table = dict(below)
    for key, value in above.items():
        inner = table.get(key)
        table[key] = merged(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return table


def scenario_layers(
    source: str | Path | None, overrides: Mapping[str, Any] | None, problems: list[Problem]
) -> list[Layer]:
    """The file of a scenario after everything that it extends, and `overrides` last."""
    layers: list[Layer] = []
    seen: list[Path] = []
    bottom = shipped("scenarios") / f"{BASE}.toml"
    file = _scenario_file(BASE if source is None else source, Path(), problems)
    while file is not None:
        name = _called(file)
        seen.append(file.resolve())
        layer = _read(file, name, problems)
        layers.insert(0, layer)
        if file.resolve() == bottom.resolve():
            break
        parent = layer.table.get("extends", BASE)
        file = _scenario_file(parent, file.parent, problems, name)
        if file is not None and file.resolve() in seen:
            problems.append(Problem(name, "extends", repr(parent), "a scenario that does not extend this one"))
            file = None
        file = file or bottom
    if overrides:
        layers.append(laid_over("overrides", overrides, problems))
    return layers


def laid_over(name: str, difference: Mapping[str, Any], problems: list[Problem]) -> Layer:
    """A difference that a caller lays over the files, under the name that messages call it."""
    return Layer(name, _complete(name, difference, Path(), problems))


def written_in(layers: Sequence[Layer], key: str) -> str:
    """Name of the last layer that writes `key` or the table around it."""
    parts = key.split(".")
    for depth in range(len(parts), 0, -1):
        for layer in reversed(layers):
            if _has(layer.table, parts[:depth]):
                return layer.name
    return layers[-1].name


def shipped_policies(problems: list[Problem]) -> dict[str, Layer]:
    """Each shipped policy by name."""
    folder = shipped("scenarios") / "policies"
    files = sorted(folder.glob("*.toml"))
    found, layers = while_unchanged("policies", folder, files, lambda: _read_policies(files))
    problems.extend(found)
    return dict(layers)


def _read_policies(files: Sequence[Path]) -> tuple[list[Problem], dict[str, Layer]]:
    problems: list[Problem] = []
    layers = {}
    for file in files:
        name = _called(file)
        table = sound_part(Policy, read_toml(file, name, problems), name, problems)
        layers[file.stem] = Layer(name, table, file.read_bytes())
    return problems, layers


def with_ancestors(name: str, tables: Mapping[str, Table]) -> list[str]:
    """A policy after everything that it extends; a name that is unknown or comes again ends the line."""
    line: list[str] = []
    while name in tables and name not in line:
        line.insert(0, name)
        name = tables[name].get("extends", "")
    return line


def resolved_policy(
    name: str, tables: Mapping[str, Table], file: str, prefix: str, problems: list[Problem]
) -> Policy | None:
    """A policy with everything that it extends; what is wrong with it is appended to `problems`."""
    line = with_ancestors(name, tables)
    parent = tables[line[0]].get("extends")
    if parent in line:
        allowed = "a policy that does not extend this one"
        problems.append(Problem(file, f"{prefix}extends", repr(tables[name].get("extends")), allowed))
        return None
    if parent is not None:
        problems.append(Problem(file, f"{prefix}extends", repr(parent), nearest(parent, tables)))
        return None
    table: Table = {}
    for ancestor in line:
        table = merged({key: value for key, value in table.items() if key not in OWN}, tables[ancestor])
    policy = Policy.model_validate({"label": label_from(name)} | table)
    for key, value, allowed in policy.faults():
        problems.append(Problem(file, f"{prefix}{key}", shown(value), allowed))
    return policy


def _read(file: Path, name: str, problems: list[Problem]) -> Layer:
    table = _complete(name, read_toml(file, name, problems), file.parent, problems)
    table.setdefault("label", label_from(file.stem))
    return Layer(name, table, file.read_bytes() if is_file(file) else b"")


def _complete(name: str, table: Mapping[str, Any], folder: Path, problems: list[Problem]) -> Table:
    """The sound part of a scenario's table, with the places of its patients and payer spelled out from `folder` on."""
    evidence = table.get("evidence")
    if isinstance(evidence, Mapping) and str(evidence.get("centre", "")).endswith(".toml"):
        there = centre_in(folder / str(evidence["centre"]), problems)
        kept = {key: value for key, value in evidence.items() if key != "centre"}
        table = {**table, "evidence": kept if there is None else {**kept, "centre": there}}
    sound = sound_part(Settings, table, name, problems)
    people = sound.get("population", {})
    if "csv" in people:
        people["csv"] = str(folder / people["csv"])
    payer = sound.get("economics", {})
    if str(payer.get("perspective", "")).endswith(".toml"):
        payer["perspective"] = str(folder / payer["perspective"])
    policies = sound.get("policies", {})
    for policy in [key for key in policies if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,59}", key)]:
        allowed = "a name of at most 60 letters, digits, _ and -, a letter first"
        problems.append(Problem(name, f"policies.{policy}", "name of a policy", allowed))
        del policies[policy]
    return sound


def centre_in(file: Path, problems: list[Problem]) -> Any:
    """The [evidence] centre that a hospital's file states: own counts, or rows by its own people; None if it has none."""
    before = len(problems)
    evidence = read_toml(file, str(file), problems).get("evidence")
    found = evidence.get("centre") if isinstance(evidence, dict) else None
    if found is None and len(problems) == before:
        allowed = "a name, own counts (clti new centre) or own people (clti patients)"
        problems.append(Problem(str(file), "evidence.centre", MISSING, allowed))
    return found


def _scenario_file(source: str | Path, folder: Path, problems: list[Problem], extended_by: str = "") -> Path | None:
    """The file of a scenario given as a path (from `folder` on) or as the name of a shipped one."""
    names = {file.stem: file for file in sorted(shipped("scenarios").glob("*.toml"))}
    path = folder / source
    if is_file(path):
        return path
    if str(source) in names:
        return names[str(source)]
    allowed = instead(path, "scenario")
    if extended_by:
        problems.append(Problem(extended_by, "extends", repr(str(source)), allowed))
    else:
        problems.append(Problem(str(source), "file", MISSING, allowed))
    return None


def _called(file: Path) -> str:
    """What messages and manifests call a file: a shipped one from `scenarios/` on, another as it was given."""
    root = shipped("scenarios")
    return spelled(file.resolve(), root) if file.resolve().is_relative_to(root) else str(file)


def _has(table: object, parts: Sequence[str]) -> bool:
    for part in parts:
        if not isinstance(table, Mapping) or part not in table:
            return False
        table = table[part]
    return True


def _remove(table: Table, parts: Sequence[str]) -> None:
    """Remove a key, or the list around it, from nested tables."""
    for depth, part in enumerate(parts):
        if part not in table:
            return
        inner = table[part]
        if depth == len(parts) - 1 or not isinstance(inner, dict):
            del table[part]
            return
        table = inner
