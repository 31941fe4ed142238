"""`clti compare`: its files and columns, its report, its errors, and that it says what the simulation says."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from blank import blank_pictures

import simulator as sim
from simulator.cli import app
from simulator.evidence import load_register
from simulator.evidence.posterior import joint_names
from simulator.living.outcomes import OUTCOMES
from simulator.questions.compare import compare
from simulator.questions.compare.founding import founding_table
from simulator.questions.compare.headlines import headline_results
from simulator.questions.compare.job import Comparison, _beside
from simulator.questions.compare.views import evidence_views
from simulator.run import simulate
from simulator.run.people import therapies_given
from simulator.run.population import population_table
from simulator.scenario import load_scenario
from simulator.telling.columns import labels
from simulator.telling.drawing import Drawn
from simulator.telling.figures import drawings_of
from simulator.telling.page import Telling
from simulator.telling.studio import Studio, drawn_here
from simulator.work.parquet import parquet
from simulator.work.processes import fresh_processes

Clti = Callable[..., tuple[int, str, str]]
PATIENTS = 300
TWO = ("--policy", "conservative", "--policy", "protocol")
BESIDE = "reference_mean reference_se mean se difference difference_se"
BRACKETS = " ".join(f"{each} {each}_low {each}_high" for each in ("reference_mean", "mean", "difference"))
TABLES = {
    "outcomes": "policy outcome time_years mean se",
    "differences": "policy reference outcome time_years mean se",
    "per_hundred": f"group policy outcome time_years people {BESIDE} needed needed_low needed_high",
    "curves": "policy outcome time_years mean se",
    "states": "policy time_years state share se",
    "at_risk": "policy time_years group people",
    "perfusion": "policy time_years mean se sd n",
    "tcpo2_paths": "policy patient time_years tcpo2",
    "tcpo2_course": "policy time_years mean p10 p90",
    "tcpo2_end": "policy from_mmhg to_mmhg people",
    "population": "characteristic statistic value se published",
    "treatment": "policy measure mean se n",
    "grades": "grade numbers",
    "views": f"view share time_years outcome policy reference {BESIDE}",
    "centres": f"centre outcome time_years {BRACKETS}",
    "reliance": "outcome parameter grade low_value high_value base at_low at_high swing",
    "reliance_strongest": "outcome policy reference time_years parameter grade low_value high_value base at_low at_high told_as",
}
"""The columns of every CSV file of a plain comparison."""
HOSTILE = "<script>alert('x')</script> & co"
QUEUE = f"""
extends = "base"
label = "Two slots"
compare = ["conservative", "mine"]
[capacity]
slots_per_week = 2
arrivals_per_week = 4.0
[policies.mine]
extends = "protocol"
label = "{HOSTILE}"
"""
BAD = """
extends = "base"
labl = "x"
compare = ["conservative", "protocl"]
[follow_up]
horizon_years = -3
[policies.mine]
extends = "protocol"
[policies.mine.cell_therapy]
product = "milk"
interval_days = -4
[policies.mine.selection]
marker = "thrombophilia"
sensitivity = 1.2
[population]
csv = "nowhere.csv"
"""


@pytest.fixture
def clti(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clti:
    """Run the command line in this process: exit code, standard output, standard error."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["clti", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            app.main()
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out, err

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a comparison of two policies writes."""
    path = tmp_path_factory.mktemp("compare") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["clti", "compare", "--patients", str(PATIENTS), *TWO, "--out", str(path)])
        with pytest.raises(SystemExit) as left:
            app.main()
    assert not left.value.code
    return path


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv", float_precision="round_trip")


def test_tables_have_the_promised_columns(folder: Path) -> None:
    """Scripts of other people rely on these names and this order."""
    tables = {file.stem: " ".join(table(folder, file.stem).columns) for file in folder.glob("*.csv")}
    assert tables == TABLES
    written = {file.name for file in folder.iterdir()}
    figures = {f"{name}.{kind}" for name in ("incidence", "states", "tcpo2", "differences") for kind in ("svg", "png")}
    assert written >= figures | {"manifest.json", "report.html", "patients.parquet"}


def test_what_each_policy_does_counts_treatments_and_no_gain_of_perfusion(folder: Path) -> None:
    """Policies that give cells alone have no share of people given another therapy; a rise of TcPO2 is no therapy, though its
    column begins with the same word."""
    assert set(table(folder, "treatment")["measure"]) == {"tested", "treated", "doses_per_person_treated"}
    assert "mmhg" not in (folder / "report.html").read_text()
    people = pd.DataFrame(columns=["doses", "given_iloprost", "given_gain_mmhg"])
    assert therapies_given(people) == ["given_iloprost"]


def test_outcomes_are_reported_at_one_year_and_at_the_horizon_with_errors(folder: Path) -> None:
    """Every outcome of both policies is there at both times, and each has its standard error."""
    outcomes = table(folder, "outcomes")
    scenario = load_scenario()
    assert set(outcomes["time_years"]) == set(scenario.times) >= {1.0, scenario.horizon}
    assert set(outcomes["outcome"]) == set(OUTCOMES)
    assert len(outcomes) == 2 * len(scenario.times) * len(OUTCOMES)
    assert np.isfinite(outcomes[["mean", "se"]].to_numpy()).all()


def test_the_command_says_what_the_simulation_says(folder: Path) -> None:
    """The numbers in the files are those of `simulate`, to the last bit."""
    direct = simulate(load_scenario(policies=["conservative", "protocol"]), patients=PATIENTS, seed=1)
    for name, frame in (("outcomes", direct.outcomes), ("differences", direct.differences)):
        written = table(folder, name)
        assert written[["mean", "se"]].to_numpy().tolist() == frame[["mean", "se"]].to_numpy().tolist(), name


def test_brackets_of_other_hospitals_say_what_they_are(folder: Path) -> None:
    """A Monte Carlo interval and the spread of hospitals stand side by side: the sentence tells them apart."""
    said = " ".join((folder / "report.html").read_text(encoding="utf-8").split())
    assert "Brackets give 95% Monte Carlo intervals for a named hospital; for a new one, the limits" in said
    assert "Wound or stump healed" in said and "A stump heals after a major amputation." in said


def test_fitted_numbers_are_counted_alike_everywhere(folder: Path) -> None:
    """The report counts what the posterior draws jointly, as MODEL.md and economic analyses do."""
    count = len(joint_names(load_register()))
    said = " ".join((folder / "report.html").read_text(encoding="utf-8").split())
    assert f"{count} of them are fitted together" in said


def test_differences_are_paired(folder: Path) -> None:
    """They are the differences of the means, and known better than from independent patients."""
    outcomes = table(folder, "outcomes").set_index(["policy", "outcome", "time_years"])
    change = table(folder, "differences").set_index(["outcome", "time_years"])
    for outcome in ("major_amputation", "death", "healing_without_amputation"):
        one, other = (outcomes.loc[(policy, outcome, 1.0)] for policy in ("conservative", "protocol"))
        assert change.loc[(outcome, 1.0), "mean"] == pytest.approx(other["mean"] - one["mean"], abs=1e-12)
        assert change.loc[(outcome, 1.0), "se"] < 0.7 * np.hypot(one["se"], other["se"])


def test_curves_are_cumulative_and_states_add_up(folder: Path) -> None:
    """Amputation and death never go back, and everybody is in one state at any time."""
    curves = table(folder, "curves")
    for (_, outcome), rows in curves.groupby(["policy", "outcome"]):
        if outcome in {"major_amputation", "death", "healing"}:
            assert (np.diff(rows.sort_values("time_years")["mean"]) >= 0).all()
    totals = table(folder, "states").groupby(["policy", "time_years"])["share"].sum()
    assert np.allclose(totals, 1.0, atol=1e-12)


def test_patients_are_kept_one_by_one(folder: Path) -> None:
    """The Parquet file has a row per policy and patient, says where it comes from, and gives the same shares."""
    file = pq.read_table(folder / "patients.parquet")
    people = file.to_pandas()
    assert len(people) == 2 * PATIENTS
    assert json.loads(file.schema.metadata[b"clti"])["seed"] == 1
    outcomes = table(folder, "outcomes").set_index(["policy", "outcome", "time_years"])["mean"]
    for policy, rows in people.groupby("policy", observed=True):
        lost = (rows["amputated_at_years"] <= 1.0).mean()
        assert lost == pytest.approx(outcomes[policy, "major_amputation", 1.0], abs=1e-12)


def test_the_report_needs_no_network(folder: Path) -> None:
    """Nothing is loaded from anywhere: references are links that a reader may follow, and nothing else names a host."""
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert all(source.startswith("data:") for source in re.findall(r"src=\"([^\"]*)\"", page))
    assert set(re.findall(r"<(\w+)[^>]*(?:href|src)=\"https?:", page)) <= {"a"}
    assert all(host == "doi.org" for host in re.findall(r"href=\"https?://([^/\"]*)", page))
    for heading in ("What was compared", "Who the patients are", "Results", "How far the evidence carries"):
        assert heading in page


def test_same_seed_same_bytes(folder: Path, tmp_path: Path, clti: Clti, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run writes the same files, whatever its folder, and though another process draws beside the lives; only the
    manifest holds times."""
    monkeypatch.setattr("simulator.telling.studio.cores", lambda: 2)
    code, _, _ = clti("compare", "--patients", PATIENTS, *TWO, "--out", tmp_path / "again")
    assert code == 0
    files = {file.name for file in folder.iterdir()}
    assert files == {file.name for file in (tmp_path / "again").iterdir()}
    for name in files - {"manifest.json"}:
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_views_move_the_counterfactual_only(folder: Path) -> None:
    """The more recovery is caused by cells, the more they change; the share rises from view to view."""
    views = table(folder, "views")
    at = views[(views["outcome"] == "healing_without_amputation") & (views["time_years"] == 1.0)]
    assert list(at["view"]) == ["sceptical", "central", "optimistic"]
    assert (np.diff(at["share"]) > 0).all()
    assert (np.diff(at["difference"]) > 0).all()


