"""Slots that patients share: who asks, who waits, who is treated, and why a wait ends."""

from __future__ import annotations

from math import inf, isnan
from typing import Any

import numpy as np
import pytest
import simpy
from engine_inputs import assert_same, entry, fixed_arrays, follow, parameters, policy, setting

from rules.people import KEY, a_life, a_patient, a_policy, a_setting, at_risk, opened, values
from simulator.living import capacity
from simulator.living.capacity import (
    CALENDAR,
    WAIT,
    WEEK,
    Capacity,
    Centre,
    Discipline,
    Opening,
    WaitEnd,
    Waiting,
    end_of_wait,
    needs_slot,
    patient_process,
    referral_dates,
)
from simulator.living.next_event import CLINICAL
from simulator.living.reference import Course, Due
from simulator.rules.draws import budget
from simulator.words.vocabulary import DAYS_PER_YEAR, Event, Limb, Repeat, Risk, Stream, Wound

HORIZON = 1.0
VISITS = (0.5,)
STILL = {"measurement_sd": 0.0, "act_death_hr": 1.0}
DOSES = {"doses": 3.0, "interval": 0.25, "repeat_rule": float(Repeat.ALWAYS)}
PLAIN = {
    "death_hr": 1.0,
    "healing_hr": 1.0,
    "wound_hr": 1.0,
    "amputation_hr": 1.0,
    "recurrence_hr": 1.0,
    "excess_hr": 1.0,
    "caused_gain": 0.0,
}
DAY = WEEK / 7.0


def a_course(
    referred: float = 0.0,
    rules: dict[str, float] | None = None,
    policy: dict[str, float] | None = None,
    first: tuple[Risk, float] | None = None,
    steps: int = 1,
    **stated: Any,
) -> Course:
    """A patient's course who is followed for a year, referred at a calendar time; `first`: a risk and when it happens."""
    setting = a_setting(
        values(*[{"success": 0.0}] * steps, **STILL, **(rules or {})),
        a_policy(*[{"slot": 1.0}] * steps, **{**DOSES, **(policy or {})}),
        HORIZON,
        VISITS,
        (HORIZON,),
    )
    life, patient = a_life(**{**PLAIN, **stated}), a_patient()
    if first is not None:
        at_risk(life, first[0], 1.0, unspent=first[1])
    return Course(setting, 0, life, patient, opened(life, patient, setting), referred)


ALWAYS = Opening()


def at_centre(
    *courses: Course, slots: float = 1, discipline: Discipline = Discipline.FIRST_COME, opening: Opening = ALWAYS
) -> Waiting:
    """What happens at a centre to some courses."""
    env = simpy.Environment()
    centre = Centre(env, Capacity(slots, 1.0, discipline, opening))

    def referral(course: Course) -> Any:
        yield env.timeout(course.referred)
        env.process(patient_process(env, course, centre))

    for course in courses:
        env.process(referral(course))
    env.run()
    return centre.waiting()


def days(waiting: Waiting) -> list[tuple[int, float, float | None, float, WaitEnd]]:
    """Each request: patient, day of asking, day of treatment if any, days waited, and why the wait ended (1e-6 days)."""
    told = []
    for row in waiting.waits:
        asked, granted, waited = (round(float(row[name]) / DAY, 6) for name in ("date", "granted", "waited"))
        told.append((int(row["patient"]), asked, None if isnan(granted) else granted, waited, WaitEnd(row["end"])))
    return told


def test_a_week_is_seven_days() -> None:
    """Of a year of 365.25."""
    assert pytest.approx(7.0 / 365.25) == WEEK


def test_a_slot_is_occupied_for_a_week() -> None:
    """Two patients who are due on day 10 and 12: the second waits until the first one's week is over, on day 17.

    Their next doses, a quarter of a year after the day on which they were given, find the slot free again.
    """
    first, second = a_course(patient=1, next_dose=10 * DAY), a_course(patient=2, next_dose=12 * DAY)
    waiting = at_centre(first, second)
    quarter = 0.25 * 365.25
    told = days(waiting)
    assert told[:2] == [(1, 10.0, 10.0, 0.0, WaitEnd.GRANTED), (2, 12.0, 17.0, 5.0, WaitEnd.GRANTED)]
    assert told[2:4] == [
        (1, 10.0 + quarter, 10.0 + quarter, 0.0, WaitEnd.GRANTED),
        (2, 17.0 + quarter, 17.0 + quarter, 0.0, WaitEnd.GRANTED),
    ]
    assert first.life.doses == second.life.doses == 3


