"""Simulated trials in blocks and pieces: which trials each has, what is kept and told, and limits told in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.questions.trial.simulation import simulation as module
from simulator.questions.trial.simulation.simulation import Simulation, at_once, longest
from simulator.questions.trial.simulation.truth import Truth
from simulator.rules.pathway.policy import POLICY
from simulator.words.errors import BadInput


def test_how_many_trials_are_held_at_once() -> None:
    """All that were asked for, up to 400,000 patients, and four however large they are."""
    assert at_once(100, 1_000) == 100
    assert at_once(1_000, 1_000) == 400
    assert at_once(1_000, 200_000) == 4 and at_once(3, 200_000) == 3


def test_the_most_patients_of_a_design(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it can come to recruit, and no more than any design may."""
    monkeypatch.setattr(module, "most_recruits", lambda _design, patients: 2 * patients)
    design = SimpleNamespace(file="mine.toml")

    def conduct(patients: int) -> Any:
        return SimpleNamespace(design=design, marked=SimpleNamespace(patients=patients))

    half = module.MOST_PATIENTS // 2
    assert longest(conduct(half)) == module.MOST_PATIENTS
    with pytest.raises(BadInput) as refused:
        longest(conduct(half + 1))
    (problem,) = refused.value.problems
    assert (problem.file, problem.key, problem.value) == ("mine.toml", "size.patients", str(2 * half + 2))


class Pieces(dict[Any, Any]):
    """Finished pieces in memory, by truth, first trial and last."""

    def key(self, truth: str, conducts: Any, first: int, last: int) -> Any:
        """What a piece is called."""
        return truth, len(conducts), first, last

    def read(self, key: Any, conducts: int) -> Any:
        """A piece, if it is there."""
        found = self.get(key)
        assert found is None or len(found) == conducts
        return found

    def write(self, key: Any, found: Any) -> None:
        """Keep one."""
        self[key] = found


class Run:
    """Trials of a hundred patients in blocks of ten and pieces of two blocks, and what was lived of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **named: Any) -> None:
        self.lived: list[tuple[str, int, int, int]] = []
        for name, value in {"LIVES": 1_000, "PIECE": 2}.items():
            monkeypatch.setattr(module, name, value)
        monkeypatch.setattr(module, "longest", lambda conduct: conduct.patients)
        monkeypatch.setattr(Simulation, "lives", self.lives)
        self.simulation = Simulation(None, 1, 35, 1, **named)  # type: ignore[arg-type]
        self.conducts: Any = [
            SimpleNamespace(patients=n, run=lambda data, n=n: {"trial": data, "size": np.full(len(data), n)})
            for n in (60, 100)
        ]

    def lives(self, truth: str, first: int, trials: int, patients: int) -> Any:
        """The numbers of the trials."""
        self.lived.append((truth, first, trials, patients))
        return np.arange(first, first + trials)


def test_every_trial_is_carried_out_once_at_every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty-five trials in blocks of ten, cut at pieces of twenty; lives are as many as the largest size needs."""
    run, told = Run(monkeypatch), list[int]()
    small, large = run.simulation.run("t", run.conducts, told.append)  # type: ignore[arg-type]
    for found, size in ((small, 60), (large, 100)):
        assert found["trial"].tolist() == list(range(35)) and set(found["size"]) == {size}
    assert run.lived == [("t", 0, 10, 100), ("t", 10, 10, 100), ("t", 20, 10, 100), ("t", 30, 5, 100)]
    assert told == [10, 10, 10, 5]
    (later,) = run.simulation.run("t", run.conducts[:1], first=7, trials=4)  # type: ignore[arg-type]
    assert later["trial"].tolist() == [7, 8, 9, 10]


