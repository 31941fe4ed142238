"""Events and states: who may have which event when, what the ledger counts of it, and where people are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.living.cohort_arrays import Followed
from simulator.living.ledger import COUNTS, FIELDS
from simulator.questions.verify.events.event_law import DEATHS, EVENT_STATE
from simulator.questions.verify.subject.check import (
    ADVISHE,
    BOOKS,
    DESIGN,
    TECH_VER,
    Found,
    NotApplicable,
    equal,
    none_of,
)
from simulator.questions.verify.subject.subject import Subject
from simulator.rules.pathway.life import MOST_STEPS
from simulator.words.vocabulary import DAYS_PER_YEAR, Event, State

MAJOR = (Event.BELOW_KNEE_AMPUTATION, Event.ABOVE_KNEE_AMPUTATION)
HEALINGS = (Event.HEALED, Event.STUMP_HEALED)


def per_life(cohort: Followed, *events: Event) -> NDArray[np.int64]:
    """How often each patient had one of the events."""
    rows = cohort.history[np.isin(cohort.history["event"], events)]
    first = int(cohort.history["patient"][0])
    return np.bincount(rows["patient"] - first, minlength=len(cohort.lives))


def histories(subject: Subject) -> list[Followed]:
    """The cohort under each policy."""
    return list(subject.base.values())


@EVENT_STATE.check(
    TECH_VER, "nothing", "nothing happens after death or the horizon, and every life ends in one of them"
)
def the_end(subject: Subject) -> Found:
    """The last event of each life is its only end."""
    wrong = []
    for c in histories(subject):
        h = c.history
        last = np.append(h["patient"][1:] != h["patient"][:-1], True)
        ends = np.isin(h["event"], (*DEATHS, Event.HORIZON))
        wrong.append((last != ends) | (h["time"] > subject.scenario.horizon))
    return none_of(np.concatenate(wrong), "events")


@EVENT_STATE.check(DESIGN, "nothing", "each life begins with its referral at time 0 and its events are in order")
def in_order(subject: Subject) -> Found:
    """Order of events."""
    wrong = []
    for c in histories(subject):
        h = c.history
        new = np.append(True, h["patient"][1:] != h["patient"][:-1])
        wrong.append(new != ((h["event"] == Event.REFERRAL) & (h["time"] == 0.0)))
        wrong.append(np.append(False, np.diff(h["time"]) < 0.0) & ~new)
    return none_of(np.concatenate(wrong), "events")


@EVENT_STATE.check(ADVISHE, "nothing", "at most one major amputation of each leg and one conversion in a life")
def once(subject: Subject) -> Found:
    """What can happen once."""
    kinds = (MAJOR, (Event.OTHER_LIMB_AMPUTATION,), (Event.CONVERSION,), (Event.STARTS_DIALYSIS,))
    return none_of(np.concatenate([per_life(c, *k) > 1 for c in histories(subject) for k in kinds]), "lives")


@EVENT_STATE.check(ADVISHE, "nothing", "conversion only after amputation below the knee")
def conversions(subject: Subject) -> Found:
    """Who is converted."""
    wrong = [
        (per_life(c, Event.CONVERSION) > per_life(c, Event.BELOW_KNEE_AMPUTATION))
        | (c.lives["converted_at"] < c.lives["amputated_at"])
        for c in histories(subject)
    ]
    return none_of(np.concatenate(wrong), "lives")


@EVENT_STATE.check(ADVISHE, "nothing", "after a major amputation no care and no event of the limb")
def after_amputation(subject: Subject) -> Found:
    """Nothing happens to a limb that is gone."""
    limb = (
        Event.DOSE,
        Event.PROCEDURE,
        Event.REPEAT_PROCEDURE,
        Event.MINOR_AMPUTATION,
        Event.HEALED,
        Event.NEW_WOUND,
        *MAJOR,
    )
    wrong = []
    for c in histories(subject):
        rows = c.history[np.isin(c.history["event"], limb)]
        lost = c.lives["amputated_at"][rows["patient"] - int(c.history["patient"][0])]
        of_the_limb = ~np.isin(rows["event"], MAJOR)
        wrong.append((rows["time"] > lost) | ((rows["time"] >= lost) & of_the_limb))
    return none_of(np.concatenate(wrong), "events")


@EVENT_STATE.check(ADVISHE, "nothing", "a limb heals only with an open wound, and a wound opens only in a closed limb")
def wounds(subject: Subject) -> Found:
    """Healing and new wounds take turns."""
    wrong = []
    for c in histories(subject):
        rows = c.history[np.isin(c.history["event"], (Event.HEALED, Event.NEW_WOUND))]
        first = int(c.history["patient"][0])
        starts_closed = c.patients["rutherford"][rows["patient"] - first] < 4.5
        new = np.append(True, rows["patient"][1:] != rows["patient"][:-1]) if len(rows) else np.zeros(0, bool)
        opens = rows["event"] == Event.NEW_WOUND
        before = np.append(False, opens[:-1]) if len(rows) else opens
        wrong.append(np.where(new, opens != starts_closed, opens == before))
    return none_of(np.concatenate(wrong), "healings and new wounds")


@EVENT_STATE.check(ADVISHE, "nothing", "whoever cannot walk any more, or lost the other leg, never walks again")
def walks_no_more(subject: Subject) -> Found:
    """The loss of walking is for good."""
    lost, wrong = (Event.WALKS_NO_MORE, Event.OTHER_LIMB_AMPUTATION), []
    for c in histories(subject):
        first = int(c.history["patient"][0])
        rows = c.history[np.isin(c.history["event"], lost)]
        since = np.full(len(c.lives), np.inf)
        np.minimum.at(since, rows["patient"] - first, rows["time"])
        walks = c.history[c.history["event"] == Event.WALKS]
        wrong.append(walks["time"] > since[walks["patient"] - first])
        wrong.append((c.lives["walking"] == 1) & np.isfinite(since))
    return none_of(np.concatenate(wrong), "lives and first steps")


@EVENT_STATE.check(DESIGN, "nothing", "a limb beyond salvage never heals and is never treated")
def beyond_salvage(subject: Subject) -> Found:
    """Limbs that cannot be saved."""
    wrong = []
    for c in histories(subject):
        lost = c.patients["beyond_salvage"] > 0.5
        wrong.append(lost & (per_life(c, Event.HEALED, Event.MINOR_AMPUTATION, Event.DOSE, Event.PROCEDURE) > 0))
    return none_of(np.concatenate(wrong), "lives")


@EVENT_STATE.check(TECH_VER, "nothing", "no life has more doses than its policy allows")
def doses(subject: Subject) -> Found:
    """Doses given."""
    wrong = [
        (c.lives["doses"] > subject.scenario.policies[p].cell_therapy.doses)
        | (per_life(c, Event.DOSE) != c.lives["doses"])
        for p, c in subject.base.items()
    ]
    return none_of(np.concatenate(wrong), "lives")


@EVENT_STATE.check(DESIGN, "nothing", "dose k is given after the wait and k - 1 intervals, to the minute")
def schedule(subject: Subject) -> Found:
    """Dates of doses."""
    wrong = []
    for p in subject.with_cells:
        c, cells = subject.base[p], subject.scenario.policies[p].cell_therapy
        rows = c.history[c.history["event"] == Event.DOSE]
        new = np.append(True, rows["patient"][1:] != rows["patient"][:-1]) if len(rows) else np.zeros(0, bool)
        starts = np.flatnonzero(new)
        number = np.arange(len(rows)) - np.repeat(starts, np.diff(np.append(starts, len(rows))))
        due = (cells.waiting_days + number * (cells.interval_days or 0.0)) / DAYS_PER_YEAR
        wrong.append(np.abs(rows["time"] - due) > 2e-6)
        second = (cells.waiting_days + (cells.interval_days or 0.0)) / DAYS_PER_YEAR
        # Where a second dose is planned in the first half year, somebody has one.
        planned = cells.doses > 1 and second < min(0.5, subject.scenario.horizon)
        wrong.append(np.array([planned and not (number > 0).any()]))
    if not wrong:
        raise NotApplicable("no policy gives cells")
    return none_of(np.concatenate(wrong), "doses")


@EVENT_STATE.check(DESIGN, "nothing", "no dose while the wound is healed")
def healed_undosed(subject: Subject) -> Found:
    """Treatment ends with healing."""
    wrong = []
    for p in subject.with_cells:
        h = subject.base[p].history
        rows = h[np.isin(h["event"], (Event.DOSE, Event.HEALED, Event.NEW_WOUND, Event.REFERRAL))]
        after_healing = np.append(False, rows["event"][:-1] == Event.HEALED)
        wrong.append((rows["event"] == Event.DOSE) & after_healing)
    if not wrong:
        raise NotApplicable("no policy gives cells")
    return none_of(np.concatenate(wrong), "events")


@EVENT_STATE.check(TECH_VER, "nothing", "only people who meet a policy's criteria are treated under it")
def eligible(subject: Subject) -> Found:
    """Eligibility, judged by its own words."""
    from simulator.words.vocabulary import Renal

    wrong = []
    for p, c in subject.base.items():
        rule, who = subject.scenario.policies[p].eligibility, c.patients
        treated = (c.lives["doses"] > 0) | (c.lives["step_done"].sum(axis=1) > 0)
        seen = who["tcpo2_measured"]
        barred = (seen < rule.tcpo2_at_least) | (who["age"] < rule.age_at_least)
        if rule.tcpo2_below is not None:
            barred |= (seen >= rule.tcpo2_below) & ~(rule.ankle_pressure_counts & (who["ankle_pressure_low"] > 0.5))
        if rule.age_below is not None:
            barred |= who["age"] >= rule.age_below
        barred |= (who["rutherford"] < rule.rutherford_at_least) | (who["rutherford"] > rule.rutherford_at_most)
        barred |= (who["renal"] == Renal.DIALYSIS) & (not rule.dialysis)
        barred |= (who["renal"] == Renal.SEVERE) & (not rule.severe_renal)
        # Nobody treats what is beyond salvage, whatever the criteria.
        barred |= who["beyond_salvage"] > 0.5
        wrong.append(treated & barred)
    return none_of(np.concatenate(wrong), "lives")


@EVENT_STATE.check(TECH_VER, "nothing", "TcPO2 stays between zero and the ceiling")
def bounds(subject: Subject) -> Found:
    """The perfusion path's floor and ceiling."""
    wrong = []
    for c in histories(subject):
        ceiling = np.maximum(subject.value("tcpo2_ceiling"), c.patients["tcpo2"])[:, None]
        with np.errstate(invalid="ignore"):
            wrong.append(((c.paths < 0.0) | (c.paths > ceiling + 1e-9)).ravel())
    return none_of(np.concatenate(wrong), "values of TcPO2")


