"""The analysis of one endpoint in the data that a look sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from simulator.questions.trial.analysis.completed import completed
from simulator.questions.trial.analysis.data import TOUCH, TrialData
from simulator.questions.trial.analysis.seen import (
    Array,
    arms,
    at_a_time,
    at_visit,
    good_outcomes,
    known_end,
    through,
    time_to_event,
)
from simulator.questions.trial.design.endpoint import BORROWING, ONE_ARM, Endpoint
from simulator.statistics.beliefs.beta_rules import UNIFORM, different_counts
from simulator.statistics.beliefs.borrowing import posterior_moments, probability_better
from simulator.statistics.endpoints import adjusted_tests, binary_tests, competing_tests, survival_tests
from simulator.statistics.endpoints.binary_tests import Counts, ExactP
from simulator.statistics.endpoints.continuous_tests import ancova
from simulator.statistics.endpoints.effect import Effect, ratio_or_nan
from simulator.statistics.endpoints.imputation import rubin
from simulator.statistics.endpoints.weighted_logrank import fleming_harrington, max_combo
from simulator.statistics.endpoints.win_statistics import Level, WinStatistics, win_statistics

ArmCounts = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Of the control and of the arm that is compared with it, each (trials,)."""


@dataclass(frozen=True, eq=False)
class Analysis:
    """What the test of one endpoint says in every trial, all of shape (trials,).

    estimate and se are on the scale of the test (`endpoint.SCALES`), arm 1 against the control. z is positive where the
    result is good for patients and standard normal (or smaller in its tails, for exact tests) without an effect;
    against is the same for harm. NaN where the data cannot be tested. information: events, or patients who are through.
    shares: of a yes-or-no endpoint the rates by arm (`rate_0`, `rate_1`; a single arm's rate of success is `rate_1`) and
    the share `missing` of those who are through.
    """

    estimate: Array
    se: Array
    z: Array
    against: Array
    information: Array
    shares: Mapping[str, Array] = field(default_factory=dict)


def analyse(endpoint: Endpoint, data: TrialData, comparison: int = 1) -> Analysis:
    """Test arm `comparison` against the control in data that were cut at the look's date."""
    if endpoint.test in ONE_ARM:
        return _one_arm(endpoint, data)
    if endpoint.test == BORROWING:
        return _borrowing(endpoint, data, comparison)
    if endpoint.test in BINARY or endpoint.test in ADJUSTED:
        return _binary(endpoint, data, comparison)
    if endpoint.test in ("ancova", "t_test"):
        return _continuous(endpoint, data, comparison)
    if endpoint.outcome == "hierarchy":
        return _hierarchy(endpoint, data, comparison)
    return _time_to_event(endpoint, data, comparison)


def _signed(endpoint: Endpoint, effect: Effect, information: Array) -> Analysis:
    if endpoint.aim != "superiority":
        gain = effect.estimate if endpoint.good else -effect.estimate
        z = effect.z_above(gain + endpoint.loss)
        if endpoint.aim == "equivalence":
            # Both one-sided tests must succeed, so the weaker one decides.
            z = np.minimum(z, effect.z_above(endpoint.loss - gain))
        return Analysis(effect.estimate, effect.se, z, -z, information)
    z = effect.z if endpoint.good else -effect.z
    return Analysis(effect.estimate, effect.se, z, -z, information)


def counts(endpoint: Endpoint, data: TrialData, comparison: int) -> Counts:
    """Patients with the outcome and patients in all, by arm."""
    yes, missing = at_a_time(endpoint, data)
    return binary_tests.count(yes, arms(data, comparison, through(endpoint, data) & ~missing))


