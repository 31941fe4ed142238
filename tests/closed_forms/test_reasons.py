"""Why a formula and the simulation differ, of patients written down by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_trials import NEVER, trial

from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.sizes import reasons as module
from simulator.questions.trial.sizes.closed_form import Formula
from simulator.questions.trial.sizes.reasons import Broken, _verdict, comparison_tables, reasons

LOGRANK = Endpoint(name="e", outcome="death", test="logrank")
AT_SIX = Endpoint(name="e", outcome="tcpo2", test="t_test", at_months=6.0)


def pool(data: Any, **design: Any) -> Any:
    """A pool of patients."""
    return SimpleNamespace(data=data, design=SimpleNamespace(**design))


def need(patients: float, low: float) -> Any:
    """What the simulation says of a size."""
    return pd.Series({"patients": patients, "low": low, "high": 2.0 * patients})


@pytest.mark.parametrize(
    ("patients", "low", "formula", "error", "verdict"),
    [
        (100.0, 90.0, math.inf, 0.0, ("", None)),
        (math.inf, 90.0, 100.0, 0.0, ("no_effect", None)),
        (100.0, 90.0, 100.0, 0.0, ("agree", 1.0)),
        (100.0, 100.0, 100.0, 0.0, ("agree", 1.0)),
        (100.0, 90.0, 90.1, 0.0, ("agree", 1.1099)),
        (100.0, 90.0, 111.0, 0.0, ("agree", 0.9009)),
        (100.0, 90.0, 89.9, 0.0, ("differ", 1.1123)),
        (100.0, 90.0, 125.0, 0.0, ("differ", 0.8)),
        # An error of a tenth either way: log 0.8 is 0.223, twice 0.1135 with that of the formula.
        (100.0, 90.0, 125.0, 0.101, ("agree", 0.8)),
        (100.0, 90.0, 125.0, 0.1, ("differ", 0.8)),
    ],
)
def test_a_verdict(
    patients: float, low: float, formula: float, error: float, verdict: tuple[str, float | None]
) -> None:
    """Both sizes have an error; they differ where their ratio does by more."""
    word, ratio, least, most = _verdict(need(patients, low), Formula("f", formula, "", error=error))
    assert word == verdict[0]
    assert (least <= 1.0 <= most) is (word == "agree") and (
        math.isnan(least) or least * most == pytest.approx(ratio**2)
    )
    assert math.isnan(ratio) if verdict[1] is None else ratio == pytest.approx(verdict[1], abs=1e-4)


def test_a_row_for_each_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one for an endpoint without any; limits are what the error of the inputs does to the size."""
    found = {1: [Formula("f", 100.0, "in", 40.0, 0.1), Formula("g", 50.0, "in")], 2: []}
    first, second = SimpleNamespace(test="logrank"), SimpleNamespace(test="rmst")
    design = {"endpoints": "all"}
    monkeypatch.setattr(
        module,
        "hypotheses",
        lambda design, endpoints: (("a", first, 1), ("b", second, 2)) if endpoints == "all" else (),
    )
    pooled = pool("data", **design)
    asked: list[Any] = []
    monkeypatch.setattr(module, "formulas", lambda *given: asked.append(given) or found[given[3]])
    monkeypatch.setattr(module, "reasons", lambda *given: asked.append(given) or iter([Broken("nobody_lost", 0.1)]))
    needs = pd.DataFrame({"endpoint": ["b", "a"], "patients": [7.0, 100.0], "low": [6.0, 90.0], "high": [8.0, 110.0]})
    table, broken = comparison_tables(pooled, needs, 0.8)
    assert asked == [(pooled, first, 0.8, 1), (pooled, first, 1), (pooled, second, 0.8, 2), (pooled, second, 2)]
    row = table.iloc[0].to_dict()
    assert (row.pop("formula_low"), row.pop("formula_high")) == pytest.approx((82.2012, 121.6527), abs=1e-4)
    # Of the size, 90 to 100 patients, and of the formula, a tenth: log 0.2225 in all.
    half = math.hypot(math.log(100 / 90), 0.196)
    assert (row.pop("ratio_low"), row.pop("ratio_high")) == pytest.approx((math.exp(-half), math.exp(half)))
    assert row == {
        **{"endpoint": "a", "test": "logrank", "patients": 100.0, "low": 90.0, "high": 110.0, "formula": "f"},
        **{"formula_patients": 100.0, "formula_events": 40.0, "inputs": "in", "verdict": "agree", "ratio": 1.0},
    }
    assert table["formula"].tolist() == ["f", "g", "none"]
    last = table.iloc[2]
    assert np.isnan(last["formula_patients"]) and last["verdict"] == "" and last["patients"] == 7.0
    assert broken[["endpoint", "assumption", "first"]].to_numpy().tolist() == [
        ["a", "nobody_lost", 0.1],
        ["b", "nobody_lost", 0.1],
    ]
    assert broken[["second", "months"]].isna().all(axis=None)
    monkeypatch.setattr(module, "reasons", lambda *given: iter(()))
    assert list(comparison_tables(pooled, needs, 0.8)[1]) == ["endpoint", "assumption", "first", "second", "months"]


