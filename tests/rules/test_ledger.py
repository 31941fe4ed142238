"""The books of a life: years in states, clocks and counts of costed events."""

from __future__ import annotations

from math import exp, inf
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad

from rules.people import a_life, a_patient, values
from simulator.living.discounting import discounted, discounted_moments, factors, overlap
from simulator.living.ledger import (
    CLOCKS,
    COUNTS,
    FIELDS,
    LOSS_COUNTS,
    WIDTH,
    add_clock,
    add_count,
    add_event,
    add_moments,
    add_sojourn,
    add_visits,
    visit_table,
)
from simulator.words.vocabulary import Event, Limb, State

RATE, COST_RATE = 0.03, 0.05
VASCULAR = {"infarction_rate": 0.04, "stroke_rate": 0.02, "vascular_hr_heart": 1.5}
NO_EVENTS = dict.fromkeys(VASCULAR, 0.0)


def empty() -> Any:
    """A ledger without entries."""
    return np.zeros(WIDTH)


def factor(t: float) -> float:
    """The discount factor of costs at t (years)."""
    return exp(-COST_RATE * t)


def entries(ledger: Any) -> dict[str, float]:
    """What stands in a ledger, by the name of its column."""
    return {name: float(value) for name, value in zip(FIELDS, ledger, strict=True) if value != 0.0}


def integral(rate: float, power: int, start: float, end: float, shift: float = 0.0) -> float:
    """Of exp(-rate t) (t + shift) ** power, by quadrature."""
    return float(quad(lambda t: exp(-rate * t) * (t + shift) ** power, start, end, epsabs=0.0, epsrel=1e-12)[0])


def test_undiscounted_moments_are_those_of_time() -> None:
    """From 1 to 3 years: 2 years, their integral of t 4, and of its square 26 / 3."""
    assert discounted_moments(1.0, 3.0, 0.0, 1.0, 1.0) == (2.0, 4.0, pytest.approx(26.0 / 3.0))


@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (1.0, 3.0), (0.5, 30.0)])
def test_discounted_moments_are_integrals(start: float, end: float) -> None:
    """Of exp(-rate t), t exp(-rate t) and its square's, by quadrature."""
    found = discounted_moments(start, end, RATE, exp(-RATE * start), exp(-RATE * end))
    assert found == pytest.approx([integral(RATE, power, start, end) for power in range(3)], rel=1e-9)


def test_moments_are_shifted_to_the_age_about_75() -> None:
    """Whoever is 78 at referral spends t years at 3 + t past 75; they add to what a state already has."""
    ledger = empty()
    moments = [integral(0.0, power, 1.0, 3.0) for power in range(3)]
    add_moments(ledger, 0, State.ULCER, 3.0, moments)
    add_moments(ledger, 0, State.ULCER, 3.0, moments)
    wanted = {
        name: pytest.approx(2.0 * integral(0.0, power, 1.0, 3.0, shift=3.0))
        for power, name in enumerate(("time_ulcer", "time_age_ulcer", "time_age2_ulcer"))
    }
    assert entries(ledger) == wanted


@pytest.mark.parametrize(
    ("low", "high", "part"),
    [(1.5, 2.5, (1.5, 2.5)), (0.0, 2.0, (1.0, 2.0)), (2.0, inf, (2.0, 3.0)), (0.0, 5.0, (1.0, 3.0))],
)
def test_the_overlap_of_two_spans(low: float, high: float, part: tuple[float, float]) -> None:
    """Of years 1 to 3 with another span."""
    assert overlap(1.0, 3.0, low, high) == part


@pytest.mark.parametrize(("low", "high"), [(4.0, 5.0), (0.0, 0.5)])
def test_spans_that_do_not_meet_overlap_by_nothing(low: float, high: float) -> None:
    """Both ends are the same."""
    start, end = overlap(1.0, 3.0, low, high)
    assert start == end


def test_discounted_years() -> None:
    """The integral of exp(-0.05 t) from 1 to 3; without a rate, 2 years."""
    assert discounted(1.0, 3.0, COST_RATE, factor(1.0), factor(3.0)) == pytest.approx(integral(COST_RATE, 0, 1.0, 3.0))
    assert discounted(1.0, 3.0, 0.0, 1.0, 1.0) == 2.0


def test_factors_are_those_of_effects_and_of_costs() -> None:
    """Each at its own rate; equal rates have one factor."""
    assert factors(0.03, 0.05, 2.0) == pytest.approx((exp(-0.06), exp(-0.1)))
    assert factors(0.05, 0.05, 2.0) == pytest.approx((exp(-0.1), exp(-0.1)))


