"""When a trial is looked at, how much is known by then, and when it ends: small trials by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_trials import NEVER, trial

from simulator.questions.trial.analysis.looks import (
    Marks,
    end_of_trial,
    event_dates,
    foreseen,
    information,
    look_dates,
    marks,
)
from simulator.questions.trial.design.endpoint import Endpoint

LOGRANK = Endpoint(name="e", outcome="death", test="logrank")
AT_SIX = Endpoint(name="e", outcome="death", test="chi_square", at_months=6.0)


def design(by: str | None = None, at: tuple[float, ...] = (), primary: Endpoint = LOGRANK, **more: Any) -> Any:
    usual = {
        "patients": 100,
        "size": SimpleNamespace(events=None),
        "stages": None,
        "predictive": None,
        "looks": None if by is None else SimpleNamespace(by=by, at=at),
        "primary": primary,
        "follow_up": SimpleNamespace(months=12.0),
        "accrual": SimpleNamespace(date=lambda n: np.asarray(n) / 120.0),
    }
    return SimpleNamespace(**(usual | more))


def test_numbers_of_a_design_at_another_size() -> None:
    """Half as many patients, half as many events and patients at the looks, and never none."""
    events = SimpleNamespace(events=61)
    assert marks(design()) == Marks(100, None, "months", ())
    assert marks(design("patients", (30.0, 60.0)), 50) == Marks(50, None, "patients", (15.0, 30.0))
    assert marks(design("events", (21.0,), size=events), 50) == Marks(50, 30, "events", (10.0,))
    assert marks(design("events", (1.0,), size=SimpleNamespace(events=1)), 10) == Marks(10, 1, "events", (1.0,))
    assert marks(design("information", (0.3, 0.5), size=events)) == Marks(100, 61, "events", (19.0, 31.0))
    assert marks(design("information", (0.295,), AT_SIX), 200) == Marks(200, None, "patients", (59.0,))
    stages = SimpleNamespace(n1=30)
    assert marks(design(stages=stages), 50) == Marks(50, None, "patients", (15.0,))
    assert marks(design(predictive=SimpleNamespace(at=(20, 40))), 50) == Marks(50, None, "patients", (10.0, 20.0))
    assert marks(design(stages=SimpleNamespace(n1=1)), 10) == Marks(10, None, "patients", (1.0,))
    assert marks(design(predictive=SimpleNamespace(at=(1,))), 10) == Marks(10, None, "patients", (1.0,))


def test_months_stretch_with_the_length_of_the_trial() -> None:
    """100 patients come in ten months and are followed for twelve; 210 take eleven more: 33 instead of 22 months."""
    assert marks(design("months", (6.0, 11.0)), 210).at == pytest.approx((9.0, 16.5))
    assert marks(design("months", (6.0,))).at == pytest.approx((6.0,))
    assert marks(design("months", (), size=SimpleNamespace(events=61))) == Marks(100, 61, "months", ())


def test_whether_information_is_known_in_advance() -> None:
    """Events for a log-rank test, patients for a share; not months, nor the other of both."""
    for by, primary, known in (
        ("events", LOGRANK, True),
        ("patients", LOGRANK, False),
        ("patients", AT_SIX, True),
        ("events", AT_SIX, False),
        ("information", AT_SIX, True),
        ("months", LOGRANK, False),
    ):
        assert foreseen(design(by, (1.0,), primary)) is known
    assert foreseen(design())


DATA = trial(
    arm=[0, 1, 0, 1],
    entry=[0.0, 0.25, 0.5, 0.75],
    end=2.0,
    died=[1.0, 0.5, NEVER, 0.1],
)
"""Deaths on 1.0, 0.75 and 0.85."""


def test_dates_of_events_and_of_the_end() -> None:
    """In their order, never for those who have none; the end a year after the last entry, or with the second event."""
    assert event_dates(LOGRANK, DATA)[0] == pytest.approx([0.75, 0.85, 1.0, NEVER])
    assert end_of_trial(design(), DATA, None).tolist() == [1.75]
    assert end_of_trial(design(), DATA, 2) == pytest.approx([0.85])
    assert end_of_trial(design(), DATA, 4).tolist() == [1.75] and end_of_trial(design(), DATA, 5).tolist() == [1.75]
    all_died = trial(arm=[0, 1], died=[0.5, 0.25])
    assert end_of_trial(design(), all_died, 2).tolist() == [0.5]
    absent = trial(arm=[0, -1], entry=[0.5, NEVER], died=[NEVER, 0.1])
    assert end_of_trial(design(), absent, None).tolist() == [1.5]


def test_dates_of_looks() -> None:
    """After months, after patients (and what they must wait), after events; a look after the end comes with the end."""
    assert look_dates(design(), DATA, Marks(4, None, "months", (6.0, 30.0)))[0] == pytest.approx([0.5, 1.75, 1.75])
    assert look_dates(design(), DATA, Marks(4, None, "patients", (2.0,)))[0] == pytest.approx([0.25, 1.75])
    waiting = look_dates(design(primary=AT_SIX), DATA, Marks(4, None, "patients", (2.0, 9.0)))
    assert waiting[0] == pytest.approx([0.75, 1.25, 1.75])
    assert look_dates(design(), DATA, Marks(4, 3, "events", (1.0, 2.0)))[0] == pytest.approx([0.75, 0.85, 1.0])
    assert look_dates(design(), DATA, Marks(4, None, "events", (9.0,)))[0] == pytest.approx([1.75, 1.75])


def test_each_trial_has_its_own_dates() -> None:
    """Three trials of two people each, looked at after one month, one person and one death."""
    three = trial(arm=[[0, 1]] * 3, entry=[[0.0, 0.5], [0.1, 0.6], [0.2, 0.7]], died=[[0.3, 1.0]] * 3)
    for by, expected in (("months", [1 / 12] * 3), ("patients", [0.0, 0.1, 0.2]), ("events", [0.3, 0.4, 0.5])):
        dates = look_dates(design(), three, Marks(2, None, by, (1.0,)))
        assert dates[:, 0] == pytest.approx(expected)
        assert dates[:, 1] == pytest.approx([1.5, 1.6, 1.7])


def test_information_is_events_or_who_is_through() -> None:
    """Three deaths; three of four have been in for half a year."""
    assert information(LOGRANK, DATA).tolist() == [3.0]
    some = trial(arm=[0, 1, 0, -1], end=[0.5, 0.4, 2.0, 2.0], died=[NEVER, 0.1, NEVER, 0.1])
    assert information(AT_SIX, some).tolist() == [2.0] and information(LOGRANK, some).tolist() == [1.0]
