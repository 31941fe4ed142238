"""Lives of a registered trial's arms under draws of the parameters: events of each arm, and trials of the planned size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from simulator.evidence.posterior import parameter_draws
from simulator.evidence.register import Register
from simulator.questions.forecast.registered import Endpoint, RegisteredTrial
from simulator.scenario.arrays import parameter_draws as engine_draws
from simulator.statistics.endpoints.binary_tests import Counts, fisher
from simulator.statistics.endpoints.survival_tests import logrank
from simulator.studies.measures import DIED, TIME_TO_EVENT, Seen, has
from simulator.studies.prediction import make_ready

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

VIEWS = ("sceptical", "central", "optimistic")
LEAST_TRIALS = 2
"""Trials of the planned size that are cut from the lives of one draw, at least."""


@dataclass(frozen=True, eq=False)
class Lived:
    """What happened to one endpoint under one view.

    `risks` maps an arm to the share with the event in each draw, (draws,). `counts` maps an arm to its events in trials of
    the planned size, (draws, trials). `success` says which trials meet the criterion, (draws, trials); None without one.
    """

    risks: dict[str, Array]
    counts: dict[str, Ints]
    success: NDArray[np.bool_] | None


def live(
    name: str,
    trial: RegisteredTrial,
    register: Register,
    draws: int,
    patients: int,
    seed: int,
    advance: Callable[[int], None] | None = None,
) -> dict[tuple[str, str], Lived]:
    """Every endpoint under every view: (view, endpoint) -> what happened.

    Each of `draws` joint draws of the parameters, of what the registration does not say and of the hospital lives at least
    `patients` people of each arm. The luck depends on the seed and the trial's `name`, not on the view, so that views differ
    by the evidence alone. `advance` is called with the number of draws just lived, of three times `draws`.
    """
    study = trial.study()
    sampled = parameter_draws(register, draws, seed)
    cuts = max(LEAST_TRIALS, *(-(-patients // group.n) for group in trial.groups.values()))
    found: dict[tuple[str, str], Lived] = {}
    for view in VIEWS:
        ready = make_ready(name, study, register, engine_draws(register, view, sampled), patients, seed)
        parts: dict[str, list[Seen]] = {arm: [] for arm in trial.groups}
        for draw in range(draws):
            for arm, group in ready.items():
                count = cuts * trial.groups[arm].n
                lives, tcpo2 = group.setting.lives(
                    group.params[draw], group.policies[draw], draw * count, count, np.zeros(0)
                )
                parts[arm].append(Seen(lives, tcpo2))
            if advance is not None:
                advance(1)
        for endpoint in trial.endpoint:
            found[view, endpoint.name] = _endpoint(endpoint, trial, parts, (draws, cuts))
    return found


def _endpoint(
    endpoint: Endpoint, trial: RegisteredTrial, parts: dict[str, list[Seen]], shape: tuple[int, int]
) -> Lived:
    draws, cuts = shape
    happened: dict[str, NDArray[np.bool_]] = {}
    arms = (*endpoint.treated, *endpoint.control)
    for arm in arms:
        lived = [has(endpoint.measure, seen, endpoint.at_years) for seen in parts[arm]]
        happened[arm] = np.stack(lived).reshape(draws, cuts, trial.groups[arm].n)
    counts = {arm: events.sum(axis=2).astype(np.int64) for arm, events in happened.items()}
    # Jeffreys' estimate: a draw in which nobody had the event does not make the event impossible.
    risks = {arm: (0.5 + events.sum(axis=(1, 2))) / (1.0 + events[0].size) for arm, events in happened.items()}
    success = None
    if endpoint.test == "fisher":
        success = fisher_success(endpoint, trial, counts)
    elif endpoint.test == "log_rank":
        success = _logrank_success(endpoint, trial, parts, shape)
    return Lived(risks, counts, success)


def fisher_success(endpoint: Endpoint, trial: RegisteredTrial, counts: dict[str, Ints]) -> NDArray[np.bool_]:
    """Which trials with these events of each arm, (draws, trials), succeed by Fisher's test; same shape."""
    yes_1, yes_0 = (sum_of(names, counts) for names in (endpoint.treated, endpoint.control))
    n_1, n_0 = (sum(trial.groups[name].n for name in names) for names in (endpoint.treated, endpoint.control))
    return met(endpoint, yes_1.ravel(), n_1, yes_0.ravel(), n_0).reshape(yes_1.shape)


def met(endpoint: Endpoint, yes_1: Ints, n_1: int, yes_0: Ints, n_0: int) -> NDArray[np.bool_]:
    """Whether trials with these counts, of shape (trials,), succeed by Fisher's test: significant, and in the right direction."""
    found = fisher(Counts(yes_0, np.full(yes_0.shape, n_0), yes_1, np.full(yes_1.shape, n_1))).two_sided
    fewer = yes_1 * n_0 < yes_0 * n_1
    right = fewer if endpoint.fewer_is_better else yes_1 * n_0 > yes_0 * n_1
    return np.asarray((found <= endpoint.two_sided_level) & right)


def _logrank_success(
    endpoint: Endpoint, trial: RegisteredTrial, parts: dict[str, list[Seen]], shape: tuple[int, int]
) -> NDArray[np.bool_]:
    """Time to the event, with death censoring where it is no part of the event."""
    draws, cuts = shape
    columns, t = TIME_TO_EVENT[endpoint.measure], endpoint.at_years
    times, events, arms = [], [], []
    for code, names in ((1, endpoint.treated), (0, endpoint.control)):
        for name in names:
            lives = np.stack([seen.lives for seen in parts[name]])
            when, end = lives[:, :, columns].min(axis=2), np.minimum(t, lives[:, :, DIED])
            n = trial.groups[name].n
            times.append(np.minimum(when, end).reshape(draws * cuts, n))
            events.append((when <= end).reshape(draws * cuts, n))
            arms.append(np.full(n, code))
    z = logrank(np.concatenate(times, axis=1), np.concatenate(events, axis=1), np.concatenate(arms)).z
    limit = norm.isf(0.5 * endpoint.two_sided_level)
    better = -z if endpoint.fewer_is_better else z
    return np.asarray(np.nan_to_num(better, nan=0.0) >= limit).reshape(draws, cuts)


def sum_of(names: tuple[str, ...], counts: dict[str, Ints]) -> Ints:
    """Events of several arms together, (draws, trials)."""
    return np.asarray(np.sum([counts[name] for name in names], axis=0))
