"""Who is turned away at screening, why, and how often a measurement is to blame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from simulator.compiling import compiled
from simulator.living.room import new_room
from simulator.questions.trial.results.operating import share_and_se
from simulator.questions.trial.simulation.simulation import Simulation
from simulator.rules.population.criteria import may_enter
from simulator.rules.population.patient import PATIENT, draw_referral
from simulator.scenario.arrays import entry_record
from simulator.scenario.policy import Criteria

CRITERIA = {
    "tcpo2": ("tcpo2_at_least", "tcpo2_below", "ankle_pressure_counts"),
    "age": ("age_at_least", "age_below"),
    "rutherford": ("rutherford_at_least", "rutherford_at_most"),
    "renal": ("severe_renal", "dialysis"),
    "angioplasty_suitable": ("angioplasty_suitable",),
    "beyond_salvage": ("beyond_salvage",),
}
"""Entry criteria as a screening log lists them, and the keys of each."""
ENTERED = "entered"
"""The row of those who enter."""
SCREENED = 4_000


def screening_table(simulation: Simulation) -> pd.DataFrame | None:
    """Of all who are screened: criterion, share turned_away by it, alone (by nothing else), wrongly, each with its error.

    Limits of TcPO2 act on the measured value: `wrongly` is the share of those turned away by TcPO2 alone whose true value was
    within them, and in the row `entered` (whose shares are of those admitted) of those admitted whose true value was not.
    None where patients come from a table, of whom nobody is turned away.
    """
    scenario = simulation.planned.scenario
    if scenario.given.shape[0]:
        return None
    entry, free = simulation.recruitment.entry_record, entry_record(Criteria())
    single = np.array([_with(free, entry, keys) for keys in CRITERIA.values()], free.dtype)
    key: Any = np.uint64(simulation.seed)
    room, patient = new_room(), np.zeros(1, PATIENT)
    fails, truly = _screened(single, scenario.params(), key, patient, room.drawn, list(CRITERIA).index("tcpo2"))
    alone = fails.sum(axis=1) == 1
    rows: list[tuple[Any, ...]] = []
    for place, name in enumerate(CRITERIA):
        turned = fails[:, place]
        if not turned.any():
            continue
        by_it = turned & alone
        wrong = share_and_se(truly[by_it]) if name == "tcpo2" and by_it.any() else (np.nan, np.nan)
        rows.append((name, *share_and_se(turned), *share_and_se(by_it), *wrong))
    admitted = fails.sum(axis=1) == 0
    if rows and admitted.any():
        wrong = share_and_se(np.invert(truly)[admitted]) if rows[0][0] == "tcpo2" else (np.nan, np.nan)
        rows.append((ENTERED, np.nan, np.nan, *share_and_se(admitted), *wrong))
    columns = ["criterion", "turned_away", "turned_away_se", "alone", "alone_se", "wrongly", "wrongly_se"]
    return pd.DataFrame(rows, columns=columns) if rows else None


@compiled
def _screened(single: Any, params: Any, key: int, patient: Any, drawn: Any, tcpo2: int) -> tuple[Any, Any]:
    """Who fails which of the single criteria, (people, criteria), and whose true TcPO2 meets the criterion `tcpo2`, (people,)."""
    fails, truly = np.zeros((SCREENED, len(single)), np.bool_), np.zeros(SCREENED, np.bool_)
    for i in range(SCREENED):
        draw_referral(patient[0], drawn, params, key, i, 0, True)
        for k in range(len(single)):
            fails[i, k] = not may_enter(single[k], patient[0])
        patient[0].tcpo2_measured = patient[0].tcpo2
        truly[i] = may_enter(single[tcpo2], patient[0])
    return fails, truly


def _with(free: Any, entry: Any, keys: tuple[str, ...]) -> Any:
    """Criteria that limit nothing but these keys."""
    record = free.copy()
    for name in keys:
        record[name] = entry[name]
    return record
