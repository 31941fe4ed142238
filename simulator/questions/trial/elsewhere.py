"""The headline of a trial at other hospitals: the same design, whose patients come from the average one, the founding one, or
in every trial from another one drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from simulator.evidence.hospitals import load_hospitals, offsets_at
from simulator.questions.trial.operating import share_and_se, succeeded
from simulator.questions.trial.simulation import Simulation

NAMED = ("average", "founding")
NEW = "new"
COLUMNS = ("centre", "power", "se")


def at_hospitals(simulation: Simulation, advance: Callable[[int], None] | None = None) -> pd.DataFrame | None:
    """centre, power, se: the share of trials that reject at their planned looks, of the scenario as it is asked for first.

    None where sites are hospitals of their own, and where no population of hospitals has been fitted.
    """
    found = load_hospitals()
    if found is None or simulation.design.accrual.hospitals == "different":
        return None
    scenario, truth, conduct = simulation.planned.scenario, simulation.truth("scenario"), simulation.conduct()
    conduct = replace(conduct, described=False)
    params = {scenario.centre: truth.params}
    for centre in NAMED:
        params.setdefault(centre, scenario.parameter_draws(offsets_at(found, centre, 1)))
    params[NEW] = scenario.parameter_draws(offsets_at(found, NEW, simulation.trials))
    rows = []
    for centre, values in params.items():
        columns = simulation.run(replace(truth, params=values), [conduct], advance)[0]
        rows.append((centre, *share_and_se(succeeded(conduct, columns))))
    return pd.DataFrame(rows, columns=list(COLUMNS))
