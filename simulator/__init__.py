"""Simulation of autologous cell therapy for people with diabetes and no-option chronic limb-threatening ischaemia.

    import simulator as sim

    found = sim.compare(policies=["conservative", "protocol"], patients=2_000)
    found.differences            # a tidy table; found.tables has them all
    print(found.summary())

Each question is a function with keyword arguments; its result has `tables`, `summary()`, `plot()`, `report(path)` and
`save(path)`.

    compare     policies in the same patients: amputation, death, healing, walking
    value       costs, QALYs and the decision
    cea         a decision between anybody's options
    trial       power, type I error, size and duration of a trial
    samplesize  sizes by closed formulas and exact tests
    boundaries  group-sequential stopping boundaries
    trace       one patient's life, event by event
    sweep       what drives the answer, and which policy is best where
    psa         policies under draws of all parameters
    calibrate   the fit to the founding cohort, checked or made anew
    validate    published studies predicted
    forecast    registered trials predicted before they report
    patients    a registry's export: who they are, what became of them
    verify      checks of the model itself
    register    every number, its source and grade
    explore     the model in a browser (needs the extra `explore`)

`load_scenario` reads a scenario, `scenario.with_(...)` lays a difference over it, `Policy(...)` is a policy made in Python.
`simulate` gives the arrays and tables below `compare`, for scripts that need draws, ledgers or single events. What is wrong
with what was asked for is told by `BadInput`, all at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.explorer import explore
    from simulator.face.boundaries import boundaries
    from simulator.face.calibrate import calibrate
    from simulator.face.cea import cea
    from simulator.face.compare import compare
    from simulator.face.forecast import forecast
    from simulator.face.patients import patients
    from simulator.face.policy import Policy
    from simulator.face.psa import psa
    from simulator.face.register import register
    from simulator.face.samplesize import samplesize
    from simulator.face.sweep import sweep
    from simulator.face.trace import trace
    from simulator.face.trial import trial
    from simulator.face.validate import validate
    from simulator.face.value import value
    from simulator.face.verify import verify
    from simulator.run import Result, simulate
    from simulator.scenario import Scenario, load_scenario
    from simulator.words.errors import BadInput

__all__ = [
    "BadInput",
    "Policy",
    "Result",
    "Scenario",
    "boundaries",
    "calibrate",
    "cea",
    "compare",
    "explore",
    "forecast",
    "load_scenario",
    "patients",
    "psa",
    "register",
    "samplesize",
    "simulate",
    "sweep",
    "trace",
    "trial",
    "validate",
    "value",
    "verify",
]

_HOMES = {
    "BadInput": "simulator.words.errors",
    "Policy": "simulator.face.policy",
    "Result": "simulator.run",
    "Scenario": "simulator.scenario",
    "boundaries": "simulator.face.boundaries",
    "calibrate": "simulator.face.calibrate",
    "cea": "simulator.face.cea",
    "compare": "simulator.face.compare",
    "explore": "simulator.explorer",
    "forecast": "simulator.face.forecast",
    "load_scenario": "simulator.scenario",
    "patients": "simulator.face.patients",
    "psa": "simulator.face.psa",
    "register": "simulator.face.register",
    "samplesize": "simulator.face.samplesize",
    "simulate": "simulator.run",
    "sweep": "simulator.face.sweep",
    "trace": "simulator.face.trace",
    "trial": "simulator.face.trial",
    "validate": "simulator.face.validate",
    "value": "simulator.face.value",
    "verify": "simulator.face.verify",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for, because the numerical libraries take a second."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name == "__version__":
        from importlib.metadata import version

        return version("clti-simulator")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> Iterable[str]:
    return sorted([*__all__, "__version__"])
