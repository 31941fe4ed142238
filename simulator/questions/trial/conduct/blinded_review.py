"""A review of the size by people who do not see the arms: when, what they estimate, and what becomes of the trial."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.questions.trial.analysis.data import TrialData, cut, limited
from simulator.questions.trial.analysis.looks import Marks, end_of_trial, event_dates
from simulator.questions.trial.analysis.seen import at_a_time, at_visit, through, time_to_event
from simulator.questions.trial.design.design import Design
from simulator.questions.trial.design.endpoint import BINARY, BY_EVENTS, Endpoint
from simulator.scenario.policy import Fault
from simulator.statistics.sizes.blinded_size import by_event_rate, by_pooled_rate, by_pooled_variance, residual_variance

Array = NDArray[np.float64]

FITTING = {
    "pooled_rate": BINARY,
    "pooled_variance": ("ancova", "t_test"),
    "event_rate": BY_EVENTS,
}
"""The tests whose size each nuisance parameter settles."""


@dataclass(frozen=True, eq=False)
class Reviewed:
    """Trials at the size that the review gave them: data, size over the planned one, and what was estimated, (trials,)."""

    data: TrialData
    grown: Array
    nuisance: Array


def reviewed(design: Design, marked: Marks, lives: TrialData) -> Reviewed:
    """Review every trial. One that would be over by then keeps its size, as does one whose pooled data say nothing."""
    rule, n = design.blinded_review, marked.patients
    assert rule is not None
    planned, scale = limited(lives, n), n / design.patients
    end = end_of_trial(design, planned, marked.events)
    if rule.after_events is not None:
        number = max(1, round(rule.after_events * scale))
        date = event_dates(design.primary, planned)[:, min(number, n) - 1]
    else:
        assert rule.after_patients is not None
        number = max(1, round(rule.after_patients * scale))
        date = planned.entry[:, min(number, n) - 1] + design.primary.waits
    happens = date < end
    found = nuisance(design, cut(planned, np.minimum(date, end)))
    factor = np.clip(np.nan_to_num(_factor(design, found), nan=1.0), rule.smallest, rule.largest)
    factor = np.where(happens, factor, 1.0)
    entered = (planned.entry <= date[:, None]).sum(axis=1)
    sizes = np.maximum(np.ceil(n * factor - 1e-9).astype(np.int64), np.where(happens, entered, n))
    held = np.where(happens, date, -np.inf)
    return Reviewed(limited(lives, sizes, after=n, held_until=held), sizes / n, np.where(happens, found, np.nan))


def nuisance(design: Design, seen: TrialData) -> Array:
    """The nuisance parameter of the first endpoint in all arms together, (trials,); the variance as a standard deviation."""
    rule, endpoint = design.blinded_review, design.primary
    assert rule is not None
    with np.errstate(divide="ignore", invalid="ignore"):
        if rule.nuisance == "event_rate":
            course = time_to_event(endpoint, seen)
            events = ((course.code == 1) & seen.entered).sum(axis=1)
            return np.asarray(events / np.where(seen.entered, course.time, 0.0).sum(axis=1))
        ready = through(endpoint, seen)
        if rule.nuisance == "pooled_rate":
            yes, missing = at_a_time(endpoint, seen)
            return np.asarray((yes & ready & ~missing).sum(axis=1) / (ready & ~missing).sum(axis=1))
        values = np.where(ready, _values(endpoint, seen), np.nan)
        if endpoint.test == "ancova":
            return np.asarray(np.sqrt(residual_variance(values, seen.tcpo2_entry)))
        n = np.isfinite(values).sum(axis=1)
        mean = np.nansum(values, axis=1) / n
        return np.asarray(np.sqrt(np.nansum((values - mean[:, None]) ** 2, axis=1) / np.where(n > 1, n - 1.0, np.nan)))


def _values(endpoint: Endpoint, seen: TrialData) -> Array:
    return at_visit(endpoint, seen, seen.tcpo2 if endpoint.outcome == "tcpo2" else seen.walked)


def _factor(design: Design, found: Array) -> Array:
    rule = design.blinded_review
    assert rule is not None
    if rule.nuisance == "pooled_rate":
        return by_pooled_rate(found, rule.planned, ratio=design.primary.test == "risk_ratio")
    if rule.nuisance == "pooled_variance":
        return by_pooled_variance(found**2, rule.planned)
    return by_event_rate(found, rule.planned, design.follow_up.months / 12.0)


def blinded_review_faults(design: Design) -> Iterator[Fault]:
    """What a blinded review does not go with."""
    rule = design.blinded_review
    if rule is None:
        return
    test = design.primary.test
    if test not in FITTING[rule.nuisance]:
        fits = next((name for name, tests in FITTING.items() if test in tests), None)
        allowed = (
            f"{fits}, the nuisance parameter of {test}"
            if fits
            else f"no blinded review: {test} has no one nuisance parameter"
        )
        yield "blinded_review.nuisance", rule.nuisance, allowed
    top = 1.0 if rule.nuisance == "pooled_rate" else np.inf
    if not 0.0 < rule.planned < top:
        yield "blinded_review.planned", rule.planned, "above 0" + (" and below 1" if top == 1.0 else "")
    if (rule.after_patients is None) == (rule.after_events is None):
        yield "blinded_review.after_patients", rule.after_patients, "one of after_patients and after_events"
    if rule.after_events is not None and not design.primary.by_events:
        yield "blinded_review.after_events", rule.after_events, f"after_patients: {test} does not count events"
    whole = design.size.patients
    if rule.after_patients is not None and whole is not None and rule.after_patients >= whole:
        yield "blinded_review.after_patients", rule.after_patients, f"fewer than the {whole} patients"
    if rule.after_events is not None and design.size.events is not None and rule.after_events >= design.size.events:
        yield "blinded_review.after_events", rule.after_events, f"fewer than size.events = {design.size.events}"
    if design.primary.lost in ("worst_case", "multiple_imputation"):
        name = f"endpoints.{design.primary.name}.lost"
        yield (
            name,
            design.primary.lost,
            "excluded or failure with blinded_review: either of the others asks for the arm",
        )
    if len(design.arms) == 1:
        yield "blinded_review", rule.nuisance, "nothing with one arm, where nobody is blind"
    elif design.looks is not None:
        allowed = "nothing with looks, which know the difference: use reestimation, or one analysis"
        yield "blinded_review", rule.nuisance, allowed
    elif design.reestimation is not None:
        yield (
            "blinded_review",
            rule.nuisance,
            "nothing with reestimation: a trial is re-estimated blind or unblinded, not both",
        )
