"""Observed against expected: in all, by groups of like risk, over calendar time; and how well risks order people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.questions.registry.agreement.predicted import OUTCOMES
from simulator.questions.registry.people.described import TIMES as CURVE_TIMES
from simulator.questions.registry.people.observed import may_be_told, observed, seen
from simulator.questions.registry.people.people import People
from simulator.questions.registry.people.privacy import SMALLEST, hidden, rounded
from simulator.statistics.endpoints.accuracy import accuracy
from simulator.words.luck import generator

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
TIMES = (1.0, 2.0)
"""Years up to which risks are predicted."""
GROUPS, PERIODS = 10, 5
"""Groups of like risk, and parts of calendar time, at most."""
ACCURACY = ["outcome", "time_years", "by", "people", "observed", "expected", "ratio", "ratio_low", "ratio_high", "c", "c_low",
            "c_high", "brier", "brier_low", "brier_high", "better", "better_low", "better_high"]  # fmt: skip
CALIBRATION = ["outcome", "time_years", "by", "group", "people", "expected", "observed", "low", "high"]


def judged(people: People, outcome: str) -> tuple[NDArray[np.bool_], Array, Codes]:
    """As `seen`, of those who were followed for some time."""
    kept, time, code = seen(people, outcome)
    after = people.followed > 0.0
    return kept & after, time[after[kept]], code[after[kept]]


def accuracy_table(
    people: People, predictions: Mapping[str, Array], smallest: int = SMALLEST, seed: int = 1
) -> pd.DataFrame:
    """`ACCURACY`: how well each prediction fits, a row an outcome and time; outcomes with few events are left out.

    `predictions` maps a name to risks (people, `OUTCOMES`, `TIMES`). `observed` and `expected` are shares, `ratio` is of
    observed to expected people, `better` the share of the Brier score of one risk for all that is gained.
    """
    rows: list[dict[str, Any]] = []
    for place, outcome in enumerate(OUTCOMES):
        kept, time, code = judged(people, outcome)
        for k, at in enumerate(TIMES):
            if not (enough(time, code, at, smallest) and _may(people, outcome, at, smallest)):
                continue
            share, _, _, se = observed(time, code, at)
            for name, risks in predictions.items():
                risk = risks[kept, place, k]
                expected = float(risk.mean())
                half = 1.96 * se / share if share > 0.0 else math.nan
                luck = generator(seed, "accuracy", outcome, k)
                c, brier, better = accuracy(time, code, risk, at, luck)
                row: dict[str, Any] = {"outcome": outcome, "time_years": at, "by": name}
                row |= {"people": rounded(len(time), smallest), "observed": share, "expected": expected}
                row |= {"ratio": share / expected, "ratio_low": share / expected * math.exp(-half)}
                row |= {"ratio_high": share / expected * math.exp(half)}
                for word, each in (("c", c), ("brier", brier), ("better", better)):
                    row |= {word: each.value, f"{word}_low": each.low, f"{word}_high": each.high}
                rows.append(row)
    return pd.DataFrame(rows, columns=ACCURACY).round(2 if smallest else 4)


def _may(people: People, outcome: str, at: float, smallest: int) -> bool:
    """Whether the curve of all tells this time: what it withholds no other table gives away."""
    _, time, code = seen(people, outcome)
    return bool(may_be_told(time, code, CURVE_TIMES, smallest)[CURVE_TIMES.index(at)])


def enough(time: Array, code: Codes, at: float, smallest: int) -> bool:
    """Whether so many had the event by then, and are followed to then without it, that a number tells of nobody."""
    happened = int(((code == 1) & (time <= at)).sum())
    still = int((time >= at).sum())
    return happened > 0 and still > smallest and not hidden(happened, len(time), smallest)


def calibration_table(people: People, predictions: Mapping[str, Array], smallest: int = SMALLEST) -> pd.DataFrame:
    """`CALIBRATION`: observed beside expected shares in groups of like risk, of as many people as each other.

    There are as many groups, up to ten, as leave nobody to be worked out in any.
    """
    rows: list[tuple[Any, ...]] = []
    for place, outcome in enumerate(OUTCOMES):
        kept, time, code = judged(people, outcome)
        for k, at in enumerate(TIMES):
            if not _may(people, outcome, at, smallest):
                continue
            for name, risks in predictions.items():
                risk = risks[kept, place, k]
                groups = grouped(risk, time, code, at, GROUPS, smallest)
                for number, inside in enumerate(groups, start=1):
                    told = _beside(risk[inside], time[inside], code[inside], at, smallest)
                    rows.append((outcome, at, name, number, *told))
    return pd.DataFrame(rows, columns=CALIBRATION)


def calendar_table(people: People, predictions: Mapping[str, Array], smallest: int = SMALLEST) -> pd.DataFrame:
    """Observed beside expected shares over calendar time, in `CALIBRATION`'s columns; `group` is the year or years."""
    rows: list[tuple[Any, ...]] = []
    k, at = 0, TIMES[0]
    for place, outcome in enumerate(OUTCOMES):
        kept, time, code = judged(people, outcome)
        year = np.floor(people.calendar[kept])
        if not np.isfinite(year).all() or not len(year) or not _may(people, outcome, at, smallest):
            continue
        periods = grouped(year, time, code, at, PERIODS, smallest)
        for name, risks in predictions.items():
            risk = risks[kept, place, k]
            for inside in periods:
                told = _beside(risk[inside], time[inside], code[inside], at, smallest)
                years = " to ".join(f"{each:.0f}" for each in np.unique([year[inside].min(), year[inside].max()]))
                rows.append((outcome, at, name, years, *told))
    return pd.DataFrame(rows, columns=CALIBRATION)


def _beside(risk: Array, time: Array, code: Codes, at: float, smallest: int) -> tuple[float, ...]:
    """How many people, expected and observed share, and its 95% limits; rounded so that they tell of nobody."""
    share, low, high, _ = observed(time, code, at)
    return rounded(len(time), smallest), *(round(x, 2) for x in (float(risk.mean()), share, low, high))


def grouped(value: Array, time: Array, code: Codes, at: float, most: int, smallest: int) -> list[NDArray[np.bool_]]:
    """People in groups by quantiles of a value: as many groups as leave enough in each, none where not even two do."""
    for n in range(most, 1, -1):
        edges = np.unique(np.quantile(value, np.linspace(0.0, 1.0, n + 1)[1:-1])) if len(value) else np.zeros(0)
        place = np.searchsorted(edges, value, side="left")
        groups = [place == k for k in range(len(edges) + 1)]
        if len(edges) == n - 1 and all(g.any() and enough(time[g], code[g], at, smallest) for g in groups):
            return groups
    return []
