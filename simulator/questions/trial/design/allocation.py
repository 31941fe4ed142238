"""Randomisation: permuted blocks within strata, minimisation over their margins, or a coin for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled
from simulator.rules.draws import uniform
from simulator.rules.population.patient import COLUMNS
from simulator.words.vocabulary import Stream

if TYPE_CHECKING:
    from simulator.questions.trial.design.design import Stratum


CATEGORIES = {"rutherford": (4, 3), "renal": (0, 4)}
"""Strata with more than two levels: the lowest code and the number of levels."""
SITE = -1
"""Column of the site, which is no characteristic of the patient."""


def stratum_rules(strata: tuple[Stratum, ...], sites: int = 1) -> NDArray[np.float64]:
    """One row per factor: its column, cut (NaN if it has levels of its own), lowest code and number of levels."""
    rules = np.zeros((len(strata), 4))
    for rule, stratum in zip(rules, strata, strict=True):
        if stratum.factor == "site":
            rule[:] = SITE, np.nan, 0, sites
            continue
        lowest, levels = CATEGORIES.get(stratum.factor, (0, 2))
        rule[:] = COLUMNS.index(stratum.factor), np.nan if stratum.cut is None else stratum.cut, lowest, levels
    return rules


@compiled
def level_of(row: Any, rule: Any, site: int) -> int:
    """The level of one factor for a patient (`row` is the patient as floats) of a site."""
    if int(rule[0]) == SITE:
        return site
    value = row[int(rule[0])]
    return int(value - rule[2]) if np.isnan(rule[1]) else int(value >= rule[1])


@compiled
def stratum_of(row: Any, rules: Any, site: int) -> int:
    """Number of a patient's stratum."""
    number = 0
    for f in range(rules.shape[0]):
        number = number * int(rules[f, 3]) + level_of(row, rules[f], site)
    return number


@compiled
def minimise(counts: Any, row: Any, rules: Any, site: int, follow: float, seed: int, number: int) -> int:
    """The arm of patient `number`, counted in `counts` (factors, levels, arms): all arms have the same allocation.

    An arm is the better, the smaller the sum over factors of the range of patients between arms of the patient's level.
    """
    arms = counts.shape[2]
    u = uniform(seed, number, Stream.ARM, 0)
    best, least, ties = 0, np.inf, 0.0
    for a in range(arms):
        spread = 0.0
        for f in range(rules.shape[0]):
            own = counts[f, level_of(row, rules[f], site)]
            low, high = np.inf, -np.inf
            for b in range(arms):
                there = own[b] + (1.0 if b == a else 0.0)
                low, high = min(low, there), max(high, there)
            spread += high - low
        if spread < least:
            best, least, ties = a, spread, 1.0
        elif spread == least:
            # The k-th of ties takes the place with a chance of one in k.
            ties += 1.0
            u *= ties
            if u < 1.0:
                best = a
            else:
                u = (u - 1.0) / (ties - 1.0)
    coin = uniform(seed, number, Stream.ARM, 2)
    chosen = best
    if coin >= follow and arms > 1:
        other = min(int((coin - follow) / (1.0 - follow) * (arms - 1)), arms - 2)
        chosen = other if other < best else other + 1
    for f in range(rules.shape[0]):
        counts[f, level_of(row, rules[f], site), chosen] += 1.0
    return chosen


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
