"""The law: exact event times along a piecewise-linear perfusion path, and background death from the life table."""

from __future__ import annotations

from math import exp, expm1, inf, log
from typing import Any

import numpy as np
import pytest
from engine_inputs import parameters, record
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import integrate, stats

from simulator.compiling import compiled
from simulator.evidence import load_life_table, load_register
from simulator.rules.draws import budget, fill
from simulator.rules.hazards import cumulative_hazard, time_to_spend
from simulator.rules.pathway.background import background_death
from simulator.rules.pathway.course import first_risk, spend_until
from simulator.rules.pathway.life import LIFE, LUCK, MOST_RAMPS
from simulator.rules.perfusion import add_ramp, segment, tcpo2
from simulator.rules.population.patient import PATIENT
from simulator.scenario.policy import Policy
from simulator.scenario.therapies import RAMPS_TO_SPARE, ramps_of
from simulator.words.vocabulary import Risk, Stream


def a_life(start: float = 20.0, slope: float = 0.0, ceiling: float = 70.0, **fields: float) -> Any:
    """A life with a perfusion path and no risks."""
    return record(
        LIFE, {"tcpo2_start": start, "tcpo2_slope": slope, "tcpo2_ceiling": ceiling, "healing_enough": np.inf, **fields}
    )


def put_at_risk(life: Any, risk: int, rate: float, per_mmhg: float, trend: float, unspent: float) -> None:
    """One risk in force since time 0."""
    for field, value in zip(("rate", "per_mmhg", "trend", "budget"), (rate, per_mmhg, trend, unspent), strict=True):
        life[field][risk] = value


@compiled
def first_times(life: Any, risk: int, until: float, count: int) -> np.ndarray:
    """Times of one risk with a fresh budget each; infinite where it does not happen."""
    times = np.empty(count)
    for i in range(count):
        life.budget[risk] = budget(11, i, Stream.HEALING, 0)
        times[i], _ = first_risk(life, until)
    return times


@compiled
def inverted(r: float, k: float, count: int) -> np.ndarray:
    """Times to spend a fresh budget each."""
    times = np.empty(count)
    for i in range(count):
        times[i] = time_to_spend(budget(3, i, Stream.HEALING, 0), r, k)
    return times


def gompertz_cdf(t: NDArray[np.float64], r: float, k: float) -> NDArray[np.float64]:
    """Probability of the event by t under the hazard r exp(k t)."""
    return -np.expm1(-r * (np.expm1(k * t) / k if k else t))


@pytest.mark.parametrize(("r", "k"), [(0.5, 0.0), (0.5, 0.3), (2.0, 1.5), (0.01, 4.0), (3.0, -0.5)])
def test_event_times_follow_gompertz(r: float, k: float) -> None:
    """100,000 inverted budgets follow S(t) = exp(-r expm1(k t)/k) (Kolmogorov-Smirnov, p above 1 in 1,000)."""
    times = inverted(r, k, 100_000)
    never = 0.0 if k >= 0.0 else exp(r / k)
    happened = times[np.isfinite(times)]
    se = np.sqrt(never * (1.0 - never) / times.size)
    assert abs((times.size - happened.size) / times.size - never) <= 4.0 * se
    assert stats.kstest(happened, lambda t: gompertz_cdf(t, r, k) / (1.0 - never)).pvalue > 1e-3


EXPONENTS = st.floats(-8.0, 8.0)
"""Exponents of either sign, zero and subnormal numbers among them."""


@given(st.floats(1e-6, 50.0), EXPONENTS, st.floats(1e-9, 20.0))
@example(r=1.0, k=5e-324, unspent=0.5)
@settings(max_examples=300, deadline=None)
def test_inverse_undoes_cumulative_hazard(r: float, k: float, unspent: float) -> None:
    """The time to spend a budget spends exactly that budget, and is infinite only where the hazard's total is less."""
    t = time_to_spend(unspent, r, k)
    if t == inf:
        assert k < 0.0
        assert unspent >= -r / k * (1.0 - 1e-12)
    else:
        # near the total of a falling hazard a rounding of the budget is a long time, so budgets are compared
        assert cumulative_hazard(r, k, t) == pytest.approx(unspent, rel=1e-9)


