"""The version of the program as results on disk know it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
SHOWS_ONLY = (
    "cli/",
    "compiling.py",
    "face/",
    "fingerprint.py",
    "questions/compare/",
    "questions/course/",
    "questions/story/",
    "questions/verify/",
    "schemas.py",
    "telling/",
    "work/",
)
"""Parts that keep, compile or show results and decide none."""
LIBRARIES = ("numba", "llvmlite", "numpy", "scipy", "pandas")


@lru_cache(maxsize=1)
def running_code() -> str:
    """Hash of the sources that can change a result, and of the versions below them (16 hexadecimal digits).

    Taken once per process: it is the code that was there when the work began that counts.
    """
    versions = " ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    whole = hashlib.sha256(f"python {platform.python_version()} {versions}".encode())
    for file in sorted(PACKAGE.rglob("*.py")):
        place = file.relative_to(PACKAGE).as_posix()
        if not place.startswith(SHOWS_ONLY):
            whole.update(place.encode() + b"\0" + file.read_bytes() + b"\0")
    return whole.hexdigest()[:16]
