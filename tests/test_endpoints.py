"""Endpoint tests on many trials, against scipy, statsmodels, published data and slow transparent formulas."""

from __future__ import annotations

import time as clock

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.statistics import binary_tests as binary
from simulator.statistics.competing_tests import (
    cumulative_incidence,
    fine_gray,
    gray,
    subdistribution_logrank,
    subdistribution_times,
)
from simulator.statistics.continuous_tests import ancova
from simulator.statistics.effect import z_of_t
from simulator.statistics.survival_tests import cox, logrank, restricted_mean, survival
from simulator.statistics.win_statistics import Level, win_statistics

# 177 patients with acute leukaemia and a stem cell transplant: months, status (0 censored, 1 relapse, 2 death in
# remission) and disease (0 lymphoblastic, 1 myeloblastic). Scrucca L, Santucci A, Aversa F. Bone Marrow Transplant
# 2010;45:1388-1395, doi 10.1038/bmt.2009.359.
TRANSPLANT = """
0.67/2/0 9.5/1/1 131.77/0/0 24.03/2/0 1.47/2/0 2.23/2/0 124.83/0/0 10.53/2/0 123.9/0/0 2/1/0 1.7/2/0 6.33/2/1 2.3/2/1
3.57/1/0 0.4/2/0 0.87/2/0 121.1/0/0 5.27/2/1 7.5/2/0 6.3/2/1 6.13/1/0 2.8/2/0 5.37/1/0 2.87/1/0 10.9/2/1 3.07/1/0
1.7/1/0 114.7/0/1 1.8/1/0 114.1/0/1 35/1/1 112.93/0/1 3.63/2/0 112.23/0/0 1.67/1/0 7.63/2/1 7.53/1/0 110.37/0/1
20.93/2/1 6.03/2/0 2.83/2/1 9.63/2/1 3.17/2/1 9.97/2/1 5.7/1/1 106.13/0/1 2.53/1/0 4.2/1/1 9.17/2/1 8.73/2/1 85.1/0/1
4.8/2/1 3.57/2/1 8/2/0 82.6/0/0 81.67/0/1 6/2/0 6.2/1/1 3.47/2/1 4.23/1/0 1/2/1 7.47/2/0 6.1/2/1 77/0/1 76.03/0/1
28.53/1/1 1.97/2/1 13.07/1/0 1.43/2/0 72.93/0/0 71.83/0/0 67.8/0/1 8.17/2/0 7.57/1/0 2.4/1/0 70.2/0/1 3.03/1/1
5.87/1/1 68.83/0/1 1.1/2/0 9.13/1/1 6.07/1/1 3.3/2/0 59.17/0/1 1.23/1/0 58.23/0/1 58/0/1 56.6/0/0 3.6/2/1 1.6/1/1
5.63/1/1 4.4/2/1 13.8/2/1 49.27/0/1 9.2/2/1 8.63/1/0 6.7/2/1 1.1/1/0 5.43/2/0 45.3/0/0 12.57/1/1 43.67/0/0 11.8/2/1
43.2/0/1 4.17/2/0 6.63/1/1 42.5/0/1 1.87/1/1 1.23/2/1 41.3/0/1 3.9/2/1 4.57/2/1 4.4/2/1 3.7/2/1 3.4/2/1 20.83/1/0
8.6/2/1 1.3/1/1 0.37/2/0 0.27/2/0 35.5/0/0 35.5/0/1 4.07/1/0 7.93/1/0 17.23/1/0 3.43/2/0 2/2/1 8.8/2/1 32.63/0/1
12.17/2/0 7.2/2/1 9/2/1 6/1/1 29.9/0/1 29.2/0/0 28.7/0/1 42.17/1/1 0.13/2/1 3.63/1/0 12.27/1/1 26.13/0/1 4.73/1/1
3.93/2/1 24.77/0/0 2.03/1/1 6.6/2/0 9.43/1/0 5/1/1 1.87/1/0 5.6/1/1 19.9/0/0 1.2/1/1 5.23/2/1 3.5/2/1 2.8/2/1 1.47/2/1
7.63/1/0 2.23/1/0 0.87/2/1 7.2/2/1 3.23/2/0 3.57/2/1 4.57/2/1 1.77/2/1 16.83/0/0 16.6/0/1 16.13/0/0 2.7/2/0 10.3/1/0
15.17/0/1 7/1/1 2.53/1/1 14.5/0/1 2.3/1/1 10.2/0/1 9.97/0/1 7.63/1/1
"""
MONTHS, STATUS, DISEASE = np.array([row.split("/") for row in TRANSPLANT.split()], dtype=float).T

