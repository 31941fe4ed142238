"""One number at a time: its points, what the limits do, where the decision switches, and a grid of two, by hand."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.questions.value.sensitivity import deterministic
from simulator.questions.value.sensitivity import one_way as module
from simulator.questions.value.sensitivity import two_way as pairs
from simulator.questions.value.sensitivity.one_way import Range
from simulator.questions.value.sensitivity.two_way import GRID, TwoWay, pair_of, two_way
from simulator.valuation.lives import PARTS, Lives, Parts
from simulator.valuation.valuation import Worth
from simulator.valuation.values import Drawn, LeftToPay
from simulator.words.errors import BadInput

SCENARIO: Any = SimpleNamespace(
    compare=("old", "new", "dear"),
    reference="old",
    view="central",
    name="x",
    idle=(),
    settings=SimpleNamespace(economics=SimpleNamespace(two_way=None, draws=4)),
)
VALUES: Any = SimpleNamespace(threshold=100.0, left=None)
RATE = Range("rate", "clinical", 1.0, 0.0, 4.0, ("rate",))
PRICE = Range("price", "price", 10.0, 5.0, 20.0, ("price",))


def test_points_of_a_number() -> None:
    """Limits, the base, and the middles between."""
    assert list(RATE.points()) == [0.0, 0.5, 1.0, 2.5, 4.0]


@pytest.mark.parametrize(
    ("benefit", "where"),
    [
        ([-2.0, -1.0, 1.0, 2.0, 3.0], 0.75),
        ([3.0, 1.0, -3.0, -4.0, -5.0], 0.625),
        ([1.0, 1.0, 1.0, 1.0, 1.0], np.nan),
        ([0.0, 0.0, 0.0, 0.0, 0.0], np.nan),
        ([-1.0, 0.0, 1.0, 2.0, 3.0], 0.5),
        ([0.0, 0.0, 1.0, 2.0, 3.0], 0.5),
        ([1.0, -1.0, 1.0, -1.0, 1.0], 0.25),
        ([1.0, 1.0, 1.0, 1.0, -2.0], 3.0),
    ],
)
def test_where_the_decision_switches(benefit: list[float], where: float) -> None:
    """The first crossing of zero on straight lines between the points; none where the curve stays on its side, or at zero."""
    assert module._crossing(RATE.points(), np.array(benefit)) == pytest.approx(where, nan_ok=True)


def curves() -> Any:
    """Increments of costs and QALYs of three policies over the first, at five points of two numbers."""
    zero = np.zeros(5)
    return {
        RATE: (
            np.column_stack([zero, [40.0, 30.0, 20.0, 10.0, 0.0], np.full(5, 500.0)]),
            np.column_stack([zero, [0.0, 0.1, 0.3, 0.5, 0.6], np.full(5, 1.0)]),
        ),
        PRICE: (
            np.column_stack([zero, [10.0, 15.0, 20.0, 60.0, 80.0], [200.0, 350.0, 500.0, 650.0, 800.0]]),
            np.column_stack([zero, np.full(5, 0.3), np.full(5, 1.0)]),
        ),
    }


COST, EFFECT = np.array([0.0, 20.0, 500.0]), np.array([0.0, 0.3, 1.0])


@pytest.fixture
def no_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of no register have no unit."""
    monkeypatch.setattr(module, "unit_of", lambda *_: "")


def in_parts(costs: np.ndarray, effects: np.ndarray, spread: np.ndarray) -> Worth:
    """Both limits in parts of the people, whose costs lie around the whole's by `spread`, a value a part."""
    ends = [0, -1] if costs.ndim == 2 else [0]
    over = np.atleast_2d(costs)[ends][:, None, :] + spread[None, :, None]
    worth = np.atleast_2d(effects)[ends][:, None, :] + 0.0 * spread[None, :, None]
    return Worth(over, worth, worth)


ALIKE = np.zeros(1)


