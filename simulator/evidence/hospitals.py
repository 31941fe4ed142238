"""Hospitals: how many of like patients lose the limb, heal, die and respond differs between them.

A hospital is its offsets: the logarithm of the ratio of its rates of amputation, healing and death to the founding hospital's,
and of the odds of a larger rise of TcPO2. `calibration/hospitals.csv` holds joint draws of the population of hospitals (means,
standard deviations, correlations, weight of the tails), `calibration/hospitals_left_out.csv` how much each of them weighs for a
study that is to be predicted without its own numbers. `clti calibrate --hospitals` makes both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincinv, ndtri

from simulator.evidence.distributions import SMALLEST_UNIFORM
from simulator.evidence.shipped import shipped
from simulator.words.luck import generator

Array = NDArray[np.float64]

RATES: dict[str, tuple[str, ...]] = {
    "amputation": ("amputation_rate",),
    "healing": ("healing_rate",),
    "death": ("death_rate_wound", "death_rate_healed", "postoperative_death_rate"),
}
"""Offset -> the rates that it multiplies."""
RESPONSE = "response"
RESPONSE_PROBABILITY = "response_probability"
OFFSETS = (*RATES, RESPONSE)
FIELDS = {name: f"hospital_{name}" for name in OFFSETS}
"""Offset -> its parameter in the register."""
PAIRS = (("amputation", "healing"), ("amputation", "death"), ("healing", "death"))
CHOSEN, TRIAL, DECADE = "chosen", "trial", "decade"
"""What may move the mean: people chosen for a treatment, people of a trial, and a decade later."""
TODAY = 2015
"""First year of the period that hospitals of today are taken to belong to, the latest in which the fitted series were treated."""


class Kind(NamedTuple):
    """What kind of people a hospital's numbers are about, and when: decades after the period of today, before it negative."""

    cohort: str = "referral"
    decades: float = 0.0

    @property
    def covariates(self) -> dict[str, float]:
        """The value of each covariate of the mean."""
        return {CHOSEN: float(self.cohort == CHOSEN), TRIAL: float(self.cohort == TRIAL), DECADE: self.decades}


REFERRAL = Kind()
"""Consecutive people today."""


def kind_of(cohort: str, period: str) -> Kind:
    """The kind of a cohort followed in a period of the life tables, as "2005-10"."""
    return Kind(cohort, (int(period[:4]) - TODAY) / 10.0)


POPULATION, LEFT_OUT, PLACES = "hospitals.csv", "hospitals_left_out.csv", "hospitals_offsets.csv"
LEARNED = "hospitals_response.csv"
HIGHEST = 4.9
"""Offsets beyond it, of which a heavy tail has one in thousands, count as this: the register's range ends there."""


def at_hospital(params: NDArray[np.void], offsets: Mapping[str, ArrayLike]) -> NDArray[np.void]:
    """Engine parameters (draws,) at hospitals with these offsets (each a number or one a draw); zero changes no bit."""
    table: Any = params.copy()
    for name, rates in RATES.items():
        ratio = np.exp(np.asarray(offsets.get(name, 0.0), np.float64))
        for rate in rates:
            table[rate] *= ratio
    shift = np.asarray(offsets.get(RESPONSE, 0.0), np.float64)
    p = table[RESPONSE_PROBABILITY]
    odds = np.exp(shift)
    table[RESPONSE_PROBABILITY] = np.where(shift == 0.0, p, p * odds / (1.0 - p + p * odds))
    return np.asarray(table)


