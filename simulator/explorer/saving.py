"""What is taken away from the page: the scenario with its commands, and the full report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from simulator.explorer.money import STAGES
from simulator.explorer.parts import SEED, Moved, Part
from simulator.explorer.state import scenario_of
from simulator.scenario import Scenario

SAVED = "explored.toml"
"""What the saved scenario is called."""


def saved(scenario: Scenario, state: Moved) -> Part:
    """The page's scenario as a file, its hash, and how the same picture is had without the page."""
    import pprint

    asked = scenario_of(scenario, state)
    changed = {
        k: v
        for k, v in _difference(asked).items()
        if k not in {"extends", "label", "description", "compare", "reference"}
    }
    draws, patients = STAGES[-1]
    words = pprint.pformat(changed, sort_dicts=False, width=100)
    return {
        "kind": "saved",
        "toml": asked.to_toml(),
        "hash": asked.hash,
        "commands": [
            f"clti compare {SAVED}",
            f"clti economics {SAVED} --draws {draws} --patients {patients}",
            "clti trial explored_trial.toml",
        ],
        "python": "\n".join(
            (
                "import simulator as sim",
                "",
                f"difference = {words}",
                "found = sim.compare(",
                f"    {_source(asked)!r}, policies={list(asked.compare)!r}, overrides=difference, seed={SEED}",
                ")",
                "print(found.differences)",
            )
        ),
    }


def report(scenario: Scenario, state: Moved, tell: Callable[[int, int], None] | None = None) -> Iterator[Part]:
    """The full report of `clti compare` as one page of HTML; `tell` is called with lives done and to do."""
    import tempfile
    from pathlib import Path

    from simulator.face.compare import compare

    asked = scenario_of(scenario, state)
    found = compare(asked, seed=SEED, progress=tell)
    with tempfile.TemporaryDirectory() as folder:
        page = found.report(Path(folder) / "report.html").read_text(encoding="utf-8")
    yield {"kind": "report", "html": page}


def _difference(scenario: Scenario) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(scenario.to_toml())


def _source(scenario: Scenario) -> str:
    return str(_difference(scenario)["extends"])
