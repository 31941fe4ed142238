"""Hierarchical composites pair by pair, by hand and against other programs."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from simulated_trials import hierarchy

from simulator.statistics.win_statistics import Level, win_statistics


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
