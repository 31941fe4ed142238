"""Group-sequential boundaries, conditional power and multiplicity, against published numbers and other methods."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import typer
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.stats import multivariate_normal, norm
from typer.testing import CliRunner

from simulator.cli import boundaries as command
from simulator.statistics.multiplicity.combination import inverse_normal
from simulator.statistics.multiplicity.multiplicity import bonferroni, fixed_sequence, gatekeeping, holm
from simulator.statistics.sequential import spending
from simulator.statistics.sequential.boundary_search import observed_boundaries, solve
from simulator.statistics.sequential.conditional_power import (
    PromisingZone,
    conditional_power,
    enlarged,
    stopping_z,
)
from simulator.statistics.sequential.crossing import crossing
from simulator.statistics.sequential.spending import Spending
from simulator.statistics.sequential.stopping_plan import Futility, Plan
from simulator.statistics.sizes.formula import fixed_drift
from simulator.words.errors import BadInput


def equal(looks: int) -> tuple[float, ...]:
    return tuple((k + 1) / looks for k in range(looks))


def test_obrien_fleming_three_looks():
    """The classical O'Brien-Fleming boundary and the error it spends, to six decimals."""
    found = solve(Plan(equal(3), 0.025, "obf"))
    assert found.upper == pytest.approx([3.4710914, 2.4544323, 2.0040356], abs=1e-6)
    assert found.cumulative_alpha == pytest.approx([0.00025917, 0.00716006, 0.025], abs=1e-8)


# Jennison & Turnbull 2000, tables 2.1, 2.3, 2.9 (Delta 0.25) and 2.11: constants for two-sided 0.05.
@pytest.mark.parametrize(
    ("looks", "pocock", "obf", "wang_tsiatis", "haybittle_peto"),
    [
        (2, 2.178, 1.977, 2.038, 1.967),
        (3, 2.289, 2.004, 2.083, 1.975),
        (4, 2.361, 2.024, 2.113, 1.983),
        (5, 2.413, 2.040, 2.136, 1.990),
    ],
)
def test_classical_constants(looks, pocock, obf, wang_tsiatis, haybittle_peto):
    """Final critical values of the classical two-sided designs, to the three decimals in print."""
    last = {
        kind: solve(Plan(equal(looks), 0.05, kind, 2)).upper[-1]
        for kind in ("pocock", "obf", "wang-tsiatis", "haybittle-peto")
    }
    # Half a unit of the last printed digit, and a little for how the tables round.
    assert last["pocock"] == pytest.approx(pocock, abs=6e-4)
    assert last["obf"] == pytest.approx(obf, abs=6e-4)
    assert last["wang-tsiatis"] == pytest.approx(wang_tsiatis, abs=6e-4)
    assert last["haybittle-peto"] == pytest.approx(haybittle_peto, abs=6e-4)


# Jennison & Turnbull 2000, tables 2.2 and 2.4: two-sided 0.05, power 0.9.
@pytest.mark.parametrize(
    ("looks", "pocock", "obf"), [(2, 1.100, 1.007), (3, 1.151, 1.016), (4, 1.183, 1.022), (5, 1.207, 1.026)]
)
def test_inflation_factors(looks, pocock, obf):
    """What looking costs in maximum size, to the three decimals in print."""
    assert solve(Plan(equal(looks), 0.05, "pocock", 2, power=0.9)).inflation == pytest.approx(pocock, abs=6e-4)
    assert solve(Plan(equal(looks), 0.05, "obf", 2, power=0.9)).inflation == pytest.approx(obf, abs=6e-4)


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        (3, [3.7103029, 2.5114270, 1.9930475]),
        (5, [4.8768849, 3.3570111, 2.6802796, 2.2898168, 2.0310323]),
    ],
)
def test_lan_demets_obrien_fleming(looks, expected):
    """Lan-DeMets boundaries of O'Brien-Fleming type, to six decimals (the printed values used a coarser grid)."""
    assert solve(Plan(equal(looks), 0.025, "ld-obf")).upper == pytest.approx(expected, abs=1e-6)


