"""Outcomes that are read at a time: who has them, who is missing, and what is imputed for whoever is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled
from simulator.questions.trial.analysis.data import TOUCH, TrialData
from simulator.questions.trial.design.endpoint import OUTCOMES, Endpoint
from simulator.rules.draws import uniform
from simulator.statistics.endpoints.imputation import imputed
from simulator.words.luck import seed_of

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

STATES = ("healing_without_amputation", "limb_success")
"""Outcomes that a healed patient has so far and can still lose."""


def through(endpoint: Endpoint, data: TrialData) -> Bools:
    """Who has been in the trial for as long as the endpoint needs, whatever happened to them."""
    return np.asarray(data.entered & (data.end >= endpoint.waits - TOUCH))


def at_a_time(endpoint: Endpoint, data: TrialData) -> tuple[Bools, Bools]:
    """A yes-or-no outcome at the endpoint's time: who has it, and who is missing because lost before it was settled."""
    yes, missing = _seen(endpoint, data)
    # Short of the outcome is a failure where the outcome is good.
    failed = not OUTCOMES[endpoint.outcome].good
    if endpoint.lost == "failure":
        return np.asarray(np.where(missing, failed, yes)), np.zeros_like(missing)
    if endpoint.lost == "worst_case":
        worst = np.where(data.arm == 0, not failed, failed)
        return np.asarray(np.where(missing, worst, yes)), np.zeros_like(missing)
    return yes, missing


def _seen(endpoint: Endpoint, data: TrialData) -> tuple[Bools, Bools]:
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
    return np.asarray(yes), np.asarray((data.lost <= at) & ~(_settled(endpoint, data) <= at))


def _settled(endpoint: Endpoint, data: TrialData) -> Array:
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


def completed(endpoint: Endpoint, data: TrialData) -> Bools:
    """The endpoint with what is imputed for the lost, (imputations, trials, patients).

    A lost patient is like those of the same arm and stratum who were followed for longer, with the outcome open and (where the
    outcome is healing to be kept) as healed or unhealed as the patient was. Luck is the trial's own, so that neither other
    trials nor later looks change it.
    """
    at = endpoint.at
    assert at is not None
    yes, missing = _seen(endpoint, data)
    use = through(endpoint, data)
    missing = missing & use
    settled = _settled(endpoint, data)
    left = np.where(missing, data.lost, np.where(settled <= at, settled, np.inf))
    turned = (
        np.where(data.healed <= at, data.healed, np.inf) if endpoint.outcome in STATES else np.full_like(left, np.inf)
    )
    rows, places = np.nonzero(missing)
    luck = np.empty((endpoint.imputations, len(rows)))
    if len(rows):
        keys = [seed_of(int(key), "imputation", endpoint.name) for key in data.luck[:, 0]]
        _fill(np.array(keys, np.uint64), rows, places, luck)
    return imputed(yes, missing, left, turned, np.where(use, data.arm, np.int8(-1)), data.stratum, luck)


@compiled
def _fill(keys: Any, rows: Any, places: Any, luck: Any) -> None:
    for k in range(luck.shape[0]):
        for n in range(luck.shape[1]):
            luck[k, n] = uniform(keys[rows[n]], places[n], 0, k)


def good_outcomes(endpoint: Endpoint, data: TrialData) -> tuple[Bools, Bools]:
    """Who has the good outcome at the endpoint's time, and who is missing."""
    yes, missing = at_a_time(endpoint, data)
    return (yes if OUTCOMES[endpoint.outcome].good else np.asarray(~yes)), missing


def at_visit(endpoint: Endpoint, data: TrialData, values: Array) -> Array:
    """What was recorded at the endpoint's visit, of shape (trials, patients)."""
    assert endpoint.at is not None
    return np.asarray(values[:, :, int(np.argmin(np.abs(data.visits - endpoint.at)))])


def arms(data: TrialData, comparison: int, use: Bools) -> NDArray[np.int8]:
    """0 for the control, 1 for arm `comparison`, -1 for everybody else and whoever is not in `use`."""
    code = np.where(data.arm == comparison, 1, np.where(data.arm == 0, 0, -1))
    return np.where(use, code, -1).astype(np.int8)
