"""Sizes of trials with two arms, against published numbers, integrals and other programs."""

from __future__ import annotations

import math

import pytest
from scipy.stats import nct, norm, t

from simulator.statistics.sizes.proportion_sizes import superiority
from simulator.statistics.sizes.samplesize import (
    LIMITS,
    event_probability,
    lachin_foulkes,
    range_problems,
    schoenfeld,
    schoenfeld_events,
    two_means,
    two_proportions,
    win_ratio,
)
from simulator.words.errors import BadInput, Problem

LN2 = math.log(2.0)


def test_schoenfeld_events():
    """Hazard ratio 0.7, one-sided 2.5%, power 90%: 330.378 events."""
    assert schoenfeld_events(0.7) == pytest.approx(330.378, abs=5e-4)
    assert schoenfeld_events(1 / 0.7) == pytest.approx(schoenfeld_events(0.7))
    assert schoenfeld_events(0.7, ratio=2.0) == pytest.approx(schoenfeld_events(0.7) * 9 / 8)


def test_schoenfeld_patients():
    """Medians 5 and 3, accrual 12, follow-up 6, power 80%: 120.3157 events of 141.26641 patients."""
    size = schoenfeld(LN2 / 3, LN2 / 5, 12.0, 6.0, power=0.8)
    assert size.events == pytest.approx(120.3157, abs=5e-5)
    assert size.patients == pytest.approx(141.26641, abs=5e-6)
    assert size.events_arm_0 + size.events_arm_1 == pytest.approx(size.events)


def test_event_probability_is_the_integral():
    """The closed form with accrual and drop-out equals the mean over entry dates, by quadrature."""
    from scipy.integrate import quad

    hazard, accrual, follow_up, dropout = 0.3, 3.0, 2.0, 0.15

    def given_entry(u: float) -> float:
        time = follow_up + accrual - u
        return hazard / (hazard + dropout) * -math.expm1(-(hazard + dropout) * time) / accrual

    expected = quad(given_entry, 0.0, accrual)[0]
    assert event_probability(hazard, accrual, follow_up, dropout) == pytest.approx(expected, rel=1e-10)
    assert event_probability(hazard, 1e-9, follow_up, dropout) == pytest.approx(
        event_probability(hazard, 0.0, follow_up, dropout), rel=1e-6
    )
    assert event_probability(0.0, accrual, follow_up) == 0.0


def test_lachin_foulkes_against_another_program():
    """Hazards 0.2 and 0.1, half a year of accrual in a two-year trial, power 90%: 414 patients and 94 events.

    The R package gsDesign, nSurvival(type = "rd", approx = FALSE), as its own tests record it (arms rounded up).
    """
    size = lachin_foulkes(0.2, 0.1, 0.5, 1.5)
    assert 2 * math.ceil(size.patients / 2) == 414
    assert math.ceil(size.events) == 94
    assert lachin_foulkes(0.2, 0.1, 0.5, 1.5, 0.1).patients > size.patients


def test_two_proportions_reach_their_power():
    """Sizes, pooled and not, give back the power by statsmodels' power function and by the formula of every command."""
    from statsmodels.stats.proportion import power_proportions_2indep

    n = two_proportions(0.31, 0.16)
    theirs = power_proportions_2indep(0.16 - 0.31, 0.31, n / 2, ratio=1.0, alpha=0.05, return_results=False)
    # statsmodels also counts rejections in the wrong direction, some 1e-7 here.
    assert theirs == pytest.approx(0.9, abs=1e-6)
    for ratio in (0.5, 1.0, 3.0):
        for pooled, formula in zip((True, False), superiority(0.31, 0.16, 0.025, ratio), strict=False):
            n = two_proportions(0.31, 0.16, 0.025, 0.85, ratio, pooled=pooled)
            assert formula.power(n) == pytest.approx(0.85, abs=1e-9)


