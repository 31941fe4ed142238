"""Curves of what happens to patients: cumulative incidence by hand, early and late hazards, which endpoint is shown."""

from __future__ import annotations

from math import exp, log
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_trials import NEVER, trial

from simulator.questions.trial.analysis.data import TrialData
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


class OfOneTrial:
    """What the curves ask of a simulation: a design of two arms and its patients, in trials of four."""

    def __init__(self, data: TrialData, trials: int = 1, **of_endpoint: Any) -> None:
        asked = {"name": "limb", "outcome": "major_amputation", "test": "gray", "at_months": 12.0} | of_endpoint
        self.trials, self.data = trials, data
        self.design: Any = SimpleNamespace(
            primary=Endpoint(**asked),
            follow_up=SimpleNamespace(months=24.0, until="own"),
            arms=[SimpleNamespace(name="control"), SimpleNamespace(name="cells")],
            patients=data.shape[1],
        )

    def conduct(self) -> Any:
        """At its own size, to the end that was planned."""
        return SimpleNamespace(marked=SimpleNamespace(patients=self.data.shape[1], events=None))

    def truth(self, name: str) -> str:
        """Its name."""
        return name

    def lives(self, _truth: str, _first: int, trials: int, _patients: int) -> TrialData:
        """The first trials."""
        return self.data.some(slice(0, trials))