@pytest.mark.parametrize("view", ["sceptical", "optimistic"])
def test_a_view_has_one_value_from_whichever_view_it_is_seen(view: str) -> None:
    """The three views told of a scenario in one of them are those told of it in the central one, and its own row is the run's."""
    central = load_scenario()
    other = central.with_(evidence={"view": view})
    found = evidence_views(other, "protocol", 300, 1)
    pd.testing.assert_frame_equal(found, evidence_views(central, "protocol", 300, 1), rtol=1e-12)
    run = simulate(other, ["protocol"], 300, 1).outcomes.set_index(["outcome", "time_years"])["mean"]
    own = found[found["view"] == view].set_index(["outcome", "time_years"])["mean"]
    assert own.to_numpy() == pytest.approx(run[own.index].to_numpy(), rel=1e-12, nan_ok=True)


def test_reliance_moves_weak_values_only_and_is_sorted(folder: Path) -> None:
    """Only recalled or assumed values are moved; the strongest stands first in each result."""
    moved = table(folder, "reliance")
    assert set(moved["grade"]) <= {"recalled", "assumption"}
    for _, rows in moved.groupby("outcome", sort=False):
        swing = rows["swing"].dropna()
        assert (np.diff(swing) <= 0).all()


def test_headline_results_have_no_noise_between_calls() -> None:
    """Twice the same values give the same bits, so that a change is caused by the value that moved."""
    scenario = load_scenario(policies=["conservative", "protocol"])
    results = headline_results(scenario, "protocol", 200, 1)
    values = scenario.register.values()
    base, again, idle, moved = results(
        [values, values, values | {"response_or_bmmnc": 0.1}, values | {"amputation_rate": 3.0}]
    )
    assert results([values]) == [base]
    assert again == base
    assert idle == base
    assert moved != base


