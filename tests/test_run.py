"""`simulate`: the same bits whatever the threads, twins, paired differences, standard errors and parameter draws."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import load_scenario, simulate
from simulator.evidence.distributions import quantile, sample, uniforms
from simulator.living.cohort_arrays import Followed
from simulator.living.ledger import FIELDS
from simulator.living.outcomes import OUTCOMES
from simulator.run import Result, simulation
from simulator.run.job import Job
from simulator.scenario import Scenario
from simulator.scenario.therapies import step_columns
from simulator.words.errors import BadInput

ESTIMATES = (
    "outcome_estimates",
    "difference_estimates",
    "state_estimates",
    "ledger_estimates",
    "perfusion_estimates",
)
PER_DRAW = ("draw_outcomes", "draw_outcome_errors", "draw_difference_errors", "draw_ledgers")


@pytest.fixture(scope="module")
def base() -> Scenario:
    return load_scenario()


@pytest.fixture(scope="module")
def draws(base: Scenario) -> np.ndarray[Any, np.dtype[np.void]]:
    return sample(base.register, 5, seed=4)


def same_bits(a: Result, b: Result) -> bool:
    """Whether two results agree in every array, to the last bit."""
    pairs = [(getattr(a, name), getattr(b, name)) for name in (*PER_DRAW, "perfusion_sums")]
    pairs += [pair for name in ESTIMATES for pair in zip(getattr(a, name), getattr(b, name), strict=True)]
    return all(np.array_equal(x, y, equal_nan=True) for x, y in pairs)


def test_importing_the_package_is_quick() -> None:
    """The numerical libraries are imported when they are first needed, not before."""
    check = "import simulator, sys; assert not {'numba', 'pandas', 'scipy', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True)


def test_threads_and_units_in_hand_do_not_change_a_bit(
    base: Scenario, draws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thread, five threads, and one unit in hand at a time: three blocks, five draws, the same bits."""
    ask: dict[str, Any] = {"policies": ["conservative", "protocol"], "patients": 2_300, "draws": draws}
    one = simulate(base, workers=1, **ask)
    assert same_bits(one, simulate(base, workers=5, **ask))
    monkeypatch.setattr(simulation, "PER_WORKER", 1)
    assert same_bits(one, simulate(base, workers=2, **ask))


def test_keeping_patients_does_not_change_a_bit(base: Scenario) -> None:
    """Patients and events on request are the lives that were added up, not others like them."""
    ask: dict[str, Any] = {"patients": 1_200, "times": [0.0, 0.5, 1.0, 40.0]}
    assert same_bits(simulate(base, **ask), simulate(base, events=True, **ask))


def test_both_engines_give_the_same_bits(base: Scenario) -> None:
    """SimPy and compiled code agree in every mean and standard error."""
    ask: dict[str, Any] = {"policies": ["conservative", "pta_act", "ev_selected"], "patients": 40}
    assert same_bits(simulate(base, engine="simpy", **ask), simulate(base, **ask))


def test_another_policy_changes_nothing_else(base: Scenario) -> None:
    """The rows of a policy are the same bits whichever others are compared, and in whichever order."""
    few = simulate(base, ["conservative", "protocol"], patients=500)
    many = simulate(base, ["four_doses", "protocol", "bmmnc", "conservative"], patients=500)
    assert few.reference == many.reference == "conservative"
    for name in ("outcomes", "differences", "ledger"):
        mine, theirs = getattr(few, name), getattr(many, name)
        for policy in mine["policy"].unique():
            a = mine[mine["policy"] == policy].reset_index(drop=True)
            b = theirs[theirs["policy"] == policy].reset_index(drop=True)
            pd.testing.assert_frame_equal(a, b, check_exact=True)