def test_pieces_that_are_kept_are_not_simulated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two pieces the one that is there is read, and told as done; the other is kept as a whole."""
    kept, told = Pieces(), list[int]()
    run = Run(monkeypatch, kept=kept)
    first = run.simulation.run("t", run.conducts)  # type: ignore[arg-type]
    assert sorted(kept) == [("t", 2, 0, 20), ("t", 2, 20, 35)] and len(run.lived) == 4
    del kept["t", 2, 0, 20]
    run.lived.clear()
    again = run.simulation.run("t", run.conducts, told.append)  # type: ignore[arg-type]
    assert [each["trial"].tolist() for each in again] == [each["trial"].tolist() for each in first]
    assert run.lived == [("t", 0, 10, 100), ("t", 10, 10, 100)] and told == [15, 10, 10]


def test_kept_lives_come_in_whole_units(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Where lives are kept between runs a block holds whole units; trials too large to be kept come as they did."""
    monkeypatch.setattr(module, "UNIT", 8)
    run = Run(monkeypatch, cache=tmp_path)
    run.simulation.run("t", run.conducts)  # type: ignore[arg-type]
    assert [each[1:3] for each in run.lived] == [(0, 16), (16, 16), (32, 3)]
    monkeypatch.setattr(module, "MOST_KEPT", 99)
    run.lived.clear()
    run.simulation.run("t", run.conducts)  # type: ignore[arg-type]
    assert [each[1:3] for each in run.lived] == [(0, 10), (10, 10), (20, 10), (30, 5)]


def test_large_trials_come_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block has one trial where even that has more patients than a block should."""
    run = Run(monkeypatch)
    big: Any = SimpleNamespace(patients=5_000, run=lambda data: {"trial": data})
    (found,) = run.simulation.run("t", [big], trials=3)  # type: ignore[arg-type]
    assert found["trial"].tolist() == [0, 1, 2] and [each[2] for each in run.lived] == [1, 1, 1]


def test_another_number_of_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything else stays."""
    run = Run(monkeypatch)
    other = run.simulation.with_trials(3)
    assert (other.trials, other.seed, other.workers) == (3, 1, 1)


def test_limits_of_a_policy_in_words() -> None:
    """What keeps people out, without what admits everybody."""
    record = np.zeros(1, POLICY)[0]
    for name, value in {
        **{"tcpo2_below": np.inf, "age_below": np.inf, "rutherford_at_most": 6.0, "rutherford_at_least": 4.0},
        **{"severe_renal": 1.0, "dialysis": 1.0, "angioplasty_suitable": -1.0, "marker": 1.0},
    }.items():
        record[name] = value
    everybody = module._limits(record)
    assert "excluded" not in everybody and "rutherford" not in everybody and "tcpo2" not in everybody
    for name, value in {
        "tcpo2_below": 30.0,
        "age_at_least": 50.0,
        "dialysis": 0.0,
        "angioplasty_suitable": 0.0,
    }.items():
        record[name] = value
    record["rutherford_at_least"], record["rutherford_at_most"] = 5.0, 5.0
    found = module._limits(record)
    for words in ("tcpo2_below = 30", "age_at_least = 50", "dialysis excluded", "angioplasty_suitable = no"):
        assert words in found
    assert "rutherford_at_least = 5" in found and "rutherford_at_most = 5" in found
    assert "severe_renal" not in found and "marker" not in found
    record["angioplasty_suitable"], record["severe_renal"] = 1.0, 0.0
    assert "angioplasty_suitable = yes" in module._limits(record) and "severe_renal excluded" in module._limits(record)


@pytest.mark.parametrize(("doses", "steps", "treats"), [(0, 0, False), (1, 0, True), (0, 1, True), (3, 2, True)])
def test_which_policies_treat(doses: int, steps: int, treats: bool) -> None:
    """Those with a dose or a step."""
    record = np.zeros(1, POLICY)[0]
    record["doses"], record["step_count"] = doses, steps
    assert module._treats(record) is treats


