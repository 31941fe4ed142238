"""What a study of the clinical model can watch.

    protocol.major_amputation@1                                 under one policy, by one year
    difference(protocol, conservative).life_years@horizon       between two policies, in the same patients
    protocol.cost                                               discounted, over the whole horizon
    difference(protocol, conservative).net_benefit(33000)       at a threshold, money per QALY

An outcome is any of `simulator.living.outcomes.OUTCOMES`, at a number of years or at the horizon. Costs, QALYs and net
benefit are those of the scenario's table ``[economics]``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass

from simulator.living.outcomes import OUTCOMES
from simulator.questions.sweep.methods.model import Fault
from simulator.words.errors import nearest

HORIZON = "horizon"
COST, QALYS, NET_BENEFIT = "cost", "qalys", "net_benefit"
WORTH = (COST, QALYS, NET_BENEFIT)
FORM = (
    "POLICY.MEASURE or difference(POLICY, REFERENCE).MEASURE, where MEASURE is OUTCOME@YEARS, cost, qalys or"
    " net_benefit(THRESHOLD), as protocol.major_amputation@1"
)
_FORM = re.compile(r"(?:difference\(([\w-]+), ?([\w-]+)\)|([\w-]+))\.(\w+)(?:@(\w[\w.]*)|\((\w[\w.]*)\))?")


@dataclass(frozen=True)
class ClinicalOutput:
    """The mean of `measure` under `policy`, less that under `reference` where there is one.

    `time` (years) is there for outcomes, `threshold` (money per QALY) for net benefit.
    """

    policy: str
    reference: str | None
    measure: str
    time: float | None = None
    threshold: float | None = None

    @property
    def policies(self) -> tuple[str, ...]:
        """The policies that must be simulated for it."""
        return (self.policy,) if self.reference is None else (self.policy, self.reference)

    @property
    def needs_money(self) -> bool:
        """Whether it needs prices or utilities."""
        return self.measure in WORTH


def read_output(text: str, policies: Collection[str], horizon: float) -> ClinicalOutput | list[Fault]:
    """The output of a study's text, or everything that is wrong with it."""
    found = _FORM.fullmatch(text)
    if found is None:
        return [("outputs", text, FORM)]
    first, second, only, measure, when, bound = found.groups()
    named: list[str] = [only] if only else [first, second]
    faults = [f"{nearest(name, policies)} for {name!r}" for name in named if name not in policies]
    if first and first == second:
        faults.append("two different policies")
    time = threshold = None
    if measure in OUTCOMES:
        time = _years(when, horizon)
        if time is None:
            faults.append(f"{measure}@YEARS with a number of years up to the horizon, {horizon:g}, or {HORIZON!r}")
    elif measure == NET_BENEFIT:
        threshold = _number(bound)
        if threshold is None:
            faults.append(f"{NET_BENEFIT}(THRESHOLD) with a number above 0")
    elif measure not in WORTH:
        faults.append(f"{nearest(measure, (*OUTCOMES, *WORTH))} for {measure!r}")
    elif when or bound:
        faults.append(f"{measure} alone, because it is over the whole horizon")
    if faults:
        return [("outputs", text, allowed) for allowed in faults]
    return ClinicalOutput(named[0], None if only else second, measure, time, threshold)


def _years(text: str | None, horizon: float) -> float | None:
    if text == HORIZON:
        return horizon
    years = 0.0 if text in {"0", "0.0"} else _number(text)
    return years if years is not None and years <= horizon else None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0.0 < number < math.inf else None
