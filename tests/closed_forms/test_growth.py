"""A trial that grows at a look: how many come, when it is looked at again, and what its statistics are, by hand."""

from __future__ import annotations

from math import sqrt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_trials import trial

from simulator.questions.trial.analysis.looks import Marks
from simulator.questions.trial.conduct import growth
from simulator.questions.trial.conduct.growth import Progress, grow
from simulator.questions.trial.design.endpoint import Endpoint

AT_SIX = Endpoint(name="e", outcome="death", test="chi_square", at_months=6.0)
DEATHS = Endpoint(name="e", outcome="death", test="logrank")
ENTRY = np.tile(np.arange(8) / 10.0, (4, 1))
MARKED = Marks(4, None, "patients", (2.0, 3.0))
Z = np.array([[2.0, 1.5, 1.8], [-1.0, 0.2, 0.3], [2.0, 1.0, 1.1], [2.0, 1.9, 1.7]])


def design(test: str = "weighted", primary: Endpoint = AT_SIX) -> Any:
    """A trial of four that may become six at its first look."""
    return SimpleNamespace(
        reestimation=SimpleNamespace(lower=0.1, upper=0.99, target=0.999999, largest=1.5, test=test),
        reestimated_at=0,
        primary=primary,
        comparisons=(1,),
        follow_up=SimpleNamespace(months=12.0),
    )


def grown(monkeypatch: pytest.MonkeyPatch, test: str = "weighted", trials: int = 4) -> tuple[Progress, list[list[Any]]]:
    """Four trials of people who enter every tenth of a year: promising, hopeless, one whose first look does not happen, and one
    that had all its information then."""
    lives = trial(arm=np.tile(np.arange(8) % 2, (4, 1)), entry=ENTRY, end=1.0)
    looked = iter((1, 2))

    def analyse(endpoint: Endpoint, seen: Any, arm: int) -> Any:
        k = next(looked)
        return SimpleNamespace(z=Z[:trials, k], against=10.0 + Z[:trials, k])

    monkeypatch.setattr(growth, "analyse", analyse)
    dates = np.tile([0.6, 0.7, 1.3], (4, 1))
    happens = np.array([[True] * 3, [True] * 3, [False, True, True], [True] * 3])
    seen = np.array([[0.5, 0.75, 1.0], [0.5, 0.75, 1.0], [0.0, 0.75, 1.0], [1.0, 1.0, 1.0]])
    first = slice(trials)
    lives, dates, happens, seen, z = lives.some(first), dates[first], happens[first], seen[first], Z[first]
    before = Progress(lives, dates, happens, z.copy(), z.copy(), seen, seen, np.sqrt(seen), np.ones(trials))
    analyses: list[list[Any]] = [[SimpleNamespace(z=z[:, k], against=10.0 + z[:, k])] for k in range(3)]
    planned = np.array([0.5, 0.7, 1.0])
    return grow(design(test), MARKED, 4.0, 1.96, lives, before, analyses, planned), analyses