def test_lan_demets_pocock_at_unequal_information():
    """Lan-DeMets boundaries of Pocock type at information 0.4 and 0.7, to six decimals."""
    found = solve(Plan((0.4, 0.7, 1.0), 0.025, "ld-pocock"))
    assert found.upper[:2] == pytest.approx([2.223875, 2.3050796], abs=1e-6)
    assert found.cumulative_alpha == pytest.approx(spending.pocock(0.025, [0.4, 0.7, 1.0]), abs=1e-9)


def test_beta_spending_reproduces_a_published_default():
    """The default design of the R package gsDesign: HSD -4 for alpha, -2 for a beta that need not bind, power 0.9."""
    rule = Futility("beta", Spending("hsd", -2.0))
    found = solve(Plan(equal(3), 0.025, "hsd", gamma=-4.0, power=0.9, futility=rule))
    assert found.upper == pytest.approx([3.010739, 2.546531, 1.999226], abs=1e-6)
    assert found.lower == pytest.approx([-0.238724, 0.941067, 1.999226], abs=1e-6)
    assert found.inflation == pytest.approx(1.0698832, abs=1e-6)
    below, above = found.crossing(found.drift)
    assert np.cumsum(below) == pytest.approx(spending.hwang_shih_decani(0.1, equal(3), -2.0), abs=1e-8)
    assert above.sum() == pytest.approx(0.9, abs=1e-8)


def test_two_looks_against_quadrature():
    """Crossing probabilities at two looks equal an adaptive one-dimensional integral to nine decimals."""
    t, upper, lower, drift = np.array([0.3, 1.0]), np.array([2.5, 2.0]), np.array([-0.4, 1.1]), 2.7

    def second(z: float) -> float:
        mean = (z * np.sqrt(0.3) + drift * 0.7) / 1.0
        return norm.pdf(z - drift * np.sqrt(0.3)) * norm.sf((2.0 - mean) / np.sqrt(0.7))

    below, above = crossing(t, lower, upper, drift)
    assert above[0] == pytest.approx(norm.sf(2.5 - drift * np.sqrt(0.3)), abs=1e-12)
    assert below[0] == pytest.approx(norm.cdf(-0.4 - drift * np.sqrt(0.3)), abs=1e-12)
    assert above[1] == pytest.approx(integrate.quad(second, -0.4, 2.5, epsabs=1e-13)[0], abs=1e-9)


def test_four_looks_against_the_multivariate_normal():
    """The chance of staying inside four two-sided boundaries agrees with scipy's random integration to its error."""
    t = np.array([0.2, 0.5, 0.6, 1.0])
    upper = np.array([2.8, 2.4, 2.3, 2.1])
    below, above = crossing(t, -upper, upper, 0.0)
    covariance = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    rng = np.random.default_rng(1)
    inside = multivariate_normal(np.zeros(4), covariance, seed=rng).cdf(upper, lower_limit=-upper)
    assert 1.0 - below.sum() - above.sum() == pytest.approx(inside, abs=2e-5)


KINDS = st.sampled_from(["obf", "pocock", "wang-tsiatis", "haybittle-peto", "ld-obf", "ld-pocock", "hsd"])
INFORMATION = st.lists(st.floats(0.05, 0.95), min_size=0, max_size=4, unique=True).map(
    lambda fractions: (*sorted(round(f, 2) for f in {round(f, 2) for f in fractions}), 1.0)
)


