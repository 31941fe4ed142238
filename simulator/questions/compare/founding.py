"""The founding study beside its simulation, observed alike: last known status, with losses to follow-up."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pandas as pd

from simulator.evidence.targets import OF_AMPUTATED, OF_HEALED, OF_HEALED_WITH_LIMB, WITH_LIMB, load_targets
from simulator.statistics.endpoints.exact_interval import exact_interval

POLICY = "protocol"
SCENARIO = "founding_cohort"
YEAR = 1.0


def founding_table(people: pd.DataFrame) -> pd.DataFrame:
    """Results of the published protocol by one year: quantity, observed, n, low, high, simulated, se, inside.

    `people` has one row per policy and patient, with the years that the study would have followed them. Observed shares
    have exact 95% binomial limits.
    """
    study, _ = load_targets()
    people = people[people["policy"] == POLICY]
    by = np.minimum(YEAR, people["followed_years"])
    dead = people["died_at_years"] <= by
    amputated = people["amputated_at_years"] <= by
    healed = people["healed_at_years"] <= by
    alive, gone = np.split(study.cells_1_year, 2)
    once, twice, three_times = study.doses.sum(axis=0)
    shares = {
        "major_amputation": (study.cells_1_year[OF_AMPUTATED].sum(), amputated),
        "death": (gone.sum(), dead),
        "amputation_free_survival": (alive[WITH_LIMB].sum(), ~dead & ~amputated),
        "healing": (study.cells_1_year[OF_HEALED].sum(), healed),
        "healing_without_amputation": (study.cells_1_year[OF_HEALED_WITH_LIMB].sum(), healed & ~amputated),
        "treated_once": (once, people["doses"] == 1),
        "treated_twice": (twice, people["doses"] == 2),
        "treated_three_times": (three_times, people["doses"] == 3),
    }
    rows = []
    for quantity, (count, simulated) in shares.items():
        low, high = exact_interval(count, study.n)
        p = float(simulated.mean())
        se = sqrt(p * (1.0 - p) / len(simulated))
        rows.append((quantity, count / study.n, study.n, low, high, p, se, bool(low <= p <= high)))
    return pd.DataFrame(rows, columns=["quantity", "observed", "n", "low", "high", "simulated", "se", "inside"])
