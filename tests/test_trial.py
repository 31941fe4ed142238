"""Simulated trials against closed forms, and the promises that make their results worth reading."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer
from scipy.special import ndtri
from scipy.stats import binom
from trial_designs import TWO_ARMS, close, design_file, lives, planned, same, simulation, single_arm
from typer.testing import CliRunner

from simulator.cli import trial as command
from simulator.evidence.posterior import parameter_draws
from simulator.questions.trial.analysis.analysis import analyse
from simulator.questions.trial.analysis.data import cut, limited
from simulator.questions.trial.analysis.looks import information, look_dates, marks
from simulator.questions.trial.analysis.seen import time_to_event
from simulator.questions.trial.conduct.decisions import Reason, decide
from simulator.questions.trial.design.accrual import PLACES, Accrual
from simulator.questions.trial.design.selection import most_recruits
from simulator.questions.trial.reading.design_reading import load_design, shipped_designs
from simulator.questions.trial.results.export import exported
from simulator.questions.trial.results.operating import operating_characteristics, share_and_se
from simulator.questions.trial.simulation.simulation import Simulation
from simulator.questions.trial.sizes.size_search import endpoint_table, find_size
from simulator.rules.population.arrival import make_patient
from simulator.rules.population.patient import PATIENT
from simulator.statistics.sizes.proportion_sizes import superiority
from simulator.statistics.sizes.samplesize import event_probability, lachin_foulkes, schoenfeld
from simulator.statistics.sizes.simon import promising
from simulator.words.errors import BadInput

# ------------------------------------------------------------------------------------------------- against closed forms


def test_power_in_a_constant_hazard_scenario(tmp_path: Path) -> None:
    """Simulated log-rank and chi-square power agree with Schoenfeld, Lachin-Foulkes and the pooled z test.

    Tolerance: 3.5 Monte Carlo errors and one percentage point for the formulas' own approximation.
    """
    size = schoenfeld(1.0, 0.6, 0.0, 1.0, 0.05, 0.025, 0.8)
    n = 2 * math.ceil(size.patients / 2)
    sim = simulation(tmp_path, 2_500, constant=True, size={"patients": n, "power": 0.8}, randomisation={"block": 2})
    conduct = sim.conduct()
    columns = sim.run(sim.truth("scenario"), [conduct])[0]
    assert close(share_and_se(columns["rejected:afs"]), 0.8, 0.012)
    assert abs(size.patients / lachin_foulkes(1.0, 0.6, 0.0, 1.0, 0.05, 0.025, 0.8).patients - 1.0) < 0.04
    assert close((columns["events"].mean(), columns["events"].std() / 50.0), size.events * n / size.patients, 0.1)
    # The log hazard ratio of the score test, and of everybody together.
    assert columns["estimate:afs"].mean() == pytest.approx(math.log(0.6), abs=0.03)
    dead = [1.0 - math.exp(-rate) for rate in (1.0, 0.6)]
    seen = [event_probability(rate, 0.0, 1.0, 0.05) + math.exp(-(rate + 0.05)) for rate in (1.0, 0.6)]
    # Patients lost before they die are left out, which moves the shares a little and costs patients.
    shares = [event_probability(rate, 0.0, 1.0, 0.05) / whole for rate, whole in zip((1.0, 0.6), seen, strict=True)]
    assert shares == pytest.approx(dead, abs=0.02)
    expected = superiority(*shares, 0.025)[0].power(n * float(np.mean(seen)))
    assert close(share_and_se(columns["z_at_end:death"] >= -ndtri(0.025)), expected, 0.012)


def test_size_search_finds_the_formulas_size(tmp_path: Path) -> None:
    """The search's interval holds Schoenfeld's size, and the power is confirmed in trials of their own."""
    sim = simulation(tmp_path, 600, constant=True, size={"patients": 60, "power": 0.8})
    found = find_size(sim, 0.8)
    formula = schoenfeld(1.0, 0.6, 0.0, 1.0, 0.05, 0.025, 0.8).patients
    assert found.patients is not None
    assert found.low - 0.03 * formula <= formula <= found.high + 0.03 * formula
    assert close(found.checked, 0.8, 0.02)
    conduct = sim.conduct(found.patients)
    needs = endpoint_table(conduct, sim.run(sim.truth("scenario"), [conduct])[0], 0.8).set_index("endpoint")
    assert needs["low"]["afs"] - 15 <= formula <= needs["high"]["afs"] + 15


def test_two_stages_succeed_as_often_as_the_binomial_says(tmp_path: Path) -> None:
    """Simon's design in simulated lives has the exact probabilities of its binomial; nobody enters during the pause."""
    sim = single_arm(tmp_path, 4_000, {"kind": "given", "n1": 15, "r1": 9, "n": 40, "r": 28})
    conduct = sim.conduct()
    columns = sim.run(sim.truth("scenario"), [conduct])[0]
    alive = math.exp(-0.6 * 0.5)
    assert close(share_and_se(columns["success"]), promising(alive, 15, 9, 40, 28))
    assert close(share_and_se(columns["look"] == 1.0), binom.cdf(9, 15, alive))
    stopped = columns["look"] == 1.0
    assert (columns["patients"][stopped] == 15).all()
    assert (columns["patients"][~stopped] == 40).all()
    rows = operating_characteristics(conduct, {"scenario": columns}).set_index(["truth", "measure"])["value"]
    assert rows["null_rate", "type_i_error"] == pytest.approx(promising(0.6, 15, 9, 40, 28))


