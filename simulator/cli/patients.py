"""`clti patients`: a hospital's own patients, from its registry's export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator.words.errors import BadInput, CheckFailed

OUT = Path("clti-out/patients")


def main(
    export: Annotated[Path, typer.Argument(help="The registry's export: CSV of any kind, or .xlsx.")],
    mapping: Annotated[
        Path | None,
        typer.Option(help="What the export's columns are (TOML). Default: as proposed, if nothing is open."),
    ] = None,
    smallest: Annotated[int, typer.Option(help="Counts from 1 to this are not shown.", min=0, max=1000)] = 10,
    rows: Annotated[
        bool, typer.Option("--rows", help="Also write the people one by one, without identifiers and dates.")
    ] = False,
    slots_per_week: Annotated[
        float | None, typer.Option(help="Treatments that can be given a week: what waiting takes from each policy.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for tables, centre.toml, mapping.toml and report.html.")] = OUT,
) -> None:
    """Read a registry's export: who its people are, what became of them, and the hospital as a file for --centre.

    Nothing leaves this machine, and no row of a person is written unless --rows asks for it. What the export leaves open
    (a unit, a code, the order of day and month) is asked for in a mapping file, never guessed.
    """
    from simulator.face.patients import patients, propose_mapping
    from simulator.telling.console import progress
    from simulator.telling.outputs import check_writable

    check_writable(out)
    try:
        found = patients(
            export, mapping=mapping, smallest=smallest, rows=rows, slots_per_week=slots_per_week, progress=progress
        )
    except BadInput as bad:
        if mapping is not None or any(problem.file != "mapping" for problem in bad.problems):
            raise
        to = export.with_name(f"{export.stem}.mapping.toml")
        asked = propose_mapping(export, to)
        lines = [f"{problem.key} = {problem.value}: {problem.allowed}" for problem in bad.problems]
        raise CheckFailed(
            "\n".join(
                [f"{asked} answer(s) are wanted in {to}:", *lines, f"Then: clti patients {export} --mapping {to}"]
            )
        ) from None
    found.save(out)
    found.show(out)
