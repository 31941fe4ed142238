"""`clti trial`: a trial's operating characteristics from simulated lives."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from simulator.cli.options import as_options
from simulator.words.errors import BadInput, Problem, collected

OUT = Path("clti-out/trial")


def main(
    design: Annotated[str, typer.Argument(help="A design file (TOML), or the name of a shipped design.")],
    trials: Annotated[int, typer.Option(help="Simulated trials for each truth.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Seed of the patients and their luck.")] = 1,
    truth: Annotated[
        list[str] | None,
        typer.Option(
            help="stated, stated_null (what the design states; the same without its effect), scenario, null (no effect; with "
            "a margin, on it), alike, posterior (assurance), draw:NUMBER, sceptical, central or optimistic; repeat for "
            "several. Default: scenario, null and posterior, after stated and stated_null where the design states rates."
        ),
    ] = None,
    power: Annotated[float | None, typer.Option(help="Power that sizes are for. Default: the design's.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="No search for the size, no curves.")] = False,
    export: Annotated[
        int,
        typer.Option(
            help="Write the data of so many trials: patients.csv, visits.csv, and in the manner of ADaM adsl, adtte, adeff, "
            "adimp and adres (CSV and Parquet), with every look and the trial's own results.",
            metavar="TRIALS",
        ),
    ] = 0,
    workers: Annotated[int | None, typer.Option(help="Threads. Default: all processors.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for tables, figures and report.html.")] = OUT,
) -> None:
    """Power, type I error, assurance, size and duration of a trial, from simulated patients.

    The design file names the arms, the endpoints and their tests, accrual, looks and stopping rules; the truth is a
    scenario. Shipped designs are listed when DESIGN is not found. The same command goes on where it was interrupted.
    """
    from simulator.telling.studio import studio

    begun, fresh = time.perf_counter(), not out.exists()
    # Beside the loading and the trials of this process another one loads what it takes to draw.
    with studio("trial") as drawer:
        from simulator.face.trial import checked, trial
        from simulator.telling.columns import label
        from simulator.telling.console import progress, say_where
        from simulator.telling.outputs import check_writable
        from simulator.telling.phrases import lower

        asked: Any = {"trials": trials, "seed": seed, "truths": truth or None, "power": power, "export": export}
        problems: list[Problem] = []
        collected(lambda: checked(design, workers=workers, **asked), problems)
        collected(lambda: check_writable(out), problems)
        if problems:
            raise BadInput(as_options(problems, "trial", {"truths": "truth"}))
        try:
            found = trial(design, quick=quick, workers=workers, keep=out, progress=progress, **asked)
        except BadInput:
            if fresh and out.is_dir() and not any(out.iterdir()):
                out.rmdir()
            raise
        # A handful of figures: loading what draws them would take this process longer than waiting for them.
        found.draw_in(drawer, help_out=False)
        found.save(out)
        found.show()
    said = ", ".join(lower(label(found.facts["truth_labels"], each)) for each in found.facts["truths"])
    sys.stderr.write(f"{trials:,} trials for {said}: {time.perf_counter() - begun:.1f} s in all.\n")
    say_where(out)
