"""The rule for a first and for every repeat dose: given, or treatment stops.

Clinicians decide on what they measure, in every arm, so that the decision carries the error of one TcPO2 measurement.
"""

from __future__ import annotations

from typing import Any

from simulator.compiling import compiled
from simulator.rules.draws import normal, uniform
from simulator.rules.pathway.life import MOST_STEPS, Luck, is_death, limb_kept
from simulator.rules.pathway.procedure import has_risen
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.patient import measured
from simulator.words.vocabulary import Repeat, Risk, Start, Stream, Wound


@compiled
def decision_tcpo2(life: Any, params: Any, t: float) -> float:
    """TcPO2 (mmHg) measured when the next dose is decided upon, at t."""
    error = normal(life.seed, life.patient, Stream.DECISION_ERROR, life.doses)
    return measured(tcpo2(life, t), params.measurement_sd, error)


@compiled
def plainly_dying(life: Any, t: float) -> bool:
    """Whether the patient is so close to death at t (years) that it can be seen: nothing else comes before it."""
    return is_death(life.clinical_risk) and bool(life.clinical_at <= t + life.dying_within)


@compiled
def plainly_failing(life: Any, t: float) -> bool:
    """Whether the limb is so close to its loss at t (years) that it can be seen: nothing else comes before it."""
    return bool(life.clinical_risk == Risk.MAJOR_AMPUTATION and life.clinical_at <= t + life.dying_within)


@compiled
def dose_is_given(life: Any, params: Any, policy: Any, t: float) -> bool:
    """Whether the dose due at t is given.

    Never after a major amputation, nor once the wound has healed or the pain has gone; a share of the plainly dying, and of
    those whose limb plainly fails, are spared it. The first dose is otherwise always given. Repeats are not given to a limb
    that is plainly well, and else follow the policy's rule: always; until measured TcPO2 reaches a value; or clinical
    judgement, by which a share stops when perfusion looks restored and another share stops for other reasons (refusal,
    futility, frailty), most of them after the first dose.
    """
    if not limb_kept(life) or life.wound == Wound.HEALED:
        return False
    first = life.doses == 0
    u = life.luck[Luck.JUDGEMENT] if first else uniform(life.seed, life.patient, Stream.JUDGEMENT, life.doses)
    if u < params.judgement_dying and (plainly_dying(life, t) or plainly_failing(life, t)):
        return False
    if first and policy.cells_start == Start.NO_RESPONSE.value:
        return not has_risen(life, params, policy.cells_rise_below, t, MOST_STEPS)
    if first:
        return True
    seen = decision_tcpo2(life, params, t)
    if seen >= params.judgement_never_tcpo2:
        return False
    if policy.repeat_rule == Repeat.ALWAYS.value:
        return True
    if policy.repeat_rule == Repeat.UNTIL_TCPO2.value:
        return bool(seen < policy.stop_at_tcpo2)
    if seen >= policy.stop_at_tcpo2:
        return bool(u >= params.judgement_stop_recovered)
    return bool(u >= (params.judgement_stop_first if life.doses == 1 else params.judgement_stop))
