"""Where a result comes from: code, versions, command, inputs, seed and time."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = "clti-simulator"
LIBRARIES = ("numpy", "numba", "scipy", "pandas", "simpy", "SALib", "matplotlib", "pyarrow")
PLACES = dict.fromkeys(("overrides", "with_", "policies", "asked"), "asked for when it was run")
"""What readers call the places of changes that are no files."""
# Where the result goes and how many processes make it decide nothing about the result.
DECIDES_NOTHING = ("--out", "--workers", "--cluster", "--shard")


@dataclass(frozen=True)
class Provenance:
    """What must be known to make a result again. Hashes are SHA-256 in hexadecimal."""

    command: tuple[str, ...]
    inputs: Mapping[str, str]
    seed: int | None
    settings: Mapping[str, Any]
    started: datetime
    clock: float
    again: tuple[str, ...] | None = None
    changes: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def now(
        cls,
        command: Sequence[str],
        inputs: Mapping[str, Path | bytes],
        seed: int | None,
        settings: Mapping[str, Any],
        again: Sequence[str] | None = None,
        changes: Sequence[Mapping[str, Any]] = (),
    ) -> Provenance:
        """Taken when the work begins, so that an input edited during a long run is the one that was read.

        `command` is `sys.argv`; its first word, which differs from machine to machine, is written as ``clti``.
        `again` is the command that makes the same result, where several do; else it is `command` itself.
        `changes` are those of `simulator.scenario.changes`.
        `settings` are kept as JSON: what JSON lacks becomes text, a number that is not finite is a `ValueError`.
        """
        code_hash()
        hashes = {name: sha256(file if isinstance(file, bytes) else file.read_bytes()) for name, file in inputs.items()}
        plain = json.loads(json.dumps(dict(settings), default=str, allow_nan=False))
        same = None if again is None else ("clti", *again)
        return cls(
            ("clti", *command[1:]), hashes, seed, plain, datetime.now(UTC), time.monotonic(), same, tuple(changes)
        )

    def lasting(self) -> dict[str, Any]:
        """Everything that is the same when the same result is made again, whenever and into whatever folder."""
        return {
            "package": {"name": PACKAGE, "version": version(PACKAGE), "code_sha256": code_hash()},
            "command": shlex.join(self.again or _deciding(self.command)),
            "seed": self.seed,
            "settings": dict(self.settings),
            "changed_from_base": [dict(change) for change in self.changes],
            "inputs": dict(self.inputs),
            "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        }

    def manifest(self, files: Mapping[str, bytes]) -> dict[str, Any]:
        """The content of `manifest.json`: the lasting part, this run's times and machine, and every file's hash."""
        return {
            **self.lasting(),
            "command": shlex.join(self.command),
            "platform": platform.platform(),
            "started": self.started.isoformat(timespec="seconds"),
            "duration_seconds": round(time.monotonic() - self.clock, 3),
            "files": {name: {"sha256": sha256(content), "bytes": len(content)} for name, content in files.items()},
        }

    def for_readers(self) -> dict[str, str | list[str]]:
        """The box at the end of a report: label -> text, or a list of texts."""
        lasting = self.lasting()
        package = lasting["package"]
        box: dict[str, str | list[str]] = {
            "Command": lasting["command"],
            "Seed": "none" if self.seed is None else str(self.seed),
            "Settings": [line for name, value in self.settings.items() for line in _set(name, value)],
            "Changed from the shipped base": [told(change) for change in self.changes],
            "Inputs": [f"{name}, SHA-256 {digest[:16]}" for name, digest in self.inputs.items()],
            "Program": f"{PACKAGE} {package['version']}, code SHA-256 {package['code_sha256'][:16]}",
            "Libraries": ", ".join(f"{name} {number}" for name, number in lasting["versions"].items()),
        }
        return {label: content for label, content in box.items() if content}


def told(change: Mapping[str, Any]) -> str:
    """A change in one line: key, old value, new value, and where it was written."""
    place = PLACES.get(change["written_in"], change["written_in"])
    old = "not set" if change["old"] is None else _value(change["old"])
    new = "not set" if change["new"] is None else _value(change["new"])
    return f"{change['key']}: {old} → {new}" + (f" ({place})" if place else "")


def _set(name: str, value: Any) -> Iterator[str]:
    """A setting in lines, a line a key, as ``economics.trial.years = 5``; tables without keys have none."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _set(f"{name}.{key}", each)
    elif isinstance(value, list | tuple) and any(isinstance(each, Mapping) for each in value):
        for place, each in enumerate(value, 1):
            yield from _set(f"{name}.{place}", each)
    else:
        yield f"{name} = {_value(value)}"


def _value(value: Any) -> str:
    """A value as files have it, not as Python does."""
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value)) or "none"
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key} = {_value(each)}" for key, each in value.items())
        return f"{{ {inside} }}" if inside else "none"
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)


def sha256(content: bytes) -> str:
    """The SHA-256 of some bytes in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def version(package: str) -> str:
    """The installed version of a package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


@cache
def code_hash() -> str:
    """One hash over all source files of this program, which tells two checkouts of one version apart.

    Taken once per process: it is the code that was there when the work began that counts.
    """
    root = Path(__file__).resolve().parents[1]
    whole = hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        whole.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return whole.hexdigest()


def _deciding(command: Sequence[str]) -> list[str]:
    kept: list[str] = []
    skip = False
    for word in command:
        if skip:
            skip = False
        elif word in DECIDES_NOTHING:
            skip = True
        elif not word.startswith(tuple(f"{option}=" for option in DECIDES_NOTHING)):
            kept.append(word)
    return kept
