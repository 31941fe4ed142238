"""How the model's own risks order its synthetic people, beside published scores: what a score can reach if the model is true."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.questions.registry.agreement.agreement import TIMES
from simulator.questions.registry.agreement.predicted import risks
from simulator.questions.registry.agreement.published_scores import order_table
from simulator.questions.registry.synthetic.lived_people import lived_people
from simulator.scenario import Scenario
from simulator.scenario.arrays import parameter_draws as engine_draws

PEOPLE, SETS = 2_000, 128
"""Synthetic people, and sets of lives of each by which the model's risks of them are known: with fewer the luck of these lives
takes from the order of the risks (0.01 of a C-index at 16)."""


def synthetic_orders(scenario: Scenario, seed: int = 1, people: int = PEOPLE, sets: int = SETS) -> pd.DataFrame:
    """`ORDERS` of referrals of a scenario under conservative care at its hospital, whose lives the engine lived.

    The model knows of them what a registry does (`KNOWN`) and the parameters that they lived by, so that nothing but luck and
    what is not recorded keeps its risks from ordering them.
    """
    lived = lived_people(scenario, {}, people, seed)
    params = np.repeat(engine_draws(scenario.register, scenario.view), sets)
    return order_table(lived, {"itself": risks(lived.given, params, scenario, TIMES, seed)}, smallest=0, seed=seed)
