"""People of a made-up hospital, whose lives the engine lived: exports with known offsets, for tests and the tutorial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.evidence.hospitals import FIELDS
from simulator.questions.registry.people.people import People
from simulator.rules.population.patient import COLUMNS
from simulator.run import simulate
from simulator.scenario import Scenario
from simulator.words.luck import generator
from simulator.words.vocabulary import Renal

Array = NDArray[np.float64]
KNOWN = ("age", "male", "tcpo2_measured", "renal", "rutherford", "infection", "ischaemic_heart_disease")
"""What the registry of a made-up hospital records at the start."""
HEALED = 2
"""Place of healing among the dates of `People`: major amputation, death, healing."""
SHORTEST, LONGEST = 0.3, 4.0
"""Years from which and up to which people are followed, if they live; made up."""


def lived_people(
    scenario: Scenario,
    offsets: Mapping[str, float],
    n: int,
    seed: int,
    draws: pd.DataFrame | None = None,
    known: tuple[str, ...] = KNOWN,
    visits_years: float = 0.0,
) -> People:
    """`n` referrals of a scenario under conservative care at a hospital with these offsets (0 where not named).

    `draws` is one row of clinical parameters. With `visits_years` healing is seen at visits so far apart, and lies between two.
    """
    found = lived_patients(scenario, offsets, n, seed, draws)
    return followed(found, generator(seed, "follow-up of made-up people"), known, visits_years)


def lived_patients(
    scenario: Scenario, offsets: Mapping[str, float], n: int, seed: int, draws: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The simulated patients themselves, a row each."""
    row = pd.DataFrame([{}]) if draws is None else draws.iloc[:1].reset_index(drop=True)
    row = row.assign(**{FIELDS[name]: float(value) for name, value in offsets.items()})
    found = simulate(scenario, ["conservative"], n, seed, keep_patients=True, draws=row).patients
    assert found is not None
    return found


def followed(patients: pd.DataFrame, luck: np.random.Generator, known: tuple[str, ...], visits_years: float) -> People:
    """Simulated patients as a registry sees them: followed for a time that has nothing to do with their course."""
    n = len(patients)
    given = np.full((n, len(COLUMNS)), np.nan)
    for name in known:
        given[:, COLUMNS.index(name)] = numbers(patients[name])
    lost, died, heals = (
        np.nan_to_num(patients[name].to_numpy(np.float64), nan=np.inf)
        for name in ("amputated_at_years", "died_at_years", "healed_at_years")
    )
    end = np.minimum(luck.uniform(SHORTEST, LONGEST, n), died)
    heals = np.where((numbers(patients["rutherford"]) > 4.5) & (heals < lost), heals, np.inf)
    low = np.stack([np.where(t <= end, t, np.inf) for t in (lost, died, heals)], axis=1)
    high = low.copy()
    if visits_years > 0.0:
        healed = low[:, HEALED].copy()
        seen = np.minimum(np.ceil(healed / visits_years) * visits_years, np.minimum(lost, end))
        high[:, HEALED] = np.where(np.isfinite(healed), seen, np.inf)
        low[:, HEALED] = np.where(np.isfinite(healed), np.floor(healed / visits_years) * visits_years, np.inf)
    return People(given, low, high, end, luck.uniform(2015.0, 2022.0, n), np.arange(n, dtype=np.int64))


def numbers(column: Any) -> Array:
    """A column of patients as numbers; renal classes by their place."""
    if column.dtype.kind in "fiub":
        return np.asarray(column, np.float64)
    return np.asarray(column.astype(str).map({each.name.lower(): float(each) for each in Renal}), np.float64)
