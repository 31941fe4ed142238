"""Minor and major amputation, its level, and conversion from below to above the knee."""

from __future__ import annotations

from typing import Any

from simulator.compiling import compiled
from simulator.rules.draws import budget, uniform
from simulator.rules.pathway.cell_therapy import stop_treatment
from simulator.rules.pathway.procedure import stop_procedures
from simulator.rules.pathway.risks import risks_with_stump
from simulator.rules.pathway.walking import stop_walking
from simulator.words.vocabulary import Limb, Risk, Stream, Wound


@compiled
def amputate_minor(life: Any, t: float) -> None:
    """Toe, ray or midfoot amputation at t, once in a life. The wound stays open and heals as before."""
    life.limb = Limb.MINOR_AMPUTATION
    life.minor_amputation_at = t
    life.rate[Risk.MINOR_AMPUTATION] = 0.0


@compiled
def new_stump(life: Any, params: Any, t: float) -> None:
    """What follows a major operation at t: an open stump, new budgets for it, no treatment of the limb any more."""
    life.wound = Wound.OPEN
    life.severe = 0
    stop_walking(life)
    stop_treatment(life)
    stop_procedures(life)
    seed, i, operation = life.seed, life.patient, life.operations
    life.budget[Risk.STUMP_HEALING] = budget(seed, i, Stream.STUMP_HEALING, operation)
    life.budget[Risk.POSTOPERATIVE_DEATH] = budget(seed, i, Stream.POSTOPERATIVE_DEATH, operation)
    life.operations += 1
    risks_with_stump(life, params, t)


@compiled
def amputate_major(life: Any, params: Any, t: float) -> None:
    """Major amputation at t, below or above the knee."""
    below = uniform(life.seed, life.patient, Stream.AMPUTATION_LEVEL, 0) < params.below_knee_share
    life.limb = Limb.BELOW_KNEE if below else Limb.ABOVE_KNEE
    life.amputated_at = t
    new_stump(life, params, t)


@compiled
def convert(life: Any, params: Any, t: float) -> None:
    """Revision of a below-knee stump to above the knee at t."""
    life.limb = Limb.ABOVE_KNEE
    life.converted_at = t
    new_stump(life, params, t)
