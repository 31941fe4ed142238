"""The founding cohort as its study saw it: each patient's own life, cut at the study's end, and the statistics of many."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
import pytest
from rules.people import live_alone

from simulator.evidence.targets import load_targets
from simulator.founding import founding as module
from simulator.founding.cohort import COLUMNS, OBSERVED, Window, observe_cohort
from simulator.founding.founding import ALL, ARMS, CONTRASTS, FoundingCohort, as_table
from simulator.founding.summaries import INDEX, STATISTICS, summarise
from simulator.living.outcomes import last_tcpo2
from simulator.living.room import new_room
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.arrival import find_patient
from simulator.rules.population.enrolment import follow_up_end
from simulator.run.setting import setting_of
from simulator.scenario import load_scenario

SCENARIO = load_scenario("founding_cohort")
DATA = load_targets()[0]
FIRST, N = 4, 40
WINDOW = Window(1.0, 3.0, 0.4, 0.5, 0.2)


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """Forty patients, from number four on, as the study sees them, by column."""
    out = np.zeros(N, OBSERVED)
    observe_cohort(setting_of(SCENARIO, ["protocol"], 7), WINDOW, FIRST, new_room(), out)
    return {name: out[name] for name in COLUMNS}


@pytest.fixture(scope="module")
def lived() -> list[dict[str, Any]]:
    """The same lives, followed one by one, and when each is no longer seen."""
    setting, found = setting_of(SCENARIO, ["protocol"], 7), []
    for i in range(FIRST, FIRST + N):
        life, patient, row, drawn = new_room()
        find_patient(patient, row, drawn, setting.given, setting.params, setting.entry, setting.seed, i, False)
        until, lost = follow_up_end(setting.seed, i, 1.0, 3.0, 0.4)
        live_alone(life, patient, setting, 0, i, until)
        found.append({"life": life, "patient": patient, "until": until, "lost": lost, "params": setting.params})
    return found


def test_what_happened_and_what_was_measured(seen: dict[str, Any], lived: list[dict[str, Any]]) -> None:
    """Dates, doses and both measurements are the life's; the level says whether the leg was lost below the knee."""
    for name in ("healed_at", "amputated_at", "died_at", "first_walked_at", "doses"):
        assert seen[name].tolist() == [float(each["life"][name]) for each in lived]
    assert seen["tcpo2_enrolment"].tolist() == [float(each["patient"].tcpo2_measured) for each in lived]
    last = [last_tcpo2(each["life"], each["params"], each["until"]) for each in lived]
    assert seen["tcpo2_last"].tolist() == last
    assert seen["below_knee"].tolist() == [float(each["life"].limb == 2) for each in lived]
    assert 0 < seen["below_knee"].sum() < np.isfinite(seen["amputated_at"]).sum()


def test_follow_up_ends_with_life_the_study_or_a_loss(seen: dict[str, Any], lived: list[dict[str, Any]]) -> None:
    """Whoever dies was followed to death and not lost, even where a loss was to come."""
    assert seen["followed"].tolist() == [min(each["until"], float(each["life"].died_at)) for each in lived]
    assert seen["lost"].tolist() == [float(each["lost"] and each["life"].died_at > each["until"]) for each in lived]
    assert 0 < seen["lost"].sum() < N
    dead = np.isfinite(seen["died_at"])
    assert dead.any() and (seen["followed"][dead] == seen["died_at"][dead]).all() and not seen["lost"][dead].any()


@pytest.mark.parametrize(("name", "at"), [("tcpo2_contrast", 0.5), ("tcpo2_early", 0.2)])
def test_perfusion_is_read_in_kept_limbs_that_are_followed(
    seen: dict[str, Any], lived: list[dict[str, Any]], name: str, at: float
) -> None:
    """True TcPO2 on the day; nothing once dead, without the leg, or no longer seen."""
    read = [min(float(each["life"].died_at), float(each["life"].amputated_at), each["until"]) > at for each in lived]
    assert np.isfinite(seen[name]).tolist() == read and True in read and False in read
    wanted = [tcpo2(each["life"], at) for each, there in zip(lived, read, strict=True) if there]
    assert seen[name][np.array(read)].tolist() == pytest.approx(wanted)


