"""The founding study's published summaries, computed on simulated patients with the paper's own estimators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
HEALED, AMPUTATED, DIED, FOLLOWED, LOST, DOSES, ENROLMENT, LAST, WALKED, BELOW = range(10)
DAYS = 365.25


def cells(lives: Array, by: float | Array) -> NDArray[np.int64]:
    """Cell (0-7) of each patient by a time (years), as last known: alive 0-3, dead 4-7.

    Within each: amputated and healed, amputated and unhealed, limb kept and healed, limb kept and unhealed.
    """
    by = np.minimum(by, lives[:, FOLLOWED])
    amputated = lives[:, AMPUTATED] <= by
    healed = lives[:, HEALED] <= by
    dead = lives[:, DIED] <= by
    return (4 * dead + 2 * ~amputated + ~healed).astype(np.int64)


def transitions(lives: Array) -> Array:
    """Shares of patients by cell at one year (rows) and at the end of follow-up (columns), shape (8, 8)."""
    table = np.zeros((8, 8))
    np.add.at(table, (cells(lives, 1.0), cells(lives, lives[:, FOLLOWED])), 1.0)
    return table / len(lives)


def kaplan_meier_mean(time: Array, event: NDArray[np.bool_], until: float) -> float:
    """Area under the Kaplan-Meier curve to `until`, in the unit of `time`."""
    order = np.argsort(time, kind="stable")
    time, event = time[order], event[order]
    at_risk = np.arange(len(time), 0, -1)
    inside = event & (time <= until)
    steps = np.cumprod(1.0 - 1.0 / at_risk[inside])
    knots = np.concatenate([[0.0], time[inside], [until]])
    return float(np.sum(np.diff(knots) * np.concatenate([[1.0], steps])))


def healing_days(lives: Array, until: float) -> float:
    """Kaplan-Meier mean days to healing without major amputation within `until` years.

    Deaths and losses are censored, as the paper did; a person amputated before healing stays at risk and never heals.
    """
    healed = (lives[:, HEALED] <= lives[:, FOLLOWED]) & (lives[:, HEALED] < lives[:, AMPUTATED])
    time = np.where(healed, lives[:, HEALED], lives[:, FOLLOWED])
    return kaplan_meier_mean(time, healed, until) * DAYS


@dataclass(frozen=True)
class Summaries:
    """Model counterparts of the founding study's published numbers, in large-sample expectation."""

    transitions: Array
    """Shares (8, 8) by cell at one year and at the end of follow-up."""
    doses: Array
    """Shares (2, 3): TcPO2 after the last treatment below 40 / at least 40, by one, two, three doses."""
    follow_up: Array
    """Shares (4,) of follow-up times between the published quartiles."""
    follow_up_quartiles: Array
    enrolment: tuple[float, float]
    last: tuple[float, float]
    last_low: tuple[float, float]
    last_high: tuple[float, float]
    last_healed: tuple[float, float]
    last_unhealed: tuple[float, float]
    """Mean and SD (mmHg) of TcPO2."""
    healing_days_1_year: float
    healing_days_end: float
    walking_end: float
    below_knee: float
    """Share below the knee among major amputations."""


def mean_sd(values: Array) -> tuple[float, float]:
    """Mean and sample standard deviation; NaN where there are fewer than two values."""
    if len(values) < 2:
        return float("nan"), float("nan")
    return float(values.mean()), float(values.std(ddof=1))


def summarise(lives: Array, quartiles: Array, longest: float) -> Summaries:
    """Every published summary of `lives` (patients, columns); `longest` administrative follow-up in years."""
    last, doses = lives[:, LAST], lives[:, DOSES]
    high = last >= 40.0
    by_dose = np.array([[np.mean((high == h) & (doses == d)) for d in (1, 2, 3)] for h in (False, True)])
    cell = cells(lives, 1.0)
    healed = (cell == 2) | (cell == 6)
    interval = np.searchsorted(quartiles, lives[:, FOLLOWED])
    amputated = lives[:, AMPUTATED] <= lives[:, FOLLOWED]
    return Summaries(
        transitions=transitions(lives),
        doses=by_dose,
        follow_up=np.bincount(interval, minlength=4)[:4] / len(lives),
        follow_up_quartiles=np.quantile(lives[:, FOLLOWED], [0.25, 0.5, 0.75]),
        enrolment=mean_sd(lives[:, ENROLMENT]),
        last=mean_sd(last),
        last_low=mean_sd(last[~high]),
        last_high=mean_sd(last[high]),
        last_healed=mean_sd(last[healed]),
        last_unhealed=mean_sd(last[~healed]),
        healing_days_1_year=healing_days(lives, 1.0),
        healing_days_end=healing_days(lives, longest),
        walking_end=float(np.mean(lives[:, WALKED] <= lives[:, FOLLOWED])),
        below_knee=float(lives[amputated, BELOW].mean()) if amputated.any() else float("nan"),
    )
