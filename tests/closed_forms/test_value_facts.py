"""What sentences about an economic analysis need and no table holds."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator import load_scenario
from simulator.evidence.economics.value_sets import value_sets
from simulator.evidence.sources import load_sources
from simulator.questions.value import facts as module
from simulator.questions.value.facts import NET_BENEFIT, facts, references
from simulator.questions.value.sensitivity.variants import rows_left_out, why_not_by
from simulator.scenario.economics import Deal, Discounting, Volume
from simulator.statistics.decision.population import Population
from simulator.valuation.values import values_of


@cache
def base() -> Any:
    """Care, cells and fewer cells by the usual payer."""
    scenario = load_scenario(policies=("conservative", "protocol", "single_dose"))
    return scenario, values_of(scenario)


READ = ("healing_rate", "male_share")


def analysis(economics: Any = None, status: str = "on the frontier", **changed: Any) -> Any:
    """An analysis of two draws whose tables hold only what is read here."""
    scenario, values = base()
    if economics:
        update = {"economics": scenario.settings.economics.model_copy(update=economics)}
        scenario = replace(scenario, settings=scenario.settings.model_copy(update=update))
        values = values_of(scenario)
    first = values.threshold
    best = pd.DataFrame(
        {
            "threshold": [first, first, first + 1.0, first],
            "frontier": [False, True, True, False],
            "option": ["conservative", "single_dose", "protocol", "protocol"],
        }
    )
    frontier = pd.DataFrame({"option": ["protocol", "single_dose"], "status": [status, "on the frontier"]})
    luck = pd.DataFrame(
        {
            "policy": ["single_dose", "protocol", "protocol"],
            "quantity": [NET_BENEFIT, "cost", NET_BENEFIT],
            **{name: [1.0, 2.0, value] for name, value in (("se", 3.0), ("se_draws", 4.0), ("se_patients", 5.0))},
            **{name: [1.0, 2.0, value] for name, value in (("sd", 6.0), ("patients_share", 0.7))},
            "bottleneck": ["none", "none", "draws"],
        }
    )
    plain = {
        "scenario": scenario,
        "valued_by": values,
        "policy": "protocol",
        "decision": SimpleNamespace(
            frontier=frontier, at_thresholds=lambda: best, population=Population(100.0, 5.0, 0.03, 7.0)
        ),
        "luck": luck,
        "lives": SimpleNamespace(parameters=np.zeros(2), people=60),
        "views": tuple(SimpleNamespace(lives=SimpleNamespace(parameters=np.zeros(n))) for n in (3, 4, 5)),
        "evpi": (9.0, 8.0),
        "trial": None,
        "two_way": None,
        "repeats": {"free": "unread"},
        "scenario_labels": {"own": "My own"},
        "one_way": SimpleNamespace(read=READ, unread=("idle",)),
    }
    return SimpleNamespace(**{**plain, **changed})


def test_who_and_what_an_analysis_is_about() -> None:
    """Policies, the best at the first threshold on the frontier, money, population, and its errors in the policy in focus."""
    scenario, values = base()
    found = facts(analysis(), ["change"])  # type: ignore[list-item]
    assert found["best"] == "single_dose" and (found["focus"], found["focus_asked"]) == ("protocol", False)
    assert found["error"] == {"se": 3.0, "se_draws": 4.0, "se_patients": 5.0, "sd": 6.0, "patients_share": 0.7}
    assert (found["bottleneck"], found["evpi"]) == ("draws", {"with_luck": 9.0, "without_luck": 8.0})
    assert (found["draws"], found["people"], found["views_draws"]) == (2, 60, 3)
    people = Population(100.0, 5.0, 0.03, 7.0)
    assert found["population"] == {"per_year": 100.0, "years": 5.0, "waiting": 7.0, "people": people.size()}
    assert [each["name"] for each in found["policies"]] == list(scenario.compare)
    assert found["policies"][0]["description"] == scenario.policies["conservative"].description
    assert found["labels"]["policy"]["protocol"] == scenario.policies["protocol"].label
    assert found["labels"]["scenario"] == {"own": "My own"}
    assert found["labels"]["number"]["ulcer"] == values.utility_set.states["ulcer"].label
    assert {"pbmnc_kit", "healing_rate"} <= set(found["labels"]["number"])
    assert (found["currency"], found["factor"], found["threshold"]) == (values.money.currency, 1.0, values.threshold)
    assert found["own_thresholds"] is False
    assert found["rates"] == {"costs": values.discounting.costs, "effects": values.discounting.effects}
    assert (found["repeats"], found["unread"], found["changes"]) == ({"free": "unread"}, ["idle"], ["change"])
    assert found["two_way"] is None and found["trial"] is None and found["trial_left_out"] == "draws"
    assert found["cell_products"] == ["pbmnc_kit"] and found["capacity"] is False
    assert (
        set(found["utility_set"]["other_ways"]) == set(value_sets()) - {"3L"} and found["utility_set"]["mapped"] == []
    )
    assert found["utility_set"]["other_ways"] == {
        other: why_not_by(other, values) for other in found["utility_set"]["other_ways"]
    }
    assert found["left_out"] == rows_left_out(values)


@pytest.mark.parametrize(
    ("status", "dominated"),
    [(module.DOMINATED, True), (module.EXTENDED, True), ("on the frontier", False)],
)
def test_whether_the_focus_is_dominated(status: str, dominated: bool) -> None:
    """By another option or by a mixture."""
    assert facts(analysis(status=status), [])["focus_dominated"] is dominated


def test_rates_that_differ_from_the_scenario_s_own() -> None:
    """The scenario's rates are told where values use others, and queues where it has them."""
    given = analysis()
    rates = given.scenario.settings.discounting
    given.valued_by = replace(given.valued_by, discounting=rates)
    assert facts(given, [])["own_rates"] is None
    given.valued_by = replace(given.valued_by, discounting=Discounting(effects=0.011, costs=0.012))
    found = facts(given, [])
    assert found["own_rates"] == rates.model_dump() and found["rates"] == {"costs": 0.012, "effects": 0.011}
    settings = given.scenario.settings.model_copy(update={"capacity": "queue"})
    given.scenario = replace(given.scenario, settings=settings)
    assert facts(given, [])["capacity"] is True