# Two groups of ten from the documentation of the log-rank test in scipy.
LOGRANK_TIME = np.array([8, 12, 26, 14, 21, 27, 8, 32, 20, 40, 33, 28, 41, 48, 48, 25, 37, 48, 25, 43.0])
LOGRANK_EVENT = np.array([1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
LOGRANK_ARM = np.repeat([0, 1], 10)


def trials(seed, count=1, n=60, ties=False, effect=1.0):
    """Competing exponential times with censoring: time, event, arm, stratum, end of possible follow-up."""
    rng = np.random.default_rng(seed)
    arm = rng.integers(0, 2, (count, n))
    first = rng.exponential(1.0, (count, n)) / np.where(arm == 1, effect * 0.5, 0.5)
    second = rng.exponential(1.0 / 0.3, (count, n))
    end = rng.uniform(1.0, 3.0, (count, n))
    if ties:
        first, second, end = (np.ceil(4 * x) / 4 for x in (first, second, end))
    time = np.minimum(np.minimum(first, second), end)
    event = np.where(first == time, 1, np.where(second == time, 2, 0))
    return time, event, arm, rng.integers(0, 3, (count, n)), end


def arms_of(sample, time, arm, event):
    return [(time[sample][arm[sample] == a], event[sample][arm[sample] == a]) for a in (0, 1)]


# --- survival -------------------------------------------------------------------------------------------------------


def test_logrank_published_example():
    """The chi-square of scipy's documented example, to twelve digits; z is negative because arm 1 has fewer events."""
    found = logrank(LOGRANK_TIME, LOGRANK_EVENT, LOGRANK_ARM)
    assert found.z[0] ** 2 == pytest.approx(6.9159815744912585, rel=1e-12)
    assert found.z[0] < 0
    assert found.estimate[0] / found.se[0] == pytest.approx(found.z[0])


@pytest.mark.parametrize("ties", [False, True])
def test_logrank_agrees_with_scipy_and_statsmodels(ties):
    """The log-rank test, stratified or not, agrees with both libraries on simulated trials, tied times included."""
    from statsmodels.duration.survfunc import survdiff

    time, event, arm, stratum, _ = trials(1, 6, ties=ties)
    happened = (event == 1).astype(int)
    plain, stratified = logrank(time, happened, arm), logrank(time, happened, arm, stratum)
    for i in range(6):
        x, y = (
            scipy.stats.CensoredData(uncensored=t[e == 1], right=t[e == 0]) for t, e in arms_of(i, time, arm, happened)
        )
        # scipy's sign is that of its first sample's excess of survival, ours that of arm 1's excess of events.
        assert abs(plain.z[i]) == pytest.approx(abs(scipy.stats.logrank(x, y).statistic), rel=1e-10)
        assert plain.z[i] ** 2 == pytest.approx(survdiff(time[i], happened[i], arm[i])[0], rel=1e-8)
        theirs = survdiff(time[i], happened[i], arm[i], strata=stratum[i])[0]
        assert stratified.z[i] ** 2 == pytest.approx(theirs, rel=1e-8)


@pytest.mark.parametrize("ties", [False, True])
def test_cox_agrees_with_statsmodels(ties):
    """Log hazard ratio and standard error agree with statsmodels' PHReg (Efron), stratified too, to six digits."""
    from statsmodels.duration.hazard_regression import PHReg

    time, event, arm, stratum, _ = trials(2, 4, n=80, ties=ties, effect=0.6)
    happened = (event == 1).astype(int)
    for strata in (None, stratum):
        found = cox(time, happened, arm, strata)
        for i in range(4):
            kept = None if strata is None else strata[i]
            model = PHReg(time[i], arm[i][:, None].astype(float), status=happened[i], strata=kept, ties="efron")
            theirs = model.fit(disp=0)
            assert found.wald.estimate[i] == pytest.approx(theirs.params[0], rel=1e-6, abs=1e-8)
            assert found.wald.se[i] == pytest.approx(theirs.bse[0], rel=1e-6)
            assert found.wald.z[i] == pytest.approx(theirs.tvalues[0], rel=1e-6, abs=1e-8)


def test_cox_score_test_is_the_logrank_without_ties():
    """Without ties the score test of Cox's model is the log-rank test exactly."""
    time, event, arm, stratum, _ = trials(3, 20)
    assert cox(time, event, arm, stratum).score.z == pytest.approx(logrank(time, event, arm, stratum).z, rel=1e-12)


def test_cox_where_one_arm_has_all_events():
    """With all events in one arm the hazard ratio is infinite, Wald's z undefined and the score test finite."""
    time = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    arm = np.array([[1, 0, 1, 0, 1, 0]])
    for happened, sign in ((arm, 1), (1 - arm, -1)):
        found = cox(time, happened, arm)
        assert found.wald.estimate[0] == sign * np.inf
        assert np.isnan(found.wald.z[0])
        assert np.isfinite(found.score.z[0]) and np.sign(found.score.z[0]) == sign
    nothing = cox(time, 0 * arm, arm)
    assert np.isnan(nothing.wald.estimate[0]) and np.isnan(nothing.score.z[0])


@pytest.mark.parametrize("ties", [False, True])
def test_kaplan_meier_and_restricted_mean(ties):
    """Survival with Greenwood's error agrees with statsmodels, the restricted mean and its variance with sums."""
    from statsmodels.duration.survfunc import SurvfuncRight

    time, event, arm, _, _ = trials(4, 5, n=90, ties=ties)
    happened = (event > 0).astype(int)
    at = 0.8
    curve, mean = survival(time, happened, arm, at), restricted_mean(time, happened, arm, at)
    for i in range(5):
        for a, (t, e) in enumerate(arms_of(i, time, arm, happened)):
            theirs = SurvfuncRight(t, e)
            last = np.searchsorted(theirs.surv_times, at, side="right") - 1
            assert curve.value[i, a] == pytest.approx(theirs.surv_prob[last], rel=1e-10)
            assert curve.se[i, a] == pytest.approx(theirs.surv_prob_se[last], rel=1e-8)
            knots = np.array([0.0, *theirs.surv_times[: last + 1], at])
            levels = np.array([1.0, *theirs.surv_prob[: last + 1]])
            areas = levels * np.diff(knots)
            assert mean.value[i, a] == pytest.approx(areas.sum(), rel=1e-10)
            n, d = theirs.n_risk[: last + 1], theirs.n_events[: last + 1]
            ahead = areas[::-1].cumsum()[::-1][1:]
            assert mean.se[i, a] ** 2 == pytest.approx(np.sum(ahead**2 * d / (n * (n - d))), rel=1e-9)


def test_estimates_beyond_follow_up_are_undefined():
    """Survival, mean and incidence are NaN where nobody is followed long enough, unless all had the event."""
    time = np.array([[1.0, 2.0, 3.0, 1.0, 2.0, 2.5]])
    arm = np.array([[0, 0, 0, 1, 1, 1]])
    event = np.array([[1, 0, 0, 1, 1, 1]])
    for found in (survival(time, event, arm, 4.0), cumulative_incidence(time, event, arm, 4.0)):
        assert np.isnan(found.value[0, 0])
    assert survival(time, event, arm, 4.0).value[0, 1] == 0.0
    assert cumulative_incidence(time, event, arm, 4.0).value[0, 1] == 1.0
    mean = restricted_mean(time, event, arm, 4.0)
    assert np.isnan(mean.value[0, 0])
    assert mean.value[0, 1] == pytest.approx((1.0 + 2.0 + 2.5) / 3)
    assert np.isnan(mean.difference().z[0])


# --- competing events -----------------------------------------------------------------------------------------------


def test_gray_published_data():
    """Gray's chi-squares on the transplant data: relapse 2.8623325, death in remission 0.4481279 (R package cmprsk)."""
    assert gray(MONTHS, STATUS, DISEASE).z[0] ** 2 == pytest.approx(2.8623325, abs=5e-8)
    swapped = np.choose(STATUS.astype(int), [0, 2, 1])
    assert gray(MONTHS, swapped, DISEASE).z[0] ** 2 == pytest.approx(0.4481279, abs=5e-8)


def slow_gray(time, event, arm):
    """Gray's score and variance from step functions, one definition at a time; times must not be tied."""
    moments = np.sort(time[event > 0])

    def at_risk(a, t):
        return np.sum((arm == a) & (time >= t))

    def free_before(a, t):
        """Kaplan-Meier of either event in arm a, just before t."""
        return np.prod(
            [
                1 - np.sum((arm == a) & (time == s) & (event > 0)) / at_risk(a, s)
                for s in moments[moments < t]
                if at_risk(a, s)
            ]
        )

    def incidence_before(a, t):
        gains = [
            free_before(a, s) * np.sum((arm == a) & (time == s) & (event == 1)) / at_risk(a, s)
            for s in moments[moments < t]
            if at_risk(a, s)
        ]
        return sum(gains)

    def weight(a, t):
        return at_risk(a, t) / free_before(a, t) if at_risk(a, t) else 0.0

    def step(t):
        """Increment at t of the pooled cumulative incidence under the null."""
        return np.sum((time == t) & (event == 1)) / (weight(0, t) + weight(1, t))

    def pooled(t, including):
        return sum(step(s) for s in moments if s < t or (including and s == t))

    def share(t):
        return weight(0, t) * weight(1, t) / (weight(0, t) + weight(1, t))

    def tail(t):
        return sum(share(s) * step(s) / (1 - pooled(s, False)) for s in moments if s > t)

    score = variance = 0.0
    for t in moments:
        adjusted = [weight(a, t) * (1 - incidence_before(a, t)) for a in (0, 1)]
        for a in (0, 1):
            if not at_risk(a, t):
                continue
            just_after = free_before(a, t) * (1 - np.sum((arm == a) & (time == t)) / at_risk(a, t))
            beyond = 1 - pooled(t, True)
            if event[time == t][0] == 1:
                factor = 1 - beyond / just_after if just_after > 0 else 1.0
                variance += (share(t) + tail(t) * factor) ** 2 * free_before(a, t) * step(t) / at_risk(a, t)
            elif arm[time == t][0] == a and just_after > 0:
                variance += (tail(t) * beyond / just_after * free_before(a, t) / at_risk(a, t)) ** 2
        if event[time == t][0] == 1:
            score += (arm[time == t][0] == 1) - adjusted[1] / (adjusted[0] + adjusted[1])
    return score, variance


def test_gray_against_a_slow_transparent_version():
    """Score and variance equal those built from step functions one definition at a time; strata add up."""
    time, event, arm, _, _ = trials(5, 3, n=24)
    found = gray(time, event, arm)
    total = np.zeros(2)
    for i in range(3):
        score, variance = slow_gray(time[i], event[i], arm[i])
        total += (score, variance)
        assert found.z[i] == pytest.approx(score / np.sqrt(variance), rel=1e-9)
        assert found.se[i] == pytest.approx(1 / np.sqrt(variance), rel=1e-9)
    together = gray(time.reshape(1, -1), event.reshape(1, -1), arm.reshape(1, -1), np.repeat([0, 1, 2], 24)[None])
    assert together.z[0] == pytest.approx(total[0] / np.sqrt(total[1]), rel=1e-9)


def test_gray_without_competing_events_is_nearly_the_logrank():
    """With one cause and one data cut Gray's score is the log-rank's and the variances agree on average within 1%."""
    time, _, arm, _, _ = trials(6, 200, n=100)
    time, event = np.minimum(time, 1.0), time <= 1.0
    mine, plain = gray(time, event, arm), logrank(time, event, arm)
    assert mine.estimate / mine.se**2 == pytest.approx(plain.estimate / plain.se**2, abs=1e-9)
    assert np.mean(mine.se**2 / plain.se**2) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("ties", [False, True])
def test_cumulative_incidence_agrees_with_statsmodels(ties):
    """Aalen-Johansen's estimate and standard error agree with statsmodels' CumIncidenceRight."""
    from statsmodels.duration.survfunc import CumIncidenceRight

    time, event, arm, _, _ = trials(7, 5, n=80, ties=ties)
    found = cumulative_incidence(time, event, arm, 0.9)
    for i in range(5):
        for a, (t, e) in enumerate(arms_of(i, time, arm, event)):
            with np.errstate(divide="ignore", invalid="ignore"):
                theirs = CumIncidenceRight(t, e)
            last = np.searchsorted(theirs.times, 0.9, side="right") - 1
            assert found.value[i, a] == pytest.approx(theirs.cinc[0][last], rel=1e-9)
            assert found.se[i, a] == pytest.approx(theirs.cinc_se[0][last], rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 40), at=st.floats(0.1, 3.0))
def test_without_censoring_incidence_is_a_proportion(seed, n, at):
    """Without censoring the incidence is the plain proportion and its error the binomial one, ties included."""
    rng = np.random.default_rng(seed)
    time, event = np.ceil(8 * rng.exponential(1.0, (1, 2 * n))) / 8, rng.integers(1, 3, (1, 2 * n))
    arm = np.repeat([[0, 1]], n, axis=1)
    found = cumulative_incidence(time, event, arm, at)
    for a in (0, 1):
        p = np.mean((time <= at)[arm == a] & (event == 1)[arm == a])
        assert found.value[0, a] == pytest.approx(p, abs=1e-12)
        assert found.se[0, a] == pytest.approx(np.sqrt(p * (1 - p) / n), abs=1e-7)


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


# --- yes or no ------------------------------------------------------------------------------------------------------


def table_of(counts, i):
    return np.array(
        [
            [counts.yes_1[i], counts.n_1[i] - counts.yes_1[i]],
            [counts.yes_0[i], counts.n_0[i] - counts.yes_0[i]],
        ]
    )


def test_two_by_two_tests_agree_with_scipy():
    """Chi-square with and without correction and Fisher's exact test agree with scipy on random tables."""
    rng = np.random.default_rng(9)
    n_0, n_1 = rng.integers(3, 60, (2, 200))
    counts = binary.Counts(rng.binomial(n_0, 0.3), n_0, rng.binomial(n_1, 0.45), n_1)
    plain, corrected, exact = (
        binary.chi_square(counts),
        binary.chi_square(counts, continuity=True),
        binary.fisher(counts),
    )
    for i in range(200):
        table = table_of(counts, i)
        if (table.sum(axis=0) > 0).all():
            assert plain[i] ** 2 == pytest.approx(scipy.stats.chi2_contingency(table, correction=False)[0], abs=1e-10)
            assert corrected[i] ** 2 == pytest.approx(scipy.stats.chi2_contingency(table)[0], abs=1e-10)
            assert np.sign(plain[i]) == np.sign(counts.yes_1[i] / n_1[i] - counts.yes_0[i] / n_0[i])
        for name, p in (("greater", exact.greater[i]), ("less", exact.less[i]), ("two-sided", exact.two_sided[i])):
            assert p == pytest.approx(scipy.stats.fisher_exact(table, name)[1], rel=1e-9)


def test_published_two_by_two_tables():
    """Amputations in BALI (3/17 v 5/19) give Fisher's p 0.70; in Benoit 2011 (9/23 v 5/7) chi-square's p 0.1337.

    Pignon B et al. Circ J 2017;81:1713-1720; Benoit E et al. J Transl Med 2011;9:165.
    """
    bali = binary.Counts(*(np.array([x]) for x in (5, 19, 3, 17)))
    assert binary.fisher(bali).two_sided[0] == pytest.approx(0.70, abs=0.005)
    benoit = binary.Counts(*(np.array([x]) for x in (5, 7, 9, 23)))
    assert 2 * scipy.stats.norm.sf(abs(binary.chi_square(benoit)[0])) == pytest.approx(0.1337, abs=5e-5)


def test_risk_effects_agree_with_statsmodels():
    """Risk difference (Wald and Newcombe) and risk ratio (log) have statsmodels' intervals."""
    from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

    counts = binary.Counts(*(np.array(x) for x in ([10, 20, 4], [79, 60, 30], [15, 9, 11], [81, 66, 41])))
    difference, ratio = binary.risk_difference(counts), binary.risk_ratio(counts)
    low, high = binary.risk_difference_interval(counts)
    for i in range(3):
        args = (counts.yes_1[i], counts.n_1[i], counts.yes_0[i], counts.n_0[i])
        wald = confint_proportions_2indep(*args, method="wald", compare="diff")
        assert [x[i] for x in difference.interval()] == pytest.approx(wald, abs=1e-10)
        assert [low[i], high[i]] == pytest.approx(confint_proportions_2indep(*args, method="newcomb"), abs=1e-10)
        log = confint_proportions_2indep(*args, method="log", compare="ratio")
        assert np.exp([x[i] for x in ratio.interval()]) == pytest.approx(log, rel=1e-10)
    for mine, name in ((binary.wilson, "wilson"), (binary.clopper_pearson, "beta")):
        yes, n = np.array([0, 3, 20]), np.array([20, 17, 20])
        assert np.array(mine(yes, n)) == pytest.approx(np.array(proportion_confint(yes, n, method=name)), abs=1e-10)
    # JUVENTAS: 15/81 v 10/79 amputated, risk ratio 1.46 (Teraa M et al. Circulation 2015;131:851-860).
    assert np.exp(ratio.estimate[0]) == pytest.approx(1.46, abs=0.005)


def test_one_sample_exact_test_agrees_with_scipy():
    """One-sided exact binomial p values are scipy's, and 28 of 44 rejects 50% while 27 does not."""
    for yes, n in ((28, 44), (27, 44), (0, 10), (10, 10)):
        found = binary.one_sample(yes, n, 0.5)
        assert found.greater == pytest.approx(scipy.stats.binomtest(yes, n, 0.5, "greater").pvalue)
        assert found.less == pytest.approx(scipy.stats.binomtest(yes, n, 0.5, "less").pvalue)
        assert found.two_sided == pytest.approx(scipy.stats.binomtest(yes, n, 0.5).pvalue)
    assert binary.one_sample(28, 44, 0.5).greater <= 0.05 < binary.one_sample(27, 44, 0.5).greater


def test_counting_skips_those_who_take_no_part():
    """Counts ignore negative arms, and undefined statistics are NaN, never a rejection."""
    counts = binary.count([[True, False, True, True]], [[0, 0, 1, -1]])
    assert (counts.yes_0[0], counts.n_0[0], counts.yes_1[0], counts.n_1[0]) == (1, 2, 1, 1)
    nobody = binary.count([[False, False, False]], [[0, 1, 1]])
    assert np.isnan(binary.chi_square(nobody)[0])
    assert np.isnan(binary.risk_ratio(nobody).z[0])
    assert binary.fisher(nobody).two_sided[0] == 1.0


# --- means ----------------------------------------------------------------------------------------------------------


def test_ancova_agrees_with_statsmodels():
    """Difference, error, p and interval equal ordinary least squares, with covariates, missing values and absentees."""
    import statsmodels.api as sm

    rng = np.random.default_rng(10)
    arm = rng.integers(-1, 2, (5, 70))
    baseline, site = rng.normal(30, 10, (5, 70)), rng.integers(0, 2, (5, 70))
    outcome = 0.5 * baseline + 4 * (arm == 1) + 3 * site + rng.normal(0, 8, (5, 70))
    outcome[rng.random((5, 70)) < 0.1] = np.nan
    for covariates in ((), (baseline,), (baseline, site)):
        found = ancova(outcome, arm, *covariates)
        low, high = found.interval()
        for i in range(5):
            use = (arm[i] >= 0) & ~np.isnan(outcome[i])
            design = np.column_stack([np.ones(use.sum()), arm[i][use], *(x[i][use] for x in covariates)])
            theirs = sm.OLS(outcome[i][use], design).fit()
            assert found.estimate[i] == pytest.approx(theirs.params[1], rel=1e-9)
            assert found.se[i] == pytest.approx(theirs.bse[1], rel=1e-9)
            assert found.p_two_sided[i] == pytest.approx(theirs.pvalues[1], rel=1e-7)
            assert [low[i], high[i]] == pytest.approx(theirs.conf_int()[1], rel=1e-9)
            assert found.df[i] == theirs.df_resid


def test_ancova_ignores_a_covariate_that_says_nothing():
    """A constant covariate, or the same one twice, changes neither the estimate nor the degrees of freedom."""
    rng = np.random.default_rng(11)
    outcome, baseline, arm = rng.normal(size=(3, 30)), rng.normal(size=(3, 30)), np.tile(np.arange(30) % 2, (3, 1))
    plain, same = ancova(outcome, arm, baseline), ancova(outcome, arm, baseline, 2 * baseline, np.ones((3, 30)))
    assert same.z == pytest.approx(plain.z, rel=1e-9)
    assert np.array_equal(same.df, plain.df)
    assert np.isnan(ancova([[1.0, 2.0, 3.0]], [[1, 1, 1]]).z[0])
    with pytest.raises(ValueError, match="patient 1"):
        ancova([[1.0, 2.0]], [[0, 1]], [[1.0, np.nan]])


def test_z_of_t_keeps_the_tail():
    """The normal value of a t statistic has its p value, far in the tail too."""
    t, df = np.array([-9.0, -2.0, 0.0, 1.0, 12.0]), np.array([10.0, 5.0, 3.0, 40.0, 30.0])
    assert scipy.stats.norm.logsf(np.abs(z_of_t(t, df))) == pytest.approx(scipy.stats.t.logsf(np.abs(t), df), rel=1e-9)


# --- hierarchical composites ----------------------------------------------------------------------------------------


def slow_wins(levels, follow_up, arm):
    """Wins and losses pair by pair, in words."""
    wins = losses = 0
    for i in np.flatnonzero(arm == 1):
        for j in np.flatnonzero(arm == 0):
            common = min(follow_up[i], follow_up[j])
            for better, values, margin in levels:
                a, b = values[i], values[j]
                if better in ("later", "earlier"):
                    a, b = (x if x <= common else np.inf for x in (a, b))
                if better in ("earlier", "lower"):
                    a, b = -a, -b
                if a > b and not a - b <= margin:
                    wins += 1
                    break
                if b > a and not b - a <= margin:
                    losses += 1
                    break
    return wins, losses


def hierarchy(seed, count, n, effect=0.0):
    rng = np.random.default_rng(seed)
    arm = np.tile(np.arange(n) % 2, (count, 1))
    death = rng.exponential(np.where(arm == 1, 3.0 + effect, 3.0))
    amputation = rng.exponential(4.0, (count, n))
    amputation[amputation > death] = np.inf
    healing = rng.exponential(2.0, (count, n))
    healing[healing > death] = np.inf
    oxygen = np.round(rng.normal(35, 10, (count, n)), 0)
    oxygen[rng.random((count, n)) < 0.1] = np.nan
    levels = [
        Level("later", death),
        Level("later", amputation),
        Level("earlier", healing),
        Level("higher", oxygen, 3.0),
    ]
    return levels, rng.uniform(0.5, 2.0, (count, n)), arm


def test_wins_pair_by_pair():
    """Wins and losses of a four-level hierarchy equal a plain loop over pairs, and shares add up."""
    levels, follow_up, arm = hierarchy(12, 4, 40)
    arm[:, 35:] = -1
    found = win_statistics(levels, follow_up, arm)
    for i in range(4):
        plain = [(level.better, np.asarray(level.values)[i], level.margin) for level in levels]
        assert (found.wins[i], found.losses[i]) == slow_wins(plain, follow_up[i], arm[i])
        assert found.pairs[i] == np.sum(arm[i] == 1) * np.sum(arm[i] == 0)
    assert found.decided.sum(axis=1) == pytest.approx((found.wins + found.losses) / found.pairs)
    assert (found.decided > 0).all()


def test_win_ratio_from_published_counts():
    """22,451 wins and 17,761 losses of 45,305 pairs: win ratio 1.26406, win odds and net benefit by hand."""
    # 221 x 205 patients whose values make exactly these counts are not published, so the effects are taken from a trial
    # and the identities between them are checked with the published counts.
    wins, losses, pairs = 22_451, 17_761, 45_305
    assert wins / losses == pytest.approx(1.26406, abs=5e-6)
    benefit = (wins - losses) / pairs
    ties = pairs - wins - losses
    assert (wins + ties / 2) / (losses + ties / 2) == pytest.approx((1 + benefit) / (1 - benefit))
    levels, follow_up, arm = hierarchy(13, 3, 50)
    found = win_statistics(levels, follow_up, arm)
    benefit = found.net_benefit.estimate
    assert np.exp(found.win_ratio.estimate) == pytest.approx(found.wins / found.losses)
    assert np.exp(found.win_odds.estimate) == pytest.approx((1 + benefit) / (1 - benefit))


def test_net_benefit_is_the_brunner_munzel_test():
    """For one outcome the net benefit's z is scipy's Brunner-Munzel statistic, ties included."""
    rng = np.random.default_rng(14)
    arm = np.tile(np.arange(50) % 2, (6, 1))
    value = np.round(rng.normal(size=(6, 50)) + 0.4 * arm, 1)
    found = win_statistics([Level("higher", value)], np.ones((6, 50)), arm)
    mirrored = win_statistics([Level("lower", value)], np.ones((6, 50)), arm)
    for i in range(6):
        theirs = scipy.stats.brunnermunzel(value[i][arm[i] == 0], value[i][arm[i] == 1], distribution="normal")
        assert found.net_benefit.z[i] == pytest.approx(theirs.statistic, rel=1e-9)
    assert mirrored.win_ratio.estimate == pytest.approx(-found.win_ratio.estimate)


def test_win_statistics_have_the_errors_they_claim():
    """Over 1,500 trials the mean standard errors are the spread of the estimates within 6%."""
    levels, follow_up, arm = hierarchy(15, 1_500, 80, effect=1.5)
    found = win_statistics(levels, follow_up, arm)
    for effect in (found.net_benefit, found.win_ratio, found.win_odds):
        assert effect.se.mean() == pytest.approx(effect.estimate.std(), rel=0.06)


def test_win_statistics_at_their_limits():
    """Only wins, or an outcome that ties everywhere, leave undefined statistics undefined."""
    arm = np.array([[1, 1, 0, 0]])
    all_won = win_statistics([Level("higher", [[5.0, 6.0, 1.0, 2.0]])], np.ones((1, 4)), arm)
    assert all_won.net_benefit.estimate[0] == 1.0
    assert all_won.win_ratio.estimate[0] == np.inf and np.isnan(all_won.win_ratio.z[0])
    tied = win_statistics([Level("later", np.full((1, 4), np.inf))], np.ones((1, 4)), arm)
    assert tied.net_benefit.estimate[0] == 0.0 and np.isnan(tied.win_ratio.z[0])
    with pytest.raises(ValueError, match="allowed: later"):
        win_statistics([Level("best", arm)], np.ones((1, 4)), arm)


# --- all tests ------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"time": [[1.0, np.nan]]}, "trial 0, patient 1 needs a time"),
        ({"time": [[1.0, -2.0]]}, "needs a time of 0 or more"),
        ({"event": [[0, 3]]}, "event code"),
        ({"arm": [[0, 2]]}, "arm 0, 1 or negative"),
        ({"stratum": [[0, -1]]}, "stratum"),
        ({"event": [[0, 1, 1]]}, "event has shape"),
    ],
)
def test_bad_data_is_named(change, said):
    """Data that cannot be is refused with the trial and the patient."""
    data = {"time": [[1.0, 2.0]], "event": [[0, 1]], "arm": [[0, 1]], "stratum": [[0, 0]], **change}
    with pytest.raises(ValueError, match=said):
        gray(data["time"], data["event"], data["arm"], data["stratum"])


def test_ten_thousand_trials_are_quick():
    """A log-rank and a binary endpoint in 10,000 trials of 200 patients take under 5 s once compiled."""
    time, event, arm, _, _ = trials(25, 10_000, 200)
    logrank(time[:1], event[:1], arm[:1])
    begun = clock.perf_counter()
    logrank(time, event, arm)
    binary.chi_square(binary.count(event == 1, arm))
    assert clock.perf_counter() - begun < 5.0
