"""Trials that adapt: several looks with a re-estimated size, a blinded review, wedge, triangle, and estimates after stopping."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trial_designs import TWO_ARMS, design_file, lives, planned, simulation

from simulator.questions.trial.analysis.data import cut
from simulator.questions.trial.analysis.looks import marks
from simulator.questions.trial.conduct.blinded_review import nuisance, reviewed
from simulator.questions.trial.conduct.decisions import Reason, decide
from simulator.questions.trial.conduct.stopped import adjusted, adjusted_table
from simulator.questions.trial.findings import tables_of
from simulator.questions.trial.reading.design_reading import load_design
from simulator.questions.trial.results.operating import OVERRULED, operating_characteristics, type_i_errors
from simulator.questions.trial.study import study_design
from simulator.words.errors import BadInput

RATE = {"outcome": "amputation_free_survival", "arm": "control", "event_rate": 0.4, "at_months": 12.0}
BETTER = {"outcome": "amputation_free_survival", "arm": "cells", "hazard_ratio": 0.6}
EVENTS: dict[str, Any] = {
    "stated": [RATE, BETTER],
    "accrual": {"per_month": 20.0},
    "follow_up": {"months": 12.0, "until": "last"},
    "size": {"patients": 240, "events": 90, "power": 0.8},
    "endpoints": TWO_ARMS["endpoints"][:1],
    "drop_out": {"per_year": 0.02},
}
ALIVE = {"name": "alive", "outcome": "amputation_free_survival", "test": "chi_square", "at_months": 6.0}
BINARY: dict[str, Any] = {
    "stated": [RATE | {"event_rate": 0.3, "at_months": 6.0}, BETTER | {"hazard_ratio": 0.999}],
    "accrual": {"per_month": 20.0},
    "follow_up": {"months": 6.0},
    "size": {"patients": 200, "power": 0.8},
    "endpoints": [ALIVE],
    "drop_out": {"per_year": 0.0},
}
GROWS = {"lower": 0.2, "upper": 0.8, "target": 0.8, "largest": 2.0}


def within(share: float, expected: float, trials: int, errors: float = 3.5) -> bool:
    """Whether a share of trials lies within some standard errors of what is expected."""
    return abs(share - expected) < errors * np.sqrt(expected * (1.0 - expected) / trials)


def test_a_trial_that_grows_after_its_second_of_three_looks_keeps_alpha(tmp_path: Path) -> None:
    """The stages of four analyses are combined: alpha holds, only promising trials grow, and their later look moves along."""
    looks = {"by": "events", "at": [30, 50, 70], "type": "ld-pocock"}
    sim = simulation(tmp_path, 2_000, **EVENTS, looks=looks, reestimation=GROWS | {"look": 2})
    conduct = sim.conduct()
    null = sim.run(sim.truth("stated_null"), [conduct])[0]
    assert within(float(null["any_rejected"].mean()), 0.025, 2_000)
    grown = null["grown"] > 1.0
    assert 0.02 < grown.mean() < 0.4
    assert (null["look"][grown] > 2).all()
    assert null["patients"].max() <= 480
    end = grown & (null["look"] == 4)
    assert (null["events"][end] > 90).all()
    assert null["events"][end] == pytest.approx(np.ceil(90 * null["grown"][end] - 1e-9), abs=1.0)
    third = grown & (null["look"] == 3)
    assert third.any() or (null["events"][end] > 90).any()
    alone = simulation(tmp_path, 500, **EVENTS, looks=looks)
    plain = alone.run(alone.truth("stated_null"), [alone.conduct()])[0]
    assert (plain["look"][~grown[:500]] == null["look"][:500][~grown[:500]]).all()
    assert plain["z_at_stop"][~grown[:500]] == pytest.approx(null["z_at_stop"][:500][~grown[:500]])


def test_a_trial_that_grows_keeps_its_weights_and_moves_its_looks(tmp_path: Path) -> None:
    """Whatever it comes to have, its stages weigh what was planned, and what was still to come stretches as the trial does."""
    looks = {"by": "events", "at": [30, 50, 70], "type": "ld-pocock"}
    sim = simulation(tmp_path, 600, **EVENTS, looks=looks, reestimation=GROWS | {"look": 2})
    columns = sim.run(sim.truth("stated"), [sim.conduct()])[0]
    grown = columns["grown"] > 1.0
    third, end = grown & (columns["look"] == 3), grown & (columns["look"] == 4)
    assert third.sum() > 10 and end.sum() > 10
    assert columns["information_look_4"][end] == pytest.approx(1.0)
    assert columns["information_look_3"][third] == pytest.approx(70 / 90)
    assert columns["seen_at_stop"][end] == pytest.approx(columns["events"][end] / 90)
    assert (columns["seen_at_stop"][end] > 1.0).all()
    stretch = (90 * columns["grown"][third] - 50) / (90 - 50)
    assert columns["events"][third] == pytest.approx(np.ceil(50 + (70 - 50) * stretch - 1e-9), abs=1.0)


def test_a_weighted_estimate_has_its_middle_and_its_repeated_limits(tmp_path: Path) -> None:
    """With growth the estimate is reported with limits that miss in alpha of the trials at most on either side."""
    looks = {"by": "events", "at": [30, 60], "type": "ld-obf"}
    sim = simulation(tmp_path, 1_000, **EVENTS, looks=looks, reestimation=GROWS)
    conduct = sim.conduct()
    columns = sim.run(sim.truth("stated"), [conduct])[0]
    table = adjusted_table(sim.design, conduct.rule, {"stated": columns}, "afs")
    assert table is not None
    row = table.set_index("estimator").loc["weighted"]
    assert row["coverage"] > 0.95 - 3.5 * np.sqrt(0.05 * 0.95 / 1_000)
    made = adjusted(sim.design, conduct.rule, columns, "afs")
    rejected = columns["rejected:afs"] > 0.0
    assert (made.high[rejected] < 0.0).all()
    assert (made.high[~rejected] > 0.0).all()


def test_a_trial_that_may_stop_reports_a_median_unbiased_estimate(tmp_path: Path) -> None:
    """Half of the adjusted log hazard ratios lie above the truth, their interval covers, and it excludes no effect where the
    trial succeeds; too many naive ones exaggerate."""
    looks = {"by": "events", "at": [30, 60], "type": "ld-pocock"}
    sim = simulation(tmp_path, 1_000, **EVENTS, looks=looks)
    conduct = sim.conduct()
    columns = sim.run(sim.truth("stated"), [conduct])[0]
    table = adjusted_table(sim.design, conduct.rule, {"stated": columns}, "afs")
    assert table is not None
    found = table.set_index("estimator")
    assert within(found.loc["stagewise", "above"], 0.5, 1_000)
    assert found.loc["naive", "above"] < found.loc["stagewise", "above"] - 0.02
    assert within(found.loc["stagewise", "coverage"], 0.95, 1_000)
    made, rejected = adjusted(sim.design, conduct.rule, columns, "afs"), columns["rejected:afs"] > 0.0
    assert ((made.high < 0.0) == rejected).all()
    assert ((made.p < 0.025) == rejected).all()
    first = columns["look"] == 1.0
    assert made.estimate[first] == pytest.approx(columns["estimate:afs"][first], abs=1e-7)


@pytest.mark.parametrize(("test", "good"), [("chi_square", True), ("logrank", False)])
def test_an_estimate_is_adjusted_towards_no_effect(tmp_path: Path, test: str, good: bool) -> None:
    """Of trials that succeed at the end, whichever way the scale of their test runs; at the first look nothing is adjusted."""
    endpoint = ALIVE | {"test": test} if good else EVENTS["endpoints"][0]
    stated = [RATE, BETTER | {"hazard_ratio": 0.5}]
    plan = BINARY | {
        "stated": stated,
        "endpoints": [endpoint],
        "looks": {"by": "patients", "at": [100], "type": "ld-pocock"},
    }
    sim = simulation(tmp_path, 300, **plan)
    conduct = sim.conduct()
    columns = sim.run(sim.truth("stated"), [conduct])[0]
    made, plain = adjusted(sim.design, conduct.rule, columns, endpoint["name"]), columns[f"estimate:{endpoint['name']}"]
    late = (columns["look"] == 2) & (columns[f"rejected:{endpoint['name']}"] > 0.0)
    assert late.sum() > 10
    assert (plain[late] > 0.0).all() if good else (plain[late] < 0.0).all()
    assert (np.abs(made.estimate) < np.abs(plain))[late].all()


def test_an_exported_trial_has_its_adjusted_estimate(tmp_path: Path) -> None:
    """The study's tables hold the comparison of estimators, each exported trial, and boundaries as hazard ratios."""
    looks = {"by": "events", "at": [45]}
    sim = simulation(tmp_path, 60, **EVENTS, sides=2, alpha=0.05, looks=looks, futility={"rule": "beta"})
    tables = tables_of(study_design(sim, ["stated"], quick=True, export=5))
    assert len(tables["adjusted_trials"]) == 5
    assert set(tables["adjusted"]["estimator"]) == {"naive", "stagewise"}
    boundaries = tables["boundaries"]
    assert boundaries["effect"].to_numpy() == pytest.approx(1.0 / boundaries["harm_effect"].to_numpy())
    assert 0.3 < boundaries["effect"].iloc[0] < boundaries["effect"].iloc[1] < 0.8
    assert boundaries["futility_effect"].iloc[0] == pytest.approx(tables["bounds"]["futility_effect"].iloc[0])


