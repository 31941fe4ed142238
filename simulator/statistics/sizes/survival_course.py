"""What a protocol states of a time to an event: hazards in pieces, drop-out and accrual; and what a trial will see of it.

Time has any one unit, hazards are per unit. A course needs no patient: everything is an integral over the time since entry,
taken by Gauss-Legendre quadrature between the breaks, where every integrand is smooth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)


@dataclass(frozen=True)
class Pieces:
    """A rate that is constant between breaks: `rates`[k] up to `until`[k], the last one for ever (one break fewer)."""

    rates: tuple[float, ...]
    until: tuple[float, ...] = ()

    @property
    def breaks(self) -> Array:
        """The breaks between zero and infinity, both included."""
        return np.array([0.0, *self.until, math.inf])

    def rate(self, time: ArrayLike) -> Array:
        """The rate at times since entry; at a break that of the piece which begins there."""
        return np.asarray(self.rates)[np.searchsorted(np.asarray(self.until), np.asarray(time, float), side="right")]

    def total(self, time: ArrayLike) -> Array:
        """Integral of the rate from 0 to `time`."""
        t = np.asarray(time, float)[..., None]
        low, high = self.breaks[:-1], self.breaks[1:]
        return np.asarray((np.clip(t, low, high) - low) @ np.asarray(self.rates))

    def inverse(self, total: ArrayLike) -> Array:
        """Time by which the integral reaches `total`; infinite if it never does."""
        wanted = np.asarray(total, float)
        starts = self.breaks[:-1]
        reached = self.total(starts)
        piece = np.searchsorted(reached, wanted, side="right") - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            beyond = (wanted - reached[piece]) / np.asarray(self.rates)[piece]
        return np.asarray(np.where(wanted > reached[piece], starts[piece] + beyond, starts[piece]))

    def times(self, factor: float) -> Pieces:
        """Every rate multiplied."""
        return Pieces(tuple(rate * factor for rate in self.rates), self.until)


NONE = Pieces((0.0,))


def from_survival(at: Iterable[float], event: Iterable[float]) -> Pieces:
    """Constant hazards between increasing times `at` by which the shares `event` of patients have had the event.

    The last hazard goes on for ever. One time alone is the exponential law -ln(1 - share) / time.
    """
    times, totals = [0.0, *at], [0.0, *(-math.log1p(-share) for share in event)]
    rates = [(b - a) / (t - s) for (s, t), (a, b) in zip(pairwise(times), pairwise(totals), strict=True)]
    return Pieces(tuple(rates), tuple(times[1:-1]))


@dataclass(frozen=True)
class Course:
    """Both arms of a trial as a protocol states them.

    `hazards` and `dropout` are those of arm 0 and arm 1. `accrual` is the rate at which patients come, in pieces, for
    `duration`; 0 is one entry date for all. `follow_up` goes from the last entry to the end; with `own` everybody is followed
    for `follow_up` and no longer. `ratio` is patients in arm 1 per patient in arm 0.
    """

    hazards: tuple[Pieces, Pieces]
    dropout: tuple[Pieces, Pieces] = (NONE, NONE)
    accrual: Pieces = Pieces((1.0,))
    duration: float = 0.0
    follow_up: float = 0.0
    ratio: float = 1.0
    own: bool = False

    @property
    def longest(self) -> float:
        """The longest that anybody is followed."""
        return self.follow_up if self.own else self.duration + self.follow_up

    @property
    def shares(self) -> tuple[float, float]:
        """Shares of patients in arm 0 and arm 1."""
        return 1.0 / (1.0 + self.ratio), self.ratio / (1.0 + self.ratio)

    def in_time(self, time: ArrayLike) -> Array:
        """Share of patients who entered early enough to be followed for `time`."""
        t = np.asarray(time, float)
        if self.own or self.duration == 0.0:
            return np.asarray((t <= self.follow_up) * 1.0)
        left = np.clip(self.duration + self.follow_up - t, 0.0, self.duration)
        return self.accrual.total(left) / self.accrual.total(self.duration)

    def at_risk(self, arm: int, time: ArrayLike) -> Array:
        """Share of an arm that at `time` is in the trial, not lost and without the event."""
        return np.asarray(np.exp(-self.hazards[arm].total(time) - self.dropout[arm].total(time)) * self.in_time(time))

    def integral(self, of: Callable[[Array], Array], end: float | None = None) -> float:
        """Integral over the time since entry, to `end` or to the longest follow-up, of a function of times."""
        last = self.longest if end is None else min(end, self.longest)
        steps = [0.0, last, self.follow_up]
        for pieces in (*self.hazards, *self.dropout):
            steps += pieces.until
        steps += [self.duration + self.follow_up - point for point in self.accrual.until]
        # Long pieces are divided, so that a steep decline does not fall between the nodes.
        steps += list(np.linspace(0.0, last, 9))
        points = np.unique([step for step in steps if 0.0 <= step <= last])
        total = 0.0
        for low, high in pairwise(points):
            half = 0.5 * (high - low)
            total += half * float(WEIGHTS @ of(low + half * (1.0 + NODES)))
        return total

    def event_probability(self, arm: int) -> float:
        """Probability that a patient of an arm has the event while being followed."""
        return self.integral(lambda t: self.hazards[arm].rate(t) * self.at_risk(arm, t))

    def logrank_drift(self) -> float:
        """Mean of the log-rank z, positive where arm 1 does better, divided by the root of the number of patients.

        E / sqrt(V) with E = int r0 r1 / (r0 + r1) (h0 - h1) dt and V = int r0 r1 / (r0 + r1)^2 (r0 h0 + r1 h1) dt, r the
        shares of all patients at risk by arm: hazards need not be proportional. The limit of fine intervals in Lakatos E.
        Biometrics 1988;44:229-241, doi 10.2307/2531910.
        """
        q = self.shares

        def parts(t: Array) -> tuple[Array, Array, Array, Array]:
            return (
                q[0] * self.at_risk(0, t),
                q[1] * self.at_risk(1, t),
                self.hazards[0].rate(t),
                self.hazards[1].rate(t),
            )

        def gain(t: Array) -> Array:
            r0, r1, h0, h1 = parts(t)
            return r0 * r1 / (r0 + r1) * (h0 - h1)

        def spread(t: Array) -> Array:
            r0, r1, h0, h1 = parts(t)
            return r0 * r1 / (r0 + r1) ** 2 * (r0 * h0 + r1 * h1)

        return self.integral(gain) / math.sqrt(self.integral(spread))

    def survival(self, arm: int, time: ArrayLike) -> Array:
        """Share without the event at `time`, if nobody were lost."""
        return np.asarray(np.exp(-self.hazards[arm].total(time)))

    def survival_variance(self, arm: int, at: float) -> float:
        """Variance of the Kaplan-Meier estimate at `at` for one patient in the arm: S^2 int_0^at h / y dt, y the at-risk share.

        Greenwood's formula in its limit. Infinite where nobody is followed as long.
        """
        if self.at_risk(arm, at * (1.0 - 1e-12)) <= 0.0:
            return math.inf
        inside = self.integral(lambda t: self.hazards[arm].rate(t) / self.at_risk(arm, t), at)
        return float(self.survival(arm, at)) ** 2 * inside

    def restricted_mean(self, arm: int, at: float) -> tuple[float, float]:
        """Mean time without the event up to `at`, and the variance of its estimate for one patient in the arm.

        int_0^at S dt, and int_0^at A(t)^2 h / y dt with A(t) = int_t^at S. Royston P, Parmar MKB. BMC Med Res Methodol
        2013;13:152, doi 10.1186/1471-2288-13-152.
        """
        mean = self.integral(lambda t: self.survival(arm, t), at)
        if self.at_risk(arm, at * (1.0 - 1e-12)) <= 0.0:
            return mean, math.inf

        def left(t: Array) -> Array:
            return np.array([mean - self.integral(lambda s: self.survival(arm, s), float(each)) for each in t])

        variance = self.integral(lambda t: left(t) ** 2 * self.hazards[arm].rate(t) / self.at_risk(arm, t), at)
        return mean, variance
