"""Several hypotheses: who is rejected, by hand."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

from simulator.statistics.multiplicity.multiplicity import (
    bonferroni,
    dunnett,
    fixed_sequence,
    gatekeeping,
    graph_weights,
    graphical,
    hochberg,
    holm,
)
from simulator.statistics.multiplicity.normal_maximum import common_factor_tail

ALPHA = 0.05
P = np.random.default_rng(9).random((400, 4)) ** 3 * 0.12


def test_bonferroni_divides_alpha() -> None:
    """Of four, 0.0125 is the limit and is itself rejected."""
    assert bonferroni([0.0125, 0.0126, 0.04, np.nan], 0.05).tolist() == [True, False, False, False]


def test_holm_steps_down_until_one_fails() -> None:
    """0.012 < 0.05/4, 0.016 < 0.05/3, 0.026 > 0.05/2, and so 0.03 is kept too."""
    assert holm([0.026, 0.012, 0.03, 0.016], 0.05).tolist() == [False, True, False, True]
    assert holm([[0.05, 0.001], [0.04, 0.03]], 0.05).tolist() == [[True, True], [False, False]]


def test_a_fixed_sequence_stops_at_the_first_failure() -> None:
    """Each at full alpha: 0.05 passes, 0.051 stops all that follow."""
    assert fixed_sequence([0.05, 0.01, 0.051, 0.001], 0.05).tolist() == [True, True, False, False]
    assert fixed_sequence([[np.nan, 0.01], [0.01, np.nan]], 0.05).tolist() == [[False, False], [True, False]]


def test_a_gate_opens_when_the_whole_family_before_is_rejected() -> None:
    """Families (0, 2), (1,), (3,): in the first trial 0 and 2 pass, so does 1; in the second 2 fails and all later ones."""
    p = [[0.02, 0.05, 0.04, 0.2], [0.02, 0.001, 0.2, 0.001], [0.01, 0.2, 0.01, 0.001]]
    found = gatekeeping(p, 0.05, [(0, 2), (1,), (3,)])
    assert found.tolist() == [[True, True, True, False], [True, False, False, False], [True, False, True, False]]


@pytest.mark.parametrize("families", [[(0,)], [(0, 1), (1,)], [(0, 1, 2)]])
def test_families_hold_each_hypothesis_once(families: list[tuple[int, ...]]) -> None:
    """A hypothesis left out, there twice, or unknown is told."""
    with pytest.raises(ValueError, match="each of 2 hypotheses once"):
        gatekeeping([0.01, 0.02], 0.05, families)


def test_leading_axes_are_trials() -> None:
    """Two groups of one trial with three hypotheses: limits go by the three, and each trial has a gate of its own."""
    p = np.array([[[0.01, 0.02, 0.001]], [[0.2, 0.001, 0.001]]])
    assert bonferroni(p, 0.05).tolist() == [[[True, False, True]], [[False, True, True]]]
    assert gatekeeping(p, 0.05, [(0,), (1, 2)]).tolist() == [[[True, True, True]], [[False, False, False]]]
    assert gatekeeping(p[0, 0], 0.05, [(2,), (0, 1)]).tolist() == [True, True, True]


def test_the_message_counts_hypotheses_not_trials() -> None:
    """One trial of two hypotheses."""
    with pytest.raises(ValueError, match="each of 2 hypotheses once"):
        gatekeeping([[0.01, 0.02]], 0.05, [(0,)])


def test_hochberg_steps_up_until_one_passes() -> None:
    """0.06 > 0.05 / 1, but 0.024 <= 0.05 / 2 takes 0.02 along, which Holm keeps since it is above 0.05 / 3."""
    assert hochberg([0.06, 0.024, 0.001, 0.02], ALPHA).tolist() == [False, True, True, True]
    assert holm([0.06, 0.024, 0.001, 0.02], ALPHA).tolist() == [False, False, True, False]
    assert hochberg([0.03, 0.06], ALPHA).tolist() == [False, False]
    assert (hochberg(P, ALPHA) >= holm(P, ALPHA)).all()


def test_hochbergs_limits_are_themselves_rejected_and_the_missing_never() -> None:
    """0.05 of the largest, 0.025 of the other; a missing p counts as the largest and takes nobody along."""
    assert hochberg([0.05, 0.04], ALPHA).tolist() == [True, True]
    assert hochberg([0.025, 0.9], ALPHA).tolist() == [True, False]
    assert hochberg([np.nan, 0.025, 0.9], ALPHA).tolist() == [False, False, False]
    assert hochberg([np.nan, 0.02], ALPHA).tolist() == [False, True]


def test_hochberg_is_closed_simes() -> None:
    """Of two hypotheses it is the closed test by Simes: the smaller p at most alpha / 2, or the larger at most alpha."""
    both = (P[:, :2].min(axis=1) <= ALPHA / 2) | (P[:, :2].max(axis=1) <= ALPHA)
    assert (hochberg(P[:, :2], ALPHA) == (both[:, None] & (P[:, :2] <= ALPHA))).all()


@pytest.mark.parametrize(("arms", "critical"), [(1, 1.645), (2, 1.92), (3, 2.06), (4, 2.16)])
def test_dunnetts_table(arms: int, critical: float) -> None:
    """One-sided 5% points with equal arms and known variance, as Dunnett 1955 prints them (J Am Stat Assoc 50:1096)."""
    shared = np.full((1, arms), np.sqrt(0.5))
    found = brentq(lambda z: common_factor_tail(np.array([z]), shared)[0] - 0.05, 1.0, 3.0)
    assert found == pytest.approx(critical, abs=0.006)


def test_step_down_dunnett() -> None:
    """The largest must pass the maximum of all (2.06); then the others need less (1.92, 1.645)."""
    z = np.array([[1.95, 1.70, 0.5], [2.10, 1.95, 1.70], [2.10, 1.95, 1.60], [2.00, 3.00, -1.0]])
    found = dunnett(norm.sf(z), 0.05, [1, 1, 1, 1])
    assert found.tolist() == [[False] * 3, [True, True, True], [True, True, False], [True, True, False]]
    assert dunnett(norm.sf(z[:, None, [2, 0, 1]]), 0.05, [1, 1, 1, 1]).tolist() == found[:, None, [2, 0, 1]].tolist()
    assert dunnett([norm.sf(1.66)], 0.05, [2, 1]).tolist() == [True]
    assert dunnett([norm.sf(1.63)], 0.05, [2, 1]).tolist() == [False]
    assert dunnett([np.nan, 0.001], 0.05, [1, 1, 1]).tolist()[0] is False


def maximum_passed(limit: float, control: float, arms: list[float]) -> float:
    """P(the largest statistic >= limit) by Dunnett's own integral over what the arms share, the control's mean."""
    shared = [np.sqrt(arm / (arm + control)) for arm in arms]

    def below(u: float) -> float:
        each = [norm.cdf((limit - share * u) / np.sqrt(1.0 - share**2)) for share in shared]
        return float(norm.pdf(u) * np.prod(each))

    return 1.0 - quad(below, -9.0, 9.0)[0]


def test_uneven_arms_have_their_own_correlation() -> None:
    """300 controls against arms of 50, 100 and 800 people: the limits of each step are those of Dunnett's integral."""
    control, arms = 300.0, [50.0, 100.0, 800.0]
    of_all = brentq(lambda z: maximum_passed(z, control, arms) - ALPHA, 1.0, 3.0)
    of_two = brentq(lambda z: maximum_passed(z, control, arms[:2]) - ALPHA, 1.0, 3.0)
    of_one = norm.isf(ALPHA)
    near = 1e-6
    assert of_one + 10 * near < of_two < of_all - 10 * near
    z = np.array(
        [
            [0.0, 0.0, of_all - near],
            [0.0, 0.0, of_all + near],
            [of_two - near, of_two - 2 * near, of_all + near],
            [of_one - near, of_two + near, of_all + near],
            [of_one + near, of_two + near, of_all + near],
        ]
    )
    rejected = [[0, 0, 0], [0, 0, 1], [0, 0, 1], [0, 1, 1], [1, 1, 1]]
    assert dunnett(norm.sf(z), ALPHA, [control, *arms]).astype(int).tolist() == rejected


