"""Why a formula and the simulation differ: the formula's assumptions held against the simulated patients."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.questions.trial.analysis.seen import arms, at_visit, through, time_to_event
from simulator.questions.trial.conduct.conduct import hypotheses
from simulator.questions.trial.design.endpoint import KAPLAN_MEIER, Endpoint
from simulator.questions.trial.results.event_curves import early_and_late
from simulator.questions.trial.sizes.closed_form import Formula, Pool, formulas

Bools = NDArray[np.bool_]

NOTABLE = 0.02
"""Shares of patients below this are not worth a reason."""
CHANGED = 1.15
"""Hazard ratios (or hazards) that differ by less than this factor between early and late count as constant."""


class Broken(NamedTuple):
    """An assumption of a formula that the patients do not meet, with the numbers that show it.

    `first` and `second` are two ratios, rates, shares or spreads, before and after `months` or of the control arm and the other;
    NaN where there is nothing to say.
    """

    assumption: str
    first: float = math.nan
    second: float = math.nan
    months: float = math.nan


def comparison_tables(pooled: Pool, needs: pd.DataFrame, power: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Simulated and closed-form sizes side by side, for each endpoint's test alone at the full alpha; and what explains gaps.

    `needs` is `size_search.endpoint_table`. Columns of the first: endpoint, test, patients, low, high (simulated), formula,
    formula_patients, formula_low, formula_high (what the error of its inputs does), formula_events, inputs, verdict (agree,
    differ, no_effect, or empty where there is no formula), ratio (simulated by formula), ratio_low, ratio_high (95%, of both
    errors). One row per formula; endpoints
    without any have one row. Of the second: endpoint, then `Broken`.
    """
    rows, broken = [], []
    for name, endpoint, arm in hypotheses(pooled.design, pooled.design.endpoints):
        need = needs[needs["endpoint"] == name].iloc[0]
        found = formulas(pooled, endpoint, power, arm)
        broken += [{"endpoint": name, **each._asdict()} for each in reasons(pooled, endpoint, arm)]
        for formula in found or [Formula("none", math.nan, "no closed form in common use")]:
            rows.append(
                {
                    "endpoint": name,
                    "test": endpoint.test,
                    "patients": need["patients"],
                    "low": need["low"],
                    "high": need["high"],
                    "formula": formula.method,
                    "formula_patients": formula.patients,
                    "formula_low": formula.patients * math.exp(-1.96 * formula.error),
                    "formula_high": formula.patients * math.exp(1.96 * formula.error),
                    "formula_events": formula.events,
                    "inputs": formula.inputs,
                    **dict(zip(("verdict", "ratio", "ratio_low", "ratio_high"), _verdict(need, formula), strict=True)),
                }
            )
    return pd.DataFrame(rows), pd.DataFrame(broken, columns=["endpoint", *Broken._fields])


def _verdict(need: pd.Series[float], formula: Formula) -> tuple[str, float, float, float]:
    if not math.isfinite(formula.patients):
        return "", math.nan, math.nan, math.nan
    ratio = float(need["patients"]) / formula.patients
    if not math.isfinite(ratio):
        return "no_effect", math.nan, math.nan, math.nan
    error = math.log(float(need["patients"]) / float(need["low"])) / 1.96
    half = 1.96 * math.hypot(error, formula.error)
    word = "agree" if abs(math.log(ratio)) <= half else "differ"
    return word, ratio, ratio * math.exp(-half), ratio * math.exp(half)


def reasons(pooled: Pool, endpoint: Endpoint, comparison: int) -> Iterator[Broken]:
    """The assumptions of the endpoint's formulas that the patients do not meet."""
    if endpoint.by_events:
        yield from _hazards(pooled, endpoint, comparison)
    if endpoint.test in ("rmst", *KAPLAN_MEIER):
        return
    if endpoint.test in ("win_ratio", "win_odds", "net_benefit"):
        yield Broken("exact_variance")
    if endpoint.test in ("ancova", "t_test"):
        yield from _measured(pooled, endpoint, comparison)
    lost = float(np.isfinite(pooled.data.lost).mean())
    if lost > NOTABLE:
        yield Broken("nobody_lost", lost)


def _hazards(pooled: Pool, endpoint: Endpoint, comparison: int) -> Iterator[Broken]:
    """Whether hazards and their ratio stay the same over time."""
    seen = time_to_event(endpoint, pooled.data)
    group = arms(pooled.data, comparison, pooled.data.entered)
    split = early_and_late(seen, group)
    if split is None:
        return
    events, (middle, early, late) = seen.code == 1, split
    gap = float(late.estimate[0] - early.estimate[0])
    if abs(gap) > max(math.log(CHANGED), 2.0 * math.hypot(float(early.se[0]), float(late.se[0]))):
        ratios = math.exp(early.estimate[0]), math.exp(late.estimate[0])
        yield Broken("proportional_hazards", *ratios, middle * 12.0)
        caused = float(pooled.data.caused[group == 1].mean())
        if caused > 0.0:
            yield Broken("effect_from_the_start", caused)
    control = group == 0
    before = _rate(np.minimum(seen.time, middle), events & (seen.time <= middle), control)
    after = _rate(np.maximum(seen.time - middle, 0.0), events & (seen.time > middle), control)
    if after > 0.0 and max(before / after, after / before) > CHANGED:
        yield Broken("constant_hazard", before, after, middle * 12.0)
    competing = float((seen.code == 2)[group >= 0].mean())
    if competing > NOTABLE:
        yield Broken("no_competing_event", competing)


def _rate(time: NDArray[np.float64], event: Bools, use: Bools) -> float:
    years = float(time[use].sum())
    return float((event & use).sum()) / years if years > 0.0 else 0.0


def _measured(pooled: Pool, endpoint: Endpoint, comparison: int) -> Iterator[Broken]:
    """Whether those who are measured are the same people in both arms."""
    data = pooled.data
    values = at_visit(endpoint, data, data.tcpo2 if endpoint.outcome == "tcpo2" else data.walked)
    ready = arms(data, comparison, through(endpoint, data))
    control, treated = (float((~np.isnan(values[ready == arm])).mean()) for arm in (0, 1))
    if min(control, treated) < 1.0 - NOTABLE:
        yield Broken("everybody_measured", control, treated)
    spread = [float(np.nanstd(values[ready == arm])) for arm in (0, 1)]
    if max(spread) > CHANGED * min(spread):
        yield Broken("equal_spread", spread[0], spread[1])
