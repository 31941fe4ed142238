"""The founding study's published summaries, computed on simulated patients with the paper's own estimators."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.targets import OF_AMPUTATED, OF_HEALED, OF_HEALED_WITH_LIMB, REACHABLE, Founding
from simulator.words.vocabulary import DAYS_PER_YEAR

Array = NDArray[np.float64]
HEALED, AMPUTATED, DIED, FOLLOWED, LOST, DOSES, ENROLMENT, LAST, WALKED, BELOW, CONTRAST, EARLY = range(12)

MOVES = tuple((i, j) for i in range(8) for j in REACHABLE.get(i, (i,)))
"""Pairs of cells (at one year, at the end of follow-up) that are possible."""
DOSE_CELLS = tuple((high, dose) for high in (0, 1) for dose in (1, 2, 3))
SHARES = (
    *(f"move_{i}_{j}" for i, j in MOVES),
    *(f"doses_{dose}_{'at_least' if high else 'below'}_40" for high, dose in DOSE_CELLS),
    *(f"follow_up_quarter_{quarter}" for quarter in range(1, 5)),
)
NUMBERS = (
    "tcpo2_enrolment_mean",
    "tcpo2_enrolment_sd",
    "tcpo2_last_mean",
    "tcpo2_last_sd",
    "tcpo2_low_mean",
    "tcpo2_low_sd",
    "tcpo2_high_mean",
    "tcpo2_high_sd",
    "tcpo2_healed_mean",
    "tcpo2_unhealed_mean",
    "healing_days_1_year",
    "healing_days_end",
    "follow_up_25",
    "follow_up_50",
    "follow_up_75",
    "walking_end",
    "below_knee_share",
)
STATISTICS = SHARES + NUMBERS
INDEX = {name: k for k, name in enumerate(STATISTICS)}
N_MOVES, N_DOSES = len(MOVES), len(DOSE_CELLS)
PARTITIONS = (slice(0, N_MOVES), slice(N_MOVES, N_MOVES + N_DOSES), slice(N_MOVES + N_DOSES, len(SHARES)))
"""Columns of the shares that divide everybody: moves, doses by TcPO2, quarters of follow-up."""


def cells(lives: Array, by: float | Array) -> NDArray[np.int64]:
    """Cell (0-7) of each patient by a time (years), as last known: alive 0-3, dead 4-7.

    Within each: amputated and healed, amputated and unhealed, limb kept and healed, limb kept and unhealed.
    """
    by = np.minimum(by, lives[:, FOLLOWED])
    amputated = lives[:, AMPUTATED] <= by
    healed = lives[:, HEALED] <= by
    dead = lives[:, DIED] <= by
    return (4 * dead + 2 * ~amputated + ~healed).astype(np.int64)


def moves(lives: Array) -> Array:
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

    Deaths and losses are censored, as the paper did. Its footnote does not say what became of amputees; they are censored at
    amputation, because keeping them at risk for ever bounds the one-year curve at 17 / (17 + 11 + 7) = 49% healed, from which
    a mean of 257 days needs most healing in the first weeks, when the doses given show that wounds were still open.
    """
    time = np.minimum(np.minimum(lives[:, HEALED], lives[:, AMPUTATED]), lives[:, FOLLOWED])
    return kaplan_meier_mean(time, lives[:, HEALED] <= time, until) * DAYS_PER_YEAR


def mean_sd(values: Array) -> tuple[float, float]:
    """Mean and sample standard deviation; NaN where there are too few values."""
    if len(values) < 2:
        return (float(values[0]) if len(values) else float("nan")), float("nan")
    return float(values.mean()), float(values.std(ddof=1))


def summarise(lives: Array, data: Founding) -> Array:
    """Every published summary of `lives` (patients, columns of `cohort.COLUMNS`) in the order of `STATISTICS`.

    What people are divided by (quartiles of follow-up, TcPO2) and the longest follow-up are those of the published `data`.
    """
    last, doses = lives[:, LAST], lives[:, DOSES]
    high = last >= data.tcpo2_split
    table = moves(lives)
    by_dose = [np.mean((high == h) & (doses == d)) for h, d in DOSE_CELLS]
    quarter = np.bincount(np.searchsorted(data.follow_up_years, lives[:, FOLLOWED]), minlength=4)[:4] / len(lives)
    cell = cells(lives, 1.0)
    healed = np.isin(cell, OF_HEALED_WITH_LIMB)
    amputated = lives[:, AMPUTATED] <= lives[:, FOLLOWED]
    return np.array(
        [
            *(table[i, j] for i, j in MOVES),
            *by_dose,
            *quarter,
            *mean_sd(lives[:, ENROLMENT]),
            *mean_sd(last),
            *mean_sd(last[~high]),
            *mean_sd(last[high]),
            mean_sd(last[healed])[0],
            mean_sd(last[~healed])[0],
            healing_days(lives, 1.0),
            healing_days(lives, data.longest),
            *np.quantile(lives[:, FOLLOWED], [0.25, 0.5, 0.75]),
            np.mean(lives[:, WALKED] <= lives[:, FOLLOWED]),
            mean_sd(lives[amputated, BELOW])[0],
        ]
    )


def table_of_moves(statistics: Array) -> Array:
    """The move shares of statistics (..., k) as tables (..., 8, 8)."""
    out = np.zeros((*statistics.shape[:-1], 8, 8))
    for k, (i, j) in enumerate(MOVES):
        out[..., i, j] = statistics[..., k]
    return out


def outcomes_at_1_year(statistics: Array) -> Array:
    """Shares amputated, dead and healed at one year, shape (rows, 3), of statistics (rows, k)."""
    share = table_of_moves(statistics).sum(axis=-1)
    return np.stack([share[:, OF_AMPUTATED].sum(1), share[:, 4:].sum(1), share[:, OF_HEALED].sum(1)], axis=1)
