"""Does the fit of hospitals recover what it does not know? Simulation-based calibration (Talts et al., arXiv:1804.06788).

Populations are drawn from the prior, hospitals from them, and every study's counts from its own surface at a particle; each
synthetic literature is analysed as the real one. Where the method is right, the rank of a truth among its posterior draws is
uniform. What this checks is the inference; how far surfaces lie from the engine is their `error`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.centre.atoms import atoms
from simulator.centre.offsets import own_offsets
from simulator.centre.surface import CENTRE, StudySurface, features
from simulator.evidence.hospitals import OFFSETS, RATES, Hospitals, Kind
from simulator.questions.hospitals.population import Structure, sampled
from simulator.questions.hospitals.prior import load_prior, sd_floor
from simulator.words.luck import generator, seed_of
from simulator.work.code import running_code
from simulator.work.store import Store

Array = NDArray[np.float64]
SPREAD = np.full(len(OFFSETS), 1.7)
"""SD of the wide prior of synthetic studies, whose population may lie anywhere in the prior."""
ATOMS, DRAWS, WARM_UP = 400, 250, 150
"""Atoms of a study, draws and warm-up of the one chain that ranks are formed from."""
OWN = 3
"""Studies whose own offsets are ranked."""
PLAIN = Structure(False, False)
POPULATION = (*(f"mean_{name}" for name in RATES), *(f"sd_{name}" for name in RATES))
"""What is ranked of a population."""


def synthetic(surface: StudySurface, offsets: Array, luck: np.random.Generator) -> StudySurface:
    """The surface of a study with counts and means as they come at a hospital, in one of its particles."""
    particle = int(luck.integers(len(surface.coefficients)))
    value = surface.coefficients[particle] @ features(offsets[None])[0]
    counted = surface.sizes > 0
    share = 1.0 / (1.0 + np.exp(-np.clip(value, -12.0, 12.0)))
    events = luck.binomial(np.round(surface.sizes).astype(int), share).astype(np.float64)
    means = value + surface.mean_se * luck.standard_normal(len(value))
    return replace(surface, events=np.where(counted, events, 0.0), means=np.where(counted, 0.0, means))


def prior_population(luck: np.random.Generator) -> Hospitals:
    """One population drawn from the prior, without tails or a mean of its own for people chosen."""
    prior = load_prior()
    row = {f"mean_{name}": prior["mean_sd"] * luck.standard_normal() for name in RATES}
    excess = prior["sd_scale"] * luck.standard_normal(len(RATES))
    row |= {f"sd_{name}": sd for name, sd in zip(RATES, np.hypot(excess, sd_floor(prior)), strict=True)}
    row["sd_response"] = abs(prior["response_sd_scale"] * luck.standard_normal())
    row["tails"] = np.inf
    correlation = _lkj(prior["correlation_concentration"], luck)
    for k, (one, other) in enumerate(((0, 1), (0, 2), (1, 2))):
        names = list(RATES)
        row[f"corr_{names[one]}_{names[other]}"] = correlation[k]
    return Hospitals(pd.DataFrame([row]), pd.DataFrame())


def _lkj(concentration: float, luck: np.random.Generator) -> Array:
    """Correlations (1-2, 1-3, 2-3) of the LKJ distribution, by partial correlations (Lewandowski 2009)."""
    b = concentration + 0.5
    one, two = 2.0 * luck.beta(b, b, 2) - 1.0
    partial = 2.0 * luck.beta(concentration, concentration) - 1.0
    return np.array([one, two, partial * np.sqrt((1 - one**2) * (1 - two**2)) + one * two])


def ranks(
    surfaces: Mapping[str, StudySurface],
    cohorts: int,
    seed: int,
    advance: Callable[[int], None],
    store: Store | None = None,
) -> pd.DataFrame:
    """cohort, quantity, rank (0-1): the share of posterior draws below the truth, of means, SDs and a few own offsets.

    Literatures that lie in `store` are read and not analysed again.
    """
    names = [*POPULATION, *(f"offset_{name}" for _ in list(surfaces)[:OWN] for name in RATES)]
    whole = hashlib.sha256(repr((seed, ATOMS, DRAWS, WARM_UP, load_prior(), running_code())).encode())
    for key, surface in surfaces.items():
        whole.update(key.encode() + surface.coefficients.tobytes())
    parts = []
    for cohort in range(cohorts):
        kept_as = f"literature-{whole.hexdigest()[:32]}-{cohort}"
        kept = None if store is None else store.read(kept_as)
        found = _literature(surfaces, cohort, seed) if kept is None else kept["ranks"]
        if store is not None and kept is None:
            store.write(kept_as, {"ranks": found})
        parts.append(pd.DataFrame({"cohort": cohort, "quantity": names, "rank": found}))
        advance(1)
    return pd.concat(parts, ignore_index=True)


def _literature(surfaces: Mapping[str, StudySurface], cohort: int, seed: int) -> Array:
    """Ranks of the truths of one synthetic literature: means, SDs, then the offsets of a few studies."""
    luck = generator(seed, "synthetic literature", cohort)
    truth = prior_population(luck)
    said, places = {}, {}
    for key, surface in surfaces.items():
        places[key] = truth.drawn(np.zeros(1, np.int64), Kind(), luck)[0]
        said[key] = atoms(synthetic(surface, places[key], luck), CENTRE, SPREAD, ATOMS, luck)
    referral = dict.fromkeys(surfaces, Kind())
    found = sampled(
        said, referral, PLAIN, DRAWS, WARM_UP, seed_of(seed, "ranks", cohort), founding=False, chains=1
    ).rows
    below = [float((found[name] < truth.column(name)[0]).mean()) for name in POPULATION]
    population = Hospitals(found, pd.DataFrame())
    for key in list(surfaces)[:OWN]:
        own = own_offsets(population, said[key], Kind(), DRAWS, luck)
        below += (own < places[key]).mean(axis=0)[: len(RATES)].tolist()
    return np.array(below)


def uniformity(found: pd.DataFrame, bins: int = 5) -> pd.DataFrame:
    """quantity, ranks, mean, chi_square, p: whether the ranks of each quantity fill equal bins equally."""
    from scipy.stats import chisquare

    rows = []
    for quantity, part in found.groupby("quantity", sort=False):
        counts, _ = np.histogram(part["rank"], bins, (0.0, 1.0 + 1e-12))
        test = chisquare(counts)
        rows.append(
            {"quantity": quantity, "ranks": len(part), "mean": float(part["rank"].mean()),
             "chi_square": float(test.statistic), "p": float(test.pvalue)}
        )  # fmt: skip
    return pd.DataFrame(rows)
