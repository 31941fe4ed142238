"""Which patients of a table take part: all of them once or several times, or a random sample of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Taken:
    """The real patients of one cohort, in the order of its patient numbers.

    `rows` are their places in the table (from 0), `given` what the table says of them, shape (rows, columns). Patient i has
    row i modulo their number. Both are empty where everybody is synthetic.
    """

    rows: NDArray[np.int64]
    given: NDArray[np.float64]


def fault_of(people: int, rows: int) -> str | None:
    """What is allowed where a cohort of `people` cannot be had from a table of `rows`; None where it can."""
    if rows == 0 or people < rows or people % rows == 0:
        return None
    below = people // rows * rows
    return (
        f"whole passes through the table's {rows:,} rows ({below:,} or {below + rows:,}), or fewer than its rows: then a"
        " random sample of them"
    )


def at_most(people: int, rows: int) -> int:
    """The largest cohort up to `people` that a table of `rows` allows."""
    return people if fault_of(people, rows) is None else people // rows * rows


def at_least(people: int, rows: int) -> int:
    """The smallest cohort from `people` on that a table of `rows` allows."""
    return people if fault_of(people, rows) is None else -(-people // rows) * rows


def take(given: NDArray[np.float64], people: int, seed: int, cohort: int = 0) -> Taken:
    """The real patients of a cohort of `people`: every row equally often, or a random sample without replacement.

    The order is random and decided by the seed, so that a smaller cohort is the beginning of a larger one. Samples of
    other `cohort` numbers are independent; cohorts that have every row share one order.
    """
    rows = len(given)
    if rows == 0:
        return Taken(np.zeros(0, np.int64), given)
    order = _order(rows, seed, cohort if people < rows else 0)[:people]
    return Taken(order, given[order])


@lru_cache(maxsize=2)
def _order(rows: int, seed: int, cohort: int) -> NDArray[np.int64]:
    order = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, cohort]))).permutation(rows)
    order.flags.writeable = False
    return order
