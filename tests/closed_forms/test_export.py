"""Simulated trial data as an analyst would get them, of patients written down by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_trials import NEVER, trial

from simulator.questions.trial.design.accrual import PLACES
from simulator.questions.trial.results import export as module
from simulator.rules.population.patient import COLUMNS, PATIENT
from simulator.words.vocabulary import Renal

ARMS = [SimpleNamespace(name="control"), SimpleNamespace(name="cells")]
# One dies at half a year, one is lost at 0.75, one never enters.
SEEN = trial(
    visits=(0.5, 1.0),
    arm=[[0, 1, -1], [1, 0, 0]],
    entry=[[0.0, 0.25, NEVER], [0.0, 0.25, 0.5]],
    died=[[0.5, NEVER, NEVER], [NEVER] * 3],
    lost=[[NEVER, 0.75, NEVER], [NEVER] * 3],
    end=[[2.0, 2.0, 0.0], [1.0, 0.5, 0.4]],
    crossed=[[0.25, NEVER, NEVER], [NEVER] * 3],
    healed=[[NEVER, 0.5, NEVER], [NEVER] * 3],
    site=[[0, 1, 0], [2, 1, 0]],
    stratum=[[3, 4, 5], [6, 7, 8]],
    tcpo2_entry=[[10.0, 11.0, 12.0], [13.0, 14.0, 15.0]],
    tcpo2=np.arange(12.0).reshape(2, 3, 2),
    walking=np.array([0, 1, 1, 0, 0, 0, 1, 1, 0, 1, 0, 1.0]).reshape(2, 3, 2),
)
WHO = np.argwhere(SEEN.entered)


def simulation(**design: Any) -> Any:
    """A design of two arms at one place."""
    usual = {
        "arms": ARMS,
        "accrual": SimpleNamespace(pattern="constant"),
        "randomisation": SimpleNamespace(strata=()),
        "crossover": None,
    }
    return SimpleNamespace(design=SimpleNamespace(**usual | design), seed=7)


@pytest.fixture(autouse=True)
def people(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Five people: their ages, TcPO2 and the rest count up."""
    some = np.zeros(5, PATIENT)
    for name, start in {
        "age": 60.5,
        "tcpo2_measured": 20.0,
        "small_ev": 30.0,
        "rutherford": 4.0,
        "diabetes_years": 9.5,
    }.items():
        some[name] = start + np.arange(5)
    some["renal"] = [0, 1, 2, 3, 0]
    some["male"] = [1.0, 0.0, 1.0, 0.0, 1.0]
    real = module._people
    monkeypatch.setattr(module, "_people", lambda *_: some)
    return real


def test_patients() -> None:
    """Counted from one, in months, as known on entry; events that were seen, and when."""
    table = module._patients(simulation(), "params", SEEN, WHO)  # type: ignore[arg-type]
    assert table["trial"].tolist() == [0, 0, 1, 1, 1] and table["patient"].tolist() == [1, 2, 1, 2, 3]
    assert table["arm"].tolist() == ["control", "cells", "cells", "control", "control"]
    assert table["entry_month"].tolist() == [0.0, 3.0, 0.0, 3.0, 6.0]
    assert table["follow_up_months"].tolist() == pytest.approx([6.0, 9.0, 12.0, 6.0, 4.8])
    assert table["death"].tolist() == [True, *[False] * 4]
    assert table["death_months"].tolist() == pytest.approx([6.0, *[np.nan] * 4], nan_ok=True)
    assert table["healing_months"][1] == 6.0 and table["lost_to_follow_up_months"][1] == 9.0
    assert "site" not in table and "stratum" not in table and "crossover" not in table
    assert table["reintervention"].tolist() == [False] * 5
    assert table["age"].tolist() == [60.5, 61.5, 62.5, 63.5, 64.5] and table["diabetes_years"][1] == 10.5
    assert table["rutherford"].tolist() == [4, 5, 6, 7, 8] and table["rutherford"].dtype == np.int64
    assert table["male"].tolist() == [True, False, True, False, True] and table["male"].dtype == np.bool_
    assert table["renal"].tolist() == [Renal(k).name.lower() for k in (0, 1, 2, 3, 0)]
    assert table["small_ev_percent"][1] == 31.0 and table["tcpo2_mmhg"][1] == 21.0