def test_a_faulty_scenario_is_told_in_one_message_and_nothing_is_written(tmp_path: Path, clti: Clti) -> None:
    """Exit code 2 with every fault of file and command line at once."""
    file = tmp_path / "bad.toml"
    file.write_text(BAD)
    code, out, err = clti("compare", file, "--patients", 0, "--engine", "fast", "--out", tmp_path / "out")
    assert code == 2
    assert out == ""
    for fault in (
        "labl",
        "protocl",
        "horizon_years",
        "milk",
        "interval_days",
        "1.2",
        "nowhere.csv",
        "--patients",
        "fast",
    ):
        assert fault in err, fault
    assert "Nothing was written" in err
    assert not (tmp_path / "out").exists()


def test_a_queue_needs_simpy(tmp_path: Path, clti: Clti) -> None:
    """A shared resource with the compiled engine is bad input, told before any work."""
    file = tmp_path / "queue.toml"
    file.write_text(QUEUE)
    code, _, err = clti("compare", file, "--engine", "compiled", "--out", tmp_path / "out")
    assert code == 2
    assert "simpy" in err


@pytest.mark.usefixtures("undrawn")
def test_a_queue_is_reported_and_what_users_typed_is_shown_not_run(tmp_path: Path, clti: Clti) -> None:
    """Waits, queue and slots have files; shares of ends add up; a policy's name cannot inject HTML."""
    file = tmp_path / "queue.toml"
    file.write_text(QUEUE)
    out = tmp_path / "out"
    code, _, _ = clti("compare", file, "--patients", 80, "--no-reliance", "--out", out)
    assert code == 0
    waits, slots, queue = table(out, "waits"), table(out, "slots"), table(out, "queue")
    totals = waits.groupby(["policy", "procedure"])["share"].sum()
    assert len(totals)
    assert np.allclose(totals, 1.0)
    assert (slots["utilisation"] <= 1.0).all()
    assert (queue["queue"] >= 0.0).all()
    assert slots.set_index("policy").loc["conservative", "utilisation"] == 0.0
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.usefixtures("undrawn")
def test_both_engines_write_the_same_outcomes(folder: Path, tmp_path: Path, clti: Clti) -> None:
    """The SimPy engine gives the same files, bit for bit."""
    code, _, _ = clti(
        "compare", "--engine", "simpy", "--patients", PATIENTS, *TWO, "--no-reliance", "--out", tmp_path / "simpy"
    )
    assert code == 0
    for name in ("outcomes", "differences", "curves", "states", "perfusion"):
        assert (folder / f"{name}.csv").read_bytes() == (tmp_path / "simpy" / f"{name}.csv").read_bytes(), name


