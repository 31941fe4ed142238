"""The values in force: what is left to pay, which prices are read, draws, means and bases, and the money of results."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator import load_scenario
from simulator.evidence.distributions import mean
from simulator.evidence.price_transfer import exchange, inflate
from simulator.questions.value.valuation.cost_items import CostItem, Scope
from simulator.questions.value.valuation.values import (
    COMMON_UTILITY,
    Drawn,
    LeftToPay,
    Money,
    Values,
    _beyond_rates,
    restated,
    scope_of,
    values_of,
)
from simulator.scenario.scenario import Scenario
from simulator.words.errors import BadInput


@cache
def base() -> tuple[Scenario, Values]:
    """Conservative care and the protocol by the usual payer."""
    scenario = load_scenario(policies=("conservative", "protocol"))
    return scenario, values_of(scenario)


def test_rows_of_draws() -> None:
    """The first draws, or any, of prices and utilities alike."""
    drawn = Drawn({"a": np.array([1.0, 2.0, 3.0])}, {"b": np.array([4.0, 5.0, 6.0])})
    two = drawn.first(2)
    assert (two.prices["a"].tolist(), two.utilities["b"].tolist()) == ([1.0, 2.0], [4.0, 5.0])
    some = drawn.rows(np.array([2, 0]))
    assert (some.prices["a"].tolist(), some.utilities["b"].tolist()) == ([3.0, 1.0], [6.0, 4.0])


def test_what_is_left_to_pay() -> None:
    """At 90% of the price with a tenth back discounted and a fifth plain: 81 and 72%; rows only where draws have their own."""
    left = LeftToPay(np.array([[0.9]]), np.array([[0.1], [0.3]]), np.array([[0.2], [0.4]]))
    assert left.share(discounted=True)[:, 0] == pytest.approx([0.81, 0.63])
    assert left.share(discounted=False)[:, 0] == pytest.approx([0.72, 0.54])
    last = left.rows(np.array([1, 1, 0]))
    assert last.by_volume.tolist() == [[0.9]] and last.back[:, 0].tolist() == [0.3, 0.3, 0.1]
    assert last.back_undiscounted[:, 0].tolist() == [0.4, 0.4, 0.2]
    _, values = base()
    assert values.left is None and values.of_draws(np.array([1, 0])) is values
    second = replace(values, left=left).of_draws(np.array([1])).left
    assert second is not None and second.back.tolist() == [[0.3]]


def test_what_each_policy_is_charged() -> None:
    """A kit is charged under the protocol alone, less what comes back; other items know no deal."""
    _, values = base()
    kit = CostItem("cell product", "x", (), therapy="pbmnc")
    theatre = CostItem("theatre", "x", (), therapy="pbmnc")
    ward = CostItem("ward", "x", ())
    assert [values.charged(item, 5).tolist() for item in (kit, theatre, ward)] == [
        [[0.0, 1.0]],
        [[0.0, 1.0]],
        [[1.0, 1.0]],
    ]
    back = np.array([[0.0, 0.5], [0.0, 0.2], [0.0, 0.1]])
    dealt = replace(values, left=LeftToPay(np.ones((1, 2)), back, np.zeros((3, 2))))
    assert dealt.charged(kit, 2) == pytest.approx(np.array([[0.0, 0.5], [0.0, 0.8]]))
    assert dealt.charged(theatre, 2).tolist() == [[0.0, 1.0]]
    assert replace(dealt, discounted=False).charged(kit, 2) == pytest.approx(np.array([[0.0, 1.0], [0.0, 1.0]]))
    one = replace(values, left=LeftToPay(np.full((1, 2), 0.5), np.zeros((1, 2)), np.zeros((1, 2))))
    assert one.charged(kit, 2) == pytest.approx(np.array([[0.0, 0.5]]))


def test_prices_that_are_read() -> None:
    """In the payer's order; conservative care buys nothing, and without cells no kit is read."""
    _, values = base()
    order = list(values.perspective.prices.names())
    assert list(values.price_names) == sorted(values.price_names, key=order.index)
    assert values.price_name("protocol") == "pbmnc_kit" and values.price_name("conservative") is None
    twice = replace(values, money=Money("EUR", 2024, 2.0))
    assert twice.product_prices == {"pbmnc_kit": pytest.approx(2.0 * mean(values.perspective.prices["pbmnc_kit"]))}
    alone = replace(values, policies={"conservative": values.policies["conservative"]})
    assert "pbmnc_kit" in values.price_names and "pbmnc_kit" not in alone.price_names and alone.product_prices == {}
    assert values.threshold == values.thresholds[0]
    assert values.strict_payer != values.scope.institutional_care


