"""When a patient enters a study and how long it sees them: entry dates, the data cut and losses to follow-up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled
from simulator.rules.draws import budget, uniform
from simulator.words.vocabulary import Stream


@compiled
def follow_up_end(seed: int, i: int, shortest: float, longest: float, loss_rate: float) -> tuple[float, bool]:
    """Years from entry until patient i is no longer seen, if still alive, and whether that is a loss to follow-up.

    Entry dates are uniform, so follow-up to the data cut is uniform between `shortest` and `longest` (years); losses
    come at a constant `loss_rate` (per year).
    """
    end = longest - (longest - shortest) * uniform(seed, i, Stream.ENTRY_DATE, 0)
    if loss_rate > 0.0:
        lost_at = budget(seed, i, Stream.DROP_OUT, 0) / loss_rate
        if lost_at < end:
            return lost_at, True
    return end, False


def follow_up_ends(
    seed: int, patients: Iterable[int], shortest: float, longest: float, loss_rate: float
) -> NDArray[np.float64]:
    """`follow_up_end` of each patient by number, without its reason."""
    key: Any = np.uint64(seed)
    return np.array([follow_up_end(key, i, shortest, longest, loss_rate)[0] for i in patients])
