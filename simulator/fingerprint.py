"""A hash of exactly what a compiled function is: its code, and every constant and function that it uses."""

from __future__ import annotations

import builtins
import enum
import importlib.metadata
import platform
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numba
import numpy as np

from simulator.work.code import running_code


def fingerprint(function: Callable[..., Any], how: Mapping[str, Any]) -> str:
    """SHA-256 of a Python function, of what it uses, in turn, of the options and versions it is compiled with.

    Comments, docstrings and places in files are no part of it. A global of a kind that is not known here brings in every
    source of the program, which is too much and never too little.
    """
    parts: dict[int, str] = {}
    words = [_versions(), repr(sorted(how.items())), _function(function, parts)]
    return sha256("\n".join(words).encode()).hexdigest()


@lru_cache(maxsize=1)
def _versions() -> str:
    libraries = [f"{name} {importlib.metadata.version(name)}" for name in ("numba", "llvmlite", "numpy")]
    options = [f"{name}={getattr(numba.config, name, None)}" for name in ("OPT", "BOUNDSCHECK", "LOOP_VECTORIZE")]
    return " ".join([platform.python_implementation(), platform.python_version(), *libraries, *options])


def _function(function: Any, parts: dict[int, str]) -> str:
    """A function's name, code and what it uses; each function is spelled out once, then named by its number."""
    known = parts.get(id(function))
    if known is not None:
        return known
    parts[id(function)] = f"function {len(parts)}"
    code = function.__code__
    cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
    used = [(name, _value(cell.cell_contents, parts)) for name, cell in sorted(cells.items())]
    used += [
        (name, _value(function.__globals__[name], parts) if name in function.__globals__ else _builtin(name))
        for name in sorted(_names(code))
    ]
    defaults = [_value(each, parts) for each in (function.__defaults__ or ())]
    named = [(name, _value(each, parts)) for name, each in sorted((function.__kwdefaults__ or {}).items())]
    whole = [function.__qualname__, _code(code, function.__doc__, parts), *map(repr, (used, defaults, named))]
    return sha256("\n".join(whole).encode()).hexdigest()


def _names(code: CodeType) -> set[str]:
    """Names that a code looks up outside itself or as attributes, in functions inside it too."""
    inner = (each for each in code.co_consts if isinstance(each, CodeType))
    return set(code.co_names).union(*(_names(each) for each in inner))


def _builtin(name: str) -> str:
    return f"builtin {name}" if hasattr(builtins, name) else "attribute"


def _code(code: CodeType, doc: str | None, parts: dict[int, str]) -> str:
    constants = list(code.co_consts)
    if doc is not None and constants and constants[0] == doc:
        constants[0] = None
    spelled = [_code(each, None, parts) if isinstance(each, CodeType) else _value(each, parts) for each in constants]
    shape = (code.co_argcount, code.co_kwonlyargcount, code.co_posonlyargcount, code.co_flags)
    return repr((shape, code.co_code.hex(), code.co_names, code.co_varnames, code.co_freevars, spelled))


def _value(value: Any, parts: dict[int, str]) -> str:
    """A global, or a constant, as text that says all that compiled code can read of it."""
    if value is None or value is Ellipsis or isinstance(value, bool | int | float | complex | str | bytes):
        # An IntEnum member is compiled as its number.
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} {[_value(each, parts) for each in value]}"
    if isinstance(value, frozenset):
        return f"frozenset {sorted(_value(each, parts) for each in value)}"
    if isinstance(value, np.dtype):
        return f"dtype {value.descr} {value.itemsize} {value.isalignedstruct}"
    if isinstance(value, np.ndarray | np.generic):
        return f"array {value.dtype.descr} {value.shape} {sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}"
    if isinstance(value, type) and issubclass(value, enum.Enum):
        return f"enum {value.__name__} {[(each.name, _value(each.value, parts)) for each in value]}"
    if isinstance(value, type) and value.__bases__ == (tuple,) and hasattr(value, "_fields"):
        # A named tuple: compiled code fills its fields and reads them by name or place, and can call no method of it.
        defaults = {name: _value(each, parts) for name, each in getattr(value, "_field_defaults", {}).items()}
        return f"named tuple {value.__module__} {value.__qualname__} {value._fields} {defaults}"
    if hasattr(value, "py_func"):
        how = sorted(getattr(value, "targetoptions", {}).items())
        return f"compiled {how} {_function(value.py_func, parts)}"
    if isinstance(value, FunctionType) and (value.__module__ or "").partition(".")[0] == "simulator":
        return f"function {_function(value, parts)}"
    module = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    if isinstance(value, ModuleType | type | FunctionType | BuiltinFunctionType | np.ufunc) and (
        isinstance(module, str | None) and (module or "numpy").partition(".")[0] != "simulator"
    ):
        # Of a library, whose version is in the hash or is Python's.
        return f"library {module} {getattr(value, '__qualname__', getattr(value, '__name__', ''))}"
    return f"unknown {type(value).__name__} {running_code()}"