def test_the_founding_study_needs_28_of_44() -> None:
    """The founding study's own plan: 44 patients, success from 28 on; type I error exact (Panunzi et al. 2022)."""
    sim = Simulation(load_design("founding_study"), 1, 4)
    conduct = sim.conduct()
    results = {"scenario": sim.run(sim.truth("scenario"), [conduct])[0]}
    table = operating_characteristics(conduct, results).set_index(["truth", "measure"])["value"]
    assert sim.design.patients == 44
    assert table["null_rate", "type_i_error"] == pytest.approx(binom.sf(27, 44, 0.5))


# ------------------------------------------------------------------------------------------------------- levels and looks


def test_every_test_keeps_its_level(tmp_path: Path) -> None:
    """With the same policy in both arms every test rejects in 2.5%, within 3.5 Monte Carlo errors (Fisher: at most)."""
    at = {"at_months": 6.0}
    endpoints: list[dict[str, Any]] = [
        {"name": "afs", "outcome": "amputation_free_survival", "test": "logrank"},
        {"name": "cox", "outcome": "amputation_free_survival", "test": "cox"},
        {"name": "rmst", "outcome": "amputation_free_survival", "test": "rmst", "at_months": 12.0},
        {"name": "amputation", "outcome": "major_amputation", "test": "chi_square", **at},
        {"name": "fisher", "outcome": "major_amputation", "test": "fisher", **at},
        {"name": "gray", "outcome": "healing_without_amputation", "test": "gray"},
        {"name": "fine_gray", "outcome": "healing", "test": "fine_gray"},
        {"name": "incidence", "outcome": "major_amputation", "test": "cumulative_incidence", **at},
        {"name": "tcpo2", "outcome": "tcpo2", "test": "ancova", **at},
        {"name": "walking", "outcome": "walking", "test": "risk_difference", **at},
        {"name": "walked", "outcome": "walking_time", "test": "t_test", **at},
        {
            "name": "wins",
            "outcome": "hierarchy",
            "test": "win_ratio",
            "order": ["death", "major_amputation", "healing", "tcpo2"],
            **at,
        },
    ]
    sim = simulation(tmp_path, 1_500, endpoints=endpoints, size={"patients": 160})
    conduct = sim.conduct()
    columns = sim.run(sim.truth("null"), [conduct])[0]
    limit, error = -ndtri(0.025), math.sqrt(0.025 * 0.975 / 1_500)
    levels = {e["name"]: float(np.mean(columns[f"z_at_end:{e['name']}"] >= limit)) for e in endpoints}
    assert levels.pop("fisher") <= 0.025 + 3.5 * error
    assert {name: level for name, level in levels.items() if abs(level - 0.025) > 3.5 * error} == {}


