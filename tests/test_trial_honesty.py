"""What a trial's report must not say: sizes from extrapolated steps, idle keys, lost levels, errors that ignore shared rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trial_designs import TWO_ARMS, planned, simulation

from simulator.questions.trial.results.operating import mean_and_se, share_and_se
from simulator.questions.trial.simulation.simulation import Simulation
from simulator.questions.trial.simulation.truth import joint_rows
from simulator.questions.trial.sizes.size_search import endpoint_table
from simulator.questions.trial.study import study_design
from simulator.statistics.sequential.boundary_search import solve
from simulator.statistics.sequential.stopping_plan import Futility, Plan
from simulator.statistics.sizes import exact_proportions
from simulator.words.errors import BadInput, in_toml, nearest

FISHER = {"name": "f", "outcome": "death", "test": "fisher", "at_months": 12.0, "lost": "failure"}


def test_an_exact_tests_size_has_its_exact_power(tmp_path: Path) -> None:
    """The need of Fisher's test has the target power at the simulated rates, and its interval holds it."""
    sim = simulation(tmp_path, 300, constant=True, endpoints=[FISHER], visits=None, drop_out={"per_year": 0.0})
    conduct = sim.conduct()
    columns = sim.run(sim.truth("scenario"), [conduct])[0]
    need = endpoint_table(conduct, columns, 0.8).iloc[0]
    rates = [float(columns[f"rate_{arm}_at_end:f"].mean()) for arm in (0, 1)]
    n = int(need["patients"]) // 2
    assert exact_proportions.power("fisher", n, n, *rates, 0.025) >= 0.8
    assert exact_proportions.power("fisher", n - 1, n - 1, *rates, 0.025) < 0.8
    assert need["low"] <= need["patients"] <= need["high"]


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"visits": {"at_months": [3.0]}, "endpoints": TWO_ARMS["endpoints"][:1]}, "visits.at_months"),
        ({"endpoints": [TWO_ARMS["endpoints"][0] | {"lost": "failure"}], "visits": None}, "endpoints.afs.lost"),
        ({"endpoints": [TWO_ARMS["endpoints"][0] | {"margin": 1.3}], "visits": None}, "endpoints.afs.margin"),
        ({"file": "foo.toml"}, "file"),
        ({"looks": {"by": "patients", "at": [60], "gamma": -2.0}}, "looks.gamma"),
        *(
            ({"looks": {"by": "patients", "at": [60]}, "futility": {"rule": rule} | {key: value}}, f"futility.{key}")
            for rule, key, value in (
                ("beta", "z", [0.0]),
                ("beta", "threshold", 0.2),
                ("beta", "assumed", "trend"),
                ("beta", "gamma", -2.0),
                ("conditional-power", "spending", "hsd"),
            )
        ),
        ({"arms": TWO_ARMS["arms"][:1], "randomisation": {"block": 4}}, "randomisation.block"),
    ],
)
def test_keys_that_nothing_reads_are_refused(tmp_path: Path, changed: dict[str, Any], key: str) -> None:
    """A key that would change nothing is an error that names it."""
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, **changed)
    assert key in {problem.key for problem in caught.value.problems}


def test_values_are_told_as_the_file_spells_them() -> None:
    """Tables, lists and truth values in TOML's words, and no suggestion that shares only its ending."""
    assert in_toml({"death": "composite", "on": True}) == "{death = 'composite', on = true}"
    assert in_toml([("a", False)]) == "[['a', false]]"
    assert nearest("estimand", ["reestimation", "arms"]) == "one of arms, reestimation"
    assert nearest("accural", ["accrual", "arms"]) == "did you mean 'accrual'?"


@pytest.mark.parametrize(
    ("looks", "kind", "mild", "extreme"),
    [(5, "ld-pocock", 0.2, 0.3), (5, "ld-obf", 0.3, 0.4), (3, "ld-pocock", 0.5, 0.6), (2, "ld-pocock", 0.7, 0.8)],
)
def test_binding_futility_keeps_alpha_or_is_refused(looks: int, kind: str, mild: float, extreme: float) -> None:
    """Up to where rpact calls the futility bounds too extreme alpha is spent whole; from there on the plan is refused."""
    information = tuple((k + 1) / looks for k in range(looks))

    def plan(threshold: float) -> Plan:
        return Plan(information, 0.025, kind, futility=Futility("conditional-power", threshold=threshold, binding=True))

    assert solve(plan(mild)).cumulative_alpha[-1] == pytest.approx(0.025, abs=1e-8)
    with pytest.raises(BadInput, match="can no longer be spent"):
        solve(plan(extreme))


def test_no_size_is_searched_for_no_effect(tmp_path: Path) -> None:
    """Under the null alone there is no search, no need and no curve; with other truths every row names its own."""
    sim = simulation(tmp_path, 20)
    study = study_design(sim, ("null",))
    assert study.search is None
    assert study.views is None
    assert study.endpoints["patients"].isna().all()
    several = study_design(sim, ("sceptical", "null", "optimistic"), quick=True)
    assert set(several.endpoints["truth"]) == {"sceptical", "optimistic"}


def test_events_that_no_trial_reaches_are_refused(tmp_path: Path) -> None:
    """An end, or a first look, at more events than any simulated trial sees is refused with the number that it does see."""
    size, looks = {"patients": 120, "events": 118}, {"by": "events", "at": [117]}
    with pytest.raises(BadInput, match="that any of 100 simulated trials had seen") as caught:
        Simulation(planned(tmp_path, size=size, looks=looks), 1, 4).check()
    assert {problem.key for problem in caught.value.problems} == {"size.events", "looks.at"}


