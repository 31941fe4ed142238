"""Arms that are dropped and trials that go on in a subgroup: who is recruited, and what each stage alone tells."""

from __future__ import annotations

from dataclasses import replace
from math import nan, sqrt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_trials import trial
from trial_designs import lives, simulation

from simulator.questions.trial.analysis.analysis import analyse
from simulator.questions.trial.analysis.data import cut, limited
from simulator.questions.trial.analysis.seen import through
from simulator.questions.trial.conduct import adaptive
from simulator.questions.trial.conduct.decisions import decide_closed
from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.design.selection import Enrichment, Selection
from simulator.statistics.multiplicity.closed_combination import Stages, fisher_rejections, rejections

SUBGROUP = Enrichment(tcpo2_below=20.0, z_everybody=1.0, z_subgroup=0.0)
DEAD = Endpoint(name="dead", outcome="death", test="chi_square", at_months=12.0)
SURVIVAL = Endpoint(name="dead", outcome="death", test="logrank")


def test_who_is_in_the_subgroup() -> None:
    """TcPO2 below 20 mmHg on entry; 20 itself is not, nor is whoever is not in the trial or was not measured."""
    data = trial(arm=[0, 1, 1, -1, 0], tcpo2_entry=[19.9, 20.0, 30.0, 10.0, nan])
    assert list(adaptive.in_subgroup(SUBGROUP, data)[0]) == [True, False, False, False, False]


def test_the_population_of_a_hypothesis() -> None:
    """The first hypothesis is about everybody, the second about the subgroup alone; without enrichment all about everybody."""
    data = trial(arm=[0, 1, 1], tcpo2_entry=[10.0, 30.0, 15.0])
    plan: Any = SimpleNamespace(design=SimpleNamespace(enrichment=SUBGROUP))
    assert list(adaptive._population(plan, data, 0).arm[0]) == [0, 1, 1]
    assert list(adaptive._population(plan, data, 1).arm[0]) == [0, -1, 1]
    plain: Any = SimpleNamespace(design=SimpleNamespace(enrichment=None))
    assert list(adaptive._population(plain, data, 1).arm[0]) == [0, 1, 1]


def test_what_statistics_have_in_common() -> None:
    """With one control for two of an arm sqrt(2/3), of one sqrt(1/2); with a subgroup of a quarter the square root of a half."""
    arms = [SimpleNamespace(allocation=each) for each in (1, 2, 1)]
    selecting: Any = SimpleNamespace(design=SimpleNamespace(enrichment=None, arms=arms))
    found = adaptive.in_common(selecting, np.full((3, 2), 50.0))
    assert found == pytest.approx(np.tile([sqrt(2 / 3), sqrt(1 / 2)], (3, 1)))
    enriching: Any = SimpleNamespace(design=SimpleNamespace(enrichment=SUBGROUP, arms=arms))
    part = adaptive.in_common(enriching, np.array([[80.0, 20.0], [0.0, 0.0], [20.0, 30.0]]))
    assert part == pytest.approx(np.array([[sqrt(0.5)] * 2, [0.0] * 2, [1.0] * 2]))
    # The product of two loadings is the correlation of both statistics, the root of the subgroup's share.
    assert part[0].prod() == pytest.approx(sqrt(20 / 80))


def moved(rule: Any, date: float, kept: list[bool], sizes: int, **columns: Any) -> tuple[Any, int]:
    """Recruits after a look, and the number of patients."""
    data = trial(**columns)
    found, size = adaptive._recruited_on(rule, data, np.array([sizes]), np.array([date]), np.array([kept]))
    return found, int(size[0])


STREAM = {
    "arm": [0, 1, 2, 0, 1, 2, 0, 1, 2],
    "entry": np.arange(9) / 10.0,
    "died": np.arange(9) / 100.0,
    "screened": 1.0 + np.arange(9),
}
"""Nine recruits of three arms, a tenth of a year apart, known by their death and by how many were screened."""


def test_the_place_of_a_dropped_arm_goes_to_the_next() -> None:
    """At .25 three are in; without arm 2 the others of arms 0 and 1 come next, at the dates of the stream."""
    found, size = moved(Selection(keep=1), 0.25, [True, False], 6, **STREAM)
    assert list(found.arm[0][:7]) == [0, 1, 2, 0, 1, 0, 1]
    assert list(found.died[0][:7] * 100) == pytest.approx([0, 1, 2, 3, 4, 6, 7])
    assert list(found.entry[0]) == pytest.approx(list(STREAM["entry"]))
    assert (found.entry[0] == np.sort(found.entry[0])).all()
    assert list(found.screened[0][:7]) == pytest.approx([1, 2, 3, 4, 5, 7, 8])
    assert size == 6


def test_a_trial_that_becomes_smaller() -> None:
    """With fewer patients the places of the dropped arm among the first six are lost: one of arm 2 was still to come."""
    found, size = moved(Selection(keep=1, patients="fewer"), 0.25, [True, False], 6, **STREAM)
    assert size == 5
    assert list(found.arm[0][:5]) == [0, 1, 2, 0, 1]


