"""The naive competitor's forecast of a trial: the average of published arms, without a model.

Each arm is forecast on its own by a random-effects meta-analysis of the same outcome in published arms with the same kind
of care (`simulator.studies.naive`), and trials of the planned size are drawn from it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.questions.forecast.lived import Lived, fisher_success
from simulator.questions.forecast.registered import Endpoint, RegisteredTrial
from simulator.studies.counts import kind_of_care, what_is_counted
from simulator.studies.naive import Count, naive_shares
from simulator.words.luck import generator

VIEW = "naive"
"""What stands in the column `view` for a forecast that reads no view of the evidence."""


def averaged(
    name: str, trial: RegisteredTrial, endpoint: Endpoint, published: list[Count], trials: int, seed: int
) -> Lived:
    """What the competitor expects of an endpoint: `Lived` with a draw per node of its predictive distribution.

    Arms are independent of one another, because published arms are averaged arm by arm. Success is by Fisher's test whatever
    the trial's own test, because averages hold no times.
    """
    outcome, survived = what_is_counted(endpoint.measure)
    luck = generator(seed, "averaged arms", name, endpoint.name)
    risks: dict[str, NDArray[np.float64]] = {}
    counts: dict[str, NDArray[np.int64]] = {}
    for arm in (*endpoint.treated, *endpoint.control):
        group = trial.groups[arm]
        asked = Count(name, outcome, kind_of_care([group.care]), endpoint.at_years, 0, group.n, survived)
        risks[arm] = luck.permutation(naive_shares(asked, published))
        counts[arm] = luck.binomial(group.n, risks[arm][:, None], size=(len(risks[arm]), trials)).astype(np.int64)
    success = None if endpoint.test == "none" else fisher_success(endpoint, trial, counts)
    return Lived(risks, counts, success)
