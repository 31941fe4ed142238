"""Which patients of a table take part."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.rules.population.taking import at_least, at_most, fault_of, take


@pytest.mark.parametrize(
    ("people", "rows", "below", "above"),
    [
        (30, 100, 30, 30),
        (99, 100, 99, 99),
        (100, 100, 100, 100),
        (101, 100, 100, 200),
        (199, 100, 100, 200),
        (200, 100, 200, 200),
        (250, 100, 200, 300),
        (7, 0, 7, 7),
    ],
)
def test_a_table_gives_samples_and_whole_passes(people: int, rows: int, below: int, above: int) -> None:
    """Fewer than its rows, or a multiple of them; between two multiples the one below and the one above are named."""
    assert at_most(people, rows) == below
    assert at_least(people, rows) == above
    fault = fault_of(people, rows)
    assert (fault is None) == (below == above)
    if fault is not None:
        assert fault == (
            f"whole passes through the table's {rows:,} rows ({below:,} or {above:,}), or fewer than its rows: then a"
            " random sample of them"
        )


GIVEN = np.arange(10.0)[:, None] * [1.0, 2.0]


def test_a_whole_pass_has_every_row_once_in_one_order_for_all_cohorts() -> None:
    """As many people as rows, or more: the same shuffled rows, with what the table says of them."""
    taken = take(GIVEN, 10, seed=3)
    assert sorted(taken.rows.tolist()) == list(range(10)) != taken.rows.tolist()
    assert np.array_equal(taken.given, GIVEN[taken.rows])
    for people, cohort in [(10, 5), (20, 0), (20, 5)]:
        assert take(GIVEN, people, seed=3, cohort=cohort).rows.tolist() == taken.rows.tolist()
    assert take(GIVEN, 10, seed=4).rows.tolist() != taken.rows.tolist()


def test_a_sample_is_the_beginning_of_a_larger_one_and_other_cohorts_have_their_own() -> None:
    """Three of ten are the first three of the whole pass; cohort 5 has three others, and so has another seed."""
    whole, sample = take(GIVEN, 10, seed=3), take(GIVEN, 3, seed=3)
    assert sample.rows.tolist() == whole.rows[:3].tolist()
    assert np.array_equal(sample.given, GIVEN[sample.rows])
    others = {tuple(take(GIVEN, 3, seed=3, cohort=cohort).rows.tolist()) for cohort in range(20)}
    assert len(others) > 10
    assert take(GIVEN, 9, seed=3, cohort=5).rows.tolist() != whole.rows[:9].tolist()


def test_an_order_cannot_be_spoiled() -> None:
    """It is kept for the next cohort, so nobody may write into it."""
    with pytest.raises(ValueError, match="read-only"):
        take(GIVEN, 10, seed=3).rows[0] = 1


def test_without_a_table_nobody_is_taken() -> None:
    """Everybody is synthetic."""
    taken = take(GIVEN[:0], 7, seed=3)
    assert (taken.rows.shape, taken.given.shape) == ((0,), (0, 2))
