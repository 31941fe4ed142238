"""Forecasts of registered trials: what is predicted, sealed, scored and handed on to validation."""

from __future__ import annotations

import dataclasses
import json
import runpy
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, fisher_exact
from typer.testing import CliRunner

import simulator as sim
from simulator.cli.app import build
from simulator.evidence import load_register
from simulator.evidence.shipped import shipped
from simulator.questions.forecast.averaged import averaged
from simulator.questions.forecast.lived import live, met
from simulator.questions.forecast.predicted import predictive
from simulator.questions.forecast.reading import Reported, Results, load_trials, trial_names
from simulator.questions.forecast.registered import Endpoint, RegisteredTrial
from simulator.questions.forecast.running import RUNNING, with_earlier
from simulator.questions.forecast.scoring import scores
from simulator.questions.forecast.sealed import opened, sha256
from simulator.studies.counts import published_counts
from simulator.studies.reading import load_studies
from simulator.telling.page import page
from simulator.words.errors import BadInput

pytestmark = pytest.mark.usefixtures("undrawn")

FEW: dict[str, Any] = {"draws": 6, "patients": 60}
STARTER = Path(sim.__file__).parent / "starters" / "forecast.toml"


@pytest.fixture
def trial(tmp_path: Path) -> Path:
    """A trial of a user's own."""
    file = tmp_path / "mine.toml"
    file.write_text(STARTER.read_text(encoding="utf-8").replace("STARTER", "mine"), encoding="utf-8")
    return file


def results(folder: Path, **changed: Any) -> Path:
    """What the trial reported, as a file."""
    told = {
        "forecast": "mine",
        "endpoint": "amputated or dead by one year",
        "arm": "cells",
        "events": 12,
        "n": 38,
    } | changed
    file = folder / "results.toml"
    file.write_text(
        f'forecast = "{told["forecast"]}"\ncitation = "Someone, J 2027."\nreported = 2027-05-01\nsuccess = false\n'
        f'[[result]]\nendpoint = "{told["endpoint"]}"\narm = "{told["arm"]}"\nevents = {told["events"]}\nn = {told["n"]}\n'
    )
    return file


def test_shipped_trials_are_predictions() -> None:
    """At least six registered trials are shipped, each with the day and place where results were looked for."""
    trials, _ = load_trials(load_register())
    assert len(trials) == len(trial_names()) >= 6
    assert all(each.looked_for_results.where and each.registration for each in trials.values())
    assert all(not hasattr(each, "quantity") for each in trials.values())


def test_predictive_distribution_is_a_mixture_of_binomials() -> None:
    """Equally likely risks give the average of their binomial distributions; one risk gives the binomial itself."""
    assert predictive(np.array([0.3]), 7) == pytest.approx(binom.pmf(np.arange(8), 7, 0.3))
    both = predictive(np.array([0.1, 0.5]), 5)
    assert both == pytest.approx(0.5 * (binom.pmf(np.arange(6), 5, 0.1) + binom.pmf(np.arange(6), 5, 0.5)))


@pytest.mark.parametrize(
    ("yes_1", "yes_0", "measure"), [(2, 12, "death"), (12, 2, "death"), (12, 2, "healing"), (6, 7, "death")]
)
def test_success_is_fishers_test_in_the_right_direction(yes_1: int, yes_0: int, measure: Any) -> None:
    """A trial succeeds if scipy's Fisher test is significant and the treated fare better: fewer deaths, more healing."""
    endpoint = Endpoint(name="x", measure=measure, at_years=1.0, treated=("a",), control=("b",))
    found = met(endpoint, np.array([yes_1]), 20, np.array([yes_0]), 22)[0]
    p = fisher_exact([[yes_1, 20 - yes_1], [yes_0, 22 - yes_0]])[1]
    better = yes_1 / 20 < yes_0 / 22 if measure == "death" else yes_1 / 20 > yes_0 / 22
    assert found == (p <= 0.05 and better)


