"""Which results rest on values that were recalled or assumed rather than read in a publication."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping

import pandas as pd

from simulator.evidence import distributions
from simulator.evidence.parameter import Grade
from simulator.evidence.register import Register

WEAK: tuple[Grade, ...] = ("recalled", "assumption")

Outcomes = Callable[[Mapping[str, float]], Mapping[str, float]]
"""Results by name for the values of all parameters. The same luck for every call makes a change free of noise."""

COLUMNS = ["outcome", "parameter", "grade", "low_value", "high_value", "base", "at_low", "at_high", "swing"]


def reliance(register: Register, outcomes: Outcomes, grades: Collection[Grade] = WEAK) -> pd.DataFrame:
    """What each weakly supported parameter does to each result, moved alone to its 95% limits.

    One row per outcome and parameter of the given grades: the limits in the parameter's unit (`low_value`,
    `high_value`), the result with every parameter at its value (`base`), the change from it at either limit
    (`at_low`, `at_high`), and `swing`, the span of the three. Sorted by outcome, the largest swing first. A parameter
    whose distribution is fixed cannot be moved: its changes are missing (NaN) and it stands last, because an assumption
    without an interval is still an assumption.

    Calls `outcomes` once and then twice for each parameter that moves. Raises ValueError when a result is not finite.
    """
    values = register.values()
    base = _finite(outcomes(values), "the register's own values")
    rows = []
    for parameter in register.parameters:
        if parameter.grade not in grades:
            continue
        low, high = distributions.limits(parameter)
        changes: dict[str, dict[str, float]] = {}
        if low < high:
            for side, value in (("at_low", low), ("at_high", high)):
                moved = _finite(outcomes(values | {parameter.name: value}), f"{parameter.name} = {value!r}")
                changes[side] = {name: moved[name] - base[name] for name in base}
        for name in base:
            at_low = changes["at_low"][name] if changes else math.nan
            at_high = changes["at_high"][name] if changes else math.nan
            swing = max(0.0, at_low, at_high) - min(0.0, at_low, at_high) if changes else math.nan
            rows.append((name, parameter.name, parameter.grade, low, high, base[name], at_low, at_high, swing))
    table = pd.DataFrame(rows, columns=COLUMNS)
    order = {name: i for i, name in enumerate(base)}
    keys = table.assign(order=table["outcome"].map(order)).sort_values(
        ["order", "swing"], ascending=[True, False], kind="stable", na_position="last"
    )
    return keys[COLUMNS].reset_index(drop=True)


def statements(table: pd.DataFrame, least: float = 0.1) -> list[str]:
    """One sentence per outcome of a `reliance` table: the parameters that swing it by at least `least` of its base."""
    said = []
    for outcome, rows in table.groupby("outcome", sort=False):
        strong = rows[rows["swing"] >= least * rows["base"].abs()]
        strong = strong[strong["swing"] > 0]
        if strong.empty:
            said.append(f"{outcome} moves by less than {least:.0%} with any one recalled or assumed value.")
        else:
            names = ", ".join(f"{row.parameter} ({row.grade}, swing {row.swing:.3g})" for row in strong.itertuples())
            said.append(f"{outcome} (base {rows['base'].iloc[0]:.3g}) rests on {names}.")
    return said


def _finite(results: Mapping[str, float], where: str) -> dict[str, float]:
    wrong = {name: value for name, value in results.items() if not math.isfinite(value)}
    if wrong:
        raise ValueError(f"results are not finite at {where}: {wrong}")
    return {name: float(value) for name, value in results.items()}