@pytest.mark.usefixtures("undrawn")
def test_one_policy_alone_has_results_and_no_differences(tmp_path: Path, clti: Clti) -> None:
    """Without another policy there is nothing to compare, and that is no error."""
    code, out, _ = clti("compare", "--policy", "protocol", "--patients", 50, "--no-reliance", "--out", tmp_path / "one")
    assert code == 0
    assert "Difference" not in out
    assert table(tmp_path / "one", "differences").empty


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("scenario", ["base", "founding_cohort"])
def test_every_shipped_policy_can_be_compared(scenario: str) -> None:
    """Also one under which no limb is left at any time, as primary amputation has it where everybody is suitable."""
    policies = list(load_scenario(scenario).policies)
    found = sim.compare(scenario, policies=policies, patients=40, seed=1)
    assert found.outcomes["policy"].unique().tolist() == policies
    course = found.tcpo2_course
    assert "conservative" in set(course["policy"])
    assert ("primary_amputation" in set(course["policy"])) is (scenario == "base")
    assert (course["p10"] <= course["p90"]).all()


@pytest.mark.usefixtures("undrawn")
def test_the_summary_speaks_of_ones_own_policy(tmp_path: Path, clti: Clti) -> None:
    """Of a file's own policy before the published protocol; and of one that treats nobody or that nothing compares."""
    file = tmp_path / "own.toml"
    text = """
extends = "base"
compare = ["conservative", "protocol", "mine"]
[population]
patients = 200
[policies.mine]
extends = "protocol"
label = "Mine"
[policies.mine.eligibility]
age_below = {age}
[policies.mien]
extends = "protocol"
"""
    said = {}
    for age in (80, 8):
        file.write_text(text.format(age=age))
        code, out, _ = clti("compare", file, "--no-reliance", "--out", tmp_path / "out")
        assert code == 0
        said[age] = " ".join(out.split())
        assert "The policy “Mine” changes amputation by" in said[age]
        assert "The policy mien is defined in the file but not compared" in said[age]
    assert ("“Mine” treats nobody" in said[8]) > ("“Mine” treats nobody" in said[80])
    assert "TcPO2 on one day, mmHg" in said[80]
    assert load_scenario().headline == "protocol"
    assert load_scenario(file, policies=["conservative"]).headline is None


