"""What of a trial exists at a date, patient by patient."""

from __future__ import annotations

import numpy as np
import pytest
from small_trials import NEVER, trial

from simulator.questions.trial.analysis.data import cut, limited

DATA = trial(
    arm=[0, 1, 1],
    entry=[0.0, 0.5, 1.0],
    end=[1.5, 1.5, 1.5],
    died=[0.4, 0.5, NEVER],
    lost=[NEVER, NEVER, 0.2],
    tcpo2_entry=[11.0, 12.0, 13.0],
    stratum=[1, 2, 3],
    screened=[4.0, 5.0, 6.0],
    site=[1, 2, 3],
    visits=(0.25, 0.5),
    tcpo2=[21.0, 22.0, 23.0, 24.0, 25.0, 26.0],
)


def test_a_look_sees_what_had_happened() -> None:
    """At 0.9: the first died, the second has been in for 0.4 and has not yet, the third has not entered."""
    seen = cut(DATA, 0.9)
    assert seen.arm.tolist() == [[0, 1, -1]] and seen.entered.tolist() == [[True, True, False]]
    assert seen.entry.tolist() == [[0.0, 0.5, NEVER]]
    assert seen.end[0, :2] == pytest.approx([0.9, 0.4]) and seen.end[0, 2] == -NEVER
    assert seen.died.tolist() == [[0.4, NEVER, NEVER]] and seen.lost.tolist() == [[NEVER] * 3]
    assert np.isnan(seen.tcpo2_entry[0, 2]) and seen.tcpo2_entry[0, :2].tolist() == [11.0, 12.0]
    assert (seen.stratum.tolist(), seen.screened.tolist(), seen.site.tolist()) == (
        [[1, 2, -1]],
        [[4.0, 5.0, 0.0]],
        [[1, 2, -1]],
    )
    assert np.isnan(seen.tcpo2[0]).tolist() == [[False, False], [False, True], [True, True]]


def test_on_the_very_day_it_has_happened() -> None:
    """Entry, death and visit count on their date; after the end of follow-up nobody is followed longer."""
    assert cut(DATA, 1.0).died.tolist() == [[0.4, 0.5, NEVER]]
    assert cut(DATA, 1.0).entered.all() and cut(DATA, 1.0).end[0].tolist() == [1.0, 0.5, 0.0]
    assert not np.isnan(cut(DATA, 0.25).tcpo2[0, 0, 0])
    late = cut(DATA, 9.0)
    assert late.end.tolist() == [[1.5] * 3] and late.followed.tolist() == [[1.5, 1.5, 0.2]]


def test_each_trial_has_its_own_date() -> None:
    """Two trials of the same people; some of them, and all in one row."""
    two = trial(arm=[[0, 1], [0, 1]], entry=[[0.0, 1.0], [0.0, 1.0]])
    assert cut(two, [0.5, 1.5]).entered.tolist() == [[True, False], [True, True]]
    assert two.shape == (2, 2) and two.pooled().arm.tolist() == [[0, 1, 0, 1]]
    assert DATA.pooled().tcpo2.shape == (1, 3, 2)
    assert two.some(slice(1), 1).arm.tolist() == [[0]]


def test_fewer_patients_and_accrual_that_rests() -> None:
    """The first two of three; held after the first until 0.3, both others come as much later as the wait; never earlier."""
    few = limited(DATA, 2)
    assert few.arm.tolist() == [[0, 1, -1]] and few.entry.tolist() == [[0.0, 0.5, NEVER]]
    held = limited(DATA, [3], after=1, held_until=[0.3])
    assert held.entry[0] == pytest.approx([0.0, 0.8, 1.3])
    assert limited(DATA, 3, after=2, held_until=[0.1]).entry.tolist() == DATA.entry.tolist()
    assert limited(DATA, 3, after=3, held_until=[9.0]).entry.tolist() == DATA.entry.tolist()
    assert DATA.entry.tolist() == [[0.0, 0.5, 1.0]]
