"""Bayesian rules of a single arm: by hand, against tables of others, and their exact errors in simulated trials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom
from trial_designs import planned, simulation

from simulator.questions.trial.results.operating import operating_characteristics
from simulator.statistics.beliefs.beta_rules import (
    bayes_rule,
    success_from,
)
from simulator.words.errors import BadInput

ONE: dict[str, Any] = {
    "arms": [{"name": "cells", "policy": "single_dose"}],
    "size": {"patients": 40, "power": 0.8},
    "endpoints": [
        {
            "name": "afs",
            "outcome": "amputation_free_survival",
            "test": "posterior",
            "at_months": 6.0,
            "null_rate": 0.5,
            "lost": "failure",
            "prior": {"weight": [1.0], "a": [8.0], "b": [8.0], "vague": 0.3},
        }
    ],
}


def test_a_design_by_posterior_probability(tmp_path: Path) -> None:
    """Trials succeed where the count does, and the type I error at the goal is the exact one of the table."""
    sim = simulation(tmp_path, 200, **ONE)
    conduct = sim.conduct()
    columns = sim.run(sim.truth("scenario"), [conduct])[0]
    prior = sim.design.primary.prior
    assert prior is not None
    needed = success_from(prior.mixture, 40, 0.5, 0.975)
    counts = np.rint(columns["rate_1_at_end:afs"] * 40)
    assert (columns["rejected:afs"] == (counts >= needed)).all()
    table = operating_characteristics(conduct, {"scenario": columns}).set_index(["truth", "measure"])["value"]
    assert table["null_rate", "type_i_error"] == pytest.approx(binom.sf(needed - 1, 40, 0.5))


def test_two_stages_by_predictive_probability(tmp_path: Path) -> None:
    """The limits are those of the rule: stop below the futile count, succeed from the needed one on."""
    stages = {"kind": "predictive", "n1": 20, "n": 40, "futility": 0.1}
    sim = simulation(tmp_path, 100, **(ONE | {"two_stage": stages, "size": {"power": 0.8}}))
    prior = sim.design.primary.prior
    assert prior is not None and sim.design.stages is not None
    rule = bayes_rule(prior.mixture, (20, 40), 0.5, 0.975, 0.1)
    assert (sim.design.stages.r1, sim.design.stages.r) == (rule.futile[0] - 1, rule.needed - 1)
    conduct = sim.conduct()
    columns = sim.run(sim.truth("null"), [conduct])[0]
    assert set(columns["patients"]) <= {20.0, 40.0}
    found = operating_characteristics(conduct, {"no_effect": columns}).set_index(["truth", "measure"])["value"]
    assert found["null_rate", "type_i_error"] == pytest.approx(rule.chances(0.5)[0], abs=1e-9)


AFS = ONE["endpoints"][0]


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        (
            {"endpoints": [AFS | {"prior": {"weight": [0.5], "a": [1.0], "b": [1.0]}}]},
            "endpoints.afs.prior.weight",
        ),
        ({"endpoints": [AFS | {"test": "exact_binomial"}]}, "endpoints.afs.prior"),
        ({"two_stage": {"kind": "predictive", "n1": 20, "n": 40}}, "two_stage.futility"),
        ({"two_stage": {"kind": "optimal", "hoped_rate": 0.7}}, "two_stage"),
        ({"looks": {"by": "patients", "at": [20]}}, "looks"),
    ],
)
def test_what_does_not_belong_together_is_refused(tmp_path: Path, changed: dict[str, Any], key: str) -> None:
    """Each with its key."""
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, **(ONE | changed))
    assert key in {problem.key for problem in caught.value.problems}
