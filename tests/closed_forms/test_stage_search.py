"""Two-stage designs for a power: Simon's published designs, and the sizes at the ends of a rate's interval, by hand."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, inf, isnan, nan, sqrt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.questions.trial.sizes import stage_search
from simulator.questions.trial.sizes.stage_search import stage_table
from simulator.statistics.sizes.simon import TwoStage
from simulator.words.errors import BadInput, Problem

PLANNED = TwoStage("given", 10, 1, 29, 5, nan, nan, nan, nan)
"""Simon 1989, table 1: the optimal design for 10% against 30% at 5% and 80%."""


def design(n: int, kind: str = "optimal") -> TwoStage:
    """A design of so many patients."""
    return TwoStage(kind, n // 2, 1, n, 3, 0.04, 0.81, 0.7, 0.6 * n)


def searched(monkeypatch: pytest.MonkeyPatch, sizes: dict[float, tuple[int, int]]) -> list[float]:
    """Let the search know sizes for these rates and find nothing for others; returns the rates that are asked for."""
    asked: list[float] = []

    def two_stage(p0: float, p1: float, alpha: float, target: float) -> tuple[TwoStage, TwoStage]:
        assert (p0, alpha, target) == (0.1, 0.05, 0.8)
        asked.append(p1)
        for rate, (optimal, minimax) in sizes.items():
            if abs(rate - p1) < 1e-9:
                return design(optimal), design(minimax, "minimax")
        raise BadInput([Problem("design", "p1", f"{p1:g}", "above p0"), Problem("design", "alpha", "0.05", "less")])

    monkeypatch.setattr(stage_search, "two_stage", two_stage)
    return asked


def table(monkeypatch: pytest.MonkeyPatch, hoped: float | None = 0.3) -> Any:
    """The table of a planned design whose simulated rate is 25% with a standard error of 2%."""
    simulation = SimpleNamespace(
        design=SimpleNamespace(
            two_stage=SimpleNamespace(hoped_rate=hoped, pause=True),
            primary=SimpleNamespace(null_rate=0.1),
            stages=PLANNED,
            alpha=0.05,
        )
    )
    found = SimpleNamespace(estimate=np.array([0.25]), se=np.array([0.02]))
    monkeypatch.setattr(
        stage_search, "analyse", lambda *given: found if given == (simulation.design.primary, "all") else None
    )
    tried = iter(range(100))

    def successes(simulated: Any, row: dict[str, Any], truth: str, advance: Any) -> Any:
        assert simulated is simulation and row["patients"] > 0 and (truth, advance) == ("scenario", None)
        return np.arange(100) < 10 * (next(tried) + 1)

    monkeypatch.setattr(stage_search, "_successes", successes)
    return stage_table(simulation, SimpleNamespace(data="all"), 0.8, "scenario")  # type: ignore[arg-type]


def test_the_planned_design_has_its_exact_properties(monkeypatch: pytest.MonkeyPatch) -> None:
    """10/1 and 29/5: stops early with .736 and needs 15 patients under 10%, and succeeds there with 4.7% (Simon 1989)."""
    searched(monkeypatch, {})
    row = table(monkeypatch).iloc[0]
    few = sum(comb(10, x) * 0.1**x * 0.9 ** (10 - x) for x in (0, 1))
    assert (row["rate_from"], row["kind"], row["rate"]) == ("design", "given", 0.3)
    assert row["early_stop"] == pytest.approx(few) and few == pytest.approx(0.736, abs=1e-3)
    assert row["expected_n"] == pytest.approx(10.0 + (1.0 - few) * 19.0)
    assert row["alpha"] == pytest.approx(0.047, abs=1e-3)
    assert [row[name] for name in ("n1", "r1", "patients", "r", "low", "high")] == [10, 1, 29, 5, 29, 29]
    assert isnan(row["power"]) and row["note"] == ""


def test_sizes_at_the_ends_of_the_simulated_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """25% and 1.96 x 2% either way: the smallest and the largest of the three; a hoped rate has no interval."""
    sizes = {0.3: (29, 25), 0.25: (43, 40), 0.25 + 0.0392: (31, 45), 0.25 - 0.0392: (60, 55)}
    asked = searched(monkeypatch, sizes)
    rows = table(monkeypatch)
    assert rows["rate_from"].tolist() == ["design", "hoped", "hoped", "simulated", "simulated"]
    assert rows["kind"].tolist()[1:] == ["optimal", "minimax"] * 2
    assert rows["patients"].tolist() == [29, 29, 25, 43, 40]
    assert rows["low"].tolist() == [29, 29, 25, 31, 40] and rows["high"].tolist() == [29, 29, 25, 60, 55]
    assert asked == pytest.approx([0.3, 0.3, 0.3, 0.25, 0.2892, 0.2108])
    assert rows["simulated_power"].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert rows["se"].tolist() == pytest.approx([sqrt(p * (1.0 - p) / 100.0) for p in (0.1, 0.2, 0.3, 0.4, 0.5)])
    assert rows.columns[-1] == "note" and set(rows["note"]) == {""}


def test_rates_for_which_there_is_no_design(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that cannot be has the reason and no numbers; an end that cannot be has no largest size."""
    searched(monkeypatch, {0.25: (43, 40), 0.2892: (31, 30)})
    rows = table(monkeypatch)
    bad = rows.iloc[1]
    assert (bad["rate_from"], bad["kind"], bad["rate"]) == ("hoped", "none", 0.3)
    assert bad["note"] == "p1 0.3: above p0; alpha 0.05: less"
    assert all(isnan(bad[name]) for name in ("patients", "n1", "simulated_power", "se"))
    assert rows["high"].tolist()[2:] == [inf, inf] and rows["low"].tolist()[2:] == [31, 30]


