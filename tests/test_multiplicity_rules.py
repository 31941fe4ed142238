"""Hochberg, Dunnett and graphs in whole trials: their level with lives, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm
from trial_designs import TWO_ARMS, planned, simulation

from simulator.questions.trial.conduct.decisions import decide, levels_of
from simulator.questions.trial.conduct.stopping_rule import stopping_rule
from simulator.questions.trial.results.operating import type_i_errors
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


GRAPH = {
    "rule": "graphical",
    "endpoints": ["afs", "death"],
    "weights": [0.8, 0.2],
    "transitions": [[0.0, 1.0], [1.0, 0.0]],
}
LOOKS = {"by": "information", "at": [0.5], "type": "ld-obf"}


def test_a_graph_at_looks_rejects_by_the_boundaries_of_its_weights(tmp_path: Path) -> None:
    """At a look a hypothesis must cross the boundary of its weight at that look's information; what one hands on, the other uses;
    a crossing at an earlier look counts once enough alpha has come (Maurer and Bretz 2013)."""
    design = planned(
        tmp_path,
        endpoints=[AFS, DEATH],
        visits=None,
        multiplicity=GRAPH,
        looks=LOOKS,
        size={"patients": 120, "events": 40, "power": 0.8},
    ).design
    assert levels_of(design) == (1.25, 1.0, 5.0)
    rule = stopping_rule(design, (0.5,))
    whole, first, second = (rule.boundaries[k].upper for k in (1, 0, 2))
    for found, alpha in ((whole, 0.025), (first, 0.02), (second, 0.005)):
        # Lan and DeMets' O'Brien-Fleming spending at half the information: 2 - 2 Phi(z(1 - alpha / 2) / sqrt(1/2)).
        assert 1.0 - norm.cdf(found[0]) == pytest.approx(
            2.0 - 2.0 * norm.cdf(norm.isf(alpha / 2.0) / 0.5**0.5), rel=1e-6
        )
    upper = np.repeat(rule.upper(np.array([[0.5, 1.0]]))[..., None], 2, axis=-1)
    lower = np.full((1, 2), -np.inf)

    def rejected(z: list[list[float]]) -> list[bool]:
        made = decide(design, np.array([z]), -np.array([z]), upper, lower)
        return [bool(each) for each in made.rejected[0]]

    little = 1e-6
    assert rejected([[0.0, 0.0], [first[1] + little, whole[1] + little]]) == [True, True]
    assert rejected([[0.0, 0.0], [first[1] - little, second[1] - little]]) == [False, False]
    assert rejected([[0.0, 0.0], [whole[1] + little, second[1] + little]]) == [True, True]
    assert rejected([[0.0, whole[0] + little], [first[1] + little, 0.0]]) == [True, True]
    assert rejected([[0.0, whole[0] - little], [first[1] + little, 0.0]]) == [True, False]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"multiplicity": GRAPH | {"rule": "hochberg", "weights": [], "transitions": []}}, "Simes"),
        ({"looks": LOOKS | {"type": "obf"}}, "any level"),
        ({"multiplicity": GRAPH | {"weights": [0.0, 1.0]}}, "a weight above 0"),
    ],
)
def test_rules_that_looks_do_not_know_are_refused(tmp_path: Path, changed: dict[str, Any], why: str) -> None:
    """By name, with the reason."""
    size = {"patients": 120, "events": 40, "power": 0.8}
    with pytest.raises(BadInput, match=why):
        planned(
            tmp_path, **({"endpoints": [AFS, DEATH], "multiplicity": GRAPH, "looks": LOOKS, "size": size} | changed)
        )
