"""Working memory in which one life after another is lived."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from simulator.rules.pathway.life import LIFE
from simulator.rules.population.patient import PATIENT


class Room(NamedTuple):
    """Records of LIFE and PATIENT, and the patient as a row of floats on the same memory.

    Python makes them, because a record made in compiled code does not keep its memory alive.
    """

    life: Any
    patient: Any
    row: Any


def new_room() -> Room:
    """Room for one thread's lives."""
    patients = np.zeros(1, PATIENT)
    return Room(np.zeros(1, LIFE)[0], patients[0], patients.view(np.float64))
