"""The inverse normal combination of stages, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.statistics.multiplicity.combination import inverse_normal, repeated_interval


def one(*values: float) -> np.ndarray:
    return np.array([values])


def test_as_planned_the_combination_is_the_ordinary_statistic() -> None:
    """Where the looks have the information that they were planned at, nothing changes, and the slope is its root."""
    t, z = one(0.3, 0.6, 1.0), one(0.4, 1.3, 2.2)
    found = inverse_normal(z, t, t)
    assert found.z == pytest.approx(z)
    assert found.slope == pytest.approx(np.sqrt(t))


def test_two_stages_have_the_weights_of_the_plan() -> None:
    """z of 3 at 0.36, and 2 in a second stage of any size: 0.6 x 3 + 0.8 x 2 = 3.4."""
    for end in (0.7, 1.0, 2.5):
        both = (3.0 * 0.6 + 2.0 * np.sqrt(end - 0.36)) / np.sqrt(end)
        found = inverse_normal(one(3.0, both), one(0.36, end), one(0.36, 1.0))
        assert found.z[0] == pytest.approx([3.0, 3.4])
        assert found.slope[0, 1] == pytest.approx(0.6 * 0.6 + 0.8 * np.sqrt(end - 0.36))


def test_three_stages_keep_their_weights_when_the_last_two_grow() -> None:
    """Stage statistics 1, -1, 2 with weights 0.25, 0.25, 0.5 combine to 0.5, then (0.5 x 1 - 0.5) / root and so on."""
    seen, planned = one(0.25, 0.75, 2.0), one(0.25, 0.5, 1.0)
    score = np.cumsum([1.0 * 0.5, -1.0 * np.sqrt(0.5), 2.0 * np.sqrt(1.25)])
    found = inverse_normal(score / np.sqrt(seen), seen, planned)
    assert found.z[0] == pytest.approx([1.0, 0.0, 2.0 * np.sqrt(0.5)])
    slope = 0.5 * 0.5 + 0.5 * np.sqrt(0.5) + np.sqrt(0.5 * 1.25)
    assert found.slope[0, 2] == pytest.approx(slope)


def test_a_look_that_brings_nothing_repeats_the_one_before() -> None:
    """Without new information, or without a z, a look does not count, and the next stage takes over its weight."""
    found = inverse_normal(one(1.0, np.nan, 2.0), one(0.5, 0.5, 1.0), one(0.5, 0.7, 1.0))
    assert found.z[0] == pytest.approx([1.0, 1.0, 2.0])
    again = inverse_normal(one(1.0, 1.0, 2.0), one(0.5, 0.5, 1.0), one(0.5, 0.5, 1.0))
    assert again.z == pytest.approx(found.z)


def test_the_repeated_interval_excludes_no_effect_where_the_test_rejects() -> None:
    """Its limits are z -+ the boundary over the slope; at z equal to the boundary the lower one is 0."""
    found = repeated_interval([2.5, 3.0], [0.7, 0.7], [2.5, 2.5])
    assert found.low == pytest.approx([0.0, 0.5 / 0.7])
    assert found.high == pytest.approx([5.0 / 0.7, 5.5 / 0.7])
    assert found.estimate == pytest.approx([2.5 / 0.7, 3.0 / 0.7])


def test_any_rule_of_growth_keeps_the_level_and_the_estimate_its_middle() -> None:
    """100,000 trials whose last stages are sized by what was seen: level and median of the weighted estimate hold, and the
    ordinary statistic does not keep its level."""
    rng, n, t = np.random.default_rng(5), 100_000, np.array([0.4, 0.7, 1.0])
    for drift in (0.0, 2.0):
        first = rng.standard_normal(n) + drift * np.sqrt(0.4)
        gain = np.where((first > 0.2) & (first < 1.7), 5.0, 0.3)
        seen = np.column_stack([np.full(n, 0.4), 0.4 + gain, 0.4 + 2.0 * gain])
        score = np.cumsum(
            np.column_stack(
                [
                    first * np.sqrt(0.4),
                    *((rng.standard_normal(n) + drift * np.sqrt(gain)) * np.sqrt(gain) for _ in range(2)),
                ]
            ),
            axis=1,
        )
        plain = score / np.sqrt(seen)
        found = inverse_normal(plain, seen, np.broadcast_to(t, (n, 3)))
        error = 3.0 * np.sqrt(0.025 * 0.975 / n)
        if drift == 0.0:
            assert abs((found.z[:, 2] > 1.959964).mean() - 0.025) < error
            assert np.corrcoef(found.z[:, 0], found.z[:, 2])[0, 1] == pytest.approx(np.sqrt(0.4), abs=0.01)
        made = repeated_interval(found.z[:, 2], found.slope[:, 2], np.full(n, 1.959964))
        assert abs((made.estimate > drift).mean() - 0.5) < 3.0 * 0.5 / np.sqrt(n)
        assert abs((made.low > drift).mean() - 0.025) < error
        assert abs((made.high < drift).mean() - 0.025) < error
