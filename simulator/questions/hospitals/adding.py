"""A further study: the committed population of hospitals reweighted by what the study says, without a refit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.centre.atoms import Atoms, atoms
from simulator.centre.offsets import informed, own_offsets, wide_prior
from simulator.centre.surface import study_surface
from simulator.evidence.hospitals import OFFSETS, RATES, Hospitals
from simulator.evidence.register import Register
from simulator.statistics.beliefs.weighted_draws import effective_draws
from simulator.studies.study import Study
from simulator.words.luck import generator

Array = NDArray[np.float64]
SIZES = (24, 32, 500)
"""Particles, points and lives of a surface that somebody waits for."""
ATOMS = 600


def said_by(key: str, study: Study, register: Register, population: Hospitals, seed: int) -> tuple[Atoms, float]:
    """What a study says of its hospital, and how far its surface misses the log likelihood that was lived."""
    surface = study_surface(key, study, register, seed, None, SIZES)
    return atoms(surface, *wide_prior(population.rows), ATOMS, generator(seed, key, "atoms")), surface.error


def added(
    population: Hospitals, key: str, study: Study, register: Register, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, float, float]:
    """What a study moves in the population, its own offsets, the effective number of the reweighted draws, and the root mean
    squared error of the log likelihood that all of it rests on.

    A study that the fit has read is taken out of it first, so that it counts once.
    """
    each, error = said_by(key, study, register, population, seed)
    without = population.weights(key)
    weights = informed(population, each, study.hospital_kind, without)
    rows = []
    for name in [*(f"mean_{name}" for name in RATES), *(f"sd_{name}" for name in OFFSETS)]:
        values = population.column(name)
        before, after = float(without @ values), float(weights @ values)
        rows.append(
            {
                "quantity": name,
                "before": before,
                "before_sd": float(np.sqrt(without @ (values - before) ** 2)),
                "after": after,
                "after_sd": float(np.sqrt(weights @ (values - after) ** 2)),
            }
        )
    found = own_offsets(population, each, study.hospital_kind, 400, generator(seed, key, "own offsets"), weights)
    low, high = np.quantile(found, [0.025, 0.975], axis=0)
    own = pd.DataFrame({"offset": OFFSETS, "mean": found.mean(axis=0), "low": low, "high": high})
    return pd.DataFrame(rows), own, effective_draws(weights), error
