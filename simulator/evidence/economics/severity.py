"""Rules by which payers weigh health gained by how much of it the disease takes: data of `economics/severity.toml`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BeforeValidator, Field

from simulator.evidence.parameter import Grade, as_tuple
from simulator.evidence.reading import Frozen, checked, read_toml, spelled
from simulator.evidence.shipped import shipped
from simulator.evidence.sources import read_sources
from simulator.words.errors import BadInput, Problem, nearest
from simulator.words.label import Label

Numbers = Annotated[tuple[float, ...], BeforeValidator(as_tuple)]


class Steps(Frozen):
    """From which shortfall on each weight of QALYs, or each threshold, holds."""

    steps: Annotated[Numbers, Field(min_length=1)]
    weights: Numbers = ()
    thresholds: Numbers = ()

    def at(self, shortfall: ArrayLike) -> NDArray[np.float64]:
        """The weight, or the threshold, at a shortfall."""
        place = np.searchsorted(self.steps, np.asarray(shortfall), side="right") - 1
        return np.asarray(self.weights or self.thresholds)[np.maximum(place, 0)]


class SeverityRule(Frozen):
    """One payer's rule; where both kinds of shortfall count, the higher weight holds. `rate` is the yearly one at which it
    discounts, where it does and that was seen.
    """

    label: Label
    currency: str
    discounted: bool
    rate: Annotated[float, Field(ge=0, le=1)] | None = None
    proportional: Steps | None = None
    absolute: Steps | None = None
    source: Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
    grade: Grade
    note: str

    @property
    def weighs(self) -> bool:
        """Whether QALYs get a weight; otherwise the threshold depends on the shortfall."""
        return all(each.weights for each in (self.proportional, self.absolute) if each is not None)

    def at(self, absolute: ArrayLike, proportional: ArrayLike) -> NDArray[np.float64]:
        """The weight (or the threshold) at these shortfalls."""
        found = [
            steps.at(value)
            for steps, value in ((self.absolute, absolute), (self.proportional, proportional))
            if steps is not None
        ]
        return np.asarray(np.max(found, axis=0))

    def faults(self) -> Iterator[tuple[str, object, str]]:
        """What the keys cannot tell one by one."""
        kinds = {"proportional": self.proportional, "absolute": self.absolute}
        if not any(kinds.values()):
            yield "proportional", "missing", "steps of at least one kind of shortfall"
        for name, steps in kinds.items():
            if steps is not None and len(steps.steps) != len(steps.weights or steps.thresholds):
                yield f"{name}.steps", list(steps.steps), "as many weights or thresholds as steps"


def load_severity(path: Path | None = None) -> dict[str, SeverityRule]:
    """Every rule by name, from the folder `path` (default: the shipped calibration). Raises BadInput with every fault."""
    root = path or shipped("calibration")
    file = root / "economics" / "severity.toml"
    shown, problems = spelled(file, root), list[Problem]()
    sources = read_sources(root, problems)
    rules = {}
    for name, table in read_toml(file, shown, problems).items():
        rule = checked(SeverityRule, table, shown, name, problems)
        if rule is None:
            continue
        rules[name] = rule
        problems += [Problem(shown, f"{name}.{key}", str(value), allowed) for key, value, allowed in rule.faults()]
        problems += [
            Problem(shown, f"{name}.source", repr(key), nearest(key, sources))
            for key in rule.source
            if key not in sources
        ]
    if problems:
        raise BadInput(problems)
    return rules
