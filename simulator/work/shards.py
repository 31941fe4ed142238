"""Finished runs on disk: pieces of the store with the inputs, values and Monte Carlo errors of some runs.

The name of such a shard is the SHA-256 of what decided its runs: the model with its code and evidence (the *family*), the
replicate and the bytes of the inputs. One that is damaged is dropped and made again; one that comes from elsewhere is named
and never used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from simulator.words.errors import CheckFailed
from simulator.work.disk import save
from simulator.work.model import Evaluation, Floats, SweepModel
from simulator.work.store import Damaged, Store

FOLDER = "shards"
ABOUT = "about.json"
"""What the runs of a folder are, for people who wonder why they are not used."""
NAMED = 3
"""Folders of other runs that are explained."""


class BadShard(CheckFailed):
    """Shards that must not be used; the message names each."""


class MissingRuns(CheckFailed):
    """Runs that a study needs have not been made yet."""


@dataclass(eq=False)
class Finished:
    """The runs found on disk, looked up by replicate and row of inputs."""

    place: dict[tuple[int, bytes], int] = field(default_factory=dict)
    values: list[Floats] = field(default_factory=list)
    errors: list[Floats | None] = field(default_factory=list)
    """None where all of a shard's are zero."""
    shards: int = 0

    def has(self, replicate: int, row: Floats) -> bool:
        """Whether a run is there."""
        return (replicate, row.tobytes()) in self.place

    def add(self, replicate: int, inputs: Floats, values: Floats, errors: Floats) -> bool:
        """Take in the runs of a shard; False if a run is known already with another result."""
        self.shards += 1
        agree = True
        exact = not errors.any()
        for row, value, error in zip(inputs, values, errors, strict=True):
            key = (replicate, row.tobytes())
            known = self.place.get(key)
            if known is None:
                self.place[key] = len(self.values)
                self.values.append(value)
                self.errors.append(None if exact else error)
            else:
                there = self.errors[known]
                agree &= self.values[known].tobytes() == value.tobytes()
                agree &= not error.any() if there is None else there.tobytes() == error.tobytes()
        return agree

    def collect(self, inputs: Floats, replicates: int, outputs: int) -> tuple[Floats, Floats]:
        """Values and errors of every row, shape (replicates, rows, outputs). Raises MissingRuns."""
        rows = [row.tobytes() for row in inputs]
        places = [self.place.get((replicate, row), -1) for replicate in range(replicates) for row in rows]
        if missing := sum(place < 0 for place in places):
            raise MissingRuns(f"{missing:,} of {len(places):,} runs are missing")
        values, errors = np.empty((len(places), outputs)), np.zeros((len(places), outputs))
        for i, place in enumerate(places):
            values[i], error = self.values[place], self.errors[place]
            if error is not None:
                errors[i] = error
        shape = (replicates, len(inputs), outputs)
        return values.reshape(shape), errors.reshape(shape)


class Keeper(Protocol):
    """Where finished runs are kept."""

    def write(self, replicate: int, inputs: Floats, evaluation: Evaluation) -> object:
        """Keep the runs of a shard."""

    def read(self) -> Finished:
        """Every finished run."""

    def going_on(self, done: Callable[[], str]) -> AbstractContextManager[None]:
        """Around the work; what stops it says with `done` what is safe."""


