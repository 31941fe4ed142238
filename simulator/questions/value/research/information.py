"""What it is worth to know the numbers that an analysis reads: one by one, and in groups."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from simulator.scenario.arrays import by_name
from simulator.scenario.scenario import Scenario
from simulator.statistics.decision.decision import Decision
from simulator.statistics.decision.results import CostEffectResults
from simulator.statistics.decision.voi import FEWEST_DRAWS, information_table
from simulator.valuation.lives import Lives
from simulator.valuation.values import Drawn, Values
from simulator.work.beside import Beside, later


def information(
    decision: Decision,
    lives: Lives,
    drawn: Drawn,
    read: tuple[str, ...],
    values: Values,
    scenario: Scenario,
    beside: Beside = later,
) -> Callable[[], pd.DataFrame]:
    """EVPI along the thresholds, and the value of every number that is read and varies, and of groups of them.

    Groups are those of the register, all prices together and all utilities together, at the first threshold. They are
    missing where there are too few draws. The work is begun `beside`, and what is given back waits for the table.
    """
    along, results = decision.information, decision.results
    assert along is not None
    if results.draws < FEWEST_DRAWS:
        return lambda: along
    register = scenario.register
    columns = by_name(lives.parameters, register, scenario.view)
    clinical, valued = {name: columns[name] for name in read}, values.uncertain(drawn)
    groups = {f"all of {group}": [n for n in register.names(group) if n in clinical] for group in register.groups}
    groups |= {
        "all prices": [name for name in valued if name in drawn.prices],
        "all utilities": [name for name in valued if name not in drawn.prices],
    }
    asked = CostEffectResults(
        results.options, results.cost, results.effect, pd.DataFrame(clinical | valued), source=results.source
    )
    table = beside(
        information_table,
        asked,
        [values.threshold],
        groups={name: of for name, of in groups.items() if len(of) > 1},
        population=decision.population,
    )
    others = along[along["threshold"] != values.threshold]
    return lambda: pd.concat([table(), others], ignore_index=True)
