"""Background death by age and sex: log-linear between the published ages of a life table, so its time is exact."""

from __future__ import annotations

from math import exp, inf, log
from typing import Any

from simulator.compiling import compiled
from simulator.rules.hazards import CLOSE, cumulative_hazard, time_to_spend
from simulator.rules.pathway.life import Luck


@compiled
def background_death(life: Any, patient: Any, params: Any, ages: Any, log_hazards: Any) -> float:
    """Time (years from referral) at which background mortality spends its budget.

    `ages` has shape (knots,), `log_hazards` (2, knots) for women and men. The law of the first and the last interval is
    carried on beyond the table.
    """
    if params.background_hr <= 0.0:
        return inf
    left = -log(life.luck[Luck.BACKGROUND_DEATH]) / params.background_hr
    table = log_hazards[int(patient.male)]
    last = ages.shape[0] - 1
    k = 1
    while k < last and ages[k] <= patient.age:
        k += 1
    age = patient.age
    while True:
        slope = (table[k] - table[k - 1]) / (ages[k] - ages[k - 1])
        rate = exp(table[k - 1] + slope * (age - ages[k - 1]))
        spent = cumulative_hazard(rate, slope, ages[k] - age) if k < last else inf
        # What certainly is not spent by the next age of the table needs no logarithm.
        if not left > CLOSE * spent:
            wait = time_to_spend(left, rate, slope)
            if k == last or age + wait <= ages[k]:
                return float(age + wait - patient.age)
        left -= spent
        age = ages[k]
        k += 1
