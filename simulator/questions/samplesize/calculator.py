"""The sample size calculators by name: what each needs and takes, and what is wrong with what it was given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.questions.samplesize import one_arm, two_arms
from simulator.questions.samplesize.answer import AIMS, Answer, Inputs, as_options, option
from simulator.questions.samplesize.stated_course import CONTROL, TREATED, Stated
from simulator.statistics.sizes import samplesize
from simulator.statistics.sizes.samplesize import range_problems
from simulator.words.errors import BadInput, Problem, nearest

SHARED = ("alpha", "power", "n", "ratio", "lost", "looks", "boundary", "members", "correlation_within")
"""Inputs that designs of two arms have in common."""
ONE_ARM = ("alpha", "power", "n", "lost")


@dataclass(frozen=True)
class Design:
    """What one calculator needs, what it may also take, and the alpha and power it assumes."""

    needs: tuple[str, ...]
    may: tuple[str, ...] = ()
    alpha: float = 0.025
    power: float = 0.9
    arms: int = 2
    effect: tuple[str, ...] = ()
    """What superiority needs besides; with a margin the default is no difference."""


DESIGNS: dict[str, Design] = {
    "survival": Design((), (*CONTROL, *TREATED, "accrual", "follow_up", *Stated.others, "until", "aim", "margin")),
    "binary": Design(("p0",), ("p1", "aim", "margin"), effect=("p1",)),
    "means": Design(("sd",), ("difference", "correlation", "aim", "margin"), effect=("difference",)),
    "win-ratio": Design(("win_ratio", "ties")),
    "single-arm": Design(("p0", "p1"), alpha=0.05, power=0.85, arms=1),
    "simon": Design(("p0", "p1"), alpha=0.05, power=0.8, arms=1),
}
"""The calculators by name."""


def calculate(design: str, given: Inputs) -> Answer:
    """The answer for `design` with the inputs that are not None; `BadInput` for missing, idle or impossible ones.

    With `n` (patients who enter, in all) the answer is the power, otherwise the size for `power`.
    """
    if design not in DESIGNS:
        raise BadInput([Problem("command line", "design", repr(design), nearest(design, DESIGNS))])
    form = DESIGNS[design]
    takes = takes_of(design)
    problems = [
        Problem("command line", option(name), _told(value), "only with " + ", ".join(_designs_with(name)))
        for name, value in given.items()
        if value is not None and name not in takes
    ]
    values = {name: value for name, value in given.items() if value is not None and name in takes}
    problems += [
        Problem("command line", option(name), "missing", f"a number, which {design} needs")
        for name in (*form.needs, *(form.effect if values.get("aim", AIMS[0]) == AIMS[0] else ()))
        if name not in values
    ]
    if "n" in values and "power" in values:
        problems.append(
            Problem("command line", "--power", f"{values['power']:g}", "nothing with --n, which asks for it")
        )
    problems += _aim_problems(values)
    values = {"alpha": form.alpha, "power": form.power, **values}
    numbers = {
        name: value for name, value in values.items() if name in samplesize.LIMITS and not isinstance(value, str)
    }
    problems += as_options(range_problems(numbers))
    if problems:
        raise BadInput(problems)
    if form.arms == 2:
        values.setdefault("ratio", 1.0)
    try:
        return ANSWERS[design](values)
    except BadInput as bad:
        raise BadInput(as_options(bad.problems)) from None


def takes_of(design: str) -> tuple[str, ...]:
    """Every input that a calculator takes."""
    form = DESIGNS[design]
    shared = SHARED if form.arms == 2 else ONE_ARM if design == "single-arm" else ("alpha", "power", "lost")
    return (*form.needs, *form.may, *shared)


def _aim_problems(values: Inputs) -> list[Problem]:
    aim = values.get("aim", AIMS[0])
    if aim not in AIMS:
        return [Problem("command line", "--aim", repr(aim), nearest(str(aim), AIMS))]
    if (aim == AIMS[0]) == ("margin" in values):
        told = _told(values["margin"]) if "margin" in values else "missing"
        return [Problem("command line", "--margin", told, f"a number with --aim {AIMS[1]} or {AIMS[2]}, and only then")]
    return []


def _told(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _designs_with(name: str) -> list[str]:
    return [design for design in DESIGNS if name in takes_of(design)]


ANSWERS: dict[str, Callable[[Inputs], Answer]] = {
    "survival": two_arms.survival,
    "binary": two_arms.binary,
    "means": two_arms.means,
    "win-ratio": two_arms.win_ratio,
    "single-arm": one_arm.single_arm,
    "simon": one_arm.two_stage,
}
"""How each calculator finds its answer."""
