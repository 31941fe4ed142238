"""Power and assurance of a trial of the page's policy, and the design file that would simulate it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from simulator.centre.own import at_its_centre
from simulator.evidence.posterior import parameter_draws
from simulator.explorer.controls import compared
from simulator.explorer.parts import MONTHS, PEOPLE, SEED, Moved, Part, the_two
from simulator.explorer.saving import SAVED
from simulator.explorer.state import scenario_of
from simulator.living.outcomes import OUTCOMES
from simulator.run import simulate
from simulator.scenario import Scenario

TRIAL_DRAWS, TRIAL_DRAW_PEOPLE = 60, 400
"""Draws of the evidence and people of each, for a trial."""
TRIAL_OUTCOMES = ("amputation_free_survival", "major_amputation", "healing_without_amputation")
ARM_SIZES = tuple(range(10, 1_000, 10))
ALPHA = 0.05
"""Two-sided, as trials have it."""


def trial(scenario: Scenario, state: Moved) -> Iterator[Part]:
    """Power and assurance by size of a trial of the page's policy against the reference, in those whom it would treat."""
    from simulator.scenario.policy import stricter
    from simulator.statistics.sizes.proportion_sizes import superiority

    asked = scenario_of(scenario, state)
    reference, _, mine = compared(scenario)
    until = min(asked.horizon, asked.times[0])
    entry = stricter(asked.settings.entry, asked.policies[mine].eligibility).model_dump(exclude_none=True)
    short = at_its_centre(
        asked.with_(
            compare=the_two(reference, mine),
            entry=entry,
            follow_up={"horizon_years": until, "report_at_years": [until]},
        ),
        counted=asked,
    )
    places = [OUTCOMES.index(name) for name in TRIAL_OUTCOMES]
    found = simulate(short, patients=short.people_up_to(PEOPLE), seed=SEED, times=[until])
    point = found.outcome_estimates.mean[:, 0, places]
    good = [name != "major_amputation" for name in TRIAL_OUTCOMES]

    def power(rates: Any, o: int) -> tuple[list[float], float]:
        control, treated = (float(rate) for rate in rates[:, o])
        if not (0.0 < control < 1.0 and 0.0 < treated < 1.0) or control == treated:
            return [ALPHA / 2.0] * len(ARM_SIZES), math.inf
        formula = superiority(control, treated, ALPHA / 2.0)[0]
        if (treated > control) is not good[o]:
            return [0.0] * len(ARM_SIZES), math.inf
        return [formula.power(2.0 * n) for n in ARM_SIZES], formula.size(0.9) / 2.0

    at_point = [power(point, o) for o in range(len(places))]
    part = {
        "kind": "trial",
        "outcomes": list(TRIAL_OUTCOMES),
        "policies": list(short.compare),
        "sizes": ARM_SIZES,
        "rates": point,
        "power": [each[0] for each in at_point],
        "for_90": [math.ceil(each[1]) if math.isfinite(each[1]) else None for each in at_point],
        "people": found.people,
        "draws": 0,
        "draw_people": TRIAL_DRAW_PEOPLE,
        "until": until,
        "design": design(asked, mine, reference),
    }
    yield part
    draws = parameter_draws(short.register, TRIAL_DRAWS, SEED)
    drawn = simulate(
        short, patients=short.people_up_to(TRIAL_DRAW_PEOPLE), seed=SEED, times=[until], draws=draws
    ).draw_outcomes[:, :, 0][..., places]
    powers = np.array([[power(rates, o)[0] for o in range(len(places))] for rates in drawn])
    yield part | {"draws": TRIAL_DRAWS, "assurance": powers.mean(axis=0), "drawn": drawn}


def design(scenario: Scenario, mine: str, reference: str) -> str:
    """A design file for `clti trial` beside the saved scenario: the starter of `clti new design`, with this trial's arms."""
    import tomllib
    from importlib.resources import files

    import tomli_w

    from simulator.scenario.policy import stricter

    starter = tomllib.loads(files("simulator").joinpath("starters", "design.toml").read_text(encoding="utf-8"))
    entry = stricter(scenario.settings.entry, scenario.policies[mine].eligibility).model_dump(exclude_defaults=True)
    until = min(scenario.horizon, scenario.times[0])
    endpoint = {"name": "alive with the limb", "outcome": TRIAL_OUTCOMES[0], "test": "chi_square"}
    own: dict[str, Any] = {
        "label": "Trial of the explored policy",
        "description": f"{scenario.policies[mine].label} against {scenario.policies[reference].label.lower()}.",
        "scenario": SAVED,
        "alpha": ALPHA,
        "sides": 2,
        "arms": [{"name": "control", "policy": reference}, {"name": "treated", "policy": mine}],
        "entry": {key: value for key, value in entry.items() if value is not None},
        "follow_up": {"months": MONTHS * until},
        "endpoints": [{**endpoint, "at_months": MONTHS * until}],
    }
    return tomli_w.dumps(starter | own)
