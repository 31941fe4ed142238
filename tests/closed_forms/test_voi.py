"""Values of information that can be counted on the fingers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from simulator.statistics.decision.population import Population
from simulator.statistics.decision.results import CostEffectResults
from simulator.statistics.decision.voi import Value, _unseen, evpi, evppi, evsi, information_table
from simulator.words.errors import BadInput

YES = np.tile([1.0, 0.0], 50)
"""A number that is one or nought in a hundred draws."""
BENEFIT = np.column_stack([np.zeros(100), np.where(YES > 0, 2.0, -1.0)])
"""New gains 2 or loses 1 by it: on average 1/2; knowing it gains 1, half of which is new."""


def test_perfect_information_of_two_draws() -> None:
    """Best per draw 1 and 3, best mean 3/2: one half; gains of 1 and 0 have an error of one half."""
    found = evpi([[1.0, 0.0], [0.0, 3.0]])
    assert (found.value, found.se, found.bias) == (0.5, pytest.approx(0.5), 0.0)
    with pytest.raises(BadInput, match="at least 2"):
        evpi([[1.0, 0.0]])


def test_knowing_the_one_number_that_matters() -> None:
    """One half, as perfect information; gains of 0 and 1 in a hundred draws have an error of a twentieth."""
    assert evpi(BENEFIT).value == pytest.approx(0.5)
    found = evppi(BENEFIT, YES)
    assert found.value == pytest.approx(0.5, abs=1e-9) and found.bias == pytest.approx(0.0, abs=1e-9)
    assert found.se == pytest.approx(0.5 / np.sqrt(99.0), rel=1e-6)
    assert evsi(BENEFIT, YES).value == pytest.approx(0.5, abs=1e-9)
    assert evsi(BENEFIT, YES, at_most=Value(0.2, 0.0)).value == 0.2
    assert evsi(BENEFIT, YES, at_most=Value(0.7, 0.0)).value == pytest.approx(0.5, abs=1e-9)


def test_knowing_what_does_not_matter() -> None:
    """Nothing, with an error, because no fit can be sure of it."""
    luck = np.random.default_rng(1)
    other = evppi(np.column_stack([np.zeros(200), luck.normal(3.0, 1.0, 200)]), luck.normal(size=200))
    assert other.value == 0.0 and 0.0 < other.se < 0.1


def test_the_error_of_nothing_is_the_unit_normal_loss() -> None:
    """Refits of the second option spread by 2, its mean 3 behind: 2 phi(1.5) - 3 Q(1.5); without spread nothing."""
    refits = np.stack([np.zeros((2, 2)), np.array([[2.0, -2.0], [-2.0, 2.0]])])
    best = np.array([3.0, 0.0])
    assert _unseen(refits, best) == pytest.approx(2.0 * norm.pdf(1.5) - 3.0 * norm.sf(1.5))
    assert _unseen(np.zeros((2, 2, 2)), best) == 0.0


def test_a_table_of_numbers_groups_and_people() -> None:
    """Perfect information first, then by value; twice the threshold, twice the value; a thousand people, a thousand times."""
    numbers = pd.DataFrame({"idle": np.tile([0.0, 0.0, 1.0, 1.0], 25), "yes": YES})
    results = CostEffectResults(["old", "new"], np.zeros((100, 2)), BENEFIT, numbers)
    table = information_table(results, [1.0, 2.0], groups={"both": ["yes", "idle"]}, population=Population(100.0, 10.0))
    assert table["threshold"].tolist() == [1.0] * 4 + [2.0] * 4
    assert table["measure"].tolist() == ["EVPI", "EVPPI", "EVPPI", "EVPPI"] * 2
    first = table[:4].set_index("parameters")
    assert first.index[0] == "all" and first.index[-1] == "idle"
    assert first.loc["yes", "value"] == pytest.approx(0.5) and first.loc["idle", "value"] < 0.01
    assert first.loc["yes", "share_of_evpi"] == pytest.approx(1.0)
    assert first.loc["all", "population_value"] == pytest.approx(500.0)
    assert first["population_se"].tolist() == pytest.approx((1000.0 * first["se"]).tolist())
    assert table[4:].set_index("parameters").loc["yes", "value"] == pytest.approx(1.0)
    plain = information_table(CostEffectResults(["old", "new"], np.zeros((2, 2)), [[0.0, 1.0]] * 2), [1.0])
    assert plain["measure"].tolist() == ["EVPI"] and plain["value"].tolist() == [0.0]
    assert plain[["share_of_evpi", "population_value", "population_se"]].isna().all(axis=None)


def test_groups_are_of_numbers_that_there_are() -> None:
    """Each that is not is told with the group."""
    results = CostEffectResults(["a", "b"], np.zeros((100, 2)), BENEFIT, pd.DataFrame({"yes": YES}))
    with pytest.raises(BadInput) as caught:
        information_table(results, [1.0], groups={"some": ["yes", "yess"], "no": ["nay"]})
    assert [(problem.key, problem.value) for problem in caught.value.problems] == [
        ("group 'some'", "'yess'"),
        ("group 'no'", "'nay'"),
    ]


@pytest.mark.parametrize(
    ("benefit", "inputs", "said"),
    [
        (np.zeros((49, 2)), np.zeros(49), "at least 50"),
        (np.zeros((60, 1)), np.zeros(60), "at least 2 options"),
        (np.zeros(60), np.zeros(60), "at least 2 options"),
        (np.full((60, 2), np.nan), np.zeros(60), "120 not finite"),
        (np.zeros((60, 2)), np.zeros(59), "59 rows, 0 values not finite"),
        (np.zeros((60, 2)), np.full(60, np.inf), "60 rows, 60 values not finite"),
    ],
)
def test_what_cannot_be_regressed(benefit: np.ndarray, inputs: np.ndarray, said: str) -> None:
    """With the reason."""
    with pytest.raises(BadInput, match=said):
        evppi(benefit, inputs)
