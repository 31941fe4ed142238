"""The founding cohort, simulated as it was observed: entry dates, administrative end, losses, last-known status."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from simulator.compiling import compiled_on_given_memory, record_dtype
from simulator.living.next_event import care_under, live_unobserved, refer
from simulator.living.outcomes import last_tcpo2
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.arrival import find_patient
from simulator.rules.population.enrolment import follow_up_end
from simulator.words.vocabulary import Limb

COLUMNS = (
    "healed_at",
    "amputated_at",
    "died_at",
    "followed",
    "lost",
    "doses",
    "tcpo2_enrolment",
    "tcpo2_last",
    "first_walked_at",
    "below_knee",
    "tcpo2_contrast",
    "tcpo2_early",
)
"""Per patient: years from enrolment (infinite if never), years followed, 1 if lost, doses, mmHg as measured, 1 if amputated
below the knee, and true TcPO2 at the time at which randomised trials compare arms and earlier (NaN once dead or amputated)."""


OBSERVED = record_dtype([(name, np.float64) for name in COLUMNS])


class Window(NamedTuple):
    """What the study sees: shortest and longest administrative follow-up (years), losses (per year), and the time of the
    randomised comparison of TcPO2 and of an earlier look at it (years)."""

    shortest: float
    longest: float
    loss_rate: float
    contrast: float
    early: float = 0.25


@compiled_on_given_memory
def observe_cohort(setting: Any, window: Any, first: int, room: Any, out: Any) -> None:
    """Fill `out` (patients, of OBSERVED) with patients first, first + 1, ... under the setting's first policy."""
    life, patient, row, drawn = room
    params, seed = setting.params, setting.seed
    for j in range(out.shape[0]):
        i = first + j
        find_patient(patient, row, drawn, setting.given, params, setting.entry, seed, i, False)
        followed, lost = follow_up_end(seed, i, window.shortest, window.longest, window.loss_rate)
        refer(life, patient, setting, 0, i, followed)
        live_unobserved(life, patient, care_under(setting, 0))
        seen = out[j]
        seen.healed_at, seen.amputated_at, seen.died_at = life.healed_at, life.amputated_at, life.died_at
        seen.followed = min(followed, life.died_at)
        seen.lost = 1.0 if lost and followed < life.died_at else 0.0
        seen.doses = life.doses
        seen.tcpo2_enrolment, seen.tcpo2_last = patient.tcpo2_measured, last_tcpo2(life, params, followed)
        seen.first_walked_at = life.first_walked_at
        seen.below_knee = 1.0 if life.limb == Limb.BELOW_KNEE else 0.0
        kept = min(life.died_at, life.amputated_at) > window.contrast
        seen.tcpo2_contrast = tcpo2(life, window.contrast) if kept and followed > window.contrast else np.nan
        kept = min(life.died_at, life.amputated_at) > window.early
        seen.tcpo2_early = tcpo2(life, window.early) if kept and followed > window.early else np.nan
