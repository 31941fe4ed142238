"""A trial's headline at other hospitals: which are asked, and whose parameters each has."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.questions.trial.results import elsewhere as module
from simulator.questions.trial.results.elsewhere import at_hospitals, hospitals_asked
from simulator.questions.trial.results.operating import share_and_se


@dataclass(frozen=True)
class Named:
    """A truth with its parameters, or a conduct that is described or not."""

    params: Any = "own"
    described: bool = True


def simulation(centre: str, hospitals: str = "alike") -> Any:
    """Four trials at a hospital; each run is told by its parameters."""
    scenario = SimpleNamespace(centre=centre, parameter_draws=lambda offsets: f"draws at {offsets}")
    runs: list[Any] = []
    own = SimpleNamespace(
        trials=4,
        design=SimpleNamespace(accrual=SimpleNamespace(hospitals=hospitals)),
        planned=SimpleNamespace(scenario=scenario),
        truth=lambda name: Named() if name == "scenario" else None,
        conduct=Named,
        runs=runs,
    )
    own.run = lambda truth, conducts, advance: (
        runs.append((truth.params, conducts, advance)) or [truth.params, "second"]
    )
    return own


@pytest.fixture(autouse=True)
def fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A population of hospitals; of four trials as many succeed as the centre's name has vowels."""
    monkeypatch.setattr(module, "load_hospitals", lambda: "fitted")
    monkeypatch.setattr(
        module, "offsets_at", lambda found, centre, rows: f"{centre} {rows}" if found == "fitted" else None
    )
    monkeypatch.setattr(
        module, "succeeded", lambda conduct, columns: np.arange(4) < (1 if columns == "own" else 2 + len(columns) % 2)
    )


def test_each_hospital_once() -> None:
    """The scenario's own first, the average and the founding one, and a new one for every trial."""
    assert hospitals_asked(simulation("average")) == ("average", "founding", "new")
    assert hospitals_asked(simulation("ours")) == ("ours", "average", "founding", "new")
    assert hospitals_asked(simulation("average", "different")) == ()


def test_no_population_no_hospitals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor a table of them."""
    monkeypatch.setattr(module, "load_hospitals", lambda: None)
    assert hospitals_asked(simulation("average")) == () and at_hospitals(simulation("average")) is None


def test_the_table() -> None:
    """Its own hospital has the truth's parameters, the others one row each, and a new one a row a trial."""
    own, advance = simulation("average"), lambda _: None
    assert at_hospitals(simulation("average", "different")) is None
    table = at_hospitals(own, advance)
    assert table is not None and table["centre"].tolist() == ["average", "founding", "new"]
    assert own.runs == [
        (params, [Named(described=False)], advance) for params in ("own", "draws at founding 1", "draws at new 4")
    ]
    many = [1, 2 + len("draws at founding 1") % 2, 2 + len("draws at new 4") % 2]
    expected = [share_and_se(np.arange(4) < k) for k in many]
    assert [tuple(row) for row in table[["power", "se"]].to_numpy()] == expected
