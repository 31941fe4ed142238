"""EQ-5D value sets: the utilities of a set as another value set gives them, mapped where none was published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from simulator.evidence.economics.utilities import UtilitySet, load_utilities, utility_sets
from simulator.evidence.parameter import Parameter, as_tuple
from simulator.evidence.reading import Frozen, checked, read_toml, spelled
from simulator.evidence.shipped import shipped
from simulator.evidence.sources import read_sources
from simulator.words.errors import BadInput, Problem, nearest
from simulator.words.label import Label

PUBLISHED = "3L"
"""The value set of the published utilities, told or taken to be so; it needs no mapping."""


class Mapped(Frozen):
    """A utility, decrement or loss by another value set, and the SD that its published one becomes; fixed without."""

    value: Annotated[float, Field(ge=0, le=1)]
    sd: Annotated[float, Field(gt=0)] | None = None


class ValueSet(Frozen):
    """A value set with the utilities of the sets that were mapped to it, and the losses beside the states, alike in all."""

    label: Label
    source: Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
    note: str
    losses: dict[str, Mapped]
    sets: dict[str, dict[str, Mapped]]


def load_value_sets(path: Path | None = None) -> dict[str, ValueSet]:
    """The value sets beside the published one, from `economics/value_sets.toml` in the folder `path` (default: the shipped
    calibration). Raises BadInput with every fault of the file: sets, states and losses are those of `utilities.toml`.
    """
    root = path or shipped("calibration")
    file = root / "economics" / "value_sets.toml"
    shown = spelled(file, root)
    problems: list[Problem] = []
    sources = read_sources(root, problems)
    found = {}
    for name, table in read_toml(file, shown, problems).items():
        read = checked(ValueSet, table, shown, name, problems)
        if read is not None:
            problems += _faults(name, read, sources, shown, path)
            found[name] = read
    if problems:
        raise BadInput(problems)
    return found


def value_sets(path: Path | None = None) -> tuple[str, ...]:
    """Names of all value sets, the published one first."""
    return (PUBLISHED, *load_value_sets(path))


def is_mapped(utility_set: str, value_set: str, path: Path | None = None) -> bool:
    """Whether there are numbers of a utility set by a value set."""
    return value_set == PUBLISHED or utility_set in load_value_sets(path)[value_set].sets


def revalued_by(value_set: str, utilities: UtilitySet, path: Path | None = None) -> UtilitySet:
    """A set of utilities by a value set. Raises BadInput for one that is unknown or to which the set was not mapped."""
    if value_set == PUBLISHED:
        return utilities
    known = load_value_sets(path)
    if value_set not in known:
        raise BadInput([Problem("", "value_set", repr(value_set), nearest(value_set, (PUBLISHED, *known)))])
    chosen = known[value_set]
    if utilities.name not in chosen.sets:
        allowed = (
            f"{PUBLISHED}: nothing maps the numbers of utility set {utilities.name} ({utilities.method.instrument}) to"
        )
        allowed += f" {value_set}; those of {', '.join(chosen.sets)} are mapped"
        raise BadInput([Problem("", "value_set", repr(value_set), allowed)])
    states = utilities.states.with_parameters(_mapped(utilities, chosen))
    method = utilities.method.model_copy(
        update={"value_set": chosen.label, "source": (*utilities.method.source, *chosen.source)}
    )
    return replace(utilities, states=states, method=method)


def _mapped(utilities: UtilitySet, chosen: ValueSet) -> dict[str, Parameter]:
    numbers = {**chosen.sets[utilities.name], **chosen.losses}
    return {name: _as_mapped(utilities.states[name], number, chosen) for name, number in numbers.items()}


def _as_mapped(published: Parameter, mapped: Mapped, chosen: ValueSet) -> Parameter:
    """A published number by another value set: never better than derived, with both origins in its sources and its note."""
    spread = {} if mapped.sd is None else {"distribution": published.distribution.model_copy(update={"sd": mapped.sd})}
    grade = "derived" if published.grade == "published" else published.grade
    note = f"{published.value:g} mapped to {chosen.label}; no value by it was published. {published.note}"
    changed = {"value": mapped.value, "centre": mapped.value, "grade": grade, "note": note}
    return published.model_copy(update={**changed, **spread, "source": (*published.source, *chosen.source)})


def _faults(
    key: str, found: ValueSet, sources: Mapping[str, object], file: str, path: Path | None
) -> Iterator[Problem]:
    for source in found.source:
        if source not in sources:
            yield Problem(file, f"{key}.source", repr(source), f"a key of sources.toml; {nearest(source, sources)}")
    known = utility_sets(path)
    for name, numbers in found.sets.items():
        if name not in known:
            yield Problem(file, f"{key}.sets.{name}", "unknown set", nearest(name, known))
            continue
        utilities = load_utilities(name, path)
        states = set(utilities.states.names()) - set(utilities.losses)
        for where, given, wanted in (
            (f"sets.{name}", set(numbers), states),
            ("losses", set(found.losses), set(utilities.losses)),
        ):
            for odd in sorted(given ^ wanted):
                said = "missing" if odd in wanted else "unknown"
                yield Problem(file, f"{key}.{where}.{odd}", said, f"exactly {', '.join(sorted(wanted))}")
        if set(numbers) == states and set(found.losses) == set(utilities.losses):
            for state, parameter in _mapped(utilities, found).items():
                for part, value, allowed in parameter.faults():
                    yield Problem(file, f"{key}.sets.{name}.{state}.{part}", repr(value), allowed)
