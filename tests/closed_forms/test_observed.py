"""What a study observed and its interval, by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from scipy.stats import beta

from simulator.studies.observed import Observed, observed
from simulator.studies.study import Quantity

STUDY: Any = SimpleNamespace(groups={name: SimpleNamespace(n=n) for name, n in (("a", 10), ("b", 20), ("c", 40))})


def seen(measure: str = "death", **written: Any) -> Observed:
    """A number of group a in a study of three groups."""
    quantity = Quantity(name="q", measure=measure, groups=("a",), at_years=1.0, evidence="published").model_copy(
        update=written
    )  # type: ignore[arg-type]
    return observed(quantity, STUDY)


def exact(k: float, n: float) -> tuple[float, float]:
    """Clopper and Pearson's limits."""
    return pytest.approx(beta.ppf(0.025, k, n - k + 1)), pytest.approx(beta.ppf(0.975, k + 1, n - k))


def test_counts_have_exact_limits() -> None:
    """Of as many as were counted; a share of n people as the nearest such count, whole or not."""
    assert seen(events=3, n=12) == Observed(0.25, 12, *exact(3, 12))
    assert seen(value=0.3, n=12) == Observed(0.3, 12, *exact(3.6, 12))
    # The published limits of a share come first.
    assert seen(value=0.3, n=12, low=0.1, high=0.5) == Observed(0.3, 12, 0.1, 0.5)
    # The SD of one person says nothing.
    assert seen(value=0.3, sd=0.1, n=1) == Observed(0.3, 1, *exact(0.3, 1))


def test_means_have_t_limits() -> None:
    """2.776 standard errors with five people: 10 at an SD of 5."""
    found = seen("tcpo2", value=30.0, sd=5.0, n=5)
    half = 2.7764451 * 5.0 / math.sqrt(5)
    assert (found.value, found.n) == (30.0, 5)
    assert (found.low, found.high) == (pytest.approx(30.0 - half), pytest.approx(30.0 + half))
    assert math.isfinite(seen("tcpo2", value=30.0, sd=5.0, n=2).low)


@pytest.mark.parametrize(
    ("measure", "written"),
    [
        ("tcpo2", {"value": 30.0, "sd": 5.0, "n": 1}),
        ("tcpo2", {"value": 30.0, "sd": 5.0}),
        ("tcpo2", {"value": 30.0, "n": 5}),
        ("death", {"value": 0.3}),
        ("death", {"value": 0.3, "low": 0.1}),
        ("death", {"value": 0.3, "high": 0.1}),
        ("logistic_probability", {"value": 0.3, "n": 12}),
    ],
)
def test_numbers_without_an_interval(measure: str, written: dict[str, Any]) -> None:
    """A mean of one person or without an SD, a share of nobody knows how many, half an interval, a fitted probability."""
    found = seen(measure, **written)
    assert (found.value, found.n) == (written["value"], written.get("n"))
    assert math.isnan(found.low) and math.isnan(found.high)


def test_nothing_observed() -> None:
    """Neither a number nor limits."""
    found = seen(n=12)
    assert found.n == 12 and all(math.isnan(each) for each in (found.value, found.low, found.high))
    assert seen(events=3).n is None and math.isnan(seen(events=3).value)


def test_two_samples_rest_on_the_people_of_both() -> None:
    """A ratio of group a against b and c is of 70 people, with the limits of its publication."""
    found = seen("risk_ratio", value=0.8, low=0.5, high=1.2, against=("b", "c"))
    assert found == Observed(0.8, 70, 0.5, 1.2)
