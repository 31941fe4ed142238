"""From finished runs to tables: indices with their noise, convergence, ranking, noise and emulators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from simulator.questions.sweep.methods.convergence import convergence_table, ranking_table
from simulator.questions.sweep.methods.designs import Design
from simulator.questions.sweep.methods.emulator import emulated_sobol, fit_emulator
from simulator.questions.sweep.methods.indices import Index, indices, is_constant
from simulator.questions.sweep.methods.inputs import Floats
from simulator.questions.sweep.methods.noise import measure_noise, noise_free, noise_in_index
from simulator.questions.sweep.sweep import Runs, Sweep
from simulator.words.errors import CheckFailed

INDICES = ("output", "parameter", "index", "value", "low", "high", "se", "noise")
NOISE = ("output", "signal_sd", "noise_sd", "noise_share", "patients", "patients_needed", "measured", "enough")
EMULATORS = ("output", "learned", "held_out", "rmse", "r2", "inside")


@dataclass(frozen=True, eq=False)
class Results:
    """The tables of a study.

    `indices`: one row per output, parameter and index, with interval and standard error (NaN where there are none that
    hold what they say) and the most that Monte Carlo noise may have added (NaN where unknown). `convergence` and
    `ranking`: the ranking index over nested subsets. `noise`: one row per output. `emulators` and `emulated`: empty
    unless the study asks for them. `notes` are what a reader of the indices must know: `about` (constant, noisy, no_emulator,
    no_intervals) and its facts.
    """

    indices: pd.DataFrame
    convergence: pd.DataFrame
    ranking: pd.DataFrame
    noise: pd.DataFrame
    emulators: pd.DataFrame
    emulated: pd.DataFrame
    notes: tuple[Mapping[str, Any], ...]


def analyse(sweep: Sweep, runs: Runs) -> Results:
    """Every table of a study, the same to the last bit however its runs were made."""
    # Threads inside linear algebra change last bits and slow down the many small problems of an analysis.
    with threadpool_limits(limits=1, user_api="blas"):
        return _analyse(sweep, runs)


def _analyse(sweep: Sweep, runs: Runs) -> Results:
    study, space, design = sweep.study, sweep.space, sweep.design
    found: list[tuple[object, ...]] = []
    noises: list[tuple[object, ...]] = []
    emulators: list[tuple[object, ...]] = []
    emulated: list[tuple[object, ...]] = []
    convergence: list[pd.DataFrame] = []
    notes: list[dict[str, Any]] = []
    for i, output in enumerate(runs.outputs):
        means, errors = runs.means[:, i], runs.mean_errors[:, i]
        replicates, spread = runs.of_output(i)
        noise = measure_noise(replicates, spread, study.patients)
        noises.append((output, *astuple(noise), noise.enough))

        def at(
            part: Design, means: Floats = means, errors: Floats = errors, replicates: Floats = replicates
        ) -> list[Index]:
            rows = slice(0, len(part.points))
            return indices(
                part,
                space,
                means[rows],
                errors[rows],
                seed=study.seed,
                confidence=study.confidence,
                replicates=replicates[:, rows],
            )

        plain = at(design)
        found += [(output, *_row(each), noise_in_index(design, each, noise, means)) for each in plain]
        convergence.append(convergence_table(output, design, plain, at))
        if is_constant(means):
            notes.append({"about": "constant", "output": output})
            continue
        free = noise_free(design, space.labels, replicates, noise, seed=study.seed, confidence=study.confidence)
        found += [(output, *_row(each), 0.0) for each in free]
        if not noise.enough:
            notes.append(
                {
                    "about": "noisy",
                    "output": output,
                    "share": noise.share,
                    "measured": noise.measured,
                    "patients": noise.patients,
                    "needed": noise.patients_needed if np.isfinite(noise.patients_needed) else None,
                }
            )
        if study.emulator:
            try:
                emulator = fit_emulator(design.points, means, errors, seed=study.seed)
            except CheckFailed as refused:
                notes.append({"about": "no_emulator", "output": output, "why": str(refused)})
                continue
            emulators.append((output, emulator.learned, emulator.held_out, emulator.rmse, emulator.r2, emulator.inside))
            larger = emulated_sobol(emulator, space, seed=study.seed)
            emulated += [(output, *_row(each), np.nan) for each in larger]
    if not design.method.has_intervals(design.size):
        method = design.method
        notes.append(
            {
                "about": "no_intervals",
                "method": method.name,
                "from": method.intervals_from,
                "counts": method.counts,
            }
        )
    paths = pd.concat(convergence, ignore_index=True)
    return Results(
        indices=pd.DataFrame(found, columns=list(INDICES)),
        convergence=paths,
        ranking=ranking_table(paths, design.method.name),
        noise=pd.DataFrame(noises, columns=list(NOISE)),
        emulators=pd.DataFrame(emulators, columns=list(EMULATORS)),
        emulated=pd.DataFrame(emulated, columns=list(INDICES)),
        notes=tuple(notes),
    )


def _row(index: Index) -> tuple[object, ...]:
    parameter, name, value, se, low, high = astuple(index)
    return parameter, name, value, low, high, se
