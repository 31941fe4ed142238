"""How a patient's budgets of luck are spent: each risk's cumulative hazard as a share of its exponential budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.records import record_at
from simulator.rules.draws import budget
from simulator.rules.hazards import cumulative_hazard
from simulator.rules.pathway.course import spend_until
from simulator.words.vocabulary import Event, Risk, Stream

BACKGROUND = "background death"
ROUNDING = 1e-9
"""Cumulative hazard within which two sums of the same pieces count as equal."""
CAUSED_BY = {
    Event.BELOW_KNEE_AMPUTATION: Risk.MAJOR_AMPUTATION,
    Event.ABOVE_KNEE_AMPUTATION: Risk.MAJOR_AMPUTATION,
    Event.MINOR_AMPUTATION: Risk.MINOR_AMPUTATION,
    Event.HEALED: Risk.HEALING,
    Event.PAIN_RELIEVED: Risk.HEALING,
    Event.NEW_WOUND: Risk.RECURRENCE,
}
NAMES = {
    Risk.EXCESS_DEATH: "death of ischaemia",
    Risk.MAJOR_AMPUTATION: "major amputation",
    Risk.MINOR_AMPUTATION: "minor amputation",
    Risk.HEALING: "healing",
    Risk.RECURRENCE: "new wound",
}


@dataclass(eq=False)
class Spending:
    """One budget: its size (cumulative hazard), the occurrence it stands for, and the share spent at `times` (years).

    `happened` is the time at which the event came because the budget was spent; None if it never was.
    """

    risk: str
    occurrence: int
    budget: float
    times: list[float] = field(default_factory=list)
    share: list[float] = field(default_factory=list)
    happened: float | None = None

    def share_at(self, time: float) -> float:
        """The share spent by a time (years)."""
        return float(np.interp(time, self.times, self.share, left=0.0)) if self.times else 0.0

    @property
    def left(self) -> float:
        """The share that is left at the end."""
        return 1.0 - (self.share[-1] if self.share else 0.0)


class Budgets:
    """The budgets of a life that has begun, followed from event to event with the engine's own rules."""

    def __init__(
        self, life: Any, patient: Any, params: Any, ages: NDArray[np.float64], log_hazards: NDArray[np.float64]
    ) -> None:
        # As plain numbers, which Python looks up many times faster.
        self._table = ages.tolist(), log_hazards[int(patient["male"])].tolist()
        self._age, self._ratio = float(patient["age"]), float(params["background_hr"])
        self._kept = self._left = np.array(life["budget"])
        self._open = {risk: Spending(NAMES[risk], 1, float(life["budget"][risk])) for risk in Risk}
        size = budget(life["seed"], life["patient"], int(Stream.BACKGROUND_DEATH), 0)
        self._background = Spending(BACKGROUND, 1, size)
        self._closed: list[Spending] = []

    def follow(self, life: Any, times: NDArray[np.float64]) -> None:
        """Spend along increasing times, from the last event to the next."""
        lives = np.array([life], life.dtype)
        watched, rates, budgets = record_at(lives, 0), lives["rate"][0], lives["budget"][0]
        for t in times.tolist():
            spend_until(watched, t)
            for own, rate, left in zip(self._open.values(), rates.tolist(), budgets.tolist(), strict=True):
                if rate > 0.0:
                    own.times.append(t)
                    own.share.append(1.0 - left / own.budget)
            if self._ratio > 0.0:
                spent = self._ratio * background_hazard(self._age, t, *self._table)
                self._background.times.append(t)
                self._background.share.append(spent / self._background.budget)
        self._left = np.array(budgets)

    def event(self, life: Any, event: int, time: float) -> None:
        """Note the event that came, and which budgets were drawn anew with it."""
        if event == Event.BACKGROUND_DEATH:
            self._background.happened = time
        elif Event(event) in CAUSED_BY:
            self._open[CAUSED_BY[Event(event)]].happened = time
        elif event == Event.DISEASE_DEATH and life["clinical_risk"] == Risk.EXCESS_DEATH:
            self._open[Risk.EXCESS_DEATH].happened = time
        now = np.array(life["budget"])
        # A budget that was not drawn anew is either what was left or, where no hazard changed, still what it was.
        fresh = (np.abs(now - self._left) > ROUNDING) & (np.abs(now - self._kept) > ROUNDING)
        for risk in Risk:
            own = self._open[risk]
            if fresh[risk]:
                if own.times:
                    self._closed.append(own)
                occurrence = own.occurrence + 1 if own.times else own.occurrence
                self._open[risk] = Spending(NAMES[risk], occurrence, float(now[risk]))
        self._kept = now

    def spending(self) -> tuple[Spending, ...]:
        """Every budget that was drawn on, in the order of its first use."""
        used = [own for own in (*self._closed, *self._open.values(), self._background) if own.times]
        return tuple(sorted(used, key=lambda own: own.times[0]))


def background_hazard(age: float, years: float, ages: Sequence[float], log_hazards: Sequence[float]) -> float:
    """Cumulative hazard of a life table over so many years from an age, log-linear between its ages and beyond them."""
    total, last, k = 0.0, len(ages) - 1, 1
    end = age + years
    while k < last and ages[k] <= age:
        k += 1
    while True:
        slope = (log_hazards[k] - log_hazards[k - 1]) / (ages[k] - ages[k - 1])
        rate = exp(log_hazards[k - 1] + slope * (age - ages[k - 1]))
        stop = end if k == last else min(end, ages[k])
        total += float(cumulative_hazard(rate, slope, stop - age))
        if stop >= end:
            return total
        age, k = stop, k + 1
