"""Who belongs to which subgroup, what treating is worth there, and what deciding by subgroup is worth, by hand."""

from __future__ import annotations

from math import sqrt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.living.ledger import FIELDS
from simulator.questions.value.consequences import subgroups as module
from simulator.questions.value.consequences.subgroups import (
    SubgroupLives,
    SubgroupSums,
    members,
    stratified_value,
    subgroup_table,
)
from simulator.questions.value.valuation.valuation import COLUMN, Worth
from simulator.rules.population.patient import PATIENT

SCENARIO: Any = SimpleNamespace(compare=("old", "new"), reference="old")


def people(**columns: list[float]) -> Any:
    """Patients with these characteristics."""
    found = np.zeros(len(next(iter(columns.values()))), PATIENT)
    found["rutherford"] = 5
    for name, values in columns.items():
        found[name] = values
    return found


@pytest.mark.parametrize(
    ("column", "values", "subgroup", "levels"),
    [
        (
            "age",
            [64.9, 65.0, 75.0, 84.9, 85.0],
            "age",
            ["below 65", "65 to 75", "75 to 85", "75 to 85", "85 and above"],
        ),
        (
            "tcpo2_measured",
            [9.9, 10.0, 29.9, 30.0],
            "measured TcPO2, mmHg",
            ["below 10", "10 to 20", "20 to 30", "30 and above"],
        ),
        ("male", [0.0, 1.0], "sex", ["women", "men"]),
        ("rutherford", [4, 5, 6], "Rutherford class", ["4", "5", "6"]),
        ("small_ev_high", [0.0, 1.0], "small vesicles", ["low", "high"]),
        ("leiden", [0.0, 1.0], "thrombophilia", ["none", "carrier"]),
        ("mthfr", [0.0, 1.0], "thrombophilia", ["none", "carrier"]),
    ],
)
def test_who_belongs_where(column: str, values: list[float], subgroup: str, levels: list[str]) -> None:
    """A cut belongs to the band above it; everybody belongs to one level of every subgroup."""
    found = members(people(**{column: values}))
    told = [
        next(level for (name, level), who in found.items() if name == subgroup and who[k]) for k in range(len(values))
    ]
    assert told == levels
    for name in {name for name, _ in found}:
        assert (sum(who.astype(int) for (own, _), who in found.items() if own == name) == 1).all()


def kept(policy: str, who: Any, draw: int = 0) -> Any:
    """Lives whose ledgers hold each person's number."""
    ledgers = np.repeat(np.arange(1.0, len(who) + 1.0)[:, None], len(FIELDS), axis=1)
    return SimpleNamespace(what=Lives(who, ledgers), draw=draw, policy=policy)


class Lives:
    """People with their ledgers."""

    def __init__(self, patients: Any, ledgers: Any) -> None:
        self.patients, self.ledgers = patients, ledgers


def test_sums_of_even_and_odd_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """People 1 and 3 are the first half, 2 and 4 the second; their number and ages are counted once, not by policy."""
    monkeypatch.setattr(module, "Followed", Lives)
    who = people(age=[60.0, 70.0, 80.0, 90.0], male=[1.0, 1.0, 0.0, 0.0])
    result: Any = SimpleNamespace(
        draw_ids=[0],
        policies=["old", "new"],
        parameters=[None],
        kept=[kept("old", who), kept("new", who), SimpleNamespace(what=None, draw=0, policy="old")],
    )
    found = SubgroupSums()(result)
    names = list(members(who))
    everybody, men = names.index(("everybody", "all")), names.index(("sex", "men"))
    assert found["people"][0, :, everybody].tolist() == [2.0, 2.0] and found["people"][0, :, men].tolist() == [1.0, 1.0]
    assert found["ages"][0, [everybody, men]].tolist() == [300.0, 130.0]
    for policy in range(2):
        assert found["ledgers"][0, :, policy, everybody, 0].tolist() == [4.0, 6.0]
        assert found["ledgers"][0, :, policy, men, -1].tolist() == [1.0, 2.0]
    assert "back" not in found
    refunded: Any = SimpleNamespace(
        of_each=lambda lives, _params: np.ones((len(lives.ledgers), module.PARTS, module.SUMS))
    )
    back = SubgroupSums(refunded)(result)["back"]
    assert back[0, :, 1, everybody, 0, 0].tolist() == [2.0, 2.0]