def test_a_clock_runs_over_a_span_and_not_over_an_empty_one() -> None:
    """It adds to what it shows; backwards it does not run."""
    ledger = empty()
    for start, end in [(1.0, 3.0), (3.0, 3.5), (4.0, 4.0), (5.0, 4.0)]:
        add_clock(ledger, CLOCKS.index("dialysis"), start, end, COST_RATE, factor(start), factor(end))
    assert entries(ledger) == {
        "clock_dialysis": 2.5,
        "cost_clock_dialysis": pytest.approx(integral(COST_RATE, 0, 1.0, 3.5)),
    }


def booked(
    state: State,
    rates: tuple[float, float] = (RATE, COST_RATE),
    params: Any = NO_EVENTS,
    heart: float = 0.0,
    **life: float,
) -> dict[str, float]:
    """The books after years 1 to 3.5 in a state, of a patient of 78 whose limb was lost, if it was, at 0.75."""
    ledger = empty()
    lost = {
        "amputated_at": 0.75 if state >= State.BELOW_KNEE else inf,
        "other_amputated_at": inf,
        "dialysis_since": inf,
    }
    patient = a_patient(age=78.0, ischaemic_heart_disease=heart)
    since, now = ((exp(-rates[0] * t), exp(-rates[1] * t)) for t in (1.0, 3.5))
    add_sojourn(ledger, a_life(**{**lost, **life}), patient, values(**params), state, 1.0, 3.5, rates, since, now)
    return entries(ledger)


def of_state(name: str, rate: float = RATE, cost_rate: float = COST_RATE) -> dict[str, Any]:
    """The entries of years 1 to 3.5 in a state, by quadrature."""
    span = (1.0, 3.5)
    wanted: dict[str, Any] = {}
    for power, kind in enumerate(("", "_age", "_age2")):
        wanted[f"time{kind}_{name}"] = pytest.approx(integral(0.0, power, *span, shift=3.0))
        wanted[f"effect{kind}_{name}"] = pytest.approx(integral(rate, power, *span, shift=3.0))
    cost = pytest.approx(integral(cost_rate, 0, *span))
    return wanted | {f"cost_{name}": cost, "clock_alive": 2.5, "cost_clock_alive": cost}


@pytest.mark.parametrize("state", [State.REST_PAIN, State.ULCER, State.HEALED_AFTER_MINOR])
def test_years_in_a_state_are_booked_with_moments_and_discounted(state: State) -> None:
    """Effects at 3% and costs at 5% a year; and the patient was alive meanwhile."""
    assert booked(state) == of_state(state.name.lower())


@pytest.mark.parametrize("rate", [RATE, 0.0])
def test_equal_rates_discount_alike(rate: float) -> None:
    """With one rate for both, or none at all."""
    assert booked(State.ULCER, (rate, rate)) == of_state("ulcer", rate, rate)


def test_dialysis_has_a_clock_of_its_own() -> None:
    """It runs as long as the patient is alive and on dialysis: from the start, from year 2 on, or never."""
    for since, years in [(0.0, 2.5), (2.0, 1.5)]:
        cost = pytest.approx(integral(COST_RATE, 0, 3.5 - years, 3.5))
        effect = pytest.approx(integral(RATE, 0, 3.5 - years, 3.5))
        wanted = of_state("ulcer") | {
            "clock_dialysis": years,
            "cost_clock_dialysis": cost,
            "effect_clock_dialysis": effect,
        }
        assert booked(State.ULCER, dialysis_since=since) == wanted
    assert booked(State.ULCER, dialysis_since=3.5) == of_state("ulcer")


@pytest.mark.parametrize("state", [State.BELOW_KNEE, State.ABOVE_KNEE_WALKING])
def test_years_after_amputation_are_told_apart(state: State) -> None:
    """Amputated at 0.75: the first year lasts to 1.75, the second to 2.75, and 0.75 years come later."""
    spans = {"amputee_year_1": (1.0, 1.75), "amputee_year_2": (1.75, 2.75), "amputee_later": (2.75, 3.5)}
    wanted = of_state(state.name.lower())
    for name, span in spans.items():
        wanted[f"clock_{name}"] = pytest.approx(span[1] - span[0])
        wanted[f"cost_clock_{name}"] = pytest.approx(integral(COST_RATE, 0, *span))
    assert booked(state) == wanted


