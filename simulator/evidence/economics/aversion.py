"""Published aversion to inequality of health: Atkinson's epsilon."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from simulator.evidence.cited_tables import cited_tables
from simulator.evidence.economics.perspective import Evidence
from simulator.words.label import Label


class Aversion(Evidence):
    """One published value of epsilon."""

    label: Label
    value: Annotated[float, Field(ge=0)]


def load_aversions(path: Path | None = None) -> dict[str, Aversion]:
    """The values of `equity.toml` by name (default folder: the shipped calibration). Raises BadInput with every fault."""
    return cited_tables(Aversion, "equity.toml", path)
