"""Randomisation: permuted blocks within strata, or a coin for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled
from simulator.rules.draws import uniform
from simulator.rules.population.patient import COLUMNS
from simulator.words.vocabulary import Stream

if TYPE_CHECKING:
    from simulator.questions.trial.design import Stratum


CATEGORIES = {"rutherford": (4, 3), "renal": (0, 4)}
"""Strata with more than two levels: the lowest code and the number of levels."""


def stratum_rules(strata: tuple[Stratum, ...]) -> NDArray[np.float64]:
    """One row per factor: its column, cut (NaN if it has levels of its own), lowest code and number of levels."""
    rules = np.zeros((len(strata), 4))
    for rule, stratum in zip(rules, strata, strict=True):
        lowest, levels = CATEGORIES.get(stratum.factor, (0, 2))
        rule[:] = COLUMNS.index(stratum.factor), np.nan if stratum.cut is None else stratum.cut, lowest, levels
    return rules


@compiled
def stratum_of(row: Any, rules: Any) -> int:
    """Number of a patient's stratum (`row` is the patient as floats)."""
    number = 0
    for f in range(rules.shape[0]):
        value = row[int(rules[f, 0])]
        cut = rules[f, 1]
        level = int(value - rules[f, 2]) if np.isnan(cut) else int(value >= cut)
        number = number * int(rules[f, 3]) + level
    return number


@compiled
def allocate(left: Any, parts: Any, block: int, seed: int, number: int) -> int:
    """The arm of patient `number`: drawn from what is `left` (arms,) of the stratum's block, refilled when empty.

    `parts` (arms,) is the allocation ratio; a `block` of 0 draws every patient by the ratio alone.
    """
    arms = parts.shape[0]
    total = 0.0
    for a in range(arms):
        total += left[a]
    if total < 0.5:
        whole = 0.0
        for a in range(arms):
            whole += parts[a]
        for a in range(arms):
            left[a] = parts[a] * block / whole if block > 0 else parts[a]
            total += left[a]
    u = uniform(seed, number, Stream.ARM, 0) * total
    chosen: int = arms - 1
    for a in range(arms):
        if u < left[a]:
            chosen = a
            break
        u -= left[a]
    if block > 0:
        left[chosen] -= 1.0
    return chosen
