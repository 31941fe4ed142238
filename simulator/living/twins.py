"""One patient's lives under several policies, of which many are the same life: whoever is treated alike lives alike.

A life without treatment begins once for all policies, and each policy adds to a copy of it. Under policies that leave a patient
untreated, or plan and later decide the same, the patient has the same life to the last bit, which need not be lived again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled, compiled_in_place
from simulator.living.next_event import foresee
from simulator.rules.pathway.life import LIFE, MOST_STEPS
from simulator.rules.pathway.policy import POLICY_FIELDS, STEP_FIELDS
from simulator.rules.pathway.referral import begin_untreated, is_treated, plan_care
from simulator.rules.population.criteria import CRITERIA_FIELDS

AT_REFERRAL = {*CRITERIA_FIELDS, "marker", "marker_threshold", "marker_sensitivity", "marker_specificity"}
AT_REFERRAL |= {"marker_treat_positive", "product", "route"}
"""What of a policy is read at referral only and shows in what is planned for the patient."""
UNTREATED = -2
"""Instead of a kind."""
ITSELF = -1
"""Instead of the number of a twin."""
TREATED, GAIN, DOSE, STEPS = range(4)
PLAN = STEPS + 3 * MOST_STEPS
"""Columns of a plan: whether the patient is treated, the gain that cells cause, the time of the first dose, and of each step
its time, whether it is open to the patient, and its therapy."""
WORDS = LIFE.itemsize // 8
STARTS, DURATIONS, HEIGHTS = (
    int(np.dtype(LIFE).fields[name][1]) // 8  # type: ignore[index]
    for name in ("ramp_start", "ramp_duration", "ramp_height")
)
"""Where the ramps stand in a life, as whole numbers of eight bytes. Nothing comes behind them."""


class Twins(NamedTuple):
    """start, life: records of LIFE, the life without treatment and the one that is lived; start_words and life_words:
    whole numbers on the same memory. kinds (policies,): equal where policies decide alike after referral. plans: (policies,
    PLAN). tested (policies,): 1.0 where the policy's test was done."""

    start: Any
    life: Any
    start_words: Any
    life_words: Any
    kinds: Any
    plans: Any
    tested: Any


def new_twins(policies: NDArray[np.void]) -> Twins:
    """Room for the lives of one patient after another under these policies."""
    lives = np.zeros(2, LIFE)
    words = lives.view(np.int64).reshape(2, WORDS)
    count = len(policies)
    return Twins(lives[0], lives[1], words[0], words[1], kinds_of(policies), np.zeros((count, PLAN)), np.zeros(count))


def kinds_of(policies: NDArray[np.void]) -> NDArray[np.int64]:
    """A number for each policy, equal where everything is that is read after referral."""
    later = [name for name in POLICY_FIELDS if name not in AT_REFERRAL]
    of_steps = [name for name in STEP_FIELDS if name not in AT_REFERRAL]
    seen: dict[bytes, int] = {}
    kinds = []
    for policy in policies:
        whole = b"".join(np.asarray(policy[name]).tobytes() for name in later)
        whole += b"".join(np.ascontiguousarray(policy["steps"][name]).tobytes() for name in of_steps)
        kinds.append(seen.setdefault(whole, len(seen)))
    return np.array(kinds, np.int64)


@compiled_in_place
def begin_twins(twins: Any, patient: Any, setting: Any, i: int) -> None:
    """Begin the life of patient i without treatment, and look ahead to its end."""
    start = twins.start
    begin_untreated(start, patient, setting.params, setting.seed, i, setting.ages, setting.log_hazards)
    start.horizon = setting.horizon
    foresee(start)


@compiled
def copy_life(to: Any, of: Any, ramps: int) -> None:
    """Copy a life as whole numbers, with as many ramps as it has."""
    for k in range(STARTS):
        to[k] = of[k]
    for k in range(ramps):
        to[STARTS + k], to[DURATIONS + k], to[HEIGHTS + k] = of[STARTS + k], of[DURATIONS + k], of[HEIGHTS + k]


@compiled
def write_plan(plan: Any, life: Any, policy: Any) -> None:
    """Note what is planned for somebody who is treated."""
    plan[TREATED] = 1.0
    plan[GAIN] = life.caused_gain
    plan[DOSE] = life.next_dose
    for k in range(MOST_STEPS):
        plan[STEPS + 3 * k] = life.step_next[k]
        plan[STEPS + 3 * k + 1] = life.step_open[k]
        plan[STEPS + 3 * k + 2] = life.step_therapy[k]


@compiled
def planned_alike(one: Any, other: Any) -> bool:
    """Whether two plans are the same."""
    alike = True
    for k in range(one.shape[0]):
        alike = alike and one[k] == other[k]
    return bool(alike)


@compiled_in_place
def refer_twin(twins: Any, patient: Any, setting: Any, p: int) -> int:
    """Bring the patient under policy p: the number of an earlier policy under which the life is the same, or ITSELF.

    Where it is ITSELF, `twins.life` is the life that begins.
    """
    start, plan = twins.start, twins.plans[p]
    policy = setting.policies[p]
    start.tested = 0
    treated = is_treated(start, patient, setting.params, policy)
    twins.tested[p] = start.tested
    twin = ITSELF
    if treated:
        copy_life(twins.life_words, twins.start_words, start.ramps)
        plan_care(twins.life, patient, setting.params, policy, 0.0)
        write_plan(plan, twins.life, policy)
        for q in range(p):
            if twin == ITSELF and twins.kinds[q] == twins.kinds[p] and planned_alike(plan, twins.plans[q]):
                twin = q
    else:
        plan[TREATED] = 0.0
        for q in range(p):
            if twin == ITSELF and twins.plans[q, TREATED] == 0.0:
                twin = q
        if twin == ITSELF:
            copy_life(twins.life_words, twins.start_words, start.ramps)
    return twin