def test_the_calendar_tells_who_waits_and_how_many_slots_are_busy() -> None:
    """Nobody until day 10; one busy; from day 12 one waits; from day 17 one is busy again, until day 24."""
    waiting = at_centre(a_course(patient=1, next_dose=10 * DAY), a_course(patient=2, next_dose=12 * DAY))
    seen = waiting.at(np.array([0.0, 9.9, 10.1, 12.1, 16.9, 17.1, 23.9, 24.1]) * DAY)
    assert seen["queue"].tolist() == [0, 0, 0, 1, 1, 0, 0, 0]
    assert seen["busy"].tolist() == [0, 0, 1, 1, 1, 1, 1, 0]
    assert waiting.mean("queue", 0.0, 20.0 * DAY) == pytest.approx(5.0 / 20.0)
    assert waiting.mean("busy", 12.0 * DAY, 34.0 * DAY) == pytest.approx(12.0 / 22.0)
    assert (np.diff(waiting.calendar["date"]) > 0.0).all()


def test_half_a_slot_a_week_is_one_a_fortnight() -> None:
    """The second of two people who are due on days 10 and 11 is treated a fortnight after the first, on day 24."""
    waiting = at_centre(a_course(patient=1, next_dose=10 * DAY), a_course(patient=2, next_dose=11 * DAY), slots=0.5)
    assert [row[2] for row in days(waiting)][:2] == pytest.approx([10.0, 24.0])


def test_a_procedure_takes_the_slots_that_its_file_says() -> None:
    """One that takes two slots' time keeps the next in line waiting to day 24; one that takes none asks for none."""
    double = a_course(patient=1, step_next=10 * DAY)
    double.setting.policies["steps"]["slot"][0] = 2.0
    waiting = at_centre(double, a_course(patient=2, next_dose=11 * DAY))
    assert [row[2] for row in days(waiting)][:2] == pytest.approx([10.0, 24.0])
    none = a_course(step_next=10 * DAY)
    none.setting.policies["steps"]["slot"][0] = 0.0
    assert not needs_slot(none, Due(10 * DAY, Event.PROCEDURE))


def test_two_slots_serve_two_at_once() -> None:
    """Nobody waits, and both are busy from day 12 to day 17."""
    waiting = at_centre(a_course(patient=1, next_dose=10 * DAY), a_course(patient=2, next_dose=12 * DAY), slots=2)
    assert (waiting.waits["waited"] == 0.0).all()
    assert waiting.at(np.array([11.0, 13.0, 18.0]) * DAY)["busy"].tolist() == [1, 2, 1]


@pytest.mark.parametrize(("discipline", "second"), [(Discipline.FIRST_COME, 2), (Discipline.WORST_TCPO2, 3)])
def test_who_is_served_first_depends_on_the_discipline(discipline: Discipline, second: int) -> None:
    """Patient 2 asked before patient 3, whose TcPO2 of 10 mmHg is lower than 20."""
    courses = [
        a_course(patient=1, next_dose=10 * DAY),
        a_course(patient=2, next_dose=11 * DAY),
        a_course(patient=3, next_dose=12 * DAY, tcpo2_start=10.0),
    ]
    waits = at_centre(*courses, discipline=discipline).waits
    first_round = [row for row in waits[:3] if row["patient"] == second]
    assert first_round[0]["granted"] / DAY == pytest.approx(17.0)
    assert {int(row["patient"]): float(row["tcpo2"]) for row in waits[:3]} == {1: 20.0, 2: 20.0, 3: 10.0}


