"""How likely a person's recorded course is: lives that live it, with everything nobody recorded drawn from the model.

Frailty, missing characteristics, new wounds, minor amputations, dialysis and the like are drawn by the engine's own rules;
what was recorded (loss of the limb, healing, death, the end of follow-up) is imposed, and what it says is kept as a weight.
A hospital's offsets multiply rates, so that few numbers of a life give its weight at every hospital:

    log weight = log_weight + a amputations + h healings - exp(a) amputation_hazard - exp(h) healing_hazard
                 - exp(d) death_hazard + log(exp(d) dies_with + dies_without)

with a, h and d the offsets relative to the hospital that the lives were lived at. The mean weight over a person's lives is the
likelihood, without bias: events that were not recorded come at their own hazards (Andersen et al., Statistical Models Based on
Counting Processes, Springer 1993, section II.7), and later healings are drawn there and weighed (importance sampling).
"""

from __future__ import annotations

from math import exp, expm1, inf, log, log1p
from typing import Any

import numpy as np

from simulator.compiling import compiled, compiled_on_given_memory, record_dtype
from simulator.living.next_event import care_under, due, foresee, let_happen, refer
from simulator.rules.draws import normal_quantile, uniform
from simulator.rules.hazards import cumulative_hazard
from simulator.rules.pathway.amputation import amputate_major
from simulator.rules.pathway.background import background_exposure
from simulator.rules.pathway.course import lag_hazard, spend_until, start_hazards, straight
from simulator.rules.pathway.death import amputee_ratio, disease_death_rate, peak_rate
from simulator.rules.pathway.dialysis import dialysis_death_exposure
from simulator.rules.pathway.healing import heal_wound
from simulator.rules.pathway.life import limb_kept
from simulator.rules.population.arrival import find_patient
from simulator.words.vocabulary import Event, Limb, Risk, Stream, Wound

RECORDED = record_dtype(
    [
        (name, np.float64)
        for name in (
            "amputated_low", "amputated_high", "healed_low", "healed_high", "died", "followed", "tells_amputation",
            "tells_healing", "tells_death",
        )
    ]
)  # fmt: skip
"""A recorded course: years between which each event came (infinite if it did not within `followed` years), whether follow-up
ended with death, and what the registry records at all."""
WEIGHED = record_dtype(
    [
        (name, np.float64)
        for name in (
            "log_weight", "amputations", "healings", "amputation_hazard", "healing_hazard", "death_hazard", "dies_with",
            "dies_without",
        )
    ]
)  # fmt: skip
"""What one life that lives a recorded course says of the hospital."""
FOLLOWING = record_dtype([(name, np.float64) for name in ("peak", "since", "drawn", "lag")])
"""Beside a life: the hazard (per year) of death after operations at a time, how many draws were made, and the cumulative hazard
of healing that has yet to pass before a foot that was operated on, or whose wound is new, can close."""
ENDLESS = 1e6
"""A budget that no hazard spends, of which differences keep ten digits."""


@compiled
def within(low: float, high: float, u: float) -> float:
    """A time (years) between two, infinite if neither is finite."""
    return low + u * (high - low) if high < inf else inf


@compiled
def draw(life: Any, beside: Any) -> float:
    """The next uniform of what is open in the course of a person."""
    beside.drawn += 1.0
    return float(uniform(life.seed, life.patient, Stream.GIVEN_COURSE, int(beside.drawn)))


@compiled
def exposure(life: Any, risk: int, t: float, until: float) -> float:
    """Cumulative hazard of a risk in force from t to `until` (years), if nothing changes."""
    total = 0.0
    while t < until:
        tcpo2, slope, end = straight(life, t)
        end = min(end, until)
        start_hazards(life, t, tcpo2, slope)
        total += cumulative_hazard(life.hazard[risk], life.exponent[risk], end - t)
        t = end
    return total


@compiled
def hazard_at(life: Any, risk: int, t: float) -> float:
    """Hazard (per year) of a risk at t; 0 where it is not in force."""
    if life.rate[risk] <= 0.0:
        return 0.0
    tcpo2, slope, _ = straight(life, t)
    start_hazards(life, t, tcpo2, slope)
    return float(life.hazard[risk])


@compiled
def disease_hazard(life: Any, params: Any, t: float) -> float:
    """Hazard (per year) of death of the disease by attained age at t, which the engine settles ahead."""
    rate = disease_death_rate(life, params) * exp(params.death_per_year_of_age * t)
    return rate if limb_kept(life) else rate * amputee_ratio(params)


@compiled
def add_peak(life: Any, params: Any, beside: Any, t: float, above_knee: bool, replaces: bool) -> None:
    """The danger of a major operation at t, beside what is left of that of earlier ones unless it `replaces` them."""
    left = 0.0 if replaces else beside.peak * exp(params.postoperative_death_trend * (t - beside.since))
    beside.peak, beside.since = left + peak_rate(life, params, t, above_knee), t


