"""Weighted log-rank tests, MaxCombo, and tests with covariates, against other programs and by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trial_designs import TWO_ARMS, planned, simulation

from simulator.questions.trial.analysis.analysis import analyse
from simulator.questions.trial.analysis.data import cut
from simulator.questions.trial.analysis.seen import at_a_time
from simulator.questions.trial.results.operating import type_i_errors
from simulator.statistics.endpoints.adjusted_tests import cochran_mantel_haenszel, standardised_difference
from simulator.words.errors import BadInput


def test_satos_error_is_the_spread_of_estimates() -> None:
    """Over two thousand trials with sparse strata the mean variance is the variance of the estimates, within a tenth."""
    rng = np.random.default_rng(2)
    stratum = np.broadcast_to(np.arange(200) % 20, (2_000, 200))
    arm = np.broadcast_to(np.arange(200) // 20 % 2, (2_000, 200))
    outcome = rng.random((2_000, 200)) < 0.2 + 0.02 * stratum + 0.1 * arm
    own = cochran_mantel_haenszel(outcome, arm, stratum)
    assert own.estimate.mean() == pytest.approx(0.1, abs=0.005)
    assert (own.se**2).mean() == pytest.approx(own.estimate.var(), rel=0.1)


def test_adjustment_makes_errors_smaller_and_right() -> None:
    """With a covariate that foretells the outcome the error shrinks and is that of the estimates."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(600, 300))
    arm = np.broadcast_to(np.arange(300) % 2, x.shape)
    outcome = rng.random(x.shape) < 1.0 / (1.0 + np.exp(-1.5 * x))
    adjusted, plain = standardised_difference(outcome, arm, x), standardised_difference(outcome, arm)
    assert (adjusted.se < plain.se).mean() > 0.99
    assert adjusted.se.mean() == pytest.approx(adjusted.estimate.std(), rel=0.1)
    assert abs(adjusted.estimate.mean()) < 4.0 * adjusted.estimate.std() / np.sqrt(600)


NEW: list[dict[str, Any]] = [
    {"name": "late", "outcome": "amputation_free_survival", "test": "fleming_harrington", "gamma": 1.0},
    {"name": "combo", "outcome": "amputation_free_survival", "test": "max_combo"},
    {"name": "cmh", "outcome": "death", "test": "cmh", "at_months": 6.0},
    {"name": "adjusted", "outcome": "healing", "test": "g_computation", "at_months": 6.0},
    {
        "name": "wins",
        "outcome": "hierarchy",
        "test": "win_ratio",
        "order": ["death", "healing", "tcpo2"],
        "thresholds": [1.0, 0.5, 5.0],
        "stratified": True,
        "at_months": 6.0,
    },
]


def test_levels_of_the_new_tests(tmp_path: Path) -> None:
    """In 2,000 trials without effect each test alone rejects as often as alpha says (3.5 standard errors), or says why not."""
    sim = simulation(
        tmp_path,
        2_000,
        endpoints=NEW,
        randomisation={"strata": [{"factor": "renal"}]},
        size={"patients": 160, "power": 0.8},
    )
    conduct = sim.conduct()
    table = type_i_errors(conduct, sim.run(sim.truth("null"), [conduct])[0]).set_index("endpoint")
    for name in ("late", "combo", "cmh", "adjusted", "wins"):
        row = table.loc[name]
        assert row["value"] == pytest.approx(0.025, abs=3.5 * np.sqrt(0.025 * 0.975 / 2_000)), name


def test_an_endpoint_is_analysed_by_its_adjusted_test(tmp_path: Path) -> None:
    """What a trial reports is the adjusted estimate of its outcome at the time, with strata and TcPO2 on entry, not another's."""
    outcome = {"outcome": "amputation_free_survival", "at_months": 6.0, "lost": "failure"}
    endpoints = [outcome | {"name": test, "test": test} for test in ("cmh", "g_computation")]
    strata = {"strata": [{"factor": "ischaemic_heart_disease"}]}
    sim = simulation(tmp_path, 3, endpoints=endpoints, randomisation=strata)
    data = cut(sim.lives(sim.truth("scenario"), 0, 3, 120), 9.0)
    yes, _ = at_a_time(sim.design.endpoints[0], data)
    by_strata = cochran_mantel_haenszel(yes, data.arm, data.stratum)
    standardised = standardised_difference(yes, data.arm, data.tcpo2_entry, (data.stratum == 1) * 1.0)
    for endpoint, expected in zip(sim.design.endpoints, (by_strata, standardised), strict=True):
        found = analyse(endpoint, data)
        for name in ("estimate", "se", "z"):
            assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-12)
        assert set(found.shares) == {"rate_0", "rate_1", "missing"}


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"endpoints": [NEW[1]], "looks": {"by": "events", "at": [20]}}, "endpoints.combo.test"),
        ({"endpoints": [NEW[2]]}, "endpoints.cmh.test"),
        ({"endpoints": [NEW[0] | {"gamma": 0.0}]}, "endpoints.late.rho"),
        ({"endpoints": [TWO_ARMS["endpoints"][0] | {"gamma": 1.0}]}, "endpoints.afs.gamma"),
        ({"endpoints": [NEW[4] | {"thresholds": [1.0], "stratified": False}]}, "endpoints.wins.thresholds"),
        ({"endpoints": [NEW[4] | {"margin": 5.0, "stratified": False}]}, "endpoints.wins.margin"),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path: Path, changed: dict[str, Any], key: str) -> None:
    """Each with its key."""
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, **changed)
    assert key in {problem.key for problem in caught.value.problems}
