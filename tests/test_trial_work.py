"""Interrupted trials go on where they stopped; looks, endpoints and designs that need a word of their own."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from trial_designs import TWO_ARMS, close, design_file, planned, simulation, single_arm
from typer.testing import CliRunner

from simulator.cli import app
from simulator.questions.trial.conduct import conduct as conduct_module
from simulator.questions.trial.conduct.conduct import Columns
from simulator.questions.trial.design.endpoint import ONE_ARM, OUTCOMES, SEEN_AT_VISITS
from simulator.questions.trial.findings import findings
from simulator.questions.trial.reading.design_reading import load_design
from simulator.questions.trial.results.operating import OVERRULED, UNFORESEEN, WHOLE, type_i_errors
from simulator.questions.trial.simulation.finished import FinishedTrials
from simulator.questions.trial.simulation.simulation import Simulation
from simulator.questions.trial.sizes.closed_form import pool
from simulator.questions.trial.sizes.stage_search import stage_table
from simulator.questions.trial.study import study_design
from simulator.statistics.sequential.boundary_search import observed_boundaries
from simulator.statistics.sizes.simon import promising, two_stage
from simulator.telling.page import sentences

SUMMARY = ["patients", "draw", "success", "patients_entered", "screened", "months"]
BOTH = {"rule": "holm", "endpoints": ["afs", "tcpo2"]}


def equal(a: list[Columns], b: list[Columns]) -> bool:
    """Whether all results are the same bits."""
    return all(
        one.keys() == two.keys() and all(np.array_equal(one[name], two[name], equal_nan=True) for name in one)
        for one, two in zip(a, b, strict=True)
    )


# ------------------------------------------------------------------------------------------------------ interrupted work


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten trials of 120 patients in every piece."""
    monkeypatch.setattr("simulator.questions.trial.simulation.simulation.LIVES", 240)
    monkeypatch.setattr("simulator.questions.trial.simulation.simulation.PIECE", 5)


class Stopped(Exception):
    """Stands for the hand that stops a program."""


@pytest.mark.usefixtures("small_pieces")
def test_interrupted_trials_go_on_where_they_stopped(tmp_path: Path) -> None:
    """After an interruption only unfinished pieces are simulated again, and all bits are those of one go."""
    plain = simulation(tmp_path, 60)
    sim = replace(plain, kept=FinishedTrials.beside(tmp_path / "out", plain.planned.scenario, plain.seed))
    truth, conducts = sim.truth("posterior"), [sim.conduct(), sim.conduct(60)]
    assert sim.kept is not None
    done = 0

    def stop_after_35(trials: int) -> None:
        nonlocal done
        done += trials
        if done >= 35:
            raise Stopped

    with pytest.raises(Stopped):
        sim.run(truth, conducts, stop_after_35)
    kept = sorted(sim.kept.folder.glob("*.npz"))
    assert 3 <= len(kept) < 6
    times = {file: file.stat().st_mtime_ns for file in kept}
    again = sim.run(truth, conducts)
    assert equal(again, plain.run(truth, conducts))
    assert len(list(sim.kept.folder.iterdir())) == 6
    assert {file: file.stat().st_mtime_ns for file in kept} == times


