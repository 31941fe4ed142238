"""Decision analysis and the value of information against closed forms, hand calculations and published examples."""

from __future__ import annotations

import subprocess
import sys
import time
from math import exp, log

import numpy as np
import pandas as pd
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, norm
from typer.testing import CliRunner

from simulator.cli import app
from simulator.cli.cea import main
from simulator.questions.value.reading import read_results, results_from
from simulator.questions.value.research.sampling import net_benefit_of_sampling
from simulator.statistics.decision.convergence import monte_carlo_error
from simulator.statistics.decision.decision import decide, default_thresholds
from simulator.statistics.decision.incremental import against, frontier, incremental_analysis
from simulator.statistics.decision.net_benefit import acceptability, net_health_benefit, net_monetary_benefit
from simulator.statistics.decision.plane import ellipse
from simulator.statistics.decision.population import Population
from simulator.statistics.decision.price import value_based_price
from simulator.statistics.decision.results import CostEffectResults, totals
from simulator.statistics.decision.voi import Value, evpi, evppi, evsi, information_table
from simulator.telling.columns import told
from simulator.telling.formats import MISSING
from simulator.words.errors import BadInput


def expected_gain(mean: float, sd: float) -> float:
    """E[max(0, N(mean, sd))] - max(0, mean)."""
    return mean * norm.cdf(mean / sd) + sd * norm.pdf(mean / sd) - max(0.0, mean)


def point(cost: list[float], effect: list[float], options: str = "ABCDEF") -> CostEffectResults:
    return CostEffectResults(tuple(options[: len(cost)]), [cost], [effect])


def random_results(seed: int, draws: int = 40, options: int = 4) -> CostEffectResults:
    random = np.random.default_rng(seed)
    cost = random.gamma(4, 2500, (draws, options))
    effect = random.normal(4, 0.5, (draws, options))
    parameters = pd.DataFrame({"x": random.normal(size=draws), "y": random.normal(size=draws)})
    return CostEffectResults([f"option {k}" for k in range(options)], cost, effect, parameters)


# --- Frontier -------------------------------------------------------------------------------------------------------


def test_frontier_of_six_options_worked_by_hand():
    """Of six options one is dominated, one extendedly dominated; the rest cost 5,000, 12,500 and 20,000."""
    results = point([55000, 35000, 25000, 10000, 12000, 5000], [5, 4, 3, 2, 1.5, 1])
    table = incremental_analysis(results).set_index("option")
    # F -> D: 5000 / 1. D -> B: 25000 / 2. B -> A: 20000 / 1. C alone would cost 15000 / 1 after D, more than B.
    assert table["status"].to_dict() == {
        "F": "reference",
        "D": "frontier",
        "E": "dominated",
        "C": "extendedly dominated",
        "B": "frontier",
        "A": "frontier",
    }
    assert table["icer"].dropna().to_dict() == {"D": 5000.0, "B": 12500.0, "A": 20000.0}
    assert table["compared_with"].dropna().to_dict() == {"D": "F", "B": "D", "A": "B"}
    assert table["dominated_by"].dropna().to_dict() == {"E": "D", "C": "D + B"}


def test_equal_effect_at_a_higher_cost_is_dominated():
    """An option that costs less and does as well or better dominates both others, also where effects are equal."""
    table = incremental_analysis(point([163771.0, 164848.7, 163765.1], [6.48273, 6.52861, 6.52861])).set_index("option")
    assert table["status"].to_dict() == {"C": "reference", "A": "dominated", "B": "dominated"}
    assert set(table["dominated_by"].dropna()) == {"C"}


def test_published_frontier_of_hiv_screening():
    """HIV screening in a high-risk population gives the ratios worked out from the published costs and effects."""
    # Paltiel AD et al. Ann Intern Med 2006;145:797-806, table 4; used as the first example of the R package dampack,
    # which finds annual screening dominated. Ratios by hand: 1000 / (.32/12), 1020 / (.21/12), 420 / (.05/12).
    names = ["status quo", "one time", "5yr", "3yr", "annual"]
    months = np.array([[277.25, 277.57, 277.78, 277.83, 277.76]])
    table = incremental_analysis(CostEffectResults(names, [[26000, 27000, 28020, 28440, 29440]], months / 12))
    table = table.set_index("option")
    assert table["status"]["annual"] == "dominated"
    icers = table["icer"].dropna()
    assert list(icers.index) == ["one time", "5yr", "3yr"]
    np.testing.assert_allclose(icers, [37500, 12 * 1020 / 0.21, 100800], rtol=1e-9)


def test_options_on_one_line_stay_on_the_frontier():
    """An option exactly between two others is not dominated; all have the same ratio."""
    table = incremental_analysis(point([0.1, 0.2, 0.3], [1.1, 1.2, 1.3]))
    assert list(table["status"]) == ["reference", "frontier", "frontier"]
    np.testing.assert_allclose(table["icer"].dropna(), 1.0)


def test_option_equal_to_another_is_called_equal():
    """Two policies with the same mean cost and effect are one point of the frontier."""
    table = incremental_analysis(point([10, 20, 20], [1, 2, 2])).set_index("option")
    assert table["status"].to_dict() == {"A": "reference", "B": "frontier", "C": "equal"}
    assert table["dominated_by"]["C"] == "B"
    assert pd.isna(table["icer"]["C"])


def test_single_option_can_dominate_all():
    """Where one option is cheapest and best, the frontier is that option and there is no ratio."""
    table = incremental_analysis(point([1, 2, 3], [3, 2, 1]))
    assert list(table["status"]) == ["reference", "dominated", "dominated"]
    assert default_thresholds(table)[0] > 0


def test_error_of_the_ratio_follows_the_delta_method():
    """The standard error of an ICER agrees with its spread over repeated analyses within 10%."""
    random = np.random.default_rng(1)
    ratios, errors = [], []
    for _ in range(400):
        noise = random.normal(size=(2, 200))
        cost = np.column_stack([np.zeros(200), 1000 + 30 * noise[0]])
        effect = np.column_stack([np.zeros(200), 0.5 + 0.1 * noise[1] - 0.1 * noise[0]])
        row = incremental_analysis(CostEffectResults("AB", cost, effect)).set_index("option").loc["B"]
        ratios.append(row["icer"])
        errors.append(row["icer_se"])
    assert np.mean(errors) == pytest.approx(np.std(ratios), rel=0.1)


means = st.lists(
    st.tuples(st.integers(0, 30).map(float), st.integers(0, 12).map(float)), min_size=2, max_size=8, unique=True
)


