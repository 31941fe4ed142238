"""Compilation of the rules and engines, with a cache that is never stale and never in the way.

Numba renews a cached function when its own file changes, not when a function that it calls does. Here a function's place in
the cache is named by what is compiled and nothing else: its code, the constants and functions it uses, theirs in turn, and
the compiler. An edit elsewhere, or of a comment, compiles nothing. What lies there proves itself by a hash; a damaged file is
compiled again, and where nothing can be written the work goes on without a cache. Either is told in one sentence.
"""

from __future__ import annotations

import io
import pickle
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from numba.core import environment
from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile
from numba.core.errors import NumbaExperimentalFeatureWarning
from numba.core.runtime import rtsys

from simulator.fingerprint import fingerprint
from simulator.records import Record
from simulator.words.errors import StorageFailed
from simulator.work.disk import cache_folder, remove, save

F = TypeVar("F", bound=Callable[..., Any])
HOW = {"error_model": "numpy", "nogil": True}
"""IEEE arithmetic (no fast math, so both engines round alike) and no interpreter lock."""
PROOF = 32
"""Bytes of a SHA-256."""


def compiled(function: F) -> F:
    """Compile a rule when it is first called, or load it from the cache; with NUMBA_DISABLE_JIT=1 it stays as it is."""
    return _wrapped(function, HOW)


def compiled_on_given_memory(function: F) -> F:
    """As `compiled`, for loops that make no array and return none.

    References to arrays are not counted, which would cost at every look into a tuple of them.
    """
    return _wrapped(function, {**HOW, "_nrt": False})


def compiled_in_place(function: F) -> F:
    """As `compiled`, written into its callers, for what takes arrays in a tuple or functions.

    A tuple costs a count of references for each of its arrays at every call, and a function that takes functions could
    not be cached as one of its own. So is written what hands an array on, because a caller may be one of those that
    count no references.
    """
    return _wrapped(function, {**HOW, "inline": "always"})


def _wrapped(function: F, how: dict[str, Any]) -> F:
    wrapped: Any = numba.njit(**how)(function)
    if hasattr(wrapped, "py_func"):
        wrapped._cache = _Cache(function, how)
        wrapped._compiler.compile = _quietly(wrapped._compiler.compile)
    return wrapped  # type: ignore[no-any-return]


def record_dtype(fields: Sequence[tuple[Any, ...]]) -> np.dtype[Any]:
    """A dtype whose records have their fields as attributes, compiled or not: with the compiler off a debugger can follow.

    Raises ValueError for a field that NumPy's records would hide behind an attribute of their own, such as `size`.
    """
    hidden = {field[0] for field in fields} & set(dir(Record))
    if hidden:
        raise ValueError(f"fields named as attributes of every record: {', '.join(sorted(hidden))}")
    return np.dtype((Record, np.dtype(list(fields), align=True)))


@contextmanager
def announced(what: str) -> Iterator[None]:
    """Say on standard error that `what` compiles, as soon as something does, and how long that took."""
    outer, _news.what = _news.what, what
    begun, _news.begun = _news.begun, None
    try:
        yield
        if _news.begun is not None:
            sys.stderr.write(f"done in {time.perf_counter() - _news.begun:.0f} s.\n")
    finally:
        _news.what, _news.begun = outer, begun


class _News:
    """What is being announced; what has been told about the cache."""

    what: str | None = None
    begun: float | None = None

    def __init__(self) -> None:
        self.told: set[str] = set()
        self.lock = threading.Lock()

    def compiles(self) -> None:
        """Something is not in the cache."""
        with self.lock:
            if self.what is not None and self.begun is None:
                self.begun = time.perf_counter()
                sys.stderr.write(f"Compiling {self.what} (first run of this version only) ... ")
                sys.stderr.flush()

    def tell(self, sentence: str) -> None:
        """Say a sentence once."""
        with self.lock:
            if sentence not in self.told:
                self.told.add(sentence)
                sys.stderr.write(sentence + "\n")


_news = _News()


def _quietly(compile_: Callable[..., Any]) -> Callable[..., Any]:
    """Compile without Numba's remark that one record begins with the fields of another; all are read by name."""

    def quiet(*args: Any) -> Any:
        _news.compiles()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NumbaExperimentalFeatureWarning)
            return compile_(*args)

    return quiet


class _Place:
    """Where Numba keeps a function: a folder for all, and a name that follows what is compiled."""

    def __init__(self, function: Callable[..., Any], how: Mapping[str, Any], folder: Path) -> None:
        self.folder = folder
        self.stamp = fingerprint(function, how)
        self.name = f"{function.__module__.removeprefix('simulator.')}.{function.__qualname__}-{self.stamp[:16]}"