@dataclass(frozen=True)
class Memory:
    """Runs held for as long as this object, those of the shards `behind` it included; new ones are kept there too.

    What another process forgets on disk in the meantime is not missed.
    """

    behind: ShardStore | None = None
    finished: Finished = field(default_factory=Finished)

    @classmethod
    def of(cls, behind: ShardStore | None) -> Memory:
        """What is there already."""
        return cls(behind, Finished() if behind is None else behind.read())

    def write(self, replicate: int, inputs: Floats, evaluation: Evaluation) -> None:
        """Keep the runs of a shard."""
        if self.behind is not None:
            self.behind.write(replicate, inputs, evaluation)
        self.finished.add(replicate, inputs, evaluation.values, evaluation.errors)

    def read(self) -> Finished:
        """Every finished run."""
        return self.finished

    def going_on(self, done: Callable[[], str]) -> AbstractContextManager[None]:
        """Around the work; what stops it says with `done` what is safe."""
        return nullcontext() if self.behind is None else self.behind.going_on(done)


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

    @property
    def pieces(self) -> Store:
        """The shards as pieces of the store."""
        return Store(self.folder)

    def going_on(self, done: Callable[[], str]) -> AbstractContextManager[None]:
        """Around the work; what stops it says with `done` what is safe."""
        return self.pieces.going_on(done)

    def key(self, replicate: int, inputs: Floats) -> str:
        """Name of the shard with these inputs."""
        whole = hashlib.sha256(f"{self.family} {replicate} ".encode())
        whole.update(np.ascontiguousarray(inputs, dtype="<f8").tobytes())
        return whole.hexdigest()

    def write(self, replicate: int, inputs: Floats, evaluation: Evaluation) -> Path:
        """Write a shard so that it survives a crash at any moment. Raises StorageFull."""
        errors = evaluation.errors
        arrays = {
            "replicate": np.array([replicate]),
            "inputs": inputs,
            "values": evaluation.values,
            # Many models have none, which would be half of what is kept.
            "errors": errors if errors.any() else errors[:, :0],
        }
        self._introduce()
        return self.pieces.write(self.key(replicate, inputs), arrays)

    def read(self) -> Finished:
        """Every finished run; damaged shards are dropped, told once. Raises BadShard with all that must not be used."""
        return self._gathered(healing=True)

    def _gathered(self, *, healing: bool) -> Finished:
        finished = Finished()
        bad: list[str] = []
        for key in self.pieces:
            file = self.pieces.file(key)
            try:
                shard = self.pieces.read(key) if healing else self.pieces.checked(key)
            except (Damaged, OSError) as fault:
                bad.append(f"{file}: damaged, {fault}")
                continue
            if shard is None:
                continue
            if shard.keys() != {"replicate", "inputs", "values", "errors"} or key != self.key(
                int(shard["replicate"][0]), shard["inputs"]
            ):
                bad.append(f"{file}: foreign, from another model, version, evidence, seed or study")
                continue
            values, errors = shard["values"], shard["errors"]
            if not errors.size:
                errors = np.broadcast_to(0.0, values.shape)
            if not finished.add(int(shard["replicate"][0]), shard["inputs"], values, errors):
                bad.append(f"{file}: gives other results than another shard for the same runs")
        if bad:
            raise BadShard(
                f"{len(bad)} shard(s) must not be used; move them away and run again to repeat their runs:\n"
                + "\n".join(f"  {line}" for line in bad)
            )
        return finished

    def take(self, others: Iterable[ShardStore]) -> None:
        """Copy the shards of other folders into this one, once all of them have been checked; theirs stay as they are.

        Raises BadShard for shards that must not be used, damaged ones too, and for a folder whose shards all come from
        another study.
        """
        others = tuple(others)
        for other in others:
            if not other._gathered(healing=False).shards and other.strangers():
                names = ", ".join(map(str, other.strangers()))
                raise BadShard(f"{names}: foreign, from another model, version, evidence, seed or study")
        for other in others:
            for key in other.pieces:
                mine, content = self.pieces.file(key), other.pieces.file(key).read_bytes()
                # A copy here that differs was damaged since.
                if not mine.exists() or mine.read_bytes() != content:
                    self._introduce()
                    save(mine, content)

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
        try:
            about = json.loads((folder / ABOUT).read_bytes())
            seed, patients = about["seed"], about["patients"]
            parameters, outputs = set(about["parameters"]), set(about["outputs"])
        except (OSError, ValueError, KeyError, TypeError):
            return "which do not say what they are"
        if seed != self.model.seed:
            return f"which have the seed {seed}"
        if patients != self.model.patients:
            return f"which have {patients} patients"
        if not set(self.model.parameters) <= parameters:
            return "which vary other parameters"
        lacking = [name for name in self.model.outputs if name not in outputs]
        if lacking:
            return f"which keep the means of their own outputs and no lives: {lacking[0]} needs all of them again"
        return "which are of other settings or evidence, or of another version of the program"

    def _introduce(self) -> None:
        """Leave word, for studies beside this one, of what the shards here belong to."""
        if (self.folder / ABOUT).exists():
            return
        model = self.model
        about = {
            "seed": model.seed,
            "patients": model.patients,
            "parameters": model.parameters,
            "outputs": model.outputs,
        }
        save(self.folder / ABOUT, json.dumps(about).encode())
