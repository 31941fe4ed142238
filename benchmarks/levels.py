"""Type I error of every test of two arms, with and without a margin, every shipped design, every boundary, rule for several
hypotheses and kind of adaptation, in trials without an effect; single arms by enumeration.

    python benchmarks/levels.py                  # 20,000 trials: the whole, some twenty minutes on two cores
    python benchmarks/levels.py --trials 2000    # a glance
    python benchmarks/levels.py --from "enrichment"    # from this design on

A level further than three standard errors from nominal is told with the reason that was foreseen; without one the exit code is 1.
The suite holds the tests to the same with fewer trials.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simulator.questions.trial.design.endpoint import (
    AT_A_TIME,
    BINARY,
    COMPETING,
    HIERARCHICAL,
    KAPLAN_MEIER,
    SURVIVAL,
    TESTS,
)
from simulator.questions.trial.historical import with_history
from simulator.questions.trial.reading.design_reading import load_design, shipped_designs
from simulator.questions.trial.results.operating import UNFORESEEN, operating_characteristics, type_i_errors
from simulator.questions.trial.simulation.simulation import Simulation

DESIGN = """
label = "Every test"
scenario = "base"
accrual = { per_month = 20.0, poisson = true }
follow_up = { months = 12.0 }
drop_out = { per_year = 0.1 }
visits = { at_months = [6.0] }
size = { patients = 200, power = 0.8 }
randomisation = { strata = [{ factor = "renal" }] }
arms = [{ name = "control", policy = "conservative" }, { name = "cells", policy = "protocol" }]
entry = { tcpo2_below = 30.0, dialysis = false }
"""
ADAPTIVE = """
label = "Trials that adapt"
alpha = 0.025
accrual = { per_month = 20.0 }
drop_out = { per_year = 0.02 }
arms = [{ name = "control", policy = "conservative" }, { name = "cells", policy = "protocol" }]
entry = { tcpo2_below = 30.0, dialysis = false }
stated = [
    { outcome = "amputation_free_survival", arm = "control", event_rate = 0.4, at_months = 12.0 },
    { outcome = "amputation_free_survival", arm = "cells", hazard_ratio = 0.6 },
]
"""
_EVENTS: dict[str, Any] = {
    "follow_up": {"months": 12.0, "until": "last"},
    "size": {"patients": 240, "events": 90, "power": 0.8},
    "endpoints": [{"name": "afs", "outcome": "amputation_free_survival", "test": "logrank"}],
}
_RATES: dict[str, Any] = {
    "follow_up": {"months": 6.0},
    "size": {"patients": 200, "power": 0.8},
    "endpoints": [{"name": "alive", "outcome": "amputation_free_survival", "test": "chi_square", "at_months": 6.0}],
}
_THREE: dict[str, Any] = {"by": "events", "at": [30, 60], "type": "ld-obf"}
# Each kind of adaptation, of boundary, of margin and of rule for several hypotheses, on stated rates.
ADAPTATIONS: dict[str, dict[str, Any]] = {
    "triangular": _EVENTS | {"looks": _THREE | {"type": "triangular"}},
    "two-sided wedge": _EVENTS | {"sides": 2, "alpha": 0.05, "looks": _THREE, "futility": {"rule": "beta"}},
    "binding wedge": _EVENTS
    | {"sides": 2, "alpha": 0.05, "looks": _THREE, "futility": {"rule": "beta", "binding": True}},
    "inverse normal, three looks": _EVENTS
    | {"looks": _THREE, "reestimation": {"lower": 0.2, "upper": 0.8, "target": 0.8, "largest": 2.0, "look": 1}},
    "blinded review of a rate": _RATES
    | {"blinded_review": {"nuisance": "pooled_rate", "planned": 0.15, "after_patients": 100}},
    "blinded review of events": _EVENTS
    | {"blinded_review": {"nuisance": "event_rate", "planned": 0.8, "after_events": 30}},
}
_SHARES: dict[str, Any] = {
    "stated": [
        {"outcome": "amputation_free_survival", "event_rate": 0.3, "at_months": 12.0},
        {"outcome": "healing", "event_rate": 0.5, "at_months": 12.0},
    ],
    "size": {"patients": 400, "power": 0.8},
    "follow_up": {"months": 12.0},
}
_LOSS: dict[str, Any] = {
    "name": "p",
    "outcome": "amputation_free_survival",
    "aim": "non_inferiority",
    "at_months": 12.0,
}
MARGINS = {
    "risk_difference": 0.1,
    "risk_ratio": 1.2,
    "cox": 1.3,
    "rmst": 1.0,
    "km_difference": 0.1,
    "km_ratio": 1.15,
}
HEALING_MARGINS = {"cumulative_incidence": 0.1, "fine_gray": 1.3}
ADAPTATIONS |= {
    f"on a margin, {test}": _SHARES | {"endpoints": [_LOSS | {"test": test, "margin": margin}]}
    for test, margin in MARGINS.items()
}
ADAPTATIONS |= {
    f"on a margin, {test}": _SHARES | {"endpoints": [_LOSS | {"test": test, "margin": margin, "outcome": "healing"}]}
    for test, margin in HEALING_MARGINS.items()
}
"""Non-inferiority of every kind of test that has it, with the loss exactly on the margin (tests of means: see `MEANS`)."""
_IMPUTED: dict[str, dict[str, Any]] = {
    "risk_difference": {"test": "risk_difference", "aim": "superiority"},
    "risk_ratio": {"test": "risk_ratio", "aim": "superiority"},
    "on a margin": {"test": "risk_difference", "margin": 0.1},
}
ADAPTATIONS |= {
    f"a third lost and imputed, {name}": _SHARES
    | {"endpoints": [_LOSS | {"lost": "multiple_imputation"} | own], "drop_out": {"per_year": 0.4}}
    for name, own in _IMPUTED.items()
}
ADAPTATIONS |= {
    f"looks, {kind}": _EVENTS | {"looks": _THREE | {"type": kind} | more}
    for kind, more in {
        "obf": {},
        "pocock": {},
        "wang-tsiatis": {"delta": 0.25},
        "haybittle-peto": {},
        "ld-obf": {},
        "ld-pocock": {},
        "hsd": {"gamma": -4.0},
        "kim-demets": {"rho": 3.0},
    }.items()
}
ADAPTATIONS |= {
    f"futility, {name}": _EVENTS | {"looks": _THREE, "futility": rule}
    for name, rule in {
        "beta, binding": {"rule": "beta", "binding": True},
        "limits for z, binding": {"rule": "z", "z": [0.0, 0.5], "binding": True},
        "conditional power": {"rule": "conditional-power", "threshold": 0.2},
    }.items()
}
_DEATH: dict[str, Any] = {"name": "death", "outcome": "death", "test": "logrank"}
_LOST_LIMB: dict[str, Any] = {"name": "limb", "outcome": "major_amputation", "test": "gray"}
_SEVERAL: dict[str, Any] = {
    "stated": [
        {"outcome": "major_amputation", "event_rate": 0.4, "at_months": 12.0},
        {"outcome": "death", "event_rate": 0.3, "at_months": 12.0},
    ],
    "follow_up": {"months": 12.0},
    "size": {"patients": 300, "power": 0.8},
    "endpoints": [_DEATH, _LOST_LIMB],
}
_NAMES = ["death", "limb"]
_RULES: tuple[dict[str, Any], ...] = (
    *({"rule": name, "endpoints": _NAMES} for name in ("bonferroni", "holm", "fixed_sequence", "hochberg")),
    {"rule": "gatekeeping", "families": [["death"], ["limb"]]},
    {"rule": "graphical", "endpoints": _NAMES, "weights": [0.7, 0.3], "transitions": [[0.0, 1.0], [1.0, 0.0]]},
)
ADAPTATIONS |= {f"several hypotheses, {rule['rule']}": _SEVERAL | {"multiplicity": rule} for rule in _RULES}
OWN = """
label = "A design of its own kind"
accrual = { per_month = 20.0 }
follow_up = { months = 6.0 }
drop_out = { per_year = 0.05 }
size = { patients = 240, power = 0.8 }
entry = { tcpo2_below = 30.0, dialysis = false }
"""
HEALING = 'endpoints = [{ name = "healing", outcome = "healing", test = "chi_square", at_months = 6.0 }]\n'
ARMS = 'arms = [{ name = "control", policy = "conservative" }, { name = "cells", policy = "protocol" }%s]\n'
LOOK = 'looks = { by = "patients", at = [100], type = "ld-obf" }\n'
TWO_ARMS = ARMS % ""
THREE_ARMS = ARMS % ', { name = "one dose", policy = "single_dose" }' + HEALING + LOOK
MEANS = 'visits = { at_months = [6.0] }\n[[endpoints]]\nname = "tcpo2"\noutcome = "tcpo2"\n'
ADAPTED = {
    "two arms, the best goes on": THREE_ARMS + "selection = { keep = 1 }",
    "two arms, those above 0": THREE_ARMS + 'selection = { z = 0.0, intersection = "simes", patients = "fewer" }',
    "two arms, Fisher's product": THREE_ARMS.replace(', type = "ld-obf"', "")
    + 'selection = { keep = 1, combination = "fisher" }',
    "enrichment": TWO_ARMS
    + HEALING
    + LOOK
    + "enrichment = { tcpo2_below = 15.0, z_everybody = 1.0, z_subgroup = 0.5 }",
    "three arms, Dunnett": ARMS % ', { name = "one dose", policy = "single_dose" }'
    + HEALING
    + 'multiplicity = { rule = "dunnett", endpoints = ["healing"] }\n',
    "on a margin, ancova": TWO_ARMS
    + MEANS
    + 'test = "ancova"\nat_months = 6.0\naim = "non_inferiority"\nmargin = 5.0\n',
    "on a margin, t test": TWO_ARMS
    + MEANS
    + 'test = "t_test"\nat_months = 6.0\naim = "non_inferiority"\nmargin = 5.0\n',
    "borrowed controls": TWO_ARMS
    + "predictive = { at = [100], futility = 0.05 }\n"
    + '[[endpoints]]\nname = "afs"\noutcome = "amputation_free_survival"\ntest = "posterior_difference"\nat_months = 6.0\n'
    + 'lost = "failure"\nprior = { taken_from = "hospitals", vague = 0.2 }',
}
"""Designs that drop arms or people, of three arms, with a margin for a mean, or that borrow."""
ERRORS = 3.0


def endpoint(test: str) -> dict[str, Any]:
    """An endpoint for a test of two arms."""
    outcome = "amputation_free_survival" if test in (*SURVIVAL, *KAPLAN_MEIER) else "healing"
    outcome = "hierarchy" if test in HIERARCHICAL else "tcpo2" if test in ("ancova", "t_test") else outcome
    found: dict[str, Any] = {"name": test, "outcome": outcome, "test": test}
    if test in AT_A_TIME:
        found["at_months"] = 6.0
    if outcome == "hierarchy":
        found |= {"order": ["death", "healing", "tcpo2"], "margin": 10.0}
    if test == "fleming_harrington":
        found["gamma"] = 1.0
    if test in (*SURVIVAL, *COMPETING, "ancova", "t_test", *HIERARCHICAL) and test not in (
        "rmst",
        "cumulative_incidence",
    ):
        found["stratified"] = True
    return found


def levels(simulation: Simulation, called: str, null: str = "null") -> pd.DataFrame:
    """The levels of a design, with its name and how many standard errors each lies from nominal; printed at once."""
    conduct = simulation.conduct()
    table = type_i_errors(conduct, simulation.run(simulation.truth(null), [conduct])[0])
    table.insert(0, "design", called)
    error = (table["nominal"] * (1.0 - table["nominal"]) / simulation.trials) ** 0.5
    table["errors_off"] = (table["value"] - table["nominal"]) / error
    with pd.option_context("display.max_rows", None, "display.width", 200, "display.max_colwidth", 70):
        sys.stdout.write(table.to_string(index=False, float_format=lambda value: f"{value:.4f}") + "\n\n")
    sys.stdout.flush()
    return table


def exact_level(simulation: Simulation, called: str) -> pd.DataFrame:
    """The level of a single arm at the rate to be beaten, by enumeration: never above nominal, below it because discrete."""
    conduct = simulation.conduct()
    found = operating_characteristics(conduct, {}).set_index("truth")
    value = float(found["value"].to_numpy(np.float64)[found.index.get_loc("null_rate")])
    nominal = conduct.design.alpha
    sys.stdout.write(f"{called}: exact level {value:.4f} of {nominal:.4f}\n\n")
    held = value <= nominal
    row = {"design": called, "nominal": nominal, "value": value, "errors_off": 0.0 if held else np.inf, "reason": ""}
    return pd.DataFrame([row])


def _listed(folder: Path, seed: int, trials: int, adaptive: bool) -> dict[str, Callable[[], pd.DataFrame]]:
    """Every design by its name, to be simulated when called."""
    every = [test for test in TESTS if test not in ("exact_binomial", "posterior")]
    assert set(BINARY) <= set(every)

    def on_stated_rates(name: str) -> pd.DataFrame:
        file = _written(folder, "adaptive", ADAPTIVE)
        return levels(Simulation(load_design(file, ADAPTATIONS[name]), seed, trials), name, "stated_null")

    def on_lives(name: str) -> pd.DataFrame:
        file = _written(folder, name.replace(" ", "_"), OWN + ADAPTED[name])
        return levels(Simulation(with_history(load_design(file)), seed, trials), name)

    def every_test() -> pd.DataFrame:
        plan = load_design(_written(folder, "every_test", DESIGN), {"endpoints": [endpoint(test) for test in every]})
        return levels(Simulation(plan, seed, trials), "every test")

    def shipped(name: str) -> pd.DataFrame:
        simulation = Simulation(load_design(name), seed, trials)
        return levels(simulation, name) if len(simulation.design.arms) > 1 else exact_level(simulation, name)

    adapted: dict[str, Callable[[], pd.DataFrame]] = {name: partial(on_stated_rates, name) for name in ADAPTATIONS}
    adapted |= {name: partial(on_lives, name) for name in ADAPTED}
    if adaptive:
        return adapted
    return {"every test": every_test} | adapted | {name: partial(shipped, name) for name in sorted(shipped_designs())}


def _written(folder: Path, name: str, text: str) -> Path:
    file = folder / f"{name}.toml"
    file.write_text(text)
    return file


def main() -> int:
    """Print the table; 1 where a level is off and nobody said why."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=20260101)
    parser.add_argument("--adaptive", action="store_true", help="boundaries, margins, rules and adaptations only")
    parser.add_argument("--from", dest="first", default="", metavar="DESIGN", help="go on at this one after a cut")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        listed = _listed(Path(folder), asked.seed, asked.trials, asked.adaptive)
        names = list(listed)
        begin = names.index(asked.first) if asked.first else 0
        tables = [listed[name]() for name in names[begin:]]
    table = pd.concat(tables, ignore_index=True)
    off = table[(table["errors_off"].abs() > ERRORS) & table["reason"].isin(["", UNFORESEEN])]
    sys.stdout.write(f"{len(table)} levels, {asked.trials:,} trials each; {len(off)} off without a reason.\n")
    return 1 if len(off) else 0


if __name__ == "__main__":
    sys.exit(main())