def test_years_without_the_other_leg_are_those_of_an_amputee() -> None:
    """The other leg lost at 2: a loss of quality of life from then on, and the first 1.5 years after an amputation."""
    wanted = of_state("healed") | {"clock_other_limb": 1.5}
    for prefix, rate in (("cost_", COST_RATE), ("effect_", RATE)):
        wanted[f"{prefix}clock_other_limb"] = pytest.approx(integral(rate, 0, 2.0, 3.5))
    for name, span in {"amputee_year_1": (2.0, 3.0), "amputee_year_2": (3.0, 3.5)}.items():
        wanted[f"clock_{name}"] = pytest.approx(span[1] - span[0])
        wanted[f"cost_clock_{name}"] = pytest.approx(integral(COST_RATE, 0, *span))
    assert booked(State.HEALED, other_amputated_at=2.0) == wanted


def test_the_second_leg_begins_the_years_after_amputation_anew() -> None:
    """Lost at 0.75 and at 2.25: year one until 1.75, year two until the second, then year one again; no loss beside the state."""
    found = booked(State.BELOW_KNEE, other_amputated_at=2.25)
    assert (found["clock_amputee_year_1"], found["clock_amputee_year_2"]) == (0.75 + 1.0, pytest.approx(0.5 + 0.25))
    assert "clock_amputee_later" not in found
    assert "clock_other_limb" not in found
    spans = {"amputee_year_1": ((1.0, 1.75), (2.25, 3.25)), "amputee_year_2": ((1.75, 2.25), (3.25, 3.5))}
    for name, parts in spans.items():
        wanted = sum(integral(COST_RATE, 0, *part) for part in parts)
        assert found[f"cost_clock_{name}"] == pytest.approx(wanted), name


def test_the_years_after_amputation_are_those_since_the_later_loss() -> None:
    """The other leg lost at 0.25, before the treated one at 0.75: as if that alone were lost."""
    assert booked(State.BELOW_KNEE, other_amputated_at=0.25) == booked(State.BELOW_KNEE)


@pytest.mark.parametrize(("heart", "ratio"), [(0.0, 1.0), (1.0, 1.5)])
def test_infarctions_and_strokes_are_expected_of_the_years_lived(heart: float, ratio: float) -> None:
    """At 0.04 and 0.02 a year from year 1 to 3.5; at t years rate times t lie behind; half as many again with heart disease."""
    wanted = of_state("ulcer")
    for name, rate in (("infarction", 0.04 * ratio), ("stroke", 0.02 * ratio)):
        wanted[f"count_{name}"] = pytest.approx(rate * 2.5)
        wanted[f"cost_count_{name}"] = pytest.approx(rate * integral(COST_RATE, 0, 1.0, 3.5))
        wanted[f"clock_after_{name}"] = pytest.approx(rate * integral(0.0, 1, 1.0, 3.5))
        wanted[f"cost_clock_after_{name}"] = pytest.approx(rate * integral(COST_RATE, 1, 1.0, 3.5))
        wanted[f"effect_clock_after_{name}"] = pytest.approx(rate * integral(RATE, 1, 1.0, 3.5))
    assert booked(State.ULCER, params=VASCULAR, heart=heart) == wanted


def test_nothing_is_booked_for_no_time() -> None:
    """A state left at once, or a span that runs backwards."""
    for end in (1.0, 0.5):
        ledger = empty()
        one = (1.0, 1.0)
        add_sojourn(
            ledger, a_life(), a_patient(), values(**NO_EVENTS), State.ULCER, 1.0, end, (RATE, COST_RATE), one, one
        )
        assert entries(ledger) == {}


def test_events_are_counted_and_discounted() -> None:
    """Two conversions, at 2 and 4 years."""
    ledger = empty()
    for t in (2.0, 4.0):
        add_count(ledger, COUNTS.index("conversion"), factor(t))
    assert entries(ledger) == {
        "count_conversion": 2.0,
        "cost_count_conversion": pytest.approx(exp(-0.1) + exp(-0.2)),
    }


