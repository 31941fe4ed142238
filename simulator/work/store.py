"""The one store of results: a key -> named arrays, each piece a file that proves itself.

    store = Store(folder)
    store.write(key, {"values": values})
    store.read(key)                         # {"values": ...}, the same bits; None if it is not there

A piece is an .npz file, named by its key, which must say everything that decided the numbers. It appears whole or not at
all, and closes with the SHA-256 of its key and of every byte before: one that is cut, altered or renamed is seen, told once,
dropped and made again by whoever asked for it. Several processes may write, read and forget in one folder.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.words.errors import StorageFailed
from simulator.work.disk import clear_drafts, remove, save

Arrays = Mapping[str, NDArray[Any]]
SUFFIX = ".npz"
PROOF = 64
"""Bytes of the hash, which are the comment of the zip archive and so its end."""


class Damaged(Exception):
    """A piece that is not what was written; the message says how."""


_told: set[Path] = set()


@dataclass(frozen=True)
class Store:
    """Pieces of results in a folder that need not exist yet. Where they are `spare` a full disk costs time later and nothing
    else."""

    folder: Path
    spare: bool = False

    def file(self, key: str) -> Path:
        """Where the piece of a key lies."""
        return self.folder / f"{key}{SUFFIX}"

    def write(self, key: str, arrays: Arrays) -> Path:
        """Keep a piece. Raises StorageFull and StorageFailed, unless pieces are spare."""
        target = self.file(key)
        try:
            save(target, packed(key, arrays))
        except StorageFailed:
            if not self.spare:
                raise
        return target

    def read(self, key: str) -> dict[str, NDArray[Any]] | None:
        """The arrays of a piece, as they were written. None if it is not there, or was damaged and is now gone."""
        try:
            return self.checked(key)
        except FileNotFoundError:
            return None
        except (Damaged, OSError) as fault:
            self._drop(key, fault)
            return None

    def checked(self, key: str) -> dict[str, NDArray[Any]]:
        """The arrays of a piece. Raises Damaged, and OSError if it cannot be read."""
        return unpacked(key, self.file(key).read_bytes())

    def __iter__(self) -> Iterator[str]:
        """The keys of all pieces, in order; what killed writers left is cleared."""
        clear_drafts(self.folder)
        return iter(sorted(file.name.removesuffix(SUFFIX) for file in self.folder.glob(f"*{SUFFIX}")))

    def remove(self) -> None:
        """Remove all pieces, once the results that they are for have been written."""
        remove(self.folder)

    @contextmanager
    def going_on(self, done: Callable[[], str] | None = None) -> Iterator[None]:
        """Around work that this store keeps: an interruption or a failure carries a note of what is safe and where.

        `done` says it as in "12 of 64 runs are"; by default pieces are counted.
        """
        try:
            yield
        except (KeyboardInterrupt, Exception) as stopped:
            count = sum(1 for _ in self)
            said = done() if done is not None else f"{count:,} finished piece{' is' if count == 1 else 's are'}"
            if count:
                stopped.add_note(f"{said} safe in {self.folder}.")
            raise

    def _drop(self, key: str, fault: Exception) -> None:
        if self.folder not in _told:
            _told.add(self.folder)
            sys.stderr.write(f"{self.file(key)} is damaged ({fault}); it, and others like it there, are made again.\n")
        remove(self.file(key))


def packed(key: str, arrays: Arrays) -> bytes:
    """A piece as the bytes of its file, the same for the same arrays."""
    content = io.BytesIO()
    # NumPy before 2.2 has no allow_pickle here and would keep it as an array; the stubs of later ones expect it.
    np.savez(content, **{name: np.asarray(array, order="C") for name, array in arrays.items()})  # type: ignore[arg-type]
    with zipfile.ZipFile(content, "a") as archive:
        archive.comment = b"0" * PROOF
    body = content.getvalue()[:-PROOF]
    return body + _proof(key, body)


def unpacked(key: str, content: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of a piece's file. Raises Damaged."""
    body, proof = content[:-PROOF], content[-PROOF:]
    if len(content) <= PROOF or proof != _proof(key, body):
        raise Damaged("its content does not match its hash")
    with np.load(io.BytesIO(content), allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def forget_oldest(root: Path, most_bytes: int) -> None:
    """Drop the oldest pieces of all stores below a folder until the others take `most_bytes` at most."""
    found: list[tuple[float, int, str]] = []
    for piece in _pieces(root):
        # Another process may be forgetting too.
        with suppress(FileNotFoundError):
            stat = piece.stat()
            found.append((stat.st_mtime, stat.st_size, piece.path))
    total = 0
    for _, size, file in sorted(found, reverse=True):
        total += size
        if total > most_bytes:
            remove(Path(file))


def _pieces(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    """The files of pieces below a folder; not as paths, of which making thousands takes longer than looking at the disk."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _pieces(entry.path)
            elif entry.name.endswith(SUFFIX):
                yield entry


def _proof(key: str, body: bytes) -> bytes:
    whole = hashlib.sha256(f"{key}\n".encode())
    whole.update(body)
    return whole.hexdigest().encode()
