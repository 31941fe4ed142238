"""The whole fit in one go: what each study says, the population of hospitals, and every study's weight left out."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.centre.atoms import Atoms, atoms
from simulator.centre.offsets import own_offsets, wide_prior
from simulator.centre.surface import (
    CENTRE,
    LIVES,
    PARTICLES,
    POINTS,
    SMOKE,
    StudySurface,
    fitted_quantities,
    study_surface,
)
from simulator.evidence.hospitals import FIELDS, OFFSETS, RATES, Hospitals, Kind
from simulator.evidence.register import Register
from simulator.questions.hospitals.diagnostics import Chains
from simulator.questions.hospitals.population import CHAINS, Sampling, Structure, left_out, log_score, sampled
from simulator.studies.study import Study
from simulator.words.luck import generator, seed_of
from simulator.work.store import Store

Array = NDArray[np.float64]
FIRST_SPREAD = 1.2
"""SD of the wide prior of the first round; the second is `wide_prior` of what the first found."""
STRUCTURES = tuple(
    Structure(chosen, heavy, trial=trial, era=era)
    for heavy in (False, True)
    for chosen, trial, era in (*np.eye(3, dtype=bool).tolist(), [False] * 3, [True] * 3)
)
"""Normal or heavy tails; one mean, one of each kind of cohort or by era, or all of these."""
OPEN = "response_learned"
RESAMPLED = 4_000


@dataclass(frozen=True)
class Effort:
    """Sizes: particles, points and lives of a surface; atoms of a study; draws and warm-up of each chain."""

    sizes: tuple[int, int, int] = (PARTICLES, POINTS, LIVES)
    atoms: int = 500
    rough: int = 200
    draws: int = 500
    warm_up: int = 250
    chains: int = CHAINS
    kept: int = 1_000
    structures: tuple[Structure, ...] = STRUCTURES

    @property
    def samplings(self) -> int:
        """How often the population is sampled: roughly, in each structure, and with the response learned."""
        return len(self.structures) + 2


ROUGH = Effort(
    SMOKE, 250, 100, 200, 200, 2, 400, (Structure(False, False), Structure(True, False, trial=True, era=True))
)


@dataclass(frozen=True, eq=False)
class Fit:
    """The population, each study's offsets (study, offset, mean, low, high), and the structures with their scores.

    The population averages the structures by `weight`. `structures`: structure, log_score (mean over studies left out), the
    difference to the best with 95% limits over resampled studies, weight. `chains` says of each sampling how its chains went.
    `chosen` weighs most. `open_response` is the mean offset of response that series would teach, with 95% limits.
    """

    population: Hospitals
    studies: Mapping[str, Atoms]
    offsets: pd.DataFrame
    structures: pd.DataFrame
    chains: Mapping[str, Chains]
    chosen: Structure
    open_response: tuple[float, float, float]
    surfaces: Mapping[str, StudySurface]

    @property
    def average(self) -> dict[str, float]:
        """Offsets of the average hospital, by names of the register."""
        return {FIELDS[name]: float(self.population.rows[f"mean_{name}"].mean()) for name in RATES}

    @property
    def learned(self) -> dict[str, float]:
        """The offset of response that open series would teach: mean, low, high."""
        return dict(zip(("mean", "low", "high"), self.open_response, strict=True))

    @property
    def faults(self) -> list[str]:
        """What forbids to rest on these chains, with the sampling that it is true of."""
        return [f"{name}: {fault}" for name, each in self.chains.items() for fault in each.faults]

    @property
    def told_chains(self) -> str:
        """How the chains went, the worst of all samplings, with what forbids to rest on them."""
        every = self.chains.values()
        told = (
            f"R-hat at most {max(each.r_hat for each in every):.2f}, effective draws at least"
            f" {min(each.effective for each in every):.0f}, {100.0 * max(each.diverging for each in every):.1f}% diverging,"
            f" at one place for {max(each.standing for each in every)} draws at most"
        )
        return "; ".join([told, *self.faults])


def fitted_studies(studies: Mapping[str, Study]) -> dict[str, Study]:
    """Studies that tell of a hospital: not the founding one, with a number that a fit reads."""
    return {key: s for key, s in studies.items() if not s.founding_centre and fitted_quantities(s)}


def fit(
    studies: Mapping[str, Study],
    register: Register,
    effort: Effort,
    seed: int,
    store: Store | None = None,
    advance: Callable[[int], None] | None = None,
) -> Fit:
    """The population of hospitals given the studies; `advance` is called after each study and each sampling."""
    used = fitted_studies(studies)
    surfaces = {key: study_surface(key, s, register, seed, store, effort.sizes, advance) for key, s in used.items()}
    kinds = {key: s.hospital_kind for key, s in used.items()}

    def said(centre: Array, spread: Array, n: int, word: str) -> dict[str, Atoms]:
        return {key: atoms(s, centre, spread, n, generator(seed, key, word)) for key, s in surfaces.items()}

    def done() -> None:
        if advance is not None:
            advance(1)

    rough = said(CENTRE, np.full(len(OFFSETS), FIRST_SPREAD), effort.rough, "first atoms")

    def drawn(given: Mapping[str, Atoms], structure: Structure, draws: int, word: str) -> Sampling:
        seeded = seed_of(seed, word)
        made = sampled(given, kinds, structure, draws, effort.warm_up, seeded, chains=effort.chains, store=store)
        done()
        return made

    centre, spread = wide_prior(drawn(rough, Structure(), effort.draws // 2, "first").rows)
    exact = said(centre, spread, effort.atoms, "atoms")
    nothing = pd.DataFrame()
    found = {}
    chains, scores = {}, {}
    for structure in effort.structures:
        made = drawn(exact, structure, effort.draws, structure.name)
        found[structure], chains[structure.name] = made.rows, made.chains
        population = Hospitals(made.rows, nothing)
        scores[structure] = {key: log_score(population, exact, kinds, key) for key in used}
    table = structure_table(scores, seed)
    shares = {s: float(table.loc[table["structure"] == s.name, "weight"].iloc[0]) for s in effort.structures}
    best = max(effort.structures, key=lambda s: shares[s])
    averaged = [thinned(found[s], round(effort.kept * shares[s])) for s in effort.structures]
    population = Hospitals(pd.concat(averaged, ignore_index=True), nothing)
    taught = drawn(exact, replace(best, open_response=True), effort.draws, OPEN)
    learned, chains[OPEN] = taught.rows["mean_response"], taught.chains
    low, high = np.quantile(learned, [0.025, 0.975])
    population = Hospitals(population.rows, left_out(population, exact, kinds).round(3))
    offsets = offsets_table(population, exact, kinds, seed)
    return Fit(
        population, exact, offsets, table, chains, best, (float(learned.mean()), float(low), float(high)), surfaces
    )


def thinned(rows: pd.DataFrame, n: int) -> pd.DataFrame:
    """`n` evenly spaced rows to six digits, as they are committed."""
    places = np.linspace(0, len(rows) - 1, min(n, len(rows))).astype(int)
    short = rows.iloc[places[: min(n, len(rows))]].reset_index(drop=True)
    return short.map(lambda x: float(f"{x:.6g}"))


def structure_table(scores: Mapping[Structure, Mapping[str, float]], seed: int) -> pd.DataFrame:
    """structure, log_score, difference, low, high, weight: the best first, the others less it, over resampled studies.

    `weight` is its share of the averaged population: how often it has how much of the predictive density when studies are
    resampled (pseudo Bayesian model averaging with the Bayesian bootstrap; Yao et al., Bayesian Anal 2018;13:917).
    """
    table = pd.DataFrame({s.name: each for s, each in scores.items()})
    order = list(table.mean().sort_values(ascending=False, kind="stable").index)
    luck = generator(seed, "structures")
    values = table[order].to_numpy()
    n = len(values)
    sums = n * luck.dirichlet(np.ones(n), RESAMPLED) @ values
    weights = np.exp(sums - sums.max(axis=1, keepdims=True))
    weights = (weights / weights.sum(axis=1, keepdims=True)).mean(axis=0)
    gaps = values - values[:, :1]
    means = gaps[luck.integers(0, n, (RESAMPLED, n))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return pd.DataFrame(
        {"structure": order, "log_score": values.mean(axis=0), "difference": gaps.mean(axis=0), "low": low, "high": high,
         "weight": weights}
    )  # fmt: skip


def offsets_table(
    population: Hospitals, studies: Mapping[str, Atoms], kinds: Mapping[str, Kind], seed: int
) -> pd.DataFrame:
    """study, offset, mean, low, high: each study's own offsets given everything."""
    rows = []
    for key, each in studies.items():
        posterior = own_offsets(population, each, kinds[key], 500, generator(seed, key, "own offsets"))
        for k, name in enumerate(OFFSETS):
            low, high = np.quantile(posterior[:, k], [0.025, 0.975])
            rows.append({"study": key, "offset": name, "mean": posterior[:, k].mean(), "low": low, "high": high})
    return pd.DataFrame(rows)


def texts(found: Fit, provenance: Mapping[str, object]) -> dict[str, str]:
    """Content of the committed files, with where they come from in comment lines."""
    head = "# Written by `clti calibrate --hospitals`; do not edit.\n"
    head += "".join(f"# {name}: {value}\n" for name, value in provenance.items())

    def text(table: pd.DataFrame) -> str:
        out = io.StringIO()
        table.to_csv(out, index=False, float_format="%.6g", lineterminator="\n")
        return head + out.getvalue()

    return {
        "hospitals.csv": text(found.population.rows),
        "hospitals_left_out.csv": text(found.population.left_out),
        "hospitals_offsets.csv": text(found.offsets),
        "hospitals_response.csv": text(pd.DataFrame([found.open_response], columns=["mean", "low", "high"]).round(2)),
    }
