"""How a life begins, when competing risks and background death strike, and what their events do."""

from __future__ import annotations

from itertools import pairwise
from math import exp, inf, log
from typing import Any

import numpy as np

from simulator.questions.verify.rulebook.book import restated
from simulator.questions.verify.rulebook.cells_stated import natural
from simulator.questions.verify.rulebook.events_stated import (
    dialysis_to_come,
    disease,
    healed,
    lose_leg,
    minor,
    nothing_planned,
    other_leg,
    relieved,
    reopened,
    walking_at_referral,
)
from simulator.questions.verify.rulebook.hazards_stated import (
    brings_along,
    enter,
    hazard,
    spent,
    wait,
    wound_features,
)
from simulator.questions.verify.rulebook.people_stated import luck_of_a_life
from simulator.questions.verify.rulebook.situation import Situation
from simulator.rules.pathway.background import background_death, background_exposure
from simulator.rules.pathway.course import first_risk, most_spent, spend_until
from simulator.rules.pathway.happening import end_risks, suffer
from simulator.rules.pathway.life import Luck
from simulator.rules.pathway.referral import begin_untreated
from simulator.words.vocabulary import DAYS_PER_YEAR, Event, Limb, Risk, Wound

AHEAD = 6.0
"""Years within which the next event is looked for, at most."""
IN_FORCE = ("EXCESS_DEATH", "MAJOR_AMPUTATION", "MINOR_AMPUTATION", "HEALING")
"""Risks whose first budget a life has from referral on, and which the stream of the same name draws."""

NEVER = (
    *("next_dose", "walks_at", "next_crossover", "crossed_at", "first_dose_at", "last_dose_at", "healed_at", "died_at"),
    *("minor_amputation_at", "amputated_at", "converted_at", "other_amputated_at", "first_walked_at", "conversion_at"),
    *("postoperative_death", "stump_heals_at"),
)
"""Times of what has not happened and is not planned at referral."""


def turns(life: Any, start: float, end: float) -> list[float]:
    """Times at which the path or what healing makes of it turns: ends of ramps, and where it crosses a level."""
    starts, durations = life.ramp_start[: life.ramps], life.ramp_duration[: life.ramps]
    edges = sorted({start, end, *(t for t in (*starts, *(starts + durations)) if start < t < end)})
    levels = (0.0, life.tcpo2_ceiling, life.healing_enough, life.healing_least)
    found = set(edges)
    for a, b in pairwise(edges):
        one, other = unclipped(life, a), unclipped(life, b)
        if one != other:
            met = (a + (level - one) / (other - one) * (b - a) for level in levels)
            found |= {float(t) for t in met if a < t < b}
    return sorted(found)


def unclipped(life: Any, t: float) -> float:
    """The path without floor and ceiling, which is straight between the edges of its ramps."""
    ramps = list(zip(life.ramp_start, life.ramp_duration, life.ramp_height, strict=True))[: life.ramps]
    return float(
        life.tcpo2_start + life.tcpo2_slope * t + sum(g * min(max((t - a) / w, 0.0), 1.0) for a, w, g in ramps)
    )


def pieces(life: Any, k: int, start: float, end: float) -> list[tuple[float, float, float, float]]:
    """Begin, end, hazard at the beginning and its growth on each stretch on which it grows log-linearly."""
    found = []
    times = turns(life, start, end)
    for a, b in pairwise(times):
        h, growth = hazard(life, k, (a + b) / 2.0)
        found.append((a, b, h * exp(-growth * (b - a) / 2.0), growth))
    return found


def when_spent(life: Any, k: int, budget: float, start: float, end: float) -> float:
    """When a risk has spent its budget; infinite if it has not by the end."""
    for a, b, h, growth in pieces(life, k, start, end):
        whole = spent(h, growth, b - a)
        if budget <= whole:
            return a + wait(budget, h, growth)
        budget -= whole
    return inf


def _end(s: Situation) -> float:
    return float(s.t + AHEAD * s.luck[0])