# Median of the deaths at 1.0; controls die late, the others early.
EARLY = [0.1, 0.2, 0.3, 0.4]


def split(monkeypatch: pytest.MonkeyPatch, early: float, late: float, error: float = 0.0) -> None:
    """Log hazard ratios before and after a time of half a year, each with an error."""
    effects = [SimpleNamespace(estimate=np.array([value]), se=np.array([error])) for value in (early, late)]
    monkeypatch.setattr(module, "early_and_late", lambda *_: (0.5, *effects))


def told(data: Any, endpoint: Endpoint = LOGRANK, comparison: int = 1) -> list[tuple[str, list[float]]]:
    """The broken assumptions, each with those of its numbers that there are."""
    found = reasons(pool(data), endpoint, comparison)
    return [(each.assumption, [round(x, 6) for x in each[1:] if not math.isnan(x)]) for each in found]


def named(data: Any, endpoint: Endpoint = LOGRANK) -> list[str]:
    """Their names."""
    return [name for name, _ in told(data, endpoint)]


STEADY = trial(arm=[0, 0, 1, 1], died=[0.5, 1.0, 0.4, NEVER], caused=[0.0, 0.0, 8.0, 4.0], end=1.0)
"""Controls: one death in a year in the first half, and one in half a year in the second (the other one has died)."""


def test_hazards_that_are_not_proportional(monkeypatch: pytest.MonkeyPatch) -> None:
    """By more than a seventh and by two errors; what the treatment does to TcPO2 in its own arm is said, too."""
    split(monkeypatch, math.log(0.5), math.log(1.5))
    assert told(STEADY)[:2] == [("proportional_hazards", [0.5, 1.5, 6.0]), ("effect_from_the_start", [6.0])]
    split(monkeypatch, math.log(0.5), math.log(1.5), 0.5)
    assert "proportional_hazards" not in named(STEADY)
    split(monkeypatch, math.log(1.5), math.log(0.5), 0.38)
    assert named(STEADY).count("proportional_hazards") == 1
    for late, many in ((1.14, 0), (1.16, 1), (1 / 1.14, 0), (1 / 1.16, 1)):
        split(monkeypatch, 0.0, math.log(late))
        assert named(STEADY).count("proportional_hazards") == many
    nothing = trial(arm=[0, 0, 1, 1], died=[0.5, 1.0, 0.4, NEVER], end=1.0)
    split(monkeypatch, 0.0, 1.0)
    assert "effect_from_the_start" not in named(nothing)


def test_a_hazard_that_is_not_constant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of controls: one in the first year of two people, one in the half year after; a third arm is not asked."""
    split(monkeypatch, 0.0, 0.0)
    data = trial(arm=[0, 0, 1, 1, 2], died=[0.5, 1.0, 0.4, NEVER, 0.3], end=1.0)
    assert told(data) == [("constant_hazard", [1.0, 2.0, 6.0])]
    # Half a year more of another control, and the hazard after it is that before it.
    same = trial(arm=[0, 0, 0, 1], died=[0.5, 1.0, NEVER, NEVER], end=[1.0, 1.0, 1.0, 1.0])
    assert told(same) == [("constant_hazard", [0.666667, 1.0, 6.0])]
    falling = trial(arm=[0, 0, 0, 1], died=[0.4, 0.5, 1.2, NEVER], end=2.0)
    assert told(falling) == []
    steep = trial(arm=[0, 0, 0, 1], died=[0.2, 0.3, 2.0, NEVER], end=2.0)
    assert told(steep) == [("constant_hazard", [2.0, 0.666667, 6.0])]
    assert told(trial(arm=[0, 0, 1], died=[0.2, 0.3, 0.4], end=0.4)) == []


def test_competing_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of both arms, where they are more than a fiftieth."""
    split(monkeypatch, 0.0, 0.0)
    amputation = Endpoint(name="e", outcome="major_amputation", test="logrank")
    for patients, said in ((25, [("no_competing_event", [0.04])]), (50, [])):
        arm = [0, 1] * patients
        died = [0.3] + [NEVER] * (patients - 1) + [0.2] * patients
        data = trial(arm=arm[:patients] + [2] * patients, died=died)
        assert told(data, amputation) == said