@pytest.mark.parametrize(
    "changed",
    [
        {"looks": {"by": "information", "at": [0.25, 0.5, 0.75], "type": "pocock"}, "events": 60},
        {"looks": {"by": "events", "at": [20, 40], "type": "ld-obf"}, "events": 60},
        {"looks": {"by": "months", "at": [8.0, 12.0, 16.0], "type": "ld-pocock"}},
        {"looks": {"by": "information", "at": [0.5], "type": "pocock"}, "events": 60, "sides": 2},
    ],
    ids=["information", "events", "months", "two-sided"],
)
def test_boundaries_keep_alpha(tmp_path: Path, changed: dict[str, Any]) -> None:
    """Looks by information, events or the calendar leave the type I error at alpha, within 3.5 Monte Carlo errors."""
    size = {"patients": 120, "power": 0.8} | ({"events": changed["events"]} if "events" in changed else {})
    sim = simulation(
        tmp_path,
        2_000,
        alpha=0.05,
        sides=changed.get("sides", 1),
        looks=changed["looks"],
        size=size,
        follow_up={"months": 12.0, "until": "last"},
        endpoints=TWO_ARMS["endpoints"][:1],
    )
    columns = sim.run(sim.truth("null"), [sim.conduct()])[0]
    wrong = (columns["any_rejected"] > 0.0) | (columns["reason"] == Reason.HARM)
    assert close((float(wrong.mean()), math.sqrt(0.05 * 0.95 / 2_000)), 0.05)
    assert (columns["look"] < len(changed["looks"]["at"]) + 1).mean() > 0.01


def test_looks_by_events_see_exactly_so_many(tmp_path: Path) -> None:
    """A look at the k-th event sees k events, and the trial ends with the event that ends it."""
    sim = simulation(
        tmp_path,
        4,
        looks={"by": "events", "at": [15, 30]},
        size={"patients": 120, "events": 45},
        follow_up={"months": 12.0, "until": "last"},
    )
    data = lives(sim, 20)
    dates = look_dates(sim.design, data, marks(sim.design))
    assert (np.diff(dates, axis=1) > 0.0).all()
    for k, events in enumerate((15, 30, 45)):
        assert (information(sim.design.primary, cut(data, dates[:, k])) == events).all()


def test_a_weighted_test_keeps_alpha_when_the_trial_grows() -> None:
    """Sample size re-estimation: alpha holds with the weighted test, only promising trials grow, and not too far."""
    sim = Simulation(load_design("promising_zone", {"size": {"patients": 120}, "looks": {"at": [60]}}), 1, 2_000)
    conduct = sim.conduct()
    null = sim.run(sim.truth("null"), [conduct])[0]
    assert close((null["any_rejected"].mean(), math.sqrt(0.025 * 0.975 / 2_000)), 0.025)
    assert null["patients"].max() == 240
    assert ((null["grown"] > 1.0) == (null["patients"] > 120)).all()
    assert 0.02 < (null["grown"] > 1.0).mean() < 0.5


def test_several_arms_share_alpha() -> None:
    """Holm's rule keeps the chance of any false rejection at or below alpha, and gains on Bonferroni's."""
    results = {}
    for rule in ("holm", "bonferroni"):
        over = {"size": {"patients": 120}, "endpoints": TWO_ARMS["endpoints"][2:], "multiplicity": {"rule": rule}}
        sim = Simulation(load_design("three_arms", over), 1, 1_000)
        results[rule] = [sim.run(sim.truth(truth), [sim.conduct()])[0] for truth in ("null", "scenario")]
    assert results["holm"][0]["any_rejected"].mean() <= 0.025 + 3.5 * math.sqrt(0.025 * 0.975 / 1_000)
    assert results["holm"][1]["all_rejected"].sum() > results["bonferroni"][1]["all_rejected"].sum()
    assert (results["holm"][1]["any_rejected"] == results["bonferroni"][1]["any_rejected"]).all()


def test_decisions_by_hand(tmp_path: Path) -> None:
    """Efficacy before futility, the first boundary crossed counts, and looks that do not happen decide nothing."""
    design = planned(tmp_path).design
    z = np.array([[3.1, 0.0], [1.0, 2.1], [-0.5, 3.0], [np.nan, 1.9]])[:, :, None]
    upper = np.broadcast_to(np.array([[3.0], [2.0]]), (1, 4, 2, 1))
    lower = np.broadcast_to(np.array([0.0, -np.inf]), (4, 2))
    made = decide(design, z, -z, upper, lower)
    assert made.stop.tolist() == [0, 1, 0, 1]
    assert made.reason.tolist() == [Reason.EFFICACY, Reason.EFFICACY, Reason.FUTILITY, Reason.END]
    assert made.rejected[:, 0].tolist() == [True, True, False, False]