def test_dates_are_the_centres_and_waits_the_patients() -> None:
    """Referred on day 100 and due 10 days later: asked on day 110 of the centre, day 10 of the patient."""
    waiting = at_centre(a_course(referred=100 * DAY, patient=1, next_dose=10 * DAY))
    row = waiting.waits[0]
    assert row["date"] / DAY == pytest.approx(110.0)
    assert row["requested"] / DAY == pytest.approx(10.0)
    assert row["granted"] / DAY == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("risk", "end"),
    [
        (Risk.EXCESS_DEATH, WaitEnd.DIED),
        (Risk.MAJOR_AMPUTATION, WaitEnd.AMPUTATED),
        (Risk.HEALING, WaitEnd.HEALED),
    ],
)
def test_what_happens_to_the_patient_ends_the_wait(risk: Risk, end: WaitEnd) -> None:
    """Due on day 12 while the slot is taken, something happens on day 14: no dose, and the next in line moves up."""
    rules = {
        **dict.fromkeys(("death_rate_wound", "death_trend", "death_causal_share", "death_per_mmhg"), 0.0),
        **dict.fromkeys(("postoperative_death_rate", "conversion_rate", "stump_healing_lag_days"), 0.0),
        **dict.fromkeys(("stump_healing_rate_below_knee", "recurrence_rate", "recurrence_per_mmhg"), 0.0),
        **dict.fromkeys(("conversion_trend", "postoperative_death_trend", "recurrence_trend"), 0.0),
        **dict.fromkeys(("death_per_year_of_age", "other_limb_trend"), 0.0),
        "other_limb_hr_amputated": 1.0,
        **{"below_knee_share": 1.0, "reference_tcpo2": 20.0, "recurrence_reference_tcpo2": 20.0},
    }
    blocked = a_course(rules=rules, first=(risk, 14 * DAY), patient=2, next_dose=12 * DAY)
    third = a_course(patient=3, next_dose=13 * DAY)
    waiting = at_centre(a_course(patient=1, next_dose=10 * DAY), blocked, third)
    mine = [row for row in days(waiting) if row[0] == 2]
    assert mine == [(2, 12.0, None, 2.0, end)]
    assert blocked.life.doses == 0
    assert next(row[2] for row in days(waiting) if row[0] == 3) == 17.0
    stopped = Event.STOPS_TREATMENT in blocked.history["event"].tolist()
    assert stopped == (end is WaitEnd.HEALED)


def test_a_wait_that_the_horizon_cuts_is_told_so() -> None:
    """A year after referral the patient still waits, alive and untreated."""
    late = a_course(patient=2, next_dose=HORIZON - 3 * DAY)
    waiting = at_centre(a_course(patient=1, next_dose=HORIZON - 4 * DAY), late)
    assert [(row[0], row[3], row[4]) for row in days(waiting)] == [
        (1, 0.0, WaitEnd.GRANTED),
        (2, 3.0, WaitEnd.STILL_WAITING),
    ]
    assert (late.life.alive, late.life.doses, late.goes_on) == (1, 0, False)


@pytest.mark.parametrize(
    ("due", "life", "needed"),
    [
        (Due(0.5, Event.DOSE), {}, True),
        (Due(0.5, Event.DOSE), {"wound": Wound.HEALED}, False),
        (Due(0.5, Event.PROCEDURE), {}, True),
        (Due(0.5, Event.PROCEDURE), {"wound": Wound.HEALED}, False),
        (Due(0.5, Event.WALKS), {}, False),
        (Due(0.5, Event.LOSS), {}, False),
        (Due(0.5, CLINICAL), {}, False),
        (Due(0.5, Event.VISIT), {}, False),
    ],
)
def test_a_slot_is_asked_for_procedures_that_are_indicated(due: Due, life: dict[str, int], needed: bool) -> None:
    """Doses and angioplasties; nobody books a room to walk, nor for what the rule will not do."""
    assert needs_slot(a_course(**life), due) == needed


@pytest.mark.parametrize(
    ("life", "goes_on", "end"),
    [
        ({}, True, None),
        ({"alive": 0}, False, WaitEnd.DIED),
        ({"limb": Limb.BELOW_KNEE}, True, WaitEnd.AMPUTATED),
        ({"limb": Limb.MINOR_AMPUTATION}, True, None),
        ({"wound": Wound.HEALED}, True, WaitEnd.HEALED),
        ({}, False, WaitEnd.STILL_WAITING),
    ],
)
def test_why_a_wait_ends(life: dict[str, int], goes_on: bool, end: WaitEnd | None) -> None:
    """Death before amputation before healing; else the horizon, once the course is over."""
    course = a_course()
    for name, value in life.items():
        course.life[name] = value
    course.goes_on = goes_on
    assert end_of_wait(course) is end


@pytest.mark.parametrize(("before", "asked_for"), [(0, Event.PROCEDURE), (1, Event.REPEAT_PROCEDURE)])
def test_a_request_says_what_it_is_for(before: int, asked_for: Event) -> None:
    """A first or a repeated angioplasty, or a dose."""
    waiting = at_centre(a_course(patient=1, step_next=10 * DAY, step_done=before))
    assert waiting.waits["procedure"].tolist() == [asked_for]
    assert at_centre(a_course(patient=1, next_dose=0.9)).waits["procedure"].tolist() == [Event.DOSE]


