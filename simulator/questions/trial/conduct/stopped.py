"""What a trial that may stop early says of its effect: adjusted estimate, interval and p value, held against the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from simulator.questions.trial.analysis.analysis import Analysis
from simulator.questions.trial.conduct.growth import Progress
from simulator.questions.trial.conduct.stopping_rule import StoppingRule
from simulator.questions.trial.design.design import Design
from simulator.questions.trial.design.selection import adaptation
from simulator.statistics.multiplicity.combination import repeated_interval
from simulator.statistics.sequential.stagewise import after_stopping

Array = NDArray[np.float64]
Columns = dict[str, NDArray[np.float64]]

MOST = 1_000
"""Trials whose results are adjusted, at most: each has equations of its own to solve."""
NAIVE, STAGEWISE, WEIGHTED = "naive", "stagewise", "weighted"
"""Estimators: as if there had been no looks; by the stagewise ordering; weighted, with repeated limits."""


def adjustable(design: Design) -> bool:
    """Whether there is an adjusted estimate: with looks and one hypothesis, whose wedge for futility need not be obeyed.

    Several hypotheses would have to be ordered together; a wedge that must be obeyed has results on neither side.
    """
    if design.looks is None or len(design.confirmatory) * len(design.comparisons) > 1:
        return False
    if design.reestimation is not None and design.reestimation.test == "ordinary":
        return False
    if adaptation(design) is not None:
        return False
    return not (design.sides == 2 and design.futility is not None and design.futility.binding)


def at_the_stop(gone: Progress, stop: NDArray[np.int64], analyses: list[list[Analysis]]) -> Columns:
    """Columns from which `adjusted` is made: information at the looks, and the statistics at the one that stopped."""
    rows = np.arange(len(stop))
    plain = np.stack([each[0].z for each in analyses], axis=1)
    found = {f"information_look_{k + 1}": gone.planned[:, k] for k in range(gone.planned.shape[1])}
    return found | {
        "z_at_stop": gone.z[rows, stop],
        "plain_z_at_stop": plain[rows, stop],
        "seen_at_stop": gone.seen[rows, stop],
        "slope_at_stop": gone.slope[rows, stop],
    }


@dataclass(frozen=True)
class Adjusted:
    """Estimates of trials on the scale of their test, (trials,); `p` is one-sided, towards benefit (NaN where none is made)."""

    estimate: Array
    low: Array
    high: Array
    p: Array


def naive(design: Design, rule: StoppingRule, columns: Columns, name: str) -> Adjusted:
    """The estimate at the stop and its interval as if the trial had had no looks."""
    estimate, se = columns[f"estimate:{name}"], columns[f"se:{name}"]
    reach = -float(ndtri(design.alpha / design.sides)) * se
    return Adjusted(estimate, estimate - reach, estimate + reach, np.full(estimate.size, np.nan))


def adjusted(design: Design, rule: StoppingRule, columns: Columns, name: str) -> Adjusted:
    """The adjusted estimates: by the stagewise ordering, or weighted where the trial's size was re-estimated.

    A limit misses with a probability of alpha, or of half of it in a two-sided trial, so that the interval and the test agree.
    """
    z, looks = columns["z_at_stop"], columns["look"].astype(np.int64)
    shares = np.column_stack([columns[f"information_look_{k + 1}"] for k in range(rule.looks)])
    upper = np.ascontiguousarray(rule.upper(shares)[0])
    tail = design.alpha / design.sides
    if design.reestimation is not None:
        found = repeated_interval(z, columns["slope_at_stop"], upper[np.arange(z.size), looks - 1])
        drifts, p = (found.estimate, found.low, found.high), np.full(z.size, np.nan)
    else:
        lower = -upper if design.sides == 2 else np.ascontiguousarray(rule.lower(shares))
        binding = design.sides == 2 or not design.stops_for_futility or rule.boundaries[0].binding
        stopped = after_stopping(shares, lower, upper, looks, z, tail, binding)
        drifts, p = (stopped.estimate, stopped.low, stopped.high), stopped.p
    return Adjusted(*_on_scale(design, columns, name, drifts), p)


def _on_scale(
    design: Design, columns: Columns, name: str, drifts: tuple[Array, Array, Array]
) -> tuple[Array, Array, Array]:
    """Drifts as estimates: the naive one, moved by as many of its standard errors as its z is moved."""
    estimate, se = columns[f"estimate:{name}"], columns[f"se:{name}"]
    root, plain = np.sqrt(columns["seen_at_stop"]), columns["plain_z_at_stop"]
    sign = 1.0 if design.primary.good else -1.0
    middle, low, high = (estimate + sign * se * (drift * root - plain) for drift in drifts)
    return middle, np.minimum(low, high), np.maximum(low, high)


def adjusted_table(
    design: Design, rule: StoppingRule, results: Mapping[str, Columns], name: str
) -> pd.DataFrame | None:
    """How estimators fare in trials that may stop early; None where there is no adjusted one.

    Columns: truth, estimator, trials, true_value (mean of the same trials had none stopped), estimate, bias, above (share of
    trials whose estimate is above the true value, 0.5 if median-unbiased), coverage, each with its Monte Carlo ``_se``, and width
    (median width of the interval).
    """
    if not adjustable(design):
        return None
    kind = WEIGHTED if design.reestimation is not None else STAGEWISE
    rows = []
    for truth, columns in results.items():
        at_end = columns[f"estimate_at_end:{name}"]
        true = float(np.nanmean(at_end))
        some = {key: values[:MOST] for key, values in columns.items()}
        for label, make in ((NAIVE, naive), (kind, adjusted)):
            rows.append((truth, label, *_summary(make(design, rule, some, name), true)))
    parts = ("estimate", "bias", "above", "coverage")
    names = [each for part in parts for each in (part, f"{part}_se")]
    return pd.DataFrame(rows, columns=["truth", "estimator", "trials", "true_value", *names, "width"])


def _summary(found: Adjusted, true: float) -> Iterator[float]:
    use = np.isfinite(found.estimate)
    estimate, n = found.estimate[use], int(use.sum())
    yield float(n)
    yield true
    if n == 0:
        yield from [np.nan] * 9
        return
    se = float(estimate.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan
    yield from (float(estimate.mean()), se, float(estimate.mean()) - true, se)
    for share in (estimate > true, (found.low[use] <= true) & (true <= found.high[use])):
        p = float(share.mean())
        yield from (p, float(np.sqrt(max(p * (1.0 - p), 0.25 / (n + 1.0) ** 2) / n)))
    yield float(np.median(found.high[use] - found.low[use]))


def adjusted_trials(
    design: Design, rule: StoppingRule, columns: Columns, name: str, trials: int
) -> pd.DataFrame | None:
    """Each of the first `trials`: trial, look, reason, z, p (one-sided, adjusted), and both estimates with their limits."""
    if not adjustable(design):
        return None
    some = {key: values[:trials] for key, values in columns.items()}
    plain, made = naive(design, rule, some, name), adjusted(design, rule, some, name)
    return pd.DataFrame(
        {
            "trial": np.arange(1, some["look"].size + 1),
            "look": some["look"].astype(np.int64),
            "reason": some["reason"].astype(np.int64),
            "z": some["z_at_stop"],
            "p": made.p,
            "estimate": plain.estimate,
            "low": plain.low,
            "high": plain.high,
            "adjusted": made.estimate,
            "adjusted_low": made.low,
            "adjusted_high": made.high,
        }
    )
