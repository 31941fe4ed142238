"""`clti merge`: join the parts of a study that a batch queue made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.sensitivity import check_folder, show
from simulator.words.errors import BadInput, Problem


def main(
    folders: Annotated[list[Path], typer.Argument(help="Output folders of 'clti sensitivity --shard i/n'.")],
    out: Annotated[Path | None, typer.Option(help="Folder for everything. Default: the first folder.")] = None,
) -> None:
    """Join the parts of a sensitivity study and analyse it.

    The parts may lie in one folder or in many. Every shard is checked; one that is damaged or belongs elsewhere is
    named and stops the merge, and so do runs that are missing.
    """
    from simulator.evidence.file_names import is_file
    from simulator.face.result import now
    from simulator.face.sweep import STUDY
    from simulator.questions.sweep.policy_sweep import sweep_of
    from simulator.work.disk import save

    begun = now()
    problems: list[Problem] = []
    contents: dict[Path, bytes] = {}
    for folder in folders:
        file = folder / STUDY
        if not is_file(file):
            problems.append(Problem(str(folder), STUDY, "missing", "an output folder of 'clti sensitivity'"))
        else:
            contents[folder] = file.read_bytes()
    first = next(iter(contents.values()), b"{}")
    for folder, content in contents.items():
        if content != first:
            problems.append(Problem(str(folder), STUDY, "another study", f"the study of {next(iter(contents))}"))
    if problems:
        raise BadInput(problems)
    target = out or folders[0]
    try:
        tables = json.loads(first)
    except ValueError as error:
        raise BadInput(
            [Problem(str(folders[0]), STUDY, str(error), "the file that 'clti sensitivity' wrote")]
        ) from None
    sweep = sweep_of(tables, str(folders[0] / STUDY))
    check_folder(target)
    store = sweep.store(target)
    store.take(sweep.store(folder) for folder in folders if folder.resolve() != target.resolve())
    save(target / STUDY, first)
    show(sweep, store, target, begun)
