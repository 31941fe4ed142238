"""Which competing risk comes first, and when: cumulative hazards along the perfusion path, inverted in closed form.

Budgets are spent up to `life.anchor` only. The anchor moves when a hazard or the path changes, never because somebody looked,
so two policies that treat a patient alike give that patient the same times to the last bit.
"""

from __future__ import annotations

from math import exp, inf
from typing import Any

from simulator.compiling import compiled
from simulator.rules.hazards import CLOSE, cumulative_hazard, time_to_spend
from simulator.rules.pathway.life import RISKS
from simulator.rules.perfusion import crossing, saturated, segment, shortfall
from simulator.words.vocabulary import DAYS_PER_YEAR, Risk


@compiled
def exponent(life: Any, k: int, tcpo2: float, slope: float) -> float:
    """Exponent (per year) of one risk's hazard on a straight segment of the path.

    Healing does not speed up above what is enough, and slows down faster below the least.
    """
    if k != Risk.HEALING:
        return float(life.per_mmhg[k] * slope + life.trend[k])
    _, rising = saturated(tcpo2, slope, life.healing_enough)
    _, lacking = shortfall(tcpo2, slope, life.healing_least)
    return float(life.per_mmhg[k] * rising - life.healing_short * lacking + life.trend[k])


@compiled
def start_hazard(life: Any, k: int, t: float, tcpo2: float, slope: float) -> None:
    """The hazard (per year) and exponent (per year) of one active risk at the start of a straight segment of the path."""
    per_mmhg, trend = life.per_mmhg[k], life.trend[k]
    life.exponent[k] = exponent(life, k, tcpo2, slope)
    life.hazard[k] = life.rate[k]
    seen, lack = tcpo2, 0.0
    if k == Risk.HEALING:
        seen, _ = saturated(tcpo2, slope, life.healing_enough)
        short, _ = shortfall(tcpo2, slope, life.healing_least)
        lack = life.healing_short * short
    # A constant hazard needs no exponential, and exp(0) is 1 exactly: the same bits, sooner.
    if per_mmhg != 0.0 or trend != 0.0 or lack != 0.0:
        life.hazard[k] *= exp(per_mmhg * (seen - life.reference) + trend * (t - life.since[k]) - lack)


@compiled
def lag_hazard(life: Any, k: int, t: float, days: float) -> float:
    """Cumulative hazard of risk k over so many days from t (years) on, in which nothing of it happens.

    Exact while the path is straight and no hazard changes for those days. The anchor stands at t.
    """
    if life.rate[k] <= 0.0 or days <= 0.0:
        return 0.0
    tcpo2, slope, _ = segment(life, t)
    start_hazard(life, k, t, tcpo2, slope)
    return float(cumulative_hazard(life.hazard[k], life.exponent[k], days / DAYS_PER_YEAR))


@compiled
def put_off(life: Any, k: int, t: float, days: float) -> None:
    """Let nothing of risk k happen for so many days from t (years) on: it must spend what it would spend in them as well."""
    life.budget[k] += lag_hazard(life, k, t, days)


@compiled
def start_hazards(life: Any, t: float, tcpo2: float, slope: float) -> None:
    """As `start_hazard`, of every active risk."""
    for k in range(RISKS):
        if life.rate[k] > 0.0:
            start_hazard(life, k, t, tcpo2, slope)


@compiled
def turn_hazards(life: Any, tcpo2: float, slope: float) -> None:
    """Each active risk's exponent where the path turns; the hazards themselves, like the path, do not jump."""
    for k in range(RISKS):
        if life.rate[k] > 0.0:
            life.exponent[k] = exponent(life, k, tcpo2, slope)


@compiled
def straight(life: Any, t: float) -> tuple[float, float, float]:
    """The path at time t (years) as `segment` has it, up to where healing begins to depend on it in another way."""
    value, slope, end = segment(life, t)
    if life.rate[Risk.HEALING] > 0.0:
        end = min(end, crossing(value, slope, t, life.healing_enough), crossing(value, slope, t, life.healing_least))
    return value, slope, end