def test_another_patient_changes_nobody(base: Scenario) -> None:
    """The first patients of a larger cohort are those of a smaller one, under every policy."""
    small = simulate(base, patients=150, keep_patients=True).patients
    large = simulate(base, patients=1_201, keep_patients=True).patients
    first = large[large["patient"] < 150].reset_index(drop=True)
    order = ["policy", "patient"]
    a, b = (table.sort_values(order, ignore_index=True) for table in (small, first))
    pd.testing.assert_frame_equal(a, b, check_exact=True)


def test_tcpo2_is_measured_on_one_day_under_every_policy(base: Scenario) -> None:
    """Arms are measured on the same day: cells that cause nothing leave the same TcPO2 under any schedule."""
    never = {"attributable_share": 0.0}
    found = simulate(base, ["conservative", "single_dose", "protocol"], patients=500, draws=pd.DataFrame([never]))
    tcpo2 = found.differences[found.differences["outcome"].isin(["tcpo2_last", "tcpo2_last_40"])]
    assert len(tcpo2)
    assert (tcpo2["mean"] == 0.0).all()
    helped = simulate(base, ["conservative", "single_dose"], patients=2_000, times=[1.0]).differences
    change = helped.set_index("outcome")["mean"]
    assert change["tcpo2_last"] > 2.0
    assert change["tcpo2_last_40"] > 0.02


@given(
    st.fixed_dictionaries(
        {
            "eligibility": st.fixed_dictionaries(
                {
                    "tcpo2_below": st.floats(10.0, 200.0),
                    "ankle_pressure_counts": st.booleans(),
                    "dialysis": st.booleans(),
                    "angioplasty_suitable": st.just("yes"),
                }
            ),
            "cell_therapy": st.fixed_dictionaries(
                {
                    "doses": st.integers(0, 6),
                    "interval_days": st.floats(1.0, 200.0),
                    "waiting_days": st.floats(0.0, 200.0),
                    "product": st.sampled_from(["pbmnc", "bmmnc", "mobilised_pbmnc"]),
                    "route": st.sampled_from(["intramuscular", "intra_arterial"]),
                }
            ),
            "repeat": st.fixed_dictionaries(
                {
                    "rule": st.sampled_from(["always", "clinical_judgement", "until_tcpo2"]),
                    "stop_at_tcpo2": st.floats(0.0, 100.0),
                }
            ),
            "therapies": st.sampled_from([[], ["angioplasty"]]),
        }
    )
)
@settings(max_examples=15, deadline=None, derandomize=True)
def test_identical_policies_differ_by_exactly_zero(policy: dict[str, Any]) -> None:
    """Two names for one policy give one life: every difference is 0 and has no error, to the last bit."""
    overrides = {"policies": {"one": policy, "other": {"extends": "one"}}, "population": {"patients": 60}}
    result = simulate(load_scenario(policies=["one", "other"], overrides=overrides))
    assert (result.differences[["mean", "se"]] == 0.0).all(axis=None)
    assert np.array_equal(result.ledger_estimates.mean[0], result.ledger_estimates.mean[1])


def test_dialysis_excluded_is_the_published_protocol(base: Scenario) -> None:
    """Spelling the exclusion out changes nothing, and including dialysis treats more people of the same population."""
    result = simulate(base, ["protocol", "exclude_dialysis", "include_dialysis"], patients=2_000)
    assert result.reference == "protocol"
    table = result.differences.set_index(["policy", "outcome", "time_years"])
    assert (table.loc["exclude_dialysis"][["mean", "se"]] == 0.0).all(axis=None)
    assert table.loc[("include_dialysis", "doses", 1.0), "mean"] > 0.1


