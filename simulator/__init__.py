"""Simulation of autologous cell therapy for people with diabetes and no-option chronic limb-threatening ischaemia.

    import simulator as sim

    found = sim.compare(policies=["conservative", "protocol"], patients=2_000)
    found.differences            # a tidy table; found.tables has them all
    print(found.summary())

Each question is a function with keyword arguments; its result has `tables`, `summary()`, `plot()`, `report(path)` and
`save(path)`. `simulate` gives the arrays and tables below `compare`, for scripts that need draws, ledgers or single events.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.face.compare import compare
    from simulator.run import Result, simulate
    from simulator.scenario import Scenario, load_scenario
    from simulator.words.errors import BadInput

__all__ = ["BadInput", "Result", "Scenario", "compare", "load_scenario", "simulate"]

_HOMES = {
    "BadInput": "simulator.words.errors",
    "Result": "simulator.run",
    "Scenario": "simulator.scenario",
    "compare": "simulator.face.compare",
    "load_scenario": "simulator.scenario",
    "simulate": "simulator.run",
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
