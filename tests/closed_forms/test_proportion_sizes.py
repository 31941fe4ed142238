"""Sizes for two proportions, against published numbers and the likelihood."""

from __future__ import annotations

import math

import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from simulator.statistics.sizes import exact_proportions, proportion_sizes
from simulator.words.errors import Problem


def test_corrected_and_exact_sizes_of_tables() -> None:
    """Fleiss' corrected sizes per arm at alpha 5% two-sided, and Fisher's exact one, as published.

    0.6 against 0.8: 82 uncorrected and 91 corrected (Fleiss' table of sizes, recalled). 0.3 against 0.6: statement NCT00428727.
    """
    found = {each.name: each for each in proportion_sizes.superiority(0.6, 0.8, 0.025)}
    assert math.ceil(found["chi-square (pooled variance)"].size(0.8) / 2) == 82
    assert math.ceil(found["chi-square, continuity-corrected"].size(0.8) / 2) == 91
    other = {each.name: each for each in proportion_sizes.superiority(0.3, 0.6, 0.025)}
    assert other["Fisher, exact power"].size(0.8) == 96


def test_restricted_proportions_maximise_the_likelihood() -> None:
    """Farrington and Manning's cubic finds the maximum of the likelihood on the line of the margin."""
    for p0, p1, margin, q in (
        (0.3, 0.3, 0.1, 0.5),
        (0.8, 0.75, -0.1, 0.5),
        (0.2, 0.1, 0.05, 2 / 3),
        (0.6, 0.6, 0.2, 1 / 3),
    ):

        def against(x: float, p0: float = p0, p1: float = p1, margin: float = margin, q: float = q) -> float:
            in_1 = p1 * math.log(x + margin) + (1 - p1) * math.log(1 - x - margin)
            return -q * in_1 - (1 - q) * (p0 * math.log(x) + (1 - p0) * math.log(1 - x))

        ends = (max(0.0, -margin) + 1e-9, min(1.0, 1.0 - margin) - 1e-9)
        best = minimize_scalar(against, bounds=ends, method="bounded", options={"xatol": 1e-11}).x
        assert proportion_sizes.restricted(p0, p1, margin, q) == pytest.approx((best, best + margin), abs=1e-6)


def test_formulas_by_hand_with_twice_as_many_in_arm_1() -> None:
    """40% against 20% at one-sided 2.5% and a power of 80%; powers are those of their own sizes."""
    found = proportion_sizes.superiority(0.4, 0.2, 0.025, 2.0)
    a, b = norm.isf(0.025), norm.isf(0.2)
    mean = (0.4 + 2 * 0.2) / 3
    pooled, own = math.sqrt(mean * (1 - mean) * 9 / 2), math.sqrt(0.2 * 0.8 * 3 / 2 + 0.4 * 0.6 * 3)
    plain = ((a * pooled + b * own) / 0.2) ** 2
    root = 1 + math.sqrt(1 + 2 * 3 / (plain / 3 * 2 * 0.2))
    arcsine = 2 * (math.asin(math.sqrt(0.4)) - math.asin(math.sqrt(0.2)))
    expected = {
        "chi-square (pooled variance)": plain,
        "risk difference (unpooled variance)": ((a + b) * own / 0.2) ** 2,
        "chi-square, continuity-corrected": plain / 4 * root**2,
        "arcsine": ((a + b) / arcsine) ** 2 * 9 / 2,
    }
    for each in found[:4]:
        assert each.size(0.8) == pytest.approx(expected[each.name])
        assert each.power(expected[each.name]) == pytest.approx(0.8)
        assert each.citation.endswith(("4", "6", "2530613"))
    assert [each.name for each in found] == [*expected, *(name for name, _ in proportion_sizes.EXACT.values())]
    assert found[0].power(1.0) < found[0].power(1e3)
    corrected = found[2]
    # With fewer patients than the correction takes away there is no power beyond that of nobody.
    assert corrected.power(2.0) == pytest.approx(norm.cdf(-a * pooled / own))


