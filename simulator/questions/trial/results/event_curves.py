"""What happens to the patients of each arm: curves of events, people at risk, rates at the planned time, and effects.

Many simulated trials of one truth are looked at as one large trial at its planned end, if no look stops it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.questions.trial.analysis.data import TOUCH, cut, limited
from simulator.questions.trial.analysis.looks import end_of_trial
from simulator.questions.trial.analysis.seen import TimeToEvent, arms, time_to_event
from simulator.questions.trial.design.design import Design
from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.simulation.margin import EVENTS, replace_cut
from simulator.questions.trial.simulation.simulation import Simulation, at_once
from simulator.statistics.endpoints import competing_tests, survival_tests
from simulator.statistics.endpoints.effect import Effect

Array = NDArray[np.float64]

POINTS = 37
"""Times of a curve."""
SPLIT = 200
"""Events from which on early and late hazards are compared."""


@dataclass(frozen=True, eq=False)
class EventCurves:
    """Tables; times are months after entry, the event is that of `endpoint`.

    curves: truth, arm, months, value (share who have had the event, others competing), at_risk (people in a trial). rates:
    truth, arm, months, value, se, at_risk at the planned time. effects: truth, arm, measure (hazard_ratio,
    hazard_ratio_early, hazard_ratio_late, rate_difference, restricted_mean_difference in months), months, value, low, high,
    the last two Monte Carlo limits of what is true.
    """

    endpoint: Endpoint
    months: float
    curves: pd.DataFrame
    rates: pd.DataFrame
    effects: pd.DataFrame


def shown_endpoint(design: Design) -> Endpoint:
    """The first endpoint as a plain time to an event; where it is none, major amputation or death."""
    primary = design.primary
    if primary.outcome in EVENTS:
        return replace_cut(primary)
    return Endpoint(name=primary.name, outcome="amputation_free_survival", test="cox")


def event_curves(simulation: Simulation, truths: Sequence[str]) -> EventCurves:
    """The curves of a design under some truths."""
    conduct = simulation.conduct()
    design, n = simulation.design, conduct.marked.patients
    endpoint = shown_endpoint(design)
    months = design.primary.at_months or design.follow_up.months
    rows: tuple[list[tuple[object, ...]], ...] = ([], [], [])
    for truth in truths:
        trials = at_once(simulation.trials, n)
        data = limited(simulation.lives(simulation.truth(truth), 0, trials, n), n)
        data = cut(data, end_of_trial(design, data, conduct.marked.events)).pooled()
        seen = time_to_event(endpoint, data)
        longest = 12.0 * float(data.end[data.entered].max())
        grid = np.unique(np.append(np.linspace(0.0, longest, POINTS), months))
        for place, arm in enumerate(design.arms):
            mine = data.arm[0] == place
            value = incidence(seen.time[0][mine], seen.code[0][mine], grid / 12.0)
            at_risk = (seen.time[0][mine][:, None] >= grid / 12.0 - TOUCH).sum(axis=0) / trials
            rows[0].extend((truth, arm.name, *row) for row in zip(grid, value, at_risk, strict=True))
            here = int(np.searchsorted(grid, months))
            rate = competing_tests.cumulative_incidence(
                seen.time, seen.code, np.where(data.arm == place, 0, -1), months / 12.0 - TOUCH
            )
            rows[1].append((truth, arm.name, months, rate.value[0, 0], rate.se[0, 0], at_risk[here]))
        for place in range(1, len(design.arms)):
            found = _effects(seen, arms(data, place, data.entered), months / 12.0)
            rows[2].extend((truth, design.arms[place].name, *row) for row in found)
    frames = (
        pd.DataFrame(part, columns=columns)
        for part, columns in zip(
            rows,
            (
                ["truth", "arm", "months", "value", "at_risk"],
                ["truth", "arm", "months", "value", "se", "at_risk"],
                ["truth", "arm", "measure", "months", "value", "low", "high"],
            ),
            strict=True,
        )
    )
    return EventCurves(endpoint, months, *frames)


def incidence(time: Array, code: NDArray[np.int8], at: Array) -> Array:
    """Aalen and Johansen's estimate at some times, for event times without ties (code 1 the event, 2 a competing one)."""
    order = np.argsort(time, kind="stable")
    time, code = time[order], code[order]
    risk = time.size - np.arange(time.size)
    free = np.cumprod(1.0 - (code > 0) / risk)
    before = np.concatenate([[1.0], free[:-1]]) if time.size else free
    value = np.concatenate([[0.0], np.cumsum(before * (code == 1) / risk)])
    return np.asarray(value[np.searchsorted(time, at + TOUCH, side="right")])


def early_and_late(seen: TimeToEvent, group: NDArray[np.int8]) -> tuple[float, Effect, Effect] | None:
    """Log hazard ratios before and after the median time of the events, and that time; None with too few events."""
    events = seen.code == 1
    happened = seen.time[events & (group >= 0)]
    if happened.size < SPLIT:
        return None
    middle = float(np.median(happened))
    early = survival_tests.cox(np.minimum(seen.time, middle), events & (seen.time <= middle), group).wald
    later = np.where(seen.time > middle, group, np.int8(-1)).astype(np.int8)
    late = survival_tests.cox(np.maximum(seen.time - middle, 0.0), events, later).wald
    return middle, early, late


def _effects(seen: TimeToEvent, group: NDArray[np.int8], at: float) -> Iterator[tuple[str, float, float, float, float]]:
    event = (seen.code == 1).astype(np.int8)
    ratio = survival_tests.cox(seen.time, event, group).wald
    yield "hazard_ratio", np.nan, *_limits(ratio, exponential=True)
    split = early_and_late(seen, group)
    if split is not None:
        middle, early, late = split
        yield "hazard_ratio_early", 12.0 * middle, *_limits(early, exponential=True)
        yield "hazard_ratio_late", 12.0 * middle, *_limits(late, exponential=True)
    rate = competing_tests.cumulative_incidence(seen.time, seen.code, group, at - TOUCH).difference()
    yield "rate_difference", 12.0 * at, *_limits(rate)
    months = survival_tests.restricted_mean(12.0 * seen.time, event, group, 12.0 * at - TOUCH).difference()
    yield "restricted_mean_difference", 12.0 * at, *_limits(months)


def _limits(effect: Effect, exponential: bool = False) -> tuple[float, float, float]:
    values = np.array([effect.estimate[0], *(limit[0] for limit in effect.interval())])
    value, low, high = np.exp(values) if exponential else values
    return float(value), float(low), float(high)
