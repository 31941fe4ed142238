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
    subgroup_lives,
    subgroup_table,
)
from simulator.rules.population.patient import PATIENT
from simulator.scenario import load_scenario
from simulator.valuation import lives as lived
from simulator.valuation.ledger_columns import COLUMN
from simulator.valuation.valuation import Worth
from simulator.words.vocabulary import Renal

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
        ("renal", [each.value for each in Renal], "renal class", [each.name.lower() for each in Renal]),
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


def test_people_are_counted_under_the_first_of_several_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three policies in the last of three draws, after something that is no cohort: two people once, whose ledgers are each's."""
    monkeypatch.setattr(module, "Followed", Lives)
    who = people(age=[60.0, 80.0])
    nothing = SimpleNamespace(what=None, draw=0, policy="one")
    policies = ["one", "two", "three"]
    result: Any = SimpleNamespace(
        draw_ids=[5, 6, 7],
        policies=policies,
        parameters=[None] * 3,
        kept=[nothing, *(kept(policy, who, draw=2) for policy in reversed(policies))],
    )
    found = SubgroupSums()(result)
    groups = len(members(who))
    assert {name: each.shape for name, each in found.items()} == {
        "ledgers": (3, 2, 3, groups, len(FIELDS)),
        "people": (3, 2, groups),
        "ages": (3, groups),
    }
    assert found["people"][2, :, 0].tolist() == [1.0, 1.0] and found["ages"][2, 0] == 140.0
    assert found["ledgers"][2, :, :, 0, 0].tolist() == [[1.0] * 3, [2.0] * 3] and not found["ledgers"][:2].any()
    assert SubgroupSums().__name__ == "sums_by_subgroup"
    terms: Any = SimpleNamespace(__name__="terms")
    assert SubgroupSums(terms).__name__ == "sums_by_subgroup_terms"


@pytest.mark.parametrize("refunded", [None, "terms"])
def test_lives_by_subgroup_are_asked_for_with_their_shapes(monkeypatch: pytest.MonkeyPatch, refunded: Any) -> None:
    """What is summed is handed on with halves before draws; what comes back only where the deal pays back."""
    monkeypatch.setattr(module.Refunded, "under", lambda _scenario: refunded)
    names = tuple(members(people(age=[60.0])))
    draws: Any = [0.0, 1.0, 2.0]
    made: dict[str, Any] = {}

    def reduced(*words: Any) -> Any:
        *asked, shapes = words
        assert asked[:1] + asked[2:] == ["Subgroups", draws, 20, 7, SubgroupSums(refunded)] and asked[1] is SCENARIO
        made.update({name: np.random.default_rng(1).random((3, *shape)) for name, shape in shapes.items()})
        return made

    simulations: Any = SimpleNamespace(reduced=reduced)
    found = subgroup_lives(SCENARIO, draws, 20, 7, simulations)
    groups = len(names)
    expected = {"ledgers": (2, 2, groups, len(FIELDS)), "people": (2, groups), "ages": (groups,)}
    expected |= {} if refunded is None else {"back": (2, 2, groups, module.PARTS, module.SUMS)}
    assert {name: each.shape[1:] for name, each in made.items()} == expected
    assert (found.groups, found.parameters) == (names, draws)
    assert np.array_equal(found.ledgers, made["ledgers"].swapaxes(0, 1))
    assert np.array_equal(found.people, made["people"].swapaxes(0, 1)) and np.array_equal(found.ages, made["ages"])
    if refunded is None:
        assert found.back is None
    else:
        assert found.back is not None and np.array_equal(found.back, made["back"].swapaxes(0, 1))


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
    # Nine tenths to the digit: a variance of ten and a noise of nine.
    five = np.array([-4.0, -2.0, 0.0, 2.0, 4.0])
    assert module._without_luck(five, np.array([five - 3.0, five + 3.0])) is not None
    # Two draws with a variance of an eighth, whose halves are the same.
    two = np.array([0.0, 0.5])
    assert module._without_luck(two, np.array([two - 0.05, two + 0.05])) == pytest.approx(
        0.25 + sqrt(1.0 - 0.0025 / 0.125) * (two - 0.25)
    )
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
    # Halves that agree leave the draws as they are: two of four lie above nought, one of them above one.
    agreed = np.array([[-1.0, 0.0, 0.5, 1.5]] * 2)
    assert module._uncertainty(agreed, np.ones((2, 4)), 0.25)["probability"] == 0.5
    # A draw of which one half is nobody says nothing of luck, and a single person is somebody.
    lonely = np.array([[3.0, 5.0, 7.0, 90.0], [3.0, 5.0, 7.0, 9.0]])
    told = module._uncertainty(lonely, np.array([[2.0, 2.0, 2.0, 0.0], [2.0, 2.0, 2.0, 1.0]]), 6.0)
    assert (told["low"], told["high"]) == pytest.approx(tuple(np.quantile([3.0, 5.0, 7.0, 9.0], (0.025, 0.975))))
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
    # Draws and halves are alike, so that the interval is the value itself.
    for end in ("low", "high"):
        assert found[end].to_dict() == pytest.approx(found["net_benefit"].to_dict(), abs=1e-12)
    assert found["se"].to_dict() == pytest.approx({"all": 0.0, "women": 0.0, "men": 0.0}, abs=1e-12)


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