@given(means)
@settings(deadline=None, max_examples=150)
def test_frontier_is_exactly_the_options_best_at_some_threshold(pairs):
    """Ratios never fall along the frontier, and an option is on it if and only if some threshold makes it best."""
    cost, effect = np.array(pairs).T
    kept = frontier(cost, effect)
    assert kept[0] == min(range(len(pairs)), key=lambda each: (cost[each], -effect[each]))
    assert effect[kept[-1]] == effect.max()
    ratios = np.diff(cost[kept]) / np.diff(effect[kept])
    assert (np.diff(ratios) >= -1e-9).all()
    at = np.concatenate([[0.0], ratios, [1e9], (ratios[1:] + ratios[:-1]) / 2])
    benefit = at[:, None] * effect - cost
    best = benefit >= benefit.max(axis=1, keepdims=True) - 1e-6
    assert set(np.flatnonzero(best[:, kept].any(axis=0))) == set(range(len(kept)))
    strictly = np.flatnonzero((benefit == benefit.max(axis=1, keepdims=True)).sum(axis=1) == 1)
    assert set(benefit[strictly].argmax(axis=1)) <= set(kept)


@given(means, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=80)
def test_order_of_options_does_not_matter_for_the_frontier(pairs, random):
    """Shuffling the options changes neither status nor ratio of any."""
    shuffled = random.sample(range(len(pairs)), len(pairs))
    cost, effect = np.array(pairs).T
    names = np.array([f"option {k}" for k in range(len(pairs))])
    columns = ["status", "icer", "compared_with"]
    one = incremental_analysis(CostEffectResults(names, [cost], [effect])).set_index("option")[columns]
    other = incremental_analysis(CostEffectResults(names[shuffled], [cost[shuffled]], [effect[shuffled]]))
    pd.testing.assert_frame_equal(one.sort_index(), other.set_index("option")[columns].sort_index())


def test_increments_against_a_comparator_are_paired_and_quadrants_sum_to_one():
    """Increments use the same draw of both options, and the four quadrants of the plane hold all draws."""
    results = random_results(2)
    table = against(results, "option 1")
    difference = results.cost[:, 3] - results.cost[:, 1]
    row = table.set_index("option").loc["option 3"]
    assert row["incremental_cost"] == pytest.approx(difference.mean())
    assert row["incremental_cost_se"] == pytest.approx(difference.std(ddof=1) / np.sqrt(40))
    assert row["incremental_cost_low"] == pytest.approx(np.quantile(difference, 0.025))
    quadrants = table.filter(regex="^costs_")
    np.testing.assert_allclose(quadrants.sum(axis=1), 1.0)


# --- Net benefit, acceptability, loss -------------------------------------------------------------------------------


def test_frontier_curve_follows_the_best_mean_not_the_likeliest():
    """The option with the best mean net benefit may be best in only two of five draws: CEAF 0.4, EVPI 0.8."""
    # Hand example: means 12 and 13, best per draw 12 12 20 11 14, mean 13.8.
    benefit = np.array([[9, 12], [12, 10], [14, 20], [11, 10], [14, 13]], dtype=float)
    results = CostEffectResults("AB", np.zeros((5, 2)), benefit)
    table = acceptability(results, [1.0]).set_index("option")
    assert table["probability"].to_dict() == {"A": 0.6, "B": 0.4}
    assert table["frontier"].to_dict() == {"A": False, "B": True}
    assert table["expected_loss"].to_dict() == pytest.approx({"A": 1.8, "B": 0.8})
    assert evpi(benefit).value == pytest.approx(0.8)


# PMC4323782, table 1 (net monetary benefit at 100,000 dollars per QALY): 435,839.70, 443,750.50, EVPI 2,937.40.
PUBLISHED_BENEFITS = (
    [438601.6, 437745.5, 433453.8, 435035.0, 437617.4, 435430.2, 434030.5, 433893.7, 435033.6, 437555.7],
    [419543.2, 463363.4, 467280.0, 440207.7, 449992.3, 445595.7, 424200.5, 435406.7, 434547.6, 457368.1],
)
"""Ten net benefits of warfarin and of the device."""


def test_published_example_of_perfect_information_in_ten_draws():
    """Ten published net benefits of atrial appendage occlusion and warfarin give the published expectation and EVPI."""
    benefit = np.column_stack(PUBLISHED_BENEFITS)
    assert benefit.mean(axis=0) == pytest.approx([435839.7, 443750.5], abs=0.1)
    assert benefit.max(axis=1).mean() == pytest.approx(446688.0, abs=0.1)
    assert evpi(benefit).value == pytest.approx(2937.40, abs=0.1)
    table = acceptability(CostEffectResults(["warfarin", "device"], np.zeros((10, 2)), benefit), [1.0])
    assert list(table["probability"]) == [0.3, 0.7]


@given(st.integers(0, 10**6), st.integers(2, 5), st.sampled_from([0.0, 1.0, 20000.0, 1e7, np.inf]))
@settings(deadline=None, max_examples=60)
def test_acceptability_sums_to_one_and_loss_is_never_negative(seed, options, threshold):
    """Probabilities add up to one at any threshold; the frontier option has the smallest loss, which is the EVPI."""
    results = random_results(seed, 25, options)
    table = acceptability(results, threshold)
    assert table["probability"].sum() == pytest.approx(1.0)
    assert table["frontier"].sum() == 1
    if np.isfinite(threshold):
        assert (table["expected_loss"] >= 0).all()
        least = table.loc[table["frontier"], "expected_loss"].item()
        assert least == pytest.approx(table["expected_loss"].min())
        assert least == pytest.approx(evpi(net_monetary_benefit(results, threshold)).value)


def test_limits_of_the_threshold():
    """At threshold 0 acceptability is the probability of being cheapest, at infinity of being most effective."""
    results = random_results(3, 500)
    at = acceptability(results, [0.0, np.inf, 1e15])
    cheapest = np.bincount(results.cost.argmin(axis=1), minlength=4) / 500
    most = np.bincount(results.effect.argmax(axis=1), minlength=4) / 500
    np.testing.assert_allclose(at.loc[at["threshold"] == 0, "probability"], cheapest)
    np.testing.assert_allclose(at.loc[np.isinf(at["threshold"]), "probability"], most)
    np.testing.assert_allclose(at.loc[at["threshold"] == 1e15, "probability"], most)


def test_ties_in_a_draw_are_shared():
    """Identical policies share the draws in which they are best, at zero, finite and infinite thresholds."""
    results = CostEffectResults("ABC", [[1.0, 1.0, 5.0]] * 3, [[2.0, 2.0, 1.0]] * 3)
    table = acceptability(results, [0.0, 10.0, np.inf])
    np.testing.assert_allclose(table["probability"].to_numpy().reshape(3, 3), [[0.5, 0.5, 0.0]] * 3)
    cheaper = CostEffectResults("ABC", [[1.0, 2.0, 5.0]] * 3, [[2.0, 2.0, 1.0]] * 3)
    assert list(acceptability(cheaper, np.inf)["probability"]) == [1, 0, 0]


