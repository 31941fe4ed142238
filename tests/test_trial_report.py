"""What a trial's report rests on: curves and effects by arm, what a committee sees, and power under other assumptions."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines import AalenJohansenFitter
from scipy.stats import norm
from trial_designs import TWO_ARMS, planned

from simulator.questions.trial.findings import findings
from simulator.questions.trial.results.elsewhere import at_hospitals
from simulator.questions.trial.results.event_curves import event_curves, incidence
from simulator.questions.trial.results.monitoring import effect_at, monitoring_tables
from simulator.questions.trial.results.operating import succeeded
from simulator.questions.trial.simulation.simulation import Simulation
from simulator.questions.trial.sizes.assumptions import assumption_table
from simulator.questions.trial.sizes.reasons import Broken
from simulator.questions.trial.study import study_design
from simulator.statistics.sequential.conditional_power import conditional_power, predictive_power
from simulator.telling.columns import called, named
from simulator.telling.figures.trial import endpoint_figure
from simulator.telling.page import page, sentences
from simulator.telling.style import caption_of
from simulator.words.findings import Findings

EXPONENTIAL = {
    "drop_out": {"per_year": 0.0},
    "accrual": {"per_month": 100.0},
    "follow_up": {"months": 12.0},
    "size": {"patients": 400, "power": 0.9},
    "visits": {"at_months": []},
    "endpoints": [{"name": "afs", "outcome": "amputation_free_survival", "test": "logrank"}],
    "stated": [
        {"outcome": "amputation_free_survival", "arm": "control", "event_rate": 0.5, "at_months": 12.0},
        {"outcome": "amputation_free_survival", "arm": "cells", "hazard_ratio": 0.7},
    ],
}


def simulation(folder: Path, trials: int, **changed: object) -> Simulation:
    """A trial of stated exponential times."""
    return Simulation(planned(folder, **(EXPONENTIAL | changed)), 1, trials)


def test_an_incidence_curve_is_that_of_aalen_and_johansen() -> None:
    """With death competing and losses censored, at every time."""
    rng = np.random.default_rng(3)
    time, code = rng.exponential(1.0, 400), rng.integers(0, 3, 400).astype(np.int8)
    fitter = AalenJohansenFitter(calculate_variance=False).fit(time, code, event_of_interest=1)
    at = np.array([0.0, 0.1, 0.5, 1.0, 2.0])
    assert incidence(time, code, at) == pytest.approx(fitter.predict(at).to_numpy(), abs=1e-12)


def test_stated_rates_and_ratios_come_back(tmp_path: Path) -> None:
    """Half of the control arm by a year and a hazard ratio of 0.7 early and late are what curves, rates and effects say."""
    found = event_curves(simulation(tmp_path, 200), ("stated",))
    rates = found.rates.set_index("arm")
    expected = {"control": 0.5, "cells": 1.0 - 0.5**0.7}
    for arm, rate in expected.items():
        assert rates["value"][arm] == pytest.approx(rate, abs=4.0 * rates["se"][arm])
        assert rates["at_risk"][arm] == pytest.approx(200 * (1.0 - rate), abs=2.0)
        last = found.curves[(found.curves["arm"] == arm) & (found.curves["months"] == 12.0)]["value"]
        assert last.item() == pytest.approx(rates["value"][arm], abs=1e-6)
    effects = found.effects.set_index("measure")
    for name in ("hazard_ratio", "hazard_ratio_early", "hazard_ratio_late"):
        assert effects["low"][name] - 0.01 < 0.7 < effects["high"][name] + 0.01
    assert effects["value"]["rate_difference"] == pytest.approx(expected["cells"] - 0.5, abs=0.01)
    # Years lived free of the event: (1 - S) / hazard with S = exp(-hazard).
    free = [(1.0 - 0.5**ratio) / (ratio * math.log(2.0)) for ratio in (1.0, 0.7)]
    assert effects["value"]["restricted_mean_difference"] == pytest.approx(12.0 * (free[1] - free[0]), abs=0.05)


def test_what_a_committee_sees(tmp_path: Path) -> None:
    """Looks at 50 and 100 of 150 events see as many, and a boundary's effect is the hazard ratio with that z."""
    sim = simulation(
        tmp_path,
        200,
        size={"patients": 400, "events": 150, "power": 0.9},
        looks={"by": "events", "at": [50, 100], "type": "obf"},
        futility={"rule": "z", "z": [0.0, 0.5]},
        follow_up={"months": 12.0, "until": "last"},
    )
    looks, bounds = monitoring_tables(sim, ("stated",))
    assert looks["events"].tolist() == [50.0, 100.0, 150.0]
    assert looks["months"].is_monotonic_increasing
    assert looks["happens"].tolist() == [1.0, 1.0, 1.0]
    assert np.isnan(looks["predictive_power"].iloc[-1])
    for row, events in zip(bounds.itertuples(), (50, 100, 150), strict=True):
        # Equal arms: the standard error of a log hazard ratio is 2 over the root of the events, about.
        assert math.log(row.effect) == pytest.approx(-row.z * 2.0 / math.sqrt(events), rel=0.02)
        assert row.p == pytest.approx(norm.sf(row.z))
    first = bounds.iloc[0]
    assert first["futility_effect"] == pytest.approx(1.0)
    assert first["futility_conditional_power"] == pytest.approx(
        float(norm.sf(bounds["z"].iloc[-1] / math.sqrt(1 - 1 / 3)))
    )
    endpoint = sim.design.primary
    assert effect_at(endpoint, 2.0, 0.25) == pytest.approx(math.exp(-0.5))


