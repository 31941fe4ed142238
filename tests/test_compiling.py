"""Compilation: its cache follows what is compiled, heals, is never in the way, and leaves the host's settings alone."""

from __future__ import annotations

import enum
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
import pytest

from simulator.fingerprint import fingerprint

BASE = """
def inner(x):
    '''Doc.'''
    return x * FACTOR
def rule(x, more=1.0):
    return inner(x) + math.exp(-x) + TABLE[State.DEAD] + Pair(x).here + more
"""


class State(enum.IntEnum):
    DEAD = 1


class OtherState(enum.IntEnum):
    DEAD = 0


class Pair(NamedTuple):
    here: float
    there: float = 0.0


class Riap(NamedTuple):
    there: float
    here: float = 0.0


class FurtherPair(NamedTuple):
    here: float
    there: float = 1.0


Riap.__qualname__ = FurtherPair.__qualname__ = Pair.__qualname__


def printed(text: str, how: dict[str, Any] | None = None, **globals_: Any) -> str:
    """The fingerprint of `rule` in a text with these globals."""
    import math

    names: dict[str, Any] = {
        "__name__": "simulator.own",
        "FACTOR": 2.0,
        "TABLE": np.array([1.0, 2.0]),
        "State": State,
        "Pair": Pair,
        "math": math,
    } | globals_
    exec(text, names)
    return fingerprint(names["rule"], how or {})


@pytest.mark.parametrize(
    "same",
    [
        BASE.replace("Doc.", "Another text."),
        BASE.replace("return x", "# why\n\n    return x"),
        "\n\n\nUNUSED = 3\n" + BASE,
        BASE + "def other(x):\n    return x\n",
    ],
)
def test_edits_elsewhere_compile_nothing(same: str) -> None:
    """Texts, comments, places in a file and other functions are no part of what is compiled."""
    assert printed(same) == printed(BASE)


@pytest.mark.parametrize(
    ("text", "globals_"),
    [
        (BASE.replace("x * FACTOR", "x / FACTOR"), {}),
        (BASE.replace("exp(-x)", "log(x)"), {}),
        (BASE.replace("more=1.0", "more=2.0"), {}),
        (BASE, {"FACTOR": np.nextafter(2.0, 3.0)}),
        (BASE, {"FACTOR": 2}),
        (BASE, {"TABLE": np.array([1.0, 2.5])}),
        (BASE, {"TABLE": np.array([1, 2])}),
        (BASE, {"State": OtherState}),
        (BASE, {"Pair": Riap}),
        (BASE, {"Pair": FurtherPair}),
    ],
)
def test_whatever_is_compiled_changes_the_place(text: str, globals_: dict[str, Any]) -> None:
    """The code of a function that is called, a constant, a table, an enumeration, a field or a default: each counts."""
    assert printed(text, **globals_) != printed(BASE)


def test_options_and_recursion_count() -> None:
    """The way of compiling is part of the name, and a function may call itself."""
    assert printed(BASE, {"fastmath": True}) != printed(BASE)
    own = "def rule(x):\n    return x if x < 1 else rule(x - 1)\n"
    assert printed(own) == printed(own) != printed(own.replace("- 1", "- 2"))


def test_every_rule_is_known_by_its_own_code() -> None:
    """No compiled function of the program uses a global of a kind whose fingerprint is that of all sources."""
    import simulator.living.blocks as engine
    from simulator import fingerprint as module

    seen: list[str] = []
    real = module._value

    def watched(value: Any, parts: dict[int, str]) -> str:
        seen.append(real(value, parts))
        return seen[-1]

    module._value = watched
    try:
        for name, rule in vars(engine).items():
            if isinstance(getattr(rule, "py_func", None), FunctionType):
                fingerprint(rule.py_func, {"name": name})
    finally:
        module._value = real
    assert len(seen) > 100
    assert not [each for each in seen if each.startswith("unknown")]