def test_net_health_benefit_is_net_monetary_benefit_over_the_threshold():
    """Both net benefits rank alike; net health benefit has no meaning at threshold 0 and negative thresholds none."""
    results = random_results(4)
    np.testing.assert_allclose(net_health_benefit(results, 2e4), net_monetary_benefit(results, 2e4) / 2e4)
    with pytest.raises(BadInput, match="above 0"):
        net_health_benefit(results, 0.0)
    with pytest.raises(BadInput, match="0 or more"):
        net_monetary_benefit(results, -1.0)


@given(st.integers(0, 10**6))
@settings(deadline=None, max_examples=30)
def test_order_of_draws_and_options_does_not_matter(seed):
    """Shuffling draws and options changes nothing but the order of rows."""
    results = random_results(seed)
    random = np.random.default_rng(seed)
    rows, columns = random.permutation(results.draws), random.permutation(len(results.options))
    shuffled = CostEffectResults(
        [results.options[k] for k in columns], results.cost[rows][:, columns], results.effect[rows][:, columns]
    )
    keys = ["threshold", "option"]
    one = acceptability(results, [0, 2e4, 5e4]).sort_values(keys, ignore_index=True)
    other = acceptability(shuffled, [0, 2e4, 5e4]).sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(one, other, rtol=1e-9)
    keys = ["option", "quantity"]
    pd.testing.assert_frame_equal(
        totals(results).sort_values(keys, ignore_index=True), totals(shuffled).sort_values(keys, ignore_index=True)
    )


def test_many_thresholds_and_draws_are_quick():
    """201 thresholds, 10,000 draws and 6 options take well under two seconds of the processor."""
    results = random_results(5, 10_000, 6)
    begun = time.process_time()
    table = acceptability(results, np.linspace(0, 60000, 201))
    assert time.process_time() - begun < 2.0
    assert len(table) == 201 * 6


# --- Value of information -------------------------------------------------------------------------------------------
# Net benefit p1 - p2 against 0, p1 ~ N(1, 1), p2 ~ N(0, 2). Closed form: E[max(0, N(mu, s))] - max(0, mu) with the
# standard deviation s of the conditional mean: sqrt(5) for everything, 1 for p1, 2 for p2, sqrt(n / (n + 1)) for a
# study of n observations of p1 with unit standard deviation.
EVPI, EVPPI_1, EVPPI_2 = 0.4798107, 0.0833155, 0.3955931
EVSI = {10: 0.0723251, 100: 0.0821176, 1000: 0.0831946}
DRAWS = 100_000


@pytest.fixture(scope="module")
def normal():
    random = np.random.Generator(np.random.Philox(11))
    p1, p2 = random.normal(1, 1, DRAWS), random.normal(0, 2, DRAWS)
    means = {size: p1 + random.normal(0, 1 / np.sqrt(size), DRAWS) for size in EVSI}
    return np.column_stack([p1 - p2, np.zeros(DRAWS)]), p1, p2, means


def within(found: Value, truth: float, digits: float = 0.0) -> bool:
    """Within four standard errors, which are themselves small enough to mean something."""
    return abs(found.value - truth) < 4 * found.se + digits and found.se < 0.02 * max(truth, 0.4)


def test_closed_forms_agree_with_themselves():
    """The published digits are those of the closed form."""
    assert expected_gain(1, np.sqrt(5)) == pytest.approx(EVPI, abs=5e-8)
    assert expected_gain(1, 1) == pytest.approx(EVPPI_1, abs=5e-8)
    assert expected_gain(1, 2) == pytest.approx(EVPPI_2, abs=5e-8)
    for size, value in EVSI.items():
        assert expected_gain(1, np.sqrt(size / (size + 1))) == pytest.approx(value, abs=5e-8)


def test_perfect_information_matches_its_closed_form(normal):
    """EVPI lies within four Monte Carlo standard errors of 0.4798107, and the error is below 1%."""
    found = evpi(normal[0])
    assert within(found, EVPI)
    assert found.se < 0.01 * EVPI


def test_partial_information_matches_its_closed_form(normal):
    """EVPPI of each parameter, and of both together, lies within four standard errors of the closed form."""
    benefit, p1, p2, _ = normal
    assert within(evppi(benefit, p1), EVPPI_1)
    assert within(evppi(benefit, p2), EVPPI_2)
    both = evppi(benefit, np.column_stack([p1, p2]))
    assert both.value == pytest.approx(evpi(benefit).value, rel=1e-6)


def test_sample_information_matches_its_closed_form(normal):
    """EVSI of 10, 100 and 1000 observations lies within four standard errors of the closed form and grows with size."""
    benefit, p1, _, means = normal
    limit = evppi(benefit, p1)
    found = {size: evsi(benefit, means[size], at_most=limit) for size in EVSI}
    for size, truth in EVSI.items():
        assert within(found[size], truth)
    values = [found[size].value for size in sorted(EVSI)]
    assert 0 <= values[0] < values[1] <= values[2] + found[1000].se <= limit.value + found[1000].se
    assert values[2] <= limit.value <= evpi(benefit).value


def test_errors_of_partial_information_are_honest():
    """Over 60 analyses of 1,000 draws the mean EVPPI is right within 3 errors, and the stated error within 35%."""
    found = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        p1, p2 = random.normal(1, 1, 1000), random.normal(0, 2, 1000)
        found.append(evppi(np.column_stack([p1 - p2, np.zeros(1000)]), p1))
    values = np.array([each.value for each in found])
    spread = values.std(ddof=1)
    assert values.mean() == pytest.approx(EVPPI_1, abs=3 * spread / np.sqrt(60))
    assert np.mean([each.se for each in found]) == pytest.approx(spread, rel=0.35)


def test_parameter_that_matters_nothing_is_worth_nothing():
    """Noise among the parameters, alone or in a group, adds no value."""
    random = np.random.default_rng(7)
    p1, noise = random.normal(1, 1, 3000), random.normal(size=(3000, 4))
    benefit = np.column_stack([p1 - random.normal(0, 2, 3000), np.zeros(3000)])
    assert evppi(benefit, noise).value < 0.001
    alone, joined = evppi(benefit, p1), evppi(benefit, np.column_stack([p1, noise]))
    assert joined.value == pytest.approx(alone.value, abs=alone.se)


def test_an_estimate_cut_at_nought_has_an_error():
    """A parameter that matters nothing is worth nought, give or take what the fit cannot rule out."""
    random = np.random.default_rng(8)
    benefit = np.column_stack([np.zeros(200), random.normal(-20.0, 100.0, 200)])
    found = [evppi(benefit, random.normal(size=200)) for _ in range(20)]
    cut = [each for each in found if each.value == 0.0]
    assert cut
    assert all(0.1 < each.se < 40.0 for each in cut)