@settings(max_examples=30, deadline=None)
@given(kind=KINDS, information=INFORMATION, alpha=st.floats(0.011, 0.2), sides=st.sampled_from([1, 2]))
def test_every_boundary_keeps_alpha(kind, information, alpha, sides):
    """Whatever the looks, the type I error is alpha, the error spent never falls, and one look is the plain test."""
    found = solve(Plan(information, alpha, kind, sides))
    assert found.cumulative_alpha[-1] == pytest.approx(alpha, abs=1e-8)
    assert np.all(np.diff(found.cumulative_alpha) >= 0)
    if len(information) == 1:
        assert found.upper[0] == pytest.approx(norm.isf(alpha / sides), abs=1e-8)


@settings(max_examples=12, deadline=None)
@given(
    kind=st.sampled_from(["obf", "ld-obf", "hsd", "pocock"]),
    power=st.floats(0.7, 0.95),
    rule=st.sampled_from(["beta", "z", "trend", "design"]),
    binding=st.booleans(),
)
def test_futility_keeps_alpha_and_power(kind, power, rule, binding):
    """A futility rule leaves power and alpha as asked; binding makes the efficacy boundary no higher."""
    futility = {
        "beta": Futility("beta", Spending("hsd", -2.0), binding=binding),
        "z": Futility("z", z=(-0.2, 0.6), binding=binding),
        "trend": Futility("conditional-power", threshold=0.05, binding=binding),
        "design": Futility("conditional-power", threshold=0.2, assumed="design", binding=binding),
    }[rule]
    found = solve(Plan((0.4, 0.7, 1.0), 0.025, kind, power=power, futility=futility))
    free = solve(Plan((0.4, 0.7, 1.0), 0.025, kind))
    assert found.power(found.drift) == pytest.approx(power, abs=1e-8)
    assert found.cumulative_alpha[-1] == pytest.approx(0.025, abs=1e-8)
    assert np.all(found.upper <= free.upper + 1e-9)
    assert found.lower[-1] == found.upper[-1]
    if not binding:
        assert found.upper == pytest.approx(free.upper, abs=1e-9)
        assert found.crossing(0.0)[1].sum() < 0.025


def test_alpha_holds_in_simulation():
    """20,000 trials cross as often as computed at each look, within four errors, with and without an effect."""
    found = solve(Plan((0.3, 0.6, 1.0), 0.025, "ld-pocock", power=0.8))
    rng = np.random.default_rng(7)
    n = 20_000
    for drift in (0.0, found.drift):
        steps = rng.normal(size=(n, 3)) * np.sqrt(np.diff(found.information, prepend=0.0))
        z = (np.cumsum(steps, axis=1) + drift * found.information) / np.sqrt(found.information)
        crossed = z > found.upper
        first = np.where(crossed.any(axis=1), crossed.argmax(axis=1), 3)
        for look, probability in enumerate(found.crossing(drift)[1]):
            se = np.sqrt(probability * (1 - probability) / n)
            assert abs((first == look).mean() - probability) < 4 * se


def test_expected_information_lies_between_the_first_look_and_the_end():
    """Expected information is the mean over where trials end, and an effect shortens a trial."""
    found = solve(Plan(equal(4), 0.025, "pocock", power=0.9))
    assert found.expected_information(0.0) > found.expected_information(found.drift) > 0.25
    assert found.expected_information(40.0) == pytest.approx(0.25, abs=1e-9)
    assert solve(Plan((1.0,), 0.025, "obf", power=0.9)).expected_information(1.0) == pytest.approx(1.0)


@settings(max_examples=40, deadline=None)
@given(gamma=st.floats(-8, 6), total=st.floats(0.001, 0.3))
@example(gamma=5e-324, total=0.25)
def test_spending_functions_rise_from_nothing_to_the_total(gamma, total):
    """Every spending function starts at 0, ends at the total and never falls."""
    t = np.linspace(0.0, 1.0, 101)
    for name in ("ld-obf", "ld-pocock", "hsd"):
        spent = Spending(name, gamma)(total, t)
        assert spent[0] == pytest.approx(0.0, abs=1e-15)
        assert spent[-1] == pytest.approx(total, rel=1e-12)
        assert np.all(np.diff(spent) >= 0)
    assert Spending("hsd", 0.0)(total, t) == pytest.approx(total * t)
    assert Spending("custom", at=(0.5,), share=(0.2,))(total, [0.25, 0.5, 0.75, 2.0]) == pytest.approx(
        total * np.array([0.1, 0.2, 0.6, 1.0])
    )


