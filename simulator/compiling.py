"""Compilation of the rules and engines, with a cache that cannot be stale.

Numba renews a cached function when its own file changes, not when a function it calls does. The cache folder is
therefore named by a hash of every source the compiled code could depend on: an edit anywhere opens a new folder.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from numba.core.errors import NumbaExperimentalFeatureWarning

PACKAGE = Path(__file__).parent
# A policy record begins with the fields of a criteria record; Numba remarks on it, and both are read by name only.
warnings.filterwarnings("ignore", category=NumbaExperimentalFeatureWarning)

F = TypeVar("F", bound=Callable[..., Any])


def source_hash() -> str:
    """Hash of the package's numerical sources and of the compiler's version (16 hexadecimal digits)."""
    digest = hashlib.sha256(f"numba {numba.__version__} python {sys.version}".encode())
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.relative_to(PACKAGE).parts[0] not in {"cli", "report", "comparison", "story", "verification"}:
            digest.update(file.relative_to(PACKAGE).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _writable_folder() -> Path | None:
    """Cache folder for these sources, or None where nothing can be written."""
    home = os.environ.get("CLTI_CACHE") or os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    for parent in (Path(home), Path(tempfile.gettempdir())):
        folder = parent / "clti-simulator" / source_hash()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return None


CACHE = _writable_folder()
if CACHE is not None:
    numba.config.CACHE_DIR = str(CACHE)


def compiled(function: F) -> F:
    """Compile a rule: IEEE arithmetic (no fast math, so both engines round alike), no interpreter lock, cached."""
    wrapped: F = numba.njit(error_model="numpy", nogil=True, cache=CACHE is not None)(function)
    return wrapped


def compiled_on_given_memory(function: F) -> F:
    """As `compiled`, for loops that make no array and return none.

    References to arrays are not counted, which would cost at every look into a tuple of them.
    """
    wrapped: F = numba.njit(error_model="numpy", nogil=True, cache=CACHE is not None, _nrt=False)(function)
    return wrapped


def compiled_in_place(function: F) -> F:
    """As `compiled`, written into its callers, for what takes arrays in a tuple or functions.

    A tuple costs a count of references for each of its arrays at every call, and a function that takes functions could
    not be cached as one of its own.
    """
    wrapped: F = numba.njit(error_model="numpy", nogil=True, inline="always")(function)
    return wrapped


def record_dtype(fields: Sequence[tuple[Any, ...]]) -> np.dtype[Any]:
    """A dtype whose records have their fields as attributes, compiled or not: with the compiler off a debugger can follow.

    Raises ValueError for a field that NumPy's records would hide behind an attribute of their own, such as `size`.
    """
    hidden = {field[0] for field in fields} & set(dir(np.record))
    if hidden:
        raise ValueError(f"fields named as attributes of every record: {', '.join(sorted(hidden))}")
    return np.dtype((np.record, np.dtype(list(fields), align=True)))


@contextmanager
def announced(what: str) -> Iterator[None]:
    """Say on standard error, once per version of the sources, that `what` compiles and how long that took."""
    if numba.config.DISABLE_JIT:
        yield
        return
    mark = CACHE / f"{what.replace(' ', '-')}.compiled" if CACHE is not None else None
    first = mark is None or not mark.exists()
    if first:
        sys.stderr.write(f"Compiling {what} (first run of this version only) ... ")
        sys.stderr.flush()
    start = time.perf_counter()
    yield
    if first:
        sys.stderr.write(f"done in {time.perf_counter() - start:.0f} s.\n")
        if mark is not None:
            mark.touch()
