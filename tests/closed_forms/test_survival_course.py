"""What a protocol states of a time to an event, against closed forms and quadrature."""

from __future__ import annotations

import math

import pytest
from scipy.integrate import quad

from simulator.statistics.survival_course import Course, Pieces, from_survival


def test_a_course_is_its_integrals() -> None:
    """Event probabilities, restricted means and their variances equal closed forms and quadrature, breaks included."""
    assert from_survival([3.0], [0.28]).rates[0] == pytest.approx(0.1095, abs=5e-5)
    pieces = Pieces((0.4, 0.1), (1.5,))
    assert pieces.inverse(pieces.total([0.3, 1.5, 4.0])) == pytest.approx([0.3, 1.5, 4.0])
    course = Course(
        (pieces, pieces.times(0.5)), (Pieces((0.05,)), Pieces((0.1,))), Pieces((1.0, 3.0), (1.0,)), 2.0, 1.0
    )

    def seen(entry: float) -> float:
        return quad(
            lambda t: float(pieces.rate(t)) * math.exp(-float(pieces.total(t)) - 0.05 * t),
            0.0,
            3.0 - entry,
            points=[1.5],
        )[0]

    expected = (quad(seen, 0.0, 1.0)[0] + 3.0 * quad(seen, 1.0, 2.0)[0]) / 4.0
    assert course.event_probability(0) == pytest.approx(expected, rel=1e-8)
    plain = Course((Pieces((0.3,)), Pieces((0.3,))), follow_up=2.0)
    mean, variance = plain.restricted_mean(0, 1.0)
    first = (1 - math.exp(-0.3)) / 0.3
    assert (mean, variance) == pytest.approx((first, 2 / 0.09 * (1 - 1.3 * math.exp(-0.3)) - first**2), rel=1e-9)
    assert plain.survival_variance(0, 1.0) == pytest.approx(math.exp(-0.3) * (1 - math.exp(-0.3)), rel=1e-9)