@pytest.mark.usefixtures("no_units")
def test_the_tornado_by_hand() -> None:
    """At 100 a QALY the new policy is worth 10: -40 and 60 at the rate's limits, 20 and -50 at the price's."""
    drawn = curves()
    luck = {each: in_parts(*of, ALIKE) for each, of in drawn.items()}
    found = module._tornado(drawn, luck, in_parts(COST, EFFECT, ALIKE), COST, EFFECT, SCENARIO, VALUES)
    assert list(zip(found["policy"], found["name"], strict=True)) == [
        ("new", "rate"),
        ("new", "price"),
        ("dear", "price"),
        ("dear", "rate"),
    ]
    first = found.iloc[0]
    assert (first["kind"], first["base"], first["low"], first["high"]) == ("clinical", 1.0, 0.0, 4.0)
    assert (first["net_benefit"], first["at_low"], first["at_high"], first["swing"]) == pytest.approx(
        (10, -40, 60, 100)
    )
    assert (first["cost_at_low"], first["cost_at_high"]) == pytest.approx((20.0, -20.0))
    assert (first["effect_at_low"], first["effect_at_high"]) == pytest.approx((-0.3, 0.3))
    second = found.iloc[1]
    assert (second["at_low"], second["at_high"], second["swing"]) == pytest.approx((20.0, -50.0, 70.0))
    assert found.iloc[3]["swing"] == 0.0


@pytest.mark.usefixtures("no_units")
def test_luck_that_base_and_limits_share_cancels_in_the_swing() -> None:
    """Parts that differ alike at the base and at both limits give each of them an error, and the swing none; else it has one."""
    spread = np.random.default_rng(2).normal(size=PARTS)
    error = spread.std(ddof=1) / np.sqrt(PARTS)
    drawn = curves()
    luck = {each: in_parts(*of, spread) for each, of in drawn.items()}
    here = in_parts(COST, EFFECT, spread)
    rate = module._tornado(drawn, luck, here, COST, EFFECT, SCENARIO, VALUES).iloc[0]
    assert [rate[f"{what}_se"] for what in ("net_benefit", "at_low", "at_high")] == pytest.approx([error] * 3)
    assert rate["swing_se"] == pytest.approx(0.0, abs=1e-12)
    luck[RATE].cost[1] += spread[:, None]
    rate = module._tornado(drawn, luck, here, COST, EFFECT, SCENARIO, VALUES).iloc[0]
    assert (rate["at_high_se"], rate["swing_se"]) == pytest.approx((2.0 * error, error))


@pytest.mark.usefixtures("no_units")
def test_a_swing_counts_the_base_too() -> None:
    """Where both limits are worse than the base the swing goes from the base to the worst."""
    bent = {RATE: (np.zeros((5, 3)), np.tile(np.array([[0.1], [0.2], [0.5], [0.2], [0.0]]), (1, 3)))}
    here = in_parts(np.zeros(3), np.full(3, 0.5), ALIKE)
    found = module._tornado(
        bent, {RATE: in_parts(*bent[RATE], ALIKE)}, here, np.zeros(3), np.full(3, 0.5), SCENARIO, VALUES
    )
    assert found["swing"][0] == pytest.approx(50.0)


@pytest.mark.usefixtures("no_units")
def test_switching_values_by_hand() -> None:
    """Net benefits -40, -20, 10, 40, 60 over the rate: zero two thirds of the way from .5 to 1."""
    drawn = curves()
    luck = {each: in_parts(*of, ALIKE) for each, of in drawn.items()}
    tornado = module._tornado(drawn, luck, in_parts(COST, EFFECT, ALIKE), COST, EFFECT, SCENARIO, VALUES)
    found = module._switching(tornado, drawn, SCENARIO, VALUES).set_index(["policy", "name"])
    rate = found.loc["new", "rate"]
    assert rate["switches_at"] == pytest.approx(0.5 + 0.5 * 20.0 / 30.0)
    assert rate["swing"] == pytest.approx(100.0) and rate["net_benefit"] == pytest.approx(10.0)
    assert found.loc["new", "price"]["switches_at"] == pytest.approx(10.0 + 5.0 * 10.0 / 40.0)
    assert np.isnan(found.loc["dear", "rate"]["switches_at"])


def test_a_grid_as_a_table() -> None:
    """One row per point, the second number running faster."""
    found = TwoWay(
        RATE,
        PRICE,
        "new",
        np.array([1.0, 2.0]),
        np.array([5.0, 6.0]),
        np.array([[1.0, 2.0], [3.0, 4.0]]),
        np.array([[0.1, 0.2], [0.3, 0.4]]),
    ).table()
    assert list(found["rate"]) == [1.0, 1.0, 2.0, 2.0] and list(found["price"]) == [5.0, 6.0, 5.0, 6.0]
    assert list(found["net_benefit"]) == [1.0, 2.0, 3.0, 4.0] and set(found["policy"]) == {"new"}
    assert list(found["net_benefit_se"]) == [0.1, 0.2, 0.3, 0.4]


