"""Two-sided tests with a wedge for futility, the triangular test, and boundaries on the scale of the effect."""

from __future__ import annotations

import numpy as np
import pytest
import typer
from scipy.stats import multivariate_normal, norm
from typer.testing import CliRunner

from simulator.cli import boundaries as command
from simulator.statistics.sequential.boundary_search import solve
from simulator.statistics.sequential.effect_scale import EffectScale
from simulator.statistics.sequential.spending import Spending
from simulator.statistics.sequential.stopping_plan import Futility, Plan
from simulator.words.errors import BadInput


def equal(looks: int) -> tuple[float, ...]:
    return tuple((k + 1) / looks for k in range(looks))


def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(command.main)
    return made


# rpact, tests/testthat/test-f_design_group_sequential_beta_spending.R (typeBetaSpending "bsKD", sided 2). rpact's own search for
# the drift stops at a power of 0.9349997 and 0.8999995, hence the absolute tolerance of 1e-5 where the drift matters.
RPACT = {
    "not binding": (
        Plan(
            (0.35, 0.55, 0.8, 1.0),
            0.035,
            "kim-demets",
            2,
            rho=1.44,
            power=0.935,
            futility=Futility("beta", Spending("kim-demets", rho=1.35)),
        ),
        [2.6641472, 2.5781312, 2.4084661, 2.3291234],
        [0.29185889, 0.85901114, 1.708006],
        15.745369,
        1.1999015,
    ),
    "binding": (
        Plan(
            (0.4, 0.65, 0.8, 1.0),
            0.05,
            "kim-demets",
            2,
            rho=2.5,
            power=0.9,
            futility=Futility("beta", Spending("kim-demets", rho=1.5), binding=True),
        ),
        [2.8032117, 2.4453423, 2.2956849, 1.9878913],
        [0.3085062, 0.97461473, 1.3896954],
        11.657317,
        1.1094363,
    ),
}


@pytest.mark.parametrize("name", RPACT)
def test_the_wedge_is_that_of_rpact(name):
    """Efficacy boundary, wedge, squared drift and inflation of two-sided beta spending, to 1e-5 (drift: 3e-5)."""
    plan, upper, inner, squared, inflation = RPACT[name]
    found = solve(plan)
    assert found.inner is not None and found.drift is not None
    assert found.upper == pytest.approx(upper, abs=5e-6)
    assert found.inner[:-1] == pytest.approx(inner, abs=1e-5)
    assert found.inner[-1] == found.upper[-1]
    assert found.drift**2 == pytest.approx(squared, abs=3e-5)
    assert found.inflation == pytest.approx(inflation, abs=3e-6)


def _between(t, pieces, mean):
    """Probability that each z lies in one of two intervals, by inclusion of boxes of the multivariate normal."""
    covariance = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    law = multivariate_normal(mean * np.sqrt(t), covariance, seed=np.random.default_rng(1))
    total = 0.0
    for signs in np.ndindex(*(len(piece) for piece in pieces)):
        low, high = np.array([piece[sign] for piece, sign in zip(pieces, signs, strict=True)]).T
        total += float(law.cdf(high, lower_limit=low))
    return total


def test_the_wedge_spends_beta_and_alpha_is_kept_when_it_is_overruled():
    """At each look of three the wedge takes its share of beta, by another integration; ignored, alpha is two-sided 0.05."""
    plan = Plan(equal(3), 0.05, "ld-obf", 2, power=0.8, futility=Futility("beta", Spending("ld-pocock")))
    found = solve(plan)
    assert found.inner is not None and found.drift is not None
    t, outer, inner = found.information, found.upper, found.inner
    spent = np.diff(Spending("ld-pocock")(0.2, t), prepend=0.0)
    assert norm.cdf(inner[0], found.drift * np.sqrt(t[0])) - norm.cdf(
        -inner[0], found.drift * np.sqrt(t[0])
    ) == pytest.approx(spent[0], abs=1e-9)
    sides = [[(-outer[0], -inner[0]), (inner[0], outer[0])], [(-inner[1], inner[1])]]
    assert _between(t[:2], sides, found.drift) == pytest.approx(spent[1], abs=1e-6)
    last = [sides[0], [(-outer[1], -inner[1]), (inner[1], outer[1])], [(outer[2], 12.0)]]
    up = norm.sf(outer[0] - found.drift * np.sqrt(t[0])) + _between(t[:2], [sides[0], [(outer[1], 12.0)]], found.drift)
    assert up + _between(t, last, found.drift) == pytest.approx(0.8, abs=1e-5)
    assert found.cumulative_alpha[-1] == pytest.approx(0.05, abs=1e-8)
    assert outer == pytest.approx(solve(Plan(equal(3), 0.05, "ld-obf", 2)).upper, abs=1e-12)
    assert found.futile(found.drift).sum() == pytest.approx(0.2, abs=1e-3)
    assert found.table()["futility_if_no_effect"].iloc[0] == pytest.approx(2.0 * norm.cdf(inner[0]) - 1.0, abs=1e-9)


def test_obeying_a_binding_wedge_keeps_alpha_in_simulation():
    """200,000 null trials that obey a binding wedge reject in 5% (within three standard errors), those that do not in more."""
    plan = Plan(equal(4), 0.05, "hsd", 2, gamma=-2.0, power=0.8, futility=Futility("beta", binding=True))
    found = solve(plan)
    assert found.inner is not None
    rng, t = np.random.default_rng(3), found.information
    walk = rng.standard_normal((200_000, 4)) * np.sqrt(np.diff(t, prepend=0.0))
    z = np.abs(np.cumsum(walk, axis=1) / np.sqrt(t))
    out, futile = z >= found.upper, z < found.inner
    first = np.where(out.any(axis=1), out.argmax(axis=1), 9)
    obeyed = (first < np.where(futile.any(axis=1), futile.argmax(axis=1), 8)).mean()
    assert abs(obeyed - 0.05) < 3.0 * np.sqrt(0.05 * 0.95 / 200_000)
    assert (first < 9).mean() > 0.053


