"""`clti patients`: a registry's export becomes a description and a hospital's file, and gives nobody away."""

from __future__ import annotations

import datetime
import math
import time
import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_exports import SHAPES, made_up
from own_counts import FEW_LIVES
from trial_designs import design_file
from typer.testing import CliRunner

from simulator.centre import own
from simulator.cli.app import build
from simulator.face.asked import scenario_of
from simulator.face.trial import _planned
from simulator.questions.registry import findings as registry
from simulator.questions.registry import here
from simulator.questions.registry.agreement.agreement import TIMES, accuracy_table
from simulator.questions.registry.agreement.predicted import OUTCOMES
from simulator.questions.registry.centre_file import case_mix
from simulator.questions.registry.export.cells import export_in
from simulator.questions.registry.export.proposal import propose
from simulator.questions.registry.findings import usable
from simulator.questions.registry.here import few_slots_tables, referrals_per_year
from simulator.questions.registry.offsets.offsets import updated
from simulator.questions.registry.people.described import class_shares, course, meets
from simulator.questions.registry.people.people import People, people_of
from simulator.questions.registry.people.privacy import SMALLEST, hidden, hidden_parts, rounded
from simulator.rules.population.patient import COLUMNS, UNDIALYSED
from simulator.scenario import load_scenario
from simulator.scenario.policy import Criteria
from simulator.words.errors import BadInput
from simulator.words.vocabulary import Renal
from simulator.work.disk import cache_folder