def test_observed_information_moves_the_boundaries():
    """Boundaries at observed information equal a design planned for it; the last look spends what is left."""
    plan = Plan(equal(3), 0.025, "ld-obf")
    seen = observed_boundaries(plan, [[0.4, 0.7, 1.0], [1 / 3, 2 / 3, 1.0], [0.4, 0.4, 0.9], [0.4, 0.7, 1.0]])
    assert seen[0] == pytest.approx(solve(Plan((0.4, 0.7, 1.0), 0.025, "ld-obf")).upper, abs=2e-5)
    assert seen[1] == pytest.approx(solve(plan).upper, abs=2e-5)
    assert np.array_equal(seen[0], seen[3])
    assert np.isinf(seen[2, 1])
    above = crossing(np.array([0.4, 0.9]), np.full(2, -np.inf), seen[2, [0, 2]], 0.0)[1]
    assert above.sum() == pytest.approx(0.025, abs=1e-5)
    with pytest.raises(ValueError, match="spending functions can"):
        observed_boundaries(Plan(equal(3), 0.025, "obf"), [equal(3)])


def test_conditional_power_by_hand():
    """Conditional power under trend, a given drift and no effect equals the normal formula; z recovered from it."""
    z, t, c = np.array([0.3, 1.1, 2.0]), np.array([0.2, 0.5, 0.9]), 1.96
    for drift in (None, 0.0, 3.0):
        theta = z / np.sqrt(t) if drift is None else drift
        by_hand = norm.cdf((z * np.sqrt(t) + theta * (1 - t) - c) / np.sqrt(1 - t))
        power = conditional_power(z, t, c, drift)
        assert power == pytest.approx(by_hand, abs=1e-12)
        assert stopping_z(t, c, power, drift) == pytest.approx(z, abs=1e-9)
    assert conditional_power([1.9, 2.0], 1.0, 1.96) == pytest.approx([0.0, 1.0])


def ordinary_test_level(lower: float, t: float, largest: float, c: float) -> float:
    """Type I error of the ordinary final test if trials with conditional power from `lower` on grow, by quadrature."""
    z = np.linspace(-8.0, 8.0, 160_001)
    end = enlarged(PromisingZone(lower, 0.9, 0.9, largest), z, t, c)
    rejects = norm.sf((c * np.sqrt(end) - z * np.sqrt(t)) / np.sqrt(end - t))
    return float(integrate.trapezoid(norm.pdf(z) * rejects, z))


@pytest.mark.parametrize(("least", "largest"), [(0.36, 2.0), (0.41, 1.5)])
def test_promising_zone_is_safe_from_its_lower_end_on(least, largest):
    """From the published lower end (Mehta & Pocock 2011, table 1: half-way, target 90%) the ordinary test keeps its level; a
    lower end of 0.02 would break it."""
    t, c = 0.5, norm.isf(0.025)
    assert ordinary_test_level(least, t, largest, c) < 0.025
    assert ordinary_test_level(0.02, t, largest, c) > 0.025 + 1e-4
    # Just below the lower end, growing the trial raises the conditional type I error; just above it lowers it.
    z = np.sqrt(t) * (c + norm.ppf(np.array([least - 0.01, least + 0.01])) * np.sqrt(1 - t))
    end = enlarged(PromisingZone(0.0, 0.9, 0.9, largest), z, t, c)
    grown = norm.sf((c * np.sqrt(end) - z * np.sqrt(t)) / np.sqrt(end - t))
    planned = norm.sf((c - z * np.sqrt(t)) / np.sqrt(1 - t))
    assert grown[0] > planned[0]
    assert grown[1] < planned[1]


