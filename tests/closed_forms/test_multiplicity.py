"""Several hypotheses: who is rejected, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.statistics.multiplicity import bonferroni, fixed_sequence, gatekeeping, holm


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
