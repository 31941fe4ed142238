"""Analysis data sets of a trial, row by row, of patients written down by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr
from small_trials import NEVER, trial

from simulator.questions.trial.analysis.analysis import analyse
from simulator.questions.trial.analysis.data import TrialData
from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.results import analysis_data as module
from simulator.words.vocabulary import DAYS_PER_YEAR

ARMS = [SimpleNamespace(name="control"), SimpleNamespace(name="cells")]
DEATH = Endpoint(name="death", outcome="death", test="logrank")
AT_YEAR = Endpoint(name="year", outcome="death", test="risk_difference", at_months=12.0)
TCPO2 = Endpoint(name="tcpo2", outcome="tcpo2", test="t_test", at_months=6.0)
PAIRS = Endpoint(name="pairs", outcome="hierarchy", test="win_ratio", at_months=12.0, order=("death",))

SUBJECTS = [f"{trial}-0000{person}" for trial in ("0001", "0002") for person in (1, 2, 3)]
"""Three people in each of two trials."""


def simulation(*endpoints: Endpoint) -> Any:
    """A design of two arms."""
    return SimpleNamespace(design=SimpleNamespace(arms=ARMS, endpoints=endpoints))


# Two trials of four: one dies at half a year, one is lost then, one enters half a year late, one never in the first trial.
SEEN = trial(
    visits=(0.5, 1.0),
    arm=[[0, 1, 1, -1], [1, 0, 0, 1]],
    entry=[[0.0, 0.25, 0.5, NEVER], [0.0, 0.25, 0.5, 0.75]],
    died=[[0.5, NEVER, NEVER, NEVER], [NEVER] * 4],
    lost=[[NEVER, 0.5, NEVER, NEVER], [NEVER, NEVER, 0.25, NEVER]],
    end=[[2.0, 2.0, 2.0, 0.0], [2.0, 2.0, 2.0, 0.5]],
    stratum=[[0, 1, 2, 3], [4, 5, 6, 7]],
    tcpo2_entry=[[10.0, 11.0, 12.0, 13.0], [14.0, 15.0, 16.0, 17.0]],
    tcpo2=np.arange(16.0),
    walked=np.arange(16.0) / 10.0,
)
EVERYBODY = SEEN.entered


def rows(table: pd.DataFrame, *columns: str) -> list[list[Any]]:
    """Some columns, row by row."""
    return table[list(columns)].to_numpy().tolist()  # type: ignore[no-any-return]


def test_times_to_events() -> None:
    """Of those who are used, in days; 0 the event, 1 censored, 2 a competing event; names count from one."""
    table = module._time_frame(simulation(), DEATH, SEEN, EVERYBODY & np.array([[True], [False]]), 3)
    year = DAYS_PER_YEAR
    assert rows(table, "TRIAL", "USUBJID", "TRT01P", "TRT01PN", "LOOK", "PARAMCD", "AVAL", "CNSR", "STRATUM") == [
        [0, "0001-00001", "control", 0, 3, "death", 0.5 * year, 0, 0],
        [0, "0001-00002", "cells", 1, 3, "death", 0.5 * year, 1, 1],
        [0, "0001-00003", "cells", 1, 3, "death", 2.0 * year, 1, 2],
    ]
    amputation = Endpoint(name="limb", outcome="major_amputation", test="gray")
    assert module._time_frame(simulation(), amputation, SEEN, EVERYBODY, 1)["CNSR"].tolist() == [2, *[1] * 6]
    second = module._time_frame(simulation(), DEATH, SEEN, EVERYBODY & np.array([[False], [True]]), 1)
    assert second["USUBJID"].tolist() == [f"0002-0000{k}" for k in (1, 2, 3, 4)]


def test_yes_or_no_at_a_time() -> None:
    """Of those who are through: whoever was lost before has no value and no flag."""
    table = module._value_frame(simulation(), AT_YEAR, SEEN, EVERYBODY, 2)
    assert table["USUBJID"].tolist() == SUBJECTS
    assert table["AVAL"].tolist() == pytest.approx([1.0, np.nan, 0.0, 0.0, 0.0, np.nan], nan_ok=True)
    assert table["ANL01FL"].tolist() == ["Y", "", "Y", "Y", "Y", ""] and table["BASE"].isna().all()
    assert set(table["LOOK"]) == {2} and set(table["PARAMCD"]) == {"year"}
    nobody = module._value_frame(simulation(), AT_YEAR, SEEN, EVERYBODY & False, 2)
    assert nobody.empty


def test_values_at_a_visit() -> None:
    """With what was measured on entry; years walked come from elsewhere."""
    table = module._value_frame(simulation(), TCPO2, SEEN, EVERYBODY, 1)
    assert rows(table, "AVAL", "BASE")[:3] == [[0.0, 10.0], [2.0, 11.0], [4.0, 12.0]]
    walked = Endpoint(name="w", outcome="walking_time", test="t_test", at_months=6.0)
    assert module._value_frame(simulation(), walked, SEEN, EVERYBODY, 1)["AVAL"][1] == pytest.approx(0.2)


def test_what_was_imputed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row for each lost patient of a trial that has this look and each imputation, counted from one."""
    imputed = AT_YEAR.model_copy(update={"lost": "multiple_imputation"})
    values = np.zeros((2, *SEEN.shape), bool)
    values[1, 0, 1] = True
    monkeypatch.setattr(module, "completed", lambda endpoint, seen: values if seen is SEEN else None)
    both = module._imputed_frame(simulation(), imputed, SEEN, np.array([True, True]), 2)
    assert rows(both, "USUBJID", "LOOK", "PARAMCD", "IMPNUM", "AVAL") == [
        ["0001-00002", 2, "year", 1, 0.0],
        ["0002-00003", 2, "year", 1, 0.0],
        ["0001-00002", 2, "year", 2, 1.0],
        ["0002-00003", 2, "year", 2, 0.0],
    ]
    one = module._imputed_frame(simulation(), imputed, SEEN, np.array([True, False]), 2)
    assert one["USUBJID"].tolist() == ["0001-00002"] * 2