def _one_arm(endpoint: Endpoint, data: TrialData) -> Analysis:
    yes, missing = good_outcomes(endpoint, data)
    use = through(endpoint, data) & ~missing
    n, successes = use.sum(axis=1), (yes & use).sum(axis=1)
    assert endpoint.null_rate is not None
    if endpoint.test == "posterior":
        greater = 1.0 - posterior_above(endpoint, successes, n)
    else:
        p = binary_tests.one_sample(successes, n, endpoint.null_rate)
        greater = p.greater
    rate = ratio_or_nan(successes, n)
    se = np.sqrt(ratio_or_nan(rate * (1.0 - rate), n))
    ready = through(endpoint, data).sum(axis=1) * 1.0
    shares = {"rate_1": rate, "missing": 1.0 - ratio_or_nan(n, ready)}
    less = 1.0 - greater if endpoint.test == "posterior" else p.less
    return Analysis(rate, se, -ndtri(greater), -ndtri(less), ready, shares)


def posterior_above(endpoint: Endpoint, successes: NDArray[np.int64], n: NDArray[np.int64]) -> Array:
    """Posterior probability that the rate is above the endpoint's goal, (trials,)."""
    assert endpoint.null_rate is not None
    prior = UNIFORM if endpoint.prior is None else endpoint.prior.mixture
    pairs, place = different_counts(successes, n)
    chance = np.array([float(prior.posterior(int(k), int(m)).above(endpoint.null_rate)) for k, m in pairs])
    return np.asarray(chance[place])


def good_counts(endpoint: Endpoint, data: TrialData, comparison: int) -> tuple[ArmCounts, ArmCounts]:
    """Patients with the good outcome, and patients in all, of the control and of arm `comparison`."""
    yes, missing = good_outcomes(endpoint, data)
    table = binary_tests.count(yes, arms(data, comparison, through(endpoint, data) & ~missing))
    return (table.yes_0, table.yes_1), (table.n_0, table.n_1)


def _borrowing(endpoint: Endpoint, data: TrialData, comparison: int) -> Analysis:
    """Posterior means and standard deviations, and the posterior probability as if it were one less a p value."""
    successes, n = good_counts(endpoint, data, comparison)
    control = UNIFORM if endpoint.prior is None else endpoint.prior.mixture
    better = probability_better(UNIFORM, control, successes, n)
    means, sds = zip(
        *(posterior_moments(prior, k, m) for prior, k, m in zip((control, UNIFORM), successes, n, strict=True)),
        strict=True,
    )
    ready = (arms(data, comparison, through(endpoint, data)) >= 0).sum(axis=1) * 1.0
    shares = {
        "rate_0": ratio_or_nan(successes[0], n[0]),
        "rate_1": ratio_or_nan(successes[1], n[1]),
        "missing": 1.0 - ratio_or_nan(n[0] + n[1], ready),
    }
    return Analysis(means[1] - means[0], np.hypot(*sds), ndtri(better), -ndtri(better), ready, shares)


def _binary(endpoint: Endpoint, data: TrialData, comparison: int) -> Analysis:
    if endpoint.lost == "multiple_imputation":
        return _imputed(endpoint, data, comparison)
    table = counts(endpoint, data, comparison)
    adjusted = _adjusted(endpoint, data, comparison)
    effect = BINARY[endpoint.test](table) if adjusted is None else adjusted
    information = (arms(data, comparison, through(endpoint, data)) >= 0).sum(axis=1) * 1.0
    rates = table.risks
    shares = {
        "rate_0": rates[0],
        "rate_1": rates[1],
        "missing": 1.0 - ratio_or_nan(table.n_0 + table.n_1, information),
    }
    if isinstance(effect, Effect):
        return replace(_signed(endpoint, effect, information), shares=shares)
    size = binary_tests.risk_difference(table)
    more, fewer = -ndtri(effect.greater), -ndtri(effect.less)
    good, bad = (more, fewer) if endpoint.good else (fewer, more)
    return Analysis(size.estimate, size.se, good, bad, information, shares)