def test_means_and_errors_are_those_of_the_patients(base: Scenario) -> None:
    """By brute force from the patients: means, SD / sqrt(n), paired differences, state shares and TcPO2."""
    names = ("conservative", "protocol", "pta")
    result = simulate(base, names, patients=700, times=[0.5, 1.0, 40.0], keep_patients=True)
    n = 700
    cohorts = {k.policy: k.what for k in result.kept if isinstance(k.what, Followed)}
    outcomes = result.outcomes.set_index(["policy", "outcome", "time_years"])
    differences = result.differences.set_index(["policy", "outcome", "time_years"])
    states = result.states.set_index(["policy", "time_years", "state"])
    perfusion = result.perfusion.set_index(["policy", "time_years"])
    ledger = result.ledger.set_index(["policy", "field"])
    assert set(differences.index.get_level_values("policy")) == {"protocol", "pta"}
    for policy in names:
        cohort = cohorts[policy]
        for k, time in enumerate(result.times):
            for o, outcome in enumerate(OUTCOMES):
                values = cohort.outcomes[:, k, o]
                row = outcomes.loc[(policy, outcome, time)]
                assert row["mean"] == pytest.approx(values.mean(), rel=1e-12)
                assert row["se"] == pytest.approx(values.std(ddof=1) / sqrt(n), rel=1e-6, abs=1e-9)
                if policy != "conservative":
                    paired = values - cohorts["conservative"].outcomes[:, k, o]
                    row = differences.loc[(policy, outcome, time)]
                    assert row["mean"] == pytest.approx(paired.mean(), rel=1e-9, abs=1e-12)
                    assert row["se"] == pytest.approx(paired.std(ddof=1) / sqrt(n), rel=1e-6, abs=1e-9)
            dead = cohort.censuses[:, k, 0] < 0
            row = states.loc[(policy, time, "dead")]
            assert row["share"] == pytest.approx(dead.mean(), rel=1e-12)
            assert row["se"] == pytest.approx(dead.std(ddof=1) / sqrt(n), rel=1e-9)
            assert states.loc[(policy, time)]["share"].sum() == pytest.approx(1.0, rel=1e-12)
            path = cohort.paths[:, k][~np.isnan(cohort.paths[:, k])]
            row = perfusion.loc[(policy, time)]
            assert row["n"] == len(path)
            if len(path) > 1:
                assert row["mean"] == pytest.approx(path.mean(), rel=1e-12)
                assert row["sd"] == pytest.approx(path.std(ddof=1), rel=1e-9)
                assert row["se"] == pytest.approx(path.std(ddof=1) / sqrt(len(path)), rel=1e-9)
        steps = step_columns(base.policies[policy])
        for f, each in enumerate(FIELDS):
            field = steps.get(each, each)
            if "step_" in field:  # a step that the policy does not have has no row, because nobody ever goes through it
                assert not cohort.ledgers[:, f].any()
                continue
            assert ledger.loc[(policy, field), "mean"] == pytest.approx(
                cohort.ledgers[:, f].mean(), rel=1e-10, abs=1e-12
            )
    alive = states.drop("dead", level="state")["share"].groupby(level=["policy", "time_years"], sort=False).sum()
    deaths = outcomes.xs("death", level="outcome")["mean"]
    assert alive.to_numpy() == pytest.approx(1.0 - deaths.loc[list(names)].to_numpy(), abs=1e-12)


def test_lives_of_the_base_end_within_the_horizon(base: Scenario) -> None:
    """After 40 years fewer than two in a thousand are alive, so the horizon is a lifetime."""
    result = simulate(base, ["conservative", "protocol"], patients=10_000)
    at_end = result.states[(result.states["state"] == "dead") & (result.states["time_years"] == 40.0)]
    assert (at_end["share"] > 0.998).all()


def test_each_draw_is_the_simulation_with_its_parameters(base: Scenario, draws: Any) -> None:
    """A draw among others gives the bits that it gives alone, from an array or a table, and keeps its name."""
    ask: dict[str, Any] = {"policies": ["conservative", "protocol"], "patients": 300}
    all_of_them = simulate(base, draws=draws, **ask)
    table = pd.DataFrame(draws)
    table.insert(0, "draw", [10, 11, 12, 13, 14])
    assert same_bits(all_of_them, named := simulate(base, draws=table, **ask))
    assert named.draws["draw"].unique().tolist() == [10, 11, 12, 13, 14]
    assert named.draw_ledger["draw"].tolist() == np.repeat([10, 11, 12, 13, 14], 2).tolist()
    alone = simulate(base, draws=draws[[3]], **ask)
    assert np.array_equal(alone.draw_outcomes[0], all_of_them.draw_outcomes[3])
    assert np.array_equal(alone.draw_ledgers[0], all_of_them.draw_ledgers[3])
    point = simulate(base, draws=np.array([base.params()], base.params().dtype), **ask)
    assert same_bits(point, simulate(base, **ask))


