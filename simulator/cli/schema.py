"""`clti schema`: JSON Schema of every kind of file, for editors."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from simulator.words.errors import BadInput, Problem, nearest

HERE = "command line"


def main(
    kind: Annotated[
        str | None,
        typer.Argument(help="scenario, policy, therapy, design, study, validation or forecast. Default: all."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for KIND.schema.json. Default: print.")] = None,
) -> None:
    """Print or write the JSON Schema of each kind of file: scenario, policy, therapy, design, study, validation, forecast.

    Editors complete and check a TOML file whose first line is: #:schema ./scenario.schema.json
    """
    from simulator.schemas import KINDS, schema

    problems = []
    if kind is not None and kind not in KINDS:
        problems.append(Problem(HERE, "KIND", repr(kind), nearest(kind, KINDS)))
    if out is not None and out.exists() and not out.is_dir():
        problems.append(Problem(HERE, "--out", str(out), "a folder"))
    if problems:
        raise BadInput(problems)
    made = {each: schema(each) for each in (KINDS if kind is None else (kind,))}
    if out is None:
        sys.stdout.write(_text(made if kind is None else made[kind]))
        return
    from simulator.telling.outputs import check_writable
    from simulator.work.disk import AGAIN, save

    check_writable(out)
    for each, content in made.items():
        file = out / f"{each}.schema.json"
        save(file, _text(content).encode(), safe=AGAIN)
        sys.stdout.write(f"Written: {file}\n")


def _text(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