def test_terms_of_the_deal() -> None:
    """As the scenario has them, with the list prices paid for a first treatment."""
    deal = Deal(discount=0.1, wasted=0.2, repeat_price=0.5, volume=(Volume(above=5, discount=0.25),))
    assert facts(analysis({"deal": deal}), [])["deal"] == {
        "discount": 0.1,
        "wasted": 0.2,
        "repeat_price": 0.5,
        "refund": 0.0,
        "kits": 0.9 / 0.8,
        "refund_when": "limb_lost",
        "refund_within_years": 1.0,
        "volume": ({"above": 5, "discount": 0.25},),
    }
    terms = facts(analysis({"deal": Deal(refund=0.5)}), [])["deal"]
    assert (terms["refund"], terms["refund_when"]) == (0.5, "limb_lost")


def test_grades_of_what_is_read() -> None:
    """Counted by kind, a number of one's own as that; what was only recalled by name."""
    scenario, values = base()
    found = facts(analysis(), [])["grades"]
    assert sum(found["prices"].values()) == len(values.price_names) and sum(found["clinical"].values()) == len(READ)
    assert sum(found["utilities"].values()) == len(values.utility_set.states.names()) and "own" not in found["prices"]
    for name, grade in ((READ[0], scenario.register[READ[0]].grade),):
        assert found["clinical"][grade] >= 1, name
    own = facts(analysis({"prices": {"pbmnc_kit": 100.0}, "utilities": {"ulcer": 0.5}}), [])
    assert own["grades"]["prices"]["own"] == own["grades"]["utilities"]["own"] == 1
    assert sum(own["grades"]["prices"].values()) == len(values.price_names)
    assert [*module._counted(["own", "b", "published", "published"]).items()] == [("published", 2), ("own", 1)]


