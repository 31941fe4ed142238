"""How a rule is compared with what the book says of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from simulator.questions.verify.rulebook.situation import Situation, situations
from simulator.questions.verify.subject.check import Domain, Found
from simulator.questions.verify.subject.subject import Subject

BOOK = Domain("rules written a second time", "K")
SOURCE = "MODEL.md, section 2.2"
DIGITS = 1e-8
"""Relative difference that rounding may make."""
WORKINGS = ("remaining", "hazard", "exponent", "cumulative", "looked")
"""Fields of a life in which rules keep what they work out on the way."""
Rule = Callable[[Situation], Any]


def _alike(one: Any, other: Any) -> bool:
    a, b = (np.ravel(np.asarray(0.0 if each is None else each, np.float64)) for each in (one, other))
    if np.array_equal(a, b):
        return True
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=DIGITS, atol=1e-12, equal_nan=True))


def differences(done: Situation, said: Situation, answer: Any, expected: Any) -> list[str]:
    """What of a life or patient, or of the answer, a rule and the book do not agree on."""
    found = [] if _alike(answer, expected) else ["the answer"]
    for record, other in ((done.life, said.life), (done.patient, said.patient)):
        one, two = record.tobytes(), other.tobytes()
        # Nearly all fields are the same bytes, which cost nothing to compare.
        moved = (name for name, place in _places(record.dtype) if one[place] != two[place])
        found += [name for name in moved if not _alike(record[name], other[name])]
    return found


@cache
def _places(dtype: np.dtype[Any]) -> tuple[tuple[str, slice], ...]:
    """Where the bytes of a record's fields lie, without the rules' workings."""
    fields = dict(dtype.fields or {})
    return tuple((name, slice(at[1], at[1] + at[0].itemsize)) for name, at in fields.items() if name not in WORKINGS)


def restated(words: str, *rules: Rule) -> Callable[[Rule], Rule]:
    """Add a check that `rules` (calls of the compiled rules, alike) do to drawn situations what the decorated function says.

    Both may change the situation's life and patient, and return a number, several or nothing; what the book does not change must
    stay as it is.
    """

    def register(says: Rule) -> Rule:
        def run(subject: Subject) -> Found:
            wrong: dict[str, int] = {}
            drawn = situations(subject)
            for situation in drawn:
                said = situation.again()
                expected = says(said)
                for rule in rules:
                    done = situation.again()
                    for name in differences(done, said, rule(done), expected):
                        wrong[name] = wrong.get(name, 0) + 1
            told = ", ".join(f"{name} in {count}" for name, count in wrong.items())
            return Found(not wrong, f"{len(drawn)} situations: {told or 'none'} otherwise")

        BOOK.add(SOURCE, words, "the rule does what the book says, and nothing else", run)
        return says

    return register
