"""Finished runs on disk: shards that carry their own name, proof and origin.

A shard is a Parquet file with the inputs, values and Monte Carlo errors of some runs: a column for each, or where there
are hundreds a column of lists for all. Its name is the SHA-256 of what
decided them: the model with its code and evidence (the *family*), the replicate and the bytes of the inputs. Its schema
carries the SHA-256 of what came out. A shard appears complete or not at all, and one that is damaged or comes from
elsewhere is named and never used.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.errors import CheckFailed
from simulator.sweep.model import Evaluation, Floats, SweepModel

FOLDER = "shards"
MARK = b"clti_shard"
MOST_COLUMNS = 100
"""Numbers of a kind that have columns of their own; more of them share one, because columns cost time and not rows."""
NAMED = 3
"""Folders of other runs that are explained."""
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class BadShard(CheckFailed):
    """Shards that are damaged or belong elsewhere; the message names each."""


class StorageFull(CheckFailed):
    """There is no room for another shard."""


class MissingRuns(CheckFailed):
    """Runs that a study needs have not been made yet."""


@dataclass(eq=False)
class Finished:
    """The runs found on disk, looked up by replicate and row of inputs."""

    place: dict[tuple[int, bytes], int] = field(default_factory=dict)
    values: list[Floats] = field(default_factory=list)
    errors: list[Floats] = field(default_factory=list)
    shards: int = 0

    def has(self, replicate: int, row: Floats) -> bool:
        """Whether a run is there."""
        return (replicate, row.tobytes()) in self.place

    def add(self, replicate: int, inputs: Floats, values: Floats, errors: Floats) -> bool:
        """Take in the runs of a shard; False if a run is known already with another result."""
        self.shards += 1
        agree = True
        for row, value, error in zip(inputs, values, errors, strict=True):
            key = (replicate, row.tobytes())
            known = self.place.get(key)
            if known is None:
                self.place[key] = len(self.values)
                self.values.append(value)
                self.errors.append(error)
            else:
                agree &= self.values[known].tobytes() == value.tobytes()
                agree &= self.errors[known].tobytes() == error.tobytes()
        return agree

    def collect(self, inputs: Floats, replicates: int, outputs: int) -> tuple[Floats, Floats]:
        """Values and errors of every row, shape (replicates, rows, outputs). Raises MissingRuns."""
        shape = (replicates, len(inputs), outputs)
        values, errors = np.empty(shape), np.empty(shape)
        missing = 0
        for replicate in range(replicates):
            for i, row in enumerate(inputs):
                place = self.place.get((replicate, row.tobytes()))
                if place is None:
                    missing += 1
                else:
                    values[replicate, i], errors[replicate, i] = self.values[place], self.errors[place]
        if missing:
            raise MissingRuns(f"{missing:,} of {replicates * len(inputs):,} runs are missing")
        return values, errors


class Store(Protocol):
    """Where finished runs are kept."""

    def write(self, replicate: int, inputs: Floats, evaluation: Evaluation) -> object:
        """Keep the runs of a shard."""

    def read(self) -> Finished:
        """Every finished run."""


@dataclass(frozen=True)
class Memory:
    """Runs kept for as long as this object."""

    finished: Finished = field(default_factory=Finished)

    def write(self, replicate: int, inputs: Floats, evaluation: Evaluation) -> None:
        """Keep the runs of a shard."""
        self.finished.add(replicate, inputs, evaluation.values, evaluation.errors)

    def read(self) -> Finished:
        """Every finished run."""
        return self.finished


@dataclass(frozen=True)
class ShardStore:
    """The shards of one model in the output folder `root`.

    Shards of other models may lie beside them, each family in a folder of its own.
    """

    root: Path
    model: SweepModel
    family: str

    @classmethod
    def of(cls, root: Path, model: SweepModel) -> ShardStore:
        """The store of a model in an output folder, which need not exist yet."""
        return cls(Path(root), model, model.family())

    @property
    def folder(self) -> Path:
        """Where the shards of this model lie."""
        return self.root / FOLDER / self.family[:16]

    def key(self, replicate: int, inputs: Floats) -> str:
        """Name of the shard with these inputs."""
        whole = hashlib.sha256(f"{self.family} {replicate} ".encode())
        whole.update(np.ascontiguousarray(inputs, dtype="<f8").tobytes())
        return whole.hexdigest()

    def write(self, replicate: int, inputs: Floats, evaluation: Evaluation) -> Path:
        """Write a shard so that it survives a crash at any moment. Raises StorageFull."""
        key = self.key(replicate, inputs)
        content = self._parquet(key, replicate, inputs, evaluation)
        target = self.folder / f"{key}.parquet"
        save(target, content)
        return target

    def read(self) -> Finished:
        """Every finished run, each shard checked. Raises BadShard with all shards that must not be used."""
        finished = Finished()
        bad: list[str] = []
        for file in sorted(self.folder.glob("*.parquet")):
            try:
                replicate, inputs, evaluation = self._checked(file)
            except BadShard as fault:
                bad.append(str(fault))
                continue
            if not finished.add(replicate, inputs, evaluation.values, evaluation.errors):
                bad.append(f"{file}: gives other results than another shard for the same runs")
        if bad:
            raise BadShard(
                f"{len(bad)} shard(s) must not be used; move them away and run again to repeat their runs:\n"
                + "\n".join(f"  {line}" for line in bad)
            )
        return finished

    def take(self, others: Iterable[ShardStore]) -> None:
        """Copy the shards of other folders into this one, once all of them have been checked.

        Raises BadShard for what `read` finds, and for a folder whose shards all come from another study.
        """
        others = tuple(others)
        for other in others:
            if not other.read().shards and other.strangers():
                names = ", ".join(map(str, other.strangers()))
                raise BadShard(f"{names}: foreign, from another model, version, evidence, seed or study")
        for other in others:
            for file in sorted(other.folder.glob("*.parquet")):
                if not (self.folder / file.name).exists():
                    save(self.folder / file.name, file.read_bytes())

    def strangers(self) -> tuple[Path, ...]:
        """Folders beside this one with shards of other models, versions or studies."""
        beside = self.folder.parent
        return tuple(sorted(each for each in beside.glob("*") if each.is_dir() and each != self.folder))

    def why_not_used(self) -> tuple[str, ...]:
        """A sentence for each of the latest folders of other runs beside this one, on why they are of no use here."""
        latest = sorted(self.strangers(), key=lambda folder: folder.stat().st_mtime, reverse=True)
        return tuple(f"Not used: the runs in {folder}, {self._difference(folder)}." for folder in latest[:NAMED])

    def _difference(self, folder: Path) -> str:
        """What sets the runs in a folder apart from those of this model."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            schema = pq.read_schema(next(folder.glob("*.parquet")))
            mark = json.loads((schema.metadata or {})[MARK])
        except (StopIteration, OSError, pa.ArrowException, KeyError, ValueError):
            return "which cannot be read"
        if mark.get("seed") != self.model.seed:
            return f"which have the seed {mark.get('seed')}"
        if mark.get("patients") != self.model.patients:
            return f"which have {mark.get('patients')} patients"
        if not set(_names("input", self.model.parameters)) <= set(schema.names):
            return "which vary other parameters"
        lacking = [name for name in self.model.outputs if f"value.{name}" not in schema.names]
        if lacking and len(self.model.outputs) <= MOST_COLUMNS:
            return f"which keep the means of their own outputs and no lives: {lacking[0]} needs all of them again"
        return "which are of other outputs, settings or evidence, or of another version of the program"

    def _parquet(self, key: str, replicate: int, inputs: Floats, evaluation: Evaluation) -> bytes:
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = {
            **_as_columns("input", self.model.parameters, inputs),
            **_as_columns("value", self.model.outputs, evaluation.values),
            **_as_columns("error", self.model.outputs, evaluation.errors),
        }
        mark = {
            "key": key,
            "family": self.family,
            "replicate": replicate,
            "content": _content(inputs, evaluation),
            "kind": self.model.kind,
            "patients": self.model.patients,
            "seed": self.model.seed,
            "numpy": np.__version__,
        }
        table = pa.table(columns).replace_schema_metadata({MARK: json.dumps(mark, sort_keys=True).encode()})
        sink = pa.BufferOutputStream()
        # A dictionary would give every NaN the same bits.
        pq.write_table(table, sink, use_dictionary=False, compression="zstd", write_statistics=False)
        return bytes(sink.getvalue())

    def _checked(self, file: Path) -> tuple[int, Floats, Evaluation]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(file, partitioning=None)
            mark: dict[str, Any] = dict(json.loads((table.schema.metadata or {})[MARK]))
            replicate = int(mark["replicate"])
            inputs = _columns(table, "input", self.model.parameters)
            outputs = self.model.outputs
            found = Evaluation(_columns(table, "value", outputs), _columns(table, "error", outputs))
        except (pa.ArrowException, OSError) as error:
            raise BadShard(f"{file}: cannot be read ({str(error).splitlines()[0]})") from error
        except KeyError as error:
            raise BadShard(f"{file}: foreign, it has no {error}") from error
        except (ValueError, TypeError) as error:
            raise BadShard(f"{file}: damaged, it is not laid out as a shard") from error
        if mark.get("family") != self.family:
            raise BadShard(f"{file}: foreign, it comes from another model, version, evidence, seed or study")
        if mark.get("content") != _content(inputs, found):
            raise BadShard(f"{file}: damaged, its numbers do not match their hash")
        key = self.key(replicate, inputs)
        if key != mark.get("key") or file.stem != key:
            raise BadShard(f"{file}: foreign, its name does not match its inputs")
        return replicate, inputs, found


