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
from simulator.telling.columns import called, labels

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
    from simulator.questions.compare.headlines import headline_reliance, strongest
    from simulator.questions.compare.job import RELIANCE_PATIENTS

    asked = scenario_of(scenario, state)
    _, _, mine = compared(scenario)
    names = {name: policy.label.lower() for name, policy in asked.policies.items()} | {mine: "your policy"}
    outcomes = labels()["outcome"]
    rows = [
        {
            "result": ", ".join(
                [
                    called(outcomes, row["outcome"]) or row["outcome"],
                    " minus ".join(names[name] for name in (row["policy"], row["reference"]) if name),
                    f"{row['time_years']:g} y",
                ]
            ),
            "in_years": row["outcome"] == "life_years",
            "difference": bool(row["reference"]),
            "label": asked.register[row["parameter"]].label,
        }
        | {key: row[key] for key in ("grade", "base", "at_low", "at_high")}
        for row in strongest(headline_reliance(asked, mine, RELIANCE_PATIENTS, SEED), STRONGEST).to_dict("records")
    ]
    yield {"kind": "reliance", "people": RELIANCE_PATIENTS, "rows": rows}
