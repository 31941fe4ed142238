"""Sample sizes against published numbers, statsmodels and simulated power."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import typer
from scipy.stats import norm
from typer.testing import CliRunner

from simulator.cli import samplesize as command
from simulator.questions.samplesize.calculator import DESIGNS, calculate
from simulator.statistics.endpoints.continuous_tests import ancova
from simulator.statistics.endpoints.survival_tests import logrank
from simulator.statistics.endpoints.win_statistics import Level, win_statistics
from simulator.statistics.sizes import exact_binomial
from simulator.statistics.sizes.samplesize import (
    lachin_foulkes,
    two_means,
    win_ratio,
)
from simulator.words.errors import BadInput

LN2 = math.log(2.0)


def test_survival_size_gives_its_power_in_simulation():
    """4,000 log-rank trials of Lachin and Foulkes' size reach the planned 80% within four errors and 2 points."""
    accrual, follow_up, dropout, trials = 2.0, 1.5, 0.1, 4_000
    size = lachin_foulkes(0.6, 0.36, accrual, follow_up, dropout, power=0.8)
    n = 2 * math.ceil(size.patients / 2)
    rng = np.random.default_rng(11)
    arm = np.tile(np.arange(n) % 2, (trials, 1))
    event = rng.exponential(1.0, (trials, n)) / np.where(arm == 1, 0.36, 0.6)
    censor = np.minimum(rng.exponential(1 / dropout, (trials, n)), follow_up + accrual * rng.random((trials, n)))
    z = logrank(np.minimum(event, censor), event <= censor, arm).z
    assert np.mean(z < norm.ppf(0.025)) == pytest.approx(0.8, abs=4 * math.sqrt(0.16 / trials) + 0.02)
    assert (event <= censor).sum(axis=1).mean() == pytest.approx(size.events, rel=0.02)


def test_ancova_size_gives_its_power_in_simulation():
    """4,000 ANCOVA trials of the computed size reach the planned 80% within four errors and a point."""
    n, trials = math.ceil(two_means(0.5, 1.0, power=0.8, correlation=0.7)), 4_000
    rng = np.random.default_rng(12)
    arm = np.tile(np.arange(n) % 2, (trials, 1))
    baseline = rng.normal(size=(trials, n))
    outcome = 0.7 * baseline + math.sqrt(1 - 0.49) * rng.normal(size=(trials, n)) + 0.5 * arm
    rejected = ancova(outcome, arm, baseline).z > norm.isf(0.025)
    assert rejected.mean() == pytest.approx(0.8, abs=4 * math.sqrt(0.16 / trials) + 0.01)


def test_win_ratio_size_by_hand_and_in_simulation():
    """Yu and Ganju's formula by hand; a normal outcome with that win ratio has at least the planned power."""
    expected = (norm.isf(0.025) + norm.isf(0.1)) ** 2 * 4 * 1.1 / (3 * 0.25 * 0.9) / math.log(1.5) ** 2
    assert win_ratio(1.5, 0.1) == pytest.approx(expected, rel=1e-12)
    # Without ties and with normal outcomes a win ratio of 1.8 is a difference of sqrt(2) Phi^-1(1.8 / 2.8).
    n, trials = 2 * math.ceil(win_ratio(1.8, 0.0, power=0.8) / 2), 1_500
    rng = np.random.default_rng(13)
    arm = np.tile(np.arange(n) % 2, (trials, 1))
    outcome = rng.normal(size=(trials, n)) + math.sqrt(2) * norm.ppf(1.8 / 2.8) * arm
    z = win_statistics([Level("higher", outcome)], np.ones((trials, n)), arm).win_ratio.z
    power = np.mean(z > norm.isf(0.025))
    assert 0.8 - 4 * math.sqrt(0.16 / trials) < power < 0.9


def test_founding_study_sample_size():
    """Null 50%, hope 70%, one-sided 5%, power 85%: first n 44 (reject from 28), as Panunzi et al. 2022; stable n 49."""
    size = exact_binomial.single_arm_size(0.5, 0.7, 0.05, 0.85)
    assert (size.first, size.stable) == (44, 49)
    assert exact_binomial.rejection_limit(44, 0.5, 0.05) == 28
    assert exact_binomial.power(45, 0.5, 0.7, 0.05) == pytest.approx(0.836, abs=5e-4)
    answer = calculate("single-arm", {"p0": 0.5, "p1": 0.7})
    assert answer.table["patients"].tolist() == [44, 49]
    assert "founding_study" in [note["name"] for note in answer.notes]


