"""Tables of costs and effects as they are read: what stands where, and every fault with its row."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.questions.value import reading
from simulator.questions.value.reading import LAYOUT, NOT_NEGATIVE, _table, read_results, results_from
from simulator.words.errors import BadInput

Told = list[tuple[str, str, str, str]]


def told(work: Any, *given: Any, **more: Any) -> Told:
    """File, key, value and what is allowed of every fault."""
    with pytest.raises(BadInput) as bad:
        work(*given, **more)
    return [(each.file, each.key, each.value, each.allowed) for each in bad.value.problems]


def long(**columns: list[Any]) -> pd.DataFrame:
    """Two draws of two options."""
    plain = {"draw": [1, 1, 2, 2], "option": ["A", "B", "A", "B"], "cost": [1.0, 2.0, 3.0, 4.0]}
    return pd.DataFrame({**plain, "effect": [0.1, 0.2, 0.3, 0.4], **columns})


def wide(**columns: list[Any]) -> pd.DataFrame:
    """The same, a row a draw."""
    plain = {"cost_A": [1.0, 3.0], "cost_B": [2.0, 4.0], "effect_A": [0.1, 0.3], "effect_B": [0.2, 0.4]}
    return pd.DataFrame({**plain, **columns})


def test_a_long_and_a_wide_table_say_the_same() -> None:
    """Options in the order in which they appear; a parameter's number of each draw, and no frame where there is none."""
    shuffled = long(p=[7.0, 7.0, 8.0, 8.0]).iloc[[2, 1, 0, 3]]
    for table, cost, p in (
        (long(p=[7.0, 7.0, 8.0, 8.0]), [[1.0, 2.0], [3.0, 4.0]], [7.0, 8.0]),
        (wide(p=[7.0, 8.0], draw=["x", "y"]), [[1.0, 2.0], [3.0, 4.0]], [7.0, 8.0]),
        (shuffled, [[3.0, 4.0], [1.0, 2.0]], [8.0, 7.0]),
    ):
        found = results_from(table, "mine")
        assert (found.options, found.cost.tolist(), found.source) == (("A", "B"), cost, "mine")
        assert found.effect.tolist() == (np.array(cost) / 10.0).tolist()
        assert found.parameters is not None and found.parameters.to_dict("list") == {"p": p}
    assert results_from(long(), "mine").parameters is None and results_from(wide(), "mine").parameters is None


def test_three_options_in_draws_of_their_own() -> None:
    """Every pair has its own place, also where there are more options than draws, or draws than options."""
    draws, options = [5, 5, 5, 6, 6, 6], ["A", "B", "C"] * 2
    table = pd.DataFrame({"draw": draws, "option": options, "cost": np.arange(6.0), "effect": 10.0 + np.arange(6.0)})
    found = results_from(table, "mine")
    assert found.cost.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert found.effect.tolist() == [[10.0, 11.0, 12.0], [13.0, 14.0, 15.0]]


def test_parameters_of_a_single_draw_are_no_costs() -> None:
    """In a wide table whatever is neither a cost nor an effect nor the draw is a parameter."""
    found = results_from(wide(draw=[1, 2], costly=[5.0, 6.0], p=[7.0, 8.0]), "mine")
    assert found.parameters is not None and list(found.parameters) == ["costly", "p"]


def test_columns_that_are_missing_twice_or_empty() -> None:
    """Each by its name, with the title that is nearest; a table that holds nothing at all says so."""
    twice = pd.DataFrame([[1.0, 2.0, 3.0]], columns=["cost_A", "cost_A", "effect_A"])
    assert told(results_from, twice, "mine") == [
        ("mine", "column", "'cost_A' more than once", "every column once"),
    ]
    without = long().rename(columns={"cost": "csot"}).drop(columns="draw")
    assert told(results_from, without, "mine") == [
        ("mine", "column", "no 'draw'", LAYOUT),
        ("mine", "column", "no 'cost' (the table has 'csot')", LAYOUT),
    ]
    assert told(results_from, pd.DataFrame({"x": [1.0]}), "mine") == [
        ("mine", "column", f"no '{name}'", LAYOUT) for name in ("draw", "option", "cost", "effect")
    ]
    for none in (long()[:0], wide()[:0]):
        assert told(results_from, none, "mine") == [("mine", "rows", "none", "one row per draw and option")]
    # A column `option` makes a table long, whatever else there is, and one without either kind is a long one, too.
    assert ("mine", "column", "no 'draw'", LAYOUT) in told(results_from, wide(option=["A", "B"]), "mine")


