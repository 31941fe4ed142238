"""Events and states: the law of every risk, who may have which event when, and where people are."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulator.engines.cohort_arrays import Followed
from simulator.engines.ledger import COUNTS, FIELDS
from simulator.verification.check import (
    ADVISHE,
    BOOKS,
    CLOSED_FORM,
    DESIGN,
    TECH_VER,
    Domain,
    Found,
    NotApplicable,
    equal,
    near,
    none_of,
)
from simulator.verification.hazard_law import NO_RECOVERY, RECOVERY, survival
from simulator.verification.inputs import ks
from simulator.verification.markov import YEARLY, Chain
from simulator.verification.subject import NO_DEATH, NOTHING, Subject, life_years, stacked
from simulator.vocabulary import Event, State

EVENT_STATE = Domain("event-state", "B")
DEATHS = (Event.BACKGROUND_DEATH, Event.DISEASE_DEATH, Event.POSTOPERATIVE_DEATH)
MAJOR = (Event.BELOW_KNEE_AMPUTATION, Event.ABOVE_KNEE_AMPUTATION)
HEALINGS = (Event.HEALED, Event.STUMP_HEALED)


@lru_cache(maxsize=1)
def chain(subject: Subject) -> Chain:
    """The Markov special case, once per subject."""
    return Chain.of(subject)


MARKOV = "constant hazards, one rate of background death"


@EVENT_STATE.check(CLOSED_FORM, MARKOV, "shares in each state are start expm(Q t) (5 SE)")
def occupancy(subject: Subject) -> Found:
    """State occupancy of a Markov chain."""
    mean, se, expected = chain(subject).occupancy()
    return near(mean, se, expected, "shares")


def _state_years(kind: str, yearly: float) -> None:
    def run(subject: Subject) -> Found:
        mean, se, expected = chain(subject).state_years(kind, yearly)
        return near(mean, se, expected, f"{kind} years")

    expected = f"years in each state at {yearly:.0%} are start (Q - rI)^-1 (expm((Q - rI) T) - I) (5 SE)"
    EVENT_STATE.add(CLOSED_FORM, f"{MARKOV}: {kind}", expected, run)


def _counts(kind: str, yearly: float) -> None:
    def run(subject: Subject) -> Found:
        mean, se, expected = chain(subject).counts(kind, yearly)
        return near(mean, se, expected, "mean counts")

    EVENT_STATE.add(CLOSED_FORM, f"{MARKOV}: {kind}", "events are rates times years at risk (5 SE)", run)


for _kind, _yearly in (("time", 0.0), ("effect", YEARLY[0]), ("cost", YEARLY[1])):
    _state_years(_kind, _yearly)
for _kind, _yearly in (("count", 0.0), ("cost_count", YEARLY[1])):
    _counts(_kind, _yearly)


def _law(risk: str, values: dict[str, float], path: str) -> None:
    def run(subject: Subject) -> Found:
        return ks(survival(subject, risk, values), "event times")

    expected = "event times follow the integrated hazard of each patient (Kolmogorov-Smirnov)"
    EVENT_STATE.add(CLOSED_FORM, f"{risk} alone, perfusion {path}", expected, run)


for _risk in ("death", "amputation", "healing"):
    _law(_risk, NO_RECOVERY, "falling to the floor")
    _law(_risk, RECOVERY, "recovering in most, then falling")


def _background(sex: str, male: bool) -> None:
    def run(subject: Subject) -> Found:
        lives = subject.lives({"background_hr": 1.0}, policies=[NOTHING], n=min(subject.n, 2_000), times=[0.0])[NOTHING]
        own = (lives.patients["male"] > 0.5) == male
        table = subject.scenario.life_table
        rows = zip(lives.patients["age"][own], lives.lives["background_death"][own], strict=True)
        return ks(np.array([table.survival(a, t, male) for a, t in rows]), "death times")

    changed, expected = f"background death alone, {sex}", "death times follow their life table (Kolmogorov-Smirnov)"
    EVENT_STATE.add(TECH_VER, changed, expected, run)


# Together the sexes would hide that their tables are mistaken for each other.
for _sex, _male in (("men", True), ("women", False)):
    _background(_sex, _male)


@EVENT_STATE.check(TECH_VER, "every death rate zero", "everybody is alive at the horizon")
def no_death(subject: Subject) -> Found:
    """Zero mortality."""
    lives = subject.lives(NO_DEATH, times=subject.times[-1:])
    return none_of(np.concatenate([c.lives["alive"] == 0 for c in lives.values()]), "lives")


@EVENT_STATE.check(TECH_VER, "background mortality of a million a year", "nobody outlives a day")
def certain_death(subject: Subject) -> Found:
    """Certain death."""
    table = subject.scenario.life_table
    certain = type(table)(table.country, table.period, table.ages, np.full_like(table.log_hazards, np.log(1e6)))
    lives = subject.lives({"background_hr": 1.0}, subject.changed(life_table=certain), times=subject.times[-1:])
    years = life_years(lives)
    return Found(bool((years < 1.0 / 365.25).all()), f"longest life {years.max() * 365.25 * 24:.2g} hours")


@EVENT_STATE.check(
    TECH_VER, "background mortality alone, twice as high", "nobody dies of the disease, and each life is shorter"
)
def disease_off(subject: Subject) -> Found:
    """Disease-specific death switched off."""
    values = {**NO_DEATH, "background_hr": 1.0}
    one, two = (
        subject.lives(values | {"background_hr": hr}, times=subject.times[-1:], events=True) for hr in (1.0, 2.0)
    )
    history = np.concatenate([c.history["event"] for c in one.values()])
    other = int(np.isin(history, DEATHS[1:]).sum())
    longer = int((life_years(two) > life_years(one)).sum())
    return Found(other == 0 and longer == 0, f"{other} deaths of the disease, {longer} longer lives")


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


@EVENT_STATE.check(ADVISHE, "nothing", "at most one major and one minor amputation and one conversion in a life")
def once(subject: Subject) -> Found:
    """What can happen once."""
    kinds = (MAJOR, (Event.MINOR_AMPUTATION,), (Event.CONVERSION,))
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
        Event.ANGIOPLASTY,
        Event.REPEAT_ANGIOPLASTY,
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
        due = (cells.waiting_days + number * (cells.interval_days or 0.0)) / 365.25
        wrong.append(np.abs(rows["time"] - due) > 2e-6)
        second = (cells.waiting_days + (cells.interval_days or 0.0)) / 365.25
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
    from simulator.vocabulary import Renal

    wrong = []
    for p, c in subject.base.items():
        rule, who = subject.scenario.policies[p].eligibility, c.patients
        treated = (c.lives["doses"] > 0) | (c.lives["angioplasties"] > 0)
        seen = who["tcpo2_measured"]
        barred = (seen < rule.tcpo2_at_least) | (who["age"] < rule.age_at_least)
        if rule.tcpo2_below is not None:
            barred |= (seen >= rule.tcpo2_below) & ~(rule.ankle_pressure_counts & (who["ankle_pressure_low"] > 0.5))
        if rule.age_below is not None:
            barred |= who["age"] >= rule.age_below
        barred |= (who["rutherford"] < rule.rutherford_at_least) | (who["rutherford"] > rule.rutherford_at_most)
        barred |= (who["renal"] == Renal.DIALYSIS) & (not rule.dialysis)
        barred |= (who["renal"] == Renal.SEVERE) & (not rule.severe_renal)
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
    ("angioplasty", Event.ANGIOPLASTY),
    ("repeat_angioplasty", Event.REPEAT_ANGIOPLASTY),
    ("minor_amputation", Event.MINOR_AMPUTATION),
    ("below_knee_amputation", Event.BELOW_KNEE_AMPUTATION),
    ("above_knee_amputation", Event.ABOVE_KNEE_AMPUTATION),
    ("conversion", Event.CONVERSION),
    ("new_wound", Event.NEW_WOUND),
    ("healed", Event.HEALED),
    ("stump_healed", Event.STUMP_HEALED),
    ("visit", Event.VISIT),
):
    assert _count in COUNTS
    _counted(_count, _event)


@EVENT_STATE.check(BOOKS, "nothing: death", "the ledger counts the dead once")
def deaths(subject: Subject) -> Found:
    """Deaths in ledger, history and life."""
    column = FIELDS.index("count_death")
    wrong = [
        (c.ledgers[:, column] != per_life(c, *DEATHS)) | (c.ledgers[:, column] != 1 - c.lives["alive"])
        for c in histories(subject)
    ]
    return none_of(np.concatenate(wrong), "lives")


@EVENT_STATE.check(
    CLOSED_FORM, "attribution none, nobody treated", "recovery starts at the natural dates and nowhere else"
)
def natural_recovery(subject: Subject) -> Found:
    """Recovery under conservative care."""
    lives = subject.lives({"attributable_share": 0.0}, policies=[NOTHING], times=[0.0])
    start, dose = stacked(lives, "recovery_start"), stacked(lives, "response_dose")
    can = stacked(lives, "can_recover") == 1
    due = np.where(can, (dose - 1) * subject.value("natural_interval_days") / 365.25, np.inf)
    return equal(np.where(np.isfinite(start), start, -1.0), np.where(np.isfinite(due), due, -1.0), "starts", 1e-12)


@EVENT_STATE.check(CLOSED_FORM, "attribution complete", "a limb recovers at the dose that is its own, never without it")
def caused_recovery(subject: Subject) -> Found:
    """Recovery caused by cells."""
    wrong = []
    lives = subject.lives({"attributable_share": 1.0}, policies=subject.with_cells or None, times=subject.times[-1:])
    for p, c in lives.items():
        cells, life = subject.scenario.policies[p].cell_therapy, c.lives
        recovered = np.isfinite(life["recovery_start"])
        due = (cells.waiting_days + (life["response_dose"] - 1) * (cells.interval_days or 0.0)) / 365.25
        reached = (life["can_recover"] == 1) & (life["doses"] >= life["response_dose"])
        late = recovered & (np.abs(np.where(recovered, life["recovery_start"], 0.0) - due) > 2e-6)
        wrong.append((recovered != reached) | late)
    return none_of(np.concatenate(wrong), "lives")


@EVENT_STATE.check(
    TECH_VER, "product and route neutral", "the share of limbs that can recover is the register's (4 SE)"
)
def responders(subject: Subject) -> Found:
    """Response probability of the plain patient."""
    neutral = {f"response_or_{k}": 1.0 for k in ("leiden", "mthfr", "severe_renal", "small_ev", "bmmnc", "mobilised")}
    can = stacked(
        subject.lives(neutral | {"response_or_intra_arterial": 1.0}, policies=[NOTHING], times=[0.0]), "can_recover"
    )
    p = subject.value("response_probability")
    return near(can.mean(), np.sqrt(p * (1.0 - p) / len(can)), p, "share", 4.0)


@EVENT_STATE.check(CLOSED_FORM, "nothing", "the dose at which a limb recovers is geometric (5 SE)")
def response_doses(subject: Subject) -> Found:
    """Geometric law of the response dose."""
    dose = stacked(subject.lives(policies=[NOTHING], times=[0.0]), "response_dose")
    q = subject.value("response_dose_probability")
    expected = np.array([q * (1.0 - q) ** k for k in range(3)])
    found = [(dose == k + 1).mean() for k in range(3)]
    return near(found, np.sqrt(expected * (1.0 - expected) / len(dose)), expected, "shares")


@EVENT_STATE.check(CLOSED_FORM, "attribution none", "limbs rise by the register's mean gain, less what they had (5 SE)")
def gains(subject: Subject) -> Found:
    """Mean rise of TcPO2 where it cannot be cut off at zero."""
    c = subject.lives(policies=[NOTHING], times=[0.0])[NOTHING]
    v = subject.value
    mean = v("recovery_gain") - v("recovery_gain_baseline") * (c.patients["tcpo2"] - v("reference_tcpo2"))
    clear = mean > 4.0 * v("recovery_gain_sd")
    error = (c.lives["gain"] - mean)[clear]
    if len(error) < 50 or v("recovery_gain_sd") == 0.0:
        raise NotApplicable("too few gains far from zero, or no spread")
    sd, n = v("recovery_gain_sd"), len(error)
    return near([error.mean(), error.std()], [sd / np.sqrt(n), sd / np.sqrt(2 * n)], [0.0, sd], "mean and spread")


@EVENT_STATE.check(TECH_VER, "nothing", "the share of major amputations below the knee is the register's (4 SE)")
def levels(subject: Subject) -> Found:
    """Level of amputation."""
    c = next(iter(subject.base.values()))
    below, above = per_life(c, MAJOR[0]).sum(), per_life(c, MAJOR[1]).sum()
    n, p = int(below + above), subject.value("below_knee_share")
    if n < 30:
        raise NotApplicable("fewer than 30 major amputations")
    return near(below / n, np.sqrt(p * (1.0 - p) / n), p, "share", 4.0)


@EVENT_STATE.check(TECH_VER, "nothing", "shares walking after healing of limb and stumps are the register's (5 SE)")
def walking(subject: Subject) -> Found:
    """Walking after healing, among those whom nothing overtakes: no prosthesis to wait for, no death, no new wound."""
    quick = {**NO_DEATH, "prosthesis_days_below_knee": 0.0, "prosthesis_days_above_knee": 0.0}
    c = subject.lives(quick, policies=[NOTHING], events=True, times=subject.times[-1:])[NOTHING]
    h = c.history[c.history["event"] != Event.VISIT]
    healed = np.flatnonzero(np.isin(h["event"], HEALINGS))
    walks = h["event"][np.minimum(healed + 1, len(h) - 1)] == Event.WALKS
    level = np.zeros(len(h), np.int64)
    operated, where = -1, 0
    for i, (patient, event) in enumerate(zip(h["patient"], h["event"], strict=True)):
        if patient != operated:
            where, operated = 0, patient
        where = 1 if event == MAJOR[0] else 2 if event in (MAJOR[1], Event.CONVERSION) else where
        level[i] = where
    found, error, expected = [], [], []
    for k, name in enumerate(("limb", "below_knee", "above_knee")):
        of = walks[level[healed] == k]
        share = subject.value(f"walking_share_{name}")
        if len(of) >= 30:
            found.append(of.mean())
            error.append(np.sqrt(share * (1.0 - share) / len(of)))
            expected.append(share)
    return near(found, error, expected, "shares")
