"""Every number behind the picture, and which of its results lean on assumptions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from simulator.evidence.parameter import Parameter
from simulator.evidence.register import Register
from simulator.explorer.controls import compared
from simulator.explorer.parts import SEED, Moved, Part
from simulator.explorer.state import scenario_of
from simulator.scenario import Scenario

STRONGEST = 5
"""Numbers shown for each result."""


@lru_cache(maxsize=4)
def sources(scenario: Scenario) -> Part:
    """Every number that the model reads: value, unit, limits, grade, note and sources.

    Clinical numbers and therapies are the scenario's, with prices that its therapies bring along; payers and utilities are those
    shipped.
    """
    from simulator.evidence.catalogue import catalogue

    own = scenario.register
    registers = [own, *(register for register in catalogue() if not register.therapies)]
    rows = [_row(each, each.group, register) for register in registers for each in register.parameters]
    brought = {price.name: price for therapy in own.therapies.values() for price in therapy.prices}
    rows += [_row(price, "prices of therapies", own) for price in brought.values()]
    return {"kind": "sources", "numbers": rows}


def _row(number: Parameter, group: str, register: Register) -> dict[str, Any]:
    from simulator.evidence.distributions import limits

    cited = [register.sources[key] for key in number.source]
    return {
        "name": number.name,
        "group": group,
        "label": number.label,
        "value": number.value,
        "unit": number.unit,
        "limits": list(limits(number)),
        "grade": number.grade,
        "note": number.note,
        "fitted": number.fitted,
        "sources": [{"citation": source.citation, "read": source.read} for source in cited],
    }


def reliance(scenario: Scenario, state: Moved) -> Iterator[Part]:
    """Which results of the page's policy lean on recalled or assumed numbers, and by how much."""
    from simulator.questions.compare.headlines import headline_reliance
    from simulator.questions.compare.job import RELIANCE_PATIENTS

    asked = scenario_of(scenario, state)
    _, _, mine = compared(scenario)
    table = headline_reliance(asked, mine, RELIANCE_PATIENTS, SEED)
    strongest = table[table["swing"] > 0].groupby("outcome", sort=False).head(STRONGEST)
    named = strongest.assign(
        label=[asked.register[name].label for name in strongest["parameter"]],
        outcome=[told.replace(mine, "your policy").replace("_", " ") for told in strongest["outcome"]],
    )
    yield {"kind": "reliance", "people": RELIANCE_PATIENTS, "rows": named.to_dict("records")}
