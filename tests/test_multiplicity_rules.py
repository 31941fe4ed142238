"""Hochberg, Dunnett and graphs: against tables, closed tests and rules that they contain; their level with lives."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm
from trial_designs import TWO_ARMS, planned, simulation

from simulator.questions.trial.decisions import decide, levels_of
from simulator.questions.trial.operating import type_i_errors
from simulator.questions.trial.stopping_rule import stopping_rule
from simulator.statistics.multiplicity import dunnett, fixed_sequence, graph_weights, graphical, hochberg, holm
from simulator.statistics.normal_maximum import largest_tail
from simulator.words.errors import BadInput

P = np.random.default_rng(9).random((400, 4)) ** 3 * 0.12
ALPHA = 0.05


def closed(p: np.ndarray, local: Any) -> list[bool]:
    """The closed test: a hypothesis is rejected if every intersection that holds it is, by `local(places)`."""
    m = len(p)
    sets = [set(each) for size in range(1, m + 1) for each in combinations(range(m), size)]
    passed = [local(p, sorted(each)) for each in sets]
    return [all(ok for ok, each in zip(passed, sets, strict=True) if place in each) for place in range(m)]


def test_hochberg_by_hand_and_against_holm() -> None:
    """0.04 and 0.045 are both rejected at 0.05 and Holm rejects neither; it never rejects less than Holm."""
    assert hochberg([0.04, 0.045], ALPHA).tolist() == [True, True]
    assert holm([0.04, 0.045], ALPHA).tolist() == [False, False]
    assert hochberg([0.03, 0.06], ALPHA).tolist() == [False, False]
    assert hochberg([np.nan, 0.02], ALPHA).tolist() == [False, True]
    assert (hochberg(P, ALPHA) >= holm(P, ALPHA)).all()


@pytest.mark.parametrize(("arms", "critical"), [(1, 1.645), (2, 1.92), (3, 2.06), (4, 2.16)])
def test_dunnetts_table(arms: int, critical: float) -> None:
    """One-sided 5% points with equal arms and known variance, as Dunnett 1955 prints them (J Am Stat Assoc 50:1096)."""
    correlation = np.where(np.eye(arms) > 0, 1.0, 0.5)[None]
    found = brentq(lambda z: largest_tail(np.array([z]), correlation)[0] - 0.05, 1.0, 3.0)
    assert found == pytest.approx(critical, abs=0.006)


def test_step_down_dunnett() -> None:
    """The largest must pass the maximum of all; then the others need less. Uneven arms have their own correlation."""
    z = np.array([[1.95, 1.70, 0.5], [2.10, 1.95, 1.70], [2.10, 1.95, 1.60], [2.00, 3.00, -1.0]])
    found = dunnett(norm.sf(z), 0.05, [1, 1, 1, 1])
    assert found.tolist() == [[False] * 3, [True, True, True], [True, True, False], [True, True, False]]
    single = dunnett(norm.sf([[1.66]]), 0.05, [2, 1])
    assert single.tolist() == [[True]]
    # With a huge control the statistics are independent: 1 - (1 - p)^2.
    edge = norm.isf(1.0 - np.sqrt(0.95))
    assert dunnett(norm.sf([[edge + 1e-3, -5.0], [edge - 2e-3, -5.0]]), 0.05, [1e9, 1, 1])[:, 0].tolist() == [
        True,
        False,
    ]


def test_graphs_contain_other_rules() -> None:
    """Equal weights handed to all others are Holm's rule; all alpha down a chain is a fixed sequence."""
    m = 4
    equal = [[0.0 if i == j else 1.0 / (m - 1) for j in range(m)] for i in range(m)]
    assert (graphical(P, ALPHA, [1 / m] * m, equal) == holm(P, ALPHA)).all()
    chain = [[1.0 if j == i + 1 else 0.0 for j in range(m)] for i in range(m)]
    assert (graphical(P, ALPHA, [1.0, 0, 0, 0], chain) == fixed_sequence(P, ALPHA)).all()


def test_a_graph_is_the_closed_test_of_its_weights() -> None:
    """Two primary endpoints of two arms that hand half to each other and half to their secondary (Bretz 2009, figure 9): the
    closed weighted Bonferroni test, with the weights of each intersection worked out by removing the others, rejects the same."""
    weights = np.array([0.5, 0.5, 0.0, 0.0])
    graph = np.array([[0, 0.5, 0.5, 0], [0.5, 0, 0, 0.5], [0, 1.0, 0, 0], [1.0, 0, 0, 0]])

    def local(p: np.ndarray, places: list[int]) -> bool:
        w, g = weights.copy(), graph.copy()
        left = list(range(4))
        for j in [each for each in range(4) if each not in places]:
            left.remove(j)
            new_w, new_g = w.copy(), np.zeros_like(g)
            for i in left:
                new_w[i] = w[i] + w[j] * g[j, i]
                for k in left:
                    back = g[i, j] * g[j, i]
                    if i != k and back < 1.0:
                        new_g[i, k] = (g[i, k] + g[i, j] * g[j, k]) / (1.0 - back)
            w, g = new_w, new_g
        return any(p[i] <= ALPHA * w[i] for i in places)

    found = graphical(P, ALPHA, weights, graph)
    assert found.tolist() == [closed(p, local) for p in P]
    assert 0.05 < found.mean() < 0.95


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


def test_weights_that_a_graph_can_come_to_by_hand() -> None:
    """Two hypotheses hand each other everything; three in a chain with a split hold what the arithmetic says."""
    assert graph_weights([0.8, 0.2], GRAPH["transitions"]) == (1.0, 0.8, 0.2)  # type: ignore[arg-type]
    assert graph_weights([1.0, 0.0], [[0.0, 1.0], [0.0, 0.0]]) == (1.0,)
    split = [[0.0, 0.5, 0.5], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    assert graph_weights([0.6, 0.2, 0.2], split) == (1.0, 0.6, 0.5, 0.4, 0.2)


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
