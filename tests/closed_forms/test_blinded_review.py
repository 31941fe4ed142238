"""A blinded review of the size: when it comes, what it estimates of all arms together, and what becomes of the trial."""

from __future__ import annotations

from math import ceil, inf, nan, sqrt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_trials import trial

from simulator.questions.trial.analysis.looks import Marks
from simulator.questions.trial.conduct.blinded_review import blinded_review_faults, nuisance, reviewed
from simulator.questions.trial.design.endpoint import Endpoint


def endpoint(outcome: str = "death", test: str = "chi_square", at_months: float | None = 6.0, **more: Any) -> Endpoint:
    """A first endpoint."""
    return Endpoint(name="e", outcome=outcome, test=test, at_months=at_months, **more)


def rule(**changed: Any) -> Any:
    """A review of the pooled rate, planned at 25%, after 4 patients, at most twice as large."""
    usual = {
        "nuisance": "pooled_rate",
        "planned": 0.25,
        "after_patients": 4,
        "after_events": None,
        "smallest": 1.0,
        "largest": 2.0,
    }
    return SimpleNamespace(**(usual | changed))


def design(primary: Endpoint | None = None, **changed: Any) -> Any:
    """Two arms of ten patients together, followed for a year."""
    usual: dict[str, Any] = {
        "blinded_review": rule(),
        "primary": primary or endpoint(),
        "patients": 10,
        "follow_up": SimpleNamespace(months=12.0),
        "size": SimpleNamespace(patients=10, events=None),
        "arms": (1, 2),
        "looks": None,
        "reestimation": None,
    }
    return SimpleNamespace(**(usual | changed))


def test_pooled_rate() -> None:
    """Of five who were through at six months one was lost before it was known: two of four died."""
    seen = trial(
        arm=[0, 1, 0, 1, 0, 1, -1],
        died=[0.1, 0.4, inf, inf, inf, 0.1, 0.1],
        lost=[inf] * 4 + [0.2, inf, inf],
        end=[1.0] * 5 + [0.3, 1.0],
    )
    assert nuisance(design(), seen) == pytest.approx([2 / 4])


def test_event_rate() -> None:
    """Two deaths at .5 and 1 among people seen for .5, 1, 2 and .5 years: two in four years."""
    seen = trial(arm=[0, 1, 0, 1, -1], died=[0.5, 1.0, inf, inf, 0.1], lost=[inf, inf, inf, 0.5, inf])
    plan = design(endpoint(test="logrank", at_months=None), blinded_review=rule(nuisance="event_rate"))
    assert nuisance(plan, seen) == pytest.approx([2 / 4])


def test_pooled_spread() -> None:
    """Of a mean the standard deviation of all who were measured; after adjustment what TcPO2 on entry leaves."""
    values = [10.0, 20.0, 60.0, nan, 999.0]
    seen = trial(visits=(0.5,), arm=[0, 1, 0, 1, 0], tcpo2=values, walked=[9.0] * 5, end=[1.0] * 4 + [0.2])
    plan = design(endpoint("tcpo2", "t_test"), blinded_review=rule(nuisance="pooled_variance"))
    assert nuisance(plan, seen) == pytest.approx([np.std(values[:3], ddof=1)])
    walked = design(endpoint("walking_time", "t_test"), blinded_review=rule(nuisance="pooled_variance"))
    assert nuisance(walked, seen) == pytest.approx([0.0])
    one = trial(visits=(0.5,), arm=[0, 1], tcpo2=[3.0, nan])
    assert np.isnan(nuisance(plan, one)).all()
    entry = [10.0, 20.0, 40.0, 30.0]
    after = [12.0, 25.0, 41.0, 33.0]
    line = np.polyfit(entry, after, 1)
    left = np.asarray(after) - np.polyval(line, entry)
    adjusted = design(endpoint("tcpo2", "ancova"), blinded_review=rule(nuisance="pooled_variance"))
    four = trial(visits=(0.5,), arm=[0, 1, 0, 1], tcpo2=after, tcpo2_entry=entry)
    assert nuisance(adjusted, four) == pytest.approx([sqrt((left**2).sum() / 2.0)])


def lives(died: list[float], n: int = 20, **more: Any) -> Any:
    """Twenty recruits, one every tenth of a year."""
    times = np.full(n, inf)
    times[: len(died)] = died
    return trial(arm=np.arange(n) % 2, entry=np.arange(n) / 10.0, died=times, **more)


MARKED = Marks(10, None, "months", ())


def test_the_size_follows_the_pooled_rate() -> None:
    """After four patients and half a year one of four has died, as planned; two of four: 1/4 over 3/16 larger, 14 of 10."""
    same = reviewed(design(), MARKED, lives([0.1]))
    assert same.grown == pytest.approx([1.0]) and same.nuisance == pytest.approx([0.25])
    assert (np.isfinite(same.data.entry).sum(), same.data.entered.sum()) == (10, 10)
    more = reviewed(design(), MARKED, lives([0.1, 0.2]))
    assert more.nuisance == pytest.approx([0.5])
    size = ceil(10 * (0.5 * 0.5) / (0.25 * 0.75))
    assert more.grown == pytest.approx([size / 10]) and more.data.entered.sum() == size
    # Whoever was to come at .4 + .5 years has come by the review; those after the planned ten are held until then.
    assert more.data.entry[0, 10] == pytest.approx(1.0)