@compiled
def let_pass(life: Any, params: Any, beside: Any, told: Any, out: Any, t: float) -> float:
    """Let time pass up to t (years), in which nothing changes. Returns the cumulative hazard of the wound's healing.

    Relief of pain alone is not of it, because a hospital does not multiply its rate; nor are the weeks after a minor
    amputation or a new wound, in which no foot closes. Nor does a hospital multiply the death that dialysis has of its own.
    """
    begun = life.anchor
    excess, loss, heals = life.budget[Risk.EXCESS_DEATH], life.budget[Risk.MAJOR_AMPUTATION], life.budget[Risk.HEALING]
    spend_until(life, t)
    if told.tells_death > 0.5:
        out.death_hazard += excess - life.budget[Risk.EXCESS_DEATH]
        growth = params.death_per_year_of_age
        out.death_hazard += cumulative_hazard(disease_hazard(life, params, begun), growth, t - begun)
        out.log_weight -= dialysis_death_exposure(life, params, t)[0] - dialysis_death_exposure(life, params, begun)[0]
        if beside.peak > 0.0:
            trend = params.postoperative_death_trend
            peak = beside.peak * exp(trend * (begun - beside.since))
            out.death_hazard += cumulative_hazard(peak, trend, t - begun)
    lost = loss - life.budget[Risk.MAJOR_AMPUTATION]
    if life.beyond_salvage:
        # Nothing saves such a limb, so that its rate is no hospital's.
        if told.tells_amputation > 0.5:
            out.log_weight -= lost
    else:
        out.amputation_hazard += lost
        if told.tells_amputation < 0.5:
            out.log_weight += lost
    healed = 0.0
    if life.wound != Wound.NONE and life.rate[Risk.HEALING] > 0.0:
        spent = heals - life.budget[Risk.HEALING]
        healed = max(0.0, spent - beside.lag)
        beside.lag = max(0.0, beside.lag - spent)
        out.healing_hazard += healed
    return healed


@compiled
def nobody_dies_by_chance(life: Any) -> None:
    """Take deaths out of what comes by itself: whether and when somebody died was recorded."""
    life.background_death, life.disease_death, life.postoperative_death = inf, inf, inf
    life.budget[Risk.EXCESS_DEATH] = ENDLESS


@compiled
def must_come_again(life: Any, params: Any, beside: Any, out: Any, t: float, lost_at: float) -> None:
    """Draw the new wound that a limb healed at t had before it was lost at a time (years), and weigh how likely one was by then.

    None opens in the first days after healing.
    """
    if life.rate[Risk.RECURRENCE] <= 0.0:
        return
    lag = lag_hazard(life, Risk.RECURRENCE, t, params.recurrence_lag_days)
    spent = max(0.0, exposure(life, Risk.RECURRENCE, t, lost_at) - lag)
    chance = -expm1(-spent)
    if chance <= 0.0:
        return
    out.log_weight += log(chance)
    life.budget[Risk.RECURRENCE] = lag - log1p(-draw(life, beside) * chance)


@compiled
def by_chance(life: Any, patient: Any, care: Any, beside: Any, out: Any, t: float, kind: int) -> bool:
    """Let something that nobody recorded happen at t (years). Returns whether wound or pain ended."""
    counts = 0.0 if life.beyond_salvage else 1.0
    heals = life.budget[Risk.HEALING]
    event, _ = let_happen(life, patient, care, t, kind)
    if event == Event.MINOR_AMPUTATION:
        beside.lag += life.budget[Risk.HEALING] - heals
    elif event == Event.NEW_WOUND:
        beside.lag = lag_hazard(life, Risk.HEALING, t, care.params.healing_lag_days)
    elif event == Event.HEALED:
        out.healings += 1.0
    elif event in (Event.BELOW_KNEE_AMPUTATION, Event.ABOVE_KNEE_AMPUTATION):
        out.amputations += counts
        add_peak(life, care.params, beside, t, event == Event.ABOVE_KNEE_AMPUTATION, False)
    elif event == Event.CONVERSION:
        add_peak(life, care.params, beside, t, True, True)
    elif event == Event.OTHER_LIMB_AMPUTATION:
        add_peak(life, care.params, beside, t, False, False)
    return bool(event in (Event.HEALED, Event.PAIN_RELIEVED))


@compiled
def as_recorded(life: Any, params: Any, beside: Any, out: Any, t: float, heals: bool) -> bool:
    """Let the limb heal, or be lost, at t (years) as was recorded. False where this life cannot have that."""
    hazard = hazard_at(life, Risk.HEALING if heals else Risk.MAJOR_AMPUTATION, t)
    if hazard <= 0.0 or (heals and beside.lag > 0.0):
        return False
    out.log_weight += log(hazard)
    if heals:
        out.healings += 1.0
        heal_wound(life, params, t)
        return True
    out.amputations += 0.0 if life.beyond_salvage else 1.0
    amputate_major(life, params, t)
    add_peak(life, params, beside, t, life.limb == Limb.ABOVE_KNEE, False)
    return True


