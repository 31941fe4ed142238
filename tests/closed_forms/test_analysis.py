"""Who has an outcome, when, and what a test makes of it: patient by patient, and by the tests themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import beta, norm
from scipy.stats import t as student
from small_trials import NEVER, trial

from simulator.questions.trial.analysis.analysis import Analysis, analyse
from simulator.questions.trial.analysis.data import TrialData, cut
from simulator.questions.trial.analysis.seen import arms, at_a_time, at_visit, known_end, through, time_to_event
from simulator.questions.trial.design.endpoint import Endpoint
from simulator.statistics.endpoints import (
    adjusted_tests,
    binary_tests,
    competing_tests,
    survival_tests,
    weighted_logrank,
)
from simulator.statistics.endpoints.continuous_tests import ancova
from simulator.statistics.endpoints.win_statistics import Level, win_statistics

# 0 limb lost; 1 dilated again, then limb lost; 2 healed, lost; 3 nothing; 4 dead; 5 healed, then limb lost; 6 lost; 7 healed;
# 8 limb lost, then lost.
SEEN = trial(
    arm=[0, 0, 0, 0, 1, 1, 1, 1, 1],
    lost=[NEVER, NEVER, 0.6, NEVER, NEVER, NEVER, 0.5, NEVER, 0.6],
    healed=[NEVER, NEVER, 0.4, NEVER, NEVER, 0.3, NEVER, 1.0, NEVER],
    amputated=[0.5, 0.9, NEVER, NEVER, NEVER, 0.8, NEVER, NEVER, 0.3],
    died=[NEVER, NEVER, NEVER, NEVER, 0.7, NEVER, NEVER, 1.5, NEVER],
    reintervened=[NEVER, 0.2, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER],
    visits=(0.5, 1.0),
    walking=[0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0],
)


def endpoint(outcome: str, test: str = "chi_square", **more: Any) -> Endpoint:
    return Endpoint(name="e", outcome=outcome, test=test, **more)


@pytest.mark.parametrize(
    ("outcome", "yes", "missing", "failures"),
    [
        ("major_amputation", [0, 1, 5, 8], [2, 6], [0, 1, 2, 5, 6, 8]),
        ("death", [4], [2, 6, 8], [2, 4, 6, 8]),
        ("amputation_free_survival", [2, 3, 6, 7], [2, 6], [3, 7]),
        ("healing", [2, 5, 7], [6, 8], [2, 5, 7]),
        ("healing_without_amputation", [2, 7], [2, 6], [7]),
        ("limb_success", [2, 7], [2, 6], [7]),
        ("reintervention", [1], [2, 6], [1, 2, 6]),
        ("limb_event", [0, 1, 5, 8], [2, 6], [0, 1, 2, 5, 6, 8]),
        ("walking", [0, 1, 3, 5, 7], [2, 6, 8], [0, 1, 3, 5, 7]),
    ],
)
def test_outcomes_at_a_year(outcome: str, yes: list[int], missing: list[int], failures: list[int]) -> None:
    """Who has it, who is missing because lost before it was settled, and who has it where the lost count as failures."""
    found, gone = at_a_time(endpoint(outcome, at_months=12.0), SEEN)
    assert (np.flatnonzero(found[0]).tolist(), np.flatnonzero(gone[0]).tolist()) == (yes, missing)
    failed, none = at_a_time(endpoint(outcome, at_months=12.0, lost="failure"), SEEN)
    assert np.flatnonzero(failed[0]).tolist() == failures and not none.any()
    # In the worst case those lost of the control have succeeded, and the others failed.
    worst, none = at_a_time(endpoint(outcome, at_months=12.0, lost="worst_case"), SEEN)
    bad = outcome in ("major_amputation", "death", "reintervention", "limb_event")
    counted = set(yes) - set(missing)
    counted |= {k for k in missing if (k > 3) == bad}
    assert np.flatnonzero(worst[0]).tolist() == sorted(counted) and not none.any()


@pytest.mark.parametrize(
    ("outcome", "times", "codes"),
    [
        ("major_amputation", [0.5, 0.9, 0.6, 2.0, 0.7, 0.8, 0.5, 1.5, 0.3], [1, 1, 0, 0, 2, 1, 0, 2, 1]),
        ("death", [2.0, 2.0, 0.6, 2.0, 0.7, 2.0, 0.5, 1.5, 0.6], [0, 0, 0, 0, 1, 0, 0, 1, 0]),
        ("amputation_free_survival", [0.5, 0.9, 0.6, 2.0, 0.7, 0.8, 0.5, 1.5, 0.3], [1, 1, 0, 0, 1, 1, 0, 1, 1]),
        ("healing", [2.0, 2.0, 0.4, 2.0, 0.7, 0.3, 0.5, 1.0, 0.6], [0, 0, 1, 0, 2, 1, 0, 1, 0]),
        ("healing_without_amputation", [0.5, 0.9, 0.4, 2.0, 0.7, 0.3, 0.5, 1.0, 0.3], [2, 2, 1, 0, 2, 1, 0, 1, 2]),
        ("reintervention", [0.5, 0.2, 0.6, 2.0, 0.7, 0.8, 0.5, 1.5, 0.3], [2, 1, 0, 0, 2, 2, 0, 2, 2]),
        ("limb_event", [0.5, 0.2, 0.6, 2.0, 0.7, 0.8, 0.5, 1.5, 0.3], [1, 1, 0, 0, 2, 1, 0, 2, 1]),
    ],
)
def test_outcomes_as_times(outcome: str, times: list[float], codes: list[int]) -> None:
    """First event, competing event or end of follow-up; cut off at a year what comes later has not been seen."""
    seen = time_to_event(endpoint(outcome, "cox"), SEEN)
    assert (seen.time[0].tolist(), seen.code[0].tolist()) == (times, codes)
    assert seen.follow_up[0].tolist() == [2.0, 2.0, 0.6, 2.0, 2.0, 2.0, 0.5, 2.0, 0.6]
    year = time_to_event(endpoint(outcome, "cox", at_months=12.0), SEEN)
    assert year.time[0].tolist() == [min(time, 1.0) for time in times]
    assert year.code[0].tolist() == [code if time <= 1.0 else 0 for time, code in zip(times, codes, strict=True)]


def test_who_is_through_and_who_is_compared() -> None:
    """In the trial for a year, lost or not; the other arm against the control; the visit nearest in time."""
    data = trial(arm=[0, 1, 2, -1], end=[1.0, 0.999, 1.5, 2.0], visits=(0.5, 1.0), tcpo2=range(8))
    event = endpoint("death", at_months=12.0)
    assert through(event, data).tolist() == [[True, False, True, False]]
    assert through(endpoint("death", "cox", at_months=12.0), data).tolist() == [[True, True, True, False]]
    assert arms(data, 2, np.ones((1, 4), bool)).tolist() == [[0, -1, 1, -1]]
    assert arms(data, 1, np.array([[True, False, True, True]])).tolist() == [[0, -1, -1, -1]]
    assert at_visit(event, data, data.tcpo2).tolist() == [[1.0, 3.0, 5.0, 7.0]]
    assert known_end(event, data)[0].tolist() == [1.0, 0.999, 1.0, 1.0]
    assert known_end(endpoint("death", "cox"), data)[0].tolist() == [1.0, 0.999, 1.5, 2.0]
    # Half a year after the trial opened nobody has been followed for longer, and who entered later has not been followed at all.
    early = cut(trial(arm=[0, 1], entry=[0.0, 1.0]), 0.5)
    assert known_end(endpoint("death", "cox"), early)[0].tolist() == [0.5, 0.0]


def many() -> TrialData:
    """Three trials of sixty, a third of them under a second treatment; some lost, some not followed for a year."""
    rng = np.random.default_rng(5)
    shape = (3, 60)
    first = {
        name: rng.exponential(scale, shape) for name, scale in (("died", 2.0), ("amputated", 1.5), ("healed", 0.8))
    }
    first |= {"lost": rng.exponential(3.0, shape), "reintervened": rng.exponential(2.0, shape)}
    end = np.where(rng.random(shape) < 0.1, 0.7, 1.6)
    last = np.minimum(np.minimum(end, first["lost"]), first["died"])
    times = {name: np.where(time <= last, time, NEVER) for name, time in first.items()}
    tcpo2 = np.where(rng.random((*shape, 2)) < 0.1, np.nan, rng.normal(30.0, 10.0, (*shape, 2)))
    return trial(
        arm=np.tile(np.arange(60) % 3, (3, 1)),
        **times,
        end=end,
        tcpo2_entry=rng.normal(20.0, 5.0, shape),
        stratum=rng.integers(0, 3, shape),
        visits=(0.5, 1.0),
        tcpo2=tcpo2,
        walked=rng.random((*shape, 2)),
    )


MANY = many()
GROUP = np.where(MANY.arm == 2, 1, np.where(MANY.arm == 0, 0, -1)).astype(np.int8)
READY = np.where(MANY.end >= 1.0, GROUP, -1)


def events(data: TrialData, at: float = NEVER) -> tuple[np.ndarray, np.ndarray]:
    """Time to amputation or death of each patient, and whether it was seen by `at`."""
    first = np.minimum(data.amputated, data.died)
    follow = np.minimum(np.minimum(data.end, data.lost), at)
    return np.minimum(first, follow), (first <= follow) * 1


def same(found: Analysis, estimate: Any, se: Any, z: Any, information: Any) -> None:
    for own, other in ((found.estimate, estimate), (found.se, se), (found.z, z), (found.information, information)):
        assert own == pytest.approx(np.asarray(other), nan_ok=True)
    assert found.against == pytest.approx(-found.z, nan_ok=True)


def test_times_to_an_event() -> None:
    """Fewer of them are good: z has the opposite sign; information is the number of events in the two arms compared."""
    time, event = events(MANY)
    count = (event * (GROUP >= 0)).sum(axis=1)
    afs = "amputation_free_survival"
    plain = survival_tests.logrank(time, event, GROUP)
    same(analyse(endpoint(afs, "logrank"), MANY, 2), plain.estimate, plain.se, -plain.z, count)
    strata = survival_tests.logrank(time, event, GROUP, MANY.stratum)
    same(analyse(endpoint(afs, "logrank", stratified=True), MANY, 2), strata.estimate, strata.se, -strata.z, count)
    wald = survival_tests.cox(time, event, GROUP).wald
    same(analyse(endpoint(afs, "cox"), MANY, 2), wald.estimate, wald.se, -wald.z, count)
    late = weighted_logrank.fleming_harrington(time, event, GROUP, 0.5, 1.0)
    own = analyse(endpoint(afs, "fleming_harrington", rho=0.5, gamma=1.0), MANY, 2)
    same(own, late.estimate, late.se, -late.z, count)
    combined = weighted_logrank.max_combo(time, event, GROUP)
    own = analyse(endpoint(afs, "max_combo"), MANY, 2)
    assert own.z == pytest.approx(-norm.ppf(combined.less)) and own.against == pytest.approx(
        -norm.ppf(combined.greater)
    )
    assert own.estimate == pytest.approx(plain.estimate) and own.information.tolist() == count.tolist()


def test_survival_at_a_year_and_restricted_means() -> None:
    """More is better; information is who is through; means are in months."""
    time, event = events(MANY, 1.0)
    ready = (READY >= 0).sum(axis=1)
    afs, just = "amputation_free_survival", 1.0 - 1e-9
    alive = survival_tests.survival(time, event, GROUP, just)
    for test, effect in (("km_difference", alive.difference()), ("km_ratio", alive.log_ratio())):
        same(analyse(endpoint(afs, test, at_months=12.0), MANY, 2), effect.estimate, effect.se, effect.z, ready)
    mean = survival_tests.restricted_mean(time, event, GROUP, just).difference()
    own = analyse(endpoint(afs, "rmst", at_months=12.0), MANY, 2)
    same(own, mean.estimate * 12.0, mean.se * 12.0, mean.z, ready)


def test_competing_events() -> None:
    """Amputation before death: fewer are good; healing: more are. Whoever died is at risk to the known end."""
    code = np.where(MANY.amputated <= np.minimum(MANY.end, MANY.lost), 1, np.where(MANY.died < NEVER, 2, 0))
    code = np.where((MANY.died < MANY.amputated) & (MANY.died < NEVER), 2, code)
    time = np.minimum(np.minimum(MANY.amputated, MANY.died), np.minimum(MANY.end, MANY.lost))
    count = ((code == 1) & (GROUP >= 0)).sum(axis=1)
    tests = {
        "gray": competing_tests.gray(time, code, GROUP),
        "subdistribution_logrank": competing_tests.subdistribution_logrank(time, code, GROUP, MANY.end),
        "fine_gray": competing_tests.fine_gray(time, code, GROUP, MANY.end).wald,
    }
    for name, effect in tests.items():
        same(analyse(endpoint("major_amputation", name), MANY, 2), effect.estimate, effect.se, -effect.z, count)
    incidence = competing_tests.cumulative_incidence(
        np.minimum(time, 1.0), np.where(time <= 1.0, code, 0), GROUP, 1.0 - 1e-9
    ).difference()
    own = analyse(endpoint("major_amputation", "cumulative_incidence", at_months=12.0), MANY, 2)
    same(own, incidence.estimate, incidence.se, -incidence.z, (READY >= 0).sum(axis=1))


@pytest.mark.parametrize(("outcome", "good"), [("death", False), ("healing", True)])
def test_two_by_two_tables(outcome: str, good: bool) -> None:
    """Of those who are through and not missing; rates by arm, the share missing, and the sign by what is good."""
    had = (MANY.died if outcome == "death" else MANY.healed) <= 1.0
    settled = had | (MANY.died <= 1.0)
    group = np.where((MANY.lost <= 1.0) & ~settled, -1, READY)
    table = binary_tests.count(had, group)
    sign = 1.0 if good else -1.0
    ready = (READY >= 0).sum(axis=1)
    size, ratio = binary_tests.risk_difference(table), binary_tests.risk_ratio(table)
    for test, effect, z in (
        ("risk_difference", size, size.z),
        ("risk_ratio", ratio, ratio.z),
        ("chi_square", size, binary_tests.chi_square(table)),
        ("chi_square_corrected", size, binary_tests.chi_square(table, continuity=True)),
    ):
        found = analyse(endpoint(outcome, test, at_months=12.0), MANY, 2)
        same(found, effect.estimate, effect.se, sign * z, ready)
        assert found.shares["rate_0"] == pytest.approx(table.yes_0 / table.n_0)
        assert found.shares["rate_1"] == pytest.approx(table.yes_1 / table.n_1)
        assert found.shares["missing"] == pytest.approx(1.0 - (group >= 0).sum(axis=1) / ready)
    exact = binary_tests.fisher(table)
    found = analyse(endpoint(outcome, "fisher", at_months=12.0), MANY, 2)
    better, worse = (exact.greater, exact.less) if good else (exact.less, exact.greater)
    assert found.z == pytest.approx(-norm.ppf(better)) and found.against == pytest.approx(-norm.ppf(worse))
    by_strata = adjusted_tests.cochran_mantel_haenszel(had, group, MANY.stratum)
    same(
        analyse(endpoint(outcome, "cmh", at_months=12.0), MANY, 2),
        by_strata.estimate,
        by_strata.se,
        sign * by_strata.z,
        ready,
    )
    levels = [(MANY.stratum == level) * 1.0 for level in (1, 2)]
    standard = adjusted_tests.standardised_difference(had, group, MANY.tcpo2_entry, *levels)
    own = analyse(endpoint(outcome, "g_computation", at_months=12.0), MANY, 2)
    same(own, standard.estimate, standard.se, sign * standard.z, ready)


def test_measurements_at_a_visit() -> None:
    """TcPO2 by its value on entry, with strata where asked for; years walked by the t test; unmeasured are left out."""
    ready = (READY >= 0).sum(axis=1)
    value, walked = MANY.tcpo2[:, :, 1], MANY.walked[:, :, 0]
    levels = [(MANY.stratum == level) * 1.0 for level in (1, 2)]
    plain = ancova(value, READY, MANY.tcpo2_entry)
    same(analyse(endpoint("tcpo2", "ancova", at_months=12.0), MANY, 2), plain.estimate, plain.se, plain.z, ready)
    strata = ancova(value, READY, MANY.tcpo2_entry, *levels)
    own = analyse(endpoint("tcpo2", "ancova", at_months=12.0, stratified=True), MANY, 2)
    same(own, strata.estimate, strata.se, strata.z, ready)
    half = ancova(walked, np.where(MANY.end >= 0.5, GROUP, -1))
    own = analyse(endpoint("walking_time", "t_test", at_months=6.0), MANY, 2)
    same(own, half.estimate, half.se, half.z, (GROUP >= 0).sum(axis=1))


@pytest.mark.parametrize("test", ["win_ratio", "win_odds", "net_benefit"])
def test_a_hierarchy(test: str) -> None:
    """Death later, limb later, healing earlier, TcPO2 higher: ties by months and mmHg; within strata where asked for."""
    follow = np.minimum(np.minimum(MANY.end, MANY.lost), 1.0)
    levels = [
        Level("later", MANY.died, 1.0 / 12.0),
        Level("later", MANY.amputated, 0.0),
        Level("earlier", MANY.healed, 2.0 / 12.0),
        Level("higher", MANY.tcpo2[:, :, 1], 5.0),
    ]
    order = ["death", "major_amputation", "healing", "tcpo2"]
    own = endpoint("hierarchy", test, at_months=12.0, order=order, thresholds=[1.0, 0.0, 2.0, 5.0])
    expected = getattr(win_statistics(levels, follow, READY), test)
    same(analyse(own, MANY, 2), expected.estimate, expected.se, expected.z, (READY >= 0).sum(axis=1))
    strata = getattr(win_statistics(levels, follow, READY, MANY.stratum), test)
    found = analyse(own.model_copy(update={"stratified": True}), MANY, 2)
    assert found.z == pytest.approx(strata.z)
    plain = [Level("later", MANY.died), Level("higher", MANY.tcpo2[:, :, 1], 3.0)]
    found = analyse(endpoint("hierarchy", test, at_months=12.0, order=["death", "tcpo2"], margin=3.0), MANY, 2)
    assert found.z == pytest.approx(getattr(win_statistics(plain, follow, READY), test).z)


def test_margins_move_the_null() -> None:
    """Non-inferiority: the gain and the loss that is accepted, over the error; equivalence: the nearer margin decides."""
    for outcome, sign in (("death", -1.0), ("healing", 1.0)):
        plain = analyse(endpoint(outcome, "risk_difference", at_months=12.0), MANY, 2)
        gain = sign * plain.estimate
        own = endpoint(outcome, "risk_difference", at_months=12.0, aim="non_inferiority", margin=0.2)
        same(analyse(own, MANY, 2), plain.estimate, plain.se, (gain + 0.2) / plain.se, plain.information)
        both = analyse(own.model_copy(update={"aim": "equivalence"}), MANY, 2)
        assert both.z == pytest.approx(np.minimum((gain + 0.2) / plain.se, (0.2 - gain) / plain.se))
    wald = analyse(endpoint("death", "cox"), MANY, 2)
    ratio = analyse(endpoint("death", "cox", aim="non_inferiority", margin=1.5), MANY, 2)
    assert ratio.z == pytest.approx((-wald.estimate + np.log(1.5)) / wald.se)


def test_one_arm_against_a_rate() -> None:
    """Survivors of those who are through and seen, by the exact test and by a uniform prior's posterior."""
    one = trial(
        arm=[0] * 6, died=[0.5, NEVER, NEVER, 1.5, NEVER, NEVER], lost=[NEVER] * 4 + [0.2, NEVER], end=[2.0] * 5 + [0.5]
    )
    found = analyse(endpoint("death", "exact_binomial", at_months=12.0, null_rate=0.5), one)
    # 3 of 4: one is lost, one not through.
    assert (found.estimate[0], found.information[0], found.shares["rate_1"][0]) == (0.75, 5.0, 0.75)
    assert found.se[0] == pytest.approx(np.sqrt(0.75 * 0.25 / 4)) and found.shares["missing"][0] == pytest.approx(0.2)
    assert found.z[0] == pytest.approx(-norm.ppf(5 / 16)) and found.against[0] == pytest.approx(-norm.ppf(15 / 16))
    own = analyse(endpoint("death", "posterior", at_months=12.0, null_rate=0.5), one)
    chance = beta.sf(0.5, 4, 2)
    assert own.z[0] == pytest.approx(norm.ppf(chance)) and own.against[0] == pytest.approx(-norm.ppf(chance))