def test_two_means_agree_with_statsmodels():
    """The t test's size is statsmodels' to five digits, and ANCOVA needs about 1 - r^2 of it."""
    from statsmodels.stats.power import TTestIndPower

    for ratio in (1.0, 2.0):
        theirs = TTestIndPower().solve_power(0.5, alpha=0.05, power=0.9, ratio=ratio)
        assert two_means(0.5, 1.0, ratio=ratio) == pytest.approx(theirs * (1 + ratio), rel=1e-5)
    assert two_means(5.0, 10.0, correlation=0.6) == pytest.approx(two_means(5.0, 10.0) * 0.64, abs=1.5)


POSITIVE = ("ratio", "hazard_ratio", "hazard_0", "hazard_1", "median_0", "median_1", "sd", "win_ratio", "until")
ALLOWED = {
    "alpha": ((1e-9, 0.499), (0.0, 0.5)),
    "power": ((1e-9, 0.999), (0.0, 1.0)),
    **dict.fromkeys(POSITIVE, ((1e-9, 1e9), (0.0, -1.0, math.inf))),
    **dict.fromkeys(("accrual", "follow_up", "dropout"), ((0.0, 1e9), (-1e-9, math.inf))),
    **dict.fromkeys(("p0", "p1"), ((1e-9, 0.999), (0.0, 1.0))),
    **dict.fromkeys(("ties", "lost", "correlation_within"), ((0.0, 0.999), (-1e-9, 1.0))),
    "difference": ((-1e9, 0.0, 1e9), (math.inf, -math.inf, math.nan)),
    "correlation": ((-0.999, 0.999), (-1.0, 1.0)),
    "n": ((1.001, 9.99e6), (1.0, 1e7)),
    "looks": ((2.0, 50.0), (1.0, 51.0)),
    "members": ((1.0, 999.0), (0.999, 1000.0)),
}


@pytest.mark.parametrize("key", ALLOWED)
def test_what_every_input_may_be(key):
    """What is allowed passes, and its limits do not, where they are no value themselves."""
    good, bad = ALLOWED[key]
    for value in good:
        assert range_problems({key: value}) == []
    for value in bad:
        assert [problem.key for problem in range_problems({key: value}, "a.toml")] == [key]
    assert set(ALLOWED) == set(LIMITS)


def test_limits_are_told_in_words():
    """Where, which, what was given and what is allowed; a power is above alpha."""
    said = {
        "alpha": (0.6, "above 0 and below 0.5"),
        "accrual": (-1.0, "0 or more"),
        "ties": (1.0, "0 or more and below 1"),
        "sd": (math.inf, "above 0 and finite"),
        "difference": (math.inf, "finite"),
    }
    for key, (value, allowed) in said.items():
        assert range_problems({key: value}, "a.toml") == [Problem("a.toml", key, f"{value:g}", allowed)]
    expected = [Problem("design", "power", "0.2", "above alpha (0.2) and below 1")]
    assert range_problems({"alpha": 0.2, "power": 0.2}) == expected
    assert range_problems({"alpha": 0.2, "power": 0.21}) == []
    assert [problem.allowed for problem in range_problems({"alpha": 0.2, "power": 0.0})] == ["above 0 and below 1"]


@pytest.mark.parametrize(
    ("size", "key"),
    [
        (lambda: schoenfeld_events(1.0), "hazard_ratio"),
        (lambda: schoenfeld(0.3, 0.3, 1.0, 1.0), "hazard_1"),
        (lambda: lachin_foulkes(0.3, 0.3, 1.0, 1.0), "hazard_1"),
        (lambda: schoenfeld(0.3, 0.2, 0.0, 0.0), "follow_up"),
        (lambda: lachin_foulkes(0.3, 0.2, 0.0, 0.0), "follow_up"),
        (lambda: lachin_foulkes(0.3, 0.2, -1.0, 1.0), "accrual"),
        (lambda: lachin_foulkes(0.3, 0.2, 1.0, 1.0, -0.1), "dropout"),
        (lambda: two_proportions(0.3, 0.3), "p1"),
        (lambda: two_means(0.0, 1.0), "difference"),
        (lambda: win_ratio(1.0, 0.1), "win_ratio"),
    ],
)
def test_no_size_is_given_for_no_effect_or_no_time(size, key):
    """Each is refused by name, and nothing else is wrong."""
    with pytest.raises(BadInput) as caught:
        size()
    assert [problem.key for problem in caught.value.problems] == [key]


