"""How a design's results move with size, view and speed of accrual, and what has happened by a date, by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_trials import NEVER, trial

from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.sizes import curves
from simulator.questions.trial.sizes.curves import (
    POINTS,
    SPEEDS,
    accrual_curve,
    calendar_table,
    summaries_for_economics,
    view_curves,
)

DEATHS = Endpoint(name="dead", outcome="death", test="logrank")
RATES = Endpoint(name="dead", outcome="death", test="chi_square", at_months=6.0)
LIMB = Endpoint(name="limb", outcome="major_amputation", test="chi_square", at_months=6.0)


@dataclass
class Accrual:
    speed: float = 1.0

    def faster(self, by: float) -> Accrual:
        return Accrual(self.speed * by)


@dataclass
class Design:
    primary: Endpoint = DEATHS
    accrual: Accrual = field(default_factory=Accrual)
    follow_up: Any = field(default_factory=lambda: SimpleNamespace(months=12.0))
    endpoints: tuple[Endpoint, ...] = (RATES, LIMB)
    enrichment: None = None
    comparisons: tuple[int, ...] = (1,)

    def model_copy(self, update: dict[str, Any]) -> Design:
        return Design(self.primary, update["accrual"])


@dataclass
class Conduct:
    design: Any
    marked: Any
    described: bool = True
    hypotheses: tuple[Any, ...] = (("dead", RATES, 1),)


@dataclass
class Planned:
    design: Design


@dataclass
class Simulation:
    planned: Planned
    trials: int = 4
    asked: list[Any] = field(default_factory=list)

    @property
    def design(self) -> Design:
        return self.planned.design

    def conduct(self, size: int = 3) -> Conduct:
        return Conduct(self.design, SimpleNamespace(patients=size, events=None))

    def truth(self, name: str) -> str:
        return f"truth of {name}"

    def run(self, truth: str, conducts: list[Conduct], advance: Any) -> list[dict[str, Any]]:
        self.asked.append(
            (truth, [each.marked.patients for each in conducts], [each.described for each in conducts], advance)
        )
        return [self.columns(each) for each in conducts]

    @staticmethod
    def columns(conduct: Conduct) -> dict[str, Any]:
        speed, n = conduct.design.accrual.speed, conduct.marked.patients
        named = {
            "success": np.array([1.0, 1.0, 0.0, 0.0]) if speed > 1.0 else np.array([1.0, 0.0, 0.0, 0.0]),
            "months": np.array([10.0, 12.0, 14.0, 16.0]) / speed,
            "patients": np.array([n, n, n - 1, n - 2]) * 1.0,
            "screened": np.arange(4) + 7.0,
        }
        for k, what in enumerate(("estimate", "se", "estimate_at_end", "se_at_end")):
            named |= {
                f"{what}:{name}": np.arange(4) + 10.0 * k + shift for name, shift in (("dead", 0.0), ("limb", 0.5))
            }
        return named

    def lives(self, truth: str, first: int, trials: int, patients: int) -> Any:
        self.asked.append((truth, first, trials, patients))
        died = np.array([[0.5, NEVER, NEVER, 0.1], [NEVER, 0.25, 0.1, NEVER]])
        return trial(
            arm=[[0, 1, 0, 1]] * 2,
            entry=[[0.0, 0.5, 1.0, 9.0]] * 2,
            died=died,
            amputated=[[NEVER, 0.75, NEVER, NEVER]] * 2,
        )


@pytest.fixture
def simulation(monkeypatch: pytest.MonkeyPatch) -> Simulation:
    monkeypatch.setattr(curves, "succeeded", lambda conduct, columns: columns["success"] > 0.0)
    monkeypatch.setattr(curves, "at_once", lambda trials, patients: 100 * trials + patients)
    return Simulation(Planned(Design()))


def test_power_under_each_view(simulation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sizes around the design's, tried under every view in turn; the view is the first column."""
    monkeypatch.setattr(curves, "sizes_around", lambda conduct: [conduct.marked.patients, 6])

    def power_curve(given: Any, view: str, sizes: list[int], advance: Any) -> Any:
        assert given is simulation and advance == "told"
        return pd.DataFrame({"patients": sizes, "power": [0.1 * len(view), 0.9], "se": 0.01}), None

    monkeypatch.setattr(curves, "power_curve", power_curve)
    found = view_curves(simulation, "told")  # type: ignore[arg-type]
    assert found.columns.tolist() == ["view", "patients", "power", "se"] and found.index.tolist() == list(range(6))
    assert found["view"].tolist() == [view for view in curves.VIEWS for _ in range(2)]
    assert found["patients"].tolist() == [3, 6] * 3
    assert found["power"].tolist() == pytest.approx([each for view in curves.VIEWS for each in (0.1 * len(view), 0.9)])