class Parameter:
    """A number with its limits and mean."""

    def __init__(self, name: str, low: float, mean: float, high: float, luck: str = "own", value: float = 0.0) -> None:
        self.name, self.low, self.mean, self.high, self.luck, self.value = name, low, mean, high, luck, value


@pytest.fixture(autouse=True)
def plain_distributions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits, means and quantiles that are written on the number."""
    monkeypatch.setattr(module, "limits", lambda p: (p.low, p.high))
    monkeypatch.setattr(module, "mean", lambda p: p.mean)
    monkeypatch.setattr(module, "quantile", lambda p, u: p.low + (p.high - p.low) * np.asarray(u))


class Register(dict[str, Parameter]):
    """Numbers by name, some of them jointly drawn."""

    joint: dict[str, np.ndarray]

    def __init__(self, *parameters: Parameter) -> None:
        super().__init__({each.name: each for each in parameters})
        self.joint = {}

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """All of them."""
        return tuple(self.values())


def test_ranges_of_clinical_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits of the distribution, or the middle 95% of joint draws; neither what is idle nor what does not vary."""
    register = Register(Parameter("own", 1, 2, 3), Parameter("fitted", 0, 9, 9.5), Parameter("hospital", 0, 1, 2))
    register |= {name: Parameter(name, 1, 1, 1) for name in ("fixed",)} | {"idle": Parameter("idle", 0, 1, 2)}
    register.joint = {"hospital": np.linspace(0.0, 400.0, 401)}
    monkeypatch.setattr(
        module, "posterior_table", lambda: pd.DataFrame({"fitted": np.linspace(0.0, 40.0, 401), "x": 0.0})
    )
    monkeypatch.setattr(module, "joint_names", lambda _register: ("fitted",))
    scenario: Any = SimpleNamespace(register=register, idle=("idle",))
    found = module.clinical_ranges(scenario, {"own": 2.0, "fitted": 20.0, "hospital": 200.0})
    assert [(r.name, r.kind, r.low, r.base, r.high, r.names) for r in found] == [
        ("own", "clinical", 1, 2.0, 3, ("own",)),
        ("fitted", "clinical", pytest.approx(1.0), 20.0, pytest.approx(39.0), ("fitted",)),
        ("hospital", "clinical", pytest.approx(10.0), 200.0, pytest.approx(390.0), ("hospital",)),
    ]
    monkeypatch.setattr(module, "posterior_table", lambda: None)
    found = module.clinical_ranges(scenario, {"own": 2.0, "fitted": 9.0, "hospital": 200.0})
    assert [(r.low, r.high) for r in found][1] == (0, 9.5)


def valued() -> Any:
    """One price that varies, one that does not; two utilities of a common quantile, one of its own, one fixed."""
    prices = Register(Parameter("kit", 5, 10, 20, value=12.0), Parameter("fee", 3, 3, 3, value=3.0))
    states = Register(
        Parameter("ulcer", 0.4, 0.5, 0.6, "utility"),
        Parameter("healed", 0.6, 0.7, 0.8, "utility"),
        Parameter("dialysis", 0.0, 0.1, 0.2),
        Parameter("fixed", 1, 1, 1, "utility"),
    )
    asked: list[dict[str, Any]] = []

    def at_means(changes: Any = None) -> Any:
        asked.append(changes or {})
        return SimpleNamespace(prices=dict(changes or {}), utilities={})

    found = SimpleNamespace(
        price_names=("kit", "fee"),
        perspective=SimpleNamespace(prices=prices),
        utility_set=SimpleNamespace(states=states),
        threshold=100.0,
        policies={"new": SimpleNamespace(cell_therapy=SimpleNamespace(doses=1))},
        price_name={"new": "kit", "dear": "fee"}.get,
        at_means=at_means,
        asked=asked,
    )
    found.of_draws = lambda _places: found
    return found


def test_ranges_of_prices_and_utilities() -> None:
    """Each price that varies; utilities of one quantile as one number from 2.5% to 97.5%; others by themselves."""
    found = module.value_ranges(valued())
    assert [(r.name, r.kind, r.base, r.low, r.high, r.names) for r in found] == [
        ("kit", "price", 10, 5, 20, ("kit",)),
        ("utility_quantile", "utility", 0.5, 0.025, 0.975, ("ulcer", "healed")),
        ("dialysis", "utility", 0.1, 0.0, 0.2, ("dialysis",)),
    ]


