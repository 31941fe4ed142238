"""Estimators as the paper computed them, the likelihood and the response surfaces, by hand.

Observed numbers: Panunzi et al., Cardiovasc Diabetol 2022;21:196, doi:10.1186/s12933-022-01629-y, 50 people.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import product
from math import exp, factorial, inf, log, prod, sqrt
from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp
from statsmodels.duration.survfunc import SurvfuncRight

from simulator.evidence.targets import (
    REACHABLE,
    Arm,
    Contrast,
    Founding,
    Observed,
    joint_tables,
    load_targets,
)
from simulator.founding.cohort import COLUMNS
from simulator.founding.founding import ALL
from simulator.founding.predicted import observed_targets, simulated_targets
from simulator.founding.summaries import (
    INDEX,
    MOVES,
    PARTITIONS,
    SHARES,
    STATISTICS,
    cells,
    healing_days,
    kaplan_meier_mean,
    moves,
    outcomes_at_1_year,
    summarise,
    table_of_moves,
)
from simulator.questions.calibrate.likelihood import (
    SMALLEST_SHARE,
    SmallSample,
    given_tables,
    log_likelihood,
    log_likelihood_arms,
    log_likelihood_contrast,
    margins,
    small_sample,
)
from simulator.questions.calibrate.surface import (
    LOGGED,
    changes,
    contrasts,
    corrected,
    fit_surface,
    total_log_likelihood,
)
from simulator.statistics.endpoints.exact_interval import exact_interval

Array = np.ndarray[Any, np.dtype[np.float64]]


@pytest.fixture(scope="module")
def data() -> Founding:
    return load_targets()[0]


def people(**columns: list[float]) -> Array:
    """Lives whose columns are infinite times and zeros unless given."""
    rows = len(next(iter(columns.values())))
    lives = np.zeros((rows, len(COLUMNS)))
    for name in ("healed_at", "amputated_at", "died_at", "first_walked_at"):
        lives[:, COLUMNS.index(name)] = inf
    for name, values in columns.items():
        lives[:, COLUMNS.index(name)] = values
    return lives


def histories(n: int) -> dict[tuple[tuple[int, ...], tuple[int, ...]], dict[tuple[tuple[int, int], ...], int]]:
    """Every way in which n people can move, by both margins: the moves in order, and how many sequences give them."""
    found: Any = defaultdict(lambda: defaultdict(int))
    for sequence in product(MOVES, repeat=n):
        first, last = ([0] * 8 for _ in range(2))
        for i, j in sequence:
            first[i] += 1
            last[j] += 1
        found[tuple(first), tuple(last)][tuple(sorted(sequence))] += 1
    return {margins: dict(tables) for margins, tables in found.items()}


def test_cells_are_read_at_the_last_known_status() -> None:
    """Eight people, one per cell, and two whose events come after they were lost, so that nobody counts them."""
    lives = people(
        healed_at=[0.2, inf, 0.3, inf, 0.1, inf, 0.4, inf, 0.9, inf],
        amputated_at=[0.1, 0.5, inf, inf, 0.05, 0.2, inf, inf, inf, 0.8],
        died_at=[inf, inf, inf, inf, 0.9, 0.8, 0.7, 0.6, inf, inf],
        followed=[2.0, 2.0, 2.0, 2.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.5],
    )
    assert cells(lives, 1.0).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 3, 3]
    assert cells(lives, 0.45).tolist() == [0, 3, 2, 3, 0, 1, 2, 3, 3, 3]


def test_moves_are_shares_from_one_year_to_the_end() -> None:
    """Of four people one heals late, one dies late after an amputation, one stays dead, one is lost before a year."""
    lives = people(
        healed_at=[1.5, inf, inf, inf],
        amputated_at=[inf, 0.5, inf, inf],
        died_at=[inf, 1.8, 0.3, inf],
        followed=[2.0, 1.8, 0.3, 0.7],
    )
    wanted = np.zeros((8, 8))
    wanted[3, 2] = wanted[1, 5] = wanted[7, 7] = wanted[3, 3] = 0.25
    assert np.array_equal(moves(lives), wanted)
    assert np.array_equal(table_of_moves(summarise(lives, load_targets()[0])), wanted)


def test_the_kaplan_meier_mean_of_a_hand_worked_example() -> None:
    """Events at 1 and 3, one censored at 2: the curve is 1, 2/3 from 1 on and 0 from 3 on, so 1 + 2 * 2/3 = 7/3 to 4."""
    time, event = np.array([3.0, 2.0, 1.0]), np.array([True, False, True])
    assert kaplan_meier_mean(time, event, 4.0) == pytest.approx(7 / 3, rel=1e-14)
    assert kaplan_meier_mean(time, event, 2.5) == pytest.approx(1 + 1.5 * 2 / 3, rel=1e-14)
    assert kaplan_meier_mean(time, event, 0.5) == pytest.approx(0.5, rel=1e-14)


@pytest.mark.parametrize("seed", range(6))
def test_the_kaplan_meier_mean_is_the_area_of_statsmodels_curve(seed: int) -> None:
    """The area under the curve of statsmodels to any time, tied events included, to twelve digits."""
    generator = np.random.default_rng(seed)
    event = generator.random(60) < 0.6
    # Tied events come in steps of a tenth; censoring is continuous, as it is in the model.
    time = np.where(event, np.ceil(generator.exponential(1.0, 60) * 10) / 10, generator.exponential(1.0, 60))
    curve = SurvfuncRight(time, event.astype(int))
    for until in (0.25, 1.0, 3.0):
        inside = curve.surv_times <= until
        knots = np.concatenate([[0.0], curve.surv_times[inside], [until]])
        area = np.diff(knots) @ np.concatenate([[1.0], curve.surv_prob[inside]])
        assert kaplan_meier_mean(time, event, until) == pytest.approx(area, rel=1e-12)


def test_healing_days_censor_amputation_death_and_loss() -> None:
    """A slow loop over the days of healing gives the same mean."""
    generator = np.random.default_rng(3)
    n = 300
    healed, amputated, died, lost = generator.exponential(1.0, (4, n))
    lives = people(
        healed_at=list(healed),
        amputated_at=list(amputated),
        died_at=list(died),
        followed=list(np.minimum(np.minimum(died, lost), 2.0)),
    )
    end = np.minimum(np.minimum(amputated, died), np.minimum(lost, 2.0))
    area, left, survival = 0.0, 0.0, 1.0
    for when in sorted(h for h, e in zip(healed, end, strict=True) if h <= e and h <= 1.0):
        area += survival * (when - left)
        survival *= 1.0 - 1.0 / np.sum(np.minimum(healed, end) >= when)
        left = when
    assert healing_days(lives, 1.0) == pytest.approx((area + survival * (1.0 - left)) * 365.25, rel=1e-12)


def test_the_two_tables_are_the_paper_s(data: Founding) -> None:
    """One year: 16% amputated, 32% dead, 54% alive with the limb, 34% healed so. End: 9 amputated, 24 dead, 25 healed."""
    first, last = data.cells_1_year, data.cells_end
    assert first.sum() == last.sum() == data.n == 50
    assert first[[0, 1, 4, 5]].sum() / 50 == 0.16
    assert first[4:].sum() / 50 == 0.32
    assert first[[2, 3]].sum() / 50 == 0.54
    assert first[[2, 6]].sum() / 50 == 0.34
    assert last[[0, 1, 4, 5]].sum() == data.below_knee[1] == 9
    assert last[4:].sum() == 24
    assert last[[2, 6]].sum() == 25


def test_the_printed_means_agree_with_each_other(data: Founding) -> None:
    """The groups' means and SDs mix to the printed 39.1 (21.8) mmHg, and the groups' sizes are those of the tables."""
    assert data.doses.sum(axis=0).tolist() == [12, 11, 27]
    assert data.last_high[2] == data.doses[1].sum() == 29
    assert data.last_low[2] == data.doses[0].sum() == 21
    assert data.last_healed[2] == data.cells_1_year[[2, 6]].sum()
    for one, other in ((data.last_low, data.last_high), (data.last_healed, data.last_unhealed)):
        n = one[2] + other[2]
        mean = (one[0] * one[2] + other[0] * other[2]) / n
        assert mean == pytest.approx(data.last[0], abs=0.05)
        within = sum((m - 1) * sd**2 for _, sd, m in (one, other))
        between = sum(m * (x - mean) ** 2 for x, _, m in (one, other))
        assert sqrt((within + between) / (n - 1)) == pytest.approx(data.last[1], abs=0.1)


def test_follow_up_runs_to_the_data_cut(data: Founding) -> None:
    """From 31 July 2019 to 3 March 2021 are 581 days, from 1 August 2018 945."""
    assert (data.shortest, data.longest) == pytest.approx((581 / 365.25, 945 / 365.25), rel=1e-14)


def test_control_arms_say_how_much_comes_without_treatment() -> None:
    """An arm at its published change adds nothing, one SD off a half; each is read at its own time."""
    arms = (Arm("a", True, 3.0, 2.0), Arm("b", False, 9.0, 4.0))
    found = log_likelihood_arms(np.array([[3.0, 9.0], [5.0, 9.0], [3.0, 1.0], [9.0, 3.0]]), arms)
    assert found == pytest.approx([0.0, -0.5, -2.0, -4.5 - 1.125])
    shipped = {arm.early: arm for arm in load_targets()[1]["central"].arms}
    assert shipped[False].sd == pytest.approx(np.hypot(4.3, 5.0))
    assert not load_targets()[1]["sceptical"].arms


def test_randomised_contrasts_have_the_errors_of_their_intervals() -> None:
    """Pu 2022: risk ratio 0.69 (0.50 to 0.94) and 11.52 (3.60 to 19.43) mmHg; the sceptical view has a ratio only."""
    views = load_targets()[1]
    central = views["central"]
    assert exp(central.log_risk_ratio) == pytest.approx(0.69)
    assert central.log_risk_ratio_se == pytest.approx((log(0.94) - log(0.50)) / 3.92, rel=1e-4)
    assert (central.tcpo2, central.tcpo2_se) == pytest.approx((11.52, 15.83 / 3.92), rel=1e-4)
    assert views["sceptical"].tcpo2 is None


def test_a_perfect_model_would_hit_every_target(data: Founding) -> None:
    """The paper's own numbers, in place of simulated ones, come out as the observed targets, each in its interval."""
    observed = list(observed_targets(data))
    simulated = simulated_targets(data.statistics[None])[0]
    assert len(observed) == len(simulated) == len({name for name, *_ in observed})
    for (name, value, low, high), other in zip(observed, simulated, strict=True):
        assert other == pytest.approx(value, rel=1e-12), name
        assert low <= value <= high, name


