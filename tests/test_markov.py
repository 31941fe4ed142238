"""With constant hazards the model is a continuous-time Markov chain, whose answers are matrix exponentials."""

from __future__ import annotations

from functools import cache
from math import log

import numpy as np
import pytest
from engine_inputs import follow, parameters, policy
from numpy.typing import NDArray
from scipy.integrate import quad_vec
from scipy.linalg import expm

from simulator.living.cohort_arrays import Followed
from simulator.living.ledger import COST, COUNT, COUNTS, EFFECT, EFFECT_AGE, EFFECT_AGE2, STATES, TIME, visit_table
from simulator.living.visits import visit_times
from simulator.words.vocabulary import State

N = 20_000
HORIZON = 12.0
TIMES = np.array([0.0, 0.5, 1.0, 2.0, 5.0, HORIZON])
EFFECT_RATE, COST_RATE = log(1.015), log(1.05)
AGE = 80.0
BACKGROUND = 0.08
START_IN_REST_PAIN = 0.3
RATES = {
    "amputation_rate": 0.5,
    "amputation_hr_rest_pain": 0.4,
    "minor_amputation_rate": 0.7,
    "healing_rate": 1.1,
    "recurrence_rate": 0.6,
    "recurrence_hr_minor": 1.8,
    "most_minor_amputations": 100.0,
    "minor_amputation_lag_days": 0.0,
    "healing_lag_days": 0.0,
    "recurrence_lag_days": 0.0,
    "death_rate_wound": 0.25,
    "death_rate_healed": 0.05,
    "amputation_hr_recurrent": 1.3,
    "amputation_hr_minor": 0.6,
    "death_ratio_amputee": 1.6,
    "death_causal_share": 1.0,
    "pain_relief_rate": 0.9,
    "postoperative_death_rate": 0.3,
    "postoperative_hr_above_knee": 1.5,
    "stump_healing_rate_below_knee": 1.4,
    "stump_healing_rate_above_knee": 0.9,
    "conversion_rate": 0.4,
    "below_knee_share": 0.6,
    "walking_share_below_knee": 0.7,
    "walking_share_above_knee": 0.35,
}
CONSTANT = dict.fromkeys(
    (
        *(f"{risk}_per_mmhg" for risk in ("amputation", "healing", "death", "recurrence", "minor_amputation")),
        *(f"{risk}_trend" for risk in ("amputation", "healing", "death", "recurrence", "minor_amputation")),
        *("conversion_trend", "postoperative_death_trend", "frailty_sd", "other_limb_rate", "stump_healing_lag_days"),
        *("dialysis_rate_normal", "walking_loss_rate", "recurrent_severe_share", "recurrent_gangrene_share"),
        *("beyond_salvage_share_4", "beyond_salvage_share_5", "beyond_salvage_share_6"),
        *("death_per_year_of_age", "age_sd", "ischaemic_heart_disease_share", "infection_share"),
        *("severe_tissue_loss_share", "renal_moderate_share", "renal_severe_share", "renal_dialysis_share"),
        *(
            "prosthesis_days_below_knee",
            "prosthesis_days_above_knee",
            "prosthesis_fitting_days",
            "healing_per_mmhg_short",
        ),
    ),
    0.0,
)
LEDGER_STATE = {
    "rest": State.REST_PAIN,
    "relieved": State.HEALED,
    "ulcer": State.ULCER,
    "ulcer_minor": State.ULCER,
    "healed": State.HEALED,
    "healed_minor": State.HEALED_AFTER_MINOR,
    "again": State.RECURRENT_ULCER,
    "again_minor": State.RECURRENT_ULCER,
    "below": State.BELOW_KNEE,
    "below_walks": State.BELOW_KNEE_WALKING,
    "below_sits": State.BELOW_KNEE,
    "above": State.ABOVE_KNEE,
    "above_walks": State.ABOVE_KNEE_WALKING,
    "above_sits": State.ABOVE_KNEE,
}
CHAIN = list(LEDGER_STATE)
RECURRENT = ("again", "again_minor")
LIMB = ("rest", "ulcer", "ulcer_minor", *RECURRENT)
"""States in which the limb can be lost."""


