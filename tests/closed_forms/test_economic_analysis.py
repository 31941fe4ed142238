"""The parts of an economic analysis that decide what is simulated, and of which policy it speaks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.questions.value import analysis
from simulator.questions.value.analysis import Effort, base_lives, best_treatment, economic_analysis, main_policy
from simulator.questions.value.sensitivity.variants import Row
from simulator.statistics.decision.net_benefit import net_benefit_table
from simulator.statistics.decision.population import Population
from simulator.statistics.decision.results import CostEffectResults
from simulator.words.errors import BadInput


def test_what_is_simulated_beside_the_base_case() -> None:
    """At most 200 and 100 draws, and no more than there are; twice the patients for subgroups and four times for twins."""
    assert Effort.beside(1_000, 500) == Effort(200, 100, 1_000, 2_000)
    assert Effort.beside(150, 10) == Effort(150, 100, 20, 40) and Effort.beside(40, 10) == Effort(40, 40, 20, 40)


def test_the_best_treatment_depends_on_the_threshold() -> None:
    """A small gain for little, or a large one for much; the reference is none, even where it is best."""
    cost = np.array([[0.0, 1_000.0, 9_000.0]] * 2)
    qalys = np.array([[0.0, 0.1, 0.5]] * 2) + np.array([[0.3], [-0.3]])
    results = CostEffectResults(("care", "little", "much"), cost, qalys, source="x")
    assert best_treatment(results, 15_000.0, "care") == "little"
    assert best_treatment(results, 30_000.0, "care") == "much"
    assert best_treatment(results, 1_000.0, "care") == "little"
    assert best_treatment(results, 30_000.0, "much") == "little"


def test_one_policy_is_nothing_to_decide_between() -> None:
    """The policy that the files speak of, or a message that names the one that there is."""
    scenario: Any = SimpleNamespace(headline="protocol", name="mine", compare=("care", "protocol"))
    assert main_policy(scenario) == "protocol"
    with pytest.raises(BadInput) as told:
        main_policy(SimpleNamespace(headline=None, name="mine", compare=("care",)))  # type: ignore[arg-type]
    (problem,) = told.value.problems
    assert (problem.file, problem.key, problem.value, problem.allowed) == (
        "mine",
        "compare",
        "care",
        "at least 2 policies",
    )


def test_the_base_case_has_draws_of_its_register(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as asked for, each in as many patients, with the seed for both."""
    monkeypatch.setattr(analysis, "parameter_draws", lambda register, draws, seed: (register, draws, seed))
    asked: list[Any] = []
    simulations: Any = SimpleNamespace(probabilistic=lambda *given: asked.append(given) or "lives")
    scenario: Any = SimpleNamespace(register="register", parameter_draws=lambda given: ("drawn", *given))
    assert base_lives(scenario, 2_000, 30, 7, simulations) == "lives"
    assert asked == [("Base case, 2,000 draws", scenario, ("drawn", "register", 2_000, 7), 30, 7)]


@dataclass
class Asked:
    """What an analysis reads first."""

    name: str = "mine"
    draws: int = 1_000

    @property
    def settings(self) -> Any:
        return SimpleNamespace(economics=SimpleNamespace(trial="the trial", draws=self.draws))


