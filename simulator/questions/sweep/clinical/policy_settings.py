"""Numbers of a policy that a study may vary beside the parameters, as in ``protocol.cell_therapy.interval_days``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from simulator.questions.sweep.methods.inputs import Floats, Input
from simulator.scenario.policy import Fault, Policy


@dataclass(frozen=True)
class Setting:
    """A number of a policy: its unit and the closed range that policy files allow."""

    unit: str
    low: float
    high: float
    whole: bool = False


SETTINGS: dict[str, Setting] = {
    "cell_therapy.doses": Setting("doses", 0, 20, whole=True),
    "cell_therapy.interval_days": Setting("days", 1.0, 3650.0),
    "cell_therapy.waiting_days": Setting("days", 0.0, 3650.0),
    "repeat.stop_at_tcpo2": Setting("mmHg", 0.0, 200.0),
    "eligibility.tcpo2_at_least": Setting("mmHg", 0.0, 200.0),
    "eligibility.tcpo2_below": Setting("mmHg", 0.0, 200.0),
    "eligibility.age_at_least": Setting("years", 0.0, 130.0),
    "eligibility.age_below": Setting("years", 0.0, 130.0),
    "selection.threshold": Setting("percent", 0.0, 100.0),
    "selection.sensitivity": Setting("probability", 0.0, 1.0),
    "selection.specificity": Setting("probability", 0.0, 1.0),
}
"""Keys of a policy's file. A whole number takes the nearest of what a study asks for."""


def setting_inputs(policies: Mapping[str, Policy]) -> tuple[Input, ...]:
    """The settings of each policy as inputs. They have no distribution, so they vary over ranges and levels only."""
    return tuple(
        Input(f"{name}.{key}", _base(policy, key), None, unit=setting.unit, limits=(setting.low, setting.high))
        for name, policy in policies.items()
        for key, setting in SETTINGS.items()
    )


def belongs_to(name: str, policies: Iterable[str]) -> str | None:
    """The policy whose setting an input is; None for a parameter."""
    policy, _, key = name.partition(".")
    return policy if key in SETTINGS and policy in policies else None


def with_settings(policy: Policy, settings: Mapping[str, float]) -> Policy:
    """The policy with some of its `SETTINGS` replaced. `Policy.faults` tells whether they go together."""
    tables = policy.model_dump(exclude_defaults=True)
    for key, value in settings.items():
        table, _, field = key.partition(".")
        tables.setdefault(table, {})[field] = round(value) if SETTINGS[key].whole else value
    return Policy.model_validate(tables)


def setting_faults(name: str, policy: Policy, columns: Mapping[str, Floats]) -> Iterator[Fault]:
    """What is wrong with the policy called `name` in some row, each fault once; `columns` are the inputs by name.

    Every fault is a limit on one setting or an order of two, so that no row has one if no corner of the box around all
    rows has; only else the rows are looked at one by one.
    """
    own = {key.removeprefix(f"{name}."): column for key, column in columns.items() if belongs_to(key, [name])}
    if not own:
        return
    rows, counts = np.unique(np.column_stack([*own.values()]), axis=0, return_counts=True)
    corners = product(*((column.min(), column.max()) for column in own.values()))
    if not any(_fault_keys(policy, dict(zip(own, corner, strict=True))) for corner in corners):
        return
    found: dict[str, tuple[object, str, int]] = {}
    for row, count in zip(rows, counts.tolist(), strict=True):
        for key, value, allowed in _fault_keys(policy, dict(zip(own, row.tolist(), strict=True))):
            first, said, before = found.get(key, (value, allowed, 0))
            found[key] = first, said, before + count
    for key, (value, allowed, times) in found.items():
        yield f"{name}.{key}", value, f"{allowed}; not so in {times:,} of {counts.sum():,} rows"


def _fault_keys(policy: Policy, settings: Mapping[str, float]) -> list[Fault]:
    try:
        return list(with_settings(policy, settings).faults())
    except ValueError:
        return []  # a setting out of its own range, which is told elsewhere


def _base(policy: Policy, key: str) -> float:
    """The number in force; infinite for a limit that is not set."""
    table, _, field = key.partition(".")
    value = getattr(getattr(policy, table), field)
    return math.inf if value is None else float(value)
