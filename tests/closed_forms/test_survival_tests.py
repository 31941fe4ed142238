"""Log-rank tests, hazard ratios, survival and restricted means, against published data and other programs."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from simulated_trials import arms_of, trials

from simulator.statistics.endpoints.competing_tests import (
    cumulative_incidence,
)
from simulator.statistics.endpoints.survival_tests import cox, logrank, restricted_mean, survival

# Two groups of ten from the documentation of the log-rank test in scipy.
LOGRANK_TIME = np.array([8, 12, 26, 14, 21, 27, 8, 32, 20, 40, 33, 28, 41, 48, 48, 25, 37, 48, 25, 43.0])


LOGRANK_EVENT = np.array([1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0])


LOGRANK_ARM = np.repeat([0, 1], 10)


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


def test_an_arm_that_has_died_out_stays_dead_while_the_other_goes_on():
    """Both of arm 1 die by 2, arm 0 has a death at 3: survival at 3.5 is 0 and 2/3, the mean of arm 1 is 1.5."""
    time, event, arm = [[1.0, 2.0, 3.0, 4.0, 5.0]], [[1, 1, 1, 0, 0]], [[1, 1, 0, 0, 0]]
    with np.errstate(all="raise"):
        curve, mean = survival(time, event, arm, 3.5), restricted_mean(time, event, arm, 3.5)
    for found in (curve, mean):
        assert found.value.shape == found.se.shape == (1, 2)
    assert curve.value[0] == pytest.approx([2 / 3, 0.0])
    assert curve.se[0] == pytest.approx([np.sqrt(2 / 9 / 3), 0.0])
    assert mean.value[0] == pytest.approx([3.0 + 0.5 * 2 / 3, 1.5])
    # Greenwood for arm 0: area after 3 squared over 3 x 2; for arm 1: area 0.5 after 1 squared over 2 x 1.
    assert mean.se[0] == pytest.approx([np.sqrt((1 / 3) ** 2 / 6), np.sqrt(0.25 / 2)])


def test_who_takes_no_part_changes_nothing():
    """Absentees may have any time and any event; a death at the very time asked for has happened."""
    time, event, arm = [[1.0, 2.0, 3.0, 4.0]], [[1, 0, 1, 1]], [[0, 0, 1, 1]]
    more = [[9.0, *time[0], np.nan]], [[1, *event[0], 1]], [[-1, *arm[0], -2]]
    for function in (logrank, lambda *data: cox(*data).wald, lambda *data: survival(*data, 1.0).difference()):
        assert function(*more).z == pytest.approx(function(time, event, arm).z, nan_ok=True)
    assert survival(time, event, arm, 1.0).value[0] == pytest.approx([1 / 2, 1.0])
    assert survival(time, event, arm, 3.0).value[0, 1] == pytest.approx(1 / 2)


def test_tied_deaths_by_efron_and_by_hand():
    """Two of four die together, one of each arm, then one of arm 0 of the two left: score and information at no effect.

    Efron: 1 - 1/2 - 1/2 with variances 1/4 + 1/4 (half of each tied pair leaves 1.5 against 1.5), then -1/2 and 1/4.
    """
    found = cox([[1.0, 1.0, 2.0, 3.0]], [[1, 1, 1, 0]], [[0, 1, 0, 1]])
    assert found.score.estimate[0] == pytest.approx(-0.5 / 0.75)
    assert found.score.se[0] == pytest.approx(1.0 / np.sqrt(0.75))
    tested = logrank([[1.0, 1.0, 2.0, 3.0]], [[1, 1, 1, 0]], [[0, 1, 0, 1]])
    # Hypergeometric: 2 x 2/3 x 1/4 for the tie, 1/4 after it.
    assert tested.se[0] == pytest.approx(1.0 / np.sqrt(1 / 3 + 1 / 4))
    assert tested.estimate[0] == pytest.approx(-0.5 / (1 / 3 + 1 / 4))


def test_a_very_large_effect_is_still_found():
    """All of arm 1 but one die before all of arm 0: log hazard ratio where the score is zero, far from where steps begin."""
    n = 40
    time = np.concatenate([np.arange(n - 1) * 0.01 + 0.01, [5.5], np.arange(n) + 1.0])[None]
    arm = np.repeat([[1, 0]], n, axis=1)
    beta = cox(time, np.ones_like(arm), arm).wald.estimate[0]
    assert beta > 3.0
    score = 0.0
    for t in np.sort(time[0]):
        risk = np.exp(beta * arm[0]) * (time[0] >= t)
        score += arm[0][time[0] == t][0] - (risk * arm[0]).sum() / risk.sum()
    assert score == pytest.approx(0.0, abs=1e-8)
    assert cox(time, np.ones_like(arm), 1 - arm).wald.estimate[0] == pytest.approx(-beta, rel=1e-9)


def test_infinite_estimates_have_infinite_errors():
    """An event in arm 1 only, while both are at risk; a later one of arm 0, alone by then, says nothing."""
    found = cox([[1.0, 1.5, 2.0]], [[1, 0, 1]], [[1, 1, 0]]).wald
    assert found.estimate[0] == np.inf and found.se[0] == np.inf and np.isnan(found.z[0])
    nobody = logrank([[1.0, 2.0]], [[0, 0]], [[0, 1]])
    assert np.isnan([nobody.estimate[0], nobody.se[0], nobody.z[0]]).all()
