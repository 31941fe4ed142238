"""What a calculator makes of its formulas: sizes rounded up, powers, the curve, and what makes a trial larger."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from simulator.questions.samplesize import answer as module
from simulator.questions.samplesize.answer import Note, answered, as_options, inflation, option
from simulator.statistics.sequential import boundary_search
from simulator.statistics.sequential.stopping_plan import Plan
from simulator.statistics.sizes.formula import Formula
from simulator.words.errors import BadInput, Problem

HUNDREDS = Formula("plain", "Somebody 2001", lambda power: 100.0 * power, lambda n: n / 1000.0)
"""A hundred patients for certainty, and a power of a thousandth for each."""
GIVEN = {"alpha": 0.025, "power": 0.9, "ratio": 1.0}


def test_inputs_are_told_as_options() -> None:
    """Those of a design by the option that gave them; a problem of a file stays."""
    own, other = Problem("design", "members", "0", "1 or more"), Problem("mine.toml", "correlation_within", "2", "less")
    assert as_options([own, other]) == [Problem("command line", "--cluster-size", "0", "1 or more"), other]
    assert [option(name) for name in ("correlation_within", "hazard_ratio", "sd")] == [
        "--icc",
        "--hazard-ratio",
        "--sd",
    ]


def test_a_note_is_a_name_with_numbers() -> None:
    """As the tables of facts have it."""
    assert Note("lost", share=0.2) == {"name": "lost", "share": 0.2}


def test_a_plain_trial_is_not_inflated() -> None:
    """One look and one limb to a patient."""
    assert inflation(GIVEN) == (1.0, [])


def test_looks_and_clusters_multiply(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two looks cost a tenth; of three limbs to a person with correlation a half, two in three tell something new."""
    asked: list[Any] = []

    def solve(plan: Plan, file: str) -> Any:
        asked.append((plan, file))
        return SimpleNamespace(inflation=1.1)

    monkeypatch.setattr(boundary_search, "solve", solve)
    looks = Note("looks", looks=2, boundary="ld-obf", factor=1.1)
    assert inflation({**GIVEN, "looks": 2.0}) == (1.1, [looks])
    assert asked == [(Plan((0.5, 1.0), 0.025, "ld-obf", power=0.9), "command line")]
    factor, notes = inflation({**GIVEN, "looks": 4, "boundary": "pocock", "members": 3.0, "correlation_within": 0.5})
    assert factor == pytest.approx(1.1 * 2.0 / 3.0)
    assert notes == [
        Note("looks", looks=4, boundary="pocock", factor=1.1),
        Note("clusters", members=3.0, within=0.5, effect=2.0, factor=2.0 / 3.0),
    ]
    assert asked[1][0] == Plan((0.25, 0.5, 0.75, 1.0), 0.025, "pocock", power=0.9)


TOGETHER = "a number; --cluster-size and --icc go together"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"boundary": "pocock"}, [("--boundary", "pocock", "only with --looks")]),
        ({"members": 3.0}, [("--icc", "missing", TOGETHER)]),
        (
            {"correlation_within": 0.1, "boundary": "pocock"},
            [("--boundary", "pocock", "only with --looks"), ("--cluster-size", "missing", TOGETHER)],
        ),
    ],
)
def test_half_of_what_goes_together(values: dict[str, Any], told: list[tuple[str, str, str]]) -> None:
    """A boundary without looks, a cluster without a correlation, a correlation without a cluster."""
    with pytest.raises(BadInput) as found:
        inflation({**GIVEN, **values})
    assert list(found.value.problems) == [Problem("command line", *each) for each in told]


def test_a_size_is_rounded_up_arm_by_arm() -> None:
    """Ninety patients are 30 and 60 where the other arm is twice the control; a tenth lost makes them 33.3 and 66.7."""
    found = answered("binary", [HUNDREDS], {**GIVEN, "ratio": 2.0}, [Note("first")])
    assert found.design == "binary" and found.detail is None
    assert found.table.to_dict("records") == [
        {"method": "plain", "patients": 90, "patients_arm_0": 30, "patients_arm_1": 60, "unrounded": 90.0}
        | {"citation": "Somebody 2001"}
    ]
    assert found.notes == (Note("first"), Note("one_sided", alpha=0.025))
    lost = answered("binary", [HUNDREDS], {**GIVEN, "ratio": 2.0, "lost": 0.1}, [])
    assert lost.table[["patients", "patients_arm_0", "patients_arm_1"]].to_numpy().tolist() == [[101, 34, 67]]
    assert lost.table["unrounded"].tolist() == [90.0]
    assert lost.notes == (Note("one_sided", alpha=0.025), Note("lost", share=0.1))


