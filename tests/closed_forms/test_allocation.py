"""Strata, blocks and minimisation, with luck that is written down."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from simulator.questions.trial.design import allocation
from simulator.questions.trial.design.allocation import allocate, level_of, minimise, stratum_of, stratum_rules
from simulator.rules.population.patient import COLUMNS
from simulator.words.vocabulary import Stream

RULES = stratum_rules(
    tuple(
        SimpleNamespace(factor=factor, cut=cut)  # type: ignore[misc]
        for factor, cut in (("rutherford", None), ("age", 75.0), ("site", None), ("male", None))
    ),
    sites=5,
)


def row(**known: float) -> np.ndarray:
    found = np.zeros(len(COLUMNS))
    for name, value in known.items():
        found[COLUMNS.index(name)] = value
    return found


def test_levels_of_factors() -> None:
    """Rutherford from 4, age from 75 on, the site as it is, yes or no."""
    assert RULES[:, 3].tolist() == [3, 2, 5, 2] and RULES[:, 2].tolist() == [4, 0, 0, 0]
    somebody = row(rutherford=6.0, age=75.0, male=1.0)
    assert [level_of(somebody, rule, 3) for rule in RULES] == [2, 1, 3, 1]
    assert [level_of(row(rutherford=4.0, age=74.9), rule, 0) for rule in RULES] == [0, 0, 0, 0]
    assert stratum_rules((SimpleNamespace(factor="renal", cut=None),))[0, 2:].tolist() == [0, 4]  # type: ignore[arg-type]
    assert stratum_rules((SimpleNamespace(factor="site", cut=None),))[0, 2:].tolist() == [0, 1]  # type: ignore[arg-type]


def test_strata_are_numbered_once() -> None:
    """Every combination has a number of its own, from 0 on."""
    numbers = {
        stratum_of(row(rutherford=r, age=a, male=m), RULES, s)
        for r in (4.0, 5.0, 6.0)
        for a in (60.0, 80.0)
        for s in range(5)
        for m in (0.0, 1.0)
    }
    assert numbers == set(range(3 * 2 * 5 * 2))
    assert stratum_of(row(rutherford=5.0, age=80.0, male=1.0), RULES, 2) == ((1 * 2 + 1) * 5 + 2) * 2 + 1
    assert stratum_of(row(), RULES[:0], 0) == 0


def luck(monkeypatch: pytest.MonkeyPatch, first: float, second: float = 0.0) -> None:
    """The draws that decide: the arm's, and whether minimisation is followed."""
    monkeypatch.setattr(
        allocation, "uniform", lambda _s, _n, stream, k: (second if k else first) if stream == Stream.ARM else -1
    )


@pytest.fixture(autouse=True)
def interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the compiler, so that luck can be written down."""
    for name in ("minimise", "allocate"):
        own = getattr(allocation, name)
        monkeypatch.setattr(allocation, name, getattr(own, "py_func", own))


def test_blocks_are_drawn_down_and_filled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two to one in blocks of six: four and two; a draw of 0.7 of six is the other arm; the last is whoever is left."""
    parts, left = np.array([2.0, 1.0]), np.zeros(2)
    luck(monkeypatch, 0.7)
    assert allocation.allocate(left, parts, 6, 0, 0) == 1 and left.tolist() == [4.0, 1.0]
    luck(monkeypatch, 0.6)
    assert allocation.allocate(left, parts, 6, 0, 1) == 0 and left.tolist() == [3.0, 1.0]
    left[:] = (0.0, 1.0)
    luck(monkeypatch, 0.0)
    assert allocation.allocate(left, parts, 6, 0, 2) == 1 and left.tolist() == [0.0, 0.0]
    assert allocation.allocate(left, parts, 6, 0, 3) == 0 and left.tolist() == [3.0, 2.0]


