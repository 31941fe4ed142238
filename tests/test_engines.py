"""The SimPy engine and the compiled engine live the same lives, to the last bit."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_inputs import (
    NO_OPTION,
    POLICIES,
    PROTOCOL,
    THERAPIES,
    assert_same,
    drawn_parameters,
    entry,
    fixed_arrays,
    follow,
    parameters,
    policy,
    policy_record,
    record,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from numba.core.typing.templates import Signature

from simulator.living import blocks, reference
from simulator.living.cohort_arrays import Followed
from simulator.living.ledger import CLOCKS, COUNTS, FIELDS, STATES
from simulator.living.outcomes import OUTCOMES
from simulator.rules.population.patient import COLUMNS
from simulator.words.vocabulary import Event, Marker, Repeat

UNUSUAL = {
    "recovery_waning_share": 0.6,
    "tcpo2_slope": -3.0,
    "act_death_hr": 0.8,
    "amputation_trend": 0.9,
    "angioplasty_success": 0.95,
    "repeat_angioplasty": 0.95,
    "restenosis_rate": 3.0,
}
"""Features that the register leaves at rest: waning, decline, a direct effect on death, rising hazards, and others."""


def shown(cohort: Followed) -> dict[tuple[int, int], int]:
    """Every succession of two events that somebody of a cohort lives, with the first patient who does."""
    history = cohort.history
    within = np.flatnonzero(history["patient"][1:] == history["patient"][:-1])
    pairs = np.stack([history["event"][within], history["event"][within + 1]])
    unique, first = np.unique(pairs, axis=1, return_index=True)
    return dict(zip(map(tuple, unique.T.tolist()), history["patient"][within[first]].tolist(), strict=True))


@pytest.mark.parametrize("name", POLICIES)
def test_policies_give_the_same_lives_in_both_engines(name: str) -> None:
    """Four seeds with the register's values, two draws of the whole register, and unusual values: 50 patients each, and of
    3,000 more those who show what none before did, so that every succession of two events that any of them lives is compared."""
    one, other = drawn_parameters(2, seed=sum(map(ord, name)))
    compared: set[tuple[int, int]] = set()
    for seed, params in enumerate([parameters(), one, other, parameters(**UNUSUAL)], start=101):
        told = f"{name}, seed {seed}"
        fast = follow(params, policy(name), seed=seed, first=40, count=50)
        slow = follow(params, policy(name), seed=seed, first=40, count=50, engine=reference.follow)
        assert_same(fast, slow, told)
        many = follow(params, policy(name), seed=seed, first=140, count=3_000)
        assert np.isfinite(many.outcomes).all()
        compared |= shown(fast).keys()
        rare = {pair: who for pair, who in shown(many).items() if pair not in compared}
        compared |= rare.keys()
        for patient in sorted(set(rare.values())):
            alone, same = (
                follow(params, policy(name), seed=seed, first=patient, count=1, engine=engine)
                for engine in (blocks.follow, reference.follow)
            )
            assert_same(alone, same, f"{told}, patient {patient}")


def fingerprint(patients: int) -> str:
    """SHA-256 of every event, ledger and outcome of a few people under every policy, with usual and unusual parameters."""
    digest = hashlib.sha256()
    for name in POLICIES:
        for params in (parameters(), parameters(**UNUSUAL)):
            cohort = follow(params, policy(name), seed=5, count=patients)
            for field in cohort.history.dtype.names or ():
                digest.update(np.ascontiguousarray(cohort.history[field]).tobytes())
            for array in (cohort.ledgers, cohort.censuses, cohort.paths, cohort.outcomes, cohort.rows):
                digest.update(array.tobytes())
    return digest.hexdigest()


def test_rules_give_the_same_lives_without_the_compiler() -> None:
    """With NUMBA_DISABLE_JIT=1 a debugger can follow the rules, and every event and ledger has the compiled one's bits."""
    code = "from test_engines import fingerprint; print(fingerprint(8))"
    folder = str(Path(__file__).parent)
    environment = os.environ | {
        "NUMBA_DISABLE_JIT": "1",
        "PYTHONPATH": folder,
        "PYTHONWARNINGS": "error::RuntimeWarning",
    }
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.split()[-1] == fingerprint(8)


def kept_signatures() -> Iterator[tuple[str, Any]]:
    """Every function of rules and loops that others call, with each signature of which the cache keeps compiled code.

    What has been loaded from the cache holds its callees as machine code, so that their types stand in the cache alone.
    """
    seen = set()
    for name, module in list(sys.modules.items()):
        if name.startswith(("simulator.rules", "simulator.living", "simulator.questions.trial.simulation.recruits")):
            for each in vars(module).values():
                own = hasattr(each, "nopython_signatures") and each.targetoptions.get("inline") != "always"
                if own and id(each) not in seen and each._cache._placed():
                    seen.add(id(each))
                    file = each._cache._cache_file
                    for data in file._load_index().values():
                        yield f"{name}: {each}", next(x for x in file._load_data(data) if isinstance(x, Signature))