def test_moving_one_number() -> None:
    """A price takes its points; the common quantile moves every utility that it stands for to its own quantiles."""
    values = valued()
    points = np.array([0.025, 0.975])
    module.moved(module.value_ranges(values)[0], np.array([5.0, 20.0]), values)
    module.moved(module.value_ranges(values)[1], points, values)
    first, second = values.asked
    assert list(first) == ["kit"] and list(first["kit"]) == [5.0, 20.0]
    assert second["ulcer"] == pytest.approx([0.405, 0.595]) and second["healed"] == pytest.approx([0.605, 0.795])


def test_the_centre(monkeypatch: pytest.MonkeyPatch) -> None:
    """The register's central values; the share that cells cause is the mean of the analysis's own draws."""
    asked = []

    def draws(register: Any, number: int, seed: int) -> Any:
        asked.append((register, number, seed))
        return {"attributable_share_central": np.array([0.2, 0.4])}

    monkeypatch.setattr(module, "parameter_draws", draws)
    monkeypatch.setattr(module, "central_values", lambda _register: {"attributable_share_central": 0.9, "rate": 1.0})
    monkeypatch.setattr(module, "SHARE", "attributable_share")
    scenario: Any = SimpleNamespace(**(vars(SCENARIO) | {"register": "register"}))
    assert module.centre_of(scenario, 3) == {"attributable_share_central": pytest.approx(0.3), "rate": 1.0}
    assert asked == [("register", 4, 3)]


def pair(policy: str = "new", read: tuple[str, ...] = ("rate",), doses: int = 1, asked: Any = None) -> Any:
    """The pair of a two-way analysis."""
    values = valued()
    values.policies["new"].cell_therapy.doses = doses
    scenario = SimpleNamespace(**vars(SCENARIO))
    scenario.settings = SimpleNamespace(economics=SimpleNamespace(two_way=asked, draws=4))
    return pair_of(policy, scenario, values, read, 5)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clinical numbers and a centre."""
    centre = {f"{pairs.SHARE}_central": 0.3}
    monkeypatch.setattr(pairs, "centre_of", lambda scenario, seed: centre if (scenario.name, seed) == ("x", 5) else {})
    other = Range("other", "clinical", 0.0, 0.0, 1.0, ("other",))
    monkeypatch.setattr(
        pairs,
        "clinical_ranges",
        lambda scenario, usual: [RATE, other] if (scenario.name, usual) == ("x", centre) else [],
    )


@pytest.mark.usefixtures("known")
def test_which_two_numbers() -> None:
    """The share from 0 to 1 and the product's price; a fixed price from nothing to twice; none for a policy without cells."""
    share, price = pair()
    assert (share.name, share.kind, share.base, share.low, share.high) == (pairs.SHARE, "clinical", 0.3, 0.0, 1.0)
    assert (price.name, price.low, price.high) == ("kit", 5, 20)
    fixed = pair("dear")[1]
    assert (fixed.name, fixed.low, fixed.base, fixed.high) == ("fee", 0.0, 3.0, 6.0)
    assert pair("old") is None and pair(doses=0) is None
    one, two = pair(asked=("rate", "dialysis"))
    assert (one.name, two.name) == ("rate", "dialysis")
    with pytest.raises(BadInput) as caught:
        pair(asked=("rate", "other"))
    assert [(each.file, each.key, each.value) for each in caught.value.problems] == [
        ("x: [economics]", "two_way", "'other'")
    ]
    with pytest.raises(BadInput):
        pair(asked=(pairs.SHARE, "kit"), doses=0)


def test_a_price_of_nothing_is_looked_at_up_to_one() -> None:
    """Twice nothing is nothing to look at."""
    assert pairs._around(Parameter("x", 0, 0, 0, value=0.0)).high == 1.0  # type: ignore[arg-type]


