"""Predicting one study: many parameter draws, each living the study's people in samples of the study's own size.

The spread of a number over samples and draws is its predictive distribution: parameters, unknown baselines and the luck of
a small study together. Samples are lives, not draws from a formula, so each number is formed with the study's estimator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from simulator.evidence.distributions import uniforms
from simulator.evidence.hospitals import at_random_hospital, load_hospitals
from simulator.evidence.life_table import load_life_table
from simulator.evidence.posterior import parameter_draws
from simulator.evidence.register import Register
from simulator.scenario.arrays import entry_record, policy_records
from simulator.scenario.arrays import parameter_draws as engine_draws
from simulator.studies import measures
from simulator.studies.baseline import evenly, solved, with_baseline
from simulator.studies.lives import GroupSetting
from simulator.studies.re_enactment import StudyOfDraws
from simulator.studies.samples import MOST_SAMPLES, parts_of
from simulator.studies.study import Group, Study
from simulator.words.luck import seed_of
from simulator.work.execution import Way, run_rows

Array = NDArray[np.float64]
MOST_LIVES = 4_000
"""Lives per group and draw. Numbers from more people are predicted with this many, which widens them a little."""
VIEW = "central"
FOR_A_PART = 5
"""Lives per person of a denominator that only some belong to."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """The predictive distribution of one number.

    `mean` over draws (the median for a ratio) with its Monte Carlo standard error, and 95% limits; NaN where it cannot be
    formed. `draws` (draws,) is the mean over the samples of each draw, `samples` (draws,) how many there were.
    """

    mean: float
    se: float
    low: float
    high: float
    draws: Array
    samples: Array = field(default_factory=lambda: np.zeros(0))


@dataclass(eq=False)
class Samples:
    """Values of one number, with each draw's samples sharing one weight."""

    values: list[Array] = field(default_factory=list)

    def prediction(self, ratio: bool) -> Prediction:
        """Mean or median, Monte Carlo error and 95% limits; samples in which the number does not exist are left out."""
        kept = [v[~np.isnan(v)] for v in self.values]
        kept = [v for v in kept if len(v)]
        if not kept:
            return Prediction(np.nan, np.nan, np.nan, np.nan, np.zeros(0))
        values = np.concatenate(kept)
        weights = np.concatenate([np.full(len(v), 1.0 / len(v)) for v in kept])
        low, middle, high = weighted_quantile(values, weights, np.array([0.025, 0.5, 0.975]))
        draws = np.array([np.median(v) if ratio else np.mean(v) for v in kept])
        scale = draws[np.isfinite(draws)]
        # The error of a median is about a quarter larger than that of a mean.
        se = (1.25 if ratio else 1.0) * float(np.std(scale, ddof=1)) / len(draws) ** 0.5 if len(scale) > 1 else np.nan
        mean = float(middle) if ratio else float(np.average(values, weights=weights))
        sizes = np.array([len(v) for v in kept], np.float64)
        return Prediction(mean, se, float(low), float(high), draws, sizes)


