"""Numbers that are drawn and read by nothing: refused, each with the nearest that is read."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from simulator.evidence.hospitals import FIELDS
from simulator.scenario.arrays import BY_VIEW
from simulator.valuation import unread
from simulator.valuation.unread import COMPOSED, check_numbers, named_in_code, unread_problems
from simulator.words.errors import BadInput
from simulator.words.vocabulary import ARTERIES, View


def number(name: str, low: float = 0.0, high: float = 1.0) -> Any:
    """A number between two limits."""
    return SimpleNamespace(name=name, limits=(low, high))


class Numbers(list[Any]):
    """A register of which only names and limits are looked at."""

    def __init__(self, *numbers: Any, of_therapies: frozenset[str] = frozenset()) -> None:
        super().__init__(each.name for each in numbers)
        self.parameters, self.of_therapies = numbers, of_therapies

    def names(self) -> list[str]:
        """Their names."""
        return list(self)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package names the healing rate and the amputation rate, and there is no posterior."""
    monkeypatch.setattr(unread, "named_in_code", lambda: frozenset({"healing_rate", "amputation_rate"}))
    monkeypatch.setattr(unread, "limits", lambda parameter: parameter.limits)
    monkeypatch.setattr(unread, "posterior_table", lambda: None)


def told(register: Any) -> list[tuple[str, str, str, str]]:
    """File, key, value and what is allowed of every problem."""
    return [(each.file, each.key, each.value, each.allowed) for each in unread_problems(register)]


def test_parameters_that_no_line_names() -> None:
    """Of those that vary; a fixed one is no spread, and those of therapies are read by their place."""
    register = Numbers(
        number("healing_rate"),
        number("healing_rates"),
        number("idle", 2.0, 2.0),
        number("pbmnc_rise"),
        of_therapies=frozenset({"pbmnc_rise"}),
    )
    assert told(register) == [
        (
            "calibration/register",
            "healing_rates",
            "drawn, but read by nothing",
            "a parameter that some rule reads; did you mean 'healing_rate'?",
        )
    ]
    # What stands in the code and not in the register is no help.
    assert told(Numbers(number("amputation_rates"), number("healing_rate")))[0][3].endswith("healing_rate")


def test_columns_of_the_posterior(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a parameter of the register."""
    table = pd.DataFrame({"healing_rate": [1.0], "heeling_rate": [2.0]})
    monkeypatch.setattr(unread, "posterior_table", lambda: table)
    monkeypatch.setattr(unread, "POSTERIOR", "posterior.csv")
    assert told(Numbers(number("healing_rate"))) == [
        ("calibration/posterior.csv", "heeling_rate", "drawn, but read by nothing", "did you mean 'healing_rate'?")
    ]


def checked(register: Any = None, **economics: Any) -> list[tuple[str, str, str, str]]:
    """What is wrong with an analysis of two policies; nothing where it may go on."""
    settings = SimpleNamespace(economics=SimpleNamespace(**{"focus": None, "two_way": None, **economics}))
    scenario: Any = SimpleNamespace(
        register=register or Numbers(number("healing_rate")),
        settings=settings,
        compare=("care", "cells"),
        reference="care",
        name="mine",
    )
    values: Any = SimpleNamespace(
        perspective=SimpleNamespace(prices=Numbers(number("kit"))),
        utility_set=SimpleNamespace(states=Numbers(number("ulcer"))),
    )
    try:
        check_numbers(scenario, values)
    except BadInput as bad:
        return [(each.file, each.key, each.value, each.allowed) for each in bad.problems]
    return []


def test_what_an_analysis_may_speak_of() -> None:
    """A policy beside the reference; clinical numbers, the share, the common utility, prices and states."""
    assert checked() == [] and checked(focus="cells") == []
    assert checked(two_way=("healing_rate", "kit")) == checked(two_way=("ulcer", "attributable_share")) == []
    assert checked(two_way=(unread.COMMON_UTILITY, unread.SHARE)) == []
    assert checked(focus="care") == [("mine: [economics]", "focus", "'care'", "one of cells")]
    ((file, key, value, allowed),) = checked(two_way=("kit", "kits"))
    assert (file, key, value, allowed) == ("mine: [economics]", "two_way", "'kits'", "did you mean 'kit'?")
    both = checked(Numbers(number("idle_rate")), focus="sells", two_way=("x", "y"))
    assert [key for _, key, _, _ in both] == ["idle_rate", "focus", "two_way", "two_way"]


def test_words_of_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those of every file but of what only tells and checks, and names that are put together."""
    monkeypatch.undo()
    files = {"rules/healing.py": "healing_rate = 1", "questions/value/a.py": "price_of(kit2)"}
    only_told = ("telling/words.py", "cli/app.py", "face/value.py", "questions/verify/book.py")
    for name, text in {**files, **dict.fromkeys(only_told, "only_told = 1")}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(unread, "PACKAGE", tmp_path)
    named_in_code.cache_clear()
    found = named_in_code()
    named_in_code.cache_clear()
    assert found - COMPOSED == {"healing_rate", "price_of", "kit2"}


def test_names_that_are_put_together() -> None:
    """Shares by view, arteries, and what stands for a hospital."""
    assert {"attributable_share_central", "attributable_share_sceptical"} <= COMPOSED
    assert all(f"{artery}_share" in COMPOSED for artery in ARTERIES) and {*FIELDS.values()} <= COMPOSED
    assert len(COMPOSED) == (len(BY_VIEW) + 1) * len(View) + len(ARTERIES) + len({*FIELDS.values()})
