"""What a study's own file has otherwise than the shipped base: its people, who of them enters, and their life table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from simulator.evidence.register import Register
from simulator.scenario.changes import Change
from simulator.scenario.inheritance import BASE
from simulator.scenario.loading import load_scenario
from simulator.studies.reading import read_study
from simulator.studies.study import Group, Study


def changed(files: tuple[Path, ...], register: Register) -> list[Change]:
    """Every value of a user's study files that differs from the base scenario's, in the order of the files.

    An assumed range stands for a new value. Values of a group have the group in their key. Shipped studies are told by
    the report itself.
    """
    found: list[Change] = []
    for file in files:
        study = read_study(file, str(file), register, [])
        if study is not None:
            found += _of_study(file.stem, study, register, str(file))
    return found


def _of_study(name: str, study: Study, register: Register, place: str) -> Iterator[Change]:
    base = load_scenario(BASE).settings
    parts: list[tuple[str, Study | Group]] = [(name, study)]
    parts += [(f"{name}.groups.{key}", group) for key, group in study.groups.items()]
    for key, part in parts:
        entry = part.entry.model_dump(mode="json", exclude_unset=True)
        yield from _rows(f"{key}.population", part.population, register.values(), place)
        yield from _rows(f"{key}.assumed", part.assumed, register.values(), place)
        yield from _rows(f"{key}.entry", entry, base.entry.model_dump(mode="json"), place)
    table = study.life_table.model_dump(mode="json")
    yield from _rows(f"{name}.life_table", table, base.life_table.model_dump(mode="json"), place)


def _rows(key: str, new: Mapping[str, Any], old: Mapping[str, Any], place: str) -> Iterator[Change]:
    for name, value in new.items():
        if value is not None and value != old.get(name):
            told = list(value) if isinstance(value, tuple) else value
            yield Change(key=f"{key}.{name}", old=old.get(name), new=told, written_in=place)