def test_results_of_the_trial_itself() -> None:
    """Estimate, error and one-sided p of those that have this look."""
    died = [[0.5, 0.6, NEVER, 0.7, NEVER, NEVER], [0.5, NEVER, NEVER, 0.7, 0.8, NEVER]]
    seen = trial(arm=[[0, 0, 0, 1, 1, 1]] * 2, died=died)
    found = analyse(AT_YEAR, seen, 1)
    table = module._result_frame("year:cells", AT_YEAR, 1, seen, np.array([False, True]), 2)
    assert table.to_dict("records") == [
        {
            **{"TRIAL": 1, "LOOK": 2, "PARAMCD": "year", "HYPOTHESIS": "year:cells", "TEST": "risk_difference"},
            **{
                "ESTIMATE": found.estimate[1],
                "SE": found.se[1],
                "Z": found.z[1],
                "P": pytest.approx(ndtr(-found.z[1])),
            },
            "INFORMATION": 6.0,
        }
    ]
    first = module._result_frame("year:cells", AT_YEAR, 1, seen, np.array([True, False]), 2).iloc[0]
    assert first["P"] == pytest.approx(ndtr(-found.z[0])) and np.isfinite(first["Z"])


def test_subjects() -> None:
    """Days of randomisation and of the end of the study, deaths that the trial saw by its end, and strata."""
    table = module._subjects(simulation(), SEEN, np.array([0.75, 0.7]), None)
    year = DAYS_PER_YEAR
    assert table["USUBJID"].tolist() == SUBJECTS
    assert table["RANDDY"].tolist() == pytest.approx([0.0, 0.25 * year, 0.5 * year, 0.0, 0.25 * year, 0.5 * year])
    assert table["EOSDY"].tolist() == pytest.approx([year * end for end in (0.5, 0.5, 0.25, 0.7, 0.45, 0.2)])
    assert table["DTHFL"].tolist() == ["Y", *[""] * 5] and table["STRATUM"].tolist() == [0, 1, 2, 4, 5, 6]
    assert table["TRT01P"].tolist() == ["control", "cells", "cells", "cells", "control", "control"]
    assert "SITEID" not in table and "AGE" not in table


