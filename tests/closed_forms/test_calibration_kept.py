"""What a calibration keeps, tells and leaves behind, by hand."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from simulator.questions.calibrate import findings as telling
from simulator.questions.calibrate import work, written
from simulator.questions.calibrate.posterior import Effort
from simulator.questions.calibrate.work import SavedDesigns, work_key
from simulator.questions.calibrate.written import fitted_text, posterior_text, repr_text
from simulator.words.findings import Origin


def observed(shortest: float = 0.1, longest: float = 2.0, years: tuple[float, ...] = (1.0,)) -> Any:
    """How a cohort was followed."""
    return SimpleNamespace(shortest=shortest, longest=longest, follow_up_years=np.array(years))


def test_what_saved_blocks_belong_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources, inputs, how the cohort was followed, sizes and seed."""
    monkeypatch.setattr(work, "running_code", lambda: "code")
    first = dict.fromkeys(Effort.__dataclass_fields__, 1)

    def key(scenario: str = "s", data: Any = None, seed: int = 1, **sizes: int) -> str:
        return work_key(SimpleNamespace(hash=scenario), data or observed(), Effort(**first | sizes), seed)  # type: ignore[arg-type]

    name = next(iter(first))
    found = [
        *(
            key(),
            key("t"),
            key(seed=2),
            key(**{name: 2}),
            key(data=observed(shortest=0.2)),
            key(data=observed(longest=3.0)),
        ),
        key(data=observed(years=(1.0, 2.0))),
    ]
    monkeypatch.setattr(work, "running_code", lambda: "other")
    assert len({*found, key()}) == 8 and all(len(each) == 16 for each in found)


class Cohort:
    """A cohort whose statistics are its points, and how many of them were simulated at a time."""

    asked: ClassVar[list[Any]] = []

    def __init__(self, *given: Any) -> None:
        self.given = given

    def design(self, values: Any) -> Any:
        """The statistics of some points."""
        Cohort.asked.append((*self.given, len(values)))
        return 2.0 * values


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Designs in blocks of two, and how far they are."""
    Cohort.asked = []
    monkeypatch.setattr(work, "FoundingCohort", Cohort)
    monkeypatch.setattr(work, "BLOCK", 2)
    prior: Any = SimpleNamespace(values=lambda z: z + 1.0, names=("a", "b", "c"))
    told: list[Any] = []
    own = SavedDesigns(tmp_path, "scenario", "data", prior, 7, lambda *done: told.append(done))  # type: ignore[arg-type]
    return own, told


def test_blocks_are_simulated_once(saved: Any) -> None:
    """Three points are two blocks; the same points of as many patients are read, those of others are not."""
    own, told = saved
    z = np.arange(6.0).reshape(3, 2)
    assert own("first", z, 100).tolist() == (2.0 * (z + 1.0)).tolist()
    assert Cohort.asked == [("scenario", "data", 100, 7, 2), ("scenario", "data", 100, 7, 1)]
    assert told == [("first", 2, 3), ("first", 3, 3)]
    again = own("second", z, 100)
    assert again.tolist() == (2.0 * (z + 1.0)).tolist() and again.dtype == np.float64 and len(Cohort.asked) == 2
    own("third", z[:2], 101)
    own("third", z[:2].reshape(1, 4), 100)
    assert len(Cohort.asked) == 4


def test_compiling_is_done_before(saved: Any) -> None:
    """With two patients at one point in the middle of the prior."""
    own, told = saved
    own.compile()
    assert Cohort.asked == [("scenario", "data", 2, 7, 1)] and told == []


def test_a_block_has_two_hundred_points() -> None:
    """So that what is lost is little."""
    assert work.BLOCK == 200


def posterior(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Two draws of a parameter, and its point."""
    monkeypatch.setattr(written, "point_of", lambda _: {"a": 0.123456789, "b": 2.0})
    monkeypatch.setattr(written, "table_of", lambda _: {"a": [0.123456789, 1.0], "b": [2.0, 3e-7]})
    return "posterior"


def test_fitted_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five digits, under what they come from."""
    text = fitted_text(posterior(monkeypatch), {"on": 'a "day"\\', "draws": 5, "error": 0.25})
    assert text.startswith("# Written by `clti calibrate`; do not edit.") and text.endswith("b = 2.0\n")
    assert tomllib.loads(text) == {
        "provenance": {"on": 'a "day"\\', "draws": 5, "error": 0.25},
        "values": {"a": 0.12346, "b": 2.0},
    }
    assert repr_text('a"\\') == '"a\\"\\\\"'


def test_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row each, six digits, and no number of rows."""
    assert posterior_text(posterior(monkeypatch)) == "a,b\n0.123457,2\n1,3e-07\n"


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A register whose names have labels; tables are told by what they were made of."""
    for name in ("movement", "densities", "correlations"):
        monkeypatch.setattr(telling, name, lambda *given, name=name: (name, *given))
    arms = [SimpleNamespace(source="arm one"), SimpleNamespace(source="arm two")]
    contrasts = {"c": SimpleNamespace(source="trial", arms=arms)}
    monkeypatch.setattr(telling, "load_targets", lambda: (SimpleNamespace(source="study"), contrasts))
    monkeypatch.setattr(telling, "references", lambda keys, sources: (sorted(keys), sources))

    class Register(dict[str, Any]):
        sources = "sources"

    return Register(a=SimpleNamespace(label="A"), b=SimpleNamespace(label="B"))


ORIGIN = Origin({"file": b"x"}, 3, {"draws": 5}, ({"name": "a"},))
TARGETS = pd.DataFrame({"inside": [True, False, False]})


def test_a_check_alone(register: Any) -> None:
    """What was aimed at and how many of those are missed; the publications behind it."""
    found = telling.findings(register, TARGETS, TARGETS[:1], None, origin=ORIGIN, end_known=False)
    assert list(found.tables) == ["targets", "predictive"] and found.tables["predictive"].shape == (1, 1)
    assert dict(found.facts) == {
        **{"outside": 2, "targets": 3, "end_known": False, "moved_below": telling.MOVED},
        **{"references": (["arm one", "arm two", "study", "trial"], "sources"), "changes": [{"name": "a"}]},
    }
    assert (found.question, found.inputs, found.seed, found.settings) == ("calibrate", {"file": b"x"}, 3, {"draws": 5})
    assert found.files == {}


def test_a_whole_fit(register: Any) -> None:
    """Draws with their labels, coverage by outcome, and how good the fit is."""
    draws = pd.DataFrame({"b": [1.0], "a": [2.0]})
    recovered = pd.DataFrame({"outcome": ["y", "x", "y"], "inside": [True, False, False]})
    fit: Any = SimpleNamespace(chosen=np.arange(7), effective=4.6, surface_error=0.25)
    found = telling.findings(
        register, TARGETS, TARGETS, draws, origin=ORIGIN, recovered=recovered, posterior=fit, files={"f": "text"}
    )
    assert found.tables["movement"] == ("movement", register, draws) and found.tables["coverage"] is recovered
    assert found.tables["densities"] == ("densities", register, draws)
    assert found.tables["correlations"] == ("correlations", draws)
    assert found.facts["labels"] == {"parameter": {"b": "B", "a": "A"}} and found.facts["end_known"] is True
    assert found.facts["recovered"] == [{"outcome": "y", "inside": 1, "of": 2}, {"outcome": "x", "inside": 0, "of": 1}]
    assert found.facts["fit"] == {"draws": 7, "effective": 5, "surface_error": 0.25} and found.files == {"f": "text"}