def test_cells_that_are_no_costs() -> None:
    """Words, nothing and infinity are no numbers; nought is a cost, and less is one where that is allowed."""
    table = long(cost=["many", None, np.inf, -5.0], effect=[0.1, np.nan, -0.3, 0.4]).set_index(pd.Index([9, 8, 7, 6]))
    faults = [
        ("mine", "cost in row 1 (draw 1, option A)", "'many'", "a finite number"),
        ("mine", "cost in row 2 (draw 1, option B)", "None", "a finite number"),
        ("mine", "cost in row 3 (draw 2, option A)", "inf", "a finite number"),
        ("mine", "cost in row 4 (draw 2, option B)", "-5", NOT_NEGATIVE),
        ("mine", "effect in row 2 (draw 1, option B)", "nan", "a finite number"),
    ]
    assert told(results_from, table, "mine") == faults
    assert told(results_from, table, "mine", negative_costs=True) == faults[:3] + faults[4:]
    assert results_from(long(cost=[0.0, 0.5, 0.0, 0.5]), "mine").cost.min() == 0.0
    assert results_from(long(cost=[-1.0, 0.0, 1.0, 2.0]), "mine", negative_costs=True).cost.min() == -1.0
    assert told(results_from, wide(cost_B=[-2.5, 1.0], effect_A=[0.1, "x"]), "mine") == [
        ("mine", "cost_B in row 1", "-2.5", NOT_NEGATIVE),
        ("mine", "effect_A in row 2", "'x'", "a finite number"),
    ]
    assert results_from(wide(cost_B=[-2.5, 1.0]), "mine", negative_costs=True).cost[0, 1] == -2.5


def test_rows_that_are_there_twice_or_not_at_all() -> None:
    """A pair of draw and option stands once; a name is no empty cell."""
    again = long(draw=[1, 1, 2, 2], option=["A", "B", "A", "A"])
    assert told(results_from, again, "mine") == [
        ("mine", "draw and option in row 4 (draw 2, option A)", "seen before", "every pair of draw and option once"),
        ("mine", "draw 2", "no row for option 'B'", "every option in every draw"),
    ]
    empty = told(results_from, long(draw=[1, 1, None, 2], option=["A", "B", "A", " "]), "mine")
    assert ("mine", "draw in row 3 (draw nan, option A)", "empty", "a name or number") in empty
    assert ("mine", "option in row 4 (draw 2.0, option  )", "empty", "a name or number") in empty
    assert told(results_from, wide(draw=[3, 3]), "mine") == [
        ("mine", "draw in row 2 (draw 3)", "seen before", "every draw once")
    ]
    assert told(results_from, wide(draw=[3, None]), "mine") == [
        ("mine", "draw in row 2 (draw nan)", "empty", "a name or number")
    ]


def test_many_missing_rows_are_counted() -> None:
    """Ten by name, the others in one line."""
    table = pd.DataFrame({"draw": range(12), "option": ["A"] + ["B"] * 11, "cost": 1.0, "effect": 1.0})
    found = told(results_from, table, "mine")
    assert found[0] == ("mine", "draw 0", "no row for option 'B'", "every option in every draw")
    assert found[-1] == ("mine", "draws", "2 more like these", "every option in every draw") and len(found) == 11
    found = told(results_from, long(cost=["x"] * 4).loc[np.repeat(np.arange(4), 3)], "mine")
    assert ("mine", "cost", "2 more like these", "a finite number") in found