def test_the_size_is_no_more_than_there_are() -> None:
    """Of nine recruits two are turned away: seven are left of nine wanted; whoever was in by the look stays."""
    assert moved(Selection(keep=1), 0.25, [True, False], 9, **STREAM)[1] == 7
    assert moved(Selection(keep=1), 0.55, [True, False], 9, **STREAM)[1] == 8
    assert moved(Selection(keep=1, patients="fewer"), 0.75, [True, False], 8, **STREAM)[1] == 8


def test_nothing_changes_without_a_look_or_with_nothing_left() -> None:
    """An infinite date is no look; where no arm is left the trial stops, and who would have come is as it was."""
    for date, kept in ((np.inf, [True, False]), (0.25, [False, False]), (0.25, [True, True])):
        found, size = moved(Selection(keep=1), date, kept, 9, **STREAM)
        assert list(found.arm[0]) == STREAM["arm"] and size == 9


def test_whoever_is_not_in_the_subgroup_is_turned_away() -> None:
    """Everybody screened since the last who entered counts for the next; each who comes has their own date."""
    oxygen = [30.0, 10.0, 30.0, 30.0, 10.0, 10.0, 30.0, 10.0, 30.0]
    columns = STREAM | {"arm": [0, 1] * 4 + [0], "tcpo2_entry": oxygen}
    found, size = moved(SUBGROUP, 0.15, [False, True], 6, **columns)
    assert list(found.died[0][:5] * 100) == pytest.approx([0, 1, 4, 5, 7])
    assert list(found.entry[0][:5]) == pytest.approx([0.0, 0.1, 0.4, 0.5, 0.7])
    assert list(found.screened[0][:5]) == pytest.approx([1, 2, 3 + 4 + 5, 6, 7 + 8])
    assert size == 5
    everybody, size = moved(SUBGROUP, 0.15, [True, True], 6, **columns)
    assert list(everybody.died[0] * 100) == pytest.approx(list(range(9))) and size == 6
    assert list(everybody.screened[0]) == pytest.approx(list(STREAM["screened"]))


def test_two_trials_at_once_are_two_trials() -> None:
    """One that drops an arm and one that is over: each as alone, and whoever is dropped moves behind all others."""
    rows = {name: np.tile(values, (2, 1)) for name, values in STREAM.items()}
    sizes, dates, kept = np.array([6, 6]), np.array([0.25, 0.25]), np.array([[True, False], [False, False]])
    found, size = adaptive._recruited_on(Selection(keep=1), trial(**rows), sizes, dates, kept)
    assert found.arm.tolist() == [[0, 1, 2, 0, 1, 0, 1, 2, 2], STREAM["arm"]] and size.tolist() == [6, 6]
    # Whoever came before the look keeps their place, whatever their arm.
    first, _ = moved(Selection(keep=1), 0.55, [False, True], 9, **STREAM)
    assert list(first.arm[0]) == [0, 1, 2, 0, 1, 2, 0, 2, 1]


def test_patients_move_with_all_that_is_known_of_them() -> None:
    """Values at visits go with their patient."""
    data = trial(visits=(0.5, 1.0), tcpo2=np.arange(18.0).reshape(9, 2), **STREAM)
    found, _ = adaptive._recruited_on(
        Selection(keep=1), data, np.array([6]), np.array([0.25]), np.array([[True, False]])
    )
    assert found.tcpo2[0, 5].tolist() == [12.0, 13.0]
    assert list(found.visits) == [0.5, 1.0]


def plan(primary: Endpoint, **changed: Any) -> Any:
    """A trial of two arms and one hypothesis about this endpoint."""
    design = SimpleNamespace(primary=primary, enrichment=None)
    return SimpleNamespace(design=design, hypotheses=(("dead", primary, 1),), **changed)


def test_a_stage_alone_has_its_own_patients() -> None:
    """Read at a year: the second stage is the test of those who were not through at the first look."""
    n = 40
    data = trial(arm=np.arange(n) % 2, died=np.where(np.arange(n) % 3 == 0, 0.5, np.inf))
    done = (np.arange(n) < 25)[None, :]
    z, information = adaptive._own(plan(DEAD), data, done, [], 1)
    alone = replace(data, arm=np.where(done, np.int8(-1), data.arm))
    expected = analyse(DEAD, alone)
    assert z[:, 0] == pytest.approx(expected.z) and information[0, 0] == 15.0


