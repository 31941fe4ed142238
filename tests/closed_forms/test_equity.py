"""Weights of groups and health before referral, by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from simulator.questions.value.equity import atkinson_weights, lived


def test_atkinsons_weights_of_uneven_groups() -> None:
    """Health 50 and 100 at an epsilon of 1 weigh 2 to 1: with a quarter and three quarters of people 8/5 and 4/5."""
    share = np.array([0.25, 0.75])
    assert atkinson_weights(np.array([50.0, 100.0]), share, 1.0) == pytest.approx([8 / 5, 4 / 5])
    assert atkinson_weights(np.array([50.0, 100.0]), share, 0.0) == pytest.approx([1.0, 1.0])
    twice = atkinson_weights(np.array([50.0, 100.0]), share, 2.0)
    assert twice[0] / twice[1] == pytest.approx(4.0) and twice @ share == pytest.approx(1.0)
    assert np.isfinite(atkinson_weights(np.array([50.0, 100.0]), share, 400.0)).all()


def test_years_lived_before_an_age() -> None:
    """0.9 a year in men and 0.8 in women to 60.5, three quarters of them men; nothing is better than full health; birth is 0."""
    values = SimpleNamespace(norm=SimpleNamespace(at=lambda _age, male: 0.9 if male else 0.8), male_share=0.75)
    assert lived(values, 60.5) == pytest.approx(60.5 * 0.875)  # type: ignore[arg-type]
    assert lived(values, 0.0) == 0.0  # type: ignore[arg-type]
    values.norm = SimpleNamespace(at=lambda age, male: 1.2 - 0.01 * age)
    # Full health to 20, then one hundredth less a year.
    assert lived(values, 60.0) == pytest.approx(20.0 + 40.0 * 0.8)  # type: ignore[arg-type]
