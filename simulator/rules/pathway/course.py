"""Which competing risk comes first, and when: cumulative hazards along the perfusion path, inverted in closed form.

Budgets are spent up to `life.anchor` only. The anchor moves when a hazard or the path changes, never because somebody looked,
so two policies that treat a patient alike give that patient the same times to the last bit.
"""

from __future__ import annotations

from math import exp, inf
from typing import Any

from simulator.compiling import compiled
from simulator.rules.hazards import cumulative_hazard, time_to_spend
from simulator.rules.pathway.life import RISKS
from simulator.rules.perfusion import crossing, saturated, segment
from simulator.words.vocabulary import Risk


@compiled
def start_hazards(life: Any, t: float, tcpo2: float, slope: float) -> None:
    """Each active risk's hazard (per year) and exponent (per year) at the start of a straight segment of the path."""
    for k in range(RISKS):
        if life.rate[k] > 0.0:
            per_mmhg, trend = life.per_mmhg[k], life.trend[k]
            seen, rising = tcpo2, slope
            if k == Risk.HEALING:
                seen, rising = saturated(tcpo2, slope, life.healing_enough)
            life.exponent[k] = per_mmhg * rising + trend
            life.hazard[k] = life.rate[k]
            # A constant hazard needs no exponential, and exp(0) is 1 exactly: the same bits, sooner.
            if per_mmhg != 0.0 or trend != 0.0:
                life.hazard[k] *= exp(per_mmhg * (seen - life.reference) + trend * (t - life.since[k]))


@compiled
def straight(life: Any, t: float) -> tuple[float, float, float]:
    """The path at time t (years) as `segment` has it, up to where healing begins or ceases to depend on it."""
    value, slope, end = segment(life, t)
    if life.rate[Risk.HEALING] > 0.0:
        end = min(end, crossing(value, slope, t, life.healing_enough))
    return value, slope, end


@compiled
def spend(life: Any, budgets: Any, duration: float) -> None:
    """Take the cumulative hazard of `duration` years from the budgets, which rounding may not push below zero."""
    for k in range(RISKS):
        if life.rate[k] > 0.0:
            budgets[k] = max(0.0, budgets[k] - cumulative_hazard(life.hazard[k], life.exponent[k], duration))


@compiled
def first_risk(life: Any, until: float) -> tuple[float, int]:
    """Time (years) and risk of the first competing event before `until`; (inf, -1) if there is none."""
    for k in range(RISKS):
        life.remaining[k] = life.budget[k]
    t = life.anchor
    while t < until:
        tcpo2, slope, end = straight(life, t)
        end = min(end, until)
        start_hazards(life, t, tcpo2, slope)
        first, which = inf, -1
        for k in range(RISKS):
            if life.rate[k] > 0.0:
                wait = time_to_spend(life.remaining[k], life.hazard[k], life.exponent[k])
                if wait < first:
                    first, which = wait, k
        if t + first <= end:
            return t + first, which
        spend(life, life.remaining, end - t)
        t = end
    return inf, -1


@compiled
def spend_until(life: Any, until: float) -> None:
    """Move the anchor to `until` (years), spending every active risk's budget on the way."""
    t = life.anchor
    while t < until:
        tcpo2, slope, end = straight(life, t)
        end = min(end, until)
        start_hazards(life, t, tcpo2, slope)
        spend(life, life.budget, end - t)
        t = end
    life.anchor = until
