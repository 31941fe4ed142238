"""What a monitoring committee reads: the effect that a boundary means, and the chances of success from here."""

from __future__ import annotations

from math import exp, sqrt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.results import monitoring as module
from simulator.questions.trial.results.monitoring import effect_at, is_ratio


def endpoint(outcome: str, test: str, **more: Any) -> Endpoint:
    """An endpoint read at a year."""
    return Endpoint(name="e", outcome=outcome, test=test, at_months=12.0, **more)


def test_the_effect_at_a_boundary() -> None:
    """z of 2 with an error of .1: a gain of .2; of a ratio its exponential; of a bad outcome the other way; less the margin."""
    assert effect_at(endpoint("tcpo2", "ancova"), 2.0, 0.1) == pytest.approx(0.2)
    assert effect_at(endpoint("death", "risk_difference"), 2.0, 0.1) == pytest.approx(-0.2)
    assert effect_at(endpoint("death", "cox"), 2.0, 0.1) == pytest.approx(exp(-0.2))
    assert effect_at(endpoint("healing", "risk_ratio"), 2.0, 0.1) == pytest.approx(exp(0.2))
    inferior = endpoint("death", "risk_difference", aim="non_inferiority", margin=0.15)
    assert effect_at(inferior, 2.0, 0.1) == pytest.approx(-0.05)
    assert [is_ratio(endpoint(*of)) for of in (("death", "cox"), ("death", "logrank"), ("tcpo2", "t_test"))] == [
        True,
        True,
        False,
    ]


def test_chances_of_success_from_a_look() -> None:
    """At half of the information with z of 1.5: conditional under the trend and predictive power of the B-value's law."""
    plan: Any = SimpleNamespace(whole=(80.0,))
    conditional, predictive = module._chances(np.array([1.5, np.nan]), np.array([40.0, 40.0]), plan, 1.96)
    # B(1/2) = 1.5 sqrt(1/2); the rest is normal with the drift 1.5 / sqrt(1/2).
    b, drift = 1.5 * sqrt(0.5), 1.5 / sqrt(0.5)
    assert conditional == pytest.approx(float(ndtr((b + 0.5 * drift - 1.96) / sqrt(0.5))))
    assert predictive == pytest.approx(float(ndtr((1.5 - 1.96 * sqrt(0.5)) / sqrt(0.5))))
    assert np.isnan(module._chances(np.array([np.nan]), np.array([40.0]), plan, 1.96)).all()
    two = module._chances(np.array([1.5, 9.0]), np.array([40.0, 40.0]), plan, 1.96)
    assert two[0] == pytest.approx((conditional + 1.0) / 2.0, abs=1e-6)


@pytest.mark.parametrize(("sides", "futile"), [(1, False), (2, False), (1, True)])
def test_what_boundaries_are_worth(sides: int, futile: bool) -> None:
    """Each boundary as a z, a p value and an effect; harm in a two-sided trial; futility with its chances."""
    t = np.array([0.5, 1.0])
    found: Any = SimpleNamespace(information=t, upper=np.array([2.8, 1.97]), plan=SimpleNamespace(sides=sides))
    conduct: Any = SimpleNamespace(
        rule=SimpleNamespace(boundaries=(found,), lower=lambda _t: np.array([[0.3, -np.inf]])),
        hypotheses=(("afs", endpoint("death", "cox"), 1),),
        design=SimpleNamespace(sides=sides, stops_for_futility=futile),
    )
    table = module._bounds(conduct, [0.2, 0.1])
    assert table["look"].tolist() == [1, 2] and table["information"].tolist() == [0.5, 1.0]
    assert table["p"].to_numpy() == pytest.approx(sides * ndtr(np.array([-2.8, -1.97])))
    assert table["effect"].tolist() == pytest.approx([exp(-0.56), exp(-0.197)])
    assert ("harm_effect" in table) == (sides == 2) and ("futility_z" in table) == futile
    if sides == 2:
        assert table["harm_effect"].tolist() == pytest.approx([exp(0.56), exp(0.197)])
    if futile:
        assert table["futility_z"][0] == 0.3 and np.isnan(table["futility_z"][1])
        assert table["futility_effect"][0] == pytest.approx(exp(-0.06)) and np.isnan(table["futility_effect"][1])
        b, drift = 0.3 * sqrt(0.5), 0.3 / sqrt(0.5)
        power = float(ndtr((b + 0.5 * drift - 1.97) / sqrt(0.5)))
        assert table["futility_conditional_power"][0] == pytest.approx(power)
        assert np.isnan(table["futility_predictive_power"][1])
