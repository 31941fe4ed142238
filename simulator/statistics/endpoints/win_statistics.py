"""Hierarchical composite endpoints of many trials at once: win ratio, win odds and net benefit.

Every patient of arm 1 is compared with every patient of arm 0, on the most important outcome first, and on the next one
only if that is a tie. Times are compared over the follow-up that both patients have. Buyse M. Stat Med
2010;29:3245-3257, doi 10.1002/sim.3923; Pocock SJ et al. Eur Heart J 2012;33:176-182, doi 10.1093/eurheartj/ehr352.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulator.compiling import compiled
from simulator.statistics.endpoints.effect import Effect, ratio_or_nan
from simulator.statistics.endpoints.risk_sets import Codes

Array = NDArray[np.float64]

BETTER = ("later", "earlier", "higher", "lower")
"""What is better: an event that comes later or never, one that comes earlier, a higher or a lower value."""


@dataclass(frozen=True)
class Level:
    """One outcome of the hierarchy.

    `better` is one of `BETTER`. For ``later`` and ``earlier`` `values` are event times, infinite without an event, and
    count only within the shorter follow-up of the two patients; two events at most `margin` apart tie. For ``higher`` and
    ``lower`` they are measurements that count regardless; NaN (not measured) ties with everything, and so does a difference
    of at most `margin`. Shape (trials, patients).
    """

    better: str
    values: ArrayLike
    margin: float = 0.0


@dataclass(frozen=True)
class WinStatistics:
    """Comparisons of all pairs and the effects made of them.

    `wins`, `losses` and `pairs` have shape (trials,), `decided` (trials, levels) is the share of pairs that each level
    decides. `net_benefit` is (wins - losses) / pairs; `win_ratio` and `win_odds` are logarithms of wins / losses and of
    (wins + ties/2) / (losses + ties/2).
    """

    wins: Array
    losses: Array
    pairs: Array
    decided: Array
    net_benefit: Effect
    win_ratio: Effect
    win_odds: Effect


def win_statistics(
    levels: Sequence[Level], follow_up: ArrayLike, arm: ArrayLike, stratum: ArrayLike | None = None
) -> WinStatistics:
    """Win statistics of arm 1 over arm 0 for a hierarchy of outcomes, the most important one first.

    `follow_up` (trials, patients) is how long each patient would have been followed whatever happened: a patient who
    dies has the administrative end as follow-up, not the date of death. Patients with a negative arm take no part. The
    variances are those of two-sample U statistics with the unbiased divisor (Dong G et al. Pharm Stat 2016;15:430-437,
    doi 10.1002/pst.1763; Bebu I, Lachin JM. Biostatistics 2016;17:178-187, doi 10.1093/biostatistics/kxv032). Where a
    trial has no losses or no wins the log win ratio is infinite and its z NaN. With strata (from 0 on) only patients of one
    stratum are compared, and each stratum counts by its pairs over its patients (Dong G et al. J Biopharm Stat
    2018;28:778-796, doi 10.1080/10543406.2017.1397007); one with fewer than two patients in an arm does not.
    """
    follow = np.ascontiguousarray(np.atleast_2d(np.asarray(follow_up, dtype=float)))
    arms = np.ascontiguousarray(np.broadcast_to(np.asarray(arm), follow.shape).astype(np.int8))
    if not levels:
        raise ValueError("a hierarchy needs at least one level")
    for number, level in enumerate(levels, start=1):
        if level.better not in BETTER:
            raise ValueError(f"level {number}: better = {level.better!r}; allowed: {', '.join(BETTER)}")
        if not level.margin >= 0.0:
            raise ValueError(f"level {number}: margin = {level.margin}; allowed: 0 or more")
    bad = np.argwhere((arms >= 0) & np.isnan(follow))
    if bad.size:
        raise ValueError(f"follow_up of trial {bad[0][0]}, patient {bad[0][1]} is not a number")
    values = np.stack([np.broadcast_to(np.asarray(level.values, dtype=float), follow.shape) for level in levels])
    kinds = np.array([BETTER.index(level.better) for level in levels], dtype=np.int8)
    margins = np.array([level.margin for level in levels], dtype=float)
    values = np.ascontiguousarray(values)
    if stratum is None:
        return _effects(*_compare(values, kinds, margins, follow, arms))
    strata = np.broadcast_to(np.asarray(stratum), follow.shape)
    parts = []
    for each in range(int(strata.max(initial=0)) + 1):
        own = np.where(strata == each, arms, np.int8(-1)).astype(np.int8)
        parts.append((own, _compare(values, kinds, margins, follow, own)))
    return _effects(*_over_strata(parts))


def _over_strata(parts: Sequence[tuple[Codes, tuple[Array, ...]]]) -> tuple[Array, Array, Array, Array, Array]:
    """Wins, losses, pairs, decided and moments of all strata, each weighted by one over its patients."""
    totals = [np.zeros_like(each) for each in parts[0][1]]
    for own, (wins, losses, pairs, decided, moments) in parts:
        patients = (own >= 0).sum(axis=1)
        weight = np.where(np.isfinite(moments).all(axis=1), ratio_or_nan(1.0, patients), 0.0)
        for place, value in enumerate((wins, losses, pairs)):
            totals[place] += np.where(weight > 0.0, weight * value, 0.0)
        share = (weight * pairs)[:, None]
        totals[3] += np.where(share > 0.0, share * decided, 0.0)
        totals[4] += np.where(share > 0.0, share**2 * moments, 0.0)
    pairs = totals[2][:, None]
    return totals[0], totals[1], totals[2], ratio_or_nan(totals[3], pairs), ratio_or_nan(totals[4], pairs**2)


def _effects(wins: Array, losses: Array, pairs: Array, decided: Array, moments: Array) -> WinStatistics:
    """Effects with delta-method errors; `moments` are the variances of the shares won and lost and their covariance."""
    won, lost = ratio_or_nan(wins, pairs), ratio_or_nan(losses, pairs)
    var_won, var_lost, cov = moments.T
    benefit = won - lost
    benefit_se = np.sqrt(np.maximum(var_won + var_lost - 2.0 * cov, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.log(wins) - np.log(losses)
        ratio_var = var_won / won**2 + var_lost / lost**2 - 2.0 * cov / (won * lost)
        ratio_se = np.where(np.isfinite(log_ratio), np.sqrt(np.maximum(ratio_var, 0.0)), np.inf)
        log_odds = np.log1p(benefit) - np.log1p(-benefit)
        odds_se = np.where(np.isfinite(log_odds), 2.0 * benefit_se / (1.0 - benefit**2), np.inf)
    ratio_z = np.where(np.isfinite(log_ratio), ratio_or_nan(log_ratio, ratio_se), np.nan)
    odds_z = np.where(np.isfinite(log_odds), ratio_or_nan(log_odds, odds_se), np.nan)
    return WinStatistics(
        wins,
        losses,
        pairs,
        decided,
        Effect(benefit, benefit_se, ratio_or_nan(benefit, benefit_se)),
        Effect(log_ratio, ratio_se, ratio_z),
        Effect(log_odds, odds_se, odds_z),
    )


@compiled
def verdict(kind: int, mine: float, other: float, margin: float, common: float) -> int:
    """One level of one pair: 1 if `mine` is better, -1 if `other` is, 0 for a tie.

    `kind` is the place in `BETTER`; `common` is the follow-up that both patients have.
    """
    if kind <= 1:
        mine = mine if mine <= common else math.inf
        other = other if other <= common else math.inf
        if mine == other or (mine < math.inf and other < math.inf and abs(mine - other) <= margin):
            return 0
        return 1 if (mine > other) == (kind == 0) else -1
    gap = mine - other
    if kind == 3:
        gap = -gap
    if gap > margin:
        return 1
    if gap < -margin:
        return -1
    return 0


@compiled
def _compare(
    values: Array, kinds: Codes, margins: Array, follow_up: Array, arm: Codes
) -> tuple[Array, Array, Array, Array, Array]:
    trials, patients = follow_up.shape
    levels = kinds.size
    wins, losses, pairs = np.zeros(trials), np.zeros(trials), np.zeros(trials)
    decided, moments = np.zeros((trials, levels)), np.full((trials, 3), math.nan)
    won, lost = np.zeros(patients), np.zeros(patients)
    ones, zeros = np.empty(patients, dtype=np.int64), np.empty(patients, dtype=np.int64)
    for trial in range(trials):
        m, n = 0, 0
        for i in range(patients):
            won[i], lost[i] = 0.0, 0.0
            if arm[trial, i] == 1:
                ones[m] = i
                m += 1
            elif arm[trial, i] == 0:
                zeros[n] = i
                n += 1
        for i in ones[:m]:
            for j in zeros[:n]:
                common = min(follow_up[trial, i], follow_up[trial, j])
                for level in range(levels):
                    result = verdict(
                        kinds[level], values[level, trial, i], values[level, trial, j], margins[level], common
                    )
                    if result != 0:
                        decided[trial, level] += 1.0
                        if result > 0:
                            won[i] += 1.0
                            won[j] += 1.0
                        else:
                            lost[i] += 1.0
                            lost[j] += 1.0
                        break
        pairs[trial] = float(m) * n
        for i in ones[:m]:
            wins[trial] += won[i]
            losses[trial] += lost[i]
        for level in range(levels):
            decided[trial, level] /= pairs[trial]
        if m < 2 or n < 2:
            continue
        share_won, share_lost = wins[trial] / pairs[trial], losses[trial] / pairs[trial]
        moments[trial, :] = 0.0
        for side in range(2):
            size, others = (m, n) if side == 1 else (n, m)
            who = ones[:m] if side == 1 else zeros[:n]
            for i in who:
                a, b = won[i] / others - share_won, lost[i] / others - share_lost
                moments[trial, 0] += a * a / (size * (size - 1.0))
                moments[trial, 1] += b * b / (size * (size - 1.0))
                moments[trial, 2] += a * b / (size * (size - 1.0))
    return wins, losses, pairs, decided, moments
