"""The event history: one row per event and planned visit."""

from __future__ import annotations

from math import nan
from typing import Any

import numpy as np

from simulator.compiling import compiled, record_dtype
from simulator.living.visits import seen_at_visit
from simulator.rules.pathway.life import limb_kept
from simulator.rules.perfusion import tcpo2
from simulator.words.vocabulary import Event

HISTORY = record_dtype(
    [("patient", np.int64), ("time", np.float64), ("event", np.int64), ("tcpo2", np.float64), ("step", np.int64)]
)
"""One event: patient, years since referral, `Event`, and TcPO2 (mmHg; measured at referral and visits, true otherwise;
NaN after a major amputation), and the step of the policy whose therapy the event is about (-1: none)."""


@compiled
def note(history: Any, n: int, patient: int, t: float, event: int, value: float, step: int) -> int:
    """Write event n of a history if there is room; returns n + 1 all the same, so that the caller can make room."""
    if n < history.shape[0]:
        history[n].patient = patient
        history[n].time = t
        history[n].event = event
        history[n].tcpo2 = value
        history[n].step = step
    return n + 1


@compiled
def note_visits(history: Any, n: int, life: Any, params: Any, visits: Any, start: float, end: float) -> int:
    """Write the visits in [start, end) of a history."""
    for k in range(np.searchsorted(visits, start), np.searchsorted(visits, end)):
        n = note(history, n, life.patient, visits[k], Event.VISIT, seen_at_visit(life, params, k, visits[k]), -1)
    return n


@compiled
def limb_tcpo2(life: Any, t: float) -> float:
    """True TcPO2 (mmHg) at t; NaN after a major amputation."""
    return tcpo2(life, t) if limb_kept(life) else nan


@compiled
def acting_step(life: Any, event: int) -> int:
    """The step of the policy whose therapy an event that just happened is about; -1 for what no therapy did."""
    about = event == Event.PROCEDURE or event == Event.REPEAT_PROCEDURE or event == Event.LOSS
    about = about or event == Event.EFFECT_ENDS or event == Event.PROCEDURAL_DEATH
    return int(life.acting) if about else -1