def test_promising_zone_enlarges_only_inside_and_keeps_alpha():
    """Trials outside the zone go on as planned, inside they reach the target; 40,000 null trials keep the level."""
    zone = PromisingZone(lower=0.41, upper=0.8, target=0.8, largest=1.5)
    c = norm.isf(0.025)
    assert enlarged(zone, [-1.0, 0.2, 2.5], 0.5, c) == pytest.approx([1.0, 1.0, 1.0])
    end = enlarged(PromisingZone(0.3, 0.8, 0.8, 50.0), 1.45, 0.5, c)
    second_mean = 1.45 / np.sqrt(0.5) * np.sqrt(end - 0.5)
    assert norm.sf((c - 1.45 * np.sqrt(0.5)) / np.sqrt(0.5) - second_mean) == pytest.approx(0.8, abs=1e-9)
    rng = np.random.default_rng(3)
    n = 40_000
    first, second = rng.normal(size=(2, n))
    end = enlarged(zone, first, 0.5, c)
    assert end.max() == 1.5 and (end > 1).mean() > 0.05
    plain = (first * np.sqrt(0.5) + second * np.sqrt(end - 0.5)) / np.sqrt(end)
    planned = np.broadcast_to([0.5, 1.0], (n, 2))
    stages = inverse_normal(np.column_stack([first, plain]), np.column_stack([np.full(n, 0.5), end]), planned)
    for z in (plain, stages.z[:, 1]):
        assert (z > c).mean() < 0.025 + 4 * np.sqrt(0.025 * 0.975 / n)


def test_multiplicity_procedures_by_hand():
    """Bonferroni, Holm, fixed sequence and gatekeeping on a worked table."""
    p = np.array([[0.01, 0.02, 0.04], [0.03, 0.01, 0.02], [0.2, 0.001, 0.001], [np.nan, 0.001, 0.03]])
    assert bonferroni(p, 0.05).tolist() == [
        [True, False, False],
        [False, True, False],
        [False, True, True],
        [False, True, False],
    ]
    # First row: 0.01 <= 0.05/3, 0.02 <= 0.05/2, 0.04 <= 0.05.
    assert holm(p, 0.05).tolist() == [[True, True, True], [True, True, True], [False, True, True], [False, True, False]]
    assert fixed_sequence(p, 0.025).tolist() == [
        [True, True, False],
        [False, False, False],
        [False, False, False],
        [False] * 3,
    ]
    assert gatekeeping(p, 0.05, [[0], [1, 2]]).tolist() == [
        [True, True, True],
        [True, True, True],
        [False] * 3,
        [False] * 3,
    ]
    with pytest.raises(ValueError, match="once"):
        gatekeeping(p, 0.05, [[0], [1]])


def test_holm_is_statsmodels_holm():
    """Holm and Bonferroni agree with statsmodels on random p values."""
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(5).random((12, 5)) ** 3
    for function, name in ((holm, "holm"), (bonferroni, "bonferroni")):
        theirs = [multipletests(row, 0.05, name)[0] for row in p]
        assert np.array_equal(function(p, 0.05), theirs)


def test_holm_keeps_the_familywise_error():
    """With all hypotheses true, 20,000 trials make any false rejection at most alpha often, within four errors."""
    p = norm.sf(np.random.default_rng(8).normal(size=(20_000, 4)))
    assert holm(p, 0.05).any(axis=1).mean() < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 20_000)