def test_a_slot_that_came_too_late_is_given_back() -> None:
    """A repeat until 25 mmHg is due on day 12 at 20 mmHg; by day 17 the limb has risen to 30 and needs none.

    The slot is free for the next in line on the same day.
    """
    until_25 = {"repeat_rule": float(Repeat.UNTIL_TCPO2), "stop_at_tcpo2": 25.0}
    rising = a_course(policy=until_25, patient=2, next_dose=12 * DAY, doses=1)
    rising.life.ramps, rising.life.ramp_start[0] = 1, 13 * DAY
    rising.life.ramp_duration[0], rising.life.ramp_height[0] = 1 * DAY, 10.0
    waiting = at_centre(a_course(patient=1, next_dose=10 * DAY), rising, a_course(patient=3, next_dose=16 * DAY))
    told = days(waiting)
    assert told[1] == (2, 12.0, None, 5.0, WaitEnd.NO_LONGER_INDICATED)
    assert told[2] == (3, 16.0, 17.0, 1.0, WaitEnd.GRANTED)
    assert rising.life.doses == 1


def test_referrals_are_a_poisson_process_of_the_patients_own_draws() -> None:
    """Two a year: gaps of half of each patient's unit-exponential draw."""
    gaps = [float(budget(KEY, i, Stream.ARRIVAL, 0)) / 2.0 for i in range(4)]
    assert referral_dates(int(KEY), 4, 2.0).tolist() == pytest.approx(np.cumsum(gaps).tolist())


def test_an_empty_centre() -> None:
    """Has nobody in its books."""
    waiting = at_centre()
    assert (waiting.waits.dtype, waiting.calendar.dtype) == (WAIT, CALENDAR)
    assert (len(waiting.waits), waiting.calendar.tolist()) == (0, [(0.0, 0, 0)])


@pytest.mark.parametrize("name", ["protocol", "angioplasty_and_cells"])
def test_slots_for_everybody_change_nothing(name: str) -> None:
    """The lives of a cohort are those without a resource, to the last bit; the unentered are counted in either."""
    shared, waiting = centre_of(name, slots=inf, count=16)
    assert_same(shared, follow(parameters(), policy(name), seed=5, count=16, **fixed_arrays(3.0)))
    assert len(waiting.waits) > 0
    assert (waiting.waits["waited"] == 0.0).all()


@pytest.mark.usefixtures("few_referrals")
def test_who_may_not_enter_is_not_referred() -> None:
    """Nobody is 150 years old."""
    shared, waiting = centre_of("protocol", who=entry(age_at_least=150.0), count=2)
    assert (shared.barred, len(waiting.waits), len(shared.history)) == (2, 0, 0)


def test_a_history_that_is_not_asked_for_is_not_kept() -> None:
    """The books of the centre are."""
    shared, waiting = centre_of("protocol", events=False)
    assert len(shared.history) == 0 < len(waiting.waits)


def centre_of(name: str, slots: float = 1, count: int = 8, who: Any = None, events: bool = True) -> Any:
    """A handful of people under a policy at a centre with 100 referrals a year, followed for three years."""
    return capacity.follow(
        setting(parameters(), policy(name), 5, who, **fixed_arrays(3.0)), 0, count, Capacity(slots, 100.0), events
    )


RECURRENCE = {
    **dict.fromkeys(("death_rate_wound", "death_trend", "death_causal_share", "death_per_mmhg"), 0.0),
    **dict.fromkeys(("recurrence_rate", "recurrence_per_mmhg", "recurrence_trend"), 0.0),
    **{"reference_tcpo2": 20.0, "recurrence_reference_tcpo2": 20.0},
}
"""What a foot that heals needs to know: that nothing follows."""
SECOND_STEP = {"steps": 2, "step_therapy": [0, 1, -1, -1], "step_next": [inf, 12 * DAY, inf, inf]}


def test_a_procedure_that_waited_is_the_step_that_asked() -> None:
    """The second of a policy's two therapies, due on day 12, is done on day 17 when the slot is free; the first is not."""
    second = a_course(patient=2, **SECOND_STEP)
    waiting = at_centre(a_course(patient=1, next_dose=10 * DAY), second)
    mine = next(row for row in waiting.waits if row["patient"] == 2)
    assert (mine["step"], mine["procedure"], mine["granted"] / DAY) == (1, Event.PROCEDURE, pytest.approx(17.0))
    assert second.life.step_done.tolist() == [0, 1, 0, 0]
    assert waiting.waits["step"][0] == -1


