"""Why a formula and the simulation differ: the formula's assumptions held against the simulated patients."""

from __future__ import annotations

import math
from collections.abc import Iterator

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


def comparison_table(pooled: Pool, needs: pd.DataFrame, power: float) -> pd.DataFrame:
    """Simulated and closed-form sizes side by side, for each endpoint's test alone at the full alpha.

    `needs` is `size_search.endpoint_table`. Columns: endpoint, test, patients, low, high (simulated), formula,
    formula_patients, formula_low, formula_high (what the error of its inputs does), formula_events, inputs, reason. One
    row per formula; endpoints without any have one row.
    """
    rows = []
    for name, endpoint, arm in hypotheses(pooled.design, pooled.design.endpoints):
        need = needs[needs["endpoint"] == name].iloc[0]
        found = formulas(pooled, endpoint, power, arm)
        why = list(reasons(pooled, endpoint, arm))
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
                    "reason": _verdict(need, formula, why),
                }
            )
    return pd.DataFrame(rows)


def _verdict(need: pd.Series[float], formula: Formula, why: list[str]) -> str:
    if not math.isfinite(formula.patients):
        return ""
    ratio = float(need["patients"]) / formula.patients
    if not math.isfinite(ratio):
        return "The simulation shows no effect beyond Monte Carlo error."
    error = math.log(float(need["patients"]) / float(need["low"])) / 1.96
    if abs(math.log(ratio)) <= 1.96 * math.hypot(error, formula.error):
        return "They agree within Monte Carlo error."
    size = f"The simulation needs {ratio:.2f} times the patients. "
    return size + (" ".join(why) if why else "No assumption is visibly broken: small-sample error of the formula.")


def reasons(pooled: Pool, endpoint: Endpoint, comparison: int = 1) -> Iterator[str]:
    """The assumptions of the endpoint's formulas that the patients do not meet, one sentence each."""
    if endpoint.by_events:
        yield from _hazards(pooled, endpoint, comparison)
    if endpoint.test in ("rmst", *KAPLAN_MEIER):
        return
    if endpoint.test in ("win_ratio", "win_odds", "net_benefit"):
        yield "The formula's variance is approximate and tends to be too large."
    if endpoint.test in ("ancova", "t_test"):
        yield from _measured(pooled, endpoint, comparison)
    lost = float(np.isfinite(pooled.data.lost).mean())
    if lost > NOTABLE:
        yield f"{lost:.0%} are lost to follow-up."


def _hazards(pooled: Pool, endpoint: Endpoint, comparison: int) -> Iterator[str]:
    """Whether hazards and their ratio stay the same over time."""
    seen = time_to_event(endpoint, pooled.data)
    group = arms(pooled.data, comparison, pooled.data.entered)
    split = early_and_late(seen, group)
    if split is None:
        return
    events, (middle, early, late) = seen.code == 1, split
    gap = float(late.estimate[0] - early.estimate[0])
    if abs(gap) > max(math.log(CHANGED), 2.0 * math.hypot(float(early.se[0]), float(late.se[0]))):
        yield (
            f"Hazards are not proportional: the ratio is {math.exp(early.estimate[0]):.2f} in the first "
            f"{middle * 12.0:.1f} months and {math.exp(late.estimate[0]):.2f} afterwards, and when events come decides "
            "what is seen of it."
        )
        caused = float(pooled.data.caused[group == 1].mean())
        if caused > 0.0:
            yield f"Treatment raises TcPO2 by {caused:.0f} mmHg on average in its arm, over weeks to months."
    control = group == 0
    before = _rate(np.minimum(seen.time, middle), events & (seen.time <= middle), control)
    after = _rate(np.maximum(seen.time - middle, 0.0), events & (seen.time > middle), control)
    if after > 0.0 and max(before / after, after / before) > CHANGED:
        yield (
            f"The hazard is not constant: {before:.2f} a year in the first {middle * 12.0:.1f} months, {after:.2f} "
            "afterwards."
        )
    competing = float((seen.code == 2)[group >= 0].mean())
    if competing > NOTABLE:
        yield f"A competing event comes first in {competing:.0%}."


def _rate(time: NDArray[np.float64], event: Bools, use: Bools) -> float:
    years = float(time[use].sum())
    return float((event & use).sum()) / years if years > 0.0 else 0.0


def _measured(pooled: Pool, endpoint: Endpoint, comparison: int) -> Iterator[str]:
    """Whether those who are measured are the same people in both arms."""
    data = pooled.data
    values = at_visit(endpoint, data, data.tcpo2 if endpoint.outcome == "tcpo2" else data.walked)
    ready = arms(data, comparison, through(endpoint, data))
    control, treated = (float((~np.isnan(values[ready == arm])).mean()) for arm in (0, 1))
    if min(control, treated) < 1.0 - NOTABLE:
        yield (
            f"Only the living with a limb are measured: {control:.0%} of the control arm, {treated:.0%} of the other."
        )
    spread = [float(np.nanstd(values[ready == arm])) for arm in (0, 1)]
    if max(spread) > CHANGED * min(spread):
        yield f"The standard deviation differs: {spread[0]:.1f} and {spread[1]:.1f}, a mixture of responders and others."
