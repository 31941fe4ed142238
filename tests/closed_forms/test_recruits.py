"""What a trial sees of its patients: visits, years walked, losses, and each patient's own life under the policy of the arm."""

from __future__ import annotations

from math import inf, nan
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rules.people import a_life, live_alone, values
from trial_designs import simulation

from simulator.living.room import new_room
from simulator.questions.trial.design.accrual import PLACES
from simulator.questions.trial.design.sites import site_params
from simulator.questions.trial.simulation import recruits as module
from simulator.questions.trial.simulation.recruits import (
    DIARY,
    TCPO2,
    WALKED,
    WALKING,
    Diary,
    nobody,
)
from simulator.rules.draws import budget, normal, uniform
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.arrival import find_patient
from simulator.rules.population.patient import measured
from simulator.run.setting import setting_of
from simulator.words.vocabulary import Event, Limb, Stream


def plain(function: Any) -> Any:
    """A function that is written into its callers, as Python: a diary cannot be handed to compiled code on its own."""
    return getattr(function, "py_func", function)


record_visits, time_passes, event_happens, forget = (
    plain(each) for each in (module.record_visits, module.time_passes, module.event_happens, module.forget)
)
VISITS = np.array([0.25, 0.5, 1.0, 2.0])


def a_diary(recorded: tuple[int, ...] = (0, 1, 2, 3), **stated: Any) -> Diary:
    """A diary of a patient whose reinterventions and expectations are none unless stated, that keeps these visits."""
    now = np.zeros(1, DIARY)[0]
    now.reintervened, now.decision_hr = inf, 1.0
    for name, value in stated.items():
        now[name] = value
    wanted = np.full(len(VISITS), -1)
    wanted[list(recorded)] = np.arange(len(recorded))
    return Diary(now, wanted, np.full((3, len(recorded)), nan))


SETTING: Any = SimpleNamespace(visits=VISITS, params=values(measurement_sd=0.0))