def test_predictive_power_averages_conditional_power() -> None:
    """Over the normal distribution of the drift that a flat prior leaves, by quadrature."""
    z, t, final = 1.2, 0.4, 2.0
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    drift = z / math.sqrt(t) + nodes / math.sqrt(t)
    average = float(conditional_power(z, t, final, drift) @ weights / weights.sum())
    assert float(predictive_power(z, t, final)) == pytest.approx(average, abs=1e-6)


def test_power_moves_as_the_formula_says_when_an_assumption_is_wrong(tmp_path: Path) -> None:
    """Half the effect, a quarter fewer events: Schoenfeld's power of the changed trial, within Monte Carlo error."""
    trials = 1_000
    table = assumption_table(simulation(tmp_path, trials), "stated").set_index(["assumption", "factor"])
    hazard, n = math.log(2.0), 400

    def power(rate: float, effect: float, loss: float = 0.0) -> float:
        ratio = 0.7**effect
        events = 0.0
        for own in (rate * hazard, rate * hazard * ratio):
            total = own + loss
            events += n / 2 * own / total * (1.0 - math.exp(-total))
        return float(norm.cdf(-math.log(ratio) * math.sqrt(events) / 2.0 - norm.isf(0.025)))

    for name, factor, expected in (
        ("as_planned", 1.0, power(1.0, 1.0)),
        ("event_rate", 0.75, power(0.75, 1.0)),
        ("event_rate", 1.25, power(1.25, 1.0)),
        ("effect", 0.5, power(1.0, 0.5)),
        ("effect", 1.25, power(1.0, 1.25)),
    ):
        row = table.loc[(name, factor)]
        assert row["power"] == pytest.approx(expected, abs=0.01 + 3.5 * row["se"]), (name, factor)
    planned_again = table.loc[("as_planned", 1.0)]["power"]
    assert table.loc[("drop_out", 2.0)]["power"] == planned_again, "no drop-out times two is none"


def test_one_size_for_the_first_endpoint(tmp_path: Path) -> None:
    """Where its test is the whole design, the search, the table of endpoints and the comparison give one number."""
    sim = simulation(tmp_path, 300)
    study = study_design(sim, ("stated",))
    found = findings(study, sim.planned, ("stated",), 1)
    search = found.facts["search"]["patients"]
    assert found.tables["endpoints"]["patients"].tolist() == [search]
    assert set(found.tables["samplesize"]["patients"]) == {search}
    assert study.endpoints["not_estimable"].tolist() == [0.0]
    told = " ".join(page(found, {}).split())
    assert "hazard ratio 0.7" in told
    assert "The assumptions are: major amputation or death, arm “control”: 50.0% by 12 months;" in told
    assert f"{search:,}" in told


