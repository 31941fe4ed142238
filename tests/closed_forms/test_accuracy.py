"""Concordance and Brier scores of four people by hand, and of many with half of them lost."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.statistics.endpoints.accuracy import accuracy, brier_parts, concordance, concordance_pairs, in_order


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


FOUR = (np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 0, 1, 0]))
"""An event at 1, one lost at 2, an event at 3, one followed to 4: two of the three still followed at 2 go on to be seen."""


def test_weights_of_those_who_are_seen_by_hand() -> None:
    """Lost at 2 weighs nothing and the two after it weigh 3/2; an event at the very horizon has happened."""
    time, code = FOUR
    for at, happened in ((3.0, [1, 0, 1, 0]), (2.9, [1, 0, 0, 0])):
        weight, miss = brier_parts(time, code, np.full(4, 0.25), at)
        assert weight == pytest.approx([1.0, 0.0, 1.5, 1.5])
        assert miss == pytest.approx(np.array(happened) - 0.25)
    rival = brier_parts(time, np.array([2, 0, 1, 0]), np.full(4, 0.25), 3.0)
    assert rival[0][0] == 1.0 and rival[1][0] == -0.25


def test_pairs_by_hand() -> None:
    """The event at 1 is before all others; the one at 3 weighs 3/2 and stands before the last, seen as long with 2/3."""
    time, code = FOUR
    pairs = concordance_pairs(time, code, 3.0)
    expected = np.zeros((4, 4))
    expected[0, 1:] = 1.0
    expected[2, 3] = 1.5 * 1.5
    assert pairs == pytest.approx(expected)
    assert concordance_pairs(time, code, 2.9)[2].tolist() == [0.0] * 4
    # Whoever died at 2.5 of another cause never has the event: before or after, weighed by when that was.
    gone = concordance_pairs(np.array([1.0, 2.0, 3.0, 2.5]), np.array([1, 0, 1, 2]), 3.0)
    assert gone[2, 3] == pytest.approx(1.5 * 1.5)
    good = in_order(pairs, np.array([0.9, 0.9, 0.1, 0.2]))
    assert good[0].tolist() == [0.0, 0.5, 1.0, 1.0] and good[2, 3] == 0.0
    assert concordance(pairs, good, np.ones(4)) == pytest.approx(2.5 / (3.0 + 2.25))
    assert concordance(pairs, good, np.array([2.0, 1.0, 1.0, 1.0])) == pytest.approx(5.0 / (6.0 + 2.25))
    assert np.isnan(concordance(pairs, good, np.array([0.0, 1.0, 0.0, 1.0])))


@pytest.mark.filterwarnings("ignore:All-NaN")
def test_the_share_of_the_brier_score_that_risks_take_away() -> None:
    """Right for two of four, a half for the others: 1/8 against 1/4 of one risk for all, so one half; limits hold it."""
    time, code = np.array([0.5, 0.5, 2.0, 2.0]), np.array([1, 1, 0, 0])
    c, brier, better = accuracy(time, code, np.array([1.0, 0.5, 0.5, 0.0]), 1.0, np.random.default_rng(1), 50)
    assert (c.value, brier.value, better.value) == pytest.approx(((1 + 1 + 1 + 0.5) / 4, 1 / 8, 1 / 2))
    for each in (c, brier, better):
        assert each.low <= each.value <= each.high
    nobody = accuracy(time, np.zeros(4, int), np.full(4, 0.5), 1.0, np.random.default_rng(1), 3)[2]
    assert np.isnan(nobody.value)


def test_weights_are_trusted_down_to_a_share_of_two_in_a_hundred() -> None:
    """Of a hundred of whom 99 are lost at once, the last stands for fifty and not for a hundred."""
    time, code = np.concatenate([np.full(99, 1.0), [2.0]]), np.concatenate([np.zeros(99, int), [1]])
    assert brier_parts(time, code, np.zeros(100), 3.0)[0][-1] == pytest.approx(50.0)
