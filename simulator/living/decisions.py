"""Repeat doses decided upon in a life, kept as things stood before each, for policies that part from the life there."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled, compiled_in_place
from simulator.living.alike import AT_REFERRAL, OF_REPEATS, alike
from simulator.living.books import PAGE, event_happens, time_passes
from simulator.living.census import WIDTH as CENSUS_WIDTH
from simulator.living.ledger import WIDTH as LEDGER_WIDTH
from simulator.rules.pathway.life import LIFE
from simulator.words.vocabulary import Event

WORDS = LIFE.itemsize // 8
STARTS, DURATIONS, HEIGHTS = (
    int(np.dtype(LIFE).fields[name][1]) // 8  # type: ignore[index]
    for name in ("ramp_start", "ramp_duration", "ramp_height")
)
"""Where the ramps stand in a life, as whole numbers of eight bytes. Nothing comes behind them."""


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


@compiled
def copy_life(to: Any, of: Any, ramps: int) -> None:
    """Copy a life as whole numbers, with as many ramps as it has."""
    for k in range(STARTS):
        to[k] = of[k]
    for k in range(ramps):
        to[STARTS + k], to[DURATIONS + k], to[HEIGHTS + k] = of[STARTS + k], of[DURATIONS + k], of[HEIGHTS + k]


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