def test_looks_without_information_are_told() -> None:
    """When the trial ends on average and when a patient counts, in months."""
    design: Any = SimpleNamespace(
        looks=SimpleNamespace(at=(0.3, 0.6)), primary=SimpleNamespace(waits=0.5), file="mine.toml"
    )
    problem = module._no_information(design, 1.25)
    assert (problem.file, problem.key, problem.value) == ("mine.toml", "looks.at", "[0.3, 0.6]")
    assert "15.0 months" in problem.allowed and "counts after 6" in problem.allowed


FIRST: Any = SimpleNamespace(name="first", by_events=True)
SECOND: Any = SimpleNamespace(name="second", by_events=True)
COUNTED: Any = SimpleNamespace(name="counted", by_events=False)


def planned(patch: pytest.MonkeyPatch, events: float | None = None, **own: Any) -> Simulation:
    """A design of 100 patients, three endpoints and a look, whose pilot saw 40 and 60 events at the end and half at the look."""
    stated = {"looks": "one", "stages": None, "predictive": None, "patients": 100, "file": "mine.toml"}
    design = SimpleNamespace(**stated | {"primary": FIRST, "confirmatory": (FIRST, SECOND, COUNTED)} | own)

    def marks(_design: Any, patients: int | None = None) -> Any:
        return SimpleNamespace(patients=patients or 100, events=events, at=(20.0,))

    patch.setattr(module, "marks", marks)
    patch.setattr(module, "stopping_rule", lambda _design, shares: shares)
    patch.setattr(module, "foreseen", lambda _design: False)
    simulation = Simulation(SimpleNamespace(design=design), 1, 35)  # type: ignore[arg-type]
    vars(simulation)["pilot"] = ({"first": 40.0, "second": 60.0, "counted": 90.0}, (0.5,), 2.0)
    return simulation


def test_information_that_a_size_foresees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events in proportion to the patients, and patients themselves where a test counts these or nobody looks."""
    found = planned(monkeypatch).conduct()
    assert (found.whole, found.rule, found.marked.patients) == ((40.0, 60.0, 100.0), (0.5,), 100)
    assert planned(monkeypatch).conduct(150).whole == (60.0, 90.0, 150.0)
    assert planned(monkeypatch, looks=None).conduct(150).whole == (150.0, 150.0, 150.0)
    assert planned(monkeypatch, events=30.0).conduct(150).whole == (30.0, 90.0, 150.0)


def test_information_that_is_fixed_in_advance(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at 20 of 30 events or of 80 patients is at two thirds or a quarter; stages and predictive rules count patients."""
    simulation = planned(monkeypatch)
    monkeypatch.setattr(module, "foreseen", lambda _design: True)
    assert simulation.conduct(80).whole == (80.0, 48.0, 80.0) and simulation.conduct(80).rule == (0.25,)
    staged = planned(monkeypatch, stages="two").conduct(80)
    assert (staged.rule, staged.whole) == ((0.25,), (80.0,))
    predictive = planned(monkeypatch, predictive="rule").conduct(80)
    assert (predictive.rule, predictive.whole) == ((), (80.0,))
    by_events = planned(monkeypatch, events=30.0)
    monkeypatch.setattr(module, "foreseen", lambda _design: True)
    assert by_events.conduct().rule == (pytest.approx(2 / 3),) and by_events.conduct().whole == (30.0, 60.0, 100.0)


@pytest.mark.parametrize("shares", [(0.0, 0.5), (0.5, 0.5), (0.5, 1.0)])
def test_looks_that_see_nothing_new_are_refused(monkeypatch: pytest.MonkeyPatch, shares: tuple[float, ...]) -> None:
    """At nothing, at what the look before saw, or at the end."""
    simulation = planned(
        monkeypatch, looks=SimpleNamespace(at=(0.3, 0.6)), primary=SimpleNamespace(**vars(FIRST), waits=0.5)
    )
    vars(simulation)["pilot"] = (simulation.pilot[0], shares, 2.0)
    with pytest.raises(BadInput, match=r"mine\.toml.*looks"):
        simulation.conduct()


