"""Weights for those not seen give others' estimators, and with ties what is counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from lifelines import AalenJohansenFitter, KaplanMeierFitter

from simulator.statistics.censoring_weights import uncensored, weighted_share


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
