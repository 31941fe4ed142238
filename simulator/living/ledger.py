"""The ledger of a life: time in each state, clocks and counts of costed events, undiscounted and discounted.

Costs and QALYs are dot products of a ledger with unit values, so new prices need no new lives. Because quality of life falls with
age, time in a state also carries its first two moments of (age - 75).
"""

from __future__ import annotations

from math import exp, inf
from typing import Any

import numpy as np

from simulator.compiling import compiled
from simulator.living.discounting import discounted, discounted_moments, factors_at, overlap
from simulator.rules.pathway.life import MOST_STEPS
from simulator.words.vocabulary import Event, Limb, State

STATES = len(State)
REFERENCE_AGE = 75.0
"""Age about which moments are taken: a convention of bookkeeping."""

CLOCKS = (
    "amputee_year_1",
    "amputee_year_2",
    "amputee_later",
    "dialysis",
    "alive",
    "last_year",
    "other_limb",
    "after_infarction",
    "after_stroke",
)
AMPUTEE_YEAR_1, AMPUTEE_YEAR_2, AMPUTEE_LATER, DIALYSIS, ALIVE, LAST_YEAR = range(6)
OTHER_LEG, AFTER_INFARCTION, AFTER_STROKE = range(6, len(CLOCKS))
"""`amputee_`: since the latest loss of a leg, whichever. `other_limb`: the other leg lost, the treated limb kept. `after_`: years
that somebody has lived since each infarction or stroke, as expected of the years lived."""
STEP_COUNTS = tuple(f"{often}step_{k + 1}" for k in range(MOST_STEPS) for often in ("", "repeat_"))
"""Of each step of the policy, how often it was done the first time in a limb, and again; `step_columns` has their names."""
COUNTS = (
    "dose",
    "treated",
    *STEP_COUNTS,
    "marker_test",
    "minor_amputation",
    "below_knee_amputation",
    "above_knee_amputation",
    "conversion",
    "prosthesis_below_knee",
    "prosthesis_above_knee",
    "new_wound",
    "healed",
    "stump_healed",
    "death",
    "visit",
    "other_limb_amputation",
    "infarction",
    "stroke",
)
DOSE, TREATED, STEP = range(3)
MARKER_TEST, MINOR, BELOW, ABOVE, CONVERSION, PROSTHESIS_BELOW, PROSTHESIS_ABOVE = range(
    STEP + len(STEP_COUNTS), STEP + len(STEP_COUNTS) + 7
)
NEW_WOUND, HEALED, STUMP_HEALED, DEATH, VISIT, OTHER_LIMB, INFARCTION, STROKE = range(PROSTHESIS_ABOVE + 1, len(COUNTS))
LOSS_CLOCKS = ("dialysis", "other_limb", "after_infarction", "after_stroke")
LOSS_COUNTS = ("dose", "treated", *STEP_COUNTS)
"""What takes quality of life beside the state somebody is in: it is discounted at the rate of effects, too."""

TIME, TIME_AGE, TIME_AGE2 = 0, STATES, 2 * STATES
EFFECT, EFFECT_AGE, EFFECT_AGE2 = 3 * STATES, 4 * STATES, 5 * STATES
COST = 6 * STATES
CLOCK = 7 * STATES
COST_CLOCK = CLOCK + len(CLOCKS)
COUNT = COST_CLOCK + len(CLOCKS)
COST_COUNT = COUNT + len(COUNTS)
EFFECT_CLOCK = COST_COUNT + len(COUNTS)
EFFECT_COUNT = EFFECT_CLOCK + len(LOSS_CLOCKS)
WIDTH = EFFECT_COUNT + len(LOSS_COUNTS)
LOST_ON_DIALYSIS, LOST_BY_OTHER_LEG, LOST_BY_INFARCTION, LOST_BY_STROKE = range(
    EFFECT_CLOCK, EFFECT_CLOCK + len(LOSS_CLOCKS)
)

_STATE_NAMES = tuple(state.name.lower() for state in State)
FIELDS = (
    *(f"{kind}_{state}" for kind in ("time", "time_age", "time_age2") for state in _STATE_NAMES),
    *(f"{kind}_{state}" for kind in ("effect", "effect_age", "effect_age2") for state in _STATE_NAMES),
    *(f"cost_{state}" for state in _STATE_NAMES),
    *(f"clock_{name}" for name in CLOCKS),
    *(f"cost_clock_{name}" for name in CLOCKS),
    *(f"count_{name}" for name in COUNTS),
    *(f"cost_count_{name}" for name in COUNTS),
    *(f"effect_clock_{name}" for name in LOSS_CLOCKS),
    *(f"effect_count_{name}" for name in LOSS_COUNTS),
)
"""Names of a ledger's columns. time: years; effect and cost: years discounted at the rate of effects and of costs;
_age and _age2: integrals of (age - 75) and its square; clock: years; count: events; cost_ and effect_: discounted at the rate
of costs and of effects."""