def test_a_pilot_of_the_truth_that_is_foreseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two trials: 10 and 14 events at the look and 30 and 50 at the end are 12 of 40; none at all is taken for one; ends at two
    and three years."""
    simulation = planned(monkeypatch)
    del vars(simulation)["pilot"]
    dates = np.array([[1.0, 2.0], [1.5, 3.0]])
    events = {1.0: (10.0, 14.0), 2.0: (30.0, 50.0)}
    lived: list[Any] = []
    monkeypatch.setattr(Simulation, "foreseen_truth", "foreseen")
    monkeypatch.setattr(Simulation, "lives", lambda _self, *asked: lived.append(asked) or "lives")
    monkeypatch.setattr(module, "limited", lambda data, patients: (data, patients))
    monkeypatch.setattr(module, "look_dates", lambda _design, data, _own: dates if data == ("lives", 100) else None)
    monkeypatch.setattr(module, "cut", lambda _data, date: date)
    monkeypatch.setattr(
        module, "information", lambda endpoint, date: np.array(events[date[0]]) * (endpoint.name != "second")
    )
    ends, shares, end = simulation.pilot
    assert ends == {"first": 40.0, "second": 1.0, "counted": 40.0}
    assert (shares, end) == ((pytest.approx(0.3),), 2.5)
    assert lived == [("foreseen", 0, 400, 100)]
    fixed = planned(monkeypatch, events=24.0)
    del vars(fixed)["pilot"]
    assert fixed.pilot[1] == (pytest.approx(0.5),)
    # Half an event a trial at the look and at the end is half of the one that is foreseen.
    events.update({1.0: (0.0, 1.0), 2.0: (0.0, 1.0)})
    seldom = planned(monkeypatch)
    del vars(seldom)["pilot"]
    assert seldom.pilot[:2] == ({"first": 1.0, "second": 1.0, "counted": 1.0}, (0.5,))


def test_lives_that_are_kept_belong_to_a_design_a_scenario_and_a_seed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In the folder that is given, and nowhere without one."""
    monkeypatch.setattr(module, "KeptLives", lambda *asked: asked)
    simulation = planned(monkeypatch)
    vars(simulation.planned)["scenario"] = SimpleNamespace(hash="of the scenario")
    assert simulation.kept_lives is None
    kept = replace(simulation, cache=tmp_path)
    assert kept.kept_lives == (tmp_path, simulation.design, "of the scenario", 1)  # type: ignore[comparison-overlap]


@pytest.mark.parametrize(
    ("events", "by", "at", "refused"),
    [
        (4.0, "months", (), [("size.events", "4.0")]),
        (3.0, "months", (), []),
        (None, "events", (4.0, 9.0), [("looks.at", "[4.0, 9.0]")]),
        (4.0, "events", (4.0,), [("size.events", "4.0"), ("looks.at", "[4.0]")]),
        (None, "events", (3.0,), []),
        (None, "patients", (50.0,), []),
        (None, "months", (), []),
    ],
)
def test_more_events_than_any_trial_sees(
    monkeypatch: pytest.MonkeyPatch, events: float | None, by: str, at: tuple[float, ...], refused: list[Any]
) -> None:
    """Two trials see 2 and 3 events by their planned ends at 12 and 9 months; an end or a first look at 4 never comes."""
    simulation = planned(monkeypatch, looks=SimpleNamespace(by=by, at=at))
    marked = SimpleNamespace(patients=100, events=events, at=at, by=by)
    monkeypatch.setattr(module, "marks", lambda _design: marked)
    lived: list[Any] = []
    monkeypatch.setattr(Simulation, "foreseen_truth", "foreseen")
    monkeypatch.setattr(Simulation, "lives", lambda _self, *asked: lived.append(asked) or "lives")
    monkeypatch.setattr(module, "limited", lambda data, patients: (data, patients))
    dates = np.array([[0.5, 1.0, 1.1, 1.2], [0.1, 0.2, 0.75, 0.8]])
    monkeypatch.setattr(module, "event_dates", lambda first, data: dates if (first, data[1]) == (FIRST, 100) else None)
    monkeypatch.setattr(module, "end_of_trial", lambda _design, _data, _events: np.array([1.0, 0.75]))
    if not refused:
        simulation._check_events()
    else:
        with pytest.raises(BadInput) as told:
            simulation._check_events()
        assert [(problem.file, problem.key, problem.value) for problem in told.value.problems] == [
            ("mine.toml", *each) for each in refused
        ]
        words = "at most 3: the most that any of 2 simulated trials had seen 10.5 months after it opened"
        assert all(words in each.allowed and "2.5 on average" in each.allowed for each in told.value.problems)
    assert lived == ([("foreseen", 0, 100, 100)] if events or by == "events" else [])