@compiled
def integrate(life: Any, duration: float) -> None:
    """Each active risk's cumulative hazard over `duration` years, into `life.cumulative`."""
    for k in range(RISKS):
        if life.rate[k] > 0.0:
            life.cumulative[k] = cumulative_hazard(life.hazard[k], life.exponent[k], duration)


@compiled
def spend(life: Any, budgets: Any, duration: float) -> None:
    """Take what was integrated over `duration` years from the budgets, which rounding may not push below zero.

    Hazards move on to the end of it. What a cumulative hazard says of that is exact unless the hazard fades to nothing.
    """
    for k in range(RISKS):
        if life.rate[k] > 0.0:
            budgets[k] = max(0.0, budgets[k] - life.cumulative[k])
            if life.exponent[k] * duration > -1.0:
                life.hazard[k] += life.exponent[k] * life.cumulative[k]
            else:
                life.hazard[k] *= exp(life.exponent[k] * duration)


@compiled
def most_spent(hazard: float, exponent: float, duration: float) -> float:
    """No less than the cumulative hazard over `duration` years, and close to it: Taylor's series of it, cut where it is above.

    A hazard that falls spends hazard / -exponent in all eternity; one that rises steeply, or for ever, may spend anything.
    """
    if exponent == 0.0:  # for ever is zero times infinity
        return hazard * duration
    x = exponent * duration
    if x > 1.0:
        return inf
    if x > 0.0:
        return hazard * duration * (1.0 + x * (0.5 + 0.22 * x))
    most = hazard * duration * (1.0 + x * (0.5 + x / 6.0))
    return min(most, -hazard / exponent) if x <= -2.0 else most


@compiled
def first_spent(life: Any, duration: float) -> tuple[float, int]:
    """Wait (years) and risk of the first budget that does not outlast `duration`; (inf, -1) if all do.

    Most budgets outlast most segments, or the first that does not, which costs no logarithm to know.
    """
    first, which = inf, -1
    soon = duration
    for k in range(RISKS):
        if life.rate[k] <= 0.0:
            continue
        if life.remaining[k] <= CLOSE * most_spent(life.hazard[k], life.exponent[k], soon):
            wait = time_to_spend(life.remaining[k], life.hazard[k], life.exponent[k])
            if wait < first:
                first, which = wait, k
                soon = min(soon, wait)
    return first, which


@compiled
def first_risk(life: Any, until: float) -> tuple[float, int]:
    """Time (years) and risk of the first competing event before `until`; (inf, -1) if there is none."""
    for k in range(RISKS):
        life.remaining[k] = life.budget[k]
    t = life.anchor
    life.looked = inf
    while t < until:
        tcpo2, slope, end = straight(life, t)
        end = min(end, until)
        if t == life.anchor:
            start_hazards(life, t, tcpo2, slope)
        else:
            turn_hazards(life, tcpo2, slope)
        first, which = first_spent(life, end - t)
        if which >= 0 and t + first <= end:
            life.looked = t
            return t + first, which
        if end == until:
            return inf, -1
        integrate(life, end - t)
        spend(life, life.remaining, end - t)
        t = end
    return inf, -1


@compiled
def spend_until(life: Any, until: float) -> None:
    """Move the anchor to `until` (years), spending every active risk's budget on the way.

    The way up to the segment in which the next event was found is spent already, in `life.remaining`, if no hazard has
    changed since: the anchor moves whenever one does.
    """
    t = life.anchor
    started = False
    if t < until and life.looked <= until:
        t = life.looked
        started = True
        for k in range(RISKS):
            life.budget[k] = life.remaining[k]
    life.looked = inf
    while t < until:
        tcpo2, slope, end = straight(life, t)
        end = min(end, until)
        if started:
            turn_hazards(life, tcpo2, slope)
        else:
            start_hazards(life, t, tcpo2, slope)
            started = True
        integrate(life, end - t)
        spend(life, life.budget, end - t)
        t = end
    life.anchor = until
