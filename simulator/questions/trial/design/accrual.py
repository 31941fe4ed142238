"""When patients enter: a steady stream, one that builds up, or sites that open one after another; at random or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BeforeValidator

from simulator.compiling import compiled
from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen
from simulator.rules.draws import budget
from simulator.scenario.limits import number
from simulator.scenario.policy import Fault
from simulator.statistics.sizes.survival_course import Pieces
from simulator.words.vocabulary import Stream

Array = NDArray[np.float64]

PLACES = 1 << 20
"""Patient numbers set aside for each trial: patient i of trial t is number t * PLACES + i, so that a larger trial
begins with the patients of a smaller one."""

PerMonth = Annotated[float, BeforeValidator(number(0.01, 10_000.0, "patients a month"))]
RampMonths = Annotated[float, BeforeValidator(number(0.1, 240.0, "months"))]
FromMonths = Annotated[float, BeforeValidator(number(0.1, 240.0, "months"))]
Sites = Annotated[int, BeforeValidator(number(1, 1_000, whole=True))]
Opening = Annotated[float, BeforeValidator(number(0.0, 60.0, "months"))]


class Accrual(Frozen):
    """How patients come in.

    `constant`: `per_month`. `ramp`: from nothing to `per_month` over `ramp_months`. `sites`: `sites` of them, each
    `per_month`, opening `opening_months` apart. `pieces`: `per_month` at first, then each `later_per_month` from its
    `from_months` on. With `poisson` entries are random at these rates, otherwise evenly spaced. Sites are `different` if each is
    a hospital of its own, drawn for every trial from the population of hospitals.
    """

    pattern: Literal["constant", "ramp", "sites", "pieces"] = "constant"
    per_month: PerMonth
    ramp_months: RampMonths | None = None
    sites: Sites | None = None
    opening_months: Opening | None = None
    later_per_month: Annotated[tuple[PerMonth, ...] | None, BeforeValidator(as_tuple)] = None
    from_months: Annotated[tuple[FromMonths, ...] | None, BeforeValidator(as_tuple)] = None
    hospitals: Literal["alike", "different"] = "alike"
    poisson: bool = False

    def faults(self) -> Iterator[Fault]:
        """Keys that the pattern lacks or does not use."""
        for key, pattern in (
            ("ramp_months", "ramp"),
            ("sites", "sites"),
            ("opening_months", "sites"),
            ("later_per_month", "pieces"),
            ("from_months", "pieces"),
        ):
            value = getattr(self, key)
            if value is None and self.pattern == pattern:
                yield key, "missing", f"required by the pattern {pattern!r}"
            elif value is not None and self.pattern != pattern:
                yield key, value, f"only with the pattern {pattern!r}"
        if self.hospitals == "different" and self.pattern != "sites":
            yield "hospitals", self.hospitals, "only with the pattern 'sites'"
        rates, times = self.later_per_month or (), self.from_months or ()
        if len(rates) != len(times) or list(times) != sorted(set(times)):
            yield "from_months", list(times), "increasing months, one for each of later_per_month"

    def faster(self, factor: float) -> Accrual:
        """The same pattern with every rate multiplied."""
        later = None if self.later_per_month is None else tuple(rate * factor for rate in self.later_per_month)
        return self.model_copy(update={"per_month": self.per_month * factor, "later_per_month": later})

    def date(self, expected: ArrayLike) -> Array:
        """Years since the trial opened at which `expected` patients would have come; increasing in it."""
        x, rate = np.asarray(expected, dtype=np.float64), self.per_month
        if self.pattern == "ramp" and self.ramp_months is not None:
            by_then = 0.5 * rate * self.ramp_months
            months = np.where(
                x <= by_then,
                np.sqrt(2.0 * np.minimum(x, by_then) * self.ramp_months / rate),
                self.ramp_months + (x - by_then) / rate,
            )
        elif self.pattern == "sites" and self.sites is not None and self.opening_months:
            opened = np.arange(self.sites)
            come = rate * self.opening_months * opened * (opened + 1) / 2.0
            stage = np.searchsorted(come, x, side="right") - 1
            months = self.opening_months * stage + (x - come[stage]) / (rate * (stage + 1.0))
        elif self.pattern == "pieces":
            months = Pieces((rate, *(self.later_per_month or ())), self.from_months or ()).inverse(x)
        else:
            months = x / (rate * (self.sites or 1))
        return np.asarray(months / 12.0)

    def open_sites(self, date: ArrayLike) -> NDArray[np.int64]:
        """How many sites are open at each date (years); one where sites are not told apart."""
        if self.pattern != "sites" or self.sites is None:
            return np.ones(np.shape(date), np.int64)
        if not self.opening_months:
            return np.full(np.shape(date), self.sites)
        opened = np.floor(np.asarray(date) * 12.0 / self.opening_months).astype(np.int64) + 1
        return np.minimum(opened, self.sites)

    def entries(self, seed: Any, first: int, trials: int, patients: int) -> Array:
        """Entry dates (years since the trial opened) of trials first, first + 1, ..., shape (trials, patients)."""
        if self.poisson:
            return self.date(arrivals(seed, first, trials, patients))
        return np.tile(self.date(np.arange(patients) + 0.5), (trials, 1))


@compiled
def arrivals(seed: int, first: int, trials: int, patients: int) -> Any:
    """Arrival times of unit-rate Poisson processes, one per trial."""
    out = np.empty((trials, patients))
    for j in range(trials):
        total = 0.0
        for i in range(patients):
            total += budget(seed, (first + j) * PLACES + i, Stream.ENTRY_DATE, 0)
            out[j, i] = total
    return out