def test_exact_powers_are_of_whole_arms() -> None:
    """Fisher's of ten against ten, five against ten at two to one; nothing for no difference; Boschloo's stops at 400 an arm."""
    even, uneven = (proportion_sizes.exact("fisher", 0.2, 0.7, 0.05, ratio) for ratio in (1.0, 2.0))
    assert even.power(20.0) == pytest.approx(exact_proportions.power("fisher", 10, 10, 0.2, 0.7, 0.05))
    assert uneven.power(15.0) == pytest.approx(exact_proportions.power("fisher", 5, 10, 0.2, 0.7, 0.05))
    assert even.power(1.0) == 0.0
    assert proportion_sizes.exact("fisher", 0.3, 0.3, 0.05, 1.0).size(0.8) == math.inf
    assert math.isnan(proportion_sizes.exact("boschloo", 0.2, 0.7, 0.05, 1.0).power(802.0))
    assert even.exact and (even.name, even.citation) == proportion_sizes.EXACT["fisher"]


def test_non_inferiority_by_hand_with_twice_as_many_in_arm_1() -> None:
    """0.8 against 0.75, ten points fewer allowed: the spread under the null is that of Farrington and Manning's proportions."""
    manning, wald = proportion_sizes.non_inferiority(0.8, 0.75, -0.1, 0.025, 2.0)
    a, b = norm.isf(0.025), norm.isf(0.2)
    own = math.sqrt(0.75 * 0.25 * 3 / 2 + 0.8 * 0.2 * 3)
    r0, r1 = proportion_sizes.restricted(0.8, 0.75, -0.1, 2 / 3)
    null = math.sqrt(r1 * (1 - r1) * 3 / 2 + r0 * (1 - r0) * 3)
    assert wald.size(0.8) == pytest.approx(((a + b) * own / 0.05) ** 2)
    assert manning.size(0.8) == pytest.approx(((a * null + b * own) / 0.05) ** 2)
    assert proportion_sizes.non_inferiority(0.8, 0.75, -0.1, 0.025)[1].size(0.8) == pytest.approx(
        ((a + b) / 0.05) ** 2 * 2 * (0.75 * 0.25 + 0.8 * 0.2)
    )


def test_equivalence_by_hand() -> None:
    """0.5 against 0.55 within 20 points: both one-sided tests succeed; the sign of the margin does not matter."""
    for ratio, spread in (
        (2.0, math.sqrt(0.55 * 0.45 * 3 / 2 + 0.25 * 3)),
        (None, math.sqrt(2 * (0.55 * 0.45 + 0.25))),
    ):
        given = (0.5, 0.55, -0.2, 0.05) if ratio is None else (0.5, 0.55, 0.2, 0.05, ratio)
        (found,) = proportion_sizes.equivalence(*given)
        root, z = math.sqrt(300.0) / spread, norm.isf(0.05)
        assert found.power(300.0) == pytest.approx(norm.cdf(0.25 * root - z) + norm.cdf(0.15 * root - z) - 1.0)
        assert found.name.startswith("two one-sided tests") and "Schuirmann" in found.citation


@pytest.mark.parametrize(
    ("margin", "at", "aim", "allowed"),
    [
        (0.1, 0.0, "non-inferiority", None),
        (-0.1, -0.05, "non-inferiority", None),
        (0.0, 0.0, "non-inferiority", "above -1 and below 1, and not 0"),
        (1.0, 0.0, "non-inferiority", "above -1 and below 1, and not 0"),
        (-1.0, 0.0, "equivalence", "above -1 and below 1, and not 0"),
        (-0.1, -0.1, "non-inferiority", "worse than the true difference, -0.1: it is signed"),
        (-0.1, -0.2, "non-inferiority", "worse than the true difference, -0.2: it is signed"),
        (0.2, 0.1, "equivalence", None),
        (-0.2, 0.2, "equivalence", "further from 0 than the true difference, 0.2"),
        (0.1, -0.3, "equivalence", "further from 0 than the true difference, -0.3"),
    ],
)
def test_margins_lie_beyond_the_truth(margin: float, at: float, aim: str, allowed: str | None) -> None:
    """A margin of 0, of everything, or on this side of the true value is refused with the reason."""
    found = proportion_sizes.margin_problems(margin, at, "difference", aim)
    assert found == ([] if allowed is None else [Problem("design", "margin", f"{margin:g}", allowed)])


def test_margins_of_ratios_have_their_own_limits() -> None:
    """From a half to two, say."""
    assert proportion_sizes.margin_problems(3.0, 1.0, "ratio", "equivalence", 0.5, 2.0)[0].allowed.startswith(
        "above 0.5"
    )
    assert proportion_sizes.margin_problems(1.9, 1.0, "ratio", "equivalence", 0.5, 2.0) == []
