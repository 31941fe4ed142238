"""The publications behind the clinical numbers."""

from __future__ import annotations

from simulator.evidence.life_table import SOURCE as LIFE_TABLES
from simulator.evidence.register import Register
from simulator.evidence.sources import load_sources, references


def publications(register: Register) -> list[dict[str, str]]:
    """What the parameters and the life tables cite, in alphabetical order: citation and DOI."""
    keys = {key for parameter in register.parameters for key in parameter.source}
    return references(keys | {LIFE_TABLES}, {**load_sources(), **register.sources})