@pytest.mark.parametrize(
    ("payable", "draws", "allowed"),
    [
        (False, 1_000, analysis.TRIAL_MONEY),
        (True, analysis.FEWEST_DRAWS - 1, f"at least {analysis.FEWEST_DRAWS} draws to value a trial"),
        (True, analysis.FEWEST_DRAWS, None),
    ],
)
def test_a_trial_that_cannot_be_valued_is_refused_first(
    payable: bool, draws: int, allowed: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For its money, or for too few draws, before anything is simulated."""

    class Begins(Exception):
        pass

    def begins(*_: Any) -> Any:
        raise Begins

    values = SimpleNamespace(discounting="rates")
    monkeypatch.setattr(analysis, "values_of", lambda scenario: values)
    monkeypatch.setattr(analysis, "main_policy", lambda scenario: "protocol")
    monkeypatch.setattr(analysis, "check_numbers", lambda scenario, values: None)
    monkeypatch.setattr(
        analysis, "can_be_paid", lambda trial, given: payable and (trial, given) == ("the trial", values)
    )
    monkeypatch.setattr(analysis, "for_money", begins)
    trial: Any = SimpleNamespace(label="my trial")
    scenario: Any = Asked(draws=draws)
    if allowed is None:
        with pytest.raises(Begins):
            economic_analysis(scenario, simulated_trial=trial)
        return
    with pytest.raises(BadInput) as told:
        economic_analysis(scenario, simulated_trial=trial)
    (problem,) = told.value.problems
    assert (problem.file, problem.key, problem.value) == ("mine: [economics]", "trial", "my trial")
    assert problem.allowed == allowed


@dataclass(frozen=True)
class Valued:
    """Values of which an analysis itself reads these."""

    name: str = "values"
    needs_lives: bool = False
    left: str | None = None
    discounted: bool = True
    thresholds: tuple[float, ...] = (15_000.0, 30_000.0)
    threshold: float = 15_000.0
    money: str = "money"

    def with_left(self, left: Any) -> Any:
        """The same with another share left to pay."""
        return replace(self, left=left)

    @property
    def deal(self) -> Any:
        return SimpleNamespace(needs_lives=self.needs_lives)

    @property
    def discounting(self) -> Any:
        return SimpleNamespace(costs=0.03)

    @property
    def perspective(self) -> Any:
        return SimpleNamespace(conventions=SimpleNamespace(perspective=SimpleNamespace(country="Italy")))

    def sample(self, draws: int, seed: int) -> DrawnNumbers:
        return DrawnNumbers((draws, seed))


@dataclass(frozen=True)
class DrawnNumbers:
    """Numbers of draws, and how many of them are taken."""

    of: tuple[int, int]
    taken: int | None = None

    def first(self, draws: int) -> DrawnNumbers:
        return replace(self, taken=draws)


@dataclass(frozen=True)
class Gains:
    """Lives elsewhere, and what they gain."""

    gains: Any = None


CHANGES = pd.DataFrame(
    {
        "centre": ["mine", "new", "new"],
        "policy": ["cells", "care", "cells"],
        "incremental_cost": [1.0, 2.0, 3.0],
        "incremental_effect": [0.1, 0.2, 0.3],
    }
)


class Whole:
    """An analysis of which every part is only asked for: what it is given, and a name for what it gives back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, draws: int = 400, **settings: Any) -> None:
        self.asked: dict[str, list[tuple[Any, ...]]] = {}
        self.draws = draws
        plain = {"draws": draws, "patients": 50, "focus": "cells", "trial": "trial", "inequality_aversion": (2.0,)}
        budget = SimpleNamespace(name="budget")
        population = SimpleNamespace(per_year=100.0, years=5.0, waiting=7.0)
        self.economics = SimpleNamespace(**{**plain, "budget": budget, "population": population, **settings})
        self.scenario: Any = SimpleNamespace(
            name="mine",
            compare=("care", "cells"),
            reference="care",
            headline="cells",
            view="central",
            centre="mine",
            settings=SimpleNamespace(economics=self.economics),
        )
        self.lives = SimpleNamespace(
            ledgers="ledgers", parameters=np.arange(draws), halves=("half one", "half two"), name="lives"
        )
        views = tuple(
            SimpleNamespace(view=name, valued_by=f"valued in {name}", lives=f"lives in {name}")
            for name in ("sceptical", "central")
        )
        rows = [Row("again", "Again", Valued("again"), self.scenario), Row("there", "", Valued("there"), self.scenario)]
        answers: dict[str, Any] = {
            **{"values_of": Valued(), "check_numbers": None, "can_be_paid": True, "for_money": self.scenario},
            **{"base_lives": self.lives, "resimulated": rows[:1], "elsewhere": rows[1:]},
            **{
                "revalued": [Row("free", "Free", Valued("free"))],
                "pair_of": "pair",
                "two_way": "two",
                "decide": "decision",
            },
            **{"one_way": SimpleNamespace(read=("a", "b")), "information": lambda: "known", "lives_of": "own lives"},
            **{
                "on_terms": (Valued("terms", left="left"), "back"),
                "seen_in_every_view": views,
                "scenario_table": "table",
            },
            **{"subgroup_lives": "groups", "increments": "whole", "subgroup_table": "subgroups", "equity": "fair"},
            **{"hospital_lives": Gains(), "hospitals_table": CHANGES, "budget_lives": ["year 1", "year 2"]},
            **{"simulated_trial_worth": "worth elsewhere", "trial_lives": "summaries", "trial_worth": "trial worth"},
            **{
                "totals_table": "totals",
                "item_costs": "costs of items",
                "cost_table": "costs",
                "price_table": "prices",
            },
            **{"repeats": {"free": "unread"}, "stratified_value": "stratified", "budget_impact": "impact"},
            **{"luck_table": "luck", "evpi_without_luck": (2.0, 1.0)},
        }
        for name, answer in answers.items():
            monkeypatch.setattr(analysis, name, self.recorder(name, answer))
        monkeypatch.setattr(analysis, "worth", self.worth)
        aversions = {"low": SimpleNamespace(value=0.5), "high": SimpleNamespace(value=3.5)}
        monkeypatch.setattr(analysis, "load_aversions", lambda: aversions)

    def recorder(self, name: str, answer: Any) -> Any:
        """A function that notes what it is given."""

        def ask(*given: Any, **more: Any) -> Any:
            self.asked.setdefault(name, []).append((*given, *more.items()))
            return answer

        return ask

    def worth(self, ledgers: Any, parameters: Any, drawn: Any, values: Any) -> Any:
        """Cells cost 3,000 and gain a tenth of a QALY; the second half a fifth."""
        self.asked.setdefault("worth", []).append((ledgers, parameters.shape, drawn, values))
        gain = 0.2 if ledgers == "half two" else 0.1
        ones = np.ones((self.draws, 1))
        return SimpleNamespace(
            cost=ones * [1_000.0, 4_000.0], qalys=ones * [1.0, 1.0 + gain], discounted=values.discounted
        )

    def run(self, **more: Any) -> Any:
        """The analysis with the seed 7."""
        return economic_analysis(self.scenario, 7, "simulations", **more)  # type: ignore[arg-type]