class Applied:
    """What changes lives, and keeps what it is given."""

    def __init__(self, name: str) -> None:
        self.name = name

    def applied(self, data: str, luck: Any, *arm: int) -> str:
        """The lives and what was done with them."""
        return f"{data}, {self.name} {luck} {arm}"


@pytest.fixture
def changed_lives(monkeypatch: pytest.MonkeyPatch) -> Simulation:
    """A design of trials, whose lives and luck are told in words."""
    own = {"reestimation": None, "two_stage": None, "most_growth": 1.0, "follow_up": SimpleNamespace(months=18.0)}
    simulation = planned(monkeypatch, accrual=SimpleNamespace(date=lambda patients: patients / 100.0), **own)
    monkeypatch.setattr(module, "adaptation", lambda _design: None)
    monkeypatch.setattr(module, "luck_of", lambda *asked: f"luck{asked}")
    monkeypatch.setattr(
        module, "stated_trials", lambda design, *asked: f"stated{asked}" if design is simulation.design else ""
    )
    monkeypatch.setattr(Simulation, "_lived", lambda _self, truth, *asked: f"lived {truth.name}{asked}")
    vars(simulation)["_margin"], vars(simulation)["_stated_margin"] = Applied("margin"), Applied("stated margin")
    return simulation


def truth(**own: Any) -> Any:
    """A truth of lives that nothing changes, unless stated."""
    return SimpleNamespace(**{"name": "t", "stated": None, "changes": (), "at_margin": False} | own)


def test_lives_of_a_truth(changed_lives: Simulation) -> None:
    """Lived or drawn from stated laws; then single arms are changed, and last all are put on the margin, each with its luck."""
    lives = changed_lives.lives
    assert lives(truth(), 3, 4, 50) == "lived t(3, 4, 50, False, 0.0)"
    assert lives(truth(), 3, 4, 50, True) == "lived t(3, 4, 50, True, 0.0)"
    assert lives(truth(stated="laws"), 3, 4, 50) == "stated('laws', 1, 3, 4, 50, 0.0)"
    plain, luck = "lived t(3, 4, 50, False, 0.0)", "luck(1, 3, 4, 50)"
    worse = truth(changes=((2, Applied("worse")),))
    assert lives(worse, 3, 4, 50) == f"{plain}, worse {luck} (2,)"
    assert lives(truth(at_margin=True), 3, 4, 50) == f"{plain}, margin {luck} ()"
    stated = truth(stated="laws", at_margin=True)
    assert lives(stated, 3, 4, 50) == f"stated('laws', 1, 3, 4, 50, 0.0), stated margin {luck} ()"