def test_a_two_sided_trial_stops_inside_its_wedge(tmp_path: Path) -> None:
    """Neither benefit nor harm in sight stops it, a result as far on either side does not, and alpha holds if overruled."""
    looks = {"by": "events", "at": [45], "type": "ld-obf"}
    sim = simulation(tmp_path, 2_000, **EVENTS, sides=2, alpha=0.05, looks=looks, futility={"rule": "beta"})
    conduct = sim.conduct()
    z = np.array([[0.1, 0.0], [-0.1, 0.0], [0.9, 0.0], [-0.9, 0.0], [-3.5, 0.0]])[:, :, None]
    upper = np.broadcast_to(np.array([[2.9], [2.0]]), (1, 5, 2, 1))
    made = decide(sim.design, z, -z, upper, np.broadcast_to([0.3, -np.inf], (5, 2)))
    assert made.reason.tolist() == [Reason.FUTILITY, Reason.FUTILITY, Reason.END, Reason.END, Reason.HARM]
    null = sim.run(sim.truth("stated_null"), [conduct])[0]
    wrong = (null["any_rejected"] > 0.0) | (null["reason"] == Reason.HARM)
    assert wrong.mean() < 0.05 + 3.5 * np.sqrt(0.05 * 0.95 / 2_000)
    assert within(float(null["any_rejected_overruled"].mean()), 0.05, 2_000)
    inner = conduct.rule.boundaries[0].inner
    assert inner is not None
    table = operating_characteristics(conduct, {"stated_null": null}).set_index("measure")["value"]
    expected = float(conduct.rule.boundaries[0].futile(0.0)[0])
    assert within(table["stop_look_1_futility"], expected, 2_000, 4.0)


