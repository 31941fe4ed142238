"""The course check: its figures, how each is formed from event histories, and what is said about agreement."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer
from statsmodels.duration.survfunc import SurvfuncRight
from typer.testing import CliRunner

import simulator.questions.course
from simulator.evidence import load_life_table, load_register
from simulator.questions.course import Figure, check, load_course
from simulator.questions.course.check import coverage
from simulator.questions.course.figures import points
from simulator.questions.course.lives import Lives
from simulator.questions.course.measures import statistic, survival, with_error
from simulator.run import simulate
from simulator.scenario import load_scenario
from simulator.words.errors import BadInput
from simulator.words.vocabulary import DAYS_PER_YEAR, Event

REGISTER = load_register()
COURSE = load_course()
MINIMAL: dict[str, Any] = {
    "label": "A figure",
    "theme": "death",
    "population": "referral",
    "measure": "incidence",
    "event": "death",
    "at_years": [1.0],
    "value": [0.5],
    "source": ["panunzi2022"],
    "grade": "published",
}
VISIT = 90.0 / DAYS_PER_YEAR

# Five people, each a line of a ward round: (years, event, TcPO2).
STORIES: list[list[tuple[float, str, float]]] = [
    # 0: an ulcer heals at 0.5, opens again at 1.5, and leads to a below-knee amputation at 2; walks at 3; dies at 6.
    [(VISIT, "visit", 30.0), (0.5, "healed", 40.0), (0.5, "walks", 40.0), (1.5, "new_wound", 40.0),
     (2.0, "below_knee_amputation", 40.0), (2.5, "stump_healed", math.nan), (3.0, "walks", math.nan),
     (6.0, "disease_death", math.nan)],
    # 1: a toe is amputated at 0.2, the wound heals at 1.0, nothing else until death at 10.
    [(0.2, "minor_amputation", 10.0), (VISIT, "visit", 12.0), (1.0, "healed", 20.0), (1.0, "walks", 20.0),
     (10.0, "background_death", 20.0)],
    # 2: an open wound until death at 0.4.
    [(VISIT, "visit", 5.0), (0.4, "disease_death", 5.0)],
    # 3: rest pain, a wound at 2, above-knee amputation at 2.1, death at 2.2.
    [(VISIT, "visit", 50.0), (2.0, "new_wound", 20.0), (2.1, "above_knee_amputation", 20.0),
     (2.2, "postoperative_death", math.nan)],
    # 4: below-knee amputation at 0.1, converted at 0.3, healed at 1.3; the other leg lost at 2, dead at 4.
    [(0.1, "below_knee_amputation", 8.0), (0.3, "conversion", math.nan), (1.3, "stump_healed", math.nan),
     (2.0, "other_limb_amputation", math.nan), (4.0, "background_death", math.nan)],
]  # fmt: skip


def five() -> Lives:
    """The five people of `STORIES`, as a run would hand them over."""
    words = [event.name.lower() for event in Event]
    rows = [
        (7 + person, time, word, tcpo2)
        for person, story in enumerate(STORIES)
        for time, word, tcpo2 in [(0.0, "referral", 10.0), *story]
    ]
    events = pd.DataFrame(rows, columns=["patient", "time_years", "event", "tcpo2"])
    events["event"] = pd.Categorical(events["event"], words)
    people = pd.DataFrame(
        {
            "patient": np.arange(7, 12),
            "age": [70.0, 60.0, 80.0, 75.0, 65.0],
            "male": [True, False, True, True, False],
            "rutherford": [5, 5, 6, 4, 6],
            "renal": pd.Categorical(["normal", "dialysis", "dialysis", "normal", "normal"]),
            "tcpo2_measured": [10.0, 11.0, 4.0, 30.0, 9.0],
            "walks": [False, False, True, False, True],
        }
    )
    scenario = SimpleNamespace(horizon=40.0, life_table=load_life_table("Italy", "2015-20"))
    return Lives(SimpleNamespace(patients=people, events=events, scenario=scenario))  # type: ignore[arg-type]


def value(at: float = 1.0, **keys: Any) -> float:
    """A figure of the five."""
    figure = Figure.model_validate({**MINIMAL, "at_years": [at], **keys})
    assert not list(figure.faults()), list(figure.faults())
    return statistic(five(), figure, at)(np.ones(5, np.bool_))


def test_crude_shares_are_counted_by_hand() -> None:
    """One of five is dead at a year, four of five at six years; among those on dialysis one of two at a year."""
    assert value(1.0) == pytest.approx(1 / 5)
    assert value(6.0) == pytest.approx(4 / 5)
    assert value(1.0, among={"dialysis": True}) == pytest.approx(1 / 2)
    assert value(1.0, among={"rutherford": [5, 6], "age": [70, 81]}) == pytest.approx(1 / 2)


def test_net_shares_censor_what_they_name() -> None:
    """Healing net of death and amputation: of the four with wounds two leave early; then one heals, then the other."""
    keys = {"event": "healing", "censored_by": ["death", "major_amputation"], "among": {"rutherford": [5, 6]}}
    assert value(0.6, **keys) == pytest.approx(1 / 2)
    assert value(1.0, **keys) == pytest.approx(1.0)
    assert value(1.0, event="healing", among={"rutherford": [5, 6]}) == pytest.approx(2 / 4)
    # Two leave by healing and are no deaths: one of four dies with a wound, and the last one at four years.
    assert value(3.9, censored_by=["healing"], among={"rutherford": [5, 6]}) == pytest.approx(1 / 4)
    assert value(4.0, censored_by=["healing"], among={"rutherford": [5, 6]}) == pytest.approx(1.0)


def test_time_counts_from_its_start() -> None:
    """Person 0, who alone heals without amputation, dies 4 years after the operation and 5.5 after healing."""
    assert value(3.9, since="below_knee_amputation") == pytest.approx(1 / 2)
    assert value(4.0, since="below_knee_amputation") == pytest.approx(1.0)
    assert value(5.4, since="primary_healing") == 0.0
    assert value(5.6, since="primary_healing") == 1.0
    assert value(8.9, since="healing_after_minor") == 0.0
    assert value(9.1, since="healing_after_minor") == 1.0
    assert value(2.8, since="healing_after_amputation") == pytest.approx(1 / 2)
    assert value(0.15, since="first_amputation", event="any_amputation") == 0.0
    assert value(0.25, since="first_amputation", event="any_amputation") == pytest.approx(1 / 4)


def test_the_other_leg_counts_where_a_figure_is_of_either() -> None:
    """Of the two who have healed after an amputation one loses the other leg 0.7 years later, and neither more of the first."""
    healed = {"since": "healing_after_amputation"}
    assert value(0.6, event="amputation_of_either_leg", **healed) == 0.0
    assert value(0.8, event="amputation_of_either_leg", **healed) == pytest.approx(1 / 2)
    assert value(0.8, event="any_amputation", **healed) == 0.0
    assert value(0.25, event="amputation_of_either_leg", since="first_amputation") == pytest.approx(1 / 4)


def test_survivors_alone_count_from_later() -> None:
    """Of the four alive at a year two are dead at five: one had died before."""
    assert value(5.0, from_years=1.0) == pytest.approx(2 / 4)


def test_open_wounds_are_found_at_a_visit() -> None:
    """At 90 days three have an open wound and the limb; at 12 mmHg or more two, of whom one heals within 0.7 years."""
    keys: dict[str, Any] = {"since": "open_wound", "landmark_days": 90.0, "event": "healing"}
    assert value(0.7, **keys) == pytest.approx(1 / 3)
    assert value(0.7, **keys, among={"tcpo2": [12, 40]}) == pytest.approx(1 / 2)
    assert value(0.7, **keys, among={"tcpo2": [12.5, 40]}) == pytest.approx(1.0)
    assert list(np.flatnonzero(five().wound_open(1.6))) == [0]


def test_ratios_are_those_of_their_shares() -> None:
    """Dead at a year: one of two on dialysis, none of three without; at three years one of two and one of three."""
    against = {"among": {"dialysis": False}}
    keys: dict[str, Any] = {"among": {"dialysis": True}, "against": against}
    assert math.isnan(value(1.0, measure="risk_ratio", **keys))
    assert value(3.0, measure="risk_ratio", **keys) == pytest.approx((1 / 2) / (1 / 3))
    assert value(3.0, measure="odds_ratio", **keys) == pytest.approx(1.0 / (1 / 2))
    assert value(3.0, measure="hazard_ratio", **keys) == pytest.approx(math.log(2) / math.log(3 / 2))


def test_rates_are_deaths_over_years_in_a_state() -> None:
    """By three years: open 0.5+0.5 (0), 1.0 (1), 0.4 (2), 0.1 (3), 0.1 (4); amputated 1.0, 0.1, 2.9; one death in each."""
    open_years, amputated_years = 0.5 + 0.5 + 1.0 + 0.4 + 0.1 + 0.1, 1.0 + 0.1 + 2.9
    got = value(3.0, measure="rate_ratio", event=None, state="amputated", against={"state": "open"})
    assert got == pytest.approx((1 / amputated_years) / (1 / open_years))


def test_shares_and_counts_of_events() -> None:
    """Of three major amputations two are below the knee and two by 2.05 years; there is one minor for the three."""
    assert value(
        40.0, measure="share_before", event="below_knee_amputation", since="major_amputation"
    ) == pytest.approx(2 / 3)
    assert value(40.0, measure="count_ratio", event="minor_amputation", per="major_amputation") == pytest.approx(1 / 3)
    keys: dict[str, Any] = {"measure": "share_of_events", "event": "major_amputation", "within_years": 5.0}
    assert value(2.05, **keys) == pytest.approx(2 / 3)


def test_mean_days_are_of_those_in_time() -> None:
    """Healing at 0.5 and 1.0 years: 183 days within 0.6 years, 274 within two."""
    assert value(0.6, measure="mean_days", event="healing") == pytest.approx(0.5 * DAYS_PER_YEAR)
    assert value(2.0, measure="mean_days", event="healing") == pytest.approx(0.75 * DAYS_PER_YEAR)


def test_walking_is_as_it_stands_then() -> None:
    """Person 0 walks from 0.5 to 1.5 and from 3 on, person 1 from 1.0 on; the dead do not walk and may leave the denominator."""
    assert value(1.2, measure="walking") == pytest.approx(2 / 5)
    assert value(2.0, measure="walking") == pytest.approx(1 / 5)
    assert value(4.1, measure="walking") == pytest.approx(2 / 5)
    assert value(4.1, measure="walking", of="alive") == pytest.approx(2 / 2)
    assert value(1.5, measure="walking", since="major_amputation", of="alive") == pytest.approx(1 / 2)


def test_tcpo2_is_measured_in_kept_limbs() -> None:
    """At 90 days four have the limb: 30, 12, 5 and 50 mmHg from 10, 11, 4 and 30."""
    changes = [20.0, 1.0, 1.0, 20.0]
    assert value(VISIT, measure="tcpo2") == pytest.approx(np.mean([30, 12, 5, 50]))
    assert value(VISIT, measure="tcpo2_change") == pytest.approx(np.mean(changes))
    assert value(VISIT, measure="tcpo2_change_sd") == pytest.approx(np.std(changes, ddof=1))
    assert value(VISIT, measure="tcpo2_change_below", threshold=5.0) == pytest.approx(2 / 4)


def test_years_lost_are_against_the_life_table() -> None:
    """A man of 70 who dies 6 years later has lost the life expectancy of Italian men of 70 less 6 years."""
    expected = load_life_table("Italy", "2015-20").life_expectancy(70.0, True) - 6.0
    assert value(40.0, measure="years_lost", among={"age": [70, 71]}) == pytest.approx(expected)


def test_kaplan_meier_agrees_with_statsmodels() -> None:
    """With ties and censoring."""
    rng = np.random.default_rng(1)
    time, happened = rng.integers(1, 40, 300) / 10.0, rng.random(300) < 0.6
    reference = SurvfuncRight(time, happened.astype(int))
    for t in (0.05, 0.5, 1.7, 3.9):
        before = reference.surv_times <= t
        assert survival(time, happened, t) == pytest.approx(reference.surv_prob[before][-1] if before.any() else 1.0)


def test_errors_are_those_of_a_share() -> None:
    """The jackknife error of a plain share of 4,000 people is the binomial one within its own spread, a sixth (20 groups)."""
    had = np.random.default_rng(2).random(4000) < 0.3
    share, error = with_error(lambda rows: float(np.mean(had[rows])), 4000)
    assert share == np.mean(had)
    assert error == pytest.approx(math.sqrt(share * (1 - share) / 4000), rel=0.5)


def test_figures_of_lives_agree_with_the_engine() -> None:
    """Death, amputation and healing at a year from event histories are the shares that the run itself reports."""
    result = simulate(load_scenario("base", policies=["conservative"]), ["conservative"], 1500, 3, events=True)
    lives = Lives(result)
    own = result.outcomes.query("time_years == 1.0").set_index("outcome")["mean"]
    for event, outcome in (("death", "death"), ("major_amputation", "major_amputation")):
        figure = Figure.model_validate({**MINIMAL, "event": event})
        assert statistic(lives, figure, 1.0)(np.ones(1500, np.bool_)) == pytest.approx(own[outcome], abs=1e-12)


def test_intervals_say_what_they_rest_on() -> None:
    """Printed limits stay; counts have exact limits unless these are closer than a factor of 1.25; shares end at one."""
    printed = Figure.model_validate({**MINIMAL, "low": [0.1], "high": [0.6], "interval": "printed"})
    counts = Figure.model_validate({**MINIMAL, "value": [], "events": [3], "n": 14})
    many = Figure.model_validate({**MINIMAL, "value": [], "events": [900], "n": 1000})
    plain = Figure.model_validate(MINIMAL)
    (p,), (c,), (m,), (f,) = (list(points(each)) for each in (printed, counts, many, plain))
    assert (p.low, p.high, p.basis) == (0.1, 0.6, "printed")
    assert (c.low, c.high) == pytest.approx((0.04658, 0.50798), abs=1e-4)
    assert (m.low, m.high, m.basis) == (pytest.approx(0.72), 1.0, "counts")
    assert (f.low, f.high, f.basis) == (0.4, 0.625, "factor")


def test_coverage_leaves_judgements_out() -> None:
    """Figures that set a rule are counted apart, judgements not at all."""
    rows = pd.DataFrame(
        {
            "counts": [True, True, True, False],
            "sets_rule": ["", "", "healing_rate", ""],
            "inside": [True, False, True, True],
            "theme": ["death", "death", "healing", "healing"],
        }
    )
    table = coverage(rows).set_index("of")
    assert table["figures"].to_dict() == {
        "that set no rule": 2, "that set a rule": 1, "all": 3, "death": 2, "healing": 1,
    }  # fmt: skip
    assert table.loc["all", "inside"] == 2


def test_a_figure_that_sets_a_rule_is_cited_there() -> None:
    """Each parameter named by a figure has one of the figure's sources among its own."""
    for key, figure in COURSE.figures.items():
        for name in figure.sets_rule:
            assert set(figure.source) & set(REGISTER[name].source), (key, name)


