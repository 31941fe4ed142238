"""Group-sequential boundaries as findings."""

from __future__ import annotations

from typing import Any

from simulator.statistics.boundaries import Boundaries
from simulator.words.findings import Findings


def findings(found: Boundaries, settings: dict[str, Any]) -> Findings:
    """Tables: boundaries (a row a look), design (quantities of the whole). Facts: the plan."""
    tables = {"boundaries": found.table(), "design": found.summary()}
    return Findings("boundaries", tables, {"plan": found.asked()}, settings=settings)