@compiled
def is_kept(ledger: Any) -> bool:
    """Whether there is a ledger: where only outcomes are asked for it has no columns."""
    return bool(ledger.shape[0] > 0)


@compiled
def add_moments(ledger: Any, at: int, state: int, years_past_75: float, moments: Any) -> None:
    """Add the moments of time since referral, shifted to moments of (age - 75), to a state's three columns."""
    zero, one, two = moments
    ledger[at + state] += zero
    ledger[at + STATES + state] += years_past_75 * zero + one
    ledger[at + 2 * STATES + state] += years_past_75 * years_past_75 * zero + 2.0 * years_past_75 * one + two


@compiled
def add_clock(
    ledger: Any, clock: int, start: float, end: float, cost_rate: float, from_factor: float, to_factor: float
) -> None:
    """Let a clock run over [start, end]; the factors are those of costs at the ends."""
    if end > start:
        ledger[CLOCK + clock] += end - start
        ledger[COST_CLOCK + clock] += discounted(start, end, cost_rate, from_factor, to_factor)


@compiled
def add_loss(
    ledger: Any,
    clock: int,
    column: int,
    start: float,
    end: float,
    effect_rate: float,
    cost_rate: float,
    since: tuple[float, float],
    now: tuple[float, float],
) -> None:
    """Let a clock run over [start, end] in which quality of life is lost; `column` holds it at the rate of effects.

    `since` and `now` are the discount `factors` at either end.
    """
    if end > start:
        add_clock(ledger, clock, start, end, cost_rate, since[1], now[1])
        ledger[column] += discounted(start, end, effect_rate, since[0], now[0])


@compiled
def add_expected(
    ledger: Any, count: int, after: int, lost: int, rate: float, plain: Any, effects: Any, costs: Any
) -> None:
    """Count the events short of death that a constant rate lets expect in a span with these moments of time since referral.

    They are not drawn, because nothing in a life depends on them: t years after referral, rate * t lie behind somebody.
    """
    ledger[COUNT + count] += rate * plain[0]
    ledger[COST_COUNT + count] += rate * costs[0]
    ledger[CLOCK + after] += rate * plain[1]
    ledger[COST_CLOCK + after] += rate * costs[1]
    ledger[lost] += rate * effects[1]


@compiled
def latest_loss(life: Any, t: float) -> float:
    """When the leg that was lost last by t was lost (years); infinite if none was."""
    first, second = min(life.amputated_at, life.other_amputated_at), max(life.amputated_at, life.other_amputated_at)
    return float(second if second <= t else first)


@compiled
def add_sojourn(
    ledger: Any,
    life: Any,
    patient: Any,
    params: Any,
    state: int,
    start: float,
    end: float,
    rates: tuple[float, float],
    since: tuple[float, float],
    now: tuple[float, float],
) -> None:
    """Book the years from `start` to `end` spent in `state`, when it is left.

    `rates` discount effects and costs, continuously and per year; `since` and `now` are the discount `factors` at either end.
    """
    if end <= start:
        return
    effect_rate, cost_rate = rates
    past = patient.age - REFERENCE_AGE
    plain = discounted_moments(start, end, 0.0, 1.0, 1.0)
    add_moments(ledger, TIME, state, past, plain)
    moments = discounted_moments(start, end, effect_rate, since[0], now[0])
    add_moments(ledger, EFFECT, state, past, moments)
    from_factor, to_factor = since[1], now[1]
    costs = moments
    if cost_rate != effect_rate:
        costs = discounted_moments(start, end, cost_rate, from_factor, to_factor)
    cost = costs[0]
    ledger[COST + state] += cost
    ledger[CLOCK + ALIVE] += plain[0]
    ledger[COST_CLOCK + ALIVE] += cost
    heart = params.vascular_hr_heart if patient.ischaemic_heart_disease > 0.5 else 1.0
    infarctions, strokes = heart * params.infarction_rate, heart * params.stroke_rate
    add_expected(ledger, INFARCTION, AFTER_INFARCTION, LOST_BY_INFARCTION, infarctions, plain, moments, costs)
    add_expected(ledger, STROKE, AFTER_STROKE, LOST_BY_STROKE, strokes, plain, moments, costs)
    if life.dialysis_since < end:
        begun = max(start, life.dialysis_since)
        then = factors_at(begun, effect_rate, cost_rate, start, since)
        add_loss(ledger, DIALYSIS, LOST_ON_DIALYSIS, begun, end, effect_rate, cost_rate, then, now)
    if state < State.BELOW_KNEE and life.other_amputated_at < end:
        begun = max(start, life.other_amputated_at)
        then = factors_at(begun, effect_rate, cost_rate, start, since)
        add_loss(ledger, OTHER_LEG, LOST_BY_OTHER_LEG, begun, end, effect_rate, cost_rate, then, now)
    if min(life.amputated_at, life.other_amputated_at) < end:
        second = max(life.amputated_at, life.other_amputated_at)
        for a, b in ((start, min(end, second)), (max(start, second), end)):
            if a < b:
                from_factor = since[1] if a == start else exp(-cost_rate * a)
                to_factor = now[1] if b == end else exp(-cost_rate * b)
                add_amputee_years(ledger, latest_loss(life, a), a, b, cost_rate, from_factor, to_factor)


