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
    "registry": "clti patients {file}",
}
"""What runs a file of each kind."""
MEANT = {"centre": "scenario"}
"""Kinds whose files are files of another kind."""
REGISTRY = "registry"
"""The kind that is a made-up export of a registry, with people in it instead of keys."""
STARTER = "STARTER"
"""Stands for the name in the starter files."""


def main(
    kind: Annotated[
        str, typer.Argument(help="scenario, policy, therapy, design, study, validation, forecast, centre or registry.")
    ],
    name: Annotated[str, typer.Argument(help="Its name: letters, digits, _ and -, a letter first.")],
    out: Annotated[Path | None, typer.Option(help="File to write. Default: NAME.toml (registry: NAME.csv).")] = None,
) -> None:
    """Write a commented starter file that runs as it is. A file that is there is never overwritten.

    A registry is an export with made-up people, to try clti patients on. For example: clti new policy two_doses
    """
    from simulator.face.patients import made_up_export
    from simulator.work.disk import AGAIN, FULL, save_new, storage_fault

    file = Path(f"{name}{_suffix(kind)}") if out is None else out
    problems = _faults(kind, name, file)
    if problems:
        raise BadInput(problems)
    content = made_up_export().decode() if kind == REGISTRY else starter(kind, name)
    try:
        save_new(file, content.encode())
    except FileExistsError:
        raise BadInput([_there(file)]) from None
    except OSError as error:
        if error.errno in FULL:
            raise storage_fault(file, error, AGAIN) from error
        raise BadInput([Problem(HERE, "--out", str(file), f"a file that can be written ({error.strerror})")]) from None
    command = NEXT[kind].format(file=f"'{file}'" if re.search(r"[^\w./~-]", str(file)) else file)
    if kind == REGISTRY:
        told = f"Written: {file}, the export of a hospital that does not exist\nRead it:  {command}\n"
    else:
        meaning = f"clti schema {MEANT.get(kind, kind)}"
        told = f"Written: {file}\nIt runs as it is:  {command}\nWhat every key means:  {meaning}\n"
    sys.stdout.write(told)


def starter(kind: str, name: str) -> str:
    """The starter file of a kind under a name. Raises FileNotFoundError for an unknown kind."""
    text = files("simulator").joinpath("starters", f"{kind}.toml").read_text(encoding="utf-8")
    return text.replace(STARTER, name)


def _suffix(kind: str) -> str:
    return ".csv" if kind == REGISTRY else ".toml"


def _faults(kind: str, name: str, file: Path) -> list[Problem]:
    from simulator.evidence.shipped import shipped
    from simulator.evidence.therapies.therapy import name_fault

    problems = []
    if kind not in NEXT:
        problems.append(Problem(HERE, "KIND", repr(kind), nearest(kind, NEXT)))
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name):
        problems.append(Problem(HERE, "NAME", repr(name), "letters, digits, _ and -, a letter first"))
    elif kind == "therapy" and (allowed := name_fault(name)):
        problems.append(Problem(HERE, "NAME", repr(name), allowed))
    elif kind == "therapy" and (shipped("calibration") / "therapies" / f"{name}.toml").is_file():
        problems.append(Problem(HERE, "NAME", repr(name), "another name, because a shipped therapy has this one"))
    elif kind == "policy" and (shipped("scenarios") / "policies" / f"{name}.toml").is_file():
        problems.append(Problem(HERE, "NAME", repr(name), "another name, because a shipped policy has this one"))
    if file.suffix != _suffix(kind):
        problems.append(Problem(HERE, "--out", str(file), f"a file that ends in {_suffix(kind)}"))
    elif file.exists():
        problems.append(_there(file))
    return problems


def _there(file: Path) -> Problem:
    return Problem(HERE, "--out", str(file), "a file that does not exist yet; nothing is overwritten")
