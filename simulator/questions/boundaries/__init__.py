"""Group-sequential boundaries as findings."""

from __future__ import annotations

from typing import Any

from simulator.statistics.sequential.boundaries import Boundaries
from simulator.statistics.sequential.effect_scale import EffectScale
from simulator.words.citations import joined
from simulator.words.findings import Findings


def findings(found: Boundaries, settings: dict[str, Any], scale: EffectScale | None = None) -> Findings:
    """Tables: boundaries (a row a look, on the effect's scale too where there is one), design (quantities of the whole).

    Facts: the plan, the scale with its effect, and who described the boundary.
    """
    table = found.table()
    tables = {"boundaries": table if scale is None else scale.beside(table, found), "design": found.summary()}
    told = None if scale is None else {"scale": scale.scale, "effect": scale.effect}
    facts = {"plan": found.asked(), "scale": told, "references": joined((), found.plan.sources)}
    return Findings("boundaries", tables, facts, settings=settings)