def test_a_coin_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two thirds to one, whoever came before; at the end of the draw the last arm."""
    parts, left = np.array([2.0, 1.0]), np.zeros(2)
    for draw, arm in ((0.66, 0), (0.67, 1), (1.0, 1), (0.0, 0)):
        luck(monkeypatch, draw)
        assert allocation.allocate(left, parts, 0, 0, 0) == arm
        assert left.tolist() == [2.0, 1.0]


def test_three_arms_share_a_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """One, two and one of four: a draw of 0.6 is the second, of 0.8 the third."""
    parts = np.array([1.0, 2.0, 1.0])
    for draw, arm in ((0.2, 0), (0.3, 1), (0.6, 1), (0.8, 2)):
        luck(monkeypatch, draw)
        assert allocation.allocate(np.zeros(3), parts, 0, 0, 0) == arm


def test_minimisation_takes_the_arm_that_balances_the_margins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two factors: 2 against 1 and 0 against 0 of the patient's levels, so the second arm; counts go up in it."""
    rules = stratum_rules(tuple(SimpleNamespace(factor=f, cut=None) for f in ("rutherford", "male")))  # type: ignore[misc]
    counts = np.zeros((2, 3, 2))
    counts[0, 1] = (2.0, 1.0)
    patient = row(rutherford=5.0, male=1.0)
    luck(monkeypatch, 0.9)
    assert allocation.minimise(counts, patient, rules, 0, 0.8, 0, 0) == 1
    assert counts[0, 1].tolist() == [2.0, 2.0] and counts[1, 1].tolist() == [0.0, 1.0]
    # Now the first arm; a coin beyond 0.8 takes the other one.
    luck(monkeypatch, 0.9, 0.8)
    assert allocation.minimise(counts.copy(), patient, rules, 0, 0.8, 0, 1) == 1
    luck(monkeypatch, 0.9, 0.79)
    assert allocation.minimise(counts.copy(), patient, rules, 0, 0.8, 0, 1) == 0
    # Another patient is counted at levels of her own.
    assert allocation.minimise(counts, row(rutherford=6.0), rules, 0, 0.8, 0, 2) == 0
    assert counts[0].tolist() == [[0.0, 0.0], [2.0, 2.0], [1.0, 0.0]] and counts[1].tolist()[0] == [1.0, 0.0]


def test_a_patient_counts_once_where_arms_are_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    """2 against 0 and 0 against 1: the first arm would make 3 and 0, the second 1 and 2, so that both are as good."""
    rules = stratum_rules(tuple(SimpleNamespace(factor=f, cut=None) for f in ("rutherford", "male")))  # type: ignore[misc]
    counts = np.zeros((2, 3, 2))
    counts[0, 0], counts[1, 0] = (2.0, 0.0), (0.0, 1.0)
    for draw, arm in ((0.9, 0), (0.5, 0), (0.49, 1)):
        luck(monkeypatch, draw)
        assert allocation.minimise(counts.copy(), row(rutherford=4.0), rules, 0, 0.8, 0, 0) == arm


def test_luck_is_asked_for_by_seed_and_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patient 7 of seed 5 has a draw for the arm, and under minimisation a coin beside it."""
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(allocation, "uniform", lambda *words: asked.append(words) or 0.5)
    allocation.allocate(np.zeros(2), np.ones(2), 4, 5, 7)
    assert asked == [(5, 7, Stream.ARM, 0)]
    rules = stratum_rules((SimpleNamespace(factor="male", cut=None),))  # type: ignore[arg-type]
    allocation.minimise(np.zeros((1, 2, 2)), row(), rules, 0, 0.8, 5, 7)
    assert asked[1:] == [(5, 7, Stream.ARM, 0), (5, 7, Stream.ARM, 2)]


def test_ties_are_broken_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three arms that are alike, or four, each is taken as often; the coin takes either of the two others."""
    rules = stratum_rules((SimpleNamespace(factor="male", cut=None),))  # type: ignore[arg-type]
    taken = []
    for draw in (np.arange(300) + 0.5) / 300:
        luck(monkeypatch, float(draw))
        taken.append(allocation.minimise(np.zeros((1, 2, 3)), row(), rules, 0, 0.9, 0, 0))
    assert np.bincount(taken, minlength=3).tolist() == [100, 100, 100]
    taken = []
    for draw in (np.arange(240) + 0.5) / 240:
        luck(monkeypatch, float(draw))
        taken.append(allocation.minimise(np.zeros((1, 2, 4)), row(), rules, 0, 0.9, 0, 0))
    assert np.bincount(taken, minlength=4).tolist() == [60, 60, 60, 60]
    others = []
    for coin in (0.91, 0.94, 0.96, 0.99, 1.0):
        luck(monkeypatch, 0.99, coin)
        counts = np.zeros((1, 2, 3))
        counts[0, 0] = (0.0, 1.0, 1.0)
        others.append(allocation.minimise(counts, row(), rules, 0, 0.9, 0, 0))
    assert others == [1, 1, 2, 2, 2]
    luck(monkeypatch, 0.5, 0.99)
    assert allocation.minimise(np.zeros((1, 2, 1)), row(), rules, 0, 0.9, 0, 0) == 0


def test_compiled_and_interpreted_are_the_same_arms() -> None:
    """A hundred patients by either way, blocks and minimisation, by the program's own luck."""
    rules = stratum_rules((SimpleNamespace(factor="male", cut=None),))  # type: ignore[arg-type]
    left, counts = np.zeros(2), np.zeros((1, 2, 2))
    blocks = [allocate(left, np.ones(2), 4, np.uint64(1), n) for n in range(100)]
    assert all(sum(blocks[k : k + 4]) == 2 for k in range(0, 100, 4))
    arms = [minimise(counts, row(male=n % 2), rules, 0, 0.9, np.uint64(1), n) for n in range(100)]
    assert abs(sum(arms) - 50) <= 5 and counts.sum() == 100.0
