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
from simulator.questions.trial.sizes.reasons import _verdict, comparison_table, reasons

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
        (100.0, 90.0, math.inf, 0.0, ""),
        (math.inf, 90.0, 100.0, 0.0, "The simulation shows no effect beyond Monte Carlo error."),
        (100.0, 90.0, 100.0, 0.0, "They agree within Monte Carlo error."),
        (100.0, 100.0, 100.0, 0.0, "They agree within Monte Carlo error."),
        (100.0, 90.0, 90.1, 0.0, "They agree within Monte Carlo error."),
        (100.0, 90.0, 111.0, 0.0, "They agree within Monte Carlo error."),
        (100.0, 90.0, 89.9, 0.0, "The simulation needs 1.11 times the patients. One. Two."),
        (100.0, 90.0, 125.0, 0.0, "The simulation needs 0.80 times the patients. One. Two."),
        # An error of a tenth either way: log 0.8 is 0.223, twice 0.1135 with that of the formula.
        (100.0, 90.0, 125.0, 0.101, "They agree within Monte Carlo error."),
        (100.0, 90.0, 125.0, 0.1, "The simulation needs 0.80 times the patients. One. Two."),
    ],
)
def test_a_verdict(patients: float, low: float, formula: float, error: float, verdict: str) -> None:
    """Both sizes have an error; reasons are given where they differ by more."""
    assert _verdict(need(patients, low), Formula("f", formula, "", error=error), ["One.", "Two."]) == verdict


def test_no_reason_at_all() -> None:
    """What is left is the formula's own error."""
    told = _verdict(need(100.0, 99.0), Formula("f", 50.0, ""), [])
    assert told.startswith("The simulation needs 2.00 times the patients. No assumption is visibly broken")


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
    monkeypatch.setattr(module, "reasons", lambda *given: asked.append(given) or iter(["Why."]))
    needs = pd.DataFrame({"endpoint": ["b", "a"], "patients": [7.0, 100.0], "low": [6.0, 90.0], "high": [8.0, 110.0]})
    table = comparison_table(pooled, needs, 0.8)
    assert asked == [(pooled, first, 0.8, 1), (pooled, first, 1), (pooled, second, 0.8, 2), (pooled, second, 2)]
    row = table.iloc[0].to_dict()
    assert (row.pop("formula_low"), row.pop("formula_high")) == pytest.approx((82.2012, 121.6527), abs=1e-4)
    assert row == {
        **{"endpoint": "a", "test": "logrank", "patients": 100.0, "low": 90.0, "high": 110.0, "formula": "f"},
        **{"formula_patients": 100.0, "formula_events": 40.0, "inputs": "in"},
        "reason": "They agree within Monte Carlo error.",
    }
    assert table["formula"].tolist() == ["f", "g", "none"]
    last = table.iloc[2]
    assert np.isnan(last["formula_patients"]) and last["reason"] == "" and last["patients"] == 7.0


# Median of the deaths at 1.0; controls die late, the others early.
EARLY = [0.1, 0.2, 0.3, 0.4]


def split(monkeypatch: pytest.MonkeyPatch, early: float, late: float, error: float = 0.0) -> None:
    """Log hazard ratios before and after a time of half a year, each with an error."""
    effects = [SimpleNamespace(estimate=np.array([value]), se=np.array([error])) for value in (early, late)]
    monkeypatch.setattr(module, "early_and_late", lambda *_: (0.5, *effects))


def told(data: Any, endpoint: Endpoint = LOGRANK, comparison: int = 1) -> list[str]:
    """The reasons."""
    return list(reasons(pool(data), endpoint, comparison))


STEADY = trial(arm=[0, 0, 1, 1], died=[0.5, 1.0, 0.4, NEVER], caused=[0.0, 0.0, 8.0, 4.0], end=1.0)
"""Controls: one death in a year in the first half, and one in half a year in the second (the other one has died)."""


