"""The compiled engine for patients who are kept one by one, with as much room as their history needs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.living.cohort_arrays import Followed, new_arrays, rows_of
from simulator.living.compiled import HISTORY, follow_block
from simulator.rules.pathway.life import LIFE

ROOM = 64
"""Events per patient for which room is made at first. A longer history is written in a second run."""


def follow(
    params: Any,
    policy: Any,
    entry: Any,
    given: NDArray[np.float64],
    seed: int,
    first: int,
    count: int,
    ages: NDArray[np.float64],
    log_hazards: NDArray[np.float64],
    clock: NDArray[np.float64],
    visits: NDArray[np.float64],
    discounted_visits: NDArray[np.float64],
    times: NDArray[np.float64],
    events: bool = True,
) -> Followed:
    """Follow patients first .. first + count - 1 under one policy, as `simulator.living.reference.follow` does."""
    key: Any = np.uint64(seed)
    history = np.zeros(ROOM * count if events else 0, HISTORY)
    while True:
        arrays = new_arrays(count, times.shape[0])
        n, barred = follow_block(
            params,
            policy,
            entry,
            given,
            key,
            first,
            count,
            ages,
            log_hazards,
            clock,
            visits,
            discounted_visits,
            times,
            np.zeros(1, LIFE)[0],
            rows=rows_of(arrays["patients"]),
            history=history,
            **arrays,
        )
        if n <= history.shape[0] or not events:
            return Followed(**arrays, history=history[:n], barred=barred)
        history = np.zeros(n, HISTORY)