def test_draws_of_shares_of_one_whole_are_refused_together(base: Scenario) -> None:
    """Draws whose renal shares add to more than 1 are refused with the sum, the draw and how many more there are."""
    draws = pd.DataFrame({"renal_dialysis_share": [0.1, 0.5, 0.9], "renal_severe_share": [0.1, 0.5, 0.9]})
    with pytest.raises(
        BadInput, match=r"renal_dialysis_share = 1\.3 in draw 1 and 1 more; allowed: at most 1 together"
    ):
        simulate(base, patients=10, draws=draws)


def test_probabilistic_draws_are_possible_together_and_lose_no_life(base: Scenario) -> None:
    """Independent draws of the renal shares never add to more than 1, and every other parameter stays as it was drawn."""
    names = ("renal_dialysis_share", "renal_severe_share", "renal_moderate_share")
    draws = sample(base.register, 2_000, seed=4)
    assert sum(draws[name] for name in names).max() <= 1.0 + 1e-9
    plain = {name: quantile(base.register[name], uniforms(base.register[name].luck, 2_000, 4)) for name in names}
    over = sum(plain.values()) > 1.0
    assert 0 < over.sum() < 100
    assert (draws["renal_dialysis_share"] == plain["renal_dialysis_share"]).all()
    for name in names:
        assert (draws[name][~over] == plain[name][~over]).all()
    assert (draws["renal_moderate_share"][over] < plain["renal_moderate_share"][over]).all()


def test_only_the_columns_of_draws_vary(base: Scenario) -> None:
    """Parameters that a table of draws does not have keep the scenario's values, and the share that of the view."""
    base = base.with_(evidence={"centre": "founding"})
    records = base.parameter_draws(pd.DataFrame({"attributable_share_central": [0.1, 0.9], "healing_rate": [1.0, 2.0]}))
    assert records["attributable_share"].tolist() == [0.1, 0.9]
    assert records["healing_rate"].tolist() == [1.0, 2.0]
    assert (records["male_share"] == base.params()["male_share"]).all()


def test_draws_share_patients_unless_fresh_ones_are_asked_for(base: Scenario) -> None:
    """The same parameters twice are the same means; with fresh patients they are two halves of one larger cohort."""
    twice = pd.DataFrame({"healing_rate": [base.register["healing_rate"].value] * 2})
    ask: dict[str, Any] = {"policies": ["conservative", "protocol"]}
    shared = simulate(base, patients=400, draws=twice, **ask)
    assert np.array_equal(shared.draw_outcomes[0], shared.draw_outcomes[1])
    fresh = simulate(base, patients=400, draws=twice, fresh_patients=True, **ask)
    together = simulate(base, patients=800, **ask)
    assert np.array_equal(fresh.draw_outcomes[0], shared.draw_outcomes[0])
    assert fresh.outcome_estimates.mean == pytest.approx(together.outcome_estimates.mean, rel=1e-12, abs=1e-12)
    assert fresh.ledger_estimates.mean == pytest.approx(together.ledger_estimates.mean, rel=1e-9, abs=1e-9)