def test_bases_and_means() -> None:
    """One draw of the numbers in force, or of their means, or as many as what is changed has; what nothing reads is refused."""
    _, values = base()
    prices, states = values.perspective.prices, values.utility_set.states
    found, middle = values.at_base(), values.at_means()
    assert tuple(found.prices) == values.price_names and set(found.utilities) == set(states.names())
    for name in values.price_names:
        assert found.prices[name].tolist() == [prices[name].value] and middle.prices[name] == pytest.approx(
            [mean(prices[name])]
        )
    for name in states.names():
        assert found.utilities[name].tolist() == [states[name].value]
        assert middle.utilities[name] == pytest.approx([mean(states[name])])
    changes = {"pbmnc_kit": np.array([1.0, 2.0, 3.0]), "ulcer": np.array([0.1, 0.2, 0.3])}
    for drawn in (values.at_base(changes), values.at_means(changes)):
        assert drawn.prices["pbmnc_kit"].tolist() == [1.0, 2.0, 3.0] and drawn.utilities["ulcer"].tolist() == [
            0.1,
            0.2,
            0.3,
        ]
        assert all(len(each) == 3 for part in (drawn.prices, drawn.utilities) for each in part.values())
    with pytest.raises(BadInput, match="pbmnc_kot") as caught:
        values.at_base({"pbmnc_kot": np.ones(1), "healed": np.ones(1)})
    assert [problem.key for problem in caught.value.problems] == ["pbmnc_kot"] and "pbmnc_kit" in str(caught.value)


def test_draws_and_what_varies() -> None:
    """Draws of every price and utility; those that vary are told, utilities of one quantile as one number."""
    _, values = base()
    drawn = values.sample(50, 3)
    assert tuple(drawn.prices) == values.price_names and all(len(each) == 50 for each in drawn.prices.values())
    again, other = values.sample(50, 3), values.sample(50, 4)
    assert all(np.array_equal(drawn.prices[n], again.prices[n]) for n in drawn.prices)
    told = values.uncertain(drawn)
    assert any(not np.array_equal(drawn.prices[n], other.prices[n]) for n in drawn.prices)
    states = values.utility_set.states
    common = [name for name in states.names() if states[name].luck == "utility" and np.ptp(drawn.utilities[name]) > 0]
    expected = {name for name, each in drawn.prices.items() if np.ptp(each) > 0}
    expected |= {n for n, each in drawn.utilities.items() if np.ptp(each) > 0 and states[n].luck != "utility"}
    assert set(told) == expected | ({COMMON_UTILITY} if common else set())
    if common:
        assert np.array_equal(told[COMMON_UTILITY], drawn.utilities[common[0]])
    fixed = Drawn({n: np.ones(4) for n in drawn.prices}, {n: np.ones(4) for n in drawn.utilities})
    assert values.uncertain(fixed) == {}


def test_the_money_of_results() -> None:
    """The payer's own; another year by inflation; another currency at that year's rate."""
    _, values = base()
    payer = values.perspective.conventions.perspective
    assert restated(values.perspective, None, None) == Money(payer.currency, payer.price_year, 1.0)
    assert restated(values.perspective, payer.currency, payer.price_year).factor == 1.0
    year = 2022
    inflated = inflate(1.0, payer.country, payer.price_year, year)
    assert restated(values.perspective, None, year) == Money(payer.currency, year, inflated)
    other = "USD" if payer.currency != "USD" else "EUR"
    rate = exchange(1.0, payer.currency, other, year)
    assert restated(values.perspective, other, year) == Money(other, year, pytest.approx(inflated * rate))


@pytest.mark.parametrize("bears", [True, False])
def test_what_is_charged_beside(bears: bool) -> None:
    """As the scenario says; where it says nothing, as the payer's file does."""
    payer = SimpleNamespace(bears_institutional_care=bears, bears_informal_care=not bears)
    perspective: Any = SimpleNamespace(conventions=SimpleNamespace(perspective=payer))
    own: Any = SimpleNamespace(strict_payer=None, informal_care=None, vascular_events=False)
    assert scope_of(own, perspective) == Scope(bears, not bears, False)
    said: Any = SimpleNamespace(strict_payer=bears, informal_care=bears, vascular_events=True)
    assert scope_of(said, perspective) == Scope(not bears, bears, True)


@pytest.mark.parametrize(
    ("horizon", "row", "rates", "until", "refused"),
    [
        (30.0, None, None, 30.0, False),
        (30.1, None, None, 30.0, True),
        (10.0, 31.0, None, 30.0, True),
        (10.0, 29.0, None, 30.0, False),
        (40.0, None, "own", 30.0, False),
        (40.0, None, None, None, False),
    ],
)
def test_horizons_beyond_the_payer_s_rates(horizon: float, row: Any, rates: Any, until: Any, refused: bool) -> None:
    """Where rates are lower later no horizon, not that of a row either, reaches beyond; with rates of one's own it may."""
    perspective: Any = SimpleNamespace(
        name="p", conventions=SimpleNamespace(discount=SimpleNamespace(until_year=until))
    )
    scenarios = {"x": SimpleNamespace(horizon_years=row)}
    settings: Any = SimpleNamespace(discounting=rates, scenarios=scenarios)
    found = list(_beyond_rates(perspective, settings, horizon))
    assert [problem.key for problem in found] == (["discount.until_year"] if refused else [])


def test_everything_wrong_with_values_is_told_at_once() -> None:
    """A payer and a set of utilities that are not there, in one message."""
    scenario, _ = base()
    economics = scenario.settings.economics.model_copy(update={"perspective": "nobody", "utility_set": "none"})
    wrong = replace(scenario, settings=scenario.settings.model_copy(update={"economics": economics}))
    with pytest.raises(BadInput) as caught:
        values_of(wrong)
    assert len(caught.value.problems) == 2
