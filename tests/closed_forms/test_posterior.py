"""From prior to posterior: densities, points about draws, a view's share on a grid, the central point and levels of death."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from simulator.questions.calibrate import levels as levels_module
from simulator.questions.calibrate import posterior as module
from simulator.questions.calibrate.posterior import around, central_point, fit_share, fit_share_mode, log_prior
from simulator.questions.calibrate.prior import FURTHEST

PRIOR: Any = SimpleNamespace(names=("other", "attributable_share_central"))


def test_density_of_the_prior() -> None:
    """Half the squared distance from the middle; beyond six SDs of any parameter there is nothing."""
    z = np.array([[0.0, 0.0], [1.0, -2.0], [FURTHEST, 0.0], [0.0, -5.99]])
    assert log_prior(z) == pytest.approx([0.0, -2.5, -1e9, -0.5 * 5.99**2])
    assert FURTHEST == 6.0


def test_points_about_draws() -> None:
    """Their mean is that of the draws, their covariance twice; none lies beyond nine tenths of the furthest."""
    luck = np.random.default_rng(3)
    draws = luck.multivariate_normal([0.5, -1.0], [[0.5, 0.2], [0.2, 0.3]], 4_000)
    points = around(draws, 8_000, 2.0, luck)
    assert points.mean(axis=0) == pytest.approx(draws.mean(axis=0), abs=0.05)
    assert np.cov(points.T) == pytest.approx(2.0 * np.cov(draws.T), abs=0.06)
    wide = around(100.0 * draws, 50, 1.0, luck)
    assert np.abs(wide).max() == pytest.approx(5.4)


class Line:
    """A surface whose first outcome is linear in the share's place; the second parameter is read, the first is not."""

    def statistics(self, z: Any) -> Any:
        """The places themselves."""
        return z


@pytest.fixture
def contrast(monkeypatch: pytest.MonkeyPatch) -> None:
    """A contrast that says: the share is normal about 0.7 less a tenth of the other parameter, SD 0.05."""
    monkeypatch.setattr(module, "contrasts", lambda y: (norm.cdf(y[:, 1]), y[:, 0]))
    monkeypatch.setattr(
        module,
        "log_likelihood_contrast",
        lambda share, other, _contrast: -0.5 * ((share - 0.7 + 0.1 * other) / 0.05) ** 2,
    )


@pytest.mark.usefixtures("contrast")
def test_a_view_s_share() -> None:
    """Its most likely value, and draws of the normal law, for each draw of the other parameters."""
    line: Any = Line()
    assert fit_share_mode(line, PRIOR, np.array([0.0, 9.0]), None) == pytest.approx(0.7, abs=0.0051)  # type: ignore[arg-type]
    assert fit_share_mode(line, PRIOR, np.array([2.0, 9.0]), None) == pytest.approx(0.5, abs=0.0051)  # type: ignore[arg-type]
    z = np.column_stack([np.repeat([0.0, 2.0], 3_000), np.zeros(6_000)])
    found = fit_share(line, PRIOR, z, None, 5)  # type: ignore[arg-type]
    for part, middle in ((found[:3_000], 0.7), (found[3_000:], 0.5)):
        assert part.mean() == pytest.approx(middle, abs=0.005) and part.std() == pytest.approx(0.05, abs=0.004)
    assert np.array_equal(z[:, 1], np.zeros(6_000)), "the draws are left as they were"
    assert module.SHARES[[0, -1]].tolist() == [0.005, 0.995] and len(module.SHARES) == 100


