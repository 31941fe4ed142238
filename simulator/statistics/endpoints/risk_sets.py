"""Who is at risk and who has an event at each event time of a trial: the table that every survival statistic reads.

Time-to-event data of many trials are arrays of shape (trials, patients): `time` from entry to the event or to the end
of follow-up, `event` 0 (censored), 1 (the event of interest) or 2 (a competing event), `arm` 0 or 1, or negative for a
patient who takes no part (not enrolled yet at this look, say). An optional `stratum` holds small integers from 0.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.compiling import compiled

Array = NDArray[np.float64]
Codes = NDArray[np.int8]
Strata = NDArray[np.int32]

COLUMNS = 7
"""Columns of a risk table: time, at risk in arms 0 and 1, events 1 in arms 0 and 1, events 2 in arms 0 and 1."""


def time_to_event(
    time: ArrayLike, event: ArrayLike, arm: ArrayLike, stratum: ArrayLike | None = None
) -> tuple[Array, Codes, Codes, Strata]:
    """The four arrays in the types that compiled code takes, all (trials, patients); one trial may come as a row.

    Raises `ValueError` for shapes that do not agree, codes that do not exist, and times that are NaN or negative in a
    patient who takes part, naming the first such trial and patient.
    """
    times = np.ascontiguousarray(np.atleast_2d(np.asarray(time, dtype=np.float64)))
    events, arms = (_codes(name, values, times.shape) for name, values in (("event", event), ("arm", arm)))
    if stratum is None:
        strata = np.zeros((1, times.shape[1]), dtype=np.int32)
        strata = np.ascontiguousarray(np.broadcast_to(strata, times.shape))
    else:
        strata = np.ascontiguousarray(np.broadcast_to(np.asarray(stratum, dtype=np.int32), times.shape))
    takes_part = arms >= 0
    for what, bad in (
        ("a time of 0 or more", ~(times >= 0.0)),
        ("event code 0, 1 or 2", (events < 0) | (events > 2)),
        ("arm 0, 1 or negative", arms > 1),
        ("a stratum of 0 or more", strata < 0),
    ):
        where = np.argwhere(bad & takes_part)
        if where.size:
            i, j = where[0]
            got = f"time {times[i, j]}, event {events[i, j]}, arm {arms[i, j]}, stratum {strata[i, j]}"
            raise ValueError(f"trial {i}, patient {j} needs {what}; got {got}")
    return times, events, arms, strata


def _codes(name: str, values: ArrayLike, shape: tuple[int, ...]) -> Codes:
    codes = np.asarray(values)
    try:
        return np.ascontiguousarray(np.broadcast_to(codes, shape).astype(np.int8))
    except ValueError:
        raise ValueError(f"{name} has shape {codes.shape}, time has {shape}") from None


@compiled
def participants(time: Array, event: Codes, arm: Codes) -> NDArray[np.int64]:
    """Indices of one trial's patients who take part, by increasing time."""
    count = 0
    for i in range(arm.size):
        if arm[i] >= 0:
            count += 1
    who = np.empty(count, dtype=np.int64)
    times = np.empty(count)
    count = 0
    for i in range(arm.size):
        if arm[i] >= 0:
            who[count] = i
            times[count] = time[i]
            count += 1
    return who[np.argsort(times)]


@compiled
def risk_table(
    time: Array, event: Codes, arm: Codes, stratum: Strata, order: NDArray[np.int64], which: int, table: Array
) -> int:
    """Fill `table` with one row per distinct event time of stratum `which` in one trial; returns the number of rows.

    Patients whose follow-up ends at an event time are still at risk at it. `table` has `COLUMNS` columns and a row for
    every patient.
    """
    at_risk_0, at_risk_1 = 0.0, 0.0
    for i in order:
        if stratum[i] == which:
            if arm[i] == 0:
                at_risk_0 += 1.0
            else:
                at_risk_1 += 1.0
    rows = 0
    here = -math.inf
    gone_0, gone_1 = 0.0, 0.0
    started = False
    for i in order:
        if stratum[i] != which:
            continue
        if time[i] != here:
            at_risk_0 -= gone_0
            at_risk_1 -= gone_1
            gone_0, gone_1 = 0.0, 0.0
            here = time[i]
            started = False
        if event[i] > 0:
            if not started:
                table[rows, 0] = here
                table[rows, 1] = at_risk_0
                table[rows, 2] = at_risk_1
                for column in range(3, COLUMNS):
                    table[rows, column] = 0.0
                rows += 1
                started = True
            table[rows - 1, (3 if event[i] == 1 else 5) + arm[i]] += 1.0
        if arm[i] == 0:
            gone_0 += 1.0
        else:
            gone_1 += 1.0
    return rows


@compiled
def last_follow_up(time: Array, arm: Codes) -> Array:
    """Longest follow-up in each arm of one trial; minus infinity in an empty arm."""
    last = np.full(2, -math.inf)
    for i in range(arm.size):
        if arm[i] >= 0 and time[i] > last[arm[i]]:
            last[arm[i]] = time[i]
    return last
