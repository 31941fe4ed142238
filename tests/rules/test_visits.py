"""Planned visits, and what is seen at them."""

from __future__ import annotations

import numpy as np
import pytest

from rules.people import a_life, deviate, values
from simulator.living.visits import seen_at_visit, visit_times
from simulator.words.vocabulary import Limb, Stream


@pytest.mark.parametrize("horizon", [3.0, 2.9])
def test_visits_are_frequent_in_the_first_year_and_rarer_later(horizon: float) -> None:
    """Every 73.05 days, 0.2 years, to the end of year one, then every half year, always before the horizon."""
    times = [0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 2.5]
    assert visit_times(73.05, 182.625, horizon).tolist() == pytest.approx(times)


def test_a_visit_at_the_horizon_is_none() -> None:
    """At 2.5 years the study is over; a horizon just after it sees the visit."""
    assert visit_times(73.05, 182.625, 2.5).max() == pytest.approx(2.0)
    assert visit_times(73.05, 182.625, 2.5001).max() == pytest.approx(2.5)


def test_a_short_study_has_visits_of_the_first_year_only() -> None:
    """In half a year those at 0.2 and 0.4 years; an interval that does not divide the year ends before it does."""
    assert visit_times(73.05, 182.625, 0.5).tolist() == pytest.approx([0.2, 0.4])
    assert visit_times(150.0, 182.625, 1.2).tolist() == pytest.approx([150.0 / 365.25, 300.0 / 365.25])


@pytest.mark.parametrize("number", [0, 3])
def test_a_visit_has_its_own_error_of_measurement(number: int) -> None:
    """20 + 10 t mmHg at half a year is seen at 25 + 5 z; a stump is not measured."""
    life = a_life(tcpo2_slope=10.0)
    seen = seen_at_visit(life, values(measurement_sd=5.0), number, 0.5)
    assert seen == pytest.approx(25.0 + 5.0 * deviate(Stream.VISIT_ERROR, number))
    life.limb = Limb.BELOW_KNEE
    assert np.isnan(seen_at_visit(life, values(measurement_sd=5.0), number, 0.5))
