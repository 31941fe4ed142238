"""From prior to posterior: two designs with response surfaces, chains on the surface, and exact reweighting by simulation.

The surface only proposes. Every draw that is kept has been simulated and carries the weight of its simulated likelihood
against the surface's, so an error of the surface costs effective size and not correctness.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from scipy.stats import norm

from simulator.evidence.targets import Contrast, Founding
from simulator.founding.founding import FoundingCohort, as_table
from simulator.founding.summaries import outcomes_at_1_year, summarise
from simulator.questions.calibrate.chains import resample, sample_chains
from simulator.questions.calibrate.levels import death_levels
from simulator.questions.calibrate.likelihood import SmallSample, log_likelihood_contrast, small_sample
from simulator.questions.calibrate.prior import FURTHEST, OWN_FIT, Prior
from simulator.questions.calibrate.surface import Surface, contrasts, corrected, fit_surface, total_log_likelihood
from simulator.scenario.scenario import Scenario
from simulator.statistics.beliefs.weighted_draws import effective_draws
from simulator.words.luck import generator, seed_of

Array = NDArray[np.float64]
Stage = Callable[[str, Array, int], Array]
"""Simulates a design: name of the stage, points z, patients per point; gives statistics. The caller saves and resumes."""


@dataclass(frozen=True)
class Effort:
    """Sizes of a calibration: points of the designs, patients at each, chain steps, draws."""

    first: int = 4096
    second: int = 3000
    third: int = 4000
    final: int = 4000
    few_patients: int = 2000
    patients: int = 4000
    steps: int = 3000
    chains: int = 300
    cohorts: int = 2000
    draws: int = 2000
    many: int = 200_000
    level: int = 100_000


SMOKE = Effort(2048, 1200, 1200, 1200, 1000, 1500, 1500, 200, 800, 1000, 50_000, 20_000)


@dataclass(frozen=True, eq=False)
class Posterior:
    """Weighted draws and what is needed to judge them.

    z, statistics: (final, parameters) and (final, statistics); weights sum to 1. `chosen` (draws,) resamples them.
    `sceptical` (draws,) is the sceptical view's attributable share for each chosen draw. `point` holds the
    values of deterministic runs, see `central_point`; the likelihood's top is too flat for its highest point to mean more.
    """

    prior: Prior
    z: Array
    statistics: Array
    weights: Array
    chosen: NDArray[np.int64]
    sceptical: Array
    point: Array
    point_sceptical: float
    levels: dict[str, float]
    """Factors on the excess of death of the views that are not fitted, by parameter."""
    surface: Surface
    wide: Surface
    """Fitted to both designs about the posterior: less exact, further reaching."""
    scatter: SmallSample
    surface_error: float
    """Standard deviation of the surface's error in the log likelihood over the posterior."""

    @property
    def effective(self) -> float:
        """Effective number of draws before resampling."""
        return effective_draws(self.weights)


def measure_scatter(scenario: Scenario, data: Founding, prior: Prior, z: Array, cohorts: int, seed: int) -> SmallSample:
    """Scatter of summaries of cohorts of the study's size at one point."""
    (params,) = scenario.parameter_draws(as_table(prior.values(z[None])))
    lives = FoundingCohort(scenario, data, cohorts * data.n, seed_of(seed, "scatter")).lives(params)
    small = np.array([summarise(part, data) for part in np.split(lives, cohorts)])
    return small_sample(small, summarise(lives, data), data.end_known)


def log_prior(z: Array) -> Array:
    """Log density of the standard normal prior, without its constant; nothing beyond its clipping."""
    return np.asarray(np.where((np.abs(z) < FURTHEST).all(axis=1), -0.5 * (z**2).sum(axis=1), -np.inf))


def around(draws: Array, n: int, spread: float, luck: np.random.Generator) -> Array:
    """`n` normal points about draws (m, parameters) with their covariance times `spread`."""
    points = luck.multivariate_normal(draws.mean(axis=0), spread * np.cov(draws.T), n)
    return np.clip(points, -0.9 * FURTHEST, 0.9 * FURTHEST)


