"""Arms that are dropped and a trial that goes on in a subgroup: the closed test by hand and against others, and who is recruited.

rpact's numbers are those that its own tests hold it to (github.com/rpact-com/rpact, the first test of
tests/testthat/test-f_analysis_enrichment_rates.R: two populations, inverse normal, Pocock at 0.02).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm
from trial_designs import lives, planned, simulation

from simulator.face.trial import trial
from simulator.questions.trial.adaptive import carried_out, in_common, in_subgroup
from simulator.questions.trial.analysis import through
from simulator.questions.trial.data import cut, limited
from simulator.questions.trial.decisions import Reason, decide_closed
from simulator.questions.trial.selection import Enrichment, Selection, going_on
from simulator.statistics.boundaries import solve
from simulator.statistics.closed_combination import (
    Stages,
    combined_z,
    fisher_limit,
    fisher_rejections,
    intersection_p,
    rejections,
)
from simulator.statistics.normal_maximum import common_factor_tail
from simulator.statistics.stopping_plan import Plan
from simulator.words.errors import BadInput


def pooled_z(control: tuple[int, int], treated: tuple[int, int]) -> float:
    """The pooled z test of two rates, given events and patients; fewer events are better."""
    (k0, n0), (k1, n1) = control, treated
    rate = (k0 + k1) / (n0 + n1)
    return float((k0 / n0 - k1 / n1) / np.sqrt(rate * (1.0 - rate) * (1.0 / n0 + 1.0 / n1)))


@pytest.mark.parametrize(("test", "subgroup"), [("dunnett", 0.13861438), ("bonferroni", 0.075460476)])
def test_rpacts_conditional_rejection_after_two_stages_in_two_populations(test: str, subgroup: float) -> None:
    """The chance that the third stage rejects, to seven digits: the subgroup by both intersection tests (Spiessens and Debois in
    rpact's words, dunnett here), and everybody, where their own test decides."""
    inner = [((18, 28), (7, 22)), ((21, 33), (16, 31))]
    whole = [((29, 49), (16, 46)), ((35, 62), (31, 54))]
    z = np.array([[[pooled_z(*inner[k]), pooled_z(*whole[k])] for k in range(2)]])
    shares = [(inner[k][0][1] + inner[k][1][1]) / (whole[k][0][1] + whole[k][1][1]) for k in range(2)]
    both = [
        intersection_p(z[:, k], np.ones((1, 2), bool), np.full((1, 2), shares[k] ** 0.25), test)[0] for k in range(2)
    ]
    weights = np.sqrt([0.4, 0.3, 0.3])
    last = solve(Plan((0.4, 0.7, 1.0), 0.02, "pocock"), "design").upper[-1]

    def conditional(p: Any) -> float:
        so_far = combined_z(np.array([p]), weights[:2])[0, 1]
        return float(norm.sf((last - np.sqrt(0.7) * so_far) / np.sqrt(0.3)))

    alone = norm.sf(z[0])
    assert min(conditional(both), conditional(alone[:, 0])) == pytest.approx(subgroup, abs=2e-8)
    assert min(conditional(both), conditional(alone[:, 1])) == pytest.approx(0.047432959, abs=2e-8)


def test_largest_of_several_against_dunnetts_table_and_another_integration() -> None:
    """One-sided 5% points 1.92, 2.06, 2.16 of 2, 3 and 4 arms of equal size (Dunnett 1955, table 1a), and unequal arms."""
    for arms, point in ((2, 1.92), (3, 2.06), (4, 2.16)):
        found = common_factor_tail(np.array([point]), np.full((1, arms), np.sqrt(0.5)))
        assert found[0] == pytest.approx(0.05, abs=7e-4)
    loadings = np.sqrt([2.0 / 3.0, 0.5, 0.4])
    correlation = np.outer(loadings, loadings)
    np.fill_diagonal(correlation, 1.0)
    expected = 1.0 - multivariate_normal(np.zeros(3), correlation, seed=1, abseps=1e-7, releps=1e-7).cdf(
        np.full(3, 1.8)
    )
    assert common_factor_tail(np.array([1.8]), loadings[None, :])[0] == pytest.approx(expected, abs=2e-6)
    alone = common_factor_tail(np.array([4.0]), np.array([[0.7, np.nan, np.nan]]))
    assert alone[0] == pytest.approx(norm.sf(4.0), rel=1e-6)


def test_bauer_and_koehnes_limit() -> None:
    """0.0038 at 2.5% and 0.0087 at 5% (their table 1)."""
    assert fisher_limit(0.025) == pytest.approx(0.0038, abs=5e-5)
    assert fisher_limit(0.05) == pytest.approx(0.0087, abs=5e-5)


def test_closed_test_of_a_dropped_arm_by_hand() -> None:
    """Arm 1 goes on alone: at the end its p value stands for every intersection that holds it, and arm 2 cannot be rejected."""
    z = np.array([[[1.9, 1.0], [2.0, np.nan]]])
    kept = np.array([[[True, True], [True, False]]])
    weights, upper = np.sqrt([0.5, 0.5]), np.array([2.8, 2.0])
    found = rejections(Stages(z, kept, np.full(z.shape, np.sqrt(0.5))), weights, upper, "bonferroni")
    both = (-norm.ppf(2 * norm.sf(1.9)) + 2.0) / np.sqrt(2.0)
    assert both > 2.0
    assert found[0].tolist() == [[False, False], [True, False]]
    nearly = np.array([[[1.9, 1.0], [1.1, np.nan]]])
    # Alone arm 1 would be rejected, but not together with the one that was dropped.
    assert (1.9 + 1.1) / np.sqrt(2.0) > 2.0 > (-norm.ppf(2 * norm.sf(1.9)) + 1.1) / np.sqrt(2.0)
    assert not rejections(Stages(nearly, kept, np.full(z.shape, 0.7)), weights, upper, "bonferroni").any()
    product = 2 * norm.sf(1.9) * norm.sf(2.0)
    assert product < fisher_limit(0.025)
    assert fisher_rejections(Stages(z, kept, np.full(z.shape, 0.7)), 0.025, "bonferroni")[0].tolist() == [
        [False, False],
        [True, False],
    ]


def test_an_intersection_that_is_dropped_or_says_nothing() -> None:
    """Nothing kept is never rejected; what is kept and says nothing stands in the middle; the others go by what they say."""
    z, kept = (
        np.array([[3.0, 3.0], [np.nan, np.nan], [1.5, np.nan]]),
        np.array([[False, False], [True, True], [True, True]]),
    )
    for test in ("dunnett", "simes", "bonferroni"):
        found = intersection_p(z, kept, np.full(z.shape, 0.7), test)
        assert found == pytest.approx([1.0, 0.5, norm.sf(1.5)], rel=1e-6)


def test_choosing_the_best_arm_keeps_the_level() -> None:
    """Three arms without an effect, the best of them tested on: 2.5% within three standard errors at 20,000 trials, where the
    chosen arm's pooled statistic as if planned alone errs twice as often."""
    luck = np.random.default_rng(3)
    trials = 20_000
    z = np.sqrt(0.5) * (luck.normal(size=(trials, 2, 1)) + luck.normal(size=(trials, 2, 3)))
    kept = np.ones(z.shape, bool)
    best = z[:, 0].argmax(axis=1)
    kept[:, 1] = np.arange(3) == best[:, None]
    weights = np.sqrt([0.5, 0.5])
    upper = solve(Plan((0.5, 1.0), 0.025, "ld-obf"), "design").upper
    stages = Stages(z, kept, np.full(z.shape, np.sqrt(0.5)))
    error = 3.0 * np.sqrt(0.025 * 0.975 / trials)
    found = rejections(stages, weights, upper, "dunnett")[:, -1].any(axis=1).mean()
    assert abs(found - 0.025) < error
    assert abs(fisher_rejections(stages, 0.025, "dunnett")[:, -1].any(axis=1).mean() - 0.025) < error
    assert rejections(stages, weights, upper, "simes")[:, -1].any(axis=1).mean() < 0.025 + error
    naive = (z[np.arange(trials), :, best] @ weights >= norm.isf(0.025)).mean()
    assert naive > 0.045


def test_which_arms_go_on() -> None:
    """The best, those above a limit, both; a population as the two limits say."""
    z, all_ = np.array([[0.5, 1.5, -0.2], [-1.0, np.nan, -2.0]]), np.ones((2, 3), bool)
    assert going_on(Selection(keep=1), z, all_).tolist() == [[False, True, False], [True, False, False]]
    assert going_on(Selection(z=0.0), z, all_).tolist() == [[True, True, False], [False, False, False]]
    assert going_on(Selection(keep=1, z=0.0), z, all_).tolist() == [[False, True, False], [False, False, False]]
    gone = np.array([[True, False, True], [True, True, True]])
    assert going_on(Selection(keep=1), z, gone)[0].tolist() == [True, False, False]
    rule = Enrichment(tcpo2_below=20.0, z_everybody=1.0, z_subgroup=0.5)
    seen = np.array([[1.2, -1.0], [0.8, 0.9], [0.8, 0.2]])
    assert going_on(rule, seen, np.ones((3, 2), bool)).tolist() == [[True, True], [False, True], [False, False]]


THREE: dict[str, Any] = {
    "arms": [
        {"name": "control", "policy": "conservative"},
        {"name": "one", "policy": "single_dose"},
        {"name": "many", "policy": "protocol"},
    ],
    "size": {"patients": 90, "power": 0.8},
    "looks": {"by": "patients", "at": [30]},
    "selection": {"keep": 1},
    "endpoints": [{"name": "healing", "outcome": "healing", "test": "risk_difference", "at_months": 3.0}],
    "follow_up": {"months": 3.0},
}
TWO: dict[str, Any] = {
    **{key: value for key, value in THREE.items() if key not in ("arms", "selection")},
    "enrichment": {"tcpo2_below": 15.0, "z_everybody": 10.0, "z_subgroup": -10.0},
}


FISHER = {"keep": 1, "combination": "fisher"}


@pytest.mark.parametrize("patients", ["as_planned", "fewer"])
def test_nobody_enters_an_arm_after_it_is_dropped(tmp_path: Path, patients: str) -> None:
    """Those who came before the look are as they were, the others are in the control or the arm that is left, in balance."""
    sim = simulation(tmp_path, 12, **(THREE | {"selection": {"keep": 1, "patients": patients}}))
    conduct = sim.conduct()
    pool = lives(sim, 12)
    found = carried_out(conduct, pool)
    data, before = found.data, limited(pool, 90)
    for trial_ in range(12):
        late = data.entry[trial_] > found.dates[trial_, 0]
        there = data.entered[trial_]
        assert np.array_equal(data.arm[trial_][there & ~late], before.arm[trial_][before.entered[trial_] & ~late])
        dropped = [arm for arm in (1, 2) if not found.kept[trial_, 0, arm - 1]]
        assert len(dropped) == 1
        counts = np.bincount(data.arm[trial_][there & late], minlength=3)
        assert counts[dropped[0]] == 0
        assert abs(counts[0] - counts[3 - dropped[0]]) <= 2
        if patients == "as_planned":
            assert there.sum() == 90
        else:
            planned_late = before.arm[trial_][before.entered[trial_] & (before.entry[trial_] > found.dates[trial_, 0])]
            assert there.sum() == 90 - (planned_late == dropped[0]).sum()
        assert (np.diff(data.entry[trial_][there]) >= 0.0).all()
    assert not (found.made.rejected & ~found.kept[:, -1] & ~found.kept[:, 0]).any()


def test_a_trial_without_blocks_has_recruits_enough(tmp_path: Path) -> None:
    """Where a coin gives the dropped arm more than its part, the places still all go to the others."""
    early = {"randomisation": {"block": 0}, "looks": {"by": "patients", "at": [6]}, "accrual": {"per_month": 0.5}}
    sim = simulation(tmp_path, 40, **(THREE | early))
    assert (carried_out(sim.conduct(), lives(sim, 40)).data.entered.sum(axis=1) == 90).all()


def test_when_trials_that_drop_arms_succeed() -> None:
    """At a look once all that are left are rejected, at the end with any; with nothing left it is futile."""
    none, one, both = [False, False], [True, False], [True, True]
    rejected = np.array([[one, one], [one, one], [none, one], [none, none], [none, none]])
    kept = np.array([[one, one], [both, both], [both, both], [none, none], [both, both]])
    made = decide_closed(rejected, kept, np.ones((5, 2), bool))
    assert made.stop.tolist() == [0, 1, 1, 0, 1]
    assert made.reason.tolist() == [*[Reason.EFFICACY] * 3, Reason.FUTILITY, Reason.END]


def test_what_statistics_have_in_common(tmp_path: Path) -> None:
    """Two arms share the control: their correlation is the root of both arms' parts of theirs and the control's patients. A
    subgroup's with everybody's is the root of its part of the information."""
    arms = [arm | {"allocation": size} for arm, size in zip(THREE["arms"], (2, 1, 3), strict=True)]
    found = in_common(simulation(tmp_path, 2, **(THREE | {"arms": arms})).conduct(), np.ones((1, 2)))
    assert found[0].prod() == pytest.approx(np.sqrt(1 / 3 * 3 / 5))
    found = in_common(simulation(tmp_path, 2, **TWO).conduct(), np.array([[90.0, 30.0]]))
    assert found[0].prod() == pytest.approx(np.sqrt(1 / 3))


def test_stages_share_no_patient(tmp_path: Path) -> None:
    """The statistic of the second stage is that of patients who were not through at the look."""
    sim = simulation(tmp_path, 6, **(THREE | {"selection": {"z": -9.0}}))
    conduct = sim.conduct()
    found = carried_out(conduct, lives(sim, 6))
    first, last = (cut(found.data, found.dates[:, k]) for k in (0, 1))
    endpoint = sim.design.primary
    own = through(endpoint, last).sum(axis=1) - through(endpoint, first).sum(axis=1)
    whole = [sum(each.information for each in look) for look in found.analyses]
    controls = [(through(endpoint, seen) & (seen.arm == 0)).sum(axis=1) for seen in (first, last)]
    # Both comparisons count the control.
    assert np.array_equal(whole[1] - controls[1] - (whole[0] - controls[0]), own)
    assert found.kept.all()


def test_stages_of_a_logrank_trial_are_its_increments(tmp_path: Path) -> None:
    """Rejections are those of the closed test of increments formed by hand from statistics and events at both looks."""
    stated = [{"outcome": "amputation_free_survival", "arm": "control", "event_rate": 0.6, "at_months": 12.0}]
    stated += [
        {"outcome": "amputation_free_survival", "arm": arm, "hazard_ratio": ratio}
        for arm, ratio in (("one", 0.5), ("many", 0.8))
    ]
    changed = {
        "stated": stated,
        "selection": {"z": -9.0, "intersection": "simes"},
        "endpoints": [{"name": "afs", "outcome": "amputation_free_survival", "test": "logrank"}],
        "size": {"patients": 240, "power": 0.8},
        "looks": {"by": "patients", "at": [180]},
        "follow_up": {"months": 12.0},
        "drop_out": {"per_year": 0.0},
    }
    sim = simulation(tmp_path, 60, **(THREE | changed))
    conduct = sim.conduct()
    found = carried_out(conduct, lives(sim, 60, "stated"))
    z, events = (
        np.array([[getattr(each, name) for each in look] for look in found.analyses]) for name in ("z", "information")
    )
    second = (z[1] * np.sqrt(events[1]) - z[0] * np.sqrt(events[0])) / np.sqrt(events[1] - events[0])
    share = conduct.rule.planned[0]
    upper = conduct.rule.boundaries[0].upper
    first_p, second_p = norm.sf(z[0]), norm.sf(second)

    def crosses(one: Any, other: Any) -> Any:
        joined = np.sqrt(share) * norm.isf(one) + np.sqrt(1.0 - share) * norm.isf(other)
        return (norm.isf(one) >= upper[0]) | (joined >= upper[1])

    def simes(p: Any) -> Any:
        return np.minimum(2.0 * p.min(axis=0), p.max(axis=0))

    both = crosses(simes(first_p), simes(second_p))
    expected = np.array([crosses(first_p[h], second_p[h]) & both for h in range(2)]).T
    # A trial that stopped at its look has rejected by then what it has rejected.
    ended = found.made.stop == 1
    assert ended.sum() > 20
    assert np.array_equal(found.made.rejected[ended], expected[ended])
    assert 0 < expected[:, 0].sum() < 60


def test_only_the_subgroup_enters_after_enrichment(tmp_path: Path) -> None:
    """Later patients have low TcPO2 and come on their own dates; whoever is passed over counts as screened."""
    sim = simulation(tmp_path, 10, **TWO)
    pool = lives(sim, 10)
    found = carried_out(sim.conduct(), pool)
    rule = sim.design.enrichment
    assert rule is not None
    alone = [t for t in range(10) if found.kept[t, -1].tolist() == [False, True]]
    assert len(alone) >= 7
    for t in alone:
        there = found.data.entered[t]
        late = there & (found.data.entry[t] > found.dates[t, 0])
        assert late.any()
        assert in_subgroup(rule, found.data)[t][late].all()
        came = pool.entry[t] <= found.data.entry[t][there].max()
        assert found.data.screened[t][there].sum() == pool.screened[t][came].sum()


def test_trials_that_drop_are_told(tmp_path: Path) -> None:
    """The result says how often each arm goes on, and that the whole design's level was not exceeded unawares."""
    plan = planned(tmp_path, **THREE)
    found = trial(plan, trials=40, truths=["scenario", "null"], quick=True)
    table = found.tables["operating_characteristics"].set_index(["truth", "measure"])["value"]
    shares = [table["scenario", f"kept_healing:{arm}"] for arm in ("one", "many")]
    assert sum(shares) == pytest.approx(1.0)
    assert "monitoring" not in found.tables
    with pytest.raises(BadInput):
        trial(plan, trials=40, quick=True, export=2)


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"looks": None}, "looks"),
        ({"selection": {}}, "selection.keep"),
        ({"selection": {"keep": 2}}, "selection.keep"),
        ({"selection": FISHER, "looks": {"by": "patients", "at": [20, 40]}}, "selection.combination"),
        (
            {
                "selection": {"keep": 1, "combination": "fisher"},
                "looks": {"by": "patients", "at": [20], "type": "pocock"},
            },
            "looks.type",
        ),
        ({"multiplicity": {"rule": "holm"}}, "multiplicity.rule"),
        ({"sides": 2}, "sides"),
        ({"futility": {"rule": "z", "z": [0.0]}}, "futility"),
        ({"randomisation": {"method": "minimised", "strata": [{"factor": "renal"}]}}, "randomisation.method"),
        ({"endpoints": [{"name": "healing", "outcome": "healing", "test": "gray"}]}, "endpoints.healing.test"),
        ({"enrichment": TWO["enrichment"]}, "enrichment"),
        ({"arms": THREE["arms"][:2]}, "selection"),
    ],
)
def test_what_does_not_belong_together_is_refused(tmp_path: Path, changed: dict[str, Any], key: str) -> None:
    """Each with its key."""
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, **(THREE | changed))
    assert key in {problem.key for problem in caught.value.problems}