@pytest.mark.parametrize("step", [0, 1])
def test_a_procedure_whose_patient_heals_while_waiting_is_given_up(step: int) -> None:
    """Due on day 12, healed on day 14: treatment stops as the step that asked, nothing is done and nothing left to plan."""
    due = [inf, inf, inf, inf]
    due[step] = 12 * DAY
    healed = a_course(rules=RECURRENCE, first=(Risk.HEALING, 14 * DAY), patient=2, **{**SECOND_STEP, "step_next": due})
    at_centre(a_course(patient=1, next_dose=10 * DAY), healed)
    stopped = healed.history[healed.history["event"] == Event.STOPS_TREATMENT]
    assert (len(stopped), healed.life.acting, healed.life.next_procedure) == (1, step, inf)
    assert healed.life.step_done.tolist() == [0] * 4


def test_a_dose_whose_patient_heals_while_waiting_leaves_other_plans_alone() -> None:
    """The procedure planned for day 200 is not moved to the day of healing: it comes, and is not done, on day 200."""
    healed = a_course(
        rules=RECURRENCE, first=(Risk.HEALING, 14 * DAY), patient=2, next_dose=12 * DAY, step_next=200 * DAY
    )
    at_centre(a_course(patient=1, next_dose=10 * DAY), healed)
    stopped = healed.history[healed.history["event"] == Event.STOPS_TREATMENT]
    assert (stopped["time"] / DAY).tolist() == pytest.approx([14.0, 200.0])


def test_what_happens_when_a_slot_comes_free_happens_before_it_is_taken() -> None:
    """The wound heals at the very time at which the first patient's week is over: no dose is given."""
    free = 10 * DAY + WEEK
    healed = a_course(rules=RECURRENCE, first=(Risk.HEALING, free), patient=2, next_dose=12 * DAY)
    told = at_centre(a_course(patient=1, next_dose=10 * DAY), healed).waits
    assert [WaitEnd(row["end"]) for row in told if row["patient"] == 2] == [WaitEnd.HEALED]
    assert healed.life.doses == 0


def test_who_is_referred_later_asks_and_is_served_by_the_centres_clock() -> None:
    """Referred on day 20 and due 10 days later, patient 1 has the slot on day 30, before patient 2, who asks on day 31 and is
    treated on day 37, 37 days after referral; patient 3, referred on day 25 and due 7 days later, on day 44, which is day 19."""
    waiting = at_centre(
        a_course(referred=20 * DAY, patient=1, next_dose=10 * DAY, policy={"doses": 1.0}),
        a_course(patient=2, next_dose=31 * DAY, policy={"doses": 1.0}),
        a_course(referred=25 * DAY, patient=3, next_dose=7 * DAY, policy={"doses": 1.0}),
    )
    assert [row[:4] for row in days(waiting)] == [
        (1, 30.0, 10.0, 0.0),
        (2, 31.0, 37.0, 6.0),
        (3, 32.0, 19.0, 12.0),
    ]


def test_the_calendar_has_a_row_for_every_change_and_the_last_of_a_moment() -> None:
    """Two ask on day 10: one busy and one waiting. Who waits dies on day 14: nobody waits any more."""
    dies = a_course(first=(Risk.EXCESS_DEATH, 14 * DAY), patient=2, next_dose=10 * DAY)
    waiting = at_centre(a_course(patient=1, next_dose=10 * DAY, policy={"doses": 1.0}), dies)
    rows = [(round(float(row["date"]) / DAY, 6), int(row["queue"]), int(row["busy"])) for row in waiting.calendar]
    assert rows == [(0.0, 0, 0), (10.0, 1, 1), (14.0, 0, 1), (17.0, 0, 0)]


def test_one_and_a_half_slots_are_two_for_longer() -> None:
    """Two at once, each occupied for a week times 2 / 1.5: the third of three who are due together waits 28 / 3 days."""
    courses = [a_course(patient=i, next_dose=10 * DAY, policy={"doses": 1.0}) for i in (1, 2, 3)]
    assert [row[3] for row in days(at_centre(*courses, slots=1.5))] == pytest.approx([0.0, 0.0, 28.0 / 3.0])


