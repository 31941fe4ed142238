"""Arms that are dropped and a trial that goes on in a subgroup: which go on, and who is recruited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm
from trial_designs import lives, planned, simulation

from simulator.face.trial import trial
from simulator.questions.trial.analysis.data import cut, limited
from simulator.questions.trial.analysis.seen import through
from simulator.questions.trial.conduct.adaptive import carried_out, in_common, in_subgroup
from simulator.questions.trial.conduct.decisions import Reason, decide_closed
from simulator.questions.trial.design.selection import Enrichment, Selection, going_on
from simulator.questions.trial.results.operating import ROW, operating_characteristics
from simulator.words.errors import BadInput


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


def test_an_arm_looks_too_good_where_it_is_chosen(tmp_path: Path) -> None:
    """Under no effect the arm that goes on is told to look better than it is; a single such trial, and draws, tell nothing."""
    sim = simulation(tmp_path, 600, **THREE)
    conduct = sim.conduct()
    columns = sim.run(sim.truth("null"), [conduct])[0]

    def told(truth: str, some: dict[str, Any]) -> dict[str, tuple[float, float]]:
        table = operating_characteristics(conduct, {truth: some})
        return {row.measure: (row.value, row.se) for row in table.itertuples() if "bias_kept" in row.measure}

    found = told("null", columns)
    assert set(found) == {"bias_kept_healing:one", "bias_kept_healing:many"}
    for name, (bias, se) in found.items():
        which = columns[f"kept:{name.removeprefix('bias_kept_')}"] > 0.0
        assert bias > 2.0 * se > 0.0
        true = columns[f"estimate_at_end:{name.removeprefix('bias_kept_')}"].mean()
        assert bias == pytest.approx(columns[f"estimate:{name.removeprefix('bias_kept_')}"][which].mean() - true)
    first = int(np.argmax(columns["kept:healing:one"] > 0.0))
    alone = columns | {"kept:healing:one": (np.arange(600) == first).astype(float)}
    assert set(told("null", alone)) == {"bias_kept_healing:many"}
    assert told("posterior", columns | {ROW: np.arange(600) // 5}) == {}