def test_forecast_is_reproducible_and_sealed(trial: Path, tmp_path: Path) -> None:
    """The same forecast has the same bytes, and the hash told is that of the file."""
    one, two = (sim.forecast([str(trial)], **FEW) for _ in range(2))
    assert one.findings.files == two.findings.files
    one.save(tmp_path / "out")
    content = (tmp_path / "out" / "forecast_mine.json").read_bytes()
    assert sha256(content) == one.facts["trials"][0]["sha256"]
    tables, settings = opened(tmp_path / "out" / "forecast_mine.json", {"mine.toml": trial.read_bytes()})
    assert settings["seed"] == 1
    for name, table in tables.items():
        assert np.allclose(table.select_dtypes("number"), one.tables[name].select_dtypes("number"), atol=1e-9)


@pytest.mark.parametrize("own", [True, False])
def test_the_criterion_of_success_is_a_whole_sentence(trial: Path, tmp_path: Path, own: bool) -> None:
    """It ends where it ends, whether the registration states the criterion or the forecast had to choose one."""
    found = sim.forecast([str(trial)], **FEW)
    facts = dict(found.facts)
    facts["trials"] = [{**found.facts["trials"][0], "own_criterion": own, "stands_for": "Next."}]
    said = " ".join(page(dataclasses.replace(found.findings, facts=facts), {}).split())
    assert ("at a two-sided 5%. Next." if own else "states another or none. Next.") in said


def test_cells_do_nothing_where_the_control_has_them(trial: Path) -> None:
    """Two arms with the same care have the same risks but for luck, and succeed no oftener than the level allows."""
    trial.write_text(trial.read_text().replace("care.cell_therapy", "# care.cell_therapy"))
    found = sim.forecast([str(trial)], draws=40, patients=400)
    modelled = found.contrasts[found.contrasts["view"] != "naive"]
    for row in modelled.to_dict("records"):
        assert abs(row["mean"]) < 5.0 * row["se"]
    assert (
        found.chances[found.chances["view"] != "naive"]["chance"] < 0.025 + 5.0 * 0.025**0.5 / (40 * 10) ** 0.5
    ).all()


def test_the_competitor_averages_published_arms(trial: Path) -> None:
    """Beside the views stands the forecast of whoever averages published arms; it knows neither the seed nor the model."""
    one, two = (sim.forecast([str(trial)], seed=seed, **FEW) for seed in (1, 2))
    both = [each.risks[each.risks["view"] == "naive"] for each in (one, two)]
    assert len(both[0]) and both[0]["risk"].tolist() == both[1]["risk"].tolist()
    file, register = load_trials(load_register(), [str(trial)])[0]["mine"], load_register()
    published = published_counts(load_studies(register)[0])
    for endpoint in file.endpoint:
        found = averaged("mine", file, endpoint, published, 2, 1)
        assert all(len(set(np.round(share, 12))) > 1 for share in found.risks.values())
        arms = list(found.risks.values())
        assert all(abs(np.corrcoef(arms[0], other)[0, 1]) < 0.25 for other in arms[1:])  # averaged arm by arm
        for arm, counts in found.counts.items():
            n = file.groups[arm].n
            assert abs(counts.mean() / n - found.risks[arm].mean()) < 5.0 * (0.25 / n / counts.size) ** 0.5


def test_a_scored_trial_becomes_a_validation_study(trial: Path, tmp_path: Path) -> None:
    """A sealed forecast is scored by hand-computed probabilities, and the trial is written as a study that loads."""
    sim.forecast([str(trial)], **FEW).save(tmp_path / "before")
    sealed = tmp_path / "before" / "forecast_mine.json"
    found = sim.forecast([str(trial)], results=results(tmp_path), sealed=sealed)
    risks = opened(sealed, {"mine.toml": trial.read_bytes()})[0]["risks"]
    for row in found.scores.to_dict("records"):
        own = risks[(risks["view"] == row["view"]) & (risks["arm"] == "cells")]["risk"].to_numpy()
        mass = binom.pmf(12, 38, own).mean()
        below = binom.cdf(11, 38, own).mean()
        assert row["log_score"] == pytest.approx(np.log(mass), abs=1e-6)
        assert row["pit"] == pytest.approx(below + 0.5 * mass, abs=1e-6)
    stated = found.chances.set_index("view")["chance"]
    for row in found.verdicts.to_dict("records"):
        assert row["brier"] == pytest.approx(stated[row["view"]] ** 2)
    found.save(tmp_path / "after")
    studies, _ = load_studies(load_register(), (), [tmp_path / "after" / "mine.toml"])
    assert [(q.events, q.n, q.groups) for q in studies["mine"].quantity] == [(12, 38, ("cells",))]
    assert studies["mine"].groups["cells"].care.cell_therapy.doses == 3


