"""Cohorts: the same people in both loops, and sums that are those of the people."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine_inputs import assert_same, entry, fixed_arrays, follow, parameters, policy, record, setting

from simulator.living import blocks, reference
from simulator.living.cohort_arrays import joined, new_arrays
from simulator.living.history import HISTORY
from simulator.living.ledger import STATES
from simulator.living.outcomes import WIDTH as OUTCOME_WIDTH
from simulator.living.sums import Sums, add_up
from simulator.rules.pathway.policy import POLICY
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.patient import COLUMNS

COUNT, FIRST, SEED = 6, 11, 5
NAMES = ("conservative", "four_doses", "angioplasty_and_cells", "ev_selected")
BUSY = {"angioplasty_success": 0.95, "repeat_angioplasty": 0.95, "restenosis_rate": 3.0, "amputation_rate": 0.6}
SHORT = 8.0


def people(name: str, engine: Any = blocks.follow, **changed: Any) -> Any:
    """A handful of people under a policy, by an engine."""
    arrays = fixed_arrays(SHORT)
    asked = {"seed": SEED, "first": FIRST, "count": COUNT, **changed}
    return follow(parameters(**BUSY), policy(name), engine=engine, **asked, **arrays)


@pytest.mark.parametrize("name", NAMES)
def test_both_loops_live_the_same_lives(name: str) -> None:
    """To the last bit, whatever is planned; some die, some do not, and everybody has a number of their own."""
    fast, slow = people(name), people(name, reference.follow)
    assert_same(fast, slow, name)
    assert fast.lives["patient"].tolist() == list(range(FIRST, FIRST + COUNT))
    assert len(set(fast.patients["age"].tolist())) == COUNT
    assert fast.barred == 0
    assert np.isnan(fast.paths).any()
    assert np.isfinite(fast.paths).any()


@pytest.mark.parametrize("name", NAMES)
def test_only_a_leg_that_is_there_has_a_tcpo2(name: str) -> None:
    """At each look the TcPO2 of that day, and none of who is dead or has lost the leg by then."""
    found, times = people(name), fixed_arrays(SHORT)["times"]
    gone = (found.lives["died_at"][:, None] <= times) | (found.lives["amputated_at"][:, None] <= times)
    lost = (found.lives["amputated_at"][:, None] <= times) & (found.lives["died_at"][:, None] > times)
    assert lost.any() and (~gone[:, 1:]).any()
    assert np.array_equal(np.isnan(found.paths), gone)
    then = [[tcpo2(life, t) for t in times] for life in found.lives]
    assert found.paths[~gone].tolist() == np.array(then)[~gone].tolist()


@pytest.mark.parametrize("engine", [blocks.follow, reference.follow])
def test_a_cohort_is_its_people_one_by_one(engine: Any) -> None:
    """Patient 13 alone is the third of a cohort that begins with 11; a seed that is another is somebody else."""
    together, alone = people("four_doses", engine), people("four_doses", engine, first=FIRST + 2, count=1)
    for field in ("ledgers", "censuses", "paths", "outcomes"):
        assert np.array_equal(getattr(together, field)[2:3], getattr(alone, field), equal_nan=True)
    other = people("four_doses", engine, first=FIRST + 2, count=1, seed=SEED + 1)
    assert other.patients["age"][0] != alone.patients["age"][0]


@pytest.mark.parametrize("engine", [blocks.follow, reference.follow])
def test_a_history_that_is_not_asked_for_is_not_kept(engine: Any) -> None:
    """All else is the same."""
    kept, left = people("four_doses", engine), people("four_doses", engine, events=False)
    assert len(left.history) == 0 < len(kept.history)
    assert np.array_equal(kept.ledgers, left.ledgers)


def test_a_history_longer_than_the_room_made_at_first_is_kept_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for two events a person, the second run has as much as is needed."""
    usual = people("four_doses")
    monkeypatch.setattr(blocks, "ROOM", 2)
    assert_same(usual, people("four_doses"))


@pytest.mark.parametrize("engine", [blocks.follow, reference.follow])
@pytest.mark.usefixtures("few_referrals")
def test_who_may_not_enter_is_counted_and_has_no_outcomes(engine: Any) -> None:
    """Nobody is 150 years old: all are barred, their outcomes are NaN and nothing is told of them."""
    found = people("conservative", engine, count=2, who=entry(age_at_least=150.0))
    assert (found.barred, len(found.history)) == (2, 0)
    assert np.isnan(found.outcomes).all()
    assert (found.censuses == -1).all()


def test_real_people_are_followed_by_their_rows() -> None:
    """Patients 11 and 12 of three rows are rows 2 and 0."""
    rows = np.full((3, len(COLUMNS)), np.nan)
    rows[:, COLUMNS.index("age")] = [60.0, 70.0, 80.0]
    for engine in (blocks.follow, reference.follow):
        assert people("conservative", engine, count=2, given=rows).patients["age"].tolist() == [80.0, 60.0]


