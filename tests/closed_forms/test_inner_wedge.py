"""The wedge of a two-sided test at two looks, against the bivariate normal distribution."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from simulator.statistics.sequential.inner_wedge import outer_bounds, wedge_bounds, wedge_crossing

T = np.array([0.4, 1.0])
ROOT = math.sqrt(0.4)


def between(low: tuple[float, float], high: tuple[float, float], drift: float) -> float:
    """Probability that z at 0.4 and at the end lie between these limits."""
    law = multivariate_normal([drift * ROOT, drift], [[1.0, ROOT], [ROOT, 1.0]])
    return float(law.cdf(high, lower_limit=low))


@pytest.mark.parametrize("drift", [0.0, 2.8])
def test_where_trials_end(drift: float) -> None:
    """Below, inside and above at either look; nobody is lost."""
    outer, inner = np.array([2.5, 2.0]), np.array([0.4, 2.0])
    down, inside, up = wedge_crossing(T, outer, inner, drift)
    mean = drift * ROOT
    first = (norm.cdf(-2.5 - mean), norm.cdf(0.4 - mean) - norm.cdf(-0.4 - mean), norm.sf(2.5 - mean))
    assert (down[0], inside[0], up[0]) == pytest.approx(first, abs=1e-10)
    for found, low, high in ((down, -30.0, -2.0), (inside, -2.0, 2.0), (up, 2.0, 30.0)):
        expected = sum(between((a, low), (b, high), drift) for a, b in ((-2.5, -0.4), (0.4, 2.5)))
        assert found[1] == pytest.approx(expected, abs=1e-7)
    assert (down + inside + up).sum() == pytest.approx(1.0, abs=1e-8)


def test_the_wedge_spends_what_it_may() -> None:
    """4% under a drift of 2.8 at the first look, and the efficacy boundary at the last; nothing to spend is no wedge."""
    outer, mean = np.array([2.5, 2.0]), 2.8 * ROOT
    inner = wedge_bounds(T, outer, np.array([0.04, 0.06]), 2.8)
    assert norm.cdf(inner[0] - mean) - norm.cdf(-inner[0] - mean) == pytest.approx(0.04, abs=1e-10)
    assert inner[1] == 2.0
    assert wedge_bounds(T, outer, np.array([0.0, 0.1]), 2.8)[0] == 0.0
    # More than lies inside the efficacy boundary: the wedge is all of it.
    assert wedge_bounds(T, outer, np.array([0.999, 0.0]), 0.0)[0] == 2.5


def test_efficacy_boundaries_of_trials_that_obey_the_wedge() -> None:
    """1% and 1.5% on each side among those outside the wedge; a wedge that takes all leaves nothing to spend on."""
    outer = outer_bounds(T, np.array([0.01, 0.015]), np.array([0.6, 0.0]))
    assert outer[0] == pytest.approx(norm.isf(0.01), abs=1e-9)
    above = sum(between((a, outer[1]), (b, 30.0), 0.0) for a, b in ((-outer[0], -0.6), (0.6, outer[0])))
    assert above == pytest.approx(0.015, abs=1e-7)
    assert outer_bounds(T, np.array([0.01, 0.015]), np.array([5.0, 1.2]))[1] == 1.2


def test_three_looks_on_a_coarse_grid() -> None:
    """The second step goes on from both sides of the wedge: probabilities add up and mirror each other without effect."""
    t, outer, inner = np.array([0.3, 0.6, 1.0]), np.array([2.6, 2.3, 2.0]), np.array([0.2, 0.7, 2.0])
    down, inside, up = wedge_crossing(t, outer, inner, 0.0, 8)
    assert down == pytest.approx(up, abs=1e-9)
    assert (down + inside + up).sum() == pytest.approx(1.0, abs=1e-5)
    covariance = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))[:2, :2]
    law = multivariate_normal([0.0, 0.0], covariance)
    expected = sum(law.cdf([b, 30.0], lower_limit=[a, 2.3]) for a, b in ((-2.6, -0.2), (0.2, 2.6)))
    assert up[1] == pytest.approx(float(expected), abs=1e-5)
    spent = np.array([inside[0], inside[1], 0.0])
    third = wedge_bounds(
        np.array([0.3, 0.6, 0.8, 1.0]), np.append(outer, 2.0), np.array([*spent[:2], 0.05, 0.0]), 0.0, 8
    )
    assert np.isfinite(third).all() and 0.0 < third[2] < 2.0
    assert wedge_bounds(t, outer, spent, 0.0, 8)[:2] == pytest.approx(inner[:2], abs=1e-6)
