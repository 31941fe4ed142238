"""What is said about bad input: one message, all problems at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

ALIKE, ALIKE_IF_BEGUN_ALIKE = 0.72, 0.6
"""How alike two words must be for one to be offered for the other (`difflib` ratio), and if their first letters agree too: a
shared ending alone is no typo."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with one input."""

    file: str
    key: str
    value: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key} = {self.value}; allowed: {self.allowed}"


class BadInput(ValueError):
    """Everything that is wrong with the inputs of one command (exit code 2, nothing written)."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "\n".join([f"{len(self.problems)} problem(s) in the input:", *(f"  {p}" for p in self.problems)])
        )


class CheckFailed(RuntimeError):
    """A check that the user asked for did not pass (exit code 1)."""


def in_toml(value: object) -> str:
    """A value as a TOML file would spell it: ``true``, ``['death']``, ``{death = 'composite'}``; text in single quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {in_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(in_toml(inner) for inner in value) + "]"
    return repr(value) if isinstance(value, str | int | float) else str(value)


def shown(value: object) -> str:
    """A fault's value: words as they are, everything else as TOML."""
    if value is None:
        return "missing"
    return value if isinstance(value, str) else in_toml(value)


def nearest(word: str, known: Iterable[str]) -> str:
    """Allowed names for an unknown word, nearest first: ``did you mean ...?`` or the whole list."""
    names = sorted(known)
    close = get_close_matches(word, names, n=1, cutoff=ALIKE)
    begun = [name for name in names if name[:3] == word[:3]]
    close = close or get_close_matches(word, begun, n=1, cutoff=ALIKE_IF_BEGUN_ALIKE)
    if close:
        return f"did you mean {close[0]!r}?"
    return "one of " + ", ".join(names)
