"""Whole lives whose every date is known, followed by the loop of either engine."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf, nan
from typing import Any

import numpy as np
import pytest
import simpy

from rules.people import PATIENT_NUMBER, a_life, a_patient, a_policy, a_setting, at_risk, exponential, opened, values
from simulator.compiling import compiled_on_given_memory
from simulator.living.books import event_happens, time_passes
from simulator.living.census import take_census
from simulator.living.history import HISTORY, note, note_visits
from simulator.living.ledger import FIELDS
from simulator.living.next_event import care_under, live
from simulator.living.reference import Course, patient_process
from simulator.living.setting import Setting
from simulator.words.vocabulary import Event, Repeat, Risk, State, Stream, Wound

HORIZON, EFFECT_RATE, COST_RATE = 5.0, 0.03, 0.05
VISITS = (0.25, 1.0, 2.0, 4.5)
TIMES = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0)
NO_EVENT_AFTER = {
    **dict.fromkeys(("death_rate_wound", "death_causal_share", "recurrence_rate", "stump_healing_lag_days"), 0.0),
    **dict.fromkeys(("healing_lag_days", "recurrence_lag_days"), 0.0),
    **dict.fromkeys(("postoperative_death_rate", "conversion_rate", "amputation_rate", "minor_amputation_rate"), 0.0),
    **dict.fromkeys(("stump_healing_rate_below_knee", "healing_rate", "recurrence_per_mmhg", "recurrence_trend"), 0.0),
    **dict.fromkeys(("minor_amputation_per_mmhg", "minor_amputation_trend", "death_per_year_of_age"), 0.0),
    **dict.fromkeys(("recurrent_severe_share", "infection_share", "recurrent_gangrene_share"), 0.0),
    **dict.fromkeys(("healing_hr_no_gangrene", "minor_amputation_hr_no_gangrene", "amputation_hr_recurrent"), 1.0),
    **dict.fromkeys(("wound_area_ratio", "wound_age_ratio", "other_limb_hr_amputated", "amputation_hr_minor"), 1.0),
    "other_limb_trend": 0.0,
    **dict.fromkeys(("death_per_mmhg", "amputation_per_mmhg", "healing_per_mmhg"), 0.0),
    **dict.fromkeys(("death_trend", "amputation_trend", "healing_trend", "conversion_trend"), 0.0),
    "postoperative_death_trend": 0.0,
    "postoperative_hr_above_knee": 1.0,
    "reference_tcpo2": 20.0,
    "recurrence_reference_tcpo2": 20.0,
    "measurement_sd": 0.0,
    "walking_share_below_knee": 1.0,
    "prosthesis_days_below_knee": 182.625,
    "prosthesis_fitting_days": 0.0,
    "below_knee_share": 1.0,
    "act_death_hr": 1.0,
    "recovery_days": 36.525,
    "recovery_waning_share": 0.0,
    "published_doses": 1.0,
    **dict.fromkeys(("infarction_rate", "stroke_rate", "vascular_hr_heart"), 0.0),
    "dose_share": 0.5,
}
"""After the event that a test asks for no other follows: the next state has no hazards."""
PLAIN = dict.fromkeys(("death_hr", "healing_hr", "wound_hr", "amputation_hr", "recurrence_hr"), 1.0)
PLAIN |= {"excess_hr": 1.0, "wound_amputation_hr": 1.0, "mobile": 1}

Story = list[tuple[float, Event, float]]


class Told:
    """A life that is over: its record, its books by name, its census and its events."""

    def __init__(self, life: Any, ledger: Any, census: Any, history: Any) -> None:
        self.life, self.census = life, census.tolist()
        self.books = {name: float(value) for name, value in zip(FIELDS, ledger, strict=True) if value != 0.0}
        self.patients = set(history["patient"].tolist())
        self.story: Story = [(float(e["time"]), Event(e["event"]), float(e["tcpo2"])) for e in history]

    def spent(self, kind: str) -> dict[str, float]:
        """The columns of a kind that are not zero."""
        return {
            name.removeprefix(f"{kind}_"): value for name, value in self.books.items() if name.startswith(f"{kind}_")
        }


def shared(params: Any, policy: Any) -> Setting:
    """What the lives of these tests share."""
    return a_setting(params, policy, HORIZON, VISITS, TIMES, (EFFECT_RATE, COST_RATE))


@compiled_on_given_memory
def lived(books: Any, life: Any, patient: Any, setting: Any) -> None:
    """The compiled loop under the only policy, the books being open."""
    live(life, patient, setting, care_under(setting, 0), time_passes, event_happens, books)


def by_compiled(life: Any, patient: Any, params: Any, policy: Any, room: int = 40) -> Told:
    """By the loop of the compiled engine."""
    setting = shared(params, policy)
    books = opened(life, patient, setting, room)
    lived(books, life, patient, setting)
    return Told(life, books.ledger, books.census, books.history[: books.page.events])


def by_simpy(life: Any, patient: Any, params: Any, policy: Any) -> Told:
    """By a process of the SimPy engine."""
    setting = shared(params, policy)
    course = Course(setting, 0, life, patient, opened(life, patient, setting))
    env = simpy.Environment()
    env.process(patient_process(env, course))
    env.run()
    return Told(life, course.books.ledger, course.books.census, course.history)


ENGINES = pytest.mark.parametrize("told", [by_compiled, by_simpy])
Engine = Callable[..., Told]


def visits_until(end: float, tcpo2: float = 20.0) -> Story:
    """The visits before a date, of a limb with a flat TcPO2."""
    return [(float(t), Event.VISIT, tcpo2) for t in VISITS if t < end]


def in_order(story: Story) -> list[Any]:
    """A story by time, visits last among what happens at once; NaN equals NaN."""
    ordered = sorted(story, key=lambda event: (event[0], event[1] == Event.VISIT))
    return [pytest.approx(event, nan_ok=True) for event in ordered]


@ENGINES
def test_a_wound_that_heals_and_a_patient_who_walks_until_death(told: Engine) -> None:
    """Walking throughout, healed at 0.5 years, dead of old age at 2.5: half a year with an ulcer, two years healed."""
    life = a_life(background_death=2.5, walking=1, **PLAIN)
    at_risk(life, Risk.HEALING, 1.0, unspent=0.5)
    found = told(life, a_patient(tcpo2_measured=18.0), values(**NO_EVENT_AFTER), a_policy())
    assert found.story == in_order(
        [
            (0.0, Event.REFERRAL, 18.0),
            (0.5, Event.HEALED, 20.0),
            (2.5, Event.BACKGROUND_DEATH, 20.0),
            *visits_until(2.5),
        ]
    )
    assert found.patients == {PATIENT_NUMBER}
    assert (found.life.alive, found.life.died_at, found.life.time) == (0, 2.5, 2.5)
    assert found.life.first_walked_at == 0.5
    assert found.census == [
        [State.ULCER, 1, 0],
        [State.HEALED, 1, 0],
        [State.HEALED, 1, 0],
        [State.HEALED, 1, 0],
        [-1, 0, 0],
        [-1, 0, 0],
    ]
    assert found.spent("clock") == {"alive": 2.5, "last_year": 1.0}
    assert found.books["cost_clock_last_year"] == pytest.approx((exp(-0.075) - exp(-0.125)) / 0.05)
    assert {name: value for name, value in found.spent("time").items() if "age" not in name} == {
        "ulcer": 0.5,
        "healed": 2.0,
    }
    assert found.spent("count") == {"healed": 1.0, "death": 1.0, "visit": 3.0}
    assert found.books["effect_ulcer"] == pytest.approx((1.0 - exp(-0.015)) / 0.03)
    assert found.books["cost_ulcer"] == pytest.approx((1.0 - exp(-0.025)) / 0.05)
    assert found.books["effect_healed"] == pytest.approx((exp(-0.015) - exp(-0.075)) / 0.03)
    assert found.books["cost_healed"] == pytest.approx((exp(-0.025) - exp(-0.125)) / 0.05)
    assert found.books["cost_count_healed"] == pytest.approx(exp(-0.025))
    assert found.books["cost_count_visit"] == pytest.approx(sum(np.exp(-0.05 * np.array(VISITS[:3]))))


@ENGINES
def test_a_patient_who_lives_to_the_horizon_is_counted_there(told: Engine) -> None:
    """Nothing happens in five years: one state, the census of the last day included, and no death."""
    found = told(a_life(**PLAIN), a_patient(), values(**NO_EVENT_AFTER), a_policy())
    assert found.story == in_order(
        [(0.0, Event.REFERRAL, 20.0), (HORIZON, Event.HORIZON, 20.0), *visits_until(HORIZON)]
    )
    assert (found.life.alive, found.life.died_at, found.life.time) == (1, inf, HORIZON)
    assert found.census == [[State.ULCER, 0, 0]] * len(TIMES)
    assert found.spent("clock") == {"alive": 5.0}
    assert found.spent("count") == {"visit": 4.0}
    assert "count_death" not in found.books


@ENGINES
@pytest.mark.parametrize(("at", "happens"), [(HORIZON, True), (5.0001, False)])
def test_an_event_on_the_last_day_happens_and_a_later_one_does_not(told: Engine, at: float, happens: bool) -> None:
    """Healing on the day of the horizon is told, and is what the last census sees; walking then is too late."""
    life = a_life(**PLAIN)
    at_risk(life, Risk.HEALING, 1.0, unspent=at)
    found = told(life, a_patient(), values(**NO_EVENT_AFTER), a_policy())
    assert ((HORIZON, Event.HEALED, 20.0) in found.story) == happens
    assert Event.WALKS not in {event for _, event, _ in found.story}
    assert found.story[-1] == (HORIZON, Event.HORIZON, 20.0)
    assert found.census[-1] == [State.HEALED if happens else State.ULCER, 0, 0]
    assert found.books["clock_alive"] == 5.0


@ENGINES
def test_death_on_the_last_day_is_death(told: Engine) -> None:
    """Of old age at the horizon: the last census finds nobody, and there is no horizon for the dead."""
    found = told(a_life(background_death=HORIZON, **PLAIN), a_patient(), values(**NO_EVENT_AFTER), a_policy())
    assert found.story[-1] == (HORIZON, Event.BACKGROUND_DEATH, 20.0)
    assert found.census[-1] == [-1, 0, 0]
    assert found.census[-2] == [State.ULCER, 0, 0]
    assert (found.books["count_death"], found.books["clock_alive"]) == (1.0, 5.0)


@ENGINES
def test_doses_an_amputation_and_a_prosthesis(told: Engine) -> None:
    """Doses at 0.25 and 0.75 years; below-knee amputation at 1; a healed stump at 1.25 and a prosthesis at 1.5.

    The stump's budget is the patient's own, so its hazard is set to spend it in a quarter of a year. TcPO2 is not measured
    after the amputation. A third dose, due at 1.25, is never given.
    """
    policy = a_policy(doses=3.0, interval=0.5, repeat_rule=Repeat.ALWAYS)
    life = a_life(tested=1, next_dose=0.25, caused_gain=0.0, **PLAIN)
    at_risk(life, Risk.MAJOR_AMPUTATION, 1.0, unspent=1.0)
    rate = exponential(Stream.STUMP_HEALING) / 0.25
    found = told(life, a_patient(), values(**{**NO_EVENT_AFTER, "stump_healing_rate_below_knee": rate}), policy)
    assert found.story == in_order(
        [
            (0.0, Event.REFERRAL, 20.0),
            (0.25, Event.DOSE, 20.0),
            (0.25, Event.VISIT, 20.0),
            (0.75, Event.DOSE, 20.0),
            (1.0, Event.BELOW_KNEE_AMPUTATION, nan),
            (1.0, Event.VISIT, nan),
            (1.25, Event.STUMP_HEALED, nan),
            (1.5, Event.WALKS, nan),
            (2.0, Event.VISIT, nan),
            (4.5, Event.VISIT, nan),
            (HORIZON, Event.HORIZON, nan),
        ]
    )
    assert found.census == [
        [State.ULCER, 0, 0],
        [State.ULCER, 0, 1],
        [State.BELOW_KNEE, 0, 2],
        [State.BELOW_KNEE_WALKING, 1, 2],
        [State.BELOW_KNEE_WALKING, 1, 2],
        [State.BELOW_KNEE_WALKING, 1, 2],
    ]
    assert found.spent("count") == {
        "dose": 2.0,
        "treated": 1.0,
        "marker_test": 1.0,
        "below_knee_amputation": 1.0,
        "stump_healed": 1.0,
        "prosthesis_below_knee": 1.0,
        "visit": 4.0,
    }
    assert found.books["cost_count_marker_test"] == 1.0
    years = {name: value for name, value in found.spent("time").items() if "age" not in name}
    assert years == pytest.approx({"ulcer": 1.0, "below_knee": 0.5, "below_knee_walking": 3.5})
    assert found.spent("clock") == pytest.approx(
        {"amputee_year_1": 1.0, "amputee_year_2": 1.0, "amputee_later": 2.0, "alive": 5.0}
    )


@ENGINES
def test_a_response_changes_the_dates_of_what_follows(told: Engine) -> None:
    """The only dose, at 1 year, stops a hazard of amputation of 0.5 a year that perfusion acts on by -100 per mmHg.

    Its budget of 0.6 would have been spent at 1.2 years; the 0.1 that are left at 1 year last to the horizon.
    """
    policy = a_policy(doses=1.0, interval=0.5)
    for responds in (0, 1):
        life = a_life(next_dose=1.0, caused_gain=30.0 * responds, given_gain=0.0, **PLAIN)
        at_risk(life, Risk.MAJOR_AMPUTATION, 0.5, unspent=0.6, per_mmhg=-100.0)
        found = told(life, a_patient(), values(**NO_EVENT_AFTER), policy)
        assert (found.life.amputated_at < inf) is not bool(responds)
        if responds:
            assert found.story[-1] == (HORIZON, Event.HORIZON, 50.0)
        else:
            assert found.life.amputated_at == pytest.approx(1.2)


@ENGINES
def test_doses_of_the_dead_stay_counted(told: Engine) -> None:
    """Dead at 0.75 years after one dose: the dead of every later census had one."""
    policy = a_policy(doses=1.0, interval=0.5)
    life = a_life(next_dose=0.25, background_death=0.75, walking=1, caused_gain=0.0, **PLAIN)
    found = told(life, a_patient(), values(**NO_EVENT_AFTER), policy)
    assert found.census == [[State.ULCER, 1, 0], [State.ULCER, 1, 1], *[[-1, 0, 1]] * 4]
    assert found.spent("count") == {"dose": 1.0, "treated": 1.0, "death": 1.0, "visit": 1.0}


@ENGINES
def test_clinical_events_come_before_care_at_the_same_time(told: Engine) -> None:
    """A wound that heals on the day of the dose is not treated any more."""
    life = a_life(next_dose=0.5, caused_gain=0.0, **PLAIN)
    at_risk(life, Risk.HEALING, 1.0, unspent=0.5)
    found = told(life, a_patient(), values(**NO_EVENT_AFTER), a_policy(doses=1.0, interval=0.5))
    kinds = [event for _, event, _ in found.story if event != Event.VISIT]
    assert kinds == [Event.REFERRAL, Event.HEALED, Event.STOPS_TREATMENT, Event.HORIZON]


@ENGINES
def test_care_planned_for_the_horizon_or_later_is_not_given(told: Engine) -> None:
    """A dose due on the last day is none; one due the day before is."""
    for due, doses in [(HORIZON, 0), (4.99, 1)]:
        life = a_life(next_dose=due, caused_gain=0.0, **PLAIN)
        found = told(life, a_patient(), values(**NO_EVENT_AFTER), a_policy(doses=1.0, interval=0.5))
        assert found.life.doses == doses
        assert found.story[-1] == (HORIZON, Event.HORIZON, 20.0)


@ENGINES
def test_a_state_that_is_left_and_entered_again_is_booked_each_time(told: Engine) -> None:
    """Healed at 0.5, a new wound at 1: half a year of ulcer, half a year healed, four years with the recurrence."""
    life = a_life(**PLAIN)
    at_risk(life, Risk.HEALING, 1.0, unspent=0.5)
    rate = exponential(Stream.RECURRENCE) / 0.5
    found = told(life, a_patient(), values(**{**NO_EVENT_AFTER, "recurrence_rate": rate}), a_policy())
    years = {name: value for name, value in found.spent("time").items() if "age" not in name}
    assert years == pytest.approx({"ulcer": 0.5, "healed": 0.5, "recurrent_ulcer": 4.0})
    assert found.life.wound == Wound.RECURRED
    assert found.spent("count") == {"healed": 1.0, "new_wound": 1.0, "visit": 4.0}
    assert found.books["effect_recurrent_ulcer"] == pytest.approx((exp(-0.03) - exp(-0.15)) / 0.03)


@pytest.mark.parametrize("room", [1, 2])
def test_a_history_without_room_is_counted_all_the_same(room: int) -> None:
    """So that the caller can make room: three events and four visits were to be written, one line or two were there."""
    life = a_life(**PLAIN)
    at_risk(life, Risk.HEALING, 1.0, unspent=0.5)
    setting, patient = shared(values(**NO_EVENT_AFTER), a_policy()), a_patient()
    books = opened(life, patient, setting, room)
    lived(books, life, patient, setting)
    assert books.page.events == 3 + len(VISITS)
    assert [event["event"] for event in books.history] == [Event.REFERRAL, Event.VISIT][:room]


def test_a_history_that_nobody_keeps_costs_nothing() -> None:
    """No event is counted for it; life and books are the same."""
    life, setting, patient = a_life(**PLAIN), shared(values(**NO_EVENT_AFTER), a_policy()), a_patient()
    books = opened(life, patient, setting)
    lived(books, life, patient, setting)
    assert books.page.events == 0
    assert books.ledger[FIELDS.index("clock_alive")] == 5.0


def test_an_event_is_noted_where_there_is_room() -> None:
    """Patient, time, event and TcPO2; the next place is told in any case."""
    history = np.zeros(2, HISTORY)
    assert note(history, 1, 7, 0.5, Event.HEALED, 20.0, -1) == 2
    assert note(history, 2, 8, 0.6, Event.WALKS, 21.0, -1) == 3
    assert history.tolist() == [(0, 0.0, 0, 0.0, 0), (7, 0.5, Event.HEALED, 20.0, -1)]


def test_visits_of_a_span_are_noted_from_its_beginning_to_before_its_end() -> None:
    """Of visits at 0.25, 1, 2 and 4.5 years those at 1 and 2 lie in [1, 4.5), of a limb that gains 2 mmHg a year."""
    history = np.zeros(5, HISTORY)
    life = a_life(tcpo2_slope=2.0)
    assert note_visits(history, 1, life, values(measurement_sd=0.0), np.array(VISITS), 1.0, 4.5) == 3
    assert history[1:3].tolist() == [
        (PATIENT_NUMBER, 1.0, Event.VISIT, 22.0, -1),
        (PATIENT_NUMBER, 2.0, Event.VISIT, 24.0, -1),
    ]


@pytest.mark.parametrize(("last", "seen"), [(False, [1.0]), (True, [1.0, 2.0])])
def test_a_census_counts_whoever_is_there_in_a_span(last: bool, seen: list[float]) -> None:
    """At 1 and 2 of the times 0.5, 1, 2 and 3, between years 1 and 2: year 2 belongs to the next span, if there is one."""
    times = np.array([0.5, 1.0, 2.0, 3.0])
    census = np.full((4, 3), -1, np.int64)
    life = a_life(time=1.0, walking=1, doses=2)
    assert take_census(census, times, life, int(State.HEALED), 2.0, last) == (3.0 if last else 2.0)
    for row, t in zip(census.tolist(), times, strict=True):
        assert row == ([State.HEALED, 1, 2] if t in seen else [-1, -1, -1])