# ----------------------------------------------------------------------------------------------------- lives and their data


def test_a_look_sees_what_existed_then(tmp_path: Path) -> None:
    """The data of a later look, cut back, equal the data of the earlier look bit for bit."""
    sim = simulation(
        tmp_path, 4, accrual={"per_month": 10.0, "poisson": True}, follow_up={"months": 18.0, "until": "last"}
    )
    data = lives(sim, 20)
    assert not same(cut(data, 1.0), cut(data, 1.5))
    for early, late in ((0.3, 0.9), (0.9, 1.7), (1.7, 2.9)):
        assert same(cut(cut(data, late), early), cut(data, early))
    per_trial = np.linspace(0.2, 2.0, 20)
    assert same(cut(cut(data, per_trial + 0.4), per_trial), cut(data, per_trial))


def test_a_look_sees_nothing_of_the_future(tmp_path: Path) -> None:
    """Before its date no event, visit, loss or patient is in the data."""
    data = lives(simulation(tmp_path, 4), 20)
    seen = cut(data, 0.7)
    entered = data.entry <= 0.7
    assert (seen.entered == entered).all()
    for name in ("lost", "healed", "amputated", "died"):
        times = getattr(seen, name)
        assert (data.entry[np.isfinite(times)] + times[np.isfinite(times)] <= 0.7).all()
        hidden = np.isfinite(getattr(data, name)) & ~np.isfinite(times)
        assert (data.entry[hidden] + getattr(data, name)[hidden] > 0.7).all()
    assert np.isnan(seen.tcpo2[~entered]).all()
    assert np.isnan(seen.tcpo2_entry[~entered]).all()


def test_larger_trials_begin_with_the_smaller(tmp_path: Path) -> None:
    """The first patients of a trial do not depend on how many follow, so sizes are compared on the same lives."""
    sim = simulation(tmp_path, 4)
    small, large = lives(sim, patients=40), lives(sim, patients=100)
    assert same(small, large.some(slice(None), 40))


