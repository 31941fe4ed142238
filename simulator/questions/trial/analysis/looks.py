"""When a trial is looked at, and how much information there is by then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.questions.trial.analysis.data import TrialData
from simulator.questions.trial.analysis.seen import through, time_to_event
from simulator.questions.trial.design.design import Design
from simulator.questions.trial.design.endpoint import Endpoint

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Marks:
    """A design at one size: `patients`, the `events` that end the trial (if any do), and the interim looks.

    `at` are months, numbers of patients or numbers of events, as `by` says.
    """

    patients: int
    events: int | None
    by: str
    at: tuple[float, ...]


def marks(design: Design, patients: int | None = None) -> Marks:
    """The design's numbers, all of them enlarged or reduced in proportion if `patients` differs from what is planned."""
    n = design.patients if patients is None else patients
    factor = n / design.patients
    events = None if design.size.events is None else max(1, round(design.size.events * factor))
    if design.stages is not None:
        return Marks(n, None, "patients", (float(max(1, round(design.stages.n1 * factor))),))
    if design.predictive is not None:
        return Marks(n, None, "patients", tuple(float(max(1, round(at * factor))) for at in design.predictive.at))
    looks = design.looks
    if looks is None:
        return Marks(n, events, "months", ())
    by = looks.by
    if by == "information":
        by, whole = ("events", events) if design.primary.by_events else ("patients", n)
        assert whole is not None
        return Marks(n, events, by, tuple(float(np.ceil(share * whole - 1e-9)) for share in looks.at))
    if by == "months":
        end = [float(design.accrual.date(size)) * 12.0 + design.follow_up.months for size in (n, design.patients)]
        return Marks(n, events, by, tuple(month * end[0] / end[1] for month in looks.at))
    return Marks(n, events, by, tuple(float(max(1, round(number * factor))) for number in looks.at))


def foreseen(design: Design) -> bool:
    """Whether the information at the interim looks is known in advance."""
    looks = design.looks
    return looks is None or looks.by in ("information", "events" if design.primary.by_events else "patients")


def event_dates(endpoint: Endpoint, data: TrialData) -> Array:
    """Calendar dates of the endpoint's events in order, shape (trials, patients), infinite where there are no more."""
    seen = time_to_event(endpoint, data)
    dates = np.where((seen.code == 1) & data.entered, data.entry + seen.time, np.inf)
    return np.asarray(np.sort(dates, axis=1))


def end_of_trial(design: Design, data: TrialData, events: int | None) -> Array:
    """Calendar date of the last analysis, shape (trials,).

    It comes when the last patient has been followed for as long as planned, or with the event that ends the trial.
    """
    entries = np.where(data.entered, data.entry, -np.inf)
    last: Array = np.asarray(entries.max(axis=1)) + design.follow_up.months / 12.0
    if events is None or events > data.shape[1]:
        return last
    return np.asarray(np.minimum(last, event_dates(design.primary, data)[:, events - 1]))


def look_dates(design: Design, data: TrialData, marked: Marks) -> Array:
    """Calendar dates of all looks, the last analysis last, shape (trials, looks).

    Interim looks that would come after the end of the trial have its date: they see nothing new and do not happen.
    """
    end = end_of_trial(design, data, marked.events)
    dates = np.empty((data.shape[0], len(marked.at) + 1))
    dates[:, -1] = end
    if marked.by == "events" and marked.at:
        happened = event_dates(design.primary, data)
    for k, mark in enumerate(marked.at):
        if marked.by == "months":
            date = np.full(data.shape[0], mark / 12.0)
        elif marked.by == "patients":
            date = data.entry[:, min(int(mark), data.shape[1]) - 1] + design.primary.waits
        else:
            date = happened[:, min(int(mark), data.shape[1]) - 1]
        dates[:, k] = np.minimum(date, end)
    return dates


def information(endpoint: Endpoint, data: TrialData) -> Array:
    """Events, or patients who are through, in all arms together, shape (trials,)."""
    if endpoint.by_events:
        return np.asarray(((time_to_event(endpoint, data).code == 1) & data.entered).sum(axis=1) * 1.0)
    return np.asarray(through(endpoint, data).sum(axis=1) * 1.0)
