"""Outcomes of one life at given times, from what happened in it."""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.compiling import compiled
from simulator.rules.draws import normal
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.patient import measured
from simulator.vocabulary import DAYS_PER_YEAR, Stream

OUTCOMES = (
    "major_amputation",
    "death",
    "amputation_free_survival",
    "healing",
    "healing_without_amputation",
    "walking",
    "doses",
    "tcpo2_last",
    "tcpo2_last_40",
    "minor_amputation",
    "life_years",
)
"""Outcomes by a time: cumulative incidences (death competing), shares, doses given, mmHg, restricted life-years."""
WIDTH = len(OUTCOMES)


@compiled
def last_tcpo2(life: Any, params: Any, by: float) -> float:
    """Measured TcPO2 (mmHg) after the last treatment as known at `by` (years).

    Measured `last_tcpo2_days` after the last dose, or at the same time after the published schedule's third date in people
    never treated; death, amputation or `by` before then make it the last value that could be measured.
    """
    when = life.last_tcpo2_at
    if life.doses > 0:
        when = life.last_dose_at + params.last_tcpo2_days / DAYS_PER_YEAR
    when = min(min(when, by), min(life.died_at, life.amputated_at))
    return measured(tcpo2(life, when), params.measurement_sd, normal(life.seed, life.patient, Stream.LAST_ERROR, 0))


@compiled
def outcomes_at(out: Any, life: Any, params: Any, t: float, state: int, walking: int, doses: int) -> None:
    """Fill `out` (one row, `WIDTH` values) with the outcomes by time t, given the state (-1 dead), walking and doses then."""
    amputated = life.amputated_at <= t
    healed = life.healed_at <= t
    last = last_tcpo2(life, params, t)
    out[0] = 1.0 if amputated else 0.0
    out[1] = 1.0 if state < 0 else 0.0
    out[2] = 1.0 if state >= 0 and not amputated else 0.0
    out[3] = 1.0 if healed else 0.0
    out[4] = 1.0 if healed and not amputated else 0.0
    out[5] = 1.0 if state >= 0 and walking else 0.0
    out[6] = doses
    out[7] = last
    out[8] = 1.0 if last >= params.judgement_tcpo2 else 0.0
    out[9] = 1.0 if life.minor_amputation_at <= t else 0.0
    out[10] = min(t, life.died_at) if life.died_at < inf else t