def test_every_theme_of_a_course_is_there() -> None:
    """Death by state, dialysis, healing, amputation, stumps, walking, recurrence and TcPO2, forty figures or more."""
    assert {figure.theme for figure in COURSE.figures.values()} == {
        "death", "dialysis", "healing", "amputation", "stumps", "walking", "recurrence", "TcPO2",
    }  # fmt: skip
    assert len(COURSE.figures) >= 40


def test_a_studys_figures_are_of_its_people() -> None:
    """Age and sex as Kalani reports them, of dialysis the middle of the assumed range, its country, and TcPO2 for all of it; of
    JUVENTAS the TcPO2 of those enrolled, none of them beyond salvage."""
    ulcers = COURSE.scenarios["ulcers"]
    values = ulcers.register.values()
    assert (values["age_mean"], values["age_sd"], values["male_share"]) == (61.0, 12.0, 0.74)
    assert values["renal_dialysis_share"] == pytest.approx(0.05)
    assert ulcers.life_table.country == "Sweden" and ulcers.entry_record == COURSE.scenarios["referral"].entry_record
    result = simulate(COURSE.scenarios["trials"], ["conservative"], 4000, 1, keep_patients=True)
    seen = result.patients["tcpo2_measured"]
    assert abs(seen.mean() - 35.0) < 1.5 and abs(seen.std() - 22.0) < 1.5
    assert not result.patients["beyond_salvage"].any()