def test_luck_is_taken_out_of_the_draws() -> None:
    """Draws 0, 4, 8 (variance 16) with halves 2 apart (noise 1): pulled to their mean by the root of 15/16."""
    draws = np.array([0.0, 4.0, 8.0])
    halves = np.array([draws - 1.0, draws + 1.0])
    found = module._without_luck(draws, halves)
    assert found == pytest.approx(4.0 + sqrt(15.0 / 16.0) * (draws - 4.0))
    assert module._without_luck(draws[:1], halves[:, :1]) is None
    # A noise of nine tenths of the variance is the most.
    at_most = np.array([draws - sqrt(14.3), draws + sqrt(14.3)])
    assert module._without_luck(draws, at_most) is not None
    assert module._without_luck(draws, np.array([draws - sqrt(14.5), draws + sqrt(14.5)])) is None
    assert module._without_luck(draws, np.zeros((2, 0))) is None
    same = np.full(3, 2.0)
    assert module._without_luck(same, np.array([same, same])) is same


def test_uncertainty_of_a_subgroup() -> None:
    """Each draw weighs its halves by their people; the interval is moved to the centre; nobody's draw is left out."""
    benefit = np.array([[0.0, 4.0, 9.0, 50.0], [4.0, 4.0, 9.0, 70.0]])
    who = np.array([[1.0, 2.0, 1.0, 0.0], [3.0, 2.0, 1.0, 0.0]])
    both = np.array([3.0, 4.0, 9.0])
    found = module._uncertainty(benefit, who, 1.0)
    noise = (16.0 + 0.0 + 0.0) / 3.0 / 4.0
    pulled = 1.0 + sqrt(1.0 - noise / both.var(ddof=1)) * (both - both.mean())
    assert found["se"] == pytest.approx(both.std(ddof=1) / sqrt(3.0))
    assert (found["low"], found["high"]) == pytest.approx(tuple(np.quantile(pulled, (0.025, 0.975))))
    assert found["probability"] == pytest.approx((pulled > 0).mean())
    hidden = module._uncertainty(np.array([[0.0, 9.0], [8.0, 2.0]]), np.ones((2, 2)), 1.0)
    assert np.isnan([hidden["low"], hidden["high"], hidden["probability"]]).all()


def test_means_over_people() -> None:
    """2 for three people and 6 for one: 3."""
    assert module._ratio(np.array([[2.0], [6.0]]), np.array([[3.0], [1.0]])) == 3.0


GROUPS = (("everybody", "all"), ("sex", "women"), ("sex", "men"))


def lives(**changed: Any) -> SubgroupLives:
    """Two halves of two draws of three women and one man each; ledgers are not read but for treatments."""
    ledgers = np.zeros((2, 2, 2, 3, len(FIELDS)))
    ledgers[:, :, 1, :, COLUMN["count_dose"]] = [6.0, 6.0, 0.0]
    who = np.tile(np.array([4.0, 3.0, 1.0]), (2, 2, 1))
    usual: dict[str, Any] = {
        "groups": GROUPS,
        "ledgers": ledgers,
        "people": who,
        "ages": who[0],
        "parameters": np.zeros(2),
    }
    return SubgroupLives(**(usual | changed))


def table(monkeypatch: pytest.MonkeyPatch, whole: Any, **changed: Any) -> pd.DataFrame:
    """The table where women gain 0.4 QALYs for 30 and men nothing for nothing, at 100 a QALY."""
    cost, qalys = {0: 22.5, 1: 30.0, 2: 0.0}, {0: 0.3, 1: 0.4, 2: 0.0}
    asked: list[Any] = []

    def price(ledgers: Any, _parameters: Any, _drawn: Any, _values: Any) -> Worth:
        g = len(asked) % len(GROUPS)
        asked.append(ledgers)
        money = np.tile([5.0, 5.0 + cost[g]], (2, 1))
        life = np.tile([1.0, 1.0 + qalys[g]], (2, 1))
        return Worth(money, life, life)

    monkeypatch.setattr(module, "worth", price)
    values: Any = SimpleNamespace(threshold=100.0, left=None, deal=SimpleNamespace(needs_lives=False))
    found = subgroup_table(lives(**changed), None, SCENARIO, values, whole)  # type: ignore[arg-type]
    # Ledgers are per person before they are valued: 6 doses of 4 people, then of 3 women.
    assert asked[0][0, 1, COLUMN["count_dose"]] == pytest.approx(1.5)
    assert asked[1][0, 1, COLUMN["count_dose"]] == pytest.approx(2.0)
    return found


