"""When patients come, by hand for each pattern."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from simulator.questions.trial.design.accrual import PLACES, Accrual, arrivals
from simulator.rules.draws import budget
from simulator.words.vocabulary import Stream


@pytest.mark.parametrize(
    ("pattern", "expected", "months"),
    [
        ({}, [0.0, 10.0, 25.0], [0.0, 1.0, 2.5]),
        # From nothing to ten a month in four months: 20 by then, 5 by the second month.
        ({"pattern": "ramp", "ramp_months": 4.0}, [0.0, 5.0, 20.0, 30.0], [0.0, 2.0, 4.0, 5.0]),
        # One site, from two months on two, from four on three: 20, then 40 more, then 30 a month.
        (
            {"pattern": "sites", "sites": 3, "opening_months": 2.0},
            [0.0, 10.0, 20.0, 40.0, 60.0, 90.0],
            [0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
        ),
        ({"pattern": "sites", "sites": 4, "opening_months": 0.0}, [20.0], [0.5]),
        ({"pattern": "sites", "sites": 4}, [20.0], [0.5]),
        # What another pattern would read.
        ({"ramp_months": 4.0, "opening_months": 2.0}, [20.0], [2.0]),
        (
            {"pattern": "pieces", "later_per_month": [20.0, 5.0], "from_months": [2.0, 3.0]},
            [10.0, 20.0, 30.0, 40.0, 45.0],
            [1.0, 2.0, 2.5, 3.0, 4.0],
        ),
    ],
)
def test_when_so_many_have_come(pattern: dict[str, object], expected: list[float], months: list[float]) -> None:
    """Ten a month (and site), in years."""
    accrual = Accrual(per_month=10.0, **pattern)  # type: ignore[arg-type]
    assert accrual.date(expected) == pytest.approx(np.array(months) / 12.0)
    twice = accrual.faster(2.0)
    assert twice.date(2.0 * np.array(expected)) == pytest.approx(
        np.array(months) / 12.0 if accrual.pattern != "ramp" else accrual.date(expected)
    )


@pytest.mark.parametrize(
    ("key", "inside", "outside"),
    [
        ("per_month", (0.01, 10_000.0), (0.009, 10_001.0)),
        ("ramp_months", (0.1, 240.0), (0.09, 241.0)),
        ("sites", (1, 1_000), (0, 1_001, 2.5)),
        ("opening_months", (0.0, 60.0), (-0.1, 61.0)),
        ("from_months", ([0.1], [240.0]), ([0.09], [241.0])),
    ],
)
def test_limits_of_numbers(key: str, inside: tuple[Any, ...], outside: tuple[Any, ...]) -> None:
    """The limits themselves can be, what lies beyond them cannot."""
    for value in inside:
        Accrual(**({"per_month": 1.0} | {key: value}))
    for value in outside:
        with pytest.raises(ValidationError, match=key):
            Accrual(**({"per_month": 1.0} | {key: value}))


def test_entries_are_evenly_spaced_or_random() -> None:
    """The middle of each tenth of a month; or unit-rate arrivals of each patient's own luck, the same in a larger trial."""
    plain = Accrual(per_month=10.0)
    assert plain.entries(np.uint64(1), 0, 2, 3) == pytest.approx(np.array([[0.05, 0.15, 0.25]] * 2) / 12.0)
    seed = np.uint64(7)
    found = arrivals(seed, 3, 2, 4)
    steps = [budget(seed, 4 * PLACES + i, Stream.ENTRY_DATE, 0) for i in range(4)]
    assert found[1] == pytest.approx(np.cumsum(steps)) and found.shape == (2, 4)
    assert arrivals(seed, 4, 1, 2)[0] == pytest.approx(found[1, :2])
    assert PLACES == 1_048_576, "the numbers of patients, and so their luck, follow from it"
    random = Accrual(per_month=10.0, poisson=True).entries(seed, 3, 2, 4)
    assert random == pytest.approx(found / 120.0)


def test_open_sites() -> None:
    """One where they are not told apart; all at once; or one more every two months up to three, the day included."""
    assert Accrual(per_month=10.0).open_sites([0.0, 5.0]).tolist() == [1, 1]
    assert Accrual(per_month=10.0, pattern="sites", sites=3, opening_months=0.0).open_sites([0.0]).tolist() == [3]
    slow = Accrual(per_month=10.0, pattern="sites", sites=3, opening_months=2.0)
    assert slow.open_sites([0.0, 1.9 / 12.0, 0.25, 4.0 / 12.0, 0.375, 9.0]).tolist() == [1, 1, 2, 3, 3, 3]
    assert Accrual(per_month=10.0, sites=3).open_sites([5.0]).tolist() == [1]


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        ({}, []),
        ({"pattern": "ramp"}, ["ramp_months"]),
        ({"ramp_months": 3.0}, ["ramp_months"]),
        ({"pattern": "sites"}, ["sites", "opening_months"]),
        ({"pattern": "sites", "sites": 3, "opening_months": 0.0, "hospitals": "different"}, []),
        ({"hospitals": "different"}, ["hospitals"]),
        ({"pattern": "pieces"}, ["later_per_month", "from_months"]),
        ({"pattern": "pieces", "later_per_month": [1.0], "from_months": [1.0, 2.0]}, ["from_months"]),
        ({"pattern": "pieces", "later_per_month": [1.0, 2.0], "from_months": [2.0, 1.0]}, ["from_months"]),
        ({"pattern": "pieces", "later_per_month": [1.0, 2.0], "from_months": [2.0, 2.0]}, ["from_months"]),
        ({"pattern": "pieces", "later_per_month": [1.0, 2.0], "from_months": [1.0, 2.0]}, []),
    ],
)
def test_keys_that_a_pattern_needs(given: dict[str, object], keys: list[str]) -> None:
    """Those that are missing or do nothing."""
    assert [key for key, _, _ in Accrual(per_month=10.0, **given).faults()] == keys  # type: ignore[arg-type]