DRAWN = DrawnNumbers((400, 7))
TERMS = Valued("terms", left="left")


def test_a_whole_analysis_asks_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every part with the scenario as it is valued, the base case's lives or its own, its share of draws and the seed."""
    whole = Whole(monkeypatch)
    chosen: list[Any] = []
    found = whole.run(chosen=lambda *given: chosen.append(given), beside="beside")
    asked, scenario, lives, values = whole.asked, whole.scenario, whole.lives, Valued()
    people = Population(100.0, 5.0, 0.03, 7.0)
    assert asked["check_numbers"] == [(scenario, values)] and asked["can_be_paid"] == [("trial", values)]
    ((_, rates),) = asked["for_money"]
    assert rates.costs == 0.03 and chosen == [(scenario, "cells")]
    assert asked["one_way"] == [(scenario, values, "simulations", 200, 7)]
    assert asked["pair_of"] == [("cells", scenario, values, ("a", "b"), 7)] * 2
    assert asked["base_lives"] == [(scenario, 400, 50, 7, "simulations")]
    ((results, thresholds, comparator, population),) = asked["decide"]
    assert (thresholds, comparator) == (values.thresholds, ("comparator", "care"))
    assert population == ("population", people) and results is found.results
    assert (results.options, results.source) == (("care", "cells"), "mine")
    assert results.cost[0].tolist() == [1_000.0, 4_000.0] and results.effect[0].tolist() == [1.0, 1.1]
    assert asked["information"] == [("decision", lives, DRAWN, ("a", "b"), values, scenario, "beside")]
    assert asked["two_way"] == [("pair", "cells", scenario, values, "simulations", 200, 7)]
    assert asked["seen_in_every_view"] == [(scenario, values, lives, 50, 7, "simulations")]
    rows = [asked["lives_of"][place][0] for place in (0, 1)]
    assert [row.name for row in rows] == ["again", "there"]
    assert asked["lives_of"] == [(row, 200, 50, 7, "simulations") for row in rows]
    assert asked["on_terms"] == [(scenario, row.valued_by, "own lives", 50, 7, "simulations") for row in rows]
    ((*given, table, seed),) = asked["scenario_table"]
    assert given == [scenario, values, lives, DRAWN] and seed == 7
    assert [(row.name, row.valued_by, of) for row, of in table] == [
        ("free", Valued("free"), None),
        ("again", TERMS, "own lives"),
        ("there", TERMS, "own lives"),
        ("view_sceptical", "valued in sceptical", "lives in sceptical"),
    ]
    ((_, parameters, *more),) = asked["subgroup_lives"]
    assert parameters.tolist() == list(range(100)) and more == [100, 7, "simulations"]
    assert asked["increments"] == [(scenario, values, lives, DRAWN)]
    assert asked["subgroup_table"] == [("groups", DRAWN.first(100), scenario, values, "whole")]
    assert asked["hospital_lives"] == [(scenario, 100, 100, 7, "simulations")]
    assert asked["hospitals_table"] == [("table", "mine")]
    gains = Gains({"care": (2.0, 0.2), "cells": (3.0, 0.3)})
    assert asked["equity"] == [("groups", "subgroups", DRAWN.first(100), scenario, values, (2.0,), gains)]
    assert asked["budget_lives"] == [(scenario, "cells", 200, 50, 7, "simulations")]
    assert asked["budget_impact"] == [
        (
            ["year 1", "year 2"],
            "cells",
            DRAWN.first(200),
            values,
            whole.economics.population,
            whole.economics.budget,
            None,
        )
    ]
    assert asked["trial_lives"] == [(scenario, "cells", 400, 50, 7, "simulations")]
    ((summaries, benefit, *terms),) = asked["trial_worth"]
    assert summaries == "summaries" and terms == ["trial", people, "money", "Italy", 7]
    assert benefit[0].tolist() == [15_000.0 - 1_000.0, pytest.approx(1.1 * 15_000.0 - 4_000.0)]
    assert "simulated_trial_worth" not in asked
    plain = replace(values, discounted=False)
    assert asked["worth"] == [
        (of, (400,), DRAWN, by)
        for of, by in (("ledgers", values), ("half one", values), ("half two", values), ("ledgers", plain))
    ]
    assert asked["item_costs"][0][2:] == (DRAWN, values) and asked["item_costs"][1][2:] == (DRAWN, plain)
    assert all(ledgers == "ledgers" and len(of) == 400 for ledgers, of, *_ in asked["item_costs"])
    assert asked["cost_table"] == [("costs of items", "costs of items", values)]
    ((base, undiscounted, options),) = asked["totals_table"]
    assert (base.discounted, undiscounted.discounted, options) == (True, False, ("care", "cells"))
    assert asked["price_table"] == [(scenario, values, found.views, DRAWN)]
    assert asked["repeats"] == [("table",)] and asked["stratified_value"] == [("subgroups", "care")]
    ((halves, options, reference, threshold),) = asked["luck_table"]
    assert [half.qalys[0, 1] for half in halves] == [1.1, 1.2]
    assert (options, reference, threshold) == (("care", "cells"), "care", 15_000.0)
    ((benefits,),) = asked["evpi_without_luck"]
    assert [half[0].tolist() for half in benefits] == [
        [14_000.0, pytest.approx(12_500.0)],
        [14_000.0, pytest.approx(14_000.0)],
    ]


