"""What a year in each state of the ledger is worth, at the age at which it is lived.

The utility of a state follows the population norm with age: it is multiplied by norm(age) / norm(reference age) of one
country. The ledger holds time in a state with its first two moments of (age - 75), so that ratio is a quadratic: exact
for a quadratic norm, otherwise the least-squares quadratic over the ages lived. The two sexes are averaged in the
register's proportion, because the ledger does not tell them apart; their ratios differ by less than 0.02. Against lives
valued one by one with the norm of their own sex, mean QALYs are off by 0.03% and increments by less than 0.0001 QALYs (400
lives without cells and with the protocol, Italy). Telling them apart would add sixty columns to every ledger.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulator.evidence.economics.population_norm import PopulationNorm
from simulator.evidence.economics.utilities import UtilitySet
from simulator.living.ledger import FIELDS, REFERENCE_AGE
from simulator.statistics.decision.results import Array
from simulator.valuation.ledger_columns import COLUMN
from simulator.words.vocabulary import State

UTILITY_OF = {
    State.REST_PAIN: "rest_pain",
    State.ULCER: "ulcer",
    State.SEVERE_ULCER: "severe_ulcer",
    State.RECURRENT_ULCER: "ulcer",
    State.HEALED: "healed",
    State.HEALED_AFTER_MINOR: "minor_amputation_healed",
    State.BELOW_KNEE: "major_not_walking",
    State.BELOW_KNEE_WALKING: "below_knee_walking",
    State.ABOVE_KNEE: "major_not_walking",
    State.ABOVE_KNEE_WALKING: "above_knee_walking",
}
"""The state of a utility set that values each state of the ledger."""

LOST_IN = {
    "clock_dialysis": "on_dialysis",
    "clock_other_limb": "other_limb_lost",
    "clock_after_infarction": "after_infarction",
    "clock_after_stroke": "after_stroke",
}
"""The loss of quality of life by each clock of the ledger that runs beside the states."""
VASCULAR_LOSSES = ("after_infarction", "after_stroke")

AT_ANY_AGE = np.array([1.0, 0.0, 0.0])
"""How utilities follow age that do not."""

AGES = np.arange(50.0, 101.0)
"""Ages over which a norm that is not quadratic is approximated."""


def age_ratio(norm: PopulationNorm, reference_age: float, male_share: float) -> Array:
    """Coefficients (1, (age - 75), (age - 75)^2) of norm(age) / norm(reference age)."""
    base = norm_of_both(norm, reference_age, male_share)
    ratio = np.array([norm_of_both(norm, float(age), male_share) for age in AGES]) / base
    return np.asarray(np.polynomial.polynomial.polyfit(AGES - REFERENCE_AGE, ratio, 2), np.float64)


def norm_of_both(norm: PopulationNorm, age: float, male_share: float) -> float:
    """Mean utility of a population at an age, both sexes in their proportion."""
    return male_share * norm.at(age, male=True) + (1.0 - male_share) * norm.at(age, male=False)


def utility_weights(
    utilities: Mapping[str, Array],
    chosen: UtilitySet,
    norm: PopulationNorm,
    male_share: float,
    *,
    age_adjusted: bool,
    discounted: bool = False,
) -> Array:
    """What each column of the ledger adds to QALYs, shape (draws, fields).

    `utilities` holds the draws of every state of the set and of every loss. Without age adjustment a state is worth the same
    at any age; a loss is everywhere.
    """
    ratio = ratio_of(chosen, norm, male_share) if age_adjusted else AT_ANY_AGE
    return weights_of(utilities, top_of(chosen, norm, male_share), ratio, discounted=discounted)


def ratio_of(chosen: UtilitySet, norm: PopulationNorm, male_share: float) -> Array:
    """How the utilities of a set follow age: coefficients of 1, age - 75 and its square."""
    return age_ratio(norm, float(chosen.method.reference_age), male_share)


def top_of(chosen: UtilitySet, norm: PopulationNorm, male_share: float) -> float | None:
    """What the utilities of a set are taken off, where it holds decrements."""
    if chosen.method.form != "decrement":
        return None
    return norm_of_both(norm, float(chosen.method.reference_age), male_share)


def weights_of(utilities: Mapping[str, Array], top: float | None, ratio: Array, *, discounted: bool = False) -> Array:
    """As `utility_weights`, with what utilities are taken off and how they follow age."""
    draws = len(next(iter(utilities.values())))
    weights = np.zeros((draws, len(FIELDS)))
    for state, name in UTILITY_OF.items():
        level = utilities[name] if top is None else top - utilities[name]
        for column, share in zip(moments_of(state.name.lower(), discounted=discounted), ratio, strict=True):
            weights[:, COLUMN[column]] = level * share
    for clock, name in LOST_IN.items():
        weights[:, COLUMN[f"effect_{clock}" if discounted else clock]] = -utilities[name]
    return weights


def moments_of(state: str, *, discounted: bool) -> tuple[str, str, str]:
    """Columns of the years in a state and of their first two moments of (age - 75), discounted as effects are or not at all."""
    kind = "effect" if discounted else "time"
    return f"{kind}_{state}", f"{kind}_age_{state}", f"{kind}_age2_{state}"
