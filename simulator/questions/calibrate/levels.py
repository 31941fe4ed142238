"""The level of death in views of the evidence that are not fitted, so that the founding cohort dies alike in all of them.

Views differ in how much of the link between ischaemia and death is causal. The founding cohort was treated: where less of the
link is causal, treatment prevents fewer deaths, and with the rates of the central view more would have died than were counted.
What a view moves is conservative care, which nobody saw, and not the people whom the study saw.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from scipy.optimize import brentq

from simulator.evidence.targets import Founding
from simulator.founding.founding import FoundingCohort
from simulator.founding.summaries import DIED
from simulator.questions.calibrate.prior import LEVELS
from simulator.scenario.scenario import Scenario
from simulator.words.errors import BadInput, Problem

YEARS = 1.0
PLACES = 4


def death_levels(
    scenario: Scenario, data: Founding, values: Mapping[str, float], patients: int, seed: int
) -> dict[str, float]:
    """Factor on `death_rate_wound` in each view, by parameter, at which as many die within a year as in the central view.

    `values` are the fitted parameters; so many `patients` of the founding cohort live the published protocol. Raises BadInput
    for each view that would need a factor outside its range in the register.
    """
    cohort = FoundingCohort(scenario, data, patients, seed)
    register = scenario.register

    @cache
    def dead(view: str, level: float) -> float:
        shares = {
            "attributable_share": values.get(
                f"attributable_share_{view}", register[f"attributable_share_{view}"].value
            ),
            "death_causal_share": register[f"death_causal_share_{view}"].value,
        }
        rate = {"death_rate_wound": values["death_rate_wound"] * level}
        lives = cohort.lives(scenario.params({**values, **shares, **rate}))
        return float(np.mean(lives[:, DIED] <= YEARS))

    wanted = dead("central", 1.0)
    found: dict[str, float] = {}
    problems: list[Problem] = []
    for name in LEVELS:
        view = name.rsplit("_", 1)[1]
        low, high = register[name].range
        fewest, most = dead(view, low), dead(view, high)
        if fewest <= wanted <= most:
            level = brentq(lambda level, of=view: dead(of, level) - wanted, low, high, xtol=1e-4)
            found[name] = round(float(level), PLACES)
        else:
            stated, central = (f"death_causal_share_{each}" for each in (view, "central"))
            allowed = (
                f"a share nearer {central} = {register[central].value:g}, or a wider range of {name}: {wanted:.1%} of the"
                f" founding cohort die within a year in the central view, and {fewest:.1%} to {most:.1%} in the {view} one at"
                f" {name} = {low:g} to {high:g}"
            )
            problems.append(Problem("calibration/register", stated, f"{register[stated].value:g}", allowed))
    if problems:
        raise BadInput(problems)
    return found
