"""`clti verify`: it passes on a sound model, and each kind of mistake shows."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from browser import NAMES, WINDOWS, columns_out_of_sight
from own_counts import FEW_LIVES

from simulator.centre import own
from simulator.cli.verify import main
from simulator.questions.verify import COLUMNS, verification, verify
from simulator.questions.verify.events.clocks import after_operation, judgement
from simulator.questions.verify.findings import findings
from simulator.questions.verify.outcomes.monotone import many_concerned, twins
from simulator.questions.verify.people import known_people, luck_law
from simulator.questions.verify.people.inputs import ks
from simulator.questions.verify.rulebook.book import differences
from simulator.questions.verify.rulebook.events_stated import walking_ends
from simulator.questions.verify.rulebook.situation import NUMBER, situations
from simulator.questions.verify.subject.check import NotApplicable, equal, near, none_of
from simulator.questions.verify.subject.subject import Subject
from simulator.questions.verify.verification import all_checks
from simulator.rules.draws import budget, normal_quantile
from simulator.rules.hazards import time_to_spend
from simulator.rules.pathway.walking import stop_walking, walk_no_more
from simulator.rules.population.patient import PATIENT, truncated_normal
from simulator.scenario import Scenario, load_scenario
from simulator.telling.page import page, sentences
from simulator.words.errors import BadInput, CheckFailed


@pytest.fixture(scope="module")
def base() -> pd.DataFrame:
    """The checks of the base scenario with few patients, whose hospital's own counts are read with few lives, too."""
    with pytest.MonkeyPatch.context() as patch:
        for name, size in FEW_LIVES.items():
            patch.setattr(own, name, size)
        return verify(load_scenario(), patients=400, seed=3)


def test_the_base_scenario_passes(base: pd.DataFrame) -> None:
    """No check fails on the shipped base scenario, and at least 100 apply to it."""
    assert list(base.columns) == list(COLUMNS)
    failed = base[base["status"] == "fail"]
    assert failed.empty, failed[["id", "changed", "came_out"]].to_string()
    assert (base["status"] == "pass").sum() >= 100


@pytest.mark.parametrize(("width", "media"), WINDOWS, ids=NAMES)
def test_the_report_hides_no_column(base: pd.DataFrame, tmp_path: Path, width: int, media: str) -> None:
    """In a browser every column of the checks is in sight, or its table scrolls."""
    file = tmp_path / "report.html"
    file.write_text(page(findings(load_scenario(), base, 400, 3), {}, {}), "utf-8")
    assert columns_out_of_sight(file, width, media)[0] == []


def test_checks_are_told_apart() -> None:
    """Every check has its own number and says its domain, source, change and expectation."""
    checks = all_checks()
    assert len(checks) >= 60
    assert len({check.id for check in checks}) == len(checks)
    assert all(check.domain and check.source and check.changed and check.expected for check in checks)
    assert len({(check.domain, check.changed, check.expected) for check in checks}) == len(checks)


def test_a_wrong_life_table_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Background mortality that falls with age fails the check of the life table. Only checks of the inputs are run."""
    inputs = [check for check in all_checks() if check.domain == "inputs"]
    assert len(inputs) > 5
    monkeypatch.setattr(verification, "all_checks", lambda: inputs)
    scenario = load_scenario()
    table = scenario.life_table
    upside_down = replace(table, log_hazards=table.log_hazards[:, ::-1].copy())
    checks = verify(replace(scenario, life_table=upside_down), patients=200)
    assert len(checks) == len(inputs)
    failed = checks[checks["status"] == "fail"]
    assert any("never falls after age 40" in expected for expected in failed["expected"])


def test_a_parameter_that_should_move_somebody_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A covariate's ratio that changes no life is a mistake where many have the covariate, and not where nobody has."""
    still = Subject.of(load_scenario(), 400, 1)
    base = still.base
    monkeypatch.setattr(Subject, "lives", lambda *_args, **_keys: base)
    assert many_concerned(still, "death_hr_heart")
    before, after = twins(still, "death_hr_heart", "clock_alive")
    assert np.array_equal(before, after)
    assert not many_concerned(still, "response_or_bmmnc")
    with pytest.raises(NotApplicable, match="touches nobody"):
        twins(still, "response_or_bmmnc", "caused_gain")
    few = Subject.of(load_scenario(), 20, 1)
    few.__dict__["base"] = {name: replace(c, patients=c.patients[:20], lives=c.lives[:20]) for name, c in base.items()}
    assert not many_concerned(few, "death_hr_heart")