def _imputed(endpoint: Endpoint, data: TrialData, comparison: int) -> Analysis:
    """The test of every imputation, pooled by Rubin's rules; of Cochran, Mantel and Haenszel's test its risk difference."""
    group = arms(data, comparison, through(endpoint, data))
    ready = (group >= 0).sum(axis=1) * 1.0
    effects, tables = [], []
    for yes in completed(endpoint, data):
        table = binary_tests.count(yes, group)
        plain = BINARY.get(endpoint.test)
        found = _with_covariates(endpoint, data, yes, group) if plain is None else plain(table)
        assert isinstance(found, Effect)
        effects.append(found)
        tables.append(table.risks)
    estimates, errors = (np.stack([getattr(each, name) for each in effects]) for name in ("estimate", "se"))
    rates = np.stack(tables).mean(axis=0)
    _, missing = at_a_time(endpoint, data)
    share = ratio_or_nan((missing & (group >= 0)).sum(axis=1), ready)
    pooled = rubin(estimates, errors, ready - 2.0)
    shares = {"rate_0": rates[0], "rate_1": rates[1], "missing": share}
    return replace(_signed(endpoint, pooled, ready), shares=shares)


ADJUSTED = ("cmh", "g_computation")
"""Tests of a yes-or-no outcome that need more than a table."""


def _adjusted(endpoint: Endpoint, data: TrialData, comparison: int) -> Effect | None:
    """The test with covariates: strata, and for g-computation TcPO2 on entry; None for a test of a plain table."""
    if endpoint.test not in ADJUSTED:
        return None
    yes, missing = at_a_time(endpoint, data)
    return _with_covariates(endpoint, data, yes, arms(data, comparison, through(endpoint, data) & ~missing))


def _with_covariates(endpoint: Endpoint, data: TrialData, yes: NDArray[np.bool_], group: NDArray[np.int8]) -> Effect:
    if endpoint.test == "cmh":
        return adjusted_tests.cochran_mantel_haenszel(yes, group, np.maximum(data.stratum, 0))
    strata = [(data.stratum == level) * 1.0 for level in range(1, int(data.stratum.max()) + 1)]
    return adjusted_tests.standardised_difference(yes, group, data.tcpo2_entry, *strata)


def _with_z(z: Callable[[Counts], Array]) -> Callable[[Counts], Effect]:
    def test(table: Counts) -> Effect:
        size = binary_tests.risk_difference(table)
        return Effect(size.estimate, size.se, z(table))

    return test


BINARY: dict[str, Callable[[Counts], Effect | ExactP]] = {
    "chi_square": _with_z(binary_tests.chi_square),
    "chi_square_corrected": _with_z(lambda table: binary_tests.chi_square(table, continuity=True)),
    "fisher": binary_tests.fisher,
    "risk_difference": binary_tests.risk_difference,
    "risk_ratio": binary_tests.risk_ratio,
}
"""Tests of a two by two table by name."""


def _continuous(endpoint: Endpoint, data: TrialData, comparison: int) -> Analysis:
    values = at_visit(endpoint, data, data.tcpo2 if endpoint.outcome == "tcpo2" else data.walked)
    ready = arms(data, comparison, through(endpoint, data))
    group = np.where(np.isnan(values), np.int8(-1), ready)
    covariates = [data.tcpo2_entry] if endpoint.test == "ancova" else []
    if endpoint.stratified:
        covariates += [(data.stratum == level) * 1.0 for level in range(1, int(data.stratum.max()) + 1)]
    effect = ancova(values, group, *covariates)
    return _signed(endpoint, effect, (ready >= 0).sum(axis=1) * 1.0)


