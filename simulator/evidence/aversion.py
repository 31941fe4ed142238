"""Published aversion to inequality of health: Atkinson's epsilon."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from simulator.evidence.label import Label
from simulator.evidence.perspective import Evidence
from simulator.evidence.reading import checked, read_toml, spelled
from simulator.evidence.shipped import shipped
from simulator.evidence.sources import read_sources
from simulator.words.errors import BadInput, Problem, nearest


class Aversion(Evidence):
    """One published value of epsilon."""

    label: Label
    value: Annotated[float, Field(ge=0)]


def load_aversions(path: Path | None = None) -> dict[str, Aversion]:
    """The values of `equity.toml` by name (default folder: the shipped calibration). Raises BadInput with every fault."""
    root = path or shipped("calibration")
    file = root / "equity.toml"
    shown = spelled(file, root)
    problems: list[Problem] = []
    sources = read_sources(root, problems)
    tables = read_toml(file, shown, problems)
    found = {name: each for name, table in tables.items() if (each := checked(Aversion, table, shown, name, problems))}
    for name, each in found.items():
        for source in each.source:
            if source not in sources:
                allowed = f"a key of sources.toml; {nearest(source, sources)}"
                problems.append(Problem(shown, f"{name}.source", repr(source), allowed))
    if problems:
        raise BadInput(problems)
    return found
