"""Who is at risk and who has an event at each time, by hand; and data that cannot be."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulator.statistics.endpoints.risk_sets import COLUMNS, last_follow_up, participants, risk_table, time_to_event


def table_of(time, event, arm, stratum=None, which=0):
    """The rows of the risk table of one trial."""
    times, events, arms, strata = time_to_event(time, event, arm, stratum)
    order = participants(times[0], events[0], arms[0])
    table = np.full((times.shape[1], COLUMNS), math.nan)
    return table[: risk_table(times[0], events[0], arms[0], strata[0], order, which, table)].tolist()


def test_at_risk_and_events_at_each_time():
    """Ended at 2 is still at risk at 2; two of arm 1 have either event at 3; the absent are nowhere."""
    time = [2.0, 3.0, 1.0, 2.0, 3.0, 4.0, 0.5]
    event = [1, 1, 0, 0, 2, 0, 1]
    arm = [0, 1, 0, 1, 1, 0, -1]
    assert table_of(time, event, arm) == [
        [2.0, 2.0, 3.0, 1.0, 0.0, 0.0, 0.0],
        [3.0, 1.0, 2.0, 0.0, 1.0, 0.0, 1.0],
    ]


def test_each_stratum_has_its_own_rows():
    """The same people in two strata."""
    time, event, arm = [2.0, 3.0, 1.0, 2.0], [1, 1, 1, 2], [0, 1, 0, 1]
    stratum = [0, 0, 1, 1]
    assert table_of(time, event, arm, stratum, 0) == [[2, 1, 1, 1, 0, 0, 0], [3, 0, 1, 0, 1, 0, 0]]
    assert table_of(time, event, arm, stratum, 1) == [[1, 1, 1, 1, 0, 0, 0], [2, 0, 1, 0, 0, 0, 1]]
    assert table_of(time, event, arm, stratum, 2) == []


def test_participants_and_the_longest_follow_up():
    """By time, without the absent; an arm without anybody was never followed."""
    time, event, arm, _ = time_to_event([3.0, 1.0, 2.0, 0.1], 1, [0, 0, 0, -1])
    assert participants(time[0], event[0], arm[0]).tolist() == [1, 2, 0]
    assert last_follow_up(time[0], arm[0]).tolist() == [3.0, -math.inf]


def test_one_trial_may_come_as_a_row_and_arms_of_all_trials_as_one():
    """Shapes are those of the times."""
    found = time_to_event([[1.0, 2.0], [3.0, 4.0]], [1, 0], [0, 1])
    assert [each.shape for each in found] == [(2, 2)] * 4
    assert [each.dtype for each in found] == [np.float64, np.int8, np.int8, np.int32]
    assert time_to_event([1.0, 2.0], 1, 0)[0].shape == (1, 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"time": [[1.0, 2.0], [1.0, np.nan]]}, "trial 1, patient 1 needs a time of 0 or more"),
        ({"time": [[1.0, -2.0], [1.0, 1.0]]}, "trial 0, patient 1 needs a time of 0 or more"),
        ({"event": [[0, 1], [3, 0]]}, "trial 1, patient 0 needs event code"),
        ({"event": [[-1, 1], [1, 0]]}, "trial 0, patient 0 needs event code"),
        ({"arm": [[0, 2], [0, 1]]}, "trial 0, patient 1 needs arm 0, 1 or negative"),
        ({"stratum": [[0, -1], [0, 0]]}, "trial 0, patient 1 needs a stratum"),
        ({"event": [[0, 1, 1]]}, "event has shape"),
    ],
)
def test_bad_data_is_named(change, said):
    """Data that cannot be is refused with the first such trial and patient; a time of 0 and event 2 can be."""
    data = {
        "time": [[0.0, 2.0], [1.0, 2.0]],
        "event": [[0, 2], [1, 0]],
        "arm": [[0, 1], [0, 1]],
        "stratum": [[0, 0], [0, 1]],
    }
    time_to_event(**data)
    with pytest.raises(ValueError, match=said):
        time_to_event(**(data | change))
