"""The headline results, and how far each rests on recalled or assumed values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from simulator.evidence.reliance import Outcomes, reliance
from simulator.evidence.wholes import cut_limits
from simulator.living.outcomes import OUTCOMES
from simulator.run import simulate
from simulator.scenario import Scenario

LEVELS = ("major_amputation", "death")
CONTRASTS = ("major_amputation", "healing_without_amputation", "amputation_free_survival")


def headline_results(
    scenario: Scenario,
    policy: str | None,
    patients: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Outcomes:
    """The headline results by name as a function of the register's values, in the same patients with the same luck.

    They are major amputation and death under the reference, and what the policy changes, at the first time reported,
    and the change in years lived to the horizon.
    """
    first, last = scenario.times[0], scenario.times[-1]
    policies = [scenario.reference, *([policy] if policy is not None else [])]

    def results(sets: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
        draws = cut_limits(pd.DataFrame([dict(values) for values in sets]), scenario.register.values())
        # Sets that differ in nothing that these lives depend on are lived once.
        told = draws.drop(columns=list(scenario.idle_under(policies)))
        _, lived, place = np.unique(told.to_numpy(np.float64), axis=0, return_index=True, return_inverse=True)
        rows = draws.iloc[lived]
        found = simulate(
            scenario, policies, patients, seed, engine="compiled", draws=rows, progress=progress, ledger=False
        )
        early, late = found.times.searchsorted([first, last])
        named = [
            {
                f"{outcome}, {scenario.reference}, {first:g} y": float(means[0, early, OUTCOMES.index(outcome)])
                for outcome in LEVELS
            }
            for means in found.draw_outcomes
        ]
        if policy is not None:
            contrast = f"{policy} minus {scenario.reference}"
            for each, means in zip(named, found.draw_outcomes, strict=True):
                change = means[1] - means[0]
                each |= {
                    f"{outcome}, {contrast}, {first:g} y": float(change[early, OUTCOMES.index(outcome)])
                    for outcome in CONTRASTS
                }
                each[f"life_years, {contrast}, {last:g} y"] = float(change[late, OUTCOMES.index("life_years")])
        return [named[each] for each in place.reshape(-1)]

    return results


def headline_reliance(
    scenario: Scenario,
    policy: str | None,
    patients: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """What each recalled or assumed parameter does to each headline result; see `simulator.evidence.reliance`."""
    return reliance(scenario.register, headline_results(scenario, policy, patients, seed, progress))


def strongest(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """The values that move each headline result most, at most so many a result.

    Columns: outcome, policy, reference (empty for a level), time_years, parameter, grade, low_value, high_value, base, the result
    at either limit (at_low, at_high), and told_as: the outcome, of a difference after `change_`, which is told in points.
    """
    moving = table[table["swing"] > 0].groupby("outcome", sort=False).head(most)
    rows = []
    for row in moving.to_dict("records"):
        outcome, who, time = str(row["outcome"]).split(", ")
        policy, _, reference = who.partition(" minus ")
        at_low, at_high = (row["base"] + row[side] for side in ("at_low", "at_high"))
        told = (row["parameter"], row["grade"], row["low_value"], row["high_value"], row["base"], at_low, at_high)
        told_as = f"change_{outcome}" if reference else outcome
        rows.append((outcome, policy, reference, float(time.removesuffix(" y")), *told, told_as))
    columns = ["outcome", "policy", "reference", "time_years", "parameter", "grade", "low_value", "high_value"]
    return pd.DataFrame(rows, columns=[*columns, "base", "at_low", "at_high", "told_as"])
