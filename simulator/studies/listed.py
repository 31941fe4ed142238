"""Studies that cannot be re-enacted, each with the reason, so that none is silently missing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen, checked, read_toml, spelled
from simulator.evidence.shipped import shipped
from simulator.evidence.sources import Source
from simulator.words.errors import BadInput, Problem, nearest
from simulator.words.label import Label

LISTED = "not_evaluable"
"""Name of the file that lists them."""


class Listed(Frozen):
    """A study without usable numbers: what it is, and why nothing can be compared."""

    label: Label
    source: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = ()
    grade: Annotated[str, Field(pattern="^[CD]$")]
    why: Annotated[str, Field(min_length=1)]


def load_listed(sources: Mapping[str, Source], path: Path | None = None) -> dict[str, Listed]:
    """The studies of `not_evaluable.toml`. Raises BadInput with every fault."""
    root = shipped("scenarios")
    file = path or root / "validation" / f"{LISTED}.toml"
    called = spelled(file, root)
    problems: list[Problem] = []
    found = {}
    for key, table in read_toml(file, called, problems).items():
        study = checked(Listed, table, called, key, problems)
        if study is None:
            continue
        for source in study.source:
            if source not in sources:
                problems.append(Problem(called, f"{key}.source", repr(source), nearest(source, sources)))
        found[key] = study
    if problems:
        raise BadInput(problems)
    return found
