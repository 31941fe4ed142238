"""A decision between anybody's options as findings: the tables of its files, and the facts that its sentences need."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from simulator.questions.value.draws import long_draws
from simulator.statistics.decision.decision import Decision
from simulator.statistics.decision.incremental import EXTENDED
from simulator.statistics.decision.plane import ellipses_table
from simulator.statistics.decision.publications import methods_cited
from simulator.words.citations import joined
from simulator.words.findings import Findings


def decision_findings(
    found: Decision, inputs: Mapping[str, Path | bytes], currency: str, effect: str, source: str
) -> Findings:
    """Everything that is told of a decision; `currency` and `effect` are what its owner calls them."""
    results = found.results
    tables: dict[str, pd.DataFrame | None] = {
        "totals": found.totals,
        "frontier": found.frontier,
        "against": found.against,
        "net_benefit": found.net_benefit,
        "ceac": found.curves,
        "voi": found.information,
    }
    if found.curves is not None:
        parameters = pd.DataFrame() if results.parameters is None else results.parameters
        tables["ellipses"] = ellipses_table(results, found.comparator)
        tables["draws"] = long_draws(results, {str(name): parameters[name].to_numpy() for name in parameters})
    population = found.population
    facts: dict[str, Any] = {
        "title": source,
        "currency": currency,
        "effect": effect,
        "reference": found.comparator,
        "draws": results.draws,
        "options": list(results.options),
        "thresholds": list(found.thresholds),
        "usual_thresholds": found.usual_thresholds,
        "few_draws": found.few_draws,
        "mixed": bool((found.frontier["status"] == EXTENDED).any()),
        "dominated": bool(found.frontier["dominated_by"].notna().any()),
        "parameters": results.parameters is not None,
        "references": joined(
            (), methods_cited(draws=found.curves is not None, parameters=results.parameters is not None)
        ),
        "population": None
        if population is None
        else {
            "per_year": population.per_year,
            "years": population.years,
            "discount": population.discount,
            "people": population.size(),
        },
        "labels": {
            "policy": {name: name for name in results.options},
            "number": {name: name for name in ({} if results.parameters is None else results.parameters)},
        },
    }
    return Findings(
        "cea",
        {name: table for name, table in tables.items() if table is not None},
        facts,
        frozenset({"draws"} if "draws" in tables else ()),
        inputs,
    )
