"""The dates of planned visits: often in the first year, less often afterwards."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.compiling import compiled
from simulator.rules.draws import normal
from simulator.rules.pathway.life import limb_kept
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.patient import measured
from simulator.words.vocabulary import DAYS_PER_YEAR, Stream


def visit_times(interval_days: float, later_interval_days: float, horizon: float) -> np.ndarray:
    """Visits (years) after enrolment until the horizon: every `interval_days` in year one, then every later interval."""
    first = np.arange(1, int(DAYS_PER_YEAR / interval_days) + 1) * (interval_days / DAYS_PER_YEAR)
    later = later_interval_days / DAYS_PER_YEAR
    count = max(0, int((horizon - 1.0) / later) + 1)
    times = np.concatenate([first, 1.0 + np.arange(1, count + 1) * later])
    return np.asarray(times[times < horizon])


@compiled
def seen_at_visit(life: Any, params: Any, number: int, t: float) -> float:
    """TcPO2 (mmHg) measured at visit `number` (from 0) at t; NaN after a major amputation."""
    if not limb_kept(life):
        return float("nan")
    error = normal(life.seed, life.patient, Stream.VISIT_ERROR, number)
    return measured(tcpo2(life, t), params.measurement_sd, error)
