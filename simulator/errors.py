"""What is said about bad input: one message, all problems at once."""

from __future__ import annotations

import operator
import reprlib
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


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


def said(value: object) -> str:
    """A value in a message: short, and a table by its size."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"{type(value).__name__} of {' x '.join(map(str, shape))}"
    return reprlib.repr(value)


def whole_number(value: object) -> int | None:
    """The value as an integer where it is one, of Python's or of NumPy's types; None for anything else, 1.0 and True too."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def nearest(word: str, known: Iterable[str]) -> str:
    """Allowed names for an unknown word, nearest first: ``did you mean ...?`` or the whole list."""
    names = sorted(known)
    close = get_close_matches(word, names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return "one of " + ", ".join(names)
