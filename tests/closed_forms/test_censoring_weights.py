"""Weights for those not seen give others' estimators, and with ties what is counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from lifelines import AalenJohansenFitter, KaplanMeierFitter

from simulator.statistics.endpoints.censoring_weights import difference, uncensored, weighted_share


def test_weights_give_kaplan_meier_and_aalen_johansen() -> None:
    """With censoring by chance the weighted share is theirs, exactly, with and without a competing event."""
    rng = np.random.default_rng(5)
    event, other, lost = (rng.exponential(scale, 300) for scale in (1.0, 1.5, 1.2))
    at = 0.8
    settled = np.minimum(event, at)
    weight = np.where(lost < settled, 0.0, 1.0 / uncensored(settled, lost))
    share, _ = weighted_share(event <= at, weight)
    km = KaplanMeierFitter().fit(np.minimum(event, lost), event <= lost)
    assert share == pytest.approx(1.0 - float(km.predict(at)), abs=1e-12)
    settled = np.minimum(settled, other)
    weight = np.where(lost < settled, 0.0, 1.0 / uncensored(settled, lost))
    share, _ = weighted_share((event <= at) & (event < other), weight)
    time = np.minimum(np.minimum(event, other), lost)
    code = np.where(lost <= time, 0, np.where(event < other, 1, 2))
    aj = AalenJohansenFitter(calculate_variance=False).fit(time, code, event_of_interest=1)
    assert share == pytest.approx(float(aj.predict(at)), abs=1e-12)


def test_weights_with_ties_by_hand() -> None:
    """Of four, one is settled and one lost at the same time: the loss is among the three who are not settled by then."""
    settled, lost = np.array([1.0, 2.0, 2.0, 2.0]), np.array([np.inf, 1.0, np.inf, np.inf])
    assert uncensored(settled, lost) == pytest.approx([1.0, 2 / 3, 2 / 3, 2 / 3])
    share, se = weighted_share(np.array([True, False, True, False]), np.ones(4))
    assert (share, se) == (0.5, pytest.approx(math.sqrt(0.25 / 4)))


def test_weighted_shares_and_their_difference_by_hand() -> None:
    """Weights 1, 2 and 1 with yes, no, yes: 1/2, error root(1/4 + 1 + 1/4) / 4; errors of 3 and 4 points make 5."""
    yes, weight = np.array([True, False, True]), np.array([1.0, 2.0, 1.0])
    assert weighted_share(yes, weight) == (pytest.approx(0.5), pytest.approx(math.sqrt(1.5) / 4.0))
    with np.errstate(all="raise"):
        assert np.isnan(weighted_share(yes, np.zeros(3))).all()
    found = difference((np.array([0.5, 0.2]), np.array([0.03, 0.0])), (np.array([0.3, 0.2]), np.array([0.04, 0.0])))
    assert found.estimate == pytest.approx([-0.2, 0.0]) and found.se == pytest.approx([0.05, 0.0])
    assert found.z[0] == pytest.approx(-4.0) and np.isnan(found.z[1])


def test_nobody_censored_and_everybody_settled_before() -> None:
    """Chances of 1; after two of four are censored at 1 and one of two at 2: 1/2, then 1/4."""
    assert uncensored(np.array([1.0, 2.0]), np.array([np.inf, 3.0])).tolist() == [1.0, 1.0]
    settled = np.array([5.0, 6.0, 7.0, 8.0])
    found = uncensored(settled, np.array([1.0, 1.0, 2.0, np.inf]))
    assert found == pytest.approx([1 / 4] * 4)
    assert uncensored(np.array([5.0, 6.0, 1.5, 8.0]), np.array([1.0, 1.0, 2.0, np.inf]))[2] == pytest.approx(1 / 2)
