"""The same comparison under the three views of the evidence, side by side."""

from __future__ import annotations

import pandas as pd

from simulator.living.outcomes import OUTCOMES
from simulator.run import simulate
from simulator.scenario import Scenario
from simulator.scenario.arrays import BY_VIEW, DEATH_LEVEL, SHARE
from simulator.words.vocabulary import View

VIEWS = tuple(view.name.lower() for view in View)


def evidence_views(scenario: Scenario, policy: str, patients: int, seed: int) -> pd.DataFrame:
    """A policy and the reference under each view, in the same patients with the same luck.

    One row per view, outcome and time reported: `share` (of recovery caused by cell therapy), means of the reference
    and of the policy, and their paired difference, each with its Monte Carlo standard error.
    """
    shares = [scenario.register[f"{SHARE}_{view}"].value for view in VIEWS]
    columns = {name: [scenario.register[f"{name}_{view}"].value for view in VIEWS] for name in BY_VIEW}
    register, rate = scenario.register, "death_rate_wound"
    levels = [register[name].value if (name := f"{DEATH_LEVEL}_{view}") in register else 1.0 for view in VIEWS]
    own = levels[VIEWS.index(scenario.view)]
    columns[rate] = [register[rate].value * level / own for level in levels]
    draws = pd.DataFrame({"draw": VIEWS, **columns})
    policies = [scenario.reference, policy]
    result = simulate(scenario, policies, patients, seed, engine="compiled", draws=draws, ledger=False)
    keys = ["draw", "time_years", "outcome"]
    by_policy = {name: rows.set_index(keys) for name, rows in result.draws.groupby("policy")}
    reference, other = by_policy[scenario.reference], by_policy[policy]
    table = pd.DataFrame(
        {
            "policy": policy,
            "reference": scenario.reference,
            "reference_mean": reference["mean"],
            "reference_se": reference["se"],
            "mean": other["mean"],
            "se": other["se"],
            "difference": other["difference"],
            "difference_se": other["difference_se"],
        }
    ).reset_index(names=["view", "time_years", "outcome"])
    table.insert(1, "share", table["view"].map(dict(zip(VIEWS, shares, strict=True))))
    order = {name: place for place, name in enumerate((*VIEWS, *OUTCOMES))}
    by_place = table.assign(view_place=table["view"].map(order), outcome_place=table["outcome"].map(order))
    sorted_rows = by_place.sort_values(["view_place", "outcome_place", "time_years"]).index
    return table.loc[sorted_rows].reset_index(drop=True)
