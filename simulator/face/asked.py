"""What is asked for, as people write it: a scenario by name, file or object, with a difference laid over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.words.errors import BadInput, Problem, nearest

if TYPE_CHECKING:
    from simulator.scenario import Scenario

VIEWS = ("sceptical", "central", "optimistic")


def scenario_of(
    scenario: str | Path | Scenario,
    *,
    policies: Sequence[str] | None = None,
    view: str | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Scenario:
    """The scenario that is meant. One that is loaded already cannot take a difference: that is a BadInput in words."""
    from simulator.scenario import Scenario, load_scenario

    problems = []
    if view is not None and view not in VIEWS:
        problems.append(Problem("compare", "view", repr(view), nearest(view, VIEWS)))
    if isinstance(policies, str):
        problems.append(Problem("compare", "policies", repr(policies), f"a list of names, as in [{policies!r}]"))
    if isinstance(scenario, Scenario) and (policies is not None or view is not None or overrides):
        allowed = "what the loaded scenario says; give these to load_scenario, or its name here"
        problems.append(Problem("compare", "policies, view or overrides", "given", allowed))
    if not isinstance(scenario, Scenario | str | Path):
        problems.append(Problem("compare", "scenario", type(scenario).__name__, "a name, a file or a Scenario"))
    if problems:
        raise BadInput(problems)
    if isinstance(scenario, Scenario):
        return scenario
    difference = dict(overrides or {})
    if view is not None:
        difference["evidence"] = {**difference.get("evidence", {}), "view": view}
    return load_scenario(scenario, policies=policies, overrides=difference or None)
