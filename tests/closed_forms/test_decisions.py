"""When trials stop and what they have rejected by then, one trial a row."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from simulator.questions.trial.conduct.decisions import (
    Reason,
    decide,
    decide_as,
    decide_closed,
    decide_stages,
    families_of,
    levels_of,
    rejections,
)
from simulator.statistics.multiplicity import multiplicity

NAN = np.nan


def design(endpoints: int = 1, arms: int = 1, sides: int = 1, **rule: Any) -> Any:
    return SimpleNamespace(
        alpha=0.025,
        sides=sides,
        comparisons=range(1, arms + 1),
        confirmatory=[SimpleNamespace(name=f"e{k}") for k in range(endpoints)],
        arms=[SimpleNamespace(allocation=1.0)] * (arms + 1),
        multiplicity=SimpleNamespace(**rule) if rule else None,
        looks=rule.pop("looks", None) if rule else SimpleNamespace(),
    )


def test_one_hypothesis_at_three_looks() -> None:
    """Success at the second look, futility at the first, the end without success, success at the end; a look that is missed."""
    z = np.array([[1.0, 2.6, 2.2], [-1.0, 3.0, 3.0], [1.0, 1.0, 1.9], [1.0, 1.0, 2.1], [NAN, 2.6, 3.0]])[:, :, None]
    upper = np.broadcast_to(np.array([3.0, 2.5, 2.0])[None, None, :, None], (1, *z.shape))
    lower = np.broadcast_to([0.0, 0.5, -np.inf], z.shape[:2])
    found = decide(design(), z, -z, upper, lower)
    assert found.stop.tolist() == [1, 0, 2, 2, 1]
    assert found.reason.tolist() == [Reason.EFFICACY, Reason.FUTILITY, Reason.END, Reason.EFFICACY, Reason.EFFICACY]
    assert found.rejected[:, 0].tolist() == [True, False, False, True, True]
    on_it = decide(
        design(), np.full((1, 1, 1), 2.0), np.zeros((1, 1, 1)), np.full((1, 1, 1, 1), 2.0), np.full((1, 1), 2.0)
    )
    assert on_it.reason.tolist() == [Reason.EFFICACY]


def test_two_sides_stop_for_harm_and_inside_the_wedge() -> None:
    """Harm beyond the boundary; futility only where neither benefit nor harm is in sight."""
    z = np.array([[-2.6, 0.0], [0.1, 0.0], [-1.0, 0.0], [1.0, -2.1]])[:, :, None]
    upper = np.broadcast_to(np.array([2.5, 2.0])[None, None, :, None], (1, *z.shape))
    found = decide(design(sides=2), z, -z, upper, np.broadcast_to([0.5, 2.0], z.shape[:2]))
    assert found.stop.tolist() == [0, 0, 1, 1]
    assert found.reason.tolist() == [Reason.HARM, Reason.FUTILITY, Reason.FUTILITY, Reason.HARM]


def test_on_a_boundary() -> None:
    """Harm on its boundary is harm; whoever stands on the one for futility, or on either end of the wedge, goes on."""
    assert [int(each) for each in Reason] == [0, 1, 2, 3], "numbers that stand in kept trials"
    upper, lower = np.full((1, 3, 2, 1), 2.5), np.full((3, 2), 0.5)
    z = np.array([[-2.5, 0.0], [0.5, 3.0], [-0.5, 3.0]])[:, :, None]
    found = decide(design(sides=2), z, -z, upper, lower)
    assert found.stop.tolist() == [0, 1, 1]
    assert found.reason.tolist() == [Reason.HARM, Reason.EFFICACY, Reason.EFFICACY]
    one_sided = decide(design(), z[1:2], -z[1:2], upper[:, :1], lower[:1])
    assert one_sided.reason.tolist() == [Reason.EFFICACY]
    assert rejections(np.array([[0.025]]), design()).tolist() == [[True]]


def test_futility_and_harm_are_those_of_every_arm() -> None:
    """Of two arms one that is futile, or harms, ends nothing; harm counts at the boundary for all of alpha."""
    z = np.array([[[-3.0, 1.0], [0.0, 0.0]], [[-2.1, -2.1], [0.0, 0.0]], [[0.1, 1.0], [0.7, 0.7]]])
    upper = np.stack([np.full(z.shape, 2.0), np.full(z.shape, 2.25)])
    rule = design(arms=2, sides=2, rule="bonferroni")
    rule.looks = SimpleNamespace()
    found = decide(rule, z, -z, upper, np.full((3, 2), 0.5))
    assert found.stop.tolist() == [1, 0, 1]
    assert found.reason.tolist() == [Reason.FUTILITY, Reason.HARM, Reason.END]


def test_two_hypotheses_by_holm_at_two_looks() -> None:
    """Boundaries for alpha and for half of it. Who is rejected at half leaves alpha to the other."""
    rule = design(endpoints=2, rule="holm")
    rule.looks = SimpleNamespace()
    assert levels_of(rule) == (1.0, 2.0)
    z = np.array([[[2.3, 0.0], [0.0, 2.1]], [[2.1, 2.1], [2.1, 2.1]], [[0.0, 2.6], [2.1, 0.0]]])
    upper = np.stack([np.full(z.shape, 2.0), np.full(z.shape, 2.25)])
    found = decide(rule, z, -z, upper, np.full((3, 2), -np.inf))
    assert found.stop.tolist() == [0, 1, 1]
    assert found.reason.tolist() == [Reason.EFFICACY, Reason.END, Reason.EFFICACY]
    assert found.rejected.tolist() == [[True, False], [False, False], [True, True]]


def test_every_arm_of_the_first_endpoint_must_succeed() -> None:
    """Two arms by Bonferroni: one rejected is no success, both are; other endpoints do not matter."""
    rule = design(endpoints=2, arms=2, rule="bonferroni")
    rule.looks = SimpleNamespace()
    z = np.array([[[2.6, 0.0, 9.0, 9.0]], [[2.6, 2.6, 0.0, 0.0]]])
    upper = np.stack([np.full(z.shape, limit) for limit in (2.0, 2.25, 2.4, 2.5)])
    found = decide(rule, z, -z, upper, np.full((2, 1), -np.inf))
    assert found.reason.tolist() == [Reason.END, Reason.EFFICACY]
    assert found.rejected.tolist() == [[True, False, True, True], [True, True, False, False]]


def test_a_graph_rejects_at_the_weights_it_can_come_to() -> None:
    """From 0.3 and 0.7 to all: alpha over 1/0.3 first, then the others."""
    own = design(endpoints=2, rule="graphical", weights=(0.3, 0.7), transitions=((0.0, 1.0), (1.0, 0.0)))
    own.looks = SimpleNamespace()
    levels = levels_of(own)
    assert levels[0] == pytest.approx(1.0 / 0.3) and sorted(levels) == pytest.approx([1.0, 1.0 / 0.7, 1.0 / 0.3])
    own.multiplicity.weights = (0.7, 0.3)
    assert levels_of(own)[0] == pytest.approx(1.0 / 0.7)


def test_rules_that_take_p_values_as_they_are() -> None:
    """Hochberg without looks: both at 2% succeed at 2.5%; a missing statistic is a p of 1; two-sided p are doubled."""
    z = norm.isf(np.array([[[0.02, 0.024]], [[0.02, 0.03]], [[0.012, 0.9]]]))
    rule = design(endpoints=2, rule="hochberg", looks=None)
    rule.looks = None
    upper = np.full((2, *z.shape), 9.0)
    found = decide(rule, z, -z, upper, np.full((3, 1), -np.inf))
    assert found.rejected.tolist() == [[True, True], [False, False], [True, False]]
    missing = decide(rule, np.full((1, 1, 2), NAN), np.zeros((1, 1, 2)), upper[:, :1], np.full((1, 1), -np.inf))
    assert not missing.rejected.any() and missing.reason.tolist() == [Reason.END]
    assert found.reason.tolist() == [Reason.EFFICACY, Reason.END, Reason.EFFICACY]
    rule.sides = 2
    assert not decide(rule, z, -z, upper, np.full((3, 1), -np.inf)).rejected.any()
    harmed = np.full((1, 1, 2), -3.0)
    told = decide(rule, harmed, -harmed, np.full((2, 1, 1, 2), 2.0), np.full((1, 1), -np.inf))
    assert told.reason.tolist() == [Reason.HARM]
    # One hypothesis without looks has a boundary, whatever its p.
    alone = design()
    alone.looks = None
    z = np.full((1, 1, 1), 3.0)
    assert decide(alone, z, -z, np.full((1, 1, 1, 1), 9.0), np.full((1, 1), -np.inf)).reason.tolist() == [Reason.END]


@pytest.mark.parametrize("name", ["bonferroni", "holm", "hochberg", "fixed_sequence"])
def test_each_rule_is_its_own(name: str) -> None:
    """And none is the plain level."""
    p = np.array([[0.01, 0.02], [0.03, 0.001], [0.02, 0.02]])
    expected = getattr(multiplicity, name)(p, 0.025)
    assert rejections(p, design(endpoints=2, rule=name)).tolist() == expected.tolist()
    assert rejections(p, design()).tolist() == (p <= 0.025).tolist()


def test_rules_with_settings_of_their_own() -> None:
    """Dunnett with the arms' allocation, a graph with its weights, families endpoint by endpoint and arm by arm within."""
    p = np.array([[0.013, 0.02], [0.03, 0.001]])
    two = design(arms=2, rule="dunnett")
    assert rejections(p, two).tolist() == multiplicity.dunnett(p, 0.025, [1.0, 1.0, 1.0]).tolist()
    graph = {"weights": (1.0, 0.0), "transitions": ((0.0, 1.0), (1.0, 0.0))}
    own = design(endpoints=2, rule="graphical", **graph)
    assert rejections(p, own).tolist() == [[True, True], [False, False]]
    three = np.array([[0.005, 0.02, 0.9], [0.02, 0.012, 0.001], [0.9, 0.01, 0.01]])
    graph = {"weights": (0.5, 0.3, 0.2), "transitions": ((0.0, 0.5, 0.5), (1.0, 0.0, 0.0), (0.2, 0.8, 0.0))}
    expected = multiplicity.graphical(three, 0.025, graph["weights"], graph["transitions"])  # type: ignore[arg-type]
    assert rejections(three, design(endpoints=3, rule="graphical", **graph)).tolist() == expected.tolist()
    gate = design(endpoints=2, rule="gatekeeping", families=[["e1"], ["e0"]])
    assert rejections(p, gate).tolist() == multiplicity.gatekeeping(p, 0.025, ((1,), (0,))).tolist()
    families = design(endpoints=2, arms=2, rule="gatekeeping", families=[["e1"], ["e0"]])
    assert families_of(families) == ((2, 3), (0, 1)) and families_of(design()) == ()
    assert levels_of(design(endpoints=2, arms=2, rule="holm")) == (1.0, 2.0, 3.0, 4.0)
    own.looks = SimpleNamespace()
    assert set(levels_of(own)) == {1.0}