@pytest.mark.parametrize("design", DESIGNS)
def test_every_calculator_answers(design):
    """Each calculator gives a table, a rising power curve and its assumptions."""
    inputs = {
        "survival": {"hazard_ratio": 0.6, "median_0": 3.0, "accrual": 12.0, "follow_up": 6.0, "dropout": 0.01},
        "binary": {"p0": 0.3, "p1": 0.15},
        "means": {"difference": 5.0, "sd": 12.0, "correlation": 0.5},
        "win-ratio": {"win_ratio": 1.5, "ties": 0.1},
        "single-arm": {"p0": 0.3, "p1": 0.5},
        "simon": {"p0": 0.3, "p1": 0.5},
    }[design]
    answer = calculate(design, inputs)
    enlarged = calculate(design, {**inputs, "lost": 0.2})
    needed = next(answer.table[name] for name in ("unrounded", "evaluable", "n") if name in answer.table.columns)
    assert (enlarged.table["patients"] >= needed / 0.8).all()
    assert (enlarged.table["patients"] < needed / 0.8 + 2).all()
    assert answer.notes
    x = "true_rate" if design == "simon" else "patients"
    if design != "single-arm":
        for _, part in answer.curve.groupby("method"):
            assert part[x].is_monotonic_increasing
            assert part["power"].is_monotonic_increasing


def test_hazards_medians_and_ratios_are_the_same_question():
    """The survival calculator takes hazards, medians or one of them and the ratio, and answers alike."""
    timing = {"accrual": 12.0, "follow_up": 6.0}
    ways = [
        {"median_0": 3.0, "median_1": 5.0},
        {"hazard_0": LN2 / 3, "hazard_1": LN2 / 5},
        {"median_0": 3.0, "hazard_ratio": 0.6},
        {"hazard_1": LN2 / 5, "hazard_ratio": 0.6},
    ]
    sizes = [calculate("survival", {**way, **timing}).table["unrounded"].to_numpy() for way in ways]
    for size in sizes[1:]:
        assert size == pytest.approx(sizes[0], rel=1e-12)
    events = calculate("survival", {"hazard_ratio": 0.7}).table
    assert events.set_index("method")["events"]["Schoenfeld"] == 331


@pytest.mark.parametrize(
    ("design", "inputs", "keys"),
    [
        ("survivl", {}, {"design"}),
        ("binary", {"p0": 0.2, "p1": 0.2}, {"--p1"}),
        ("binary", {"p0": 1.2, "alpha": 0.0, "power": 0.0, "sd": 3.0}, {"--p0", "--p1", "--alpha", "--power", "--sd"}),
        ("binary", {"p0": 0.2, "p1": 0.3, "alpha": 0.3, "power": 0.2}, {"--power"}),
        ("means", {"difference": 0.0, "sd": 1.0}, {"--difference"}),
        ("means", {"difference": math.nan, "sd": math.inf}, {"--difference", "--sd"}),
        ("survival", {}, {"--hazard-ratio"}),
        ("survival", {"hazard_ratio": 1.0}, {"--hazard-ratio"}),
        ("survival", {"hazard_ratio": 0.7, "accrual": 2.0}, {"--accrual"}),
        ("survival", {"hazard_ratio": 0.7, "median_0": 3.0, "accrual": 2.0}, {"--follow-up"}),
        ("survival", {"hazard_ratio": 0.7, "median_0": 3.0, "accrual": 0.0, "follow_up": 0.0}, {"--follow-up"}),
        ("survival", {"hazard_ratio": 0.7, "median_0": 3.0, "median_1": 5.0}, {"--hazard-ratio"}),
        ("win-ratio", {"win_ratio": 1.0, "ties": 1.0}, {"--ties"}),
        ("single-arm", {"p0": 0.3, "p1": 0.2, "ratio": 2.0}, {"--ratio"}),
        ("single-arm", {"p0": 0.3, "p1": 0.3}, {"--p1"}),
        ("single-arm", {"p0": 0.3, "p1": 0.301}, {"--p1"}),
        ("simon", {"p0": 0.2, "p1": 0.22}, {"--p1"}),
    ],
)
def test_impossible_designs_are_explained(design, inputs, keys):
    """A design that cannot be names every option that is wrong."""
    with pytest.raises(BadInput) as caught:
        calculate(design, inputs)
    assert {p.key for p in caught.value.problems} == keys


def test_command_prints_and_writes(tmp_path):
    """`clti samplesize` prints the founding study's 44 and writes tables, figure and report."""
    app = typer.Typer()
    app.command()(command.main)
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["single-arm", "--p0", "0.5", "--p1", "0.7", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "Panunzi" in result.output
    assert pd.read_csv(out / "samplesize.csv")["patients"].tolist() == [44, 49]
    assert pd.read_csv(out / "sawtooth.csv").set_index("n").loc[45, "power"] == pytest.approx(0.836, abs=5e-4)
    assert (out / "report.html").exists() and (out / "power_curve.svg").exists()
