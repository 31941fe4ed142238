"""What cells and time do: natural change and response, and doses."""

from __future__ import annotations

from math import exp, inf, log
from statistics import NormalDist
from typing import Any

import numpy as np

from simulator.questions.verify.rulebook.book import restated
from simulator.questions.verify.rulebook.events_stated import chance, moved
from simulator.questions.verify.rulebook.hazards_stated import path
from simulator.questions.verify.rulebook.situation import Situation
from simulator.rules.pathway.cell_therapy import give_dose
from simulator.rules.pathway.life import LIFE, MOST_RAMPS, Luck
from simulator.rules.pathway.procedure import follow_on
from simulator.rules.pathway.repeat_dose import dose_is_given
from simulator.rules.pathway.response import caused_gain, change_naturally
from simulator.rules.perfusion import add_ramp
from simulator.words.vocabulary import DAYS_PER_YEAR, Renal, Repeat, Risk, Start, Stream, Wound

AFTER_CELLS = -1
MOST = 4
"""Steps of a policy; as the number of a decision it is that on cells."""
NORMAL = NormalDist()


def ramp(life: Any, start: float, days: float, height: float) -> None:
    """Perfusion changes by so much from then on."""
    n = life.ramps
    life.ramp_start[n], life.ramp_duration[n], life.ramp_height[n] = start, days / DAYS_PER_YEAR, height
    life.ramps = n + 1


def _beyond_room(s: Situation) -> bool:
    """Whether a path that has no room left refuses one more change."""
    s.life.ramps = MOST_RAMPS
    # With room behind it, so that a rule that writes beyond the path hits nothing else.
    room = np.zeros(2, LIFE)
    room[0] = s.life
    try:
        add_ramp(room[0], s.t, 1.0, 1.0)
    except IndexError:
        return True
    return False


@restated("a path without room", _beyond_room)
def _(s: Situation) -> bool:
    s.life.ramps = MOST_RAMPS
    return True


def change(life: Any, p: Any, start: float, days: float, height: float) -> None:
    """A change that wanes later, if it is a rise and rises do."""
    if height != 0.0:
        ramp(life, start, days, height)
    if height > 0.0 and p.recovery_waning_share > 0.0:
        later = start + days / DAYS_PER_YEAR + p.recovery_waning_delay_years
        ramp(life, later, DAYS_PER_YEAR * p.recovery_waning_years, -p.recovery_waning_share * height)


def settled(life: Any) -> None:
    """What comes first of each kind."""
    life.next_procedure, life.next_loss = min(life.step_next), min(life.step_lost)
    life.next_sequel = min(*life.step_ends, life.dies_at, life.major_at, life.minor_at)


def total(s: Situation, *therapies: float) -> float:
    """The change under the whole published treatment: linear in the limb's rank."""
    who, p = s.patient, s.params
    ratio = (p.response_or_leiden if who.leiden else 1.0) * (p.response_or_mthfr if who.mthfr else 1.0)
    ratio *= p.response_or_severe_renal if who.renal in (Renal.SEVERE, Renal.DIALYSIS) else 1.0
    ratio *= p.response_or_small_ev ** (who.small_ev_high - p.small_ev_high_share)
    for number in therapies:
        ratio *= 1.0 if number < 0 else p.therapies[int(number)].response_or
    u = s.life.luck[Luck.RESPONSE]
    odds = ratio * p.response_probability / (1.0 - p.response_probability) * u / (1.0 - u)
    rank = 1.0 / (1.0 + exp(-p.response_polarity * log(odds))) if odds > 0.0 else 0.0
    lack = p.recovery_gain_baseline * (who.tcpo2 - p.reference_tcpo2)
    return float(p.recovery_gain + p.recovery_spread * (rank - 0.5) - lack)


@restated("natural change", lambda s: change_naturally(s.life, s.patient, s.params))
def natural(s: Situation) -> None:
    """What no cells cause comes from referral on."""
    life, p = s.life, s.params
    life.gain = total(s)
    life.natural_gain = life.gain - p.attributable_share * max(life.gain, 0.0)
    life.caused_gain = life.given_gain = 0.0
    change(life, p, 0.0, p.natural_days, life.natural_gain)


def caused(s: Situation) -> float:
    """What a policy's cells add."""
    ratios = [1.0 if n < 0 else s.params.therapies[int(n)].response_or for n in (s.policy.product, s.policy.route)]
    whole = s.life.gain if ratios == [1.0, 1.0] else total(s, s.policy.product, s.policy.route)
    return float(max(whole - s.life.natural_gain, 0.0))


