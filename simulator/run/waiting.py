"""The waiting list for a shared resource: how long, how many, and what became of those who waited."""

from __future__ import annotations

from itertools import pairwise
from math import ceil

import numpy as np
import pandas as pd

from simulator.living.capacity import Waiting, referral_dates
from simulator.run import Result
from simulator.words.vocabulary import DAYS_PER_YEAR

CALENDAR_POINTS = 200


def waits_table(result: Result) -> pd.DataFrame:
    """How waits ended: a row per policy, procedure and end, with requests, their share, and days waited.

    `share` is among the requests for that procedure under that policy. Requests of one patient, and of patients in one
    queue, depend on each other, so the standard errors are those of independent requests and too small.
    """
    rows = []
    for (policy, procedure), asked in result.waits.groupby(["policy", "procedure"], sort=False, observed=True):
        for end, group in asked.groupby("end", sort=False, observed=True):
            days = group["waited_years"] * DAYS_PER_YEAR
            share = len(group) / len(asked)
            rows.append(
                {
                    "policy": policy,
                    "procedure": procedure,
                    "end": end,
                    "requests": len(group),
                    "share": share,
                    "share_se": np.sqrt(share * (1.0 - share) / len(asked)),
                    "mean_days": days.mean(),
                    "mean_days_se": days.std() / np.sqrt(len(days)) if len(days) > 1 else np.nan,
                    "median_days": days.median(),
                    "p90_days": days.quantile(0.9),
                }
            )
    columns = ["policy", "procedure", "end", "requests", "share", "share_se"]
    columns += ["mean_days", "mean_days_se", "median_days", "p90_days"]
    return pd.DataFrame(rows, columns=columns)


def queue_table(result: Result) -> pd.DataFrame:
    """People waiting, on average in equal parts of the years of referral: policy, date_years (the middle), queue."""
    end = years_of_referral(result)
    edges = np.linspace(0.0, end, CALENDAR_POINTS + 1)
    rows = [
        (policy, (start + stop) / 2.0, waiting.mean("queue", start, stop))
        for policy, waiting in waiting_lists(result).items()
        for start, stop in pairwise(edges)
    ]
    return pd.DataFrame(rows, columns=["policy", "date_years", "queue"])


def slots_table(result: Result) -> pd.DataFrame:
    """Use of the slots while patients are referred: policy, slots_per_week, used_per_week, utilisation, mean_queue."""
    capacity = result.scenario.settings.capacity
    if capacity is None:
        raise LookupError("nobody waits in a scenario without [capacity]")
    end = years_of_referral(result)
    rows = []
    for policy, waiting in waiting_lists(result).items():
        # A slot of a fraction is occupied for longer: what is busy of all slots is the share used of the throughput.
        share = waiting.mean("busy", 0.0, end) / ceil(capacity.slots_per_week)
        used = share * capacity.slots_per_week
        rows.append((policy, capacity.slots_per_week, used, share, waiting.mean("queue", 0.0, end)))
    return pd.DataFrame(rows, columns=["policy", "slots_per_week", "used_per_week", "utilisation", "mean_queue"])


def years_of_referral(result: Result) -> float:
    """Years from the first day to the last referral."""
    capacity = result.scenario.settings.capacity
    if capacity is None:
        raise LookupError("nobody waits in a scenario without [capacity]")
    per_year = capacity.arrivals_per_week * DAYS_PER_YEAR / 7.0
    return float(referral_dates(result.seed, result.people, per_year)[-1])


def waiting_lists(result: Result) -> dict[str, Waiting]:
    """The waiting list of each policy."""
    return {each.policy: each.what for each in result.kept if isinstance(each.what, Waiting)}