def test_a_cohort_is_seen_through_the_studys_window() -> None:
    """Its own limits and losses where none are given; a window of its own otherwise; patients by their numbers."""
    cohort = FoundingCohort(SCENARIO, DATA, 12, 7)
    params = SCENARIO.params()
    lives = cohort.lives(params)
    assert lives.shape == (12, len(COLUMNS))
    followed = lives[:, COLUMNS.index("followed")]
    window = Window(
        DATA.shortest, DATA.longest, float(params["drop_out_rate"]), DATA.contrast_tcpo2_years, DATA.early_tcpo2_years
    )
    assert np.array_equal(lives, cohort.lives(params, window=window), equal_nan=True)
    assert np.array_equal(lives[3:], cohort.lives(params, first=3)[:-3], equal_nan=True)
    own = cohort.lives(params, window=Window(0.1, 0.1, 0.0, 0.05, 0.02))
    assert own[:, COLUMNS.index("followed")].max() == 0.1 < followed.max() <= DATA.longest
    untreated = cohort.lives(params, "conservative")
    assert untreated[:, COLUMNS.index("doses")].sum() == 0.0 < lives[:, COLUMNS.index("doses")].sum()


def column(lives: Any, name: str) -> Any:
    """One column of lives."""
    return lives[:, COLUMNS.index(name)]


def test_statistics_are_the_papers_and_those_of_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Summaries of the treated; then, by arm, legs lost by the day of comparison, mean TcPO2, and the controls' changes.

    The lives of either arm are written down: of two controls one loses the leg on that day and one later.
    """
    cohort = FoundingCohort(SCENARIO, DATA, 2, 7)
    asked: list[Any] = []
    treated = cohort.lives(SCENARIO.params())

    def lives(_self: Any, _params: Any, policy: str = "protocol", window: Any = None, first: int = 0) -> Any:
        asked.append((policy, window, first))
        if policy == "protocol":
            return treated
        rows = np.zeros((2, len(COLUMNS)))
        by = {"conservative": (18.0, 20.0, 24.0), "single_dose": (18.0, 21.0, 32.0)}[policy]
        for name, value in zip(("tcpo2_enrolment", "tcpo2_early", "tcpo2_contrast"), by, strict=True):
            rows[:, COLUMNS.index(name)] = value
        rows[1, COLUMNS.index("tcpo2_contrast")] = np.nan
        rows[:, COLUMNS.index("amputated_at")] = [DATA.contrast_years, DATA.contrast_years + 1e-6]
        if policy == "single_dose":
            rows[:, COLUMNS.index("amputated_at")] = inf
        return rows

    monkeypatch.setattr(FoundingCohort, "lives", lives)
    found = dict(zip(ALL, cohort.statistics(SCENARIO.params(), first=5), strict=True))
    assert [found[name] for name in STATISTICS] == pytest.approx(summarise(treated, DATA).tolist(), nan_ok=True)
    assert [found[name] for name in CONTRASTS] == [0.5, 0.0, 24.0, 32.0]
    assert [found[name] for name in ARMS] == [2.0, 6.0]
    compared = Window(DATA.contrast_years, DATA.contrast_years, 0.0, DATA.contrast_tcpo2_years, DATA.early_tcpo2_years)
    assert asked == [("protocol", None, 5), ("conservative", compared, 5), ("single_dose", compared, 5)]
    assert set(INDEX) == set(STATISTICS)
    cohort.statistics(SCENARIO.params())
    assert {first for _, _, first in asked[3:]} == {0}


def test_a_design_has_a_row_for_each_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """In their order whichever thread is first, each told once when it is done."""
    monkeypatch.setattr(
        FoundingCohort, "statistics", lambda _self, params: np.full(len(ALL), float(params["healing_rate"]))
    )
    cohort, done = FoundingCohort(SCENARIO, DATA, 2, 7), list[int]()
    values = {"healing_rate": np.array([0.3, 0.5, 0.4]), "attributable_share_central": np.array([0.1, 0.2, 0.3])}
    found = cohort.design(values, done.append)
    assert found.shape == (3, len(ALL)) and found[:, 0].tolist() == found[:, -1].tolist() == [0.3, 0.5, 0.4]
    assert done == [1, 1, 1]
    assert cohort.design(values)[1, 0] == 0.5


def test_a_table_of_parameters_has_the_central_share_in_force() -> None:
    """Beside the columns that were given."""
    table = as_table({"healing_rate": np.array([0.3, 0.5]), "attributable_share_central": np.array([0.1, 0.2])})
    assert table.dtype.names == ("healing_rate", "attributable_share_central", "attributable_share")
    assert table["attributable_share"].tolist() == [0.1, 0.2] and table["healing_rate"].tolist() == [0.3, 0.5]
    assert (*STATISTICS, *CONTRASTS, *ARMS) == module.ALL
