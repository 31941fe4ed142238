"""Control patients of a trial who cross over to another policy."""

from __future__ import annotations

from math import inf
from typing import Any, NamedTuple

from simulator.compiling import compiled
from simulator.rules.draws import uniform
from simulator.rules.pathway.life import limb_kept
from simulator.rules.pathway.referral import is_treated, plan_care
from simulator.rules.pathway.repeat_dose import decision_tcpo2
from simulator.words.vocabulary import Stream, Wound


class Crossover(NamedTuple):
    """When patients may cross over (years from entry), the number of the policy they go to, the share who do, and the
    measured TcPO2 (mmHg) from which they do not."""

    after: float
    to: int
    share: float
    tcpo2_below: float


NO_CROSSOVER = Crossover(inf, 0, 0.0, inf)


@compiled
def crosses_over(life: Any, params: Any, crossover: Any, t: float) -> bool:
    """Whether a control patient with an unhealed limb crosses over at t (years).

    TcPO2 is measured for the decision where it has a limit.
    """
    if not limb_kept(life) or life.wound == Wound.HEALED:
        return False
    if uniform(life.seed, life.patient, Stream.ARM, 1) >= crossover.share:
        return False
    return bool(crossover.tcpo2_below == inf or decision_tcpo2(life, params, t) < crossover.tcpo2_below)


@compiled
def cross_over(life: Any, patient: Any, params: Any, policy: Any, t: float) -> None:
    """Treat from t (years) on as the policy says, if it takes the patient as the patient was on entry.

    Somebody whom it does not take goes on as before. Of what the former policy planned nothing more is done. The gain is
    the limb's own, by the new policy's product and route.
    """
    life.treated = 0
    if not is_treated(life, patient, params, policy):
        return
    life.next_dose = inf
    plan_care(life, patient, params, policy, t)
