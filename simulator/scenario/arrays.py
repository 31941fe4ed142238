"""From checked settings to the typed records that engines read: parameters, policies, entry criteria, clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import inf, log1p
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import record_dtype
from simulator.evidence.former_names import known_instead
from simulator.evidence.hospitals import FIELDS, OFFSETS, RATES, RESPONSE_PROBABILITY, at_hospital
from simulator.evidence.register import Register
from simulator.evidence.therapies.therapy import CELLS, Therapy
from simulator.evidence.therapies.therapy_numbers import NUMBERS
from simulator.evidence.wholes import WHOLES, Whole, too_much
from simulator.evidence.wholes import columns as views_of
from simulator.records import record_at
from simulator.rules.pathway.policy import POLICY
from simulator.rules.pathway.procedure import AFTER_CELLS, THERAPIES, THERAPY
from simulator.rules.population.criteria import CRITERIA
from simulator.scenario.economics import Discounting
from simulator.scenario.policy import Criteria, Policy
from simulator.scenario.policy import Start as StartAfter
from simulator.words.errors import BadInput, Problem
from simulator.words.vocabulary import DAYS_PER_YEAR, Marker, Repeat, Start

if TYPE_CHECKING:
    import pandas as pd

SHARE = "attributable_share"
"""The field that a view of the evidence fills: the share of recovery that cell therapy causes."""
DEATH_SHARE = "death_causal_share"
"""Another: the share of the association of ischaemia and amputation with death that is causal."""
BY_VIEW = (SHARE, DEATH_SHARE)
DEATH_LEVEL = "death_level"
"""How the names of the factors begin that keep the founding cohort's deaths the same in every view; the central one has none."""

_SUITABLE = {"any": -1.0, "no": 0.0, "yes": 1.0}


@lru_cache(maxsize=8)
def _fields(names: tuple[str, ...]) -> np.dtype[Any]:
    return record_dtype([*((name, np.float64) for name in (*names, *BY_VIEW)), THERAPIES])


def parameter_dtype(register: Register) -> np.dtype[Any]:
    """One float64 field per parameter of the register, the shares of the view in force, and a record of each therapy.

    Numbers of therapies are in those records alone, so that a therapy more changes no type. The same
    object for the same names, because compiled code looks its version up by it.
    """
    of_therapies = register.of_therapies
    return _fields(tuple(name for name in register.names() if name not in of_therapies))


def flat(params: NDArray[np.void]) -> NDArray[np.float64]:
    """Parameters as a float view, shape (draws, numbers), for whoever keeps or compares them whole."""
    numbers: NDArray[np.float64] = np.ascontiguousarray(params).view(np.float64).reshape(len(params), -1)
    return numbers


def flat_names(dtype: np.dtype[Any]) -> tuple[str, ...]:
    """What the numbers of `flat` are called: a therapy's by its place in the register and the number's key."""
    names: list[str] = []
    for field in dtype.names or ():
        if field == THERAPIES[0]:
            names += [f"therapy {k}: {number}" for k in range(THERAPIES[2][0]) for number in THERAPY.names or ()]
        else:
            names.append(field)
    return tuple(names)


def column_names(draws: NDArray[np.void] | pd.DataFrame) -> tuple[str, ...]:
    """Names of the columns of a structured array or a table."""
    names = draws.dtype.names or () if isinstance(draws, np.ndarray) else draws.columns
    return tuple(str(name) for name in names)


def parameter_draws(
    register: Register, view: str, draws: NDArray[np.void] | pd.DataFrame | None = None
) -> NDArray[np.void]:
    """The parameters of each draw, shape (draws,): the register's values with those of `draws` laid over them.

    `draws` has a column for each parameter that varies (a column `draw` is left aside); without it there is one draw,
    the register's own values. The shares that a view fills are its own unless `draws` has them. Rates are those of the
    hospital: its offsets multiply them and are zero afterwards, so that a table which went through here can go again.

    Raises BadInput for unknown names, values outside their range, shares of one whole that add to more than 1, and a
    table without rows.
    """
    columns: dict[str, Any] = {}
    if draws is not None:
        columns = by_name(draws, register, view)
    rows = 1 if draws is None else len(draws)
    problems = _faults(register, columns)
    if rows == 0:
        problems.append(Problem("draws", "rows", "0", "at least one draw"))
    if problems:
        raise BadInput(problems)
    table = np.zeros(rows, parameter_dtype(register))
    values = register.values()
    for name in parameter_dtype(register).names or ():
        if name in values:
            table[name] = columns.get(name, values[name])
    _fill_therapies(table["therapies"], register, view, values | columns)
    for share in BY_VIEW:
        table[share] = columns.get(share, table[f"{share}_{view}"])
    if any(name in columns for whole in WHOLES for name in whole.shares):
        problems = [_too_much("draws", *found) for found in too_much(views_of(table))]
        if problems:
            raise BadInput(problems)
    level = f"{DEATH_LEVEL}_{view}"
    if level in register:
        table["death_rate_wound"] *= table[level]
        # The rate has it now, and this table may go through here again.
        table[level] = 1.0
    return _at_its_hospital(table, register)


def _at_its_hospital(table: NDArray[np.void], register: Register) -> NDArray[np.void]:
    """Offsets of the hospital put into the rates, which stay inside the ranges that the register allows."""
    fields: Any = table
    offsets = {name: fields[FIELDS[name]].copy() for name in OFFSETS}
    if not any(values.any() for values in offsets.values()):
        return table
    there: Any = within_range(at_hospital(table, offsets), register)
    for name in OFFSETS:
        there[FIELDS[name]] = 0.0
    return np.asarray(there)


