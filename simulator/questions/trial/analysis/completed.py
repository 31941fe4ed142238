"""What is imputed for whoever was lost before an outcome was settled."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.compiling import compiled
from simulator.questions.trial.analysis.data import TrialData
from simulator.questions.trial.analysis.seen import Bools, at_the_time, settled, through
from simulator.questions.trial.design.endpoint import Endpoint
from simulator.rules.draws import uniform
from simulator.statistics.endpoints.imputation import imputed
from simulator.words.luck import seed_of

STATES = ("healing_without_amputation", "limb_success")
"""Outcomes that a healed patient has so far and can still lose."""


def completed(endpoint: Endpoint, data: TrialData) -> Bools:
    """The endpoint with what is imputed for the lost, (imputations, trials, patients).

    A lost patient is like those of the same arm and stratum who were followed for longer, with the outcome open and (where the
    outcome is healing to be kept) as healed or unhealed as the patient was. Luck is the trial's own, so that neither other
    trials nor later looks change it.
    """
    at = endpoint.at
    assert at is not None
    yes, missing = at_the_time(endpoint, data)
    use = through(endpoint, data)
    missing = missing & use
    over = settled(endpoint, data)
    left = np.where(missing, data.lost, np.where(over <= at, over, np.inf))
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