@pytest.fixture
def diaries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What writes into a diary calls what records visits as Python, too."""
    monkeypatch.setattr(module, "record_visits", record_visits)


def test_visits_up_to_a_time_are_recorded() -> None:
    """Those before it, with the TcPO2 of the day, whether the patient walks, and years walked so far; the next one waits."""
    diary, life = a_diary(walked=0.2), a_life(walking=1, time=0.2)
    record_visits(diary, life, SETTING, 0.2, 1.0)
    assert diary.now.visit == 2
    assert diary.seen[TCPO2, :2].tolist() == [20.0, 20.0] and diary.seen[WALKING, :2].tolist() == [1.0, 1.0]
    assert diary.seen[WALKED, :2] == pytest.approx([0.25, 0.5])
    assert np.isnan(diary.seen[:, 2:]).all()
    record_visits(diary, a_life(walking=0, time=1.0), SETTING, 0.5, 9.0)
    assert diary.now.visit == 4 and diary.seen[WALKING, 2:].tolist() == [0.0, 0.0]
    assert diary.seen[WALKED, 2:].tolist() == [0.2, 0.2]


def test_the_dead_are_seen_to_be_dead() -> None:
    """No TcPO2, no walking, no more years walked."""
    diary = a_diary(walked=0.7, reports=1)
    record_visits(diary, a_life(alive=0, walking=1), SETTING, 0.0, 9.0)
    assert np.isnan(diary.seen[TCPO2]).all()
    assert diary.seen[WALKING].tolist() == [0.0] * 4 and diary.seen[WALKED].tolist() == [0.7] * 4


def test_whoever_expects_to_walk_says_so_while_the_limb_is_kept() -> None:
    """Reported, but not walked; after the loss of the limb everybody can see."""
    diary = a_diary(reports=1)
    record_visits(diary, a_life(walking=0), SETTING, 0.0, 0.3)
    record_visits(diary, a_life(walking=0, limb=Limb.BELOW_KNEE, amputated_at=0.4), SETTING, 0.4, 0.6)
    assert diary.seen[WALKING, :2].tolist() == [1.0, 0.0] and diary.seen[WALKED, :2].tolist() == [0.0, 0.0]


def test_only_visits_that_are_wanted_are_kept() -> None:
    """The second and the last of four."""
    diary = a_diary(recorded=(1, 3))
    record_visits(diary, a_life(walking=1), SETTING, 0.0, 9.0)
    assert diary.seen[WALKED].tolist() == [0.5, 2.0] and diary.now.visit == 4


@pytest.mark.usefixtures("diaries")
def test_time_passes_up_to_the_next_event() -> None:
    """A visit on the day of an event comes after it, one on the last day counts; only walkers walk on."""
    diary, life = a_diary(walked=0.1), a_life(walking=1, time=0.25)
    time_passes(diary, life, SETTING, 0.5, Event.HEALED)
    assert (diary.now.visit, diary.now.walked) == (1, pytest.approx(0.35))
    assert diary.seen[WALKED, 0] == pytest.approx(0.1)
    time_passes(diary, a_life(walking=0, time=0.5), SETTING, 1.0, Event.HORIZON)
    assert (diary.now.visit, diary.now.walked) == (3, pytest.approx(0.35))


@pytest.mark.usefixtures("diaries")
def test_the_first_reintervention_is_noted() -> None:
    """A repeated procedure, or any procedure after crossing over; a first one is care as planned."""
    diary, life = a_diary(), a_life()
    event_happens(diary, life, None, SETTING, 0.3, Event.PROCEDURE)
    assert diary.now.reintervened == inf
    event_happens(diary, life, None, SETTING, 0.4, Event.REPEAT_PROCEDURE)
    event_happens(diary, life, None, SETTING, 0.6, Event.REPEAT_PROCEDURE)
    assert diary.now.reintervened == 0.4
    crossed = a_diary()
    event_happens(crossed, a_life(crossed_at=0.1), None, SETTING, 0.3, Event.PROCEDURE)
    event_happens(crossed, a_life(crossed_at=0.1), None, SETTING, 0.5, Event.PROCEDURE)
    assert crossed.now.reintervened == 0.3


@pytest.mark.usefixtures("diaries")
def test_after_crossing_over_nobody_is_decided_about_as_a_control() -> None:
    """The surgeon's ratio of 1.25 is taken back at the very time; whoever stayed keeps it."""
    stays, crosses = a_diary(decision_hr=1.25), a_diary(decision_hr=1.25)
    for diary, when, effect in ((stays, inf, 1.0), (crosses, 0.5, 0.8)):
        life = a_life(crossed_at=when, anchor=0.5, time=0.5, horizon=2.0)
        life.rate[:] = 0.0
        event_happens(diary, life, None, SETTING, 0.5, Event.CROSSES_OVER)
        assert life.effect[1] == pytest.approx(effect)
        assert diary.now.decision_hr == (1.25 if when == inf else 1.0)


@pytest.mark.usefixtures("diaries")
def test_death_ends_the_diary() -> None:
    """All visits that are left up to the end of follow-up, that day included."""
    diary = a_diary(visit=1)
    event_happens(diary, a_life(alive=0, horizon=2.0), None, SETTING, 0.4, Event.DISEASE_DEATH)
    assert diary.now.visit == 4 and diary.seen[WALKING, 1:].tolist() == [0.0] * 3


def test_what_came_after_a_loss_is_forgotten() -> None:
    """What happened by the loss stays; of visits after it nothing is known, unless death was seen before."""
    life = a_life(healed_at=0.3, amputated_at=0.8, died_at=1.5, crossed_at=0.5)
    diary = a_diary(recorded=(1, 3), reintervened=0.6)
    diary.seen[:] = 5.0
    forget(life, diary, VISITS, 0.5)
    assert (life.healed_at, life.amputated_at, life.died_at, life.crossed_at) == (0.3, inf, inf, 0.5)
    assert diary.now.reintervened == inf
    assert np.isnan(diary.seen).tolist() == [[False, True]] * 3
    dead, seen = a_life(healed_at=0.6, died_at=0.5), a_diary(reintervened=0.5)
    seen.seen[:] = 0.0
    forget(dead, seen, VISITS, 0.5)
    assert (dead.died_at, dead.healed_at, seen.now.reintervened) == (0.5, inf, 0.5) and (seen.seen == 0.0).all()


