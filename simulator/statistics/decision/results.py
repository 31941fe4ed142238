"""Costs and effects per draw and option: the one object that every decision analysis starts from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from simulator.words.errors import BadInput, Problem, nearest
from simulator.words.label import ALLOWED, is_label

Array = NDArray[np.float64]

INTERVAL = (0.025, 0.975)
"""Quantiles of the draws that are reported as `low` and `high`."""

LISTED = 10
"""Faults of one kind that are listed one by one; the rest is counted."""


@dataclass(frozen=True, eq=False, init=False)
class CostEffectResults:
    """Total cost and total effect of every option in every draw of a probabilistic analysis.

    `cost` and `effect` have the shape (draws, options); row i of both, and of `parameters` if there are any, belongs
    to the same draw. Costs are in one currency, effects in one unit (QALYs, limbs, ...), more being better. Both may
    be negative here, because increments against a comparator and costs net of savings are; files are checked more
    strictly (`reading`). One draw is enough for the incremental analysis; probabilities and the value of information
    need two. All faults are raised together as `BadInput`. The arrays are read-only copies.
    """

    options: tuple[str, ...]
    cost: Array
    effect: Array
    parameters: pd.DataFrame | None
    source: str

    def __init__(
        self,
        options: Sequence[str],
        cost: ArrayLike,
        effect: ArrayLike,
        parameters: pd.DataFrame | None = None,
        source: str = "results",
    ) -> None:
        arrays = {name: np.array(values, dtype=np.float64) for name, values in (("cost", cost), ("effect", effect))}
        if parameters is not None:
            parameters = parameters.reset_index(drop=True)
        problems = _problems(tuple(options), arrays["cost"], arrays["effect"], parameters, source)
        if problems:
            raise BadInput(problems)
        for array in arrays.values():
            array.setflags(write=False)
        object.__setattr__(self, "options", tuple(options))
        object.__setattr__(self, "cost", arrays["cost"])
        object.__setattr__(self, "effect", arrays["effect"])
        object.__setattr__(self, "parameters", parameters)
        object.__setattr__(self, "source", source)

    @property
    def draws(self) -> int:
        """How many draws there are."""
        return len(self.cost)

    def column(self, option: str) -> int:
        """The position of an option; an unknown name is `BadInput`."""
        if option not in self.options:
            raise BadInput([Problem(self.source, "option", repr(option), nearest(option, self.options))])
        return self.options.index(option)

    def need_draws(self, what: str) -> None:
        """Refuse `what` where a single draw says nothing about uncertainty."""
        if self.draws < 2:
            allowed = f"at least 2: {what} describes what is not known, and one draw holds no uncertainty"
            raise BadInput([Problem(self.source, "number of draws", str(self.draws), allowed)])


def totals(results: CostEffectResults) -> pd.DataFrame:
    """Mean cost and effect per option: option, quantity, mean, se, low, high.

    `se` is the Monte Carlo standard error of the mean over draws, `low` and `high` the 95% interval of the draws.
    With one draw they are missing.
    """
    rows = []
    for position, option in enumerate(results.options):
        for quantity, values in (("cost", results.cost), ("effect", results.effect)):
            rows.append({"option": option, "quantity": quantity, **spread_of(values[:, position])})
    return pd.DataFrame(rows)


def spread_of(values: Array, prefix: str = "") -> dict[str, float]:
    """Mean, Monte Carlo standard error and 95% interval of one value per draw, under `prefix`."""
    low, high = np.quantile(values, INTERVAL) if len(values) > 1 else (np.nan, np.nan)
    mean = f"{prefix}_" if prefix else ""
    return {
        prefix or "mean": float(values.mean()),
        f"{mean}se": standard_error(values),
        f"{mean}low": float(low),
        f"{mean}high": float(high),
    }


def standard_error(values: Array) -> float:
    """Standard error of the mean of independent draws; missing for a single draw."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def listed(faults: Sequence[Problem], more: str) -> list[Problem]:
    """The first faults of one kind, and one line that counts the others."""
    if len(faults) <= LISTED:
        return list(faults)
    first = faults[0]
    return [*faults[:LISTED], Problem(first.file, more, f"{len(faults) - LISTED} more like these", first.allowed)]


def shown(cell: object) -> str:
    """A cell of a table as its owner wrote it: words in quotes, numbers plain."""
    return repr(cell) if isinstance(cell, str) else str(cell)


def _problems(
    options: tuple[str, ...], cost: Array, effect: Array, parameters: pd.DataFrame | None, source: str
) -> list[Problem]:
    found = option_problems(options, source)
    for name, array in (("cost", cost), ("effect", effect)):
        if array.ndim != 2 or array.shape[1] != len(options) or len(array) == 0:
            allowed = f"(draws, {len(options)}): one row per draw, one column per option"
            found.append(Problem(source, f"shape of {name}", str(array.shape), allowed))
            continue
        faults = [
            Problem(
                source,
                f"{name} in row {row + 1}, option {options[column]!r}",
                str(array[row, column]),
                "a finite number",
            )
            for row, column in np.argwhere(~np.isfinite(array))
        ]
        found += listed(faults, name)
    if cost.ndim == effect.ndim == 2 and len(cost) != len(effect):
        found.append(Problem(source, "rows of effect", str(len(effect)), f"as many as rows of cost: {len(cost)}"))
    if parameters is not None:
        if len(parameters) != len(cost):
            found.append(Problem(source, "rows of parameters", str(len(parameters)), f"one per draw: {len(cost)}"))
        found += parameter_problems(parameters, source)
    return found


def option_problems(options: Sequence[str], source: str) -> list[Problem]:
    """What is wrong with the names of the options."""
    found = [
        Problem(source, "option", f"{name!r}, {count} times", "every option once")
        for name, count in Counter(options).items()
        if count > 1
    ]
    found += [Problem(source, "option", shown(name), ALLOWED) for name in options if not is_label(str(name))]
    if len(set(options)) < 2:
        given = ", ".join(map(repr, dict.fromkeys(options))) or "none"
        found.append(Problem(source, "options", given, "at least 2: a decision needs something to choose between"))
    return found


def parameter_problems(parameters: pd.DataFrame, source: str) -> list[Problem]:
    """What is wrong with the parameter columns: names twice, values that are not finite numbers."""
    found = [
        Problem(source, "parameter", f"{name!r}, {count} times", "every parameter once")
        for name, count in Counter(map(str, parameters.columns)).items()
        if count > 1
    ]
    found += [Problem(source, "parameter", shown(n), ALLOWED) for n in parameters.columns if not is_label(str(n))]
    for position, name in enumerate(parameters.columns):
        column = parameters.iloc[:, position]
        values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
        faults = [
            Problem(source, f"parameter {name!r} in row {row + 1}", shown(column.iloc[row]), "a finite number")
            for row in np.flatnonzero(~np.isfinite(values))
        ]
        found += listed(faults, f"parameter {name!r}")
    return found
