"""The founding cohort, simulated as it was observed: entry dates, administrative end, losses, last-known status."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.compiling import compiled
from simulator.living.outcomes import last_tcpo2
from simulator.rules.draws import budget, uniform
from simulator.rules.pathway.happening import care_for, clinical_event, planned_care, suffer
from simulator.rules.pathway.life import limb_kept
from simulator.rules.pathway.referral import begin_life
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.patient import make_patient
from simulator.vocabulary import Stream

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
)
"""Per patient: years from enrolment (infinite if never), years followed, 1 if lost, doses, mmHg as measured, 1 if amputated
below the knee, and true TcPO2 at the time at which randomised trials compare arms (NaN once dead or amputated)."""


@compiled
def follow_clinically(life: Any, params: Any, policy: Any, horizon: float) -> None:
    """A life to death or the horizon without ledger or history: the same events as in the engines."""
    changed = True
    clinical, risk = 0.0, -1
    while life.alive:
        if changed:
            clinical, risk = clinical_event(life, horizon)
        care, kind = planned_care(life)
        if not (clinical <= horizon) and care >= horizon:
            return
        life.time = min(clinical, care)
        if clinical <= care:
            suffer(life, params, clinical, risk)
            changed = True
        else:
            _, changed = care_for(life, params, policy, care, kind)


@compiled
def observe_cohort(
    params: Any,
    policy: Any,
    entry: Any,
    given: Any,
    seed: int,
    first: int,
    ages: Any,
    log_hazards: Any,
    window: Any,
    life: Any,
    patient: Any,
    row: Any,
    out: Any,
) -> None:
    """Fill `out` (patients, columns of `COLUMNS`) with patients first, first + 1, ... under one policy.

    `window` holds the shortest and longest administrative follow-up, the rate of loss and the time of the randomised
    comparison of TcPO2 (years, per year, years).
    """
    for j in range(out.shape[0]):
        i = first + j
        make_patient(patient, row, given, params, entry, seed, i)
        begin_life(life, patient, params, policy, seed, i, ages, log_hazards)
        end = window[1] - (window[1] - window[0]) * uniform(seed, i, Stream.ENTRY_DATE, 0)
        lost_at = budget(seed, i, Stream.DROP_OUT, 0) / window[2] if window[2] > 0.0 else np.inf
        followed = min(end, lost_at)
        follow_clinically(life, params, policy, followed)
        contrast = window[3]
        kept = min(life.died_at, life.amputated_at) > contrast
        out[j, 0] = life.healed_at
        out[j, 1] = life.amputated_at
        out[j, 2] = life.died_at
        out[j, 3] = min(followed, life.died_at)
        out[j, 4] = 1.0 if lost_at < min(end, life.died_at) else 0.0
        out[j, 5] = life.doses
        out[j, 6] = patient.tcpo2_measured
        out[j, 7] = last_tcpo2(life, params, followed)
        out[j, 8] = life.first_walked_at
        out[j, 9] = 1.0 if not limb_kept(life) and life.limb == 2 else 0.0
        out[j, 10] = tcpo2(life, contrast) if kept and followed > contrast else np.nan
