"""Losses to follow-up, by hand."""

from __future__ import annotations

from math import inf
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from simulator.questions.trial.design.drop_out import DropOut, drop_out_faults, leaves_at


def test_when_somebody_leaves() -> None:
    """At 0.2 a year a budget of 0.1 lasts half a year; thrice as often until the limb heals at 0.1, then the rest."""
    assert leaves_at(0.1, 0.2, 1.0, inf) == pytest.approx(0.5)
    assert leaves_at(0.1, 0.2, 3.0, inf) == pytest.approx(1.0 / 6.0)
    assert leaves_at(0.1, 0.2, 3.0, 0.1) == pytest.approx(0.1 + 0.04 / 0.2)
    assert leaves_at(0.06, 0.2, 3.0, 0.1) == pytest.approx(0.1)
    assert leaves_at(0.1, 0.0, 3.0, 0.1) == inf


def test_rates_of_arms() -> None:
    """Their own, else the trial's, else the register's; multiplied as far as twenty a year."""
    own = DropOut(per_year=0.1, by_arm={"cells": 0.3})
    assert (own.rate_of("cells"), own.rate_of("control"), DropOut().rate_of("control")) == (0.3, 0.1, None)
    twice = own.times(2.0, 0.05)
    assert (twice.per_year, twice.by_arm["cells"]) == (0.2, 0.6)
    assert DropOut().times(2.0, 0.05).per_year == 0.1
    most = own.times(1e3, 0.05)
    assert (most.per_year, most.by_arm["cells"]) == (20.0, 20.0)


@pytest.mark.parametrize(
    ("key", "inside", "outside"),
    [("per_year", (0.0, 20.0), (-0.1, 20.1)), ("unhealed_ratio", (0.05, 20.0), (0.04, 20.1))],
)
def test_limits_of_rates(key: str, inside: tuple[float, float], outside: tuple[float, float]) -> None:
    """The limits themselves can be, what lies beyond them cannot."""
    for value in inside:
        assert getattr(DropOut(**{key: value}), key) == value
    for value in outside:
        with pytest.raises(ValidationError, match=key):
            DropOut(**{key: value})


@pytest.mark.parametrize(
    ("drop_out", "stated", "keys"),
    [
        (DropOut(per_year=0.1), (1,), []),
        (DropOut(by_arm={"cells": 0.1}), (), []),
        (DropOut(by_arm={"cell": 0.1}), (), ["drop_out.by_arm.cell"]),
        (DropOut(by_arm={"cells": 0.1}), (1,), ["drop_out"]),
        (DropOut(unhealed_ratio=2.0), (1,), ["drop_out"]),
        (DropOut(unhealed_ratio=2.0), (), []),
    ],
)
def test_what_cannot_be(drop_out: DropOut, stated: tuple[int, ...], keys: list[str]) -> None:
    """Arms that are not there; what stated rates do not know."""
    arms = [SimpleNamespace(name="control"), SimpleNamespace(name="cells")]
    design = SimpleNamespace(arms=arms, drop_out=drop_out, stated=stated)
    assert [key for key, _, _ in drop_out_faults(design)] == keys  # type: ignore[arg-type]
