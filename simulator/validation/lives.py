"""Lives of one group of a study under one parameter draw, as the study could have seen them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.calibration.cohort import follow_clinically
from simulator.compiling import compiled
from simulator.rules.draws import normal
from simulator.rules.pathway.life import LIFE
from simulator.rules.pathway.referral import begin_life
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.patient import COLUMNS as PATIENT_COLUMNS
from simulator.rules.population.patient import PATIENT, make_patient, measured
from simulator.validation.measures import COLUMNS
from simulator.vocabulary import Stream

Array = NDArray[np.float64]
NOBODY_GIVEN = np.zeros((0, len(PATIENT_COLUMNS)))


@compiled
def observe(
    params: Any,
    policy: Any,
    entry: Any,
    given: Any,
    seed: int,
    first: int,
    ages: Any,
    log_hazards: Any,
    horizon: float,
    times: Any,
    life: Any,
    patient: Any,
    row: Any,
    out: Any,
    seen: Any,
) -> int:
    """Fill `out` (people, columns of `measures.COLUMNS`) and `seen` (people, times); returns how many could not enter.

    `seen` is TcPO2 as measured at each of `times` (years), NaN in the dead and after major amputation.
    """
    barred = 0
    for j in range(out.shape[0]):
        i = first + j
        if not make_patient(patient, row, given, params, entry, seed, i):
            barred += 1
            continue
        begin_life(life, patient, params, policy, seed, i, ages, log_hazards)
        follow_clinically(life, params, policy, horizon)
        out[j, 0] = patient.tcpo2_measured
        out[j, 1] = patient.rutherford
        out[j, 2] = life.healed_at
        out[j, 3] = life.minor_amputation_at
        out[j, 4] = life.amputated_at
        out[j, 5] = life.died_at
        out[j, 6] = life.doses
        out[j, 7] = horizon
        for k in range(times.shape[0]):
            seen[j, k] = np.nan
            if min(life.died_at, life.amputated_at) > times[k]:
                error = normal(seed, i, Stream.VISIT_ERROR, k)
                seen[j, k] = measured(tcpo2(life, times[k]), params.measurement_sd, error)
    return barred


@dataclass(frozen=True, eq=False)
class Setting:
    """What the lives of a group share: entry criteria, life table, follow-up (years) and luck."""

    entry: Any
    ages: Array
    log_hazards: Array
    horizon: float
    seed: int

    def lives(self, params: Any, policy: Any, first: int, count: int, times: Array) -> tuple[Array, Array]:
        """People first, first + 1, ...: their lives (count, columns) and measured TcPO2 (count, times).

        Raises LookupError if somebody cannot meet the entry criteria.
        """
        life, patient = np.zeros(1, LIFE), np.zeros(1, PATIENT)
        out, seen = np.zeros((count, len(COLUMNS))), np.zeros((count, len(times)))
        barred = observe(
            params,
            policy,
            self.entry,
            NOBODY_GIVEN,
            np.uint64(self.seed),  # type: ignore[arg-type]
            first,
            self.ages,
            self.log_hazards,
            self.horizon,
            times,
            life[0],
            patient[0],
            patient.view(np.float64).reshape(1, -1)[0],
            out,
            seen,
        )
        if barred:
            raise LookupError("nobody meets the entry criteria")
        return out, seen