def test_what_is_whole_but_for_the_last_digit_is_not_rounded_up() -> None:
    """Thirty patients and a billionth are thirty."""
    assert module._rounded(HUNDREDS, 0.6 + 1e-12, "patients", 1.0, 0.0)["patients"] == 60
    assert module._rounded(HUNDREDS, 0.6 + 1e-8, "patients", 1.0, 0.0)["patients"] == 62
    assert module._rounded(HUNDREDS, 0.6 + 1e-12, "events", 1.0, 0.0)["events"] == 60
    found = module._rounded(HUNDREDS, 0.601, "events", 1.0, 0.0)
    assert found == {"events": 61, "unrounded": pytest.approx(60.1)}


def test_no_size_at_all() -> None:
    """Infinitely many are neither rounded nor shared out."""
    never = Formula("never", "", lambda _: math.inf, lambda _: 0.0)
    assert module._rounded(never, 0.9, "patients", 1.0, 0.0) == {"patients": math.inf, "unrounded": math.inf}


def test_a_power_is_that_of_those_who_stay() -> None:
    """Of 500 a fifth is lost: four hundred thousandths. The curve still has the sizes that are to enter."""
    found = answered("means", [HUNDREDS], {**GIVEN, "n": 500.0, "lost": 0.2}, [])
    assert found.table.to_dict("records") == [
        {"method": "plain", "patients": 500.0, "power": pytest.approx(0.4), "citation": "Somebody 2001"}
    ]
    assert list(found.curve) == ["method", "patients", "power"] and set(found.curve["method"]) == {"plain"}
    assert found.curve["patients"].to_numpy() == pytest.approx(125.0 * found.curve["power"].to_numpy())
    assert found.curve["power"].to_numpy() == pytest.approx([0.5 + 0.01 * k for k in range(49)])


def test_a_curve_begins_above_alpha_and_leaves_exact_sizes_out() -> None:
    """A power of half is none at a level of half; sizes of an exact test jump."""
    exact = Formula("exact", "", lambda _: 7.0, lambda _: 0.9, exact=True)
    found = answered("binary", [HUNDREDS, exact], {**GIVEN, "alpha": float(module.POWERS[0])}, [])
    assert found.curve["power"].min() == pytest.approx(0.51) and set(found.curve["method"]) == {"plain"}
    assert found.table["method"].tolist() == ["plain", "exact"]


def test_every_size_of_a_trial_with_looks_is_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half as many again, in the table, the curve and the power."""
    monkeypatch.setattr(module, "inflation", lambda _: (1.5, [Note("looks")]))
    found = answered("means", [HUNDREDS], GIVEN, [Note("first")])
    assert found.table["unrounded"].tolist() == [135.0] and found.curve["patients"].iloc[0] == pytest.approx(75.0)
    assert [note["name"] for note in found.notes] == ["first", "looks", "one_sided"]
    assert answered("means", [HUNDREDS], {**GIVEN, "n": 300.0}, []).table["power"].tolist() == pytest.approx([0.2])


def test_nobody_is_lost_among_events() -> None:
    """A share that is lost says nothing where no patient is counted, not even that it is none."""
    events = Formula("events", "", lambda power: 10.0 * power, lambda n: n, counts="events")
    assert answered("survival", [events], GIVEN, []).table["events"].tolist() == [9]
    for lost in (0.0, 0.25):
        with pytest.raises(BadInput) as found:
            answered("survival", [events], {**GIVEN, "lost": lost}, [])
        (problem,) = found.value.problems
        assert (problem.file, problem.key, problem.value) == ("command line", "--lost", f"{lost:g}")
        assert problem.allowed.startswith("only where patients are counted: give --median-0")
