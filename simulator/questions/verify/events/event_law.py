"""How often and when events happen: closed forms, the integrated hazard of each patient, and mortality at its extremes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from simulator.questions.verify.events.hazard_law import NO_RECOVERY, RECOVERY, survival
from simulator.questions.verify.events.markov import YEARLY, Chain
from simulator.questions.verify.people.inputs import ks
from simulator.questions.verify.subject.check import (
    CLOSED_FORM,
    TECH_VER,
    Domain,
    Found,
    near,
    none_of,
)
from simulator.questions.verify.subject.subject import NOTHING, Subject, life_years
from simulator.words.vocabulary import DAYS_PER_YEAR, Event

EVENT_STATE = Domain("event-state", "B")
DEATHS = (Event.BACKGROUND_DEATH, Event.DISEASE_DEATH, Event.POSTOPERATIVE_DEATH, Event.PROCEDURAL_DEATH)


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
    lives = subject.lives(subject.nobody_dies, times=subject.times[-1:])
    return none_of(np.concatenate([c.lives["alive"] == 0 for c in lives.values()]), "lives")


@EVENT_STATE.check(TECH_VER, "background mortality of a million a year", "nobody outlives a day")
def certain_death(subject: Subject) -> Found:
    """Certain death."""
    table = subject.scenario.life_table
    certain = type(table)(table.country, table.period, table.ages, np.full_like(table.log_hazards, np.log(1e6)))
    lives = subject.lives({"background_hr": 1.0}, subject.changed(life_table=certain), times=subject.times[-1:])
    years = life_years(lives)
    return Found(
        bool((years < 1.0 / DAYS_PER_YEAR).all()), f"longest life {years.max() * DAYS_PER_YEAR * 24:.2g} hours"
    )


@EVENT_STATE.check(
    TECH_VER, "background mortality alone, twice as high", "nobody dies of the disease, and each life is shorter"
)
def disease_off(subject: Subject) -> Found:
    """Disease-specific death switched off."""
    values = {**subject.nobody_dies, "background_hr": 1.0}
    one, two = (
        subject.lives(values | {"background_hr": hr}, times=subject.times[-1:], events=True) for hr in (1.0, 2.0)
    )
    history = np.concatenate([c.history["event"] for c in one.values()])
    other = int(np.isin(history, DEATHS[1:]).sum())
    longer = int((life_years(two) > life_years(one)).sum())
    return Found(other == 0 and longer == 0, f"{other} deaths of the disease, {longer} longer lives")
