"""What no rule reads, but people want to see of a patient: diseased arteries and the level of small vesicles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled
from simulator.rules.population.arteries import diseased_arteries
from simulator.rules.population.patient import COLUMNS, small_ev_level
from simulator.words.vocabulary import ARTERIES


@compiled
def fill_small_ev(patients: Any, params: Any, seed: int, first: int) -> None:
    """Draw the level of those whose level is unknown, as the marker test would find it."""
    for j in range(patients.shape[0]):
        if np.isnan(patients[j].small_ev):
            patients[j].small_ev = small_ev_level(patients[j], params, seed, first + j)


def described(
    patients: NDArray[np.void], given: NDArray[np.float64], params: Any, seed: int, first: int
) -> NDArray[np.void]:
    """PATIENT records of patients first, first + 1, ... with arteries and small vesicles filled in.

    `given` holds real patients as `simulator.rules.population.arrival.make_patient` reads them: what they have is kept.
    """
    key: Any = np.uint64(seed)
    filled = patients.copy()
    numbers = np.arange(first, first + len(filled))
    sites = diseased_arteries(params, seed, numbers)
    for site, name in enumerate(ARTERIES):
        column = f"artery_{name}"
        known = given[numbers % len(given), COLUMNS.index(column)] if len(given) else np.full(len(filled), np.nan)
        filled[column] = np.where(np.isnan(known), sites[:, site], known)
    fill_small_ev(filled, params, key, first)
    return filled
