"""Value-based price: the price per treatment at which an option is exactly worth it.

Costs are linear in the price, cost = cost at no price + price * quantity, with the (discounted) number of treatments
paid for as quantity. At the threshold L the net benefit of an option falls by its quantity for every unit of price, so
the price at which it equals a comparator's is the ratio of two differences: of net benefits at no price, and of
quantities.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from simulator.statistics.decision.net_benefit import net_monetary_benefit
from simulator.statistics.decision.results import INTERVAL, Array, CostEffectResults, standard_error
from simulator.words.errors import BadInput, Problem

PRICED = ("option", "comparator", "threshold", "price", "se", "low", "high", "best_from", "best_to")
"""Columns of a table of prices."""


def value_based_price(
    results: CostEffectResults,
    quantity: ArrayLike,
    threshold: float,
    comparator: str,
    *,
    price: float = 0.0,
) -> pd.DataFrame:
    """The price at which each option's mean net benefit equals the comparator's.

    `quantity` has the shape (draws, options); `price` is the price already in the costs of `results`. Columns: option,
    comparator, threshold, price, se, low, high, best_from, best_to. `price` is the ratio of mean differences and `se`
    its delta-method Monte Carlo error; `low` and `high` bound the middle 95% of the price per draw. Between `best_from`
    and `best_to` the option has the highest mean net benefit of all options (missing where it never has). All are
    missing for options that use no more treatments than the comparator. A negative price means not worth it even for
    nothing.
    """
    used = np.asarray(quantity, dtype=np.float64)
    problems = []
    if used.shape != results.cost.shape:
        problems.append(
            Problem("price", "shape of quantity", str(used.shape), f"{results.cost.shape}: (draws, options)")
        )
    if not (np.isfinite(used).all() and (used >= 0).all()):
        problems.append(Problem("price", "quantity", "negative or not finite", "numbers of treatments, 0 or more"))
    if problems:
        raise BadInput(problems)
    base = results.column(comparator)
    free = net_monetary_benefit(results, threshold) + price * used
    ranges = best_ranges(free.mean(axis=0), used.mean(axis=0))
    rows = []
    for position, option in enumerate(results.options):
        if position == base:
            continue
        gain, more = free[:, position] - free[:, base], used[:, position] - used[:, base]
        row = {"option": option, "comparator": comparator, "threshold": threshold}
        row |= dict.fromkeys(("price", "se", "low", "high", "best_from", "best_to"), np.nan)
        if more.mean() > 0:
            worth = gain.mean() / more.mean()
            # A draw in which nobody is treated puts no bound on the price.
            each = gain[more > 0] / more[more > 0]
            row["price"] = worth
            row["se"] = standard_error(gain - worth * more) / more.mean()
            row["low"], row["high"] = np.quantile(each, INTERVAL) if results.draws > 1 else (np.nan, np.nan)
            row["best_from"], row["best_to"] = ranges[position]
        rows.append(row)
    return pd.DataFrame(rows)


def best_ranges(free: Array, quantity: Array) -> list[tuple[float, float]]:
    """For every option the prices, from 0 up, between which free - price * quantity is the highest of all.

    (nan, nan) where an option is never the best; the upper end may be infinite.
    """
    ranges = []
    for own, used in zip(free, quantity, strict=True):
        gap, more = own - free, used - quantity
        low = max([0.0, *(gap[more < 0] / more[more < 0])])
        high = min([np.inf, *(gap[more > 0] / more[more > 0])])
        possible = high >= low and (gap[more == 0] >= 0).all()
        ranges.append((float(low), float(high)) if possible else (np.nan, np.nan))
    return ranges
