"""Files that appear whole or not at all, whatever kills their writer, and what is said when the disk refuses them."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from simulator.words.errors import StorageFailed, StorageFull

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
UNLINKABLE = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
SAFE = "Finished work is safe: free some space and give the same command again, which goes on where it stopped."
AGAIN = "Free some space and give the same command again."
DRAFT = re.compile(r"\.clti-(?P<host>[0-9a-f]{8})-(?P<process>\d+)-[0-9a-f]{8}")
ABANDONED = 24 * 3600.0
"""Seconds after which a draft is nobody's, where one cannot see whether its writer lives."""
ATTEMPTS = 5


@lru_cache(maxsize=1)
def _host() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def draft_in(folder: Path) -> Path:
    """A name in `folder` for something unfinished, by which `clear_drafts` knows whose it is."""
    return folder / f".clti-{_host()}-{os.getpid()}-{secrets.token_hex(4)}"


def dead_drafts(folder: Path) -> tuple[Path, ...]:
    """Drafts in a folder whose writers are dead: killed, or gone for a day where that cannot be seen."""
    try:
        return tuple(sorted(each for each in folder.iterdir() if DRAFT.fullmatch(each.name) and _dead(each)))
    except OSError:
        return ()


def clear_drafts(folder: Path) -> None:
    """Remove what killed processes left unfinished in a folder."""
    for each in dead_drafts(folder):
        remove(each)


def remove(path: Path) -> None:
    """Remove a file or a folder with what is in it, as far as that can be done."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def save(target: Path, content: bytes, *, safe: str = SAFE, lasting: bool = True) -> None:
    """Write a file, whole or not at all, so that it survives a crash at any moment.

    `lasting` outlives a power cut too. Raises StorageFull and StorageFailed; `safe` says what a full disk leaves and how
    to go on.
    """
    with writing(target.parent, safe):
        for attempt in range(1, ATTEMPTS + 1):
            try:
                _save(target, content, lasting)
            except (FileNotFoundError, FileExistsError):
                # Another process removed the folder just after it was made, or just after it was found to be there.
                if attempt == ATTEMPTS:
                    raise
            else:
                return


def save_new(target: Path, content: bytes) -> None:
    """Write a file that is not there yet into a folder that is, whole or not at all.

    Raises FileExistsError where it is there, and whatever OSError the system raises.
    """
    clear_drafts(target.parent)
    with _draft(target.parent, content, lasting=True) as draft:
        try:
            os.link(draft, target)
        except FileExistsError:
            raise
        except OSError as error:
            # Some file systems know no second name for a file.
            if error.errno not in UNLINKABLE:
                raise
            if target.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
            draft.rename(target)
    _settle(target.parent)


def _save(target: Path, content: bytes, lasting: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with _draft(target.parent, content, lasting) as draft:
        draft.replace(target)
    if lasting:
        _settle(target.parent)


@contextmanager
def _draft(folder: Path, content: bytes, lasting: bool) -> Iterator[Path]:
    """A file with the content under a name of its own, which is gone afterwards."""
    draft = draft_in(folder)
    try:
        with draft.open("xb") as stream:
            stream.write(content)
            if lasting:
                stream.flush()
                os.fsync(stream.fileno())
        yield draft
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


@contextmanager
def writing(place: Path, safe: str = SAFE) -> Iterator[None]:
    """Turn what the system says about a write into StorageFull or StorageFailed, which name the place."""
    try:
        yield
    except OSError as error:
        raise storage_fault(place, error, safe) from error


def storage_fault(place: Path, error: OSError, safe: str = SAFE) -> StorageFailed:
    """What to raise for a write that failed."""
    if error.errno in FULL:
        return StorageFull(f"No room left for {place} ({error.strerror}). {safe}")
    where = f" ({error.filename})" if error.filename and Path(str(error.filename)) != place else ""
    return StorageFailed(f"{place} cannot be written: {error.strerror or error}{where}.")


def cache_folder(part: str) -> Path | None:
    """The folder for a part of what is kept between runs, or None where nothing can be written.

    It lies in $CLTI_CACHE, else $XDG_CACHE_HOME, else ~/.cache, else the system's folder for temporary files.
    """
    home = os.environ.get("CLTI_CACHE") or os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    return _usable(home, part)


@lru_cache(maxsize=16)
def _usable(home: str, part: str) -> Path | None:
    for parent in (Path(home), Path(tempfile.gettempdir())):
        folder = parent / "clti-simulator" / part
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError:
            continue
        clear_drafts(folder)
        return folder
    return None


def _dead(draft: Path) -> bool:
    found = DRAFT.fullmatch(draft.name)
    if found is None:
        return False
    if os.name == "posix" and found["host"] == _host():
        try:
            os.kill(int(found["process"]), 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            return False
        return False
    try:
        return time.time() - draft.lstat().st_mtime > ABANDONED
    except OSError:
        return False


def _settle(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the system knows how."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
