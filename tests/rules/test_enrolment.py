"""When a patient enters a study and how long it sees them."""

from __future__ import annotations

import numpy as np
import pytest

from rules.people import KEY, PATIENT_NUMBER, SEED, chance, exponential
from simulator.rules.population.enrolment import follow_up_end, follow_up_ends
from simulator.words.vocabulary import Stream

ENTRY = chance(Stream.ENTRY_DATE)
LOST = exponential(Stream.DROP_OUT)


def test_follow_up_to_the_data_cut_is_uniform_between_its_limits() -> None:
    """Who enters first is seen 5 years, who enters last 2: 5 - 3 u years."""
    end, lost = follow_up_end(KEY, PATIENT_NUMBER, 2.0, 5.0, 0.0)
    assert (end, lost) == (pytest.approx(5.0 - 3.0 * ENTRY), False)


def test_a_loss_before_the_cut_ends_follow_up() -> None:
    """Losses at a rate r come after -log(u) / r years: half a year before the cut, and half a year too late."""
    cut = 5.0 - 3.0 * ENTRY
    assert follow_up_end(KEY, PATIENT_NUMBER, 2.0, 5.0, LOST / (cut - 0.5)) == (pytest.approx(cut - 0.5), True)
    assert follow_up_end(KEY, PATIENT_NUMBER, 2.0, 5.0, LOST / (cut + 0.5)) == (pytest.approx(cut), False)


def test_a_loss_at_the_cut_is_none() -> None:
    """Whoever is seen at the cut was not lost."""
    assert follow_up_end(KEY, PATIENT_NUMBER, 2.0, 2.0, LOST / 2.0)[1] == (LOST / (LOST / 2.0) < 2.0)


def test_a_cohorts_ends_are_those_of_its_patients() -> None:
    """By number, losses among them."""
    ends = follow_up_ends(SEED, [3, PATIENT_NUMBER], 2.0, 5.0, 0.3)
    assert list(ends) == [follow_up_end(KEY, i, 2.0, 5.0, 0.3)[0] for i in (3, PATIENT_NUMBER)]
    assert len(np.unique(ends)) == 2