def test_a_grid_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Net benefit of the rate times 6 (10 for health, less 4 for its cost) less the price, against a reference without either;
    each rate is simulated once, and its parts of the people, which differ more the higher the rate, tell its error at every
    price. A rate beyond what it may be beside others, here 3, is cut.
    """
    simulated = []

    def in_parts(what: str, given: Any, draws: Any, patients: int, seed: int) -> Parts:
        simulated.append((what, given, list(draws["rate"]), patients, seed))
        ledgers = np.zeros((len(draws), len(PEOPLE), 3, 1))
        ledgers[:, :, 1, 0] = draws["rate"][:, None] * (1.0 + PEOPLE)
        return Parts(ledgers, np.ones(len(PEOPLE), np.int64))

    def price(ledgers: Any, parameters: Any, drawn: Any, values: Any) -> Worth:
        assert len(parameters) == len(ledgers) in (GRID * GRID, GRID * GRID * len(PEOPLE))
        assert set(parameters["rate"]) == set(np.minimum(np.linspace(0.0, 4.0, GRID), 3.0))
        effect = 0.1 * ledgers[:, :, 0] + 7.0
        own = drawn.prices["price"] + 3.0 + 4.0 * ledgers[:, 1, 0]
        cost = np.column_stack([np.full(len(ledgers), 3.0), own, np.zeros(len(ledgers))])
        return Worth(cost, effect, effect)

    def terms(given: Any, values: Any, lives: Any, *more: Any, **as_twins: Any) -> Any:
        assert (given, lives.people, more, as_twins) == (scenario, 50, (50, 9, simulations), {"twins": True})
        assert lives.ledgers.shape == (GRID, 3, 1) and lives.policies == scenario.compare
        return values, None

    monkeypatch.setattr(pairs, "centre_of", lambda _s, _seed: {"rate": 1.0, "fixed": 2.0})
    monkeypatch.setattr(pairs, "cut_limits", lambda table, _usual: table.clip(upper=3.0))
    monkeypatch.setattr(pairs, "on_terms", terms)
    for where in (module, deterministic):
        monkeypatch.setattr(where, "worth", price)
    values = valued()
    scenario: Any = SimpleNamespace(
        **vars(SCENARIO), parameter_draws=lambda table: table.to_records(index=False).view(np.ndarray)
    )
    simulations: Any = SimpleNamespace(in_parts=in_parts)
    found = two_way((RATE, PRICE), "new", scenario, values, simulations, 50, 9)
    rates, prices = np.linspace(0.0, 4.0, GRID), np.linspace(5.0, 20.0, GRID)
    cut = np.minimum(rates, 3.0)
    assert simulated == [("Two-way analysis", scenario, list(cut), 50, 9)]
    assert found.net_benefit == pytest.approx(6.0 * cut[:, None] - prices[None, :])
    assert found.net_benefit_se == pytest.approx(np.repeat(6.0 * cut[:, None] * ERROR, GRID, axis=1))
    assert found.first_values == pytest.approx(rates) and found.second_values == pytest.approx(prices)


CLINICAL = (
    RATE,
    Range("quiet", "clinical", 5.0, 1.0, 9.0, ("quiet",)),
    Range("wide", "clinical", 2.0, 0.0, 6.0, ("wide",)),
    Range("charged", "clinical", 0.0, -6.0, 3.0, ("charged",)),
    Range("after", "clinical", 2.0, 0.0, 4.0, ("after",)),
    Range("before", "clinical", 0.0, -4.0, 4.0, ("before",)),
    Range("weighed", "clinical", 0.0, -0.1, 0.2, ("weighed",)),
)
PEOPLE = np.arange(20.0) - 9.5
"""How parts of the people differ: nothing in the mean."""
ERROR = PEOPLE.std(ddof=1) / np.sqrt(20)


@dataclass(frozen=True)
class Valued:
    """A price and what is left of it."""

    threshold: float
    left: Any

    def at_means(self, changes: Any = None) -> Drawn:
        """The price, or points of it."""
        return Drawn({"price": np.full(1, 10.0), **(changes or {})}, {})

    def of_draws(self, places: Any) -> Valued:
        """What is left in these draws."""
        return Valued(self.threshold, self.left and self.left.rows(places))


class Analysis:
    """Lives and values by hand, and what the analysis asks of them.

    Ledgers hold health and kits. The new policy's health is the rate, the dear one's twice that and half of what `wide` is more;
    `after` adds to both at its upper middle only, `before` at its lower. Kits cost the price; `charged` takes 6 off the new
    policy's cost at its low limit only, `weighed` adds 0.2 to its effect and 4 to its cost at its high one.
    """

    def __init__(self, patch: pytest.MonkeyPatch, paid: bool) -> None:
        self.asked: list[Any] = []
        self.paid = paid
        patch.setattr(
            module, "centre_of", lambda _s, seed: {each.name: each.base for each in CLINICAL} | {"seed": seed}
        )
        patch.setattr(module, "clinical_ranges", self.ranges)
        patch.setattr(module, "value_ranges", lambda _values: [PRICE])
        patch.setattr(module, "cut_limits", lambda table, usual: table.assign(sure=usual["seed"]))
        patch.setattr(module, "on_terms", self.on_terms)
        patch.setattr(module, "unit_of", lambda name, scenario, values: f"{name} {scenario.view} {values.threshold:g}")
        patch.setattr(module, "worth", self.worth)
        patch.setattr(deterministic, "worth", self.worth)

    def ranges(self, scenario: Any, centre: Any) -> list[Range]:
        """Every number."""
        assert scenario.view == "central" and centre["rate"] == 1.0
        return list(CLINICAL)

    def whole(self, draws: Any) -> Any:
        """Mean health and kits in each draw under three policies."""
        assert draws["weighed"][0] == 0.0, "the base comes first"
        middle = 1.0 * (draws["after"] == 3.0) + 2.0 * (draws["before"] == -2.0)
        health = np.column_stack([0.0 * middle, draws["rate"] + middle, 2.0 * draws["rate"] + middle])
        health[:, 2] += 0.5 * (draws["wide"] - 2.0)
        return np.stack([health, np.broadcast_to([0.0, 1.0, 0.0], health.shape)], axis=-1)

    def in_parts(self, what: str, _scenario: Any, draws: Any, patients: int, seed: int) -> Parts:
        """Ledgers of parts, which lie about the whole as far as the rate and `wide` say."""
        self.asked.append((what, len(draws), patients, seed))
        spread = PEOPLE * (0.75 + 0.25 * draws["rate"] + 0.125 * draws["wide"])[:, None]
        health = spread[:, :, None] * [0.0, 1.0, -1.0]
        kits = np.broadcast_to(0.02 * PEOPLE[:, None] * [0.0, 1.0, 0.0], health.shape)
        return Parts(self.whole(draws)[:, None] + np.stack([health, kits], axis=-1), np.full(20, 5))

    def twins(self, what: str, _scenario: Any, draws: Any, patients: int, seed: int) -> Lives:
        """The same lives added up in another order, so that bits differ."""
        self.asked.append((what, len(draws), patients, seed))
        nothing = np.zeros((1, len(draws), 3, 1))
        return Lives(SCENARIO.compare, self.whole(draws)[None] + 1e-9, nothing, nothing, draws, 100)

    def on_terms(self, _s: Any, values: Any, lives: Any, patients: int, seed: int, _sim: Any, *, twins: bool) -> Any:
        """What is left to pay is a tenth of the rate of each draw, on top of the new policy's kit."""
        self.asked.append(("terms", len(lives.halves[0]), patients, seed, twins))
        own = lives.parameters["rate"][:, None] / 10.0 * [0.0, 1.0, 0.0]
        return Valued(values.threshold, LeftToPay(own, own, own) if self.paid else None), None

    def worth(self, ledgers: Any, parameters: Any, drawn: Any, values: Any) -> Worth:
        """Costs and effects by hand."""
        assert len(parameters) in (1, len(ledgers)) and set(parameters["sure"]) == {3}
        weighed = np.where(parameters["weighed"] == 0.2, 0.2, 0.0)[:, None] * [0.0, 1.0, 0.0]
        charged = np.where(parameters["charged"] == -6.0, -6.0, 0.0)[:, None] * [0.0, 1.0, 0.0]
        cost = ledgers[..., 1] * drawn.prices["price"][:, None] + charged + 20.0 * weighed + 7.0
        if values.left is not None:
            cost = cost + values.left.by_volume[: len(parameters)]
        effect = 0.1 * ledgers[..., 0] + weighed
        return Worth(cost, effect + 2.0, 3.0 * effect)