def test_the_central_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """Results exp(a) and b of draws with correlation: the nearest point at which they are their means, less what is astray."""
    monkeypatch.setattr(module, "outcomes_at_1_year", lambda y: y[:, :2])
    luck = np.random.default_rng(1)
    covariance = np.array([[0.4, 0.1, 0.2], [0.1, 0.3, 0.0], [0.2, 0.0, 0.5]])
    z = luck.multivariate_normal([0.2, -0.4, 1.0], covariance, 3_000)

    class Curved:
        """exp(a), and twice b."""

        def statistics(self, z: Any) -> Any:
            """At points z."""
            return np.column_stack([np.exp(z[:, 0]), 2.0 * z[:, 1]])

    surface: Any = Curved()
    found = central_point(surface, z, surface.statistics(z))
    wanted = np.array([np.log(np.exp(z[:, 0]).mean()), z[:, 1].mean()])
    assert found[:2] == pytest.approx(wanted, abs=2e-3)
    # The third parameter moves with the others as a regression on them says.
    own = np.cov(z.T)
    moved = own[2, :2] @ np.linalg.solve(own[:2, :2], wanted - z.mean(axis=0)[:2])
    assert found[2] == pytest.approx(z[:, 2].mean() + moved, abs=2e-3)
    astray = central_point(surface, z, surface.statistics(z), np.array([0.2, 0.1]))
    assert np.exp(astray[0]) == pytest.approx(np.exp(z[:, 0]).mean() - 0.2, rel=2e-3)
    assert astray[1] == pytest.approx(wanted[1] - 0.05, abs=2e-3)


def test_levels_of_death(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where deaths within a year are level times rate times (1 + causal share), each view's level undoes its share."""

    class Cohort:
        """A thousand people of whom so many die, the others later than a year."""

        def __init__(self, _scenario: Any, _data: Any, patients: int, _seed: int) -> None:
            self.patients = patients

        def lives(self, params: Any) -> Any:
            """Times of death in the column of it."""
            share = (
                params["death_rate_wound"] * (1.0 + params["death_causal_share"]) - 0.1 * params["attributable_share"]
            )
            times = np.full((self.patients, levels_module.DIED + 1), 0.0)
            times[:, levels_module.DIED] = np.where(np.arange(self.patients) < share * self.patients, 1.0, 1.001)
            return times

    monkeypatch.setattr(levels_module, "FoundingCohort", Cohort)
    register = {
        f"{name}_{view}": SimpleNamespace(value=value)
        for name, by in (("death_causal_share", (0.1, 0.5, 0.8)), ("attributable_share", (0.9, 0.4, 0.6)))
        for view, value in zip(("sceptical", "central", "optimistic"), by, strict=True)
    }
    scenario: Any = SimpleNamespace(register=register, params=lambda values: values)
    values = {"death_rate_wound": 0.3, "attributable_share_sceptical": 0.2}
    found = levels_module.death_levels(scenario, None, values, 100_000, 1)  # type: ignore[arg-type]
    wanted = 0.3 * 1.5 - 0.04
    assert found["death_level_sceptical"] == pytest.approx((wanted + 0.02) / (0.3 * 1.1), abs=2e-3)
    assert found["death_level_optimistic"] == pytest.approx((wanted + 0.06) / (0.3 * 1.8), abs=2e-3)
    assert all(round(level, 4) == level for level in found.values()) and len(found) == 2


def test_the_fitted_values() -> None:
    """The central point by name, the sceptical share fitted at it, and the levels of death."""
    posterior: Any = SimpleNamespace(
        prior=SimpleNamespace(values=lambda z: {"a": z[..., 0], "b": 10.0 * z[..., 1]}),
        point=np.array([1.0, 2.0]),
        point_sceptical=0.3,
        levels={"death_level_sceptical": 1.1},
        z=np.array([[1.0, 2.0], [3.0, 4.0]]),
        chosen=np.array([1, 1, 0]),
        sceptical=np.array([0.1, 0.2, 0.3]),
    )
    assert module.point_of(posterior) == {
        "a": 1.0,
        "b": 20.0,
        "attributable_share_sceptical": 0.3,
        "death_level_sceptical": 1.1,
    }
    table = module.table_of(posterior)
    assert table["a"].tolist() == [3.0, 3.0, 1.0] and table["b"].tolist() == [40.0, 40.0, 20.0]
    assert table["attributable_share_sceptical"].tolist() == [0.1, 0.2, 0.3]