def test_errors_over_draws_are_those_of_the_mean_of_draws(base: Scenario, draws: Any) -> None:
    """SD of draw means / sqrt(draws); with shared patients their common luck is added, never averaged away."""
    ask: dict[str, Any] = {"policies": ["conservative", "protocol"], "patients": 250, "draws": draws}
    fresh, shared = simulate(base, fresh_patients=True, **ask), simulate(base, **ask)
    between = fresh.draw_outcomes.std(axis=0, ddof=1) / sqrt(5)
    assert fresh.outcome_estimates.mean == pytest.approx(fresh.draw_outcomes.mean(axis=0), rel=1e-12)
    assert fresh.outcome_estimates.se == pytest.approx(between, rel=1e-9, abs=1e-12)
    luck = shared.draw_outcome_errors.mean(axis=0)
    expected = np.hypot(shared.draw_outcomes.std(axis=0, ddof=1) / sqrt(5), luck)
    assert shared.outcome_estimates.se == pytest.approx(expected, rel=1e-9, abs=1e-12)
    paired = shared.draw_outcomes - shared.draw_outcomes[:, [0]]
    assert shared.difference_estimates.mean == pytest.approx(paired.mean(axis=0), rel=1e-9, abs=1e-12)
    assert shared.draws["difference"].to_numpy() == pytest.approx(paired.ravel(), abs=1e-15)


def test_memory_of_a_result_grows_with_means_per_draw_only(base: Scenario, draws: Any) -> None:
    """No array of a result has an axis of patients unless they were asked for."""
    result = simulate(base, ["conservative", "protocol"], patients=1_500, draws=draws)
    arrays = [getattr(result, name) for name in (*PER_DRAW, "perfusion_sums")]
    assert max(array.size for array in arrays) <= 5 * 2 * max(2 * len(OUTCOMES), len(FIELDS))
    assert result.kept == ()
    for name in ("patients", "events", "waits", "queue"):
        with pytest.raises(LookupError, match="kept"):
            getattr(result, name)


@pytest.mark.parametrize(
    "how",
    [
        {"patients": 600, "times": [0.25, 1.0, 40.0]},
        {"patients": 60, "keep_patients": True},
        {"patients": 6, "engine": "simpy"},
    ],
)
def test_without_ledgers_all_else_has_the_same_bits(
    base: Scenario, draws: np.ndarray[Any, np.dtype[np.void]], how: dict[str, Any]
) -> None:
    """Under every policy, tests and parted lives too, outcomes do not depend on whether books of time and costs are kept."""
    policies = list(base.policies)
    kept = simulate(base, policies, draws=draws[:2], **how)
    without = simulate(base, policies, draws=draws[:2], ledger=False, **how)
    assert without.draw_ledgers.shape == (2, len(policies), 0)
    nothing = {"ledger_estimates": without.ledger_estimates, "draw_ledgers": without.draw_ledgers}
    assert same_bits(replace(kept, **nothing), without)
    assert kept.draw_ledgers.shape[-1] == len(FIELDS)
    for name in ("ledger", "draw_ledger"):
        with pytest.raises(LookupError, match="ledgers were not kept"):
            getattr(without, name)
    if "keep_patients" in how:
        pd.testing.assert_frame_equal(kept.patients, without.patients, check_exact=True)


def test_events_tell_the_same_story_as_patients(base: Scenario) -> None:
    """Every history starts with the referral, ends with death or the horizon, and has the doses that were counted."""
    result = simulate(base, ["conservative", "protocol"], patients=80, events=True)
    events, patients = result.events, result.patients
    grouped = events.groupby(["policy", "patient"], sort=False, observed=True)
    assert (grouped["event"].first() == "referral").all()
    last = grouped.last().reset_index()
    ends = {"background_death", "disease_death", "postoperative_death", "horizon"}
    assert set(last["event"]) <= ends
    told = last.merge(patients, on=["policy", "patient"])
    died = told["event"] != "horizon"
    assert np.array_equal(told.loc[died, "time_years"], told.loc[died, "died_at_years"])
    doses = events[events["event"] == "dose"].groupby(["policy", "patient"], observed=True).size()
    counted = patients.set_index(["policy", "patient"])["doses"]
    assert doses.to_dict() == counted[counted > 0].to_dict()


