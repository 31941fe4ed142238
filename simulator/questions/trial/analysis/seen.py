"""What an endpoint is in the data that a look sees: times to events, outcomes at a time, who is through and who is missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.questions.trial.analysis.data import TOUCH, TrialData
from simulator.questions.trial.design.endpoint import OUTCOMES, Endpoint

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class TimeToEvent:
    """Time from entry; 1 the event, 2 a competing event, 0 neither; follow-up without them. (trials, patients)."""

    time: Array
    code: NDArray[np.int8]
    follow_up: Array


def time_to_event(endpoint: Endpoint, data: TrialData) -> TimeToEvent:
    """The endpoint as a time to event, death (and amputation, where healing must come first) competing."""
    event, competing = _event_times(endpoint.outcome, data)
    follow = np.maximum(data.followed, 0.0)
    if endpoint.at is not None:
        follow = np.minimum(follow, endpoint.at)
        event, competing = (np.where(time <= endpoint.at, time, np.inf) for time in (event, competing))
    first = np.minimum(event, competing)
    happened = np.isfinite(first)
    code = np.where(happened, np.where(event <= competing, 1, 2), 0).astype(np.int8)
    return TimeToEvent(np.where(happened, first, follow), code, follow)


def _event_times(outcome: str, data: TrialData) -> tuple[Array, Array]:
    never = np.full(data.shape, np.inf)
    match outcome:
        case "major_amputation":
            return data.amputated, data.died
        case "death":
            return data.died, never
        case "amputation_free_survival":
            return np.minimum(data.amputated, data.died), never
        case "healing":
            return data.healed, data.died
        case "reintervention":
            return data.reintervened, np.minimum(data.amputated, data.died)
        case "limb_event":
            return np.minimum(data.reintervened, data.amputated), data.died
        case _:
            over = np.minimum(data.amputated, data.died)
            return np.where(data.healed < over, data.healed, np.inf), over


def through(endpoint: Endpoint, data: TrialData) -> Bools:
    """Who has been in the trial for as long as the endpoint needs, whatever happened to them."""
    return np.asarray(data.entered & (data.end >= endpoint.waits - TOUCH))


def at_a_time(endpoint: Endpoint, data: TrialData) -> tuple[Bools, Bools]:
    """A yes-or-no outcome at the endpoint's time: who has it, and who is missing because lost before it was settled."""
    yes, missing = at_the_time(endpoint, data)
    # Short of the outcome is a failure where the outcome is good.
    failed = not OUTCOMES[endpoint.outcome].good
    if endpoint.lost == "failure":
        return np.asarray(np.where(missing, failed, yes)), np.zeros_like(missing)
    if endpoint.lost == "worst_case":
        worst = np.where(data.arm == 0, not failed, failed)
        return np.asarray(np.where(missing, worst, yes)), np.zeros_like(missing)
    return yes, missing


def at_the_time(endpoint: Endpoint, data: TrialData) -> tuple[Bools, Bools]:
    """Who was seen to have it, and who was lost before it was settled, whatever becomes of those."""
    at = endpoint.at
    assert at is not None
    died, amputated, healed = (x <= at for x in (data.died, data.amputated, data.healed))
    match endpoint.outcome:
        case "major_amputation":
            yes = amputated
        case "death":
            yes = died
        case "amputation_free_survival":
            yes = ~(amputated | died)
        case "healing":
            yes = healed
        case "healing_without_amputation":
            yes = healed & ~amputated
        case "limb_success":
            yes = healed & ~(amputated | died)
        case "reintervention":
            yes = data.reintervened <= at
        case "limb_event":
            yes = (data.reintervened <= at) | amputated
        case _:
            yes = at_visit(endpoint, data, data.walking) == 1.0
    return np.asarray(yes), np.asarray((data.lost <= at) & ~(settled(endpoint, data) <= at))


def settled(endpoint: Endpoint, data: TrialData) -> Array:
    """When it was settled, for better or worse, whether a patient will have the outcome; infinite where it was not."""
    over = np.minimum(data.amputated, data.died)
    match endpoint.outcome:
        case "death" | "walking":
            return data.died
        case "healing":
            return np.minimum(data.healed, data.died)
        case "reintervention" | "limb_event":
            return np.minimum(data.reintervened, over)
        case _:
            return over


def at_visit(endpoint: Endpoint, data: TrialData, values: Array) -> Array:
    """What was recorded at the endpoint's visit, of shape (trials, patients)."""
    assert endpoint.at is not None
    return np.asarray(values[:, :, int(np.argmin(np.abs(data.visits - endpoint.at)))])


def arms(data: TrialData, comparison: int, use: Bools) -> NDArray[np.int8]:
    """0 for the control, 1 for arm `comparison`, -1 for everybody else and whoever is not in `use`."""
    code = np.where(data.arm == comparison, 1, np.where(data.arm == 0, 0, -1))
    return np.where(use, code, -1).astype(np.int8)


def good_outcomes(endpoint: Endpoint, data: TrialData) -> tuple[Bools, Bools]:
    """Who has the good outcome at the endpoint's time, and who is missing."""
    yes, missing = at_a_time(endpoint, data)
    return (yes if OUTCOMES[endpoint.outcome].good else np.asarray(~yes)), missing


def known_end(endpoint: Endpoint, data: TrialData) -> Array:
    """Administrative end of follow-up, known for everybody: the date of the look and the endpoint's own cut-off."""
    end = np.maximum(data.end, 0.0)
    return end if endpoint.at is None else np.minimum(end, endpoint.at)
