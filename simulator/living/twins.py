"""One patient's lives under several policies, of which many are the same life: whoever is treated alike lives alike.

A life without treatment begins once for all policies, and each policy adds to a copy of it. Under policies that leave a patient
untreated, or plan and later decide the same, the patient has the same life to the last bit, which need not be lived again.
Policies that differ in repeat doses alone are one life up to the first such decision that they take differently.
Whoever cells do not change has the life without treatment under them, too, but for the doses that are booked.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled, compiled_in_place
from simulator.living.alike import AT_REFERRAL, OF_REPEATS, alike
from simulator.living.books import open_books
from simulator.living.decisions import WORDS, Desk, copy_books, copy_life, event_happens_at, time_passes_at, turn_to
from simulator.living.ledger import COST_COUNT, COUNT, EFFECT_COUNT, MARKER_TEST, is_kept
from simulator.living.ledger import DOSE as DOSE_COUNT
from simulator.living.ledger import TREATED as TREATED_COUNT
from simulator.living.next_event import care_under, foresee, foresee_further, live
from simulator.records import record_at
from simulator.rules.pathway.life import LIFE, MOST_STEPS
from simulator.rules.pathway.referral import begin_untreated, is_treated, plan_care
from simulator.rules.pathway.repeat_dose import dose_is_given

ITSELF, WHOLE = -1, -1
"""Instead of the number of another policy, and of a decision at which two lives part."""
TREATED, GAIN, DOSE, STEPS = range(4)
PLAN = STEPS + 3 * MOST_STEPS
"""Columns of a plan: whether the patient is treated, the gain that cells cause, the time of the first dose, and of each step
its time, whether it is open to the patient, and its therapy."""


class Twins(NamedTuple):
    """start, life: records of LIFE, the life without treatment and the one that is lived; start_words and life_words:
    whole numbers on the same memory. order (policies,): in which they are lived. kinds, kin (policies,): equal where
    policies decide alike after referral, and where they do but for repeat doses. plans: (policies, PLAN). tested (policies,):
    1.0 where the policy's test was done. undosed (policies,): 1.0 where the life is another's without its doses. untreated (1,):
    the policy under which the untreated life was lived."""

    start: Any
    life: Any
    start_words: Any
    life_words: Any
    order: Any
    kinds: Any
    kin: Any
    plans: Any
    tested: Any
    undosed: Any
    untreated: Any


def new_twins(policies: NDArray[np.void]) -> Twins:
    """Room for the lives of one patient after another under these policies."""
    lives = np.zeros(2, LIFE)
    words = lives.view(np.int64).reshape(2, WORDS)
    count = len(policies)
    # Whoever gives most doses comes first: the others part from that life, never the other way round.
    order = np.argsort(-policies["doses"], kind="stable").astype(np.int64)
    kinds, kin = alike(policies, AT_REFERRAL), alike(policies, AT_REFERRAL | OF_REPEATS)
    plans, tested, undosed = np.zeros((count, PLAN)), np.zeros(count), np.zeros(count)
    untreated = np.full(1, ITSELF, np.int64)
    start, life = record_at(lives, 0), record_at(lives, 1)
    return Twins(start, life, words[0], words[1], order, kinds, kin, plans, tested, undosed, untreated)


@compiled_in_place
def begin_twins(twins: Any, patient: Any, setting: Any, i: int) -> None:
    """Begin the life of patient i without treatment, and look ahead to its end."""
    start = twins.start
    begin_untreated(start, patient, setting.params, setting.seed, i, setting.ages, setting.log_hazards)
    start.horizon = setting.horizon
    foresee(start)
    twins.untreated[0] = ITSELF


@compiled
def write_plan(plan: Any, life: Any) -> None:
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
    same = True
    for k in range(one.shape[0]):
        same = same and one[k] == other[k]
    return bool(same)


@compiled_in_place
def refer_twin(twins: Any, decisions: Any, patient: Any, setting: Any, place: int) -> tuple[int, int]:
    """Bring the patient under the policy at a place of the order: (another policy, decision about a repeat dose).

    The life is that under the other policy, up to a decision or the WHOLE of it. It is a life of ITS own if the policy is
    ITSELF; `twins.life` is then the life that begins.
    """
    start, params = twins.start, setting.params
    p = twins.order[place]
    policy, plan = setting.policies[p], twins.plans[p]
    start.tested = 0
    treated = is_treated(start, patient, params, policy)
    twins.tested[p] = start.tested
    twins.undosed[p] = 0.0
    decisions.made[p] = ITSELF
    twin, decision = ITSELF, WHOLE
    if treated:
        copy_life(twins.life_words, twins.start_words, start.ramps)
        plan_care(twins.life, patient, params, policy, 0.0)
        write_plan(plan, twins.life)
        for earlier in range(place):
            q = twins.order[earlier]
            if twin == ITSELF and twins.kin[q] == twins.kin[p] and planned_alike(plan, twins.plans[q]):
                if twins.kinds[q] == twins.kinds[p]:
                    twin, decision = q, WHOLE
                elif decisions.made[q] != ITSELF:
                    twin = q
                    decision = first_difference(twins, decisions, params, policy, q)
    else:
        plan[TREATED] = 0.0
        twin = twins.untreated[0]
        if twin == ITSELF:
            twins.untreated[0] = p
            twin = unchanged_by_cells(twins, setting, place)
            if twin == ITSELF:
                copy_life(twins.life_words, twins.start_words, start.ramps)
            else:
                twins.undosed[p] = 1.0
    return twin, decision


@compiled_in_place
def unchanged_by_cells(twins: Any, setting: Any, place: int) -> int:
    """A policy before this place of the order that gives the patient cells which change nothing, and nothing else; or ITSELF.

    The policy at the place is the first of the order that leaves the patient untreated.
    """
    found = ITSELF
    if setting.params.act_death_hr == 1.0:
        for earlier in range(place):
            q = twins.order[earlier]
            if twins.plans[q, GAIN] == 0.0 and setting.policies[q].step_count < 0.5:
                found = q
    return found


@compiled_in_place
def first_difference(twins: Any, decisions: Any, params: Any, policy: Any, q: int) -> int:
    """The first decision about a repeat dose that a policy takes otherwise than policy q did; WHOLE if there is none.

    A dose that one does not give and the other does not have makes no difference. `twins.life` is left as things stood before the
    decision.
    """
    life, found, same = twins.life, WHOLE, True
    for k in range(decisions.made[q]):
        if same:
            copy_life(twins.life_words, decisions.lives[q, k], 0)
            copy_life(twins.life_words, decisions.lives[q, k], life.ramps)
            given = life.doses < policy.doses and dose_is_given(life, params, policy, life.next_dose)
            if given != (decisions.given[q, k] == 1):
                found, same = k, False
            elif not given:
                same = False
    return found


@compiled_in_place
def part(twins: Any, decisions: Any, books: Any, policy: Any, q: int, k: int) -> None:
    """Go back to where things stood before decision k in the life under policy q, to live on otherwise.

    The life itself stands there since `first_difference` found the decision.
    """
    life = twins.life
    turn_to(books.page, decisions.pages[q, k])
    copy_books(books.ledger, decisions.ledgers[q, k], books.census, decisions.censuses[q, k])
    if life.doses >= policy.doses:
        life.next_dose = np.inf
        foresee_further(life)


@compiled
def tested_as(ledger: Any, tested: float) -> None:
    """Book that the policy's test was done at referral (1), or not (0)."""
    if is_kept(ledger):
        ledger[COUNT + MARKER_TEST], ledger[COST_COUNT + MARKER_TEST] = tested, tested