@pytest.mark.parametrize("information", [equal(2), equal(5), (0.3, 0.5, 1.0)])
def test_the_triangle_keeps_alpha_and_power(information):
    """Level and power of the triangular test are exact, by the multivariate normal and not the recursion that made it."""
    found = solve(Plan(information, 0.025, "triangular", power=0.9))
    assert found.drift is not None
    for mean, wanted in ((0.0, 0.025), (found.drift, 0.9)):
        t, reached = found.information, 0.0
        for k in range(t.size):
            going = [[(found.lower[j], found.upper[j])] for j in range(k)]
            reached += _between(t[: k + 1], [*going, [(found.upper[k], 12.0)]], mean)
        assert reached == pytest.approx(wanted, abs=2e-5)


def test_the_triangle_is_whiteheads_and_meets_at_its_apex():
    """With equal steps both sides are straight lines of the score that meet at the last look; the published constant of
    Jennison & Turnbull 2000, section 4.5, (8 ln(1/2 alpha) and the 0.583 correction) is near: within 0.025 in z."""
    for looks in (2, 3, 5, 10):
        found = solve(Plan(equal(looks), 0.025, "triangular"))
        t, root = found.information, np.sqrt(found.information)
        score, lower = found.upper * root, found.lower * root
        assert np.diff(score) == pytest.approx(np.full(looks - 1, score[1] - score[0]), abs=1e-9)
        assert np.diff(lower) == pytest.approx(3.0 * np.diff(score), abs=1e-9)
        assert lower[-1] == score[-1]
        assert score[0] == pytest.approx(score[-1] * (1.0 + t[0]) / 2.0, abs=1e-9)
        published = (np.sqrt(4 * 0.583**2 / looks + 8 * np.log(1 / 0.05)) - 2 * 0.583 / np.sqrt(looks)) / 2
        assert found.upper[-1] == pytest.approx(published, abs=0.025)


def test_unequal_steps_move_the_triangle_by_the_overshoot():
    """A longer step has its lines moved inwards by 0.583 times the difference of the roots of the steps, in score units."""
    found = solve(Plan((0.6, 0.8, 1.0), 0.025, "triangular"))
    score, apex = found.upper * np.sqrt(found.information), found.upper[-1]
    assert score[1] == pytest.approx(apex * 0.9, abs=1e-9)
    assert score[0] == pytest.approx(apex * 0.8 - 0.583 * (np.sqrt(0.6) - np.sqrt(0.2)), abs=1e-9)


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (Plan(equal(3), 0.05, "triangular", 2), "one-sided"),
        (Plan(equal(3), 0.025, "triangular", power=0.9, futility=Futility("beta")), "lower side"),
        (Plan((0.5, 0.98, 1.0), 0.025, "triangular"), "closes before"),
        (Plan(equal(3), 0.05, "obf", 2, power=0.9, futility=Futility("beta", binding=True)), "spending function"),
        (Plan(equal(3), 0.05, "ld-obf", 2, futility=Futility("beta")), "with a power"),
    ],
)
def test_what_does_not_go_together_is_refused(plan, said):
    """Plans of a wedge or a triangle that cannot be say why."""
    with pytest.raises(BadInput, match=said):
        solve(plan)


def test_a_boundary_is_the_estimate_that_stands_on_it():
    """With a power of 0.9 for a hazard ratio of 0.6 the last boundary is the ratio whose log is z / drift of log 0.6."""
    found = solve(Plan(equal(3), 0.05, "ld-obf", 2, power=0.9, futility=Futility("beta")))
    table = EffectScale("hazard-ratio", 0.6).beside(found.table(), found)
    assert found.drift is not None
    assert table["effect"].iloc[-1] == pytest.approx(0.6 ** (found.upper[-1] / found.drift))
    # Schoenfeld: the drift is |log HR| sqrt(events) / 2, and the z of a log-rank test log HR sqrt(events so far) / 2.
    events = (2.0 * found.drift / np.log(0.6)) ** 2 / 3.0
    assert -np.log(table["effect"].iloc[0]) * np.sqrt(events) / 2.0 == pytest.approx(found.upper[0])
    assert table["harm_effect"].to_numpy() == pytest.approx(1.0 / table["effect"].to_numpy())
    assert table["futility_effect"].iloc[-1] == table["effect"].iloc[-1]
    difference = EffectScale("difference", 0.15).beside(found.table(), found)
    assert difference["effect"].iloc[0] == pytest.approx(0.15 * found.upper[0] / found.drift * np.sqrt(3.0))


def test_the_command_tells_boundaries_as_effects():
    """`clti boundaries --effect` has a column of effects, and an effect that is none is refused by its option."""
    words = ["--type", "triangular", "--looks", "2", "--effect", "hazard-ratio:0.6"]
    result = CliRunner().invoke(app(), words)
    assert result.exit_code == 0, result.output
    assert "Effect at" in " ".join(result.output.split())
    for wrong in ("hazard-ratio:1", "odds:2", "difference:0", "difference"):
        refused = CliRunner().invoke(app(), ["--effect", wrong])
        assert isinstance(refused.exception, BadInput)
        assert {problem.key for problem in refused.exception.problems} == {"--effect"}
    assert command.FUTILITY_HELP.count("kim-demets") == 1
