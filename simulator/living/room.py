"""Working memory in which one life after another is lived."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from simulator.records import record_at
from simulator.rules.pathway.life import LIFE
from simulator.rules.population.patient import PATIENT, Drawn


class Room(NamedTuple):
    """Records of LIFE and PATIENT, the patient as a row of floats on the same memory, and the draws of a referral.

    Python makes them, because a record made in compiled code does not keep its memory alive.
    """

    life: Any
    patient: Any
    row: Any
    drawn: Any


def new_room() -> Room:
    """Room for one thread's lives."""
    patients = np.zeros(1, PATIENT)
    return Room(
        record_at(np.zeros(1, LIFE), 0), record_at(patients, 0), patients.view(np.float64), np.zeros(len(Drawn))
    )