def test_the_founding_cohort_knows_how_long_it_was_seen() -> None:
    """Follow-up ends with death, loss or the data cut, between 0 and 2.59 years."""
    people = simulate(load_scenario("founding_cohort"), ["protocol"], patients=300, keep_patients=True).patients
    assert people["followed_years"].between(0.0, 2.588).all()
    died = people["died_at_years"] <= people["followed_years"]
    assert died.any()
    assert (people.loc[~died, "followed_years"] < people.loc[~died, "died_at_years"].fillna(np.inf)).all()


def test_a_shared_resource_makes_people_wait(base: Scenario) -> None:
    """With one slot for two referrals a week there is a queue, which SimPy runs without being asked."""
    scenario = load_scenario(overrides={"capacity": {"slots_per_week": 1, "arrivals_per_week": 2.0}})
    result = simulate(scenario, ["conservative", "protocol"], patients=60)
    assert result.engine == "simpy"
    assert (result.waits["waited_years"] > 0).any()
    assert result.queue["queue"].max() > 1
    assert result.queue["busy"].max() == 1
    free = simulate(base, ["conservative", "protocol"], patients=60)
    assert np.array_equal(result.outcome_estimates.mean[0], free.outcome_estimates.mean[0])
    with pytest.raises(BadInput, match="'simpy', because the scenario has a shared resource"):
        simulate(scenario, engine="compiled")


def test_progress_counts_every_life_once(base: Scenario, draws: Any) -> None:
    """Progress rises with each unit and ends at the number of lives to do."""
    seen: list[tuple[int, int]] = []
    simulate(base, ["conservative", "protocol"], patients=1_100, draws=draws, progress=lambda *x: seen.append(x))
    assert len(seen) == 2 * 5
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert seen[-1] == (1_100 * 2 * 5, 1_100 * 2 * 5)


def test_everything_impossible_is_told_at_once(base: Scenario) -> None:
    """Unknown policy and parameter, bad seed, engine, size, times and values come in one message."""
    draws = pd.DataFrame({"healing_rate": [1.0, -2.0, np.nan], "healing_rat": 1.0, "male_share": "half"})
    with pytest.raises(BadInput) as caught:
        simulate(base, ["protocal"], patients=0, seed=-1, engine="gpu", draws=draws, times=[41.0])  # type: ignore[arg-type]
    lines = [str(problem) for problem in caught.value.problems]
    for said in (
        "patients = 0; allowed: a whole number, 1 to 1,000,000,000",
        "seed = -1; allowed: a whole number, 0 to 2**64 - 1",
        "engine = 'gpu'; allowed: 'compiled' or 'simpy'",
        "times = [41.0]; allowed: a list of one or more numbers of years, each 0 to the horizon, 40",
        "policies: name = 'protocal'; allowed: did you mean 'protocol'?",
        "healing_rate = -2.0 in draw 1 and 1 more; allowed: a number, 0.001 to 50",
        "healing_rat = unknown parameter; allowed: did you mean 'healing_rate'?",
        "male_share = values of type object",
    ):
        assert sum(said in line for line in lines) == 1, (said, lines)
    assert len(lines) == 8
    with pytest.raises(BadInput, match="at least one draw"):
        simulate(base, draws=pd.DataFrame({"healing_rate": []}))
    with pytest.raises(BadInput, match="at least one policy"):
        simulate(base, [])


SLIPS: dict[str, tuple[Any, str]] = {
    "policies": ("conservative", "a list of names"),
    "patients": (
        pd.DataFrame({"age": [70, 80]}),
        "DataFrame of 2 x 1; allowed: a whole number, 1 to 1,000,000,000; a table",
    ),
    "seed": (1.5, "1.5; allowed: a whole number, 0 to"),
    "draws": (100, "a table"),
    "times": ("12", "a list of one or more numbers of years, each 0 to the horizon, 40"),
    "workers": ("2", "a whole number, 1 to 1,000"),
    "keep_patients": (1, "True or False"),
}
MORE_SLIPS = [
    *({"patients": value} for value in (100.5, 1e3, "10", True, np.float64(10.0), 0)),
    *({"seed": value} for value in (None, "1", True, -1, 2**64)),
    *({"times": value} for value in (1, [], ["1"], [True], [np.nan], {"a": 1})),
    *({"policies": value} for value in (3, [3], {"protocol": 1}.items(), iter(["protocol"]))),
    *({"draws": value} for value in ("100", [1, 2], np.zeros(3))),
    *({"workers": value} for value in (0, 1.0)),
    *({"earlier_draws": value} for value in (-1, 0.5)),
]


