"""Curves of what happens to patients: cumulative incidence by hand, early and late hazards, which endpoint is shown."""

from __future__ import annotations

from math import exp, log
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.questions.trial.analysis.seen import TimeToEvent
from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.results import event_curves as module
from simulator.questions.trial.results.event_curves import early_and_late, incidence, shown_endpoint
from simulator.statistics.endpoints.effect import Effect


def test_incidence_with_a_competing_event_by_hand() -> None:
    """Event at 1, death at 2, event at 3, lost at 4, event at 5: a fifth, 3/5 of a third more, then all that is left."""
    time, code = np.array([3.0, 1.0, 2.0, 5.0, 4.0]), np.array([1, 1, 2, 1, 0], np.int8)
    found = incidence(time, code, np.array([0.0, 0.999, 1.0, 2.5, 3.0, 4.9, 5.0, 9.0]))
    free = 3.0 / 5.0
    after = 1.0 / 5.0 + free / 3.0
    left = free * 2.0 / 3.0
    assert found == pytest.approx([0.0, 0.0, 0.2, 0.2, after, after, after + left, after + left])
    assert incidence(np.zeros(0), np.zeros(0, np.int8), np.array([1.0])) == pytest.approx([0.0])


def test_which_endpoint_is_shown() -> None:
    """The first endpoint as a time to its event; where it is none, the loss of the leg or of life."""
    healing: Any = SimpleNamespace(primary=Endpoint(name="h", outcome="healing", test="risk_ratio", at_months=6.0))
    shown = shown_endpoint(healing)
    assert (shown.name, shown.outcome, shown.test, shown.at_months) == ("h", "healing", "cox", None)
    oxygen: Any = SimpleNamespace(primary=Endpoint(name="o", outcome="tcpo2", test="ancova", at_months=6.0))
    other = shown_endpoint(oxygen)
    assert (other.name, other.outcome, other.test) == ("o", "amputation_free_survival", "cox")


def test_limits_of_an_effect() -> None:
    """1.96 errors about a difference, and about the logarithm of a ratio."""
    effect = Effect(np.array([0.5]), np.array([0.1]), np.array([5.0]))
    assert module._limits(effect) == pytest.approx((0.5, 0.304004, 0.695996), abs=1e-5)
    assert module._limits(effect, exponential=True) == pytest.approx((exp(0.5), exp(0.304004), exp(0.695996)), abs=1e-4)


CHANGES = 0.628
"""When the hazard changes, which with 0.5 and then 1 is the median time of the events seen within 1.5 years."""


def people(early: float, late: float, n: int = 2_000) -> tuple[TimeToEvent, Any]:
    """Both arms at the quantiles of their laws: a rate of one a year, and of these before and after it changes."""
    u = (np.arange(n) + 0.5) / n
    total = -np.log1p(-u)
    treated = np.where(total < CHANGES * early, total / early, CHANGES + (total - CHANGES * early) / late)
    time = np.concatenate([total, treated])[None]
    seen = np.minimum(time, 1.5)
    code = (time <= 1.5).astype(np.int8)
    return TimeToEvent(seen, code, np.full_like(seen, 1.5)), np.repeat(np.array([0, 1], np.int8), n)[None]


def test_hazards_before_and_after_the_median_time_of_events() -> None:
    """A treatment that halves the hazard at first and no more later."""
    seen, group = people(0.5, 1.0)
    found = early_and_late(seen, group)
    assert found is not None
    middle, early, late = found
    happened = seen.time[0][seen.code[0] == 1]
    assert middle == pytest.approx(float(np.median(happened))) == pytest.approx(CHANGES, abs=0.01)
    assert exp(early.estimate[0]) == pytest.approx(0.5, abs=0.06) and exp(late.estimate[0]) == pytest.approx(
        1.0, abs=0.06
    )
    same = early_and_late(*people(0.7, 0.7))
    assert same is not None
    assert [each.estimate[0] for each in same[1:]] == pytest.approx([log(0.7)] * 2, abs=0.05)


def test_few_events_are_not_split() -> None:
    """Fewer than two hundred events of the arms that are compared."""
    seen, group = people(0.5, 1.0, 200)
    assert early_and_late(seen, group) is not None
    few, arms = people(0.5, 1.0, 100)
    assert early_and_late(few, arms) is None
    assert early_and_late(seen, np.where(np.arange(400) % 2 == 0, group, np.int8(-1)).astype(np.int8)) is None
