"""The other leg: when it is lost, settled ahead with a hazard that falls from referral on."""

from __future__ import annotations

from math import log
from typing import Any

from simulator.compiling import compiled
from simulator.rules.hazards import time_to_spend
from simulator.rules.pathway.death import rescaled
from simulator.rules.pathway.life import Luck
from simulator.words.vocabulary import Renal


@compiled
def plan_other_limb(life: Any, patient: Any, params: Any) -> None:
    """Settle at referral when the other leg is lost."""
    rate = params.other_limb_rate
    if patient.renal == Renal.DIALYSIS.value:
        rate *= params.other_limb_hr_dialysis
    elif patient.renal != Renal.NORMAL.value:
        rate *= params.other_limb_hr_renal
    own = -log(life.luck[Luck.OTHER_LIMB])
    life.other_limb_at = time_to_spend(own, rate, params.other_limb_trend)


@compiled
def other_limb_after_amputation(life: Any, params: Any, t: float) -> None:
    """Once the index leg is lost at t, the other is at a higher risk."""
    life.other_limb_at = rescaled(life.other_limb_at, t, params.other_limb_trend, params.other_limb_hr_amputated)
