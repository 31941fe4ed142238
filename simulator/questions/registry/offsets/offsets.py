"""Where a hospital lies among all, by what became of each of its people: the population of hospitals updated by them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import Bounds, minimize

from simulator.centre.own import draws_of_people
from simulator.evidence.hospitals import HIGHEST, OFFSETS, RATES, RESPONSE, Hospitals, Kind, at_hospital
from simulator.questions.registry.offsets.given_course import WEIGHED
from simulator.questions.registry.offsets.likelihood import Courses, impossible, log_likelihood, weighed
from simulator.scenario import Scenario
from simulator.scenario.arrays import parameter_draws as engine_draws
from simulator.scenario.arrays import policy_records
from simulator.words.luck import generator, seed_of
from simulator.work.threads import cores, in_order

Array = NDArray[np.float64]
KEY = "own people"
PARTICLES, LIVES, POINTS, KEPT = 48, 32, 160, 8
"""Joint draws of what else is unknown, lives of each person at each, points of importance sampling, offsets kept of each."""
MOST_PEOPLE = 2_000
"""People whose courses are lived; of more, so many taken at random. What is unknown of the disease limits the answer by then."""
THREE = len(RATES)
TAILS = 5.0
"""Degrees of freedom of the density that points are drawn from."""
WIDER = 1.1
FURTHEST = 15.0
"""Log ratio to the mean of hospitals beyond which no hospital is looked for."""
STEP = 1e-3
BOOTSTRAPS = 400
"""Sets of particles by which Monte Carlo errors are told."""


@dataclass(frozen=True, eq=False)
class Update:
    """A hospital before and after its own people.

    `drawn` are draws of the clinical parameters (particles,); `offsets` (particles, kept, offsets) go with them, `point`
    (offsets,) with the parameters' point values. `before` (draws, offsets) are hospitals drawn from the population.
    `unlived` counts people whose course no life could follow.
    """

    drawn: NDArray[np.void]
    offsets: Array
    point: Array
    before: Array
    people: int
    unlived: int

    @property
    def after(self) -> Array:
        """Offsets of all particles, shape (draws, offsets)."""
        return self.offsets.reshape(-1, len(OFFSETS))

    def errors(self, offset: int) -> tuple[float, float]:
        """Monte Carlo errors of an offset's mean and of the worse of its 95% limits: particles drawn anew."""
        own = self.offsets[:, :, offset]
        chosen = generator(1, KEY, "errors").integers(0, len(own), (BOOTSTRAPS, len(own)))
        again = own[chosen].reshape(BOOTSTRAPS, -1)
        limits = np.quantile(again, [0.025, 0.975], axis=1)
        return float(again.mean(axis=1).std(ddof=1)), float(limits.std(axis=1, ddof=1).max())

    def table(self) -> pd.DataFrame:
        """offset, then mean, low and high before and after: log ratios to the founding hospital's rates with 95% limits; Monte
        Carlo errors after; by how much of the SD it is `narrower`.

        Rates alone: of response these people teach nothing, and a difference would be the luck of the draws.
        """
        rows: list[dict[str, Any]] = []
        for k, name in enumerate(RATES):
            row: dict[str, Any] = {"offset": name}
            for prefix, values in (("before", self.before[:, k]), ("after", self.after[:, k])):
                low, high = np.quantile(values, [0.025, 0.975])
                row |= {prefix: float(values.mean()), f"{prefix}_low": float(low), f"{prefix}_high": float(high)}
            row |= dict(zip(("after_se", "limits_se"), self.errors(k), strict=True))
            row["narrower"] = float(1.0 - self.after[:, k].std() / self.before[:, k].std())
            rows.append(row)
        return pd.DataFrame(rows)


@dataclass(frozen=True, eq=False)
class Law:
    """The population of hospitals in one of its rows: normal, or Student's t, in the three rates."""

    mean: Array
    root: Array
    tails: float

    def log_density(self, offsets: Array) -> tuple[Array, Array]:
        """Log density up to a constant (points,), and its gradient (points, rates)."""
        gap = offsets - self.mean
        inverse = np.linalg.inv(self.root @ self.root.T)
        pull = gap @ inverse
        square = (gap * pull).sum(axis=1)
        if not np.isfinite(self.tails):
            return -0.5 * square, -pull
        weight = (self.tails + THREE) / (self.tails + square)
        return -0.5 * (self.tails + THREE) * np.log1p(square / self.tails), -weight[:, None] * pull