def test_referrals_come_on_their_dates() -> None:
    """Whoever asks does so on a day on which the calendar of the centre changes, and nobody's history is left out."""
    found, waiting = capacity.follow(
        setting(parameters(), policy("protocol"), 5, **fixed_arrays(3.0)), 0, 8, Capacity(inf, 100.0)
    )
    assert len(found.history) > 8 and len(waiting.waits) > 0
    for date in waiting.waits["date"]:
        assert np.abs(waiting.calendar["date"] - date).min() < 1e-9


def test_ends_of_waits_keep_their_numbers() -> None:
    """They stand in results that were saved."""
    names = ["GRANTED", "DIED", "AMPUTATED", "HEALED", "NO_LONGER_INDICATED", "STILL_WAITING"]
    assert {end.name: end.value for end in WaitEnd} == {name: number for number, name in enumerate(names)}


OFFICE = Opening((0, 1, 2, 3, 4), 8.0, 16.0)
"""Monday to Friday, eight to four."""


@pytest.mark.parametrize(
    ("day", "opens"),
    [(0.0, 8 / 24), (0.5, 0.5), (0.7, 1 + 8 / 24), (4.5, 4.5), (4.7, 7 + 8 / 24), (5.0, 7 + 8 / 24), (7.0, 7 + 8 / 24)],
)
def test_an_office_opens_on_weekdays(day: float, opens: float) -> None:
    """Before eight it is the same morning, after four the next one, and over the weekend Monday's."""
    assert OFFICE.next(day * DAY) == pytest.approx(opens * DAY, rel=1e-12)
    assert Opening().next(day * DAY) == day * DAY


def test_an_hour_a_week_comes_again_in_a_week() -> None:
    """Mondays from eight to nine: at half past eight it is open, at ten it opens on the next Monday."""
    monday = Opening((0,), 8.0, 9.0)
    assert monday.next((8.5 / 24) * DAY) == (8.5 / 24) * DAY
    assert monday.next((10.0 / 24) * DAY) == pytest.approx((7 + 8 / 24) * DAY, rel=1e-12)


def test_a_centre_never_shuts_unless_it_is_said() -> None:
    """Every day from nought to twenty-four; without a day, or with an hour less, it does."""
    assert (ALWAYS.days, ALWAYS.opens, ALWAYS.closes) == ((0, 1, 2, 3, 4, 5, 6), 0.0, 24.0)
    assert ALWAYS.always
    assert not any(each.always for each in (Opening((0, 1, 2, 3, 4, 5)), Opening(opens=1.0), Opening(closes=23.0)))


def test_nobody_is_treated_at_the_minute_of_closing() -> None:
    """A centre that shuts at noon on Mondays is shut at noon, and a day later until the next day on which it opens."""
    noon = 0.5 * DAY
    assert noon * DAYS_PER_YEAR == 0.5  # to the last bit
    assert Opening((0,), 8.0, 12.0).next(noon) == pytest.approx((7 + 8 / 24) * DAY, rel=1e-12)
    assert Opening((0, 2), 8.0, 12.0).next(DAY + noon) == pytest.approx((2 + 8 / 24) * DAY, rel=1e-12)


def test_a_centre_that_is_shut_keeps_the_slot_until_it_opens() -> None:
    """Due on a Saturday, somebody is treated on Monday at eight; who is due on the Sunday has the slot a week later."""
    first, second = a_course(patient=1, next_dose=12.5 * DAY), a_course(patient=2, next_dose=13.5 * DAY)
    told = days(at_centre(first, second, opening=OFFICE))[:2]
    assert [row[2] for row in told] == pytest.approx([14 + 8 / 24, 21 + 8 / 24])
    assert [row[4] for row in told] == [WaitEnd.GRANTED] * 2


def test_who_loses_the_limb_before_the_centre_opens_gives_the_slot_up() -> None:
    """A slot kept over the weekend for somebody amputated on Sunday is the next one's on Monday at eight."""
    lost = a_course(patient=1, next_dose=12.5 * DAY, first=(Risk.MAJOR_AMPUTATION, 13.2 * DAY))
    told = days(at_centre(lost, a_course(patient=2, next_dose=12.6 * DAY), opening=OFFICE))
    assert (told[0][0], told[0][2], told[0][4]) == (1, None, WaitEnd.AMPUTATED)
    assert (told[1][0], told[1][4]) == (2, WaitEnd.GRANTED)
    assert told[1][2] == pytest.approx(14 + 8 / 24)
