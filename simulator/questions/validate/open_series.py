"""The headline with and without what open series say of treatment.

The fit of hospitals cuts that feedback (Plummer, Stat Comput 2015;25:37): whoever was chosen for cells and followed without
controls does well or badly for reasons of their own, which the model would take for what cells do. What the treated arms of all
studies would teach is shown here and used nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from simulator.evidence.hospitals import FIELDS, RESPONSE
from simulator.questions.validate.structural import Alternative, Structural, compare_structures, load_structural

POLICY = "protocol"
NOT_USED = "not_used"


def with_and_without(
    learned: Mapping[str, float], patients: int, seed: int, offsets: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """series, log_odds, policy, outcome, time_years, mean, se, difference, difference_se: of the structural plan's outcomes at
    its first time.

    `series` is not_used, or the mean or a limit of what is `learned` (log odds of response by the names mean, low, high). Shares
    are of people; `offsets` (by names of the register) are those of the average hospital unless others are given.
    """
    at = {NOT_USED: 0.0, **learned}
    plan = load_structural()[0]
    alternatives = tuple(
        Alternative(assumption=RESPONSE, name=name, parameters={**(offsets or {}), FIELDS[RESPONSE]: value})
        for name, value in at.items()
    )
    asked = Structural(
        scenario=plan.scenario,
        policies=(plan.reference, POLICY),
        reference=plan.reference,
        outcomes=plan.outcomes,
        times_years=plan.times_years[:1],
        alternative=alternatives,
    )
    found = compare_structures(asked, patients, seed).table.rename(columns={"alternative": "series"})
    found = found[found["policy"] == POLICY]
    columns = ["series", "policy", "outcome", "time_years", "mean", "se", "difference", "difference_se"]
    table = found[columns].reset_index(drop=True)
    table.insert(1, "log_odds", table["series"].map(at))
    return table