def test_impossible_plans_say_everything_at_once():
    """Every mistake of a plan is in one message."""
    plan = Plan((0.5, 0.4, 1.0), 0.0, "obff", 3, delta=0.3, power=0.0, futility=Futility("bet"))
    with pytest.raises(BadInput) as caught:
        solve(plan)
    assert {p.key for p in caught.value.problems} == {
        "sides",
        "alpha",
        "power",
        "information",
        "type",
        "delta",
        "futility",
    }


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (Plan(equal(3), 0.025, "haybittle-peto", early_z=1.5), "spend"),
        (Plan((0.5, 0.9), 0.025), "end at 1"),
        (Plan(equal(2), 0.3, power=0.2), "above the one-sided alpha"),
        (Plan(equal(2), 0.05, sides=2, power=0.9, futility=Futility("z", z=(0.0,))), "one-sided test"),
        (Plan(equal(2), 0.025, futility=Futility("beta")), "with a power"),
        (Plan(equal(3), 0.025, power=0.9, futility=Futility("z", z=(0.0,))), "one for each interim look"),
        (Plan(equal(2), 0.025, power=0.9, futility=Futility("z", z=(6.0,))), "below the efficacy boundary"),
        (Plan(equal(2), 0.025, "custom", at=(0.6, 0.3), share=(0.1, 0.2)), "increasing"),
        (Plan(equal(2), 0.025, power=0.9, futility=Futility("conditional-power", threshold=1.0)), "below 1"),
    ],
)
def test_impossible_plans_are_explained(plan, said):
    """A plan that cannot be stops with a sentence that says why."""
    with pytest.raises(BadInput, match=said):
        solve(plan)


def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(command.main)
    return made


def test_command_prints_and_writes(tmp_path):
    """`clti boundaries` prints the boundaries and writes table, figure and report."""
    out = tmp_path / "out"
    result = CliRunner().invoke(app(), ["--looks", "3", "--type", "obf", "--futility", "z:0,0.5", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "3.4711" in result.output
    table = pd.read_csv(out / "boundaries.csv")
    assert table["z"].to_numpy() == pytest.approx([3.4710914, 2.4544323, 2.0040356], abs=1e-6)
    assert {"boundaries.csv", "design.csv", "boundaries.svg", "boundaries.png", "report.html", "manifest.json"} == {
        path.name for path in out.iterdir()
    }


def test_command_collects_all_mistakes_and_writes_nothing(tmp_path):
    """Several bad options give one message that names each option, and no output folder."""
    out = tmp_path / "out"
    words = ["--alpha", "0", "--type", "obff", "--information", "0.4,x", "--futility", "zz", "--out", str(out)]
    result = CliRunner().invoke(app(), words)
    assert isinstance(result.exception, BadInput)
    assert {p.key for p in result.exception.problems} == {"--alpha", "--type", "--information", "--futility"}
    assert not out.exists()


def test_kim_and_demets_spend_a_power_of_information():
    """Alpha spent by each look is alpha t^rho; rho 1 is Hwang, Shih and DeCani's gamma 0."""
    t = (0.3, 0.6, 1.0)
    for rho in (1.0, 2.0, 3.5):
        found = solve(Plan(t, 0.025, "kim-demets", rho=rho))
        assert found.cumulative_alpha == pytest.approx([0.025 * each**rho for each in t], abs=1e-8)
        assert found.upper[0] == pytest.approx(norm.isf(0.025 * 0.3**rho), abs=1e-6)
    straight = solve(Plan(t, 0.025, "hsd", gamma=0.0)).upper
    assert solve(Plan(t, 0.025, "kim-demets", rho=1.0)).upper == pytest.approx(straight, abs=1e-8)
    assert [p.key for p in Plan(t, 0.025, "hsd", rho=2.0).problems()] == ["rho"]


def test_fixed_drift_is_the_textbook_sum():
    """A trial without looks needs z_alpha + z_beta, and a one-look design the same."""
    assert fixed_drift(0.025, 0.9) == pytest.approx(norm.isf(0.025) + norm.isf(0.1))
    assert solve(Plan((1.0,), 0.025, "obf", power=0.9)).inflation == pytest.approx(1.0, abs=1e-9)