def test_each_p_has_its_arm() -> None:
    """Two arms for three p values are told."""
    with pytest.raises(ValueError, match="2 arms for 3 p values"):
        dunnett([[0.01, 0.02, 0.03]], ALPHA, [1, 1, 1])


def closed(p: np.ndarray, local: Callable[[np.ndarray, list[int]], bool]) -> list[bool]:
    """The closed test: a hypothesis is rejected if every intersection that holds it is, by `local(p, places)`."""
    m = len(p)
    sets = [set(each) for size in range(1, m + 1) for each in combinations(range(m), size)]
    passed = [local(p, sorted(each)) for each in sets]
    return [all(ok for ok, each in zip(passed, sets, strict=True) if place in each) for place in range(m)]


def test_a_graph_hands_alpha_on() -> None:
    """Two doses with half of alpha each hand all to the other: 0.025 passes, then 0.05 does; 0.026 first passes nothing."""
    swap = [[0.0, 1.0], [1.0, 0.0]]
    assert graphical([0.05, 0.025], ALPHA, [0.5, 0.5], swap).tolist() == [True, True]
    assert graphical([[[0.026, 0.026]], [[0.01, 0.051]]], ALPHA, [0.5, 0.5], swap).tolist() == [
        [[False, False]],
        [[True, False]],
    ]
    # Four fifths and one fifth, and only the first hands on: the second's fifth is lost to the first.
    assert graphical([0.05, 0.01], ALPHA, [0.8, 0.2], [[0.0, 1.0], [0.0, 0.0]]).tolist() == [False, True]
    assert graphical([0.04, 0.05], ALPHA, [0.8, 0.2], [[0.0, 1.0], [0.0, 0.0]]).tolist() == [True, True]


def test_two_that_hand_all_to_each_other_leave_the_third_its_own() -> None:
    """When both are rejected their alpha has nowhere to go; the third passes at a fifth of alpha and not above it."""
    graph = [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]
    found = graphical([[0.001, 0.001, 0.0099], [0.001, 0.001, 0.0101]], ALPHA, [0.4, 0.4, 0.2], graph)
    assert found.tolist() == [[True, True, True], [True, True, False]]


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


def test_weights_that_a_graph_can_come_to_by_hand() -> None:
    """Two hypotheses hand each other everything; three in a chain with a split hold what the arithmetic says."""
    assert graph_weights([0.8, 0.2], [[0.0, 1.0], [1.0, 0.0]]) == (1.0, 0.8, 0.2)
    assert graph_weights([1.0, 0.0], [[0.0, 1.0], [0.0, 0.0]]) == (1.0,)
    split = [[0.0, 0.5, 0.5], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    assert graph_weights([0.6, 0.2, 0.2], split) == (1.0, 0.6, 0.5, 0.4, 0.2)