def transitions() -> dict[tuple[str, str], float]:
    """Rates (per year) between the chain's states; death is what is missing from each row."""
    r = RATES
    rates: dict[tuple[str, str], float] = {}
    for wound, healed in (("ulcer", "healed"), ("again", "healed")):
        rates[wound, f"{wound}_minor"] = r["minor_amputation_rate"]
        for end in ("", "_minor"):
            rates[wound + end, healed + end] = r["healing_rate"]
    rates["healed", "again"] = r["recurrence_rate"]
    rates["healed_minor", "again_minor"] = r["recurrence_rate"] * r["recurrence_hr_minor"]
    rates["rest", "ulcer"] = rates["relieved", "ulcer"] = r["recurrence_rate"]
    rates["rest", "relieved"] = r["pain_relief_rate"]
    ratios = {"rest": r["amputation_hr_rest_pain"], "again": r["amputation_hr_recurrent"]}
    ratios |= dict.fromkeys(("ulcer_minor", "again_minor"), r["amputation_hr_minor"])
    for state in LIMB:
        amputation = r["amputation_rate"] * ratios.get(state, 1.0)
        rates[state, "below"] = amputation * r["below_knee_share"]
        rates[state, "above"] = amputation * (1.0 - r["below_knee_share"])
    rates["below", "above"] = r["conversion_rate"]
    for level in ("below", "above"):
        walks = r[f"walking_share_{level}_knee"]
        heals = r[f"stump_healing_rate_{level}_knee"]
        rates[level, f"{level}_walks"] = heals * walks
        rates[level, f"{level}_sits"] = heals * (1.0 - walks)
    return rates


def death_rate(state: str) -> float:
    """Death (per year) in a state of the chain: with all of the association causal, the excess ends with wound or pain."""
    r = RATES
    if state.startswith(("below", "above")):
        peak = r["postoperative_death_rate"] * (r["postoperative_hr_above_knee"] if state.startswith("above") else 1.0)
        return BACKGROUND + r["death_rate_healed"] * r["death_ratio_amputee"] + peak
    return BACKGROUND + r["death_rate_healed"] + (r["death_rate_wound"] if state in LIMB else 0.0)


def generator() -> NDArray[np.float64]:
    """Q among the living."""
    Q = np.zeros((len(CHAIN), len(CHAIN)))
    for (start, end), rate in transitions().items():
        Q[CHAIN.index(start), CHAIN.index(end)] = rate
    for i, state in enumerate(CHAIN):
        Q[i, i] = -Q[i].sum() - death_rate(state)
    return Q


START = np.array([{"rest": START_IN_REST_PAIN, "ulcer": 1.0 - START_IN_REST_PAIN}.get(state, 0.0) for state in CHAIN])
Q = generator()
LUMPED = np.array([[1.0 if LEDGER_STATE[c] == state else 0.0 for state in State] for c in CHAIN])
"""Which states of the chain the ledger counts together, shape (chain, ledger states)."""


def state_times(rate: float) -> NDArray[np.float64]:
    """Expected discounted years in the chain's states: start (Q - rI)^-1 (expm((Q - rI) T) - I)."""
    A = Q - rate * np.eye(len(CHAIN))
    return START @ np.linalg.solve(A, expm(A * HORIZON) - np.eye(len(CHAIN)))


@cache
def cohort() -> Followed:
    """Lives with constant hazards, everybody 80 years old, from rest pain or an ulcer."""
    params = parameters(
        **RATES,
        **CONSTANT,
        background_hr=1.0,
        **dict.fromkeys(("healing_hr_no_gangrene", "healing_hr_gangrene", "minor_amputation_hr_no_gangrene"), 1.0),
        death_hr_rest_pain=1.0,
        disease_death_hr_rest_pain=1.0,
        walking_share_referral=1.0,
        rest_pain_share=START_IN_REST_PAIN,
        age_mean=AGE,
    )
    visits = visit_times(15.0, 91.3125, HORIZON)
    return follow(
        params,
        policy("conservative"),
        seed=20,
        count=N,
        ages=np.array([0.0, 200.0]),
        log_hazards=np.full((2, 2), log(BACKGROUND)),
        clock=np.array([HORIZON, EFFECT_RATE, COST_RATE]),
        visits=visits,
        discounted_visits=visit_table(visits, COST_RATE),
        times=TIMES,
        events=False,
    )


