"""The headline of a trial at other hospitals: the same design, whose patients come from the average one, the founding one, or
in every trial from another one drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from simulator.evidence.hospitals import load_hospitals, offsets_at
from simulator.questions.trial.results.operating import share_and_se, succeeded
from simulator.questions.trial.simulation.simulation import Simulation

NAMED = ("average", "founding")
NEW = "new"
COLUMNS = ("centre", "power", "se")


def hospitals_asked(simulation: Simulation) -> tuple[str, ...]:
    """The scenario's own hospital first, the average and the founding one, and one drawn anew for every trial.

    None of them where sites are hospitals of their own, and where no population of hospitals has been fitted.
    """
    if load_hospitals() is None or simulation.design.accrual.hospitals == "different":
        return ()
    return tuple(dict.fromkeys((simulation.planned.scenario.centre, *NAMED, NEW)))


def at_hospitals(simulation: Simulation, advance: Callable[[int], None] | None = None) -> pd.DataFrame | None:
    """centre, power, se: the share of trials that reject at their planned looks, at `hospitals_asked`; None without any."""
    found, asked = load_hospitals(), hospitals_asked(simulation)
    if found is None or not asked:
        return None
    scenario, truth, conduct = simulation.planned.scenario, simulation.truth("scenario"), simulation.conduct()
    conduct = replace(conduct, described=False)
    rows = []
    for centre in asked:
        if centre == NEW:
            values = scenario.parameter_draws(offsets_at(found, NEW, simulation.trials))
        elif centre == scenario.centre:
            values = truth.params
        else:
            values = scenario.parameter_draws(offsets_at(found, centre, 1))
        columns = simulation.run(replace(truth, params=values), [conduct], advance)[0]
        rows.append((centre, *share_and_se(succeeded(conduct, columns))))
    return pd.DataFrame(rows, columns=list(COLUMNS))
