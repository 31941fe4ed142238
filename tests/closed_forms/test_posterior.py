"""From prior to posterior: densities, points about draws, a view's share on a grid, the central point and levels of death,
and a whole fit whose posterior is known."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

from simulator.questions.calibrate import levels as levels_module
from simulator.questions.calibrate import posterior as module
from simulator.questions.calibrate.chains import resample, sample_chains
from simulator.questions.calibrate.posterior import Effort, around, central_point, fit_share, fit_share_mode, log_prior
from simulator.questions.calibrate.prior import FURTHEST
from simulator.words.errors import BadInput
from simulator.words.luck import generator, seed_of

PRIOR: Any = SimpleNamespace(names=("other", "attributable_share_central"))


def test_density_of_the_prior() -> None:
    """Half the squared distance from the middle; beyond six SDs of any parameter there is nothing."""
    z = np.array([[0.0, 0.0], [1.0, -2.0], [FURTHEST, 0.0], [0.0, -5.99]])
    assert log_prior(z) == pytest.approx([0.0, -2.5, -np.inf, -0.5 * 5.99**2])
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
    """A contrast that says: the share is normal about 0.7 less a tenth of the other parameter, SD 0.05 or as given."""
    monkeypatch.setattr(module, "contrasts", lambda y: (norm.cdf(y[:, 1]), y[:, 0]))
    monkeypatch.setattr(
        module,
        "log_likelihood_contrast",
        lambda share, other, sd: -2_000.0 - 0.5 * ((share - 0.7 + 0.1 * other) / (sd or 0.05)) ** 2,
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
    # About 0.995, where the grid ends, it is drawn as often as half a normal law has its middle: 1 in 1 + 0.98 + 0.92 + ...
    ends = fit_share(line, PRIOR, np.column_stack([np.full(6_000, -2.95), np.zeros(6_000)]), None, 5)  # type: ignore[arg-type]
    weights = np.exp(-0.5 * ((module.SHARES - 0.995) / 0.05) ** 2)
    assert (ends == module.SHARES[-1]).mean() == pytest.approx(1.0 / weights.sum(), abs=0.015)
    assert module.SHARES[[0, -1]].tolist() == [0.005, 0.995] and len(module.SHARES) == 100


@pytest.mark.usefixtures("contrast")
def test_a_view_s_share_by_a_very_exact_contrast() -> None:
    """Its likelihood is e to the -2,000 at the best: draws fall on the grid about 0.7 as the normal law says, SD 0.007."""
    found = fit_share(Line(), PRIOR, np.zeros((3_000, 2)), 0.007, 5)  # type: ignore[arg-type]
    assert set(np.round(found, 3)) <= {0.675, 0.685, 0.695, 0.705, 0.715, 0.725}
    inner = np.exp(-0.5 * (0.005 / 0.007) ** 2)
    outer = sum(np.exp(-0.5 * (away / 0.007) ** 2) for away in (0.015, 0.025))
    assert (np.abs(found - 0.7) < 0.006).mean() == pytest.approx(inner / (inner + outer), abs=0.02)


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
    assert found[:2] == pytest.approx(wanted, abs=1e-12), "the last of its steps changes nothing"
    # The third parameter moves with the others as a regression on them says.
    own = np.cov(z.T)
    moved = own[2, :2] @ np.linalg.solve(own[:2, :2], wanted - z.mean(axis=0)[:2])
    assert found[2] == pytest.approx(z[:, 2].mean() + moved, abs=2e-3)
    astray = central_point(surface, z, surface.statistics(z), np.array([0.2, 0.1]))
    assert np.exp(astray[0]) == pytest.approx(np.exp(z[:, 0]).mean() - 0.2, rel=2e-3)
    assert astray[1] == pytest.approx(wanted[1] - 0.05, abs=2e-3)


def test_the_nearest_of_the_points_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """One result exp(a) + c of three parameters: by another search, the nearest point in the covariance of the draws."""
    monkeypatch.setattr(module, "outcomes_at_1_year", lambda y: y[:, None])
    luck = np.random.default_rng(2)
    z = luck.multivariate_normal([0.2, -0.4, 1.0], [[0.4, 0.1, 0.2], [0.1, 0.3, 0.0], [0.2, 0.0, 0.5]], 3_000)
    surface: Any = SimpleNamespace(statistics=lambda z: np.exp(z[:, 0]) + z[:, 2])
    found = central_point(surface, z, surface.statistics(z))
    wanted = (np.exp(z[:, 0]) + z[:, 2]).mean()
    inverse = np.linalg.inv(np.cov(z.T))

    def squared_distance(point: Any) -> Any:
        return (point - z.mean(axis=0)) @ inverse @ (point - z.mean(axis=0))

    same: Any = {"type": "eq", "fun": lambda point: np.exp(point[0]) + point[2] - wanted}
    nearest = minimize(squared_distance, z.mean(axis=0), constraints=same, tol=1e-14).x
    # Slopes are differences over a tenth of an SD, which see exp a little steeper than it is.
    assert found == pytest.approx(nearest, abs=2e-4)


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Deaths within a year are level times rate times (1 + causal share), less a tenth of the attributable share."""

    class Cohort:
        """A thousand people of whom so many die, the others later than a year."""

        def __init__(self, scenario: Any, data: Any, patients: int, seed: int) -> None:
            assert scenario is made and (data, seed) == (DATA, 1)
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
    register |= {name: SimpleNamespace(range=(0.2, 3.0)) for name in levels_module.LEVELS}
    made = SimpleNamespace(register=register, params=lambda values: values)
    return made


