"""The draws of an analysis one by one, as its files have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from simulator.questions.value.analysis import EconomicAnalysis
from simulator.scenario.arrays import by_name
from simulator.statistics.decision.results import CostEffectResults


def draws_table(found: EconomicAnalysis) -> pd.DataFrame:
    """Costs and effects of every draw and option, with the numbers that were read: what `clti cea` reads."""
    lives = found.lives
    drawn = by_name(lives.parameters, found.scenario.register, found.scenario.view)
    parameters = {name: drawn[name] for name in found.one_way.read}
    return long_draws(found.results, parameters | found.valued_by.uncertain(found.drawn))


def long_draws(results: CostEffectResults, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """A row per draw and option: draw, option, cost, effect, then parameters of shape (draws,)."""
    draws, options = results.cost.shape
    rows = np.repeat(np.arange(draws), options)
    return pd.DataFrame(
        {
            "draw": rows,
            "option": np.tile(np.array(results.options, dtype=object), draws),
            "cost": results.cost.ravel(),
            "effect": results.effect.ravel(),
            **{name: np.asarray(column)[rows] for name, column in parameters.items()},
        }
    )
