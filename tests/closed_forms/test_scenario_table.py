"""The average of scenarios with weights and its Monte Carlo error, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.questions.value.sensitivity import scenario_table as module
from simulator.questions.value.sensitivity.scenario_table import error_of_sum, increments, scenario_table
from simulator.questions.value.sensitivity.variants import AVERAGE, BASE, Row
from simulator.statistics.decision.incremental import LESS, RATIO, standing

DRAWS, FEW = 40, 10
SCENARIO: Any = SimpleNamespace(compare=("old", "new"), reference="old")


def test_the_error_of_a_sum_of_means_over_shared_draws() -> None:
    """By the variance of what each draw adds; one mean alone has its own error, and a single draw none."""
    rng = np.random.default_rng(4)
    many, few = rng.normal(size=DRAWS), rng.normal(size=FEW)
    assert error_of_sum([many]) == pytest.approx(many.std(ddof=1) / np.sqrt(DRAWS))
    assert error_of_sum([many, -many]) == pytest.approx(0.0, abs=1e-12)
    variance = many.var(ddof=1) / DRAWS + few.var(ddof=1) / FEW + 2 * np.cov(many[:FEW], few)[0, 1] / DRAWS
    assert error_of_sum([many, few]) == pytest.approx(np.sqrt(variance)) == error_of_sum([few, many])
    assert np.isnan(error_of_sum([many, few[:1]]))


def test_the_error_of_a_sum_is_the_spread_of_sums() -> None:
    """Of two thousand analyses in which a change is seen in a quarter of the draws, against the base: within 5%."""
    rng = np.random.default_rng(5)
    base = rng.normal(size=(2000, DRAWS))
    change = (-0.7 * base + rng.normal(size=base.shape))[:, :FEW]
    told = np.mean([error_of_sum([one, other]) ** 2 for one, other in zip(base, change, strict=True)])
    assert told == pytest.approx((base.mean(axis=1) + change.mean(axis=1)).var(ddof=1), rel=0.05)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A base case, one scenario valued again with a quarter of the weight, and one lived again in fewer draws with half."""
    rng = np.random.default_rng(6)
    amounts = {name: rng.normal(size=(2, DRAWS)) for name in ("base", "again", "few")}

    def increments(_scenario: Any, values: Any, lives: Any, _drawn: Any) -> Any:
        found = np.zeros((2, len(lives.parameters), 2))
        found[:, :, 1] = amounts[values.name][:, : len(lives.parameters)]
        return found

    monkeypatch.setattr(module, "increments", increments)
    base, again, few = (
        SimpleNamespace(name=name, threshold=100.0, sample=lambda _count, _seed: None) for name in amounts
    )
    lives, fewer = (SimpleNamespace(parameters=np.arange(count)) for count in (DRAWS, FEW))
    rows: Any = [(Row("again", "", again, weight=0.25), None), (Row("few", "", few, weight=0.5), fewer)]  # type: ignore[arg-type]
    found = scenario_table(SCENARIO, base, lives, None, [*rows, (Row("apart", "", few), fewer)], 1)  # type: ignore[arg-type]
    return found.set_index("scenario"), {name: 100.0 * each[1] - each[0] for name, each in amounts.items()}


def test_the_average_has_the_error_of_its_parts(table: Any) -> None:
    """The base case has what the weights leave; the error is that of the base and of both changes in the same draws."""
    found, benefit = table
    assert list(found.index) == [BASE, "again", "few", "apart", AVERAGE]
    moved = 0.25 * (benefit["again"] - benefit["base"]), 0.5 * (benefit["few"] - benefit["base"])[:FEW]
    average = found.loc[AVERAGE]
    assert average["change"] == pytest.approx(sum(each.mean() for each in moved))
    assert average["net_benefit"] == pytest.approx(benefit["base"].mean() + average["change"])
    assert average["se"] == pytest.approx(error_of_sum([benefit["base"], *moved]))
    assert average["change_se"] == pytest.approx(error_of_sum(moved))
    assert list(found["weight"].fillna(-1.0)) == [0.25, 0.25, 0.5, -1.0, 1.0]


def test_a_row_of_its_own_lives_has_the_error_of_base_and_change_together(table: Any) -> None:
    """A row in all draws has the error of its own mean."""
    found, benefit = table
    assert found.loc["again", "se"] == pytest.approx(error_of_sum([benefit["again"]]))
    change = (benefit["few"] - benefit["base"])[:FEW]
    assert found.loc["few", "se"] == pytest.approx(error_of_sum([benefit["base"], change]))
    assert found.loc[BASE, "change_se"] == 0.0


def test_each_row_says_in_how_many_draws_it_was_seen(table: Any) -> None:
    """All of the base case's, or those that its own lives have; the average has no more than its smallest part."""
    found, _ = table
    assert found["draws"].tolist() == [DRAWS, DRAWS, FEW, FEW, FEW]


@pytest.mark.parametrize(
    ("cost", "effect", "icer"), [(100.0, 2.0, 50.0), (-100.0, -2.0, 50.0), (-1.0, 2.0, None), (1.0, -2.0, None)]
)
def test_a_ratio_stands_where_neither_side_dominates(cost: float, effect: float, icer: float | None) -> None:
    """More for more or less for less has a ratio of the two; what is better or worse in both has none."""
    found = module._ratio(cost, effect)
    assert found["standing"] == standing(cost, effect)
    assert (found["standing"] in (RATIO, LESS)) == (icer is not None)
    assert found["icer"] == pytest.approx(np.nan if icer is None else icer, nan_ok=True)


def test_increments_are_over_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the lives of each draw cost and are worth, less that of the reference, which need not come first."""
    given: list[Any] = []

    def worth(*what: Any) -> Any:
        given.extend(what)
        return SimpleNamespace(cost=np.array([[5.0, 3.0]]), qalys=np.array([[1.0, 1.5]]))

    monkeypatch.setattr(module, "worth", worth)
    scenario: Any = SimpleNamespace(compare=("new", "old"), reference="old")
    lives: Any = SimpleNamespace(ledgers="ledgers", parameters="parameters")
    found = increments(scenario, "values", lives, "drawn")  # type: ignore[arg-type]
    assert found.tolist() == [[[2.0, 0.0]], [[-0.5, 0.0]]]
    assert given == ["ledgers", "parameters", "drawn", "values"]


def test_the_average_keeps_the_order_of_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    """As they are compared, not by their names."""
    monkeypatch.setattr(module, "increments", lambda *_: np.random.default_rng(8).normal(size=(2, FEW, 3)))
    scenario: Any = SimpleNamespace(compare=("old", "second", "first"), reference="old")
    values: Any = SimpleNamespace(threshold=100.0, sample=lambda _count, _seed: None)
    lives: Any = SimpleNamespace(parameters=np.arange(FEW))
    found = scenario_table(scenario, values, lives, None, [(Row("again", "", values, weight=0.25), None)], 1)  # type: ignore[arg-type]
    assert found[found["scenario"] == AVERAGE]["policy"].tolist() == ["second", "first"]
