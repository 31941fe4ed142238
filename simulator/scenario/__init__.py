"""Decisions, written as small differences in TOML: who is compared, under which policies, on which evidence."""

from __future__ import annotations

from simulator.scenario.loading import load_scenario
from simulator.scenario.policy import Policy
from simulator.scenario.scenario import Scenario

__all__ = ["Policy", "Scenario", "load_scenario"]