@EVENT_STATE.check(TECH_VER, "nothing", "states and the dead add to the cohort at every time")
def adding_up(subject: Subject) -> Found:
    """Everybody is somewhere."""
    shares = subject.result.state_estimates.mean
    whole = equal(shares.sum(axis=-1), np.ones(shares.shape[:-1]), "times and policies", 1e-12)
    sane = bool(((shares >= 0.0) & (shares <= 1.0)).all())
    return Found(whole.passed and sane, whole.what)


@EVENT_STATE.check(BOOKS, "nothing", "shares of states are those of single patients' censuses")
def censuses(subject: Subject) -> Found:
    """Streamed sums against patients kept one by one."""
    own = np.array([[(c.censuses[:, :, 0] == state).mean(axis=0) for state in State] for c in histories(subject)])
    return equal(subject.result.state_estimates.mean[:, :, :-1], np.moveaxis(own, 1, -1), "shares", 1e-12)


def _counted(count: str, event: Event) -> None:
    column = FIELDS.index(f"count_{count}")

    def run(subject: Subject) -> Found:
        wrong = [c.ledgers[:, column] != per_life(c, event) for c in histories(subject)]
        return none_of(np.concatenate(wrong), "lives")

    words = event.name.lower().replace("_", " ")
    EVENT_STATE.add(BOOKS, f"nothing: {words}", "the ledger counts the events of the history", run)