def test_results_do_not_depend_on_workers_or_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread or three, large blocks or small: every number of every trial is the same."""
    sim = simulation(tmp_path, 30)
    whole = sim.run(sim.truth("posterior"), [sim.conduct()])[0]
    monkeypatch.setattr("simulator.questions.trial.simulation.simulation.LIVES", 500)
    parts = replace(sim, workers=3).run(sim.truth("posterior"), [sim.conduct()])[0]
    for name, values in whole.items():
        assert np.array_equal(values, parts[name], equal_nan=True), name


def test_the_null_is_the_control_in_every_arm(tmp_path: Path) -> None:
    """Under the null control patients live as in the scenario, the others like controls, and nobody crosses over."""
    crossover = {"to": "protocol", "after_months": 3.0}
    sim = simulation(tmp_path, 4, crossover=crossover)
    free = simulation(tmp_path, 4)
    null, scenario, plain = lives(sim, 40, "null"), lives(sim, 40), lives(free, 40)
    control = plain.arm == 0
    assert (null.died[control] == plain.died[control]).all()
    assert not np.isfinite(null.crossed).any()
    assert not np.isfinite(scenario.crossed[~control]).any()
    assert 0.2 < np.isfinite(scenario.crossed[control]).mean() < 0.9
    assert set(scenario.crossed[np.isfinite(scenario.crossed)]) == {0.25}
    # Switching to the other arm's treatment changes nothing before it happens.
    before = plain.amputated < 0.25
    assert (scenario.amputated[before] == plain.amputated[before]).all()
    assert not same(scenario, plain)


def test_the_posterior_gives_every_trial_its_own_draw(tmp_path: Path) -> None:
    """Trial t has the parameters of posterior draw t, so trial summaries match any analysis of the same draws."""
    sim = simulation(tmp_path, 12)
    truth = sim.truth("posterior")
    draws = parameter_draws(sim.planned.scenario.register, 12, 1)
    assert truth.params["healing_rate"] == pytest.approx(
        draws["healing_rate"] * np.exp(draws["hospital_healing"]), rel=1e-12
    )
    every, one = lives(sim, 12, "posterior"), sim.lives(sim.truth("draw:7"), 7, 1, 120)
    assert same(every.some(slice(7, 8)), one)


@pytest.mark.parametrize(
    ("accrual", "months"),
    [
        ({"per_month": 10.0}, 12.0),
        ({"per_month": 10.0, "pattern": "ramp", "ramp_months": 6.0}, 15.0),
        ({"per_month": 2.0, "pattern": "sites", "sites": 3, "opening_months": 4.0}, 24.0),
    ],
)
def test_accrual_takes_as_long_as_its_rates_say(accrual: dict[str, Any], months: float) -> None:
    """120 patients: at 10 a month, after a ramp of six months (half speed), and at sites that open (8 + 16 + 6 a month)."""
    stream = Accrual(**accrual)
    assert float(stream.date(120.0)) * 12.0 == pytest.approx(months)
    dates = stream.entries(np.uint64(1), 0, 2, 120)
    assert (np.diff(dates, axis=1) > 0.0).all()
    random = stream.model_copy(update={"poisson": True}).entries(np.uint64(1), 0, 400, 120)
    counts = (random <= stream.date(60.0)).sum(axis=1)
    # A Poisson process: mean and variance 60, the mean within 3.5 standard errors.
    assert abs(counts.mean() - 60.0) < 3.5 * math.sqrt(60.0 / 400)
    assert 45.0 < counts.var() < 78.0


def test_randomisation_balances_within_strata(tmp_path: Path) -> None:
    """Permuted blocks of six in the ratio 2:1: no stratum is ever out of balance by more than a block."""
    arms = [dict(TWO_ARMS["arms"][0], allocation=2), TWO_ARMS["arms"][1]]
    strata = [{"factor": "renal"}, {"factor": "age", "cut": 75.0}]
    data = lives(simulation(tmp_path, 4, arms=arms, randomisation={"block": 6, "strata": strata}), 30)
    assert len(np.unique(data.stratum)) == 6
    for trial in range(30):
        for stratum in np.unique(data.stratum[trial]):
            arm = data.arm[trial][data.stratum[trial] == stratum]
            whole = len(arm) // 6 * 6
            assert (arm[:whole].reshape(-1, 6).sum(axis=1) == 2).all()
    # All orders of a block occur, the first arm being the treated one in a third.
    assert close(share_and_se(lives(simulation(tmp_path, 4, arms=arms), 400).arm[:, 0] == 1), 1.0 / 3.0)


def test_strata_may_be_of_what_no_rule_reads(tmp_path: Path) -> None:
    """Recruits are balanced by the wound at the heel that they have as patients who are told of."""
    sim = simulation(tmp_path, 4, randomisation={"strata": [{"factor": "heel"}]})
    data, key = lives(sim, 2), np.uint64(sim.seed)
    scenario, entry = sim.planned.scenario, sim.recruitment.entry_record
    told = np.zeros(1, PATIENT)
    for trial, i in np.ndindex(2, 40):
        number = trial * PLACES + i
        make_patient(told[0], told.view(np.float64), scenario.given, scenario.params(), entry, key, number)
        assert data.stratum[trial, i] == told["heel"][0]
    assert len(np.unique(data.stratum[:, :40])) == 2


def test_a_lost_patient_is_missing_or_a_failure(tmp_path: Path) -> None:
    """Losses before the endpoint shrink the analysis, or count as failures in both arms."""
    dead = {"name": "death", "outcome": "death", "test": "risk_difference", "at_months": 12.0}
    sim = simulation(tmp_path, 4, drop_out={"per_year": 1.0}, endpoints=[dead, dead | {"name": "b", "lost": "failure"}])
    data = limited(lives(sim, 40), 120)
    left_out, failed = (analyse(endpoint, data) for endpoint in sim.design.endpoints)
    assert np.isfinite(data.lost).mean() > 0.3
    assert (left_out.information == failed.information).all()
    assert left_out.se.mean() > failed.se.mean()
    seen = time_to_event(sim.design.endpoints[0], data)
    assert ((seen.code == 1) == np.isfinite(data.died)).all()


# --------------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("changed", "key", "told"),
    [
        ({"alpha": 0.0}, "alpha", "no result could ever be significant"),
        ({"size": {"patients": 120, "power": 0.02}}, "size.power", "above the one-sided alpha"),
        (
            {"looks": {"by": "events", "at": [40, 20]}, "size": {"patients": 120, "events": 60}},
            "looks.at",
            "increasing",
        ),
        ({"looks": {"by": "months", "at": [80.0]}}, "looks.at", "before the trial ends"),
        ({"looks": {"by": "events", "at": [20]}}, "looks.by", "no share of information"),
        ({"looks": {"by": "months", "at": [9.0], "type": "pocock"}}, "looks.type", "not known in advance"),
        ({"follow_up": {"months": 6.0}}, "endpoints.death.at_months", "nobody is followed"),
        ({"entry": {"rutherford_at_most": 4}}, "arms.cells.policy", "is eligible for it"),
        ({"entry": {"tcpo2_at_least": 150.0}}, "entry", "referrals of the scenario"),
        ({"entry": {"age_at_least": 80.0, "age_below": 70.0}}, "entry.age_at_least", "below age_below"),
        ({"size": {"patients": 120, "events": 130}}, "size.events", "one at most"),
        ({"arms": TWO_ARMS["arms"][:1]}, "endpoints.afs.test", "one arm"),
        ({"crossover": {"to": "protocl", "after_months": 3.0}}, "crossover.to", "did you mean 'protocol'"),
        ({"crossover": {"to": "protocol", "after_months": 13.0}}, "crossover.after_months", "before the end"),
        ({"futility": {"rule": "beta"}}, "futility", "only with looks"),
        ({"visits": {"at_months": [1.0]}}, "endpoints.tcpo2.at_months", "one of visits.at_months"),
        ({"randomisation": {"block": 3}}, "randomisation.block", "a multiple of 2"),
        ({"multiplicity": {"rule": "holm", "endpoints": ["af"]}}, "multiplicity.endpoints", "did you mean 'afs'"),
        ({"accural": {"per_month": 1.0}}, "accural", "did you mean 'accrual'"),
        ({"accrual": {"per_month": 5.0, "pattern": "ramp"}}, "accrual.ramp_months", "required by the pattern"),
        ({"scenario": "nowhere"}, "file", "base"),
    ],
)
def test_impossible_designs_are_explained(tmp_path: Path, changed: dict[str, Any], key: str, told: str) -> None:
    """A design that cannot be is refused with its key and the reason."""
    with pytest.raises(BadInput) as caught:
        Simulation(planned(tmp_path, **changed), 1, 4).check()
    assert any(problem.key == key and told in problem.allowed for problem in caught.value.problems), caught.value


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Faults of the design, of its scenario's name for a policy and of its size come in one message."""
    arms = [{"name": "control", "policy": "conservativ"}, {"name": "cells", "policy": "protocol"}]
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, arms=arms, alpha=0.7, size={"patients": 120, "events": 500}, centre={"deaths": [3, 2]})
    keys = [problem.key for problem in caught.value.problems]
    assert {*keys} >= {"arms.control.policy", "alpha", "size.events"}
    assert [key for key in keys if "centre" in key] == ["centre.deaths"], (
        "a fault is told once, by the design's own key"
    )