def test_exact_intervals_are_those_of_clopper_and_pearson() -> None:
    """8 of 50: 7.17% to 29.11%; none of 50: up to 7.11%; all of 50: from 92.89% (Clopper and Pearson, Biometrika 1934)."""
    assert exact_interval(8, 50) == pytest.approx((0.0717, 0.2911), abs=5e-5)
    assert exact_interval(0, 50) == pytest.approx((0.0, 1 - 0.025 ** (1 / 50)), rel=1e-12)
    assert exact_interval(50, 50) == pytest.approx((0.025 ** (1 / 50), 1.0), rel=1e-12)


def test_what_was_reached_is_never_lost() -> None:
    """From each cell those can be reached in which whoever is dead, healed or amputated still is."""
    for i in range(8):
        dead, kept, open_wound = i & 4, i & 2, i & 1
        reachable = {j for j in range(8) if (j & 4) >= dead and (j & 2) <= kept and (j & 1) <= open_wound}
        assert set(REACHABLE.get(i, (i,))) == ({i} if dead else reachable)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_joint_tables_are_all_that_agree_with_the_margins(n: int) -> None:
    """Every table that n people can make, none twice, and as many sequences as its multinomial coefficient says."""
    found = histories(n)
    for both in sorted(found)[:: max(1, len(found) // 300)]:
        tables, multiplicity = joint_tables(*(np.array(margin) for margin in both))
        wanted = found[both]
        got = {
            tuple(sorted((i, j) for i, j in MOVES for _ in range(int(table[i, j])))): round(exp(ways))
            for table, ways in zip(tables, multiplicity, strict=True)
        }
        assert got == wanted
        assert len(tables) == len(wanted)


def test_margins_that_contradict_each_other_have_no_table() -> None:
    """Nobody rises from the dead or gets a leg back."""
    alive, dead = np.eye(8, dtype=np.int64)[3], np.eye(8, dtype=np.int64)[7]
    amputated = np.eye(8, dtype=np.int64)[1]
    assert len(joint_tables(dead, alive)[0]) == 0
    assert len(joint_tables(amputated, alive)[0]) == 0
    assert len(joint_tables(alive, dead)[0]) == 1


def test_the_study_s_joint_tables_have_its_margins(data: Founding) -> None:
    """Each table's rows are the one-year counts and its columns those at the end; coefficients are 50! / prod(cells!)."""
    tables, multiplicity = data.moves
    assert len(tables) == len(np.unique(tables.reshape(len(tables), -1), axis=0)) > 1
    assert (tables.sum(axis=2) == data.cells_1_year).all()
    assert (tables.sum(axis=1) == data.cells_end).all()
    impossible = np.ones((8, 8), bool)
    impossible[tuple(np.array(MOVES).T)] = False
    assert (tables[:, impossible] == 0).all()
    ways = factorial(50) // prod(factorial(int(count)) for count in tables[0].ravel())
    assert multiplicity[0] == pytest.approx(log(ways), rel=1e-12)


def test_the_likelihood_of_the_tables_is_the_chance_of_the_margins(data: Founding) -> None:
    """It equals the summed probability of every sequence of three people with those margins, and sums to 1 over all."""
    chance = np.random.default_rng(8).dirichlet(np.ones(len(MOVES)))
    assert chance.min() > SMALLEST_SHARE
    model = data.statistics.copy()
    model[: len(MOVES)] = chance
    at = {move: k for k, move in enumerate(MOVES)}
    size = len(given_tables(data.statistics[None])[0])
    scatter = SmallSample(np.zeros(size), np.zeros((16, size)), np.eye(size))
    total = []
    for (first, last), tables in histories(3).items():
        brute = sum(ways * prod(chance[at[move]] for move in table) for table, ways in tables.items())
        if len(total) % 20 == 0:
            seen = Observed(joint_tables(np.array(first), np.array(last)), data.statistics)
            found = log_likelihood(model[None], seen, scatter)["tables"][0]
            assert found == pytest.approx(log(brute), rel=1e-10)
        total.append(log(brute))
    assert logsumexp(total) == pytest.approx(0.0, abs=1e-10)


def test_a_fit_to_the_first_year_reads_nothing_later(data: Founding) -> None:
    """Other numbers after the first year leave its likelihood as it is; with them known they change it."""
    generator = np.random.default_rng(9)
    expected = data.statistics
    cohorts = np.repeat(expected[None], 400, axis=0)
    cohorts[:, : len(MOVES)] = generator.multinomial(50, expected[: len(MOVES)], 400) / 50
    cohorts[:, len(MOVES) :] += generator.normal(0.0, 0.1, (400, len(expected) - len(MOVES)))
    model = cohorts[:3]
    later = np.array([4, 1, 19, 2, 2, 3, 5, 14])  # one death fewer among the amputated and one more among the healed
    other = replace(data, cells_end=later, healing_days_end=(300.0, 39.0), walking_end=20, below_knee=(2, 9))
    levels = {}
    for end_known in (True, False):
        scatter = small_sample(cohorts, expected, end_known)
        for name, each in {"published": data, "other": other}.items():
            terms = log_likelihood(model, replace(each, end_known=end_known), scatter)
            levels[end_known, name] = terms["tables"] + terms["given tables"]
    assert np.isfinite(levels[False, "published"]).all()
    assert levels[False, "published"].tolist() == levels[False, "other"].tolist()
    assert (levels[True, "published"] != levels[True, "other"]).all()
    # The first year's cells alone: 5 2 16 11 alive and 0 1 1 14 dead of 50 (Table 2 of the paper), without the multinomial
    # coefficient, which no parameter moves.
    share = table_of_moves(model).sum(axis=-1)
    by_hand = np.log(np.maximum(share, SMALLEST_SHARE)) @ np.array([5, 2, 16, 11, 0, 1, 1, 14])
    scatter = small_sample(cohorts, expected, end_known=False)
    found = log_likelihood(model, replace(data, end_known=False), scatter)["tables"]
    assert found == pytest.approx(by_hand, rel=1e-12)


def test_other_summaries_count_only_what_the_tables_do_not_tell(data: Founding) -> None:
    """Scatter made of a known regression on the tables and known noise is found again."""
    generator = np.random.default_rng(4)
    n, size = 4000, len(given_tables(data.statistics[None])[0])
    expected = data.statistics.copy()
    cohorts = np.repeat(expected[None], n, axis=0)
    counts = generator.multinomial(50, expected[: len(MOVES)], n) / 50
    cohorts[:, : len(MOVES)] = counts
    healed = table_of_moves(cohorts).sum(axis=-1)[:, 2]
    day = INDEX["healing_days_1_year"]
    cohorts[:, day] += -100.0 * (healed - healed.mean()) + 2.0 + generator.normal(0.0, 17.0, n)
    for name in set(STATISTICS) - {"healing_days_1_year"}:
        if INDEX[name] >= len(MOVES):
            cohorts[:, INDEX[name]] += generator.normal(0.0, 0.01, n)
    found = small_sample(cohorts, expected)
    k = int(np.argmax(np.abs(given_tables(cohorts).std(axis=0))))
    assert found.slope.shape == (16, size)
    assert sqrt(found.spread[k, k]) == pytest.approx(17.0, rel=0.05)  # four standard errors of an SD of 4,000
    assert found.shift[k] == pytest.approx(2.0, abs=4 * 18.5 / sqrt(n))


def test_a_surface_recovers_a_quadratic() -> None:
    """Statistics that are quadratic (shares: in their logarithm) are predicted at new points to seven digits."""
    generator = np.random.default_rng(1)
    inner, linear = generator.normal(0, 0.1, (2, 3, len(ALL)))
    cross = generator.normal(0, 0.1, len(ALL))

    def truth(z: Array) -> Array:
        y = np.asarray(z**2 @ inner + z @ linear + np.outer(z[:, 0] * z[:, 1], cross))
        y[:, LOGGED] = np.exp(y[:, LOGGED] - 4.0) - SMALLEST_SHARE
        y[:, ~LOGGED] = 40.0 + 10.0 * y[:, ~LOGGED]
        return y

    design, new = generator.normal(size=(2, 400, 3)).clip(-2, 2)
    surface = fit_surface(design, truth(design), penalty=1e-9)
    expected = truth(new)
    for group in PARTITIONS:
        expected[:, group] /= expected[:, group].sum(axis=1, keepdims=True)
    assert np.allclose(surface.statistics(new), expected, rtol=1e-7)
    assert surface.relative_error.max() < 1e-7


def test_a_point_without_one_of_the_statistics_is_left_out_of_a_surface() -> None:
    """Far out in the prior nobody may be amputated, and no share below the knee exists; the rest is fitted as without it."""
    generator = np.random.default_rng(7)
    design, y = generator.normal(size=(60, 2)), generator.uniform(0.05, 0.2, (60, len(ALL)))
    missing = y.copy()
    missing[[0, 31], ALL.index("below_knee_share")] = np.nan
    found, expected = fit_surface(design, missing), fit_surface(*(np.delete(a, [0, 31], axis=0) for a in (design, y)))
    assert np.array_equal(found.weights, expected.weights)
    assert np.array_equal(found.relative_error, expected.relative_error)


def test_predicted_shares_of_the_same_people_sum_to_one() -> None:
    """Moves, doses and quarters of follow-up are divisions of everybody, also far from the design, and never negative."""
    generator = np.random.default_rng(6)
    design = generator.normal(size=(300, 3))
    y = generator.uniform(0.0, 0.2, (300, len(ALL)))
    found = fit_surface(design, y).statistics(3.0 * generator.normal(size=(50, 3)))
    for group in PARTITIONS:
        assert (found[:, group] >= 0.0).all()
        assert found[:, group].sum(axis=1) == pytest.approx(1.0, rel=1e-12)
    assert PARTITIONS[-1].stop == len(SHARES)


def test_a_surface_tells_its_error() -> None:
    """With noise of a known size the held-out error is that size, within a tenth."""
    generator = np.random.default_rng(2)
    z = generator.normal(size=(3000, 2))
    y = np.repeat(z[:, :1], len(ALL), axis=1)
    y[:, LOGGED] = np.exp(0.1 * y[:, LOGGED] - 3.0)
    noisy = y.copy()
    noisy[:, ~LOGGED] += generator.normal(size=noisy[:, ~LOGGED].shape)
    error = fit_surface(z, noisy).relative_error[~LOGGED]
    assert np.abs(error / sqrt(0.5) - 1.0).max() < 0.1


def test_corrected_statistics_agree_at_the_point() -> None:
    """What few patients give at the point becomes what many give there; elsewhere shares change by the same factor."""
    generator = np.random.default_rng(3)
    small, large, other = generator.uniform(0.05, 0.3, (3, len(ALL)))
    fixed = corrected(np.stack([small, other]), small, large)
    assert np.allclose(fixed[0], large, rtol=1e-12)
    assert np.allclose((fixed[1] - other)[~LOGGED], (large - small)[~LOGGED], rtol=1e-9)
    ratio = (fixed[1] + SMALLEST_SHARE) / (other + SMALLEST_SHARE)
    assert np.allclose(ratio[LOGGED], ((large + SMALLEST_SHARE) / (small + SMALLEST_SHARE))[LOGGED], rtol=1e-9)
    none = corrected(np.zeros((1, len(ALL))), small, np.zeros(len(ALL)))
    assert (none[0, LOGGED] >= 0.0).all()


def test_contrasts_are_of_treated_against_controls() -> None:
    """Log risk ratio and difference in TcPO2, with a least share in place of no event."""
    row = np.zeros((1, len(ALL)))
    row[0, -6:] = [0.2, 0.1, 30.0, 41.0, 5.0, 9.0]
    ratio, difference = contrasts(row)
    assert exp(ratio[0]) == pytest.approx((0.1 + SMALLEST_SHARE) / (0.2 + SMALLEST_SHARE), rel=1e-12)
    assert difference[0] == 11.0
    row[0, -5] = 0.0
    assert np.isfinite(contrasts(row)[0][0])
    assert changes(row).tolist() == [[5.0, 9.0]]


def test_a_randomised_contrast_counts_in_errors_of_its_interval() -> None:
    """One error off in the ratio and two in TcPO2: -1/2 and -2; without a TcPO2 the ratio alone."""
    both = Contrast("trial", -0.5, 0.25, 4.0, 1.5)
    found = log_likelihood_contrast(np.array([-0.5, 0.25]), np.array([4.0, 7.0]), both)
    assert found == pytest.approx([0.0, -4.5 - 2.0])
    plain = log_likelihood_contrast(np.array([-0.25]), np.array([7.0]), Contrast("trial", -0.5, 0.25, None, None))
    assert plain == pytest.approx([-0.5])


def test_control_arms_count_early_and_later() -> None:
    """Each by its own change and spread."""
    arms = (Arm("one", True, 2.0, 1.0), Arm("two", False, 5.0, 2.0))
    assert log_likelihood_arms(np.array([[2.0, 5.0], [3.0, 9.0]]), arms) == pytest.approx([0.0, -0.5 - 2.0])


def statistics_of(moved: dict[tuple[int, int], float], **named: float) -> Array:
    """Statistics with these shares of moves and these summaries, and zeros."""
    found = np.zeros((1, len(STATISTICS)))
    for move, share in moved.items():
        found[0, MOVES.index(move)] = share
    for name, value in named.items():
        found[0, INDEX[name]] = value
    return found


def test_margins_of_moves() -> None:
    """A quarter from cell 1 to 5, three quarters from 3 to 2: one year's shares, then those at the end."""
    found = margins(statistics_of({(1, 5): 0.25, (3, 2): 0.75}))[0]
    assert np.flatnonzero(found).tolist() == [1, 3, 8 + 2, 8 + 5]
    assert found[[1, 3, 10, 13]].tolist() == [0.25, 0.75, 0.75, 0.25]


def test_outcomes_at_a_year_by_cell() -> None:
    """Amputated in cells 0, 1, 4 and 5, dead from 4 on, healed in the even ones, wherever they end."""
    for cell in range(8):
        end = REACHABLE.get(cell, (cell,))[-1]
        amputated, dead, healed = outcomes_at_1_year(statistics_of({(cell, end): 1.0}))[0]
        assert (amputated, dead, healed) == (float(cell in (0, 1, 4, 5)), float(cell >= 4), float(cell % 2 == 0))


def test_everybody_is_divided_three_times() -> None:
    """Moves, doses by TcPO2 and quarters of follow-up: each share belongs to one division."""
    names = [SHARES[part] for part in PARTITIONS]
    assert [each[0] for each in names] == ["move_0_0", "doses_1_below_40", "follow_up_quarter_1"]
    assert sum(map(len, names)) == len(SHARES) and len(names[1]) == 6 and len(names[2]) == 4


def test_summaries_given_the_tables_by_hand() -> None:
    """Two mmHg off where the error is two: -1/2; a bias of the small sample counts; what is not known does not."""
    size = len(given_tables(statistics_of({}))[0])
    scatter = SmallSample(np.zeros(size), np.zeros((16, size)), 4.0 * np.eye(size))
    exact = statistics_of({(3, 3): 1.0}, tcpo2_healed_mean=50.0, tcpo2_unhealed_mean=40.0)
    counts = np.zeros((1, 8, 8))
    counts[0, 3, 3] = 2.0
    seen = Observed((counts, np.zeros(1)), exact[0])
    model = np.concatenate(
        [
            exact,
            statistics_of({(3, 3): 1.0}, tcpo2_healed_mean=52.0, tcpo2_unhealed_mean=40.0),
            statistics_of(
                {(3, 3): 0.5, (3, 2): 0.5}, tcpo2_healed_mean=50.0, tcpo2_unhealed_mean=42.0, tcpo2_low_mean=4.0
            ),
        ]
    )
    found = log_likelihood(model, seen, scatter)
    assert found["given tables"] == pytest.approx([0.0, -0.5, -0.5 - 2.0])
    assert found["tables"] == pytest.approx([0.0, 0.0, 2.0 * log(0.5)])
    biased = SmallSample(np.r_[np.zeros(size - 1), -2.0], scatter.slope, scatter.spread)
    assert log_likelihood(model, seen, biased)["given tables"] == pytest.approx([-0.5, 0.0, -2.0 - 2.0])
    gone = exact[0].copy()
    gone[INDEX["tcpo2_low_mean"]] = np.nan
    partly = log_likelihood(model, Observed((counts, np.zeros(1)), gone), scatter)
    assert partly["given tables"] == pytest.approx([0.0, -0.5, -0.5])
    # A tenth more in a cell foretells ten times the slope.
    slope = np.zeros((16, size))
    slope[3, size - 1] = 20.0
    led = SmallSample(np.zeros(size), slope, scatter.spread)
    less = statistics_of({(3, 3): 0.9, (2, 2): 0.1}, tcpo2_healed_mean=50.0, tcpo2_unhealed_mean=42.0)
    assert log_likelihood(less, seen, led)["given tables"] == pytest.approx([-0.5 * ((10.0 - 8.0 - 2.0) / 2.0) ** 2])


def test_the_whole_likelihood_is_the_sum_of_its_parts() -> None:
    """Tables, summaries, the randomised contrast and control arms."""
    luck = np.random.default_rng(2)
    model = np.abs(luck.normal(0.2, 0.05, (3, len(ALL))))
    size = 15
    scatter = SmallSample(np.zeros(size), np.zeros((16, size)), np.eye(size))
    counts = np.zeros((1, 8, 8))
    counts[0, 3, 3] = 1.0
    seen = Observed((counts, np.zeros(1)), np.full(len(STATISTICS), 0.2))
    contrast = Contrast("trial", -0.5, 0.25, 4.0, 1.5, (Arm("one", True, 2.0, 1.0),))
    parts = log_likelihood(model[:, : len(STATISTICS)], seen, scatter)
    expected = parts["tables"] + parts["given tables"]
    expected = expected + log_likelihood_contrast(*contrasts(model), contrast)
    expected = expected + log_likelihood_arms(changes(model), contrast.arms)
    assert total_log_likelihood(model, seen, scatter, contrast) == pytest.approx(expected)


def test_every_summary_of_four_people(data: Founding) -> None:
    """TcPO2 of 30, 50, 35 and 60 after one to three treatments; healed and not; who walks, and which legs were lost."""
    until = data.longest
    lives = people(
        healed_at=[0.3, inf, inf, 0.5],
        amputated_at=[inf, 0.4, inf, 0.2],
        died_at=[inf, inf, inf, inf],
        first_walked_at=[inf, inf, inf, 0.6],
    )
    lives[:, 3] = until
    lives[:, [5, 6, 7]] = [[1, 20, 30], [1, 21, 50], [2, 22, 35], [3, 25, 60]]
    lives[:, 9] = [0.0, 1.0, 0.0, 0.0]
    found = dict(zip(STATISTICS, summarise(lives, data), strict=True))
    assert found["doses_1_below_40"] == found["doses_2_below_40"] == found["doses_1_at_least_40"] == 0.25
    assert found["doses_3_at_least_40"] == 0.25 and found["doses_3_below_40"] == 0.0
    assert found["tcpo2_enrolment_mean"] == 22.0 and found["tcpo2_last_mean"] == 43.75
    assert (found["tcpo2_low_mean"], found["tcpo2_high_mean"]) == (32.5, 55.0)
    assert (found["tcpo2_low_sd"], found["tcpo2_high_sd"]) == pytest.approx((sqrt(12.5), sqrt(50.0)))
    # Healed without an amputation at a year: the first; the others are not so healed.
    assert found["tcpo2_healed_mean"] == 30.0 and found["tcpo2_unhealed_mean"] == pytest.approx(145 / 3)
    assert found["follow_up_quarter_4"] == 1.0 and found["follow_up_50"] == pytest.approx(until)
    assert (found["walking_end"], found["below_knee_share"]) == (0.25, 0.5)
    assert found["move_2_2"] == found["move_1_1"] == found["move_3_3"] == found["move_0_0"] == 0.25
    assert found["healing_days_end"] == pytest.approx(healing_days(lives, until))
    assert found["healing_days_1_year"] == pytest.approx(healing_days(lives, 1.0))


def test_what_falls_on_the_limit_counts(data: Founding) -> None:
    """40 mmHg is high; who first walks, or loses a leg, on the last day of follow-up has done so."""
    lives = people(
        followed=[1.0, 1.0],
        first_walked_at=[1.0, 1.0 + 1e-9],
        amputated_at=[1.0 + 1e-9, 1.0],
        below_knee=[0.0, 1.0],
        doses=[1.0, 1.0],
        tcpo2_last=[data.tcpo2_split, data.tcpo2_split - 1e-9],
    )
    found = dict(zip(STATISTICS, summarise(lives, data), strict=True))
    assert data.tcpo2_split == 40.0
    assert found["doses_1_at_least_40"] == found["doses_1_below_40"] == 0.5
    assert (found["walking_end"], found["below_knee_share"]) == (0.5, 1.0)


def test_times_to_healing_are_a_mean_and_its_standard_error() -> None:
    """257 days (17) within a year and 345 (39) in all follow-up; early TcPO2 of control arms is that of three months."""
    founding, _ = load_targets()
    assert (founding.healing_days_1_year, founding.healing_days_end) == ((257.0, 17.0), (345.0, 39.0))
    assert founding.early_tcpo2_years == 0.25
