"""No report hides a column: every one is looked at in a real browser, wide, on a phone and on paper."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from browser import NAMES, WINDOWS, columns_out_of_sight
from made_up_exports import SHAPES, made_up
from walked import tables_of, unexplained

import simulator as sim
from simulator.evidence.register import load_register
from simulator.face.result import Result
from simulator.questions.course import load_course
from simulator.questions.course.check import check
from simulator.questions.course.findings import findings as course_findings
from simulator.questions.forecast.reading import load_trials
from simulator.questions.registry.agreement.published_scores import computable
from simulator.words.vocabulary import DAYS_PER_YEAR

TWO = ["conservative", "protocol"]
REPORTS_TOLD = Path(str(files("simulator.telling").joinpath("templates/reports")))
TEMPLATE_OF = {"sensitivity": "sweep", "evidence": "register"}


def decision() -> Result:
    """Three options in sixty draws with two parameters and long names."""
    draws = np.repeat(np.arange(60), 3)
    random = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "draw": draws,
            "option": np.tile(["Conservative care as it is given today", "Cells, once", "Cells, three times"], 60),
            "cost": random.gamma(9.0, 5000.0, 180),
            "effect": random.normal(2.0, 0.4, 180),
            "healing_rate_of_an_open_wound": np.repeat(random.random(60), 3),
        }
    )
    return sim.cea(table, thresholds=[20_000.0, 30_000.0], currency="EUR", population=100.0, years=5.0)


STUDY = {
    "method": "morris",
    "size": 4,
    "seed": 1,
    "patients": 20,
    "model": {"kind": "clti"},
    "outputs": ["difference(protocol, conservative).major_amputation@1", "protocol.amputation_free_survival@1"],
    "parameters": {"names": ["amputation_rate", "death_hr_dialysis"]},
}
SWEPT = {
    "method": "policies",
    "seed": 1,
    "patients": 20,
    "policies": TWO,
    "by": "amputation_free_survival@1",
    "better": "higher",
    "map": ["protocol.cell_therapy.interval_days", "protocol.eligibility.tcpo2_below"],
    "model": {"kind": "clti"},
    "vary": {"protocol.cell_therapy.interval_days": [30, 90], "protocol.eligibility.tcpo2_below": [20, 40]},
}


def course() -> Result:
    """The published course beside that of few people."""
    asked, register = load_course(register=load_register()), load_register()
    return Result(course_findings(check(asked, register, patients=1_000), asked, register, inputs={}, seed=1))


def registry() -> Result:
    """A German registry's export of people who never were."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("simulator.questions.registry.here.PEOPLE", 400)  # a tenth: a page looks the same
        export = Path(folder) / "export.csv"
        # A date of "amputation" alone leaves open whether the limb was lost; this heading says it.
        content = SHAPES["german"](made_up(240, seed=7)).decode("cp1252")
        export.write_bytes(content.replace("Amputationsdatum", "Majoramputation am").encode("cp1252"))
        return sim.patients(export)


REPORTS: dict[str, Callable[[], Result]] = {
    "compare": lambda: sim.compare(patients=200, reliance=False),
    "psa": lambda: sim.psa(draws=4, patients=20, policies=TWO),
    "cea": decision,
    "trace": lambda: sim.trace(policies=TWO, patient=3),
    "sensitivity": lambda: sim.sweep(STUDY),
    "policies": lambda: sim.sweep(SWEPT),
    "samplesize": lambda: sim.samplesize("single-arm", p0=0.5, p1=0.7),
    "boundaries": lambda: sim.boundaries(2, kind="pocock"),
    "validate": lambda: sim.validate(["tamaris", "scatena"], draws=4, patients=10, keep=False),
    "calibrate": lambda: sim.calibrate(patients=2_000, draws=4),
    "forecast": lambda: sim.forecast(["circulate"], draws=20, patients=40),
    "trial": lambda: sim.trial("rct", trials=20, quick=True),
    "evidence": sim.register,
    "course": course,
    "patients": registry,
}


@pytest.fixture(scope="module", params=REPORTS)
def found(request: pytest.FixtureRequest) -> Result:
    """What one command finds."""
    return REPORTS[request.param]()


@pytest.fixture(scope="module")
def report(found: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of one command."""
    return found.report(tmp_path_factory.mktemp("report") / "report.html")


@pytest.mark.parametrize(("width", "media"), WINDOWS, ids=NAMES)
def test_no_report_hides_a_column(report: Path, width: int, media: str) -> None:
    """Every column is in sight, or its table scrolls and can be reached by the keyboard; on paper nothing scrolls."""
    hidden, scrolling = columns_out_of_sight(report, width, media)
    assert hidden == []
    assert media == "screen" or scrolling == []


TOLD_IN = (1.0, 100.0, 12.0, DAYS_PER_YEAR)
"""Shares and shares of a hundred; years, months and days."""


def test_every_report_prints_numbers_of_its_files(found: Result, report: Path) -> None:
    """Every number of three digits in a table of a page is one of the file beneath it, rounded; were the file another, not."""
    shown = tables_of(report.read_text(encoding="utf-8"))
    assert unexplained(shown, found.tables, TOLD_IN) == []
    moved = {
        name: table.assign(**{column: 1.013 * table[column] for column in table.select_dtypes("float")})
        for name, table in found.tables.items()
    }
    printed = unexplained(shown, {name: table.iloc[:0] for name, table in found.tables.items()}, TOLD_IN)
    floats = [each for each in printed if "." in each]
    assert len(floats) < 10 or len(unexplained(shown, moved, TOLD_IN)) > 0.3 * len(floats)


def test_every_report_lists_what_it_rests_on(found: Result, report: Path) -> None:
    """Publications with a DOI, the evidence's own last known details apart; of the evidence a table with every one of them."""
    text = report.read_text(encoding="utf-8")
    if found.findings.question == "register":
        assert 'id="sources"' in text
        return
    listed = found.findings.facts["references"]
    assert listed and 'id="references"' in text
    assert all(f"https://doi.org/{each['doi']}" in text for each in listed if each["doi"])
    register = load_register()
    known = {source.citation for source in register.sources.values()}
    known |= {score["source"] for score in computable().values()}
    known |= {trial.citation for trial in load_trials(register)[0].values()}
    assert {each["citation"] for each in listed if not each["doi"]} <= known
    assert [each["citation"] for each in listed] == sorted({each["citation"] for each in listed})


def test_every_command_that_writes_a_report_is_looked_at() -> None:
    """Each template of a page has its report here or in the test of its own command."""
    pages = {path.name.removesuffix(".html.jinja") for path in REPORTS_TOLD.iterdir()}
    elsewhere = {
        "value": "payers_report",
        "verify": "verification",
        "hospitals": "hospitals",
        "reweighted": "hospitals",
    }
    here = {TEMPLATE_OF.get(name, name) for name in REPORTS}
    assert pages == here | set(elsewhere)
    for name in elsewhere.values():
        assert "columns_out_of_sight" in (Path(__file__).parent / f"test_{name}.py").read_text(encoding="utf-8")