TRUTH = made_up(240, seed=7)
EPOCH = datetime.date(1970, 1, 1)
DATES = ("%d.%m.%Y", "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the command writes for a German export, with what it left in the cache, of few lives."""
    folder, begun = tmp_path_factory.mktemp("registry"), time.time()
    content = SHAPES["german"](TRUTH).decode("cp1252").replace("Amputationsdatum", "Majoramputation am")
    (folder / "export.csv").write_bytes(content.encode("cp1252"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(here, "PEOPLE", 1_000)
        patch.setattr(registry, "updated", partial(updated, particles=16))
        done = CliRunner().invoke(build(), ["patients", str(folder / "export.csv"), "--out", str(folder / "out")])
    assert done.exit_code == 0, f"{done.output[-2000:]}\n{done.exception!r}"
    (folder / "out" / "console.txt").write_text(done.output)
    kept = cache_folder("") or folder
    for number, file in enumerate(each for each in kept.rglob("*") if each.is_file() and each.stat().st_mtime >= begun):
        (folder / "out" / f"cache-{number}").write_bytes(file.read_bytes())
    return folder / "out"


def test_nothing_written_names_a_person_or_a_day(written: Path) -> None:
    """No identifier and no date of the export stands in any file, in what the cache keeps or on the console, however spelt."""
    texts = {file.name: file.read_bytes() for file in written.rglob("*") if file.is_file()}
    assert {"centre.toml", "mapping.toml", "report.html", "manifest.json", "console.txt"} <= texts.keys()
    export = (written.parent / "export.csv").read_bytes().decode("cp1252").splitlines()
    cells = {
        cell for line in export[1:] for place, cell in enumerate(line.split(";")) if place in (0, 1, 10, 11, 12, 13)
    }
    days = {datetime.datetime.strptime(cell, "%d.%m.%Y") for cell in cells if cell.count(".") == 2}
    told = {cell for cell in cells if cell.startswith("PX")} | {day.strftime(way) for day in days for way in DATES}
    assert len(told) > 1_000
    for name, text in texts.items():
        assert not [each for each in told if each.encode() in text], name


@pytest.mark.usefixtures("undrawn")
def test_the_hospitals_file_is_a_scenario_at_its_own_place(written: Path, tmp_path: Path) -> None:
    """The file's rows are read back as the scenario's joint draws; compare runs it, and other evidence is refused."""
    file = written / "centre.toml"
    centre = tomllib.loads(file.read_text(encoding="utf-8"))["evidence"]["centre"]
    there = scenario_of(file)
    assert there.register["hospital_amputation"].value == centre["point"][0]
    assert there.register.joint["hospital_death"].tolist() == centre["death"]
    assert scenario_of("base", centre=file).register.joint["hospital_death"].tolist() == centre["death"]
    few = ["--patients", "60", "--out", str(tmp_path / "out")]
    assert CliRunner().invoke(build(), ["compare", str(file), *few]).exit_code == 0
    stale = tmp_path / "stale.toml"
    stale.write_text(file.read_text(encoding="utf-8").replace(centre["evidence"], "0" * 16), encoding="utf-8")
    with pytest.raises(BadInput, match="run clti patients again"):
        scenario_of(stale)


def test_a_scenario_may_name_the_hospitals_file(written: Path, tmp_path: Path) -> None:
    """`centre = "FILE"` under [evidence] is that hospital, the path as from the scenario's own folder."""
    (tmp_path / "mine.toml").write_text((written / "centre.toml").read_text(encoding="utf-8"), encoding="utf-8")
    scenario = tmp_path / "scenario.toml"
    scenario.write_text('extends = "base"\nlabel = "Ours"\n[evidence]\ncentre = "mine.toml"\n', encoding="utf-8")
    assert scenario_of(scenario).register.joint["hospital_death"].size > 100


def test_a_trial_may_be_at_the_hospitals_file_or_at_own_counts(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A design's `centre` is what a scenario's is: the same rows of offsets, and more deaths where more were counted."""
    for name, size in FEW_LIVES.items():
        monkeypatch.setattr(own, name, size)
    text = (written / "centre.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    joint = scenario_of(written / "centre.toml").register.joint
    for centre in (tomllib.loads(text)["evidence"]["centre"], "mine.toml"):
        trial = _planned(design_file(tmp_path, centre=centre), None)
        assert np.array_equal(trial.scenario.register.joint["hospital_death"], joint["hospital_death"])
    assert any(name.endswith("mine.toml") for name in trial.inputs)
    with pytest.raises(BadInput, match=r"gone\.toml"):
        _planned(design_file(tmp_path, centre="gone.toml"), None)
    few, many = (
        _planned(design_file(tmp_path, centre={"deaths": [deaths, 200]}), None).scenario.params()["death_rate_wound"]
        for deaths in (20, 120)
    )
    assert few < many


def test_what_policies_change_is_counted_in_the_hospitals_own_referrals(written: Path) -> None:
    """Of 240 people in five years 48 a year: counts are of so many, changes lie in their limits, and the table is a file."""
    change = pd.read_csv(written / "here.csv")
    assert set(change["view"]) == {"sceptical", "central", "optimistic"}
    lost = change[change["outcome"] == "major_amputation"]
    assert (change["reference"] + change["difference"]).to_numpy() == pytest.approx(change["mean"].to_numpy())
    assert (change["difference_low"] <= change["difference"]).all()
    assert (change["difference"] <= change["difference_high"]).all()
    assert ((lost["difference"] < 0.0) & (lost["mean"] < 48.0)).all()
    told = pd.read_csv(written / "accuracy.csv").set_index(["outcome", "time_years", "by"])
    expected = told.loc[("amputated", 1.0, "after"), "expected"]
    # Both of the central view.
    central = lost.loc[lost["view"] == "central", "reference"]
    assert central.mean() == pytest.approx(48.0 * expected, rel=0.15)
    needed = pd.read_csv(written / "slots_needed.csv").set_index("policy")
    assert needed.loc["protocol", "doses"] > needed.loc["single_dose", "doses"] > 0.0
    assert (52.2 * needed["slots_per_week"]).to_numpy() == pytest.approx(needed["doses"].to_numpy(), rel=0.001)
    assert "of 48 referrals a year" in (written / "report.html").read_text(encoding="utf-8")


def test_referrals_a_year_are_told_of_many_with_dates() -> None:
    """People from one day to the last over at least a year; nothing without every date, of few a year, or of a few months."""
    many = people_of_shape("plain")
    assert referrals_per_year(many) == round(len(many) / float(np.ptp(many.calendar)))
    assert referrals_per_year(many, smallest=60) is None
    assert referrals_per_year(many.some(np.arange(20))) is None
    short = replace(many, calendar=2020.0 + 0.5 * np.linspace(0.0, 1.0, len(many)))
    undated = replace(many, calendar=np.where(np.arange(len(many)) == 0, np.nan, many.calendar))
    assert referrals_per_year(short) is None and referrals_per_year(undated) is None


def test_few_slots_take_something_and_slots_for_everybody_nothing() -> None:
    """With a slot for everybody waiting takes nothing; with a slot a year nearly all that a policy changes is gone."""
    base, centre = load_scenario("base"), {"evidence": {"centre": "average"}}
    (none, _), (all_but_all, waits) = (
        few_slots_tables(base, centre, 30, slots, queues=1, most=150) for slots in (1_000.0, 1.0 / 52.0)
    )
    assert (none["difference"] == 0.0).all() and (none["enough"] == none["few"]).all()
    assert (none["enough_se"] == none["few_se"]).all() and none["enough_se"].max() > 0.0
    changed = all_but_all.set_index(["policy", "outcome"]).loc["protocol"]
    # Few people lose a limb, so that healing tells what is gone.
    healed, lost = changed.loc["healing_without_amputation"], changed.loc["major_amputation"]
    assert 0.0 <= healed["few"] < 0.5 * healed["enough"]
    assert lost["enough"] <= lost["few"] <= 0.1 and len(waits)


def test_policies_have_one_name_everywhere(written: Path) -> None:
    """The table of eligibility calls policies what every other page calls them."""
    assert "One treatment" in (written / "report.html").read_text(encoding="utf-8")


def test_too_few_events_are_not_fitted() -> None:
    """Nine amputations of 240 people are not used, those of all but nine neither; enough are, and what is not told is named."""
    people = people_of_shape("plain")
    for lost in (9, 231, 100):
        people.low[:, 0] = people.high[:, 0] = np.where(np.arange(len(people)) < lost, 0.01, np.inf)
        assert usable(people, SMALLEST)["amputated"] == ("used" if lost == 100 else "few")
    people.high[:, 2] = np.nan
    assert usable(people, SMALLEST)["healed"] == "untold"


def test_healing_is_counted_in_those_who_had_a_wound() -> None:
    """People with rest pain alone change nothing of the shares healed, in the course as in what is set beside the expected."""
    people = people_of_shape("plain")
    wounded = people.some(np.flatnonzero(people.column("rutherford") > 4.5))
    assert 0 < len(wounded) < len(people)
    whole, some = (course(each).query("event == 'healed'").reset_index(drop=True) for each in (people, wounded))
    assert whole.equals(some)
    told = whole.query("time_years == 1")["value"].tolist()
    assert told[0] > 0.0
    expected = {"model": np.full((len(people), len(OUTCOMES), len(TIMES)), 0.3)}
    assert (
        accuracy_table(people, expected).query("outcome == 'healed' and time_years == 1")["observed"].tolist() == told
    )


def test_a_file_that_cannot_be_read_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    """Exit code 2 with the file's name, and no folder."""
    (tmp_path / "empty.csv").write_text("")
    for name in ("empty.csv", "missing.csv"):
        done = CliRunner().invoke(build(), ["patients", str(tmp_path / name), "--out", str(tmp_path / "out")])
        assert done.exit_code != 0
        assert name in repr(done.exception) or name in done.output
        assert not (tmp_path / "out").exists()


@given(st.lists(st.integers(0, 60), min_size=2, max_size=6), st.integers(1, 15))
def test_hidden_parts_cannot_be_worked_out(counts: list[int], smallest: int) -> None:
    """Every small part is hidden, and what subtraction gives is of two parts or more and of many, or all are hidden."""
    hide = hidden_parts(counts, smallest)
    each = np.array(counts)
    assert hide[(each > 0) & (each <= smallest)].all()
    if hide.any() and not hide[each > 0].all():
        assert hide.sum() > 1
        assert each[hide].sum() > smallest


@given(st.integers(0, 500), st.integers(1, 20))
def test_rounded_counts_hide_the_last_few(count: int, smallest: int) -> None:
    """A count is missing where it is small, and else the next lower multiple, so that one person more seldom shows."""
    shown = rounded(count, smallest)
    if 0 < count <= smallest:
        assert np.isnan(shown)
    else:
        assert shown % smallest == 0
        assert 0 <= count - shown < smallest


def test_few_and_all_but_few_are_hidden() -> None:
    """From 1 to the smallest number that may be shown, counted from either end; none, all and halves are told."""
    few = [count for count in range(101) if hidden(count, 100, 10)]
    assert few == [*range(1, 11), *range(90, 100)]


def test_shares_of_few_are_left_out_of_the_hospitals_file() -> None:
    """Of 240 people with 5 in whom infection is known to be present, the file does not tell the share."""
    people = people_of_shape("plain")
    place = COLUMNS.index("infection")
    told = {}
    for infected in (5, 100, 235):
        people.given[:, place] = np.arange(len(people)) < infected
        told[infected] = case_mix(people)
    assert "infection_share" not in told[5] | told[235]
    wounded = people.column("rutherford") > 4.5
    assert told[100]["infection_share"] == round(
        float((np.arange(len(people)) < 100)[wounded].sum()) / wounded.sum(), 2
    )
    people.given[:, COLUMNS.index("age")] = 70.0
    assert case_mix(people)["age_mean"] == 70.0 and "age_sd" not in case_mix(people)


@pytest.mark.parametrize("staged", [0, 60])
def test_people_known_to_be_without_dialysis_do_not_vanish_from_the_shares_of_renal_function(staged: int) -> None:
    """40 of 160 are on dialysis. What stages are known of the others split the rest; where none is, nothing is said of them."""
    lines = ["Patient ID;Dialysis;CKD stage"]
    lines += [f"P{n};yes;" for n in range(40)]
    lines += [f"P{40 + n};no;{('G1' if n % 3 else 'G4') if n < staged else ''}" for n in range(120)]
    export = export_in("\n".join(lines).encode(), "export.csv")
    people = people_of(export, propose(export).mapping)
    normal, moderate, severe, dialysis = class_shares(people, "renal", [0.0, 1.0, 2.0, 3.0])
    assert (people.without_dialysis.sum(), dialysis) == (120 - staged, 0.25)
    renal = people.lived[:, COLUMNS.index("renal")]
    assert (renal == UNDIALYSED).sum() == 120 - staged and (renal == Renal.DIALYSIS).sum() == 40
    assert np.array_equal(people.some(np.arange(30, 160)).lived[:, COLUMNS.index("renal")], renal[30:], equal_nan=True)
    yes, no = meets(people, Criteria(dialysis=False))
    assert (yes.sum(), no.sum()) == (120, 40)
    assert (normal, moderate, severe) == ((0.5, 0.0, 0.25) if staged else pytest.approx((math.nan,) * 3, nan_ok=True))


def people_of_shape(shape: str) -> People:
    """The people behind an export, read by the mapping that is proposed."""
    export = export_in(SHAPES[shape](TRUTH), "export.csv")
    return people_of(export, propose(export).mapping)
