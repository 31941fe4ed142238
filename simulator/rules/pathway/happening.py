"""What happens next to a patient, and what it changes: the rules' single entry for both engines.

Ties: background death, then the competing risks in the order of `Risk`, then planned care in the order of `Event`.
"""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.compiling import compiled
from simulator.rules.pathway.amputation import amputate_major, amputate_minor, convert
from simulator.rules.pathway.angioplasty import angioplasty_is_done, dilate, restenosis
from simulator.rules.pathway.cell_therapy import give_dose, stop_treatment
from simulator.rules.pathway.course import first_risk, spend_until
from simulator.rules.pathway.healing import heal_stump, heal_wound, open_wound, relieve_pain
from simulator.rules.pathway.life import is_death
from simulator.rules.pathway.repeat_dose import dose_is_given
from simulator.rules.pathway.walking import walk
from simulator.words.vocabulary import Event, Limb, Risk, Wound


@compiled
def planned_care(life: Any) -> tuple[float, int]:
    """Time and kind of the next thing that is planned (inf if nothing is).

    At equal times: walking, angioplasty, restenosis, a dose, the question whether to cross over.
    """
    time, kind = life.walks_at, Event.WALKS
    if life.next_angioplasty < time:
        time, kind = life.next_angioplasty, Event.ANGIOPLASTY
    if life.restenosis_at < time:
        time, kind = life.restenosis_at, Event.RESTENOSIS
    if life.next_dose < time:
        time, kind = life.next_dose, Event.DOSE
    if life.next_crossover < time:
        time, kind = life.next_crossover, Event.CROSSES_OVER
    return time, kind


@compiled
def clinical_event(life: Any, horizon: float) -> tuple[float, int]:
    """Time and risk of the next clinical event before the horizon; risk -1 is background death or, at inf, nothing."""
    limit = min(life.background_death, horizon)
    time, risk = first_risk(life, limit)
    if life.background_death <= horizon and not time < life.background_death:
        return life.background_death, -1
    return time, risk


@compiled
def suffer(life: Any, params: Any, t: float, risk: int) -> int:
    """Let the clinical event of `risk` happen at t (years). Returns the `Event` it is."""
    if is_death(risk):
        life.alive = 0
        life.died_at = t
        if risk == -1:
            return Event.BACKGROUND_DEATH
        return Event.DISEASE_DEATH if risk == Risk.DISEASE_DEATH else Event.POSTOPERATIVE_DEATH
    spend_until(life, t)
    if risk == Risk.MAJOR_AMPUTATION:
        amputate_major(life, params, t)
        return Event.BELOW_KNEE_AMPUTATION if life.limb == Limb.BELOW_KNEE else Event.ABOVE_KNEE_AMPUTATION
    if risk == Risk.CONVERSION:
        convert(life, params, t)
        return Event.CONVERSION
    if risk == Risk.MINOR_AMPUTATION:
        amputate_minor(life, t)
        return Event.MINOR_AMPUTATION
    if risk == Risk.HEALING and life.wound == Wound.NONE:
        relieve_pain(life, params, t)
        return Event.PAIN_RELIEVED
    if risk == Risk.HEALING:
        heal_wound(life, params, t)
        return Event.HEALED
    if risk == Risk.STUMP_HEALING:
        heal_stump(life, params, t)
        return Event.STUMP_HEALED
    open_wound(life, params, t)
    return Event.NEW_WOUND


@compiled
def care_for(life: Any, params: Any, policy: Any, t: float, kind: int) -> tuple[int, bool]:
    """Carry out what was planned for t (years). Returns the `Event` and whether the patient's hazards changed."""
    if kind == Event.WALKS:
        walk(life)
        return Event.WALKS, False
    if kind == Event.RESTENOSIS:
        restenosis(life, params)
        return Event.RESTENOSIS, False
    if kind == Event.ANGIOPLASTY:
        if not angioplasty_is_done(life):
            life.next_angioplasty = inf
            return Event.STOPS_TREATMENT, False
        repeated = life.angioplasties > 0
        changed = dilate(life, params, t)
        return (Event.REPEAT_ANGIOPLASTY if repeated else Event.ANGIOPLASTY), changed
    if not dose_is_given(life, params, policy, t):
        stop_treatment(life)
        return Event.STOPS_TREATMENT, False
    return Event.DOSE, give_dose(life, params, policy, t)