def test_noise_in_few_draws_is_not_taken_for_information():
    """With 200 draws and four irrelevant parameters the fit is shrunk, and hardly any bias is left to take off."""
    found = []
    for seed in range(30):
        random = np.random.default_rng(seed)
        benefit = np.column_stack([random.normal(0.5, 1, 200), np.zeros(200)])
        found.append(evppi(benefit, random.normal(size=(200, 4))))
    # Without shrinkage 0.046 before and 0.004 after the correction; EVPI is 0.2.
    assert np.mean([each.value + each.bias for each in found]) < 0.005
    assert np.mean([each.value for each in found]) < 0.002


def test_curved_and_interacting_parameters_are_found():
    """A product of two parameters, of two among four, a step and a U shape give their value within 4 errors."""
    random = np.random.default_rng(8)
    x, other = random.normal(size=(4000, 2)), random.normal(size=(4000, 2))
    noise = 0.5 * random.normal(size=4000)
    # E max(0, x y) = 1 / pi for independent standard normals. E max(0, x^2 - 1) = 2 phi(1).
    product = evppi(np.column_stack([x[:, 0] * x[:, 1] + noise, np.zeros(4000)]), x)
    assert product.value == pytest.approx(1 / np.pi, abs=4 * product.se)
    among = evppi(np.column_stack([x[:, 0] * x[:, 1] + noise, np.zeros(4000)]), np.column_stack([x, other]))
    assert among.value == pytest.approx(1 / np.pi, abs=4 * among.se)
    curved = evppi(np.column_stack([x[:, 0] ** 2 - 1 + noise, np.zeros(4000)]), x[:, 0])
    assert curved.value == pytest.approx(2 * norm.pdf(1), abs=4 * curved.se)
    category = random.integers(0, 3, 4000).astype(float)
    stepped = evppi(
        np.column_stack([np.array([-1.0, 1.0, -1.0])[category.astype(int)] + noise, np.zeros(4000)]), category
    )
    assert stepped.value == pytest.approx(1 / 3, abs=4 * stepped.se)


@given(st.integers(0, 10**6), st.integers(2, 4))
@settings(deadline=None, max_examples=15)
def test_more_information_is_never_worth_less(seed, options):
    """0 <= EVSI <= EVPPI <= EVPI in any analysis, also of few draws, and a constant is worth nothing."""
    results = random_results(seed, 60, options)
    benefit = net_monetary_benefit(results, 20000)
    random = np.random.default_rng(seed)
    x = results.parameters["x"].to_numpy()
    parameter = evppi(benefit, x)
    study = evsi(benefit, x + random.normal(size=60), at_most=parameter)
    assert 0 <= study.value <= parameter.value <= evpi(benefit).value
    assert evppi(benefit, np.ones(60)).value == pytest.approx(0.0, abs=1e-9)


def test_nearly_perfect_information_is_not_worth_more_than_perfect():
    """Where inputs tell almost everything, the bias correction cannot lift EVPPI above the EVPI of the same draws."""
    for seed in (26, 136, 243, 253, 266):  # without the limit these exceed it by 0.7 to 0.9%
        random = np.random.default_rng(seed)
        benefit = random.normal(size=(60, 3))
        inputs = benefit[:, :2] - benefit[:, 2:] + random.normal(0, 0.05, (60, 2))
        assert evppi(benefit, inputs).value <= evpi(benefit).value


def test_units_and_order_of_parameters_do_not_matter():
    """EVPPI is the same in other units and for draws or options in another order, up to the noise of refits."""
    random = np.random.default_rng(9)
    x, y = random.lognormal(size=(2, 800))
    benefit = np.column_stack([x - y, np.full(800, 0.1), y - 1])
    one = evppi(benefit, np.column_stack([x, y]))
    scaled = evppi(benefit, np.column_stack([1000 * x + 7, y / 365.25]))
    assert scaled.value == pytest.approx(one.value, rel=1e-6)
    order = random.permutation(800)
    assert evppi(benefit[order], np.column_stack([y, x])[order]).value == pytest.approx(one.value, abs=0.2 * one.se)
    assert evppi(benefit[:, [2, 0, 1]], np.column_stack([x, y])).value == pytest.approx(one.value, abs=0.2 * one.se)


def test_information_table_knows_groups_and_population():
    """The table holds every parameter and group at every threshold, multiplied by the population."""
    results = random_results(10, 300)
    people = Population(per_year=100, years=5)
    table = information_table(results, [1e4, 2e4], groups={"both": ["x", "y"]}, population=people)
    assert len(table) == 2 * 4
    assert set(table["parameters"]) == {"all", "x", "y", "both"}
    np.testing.assert_allclose(table["population_value"], 500 * table["value"])
    with pytest.raises(BadInput, match="'z'"):
        information_table(results, [1e4], groups={"three": ["x", "z"]})


def test_population_is_discounted_continuously():
    """People who come evenly over ten years at 3% count as the integral of 1.03^-t, and those waiting count in full."""
    size = Population(per_year=1000, years=10, discount=0.03, waiting=50).size()
    assert size == pytest.approx(1000 * (1 - 1.03**-10) / log(1.03) + 50, rel=1e-12)
    later = Population(per_year=1000, years=10, discount=0.03, waiting=50).size(after=4)
    assert later == pytest.approx(1000 * (exp(-4 * log(1.03)) - exp(-10 * log(1.03))) / log(1.03), rel=1e-12)
    assert Population(per_year=200, years=5).size() == 1000
    assert Population(per_year=200, years=5).size(after=9) == 0
    with pytest.raises(BadInput) as bad:
        Population(per_year=-1, years=np.nan, discount=3)
    assert len(bad.value.problems) == 3


def test_best_trial_size_balances_information_and_cost(normal):
    """ENBS is population EVSI less cost; with these costs the closed form and the estimate both choose 100 patients."""
    benefit, p1, _, means = normal
    people = Population(per_year=10_000, years=1)
    table = net_benefit_of_sampling(
        benefit, means, people, fixed_cost=100, cost_per_patient=0.5, at_most=evppi(benefit, p1)
    ).set_index("patients")
    truth = {size: 10_000 * value - 100 - 0.5 * size for size, value in EVSI.items()}
    assert max(truth, key=truth.get) == 100
    assert table.index[table["best"]].tolist() == [100]
    for size, value in truth.items():
        assert abs(table["enbs"][size] - value) < 4 * table["population_se"][size]
    late = net_benefit_of_sampling(
        benefit, means, people, fixed_cost=100, cost_per_patient=0, years={10: 0, 100: 0.5, 1000: 1}
    )
    assert late["people"].tolist() == [10_000, 5_000, 0]
    assert late["enbs"].iloc[2] == -100


# --- Plane, price, convergence --------------------------------------------------------------------------------------