def assert_mean(values: NDArray[np.float64], expected: NDArray[np.float64]) -> None:
    """Column means are within 4 Monte Carlo standard errors of what is expected, and exact where nothing varies."""
    error = np.abs(values.mean(axis=0) - expected)
    se = values.std(axis=0) / np.sqrt(values.shape[0])
    assert (error <= 4.0 * se + 1e-12).all(), np.column_stack([values.mean(axis=0), expected, se])


@pytest.mark.parametrize("k", range(len(TIMES)))
def test_occupancy_is_the_matrix_exponential(k: int) -> None:
    """The share of patients in each state at a time is start expm(Q t)."""
    expected = START @ expm(Q * TIMES[k]) @ LUMPED
    share = (cohort().censuses[:, k, :1] == np.arange(len(State))).mean(axis=0)
    se = np.sqrt(expected * (1.0 - expected) / N)
    assert (np.abs(share - expected) <= 4.0 * se + 1e-12).all(), np.column_stack([share, expected, se])


@pytest.mark.parametrize(("column", "rate"), [(TIME, 0.0), (EFFECT, EFFECT_RATE), (COST, COST_RATE)])
def test_state_times_are_the_resolvent(column: int, rate: float) -> None:
    """Undiscounted and discounted years in each state agree with the closed form at their own rate."""
    assert_mean(cohort().ledgers[:, column : column + STATES], state_times(rate) @ LUMPED)


@pytest.mark.parametrize(("column", "power"), [(EFFECT_AGE, 1), (EFFECT_AGE2, 2)])
def test_moments_of_age_are_integrals_of_the_occupancy(column: int, power: int) -> None:
    """Discounted first and second moments of (age - 75) in each state agree with quadrature."""
    expected, _ = quad_vec(
        lambda t: np.exp(-EFFECT_RATE * t) * (AGE + t - 75.0) ** power * (START @ expm(Q * t)), 0.0, HORIZON
    )
    assert_mean(cohort().ledgers[:, column : column + STATES], expected @ LUMPED)


@pytest.mark.parametrize("discounted", [False, True])
def test_events_are_rates_times_state_times(discounted: bool) -> None:
    """Expected counts of events, undiscounted and discounted, are each rate times the time spent at risk of it."""
    times = dict(zip(CHAIN, state_times(COST_RATE if discounted else 0.0), strict=True))
    rates = transitions()

    def into(*ends: str, start: tuple[str, ...] = ()) -> float:
        return sum(rate * times[s] for (s, e), rate in rates.items() if e in ends and (not start or s in start))

    expected = {
        "minor_amputation": RATES["minor_amputation_rate"] * sum(times[state] for state in LIMB if state != "rest"),
        "below_knee_amputation": into("below", start=LIMB),
        "above_knee_amputation": into("above", start=LIMB),
        "conversion": into("above", start=("below",)),
        "new_wound": into("ulcer", "again", start=("rest", "relieved", "healed"))
        + into("again_minor", start=("healed_minor",)),
        "healed": into("healed", "healed_minor"),
        "stump_healed": into("below_walks", "below_sits", "above_walks", "above_sits"),
        "prosthesis_below_knee": into("below_walks"),
        "prosthesis_above_knee": into("above_walks"),
        "death": sum(death_rate(state) * years for state, years in times.items()),
    }
    first = COUNT + (len(COUNTS) if discounted else 0)
    columns = [first + COUNTS.index(name) for name in expected]
    assert_mean(cohort().ledgers[:, columns], np.array(list(expected.values())))