def test_increments_of_the_logrank_statistic() -> None:
    """z of 1 at 16 events and 2 at 25: scores 4 and 10, so the second stage has z 6 / 3 with 9 events."""
    looks: Any = [
        [SimpleNamespace(z=np.array([1.0, nan, 1.0]), information=np.array([16.0, 0.0, 16.0]))],
        [SimpleNamespace(z=np.array([2.0, 3.0, 1.0]), information=np.array([25.0, 4.0, 16.0]))],
    ]
    data = trial(arm=[0, 1])
    z, events = adaptive._own(plan(SURVIVAL), data, np.zeros((1, 2), bool), looks, 1)
    assert z[:2, 0] == pytest.approx([2.0, 3.0]) and np.isnan(z[2, 0])
    assert events[:, 0] == pytest.approx([9.0, 4.0, 0.0])
    first, information = adaptive._own(plan(SURVIVAL), data, np.zeros((1, 2), bool), looks[:1], 0)
    assert first[0, 0] == pytest.approx(1.0) and list(information[:, 0]) == [16.0, 0.0, 16.0]


HEALING = {
    "arms": [
        {"name": "old", "policy": "conservative"},
        {"name": "one", "policy": "single_dose"},
        {"name": "two", "policy": "protocol"},
    ],
    "stated": [
        {"outcome": "healing", "arm": arm, "hazard_per_year": rate}
        for arm, rate in (("old", 2.0), ("one", 4.0), ("two", 6.0))
    ],
    "entry": None,
    "drop_out": None,
    "size": {"patients": 90, "power": 0.8},
    "looks": {"by": "patients", "at": [30]},
    "endpoints": [{"name": "healing", "outcome": "healing", "test": "risk_difference", "at_months": 3.0}],
    "follow_up": {"months": 3.0},
}
"""Limbs that heal at stated rates, looked at after thirty of ninety patients."""


@pytest.mark.parametrize(
    "rule",
    [
        {"keep": 1, "intersection": "bonferroni"},
        {"z": 0.5, "intersection": "dunnett"},
        {"keep": 1, "combination": "fisher", "intersection": "bonferroni"},
    ],
)
def test_a_trial_that_drops_arms_from_its_look_to_its_end(tmp_path: Path, rule: dict[str, Any]) -> None:
    """Stage by stage from the patients of each: the better arm goes on, its second stage are those who were not through."""
    sim = simulation(tmp_path, 30, **HEALING, selection=rule)
    conduct, pool = sim.conduct(), lives(sim, 30, "stated")
    found = adaptive.carried_out(conduct, pool)
    heals = conduct.design.primary
    planned = limited(pool, 90)
    look = planned.entry[:, 29] + 0.25
    assert found.dates[:, 0] == pytest.approx(look)
    assert (found.dates[:, 1] > look).all() and found.dates[:, 1] == pytest.approx(found.data.entry[:, 89] + 0.25)
    then = cut(planned, look)
    first = np.column_stack([analyse(heals, then, arm).z for arm in (1, 2)])
    assert np.column_stack([each.z for each in found.analyses[0]]) == pytest.approx(first, nan_ok=True)
    best = np.arange(2) == first.argmax(axis=1)[:, None]  # of two alike the first
    kept = best if "keep" in rule else first >= 0.5
    assert np.array_equal(found.kept[:, 0], kept) and np.array_equal(found.kept[:, 1], kept)
    end = cut(found.data, found.dates[:, 1])
    late = replace(end, arm=np.where(through(heals, cut(found.data, look)), np.int8(-1), end.arm))
    second = np.column_stack([analyse(heals, late, arm).z for arm in (1, 2)])
    share = np.full((30, 2, 2), sqrt(0.5))
    stages = Stages(np.stack([first, second], axis=1), np.stack([np.ones_like(kept), kept], axis=1), share)
    if rule.get("combination") == "fisher":
        rejected = fisher_rejections(stages, 0.025, "bonferroni")
    else:
        weights = np.sqrt([1 / 3, 2 / 3])
        upper = np.tile(conduct.rule.boundaries[0].upper, (30, 1))
        rejected = rejections(stages, weights, upper, rule["intersection"])
    made = decide_closed(rejected, found.kept, np.ones((30, 2), bool))
    assert np.array_equal(found.made.stop, made.stop) and np.array_equal(found.made.rejected, made.rejected)
    assert 3 < made.rejected.any(axis=1).sum() < 30
    assert found.data.entered.sum(axis=1).tolist() == [90] * 30


def test_a_look_that_comes_after_the_end_does_not_happen(tmp_path: Path) -> None:
    """At 89 of 90 patients, who came on one day: the look is not before the end, nothing is dropped and nothing stops at it."""
    late = HEALING | {"looks": {"by": "patients", "at": [89]}, "accrual": {"per_month": 10.0, "poisson": True}}
    sim = simulation(tmp_path, 4, **late, selection={"keep": 1})
    conduct, pool = sim.conduct(), lives(sim, 4, "stated")
    pool = replace(pool, entry=np.minimum(pool.entry, pool.entry[:, 88:89]))
    found = adaptive.carried_out(conduct, pool)
    assert (found.dates[:, 0] == found.dates[:, 1]).all()
    assert found.kept.all() and (found.made.stop == 1).all()