def test_levels_of_death(dying: Any) -> None:
    """Each view's level undoes its share."""
    values = {"death_rate_wound": 0.3, "attributable_share_sceptical": 0.2}
    found = levels_module.death_levels(dying, DATA, values, 100_000, 1)
    wanted = 0.3 * 1.5 - 0.04
    assert found["death_level_sceptical"] == pytest.approx((wanted + 0.02) / (0.3 * 1.1), abs=2e-3)
    assert found["death_level_optimistic"] == pytest.approx((wanted + 0.06) / (0.3 * 1.8), abs=2e-3)
    assert all(round(level, 4) == level for level in found.values()) and len(found) == 2
    assert any(round(level, 3) != level for level in found.values()), "four digits are kept"


@pytest.mark.parametrize("reach", [(1.0, 3.0), (0.2, 1.0)])
def test_a_view_like_the_central_one(dying: Any, reach: tuple[float, float]) -> None:
    """Its level is 1, be that the end of its range."""
    for view in ("sceptical", "optimistic"):
        for name in ("death_causal_share", "attributable_share"):
            dying.register[f"{name}_{view}"] = dying.register[f"{name}_central"]
        dying.register[f"death_level_{view}"].range = reach
    found = levels_module.death_levels(dying, DATA, {"death_rate_wound": 0.3}, 1_000, 1)
    assert found == {"death_level_sceptical": 1.0, "death_level_optimistic": 1.0}


def test_a_level_of_death_out_of_reach_is_told(dying: Any) -> None:
    """41% die in the central view. At the highest level 3 * 0.3 * 0.538 - 0.09 is 39.4% in the sceptical one, which is told. The
    optimistic one has 36% at the lowest level with a share of 6, and 54% with a share of 9, which is told beside the other."""
    values = {"death_rate_wound": 0.3}
    shares = dying.register
    shares["death_causal_share_sceptical"].value = -0.462
    shares["death_causal_share_optimistic"].value = 6.0
    with pytest.raises(BadInput) as caught:
        levels_module.death_levels(dying, DATA, values, 100_000, 1)
    (problem,) = caught.value.problems
    assert (problem.file, problem.key, problem.value) == (
        "calibration/register",
        "death_causal_share_sceptical",
        "-0.462",
    )
    assert problem.allowed == (
        "a share nearer death_causal_share_central = 0.5, or a wider range of death_level_sceptical: 41.0% of the founding cohort"
        " die within a year in the central view, and 0.0% to 39.4% in the sceptical one at death_level_sceptical = 0.2 to 3"
    )
    shares["death_causal_share_optimistic"].value = 9.0
    with pytest.raises(BadInput) as caught:
        levels_module.death_levels(dying, DATA, values, 100_000, 1)
    assert [problem.key for problem in caught.value.problems] == [
        "death_causal_share_sceptical",
        "death_causal_share_optimistic",
    ]
    # A range that reaches as far as is needed.
    shares["death_level_sceptical"].range = (0.2, 3.2)
    shares["death_level_optimistic"].range = (0.1, 3.0)
    found = levels_module.death_levels(dying, DATA, values, 100_000, 1)
    assert found["death_level_sceptical"] == pytest.approx((0.41 + 0.09) / (0.3 * 0.538), abs=2e-3)
    assert found["death_level_optimistic"] == pytest.approx((0.41 + 0.06) / 3.0, abs=2e-3)