@compiled
def add_amputee_years(
    ledger: Any, since: float, start: float, end: float, cost_rate: float, from_factor: float, to_factor: float
) -> None:
    """Let the clocks of the years since a leg was lost at `since` run over [start, end]; the factors are those at the ends."""
    known, factor = start, from_factor
    for clock in range(AMPUTEE_YEAR_1, AMPUTEE_LATER + 1):
        year = clock - AMPUTEE_YEAR_1
        a, b = overlap(start, end, since + year, since + year + 1.0 if clock < AMPUTEE_LATER else inf)
        if b > a:
            # One year ends where the next begins, most often to the last bit.
            first = factor if a == known else exp(-cost_rate * a)
            known, factor = b, (to_factor if b == end else exp(-cost_rate * b))
            add_clock(ledger, clock, a, b, cost_rate, first, factor)


@compiled
def add_count(ledger: Any, what: int, factor: float) -> None:
    """Count one costed event, with the discount factor of costs at its time."""
    ledger[COUNT + what] += 1.0
    ledger[COST_COUNT + what] += factor


@compiled
def add_treatment(ledger: Any, what: int, effects: float, costs: float) -> None:
    """Count what is done to somebody, which may cost quality of life, too; the discount factors are those of then.

    It is among the first counts.
    """
    add_count(ledger, what, costs)
    ledger[EFFECT_COUNT + what] += effects


@compiled
def add_event(ledger: Any, life: Any, event: int, t: float, effects: float, factor: float, cost_rate: float) -> None:
    """Count an event of the history at t (years) if it is a costed one; `effects` and `factor` discount effects and costs."""
    if event == Event.DOSE:
        add_treatment(ledger, DOSE, effects, factor)
        if life.doses == 1:
            add_treatment(ledger, TREATED, effects, factor)
    elif event == Event.PROCEDURE:
        add_treatment(ledger, STEP + 2 * life.acting, effects, factor)
    elif event == Event.REPEAT_PROCEDURE:
        add_treatment(ledger, STEP + 2 * life.acting + 1, effects, factor)
    elif event == Event.MINOR_AMPUTATION:
        add_count(ledger, MINOR, factor)
    elif event == Event.BELOW_KNEE_AMPUTATION:
        add_count(ledger, BELOW, factor)
    elif event == Event.ABOVE_KNEE_AMPUTATION:
        add_count(ledger, ABOVE, factor)
    elif event == Event.CONVERSION:
        add_count(ledger, CONVERSION, factor)
    elif event == Event.OTHER_LIMB_AMPUTATION:
        add_count(ledger, OTHER_LIMB, factor)
    elif event == Event.WALKS:
        if life.limb == Limb.BELOW_KNEE:
            add_count(ledger, PROSTHESIS_BELOW, factor)
        elif life.limb == Limb.ABOVE_KNEE:
            add_count(ledger, PROSTHESIS_ABOVE, factor)
    elif event == Event.NEW_WOUND:
        add_count(ledger, NEW_WOUND, factor)
    elif event == Event.HEALED:
        add_count(ledger, HEALED, factor)
    elif event == Event.STUMP_HEALED:
        add_count(ledger, STUMP_HEALED, factor)
    elif not life.alive:
        add_count(ledger, DEATH, factor)
        # Only what was lived since referral: who dies after three months has had a quarter of the last year here.
        start = max(0.0, t - 1.0)
        add_clock(ledger, LAST_YEAR, start, t, cost_rate, exp(-cost_rate * start), factor)


def visit_table(times: Any, cost_rate: float) -> Any:
    """Sums of discounted visits before each visit: entry k is for the first k of `times`. Shape (visits + 1,)."""
    return np.concatenate([[0.0], np.cumsum(np.exp(-cost_rate * times))])


@compiled
def visits_before(visits: Any, end: float) -> int:
    """How many of the rising `visits` come before `end`; found from a guess, as the later ones are evenly spaced."""
    last = visits.shape[0] - 1
    n = 0
    if last > 0 and end > visits[0]:
        spacing = visits[last] - visits[last - 1]
        n = max(0, last - int(max(0.0, visits[last] - end) / spacing))
    while n <= last and visits[n] < end:
        n += 1
    while n > 0 and visits[n - 1] >= end:
        n -= 1
    return n


@compiled
def add_visits(ledger: Any, visits: Any, discounted_visits: Any, end: float) -> None:
    """Count the visits before `end` (death or the horizon)."""
    n = visits_before(visits, end)
    ledger[COUNT + VISIT] += n
    ledger[COST_COUNT + VISIT] += discounted_visits[n]