def test_no_hazard_no_event() -> None:
    """A risk with rate zero never happens."""
    assert time_to_spend(1.0, 0.0, 0.5) == inf


@pytest.mark.parametrize(("slope", "per_mmhg", "trend"), [(4.0, -0.06, 0.0), (-3.0, 0.02, -0.4), (2.5, 0.03, 0.5)])
def test_linear_path_gives_gompertz(slope: float, per_mmhg: float, trend: float) -> None:
    """On a straight path the law is Gompertz with exponent per_mmhg * slope + trend (100,000 lives, KS)."""
    life = a_life(start=20.0, slope=slope, ceiling=1e6, reference=20.0)
    put_at_risk(life, Risk.HEALING, 0.8, per_mmhg, trend, 0.0)
    horizon = 6.0
    times = first_times(life, int(Risk.HEALING), horizon, 100_000)
    k = per_mmhg * slope + trend
    by = gompertz_cdf(np.array(horizon), 0.8, k)
    happened = times[np.isfinite(times)]
    assert abs(happened.size / times.size - by) <= 4.0 * np.sqrt(by * (1.0 - by) / times.size)
    assert stats.kstest(happened, lambda t: gompertz_cdf(t, 0.8, k) / by).pvalue > 1e-3


def unbounded_path(life: Any, t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Baseline plus ramps."""
    value = life["tcpo2_start"] + life["tcpo2_slope"] * t
    for i in range(life["ramps"]):
        value = value + life["ramp_height"][i] * np.clip(
            (t - life["ramp_start"][i]) / life["ramp_duration"][i], 0.0, 1.0
        )
    return np.asarray(value)


def brute_path(life: Any, t: NDArray[np.float64]) -> NDArray[np.float64]:
    """The path as its definition says: baseline plus ramps, clipped."""
    return np.clip(unbounded_path(life, t), 0.0, life["tcpo2_ceiling"])


NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)


def cumulated(life: Any, risk: int, end: float) -> float:
    """Cumulative hazard by Gauss-Legendre quadrature of its definition along the brute path, piece by straight piece."""
    bends = [life["ramp_start"][i] + share * life["ramp_duration"][i] for i in range(life["ramps"]) for share in (0, 1)]
    knots = np.unique(np.clip([0.0, end, *bends], 0.0, end))
    value, crossings = unbounded_path(life, knots), []
    for level in (0.0, life["tcpo2_ceiling"]):
        above = value - level
        crossed = np.flatnonzero(above[:-1] * above[1:] < 0.0)
        share = above[crossed] / (above[crossed] - above[crossed + 1])
        crossings.append(knots[crossed] + share * (knots[crossed + 1] - knots[crossed]))
    cuts = np.unique(np.concatenate([knots, *crossings]))
    half = np.diff(cuts)[:, None] / 2.0
    t = cuts[:-1, None] + half * (1.0 + NODES)
    power = life["per_mmhg"][risk] * (brute_path(life, t) - life["reference"])
    hazard = life["rate"][risk] * np.exp(power + life["trend"][risk] * (t - life["since"][risk]))
    return float((half * WEIGHTS * hazard).sum())


def test_a_path_has_room_for_every_ramp_that_rules_can_ask_for() -> None:
    """A recovery and doses with their waning, two ramps for each of the most angioplasties, and a crossover's to spare."""
    dilated = Policy.model_validate({"therapies": ["angioplasty"], "cell_therapy": {"doses": 3, "interval_days": 45.0}})
    assert ramps_of(dilated, load_register()) == 2 * (1 + 3) + 2 * 3 <= MOST_RAMPS - RAMPS_TO_SPARE


def test_a_path_never_writes_beyond_its_room() -> None:
    """One ramp too many is an error, and the life is what it was before."""
    life = a_life()
    for _ in range(MOST_RAMPS):
        add_ramp(life, 7.0, 1.0, 2.0)
    before = life.copy()
    with pytest.raises(IndexError, match="more ramps"):
        add_ramp(life, 7.0, 1.0, 2.0)
    assert before == life
    assert life["ramps"] == MOST_RAMPS


@st.composite
def paths(draw: st.DrawFn) -> Any:
    """A life whose path has ramps up and down and may touch its floor and ceiling."""
    ceiling = draw(st.floats(40.0, 80.0))
    life = a_life(draw(st.floats(0.0, ceiling)), draw(st.floats(-15.0, 5.0)), ceiling, reference=20.0)
    for _ in range(draw(st.integers(0, MOST_RAMPS - 2))):
        add_ramp(life, draw(st.floats(0.0, 4.0)), draw(st.floats(0.02, 3.0)), draw(st.floats(-40.0, 60.0)))
    return life


@given(paths(), st.lists(st.floats(0.0, 9.0), min_size=1, max_size=20))
@settings(max_examples=300, deadline=None)
def test_path_is_its_ramps_clipped(life: Any, times: list[float]) -> None:
    """The path equals baseline plus ramps, kept between zero and the ceiling, at any time (1e-8 mmHg)."""
    found = [tcpo2(life, t) for t in times]
    np.testing.assert_allclose(found, brute_path(life, np.array(times)), rtol=0.0, atol=1e-8)


@given(paths())
@settings(max_examples=200, deadline=None)
def test_segments_are_straight_and_end_where_they_say(life: Any) -> None:
    """Segments cover the years in few steps, and between their ends the path is the straight line promised."""
    t, inside, promised = 0.0, list[np.ndarray](), list[np.ndarray]()
    while t < 9.0:
        value, slope, end = segment(life, t)
        assert end > t
        inside.append(np.linspace(t, min(end, 9.0), 7))
        promised.append(value + slope * (inside[-1] - t))
        t = end
    np.testing.assert_allclose(np.ravel(promised), brute_path(life, np.ravel(inside)), rtol=0.0, atol=1e-7)
    assert len(inside) <= 6 * (MOST_RAMPS + 1)


@given(paths(), st.floats(0.05, 3.0), st.floats(-0.08, 0.08), st.floats(-1.5, 1.5), st.floats(0.01, 4.0))
@example(life=a_life(), rate=1.0, per_mmhg=0.0, trend=5e-324, unspent=0.5)
@settings(max_examples=60, deadline=None)
def test_event_time_spends_the_budget_on_any_path(
    life: Any, rate: float, per_mmhg: float, trend: float, unspent: float
) -> None:
    """Quadrature of the hazard up to the event is the budget; without an event it stays below (1e-6 relative)."""
    put_at_risk(life, Risk.MAJOR_AMPUTATION, rate, per_mmhg, trend, unspent)
    time, risk = first_risk(life, 6.0)
    spent = cumulated(life, Risk.MAJOR_AMPUTATION, min(time, 6.0))
    if time < inf:
        assert risk == Risk.MAJOR_AMPUTATION
        assert spent == pytest.approx(unspent, rel=1e-6)
    else:
        assert spent <= unspent * (1.0 + 1e-6)


def test_two_segments_against_quadrature() -> None:
    """A flat path that rises from 0.4 years on: event times agree with scipy.integrate.quad to 10 digits."""
    for unspent in (0.05, 0.2, 0.5, 0.9):
        life = a_life(18.0, reference=20.0)
        add_ramp(life, 0.4, 2.0, 30.0)
        put_at_risk(life, Risk.HEALING, 0.7, 0.03, -0.2, unspent)
        time, _ = first_risk(life, 2.3)

        def hazard(t: float) -> float:
            return 0.7 * exp(0.03 * (18.0 + 15.0 * max(0.0, t - 0.4) - 20.0) - 0.2 * t)

        spent = integrate.quad(hazard, 0.0, time, points=[0.4] if time > 0.4 else None, epsabs=0, epsrel=1e-12)[0]
        assert spent == pytest.approx(unspent, rel=1e-10)


@given(paths(), st.floats(0.1, 5.0), st.floats(0.1, 1.5))
@settings(max_examples=60, deadline=None)
def test_looking_in_between_does_not_change_the_event(life: Any, unspent: float, look: float) -> None:
    """Spending the budget up to some date and going on from there leads to the same event (1e-9)."""
    put_at_risk(life, Risk.HEALING, 0.8, 0.02, -0.1, unspent)
    time, _ = first_risk(life, 8.0)
    assume(time > look + 1e-9)
    spend_until(life, look)
    again, _ = first_risk(life, 8.0)
    assert life["anchor"] == look
    assert (again == inf and time == inf) or again == pytest.approx(time, rel=1e-9)


def test_first_of_competing_risks_wins_and_ties_go_by_order() -> None:
    """With equal laws the smaller budget is first; with equal budgets the earlier risk of the list."""
    life = a_life()
    put_at_risk(life, Risk.HEALING, 1.0, 0.0, 0.0, 0.3)
    put_at_risk(life, Risk.RECURRENCE, 1.0, 0.0, 0.0, 0.2)
    assert first_risk(life, inf) == (0.2, Risk.RECURRENCE)
    put_at_risk(life, Risk.MAJOR_AMPUTATION, 1.0, 0.0, 0.0, 0.2)
    assert first_risk(life, inf) == (0.2, Risk.MAJOR_AMPUTATION)
    assert first_risk(life, 0.1) == (inf, -1)


def test_event_by_a_flat_hazard_before_the_horizon() -> None:
    """An event exactly at the limit still happens; after it, it does not."""
    life = a_life()
    put_at_risk(life, Risk.HEALING, 2.0, 0.0, 0.0, 1.0)
    assert first_risk(life, 0.5) == (0.5, Risk.HEALING)
    assert first_risk(life, np.nextafter(0.5, 0.0)) == (inf, -1)


@pytest.mark.parametrize("male", [0, 1])
@pytest.mark.parametrize("age", [1.0, 52.5, 61.7, 75.0, 77.5, 93.2, 101.0])
def test_background_death_is_the_life_table(age: float, male: int) -> None:
    """Survival of the table at the time drawn is exp(-budget), inside and beyond the published ages (1e-9)."""
    table = load_life_table()
    ages, log_hazards = table.to_arrays()
    params = parameters(background_hr=1.0)
    patient = record(PATIENT, {"age": age, "male": float(male)})
    life = a_life()
    for i in range(200):
        fill(life["luck"], LUCK, 0, i, 0)
        died = background_death(life, patient, params, ages, log_hazards)
        unspent = budget(0, i, Stream.BACKGROUND_DEATH, 0)
        assert -log(max(table.survival(age, died, bool(male)), 1e-300)) == pytest.approx(unspent, rel=1e-9)


def test_background_hazard_ratio_divides_the_budget() -> None:
    """A hazard ratio of 2 kills when half the budget is spent; of 0, never."""
    table = load_life_table()
    arrays = table.to_arrays()
    patient, life = record(PATIENT, {"age": 70.0, "male": 1.0}), a_life(patient=5)
    fill(life["luck"], LUCK, 0, 5, 0)
    died = background_death(life, patient, parameters(background_hr=2.0), *arrays)
    half = budget(0, 5, Stream.BACKGROUND_DEATH, 0) / 2.0
    assert -log(table.survival(70.0, died, True)) == pytest.approx(half, rel=1e-9)
    assert background_death(life, patient, parameters(background_hr=0.0), *arrays) == inf


@given(st.floats(0.01, 5.0), st.floats(-3.0, 3.0), st.floats(0.0, 10.0))
@settings(max_examples=200, deadline=None)
def test_cumulative_hazard_is_the_formula(r: float, k: float, d: float) -> None:
    """H(d) = r expm1(k d)/k, and r d where k is zero."""
    assert cumulative_hazard(r, k, d) == pytest.approx(r * expm1(k * d) / k if k else r * d, rel=1e-13)
    assert cumulative_hazard(r, 0.0, d) == r * d
