"""Intervals that the program prints hold the truth: a short form of `benchmarks/interval_coverage.py`, which asks all at length.

Those of sensitivity indices are in `test_sensitivity.py`, a hospital's own in the tests of the registry.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
REPEATS = 25


@pytest.fixture
def coverage(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmark, with smaller runs."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    module = importlib.import_module("interval_coverage")
    small = {"PEOPLE": 300, "MANY_PEOPLE": 40_000, "TRIALS": 150, "MANY_TRIALS": 6_000, "DRAWS": (1_000,)}
    small |= {"LIVED": 60, "MANY_LIVED": 1_500, "BEHIND": (-0.5,)}
    for name, value in small.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(module, "ADAPTATIONS", dict(list(module.ADAPTATIONS.items())[:1]))
    return module


@pytest.mark.parametrize("kind", ["lives", "trials", "decisions", "information", "assurance"])
def test_intervals_hold_the_truth(coverage: ModuleType, kind: str) -> None:
    """No interval of 95% misses more often in 25 runs than chance explains, and all together hold nine in ten."""
    lines = list(coverage.KINDS[kind](REPEATS))
    assert len(lines) >= 8
    assert coverage.failing(lines) == []
    assert sum(line.held for line in lines) >= 0.9 * sum(line.asked for line in lines)


def test_errors_of_half_the_size_would_fail(coverage: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with errors that are half as large as they are."""
    whole = coverage.value_coverage.decision

    def halved(*asked: object) -> object:
        found, truths = whole(*asked)
        return {name: (value, error / 2.0) for name, (value, error) in found.items()}, truths

    monkeypatch.setattr(coverage.value_coverage, "decision", halved)
    lines = list(coverage.decisions(REPEATS))
    assert coverage.failing(lines)
    assert sum(line.held for line in lines) < 0.9 * sum(line.asked for line in lines)
