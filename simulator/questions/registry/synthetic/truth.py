"""People behind a made-up export, with known truth: they live the model's own lives at a known hospital.

Nobody of them exists.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.reporting import divided, division
from simulator.questions.registry.export.dates import EPOCH
from simulator.questions.registry.export.fields import UMOL
from simulator.questions.registry.people.baseline import ckd_epi
from simulator.questions.registry.synthetic.lived_people import LONGEST, SHORTEST, lived_patients, numbers
from simulator.scenario import Scenario
from simulator.words.luck import generator
from simulator.words.vocabulary import DAYS_PER_YEAR, Renal


@dataclass(frozen=True, eq=False)
class Truth:
    """The people behind an export, a value each: years, mmHg, classes, days from the start (NaN if it did not come)."""

    identifier: tuple[str, ...]
    start: NDArray[np.int64]
    age: NDArray[np.float64]
    male: NDArray[np.bool_]
    tcpo2: NDArray[np.float64]
    rutherford: NDArray[np.int64]
    creatinine: NDArray[np.float64]
    dialysis: NDArray[np.bool_]
    right: NDArray[np.bool_]
    infection: NDArray[np.bool_]
    amputated: NDArray[np.float64]
    died: NDArray[np.float64]
    healed: NDArray[np.float64]
    followed: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.age)


def lived(scenario: Scenario, offsets: Mapping[str, float], n: int, seed: int = 1) -> Truth:
    """`n` referrals of a scenario under conservative care at a hospital with these offsets (0 where not named)."""
    patients = lived_patients(scenario, offsets, n, seed)
    luck = generator(seed, "made-up export")
    lost, died, heals = (
        np.ceil(DAYS_PER_YEAR * np.nan_to_num(numbers(patients[name]), nan=np.inf))
        for name in ("amputated_at_years", "died_at_years", "healed_at_years")
    )
    end = np.ceil(DAYS_PER_YEAR * luck.uniform(SHORTEST, LONGEST, n))
    followed = np.minimum(end, died)
    renal, male, age = numbers(patients["renal"]), numbers(patients["male"]) > 0.5, numbers(patients["age"]).round(2)
    rutherford = np.asarray(patients["rutherford"], np.int64)
    heals = np.where((rutherford > 4) & (heals < lost), heals, np.inf)
    creatinine = np.full(n, division("made_up_creatinine_dialysis"))
    for k in np.flatnonzero(renal < Renal.DIALYSIS):
        low, high = divided(f"made_up_egfr_{Renal(int(renal[k])).name.lower()}")
        rate = luck.uniform(low, high)
        creatinine[k] = round(UMOL * creatinine_at(rate, age[k], bool(male[k])))
    return Truth(
        identifier=identifiers(n),
        start=starts(n, luck),
        age=age,
        male=male,
        tcpo2=numbers(patients["tcpo2_measured"]).round(1),
        rutherford=rutherford,
        creatinine=creatinine,
        dialysis=renal == Renal.DIALYSIS,
        right=numbers(patients["right_limb"]) > 0.5,
        infection=numbers(patients["infection"]) > 0.5,
        amputated=np.where(lost <= followed, lost, np.nan),
        died=np.where(died <= end, died, np.nan),
        healed=np.where(heals <= followed, heals, np.nan),
        followed=followed,
    )


def creatinine_at(rate: float, age: float, male: bool) -> float:
    """Creatinine (mg/dl) at which `ckd_epi` gives an eGFR (ml/min/1.73 m2), by halving."""
    low, high = 0.1, 30.0
    for _ in range(40):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if ckd_epi(middle, age, male) > rate else (low, middle)
    return low


def identifiers(n: int) -> tuple[str, ...]:
    """A name for each of `n` people."""
    return tuple(f"PX{1_000_000 + 37 * k}" for k in range(n))


def starts(n: int, luck: np.random.Generator) -> NDArray[np.int64]:
    """When `n` people come: days from 2017 to 2021, counted as `day_in` counts."""
    return np.asarray(datetime.date(2017, 1, 1).toordinal() - EPOCH + luck.integers(0, 5 * 365, n), np.int64)