def test_trials_that_decide_themselves() -> None:
    """Success before futility at the same look; two stages go on beyond r1 and succeed beyond r."""
    found = decide_as(
        np.array([[False, True], [True, True], [False, False]]), np.array([[True, False], [True, False], [False, True]])
    )
    assert found.stop.tolist() == [0, 0, 1]
    assert found.reason.tolist() == [Reason.FUTILITY, Reason.EFFICACY, Reason.FUTILITY]
    assert found.rejected[:, 0].tolist() == [False, True, False]
    stages = decide_stages(np.array([[3.0, 9.0], [4.0, 10.0], [4.0, 11.0]]), [3, 10])
    assert stages.stop.tolist() == [0, 1, 1]
    assert stages.reason.tolist() == [Reason.FUTILITY, Reason.END, Reason.EFFICACY]


def test_trials_that_drop_hypotheses() -> None:
    """Success once all that are left are rejected, at the end with any; nothing left is futile; a missed look decides nothing."""
    rejected = np.array(
        [
            [[True, False], [True, False]],
            [[True, False], [True, False]],
            [[False, False], [False, False]],
            [[True, False], [True, False]],
            [[False, False], [False, True]],
        ]
    )
    kept = np.array(
        [
            [[True, False], [True, False]],
            [[True, True], [True, True]],
            [[False, False], [False, False]],
            [[True, False], [True, False]],
            [[True, True], [True, True]],
        ]
    )
    happens = np.array([[True, True], [True, True], [True, True], [False, True], [True, True]])
    found = decide_closed(rejected, kept, happens)
    assert found.stop.tolist() == [0, 1, 0, 1, 1]
    assert found.reason.tolist() == [
        Reason.EFFICACY,
        Reason.EFFICACY,
        Reason.FUTILITY,
        Reason.EFFICACY,
        Reason.EFFICACY,
    ]


def test_hypotheses_dropped_over_three_looks() -> None:
    """With one of two left and not rejected the trial goes on; what is rejected at the third look is a success."""
    nothing, left = [False, False], [True, False]
    rejected = np.array([[nothing, nothing, left], [nothing, nothing, nothing], [nothing, left, left]])
    kept = np.array([[[True, True], left, left], [left, left, left], [[True, True], [True, True], left]])
    found = decide_closed(rejected, kept, np.ones((3, 3), bool))
    assert found.stop.tolist() == [2, 2, 2]
    assert found.reason.tolist() == [Reason.EFFICACY, Reason.END, Reason.EFFICACY]