def test_what_was_known_of_subjects_on_entry() -> None:
    """Sex by its letter, what is so or not as Y and N, numbers as they are, and the site where there are several."""
    patients = pd.DataFrame(
        {name: [1.0, 2.0, 3.0] for name in module.BASELINE}
        | {"male": [True, False, True], "heel": [False, True, False], "renal": ["normal", "severe", "dialysis"]}
    )
    data = SEEN.some(slice(0, 1))
    table = module._subjects(simulation(), data, np.array([9.0]), patients)
    assert table["SEX"].tolist() == ["M", "F", "M"] and table["HEELFL"].tolist() == ["N", "Y", "N"]
    assert table["AGE"].tolist() == [1.0, 2.0, 3.0] and table["RENAL"].tolist() == ["normal", "severe", "dialysis"]
    assert "SITEID" not in table
    sites = module._subjects(simulation(), data, np.array([9.0]), patients.assign(site=[3, 1, 2]))
    assert sites["SITEID"].tolist() == [3, 1, 2]


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A simulation of two trials with two looks, the second trial's second at its very end."""
    dates = np.array([[0.5, 2.0], [3.0, 3.0]])
    endpoints = (DEATH, AT_YEAR.model_copy(update={"lost": "multiple_imputation"}), TCPO2, PAIRS)
    design = SimpleNamespace(arms=ARMS, endpoints=endpoints, two_stage=None)
    conduct = SimpleNamespace(marked=SimpleNamespace(patients=4))
    lived: list[Any] = []
    monkeypatch.setattr(
        module,
        "look_dates",
        lambda of, data, marked: told["dates"] if (of, marked) == (design, conduct.marked) else None,
    )
    monkeypatch.setattr(
        module, "end_of_trial", lambda of, data, events: np.array([1.5, 2.5]) if events is None else None
    )
    monkeypatch.setattr(
        module, "hypotheses", lambda of, endpoints: (("first", endpoints[0], 1), ("second", endpoints[1], 1))
    )
    monkeypatch.setattr(module, "limited", lambda data, patients: data if (data, patients) == (SEEN, 4) else None)
    own = SimpleNamespace(
        design=design,
        conduct=lambda: conduct,
        truth=lambda name: name,
        lives=lambda *given: lived.append(given) or SEEN,
    )
    told = {"frames": [], "dates": dates, "lived": lived, "simulation": own}

    def frame(kind: str) -> Any:
        def made(*given: Any) -> pd.DataFrame:
            given = given[1:] if given[0] is own else given
            told["frames"].append((kind, *given))
            return pd.DataFrame({"kind": [kind], "look": [given[-1]]})

        return made

    for kind in ("_time_frame", "_value_frame", "_imputed_frame", "_result_frame", "_subjects"):
        monkeypatch.setattr(module, kind, frame(kind))
    return told


def test_every_look_that_a_trial_has(whole: Any) -> None:
    """The first trial has both, the second its last; pairs have no table; the subjects are those of the last date."""
    tables = module.analysis_data(whole["simulation"], "scenario", 2, None)
    assert whole["lived"] == [("scenario", 0, 2, 4)]
    assert list(tables) == ["adsl", "adtte", "adeff", "adimp", "adres"]
    assert tables["adtte"]["look"].tolist() == [1, 2] and tables["adeff"]["look"].tolist() == [1, 1, 2, 2]
    assert tables["adimp"]["look"].tolist() == [1, 2] and tables["adres"]["look"].tolist() == [1, 1, 2, 2]
    assert tables["adtte"].index.tolist() == [0, 1]
    kinds = [each[0] for each in whole["frames"]]
    assert kinds == [
        *["_time_frame", "_value_frame", "_imputed_frame", "_value_frame", *["_result_frame"] * 2] * 2,
        "_subjects",
    ]
    first, second = (each for each in whole["frames"] if each[0] == "_time_frame")
    seen: TrialData = first[2]
    # Half a year after the first trial opened its third patient has just entered; by three years all have in the second.
    assert seen.entered.tolist() == [[True, True, True, False], [True] * 4]
    assert first[3].tolist() == [[True, True, True, False], [False] * 4] and second[3].sum() == 7
    results = [each for each in whole["frames"] if each[0] == "_result_frame"]
    assert [(each[1], each[3], each[5].tolist(), each[6]) for each in results] == [
        (name, 1, happens, look)
        for look, happens in ((1, [True, False]), (2, [True, True]))
        for name in ("first", "second")
    ]
    assert whole["frames"][-1][2].tolist() == [2.0, 3.0] and whole["frames"][-1][3] is None
    imputed = next(each for each in whole["frames"] if each[0] == "_imputed_frame")
    assert imputed[1].name == "year" and imputed[2].arm.shape == (2, 4) and imputed[3].tolist() == [True, False]


def test_a_look_on_the_last_day_is_the_last(whole: Any) -> None:
    """The first trial has all three, the second its first and its last."""
    whole["dates"] = np.array([[0.5, 1.0, 2.0], [0.5, 3.0, 3.0]])
    module.analysis_data(whole["simulation"], "scenario", 2, None)
    results = [each[5].tolist() for each in whole["frames"] if each[0] == "_result_frame" and each[1] == "first"]
    assert results == [[True, True], [True, False], [True, True]]


def test_stages_have_their_last_analysis_only(whole: Any) -> None:
    """At the planned end."""
    whole["simulation"].design.two_stage = "stages"
    whole["simulation"].design.endpoints = (DEATH, PAIRS)
    tables = module.analysis_data(whole["simulation"], "scenario", 2, None)
    assert list(tables) == ["adsl", "adtte", "adres"] and tables["adtte"]["look"].tolist() == [1]
    assert whole["frames"][-1][2].tolist() == [1.5, 2.5]
