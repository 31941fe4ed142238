"""What a policy does for a hundred people referred, and for a hundred whom it treats."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.questions.compare.job import Comparison

YEARS = (1.0, 2.0, 5.0)
FIRST_TIME_OF = {
    "major_amputation": "amputated_at_years",
    "death": "died_at_years",
    "healing": "healed_at_years",
}
Z = 1.959963984540054
"""Normal quantile of two-sided 95%."""
COLUMNS = ["group", "policy", "outcome", "time_years", "people", "reference_mean", "reference_se", "mean", "se"]
COLUMNS += ["difference", "difference_se", "needed", "needed_low", "needed_high"]


def per_hundred_table(comparison: Comparison) -> pd.DataFrame:
    """Shares by one, two and five years under each policy and under the reference in the same people.

    `group` is ``referred`` (everybody) or ``treated`` (those to whom the policy gives cells or another therapy), `people`
    their number. `needed` is the number of such people for one outcome more or fewer, with the limits that its 95% Monte
    Carlo interval gives; missing where the interval of the difference holds zero.
    """
    people = comparison.people
    by_policy = {str(name): own.set_index("patient") for name, own in people.groupby("policy", observed=True)}
    reference = by_policy[comparison.reference]
    horizon = comparison.scenario.horizon
    rows = []
    for name in comparison.policies:
        if name == comparison.reference:
            continue
        own = by_policy[name]
        treated = (own["doses"] > 0) | (own["procedures"] > 0)
        for group, chosen in (("referred", treated | True), ("treated", treated)):
            for outcome, column in FIRST_TIME_OF.items():
                for time in (year for year in YEARS if year <= horizon):
                    after = (own.loc[chosen, column] <= time).to_numpy(np.float64)
                    before = (reference.loc[chosen, column] <= time).to_numpy(np.float64)
                    if len(after):
                        rows.append((group, name, outcome, time, len(after), *_compared(before, after)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _compared(before: np.ndarray, after: np.ndarray) -> tuple[float, ...]:
    change = after - before
    difference, se = float(change.mean()), _standard_error(change)
    low, high = difference - Z * se, difference + Z * se
    if low > 0.0 or high < 0.0:
        limits = sorted((abs(1.0 / low), abs(1.0 / high)))
        needed = (abs(1.0 / difference), limits[0], limits[1])
    else:  # the interval holds zero, or one person has none
        needed = (np.nan, np.nan, np.nan)
    return (
        float(before.mean()),
        _standard_error(before),
        float(after.mean()),
        _standard_error(after),
        difference,
        se,
        *needed,
    )


def _standard_error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
