"""Group-sequential boundaries as findings."""

from __future__ import annotations

from typing import Any

from scipy.special import ndtri

from simulator.statistics.boundaries import Boundaries
from simulator.words.findings import Findings


def findings(found: Boundaries, settings: dict[str, Any]) -> Findings:
    """Tables: boundaries (a row a look), design (quantities of the whole). Facts: the plan."""
    tables = {"boundaries": found.table(), "design": found.summary()}
    return Findings("boundaries", tables, {"plan": plan_facts(found)}, settings=settings)


def plan_facts(found: Boundaries) -> dict[str, Any]:
    """What was asked of the boundaries, with every parameter of theirs that is read, and what sentences need."""
    plan = found.plan
    futility = plan.futility
    told: dict[str, Any] | None = None
    if futility is not None:
        told = {"rule": futility.rule, "binding": futility.binding}
        if futility.rule == "beta":
            told |= {"spending": futility.spending.name}
            if futility.spending.name == "hsd":
                told |= {"gamma": futility.spending.gamma}
        elif futility.rule == "z":
            told |= {"z": list(futility.z)}
        else:
            told |= {"threshold": futility.threshold, "assumed": futility.assumed}
    own = {name: getattr(plan, name) for name in ("delta", "gamma", "early_z") if getattr(plan, name) is not None}
    return {
        "looks": int(found.information.size),
        "kind": plan.kind,
        "alpha": plan.alpha,
        "sides": plan.sides,
        "power": plan.power,
        "parameters": own,
        "information": [float(share) for share in found.information],
        "inflation": None if found.drift is None else found.inflation,
        "last_z": float(found.upper[-1]),
        "fixed_z": float(-ndtri(plan.alpha / plan.sides)),
        "futility": told,
    }
