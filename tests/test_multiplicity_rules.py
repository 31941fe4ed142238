"""Hochberg, Dunnett and graphs in whole trials: their level with lives, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trial_designs import TWO_ARMS, planned, simulation

from simulator.questions.trial.operating import type_i_errors
from simulator.words.errors import BadInput

THREE = [
    {"name": "control", "policy": "conservative", "allocation": 2},
    {"name": "one", "policy": "single_dose"},
    {"name": "two", "policy": "protocol"},
]
AFS = TWO_ARMS["endpoints"][0]
DEATH = TWO_ARMS["endpoints"][1]


@pytest.mark.parametrize(
    "changed",
    [
        {"multiplicity": {"rule": "dunnett", "endpoints": ["afs"]}, "arms": THREE},
        {"multiplicity": {"rule": "hochberg", "endpoints": ["afs", "death"]}, "endpoints": [AFS, DEATH]},
        {
            "multiplicity": {
                "rule": "graphical",
                "endpoints": ["afs", "death"],
                "weights": [0.8, 0.2],
                "transitions": [[0.0, 1.0], [1.0, 0.0]],
            },
            "endpoints": [AFS, DEATH],
        },
    ],
)
def test_the_familywise_level_is_kept(tmp_path: Path, changed: dict[str, Any]) -> None:
    """In 2,000 trials without effect: never liberal, and Dunnett's uses all of its alpha."""
    sim = simulation(tmp_path, 2_000, **changed)
    conduct = sim.conduct()
    row = type_i_errors(conduct, sim.run(sim.truth("null"), [conduct])[0]).iloc[0]
    error = 3.5 * np.sqrt(0.025 * 0.975 / 2_000)
    assert row["value"] < 0.025 + error
    if "arms" in changed:
        assert row["value"] > 0.025 - error


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"multiplicity": {"rule": "hochberg"}, "looks": {"by": "months", "at": [8.0]}}, "multiplicity.rule"),
        ({"multiplicity": {"rule": "dunnett", "endpoints": ["afs"]}}, "multiplicity.rule"),
        ({"multiplicity": {"rule": "dunnett"}, "arms": THREE}, "multiplicity.rule"),
        ({"multiplicity": {"rule": "graphical", "endpoints": ["afs", "death"]}}, "multiplicity.weights"),
        (
            {
                "multiplicity": {
                    "rule": "graphical",
                    "endpoints": ["afs", "death"],
                    "weights": [0.5, 0.5],
                    "transitions": [[0.5, 0.5], [1.0, 0.0]],
                }
            },
            "multiplicity.transitions",
        ),
        ({"multiplicity": {"rule": "holm", "weights": [0.5, 0.5, 0.0]}}, "multiplicity.weights"),
    ],
)
def test_combinations_that_are_not_valid_are_refused(tmp_path: Path, changed: dict[str, Any], key: str) -> None:
    """Looks with exact rules, Dunnett without arms or with several endpoints, and graphs that are none."""
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, **changed)
    assert key in {problem.key for problem in caught.value.problems}