def test_what_only_some_designs_have() -> None:
    """Sites counted from one, strata and switches."""
    own = simulation(
        accrual=SimpleNamespace(pattern="sites"), randomisation=SimpleNamespace(strata=("age",)), crossover="rule"
    )
    table = module._patients(own, "params", SEEN, WHO)  # type: ignore[arg-type]
    assert table["site"].tolist() == [1, 2, 3, 2, 1] and table["stratum"].tolist() == [3, 4, 6, 7, 8]
    assert table["crossover"].tolist() == [True, *[False] * 4] and table["crossover_months"][0] == 3.0


def test_visits() -> None:
    """Baseline is visit 0, and nobody walks then; whoever has died, is lost or has not come so far has no row."""
    table = module._visits(simulation(), SEEN, WHO)
    told = table[["trial", "patient", "visit"]].to_numpy().tolist()
    assert told == [
        [0, 1, 0],
        [0, 1, 1],
        [0, 2, 0],
        [0, 2, 1],
        [1, 1, 0],
        [1, 1, 1],
        [1, 1, 2],
        [1, 2, 0],
        [1, 2, 1],
        [1, 3, 0],
    ]
    assert table["tcpo2_mmhg"].tolist() == [10.0, 0.0, 11.0, 2.0, 13.0, 6.0, 7.0, 14.0, 8.0, 15.0]
    assert table["walking"].tolist() == [False, False, False, True, False, True, True, False, False, False]
    assert table["months"].tolist() == [0.0, 6.0, 0.0, 6.0, 0.0, 6.0, 12.0, 0.0, 6.0, 0.0]
    assert table["arm"].tolist()[:3] == ["control", "control", "cells"] and table.index.tolist() == list(range(10))


def test_trials_at_their_planned_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lives with every visit, cut where the design ends; both tables are of the same people."""
    lived: list[Any] = []
    conduct = SimpleNamespace(marked=SimpleNamespace(patients=3, events=9))
    truth = SimpleNamespace(params_of=lambda *given: ("params", given))
    own = simulation()
    own.conduct, own.truth = lambda: conduct, lambda name: truth if name == "scenario" else None
    own.lives = lambda *given, **more: lived.append((given, more)) or "lives"
    monkeypatch.setattr(module, "limited", lambda *given: given)
    monkeypatch.setattr(module, "end_of_trial", lambda *given: given)
    monkeypatch.setattr(module, "cut", lambda data, end: SEEN if end == (own.design, data, 9) else None)
    monkeypatch.setattr(module, "_patients", lambda *given: given)
    monkeypatch.setattr(module, "_visits", lambda *given: given)
    patients, visits = module.exported(own, "scenario", 2)
    assert lived == [((truth, 0, 2, 3), {"every_visit": True})]
    assert patients[1] == ("params", (0, 2)) and patients[2] is SEEN and visits[1] is SEEN
    assert patients[3].tolist() == visits[2].tolist() == WHO.tolist()


def test_people_are_those_of_the_trials(monkeypatch: pytest.MonkeyPatch, people: Any) -> None:
    """By their number in the stream of all patients, with the parameters of their trial, in turn where there are fewer."""
    made: list[Any] = []

    def make(record: Any, row: Any, given: Any, params: Any, entry: Any, key: Any, number: int) -> bool:
        made.append((given, int(params), entry, int(key), number, row.shape))
        record["age"] = number
        return True

    monkeypatch.setattr(module, "make_patient", make)
    monkeypatch.setattr(module, "recruited_from", lambda given, key, number: (given, int(key), number))
    filled: list[Any] = []
    monkeypatch.setattr(
        module,
        "fill_small_ev",
        lambda some, params, key, number: filled.append((some["age"].tolist(), int(params), int(key), number)),
    )
    own = simulation()
    own.recruitment = SimpleNamespace(entry_record="entry")
    own.planned = SimpleNamespace(scenario=SimpleNamespace(given="table"))
    who = np.array([[0, 1], [3, 2]])
    found = people(own, np.array([10, 20]), who)
    numbers = [1, 3 * PLACES + 2]
    assert found["age"].tolist() == numbers
    assert made == [
        (("table", 7, number), params, "entry", 7, number, (len(COLUMNS),))
        for number, params in zip(numbers, (10, 20), strict=True)
    ]
    assert filled == [([number], params, 7, number) for number, params in zip(numbers, (10, 20), strict=True)]