TRIALS, SIZE = 3, 8


def lived_again(
    data: Any, at: tuple[int, int], setting: Any, policy: int, number: int, until: float
) -> tuple[Any, Any]:
    """The life and the person of a number, lived on its own until so many years: the trial's patient at a place has its events,
    cut at the loss."""
    life, patient, row, drawn = new_room()
    find_patient(patient, row, drawn, setting.given, setting.params, setting.entry, setting.seed, number, False)
    live_alone(life, patient, setting, policy, number, until)
    for name, when in (("healed", life.healed_at), ("amputated", life.amputated_at), ("died", life.died_at)):
        assert getattr(data, name)[at] == (when if when <= data.lost[at] else inf)
    return life, patient


@pytest.mark.parametrize(
    "changed",
    [{"drop_out": each} for each in (None, {"per_year": 0.5}, {"per_year": 0.5, "unhealed_ratio": 3.0})],
)
def test_each_recruit_lives_the_life_of_the_arms_policy(tmp_path: Path, changed: dict[str, Any]) -> None:
    """Patient i of trial t is number t times the places plus i: the same person, lived again on its own, cut at the loss."""
    sim = simulation(tmp_path, TRIALS, **changed)
    truth = sim.truth("scenario")
    data = sim.recruitment.trials(truth, 1, TRIALS, SIZE, True)
    months = sim.design.follow_up.months / 12.0
    setting = setting_of(sim.planned.scenario, [arm.policy for arm in sim.design.arms], 1)
    setting = setting._replace(entry=sim.recruitment.entry_record, policies=truth.policies, visits=data.visits)
    assert set(data.arm.ravel()) == {0, 1} and data.end == pytest.approx(np.full((TRIALS, SIZE), data.end[0, 0]))
    losses = 0
    for j in range(TRIALS):
        for i in range(SIZE):
            number = (1 + j) * PLACES + i
            policy = int(truth.arm_policy[data.arm[j, i]])
            life, patient = lived_again(data, (j, i), setting, policy, number, months)
            lost = data.lost[j, i]
            losses += lost < inf
            assert (data.tcpo2_entry[j, i], data.screened[j, i]) == (patient.tcpo2_measured, patient.screened)
            rate = changed["drop_out"]["per_year"] if changed["drop_out"] else float(setting.params["drop_out_rate"])
            alone = budget(setting.seed, number, Stream.DROP_OUT, 0) / rate
            if "unhealed_ratio" not in (changed["drop_out"] or {}):
                assert lost == (alone if alone < min(months, life.died_at) else inf)
            elif lost < inf:
                assert alone / 3.0 <= lost <= alone
            until = min(lost, life.died_at, life.amputated_at)
            for k, visit in enumerate(data.visits):
                if visit < until and visit <= months:
                    error = normal(setting.seed, number, Stream.VISIT_ERROR, k)
                    assert data.tcpo2[j, i, k] == pytest.approx(
                        measured(tcpo2(life, visit), setting.params["measurement_sd"], error)
                    )
                elif visit > lost or visit > life.died_at:
                    assert np.isnan(data.tcpo2[j, i, k])
    assert losses or not changed["drop_out"]


def test_a_trial_does_not_depend_on_those_beside_it(tmp_path: Path) -> None:
    """The second trial alone, a larger one's first patients, and the visits that endpoints read."""
    sim = simulation(tmp_path, TRIALS)
    truth = sim.truth("scenario")
    three = sim.recruitment.trials(truth, 0, 3, SIZE, True)
    alone = sim.recruitment.trials(truth, 1, 1, SIZE, True)
    larger = sim.recruitment.trials(truth, 1, 1, SIZE + 4)
    for name in ("arm", "healed", "died", "lost", "entry", "tcpo2_entry", "luck"):
        assert np.array_equal(getattr(three, name)[1:2], getattr(alone, name), equal_nan=True)
        assert np.array_equal(getattr(larger, name)[:, :SIZE], getattr(alone, name), equal_nan=True)
    read = {endpoint.at_months for endpoint in sim.design.endpoints if endpoint.needs_visit}
    assert {round(12.0 * visit, 9) for visit in larger.visits} == read
    assert (12.0 * three.visits).round(9).tolist() == list(sim.design.visits.at_months)


