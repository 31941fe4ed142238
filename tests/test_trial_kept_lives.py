"""Lives kept between runs: the same bits, fewer lives, and nothing that decides a life left out of their name."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trial_designs import planned

from simulator.face.trial import trial
from simulator.questions.trial.analysis.data import TrialData
from simulator.questions.trial.simulation.kept_lives import UNIT, KeptLives
from simulator.questions.trial.simulation.recruits import Recruitment
from simulator.questions.trial.simulation.simulation import Simulation


def same(one: TrialData, other: TrialData) -> bool:
    """Whether all arrays are equal, bit for bit."""
    return all(np.array_equal(getattr(one, f.name), getattr(other, f.name), equal_nan=True) for f in fields(one))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many trials each call of the recruitment makes."""
    counts: list[int] = []
    trials = Recruitment.trials

    def counted(self: Recruitment, truth: Any, first: int, number: int, *rest: Any) -> TrialData:
        counts.append(number)
        return trials(self, truth, first, number, *rest)

    monkeypatch.setattr(Recruitment, "trials", counted)
    return counts


def test_lives_come_back_the_same_and_are_made_once(tmp_path: Path, made: list[int]) -> None:
    """Whatever the range, a smaller size takes the first patients; a larger one makes them anew."""
    plain = Simulation(planned(tmp_path, accrual={"per_month": 10.0, "poisson": True}), 1, 40)
    kept = replace(plain, cache=tmp_path / "lives")
    truth = plain.truth("scenario")
    whole = plain.lives(truth, 3, 3 * UNIT - 3, 60)
    made.clear()
    assert same(kept.lives(truth, 3, 3 * UNIT - 3, 60), whole)
    assert sum(made) == 3 * UNIT - 3
    made.clear()
    assert same(kept.lives(truth, 3, 3 * UNIT - 3, 60), whole)
    assert sum(made) == UNIT - 3, "all but the trials before the first whole piece"
    assert same(kept.lives(truth, UNIT, UNIT, 40), plain.lives(truth, UNIT, UNIT, 40))
    assert sum(made) == UNIT - 3 + UNIT, "the size below costs none but those of the plain simulation"
    made.clear()
    assert same(kept.lives(truth, UNIT, UNIT, 80), plain.lives(truth, UNIT, UNIT, 80))
    assert sum(made) == 2 * UNIT


def test_results_are_those_without_keeping(tmp_path: Path, made: list[int]) -> None:
    """Columns of trials are equal with and without kept lives; another boundary makes no new lives."""
    looks = {"by": "months", "at": [8.0]}
    plan = planned(tmp_path, looks=looks)
    plain = Simulation(plan, 1, 40)
    kept = replace(plain, cache=tmp_path / "lives")
    truth, conduct = plain.truth("scenario"), plain.conduct()
    expected = plain.run(truth, [conduct])[0]
    for _ in range(2):
        found = kept.run(truth, [conduct])[0]
        assert all(np.array_equal(found[name], expected[name], equal_nan=True) for name in expected)
    other = replace(kept, planned=planned(tmp_path, looks=looks | {"type": "ld-pocock"}, alpha=0.05))
    conduct = other.conduct()
    made.clear()
    other.run(other.truth("scenario"), [conduct])
    assert sum(made) == 40 % UNIT


@pytest.mark.parametrize(
    "changed",
    [
        {"accrual": {"per_month": 11.0}},
        {"drop_out": {"per_year": 0.1}},
        {"follow_up": {"months": 13.0}},
        {"entry": {"tcpo2_below": 25.0}},
        {"visits": {"at_months": [2.0, 6.0]}},
        {"arms": [{"name": "a", "policy": "conservative"}, {"name": "b", "policy": "single_dose", "allocation": 2}]},
        {"arms": [{"name": "a", "policy": "conservative"}, {"name": "b", "policy": "protocol"}]},
        {"randomisation": {"strata": [{"factor": "renal"}]}},
        {"randomisation": {"block": 8}},
        {"crossover": {"to": "single_dose", "after_months": 3.0}},
    ],
)
def test_what_decides_a_life_is_in_its_name(tmp_path: Path, changed: dict[str, Any]) -> None:
    """Another design of this kind has lives of its own; so have another truth, seed and scenario."""

    def key(changes: dict[str, Any], truth: str = "scenario", seed: int = 1) -> str:
        sim = Simulation(planned(tmp_path, **changes), seed, 40, cache=tmp_path)
        assert isinstance(sim.kept_lives, KeptLives)
        return sim.kept_lives.key(sim.truth(truth), 0, 60, 0.0)

    assert key(changed) != key({})
    assert len({key({}), key({}, "null"), key({}, "sceptical"), key({}, seed=2)}) == 4
    assert key({"alpha": 0.05, "size": {"patients": 60, "power": 0.9}}) == key({})


def test_kept_lives_are_tidied_where_a_run_has_kept_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first run looks at the room that lives take, the same run again, which reads them, does not."""
    lives = tmp_path / "lives"
    lives.mkdir()
    monkeypatch.setattr("simulator.work.disk.cache_folder", lambda _: lives)
    tidied: list[Path] = []
    monkeypatch.setattr(KeptLives, "tidy", lambda self: tidied.append(self.folder))
    plan = planned(tmp_path)
    for place in ("first", "again"):
        trial(plan, trials=UNIT, truths=["scenario"], quick=True, keep=tmp_path / "runs" / place)
        assert tidied == [lives]
