"""Curves from the times of events: where an outcome begins and ends, and counts of lives in which it holds."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
import pytest
from engine_inputs import entry, fixed_arrays, follow, parameters, policy, record, setting

from rules.people import a_life
from simulator.living.courses import (
    COURSES,
    CourseSums,
    add_courses,
    count_discordance,
    count_stretch,
    first_at,
    stretches,
)
from simulator.living.ledger import STATES
from simulator.living.ledger import WIDTH as LEDGER_WIDTH
from simulator.living.outcomes import OUTCOMES
from simulator.rules.pathway.policy import POLICY

TIMES = np.array([0.0, 1.0, 2.0, 3.0])
NEVER = len(TIMES)


@pytest.mark.parametrize(
    ("t", "place"), [(-1.0, 0), (0.0, 0), (0.5, 1), (1.0, 1), (2.5, 3), (3.0, 3), (3.1, 4), (inf, 4)]
)
def test_the_first_time_that_is_not_before(t: float, place: int) -> None:
    """Of 0, 1, 2 and 3 years: 0.5 is first seen at 1, 3 at 3 itself, and what comes later never."""
    assert first_at(TIMES, t) == place


def stretches_of(**life: float) -> dict[str, list[int]]:
    """Where the outcomes of a life begin and have ended."""
    spans = np.full((len(COURSES), 2), -7)
    stretches(spans, a_life(**life), TIMES)
    return dict(zip(COURSES, spans.tolist(), strict=True))


def test_each_outcome_is_a_stretch_of_time() -> None:
    """Healed in half a year, amputated after one and a half, dead after two and a half: healing without amputation holds at 1
    year alone, survival without amputation until then, amputation from 2 years on and death from 3 on."""
    assert stretches_of(healed_at=0.5, amputated_at=1.5, died_at=2.5) == {
        "major_amputation": [2, NEVER],
        "death": [3, NEVER],
        "amputation_free_survival": [0, 2],
        "healing_without_amputation": [1, 2],
    }


def test_what_never_happens_has_no_stretch() -> None:
    """Dead after half a year with limb and wound: no amputation, and no healing."""
    found = stretches_of(died_at=0.5)
    assert found["amputation_free_survival"] == [0, 1] and found["death"] == [1, NEVER]
    assert found["major_amputation"] == [NEVER, NEVER]
    assert found["healing_without_amputation"] == [NEVER, NEVER]


def test_a_stump_that_heals_is_not_healing_without_amputation() -> None:
    """Amputated after half a year, healed after two: the stretch of healing is empty where it begins."""
    assert stretches_of(amputated_at=0.5, healed_at=2.0)["healing_without_amputation"] == [2, 2]


def counted(*spans: tuple[int, int]) -> list[float]:
    """In how many lives an outcome holds at each time and after the last."""
    changes = np.zeros((NEVER + 1, 2))
    for start, end in spans:
        count_stretch(changes, start, end, 1)
    assert not changes[:, 0].any()
    return np.cumsum(changes[:, 1]).tolist()


def test_stretches_add_up_to_counts() -> None:
    """Two lives, at 1 and 2 years and at 2 and 3 years; an empty stretch and one that ends before it begins count nothing."""
    assert counted((1, 3), (2, 4)) == [0.0, 1.0, 2.0, 1.0, 0.0]
    assert counted((2, 2), (3, 1)) == [0.0] * 5


@pytest.mark.parametrize(
    ("one", "other", "differs"),
    [
        ((0, 4), (0, 4), [0, 0, 0, 0]),
        ((0, 2), (0, 4), [0, 0, 1, 1]),
        ((0, 4), (0, 2), [0, 0, 1, 1]),
        ((0, 2), (2, 4), [1, 1, 1, 1]),
        ((0, 1), (3, 4), [1, 0, 0, 1]),
        ((1, 4), (2, 4), [0, 1, 0, 0]),
        ((1, 4), (2, 3), [0, 1, 0, 1]),
        ((4, 4), (1, 3), [0, 1, 1, 0]),
        ((3, 3), (1, 3), [0, 1, 1, 0]),
        ((1, 3), (3, 3), [0, 1, 1, 0]),
    ],
)
def test_two_lives_differ_where_an_outcome_holds_in_one_of_them(
    one: tuple[int, int], other: tuple[int, int], differs: list[int]
) -> None:
    """Stretches that overlap, lie apart, meet, and one that is empty; another outcome that is the same differs nowhere."""
    changes = np.zeros((NEVER + 1, 2))
    count_discordance(changes, np.array([(1, 3), one]), np.array([(1, 3), other]))
    assert np.cumsum(changes[:, 1]).tolist() == [*differs, 0]
    assert not changes[:, 0].any()


SEED, FIRST, COUNT, REFERENCE, SEEN = 5, 11, 12, 1, 3
NAMES = ("conservative", "four_doses", "angioplasty_and_cells")
LOOKS = {"times": np.array([0.0, 0.1, 0.5, 1.0, 2.0, 4.0])}
BUSY = {"amputation_rate": 0.6, "healing_rate": 1.5, "death_rate_wound": 0.3}


def block(count: int = COUNT, who: Any = None) -> tuple[int, CourseSums]:
    """Sums over people, a dozen of them, with TcPO2 at the first three times."""
    shared = setting(parameters(**BUSY), policy(NAMES[0]), SEED, who, **{**fixed_arrays(4.0), **LOOKS})
    shared = shared._replace(policies=np.array([policy(name) for name in NAMES], POLICY))
    sums = CourseSums.zero(len(NAMES), len(shared.times))
    return add_courses(shared, FIRST, count, REFERENCE, SEEN, sums), sums


def test_curves_are_those_of_the_same_people_one_by_one() -> None:
    """Counts of every outcome at every time, of differences to the second policy, of states, ledgers and TcPO2."""
    arrays = {**fixed_arrays(4.0), **LOOKS}
    kept = [follow(parameters(**BUSY), policy(name), seed=SEED, first=FIRST, count=COUNT, **arrays) for name in NAMES]
    outcomes = np.array([each.outcomes for each in kept])[..., [OUTCOMES.index(name) for name in COURSES]]
    states = np.array([each.censuses[:, :, 0] for each in kept])
    paths = np.array([each.paths for each in kept])[:, :, :SEEN]
    ledgers = np.array([each.ledgers for each in kept])
    seen = np.isfinite(paths)
    known = np.where(seen, paths, 0.0)
    assert all(0.0 < outcomes[..., course].mean() < 1.0 for course in range(len(COURSES)))
    assert not seen.all()

    barred, sums = block()
    assert barred == 0
    np.testing.assert_array_equal(np.cumsum(sums.changes, axis=1)[:, :-1], outcomes.sum(axis=1))
    unlike = outcomes != outcomes[REFERENCE]
    assert unlike[0].any() and unlike[2].any()
    np.testing.assert_array_equal(np.cumsum(sums.discordant, axis=1)[:, :-1], unlike.sum(axis=1))
    np.testing.assert_array_equal(sums.states, np.stack([(states == s).sum(axis=1) for s in range(STATES)], axis=-1))
    assert not sums.perfusion[:, SEEN:].any()
    found = np.stack([seen.sum(axis=1), known.sum(axis=1), (known**2).sum(axis=1)], axis=-1)
    np.testing.assert_allclose(sums.perfusion[:, :SEEN], found, rtol=1e-12)
    np.testing.assert_allclose(sums.ledger, ledgers.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(sums.ledger_squares, (ledgers**2).sum(axis=1), rtol=1e-12)


def test_sums_of_blocks_are_added() -> None:
    """The same block twice is twice the block, and nothing added is nothing; shapes are those that are promised."""
    _, sums = block(count=2)
    twice = CourseSums.zero(len(NAMES), len(LOOKS["times"]))
    assert not any(each.any() for each in twice)
    assert [each.shape for each in twice] == [
        *[(3, LEDGER_WIDTH)] * 2,
        *[(3, 7, len(COURSES))] * 2,
        (3, 6, STATES),
        (3, 6, 3),
    ]
    twice.add(sums)
    twice.add(sums)
    for mine, theirs in zip(twice, sums, strict=True):
        np.testing.assert_array_equal(mine, 2.0 * theirs)


@pytest.mark.usefixtures("few_referrals")
def test_who_may_not_enter_adds_nothing() -> None:
    """Two people, none of them 150 years old."""
    barred, sums = block(count=2, who=record(entry().dtype, {"age_at_least": 150.0}))
    assert barred == 2
    assert not any(each.any() for each in sums)