def test_a_whole_analysis_keeps_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each under its name."""
    whole = Whole(monkeypatch)
    found = whole.run()
    assert (found.scenario, found.valued_by, found.policy) == (whole.scenario, Valued(), "cells")
    assert found.lives is whole.lives and found.drawn == DRAWN
    assert (found.decision, found.information, found.totals, found.costs) == ("decision", "known", "totals", "costs")
    expected = net_benefit_table(found.results, Valued().thresholds, "care")
    pd.testing.assert_frame_equal(found.net_benefit, expected)
    assert (found.price, found.two_way, found.scenarios) == ("prices", "two", "table")
    assert found.one_way.read == ("a", "b") and [seen.view for seen in found.views] == ["sceptical", "central"]
    assert found.scenario_labels == {"free": "Free", "again": "Again"} and found.repeats == {"free": "unread"}
    assert (found.subgroups, found.stratified, found.equity) == ("subgroups", "stratified", "fair")
    assert (found.budget, found.spent, found.back) == ("impact", ("year 1", "year 2"), None)
    assert (found.trial, found.luck, found.evpi, found.seed) == ("trial worth", "luck", (2.0, 1.0), 7)


def test_a_deal_that_only_lives_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base case is lived first, and what is left to pay there counts wherever no other lives are valued."""
    whole = Whole(monkeypatch)
    monkeypatch.setattr(analysis, "values_of", lambda scenario: Valued(needs_lives=True))
    found = whole.run()
    assert whole.asked["base_lives"] == [(whole.scenario, 400, 50, 7, "simulations")] * 2
    needs = Valued(needs_lives=True)
    assert whole.asked["on_terms"][0] == (whole.scenario, needs, whole.lives, 50, 7, "simulations")
    assert found.valued_by == TERMS and found.back == "back"
    for name in ("resimulated", "elsewhere", "revalued"):
        assert whole.asked[name] == [(whole.scenario, TERMS)]
    ((_, _, _, _, table, _),) = whole.asked["scenario_table"]
    assert table[0][0].valued_by == Valued("free", left="left")
    assert whole.asked["budget_impact"][0][-1] == "back"