def test_lachin_foulkes_by_hand_with_twice_as_many_in_arm_1():
    """All enter at once and are followed for two years: P(event) is 1 - exp(-2 h); the phi are h^2 over it."""
    size = lachin_foulkes(0.4, 0.2, 0.0, 2.0, alpha=0.05, power=0.8, ratio=2.0)

    def phi(hazard):
        return hazard**2 / (1.0 - math.exp(-2.0 * hazard))

    null = math.sqrt(phi((0.4 + 2 * 0.2) / 3) * (3.0 / 2.0 + 3.0))
    effect = math.sqrt(phi(0.2) * 3.0 / 2.0 + phi(0.4) * 3.0)
    n = ((norm.isf(0.05) * null + norm.isf(0.2) * effect) / 0.2) ** 2
    assert size.patients == pytest.approx(n)
    assert size.events_arm_0 == pytest.approx(n / 3 * (1 - math.exp(-0.8)))
    assert size.events_arm_1 == pytest.approx(2 * n / 3 * (1 - math.exp(-0.4)))
    assert size.events == pytest.approx(size.events_arm_0 + size.events_arm_1)
    assert size.method == "lachin-foulkes"


def test_schoenfeld_by_hand_with_twice_as_many_in_arm_1():
    """The same trial: events over the mean chance of one, and where they fall."""
    size = schoenfeld(0.4, 0.2, 0.0, 2.0, alpha=0.05, power=0.8, ratio=2.0)
    events = (norm.isf(0.05) + norm.isf(0.2)) ** 2 / (2 / 9 * math.log(2.0) ** 2)
    chance_0, chance_1 = 1 - math.exp(-0.8), 1 - math.exp(-0.4)
    assert size.events == pytest.approx(events)
    assert size.patients == pytest.approx(events / (chance_0 / 3 + 2 * chance_1 / 3))
    assert size.events_arm_0 / size.events_arm_1 == pytest.approx(chance_0 / (2 * chance_1))
    assert size.method == "schoenfeld"
    # Of those lost at the same rate as the event comes, half are lost first.
    half = event_probability(0.2, 0.0, 2.0, 0.2)
    assert half == pytest.approx(0.5 * (1 - math.exp(-0.8)))


def test_win_ratio_by_hand():
    """Yu and Ganju: (z + z)^2 4 (1 + ties) / (3 q (1 - q) (1 - ties)) / ln(WR)^2, for one and for two to one."""
    z = norm.isf(0.025) + norm.isf(0.1)
    assert win_ratio(1.5, 0.1) == pytest.approx(z**2 * 4 * 1.1 / (3 * 0.25 * 0.9) / math.log(1.5) ** 2)
    z = norm.isf(0.05) + norm.isf(0.2)
    found = win_ratio(1 / 1.5, 0.0, 0.05, 0.8, 2.0)
    assert found == pytest.approx(z**2 * 4 / (3 * 2 / 9) / math.log(1.5) ** 2)


def test_ancova_reaches_its_power_with_one_degree_of_freedom_less():
    """Correlation 0.6 leaves 0.8 of the standard deviation; an effect that any trial finds needs the smallest trial."""
    for ratio, share in ((1.0, 1 / 4), (2.0, 2 / 9)):
        n = two_means(5.0, 10.0, 0.05, 0.8, ratio, correlation=-0.6)
        assert nct.sf(t.isf(0.05, n - 3), n - 3, 5.0 / 8.0 * math.sqrt(n * share)) == pytest.approx(0.8, abs=1e-8)
    assert two_means(-1e3, 1.0) == 4.0
    assert two_means(1e3, 1.0, ratio=3.0) == pytest.approx(2.0 + 4.0 / 3.0)
    assert two_means(1e3, 1.0, ratio=1 / 3, correlation=0.5) == pytest.approx(3.0 + 4.0 / 3.0)
