"""Patients' luck beside parameters, from two halves of three draws, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.questions.value.consequences.luck import evpi_without_luck, luck_table
from simulator.valuation.valuation import Worth

COST = np.array([[[10.0, 22.0], [10.0, 24.0], [10.0, 32.0]], [[10.0, 18.0], [10.0, 28.0], [10.0, 28.0]]])
QALYS = np.array([[[1.0, 2.0], [1.0, 2.5], [1.0, 3.5]], [[1.0, 2.0], [1.0, 2.5], [1.0, 2.5]]])
HALVES = [Worth(cost, qalys, qalys) for cost, qalys in zip(COST, QALYS, strict=True)]
"""New costs 20, 26 and 30 on average, with halves 2 to either side; at 10 a QALY it gains 0, -1 and 0."""


def test_parameters_and_patients_are_told_apart() -> None:
    """Variance between draws 76/3, of which 4 is luck; errors over the root of three draws; increments are over the reference."""
    table = luck_table(HALVES, ("old", "new"), "old", 10.0)
    names = ["policy", "quantity", "mean", "sd", "se", "se_draws", "se_patients", "patients_share", "bottleneck"]
    assert table.columns.tolist() == names
    table = table.set_index(["policy", "quantity"])
    assert table.index.tolist() == [
        ("old", "cost"),
        ("old", "effect"),
        ("new", "cost"),
        ("new", "effect"),
        ("new", "incremental cost"),
        ("new", "incremental effect"),
        ("new", "incremental net benefit"),
    ]
    row = table.loc["new", "incremental cost"]
    variance = np.var([20.0, 26.0, 30.0], ddof=1)
    assert row["mean"] == pytest.approx(76 / 3 - 10.0)
    assert row["sd"] == pytest.approx(np.sqrt(variance - 4.0))
    assert row["se_patients"] == pytest.approx(2.0 / np.sqrt(3.0))
    assert row["patients_share"] == pytest.approx(4.0 / variance) and row["bottleneck"] == "draws"
    assert table.loc["new", "incremental effect"]["mean"] == pytest.approx(1.5)
    assert table.loc["new", "incremental net benefit"]["mean"] == pytest.approx(15.0 - (76 / 3 - 10.0))
    assert np.isnan(table.loc["old", "cost"]["patients_share"])


def test_luck_is_never_more_than_everything() -> None:
    """Halves that differ where draws do not: all of it is luck."""
    halves = [Worth(np.array([[0.0, a], [0.0, b]]), np.zeros((2, 2)), np.zeros((2, 2))) for a, b in ((1, 5), (5, 1.5))]
    row = luck_table(halves, ("old", "new"), "old", 1.0).set_index(["policy", "quantity"]).loc["new", "cost"]
    assert row["patients_share"] == 1.0 and row["sd"] == 0.0 and row["bottleneck"] == "patients"


def test_perfect_information_without_luck() -> None:
    """The mean of the halves gains 1, each half 1.5: 2 x 1 - 1.5 without luck; never less than nothing."""
    first, second = np.array([[0.0, 3.0], [0.0, -3.0]]), np.array([[0.0, 1.0], [0.0, -1.0]])
    both, clean = evpi_without_luck([first, second])
    assert (both, clean) == (1.0, pytest.approx(2.0 * 1.0 - 1.0))
    noise = np.array([[0.0, 4.0], [0.0, -4.0]])
    assert evpi_without_luck([noise, -noise]) == (0.0, 0.0)
    uneven = [np.array([[0.0, 4.0], [0.0, -2.0]]), np.array([[0.0, 0.0], [0.0, -2.0]])]
    # Mean 2 and -2: gain 1; the halves 2 - 1 and 0 - 0.
    assert evpi_without_luck(uneven) == (1.0, pytest.approx(2.0 - 0.5))