def test_too_few_events_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of hazards; the median of few is none."""
    monkeypatch.setattr(module, "early_and_late", lambda *_: None)
    assert told(STEADY) == []


def test_hazards_of_the_arm_that_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other treated arm is left out."""
    asked: list[Any] = []
    monkeypatch.setattr(module, "early_and_late", lambda _seen, group: asked.append(group.tolist()))
    told(trial(arm=[0, 1, 2, -1]), comparison=2)
    assert asked == [[[0, -1, 1, -1]]]


@pytest.mark.parametrize(("lost", "said"), [(2, []), (3, [("nobody_lost", [0.03])])])
def test_losses(lost: int, said: list[tuple[str, list[float]]]) -> None:
    """Of more than a fiftieth are said, but not with estimates of survival curves, which know them."""
    chi = Endpoint(name="e", outcome="death", test="chi_square", at_months=6.0)
    data = trial(arm=[0, 1] * 50, lost=[0.2] * lost + [NEVER] * (100 - lost))
    assert told(data, chi) == said
    for test in ("rmst", "km_difference", "km_ratio"):
        assert told(data, Endpoint(name="e", outcome="death", test=test, at_months=6.0)) == []


@pytest.mark.parametrize("test", ["win_ratio", "win_odds", "net_benefit"])
def test_pairs(test: str) -> None:
    """Their formula is rough."""
    pairs = Endpoint(name="e", outcome="hierarchy", test=test, at_months=6.0, order=("death",))
    assert told(trial(arm=[0, 1]), pairs) == [("exact_variance", [])]


def measured(control: list[float], other: list[float], outcome: str = "tcpo2") -> Any:
    """Values of one outcome at half a year; whoever is not followed for so long does not count."""
    values = [*control, *other, 500.0]
    return trial(
        visits=(0.5, 1.0),
        arm=[0] * len(control) + [1] * len(other) + [0],
        end=[2.0] * (len(values) - 1) + [0.2],
        **{{"tcpo2": "tcpo2", "walking_time": "walked"}[outcome]: [[value, 7.0] for value in values]},
    )


@pytest.mark.parametrize("endpoint", [AT_SIX, AT_SIX.model_copy(update={"outcome": "walking_time"})])
def test_measurements(endpoint: Endpoint) -> None:
    """Whether somebody is missing in either arm, and whether arms spread alike."""
    assert told(measured([1.0, 3.0], [5.0, 7.0], endpoint.outcome), endpoint) == []
    missing = measured([1.0, 3.0, np.nan, np.nan], [5.0, 7.0], endpoint.outcome)
    assert told(missing, endpoint) == [("everybody_measured", [0.5, 1.0])]
    missing = measured([1.0, 3.0], [5.0, 7.0, np.nan], endpoint.outcome)
    assert told(missing, endpoint) == [("everybody_measured", [1.0, 0.666667])]
    for one, other, spread in (([1.0, 3.0], [5.0, 9.0], [1.0, 2.0]), ([1.0, 5.0], [5.0, 7.0], [2.0, 1.0])):
        assert told(measured(one, other, endpoint.outcome), endpoint) == [("equal_spread", spread)]
    assert told(measured([0.0, 4.0], [0.0, 4.4], endpoint.outcome), endpoint) == []


def test_a_fiftieth_of_missing_measurements() -> None:
    """Is not worth a reason, a little more is."""
    values = [1.0, 3.0] * 49
    assert told(measured([*values, np.nan, 2.0], values), AT_SIX) == []
    assert len(told(measured([*values, np.nan, np.nan, np.nan], values), AT_SIX)) == 1
