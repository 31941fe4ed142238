"""Hierarchical composites pair by pair, by hand and against other programs."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from simulated_trials import hierarchy

from simulator.statistics.endpoints.win_statistics import Level, verdict, win_statistics


def slow_wins(levels, follow_up, arm):
    """Wins and losses pair by pair, in words."""
    wins = losses = 0
    for i in np.flatnonzero(arm == 1):
        for j in np.flatnonzero(arm == 0):
            common = min(follow_up[i], follow_up[j])
            for better, values, margin in levels:
                a, b = values[i], values[j]
                if better in ("later", "earlier"):
                    a, b = (x if x <= common else np.inf for x in (a, b))
                if better in ("earlier", "lower"):
                    a, b = -a, -b
                if a > b and not a - b <= margin:
                    wins += 1
                    break
                if b > a and not b - a <= margin:
                    losses += 1
                    break
    return wins, losses


def test_wins_pair_by_pair():
    """Wins and losses of a four-level hierarchy equal a plain loop over pairs, and shares add up."""
    levels, follow_up, arm = hierarchy(12, 4, 40)
    arm[:, 35:] = -1
    found = win_statistics(levels, follow_up, arm)
    for i in range(4):
        plain = [(level.better, np.asarray(level.values)[i], level.margin) for level in levels]
        assert (found.wins[i], found.losses[i]) == slow_wins(plain, follow_up[i], arm[i])
        assert found.pairs[i] == np.sum(arm[i] == 1) * np.sum(arm[i] == 0)
    assert found.decided.sum(axis=1) == pytest.approx((found.wins + found.losses) / found.pairs)
    assert (found.decided > 0).all()


def test_win_ratio_from_published_counts():
    """22,451 wins and 17,761 losses of 45,305 pairs: win ratio 1.26406, win odds and net benefit by hand."""
    # 221 x 205 patients whose values make exactly these counts are not published, so the effects are taken from a trial
    # and the identities between them are checked with the published counts.
    wins, losses, pairs = 22_451, 17_761, 45_305
    assert wins / losses == pytest.approx(1.26406, abs=5e-6)
    benefit = (wins - losses) / pairs
    ties = pairs - wins - losses
    assert (wins + ties / 2) / (losses + ties / 2) == pytest.approx((1 + benefit) / (1 - benefit))
    levels, follow_up, arm = hierarchy(13, 3, 50)
    found = win_statistics(levels, follow_up, arm)
    benefit = found.net_benefit.estimate
    assert np.exp(found.win_ratio.estimate) == pytest.approx(found.wins / found.losses)
    assert np.exp(found.win_odds.estimate) == pytest.approx((1 + benefit) / (1 - benefit))


def test_net_benefit_is_the_brunner_munzel_test():
    """For one outcome the net benefit's z is scipy's Brunner-Munzel statistic, ties included."""
    rng = np.random.default_rng(14)
    arm = np.tile(np.arange(50) % 2, (6, 1))
    value = np.round(rng.normal(size=(6, 50)) + 0.4 * arm, 1)
    found = win_statistics([Level("higher", value)], np.ones((6, 50)), arm)
    mirrored = win_statistics([Level("lower", value)], np.ones((6, 50)), arm)
    for i in range(6):
        theirs = scipy.stats.brunnermunzel(value[i][arm[i] == 0], value[i][arm[i] == 1], distribution="normal")
        assert found.net_benefit.z[i] == pytest.approx(theirs.statistic, rel=1e-9)
    assert mirrored.win_ratio.estimate == pytest.approx(-found.win_ratio.estimate)


def test_win_statistics_at_their_limits():
    """Only wins, or an outcome that ties everywhere, leave undefined statistics undefined."""
    arm = np.array([[1, 1, 0, 0]])
    all_won = win_statistics([Level("higher", [[5.0, 6.0, 1.0, 2.0]])], np.ones((1, 4)), arm)
    assert all_won.net_benefit.estimate[0] == 1.0
    assert all_won.win_ratio.estimate[0] == np.inf and np.isnan(all_won.win_ratio.z[0])
    tied = win_statistics([Level("later", np.full((1, 4), np.inf))], np.ones((1, 4)), arm)
    assert tied.net_benefit.estimate[0] == 0.0 and np.isnan(tied.win_ratio.z[0])
    with pytest.raises(ValueError, match="allowed: later"):
        win_statistics([Level("best", arm)], np.ones((1, 4)), arm)


def test_stratified_win_ratio_by_hand() -> None:
    """Two strata of four: pairs are compared within them, and each counts by one over its patients."""
    values = np.array([[1.0, 2.0, 3.0, 4.0, 10.0, 5.0, 5.0, 20.0]])
    arm, stratum = np.array([0, 0, 1, 1, 0, 0, 1, 1]), np.array([0, 0, 0, 0, 1, 1, 1, 1])
    found = win_statistics([Level("higher", values)], np.full((1, 8), 9.0), arm, stratum)
    # All four pairs are won in the first; in the second 5 loses to 10 and ties with 5, 20 wins both.
    assert found.wins[0] == pytest.approx((4 + 2) / 4)
    assert found.losses[0] == pytest.approx(1 / 4)
    assert found.win_ratio.estimate[0] == pytest.approx(np.log(6.0))
    # Only the second has a spread, though it counts as one: four pairs over four patients.
    assert found.net_benefit.se[0] > 0.1
    one = win_statistics([Level("higher", values)], np.full((1, 8), 9.0), arm, np.zeros(8, int))
    plain = win_statistics([Level("higher", values)], np.full((1, 8), 9.0), arm)
    assert one.net_benefit.se[0] == pytest.approx(plain.net_benefit.se[0])
    assert one.win_ratio.z[0] == pytest.approx(plain.win_ratio.z[0])


def test_thresholds_make_ties_of_times() -> None:
    """Deaths three months apart tie with a threshold of four; an event against none is decided."""
    times, arm = np.array([[0.5, 0.75, np.inf]]), np.array([0, 1, 1])
    follow = np.ones((1, 3))
    plain = win_statistics([Level("later", times)], follow, arm)
    wide = win_statistics([Level("later", times, 4.0 / 12.0)], follow, arm)
    assert (plain.wins[0], wide.wins[0]) == (2.0, 1.0)


def effects_by_matrices(won, lost):
    """Shares won and lost of a matrix of pairs (arm 1, arm 0), their variances and their covariance, by rows and columns."""
    moments = np.zeros((2, 2))
    for axis, n in ((1, won.shape[0]), (0, won.shape[1])):
        moments += np.cov(won.mean(axis=axis), lost.mean(axis=axis)) / n
    return won.mean(), lost.mean(), moments


# Three of arm 1 (8, 5, 2) against two of arm 0 (5, 3): wins 8>5, 8>3, 5>3; losses 2<5, 2<3; 5 and 5 tie.
WON = np.array([[1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
LOST = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]])


def test_errors_of_three_against_two_by_hand():
    """Errors of net benefit, log win ratio and log win odds from the variances of rows and columns of the pairs."""
    found = win_statistics([Level("higher", [[8.0, 5.0, 2.0, 5.0, 3.0]])], np.ones((1, 5)), [[1, 1, 1, 0, 0]])
    p, q, moments = effects_by_matrices(WON, LOST)
    assert (found.wins[0], found.losses[0], found.pairs[0], found.decided[0, 0]) == (
        3.0,
        2.0,
        6.0,
        pytest.approx(5 / 6),
    )
    variance = moments[0, 0] + moments[1, 1] - 2.0 * moments[0, 1]
    assert found.net_benefit.estimate[0] == pytest.approx(1 / 6)
    assert found.net_benefit.se[0] == pytest.approx(np.sqrt(variance))
    gradient = np.array([1.0 / p, -1.0 / q])
    assert found.win_ratio.estimate[0] == pytest.approx(np.log(1.5))
    assert found.win_ratio.se[0] == pytest.approx(np.sqrt(gradient @ moments @ gradient))
    assert found.win_odds.estimate[0] == pytest.approx(np.log((3 + 0.5) / (2 + 0.5)))
    assert found.win_odds.se[0] == pytest.approx(np.sqrt(variance) * 2.0 / (1.0 - (1 / 6) ** 2))
    for effect in (found.net_benefit, found.win_ratio, found.win_odds):
        assert effect.z[0] == pytest.approx(effect.estimate[0] / effect.se[0])


def test_strata_count_by_their_pairs_over_their_patients():
    """Two strata of five and six, by hand; a third with one patient in an arm counts for nothing."""
    values = [[8.0, 5.0, 2.0, 5.0, 3.0, 4.0, 4.0, 9.0, 1.0, 7.0, 4.0, 1.0, 50.0, 60.0]]
    arm = [[1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 0]]
    stratum = [[0] * 5 + [1] * 6 + [2] * 3]
    found = win_statistics([Level("higher", values)], np.ones((1, 14)), arm, stratum)
    mine, theirs = np.array([4.0, 4.0, 9.0])[:, None], np.array([1.0, 7.0, 4.0])[None]
    parts = [(5, 6, effects_by_matrices(WON, LOST)), (6, 9, effects_by_matrices(mine > theirs, mine < theirs))]
    whole = sum(pairs / n for n, pairs, _ in parts)
    p, q = (sum(pairs / n * each[side] for n, pairs, each in parts) / whole for side in (0, 1))
    moments = sum((pairs / n / whole) ** 2 * each[2] for n, pairs, each in parts)
    assert found.pairs[0] == pytest.approx(6 / 5 + 9 / 6)
    assert found.decided[0, 0] == pytest.approx(p + q)
    assert found.net_benefit.estimate[0] == pytest.approx(p - q)
    assert found.net_benefit.se[0] == pytest.approx(np.sqrt(np.array([1, -1]) @ moments @ np.array([1, -1])))
    gradient = np.array([1.0 / p, -1.0 / q])
    assert found.win_ratio.se[0] == pytest.approx(np.sqrt(gradient @ moments @ gradient))


def test_an_arm_of_one_has_no_error():
    """One against two: a net benefit and no error, and no warning either."""
    with np.errstate(all="raise"):
        for arm in ([[1, 0, 0]], [[0, 1, 1]]):
            found = win_statistics([Level("higher", [[2.0, 1.0, 3.0]])], np.ones((1, 3)), arm)
            assert found.net_benefit.estimate[0] == 0.0
            assert np.isnan(found.net_benefit.se[0]) and np.isnan(found.net_benefit.z[0])


@pytest.mark.parametrize(
    ("kind", "mine", "other", "margin", "result"),
    [
        (0, 5.0, 3.0, 0.0, 1),
        (0, 3.0, 5.0, 0.0, -1),
        (1, 3.0, 5.0, 0.0, 1),
        (0, 3.0, np.inf, 9.0, -1),
        (0, 11.0, 12.0, 0.0, 0),
        (0, 10.0, 11.0, 0.0, -1),
        (0, 3.0, 5.0, 2.0, 0),
        (0, 3.0, 5.5, 2.0, -1),
        (2, 5.0, 3.0, 1.0, 1),
        (2, 5.0, 3.0, 2.0, 0),
        (3, 5.0, 3.0, 1.0, -1),
        (3, 3.0, 5.0, 2.0, 0),
        (2, np.nan, 3.0, 0.0, 0),
    ],
)
def test_one_level_of_one_pair(kind, mine, other, margin, result):
    """Later, earlier, higher, lower, with ten months of common follow-up: an event at ten is seen, one at eleven is not."""
    assert verdict(kind, mine, other, margin, 10.0) == result
    assert verdict(kind, other, mine, margin, 10.0) == -result


@pytest.mark.parametrize(
    ("levels", "follow", "said"),
    [
        ([], [[1.0, 1.0, 1.0]], "at least one level"),
        ([Level("later", 1.0), Level("best", 1.0)], [[1.0, 1.0, 1.0]], "level 2: better = 'best'"),
        ([Level("later", 1.0, -0.5)], [[1.0, 1.0, 1.0]], "level 1: margin = -0.5"),
        ([Level("later", 1.0)], [[1.0, 1.0, np.nan]], "trial 0, patient 2 is not a number"),
    ],
)
def test_what_is_wrong_is_named(levels, follow, said):
    """Levels by their number, follow-up by trial and patient; absentees may have none."""
    with pytest.raises(ValueError, match=said):
        win_statistics(levels, follow, [[0, 1, 1]])
    assert win_statistics([Level("later", 1.0, 0.0)], [[1.0, 1.0, np.nan]], [[0, 1, -1]]).pairs[0] == 1.0
