"""The impact inventory: what the reference cases of the Second Panel ask for, and what an analysis counts of it.

Source: Sanders GD et al. Recommendations for conduct, methodological practices, and reporting of cost-effectiveness analyses.
JAMA 2016;316:1093-103.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

import pandas as pd
from pydantic import BeforeValidator

from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen, checked, read_toml, spelled
from simulator.evidence.shipped import shipped
from simulator.valuation.cost_items import Scope
from simulator.words.errors import BadInput, Problem

Case = Literal["health care sector", "society"]


class Impact(Frozen):
    """One thing that a reference case may ask for, and what decides whether it is counted."""

    sector: str
    impact: str
    cases: Annotated[tuple[Case, ...], BeforeValidator(as_tuple)]
    counted: Literal["always", "never", "institutional_care", "informal_care", "vascular_events"]
    note: str


class Inventory(Frozen):
    """The whole template."""

    source: Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
    note: str
    impact: Annotated[tuple[Impact, ...], BeforeValidator(as_tuple)]


def load_inventory() -> Inventory:
    """The shipped template. Raises BadInput with every fault of the file."""
    root = shipped("calibration")
    file = root / "economics" / "impact_inventory.toml"
    problems: list[Problem] = []
    found = checked(Inventory, read_toml(file, spelled(file, root), problems), spelled(file, root), "", problems)
    if found is None or problems:
        raise BadInput(problems)
    return found


def impact_inventory(scope: Scope) -> pd.DataFrame:
    """A row for each impact: sector, impact, asked_by (reference cases), counted (yes or no), note."""
    chosen = asdict(scope) | {"always": True, "never": False}
    return pd.DataFrame(
        [
            {
                "sector": each.sector.capitalize(),
                "impact": each.impact,
                "asked_by": " and ".join(each.cases).capitalize(),
                "counted": "yes" if chosen[each.counted] else "no",
                "note": each.note,
            }
            for each in load_inventory().impact
        ]
    )
