"""The null of a non-inferiority trial: arms alike, then the other arm made worse until it lies on the margin.

Event times keep the patient's luck: with H the cumulative hazard of arms alike, T becomes the time at which H reaches H(T) / r.
A ratio r above 1 adds events, one below 1 thins them, and the ratio of hazards is r at every time. Values of a measured outcome
are shifted. How far is found from the endpoint's own estimate, so that what a test loses or leaves out is allowed for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from simulator.compiling import compiled
from simulator.questions.trial.analysis.analysis import analyse
from simulator.questions.trial.analysis.data import TrialData, of_patients
from simulator.questions.trial.analysis.seen import time_to_event
from simulator.questions.trial.design.accrual import PLACES
from simulator.questions.trial.design.endpoint import CONTINUOUS, Endpoint
from simulator.rules.draws import budget
from simulator.words.errors import BadInput, Problem
from simulator.words.vocabulary import Stream

Array = NDArray[np.float64]

EVENTS = {
    "amputation_free_survival": ("amputated", "died"),
    "major_amputation": ("amputated",),
    "death": ("died",),
    "healing": ("healed",),
    "healing_without_amputation": ("healed",),
    "reintervention": ("reintervened",),
    "limb_event": ("reintervened", "amputated"),
}
"""The times of each outcome's event."""
BEYOND = 1e3
LOWEST, HIGHEST = 0.01, 100.0
"""Hazard ratios among which the margin is sought."""


@dataclass(frozen=True, eq=False)
class AtMargin:
    """What makes the other arms worse: a hazard ratio with the cumulative hazard it acts on, or a shift of a value."""

    endpoint: Endpoint
    ratio: float = 1.0
    shift: float = 0.0
    times: Array | None = None
    hazard: Array | None = None

    def applied(self, data: TrialData, luck: Array, arm: int | None = None) -> TrialData:
        """The data with every arm but the first made worse (or `arm` alone); `luck` is unit-exponential, of their shape."""
        moved = data.arm > 0 if arm is None else data.arm == arm
        if self.endpoint.test in CONTINUOUS:
            name = "tcpo2" if self.endpoint.outcome == "tcpo2" else "walked"
            values = getattr(data, name)
            return replace(data, **{name: np.where(moved[:, :, None], values + self.shift, values)})
        seen = time_to_event(replace_cut(self.endpoint), data)
        spent = self._total(seen.time) + np.where(seen.code == 1, 0.0, luck)
        time = self._inverse(spent / self.ratio)
        # Whoever had a competing event, or whose follow-up ends first, has no event.
        happens = time <= np.where(seen.code == 2, seen.time, seen.follow_up)
        time = np.where(happens, time, np.inf)
        fields = {}
        for place, name in enumerate(EVENTS[self.endpoint.outcome]):
            old = getattr(data, name)
            # An event that is new belongs to the first of two; one that was seen stays what it was.
            new = ((old == seen.time) & (seen.code == 1)) | ((place == 0) & (seen.code != 1))
            kept = np.where(old > time, old, np.inf) if place == 1 else np.full_like(old, np.inf)
            fields[name] = np.where(moved, np.where(new, time, kept), old)
        died = fields.get("died", data.died)
        for name in ("amputated", "healed", "reintervened", "lost"):
            times = fields.get(name, getattr(data, name))
            fields[name] = np.where(moved & (times > died), np.inf, times)
        return replace(data, **fields)

    def _total(self, time: Array) -> Array:
        assert self.times is not None and self.hazard is not None
        return np.interp(time, self.times, self.hazard)

    def _inverse(self, total: Array) -> Array:
        assert self.times is not None and self.hazard is not None
        return np.where(total > self.hazard[-1], np.inf, np.interp(total, self.hazard, self.times))


def replace_cut(endpoint: Endpoint) -> Endpoint:
    """The endpoint followed as long as anybody is, as a plain time to an event."""
    return endpoint.model_copy(update={"at_months": None, "test": "cox"})