def test_a_group_that_a_study_has_not_is_refused(tmp_path: Path) -> None:
    """Staben has people with rest pain and with tissue loss, in groups of its own; another name is told with those near it, a
    study that there is not with its own key, and a group of no study too."""
    assert COURSE.scenarios["rest_pain"].register["rest_pain_share"].value == 1.0
    assert COURSE.scenarios["tissue_loss"].register["rest_pain_share"].value == 0.0
    text = """
[populations.old]
scenario = "base"
policy = "conservative"
patients = 1000
study = "staben1996"
group = "stage_5"
"""
    nobody = text.replace("old", "nobody").replace("staben1996", "staben1969")
    nothing = text.replace("old", "nothing").replace('study = "staben1996"\n', "")
    (tmp_path / "course.toml").write_text(text + nobody + nothing, encoding="utf-8")
    with pytest.raises(BadInput, match="stage_5") as bad:
        load_course(tmp_path)
    assert {problem.key: problem.allowed for problem in bad.value.problems} == {
        "populations.old.group": "did you mean 'stage_4'?",
        "populations.nobody.study": "did you mean 'staben1996'?",
        "populations.nothing.group": "nothing without study, whose group it is",
    }


def test_check_is_reproducible_and_complete() -> None:
    """Every figure and time has a finite number, and the same seed gives the same bits."""
    one, again = (check(COURSE, REGISTER, patients=1500, seed=5).table for _ in range(2))
    pd.testing.assert_frame_equal(one, again)
    assert len(one) == sum(len(figure.at_years) for figure in COURSE.figures.values())
    assert np.isfinite(one["model"]).all()
    some = one[one["published"] != 0.0]
    assert (some["ratio"] == some["model"] / some["published"]).all()


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """Unknown source, parameter and population, missing numbers and limits out of order, each with file and key."""
    (tmp_path / "course.toml").write_text(
        """
[populations.referral]
scenario = "base"
policy = "conservativ"
patients = 1000

[a]
label = "A"
theme = "death"
population = "nobody"
measure = "risk_ratio"
at_years = [1, 2]
value = [0.5]
low = [0.6, 0.1]
high = [0.9, 0.2]
source = ["panunzi"]
grade = "published"
sets_rule = ["healing"]

[b]
label = "B"
colour = "red"
""",
        encoding="utf-8",
    )
    with pytest.raises(BadInput) as bad:
        load_course(tmp_path)
    keys = {problem.key for problem in bad.value.problems}
    assert {"a.event", "a.against", "a.value", "a.interval", "a.low", "a.population", "a.source", "a.sets_rule"} <= keys
    assert {"b.colour", "b.theme", "b.measure"} <= keys
    assert any("conservativ" in str(problem.value) for problem in bad.value.problems)


