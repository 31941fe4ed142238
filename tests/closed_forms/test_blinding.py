"""Who knows the arm, and what knowing changes, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from simulator.questions.trial.design.blinding import (
    SHAM,
    Blinding,
    blinding_faults,
    decision_ratio,
    knowledge_of,
    reports_walking,
    sham_faults,
    withdrawal_ratio,
)


class Numbers(NamedTuple):
    """What the rules of blinding read, as compiled code can."""

    known_control_amputation_hr: float = 1.2
    known_control_withdrawal_hr: float = 2.0
    expected_walking_report: float = 0.1


NUMBERS = Numbers()


def design(
    blinding: Blinding | None = None, arms: tuple[tuple[str, int], ...] = (("a", 1), ("b", 2)), **more: Any
) -> Any:
    """Arms by name and share."""
    made = [SimpleNamespace(name=name, allocation=share, policy=name) for name, share in arms]
    return SimpleNamespace(blinding=blinding, arms=made, **({"crossover": None, "stated": ()} | more))


def test_only_a_known_control_is_treated_differently() -> None:
    """A ratio of 1.2 for decisions and 2 for leaving, for a control patient whose arm is known."""
    for ratio, value in ((decision_ratio, 1.2), (withdrawal_ratio, 2.0)):
        assert [ratio(c, k, NUMBERS) for c, k in ((1.0, True), (1.0, False), (0.0, True), (0.0, False))] == [
            value,
            1,
            1,
            1,
        ]


def test_reports_follow_what_people_believe() -> None:
    """Sure of treatment 10%; told a chance of 60%, 6%; sure of none, none."""
    for control, known, limit in ((0.0, True, 0.1), (0.0, False, 0.06), (1.0, False, 0.06), (1.0, True, 0.0)):
        assert not reports_walking(control, known, 0.6, NUMBERS, limit)
        assert reports_walking(control, known, 0.6, NUMBERS, limit - 1e-9)


def test_what_is_hidden_unless_somebody_says_otherwise() -> None:
    """Nothing comes out by default, and the therapy that does nothing is called sham."""
    assert Blinding(hidden_from="everybody").found_out == 0.0 and SHAM == "sham"


def test_who_knows() -> None:
    """Nobody told, all know; patients blind, surgeons know; both blind; the control is the first arm unless it is named."""
    plain = knowledge_of(design())
    assert (plain.patients, plain.surgeons, plain.chance, plain.control.tolist()) == (0.0, 0.0, 0.0, [0.0, 0.0])
    for hidden, knows in (("nobody", (1.0, 1.0)), ("patients", (0.2, 1.0)), ("everybody", (0.2, 0.2))):
        found = knowledge_of(design(Blinding(hidden_from=hidden, found_out=0.2)))
        assert (found.patients, found.surgeons) == knows
        assert found.control.tolist() == [1.0, 0.0] and found.chance == pytest.approx(2 / 3)
    second = knowledge_of(design(Blinding(hidden_from="nobody", control="b")))
    assert second.control.tolist() == [0.0, 1.0] and second.chance == pytest.approx(1 / 3)
    one = knowledge_of(design(Blinding(hidden_from="nobody"), (("a", 1),)))
    assert one.control.tolist() == [0.0] and one.chance == 1.0


@pytest.mark.parametrize(
    ("blinding", "changed", "keys"),
    [
        (None, {"stated": (1,)}, []),
        (Blinding(hidden_from="nobody"), {}, []),
        (Blinding(hidden_from="everybody", found_out=0.1, control="b"), {}, []),
        (Blinding(hidden_from="nobody", control="c"), {}, ["blinding.control"]),
        (Blinding(hidden_from="nobody", found_out=0.1), {}, ["blinding.found_out"]),
        (Blinding(hidden_from="patients"), {"arms": (("a", 1),)}, ["blinding.hidden_from"]),
        (Blinding(hidden_from="nobody"), {"arms": (("a", 1),)}, []),
        (Blinding(hidden_from="patients"), {"crossover": 1}, ["blinding.hidden_from"]),
        (Blinding(hidden_from="nobody"), {"crossover": 1}, []),
        (Blinding(hidden_from="patients"), {"stated": (1,)}, ["blinding"]),
    ],
)
def test_what_cannot_be_blind(blinding: Blinding | None, changed: dict[str, Any], keys: list[str]) -> None:
    """Nobody's arm, nothing to find out, one arm, patients who cross over, and stated rates."""
    assert [key for key, _, _ in blinding_faults(design(blinding, **changed))] == keys


@pytest.mark.parametrize(
    ("hidden", "treating", "shams", "keys"),
    [
        ("everybody", {"a", "b"}, {"a"}, []),
        ("patients", {"b"}, set(), ["arms.a.policy"]),
        ("nobody", {"a", "b"}, {"a"}, ["arms.a.policy"]),
        ("nobody", {"b"}, set(), []),
        (None, {"a", "b"}, {"b"}, ["arms.b.policy"]),
    ],
)
def test_shams(hidden: Any, treating: set[str], shams: set[str], keys: list[str]) -> None:
    """Blind patients are all given something; a sham is given only to the blind."""
    blinding = None if hidden is None else Blinding(hidden_from=hidden)
    assert [key for key, _, _ in sham_faults(design(blinding), treating, shams)] == keys
