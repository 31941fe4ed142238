"""The output folder of a command: all of it, or nothing.

    with OutputFolder(out, command=sys.argv, inputs={"scenarios/base.toml": path}, seed=1) as folder:
        folder.table("outcomes", outcomes)
        folder.per_patient("patients", patients)
        folder.figure("incidence", figure)
        folder.report(report)

Every file is made in memory when it is added and written when the block ends without an error. Files are the same
bytes for the same run; only `manifest.json` holds times. A command whose check fails raises after the block, so that
its results are kept.
"""

from __future__ import annotations

import io
import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from simulator.errors import BadInput, Problem
from simulator.report.html import Report
from simulator.report.images import image
from simulator.report.provenance import Provenance

MANIFEST = "manifest.json"


class OutputFolder:
    """Collects tables, figures and texts, then writes them all at once.

    `path` need not exist; files of the same names in it are replaced and other files are left alone. `command` is
    `sys.argv`, `inputs` maps the name a reader knows to the file (or its bytes), `settings` is anything else that decided the
    result. `warnings` are sentences that whoever reads the results must see: they head the report, stand in the manifest,
    and commands print them (`simulator.report.console.say_warnings`). A `path` that cannot become a folder is a `BadInput`
    at once, before any long work.
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
    ) -> None:
        self.path = Path(path)
        self.warnings = tuple(warnings)
        _check_writable(self.path)
        self.provenance = Provenance.now(command, inputs or {}, seed, settings or {})
        self._files: dict[str, bytes] = {}
        self._report: Report | None = None

    def table(self, name: str, frame: pd.DataFrame) -> None:
        """Add `name`.csv: tidy, UTF-8, floats written so that reading them gives the same bits."""
        self._add(f"{_plain(name)}.csv", _csv(frame))

    def per_patient(self, name: str, frame: pd.DataFrame) -> None:
        """Add `name`.parquet, for tables with a row per patient, event or draw; its schema carries the provenance."""
        self._add(f"{_plain(name)}.parquet", _parquet(frame, self.provenance))

    def figure(self, name: str, figure: Figure) -> None:
        """Add `name`.svg and `name`.png, with the caption below the drawing."""
        self._add(f"{_plain(name)}.svg", image(figure, "svg"))
        self._add(f"{_plain(name)}.png", image(figure, "png"))

    def text(self, filename: str, text: str) -> None:
        """Add a text file under its full name, as in ``story.txt``."""
        stem, dot, suffix = filename.rpartition(".")
        self._add(f"{_plain(stem)}{dot}{_plain(suffix)}", text.encode("utf-8"))

    def report(self, report: Report) -> None:
        """Add report.html, closed by a box that says where the numbers come from."""
        self._add("report.html", report.html(self.provenance.for_readers(), self.warnings).encode("utf-8"))

    @property
    def names(self) -> tuple[str, ...]:
        """The files added so far."""
        return tuple(self._files)

    def write(self) -> tuple[Path, ...]:
        """Write everything, the manifest last, and return the paths.

        A new folder appears complete or not at all. In a folder that exists each file is replaced in one step.
        """
        known = {**self.provenance.manifest(self._files), "warnings": list(self.warnings)}
        manifest = json.dumps(known, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        files = {**self._files, MANIFEST: manifest.encode("utf-8")}
        target = self.path.resolve()
        fresh = not target.exists()
        # Inside a folder that exists, because its neighbour may lie on another file system.
        parent = target.parent if fresh else target
        staging = parent / f".{secrets.token_hex(8)}"
        try:
            parent.mkdir(parents=True, exist_ok=True)
            staging.mkdir()
            for name, content in files.items():
                (staging / name).write_bytes(content)
            if fresh:
                staging.rename(target)
            else:
                for name in files:
                    (staging / name).replace(target / name)
        except OSError as error:
            raise _unwritable(self.path, error) from None
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        return tuple(self.path / name for name in files)

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


def _unwritable(path: Path, error: OSError) -> BadInput:
    reason = error.strerror or str(error)
    return BadInput([Problem("command line", "--out", str(path), f"a folder that can be written ({reason})")])


def _check_writable(path: Path) -> None:
    try:
        nearest = path.resolve()
        while not nearest.exists():
            nearest = nearest.parent
        if nearest.is_dir():
            # Permissions say too little: some file systems refuse new entries to anybody.
            trial = nearest / f".{secrets.token_hex(4)}"
            trial.mkdir()
            trial.rmdir()
    except PermissionError:
        pass
    except OSError as error:
        raise _unwritable(path, error) from None
    if not nearest.is_dir():
        raise BadInput([Problem("command line", "--out", str(path), f"a folder; {nearest} is a file")])
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise BadInput([Problem("command line", "--out", str(path), f"a folder that can be written; {nearest} cannot")])


def _plain(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ValueError(f"{name!r} is not a plain file name: letters, digits, '-' and '_' only")
    return name


def _csv(frame: pd.DataFrame) -> bytes:
    _check_tidy(frame)
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8")


def _parquet(frame: pd.DataFrame, provenance: Provenance) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    _check_tidy(frame)
    content = pa.Table.from_pandas(frame, preserve_index=False)
    metadata = {**(content.schema.metadata or {}), b"clti": json.dumps(provenance.lasting()).encode("utf-8")}
    buffer = io.BytesIO()
    pq.write_table(content.replace_schema_metadata(metadata), buffer, compression="zstd")
    return buffer.getvalue()


def _check_tidy(frame: pd.DataFrame) -> None:
    if not isinstance(frame.index, pd.RangeIndex) and frame.index.names != [None]:
        raise ValueError(f"the index {frame.index.names} would be lost; call reset_index() first")
    if not frame.columns.is_unique or not all(isinstance(column, str) for column in frame.columns):
        raise ValueError(f"columns must be unique names: {list(frame.columns)}")