@restated("what cells cause", lambda s: caused_gain(s.life, s.patient, s.params, s.policy))
def _(s: Situation) -> float:
    return caused(s)


def follows(life: Any, policy: Any, start: Start, after: int, t: float) -> None:
    """Plan what waits for something that was given or lost."""
    for k, step in list(enumerate(policy.steps))[: int(policy.step_count)]:
        if step.start == start and step.after == after and life.step_open[k] and not life.step_done[k]:
            life.step_next[k] = min(life.step_next[k], t + step.wait)
    if policy.doses and policy.cells_start == start and policy.cells_after == after and not life.doses:
        life.next_dose = min(life.next_dose, t + policy.waiting)
    settled(life)


@restated("what follows", lambda s: follow_on(s.life, s.policy, int(3.0 * s.luck[0]), int(4.0 * s.luck[1]) - 1, s.t))
def _(s: Situation) -> None:
    follows(s.life, s.policy, Start(int(3.0 * s.luck[0])), int(4.0 * s.luck[1]) - 1, s.t)


@restated("a dose", lambda s: give_dose(s.life, s.params, s.policy, s.t))
def dose(s: Situation) -> bool:
    """Its part of the rise, from now on; the first may act on death and begins what waits for cells."""
    life, p, t = s.life, s.params, s.t
    life.doses += 1
    life.last_dose_at = t
    life.next_dose = t + s.policy.interval if life.doses < s.policy.doses else inf
    first = life.doses == 1
    if first:
        planned, life.first_dose_at = life.next_dose, t
        follows(life, s.policy, Start.NO_RESPONSE, AFTER_CELLS, t)
        life.next_dose = planned
    if first and p.act_death_hr != 1.0:
        life.death_hr *= p.act_death_hr
        life.rate[Risk.EXCESS_DEATH] *= p.act_death_hr
        life.disease_death = moved(life.disease_death, t, p.death_per_year_of_age, p.act_death_hr)
    if life.caused_gain > 0.0:
        q = p.dose_share
        rise = life.caused_gain * q * (1.0 - q) ** (life.doses - 1) / (1.0 - (1.0 - q) ** p.published_doses)
        life.given_gain += rise
        change(life, p, t, p.recovery_days, rise)
    return bool(life.caused_gain > 0.0 or (first and p.act_death_hr != 1.0))


def measured(s: Situation, stream: Stream, occurrence: int) -> float:
    """TcPO2 as a clinician sees it now."""
    error = s.params.measurement_sd * NORMAL.inv_cdf(chance(s.life, stream, occurrence))
    return float(max(0.0, path(s.life, s.t)[0] + error))


def risen(s: Situation, least: float, decision: int) -> bool:
    """Whether it has risen since referral by at least so much."""
    return bool(measured(s, Stream.RESPONSE_ERROR, decision) - s.life.tcpo2_seen >= least)


@restated("whether a dose is given", lambda s: dose_is_given(s.life, s.params, s.policy, s.t))
def given(s: Situation) -> bool:
    """Never to a healed limb, hardly to the plainly dying; a first dose otherwise always, repeats by the policy's rule."""
    life, p, policy, first = s.life, s.params, s.policy, s.life.doses == 0
    u = life.luck[Luck.JUDGEMENT] if first else chance(life, Stream.JUDGEMENT, life.doses)
    plain = life.clinical_at <= s.t + life.dying_within and life.clinical_risk <= Risk.MAJOR_AMPUTATION
    if life.wound == Wound.HEALED or (plain and u < p.judgement_dying):
        return False
    if first:
        return policy.cells_start != Start.NO_RESPONSE or not risen(s, policy.cells_rise_below, MOST)
    seen = measured(s, Stream.DECISION_ERROR, life.doses)
    if seen >= p.judgement_never_tcpo2 or policy.repeat_rule == Repeat.ALWAYS:
        return bool(seen < p.judgement_never_tcpo2)
    if policy.repeat_rule == Repeat.UNTIL_TCPO2:
        return bool(seen < policy.stop_at_tcpo2)
    others = p.judgement_stop_first if life.doses == 1 else p.judgement_stop
    return bool(u >= (p.judgement_stop_recovered if seen >= policy.stop_at_tcpo2 else others))