@pytest.mark.parametrize("name", sorted(shipped_designs()))
def test_shipped_designs_can_be_carried_out(name: str) -> None:
    """Every shipped design loads, enters patients and ends."""
    sim = Simulation(load_design(name), 1, 3)
    sim.check()
    for truth in ("scenario", "null"):
        columns = sim.run(sim.truth(truth), [sim.conduct()])[0]
        assert np.isfinite(columns["months"]).all()
        assert (columns["patients"] <= most_recruits(sim.design, sim.design.patients)).all()


# ----------------------------------------------------------------------------------------------------------- what comes out


def test_exported_data_are_the_trials_data(tmp_path: Path) -> None:
    """One row per patient and one per visit, with the columns an analysis needs and the numbers the trial analysed."""
    sim = simulation(tmp_path, 4, randomisation={"strata": [{"factor": "renal"}]})
    patients, visits = exported(sim, "scenario", 2)
    assert len(patients) == 240
    assert {
        "trial",
        "patient",
        "arm",
        "entry_month",
        "stratum",
        "age",
        "renal",
        "tcpo2_mmhg",
        "follow_up_months",
    } <= set(patients.columns)
    assert not {"tcpo2", "gain_mmhg", "crossover"} & set(patients.columns)
    data = lives(sim, 2)
    assert np.array_equal(patients["death"], np.isfinite(data.died).reshape(-1))
    assert patients["death_months"].max() <= 12.0
    assert np.allclose(patients["tcpo2_mmhg"], data.tcpo2_entry.reshape(-1), atol=0.0)
    assert list(visits.columns) == ["trial", "patient", "arm", "visit", "months", "tcpo2_mmhg", "walking"]
    assert (visits["visit"] == 0).sum() == 240
    last = visits.merge(patients[["trial", "patient", "follow_up_months", "major_amputation_months"]])
    assert (last["months"] <= last["follow_up_months"] + 1e-6).all()
    after = last["months"] > last["major_amputation_months"]
    assert last.loc[after, "tcpo2_mmhg"].isna().all()
    # The ANCOVA of the exported visits is the trial's.
    table = visits[(visits["trial"] == 0) & (visits["visit"] == 2)].merge(
        patients[["trial", "patient", "tcpo2_mmhg"]], on=["trial", "patient"], suffixes=("", "_entry")
    )
    table = table.dropna(subset=["tcpo2_mmhg"])
    design = np.column_stack([np.ones(len(table)), table["arm"] == "cells", table["tcpo2_mmhg_entry"]])
    effect = np.linalg.lstsq(design, table["tcpo2_mmhg"], rcond=None)[0][1]
    assert effect == pytest.approx(analyse(sim.design.endpoints[2], cut(data, 9.0)).estimate[0])