def test_clocks_that_start_elsewhere_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deaths counted from half a year before the operation, and judgement on the wrong people, fail their checks."""
    subject = Subject.of(load_scenario(), 400, 1)
    assert after_operation(subject).passed
    assert judgement(subject).passed
    lives = Subject.lives

    def mistaken(self: Subject, values: dict[str, float], *args: object, **keys: object) -> object:
        stop = values.get("judgement_stop", 0.0), values.get("judgement_stop_recovered", 0.0)
        swapped = {**values, "judgement_stop": 0.9 * stop[1], "judgement_stop_recovered": stop[0]}
        found = lives(self, swapped, *args, **keys)  # type: ignore[arg-type]
        for cohort in found.values():
            cohort.lives["amputated_at"] -= 0.5
        return found

    monkeypatch.setattr(Subject, "lives", mistaken)
    assert not after_operation(subject).passed
    assert not judgement(subject).passed


def test_comparisons_can_fail() -> None:
    """Each kind of comparison rejects what is wrong, and says nothing about nothing."""
    assert equal([1.0, np.nan], [1.0, np.nan], "x").passed
    assert not equal([1.0], [1.0 + 1e-15], "x").passed
    assert not equal([np.nan], [1.0], "x", 1.0).passed
    assert near([1.0], [0.1], [1.4], "x").passed
    assert not near([1.0], [0.1], [1.6], "x").passed
    assert none_of([False, False], "x").passed
    assert not none_of([False, True], "x").passed
    with pytest.raises(NotApplicable):
        none_of([], "x")
    u = (np.arange(2_000) + 0.5) / 2_000
    assert ks(u, "x").passed
    assert not ks(u**1.3, "x").passed


def _one(scenario: Scenario, patients: int, seed: int, progress: object) -> pd.DataFrame:
    row = ("A01", "inputs", "s", "<b>nothing</b>", "e", "c", "fail")
    return pd.DataFrame([row], columns=list(COLUMNS))


def test_a_failure_is_reported_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed check ends with CheckFailed, after its results were written and escaped."""
    monkeypatch.setattr("simulator.questions.verify.verify", _one)
    monkeypatch.setattr(sys, "argv", ["clti", "verify"])
    with pytest.raises(CheckFailed, match="A01"):
        main("base", 200, 1, tmp_path / "out")
    assert pd.read_csv(tmp_path / "out" / "verification.csv")["status"].tolist() == ["fail"]
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;nothing" in html
    assert "<b>nothing" not in html


def test_bad_options_are_told_together(tmp_path: Path) -> None:
    """Too few patients, a negative seed and an unknown scenario are one message, and nothing is written."""
    with pytest.raises(BadInput) as bad:
        main("bas", 3, -1, tmp_path / "out")
    assert len(bad.value.problems) >= 3
    assert not (tmp_path / "out").exists()


def test_the_answer_counts(base: pd.DataFrame) -> None:
    """The answer says how many checks passed and how many do not apply; a failed one stands first in the report."""
    found = findings(load_scenario(), base, 400, 3)
    assert sentences(found).startswith("No check failed: ")
    assert f"of {len(base)} passed" in sentences(found)
    assert found.tables["domains"]["checks"].sum() == len(base)
    assert "What failed" not in page(found, {})
    broken = base.assign(status=base["status"].where(base.index != 3, "fail"))
    told = page(findings(load_scenario(), broken, 400, 3), {})
    assert "1 check failed" in told
    assert told.index("What failed") < told.index(f"Domain {base['domain'].iloc[0]}")


@pytest.mark.parametrize(
    ("name", "wrong", "check"),
    [
        ("normal_quantile", lambda p: normal_quantile(p) + 1e-9, "normal_law"),
        ("truncated_normal", lambda u, m, s, low, high: truncated_normal(u, m, s, low, high + 0.1), "cut_normal_law"),
        ("budget", lambda seed, i, stream, k: budget(seed, i, stream, 0), "same_luck"),
        ("time_to_spend", lambda b, r, k: time_to_spend(b, r, k / 1.01), "hazards"),
    ],
)
def test_wrong_luck_is_noticed(monkeypatch: pytest.MonkeyPatch, name: str, wrong: Any, check: str) -> None:
    """A quantile wrong in the ninth digit, a limit, an occurrence and an exponent each fail the check of their law."""
    subject: Any = SimpleNamespace(seed=1)
    assert getattr(luck_law, check)(subject).passed
    monkeypatch.setattr(luck_law, name, wrong)
    assert not getattr(luck_law, check)(subject).passed


def test_what_is_known_of_people_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody whose known age is lost, or whose renal class moves with it, fails."""
    plain = np.zeros(5, PATIENT)
    plain["rutherford"] = 5.0

    def told(_subject: Any, column: str, value: float) -> Any:
        found = plain.copy()
        found[column] = value
        return found, plain

    monkeypatch.setattr(known_people, "known", told)
    assert known_people.kept(None).passed  # type: ignore[arg-type]
    monkeypatch.setattr(known_people, "known", lambda *_: (plain, plain))
    assert not known_people.kept(None).passed  # type: ignore[arg-type]

    def mixed(subject: Any, column: str, value: float) -> Any:
        found, _ = told(subject, column, value)
        found["renal"] += column == "age"
        return found, plain

    monkeypatch.setattr(known_people, "known", mixed)
    assert not known_people.kept(None).passed  # type: ignore[arg-type]


def test_the_rule_book_names_what_a_rule_leaves_undone() -> None:
    """Somebody who stops walking for now keeps the ability, which whoever can walk no more loses with its end."""
    drawn = situations(Subject.of(load_scenario(), 200, 1))
    assert len(drawn) == NUMBER
    (could,) = [each for each in drawn if each.life.mobile and each.life.walking_ends_at < np.inf][:1]
    said, right, wrong = could.again(), could.again(), could.again()
    expected = walking_ends(said)
    assert differences(right, said, walk_no_more(right.life), expected) == []
    assert differences(wrong, said, stop_walking(wrong.life), expected) == ["mobile", "walking_ends_at"]
    assert differences(right, said, 1.0, 2.0) == ["the answer"]
    assert could.life.mobile == 1
