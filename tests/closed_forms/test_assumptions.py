"""How the power moves where an assumption is wrong: what is changed, and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_trials import NEVER, trial

from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.results.operating import share_and_se
from simulator.questions.trial.sizes import assumptions as module
from simulator.questions.trial.sizes.assumptions import CHANGES, assumption_table

LOGRANK = Endpoint(name="e", outcome="death", test="logrank")
TCPO2 = Endpoint(name="e", outcome="tcpo2", test="t_test", at_months=6.0)


@dataclass(frozen=True)
class Truth:
    """Nothing but a name and what is changed."""

    name: str = "scenario"
    changes: Any = ()


@dataclass(frozen=True)
class Conduct:
    """A design, described or not."""

    design: Any
    described: bool = True


class Losses:
    """A rate of loss."""

    def times(self, factor: float, usual: float) -> str:
        """So many times as large."""
        return f"{factor} x {usual}"


class Design(SimpleNamespace):
    """A design that can be copied with changes."""

    def model_copy(self, update: Any) -> Design:
        """Another one."""
        return Design(**vars(self) | update)


@dataclass(frozen=True)
class Simulation:
    """Eight trials; what they are run under is kept."""

    planned: Any
    runs: Any
    trials: int = 8

    @property
    def design(self) -> Any:
        """Of what is planned."""
        return self.planned.design

    def truth(self, name: str) -> Truth:
        """By its name."""
        return Truth(name)

    def conduct(self) -> Conduct:
        """As planned."""
        return Conduct(self.design)

    def run(self, truth: Any, conducts: Any, advance: Any) -> Any:
        """As many trials succeed as have been run."""
        self.runs.append((self.design, truth, conducts, advance))
        return [len(self.runs), "second"]

    def lives(self, *asked: Any) -> Any:
        """Of four patients, of whom one is treated otherwise still."""
        self.runs.append(asked)
        return LIVES


@dataclass(frozen=True)
class Planned:
    """A design and its scenario."""

    design: Any
    scenario: Any


LIVES = trial(
    arm=[[0, 0, 1, 1, 2, 0]],
    died=[[0.5, 1.0, 0.7, NEVER, 0.6, 0.1]],
    visits=(0.5, 1.0),
    tcpo2=[[20.0, 0], [24.0, 0], [30.0, 0], [34.0, 0], [40.0, 0], [99.0, 0]],
)


def simulation(endpoint: Any, arms: int = 2, stated: Any = ()) -> Simulation:
    """A trial of five patients."""
    design = Design(
        primary=endpoint,
        arms=["control", "one", "two"][:arms],
        patients=5,
        stated=stated,
        drop_out=Losses(),
        name="design",
    )
    scenario = SimpleNamespace(params=lambda: {"drop_out_rate": 0.05})
    return Simulation(Planned(design, scenario), [])


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials end at two years; the first of the results succeed."""
    monkeypatch.setattr(module, "at_once", lambda trials, n: 3 if (trials, n) == (8, 5) else 0)
    monkeypatch.setattr(module, "end_of_trial", lambda design, data, events: 2.0 if events is None else None)
    monkeypatch.setattr(module, "succeeded", lambda conduct, columns: np.arange(16) < columns)


def test_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """As planned; each changed truth; then losses of none, twice and four times the rate. All that was not run is told."""
    changed = [("effect", 0.5, Truth("half")), ("effect", 1.25, Truth("more"))]
    own, told = simulation(LOGRANK), list[int]()
    monkeypatch.setattr(
        module, "_changed_truths", lambda of, base: iter(changed if base == Truth() and of.design.patients == 5 else ())
    )
    table = assumption_table(own, "scenario", told.append)  # type: ignore[arg-type]
    assert table[["assumption", "factor"]].to_numpy().tolist() == [
        ["as_planned", 1.0],
        *(["effect", factor] for factor in (0.5, 1.25)),
        *(["drop_out", factor] for factor in (0.0, 2.0, 4.0)),
    ]
    expected = [share_and_se(np.arange(16) < k) for k in range(1, 7)]
    assert [tuple(row) for row in table[["power", "se"]].to_numpy()] == expected
    assert CHANGES == 9 and told == [3 * 8]
    assert [truth.name for _, truth, _, _ in own.runs] == ["scenario", "half", "more", *["scenario"] * 3]
    losses = [design.drop_out for design, _, _, _ in own.runs[3:]]
    assert losses == ["0.0 x 0.05", "2.0 x 0.05", "4.0 x 0.05"]
    assert all(conduct == Conduct(design, described=False) for design, _, (conduct,), _ in own.runs)
    assert all(advance == told.append for *_, advance in own.runs)
    assert len(assumption_table(simulation(LOGRANK), "scenario")) == 6  # type: ignore[arg-type]


