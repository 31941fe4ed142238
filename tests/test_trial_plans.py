"""The path that docs/planning_trials.md describes, walked: a new file, each plan in it, the report and its hashes."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from simulator.cli.app import build

pytestmark = pytest.mark.usefixtures("undrawn")

PAGE = (Path(__file__).parent.parent / "docs" / "planning_trials.md").read_text(encoding="utf-8")
PLANS = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
TOLD = (
    (
        "Double-blind",
        "Screening",
        "minimised",
        "hospitals of their own",
        "Estimands",
        "dialysis excluded; no option for angioplasty; limbs beyond salvage excluded",
        "lost to follow-up at 0.05 a year, 2 times as often until",
    ),
    (
        "For the data monitoring committee",
        "graphical",
        "control: 0.08 a year",
        "lost to follow-up at 0.05 a year, 0.08 in arm",
    ),
    ("What the prior does", "Stages"),
    (
        "What the prior does",
        "predicted from the population of hospitals",
        "predictive probability of success at its end",
    ),
    ("Dropping arms", "the best arm goes on", "Goes on: healing:many", "familywise error"),
    ("Enrichment", "measured TcPO2 below 15 mmHg alone", "Goes on: healing:subgroup"),
)


@pytest.mark.parametrize("place", range(len(TOLD)))
def test_the_described_path_ends_in_a_report_with_its_hash(
    place: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From `clti new design` on each plan runs, its report tells what the plan is about, and the manifest holds its hash."""
    monkeypatch.chdir(tmp_path)
    run, program = CliRunner(), build()
    assert run.invoke(program, ["new", "design", "my_trial"]).exit_code == 0
    Path("my_trial.toml").write_text(PLANS[place], encoding="utf-8")
    done = run.invoke(program, ["trial", "my_trial.toml", "--out", "plan", "--trials", "30", "--quick"])
    assert done.exit_code == 0, f"{done.output[-2000:]}\n{done.exception!r}"
    report = Path("plan/report.html").read_bytes()
    text = report.decode("utf-8")
    for words in TOLD[place]:
        assert words.lower() in text.lower(), words
    listed = json.loads(Path("plan/manifest.json").read_text(encoding="utf-8"))["files"]
    assert listed["report.html"]["sha256"] == hashlib.sha256(report).hexdigest()
    found = pd.read_csv("plan/operating_characteristics.csv")
    success = found[found["measure"].isin(["power", "type_i_error", "assurance", "success_untreated"])]
    assert success["value"].between(0.0, 1.0).all() and len(success) >= 3


def test_what_is_planned() -> None:
    """A sham-controlled trial, an event-driven one with three looks, a single arm with a Bayesian rule, borrowed controls, arms
    that are dropped, enrichment."""
    assert len(PLANS) == len(TOLD)
    for words, plan in zip(
        ("blinding", "looks", "posterior", "hospitals", "selection", "enrichment"), PLANS, strict=True
    ):
        assert words in plan
