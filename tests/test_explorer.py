"""The explorer's server: its numbers are the commands', what it is told is bounded, and nobody else gets in."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra `explore` is not installed")
pytest.importorskip("httpx", reason="httpx is not installed")

from starlette.testclient import TestClient

from simulator.cli.new import starter
from simulator.evidence.posterior import parameter_draws
from simulator.explorer import answers, explore
from simulator.explorer.controls import compared, described, entries
from simulator.explorer.keys import key_of
from simulator.explorer.opening import GROUND, opened
from simulator.explorer.second import Second
from simulator.explorer.server import PAGE, REMEMBERED, SAFE, Explorer, app_of
from simulator.explorer.state import scenario_of
from simulator.living.outcomes import OUTCOMES
from simulator.questions.trial.design.design import Design
from simulator.run import simulate
from simulator.scenario import Scenario, load_scenario
from simulator.telling.style import looks
from simulator.valuation.ledger_columns import COLUMN
from simulator.valuation.lives import Simulations, for_money
from simulator.valuation.valuation import qalys_by_part, with_price_apart, worth
from simulator.valuation.values import values_of
from simulator.words.errors import BadInput

TOKEN = "a token"
MOVED: dict[str, Any] = {
    "start": "protocol",
    "changes": {
        "policy.cell_therapy.doses": 2,
        "policy.eligibility.dialysis": True,
        "parameters.renal_dialysis_share": 0.4,
        "evidence.view": "sceptical",
        "population.patients": 2_000,
        "economics.perspective": "uk",
        "economics.price": 1_500.0,
        "economics.worth": 25_000.0,
    },
}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A client of a server that was not warmed up."""
    explorer = Explorer(load_scenario())
    client = TestClient(app_of(explorer, TOKEN), base_url="http://127.0.0.1:8000", headers={"X-Token": TOKEN})
    yield client
    explorer.close()


