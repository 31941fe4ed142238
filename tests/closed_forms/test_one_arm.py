"""The calculators of one arm, by hand: binomial tails of a few patients."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.questions.samplesize import one_arm as module
from simulator.questions.samplesize.answer import Note
from simulator.questions.samplesize.one_arm import single_arm, two_stage
from simulator.statistics.sizes import exact_binomial, simon

USUAL = {"alpha": 0.05, "power": 0.85}


def test_the_power_of_so_many_patients() -> None:
    """Five of five reject a half (1/32 below 5%), with 0.8 to the fifth of power: twelve of whom half are lost are six."""
    found = single_arm({**USUAL, "p0": 0.5, "p1": 0.8, "n": 11.0, "lost": 0.5})
    assert found.table.to_dict("records") == [
        {"method": "exact binomial", "patients": 11.0, "evaluable": 5, "reject_from": 5}
        | {"power": pytest.approx(0.8**5), "citation": module.CLOPPER}
    ]
    assert found.design == "single-arm" and found.detail is None
    assert found.notes == (Note("exact_binomial", p0=0.5, p1=0.8, alpha=0.05),)
    assert found.curve["patients"].tolist() == list(range(2, 20))
    assert found.curve.set_index("patients")["power"][5] == pytest.approx(0.8**5)
    assert set(found.curve["method"]) == {"exact binomial"}
    assert single_arm({**USUAL, "p0": 0.5, "p1": 0.8, "n": 9}).curve["patients"].tolist() == list(range(4, 24))
    assert single_arm({**USUAL, "p0": 0.5, "p1": 0.8, "n": 3}).curve["patients"].iloc[0] == 2


def test_a_rate_that_is_to_fall() -> None:
    """A half against a fifth is a half of the opposite against four fifths."""
    found = single_arm({**USUAL, "p0": 0.5, "p1": 0.2, "n": 5})
    assert found.table["power"].tolist() == [pytest.approx(0.8**5)]
    assert found.notes == (Note("exact_binomial", p0=0.5, p1=0.2, alpha=0.05), Note("falls_single"))
    low = single_arm({**USUAL, "p0": 0.9, "p1": 0.4, "n": 2})
    assert low.table[["reject_from", "power"]].to_numpy().tolist() == [[2, pytest.approx(0.6**2)]]


@pytest.fixture
def sized(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Five patients reach the power first and eight for good; what is asked for sizes is kept."""
    asked: list[Any] = []

    def size(*given: float) -> Any:
        asked.append(given)
        return SimpleNamespace(first=5, stable=8, table=lambda: "the sawtooth")

    monkeypatch.setattr(exact_binomial, "single_arm_size", size)
    return asked


def test_sizes_of_a_power(sized: list[Any]) -> None:
    """Five and eight, 6.25 and 10 of whom a fifth is lost; the curve goes from half of the first on."""
    found = single_arm({**USUAL, "p0": 0.5, "p1": 0.8, "lost": 0.2})
    assert sized == [(0.5, 0.8, 0.05, 0.85)]
    table = found.table
    assert table["method"].tolist() == ["first n that reaches the power", "n from which on every n does"]
    assert table["patients"].tolist() == [7, 10] and table["evaluable"].tolist() == [5, 8]
    assert table["reject_from"].tolist() == [5, 7]
    assert table["power"].to_numpy() == pytest.approx([0.8**5, 0.8**8 + 8 * 0.2 * 0.8**7])
    assert set(table["citation"]) == {module.CLOPPER}
    assert found.design == "single-arm" and found.detail == "the sawtooth"  # type: ignore[comparison-overlap]
    assert found.curve["patients"].tolist() == list(range(2, 23))
    assert found.curve["power"].to_numpy() == pytest.approx(exact_binomial.power(np.arange(2, 23), 0.5, 0.8, 0.05))
    assert [note["name"] for note in found.notes] == ["exact_binomial"]


