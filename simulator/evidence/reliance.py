"""Which results rest on values that were recalled or assumed rather than read in a publication."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence

import pandas as pd

from simulator.evidence import distributions
from simulator.evidence.parameter import Grade
from simulator.evidence.register import Register

WEAK: tuple[Grade, ...] = ("recalled", "assumption")

Outcomes = Callable[[Sequence[Mapping[str, float]]], Sequence[Mapping[str, float]]]
"""Results by name for each set of values of all parameters. The same luck for all makes a change free of noise."""

COLUMNS = ["outcome", "parameter", "grade", "low_value", "high_value", "base", "at_low", "at_high", "swing"]


def reliance(register: Register, outcomes: Outcomes, grades: Collection[Grade] = WEAK) -> pd.DataFrame:
    """What each weakly supported parameter does to each result, moved alone to its 95% limits.

    One row per outcome and parameter of the given grades: the limits in the parameter's unit (`low_value`,
    `high_value`), the result with every parameter at its value (`base`), the change from it at either limit
    (`at_low`, `at_high`), and `swing`, the span of the three. Sorted by outcome, the largest swing first. A parameter
    whose distribution is fixed cannot be moved: its changes are missing (NaN) and it stands last, because an assumption
    without an interval is still an assumption.

    Asks `outcomes` once, for the register's own values and two more sets for each parameter that moves. Raises ValueError
    when a result is not finite.
    """
    values = register.values()
    weak = [parameter for parameter in register.parameters if parameter.grade in grades]
    limits = {parameter.name: distributions.limits(parameter) for parameter in weak}
    moves = [(name, value) for name, (low, high) in limits.items() if low < high for value in (low, high)]
    asked = outcomes([values, *(values | {name: value} for name, value in moves)])
    base = _finite(asked[0], "the register's own values")
    found = {move: _finite(results, f"{move[0]} = {move[1]!r}") for move, results in zip(moves, asked[1:], strict=True)}
    rows = []
    for parameter in weak:
        low, high = limits[parameter.name]
        moved = [found.get((parameter.name, value)) for value in (low, high)]
        for name in base:
            at_low, at_high = (math.nan if each is None else each[name] - base[name] for each in moved)
            changes = all(each is not None for each in moved)
            swing = max(0.0, at_low, at_high) - min(0.0, at_low, at_high) if changes else math.nan
            rows.append((name, parameter.name, parameter.grade, low, high, base[name], at_low, at_high, swing))
    table = pd.DataFrame(rows, columns=COLUMNS)
    order = {name: i for i, name in enumerate(base)}
    keys = table.assign(order=table["outcome"].map(order)).sort_values(
        ["order", "swing"], ascending=[True, False], kind="stable", na_position="last"
    )
    return keys[COLUMNS].reset_index(drop=True)


def _finite(results: Mapping[str, float], where: str) -> dict[str, float]:
    wrong = {name: value for name, value in results.items() if not math.isfinite(value)}
    if wrong:
        raise ValueError(f"results are not finite at {where}: {wrong}")
    return {name: float(value) for name, value in results.items()}