def test_limits_of_the_size() -> None:
    """No more than 1.2 times, no less than .8 times, and never fewer than have entered by the review, at .8 years nine."""
    assert reviewed(design(blinded_review=rule(largest=1.2)), MARKED, lives([0.1, 0.2])).grown == pytest.approx([1.2])
    rare = rule(planned=0.5, smallest=0.95)
    assert reviewed(design(blinded_review=rare), MARKED, lives([0.1])).grown == pytest.approx([1.0])
    tiny = reviewed(design(blinded_review=rule(planned=0.5, smallest=0.1)), MARKED, lives([0.1]))
    assert tiny.grown == pytest.approx([0.9])
    # Without a death there is no variance: as small as is allowed.
    assert reviewed(design(blinded_review=rule(smallest=0.1)), MARKED, lives([])).grown == pytest.approx([0.9])


def test_a_review_that_comes_too_late() -> None:
    """The tenth patient, who enters at .9, would be read at 1.4; a trial of three months of follow-up is over at 1.15."""
    late = design(blinded_review=rule(after_patients=10), follow_up=SimpleNamespace(months=3.0))
    found = reviewed(late, MARKED, lives([0.1, 0.2]))
    assert found.grown == pytest.approx([1.0]) and np.isnan(found.nuisance).all()


def test_a_review_at_twice_the_size() -> None:
    """A trial of twice the planned size is reviewed after twice the patients, and by events after twice the events."""
    found = reviewed(design(), Marks(20, None, "months", ()), lives([0.1, 0.1, inf, inf, inf, inf, 0.1, 0.1], 40))
    assert found.nuisance == pytest.approx([4 / 8])
    by_events = design(
        endpoint(test="logrank", at_months=None),
        blinded_review=rule(nuisance="event_rate", planned=1.0, after_patients=None, after_events=2, smallest=0.5),
    )
    data = lives([0.5, 0.1, inf, 0.3], n=40)
    once = reviewed(by_events, MARKED, data)
    # Deaths at .2 and .5 of the calendar: two by .5, of six who entered, seen for .5, .1, .3, .2, .1 and 0 years.
    assert once.nuisance == pytest.approx([2 / (0.5 + 0.1 + 0.3 + 0.2 + 0.1)])


@pytest.mark.parametrize(
    ("changed", "keys"),
    [
        ({}, []),
        ({"blinded_review": None}, []),
        ({"primary": endpoint("tcpo2", "ancova")}, ["blinded_review.nuisance"]),
        ({"primary": endpoint("hierarchy", "win_ratio", order=("death",))}, ["blinded_review.nuisance"]),
        ({"blinded_review": rule(planned=0.0)}, ["blinded_review.planned"]),
        ({"blinded_review": rule(planned=1.0)}, ["blinded_review.planned"]),
        (
            {"primary": endpoint("tcpo2", "ancova"), "blinded_review": rule(nuisance="pooled_variance", planned=9.0)},
            [],
        ),
        ({"blinded_review": rule(after_patients=None)}, ["blinded_review.after_patients"]),
        (
            {"blinded_review": rule(after_events=3)},
            ["blinded_review.after_patients", "blinded_review.after_events"],
        ),
        ({"blinded_review": rule(after_patients=10)}, ["blinded_review.after_patients"]),
        ({"blinded_review": rule(after_patients=9)}, []),
        (
            {
                "primary": endpoint(test="logrank", at_months=None),
                "blinded_review": rule(nuisance="event_rate", after_patients=None, after_events=8),
                "size": SimpleNamespace(patients=10, events=8),
            },
            ["blinded_review.after_events"],
        ),
        (
            {
                "primary": endpoint(test="logrank", at_months=None),
                "blinded_review": rule(nuisance="event_rate", after_patients=None, after_events=7),
                "size": SimpleNamespace(patients=None, events=8),
            },
            [],
        ),
        ({"primary": endpoint(lost="worst_case")}, ["endpoints.e.lost"]),
        ({"primary": endpoint(lost="multiple_imputation", test="risk_difference")}, ["endpoints.e.lost"]),
        ({"arms": (1,)}, ["blinded_review"]),
        ({"looks": 1}, ["blinded_review"]),
        ({"reestimation": 1}, ["blinded_review"]),
    ],
)
def test_what_a_review_does_not_go_with(changed: dict[str, Any], keys: list[str]) -> None:
    """Another parameter than the test's own, impossible values, one of two dates, and whatever knows the difference."""
    assert [key for key, _, _ in blinded_review_faults(design(**changed))] == keys


def test_what_a_planned_value_may_be() -> None:
    """A rate lies between 0 and 1, a spread has no upper end."""
    (_, _, rate), *_ = blinded_review_faults(design(blinded_review=rule(planned=0.0)))
    spread = design(endpoint("tcpo2", "ancova"), blinded_review=rule(nuisance="pooled_variance", planned=0.0))
    assert rate == "above 0 and below 1" and next(blinded_review_faults(spread))[2] == "above 0"
