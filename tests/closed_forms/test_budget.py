"""Uptake within capacity, and years from what has added up, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.questions.value.consequences.budget import _differences, _row, _treatments, _within_capacity

TEN = np.full(3, 10.0)


def test_uptake_without_and_with_a_limit() -> None:
    """1.5 treatments in the first and 0.5 in the second year of each person; what is owed comes before who is new."""
    wanted, doses = np.array([0.5, 1.0, 1.0]), np.array([1.5, 0.5, 0.0])
    uptake, given = _within_capacity(TEN, wanted, doses, None)
    assert uptake.tolist() == [0.5, 1.0, 1.0] and given.tolist() == [7.5, 17.5, 20.0]
    uptake, given = _within_capacity(TEN, wanted, doses, 12.0)
    assert uptake == pytest.approx([0.5, 9.5 / 15, (12 - 9.5 / 3) / 15]) and given == pytest.approx([7.5, 12.0, 12.0])
    uptake, given = _within_capacity(TEN, np.ones(3), np.array([1.0, 2.0, 0.0]), 8.0)
    # Eight people of the first year are owed sixteen: nobody new, and more than there are.
    assert uptake.tolist() == pytest.approx([0.8, 0.0, 0.8]) and given.tolist() == pytest.approx([8.0, 16.0, 8.0])
    assert _within_capacity(TEN, wanted, np.zeros(3), 0.0)[0].tolist() == wanted.tolist()
    # One treatment for ten people, and 0.4 that can be given.
    assert _within_capacity(TEN[:1], np.ones(1), np.array([0.1]), 0.4)[0].tolist() == pytest.approx([0.4])


def test_what_each_year_adds() -> None:
    """3, then 2 and 4 more; a cohort entered earlier is older."""
    found = _differences([np.array([3.0]), np.array([5.0]), np.array([9.0])])
    assert [each.tolist() for each in found] == [[3.0], [2.0], [4.0]]
    given = [np.array([1.0, 3.0]), np.array([0.5, 2.0])]
    assert _treatments(given, 1, np.array([10.0, 20.0]), 1) == 10.0 * 2.0 + 20.0 * 3.0
    assert _treatments(given, 0, np.array([10.0, 20.0]), 0) == 10.0


def test_a_row_of_the_table() -> None:
    """Means of the draws with the spread of the change: 1, 2 and 6 are 3 on average, with an SD of the root of 7."""
    row = _row(1, "wound care", np.array([10.0, 20.0, 15.0]), np.array([1.0, 2.0, 6.0]))
    assert (row["year"], row["quantity"], row["without"], row["with"], row["change"]) == (
        2,
        "wound care",
        15.0,
        18.0,
        3.0,
    )
    assert (row["se"], row["low"], row["high"]) == pytest.approx((np.sqrt(7 / 3), 1.05, 5.8))
