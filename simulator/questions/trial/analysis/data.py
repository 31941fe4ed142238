"""The data of many trials, and what of it existed at a date.

A patient's life is made once. A look at the trial cuts it: it sees who had entered by then and what had happened to
them, and nothing of what came later.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.words.luck import seed_of

Array = NDArray[np.float64]

TOUCH = 1e-9
"""Years within which two dates that were computed in different ways count as one."""

TIMES = ("lost", "healed", "amputated", "died", "crossed", "reintervened")
"""Fields that are times of events, infinite for what has not happened."""


@dataclass(frozen=True, eq=False)
class TrialData:
    """Patients of many trials, every array of shape (trials, patients) unless said otherwise.

    Calendar dates are years since the trial opened, all other times years since the patient's entry.
    arm: -1 for whoever is not in the trial (yet). entry: calendar date, infinite for whoever never enters. end: how
    long the patient has been in the trial, whatever happened. lost, healed, amputated, died, crossed, reintervened: times of
    what the trial has seen, infinite otherwise. tcpo2_entry (mmHg, as measured), stratum, screened (referrals seen for this
    patient), site (from 0), caused (rise of TcPO2 that treatment causes, mmHg; nobody in a trial can see it). visits: shape
    (visits,); tcpo2 (mmHg as measured, NaN after death or major amputation), walking (0 or 1) and walked (years) at visits:
    (trials, patients, visits), NaN for what was not recorded. luck: shape (trials, 1), the seed of what is drawn in the analysis.
    """

    arm: NDArray[np.int8]
    entry: Array
    end: Array
    lost: Array
    healed: Array
    amputated: Array
    died: Array
    crossed: Array
    reintervened: Array
    tcpo2_entry: Array
    stratum: NDArray[np.int32]
    screened: Array
    site: NDArray[np.int16]
    caused: Array
    visits: Array
    tcpo2: Array
    walking: Array
    walked: Array
    luck: NDArray[np.uint64]

    @property
    def shape(self) -> tuple[int, int]:
        """Trials and patients."""
        trials, patients = self.arm.shape
        return trials, patients

    @property
    def entered(self) -> NDArray[np.bool_]:
        """Who is in the trial."""
        return self.arm >= 0

    @property
    def followed(self) -> Array:
        """Years until the cut, the end of follow-up or the loss of the patient, death aside."""
        return np.minimum(self.end, self.lost)

    def pooled(self) -> TrialData:
        """All patients of all trials as one trial."""
        return replace(
            self,
            luck=self.luck[:1],
            **{name: _one_row(getattr(self, name)) for name in of_patients()},
        )

    def some(self, trials: slice | NDArray[Any], patients: int | None = None) -> TrialData:
        """Some of the trials, with their first `patients` patients."""
        return replace(
            self,
            luck=self.luck[trials],
            **{name: getattr(self, name)[trials, :patients] for name in of_patients()},
        )


def of_patients() -> list[str]:
    """The fields whose second axis is patients."""
    return [each.name for each in fields(TrialData) if each.name not in ("visits", "luck")]


def luck_of_trials(seed: int, first: int, trials: int) -> NDArray[np.uint64]:
    """The seeds of trials first, first + 1, ..., (trials, 1), for what is drawn in their analysis."""
    seeds = [seed_of(seed, "analysis", first + trial) for trial in range(trials)]
    return np.array(seeds, np.uint64).reshape(trials, 1)


def _one_row(array: NDArray[Any]) -> NDArray[Any]:
    return array.reshape(1, array.shape[0] * array.shape[1], *array.shape[2:])


def cut(data: TrialData, date: ArrayLike) -> TrialData:
    """The data that existed at a calendar date (years since the trial opened; one number, or one for each trial).

    Cutting a later cut again gives the same bits as cutting the whole.
    """
    when = np.broadcast_to(np.asarray(date, dtype=np.float64).reshape(-1, 1), (data.shape[0], 1))
    there = data.entry <= when
    everybody = bool(there.all())
    entry = data.entry if everybody else np.where(there, data.entry, np.inf)
    seen = {name: np.where(entry + getattr(data, name) <= when, getattr(data, name), np.inf) for name in TIMES}
    # Subtracting the infinite entry of absent patients gives minus infinity, which no patient in the trial has.
    end = np.minimum(data.end, when - entry)
    recorded = entry[:, :, None] + data.visits <= when[:, :, None] + TOUCH
    values = {name: np.where(recorded, getattr(data, name), np.nan) for name in ("tcpo2", "walking", "walked")}
    if everybody:
        return replace(data, end=end, **seen, **values)
    return replace(
        data,
        arm=np.where(there, data.arm, np.int8(-1)),
        entry=entry,
        end=end,
        tcpo2_entry=np.where(there, data.tcpo2_entry, np.nan),
        stratum=np.where(there, data.stratum, np.int32(-1)),
        screened=np.where(there, data.screened, 0.0),
        site=np.where(there, data.site, np.int16(-1)),
        **seen,
        **values,
    )


def limited(data: TrialData, patients: ArrayLike, after: int = 0, held_until: ArrayLike | None = None) -> TrialData:
    """The trials with only so many of their `patients` (one number, or one for each trial).

    With `held_until` (calendar dates, one for each trial) accrual rests from the first `after` patients' last entry to
    that date, if it is later, and then goes on where it stopped.
    """
    n = np.broadcast_to(np.asarray(patients).reshape(-1, 1), (data.shape[0], 1))
    entry = data.entry
    if held_until is not None and after < data.shape[1]:
        delay = np.maximum(0.0, np.asarray(held_until, dtype=np.float64) - entry[:, after - 1])
        entry = entry.copy()
        entry[:, after:] += delay[:, None]
    there = np.arange(data.shape[1]) < n
    return replace(data, arm=np.where(there, data.arm, np.int8(-1)), entry=np.where(there, entry, np.inf))
