"""Which inputs each calculator takes, and what is said of those that it does not."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.questions.samplesize import calculator as module
from simulator.questions.samplesize.calculator import ANSWERS, DESIGNS, ONE_ARM, SHARED, calculate, takes_of
from simulator.words.errors import BadInput, Problem

ASKED = {
    "survival": {"hazard_ratio": 0.7},
    "binary": {"p0": 0.3, "p1": 0.2},
    "means": {"sd": 2.0, "difference": 1.0},
    "win-ratio": {"win_ratio": 1.5, "ties": 0.1},
    "single-arm": {"p0": 0.3, "p1": 0.5},
    "simon": {"p0": 0.3, "p1": 0.5},
}


@pytest.fixture(autouse=True)
def echoed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each calculator answers with its name and what it was given."""
    for name in DESIGNS:
        monkeypatch.setitem(ANSWERS, name, lambda values, name=name: (name, dict(values)))


def problems(design: str, **given: Any) -> list[Problem]:
    """All that is wrong with what is asked."""
    with pytest.raises(BadInput) as found:
        calculate(design, given)
    return list(found.value.problems)


@pytest.mark.parametrize("design", DESIGNS)
def test_what_is_not_stated_is_usual(design: str) -> None:
    """One-sided 2.5% and 90% for two arms of equal size, 5% for one arm; what is None was not given."""
    usual: dict[str, Any] = {"alpha": 0.025, "power": 0.9, "ratio": 1.0}
    if design in ("single-arm", "simon"):
        usual = {"alpha": 0.05, "power": 0.85 if design == "single-arm" else 0.8}
    asked = {**ASKED[design], "lost": None, "sd": ASKED[design].get("sd")}
    assert calculate(design, asked) == (design, {**usual, **ASKED[design]})
    stated = {**ASKED[design], "alpha": 0.01, "power": 0.7, "lost": 0.1}
    assert calculate(design, stated)[1] == {**usual, **stated}  # type: ignore[index]


def test_a_ratio_of_arms_that_is_stated_stays() -> None:
    """Only where two are there."""
    assert calculate("binary", {**ASKED["binary"], "ratio": 2.0})[1]["ratio"] == 2.0  # type: ignore[index]
    (told,) = problems("simon", **ASKED["simon"], ratio=2.0)
    assert told == Problem("command line", "--ratio", "2", "only with survival, binary, means, win-ratio")


def test_each_input_is_known_to_the_designs_that_take_it() -> None:
    """A number of patients asks for a power, which Simon's designs do not give."""
    assert takes_of("single-arm") == ("p0", "p1", *ONE_ARM)
    assert takes_of("simon") == ("p0", "p1", "alpha", "power", "lost")
    assert takes_of("means") == ("sd", "difference", "correlation", "aim", "margin", *SHARED)
    (told,) = problems("simon", **ASKED["simon"], n=30)
    assert told == Problem("command line", "--n", "30", "only with survival, binary, means, win-ratio, single-arm")
    (told,) = problems("binary", **ASKED["binary"], hazard_0="0.2:1,0.1")
    assert told == Problem("command line", "--hazard-0", "0.2:1,0.1", "only with survival")


def test_what_is_missing() -> None:
    """What a design needs, and for superiority its effect, too; with a margin no difference is meant."""

    def told(name: str, design: str) -> Problem:
        return Problem("command line", f"--{name}", "missing", f"a number, which {design} needs")

    assert problems("binary") == [told("p0", "binary"), told("p1", "binary")]
    assert problems("means", difference=1.0) == [told("sd", "means")]
    found = calculate("binary", {"p0": 0.3, "aim": "equivalence", "margin": 0.1})
    assert found[1]["p0"] == 0.3 and "p1" not in found[1]  # type: ignore[index]
    assert problems("binary", aim="equivalence", margin=0.1) == [told("p0", "binary")]


def test_a_power_is_asked_for_or_given() -> None:
    """Not both; the number of patients alone is fine."""
    assert calculate("binary", {**ASKED["binary"], "n": 100.0})[1]["n"] == 100.0  # type: ignore[index]
    told = Problem("command line", "--power", "0.8", "nothing with --n, which asks for it")
    assert problems("binary", **ASKED["binary"], n=100.0, power=0.8) == [told]


MARGIN = "a number with --aim non-inferiority or equivalence, and only then"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"margin": 0.1}, ("--margin", "0.1", MARGIN)),
        ({"aim": "superiority", "margin": "0.1"}, ("--margin", "0.1", MARGIN)),
        ({"aim": "equivalence"}, ("--margin", "missing", MARGIN)),
        ({"aim": "non-inferiority"}, ("--margin", "missing", MARGIN)),
        ({"aim": "equivalance", "margin": 0.1}, ("--aim", "'equivalance'", "'equivalence'")),
    ],
)
def test_an_aim_and_its_margin(given: dict[str, Any], told: tuple[str, str, str]) -> None:
    """Both, or superiority without; an aim that is none."""
    (found,) = problems("binary", **{**ASKED["binary"], **given})
    assert (found.file, found.key, found.value) == ("command line", *told[:2])
    assert told[2] in found.allowed


def test_numbers_are_held_to_their_ranges() -> None:
    """Numbers, and not text in pieces; all faults at once, as options."""
    found = problems("survival", hazard_ratio=-1.0, median_0=0.0, power=1.5, ratio=0.0)
    assert [(each.file, each.key, each.value) for each in found] == [
        ("command line", "--power", "1.5"),
        ("command line", "--hazard-ratio", "-1"),
        ("command line", "--median-0", "0"),
        ("command line", "--ratio", "0"),
    ]
    assert calculate("survival", {"hazard_0": "0.2:1,0.1", "hazard_1": 0.1})[1]["hazard_0"] == "0.2:1,0.1"  # type: ignore[index]


def test_an_unknown_design() -> None:
    """The one that was meant is offered."""
    (found,) = problems("survivl")
    assert (found.file, found.key, found.value) == ("command line", "design", "'survivl'")
    assert "survival" in found.allowed


def test_faults_that_a_calculator_finds_are_told_as_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the error that they came from."""

    def refuse(_: Any) -> Any:
        raise BadInput([Problem("design", "hazard_ratio", "1", "another")])

    monkeypatch.setitem(ANSWERS, "binary", refuse)
    assert problems("binary", **ASKED["binary"]) == [Problem("command line", "--hazard-ratio", "1", "another")]


def test_every_design_has_its_calculator() -> None:
    """By the same name."""
    assert list(module.ANSWERS) == list(DESIGNS)
