"""Every table of an economic analysis under its name, and what each is made of; no table is worked out here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.questions.value import findings as module
from simulator.questions.value.findings import findings

CALLED = (
    *("options_table", "views_table", "ellipses_table", "costs_summed", "by_state", "events", "dialysis", "own_values"),
    *("hospitals_table", "impact_inventory", "values_table", "conventions_table", "draws_table", "workings_facts"),
)


@dataclass(frozen=True)
class Valued:
    """Values of which these are read here."""

    scope: str = "scope"
    discounted: bool = True


class Results:
    """Care and cells in two draws."""

    effect = np.array([[1.0, 2.0], [3.0, 4.0]])

    def column(self, option: str) -> int:
        """The place of an option."""
        return ("cells", "care").index(option)


def analysis(**changed: Any) -> Any:
    """An analysis whose tables are words."""
    against = pd.DataFrame(
        {"option": ["cells"], "incremental_cost": [5.0], "incremental_effect": [0.5], "quadrant": ["north-east"]}
    )
    plain = {
        "scenario": SimpleNamespace(reference="care", life_table="life table", centre="mine"),
        "valued_by": Valued(),
        "results": Results(),
        "decision": SimpleNamespace(frontier="frontier", against=against, curves="curves"),
        "lives": SimpleNamespace(ledgers="ledgers", parameters="parameters"),
        "one_way": SimpleNamespace(tornado="tornado", switching="switching"),
        "two_way": SimpleNamespace(table=lambda: "grid"),
        "equity": SimpleNamespace(groups="groups", weighted="weighted"),
        "budget": SimpleNamespace(table="budget", people="budget people"),
        "trial": SimpleNamespace(table="trial"),
        "seed": 7,
    }
    words = (
        "totals",
        "views",
        "drawn",
        "information",
        "costs",
        "net_benefit",
        "price",
        "scenarios",
        "subgroups",
        "luck",
    )
    return SimpleNamespace(**{**plain, **{name: name for name in (*words, "stratified")}, **changed})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What severity is asked with; every other table is its function's name and what that is given."""
    found: list[Any] = []
    for name in CALLED:
        monkeypatch.setattr(module, name, lambda *given, name=name: (name, *given))
    monkeypatch.setattr(module, "severity_table", lambda *given: found.append(given) or ("severity", "bands"))
    monkeypatch.setattr(
        module, "worth", lambda *given: SimpleNamespace(qalys=10.0 * Results.effect, given=found.append(given))
    )
    monkeypatch.setattr(module, "facts", lambda given, changed: {"facts": given.seed, "changed": changed})
    monkeypatch.setattr(
        module, "workings", lambda given: {"workings_lines": "lines", "workings_costs": "costs by draw"}
    )
    return found


def told(found: Any, **more: Any) -> Any:
    """The findings of an analysis."""
    given: Any = {"inputs": {"a": b"b"}, "settings": {"c": 1}, "changed": ["change"], **more}
    return findings(found, "people", **given)  # type: ignore[arg-type]


def test_every_table(asked: list[Any]) -> None:
    """In the order of the report; clinical ones among them."""
    found = analysis()
    got = told(found, clinical={"outcomes": "clinical"})
    lives, values, scenario = found.lives, found.valued_by, found.scenario
    assert got.tables == {
        "options": ("options_table", found),
        **{"totals": "totals", "frontier": "frontier", "against": found.decision.against},
        "views": ("views_table", "views", scenario, "drawn"),
        "ceac": "curves",
        "ellipses": ("ellipses_table", found.results, "care"),
        **{"voi": "information", "costs": "costs"},
        "costs_by_category": ("costs_summed", "costs", ["category", "kind"]),
        "costs_by_state": ("costs_summed", "costs", ["state"]),
        "states": ("by_state", lives, "drawn", values),
        "events": ("events", lives, "drawn", values),
        "dialysis": ("dialysis", lives, "drawn", values, "care"),
        "outcomes": "clinical",
        **{"net_benefit": "net_benefit", "price": "price", "tornado": "tornado", "switching": "switching"},
        **{"two_way": "grid", "scenarios": "scenarios"},
        "hospitals": ("hospitals_table", "scenarios", "mine"),
        **{"subgroups": "subgroups", "stratified": "stratified"},
        "impact_inventory": ("impact_inventory", "scope"),
        **{"equity": "groups", "equity_weighted": "weighted", "severity": "severity", "severity_bands": "bands"},
        **{"budget": "budget", "budget_people": "budget people", "trial_worth": "trial", "monte_carlo_error": "luck"},
        "values": ("values_table", values, ("own_values", scenario)),
        "conventions": ("conventions_table", scenario, values),
        "draws": ("draws_table", found),
    }
    assert (got.question, got.per_row, got.inputs, got.seed) == ("value", {"draws"}, {"a": b"b"}, 7)
    assert got.settings == {"c": 1} and got.facts == {"facts": 7, "changed": ["change"]}


def test_what_severity_is_weighed_by(asked: list[Any]) -> None:
    """QALYs under the reference, discounted and not, and what the others add."""
    found = analysis()
    told(found)
    worth, (people, table, values, care, plain, increments) = asked
    assert worth == ("ledgers", "parameters", "drawn", replace(Valued(), discounted=False))
    assert (people, table, values) == ("people", "life table", Valued())
    assert care.tolist() == [2.0, 4.0] and plain.tolist() == [20.0, 40.0]
    assert increments.to_dict("list") == {"option": ["cells"], "cost": [5.0], "effect": [0.5]}


def test_parts_that_an_analysis_has_not(asked: list[Any]) -> None:
    """No trial, no pair of numbers and nothing beside the reference: no tables of these."""
    decision = SimpleNamespace(frontier="frontier", against=None, curves="curves")
    got = told(analysis(trial=None, two_way=None, decision=decision))
    assert {"trial_worth", "two_way", "against"}.isdisjoint(got.tables) and "options" in got.tables
    assert asked[-1][-1].empty and list(asked[-1][-1]) == ["option", "cost", "effect"]


def test_what_recalculating_needs(asked: list[Any]) -> None:
    """Tables and facts of its own, those with a row a draw as Parquet."""
    found = analysis()
    got = told(found, recalculable=True)
    assert got.tables["workings_lines"] == "lines" and got.tables["workings_costs"] == "costs by draw"
    assert got.per_row == {"draws", "workings_costs"}
    assert got.facts == {"facts": 7, "changed": ["change"], "workings": ("workings_facts", found)}
    assert "workings" not in told(found).facts and "workings_lines" not in told(found).tables
