"""Results: life-years, discounting, outcomes, differences between policies, costs and QALYs."""

from __future__ import annotations

from math import log1p

import numpy as np
from numpy.typing import NDArray

from simulator.living.ledger import CLOCKS, COUNTS, FIELDS
from simulator.living.outcomes import OUTCOMES
from simulator.questions.verify.subject.check import (
    BOOKS,
    CLOSED_FORM,
    TECH_VER,
    Domain,
    Found,
    equal,
)
from simulator.questions.verify.subject.subject import Subject
from simulator.words.vocabulary import DAYS_PER_YEAR, State

RESULTS = Domain("results", "C")
STATE_NAMES = [state.name.lower() for state in State]
CLINICAL = ("major_amputation", "death", "healing", "walking", "minor_amputation", "life_years")
"""Outcomes that do not depend on when doses were given."""


def columns(kind: str) -> list[int]:
    """The ledger's columns of a kind, one per state."""
    return [FIELDS.index(f"{kind}_{state}") for state in STATE_NAMES]


def ledgers(subject: Subject) -> NDArray[np.float64]:
    """Every life's ledger under every policy."""
    return np.concatenate([c.ledgers for c in subject.base.values()])


@RESULTS.check(BOOKS, "nothing", "life-years are the sum of the years in all states, and run to death or the horizon")
def state_times(subject: Subject) -> Found:
    """Years in states against the length of lives."""
    died = np.concatenate([c.lives["died_at"] for c in subject.base.values()])
    lived = np.minimum(died, subject.scenario.horizon)
    books = ledgers(subject)
    total, clock = books[:, columns("time")].sum(axis=1), books[:, FIELDS.index("clock_alive")]
    return equal(np.stack([total, clock]), np.stack([lived, lived]), "lives", 1e-10)


@RESULTS.check(BOOKS, "nothing", "the outcome life-years is the ledger's at every time's end")
def outcome_life_years(subject: Subject) -> Found:
    """Restricted life-years at the horizon."""
    mean = subject.result.outcome_estimates.mean[:, -1, OUTCOMES.index("life_years")]
    total = subject.result.ledger_estimates.mean[:, columns("time")].sum(axis=1)
    return equal(mean, total, "policies", 1e-10)


def _discounted(kind: str, place: int, name: str) -> None:
    def run(subject: Subject) -> Found:
        rates = subject.scenario.settings.discounting
        rate = log1p((rates.effects, rates.costs)[place])
        books = ledgers(subject)
        lived = books[:, FIELDS.index("clock_alive")]
        expected = -np.expm1(-rate * lived) / rate if rate else lived
        return equal(books[:, columns(kind)].sum(axis=1), expected, "lives", 1e-9)

    expected = "discounted years of a life of length t are (1 - exp(-rt)) / r"
    RESULTS.add(CLOSED_FORM, f"nothing: discounting of {name}", expected, run)


_discounted("effect", 0, "effects")
_discounted("cost", 1, "costs")


@RESULTS.check(TECH_VER, "no discounting", "discounted and undiscounted books are the same")
def undiscounted(subject: Subject) -> Found:
    """Discount rate zero."""
    found = subject.run(scenario=subject.changed(discounting=(0.0, 0.0)), times=subject.times).ledger_estimates.mean
    return equal(found[:, columns("effect") + columns("cost")], found[:, columns("time") * 2], "columns", 1e-12)


@RESULTS.check(TECH_VER, "discounting at 1,000,000 a year", "only the first weeks of life are worth anything")
def extreme_discounting(subject: Subject) -> Found:
    """Extreme discounting."""
    result = subject.run(scenario=subject.changed(discounting=(1e6, 1e6)), times=subject.times)
    years = result.ledger_estimates.mean[:, columns("effect")].sum(axis=1)
    return Found(bool((years <= 1.0 / log1p(1e6)).all()), f"at most {years.max() * DAYS_PER_YEAR:.1f} days")


