"""The observed numbers that the free parameters are fitted to."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from simulator.evidence.shipped import shipped
from simulator.words.vocabulary import DAYS_PER_YEAR

CELLS = (
    "amputated_healed",
    "amputated_unhealed",
    "limb_kept_healed",
    "limb_kept_unhealed",
)
OF_AMPUTATED, OF_HEALED, OF_HEALED_WITH_LIMB = [0, 1, 4, 5], [0, 2, 4, 6], [2, 6]
"""Cells of the living and of the dead, who come after them in the same order."""
WITH_LIMB = [2, 3]
"""Cells of the living."""
REACHABLE = {0: (0, 4), 1: (0, 1, 4, 5), 2: (0, 2, 4, 6), 3: (0, 1, 2, 3, 4, 5, 6, 7)}
"""Cells at the end of follow-up that each living cell at one year can lead to: healing and amputation are remembered."""


@dataclass(frozen=True, eq=False)
class Observed:
    """What a likelihood reads of a cohort: joint tables consistent with its margins, and its statistics."""

    moves: tuple[NDArray[np.float64], NDArray[np.float64]]
    statistics: NDArray[np.float64]
    end_known: bool = True


@dataclass(frozen=True)
class Founding:
    """Observations of the founding cohort; cell vectors have shape (8,), alive cells first."""

    n: int
    cells_1_year: NDArray[np.int64]
    cells_end: NDArray[np.int64]
    doses: NDArray[np.int64]
    """Shape (2, 3): TcPO2 after the last treatment below the split / at least that, by one, two, three doses."""
    tcpo2_split: float
    """mmHg."""
    follow_up_years: NDArray[np.float64]
    enrolment: tuple[float, float, float]
    last: tuple[float, float, float]
    last_low: tuple[float, float, float]
    last_high: tuple[float, float, float]
    last_healed: tuple[float, float, float]
    last_unhealed: tuple[float, float, float]
    healing_days_1_year: tuple[float, float]
    healing_days_end: tuple[float, float]
    walking_end: int
    below_knee: tuple[int, int]
    shortest: float
    longest: float
    """Administrative follow-up, years."""
    contrast_years: float
    contrast_tcpo2_years: float
    """When randomised trials compare amputation and TcPO2 between arms, years."""
    early_tcpo2_years: float
    """When the earlier change of TcPO2 of control arms is read, years."""
    end_known: bool = True
    """Whether what came after the first year is read; without it the fit is to the first year alone."""
    source: str = ""
    """Key of the publication."""

    @cached_property
    def moves(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Every joint table of moves between the two published tables: counts (tables, 8, 8), log multiplicities."""
        return joint_tables(self.cells_1_year, self.cells_end)

    @cached_property
    def statistics(self) -> NDArray[np.float64]:
        """The observations in the order of `summaries.STATISTICS`.

        Only the margins of the moves are published; a joint table that has them stands in, because margins are all that is
        read of it. Quartiles of follow-up are read as a quarter of the people in each interval. With the first year alone,
        what came later is NaN, but for the moves, of which only the margin at one year is read then.
        """
        table = self.moves[0][0] / self.n
        later = 1.0 if self.end_known else np.nan
        quarters = [0.25 if self.end_known or year <= 1.0 else np.nan for year in (*self.follow_up_years, np.inf)]
        return np.array(
            [
                *(table[i, j] for i in range(8) for j in REACHABLE.get(i, (i,))),
                *(self.doses.ravel() / self.n),
                *quarters,
                *self.enrolment[:2],
                *self.last[:2],
                *self.last_low[:2],
                *self.last_high[:2],
                self.last_healed[0],
                self.last_unhealed[0],
                self.healing_days_1_year[0],
                self.healing_days_end[0] * later,
                *self.follow_up_years,
                self.walking_end / self.n * later,
                self.below_knee[0] / max(self.below_knee[1], 1) * later,
            ]
        )


def compositions(total: int, caps: Sequence[int]) -> NDArray[np.int64]:
    """All ways to write `total` as non-negative integers no larger than `caps`, shape (ways, parts)."""
    ways = [h for h in product(*(range(min(total, cap) + 1) for cap in caps[:-1])) if 0 <= total - sum(h) <= caps[-1]]
    return np.array([(*h, total - sum(h)) for h in ways], dtype=np.int64).reshape(-1, len(caps))


