"""Tables as hesim, heemod, BCEA and dampack leave them give the results of the same numbers in our own layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulator.questions.value.reading import read_results
from simulator.statistics.decision.results import CostEffectResults
from simulator.words.errors import BadInput

OPTIONS = ("Status.Quo", "Vaccination")
COST = np.array([[100.0, 160.0], [110.0, 150.5], [90.0, 170.0]])
EFFECT = np.array([[1.0, 1.2], [1.1, 1.15], [0.9, 1.3]])
RESPONSE = np.array([0.2, 0.3, 0.4])


def same(found: CostEffectResults, options: tuple[str, ...] = OPTIONS, parameters: bool = False) -> None:
    assert found.options == options
    assert (found.cost == COST).all()
    assert (found.effect == EFFECT).all()
    if parameters:
        assert found.parameters is not None
        assert list(found.parameters.columns) == ["response"]
        assert (found.parameters["response"] == RESPONSE).all()
    else:
        assert found.parameters is None


def long(draw: str, option: str, cost: str, effect: str, names: tuple[object, ...] = OPTIONS) -> pd.DataFrame:
    rows = np.repeat([1, 2, 3], 2)
    return pd.DataFrame({draw: rows, option: [*names] * 3, cost: COST.ravel(), effect: EFFECT.ravel()})


def test_hesim_is_read_by_its_column_names(tmp_path: Path) -> None:
    """With R's row names, one group and one discount rate; strategies are named by `strategy` before `strategy_id`."""
    table = long("sample", "strategy_id", "costs", "qalys", (1, 2)).assign(grp_id=1, dr=0.03)
    table.to_csv(tmp_path / "numbered.csv", index_label="")
    same(read_results(tmp_path / "numbered.csv"), ("1", "2"))
    table.assign(strategy=[*OPTIONS] * 3).to_parquet(tmp_path / "named.parquet", index=False)
    same(read_results(tmp_path / "named.parquet"))


def test_groups_of_hesim_are_never_mixed(tmp_path: Path) -> None:
    """Several groups or discount rates in one table are refused, each by its name."""
    table = long("sample", "strategy_id", "costs", "qalys")
    pd.concat([table.assign(grp_id=g, dr=0.01 * g) for g in (1, 2)]).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(BadInput) as refused:
        read_results(tmp_path / "t.csv")
    assert [problem.key for problem in refused.value.problems] == ["column 'grp_id'", "column 'dr'"]


def test_totals_of_hesim_are_taken_where_costs_have_categories(tmp_path: Path) -> None:
    """Rows of single categories of cost are left out beside the rows of totals."""
    table = long("sample", "strategy_id", "costs", "qalys", OPTIONS)
    parts = table.assign(costs=1.0, category="drugs")
    pd.concat([parts, table.assign(category="total")]).to_csv(tmp_path / "t.csv", index=False)
    same(read_results(tmp_path / "t.csv"))


def test_heemod_is_read_by_its_column_names(tmp_path: Path) -> None:
    """Parameters are what a draw has one of; values of states, which differ between strategies, are none."""
    table = long(".index", ".strategy_names", ".cost", ".effect").assign(
        response=np.repeat(RESPONSE, 2), cost=COST.ravel(), qaly=EFFECT.ravel(), **{".n_indiv": 1000}
    )
    table.to_csv(tmp_path / "t.csv", index=False)
    same(read_results(tmp_path / "t.csv"), parameters=True)


def test_costs_and_effects_may_be_two_tables(tmp_path: Path) -> None:
    """BCEA and dampack: a column an option in each file, in any order, row names or none, and parameters in a third."""
    pd.DataFrame(COST, columns=OPTIONS).to_csv(tmp_path / "cost.csv", index_label="")
    effects = pd.DataFrame(EFFECT, columns=OPTIONS)
    effects[list(OPTIONS[::-1])].to_csv(tmp_path / "effectiveness.csv", index=False)
    pd.DataFrame({"response": RESPONSE}).to_csv(tmp_path / "parameters.csv", index_label="")
    both = tmp_path / "cost.csv", tmp_path / "effectiveness.csv"
    same(read_results(both[0], effects=both[1]))
    same(read_results(both[0], effects=both[1], parameters=tmp_path / "parameters.csv"), parameters=True)


def test_two_tables_that_do_not_pair_are_refused_with_all_reasons(tmp_path: Path) -> None:
    """An option that only one table has, and unequal numbers of draws, are told together; nothing is guessed."""
    pd.DataFrame(COST, columns=OPTIONS).to_csv(tmp_path / "cost.csv", index=False)
    pd.DataFrame(EFFECT[:2], columns=["Status.Quo", "vaccination"]).to_csv(tmp_path / "effect.csv", index=False)
    with pytest.raises(BadInput) as refused:
        read_results(tmp_path / "cost.csv", effects=tmp_path / "effect.csv")
    said = [(problem.key, problem.value) for problem in refused.value.problems]
    assert said == [("column", "no 'Vaccination'"), ("column", "no 'vaccination'"), ("rows", "2")]
    with pytest.raises(BadInput, match="only together with a table of effects"):
        read_results(tmp_path / "cost.csv", parameters=tmp_path / "effect.csv")
