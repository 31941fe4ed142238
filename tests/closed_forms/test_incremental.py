"""The fully incremental analysis of a handful of options, by hand."""

from __future__ import annotations

from math import isnan, sqrt

import numpy as np
import pandas as pd
import pytest

from simulator.statistics.decision.incremental import against, frontier, incremental_analysis, standing
from simulator.statistics.decision.results import CostEffectResults


def told(column: pd.Series) -> list[str | None]:
    """The cells, None where nothing is said: pandas 3 keeps a missing word as NaN, pandas 2 as it was."""
    return [None if pd.isna(cell) else cell for cell in column]


def test_the_frontier_bends_only_upwards() -> None:
    """(0,0), (10,1), (30,2) cost 10 and 20 a unit; with (25,1) and (12,0.5) the one is dominated, the other a poor mixture."""
    cost, effect = np.array([30.0, 0.0, 25.0, 10.0, 12.0]), np.array([2.0, 0.0, 1.0, 1.0, 0.5])
    assert frontier(cost, effect) == [1, 3, 0]


def test_a_steeper_first_step_is_passed_over() -> None:
    """To 1 unit for 20, to 2 for 30: the first step costs 20 a unit and the second 10, so that 15 a unit leads past it."""
    assert frontier(np.array([0.0, 20.0, 30.0]), np.array([0.0, 1.0, 2.0])) == [0, 2]
    assert frontier(np.array([5.0, 20.0, 29.0]), np.array([1.0, 2.0, 4.0])) == [0, 2]


def test_options_on_a_line_stay() -> None:
    """(0,0), (10,1), (20,2) have equal ratios and all stay; of equally cheap options the more effective is the reference."""
    assert frontier(np.array([0.0, 10.0, 20.0]), np.array([0.0, 1.0, 2.0])) == [0, 1, 2]
    assert frontier(np.array([0.1, 0.4, 0.7]), np.array([0.0, 0.1, 0.2])) == [0, 1, 2]
    assert frontier(np.array([5.0, 5.0, 9.0]), np.array([1.0, 2.0, 2.0])) == [1]
    assert frontier(np.array([5.0, 5.0]), np.array([2.0, 2.0])) == [0]


def five() -> CostEffectResults:
    """A at (0,0), B (10,1), C (30,2), D dominated by B, E a mixture of B and C that costs more; F is B again."""
    means = {"A": (0.0, 0.0), "B": (10.0, 1.0), "C": (30.0, 2.0), "D": (11.0, 0.9), "E": (28.0, 1.5), "F": (10.0, 1.0)}
    cost, effect = np.array(list(means.values())).T
    return CostEffectResults(list(means), cost[None], effect[None])


def test_each_option_has_its_status() -> None:
    """In order of cost: the reference, the frontier with its ratios, who is dominated and by whom."""
    table = incremental_analysis(five())
    assert table["option"].tolist() == ["A", "B", "F", "D", "E", "C"]
    assert table["status"].tolist() == [
        "reference",
        "frontier",
        "equal",
        "dominated",
        "extendedly dominated",
        "frontier",
    ]
    assert told(table["dominated_by"]) == [None, None, "B", "B", "B + C", None]
    assert told(table["compared_with"]) == [None, "A", None, None, None, "B"]
    assert table["icer"].dropna().tolist() == [10.0, 20.0]
    assert table["incremental_cost"].dropna().tolist() == [10.0, 20.0]
    assert table["incremental_effect"].dropna().tolist() == [1.0, 1.0]
    assert table["icer_se"].isna().all() and table["incremental_cost_se"].isna().all()
    assert table["cost"].tolist() == [0.0, 10.0, 10.0, 11.0, 28.0, 30.0]
    assert table["effect"].tolist() == [0.0, 1.0, 1.0, 0.9, 1.5, 2.0]


def test_who_is_dominated_by_options_off_the_frontier_too() -> None:
    """D is dominated by E, which a mixture dominates; no option of the frontier costs less and does as well."""
    cost, effect = np.array([[0.0, 30.0, 28.0, 28.5]]), np.array([[0.0, 2.0, 1.5, 1.4]])
    table = incremental_analysis(CostEffectResults(["A", "C", "E", "D"], cost, effect)).set_index("option")
    assert table.loc["E", "dominated_by"] == "A + C"
    assert (table.loc["D", "status"], table.loc["D", "dominated_by"]) == ("dominated", "E")


