"""What a formula would have said: sizes from closed forms, fed with what the simulated patients show.

The formulas take from the lives exactly what a planner would have to assume: rates, hazard ratios, standard deviations. They
differ from the simulation where their own assumptions fail, and `simulator.questions.trial.sizes.reasons` says which.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from simulator.questions.trial.analysis.analysis import analyse, pair_statistics
from simulator.questions.trial.analysis.data import TrialData, cut, limited
from simulator.questions.trial.analysis.looks import end_of_trial
from simulator.questions.trial.analysis.seen import TimeToEvent, arms, at_visit, known_end, through, time_to_event
from simulator.questions.trial.conduct.conduct import Conduct
from simulator.questions.trial.design.design import Design
from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.simulation.simulation import POOL, Simulation
from simulator.questions.trial.sizes.size_search import EXACT, exact_sizes
from simulator.statistics.endpoints import competing_tests, survival_tests
from simulator.statistics.sizes import samplesize
from simulator.statistics.sizes.exact_binomial import single_arm_size
from simulator.words.errors import BadInput


@dataclass(frozen=True)
class Formula:
    """One formula's answer: patients in all, events if it counts them, and its inputs in words.

    `error` is the Monte Carlo standard error of the logarithm of the patients, which the inputs bring along.
    """

    method: str
    patients: float
    inputs: str
    events: float = math.nan
    error: float = 0.0


@dataclass(frozen=True, eq=False)
class Pool:
    """Many trials' patients at the planned end: trial by trial, and as one large trial (`data`)."""

    conduct: Conduct
    trials: TrialData

    @cached_property
    def data(self) -> TrialData:
        """All patients in one trial."""
        return self.trials.pooled()

    @property
    def design(self) -> Design:
        """The design."""
        return self.conduct.design

    @property
    def ratio(self) -> float:
        """Patients in arm 1 per control patient."""
        return self.design.arms[-1 if len(self.design.arms) == 1 else 1].allocation / self.design.arms[0].allocation