def weighted_quantile(values: Array, weights: Array, at: Array) -> Array:
    """Quantiles of weighted values, each a value that occurs: the first whose cumulative weight reaches it."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    places = np.searchsorted(reached, at * reached[-1] * (1.0 - 1e-12))
    return np.asarray(values[order][np.minimum(places, len(values) - 1)])


def draws_for(register: Register, n: int, seed: int) -> NDArray[np.void]:
    """Joint draws of the clinical parameters as the engines read them: the posterior where there is one, else the register."""
    return engine_draws(register, VIEW, parameter_draws(register, n, seed))


def lives_needed(study: Study, name: str, patients: int) -> int:
    """Lives per draw of a group: as asked for, or what its largest denominator needs, up to `MOST_LIVES`."""
    most = patients
    for quantity in study.quantity:
        if name in quantity.groups + quantity.against:
            part = study.groups[name].n
            if quantity.n is not None and not quantity.against:
                sizes = [study.groups[g].n for g in quantity.groups]
                part = parts_of(quantity.n, sizes)[quantity.groups.index(name)]
            everybody = not quantity.among and quantity.measure not in measures.AT_A_VISIT
            most = max(most, part * (1 if everybody else FOR_A_PART))
    return min(MOST_LIVES, most)


@dataclass(frozen=True, eq=False)
class Ready:
    """A group made ready to be lived: parameters and policies of each draw, and what its lives share."""

    group: Group
    setting: GroupSetting
    params: NDArray[np.void]
    policies: NDArray[np.void]
    lives: int
    miss: float
    """mmHg by which the population misses the published TcPO2."""


def make_ready(
    key: str,
    study: Study,
    register: Register,
    draws: NDArray[np.void],
    patients: int,
    seed: int,
    elsewhere: bool = True,
) -> dict[str, Ready]:
    """Every group of a study with its population in place.

    `elsewhere` puts each draw at a hospital drawn at random from the population of hospitals without the study's own
    numbers; else all are like the founding one.
    """
    if elsewhere:
        draws = at_random_hospital(key, study.hospital_kind, study.founding_centre, draws, seed, load_hospitals())
    table = load_life_table(study.life_table.country, study.life_table.period)
    ages, log_hazards = table.to_arrays()
    ready = {}
    for name, group in study.groups.items():
        values, ranges, tcpo2 = study.baseline(group)
        criteria, miss = study.criteria(group), 0.0
        if tcpo2 is not None:
            own, miss = solved(register, tcpo2, criteria, values)
            values = values | own
        streams = {p: f"{key}:{name}:{p}" if p in group.assumed else f"{key}:{p}" for p in ranges}
        params = with_baseline(draws, values, ranges, streams, seed)
        policies = np.repeat(policy_records([group.care.policy], register.therapies), len(draws))
        if group.care.assumed_doses is not None:
            low, high = group.care.assumed_doses
            policies["doses"] = np.floor(evenly(low, high + 1.0, f"{key}:{name}:doses", len(draws), seed))
        setting = GroupSetting(
            entry_record(criteria), ages, log_hazards, study.follow_up_years, seed_of(seed, key, name) >> 1
        )
        ready[name] = Ready(group, setting, params, policies, lives_needed(study, name, patients), miss)
    return ready


def times_of(key: str, study: Study, draws: int, seed: int) -> Array:
    """Time (years) of each quantity in each draw, shape (draws, quantities); ranges are spread evenly."""
    columns = []
    for quantity in study.quantity:
        low, high = quantity.times
        stream = f"{key}:{quantity.name}:at_years"
        columns.append(np.full(draws, low) if low == high else evenly(low, high, stream, draws, seed))
    return np.stack(columns, axis=1) if columns else np.zeros((draws, 0))


def predict(
    key: str,
    study: Study,
    register: Register,
    draws: NDArray[np.void],
    patients: int,
    seed: int,
    advance: Callable[[int], None] | None = None,
    cache: Path | None = None,
    way: Way | None = None,
) -> tuple[list[Prediction], dict[str, Ready]]:
    """A prediction of every quantity of a study, and its groups as they were simulated.

    `draws` are engine parameters (draws,). `key` names the study's luck and its column of the hospitals' weights. Draws that
    lie in `cache` are not lived again. The result does not depend on where or on how many processors it is made.
    """
    ready = make_ready(key, study, register, draws, patients, seed)
    times = times_of(key, study, len(draws), seed)
    noise = [norm.ppf(uniforms(f"{key}:{q.name}:noise", len(draws), seed)) for q in study.quantity]
    model = StudyOfDraws(study, ready, seed)
    samples = [Samples() for _ in study.quantity]
    for row in run_rows(model, model.rows(times, noise), cache, way=way, advance=advance)[0]:
        for sample, values in zip(samples, row.reshape(len(samples), 1 + MOST_SAMPLES), strict=True):
            sample.values.append(values[1 : 1 + int(values[0])])
    found = [s.prediction(q.measure in measures.TWO_SAMPLE) for s, q in zip(samples, study.quantity, strict=True)]
    return found, ready
