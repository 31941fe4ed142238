"""`clti merge`: join the parts of a study that a batch queue made."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.sensitivity import check_folder, show


def main(
    folders: Annotated[list[Path], typer.Argument(help="Output folders of 'clti sensitivity --shard i/n'.")],
    out: Annotated[Path | None, typer.Option(help="Folder for everything. Default: the first folder.")] = None,
) -> None:
    """Join the parts of a sensitivity study and analyse it.

    The parts may lie in one folder or in many. Every shard is checked; one that is damaged or belongs elsewhere is
    named and stops the merge, and so do runs that are missing.
    """
    from simulator.face.result import now
    from simulator.face.sweep import STUDY, content_of, study_of
    from simulator.work.disk import save

    begun, target = now(), out or folders[0]
    sweep = study_of(folders)
    check_folder(target)
    store = sweep.store(target)
    store.take(sweep.store(folder) for folder in folders if folder.resolve() != target.resolve())
    save(target / STUDY, content_of(sweep))
    show(sweep, store, target, begun)
