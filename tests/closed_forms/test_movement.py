"""What the data moved: prior beside posterior, densities over bins, and rank correlations, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from simulator.questions.calibrate import movement as module
from simulator.questions.calibrate import prior as prior_module
from simulator.questions.calibrate.movement import BINS, correlations, densities, movement
from simulator.questions.calibrate.prior import FURTHEST, LEVELS, OWN_FIT, Prior


@pytest.fixture(autouse=True)
def uniform_laws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parameters that are uniform up to the number that stands for them."""
    for each in (module, prior_module):
        monkeypatch.setattr(each, "quantile", lambda most, u: most * np.asarray(u, float))


REGISTER: Any = {"a": 10.0, "b": 4.0, "fixed": 0.0}


def test_prior_beside_posterior() -> None:
    """Draws at 2 to 4 of a prior from 0 to 10 are moved: their SD is a fifth of its; those that fill it are not."""
    draws = pd.DataFrame({"a": np.linspace(2.0, 4.0, 401), "b": np.linspace(0.0, 4.0, 401)})
    found = movement(REGISTER, draws).set_index("parameter")
    first = found.loc["a"]
    assert (first["prior_low"], first["prior_median"], first["prior_high"]) == pytest.approx((0.25, 5.0, 9.75))
    assert (first["posterior_low"], first["posterior_median"], first["posterior_high"]) == pytest.approx(
        (2.05, 3.0, 3.95)
    )
    assert first["sd_ratio"] == pytest.approx(0.2, abs=0.005) and bool(first["moved"])
    assert found.loc["b", "sd_ratio"] == pytest.approx(1.0, abs=0.02) and not found.loc["b", "moved"]
    still = movement(REGISTER, pd.DataFrame({"fixed": np.zeros(5)}))
    assert np.isnan(still["sd_ratio"][0]) and not still["moved"][0]


def test_densities_over_equal_bins() -> None:
    """Bins from the prior's half percent (or the least draw) to its other end (or the largest); both integrate to one."""
    found = densities(REGISTER, pd.DataFrame({"a": np.linspace(2.0, 12.0, 1_000), "b": np.full(1_000, 2.0)}))
    assert len(found) == 2 * BINS
    a = found[found["parameter"] == "a"]
    assert (a["low"].iloc[0], a["high"].iloc[-1]) == pytest.approx((0.05, 12.0), abs=0.01)
    width = a["high"] - a["low"]
    assert width.to_numpy() == pytest.approx(np.full(BINS, (12.0 - 0.05) / BINS), abs=1e-3)
    assert (a["prior"] * width).sum() == pytest.approx(1.0) and (a["posterior"] * width).sum() == pytest.approx(1.0)
    assert a["posterior"].iloc[0] == 0.0 and a["posterior"].iloc[-1] == pytest.approx(0.1, rel=0.05)
    b = found[found["parameter"] == "b"]
    assert (b["posterior"] > 0.0).sum() == 1 and b["prior"].to_numpy() == pytest.approx(np.full(BINS, 0.25), rel=0.05)


def test_rank_correlations_of_pairs() -> None:
    """Each pair once; what rises together is 1 however bent, what falls is -1."""
    x = np.linspace(1.0, 2.0, 20)
    found = correlations(pd.DataFrame({"a": x, "b": np.exp(9.0 * x), "c": -(x**3)}))
    assert list(zip(found["parameter"], found["other"], strict=True)) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found["correlation"].tolist() == pytest.approx([1.0, -1.0, -1.0])


class Register(dict[str, float]):
    """Parameters of which some are fitted."""

    parameters = tuple(
        SimpleNamespace(name=name, fitted=name != "known") for name in ("x", "known", OWN_FIT, "y", *LEVELS)
    )


def test_the_prior_is_standard_normal() -> None:
    """Free parameters in the register's order; a point's values are quantiles of its normal probabilities, cut at six SDs."""
    prior = Prior(Register({"x": 10.0, "y": 4.0}))  # type: ignore[arg-type]
    assert prior.names == ("x", "y")
    found = prior.values(np.array([[0.0, 1.0], [-1.0, 99.0]]))
    assert found["x"] == pytest.approx([5.0, 10.0 * norm.cdf(-1.0)])
    assert found["y"] == pytest.approx([4.0 * norm.cdf(1.0), 4.0 * norm.cdf(FURTHEST)])
    points = prior.points(512, 3)
    assert points.shape == (512, 2)
    assert points.mean(axis=0) == pytest.approx([0.0, 0.0], abs=0.02) and points.std(axis=0) == pytest.approx(
        [1.0, 1.0], abs=0.03
    )
    assert prior.points(512, 3, 2.0) == pytest.approx(2.0 * points)
    assert not np.array_equal(prior.points(512, 4), points) and np.array_equal(prior.points(512, 3), points)
