"""Curves from event times, partial results and stopping: the same numbers as a whole run, and nothing left behind."""

from __future__ import annotations

import threading
from itertools import islice

import numpy as np
import pytest

from simulator.living.courses import COURSES
from simulator.living.outcomes import OUTCOMES
from simulator.run import courses, simulate
from simulator.scenario import load_scenario
from simulator.words.errors import BadInput

POLICIES = ["conservative", "protocol", "four_doses"]
TIMES = [k / 12 for k in range(0, 61, 5)]
PLACES = [OUTCOMES.index(name) for name in COURSES]


@pytest.fixture(scope="module")
def grown():
    """What is known after each block of 2,500 people."""
    return list(courses(load_scenario(), POLICIES, 2_500, seed=7, times=TIMES, seen=1.0))


def test_curves_are_those_of_simulate(grown) -> None:
    """Shares, states and their errors from event times have the bits that outcomes at each time have; paired errors too."""
    known, whole = grown[-1], simulate(load_scenario(), POLICIES, 2_500, seed=7, times=TIMES)
    assert known.people == 2_500
    for mine, theirs in zip(known.outcomes, whole.outcome_estimates, strict=True):
        np.testing.assert_array_equal(mine, theirs[..., PLACES])
    for mine, theirs in zip(known.differences, whole.difference_estimates, strict=True):
        np.testing.assert_array_equal(mine, theirs[..., PLACES])
    for mine, theirs in zip(known.states, whole.state_estimates, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    for mine, theirs in zip(known.ledger, whole.ledger_estimates, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    looks = known.perfusion.mean.shape[1]
    assert looks == sum(t <= 1.0 for t in TIMES)
    np.testing.assert_array_equal(known.perfusion.mean, whole.perfusion_estimates.mean[:, :looks])
    spread = whole.perfusion["sd"].to_numpy().reshape(len(POLICIES), -1)
    np.testing.assert_array_equal(known.spread, spread[:, :looks])
    assert (known.differences.se[1:, 4] > 0.0).all()


def test_blocks_are_smaller_runs(grown) -> None:
    """What is known after the first block is what a run of 1,000 people gives, however many threads there are."""
    assert [known.people for known in grown] == [1_000, 2_000, 2_500]
    small = next(courses(load_scenario(), POLICIES, 1_000, seed=7, times=TIMES, seen=1.0, workers=1))
    for mine, theirs in zip(grown[0].differences, small.differences, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_generator_that_is_closed_leaves_no_thread() -> None:
    """Who closes the generator after the first block waits for what has begun and leaves no thread running."""
    before = threading.active_count()
    running = courses(load_scenario(), POLICIES, 50_000, seed=7, times=TIMES)
    assert next(islice(running, 1)).people == 1_000
    running.close()
    assert threading.active_count() == before


def test_courses_refuse_what_simulate_refuses() -> None:
    """An unknown policy and a time after the horizon are told together at the first step."""
    with pytest.raises(BadInput) as told:
        next(courses(load_scenario(), ["conservative", "nobody"], times=[1.0, 1e6]))
    assert len(told.value.problems) == 2


def test_partial_results_are_those_of_smaller_runs() -> None:
    """With one draw `partial` has the people so far; with several, the draws that are whole."""
    scenario, seen = load_scenario(), []
    whole = simulate(scenario, POLICIES, 2_500, seed=7, partial=seen.append)
    assert [part.people for part in seen] == [1_000, 2_000]
    small = simulate(scenario, POLICIES, 2_000, seed=7)
    np.testing.assert_array_equal(seen[1].outcome_estimates.mean, small.outcome_estimates.mean)
    assert whole.people == 2_500
    draws = _three()
    seen.clear()
    simulate(scenario, POLICIES, 50, seed=7, draws=draws, partial=seen.append)
    two = simulate(scenario, POLICIES, 50, seed=7, draws=draws[:2])
    assert [len(part.draw_ids) for part in seen] == [1, 2]
    np.testing.assert_array_equal(seen[1].draw_outcomes, two.draw_outcomes)
    np.testing.assert_array_equal(seen[1].outcome_estimates.se, two.outcome_estimates.se)


@pytest.mark.parametrize("where", ["progress", "partial"])
def test_what_a_callback_raises_stops_the_run(where: str) -> None:
    """An exception in `progress` or `partial` ends the run at that block, reaches the caller and leaves no thread."""

    class Enough(Exception):
        pass

    calls = []

    def stop(*_: object) -> None:
        calls.append(1)
        raise Enough

    before = threading.active_count()
    with pytest.raises(Enough):
        simulate(load_scenario(), POLICIES, 50_000, seed=7, **{where: stop})
    assert calls == [1]
    assert threading.active_count() == before


def _three():
    rows = np.zeros(3, [("restenosis_rate", np.float64)])
    rows["restenosis_rate"] = [0.2, 0.4, 0.6]
    return rows