def by_doses(ledgers: Any, parameters: Any, drawn: Any, values: Any) -> Worth:
    """Ten and a tenth of a QALY a dose."""
    assert (parameters, drawn, values.name) == ("parameters", "drawn", "values")
    doses = ledgers[..., COLUMN["count_dose"]]
    return Worth(10.0 * doses, 0.1 * doses, doses)


def test_increments_of_halves_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums over people become means, of nobody nought; beside the reference's; each half and group has terms of its own."""
    monkeypatch.setattr(module, "worth", by_doses)
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(SubgroupLives, "on_terms", lambda _self, *words: asked.append(words) or words[0])
    ledgers = np.zeros((2, 1, 2, 2, len(FIELDS)))
    # Everybody and some of them, in both halves: 2 and 6 doses of old and new care among four people, 1 and 3 of one person.
    ledgers[0, 0, :, :, COLUMN["count_dose"]] = [[2.0, 1.0], [6.0, 3.0]]
    who = np.array([[[4.0, 1.0]], [[4.0, 0.0]]])
    own = lives(groups=GROUPS[:2], ledgers=ledgers, people=who, ages=who[0], parameters="parameters")
    for left, volume in ((None, [[1.0]]), (SimpleNamespace(by_volume=np.array([[1.0, 0.5]])), [[1.0, 0.5]])):
        asked.clear()
        values: Any = SimpleNamespace(threshold=200.0, left=left, name="values")
        benefit, cost, effect = module._by_group(own, "drawn", SCENARIO, values)  # type: ignore[arg-type]
        assert cost[0, 0].tolist() == [[0.0, 0.0], [10.0, 20.0]] and not cost[1].any()
        assert effect[0, 0, 1] == pytest.approx([0.1, 0.2]) and not effect[1].any()
        assert benefit[0, 0, 1] == pytest.approx([10.0, 20.0])
        assert [(group, half) for _, _, group, half in asked] == [(0, 0), (1, 0), (0, 1), (1, 1)]
        assert all(words[0] is values and words[1].tolist() == volume for words in asked)


@pytest.mark.parametrize(
    ("doses", "women", "men"),
    [
        # Nobody is treated: the difference goes to all alike.
        ([0.0, 0.0, 0.0], 33.0, 3.0),
        # Men alone are treated, a quarter of a dose for each person: four quarters of it to each man.
        ([1.0, 0.0, 1.0], 30.0, 12.0),
    ],
)
def test_where_the_difference_goes(
    monkeypatch: pytest.MonkeyPatch, doses: list[float], women: float, men: float
) -> None:
    """By treatments given, however few; the base case costs 3 more a person than these lives."""
    ledgers = np.zeros((2, 2, 2, 3, len(FIELDS)))
    ledgers[:, :, 1, :, COLUMN["count_dose"]] = doses
    cost = {0: 22.5, 1: 30.0, 2: 0.0}
    count: list[int] = []

    def price(*_: Any) -> Worth:
        count.append(1)
        money = np.tile([5.0, 5.0 + cost[(len(count) - 1) % 3]], (2, 1))
        return Worth(money, 0.0 * money, money)

    monkeypatch.setattr(module, "worth", price)
    values: Any = SimpleNamespace(threshold=100.0, left=None, deal=SimpleNamespace(needs_lives=False))
    found = subgroup_table(lives(ledgers=ledgers), None, SCENARIO, values, base(25.5, 0.0))  # type: ignore[arg-type]
    assert found.set_index("level")["incremental_cost"].to_dict() == pytest.approx(
        {"all": 25.5, "women": women, "men": men}
    )


def test_a_level_without_anybody_hides_none_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """No women: everybody and men are told; with one person there is a treatment for each."""
    who = np.tile(np.array([1.0, 0.0, 1.0]), (2, 1, 1))
    ledgers = np.zeros((2, 1, 2, 3, len(FIELDS)))
    ledgers[:, :, 1, :, COLUMN["count_dose"]] = [1.0, 0.0, 1.0]
    monkeypatch.setattr(module, "worth", lambda own, *_: Worth(own[..., 0], own[..., 0], own[..., 0]))
    values: Any = SimpleNamespace(threshold=100.0, left=None, deal=SimpleNamespace(needs_lives=False))
    own = lives(ledgers=ledgers, people=who, ages=who[0], parameters=np.zeros(1))
    found = subgroup_table(own, None, SCENARIO, values, np.zeros((2, 1, 2)))  # type: ignore[arg-type]
    assert list(found["level"]) == ["all", "men"]