def within_range(table: NDArray[np.void], register: Register) -> NDArray[np.void]:
    """Parameters at hospitals with the rates that offsets move kept inside the ranges that the register allows, in place."""
    fields: Any = table
    for rate in (*(rate for rates in RATES.values() for rate in rates), RESPONSE_PROBABILITY):
        fields[rate] = np.clip(fields[rate], *register[rate].range)
    return table


def by_name(draws: NDArray[np.void] | pd.DataFrame, register: Register, view: str) -> dict[str, NDArray[Any]]:
    """The columns of draws by the register's names; of records that engines read, the numbers of therapies too.

    A number that differs by view is that of `view`, the only one which the records hold. A column `draw` is left aside.
    """
    columns = {name: np.asarray(draws[name]) for name in column_names(draws) if name not in ("draw", THERAPIES[0])}
    if isinstance(draws, np.ndarray) and THERAPIES[0] in column_names(draws):
        for place, therapy in enumerate(register.therapies.values()):
            for number in NUMBERS:
                name = therapy.parameter(number, view)
                if name is not None:
                    columns[name] = draws[THERAPIES[0]][number][:, place]
    return columns


def _fill_therapies(table: NDArray[np.void], register: Register, view: str, values: Mapping[str, Any]) -> None:
    """Write each therapy's numbers in an evidence view into its place; what a therapy leaves out does nothing."""
    for place, therapy in enumerate(register.therapies.values()):
        table["luck"][:, place] = therapy.luck
        for number, about in NUMBERS.items():
            name = therapy.parameter(number, view)
            table[number][:, place] = about.without if name is None else values[name]


def _too_much(file: str, whole: Whole, total: NDArray[np.float64], wrong: NDArray[np.bool_]) -> Problem:
    first = int(np.flatnonzero(wrong)[0])
    also = f" and {int(wrong.sum()) - 1} more" if wrong.sum() > 1 else ""
    return Problem(file, whole.key, f"{total[first]:g} in draw {first}{also}", "at most 1 together in every draw")


def _faults(register: Register, columns: Mapping[str, NDArray[Any]]) -> list[Problem]:
    ranges = {
        name: register[name].range if name in register else (0.0, 1.0) for name in columns if _known(register, name)
    }
    numbers = {name: columns[name] for name in ranges if columns[name].dtype.kind in "fiu"}
    wrong = _beyond(ranges, numbers)
    problems = []
    for name in (each for each in columns if each not in numbers or each in wrong):
        if name not in ranges:
            problems.append(
                Problem("draws", name, "unknown parameter", known_instead(name, (*register.names(), *BY_VIEW)))
            )
            continue
        if name in wrong:
            places = wrong[name]
            also = f" and {places.size - 1} more" if places.size > 1 else ""
            value = f"{float(numbers[name][places[0]])!r} in draw {places[0]}{also}"
        else:
            value = f"values of type {columns[name].dtype}"
        low, high = ranges[name]
        problems.append(Problem("draws", name, value, f"a number, {low:g} to {high:g}"))
    return problems


def _known(register: Register, name: str) -> bool:
    return name in register or name in BY_VIEW


def _beyond(
    ranges: Mapping[str, tuple[float, float]], columns: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[np.intp]]:
    """The draws in which a parameter is no number of its range. All columns at once: many small tables come through here."""
    if not columns:
        return {}
    limits = np.array([ranges[name] for name in columns])
    table = np.array(list(columns.values()), np.float64)
    wrong = ~((table >= limits[:, :1]) & (table <= limits[:, 1:]) & np.isfinite(table))
    names = list(columns)
    return {names[k]: np.flatnonzero(wrong[k]) for k in np.flatnonzero(wrong.any(axis=1))}


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
    record = record_at(records, 0)
    _fill(record, criteria)
    return record


def policy_records(policies: Iterable[Policy], therapies: Mapping[str, Therapy]) -> NDArray[np.void]:
    """Policies as records of POLICY, shape (policies,), with the numbers of their `therapies`. Waits become years."""
    listed, numbers = list(policies), {name: place for place, name in enumerate(therapies)}
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
        record["product"] = numbers[cells.product]
        record["route"] = numbers[cells.route]
        record["repeat_rule"] = Repeat[repeat.rule.upper()]
        record["stop_at_tcpo2"] = inf if repeat.stop_at_tcpo2 is None else repeat.stop_at_tcpo2
        record["step_count"] = len(policy.therapies)
        record["cells_start"], record["cells_after"], record["cells_rise_below"] = _start(cells.start, policy)
        for step, own in zip(record["steps"], policy.therapies, strict=False):
            therapy = therapies[own.therapy]
            _fill(step, Criteria.model_validate(therapy.record.eligibility))
            step["therapy"] = numbers[own.therapy]
            step["start"], step["after"], step["rise_below"] = _start(own.start, policy)
            step["wait"] = (cells.waiting_days if own.wait_days is None else own.wait_days) / DAYS_PER_YEAR
            step["slot"] = therapy.record.slots
    return records


def _start(start: StartAfter | None, policy: Policy) -> tuple[float, float, float]:
    """When something starts, after which step (-1: cells), and the rise (mmHg) below which there was no response."""
    if start is None:
        return float(Start.REFERRAL), AFTER_CELLS, 0.0
    after = AFTER_CELLS if start.after == CELLS else policy.given.index(start.after)
    return float(Start[start.when.upper()]), float(after), start.rise_below or 0.0


def clock(horizon: float, discounting: Discounting) -> NDArray[np.float64]:
    """Horizon (years) and the continuous discount rates of effects and costs (per year)."""
    return np.array([horizon, log1p(discounting.effects), log1p(discounting.costs)])
