"""Every number behind the picture, and which results lean on assumptions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from simulator.explorer.parts import Moved, Part
from simulator.scenario import Scenario


@cache
def sources() -> Part:
    """Every number that the model reads: value, unit, limits, grade, note and sources."""
    from simulator.evidence.catalogue import catalogue
    from simulator.evidence.distributions import limits

    rows = []
    for register in catalogue():
        for each in register.parameters:
            rows.append(
                {
                    "name": each.name,
                    "group": each.group,
                    "label": each.label,
                    "value": each.value,
                    "unit": each.unit,
                    "limits": list(limits(each)),
                    "grade": each.grade,
                    "note": each.note,
                    "fitted": each.fitted,
                    "sources": [
                        {"citation": register.sources[key].citation, "read": register.sources[key].read}
                        for key in each.source
                    ],
                }
            )
    return {"kind": "sources", "numbers": rows}


def reliance(scenario: Scenario, state: Moved) -> Iterator[Part]:
    """Which headline results lean on recalled or assumed numbers, and by how much."""
    from simulator.face.register import moved

    del scenario, state
    table = moved()
    strongest = table[table["swing"] > 0].groupby("outcome", sort=False).head(5)
    yield {"kind": "reliance", "rows": strongest.to_dict("records")}
