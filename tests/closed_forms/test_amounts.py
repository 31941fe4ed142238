"""Prices, utilities and conventions in force, with the evidence behind each: whose a number is, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from simulator import load_scenario
from simulator.evidence.distributions import mean, text
from simulator.evidence.economics.severity import load_severity
from simulator.evidence.life_table import SOURCE
from simulator.evidence.sources import load_sources
from simulator.scenario.economics import Discounting
from simulator.scenario.scenario import Scenario
from simulator.valuation.amounts import OWN, conventions_table, own_values, values_table
from simulator.valuation.values import Values, values_of


@cache
def base() -> tuple[Scenario, Values]:
    """Conservative care and the protocol by the usual payer."""
    scenario = load_scenario(policies=("conservative", "protocol"))
    return scenario, values_of(scenario)


def with_economics(**changed: Any) -> Scenario:
    """The same with other economic settings."""
    scenario, _ = base()
    economics = scenario.settings.economics.model_copy(update=changed)
    return replace(scenario, settings=scenario.settings.model_copy(update={"economics": economics}))


def test_numbers_of_one_s_own() -> None:
    """Prices and utilities that the scenario sets."""
    assert own_values(base()[0]) == frozenset()
    assert own_values(with_economics(prices={"pbmnc_kit": 1.0}, utilities={"ulcer": 0.5})) == {"pbmnc_kit", "ulcer"}


def test_prices_and_utilities() -> None:
    """Those that are read, in the payer's order, then every state; one's own have no source but their author."""
    _, values = base()
    table = values_table(values, {"pbmnc_kit", "ulcer"}).set_index("name")
    states = values.utility_set.states
    assert table.index.tolist() == [*values.price_names, *states.names()]
    assert table["kind"].tolist() == ["price"] * len(values.price_names) + ["utility"] * len(states.names())
    for name, register in (("dialysis_year", values.perspective.prices), ("healed", states)):
        p, row = register[name], table.loc[name]
        assert (row["label"], row["value"], row["mean"], row["unit"]) == (p.label, p.value, mean(p), p.unit)
        assert (row["distribution"], row["grade"], row["note"]) == (text(p.distribution), p.grade, p.note)
        assert row["source"] == register.citations(name)
    assert table.loc["dialysis_year", "source"]
    for name in ("pbmnc_kit", "ulcer"):
        assert table.loc[name, ["grade", "source", "note"]].tolist() == [OWN, "", ""]
    assert set(values_table(values, ())["grade"]).isdisjoint({OWN})


def rows(scenario: Scenario, values: Values) -> dict[str, list[dict[str, Any]]]:
    """What is told, by kind."""
    table = conventions_table(scenario, values)
    assert list(table) == ["convention", "label", "value", "grade", "source", "note"]
    assert table["value"].dtype == np.float64
    found: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_dict("records"):
        found.setdefault(str(row["convention"]), []).append({str(key): cell for key, cell in row.items()})
    return found


def test_a_payer_s_conventions() -> None:
    """Rates and thresholds with the payer's evidence; table, norm, utilities and rules of severity with theirs, and no number."""
    scenario, values = base()
    found, conventions, sources = rows(scenario, values), values.perspective.conventions, load_sources()

    def cited(keys: Any) -> str:
        return "; ".join(sources[key].citation for key in keys)

    discount = conventions.discount
    for kind, rate in (("discount_costs", discount.costs), ("discount_effects", discount.effects)):
        (row,) = found[kind]
        assert (row["value"], row["label"], row["grade"]) == (rate, "", discount.grade)
        assert (row["source"], row["note"]) == (cited(discount.source), discount.note)
    assert [(row["label"], row["value"], row["grade"], row["note"]) for row in found["threshold"]] == [
        (each.label, each.value, each.grade, each.note) for each in conventions.thresholds
    ]
    assert [row["source"] for row in found["threshold"]] == [cited(each.source) for each in conventions.thresholds]
    (table,) = found["life_table"]
    assert table["label"] == f"{scenario.life_table.country} {scenario.life_table.period}"
    assert (table["grade"], table["source"]) == ("published", sources[SOURCE].citation) and np.isnan(table["value"])
    (norm,) = found["norm"]
    own = values.norm
    assert (norm["label"], norm["grade"], norm["note"]) == (own.label, own.grade, own.note)
    assert norm["source"] == cited(own.source)
    (chosen,) = found["utility_set"]
    method = values.utility_set.method
    assert (chosen["label"], chosen["grade"], chosen["note"]) == (method.label, "", method.note)
    assert chosen["source"] == cited(method.source)
    assert [(row["label"], row["grade"], row["source"], row["note"]) for row in found["severity"]] == [
        (rule.label, rule.grade, cited(rule.source), rule.note) for rule in load_severity().values()
    ]


@pytest.mark.parametrize("which", ["costs", "effects"])
def test_rates_of_one_s_own(which: str) -> None:
    """Only what differs from the payer's is one's own."""
    scenario, values = base()
    rates = {"costs": values.discounting.costs, "effects": values.discounting.effects} | {which: 0.0123}
    found = rows(scenario, replace(values, discounting=Discounting(**rates)))
    for kind in ("costs", "effects"):
        (row,) = found[f"discount_{kind}"]
        assert row["value"] == rates[kind] and (row["grade"] == OWN) is (kind == which)
        if kind == which:
            assert (row["label"], row["source"], row["note"]) == ("", "", "")


def test_thresholds_of_one_s_own() -> None:
    """They stand in place of the payer's, in the money of results."""
    scenario = with_economics(thresholds=(5.0, 7.0))
    found = rows(scenario, values_of(scenario))["threshold"]
    assert [(row["label"], row["value"], row["grade"], row["source"]) for row in found] == [
        ("", 5.0, OWN, ""),
        ("", 7.0, OWN, ""),
    ]
    assert {row["note"] for row in found} == {"In the money of the results."}
