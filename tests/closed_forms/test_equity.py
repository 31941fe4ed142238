"""Weights of groups and health before referral, by hand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.questions.value.consequences import equity as module
from simulator.questions.value.consequences.equity import HospitalLives, atkinson_weights, equity, lived
from simulator.questions.value.consequences.subgroups import SubgroupLives
from simulator.scenario.economics import Deal
from simulator.valuation.values import Drawn, LeftToPay


def test_atkinsons_weights_of_uneven_groups() -> None:
    """Health 50 and 100 at an epsilon of 1 weigh 2 to 1: with a quarter and three quarters of people 8/5 and 4/5."""
    share = np.array([0.25, 0.75])
    assert atkinson_weights(np.array([50.0, 100.0]), share, 1.0) == pytest.approx([8 / 5, 4 / 5])
    assert atkinson_weights(np.array([50.0, 100.0]), share, 0.0) == pytest.approx([1.0, 1.0])
    twice = atkinson_weights(np.array([50.0, 100.0]), share, 2.0)
    assert twice[0] / twice[1] == pytest.approx(4.0) and twice @ share == pytest.approx(1.0)
    assert np.isfinite(atkinson_weights(np.array([50.0, 100.0]), share, 400.0)).all()


def test_years_lived_before_an_age() -> None:
    """0.9 a year in men and 0.8 in women to 60.5, three quarters of them men; nothing is better than full health; birth is 0."""
    values = SimpleNamespace(norm=SimpleNamespace(at=lambda _age, male: 0.9 if male else 0.8), male_share=0.75)
    assert lived(values, 60.5) == pytest.approx(60.5 * 0.875)  # type: ignore[arg-type]
    assert lived(values, 0.0) == 0.0  # type: ignore[arg-type]
    values.norm = SimpleNamespace(at=lambda age, male: 1.2 - 0.01 * age)
    # Full health to 20, then one hundredth less a year.
    assert lived(values, 60.0) == pytest.approx(20.0 + 40.0 * 0.8)  # type: ignore[arg-type]


def test_years_are_lived_in_quarters() -> None:
    """Of a norm 0.9 - age squared / 10,000 the trapezium rule, in four steps for each year begun, takes too much away: h squared
    times the change of slope, by 12."""
    values = SimpleNamespace(norm=SimpleNamespace(at=lambda age, male: 0.9 - 1e-4 * age**2), male_share=0.75)
    h = 60.5 / (4 * 61)
    exact = 0.9 * 60.5 - 1e-4 * 60.5**3 / 3.0
    assert lived(values, 60.5) == pytest.approx(exact - h**2 / 12.0 * 2e-4 * 60.5, abs=1e-10)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Valued:
    """Half a QALY a year before referral, and ten units of money for a QALY."""

    norm: Any = field(default_factory=lambda: SimpleNamespace(at=lambda _age, male: 0.5))
    male_share: float = 0.5
    threshold: float = 10.0
    discounted: bool = True
    deal: Deal = field(default_factory=Deal)
    left: LeftToPay | None = None

    def with_left(self, left: Any) -> Any:
        """The same with another share left to pay."""
        return replace(self, left=left)


ECONOMICS = SimpleNamespace(
    budget=SimpleNamespace(treatments_per_year=None), population=SimpleNamespace(per_year=100.0)
)
SCENARIO = SimpleNamespace(compare=("old", "new"), reference="old", settings=SimpleNamespace(economics=ECONOMICS))
DRAWN = Drawn({"kit": np.array([1.0, 2.0, 3.0, 4.0])}, {})
GROUPS = (
    ("everybody", "all"),
    ("sex", "women"),
    ("sex", "men"),
    ("age", "any"),
    ("age", "none"),
    ("renal class", "normal"),
    ("renal class", "dialysis"),
)
# In two halves. No woman is in the third draw, and one patient of all is on dialysis.
PEOPLE = np.array([[[4.0, women, 4.0 - women, 4.0, 0.0, 4.0, 0.0] for women in (1.0, 1.0, 0.0, 2.0)]] * 2)
PEOPLE[1, 3, 5:] = 3.0, 1.0
AGES = np.array([[600.0, 60.0 * w, 80.0 * (8.0 - w), 600.0, 0.0, 600.0, 0.0] for w in (2.0, 2.0, 0.0, 4.0)])
AGES[3, 5:] = 525.0, 75.0


@pytest.fixture(autouse=True)
def plain_money(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ledgers that hold costs and QALYs, and at hospitals kits, which cost what is left of the draw's price. The QALYs of a
    ledger are undiscounted; discounted they are worth half."""

    def worth(ledgers: Any, parameters: Any, drawn: Any, values: Any) -> Any:
        assert parameters.shape == ledgers.shape[:1] and isinstance(drawn, Drawn) and isinstance(values, Valued)
        cost = ledgers[..., 0]
        if values.left is not None:
            paid = values.left.share(discounted=values.discounted) * drawn.prices["kit"][:, None]
            cost = cost + ledgers[..., 2] * paid
        return SimpleNamespace(cost=cost, qalys=ledgers[..., 1] * (0.5 if values.discounted else 1.0))

    monkeypatch.setattr(module, "worth", worth)
    monkeypatch.setattr(module, "treatments_each", lambda _values, ledgers: ledgers[..., 2])


