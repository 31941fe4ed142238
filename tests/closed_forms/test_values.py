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
from simulator.evidence.economics.perspective import load_perspective
from simulator.evidence.economics.price_transfer import exchange, inflate
from simulator.evidence.economics.value_sets import PUBLISHED
from simulator.living.ledger import FIELDS
from simulator.scenario.economics import Deal, Discounting
from simulator.scenario.scenario import Scenario
from simulator.valuation.cost_items import CostItem, Scope, discounted
from simulator.valuation.value_set import norm_of, utilities_of
from simulator.valuation.values import (
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
from simulator.words.errors import BadInput, Problem


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
    assert [(each.key, each.value) for each in caught.value.problems] == [("pbmnc_kot", "read by nothing")]
    assert "pbmnc_kit" in str(caught.value)


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


def asked(**own: Any) -> Scenario:
    """The base scenario with economic settings of one's own."""
    scenario, _ = base()
    economics = scenario.settings.economics.model_copy(update=own)
    return replace(scenario, settings=scenario.settings.model_copy(update={"economics": economics}))


def told(scenario: Scenario) -> list[tuple[str, str, str]]:
    """File, key and value of everything that is wrong with a scenario's values."""
    with pytest.raises(BadInput) as caught:
        values_of(scenario)
    return [(problem.file, problem.key, problem.value) for problem in caught.value.problems]


def test_own_numbers_stand_in_the_place_of_the_payer_s() -> None:
    """A price and a utility; the others stay. What is no name, or outside its range, is told with its file, and what is meant."""
    values = values_of(asked(prices={"pbmnc_kit": 4321.0}, utilities={"ulcer": 0.5}))
    assert values.at_base().prices["pbmnc_kit"].tolist() == [4321.0]
    assert values.at_base().utilities["ulcer"].tolist() == [0.5]
    _, usual = base()
    assert values.perspective.prices["dialysis_year"] == usual.perspective.prices["dialysis_year"]
    assert values.utility_set.states["healed"] == usual.utility_set.states["healed"]
    wrong = asked(prices={"pbmnc_kot": 1.0, "dialysis_year": -1.0}, utilities={"ulcr": 0.5, "healed": 3.0})
    name = wrong.name
    assert sorted(told(wrong)) == sorted(
        [
            (f"{name}: [economics] prices", "pbmnc_kot", "1.0"),
            (f"{name}: [economics] prices", "dialysis_year", "-1.0"),
            (f"{name}: [economics] utilities", "ulcr", "0.5"),
            (f"{name}: [economics] utilities", "healed", "3.0"),
        ]
    )
    with pytest.raises(BadInput, match="pbmnc_kit"):
        values_of(asked(prices={"pbmnc_kot": 1.0}))
    with pytest.raises(BadInput, match="'ulcer'"):
        values_of(asked(utilities={"ulcr": 0.5}))
    # A price of what no policy compared has: no such price without its therapy, and one of the payer's that nobody is charged.
    assert [key for _, key, _ in told(asked(prices={"arterialisation_device": 9.0}))] == ["arterialisation_device"]
    assert told(asked(prices={"angioplasty": 9.0})) == [
        (f"{name}: [economics] prices", "angioplasty", "charged to nobody")
    ]


def test_a_utility_s_mean_is_not_its_value() -> None:
    """Anything from 0.4 to 0.8 with 0.5 in force: the base has 0.5 and the means have 0.6."""
    ulcer = {"value": 0.5, "distribution": {"kind": "uniform", "low": 0.4, "high": 0.8}}
    values = values_of(asked(utilities={"ulcer": ulcer}))
    assert values.at_base().utilities["ulcer"].tolist() == [0.5]
    assert values.at_means().utilities["ulcer"] == pytest.approx([0.6])


def test_a_therapy_s_price_in_money_that_cannot_be_exchanged() -> None:
    """It is told beside whatever else is wrong, unless a price of one's own in the payer's money stands in its place."""
    scenario = load_scenario(policies=("conservative", "gene_therapy"))
    therapies = dict(scenario.register.therapies)
    (price,) = therapies["gene_therapy"].prices
    foreign = price.model_copy(update={"unit": "XXX per session, 2019"})
    therapies["gene_therapy"] = replace(therapies["gene_therapy"], prices=(foreign,))
    scenario = replace(scenario, register=replace(scenario.register, therapies=therapies))

    def own(**prices: float) -> Scenario:
        economics = scenario.settings.economics.model_copy(update={"prices": prices})
        return replace(scenario, settings=scenario.settings.model_copy(update={"economics": economics}))

    assert {(file, key) for file, key, _ in told(own(theatre_hur=1.0))} >= {
        ("therapies.gene_therapy.prices.plasmid_session", "XXX 2019"),
        (f"{scenario.name}: [economics] prices", "theatre_hur"),
    }
    assert values_of(own(plasmid_session=321.0)).at_base().prices["plasmid_session"].tolist() == [321.0]


def test_thresholds_and_rates_are_the_payer_s_or_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The payer's in the money of results; a payer without any must be told one, and one whose rates end a shorter horizon."""
    _, usual = base()
    payer = usual.perspective.conventions
    assert usual.thresholds == tuple(each.value for each in payer.thresholds)
    assert usual.discounting == Discounting(effects=payer.discount.effects, costs=payer.discount.costs)
    earlier = values_of(asked(price_year=2022, currency="USD"))
    assert earlier.money == restated(usual.perspective, "USD", 2022) and earlier.money.factor != 1.0
    assert earlier.thresholds == pytest.approx([earlier.money.factor * each.value for each in payer.thresholds])
    own = values_of(asked(thresholds=(7.0,), discounting=Discounting(effects=0.01, costs=0.02), leave_out=()))
    assert own.thresholds == (7.0,) and own.discounting == Discounting(effects=0.01, costs=0.02)
    payer = payer.model_copy(update={"thresholds": ()})
    silent = replace(load_perspective("italy"), conventions=payer)
    monkeypatch.setattr("simulator.valuation.values.load_perspective", lambda _: silent)
    assert told(asked()) == [(f"{asked().name}: [economics]", "thresholds", "none")]
    with pytest.raises(BadInput, match="--threshold: italy has none of its own"):
        values_of(asked())
    assert values_of(asked(thresholds=(7.0,))).thresholds == (7.0,)
    monkeypatch.undo()
    short = asked(perspective="norway")
    horizon = short.settings.follow_up.model_copy(update={"horizon_years": 45.0})
    longer = replace(short, settings=short.settings.model_copy(update={"follow_up": horizon}))
    assert ("norway", "discount.until_year", "a horizon of 45 years") in told(longer)


def test_a_norm_is_valued_as_the_utilities_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """The payer's, or his by another value set; one of one's own where its value set is the one that is wanted, or was not told
    and published utilities are meant."""
    norms = {"Italy": "3L", "Italy, 5L": "5L", "UK": ""}
    module = "simulator.valuation.value_set"
    monkeypatch.setattr(
        f"{module}.load_population_norm",
        lambda name: SimpleNamespace(name=name, value_set=norms[name]),
    )
    other = {("5L", "Italy"): "Italy, 5L"}
    monkeypatch.setattr(f"{module}.norm_by", lambda wanted, usual: other.get((wanted, usual)))

    def norm(value_set: str, own: str | None = None, usual: str = "Italy") -> str:
        settings: Any = SimpleNamespace(value_set=value_set, population_norm=own)
        payer: Any = SimpleNamespace(population_norm=usual, country="Italy")
        return norm_of(settings, payer, "f").name

    assert norm(PUBLISHED) == norm(PUBLISHED, "Italy") == "Italy" and norm(PUBLISHED, "UK") == "UK"
    assert norm("5L") == norm("5L", "Italy, 5L") == "Italy, 5L" and norm(PUBLISHED, None, "UK") == "UK"
    for value_set, own, usual, key, value, said in (
        ("5L", None, "UK", "value_set", "'5L'", "3L: no norm of Italy by 5L was read"),
        ("5L", "Italy", "Italy", "population_norm", "'Italy'", "value_set = 5L.*this one is by EQ-5D-3L"),
        ("5L", "UK", "Italy", "population_norm", "'UK'", "by a value set that was not told"),
        (PUBLISHED, "Italy, 5L", "Italy", "population_norm", "'Italy, 5L'", "this one is by EQ-5D-5L"),
    ):
        with pytest.raises(BadInput, match=said) as caught:
            norm(value_set, own, usual)
        (problem,) = caught.value.problems
        assert (problem.file, problem.key, problem.value) == ("f", key, value)


def test_utilities_that_nothing_maps() -> None:
    """Told under the scenario's own file; one that another file is to blame for keeps that."""
    settings: Any = SimpleNamespace(utility_set=base()[1].utility_set.name, value_set="6L")
    with pytest.raises(BadInput) as caught:
        utilities_of(settings, "mine")
    (problem,) = caught.value.problems
    assert (problem.file, problem.key, problem.value) == ("mine", "value_set", "'6L'")
    settings.value_set = PUBLISHED
    assert utilities_of(settings, "mine").name == settings.utility_set


def test_faults_of_value_sets_stay_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the file of value sets."""

    def broken(*_: Any) -> Any:
        raise BadInput([Problem("value_sets.toml", "x", "y", "z")])

    monkeypatch.setattr("simulator.valuation.value_set.revalued_by", broken)
    settings: Any = SimpleNamespace(utility_set=base()[1].utility_set.name, value_set="5L")
    with pytest.raises(BadInput) as caught:
        utilities_of(settings, "mine")
    assert [problem.file for problem in caught.value.problems] == ["value_sets.toml"]


def test_events_that_nothing_charges() -> None:
    """Cells and tests where no policy gives them, steps that a policy has not; a sham's costs nothing by choice."""
    own = load_scenario(policies=("conservative", "protocol", "ev_selected", "arterialisation", "sham"))
    found = values_of(own).unpriced
    later = [f"{kind}step_{k}" for k in (2, 3, 4) for kind in ("", "repeat_")]
    steps = ["step_1", "repeat_step_1", *later]
    assert {name: sorted(each) for name, each in found.items()} == {
        "conservative": sorted(["dose", *steps, "marker_test"]),
        "protocol": sorted([*steps, "marker_test"]),
        "ev_selected": sorted(steps),
        "arterialisation": sorted(["dose", *later, "marker_test"]),
        "sham": sorted(["dose", *later, "marker_test"]),
    }


def test_what_is_left_out_is_not_charged_and_a_deal_is() -> None:
    """Without dialysis nobody pays for it; repeats at a lower price split the product's item in two."""
    _, values = base()
    without = replace(values, leave_out=("dialysis",), deal=Deal(repeat_price=0.5))
    assert "dialysis" not in {item.category for item in without.items} < {item.category for item in values.items}
    assert sum(item.category == "cell product" for item in without.items) == 2
    drawn = values.sample(3, 4)
    assert {len(each) for part in (drawn.prices, drawn.utilities) for each in part.values()} == {3}
    assert Money("EUR", 2024).factor == 1.0


@pytest.mark.parametrize("adjusted", [True, False])
def test_utility_follows_the_population_s_age_or_none(adjusted: bool) -> None:
    """Adjusted, it is in proportion to the norm of both sexes, which is 1 at the set's own age; otherwise the same at any age."""
    values = values_of(asked(age_adjusted=adjusted))
    own = float(values.utility_set.method.reference_age)

    def norm(age: float) -> float:
        return values.male_share * values.norm.at(age, male=True) + (1 - values.male_share) * values.norm.at(
            age, male=False
        )

    for age in (60.0, 75.0, 90.0):
        expected = norm(age) / norm(own) if adjusted else 1.0
        assert np.polynomial.polynomial.polyval(age - 75.0, values.ratio) == pytest.approx(expected, abs=0.005)


def test_decrements_are_taken_off_the_norm() -> None:
    """A set of decrements begins at what people of its age have, both sexes in their proportion; others begin at nothing."""
    found = {name: values_of(asked(utility_set=name)) for name in ("A", "D")}
    assert {name: values.utility_set.method.form == "decrement" for name, values in found.items()} == {
        "A": False,
        "D": True,
    }
    assert found["A"].top is None
    of = found["D"]
    own = float(of.utility_set.method.reference_age)
    men, women = (of.norm.at(own, male=male) for male in (True, False))
    assert of.top == pytest.approx(of.male_share * men + (1.0 - of.male_share) * women)


def test_where_the_ledger_holds_what_is_charged() -> None:
    """The columns of each item under the policies that are charged for it, discounted where costs are; none under others."""
    _, values = base()
    for item, columns in zip(values.items, values.charged_columns, strict=True):
        for policy, own in zip(values.policies.values(), columns, strict=True):
            names = [FIELDS[place] for place in own]
            if not item.charged_under(policy):
                assert names == []
            else:
                wanted = [discounted(name) if values.discounted else name for name in item.columns_under(policy)]
                assert names == wanted != []
    assert values.discounted and values.column("count_dose") == FIELDS.index(discounted("count_dose"))
    plain = replace(values, discounted=False)
    assert plain.column("count_dose") == FIELDS.index("count_dose") != values.column("count_dose")
    kit = next(k for k, item in enumerate(values.items) if "pbmnc_kit" in item.names)
    assert values.charged_columns[kit][0] == () and len(values.charged_columns[kit][1]) >= 1


def test_where_the_ledger_holds_what_an_item_charges() -> None:
    """Each column beside the policy that is charged for it, policy by policy; an item that nobody is charged for has none."""
    own = SimpleNamespace(charged_columns=(((3, 5), (), (7,)), ((), (), ())))
    found = Values.charged_cells.func(own)  # type: ignore[attr-defined]
    assert [(policies.tolist(), columns.tolist()) for policies, columns in found] == [([0, 0, 2], [3, 5, 7]), ([], [])]
