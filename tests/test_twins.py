"""Luck belongs to the patient: whoever is treated alike lives the same life, whatever happens to anybody else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from engine_inputs import POLICIES, assert_same, drawn_parameters, follow, parameters, policy, policy_record
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from test_engines import policies

from simulator.living import blocks, reference
from simulator.living.cohort_arrays import Followed
from simulator.words.vocabulary import Event

CARE = [int(e) for e in (Event.DOSE, Event.STOPS_TREATMENT, Event.PROCEDURE, Event.REPEAT_PROCEDURE)]


def histories(cohort: Followed, count: int, leave_out: list[int]) -> list[NDArray[np.void]]:
    """Each patient's history without some kinds of events."""
    kept = cohort.history[~np.isin(cohort.history["event"], leave_out)]
    return np.split(kept, np.searchsorted(kept["patient"], np.arange(1, count)))


def same_events(a: NDArray[np.void], b: NDArray[np.void]) -> bool:
    """Whether two histories have the same events at the same times with the same TcPO2, to the last bit."""
    return all(np.array_equal(a[name], b[name], equal_nan=name == "tcpo2") for name in ("time", "event", "tcpo2"))


@pytest.mark.parametrize("engine", [blocks.follow, reference.follow])
def test_same_policy_twice_gives_the_same_bits(engine: Callable[..., Followed]) -> None:
    """Nothing but the inputs decides a life: neither what ran before, nor another policy in between."""
    first = follow(parameters(), policy("protocol"), count=150, engine=engine)
    follow(parameters(), policy("four_doses"), count=30, engine=engine)
    assert_same(first, follow(parameters(), policy("protocol"), count=150, engine=engine))


@given(st.sampled_from(sorted(POLICIES)), st.integers(0, 2**64 - 1), st.integers(1, 59))
@settings(max_examples=25, deadline=None)
def test_other_patients_change_nobody(name: str, seed: int, cut: int) -> None:
    """Sixty patients together are the same as in two blocks: later patients, order and block sizes do not matter."""
    whole = follow(parameters(), policy(name), seed=seed, count=60)
    parts = [follow(parameters(), policy(name), seed=seed, first=f, count=n) for f, n in ((cut, 60 - cut), (0, cut))]
    for field in ("patients", "ledgers", "censuses", "paths", "outcomes", "history"):
        again = np.concatenate([getattr(parts[1], field), getattr(parts[0], field)])
        assert getattr(whole, field).tobytes() == again.tobytes(), field


def test_seeds_and_patients_differ() -> None:
    """Another seed, or another number, is another patient."""
    one, other = follow(parameters(), policy("protocol"), seed=1), follow(parameters(), policy("protocol"), seed=2)
    assert not np.isin(one.patients["age"], other.patients["age"]).any()
    assert np.unique(one.patients["age"]).size == one.patients.size


def test_those_who_got_one_dose_live_as_under_a_single_dose() -> None:
    """Whoever got one dose under the protocol has the life of the single-dose policy, but for the note on stopping."""
    n = 2000
    protocol, single = (
        follow(parameters(), policy("protocol"), count=n),
        follow(parameters(), policy("single_dose"), count=n),
    )
    alike = (protocol.lives["doses"] == 1) & (single.lives["doses"] == 1)
    assert alike.sum() > 100
    stops = [int(Event.STOPS_TREATMENT)]
    pairs = list(zip(histories(protocol, n, stops), histories(single, n, stops), strict=True))
    assert all(same_events(*pairs[i]) for i in np.flatnonzero(alike))
    # the note that treatment stopped splits a sojourn in the books, so their sums may round differently
    assert np.allclose(protocol.ledgers[alike], single.ledgers[alike], rtol=1e-12, atol=1e-12)
    assert np.array_equal(protocol.outcomes[alike], single.outcomes[alike])
    assert not all(same_events(*pairs[i]) for i in np.flatnonzero(~alike))


def test_doses_without_effect_change_no_event() -> None:
    """A treated patient in whom the doses cause no rise has the events of conservative care, to the last bit."""
    n = 2000
    treated, conservative = (follow(parameters(), policy(name), count=n) for name in ("four_doses", "conservative"))
    lives = treated.lives
    caused = lives["given_gain"] > 0.0
    dosed = lives["doses"] > 0
    assert (dosed & ~caused).sum() > 50
    assert (dosed & caused).sum() > 100
    pairs = list(zip(histories(treated, n, CARE), histories(conservative, n, CARE), strict=True))
    assert all(same_events(*pairs[i]) for i in np.flatnonzero(~caused))


def test_those_not_treated_live_as_under_conservative_care() -> None:
    """Excluded and deselected patients are counted under conservative care, with its very lives."""
    n = 1500
    conservative = histories(follow(parameters(), policy("conservative"), count=n), n, CARE)
    for name in ("protocol", "ev_selected", "angioplasty"):
        cohort = follow(parameters(), policy(name), count=n)
        left_alone = (cohort.lives["doses"] == 0) & (cohort.lives["step_done"].sum(axis=1) == 0)
        assert left_alone.sum() > 100, name
        mine = histories(cohort, n, CARE)
        assert all(same_events(mine[i], conservative[i]) for i in np.flatnonzero(left_alone)), name


@given(policies(), policies(), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_two_policies_agree_until_they_treat_differently(
    one: dict[str, float], other: dict[str, float], seed: int
) -> None:
    """Under any two policies a patient's history is identical up to the first procedure that differs."""
    n, params = 25, drawn_parameters(1, seed)[0]
    pairs = zip(
        *(histories(follow(params, policy_record(p), seed=seed, count=n), n, []) for p in (one, other)), strict=True
    )
    procedures = [int(Event.DOSE), int(Event.PROCEDURE), int(Event.REPEAT_PROCEDURE)]
    for a, b in pairs:
        given_a, given_b = (
            [
                (t, e, p["product"], p["route"])
                for t, e in h[np.isin(h["event"], procedures)][["time", "event"]].tolist()
            ]
            for h, p in ((a, one), (b, other))
        )
        apart = next((min(x, y)[0] for x, y in zip(given_a, given_b, strict=False) if x != y), np.inf)
        longer = max(given_a, given_b, key=len)
        if apart == np.inf and len(given_a) != len(given_b):
            apart = longer[min(len(given_a), len(given_b))][0]
        stops = int(Event.STOPS_TREATMENT)
        before = (h[(h["time"] < apart) & (h["event"] != stops)] for h in (a, b))
        assert same_events(*before)
