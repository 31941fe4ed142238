"""Scarce procedures: slots, queue, waits, and what happens to those who wait."""

from __future__ import annotations

from functools import cache
from math import inf
from typing import Any

import numpy as np
import pytest
from engine_inputs import (
    assert_same,
    drawn_parameters,
    fixed_arrays,
    follow,
    parameters,
    policy,
    setting,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.living import capacity
from simulator.living.capacity import WEEK, Capacity, Discipline, WaitEnd, Waiting
from simulator.living.cohort_arrays import Followed
from simulator.run import simulate
from simulator.scenario import load_scenario
from simulator.words.errors import BadInput
from simulator.words.vocabulary import DAYS_PER_YEAR, Event

BUSY = 150.0
"""Referrals a year that three slots a week cannot serve with every dose of the protocol."""
PEOPLE = 300


def at_centre(
    policy: Any,
    slots: float,
    discipline: Discipline = Discipline.FIRST_COME,
    referrals: float = BUSY,
    seed: int = 1,
    count: int = PEOPLE,
    params: Any = None,
    horizon: float = 5.0,
) -> tuple[Followed, Waiting]:
    """Follow a cohort at a centre with a number of slots a week."""
    return capacity.follow(
        setting(parameters() if params is None else params, policy, seed, **fixed_arrays(horizon)),
        0,
        count,
        Capacity(slots, referrals, discipline),
    )


@cache
def scarce(discipline: Discipline, name: str = "four_doses") -> tuple[Followed, Waiting]:
    """A centre with one slot a week for 60 referrals a year, of whom fewer ask for a dilatation: then for `BUSY`."""
    return at_centre(policy(name), 1, discipline, referrals=BUSY if name == "angioplasty_and_cells" else 60.0)


@pytest.mark.parametrize("discipline", Discipline)
@pytest.mark.parametrize("slots", [inf, 5000])
@pytest.mark.parametrize("name", ["conservative", "protocol", "angioplasty_and_cells", "intra_arterial", "angioplasty"])
def test_slots_for_everybody_change_nothing(name: str, slots: float, discipline: Discipline) -> None:
    """With unlimited slots, or more than are ever needed, lives are those without a resource, to the last bit."""
    shared, waiting = at_centre(policy(name), slots, discipline, count=75)
    assert_same(shared, follow(parameters(), policy(name), count=75, **fixed_arrays(5.0)))
    assert (waiting.waits["waited"] == 0.0).all()
    assert (waiting.calendar["queue"] == 0).all()


@given(st.integers(0, 2**32), st.sampled_from(["protocol", "angioplasty_and_cells", "response_guided"]))
@settings(max_examples=10, deadline=None)
def test_slots_for_everybody_change_nothing_under_any_parameters(seed: int, name: str) -> None:
    """The same for draws of the whole register and any seed."""
    params = drawn_parameters(1, seed)[0]
    shared, _ = at_centre(policy(name), inf, seed=seed, count=25, params=params)
    assert_same(shared, follow(params, policy(name), seed=seed, count=25, **fixed_arrays(5.0)))


@pytest.mark.parametrize("slots", [1, 3])
def test_no_slot_is_used_twice(slots: int) -> None:
    """At no time are more slots busy than there are, nor more procedures granted than slots in any week."""
    _, waiting = at_centre(policy("four_doses"), slots, count=500)
    assert waiting.calendar["busy"].max() == slots
    granted = waiting.waits[waiting.waits["end"] == WaitEnd.GRANTED]
    dates = np.sort(granted["date"] + granted["waited"])
    assert dates.size > 200
    assert (dates[slots:] - dates[:-slots] >= WEEK - 1e-9).all()


def test_first_come_is_served_first() -> None:
    """Whoever asked first is granted first."""
    _, waiting = scarce(Discipline.FIRST_COME)
    served = waiting.waits[np.isin(waiting.waits["end"], (WaitEnd.GRANTED, WaitEnd.NO_LONGER_INDICATED))]
    dates = served["date"] + served["waited"]
    assert (np.diff(dates) >= -1e-9).all()


def test_worst_tcpo2_is_served_first() -> None:
    """Whenever somebody is granted a slot, nobody who was already waiting then had a lower TcPO2."""
    _, waiting = scarce(Discipline.WORST_TCPO2)
    waits = waiting.waits
    starts, ends = waits["date"], waits["date"] + waits["waited"]
    queued = (waits["end"] == WaitEnd.GRANTED) & (waits["waited"] > 1e-9)
    assert queued.sum() > 50
    for i in np.flatnonzero(queued):
        others = (starts < ends[i] - 1e-9) & (ends > ends[i] + 1e-9)
        assert (waits["tcpo2"][others] >= waits["tcpo2"][i]).all()
    assert (np.diff(ends[queued]) < -1e-9).any(), "nobody was overtaken, so the discipline was not tried"


@pytest.mark.parametrize("discipline", Discipline)
@pytest.mark.parametrize("name", ["four_doses", "angioplasty_and_cells", "protocol"])
def test_waits_agree_with_histories(name: str, discipline: Discipline) -> None:
    """Every grant is a procedure of the history at that very time; every other end is what happened to the patient."""
    cohort, waiting = scarce(discipline, name)
    waits, history = waiting.waits, cohort.history
    granted = waits[waits["end"] == WaitEnd.GRANTED]
    done = history[np.isin(history["event"], (Event.DOSE, Event.PROCEDURE, Event.REPEAT_PROCEDURE))]
    assert sorted(granted[["patient", "procedure", "granted"]].tolist()) == sorted(
        done[["patient", "event", "time"]].tolist()
    )
    ended = waits["requested"] + waits["waited"]
    lives = cohort.lives[waits["patient"]]
    for end, when in ((WaitEnd.DIED, lives["died_at"]), (WaitEnd.AMPUTATED, lives["amputated_at"])):
        these = waits["end"] == end
        assert these.any()
        assert ended[these] == pytest.approx(when[these], abs=1e-9)
    assert (waits["waited"] >= 0.0).all()
    assert np.isnan(waits["granted"][waits["end"] != WaitEnd.GRANTED]).all()
    healed = waits[waits["end"] == WaitEnd.HEALED]
    heals = history[np.isin(history["event"], (Event.HEALED, Event.PAIN_RELIEVED))]
    dates = {(int(row["patient"]), round(float(row["time"]), 9)) for row in heals}
    assert {(int(w["patient"]), round(float(w["requested"] + w["waited"]), 9)) for w in healed} <= dates


def test_doses_keep_their_interval_after_a_wait() -> None:
    """The next dose is asked for one interval after the last one was given, not after it was due."""
    cohort, waiting = scarce(Discipline.FIRST_COME)
    interval, late = 45 / 365.25, 0
    for i in range(cohort.patients.size):
        mine = waiting.waits[(waiting.waits["patient"] == i) & (waiting.waits["procedure"] == Event.DOSE)]
        assert (mine["end"][:-1] == WaitEnd.GRANTED).all()
        assert mine["requested"][1:].tolist() == [float(t + interval) for t in mine["granted"][:-1]]
        late += int((mine["waited"] > 0.0).sum())
    assert late > 100


def test_queue_is_who_waits() -> None:
    """The calendar's queue is the number of requests under way, and its busy slots the grants of the past week."""
    _, waiting = scarce(Discipline.WORST_TCPO2)
    starts = waiting.waits["date"]
    ends = starts + waiting.waits["waited"]
    dates = np.random.default_rng(5).uniform(0.0, 8.0, 300)
    rows = waiting.at(dates)
    assert rows["queue"].tolist() == [int(((starts <= t) & (t < ends)).sum()) for t in dates]
    grants = ends[waiting.waits["end"] == WaitEnd.GRANTED]
    assert rows["busy"].tolist() == [int(((grants <= t) & (t < grants + WEEK)).sum()) for t in dates]
    waited = np.clip(ends, 0, 8) - np.clip(starts, 0, 8)
    assert waiting.mean("queue", 0.0, 8.0) == pytest.approx(waited.sum() / 8.0, rel=1e-9)


def test_lives_are_untouched_until_the_first_wait() -> None:
    """Up to the first time a patient has to wait, the life is that of a centre with slots for everybody."""
    cohort, waiting = scarce(Discipline.FIRST_COME)
    free = follow(parameters(), policy("four_doses"), count=PEOPLE, **fixed_arrays(5.0))
    waits = waiting.waits[waiting.waits["waited"] > 0.0]
    for i in range(PEOPLE):
        until = min(waits["requested"][waits["patient"] == i], default=inf)
        mine, theirs = (c.history[(c.history["patient"] == i) & (c.history["time"] < until)] for c in (cohort, free))
        for name in ("time", "event", "tcpo2"):
            assert np.array_equal(mine[name], theirs[name], equal_nan=name == "tcpo2")


def test_scarcity_makes_people_wait_longer_and_treats_fewer() -> None:
    """From plenty to one slot a week waits grow and doses fall, among the very same people."""
    runs = [at_centre(policy("protocol"), slots, referrals=100.0, count=200) for slots in (inf, 3, 2, 1)]
    waited = [waiting.waits["waited"].mean() for _, waiting in runs]
    doses = [cohort.lives["doses"].sum() for cohort, _ in runs]
    assert waited == sorted(waited)
    assert doses == sorted(doses, reverse=True)
    assert waited[0] == 0.0 < waited[-1]
    assert doses[0] > doses[-1]
    assert all(cohort.patients.tobytes() == runs[0][0].patients.tobytes() for cohort, _ in runs)


def test_some_still_wait_at_a_short_horizon() -> None:
    """A patient whose horizon comes while waiting is booked as still waiting, alive and untreated."""
    cohort, waiting = at_centre(policy("protocol"), 1, horizon=0.25, count=120)
    still = waiting.waits[waiting.waits["end"] == WaitEnd.STILL_WAITING]
    assert still.size > 0
    assert (cohort.lives["alive"][still["patient"]] == 1).all()
    assert still["requested"] + still["waited"] == pytest.approx(np.full(still.size, 0.25), abs=1e-12)


def test_a_dose_that_a_wait_made_needless_is_not_given() -> None:
    """Where perfusion recovers before a slot comes, the rule, asked again, says no and treatment stops."""
    cohort, waiting = at_centre(policy("response_guided", stop_at_tcpo2=25.0), 1, referrals=60.0, count=400)
    spared = waiting.waits[waiting.waits["end"] == WaitEnd.NO_LONGER_INDICATED]
    assert spared.size > 0
    stops = cohort.history[cohort.history["event"] == Event.STOPS_TREATMENT]
    told = {(int(row["patient"]), float(row["time"])) for row in stops}
    for wait in spared:
        ended = float(wait["requested"] + wait["waited"])
        assert any(i == wait["patient"] and abs(t - ended) < 1e-9 for i, t in told)


def test_waits_are_those_of_a_queue_with_fixed_service() -> None:
    """One dose each, nobody leaving the queue: one slot a week at load 0.7 is M/D/1, mean wait 0.7 / (2 * 0.3) weeks.

    Pollaczek-Khinchine formula; the first 100 referrals, whose queue started empty, are left out. 8 seeds, 4 SE.
    """
    rates = (
        "amputation_rate",
        "minor_amputation_rate",
        "healing_rate",
        "pain_relief_rate",
        "recurrence_rate",
        "background_hr",
    )
    deaths = (
        "death_rate_wound",
        "death_rate_healed",
        "dialysis_death_rate",
        "postoperative_death_rate",
        "beyond_salvage_rate",
    )
    salvageable = ("beyond_salvage_share_4", "beyond_salvage_share_5", "beyond_salvage_share_6")
    still = parameters(**dict.fromkeys((*rates, *deaths, *salvageable), 0.0))
    everybody = policy("single_dose", tcpo2_below=1e9, dialysis=1.0)
    load = 0.7
    means = []
    for seed in range(8):
        cohort, waiting = at_centre(
            everybody, 1, referrals=load / WEEK, seed=seed, count=400, params=still, horizon=0.5
        )
        assert (cohort.lives["doses"] == 1).all()
        means.append(waiting.waits["waited"][waiting.waits["patient"] >= 100].mean() / WEEK)
    expected = load / (2.0 * (1.0 - load))
    assert abs(np.mean(means) - expected) < 4.0 * np.std(means, ddof=1) / np.sqrt(len(means))


def test_referrals_are_a_poisson_process() -> None:
    """Gaps between referrals are exponential with the yearly rate, and the same for any number of patients."""
    dates = capacity.referral_dates(3, 4000, 52.0)
    gaps = np.diff(dates, prepend=0.0)
    assert (gaps > 0.0).all()
    assert gaps.mean() * 52.0 == pytest.approx(1.0, abs=4.0 / np.sqrt(4000))
    assert gaps.std() * 52.0 == pytest.approx(1.0, abs=4.0 * np.sqrt(2.0 / 4000))
    assert np.array_equal(capacity.referral_dates(3, 100, 52.0), dates[:100])


def test_a_scenarios_opening_hours_are_those_of_its_treatments() -> None:
    """Open on Wednesdays and Fridays from nine to half past ten, a centre begins every treatment in these hours, on both days."""
    hours = {"open_days": ["friday", "wednesday"], "opens_at": 9.0, "closes_at": 10.5}
    shared = {"slots_per_week": 100.0, "arrivals_per_week": 20.0, **hours}
    scenario = load_scenario(overrides={"capacity": shared})
    waits = simulate(scenario, ["protocol"], patients=40, seed=3).waits
    granted = (
        waits.loc[waits["end"] == "granted", ["date_years", "waited_years"]].sum(axis=1).to_numpy() * DAYS_PER_YEAR
    )
    assert set(np.floor(granted) % 7) == {2.0, 4.0}
    clock = 24.0 * (granted % 1.0)
    assert (clock > 8.999).all() and (clock < 10.501).all()


@pytest.mark.parametrize(("closes", "right"), [(9.0, False), (8.0, False), (9.5, True)])
def test_a_centre_has_hours(closes: float, right: bool) -> None:
    """One that shuts when it opens or before is refused in one message."""
    shared = {"slots_per_week": 1.0, "arrivals_per_week": 1.0, "opens_at": 9.0, "closes_at": closes}
    if right:
        assert load_scenario(overrides={"capacity": shared}).settings.capacity is not None
        return
    with pytest.raises(BadInput, match=r"closes_at = .*later than opens_at = 9"):
        load_scenario(overrides={"capacity": shared})
