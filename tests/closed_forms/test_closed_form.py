"""Sizes by formula beside simulated ones: what of the pooled patients enters them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.questions.trial.sizes import closed_form as module
from simulator.questions.trial.sizes.closed_form import _proportions
from simulator.statistics.sizes.samplesize import two_proportions

POOL: Any = SimpleNamespace(data="data", ratio=2.0)


@pytest.mark.parametrize(("test", "pooled"), [("chi_square", True), ("risk_difference", False)])
def test_a_tenth_missing_makes_a_trial_a_ninth_larger(monkeypatch: pytest.MonkeyPatch, test: str, pooled: bool) -> None:
    """The formula's patients by the share of patients who are seen: n / 0.9."""
    shares = {"rate_0": np.array([0.5]), "rate_1": np.array([0.3]), "missing": np.array([0.1])}

    def analyse(endpoint: Any, data: str, comparison: int) -> Any:
        assert (endpoint.test, data, comparison) == (test, "data", 1)
        return SimpleNamespace(shares=shares)

    monkeypatch.setattr(module, "analyse", analyse)
    (found,) = _proportions(POOL, SimpleNamespace(test=test), 1, 0.025, 0.8)  # type: ignore[arg-type]
    assert found.patients == pytest.approx(two_proportions(0.5, 0.3, 0.025, 0.8, 2.0, pooled=pooled) / 0.9)
    assert "50.0% in the control arm, 30.0% in the other; 10.0% missing" in found.inputs
