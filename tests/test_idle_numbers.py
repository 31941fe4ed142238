"""Draws of parameters that make no difference to the policies compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulator.evidence.distributions import limits
from simulator.evidence.wholes import cut_limits
from simulator.questions.compare.headlines import headline_results
from simulator.run import simulate
from simulator.scenario import load_scenario


@pytest.mark.parametrize("view", ["sceptical", "central"])
@pytest.mark.parametrize("policies", [("conservative", "protocol"), ("conservative", "pta_act", "bmmnc")])
def test_no_life_depends_on_idle_numbers(view: str, policies: tuple[str, ...]) -> None:
    """Every idle number at either limit leaves all outcomes as they are, bit for bit; numbers that are read are not idle."""
    scenario = load_scenario("base", policies=policies, overrides={"evidence": {"view": view}})
    values = scenario.register.values()
    moved = [{name: value} for name in values for value in limits(scenario.register[name])]
    draws = cut_limits(pd.DataFrame([values, *(values | each for each in moved)]), values)
    every = simulate(scenario, policies, 20, draws=draws).draw_outcomes
    moving = {next(iter(each)) for each, found in zip(moved, every[1:], strict=True) if (found != every[0]).any()}
    assert not moving & scenario.idle
    assert len(scenario.idle) > 0.2 * len(values)


def test_numbers_of_a_therapy_are_idle_where_it_is_not_given() -> None:
    """Complications of one kind of cells are read under the policy that gives these, and not beside it."""
    scenario = load_scenario("base", policies=("conservative", "protocol", "bmmnc"))
    complications = {"bmmnc_complication", "pbmnc_complication"}
    assert complications & scenario.idle_under(("conservative", "protocol")) == {"bmmnc_complication"}
    assert not complications & scenario.idle_under(("protocol", "bmmnc"))


def test_headline_results_are_those_of_sets_lived_one_by_one() -> None:
    """Sets of values that differ in idle numbers, in others or in nothing give each the results that it has alone."""
    scenario = load_scenario("base")
    usual = scenario.register.values()
    sets = [
        usual,
        usual | {"bmmnc_complication": 0.5},
        usual | {"death_rate_wound": 0.5},
        usual | {"death_rate_wound": 0.5, "bmmnc_complication": 0.5},
        usual | {"death_rate_wound": 0.01},
    ]
    results = headline_results(scenario, "protocol", 50, 1)
    together = results(sets)
    assert together == [results([each])[0] for each in sets]
    assert together[0] == together[1] != together[2] == together[3] != together[4]
    assert np.isfinite([*together[0].values()]).all()