def test_a_parameter_that_depends_on_the_option() -> None:
    """It has the number of the first row of its draw; what is no number is told as that and not as a difference."""
    rule = "a parameter has one value per draw, whatever the option"
    assert told(results_from, long(p=[7.0, 7.0, 8.0, 8.5]), "mine") == [
        ("mine", "p in row 4 (draw 2, option B)", "8.5", rule)
    ]
    assert told(results_from, long(p=["x", 7.0, 8.0, "y"]), "mine") == [
        ("mine", "p in row 1 (draw 1, option A)", "'x'", "a finite number"),
        ("mine", "p in row 4 (draw 2, option B)", "'y'", "a finite number"),
    ]


def test_one_option_is_nothing_to_choose() -> None:
    """Long or wide; and a cost or an effect that stands alone makes no option."""
    few = ("mine", "options", "'A'", "at least 2: a decision needs something to choose between")
    assert few in told(results_from, long().query("option == 'A'"), "mine")
    both = told(results_from, long(cost=[1.0, 2.0, -3.0, 4.0]).query("option == 'A'"), "mine")
    assert both == [few, ("mine", "cost in row 2 (draw 2, option A)", "-3", NOT_NEGATIVE)]
    found = told(results_from, wide().drop(columns=["effect_B"]).rename(columns={"effect_A": "effect_C"}), "mine")
    allowed = "both for every option"
    assert found[:3] == [
        ("mine", "column", "cost_A without effect_A", allowed),
        ("mine", "column", "cost_B without effect_B", allowed),
        ("mine", "column", "effect_C without cost_C", allowed),
    ]
    assert found[3][2] == "none"


def written(folder: Path, name: str, text: str) -> str:
    """A file of this text."""
    (folder / name).write_text(text)
    return str(folder / name)


