"""What a data monitoring committee is given: when the looks come, what is known by then, and what each boundary means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from simulator.questions.trial.analysis.analysis import Analysis, analyse
from simulator.questions.trial.analysis.data import cut, limited
from simulator.questions.trial.analysis.looks import event_dates, information, look_dates
from simulator.questions.trial.conduct.conduct import Conduct
from simulator.questions.trial.design.endpoint import RATIOS, SCALES, Endpoint
from simulator.questions.trial.results.event_curves import shown_endpoint
from simulator.questions.trial.simulation.simulation import Simulation, at_once
from simulator.statistics.sequential.conditional_power import conditional_power, predictive_power

Array = NDArray[np.float64]

RANGE = (0.05, 0.95)
"""Quantiles of trials between which a range lies."""
LIMIT = 1e-6


def monitoring_tables(simulation: Simulation, truths: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What the looks see, and what their boundaries are worth, if no look stops a trial.

    monitoring: truth, look, happens (share of trials in which the look comes before the end), then months, patients and
    events (means, with ``_low`` and ``_high`` for 90% of trials), conditional_power (under the trend) and predictive_power
    (means; none at the end). events are those of the first endpoint, or amputations and deaths. bounds: look, information,
    z, p, effect (on the scale of the test, ratios not logarithms), in a two-sided trial harm_effect, futility_z,
    futility_effect, futility_conditional_power, futility_predictive_power.
    """
    conduct = simulation.conduct()
    rows, errors = [], None
    for truth in truths:
        found = list(_looks(simulation, conduct, truth))
        errors = errors or [float(np.nanmedian(each[1].se)) for each in found]
        rows += [(truth, k + 1, *row) for k, (row, _) in enumerate(found)]
    names = [f"{name}{end}" for name in ("months", "patients", "events") for end in ("", "_low", "_high")]
    columns = ["truth", "look", "happens", *names, "conditional_power", "predictive_power"]
    assert errors is not None
    return pd.DataFrame(rows, columns=columns), _bounds(conduct, errors)


def _looks(simulation: Simulation, conduct: Conduct, truth: str) -> Iterator[tuple[tuple[float, ...], Analysis]]:
    design, n = simulation.design, conduct.marked.patients
    data = limited(simulation.lives(simulation.truth(truth), 0, at_once(simulation.trials, n), n), n)
    dates = look_dates(design, data, conduct.marked)
    counted = event_dates(shown_endpoint(design) if not design.primary.by_events else design.primary, data)
    final = float(conduct.rule.boundaries[0].upper[-1])
    _, endpoint, arm = conduct.hypotheses[0]
    for k in range(dates.shape[1]):
        last = k == dates.shape[1] - 1
        seen = cut(data, dates[:, k])
        found = analyse(endpoint, seen, arm)
        here = np.ones(len(dates), bool) if last else dates[:, k] < dates[:, -1]
        parts = [
            dates[:, k] * 12.0,
            seen.entered.sum(axis=1) * 1.0,
            (counted <= dates[:, k : k + 1]).sum(axis=1) * 1.0,
        ]
        row = [float(here.mean())]
        for values in parts:
            of = values[here] if here.any() else np.array([np.nan])
            row += [float(of.mean()), *(float(q) for q in np.quantile(of, RANGE))]
        row += [np.nan, np.nan] if last else _chances(found.z[here], information(endpoint, seen)[here], conduct, final)
        yield tuple(row), found


def _chances(z: Array, count: Array, conduct: Conduct, final: float) -> list[float]:
    """Mean conditional (under the trend) and predictive power of trials with these statistics."""
    share = np.clip(count / conduct.whole[0], LIMIT, 1.0 - LIMIT)
    ready = np.isfinite(z)
    if not ready.any():
        return [np.nan, np.nan]
    z, share = z[ready], share[ready]
    return [float(conditional_power(z, share, final).mean()), float(predictive_power(z, share, final).mean())]


def _bounds(conduct: Conduct, errors: Sequence[float]) -> pd.DataFrame:
    found, endpoint = conduct.rule.boundaries[0], conduct.hypotheses[0][1]
    t, upper = found.information, found.upper
    table = pd.DataFrame(
        {
            "look": np.arange(1, t.size + 1),
            "information": t,
            "z": upper,
            "p": found.plan.sides * ndtr(-upper),
            "effect": [effect_at(endpoint, z, se) for z, se in zip(upper, errors, strict=True)],
        }
    )
    if conduct.design.sides == 2:
        table["harm_effect"] = [effect_at(endpoint, -z, se) for z, se in zip(upper, errors, strict=True)]
    if not conduct.design.stops_for_futility:
        return table
    lower = conduct.rule.lower(t[None, :])[0]
    stops = np.isfinite(lower)
    inside = np.clip(t, LIMIT, 1.0 - LIMIT)
    table["futility_z"] = np.where(stops, lower, np.nan)
    effects = [effect_at(endpoint, z, se) if on else np.nan for z, se, on in zip(lower, errors, stops, strict=True)]
    table["futility_effect"] = effects
    for name, of in (("conditional", conditional_power), ("predictive", predictive_power)):
        chance = of(np.where(stops, lower, 0.0), inside, upper[-1])
        table[f"futility_{name}_power"] = np.where(stops, chance, np.nan)
    return table


def effect_at(endpoint: Endpoint, z: float, se: float) -> float:
    """The estimate at which a test has this z, if its standard error is `se`; ratios as ratios, not as logarithms."""
    gain = z * se - endpoint.loss
    estimate = gain if endpoint.good else -gain
    return float(np.exp(estimate)) if is_ratio(endpoint) else float(estimate)


def is_ratio(endpoint: Endpoint) -> bool:
    """Whether the test's estimate is the logarithm of a ratio."""
    return endpoint.test in RATIOS or SCALES[endpoint.test].startswith("log_")