def test_ellipse_holds_its_share_of_normal_draws():
    """The 95% ellipse holds 95% of normal draws within 3 binomial errors; its outline has one Mahalanobis distance."""
    random = np.random.default_rng(12)
    draws = random.multivariate_normal([0.3, 5000], [[0.04, 150], [150, 4e6]], 20_000)
    found = ellipse(draws[:, 0], draws[:, 1], 0.95)
    precision = np.linalg.inv(found.covariance)
    distance = np.einsum("ij,jk,ik->i", draws - found.centre, precision, draws - found.centre)
    inside = (distance <= found.radius**2).mean()
    assert inside == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 20_000))
    assert found.radius**2 == pytest.approx(chi2.ppf(0.95, 2))
    away = found.outline() - found.centre
    np.testing.assert_allclose(np.einsum("ij,jk,ik->i", away, precision, away), found.radius**2)


def test_ellipse_axes_of_a_known_covariance():
    """Half-axes are the radius times the roots of the eigenvalues; a degenerate ellipse is a line."""
    effect = np.array([-3.0, 3.0, 0.0, 0.0])
    cost = np.array([0.0, 0.0, -1.0, 1.0])
    found = ellipse(effect, cost, 0.5)
    radius = np.sqrt(2 * log(2))
    assert found.axes == pytest.approx((radius * np.sqrt(6), radius * np.sqrt(2 / 3)))
    assert found.angle == pytest.approx(0.0)
    line = ellipse(effect, 2 * effect)
    assert line.axes[1] == pytest.approx(0.0, abs=1e-6)
    assert line.angle == pytest.approx(np.arctan(2))


def test_value_based_price_makes_net_benefits_equal():
    """At the value-based price the mean net benefit equals the comparator's, and just below it the option is best."""
    random = np.random.default_rng(13)
    doses = np.column_stack([np.zeros(500), random.uniform(1, 3, 500)])
    cost = np.column_stack([np.full(500, 9000.0), random.normal(8000, 500, 500)])
    effect = np.column_stack([np.full(500, 2.0), random.normal(2.2, 0.1, 500)])
    free = CostEffectResults("AB", cost, effect)
    row = value_based_price(free, doses, 30000, "A").iloc[0]
    at_price = CostEffectResults("AB", cost + row["price"] * doses, effect)
    benefit = net_monetary_benefit(at_price, 30000).mean(axis=0)
    assert benefit[0] == pytest.approx(benefit[1])
    assert row["low"] < row["price"] < row["high"]
    assert (row["best_from"], row["best_to"]) == (0.0, pytest.approx(row["price"]))
    again = value_based_price(at_price, doses, 30000, "A", price=row["price"]).iloc[0]
    assert again["price"] == pytest.approx(row["price"])
    # By hand: one treatment, saves 1000, gains 0.1 at 20000 per unit: worth 3000. More treatments than that: nothing.
    exact = value_based_price(point([5000, 4000], [1, 1.1]), [[0, 1]], 20000, "A").iloc[0]
    assert exact["price"] == pytest.approx(3000)


def test_price_ranges_of_options_that_share_a_product():
    """With one, two and three treatments the best option changes with the price, as worked out by hand."""
    # Net benefit at no price 0, 100, 150, 170 with 0, 1, 2, 3 treatments: steps of 100, 50 and 20 per treatment.
    results = CostEffectResults("ABCD", np.zeros((2, 4)), [[0, 100, 150, 170]] * 2)
    table = value_based_price(results, [[0, 1, 2, 3]] * 2, 1.0, "A").set_index("option")
    assert table[["best_from", "best_to"]].to_numpy().tolist() == [[50, 100], [20, 50], [0, 20]]
    np.testing.assert_allclose(table["price"], [100, 75, 170 / 3])
    same = value_based_price(results, [[1, 1, 2, 3]] * 2, 1.0, "A").set_index("option")
    assert np.isnan(same["price"]["B"])
    with pytest.raises(BadInput, match="shape of quantity"):
        value_based_price(results, [[1, 2]], 1.0, "A")


def test_monte_carlo_error_is_split_between_draws_and_patients():
    """The parts add up to the error of the mean, and the larger one is the bottleneck."""
    random = np.random.default_rng(14)
    truth = random.normal(0, 1, 2000)
    few = truth + random.normal(0, 3, 2000)
    many = truth + random.normal(0, 0.1, 2000)
    table = monte_carlo_error(["few", "many"], np.column_stack([few, many]), np.tile([3.0, 0.1], (2000, 1)))
    table = table.set_index("quantity")
    assert table["bottleneck"].to_dict() == {"few": "patients", "many": "draws"}
    assert table["se"]["few"] == pytest.approx(np.sqrt(10 / 2000), rel=0.05)
    np.testing.assert_allclose(np.hypot(table["se_draws"], table["se_patients"]), table["se"])
    # Luck shared by all draws does not average out over them.
    shared = monte_carlo_error(["x"], many[:, None], np.full((2000, 1), 0.1), shared_patients=True).iloc[0]
    assert shared["se_patients"] == pytest.approx(0.1)
    assert shared["bottleneck"] == "patients"
    assert monte_carlo_error(["x"], many[:, None])["bottleneck"].isna().all()


# --- Reading --------------------------------------------------------------------------------------------------------


def long_table(results: CostEffectResults) -> pd.DataFrame:
    draws, options = results.cost.shape
    table = pd.DataFrame(
        {
            "draw": np.repeat(np.arange(draws), options),
            "option": np.tile(results.options, draws),
            "cost": results.cost.ravel(),
            "effect": results.effect.ravel(),
        }
    )
    for name in results.parameters:
        table[name] = np.repeat(results.parameters[name].to_numpy(), options)
    return table


def wide_table(results: CostEffectResults) -> pd.DataFrame:
    columns = {f"cost_{name}": results.cost[:, k] for k, name in enumerate(results.options)}
    columns |= {f"effect_{name}": results.effect[:, k] for k, name in enumerate(results.options)}
    return pd.DataFrame(columns).join(results.parameters)


@pytest.mark.parametrize("layout", [long_table, wide_table])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_every_layout_gives_the_same_results(tmp_path, layout, kind):
    """Long and wide, CSV and Parquet, rows in any order: the same options, draws and parameters to the last bit."""
    results = random_results(15)
    table = layout(results)
    path = tmp_path / f"results.{kind}"
    if kind == "csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path)
    found = read_results(path)
    assert found.options == results.options
    np.testing.assert_array_equal(found.cost, results.cost)
    np.testing.assert_array_equal(found.effect, results.effect)
    pd.testing.assert_frame_equal(found.parameters, results.parameters)


def test_rows_of_a_long_table_may_come_in_any_order():
    """Cost and effect stay with their draw and option when rows are shuffled."""
    results = random_results(16)
    shuffled = long_table(results).sample(frac=1, random_state=1)
    found = results_from(shuffled, "table")
    draws = list(dict.fromkeys(shuffled["draw"]))
    columns = [found.options.index(name) for name in results.options]
    np.testing.assert_array_equal(found.cost[:, columns], results.cost[draws])
    np.testing.assert_array_equal(found.parameters["y"], results.parameters["y"].to_numpy()[draws])