LOOSE = 1.6
"""How much more than a hazard adds up to its bound may be, where it has one."""


def _bounded(s: Situation) -> Any:
    """Whether the bound is no less than what a hazard adds up to, whether it is near, and whether there is one."""
    duration, growth = float(3.0 * s.luck[0]), float(3.0 * s.luck[1] - 2.0) if s.luck[2] < 0.9 else 0.0
    most, exact = most_spent(float(s.luck[3]), growth, duration), spent(float(s.luck[3]), growth, duration)
    return most >= exact * (1.0 - 1e-12), most <= LOOSE * exact or growth * duration > 1.0, most < inf


@restated("the bound of what a hazard adds up to", _bounded)
def _(s: Situation) -> Any:
    steep = s.luck[2] < 0.9 and 3.0 * s.luck[0] * (3.0 * s.luck[1] - 2.0) > 1.0
    return True, True, not steep


@restated("the next event of a limb", lambda s: first_risk(s.life, _end(s)))
def next_event(s: Situation) -> Any:
    """The risk that first spends its budget along the path."""
    life = s.life
    times = [when_spent(life, k, life.budget[k], s.t, _end(s)) if life.rate[k] > 0.0 else inf for k in Risk]
    first = int(np.argmin(times))
    return (times[first], first) if times[first] < inf else (inf, -1)


@restated("budgets with time", lambda s: spend_until(s.life, _end(s)))
def budgets_with_time(s: Situation) -> None:
    """What hazards add up to is spent, and never more than there was."""
    life = s.life
    for k in Risk:
        if life.rate[k] > 0.0:
            used = sum(spent(h, growth, b - a) for a, b, h, growth in pieces(life, k, s.t, _end(s)))
            life.budget[k] = max(0.0, life.budget[k] - used)
    life.anchor = _end(s)


def mortality(s: Situation) -> list[tuple[float, float, float, float]]:
    """Years from and to, hazard and its growth by attained age; the table's first and last stretch have no outer end."""
    ages, logs = s.ages, s.log_hazards[int(s.patient.male)]
    inner = [float(age) for age in ages[1:-1] if age > s.patient.age]
    edges = [float(s.patient.age), *inner, inf]
    found = []
    for a, b in pairwise(edges):
        k = min(max(int(np.searchsorted(ages, a, side="right")), 1), len(ages) - 1)
        growth = (logs[k] - logs[k - 1]) / (ages[k] - ages[k - 1])
        rate = s.params.background_hr * exp(logs[k - 1] + growth * (a - ages[k - 1]))
        found.append((a - s.patient.age, b - s.patient.age, rate, growth))
    return found


def natural_death(s: Situation) -> float:
    """When background mortality has spent its budget."""
    left = -log(s.life.luck[Luck.BACKGROUND_DEATH])
    for a, b, rate, growth in mortality(s):
        whole = spent(rate, growth, b - a) if b < inf else inf
        if left <= whole:
            return a + wait(left, rate, growth)
        left -= whole
    return inf


@restated("background death", lambda s: background_death(s.life, s.patient, s.params, s.ages, s.log_hazards))
def _(s: Situation) -> float:
    return natural_death(s)


@restated(
    "background mortality", lambda s: background_exposure(s.patient, s.params, s.ages, s.log_hazards, 9.0 * s.luck[0])
)
def exposure(s: Situation) -> Any:
    """What it adds up to over some years, and the hazard at their end."""
    years, total, now = float(9.0 * s.luck[0]), 0.0, 0.0
    for a, b, rate, growth in mortality(s):
        if a < years:
            total += spent(rate, growth, min(b, years) - a)
            now = rate * exp(growth * (min(b, years) - a))
    return total, now


def _begun(s: Situation) -> None:
    begin_untreated(s.life, s.patient, s.params, s.life.seed, s.life.patient, s.ages, s.log_hazards)


