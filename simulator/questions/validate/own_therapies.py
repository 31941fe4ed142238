"""Therapies that study files bring along: written in the study, or taken from a scenario's file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from simulator.evidence.file_names import is_file
from simulator.evidence.reading import read_toml
from simulator.evidence.register import Register
from simulator.words.errors import BadInput, Problem, nearest


def with_own_therapies(register: Register, files: Iterable[Path]) -> tuple[Register, dict[str, bytes]]:
    """The register with the therapies of some study files, and the files that these name.

    `[therapies.NAME]` of a study is a table as in a scenario, or the path of a file whose `[therapies.NAME]` is meant, found from
    the study on. Studies may share a therapy, but not a name for different ones. Raises BadInput with every fault.
    """
    problems: list[Problem] = []
    inputs: dict[str, bytes] = {}
    known: dict[str, object] = {}
    for file in filter(is_file, files):
        tables = read_toml(file, str(file), []).get("therapies", {})
        for name, written in tables.items() if isinstance(tables, Mapping) else ():
            table, shown = written, str(file)
            if isinstance(written, str):
                other = file.parent / written
                table, shown = _from(other, name, f"{file}: therapies.{name}", problems), str(other)
                if table is None:
                    continue
                inputs[shown] = other.read_bytes()
            if name not in known:
                known[name] = table
                register = register.with_therapies({name: table}, shown, problems)
            elif known[name] != table:
                problems.append(
                    Problem(str(file), f"therapies.{name}", "another therapy", "one therapy of a name in a run")
                )
    if problems:
        raise BadInput(problems)
    return register, inputs


def _from(file: Path, name: str, where: str, problems: list[Problem]) -> object:
    """The table of a therapy in a scenario's file; None with what is wrong appended to `problems`."""
    if not is_file(file):
        problems.append(Problem(where, "file", str(file), "a scenario's file that has the therapy"))
        return None
    table: dict[str, Any] = read_toml(file, str(file), problems)
    has = table.get("therapies", {})
    if name not in has:
        problems.append(Problem(where, "name", repr(name), nearest(name, has)))
        return None
    return has[name]
