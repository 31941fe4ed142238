"""Operating characteristics: what a design does under each truth, with Monte Carlo standard errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from simulator.questions.trial.conduct.conduct import Columns, Conduct
from simulator.questions.trial.conduct.decisions import Reason
from simulator.questions.trial.design.design import Design
from simulator.questions.trial.design.endpoint import EITHER, KNOWN_SIZE, Endpoint, Habit
from simulator.questions.trial.design.selection import Enrichment, adaptation
from simulator.questions.trial.simulation.truth import AT_MARGIN, NO_EFFECT, NULLS, STATED_NAMES, STATED_NULL
from simulator.statistics.beliefs.beta_rules import UNIFORM, conflict_table
from simulator.statistics.sizes.exact_binomial import power
from simulator.statistics.sizes.simon import promising
from simulator.words.findings import ONE_BY_ONE

Array = NDArray[np.float64]
Row = tuple[str, float, float]

ROW = "posterior_row"
"""Column of the posterior row behind each trial, where trials share rows."""
SURE = 2.576
"""Standard errors beyond which a simulated level counts as different from the nominal one."""
FEW = 50
"""Patients up to which a log-rank test is called one of few."""
SUCCESS = {NO_EFFECT: "type_i_error", STATED_NULL: "type_i_error", AT_MARGIN: "type_i_error", "posterior": "assurance"}
"""What the probability of success is called under a truth; elsewhere it is the power."""


def mean_and_se(values: Array, rows: NDArray[np.int64] | None = None) -> tuple[float, float]:
    """Mean over the trials that have a value, and its Monte Carlo standard error; NaN without any.

    `rows` numbers what trials share (posterior rows): trials of one row are a cluster, and the error is that between
    clusters (Liang KY, Zeger SL. Biometrika 1986;73:13-22, doi 10.1093/biomet/73.1.13, for a mean).
    """
    use = np.isfinite(values)
    values = values[use]
    if values.size == 0:
        return np.nan, np.nan
    mean = float(values.mean())
    if rows is not None:
        return mean, _between(values - mean, rows[use])
    se = values.std(ddof=1) / np.sqrt(values.size) if values.size > 1 else np.nan
    return mean, float(se)


def share_and_se(values: NDArray[Any], rows: NDArray[np.int64] | None = None) -> tuple[float, float]:
    """A share of all trials and its standard error, which is not zero where none (or all) of them have it.

    With nothing (or everything) seen it is the half width of Wilson's interval at one standard error, of as many trials as
    there are clusters. `rows` as in `mean_and_se`.
    """
    n, p = values.size, float(np.mean(values))
    if 0.0 < p < 1.0:
        return p, float(np.sqrt(p * (1.0 - p) / n)) if rows is None else _between(values - p, rows)
    return p, 0.5 / ((n if rows is None else np.unique(rows).size) + 1.0)


def _between(residuals: Array, rows: NDArray[np.int64]) -> float:
    """Standard error of a mean of clustered values from their residuals."""
    _, place = np.unique(rows, return_inverse=True)
    sums = np.bincount(place.reshape(-1), residuals)
    if sums.size < 2:
        return float("nan")
    return float(np.sqrt(np.sum(sums**2) * sums.size / (sums.size - 1.0)) / residuals.size)


def operating_characteristics(conduct: Conduct, results: Mapping[str, Columns]) -> pd.DataFrame:
    """Tidy table: truth, measure, value, se.

    The probability of success is `type_i_error` under the null (any confirmatory hypothesis rejected; in a two-sided
    trial in either direction), `assurance` under the posterior and `power` elsewhere (the hypotheses of the first
    endpoint rejected, all of them). With several hypotheses `power_any`, `power_all` and `power_NAME` follow.
    `stop_look_K_REASON` are probabilities; months, patients, screened, events are expectations at the stop.
    `estimate_NAME` is the mean estimate when the trial stops, `unstopped_NAME` the mean estimate of the same trials had
    none stopped early, `bias_NAME` their difference, `bias_efficacy_NAME` (`_futility_`, `_harm_`) that of the trials
    that stopped early for this reason, `bias_kept_NAME` that of the trials in which this arm or population went on (both where
    two trials did, and not under a posterior, whose draws have effects of their own).
    `alone_NAME` is the chance that the endpoint's test, alone at the full alpha and without looks, succeeds at the
    planned end.

    A single arm has no null among the simulated patients: `success_untreated` is the chance that the trial succeeds in
    patients without the treatment, and the type I error at the rate to be beaten is exact (truth `null_rate`).
    """
    rows = [(truth, *row) for truth, columns in results.items() for row in _rows(conduct, truth, columns)]
    if len(conduct.design.arms) == 1:
        rows.append(("null_rate", "type_i_error", _exact_type_i_error(conduct), 0.0))
    return pd.DataFrame(rows, columns=["truth", "measure", "value", "se"])


def _rows(conduct: Conduct, truth: str, columns: Columns) -> Iterator[Row]:
    names = [name for name, _, _ in conduct.hypotheses]
    rows = columns.get(ROW)

    share, mean = partial(share_and_se, rows=rows), partial(mean_and_se, rows=rows)
    success = SUCCESS.get(truth, "power")
    if truth == NO_EFFECT and len(conduct.design.arms) == 1:
        success = "success_untreated"
    rejected: NDArray[Any] = succeeded(conduct, columns)
    if truth in NULLS:
        rejected = (columns["any_rejected"] > 0.0) | (columns["reason"] == Reason.HARM)
    yield success, *share(rejected)
    if truth in NULLS and "any_rejected_overruled" in columns:
        yield f"{success}_futility_overruled", *share(columns["any_rejected_overruled"])
    if len(names) > 1 and truth not in NULLS:
        yield f"{success}_any", *share(columns["any_rejected"])
        yield f"{success}_all", *share(columns["all_rejected"])
    if len(names) > 1 and not (truth in NULLS and conduct.design.sides == 2):
        for name in names:
            yield f"{success}_{name}", *share(columns[f"rejected:{name}"])
    for look in range(1, conduct.looks + 1):
        for reason in Reason:
            here = (columns["look"] == look) & (columns["reason"] == reason)
            if here.any() or (look < conduct.looks and reason in _possible(conduct)):
                yield f"stop_look_{look}_{reason.name.lower()}", *share(here)
    for name in ("patients", "screened", "months", "events", "lost", "crossed"):
        if name in columns and not (name == "screened" and truth in STATED_NAMES):
            yield f"expected_{name}", *mean(columns[name])
    # Stated rates are those of people who have entered: nobody is screened.
    if truth not in STATED_NAMES:
        yield "expected_screen_failures", *mean(columns["screened"] - columns["patients"])
        yield "screened_per_patient", *_ratio(columns["screened"], columns["patients"])
    for name in names:
        if f"kept:{name}" in columns:
            yield f"kept_{name}", *share(columns[f"kept:{name}"])
    if "target_reached" in columns:
        yield "event_target_reached", *share(columns["target_reached"])
    if conduct.design.reestimation is not None or conduct.design.blinded_review is not None:
        yield "enlarged", *share(columns["grown"] > 1.0)
        yield "enlargement", *mean(columns["grown"])
    if "nuisance" in columns:
        yield "nuisance", *mean(columns["nuisance"])
    yield from _estimates(conduct, names, columns, mean)
    for name, _, _ in tested_alone(conduct):
        yield f"alone_{name}", *share(alone(conduct, columns, name, either=truth in NULLS))


def tested_alone(conduct: Conduct) -> tuple[tuple[str, Endpoint, int], ...]:
    """Hypotheses whose test alone at the planned end means something: where some are dropped, none of the first endpoint."""
    return conduct.others if adaptation(conduct.design) is not None else (*conduct.hypotheses, *conduct.others)


def succeeded(conduct: Conduct, columns: Columns) -> NDArray[np.bool_]:
    """Which trials reject the hypotheses of the first endpoint: all of them, or any where some are dropped."""
    if adaptation(conduct.design) is not None:
        return np.asarray(columns["any_rejected"] > 0.0)
    names = [name for name, endpoint, _ in conduct.hypotheses if endpoint is conduct.design.primary]
    return np.asarray(np.min([columns[f"rejected:{name}"] for name in names], axis=0) > 0.0)


def _exact_type_i_error(conduct: Conduct) -> float:
    """Probability of success of a single arm whose patients succeed at the rate to be beaten, if nobody is missing."""
    design, n = conduct.design, conduct.marked.patients
    p0, stages = design.primary.null_rate, design.stages
    assert p0 is not None
    if design.primary.test == "posterior" and stages is None:
        prior = UNIFORM if design.primary.prior is None else design.primary.prior.mixture
        return float(conflict_table(prior, n, p0, 1.0 - design.alpha, p0)["claimed"][0])
    if stages is not None:
        return promising(p0, stages.n1, stages.r1, stages.n, stages.r)
    return float(power(n, p0, p0, design.alpha))


def type_i_errors(conduct: Conduct, columns: Columns) -> pd.DataFrame:
    """Levels under the null: endpoint, test, nominal, value, se, verdict, reason.

    The first row is the whole design (`WHOLE`): any confirmatory hypothesis rejected. The others are every endpoint's test
    alone at the planned end. The verdict is what was seen: the level is held (within `SURE` standard errors), or the test is
    conservative or liberal; the reason names why that was to be expected, where it was, each with its sentence in `labels.toml`.
    """
    design = conduct.design
    wrong = (columns["any_rejected"] > 0.0) | (columns["reason"] == Reason.HARM)
    rows = [_level(conduct, WHOLE, "", wrong, list(whole_design_habits(conduct)))]
    if "any_rejected_overruled" in columns:
        # Whoever overrules futility, as a rule that is not binding allows, has this level.
        several = [habit for habit in whole_design_habits(conduct) if not habit.reason.startswith("futility")]
        if conduct.rule.boundaries[0].binding:
            several.append(Habit("liberal", "futility_binding"))
        rows.append(_level(conduct, OVERRULED, "", columns["any_rejected_overruled"] > 0.0, several))
    for name, endpoint, _ in tested_alone(conduct):
        told = [*_of_the_arms(design), *_of_the_test(design, endpoint)]
        rows.append(_level(conduct, name, endpoint.test, alone(conduct, columns, name, either=True), told))
    return pd.DataFrame(rows, columns=["endpoint", "test", "nominal", "value", "se", "verdict", "reason"])


WHOLE = "the whole design"
"""Stands for all confirmatory hypotheses together where endpoints are listed."""
OVERRULED = "the whole design, futility overruled"
UNFORESEEN = "not_foreseen"
"""The reason of a level that is off and of which nobody knew why."""


def _level(
    conduct: Conduct, name: str, test: str, wrong: NDArray[Any], known: list[Habit]
) -> tuple[str, str, float, float, float, str, str]:
    value, se = share_and_se(wrong)
    nominal = conduct.design.alpha
    kept = abs(value - nominal) <= SURE * np.sqrt(nominal * (1.0 - nominal) / wrong.size)
    if kept:
        return name, test, nominal, value, se, "held", ""
    verdict = "conservative" if value < nominal else "liberal"
    reason = ONE_BY_ONE.join(habit.reason for habit in known if habit.side in (verdict, EITHER)) or UNFORESEEN
    return name, test, nominal, value, se, verdict, reason


def whole_design_habits(conduct: Conduct) -> Iterator[Habit]:
    """How the type I error of a design as a whole is known to differ from its alpha."""
    design = conduct.design
    futility, several = design.futility, len(conduct.hypotheses) > 1
    yield from _of_the_arms(design)
    if futility is not None and not futility.binding:
        yield Habit("conservative", "futility_obeyed")
    if (
        several
        and design.multiplicity is not None
        and design.multiplicity.rule in ("bonferroni", "holm", "graphical", "hochberg")
    ):
        yield Habit("conservative", "worst_dependence")
    if adaptation(design) is not None:
        yield Habit("conservative", "dropped_hypotheses")
    if conduct.looks > 1 and not design.primary.by_events and design.primary.test in ("chi_square", "fisher"):
        yield Habit(EITHER, "counts_in_steps")
    if design.reestimation is not None and design.reestimation.test == "ordinary":
        yield Habit("liberal", "promising_zone")
    if design.predictive is not None and design.predictive.futility > 0.0:
        yield Habit("conservative", "futility_late_success")
    if not several and (conduct.looks == 1 or design.predictive is not None):
        yield from _of_the_test(design, design.primary)


def _of_the_arms(design: Design) -> Iterator[Habit]:
    """What moves every test's level, because arms differ beside the treatment."""
    blinding = design.blinding
    if blinding is not None and (blinding.hidden_from != "everybody" or blinding.found_out > 0.0):
        yield Habit("liberal", "known_arms")
    if design.drop_out.by_arm or design.drop_out.unhealed_ratio != 1.0:
        yield Habit(EITHER, "telling_losses")


