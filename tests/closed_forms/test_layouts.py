"""Layouts of other programs, column by column: what is renamed, taken, left out and refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.statistics.decision.layouts import in_our_layout, joined, without_row_names
from simulator.words.errors import BadInput

Told = list[tuple[str, str, str, str]]


def told(work: Any, *given: Any) -> Told:
    """File, key, value and what is allowed of every fault."""
    with pytest.raises(BadInput) as bad:
        work(*given)
    return [(each.file, each.key, each.value, each.allowed) for each in bad.value.problems]


def table(*names: str) -> pd.DataFrame:
    """A row of numbers under these names."""
    return pd.DataFrame([np.arange(1.0, len(names) + 1)], columns=list(names))


def renamed(*names: str) -> list[str]:
    """What the columns are called afterwards."""
    return list(in_our_layout(table(*names), "theirs").columns)


def test_other_names_of_our_columns() -> None:
    """One other name for a column that is missing stands for it; two stand for nothing, and our own name stays."""
    ours = ["draw", "option", "cost", "effect"]
    assert renamed("iteration", "strategy", "costs", "qalys") == ours
    assert renamed("sim", "intervention", "cost", "effects") == ours
    assert renamed("sample", "option", "costs", "effect") == ours
    assert renamed("draw", "option", "cost", "qalys", "qaly") == ["draw", "option", "cost", "qalys", "qaly"]
    assert renamed("draw", "sample", "option", "costs", "effect") == ["draw", "sample", "option", "cost", "effect"]
    assert renamed("option", "strategy", "costs") == ["option", "strategy", "cost"]
    # Without a column for options it is a wide table, of which a parameter may be called anything.
    assert renamed("sim", "costs", "cost_A", "effect_A") == ["sim", "costs", "cost_A", "effect_A"]


def test_row_names_are_left_out() -> None:
    """The column without a title, in whatever table."""
    assert list(without_row_names(table("", "A", "B"))) == ["A", "B"]
    assert renamed("", "draw", "option") == ["draw", "option"]


def of_hesim(**columns: Any) -> pd.DataFrame:
    """Two strategies of one sample."""
    return pd.DataFrame({"sample": [1, 1], "strategy_id": [1, 2], "costs": [5.0, 6.0], "qalys": [0.5, 0.6]} | columns)


def test_hesim() -> None:
    """Names before numbers, whichever comes first; one group and rate are left out."""
    found = in_our_layout(of_hesim(grp_id=[1, 1], dr=[0.03, 0.03]), "theirs")
    assert found.to_dict("list") == {"draw": [1, 1], "option": [1, 2], "cost": [5.0, 6.0], "effect": [0.5, 0.6]}
    found = in_our_layout(of_hesim(strategy=["A", "B"]), "theirs")
    assert list(found) == ["draw", "cost", "effect", "option"] and found["option"].tolist() == ["A", "B"]
    # A table that lacks one of its columns is none of hesim's.
    assert list(in_our_layout(of_hesim().drop(columns="qalys"), "theirs")) == ["sample", "strategy_id", "costs"]


def test_hesim_s_categories_of_cost() -> None:
    """Where totals are among them only those are taken; a category that all rows share is a column like any other."""
    parts = of_hesim(category=["drugs", "drugs"])
    found = in_our_layout(pd.concat([parts, of_hesim(category=["total", "total"], costs=[7.0, 8.0])]), "theirs")
    assert found["cost"].tolist() == [7.0, 8.0] and "category" not in found
    assert in_our_layout(parts, "theirs")["category"].tolist() == ["drugs", "drugs"]


def test_groups_of_hesim() -> None:
    """What has more than one value is told in full, up to five values."""
    rule = "one value; a decision is about one of them"
    rows = of_hesim().loc[[0] * 6].assign(grp=[6, 5, 4, 3, 2, 1], dr=[0.03] * 5 + [0.0], grp_id=1)
    assert told(in_our_layout, rows, "theirs") == [
        ("theirs", "column 'grp'", "6 values: 1, 2, 3, 4, 5", rule),
        ("theirs", "column 'dr'", "2 values: 0.0, 0.03", rule),
    ]


def test_heemod() -> None:
    """Numbers that a draw has once are parameters; words, what differs between strategies and names with a point are not."""
    theirs = pd.DataFrame(
        {
            ".strategy_names": ["A", "B", "A", "B"],
            ".index": [1, 1, 2, 2],
            ".cost": [1.0, 2.0, 3.0, 4.0],
            ".effect": [0.1, 0.2, 0.3, 0.4],
            ".n_indiv": 1000,
            "cost": [9.0] * 4,
            "rate": [0.5, 0.5, 0.6, 0.6],
            "utility": [0.5, 0.7, 0.6, 0.6],
            "place": ["x", "x", "y", "y"],
        }
    )
    found = in_our_layout(theirs, "theirs")
    assert found.to_dict("list") == {
        "draw": [1, 1, 2, 2],
        "option": ["A", "B", "A", "B"],
        "cost": [1.0, 2.0, 3.0, 4.0],
        "effect": [0.1, 0.2, 0.3, 0.4],
        "rate": [0.5, 0.5, 0.6, 0.6],
    }
    assert ".cost" in in_our_layout(theirs.drop(columns=".effect"), "theirs")


def test_two_tables_become_one() -> None:
    """Options in the order of the costs, rows in that of each table, and no draw."""
    costs = pd.DataFrame({"draw": [4, 5], "A": [1.0, 2.0], "B": [3.0, 4.0]}, index=[7, 8])
    effects = pd.DataFrame({"": [1, 2], "B": [0.3, 0.4], "A": [0.1, 0.2]}, index=[9, 7])
    found = joined(costs, effects, "c", "e")
    assert found.to_dict("list") == {
        "cost_A": [1.0, 2.0],
        "cost_B": [3.0, 4.0],
        "effect_A": [0.1, 0.2],
        "effect_B": [0.3, 0.4],
    }
    assert joined(costs, effects.assign(draw=[4, 5]), "c", "e").equals(found)


def test_two_tables_that_do_not_pair() -> None:
    """Draws in another order; options that one lacks; rows of another number, of which no order is told."""
    costs = pd.DataFrame({"draw": [4, 5], "A": [1.0, 2.0], "B": [3.0, 4.0]})
    assert told(joined, costs, costs.assign(draw=[4, 6]), "c", "e") == [
        ("e", "draw", "in another order", "the draws of c in the same order")
    ]
    short = costs[:1].rename(columns={"B": "b"}).assign(draw=[9])
    assert told(joined, costs, short, "c", "e") == [
        ("e", "column", "no 'B'", "the same options in both tables"),
        ("c", "column", "no 'b'", "the same options in both tables"),
        ("e", "rows", "1", "as many as c: 2"),
    ]