@restated("a life at referral", _begun)
def begun(s: Situation) -> None:
    """Everything that a life has on its first day under conservative care."""
    life, who, p = s.life, s.patient, s.params
    luck_of_a_life(s)
    life.alive, life.limb, life.acting = 1, Limb.INTACT, -1
    life.time = life.anchor = 0.0
    life.wounds = life.operations = life.minor_amputations = life.tested = life.doses = life.treated = life.ramps = 0
    life.beyond_salvage = int(who.beyond_salvage)
    life.reference, life.healing_enough = p.reference_tcpo2, p.healing_tcpo2_enough
    life.healing_least, life.healing_short = p.healing_tcpo2_least, p.healing_per_mmhg_short
    for numbers in (life.rate, life.per_mmhg, life.trend, life.since, life.budget):
        numbers[:] = 0.0
    for name in IN_FORCE:
        life.budget[Risk[name]] = -log(life.luck[Luck[name]])
    life.tcpo2_start, life.tcpo2_slope = who.tcpo2, p.tcpo2_slope
    life.tcpo2_ceiling, life.tcpo2_seen = max(p.tcpo2_ceiling, who.tcpo2), who.tcpo2_measured
    life.step_done[:], life.step_open[:], life.step_therapy[:] = 0, 0, -1
    nothing_planned(life)
    for name in NEVER:
        life[name] = inf
    life.dying_within = p.judgement_dying_days / DAYS_PER_YEAR
    life.background_death = natural_death(s)
    for settles in (brings_along, disease, other_leg, dialysis_to_come, walking_at_referral):
        settles(s)
    wound_features(life, p, who.infection, who.rutherford == 6, who.gangrene)
    natural(s)
    last = (p.published_doses - 1.0) * p.published_interval_days + p.last_tcpo2_days
    life.last_tcpo2_at = last / DAYS_PER_YEAR
    if who.rutherford == 4:
        life.wound, life.budget[Risk.RECURRENCE] = Wound.NONE, -log(life.luck[Luck.RECURRENCE])
    else:
        life.wound = Wound.OPEN
    enter(life, p, 0.0, "rest pain" if who.rutherford == 4 else "open wound")


ENDS = {
    Risk.MAJOR_AMPUTATION: (Risk.HEALING, Risk.RECURRENCE, Risk.MINOR_AMPUTATION),
    Risk.HEALING: (Risk.MINOR_AMPUTATION,),
    Risk.RECURRENCE: (Risk.HEALING,),
}
"""What an event takes out of force beside its own risk."""


def _risk(s: Situation) -> int:
    """One of the risks that are no death."""
    return 1 + int(4.0 * s.luck[0])


@restated("risks that an event ends", lambda s: end_risks(s.life, _risk(s)))
def risks_ended(s: Situation) -> None:
    """Its own and those that it leaves without an object."""
    risk = Risk(_risk(s))
    for k in (risk, *ENDS.get(risk, ())):
        s.life.rate[k] = 0.0


def _suffered(s: Situation) -> Any:
    s.life.step_works[:] = 0
    return suffer(s.life, s.params, s.t, _risk(s))


@restated("an event of a limb", _suffered)
def event_of_a_limb(s: Situation) -> int:
    """It takes out of force what it ends, and does what it does."""
    life, risk = s.life, Risk(_risk(s))
    life.step_works[:] = 0
    risks_ended(s)
    if risk == Risk.MAJOR_AMPUTATION:
        lose_leg(life, s.params, s.t)
        return Event.BELOW_KNEE_AMPUTATION if life.limb == Limb.BELOW_KNEE else Event.ABOVE_KNEE_AMPUTATION
    if risk == Risk.HEALING and life.wound == Wound.NONE:
        relieved(s)
        return Event.PAIN_RELIEVED
    does = {Risk.MINOR_AMPUTATION: minor, Risk.HEALING: healed, Risk.RECURRENCE: reopened}
    kinds = {
        Risk.MINOR_AMPUTATION: Event.MINOR_AMPUTATION,
        Risk.HEALING: Event.HEALED,
        Risk.RECURRENCE: Event.NEW_WOUND,
    }
    does[risk](s)
    return kinds[risk]
