"""Trials that have been carried out, kept piece by piece: what names a piece, and that it comes back."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.questions.trial.simulation import finished as module
from simulator.questions.trial.simulation.finished import FinishedTrials


def truth(**changed: Any) -> Any:
    """The numbers of a truth; parameters of some trials from a first one on."""
    usual = {
        "name": "scenario",
        "params_of": lambda first, trials: np.arange(first, first + trials, dtype=float),
        "policies": np.zeros(2),
        "arm_policy": np.array([0, 1]),
        "crossover": (1.0, 2.0),
        "stated": None,
        "at_margin": False,
        "changes": (),
    }
    return SimpleNamespace(**usual | changed)


def change(arm: int = 1, ratio: float = 0.5, shift: float = 0.0, times: Any = None, hazard: Any = None) -> Any:
    """What makes an arm better or worse."""
    return ((arm, SimpleNamespace(ratio=ratio, shift=shift, times=times, hazard=hazard)),)


def conduct(**changed: Any) -> Any:
    """A design at one size, with one boundary."""
    usual = {"design": "design", "marked": "marks", "whole": (10.0,), "described": True, "planned": np.array([0.5])}
    usual |= {"plan": "plan", "upper": np.array([2.0, 1.0]), "lower": np.array([0.0, 1.0]), "hospitals": ""}
    own = SimpleNamespace(**usual | changed)
    bounds = SimpleNamespace(plan=own.plan, upper=own.upper, lower=own.lower)
    return SimpleNamespace(
        design=SimpleNamespace(model_dump_json=lambda: own.design, hospitals=own.hospitals),
        rule=SimpleNamespace(planned=own.planned, boundaries=[bounds]),
        **{name: getattr(own, name) for name in ("marked", "whole", "described")},
    )


def test_what_names_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that decides its trials."""
    monkeypatch.setattr(module, "hospitals_in", lambda design: design.hospitals)

    def name(family: str = "f", first: int = 0, last: int = 4, of: Any = None, conducts: Any = None) -> str:
        return FinishedTrials(Path(), family).key(of or truth(), conducts or [conduct()], first, last)

    plain, times = name(), np.array([0.5])
    found = [
        plain,
        *(name(**own) for own in ({"family": "g"}, {"first": 1}, {"last": 5})),
        *(
            name(of=truth(**own))
            for own in (
                {"name": "null"},
                {"params_of": lambda first, trials: np.arange(first, first + trials + 1, dtype=float)},
                {"policies": np.ones(2)},
                {"arm_policy": np.array([1, 0])},
                {"crossover": (1.0, 3.0)},
                {"stated": "laws"},
                {"at_margin": True},
                *(
                    {"changes": change(**one)}
                    for one in (
                        {},
                        {"arm": 2},
                        {"ratio": 0.6},
                        {"shift": 1.0},
                        {"times": times},
                        {"hazard": times + 1.0},
                    )
                ),
            )
        ),
        *(
            name(conducts=[conduct(**own)])
            for own in (
                *(
                    {"design": "other"},
                    {"marked": "other"},
                    {"whole": (11.0,)},
                    {"described": False},
                    {"plan": "other"},
                ),
                *({"planned": np.array([0.6])}, {"upper": np.array([2.0, 1.5])}, {"lower": np.array([0.5, 1.0])}),
                {"hospitals": "other"},
            )
        ),
        name(conducts=[conduct(), conduct()]),
    ]
    assert len(set(found)) == len(found) and name() == plain


def test_parameters_are_those_of_the_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first one on, as many as the piece has."""
    monkeypatch.setattr(module, "hospitals_in", lambda design: "")
    asked: list[Any] = []
    of = truth(params_of=lambda *given: asked.append(given) or np.zeros(1))
    FinishedTrials(Path(), "f").key(of, [conduct()], 8, 12)
    assert asked == [(8, 4)]


def test_results_come_back(tmp_path: Path) -> None:
    """A table for each size, by its own columns; what was never kept is not there."""
    kept = FinishedTrials(tmp_path / "work", "f")
    tables = [{"power|1": np.array([1.0, 0.0]), "size": np.array([3])}, {"size": np.array([4])}]
    assert kept.read("k", 2) is None
    kept.write("k", tables)
    found = kept.read("k", 3)
    assert found is not None and [{name: list(values) for name, values in table.items()} for table in found] == [
        {"power|1": [1.0, 0.0], "size": [3]},
        {"size": [4]},
        {},
    ]


def test_the_pieces_of_an_output_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lie beside it under a name of their own, by sources, scenario and seed."""
    monkeypatch.setattr(module, "running_code", lambda: "code")

    def of(scenario: str = "s", seed: int = 1) -> FinishedTrials:
        return FinishedTrials.beside(Path("out"), SimpleNamespace(hash=scenario), seed)  # type: ignore[arg-type]

    plain = of()
    assert plain.folder == Path("out") / f"work-{plain.family}" and len(plain.family) == 16
    others = {plain.family, of("other").family, of(seed=2).family}
    monkeypatch.setattr(module, "running_code", lambda: "other")
    assert len(others | {of().family}) == 4
