"""Control patients who switch to another policy during the trial."""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.compiling import compiled
from simulator.rules.draws import uniform
from simulator.rules.pathway.life import limb_kept
from simulator.rules.pathway.referral import plan_care
from simulator.rules.pathway.repeat_dose import decision_tcpo2
from simulator.rules.pathway.response import response_probability
from simulator.vocabulary import Stream, Wound


@compiled
def switches(life: Any, params: Any, t: float, share: float, tcpo2_below: float) -> bool:
    """Whether a control patient with an unhealed limb switches at t (years).

    TcPO2 is measured for the decision where it has a limit (mmHg).
    """
    if not limb_kept(life) or life.wound == Wound.HEALED:
        return False
    if uniform(life.seed, life.patient, Stream.ARM, 1) >= share:
        return False
    return tcpo2_below == inf or decision_tcpo2(life, params, t) < tcpo2_below


@compiled
def switch(life: Any, patient: Any, params: Any, policy: Any, t: float) -> None:
    """Treat from t (years) on as the policy says, if it takes the patient as the patient was on entry.

    Somebody whom it does not take goes on as before. The latent recovery is the patient's own, judged by the new
    policy's product and route.
    """
    dose, angioplasty = life.next_dose, life.next_angioplasty
    life.next_dose, life.next_angioplasty = inf, inf
    plan_care(life, patient, params, policy)
    if life.next_dose == inf and life.next_angioplasty == inf:
        life.next_dose, life.next_angioplasty = dose, angioplasty
        return
    life.next_dose += t
    life.next_angioplasty += t
    u = uniform(life.seed, life.patient, Stream.RESPONSE, 0)
    life.can_recover = 1 if u < response_probability(patient, params, policy.product, policy.route) else 0