def parts(client: TestClient, kind: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Every part of an answer."""
    answer = client.post(f"/ask/{kind}", json=body)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_untouched_the_numbers_are_those_of_compare(client: TestClient) -> None:
    """At the defaults each outcome and error at one year is the one that a comparison of 10,000 people prints."""
    last = parts(client, "curves", {})[-1]
    scenario = load_scenario()
    whole = simulate(scenario, ["conservative", "protocol"])
    assert last["people"] == whole.people == scenario.patients
    for name, found in last["outcomes"].items():
        place = OUTCOMES.index(name)
        for policy in whole.policies:
            mine, theirs = last["policies"].index(policy), whole.policies.index(policy)
            assert found["mean"][mine][last["at"]] == pytest.approx(
                whole.outcome_estimates.mean[theirs, 0, place], abs=6e-8
            )
            assert found["se"][mine][last["at"]] == pytest.approx(
                whole.outcome_estimates.se[theirs, 0, place], abs=6e-8
            )
        assert found["mean"][last["policies"].index("mine")] == found["mean"][last["policies"].index("protocol")]


def test_a_saved_scenario_is_the_pages(client: TestClient, tmp_path: Path) -> None:
    """What is saved has the page's hash, compares the same policies and gives the same numbers."""
    saved = client.post("/saved", json=MOVED).json()
    file = tmp_path / "explored.toml"
    file.write_text(saved["toml"], encoding="utf-8")
    again = load_scenario(file)
    assert again.hash == saved["hash"] == scenario_of(load_scenario(), MOVED).hash
    assert again.settings.economics.thresholds == (25_000.0,)
    assert again.settings.economics.prices == {"pbmnc_kit": 1_500.0}
    shown = parts(client, "curves", MOVED)[-1]
    whole = simulate(again)
    deaths = whole.outcome_estimates.mean[:, 0, OUTCOMES.index("death")]
    assert [row[shown["at"]] for row in shown["outcomes"]["death"]["mean"]] == pytest.approx(list(deaths), abs=6e-8)


OWN = {"therapies": {"boot": tomllib.loads(starter("therapy", "boot"))["therapies"]["boot"]}}
"""A therapy that nobody ships."""


def test_a_users_therapy_is_there_with_its_price_its_name_and_its_sources() -> None:
    """Ticked on the page, a therapy of the scenario's own has a price left free, is counted by name and is among the sources."""
    scenario = load_scenario(overrides=OWN)
    moved = {"changes": {"policy.cell_therapy.doses": 0, "policy.therapies": ["boot"], "population.patients": 400}}
    *_, last = answers.curves(scenario, moved)
    assert last["given"][last["policies"].index("conservative")] == []
    (boot,) = last["given"][last["policies"].index("mine")]
    assert boot["label"] == "boot"
    assert 0.2 < boot["people"] < boot["times"] < 2.0 * boot["people"]
    assert last["given"][last["policies"].index("protocol")] == []
    (payer,) = [each for name, each in answers.payers(scenario, ["italy"]).items() if name == "italy"]
    assert payer["names"]["boot"] == "boot_procedure"
    assert payer["prices"]["boot"] == pytest.approx(8_000.0)
    assert payer["names"]["angioplasty"] == "angioplasty"
    assert "sham" not in payer["prices"]
    first = next(answers.money(scenario, moved))
    mine = first["policies"].index("mine")
    assert (first["product"], first["bought_as"]) == ("boot_procedure", "boot")
    assert np.asarray(first["often"])[:, mine].mean() == pytest.approx(boot["times"], rel=0.35)
    assert "Severe wound (Rutherford 6, or infected)" in first["states"]
    numbers = {each["name"]: each for each in answers.sources(scenario)["numbers"]}
    assert numbers["boot_plateau"]["value"] == 40.0
    assert numbers["boot_procedure"]["grade"] == "assumption"


def test_what_results_lean_on_is_of_the_pages_own_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of a therapy that only the page's policy gives move its results, and the results are named as everywhere, as the
    policy's; either limit is the result there, not the movement."""
    scenario = load_scenario(overrides=OWN)
    monkeypatch.setattr("simulator.questions.compare.job.RELIANCE_PATIENTS", 1_000)
    moved = {"changes": {"policy.cell_therapy.doses": 0, "policy.therapies": ["boot"]}}
    (found,) = answers.reliance(scenario, moved)
    ours = {row["label"] for row in found["rows"] if "your policy" in row["result"]}
    assert any(label.startswith("Boot: ") for label in ours)
    changes = [
        row for row in found["rows"] if row["result"] == "Major amputation, your policy minus conservative care, 1 y"
    ]
    assert len(changes) == 5
    assert all(row["base"] < 0.0 and not row["in_years"] for row in changes)
    levels = [row for row in found["rows"] if row["result"] == "Major amputation, conservative care, 1 y"]
    assert all(0.3 < min(row["at_low"], row["at_high"]) < max(row["at_low"], row["at_high"]) < 0.7 for row in levels)
    assert levels
    assert {row["in_years"] for row in found["rows"] if row["result"].startswith("Years of life")} == {True}


def test_the_worth_of_a_qaly_is_taken_as_typed() -> None:
    """Where results are in another money than the payer's, the page's threshold stays as it stands there, and its price becomes
    one in the payer's money."""
    elsewhere = load_scenario(overrides={"economics": {"perspective": "uk", "currency": "EUR", "price_year": 2020}})
    moved = {"changes": {"economics.worth": 25_000.0, "economics.price": 1_500.0}}
    values = values_of(scenario_of(elsewhere, moved))
    assert values.money.factor != pytest.approx(1.0, abs=0.05)
    assert values.threshold == 25_000.0
    assert values.perspective.prices["pbmnc_kit"].value * values.money.factor == pytest.approx(1_500.0)


def test_the_lines_of_python_make_the_same_scenario(client: TestClient) -> None:
    """The Python that the page shows compares a scenario with the page's hash."""
    saved = client.post("/saved", json=MOVED).json()
    lines = saved["python"].split("found = ")[0]
    space: dict[str, Any] = {}
    exec(lines, space)
    names = list(compared(load_scenario()))
    assert load_scenario("base", policies=names, overrides=space["difference"]).hash == saved["hash"]


def test_every_control_can_be_moved_and_defaults_are_not_the_pages() -> None:
    """Each control's own default is accepted and changes no hash; each choice and both ends of each slider make a scenario."""
    scenario = load_scenario()
    usual = scenario_of(scenario, {}).hash
    about = described(scenario)
    for control in about["controls"]:
        key = control["key"]
        default = about["starts"]["protocol"]["values"].get(key, control.get("value"))
        if default is not None and not key.startswith("parameters."):
            assert scenario_of(scenario, {"changes": {key: default}}).hash == usual, key
        values = [choice["value"] for choice in control.get("choices", [])] or list(control["span"])
        values = [[value] for value in values] if control["kind"] == "several" else values
        for value in values:
            try:
                scenario_of(scenario, {"changes": {key: value}})
            except BadInput as bad:
                assert all("policies.mine" in problem.key for problem in bad.problems), (key, value, str(bad))


def test_every_key_of_a_policy_has_a_control() -> None:
    """A key that a policy gains has a control without anybody writing one, and a control of no key is left out."""
    keys = {entry.key for entry in entries()}
    assert {"policy.cell_therapy.doses", "policy.repeat.rule", "policy.selection.marker"} <= keys
    assert key_of("policy.cell_therapy.flavour") is None
    assert key_of("evidence.view") is not None
    shown = {control["key"] for control in described(load_scenario())["controls"]}
    assert {"policy.cell_therapy.doses", "policy.cell_therapy.product", "evidence.view", "economics.price"} <= shown
    assert "evidence.flavour" not in shown


def test_price_left_free_and_states_add_up() -> None:
    """Cost at no price plus price times treatments is the cost; QALYs of the states add up; the price counts doses given."""
    scenario = scenario_of(load_scenario(), {})
    values = values_of(scenario)
    result = simulate(for_money(scenario, values.discounting), patients=300, times=[1.0])
    drawn = values.sample(1, 5)
    apart, often = with_price_apart(result.draw_ledgers, result.parameters, drawn, values, "pbmnc_kit")
    usual = worth(result.draw_ledgers, result.parameters, drawn, values)
    price = drawn.prices["pbmnc_kit"] * values.money.factor
    assert price != values.perspective.prices["pbmnc_kit"].value
    np.testing.assert_allclose(apart.cost + price * often, usual.cost, rtol=1e-12)
    np.testing.assert_allclose(often, result.draw_ledgers[..., COLUMN["cost_count_dose"]], rtol=1e-12)
    assert (often[:, 1:] > 0.3).all()
    np.testing.assert_allclose(
        qalys_by_part(result.draw_ledgers, result.parameters, drawn, values).sum(axis=-1), usual.qalys, rtol=1e-12
    )


def test_growing_draws_are_those_of_the_economic_analysis() -> None:
    """Draws that grow block by block are the bits that `clti economics` works with."""
    scenario = load_scenario("base", policies=["conservative", "protocol"])
    draws = scenario.parameter_draws(parameter_draws(scenario.register, 60, 1))
    grown = list(Simulations(None).growing(scenario, draws, 20, 1))
    whole = Simulations(None).probabilistic("", scenario, draws, 20, 1)
    assert [len(each.parameters) for each in grown] == [50, 60]
    np.testing.assert_array_equal(grown[-1].halves, whole.halves)
    np.testing.assert_array_equal(grown[0].halves, whole.halves[:, :50])


def test_a_story_and_a_hundred_people_are_the_same_people(client: TestClient) -> None:
    """Patient 17 dies in the story when the hundred have that patient dead."""
    (hundred,) = parts(client, "hundred", {})
    (story,) = parts(client, "story", {"patient": 17})
    for life in story["lives"]:
        states = hundred["states"][life["policy"]][17]
        alive = [time for time, state in zip(hundred["times"], states, strict=True) if state >= 0]
        assert max(alive) <= life["end"]
        later = [time for time, state in zip(hundred["times"], states, strict=True) if state < 0]
        assert not later or min(later) >= life["end"]


def test_the_design_can_be_read(client: TestClient, tmp_path: Path) -> None:
    """The design file that the page offers is one that `clti trial` takes."""
    scenario = scenario_of(load_scenario(), MOVED)
    text = answers.design(scenario, "mine", "conservative")
    made = Design.model_validate(tomllib.loads(text))
    assert [arm.policy for arm in made.arms] == ["conservative", "mine"]


def test_a_trial_takes_own_counts_for_those_of_all_the_pages_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """The people whom a trial would take are fewer than those among whom the hospital counted."""
    read = []

    def located(scenario: Scenario, counted: Scenario | None = None) -> Scenario:
        read.append((scenario, counted))
        return scenario

    monkeypatch.setattr("simulator.explorer.trial.at_its_centre", located)
    base = load_scenario()
    next(iter(answers.trial(base, {"changes": {"population.patients": 200}})))
    ((taken, counted),) = read
    assert counted is not None
    assert counted.settings.entry == base.settings.entry != taken.settings.entry


def test_power_is_that_of_clti_samplesize(client: TestClient) -> None:
    """Power at a size is the sample size formula's at the simulated rates, and 90% is reached where the page says so."""
    from simulator.statistics.sizes.proportion_sizes import superiority

    first = next(iter(answers.trial(load_scenario(), {"changes": {"population.patients": 2_000}})))
    control, treated = (float(rate) for rate in first["rates"][:, 0])
    formula = superiority(control, treated, 0.025)[0]
    place = list(first["sizes"]).index(200)
    assert first["power"][0][place] == pytest.approx(formula.power(400.0))
    assert formula.power(2.0 * first["for_90"][0]) >= 0.9 > formula.power(2.0 * first["for_90"][0] - 2.0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"changes": {"policy.cell_therapy.doses": 21}}, "0 to 20"),
        ({"changes": {"policy.cell_therapy.doses": 2.5}}, "whole number"),
        ({"changes": {"policy.cell_therapy.doses": True}}, "whole number"),
        ({"changes": {"policy.cell_therapy.dose": 2}}, "policy.cell_therapy.doses"),
        ({"changes": {"parameters.age_mean": "old"}}, "a number, 40 to 95"),
        ({"changes": {"population.patients": 1_000_000_000}}, "100,000"),
        ({"changes": {"evidence.view": "hopeful"}}, "one of sceptical"),
        ({"changes": {"policy.eligibility.dialysis": 1}}, "true or false"),
        ({"changes": {"policy.eligibility.tcpo2_at_least": 50}}, "below tcpo2_below"),
        ({"changes": []}, "a table of controls"),
        ({"start": "nobody"}, "did you mean|one of"),
        ({"begin": "protocol"}, "start, changes"),
        ({"patient": -1}, "a whole number"),
        ({"patient": "17"}, "a whole number"),
    ],
)
def test_what_a_control_cannot_say_is_refused_by_name(client: TestClient, changes: dict[str, Any], said: str) -> None:
    """A question out of bounds is a 422 that names the key and what is allowed."""
    answer = client.post("/ask/story", json=changes)
    assert answer.status_code == 422
    assert re.search(said, "\n".join(answer.json()["problems"]))