def test_calibrated_over_made_up_trials(trial: Path) -> None:
    """Of 200 trials whose truth is a hospital and draw of their own, PITs are even and, in every view, success as frequent as
    stated: rare, now and then, and mostly."""
    trial.write_text(trial.read_text().replace("n = 40", "n = 300"))
    found = sim.forecast([str(trial)], draws=200, patients=80)
    trials, _ = load_trials(load_register(), [str(trial)])
    endpoint, replicates = trials["mine"].primary, 200
    lived = live("mine", trials["mine"], load_register(), replicates, 80, seed=2)
    happened = lived["central", endpoint.name]
    central = {"risks": found.risks[found.risks["view"] == "central"]}
    counts = {arm: happened.counts[arm][:, 0].tolist() for arm in ("cells", "placebo")}
    # Every number that was reported is scored once.
    told = tuple(
        Reported(endpoint=endpoint.name, arm=arm, events=events, n=trials["mine"].groups[arm].n)
        for arm, reported in counts.items()
        for events in sorted(set(reported))
    )
    scored = scores("mine", Results(forecast="mine", citation="x", reported=date(2027, 5, 1), result=told), central)
    pit_of = scored.set_index(["arm", "events"])["pit"]
    pit = [pit_of[arm, events] for arm, reported in counts.items() for events in reported]
    assert len(pit) == 2 * replicates
    # Arms of one trial share their hospital, so 200 trials and not 400 arms carry the error.
    assert abs(np.mean(pit) - 0.5) < 4.0 * (1.0 / 12.0 / replicates) ** 0.5
    assert 0.06 < np.var(pit) < 0.11
    stated = found.chances[found.chances["view"] != "naive"].set_index("view")
    for view, row in stated.iterrows():
        success = lived[str(view), endpoint.name].success
        assert success is not None
        error = (row["chance"] * (1.0 - row["chance"]) / replicates + row["se"] ** 2) ** 0.5
        assert abs(success[:, 0].mean() - row["chance"]) < 4.0 * error, view
    assert stated["chance"].max() > 0.4 and stated["chance"].min() < 0.2


def test_scores_add_up_in_a_running_table(trial: Path, tmp_path: Path) -> None:
    """Two scored trials stand in one table, a trial scored again replaces its rows, and the sums over them are theirs."""
    kept = tmp_path / "kept.csv"
    with pytest.raises(BadInput, match="results, too"):
        sim.forecast([str(trial)], running=kept, **FEW)
    sim.forecast([str(trial)], **FEW).save(tmp_path / "before")
    sealed = tmp_path / "before" / "forecast_mine.json"
    first = sim.forecast([str(trial)], results=results(tmp_path), sealed=sealed, running=kept)
    assert first.running["sha256"].eq(sha256(sealed.read_bytes())).all()
    first.running.to_csv(kept, index=False)
    other = trial.with_name("other.toml")
    other.write_text(trial.read_text().replace("n = 40", "n = 60"))
    told = results(tmp_path, forecast="other", events=30)
    both = sim.forecast([str(other)], results=told, running=kept, **FEW)
    assert any("no foresight" in word for word in both.facts["warnings"])
    assert list(dict.fromkeys(both.running["trial"])) == ["mine", "other"]
    own = {name: each.scores.set_index("view") for name, each in (("mine", first), ("other", both))}
    for row in both.overall.to_dict("records"):
        each = [table.loc[row["view"]] for table in own.values()]
        assert row["scored_trials"] == 2 and row["reported_numbers"] == 2
        assert row["log_score"] == pytest.approx(np.mean([one["log_score"] for one in each]), abs=1e-6)
        assert row["inside_95"] == np.mean([one["inside_95"] for one in each])
    both.running.to_csv(kept, index=False)
    again = sim.forecast([str(trial)], results=results(tmp_path), sealed=sealed, running=kept)
    assert len(again.running) == len(both.running)
    kept.write_text("a,b\n1,2\n")
    with pytest.raises(BadInput):
        sim.forecast([str(trial)], results=results(tmp_path), sealed=sealed, running=kept)


