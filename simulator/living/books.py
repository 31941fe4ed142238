"""The books of a life: ledger, census and, on request, the event history."""

from __future__ import annotations

from math import inf
from typing import Any, NamedTuple

import numpy as np

from simulator.compiling import compiled_in_place, compiled_on_given_memory, record_dtype
from simulator.living.census import WIDTH as CENSUS_WIDTH
from simulator.living.census import close_census, open_census, take_census
from simulator.living.history import HISTORY, acting_step, limb_tcpo2, note, note_visits
from simulator.living.ledger import MARKER_TEST, add_count, add_event, add_sojourn, add_visits
from simulator.living.ledger import WIDTH as LEDGER_WIDTH
from simulator.living.next_event import care_under, is_over, let_happen, live, refer
from simulator.rules.pathway.life import state_of
from simulator.words.vocabulary import Event

PAGE = record_dtype(
    [
        ("state", np.int64),
        ("entered", np.float64),
        ("next_census", np.float64),
        ("keeps_history", np.int64),
        ("events", np.int64),
        ("ledger", np.float64, (LEDGER_WIDTH,)),
    ]
)
"""One life's page: state of the ledger and since when, time of the next census (years), whether a history is kept,
events written to it by this life and those before, and the ledger."""


class Books(NamedTuple):
    """page: a record of PAGE. census: shape (times, census WIDTH). history: HISTORY rows of one life after another."""

    page: Any
    census: Any
    history: Any


def new_books(times: int, events: int = 0) -> Books:
    """Books for lives that are counted at so many times, with room for so many events (0: no history)."""
    page = np.zeros(1, PAGE)[0]
    page.keeps_history = events > 0
    return Books(page, np.zeros((times, CENSUS_WIDTH), np.int64), np.zeros(events, HISTORY))


@compiled_in_place
def open_books(books: Any, life: Any, patient: Any, setting: Any) -> None:
    """Open the books of a life that has begun."""
    page = books.page
    page.state, page.entered, page.next_census = state_of(life), 0.0, -inf
    page.ledger[:] = 0.0
    open_census(books.census)
    if page.keeps_history:
        page.events = note(books.history, page.events, life.patient, 0.0, Event.REFERRAL, patient.tcpo2_measured, -1)
    if life.tested:
        add_count(page.ledger, MARKER_TEST, 0.0, setting.cost_rate)


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
    add_event(page.ledger, life, event, t, setting.effect_rate, setting.cost_rate)
    if page.keeps_history:
        page.events = note(
            books.history, page.events, life.patient, t, event, limb_tcpo2(life, t), acting_step(life, event)
        )
    over = is_over(life, event)
    following = state_of(life)
    # Time is booked when a state is left, not at every event: what changes nothing must not change a rounding either.
    if over or following != page.state:
        effects, costs = setting.effect_rate, setting.cost_rate
        add_sojourn(page.ledger, life, patient, setting.params, page.state, page.entered, t, effects, costs)
        page.state, page.entered = following, t
    if over:
        close_census(books.census, life)
        add_visits(page.ledger, setting.visits, setting.discounted_visits, t)


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
