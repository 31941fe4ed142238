"""The store of results: pieces that are whole or not there, whoever writes, kills, damages or forgets."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.words.errors import StorageFailed
from simulator.work.disk import clear_drafts, draft_in, save
from simulator.work.store import Damaged, Store, forget_oldest, packed, unpacked

ARRAYS = {
    "odd": np.array([[np.nan, -np.nan], [-0.0, np.inf]]),
    "0|name": np.array(["a", "bc"]),
    "empty": np.empty((0, 3)),
    "turned": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "yes": np.array([True, False]),
}


def test_a_piece_comes_back_with_every_bit(tmp_path: Path) -> None:
    """Names, types, shapes and bits of arrays survive, and the same arrays are the same bytes."""
    store = Store(tmp_path / "new")
    assert store.read("key") is None
    file = store.write("key", ARRAYS)
    found = store.read("key")
    assert found is not None and list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()
    assert file.read_bytes() == packed("key", ARRAYS)
    assert np.load(file)["yes"].tolist() == [True, False]
    assert list(store) == ["key"]


WHOLE = packed("key", ARRAYS)


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_any_changed_byte_is_found(place: int, change: int) -> None:
    """Whichever byte of a piece changes, it is refused."""
    broken = bytearray(WHOLE)
    broken[place] ^= change
    with pytest.raises(Damaged):
        unpacked("key", bytes(broken))


@given(st.integers(0, len(WHOLE) - 1))
def test_any_cut_is_found(length: int) -> None:
    """A piece of which only a beginning is there is refused, and so is one under another name."""
    with pytest.raises(Damaged):
        unpacked("key", WHOLE[:length])
    with pytest.raises(Damaged):
        unpacked("other", WHOLE)


def test_what_killed_writers_left_is_cleared_and_the_living_are_left_alone(tmp_path: Path) -> None:
    """A draft goes once its writer is dead; that of a running process stays."""
    code = (
        f"from simulator.work.disk import draft_in; from pathlib import Path; draft_in(Path({str(tmp_path)!r})).touch()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert len(list(tmp_path.iterdir())) == 1
    mine = draft_in(tmp_path)
    mine.touch()
    Store(tmp_path).write("key", ARRAYS)
    assert list(Store(tmp_path)) == ["key"]
    assert sorted(tmp_path.iterdir()) == [mine, tmp_path / "key.npz"]
    mine.unlink()
    elsewhere = tmp_path / ".clti-00000000-1-00000000"
    elsewhere.touch()
    clear_drafts(tmp_path)
    assert elsewhere.exists()
    os.utime(elsewhere, (1, 1))
    clear_drafts(tmp_path)
    assert not elsewhere.exists()


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    """Where a folder cannot be made, one message names the path."""
    (tmp_path / "shards").write_text("")
    with pytest.raises(StorageFailed, match="shards cannot be written"):
        Store(tmp_path / "shards").write("key", ARRAYS)


def test_the_oldest_pieces_are_forgotten_first(tmp_path: Path) -> None:
    """Beyond its limit a cache drops whole pieces of whatever store, oldest first, and nothing else."""
    files = [Store(tmp_path / "ab"[k % 2]).write(str(k), {"x": np.zeros(9)}) for k in range(4)]
    (tmp_path / "notes.txt").write_text("mine")
    for age, file in enumerate(files):
        os.utime(file, (age, age))
    forget_oldest(tmp_path, 2 * files[0].stat().st_size + 10)
    assert [file.exists() for file in files] == [False, False, True, True]
    assert (tmp_path / "notes.txt").exists()


def _forget(root: Path) -> None:
    forget_oldest(root, 0)


def _write_and_remove(root: Path) -> None:
    store = Store(root / "shared")
    for k in range(150):
        store.write(str(k % 3), ARRAYS)
        found = store.read(str(k % 3))
        assert found is None or found["odd"].tobytes() == ARRAYS["odd"].tobytes()
        if k % 10 == 9:
            store.remove()


@pytest.mark.parametrize("work", [_forget, _write_and_remove])
def test_two_processes_in_one_folder_do_not_trip(tmp_path: Path, work: Callable[[Path], None]) -> None:
    """Two processes may forget, write, read and remove the same pieces at once."""
    for k in range(2000):
        (tmp_path / f"{k}.npz").write_bytes(b"x")
    fork: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
    pair = [fork.Process(target=work, args=(tmp_path,)) for _ in range(2)]
    for each in pair:
        each.start()
    for each in pair:
        each.join()
    assert [each.exitcode for each in pair] == [0, 0]


def test_a_folder_that_goes_while_it_is_made_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that another process removes between "it exists" and "is it a folder?" costs a second try and no result."""
    real, calls = Path.mkdir, []

    def races(self: Path, *args: Any, **options: Any) -> None:
        calls.append(self)
        if len(calls) == 1:
            raise FileExistsError(self)
        real(self, *args, **options)

    monkeypatch.setattr(Path, "mkdir", races)
    Store(tmp_path / "shared").write("key", ARRAYS)
    assert list(Store(tmp_path / "shared")) == ["key"]


def test_what_stops_work_says_what_is_safe(tmp_path: Path) -> None:
    """An interruption carries a note of the finished pieces and their place."""
    store = Store(tmp_path)
    with pytest.raises(KeyboardInterrupt) as stopped, store.going_on():
        store.write("a", ARRAYS)
        raise KeyboardInterrupt
    assert stopped.value.__notes__ == [f"1 finished piece is safe in {tmp_path}."]


def test_save_replaces_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails leaves the file that was there and no draft."""
    file = tmp_path / "fitted.toml"
    save(file, b"old")

    def fails(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(KeyboardInterrupt):
        save(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_spare_pieces_are_made_again_where_they_cannot_be_kept(tmp_path: Path) -> None:
    """A disk without room costs them time later, and nothing else; other pieces stop the work."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    below = tmp_path / "file" / "below"
    store = Store(below, spare=True)
    assert store.write("k", {"values": np.zeros(2)}) == store.file("k")
    assert store.read("k") is None
    with pytest.raises(StorageFailed):
        Store(below).write("k", {"values": np.zeros(2)})
