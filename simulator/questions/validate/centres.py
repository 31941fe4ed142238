"""Other hospitals than the founding cohort's: how many of like patients lose the limb, heal and die differs between them.

The model is fitted at one hospital. A study elsewhere is predicted for a hospital drawn at random, as a meta-analysis predicts
a new study and not the mean of studies (Higgins et al., J R Stat Soc A 2009;172:137, doi:10.1111/j.1467-985X.2008.00552.x).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from simulator.evidence.distributions import uniforms
from simulator.evidence.register import Register
from simulator.questions.validate.study import Study

SPREADS = {
    "amputation_between_centres_sd": ("amputation_rate",),
    "healing_between_centres_sd": ("healing_rate",),
    "death_between_centres_sd": (
        "death_rate_wound",
        "death_rate_healed",
        "postoperative_death_rate",
    ),
}
"""The register's standard deviation, between hospitals, of the logarithm of rates in like patients -> those rates."""


def at_other_centres(
    key: str, study: Study, register: Register, draws: NDArray[np.void], seed: int
) -> NDArray[np.void]:
    """Parameter draws (draws,) with the rates of a study's hospitals, the same in all its groups.

    Two hospitals differ by both their distances from the mean of all hospitals, which the fit to one of them does not tell: on
    the log scale by a variance of twice the squared SD, and the mean of k hospitals differs from the founding one by 1 + 1/k
    times it. The founding cohort's own hospital keeps its rates.
    """
    if study.founding_centre:
        return draws
    table: Any = draws.copy()
    for spread, rates in SPREADS.items():
        sd = register[spread].value * (1.0 + 1.0 / study.centres) ** 0.5
        ratio = np.exp(sd * norm.ppf(uniforms(f"{key}:centre:{rates[0]}", len(draws), seed)))
        for rate in rates:
            table[rate] *= ratio
    return np.asarray(table)
