"""Draws one by one as the files of an analysis have them, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.questions.value import draws as module
from simulator.questions.value.draws import draws_table, long_draws
from simulator.statistics.decision.results import CostEffectResults

RESULTS = CostEffectResults(("A", "B", "C"), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])


def test_a_row_per_draw_and_option() -> None:
    """Options within draws; a parameter has its draw's number in each row."""
    assert long_draws(RESULTS, {"p": [7.0, 8.0]}).to_dict("list") == {
        "draw": [0, 0, 0, 1, 1, 1],
        "option": ["A", "B", "C"] * 2,
        "cost": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        "effect": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
        "p": [7.0, 7.0, 7.0, 8.0, 8.0, 8.0],
    }


def test_numbers_that_were_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clinical ones that change something, and prices and utilities that vary."""
    by_name = module.by_name
    monkeypatch.setattr(
        module, "by_name", lambda draws, register, view: by_name(draws, register, view) if view == "central" else {}
    )
    parameters = np.zeros(2, [("rate", np.float64), ("idle", np.float64)])
    parameters["rate"] = [1.0, 2.0]
    found: Any = SimpleNamespace(
        lives=SimpleNamespace(parameters=parameters),
        scenario=SimpleNamespace(register=SimpleNamespace(therapies={}), view="central"),
        one_way=SimpleNamespace(read=("rate",)),
        results=RESULTS,
        drawn="drawn",
        valued_by=SimpleNamespace(uncertain=lambda drawn: {"kit": np.array([3.0, 4.0])} if drawn == "drawn" else {}),
    )
    table = draws_table(found)
    assert list(table) == ["draw", "option", "cost", "effect", "rate", "kit"]
    assert table["rate"].tolist() == [1.0] * 3 + [2.0] * 3 and table["kit"].tolist() == [3.0] * 3 + [4.0] * 3