def test_what_loops_call_hands_no_array_back() -> None:
    """Loops on given memory count no references to arrays, and what they call is compiled as they are."""
    follow(parameters(), policy("protocol"), count=5)
    kept = list(kept_signatures())
    assert [name for name, signature in kept if "array" in str(signature.return_type).lower()] == []
    assert len(kept) > 150


@st.composite
def policies(draw: st.DrawFn) -> dict[str, float]:
    """Any policy that its fields can say."""
    share = st.floats(0.0, 1.0)
    return {
        "tcpo2_at_least": draw(st.sampled_from([0.0, 10.0])),
        "tcpo2_below": draw(st.sampled_from([20.0, 30.0, 40.0, 1000.0])),
        "ankle_pressure_counts": float(draw(st.booleans())),
        "age_at_least": draw(st.sampled_from([0.0, 60.0])),
        "age_below": draw(st.sampled_from([80.0, 200.0])),
        "rutherford_at_least": draw(st.sampled_from([0.0, 5.0])),
        "rutherford_at_most": draw(st.sampled_from([5.0, 6.0])),
        "severe_renal": float(draw(st.booleans())),
        "dialysis": float(draw(st.booleans())),
        "angioplasty_suitable": draw(st.sampled_from([-1.0, 0.0, 1.0])),
        "marker": float(draw(st.sampled_from(Marker))),
        "marker_threshold": draw(st.floats(0.0, 50.0)),
        "marker_sensitivity": draw(share),
        "marker_specificity": draw(share),
        "marker_treat_positive": float(draw(st.booleans())),
        "doses": float(draw(st.integers(0, 12))),
        "interval": draw(st.floats(1.0, 400.0)) / 365.25,
        "waiting": draw(st.sampled_from([0.0, 15.0, 45.0, 300.0])) / 365.25,
        "product": draw(st.sampled_from([THERAPIES[n] for n in ("pbmnc", "bmmnc", "mobilised_pbmnc")])),
        "route": draw(st.sampled_from([THERAPIES[n] for n in ("intramuscular", "intra_arterial")])),
        "repeat_rule": float(draw(st.sampled_from(Repeat))),
        "stop_at_tcpo2": draw(st.floats(20.0, 60.0)),
        "angioplasty": float(draw(st.booleans())),
    }


@given(
    policies(),
    st.integers(0, 2**32),
    st.integers(0, 2**40),
    st.sampled_from([0.5, 3.0, 20.0]),
    st.sampled_from([0.0, 0.03]),
)
@settings(max_examples=60, deadline=None)
def test_any_policy_gives_the_same_lives_in_both_engines(
    fields: dict[str, float], draw: int, seed: int, horizon: float, yearly: float
) -> None:
    """Random policies, draws of the whole register, seeds, horizons and discount rates: 12 patients each."""
    params = drawn_parameters(1, draw)[0]
    arms = policy_record(fields)
    arrays = fixed_arrays(horizon, yearly)
    fast, slow = (
        follow(params, arms, seed=seed, count=12, engine=engine, **arrays)
        for engine in (blocks.follow, reference.follow)
    )
    assert_same(fast, slow)


def test_entry_criteria_and_real_patients_are_alike_in_both_engines() -> None:
    """Criteria turn the same people away, rows of a table are followed alike, and impossible criteria bar everybody."""
    rows = np.full((7, len(COLUMNS)), np.nan)
    rows[:, COLUMNS.index("age")] = np.linspace(50.0, 95.0, 7)
    rows[:4, COLUMNS.index("tcpo2_measured")] = [5.0, 12.0, 22.0, 29.0]
    for who, known, count in [
        (record(entry().dtype, NO_OPTION | {"rutherford_at_least": 5.0}), rows[:0], 150),
        (entry(), rows, 60),
        (entry(age_at_least=150.0), rows[:0], 2),
    ]:
        fast, slow = (
            follow(parameters(), policy("protocol"), count=count, who=who, given=known, engine=engine)
            for engine in (blocks.follow, reference.follow)
        )
        assert_same(fast, slow)
    assert fast.barred == 2
    assert np.isnan(fast.outcomes).all()


def test_history_is_in_the_written_order() -> None:
    """Each patient's events run from referral to death or the horizon; at equal times a visit is last."""
    cohort = follow(parameters(), policy("protocol"), count=400)
    ties = 0
    for i in range(400):
        events = cohort.history[cohort.history["patient"] == i]
        kinds, times = events["event"], events["time"]
        assert kinds[0] == Event.REFERRAL
        assert (kinds == Event.REFERRAL).sum() == 1
        dead = cohort.lives["alive"][i] == 0
        ends = {Event.BACKGROUND_DEATH, Event.DISEASE_DEATH, Event.POSTOPERATIVE_DEATH} if dead else {Event.HORIZON}
        assert kinds[-1] in ends
        assert (np.diff(times) >= 0.0).all()
        together = np.flatnonzero(np.diff(times) == 0.0)
        assert not (kinds[together] == Event.VISIT).any()
        ties += int((kinds[together + 1] == Event.VISIT).sum())
    assert ties > 0, "no visit fell on the day of a dose, so the rule for ties was not tried"