def pair_statistics(endpoint: Endpoint, data: TrialData, comparison: int) -> WinStatistics:
    """Wins and losses of all pairs of each trial on the endpoint's hierarchy."""
    assert endpoint.at is not None
    group = arms(data, comparison, through(endpoint, data))
    levels = []
    for place, outcome in enumerate(endpoint.order):
        tie = endpoint.thresholds[place] if endpoint.thresholds else None
        if outcome == "tcpo2":
            margin = endpoint.margin if tie is None else tie
            levels.append(Level("higher", at_visit(endpoint, data, data.tcpo2), margin))
        else:
            times = {"death": data.died, "major_amputation": data.amputated, "healing": data.healed}[outcome]
            better = "earlier" if outcome == "healing" else "later"
            levels.append(Level(better, times, 0.0 if tie is None else tie / 12.0))
    follow_up = np.minimum(np.maximum(data.followed, 0.0), endpoint.at)
    return win_statistics(levels, follow_up, group, np.maximum(data.stratum, 0) if endpoint.stratified else None)


def _hierarchy(endpoint: Endpoint, data: TrialData, comparison: int) -> Analysis:
    found = pair_statistics(endpoint, data, comparison)
    effect = {"win_ratio": found.win_ratio, "win_odds": found.win_odds, "net_benefit": found.net_benefit}
    ready = arms(data, comparison, through(endpoint, data)) >= 0
    return _signed(endpoint, effect[endpoint.test], ready.sum(axis=1) * 1.0)


def _time_to_event(endpoint: Endpoint, data: TrialData, comparison: int) -> Analysis:
    seen = time_to_event(endpoint, data)
    group = arms(data, comparison, data.entered)
    strata = np.maximum(data.stratum, 0) if endpoint.stratified else None
    first = np.where(seen.code == 1, 1, 0).astype(np.int8)
    match endpoint.test:
        case "logrank":
            effect = survival_tests.logrank(seen.time, first, group, strata)
        case "fleming_harrington":
            effect = fleming_harrington(seen.time, first, group, endpoint.rho, endpoint.gamma, strata)
        case "max_combo":
            return _max_combo(endpoint, seen.time, first, group, strata)
        case "cox":
            effect = survival_tests.cox(seen.time, first, group, strata).wald
        case "gray":
            effect = competing_tests.gray(seen.time, seen.code, group, strata)
        case "subdistribution_logrank":
            effect = competing_tests.subdistribution_logrank(
                seen.time, seen.code, group, known_end(endpoint, data), strata
            )
        case "fine_gray":
            effect = competing_tests.fine_gray(seen.time, seen.code, group, known_end(endpoint, data), strata).wald
        case "km_difference" | "km_ratio":
            assert endpoint.at is not None
            alive = survival_tests.survival(seen.time, first, group, endpoint.at - TOUCH)
            effect = alive.difference() if endpoint.test == "km_difference" else alive.log_ratio()
        case "rmst":
            assert endpoint.at is not None
            means = survival_tests.restricted_mean(seen.time, first, group, endpoint.at - TOUCH)
            gain = means.difference()
            effect = Effect(gain.estimate * 12.0, gain.se * 12.0, gain.z)
        case _:
            assert endpoint.at is not None
            at = endpoint.at - TOUCH
            effect = competing_tests.cumulative_incidence(seen.time, seen.code, group, at).difference()
    events = ((seen.code == 1) & (group >= 0)).sum(axis=1) * 1.0
    ready = (arms(data, comparison, through(endpoint, data)) >= 0).sum(axis=1) * 1.0
    return _signed(endpoint, effect, events if endpoint.by_events else ready)


def _max_combo(
    endpoint: Endpoint, time: Array, event: NDArray[np.int8], group: NDArray[np.int8], strata: NDArray[np.int32] | None
) -> Analysis:
    """The test by its p values; its estimate is the log-rank test's."""
    size, p = survival_tests.logrank(time, event, group, strata), max_combo(time, event, group, strata)
    more, fewer = -ndtri(p.greater), -ndtri(p.less)
    good, bad = (more, fewer) if endpoint.good else (fewer, more)
    return Analysis(size.estimate, size.se, good, bad, ((event == 1) & (group >= 0)).sum(axis=1) * 1.0)