def _names(kind: str, names: tuple[str, ...]) -> list[str]:
    """The columns that numbers of a kind have in a shard."""
    return [f"{kind}.{name}" for name in names] if len(names) <= MOST_COLUMNS else [kind]


def _as_columns(kind: str, names: tuple[str, ...], numbers: Floats) -> dict[str, Any]:
    """Columns of a shard for numbers of shape (rows, names)."""
    import pyarrow as pa

    if len(names) <= MOST_COLUMNS:
        return {f"{kind}.{name}": numbers[:, i] for i, name in enumerate(names)}
    return {kind: pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(numbers).ravel()), len(names))}


def _columns(table: Any, kind: str, names: tuple[str, ...]) -> NDArray[np.float64]:
    if len(names) > MOST_COLUMNS:
        lists = table[kind].combine_chunks()
        return np.array(lists.flatten().to_numpy(), dtype=np.float64).reshape(len(table), len(names))
    columns = [table[f"{kind}.{name}"].to_numpy() for name in names]
    return np.ascontiguousarray(np.stack(columns, axis=1), dtype=np.float64) if columns else np.empty((len(table), 0))


def _content(inputs: Floats, evaluation: Evaluation) -> str:
    whole = hashlib.sha256()
    for array in (inputs, evaluation.values, evaluation.errors):
        whole.update(f"{array.shape} ".encode() + np.ascontiguousarray(array, dtype="<f8").tobytes())
    return whole.hexdigest()


def save(target: Path, content: bytes) -> None:
    """Write a file, complete or not at all, so that it survives a crash at any moment. Raises StorageFull."""
    draft = target.parent / f".{target.name[:16]}-{os.getpid()}-{secrets.token_hex(4)}"
    with room_in(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            draft.replace(target)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        _settle(target.parent)


def forget_oldest(root: Path, most_bytes: int) -> None:
    """Drop the oldest shards of a cache, of whatever models, until the others take `most_bytes` at most."""
    found = ((each.stat(), each) for each in (root / FOLDER).glob("*/*.parquet"))
    total = 0
    for _, size, file in sorted(((stat.st_mtime, stat.st_size, file) for stat, file in found), reverse=True):
        total += size
        if total > most_bytes:
            file.unlink(missing_ok=True)


@contextmanager
def room_in(folder: Path) -> Iterator[None]:
    """Turn what the system says about a full disk into StorageFull."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise StorageFull(
            f"No room left for {folder} ({error.strerror}). Every finished shard is safe: free some space and give the "
            "same command again, which goes on where it stopped."
        ) from error


def _settle(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the system knows how."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