SHAM = [{"name": "control", "policy": "sham"}, {"name": "cells", "policy": "protocol"}]
PEOPLE = 60


def luck(sim: Any, purpose: int) -> Any:
    """The draws (TRIALS, PEOPLE) that decide who learns the arm (3) and who expects to walk (4)."""
    key = np.uint64(sim.recruitment.seed)
    numbers = np.arange(TRIALS)[:, None] * PLACES + np.arange(PEOPLE)
    return np.vectorize(lambda number: uniform(key, int(number), Stream.ARM, purpose))(numbers)


@pytest.mark.parametrize("hidden", ["patients", "everybody"])
def test_only_those_who_know_fare_otherwise(tmp_path: Path, hidden: str) -> None:
    """Of half the patients the arm comes out. Controls among them leave sooner by the ratio of 1.5, and lose legs sooner where
    the surgeon knows, of everybody or of those alone; whoever received cells, or knows nothing, lives as in a perfect trial."""
    drop_out = {"per_year": 0.6}
    sims = [
        simulation(tmp_path, TRIALS, arms=SHAM, drop_out=drop_out, blinding={"hidden_from": who, "found_out": share})
        for who, share in (("everybody", 0.0), (hidden, 0.5))
    ]
    blind, told = (sim.recruitment.trials(sim.truth("scenario"), 0, TRIALS, PEOPLE, True) for sim in sims)
    assert np.array_equal(blind.arm, told.arm)
    control, knows = blind.arm == 0, luck(sims[1], 3) < 0.5
    decided = control & (knows | (hidden == "patients"))
    both = np.isfinite(blind.lost) & np.isfinite(told.lost)
    sooner = control & knows
    assert (both & sooner).any() and np.allclose(told.lost[both & sooner] * 1.5, blind.lost[both & sooner], rtol=1e-12)
    assert np.array_equal(blind.lost[~sooner & ~decided], told.lost[~sooner & ~decided])
    assert np.array_equal(blind.amputated[~sooner & ~decided], told.amputated[~sooner & ~decided])
    changed = blind.amputated != told.amputated
    whole = np.minimum(told.lost, told.died) == inf
    assert (changed & decided & whole).any() and (told.amputated <= blind.amputated)[changed & whole].all()


@pytest.mark.parametrize(("found_out", "sure"), [(0.0, (0.5, 0.5)), (1.0, (0.0, 1.0))])
def test_walking_is_reported_as_surely_as_cells_are_believed(
    tmp_path: Path, found_out: float, sure: tuple[float, float]
) -> None:
    """Blind at 1:1 half of what certainty would report in either arm; whoever knows reports all or nothing of it. The others
    are seen as they walk."""
    blinding = {"hidden_from": "everybody", "found_out": found_out}
    sim = simulation(tmp_path, TRIALS, arms=SHAM, drop_out={"per_year": 0.0}, blinding=blinding)
    data = sim.recruitment.trials(sim.truth("scenario"), 0, TRIALS, PEOPLE, True)
    report = float(sim.planned.scenario.params()["expected_walking_report"])
    expects = luck(sim, 4) < report * np.array(sure)[data.arm]
    kept = np.minimum(data.amputated, data.died)[:, :, None] > data.visits
    assert (expects[:, :, None] & kept).any()
    assert (data.walking[expects[:, :, None] & kept] == 1.0).all()
    assert (data.walking[~expects[:, :, None] & kept] == 0.0).any()


def test_each_site_lives_at_its_own_hospital(tmp_path: Path) -> None:
    """A patient of a site whose hospital differs is the same person with the rates of that site, trial by trial."""
    accrual = {"pattern": "sites", "per_month": 1.0, "sites": 3, "opening_months": 0.5, "hospitals": "different"}
    sim = simulation(tmp_path, TRIALS, accrual=accrual)
    truth, scenario = sim.truth("scenario"), sim.planned.scenario
    data = sim.recruitment.trials(truth, 1, TRIALS, SIZE, True)
    own, count = site_params(sim.design, scenario, truth.params_of(1, TRIALS), 1, 1, TRIALS)
    assert count == 3 and len(own) == 3 * TRIALS and len(set(data.site.ravel())) == 3
    setting = setting_of(scenario, [arm.policy for arm in sim.design.arms], 1)
    setting = setting._replace(entry=sim.recruitment.entry_record, policies=truth.policies)
    for j, i in np.ndindex(TRIALS, SIZE):
        there = setting._replace(params=own[j * 3 + data.site[j, i]])
        policy = int(truth.arm_policy[data.arm[j, i]])
        lived_again(data, (j, i), there, policy, (1 + j) * PLACES + i, float(data.end[j, i]))