def test_a_triangular_trial_keeps_alpha_and_stops_as_computed(tmp_path: Path) -> None:
    """Simulated trials stop at each look for success and futility as often as the integration says."""
    looks = {"by": "events", "at": [30, 60], "type": "triangular"}
    sim = simulation(tmp_path, 3_000, **EVENTS, looks=looks)
    conduct = sim.conduct()
    null = sim.run(sim.truth("stated_null"), [conduct])[0]
    assert within(float(null["any_rejected"].mean()), 0.025, 3_000)
    overruled = type_i_errors(conduct, null).set_index("endpoint").loc[OVERRULED]
    assert overruled["value"] >= null["any_rejected"].mean()
    assert overruled["verdict"] == "held" or "futility_binding" in overruled["reason"]
    below, above = conduct.rule.boundaries[0].crossing(0.0)
    for k in (1, 2):
        stopped = null["look"] == k
        assert within(float((stopped & (null["reason"] == Reason.FUTILITY)).mean()), below[k - 1], 3_000, 4.0)
        assert within(float((stopped & (null["reason"] == Reason.EFFICACY)).mean()), above[k - 1], 3_000, 4.5)


@pytest.mark.parametrize("size", [200, 400])
def test_a_blinded_review_gives_the_size_that_the_pooled_rate_calls_for(tmp_path: Path, size: int) -> None:
    """30% with the event where 20% were planned: 0.21 / 0.16 times the patients on average, whatever size is searched."""
    review = {"nuisance": "pooled_rate", "planned": 0.2, "after_patients": 100, "largest": 2.0, "smallest": 0.5}
    sim = simulation(tmp_path, 400, **BINARY, blinded_review=review)
    conduct = sim.conduct(size)
    columns = sim.run(sim.truth("stated"), [conduct])[0]
    assert columns["nuisance"].mean() == pytest.approx(0.7, abs=0.02)
    assert columns["grown"].mean() == pytest.approx(0.21 / 0.16, abs=0.03)
    assert columns["patients"] == pytest.approx(columns["grown"] * size, abs=0.5)


