"""The rule for small numbers: what must not be shown of few people, and what could be worked out from what is shown."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SMALLEST = 10
"""Counts from 1 to this are hidden, as the US Medicare agency asks (0 may be shown)."""


def hidden(count: int, of: int, smallest: int = SMALLEST) -> bool:
    """Whether a count of some people is hidden: few, or all but few."""
    return 0 < count <= smallest or 0 < of - count <= smallest


def hidden_parts(counts: Sequence[int] | NDArray[np.int64], smallest: int = SMALLEST) -> NDArray[np.bool_]:
    """Which parts of one whole are hidden: the few, and more until the hidden ones together are many.

    What is hidden can be added up by subtraction from the whole, so that the sum must be more than `smallest` and of at
    least two parts.
    """
    each = np.asarray(counts)
    hide = (each > 0) & (each <= smallest)
    while hide.any() and (hide.sum() == 1 or each[hide].sum() <= smallest):
        others = np.flatnonzero(~hide & (each > 0))
        if not others.size:
            break
        hide[others[np.argmin(each[others])]] = True
    return np.asarray(hide)


def share(count: int, of: int) -> float:
    """A share in whole per cent: finer ones give away how many people it is of."""
    return round(count / of, 2)


def rounded(count: int, smallest: int = SMALLEST) -> float:
    """A count to the lower multiple of `smallest`, so that differences between counts tell of nobody; missing if few."""
    if smallest == 0:
        return float(count)
    return math.nan if 0 < count <= smallest else float(count // smallest * smallest)
