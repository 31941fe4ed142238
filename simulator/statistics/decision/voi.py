"""What it is worth to know more before deciding: perfect, partial and sample information.

All values are per person and in money at one threshold; `Population` multiplies them. Net benefit has the shape
(draws, options).

* EVPI: mean of the best per draw, less the best mean.
* EVPPI of some parameters: the same with net benefit replaced by its mean given those parameters (`regression`).
* EVSI of a study: the same given the study's summary statistics, simulated once from every draw.

The best of several noisy fits is too good on average, and a penalised fit is too flat. Both errors are estimated by
fitting again to data simulated from the fit; their sum is reported as `bias` and already taken off `value`. The
standard error joins the uncertainty of the fit with that of averaging over finitely many draws. An estimate that was cut at
nought has at least the error that the spread of the refits allows.

Where every draw's result is itself a mean over few simulated patients, their noise counts as uncertainty and inflates
EVPI, but not EVPPI and EVSI, whose regressions average it out.

Sources: Strong M, Oakley JE, Brennan A. Med Decis Making 2014;34:311-26 (EVPPI). Strong M, Oakley JE, Brennan A, Breeze
P. Estimating the expected value of sample information using the probabilistic sensitivity analysis sample. Med Decis
Making 2015;35:570-83 (EVSI).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtr

from simulator.statistics.decision.net_benefit import net_monetary_benefit
from simulator.statistics.decision.population import Population
from simulator.statistics.decision.regression import Terms, conditional_mean
from simulator.statistics.decision.results import Array, CostEffectResults, standard_error
from simulator.words.errors import BadInput, Problem, nearest
from simulator.work.linear_algebra import on_one_thread

ROOT = np.sqrt(2.0 * np.pi)
FEWEST_DRAWS = 50
"""Draws below which a regression on parameters or summaries is refused."""


@dataclass(frozen=True)
class Value:
    """A value of information per person, its Monte Carlo standard error, and the bias already taken off it."""

    value: float
    se: float
    bias: float = 0.0


def evpi(net_benefit: ArrayLike) -> Value:
    """Expected value of perfect information about everything, from at least two draws."""
    return Value(*_gain(_checked(net_benefit, 2)))


def evppi(net_benefit: ArrayLike, parameters: ArrayLike, *, seed: int = 0) -> Value:
    """Expected value of knowing some parameters, `parameters` having the shape (draws,) or (draws, parameters).

    Never below zero and never above the value of perfect information in the same draws.
    """
    return _informed(_checked(net_benefit, FEWEST_DRAWS), parameters, seed)


def evsi(net_benefit: ArrayLike, summaries: ArrayLike, *, at_most: Value | None = None, seed: int = 0) -> Value:
    """Expected value of a study whose summary statistics, simulated once from each draw, are `summaries`.

    `summaries` has the shape (draws,) or (draws, statistics). `at_most` is the value of knowing the parameters that the
    study informs; a study cannot be worth more, so an estimate beyond it is brought down to it.
    """
    found = _informed(_checked(net_benefit, FEWEST_DRAWS), summaries, seed)
    return found if at_most is None else Value(min(found.value, at_most.value), found.se, found.bias)


@on_one_thread
def information_table(
    results: CostEffectResults,
    thresholds: Sequence[float],
    *,
    groups: Mapping[str, Sequence[str]] | None = None,
    population: Population | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """EVPI and the EVPPI of every single parameter and of named groups of parameters at every threshold.

    Columns: measure (EVPI or EVPPI), parameters (the parameter, the group, or "all"), threshold, value, se, bias,
    share_of_evpi, population_value, population_se (missing without a population). Rows of one threshold are in order of
    value. Unknown parameters in a group are `BadInput`.
    """
    results.need_draws("the value of information")
    names = [] if results.parameters is None else [str(name) for name in results.parameters.columns]
    sets = {**{name: [name] for name in names}, **{name: list(of) for name, of in (groups or {}).items()}}
    problems = [
        Problem(results.source, f"group {group!r}", repr(each), nearest(each, names) if names else "a parameter")
        for group, of in sets.items()
        for each in of
        if each not in names
    ]
    if problems:
        raise BadInput(problems)
    size = np.nan if population is None else population.size()
    benefits = {threshold: net_monetary_benefit(results, threshold) for threshold in thresholds}
    partial: dict[float, list[tuple[str, str, Value]]] = {threshold: [] for threshold in thresholds}
    for name, of in sets.items():
        assert results.parameters is not None
        known = results.parameters[of].to_numpy(dtype=np.float64)
        # The terms of the inputs are most of the work, and do not depend on the threshold.
        terms = None
        for threshold, benefit in benefits.items():
            checked = _checked(benefit, FEWEST_DRAWS)
            terms = _terms(known, checked) if terms is None else terms
            partial[threshold].append(("EVPPI", name, _valued(checked, terms, seed)))
    rows = []
    for threshold, benefit in benefits.items():
        all_of_it = evpi(benefit)
        found = [("EVPI", "all", all_of_it), *partial[threshold]]
        for measure, name, value in sorted(found, key=lambda each: (each[0] != "EVPI", -each[2].value)):
            rows.append(
                {
                    "measure": measure,
                    "parameters": name,
                    "threshold": float(threshold),
                    "value": value.value,
                    "se": value.se,
                    "bias": value.bias,
                    "share_of_evpi": value.value / all_of_it.value if all_of_it.value > 0 else np.nan,
                    "population_value": value.value * size,
                    "population_se": value.se * size,
                }
            )
    return pd.DataFrame(rows)


def _checked(net_benefit: ArrayLike, fewest: int) -> Array:
    values = np.asarray(net_benefit, dtype=np.float64)
    problems = []
    if values.ndim != 2 or values.shape[1] < 2:
        problems.append(Problem("net benefit", "shape", str(values.shape), "(draws, options) with at least 2 options"))
    elif len(values) < fewest:
        problems.append(Problem("net benefit", "number of draws", str(len(values)), f"at least {fewest}"))
    unusable = int((~np.isfinite(values)).sum())
    if unusable:
        problems.append(Problem("net benefit", "values", f"{unusable} not finite", "finite numbers"))
    if problems:
        raise BadInput(problems)
    return values


def _informed(net_benefit: Array, inputs: ArrayLike, seed: int) -> Value:
    return _valued(net_benefit, _terms(inputs, net_benefit), seed)


def _terms(inputs: ArrayLike, net_benefit: Array) -> Terms:
    """The terms of what would be known; `BadInput` where it does not fit the net benefit."""
    known = np.asarray(inputs, dtype=np.float64)
    known = known.reshape(len(known), -1)
    unusable = int((~np.isfinite(known)).sum())
    if len(known) != len(net_benefit) or unusable:
        what = f"{len(known)} rows, {unusable} values not finite"
        raise BadInput([Problem("value of information", "inputs", what, f"{len(net_benefit)} rows of finite numbers")])
    return Terms.of(known)


def _valued(net_benefit: Array, terms: Terms, seed: int) -> Value:
    fit = conditional_mean(net_benefit, terms, seed)
    plain, averaging = _gain(fit.mean)
    shown = fit.mean[fit.rows]
    refits = fit.refits()
    means = refits.mean(axis=-1, keepdims=True)
    again = reduce(np.maximum, refits).mean(axis=-1) - means[..., 0].max(axis=0)
    # The means of the options are the sample's, as they are in EVPI; only the shape of the fit is at fault here.
    best = shown.mean(axis=0)
    shifts = (refit - middle + centre for refit, middle, centre in zip(refits, means, best, strict=True))
    shifted = reduce(np.maximum, shifts).mean(axis=-1) - best.max()
    bias = float(np.mean(shifted)) - _gain(shown)[0]
    value = float(np.clip(plain - bias, 0.0, evpi(net_benefit).value))
    error = float(np.hypot(np.std(again), averaging))
    return Value(value, max(error, _unseen(refits, best)) if value == 0.0 else error, bias)


def _unseen(refits: Array, best: Array) -> float:
    """What knowing could be worth although no fit shows it: an estimate of nought is no certainty.

    The unit normal loss of the closest option, whose mean lies as far behind the best as in the fit, with the spread that the
    refits have. `refits` has the shape (options, refits, rows), `best` holds the means of the options.
    """
    behind = best.max() - best
    spread = refits.std(axis=(1, 2))
    apart = [(m, s, m / s) for m, s in zip(behind, spread, strict=True) if s > 0.0]
    losses = [s * (np.exp(-(z * z) / 2.0) / ROOT) - m * ndtr(-z) for m, s, z in apart]
    return float(max(losses, default=0.0))


def _gain(benefit: Array) -> tuple[float, float]:
    """What the best option per draw gains over the best on average, with the error of averaging over draws."""
    gain = benefit.max(axis=1) - benefit[:, benefit.mean(axis=0).argmax()]
    return float(gain.mean()), standard_error(gain)
