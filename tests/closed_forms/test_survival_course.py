"""What a protocol states of a time to an event, against closed forms and quadrature."""

from __future__ import annotations

import math

import pytest
from scipy.integrate import quad

from simulator.statistics.sizes.survival_course import Course, Pieces, from_survival


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


def test_pieces_by_hand() -> None:
    """0.4 up to 1.5, then 0.1: rates at and beside the break, integrals, and times that are never reached."""
    pieces = Pieces((0.4, 0.1), (1.5,))
    assert pieces.rate([0.0, 1.4, 1.5, 9.0]).tolist() == [0.4, 0.4, 0.1, 0.1]
    assert pieces.total([0.0, 1.0, 1.5, 3.5]) == pytest.approx([0.0, 0.4, 0.6, 0.8])
    assert pieces.times(2.0) == Pieces((0.8, 0.2), (1.5,))
    assert Pieces((0.4, 0.0), (1.5,)).inverse([0.0, 0.5, 0.6, 0.7]) == pytest.approx([0.0, 1.25, 1.5, math.inf])
    assert pieces.breaks.tolist() == [0.0, 1.5, math.inf]


def test_shares_at_times_are_hazards_between_them() -> None:
    """A fifth by 1 and a half by 3: ln(5/4) a year, then ln(8/5) over two years for ever."""
    found = from_survival([1.0, 3.0], [0.2, 0.5])
    assert found.rates == pytest.approx((math.log(5 / 4), math.log(8 / 5) / 2)) and found.until == (1.0,)
    three = from_survival([1.0, 2.0, 4.0], [0.1, 0.2, 0.3])
    assert three.until == (1.0, 2.0) and len(three.rates) == 3


def test_who_is_followed_long_enough() -> None:
    """Entry over two years, of which the second brings three times as many, and one year more; or one day; or own follow-up."""
    course = Course((Pieces((0.3,)),) * 2, accrual=Pieces((1.0, 3.0), (1.0,)), duration=2.0, follow_up=1.0, ratio=3.0)
    assert course.in_time([0.5, 1.0, 2.0, 2.5, 3.0]) == pytest.approx([1.0, 1.0, 1 / 4, 1 / 8, 0.0])
    assert (course.longest, course.shares) == (3.0, (1 / 4, 3 / 4))
    assert course.at_risk(0, 2.0) == pytest.approx(math.exp(-0.6) / 4)
    lost = Course((Pieces((0.3,)), Pieces((0.2,))), (Pieces((0.1,)), Pieces((0.4,))), follow_up=1.0)
    assert lost.at_risk(1, [0.5, 1.0, 1.01]) == pytest.approx([math.exp(-0.3), math.exp(-0.6), 0.0])
    assert lost.survival(1, 0.5) == pytest.approx(math.exp(-0.1)) and lost.shares == (0.5, 0.5)
    own = Course((Pieces((0.3,)),) * 2, duration=2.0, follow_up=1.0, own=True)
    assert own.longest == 1.0 and own.in_time([1.0, 1.5]).tolist() == [1.0, 0.0]
    assert own.event_probability(0) == pytest.approx(1 - math.exp(-0.3))


def test_the_drift_of_the_log_rank_test_by_quadrature() -> None:
    """Hazards that part after half a year, unequal losses and arms: E and V integrated by another rule."""
    course = Course(
        (Pieces((0.8, 0.5), (0.5,)), Pieces((0.8, 0.2), (0.5,))),
        (Pieces((0.1,)), Pieces((0.2,))),
        duration=1.0,
        follow_up=1.5,
        ratio=2.0,
    )

    def at_risk(arm: int, t: float) -> float:
        hazard = 0.8 * min(t, 0.5) + (0.5, 0.2)[arm] * max(t - 0.5, 0.0) + (0.1, 0.2)[arm] * t
        return (1 / 3, 2 / 3)[arm] * math.exp(-hazard) * min(1.0, 2.5 - t)

    def rate(arm: int, t: float) -> float:
        return 0.8 if t < 0.5 else (0.5, 0.2)[arm]

    def gain(t: float) -> float:
        r0, r1 = at_risk(0, t), at_risk(1, t)
        return r0 * r1 / (r0 + r1) * (rate(0, t) - rate(1, t))

    def spread(t: float) -> float:
        r0, r1 = at_risk(0, t), at_risk(1, t)
        return r0 * r1 / (r0 + r1) ** 2 * (r0 * rate(0, t) + r1 * rate(1, t))

    e, v = (quad(of, 0.0, 2.5, points=[0.5, 1.5])[0] for of in (gain, spread))
    assert course.logrank_drift() == pytest.approx(e / math.sqrt(v), rel=1e-8) and e > 0.0


def test_variances_with_losses_by_quadrature_and_without_follow_up() -> None:
    """Greenwood's integral of h / y, and nothing to estimate where nobody is followed so long; at the very end there is."""
    course = Course((Pieces((0.3,)), Pieces((0.2,))), (Pieces((0.1,)), Pieces((0.4,))), follow_up=2.0)
    inside = quad(lambda t: 0.2 * math.exp(0.6 * t), 0.0, 2.0)[0]
    assert course.survival_variance(1, 2.0) == pytest.approx(math.exp(-0.8) * inside, rel=1e-9)
    assert course.survival_variance(1, 2.1) == math.inf
    mean, variance = course.restricted_mean(1, 2.0)

    def ahead(t: float) -> float:
        return (math.exp(-0.2 * t) - math.exp(-0.4)) / 0.2

    assert mean == pytest.approx(ahead(0.0))
    assert variance == pytest.approx(quad(lambda t: ahead(t) ** 2 * 0.2 * math.exp(0.6 * t), 0.0, 2.0)[0], rel=1e-8)
    assert course.restricted_mean(1, 2.1)[1] == math.inf
