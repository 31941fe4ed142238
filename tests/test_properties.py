"""What holds in every scenario: parameters anywhere in the register's own ranges, luck from any seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulator.living.cohort_arrays import Followed
from simulator.living.ledger import FIELDS
from simulator.living.outcomes import OUTCOMES
from simulator.rules.pathway.life import limb_kept
from simulator.run import Result, simulate
from simulator.scenario import Policy, Scenario, load_scenario
from simulator.words.errors import BadInput
from simulator.words.vocabulary import State
from simulator.work.store import Store

PEOPLE = 60
BASE = load_scenario()
REGISTER = BASE.register
STATES = tuple(state.name.lower() for state in State)
few = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

SHARES_OF_ONE = ({"renal_moderate_share", "renal_severe_share", "renal_dialysis_share"},)
VARIED = tuple(
    p
    for p in REGISTER.parameters
    if p.range[1] > p.range[0]
    and p.unit != "count"
    and not any(p.name in whole for whole in SHARES_OF_ONE)
    and not p.name.startswith("age_m")
)


@st.composite
def draws(draw: st.DrawFn, fixed: tuple[str, ...] = ()) -> dict[str, float]:
    """Some dozen parameters anywhere in the register's ranges, its ends included."""
    chosen = draw(st.lists(st.sampled_from(VARIED), min_size=1, max_size=12, unique_by=lambda p: p.name))
    return {p.name: draw(st.floats(*p.range)) for p in chosen if p.name not in fixed}


def one_draw(values: dict[str, float]) -> NDArray[np.void] | None:
    """One parameter draw with these values."""
    if not values:
        return None
    row = np.zeros(1, [(name, np.float64) for name in values])
    for name, value in values.items():
        row[name] = value
    return row


def run(values: dict[str, float], seed: int, scenario: Scenario = BASE, people: int = PEOPLE, **asked: Any) -> Result:
    """A small simulation with these values. A scenario that cannot be (nobody may enter) is no example."""
    try:
        return simulate(scenario, patients=people, seed=seed, draws=one_draw(values), workers=1, **asked)
    except BadInput as bad:
        if "nobody" not in str(bad) and "criteria" not in str(bad):
            raise
        reject()


def lives(result: Result) -> list[Followed]:
    """Everybody, policy by policy."""
    return [kept.what for kept in result.kept if isinstance(kept.what, Followed)]


seeds = st.integers(0, 2**63 - 1)

BETTER = {
    "amputation_rate": ("amputated_at", -1),
    "healing_rate": ("healed_at", -1),
    "background_hr": ("died_at", -1),
    "stump_healing_rate_below_knee": ("healed_at", -1),
    "conversion_rate": ("converted_at", -1),
    "response_probability": ("gain", 1),
    "recovery_gain": ("gain", 1),
}
"""Parameter, and what happens to each life when it rises: this date is earlier (-1), this number no smaller (1)."""


@few
@given(values=draws(tuple(BETTER)), seed=seeds, name=st.sampled_from(sorted(BETTER)), share=st.floats(0.0, 1.0))
def test_more_of_a_thing_never_works_against_its_own_outcome(
    values: dict[str, float], seed: int, name: str, share: float
) -> None:
    """With the same luck no life moves the wrong way when a rate or chance rises, whatever everything else is."""
    low, high = REGISTER[name].range
    field, direction = BETTER[name]
    less, more = low + 0.5 * share * (high - low), low + (0.5 + 0.5 * share) * (high - low)
    before, after = (lives(run({**values, name: value}, seed, keep_patients=True)) for value in (less, more))
    for one, other in zip(before, after, strict=True):
        assert (direction * other.lives[field] >= direction * one.lives[field] - 1e-9).all()


@few
@given(values=draws(), seed=seeds)
def test_a_policy_that_treats_nobody_is_conservative_care(values: dict[str, float], seed: int) -> None:
    """Three doses and angioplasty for an age that nobody has: every life is that of no care, bit for bit."""
    nobody = Policy.model_validate(
        {
            "cell_therapy": {"doses": 3, "interval_days": 45.0},
            "therapies": ["angioplasty"],
            "eligibility": {"age_below": 20.0},
        }
    )
    scenario = replace(BASE, policies={**BASE.policies, "nobody": nobody, "nothing": Policy()})
    result = run(values, seed, scenario, policies=["nobody", "nothing"])
    assert np.array_equal(result.draw_outcomes[:, 0], result.draw_outcomes[:, 1], equal_nan=True)
    assert np.array_equal(result.draw_ledgers[:, 0], result.draw_ledgers[:, 1])


