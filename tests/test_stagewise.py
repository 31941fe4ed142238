"""Estimate, interval and p value after stopping: against rpact, by hand, and their promise in simulated statistics."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from simulator.statistics.sequential.boundaries import Boundaries
from simulator.statistics.sequential.boundary_search import solve
from simulator.statistics.sequential.spending import Spending
from simulator.statistics.sequential.stagewise import AfterStopping, after_stopping
from simulator.statistics.sequential.stopping_plan import Futility, Plan


def after(found: Boundaries, look: int, z: float, binding: bool = True, tail: float = 0.025) -> AfterStopping:
    """One trial, on the grid of a design."""
    rows = (found.information[None], found.lower[None], found.upper[None])
    return after_stopping(*rows, np.array([look]), np.array([z]), tail, binding, r=48)


# rpact, tests/testthat/test-f_analysis_base_survival.R: hazard ratios are exp(2 drift / root of all events).
@pytest.mark.parametrize(
    ("plan", "look", "z", "events", "p", "estimate", "low", "high"),
    [
        (
            Plan((0.4, 1.0), 0.025, "wang-tsiatis", delta=0.25, futility=Futility("z", z=(0.0,), binding=True)),
            2,
            2.1,
            20,
            0.021122043,
            2.5476534,
            1.0341796,
            6.2409205,
        ),
        (
            Plan((0.2, 0.4, 1.0), 0.025, "wang-tsiatis", delta=0.25),
            3,
            2.9,
            38,
            0.0074535505,
            2.4764002,
            1.222663,
            4.752454,
        ),
    ],
)
def test_the_final_interval_is_that_of_rpact(plan, look, z, events, p, estimate, low, high):
    """p value, median-unbiased hazard ratio and interval of two published log-rank trials, to six decimals (p: eight)."""
    made = after(solve(plan), look, z)
    assert made.p[0] == pytest.approx(p, abs=1e-8)
    ratios = [float(np.exp(2.0 * each[0] / np.sqrt(events))) for each in (made.estimate, made.low, made.high)]
    assert ratios == pytest.approx([estimate, low, high], abs=3e-6)


def test_at_the_first_look_nothing_is_adjusted():
    """A trial that stops at its first look has the ordinary p value, estimate z / root t and interval."""
    found = solve(Plan((0.5, 1.0), 0.025, "obf"))
    made = after(found, 1, 3.1)
    assert made.p[0] == pytest.approx(norm.sf(3.1), abs=1e-12)
    root = np.sqrt(0.5)
    expected = [3.1 / root, (3.1 - 1.959964) / root, (3.1 + 1.959964) / root]
    assert [made.estimate[0], made.low[0], made.high[0]] == pytest.approx(expected, abs=1e-6)


def test_a_trial_on_its_boundary_has_the_alpha_spent_so_far():
    """With z on the boundary of look k the p value is the alpha spent by then, so that p and the test never disagree."""
    found = solve(Plan((0.3, 0.6, 1.0), 0.025, "ld-pocock"))
    for look in (1, 2, 3):
        made = after(found, look, float(found.upper[look - 1]))
        assert made.p[0] == pytest.approx(found.cumulative_alpha[look - 1], abs=1e-9)
    assert after(found, 3, float(found.upper[-1])).low[0] == pytest.approx(0.0, abs=1e-7)


def test_a_look_without_new_information_changes_nothing():
    """A look that did not happen repeats the information before it, and has no say in the order of results."""
    t, upper, lower = np.array([[0.4, 0.4, 1.0]]), np.array([[2.8, np.inf, 2.0]]), np.full((1, 3), -np.inf)
    three = after_stopping(t, lower, upper, np.array([3]), np.array([2.3]), 0.025)
    two = after_stopping(t[:, ::2], lower[:, ::2], upper[:, ::2], np.array([2]), np.array([2.3]), 0.025)
    assert three.estimate == pytest.approx(two.estimate, abs=1e-9)
    assert three.p == pytest.approx(two.p, abs=1e-12)


def stopped(found: Boundaries, drift: float, obeyed: bool, trials: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Look (from 1) and z at which trials with this drift stop."""
    rng, t = np.random.default_rng(seed), found.information
    step = np.diff(t, prepend=0.0)
    walk = np.cumsum(rng.standard_normal((trials, t.size)) * np.sqrt(step) + drift * step, axis=1)
    z = walk / np.sqrt(t)
    ends = (z >= found.upper) | ((z < found.lower) if obeyed or found.plan.sides == 2 else np.zeros_like(z, bool))
    ends[:, -1] = True
    look = ends.argmax(axis=1)
    return look + 1, z[np.arange(trials), look]


@pytest.mark.parametrize("drift", [0.0, 3.3])
@pytest.mark.parametrize("kind", ["triangular", "ld-obf", "two-sided"])
def test_half_of_the_estimates_lie_above_and_the_interval_covers(kind, drift):
    """4,000 trials of each design: median and both limits within 3.5 standard errors; the naive estimate is far off."""
    sides = 2 if kind == "two-sided" else 1
    plan = Plan((0.3, 0.6, 1.0), 0.025 * sides, "ld-pocock" if sides == 2 else kind, sides)
    found, n = solve(plan), 4_000
    look, z = stopped(found, drift, True, n, 7)
    rows = (np.tile(each, (n, 1)) for each in (found.information, found.lower, found.upper))
    made = after_stopping(*rows, look, z, 0.025)
    assert abs((made.estimate > drift).mean() - 0.5) < 3.5 * 0.5 / np.sqrt(n)
    error = 3.5 * np.sqrt(0.025 * 0.975 / n)
    assert abs((made.low > drift).mean() - 0.025) < error
    assert abs((made.high < drift).mean() - 0.025) < error
    if drift == 0.0:
        assert abs((made.p < 0.5).mean() - 0.5) < 3.5 * 0.5 / np.sqrt(n)
    else:
        assert (z / np.sqrt(found.information[look - 1]) > drift).mean() > 0.53


@pytest.mark.parametrize("obeyed", [True, False])
def test_limits_hold_whether_or_not_a_rule_that_does_not_bind_is_obeyed(obeyed):
    """Neither limit misses more often than it may; the estimate is median-unbiased where the rule is obeyed."""
    plan = Plan((0.3, 0.6, 1.0), 0.025, "ld-obf", power=0.8, futility=Futility("beta", Spending("ld-pocock")))
    found, n, drift = solve(plan), 4_000, 2.0
    look, z = stopped(found, drift, obeyed, n, 9)
    rows = (np.tile(each, (n, 1)) for each in (found.information, found.lower, found.upper))
    made = after_stopping(*rows, look, z, 0.025, binding=False)
    error = 3.5 * np.sqrt(0.025 * 0.975 / n)
    assert (made.low > drift).mean() < 0.025 + error
    assert (made.high < drift).mean() < 0.025 + error
    assert (made.low <= made.estimate).all() and (made.estimate <= made.high).all()
    if obeyed:
        assert abs((made.estimate > drift).mean() - 0.5) < 3.5 * 0.5 / np.sqrt(n)
