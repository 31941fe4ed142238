"""Endpoint tests on many simulated trials: their levels, errors, symmetries and speed; single trials are in closed_forms."""

from __future__ import annotations

import time as clock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_trials import hierarchy, trials

from simulator.statistics.endpoints import binary_tests as binary
from simulator.statistics.endpoints.competing_tests import (
    cumulative_incidence,
    fine_gray,
    gray,
    subdistribution_logrank,
    subdistribution_times,
)
from simulator.statistics.endpoints.continuous_tests import ancova
from simulator.statistics.endpoints.survival_tests import cox, logrank, restricted_mean, survival
from simulator.statistics.endpoints.win_statistics import Level, win_statistics


def test_gray_without_competing_events_is_nearly_the_logrank():
    """With one cause and one data cut Gray's score is the log-rank's and the variances agree on average within 1%."""
    time, _, arm, _, _ = trials(6, 200, n=100)
    time, event = np.minimum(time, 1.0), time <= 1.0
    mine, plain = gray(time, event, arm), logrank(time, event, arm)
    assert mine.estimate / mine.se**2 == pytest.approx(plain.estimate / plain.se**2, abs=1e-9)
    assert np.mean(mine.se**2 / plain.se**2) == pytest.approx(1.0, abs=0.01)


def test_subdistribution_keeps_administrative_censoring():
    """A competing event stays at risk to the end of possible follow-up, and Fine-Gray finds the true ratio.

    The subdistribution hazards are proportional by construction (Fine & Gray 1999, section 5): the incidence is
    1 - (1 - p (1 - exp(-t)))^ratio.
    """
    time, event = subdistribution_times([[1.0, 2.0, 3.0]], [[1, 2, 0]], [[5.0, 4.0, 3.0]])
    assert time.tolist() == [[1.0, 4.0, 3.0]]
    assert event.tolist() == [[1, 0, 0]]
    rng = np.random.default_rng(8)
    count, n, p, ratio = 400, 400, 0.5, 0.6
    arm = np.tile(np.arange(n) % 2, (count, 1))
    power = np.where(arm == 1, ratio, 1.0)
    ever = 1 - (1 - p) ** power
    u = rng.random((count, n))
    cause_1 = u < ever
    inside = np.where(cause_1, u, 0.0)
    first = -np.log1p(-(1 - (1 - inside) ** (1 / power)) / p)
    latent = np.where(cause_1, first, rng.exponential(1.0, (count, n)))
    end = rng.uniform(0.5, 2.5, (count, n))
    seen = np.minimum(latent, end)
    event = np.where(latent > end, 0, np.where(cause_1, 1, 2))
    found = fine_gray(seen, event, arm, end)
    error = found.wald.estimate.std() / np.sqrt(count)
    assert found.wald.estimate.mean() == pytest.approx(np.log(ratio), abs=4 * error)
    assert found.wald.se.mean() == pytest.approx(found.wald.estimate.std(), rel=0.15)
    # Gray's test and the log-rank of the subdistribution hazards are nearly the same test, here with z around -3.
    plain, exact = subdistribution_logrank(seen, event, arm, end).z, gray(seen, event, arm).z
    assert np.corrcoef(plain, exact)[0, 1] > 0.99
    assert plain.mean() == pytest.approx(exact.mean(), abs=0.1)


def test_win_statistics_have_the_errors_they_claim():
    """Over 1,500 trials the mean standard errors are the spread of the estimates within 6%."""
    levels, follow_up, arm = hierarchy(15, 1_500, 80, effect=1.5)
    found = win_statistics(levels, follow_up, arm)
    for effect in (found.net_benefit, found.win_ratio, found.win_odds):
        assert effect.se.mean() == pytest.approx(effect.estimate.std(), rel=0.06)


def null_statistics(count, n):
    """z of every test in trials without an effect."""
    time, event, arm, stratum, end = trials(20, count, n)
    levels, follow_up, _ = hierarchy(21, count, n)
    outcome = np.random.default_rng(22).normal(size=(count, n))
    counts = binary.count(event == 1, arm)
    wins = win_statistics(levels, follow_up, arm)
    return {
        "logrank": logrank(time, event, arm).z,
        "stratified logrank": logrank(time, event, arm, stratum).z,
        "cox wald": cox(time, event, arm).wald.z,
        "rmst": restricted_mean(time, event, arm, 0.9).difference().z,
        "survival": survival(time, event, arm, 0.9).difference().z,
        "incidence": cumulative_incidence(time, event, arm, 0.9).difference().z,
        "gray": gray(time, event, arm).z,
        "subdistribution logrank": subdistribution_logrank(time, event, arm, end).z,
        "chi-square": binary.chi_square(counts),
        "ancova": ancova(outcome, arm, follow_up).z,
        "net benefit": wins.net_benefit.z,
    }


