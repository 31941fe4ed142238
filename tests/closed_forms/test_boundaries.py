"""Designs of two looks, against the bivariate normal distribution, published constants and formulas by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from simulator.statistics.sequential.boundary_search import observed_boundaries, solve
from simulator.statistics.sequential.spending import Spending
from simulator.statistics.sequential.stopping_plan import Futility, Plan
from simulator.words.errors import BadInput

HALF = (0.5, 1.0)
ROOT = math.sqrt(0.5)


def both(low: tuple[float, float], high: tuple[float, float], drift: float = 0.0, t: float = 0.5) -> float:
    """Probability that z at `t` and at the end lie between these limits."""
    law = multivariate_normal([drift * math.sqrt(t), drift], [[1.0, math.sqrt(t)], [math.sqrt(t), 1.0]])
    return float(law.cdf(np.clip(high, -30.0, 30.0), lower_limit=np.clip(low, -30.0, 30.0)))


FAR = 30.0


@pytest.mark.parametrize(
    ("plan", "upper"),
    [
        (Plan(HALF, 0.05, "pocock", 2), (2.1783, 2.1783)),
        (Plan(HALF, 0.05, "obf", 2), (1.9774 / ROOT, 1.9774)),
        (Plan(HALF, 0.05, "wang-tsiatis", 2), (2.0382 * 0.5**-0.25, 2.0382)),
        (Plan(HALF, 0.05, "wang-tsiatis", 2, delta=0.1), (None, None)),
        (Plan(HALF, 0.05, "haybittle-peto", 2), (3.0, 1.967)),
        (Plan(HALF, 0.05, "haybittle-peto", 2, early_z=2.5), (2.5, None)),
        (Plan(HALF, 0.025, "obf"), (None, None)),
        (Plan(HALF, 0.025, "ld-pocock"), (norm.isf(0.025 * math.log(1 + 0.5 * (math.e - 1))), None)),
        (Plan(HALF, 0.05, "ld-pocock", 2), (norm.isf(0.025 * math.log(1 + 0.5 * (math.e - 1))), None)),
    ],
)
def test_every_shape_keeps_alpha(plan: Plan, upper: tuple[float | None, float | None]) -> None:
    """Constants of Jennison & Turnbull 2000 (tables 2.1, 2.3, 2.9, 2.11), and alpha by the bivariate normal."""
    found = solve(plan)
    for own, published in zip(found.upper, upper, strict=True):
        assert published is None or own == pytest.approx(published, abs=6e-4)
    low = tuple(-found.upper) if plan.sides == 2 else (-FAR, -FAR)
    assert both(low, tuple(found.upper)) == pytest.approx(1.0 - plan.alpha, abs=1e-7)
    assert found.lower.tolist() == (list(low) if plan.sides == 2 else [-math.inf, -math.inf])
    first = plan.sides * norm.sf(found.upper[0])
    assert found.cumulative_alpha == pytest.approx([first, plan.alpha], abs=1e-7)
    assert found.nominal_p == pytest.approx(plan.sides * norm.sf(found.upper))
    assert (found.drift, found.inner, found.binding) == (None, None, False)
    if plan.delta is not None:
        assert found.upper[0] / found.upper[1] == pytest.approx(0.5 ** (0.1 - 0.5))


@pytest.mark.parametrize("sides", [1, 2])
def test_power_and_expected_information(sides: int) -> None:
    """90% by the bivariate normal; half of the information where the first look stops, whichever side."""
    found = solve(Plan(HALF, 0.025 * sides, "pocock", sides, power=0.9))
    assert found.drift is not None
    u, drift = found.upper, found.drift
    low = tuple(-u) if sides == 2 else (-FAR, -FAR)
    up = norm.sf(u[0] - drift * ROOT) + both((low[0], u[1]), (u[0], FAR), drift)
    assert up == pytest.approx(0.9, abs=1e-7) and found.power(drift) == pytest.approx(0.9, abs=1e-9)
    assert found.inflation == pytest.approx((drift / (norm.isf(0.025) + norm.isf(0.1))) ** 2)
    for mean in (0.0, drift):
        stops = norm.sf(u[0] - mean * ROOT) + (norm.cdf(low[0] - mean * ROOT))
        assert found.expected_information(mean) == pytest.approx(1.0 - 0.5 * stops, abs=1e-9)
    summary = found.summary().set_index("quantity")["value"]
    assert summary["power"] == pytest.approx(0.9) and summary["alpha"] == pytest.approx(0.025 * sides)
    assert (summary["drift"], summary["inflation_factor"]) == (drift, found.inflation)
    for name, mean in (("no_effect", 0.0), ("half_effect", drift / 2.0), ("effect", drift)):
        assert summary[f"expected_information_{name}"] == found.expected_information(mean)
    for name, mean in (("no_effect", 0.0), ("effect", drift)):
        size = found.inflation * found.expected_information(mean)
        assert summary[f"expected_size_over_fixed_{name}"] == pytest.approx(size)
    assert found.futile(drift).tolist() == [0.0, 0.0] if sides == 2 else found.futile(drift)[0] == 0.0


def test_a_rule_of_z_that_need_not_be_obeyed() -> None:
    """z below 0.3 stops for futility: power holds with it, alpha without it."""
    found = solve(Plan(HALF, 0.025, "obf", power=0.8, futility=Futility("z", z=(0.3,))))
    assert found.drift is not None
    assert found.upper == pytest.approx(solve(Plan(HALF, 0.025, "obf")).upper, abs=1e-10)
    assert found.lower.tolist() == [0.3, found.upper[1]]
    u, drift = found.upper, found.drift
    up = norm.sf(u[0] - drift * ROOT) + both((0.3, u[1]), (u[0], FAR), drift)
    assert up == pytest.approx(0.8, abs=1e-7)
    assert found.futile(0.0)[0] == pytest.approx(norm.cdf(0.3), abs=1e-9)
    assert found.cumulative_alpha[-1] == pytest.approx(0.025, abs=1e-9)
    table = found.table()
    assert table["look"].tolist() == [1, 2] and table["information"].tolist() == [0.5, 1.0]
    assert table["z"].tolist() == list(u) and table["futility_z"].tolist() == list(found.lower)
    assert table["nominal_p"].tolist() == list(found.nominal_p)
    assert table["futility_if_no_effect"].iloc[-1] == pytest.approx(1.0 - found.crossing(0.0)[1].sum(), abs=1e-9)
    assert table["cumulative_power"].iloc[-1] == pytest.approx(0.8, abs=1e-8)
    assert table["futility_if_effect"].iloc[-1] == pytest.approx(0.2, abs=1e-8)
    stop = norm.sf(u[0]) + norm.cdf(0.3)
    assert found.expected_information(0.0) == pytest.approx(1.0 - 0.5 * stop, abs=1e-9)


def test_a_binding_rule_lowers_the_efficacy_boundary() -> None:
    """Whoever obeys z below 0.5 rejects in exactly 2.5% without effect, with a lower last boundary than without the rule."""
    found = solve(Plan(HALF, 0.025, "ld-obf", power=0.8, futility=Futility("z", z=(0.5,), binding=True)))
    u = found.upper
    assert found.binding and u[1] < solve(Plan(HALF, 0.025, "ld-obf")).upper[1] - 0.001
    assert norm.sf(u[0]) + both((0.5, u[1]), (u[0], FAR)) == pytest.approx(0.025, abs=1e-7)
    assert found.cumulative_alpha[-1] == pytest.approx(0.025, abs=1e-9)
    shape = solve(Plan(HALF, 0.025, "pocock", futility=Futility("z", z=(0.5,), binding=True))).upper
    assert norm.sf(shape[0]) + both((0.5, shape[1]), (shape[0], FAR)) == pytest.approx(0.025, abs=1e-7)
    assert shape[0] == pytest.approx(shape[1])


@pytest.mark.parametrize("assumed", ["trend", "design"])
def test_conditional_power_stops_where_it_is_the_threshold(assumed: str) -> None:
    """At half of the information: Phi((z root(1/2) + drift / 2 - c) / root(1/2)) is 15% on the boundary."""
    rule = Futility("conditional-power", threshold=0.15, assumed=assumed)
    found = solve(Plan(HALF, 0.025, "obf", power=0.8, futility=rule))
    z, c = found.lower[0], found.upper[1]
    drift = z / ROOT if assumed == "trend" else found.drift
    assert norm.cdf((z * ROOT + 0.5 * drift - c) / ROOT) == pytest.approx(0.15, abs=1e-8)


def test_beta_spending_stops_with_the_type_two_error_of_the_look() -> None:
    """Half of a beta of 0.1 in proportion to information: 5% of trials with the effect stop for futility at half."""
    rule = Futility("beta", Spending("hsd", 0.0))
    found = solve(Plan(HALF, 0.025, "obf", power=0.9, futility=rule))
    assert norm.cdf(found.lower[0] - found.drift * ROOT) == pytest.approx(0.05, abs=1e-9)
    assert found.futile(found.drift) == pytest.approx([0.05, 0.05], abs=1e-8)


def test_a_wedge_of_two_looks() -> None:
    """Inside it are 5% of trials with the effect; at the end it meets the efficacy boundary; information counts all stops."""
    rule = Futility("beta", Spending("hsd", 0.0))
    for binding in (False, True):
        found = solve(
            Plan(HALF, 0.05, "ld-pocock", 2, power=0.9, futility=Futility("beta", rule.spending, binding=binding))
        )
        assert found.inner is not None and found.drift is not None
        w, u, mean = found.inner[0], found.upper, found.drift * ROOT
        assert norm.cdf(w - mean) - norm.cdf(-w - mean) == pytest.approx(0.05, abs=1e-9)
        assert found.inner[1] == u[1] and found.lower.tolist() == list(-u)
        rejects = 2.0 * (norm.sf(u[0]) + both((w, u[1]), (u[0], FAR)) + both((w, -FAR), (u[0], -u[1])))
        ignored = 1.0 - both(tuple(-u), tuple(u))
        assert (rejects if binding else ignored) == pytest.approx(0.05, abs=1e-7)
        assert found.cumulative_alpha[-1] == pytest.approx(0.05, abs=1e-8)
        stops = 2.0 * norm.sf(u[0]) + 1.0 - 2.0 * norm.sf(w)
        assert found.expected_information(0.0) == pytest.approx(1.0 - 0.5 * stops, abs=1e-8)
        assert found.futile(0.0)[0] == pytest.approx(1.0 - 2.0 * norm.sf(w), abs=1e-9)
        assert found.table()["futility_z"].tolist() == list(found.inner)


def test_the_triangle_of_two_looks() -> None:
    """Straight lines of the score with the apex at the end; alpha by the bivariate normal, futility below included."""
    found = solve(Plan(HALF, 0.025, "triangular", power=0.9))
    u, low = found.upper, found.lower
    assert u[0] * ROOT == pytest.approx(0.75 * u[1], abs=1e-9) and low[0] * ROOT == pytest.approx(0.25 * u[1], abs=1e-9)
    assert low[1] == u[1] and found.binding
    assert norm.sf(u[0]) + both((low[0], u[1]), (u[0], FAR)) == pytest.approx(0.025, abs=1e-7)


def test_boundaries_follow_the_information_that_was_seen() -> None:
    """A look at 0.4 instead of 0.5 has the boundary of a plan for 0.4; the last spends what is left, each trial its own."""
    plan = Plan(HALF, 0.05, "ld-obf", 2)
    seen = observed_boundaries(plan, [[0.4, 0.9], [0.5, 1.0], [0.4, 0.9]])
    first = 2.0 * norm.sf(norm.isf(0.0125) / math.sqrt(0.4))
    assert seen[0, 0] == pytest.approx(norm.isf(first), abs=1e-6) and seen[2].tolist() == seen[0].tolist()
    inside = both(tuple(-seen[0]), tuple(seen[0]), t=0.4 / 0.9)
    assert inside == pytest.approx(0.95, abs=2e-5)
    assert seen[1] == pytest.approx(solve(plan).upper, abs=2e-5)
    with pytest.raises(ValueError, match="'obf' cannot follow"):
        observed_boundaries(Plan(HALF, 0.05, "obf", 2), [0.4, 1.0])


def test_what_was_asked_is_told() -> None:
    """Every parameter that is read and no other."""
    rule = Futility("beta", Spending("hsd", -2.0))
    told = solve(Plan(HALF, 0.025, "kim-demets", rho=2.0, power=0.9, futility=rule)).asked()
    assert told["futility"] == {"rule": "beta", "binding": False, "spending": "hsd", "gamma": -2.0}
    assert (told["looks"], told["kind"], told["sides"], told["alpha"], told["power"]) == (
        2,
        "kim-demets",
        1,
        0.025,
        0.9,
    )
    assert told["parameters"] == {"rho": 2.0} and told["information"] == [0.5, 1.0]
    assert told["fixed_z"] == pytest.approx(norm.isf(0.025)) and told["inflation"] > 1.0
    plain = solve(Plan(HALF, 0.05, "wang-tsiatis", 2, delta=0.0)).asked()
    assert (plain["parameters"], plain["futility"], plain["inflation"]) == ({"delta": 0.0}, None, None)
    assert plain["last_z"] == pytest.approx(1.9774, abs=5e-5) and plain["fixed_z"] == pytest.approx(norm.isf(0.025))
    rules = {
        "rho": (Futility("beta", Spending("kim-demets", rho=2.0)), {"spending": "kim-demets", "rho": 2.0}),
        "z": (Futility("z", z=(0.1,)), {"z": [0.1]}),
        "trend": (Futility("conditional-power", threshold=0.2), {"threshold": 0.2, "assumed": "trend"}),
    }
    for rule, expected in rules.values():
        told = solve(Plan(HALF, 0.025, "obf", power=0.9, futility=rule)).asked()["futility"]
        assert {key: value for key, value in told.items() if key not in ("rule", "binding")} == expected


@pytest.mark.parametrize(
    ("plan", "key", "said"),
    [
        (Plan(HALF, 0.05, "haybittle-peto", 2, early_z=1.9), "early_z", "these interim looks alone spend 0.0574"),
        (Plan(HALF, 0.025, "obf", futility=Futility("z", z=(2.8,))), "futility z at look 1", "efficacy boundary 2.797"),
        (
            Plan((0.1, 1.0), 0.025, "obf", power=0.9, futility=Futility("z", z=(5.0,))),
            "futility",
            "stops for futility too often",
        ),
        (Plan(HALF, 0.025, futility=Futility("z", z=(2.2,), binding=True)), "futility", "no longer be spent"),
        (Plan((0.9, 1.0), 0.025, "triangular"), "information", "0.9, 1"),
    ],
)
def test_plans_whose_boundaries_do_not_exist(plan: Plan, key: str, said: str) -> None:
    """With the reason."""
    with pytest.raises(BadInput, match=said) as caught:
        solve(plan, "a.toml")
    assert [(problem.file, problem.key) for problem in caught.value.problems] == [("a.toml", key)]


def test_a_plan_that_cannot_be_is_not_solved() -> None:
    """All that is wrong with it is said."""
    with pytest.raises(BadInput) as caught:
        solve(Plan((0.5, 0.9), 0.0), "a.toml")
    assert [problem.key for problem in caught.value.problems] == ["alpha", "information"]


def test_three_observed_looks_spend_by_their_information() -> None:
    """The second has spent what the function says at its own information; what is left goes to the last."""
    seen = observed_boundaries(Plan((0.3, 0.6, 1.0), 0.025, "kim-demets", rho=1.0), [[0.2, 0.5, 0.8]])[0]
    assert norm.sf(seen[0]) == pytest.approx(0.005, abs=1e-6)
    second = both((-FAR, seen[1]), (seen[0], FAR), t=0.2 / 0.5)
    assert second == pytest.approx(0.0075, abs=1e-5)


def test_there_is_no_inflation_without_a_power() -> None:
    """It says so."""
    with pytest.raises(ValueError, match="needs a plan with a power"):
        _ = solve(Plan(HALF)).inflation
