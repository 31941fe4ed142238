"""Predicting one study: many parameter draws, each living the study's people in samples of the study's own size.

The spread of a number over samples and draws is its predictive distribution: parameters, unknown baselines and the luck of
a small study together. Samples are lives, not draws from a formula, so each number is formed with the study's estimator.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from simulator.evidence.distributions import uniforms
from simulator.evidence.life_table import load_life_table
from simulator.evidence.register import Register
from simulator.scenario.arrays import entry_record, policy_records
from simulator.validation import measures
from simulator.validation.baseline import evenly, solved, with_baseline
from simulator.validation.lives import Setting
from simulator.validation.measures import Seen
from simulator.validation.study import Group, Quantity, Study

Array = NDArray[np.float64]
MOST_LIVES = 4_000
"""Lives per group and draw. Numbers from more people are predicted with this many, which widens them a little."""
MOST_SAMPLES = 10
"""Samples of the study's size cut from the lives of one draw."""
FOR_A_PART = 5
"""Lives per person of a denominator that only some belong to."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """The predictive distribution of one number.

    `mean` over draws (the median for a ratio) with its Monte Carlo standard error, and 95% limits; NaN where it cannot be
    formed. `draws` (draws,) is the mean over the samples of each draw.
    """

    mean: float
    se: float
    low: float
    high: float
    draws: Array


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
        return Prediction(mean, se, float(low), float(high), draws)


def weighted_quantile(values: Array, weights: Array, at: Array) -> Array:
    """Quantiles of weighted values, each a value that occurs: the first whose cumulative weight reaches it."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    places = np.searchsorted(reached, at * reached[-1] * (1.0 - 1e-12))
    return np.asarray(values[order][np.minimum(places, len(values) - 1)])


def luck_of(seed: int, *names: str) -> int:
    """A seed of its own for a name, so that adding a study or a group changes no other."""
    return int.from_bytes(hashlib.sha256(":".join([str(seed), *names]).encode()).digest()[:8], "little")


def parts_of(n: int, sizes: list[int]) -> list[int]:
    """`n` people shared among groups in proportion to their sizes, by largest remainders."""
    exact = np.array(sizes) * n / sum(sizes)
    shares = np.floor(exact).astype(int)
    for k in np.argsort(shares - exact, kind="stable")[: n - int(shares.sum())]:
        shares[k] += 1
    return [int(share) for share in shares]


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
    setting: Setting
    params: NDArray[np.void]
    policies: NDArray[np.void]
    lives: int
    miss: float
    """mmHg by which the population misses the published TcPO2."""


def make_ready(
    key: str, study: Study, register: Register, draws: NDArray[np.void], patients: int, seed: int
) -> dict[str, Ready]:
    """Every group of a study with its population in place."""
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
        policies = np.repeat(policy_records([group.care.policy]), len(draws))
        if group.care.assumed_doses is not None:
            low, high = group.care.assumed_doses
            policies["doses"] = np.floor(evenly(low, high + 1.0, f"{key}:{name}:doses", len(draws), seed))
        setting = Setting(
            entry_record(criteria), ages, log_hazards, study.follow_up_years, luck_of(seed, key, name) >> 1
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
) -> tuple[list[Prediction], dict[str, Ready]]:
    """A prediction of every quantity of a study, and its groups as they were simulated.

    `draws` are engine parameters (draws,). `key` names the study's luck. The result does not depend on threads.
    """
    ready = make_ready(key, study, register, draws, patients, seed)
    times = times_of(key, study, len(draws), seed)
    visits = [k for k, quantity in enumerate(study.quantity) if quantity.measure in measures.AT_A_VISIT]
    noise = {k: norm.ppf(uniforms(f"{key}:{q.name}:noise", len(draws), seed)) for k, q in enumerate(study.quantity)}

    def one(draw: int) -> list[Array]:
        seen: dict[str, list[Any]] = {}
        for name, each in ready.items():
            lives, tcpo2 = each.setting.lives(
                each.params[draw], each.policies[draw], draw * each.lives, each.lives, times[draw, visits]
            )
            unknown = np.full(len(lives), np.nan)
            seen[name] = [
                Seen(lives, tcpo2[:, visits.index(k)] if k in visits else unknown) for k in range(len(study.quantity))
            ]
        return [
            sample_values(
                q, {name: s[k] for name, s in seen.items()}, study.groups, times[draw, k], float(noise[k][draw])
            )
            for k, q in enumerate(study.quantity)
        ]

    samples = [Samples() for _ in study.quantity]
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with ThreadPoolExecutor(workers) as pool:
        for values in pool.map(one, range(len(draws))):
            for sample, value in zip(samples, values, strict=True):
                sample.values.append(value)
            if advance is not None:
                advance(1)
    found = [s.prediction(q.measure in measures.TWO_SAMPLE) for s, q in zip(samples, study.quantity, strict=True)]
    return found, ready


def sample_values(
    quantity: Quantity, seen: Mapping[str, Seen], groups: Mapping[str, Group], t: float, noise: float
) -> Array:
    """The number in each sample of the study's size that one draw's lives give.

    A pooled estimate has no size; it is formed on all lives and given its published standard error.
    """
    if quantity.against:
        sides = [
            samples_of({g: seen[g] for g in names}, {g: groups[g].n for g in names})
            for names in (quantity.groups, quantity.against)
        ]
        event = quantity.event or ""
        return np.array(
            [measures.contrast(quantity.measure, event, a, b, t) for a, b in zip(*sides, strict=False)], dtype=float
        )
    chosen = {g: part_counted(quantity, seen[g], t) for g in quantity.groups}
    threshold = quantity.threshold or 0.0
    if quantity.n is None:
        whole = Seen.joined(list(chosen.values()))
        value = measures.statistic(quantity.measure, whole, t, threshold=threshold)
        if quantity.low is not None and quantity.high is not None:
            value += noise * (quantity.high - quantity.low) / (2.0 * norm.ppf(0.975))
            value = min(1.0, max(0.0, value)) if quantity.is_share else value
        return np.array([value])
    parts = parts_of(quantity.n, [groups[g].n for g in quantity.groups])
    return np.array(
        [
            measures.statistic(quantity.measure, sample, t, threshold=threshold)
            for sample in samples_of(chosen, dict(zip(quantity.groups, parts, strict=True)))
        ],
        dtype=float,
    )


def part_counted(quantity: Quantity, seen: Seen, t: float) -> Seen:
    """The people of the denominator; for a measured value those in whom it can be measured."""
    inside = measures.counted(quantity.among, quantity.measure, seen, t)
    if quantity.measure in measures.AT_A_VISIT:
        inside = inside & np.isfinite(seen.tcpo2)
    return seen.take(inside)


def samples_of(seen: Mapping[str, Seen], sizes: Mapping[str, int]) -> list[Seen]:
    """Samples of the given sizes cut from the lives of each group, at least one, with all people if they are too few."""
    full = min((len(seen[g]) // size for g, size in sizes.items() if size), default=1)
    cuts = []
    for number in range(max(1, min(MOST_SAMPLES, full))):
        cuts.append(Seen.joined([s.take(slice(number * sizes[g], (number + 1) * sizes[g])) for g, s in seen.items()]))
    return cuts
