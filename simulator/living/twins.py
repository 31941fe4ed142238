"""One patient's lives under several policies, of which many are the same life: whoever is treated alike lives alike.

A life without treatment begins once for all policies, and each policy adds to a copy of it. Under policies that leave a patient
untreated, or plan and later decide the same, the patient has the same life to the last bit, which need not be lived again.
Policies that differ in repeat doses alone are one life up to the first such decision that they take differently.
Whoever cells do not change has the life without treatment under them, too, but for the doses that are booked.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled, compiled_in_place
from simulator.living.books import PAGE, event_happens, open_books, time_passes
from simulator.living.census import WIDTH as CENSUS_WIDTH
from simulator.living.ledger import COST_COUNT, COUNT, EFFECT_COUNT, MARKER_TEST, is_kept
from simulator.living.ledger import DOSE as DOSE_COUNT
from simulator.living.ledger import TREATED as TREATED_COUNT
from simulator.living.ledger import WIDTH as LEDGER_WIDTH
from simulator.living.next_event import care_under, foresee, foresee_further, live
from simulator.rules.pathway.life import LIFE, MOST_STEPS
from simulator.rules.pathway.policy import POLICY_FIELDS, STEP_FIELDS
from simulator.rules.pathway.referral import begin_untreated, is_treated, plan_care
from simulator.rules.pathway.repeat_dose import dose_is_given
from simulator.rules.population.criteria import CRITERIA_FIELDS
from simulator.words.vocabulary import Event

AT_REFERRAL = {*CRITERIA_FIELDS, "marker", "marker_threshold", "marker_sensitivity", "marker_specificity"}
AT_REFERRAL |= {"marker_treat_positive", "product", "route"}
"""What of a policy is read at referral only and shows in what is planned for the patient."""
OF_REPEATS = {"doses", "repeat_rule", "stop_at_tcpo2"}
"""What of a policy is read, in whoever has a dose planned, after the first dose only."""
ITSELF, WHOLE = -1, -1
"""Instead of the number of another policy, and of a decision at which two lives part."""
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


class Decisions(NamedTuple):
    """The repeat doses decided upon in lives that were lived from referral on, as things stood before.

    made (policies,): how many. given (policies, decisions): 1 where the dose was given. lives: (policies, decisions, WORDS).
    pages, ledgers, censuses: the books. keeps (policies,): 1 where another policy may part from the life.
    """

    made: Any
    given: Any
    lives: Any
    pages: Any
    ledgers: Any
    censuses: Any
    keeps: Any


class Desk(NamedTuple):
    """The books of a life, and the decisions of its policy, which has a number."""

    books: Any
    decisions: Any
    twins: Any
    policy: int
    keeps: bool


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
    return Twins(lives[0], lives[1], words[0], words[1], order, kinds, kin, plans, tested, undosed, untreated)


def new_decisions(policies: NDArray[np.void], times: int, ledger: int = LEDGER_WIDTH) -> Decisions:
    """Room for the decisions about one patient after another, with ledgers of so many columns."""
    count, most = len(policies), max(0, int(policies["doses"].max()) - 1)
    kin = alike(policies, AT_REFERRAL | OF_REPEATS)
    keeps = np.array([np.count_nonzero(kin == own) > 1 for own in kin], np.int64) * (most > 0)
    shape = (count, most)
    return Decisions(
        np.zeros(count, np.int64),
        np.zeros(shape, np.int64),
        np.zeros((*shape, WORDS), np.int64),
        np.zeros(shape, PAGE),
        np.zeros((*shape, ledger)),
        np.zeros((*shape, times, CENSUS_WIDTH), np.int64),
        keeps,
    )


def alike(policies: NDArray[np.void], but_for: set[str]) -> NDArray[np.int64]:
    """A number for each policy, equal where all is equal but for these fields of the policy and of its steps."""
    # Units of few patients ask again and again about the same policies, which would take longer than their lives.
    return _alike(policies.tobytes(), policies.dtype, frozenset(but_for)).copy()


@lru_cache(maxsize=64)
def _alike(records: bytes, dtype: np.dtype[Any], but_for: frozenset[str]) -> NDArray[np.int64]:
    own = [name for name in POLICY_FIELDS if name not in but_for]
    of_steps = [name for name in STEP_FIELDS if name not in but_for]
    seen: dict[bytes, int] = {}
    numbers = []
    for policy in np.frombuffer(records, dtype):
        whole = b"".join(np.asarray(policy[name]).tobytes() for name in own)
        whole += b"".join(np.ascontiguousarray(policy["steps"][name]).tobytes() for name in of_steps)
        numbers.append(seen.setdefault(whole, len(seen)))
    return np.array(numbers, np.int64)


@compiled_in_place
def begin_twins(twins: Any, patient: Any, setting: Any, i: int) -> None:
    """Begin the life of patient i without treatment, and look ahead to its end."""
    start = twins.start
    begin_untreated(start, patient, setting.params, setting.seed, i, setting.ages, setting.log_hazards)
    start.horizon = setting.horizon
    foresee(start)
    twins.untreated[0] = ITSELF


@compiled
def copy_life(to: Any, of: Any, ramps: int) -> None:
    """Copy a life as whole numbers, with as many ramps as it has."""
    for k in range(STARTS):
        to[k] = of[k]
    for k in range(ramps):
        to[STARTS + k], to[DURATIONS + k], to[HEIGHTS + k] = of[STARTS + k], of[DURATIONS + k], of[HEIGHTS + k]


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
def copy_books(ledger: Any, of_ledger: Any, census: Any, of_census: Any) -> None:
    """Copy a ledger and a census."""
    for f in range(ledger.shape[0]):
        ledger[f] = of_ledger[f]
    for j in range(census.shape[0]):
        for column in range(census.shape[1]):
            census[j, column] = of_census[j, column]


@compiled
def turn_to(page: Any, other: Any) -> None:
    """Make a page say what another says."""
    page.state, page.entered, page.effects, page.costs = other.state, other.entered, other.effects, other.costs
    page.next_census, page.keeps_history, page.events = other.next_census, other.keeps_history, other.events


@compiled_in_place
def keep_decision(desk: Any, life: Any) -> None:
    """Keep how things stand before a repeat dose is decided upon."""
    decisions, books, p = desk.decisions, desk.books, desk.policy
    k = decisions.made[p]
    decisions.made[p] = k + 1
    decisions.given[p, k] = 0
    copy_life(decisions.lives[p, k], desk.twins.life_words, life.ramps)
    turn_to(decisions.pages[p, k], books.page)
    copy_books(decisions.ledgers[p, k], books.ledger, decisions.censuses[p, k], books.census)


@compiled_in_place
def time_passes_at(desk: Any, life: Any, setting: Any, t: float, kind: int) -> None:
    """As `time_passes` in the books."""
    if desk.keeps and kind == Event.DOSE and life.doses > 0:
        keep_decision(desk, life)
    time_passes(desk.books, life, setting, t, kind)


@compiled_in_place
def event_happens_at(desk: Any, life: Any, patient: Any, setting: Any, t: float, event: int) -> None:
    """As `event_happens` in the books."""
    if desk.keeps and event == Event.DOSE and life.doses > 1:
        desk.decisions.given[desk.policy, desk.decisions.made[desk.policy] - 1] = 1
    event_happens(desk.books, life, patient, setting, t, event)


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
