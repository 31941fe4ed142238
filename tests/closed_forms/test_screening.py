"""Who is turned away at screening, of people written down by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.questions.trial.results import screening as module
from simulator.questions.trial.results.operating import share_and_se
from simulator.questions.trial.results.screening import CRITERIA, screening_table
from simulator.scenario.arrays import entry_record
from simulator.scenario.policy import Criteria

TCPO2, AGE = list(CRITERIA).index("tcpo2"), list(CRITERIA).index("age")


def simulation(given: int = 0) -> Any:
    """A trial that people of under 70 with TcPO2 below 30 may enter."""
    entry = entry_record(Criteria(age_below=70.0, tcpo2_below=30.0))
    scenario = SimpleNamespace(given=np.zeros((given, 3)), params=lambda: "params")
    return SimpleNamespace(
        planned=SimpleNamespace(scenario=scenario), recruitment=SimpleNamespace(entry_record=entry), seed=5
    )


def screened(monkeypatch: pytest.MonkeyPatch, fails: dict[int, list[int]], truly: list[int]) -> list[Any]:
    """Eight people: which of them fail which criterion, and whose true TcPO2 is within the limits."""
    table, true = np.zeros((8, len(CRITERIA)), bool), np.zeros(8, bool)
    for place, people in fails.items():
        table[people, place] = True
    true[truly] = True
    asked: list[Any] = []
    monkeypatch.setattr(module, "_screened", lambda *given: asked.append(given) or (table, true))
    return asked


def test_a_screening_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four fail TcPO2, three of them alone, of whom one wrongly; two fail age, one alone; of three who enter one wrongly."""
    asked = screened(monkeypatch, {TCPO2: [0, 1, 2, 3], AGE: [3, 4]}, [0, 5, 6])
    table = screening_table(simulation())
    assert table is not None and table["criterion"].tolist() == ["tcpo2", "age", "entered"]

    def share(yes: int, of: int = 8) -> tuple[float, float]:
        return share_and_se(np.arange(of) < yes)

    expected = [
        [*share(4), *share(3), *share(1, 3)],
        [*share(2), *share(1), np.nan, np.nan],
        [np.nan, np.nan, *share(3), *share(1, 3)],
    ]
    assert table.iloc[:, 1:].to_numpy() == pytest.approx(np.array(expected), nan_ok=True)
    ((single, params, key, patient, _, tcpo2),) = asked
    assert (params, key, tcpo2) == ("params", 5, TCPO2) and len(single) == len(CRITERIA) and patient.shape == (1,)
    assert (
        single[AGE]["age_below"] == 70.0
        and np.isinf(single[AGE]["tcpo2_below"])
        and single[TCPO2]["tcpo2_below"] == 30.0
    )


def test_without_limits_of_tcpo2_nobody_is_turned_away_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    """And where TcPO2 turns nobody away alone, nobody is either."""
    screened(monkeypatch, {AGE: [0]}, [1])
    table = screening_table(simulation())
    assert table is not None and table["criterion"].tolist() == ["age", "entered"] and table["wrongly"].isna().all()
    screened(monkeypatch, {AGE: [0], TCPO2: [0]}, [1])
    table = screening_table(simulation())
    assert table is not None and np.isnan(table["wrongly"][0]) and table["wrongly"][2] == pytest.approx(6 / 7)


def test_nothing_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patients of a table, nobody turned away, or nobody let in."""
    screened(monkeypatch, {}, [])
    assert screening_table(simulation()) is None and screening_table(simulation(given=1)) is None
    screened(monkeypatch, {TCPO2: list(range(8))}, [])
    table = screening_table(simulation())
    assert table is not None and table["criterion"].tolist() == ["tcpo2"]


def test_a_record_of_some_criteria() -> None:
    """The others limit nothing, and the record that is copied stays."""
    free, entry = entry_record(Criteria()), entry_record(Criteria(age_below=70.0, tcpo2_below=30.0))
    found = module._with(free, entry, ("age_below",))
    assert found["age_below"] == 70.0 and found["tcpo2_below"] == free["tcpo2_below"] and np.isinf(free["age_below"])


def test_everybody_is_looked_at_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what was measured, for each criterion, and then by the true TcPO2; each person is drawn once by number."""
    monkeypatch.setattr(module, "SCREENED", 3)
    drawn: list[Any] = []
    patient = [SimpleNamespace(tcpo2=0.0, tcpo2_measured=0.0)]

    def draw(person: Any, room: Any, params: Any, key: int, i: int, again: int, keep: bool) -> None:
        drawn.append((room, params, key, i, again, keep))
        person.tcpo2, person.tcpo2_measured = (40.0, 20.0) if i == 0 else (20.0, 40.0)

    monkeypatch.setattr(module, "draw_referral", draw)
    monkeypatch.setattr(module, "may_enter", lambda limit, person: person.tcpo2_measured < limit)
    plain: Any = getattr(module._screened, "py_func", module._screened)
    fails, truly = plain([50.0, 30.0], "params", 5, patient, "room", 1)
    assert fails.tolist() == [[False, False], [False, True], [False, True]] and truly.tolist() == [False, True, True]
    assert drawn == [("room", "params", 5, i, 0, True) for i in range(3)]