@pytest.mark.usefixtures("small_pieces")
def test_damaged_pieces_are_made_again(tmp_path: Path) -> None:
    """A piece that was cut off or altered is not believed."""
    plain = simulation(tmp_path, 20)
    sim = replace(plain, kept=FinishedTrials.beside(tmp_path / "out", plain.planned.scenario, plain.seed))
    truth, conducts = sim.truth("scenario"), [sim.conduct()]
    whole = sim.run(truth, conducts)
    assert sim.kept is not None
    first, second = sorted(sim.kept.folder.glob("*.npz"))
    first.write_bytes(first.read_bytes()[:-100])
    content = bytearray(second.read_bytes())
    content[len(content) // 3] ^= 1
    second.write_bytes(bytes(content))
    assert equal(sim.run(truth, conducts), whole)


def test_pieces_belong_to_what_decided_them(tmp_path: Path) -> None:
    """Another truth, size, design, number of trials, seed or scenario has pieces of its own."""
    sim = simulation(tmp_path, 20)
    store = FinishedTrials.beside(tmp_path, sim.planned.scenario, 1)
    conduct = sim.conduct()
    other = Simulation(planned(tmp_path, alpha=0.05), 1, 20)
    keys = {
        store.key(sim.truth("scenario"), [conduct], 0, 10),
        store.key(sim.truth("scenario"), [conduct], 10, 20),
        store.key(sim.truth("scenario"), [sim.conduct(60)], 0, 10),
        store.key(sim.truth("null"), [conduct], 0, 10),
        store.key(sim.truth("posterior"), [conduct], 0, 10),
        store.key(sim.truth("sceptical"), [conduct], 0, 10),
        store.key(other.truth("scenario"), [other.conduct()], 0, 10),
    }
    assert len(keys) == 7
    folders = {
        FinishedTrials.beside(tmp_path, sim.planned.scenario, 2).folder,
        FinishedTrials.beside(tmp_path, load_design("founding_study").scenario, 1).folder,
        store.folder,
    }
    assert len(folders) == 3


@pytest.mark.usefixtures("undrawn")
def test_a_killed_command_resumes_and_gives_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`clti trial`, killed in the middle and given again, writes what it would have written in one go."""
    monkeypatch.setattr("simulator.questions.trial.simulation.simulation.PIECE", 1)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    options = ["trial", str(design_file(tmp_path)), "--trials", "400", "--quick", "--out"]
    small = "from simulator.questions.trial.simulation import simulation; simulation.PIECE = 1"
    code = f"{small}; from simulator.cli.app import main; main()"
    line = [sys.executable, "-c", code, *options, str(killed)]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300.0
    while len(list(killed.glob("work-*/*.npz"))) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert list(killed.glob("work-*/*.npz"))
    assert not (killed / "report.html").exists()
    for out in (killed, whole):
        assert CliRunner().invoke(app.build(), [*options, str(out)]).exit_code == 0
    assert not list(killed.glob("work-*"))
    names = {file.name for file in whole.iterdir()} - {"manifest.json"}
    assert {file.name for file in killed.iterdir()} - {"manifest.json"} == names
    for name in names - {"report.html"}:
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name


def test_bad_designs_end_with_exit_code_2_and_write_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every fault is told at once with its key, on standard error, and there is no output folder."""
    endpoints = [dict(TWO_ARMS["endpoints"][0]), dict(TWO_ARMS["endpoints"][1], at_months=24.0)]
    faulty = design_file(
        tmp_path,
        alpha=0.0,
        looks={"by": "events", "at": [40, 20]},
        size={"patients": 120, "events": 60, "power": 0.0},
        entry={"age_at_least": 80.0, "age_below": 70.0},
        endpoints=endpoints,
    )
    out = tmp_path / "out"
    monkeypatch.setattr(sys, "argv", ["clti", "trial", str(faulty), "--trials", "0", "--out", str(out)])
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 2
    told = capsys.readouterr().err
    for key in ("--trials", "alpha", "size.power", "looks.at", "entry.age_at_least", "endpoints.death.at_months"):
        assert f"{key} = " in told, told
    assert "Nothing was written" in told
    assert not out.exists()


# ------------------------------------------------------------------------------------------------------ looks and levels


def test_every_endpoint_spends_alpha_at_its_own_information(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second endpoint's boundary follows its own patients, not the first one's events; with another pace it would err."""
    caught: list[Any] = []
    decide = conduct_module.decide

    def spy(design: Any, z: Any, against: Any, upper: Any, lower: Any) -> Any:
        caught.append(upper)
        return decide(design, z, against, upper, lower)

    monkeypatch.setattr(conduct_module, "decide", spy)
    sim = simulation(
        tmp_path,
        4,
        accrual={"per_month": 10.0},
        looks={"by": "months", "at": [9.0, 12.0]},
        drop_out={"per_year": 0.0},
        multiplicity=BOTH,
    )
    conduct = sim.conduct()
    sim.run(sim.truth("null"), [conduct])
    # Evenly spaced entries: 30 and 60 of 120 patients have reached the visit at six months by then.
    shares = np.array([30.0, 60.0, 120.0]) / 120.0
    assert conduct.whole[1] == 120.0
    for level, found in enumerate(conduct.rule.boundaries):
        expected = observed_boundaries(found.plan, shares)[0]
        assert caught[0][level, 0, :, 1] == pytest.approx(expected, abs=1e-6)
        assert np.abs(caught[0][level, 0, :, 0] - expected).max() > 0.05


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"looks": {"by": "patients", "at": [60], "type": "obf"}}, "looks.type"),
        (
            {
                "looks": {"by": "events", "at": [20]},
                "size": {"patients": 120, "events": 40},
                "futility": {"rule": "z", "z": [0.0], "binding": True},
            },
            "futility.binding",
        ),
    ],
)
def test_looks_at_endpoints_of_another_pace(tmp_path: Path, changed: dict[str, Any], key: str) -> None:
    """Boundaries of a given shape, and binding futility, cannot serve endpoints whose information differs."""
    with pytest.raises(Exception, match=r"confirmatory endpoints|does not grow in step|several hypotheses") as caught:
        planned(tmp_path, multiplicity=BOTH, **changed)
    assert key in str(caught.value)


@pytest.mark.parametrize("kind", ["obf", "pocock", "wang-tsiatis", "haybittle-peto", "ld-obf", "ld-pocock", "hsd"])
@pytest.mark.parametrize("futility", [None, "beta", "z", "conditional-power"])
def test_every_boundary_with_every_futility_rule(tmp_path: Path, kind: str, futility: str | None) -> None:
    """Each kind of boundary and futility rule, binding where there is one, keeps alpha in simulated trials.

    Tolerance: 3.5 Monte Carlo errors above 5%; without futility as much below it too.
    """
    rules = {
        "beta": {"rule": "beta", "binding": True},
        "z": {"rule": "z", "z": [0.0], "binding": True},
        "conditional-power": {"rule": "conditional-power", "threshold": 0.2, "binding": True},
    }
    sim = simulation(
        tmp_path,
        800,
        alpha=0.05,
        looks={"by": "information", "at": [0.5], "type": kind},
        futility=None if futility is None else rules[futility],
        size={"patients": 60, "power": 0.8},
        endpoints=TWO_ARMS["endpoints"][2:],
        follow_up={"months": 6.0},
    )
    columns = sim.run(sim.truth("null"), [sim.conduct()])[0]
    level, error = columns["any_rejected"].mean(), (0.05 * 0.95 / 800) ** 0.5
    assert level <= 0.05 + 3.5 * error
    assert level >= 0.05 - 3.5 * error
    assert futility is None or (columns["reason"] == 2.0).mean() > 0.2


def test_every_outcome_with_every_test(tmp_path: Path) -> None:
    """Each outcome can be tested by each test that fits, and every z is finite and points to the better arm."""
    times = {"healing": 12.0, "healing_without_amputation": 12.0}
    endpoints: list[dict[str, Any]] = []
    for outcome, known in OUTCOMES.items():
        if outcome == "reintervention":
            # Nobody here is dilated; `test_trial_endpoints` has those who are.
            continue
        for test in known.tests:
            if test in ONE_ARM or test == "cmh":
                # A single arm's, and one that needs strata.
                continue
            endpoint = {"name": f"{outcome}_{test}", "outcome": outcome, "test": test}
            if test == "fleming_harrington":
                endpoint["gamma"] = 1.0
            endpoint["at_months"] = 6.0 if outcome in (*SEEN_AT_VISITS, "hierarchy") else times.get(outcome, 12.0)
            if outcome == "hierarchy":
                endpoint |= {"order": ["death", "major_amputation", "healing", "tcpo2"], "margin": 10.0}
            endpoints.append(endpoint)
    arms = [TWO_ARMS["arms"][0], {"name": "cells", "policy": "protocol"}]
    sim = simulation(tmp_path, 60, arms=arms, endpoints=endpoints, size={"patients": 400})
    columns = sim.run(sim.truth("optimistic"), [sim.conduct()])[0]
    for endpoint in endpoints:
        z = columns[f"z_at_end:{endpoint['name']}"]
        assert np.isfinite(z).mean() > 0.98, endpoint
        # Nothing but limb and wound saves lives in this model, so deaths move least.
        assert np.nanmean(z) > (0.0 if endpoint["outcome"] == "death" else 0.5), (endpoint, np.nanmean(z))


def test_the_table_of_levels_has_one_verdict(tmp_path: Path) -> None:
    """What was seen decides the verdict, and only a reason that points the same way stands beside it."""
    sim = simulation(
        tmp_path,
        200,
        looks={"by": "events", "at": [20]},
        size={"patients": 80, "events": 40},
        futility={"rule": "conditional-power"},
        randomisation={"strata": [{"factor": "renal"}]},
    )
    conduct = sim.conduct()
    columns = dict(sim.run(sim.truth("null"), [conduct])[0])
    assert list(type_i_errors(conduct, columns)["endpoint"])[:2] == [WHOLE, OVERRULED]
    said = {}
    for rejections in (0, 5, 30):
        columns["any_rejected"] = (np.arange(200) < rejections) * 1.0
        columns["any_rejected_overruled"] = columns["any_rejected"]
        columns["reason"] = np.zeros(200)
        conservative = type_i_errors(replace(conduct, design=conduct.design.model_copy(update={"alpha": 0.2})), columns)
        said[rejections] = (type_i_errors(conduct, columns).iloc[0], conservative.iloc[0])
    assert tuple(said[5][0][["verdict", "reason"]]) == ("held", "")
    assert tuple(said[30][0][["verdict", "reason"]]) == ("liberal", UNFORESEEN)
    assert said[0][1]["verdict"] == "conservative"
    assert "futility_obeyed" in said[0][1]["reason"]


# ---------------------------------------------------------------------------------------------------------- single arms


def test_two_stage_designs_are_searched(tmp_path: Path) -> None:
    """The hoped rate gives Simon's designs; each is tried on simulated lives and succeeds as often as its binomial says.

    Tolerance: 3.5 Monte Carlo errors of the trials and of the simulated rate.
    """
    sim = single_arm(tmp_path, 1_000, {"kind": "optimal", "hoped_rate": 0.75})
    table = stage_table(sim, pool(sim, sim.conduct()), 0.8, "scenario")
    assert list(table["rate_from"]) == ["design", "hoped", "hoped", "simulated", "simulated"]
    for row, found in zip(table.iloc[1:3].itertuples(), two_stage(0.6, 0.75, 0.05, 0.8), strict=True):
        assert (row.n1, row.r1, row.patients, row.r) == (found.n1, found.r1, found.n, found.r)
    # 0.6 deaths a year after a dose, so exp(-0.3) live at six months.
    simulated = table[table["rate_from"] == "simulated"]
    assert simulated["rate"].to_numpy() == pytest.approx(np.exp(-0.3), abs=0.005)
    assert (simulated["low"] <= simulated["patients"]).all()
    assert (simulated["patients"] <= simulated["high"]).all()
    assert (simulated["power"] >= 0.8).all()
    for row in table.itertuples():
        chance = promising(np.exp(-0.3), int(row.n1), int(row.r1), int(row.patients), int(row.r))
        assert close((row.simulated_power, row.se), chance, 0.005)


def test_a_two_stage_search_without_an_effect_says_so(tmp_path: Path) -> None:
    """Where the simulated patients do no better than the rate to be beaten, the row has no numbers and the reason."""
    endpoint = {
        "name": "afs",
        "outcome": "amputation_free_survival",
        "test": "exact_binomial",
        "at_months": 6.0,
        "null_rate": 0.75,
        "lost": "failure",
    }
    changed = {"endpoints": [endpoint], "two_stage": {"hoped_rate": 0.9}}
    sim = Simulation(load_design("two_stage", changed), 1, 50)
    row = stage_table(sim, pool(sim, sim.conduct()), 0.8, "scenario").iloc[-1]
    assert row["kind"] == "none"
    assert np.isnan(row["patients"])
    assert row["note"]


def test_the_founding_plan_would_succeed_untreated() -> None:
    """Against 50%, 44 untreated patients of the founding study's kind succeed nearly always, and the answer says so."""
    plan = load_design("founding_study")
    study = study_design(Simulation(plan, 1, 1_000), ("scenario", "null"), quick=True)
    table = study.characteristics.set_index(["truth", "measure"])["value"]
    assert table["no_effect", "success_untreated"] > 0.9
    said = sentences(findings(study, plan, ("scenario", "null"), 1))
    assert "In patients without the treatment it succeeds in 9" in said
    assert "success would not show that the treatment works" in said


# ------------------------------------------------------------------------------------------- what others work with


def test_summaries_for_the_economics(tmp_path: Path) -> None:
    """One row for each size and posterior draw, with the estimates of every endpoint; a draw's rows share their draw."""
    study = study_design(simulation(tmp_path, 40), ("scenario",))
    table = study.summaries
    assert table is not None
    endpoints = [endpoint["name"] for endpoint in TWO_ARMS["endpoints"]]
    assert list(table.columns) == SUMMARY + [f"{part}_{name}" for name in endpoints for part in ("estimate", "se")]
    sizes = table["patients"].unique()
    assert len(sizes) == 5
    for size in sizes:
        assert list(table.loc[table["patients"] == size, "draw"]) == list(range(40))
    spread = table.groupby("patients")["estimate_tcpo2"].std()
    assert spread.iloc[0] > spread.iloc[-1]
    assert pd.api.types.is_bool_dtype(table["success"])


def test_progress_of_a_study_adds_up(tmp_path: Path) -> None:
    """Every stage counts exactly as many steps as it announced."""
    announced: dict[str, list[int]] = {}

    class Stage:
        def __init__(self, what: str, steps: int) -> None:
            self.counted = announced.setdefault(what, [steps, 0])

        def __enter__(self) -> Any:
            return self.count

        def __exit__(self, *_: object) -> None:
            pass

        def count(self, steps: int) -> None:
            self.counted[1] += steps

    study_design(simulation(tmp_path, 50), ("scenario", "null"), stage=Stage)  # type: ignore[arg-type]
    assert set(announced) == {"Trials", "Other hospitals", "Search for the size", "Other assumptions", "Curves"}
    assert all(steps == done for steps, done in announced.values()), announced
