"""Prices at which policies are worth what is bought for them, in every view and at every threshold, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.questions.value.sensitivity import price_by_view as module
from simulator.questions.value.sensitivity.price_by_view import price_table
from simulator.statistics.decision.price import PRICED

SCENARIO: Any = SimpleNamespace(compare=("care", "device", "cells", "more_cells"), reference="care", name="mine")
BOUGHT = {"care": None, "more_cells": "kit", "device": "device", "cells": "kit"}


def values(bought: Any = BOUGHT) -> Any:
    """Two thresholds and what is bought for each policy."""
    return SimpleNamespace(policies=bought, price_name=bought.get, thresholds=(200.0, 100.0), name="values")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is valued with which price apart. Free of the kit cells cost nothing more; free of the device it costs 10."""
    found: list[Any] = []

    def apart(ledgers: Any, parameters: Any, drawn: Any, valued_by: Any, name: str) -> Any:
        found.append((ledgers, parameters, drawn, valued_by, name))
        gain = 1.0 if ledgers == "optimistic ledgers" else 0.5
        cost = [0.0, 10.0, 0.0, 0.0] if name == "device" else [0.0, 60.0, 0.0, 0.0]
        often = [0.0, 1.0, 0.0, 0.0] if name == "device" else [0.0, 0.0, 1.0, 2.0]
        both = np.ones((2, 1))
        worth = SimpleNamespace(cost=both * cost, qalys=both * [0.0, gain, gain, gain])
        return worth, both * often

    monkeypatch.setattr(module, "with_price_apart", apart)
    return found


def views() -> Any:
    """Two views, in which half and all of a recovery are the cells'."""
    return [
        SimpleNamespace(
            view=view,
            share=share,
            valued_by=f"{view} values",
            lives=SimpleNamespace(ledgers=f"{view} ledgers", parameters=f"{view} parameters"),
        )
        for view, share in (("central", 0.5), ("optimistic", 1.0))
    ]


def test_prices_by_view_and_threshold(asked: list[Any]) -> None:
    """The gain in QALYs at the threshold less what else it costs, over what is bought; in the order of what is compared."""
    table = price_table(SCENARIO, values(), views(), "drawn")  # type: ignore[arg-type]
    assert list(table) == ["view", "share", *PRICED] and table.index.tolist() == list(range(12))
    assert table["view"].tolist() == ["central"] * 6 + ["optimistic"] * 6
    assert table["share"].tolist() == [0.5] * 6 + [1.0] * 6
    assert table["threshold"].tolist() == ([100.0] * 3 + [200.0] * 3) * 2
    assert table["option"].tolist() == ["device", "cells", "more_cells"] * 4
    assert table["price"].tolist() == [40.0, 50.0, 25.0, 90.0, 100.0, 50.0, 90.0, 100.0, 50.0, 190.0, 200.0, 100.0]
    assert set(table["comparator"]) == {"care"}
    assert asked == [
        (f"{view} ledgers", f"{view} parameters", "drawn", f"{view} values", name)
        for view in ("central", "optimistic")
        for name in ("kit", "device")
    ]


def test_policies_that_buy_nothing(asked: list[Any]) -> None:
    """No rows, under the same columns."""
    table = price_table(SCENARIO, values(dict.fromkeys(BOUGHT)), views(), "drawn")  # type: ignore[arg-type]
    assert table.empty and list(table) == ["view", "share", *PRICED] and not asked
