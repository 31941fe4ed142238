"""`clti calibrate`: fit the free parameters, or check the committed fit against what was observed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.words.errors import BadInput, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from simulator.questions.calibrate.posterior import Posterior
    from simulator.telling.outputs import OutputFolder
    from simulator.work.store import Store


def main(
    check: Annotated[
        bool, typer.Option("--check", help="Only compare the committed fit with the observations.")
    ] = False,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="A rough fit in about two minutes, to see that it works.")
    ] = False,
    first_year: Annotated[
        bool,
        typer.Option(
            "--first-year",
            help="Fit to the first year alone, for `clti validate` to predict the rest of follow-up from.",
        ),
    ] = False,
    cohorts: Annotated[
        int | None,
        typer.Option(
            help="Synthetic cohorts for the coverage check: 200 unless told, 50 with --smoke.", min=0, max=2000
        ),
    ] = None,
    patients: Annotated[int, typer.Option(help="Patients simulated for the check.", min=2000, max=1_000_000)] = 20_000,
    seed: Annotated[int, typer.Option(help="Seed of the fit.", min=0, max=2**63 - 1)] = 1,
    out: Annotated[Path, typer.Option(help="Folder for tables, figures and report.html.")] = Path("clti-out/calibrate"),
    install: Annotated[
        bool, typer.Option("--install", help="Also replace the fitted values and posterior that every command reads.")
    ] = False,
) -> None:
    """Fit the model to the founding cohort and the randomised contrasts, with all its uncertainty.

    Interrupted, it goes on where it stopped when the same command is given again. With --check it only compares: exit code 1
    if an observed number lies outside the interval that its own sample size allows.
    """
    from simulator.scenario import load_scenario
    from simulator.telling.outputs import OutputFolder

    scenario = load_scenario("founding_cohort")
    if cohorts is None:
        cohorts = 50 if smoke else 200
    settings = {"check": check, "smoke": smoke, "first_year": first_year, "cohorts": cohorts, "patients": patients}
    if check and first_year:
        raise BadInput([Problem("command line", "--first-year", "with --check", "a fit, without --check")])
    if install:
        _check_installable()
    folder = OutputFolder(out, command=sys.argv, inputs=dict(scenario.inputs), seed=seed, settings=settings)
    outside = 0
    if check:
        outside = _check(folder, patients, seed)
        folder.write()
    else:
        _fit(folder, out, smoke, first_year, cohorts, seed, patients, install)
    from simulator.telling.console import say_where

    say_where(out)
    if outside:
        from simulator.words.errors import CheckFailed

        raise CheckFailed(f"{outside} observed number(s) lie outside their interval; see targets.csv")


def _check(folder: OutputFolder, patients: int, seed: int) -> int:
    from simulator.evidence.posterior import parameter_draws
    from simulator.questions.calibrate.check import predictive_table, targets_table
    from simulator.questions.calibrate.targets import load_targets
    from simulator.scenario import load_scenario
    from simulator.telling.calibration import calibration_report, print_targets

    scenario = load_scenario("founding_cohort")
    data, views = load_targets()
    targets = targets_table(scenario, data, views, patients, seed)
    draws = scenario.parameter_draws(parameter_draws(scenario.register, 1000, seed))
    predictive = predictive_table(scenario, data, draws, seed)
    folder.table("targets", targets)
    folder.table("predictive", predictive)
    folder.report(calibration_report(folder, scenario.register, targets, predictive))
    print_targets(targets)
    return int((~targets["inside"]).sum())


def _fit(
    folder: OutputFolder,
    out: Path,
    smoke: bool,
    first_year: bool,
    cohorts: int,
    seed: int,
    patients: int,
    install: bool,
) -> None:
    from dataclasses import replace

    import pandas as pd

    from simulator.compiling import announced
    from simulator.evidence.posterior import FIRST_YEAR
    from simulator.questions.calibrate.check import predictive_table, targets_table
    from simulator.questions.calibrate.coverage import coverage
    from simulator.questions.calibrate.posterior import SMOKE, Effort, calibrate, point_of, table_of
    from simulator.questions.calibrate.prior import Prior
    from simulator.questions.calibrate.targets import load_targets
    from simulator.questions.calibrate.work import SavedDesigns, work_key
    from simulator.questions.calibrate.written import fitted_text, posterior_text
    from simulator.scenario import load_scenario
    from simulator.telling.calibration import calibration_report, print_targets
    from simulator.telling.console import progress
    from simulator.work.store import Store

    scenario = load_scenario("founding_cohort")
    data, views = load_targets()
    data = replace(data, end_known=not first_year)
    effort = SMOKE if smoke else Effort()
    work = Store(out / f"work-{work_key(scenario, data, effort, seed)}")
    folder.keep(f"{work.folder.name}/")
    total = effort.first + effort.second + effort.third + effort.final
    with announced("the calibration"):
        SavedDesigns(work.folder, scenario, data, Prior(scenario.register), seed, lambda *_: None).compile()
    with work.going_on(), progress("simulating designs", total) as advance:
        done_in: dict[str, int] = {}

        def step(stage: str, done: int, _: int) -> None:
            advance(done - done_in.get(stage, 0))
            done_in[stage] = done

        designs = SavedDesigns(work.folder, scenario, data, Prior(scenario.register), seed, step)
        posterior = calibrate(scenario, data, views, effort, seed, designs)
    recovered: pd.DataFrame | None = None
    if cohorts and not first_year:
        with progress("synthetic cohorts", cohorts) as advance:
            recovered = coverage(scenario, data, views["central"], posterior, cohorts, seed, advance)
    fitted = load_scenario("founding_cohort", overrides={"parameters": point_of(posterior)})
    targets = targets_table(fitted, data, views, patients, seed)
    draws = pd.DataFrame(table_of(posterior))
    predictive = predictive_table(scenario, data, scenario.parameter_draws(draws.head(1000)), seed)
    if first_year:
        texts = {FIRST_YEAR: posterior_text(posterior)}
    else:
        texts = {
            "fitted.toml": fitted_text(posterior, _provenance(posterior, seed, smoke)),
            "posterior.csv": posterior_text(posterior),
        }
    for name, text in texts.items():
        folder.text(name, text)
    folder.table("targets", targets)
    folder.table("predictive", predictive)
    if recovered is not None:
        folder.table("coverage", recovered)
    folder.report(
        calibration_report(folder, scenario.register, targets, predictive, draws, recovered, posterior, not first_year)
    )
    print_targets(targets)
    _finish(folder, work, texts if install else {})


def _finish(folder: OutputFolder, work: Store, installed: Mapping[str, str]) -> None:
    """Write the results, then replace what every command reads, and only then let go of the work that led to them."""
    from simulator.evidence.shipped import shipped
    from simulator.work.disk import save

    with work.going_on():
        folder.write()
        for name, text in installed.items():
            save(shipped("calibration") / name, text.encode("utf-8"))
    work.remove()


def _check_installable() -> None:
    """See before hours of work that its results could be installed. Raises BadInput."""
    from simulator.evidence.shipped import shipped
    from simulator.telling.outputs import check_writable

    check_writable(shipped("calibration"), "--install")


def _provenance(posterior: Posterior, seed: int, smoke: bool) -> dict[str, str | float | int]:
    from importlib.metadata import version

    return {
        "method": "quadratic response surfaces, differential-evolution chains, draws reweighted by simulation",
        "command": f"clti calibrate --seed {seed}" + (" --smoke" if smoke else ""),
        "package": version("clti-simulator"),
        "seed": seed,
        "effective_draws": round(posterior.effective),
        "draws": len(posterior.chosen),
        "surface_error_log_likelihood": round(posterior.surface_error, 3),
    }
