"""A file of the evidence whose tables each hold one thing with its source, grade and note."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from simulator.evidence.economics.perspective import Evidence
from simulator.evidence.reading import checked, read_toml, spelled
from simulator.evidence.shipped import shipped
from simulator.evidence.sources import read_sources
from simulator.words.errors import BadInput, Problem, nearest

Kind = TypeVar("Kind", bound=Evidence)


def cited_tables(kind: type[Kind], name: str, path: Path | None = None) -> dict[str, Kind]:
    """The tables of the file `name` by their headings (default folder: the shipped calibration).

    Raises BadInput with every fault.
    """
    root = path or shipped("calibration")
    shown = spelled(root / name, root)
    problems: list[Problem] = []
    sources = read_sources(root, problems)
    tables = read_toml(root / name, shown, problems)
    found = {
        heading: each for heading, table in tables.items() if (each := checked(kind, table, shown, heading, problems))
    }
    for heading, each in found.items():
        for source in each.source:
            if source not in sources:
                allowed = f"a key of sources.toml; {nearest(source, sources)}"
                problems.append(Problem(shown, f"{heading}.source", repr(source), allowed))
    if problems:
        raise BadInput(problems)
    return found
