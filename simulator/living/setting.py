"""What the lives of one run share. It crosses from Python into compiled code as one value."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled_in_place
from simulator.living.ledger import visit_table
from simulator.living.visits import visit_times
from simulator.rules.pathway.crossover import NO_CROSSOVER, Crossover

Array = NDArray[np.float64]


class Setting(NamedTuple):
    """Parameters and policies as records, who is referred, the clock, and when somebody looks.

    policies: shape (policies,), POLICY records. entry: a CRITERIA record. given: real patients, shape (rows, columns),
    NaN where unknown, without rows for synthetic ones. seed: np.uint64. ages (knots,) and log_hazards (2, knots): the
    life table for women and men. horizon: years from referral. effect_rate, cost_rate: continuous discount rates, per
    year. visits and times: years of planned visits and of the census; discounted_visits: `visit_table` of the visits.
    """

    params: Any
    policies: Any
    entry: Any
    given: Array
    seed: Any
    ages: Array
    log_hazards: Array
    horizon: float
    effect_rate: float
    cost_rate: float
    visits: Array
    discounted_visits: Array
    times: Array
    crossover: Crossover


def new_setting(
    params: Any,
    policies: Any,
    entry: Any,
    given: Array,
    seed: int,
    life_table: tuple[Array, Array],
    clock: Any,
    times: Array | None = None,
) -> Setting:
    """A setting with the visits of its parameters. `clock`: horizon, discount rates of effects and costs."""
    horizon, effect_rate, cost_rate = (float(value) for value in clock)
    intervals = float(params["visit_interval_days"]), float(params["later_visit_interval_days"])
    visits, discounted = _visits(*intervals, horizon, cost_rate)
    key: Any = np.uint64(seed)
    nowhen = np.zeros(0) if times is None else times
    return Setting(
        params, policies, entry, given, key, *life_table, horizon, effect_rate, cost_rate, visits, discounted, nowhen,
        NO_CROSSOVER,
    )  # fmt: skip


@compiled_in_place
def with_params(setting: Any, params: Any) -> Any:
    """The same setting with other parameters; the visits stay."""
    return Setting(
        params,
        setting.policies,
        setting.entry,
        setting.given,
        setting.seed,
        setting.ages,
        setting.log_hazards,
        setting.horizon,
        setting.effect_rate,
        setting.cost_rate,
        setting.visits,
        setting.discounted_visits,
        setting.times,
        setting.crossover,
    )


@lru_cache(maxsize=64)
def _visits(interval_days: float, later_interval_days: float, horizon: float, cost_rate: float) -> tuple[Array, Array]:
    times = visit_times(interval_days, later_interval_days, horizon)
    return times, visit_table(times, cost_rate)
