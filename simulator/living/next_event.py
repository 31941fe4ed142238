"""The one loop of a life: what comes next is settled here, and happens here, whoever follows the life.

Those who follow a life are told twice a turn: that time passes up to the next event, in the state that the last one left
behind, and what then happened.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, NamedTuple

from simulator.compiling import compiled, compiled_in_place
from simulator.rules.pathway.crossover import Crossover, cross_over, crosses_over
from simulator.rules.pathway.happening import care_for, clinical_event, planned_care, suffer
from simulator.rules.pathway.referral import begin_life
from simulator.words.vocabulary import Event

CLINICAL = -1
"""What comes next is a clinical event: `life.clinical_risk` says of which risk."""


class Care(NamedTuple):
    """What decides over one life: parameters, the policy, and the policy to which a trial's patient may cross over."""

    params: Any
    policy: Any
    other: Any
    crossover: Crossover


@compiled_in_place
def care_under(setting: Any, policy: int) -> Care:
    """The care of a setting under one of its policies, by number."""
    return Care(setting.params, setting.policies[policy], setting.policies[setting.crossover.to], setting.crossover)


@compiled_in_place
def refer(life: Any, patient: Any, setting: Any, policy: int, i: int, horizon: float) -> None:
    """Begin the life of patient i, under a policy by number, to be followed to death or `horizon` (years)."""
    begin_life(
        life, patient, setting.params, setting.policies[policy], setting.seed, i, setting.ages, setting.log_hazards
    )
    life.horizon = horizon
    foresee(life)


@compiled
def sight(life: Any) -> float:
    """How far to look (years): beyond the next dose or procedure, which may change everything, as far as dying can be seen."""
    return float(min(life.horizon, min(life.next_dose, life.next_procedure) + life.dying_within))


@compiled
def foresee(life: Any) -> None:
    """Settle which clinical event comes next if nothing changes, at least as far as care that may change it needs to know."""
    life.foreseen = sight(life)
    life.clinical_at, life.clinical_risk = clinical_event(life, life.foreseen)


@compiled
def foresee_further(life: Any) -> None:
    """Look beyond what was foreseen, where nothing comes up to there and the care that might have changed it did not."""
    if life.clinical_at == inf and life.foreseen < sight(life):
        foresee(life)


@compiled
def due(life: Any) -> tuple[float, int]:
    """When and what comes next: CLINICAL, or the `Event` of planned care, or `Event.HORIZON`.

    At equal times clinical events come before planned care. What is planned for the horizon is not done any more.
    """
    care, kind = planned_care(life)
    if life.clinical_at <= life.horizon and life.clinical_at <= care:
        return life.clinical_at, CLINICAL
    if care < life.horizon:
        return care, kind
    return life.horizon, Event.HORIZON


@compiled
def let_happen(life: Any, patient: Any, care: Any, t: float, kind: int) -> tuple[int, bool]:
    """Let what is due happen at t (years). Returns the `Event` that it was and whether the patient's hazards changed."""
    life.time = t
    if kind == Event.HORIZON:
        return Event.HORIZON, False
    if kind == CLINICAL:
        event, changed = suffer(life, care.params, t, life.clinical_risk), True
    elif kind == Event.CROSSES_OVER:
        # Another therapy takes the place of what the former policy gave, whose direct ratios end with it.
        event, changed = decide_crossover(life, patient, care, t), life.crossed_at == t
    else:
        policy = care.other if life.crossed_at < inf else care.policy
        event, changed = care_for(life, care.params, policy, t, kind)
    if life.alive:
        if changed:
            foresee(life)
        else:
            foresee_further(life)
    return event, changed


@compiled
def decide_crossover(life: Any, patient: Any, care: Any, t: float) -> int:
    """Ask a control patient, at t (years), whether to cross over; whoever does is under the other policy from then on."""
    life.next_crossover = inf
    if crosses_over(life, care.params, care.crossover, t):
        life.crossed_at = t
        cross_over(life, patient, care.params, care.other, t)
    return Event.CROSSES_OVER


@compiled
def next_event(life: Any, patient: Any, care: Any) -> tuple[float, int, bool]:
    """Settle what happens next and let it happen: its time (years), its `Event`, whether hazards changed."""
    t, kind = due(life)
    event, changed = let_happen(life, patient, care, t, kind)
    return t, event, changed


@compiled
def is_over(life: Any, event: int) -> bool:
    """Whether a life is not followed any further after an event."""
    return event == Event.HORIZON or not life.alive


@compiled_in_place
def live(
    life: Any,
    patient: Any,
    setting: Any,
    care: Any,
    passes: Callable[..., None],
    happens: Callable[..., None],
    books: Any,
) -> None:
    """Follow a life that has begun to death or its horizon, and have it observed.

    Before each event `passes(books, life, setting, t, kind)` is told that time passes from `life.time` to t, at which
    `kind` is due; after it, `happens(books, life, patient, setting, t, event)` is told what came of it.
    """
    event: int = Event.REFERRAL
    while not is_over(life, event):
        t, kind = due(life)
        passes(books, life, setting, t, kind)
        event, _ = let_happen(life, patient, care, t, kind)
        happens(books, life, patient, setting, t, event)


@compiled
def live_unobserved(life: Any, patient: Any, care: Any) -> None:
    """Follow a life to death or its horizon. What it holds then is all that is asked for."""
    event: int = Event.REFERRAL
    while not is_over(life, event):
        _, event, _ = next_event(life, patient, care)
