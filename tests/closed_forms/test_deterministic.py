"""Monte Carlo error of the deterministic analysis, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.questions.value.sensitivity import deterministic as module
from simulator.questions.value.sensitivity.deterministic import added_by_part, error_of, errors
from simulator.valuation.lives import PARTS
from simulator.valuation.valuation import Worth
from simulator.valuation.values import Drawn


def error(amounts: np.ndarray) -> float:
    """Of the mean of so many parts."""
    return float(np.sqrt(((amounts - amounts.mean()) ** 2).sum() / (len(amounts) - 1) / len(amounts)))


def test_errors_are_those_of_the_first_draw_s_increments() -> None:
    """Money bought by QALYs that cost it has less error than either; other draws have no part in it."""
    cost, effect, lived, other = np.random.default_rng(1).normal(size=(4, PARTS))

    def added(new: np.ndarray) -> np.ndarray:
        return np.stack([np.stack([np.zeros(PARTS), new], axis=1), np.stack([other, other], axis=1)])

    found = errors(Worth(added(cost), added(effect), added(lived)), 10.0)
    assert found.cost == pytest.approx([0.0, error(cost)])
    assert found.effect == pytest.approx([0.0, error(effect)])
    assert found.life_years == pytest.approx([0.0, error(lived)])
    assert found.net_benefit == pytest.approx([0.0, error(10.0 * effect - cost)])


def test_people_who_are_no_parts_have_no_error() -> None:
    """A single part says nothing of the spread between parts."""
    assert np.isnan(error_of(np.array([[1.0, 2.0]]))).tolist() == [True, True]


def test_what_policies_add_is_counted_in_each_part_with_its_draw_s_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two draws in three parts: each part is valued with the parameters, prices and terms of its draw, less the reference."""
    ledgers = np.arange(12.0).reshape(2, 3, 2, 1)
    parameters = np.array([(1.0,), (10.0,)], dtype=[("rate", float)])
    asked: dict[str, Any] = {}

    def priced(rows: np.ndarray, numbers: np.ndarray, drawn: Drawn, values: Any) -> Worth:
        asked.update(numbers=numbers["rate"].tolist(), left=values.left)
        money = rows[:, :, 0] * (drawn.prices["kit"] * drawn.prices["shared"])[:, None]
        return Worth(money, 2.0 * money, 3.0 * money)

    monkeypatch.setattr(module, "worth", priced)
    drawn = Drawn({"kit": np.array([1.0, 100.0]), "shared": np.array([2.0])}, {})
    values: Any = SimpleNamespace(of_draws=lambda at: SimpleNamespace(left=at.tolist()))
    found = added_by_part(ledgers, parameters, np.array([7, 4]), drawn, values, base=1)
    assert asked == {"numbers": [1.0, 1.0, 1.0, 10.0, 10.0, 10.0], "left": [7, 7, 7, 4, 4, 4]}
    # In every part the first policy's ledger is one less than the second's, which is the reference.
    assert found.cost.tolist() == [[[-2.0, 0.0]] * 3, [[-200.0, 0.0]] * 3]
    assert found.qalys.tolist() == [[[-4.0, 0.0]] * 3, [[-400.0, 0.0]] * 3]
    assert found.life_years.tolist() == [[[-6.0, 0.0]] * 3, [[-600.0, 0.0]] * 3]
