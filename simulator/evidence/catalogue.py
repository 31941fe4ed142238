"""All registers side by side: the clinical one, each payer's prices, and each set of utilities by each value set."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pandas as pd

from simulator.evidence.distributions import limits, text
from simulator.evidence.economics.perspective import load_perspective, perspectives
from simulator.evidence.economics.utilities import load_utilities, utility_sets
from simulator.evidence.economics.value_sets import load_value_sets, revalued_by
from simulator.evidence.parameter import GRADES, Parameter
from simulator.evidence.register import Register, load_register
from simulator.evidence.sources import load_sources
from simulator.words.errors import BadInput, Problem

COLUMNS = ("name", "group", "label", "value", "unit", "distribution", "low", "high", "grade", "source", "note", "fitted",
           "own_value", "lowest", "highest", "cited")  # fmt: skip


def catalogue(path: Path | None = None) -> tuple[Register, ...]:
    """Every register in the folder `path` (default: the shipped calibration), the clinical one first.

    Raises BadInput with every fault of all of them.
    """
    registers: list[Register] = []
    problems: dict[Problem, None] = {}
    loaders: list[Callable[[], Register]] = [partial(load_register, path)]
    loaders += [partial(_prices, name, path) for name in perspectives(path)]
    loaders += [partial(_states, name, path) for name in utility_sets(path)]
    loaders += [partial(_mapped, path)]
    for load in loaders:
        try:
            registers.append(_unseen(load(), registers))
        except BadInput as bad:
            problems |= dict.fromkeys(bad.problems)
    if problems:
        raise BadInput(problems)
    # A payer whose prices are all gaps has nothing to list.
    return tuple(register for register in registers if len(register))


def _unseen(register: Register, before: list[Register]) -> Register:
    """A register without what stands in an earlier one of another kind already: what payers or sets of utilities share."""
    seen = {(p.group, p.name) for each in before for p in each.parameters}
    fresh = tuple(p for p in register.parameters if (p.group, p.name) not in seen)
    if len(fresh) == len(register):
        return register
    return Register(fresh, register.sources, register.therapies, register.joint)


def _prices(name: str, path: Path | None) -> Register:
    return load_perspective(name, path).prices


def _states(name: str, path: Path | None) -> Register:
    return load_utilities(name, path).states


def _mapped(path: Path | None) -> Register:
    """Utilities by other value sets than the one they were published in, each named after its set of utilities."""
    numbers: dict[str, Parameter] = {}
    for value_set, mapped in load_value_sets(path).items():
        for name in mapped.sets:
            found = revalued_by(value_set, load_utilities(name, path), path)
            for p in found.states.parameters:
                called = p.name if p.name in found.losses else f"{name}_{p.name}"
                numbers[called] = p.model_copy(update={"name": called, "group": f"utilities by {value_set}"})
    return Register(tuple(numbers.values()), load_sources(path))


def numbers_table(chosen: Iterable[tuple[Register, Parameter]]) -> pd.DataFrame:
    """One row per parameter with `COLUMNS`. `low` and `high` are 95% limits of its distribution, of a fitted one of its prior,
    whose centre is `own_value`; `lowest` and `highest` are allowed, `cited` names sources shortly."""
    rows = []
    for register, p in chosen:
        low, high = limits(p)
        rows.append(
            {
                "name": p.name,
                "group": p.group,
                "label": p.label,
                "value": p.value,
                "unit": p.unit,
                "distribution": text(p.distribution),
                "low": low,
                "high": high,
                "grade": p.grade,
                "source": register.citations(p.name),
                "note": p.note,
                "fitted": p.fitted,
                "own_value": p.centre,
                "lowest": p.range[0],
                "highest": p.range[1],
                "cited": "; ".join(register.sources[key].short for key in p.source),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def groups_table(chosen: Iterable[tuple[Register, Parameter]]) -> pd.DataFrame:
    """How many parameters each group has: group, values, and of each grade."""
    found = pd.DataFrame([(p.group, p.grade) for _, p in chosen], columns=["group", "grade"])
    rows = [
        {"group": group, "values": len(own), **{grade: int((own["grade"] == grade).sum()) for grade in GRADES}}
        for group, own in found.groupby("group", sort=False)
    ]
    return pd.DataFrame(rows, columns=["group", "values", *GRADES])


def sources_table(path: Path | None = None) -> pd.DataFrame:
    """One row per source: key, citation, how much of it was read, a note, and how many parameters cite it."""
    cited = pd.Series([key for register in catalogue(path) for p in register.parameters for key in p.source])
    counts = cited.value_counts()
    rows = [
        {
            "key": key,
            "citation": source.citation,
            "read": source.read,
            "parameters": int(counts.get(key, 0)),
            "note": source.note,
        }
        for key, source in load_sources(path).items()
    ]
    return pd.DataFrame(rows, columns=["key", "citation", "read", "parameters", "note"])