def test_a_review_of_a_ratio_and_of_a_mean_gives_the_size_of_their_variance(tmp_path: Path) -> None:
    """Of a ratio of risks (1 - p) / p, of a mean the square of the standard deviation, each over what was planned."""
    review = {"nuisance": "pooled_rate", "planned": 0.8, "after_patients": 50, "largest": 3.0}
    plan = BINARY | {"endpoints": [ALIVE | {"test": "risk_ratio"}]}
    sim = simulation(tmp_path, 60, **plan, blinded_review=review)
    columns = sim.run(sim.truth("stated"), [sim.conduct()])[0]
    p = columns["nuisance"]
    assert columns["patients"] == pytest.approx(np.ceil(200 * np.clip((1.0 - p) / p * 4.0, 1.0, 3.0) - 1e-9))
    assert columns["patients"].max() > 300
    endpoint = {"name": "tcpo2", "outcome": "tcpo2", "test": "t_test", "at_months": 6.0}
    review = {"nuisance": "pooled_variance", "planned": 10.0, "after_patients": 60, "largest": 10.0}
    sim = simulation(tmp_path, 20, endpoints=[endpoint], visits={"at_months": [6.0]}, blinded_review=review)
    columns = sim.run(sim.truth("scenario"), [sim.conduct()])[0]
    size = np.ceil(120 * np.clip((columns["nuisance"] / 10.0) ** 2, 1.0, 10.0) - 1e-9)
    assert columns["patients"] == pytest.approx(size)
    assert size.max() > 120


def test_a_review_sends_nobody_home(tmp_path: Path) -> None:
    """Where a tenth of the patients would do, those who have entered by the review stay: 50, and six months of 20 each."""
    review = {"nuisance": "pooled_rate", "planned": 0.1, "after_patients": 50, "smallest": 0.1}
    plan = BINARY | {"endpoints": [ALIVE | {"test": "risk_ratio"}]}
    sim = simulation(tmp_path, 20, **plan, blinded_review=review)
    patients = sim.run(sim.truth("stated"), [sim.conduct()])[0]["patients"]
    assert patients == pytest.approx(170.0, abs=2.0)


def test_a_blinded_review_is_blind_and_keeps_alpha(tmp_path: Path) -> None:
    """The same patients with their arms exchanged have the same size; alpha holds within its error."""
    review = {"nuisance": "pooled_rate", "planned": 0.15, "after_patients": 80, "largest": 1.5}
    sim = simulation(tmp_path, 3_000, **BINARY, blinded_review=review)
    data = lives(sim, 30, "stated")
    other = replace(data, arm=np.where(data.arm >= 0, 1 - data.arm, data.arm).astype(np.int8))
    one, two = (reviewed(sim.design, marks(sim.design), each) for each in (data, other))
    assert (one.grown == two.grown).all()
    assert one.grown.min() >= 1.0 and one.grown.max() == 1.5
    null = sim.run(sim.truth("stated_null"), [sim.conduct()])[0]
    assert within(float(null["any_rejected"].mean()), 0.025, 3_000)


def test_a_review_of_events_keeps_their_number_and_changes_patients(tmp_path: Path) -> None:
    """Fewer events a year than planned: more patients enter after the review, and the trial still ends with its events."""
    review = {"nuisance": "event_rate", "planned": 1.2, "after_events": 30, "largest": 3.0}
    sim = simulation(tmp_path, 200, **EVENTS, blinded_review=review)
    columns = sim.run(sim.truth("stated_null"), [sim.conduct()])[0]
    hazard = -np.log(0.6)
    assert np.median(columns["nuisance"]) == pytest.approx(hazard, rel=0.1)
    expected = -np.expm1(-1.2) / -np.expm1(-hazard)
    assert np.median(columns["grown"]) == pytest.approx(expected, rel=0.1)
    assert (columns["events"] == 90).mean() > 0.95