@dataclass(frozen=True, eq=False)
class Hospitals:
    """Joint draws of the population of hospitals, a row each, and the log weight of each row without a study.

    Columns of `rows`: ``mean_*`` of consecutive people today, ``chosen_*`` and ``trial_*`` to be added for people chosen for a
    treatment and of trials, ``decade_*`` for each decade later, ``sd_*``, ``corr_*``, ``tails`` (degrees of freedom). `left_out`
    has a column a study. `offsets` says where each study's own hospital lies (study, offset, mean, low, high).
    """

    rows: pd.DataFrame
    left_out: pd.DataFrame
    offsets: pd.DataFrame | None = None

    @property
    def digest(self) -> str:
        """What the population is known by in kept work."""
        return hashlib.sha256(np.ascontiguousarray(self.rows.to_numpy(np.float64)).tobytes()).hexdigest()[:16]

    def means(self, kind: Kind = REFERRAL) -> Array:
        """Mean offsets of the hospitals of a kind in each row, shape (rows, offsets)."""
        found = np.stack([self.column(f"mean_{name}") for name in OFFSETS], axis=1)
        for covariate, value in kind.covariates.items():
            if value:
                found = found + value * np.stack([self.column(f"{covariate}_{name}") for name in OFFSETS], axis=1)
        return found

    def column(self, name: str) -> Array:
        """A column of the rows, zeros where the fit did not have it."""
        if name not in self.rows:
            return np.zeros(len(self.rows))
        return self.rows[name].to_numpy(np.float64)

    def roots(self) -> Array:
        """Square roots (lower triangular) of the covariance of offsets, shape (rows, offsets, offsets)."""
        sds = np.stack([self.column(f"sd_{name}") for name in OFFSETS], axis=1)
        correlation = np.tile(np.eye(len(OFFSETS)), (len(self.rows), 1, 1))
        for one, other in PAIRS:
            i, j = OFFSETS.index(one), OFFSETS.index(other)
            correlation[:, i, j] = correlation[:, j, i] = self.column(f"corr_{one}_{other}")
        # Six digits of a committed draw may leave a correlation a little outside.
        return np.asarray(sds[:, :, None] * np.linalg.cholesky(correlation + 1e-9 * np.eye(len(OFFSETS))))

    def weights(self, study: str | None = None) -> Array:
        """Weight of each row, without the numbers of a study where it is one of those fitted; they sum to 1."""
        if study is None or study not in self.left_out:
            return np.full(len(self.rows), 1.0 / len(self.rows))
        log = self.left_out[study].to_numpy(np.float64)
        weights = np.exp(log - log.max())
        return np.asarray(weights / weights.sum())

    def taken(self, n: int, luck: np.random.Generator, weights: Array | None = None) -> NDArray[np.int64]:
        """`n` rows drawn in proportion to their weights, shape (n,); the first are the same for every n."""
        weights = self.weights() if weights is None else weights
        return np.asarray(np.minimum(np.searchsorted(np.cumsum(weights), luck.random(n)), len(weights) - 1))

    def drawn(self, rows: NDArray[np.int64], kind: Kind, luck: np.random.Generator) -> Array:
        """Offsets of one hospital drawn at random in each of the rows, shape (rows, offsets); the first do not depend on
        how many there are."""
        return self.placed(rows, kind, luck.random((len(rows), len(OFFSETS) + 1)))

    def placed(self, rows: NDArray[np.int64], kind: Kind, uniform: Array) -> Array:
        """Offsets of hospitals in the rows by their luck, uniform of shape (rows, offsets + 1); shape (rows, offsets)."""
        z, u = ndtri(np.maximum(uniform[:, 1:], SMALLEST_UNIFORM)), uniform[:, 0]
        moved = np.einsum("nij,nj->ni", self.roots()[rows], z)
        tails = self.column("tails")[rows]
        heavy = np.isfinite(tails) & (tails > 0.0)
        scale = np.ones(len(rows))
        scale[heavy] = np.sqrt(tails[heavy] / (2.0 * gammaincinv(tails[heavy] / 2.0, u[heavy])))
        # The tails are those of the three rates; response has normal ones.
        moved[:, : len(RATES)] *= scale[:, None]
        return np.asarray(self.means(kind)[rows] + moved)


def columns_of(offsets: Array) -> dict[str, Array]:
    """Offsets (draws, offsets) by name."""
    return {name: offsets[:, k] for k, name in enumerate(OFFSETS)}


@lru_cache(maxsize=2)
def load_hospitals(path: Path | None = None) -> Hospitals | None:
    """The committed population of hospitals; None where no fit has been committed."""
    root = path or shipped("calibration")
    if not (root / POPULATION).is_file():
        return None
    rows = pd.read_csv(root / POPULATION, comment="#")
    place = root / LEFT_OUT
    left_out = pd.read_csv(place, comment="#") if place.is_file() else pd.DataFrame(index=rows.index)
    own = root / PLACES
    return Hospitals(rows, left_out, pd.read_csv(own, comment="#") if own.is_file() else None)


@lru_cache(maxsize=2)
def learned_response(path: Path | None = None) -> dict[str, float] | None:
    """What open series would teach of the mean offset of response (log odds), which nothing uses: mean and 95% limits, by
    the names "mean", "low" and "high"; None where no fit has been committed."""
    file = (path or shipped("calibration")) / LEARNED
    if not file.is_file():
        return None
    found = pd.read_csv(file, comment="#")
    return {str(name): float(values.iloc[0]) for name, values in found.items()}


def centre_draws(found: Hospitals, centre: str) -> dict[str, Array]:
    """Joint draws of the register's offsets at a named centre: the average hospital, or a new one drawn at random.

    The mean of response stays the founding hospital's: open series do not move the effect of treatment.
    """
    if centre == "average":
        offsets = found.means()
    else:
        rows = np.arange(len(found.rows), dtype=np.int64)
        offsets = found.drawn(rows, Kind(), generator(1, "new hospitals"))
    return {FIELDS[name]: np.clip(values, -HIGHEST, HIGHEST) for name, values in columns_of(offsets).items()}


def offsets_at(found: Hospitals, centre: str, hospitals: int) -> pd.DataFrame:
    """Offsets by their names in the register, a row a hospital: one for the average and the founding hospital, of new ones so
    many, evenly taken from the draws."""
    if centre == "founding":
        return pd.DataFrame([dict.fromkeys(FIELDS.values(), 0.0)])
    drawn = centre_draws(found, centre)
    if centre == "average":
        return pd.DataFrame([{name: float(values.mean()) for name, values in drawn.items()}])
    rows = np.linspace(0, len(found.rows) - 1, hospitals).astype(int)
    return pd.DataFrame({name: values[rows] for name, values in drawn.items()})


def at_random_hospital(
    key: str, kind: Kind, founding: bool, draws: NDArray[np.void], seed: int, found: Hospitals | None
) -> NDArray[np.void]:
    """Parameter draws (draws,) of a study's hospital, as it is expected by whoever does not know the study's numbers."""
    if founding or found is None:
        return draws
    rows = found.taken(len(draws), generator(seed, key, "hospital", "row"), found.weights(key))
    return at_hospital(draws, columns_of(found.drawn(rows, kind, generator(seed, key, "hospital"))))