def test_all_faults_are_told_at_once(client: TestClient) -> None:
    """Two wrong controls are two problems of one answer."""
    answer = client.post("/ask/money", json={"changes": {"evidence.view": 3, "policy.repeat.rule": "never"}})
    assert (answer.status_code, len(answer.json()["problems"])) == (422, 2)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"1e999", b"[" * 50_000, b"x" * 70_000, b'{"changes":{"a":NaN}}', b"\xff"]
)
def test_no_body_is_a_traceback(client: TestClient, body: bytes) -> None:
    """Whatever is sent instead of a question is answered by 200 (nothing was moved) or 422."""
    answer = client.post("/saved", content=body)
    assert answer.status_code in ({200} if body == b"" else {422})


def test_only_its_own_page_gets_in(client: TestClient) -> None:
    """Another Host, another Origin or no token is a 403; every answer has the headers that keep a page to itself."""
    strangers = [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"X-Token": "another"},
        {"X-Token": ""},
    ]
    for headers in strangers:
        assert client.post("/opened", headers=headers).status_code == 403, headers
    assert client.get("/").status_code == 200
    assert client.get("/", headers={"X-Token": ""}).status_code == 403
    assert client.get("/", params={"token": TOKEN}, headers={"X-Token": ""}).status_code == 200
    assert client.post("/opened", headers={"Origin": "http://127.0.0.1:8000"}).status_code == 200
    for path in ("/", "/page/main.js", "/page/nothing.js"):
        answer = client.get(path)
        assert all(answer.headers[name] == value for name, value in SAFE.items())