def test_each_trial_may_have_parameters_of_its_own(tmp_path: Path) -> None:
    """Under the posterior trial t lives with draw t: the fourth and the fifth trial with the fourth and the fifth draw."""
    sim = simulation(tmp_path, 6, accrual={"per_month": 10.0, "poisson": True})
    truth = sim.truth("posterior")
    data = sim.recruitment.trials(truth, 3, 2, SIZE, True)
    assert len(truth.params) == 6
    setting = setting_of(sim.planned.scenario, [arm.policy for arm in sim.design.arms], 1)
    setting = setting._replace(entry=sim.recruitment.entry_record, policies=truth.policies)
    for j, i in np.ndindex(2, SIZE):
        there = setting._replace(params=truth.params[3 + j])
        policy = int(truth.arm_policy[data.arm[j, i]])
        lived_again(data, (j, i), there, policy, (3 + j) * PLACES + i, float(data.end[j, i]))
    entries = sim.design.accrual.entries(np.uint64(sim.seed), 3, 2, SIZE)  # type: ignore[arg-type]
    assert np.array_equal(data.entry, entries) and len(np.unique(np.diff(entries[0]))) > 1


def test_a_surgeon_who_knows_of_no_treatment_amputates_twice_as_soon(tmp_path: Path) -> None:
    """With a ratio of 2 some controls lose the leg sooner than with one of 1, and nobody later; cells change nothing."""
    lived, blinding = [], {"hidden_from": "patients", "found_out": 0.0}
    for ratio in (1.0, 2.0):
        (tmp_path / "own.toml").write_text(f'extends = "base"\n[parameters]\nknown_control_amputation_hr = {ratio}\n')
        sim = simulation(
            tmp_path, TRIALS, scenario="own.toml", arms=SHAM, drop_out={"per_year": 0.0}, blinding=blinding
        )
        lived.append(sim.recruitment.trials(sim.truth("scenario"), 0, TRIALS, PEOPLE, True))
    alike, sooner = lived
    assert np.array_equal(alike.arm, sooner.arm)
    control = alike.arm == 0
    changed = alike.amputated != sooner.amputated
    assert (changed & control).any() and not (changed & ~control).any()
    assert (sooner.amputated <= alike.amputated)[changed].all()


@pytest.mark.parametrize("method", ["blocks", "minimised"])
def test_what_no_rule_of_a_life_reads_is_there_for_the_strata(tmp_path: Path, method: str) -> None:
    """Osteomyelitis is a stratum though no course hangs on it: both levels are met, each balanced to within a block."""
    rule = {"method": method, "strata": [{"factor": "osteomyelitis"}]} | (
        {"follow": 1.0} if method == "minimised" else {}
    )
    data = (sim := simulation(tmp_path, TRIALS, randomisation=rule)).recruitment.trials(
        sim.truth("scenario"), 0, TRIALS, PEOPLE
    )
    for j in range(TRIALS):
        of_each = [data.arm[j][data.stratum[j] == level] for level in (0, 1)]
        assert all(len(arms) > 4 for arms in of_each)
        assert all(
            abs((arms == 0).sum() - (arms == 1).sum()) <= (1 if method == "minimised" else 2) for arms in of_each
        )


def test_criteria_that_nobody_meets_are_told(tmp_path: Path) -> None:
    """By the design's own file."""
    bad = nobody(simulation(tmp_path, 1).design)
    (problem,) = bad.problems
    assert (problem.key, problem.value) == ("entry", "nobody can enter") and "10,000" in problem.allowed
    assert module.CONTROL == 0
