"""Ways of adapting a trial, two at a time: those that docs/planning_trials.md lists go together, the others are refused."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from simulator.questions.trial.design.design import Design
from simulator.questions.trial.reading.design_faults import faults
from simulator.scenario.inheritance import merged

HEALING = {"name": "healing", "outcome": "healing", "test": "risk_difference", "at_months": 6.0}
ARMS = [{"name": "control", "policy": "conservative"}, {"name": "cells", "policy": "protocol"}]
PLAN: dict[str, Any] = {
    "label": "Ways of adapting",
    "arms": ARMS,
    "accrual": {"per_month": 10.0},
    "follow_up": {"months": 12.0},
    "size": {"patients": 120, "power": 0.8},
    "endpoints": [HEALING],
}
LOOKS = {"by": "patients", "at": [60]}
WAYS: dict[str, dict[str, Any]] = {
    "futility": {"looks": LOOKS, "futility": {"rule": "z", "z": [0.0]}},
    "triangular": {"looks": LOOKS | {"type": "triangular"}},
    "reestimation": {"looks": LOOKS, "reestimation": {"lower": 0.2, "upper": 0.8, "target": 0.8, "largest": 2.0}},
    "blinded_review": {"blinded_review": {"nuisance": "pooled_rate", "planned": 0.3, "after_patients": 60}},
    "predictive": {
        "predictive": {"at": [60], "futility": 0.1},
        "endpoints": [HEALING | {"test": "posterior_difference"}],
    },
    "selection": {
        "looks": LOOKS,
        "selection": {"keep": 1},
        "arms": [*ARMS, {"name": "one", "policy": "single_dose"}],
    },
    "enrichment": {"looks": LOOKS, "enrichment": {"tcpo2_below": 15.0, "z_everybody": 1.0, "z_subgroup": 0.5}},
}
TOGETHER = {("futility", "reestimation")}


def refused(*parts: dict[str, Any]) -> list[tuple[str, str]]:
    """Key and what was allowed, of a plan over which some parts are laid."""
    table = PLAN
    for part in parts:
        table = merged(table, part)
    return [(key, allowed) for key, _, allowed in faults(Design.model_validate(table))]


def test_each_way_of_adapting_is_a_design_of_its_own() -> None:
    """None of them is refused alone, so that a refusal of two is of the two."""
    assert {name: refused(way) for name, way in WAYS.items()} == {name: [] for name in WAYS}


def test_two_ways_of_adapting_go_together_only_where_that_is_written() -> None:
    """Of all pairs a rule for futility and a re-estimated size alone are accepted."""
    assert {pair for pair in combinations(WAYS, 2) if not refused(*(WAYS[name] for name in pair))} == TOGETHER


@pytest.mark.parametrize(
    ("parts", "key", "said"),
    [
        ([WAYS["blinded_review"], WAYS["selection"]], "blinded_review", "with selection"),
        ([WAYS["blinded_review"], WAYS["enrichment"]], "blinded_review", "with enrichment"),
        ([WAYS["blinded_review"], WAYS["predictive"]], "blinded_review", "borrowed patients"),
        ([WAYS["blinded_review"], WAYS["reestimation"] | {"looks": None}], "blinded_review", "not both"),
        ([WAYS["blinded_review"], {"arms": ARMS[1:]}], "blinded_review", "one arm"),
        ([WAYS["reestimation"], WAYS["predictive"] | {"looks": None}], "reestimation", "[predictive]"),
        ([WAYS["reestimation"], WAYS["selection"]], "reestimation", "keeps its size"),
        ([WAYS["selection"], WAYS["predictive"]], "endpoints.healing.test", "stages are independent"),
        ([WAYS["selection"], WAYS["enrichment"]], "enrichment", "either"),
        ([WAYS["selection"], WAYS["triangular"]], "looks.type", "its own z"),
        ([WAYS["selection"], {"size": {"patients": 120, "events": 50}}], "size.events", "would end the trial"),
        (
            [WAYS["selection"], {"endpoints": [HEALING | {"aim": "non_inferiority", "margin": 0.1}]}],
            "endpoints.healing.aim",
            "superiority with",
        ),
        (
            [
                WAYS["selection"],
                {"estimands": [{"name": "healed", "outcome": "healing", "at_months": 6.0, "death": "composite"}]},
            ],
            "estimands",
            "drops nobody",
        ),
        (
            [WAYS["enrichment"], {"stated": [{"outcome": "healing", "event_rate": 0.3, "at_months": 6.0}]}],
            "stated",
            "no biomarker",
        ),
    ],
)
def test_what_is_refused_says_why(parts: list[dict[str, Any]], key: str, said: str) -> None:
    """The key of the one that has to go, and the reason."""
    found = refused(*parts)
    assert any(each == key and said in allowed for each, allowed in found), found
