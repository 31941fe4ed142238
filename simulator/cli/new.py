"""`clti new`: a starter file to change."""

from __future__ import annotations

import re
import sys
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from simulator.words.errors import BadInput, Problem, nearest

HERE = "command line"
NEXT = {
    "scenario": "clti compare {file}",
    "policy": "clti compare {file}",
    "therapy": "clti compare {file}",
    "design": "clti trial {file}",
    "study": "clti sensitivity {file}",
    "validation": "clti validate {file}",
    "forecast": "clti forecast {file}",
    "centre": "clti compare {file}",
}
"""What runs a file of each kind."""
MEANT = {"centre": "scenario"}
"""Kinds whose files are files of another kind."""
STARTER = "STARTER"
"""Stands for the name in the starter files."""


def main(
    kind: Annotated[
        str, typer.Argument(help="scenario, policy, therapy, design, study, validation, forecast or centre.")
    ],
    name: Annotated[str, typer.Argument(help="Its name: letters, digits, _ and -, a letter first.")],
    out: Annotated[Path | None, typer.Option(help="File to write. Default: NAME.toml in this folder.")] = None,
) -> None:
    """Write a commented starter file that runs as it is. A file that is there is never overwritten.

    For example: clti new policy two_doses
    """
    file = Path(f"{name}.toml") if out is None else out
    problems = _faults(kind, name, file)
    if problems:
        raise BadInput(problems)
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(starter(kind, name))
    except FileExistsError:
        raise BadInput([_there(file)]) from None
    except OSError as error:
        raise BadInput([Problem(HERE, "--out", str(file), f"a file that can be written ({error.strerror})")]) from None
    command = NEXT[kind].format(file=f"'{file}'" if re.search(r"[^\w./~-]", str(file)) else file)
    sys.stdout.write(
        f"Written: {file}\nIt runs as it is:  {command}\nWhat every key means:  clti schema {MEANT.get(kind, kind)}\n"
    )


def starter(kind: str, name: str) -> str:
    """The starter file of a kind under a name. Raises FileNotFoundError for an unknown kind."""
    text = files("simulator").joinpath("starters", f"{kind}.toml").read_text(encoding="utf-8")
    return text.replace(STARTER, name)


def _faults(kind: str, name: str, file: Path) -> list[Problem]:
    from simulator.evidence.shipped import shipped

    problems = []
    if kind not in NEXT:
        problems.append(Problem(HERE, "KIND", repr(kind), nearest(kind, NEXT)))
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name):
        problems.append(Problem(HERE, "NAME", repr(name), "letters, digits, _ and -, a letter first"))
    elif kind == "therapy" and not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        problems.append(Problem(HERE, "NAME", repr(name), "at most 40 small letters, digits and _, a letter first"))
    elif kind == "therapy" and (shipped("calibration") / "therapies" / f"{name}.toml").is_file():
        problems.append(Problem(HERE, "NAME", repr(name), "another name, because a shipped therapy has this one"))
    elif kind == "policy" and (shipped("scenarios") / "policies" / f"{name}.toml").is_file():
        problems.append(Problem(HERE, "NAME", repr(name), "another name, because a shipped policy has this one"))
    if file.suffix != ".toml":
        problems.append(Problem(HERE, "--out", str(file), "a file that ends in .toml"))
    elif file.exists():
        problems.append(_there(file))
    return problems


def _there(file: Path) -> Problem:
    return Problem(HERE, "--out", str(file), "a file that does not exist yet; nothing is overwritten")
