"""Monte Carlo errors of two quantities in four draws, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.statistics.decision.convergence import monte_carlo_error
from simulator.words.errors import BadInput

VALUES = np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 14.0], [7.0, 14.0]])
"""Means 4 and 12, variances 20/3 and 16/3."""


def test_without_errors_within_draws() -> None:
    """Spread over the root of the draws; no parts and no bottleneck."""
    table = monte_carlo_error(["a", "b"], VALUES)
    assert table["quantity"].tolist() == ["a", "b"] and table["mean"].tolist() == [4.0, 12.0]
    assert table["se"].tolist() == pytest.approx([np.sqrt(20 / 3 / 4), np.sqrt(16 / 3 / 4)])
    assert table[["se_draws", "se_patients"]].isna().all(axis=None) and table["bottleneck"].tolist() == [None, None]


def test_own_patients_in_every_draw() -> None:
    """Errors of 1 and 3 within draws: variance 1 of 20/3, and 9 of 16/3, of which patients can be no more than all."""
    within = np.array([[1.0, 3.0]] * 4)
    table = monte_carlo_error(["a", "b"], VALUES, within)
    assert table["se_draws"].tolist() == pytest.approx([np.sqrt((20 / 3 - 1) / 4), 0.0])
    assert table["se_patients"].tolist() == pytest.approx([0.5, np.sqrt(16 / 3 / 4)])
    assert table["se"].tolist() == pytest.approx([np.sqrt(20 / 3 / 4), np.sqrt(16 / 3 / 4)])
    assert table["bottleneck"].tolist() == ["draws", "patients"]


def test_the_same_patients_in_every_draw() -> None:
    """Their error is the mean of the errors whatever the number of draws, beside the whole variance between draws."""
    within = np.array([[1.0, 0.0], [2.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    table = monte_carlo_error(["a", "b"], VALUES, within, shared_patients=True)
    assert table["se_patients"].tolist() == [1.5, 0.0]
    assert table["se_draws"].tolist() == pytest.approx([np.sqrt(20 / 3 / 4), np.sqrt(16 / 3 / 4)])
    assert table["se"][0] == pytest.approx(np.hypot(1.5, np.sqrt(20 / 3 / 4)))


@pytest.mark.parametrize(
    ("values", "within", "keys"),
    [
        ([1.0, 2.0], None, ["shape of values"]),
        ([[1.0], [2.0]], None, ["shape of values"]),
        ([[1.0, 2.0]], None, ["number of draws"]),
        (VALUES, [[1.0, 1.0]], ["within_se"]),
        (VALUES, -np.ones((4, 2)), ["within_se"]),
        (VALUES, [[1.0, -1.0]] + [[1.0, 1.0]] * 3, ["within_se"]),
        ([[1.0, 2.0]], [[1.0]], ["number of draws", "within_se"]),
    ],
)
def test_what_cannot_be_is_told_at_once(values: object, within: object, keys: list[str]) -> None:
    """By its key."""
    with pytest.raises(BadInput) as caught:
        monte_carlo_error(["a", "b"], values, within)  # type: ignore[arg-type]
    assert [(problem.file, problem.key) for problem in caught.value.problems] == [("convergence", key) for key in keys]
    told = {
        "shape of values": (str(np.shape(values)), "(draws, 2)"),
        "number of draws": ("1", "at least 2"),
        "within_se": (f"shape {np.shape(within)}", "0 or more, one for every value"),
    }
    assert [(problem.value, problem.allowed) for problem in caught.value.problems] == [told[key] for key in keys]
