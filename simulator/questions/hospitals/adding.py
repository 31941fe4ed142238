"""A further study: the committed population of hospitals reweighted by what the study says, without a refit."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.evidence.hospitals import OFFSETS, RATES, Hospitals
from simulator.evidence.register import Register
from simulator.questions.calibrate.chains import effective_size
from simulator.questions.hospitals.fit import own_offsets, wide_prior
from simulator.questions.hospitals.population import log_evidence
from simulator.questions.hospitals.surface import Atoms, atoms, study_surface
from simulator.questions.validate.study import Study
from simulator.words.luck import generator

Array = NDArray[np.float64]
SIZES = (24, 32, 500)
"""Particles, points and lives of a surface that somebody waits for."""
ATOMS = 600


def said_by(key: str, study: Study, register: Register, population: Hospitals, seed: int) -> Atoms:
    """What a study says of its hospital."""
    surface = study_surface(key, study, register, seed, None, SIZES)
    return atoms(surface, *wide_prior(population.rows), ATOMS, generator(seed, key, "atoms"))


def added(
    population: Hospitals, key: str, study: Study, register: Register, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """What a study moves in the population, its own offsets, and the effective number of the reweighted draws."""
    each = said_by(key, study, register, population, seed)
    log = log_evidence(population, each, study.hospital_kind)
    weights = np.exp(log - log.max())
    weights /= weights.sum()
    rows = []
    for name in [*(f"mean_{name}" for name in RATES), *(f"sd_{name}" for name in OFFSETS)]:
        values = population.column(name)
        before, after = float(values.mean()), float(weights @ values)
        rows.append(
            {
                "quantity": name,
                "before": before,
                "before_sd": float(values.std()),
                "after": after,
                "after_sd": float(np.sqrt(weights @ (values - after) ** 2)),
            }
        )
    found = own_offsets(population, each, study.hospital_kind, 400, generator(seed, key, "own offsets"))
    low, high = np.quantile(found, [0.025, 0.975], axis=0)
    own = pd.DataFrame({"offset": OFFSETS, "mean": found.mean(axis=0), "low": low, "high": high})
    return pd.DataFrame(rows), own, effective_size(weights)
