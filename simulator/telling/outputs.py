"""The output folder of a command: all of it, or nothing.

    with OutputFolder(out, command=sys.argv, inputs={"scenarios/base.toml": path}, seed=1) as folder:
        folder.table("outcomes", outcomes)
        folder.per_patient("patients", patients)
        folder.figure("incidence", figure)
        folder.text("report.html", page)

Every file is made in memory when it is added and written when the block ends without an error. Files are the same
bytes for the same run; only `manifest.json` holds times. A command whose check fails raises after the block, so that
its results are kept. What an earlier run wrote there and this one did not goes; what is not ours stays and is named.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pandas as pd

from simulator.telling.drawing import Drawn
from simulator.telling.formulas import no_formula
from simulator.telling.provenance import PACKAGE, Provenance, sha256
from simulator.telling.spelling import HANDLER
from simulator.words.errors import BadInput, Problem
from simulator.work.disk import DRAFT, FULL, clear_drafts, dead_drafts, draft_in, remove, storage_fault, writing
from simulator.work.parquet import parquet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MANIFEST = "manifest.json"
Pack = Callable[[pd.DataFrame, Mapping[str, Any]], bytes]
"""Makes a Parquet file of a table, with what its schema says of where it is from."""
MOST_NAMED = 10
SAFE = "Free some space and give the same command again: finished work that a command keeps is safe."


class OutputFolder:
    """Collects tables, figures and texts, then writes them all at once.

    `path` need not exist. Files of the same names in it are replaced, and so is what an earlier run wrote and its
    manifest lists, as long as nobody changed it; anything else is left alone, named on standard error and in the
    manifest. `command` is `sys.argv`, `inputs` maps the name a reader knows to the file (or its bytes), `settings` is
    anything else that decided the result, and `again` are the words that make the same result where other commands do so,
    too. A `path` that cannot become a folder is a `BadInput` at once, before any
    long work.
    `warnings` are sentences that whoever reads the results must see: they head the report, stand in the manifest, and
    commands print them (`simulator.telling.console.say_warnings`). `pack` makes the bytes of Parquet files.
    """

    def __init__(
        self,
        path: Path | str,
        command: Sequence[str],
        *,
        inputs: Mapping[str, Path | bytes] | None = None,
        seed: int | None = None,
        settings: Mapping[str, Any] | None = None,
        warnings: Sequence[str] = (),
        again: Sequence[str] | None = None,
        changes: Sequence[Mapping[str, Any]] = (),
        pack: Pack = parquet,
    ) -> None:
        self.path = Path(path)
        self._pack = pack
        self.warnings = tuple(warnings)
        check_writable(self.path)
        self._kept: set[str] = set()
        self.provenance = Provenance.now(command, inputs or {}, seed, settings or {}, again, changes)
        self._files: dict[str, bytes] = {}

    def table(self, name: str, frame: pd.DataFrame) -> None:
        """Add `name`.csv: tidy, UTF-8, floats written so that reading them gives the same bits."""
        self._add(f"{_plain(name)}.csv", _csv(frame))

    def per_patient(self, name: str, frame: pd.DataFrame) -> None:
        """Add `name`.parquet, for tables with a row per patient, event or draw; its schema carries the provenance."""
        _check_tidy(frame)
        self._add(f"{_plain(name)}.parquet", self._pack(frame, self.provenance.lasting()))

    def figure(self, name: str, figure: Figure | Drawn) -> None:
        """Add `name`.svg and `name`.png, with the caption below the drawing."""
        drawn = Drawn.of(figure, _plain(name))
        self._add(f"{name}.svg", drawn.svg)
        self._add(f"{name}.png", drawn.png)

    def text(self, filename: str, text: str) -> None:
        """Add a text file under its full name, as in ``story.txt``."""
        stem, dot, suffix = filename.rpartition(".")
        self._add(f"{_plain(stem)}{dot}{_plain(suffix)}", text.encode("utf-8", HANDLER))

    def workbook(self, name: str, content: bytes) -> None:
        """Add `name`.xlsx."""
        self._add(f"{_plain(name)}.xlsx", content)

    def keep(self, *names: str) -> None:
        """Say what the command itself keeps in the folder beside its results; a name that ends with "/" is a folder.

        Raises BadInput where something of another kind has the name.
        """
        problems = []
        for name in names:
            file = self.path / name.rstrip("/")
            if os.path.lexists(file) and file.is_dir() != name.endswith("/"):
                kind = "a folder, or nothing" if name.endswith("/") else "a file, or nothing"
                problems.append(Problem("command line", "--out", str(file), kind))
        if problems:
            raise BadInput(problems)
        self._kept |= {name.rstrip("/") for name in names}

    @property
    def names(self) -> tuple[str, ...]:
        """The files added so far."""
        return tuple(self._files)

    def write(self) -> tuple[Path, ...]:
        """Write everything, the manifest last, and return the paths.

        A new folder appears complete or not at all. In a folder that exists each file is replaced in one step, and what
        an interruption left of either is cleared by the next run. Raises StorageFull and StorageFailed.
        """
        target = self.path.resolve()
        fresh = not target.exists()
        ours, beside = ({}, []) if fresh else self._found(target)
        content = {**self.provenance.manifest(self._files), "warnings": list(self.warnings)}
        content |= {"not_of_this_run": beside} if beside else {}
        manifest = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        files = {**self._files, MANIFEST: manifest.encode("utf-8", HANDLER)}
        # Inside a folder that exists, because its neighbour may lie on another file system.
        staging = draft_in(target.parent if fresh else target)
        try:
            with writing(self.path, SAFE):
                staging.mkdir(parents=True)
                # The manifest is there first and moves last, so that the next run knows the files of a killed one.
                for name in (MANIFEST, *self._files):
                    (staging / name).write_bytes(files[name])
                if not (fresh and _became(staging, target)):
                    for name in self._files:
                        (staging / name).replace(target / name)
                    for name in ours.keys() - files.keys():
                        remove(target / name)
                    (staging / MANIFEST).replace(target / MANIFEST)
                for left in dead_drafts(target):
                    remove(left)
        finally:
            remove(staging)
        if beside:
            more = f" and {len(beside) - MOST_NAMED:,} more" if len(beside) > MOST_NAMED else ""
            sys.stderr.write(f"Also in {self.path}, not of this run: {', '.join(beside[:MOST_NAMED])}{more}\n")
        return tuple(self.path / name for name in files)

    def _found(self, target: Path) -> tuple[dict[str, set[str]], list[str]]:
        """What lies in the folder: what earlier runs of ours wrote, unchanged, and the names of everything else."""
        listed: dict[str, set[str]] = {}
        for place in (target, *dead_drafts(target)):
            for name, proof in _listed(place / MANIFEST).items():
                listed.setdefault(name, set()).add(proof)
        ours: dict[str, set[str]] = {}
        beside = []
        for file in sorted(target.iterdir()):
            name = file.name
            if name in self._files or name == MANIFEST or name in self._kept or DRAFT.fullmatch(name):
                continue
            if name in listed and _hash(file) in listed[name]:
                ours[name] = listed[name]
            else:
                beside.append(f"{name}/" if file.is_dir() else name)
        return ours, beside

    def __enter__(self) -> OutputFolder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self.write()

    def _add(self, filename: str, content: bytes) -> None:
        if filename in self._files or filename == MANIFEST:
            raise ValueError(f"{filename} is already in the output")
        if (self.path / filename).is_dir():
            raise BadInput([Problem(str(self.path), "--out", filename, "a folder in which this name is not a folder")])
        self._files[filename] = content


def _became(staging: Path, target: Path) -> bool:
    """Whether a complete folder took its place; not if another process made one there meanwhile."""
    try:
        staging.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        return False
    return True


def _hash(file: Path) -> str | None:
    """The hash of a file; None for anything else, and for what another process has just removed."""
    try:
        return sha256(file.read_bytes())
    except OSError:
        return None


def _listed(manifest: Path) -> dict[str, str]:
    """The files of a manifest of ours, with their hashes; nothing if it is not one."""
    try:
        content = json.loads(manifest.read_bytes())
        if content["package"]["name"] != PACKAGE:
            return {}
        return {str(name): str(entry["sha256"]) for name, entry in content["files"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def check_writable(path: Path, option: str = "--out") -> None:
    """See that `path` is, or can become, a folder that can be written. Raises BadInput, which names what is in the way."""

    def problem(allowed: str) -> BadInput:
        return BadInput([Problem("command line", option, str(path), allowed)])

    here = path.absolute()
    for nearest in (here, *here.parents):
        try:
            if nearest.is_dir():
                break
            if os.path.lexists(nearest):
                kind = "a link that leads nowhere" if nearest.is_symlink() and not nearest.exists() else "a file"
                raise problem(f"a folder; {nearest} is {kind}")
        except PermissionError as error:
            raise problem(f"a folder that can be written; {nearest} cannot be entered") from error
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise problem(f"a folder that can be written; {nearest} cannot")
    clear_drafts(nearest.parent if nearest == here else nearest)
    # Permissions say too little: some file systems refuse new entries to anybody.
    trial = draft_in(nearest)
    try:
        trial.mkdir()
        trial.rmdir()
    except OSError as error:
        if error.errno in FULL:
            raise storage_fault(path, error) from error
        raise problem(f"a folder that can be written ({error.strerror or error})") from None


def _plain(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ValueError(f"{name!r} is not a plain file name: letters, digits, '-' and '_' only")
    return name


def _csv(frame: pd.DataFrame) -> bytes:
    _check_tidy(frame)
    # Labels of policies, parameters and the like are their authors' words, and a spreadsheet would run some of them.
    for name, column in frame.items():
        if not pd.api.types.is_numeric_dtype(column):
            marked = {cell: no_formula(cell) for cell in column.unique() if isinstance(cell, str)}
            if any(cell != text for cell, text in marked.items()):
                frame = frame.assign(**{str(name): column.astype(object).replace(marked)})
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8", HANDLER)


def _check_tidy(frame: pd.DataFrame) -> None:
    if not isinstance(frame.index, pd.RangeIndex) and frame.index.names != [None]:
        raise ValueError(f"the index {frame.index.names} would be lost; call reset_index() first")
    if not frame.columns.is_unique or not all(isinstance(column, str) for column in frame.columns):
        raise ValueError(f"columns must be unique names: {list(frame.columns)}")