def test_a_large_first_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of nine, rounded down, begins the curve; a size of three begins it at two."""
    for first, begin in ((9, 4), (3, 2)):
        size = SimpleNamespace(first=first, stable=10, table=lambda: None)
        monkeypatch.setattr(exact_binomial, "single_arm_size", lambda *_, size=size: size)
        assert single_arm({**USUAL, "p0": 0.5, "p1": 0.8}).curve["patients"].iloc[0] == begin


@pytest.mark.parametrize("change", [{}, {"p0": 0.49}, {"p1": 0.71}, {"alpha": 0.04}, {"power": 0.86}])
def test_the_founding_study_is_recognised(sized: list[Any], change: dict[str, float]) -> None:
    """By all four of its numbers."""
    found = single_arm({**USUAL, "p0": 0.5, "p1": 0.7, **change})
    assert ("founding_study" in [note["name"] for note in found.notes]) is not bool(change)


DESIGNS = (
    SimpleNamespace(kind="optimal", n1=2, r1=0, n=4, r=2, alpha=0.11, power=0.8, early_stop=0.3, expected_n=3.5),
    SimpleNamespace(kind="minimax", n1=1, r1=0, n=3, r=1, alpha=0.12, power=0.81, early_stop=0.4, expected_n=2.5),
)


@pytest.mark.parametrize(("p0", "p1", "falls"), [(0.2, 0.5, False), (0.8, 0.5, True)])
def test_two_stages(monkeypatch: pytest.MonkeyPatch, p0: float, p1: float, falls: bool) -> None:
    """Both designs with what they cost where the drug does nothing; of four patients a tenth lost, five enter."""
    asked: list[Any] = []
    monkeypatch.setattr(simon, "two_stage", lambda *given: asked.append(given) or DESIGNS)
    found = two_stage({**USUAL, "p0": p0, "p1": p1, "lost": 0.1})
    assert asked == [(pytest.approx(0.2), 0.5, 0.05, 0.85)]
    first, second = found.table.to_dict("records")
    assert first | {"citation": ""} == {
        **{"method": "optimal", "patients": 5, "n1": 2, "r1": 0, "n": 4, "r": 2, "actual_alpha": 0.11, "power": 0.8},
        **{"early_stop_if_p0": 0.3, "expected_n_if_p0": 3.5, "citation": ""},
    }
    assert second["patients"] == 4 and "Simon R. Control Clin Trials 1989" in second["citation"]
    assert found.design == "simon" and found.detail is None
    assert [note["name"] for note in found.notes] == ["two_stages", *(["falls_two_stage"] if falls else [])]
    curve = found.curve[found.curve["method"] == "minimax"]
    assert curve["true_rate"].to_numpy() == pytest.approx(np.linspace(0.05, 0.65, 61))
    # One of one, and then one of two at least.
    rate = curve["true_rate"].to_numpy()
    assert curve["power"].to_numpy() == pytest.approx(rate * (1.0 - (1.0 - rate) ** 2))
    assert len(found.curve) == 122


def test_rates_stay_between_none_and_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """A curve that would leave them ends there; whole sizes but for the last digit are not rounded up."""
    monkeypatch.setattr(simon, "two_stage", lambda *_: DESIGNS)
    found = two_stage({**USUAL, "p0": 0.1, "p1": 0.9, "lost": 0.5})
    assert (found.curve["true_rate"].min(), found.curve["true_rate"].max()) == (0.0, 1.0)
    assert found.table["patients"].tolist() == [8, 6]
    assert two_stage({**USUAL, "p0": 0.1, "p1": 0.9}).table["patients"].tolist() == [4, 3]
    assert two_stage({**USUAL, "p0": 0.1, "p1": 0.9, "lost": 1e-8}).table["patients"].tolist() == [5, 4]
    assert two_stage({**USUAL, "p0": 0.1, "p1": 0.9, "lost": 1e-10}).table["patients"].tolist() == [4, 3]


def test_whole_single_arm_sizes_are_not_rounded_up(sized: list[Any]) -> None:
    """Five and a billionth are five, and a little more are six."""
    for lost, patients in ((1e-10, [5, 8]), (1e-8, [6, 9])):
        found = single_arm({**USUAL, "p0": 0.5, "p1": 0.8, "lost": lost})
        assert found.table["patients"].tolist() == patients