def test_parts_that_an_analysis_cannot_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pair of numbers, no population of hospitals, no money for a trial or too few draws; the best treatment by itself."""
    few = analysis.FEWEST_DRAWS - 1
    whole = Whole(monkeypatch, draws=few, focus=None, inequality_aversion=None)
    monkeypatch.setattr(analysis, "pair_of", lambda *given: None)
    monkeypatch.setattr(analysis, "hospital_lives", lambda *given: None)
    monkeypatch.setattr(analysis, "best_treatment", lambda *given: ("best", *given[1:]))
    found = whole.run()
    assert found.two_way is None and found.trial is None and "two_way" not in whole.asked
    assert whole.asked["equity"][0][-2:] == ((0.5, 3.5), None) and "hospitals_table" not in whole.asked
    assert found.policy == ("best", 15_000.0, "care")  # type: ignore[comparison-overlap]
    whole = Whole(monkeypatch, draws=analysis.FEWEST_DRAWS)
    assert whole.run().trial == "trial worth"
    monkeypatch.setattr(analysis, "can_be_paid", lambda *given: False)
    assert whole.run().trial is None


def test_a_trial_of_one_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is valued in place of the one that the analysis would simulate."""
    whole = Whole(monkeypatch)
    trial: Any = SimpleNamespace(label="mine")
    found = whole.run(simulated_trial=trial)
    ((given, benefit, *terms),) = whole.asked["simulated_trial_worth"]
    assert given is trial and benefit.shape == (400, 2)
    assert terms == ["trial", Population(100.0, 5.0, 0.03, 7.0), "money", "Italy", 7]
    assert found.trial == "worth elsewhere" and "trial_lives" not in whole.asked  # type: ignore[comparison-overlap]


def test_lives_are_simulated_anew_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the default way, with the seed 1."""
    whole = Whole(monkeypatch)
    monkeypatch.setattr(analysis, "Simulations", lambda: "usual")
    found = economic_analysis(whole.scenario)
    assert whole.asked["base_lives"] == [(whole.scenario, 400, 50, 1, "usual")] and found.seed == 1
