"""How good predictions of counts are, by proper scores, beside those of the naive competitor.

Every count is a whole number of n; its predictive distribution gives a probability to each of 0 to n. Differences have bootstrap
intervals in which whole studies are drawn, because the counts of one study share its people and its hospital.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betaln, gammaln
from scipy.stats import binomtest

from simulator.words.luck import generator

Array = NDArray[np.float64]
LEVELS = (50, 80, 95)
ASKED = {50: (0.42, 0.58), 80: (0.73, 0.87), 95: (0.90, 1.0)}
"""Shares of counts between which intervals of a level should hold."""
SCORES = ("log_score", "crps", "cover_50", "cover_80", "cover_95", "median_width")
COUNT_COLUMNS = ("study", "quantity", "outcome", "arm", "events", "n", "pit", "pit_low", "pit_high", "log_score", "crps",
                 "cover_50", "cover_80", "cover_95", "width", "naive_log_score", "naive_crps", "naive_cover_50",
                 "naive_cover_80", "naive_cover_95", "naive_width")  # fmt: skip
RESAMPLES = 4_000
FEWEST = 5
"""Studies that are resampled: of fewer the bootstrap sees too little of what differs between them."""
HALF = 0.5


def predictive_pmf(shares: Array, lives: Array, n: int) -> Array:
    """Probabilities of 0 to n events from the share of each draw in so many `lives`, shape (n + 1,).

    Each draw is beta-binomial: a share of finitely many lives is not known exactly.
    """
    y = np.arange(n + 1)[:, None]
    a = shares * lives + HALF
    b = lives - shares * lives + HALF
    log = gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1) + betaln(y + a, n - y + b) - betaln(a, b)
    pmf = np.exp(log).mean(axis=1)
    return np.asarray(pmf / pmf.sum())


@dataclass(frozen=True)
class Scored:
    """One count under one predictive distribution; shares are of n. Higher log score and lower CRPS are better."""

    log_score: float
    crps: float
    pit_low: float
    pit_high: float
    width: float

    def cover(self, level: int) -> float:
        """Share of the randomised probability integral transform inside the central interval: its expected coverage."""
        low, high = HALF - level / 200.0, HALF + level / 200.0
        span = self.pit_high - self.pit_low
        if span <= 0.0:
            return float(low <= self.pit_low <= high)
        return float(max(0.0, min(high, self.pit_high) - max(low, self.pit_low)) / span)


def scored(pmf: Array, events: int) -> Scored:
    """The scores of `events` of n under the probabilities (n + 1,) of a prediction."""
    n = len(pmf) - 1
    below = np.cumsum(pmf)
    crps = float(((below - (np.arange(n + 1) >= events)) ** 2).sum() / n)
    low, high = np.searchsorted(below, [0.025, 0.975])
    before = float(below[events - 1]) if events else 0.0
    log = float(np.log(max(pmf[events], 1e-300)))
    return Scored(log, crps, before, min(1.0, float(below[events])), float(min(high, n) - low) / n)


def score_row(names: Mapping[str, Any], events: int, model: Array, naive: Array, seed: int) -> dict[str, Any]:
    """A row of `COUNT_COLUMNS` from the two predictive distributions."""
    own, other = scored(model, events), scored(naive, events)
    u = float(generator(seed, "randomised PIT", names["study"], names["quantity"]).random())
    row: dict[str, Any] = {
        **names,
        "events": events,
        "n": len(model) - 1,
        "pit": own.pit_low + u * (own.pit_high - own.pit_low),
        "pit_low": own.pit_low,
        "pit_high": own.pit_high,
    }
    for prefix, each in (("", own), ("naive_", other)):
        row |= {f"{prefix}log_score": each.log_score, f"{prefix}crps": each.crps, f"{prefix}width": each.width}
        row |= {f"{prefix}cover_{level}": each.cover(level) for level in LEVELS}
    return row


def scores(counts: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    """Score, model, naive, difference, low, high: means over counts (the median of widths), the model's less the naive's.

    `low` and `high` are 95% limits of the difference over resampled studies, missing with fewer than FEWEST of them.
    """
    if not len(counts):
        return pd.DataFrame(columns=["score", "model", "naive", "difference", "low", "high"])
    resampled = _resampled(counts, seed)
    rows = []
    for score in SCORES:
        median = score == "median_width"
        column = "width" if median else score
        own, other = counts[column].to_numpy(), counts[f"naive_{column}"].to_numpy()
        middle = np.median if median else np.mean
        gaps = [middle(own[rows_]) - middle(other[rows_]) for rows_ in resampled]
        low, high = np.quantile(gaps, [0.025, 0.975]) if resampled else (np.nan, np.nan)
        model, naive = float(middle(own)), float(middle(other))
        rows.append(
            {"score": score, "model": model, "naive": naive, "difference": model - naive, "low": low, "high": high}
        )
    return pd.DataFrame(rows)


def _resampled(counts: pd.DataFrame, seed: int) -> list[NDArray[np.int64]]:
    """Rows of as many studies as there are, drawn with replacement, RESAMPLES times; none of fewer than FEWEST studies."""
    studies = sorted(set(counts["study"]))
    if len(studies) < FEWEST:
        return []
    places = [np.flatnonzero(counts["study"].to_numpy() == name) for name in studies]
    luck = generator(seed, "scores", "bootstrap")
    return [np.concatenate([places[k] for k in luck.integers(0, len(studies), len(studies))]) for _ in range(RESAMPLES)]


def held(counts: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    """Level, share, se, asked_low, asked_high, astray, verdict: whether the model's intervals hold as many counts as ASKED.

    `se` is the standard error of the share over resampled studies, `astray` how far it lies outside what is asked: 0 is
    "inside", less than one standard error "within_error", more "outside"; fewer than FEWEST studies are "too_few" to tell.
    """
    columns = ["level", "share", "se", "asked_low", "asked_high", "astray", "verdict"]
    resampled, rows = _resampled(counts, seed), []
    for level, (low, high) in ASKED.items() if len(counts) else ():
        own = counts[f"cover_{level}"].to_numpy(np.float64)
        share = float(own.mean())
        se = float(np.std([own[rows_].mean() for rows_ in resampled])) if resampled else np.nan
        astray = max(low - share, share - high, 0.0)
        verdict = (
            "inside" if astray == 0.0 else "within_error" if astray < se else "outside" if resampled else "too_few"
        )
        rows.append([level, share, se, low, high, astray, verdict])
    return pd.DataFrame(rows, columns=columns)


def directions(counts: pd.DataFrame) -> pd.DataFrame:
    """Outcome, arm, studies, above, below, p: of how many studies the observed numbers lie above and below the prediction.

    A study's side is that of the mean of its transforms; `p` is of a fair coin, `one_sided` marks p below 5%.
    """
    rows = []
    groups: list[tuple[Any, Any, pd.DataFrame]] = [
        (outcome, "all", part) for outcome, part in counts.groupby("outcome", sort=False)
    ]
    groups += [(outcome, arm, part) for (outcome, arm), part in counts.groupby(["outcome", "arm"], sort=False)]
    for outcome, arm, part in groups:
        middle = (part["pit_low"] + part["pit_high"]) / 2.0
        side = middle.groupby(part["study"]).mean()
        above, n = int((side > HALF).sum()), len(side)
        p = float(binomtest(above, n).pvalue)
        rows.append(
            {"outcome": outcome, "arm": arm, "studies": n, "above": above, "below": n - above, "p": p,
             "one_sided": p < 0.05}
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["outcome", "arm", "studies", "above", "below", "p", "one_sided"])
