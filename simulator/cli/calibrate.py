"""`clti calibrate`: fit the free parameters, or check the committed fit against what was observed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.words.errors import BadInput, CheckFailed, Problem

if TYPE_CHECKING:
    from simulator.face.result import Result
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
    hospitals: Annotated[
        bool,
        typer.Option(
            "--hospitals",
            help="Fit the population of hospitals to the published studies instead (needs the extra refit).",
        ),
    ] = False,
    add_study: Annotated[
        Path | None,
        typer.Option(help="A study's file: say in seconds what it would change in the population of hospitals."),
    ] = None,
    cohorts: Annotated[
        int | None,
        typer.Option(
            help="Synthetic cohorts for the coverage check: 200 unless told, 50 with --smoke; with --hospitals synthetic"
            " literatures, none unless told.",
            min=0,
            max=2000,
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
    if hospitals or add_study is not None:
        _of_hospitals(hospitals, add_study, check or first_year, smoke, cohorts or 0, seed, out, install)
        return
    from simulator.face.calibrate import calibrate, fitted, work_in
    from simulator.face.result import now
    from simulator.telling.console import progress
    from simulator.telling.outputs import check_writable
    from simulator.work.threads import cores

    begun = now()
    if cohorts is None:
        cohorts = 50 if smoke else 200
    settings = {"check": check, "smoke": smoke, "first_year": first_year, "cohorts": cohorts, "patients": patients}
    if check and first_year:
        raise BadInput([Problem("command line", "--first-year", "with --check", "a fit, without --check")])
    if install:
        _check_installable()
    check_writable(out)
    if check:
        found = calibrate(patients=patients, seed=seed, smoke=smoke, cohorts=cohorts)
        found.save(out)
    else:
        work = work_in(out, smoke, first_year, seed)
        found = fitted(work, settings, seed, progress, begun, cores())
        _finish(found, out, work, install)
    found.show(out)
    if check and found.facts["outside"]:
        raise CheckFailed(f"{found.facts['outside']} observed number(s) lie outside their interval; see targets.csv")


def _of_hospitals(
    hospitals: bool, study: Path | None, other: bool, smoke: bool, cohorts: int, seed: int, out: Path, install: bool
) -> None:
    """The population of hospitals: fitted anew, or reweighted by one more study."""
    from simulator.face.hospitals import add_study, fitted, work_in
    from simulator.face.result import now
    from simulator.telling.console import progress
    from simulator.telling.outputs import check_writable

    begun = now()
    if other or (hospitals and study is not None) or (install and study is not None):
        allowed = "one of --check, --first-year, --hospitals and --add-study; --install with a fit"
        raise BadInput([Problem("command line", "--hospitals or --add-study", "with another", allowed)])
    if study is not None and (smoke or cohorts):
        allowed = "with a fit: --add-study makes none"
        raise BadInput([Problem("command line", "--smoke" if smoke else "--cohorts", "with --add-study", allowed)])
    if install:
        _check_installable()
    check_writable(out)
    if study is not None:
        found = add_study(study, seed=seed)
        found.save(out)
    else:
        work = work_in(out)
        found = fitted(work, smoke, cohorts, seed, progress, begun)
        faults = found.facts["faults"]
        _finish(found, out, work, install and not faults)
        if install and faults:
            found.show(out)
            raise CheckFailed("\n".join(["Not installed, because the chains went wrong:", *faults]))
    found.show(out)


def _finish(found: Result, out: Path, work: Store, install: bool) -> None:
    """Write the results, then replace what every command reads, and only then let go of the work that led to them."""
    from simulator.evidence.shipped import shipped
    from simulator.work.disk import save

    with work.going_on():
        found.save(out)
        for name, text in found.texts.items() if install else ():
            save(shipped("calibration") / name, text.encode("utf-8"))
    work.remove()


def _check_installable() -> None:
    """See before hours of work that its results could be installed. Raises BadInput."""
    from simulator.evidence.shipped import shipped
    from simulator.telling.outputs import check_writable

    check_writable(shipped("calibration"), "--install")
