"""The books of a life: ledger, census and, on request, the event history."""

from __future__ import annotations

from math import inf
from typing import Any, NamedTuple

import numpy as np

from simulator.compiling import compiled_in_place, compiled_on_given_memory, record_dtype
from simulator.living.census import WIDTH as CENSUS_WIDTH
from simulator.living.census import close_census, open_census, take_census
from simulator.living.discounting import factors
from simulator.living.history import HISTORY, acting_step, limb_tcpo2, note, note_visits
from simulator.living.ledger import MARKER_TEST, add_count, add_event, add_sojourn, add_visits, is_kept
from simulator.living.ledger import WIDTH as LEDGER_WIDTH
from simulator.living.next_event import care_under, is_over, let_happen, live, refer
from simulator.records import record_at
from simulator.rules.pathway.life import state_of
from simulator.words.vocabulary import Event

PAGE = record_dtype(
    [
        ("state", np.int64),
        ("entered", np.float64),
        ("effects", np.float64),
        ("costs", np.float64),
        ("next_census", np.float64),
        ("keeps_history", np.int64),
        ("events", np.int64),
    ]
)
"""One life's page: state of the ledger, since when, and the discount factors of effects and costs then; time of the next
census (years); whether a history is kept, and events written to it by this life and those before."""


class Books(NamedTuple):
    """page: a record of PAGE. ledger: shape (ledger WIDTH,), or (0,) where none is kept. census: shape (times, census WIDTH).
    history: HISTORY rows of one life after another."""

    page: Any
    ledger: Any
    census: Any
    history: Any


def new_books(times: int, events: int = 0, ledger: int = LEDGER_WIDTH) -> Books:
    """Books for lives that are counted at so many times, with room for so many events (0: no history) and a ledger (0: none)."""
    page = record_at(np.zeros(1, PAGE), 0)
    page.keeps_history = events > 0
    census = np.zeros((times, CENSUS_WIDTH), np.int64)
    return Books(page, np.zeros(ledger), census, np.zeros(events, HISTORY))


@compiled_in_place
def open_books(books: Any, life: Any, patient: Any, setting: Any) -> None:
    """Open the books of a life that has begun."""
    page = books.page
    page.state, page.entered, page.next_census = state_of(life), 0.0, -inf
    page.effects, page.costs = 1.0, 1.0
    books.ledger[:] = 0.0
    open_census(books.census)
    if page.keeps_history:
        page.events = note(books.history, page.events, life.patient, 0.0, Event.REFERRAL, patient.tcpo2_measured, -1)
    if life.tested and is_kept(books.ledger):
        add_count(books.ledger, MARKER_TEST, 1.0)


@compiled_on_given_memory
def begin(books: Any, life: Any, patient: Any, setting: Any, policy: int, i: int) -> None:
    """Refer patient i under a policy, by number, and open the books of the life that begins."""
    refer(life, patient, setting, policy, i, setting.horizon)
    open_books(books, life, patient, setting)


@compiled_in_place
def time_passes(books: Any, life: Any, setting: Any, t: float, kind: int) -> None:
    """Count the patient, and note the planned visits, from the last event to t."""
    page = books.page
    last = kind == Event.HORIZON
    if page.next_census < t or last:
        page.next_census = take_census(books.census, setting.times, life, page.state, t, last)
    if page.keeps_history:
        page.events = note_visits(books.history, page.events, life, setting.params, setting.visits, life.time, t)


@compiled_in_place
def event_happens(books: Any, life: Any, patient: Any, setting: Any, t: float, event: int) -> None:
    """Book an event at t, and the time in the state that it ends."""
    page = books.page
    over = is_over(life, event)
    following = state_of(life)
    if is_kept(books.ledger):
        enter(books, life, patient, setting, t, event, following, over)
    if page.keeps_history:
        page.events = note(
            books.history, page.events, life.patient, t, event, limb_tcpo2(life, t), acting_step(life, event)
        )
    page.state = following
    if over:
        close_census(books.census, life)


@compiled_in_place
def enter(books: Any, life: Any, patient: Any, setting: Any, t: float, event: int, following: int, over: bool) -> None:
    """Enter an event at t into the ledger, and the time in the state before if another is `following` or the life is `over`."""
    page = books.page
    effects, costs = setting.effect_rate, setting.cost_rate
    now = factors(effects, costs, t)
    add_event(books.ledger, life, event, t, now[0], now[1], costs)
    # Time is booked when a state is left, not at every event: what changes nothing must not change a rounding either.
    if over or following != page.state:
        since = page.effects, page.costs
        add_sojourn(
            books.ledger, life, patient, setting.params, page.state, page.entered, t, (effects, costs), since, now
        )
        page.entered, page.effects, page.costs = t, now[0], now[1]
    if over:
        add_visits(books.ledger, setting.visits, setting.discounted_visits, t)


@compiled_in_place
def live_with_books(books: Any, life: Any, patient: Any, setting: Any, policy: int) -> None:
    """Follow a life that has begun under a policy, by number, to death or its horizon, and keep its books."""
    open_books(books, life, patient, setting)
    live(life, patient, setting, care_under(setting, policy), time_passes, event_happens, books)


@compiled_on_given_memory
def turn(books: Any, life: Any, patient: Any, setting: Any, policy: int, t: float, kind: int) -> int:
    """One turn of a life under a policy, by number: time passes to t, what is due happens; returns its `Event`."""
    time_passes(books, life, setting, t, kind)
    event, _ = let_happen(life, patient, care_under(setting, policy), t, kind)
    event_happens(books, life, patient, setting, t, event)
    return event
