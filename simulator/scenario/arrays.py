"""From checked settings to the typed records that engines read: parameters, policies, entry criteria, clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import inf, log1p
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import record_dtype
from simulator.evidence.hospitals import FIELDS, OFFSETS, RATES, RESPONSE_PROBABILITY, at_hospital
from simulator.evidence.register import Register
from simulator.evidence.wholes import WHOLES, Whole, too_much
from simulator.evidence.wholes import columns as views_of
from simulator.rules.pathway.policy import POLICY
from simulator.rules.population.criteria import CRITERIA
from simulator.scenario.economics import Discounting
from simulator.scenario.policy import Criteria, Policy
from simulator.words.errors import BadInput, Problem, nearest
from simulator.words.vocabulary import DAYS_PER_YEAR, Marker, Product, Repeat, Route

if TYPE_CHECKING:
    import pandas as pd

SHARE = "attributable_share"
"""The field that a view of the evidence fills: the share of recovery that cell therapy causes."""

_SUITABLE = {"any": -1.0, "no": 0.0, "yes": 1.0}


@lru_cache(maxsize=8)
def _fields(names: tuple[str, ...]) -> np.dtype[Any]:
    return record_dtype([(name, np.float64) for name in (*names, SHARE)])


def parameter_dtype(register: Register) -> np.dtype[Any]:
    """One float64 field per parameter of the register, and the attributable share in force.

    The same object for the same names, because compiled code looks its version up by it.
    """
    return _fields(register.names())


def column_names(draws: NDArray[np.void] | pd.DataFrame) -> tuple[str, ...]:
    """Names of the columns of a structured array or a table."""
    names = draws.dtype.names or () if isinstance(draws, np.ndarray) else draws.columns
    return tuple(str(name) for name in names)


def parameter_draws(
    register: Register, view: str, draws: NDArray[np.void] | pd.DataFrame | None = None
) -> NDArray[np.void]:
    """The parameters of each draw, shape (draws,): the register's values with those of `draws` laid over them.

    `draws` has a column for each parameter that varies (a column `draw` is left aside); without it there is one draw,
    the register's own values. The attributable share is that of the view unless `draws` has it. Rates are those of the
    hospital: its offsets multiply them and are zero afterwards, so that a table which went through here can go again.

    Raises BadInput for unknown names, values outside their range, shares of one whole that add to more than 1, and a
    table without rows.
    """
    columns: dict[str, Any] = {}
    if draws is not None:
        columns = {name: np.asarray(draws[name]) for name in column_names(draws) if name != "draw"}
    rows = 1 if draws is None else len(draws)
    problems = _faults(register, columns)
    if rows == 0:
        problems.append(Problem("draws", "rows", "0", "at least one draw"))
    if problems:
        raise BadInput(problems)
    table = np.zeros(rows, parameter_dtype(register))
    for name, value in register.values().items():
        table[name] = columns.get(name, value)
    table[SHARE] = columns.get(SHARE, table[f"{SHARE}_{view}"])
    if any(name in columns for whole in WHOLES for name in whole.shares):
        problems = [_too_much("draws", *found) for found in too_much(views_of(table))]
        if problems:
            raise BadInput(problems)
    return _at_its_hospital(table, register)


def _at_its_hospital(table: NDArray[np.void], register: Register) -> NDArray[np.void]:
    """Offsets of the hospital put into the rates, which stay inside the ranges that the register allows."""
    fields: Any = table
    offsets = {name: fields[FIELDS[name]].copy() for name in OFFSETS}
    if not any(values.any() for values in offsets.values()):
        return table
    there: Any = at_hospital(table, offsets)
    for rate in (*(rate for rates in RATES.values() for rate in rates), RESPONSE_PROBABILITY):
        there[rate] = np.clip(there[rate], *register[rate].range)
    for name in OFFSETS:
        there[FIELDS[name]] = 0.0
    return np.asarray(there)


def _too_much(file: str, whole: Whole, total: NDArray[np.float64], wrong: NDArray[np.bool_]) -> Problem:
    first = int(np.flatnonzero(wrong)[0])
    also = f" and {int(wrong.sum()) - 1} more" if wrong.sum() > 1 else ""
    return Problem(file, whole.key, f"{total[first]:g} in draw {first}{also}", "at most 1 together in every draw")


def _faults(register: Register, columns: Mapping[str, NDArray[Any]]) -> list[Problem]:
    problems = []
    for name, values in columns.items():
        if name not in register and name != SHARE:
            problems.append(Problem("draws", name, "unknown parameter", nearest(name, (*register.names(), SHARE))))
            continue
        low, high = register[name].range if name in register else (0.0, 1.0)
        allowed = f"a number, {low:g} to {high:g}"
        if values.dtype.kind not in "fiu":
            problems.append(Problem("draws", name, f"values of type {values.dtype}", allowed))
            continue
        wrong = np.flatnonzero(~((values >= low) & (values <= high) & np.isfinite(values)))
        if wrong.size:
            first = f"{float(values[wrong[0]])!r} in draw {wrong[0]}"
            also = f" and {wrong.size - 1} more" if wrong.size > 1 else ""
            problems.append(Problem("draws", name, first + also, allowed))
    return problems


def _fill(record: Any, criteria: Criteria) -> None:
    """Write criteria into a record that has their fields; a limit that is not set is infinite."""
    for name in CRITERIA.names or ():
        value = getattr(criteria, name)
        if name == "angioplasty_suitable":
            value = _SUITABLE[value]
        record[name] = inf if value is None else float(value)


def entry_record(criteria: Criteria) -> Any:
    """Entry criteria as one record of CRITERIA."""
    records = np.zeros(1, CRITERIA)
    _fill(records[0], criteria)
    return records[0]


def policy_records(policies: Iterable[Policy]) -> NDArray[np.void]:
    """Policies as records of POLICY, shape (policies,). Intervals and waits become years."""
    listed = list(policies)
    records = np.zeros(len(listed), POLICY)
    for record, policy in zip(records, listed, strict=True):
        cells, repeat, selection = policy.cell_therapy, policy.repeat, policy.selection
        _fill(record, policy.eligibility)
        record["marker"] = Marker[selection.marker.upper()]
        record["marker_threshold"] = selection.threshold or 0.0
        record["marker_sensitivity"] = selection.sensitivity
        record["marker_specificity"] = selection.specificity
        record["marker_treat_positive"] = selection.treat == "positive"
        record["doses"] = cells.doses
        record["interval"] = (cells.interval_days or 0.0) / DAYS_PER_YEAR
        record["waiting"] = cells.waiting_days / DAYS_PER_YEAR
        record["product"] = Product[cells.product.upper()]
        record["route"] = Route[cells.route.upper()]
        record["repeat_rule"] = Repeat[repeat.rule.upper()]
        record["stop_at_tcpo2"] = inf if repeat.stop_at_tcpo2 is None else repeat.stop_at_tcpo2
        record["angioplasty"] = policy.angioplasty.offered
    return records


def clock(horizon: float, discounting: Discounting) -> NDArray[np.float64]:
    """Horizon (years) and the continuous discount rates of effects and costs (per year)."""
    return np.array([horizon, log1p(discounting.effects), log1p(discounting.costs)])