def test_a_promising_trial_grows_by_half(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six patients for one trial and four for the others; the fifth waits from .4 to .7, because accrual rests until .6.

    The second look comes when twice as many more than at the first are through, the fourth patient's half year, at .8; the end
    a year after the sixth entered at .8.
    """
    found, _ = grown(monkeypatch)
    assert found.grown.tolist() == [1.5, 1.0, 1.0, 1.0]
    assert found.data.entered.sum(axis=1).tolist() == [6, 4, 4, 4]
    assert found.data.entry[0, :6] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.7, 0.8])
    assert found.dates == pytest.approx(np.array([[0.6, 0.8, 1.8], *[[0.6, 0.7, 1.3]] * 3]))
    assert found.happens.tolist() == [[True] * 3, [True] * 3, [False, True, True], [True] * 3]


def test_information_that_was_seen_and_that_was_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four and six of four are through, while weights stay those of two, three and four; without a look as seen."""
    found, _ = grown(monkeypatch)
    seen = [[0.5, 1.0, 1.5], [0.5, 0.75, 1.0], [0.0, 0.75, 1.0], [1.0, 0.75, 1.0]]
    assert found.seen == pytest.approx(np.array(seen))
    planned = [[0.5, 0.7, 1.0], [0.5, 0.7, 1.0], [0.0, 0.75, 1.0], [1.0, 1.0, 1.0]]
    assert found.planned == pytest.approx(np.array(planned))


def test_the_weighted_statistic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stages of .5 each, weighted as .5, .2 and .3; what did not look, or saw all, has its own z; against is its mirror."""
    found, analyses = grown(monkeypatch)
    one = (1.5 - 2.0 * sqrt(0.5)) / sqrt(0.5)
    two = (1.8 * sqrt(1.5) - 1.5) / sqrt(0.5)
    weights = np.sqrt([0.5, 0.2, 0.3])
    sums = np.cumsum(weights * [2.0, one, two]) / np.sqrt([0.5, 0.7, 1.0])
    slopes = np.cumsum(weights * sqrt(0.5)) / np.sqrt([0.5, 0.7, 1.0])
    assert found.z[0] == pytest.approx(sums) and found.slope[0] == pytest.approx(slopes)
    assert found.z[0, 0] == 2.0 and found.z[2:].tolist() == Z[2:].tolist()
    assert found.slope[2:] == pytest.approx(np.sqrt(found.seen[2:]))
    assert found.against[0] == pytest.approx([12.0, -sums[1], -sums[2]])
    assert found.against[2:] == pytest.approx(10.0 + Z[2:])
    assert [each[0].z.tolist() for each in analyses] == Z.T.tolist()


def test_two_trials_with_three_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second look is the last of neither, however many trials there are."""
    found, _ = grown(monkeypatch, trials=2)
    assert found.planned == pytest.approx(np.array([[0.5, 0.7, 1.0]] * 2))


def test_the_ordinary_statistic(monkeypatch: pytest.MonkeyPatch) -> None:
    """The z of all data, at the information of all data."""
    found, _ = grown(monkeypatch, "ordinary")
    assert found.z.tolist() == Z.tolist() and (found.against == 10.0 + Z).all()
    assert found.slope == pytest.approx(np.sqrt(found.seen))


def test_events_stretch_as_patients_do() -> None:
    """Four events become six: the look after the second comes at the third, 1 + 5/3 rounded up, and the end with the sixth."""
    died = np.array([[0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 3.0, 3.0]])
    data = trial(arm=np.arange(8)[None] % 2, entry=0.0, died=died, end=1.0)
    marked = Marks(8, 4, "events", (1.0, 2.0))
    dates = np.array([[0.5, 0.6, 0.8]])
    for factor, wanted in ((1.5, [0.5, 0.7, 0.95]), (1.0, [0.5, 0.6, 0.8]), (9.0, [0.5, 1.0, 1.0])):
        found = growth._later_dates(design(primary=DEATHS), marked, data, dates, np.array([factor]), 0)
        assert found[0] == pytest.approx(wanted)
    assert dates.tolist() == [[0.5, 0.6, 0.8]]


def test_a_look_that_no_longer_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the next look would come with the end or after it, it does not happen and repeats what the look before saw."""
    lives = trial(arm=np.arange(8)[None] % 2, entry=ENTRY[:1], end=1.0)
    z = np.array([[2.0, 1.5, 1.8]])
    numbers = iter((1.5, 1.8))
    monkeypatch.setattr(
        growth, "analyse", lambda *_: SimpleNamespace(z=np.array([next(numbers)]), against=np.array([0.0]))
    )
    late = design()
    late.follow_up = SimpleNamespace(months=3.0)
    dates, seen = np.array([[0.5, 0.55, 0.55]]), np.array([[0.5, 0.5, 1.0]])
    happens = np.array([[True, False, True]])
    before = Progress(lives, dates, happens, z, z, seen, seen, np.sqrt(seen), np.ones(1))
    analyses: list[list[Any]] = [[SimpleNamespace(z=z[:, k], against=z[:, k])] for k in range(3)]
    found = grow(
        late, Marks(4, None, "patients", (2.0, 3.9)), 4.0, 1.96, lives, before, analyses, np.array([0.5, 0.75, 1.0])
    )
    # Four are through at the end, .95, and the sixth, who entered at .7, would have to be for the look.
    assert found.dates[0] == pytest.approx([0.5, 0.95, 0.95])
    assert found.happens.tolist() == [[True, False, True]]
    assert found.seen.tolist() == [[0.5, 0.5, 1.0]] and found.planned.tolist() == [[0.5, 0.5, 1.0]]
    assert found.z[0, :2].tolist() == [2.0, 2.0]
