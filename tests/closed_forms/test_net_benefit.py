"""Net benefit, acceptability and expected loss of two options in two draws, by hand."""

from __future__ import annotations

from math import inf, isnan

import numpy as np
import pytest

from simulator.statistics.decision.net_benefit import acceptability, net_health_benefit, net_monetary_benefit
from simulator.statistics.decision.results import CostEffectResults
from simulator.words.errors import BadInput, Problem


def two(cost: object = ((10.0, 40.0), (20.0, 30.0)), effect: object = ((1.0, 2.0), (2.0, 2.5))) -> CostEffectResults:
    """At 20 a unit: 20 - 10 = 10 against 0, then 20 against 20."""
    return CostEffectResults(["old", "new"], cost, effect)  # type: ignore[arg-type]


def test_net_benefit_in_money_and_in_health() -> None:
    """20 x effect - cost, and effect - cost / 20."""
    assert net_monetary_benefit(two(), 20.0).tolist() == [[10.0, 0.0], [20.0, 20.0]]
    assert net_health_benefit(two(), 20.0).tolist() == [[0.5, 0.0], [1.0, 1.0]]
    assert net_monetary_benefit(two(), 0.0).tolist() == [[-10.0, -40.0], [-20.0, -30.0]]


@pytest.mark.parametrize("threshold", [-1.0, np.nan])
def test_a_threshold_is_not_negative(threshold: float) -> None:
    """Money per unit is 0 or more, and above 0 where it divides; all that are wrong are told at once."""
    with pytest.raises(BadInput, match="0 or more"):
        net_monetary_benefit(two(), threshold)
    for wrong in (threshold, 0.0):
        with pytest.raises(BadInput, match="above 0"):
            net_health_benefit(two(), wrong)
    with pytest.raises(BadInput) as bad:
        acceptability(two(), [1.0, threshold, -2.0])
    assert len(bad.value.problems) == 2


def test_ties_share_and_losses_are_against_the_best() -> None:
    """Old is best once and ties once: 3/4 and 1/4. New loses 10 and 0. Spread over two draws: half their distance."""
    table = acceptability(two(), 20.0)
    assert table["threshold"].tolist() == [20.0, 20.0] and table["option"].tolist() == ["old", "new"]
    assert table["probability"].tolist() == [0.75, 0.25]
    assert table["probability_se"].tolist() == pytest.approx([0.25, 0.25])
    assert table["net_benefit"].tolist() == [15.0, 10.0]
    assert table["net_benefit_se"].tolist() == pytest.approx([5.0, 10.0])
    assert table["expected_loss"].tolist() == [0.0, 5.0]
    assert table["expected_loss_se"].tolist() == pytest.approx([0.0, 5.0])
    assert table["frontier"].tolist() == [True, False]


def test_the_frontier_goes_by_the_mean() -> None:
    """At 100 a unit: 90 against 160 and 180 against 220, so that new is chosen; each threshold has its own rows."""
    table = acceptability(two(), [20.0, 100.0])
    assert table["threshold"].tolist() == [20.0, 20.0, 100.0, 100.0]
    assert table["option"].tolist() == ["old", "new", "old", "new"]
    assert table["frontier"].tolist() == [True, False, False, True]
    assert table["expected_loss"].tolist() == [0.0, 5.0, 55.0, 0.0]


def test_at_an_infinite_threshold_effects_count_and_costs_decide_ties() -> None:
    """New does more in the first draw; in the second both do as well and old costs less. Means: new."""
    table = acceptability(two(effect=((1.0, 2.0), (2.0, 2.0))), inf)
    assert table["probability"].tolist() == [0.5, 0.5]
    assert table["frontier"].tolist() == [False, True]
    assert all(isnan(value) for name in ("net_benefit", "expected_loss") for value in table[name])


def test_at_an_infinite_threshold_equal_means_go_to_the_cheaper() -> None:
    """Mean effects 2 and 2, mean costs 35 and 15."""
    table = acceptability(two(((40.0, 10.0), (30.0, 20.0)), ((1.0, 3.0), (3.0, 1.0))), inf)
    assert table["frontier"].tolist() == [False, True]
    assert table["probability"].tolist() == [0.5, 0.5]


def test_one_draw_has_no_probabilities() -> None:
    """Acceptability needs two draws."""
    with pytest.raises(BadInput, match="the probability of being cost-effective"):
        acceptability(CostEffectResults(["old", "new"], [[1.0, 2.0]], [[1.0, 2.0]]), 1.0)


def test_what_is_wrong_with_a_threshold_is_said() -> None:
    """Where, which key, what was given and what is allowed; half a unit of money is a threshold."""
    with pytest.raises(BadInput) as bad:
        net_monetary_benefit(two(), -1.5)
    assert list(bad.value.problems) == [
        Problem("command line", "threshold", "-1.5", "0 or more, in money per unit of effect")
    ]
    assert net_health_benefit(two(), 0.5).tolist() == [[-19.0, -78.0], [-38.0, -57.5]]


def test_three_draws_of_two_options() -> None:
    """At 1 a unit: best new, old, old. At infinity: new, old and new, the means 5/3 and 2 choosing new."""
    results = CostEffectResults(
        ["old", "new"], [[1.0, 1.0], [0.0, 1.0], [0.0, 9.0]], [[1.0, 2.0], [2.0, 1.0], [2.0, 3.0]]
    )
    assert acceptability(results, 1.0)["probability"].tolist() == pytest.approx([2.0 / 3.0, 1.0 / 3.0])
    table = acceptability(results, inf)
    assert table["probability"].tolist() == pytest.approx([1.0 / 3.0, 2.0 / 3.0])
    assert table["frontier"].tolist() == [False, True]
