"""Ellipses of the cost-effectiveness plane, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from simulator.statistics.decision.plane import Ellipse, ellipse, ellipses_table
from simulator.statistics.decision.results import CostEffectResults


def test_axes_and_angle_of_a_known_covariance() -> None:
    """Variances 9 and 4 along the axes, then the same turned by 45 degrees; and upright."""
    radius = np.sqrt(chi2.ppf(0.9, 2))
    flat = Ellipse(0.9, np.array([1.0, 2.0]), np.array([[9.0, 0.0], [0.0, 4.0]]))
    assert flat.radius == pytest.approx(radius) and flat.axes == pytest.approx((3.0 * radius, 2.0 * radius))
    assert flat.angle == pytest.approx(0.0)
    turned = Ellipse(0.9, np.zeros(2), np.array([[6.5, 2.5], [2.5, 6.5]]))
    assert turned.axes == pytest.approx((3.0 * radius, 2.0 * radius)) and turned.angle == pytest.approx(np.pi / 4)
    assert Ellipse(0.9, np.zeros(2), np.array([[4.0, 0.0], [0.0, 9.0]])).angle == pytest.approx(np.pi / 2)
    assert Ellipse(0.9, np.zeros(2), np.array([[1.0, -1.0], [-1.0, 1.0]])).axes == pytest.approx((2**0.5 * radius, 0.0))


def test_the_outline_lies_at_its_distance_all_round() -> None:
    """Every point has the same Mahalanobis distance from the centre, and the line closes."""
    found = Ellipse(0.5, np.array([1.0, 2.0]), np.array([[2.0, 0.5], [0.5, 1.0]]))
    points = found.outline(9)
    away = points - [1.0, 2.0]
    squared = np.einsum("ij,jk,ik->i", away, np.linalg.inv(found.covariance), away)
    assert squared == pytest.approx(np.full(9, chi2.ppf(0.5, 2))) and points[0] == pytest.approx(points[-1])
    assert found.outline().shape == (181, 2)
    assert np.ptp(points, axis=0).min() > 1.0


def test_draws_give_the_centre_and_the_covariance() -> None:
    """Effect to the right, cost upwards; a level lies between 0 and 1."""
    effect, cost = np.array([1.0, 2.0, 3.0]), np.array([10.0, 10.0, 40.0])
    found = ellipse(effect, cost)
    assert found.centre.tolist() == [2.0, 20.0] and found.level == 0.95
    assert found.covariance == pytest.approx(np.array([[1.0, 15.0], [15.0, 300.0]]))
    for level in (0.0, 1.0):
        with pytest.raises(ValueError, match="between 0 and 1"):
            ellipse(effect, cost, level)


def test_outlines_are_of_increments() -> None:
    """Each option but the comparator, around its mean increment."""
    results = CostEffectResults(
        ["a", "b", "c"], [[1, 11, 3], [2, 11, 4], [0, 11, 8]], [[0, 1, 2], [0, 2, 2], [0, 3, 5]]
    )
    table = ellipses_table(results, "b")
    assert table["option"].unique().tolist() == ["a", "c"] and table.index.tolist() == list(range(2 * 181))
    means = table[:180].mean(numeric_only=True), table[181:361].mean(numeric_only=True)
    assert means[0].tolist() == pytest.approx([-2.0, -10.0]) and means[1].tolist() == pytest.approx([1.0, -6.0])