def test_an_equal_of_a_dominated_option_is_dominated_too() -> None:
    """Two options at (12, 1) are both dominated by (10, 1), and neither is the equal of the other."""
    table = incremental_analysis(CostEffectResults(["A", "B", "C"], [[10.0, 12.0, 12.0]], [[1.0, 1.0, 1.0]]))
    assert table["status"].tolist() == ["reference", "dominated", "dominated"]
    assert told(table["dominated_by"]) == [None, "A", "A"]


def paired() -> CostEffectResults:
    """Differences of cost 10, 20, 30 (mean 20, SD 10) and of effect 1, 2, 6 (mean 3, SD sqrt 7)."""
    return CostEffectResults(
        ["old", "new"], [[5.0, 15.0], [5.0, 25.0], [9.0, 39.0]], [[1.0, 2.0], [0.0, 2.0], [1.0, 7.0]]
    )


def test_errors_are_those_of_paired_differences() -> None:
    """SE 10/sqrt 3 and sqrt(7/3); the ratio 20/3 errs like d - 20/3 e (10/3, 20/3, -10: SD 8.819) over 3 units."""
    row = incremental_analysis(paired()).iloc[1]
    assert row["incremental_cost_se"] == pytest.approx(10.0 / sqrt(3.0))
    assert row["incremental_effect_se"] == pytest.approx(sqrt(7.0 / 3.0))
    assert row["icer"] == pytest.approx(20.0 / 3.0)
    sd = sqrt(((10.0 / 3.0) ** 2 + (20.0 / 3.0) ** 2 + 100.0) / 2.0)
    assert row["icer_se"] == pytest.approx(sd / sqrt(3.0) / 3.0)


def test_against_one_comparator_shares_lie_in_quadrants() -> None:
    """Draws that cost more and do more, less and more, more and less, less and less; a zero counts half to either side."""
    cost = [[0.0, 1.0], [0.0, -1.0], [0.0, 1.0], [0.0, -1.0], [0.0, 1.0], [0.0, 0.0], [0.0, -1.0], [0.0, 1.0]]
    effect = [[0.0, 1.0], [0.0, 1.0], [0.0, -1.0], [0.0, -1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 0.0], [0.0, 2.0]]
    row = against(CostEffectResults(["old", "new"], cost, effect), "old").iloc[0]
    assert row["costs_more_does_more"] == pytest.approx(3.5 / 8.0)
    assert row["costs_less_does_more"] == pytest.approx(2.0 / 8.0)
    assert row["costs_more_does_less"] == pytest.approx(1.0 / 8.0)
    assert row["costs_less_does_less"] == pytest.approx(1.5 / 8.0)


def test_against_the_second_option_differences_are_turned_round() -> None:
    """Old minus new: -20 and -3, with the same ratio; only the other option has a row."""
    table = against(paired(), "new")
    assert table["option"].tolist() == ["old"] and table["comparator"].tolist() == ["new"]
    row = table.iloc[0]
    assert (row["incremental_cost"], row["incremental_effect"]) == pytest.approx((-20.0, -3.0))
    assert row["incremental_effect_se"] == pytest.approx(sqrt(7.0 / 3.0))
    assert row["icer"] == pytest.approx(20.0 / 3.0) and row["icer_se"] > 0.0
    assert (row["incremental_cost_low"], row["incremental_cost_high"]) == pytest.approx((-29.5, -10.5))


def test_no_gain_has_no_ratio() -> None:
    """Without a difference in effect the ratio is missing."""
    row = against(CostEffectResults(["old", "new"], [[0.0, 1.0], [0.0, 2.0]], [[1.0, 1.0], [1.0, 1.0]]), "old").iloc[0]
    assert isnan(row["icer"]) and isnan(row["icer_se"])


def test_of_equally_cheap_options_the_worse_is_dominated_and_comes_later() -> None:
    """(10, 0.5) against (10, 1): named by the better, and below it in the table."""
    table = incremental_analysis(CostEffectResults(["A", "W", "B"], [[0.0, 10.0, 10.0]], [[0.0, 0.5, 1.0]]))
    assert table["option"].tolist() == ["A", "B", "W"]
    assert (table.loc[2, "status"], table.loc[2, "dominated_by"]) == ("dominated", "B")


def test_the_cheapest_of_those_on_the_frontier_that_dominate_is_named() -> None:
    """(40, 0.9) is dominated by (10, 1) and by (30, 2)."""
    table = incremental_analysis(
        CostEffectResults(["A", "B", "C", "D"], [[0.0, 10.0, 30.0, 40.0]], [[0.0, 1.0, 2.0, 0.9]])
    )
    assert table.set_index("option").loc["D", "dominated_by"] == "B"