def pool(simulation: Simulation, conduct: Conduct, truth: str = "scenario") -> Pool:
    """The pool of a design under a truth."""
    n = conduct.marked.patients
    data = limited(simulation.lives(simulation.truth(truth), 0, max(1, POOL // n), n), n)
    return Pool(conduct, cut(data, end_of_trial(conduct.design, data, conduct.marked.events)))


def formulas(pooled: Pool, endpoint: Endpoint, power: float, comparison: int = 1) -> list[Formula]:
    """The sizes that closed forms give for one endpoint's test alone at the full alpha; empty where there is none."""
    alpha = pooled.design.alpha / pooled.design.sides
    try:
        if endpoint.test == "exact_binomial":
            return _one_arm(pooled, endpoint, alpha, power)
        kind: dict[str, Callable[[Pool, Endpoint, int, float, float], list[Formula]]] = {
            "ancova": _means,
            "t_test": _means,
            "rmst": lambda *_: [],
            "km_difference": lambda *_: [],
            "km_ratio": lambda *_: [],
            "posterior": lambda *_: [],
            "posterior_difference": lambda *_: [],
            "fleming_harrington": lambda *_: [],
            "max_combo": lambda *_: [],
            "win_ratio": _wins,
            "win_odds": _wins,
            "net_benefit": _wins,
            "logrank": _survival,
            "cox": _survival,
            "gray": _competing,
            "subdistribution_logrank": _competing,
            "fine_gray": _competing,
        }
        found = kind.get(endpoint.test, _proportions)(pooled, endpoint, comparison, alpha, power)
    except BadInput:
        return []
    # The size goes with the inverse square of the effect, so its relative error is twice the effect's.
    whole = analyse(endpoint, pooled.data, comparison) if endpoint.outcome != "hierarchy" else None
    if whole is None:
        return found
    error = 2.0 * abs(float(whole.se[0]) / float(whole.estimate[0]))
    return [replace(formula, error=error) for formula in found]


def _survival(pooled: Pool, endpoint: Endpoint, comparison: int, alpha: float, power: float) -> list[Formula]:
    design, seen = pooled.design, time_to_event(endpoint, pooled.data)
    group = arms(pooled.data, comparison, pooled.data.entered)
    ratio = math.exp(float(survival_tests.cox(seen.time, seen.code == 1, group).wald.estimate[0]))
    control = group == 0
    hazard = _rate(seen, control, 1)
    # Who dies of something else or is lost is withdrawn, for a formula that knows one event only.
    gone = _rate(seen, group >= 0, 2) + float(
        np.isfinite(pooled.data.lost[group >= 0]).sum() / seen.time[group >= 0].sum()
    )
    months = design.follow_up.months if endpoint.at_months is None else min(endpoint.at_months, design.follow_up.months)
    accrual = float(design.accrual.date(design.patients)) if design.follow_up.until == "last" else 0.0
    inputs = f"hazard ratio {ratio:.3f}; control hazard {hazard:.3f} a year, losses and competing events {gone:.3f}"
    given = (hazard, hazard * ratio, accrual, months / 12.0, gone, alpha, power, pooled.ratio)
    if pooled.conduct.marked.events is not None and endpoint.name == design.primary.name:
        return [_by_events(pooled, seen, group >= 0, ratio, alpha, power, f"hazard ratio {ratio:.3f}")]
    return [
        Formula(method, size.patients, inputs, size.events)
        for method, size in (
            ("Schoenfeld", samplesize.schoenfeld(*given)),
            ("Lachin-Foulkes", samplesize.lachin_foulkes(*given)),
        )
    ]


def _competing(pooled: Pool, endpoint: Endpoint, comparison: int, alpha: float, power: float) -> list[Formula]:
    seen = time_to_event(endpoint, pooled.data)
    group = arms(pooled.data, comparison, pooled.data.entered)
    effect = competing_tests.fine_gray(seen.time, seen.code, group, known_end(endpoint, pooled.data))
    ratio = math.exp(float(effect.wald.estimate[0]))
    return [_by_events(pooled, seen, group >= 0, ratio, alpha, power, f"subdistribution hazard ratio {ratio:.3f}")]


def _by_events(
    pooled: Pool, seen: TimeToEvent, use: Any, ratio: float, alpha: float, power: float, inputs: str
) -> Formula:
    """Schoenfeld's events, and the patients among whom they were seen to happen."""
    events = samplesize.schoenfeld_events(ratio, alpha, power, pooled.ratio)
    share = float((seen.code == 1)[use].mean())
    return Formula("Schoenfeld", events / share, f"{inputs}; {share:.1%} have the event by the end", events)


def _rate(seen: TimeToEvent, use: Any, code: int) -> float:
    """Events of a code per year of follow-up."""
    return float((seen.code == code)[use].sum() / seen.time[use].sum())


def _proportions(pooled: Pool, endpoint: Endpoint, comparison: int, alpha: float, power: float) -> list[Formula]:
    if endpoint.test == "cumulative_incidence":
        seen = time_to_event(endpoint, pooled.data)
        group = arms(pooled.data, comparison, pooled.data.entered)
        assert endpoint.at is not None
        p0, p1 = competing_tests.cumulative_incidence(seen.time, seen.code, group, endpoint.at - 1e-9).value[0]
        missing = 0.0
    else:
        found = analyse(endpoint, pooled.data, comparison).shares
        p0, p1, missing = (float(found[share][0]) for share in ("rate_0", "rate_1", "missing"))
    inputs = f"{p0:.1%} in the control arm, {p1:.1%} in the other; {missing:.1%} missing"
    if endpoint.test in EXACT:
        first, _ = exact_sizes(EXACT[endpoint.test], float(p0), float(p1), alpha, power, pooled.ratio)
        return [Formula("exact power of the test", first / (1.0 - missing), inputs)]
    same = endpoint.test == "chi_square"
    n = samplesize.two_proportions(float(p0), float(p1), alpha, power, pooled.ratio, pooled=same)
    method = "two proportions, pooled variance" if same else "two proportions, unpooled variance"
    return [Formula(method, n / (1.0 - missing), inputs)]


def _one_arm(pooled: Pool, endpoint: Endpoint, alpha: float, power: float) -> list[Formula]:
    assert endpoint.null_rate is not None
    found = analyse(endpoint, pooled.data)
    rate, se = float(found.estimate[0]), float(found.se[0])
    n = single_arm_size(endpoint.null_rate, rate, alpha, power).first
    error = 2.0 * se / abs(rate - endpoint.null_rate)
    return [Formula("exact binomial", float(n), f"{rate:.1%} succeed, against {endpoint.null_rate:.1%}", error=error)]


def _means(pooled: Pool, endpoint: Endpoint, comparison: int, alpha: float, power: float) -> list[Formula]:
    data = pooled.data
    values = at_visit(endpoint, data, data.tcpo2 if endpoint.outcome == "tcpo2" else data.walked)
    ready = arms(data, comparison, through(endpoint, data))
    use = (ready >= 0) & ~np.isnan(values)
    measured = float(use.sum() / (ready >= 0).sum())
    groups = [values[use & (ready == arm)] for arm in (0, 1)]
    difference = float(analyse(endpoint, data, comparison).estimate[0])
    variances = [group.var(ddof=1) for group in groups]
    sd = math.sqrt(np.average(variances, weights=[group.size for group in groups]))
    correlation = 0.0
    if endpoint.test == "ancova":
        within = [
            np.corrcoef(data.tcpo2_entry[use & (ready == arm)], values[use & (ready == arm)])[0, 1] for arm in (0, 1)
        ]
        correlation = float(np.mean(within))
    n = samplesize.two_means(difference, sd, alpha, power, pooled.ratio, correlation)
    inputs = f"difference {difference:.2f}, SD {sd:.2f}, correlation {correlation:.2f}; {measured:.0%} measured"
    return [Formula("ANCOVA" if correlation else "t test", n / measured, inputs)]


def _wins(pooled: Pool, endpoint: Endpoint, comparison: int, alpha: float, power: float) -> list[Formula]:
    # Pairs within trials, all trials together: comparing every patient of the pool with every other would take hours.
    found = pair_statistics(endpoint, pooled.trials, comparison)
    wins, losses, pairs = (float(np.nansum(part)) for part in (found.wins, found.losses, found.pairs))
    each = found.win_ratio.estimate[np.isfinite(found.win_ratio.estimate)]
    ratio, ties = wins / losses, 1.0 - (wins + losses) / pairs
    n = samplesize.win_ratio(ratio, ties, alpha, power, pooled.ratio)
    error = 2.0 * float(each.std(ddof=1)) / math.sqrt(each.size) / abs(math.log(ratio))
    return [Formula("Yu-Ganju", n, f"win ratio {ratio:.3f}, {ties:.1%} of pairs tied", error=error)]
