"""Every price, utility and convention in force, with the evidence behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pandas as pd

from simulator.evidence.distributions import mean, text
from simulator.evidence.economics.perspective import Evidence
from simulator.evidence.economics.severity import load_severity
from simulator.evidence.life_table import SOURCE as LIFE_TABLES
from simulator.evidence.sources import load_sources
from simulator.scenario.scenario import Scenario
from simulator.valuation.values import Values

OWN = "own"
"""The grade of what the author of the analysis set, in place of the payer's value and of its source."""


def own_values(scenario: Scenario) -> frozenset[str]:
    """Names of the prices and utilities that the scenario sets."""
    return frozenset({*scenario.settings.economics.prices, *scenario.settings.economics.utilities})


def values_table(values: Values, own: Collection[str]) -> pd.DataFrame:
    """Every price and utility in force with the evidence behind it: kind, name, label, value, mean (of its draws), unit,
    distribution, grade, source, note. Amounts are the payer's own. `own` names those that the author set."""
    rows = []
    for kind, register, names in (
        ("price", values.perspective.prices, values.price_names),
        ("utility", values.utility_set.states, values.utility_set.states.names()),
    ):
        for name in names:
            p = register[name]
            rows.append(
                {
                    "kind": kind,
                    "name": name,
                    "label": p.label,
                    "value": p.value,
                    "mean": mean(p),
                    "unit": p.unit,
                    "distribution": text(p.distribution),
                    "grade": OWN if name in own else p.grade,
                    "source": "" if name in own else register.citations(name),
                    "note": "" if name in own else p.note,
                }
            )
    return pd.DataFrame(rows)


def conventions_table(scenario: Scenario, values: Values) -> pd.DataFrame:
    """Discount rates, thresholds, life table, norm, utility set and rules of severity in force, with the evidence behind each.

    Columns: convention (its kind), label, value (a rate a year, or money per QALY in the payer's currency; missing for what is
    no number), grade, source, note.
    """
    conventions, own = values.perspective.conventions, scenario.settings.economics
    rows: list[dict[str, Any]] = []

    def add(kind: str, label: str, value: float | None, grade: str, source: Iterable[str], note: str) -> None:
        sources = load_sources()
        cited = "; ".join(sources[key].citation for key in source)
        told = {"label": label, "value": value, "grade": grade, "source": cited, "note": note}
        rows.append({"convention": kind, **told})

    def evidence(kind: str, label: str, value: float | None, of: Evidence) -> None:
        add(kind, label, value, of.grade, of.source, of.note)

    for kind, rate, payers in (
        ("discount_costs", values.discounting.costs, conventions.discount.costs),
        ("discount_effects", values.discounting.effects, conventions.discount.effects),
    ):
        if rate == payers:
            evidence(kind, "", rate, conventions.discount)
        else:
            add(kind, "", rate, OWN, (), "")
    for each in conventions.thresholds if not own.thresholds else ():
        evidence("threshold", each.label, each.value, each)
    for value in own.thresholds or ():
        add("threshold", "", value, OWN, (), "In the money of the results.")
    table, norm, method = scenario.life_table, values.norm, values.utility_set.method
    add("life_table", f"{table.country} {table.period}", None, "published", [LIFE_TABLES], "")
    add("norm", norm.label, None, norm.grade, norm.source, norm.note)
    add("utility_set", method.label, None, "", method.source, method.note)
    for rule in load_severity().values():
        add("severity", rule.label, None, rule.grade, rule.source, rule.note)
    return pd.DataFrame(rows).astype({"value": "float64"})