def test_trials_that_share_a_posterior_row_are_clusters(tmp_path: Path) -> None:
    """The error of assurance is that between posterior rows: exact when trials of a row agree, ordinary when rows are alone."""
    rng = np.random.default_rng(1)
    rows = np.tile(np.arange(500), 4)
    won = (rng.random(500) < 0.4)[rows]
    p, se = share_and_se(won, rows)
    assert se == pytest.approx(np.sqrt(p * (1.0 - p) / 499.0), rel=1e-9)
    assert se == pytest.approx(2.0 * share_and_se(won)[1], rel=0.01)
    alone = rng.normal(size=2_000)
    assert mean_and_se(alone, np.arange(2_000))[1] == pytest.approx(mean_and_se(alone)[1], rel=1e-9)
    sim = simulation(tmp_path, 30)
    truth = sim.truth("posterior")
    found = truth.row_of(30)
    assert found is not None
    assert np.unique(found).size > 20
    shuffled = truth.params[[3, 1, 3, 2, 1]]
    again = joint_rows(sim.planned.scenario.register, shuffled)
    assert again[0] == again[2] and again[1] == again[4] and len({int(r) for r in again}) == 3


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Unknown and mistyped keys hide neither a design that cannot be nor an unknown policy, and add nothing that is not wrong."""
    wrong = {
        "colour": "red",
        "alpha": 0.7,
        "size": {"patients": 60, "power": 0.8, "evnts": 3},
        "arms": [{"name": "a", "policy": "conservative", "dose": 1}, {"name": "b", "policy": "protocl"}],
        "endpoints": [
            {"name": "late", "outcome": "healing", "test": "risk_difference", "at_months": "six"},
            {"name": "time", "outcome": "death", "test": "logrank", "lost": "failure"},
        ],
    }
    with pytest.raises(BadInput) as found:
        planned(tmp_path, **wrong)
    keys = {each.key for each in found.value.problems}
    shape = {"colour", "size.evnts", "arms.a.dose", "endpoints.late.at_months"}
    assert keys == shape | {"alpha", "arms.b.policy", "endpoints.time.lost"}
    with pytest.raises(BadInput) as found:
        planned(tmp_path, looks=5, futility={"rule": "z", "z": [0.0]})
    assert [each.key for each in found.value.problems] == ["looks"], "the rule lacks no looks: they are wrong"


@pytest.mark.parametrize(
    ("wrong", "keys"),
    [
        ({"arms": [{"name": "a"}, {"name": "b", "policy": "protocol"}]}, ["arms.a.policy"]),
        ({"arms": [{"name": "a", "policy": 3}, {"policy": 4}]}, ["arms.a.policy", "arms[2].name", "arms[2].policy"]),
        (
            {"endpoints": [{"name": "visited", "test": "t_test"}, FISHER], "visits": {"at_months": [6.0]}},
            ["endpoints.visited.outcome"],
        ),
        ({"looks": {"at": [50]}, "futility": {"rule": "z", "z": [0.0]}}, ["looks.by"]),
        ({"looks": {"by": "patients", "at": ["x"]}}, ["looks.at[1]"]),
    ],
)
def test_what_a_left_out_part_would_explain_is_not_told(tmp_path: Path, wrong: dict[str, Any], keys: list[str]) -> None:
    """A design with a faulty arm has not one arm, with a faulty endpoint not another first one, and a rule lacks no looks."""
    with pytest.raises(BadInput) as found:
        planned(tmp_path, **wrong)
    assert sorted(each.key for each in found.value.problems) == keys


@pytest.mark.parametrize("rule", ["beta", "z", "conditional-power"])
def test_every_key_of_another_rule_is_refused(tmp_path: Path, rule: str) -> None:
    """Of futility, whichever keys its rule does not read are named, all of them at once, however many there are."""
    read = {"beta": {"spending"}, "z": {"z"}, "conditional-power": {"threshold", "assumed"}}[rule]
    given = {"spending": "ld-obf", "gamma": -2.0, "rho": 2.0, "z": [0.0], "threshold": 0.2, "assumed": "design"}
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, looks={"by": "months", "at": [8.0]}, futility={"rule": rule, **given})
    assert {problem.key for problem in caught.value.problems} == {f"futility.{key}" for key in given if key not in read}


@pytest.mark.parametrize("kind", ["obf", "wang-tsiatis", "haybittle-peto", "ld-pocock", "hsd", "kim-demets"])
def test_every_key_of_another_boundary_is_refused(tmp_path: Path, kind: str) -> None:
    """The same of looks: a shape or a spending parameter that the boundary does not read."""
    read = {"wang-tsiatis": "delta", "haybittle-peto": "early_z", "hsd": "gamma", "kim-demets": "rho"}.get(kind)
    given = {"delta": 0.3, "gamma": -2.0, "rho": 2.0, "early_z": 3.0}
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, looks={"by": "months", "at": [8.0], "type": kind, **given})
    # Classical boundaries do not go with looks by the calendar either, which is told beside.
    named = {problem.key for problem in caught.value.problems} - {"looks.type"}
    assert named == {f"looks.{key}" for key in given if key != read}