def lives() -> SubgroupLives:
    """Under the old policy a woman has 4, 6 and 5 QALYs in the draws with women; a man 1, 2, 3 and 7.5; anybody 3."""
    ledgers = np.zeros((2, 4, 2, len(GROUPS), 2))
    each = PEOPLE * 3.0
    each[..., 1] = PEOPLE[..., 1] * [4.0, 6.0, 0.0, 5.0]
    each[..., 2] = PEOPLE[..., 2] * [1.0, 2.0, 3.0, 7.5]
    ledgers[:, :, 0, :, 1] = each
    return SubgroupLives(GROUPS, ledgers, PEOPLE, AGES, np.zeros(4))


def found(hospitals: HospitalLives | None = None, values: Valued | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    gains = {("sex", "women"): (0.4, 2.0), ("sex", "men"): (0.2, 1.0), ("age", "any"): (0.25, 1.25)}
    gains |= {
        ("age", "none"): (9.0, 9.0),
        ("renal class", "normal"): (0.25, 1.25),
        ("renal class", "dialysis"): (0.0, 0.0),
    }
    rows = [
        {"subgroup": a, "level": b, "policy": policy, "incremental_effect": e * on, "incremental_cost": c * on}
        for (a, b), (e, c) in gains.items()
        for policy, on in (("old", 0.0), ("new", 1.0))
    ]
    # The table may have its rows in any order.
    made = equity(lives(), pd.DataFrame(rows[::-1]), DRAWN, SCENARIO, values or Valued(), (1.0, 0.0), hospitals)  # type: ignore[arg-type]
    return made.groups, made.weighted


def test_groups_and_their_lifetime_health() -> None:
    """A quarter women of 60 with 30 + 5 QALYs, three quarters men of 80 with 40 + 3; nobody is in an empty group, and one may be
    alone in his."""
    groups, weighted = found()
    assert groups["level"].tolist() == ["women", "men", "any", "normal", "dialysis"] and set(groups["policy"]) == {
        "new"
    }
    assert groups["lifetime_health"].iloc[-1] == pytest.approx(75 / 2 + 3)
    women, men = groups.to_dict("records")[:2]
    assert (women["share"], women["age"], women["lifetime_health"]) == (0.25, 60.0, pytest.approx(35.0))
    assert (men["share"], men["age"], men["lifetime_health"]) == (0.75, 80.0, pytest.approx(43.0))
    assert (women["incremental_effect"], women["incremental_cost"]) == (0.4, 2.0)
    assert women["net_health_benefit"] == pytest.approx(0.4 - 0.2)
    sex = weighted[weighted["grouping"] == "sex"].set_index("epsilon")
    assert sex.index.tolist() == [0.0, 1.0]
    assert sex.loc[0.0, "weighted_effect"] == pytest.approx(0.25 * 0.4 + 0.75 * 0.2) and sex.loc[0.0, "ratio"] == 1.0
    assert sex.loc[0.0, "net_health_benefit"] == pytest.approx(0.25 - 0.125)
    mean = 0.25 / 35.0 + 0.75 / 43.0
    assert sex.loc[1.0, "weighted_effect"] == pytest.approx((0.25 / 35.0 * 0.4 + 0.75 / 43.0 * 0.2) / mean)
    assert sex.loc[1.0, "ratio"] == pytest.approx(43.0 / 35.0)
    assert sex.loc[1.0, "net_health_benefit"] == pytest.approx(sex.loc[1.0, "weighted_effect"] - 0.125)


def hospitals(**gains: tuple[float, float]) -> HospitalLives:
    """Four draws of 4, 2, 6 and 1 people, with each one's cost, QALYs and treatments under the two policies."""
    people = np.array([[[4.0], [2.0], [6.0], [1.0]]])
    per_head = np.array(
        [
            [[1.0, 5.0, 0.0], [3.0, 5.5, 0.5]],
            [[2.0, 4.0, 0.0], [6.0, 6.0, 2.0]],
            [[1.0, 6.0, 0.0], [2.0, 6.5, 1.0]],
            [[0.0, 3.0, 0.0], [8.0, 4.0, 0.0]],
        ]
    )
    ledgers = (per_head * people[0][:, :, None])[None][:, :, :, None, :]
    ages = people[0] * np.array([[70.0], [60.0], [75.0], [80.0]])
    whole = ((ledgers, 3), (people, 2), (ages, 1))
    # A second group without anybody.
    twice = (np.concatenate([each, 0.0 * each], axis=axis) for each, axis in whole)
    return HospitalLives(SubgroupLives(GROUPS[:2], *twice, np.zeros(4)), np.array([0.5, -0.3, -0.1, 0.9]), gains)


def test_hospitals_in_thirds_by_the_limbs_they_lose() -> None:
    """Four draws: the two that lose fewest are together, weighed by their people; gains are over the old policy."""
    groups, weighted = found(hospitals())
    own = groups[groups["grouping"] == "hospital"].set_index("level")
    assert own.index.tolist() == ["loses fewest limbs", "between", "loses most limbs"]
    assert own["share"].tolist() == pytest.approx([8 / 13, 4 / 13, 1 / 13])
    fewest = own.loc["loses fewest limbs"]
    assert fewest["age"] == pytest.approx((2 * 60 + 6 * 75) / 8)
    assert fewest["lifetime_health"] == pytest.approx(fewest["age"] / 2 + (2 * 4 + 6 * 6) / 8)
    assert fewest["incremental_cost"] == pytest.approx((2 * 4 + 6 * 1) / 8)
    assert fewest["incremental_effect"] == pytest.approx((2 * 2 + 6 * 0.5) / 8 / 2), "discounted, half of the QALYs"
    most = own.loc["loses most limbs"]
    assert (most["age"], most["lifetime_health"], most["incremental_cost"]) == (
        80.0,
        pytest.approx(43.0),
        pytest.approx(8.0),
    )
    plain = weighted[(weighted["grouping"] == "hospital") & (weighted["epsilon"] == 0.0)]["weighted_effect"].iloc[0]
    assert plain == pytest.approx((own["share"] * own["incremental_effect"]).sum())


def test_what_hospitals_are_short_of_is_spread_by_treatments() -> None:
    """A mean of 12/13 treatments: 5/4 of one at those that lose fewest, 1/2 between, none at the last, which changes nothing."""
    groups, _ = found(hospitals(new=(30 / 13 + 1.2, 5 / 13 - 0.12)))
    own = groups[groups["grouping"] == "hospital"].set_index("level")
    # 13/12 of what is short goes with each treatment.
    more, less = 1.2 * 13 / 12, 0.12 * 13 / 12
    costs = [14 / 8 + 5 / 4 * more, 2.0 + more / 2, 8.0]
    effects = [7 / 16 - 5 / 4 * less, 0.25 - less / 2, 0.5]
    assert own["incremental_cost"].tolist() == pytest.approx(costs)
    assert own["incremental_effect"].tolist() == pytest.approx(effects)
    assert (own["share"] * own["incremental_cost"]).sum() == pytest.approx(30 / 13 + 1.2)


def test_what_a_third_pays_on_the_terms_of_a_deal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Volume leaves 0.8 of the price, and of what everybody in a hospital's draw pays for, half fails and comes back; the second
    group, of which nothing fails, is not asked. The draw's price is its own."""
    monkeypatch.setattr(module, "by_volume", lambda *_: np.array([[1.0, 0.8]]))
    own = hospitals()
    back = np.zeros((1, 4, 2, 2, 2, 4))
    back[..., 0, 0] = back[..., 0, 2] = 4.0
    back[:, :, :, 0, 0, 1] = back[:, :, :, 0, 0, 3] = 2.0
    lives_of = replace(own.lives, back=back)
    values = Valued(deal=Deal(refund=1.0))
    groups, _ = found(replace(own, lives=lives_of), values)
    cost = groups[groups["grouping"] == "hospital"]["incremental_cost"].tolist()
    # Thirds of draws 2 and 3, of draw 1 and of draw 4; kits of a person are 2 and 1, 0.5, and none.
    assert cost == pytest.approx([(2 * (4 + 2 * 0.4 * 2) + 6 * (1 + 1 * 0.4 * 3)) / 8, 2 + 0.5 * 0.4 * 1, 8.0])


def test_the_volume_of_everybody_at_the_hospitals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treatments of a person, each hospital alike: 0.5, 2, 1 and, where there is one person, 3 are 1.625 on average, whatever
    other groups have."""
    asked: list[Any] = []
    monkeypatch.setattr(
        module, "by_volume", lambda _scenario, _values, treatments: asked.append(treatments) or "volume"
    )
    own = hospitals().lives
    people = own.people.copy()
    people[:, :, 1] = 100.0
    ledgers = own.ledgers.copy()
    ledgers[0, 3, 1, 0, 2] = 3.0
    own = SubgroupLives(own.groups, ledgers, people, own.ages, own.parameters)
    assert module._volume(own, SCENARIO, Valued()) == "volume"  # type: ignore[arg-type, comparison-overlap]
    assert asked[0] == pytest.approx(np.array([[0.0, 1.625]]))


def test_lives_at_a_hospital_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scenario at a new hospital in every draw, with the offsets drawn; nothing where no population of hospitals is known."""
    drawn = np.array([(0.2,), (0.1,), (0.3,)], [("hospital_amputation", float)])
    other = SimpleNamespace(register="register", parameter_draws=lambda rows: ("parameters", rows is drawn))

    def at(scenario: Any, changes: Any, name: str) -> Any:
        assert (scenario.name, changes, name) == ("base", {"evidence": {"centre": "new"}}, "base")
        return other

    monkeypatch.setattr(module, "load_hospitals", lambda: "known")
    monkeypatch.setattr(module, "laid_over", at)
    monkeypatch.setattr(module, "parameter_draws", lambda *words: drawn if words == ("register", 3, 7) else None)
    asked: list[Any] = []
    monkeypatch.setattr(module, "subgroup_lives", lambda *words: asked.append(words) or "lives")
    scenario: Any = SimpleNamespace(name="base", read="read")
    found = module.hospital_lives(scenario, 3, 20, 7, "simulations")  # type: ignore[arg-type]
    assert found is not None and (found.lives, found.amputation.tolist()) == ("lives", [0.2, 0.1, 0.3])
    assert asked == [(other, ("parameters", True), 20, 7, "simulations")]
    assert module.hospital_lives(scenario, 2, 20, 7, "simulations") is None  # type: ignore[arg-type]
    unread: Any = SimpleNamespace(name="base", read=None)
    assert module.hospital_lives(unread, 3, 20, 7, "simulations") is None  # type: ignore[arg-type]
    monkeypatch.setattr(module, "load_hospitals", lambda: None)
    assert module.hospital_lives(scenario, 3, 20, 7, "simulations") is None  # type: ignore[arg-type]
