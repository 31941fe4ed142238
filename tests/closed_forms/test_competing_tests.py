"""Cumulative incidence and Gray's test, against published data, other programs and a slow transparent version."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from luck_of_r import exponential, marsaglia_multicarry, sample
from simulated_trials import arms_of, trials

from simulator.statistics.endpoints.competing_tests import (
    cumulative_incidence,
    fine_gray,
    gray,
    subdistribution_logrank,
    subdistribution_times,
)
from simulator.statistics.endpoints.survival_tests import cox, logrank

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


def test_gray_published_data():
    """Gray's chi-squares on the transplant data: relapse 2.8623325, death in remission 0.4481279 (R package cmprsk)."""
    assert gray(MONTHS, STATUS, DISEASE).z[0] ** 2 == pytest.approx(2.8623325, abs=5e-8)
    swapped = np.choose(STATUS.astype(int), [0, 2, 1])
    assert gray(MONTHS, swapped, DISEASE).z[0] ** 2 == pytest.approx(0.4481279, abs=5e-8)


def cmprsks_own() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The data of cmprsk's own test: 100 times, three groups, 0 censored and two kinds of event, two strata."""
    uniform = marsaglia_multicarry(2)
    time = np.array([exponential(uniform) for _ in range(100)])
    group, status, stratum = sample(uniform, 3, 100), sample(uniform, 3, 100), sample(uniform, 2, 100)
    return time, group, status, stratum


def test_stratified_gray_is_that_of_cmprsk():
    """Groups a and c within two strata: chi-squares 3.5151549 and 0.1400145, half a unit of the last digit (5e-8).

    What cmprsk 2.2-9 prints of `cuminc(ssd, ccd, gg2, strtd, subset = gg != 'b')` in its own test (tests/test.Rout.save).
    """
    time, group, status, stratum = cmprsks_own()
    arm = np.choose(group, [0, -1, 1])
    swapped = np.choose(status, [0, 2, 1])
    for event, printed in ((status, 3.5151549), (swapped, 0.1400145)):
        assert gray(time, event, arm, stratum).z[0] ** 2 == pytest.approx(printed, abs=6e-8)


# The same file, `cuminc(ss, cc, gg, strt)`: group, event, time, estimate. Its variances follow another formula (Aalen's), 4 to
# 13% larger in these small groups than the delta method's here, which is statsmodels' too.
CUMINC = [
    (0, 1, 1, 0.1311269),
    (0, 1, 2, 0.2699184),
    (0, 1, 3, 0.3420625),
    (0, 2, 1, 0.2257601),
    (0, 2, 2, 0.2972171),
    (0, 2, 3, 0.4415053),
    (1, 1, 1, 0.2176471),
    (1, 1, 2, 0.2615686),
    (1, 2, 1, 0.3117647),
    (1, 2, 2, 0.5878431),
    (2, 1, 1, 0.3816280),
    (2, 1, 2, 0.4889137),
    (2, 1, 3, 0.5723581),
    (2, 2, 1, 0.2160508),
    (2, 2, 2, 0.2607532),
    (2, 2, 3, 0.2607532),
]


@pytest.mark.parametrize(("of", "kind", "at", "printed"), CUMINC)
def test_cumulative_incidence_is_that_of_cmprsk(of, kind, at, printed):
    """Sixteen estimates of three groups, two events and three times, to the last digit printed (5e-8)."""
    time, group, status, _ = cmprsks_own()
    event = status if kind == 1 else np.choose(status, [0, 2, 1])
    found = cumulative_incidence(time, event, np.where(group == of, 0, -1), float(at))
    assert found.value[0, 0] == pytest.approx(printed, abs=6e-8)


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


def test_a_competing_event_stays_at_risk_until_the_end_of_follow_up():
    """Relapse at 1 is an event, death at 2 is nobody's event until the end at 4, and who was followed to 3 ends there."""
    time, event = subdistribution_times([[1.0, 2.0, 3.0, 2.0]], [[1, 2, 0, 2]], [[5.0, 4.0, 3.0, 1.5]])
    assert time.tolist() == [[1.0, 4.0, 3.0, 2.0]]
    assert event.tolist() == [[1, 0, 0, 0]]