class _Unpickler(pickle.Unpickler):
    """Reads compiled code without loading the parts of Numba that its functions were written in."""

    def find_class(self, module: str, name: str) -> Any:
        own = (module, name) == (environment.__name__, "_rebuild_env")
        return _environment if own else super().find_class(module, name)


def _environment(module: str, constants: list[Any], name: str) -> Any:
    """What a compiled function keeps of its module: its constants, and names that only code which is not compiled reads.

    Numba loads the module for those names, which for its own modules is a tenth of a second and SciPy's linear algebra.
    """
    known = environment.lookup_environment(name)
    if known is not None or module in sys.modules or not module.startswith("numba."):
        return known or environment._rebuild_env(module, constants, name)
    made = environment.Environment({"__name__": module})
    made.consts[:] = constants
    made.env_name = name
    environment.Environment._memo[name] = made
    return made


class _CodeFile(IndexDataCacheFile):  # type: ignore[misc]
    """The index of a function's versions and their files, each of which proves itself.

    A version's file is named by its content, so that two processes never write different code under one name.
    """

    def __init__(self, place: _Place) -> None:
        super().__init__(str(place.folder), place.name, place.stamp)
        self.place = place

    def save(self, key: Any, data: Any) -> None:
        content = self._dump(data)
        proof = sha256(content)
        name = f"{self.place.name}.{proof.hexdigest()[:16]}.nbc"
        save(self.place.folder / name, proof.digest() + content, lasting=False)
        index = self._dump((self._source_stamp, {**self._load_index(), key: name}))
        save(Path(self._index_path), sha256(index).digest() + index, lasting=False)

    def _load_index(self) -> dict[Any, str]:
        try:
            stamp, versions = self._proved(self._index_name)
        except FileNotFoundError:
            return {}
        return dict(versions) if stamp == self._source_stamp else {}

    def _load_data(self, name: str) -> Any:
        return self._proved(name)

    def _proved(self, name: str) -> Any:
        content = (self.place.folder / name).read_bytes()
        if sha256(content[PROOF:]).digest() != content[:PROOF]:
            raise ValueError(f"{name} does not match its hash")
        return _Unpickler(io.BytesIO(content[PROOF:])).load()

    def forget(self) -> None:
        """Remove the files of this function as it is now."""
        for file in self.place.folder.glob(f"{self.place.name}.*"):
            remove(file)


class _Cache(FunctionCache):  # type: ignore[misc]
    """A function's place in the cache, found when it is first needed."""

    def __init__(self, function: Callable[..., Any], how: Mapping[str, Any]) -> None:
        self._py_func = function
        self._how = how
        self._name = repr(function)
        self._impl: Any = None
        self._cache_file: Any = None
        self._cache_path: Any = None
        self.enable()

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        if not self._placed():
            return None
        try:
            # Not Numba's own way, which first loads all that a compiler may need.
            rtsys.initialize(target_context)
            return self._load_overload(sig, target_context)
        except Exception:
            # Whatever a damaged file leads to.
            _news.tell(f"Compiled code in {self._cache_path} is damaged and is compiled again.")
            self._cache_file.forget()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        if not self._placed():
            return
        try:
            super().save_overload(sig, data)
        except (OSError, StorageFailed) as error:
            self.disable()
            reason = error.__cause__ or error
            _news.tell(
                f"Compiled code cannot be kept in {self._cache_path} ({getattr(reason, 'strerror', None) or reason}): "
                "the run goes on, and the next one compiles again."
            )

    def flush(self) -> None:
        if self._placed():
            self._cache_file.forget()

    def _placed(self) -> bool:
        if self._impl is None and self._enabled:
            folder = cache_folder("compiled")
            if folder is None:
                self.disable()
            else:
                place = _Place(self._py_func, self._how, folder)
                self._cache_file, self._cache_path = _CodeFile(place), str(folder)
                self._impl = _Results(folder, self._py_func)
        return bool(self._enabled)


class _Results(CompileResultCacheImpl):  # type: ignore[misc]
    """How Numba turns compiled code into bytes and back, without its own choice of a folder."""

    def __init__(self, folder: Path, function: Callable[..., Any]) -> None:
        self._lineno = function.__code__.co_firstlineno
        self._locator = _Locator(folder, function.__code__.co_filename)


class _Locator:
    """What Numba asks of a folder and of a source file when it keeps a function."""

    def __init__(self, folder: Path, file: str) -> None:
        self.folder = folder
        self._py_file = file

    def ensure_cache_path(self) -> None:
        """Nothing: the folder is made when something is saved."""
