"""Which rules of the course predict studies left out: ``python benchmarks/structures.py [--only WORD] [--smoke]``.

Every alternative of `scenarios/structural/alternatives.toml` takes the place of the base case's rule. What its `refit` names is
moved until the founding cohort comes out as before; every study's numbers are lived again at many hospitals; the population of
hospitals is sampled given all of them; and each study is scored by its log predictive density without itself. The difference
to the base case has 95% limits over resampled studies. An alternative whose limits hold zero cannot be told from the base case
by what was published, and stays a scenario of every report.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from simulator.evidence.hospitals import OFFSETS, POPULATION, Hospitals
from simulator.evidence.register import Register
from simulator.evidence.shipped import shipped
from simulator.questions.hospitals.atoms import atoms
from simulator.questions.hospitals.fit import ROUGH, fitted_studies, wide_prior
from simulator.questions.hospitals.population import Structure, log_score, sampled
from simulator.questions.hospitals.surface import SMOKE, StudySurface, study_surface
from simulator.questions.validate import load_studies
from simulator.questions.validate.structural import (
    COHORT,
    Alternative,
    cohort_results,
    load_structural,
    refit,
)
from simulator.scenario import load_scenario
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


def scores(register: Register, sizes: tuple[int, int, int]) -> pd.Series:
    """Log predictive density of every study without itself."""
    studies = fitted_studies(load_studies(register)[0])
    kinds = {key: study.hospital_kind for key, study in studies.items()}
    surfaces = {key: study_surface(key, study, register, SEED, None, sizes) for key, study in studies.items()}
    centre, spread = wide_prior(pd.read_csv(shipped("calibration") / POPULATION, comment="#"))
    said = {
        key: atoms(surface, centre, spread, ROUGH.atoms, generator(SEED, key, "atoms"))
        for key, surface in surfaces.items()
    }
    rows = sampled(said, kinds, STRUCTURE, ROUGH.draws, ROUGH.warm_up, SEED).rows
    population = Hospitals(rows, pd.DataFrame())
    return pd.Series(
        {
            key: log_score(population, said, kinds, key)
            + evidence(surface, centre, spread, generator(SEED, key, "evidence"))
            for key, surface in surfaces.items()
        }
    )


def main() -> None:
    """Score the alternatives and print them as they come."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="alternatives whose assumption or name holds this word")
    parser.add_argument("--smoke", action="store_true", help="a few lives, to see that it runs")
    chosen = parser.parse_args()
    sizes = (4, 16, 100) if chosen.smoke else SMOKE
    alternatives = load_structural()[0].alternative
    base, luck = scores(load_scenario(COHORT).register, sizes), generator(SEED, "resampled studies")
    taken = luck.integers(len(base), size=(4_000, len(base)))
    print(f"base case: mean log score {base.mean():.3f} of {len(base)} studies")
    for each in alternatives[1:]:
        if each.view is not None or each.life_table is not None or chosen.only not in f"{each.assumption} {each.name}":
            continue
        begun = time.perf_counter()
        register, moved = register_of(each)
        gain = (scores(register, sizes) - base).to_numpy()
        low, high = np.quantile(gain[taken].mean(axis=1), [0.025, 0.975])
        refitted = ", ".join(f"{name} {value:.4g}" for name, value in moved.items())
        print(
            f"{each.assumption}: {each.name}: {gain.mean():+.3f} ({low:+.3f} to {high:+.3f})"
            f"{'; fitted again: ' + refitted if refitted else ''}; {time.perf_counter() - begun:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