def _of_the_test(design: Design, endpoint: Endpoint) -> Iterator[Habit]:
    """The known habit of a test's level, and what the design does to it."""
    if endpoint.test in KNOWN_SIZE:
        yield KNOWN_SIZE[endpoint.test]
    if endpoint.test in ("risk_ratio", "km_ratio") and endpoint.aim != "superiority":
        yield Habit("liberal", "skewed_on_margin")
    if endpoint.test == "logrank" and design.size.patients is not None and design.size.patients <= FEW:
        # Latta RB. J Am Stat Assoc 1981;76:713-719.
        yield Habit("liberal", "few_patients")
    if design.randomisation.strata and not endpoint.stratified:
        # Kahan BC, Morris TP. BMJ 2012;345:e5840, doi 10.1136/bmj.e5840.
        yield Habit("conservative", "strata_unused")
    if len({arm.allocation for arm in design.arms}) > 1:
        yield Habit(EITHER, "unequal_arms")


def _possible(conduct: Conduct) -> set[Reason]:
    """Reasons for which the design can stop early."""
    design = conduct.design
    if design.two_stage is not None:
        return {Reason.FUTILITY}
    rule = adaptation(design)
    if rule is not None:
        futile = isinstance(rule, Enrichment) or rule.z is not None
        reasons = {Reason.FUTILITY: futile, Reason.EFFICACY: rule.combination != "fisher"}
        return {reason for reason, on in reasons.items() if on}
    if design.predictive is not None:
        stops = {
            Reason.FUTILITY: design.predictive.futility > 0.0,
            Reason.EFFICACY: design.predictive.efficacy is not None,
        }
        return {reason for reason, on in stops.items() if on}
    found = {Reason.EFFICACY}
    if design.stops_for_futility:
        found.add(Reason.FUTILITY)
    if design.sides == 2:
        found.add(Reason.HARM)
    return found