def test_the_nuisance_of_a_mean_is_the_pooled_spread(tmp_path: Path) -> None:
    """The standard deviation of TcPO2 of everybody seen, and with a covariate the spread about the common line."""
    visits = {"at_months": [6.0]}
    for test in ("t_test", "ancova"):
        endpoint = {"name": "tcpo2", "outcome": "tcpo2", "test": test, "at_months": 6.0}
        review = {"nuisance": "pooled_variance", "planned": 10.0, "after_patients": 60}
        design = planned(tmp_path, endpoints=[endpoint], visits=visits, blinded_review=review).design
        rng, shape = np.random.default_rng(1), (3, 40)
        entry = rng.normal(20.0, 6.0, shape)
        value = entry + rng.normal(8.0, 5.0, shape)
        data = _seen(shape, entry, value)
        found = nuisance(design, cut(data, 2.0))
        for row in range(3):
            slope, cut_at = np.polyfit(entry[row], value[row], 1)
            rest = value[row] - slope * entry[row] - cut_at
            expected = value[row].std(ddof=1) if test == "t_test" else np.sqrt((rest**2).sum() / 38)
            assert found[row] == pytest.approx(expected)


def _seen(shape: tuple[int, int], entry: np.ndarray, value: np.ndarray) -> Any:
    """Patients who entered at the start, with a measurement each."""
    from simulator.questions.trial.analysis.data import TrialData

    never, zero = np.full(shape, np.inf), np.zeros(shape)
    return TrialData(
        arm=np.zeros(shape, np.int8),
        entry=zero,
        end=np.ones(shape),
        lost=never,
        healed=never,
        amputated=never,
        died=never,
        crossed=never,
        reintervened=never,
        tcpo2_entry=entry,
        stratum=np.zeros(shape, np.int32),
        screened=zero,
        site=np.zeros(shape, np.int16),
        caused=zero,
        visits=np.array([0.5]),
        tcpo2=value[:, :, None],
        walking=np.full((*shape, 1), np.nan),
        walked=np.full((*shape, 1), np.nan),
        luck=np.zeros((shape[0], 1), np.uint64),
    )


REVIEW = {"nuisance": "event_rate", "planned": 0.5, "after_events": 30}
LOOKS = {"by": "events", "at": [30, 60]}


@pytest.mark.parametrize(
    ("plan", "changed", "key", "said"),
    [
        (EVENTS, {"blinded_review": REVIEW | {"nuisance": "pooled_rate"}}, "blinded_review.nuisance", "event_rate"),
        (EVENTS, {"blinded_review": REVIEW | {"after_patients": 50}}, "blinded_review.after_patients", "one of"),
        (EVENTS, {"blinded_review": REVIEW | {"after_events": 90}}, "blinded_review.after_events", "fewer than"),
        (EVENTS, {"blinded_review": REVIEW, "looks": LOOKS}, "blinded_review", "with looks"),
        (
            BINARY,
            {"blinded_review": {"nuisance": "pooled_rate", "planned": 1.0, "after_patients": 50}},
            "blinded_review.planned",
            "below 1",
        ),
        (
            BINARY,
            {
                "blinded_review": {"nuisance": "pooled_rate", "planned": 0.3, "after_patients": 50},
                "endpoints": [ALIVE | {"lost": "worst_case"}],
            },
            "endpoints.alive.lost",
            "asks for the arm",
        ),
        (EVENTS, {"looks": LOOKS, "reestimation": GROWS | {"look": 3}}, "reestimation.look", "2 interim looks"),
        (EVENTS, {"looks": LOOKS, "reestimation": GROWS | {"test": "ordinary"}}, "reestimation.test", "one look only"),
        (EVENTS, {"looks": {"by": "months", "at": [8.0]}, "reestimation": GROWS}, "reestimation", "by patients"),
        (EVENTS, {"looks": LOOKS | {"type": "triangular"}, "reestimation": GROWS}, "looks.type", "ends where"),
        (EVENTS, {"looks": LOOKS | {"type": "triangular"}, "sides": 2}, "sides", "one-sided"),
        (EVENTS, {"looks": LOOKS | {"type": "triangular"}, "futility": {"rule": "beta"}}, "futility", "of its own"),
        (EVENTS, {"looks": LOOKS, "sides": 2, "futility": {"rule": "z", "z": [0.0, 0.5]}}, "futility.rule", "wedge"),
        (
            EVENTS,
            {"looks": LOOKS, "futility": {"rule": "beta", "spending": "ld-obf", "rho": 2.0}},
            "futility.rho",
            "kim-demets",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(
    tmp_path: Path, plan: dict[str, Any], changed: dict[str, Any], key: str, said: str
) -> None:
    """Combinations that are not valid name the key and say why."""
    with pytest.raises(BadInput) as caught:
        load_design(design_file(tmp_path, **(plan | changed)))
    told = {problem.key: problem.allowed for problem in caught.value.problems}
    assert key in told and said in told[key], told