def run(*arguments: str) -> Any:
    """Run the command with the arguments."""
    app = typer.Typer()
    app.command()(command.main)
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.usefixtures("undrawn")
def test_the_command_writes_everything(tmp_path: Path) -> None:
    """Tables, figures and a report; operating characteristics are tidy; the same command gives the same bytes."""
    file = design_file(
        tmp_path, looks={"by": "events", "at": [20]}, size={"patients": 80, "events": 40}, follow_up={"months": 12.0}
    )
    outs = [tmp_path / "a", tmp_path / "b"]
    for out in outs:
        result = run(str(file), "--trials", "60", "--export", "1", "--out", str(out))
        assert result.exit_code == 0, result.exception
    table = pd.read_csv(outs[0] / "operating_characteristics.csv")
    assert list(table.columns) == ["truth", "measure", "value", "se"]
    measures = set(zip(table["truth"], table["measure"], strict=True))
    assert {("scenario", "power"), ("no_effect", "type_i_error"), ("posterior", "assurance")} <= measures
    assert {
        ("scenario", "stop_look_1_efficacy"),
        ("scenario", "bias_afs"),
        ("no_effect", "expected_screened"),
    } <= measures
    names = {path.name for path in outs[0].iterdir()}
    tables = {"boundaries", "endpoints", "samplesize", "power_curve", "size_search", "views", "accrual", "calendar"}
    tables |= {"trial_summaries", "patients", "visits", "type_i_errors"}
    assert {f"{name}.csv" for name in tables} | {"report.html", "boundaries.svg", "stopping.png"} <= names
    tables = {"rates", "effects", "curves", "monitoring", "bounds", "assumptions", "stops"}
    tables |= {"adjusted", "adjusted_trials"}
    assert {f"{name}.csv" for name in tables} | {"events.svg", "assumptions.svg"} <= names
    sizes = pd.read_csv(outs[0] / "samplesize.csv")
    assert set(sizes["verdict"]) <= {"agree", "differ", "no_effect"}
    assert {"Schoenfeld", "ANCOVA"} <= set(sizes["formula"])
    for name in names - {"manifest.json"}:
        assert (outs[0] / name).read_bytes() == (outs[1] / name).read_bytes(), name


def test_the_command_refuses_before_it_writes(tmp_path: Path) -> None:
    """Bad options and a bad design are told together, and nothing is written."""
    out = tmp_path / "out"
    result = run(str(design_file(tmp_path, alpha=0.0)), "--trials", "1", "--truth", "scenrio", "--out", str(out))
    assert isinstance(result.exception, BadInput)
    assert {problem.key for problem in result.exception.problems} >= {"--trials", "--truth", "alpha"}
    assert not out.exists()
