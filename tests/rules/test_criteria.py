"""Who may enter a study or be offered a treatment."""

from __future__ import annotations

import pytest

from rules.people import a_patient, criteria
from simulator.rules.population.criteria import may_enter
from simulator.words.vocabulary import Renal

NORMAL, MODERATE, SEVERE, DIALYSIS = map(float, Renal)


@pytest.mark.parametrize(
    ("limits", "who", "enters"),
    [
        ({}, {}, True),
        ({"tcpo2_below": 30.0}, {"tcpo2_measured": 29.9}, True),
        ({"tcpo2_below": 30.0}, {"tcpo2_measured": 30.0}, False),
        ({"tcpo2_below": 30.0}, {"tcpo2_measured": 29.0, "tcpo2": 50.0}, True),
        ({"tcpo2_below": 30.0}, {"tcpo2_measured": 50.0, "ankle_pressure_low": 1.0}, False),
        (
            {"tcpo2_below": 30.0, "ankle_pressure_counts": 1.0},
            {"tcpo2_measured": 50.0, "ankle_pressure_low": 1.0},
            True,
        ),
        ({"tcpo2_below": 30.0, "ankle_pressure_counts": 1.0}, {"tcpo2_measured": 50.0}, False),
        ({"tcpo2_at_least": 10.0}, {"tcpo2_measured": 10.0}, True),
        ({"tcpo2_at_least": 10.0}, {"tcpo2_measured": 9.9}, False),
        (
            {"tcpo2_at_least": 10.0, "tcpo2_below": 8.0, "ankle_pressure_counts": 1.0},
            {"tcpo2_measured": 9.0, "ankle_pressure_low": 1.0},
            False,
        ),
        ({"age_at_least": 60.0}, {"age": 60.0}, True),
        ({"age_at_least": 60.0}, {"age": 59.9}, False),
        ({"age_below": 80.0}, {"age": 79.9}, True),
        ({"age_below": 80.0}, {"age": 80.0}, False),
        ({"rutherford_at_least": 5.0}, {"rutherford": 5.0}, True),
        ({"rutherford_at_least": 5.0}, {"rutherford": 4.0}, False),
        ({"rutherford_at_most": 5.0}, {"rutherford": 5.0}, True),
        ({"rutherford_at_most": 5.0}, {"rutherford": 6.0}, False),
        ({}, {"renal": DIALYSIS}, True),
        ({"dialysis": 0.0}, {"renal": DIALYSIS}, False),
        ({"dialysis": 0.0}, {"renal": SEVERE}, True),
        ({"severe_renal": 0.0}, {"renal": SEVERE}, False),
        ({"severe_renal": 0.0}, {"renal": DIALYSIS}, True),
        ({"severe_renal": 0.0, "dialysis": 0.0}, {"renal": MODERATE}, True),
        ({"severe_renal": 0.0, "dialysis": 0.0}, {"renal": NORMAL}, True),
        ({"angioplasty_suitable": -1.0}, {"angioplasty_suitable": 1.0}, True),
        ({"angioplasty_suitable": -1.0}, {"angioplasty_suitable": 0.0}, True),
        ({"angioplasty_suitable": 0.0}, {"angioplasty_suitable": 0.0}, True),
        ({"angioplasty_suitable": 0.0}, {"angioplasty_suitable": 1.0}, False),
        ({"angioplasty_suitable": 1.0}, {"angioplasty_suitable": 1.0}, True),
        ({"angioplasty_suitable": 1.0}, {"angioplasty_suitable": 0.0}, False),
        ({}, {"beyond_salvage": 1.0}, True),
        ({"beyond_salvage": 0.0}, {"beyond_salvage": 1.0}, False),
        ({"beyond_salvage": 0.0}, {}, True),
    ],
)
def test_each_criterion_turns_away_whom_it_says(limits: dict[str, float], who: dict[str, float], enters: bool) -> None:
    """Limits act on the measured TcPO2. A low ankle pressure stands in for the upper limit only, and only if it counts."""
    assert may_enter(criteria(**limits), a_patient(**who)) == enters