for _count, _event in (
    ("dose", Event.DOSE),
    ("minor_amputation", Event.MINOR_AMPUTATION),
    ("below_knee_amputation", Event.BELOW_KNEE_AMPUTATION),
    ("above_knee_amputation", Event.ABOVE_KNEE_AMPUTATION),
    ("conversion", Event.CONVERSION),
    ("other_limb_amputation", Event.OTHER_LIMB_AMPUTATION),
    ("new_wound", Event.NEW_WOUND),
    ("healed", Event.HEALED),
    ("stump_healed", Event.STUMP_HEALED),
    ("visit", Event.VISIT),
):
    assert _count in COUNTS
    _counted(_count, _event)


@EVENT_STATE.check(
    BOOKS, "nothing: therapies", "the ledger counts each therapy of the history, the first time and again"
)
def therapies(subject: Subject) -> Found:
    """Steps of a policy in ledger, history and life."""
    wrong = []
    for c in histories(subject):
        for k in range(MOST_STEPS):
            own = c.history["step"] == k
            for often, event in (("", Event.PROCEDURE), ("repeat_", Event.REPEAT_PROCEDURE)):
                counted = c.ledgers[:, FIELDS.index(f"count_{often}step_{k + 1}")]
                rows = c.history["patient"][own & (c.history["event"] == event)] - int(c.lives["patient"][0])
                wrong.append(counted != np.bincount(rows.astype(np.int64), minlength=len(counted)))
    return none_of(np.concatenate(wrong), "lives")


@EVENT_STATE.check(BOOKS, "nothing: death", "the ledger counts the dead once")
def deaths(subject: Subject) -> Found:
    """Deaths in ledger, history and life."""
    column = FIELDS.index("count_death")
    wrong = [
        (c.ledgers[:, column] != per_life(c, *DEATHS)) | (c.ledgers[:, column] != 1 - c.lives["alive"])
        for c in histories(subject)
    ]
    return none_of(np.concatenate(wrong), "lives")
