"""What is told of a decision between anybody's options: its tables, its facts and the publications that it rests on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.questions.value.cea import decision_findings
from simulator.statistics.decision.decision import decide
from simulator.statistics.decision.population import Population
from simulator.statistics.decision.publications import (
    ACCEPTABILITY,
    DECISION_RULES,
    EXPECTED_LOSS,
    NET_BENEFIT,
    PARTIAL_INFORMATION,
    SAMPLE_INFORMATION,
    methods_cited,
)
from simulator.statistics.decision.results import CostEffectResults


@pytest.mark.parametrize("draws", [True, False])
@pytest.mark.parametrize("parameters", [True, False])
@pytest.mark.parametrize("study", [True, False])
def test_methods_that_are_cited(draws: bool, parameters: bool, study: bool) -> None:
    """The rules and net benefit always; for what is uncertain, for its parts and for a study what each needs."""
    expected = [DECISION_RULES, NET_BENEFIT]
    expected += [ACCEPTABILITY, EXPECTED_LOSS] if draws else []
    expected += [PARTIAL_INFORMATION] if parameters else []
    expected += [SAMPLE_INFORMATION] if study else []
    assert methods_cited(draws=draws, parameters=parameters, study=study) == expected
    assert methods_cited(draws=draws, parameters=parameters) == methods_cited(
        draws=draws, parameters=parameters, study=False
    )


def results(cost: Any, effect: Any, draws: int, parameters: bool = False) -> CostEffectResults:
    """Three options in draws that differ a little."""
    little = 1e-3 * np.arange(draws)[:, None]
    columns = pd.DataFrame({"p": np.arange(float(draws))}) if parameters else None
    return CostEffectResults(("a", "b", "c"), np.array([cost]) + little, np.array([effect]) + little, columns, "mine")


PLAIN = ([0.0, 10.0, 40.0], [0.0, 1.0, 2.0])


def test_a_decision_of_draws() -> None:
    """Every table and fact; draws have a row each and become Parquet."""
    people = Population(100.0, 5.0, 0.03, 7.0)
    found = decide(results(*PLAIN, 30, parameters=True), [20.0], comparator="b", population=people)
    told = decision_findings(found, {"x.csv": b"x"}, "EUR", "limb", "Mine")
    assert (told.question, told.per_row, told.inputs) == ("cea", {"draws"}, {"x.csv": b"x"})
    assert set(told.tables) == {"totals", "frontier", "against", "ceac", "voi", "ellipses", "draws"}
    assert told.tables["totals"] is found.totals and told.tables["frontier"] is found.frontier
    assert told.tables["ceac"] is found.curves and told.tables["voi"] is found.information
    assert told.tables["against"] is found.against
    draws = told.tables["draws"]
    assert list(draws) == ["draw", "option", "cost", "effect", "p"] and draws["p"].tolist() == sorted([*range(30)] * 3)
    assert set(told.tables["ellipses"]["option"]) == {"a", "c"}
    facts = dict(told.facts)
    cited = {each["citation"] for each in facts.pop("references")}
    assert any("Strong M, Oakley JE, Brennan A." in each for each in cited) and any("Fenwick" in each for each in cited)
    assert facts == {
        **{"title": "Mine", "currency": "EUR", "effect": "limb", "reference": "b", "draws": 30},
        **{"options": ["a", "b", "c"], "thresholds": [20.0], "usual_thresholds": False, "few_draws": found.few_draws},
        **{"mixed": False, "dominated": False, "parameters": True},
        "population": {"per_year": 100.0, "years": 5.0, "discount": 0.03, "people": people.size()},
        "labels": {"policy": {"a": "a", "b": "b", "c": "c"}, "number": {"p": "p"}},
    }


def test_a_decision_of_means() -> None:
    """No draws to show, and no citation for what is not uncertain."""
    found = decide(results(*PLAIN, 1), [20.0], point_estimates=True)
    told = decision_findings(found, {}, "EUR", "limb", "Mine")
    assert not told.per_row and {"draws", "ellipses", "ceac", "voi"}.isdisjoint(told.tables)
    assert ("net_benefit" in told.tables) is (found.net_benefit is not None)
    assert told.facts["population"] is None and told.facts["labels"]["number"] == {} and not told.facts["parameters"]
    assert not any("Fenwick" in each["citation"] for each in told.facts["references"])
    assert len(told.facts["references"]) == 2


def test_draws_without_parameters() -> None:
    """Costs and effects alone."""
    told = decision_findings(decide(results(*PLAIN, 30), [20.0]), {}, "EUR", "limb", "Mine")
    assert list(told.tables["draws"]) == ["draw", "option", "cost", "effect"] and told.facts["population"] is None
    assert not any("Strong M" in each["citation"] for each in told.facts["references"])


def test_options_that_others_dominate() -> None:
    """A mixture of two others is better, or one of them is."""
    mixed = decision_findings(
        decide(results([0.0, 30.0, 40.0], [0.0, 1.0, 2.0], 30), [20.0]), {}, "EUR", "limb", "Mine"
    )
    assert mixed.facts["mixed"]
    plain = decision_findings(
        decide(results([0.0, 50.0, 40.0], [0.0, 1.0, 2.0], 30), [20.0]), {}, "EUR", "limb", "Mine"
    )
    assert plain.facts["dominated"] and not plain.facts["mixed"]
