"""The rule for small numbers: what must not be shown of few people, and what could be worked out from what is shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SMALLEST = 10
"""Counts from 1 to this are hidden, as the US Medicare agency asks (0 may be shown)."""
WHOLE = 100
"""Below so many people shares are told in whole per cent, because finer ones give counts away."""


def hidden(counts: Sequence[int] | NDArray[np.int64], of: int, smallest: int = SMALLEST) -> NDArray[np.bool_]:
    """Which of the counts of some people are hidden: few, or all but few."""
    each = np.asarray(counts)
    few = (each > 0) & (each <= smallest)
    return np.asarray(few | ((of - each > 0) & (of - each <= smallest)))


def hidden_parts(counts: Sequence[int] | NDArray[np.int64], smallest: int = SMALLEST) -> NDArray[np.bool_]:
    """Which parts of one whole are hidden: the few, and one more where a single one could be worked out from the rest."""
    each = np.asarray(counts)
    hide = (each > 0) & (each <= smallest)
    if hide.sum() == 1:
        others = np.flatnonzero(~hide & (each > 0))
        if others.size:
            hide[others[np.argmin(each[others])]] = True
    return np.asarray(hide)


def told(count: int, of: int) -> float:
    """A share as it may be told: in whole per cent among few people."""
    share = count / of
    return round(share, 2) if of < WHOLE else share