@pytest.mark.parametrize("slip", [{key: value} for key, (value, _) in SLIPS.items()] + MORE_SLIPS)
def test_a_slip_of_type_is_told_in_words(base: Scenario, slip: dict[str, Any]) -> None:
    """Each argument of the wrong type or size is one problem that names it, its value and what is allowed."""
    ask: dict[str, Any] = {"policies": ["conservative"], "patients": 10}
    with pytest.raises(BadInput) as caught:
        simulate(base, **ask | slip)
    (problem,) = caught.value.problems
    (key,) = slip
    assert (problem.file, problem.key) == ("simulate", key)
    if key in SLIPS and slip[key] is SLIPS[key][0]:
        assert SLIPS[key][1] in str(problem)


def test_slips_of_type_are_told_together(base: Scenario) -> None:
    """Several slips come in one message; a scenario that is none comes alone, because nothing else can be judged."""
    ask: dict[str, Any] = {key: value for key, (value, _) in SLIPS.items() if key not in {"workers", "keep_patients"}}
    with pytest.raises(BadInput) as caught:
        simulate(base, **ask)
    assert {problem.key for problem in caught.value.problems} == set(ask)
    with pytest.raises(BadInput, match="simulate: scenario = 'base'; allowed: a Scenario, as load_scenario"):
        simulate("base")  # type: ignore[arg-type]


def test_numbers_of_numpy_are_numbers(base: Scenario) -> None:
    """Whole numbers and times that NumPy or pandas made are taken as what they are."""
    ask: dict[str, Any] = {"policies": ["protocol"], "times": np.array([1, 2])}
    one = simulate(base, patients=np.int64(20), seed=np.uint64(3), **ask)
    assert same_bits(one, simulate(base, patients=20, seed=3, **ask))
    assert type(one.seed) is int


def test_entry_that_nobody_meets_is_bad_input() -> None:
    """Criteria that exclude everybody end with a message, not with an empty table or an endless search."""
    with pytest.raises(BadInput, match="nobody can enter"):
        simulate(load_scenario(overrides={"entry": {"age_at_least": 120.0}}), patients=50)


def test_results_that_are_not_finite_stop_with_their_parameters(
    base: Scenario, draws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draw and the values that gave them are named, and no table is made."""
    run: Callable[..., Any] = Job.run

    def spoiled(job: Job, draw: int, first: int, count: int) -> Any:
        done = run(job, draw, first, count)
        if draw == 3:
            done.sums.ledger[1, FIELDS.index("time_ulcer")] = np.inf
        return done

    monkeypatch.setattr(Job, "run", spoiled)
    founding = base.with_(evidence={"centre": "founding"})
    with pytest.raises(BadInput) as caught:
        simulate(founding, ["conservative", "protocol"], patients=20, draws=draws[["healing_rate"]])
    message = str(caught.value)
    assert "draw 3 = not finite in protocol (time_ulcer)" in message
    assert f"healing_rate = {draws['healing_rate'][3]:.17g}" in message


def test_a_cohort_of_one_has_no_standard_error(base: Scenario) -> None:
    """One patient gives a mean and says that its error is unknown."""
    result = simulate(base, ["conservative", "protocol"], patients=1)
    assert result.outcomes["mean"].notna().all()
    assert result.outcomes["se"].isna().all()


def test_a_scenario_is_not_changed_by_a_simulation(base: Scenario) -> None:
    """Its hash, and so everything that decides a result, is the same before and after."""
    before = replace(base).hash
    simulate(base, patients=20)
    assert replace(base).hash == before
