"""Background death by age and sex: log-linear between the published ages of a life table, so its time is exact."""

from __future__ import annotations

from math import exp, inf, log
from typing import Any

from simulator.compiling import compiled
from simulator.rules.hazards import CLOSE, cumulative_hazard, time_to_spend
from simulator.rules.pathway.life import Luck


@compiled
def interval_of(ages: Any, age: float) -> int:
    """Which interval of a life table an age is in, by the knot that ends it; the first and the last have no outer end."""
    last = ages.shape[0] - 1
    k = 1
    while k < last and ages[k] <= age:
        k += 1
    return k


@compiled
def hazard_within(ages: Any, table: Any, k: int, age: float) -> tuple[float, float]:
    """Hazard (per year) at an age in interval k of a life table, and its growth per year of age there."""
    slope = (table[k] - table[k - 1]) / (ages[k] - ages[k - 1])
    return exp(table[k - 1] + slope * (age - ages[k - 1])), slope


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
    k = interval_of(ages, patient.age)
    age = patient.age
    while True:
        rate, slope = hazard_within(ages, table, k, age)
        spent = cumulative_hazard(rate, slope, ages[k] - age) if k < last else inf
        # What certainly is not spent by the next age of the table needs no logarithm.
        if not left > CLOSE * spent:
            wait = time_to_spend(left, rate, slope)
            if k == last or age + wait <= ages[k]:
                return float(age + wait - patient.age)
        left -= spent
        age = ages[k]
        k += 1


@compiled
def background_exposure(patient: Any, params: Any, ages: Any, log_hazards: Any, years: float) -> tuple[float, float]:
    """Cumulative background hazard over `years` from referral, and the hazard (per year) at their end."""
    table = log_hazards[int(patient.male)]
    last = ages.shape[0] - 1
    k = interval_of(ages, patient.age)
    age = patient.age
    end = age + years
    total = 0.0
    while k < last and ages[k] < end:
        rate, slope = hazard_within(ages, table, k, age)
        total = total + cumulative_hazard(params.background_hr * rate, slope, ages[k] - age)
        age = ages[k]
        k += 1
    rate, slope = hazard_within(ages, table, k, age)
    rate *= params.background_hr
    return total + cumulative_hazard(rate, slope, end - age), rate * exp(slope * (end - age))