@pytest.mark.parametrize(("outcome", "rows"), [("drop_out", 1), ("death", 4)])
def test_losses_that_are_stated_are_not_changed(monkeypatch: pytest.MonkeyPatch, outcome: str, rows: int) -> None:
    """Other rates may be."""
    monkeypatch.setattr(module, "_changed_truths", lambda own, base: iter(()))
    own = simulation(LOGRANK, stated=[SimpleNamespace(outcome=outcome)])
    assert len(assumption_table(own, "scenario")) == rows  # type: ignore[arg-type]


def truths(own: Simulation) -> list[Any]:
    """What is changed, by row."""
    found = list(module._changed_truths(own, Truth()))  # type: ignore[arg-type]
    assert own.runs == [(Truth(), 0, 3, 5)] and all(truth.name == "scenario" for *_, truth in found)
    return [(name, factor, truth.changes) for name, factor, truth in found]


def test_differences_of_means_are_shifted() -> None:
    """By half of the ten less, by a quarter less, and by a quarter more; each arm by its own. The sixth is not of the trial."""
    rows = truths(simulation(TCPO2, arms=3))
    assert [row[:2] for row in rows] == [("effect", 0.5), ("effect", 0.75), ("effect", 1.25)]
    shifts = [[(arm, change.shift) for arm, change in changes] for *_, changes in rows]
    assert shifts == [
        [(1, pytest.approx(factor * 10.0)), (2, pytest.approx(factor * 18.0))] for factor in (-0.5, -0.25, 0.25)
    ]
    assert all(change.endpoint is TCPO2 for *_, changes in rows for _, change in changes)


def test_hazards_are_moved_along_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of all arms by a quarter either way, then each other arm's effect; the arm's own hazard is that of its patients."""
    arms: list[Any] = []

    def hazard(endpoint: Endpoint, data: Any) -> Any:
        arms.append(data.arm.tolist())
        return np.array([float(len(arms))]), np.array([10.0 * len(arms)])

    monkeypatch.setattr(module, "cumulative_hazard", hazard)
    monkeypatch.setattr(module, "shown_endpoint", lambda design: LOGRANK)
    effects = {1: -0.4, 2: 0.8}
    monkeypatch.setattr(
        module, "analyse", lambda endpoint, data, arm: SimpleNamespace(estimate=np.array([effects[arm]]))
    )
    rows = truths(simulation(LOGRANK, arms=3))
    assert arms == [
        [[0, 0, -1, -1, -1, -1]],
        [[-1, -1, 0, 0, -1, -1]],
        [[-1, -1, -1, -1, 0, -1]],
    ]
    told = [(name, factor, [(arm, change.ratio) for arm, change in changes]) for name, factor, changes in rows]
    assert told == [
        *(("event_rate", factor, [(arm, factor) for arm in (0, 1, 2)]) for factor in (0.75, 1.25)),
        *(
            ("effect", factor, [(arm, pytest.approx(np.exp((factor - 1.0) * effects[arm]))) for arm in (1, 2)])
            for factor in (0.5, 0.75, 1.25)
        ),
    ]
    last = dict(rows[-1][2])[2]
    assert last.times.tolist() == [3.0] and last.hazard.tolist() == [30.0] and last.endpoint is LOGRANK


def test_one_arm_has_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only its rate is changed."""
    monkeypatch.setattr(module, "shown_endpoint", lambda design: LOGRANK)
    assert [row[:2] for row in truths(simulation(LOGRANK, arms=1))] == [("event_rate", 0.75), ("event_rate", 1.25)]


@pytest.mark.parametrize("outcome", ["walking", "hierarchy"])
def test_outcomes_that_are_neither(outcome: str) -> None:
    """Have neither rows of rates nor of effects."""
    assert truths(simulation(SimpleNamespace(test="chi_square", outcome=outcome))) == []