@compiled
def same_ledger(ledgers: Any, p: int, twin: int, tested: float, undosed: float) -> None:
    """Give policy p the ledger (policies, WIDTH) of another policy; only the test may differ, and the doses be left out."""
    for f in range(ledgers.shape[1]):
        ledgers[p, f] = ledgers[twin, f]
    tested_as(ledgers[p], tested)
    if undosed == 1.0 and is_kept(ledgers[p]):
        for what in (DOSE_COUNT, TREATED_COUNT):
            for kind in (COUNT, COST_COUNT, EFFECT_COUNT):
                ledgers[p, kind + what] = 0.0


@compiled_in_place
def live_in_turn(twins: Any, decisions: Any, books: Any, patient: Any, setting: Any, place: int) -> int:
    """Let the patient live under the policy at a place of the order, and keep the books; ITSELF.

    Where the whole life is that under a policy before it, nothing is lived, and the policy is returned.
    """
    p = twins.order[place]
    twin, decision = refer_twin(twins, decisions, patient, setting, place)
    if twin == ITSELF or decision != WHOLE:
        if twin == ITSELF:
            open_books(books, twins.life, patient, setting)
            decisions.made[p] = 0
        else:
            part(twins, decisions, books, setting.policies[p], twin, decision)
        tested_as(books.ledger, twins.tested[p])
        keeps = twin == ITSELF and decisions.keeps[p] == 1
        desk = Desk(books, decisions, twins, p, keeps)
        live(twins.life, patient, setting, care_under(setting, p), time_passes_at, event_happens_at, desk)
        twin = ITSELF
    return twin