def test_ties_go_by_the_written_rule() -> None:
    """A clinical event, an angioplasty, a dose and a visit, all due at the same instant, happen in that order.

    The instant is the patient's first clinical event: the angioplasty, the dose and the visit are put there.
    """
    params = parameters(angioplasty_suitable_share=1.0, judgement_dying=0.0)
    alone = follow(params, policy("conservative"), count=60)
    clinical = range(Event.BACKGROUND_DEATH, Event.NEW_WOUND + 1)
    tried = 0
    for i in range(60):
        events = alone.history[alone.history["patient"] == i]
        first = events[np.isin(events["event"], list(clinical))][0]
        t = float(first["time"])
        arms = policy("angioplasty_and_cells", tcpo2_below=1e9, dialysis=1.0, waiting=t)
        for horizon in (t, t + 1.0):
            arrays = fixed_arrays(horizon) | {"visits": np.array([t]), "discounted_visits": np.array([0.0, 1.0])}
            fast, slow = (
                follow(params, arms, first=i, count=1, engine=engine, **arrays)
                for engine in (blocks.follow, reference.follow)
            )
            assert_same(fast, slow)
            together = fast.history[fast.history["time"] == t]["event"].tolist()
            assert together[0] == first["event"]
            alive = bool(fast.lives["alive"][0]) or (horizon > t and fast.lives["died_at"][0] > t)
            if not alive:
                assert len(together) == 1
            elif horizon == t:
                assert together == [first["event"], Event.HORIZON]
            elif first["event"] == Event.MINOR_AMPUTATION:
                assert together == [Event.MINOR_AMPUTATION, Event.PROCEDURE, Event.DOSE, Event.VISIT]
                tried += 1
    assert tried > 3


def test_books_agree_with_the_history() -> None:
    """Counts of the ledger are the history's; times in states add up to years of life (1e-9); outcomes follow."""
    cohort = follow(parameters(), policy("angioplasty_and_cells"), count=1000, first=7)
    column = {name: i for i, name in enumerate(FIELDS)}
    years = np.minimum(cohort.lives["died_at"], 50.0)
    assert cohort.ledgers[:, :STATES].sum(axis=1) == pytest.approx(years, rel=1e-9)
    assert cohort.ledgers[:, column[f"clock_{CLOCKS[4]}"]] == pytest.approx(years, rel=1e-9)
    counted = {
        "dose": {Event.DOSE},
        "step_1": {Event.PROCEDURE},
        "repeat_step_1": {Event.REPEAT_PROCEDURE},
        "minor_amputation": {Event.MINOR_AMPUTATION},
        "below_knee_amputation": {Event.BELOW_KNEE_AMPUTATION},
        "above_knee_amputation": {Event.ABOVE_KNEE_AMPUTATION},
        "conversion": {Event.CONVERSION},
        "new_wound": {Event.NEW_WOUND},
        "healed": {Event.HEALED},
        "stump_healed": {Event.STUMP_HEALED},
        "death": {Event.BACKGROUND_DEATH, Event.DISEASE_DEATH, Event.POSTOPERATIVE_DEATH},
        "visit": {Event.VISIT},
    }
    for name, kinds in counted.items():
        assert name in COUNTS
        rows = cohort.history[np.isin(cohort.history["event"], [int(kind) for kind in kinds])]
        per_patient = np.bincount(rows["patient"] - 7, minlength=1000)
        assert np.array_equal(cohort.ledgers[:, column[f"count_{name}"]], per_patient), name
    horizon = dict(zip(OUTCOMES, cohort.outcomes[:, -1].T, strict=True))
    assert np.array_equal(horizon["death"], 1.0 - cohort.lives["alive"])
    assert np.array_equal(horizon["doses"], cohort.ledgers[:, column["count_dose"]])


def test_history_gets_the_room_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A history longer than the room made at first is complete; one that was not asked for is empty."""
    whole = follow(parameters(), policy("protocol"), count=50)
    monkeypatch.setattr(blocks, "ROOM", 1)
    assert_same(whole, follow(parameters(), policy("protocol"), count=50))
    for engine in (blocks.follow, reference.follow):
        without = follow(parameters(), policy("protocol"), count=50, engine=engine, events=False)
        assert without.history.shape == (0,)
        assert np.array_equal(without.ledgers, whole.ledgers)


def test_protocol_is_what_the_tests_think_it_is() -> None:
    """The policies of these tests treat people: most eligible ones get a dose, and somebody gets every procedure."""
    for name, fields in POLICIES.items():
        cohort = follow(parameters(), policy(name), count=600)
        kinds = set(cohort.history["event"].tolist())
        assert (Event.DOSE in kinds) == (fields.get("doses", 0.0) > 0), name
        assert (Event.PROCEDURE in kinds) == (fields.get("angioplasty", 0.0) > 0), name
    assert PROTOCOL["doses"] == 3.0