def test_a_bend_is_seen_wherever_the_frontier_starts() -> None:
    """From (100, 5): 10 for 1 unit, then 12 for 1: the frontier bends upwards, far from the origin too."""
    assert frontier(np.array([100.0, 110.0, 122.0]), np.array([5.0, 6.0, 7.0])) == [0, 1, 2]
    assert frontier(np.array([100.0, 112.0, 122.0]), np.array([5.0, 6.0, 7.0])) == [0, 2]
    assert frontier(np.array([0.0, 10.0, 18.0]), np.array([5.0, 6.0, 6.5])) == [0, 1, 2]


def test_slopes_are_compared_per_unit() -> None:
    """20 for 2 units and 11 for 1 more: 10 and then 11 a unit, so that the middle stays."""
    assert frontier(np.array([0.0, 20.0, 31.0]), np.array([0.0, 2.0, 3.0])) == [0, 1, 2]


def test_a_line_of_large_numbers_is_a_line() -> None:
    """A third of a million a unit: the products of differences differ in their last digits alone, and nobody is passed over."""
    effect = np.array([47.0, 51.0, 75.0])
    cost = effect * 1e6 / 3.0
    assert (cost[1] - cost[0]) * 24.0 > (cost[2] - cost[1]) * 4.0
    assert frontier(cost, effect) == [0, 1, 2]


@pytest.mark.parametrize(
    ("cost", "effect", "stands"),
    [
        (0.0, 0.0, "equal"),
        (0.0, 1.0, "dominant"),
        (-1.0, 0.0, "dominant"),
        (-0.5, 0.5, "dominant"),
        (0.0, -1.0, "dominated"),
        (1.0, 0.0, "dominated"),
        (0.5, -0.5, "dominated"),
        (0.5, 0.5, "ratio"),
        (-0.5, -0.5, "costs less for less"),
    ],
)
def test_how_an_option_stands(cost: float, effect: float, stands: str) -> None:
    """Better in one and no worse in the other dominates; no difference is equal; more for more has a ratio, less for less too."""
    assert standing(cost, effect) == stands


def test_a_ratio_is_missing_where_one_of_two_dominates() -> None:
    """Dearer and worse, cheaper and better, and dearer and better, against the first: only the last has a price."""
    cost = [[10.0, 14.0, 6.0, 14.0], [10.0, 12.0, 8.0, 16.0]]
    effect = [[5.0, 4.0, 7.0, 6.0], [5.0, 3.0, 6.0, 7.0]]
    table = against(CostEffectResults(["old", "worse", "better", "dear"], cost, effect), "old")
    assert table["standing"].tolist() == ["dominated", "dominant", "ratio"]
    assert table["icer"].isna().tolist() == table["icer_se"].isna().tolist() == [True, True, False]
    assert table["icer"].iloc[2] == pytest.approx(5.0 / 1.5)


def test_a_loss_of_one_has_a_ratio_and_its_error() -> None:
    """The one of the next test turned round: savings of 2 for a loss of 1."""
    row = against(CostEffectResults(["old", "new"], [[1.0, 0.0], [3.0, 0.0]], [[0.0, 0.0], [2.0, 0.0]]), "old").iloc[0]
    assert (row["incremental_effect"], row["standing"], row["icer"]) == (-1.0, "costs less for less", 2.0)
    assert row["icer_se"] == pytest.approx(1.0)


def test_costs_and_effects_of_a_table_are_means_of_draws() -> None:
    """19 / 3 and 79 / 3; 2 / 3 and 11 / 3."""
    table = incremental_analysis(paired())
    assert table["cost"].tolist() == pytest.approx([19.0 / 3.0, 79.0 / 3.0])
    assert table["effect"].tolist() == pytest.approx([2.0 / 3.0, 11.0 / 3.0])


def test_a_gain_of_one_has_an_error() -> None:
    """Costs 1 and 3, effects 0 and 2: a ratio of 2 that errs like 1 and -1, so SE 1."""
    row = against(CostEffectResults(["old", "new"], [[0.0, 1.0], [0.0, 3.0]], [[0.0, 0.0], [0.0, 2.0]]), "old").iloc[0]
    assert (row["incremental_cost"], row["incremental_effect"], row["icer"]) == (2.0, 1.0, 2.0)
    assert row["icer_se"] == pytest.approx(1.0)
    assert incremental_analysis(paired())["incremental_cost"].iloc[1] == pytest.approx(20.0)