def test_a_design_that_hopes_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the simulated rate is searched for, and the design's own has no rate."""
    searched(monkeypatch, {0.25: (43, 40)})
    rows = table(monkeypatch, hoped=None)
    assert rows["rate_from"].tolist() == ["design", "simulated", "simulated"]
    assert isnan(rows["rate"].iloc[0])


@dataclass
class Simulation:
    """What a try of a design asks for."""

    planned: Any
    design: Any = None
    trials: int = 3

    def conduct(self) -> Any:
        return Conducted(self.planned.design)

    def truth(self, name: str) -> str:
        return f"truth of {name}"

    def run(self, truth: str, conducts: list[Any], advance: Any) -> Any:
        assert truth == "truth of null" and advance is None and not conducts[0].described
        return [f"columns of {conducts[0].design.two_stage.n}"]


@dataclass
class Conducted:
    design: Any
    described: bool = True


@dataclass
class Planned:
    design: Any


class Design:
    """A design that remembers what was changed, and what it had found before."""

    def __init__(self, two_stage: Any) -> None:
        self.two_stage = two_stage
        self.stages = "found before"

    def model_copy(self, update: dict[str, Any]) -> Design:
        changed = Design(update["two_stage"])
        assert changed.stages == "found before"
        return changed


def test_a_design_is_tried_with_its_own_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """As given, with the planned pause, and without the stages that were found for the plan."""
    seen = {}

    def succeeded(conduct: Any, columns: str) -> Any:
        seen["conduct"], seen["columns"] = conduct, columns
        return np.array([True, False])

    monkeypatch.setattr(stage_search, "succeeded", succeeded)
    own = Design(SimpleNamespace(pause=False))
    row = {"n1": 15, "r1": 1, "patients": 25, "r": 5}
    found = stage_search._successes(Simulation(Planned(own), own), row, "null", None)  # type: ignore[arg-type]
    stages = seen["conduct"].design.two_stage
    assert found.tolist() == [True, False] and seen["columns"] == "columns of 25"
    assert (stages.kind, stages.n1, stages.r1, stages.n, stages.r, stages.pause) == ("given", 15, 1, 25, 5, False)
    assert "stages" not in vars(seen["conduct"].design)