def test_option_called_none_is_an_option(tmp_path):
    """Names that spreadsheets use for missing values are ordinary names of options."""
    (tmp_path / "t.csv").write_text("draw,option,cost,effect\n1,None,1,2\n1,NA,3,4\n2,None,1,2\n2,NA,3,4\n")
    assert read_results(tmp_path / "t.csv").options == ("None", "NA")


def test_all_faults_of_a_long_table_are_told_at_once(tmp_path):
    """Missing, infinite, negative and textual cells, repeated and absent rows and wandering parameters: one message."""
    (tmp_path / "t.csv").write_text(
        "draw,option,cost,effect,p\n"
        "1,A,100,1.0,0.5\n"
        "1,B,,1.1,0.5\n"  # row 2: no cost
        "2,A,-5,1.0,0.6\n"  # row 3: negative cost
        "2,B,200,inf,0.7\n"  # row 4: infinite effect, other p than row 3
        "2,B,210,1.3,0.6\n"  # row 5: draw 2 of B again
        "3,A,many,1.0,x\n"  # row 6: text for cost and p; no row for B in draw 3
    )
    with pytest.raises(BadInput) as bad:
        read_results(tmp_path / "t.csv")
    said = str(bad.value)
    for expected in (
        "cost in row 2 (draw 1, option B) = ''",
        "cost in row 3 (draw 2, option A) = -5; allowed: zero or more",
        "effect in row 4 (draw 2, option B) = ",
        "draw and option in row 5 (draw 2, option B) = seen before",
        "draw 3 = no row for option 'B'",
        "cost in row 6 (draw 3, option A) = 'many'",
        "p in row 6 (draw 3, option A) = 'x'",
        "p in row 4 (draw 2, option B) = 0.7; allowed: a parameter has one value per draw",
    ):
        assert expected in said
    assert len(bad.value.problems) == 8


def test_all_faults_of_a_wide_table_are_told_at_once():
    """A cost without its effect, NaN, a negative cost and a repeated draw in one message."""
    table = pd.DataFrame(
        {"draw": [1, 1], "cost_A": [1.0, -1.0], "cost_B": [1.0, 2.0], "effect_A": [np.nan, 1.0], "p": ["x", "1"]}
    )
    with pytest.raises(BadInput) as bad:
        results_from(table, "table")
    said = str(bad.value)
    for expected in ("cost_B without effect_B", "draw in row 2", "cost_A in row 2", "effect_A in row 1", "p in row 1"):
        assert expected in said
    assert "at least 2" in said  # one complete option only


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("draw,option,cost,effect\n1,A,1,1\n2,A,1,1\n", "'A'; allowed: at least 2"),
        ("draw,option,cost,effect\n1,A,1,1\n1,A,1,1\n", "seen before"),
        ("draw;option;cost;effect\n1;A;1;1\n", "commas between columns"),
        ("draw,arm,cost,effect\n1,A,1,1\n", "no 'option'"),
        ("draw,option,csot,effect\n1,A,1,1\n", "no 'cost' (the table has 'csot')"),
        ("draw,option,cost,cost,effect\n1,A,1,1,1\n", "'cost' more than once"),
        ("cost_A,cost_A,effect_A\n1,1,1\n", "'cost_A' more than once"),
        ("draw,option,cost,effect\n", "rows = none"),
        ("draw,option,cost,effect\n1,A,1,1\n1,B,1,1,7\n", "unreadable"),
        ("draw,option,cost,effect\n1,A,1,1\n1,B,1\n", "effect in row 2"),
        ("draw,option,cost,effect\n1,,1,1\n1,B,1,1\n", "option in row 1"),
        ("", "empty"),
    ],
)
def test_bad_tables_are_refused_with_a_reason(tmp_path, text, expected):
    """One option, duplicate names, other separators and columns, short and long rows each get their own words."""
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(BadInput) as bad:
        read_results(tmp_path / "t.csv")
    assert expected in str(bad.value)


def test_files_that_are_not_tables_are_refused(tmp_path):
    """A missing file, another ending and broken Parquet are bad input, not a crash."""
    (tmp_path / "t.parquet").write_bytes(b"no parquet")
    (tmp_path / "t.xlsx").write_bytes(b"")
    for name, expected in (("t.parquet", "unreadable"), ("t.xlsx", ".xlsx"), ("none.csv", "not found")):
        with pytest.raises(BadInput, match=expected):
            read_results(tmp_path / name)


def test_negative_costs_are_allowed_when_said_so():
    """Increments and costs net of savings can be read when the caller says that costs may be negative."""
    table = pd.DataFrame({"cost_A": [0.0, 0.0], "effect_A": [0.0, 0.0], "cost_B": [-1.0, 2.0], "effect_B": [0.1, 0.2]})
    with pytest.raises(BadInput, match="--negative-costs"):
        results_from(table, "table")
    assert results_from(table, "table", negative_costs=True).cost.min() == -1


def test_long_lists_of_faults_are_counted():
    """A thousand missing cells give ten lines and a count, not a thousand lines."""
    table = pd.DataFrame({"cost_A": [np.nan] * 1000, "effect_A": 1.0, "cost_B": 1.0, "effect_B": 1.0})
    with pytest.raises(BadInput) as bad:
        results_from(table, "table")
    assert len(bad.value.problems) == 11
    assert "990 more" in str(bad.value)


def test_faults_of_arrays_are_told_at_once():
    """Arrays of other shapes, with NaN, duplicate options and parameters of another length, all in one message."""
    with pytest.raises(BadInput) as bad:
        CostEffectResults(["A", "A"], [[1, np.nan]], [[1, 2], [3, np.inf]], pd.DataFrame({"p": [1.0, 2.0, np.nan]}))
    said = str(bad.value)
    for expected in ("'A', 2 times", "cost in row 1", "effect in row 2", "rows of effect", "rows of parameters", "'p'"):
        assert expected in said