def test_every_truth_has_its_curves(tmp_path: Path) -> None:
    """Curves, the calendar and what a committee sees are told of each truth that was asked for."""
    truths = ("stated", "stated_no_effect")
    found = study_design(simulation(tmp_path, 40), truths, quick=True)
    for table in (found.events.curves, found.calendar, found.monitoring):
        assert table is not None and tuple(table["truth"].unique()) == truths


def protocol_of(folder: Path, **changed: object) -> tuple[str, str]:
    """The whole page of a few stated trials, and its paragraph for the protocol, on one line each."""
    sim = simulation(folder, 40, **changed)
    truths = ("stated", "stated_null")
    told = " ".join(page(findings(study_design(sim, truths, quick=True), sim.planned, truths, 1), {}).split())
    return told, told.split("Sample size, for the protocol</h2>")[1].split("</section>")[0]


def test_the_protocol_paragraph_has_every_rule_in_words(tmp_path: Path) -> None:
    """Boundaries, futility, the end by events and the rule for several hypotheses can be pasted as they are."""
    death = {"name": "death", "outcome": "death", "test": "logrank"}
    stated = [
        {"outcome": "major_amputation", "event_rate": 0.4, "at_months": 12.0},
        {"outcome": "death", "event_rate": 0.3, "at_months": 12.0},
    ]
    _, told = protocol_of(
        tmp_path,
        looks={"by": "information", "at": [0.5], "type": "ld-obf"},
        futility={"rule": "beta", "spending": "ld-pocock"},
        size={"patients": 200, "events": 90, "power": 0.8},
        stated=stated,
        endpoints=[*EXPONENTIAL["endpoints"], death],  # type: ignore[misc]
        multiplicity={"rule": "holm", "endpoints": ["afs", "death"]},
    )
    assert "at a one-sided level of 0.025. The level is kept over all confirmatory hypotheses by Holm" in told
    assert "by 12 months. In trials simulated with them, major amputation or death is expected" in told
    assert "event number 90 of the primary endpoint" in told
    assert "efficacy boundary: Lan-DeMets spending, O&#39;Brien-Fleming type" in told
    assert "spending of the type II error, Lan-DeMets spending, Pocock type, not binding." in told
    assert "obf" not in told and "rule beta" not in told


def test_a_null_on_the_margin_is_called_so(tmp_path: Path) -> None:
    """With a margin nobody reads of "no effect" beside rates that differ; of stated rates nobody is screened."""
    endpoint = {
        "name": "limb",
        "outcome": "major_amputation",
        "test": "risk_difference",
        "at_months": 12.0,
        "aim": "non_inferiority",
        "margin": 0.1,
    }
    stated = [{"outcome": "major_amputation", "event_rate": 0.2, "at_months": 12.0}]
    told, paragraph = protocol_of(tmp_path, endpoints=[endpoint], stated=stated)
    assert "type I error (stated, on the margin)" in told and "(stated, on the margin)." in told
    assert "no effect" not in told
    assert "screened" not in told.split("The design</h2>")[0]
    assert "non-inferiority with a margin of 0.1, at a one-sided level of 0.025." in paragraph


def test_a_small_probability_keeps_two_digits() -> None:
    """An early boundary's p is no row of noughts; a p of 0 stays 0."""
    p = named("p")
    assert [p.number(each) for each in (0.025, 0.00153, 0.00009, 5.4e-7, 0.0)] == [
        "0.02500",
        "0.00153",
        "0.000090",
        "0.00000054",
        "0.00000",
    ]


