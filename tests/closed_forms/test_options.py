"""The options of an analysis side by side, from two draws worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.questions.value import options as module
from simulator.questions.value.options import by_option, options_table
from simulator.statistics.decision.results import CostEffectResults

OPTIONS = ("cells", "care", "device")


def analysis() -> Any:
    """Care is the reference and stands second; in two draws cells cost 90 or 110 more, and gain 0.9 or 1.1."""
    results = CostEffectResults(
        OPTIONS, [[190.0, 100.0, 50.0], [210.0, 100.0, 50.0]], [[2.9, 2.0, 1.0], [3.1, 2.0, 1.0]], source="mine"
    )
    own = {"option": OPTIONS}
    frontier = pd.DataFrame(
        {
            **own,
            "status": ["on", "on", "dominated"],
            "compared_with": ["care", None, None],
            "icer": [95.0, np.nan, np.nan],
        }
        | {"icer_se": [4.0, np.nan, np.nan], "incremental_effect": [0.5, np.nan, np.nan]}
        | {"incremental_effect_se": [0.25, np.nan, np.nan], "dominated_by": [None, None, "care"]}
    )
    against = pd.DataFrame(
        {"option": ["cells", "device"], "standing": ["dearer", "worse"], "icer": [100.0, 50.0], "icer_se": [9.0, 8.0]}
    )
    at = pd.DataFrame(
        {
            "option": [*OPTIONS] * 2,
            "threshold": [200.0] * 3 + [300.0] * 3,
            "probability": [0.5, 0.4, 0.1, 0.7, 0.2, 0.0],
        }
    )
    benefit = at.assign(probability=[0.75, 0.25, 0.125, 0.9, 0.8, 0.7])
    price = pd.DataFrame(
        {
            "view": ["central", "central", "sceptical"],
            "threshold": [200.0, 300.0, 200.0],
            "option": "cells",
            "price": [40.0, 60.0, 20.0],
            "low": [30.0, 50.0, 10.0],
            "high": [45.0, 65.0, 25.0],
        }
    )
    base = SimpleNamespace(
        cost=np.array([[201.0, 101.0, 51.0]]),
        qalys=np.array([[3.2, 2.1, 1.1]]),
        life_years=np.array([[6.0, 4.0, 3.0]]),
    )
    errors = SimpleNamespace(
        cost=np.array([1.0, 0.0, 2.0]),
        effect=np.array([0.1, 0.0, 0.2]),
        life_years=np.array([0.3, 0.0, 0.4]),
        net_benefit=np.array([5.0, 0.0, 6.0]),
    )
    names = {"cells": "kit", "device": "tube"}
    return SimpleNamespace(
        results=results,
        valued_by=SimpleNamespace(
            threshold=200.0,
            policies={name: name for name in OPTIONS},
            product_prices={"kit": 25.0},
            price_name=names.get,
        ),
        scenario=SimpleNamespace(reference="care", view="central"),
        lives=SimpleNamespace(ledgers="ledgers", parameters="parameters"),
        drawn="drawn",
        one_way=SimpleNamespace(base=base, errors=errors),
        decision=SimpleNamespace(at_thresholds=lambda: at, frontier=frontier, against=against),
        net_benefit=benefit,
        price=price,
    )


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """By option."""

    def worth(*given: Any) -> Any:
        assert given == (found.lives.ledgers, found.lives.parameters, "drawn", found.valued_by)
        return SimpleNamespace(life_years=np.array([[5.0, 4.0, 3.0], [7.0, 4.0, 3.0]]))

    found = analysis()
    monkeypatch.setattr(module, "worth", worth)
    monkeypatch.setattr(module, "main_treatment", lambda policy: f"what {policy} gives")
    rows = options_table(found)
    assert rows["option"].tolist() == [*OPTIONS]
    return rows.set_index("option")


def test_means_and_increments(table: pd.DataFrame) -> None:
    """Means with their errors and intervals; over the reference, too, and with every number at its centre."""
    cells = table.loc["cells"]
    assert cells[["cost", "effect", "life_years"]].tolist() == [200.0, pytest.approx(3.0), 6.0]
    assert cells[["cost_se", "cost_low", "cost_high"]].tolist() == pytest.approx([10.0, 190.5, 209.5])
    assert cells[["incremental_cost", "incremental_effect", "incremental_life_years"]].tolist() == pytest.approx(
        [100.0, 1.0, 2.0]
    )
    assert cells[["incremental_cost_se", "incremental_cost_low"]].tolist() == pytest.approx([10.0, 90.5])
    assert cells["net_benefit"] == pytest.approx(200.0 * 1.0 - 100.0)
    assert cells["net_benefit_se"] == pytest.approx(10.0)
    fixed = [
        cells[f"{name}_deterministic"] for name in ("incremental_cost", "incremental_effect", "incremental_life_years")
    ]
    assert fixed == pytest.approx([100.0, 1.1, 2.0])
    assert cells["net_benefit_deterministic"] == pytest.approx(200.0 * 1.1 - 100.0)
    errors = [
        f"{name}_deterministic_se" for name in ("incremental_cost", "incremental_effect", "incremental_life_years")
    ]
    assert cells[[*errors, "net_benefit_deterministic_se"]].tolist() == [1.0, 0.1, 0.3, 5.0]
    assert table.loc["device", "incremental_cost"] == -50.0 and table.loc["device", "net_benefit"] == pytest.approx(
        -150.0
    )


def test_the_reference_is_beside_nothing(table: pd.DataFrame) -> None:
    """Its own means, and no increments."""
    care = table.loc["care"]
    assert care["cost"] == 100.0 and care["life_years"] == 4.0 and "net_benefit_low" in care
    beside = [name for name in table if str(name).startswith(("incremental_", "net_benefit"))]
    assert len(beside) == 4 * 6 and care[beside].isna().all() and not table.loc["cells", beside].isna().any()
    assert care[["standing"]].isna().all() and np.isnan(care["icer"]) and np.isnan(care["icer_se"])
    assert np.isnan(care["probability"]) and care["probability_best"] == 0.4


def test_what_others_say_of_an_option(table: pd.DataFrame) -> None:
    """Ratios against the reference and along the frontier, chances at the first threshold, and prices in the view."""
    cells, device = table.loc["cells"], table.loc["device"]
    assert cells[["standing", "icer", "icer_se", "status", "compared_with"]].tolist() == [
        "dearer",
        100.0,
        9.0,
        "on",
        "care",
    ]
    assert cells[["sequential_icer", "sequential_icer_se"]].tolist() == [95.0, 4.0]
    assert cells[["sequential_effect", "sequential_effect_se"]].tolist() == [0.5, 0.25]
    assert device["dominated_by"] == "care" and device["standing"] == "worse" and device["status"] == "dominated"
    assert cells[["probability_best", "probability"]].tolist() == [0.5, 0.75]
    assert device[["probability_best", "probability"]].tolist() == [0.1, 0.125]
    assert cells[["product", "assumed_price"]].tolist() == ["what cells gives", 25.0]
    assert np.isnan(device["assumed_price"]) and np.isnan(table.loc["care", "assumed_price"])
    assert cells[["price", "price_low", "price_high"]].tolist() == [40.0, 30.0, 45.0]
    assert device[["price", "price_low", "price_high"]].isna().all()


def test_rows_by_option() -> None:
    """Each under its name."""
    rows = pd.DataFrame({"option": ["a", "b"], "x": [1.0, 2.0]})
    assert by_option(rows) == {"a": {"option": "a", "x": 1.0}, "b": {"option": "b", "x": 2.0}}
