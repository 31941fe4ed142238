"""Which rules of the course predict studies left out: ``python benchmarks/structures.py [--only WORD ...] [--sizes P N L]``.

Every alternative of `scenarios/structural/alternatives.toml` takes the place of the base case's rule. What its `refit` names is
moved until the founding cohort comes out as before; every study's numbers are lived again at many hospitals; the population of
hospitals is sampled given all of them; and each study is scored by its log predictive density without itself. The difference
to the base case has 95% limits over resampled studies. An alternative whose limits hold zero cannot be told from the base case
by what was published, and stays a scenario of every report. How far chance alone moves a score is told by the base case
lived again with other luck.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from simulator.centre.atoms import atoms
from simulator.centre.offsets import wide_prior
from simulator.centre.surface import SMOKE, StudySurface, study_surface
from simulator.evidence.hospitals import OFFSETS, POPULATION, Hospitals
from simulator.evidence.register import Register
from simulator.evidence.shipped import shipped
from simulator.questions.hospitals.fit import ROUGH, fitted_studies
from simulator.questions.hospitals.population import Structure, compiled_once, log_score, sampled
from simulator.questions.validate.structural import (
    COHORT,
    Alternative,
    cohort_results,
    load_structural,
    refit,
)
from simulator.scenario import load_scenario
from simulator.studies.reading import load_studies
from simulator.words.luck import generator

STRUCTURE = Structure(chosen=False, heavy=False, trial=True)
"""The population that predicts best in the fit of the base case, with normal tails, which are quick."""
POINTS = 20_000
PEOPLE = 8_000
SEED = 1


def register_of(each: Alternative) -> tuple[Register, dict[str, float]]:
    """The register under an alternative, and the parameters that were fitted again."""
    moved: dict[str, float] = {}
    if each.refit:
        moved = refit(each, cohort_results(None, {}, PEOPLE, SEED), PEOPLE, SEED)
    parameters = {**each.parameters, **moved}
    return load_scenario(COHORT, overrides={"parameters": parameters}).register, moved


def evidence(surface: StudySurface, centre: np.ndarray, spread: np.ndarray, luck: np.random.Generator) -> float:
    """Log likelihood of a study averaged over a wide prior: the constant that atoms do without."""
    particles = len(surface.coefficients)
    points = centre + spread * luck.standard_normal((particles, POINTS // particles, len(OFFSETS)))
    found = surface.log_likelihood(points)
    return float(logsumexp(found) - np.log(found.size))


def scores(register: Register, sizes: tuple[int, int, int], seed: int = SEED) -> pd.Series:
    """Log predictive density of every study without itself."""
    studies = fitted_studies(load_studies(register)[0])
    kinds = {key: study.hospital_kind for key, study in studies.items()}
    surfaces = {key: study_surface(key, study, register, seed, None, sizes) for key, study in studies.items()}
    centre, spread = wide_prior(pd.read_csv(shipped("calibration") / POPULATION, comment="#"))
    said = {
        key: atoms(surface, centre, spread, ROUGH.atoms, generator(seed, key, "atoms"))
        for key, surface in surfaces.items()
    }
    rows = sampled(said, kinds, STRUCTURE, ROUGH.draws, ROUGH.warm_up, seed).rows
    population = Hospitals(rows, pd.DataFrame())
    return pd.Series(
        {
            key: log_score(population, said, kinds, key)
            + evidence(surface, centre, spread, generator(seed, key, "evidence"))
            for key, surface in surfaces.items()
        }
    )


def main() -> None:
    """Score the alternatives and print them as they come."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", nargs="+", default=[""], help="alternatives whose assumption or name holds one of these"
    )
    parser.add_argument(
        "--sizes", nargs=3, type=int, default=SMOKE, help="particles, points and lives of a study's surface"
    )
    chosen = parser.parse_args()
    with TemporaryDirectory() as folder, compiled_once(Path(folder)):
        compared(chosen.only, tuple(chosen.sizes))


def compared(only: list[str], sizes: tuple[int, int, int]) -> None:
    """Print the gain of each alternative that is asked for as it comes."""
    alternatives = load_structural()[0].alternative
    base, luck = scores(load_scenario(COHORT).register, sizes), generator(SEED, "resampled studies")
    taken = luck.integers(len(base), size=(4_000, len(base)))

    def told(gain: np.ndarray) -> str:
        low, high = np.quantile(gain[taken].mean(axis=1), [0.025, 0.975])
        return f"{gain.mean():+.3f} ({low:+.3f} to {high:+.3f})"

    print(f"base case: mean log score {base.mean():.3f} of {len(base)} studies", flush=True)
    again = scores(load_scenario(COHORT).register, sizes, SEED + 1)
    print(f"base case with other luck: {told((again - base).to_numpy())}", flush=True)
    for each in alternatives[1:]:
        if each.view is not None or each.life_table is not None:
            continue
        if not any(word in f"{each.assumption} {each.name}" for word in only):
            continue
        begun = time.perf_counter()
        register, moved = register_of(each)
        gain = (scores(register, sizes) - base).to_numpy()
        refitted = ", ".join(f"{name} {value:.4g}" for name, value in moved.items())
        print(
            f"{each.assumption}: {each.name}: {told(gain)}"
            f"{'; fitted again: ' + refitted if refitted else ''}; {time.perf_counter() - begun:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