@pytest.mark.parametrize(
    ("event", "life", "counted"),
    [
        (Event.DOSE, {"doses": 1}, ["dose", "treated"]),
        (Event.DOSE, {"doses": 2}, ["dose"]),
        (Event.PROCEDURE, {"acting": 0}, ["step_1"]),
        (Event.PROCEDURE, {"acting": 1}, ["step_2"]),
        (Event.REPEAT_PROCEDURE, {"acting": 2}, ["repeat_step_3"]),
        (Event.MINOR_AMPUTATION, {}, ["minor_amputation"]),
        (Event.BELOW_KNEE_AMPUTATION, {"limb": Limb.BELOW_KNEE}, ["below_knee_amputation"]),
        (Event.ABOVE_KNEE_AMPUTATION, {"limb": Limb.ABOVE_KNEE}, ["above_knee_amputation"]),
        (Event.CONVERSION, {"limb": Limb.ABOVE_KNEE}, ["conversion"]),
        (Event.OTHER_LIMB_AMPUTATION, {}, ["other_limb_amputation"]),
        (Event.STARTS_DIALYSIS, {}, []),
        (Event.WALKS, {"limb": Limb.BELOW_KNEE}, ["prosthesis_below_knee"]),
        (Event.WALKS, {"limb": Limb.ABOVE_KNEE}, ["prosthesis_above_knee"]),
        (Event.WALKS, {"limb": Limb.MINOR_AMPUTATION}, []),
        (Event.NEW_WOUND, {}, ["new_wound"]),
        (Event.HEALED, {}, ["healed"]),
        (Event.STUMP_HEALED, {}, ["stump_healed"]),
        (Event.BACKGROUND_DEATH, {"alive": 0}, ["death"]),
        (Event.DISEASE_DEATH, {"alive": 0}, ["death"]),
        (Event.POSTOPERATIVE_DEATH, {"alive": 0}, ["death"]),
        (Event.LOSS, {}, []),
        (Event.STOPS_TREATMENT, {}, []),
    ],
)
def test_each_costed_event_has_its_count(event: Event, life: dict[str, int], counted: list[str]) -> None:
    """At 2 years, discounted at 5%, and what is done to people at 3%, too.

    Walking on a foot needs no prosthesis; restenosis and stopping cost nothing.

    A death also books the last year of life, from 1 to 2 years.
    """
    ledger = empty()
    add_event(ledger, a_life(**life), event, 2.0, exp(-2.0 * RATE), factor(2.0), COST_RATE)
    wanted: dict[str, Any] = {f"count_{name}": 1.0 for name in counted}
    wanted |= {f"cost_count_{name}": pytest.approx(exp(-0.1)) for name in counted}
    done = [name for name in counted if name in LOSS_COUNTS]
    wanted |= {f"effect_count_{name}": pytest.approx(exp(-0.06)) for name in done}
    if counted == ["death"]:
        wanted |= {"clock_last_year": 1.0, "cost_clock_last_year": pytest.approx(integral(COST_RATE, 0, 1.0, 2.0))}
    assert entries(ledger) == wanted


@pytest.mark.parametrize(("died_at", "years"), [(0.25, 0.25), (1.0, 1.0), (3.5, 1.0)])
def test_the_last_year_of_life_is_what_was_lived_of_it_here(died_at: float, years: float) -> None:
    """Who dies three months after referral has had a quarter of the last year; who dies later, all of it."""
    ledger = empty()
    effects = exp(-RATE * died_at)
    add_event(ledger, a_life(alive=0), Event.DISEASE_DEATH, died_at, effects, factor(died_at), COST_RATE)
    assert entries(ledger) == {
        "count_death": 1.0,
        "cost_count_death": pytest.approx(exp(-COST_RATE * died_at)),
        "clock_last_year": pytest.approx(years),
        "cost_clock_last_year": pytest.approx(integral(COST_RATE, 0, died_at - years, died_at)),
    }


def test_visits_before_the_end_of_a_life_are_counted() -> None:
    """Visits at 1, 2 and 3 years: by 2 years one, for at 2 the life is over; by 2.5 two; they add to earlier ones."""
    visits = np.array([1.0, 2.0, 3.0])
    table = visit_table(visits, COST_RATE)
    assert table.tolist() == pytest.approx(
        [0.0, exp(-0.05), exp(-0.05) + exp(-0.1), exp(-0.05) + exp(-0.1) + exp(-0.15)]
    )
    for end, count in [(0.5, 0), (1.0, 0), (2.0, 1), (2.5, 2), (9.0, 3)]:
        ledger = empty()
        add_visits(ledger, visits, table, end)
        add_visits(ledger, visits, table, end)
        wanted = {"count_visit": 2.0 * count, "cost_count_visit": pytest.approx(2.0 * table[count])} if count else {}
        assert entries(ledger) == wanted
