"""What a study of the clinical model can watch.

    protocol.major_amputation@1                                 under one policy, by one year
    difference(protocol, conservative).life_years@horizon       between two policies, in the same patients

An outcome is any of `simulator.engines.outcomes.OUTCOMES`, at a number of years or at the horizon.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from simulator.engines.outcomes import OUTCOMES
from simulator.errors import nearest
from simulator.sensitivity.model import Fault

HORIZON = "horizon"
FORM = "POLICY.OUTCOME@YEARS or difference(POLICY, REFERENCE).OUTCOME@YEARS, as protocol.major_amputation@1"
_FORM = re.compile(r"(?:difference\(([\w-]+), ?([\w-]+)\)|([\w-]+))\.(\w+)@(\w[\w.]*)")


@dataclass(frozen=True)
class ClinicalOutput:
    """The mean of `outcome` at `time` (years) under `policy`, less that under `reference` where there is one."""

    policy: str
    reference: str | None
    outcome: str
    time: float

    @property
    def policies(self) -> tuple[str, ...]:
        """The policies that must be simulated for it."""
        return (self.policy,) if self.reference is None else (self.policy, self.reference)


def read_output(text: str, policies: Collection[str], horizon: float) -> ClinicalOutput | list[Fault]:
    """The output of a study's text, or everything that is wrong with it."""
    found = _FORM.fullmatch(text)
    if found is None:
        return [("outputs", text, FORM)]
    first, second, only, outcome, when = found.groups()
    named: list[str] = [only] if only else [first, second]
    faults = [f"{nearest(name, policies)} for {name!r}" for name in named if name not in policies]
    if first and first == second:
        faults.append("two different policies")
    if outcome not in OUTCOMES:
        faults.append(f"{nearest(outcome, OUTCOMES)} for {outcome!r}")
    time = _years(when, horizon)
    if time is None:
        faults.append(f"a number of years up to the horizon, {horizon:g}, or {HORIZON!r}, for {when!r}")
    if faults or time is None:
        return [("outputs", text, allowed) for allowed in faults]
    return ClinicalOutput(named[0], None if only else second, outcome, time)


def _years(text: str, horizon: float) -> float | None:
    if text == HORIZON:
        return horizon
    try:
        years = float(text)
    except ValueError:
        return None
    return years if 0.0 <= years <= horizon else None
