"""Sizes from nuisance parameters, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.statistics.sizes.blinded_size import by_event_rate, by_pooled_rate, by_pooled_variance, residual_variance


def test_a_pooled_rate_changes_the_size_as_its_variance() -> None:
    """0.5 for a planned 0.2: 0.25 / 0.16 times the patients for a difference, 1 / 4 of them for a ratio."""
    assert by_pooled_rate([0.5, 0.2, 0.8], 0.2, ratio=False) == pytest.approx([0.25 / 0.16, 1.0, 1.0])
    assert by_pooled_rate([0.5, 0.2], 0.2, ratio=True) == pytest.approx([0.25, 1.0])
    assert by_pooled_rate(0.0, 0.2, ratio=False) == 0.0
    assert np.isnan(by_pooled_rate(0.0, 0.2, ratio=True))


def test_a_pooled_variance_changes_the_size_in_proportion() -> None:
    """A variance of 18 for a planned SD of 3 doubles it."""
    assert by_pooled_variance([18.0, 9.0], 3.0) == pytest.approx([2.0, 1.0])


def test_an_event_rate_changes_the_size_as_the_share_with_an_event() -> None:
    """ln 2 a year gives half of the patients an event in a year; at half of that rate 1 - 1/root 2 of them."""
    found = by_event_rate([np.log(2.0), np.log(2.0) / 2.0, 0.0], np.log(2.0), 1.0)
    assert found[:2] == pytest.approx([1.0, 0.5 / (1.0 - np.sqrt(0.5))])
    assert np.isnan(found[2])


def test_the_residual_variance_is_that_of_a_line() -> None:
    """Agrees with numpy's least squares, whoever is missing left out, and needs three people."""
    rng = np.random.default_rng(2)
    x = rng.normal(30.0, 8.0, (2, 12))
    y = 5.0 + 0.7 * x + rng.normal(0.0, 4.0, (2, 12))
    y[0, 3], x[1, 5] = np.nan, np.nan
    y[1, 6:] = np.nan
    for row, found in enumerate(residual_variance(y, x)):
        use = np.isfinite(y[row]) & np.isfinite(x[row])
        _, rest, *_ = np.polyfit(x[row][use], y[row][use], 1, full=True)
        assert found == pytest.approx(rest[0] / (use.sum() - 2))
    assert np.isnan(residual_variance(y[:, :2], x[:, :2])).all()