@compiled
def live_recorded(life: Any, patient: Any, care: Any, told: Any, beside: Any, out: Any) -> bool:
    """Live a recorded course (`told`), deaths left aside, in a life that has begun, into `out`.

    False where it cannot be this life's.
    """
    params, until = care.params, told.followed
    lost_at = within(told.amputated_low, told.amputated_high, draw(life, beside))
    heals_at = within(told.healed_low, told.healed_high, draw(life, beside))
    wounded = life.wound == Wound.OPEN
    # Whoever came with rest pain has no wound whose healing is recorded.
    records_healing = told.tells_healing > 0.5 and wounded
    if heals_at < inf and (not wounded or heals_at > lost_at):
        return False
    if lost_at < inf and told.amputated_high > told.amputated_low:
        out.log_weight += log(told.amputated_high - told.amputated_low)
    if heals_at < inf and told.healed_high > told.healed_low:
        out.log_weight += log(told.healed_high - told.healed_low)
    if told.tells_amputation > 0.5:
        life.budget[Risk.MAJOR_AMPUTATION] = ENDLESS
    if records_healing:
        life.budget[Risk.HEALING] = ENDLESS
    while True:
        nobody_dies_by_chance(life)
        foresee(life)
        imposed = min(until, lost_at, heals_at)
        t, kind = due(life)
        unrecorded = kind != Event.HORIZON and t < imposed
        t = t if unrecorded else imposed
        healing = let_pass(life, params, beside, told, out, t)
        if not records_healing:
            out.log_weight += healing
        life.time = t
        if unrecorded:
            whole = by_chance(life, patient, care, beside, out, t, kind)
        elif heals_at <= lost_at and heals_at <= until:
            whole, heals_at, records_healing = True, inf, False
            if not as_recorded(life, params, beside, out, t, True):
                return False
        elif lost_at <= until:
            whole, lost_at, records_healing = False, inf, False
            if not as_recorded(life, params, beside, out, t, False):
                return False
        else:
            return True
        if whole and lost_at < inf:
            must_come_again(life, params, beside, out, t, lost_at)


@compiled
def weigh_death(
    life: Any, patient: Any, params: Any, ages: Any, log_hazards: Any, told: Any, beside: Any, out: Any
) -> None:
    """What the end of follow-up says of death, into `out`."""
    until = told.followed
    spent, hazard = background_exposure(patient, params, ages, log_hazards, until)
    out.log_weight -= spent
    if told.died > 0.5:
        disease = hazard_at(life, Risk.EXCESS_DEATH, until) + disease_hazard(life, params, until)
        disease += beside.peak * exp(params.postoperative_death_trend * (until - beside.since))
        out.dies_with, out.dies_without = disease, hazard + dialysis_death_exposure(life, params, until)[1]


@compiled_on_given_memory
def weigh(setting: Any, recorded: Any, room: Any, beside: Any, out: Any) -> None:
    """Fill `out` (people times lives of each, of WEIGHED): life k is of person k modulo their number, under the first policy.

    `recorded` has shape (people,), of RECORDED, and `setting.given` a row for each of them.
    """
    life, patient, row, drawn = room
    people = recorded.shape[0]
    lives = out.shape[0] // people
    for k in range(out.shape[0]):
        told = recorded[k % people]
        find_patient(patient, row, drawn, setting.given, setting.params, setting.entry, setting.seed, k, True)
        # A person's lives have evenly spread frailties, in an order that gives each half of them the whole range.
        place = k // people
        place = 2 * place if place < lives - lives // 2 else 2 * (place - (lives - lives // 2)) + 1
        u = uniform(setting.seed, k % people, Stream.GIVEN_COURSE, 0)
        patient.frailty = normal_quantile((place + u) / lives)
        refer(life, patient, setting, 0, k, told.followed)
        beside.peak, beside.since, beside.drawn, beside.lag = 0.0, 0.0, 0.0, 0.0
        own = out[k]
        own.log_weight, own.amputations, own.healings = 0.0, 0.0, 0.0
        own.amputation_hazard, own.healing_hazard, own.death_hazard = 0.0, 0.0, 0.0
        own.dies_with, own.dies_without = 0.0, 1.0
        if not live_recorded(life, patient, care_under(setting, 0), told, beside, own):
            own.log_weight = -inf
        elif told.tells_death > 0.5:
            weigh_death(life, patient, setting.params, setting.ages, setting.log_hazards, told, beside, own)
