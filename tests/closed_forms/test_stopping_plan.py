"""What can be wrong with a group-sequential plan, limit by limit, and its futility rules in words."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from simulator.statistics.sequential.spending import Spending
from simulator.statistics.sequential.stopping_plan import KINDS, TRIANGLE, Futility, Plan, in_words
from simulator.words.errors import Problem

TWO = Plan((0.5, 1.0), power=0.9)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (None, "none"),
        (Futility("z", z=(0.5, -0.25)), "z below 0.5, -0.25, not binding"),
        (Futility("conditional-power", binding=True), "conditional power below 0.1 under the trend, binding"),
        (Futility("beta", Spending("hsd")), "beta spending hsd, not binding"),
        (TRIANGLE, "the lower side of the triangle, binding"),
    ],
)
def test_rules_in_words(rule: Futility | None, said: str) -> None:
    """With the parameters that each reads."""
    assert in_words(rule) == said


def test_spending_and_the_rule_that_stops() -> None:
    """Classical shapes spend by no function; -4 and 3 are usual; the triangle brings its own lower side."""
    rule = Futility("z", z=(0.0,))
    assert Plan((1.0,), kind="obf").spending is None
    assert Plan((1.0,), kind="hsd").spending == Spending("hsd", -4.0, rho=3.0)
    assert Plan((1.0,), kind="hsd", gamma=0.0).spending == Spending("hsd", 0.0, rho=3.0)
    assert Plan((1.0,), kind="kim-demets", rho=2.0).spending == Spending("kim-demets", -4.0, rho=2.0)
    custom = Plan((0.5, 1.0), kind="custom", at=(0.5,), share=(0.2,))
    assert custom.spending == Spending("custom", -4.0, (0.5,), (0.2,), 3.0)
    assert replace(TWO, futility=rule).stops_for_futility is rule
    assert Plan((1.0,), kind="triangular").stops_for_futility is TRIANGLE


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"power": None},
        {"alpha": 0.499, "power": 0.5},
        {"sides": 2, "alpha": 0.9, "power": 0.46},
        {"information": (1.0,)},
        {"kind": "wang-tsiatis", "delta": -1.0},
        {"kind": "wang-tsiatis", "delta": 1.0},
        {"kind": "hsd", "gamma": -40.0},
        {"kind": "hsd", "gamma": 40.0},
        {"kind": "kim-demets", "rho": 0.1},
        {"kind": "kim-demets", "rho": 40.0},
        {"kind": "haybittle-peto", "early_z": 0.0},
        {"kind": "haybittle-peto", "early_z": 8.0},
        {"kind": "custom", "at": (0.2, 0.6), "share": (0.1, 0.1)},
        {"kind": "custom", "at": (0.5,), "share": (0.0,)},
        {"kind": "triangular"},
        {"futility": Futility("beta", Spending("custom", at=(0.5,), share=(0.3,)))},
        {"futility": Futility("z", z=(-math.inf,)), "power": None},
        {"futility": Futility("conditional-power", threshold=0.001, assumed="design")},
        {"futility": Futility("conditional-power", threshold=0.999), "power": None},
        {"sides": 2, "futility": Futility("beta", binding=True)},
        {"sides": 2, "kind": "obf", "futility": Futility("beta")},
    ],
)
def test_plans_that_can_be(changed: dict[str, object]) -> None:
    """Also at the limits that are allowed."""
    assert replace(TWO, **changed).problems() == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "problems"),
    [
        ({"sides": 3}, [("sides", "3", "1 or 2")]),
        ({"alpha": 0.0}, [("alpha", "0.0", "above 0 and below 0.5 for each side")]),
        ({"alpha": 0.5, "power": None}, [("alpha", "0.5", "above 0 and below 0.5 for each side")]),
        ({"alpha": 1.0, "sides": 2, "power": None}, [("alpha", "1.0", "above 0 and below 0.5 for each side")]),
        ({"power": 0.025}, [("power", "0.025", "above the one-sided alpha (0.025) and below 1")]),
        (
            {"power": 0.02, "sides": 2, "alpha": 0.04},
            [("power", "0.02", "above the one-sided alpha (0.02) and below 1")],
        ),
        ({"power": 1.0}, [("power", "1.0", "above the one-sided alpha (0.025) and below 1")]),
        *(
            ({"information": t}, [("information", str(list(t)), "fractions that increase from above 0 and end at 1")])
            for t in ((), (0.0, 1.0), (0.5, 0.5, 1.0), (0.6, 0.5, 1.0), (0.5, 0.9), (0.5, 1.2), (math.nan, 1.0))
        ),
        ({"delta": 0.2}, [("delta", "0.2", "only with type 'wang-tsiatis'")]),
        ({"kind": "obf", "gamma": -4.0}, [("gamma", "-4.0", "only with type 'hsd'")]),
        ({"rho": 0.0}, [("rho", "0.0", "only with type 'kim-demets'")]),
        ({"early_z": 3.0}, [("early_z", "3.0", "only with type 'haybittle-peto'")]),
        ({"kind": "wang-tsiatis", "delta": 1.01}, [("delta", "1.01", "from -1 to 1")]),
        ({"kind": "wang-tsiatis", "delta": -1.01}, [("delta", "-1.01", "from -1 to 1")]),
        ({"kind": "hsd", "gamma": -41.0}, [("gamma", "-41.0", "from -40 to 40")]),
        ({"kind": "kim-demets", "rho": 0.05}, [("rho", "0.05", "from 0.1 to 40")]),
        ({"kind": "haybittle-peto", "early_z": 8.5}, [("early_z", "8.5", "from 0 to 8")]),
        ({"at": (0.5,)}, [("spending points", "(0.5,)", "only with type 'custom'")]),
        ({"share": (0.5,)}, [("spending points", "()", "only with type 'custom'")]),
        (
            {"kind": "triangular", "sides": 2},
            [("type", "triangular", "with sides 1: the triangle is a one-sided test")],
        ),
    ],
)
def test_plans_that_cannot_be(changed: dict[str, object], problems: list[tuple[str, str, str]]) -> None:
    """Where, which key, what was given and what is allowed."""
    found = replace(TWO, **changed).problems("a.toml")  # type: ignore[arg-type]
    assert found == [Problem("a.toml", *each) for each in problems]


@pytest.mark.parametrize(
    ("at", "share"),
    [((), ()), ((0.5,), (0.1, 0.2)), ((0.0,), (0.1,)), ((1.0,), (0.1,)), ((0.6, 0.6), (0.1, 0.2)), ((0.5,), (1.1,))],
)
def test_points_that_are_no_curve(at: tuple[float, ...], share: tuple[float, ...]) -> None:
    """For alpha, and for the beta that a futility rule spends."""
    (found,) = Plan((0.5, 1.0), kind="custom", at=at, share=share).problems("a.toml")
    assert (found.key, found.value) == ("spending points", f"{list(at)} with shares {list(share)}")
    (beta,) = replace(TWO, futility=Futility("beta", Spending("custom", at=at, share=share))).problems("a.toml")
    assert (beta.file, beta.key) == ("a.toml", "futility spending points")


@pytest.mark.parametrize(
    ("rule", "changed", "keys"),
    [
        (Futility("bet"), {}, ["futility"]),
        (Futility("z", z=(0.0,)), {"sides": 2}, ["futility"]),
        (Futility("beta", binding=True), {"sides": 2, "kind": "obf"}, ["futility binding"]),
        (Futility("beta"), {"power": None}, ["futility"]),
        (Futility("conditional-power", assumed="design"), {"power": None}, ["futility"]),
        (Futility("beta", Spending("obf")), {}, ["futility spending"]),
        (Futility("z", z=()), {}, ["futility z"]),
        (Futility("z", z=(0.0, 0.1)), {}, ["futility z"]),
        (Futility("z", z=(math.nan,)), {}, ["futility z"]),
        (Futility("conditional-power", threshold=0.0), {}, ["futility threshold"]),
        (Futility("conditional-power", threshold=1.0), {}, ["futility threshold"]),
        (Futility("conditional-power", assumed="trends"), {}, ["futility assumed"]),
        (Futility("beta"), {"kind": "triangular"}, ["futility"]),
    ],
)
def test_futility_rules_that_cannot_be(rule: Futility, changed: dict[str, object], keys: list[str]) -> None:
    """Each with its key, and nothing else."""
    found = replace(TWO, futility=rule, **changed).problems("a.toml")  # type: ignore[arg-type]
    assert [(problem.file, problem.key) for problem in found] == [("a.toml", key) for key in keys]


AUTHORS = {
    "obf": "O'Brien PC, Fleming",
    "pocock": "Pocock",
    "wang-tsiatis": "Wang SK, Tsiatis",
    "haybittle-peto": "Haybittle",
    "triangular": "Whitehead",
    "ld-obf": "Lan KKG, DeMets",
    "ld-pocock": "Lan KKG, DeMets",
    "hsd": "Hwang IK, Shih WJ, de Cani",
    "kim-demets": "Kim K, DeMets",
    "custom": "Lan KKG, DeMets",
}


def test_each_boundary_names_those_who_described_it() -> None:
    """Beside the book that has the integration; beta spending names its own function and method, both sides the inner wedge."""
    for kind in KINDS:
        book, described = Plan((0.5, 1.0), kind=kind, at=(0.5, 1.0), share=(0.5, 1.0)).sources
        assert book.startswith("Jennison") and described.startswith(AUTHORS[kind]) and " doi 10." in described
    beta = Futility("beta", Spending("hsd"))
    for sides, wedge in ((1, []), (2, ["Emerson SS, Fleming"])):
        _, _, *more = Plan((0.5, 1.0), futility=beta, sides=sides, power=0.9).sources
        names = ["Hwang IK, Shih WJ", "Pampallona S, Tsiatis AA, Kim", *wedge]
        assert [text.startswith(name) for text, name in zip(more, names, strict=True)] == [True] * len(names)
    assert len(Plan((0.5, 1.0), futility=Futility("z", z=(0.5, -0.25))).sources) == 2