@pytest.fixture
def rule(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a compiled rule in a process of its own, with its cache below `tmp_path`."""
    (tmp_path / "own.py").write_text(
        "import warnings, numba\n"
        "before = numba.config.CACHE_DIR, list(warnings.filters)\n"
        "from simulator.compiling import announced, compiled\n"
        "SCALE = 3.0\n"
        "@compiled\ndef inner(x):\n    return SCALE * x\n"
        "@compiled\ndef outer(x):\n    return inner(x) + 1.0 / x\n"
        "with announced('a rule'):\n    print(outer(2.0), type(outer).__name__)\n"
        "assert (numba.config.CACHE_DIR, list(warnings.filters)) == before\n"
    )

    def run(limit: int | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        def limited() -> None:
            if limit is not None:
                import resource

                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        return subprocess.run(
            [sys.executable, str(tmp_path / "own.py")],
            env={**os.environ, "CLTI_CACHE": str(tmp_path / "cache"), **env},
            preexec_fn=limited,
            text=True,
            capture_output=True,
            check=True,
        )

    return run


def test_the_cache_heals_and_is_never_in_the_way(
    tmp_path: Path, rule: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """Cut, emptied or altered files are compiled again with one sentence; with a full disk the run goes on uncached."""
    folder = tmp_path / "cache" / "clti-simulator" / "compiled"
    first = rule(limit=2_000)
    assert first.stdout == "6.5 CPUDispatcher\n"
    assert f"cannot be kept in {folder} (File too large)" in first.stderr
    assert "Compiling a rule" in rule().stderr
    assert rule().stderr == ""
    whole = {file: file.read_bytes() for file in folder.iterdir()}
    for damage in (
        {"inner": (".nbi", lambda content: b""), "outer": (".nbc", lambda content: content[:500])},
        {"outer": (".nbc", lambda content: content[:-1] + bytes([content[-1] ^ 1]))},
    ):
        for file, content in whole.items():
            suffix, changed = damage.get(file.name.split(".")[1].split("-")[0], ("", bytes))
            file.write_bytes(changed(content) if file.suffix == suffix else content)
        done = rule()
        assert done.stdout == "6.5 CPUDispatcher\n"
        assert done.stderr.count("is damaged and is compiled again") == 1 and str(folder) in done.stderr
    assert rule().stderr == ""


def test_compiled_code_loads_no_compiler(tmp_path: Path, rule: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """What is in the cache is loaded without Numba's own implementations, and another rule can still be compiled with it."""
    file = tmp_path / "own.py"
    loaded = "import sys\nprint('scipy.linalg' in sys.modules, 'numba.np.arraymath' in sys.modules)\n"
    searching = (
        "import numpy as np\n@compiled\ndef place(x):\n    return np.searchsorted(np.array([1.0, 3.0]), inner(x))\n"
    )
    file.write_text(file.read_text() + searching + "print(place(0.5))\n" + loaded)
    assert rule().stdout == "6.5 CPUDispatcher\n1\nTrue True\n"
    assert rule().stdout == "6.5 CPUDispatcher\n1\nFalse False\n"
    further = "@compiled\ndef further(x):\n    return place(x) + 10 * place(x + 1.0)\nprint(further(0.5))\n"
    file.write_text(file.read_text() + further)
    assert rule().stdout == "6.5 CPUDispatcher\n1\nFalse False\n21\n"


def test_an_edited_callee_is_compiled_anew(
    tmp_path: Path, rule: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """After an edit of a constant that only a called function reads, the caller gives the new result."""
    rule()
    file = tmp_path / "own.py"
    file.write_text("# a line more\n" + file.read_text())
    assert rule().stderr == ""
    file.write_text(file.read_text().replace("SCALE = 3.0", "SCALE = 4.0"))
    assert rule().stdout == "8.5 CPUDispatcher\n"


def test_rules_run_without_the_compiler(rule: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """With NUMBA_DISABLE_JIT=1 a rule is the Python function that was written, and nothing is cached."""
    done = rule(NUMBA_DISABLE_JIT="1")
    assert (done.stdout, done.stderr) == ("6.5 function\n", "")