def test_subdistribution_tests_are_those_of_the_prolonged_times():
    """Log-rank and Cox's model of the same data in which the dead wait to the end, stratified too."""
    time, event, arm, stratum, end = trials(9, 2, n=30)
    waiting, relapsed = np.where(event == 2, end, time), event == 1
    for strata in (None, stratum):
        test, model = subdistribution_logrank(time, event, arm, end, strata), fine_gray(time, event, arm, end, strata)
        assert test.z == pytest.approx(logrank(waiting, relapsed, arm, strata).z)
        assert model.wald.estimate == pytest.approx(cox(waiting, relapsed, arm, strata).wald.estimate)
        assert model.score.z == pytest.approx(cox(waiting, relapsed, arm, strata).score.z)


def test_incidence_of_five_by_hand():
    """Relapse at 1 and 3, death at 2, one lost at 2.5, one followed to 5: 1/5, then 3/5 x 1/2 more; absentees do not count.

    The delta-method variance by hand: with a = 3/10 still to come after 1 and 2, and 1/5 and 3/10 of relapse.
    """
    time, event, arm = [[1.0, 2.0, 3.0, 2.5, 5.0, 0.5, np.nan]], [[1, 2, 1, 0, 0, 1, 1]], [[0, 0, 0, 0, 0, -1, -1]]
    found = cumulative_incidence(time, event, arm, 3.0)
    assert found.value.shape == found.se.shape == (1, 2)
    assert found.value[0, 0] == pytest.approx(1 / 5 + 3 / 5 * 1 / 2)
    assert np.isnan(found.value[0, 1]) and np.isnan(found.se[0, 1])
    ahead = 3 / 10
    variance = ahead**2 * 1 / (5 * 4) + 1 * 4 / 5**3 - 2 * ahead * 1 / 5**2
    variance += ahead**2 * 1 / (4 * 3)
    variance += (3 / 5) ** 2 * 1 / 2**3
    assert found.se[0, 0] == pytest.approx(np.sqrt(variance))
    assert cumulative_incidence(time, event, arm, 2.9).value[0, 0] == pytest.approx(1 / 5)


def test_an_arm_that_is_used_up_keeps_its_incidence():
    """All of arm 0 had an event by 2 while arm 1 goes on: 1/2 of either kind, known at any later time, as Gray's test is."""
    time, event, arm = [[1.0, 2.0, 3.0, 4.0, 6.0]], [[1, 2, 1, 1, 0]], [[0, 0, 1, 1, 1]]
    with np.errstate(all="raise"):
        found = cumulative_incidence(time, event, arm, 5.0)
        assert found.value[0] == pytest.approx([1 / 2, 2 / 3])
        assert found.se[0] == pytest.approx([np.sqrt(1 / 8), np.sqrt(2 / 9 / 3)])
        assert np.isfinite(gray(time, event, arm).z[0])


def test_grays_score_of_tied_relapses_by_hand():
    """Without deaths and losses Gray's score is observed less expected: tied at 1, two of six, then one of four."""
    time, event, arm = [[1.0, 1.0, 2.0, 3.0, 3.0, 3.0]], [[1, 1, 1, 0, 0, 0]], [[0, 1, 1, 0, 0, 1]]
    found = gray(time, event, arm)
    assert found.estimate[0] / found.se[0] ** 2 == pytest.approx(1 - 2 * 3 / 6 + 1 - 2 / 4)
    absent = gray([[*time[0], 1.0]], [[*event[0], 1]], [[*arm[0], -1]])
    assert absent.z[0] == found.z[0]


def test_everybody_has_an_event_at_a_time_of_their_own():
    """Four relapses, nobody lost: Gray's score is observed less expected, 1 - 2/4 - 1/3 + 1 - 1/2 in arm 1 and nothing more."""
    found = gray([[1.0, 2.0, 3.0, 4.0]], [[1, 1, 1, 1]], [[1, 0, 1, 0]])
    assert found.estimate[0] / found.se[0] ** 2 == pytest.approx(1 - 2 / 4 - 1 / 3 + 1 - 1 / 2)
    incidence = cumulative_incidence([[1.0, 2.0, 3.0, 4.0]], [[1, 1, 1, 1]], [[1, 0, 1, 0]], 4.0)
    assert incidence.value[0].tolist() == [1.0, 1.0] and incidence.se[0] == pytest.approx([0.0, 0.0], abs=1e-12)


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