def test_the_design_at_other_speeds(simulation: Any) -> None:
    """Half as fast takes twice as long; power, months and patients have their errors, and described endpoints are left out."""
    found = accrual_curve(simulation, "told")  # type: ignore[arg-type]
    assert found["speed"].tolist() == [speed for speed in SPEEDS for _ in range(3)]
    assert found["measure"].tolist() == ["power", "months", "patients"] * len(SPEEDS)
    table = found.set_index(["speed", "measure"])
    assert table.loc[(0.5, "months"), "value"] == pytest.approx(26.0)
    assert table.loc[(2.0, "months"), "value"] == pytest.approx(6.5)
    assert table.loc[(1.0, "months"), "se"] == pytest.approx(np.std([10.0, 12.0, 14.0, 16.0], ddof=1) / 2.0)
    assert table.loc[(1.0, "power"), "value"] == 0.25 and table.loc[(1.5, "power"), "value"] == 0.5
    assert table.loc[(1.0, "power"), "se"] == pytest.approx((0.25 * 0.75 / 4.0) ** 0.5)
    assert table.loc[(1.0, "patients"), "value"] == pytest.approx(2.25)
    assert simulation.asked == [("truth of scenario", [3], [False], "told")] * len(SPEEDS)


@pytest.mark.parametrize("primary", [DEATHS, RATES])
def test_what_has_happened_by_a_date(simulation: Any, primary: Endpoint) -> None:
    """Two trials of three people who enter at 0, a half and one, followed for a year after the last: 25 dates of two years.

    Deaths come at .5 in one, at .75 and 1.1 in the other; amputations at 1.25 in both, which count where nothing is a time.
    """
    simulation.planned.design = Design(primary)
    found = calendar_table(simulation, ["scenario", "null"])
    assert simulation.asked == [("truth of scenario", 0, 403, 3), ("truth of null", 0, 403, 3)]
    assert found["truth"].tolist() == ["scenario"] * 50 + ["null"] * 50
    one = found[found["truth"] == "scenario"]
    assert one["months"].tolist() == pytest.approx(np.repeat(np.linspace(0.0, 24.0, POINTS), 2))
    assert one["measure"].tolist() == ["patients", "events"] * POINTS
    table = one.set_index(["measure", one["months"].round(6)])["value"]
    assert [table["patients"][month] for month in (0.0, 5.0, 6.0, 11.0, 12.0, 24.0)] == [1, 1, 2, 2, 3, 3]
    # By month: .5 years is 6, .75 is 9, 1.1 is 13.2 and 1.25 (an amputation) is 15.
    by_events = primary.by_events
    wanted = {
        5.0: 0.0,
        6.0: 0.5,
        9.0: 1.0,
        13.0: 1.0,
        14.0: 1.5,
        15.0: 1.5 if by_events else 2.0,
        24.0: 1.5 if by_events else 2.0,
    }
    assert {month: table["events"][month] for month in wanted} == pytest.approx(wanted)
    errors = one.set_index(["measure", one["months"].round(6)])["se"]
    assert errors["events"][6.0] == pytest.approx(0.5) and errors["patients"][24.0] == 0.0


def test_a_trial_that_an_event_ends(simulation: Any) -> None:
    """Nobody enters and nothing happens after it: with one event wanted the first trial ends at .5, the second at .75."""
    conduct = simulation.conduct()
    conduct.marked.events = 1
    simulation.conduct = lambda: conduct
    found = calendar_table(simulation, ["null"]).set_index(["measure", "months"])["value"]
    assert found["patients"].iloc[-1] == 2.0 and found["events"].iloc[-1] == 1.0
    assert found["patients"].index[-1] == pytest.approx(9.0)


def test_what_a_trial_would_have_shown(simulation: Any) -> None:
    """A row for each size and draw of the posterior: what was tested as the trial stopped, what was described at its end."""
    found = summaries_for_economics(simulation, [3, 5], "told")  # type: ignore[arg-type]
    assert simulation.asked == [("truth of posterior", [3, 5], [True, True], "told")]
    assert found.columns.tolist() == [
        *("patients", "draw", "success", "patients_entered", "screened", "months"),
        *("estimate_dead", "se_dead", "estimate_limb", "se_limb"),
    ]
    assert found["patients"].tolist() == [3] * 4 + [5] * 4 and found["draw"].tolist() == [0, 1, 2, 3] * 2
    assert found["success"].tolist() == [True, False, False, False] * 2
    assert (
        found["patients_entered"].tolist() == [3, 3, 2, 1, 5, 5, 4, 3]
        and found["screened"].tolist() == [7, 8, 9, 10] * 2
    )
    assert found["months"].tolist() == [10, 12, 14, 16] * 2 and found.index.tolist() == list(range(8))
    assert found["estimate_dead"].tolist() == [0, 1, 2, 3] * 2 and found["se_dead"].tolist() == [10, 11, 12, 13] * 2
    assert found["estimate_limb"].tolist() == [20.5, 21.5, 22.5, 23.5] * 2
    assert found["se_limb"].tolist() == [30.5, 31.5, 32.5, 33.5] * 2