def test_files_are_named_in_what_is_told(tmp_path: Path) -> None:
    """By their endings in any case; of several files every fault of each."""
    table = written(tmp_path, "t.CSV", " draw, option, cost, effect\n1, A, 1, 0.1\n1, None, 2, 0.2\n")
    found = read_results(table)
    assert (found.options, found.source, found.cost.tolist()) == (("A", "None"), table, [[1.0, 2.0]])
    wide().to_parquet(tmp_path / "w.PARQUET")
    assert read_results(tmp_path / "w.PARQUET").cost.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    bare, sheet, none = (str(tmp_path / name) for name in ("bare", "t.xlsx", "none.csv"))
    assert told(read_results, bare, effects=sheet, parameters=none) == [
        (bare, "file", "no ending", "a table that ends in .csv or .parquet"),
        (sheet, "file", ".xlsx", "a table that ends in .csv or .parquet"),
        (none, "file", "not found", "an existing .csv or .parquet file"),
    ]
    (given,) = told(read_results, table, parameters=none)
    assert given == ("parameters", "parameters", "given", "only together with a table of effects")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Nothing in them, semicolons, too many cells in a row, bytes of something else."""
    for text, key, value, allowed in (
        ("", "file", "empty", LAYOUT),
        ("draw;option\n1;A\n", "separator", "';'", "commas between columns and points in decimals"),
    ):
        name = written(tmp_path, "t.csv", text)
        assert told(_table, Path(name)) == [(name, key, value, allowed)]
    name = written(tmp_path, "t.csv", "a,b\n1,2,3\n")
    ((file, key, value, allowed),) = told(_table, Path(name))
    assert (file, key, allowed) == (name, "file", "a table in CSV (UTF-8) or Parquet")
    assert value.startswith("unreadable (Length of header") and "\n" not in value
    name = written(tmp_path, "t.parquet", "no parquet")
    ((file, key, value, _),) = told(_table, Path(name))
    assert (file, key) == (name, "file") and value.startswith("unreadable (")


def test_cells_of_a_file_are_what_is_written(tmp_path: Path) -> None:
    """Draws and options are words, so that 01 is not 1; NA is a word, too; every digit of a number counts."""
    digits = "0.1000000000000000055511151231257827"
    text = f"draw,option,cost,effect;x\n01,NA,{digits},1\n1,2;3,1e23,2\n"
    found = _table(Path(written(tmp_path, "t.csv", text)))
    assert found["draw"].tolist() == ["01", "1"] and found["option"].tolist() == ["NA", "2;3"]
    assert found["cost"].tolist() == [0.1, 1e23] and list(found)[-1] == "effect;x"
    (alone,) = _table(Path(written(tmp_path, "one.csv", "cost_A\n1\n")))
    assert alone == "cost_A"


def test_long_tables_are_read_as_a_whole(tmp_path: Path) -> None:
    """A word far below numbers makes no piece of the column another kind of thing, of which pandas would warn."""
    header = ",".join(f"p{number}" for number in range(1024))
    rows = ("1," * 1023 + "1\n") * 520
    name = written(tmp_path, "t.csv", f"{header}\n{rows}many{',1' * 1023}\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _table(Path(name))["p0"].iloc[[0, -1]].tolist() == ["1", "many"]


def test_two_tables_and_a_third_of_parameters(tmp_path: Path) -> None:
    """Named together in messages; frames go by what they are; parameters have a row a draw."""
    costs = pd.DataFrame({"A": [1.0, 2.0], "B": [3.0, 4.0]}, index=[5, 6])
    effects = pd.DataFrame({"A": [0.1, 0.2], "B": [0.3, 0.4]})
    numbers = pd.DataFrame({"": ["1", "2"], "p": [7.0, 8.0]}, index=[8, 9])
    found = read_results(costs, effects=effects, parameters=numbers)
    assert found.source == "costs and effects" and found.parameters is not None
    assert found.cost.tolist() == [[1.0, 3.0], [2.0, 4.0]] and found.effect.tolist() == [[0.1, 0.3], [0.2, 0.4]]
    assert found.parameters.to_dict("list") == {"p": [7.0, 8.0]}
    file = written(tmp_path, "c.csv", "A,B\n1,3\n2,4\n")
    assert read_results(file, effects=effects).source == f"{file} and effects"
    assert told(read_results, costs, effects=effects, parameters=numbers[:1]) == [
        ("parameters", "rows", "1", "as many as costs: 2")
    ]
    assert told(read_results, file, effects=effects.assign(C=1.0)) == [
        (file, "column", "no 'C'", "the same options in both tables")
    ]
    assert told(read_results, file, effects=effects[["A"]]) == [
        ("effects", "column", "no 'B'", "the same options in both tables")
    ]
    negative = costs.assign(A=[-1.0, 2.0])
    assert told(read_results, negative, effects=effects)[0][:3] == ("costs and effects", "cost_A in row 1", "-1")
    assert read_results(negative, effects=effects, negative_costs=True).cost[0, 0] == -1.0
    assert read_results(wide(cost_A=[-1.0, 3.0]), negative_costs=True).source == "results"
    assert told(read_results, wide(cost_A=[-1.0, 3.0]))[0][0] == "results"


def test_one_file_may_be_both_tables(tmp_path: Path) -> None:
    """Somebody's effects are their costs: a table read twice is two tables."""
    file = written(tmp_path, "both.csv", "A,B\n1,3\n2,4\n")
    found = read_results(file, effects=file)
    assert found.cost.tolist() == found.effect.tolist() == [[1.0, 3.0], [2.0, 4.0]]


def test_faults_of_what_is_read_are_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a reader refuses in words of its own is told in those."""

    def refuses(_: Path) -> Any:
        raise BadInput([reading.Problem("x", "y", "z", "w")])

    monkeypatch.setattr(reading, "_csv", refuses)
    assert told(_table, Path(written(tmp_path, "t.csv", "a\n1\n"))) == [("x", "y", "z", "w")]