def test_no_file_but_the_pages_own(client: TestClient) -> None:
    """Nothing outside the page's folder can be had, and every file in it loads only its neighbours."""
    for path in ("/page/../server.py", "/page/%2e%2e/server.py", "/page/..%2fserver.py", "/page/", "/page/none.css"):
        assert client.get(path).status_code == 404
    for file in PAGE.iterdir():
        assert client.get(f"/page/{file.name}").status_code == 200
        text = file.read_text(encoding="utf-8")
        assert "://" not in text.replace("http://www.w3.org/2000/svg", ""), file.name
        assert "innerHTML" not in text, file.name


def test_a_thousand_random_questions_leave_it_running(client: TestClient) -> None:
    """Keys and values at random are answered by 200 or 422, and the next sound question by numbers."""
    luck = random.Random(1)
    keys = [entry.key for entry in entries()] + [
        "",
        "policy",
        "parameters.",
        "__class__",
        "policy.__init__",
        "evidence",
    ]
    values: list[Any] = [
        None,
        True,
        -1,
        0,
        1,
        2,
        1e308,
        "protocol",
        "",
        [],
        {},
        {"a": {}},
        "x" * 500,
        "central",
        30.0,
        0.5,
    ]
    for _ in range(1_000):
        changes = {luck.choice(keys): luck.choice(values) for _ in range(luck.randrange(4))}
        body = {"start": luck.choice(["protocol", "pta", "conservative", 3, None, "mine"]), "changes": changes}
        if luck.random() < 0.1:
            body = {"changes": luck.choice(values)}
        assert client.post("/saved", json=body).status_code in {200, 422}, body
    assert parts(client, "curves", {"changes": {"population.patients": 1_000}})[-1]["people"] == 1_000


