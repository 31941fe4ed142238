"""Concordance and Brier scores of four people by hand, and of many with half of them lost."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.statistics.accuracy import accuracy, brier_parts, concordance, concordance_pairs, in_order


def test_accuracy_without_censoring_is_that_of_shares() -> None:
    """C is the share of pairs in the right order, ties half; the Brier score the mean squared error; rivals never have it."""
    time, code = np.array([0.5, 0.6, 0.4, 2.0]), np.array([1, 1, 2, 0])
    risk = np.array([0.9, 0.3, 0.3, 0.1])
    # Pairs: each of the two events before the survivor, before the rival's victim, and the earlier event before the later.
    pairs = concordance_pairs(time, code, 1.0)
    assert concordance(pairs, in_order(pairs, risk), np.ones(4)) == pytest.approx((1 + 1 + 1 + 1 + 0.5) / 5)
    weight, miss = brier_parts(time, code, risk, 1.0)
    assert weight.tolist() == [1.0] * 4
    assert miss == pytest.approx([0.1, 0.7, -0.3, -0.1])


def test_those_lost_are_stood_for_by_the_others() -> None:
    """Of 1,500 people of two risks the C-index and Brier score with half lost early are those without losses."""
    luck = np.random.default_rng(1)
    high = luck.random(1_500) < 0.5
    event = luck.exponential(np.where(high, 1.0, 4.0))
    lost = luck.exponential(1.5, len(high))
    risk = 1.0 - np.exp(-1.0 / np.where(high, 1.0, 4.0))
    seen = accuracy(np.minimum(event, lost), (event <= lost).astype(int), risk, 1.0, luck, 20)
    whole = accuracy(event, np.ones(len(event), int), risk, 1.0, luck, 20)
    for one, other in zip(seen[:2], whole[:2], strict=True):
        assert one.value == pytest.approx(other.value, abs=0.025)
        assert one.low < one.value < one.high
