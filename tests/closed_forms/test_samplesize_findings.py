"""Answers of calculators and of boundaries as tables and facts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd

from simulator.questions import boundaries
from simulator.questions.samplesize.answer import Answer, Note
from simulator.questions.samplesize.findings import findings

SIMON = "Simon R. Control Clin Trials 1989;10:1-10, doi 10.1016/0197-2456(89)90015-9"
HERN = "A'Hern RP. Stat Med 2001;20:859-866, doi 10.1002/sim.721"


def answer(design: str, x: str, counts: str, detail: pd.DataFrame | None = None) -> Answer:
    """Three methods after two papers, and a curve that falls once and stands still once."""
    table = pd.DataFrame({"method": ["a", "b", "c"], counts: [1, 2, 3], "citation": [SIMON, HERN, SIMON]})
    curve = pd.DataFrame({x: [1.0, 2.0, 3.0, 4.0], "power": [0.1, 0.3, 0.2, 0.2]})
    return Answer(design, table, curve, (Note("lost", share=0.1),), detail)


def test_an_answer_of_two_arms() -> None:
    """Methods by their papers, the axis that the curve has, the power that the design assumes, the notes."""
    given = {"p0": 0.3, "n": None}
    found = findings(answer("binary", "patients", "patients"), given)
    assert found.question == "samplesize" and list(found.tables) == ["samplesize", "power_curve"]
    assert found.tables["power_curve"].shape == (4, 2) and found.settings == given
    facts = dict(found.facts)
    assert facts.pop("references") == [
        {"citation": HERN.partition(", doi")[0], "doi": "10.1002/sim.721"},
        {"citation": SIMON.partition(", doi")[0], "doi": "10.1016/0197-2456(89)90015-9"},
    ]
    assert facts == {
        **{"design": "binary", "given": given, "n": None, "power": 0.9, "counts": "patients", "axis": "patients"},
        **{"falls": None, "notes": [{"name": "lost", "share": 0.1}]},
        "formulas": [{"methods": ["a", "c"], "citation": SIMON}, {"methods": ["b"], "citation": HERN}],
    }


def test_an_answer_of_one_arm() -> None:
    """The sawtooth, and how often more patients mean less power: once, not where they mean as much."""
    detail = pd.DataFrame({"n": [1]})
    found = findings(answer("single-arm", "patients", "patients", detail), {"power": 0.7, "n": 30})
    assert found.tables["sawtooth"] is detail
    assert (found.facts["falls"], found.facts["power"], found.facts["n"]) == (1, 0.7, 30)


def test_events_and_rates() -> None:
    """What is counted and what the curve runs over are names of columns."""
    found = findings(answer("simon", "true_rate", "events"), {})
    assert (found.facts["axis"], found.facts["counts"]) == ("true_rate", "events")


def test_boundaries() -> None:
    """On the statistic's scale, and on an effect's where there is one; the plan and whoever described it."""
    table, summary = pd.DataFrame({"look": [1]}), pd.DataFrame({"looks": [1]})
    found: Any = SimpleNamespace(
        table=lambda: table, summary=lambda: summary, asked=lambda: "asked", plan=SimpleNamespace(sources=(SIMON,))
    )
    plain = boundaries.findings(found, {"looks": 1})
    assert (plain.question, plain.settings) == ("boundaries", {"looks": 1})
    assert plain.tables["boundaries"] is table and plain.tables["design"] is summary
    assert (plain.facts["plan"], plain.facts["scale"]) == ("asked", None)
    assert [each["doi"] for each in plain.facts["references"]] == ["10.1016/0197-2456(89)90015-9"]
    scale: Any = SimpleNamespace(scale="ratio", effect=0.7, beside=lambda rows, of: (rows is table, of is found))
    beside = boundaries.findings(found, {}, scale)
    assert beside.tables["boundaries"] == (True, True)
    assert beside.facts["scale"] == {"scale": "ratio", "effect": 0.7}