def test_a_newer_question_ends_the_older() -> None:
    """The first part of an older question is its last once a newer of its kind was asked by the same page."""
    explorer = Explorer(load_scenario())
    older = explorer.asked("curves", "page", {"changes": {"population.patients": 20_000}})
    assert next(older)["people"] == 1_000
    newer = explorer.asked("curves", "page", {"changes": {"population.patients": 1_000}})
    assert next(newer)["people"] == 1_000
    assert list(older) == []
    elsewhere = explorer.asked("curves", "another page", {"changes": {"population.patients": 2_000}})
    next(elsewhere)
    assert [part["people"] for part in newer] == []
    assert [part["people"] for part in elsewhere] == [2_000]
    explorer.close()


def test_a_whole_answer_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked again, by whatever page, it is there without work; what failed or was left is not, nor what is old by now."""
    explorer, worked_out = Explorer(load_scenario()), list[Any]()

    def worked(kind: str, body: Any, wanted: Any) -> Any:
        worked_out.append(body["n"])
        yield {"kind": kind, "n": body["n"]}
        yield {"kind": "failed" if body["n"] < 0 else kind}

    monkeypatch.setattr(explorer, "_worked_out", worked)

    def asked(n: int, kind: str = "views", page: str = "page") -> list[dict[str, Any]]:
        return list(explorer.asked(kind, page, {"n": n}))

    assert asked(1) == asked(1, page="another page") == [{"kind": "views", "n": 1}, {"kind": "views"}]
    assert worked_out == [1]
    assert asked(1, "money")[0]["kind"] == "money" and worked_out == [1, 1]
    for kind, n in (("report", 2), ("views", -1)):
        assert asked(n, kind) == asked(n, kind)
    assert worked_out == [1, 1, 2, 2, -1, -1]
    left = explorer.asked("views", "page", {"n": 3})
    next(left)
    asked(4)
    assert list(left) == []
    assert len(asked(3)) == 2 and worked_out[-3:] == [3, 4, 3]
    for n in range(10, 10 + REMEMBERED):
        asked(n)
    worked_out.clear()
    asked(10)
    asked(1)
    assert worked_out == [1]
    explorer.close()


def test_the_second_process_answers_stops_and_ends() -> None:
    """It gives the parts that this process would, leaves a question that is not wanted any more, and dies when closed."""
    scenario = load_scenario()
    second = Second(scenario)
    state = {"changes": {"population.patients": 1_000}}
    there = list(second.ask("views", state, lambda: True))
    assert there == [answers.plain(part) for part in answers.views(scenario, state)]
    wanted = iter([True, True, False])
    assert len(list(second.ask("money", state, lambda: next(wanted, False)))) <= 2
    process = second._process
    assert process is not None
    second.close()
    assert process.poll() is not None
    assert list(second.ask("views", state, lambda: True)) == []


def test_from_python_it_starts_and_stops() -> None:
    """`explore` gives an address that is this machine's and, stopped, leaves no thread that would keep Python alive."""
    before = set(threading.enumerate())
    running = explore(browser=False)
    assert running.url.startswith("http://127.0.0.1:")
    running.stop()
    end = time.monotonic() + 10.0
    while (left := {each for each in threading.enumerate() if not each.daemon} - before) and time.monotonic() < end:
        time.sleep(0.01)
    assert not left


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="children are looked up in /proc")
@pytest.mark.parametrize("ended_by", ["SIGINT", "SIGKILL"])
def test_nothing_survives_the_server(ended_by: str) -> None:
    """The command prints its address on one line; Ctrl-C ends it and its process without a traceback, a kill leaves none."""
    command = [sys.executable, "-m", "simulator.cli.app", "explore", "--no-browser"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("http://127.0.0.1:")
    children: list[str] = []
    for _ in range(600):
        tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
        if children := [child for task in tasks for child in task.read_text(encoding="utf-8").split()]:
            break
        time.sleep(0.1)
    assert children
    process.send_signal(getattr(signal, ended_by))
    _, said = process.communicate(timeout=30)
    assert process.returncode == (0 if ended_by == "SIGINT" else -9)
    assert "Traceback" not in said
    for _ in range(200):
        if not any(Path(f"/proc/{child}").is_dir() for child in children):
            return
        time.sleep(0.1)
    raise AssertionError("a process went on without its server")


@pytest.mark.parametrize(("scenario", "port"), [("nothing_there", 0), ("base", 70_000)])
def test_bad_arguments_are_told(scenario: str, port: int) -> None:
    """An unknown scenario and a port that there is not are bad input, not a server."""
    with pytest.raises(BadInput):
        explore(scenario, port=port, browser=False)


def test_policies_have_the_colours_of_reports() -> None:
    """The reference, the policy beside it and one's own; words are legible on the ground of the light page."""
    about = opened(load_scenario())
    drawn = looks(about["compared"].values())
    assert {role: shades["drawn"] for role, shades in about["colours"].items()} == {
        role: drawn[name].colour for role, name in about["compared"].items()
    }
    assert f"--ground: {GROUND};" in (PAGE / "page.css").read_text("utf-8")