def test_type_one_error_is_nominal():
    """In 4,000 null trials of 200 patients every test rejects 5% of the time, within four standard errors.

    Wald tests of a mean or a curve are a little liberal at this size, which is what the extra half point allows.
    """
    found = {name: float(np.mean(np.abs(z) > 1.959964)) for name, z in null_statistics(4_000, 200).items()}
    error = 4 * np.sqrt(0.05 * 0.95 / 4_000)
    assert {name: rate for name, rate in found.items() if abs(rate - 0.05) > error + 0.005} == {}


def test_exact_tests_never_exceed_alpha():
    """Fisher's test and the corrected chi-square stay below 5%, for any common risk, within four standard errors."""
    rng = np.random.default_rng(23)
    n = np.full(4_000, 30)
    for p in (0.1, 0.3, 0.5):
        counts = binary.Counts(rng.binomial(n, p), n, rng.binomial(n, p), n)
        for rejected in (binary.fisher(counts).two_sided <= 0.05, np.abs(binary.chi_square(counts, True)) > 1.959964):
            assert rejected.mean() < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 4_000)


@settings(max_examples=25, deadline=None)
# From eight people on: with four, an analysis of covariance has one degree of freedom and a nearly singular design.
@given(seed=st.integers(0, 10_000), n=st.integers(8, 40), ties=st.booleans())
def test_every_test_is_blind_to_order_and_antisymmetric_in_the_arms(seed, n, ties):
    """Shuffling patients changes nothing, absentees change nothing, and swapping the arms turns the sign of z."""
    time, event, arm, stratum, end = trials(seed, 1, n, ties)
    arm[0, :2] = (0, 1)
    order = np.random.default_rng(seed).permutation(n)
    absent = np.full((1, 3), -1)

    def statistics(t, e, a, s, c):
        return [
            logrank(t, e, a, s).z,
            cox(t, e, a, s).wald.z,
            restricted_mean(t, e, a, 0.5).difference().z,
            cumulative_incidence(t, e, a, 0.5).difference().z,
            gray(t, e, a, s).z,
            fine_gray(t, e, a, c).score.z,
            ancova(t, a, s).z,
            binary.chi_square(binary.count(e == 1, a)),
            win_statistics([Level("later", np.where(e == 2, t, np.inf)), Level("lower", t)], c, a).net_benefit.z,
        ]

    def padded(x, value):
        return np.concatenate([x, np.full((1, 3), value)], axis=1)

    original = np.concatenate(statistics(time, event, arm, stratum, end))
    shuffled = np.concatenate(statistics(*(x[:, order] for x in (time, event, arm, stratum, end))))
    longer = np.concatenate(
        statistics(
            padded(time, np.nan),
            padded(event, 1),
            np.concatenate([arm, absent], 1),
            padded(stratum, 0),
            padded(end, np.nan),
        )
    )
    swapped = np.concatenate(statistics(time, event, 1 - arm, stratum, end))
    assert shuffled == pytest.approx(original, abs=1e-8, nan_ok=True)
    assert longer == pytest.approx(original, abs=1e-8, nan_ok=True)
    assert swapped == pytest.approx(-original, abs=1e-8, nan_ok=True)


def test_trials_do_not_touch_each_other():
    """A trial alone gives the same bits as among others."""
    time, event, arm, stratum, end = trials(24, 8, 30)
    together = [logrank(time, event, arm, stratum).z, cox(time, event, arm).wald.z, gray(time, event, arm).z]
    for i in range(8):
        alone = (x[i : i + 1] for x in (time, event, arm, stratum, end))
        t, e, a, s, _ = alone
        for whole, one in zip(together, (logrank(t, e, a, s).z, cox(t, e, a).wald.z, gray(t, e, a).z), strict=True):
            assert np.array_equal(whole[i : i + 1], one, equal_nan=True)


def test_ten_thousand_trials_are_quick():
    """A log-rank and a binary endpoint in 10,000 trials of 200 patients take under 5 s once compiled."""
    time, event, arm, _, _ = trials(25, 10_000, 200)
    logrank(time[:1], event[:1], arm[:1])
    begun = clock.perf_counter()
    logrank(time, event, arm)
    binary.chi_square(binary.count(event == 1, arm))
    assert clock.perf_counter() - begun < 5.0
