"""Numbers of a policy that a study may vary beside the parameters, as in ``protocol.cell_therapy.interval_days``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from simulator.scenario.policy import Policy
from simulator.sensitivity.inputs import Input


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


def _base(policy: Policy, key: str) -> float:
    """The number in force; infinite for a limit that is not set."""
    table, _, field = key.partition(".")
    value = getattr(getattr(policy, table), field)
    return math.inf if value is None else float(value)