def block(names: tuple[str, ...], count: int = COUNT, who: Any = None, sums: Sums | None = None) -> tuple[int, Sums]:
    """Sums over people under policies, by the loop that keeps nobody."""
    shared = setting(parameters(**BUSY), policy(names[0]), SEED, who, **fixed_arrays(SHORT))
    shared = shared._replace(policies=np.array([policy(name) for name in names], POLICY))
    totals = Sums.zero(len(names), len(shared.times)) if sums is None else sums
    return blocks.add_block(shared, FIRST, count, 1, totals), totals


def by_hand(cohorts: list[Any]) -> dict[str, Any]:
    """The same sums by their definition, from people who were kept."""
    ledgers = np.array([cohort.ledgers for cohort in cohorts])
    outcomes = np.array([cohort.outcomes for cohort in cohorts])
    paths = np.array([cohort.paths for cohort in cohorts])
    states = np.array([cohort.censuses[:, :, 0] for cohort in cohorts])
    seen = np.isfinite(paths)
    known = np.where(seen, paths, 0.0)
    return {
        "ledger": ledgers.sum(axis=1),
        "ledger_squares": (ledgers**2).sum(axis=1),
        "outcomes": outcomes.sum(axis=1),
        "outcome_squares": (outcomes**2).sum(axis=1),
        "difference_squares": ((outcomes - outcomes[1]) ** 2).sum(axis=1),
        "states": np.stack([(states == state).sum(axis=1) for state in range(STATES)], axis=-1),
        "perfusion": np.stack([seen.sum(axis=1), known.sum(axis=1), (known**2).sum(axis=1)], axis=-1),
    }


PAIR = ("conservative", "four_doses", "angioplasty_and_cells")


def test_sums_of_a_block_are_those_of_its_people() -> None:
    """Ledgers, outcomes, differences to the second policy, states and perfusion, and squares (1e-12); added twice, doubled."""
    cohorts = [people(name) for name in PAIR]
    barred, totals = block(PAIR)
    block(PAIR, sums=totals)
    assert barred == 0
    for name, wanted in by_hand(cohorts).items():
        assert getattr(totals, name) == pytest.approx(2.0 * wanted, rel=1e-12, abs=1e-12), name
    assert (totals.difference_squares[1] == 0.0).all()
    assert totals.difference_squares[0].any()


def test_people_who_were_kept_add_up_to_the_same_bits() -> None:
    """In the same order as the block."""
    cohorts = [people(name) for name in PAIR]
    _, totals = block(PAIR)
    again = Sums.zero(len(PAIR), len(cohorts[0].outcomes[0]))
    kept = [
        np.array([getattr(cohort, name) for cohort in cohorts]) for name in ("ledgers", "censuses", "paths", "outcomes")
    ]
    add_up(again, *kept, 1)
    for name, mine, wanted in zip(Sums._fields, again, totals, strict=True):
        assert np.array_equal(mine, wanted), name


@pytest.mark.usefixtures("few_referrals")
def test_a_block_counts_whom_it_could_not_enter() -> None:
    """Two people, none of them 150 years old, add nothing."""
    barred, totals = block(PAIR, count=2, who=record(entry().dtype, {"age_at_least": 150.0}))
    assert barred == 2
    assert not any(total.any() for total in totals)


def test_arrays_begin_empty() -> None:
    """Everybody dead and unseen until they are followed; histories are joined in order, and none make none."""
    arrays = new_arrays(3, 2)
    assert (arrays["censuses"] == -1).all()
    assert arrays["censuses"].shape == (3, 2, 3)
    assert np.isnan(arrays["paths"]).all()
    assert np.isnan(arrays["outcomes"]).all()
    assert arrays["outcomes"].shape == (3, 2, OUTCOME_WIDTH)
    assert not arrays["ledgers"].any()
    one, two = np.zeros(1, HISTORY), np.ones(2, HISTORY)
    assert joined([one, two])["patient"].tolist() == [0, 1, 1]
    assert joined([]).shape == (0,)


def test_a_thread_takes_its_memory_over() -> None:
    """For the same policies, times and columns of the ledger; any other number needs memory of its own."""
    policies = np.stack([policy(name) for name in NAMES[:2]])
    thread = blocks._Thread()
    first = thread.room_for(policies, 3, 5)
    assert thread.room_for(policies.copy(), 3, 5) is first
    for other in ((policies[:1], 3, 5), (policies[::-1], 3, 5), (policies, 2, 5), (policies, 3, 4)):
        assert thread.room_for(*other) is not first
        first = thread.room_for(policies, 3, 5)
