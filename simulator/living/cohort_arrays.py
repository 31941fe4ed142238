"""What either engine hands back about a cohort whose patients are kept one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.living.census import DEAD
from simulator.living.census import WIDTH as CENSUS_WIDTH
from simulator.living.history import HISTORY
from simulator.living.ledger import WIDTH
from simulator.living.outcomes import WIDTH as OUTCOME_WIDTH
from simulator.rules.pathway.life import LIFE
from simulator.rules.population.patient import PATIENT


@dataclass(frozen=True, eq=False)
class Followed:
    """One policy's patients, row j being patient first + j. A patient who could not enter has NaN outcomes.

    patients, lives: shape (count,), of PATIENT and LIFE (as it was at the end). ledgers: (count, WIDTH), or (count, 0). censuses:
    (count, times, census WIDTH), columns as in `simulator.living.census`. paths: (count, times), true TcPO2 (mmHg), NaN
    after death or major amputation. outcomes: (count, times, outcomes). history: HISTORY rows, patient after patient,
    each in the order of events; without rows if it was not asked for. barred: how many could not enter.
    """

    patients: NDArray[np.void]
    lives: NDArray[np.void]
    ledgers: NDArray[np.float64]
    censuses: NDArray[np.int64]
    paths: NDArray[np.float64]
    outcomes: NDArray[np.float64]
    history: NDArray[np.void]
    barred: int

    @property
    def rows(self) -> NDArray[np.float64]:
        """The patients as a float array of shape (count, columns) on the same memory."""
        return rows_of(self.patients)


def rows_of(patients: NDArray[np.void]) -> NDArray[np.float64]:
    """A float view of PATIENT records, shape (count, columns)."""
    rows: NDArray[np.float64] = patients.view(np.float64).reshape(patients.shape[0], -1)
    return rows


def new_arrays(count: int, times: int, ledger: int = WIDTH) -> dict[str, Any]:
    """The arrays of `Followed` before anybody is followed, but for its history; a ledger has so many columns."""
    return {
        "patients": np.zeros(count, PATIENT),
        "lives": np.zeros(count, LIFE),
        "ledgers": np.zeros((count, ledger)),
        "censuses": np.full((count, times, CENSUS_WIDTH), DEAD, np.int64),
        "paths": np.full((count, times), np.nan),
        "outcomes": np.full((count, times, OUTCOME_WIDTH), np.nan),
    }


def joined(histories: list[NDArray[np.void]]) -> NDArray[np.void]:
    """Histories of patients, one after another."""
    return np.concatenate([np.zeros(0, HISTORY), *histories])