def test_numbers_that_were_recalled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prices, utilities and clinical numbers by name; one's own price is not recalled, whatever the payer's was."""

    def recalled(register: Any, *names: str) -> Any:
        return register.with_parameters({n: register[n].model_copy(update={"grade": "recalled"}) for n in names})

    given = analysis({"prices": {"dialysis_year": 100.0}})
    plain = set(facts(given, [])["recalled"])
    values, scenario = given.valued_by, given.scenario
    prices = recalled(values.perspective.prices, "dialysis_year", "minor_amputation")
    states = recalled(values.utility_set.states, "ulcer")
    given.valued_by = replace(
        values,
        perspective=replace(values.perspective, prices=prices),
        utility_set=replace(values.utility_set, states=states),
    )
    given.scenario = replace(scenario, register=recalled(scenario.register, READ[0]))
    found = facts(given, [])["recalled"]
    assert set(found) - plain == {"minor_amputation", "ulcer", READ[0]} - plain and "dialysis_year" not in found


def test_a_trial_and_a_grid() -> None:
    """Its sizes, results and money; two numbers with their bases and units, and the smallest and largest error."""
    table = pd.DataFrame({"years": [3.0, 2.0, 5.0]})
    trial = SimpleNamespace(table=table, design="two arms", draws=40, most=SimpleNamespace(value=7.0))
    first, second = SimpleNamespace(name="pbmnc_kit", base=5.0), SimpleNamespace(name="ulcer", base=0.5)
    grid = SimpleNamespace(
        first=first, second=second, policy="protocol", net_benefit_se=np.array([[3.0, 1.0], [2.0, 9.0]])
    )
    found = facts(analysis(trial=trial, two_way=grid), [])
    own = base()[0].settings.economics.trial
    assert found["trial"] == {
        **{"design": "two arms", "draws": 40, "most": 7.0, "first_result": 2.0, "last_result": 5.0},
        **{"currency": own.currency, "price_year": own.price_year},
        **{"fixed_cost": own.fixed_cost, "cost_per_patient": own.cost_per_patient},
    }
    assert found["trial_left_out"] is None
    prices, states = base()[1].perspective.prices, base()[1].utility_set.states
    assert found["two_way"] == {
        "first": {"name": "pbmnc_kit", "base": 5.0, "unit": prices["pbmnc_kit"].unit},
        "second": {"name": "ulcer", "base": 0.5, "unit": states["ulcer"].unit},
        **{"policy": "protocol", "least_error": 1.0, "most_error": 9.0},
    }


def test_why_there_is_no_worth_of_a_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Money that nothing restates, else too few draws."""
    monkeypatch.setattr(module, "can_be_paid", lambda trial, values: False)
    assert facts(analysis(), [])["trial_left_out"] == "money"


def test_publications_behind_an_analysis() -> None:
    """Those of prices, utilities, conventions and clinical numbers that are read; not of what is one's own or not read."""
    scenario, values = base()
    sources = load_sources()

    def cited(found: Any) -> set[str]:
        return {each["citation"] for each in references(found)}

    plain = cited(analysis())
    conventions = values.perspective.conventions
    kept = (conventions.discount.source, values.norm.source, values.utility_set.method.source)
    clinical = scenario.register["healing_rate"].source
    for keys in (*kept, clinical, *(each.source for each in conventions.thresholds)):
        assert {sources[key].citation for key in keys} <= plain
    severity = [key for rule in module.load_severity().values() for key in rule.source]
    assert {sources[key].citation for key in (*severity, *module.load_inventory().source)} <= plain
    assert len(plain) < len(sources) and any("Strong M, Oakley JE, Brennan A. Med" in each for each in plain)
    prices = values.perspective.prices
    by_price = {name: set(prices[name].source) for name in values.price_names}
    states = {p.name: set(p.source) for p in values.utility_set.states.parameters}
    for name, economics in (("pbmnc_kit", "prices"), ("ulcer", "utilities")):
        own = {**by_price, **states}[name]
        others = {key for other, keys in {**by_price, **states}.items() if other != name for key in keys}
        only = {sources[key].citation for key in own - others}
        assert {sources[key].citation for key in own} <= plain
        value = 100.0 if economics == "prices" else 0.5
        assert plain - cited(analysis({economics: {name: value}})) <= only
    assert any("Brennan A, Breeze P" in each for each in cited(analysis(trial=SimpleNamespace())))
    assert not any("Brennan A, Breeze P" in each for each in plain)