@pytest.mark.parametrize("paid", [False, True])
def test_a_whole_analysis_by_hand(monkeypatch: pytest.MonkeyPatch, paid: bool) -> None:
    """Ends are lived in parts, middles as a whole; what changes a life, a cost or an effect anywhere is read and has a row."""
    hands = Analysis(monkeypatch, paid)
    scenario: Any = SimpleNamespace(
        **vars(SCENARIO), parameter_draws=lambda table: table.to_records(index=False).view(np.ndarray)
    )
    found = module.one_way(scenario, Valued(100.0, None), hands, 100, 3)  # type: ignore[arg-type]
    assert hands.asked == [
        ("One-way analysis, limits", 15, 100, 3),
        ("One-way analysis, between", 15, 100, 3),
        ("terms", 36, 100, 3, True),
    ]
    assert found.read == ("rate", "wide", "charged", "after", "before", "weighed") and found.unread == ("quiet",)
    left = 0.1 if paid else 0.0
    assert found.base.cost.shape == (1, 3) and found.base.cost[0] == pytest.approx([7.0, 17.0 + left, 7.0])
    assert found.base.qalys[0] == pytest.approx([2.0, 2.1, 2.2])
    # A unit of health is worth 10, a kit costs 10: the new policy is worth nothing at the base, the dear one 20.
    rows = found.tornado.set_index(["policy", "name"])
    assert rows["unit"].to_dict() == {key: f"{key[1]} central 100" for key in rows.index}
    ends = {
        "rate": (left - 10.0, 30.0 - 3.0 * left),
        "wide": (0.0, 0.0),
        "charged": (6.0, 0.0),
        "after": (0.0, 0.0),
        "before": (0.0, 0.0),
        "weighed": (0.0, 16.0),
        "price": (5.0, -10.0),
    }
    # Health of the parts goes up and down by 1.25 times theirs, at the limits of two numbers by others; kits by a fiftieth.
    spread = dict.fromkeys(ends, (12.3, 12.3))
    spread |= {"rate": (9.8, 19.8), "wide": (9.8, 17.3), "price": (12.4, 12.1)}
    assert set(rows.loc["new"].index) == set(ends)
    for name, (low, high) in ends.items():
        row = rows.loc[("new", name)]
        assert (row["net_benefit"], row["at_low"], row["at_high"]) == pytest.approx(
            (-left, low - left, high - left), abs=1e-7
        )
        errors = [row[f"{of}_se"] for of in ("net_benefit", "at_low", "at_high")]
        assert errors == pytest.approx([ERROR * each for each in (12.3, *spread[name])]), name
    swings = rows.loc["new"]["swing_se"]
    assert (swings["rate"], swings["price"]) == pytest.approx((10.0 * ERROR, 0.3 * ERROR))
    dear = rows.loc["dear"]
    assert dear.loc["rate", ["at_low", "at_high"]].tolist() == pytest.approx([0.0, 80.0])
    assert dear.loc["wide", ["at_low", "at_high"]].tolist() == pytest.approx([10.0, 40.0])
    assert found.errors.net_benefit == pytest.approx([0.0, 12.3 * ERROR, 12.5 * ERROR])
    assert found.errors.life_years == pytest.approx([0.0, 0.375 * ERROR, 0.375 * ERROR])
    switching = found.switching.set_index(["policy", "name"])
    assert switching.loc["new"]["net_benefit"].to_numpy() == pytest.approx(np.full(7, -left))
    assert "index" not in found.tornado and "index" not in found.switching
    if paid:
        switches = switching.loc["new"]["switches_at"]
        assert switches["price"] == pytest.approx(10.0 - left)
        assert switches["after"] == pytest.approx(2.0 + left / 10.0)
        assert switches["before"] == pytest.approx(-4.0 + 2.0 * left / 20.0)
    assert np.isnan(switching.loc[("dear", "price"), "switches_at"])


def test_units() -> None:
    """A number's own, a price's, a utility's; utilities that move together stand at a quantile; of what is nowhere, none."""

    def register(**units: str) -> Any:
        return type("Named", (dict,), {"names": dict.keys})(
            {name: SimpleNamespace(unit=unit) for name, unit in units.items()}
        )

    scenario: Any = SimpleNamespace(register=register(rate="1/year"))
    values: Any = SimpleNamespace(
        perspective=SimpleNamespace(prices=register(kit="EUR")),
        utility_set=SimpleNamespace(states=register(ulcer="utility")),
    )
    wanted = {"rate": "1/year", "kit": "EUR", "ulcer": "utility", "utility_quantile": "quantile", "nothing": ""}
    assert {name: module.unit_of(name, scenario, values) for name in wanted} == wanted
