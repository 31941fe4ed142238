"""The prices at which policies are exactly worth what is bought for them, by view of the evidence and threshold."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from simulator.questions.value.sensitivity.views import Seen
from simulator.scenario.scenario import Scenario
from simulator.statistics.decision.price import PRICED, value_based_price
from simulator.statistics.decision.results import CostEffectResults
from simulator.valuation.valuation import with_price_apart
from simulator.valuation.values import Drawn, Values


def price_table(scenario: Scenario, values: Values, views: Sequence[Seen], drawn: Drawn) -> pd.DataFrame:
    """The list price of the product, or of the first therapy, each time at which each policy is exactly worth it.

    By view and threshold.

    What else a treatment costs stays in the costs, and so do products of another name. Columns: view, share (of a recovery that
    cells cause, mean of the draws), then those of `price.value_based_price`; policies that buy nothing have no row. Every view
    has the same parameter draws but for that share.
    """
    products: dict[str, list[str]] = {}
    for policy in values.policies:
        name = values.price_name(policy)
        if name is not None:
            products.setdefault(name, []).append(policy)
    if not products:
        return pd.DataFrame(columns=["view", "share", *PRICED])
    parts = []
    for seen in views:
        priced = {}
        for name in products:
            found, paid = with_price_apart(seen.lives.ledgers, seen.lives.parameters, drawn, seen.valued_by, name)
            priced[name] = CostEffectResults(scenario.compare, found.cost, found.qalys, source=scenario.name), paid
        for threshold in sorted(values.thresholds):
            tables = [
                table[table["option"].isin(products[name])]
                for name, (results, paid) in priced.items()
                for table in [value_based_price(results, paid, threshold, scenario.reference)]
            ]
            table = pd.concat(tables).sort_values("option", key=lambda options: options.map(scenario.compare.index))
            table.insert(0, "view", seen.view)
            table.insert(1, "share", seen.share)
            parts.append(table)
    return pd.concat(parts, ignore_index=True)