def test_hazards_that_are_not_proportional(monkeypatch: pytest.MonkeyPatch) -> None:
    """By more than a seventh and by two errors; what the treatment does to TcPO2 in its own arm is said, too."""
    split(monkeypatch, math.log(0.5), math.log(1.5))
    first, second, *_ = told(STEADY)
    assert first.startswith(
        "Hazards are not proportional: the ratio is 0.50 in the first 6.0 months and 1.50 afterwards"
    )
    assert second == "Treatment raises TcPO2 by 6 mmHg on average in its arm, over weeks to months."
    split(monkeypatch, math.log(0.5), math.log(1.5), 0.5)
    assert len([line for line in told(STEADY) if "proportional" in line]) == 0
    split(monkeypatch, math.log(1.5), math.log(0.5), 0.38)
    assert len([line for line in told(STEADY) if "proportional" in line]) == 1
    for late, many in ((1.14, 0), (1.16, 1), (1 / 1.14, 0), (1 / 1.16, 1)):
        split(monkeypatch, 0.0, math.log(late))
        assert len([line for line in told(STEADY) if "proportional" in line]) == many
    nothing = trial(arm=[0, 0, 1, 1], died=[0.5, 1.0, 0.4, NEVER], end=1.0)
    split(monkeypatch, 0.0, 1.0)
    assert not [line for line in told(nothing) if "TcPO2" in line]


def test_a_hazard_that_is_not_constant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of controls: one in the first year of two people, one in the half year after; a third arm is not asked."""
    split(monkeypatch, 0.0, 0.0)
    data = trial(arm=[0, 0, 1, 1, 2], died=[0.5, 1.0, 0.4, NEVER, 0.3], end=1.0)
    assert told(data) == ["The hazard is not constant: 1.00 a year in the first 6.0 months, 2.00 afterwards."]
    # Half a year more of another control, and the hazard after it is that before it.
    same = trial(arm=[0, 0, 0, 1], died=[0.5, 1.0, NEVER, NEVER], end=[1.0, 1.0, 1.0, 1.0])
    assert told(same) == ["The hazard is not constant: 0.67 a year in the first 6.0 months, 1.00 afterwards."]
    falling = trial(arm=[0, 0, 0, 1], died=[0.4, 0.5, 1.2, NEVER], end=2.0)
    assert told(falling) == []
    steep = trial(arm=[0, 0, 0, 1], died=[0.2, 0.3, 2.0, NEVER], end=2.0)
    assert told(steep) == ["The hazard is not constant: 2.00 a year in the first 6.0 months, 0.67 afterwards."]
    assert told(trial(arm=[0, 0, 1], died=[0.2, 0.3, 0.4], end=0.4)) == []


def test_competing_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of both arms, where they are more than a fiftieth."""
    split(monkeypatch, 0.0, 0.0)
    amputation = Endpoint(name="e", outcome="major_amputation", test="logrank")
    for patients, said in ((25, ["A competing event comes first in 4%."]), (50, [])):
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


@pytest.mark.parametrize(("lost", "said"), [(2, []), (3, ["3% are lost to follow-up."])])
def test_losses(lost: int, said: list[str]) -> None:
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
    assert told(trial(arm=[0, 1]), pairs) == ["The formula's variance is approximate and tends to be too large."]


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
    missing = "Only the living with a limb are measured: {} of the control arm, {} of the other."
    assert told(measured([1.0, 3.0, np.nan, np.nan], [5.0, 7.0], endpoint.outcome), endpoint) == [
        missing.format("50%", "100%")
    ]
    assert told(measured([1.0, 3.0], [5.0, 7.0, np.nan], endpoint.outcome), endpoint) == [missing.format("100%", "67%")]
    spread = "The standard deviation differs: {:.1f} and {:.1f}, a mixture of responders and others."
    assert told(measured([1.0, 3.0], [5.0, 9.0], endpoint.outcome), endpoint) == [spread.format(1.0, 2.0)]
    assert told(measured([1.0, 5.0], [5.0, 7.0], endpoint.outcome), endpoint) == [spread.format(2.0, 1.0)]
    assert told(measured([0.0, 2.0], [0.0, 2.2], endpoint.outcome), endpoint) == []


def test_a_fiftieth_of_missing_measurements() -> None:
    """Is not worth a reason, a little more is."""
    values = [1.0, 3.0] * 49
    assert told(measured([*values, np.nan, 2.0], values), AT_SIX) == []
    assert len(told(measured([*values, np.nan, np.nan, np.nan], values), AT_SIX)) == 1
