"""`clti forecast`: registered trials predicted before they report, and scored when they have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

OUT = Path("clti-out/forecast")
RUNNING = Path("clti-out/forecast_scores.csv")


def main(
    name: Annotated[
        list[str] | None, typer.Argument(help="A registered trial, by name or file (TOML). Default: every shipped one.")
    ] = None,
    results: Annotated[Path | None, typer.Option(help="What a trial has reported (TOML): score its forecast.")] = None,
    sealed: Annotated[
        Path | None, typer.Option(help="The forecast to score, as written before: forecast_NAME.json.")
    ] = None,
    running: Annotated[
        Path | None, typer.Option(help=f"Running table (CSV) that a score is added to. Default: {RUNNING}.")
    ] = None,
    draws: Annotated[
        int, typer.Option(help="Joint draws of the parameters, the hospital and what is left open.")
    ] = 400,
    patients: Annotated[int, typer.Option(help="Simulated people of each arm in each draw, at least.")] = 400,
    seed: Annotated[int, typer.Option(help="Seed of the draws and of the patients' luck.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for tables, figures, forecasts and report.html.")] = OUT,
) -> None:
    """Forecast trials that have not reported: events of every arm, the contrast, and the chance that the trial succeeds.

    Each forecast is written as one file, forecast_NAME.json, whose hash can be published while the file stays private.
    With --results a forecast is scored, the running table of scored trials has a row more for each view, and a file for clti
    validate is written.
    """
    from simulator.face.forecast import forecast
    from simulator.telling.console import progress
    from simulator.telling.outputs import check_writable
    from simulator.work.disk import save

    check_writable(out)
    if results is not None and running is None:
        running = RUNNING
    if results is not None and running is not None:
        check_writable(running.parent, "--running")
    found = forecast(
        name or (),
        results=results,
        sealed=sealed,
        running=running,
        draws=draws,
        patients=patients,
        seed=seed,
        progress=progress,
    )
    found.save(out)
    if running is not None:
        save(running, found.running.to_csv(index=False).encode())
    found.show(out)