def test_the_founding_study_is_set_beside_its_simulation() -> None:
    """Observed: 8 of 50 amputated and 16 of 50 dead at one year, 12, 11 and 27 treated once, twice, three times.

    Panunzi et al., Cardiovasc Diabetol 2022;21:196, Tables 2 and 3. Exact limits of 8 of 50: 7.2 to 29.1%.
    """
    found = compare(load_scenario("founding_cohort"), 400, reliance=False)
    rows = founding_table(found.people).set_index("quantity")
    assert rows.loc["major_amputation", "observed"] == 0.16
    assert rows.loc["death", "observed"] == 0.32
    assert rows.loc["major_amputation", ["low", "high"]].tolist() == pytest.approx([0.072, 0.291], abs=5e-4)
    assert (rows["observed"] * 50).loc[["treated_once", "treated_twice", "treated_three_times"]].tolist() == [
        12,
        11,
        27,
    ]
    shares = rows.loc[["treated_once", "treated_twice", "treated_three_times"], "simulated"]
    # A dying patient may be spared even the first dose; in the study all had one, because those who did were its entry.
    assert 0.95 < shares.sum() <= 1.0 + 1e-12
    # As last known: nobody counts who is lost before the event, about a twentieth in a year.
    complete = found.outcomes.set_index(["policy", "outcome", "time_years"])["mean"]
    for outcome in ("major_amputation", "death", "healing"):
        simulated = rows.loc[outcome, "simulated"]
        assert 0.9 * complete["protocol", outcome, 1.0] <= simulated <= complete["protocol", outcome, 1.0]


def test_the_population_stands_beside_table_1() -> None:
    """Published characteristics come from the register: age 75.2 (SD 10.0), 62% men (Panunzi 2022, Table 1)."""
    scenario = load_scenario("founding_cohort", policies=["conservative"])
    people = simulate(scenario, patients=2_000, seed=1, keep_patients=True).patients
    rows = population_table(people, scenario.register).set_index(["characteristic", "statistic"])
    assert rows.loc[("age", "mean"), "published"] == 75.2
    assert rows.loc[("age", "sd"), "published"] == 10.0
    assert rows.loc[("male", "share"), "published"] == 0.62
    known = rows[rows["published"].notna() & (rows["se"] > 0)]
    # Within four standard errors of 2,000 patients, or a twentieth for the few that enrolment or rounding shifts.
    away = (known["value"] - known["published"]).abs()
    assert (away < np.maximum(4 * known["se"], 0.05 * known["published"])).all()


def test_evidence_says_which_results_rest_on_weak_values(monkeypatch: pytest.MonkeyPatch, clti: Clti) -> None:
    """`clti evidence --reliance` has a table in words and a sentence for each headline result."""
    monkeypatch.setattr("simulator.questions.compare.job.RELIANCE_PATIENTS", 50)
    code, out, _ = clti("evidence", "--reliance")
    assert code == 0
    for name in ("death, conservative, 1 y", "major_amputation, protocol minus conservative, 1 y"):
        assert re.search(rf"{name}.*(rests on|moves by less than)", out), name
    assert re.search(r"Major amputation.*\s[A-Z].*\d\.\d%\s+\d+\.\d%", out)


