"""Trials of stated rates: the formula's power, the same bits whatever the blocks, and no life behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trial_designs import TWO_ARMS, planned, simulation

from simulator.questions.trial.design.accrual import Accrual
from simulator.questions.trial.findings import findings
from simulator.questions.trial.results.operating import share_and_se, succeeded
from simulator.questions.trial.simulation import simulation as simulation_module
from simulator.questions.trial.study import study_design
from simulator.statistics.sizes.survival_course import Course, Pieces, from_survival
from simulator.statistics.sizes.survival_sizes import lakatos
from simulator.telling.page import page, sentences
from simulator.words.errors import BadInput

CONTROL = {"outcome": "amputation_free_survival", "arm": "control", "event_rate": 0.4, "at_months": 12.0}
TREATED = {"outcome": "amputation_free_survival", "arm": "cells", "hazard_ratio": 0.6}
LOST = {"outcome": "drop_out", "arm": "cells", "hazard_per_year": [0.3, 0.05], "until_months": [6.0]}
KEPT = {"outcome": "drop_out", "arm": "control", "median_months": 240.0}
PLAN: dict[str, Any] = {
    "stated": [CONTROL, TREATED, LOST, KEPT],
    "accrual": {"pattern": "pieces", "per_month": 8.0, "later_per_month": [20.0], "from_months": [6.0]},
    "follow_up": {"months": 12.0, "until": "last"},
    "size": {"patients": 240, "power": 0.8},
    "endpoints": TWO_ARMS["endpoints"][:1],
    "drop_out": None,
}


def course(control: Pieces, treated: Pieces) -> Course:
    """What PLAN states, as a formula takes it."""
    months = (
        Accrual(**{k: tuple(v) if isinstance(v, list) else v for k, v in PLAN["accrual"].items()}).date(240.0) * 12.0
    )
    dropout = (Pieces((np.log(2.0) / 20.0,)), Pieces((0.3, 0.05), (0.5,)))
    return Course((control, treated), dropout, Pieces((8.0, 20.0), (0.5,)), float(months) / 12.0, 1.0)


def test_stated_rates_have_the_formulas_power(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rates at a time, a ratio, drop-out by arm and accrual in pieces: Lakatos' power, and alpha without the effect."""

    def no_life(*_: Any, **__: Any) -> None:
        raise AssertionError("a life was simulated")

    monkeypatch.setattr(simulation_module.Recruitment, "trials", no_life)
    sim = simulation(tmp_path, 3_000, **PLAN)
    control = from_survival([1.0], [0.4])
    conduct = sim.conduct()
    for name, ratio in (("stated", 0.6), ("stated_null", 1.0)):
        columns = sim.run(sim.truth(name), [conduct])[0]
        plan = course(control, control.times(ratio))
        expected = lakatos(plan, 0.025).power(240.0) if ratio < 1.0 else 0.025
        value, _ = share_and_se(succeeded(conduct, columns))
        assert value == pytest.approx(
            expected, abs=3.5 * np.sqrt(expected * (1 - expected) / 3_000) + 0.01 * (ratio < 1.0)
        )
        dropout = plan.dropout if ratio < 1.0 else (plan.dropout[0],) * 2
        plan = Course(plan.hazards, (dropout[0], dropout[1]), plan.accrual, plan.duration, plan.follow_up)
        events = 120.0 * (plan.event_probability(0) + plan.event_probability(1))
        assert columns["events"].mean() == pytest.approx(events, rel=0.01)


def test_stated_trials_do_not_depend_on_blocks_or_size(tmp_path: Path) -> None:
    """Trial 7 alone is trial 7 among ten, and a larger trial begins with the patients of the smaller."""
    sim = simulation(tmp_path, 10, **(PLAN | {"follow_up": {"months": 12.0}}))
    truth = sim.truth("stated")
    whole, alone, larger = (sim.lives(truth, *which) for which in ((0, 10, 60), (7, 1, 60), (7, 1, 90)))
    for name in ("arm", "entry", "died", "lost"):
        assert np.array_equal(getattr(whole, name)[7], getattr(alone, name)[0])
        assert np.array_equal(getattr(alone, name)[0], getattr(larger, name)[0, :60])


def test_a_study_sets_the_protocol_beside_the_model(tmp_path: Path) -> None:
    """Both truths are in one table, and the report says how far the assumption lies from what the model expects."""
    sim = simulation(tmp_path, 40, **PLAN)
    truths = ("stated", "stated_null", "scenario", "null")
    study = study_design(sim, truths, quick=True)
    assert set(study.endpoints["truth"]) == {"stated", "scenario"}
    found = findings(study, sim.planned, truths, 1)
    assert "what the model expects" in sentences(found)
    told = " ".join(page(found, {}).split())
    assert "<dd>major amputation or death, arm “control”: 40.0% by 12 months</dd>" in told
    assert "The assumptions are: major amputation or death, arm “control”: 40.0% by 12 months;" in told
    alone = study_design(simulation(tmp_path, 200, **PLAN), ("stated", "stated_null"))
    assert alone.search is not None and alone.views is None and alone.treated == {}


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"stated": [CONTROL | {"median_months": 6.0}, TREATED]}, "stated[1].event_rate"),
        ({"stated": [CONTROL | {"at_months": [6.0, 12.0]}, TREATED]}, "stated[1].at_months"),
        ({"stated": [CONTROL]}, "stated"),
        ({"stated": [CONTROL | {"arm": "nobody"}, TREATED]}, "stated[1].arm"),
        ({"stated": [TREATED | {"arm": "control"}, TREATED]}, "stated[1].arm"),
        ({"stated": [CONTROL, TREATED, {"outcome": "death", "median_months": 20.0}]}, "stated"),
        ({"endpoints": TWO_ARMS["endpoints"][1:2]}, "endpoints.death.outcome"),
        ({"randomisation": {"strata": [{"factor": "renal"}]}}, "randomisation.strata"),
        ({"accrual": {"per_month": 8.0, "from_months": [3.0]}}, "accrual.from_months"),
    ],
)
def test_impossible_statements_are_explained(tmp_path: Path, changed: dict[str, Any], key: str) -> None:
    """What is stated twice, not at all, or of nobody is refused by its key."""
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, **(PLAN | changed))
    assert key in {problem.key for problem in caught.value.problems}, caught.value
