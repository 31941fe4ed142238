"""The largest of several normal statistics, against the multivariate normal distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

from simulator.statistics.multiplicity.normal_maximum import common_factor_tail, largest_tail


def test_the_largest_of_four_is_the_integral_over_what_they_share() -> None:
    """Statistics that share one factor are independent given it; near one in forty, far out and in the middle."""
    loadings = np.array([0.9, 0.8, -0.3, 0.6])
    correlation = np.outer(loadings, loadings)
    np.fill_diagonal(correlation, 1.0)
    for limit in (0.5, 2.2, 3.0):

        def below(x: float, limit: float = limit) -> float:
            return float(norm.pdf(x) * np.prod(norm.cdf((limit - loadings * x) / np.sqrt(1.0 - loadings**2))))

        exact = 1.0 - quad(below, -9.0, 9.0, epsabs=1e-12)[0]
        own = largest_tail(np.array([limit]), correlation[None])[0]
        assert own == pytest.approx(exact, rel=1e-3), limit
    assert largest_tail(np.array([1.7]), np.ones((1, 1, 1)))[0] == pytest.approx(norm.sf(1.7), abs=1e-9)


def test_two_statistics_by_the_bivariate_normal() -> None:
    """Each trial has its own limit and correlation; a missing one has no probability and harms no other."""
    limit, r = np.array([1.5, np.nan, 2.0, 1.0]), np.array([0.5, 0.5, -0.3, np.nan])
    correlation = np.stack([[[1.0, each], [each, 1.0]] for each in r])
    found = largest_tail(limit, correlation)
    for i in (0, 2):
        exact = 1.0 - multivariate_normal([0.0, 0.0], correlation[i]).cdf([limit[i]] * 2)
        assert found[i] == pytest.approx(exact, rel=1e-3)
    assert np.isnan(found[[1, 3]]).all()


def test_statistics_that_share_a_factor() -> None:
    """Loadings 0.6 and 0.8 are a correlation of 0.48; one that is left out changes nothing; equal ones are one statistic."""
    limit = np.array([1.5, 1.5, 2.0])
    loadings = np.array([[0.6, 0.8, np.nan], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    found = common_factor_tail(limit, loadings)
    exact = 1.0 - multivariate_normal([0.0, 0.0], [[1.0, 0.48], [0.48, 1.0]]).cdf([1.5, 1.5])
    assert found[0] == pytest.approx(exact, abs=1e-6)
    assert found[1] == pytest.approx(1.0 - norm.cdf(1.5) ** 3, abs=1e-9)
    # A share of 0.999 is the most that the grid carries.
    assert found[2] == pytest.approx(norm.sf(2.0), rel=0.15) and found[2] > norm.sf(2.0)


def test_luck_of_the_lattice_is_small() -> None:
    """Six statistics without correlation: 1 - Phi(2)^6, to three in ten thousand of itself."""
    found = largest_tail(np.array([2.0]), np.eye(6)[None])
    assert found[0] == pytest.approx(1.0 - norm.cdf(2.0) ** 6, rel=1e-6)


def test_many_trials_in_several_parts() -> None:
    """More trials than are worked on at once have each their own answer."""
    limit = np.linspace(0.5, 2.5, 2_001)
    whole = common_factor_tail(limit, np.full((2_001, 2), 0.5))
    assert whole[-1] == pytest.approx(common_factor_tail(limit[-1:], np.full((1, 2), 0.5))[0], rel=1e-12)
    assert (np.diff(whole) < 0.0).all()