@few
@given(values=draws(), seed=seeds, fewer=st.integers(1, PEOPLE - 1))
def test_splitting_a_run_changes_nobody(values: dict[str, float], seed: int, fewer: int) -> None:
    """The first people of a run live the lives that they live alone."""
    whole, part = run(values, seed, keep_patients=True), run(values, seed, people=fewer, keep_patients=True)
    for one, other in zip(lives(whole), lives(part), strict=True):
        assert np.array_equal(one.ledgers[:fewer], other.ledgers)
        assert np.array_equal(one.outcomes[:fewer], other.outcomes, equal_nan=True)


@settings(few, max_examples=20)
@given(values=draws(), seed=seeds)
def test_more_workers_change_no_bit_of_a_sum(values: dict[str, float], seed: int) -> None:
    """Blocks of people are added up in their order, whichever thread is done first."""
    one_thread, two = (run_with(values, seed, workers).draw_ledgers for workers in (1, 2))
    assert np.array_equal(one_thread, two)


def run_with(values: dict[str, float], seed: int, workers: int) -> Result:
    """The same simulation with so many threads, of more than one block."""
    return simulate(BASE, patients=1_100, seed=seed, draws=one_draw(values), workers=workers)


@few
@given(values=draws(), seed=seeds)
def test_ledgers_add_up_and_no_life_leaves_its_domain(values: dict[str, float], seed: int) -> None:
    """States fill the life, counts are whole but for events that are expected and not drawn, and no clock runs backwards;
    perfusion lies between zero and its ceiling."""
    for cohort in lives(run(values, seed, events=True)):
        books, life = cohort.ledgers, cohort.lives
        column = {name: books[:, k] for k, name in enumerate(FIELDS)}
        lived = np.minimum(life["died_at"], BASE.horizon)
        in_states = sum(column[f"time_{state}"] for state in STATES)
        assert in_states == pytest.approx(lived, rel=1e-9, abs=1e-9)
        assert column["clock_alive"] == pytest.approx(lived, rel=1e-9, abs=1e-9)
        expected = ("count_infarction", "count_stroke")
        counts = books[:, [k for k, name in enumerate(FIELDS) if name.startswith("count_") and name not in expected]]
        assert (counts >= 0.0).all() and np.array_equal(counts, np.floor(counts))
        assert all((column[name] >= 0.0).all() for name in expected)
        for kind in ("time", "effect", "cost"):
            assert all((column[f"{kind}_{state}"] >= 0.0).all() for state in STATES)
        for discounted, plain in (("effect", "time"), ("cost", "time")):
            assert all((column[f"{discounted}_{s}"] <= column[f"{plain}_{s}"] + 1e-9).all() for s in STATES)
        assert np.array_equal(column["count_death"], (life["died_at"] < np.inf).astype(float))
        assert np.array_equal(column["count_dose"], life["doses"].astype(float))
        known = ~np.isnan(cohort.paths)
        ceiling = np.broadcast_to(life["tcpo2_ceiling"][:, None], known.shape)
        assert (cohort.paths[known] >= 0.0).all() and (cohort.paths[known] <= ceiling[known] + 1e-6).all()
        assert all(limb_kept(one) == np.isinf(one["amputated_at"]) for one in life)
        in_order = np.diff(cohort.history["time"])[np.diff(cohort.history["patient"].astype(np.int64)) == 0]
        assert (in_order >= 0.0).all()
        names = ("major_amputation", "death", "healing", "minor_amputation", "amputation_free_survival")
        shares = cohort.outcomes[:, :, [OUTCOMES.index(name) for name in names]]
        assert np.isin(shares, (0.0, 1.0)).all()
        assert (np.diff(shares[:, :, :4], axis=1) >= 0.0).all()


@few
@given(values=draws(), seed=seeds)
def test_what_is_saved_and_loaded_is_the_same(values: dict[str, float], seed: int) -> None:
    """Arrays of a result come back from the store with the same bits, names, shapes and kinds."""
    result = run(values, seed)
    arrays: dict[str, NDArray[Any]] = {
        "parameters": result.parameters,
        "outcomes": result.draw_outcomes,
        "ledgers": result.draw_ledgers,
    }
    with TemporaryDirectory() as folder:
        store = Store(Path(folder))
        store.write("key", arrays)
        found = store.read("key")
    assert found is not None and found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype and found[name].tobytes() == array.tobytes()