def joint_tables(first: NDArray[np.int64], last: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Joint tables consistent with two margins under `REACHABLE`, and the log of their multinomial coefficients."""
    room = last.copy()
    room[4:] -= first[4:]
    rows = [compositions(int(first[i]), [int(room[j]) for j in REACHABLE[i]]) for i in range(3)]
    picks = np.array(list(product(*(range(len(r)) for r in rows))), dtype=np.int64).reshape(-1, 3)
    tables = np.zeros((len(picks), 8, 8))
    for i in range(3):
        tables[:, i, list(REACHABLE[i])] = rows[i][picks[:, i]]
    for i in range(4, 8):
        tables[:, i, i] = first[i]
    tables[:, 3, :] = last - tables.sum(axis=1)
    tables = tables[(tables >= 0).all(axis=(1, 2))]
    return tables, scipy.special.gammaln(first.sum() + 1) - scipy.special.gammaln(tables + 1).sum(axis=(1, 2))


@dataclass(frozen=True)
class Arm:
    """The mean change of TcPO2 (mmHg) of kept limbs in a control arm, early or when trials compare arms, and its SD."""

    source: str
    early: bool
    change: float
    sd: float
    """Of the published mean about this hospital's: its standard error and the spread between hospitals."""


@dataclass(frozen=True)
class Contrast:
    """A pooled randomised contrast: log risk ratio of amputation and, where usable, TcPO2 difference (mmHg).

    `arms`: control arms whose change of TcPO2 says how much comes without treatment, in the view that they inform.
    """

    source: str
    log_risk_ratio: float
    log_risk_ratio_se: float
    tcpo2: float | None
    tcpo2_se: float | None
    arms: tuple[Arm, ...] = ()


def pair(values: list[float]) -> tuple[float, float]:
    """Mean, standard error."""
    return values[0], values[1]


def triple(values: list[float]) -> tuple[float, float, float]:
    """Mean, SD, n."""
    return values[0], values[1], values[2]


def load_targets(path: Path | None = None) -> tuple[Founding, dict[str, Contrast]]:
    """Observations of the founding cohort and the randomised contrasts by evidence view."""
    raw = tomllib.loads((path or shipped("calibration") / "targets.toml").read_text(encoding="utf-8"))
    f = raw["founding"]
    cut, opened, closed = (date.fromisoformat(f[k]) for k in ("data_cut", "enrolment_from", "enrolment_to"))
    founding = Founding(
        n=f["n"],
        cells_1_year=np.array(f["alive_1_year"] + f["dead_1_year"]),
        cells_end=np.array(f["alive_end"] + f["dead_end"]),
        doses=np.array([f["doses_below_40"], f["doses_at_least_40"]]),
        tcpo2_split=f["tcpo2_split"],
        follow_up_years=np.array(f["follow_up_years"]),
        enrolment=triple(f["tcpo2_enrolment"]),
        last=triple(f["tcpo2_last"]),
        last_low=triple(f["tcpo2_last_below_40"]),
        last_high=triple(f["tcpo2_last_at_least_40"]),
        last_healed=triple(f["tcpo2_last_healed_without_amputation_1_year"]),
        last_unhealed=triple(f["tcpo2_last_not_healed_1_year"]),
        healing_days_1_year=pair(f["healing_days_1_year"]),
        healing_days_end=pair(f["healing_days_end"]),
        walking_end=f["walking_end"],
        below_knee=(f["below_knee_end"], f["amputations_end"]),
        shortest=(cut - closed).days / DAYS_PER_YEAR,
        longest=(cut - opened).days / DAYS_PER_YEAR,
        contrast_years=raw["comparison"]["amputation_years"],
        contrast_tcpo2_years=raw["comparison"]["tcpo2_years"],
        early_tcpo2_years=raw["comparison"]["early_tcpo2_years"],
        source=f["source"],
    )
    contrasts = {view: _contrast(c) for view, c in raw["contrasts"].items()}
    between = float(raw["comparison"]["tcpo2_between_hospitals_sd"])
    arms = tuple(
        Arm(arm["source"], bool(arm["early"]), float(arm["change"]), float(np.hypot(arm["se"], between)))
        for arm in raw["arm"]
    )
    return founding, {**contrasts, "central": replace(contrasts["central"], arms=arms)}


def _contrast(raw: dict[str, Any]) -> Contrast:
    ratio, low, high = raw["amputation_risk_ratio"]
    width = 2 * 1.959964
    mean, mean_se = None, None
    if "tcpo2_difference" in raw:
        mean, mean_low, mean_high = raw["tcpo2_difference"]
        mean_se = (mean_high - mean_low) / width
    return Contrast(raw["source"], float(np.log(ratio)), float(np.log(high / low)) / width, mean, mean_se)