def _ratio(top: Array, bottom: Array) -> tuple[float, float]:
    """Ratio of two means and its delta-method standard error."""
    ratio = float(top.sum() / bottom.sum())
    se = (top - ratio * bottom).std(ddof=1) / np.sqrt(top.size) / bottom.mean() if top.size > 1 else np.nan
    return ratio, float(se)


def _estimates(
    conduct: Conduct, names: list[str], columns: Columns, mean: Callable[[Array], tuple[float, float]]
) -> Iterator[Row]:
    rows = columns.get(ROW)
    for name in names:
        stopped, unstopped = columns[f"estimate:{name}"], columns[f"estimate_at_end:{name}"]
        yield f"estimate_{name}", *mean(stopped)
        if conduct.looks > 1:
            yield f"unstopped_{name}", *mean(unstopped)
            yield f"bias_{name}", *mean(stopped - unstopped)
            if rows is not None:
                # Where every draw has an effect of its own, trials that stop are also those of other draws.
                continue
            true_size = mean(unstopped)[0]
            chosen = {
                f"bias_{reason.name.lower()}_{name}": (columns["look"] < conduct.looks) & (columns["reason"] == reason)
                for reason in (Reason.EFFICACY, Reason.FUTILITY, Reason.HARM)
            }
            if f"kept:{name}" in columns:
                chosen[f"bias_kept_{name}"] = columns[f"kept:{name}"] > 0.0
            for measure, which in chosen.items():
                bias, error = mean_and_se(stopped[which] - true_size)
                # A single trial says nothing about the mean of such trials.
                if np.isfinite(error):
                    yield measure, bias, error


def alone(conduct: Conduct, columns: Columns, name: str, either: bool = False) -> NDArray[np.bool_]:
    """Whether an endpoint's test alone, at the full alpha, would have succeeded at the planned end of each trial.

    With `either` a two-sided test counts in both directions, as type I error does.
    """
    limit = -ndtri(conduct.design.alpha / conduct.design.sides)
    found = columns[f"z_at_end:{name}"] >= limit
    if either and conduct.design.sides == 2:
        found = found | (columns[f"against_at_end:{name}"] >= limit)
    return np.asarray(found)