def base(cost: float, effect: float) -> Any:
    """Increments of the base case, two draws about these means."""
    return np.array([[[0.0, cost - 1.0], [0.0, cost + 1.0]], [[0.0, effect - 0.1], [0.0, effect + 0.1]]])


def test_subgroups_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Women are worth 10, men nothing, everybody 7.5; where the base case is the same nothing is spread."""
    found = table(monkeypatch, base(22.5, 0.3)).set_index("level")
    assert found["net_benefit"].to_dict() == pytest.approx({"all": 7.5, "women": 10.0, "men": 0.0})
    assert found["share"].to_dict() == pytest.approx({"all": 1.0, "women": 0.75, "men": 0.25})
    assert found["incremental_cost"]["women"] == pytest.approx(30.0)
    assert found["incremental_effect"]["women"] == pytest.approx(0.4)
    assert found["best"].to_dict() == {"all": "new", "women": "new", "men": "old"}
    assert set(found["policy"]) == {"new"} and set(found["draws"]) == {2}


def test_the_difference_from_the_base_case_goes_where_treatments_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base case costs 3 more a person: 4 for each woman, who have 4/3 of everybody's treatments, nothing for men."""
    found = table(monkeypatch, base(25.5, 0.36)).set_index("level")
    assert found["incremental_cost"].to_dict() == pytest.approx({"all": 25.5, "women": 34.0, "men": 0.0})
    assert found["incremental_effect"].to_dict() == pytest.approx({"all": 0.36, "women": 0.48, "men": 0.0})
    assert (found["share"] * found["incremental_cost"])[["women", "men"]].sum() == pytest.approx(25.5)


def test_levels_without_anybody_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line for a level that nobody is of."""
    who = np.tile(np.array([4.0, 3.0, 0.0]), (2, 2, 1))
    assert list(table(monkeypatch, base(22.5, 0.3), people=who)["level"]) == ["all", "women"]


def stratified(everybody: tuple[float, float]) -> pd.DataFrame:
    """Two policies beside the old one: women gain 10 and 4, men lose 8 or gain 2."""
    rows = [
        ("everybody", "all", 1.0, "new", everybody[0]),
        ("everybody", "all", 1.0, "other", everybody[1]),
        ("sex", "women", 0.75, "new", 10.0),
        ("sex", "women", 0.75, "other", 4.0),
        ("sex", "men", 0.25, "new", -8.0),
        ("sex", "men", 0.25, "other", -2.0),
    ]
    return pd.DataFrame(rows, columns=["subgroup", "level", "share", "policy", "net_benefit"])


def test_choosing_by_sex() -> None:
    """New for all is worth 5.5; old for men saves them 8, a quarter of 8 for everybody."""
    found = stratified_value(stratified((5.5, 2.5)), "old").iloc[0]
    assert found["choices"] == "women: new; men: old"
    assert (found["one_for_all"], found["by_subgroup"], found["gain"]) == pytest.approx((5.5, 7.5, 2.0))
    # Where nothing is worth it for all the old policy is the one choice, and what women gain is the gain.
    none = stratified_value(stratified((-1.0, -2.0)), "old").iloc[0]
    assert (none["one_for_all"], none["by_subgroup"], none["gain"]) == pytest.approx((0.0, 7.5, 7.5))


def test_terms_of_a_deal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values as they are without a deal on lives; else what is left to pay in a group's lives, of one half or of both."""
    told: list[Any] = []
    monkeypatch.setattr(module, "left_to_pay", lambda _deal, volume, counts: told.append((volume, counts)))
    monkeypatch.setattr(module, "replace", lambda values, **changes: (values, changes))
    back = np.arange(2.0 * 2 * 2 * 3).reshape(2, 2, 2, 3, 1, 1)
    found = lives(back=back)
    plain: Any = SimpleNamespace(deal=SimpleNamespace(needs_lives=False))
    assert found.on_terms(plain, np.ones(1), 1) is plain
    terms: Any = SimpleNamespace(deal=SimpleNamespace(needs_lives=True))
    found.on_terms(terms, np.ones(1), 1, 0)
    found.on_terms(terms, np.ones(1), 2)
    lives().on_terms(terms, np.ones(1), 2)
    assert told[0][1] == pytest.approx(back[0, :, :, 1])
    assert told[1][1] == pytest.approx(back[0, :, :, 2] + back[1, :, :, 2])
    assert told[2][1] is None
