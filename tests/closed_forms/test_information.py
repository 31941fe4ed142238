"""Of which numbers and groups the value of information is asked, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.questions.value.research import information as module
from simulator.questions.value.research.information import information
from simulator.statistics.decision.results import CostEffectResults
from simulator.statistics.decision.voi import FEWEST_DRAWS
from simulator.valuation.values import Drawn

ALONG = pd.DataFrame({"threshold": [100.0, 200.0], "measure": "EVPI", "value": [1.0, 2.0]})
GROUPS = {"healing": ["rate", "ratio", "idle"], "death": ["risk"], "nothing": []}


def asked(draws: int, varies: Any = None) -> Any:
    """A decision of so many draws, with two prices, a utility and three clinical numbers of which two are read."""
    ones = np.ones((draws, 1))
    results = CostEffectResults(("care", "cells"), ones * [1.0, 2.0], ones * [0.1, 0.2], source="mine")
    columns = [(name, np.float64) for name in ("rate", "ratio", "risk", "idle")]
    parameters = np.zeros(draws, columns)
    parameters["rate"], parameters["risk"] = 3.0, 4.0
    drawn = Drawn({"kit": ones[:, 0], "bed": ones[:, 0]}, {"ulcer": ones[:, 0]})
    uncertain = varies or {"kit": 5.0 * ones[:, 0], "ulcer": 6.0 * ones[:, 0]}
    return SimpleNamespace(
        decision=SimpleNamespace(information=ALONG, results=results, population="people"),
        lives=SimpleNamespace(parameters=parameters),
        drawn=drawn,
        values=SimpleNamespace(threshold=100.0, uncertain=lambda given: uncertain if given is drawn else None),
        scenario=SimpleNamespace(
            register=SimpleNamespace(groups=[*GROUPS], names=GROUPS.__getitem__, therapies={}), view="central"
        ),
    )


@pytest.fixture(autouse=True)
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers by name in the view of the scenario."""
    by_name = module.by_name
    monkeypatch.setattr(
        module, "by_name", lambda draws, register, view: by_name(draws, register, view) if view == "central" else {}
    )


def ask(given: Any, read: tuple[str, ...], beside: Any) -> Any:
    """The table of what is to be learnt, once it is waited for."""
    return information(given.decision, given.lives, given.drawn, read, given.values, given.scenario, beside)


def test_what_is_asked() -> None:
    """Every number that is read or varies, at the first threshold; groups of two numbers and more; all alone at others."""
    given = asked(FEWEST_DRAWS)
    begun: list[Any] = []

    def beside(function: Any, *words: Any, **more: Any) -> Any:
        begun.append((function, words, more))
        return lambda: pd.DataFrame({"threshold": [100.0], "measure": "EVPPI", "value": [3.0]}, index=[5])

    table = ask(given, ("rate", "ratio", "risk"), beside)()
    ((function, (results, thresholds), more),) = begun
    assert function is module.information_table and thresholds == [100.0]
    assert more == {"groups": {"all of healing": ["rate", "ratio"]}, "population": "people"}
    assert results.cost.tolist() == given.decision.results.cost.tolist() and results.source == "mine"
    assert results.effect.tolist() == given.decision.results.effect.tolist() and results.options == ("care", "cells")
    assert list(results.parameters) == ["rate", "ratio", "risk", "kit", "ulcer"]
    assert results.parameters.iloc[0].tolist() == [3.0, 0.0, 4.0, 5.0, 6.0]
    assert table.to_dict("list") == {
        "threshold": [100.0, 200.0],
        "measure": ["EVPPI", "EVPI"],
        "value": [3.0, 2.0],
    }
    assert table.index.tolist() == [0, 1]


@pytest.mark.parametrize("kind", ["prices", "utilities"])
def test_groups_of_values(kind: str) -> None:
    """All prices that vary, and all utilities."""
    ones = np.ones(FEWEST_DRAWS)
    both = (
        {"kit": ones, "bed": ones, "ulcer": ones} if kind == "prices" else {"kit": ones, "ulcer": ones, "healed": ones}
    )
    words: list[Any] = []
    given = asked(FEWEST_DRAWS, both)
    ask(given, ("risk",), lambda *_, **more: words.append(more["groups"]))
    assert words == [{"all prices": ["kit", "bed"]} if kind == "prices" else {"all utilities": ["ulcer", "healed"]}]


def test_too_few_draws() -> None:
    """Only what knowing everything is worth, and nothing is begun."""
    assert ask(asked(FEWEST_DRAWS - 1), ("rate",), None)() is ALONG