def run_command(*arguments: str) -> tuple[int, str]:
    """Exit code and what was printed or told by `clti validate`."""
    from simulator.cli.validate import main

    app = typer.Typer()
    app.command()(main)
    result = CliRunner().invoke(app, list(arguments))
    if isinstance(result.exception, BadInput):
        return 2, str(result.exception)
    assert result.exception is None, result.exception
    return result.exit_code, result.output


@pytest.mark.usefixtures("undrawn")
def test_command_writes_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`clti validate --course` leaves course.csv, its picture and a report, and says how many figures agree."""
    monkeypatch.setattr(simulator.questions.course, "check", partial(check, patients=1200))
    monkeypatch.setattr("sys.argv", ["clti", "validate", "--course"])
    out = tmp_path / "out"
    code, printed = run_command("--course", "--out", str(out))
    assert code == 0, printed
    assert "Published figures of the course inside their interval" in printed
    table = pd.read_csv(out / "course.csv")
    assert len(table) == sum(len(figure.at_years) for figure in COURSE.figures.values())
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Dead after healing without amputation" in page
    assert (out / "course.svg").is_file()


def test_command_refuses_studies_beside_the_course(tmp_path: Path) -> None:
    """Exit code 2, with every problem, and nothing written."""
    code, told = run_command("--course", "--study", "bali", "--seed", "-1", "--out", str(tmp_path / "out"))
    assert code == 2
    assert "--study" in told
    assert "--seed" in told
    assert not (tmp_path / "out").exists()