@RESULTS.check(TECH_VER, "higher discount rate", "every discounted total falls, no undiscounted one changes")
def more_discounting(subject: Subject) -> Found:
    """Discounting changes only what is discounted."""
    low, high = (
        subject.run(scenario=subject.changed(discounting=(r, r)), times=subject.times).ledger_estimates.mean
        for r in (0.01, 0.1)
    )
    plain = (
        columns("time") + [FIELDS.index(f"count_{c}") for c in COUNTS] + [FIELDS.index(f"clock_{c}") for c in CLOCKS]
    )
    worth_less = columns("effect") + columns("cost") + [FIELDS.index(f"cost_count_{c}") for c in COUNTS]
    same = equal(low[:, plain], high[:, plain], "undiscounted columns")
    # Counted on the day of referral, so worth the same at any rate.
    falls = (high[:, worth_less] <= low[:, worth_less]) & (
        (high[:, worth_less] < low[:, worth_less]) | (low[:, worth_less] <= 1.0)
    )
    return Found(same.passed and bool(falls.all()), f"{same.what}; {int((~falls).sum())} totals do not fall")


@RESULTS.check(
    CLOSED_FORM, "nobody dies", "everybody lives to the horizon: discounted years are an annuity at the annual rate"
)
def annuity(subject: Subject) -> Found:
    """Zero mortality and the annual discount rate."""
    T = subject.scenario.horizon
    found = subject.run(
        subject.nobody_dies, subject.changed(discounting=(0.04, 0.04)), times=subject.times
    ).ledger_estimates.mean
    expected = (1.0 - 1.04**-T) / np.log(1.04)
    total = found[:, columns("effect")].sum(axis=1)
    return equal(total, np.full(len(total), expected), "policies", 1e-9)


@RESULTS.check(BOOKS, "nothing", "discounted counts are the events of the history at exp(-rt)")
def discounted_counts(subject: Subject) -> Found:
    """Discounted events against the history."""
    from simulator.words.vocabulary import Event

    rate = log1p(subject.scenario.settings.discounting.costs)
    found, expected = [], []
    kinds = {
        "dose": Event.DOSE,
        "minor_amputation": Event.MINOR_AMPUTATION,
        "below_knee_amputation": Event.BELOW_KNEE_AMPUTATION,
        "above_knee_amputation": Event.ABOVE_KNEE_AMPUTATION,
        "healed": Event.HEALED,
        "new_wound": Event.NEW_WOUND,
        "visit": Event.VISIT,
    }
    for c in subject.base.values():
        for name, event in kinds.items():
            found.append(c.ledgers[:, FIELDS.index(f"cost_count_{name}")].sum())
            expected.append(np.exp(-rate * c.history["time"][c.history["event"] == event]).sum())
    return equal(found, expected, "discounted totals", 1e-9)


@RESULTS.check(BOOKS, "nothing", "moments of age over a whole life are integrals of a straight line")
def age_moments(subject: Subject) -> Found:
    """Undiscounted integrals of (age - 75) and its square."""
    books = ledgers(subject)
    start = np.concatenate([c.patients["age"] for c in subject.base.values()]) - 75.0
    end = start + books[:, FIELDS.index("clock_alive")]
    found = np.stack([books[:, columns(kind)].sum(axis=1) for kind in ("time_age", "time_age2")])
    return equal(found, np.stack([(end**2 - start**2) / 2.0, (end**3 - start**3) / 3.0]), "lives and moments", 1e-8)


@RESULTS.check(
    BOOKS, "nothing", "years by year since the latest loss of a leg add to the years without one or the other"
)
def amputee_clocks(subject: Subject) -> Found:
    """Clocks since the latest loss of a leg; losing the second begins them anew."""
    books = ledgers(subject)
    clocks = books[:, [FIELDS.index(f"clock_amputee_{k}") for k in ("year_1", "year_2", "later")]]
    lost = [FIELDS.index(f"time_{s}") for s in STATE_NAMES if "knee" in s]
    without = books[:, lost].sum(axis=1) + books[:, FIELDS.index("clock_other_limb")]
    whole = equal(clocks.sum(axis=1), without, "lives", 1e-9)
    return Found(whole.passed and bool((clocks[:, :2] <= 2.0 + 1e-9).all()), whole.what)