@pytest.mark.parametrize("why", ["most_growth", "reestimation", "two_stage", "adaptation"])
def test_trials_that_may_grow_are_lived_for_longer(changed_lives: Simulation, why: str, monkeypatch: Any) -> None:
    """Until the last of 50 patients has come, half a year on, and has been followed for a year and a half."""
    if why == "adaptation":
        monkeypatch.setattr(module, "adaptation", lambda _design: "rule")
    else:
        vars(changed_lives.design)[why] = 1.5
    assert changed_lives.lives(truth(), 3, 4, 50) == "lived t(3, 4, 50, False, 2.0)"


def test_a_margin_is_found_in_arms_that_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of 400,000 patients in trials of 100, at their planned ends, under the null off the margin."""
    simulation, lived = planned(monkeypatch), list[Any]()
    null = Truth(*(None,) * 5, at_margin=True)  # type: ignore[arg-type]
    monkeypatch.setattr(Simulation, "truth", lambda _self, name: null if name == "null" else None)
    monkeypatch.setattr(Simulation, "lives", lambda _self, *asked: lived.append(asked) or "alike")
    monkeypatch.setattr(
        module, "end_of_trial", lambda design, data, events: (design is simulation.design, data, events)
    )
    monkeypatch.setattr(module, "cut", lambda data, end: (data, end))
    monkeypatch.setattr(module, "at_margin", lambda *asked: asked)
    assert simulation._at_margin("null") == (FIRST, ("alike", (True, "alike", None)), 1, "mine.toml")  # type: ignore[comparison-overlap]
    ((of, first, trials, patients),) = lived
    assert (of.at_margin, first, trials, patients) == (False, 0, 1_000, 100)


def test_every_arm_s_treatment_must_be_for_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those who may enter half can have cells and nobody the other: the arm is told by its policy. No treatment is for all."""
    cells, other, care = (np.zeros(1, POLICY)[0] for _ in range(3))
    cells["doses"] = other["doses"] = 1.0
    records = {"cells": cells, "other": other, "care": care}
    scenario = SimpleNamespace(
        params=lambda: "params", given="given", policy_records=lambda names: [records[name] for name in names]
    )
    arms = [SimpleNamespace(name=f"arm of {name}", policy=name) for name in ("care", "cells")]
    crossover = SimpleNamespace(to="other")
    simulation = planned(monkeypatch, arms=arms, crossover=None, endpoints=())
    vars(simulation.planned)["scenario"] = scenario
    asked: list[Any] = []
    monkeypatch.setattr(Simulation, "recruitment", SimpleNamespace(entry_record="entry"))
    monkeypatch.setattr(Simulation, "truth", lambda _self, name: name)
    monkeypatch.setattr(Simulation, "lives", lambda _self, *given: asked.append(given))
    monkeypatch.setattr(Simulation, "run", lambda _self, truth, conducts, trials: asked.append((truth, trials)))
    monkeypatch.setattr(Simulation, "conduct", lambda _self: "conduct")
    monkeypatch.setattr(Simulation, "_check_events", lambda _self: asked.append("events"))
    monkeypatch.setattr(module, "recruited_from", lambda _given, _key, i: i)
    who: list[int] = []
    monkeypatch.setattr(module, "make_patient", lambda _patient, _row, i, *_more: who.append(i) or True)
    monkeypatch.setattr(module, "may_enter", lambda record, _patient: record is not other and who[-1] % 2 == 0)
    assert simulation.check() == {"cells": 0.5}
    assert asked == [("scenario", 0, 1, 2), ("scenario", 1), "events"] and who == list(range(300))
    asked.clear()
    assert simulation.check(lives=False) == {} and asked == ["events"]
    vars(simulation.design)["crossover"] = crossover
    with pytest.raises(BadInput) as told:
        simulation.check()
    (problem,) = told.value.problems
    assert (problem.file, problem.key, problem.value) == ("mine.toml", "crossover.to", "'other'")
    assert "none of 300 is eligible" in problem.allowed
    monkeypatch.setattr(module, "make_patient", lambda *_: False)
    with pytest.raises(BadInput, match="nobody can enter"):
        simulation.check()
