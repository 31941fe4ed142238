"""`clti boundaries`: group-sequential stopping boundaries."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.options import as_options
from simulator.words.errors import BadInput

FUTILITY_HELP = (
    "none, z:0,0.5 (one z for each interim look), cp:0.2 (conditional power under the trend), cp-design:0.2 (under the "
    "design's effect), beta:ld-obf, beta:ld-pocock, beta:hsd:-2 or beta:kim-demets:2 (spend the type II error)."
)


def main(
    looks: Annotated[int | None, typer.Option(help="Number of looks, equally spaced. Default 3.")] = None,
    alpha: Annotated[float, typer.Option(help="Type I error in all; one-sided unless --sides 2.")] = 0.025,
    kind: Annotated[
        str,
        typer.Option(
            "--type",
            help="obf, pocock, wang-tsiatis, haybittle-peto, triangular, ld-obf, ld-pocock, hsd, kim-demets or custom.",
        ),
    ] = "ld-obf",
    sides: Annotated[int, typer.Option(help="1 or 2.")] = 1,
    delta: Annotated[
        float | None, typer.Option(help="Shape of wang-tsiatis; 0 is obf, 0.5 pocock. Default 0.25.")
    ] = None,
    gamma: Annotated[float | None, typer.Option(help="Parameter of hsd; negative spends late. Default -4.")] = None,
    rho: Annotated[float | None, typer.Option(help="Power of kim-demets; larger spends later. Default 3.")] = None,
    early_z: Annotated[float | None, typer.Option(help="Interim boundary of haybittle-peto. Default 3.")] = None,
    points: Annotated[
        str | None,
        typer.Option("--points", help="Custom spending as INFORMATION:SHARE,... for example 0.5:0.2,0.8:0.6."),
    ] = None,
    information: Annotated[
        str | None, typer.Option(help="Information fractions of the looks, for example 0.4,0.7,1.")
    ] = None,
    futility: Annotated[str, typer.Option(help=FUTILITY_HELP)] = "none",
    binding: Annotated[bool, typer.Option("--binding/--non-binding", help="Must a futility stop be obeyed?")] = False,
    power: Annotated[float, typer.Option(help="Power that the size of the trial is for.")] = 0.9,
    effect: Annotated[
        str | None,
        typer.Option(
            help="Effect that the power is for, hazard-ratio:0.6 or difference:0.15: tells each boundary as an effect."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for tables, figure and report.html.")] = None,
) -> None:
    """Boundaries that let a trial stop early while its type I error is kept."""
    from simulator.face.boundaries import boundaries
    from simulator.face.result import finish

    try:
        found = boundaries(
            looks,
            alpha=alpha,
            kind=kind,
            sides=sides,
            delta=delta,
            gamma=gamma,
            early_z=early_z,
            rho=rho,
            points=points,
            information=information,
            futility=futility,
            binding=binding,
            power=power,
            effect=effect,
        )
    except BadInput as bad:
        raise BadInput(as_options(bad.problems, "boundaries", {"kind": "type"})) from None
    finish(found, out)