def test_means_of_levels_weigh_their_own_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody costs 2 in a half of four and 4 in one of two: 2.67 on average, and 1 more in the base case for each."""
    cost = iter([2.0, 2.0, 4.0, 4.0])
    monkeypatch.setattr(
        module, "worth", lambda *_: Worth(np.array([[0.0, next(cost)]]), np.zeros((1, 2)), np.zeros((1, 2)))
    )
    who = np.array([[[4.0, 1.0]], [[2.0, 1.0]]])
    ledgers = np.zeros((2, 1, 2, 2, len(FIELDS)))
    own = lives(groups=GROUPS[:2], ledgers=ledgers, people=who, ages=who[0], parameters=np.zeros(1))
    values: Any = SimpleNamespace(threshold=100.0, left=None, deal=SimpleNamespace(needs_lives=False))
    whole = np.array([[[0.0, 16.0 / 6.0 + 1.0]], [[0.0, 0.0]]])
    found = subgroup_table(own, None, SCENARIO, values, whole).set_index("level")["incremental_cost"]  # type: ignore[arg-type]
    assert found.to_dict() == pytest.approx({"all": 16.0 / 6.0 + 1.0, "women": 3.0 + 1.0})


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


def test_one_choice_for_all_is_the_reference_unless_another_is_worth_something() -> None:
    """Half a euro is something, nought is not, and a policy that loses does not hide one that gains."""
    for everybody, one in (((0.5, 0.2), 0.5), ((5.5, -1.0), 5.5)):
        assert stratified_value(stratified(everybody), "old").iloc[0]["one_for_all"] == one
    for everybody in ((0.0, -1.0), (-0.5, -2.0)):
        found = stratified_value(stratified(everybody), "old").iloc[0]
        assert (found["one_for_all"], found["gain"]) == pytest.approx((0.0, 7.5))


def test_subgroups_keep_their_order_and_weigh_what_there_is() -> None:
    """Sex stays before age; shares that add up to less are weights all the same; at nothing to gain the reference is chosen."""
    rows = stratified((5.5, 2.5)).assign(share=lambda table: 0.5 * table["share"])
    older = pd.DataFrame(
        [("age", "old people", 1.0, "new", 0.0), ("age", "old people", 1.0, "other", -1.0)], columns=rows.columns
    )
    found = stratified_value(pd.concat([rows, older]), "old").set_index("subgroup")
    assert list(found.index) == ["sex", "age"] and found["gain"]["sex"] == pytest.approx(2.0)
    assert found["choices"]["age"] == "old people: old"


def test_terms_of_a_deal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values as they are without a deal on lives; else what is left to pay in a group's lives, of one half or of both."""
    told: list[Any] = []
    monkeypatch.setattr(
        module, "left_to_pay", lambda deal, volume, counts: told.append((volume, counts)) if deal.needs_lives else None
    )
    back = np.arange(2.0 * 2 * 2 * 3).reshape(2, 2, 2, 3, 1, 1)
    found = lives(back=back)
    plain: Any = SimpleNamespace(deal=SimpleNamespace(needs_lives=False))
    assert found.on_terms(plain, np.ones(1), 1) is plain
    terms: Any = SimpleNamespace(deal=SimpleNamespace(needs_lives=True), with_left=lambda left: ("left", left))
    found.on_terms(terms, np.ones(1), 1, 0)
    found.on_terms(terms, np.ones(1), 2)
    lives().on_terms(terms, np.ones(1), 2)
    assert told[0][1] == pytest.approx(back[0, :, :, 1])
    assert told[1][1] == pytest.approx(back[0, :, :, 2] + back[1, :, :, 2])
    assert told[2][1] is None


def test_treatments_of_a_single_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one woman of two people is treated: what everybody costs more in the base case is twice as much for her."""
    monkeypatch.setattr(module, "worth", lambda own, *_: Worth(*(0.0 * own[..., 0],) * 3))
    ledgers = np.zeros((2, 1, 2, 3, len(FIELDS)))
    ledgers[0, :, 1, :, COLUMN["count_dose"]] = [1.0, 1.0, 0.0]
    who = np.array([[[2.0, 1.0, 1.0]], [[0.0, 0.0, 0.0]]])
    own = lives(ledgers=ledgers, people=who, ages=who[0], parameters=np.zeros(1))
    values: Any = SimpleNamespace(threshold=100.0, left=None, deal=SimpleNamespace(needs_lives=False))
    found = subgroup_table(own, None, SCENARIO, values, np.array([[[0.0, 3.0]], [[0.0, 0.0]]]))  # type: ignore[arg-type]
    assert found.set_index("level")["incremental_cost"].to_dict() == pytest.approx(
        {"all": 3.0, "women": 6.0, "men": 0.0}
    )


def test_sums_by_other_groups_are_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """People who are seen one by one may be divided, and other classes give other sums; means of all stay what they were."""
    scenario = load_scenario()
    before: dict[bool, set[str]] = {}
    for classes in ((65.0, 75.0), (60.0, 70.0)):
        monkeypatch.setattr(lived, "divisions", lambda classes=classes: {"ages": SimpleNamespace(value=classes)})
        for keep in (True, False):
            model = lived.LivesOfDraws(scenario, ("age_mean",), 4, 1, SubgroupSums(), {}, keep=keep)
            before.setdefault(keep, set()).add(model.family())
    assert {keep: len(names) for keep, names in before.items()} == {True: 2, False: 1}
