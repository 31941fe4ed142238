"""Simulation of autologous cell therapy for people with diabetes and no-option chronic limb-threatening ischaemia."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.run import Result, simulate
    from simulator.scenario import Scenario, load_scenario

__all__ = ["Result", "Scenario", "load_scenario", "simulate"]

_HOMES = {
    "Result": "simulator.run",
    "simulate": "simulator.run",
    "Scenario": "simulator.scenario",
    "load_scenario": "simulator.scenario",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for, because the numerical libraries take a second."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
