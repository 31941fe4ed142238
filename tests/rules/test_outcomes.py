"""Outcomes of a life at a time, and TcPO2 after the last treatment."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
import pytest

from rules.people import a_life, deviate, values
from simulator.living.outcomes import OUTCOMES, WIDTH, last_tcpo2, outcomes_of
from simulator.words.vocabulary import State, Stream

PARAMS = {"last_tcpo2_days": 73.05, "measurement_sd": 5.0, "judgement_tcpo2": 40.0}
ERROR = 5.0 * deviate(Stream.LAST_ERROR)
RISING = {"tcpo2_start": 20.0, "tcpo2_slope": 10.0, "last_tcpo2_at": 0.4}
"""A limb that gains 10 mmHg a year; the untreated are measured at 0.4 years."""


@pytest.mark.parametrize(
    ("life", "by", "when"),
    [
        ({}, 5.0, 0.4),
        ({}, 0.3, 0.3),
        ({"doses": 1, "first_dose_at": 1.0, "last_dose_at": 1.0}, 5.0, 1.2),
        ({"doses": 3, "first_dose_at": 1.0, "last_dose_at": 2.0}, 5.0, 2.2),
        ({"doses": 3, "first_dose_at": 1.0, "last_dose_at": 2.0}, 2.1, 2.1),
        ({"doses": 3, "first_dose_at": 1.0, "last_dose_at": 2.0, "died_at": 2.05}, 5.0, 2.05),
        ({"doses": 3, "first_dose_at": 1.0, "last_dose_at": 2.0, "amputated_at": 2.04, "died_at": 2.05}, 5.0, 2.04),
        ({"died_at": 0.1}, 5.0, 0.1),
    ],
)
def test_tcpo2_is_measured_a_while_after_the_last_dose_or_when_it_last_can_be(
    life: dict[str, float], by: float, when: float
) -> None:
    """0.2 years after the last dose, with an error of its own; by then death, amputation or the date may have come."""
    seen = last_tcpo2(a_life(**RISING, **life), values(**PARAMS), by)
    assert seen == pytest.approx(20.0 + 10.0 * when + ERROR)


def outcomes(t: float, state: int = State.ULCER, walking: int = 0, doses: int = 2, **life: Any) -> dict[str, float]:
    """The outcomes by time t of a life, by name; a flat TcPO2 without error of measurement."""
    out = np.full((1, WIDTH), np.nan)
    params = values(**{**PARAMS, "measurement_sd": 0.0})
    census = np.array([[state, walking, doses]])
    outcomes_of(out, a_life(last_tcpo2_at=0.4, **life), params, np.array([t]), census)
    return dict(zip(OUTCOMES, map(float, out[0]), strict=True))


PLAIN = {
    "major_amputation": 0.0,
    "death": 0.0,
    "amputation_free_survival": 1.0,
    "healing": 0.0,
    "healing_without_amputation": 0.0,
    "walking": 0.0,
    "doses": 2.0,
    "tcpo2_last": 20.0,
    "tcpo2_last_40": 0.0,
    "minor_amputation": 0.0,
    "life_years": 2.0,
}
DEAD = {"death": 1.0, "amputation_free_survival": 0.0}
LOST = {"major_amputation": 1.0, "amputation_free_survival": 0.0}


@pytest.mark.parametrize(
    ("life", "changed"),
    [
        ({}, {}),
        ({"amputated_at": 2.0, "state": State.BELOW_KNEE}, LOST),
        ({"amputated_at": 2.1}, {}),
        ({"died_at": 1.5, "state": -1}, DEAD | {"life_years": 1.5}),
        ({"died_at": 1.5, "state": -1, "walking": 1}, DEAD | {"life_years": 1.5}),
        ({"died_at": 1.5, "state": -1, "amputated_at": 1.0}, DEAD | LOST | {"life_years": 1.5}),
        ({"died_at": 2.5}, {}),
        ({"healed_at": 2.0, "state": State.HEALED}, {"healing": 1.0, "healing_without_amputation": 1.0}),
        ({"healed_at": 2.1}, {}),
        ({"healed_at": 1.0, "amputated_at": 1.5, "state": State.ABOVE_KNEE}, LOST | {"healing": 1.0}),
        ({"walking": 1, "state": State.REST_PAIN}, {"walking": 1.0}),
        ({"walking": 1, "state": State.HEALED}, {"walking": 1.0}),
        ({"minor_amputation_at": 2.0}, {"minor_amputation": 1.0}),
        ({"minor_amputation_at": 2.1}, {}),
        ({"tcpo2_start": 40.0}, {"tcpo2_last": 40.0, "tcpo2_last_40": 1.0}),
        ({"tcpo2_start": 39.9}, {"tcpo2_last": 39.9}),
        ({"doses": 0}, {"doses": 0.0}),
    ],
)
def test_outcomes_by_two_years(life: dict[str, Any], changed: dict[str, float]) -> None:
    """Events of the very day count; death competes with all, and a lost limb with healing without amputation."""
    assert outcomes(2.0, **life) == PLAIN | changed


@pytest.mark.parametrize("t", [0.0, 1.0, inf])
def test_life_years_are_restricted_to_the_time_asked_for(t: float) -> None:
    """Who dies at 0.75 years has lived as long by then and later, and less before."""
    assert outcomes(t, state=-1, died_at=0.75)["life_years"] == min(t, 0.75)
    assert outcomes(t)["life_years"] == t


def test_tcpo2_is_measured_on_the_day_of_the_schedule_or_when_it_last_can_be() -> None:
    """By 0.2 years the value of then, by 0.4 and ever after that of 0.4 years, with one error; a limb lost at 0.3 keeps that."""
    times = np.array([0.2, 0.4, 3.0])
    for life, when in (({}, [0.2, 0.4, 0.4]), ({"amputated_at": 0.3}, [0.2, 0.3, 0.3])):
        out, census = np.full((3, WIDTH), np.nan), np.zeros((3, 3), np.int64)
        outcomes_of(out, a_life(**RISING, **life), values(**PARAMS), times, census)
        assert out[:, OUTCOMES.index("tcpo2_last")] == pytest.approx([20.0 + 10.0 * t + ERROR for t in when])