def test_labels_that_quote_a_number_take_it_from_the_register() -> None:
    """With another value for restored perfusion, and another limit of treatment, labels and lines follow."""
    changed = load_scenario(overrides={"parameters": {"judgement_tcpo2": 35.0}})
    found = sim.compare(changed, patients=50, reliance=False)
    page = Telling(found.findings)
    assert page.label("outcome", "tcpo2_last_40") == "TcPO2 on one day of 35 mmHg or more"
    assert not [text for text in labels()["outcome"].values() if re.search(r"\b\d", text)]
    assert changed.tcpo2_levels(["conservative", "protocol"]) == [30.0, 35.0]
    assert changed.tcpo2_levels(["conservative"]) == [35.0]


def test_what_is_done_beside_stops_when_its_answer_is_not_wanted_any_more() -> None:
    """A failure in the block, Ctrl-C among them, stops the work beside it at its next report; otherwise it gives its answer."""
    ends: list[str] = []

    def work(progress: Callable[[int, int], None]) -> None:
        try:
            while True:
                progress(0, 1)
                time.sleep(0.001)
        except CancelledError:
            ends.append("stopped")
            raise

    with pytest.raises(KeyboardInterrupt), _beside(work):
        raise KeyboardInterrupt
    assert ends == ["stopped"]
    with _beside(lambda progress: progress(1, 1) or "answer") as answer:
        assert answer() == "answer"


def test_everything_but_the_reliance_is_there_meanwhile() -> None:
    """What is handed out while reliance is found out has all the rest, and the answer is the same with reliance and without."""
    seen: list[Comparison] = []
    scenario = load_scenario("base", policies=("conservative", "protocol"))
    found = compare(scenario, patients=40, meanwhile=seen.append)
    (early,) = seen
    assert early.reliance is None
    assert found.reliance is not None
    alone = compare(scenario, patients=40, reliance=False)
    assert alone.reliance is None
    for one in (early, alone):
        pd.testing.assert_frame_equal(one.people, found.people)
        pd.testing.assert_frame_equal(one.outcomes, found.outcomes)


def test_figures_drawn_early_are_those_drawn_late(folder: Path) -> None:
    """Files drawn before all tables are there are those of figures drawn afterwards."""
    late = drawings_of(sim.compare(policies=["conservative", "protocol"], patients=PATIENTS).findings)
    assert {file.stem for file in folder.glob("*.svg")} == set(late)
    for name in ("states", "differences"):
        drawn = Drawn.of(late[name](), name)
        assert (folder / f"{name}.svg").read_bytes() == drawn.svg, name
        assert (folder / f"{name}.png").read_bytes() == drawn.png, name


def test_figures_are_shared_between_two_processes_and_drawn_where_one_is_killed(tmp_path: Path) -> None:
    """A process that draws may be helped or die: figures and packed tables are the same, in the order of the report."""
    found = sim.compare(policies=["protocol"], patients=40, reliance=False)
    alone = drawn_here(found.findings)
    assert len(alone) > 1
    packed = parquet(found.patients, {"seed": 1})
    with fresh_processes(1, compute=False) as pool:
        drawings = Studio(pool).draw(found.findings, help_out=True)
        assert list(drawings().items()) == list(alone.items())
        assert Studio(pool).pack(found.patients, {"seed": 1}) == packed
        found.draw_in(Studio(pool))
        with pytest.raises(BrokenProcessPool):
            pool.submit(os.kill, pool.submit(os.getpid).result(), signal.SIGKILL).result()
        assert drawings() == alone
        assert Studio(pool).pack(found.patients, {"seed": 1}) == packed
        # Whatever is drawn from here on is drawn in this process, where pictures are blank.
        with blank_pictures():
            assert Studio(pool).draw(found.findings)() == drawn_here(found.findings) != alone
            found.save(tmp_path)
    assert {file.stem for file in tmp_path.glob("*.svg")} == set(alone)
