"""Trials that borrow from historical controls: designs, the prior they take and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trial_designs import planned, simulation

from simulator.questions.trial.conduct.decisions import Reason
from simulator.questions.trial.design.predictive import rule_of
from simulator.questions.trial.historical import PEOPLE, STUDIES, earlier_study, simulated_counts, with_history
from simulator.questions.trial.results.operating import UNFORESEEN, type_i_errors
from simulator.questions.trial.results.prior_tables import prior_tables
from simulator.questions.trial.simulation.simulation import Simulation
from simulator.statistics.beliefs.borrowing import BorrowingRule
from simulator.words.errors import BadInput

TWO: dict[str, Any] = {
    "scenario": "base",
    "arms": [
        {"name": "control", "policy": "conservative"},
        {"name": "cells", "policy": "single_dose", "allocation": 2},
    ],
    "size": {"patients": 60, "power": 0.8},
    "predictive": {"at": [30], "futility": 0.1, "efficacy": 0.97},
    "endpoints": [
        {
            "name": "afs",
            "outcome": "amputation_free_survival",
            "test": "posterior_difference",
            "at_months": 6.0,
            "lost": "failure",
            "prior": {"weight": [1.0], "a": [8.0], "b": [8.0], "vague": 0.3},
        }
    ],
}
AFS = TWO["endpoints"][0]


def test_a_design_that_borrows(tmp_path: Path) -> None:
    """Trials end as the rule says of their counts; the level's departure is foreseen, and tables tell the prior and its costs."""
    sim = simulation(tmp_path, 200, **TWO)
    conduct = sim.conduct()
    columns = sim.run(sim.truth("null"), [conduct])[0]
    end = columns["look"] == 2.0
    assert 0 < end.sum() < 200
    rates = [np.rint(columns[f"rate_{arm}_at_end:afs"][end] * n).astype(int) for arm, n in ((0, 20), (1, 40))]
    rule = BorrowingRule(sim.design.primary.prior.mixture, (20, 40), 0.975)  # type: ignore[union-attr]
    assert rule_of(sim.design, sim.design.primary, 60) == rule
    assert (columns["success"][end] > 0.0).tolist() == rule.success[rates[0], rates[1]].tolist()
    futile = columns["reason"] == Reason.FUTILITY
    assert futile.sum() > 10
    assert columns["estimate:afs"][futile].mean() < columns["estimate:afs"][end].mean()
    prior, costs = prior_tables(conduct, columns)
    assert prior is not None and costs is not None
    assert prior["part"].tolist() == ["1", "2", "earlier", "whole"]
    assert prior["moment"].iloc[-2] == pytest.approx(16.0)
    level = type_i_errors(conduct, columns).iloc[0]
    assert level["verdict"] == "held" or level["reason"] != UNFORESEEN


def test_prior_from_the_population_of_hospitals(tmp_path: Path) -> None:
    """Counts of new studies under the control's care spread more than chance, the mixture has their mean, and another seed of the
    trial's patients changes nothing."""
    plan = planned(tmp_path, **(TWO | {"endpoints": [AFS | {"prior": {"taken_from": "hospitals", "vague": 0.2}}]}))
    ready = with_history(plan)
    prior = ready.design.primary.prior
    assert prior is not None and plan.population is not None
    assert prior.policy == "conservative"
    good, n = simulated_counts(earlier_study(plan.design, plan.design.primary, "conservative"), plan.population)
    assert len(good) == STUDIES
    assert (n == PEOPLE).all()
    rate = good / n
    assert prior.informative.mean == pytest.approx(rate.mean(), abs=0.01)
    assert prior.informative.sd == pytest.approx(rate.std(), abs=0.02)
    assert rate.std() > 2.0 * np.sqrt(rate.mean() * (1.0 - rate.mean()) / PEOPLE)
    assert with_history(ready) is ready
    several = {
        "accrual": {"pattern": "sites", "sites": 3, "per_month": 2.0, "opening_months": 0.0, "hospitals": "different"}
    }
    other = planned(tmp_path, **(TWO | several)).design
    assert earlier_study(other, other.primary, "conservative").accrual.sites == 3
    assert Simulation(ready, 7, 10).design.primary.prior == prior


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"endpoints": [AFS | {"prior": {"a": [0.2], "b": [3.0]}}]}, "endpoints.afs.prior.a"),
        ({"endpoints": [AFS | {"prior": {"policy": "protocol"}}]}, "endpoints.afs.prior.policy"),
        (
            {"endpoints": [AFS | {"prior": {"taken_from": "hospitals", "policy": "none such"}}]},
            "endpoints.afs.prior.policy",
        ),
        (
            {"endpoints": [AFS | {"prior": {"taken_from": "studies", "studies": [{"patients": 9, "successes": 3}]}}]},
            "endpoints.afs.prior.studies",
        ),
        ({"looks": {"by": "patients", "at": [30]}, "predictive": None}, "looks"),
        ({"sides": 2}, "sides"),
        ({"predictive": {"at": [60], "futility": 0.1}}, "predictive.at"),
        ({"predictive": {"at": [30]}}, "predictive.futility"),
        ({"predictive": {"at": [30], "futility": 0.5, "efficacy": 0.4}}, "predictive.efficacy"),
        ({"endpoints": [AFS | {"test": "chi_square", "prior": None}]}, "predictive"),
        (
            {"endpoints": [AFS, AFS | {"name": "other"}], "multiplicity": {"rule": "holm"}},
            "endpoints.afs.test",
        ),
    ],
)
def test_what_does_not_belong_together_is_refused(tmp_path: Path, changed: dict[str, Any], key: str) -> None:
    """Each with its key."""
    table = TWO | changed
    table["endpoints"] = [
        {name: value for name, value in each.items() if value is not None} for each in table["endpoints"]
    ]
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, **table)
    assert key in {problem.key for problem in caught.value.problems}