FOUR: dict[str, Any] = {
    "arm": [[0, 0, 0, 0, 1, 1, 1, 1]],
    "amputated": [[0.25, 1.5, NEVER, NEVER, 0.75, NEVER, NEVER, NEVER]],
    "died": [[NEVER, NEVER, 0.5, NEVER, NEVER, NEVER, NEVER, NEVER]],
    "end": 2.0,
}
"""Controls lose a leg after a quarter of a year and after one and a half, and one dies in between; of the treated one does."""


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials that end when the last patient has been followed for two years."""
    monkeypatch.setattr(module, "end_of_trial", lambda _design, data, _events: np.full(data.shape[0], 2.0))


@pytest.mark.usefixtures("planned")
def test_a_trial_of_eight_by_hand() -> None:
    """Curves run from entry to the end of follow-up; a quarter of the controls has lost a leg by a year and two are at risk."""
    found = module.event_curves(OfOneTrial(trial(**FOUR)), ["scenario"])  # type: ignore[arg-type]
    curves = found.curves.set_index(["arm", "months"])
    control = curves.loc["control"]
    assert (found.months, control.index[0], control.index[-1], len(control)) == (12.0, 0.0, 24.0, module.POINTS)
    assert control["value"].loc[[0.0, 12.0, 24.0]].tolist() == pytest.approx([0.0, 0.25, 0.5])
    assert control["at_risk"].loc[[0.0, 12.0, 24.0]].tolist() == [4.0, 2.0, 1.0]
    assert curves.loc["cells"]["value"].loc[[0.0, 12.0, 24.0]].tolist() == pytest.approx([0.0, 0.25, 0.25])
    assert set(found.curves["truth"]) == {"scenario"}
    at = control.index.to_numpy() + 1e-6
    assert control["value"].to_numpy() == pytest.approx(np.select([at < 3.0, at < 18.0], [0.0, 0.25], 0.5))
    assert control["at_risk"].to_list() == (4 - np.searchsorted([3.0, 6.0, 18.0], at - 2e-6)).tolist()
    rates = found.rates.set_index("arm")
    assert rates["value"].tolist() == pytest.approx([0.25, 0.25])
    # A binomial proportion of four, as Aalen and Johansen's estimate is before anybody is lost.
    assert rates["se"].tolist() == pytest.approx([(0.25 * 0.75 / 4) ** 0.5] * 2, rel=0.2)
    assert rates["at_risk"].tolist() == [2.0, 3.0]


@pytest.mark.usefixtures("planned")
def test_several_trials_are_one_large_one() -> None:
    """Two like trials: the same shares, and people at risk of one trial, not of both; whoever never entered is not followed."""
    twice = {
        name: np.repeat(values, 2, axis=0) if isinstance(values, list) else values for name, values in FOUR.items()
    }
    one, two = (
        module.event_curves(OfOneTrial(trial(**data), trials), ["scenario"]).curves  # type: ignore[arg-type]
        for data, trials in ((FOUR, 1), (twice, 2))
    )
    assert two["at_risk"].tolist() == one["at_risk"].tolist()
    assert two["value"].tolist() == pytest.approx(one["value"].tolist())
    uneven = {**FOUR, "end": [[1.0, 1.0, 1.0, 1.75, 1.0, 1.0, 1.0, 1.0]]}
    assert module.event_curves(OfOneTrial(trial(**uneven)), ["scenario"]).curves["months"].max() == 21.0  # type: ignore[arg-type]


@pytest.mark.usefixtures("planned")
def test_the_time_planned_is_among_those_of_the_curve() -> None:
    """Nine and a half months, which none of 37 steps to 24 meets; an endpoint without one is told at the end of follow-up."""
    found = module.event_curves(OfOneTrial(trial(**FOUR), at_months=9.5), ["scenario"])  # type: ignore[arg-type]
    assert 9.5 in set(found.curves["months"]) and set(found.rates["months"]) == {9.5}
    assert found.rates.set_index("arm")["value"].tolist() == pytest.approx([0.25, 0.25])
    whole = module.event_curves(OfOneTrial(trial(**FOUR), test="cox", at_months=None), ["scenario"])  # type: ignore[arg-type]
    assert whole.months == 24.0
    assert whole.rates.set_index("arm")["value"].tolist() == pytest.approx([0.5, 0.25])


@pytest.mark.usefixtures("planned")
def test_effects_of_the_trial_of_eight_by_hand() -> None:
    """At a year: as many legs lost in either arm; until then the treated, who lose theirs later, keep it 1.5 months longer.

    Free of the event and alive to whoever lost it: months lived with the leg up to 12 in those not lost by death, controls
    3, 12, 6 (dies) and 12, the treated 9, 12, 12, 12; by Kaplan and Meier, deaths taken out at six months.
    """
    effects = module.event_curves(OfOneTrial(trial(**FOUR)), ["scenario"]).effects.set_index("measure")  # type: ignore[arg-type]
    assert list(effects.index) == ["hazard_ratio", "rate_difference", "restricted_mean_difference"]
    assert np.isnan(effects.loc["hazard_ratio", "months"])
    assert effects.loc[["rate_difference", "restricted_mean_difference"], "months"].tolist() == [12.0, 12.0]
    assert effects.loc["rate_difference", "value"] == pytest.approx(0.0)
    control, cells = 3.0 + 0.75 * 9.0, 9.0 + 0.75 * 3.0
    assert effects.loc["restricted_mean_difference", "value"] == pytest.approx(cells - control, abs=1e-6)
    assert (effects["low"] < effects["value"]).all() and (effects["value"] < effects["high"]).all()


def test_an_event_at_the_planned_time_is_beyond_it() -> None:
    """Months kept up to a time are those before it; an event on the very day does not count among the rates either."""
    seen = TimeToEvent(np.array([[1.0, 2.0, 0.5, 2.0]]), np.array([[1, 0, 1, 0]], np.int8), np.full((1, 4), 2.0))
    group = np.array([[0, 0, 1, 1]], np.int8)
    found = {name: values for name, *values in module._effects(seen, group, 1.0)}
    assert found["rate_difference"][:2] == pytest.approx([12.0, 0.5])
    assert found["restricted_mean_difference"][:2] == pytest.approx([12.0, -3.0], abs=1e-6)
    found = {name: values for name, *values in module._effects(seen, group, 0.75)}
    assert found["rate_difference"][:2] == pytest.approx([9.0, 0.5])
    assert found["restricted_mean_difference"][:2] == pytest.approx([9.0, -1.5], abs=1e-6)


def test_early_and_late_are_told_with_their_time() -> None:
    """Where there are events enough, at the months of the median event."""
    seen, group = people(0.5, 1.0)
    found = {name: (months, value) for name, months, value, _, _ in module._effects(seen, group, 1.0)}
    assert found["hazard_ratio_early"][0] == found["hazard_ratio_late"][0] == pytest.approx(12.0 * CHANGES, abs=0.12)
    assert found["hazard_ratio_early"][1] == pytest.approx(0.5, abs=0.06)
    assert found["hazard_ratio_late"][1] == pytest.approx(1.0, abs=0.06)
