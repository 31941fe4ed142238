"""One check: what is changed, what must follow, and how to find out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from simulator.questions.verify.subject.subject import Subject

TECH_VER = "TECH-VER: Büyükkaramikli et al., PharmacoEconomics 2019;37:1391, doi:10.1007/s40273-019-00844-y"
ADVISHE = "AdViSHE: Vemer et al., PharmacoEconomics 2016;34:349, doi:10.1007/s40273-015-0327-2"
CLOSED_FORM = "closed form of the model's law"
BOOKS = "two independent ways of keeping the same books"
DESIGN = "what the model promises"

SINGLE = 4.0
"""Standard errors within which one comparison must lie: a sound model fails one in 16,000 of them."""
FAMILY = 5.0
"""Standard errors for each of a family of comparisons: a sound model fails one in 1.7 million of them."""


class NotApplicable(Exception):
    """The check says nothing about this scenario; its message says why."""


@dataclass(frozen=True)
class Found:
    """Whether what came out is what was expected, and what came out."""

    passed: bool
    what: str


@dataclass(frozen=True)
class Check:
    """A check of one domain. `run` raises NotApplicable where the scenario has nothing to check."""

    id: str
    domain: str
    source: str
    changed: str
    expected: str
    run: Callable[[Subject], Found]


class Domain:
    """The checks of one domain of the checklist, in the order in which they are written."""

    def __init__(self, name: str, letter: str) -> None:
        self.name, self.letter = name, letter
        self.checks: list[Check] = []

    def add(self, source: str, changed: str, expected: str, run: Callable[[Subject], Found]) -> None:
        """Add a check under the next number."""
        number = f"{self.letter}{len(self.checks) + 1:02d}"
        self.checks.append(Check(number, self.name, source, changed, expected, run))

    def check(
        self, source: str, changed: str, expected: str
    ) -> Callable[[Callable[[Subject], Found]], Callable[[Subject], Found]]:
        """Decorator form of `add`."""

        def register(run: Callable[[Subject], Found]) -> Callable[[Subject], Found]:
            self.add(source, changed, expected, run)
            return run

        return register


def none_of(wrong: Any, what: str) -> Found:
    """Passes if nothing in `wrong` is true; says how many cases of how many are."""
    cases = np.asarray(wrong)
    if cases.size == 0:
        raise NotApplicable(f"no {what} in this scenario")
    count = int(np.count_nonzero(cases))
    return Found(count == 0, f"{count:,} of {cases.size:,} {what} are otherwise")


def equal(a: Any, b: Any, what: str, digits: float = 0.0) -> Found:
    """Passes if two arrays agree: to the last bit, or to a relative and absolute error of `digits`."""
    one, other = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if one.shape != other.shape:
        return Found(False, f"{what}: shapes {one.shape} and {other.shape}")
    if one.size == 0:
        raise NotApplicable(f"no {what} in this scenario")
    with np.errstate(invalid="ignore"):
        gap = np.where((one == other) | (np.isnan(one) & np.isnan(other)), 0.0, np.abs(one - other))
        scale = np.fmax(1.0, np.fmax(np.abs(one), np.abs(other)))
        worst = float(np.nan_to_num(np.max(gap / scale), nan=np.inf))
    return Found(worst <= digits, f"largest difference in {one.size:,} {what}: {worst:.2g}")


def near(mean: Any, se: Any, expected: Any, what: str, errors: float = FAMILY) -> Found:
    """Passes if every mean lies within `errors` standard errors of what is expected."""
    gap = np.abs(np.asarray(mean, np.float64) - np.asarray(expected, np.float64))
    if gap.size == 0:
        raise NotApplicable(f"no {what} in this scenario")
    worst = gap / np.maximum(np.asarray(se, np.float64), 1e-9)
    return Found(bool((worst <= errors).all()), f"largest error in {gap.size} {what}: {float(np.max(worst)):.1f} SE")