def test_the_fitted_values() -> None:
    """The central point by name, the sceptical share fitted at it, and the levels of death."""
    posterior: Any = SimpleNamespace(
        prior=SimpleNamespace(
            values=lambda z: {"a": z[..., 0], "b": 10.0 * z[..., 1]},
            values_at=lambda z: {"a": z[0], "b": 10.0 * z[1]},
        ),
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


SEEN, SD, BIAS = np.array([1.0, -0.5]), 0.5, np.array([0.3, -0.2])
SCENARIO: Any = SimpleNamespace(register="register", parameter_draws=lambda table: table)
DATA: Any = SimpleNamespace(n=4, end_known="known")
EFFORT = Effort(256, 300, 400, 800, 11, 22, 800, 100, 6, 500, 33, 44)


def truth(z: Any) -> Any:
    """Two outcomes of two parameters, one of them curved."""
    return np.column_stack([z[:, 0] + 0.5 * z[:, 1] + 0.2 * z[:, 0] ** 2, z[:, 1]])


def likely(y: Any, width: float = 1.0) -> Any:
    """Both outcomes were seen with normal errors."""
    return -0.5 * (((y - SEEN) / (SD * width)) ** 2).sum(axis=1)


class Plane:
    """A surface that is fitted to points and cannot bend."""

    def __init__(self, z: Any, y: Any) -> None:
        self.z = z
        self.slope = np.linalg.lstsq(np.column_stack([np.ones(len(z)), z]), y)[0]

    def statistics(self, z: Any) -> Any:
        """At points z."""
        return np.column_stack([np.ones(len(z)), z]) @ self.slope


class Fit:
    """A calibration of two parameters to two outcomes that keeps what it is asked for."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.stages: list[Any] = []
        self.cohorts: list[Any] = []
        self.scatters: list[Any] = []
        self.chains: list[Any] = []
        self.surfaces: list[Any] = []
        self.lived_at: list[Any] = []
        self.centred: list[Any] = []
        self.asked: dict[str, Any] = {}
        self.found: Any = None
        values: Any = lambda z: {"a": z[..., 0], "b": z[..., 1]}  # noqa: E731
        prior = SimpleNamespace(
            names=("a", "b"),
            values=values,
            values_at=values,
            points=lambda n, seed: np.random.default_rng(seed).normal(size=(n, 2)),
        )
        patch.setattr(module, "Prior", lambda _register: prior)
        patch.setattr(module, "as_table", lambda values: np.column_stack(list(values.values())))
        patch.setattr(module, "FoundingCohort", self.cohort)
        patch.setattr(module, "summarise", lambda lives, _data: lives.mean(axis=0))
        patch.setattr(module, "small_sample", self.small_sample)
        patch.setattr(module, "corrected", lambda y, small, large: y + large - small)
        patch.setattr(module, "fit_surface", self.plane)
        patch.setattr(module, "outcomes_at_1_year", lambda y: y)
        patch.setattr(module, "total_log_likelihood", lambda y, _data, scatter, _contrast: likely(y, scatter.width))
        patch.setattr(module, "sample_chains", self.sample)
        patch.setattr(module, "central_point", self.central)
        patch.setattr(module, "fit_share", lambda *given: self.keep("shares", given, "shares"))
        patch.setattr(module, "fit_share_mode", lambda *given: self.keep("share", given, 0.4))
        patch.setattr(module, "death_levels", lambda *given: self.keep("levels", given, {"level": 1.2}))

    def keep(self, name: str, given: Any, answer: Any) -> Any:
        """Remember what was asked and give an answer."""
        self.asked[name] = given
        return answer

    def plane(self, z: Any, y: Any) -> Plane:
        """A surface."""
        self.surfaces.append((z, y))
        return Plane(z, y)

    def central(self, *given: Any) -> Any:
        """The central point itself."""
        self.centred.append((given, central_point(*given)))
        return self.centred[-1][1]

    def lived(self, values: Any) -> Any:
        """What very many have at points."""
        self.lived_at.append(values)
        return truth(np.column_stack(list(values.values())))

    def cohort(self, scenario: Any, data: Any, patients: int, seed: int) -> Any:
        """People whose statistics are astray where they are few."""
        assert data.n == 4 and scenario.register == "register"
        self.cohorts.append((patients, seed))
        off = BIAS if patients == EFFORT.patients else 0.0
        return SimpleNamespace(
            lives=lambda params: params + np.arange(patients)[:, None] % 4,
            statistics=lambda params: truth(params[None])[0] + off,
            design=self.lived,
        )

    def small_sample(self, small: Any, whole: Any, known: Any) -> Any:
        """The first, about the middle of the prior, is wider than the second."""
        self.scatters.append((small, whole, known))
        return SimpleNamespace(number=len(self.scatters), width=1.5 if len(self.scatters) == 1 else 1.0)

    def sample(self, level: Any, start: Any, **how: Any) -> Any:
        """The chains themselves."""
        first = deepcopy(how["luck"]).random()
        draws = sample_chains(level, start, **how)
        self.chains.append((start, how["steps"], how["keep_every"], first, draws))
        return draws

    def simulate(self, name: str, z: Any, patients: int) -> Any:
        """A stage: few patients have a chance of their own."""
        self.stages.append((name, z, patients))
        return truth(z) + (BIAS if patients == EFFORT.patients else 0.0)

    def run(self, effort: Effort = EFFORT, seed: int = 7) -> Any:
        """The posterior."""
        targets: Any = {"central": "contrast", "sceptical": "doubt"}
        return module.calibrate(SCENARIO, DATA, targets, effort, seed, self.simulate)


@pytest.fixture(scope="module")
def fit() -> Fit:
    """Stand-ins for lives, surfaces and the likelihood; designs, chains and weights are the program's."""
    with pytest.MonkeyPatch.context() as patch:
        done = Fit(patch)
        done.found = done.run()
    return done


def test_a_posterior_that_is_known(fit: Fit) -> None:
    """Weighted draws have the exact mean and covariance, though the surface cannot bend; weights are what it is astray."""
    found = fit.found
    line = np.linspace(-4.0, 4.0, 401)
    grid = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    mass = np.exp(likely(truth(grid)) - 0.5 * (grid**2).sum(axis=1))
    mean, exact = np.average(grid, axis=0, weights=mass), np.cov(grid.T, aweights=mass)
    for z in (np.average(found.z, axis=0, weights=found.weights), found.z[found.chosen].mean(axis=0)):
        assert z == pytest.approx(mean, abs=0.05)
    assert np.cov(found.z.T, aweights=found.weights) == pytest.approx(exact, abs=0.04)
    assert found.statistics == pytest.approx(truth(found.z)), "less the chance of few patients"
    excess = likely(found.statistics) - likely(found.surface.statistics(found.z))
    assert found.weights == pytest.approx(np.exp(excess) / np.exp(excess).sum())
    assert found.surface_error == pytest.approx(excess.std()) and excess.std() > 0.02
    assert found.effective == pytest.approx(1.0 / (found.weights**2).sum())
    assert len(np.unique(found.z, axis=0)) == len(found.z) == 800 and len(found.chosen) == 500
    # What is simulated at the central point, whose distance from the surface is looked at twice, gives the means of the results.
    assert len(fit.lived_at) == 2 and len(fit.centred) == 3
    before = None
    for given, point in fit.centred:
        surface, z, y, *astray = given
        assert surface is found.surface
        assert np.array_equal(z, found.z[found.chosen]) and np.array_equal(y, found.statistics[found.chosen])
        if before is None:
            assert not astray
        else:
            assert astray[0] == pytest.approx(truth(before[None])[0] - surface.statistics(before[None])[0])
        before = point
    assert truth(found.point[None])[0] == pytest.approx(found.statistics[found.chosen].mean(axis=0), abs=0.01)


def test_the_stages_of_a_fit(fit: Fit) -> None:
    """A design over the prior, two about the posterior, wide and narrow, and draws; chains begin at the likeliest points."""
    found = fit.found
    assert [(name, len(z), patients) for name, z, patients in fit.stages] == [
        ("1 prior", 256, 11),
        ("2 about the posterior", 300, 22),
        ("3 about the posterior", 400, 22),
        ("4 posterior", 800, 22),
    ]
    first, second, third = (z for _, z, _ in fit.stages[:3])
    seen = [(first, truth(first), 1.5), (second, truth(second), 1.0), (third, truth(third), 1.0)]
    for stage, ((z, y, width), (start, steps, every, luck, draws)) in enumerate(zip(seen, fit.chains, strict=True), 1):
        order = np.argsort(-(likely(y, width) - 0.5 * (z**2).sum(axis=1)))
        assert np.array_equal(start, z[order[:100]])
        assert (steps, every, len(draws)) == (800, 40, 1_000)
        assert luck == generator(7, "chains", stage).random()
    for stage, spread in ((2, 2.0), (3, 1.3)):
        own = generator(7, "points", stage)
        about = around(fit.chains[stage - 2][-1], len(fit.stages[stage - 1][1]), spread, own)
        assert np.array_equal(fit.stages[stage - 1][1], about)
    assert np.array_equal(found.surface.z, third) and np.array_equal(found.wide.z, np.concatenate([second, third]))
    # The wide surface is fitted to both with the chance of few patients taken off.
    wanted = [(first, truth(first)), (second, truth(second)), (third, truth(third))]
    wanted.append(tuple(np.concatenate([each[i] for each in wanted[1:]]) for i in (0, 1)))
    for (z, y), (own_z, own_y) in zip(fit.surfaces, wanted, strict=True):
        assert np.array_equal(z, own_z) and y == pytest.approx(own_y)
    taken = generator(7, "posterior").choice(1_000, 800, replace=False)
    assert np.array_equal(found.z, fit.chains[2][-1][taken])
    assert np.array_equal(found.chosen, resample(found.weights, 500, generator(7, "resampling")))


def test_whom_a_fit_simulates(fit: Fit) -> None:
    """Cohorts of the study's size about the prior's middle, then the posterior's; few and many there; many at the point."""
    found = fit.found
    middle = fit.chains[0][-1].mean(axis=0)
    for (small, whole, known), at in zip(fit.scatters, (np.zeros(2), middle), strict=True):
        assert small == pytest.approx(np.tile(at + 1.5, (6, 1))) and whole == pytest.approx(at + 1.5)
        assert known == "known"
    assert found.scatter.number == 2
    scatter, large, point = (seed_of(7, name) for name in ("scatter", "large cohort", "point"))
    assert fit.cohorts == [(24, scatter), (24, scatter), (22, 7), (33, large), (33, point)]
    surface, _, z, contrast, seed = fit.asked["shares"]
    assert surface is found.surface and np.array_equal(z, found.z[found.chosen]) and (contrast, seed) == ("doubt", 7)
    surface, _, z, contrast = fit.asked["share"]
    assert surface is found.surface and np.array_equal(z, found.point) and contrast == "doubt"
    scenario, data, values, *rest = fit.asked["levels"]
    assert scenario is SCENARIO and data is DATA
    assert values == {"a": found.point[0], "b": found.point[1], "attributable_share_sceptical": 0.4}
    assert rest == [44, 7]
    assert (found.sceptical, found.point_sceptical, found.levels) == ("shares", 0.4, {"level": 1.2})


def test_more_draws_than_chains_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then some are taken twice, and the same seed takes the same ones; where there are just as many, each is taken once."""
    effort = replace(EFFORT, final=60, steps=80, chains=50)
    found, again = Fit(monkeypatch).run(effort), Fit(monkeypatch).run(effort)
    assert len(found.z) == 60 > len(np.unique(found.z, axis=0))
    assert np.array_equal(found.z, again.z)
    exactly = Fit(monkeypatch).run(replace(effort, final=50))
    assert len(exactly.z) == 50 == len(np.unique(exactly.z, axis=0))
