"""Draws of parameters that make no difference to the policies compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulator.evidence.distributions import limits
from simulator.evidence.wholes import cut_limits
from simulator.run import simulate
from simulator.scenario import load_scenario
from simulator.scenario.distinct import distinct


@pytest.mark.parametrize("view", ["sceptical", "central"])
@pytest.mark.parametrize("policies", [("conservative", "protocol"), ("conservative", "pta_act", "bmmnc")])
def test_draws_lived_once_for_several_are_the_same_lives(view: str, policies: tuple[str, ...]) -> None:
    """Every parameter at either limit: those said to be one draw give the same bits, and some are said to be."""
    scenario = load_scenario("base", policies=policies, overrides={"evidence": {"view": view}})
    values = scenario.register.values()
    moved = [{name: value} for name in values for value in limits(scenario.register[name])]
    draws = cut_limits(pd.DataFrame([values, *(values | each for each in moved)]), values)
    lived, place = distinct(scenario.parameter_draws(draws), scenario.policy_records(policies))
    assert (np.diff(lived) > 0).all()
    assert lived[0] == 0
    every = simulate(scenario, policies, 20, draws=draws).draw_outcomes
    assert (every[lived[place]] == every).all()
    moving = (every != every[0]).any(axis=(1, 2, 3))
    assert moving.sum() < len(lived) < 0.8 * len(draws)


def test_numbers_of_a_therapy_keep_draws_apart_only_where_it_is_given() -> None:
    """Complications of one kind of cells are read under the policy that gives these, and not beside it."""
    scenario = load_scenario("base", policies=("conservative", "protocol", "bmmnc"))
    usual = scenario.register.values()
    draws = pd.DataFrame([usual, usual | {"bmmnc_complication": 0.5}, usual | {"pbmnc_complication": 0.5}])
    params = scenario.parameter_draws(draws)
    for policies, expected in (
        (("conservative", "protocol"), [0, 0, 1]),
        (("conservative", "bmmnc"), [0, 1, 2]),
    ):
        assert distinct(params, scenario.policy_records(policies))[1].tolist() == expected
