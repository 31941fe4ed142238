"""The census of a life: where the patient stands at given times."""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.compiling import compiled

STATE, WALKS, DOSES_SO_FAR = range(3)
"""Columns: the ledger's `State`, whether the patient walks (0 or 1), and doses given."""
WIDTH = 3
DEAD = -1
"""Instead of a state."""


@compiled
def open_census(census: Any) -> None:
    """Nobody has been counted yet; whoever is not counted by the end is dead. `census` has shape (times, WIDTH)."""
    for k in range(census.shape[0]):
        census[k, STATE], census[k, WALKS], census[k, DOSES_SO_FAR] = DEAD, 0, 0


@compiled
def take_census(census: Any, times: Any, life: Any, state: int, end: float, last: bool) -> float:
    """Count a patient at the times from `life.time` to before `end`, and at `end` if it is the last.

    Returns the earliest time (years) that is still to come, infinite if there is none.
    """
    coming = inf
    for k in range(times.shape[0]):
        if times[k] >= life.time and (times[k] < end or (last and times[k] <= end)):
            census[k, STATE] = state
            census[k, WALKS] = life.walking
            census[k, DOSES_SO_FAR] = life.doses
        elif times[k] >= end:
            coming = min(coming, times[k])
    return coming


@compiled
def close_census(census: Any, life: Any) -> None:
    """At the end of a life, give the dead the doses that they had."""
    for k in range(census.shape[0]):
        if census[k, STATE] == DEAD:
            census[k, DOSES_SO_FAR] = life.doses
