"""Monte Carlo error of the deterministic analysis and of what one number does to it: few patients stand behind each, and
their luck is in its numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.statistics.decision.results import Array, standard_error
from simulator.valuation.lives import PARTS
from simulator.valuation.valuation import Worth, worth
from simulator.valuation.values import Drawn, Values


@dataclass(frozen=True)
class Errors:
    """Standard errors of what each policy adds to the reference's cost, QALYs, life-years and net benefit, shape (policies,)."""

    cost: Array
    effect: Array
    life_years: Array
    net_benefit: Array


def added_by_part(
    ledgers: Array, parameters: NDArray[np.void], places: NDArray[np.int64], drawn: Drawn, values: Values, base: int
) -> Worth:
    """What each part of the people says that policies add to number `base`, shape (draws, parts, policies).

    `ledgers` have the shape (draws, parts, policies, fields). `parameters` and `drawn` have a row for each draw, or `drawn` one
    for all; `places` are the draws' places among those that the terms of a deal were found for.
    """
    draws, parts, policies, fields = ledgers.shape
    again = np.repeat(np.arange(draws), parts)
    valued_by = values.of_draws(places[again])
    found = worth(ledgers.reshape(-1, policies, fields), parameters[again], _rows(drawn, again), valued_by)
    over = (each - each[:, [base]] for each in (found.cost, found.qalys, found.life_years))
    return Worth(*(each.reshape(draws, parts, policies) for each in over))


def errors(added: Worth, threshold: float) -> Errors:
    """The errors of the first draw of `added_by_part`; missing where the people have no parts."""
    cost, effect, lived = (each[0] for each in (added.cost, added.qalys, added.life_years))
    return Errors(*(error_of(each) for each in (cost, effect, lived, threshold * effect - cost)))


def error_of(parts: Array) -> Array:
    """Standard error of the mean over parts, shape (parts, policies) -> (policies,)."""
    return np.array([standard_error(column) if len(parts) == PARTS else np.nan for column in parts.T])


def _rows(drawn: Drawn, again: NDArray[np.int64]) -> Drawn:
    """Each row of prices and utilities as often as there are parts."""
    prices, utilities = (
        {name: each if len(each) == 1 else each[again] for name, each in some.items()}
        for some in (drawn.prices, drawn.utilities)
    )
    return Drawn(prices, utilities)