def calibrate(
    scenario: Scenario, data: Founding, targets: dict[str, Contrast], effort: Effort, seed: int, simulate: Stage
) -> Posterior:
    """The posterior of the free parameters given the founding cohort and the randomised contrasts."""
    prior, contrast = Prior(scenario.register), targets["central"]

    def on_surface(surface: Surface, scatter: SmallSample) -> Callable[[Array], Array]:
        def level(z: Array) -> Array:
            return log_prior(z) + total_log_likelihood(surface.statistics(z), data, scatter, contrast)

        return level

    def chains(surface: Surface, scatter: SmallSample, z: Array, y: Array, stage: int) -> Array:
        start = z[np.argsort(-(log_prior(z) + total_log_likelihood(y, data, scatter, contrast)))[: effort.chains]]
        return sample_chains(
            on_surface(surface, scatter),
            start,
            steps=effort.steps,
            keep_every=40,
            luck=generator(seed, "chains", stage),
        )

    centre = np.zeros(len(prior.names))
    scatter = measure_scatter(scenario, data, prior, centre, effort.cohorts, seed)
    z = prior.points(effort.first, seed)
    y = simulate("1 prior", z, effort.few_patients)
    draws = chains(fit_surface(z, y), scatter, z, y, 1)
    middle = draws.mean(axis=0)
    scatter = measure_scatter(scenario, data, prior, middle, effort.cohorts, seed)
    (params,) = scenario.parameter_draws(as_table(prior.values(middle[None])))
    small = FoundingCohort(scenario, data, effort.patients, seed).statistics(params)
    large = FoundingCohort(scenario, data, effort.many, seed_of(seed, "large cohort")).statistics(params)
    designs: list[tuple[Array, Array]] = []
    for stage, (points, spread) in enumerate(((effort.second, 2.0), (effort.third, 1.3)), 2):
        z = around(draws, points, spread, generator(seed, "points", stage))
        y = corrected(simulate(f"{stage} about the posterior", z, effort.patients), small, large)
        designs.append((z, y))
        surface = fit_surface(z, y)
        draws = chains(surface, scatter, z, y, stage)
    luck = generator(seed, "posterior")
    z = draws[luck.choice(len(draws), effort.final, replace=len(draws) < effort.final)]
    y = corrected(simulate("4 posterior", z, effort.patients), small, large)
    excess = total_log_likelihood(y, data, scatter, contrast) - total_log_likelihood(
        surface.statistics(z), data, scatter, contrast
    )
    weights = softmax(excess)
    chosen = resample(weights, effort.draws, generator(seed, "resampling"))
    point = central_point(surface, z[chosen], y[chosen])
    many = FoundingCohort(scenario, data, effort.many, seed_of(seed, "point"))
    for _ in range(2):
        # The surface is a little off where nobody simulated: what is simulated at the point says by how much.
        lived = outcomes_at_1_year(many.design(prior.values(point[None])))
        (astray,) = lived - outcomes_at_1_year(surface.statistics(point[None]))
        point = central_point(surface, z[chosen], y[chosen], astray)
    wide = fit_surface(np.concatenate([z for z, _ in designs]), np.concatenate([y for _, y in designs]))
    sceptical = fit_share(surface, prior, z[chosen], targets["sceptical"], seed)
    share = fit_share_mode(surface, prior, point, targets["sceptical"])
    at_point = prior.values_at(point) | {OWN_FIT: share}
    return Posterior(
        prior, z, y, weights, chosen, sceptical, point, share,
        death_levels(scenario, data, at_point, effort.level, seed),
        surface, wide, scatter, float(excess.std()),
    )  # fmt: skip


def central_point(surface: Surface, z: Array, statistics: Array, astray: Array | float = 0.0, steps: int = 10) -> Array:
    """The point nearest the middle of the draws z at which the results at one year are their posterior means.

    Results are curved in the parameters, so at the parameters' own means or medians they differ from the means of the results
    that a probabilistic run reports. The nearest point, in the metric of the draws' covariance, is found by Gauss-Newton
    steps on the surface, which lies `astray` by so much of the results there.
    """
    middle, covariance = z.mean(axis=0), np.cov(z.T)
    wanted = outcomes_at_1_year(statistics).mean(axis=0) - astray
    width = 0.05
    point = middle
    for _ in range(steps):
        around_it = point + width * np.concatenate([np.zeros((1, len(point))), np.eye(len(point)), -np.eye(len(point))])
        found = outcomes_at_1_year(surface.statistics(around_it))
        ahead, behind = found[1 : len(point) + 1], found[len(point) + 1 :]
        slope = (ahead - behind).T / (2.0 * width)
        gap = wanted - found[0] + slope @ (point - middle)
        point = middle + covariance @ slope.T @ np.linalg.lstsq(slope @ covariance @ slope.T, gap)[0]
    return np.asarray(point)


SHARES = np.linspace(0.005, 0.995, 100)


def share_levels(surface: Surface, prior: Prior, z: Array, contrast: Contrast) -> Array:
    """Log likelihood of a contrast at each of `SHARES` for each draw, the other parameters kept, shape (draws, 100).

    The share's own prior is uniform, so its place in z is the normal quantile of the share.
    """
    k = prior.names.index("attributable_share_central")
    levels = np.empty((len(z), len(SHARES)))
    for column, share in enumerate(SHARES):
        moved = z.copy()
        moved[:, k] = norm.ppf(share)
        levels[:, column] = log_likelihood_contrast(*contrasts(surface.statistics(moved)), contrast)
    return levels


def fit_share(surface: Surface, prior: Prior, z: Array, contrast: Contrast, seed: int) -> Array:
    """One draw of a view's attributable share for each draw of the other parameters, by inversion on a grid."""
    levels = share_levels(surface, prior, z, contrast)
    mass = np.cumsum(np.exp(levels - levels.max(axis=1, keepdims=True)), axis=1)
    u = generator(seed, "sceptical share").random(len(z)) * mass[:, -1]
    return np.asarray(SHARES[np.argmax(mass >= u[:, None], axis=1)])


def fit_share_mode(surface: Surface, prior: Prior, z: Array, contrast: Contrast) -> float:
    """The most likely attributable share of a view at one point."""
    return float(SHARES[np.argmax(share_levels(surface, prior, z[None], contrast))])


def table_of(posterior: Posterior) -> dict[str, Array]:
    """The chosen draws by parameter, the sceptical share included."""
    values = posterior.prior.values(posterior.z[posterior.chosen])
    return {**values, OWN_FIT: posterior.sceptical}


def point_of(posterior: Posterior) -> dict[str, float]:
    """The fitted values: the posterior's central point, the sceptical share that is most likely at it, and views' levels."""
    fitted = posterior.prior.values_at(posterior.point)
    return {**fitted, OWN_FIT: posterior.point_sceptical, **posterior.levels}