def updated(
    courses: Courses,
    scenario: Scenario,
    population: Hospitals,
    seed: int = 1,
    advance: Callable[[int], None] | None = None,
    particles: int = PARTICLES,
    lives: int = LIVES,
) -> Update:
    """The hospital's offsets given its people's courses under conservative care.

    What else is unknown (the clinical parameters, the population of hospitals, the offset of response) is drawn and learns
    nothing from these people (a cut model; Plummer, Stat Comput 2015;25:37): offsets go with it, draw by draw. `scenario` gives
    the life table and the distribution of what is not known of somebody; its register is the founding hospital's. `advance` is
    called after each particle. The result does not depend on the number of processors.
    """
    register = scenario.register
    luck = generator(seed, KEY)
    drawn = draws_of_people(particles)
    rows = population.taken(particles, luck)
    means, roots, tails = population.means()[rows], population.roots()[rows], population.column("tails")[rows]
    response = means[:, -1] + roots[:, -1, -1] * luck.standard_normal(particles)
    reference = population.means()[:, :THREE].mean(axis=0)
    table = engine_draws(register, scenario.view, drawn)
    policy = policy_records([scenario.policies["conservative"]], register.therapies)
    people = some_of(courses, luck)
    offsets = np.zeros((particles + 1, KEPT, len(OFFSETS)))
    unlived = np.zeros(particles + 1, np.int64)
    # Beside the draws, the point values at the population's mean row.
    spread = (population.roots() @ population.roots().transpose(0, 2, 1)).mean(axis=0)[:THREE, :THREE]
    middle = Law(reference, np.linalg.cholesky(spread + np.cov(population.means()[:, :THREE].T)), np.inf)
    point = engine_draws(register, scenario.view)

    def one(j: int) -> None:
        law, own, answers = middle, point[:1], 0.0
        if j < particles:
            tail = float(tails[j]) if tails[j] > 0.0 else np.inf
            law, own = Law(means[j, :THREE], roots[j, :THREE, :THREE], tail), table[j : j + 1]
            answers = offsets[j, :, -1] = response[j]
        lived_at = reference
        found = np.zeros((0, 2, len(WEIGHED.names or ())))
        # Weights of lives are even only near the hospital that they are lived at: a first few say where that is.
        for some in (max(2, lives // 4 * 2), lives) if len(people) else ():
            lived_at = lived_at if not len(found) else np.clip(mode_of(found, law, lived_at), -HIGHEST, HIGHEST)
            params = at_hospital(own, {**dict(zip(RATES, lived_at, strict=True)), RESPONSE: answers})[0]
            found = weighed(people, params, policy, scenario.life_table_arrays, some, seed_of(seed, KEY, j) >> 1)
            unlived[j] = impossible(found)
        offsets[j, :, :THREE] = sampled(found, law, lived_at, generator(seed, KEY, "offsets", j))
        if advance is not None:
            advance(1)

    one(0)
    for _ in in_order(one, range(1, particles + 1), min(4, cores())):
        pass
    taken = population.taken(4_000, luck)
    before = population.drawn(taken, Kind(), luck)
    after, before = np.clip(offsets, -HIGHEST, HIGHEST), np.clip(before, -HIGHEST, HIGHEST)
    central = after[particles].mean(axis=0)
    return Update(drawn, after[:particles], central, before, len(people), int(unlived.max(initial=0)))


def some_of(courses: Courses, luck: np.random.Generator) -> Courses:
    """All people, or as many as are lived, taken at random."""
    if len(courses) <= MOST_PEOPLE:
        return courses
    taken = np.sort(luck.choice(len(courses), MOST_PEOPLE, replace=False))
    return Courses(courses.given[taken], courses.recorded[taken])


def log_density(found: Array, law: Law, reference: Array, points: Array) -> tuple[Array, Array]:
    """Log density up to a constant, and its gradient, of offsets (points, rates) given weighed lives at a reference hospital."""
    own = log_likelihood(found, points - reference)
    level, slope = law.log_density(points)
    return own[:, 0] + level, own[:, 1:] + slope


def mode_of(found: Array, law: Law, reference: Array) -> Array:
    """The likeliest offsets (rates,) given weighed lives at a reference hospital and the law of hospitals."""

    def downhill(point: Array) -> tuple[float, Array]:
        value, slope = log_density(found, law, reference, point[None])
        return -float(value[0]), -slope[0]

    bounds = np.stack([law.mean - FURTHEST, law.mean + FURTHEST], axis=1)
    return np.asarray(
        minimize(downhill, law.mean, jac=True, method="L-BFGS-B", bounds=Bounds(*bounds.T), options={"maxiter": 60}).x
    )


def sampled(found: Array, law: Law, reference: Array, luck: np.random.Generator) -> Array:
    """Offsets (kept, rates) given weighed lives at a reference hospital and the law of hospitals.

    Importance sampling from Student's t about the mode.
    """
    mode = mode_of(found, law, reference)
    steps = STEP * np.eye(THREE)
    slopes = log_density(found, law, reference, np.concatenate([mode + steps, mode - steps]))[1]
    curvature = -(slopes[:THREE] - slopes[THREE:]) / (2.0 * STEP)
    values, vectors = np.linalg.eigh(0.5 * (curvature + curvature.T))
    widest = np.linalg.eigvalsh(law.root @ law.root.T).max()
    root = WIDER * vectors * np.sqrt(np.minimum(1.0 / np.maximum(values, 1e-9), widest))
    z = luck.standard_normal((POINTS, THREE))
    z *= np.sqrt(TAILS / luck.chisquare(TAILS, POINTS))[:, None]
    points = np.clip(mode + z @ root.T, law.mean - FURTHEST, law.mean + FURTHEST)
    square = (z**2).sum(axis=1)
    log = log_density(found, law, reference, points)[0] + 0.5 * (TAILS + THREE) * np.log1p(square / TAILS)
    weights = np.exp(log - log.max())
    reached = np.cumsum(weights) / weights.sum()
    ladder = (np.arange(KEPT) + luck.random()) / KEPT
    return np.asarray(points[np.minimum(np.searchsorted(reached, ladder), POINTS - 1)])
