"""What is said about bad input: one message, all problems at once."""

from __future__ import annotations

import operator
import re
import reprlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

T = TypeVar("T")

ALL_TOLD = 20
"""So many problems are told one by one, whatever they are."""
TOLD_OF_A_KIND = 10
MOST_TOLD = 50
"""Where there are more: problems told one by one of those in one table or column, and of all. The rest is counted."""
LONGEST_VALUE = 200
"""Characters of a value or key that a message quotes."""
LONGEST_LIST = 30
"""Allowed names that a message lists."""
VERY_ALIKE, ALIKE, ALIKE_IF_BEGUN_ALIKE = 0.8, 0.72, 0.6
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
        text = f"{self.file}: {_quoted(self.key)} = {_quoted(self.value)}; allowed: {self.allowed}"
        return text if text.isprintable() else "".join(c if c.isprintable() else _code(c) for c in text)


class BadInput(ValueError):
    """Everything that is wrong with the inputs of one command (exit code 2, nothing written).

    `problems` holds each with its file, key, value and what is allowed; the message has them all, a line each.

    >>> import simulator as sim
    >>> try:
    ...     sim.load_scenario("base", overrides={"parameters": {"age_mean": 300}})
    ... except sim.BadInput as bad:
    ...     print([(problem.key, problem.value, problem.allowed) for problem in bad.problems])
    [('parameters.age_mean', '300', 'a number, 40 to 95')]
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        told = list(_told(self.problems))
        untold = len(self.problems) - len(told)
        lines = [f"{len(self.problems):,} problem(s) in the input:", *(f"  {problem}" for problem in told)]
        super().__init__("\n".join([*lines, f"  and {untold:,} more"] if untold else lines))

    def __reduce__(self) -> tuple[type[BadInput], tuple[tuple[Problem, ...]]]:
        """By its problems, so that another process can hand it over."""
        return type(self), (self.problems,)


class CheckFailed(RuntimeError):
    """A check that the user asked for did not pass (exit code 1)."""


class StorageFailed(CheckFailed):
    """Something could not be written; the message names the place and why."""


class StorageFull(StorageFailed):
    """The disk is full; the message names the place, what is safe and how to go on."""


def collected(ask: Callable[[], T], problems: list[Problem]) -> T | None:
    """What is asked for, or None with what is wrong with it appended to `problems`, so that all is told at once."""
    try:
        return ask()
    except BadInput as bad:
        problems += bad.problems
        return None


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
    """Allowed names for an unknown word: ``did you mean ...?``, those that hold the word, or a list of them."""
    names = sorted(known)
    holding = [name for name in names if len(word) > 2 and word.lower() in name.lower()]
    word = word[:LONGEST_VALUE]
    begun = [name for name in names if name[:3].startswith(word[:3]) or word[:3].startswith(name[:3] or " ")]
    close = (
        get_close_matches(word, names, n=1, cutoff=VERY_ALIKE)
        or holding
        or get_close_matches(word, names, n=1, cutoff=ALIKE)
    )
    close = close or get_close_matches(word, begun, n=1, cutoff=ALIKE_IF_BEGUN_ALIKE)
    return f"did you mean {close[0]!r}?" if len(close) == 1 else _listed(holding or names)


class Suggestions:
    """`nearest` for one word after another, as quick for a million words as for those whose problems are told."""

    def __init__(self) -> None:
        self._asked = 0

    def __call__(self, word: str, known: Iterable[str]) -> str:
        """Allowed names for an unknown word."""
        self._asked += 1
        return nearest(word, known) if self._asked <= MOST_TOLD else "a known name"


def _told(problems: Sequence[Problem]) -> Iterator[Problem]:
    """The problems that are told one by one: all of a few; of many the first of each table or column."""
    if len(problems) <= ALL_TOLD:
        yield from problems
        return
    seen: Counter[tuple[str, str]] = Counter()
    for problem in problems:
        kind = (problem.file, re.sub(r"\d+", "", problem.key.rpartition(".")[0] or problem.key))
        seen[kind] += 1
        if seen[kind] <= TOLD_OF_A_KIND and sum(min(n, TOLD_OF_A_KIND) for n in seen.values()) <= MOST_TOLD:
            yield problem


def _listed(names: Sequence[str]) -> str:
    if len(names) <= LONGEST_LIST:
        return "one of " + ", ".join(names)
    return f"one of {len(names):,} names, such as {', '.join(names[:5])}"


def _quoted(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}... ({len(text):,} characters)"


def _code(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