def test_results_cannot_be_changed():
    """Arrays are read-only copies, so an analysis cannot change under a caller's hands."""
    cost = np.ones((2, 2))
    results = CostEffectResults("AB", cost, cost)
    cost[0, 0] = 5
    assert results.cost[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        results.cost[0, 0] = 5


# --- The whole analysis and the command -----------------------------------------------------------------------------


@pytest.mark.parametrize(("thresholds", "end"), [([3.0, 8.0], 16.0), ([3.0, 7.0], 14.0), ([0.0], 2.0)])
def test_curves_reach_twice_as_far_as_the_highest_threshold(thresholds: list[float], end: float):
    """Two hundred even steps from 0, with the thresholds themselves among them; to 2 where only 0 is asked for."""
    found = decide(random_results(4), thresholds)
    assert found.curves is not None and found.information is not None
    grid = sorted({round(each, 9) for each in (*(end * k / 200 for k in range(201)), *thresholds)})
    for table in (found.curves, found.information):
        assert np.unique(table["threshold"]) == pytest.approx(grid)


def test_one_draw_has_a_frontier_but_no_probabilities():
    """One draw is refused with the reason unless only point estimates are asked for."""
    results = point([1, 2], [1, 2])
    with pytest.raises(BadInput, match="--point-estimates"):
        decide(results, [1.0])
    found = decide(results, point_estimates=True)
    assert found.curves is None
    assert list(found.frontier["status"]) == ["reference", "frontier"]
    with pytest.raises(BadInput, match="at least 2"):
        acceptability(results, [1.0])
    with pytest.raises(BadInput, match="at least 2"):
        evpi([[1.0, 2.0]])


def test_bad_choices_are_told_at_once():
    """Negative and infinite thresholds, an unknown comparator and unknown parameters, all in one message."""
    with pytest.raises(BadInput) as bad:
        decide(random_results(17, 60), [-1, np.inf], comparator="option 9", groups={"x": ["y"], "g": ["q"]})
    assert len(bad.value.problems) == 5
    assert "did you mean" in str(bad.value)


def test_default_thresholds_reach_beyond_the_frontier():
    """Without thresholds the analysis takes round ones that reach beyond every ratio on the frontier."""
    table = incremental_analysis(point([55000, 35000, 25000, 10000, 12000, 5000], [5, 4, 3, 2, 1.5, 1]))
    assert default_thresholds(table) == (10000.0, 20000.0, 30000.0, 40000.0)


def test_few_draws_leave_out_single_parameters():
    """With fewer draws than a regression needs, the rest of the analysis stands and says what is missing."""
    found = decide(random_results(18, 20), [2e4])
    assert set(found.information["measure"]) == {"EVPI"}
    assert found.few_draws


def run_cea(*words: str) -> subprocess.CompletedProcess[str]:
    """`clti cea` in this process, with bad input told as the program tells it."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    done = CliRunner().invoke(app, list(words), prog_name="clti cea")
    if isinstance(done.exception, BadInput):
        return subprocess.CompletedProcess(words, 2, done.stdout, str(done.exception))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


def test_command_writes_the_promised_files(tmp_path):
    """`clti cea` prints the three tables and writes totals, frontier, ceac, voi, figures, manifest and report."""
    results = random_results(19, 200)
    table = long_table(results)
    table["option"] = table["option"].replace("option 3", "<b>$x$</b>")
    table.to_csv(tmp_path / "t.csv", index=False)
    out = tmp_path / "out"
    done = run_cea(
        str(tmp_path / "t.csv"), "-t", "20000", "-t", "30000", "--currency", "€", "--population", "100", "--years", "5",
        "--discount", "0.03", "--group", "both=x,y", "--out", str(out),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for words in ("Fully incremental analysis", "Probability best", "EVPPI"):
        assert words in done.stdout
    names = {path.name for path in out.iterdir()}
    figures = {
        f"{n}.{kind}" for n in ("plane", "acceptability", "expected_loss", "information") for kind in ("svg", "png")
    }
    assert names >= {"totals.csv", "frontier.csv", "ceac.csv", "voi.csv", "manifest.json", "report.html"} | figures
    curves = pd.read_csv(out / "ceac.csv")
    assert {20000.0, 30000.0} <= set(curves["threshold"])
    np.testing.assert_allclose(curves.groupby("threshold")["probability"].sum(), 1.0)
    worth = pd.read_csv(out / "voi.csv").query("measure == 'EVPI' and threshold == 20000").iloc[0]
    text = results_from(table, "t")
    assert worth["value"] == pytest.approx(evpi(net_monetary_benefit(text, 20000)).value)
    report = (out / "report.html").read_text()
    assert "<b>$x$" not in report
    assert "&lt;b&gt;$x$" in report


def test_command_refuses_bad_input_and_writes_nothing(tmp_path):
    """Bad files and bad options are told together on standard error, with exit code 2 and no folder."""
    (tmp_path / "t.csv").write_text("draw,option,cost,effect\n1,A,nan,1\n1,A,1,1\n")
    done = run_cea(str(tmp_path / "t.csv"), "--years", "5", "--group", "broken", "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    for words in ("cost in row 1", "seen before", "--years", "--group", "at least 2"):
        assert words in done.stderr
    assert not (tmp_path / "out").exists()


def clti(monkeypatch, capsys, *words: str) -> tuple[int, str]:
    """Exit code and standard error of a command in this process."""
    monkeypatch.setattr(sys, "argv", ["clti", *words])
    with pytest.raises(SystemExit) as ended:
        app.main()
    return int(ended.value.code or 0), capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("draw,option,cost,effect\n1,A,-5,1\n1,B,1,1\n2,A,1,1\n2,B,1,2\n", "cost in row 1 (draw 1, option A) = -5;"),
        (
            "draw,option,cost,effect\n1,A,1,1\n1,B,1,nan\n2,A,1,1\n2,B,1,2\n",
            "effect in row 2 (draw 1, option B) = 'nan';",
        ),
        ("draw,option,cost,effect\n1,A,1,1\n1,B,1,1\n2,A,1,1\n", "draw 2 = no row for option 'B';"),
        ("cost_A,effect_A,cost_B\n1,1,1\n2,2,2\n", "column = cost_B without effect_B;"),
        ("draw,option,cost,effect\n1,A,1,1\n1,B,1,2\n", "number of draws = 1;"),
        ("draw,option,cost,effect\n1,A,1,1\n2,A,1,2\n", "options = 'A';"),
        ("cost_A,effect_A,cost_A,effect_A\n1,1,2,2\n2,1,1,2\n", "column = 'cost_A' more than once;"),
        ("draw,option,cost,effect\n1,A,1,1\n1,A,1,2\n2,B,1,1\n", "seen before;"),
    ],
)
def test_every_kind_of_bad_table_ends_with_code_two(tmp_path, monkeypatch, capsys, text, fault):
    """Negative costs, NaN, rows that do not match, one draw, one option, an option twice: file, key, value and allowed."""
    (tmp_path / "t.csv").write_text(text)
    code, said = clti(monkeypatch, capsys, "cea", str(tmp_path / "t.csv"), "-t", "1", "--out", str(tmp_path / "out"))
    assert code == 2
    line = next(line for line in said.splitlines() if fault in line)
    assert "t.csv: " in line
    assert "allowed: " in line
    assert "Nothing was written." in said
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_a_group_with_a_number_that_nothing_reads_is_refused(tmp_path, monkeypatch, capsys):
    """A group of parameters that names one the table does not have is refused with the nearest name."""
    long_table(random_results(4, 60)).to_csv(tmp_path / "t.csv", index=False)
    code, said = clti(monkeypatch, capsys, "cea", str(tmp_path / "t.csv"), "-t", "1", "--group", "both=x,yy")
    assert code == 2
    assert "group 'both' = 'yy'; allowed: did you mean 'y'?" in said


# --- Published examples through the command -------------------------------------------------------------------------


def cea_tables(tmp_path, monkeypatch, table: pd.DataFrame, *words: str) -> dict[str, pd.DataFrame]:
    """What `clti cea` writes about a table."""
    table.to_csv(tmp_path / "t.csv", index=False)
    monkeypatch.setattr(sys, "argv", ["clti", "cea", str(tmp_path / "t.csv"), *words, "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert not ended.value.code
    return {path.stem: pd.read_csv(path) for path in (tmp_path / "out").glob("*.csv")}


def test_published_frontier_of_eleven_treatments_through_the_command(tmp_path, monkeypatch):
    """Eleven regimens for Clostridioides difficile: dampack's ICERs, dominated and extendedly dominated regimens."""
    # Means of the probabilistic analysis of Rajasingham R et al. Clin Infect Dis 2020;70:754-62 (doi:10.1093/cid/ciz318)
    # and their ICERs, as printed in the example "psa_cdiff" of the R package dampack (vignette "Basic Cost Effectiveness
    # Analysis").
    published = {
        "s3": (57336.0059896538, 12.9399639202408, None),
        "s27": (57541.2526373815, 13.0140640696275, 2769.85470915263),
        "s33": (57642.2587507842, 13.0389116321918, 4065.03105249231),
        "s31": (57934.0743411241, 13.0966257932217, 5056.2216470406),
        "s43": (58072.1137208494, 13.11285766912, 8504.2160616553),
        "s44": (58665.7823044647, 13.1283328397025, 38362.6519947134),
        "s39": (57814.6470919581, 13.0462790163185, "extendedly dominated"),
        "s4": (57887.481549326, 12.9970657153765, "dominated"),
        "s13": (58018.6252420203, 13.0650412387992, "dominated"),
        "s37": (58081.7947984323, 13.1029711156978, "dominated"),
        "s20": (58634.2026441398, 13.1100568867995, "dominated"),
    }
    rows = [
        {"draw": 1, "option": name, "cost": cost, "effect": effect} for name, (cost, effect, _) in published.items()
    ]
    found = cea_tables(tmp_path, monkeypatch, pd.DataFrame(rows), "--point-estimates")["frontier"].set_index("option")
    for name, (_, _, expected) in published.items():
        if isinstance(expected, float):
            assert found["icer"][name] == pytest.approx(expected, rel=1e-9)
        else:
            assert found["status"][name] == (expected or "reference")


def test_published_acceptability_and_perfect_information_through_the_command(tmp_path, monkeypatch):
    """Ten draws of atrial appendage occlusion and warfarin: expected net benefits, CEAC, CEAF and EVPI as published."""
    wide = {"draw": range(1, 11)}
    for name, benefit in zip(("warfarin", "device"), PUBLISHED_BENEFITS, strict=True):
        wide |= {f"cost_{name}": 0.0, f"effect_{name}": benefit}
    found = cea_tables(tmp_path, monkeypatch, pd.DataFrame(wide), "-t", "1")
    curves = found["ceac"].query("threshold == 1").set_index("option")
    assert curves["net_benefit"].to_dict() == pytest.approx({"warfarin": 435839.70, "device": 443750.50}, abs=0.1)
    assert curves["probability"].to_dict() == {"warfarin": 0.3, "device": 0.7}
    assert curves["probability"][curves["frontier"]].to_dict() == {"device": 0.7}
    worth = found["voi"].query("measure == 'EVPI' and threshold == 1")["value"].item()
    assert worth == pytest.approx(2937.40, abs=0.1)


def test_independent_package_agrees():
    """heormodel finds the same frontier, acceptability, loss and EVPI; its EVPPI and EVSI are within two errors."""
    run = pytest.importorskip("heormodel.run")
    cea, voi = pytest.importorskip("heormodel.cea"), pytest.importorskip("heormodel.voi")
    results = random_results(20, 2000)
    x = results.parameters["x"].to_numpy()
    # The parameter acts on one option, so that it is worth something.
    effect = results.effect + 0.4 * np.outer(x, [1, 0, 0, 0])
    results = CostEffectResults(results.options, results.cost, effect, results.parameters)
    columns = {"draw": "iteration", "option": "intervention", "effect": "qaly"}
    theirs = run.as_outcomes(long_table(results).rename(columns=columns).drop(columns=["x", "y"]))
    at = [0.0, 20000.0, 50000.0]
    table = incremental_analysis(results).set_index("option")
    icers = cea.icer_table(theirs)["icer"]
    np.testing.assert_allclose(table["icer"], icers[table.index], rtol=1e-9)
    ours = acceptability(results, at)
    for column, other in (
        ("probability", cea.ceac(theirs, wtp=at)),
        ("expected_loss", cea.expected_loss(theirs, wtp=at)),
    ):
        wide = ours.pivot_table(index="threshold", columns="option", values=column)
        np.testing.assert_allclose(wide, other[wide.columns], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ours.loc[ours["frontier"], "probability"], cea.ceaf(theirs, wtp=at)["prob"])
    benefit = net_monetary_benefit(results, 20000)
    assert evpi(benefit).value == pytest.approx(float(voi.evpi(theirs, 20000.0)))
    draws = results.parameters.rename_axis("iteration")
    parameter = evppi(benefit, x)
    assert parameter.value == pytest.approx(voi.evppi(theirs, draws, ["x"], 20000.0), abs=2 * parameter.se)
    summary = x + np.random.default_rng(21).normal(0, 0.5, 2000)
    study = evsi(benefit, summary)
    theirs_study = voi.evsi_regression(theirs, pd.DataFrame({"mean": summary}, index=draws.index), 20000.0)
    assert study.value == pytest.approx(theirs_study, abs=2 * study.se)


def test_no_ratio_is_shown_where_effects_are_as_good_as_equal():
    """A ratio whose standard error exceeds it is left out of the table for readers, and kept in the results."""
    generator = np.random.default_rng(5)
    cost = np.array([1000.0, 2000.0, 3000.0]) + generator.normal(0.0, 10.0, (200, 3))
    effect = np.array([1.0, 1.5, 1.5]) + generator.normal(0.0, 0.1, (200, 3))
    effect[:, 2] += effect[:, 1].mean() - effect[:, 2].mean() + 1e-6
    found = decide(CostEffectResults(("a", "b", "c"), cost, effect), [30_000.0])
    kept = found.frontier.set_index("option")
    assert kept.loc["c", "icer"] > 1e8
    shown = told(found.frontier, "frontier", {}, keep=["option", "icer"]).rows
    assert {option: ratio == MISSING for option, ratio in shown} == {"A": True, "B": False, "C": True}
