"""`sim.calibrate`: the fit to the founding cohort, checked or made anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from simulator.face.asked import SMALL_SEEDS, Progress
from simulator.face.asked import check as check_numbers
from simulator.face.result import Result, now
from simulator.words.errors import BadInput, Problem
from simulator.work.disk import remove
from simulator.work.linear_algebra import on_one_thread

if TYPE_CHECKING:
    from simulator.evidence.targets import Contrast, Founding
    from simulator.questions.calibrate.posterior import Effort, Posterior
    from simulator.work.store import Store

SCENARIO = "founding_cohort"
DRAWS = 1_000
"""Draws of the posterior whose cohorts are simulated for prediction."""


@on_one_thread
def calibrate(
    *,
    check: bool = True,
    smoke: bool = False,
    first_year: bool = False,
    cohorts: int | None = None,
    patients: int = 20_000,
    draws: int = DRAWS,
    seed: int = 1,
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> Result:
    """Check the committed fit against what was observed, or with ``check=False`` fit the free parameters anew.

    `patients` are simulated for the check, and a cohort of the study's size for each of so many
    `draws` of the posterior. A fit takes hours; with `smoke` it is rough and takes two minutes. `first_year`
    fits to the first year alone. `cohorts` synthetic cohorts test whether known parameters are recovered: 200 unless told,
    50 with `smoke`. Designs that were simulated are kept in `folder`, where an interrupted fit goes on.

    Tables of the result: ``targets`` (each observed number with its 95% interval beside the simulated one and `inside`),
    ``predictive`` (the same at the study's size), ``movement`` (prior and posterior of each fitted parameter), ``densities``
    (both, by bins), ``correlations`` (of each pair of fitted parameters), and of a fit ``coverage``. Shares are 0 to 1, times
    years. A fit also has the `texts` of fitted.toml and posterior.csv.

    Raises BadInput with everything that is wrong with what was asked for.

    >>> import simulator as sim
    >>> sim.calibrate(patients=10)
    Traceback (most recent call last):
    simulator.words.errors.BadInput: 1 problem(s) in the input:
      calibrate: patients = 10; allowed: a whole number, 2,000 to 1,000,000
    """
    begun = now()
    check_numbers(
        "calibrate",
        patients=(patients, 2_000, 1_000_000),
        seed=(seed, 0, SMALL_SEEDS - 1),
        cohorts=(cohorts, 0, 2_000),
        draws=(draws, 2, 100_000),
    )
    if check and first_year:
        raise BadInput([Problem("calibrate", "first_year", "with check", "a fit: check=False")])
    if cohorts is None:
        cohorts = 50 if smoke else 200
    settings = {"check": check, "smoke": smoke, "first_year": first_year, "cohorts": cohorts, "patients": patients}
    if draws != DRAWS:
        settings["draws"] = draws
    if check:
        return _checked(patients, draws, seed, settings, begun)
    place = Path(mkdtemp() if folder is None else folder)
    try:
        return fitted(work_in(place, smoke, first_year, seed), settings, seed, progress, begun)
    finally:
        if folder is None:
            remove(place)


def work_in(folder: Path, smoke: bool, first_year: bool, seed: int) -> Store:
    """Where the simulated designs of a fit are kept in a folder."""
    from simulator.questions.calibrate.work import work_key
    from simulator.scenario import load_scenario
    from simulator.work.store import Store

    data, _, effort = _plan(smoke, first_year)
    return Store(folder / f"work-{work_key(load_scenario(SCENARIO), data, effort, seed)}")


@on_one_thread
def fitted(
    work: Store,
    settings: Mapping[str, Any],
    seed: int,
    progress: Progress | None,
    begun: tuple[datetime, float],
    workers: int = 1,
) -> Result:
    """The fit, with the designs that lie in `work` and those still missing; `settings` are those of the manifest.

    Synthetic cohorts are analysed in `workers` processes, which decide how long it takes and nothing else.
    """
    import pandas as pd

    from simulator.compiling import announced
    from simulator.evidence.posterior import FIRST_YEAR
    from simulator.founding.predicted import predictive_table
    from simulator.questions.calibrate.check import targets_table
    from simulator.questions.calibrate.coverage import coverage
    from simulator.questions.calibrate.findings import findings
    from simulator.questions.calibrate.posterior import calibrate as fit
    from simulator.questions.calibrate.posterior import point_of, table_of
    from simulator.questions.calibrate.prior import Prior
    from simulator.questions.calibrate.work import SavedDesigns
    from simulator.questions.calibrate.written import fitted_text, posterior_text
    from simulator.scenario import load_scenario
    from simulator.scenario.changes import changes
    from simulator.valuation.lives import silent
    from simulator.words.findings import Origin
    from simulator.work.extras import check_extra

    check_extra("refit", "emcee", question="calibrate", key="fit")
    smoke, first_year, cohorts = settings["smoke"], settings["first_year"], settings["cohorts"]
    show = progress or silent
    scenario = load_scenario(SCENARIO)
    data, views, effort = _plan(smoke, first_year)
    total = effort.first + effort.second + effort.third + effort.final
    with announced("the calibration"):
        SavedDesigns(work.folder, scenario, data, Prior(scenario.register), seed, lambda *_: None).compile()
    with work.going_on(), show("simulating designs", total) as advance:
        done_in: dict[str, int] = {}

        def step(stage: str, done: int, _: int) -> None:
            advance(done - done_in.get(stage, 0))
            done_in[stage] = done

        designs = SavedDesigns(work.folder, scenario, data, Prior(scenario.register), seed, step)
        posterior = fit(scenario, data, views, effort, seed, designs)
    recovered: pd.DataFrame | None = None
    if cohorts and not first_year:
        with work.going_on(), show("synthetic cohorts", cohorts) as advance:
            recovered = coverage(scenario, data, views["central"], posterior, cohorts, seed, advance, workers, work)
    at_fit = load_scenario(SCENARIO, overrides={"parameters": point_of(posterior)})
    draws = pd.DataFrame(table_of(posterior))
    drawn = scenario.parameter_draws(draws.head(settings.get("draws", DRAWS)))
    if first_year:
        texts = {FIRST_YEAR: posterior_text(posterior)}
    else:
        texts = {
            "fitted.toml": fitted_text(posterior, _provenance(posterior, seed, smoke)),
            "posterior.csv": posterior_text(posterior),
        }

    found = findings(
        scenario.register,
        targets_table(at_fit, data, views, settings["patients"], seed),
        predictive_table(scenario, data, drawn, seed),
        draws,
        origin=Origin(scenario.inputs, seed, settings, changes(scenario)),
        recovered=recovered,
        posterior=posterior,
        end_known=not first_year,
        files=texts,
    )
    return Result(found, begun, (f"{work.folder.name}/",))


def _plan(smoke: bool, first_year: bool) -> tuple[Founding, dict[str, Contrast], Effort]:
    """What is fitted to, the views of the evidence, and how much is simulated."""
    from simulator.evidence.targets import load_targets
    from simulator.questions.calibrate.posterior import SMOKE, Effort

    data, views = load_targets()
    return replace(data, end_known=not first_year), views, SMOKE if smoke else Effort()


def _provenance(posterior: Posterior, seed: int, smoke: bool) -> dict[str, str | float | int]:
    from importlib.metadata import version

    return {
        "method": "quadratic response surfaces, emcee's differential-evolution moves, draws reweighted by simulation",
        "command": f"clti calibrate --seed {seed}" + (" --smoke" if smoke else ""),
        "package": version("clti-simulator"),
        "seed": seed,
        "effective_draws": round(posterior.effective),
        "draws": len(posterior.chosen),
        "surface_error_log_likelihood": round(posterior.surface_error, 3),
    }


def _checked(
    patients: int, draws: int, seed: int, settings: Mapping[str, Any], begun: tuple[datetime, float]
) -> Result:
    from simulator.evidence.posterior import parameter_draws, posterior_table
    from simulator.evidence.targets import load_targets
    from simulator.founding.predicted import predictive_table
    from simulator.questions.calibrate.check import targets_table
    from simulator.questions.calibrate.findings import findings
    from simulator.scenario import load_scenario
    from simulator.scenario.changes import changes
    from simulator.words.findings import Origin

    scenario = load_scenario(SCENARIO)
    data, views = load_targets()
    drawn = scenario.parameter_draws(parameter_draws(scenario.register, draws, seed))
    found = findings(
        scenario.register,
        targets_table(scenario, data, views, patients, seed),
        predictive_table(scenario, data, drawn, seed),
        posterior_table(),
        origin=Origin(scenario.inputs, seed, settings, changes(scenario)),
    )
    return Result(found, begun)