def at_margin(endpoint: Endpoint, alike: TrialData, seed: int, file: str) -> AtMargin:
    """What puts the endpoint on its margin, from many patients of arms that are alike.

    Every patient is compared with the same patient made worse, so the answer is good to a small part of a trial's error. Raises
    BadInput where no hazard ratio reaches the margin.
    """
    pool = alike.pooled()
    pool = replace(pool, arm=np.where(pool.arm >= 0, 0, -1).astype(np.int8))
    luck = evened(luck_of(seed, 0, *pool.shape), time_to_event(replace_cut(endpoint), pool).code != 1)
    target = -endpoint.loss
    if endpoint.test in CONTINUOUS:
        return AtMargin(endpoint, shift=target if endpoint.good else -target)
    times, hazard = cumulative_hazard(endpoint, pool)
    plain = AtMargin(endpoint, times=times, hazard=hazard)
    twice = replace(pool, **{name: np.concatenate([getattr(pool, name)] * 2, axis=1) for name in of_patients()})
    n = pool.shape[1]
    both = np.concatenate([pool.arm, np.where(pool.arm >= 0, 1, -1).astype(np.int8)], axis=1)
    twice = replace(twice, arm=both)
    double = np.concatenate([np.zeros((1, n)), luck], axis=1)

    wanted = EVENTS[endpoint.outcome] == ("healed",)

    def short(log_ratio: float) -> float:
        made = replace(plain, ratio=float(np.exp(log_ratio))).applied(twice, double, arm=1)
        estimate = float(analyse(endpoint, made).estimate[0])
        if math.isnan(estimate):
            # Nobody (or everybody) has the event: as far as it goes in that direction.
            return math.copysign(BEYOND, log_ratio if wanted else -log_ratio)
        return (estimate if endpoint.good else -estimate) - target

    low, high = np.log(LOWEST), np.log(HIGHEST)
    if not short(low) * short(high) < 0.0:
        allowed = "a margin that the control's rate leaves room for"
        raise BadInput([Problem(file, f"endpoints.{endpoint.name}.margin", f"{endpoint.margin:g}", allowed)])
    return replace(plain, ratio=float(np.exp(scipy.optimize.brentq(short, low, high, xtol=1e-4))))


def evened(luck: Array, use: NDArray[np.bool_]) -> Array:
    """Unit exponentials of one trial, those in `use` in the same order at evenly spaced quantiles.

    How many of the pool are then short of a limit is no matter of chance: in twenty thousand trials on a margin of 1.2 for a
    ratio of shares chance alone misplaced it by a fiftieth of a trial's standard error, and the level by 0.1%.
    """
    out = luck.copy()
    rank = np.argsort(np.argsort(luck[use], kind="stable"), kind="stable")
    out[use] = -np.log1p(-(rank + 0.5) / rank.size)
    return out


def cumulative_hazard(endpoint: Endpoint, pool: TrialData) -> tuple[Array, Array]:
    """Nelson and Aalen's estimate of the endpoint's cumulative hazard: times from 0, and its values there."""
    seen = time_to_event(replace_cut(endpoint), pool)
    use = pool.arm[0] >= 0
    time, event = seen.time[0][use], seen.code[0][use] == 1
    order = np.argsort(time, kind="stable")
    time, event = time[order], event[order]
    risk = time.size - np.searchsorted(time, time, side="left")
    at, place = np.unique(time[event], return_index=True)
    steps = np.add.reduceat(1.0 / risk[event], place) if at.size else np.zeros(0)
    return np.concatenate([[0.0], at]), np.concatenate([[0.0], np.cumsum(steps)])


@compiled
def _fill(seed: int, first: int, out: Any) -> None:
    for j in range(out.shape[0]):
        for i in range(out.shape[1]):
            out[j, i] = budget(seed, (first + j) * PLACES + i, Stream.DROP_OUT, 1)


def luck_of(seed: int, first: int, trials: int, patients: int) -> Array:
    """Unit exponentials of the patients of trials first, first + 1, ..., used by nothing else."""
    out = np.empty((trials, patients))
    key: Any = np.uint64(seed)
    _fill(key, first, out)
    return out