def test_a_running_table_with_words_for_numbers_is_told_whole(tmp_path: Path) -> None:
    """Every cell that should be a number and is none is named by row and column; an empty chance is none told, not a fault."""
    row = ["0123", "A trial", "NCT1", "2027-05-01", "central", "1", "-2.5", "1", "", "", "", ""]
    new = pd.DataFrame([["mine", *row[1:]]], columns=RUNNING)
    kept = tmp_path / "kept.csv"
    pd.DataFrame([row, row], columns=RUNNING).to_csv(kept, index=False)
    both = with_earlier(new, kept)
    assert both["trial"].tolist() == ["0123", "0123", "mine"] and both["log_score"].tolist()[:2] == [-2.5, -2.5]
    told = [[*row[:6], "", *row[7:]], [*row[:8], "half", *row[9:]]]
    pd.DataFrame(told, columns=RUNNING).to_csv(kept, index=False)
    with pytest.raises(BadInput) as bad:
        with_earlier(new, kept)
    assert [(p.key, p.value) for p in bad.value.problems] == [("row 2, log_score", "''"), ("row 3, chance", "'half'")]


def test_a_running_table_that_cannot_be_written_is_told_before_the_work(trial: Path, tmp_path: Path) -> None:
    """A --running below a file ends the command with its name, and nothing is written."""
    (tmp_path / "file").touch()
    asked = [
        "forecast",
        str(trial),
        "--results",
        str(results(tmp_path)),
        "--running",
        str(tmp_path / "file" / "kept.csv"),
    ]
    done = CliRunner().invoke(build(), [*asked, "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, BadInput) and "--running" in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_a_forecast_is_scored_by_its_own_trial_alone(trial: Path, tmp_path: Path) -> None:
    """A sealed forecast of another file, or of this one before it was changed, is refused by name."""
    sim.forecast([str(trial)], **FEW).save(tmp_path / "before")
    trial.write_text(trial.read_text().replace("n = 40", "n = 41"))
    with pytest.raises(BadInput) as bad:
        sim.forecast([str(trial)], results=results(tmp_path), sealed=tmp_path / "before" / "forecast_mine.json")
    assert [problem.key for problem in bad.value.problems] == ["inputs"]


def test_dated_forecasts_can_be_scored() -> None:
    """Every sealed forecast opens with the copy of the trial's file that was kept on its day."""
    for file in sorted((shipped("scenarios") / "forecasts" / "dated").rglob("forecast_*.json")):
        copy = file.with_name(file.stem.removeprefix("forecast_") + ".toml")
        tables, settings = opened(file, {copy.name: copy.read_bytes()})
        assert settings["seed"] == 1 and len(tables["risks"])


def test_a_trial_brings_its_own_therapy(trial: Path, tmp_path: Path) -> None:
    """A therapy of the trial's own file is what its arm has, and it goes with the trial to validation."""
    certain = """
[therapies.certain]
label = "Certain amputation"
description = "A ratio that nobody overlooks."
numbers.amputation_hr = { value = 15.0, grade = "assumption", note = "An example." }
numbers.effect_days = { value = 3650.0, grade = "assumption", note = "An example." }
"""
    trial.write_text(trial.read_text() + certain)
    care = 'care.cell_therapy = { doses = 3, interval_days = 45, product = "pbmnc" }'
    assert care in trial.read_text()
    trial.write_text(trial.read_text().replace(care, 'care.therapies = ["certain"]'))
    found = sim.forecast([str(trial)], results=results(tmp_path), **FEW)
    central = found.arms[found.arms["view"] == "central"].set_index("arm")["mean"]
    assert central["cells"] > 1.3 * central["placebo"]
    found.save(tmp_path / "out")
    assert "certain" in tomllib.loads((tmp_path / "out" / "mine.toml").read_text())["therapies"]


def test_the_founding_hospital_is_no_draw(trial: Path) -> None:
    """A trial at the founding hospital has risks that spread less than one at a hospital drawn at random."""
    new = sim.forecast([str(trial)], draws=40, patients=200)
    trial.write_text(trial.read_text().replace('centre = "new"', 'centre = "founding"'))
    founding = sim.forecast([str(trial)], draws=40, patients=200)
    spread = [each.arms[each.arms["view"] == "central"]["sd_between"].max() for each in (new, founding)]
    assert spread[1] < 0.8 * spread[0]


def test_faults_are_told_at_once(trial: Path, tmp_path: Path) -> None:
    """Two primaries, an unknown arm, a time after the end and a test without control are one message."""
    text = trial.read_text()
    text += """
[[endpoint]]
name = "late"
measure = "healing"
at_years = 2.0
primary = true
treated = ["nobody"]
test = "log_rank"
"""
    trial.write_text(text)
    with pytest.raises(BadInput) as bad:
        sim.forecast([str(trial)])
    keys = {problem.key for problem in bad.value.problems}
    assert keys >= {
        "endpoint.primary",
        "endpoint[1].treated",
        "endpoint[1].at_years",
        "endpoint[1].control",
        "endpoint[1].test",
    }
    trial.write_text(STARTER.read_text())
    with pytest.raises(BadInput) as bad:
        sim.forecast([str(trial)], results=results(tmp_path, endpoint="other", events=50))
    assert {problem.key for problem in bad.value.problems} == {"result[0].endpoint", "result[0].events"}


def test_a_file_that_is_no_forecast_is_told(trial: Path, tmp_path: Path) -> None:
    """A sealed file that holds something else, or not all tables, is a BadInput."""
    for content in ("{}", "[1]", "no", json.dumps({"tables": {}, "settings": {}})):
        (tmp_path / "bad.json").write_text(content)
        with pytest.raises(BadInput):
            sim.forecast([str(trial)], results=results(tmp_path), sealed=tmp_path / "bad.json")


def test_starter_and_schema_agree() -> None:
    """The starter's keys are the model's."""
    table = tomllib.loads(STARTER.read_text())
    assert set(table) <= set(RegisteredTrial.model_fields)


def test_dated_forecasts_are_what_the_page_says() -> None:
    """Every kept file of a dated entry has the hash that the page gives: none was changed after its day."""
    page = (Path(__file__).parent.parent / "docs" / "forecasts.md").read_text(encoding="utf-8")
    dated = shipped("scenarios") / "forecasts" / "dated"
    kept = sorted(file for file in dated.rglob("*") if file.is_file())
    assert len(kept) >= 12
    for file in kept:
        section = page.split(f"## {file.parent.name}", 1)[1].split("\n## ", 1)[0]
        assert f"`{sha256(file.read_bytes())}`" in section, file.name
    assert page.count("`") // 2 >= len(kept)


@pytest.mark.parametrize(
    "word", ["", "today", "2026-13-01", "2026-11-27.", "2026-11-27.x", "2026-11-27.0", "2026-11-27.1", "2026-11-27.2.3"]
)
def test_a_malformed_entry_ends_in_a_message(word: str) -> None:
    """A word that is neither a date nor a date's second entry is told, and no page is made of it."""
    named = runpy.run_path(str(Path(__file__).parent.parent / "docs" / "forecasts.py"))["named"]
    with pytest.raises(SystemExit, match=f"^'{word}' names no entry: .*2026-11-26.2 "):
        named(word)
    assert [named(each) for each in ("2026-11-27", "2026-11-27.2", "2026-11-27.10")] == [
        "2026-11-27", "2026-11-27.2", "2026-11-27.10",
    ]  # fmt: skip
