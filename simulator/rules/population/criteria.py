"""Who may enter a study or be offered a treatment. Thresholds act on the measured TcPO2."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.compiling import compiled, record_dtype
from simulator.words.vocabulary import Renal

CRITERIA_FIELDS = (
    "tcpo2_at_least",
    "tcpo2_below",
    "ankle_pressure_counts",
    "age_at_least",
    "age_below",
    "rutherford_at_least",
    "rutherford_at_most",
    "severe_renal",
    "dialysis",
    "angioplasty_suitable",
    "beyond_salvage",
)
CRITERIA = record_dtype([(name, np.float64) for name in CRITERIA_FIELDS])
"""Limits in mmHg, years and Rutherford class; severe_renal, dialysis and beyond_salvage 1 = admitted, 0 = excluded;
angioplasty_suitable 1 = only such people, 0 = only others, -1 = either."""


@compiled
def class_may_enter(criteria: Any, patient: Any) -> bool:
    """Whether the patient's classes meet every criterion on them: Rutherford, renal, suitable for angioplasty."""
    if patient.rutherford < criteria.rutherford_at_least or patient.rutherford > criteria.rutherford_at_most:
        return False
    if patient.renal == Renal.DIALYSIS.value and criteria.dialysis < 0.5:
        return False
    if patient.renal == Renal.SEVERE.value and criteria.severe_renal < 0.5:
        return False
    return not (criteria.angioplasty_suitable >= 0.0 and patient.angioplasty_suitable != criteria.angioplasty_suitable)


@compiled
def may_enter(criteria: Any, patient: Any) -> bool:
    """Whether the patient meets every criterion. A low ankle pressure stands in for the upper TcPO2 limit if it counts."""
    below = patient.tcpo2_measured < criteria.tcpo2_below
    if criteria.ankle_pressure_counts > 0.5 and patient.ankle_pressure_low > 0.5:
        below = True
    if not below or patient.tcpo2_measured < criteria.tcpo2_at_least:
        return False
    if patient.age < criteria.age_at_least or patient.age >= criteria.age_below:
        return False
    if patient.beyond_salvage > 0.5 and criteria.beyond_salvage < 0.5:
        return False
    return bool(class_may_enter(criteria, patient))
