"""Lives of one group of a study under one parameter draw, as the study could have seen them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled_on_given_memory, record_dtype
from simulator.living.next_event import care_under, live_unobserved, refer
from simulator.living.room import new_room
from simulator.living.setting import new_setting
from simulator.rules.draws import normal
from simulator.rules.pathway.policy import POLICY
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.arrival import find_patient
from simulator.rules.population.patient import COLUMNS as PATIENT_COLUMNS
from simulator.rules.population.patient import measured
from simulator.studies.measures import COLUMNS
from simulator.words.vocabulary import Stream

Array = NDArray[np.float64]
NOBODY_GIVEN = np.zeros((0, len(PATIENT_COLUMNS)))


SEEN = record_dtype([(name, np.float64) for name in COLUMNS])


@compiled_on_given_memory
def observe(setting: Any, first: int, room: Any, out: Any, tcpo2_seen: Any) -> int:
    """Fill `out` (people, of SEEN) and `tcpo2_seen` (people, times); returns how many could not enter.

    Everybody is under the setting's first policy. TcPO2 is as measured at each of the setting's times (years), NaN in the
    dead and after major amputation.
    """
    life, patient, row, drawn = room
    params, seed, times = setting.params, setting.seed, setting.times
    barred = 0
    for j in range(out.shape[0]):
        i = first + j
        if not find_patient(patient, row, drawn, setting.given, params, setting.entry, seed, i, False):
            barred += 1
            continue
        refer(life, patient, setting, 0, i, setting.horizon)
        live_unobserved(life, patient, care_under(setting, 0))
        seen = out[j]
        seen.tcpo2, seen.rutherford = patient.tcpo2_measured, patient.rutherford
        seen.healed_at, seen.minor_at, seen.amputated_at = life.healed_at, life.minor_amputation_at, life.amputated_at
        seen.died_at, seen.doses, seen.followed = life.died_at, life.doses, setting.horizon
        for k in range(times.shape[0]):
            tcpo2_seen[j, k] = np.nan
            if min(life.died_at, life.amputated_at) > times[k]:
                error = normal(seed, i, Stream.VISIT_ERROR, k)
                tcpo2_seen[j, k] = measured(tcpo2(life, times[k]), params.measurement_sd, error)
    return barred


@dataclass(frozen=True, eq=False)
class GroupSetting:
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
        setting = new_setting(
            params,
            np.array([policy], POLICY),
            self.entry,
            NOBODY_GIVEN,
            self.seed,
            (self.ages, self.log_hazards),
            (self.horizon, 0.0, 0.0),
            times,
        )
        out, seen = np.zeros(count, SEEN), np.zeros((count, len(times)))
        barred = observe(setting, first, new_room(), out, seen)
        if barred:
            raise LookupError("nobody meets the entry criteria")
        return out.view(np.float64).reshape(count, len(COLUMNS)), seen
