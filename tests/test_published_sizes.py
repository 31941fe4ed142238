"""Sizes that registered trials state, restated: the page about them and what the commands answer are the same."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from simulator.questions.samplesize.calculator import calculate
from simulator.statistics.sequential.boundary_search import solve
from simulator.statistics.sequential.stopping_plan import Plan
from simulator.words.errors import BadInput

PAGE = Path(__file__).parent.parent / "docs" / "published_sizes.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if re.match(r"\| [^|]+ \| `(samplesize|boundaries) ", line)
]


def given(words: list[str]) -> dict[str, object]:
    """Options of a command line as the calculator's inputs, read by the command itself."""
    from typer import Typer

    from simulator.cli import samplesize

    app = Typer()
    app.command()(samplesize.main)
    context = get_command(app).make_context("samplesize", list(words))
    return {name: value for name, value in context.params.items() if name not in ("design", "out")}


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[0]} {row[4]}" for row in ROWS])
def test_a_published_size_is_restated(row: list[str]) -> None:
    """The named formula gives the number that the page says, per arm or in all as the statement counts."""
    _, command, stated, formula, here, _ = row
    name, *words = shlex.split(command.strip("`"))
    if name == "boundaries":
        upper = solve(Plan((0.6, 1.0), 0.0125)).upper
        assert ", ".join(f"{z:.4f}" for z in upper) == here
        return
    inputs = given(words)
    inputs["members"], inputs["correlation_within"] = inputs.pop("cluster_size"), inputs.pop("icc")
    table = calculate(words[0], inputs).table.set_index("method")
    counts = "events" if re.match(r"\d+ events in all$", stated) else "patients"
    whole = re.search("in all$", stated) is not None and (counts == "events" or "events" not in stated)
    column = counts if whole or words[0] in ("single-arm", "simon") else "patients_arm_0"
    if "--n" in words:
        assert f"{table.loc[formula, 'power']:.1%}" == here
    else:
        assert int(table.loc[formula, column]) == int(here)
    assert words[0] in ("single-arm", "simon") or table.loc[formula, "citation"]


@pytest.mark.parametrize(
    ("design", "inputs", "key"),
    [
        ("survival", {"hazard_ratio": 0.7, "lost": 0.3}, "--lost"),
        ("survival", {"rate_0": "0.3", "rate_1": "0.2", "accrual": "1", "follow_up": 1.0}, "--at"),
        ("survival", {"hazard_ratio": 0.7, "dropout_0": "0.1"}, "--dropout-0"),
        ("survival", {"hazard_0": "0.4:3", "hazard_1": "0.2"}, "--hazard-0"),
        ("survival", {"hazard_ratio": 1.4, "aim": "non-inferiority", "margin": 1.3}, "--margin"),
        ("win-ratio", {"win_ratio": 1.5, "ties": 0.1, "aim": "non-inferiority", "margin": 0.9}, "--aim"),
        ("means", {"difference": 1.0, "sd": 2.0, "boundary": "hexagonal", "looks": 3}, "type"),
        ("binary", {"p0": 0.3, "p1": 0.2, "aim": "non-inferiority", "margin": -0.1}, "--margin"),
        ("binary", {"p0": 0.3, "p1": 0.2, "members": 2.0}, "--icc"),
        ("binary", {"p0": 0.3, "p1": 0.2, "n": 100.0, "power": 0.8}, "--power"),
        ("binary", {"p0": 0.3}, "--p1"),
    ],
)
def test_what_cannot_be_stated_is_refused_by_name(design: str, inputs: dict[str, object], key: str) -> None:
    """An input that would do nothing, or that is missing, is named with the reason."""
    with pytest.raises(BadInput) as caught:
        calculate(design, inputs)
    assert key in {problem.key for problem in caught.value.problems}, caught.value