@RESULTS.check(
    BOOKS, "nothing", "the dialysis clock runs in people on dialysis, from its beginning, and in nobody else"
)
def dialysis_clock(subject: Subject) -> Found:
    """Clock of dialysis."""
    books = ledgers(subject)
    since = np.concatenate([c.lives["dialysis_since"] for c in subject.base.values()])
    expected = np.maximum(books[:, FIELDS.index("clock_alive")] - since, 0.0)
    return equal(books[:, FIELDS.index("clock_dialysis")], expected, "lives", 1e-10)


@RESULTS.check(BOOKS, "nothing", "outcomes by a time are those that the life's own dates give")
def outcomes(subject: Subject) -> Found:
    """Outcomes against dates. Death competes: whoever dies before an event never has it, and the dead do not walk."""
    found, expected = [], []
    for c in subject.base.values():
        t = np.array(subject.times)[None, :]
        dates = {
            "major_amputation": "amputated_at",
            "death": "died_at",
            "healing": "healed_at",
            "minor_amputation": "minor_amputation_at",
        }
        for name, date in dates.items():
            found.append(c.outcomes[:, :, OUTCOMES.index(name)])
            expected.append((c.lives[date][:, None] <= t).astype(float))
        kept = (c.lives["died_at"][:, None] > t) & (c.lives["amputated_at"][:, None] > t)
        found.append(c.outcomes[:, :, OUTCOMES.index("amputation_free_survival")])
        expected.append(kept.astype(float))
        found.append(c.outcomes[:, :, OUTCOMES.index("life_years")])
        expected.append(np.minimum(c.lives["died_at"][:, None], t))
        dead = c.lives["died_at"][:, None] <= t
        found.append(np.where(dead, c.outcomes[:, :, OUTCOMES.index("walking")], 0.0))
        expected.append(np.zeros(dead.shape))
    return equal(found, expected, "outcomes", 1e-12)


@RESULTS.check(BOOKS, "nothing", "dates in the life are those in its history")
def dates(subject: Subject) -> Found:
    """First dates against the history."""
    from simulator.questions.verify.events.event_law import DEATHS
    from simulator.questions.verify.events.event_state import HEALINGS, MAJOR
    from simulator.words.vocabulary import Event

    kinds: dict[str, tuple[Event, ...]] = {
        "died_at": DEATHS,
        "amputated_at": MAJOR,
        "healed_at": HEALINGS,
        "minor_amputation_at": (Event.MINOR_AMPUTATION,),
        "converted_at": (Event.CONVERSION,),
        "other_amputated_at": (Event.OTHER_LIMB_AMPUTATION,),
        "first_dose_at": (Event.DOSE,),
    }
    found, expected = [], []
    for c in subject.base.values():
        for date, events in kinds.items():
            rows = c.history[np.isin(c.history["event"], events)][::-1]
            first = np.full(len(c.lives), np.inf)
            # Backwards, so that the earliest is written last.
            first[rows["patient"] - int(c.history["patient"][0])] = rows["time"]
            found.append(np.minimum(c.lives[date], 1e9))
            expected.append(np.minimum(first, 1e9))
    return equal(found, expected, "dates", 1e-12)


@RESULTS.check(TECH_VER, "nothing", "cumulative outcomes never fall with time, and all shares lie between 0 and 1")
def over_time(subject: Subject) -> Found:
    """Cumulative outcomes over time."""
    mean = subject.result.outcome_estimates.mean
    rising = [
        OUTCOMES.index(n) for n in ("major_amputation", "death", "healing", "minor_amputation", "life_years", "doses")
    ]
    shares = [OUTCOMES.index(n) for n in OUTCOMES if n not in {"doses", "tcpo2_last", "life_years"}]
    wrong = (np.diff(mean[:, :, rising], axis=1) < -1e-12).sum() + ((mean < 0) | (mean > 1))[:, :, shares].sum()
    return Found(int(wrong) == 0, f"{int(wrong)} values otherwise")


@RESULTS.check(BOOKS, "nothing", "means are those of the single patients")
def means(subject: Subject) -> Found:
    """Streamed means against patients kept one by one."""
    own = np.stack([c.outcomes.mean(axis=0) for c in subject.base.values()])
    books = np.stack([c.ledgers.mean(axis=0) for c in subject.base.values()])
    found = np.append(subject.result.outcome_estimates.mean, subject.result.ledger_estimates.mean)
    return equal(found, np.append(own, books), "means", 1e-10)