def test_a_label_with_a_star_quotes_what_fits() -> None:
    """A name of its own comes first, then the longest pattern."""
    names = {"power_*": "Power: *", "power_any": "Any", "bias_*": "Bias: *", "bias_harm_*": "Harm: *"}
    assert called(names, "power_any") == "Any"
    assert called(names, "power_death") == "Power: death"
    assert called(names, "bias_harm_afs") == "Harm: afs"
    assert called(names, "power_") is None


def test_intervals_of_needed_sizes_hold_their_dots() -> None:
    """Also that of an endpoint that needs far more patients than another; one without an upper limit goes to the edge."""
    needs = pd.DataFrame({"endpoint": ["tcpo2", "limb", "walking"], "test": ["ancova", "logrank", "chi_square"]})
    needs = needs.assign(patients=[42.0, 1000.0, 3900.0], low=[41.0, 900.0, 2900.0], high=[43.0, 5500.0, math.inf])
    figure = endpoint_figure(needs, 0.9)
    (axes,) = figure.axes
    lines = np.array([line[:, 0] for line in axes.collections[0].get_segments()])  # type: ignore[attr-defined]
    assert (lines[:, 0] < needs["patients"]).all() and (lines[:, 1] > needs["patients"]).all()
    assert lines[1, 1] == 5500.0 and lines[2, 1] == axes.get_xlim()[1]
    assert "A line that reaches the edge goes on." in caption_of(figure)


def test_power_at_other_hospitals_stands_beside_the_scenarios_own(tmp_path: Path) -> None:
    """The scenario's own hospital comes first with the very trials of its power, the others have those that a scenario of
    theirs would have, and sites that are hospitals of their own have no other beside them."""
    design: dict[str, Any] = {"scenario": "base", "stated": None, "endpoints": TWO_ARMS["endpoints"][:1]}
    there = Simulation(planned(tmp_path, **design), 2, 80)
    found = at_hospitals(there)
    assert found is not None
    assert list(found["centre"]) == ["average", "founding", "new"]
    for centre, power in zip(found["centre"][:2], found["power"][:2], strict=True):
        asked = Simulation(planned(tmp_path, **design, centre=centre), 2, 80)
        columns = asked.run(asked.truth("scenario"), [asked.conduct()])[0]
        assert power == succeeded(asked.conduct(), columns).mean()
    # What nobody knows of a hospital that is drawn anew makes its trials others than those at the average one.
    assert found["power"][2] != found["power"][0]
    sites = {"pattern": "sites", "per_month": 2.0, "sites": 5, "opening_months": 0.0, "hospitals": "different"}
    assert at_hospitals(Simulation(planned(tmp_path, **design | {"accrual": sites}), 1, 60)) is None


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ([], "“a”: no assumption is visibly broken; formulas err in small samples."),
        ([("nobody_lost", 0.1)], "“a”: 10% are lost to follow-up."),
        (
            [("no_competing_event", 0.2), ("exact_variance",)],
            "“a”: a competing event comes first in 20%; the formula's variance is approximate and tends to be too large.",
        ),
        (
            [("constant_hazard", 2.0, 0.5, 6.0)],
            "“a”: the hazard is not constant: 2.00 a year in the first 6.0 months, 0.50 afterwards.",
        ),
        (
            [("equal_spread", 1.0, 2.5)],
            "“a”: the standard deviation differs: 1.0 and 2.5, a mixture of responders and others.",
        ),
    ],
)
def test_why_a_formula_differs_in_words(broken: list[tuple[Any, ...]], words: str) -> None:
    """Of the endpoint whose sizes differ alone, assumption by assumption; without any there is no table of them."""
    sizes = pd.DataFrame({"endpoint": ["a", "b"], "verdict": ["differ", "agree"]})
    tables = {"samplesize": sizes}
    if broken:
        rows = [("b", *Broken("nobody_lost", 0.9)), *(("a", *Broken(*each)) for each in broken)]
        tables["broken_assumptions"] = pd.DataFrame(rows, columns=["endpoint", *Broken._fields])
    assert sentences(Findings("trial", tables, {}), "differing") == words
