"""Which arteries are diseased. Sites describe the population; no published effect lets them act on outcome."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled
from simulator.rules.draws import normal, normal_quantile
from simulator.words.vocabulary import ARTERIES, Stream


@compiled
def draw_sites(out: Any, patients: Any, limits: Any, correlation: float, seed: int) -> None:
    """Fill `out` (patients, sites) with 1 where a latent normal value lies below the site's limit, else 0."""
    shared, own = sqrt(correlation), sqrt(1.0 - correlation)
    for j in range(out.shape[0]):
        factor = normal(seed, patients[j], Stream.VESSEL_FACTOR, 0)
        for site in range(out.shape[1]):
            latent = shared * factor + own * normal(seed, patients[j], Stream.VESSEL, site)
            out[j, site] = 1.0 if latent < limits[site] else 0.0


def diseased_arteries(params: Any, seed: int, patients: NDArray[np.int64]) -> NDArray[np.float64]:
    """0 or 1 for each patient (by number) and each site of `ARTERIES`, shape (patients, sites).

    Sites have the register's shares and one common factor, so that disease clusters within people: the number of
    diseased sites spreads as published (Panunzi et al., Cardiovasc Diabetol 2022;21:196, Table 1).
    """
    shares = [float(params[f"{name}_share"]) for name in ARTERIES]
    limits = np.array([-np.inf if p <= 0.0 else np.inf if p >= 1.0 else normal_quantile(p) for p in shares])
    sites = np.zeros((len(patients), len(ARTERIES)))
    key: Any = np.uint64(seed)
    draw_sites(sites, np.asarray(patients, np.int64), limits, float(params["vessel_correlation"]), key)
    return sites
