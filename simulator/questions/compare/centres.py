"""The headline at other hospitals: the same comparison at the average one, the founding one and hospitals drawn at random."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.evidence.hospitals import load_hospitals, offsets_at
from simulator.living.outcomes import MAIN
from simulator.run import simulate
from simulator.scenario import Scenario

HOSPITALS = 40
"""Hospitals drawn at random."""
PEOPLE, PEOPLE_OF_ONE = 4_000, 500
"""Patients at a named hospital, and of each hospital drawn at random."""
NAMED = ("average", "founding")


def other_centres(scenario: Scenario, policy: str, seed: int, people: int = PEOPLE) -> pd.DataFrame | None:
    """centre, outcome, time_years, then means of the reference and of the policy and their difference, each with low and high.

    At the first time reported, in the same patients with the same luck; at the scenario's own hospital in all `people` of the
    report, so that it has one result. `low` and `high` are 95% Monte Carlo limits at a named
    hospital, and hold 95% of hospitals (with the luck of their patients) where they are drawn at random. None where no
    population of hospitals has been fitted.
    """
    found = load_hospitals()
    if found is None:
        return None
    time = scenario.times[0]
    short = scenario.followed_until(time)
    parts = []
    for centre in NAMED:
        draws = offsets_at(found, centre, 1)
        most = people if centre == scenario.centre else PEOPLE
        parts.append(_told(short, policy, centre, time, draws, short.people_up_to(most), seed))
    drawn = offsets_at(found, "new", HOSPITALS)
    parts.append(_told(short, policy, "new", time, drawn, short.people_up_to(PEOPLE_OF_ONE), seed))
    return pd.concat(parts, ignore_index=True)


def _told(
    scenario: Scenario, policy: str, centre: str, time: float, draws: pd.DataFrame, people: int, seed: int
) -> pd.DataFrame:
    policies = [scenario.reference, policy]
    simulated = simulate(scenario, policies, people, seed, engine="compiled", draws=draws, times=[time], ledger=False)
    found = simulated.draws
    found = found[(found["time_years"] == time) & found["outcome"].isin(MAIN)]
    rows = []
    for outcome in MAIN:
        row: dict[str, object] = {"centre": centre, "outcome": outcome, "time_years": time}
        own = found[found["outcome"] == outcome]
        reference, treated = (own[own["policy"] == name] for name in policies)
        for name, values, errors in (
            ("reference_mean", reference["mean"], reference["se"]),
            ("mean", treated["mean"], treated["se"]),
            ("difference", treated["difference"], treated["difference_se"]),
        ):
            middle = float(values.mean())
            if len(values) > 1:
                low, high = np.quantile(values, [0.025, 0.975])
            else:
                half = 1.96 * float(errors.iloc[0])
                low, high = middle - half, middle + half
            row |= {name: middle, f"{name}_low": float(low), f"{name}_high": float(high)}
        rows.append(row)
    return pd.DataFrame(rows)
