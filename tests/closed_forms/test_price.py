"""Value-based prices of options in two draws, by hand."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest

from simulator.statistics.decision.price import best_ranges, value_based_price
from simulator.statistics.decision.results import CostEffectResults
from simulator.words.errors import BadInput

RESULTS = CostEffectResults(["old", "new"], [[0.0, 4.0], [0.0, 4.0]], [[1.0, 2.0], [1.0, 3.0]])
USED = np.array([[0.0, 2.0], [0.0, 4.0]])


def test_the_price_at_which_net_benefits_are_equal() -> None:
    """At 10 a unit new gains 6 and 16 with 2 and 4 treatments: 11 / 3 each; per draw 3 and 4; error by hand."""
    (row,) = value_based_price(RESULTS, USED, 10.0, "old").to_dict("records")
    assert (row["option"], row["comparator"], row["threshold"]) == ("new", "old", 10.0)
    assert row["price"] == pytest.approx(11.0 / 3.0)
    assert row["se"] == pytest.approx(4.0 / 3.0 / 3.0)
    assert (row["low"], row["high"]) == pytest.approx((3.025, 3.975))
    assert (row["best_from"], row["best_to"]) == (0.0, pytest.approx(11.0 / 3.0))


def test_a_price_that_is_paid_already_comes_on_top() -> None:
    """One a treatment is in the costs: worth 14 / 3. A comparator that buys more has no price against one that buys less."""
    assert value_based_price(RESULTS, USED, 10.0, "old", price=1.0)["price"].tolist() == pytest.approx([14.0 / 3.0])
    (row,) = value_based_price(RESULTS, USED, 10.0, "new").to_dict("records")
    assert (
        row["option"] == "old" and np.isnan([row[name] for name in ("price", "se", "low", "high", "best_from")]).all()
    )


def test_one_draw_and_a_draw_without_treatments() -> None:
    """One draw has a price and no interval; a draw in which nobody is treated bounds nothing."""
    one = CostEffectResults(["old", "new"], [[0.0, 4.0]], [[1.0, 2.0]])
    (row,) = value_based_price(one, [[0.0, 2.0]], 10.0, "old").to_dict("records")
    assert row["price"] == 3.0 and np.isnan([row["low"], row["high"], row["se"]]).all()
    (row,) = value_based_price(RESULTS, [[0.0, 2.0], [0.0, 0.0]], 10.0, "old").to_dict("records")
    assert row["price"] == pytest.approx(11.0) and (row["low"], row["high"]) == (3.0, 3.0)


def test_three_options_by_price() -> None:
    """Nets of 10, 21 and 18 with 0, 3 and 1 treatments: the second is best up to 1.5, the third to 8, the first beyond."""
    found = best_ranges(np.array([10.0, 21.0, 18.0]), np.array([0.0, 3.0, 1.0]))
    assert found == [(8.0, inf), (0.0, 1.5), (1.5, 8.0)]
    assert best_ranges(np.array([1.0, 2.0]), np.array([1.0, 1.0]))[1] == (0.0, inf)
    assert np.isnan(best_ranges(np.array([1.0, 2.0]), np.array([1.0, 1.0]))[0]).all()
    assert best_ranges(np.array([2.0, 2.0]), np.array([1.0, 1.0])) == [(0.0, inf)] * 2
    assert best_ranges(np.array([2.0, 2.0]), np.array([0.0, 1.0])) == [(0.0, inf), (0.0, 0.0)]


@pytest.mark.parametrize(
    ("quantity", "keys"),
    [
        ([[0.0, 2.0]], ["shape of quantity"]),
        ([[0.0, -1.0], [0.0, 1.0]], ["quantity"]),
        ([[0.0, inf], [0.0, 1.0]], ["quantity"]),
        ([[0.0, nan]], ["shape of quantity", "quantity"]),
    ],
)
def test_quantities_that_cannot_be(quantity: list[list[float]], keys: list[str]) -> None:
    """All at once."""
    with pytest.raises(BadInput) as caught:
        value_based_price(RESULTS, quantity, 10.0, "old")
    assert [(problem.file, problem.key) for problem in caught.value.problems] == [("price", key) for key in keys]
    told = {
        "shape of quantity": (str(np.shape(quantity)), "(2, 2): (draws, options)"),
        "quantity": ("negative or not finite", "numbers of treatments, 0 or more"),
    }
    assert [(problem.value, problem.allowed) for problem in caught.value.problems] == [told[key] for key in keys]
