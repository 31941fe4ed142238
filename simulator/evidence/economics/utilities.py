"""Utility sets: what a year in each state is worth. A run uses one set; sets are never mixed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from simulator.evidence.parameter import as_tuple, read_parameter
from simulator.evidence.reading import MISSING, Frozen, checked, read_toml, spelled
from simulator.evidence.register import Register
from simulator.evidence.shipped import shipped
from simulator.evidence.sources import read_sources
from simulator.evidence.unchanged import while_unchanged
from simulator.words.errors import BadInput, Problem, nearest
from simulator.words.label import Label

APART = ("states", "in_order", "losses")
"""Keys of the file that are no sets."""


class UtilityMethod(Frozen):
    """How a set was obtained, and how its numbers are to be read."""

    label: Label
    instrument: str
    value_set: str
    form: Literal["level", "decrement"]
    reference_age: Annotated[int, Field(ge=18, le=100)]
    source: Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
    note: str


@dataclass(frozen=True)
class UtilitySet:
    """The states of one set as a register of its own, with what is lost beside them, which is the same in every set (`losses`).

    A *level* is the utility of the state at the reference age. A *decrement* is taken off the population norm at
    that age. Either follows the norm with age: it is multiplied by norm(age, sex) / norm(reference age, sex). A loss is taken
    off for each year, whatever the state and the age.
    """

    name: str
    method: UtilityMethod
    states: Register
    in_order: tuple[tuple[str, str], ...] = ()
    losses: tuple[str, ...] = ()

    def out_of_order(self) -> list[tuple[str, str]]:
        """Pairs of states of which the second is worth more than the first, although it should not be."""
        sign = -1.0 if self.method.form == "decrement" else 1.0
        worth = {name: sign * value for name, value in self.states.values().items()}
        return [(better, worse) for better, worse in self.in_order if worth[better] < worth[worse]]


def utility_sets(path: Path | None = None) -> tuple[str, ...]:
    """Names of the sets in the folder `path` (default: the shipped calibration)."""
    return tuple(key for key in _tables(path or shipped("calibration"), []) if key not in APART)


def load_utilities(name: str = "A", path: Path | None = None) -> UtilitySet:
    """One set from `economics/utilities.toml` in the folder `path` (default: the shipped calibration).

    Raises BadInput with every fault of the file, and for a set that it does not have.
    """
    root = path or shipped("calibration")
    files = [root / "economics" / "utilities.toml", root / "sources.toml"]
    sets = while_unchanged("utilities", root, files, lambda: _sets(root))
    if name not in sets:
        raise BadInput([Problem("utilities", "set", repr(name), nearest(name, sets))])
    return sets[name]


def _sets(root: Path) -> dict[str, UtilitySet]:
    problems: list[Problem] = []
    sets = {found.name: found for found in _read(root, problems)}
    if problems:
        raise BadInput(problems)
    return sets


def _tables(root: Path, problems: list[Problem]) -> dict[str, Any]:
    file = root / "economics" / "utilities.toml"
    return read_toml(file, spelled(file, root), problems)


def _read(root: Path, problems: list[Problem]) -> Iterator[UtilitySet]:
    shown = spelled(root / "economics" / "utilities.toml", root)
    sources = read_sources(root, problems)
    tables = _tables(root, problems)
    states, pairs, lost = (tables.pop(key, empty) for key, empty in (("states", []), ("in_order", []), ("losses", {})))
    group = "losses of quality of life"
    losses = [
        read_parameter(name, group, entry, sources, shown, f"losses.{name}", problems) for name, entry in lost.items()
    ]
    for place, pair in enumerate(pairs):
        problems += [
            Problem(shown, f"in_order[{place + 1}]", repr(state), nearest(state, states))
            for state in pair
            if state not in states
        ]
    for name, table in tables.items():
        values = table.pop("values", {}) if isinstance(table, dict) else {}
        method = checked(UtilityMethod, table, shown, name, problems)
        for state in values:
            if state not in states:
                problems.append(Problem(shown, f"{name}.values.{state}", "unknown state", nearest(state, states)))
        for state in states:
            if state not in values:
                problems.append(Problem(shown, f"{name}.values.{state}", MISSING, "every set values every state"))
        found = [
            read_parameter(state, f"utilities {name}", entry, sources, shown, f"{name}.values.{state}", problems)
            for state, entry in values.items()
        ]
        for source in method.source if method else ():
            if source not in sources:
                allowed = f"a key of sources.toml; {nearest(source, sources)}"
                problems.append(Problem(shown, f"{name}.source", repr(source), allowed))
        if method is not None:
            order = tuple((str(better), str(worse)) for better, worse in pairs)
            register = Register(tuple(p for p in (*found, *losses) if p), sources)
            yield UtilitySet(name, method, register, order, tuple(lost))