def test_two_arms_by_posterior_probability() -> None:
    """Uniform priors: means and spreads of two beta distributions, and the chance that the treated rate is the higher."""
    two = trial(arm=[0, 0, 0, 1, 1, 1, 1], died=[0.5, 0.5, NEVER, NEVER, NEVER, NEVER, 0.2])
    found = analyse(endpoint("death", "posterior_difference", at_months=12.0), two)
    control, treated = beta(2, 3), beta(4, 2)
    assert found.estimate[0] == pytest.approx(treated.mean() - control.mean())
    assert found.se[0] == pytest.approx(np.hypot(treated.std(), control.std()))
    grid = np.linspace(0.0, 1.0, 20_001)
    better = np.trapezoid(treated.pdf(grid) * control.cdf(grid), grid)
    assert found.z[0] == pytest.approx(norm.ppf(better), abs=1e-4) and found.against[0] == pytest.approx(-found.z[0])
    assert (found.shares["rate_0"][0], found.shares["rate_1"][0]) == (pytest.approx(1 / 3), 0.75)
    assert found.shares["missing"][0] == 0.0 and found.information[0] == 7.0


def test_imputations_of_nobody_lost_leave_barnard_and_rubin_s_degrees_of_freedom() -> None:
    """6 of 10 against 2 of 10 lose the limb: Student's test of the difference in risks with (n - 1) / (n + 1) (n - 2) degrees of
    freedom, n being 20."""
    arm, amputated = [0] * 10 + [1] * 10, np.full(20, NEVER)
    amputated[[0, 1, 2, 3, 4, 5, 10, 11]] = 0.5
    lost = endpoint("major_amputation", "risk_difference", at_months=12.0, lost="multiple_imputation")
    found = analyse(lost, trial(arm=arm, amputated=amputated))
    error = np.sqrt(0.6 * 0.4 / 10 + 0.2 * 0.8 / 10)
    assert (found.estimate[0], found.se[0]) == (pytest.approx(-0.4), pytest.approx(error))
    assert norm.sf(found.z[0]) == pytest.approx(student.sf(0.4 / error, 19 / 21 * 18))
