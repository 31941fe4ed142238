"""What each policy would change at a hospital, in people a year of its own referrals, and the slots that it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from simulator.centre.own import at_its_centre
from simulator.evidence.posterior import parameter_draws
from simulator.living.outcomes import MAIN
from simulator.questions.registry.people.people import People
from simulator.questions.registry.people.privacy import SMALLEST
from simulator.run import Result, simulate
from simulator.run.asking import WEEKS_PER_YEAR
from simulator.run.waiting import waits_table
from simulator.scenario import Scenario
from simulator.scenario.settings import Capacity

YEARS = 1.0
"""Years after referral by which outcomes are counted."""
DRAWS, PEOPLE = 60, 4_000
"""Joint draws of the hospital and the clinical parameters, and referrals simulated at each."""
QUEUES, LONGEST_YEARS, MOST_WAITING = 8, 5.0, 300
"""Waiting lists that are simulated; years for which people join each, and people who do, at most."""
VIEWS = ("sceptical", "central", "optimistic")
DOSES = "doses"
HUNDRED = 100
HERE = ["view", "policy", "outcome", "reference", "reference_low", "reference_high", "mean", "mean_low", "mean_high",
        "difference", "difference_low", "difference_high", "difference_se"]  # fmt: skip
NEEDED = ["policy", "doses", "doses_low", "doses_high", "slots_per_week"]
FEW_SLOTS = [
    "policy",
    "outcome",
    "enough",
    "enough_se",
    "few",
    "few_se",
    "difference",
    "difference_low",
    "difference_high",
]


def referrals_per_year(people: People, smallest: int = SMALLEST) -> int | None:
    """People a year from the first start to the last; None without dates over a year at least, or where few come a year."""
    when = people.calendar[np.isfinite(people.calendar)]
    span = float(np.ptp(when)) if len(when) == len(people) and len(when) > 1 else 0.0
    rate = round(len(when) / span) if span >= 1.0 else 0
    return rate if rate > max(smallest, 0) else None


def at_home(base: Scenario, centre: Mapping[str, Any], view: str) -> Scenario:
    """The scenario at the hospital of a file's tables, under a view of the evidence, for as long as outcomes are counted."""
    there = base.with_(
        evidence={**centre["evidence"], "view": view},
        parameters={**base.settings.parameters, **centre.get("parameters", {})},
    )
    return at_its_centre(there).followed_until(YEARS)


def here_table(base: Scenario, centre: Mapping[str, Any], referrals: int, seed: int = 1) -> pd.DataFrame:
    """`HERE`: of so many `referrals`, how many have each outcome under conservative care and under each policy, a row a view.

    Means over joint draws of the hospital and of the clinical parameters; `low` and `high` hold 95% of the draws,
    `difference_se` is the Monte Carlo error of the mean difference. Limits are of expected numbers: a single year has its own
    luck besides.
    """
    rows: list[dict[str, Any]] = []
    for view in VIEWS:
        scenario = at_home(base, centre, view)
        drawn = parameter_draws(scenario.register, DRAWS, seed)
        found = at_the_end(simulate(scenario, None, PEOPLE, seed, draws=drawn, times=[YEARS]))
        reference = found[found["policy"] == scenario.reference]
        for policy in scenario.compare:
            if policy == scenario.reference:
                continue
            for outcome in (*MAIN, DOSES):
                own = found[(found["policy"] == policy) & (found["outcome"] == outcome)]
                before = reference[reference["outcome"] == outcome]["mean"]
                row: dict[str, Any] = {"view": view, "policy": policy, "outcome": outcome}
                for name, values in (("reference", before), ("mean", own["mean"]), ("difference", own["difference"])):
                    row |= counted(name, values.to_numpy(np.float64), referrals)
                # The same people live in every draw, so that their luck does not average out over draws.
                row["difference_se"] = referrals * float(own["difference_se"].mean())
                rows.append(row)
    return pd.DataFrame(rows, columns=HERE)


def at_the_end(result: Result) -> pd.DataFrame:
    """Outcomes of each draw at the last time."""
    found = result.draws
    return pd.DataFrame(found[found["time_years"] == result.times[-1]])


def counted(name: str, shares: np.ndarray, referrals: int) -> dict[str, float]:
    """Mean over draws and the limits of 95% of them, in people of so many referrals."""
    low, high = np.quantile(shares, [0.025, 0.975])
    values = (shares.mean(), low, high)
    return {
        key: referrals * float(value) for key, value in zip((name, f"{name}_low", f"{name}_high"), values, strict=True)
    }


def needed_table(here: pd.DataFrame) -> pd.DataFrame:
    """`NEEDED`: treatments a year under the central view, and the slots a week that give them if nobody waits."""
    own = here[(here["view"] == "central") & (here["outcome"] == DOSES)]
    table = own[["policy", "mean", "mean_low", "mean_high"]].set_axis(NEEDED[:4], axis=1).reset_index(drop=True)
    table["slots_per_week"] = table["doses"] / WEEKS_PER_YEAR
    return table


def few_slots_tables(
    base: Scenario,
    centre: Mapping[str, Any],
    per_year: int,
    slots_per_week: float,
    seed: int = 1,
    queues: int = QUEUES,
    most: int = MOST_WAITING,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`FEW_SLOTS`: change a year with a slot for everybody and with so many slots a week, and how waits end.

    The same people with the same luck under the central view, referred for up to five years from empty waiting lists;
    `difference` is what waiting takes, with 95% of the waiting lists; each `se` takes people as independent.
    """
    scenario = at_home(base, centre, "central")
    shared = Capacity(slots_per_week=slots_per_week, arrivals_per_week=per_year / WEEKS_PER_YEAR)
    waiting = replace(scenario, settings=scenario.settings.model_copy(update={"capacity": shared}))
    drawn = parameter_draws(scenario.register, queues, seed)
    people = int(min(most, LONGEST_YEARS * per_year))
    free, queued = (simulate(each, None, people, seed, draws=drawn, times=[YEARS]) for each in (scenario, waiting))
    keys = ["policy", "outcome", "draw"]
    both = at_the_end(free).merge(at_the_end(queued), on=keys, suffixes=("_free", "_queued"))
    rows = []
    for policy in scenario.compare:
        if policy == scenario.reference:
            continue
        for outcome in MAIN:
            own = both[(both["policy"] == policy) & (both["outcome"] == outcome)]
            enough, few = (own[f"difference_{name}"].to_numpy(np.float64) for name in ("free", "queued"))
            lost = counted("difference", few - enough, per_year)
            row: dict[str, Any] = {"policy": policy, "outcome": outcome}
            for name, values, of in (("enough", enough, "free"), ("few", few, "queued")):
                row[name] = per_year * values.mean()
                # As above: the same people live in every draw.
                row[f"{name}_se"] = per_year * float(own[f"difference_se_{of}"].mean())
            rows.append({**row, **lost})
    return pd.DataFrame(rows, columns=FEW_SLOTS), waits_table(queued)
