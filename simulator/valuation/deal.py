"""What the terms of a deal do beyond the price of a kit: prices that fall with volume, and money back for failures.

Both leave a share of the price to pay. By volume it is the average price of a year in which everybody referred has the
policy; money back is counted person by person in lives that are kept for it, and is paid when the failure is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf, log1p
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled
from simulator.living.cohort_arrays import Followed
from simulator.living.outcomes import last_tcpo2
from simulator.run import Result
from simulator.scenario.economics import LIMB_LOST, Deal, Volume
from simulator.scenario.scenario import Scenario
from simulator.statistics.decision.results import Array
from simulator.valuation.ledger_columns import COLUMN
from simulator.valuation.lives import Lives, Simulations
from simulator.valuation.valuation import times_given
from simulator.valuation.values import LeftToPay, Values
from simulator.words.errors import BadInput, Problem
from simulator.words.vocabulary import DAYS_PER_YEAR

PARTS = 2
"""First treatments, and repeats."""


SUMS = 4
"""Of each part: paid for and failed, discounted, then both undiscounted."""


def share_back(deal: Deal, paid: Array, failed: Array) -> Array:
    """The share of what is paid for products that comes back; treatments are counted by parts, on the last axis."""
    prices = np.array([1.0, deal.repeat_price])
    paid, failed = ((each * prices).sum(axis=-1) for each in (paid, failed))
    return np.asarray(deal.refund * np.divide(failed, paid, out=np.zeros_like(failed), where=paid > 0))


def left_to_pay(deal: Deal, volume: Array, counts: Array | None) -> LeftToPay:
    """What is left to pay at the shares `volume` of the price; `counts` has `SUMS` of each part on its last two axes."""
    if counts is None:
        return LeftToPay(volume, np.zeros((1, 1)), np.zeros((1, 1)))
    paid, failed, *plain = np.moveaxis(counts, -1, 0)
    return LeftToPay(volume, share_back(deal, paid, failed), share_back(deal, *plain))


@dataclass(frozen=True, eq=False)
class MoneyBack:
    """Treatments that are paid for, and those that failed in the sense of a deal, as counts per person.

    `counts` has `SUMS` on its last axis, shape (draws, policies, parts, SUMS); `failed_by_age` those whose failure is known in
    each year since referral, undiscounted, of shape (years, draws, policies, parts).
    """

    deal: Deal
    counts: Array
    failed_by_age: Array

    @property
    def paid(self) -> Array:
        """Treatments paid for, discounted, shape (draws, policies, parts)."""
        return np.asarray(self.counts[..., 0])

    @property
    def failed(self) -> Array:
        """Those of them that failed, discounted to when that is known, shape (draws, policies, parts)."""
        return np.asarray(self.counts[..., 1])

    @property
    def by_age(self) -> Array:
        """List prices paid back in each year since referral, on the terms of the deal, shape (years, draws, policies)."""
        prices = np.array([1.0, self.deal.repeat_price])
        return np.asarray((self.failed_by_age * prices).sum(axis=-1) * self.deal.refund * self.deal.kits)


@dataclass(frozen=True)
class Refunded:
    """Reduces kept lives to the treatments paid for and those paid back, of first treatments and repeats apart.

    An array of shape (draws, policies, parts, SUMS + ends): paid for and paid back (discounted at `rate`, then not), then
    paid back by each of `ends` (years since referral, undiscounted).
    """

    when: str
    within: float
    rate: float
    ends: tuple[float, ...]

    @classmethod
    def under(cls, scenario: Scenario, ends: tuple[float, ...] = ()) -> Refunded | None:
        """That of a scenario's deal; None where no money comes back."""
        deal, rate = scenario.settings.economics.deal, log1p(scenario.settings.discounting.costs)
        return cls(deal.refund_when, deal.refund_within_years, rate, ends) if deal.refund > 0.0 else None

    @property
    def __name__(self) -> str:
        """Tells results of different terms apart in the store."""
        ends = "_".join(f"{end:g}" for end in self.ends)
        return f"refunded_{self.when}_{self.within!r}_{self.rate!r}_{ends}"

    def __call__(self, result: Result) -> Mapping[str, Array]:
        """Means over patients of each draw and policy."""
        found = np.zeros((len(result.draw_ids), len(result.policies), PARTS, SUMS + len(self.ends)))
        people = np.zeros(found.shape[:2])
        for kept in result.kept:
            if isinstance(kept.what, Followed):
                at = kept.draw, result.policies.index(kept.policy)
                found[at] += self.of_each(kept.what, result.parameters[kept.draw]).sum(axis=0)
                people[at] += len(kept.what.lives)
        return {"refunded": found / people[:, :, None, None]}

    def of_each(self, cohort: Followed, params: np.void) -> Array:
        """The counts of everybody in a cohort, shape (people, parts, SUMS + ends)."""
        ledgers = cohort.ledgers
        paid = np.stack([ledgers[:, COLUMN[f"{kind}count_treated"]] for kind in ("", "cost_")], axis=-1)
        every = np.stack([ledgers[:, COLUMN[f"{kind}count_dose"]] for kind in ("", "cost_")], axis=-1)
        parts = np.stack([paid, every - paid], axis=1)
        when = self._failed_at(cohort, params)
        failed = np.isfinite(when)
        back = parts[:, :, 0] * failed[:, None]
        early = np.exp(-self.rate * np.where(failed, when, 0.0))
        sums = [parts[:, :, 1], back * early[:, None], parts[:, :, 0], back]
        return np.stack([*sums, *(back * (when <= end)[:, None] for end in self.ends)], axis=-1)

    def _failed_at(self, cohort: Followed, params: np.void) -> Array:
        """When a failure is known, years since referral; infinite where there is none."""
        lives = cohort.lives
        treated = lives["doses"] > 0
        if self.when == LIMB_LOST:
            # Not by subtraction: both are infinite in whom neither happens.
            lost = treated & (lives["amputated_at"] <= lives["first_dose_at"] + self.within)
            return np.asarray(np.where(lost, lives["amputated_at"], inf))
        seen = np.full(len(lives), inf)
        measured_after(seen, lives, params)
        day = lives["last_dose_at"] + params["last_tcpo2_days"] / DAYS_PER_YEAR
        known = np.minimum(day, np.minimum(lives["died_at"], lives["amputated_at"]))
        return np.asarray(np.where(treated & (seen <= cohort.patients["tcpo2_measured"]), known, inf))


@compiled
def measured_after(out: Any, lives: Any, params: Any) -> None:
    """Fill `out` with each life's measured TcPO2 (mmHg) after its last treatment."""
    for j in range(out.shape[0]):
        out[j] = last_tcpo2(lives[j], params, inf)


def money_back(
    scenario: Scenario,
    deal: Deal,
    parameters: NDArray[np.void],
    patients: int,
    seed: int,
    simulations: Simulations,
    *,
    twins: bool = False,
) -> MoneyBack | None:
    """Treatments paid back under every policy in each draw's lives; None where no money comes back.

    Every draw has patients of its own, or with `twins` those of `Simulations.twins`.
    """
    ends = () if twins else tuple(year + 0.5 for year in range(len(scenario.settings.economics.budget.uptake)))
    reduce = Refunded.under(scenario, ends)
    if reduce is None:
        return None
    shapes = {"refunded": (len(scenario.compare), PARTS, SUMS + len(ends))}
    how = scenario, parameters, patients, seed, reduce, shapes
    found = simulations.reduced("Money back", *how, fresh=not twins)["refunded"]
    until = np.moveaxis(found[..., SUMS:], -1, 0)
    return MoneyBack(deal, found[..., :SUMS], np.diff(until, axis=0, prepend=0.0) if ends else until)


def average_share(volume: Sequence[Volume], treatments: float) -> float:
    """The mean share of the price of a year's treatments, each paid by the step that it falls into."""
    if treatments <= 0.0 or not volume:
        return 1.0
    steps = [0.0, *(step.above for step in volume), inf]
    shares = [1.0, *(1.0 - step.discount for step in volume)]
    within = [max(0.0, min(treatments, high) - low) for low, high in pairwise(steps)]
    return sum(many * share for many, share in zip(within, shares, strict=True)) / treatments


def treatments_each(values: Values, ledgers: Array) -> Array:
    """Treatments of a person under each policy, undiscounted; ledgers and result of shape (draws, policies, ...)."""
    return times_given(ledgers, replace(values, discounted=False))


def by_volume(scenario: Scenario, values: Values, treatments: Array) -> Array:
    """The share of the price that each policy pays in a year in which everybody referred has it.

    `treatments` of a person and the result have the shape (draws, policies).
    """
    settings = scenario.settings.economics
    most = settings.budget.treatments_per_year
    yearly = np.minimum(settings.population.per_year * treatments, inf if most is None else most)
    return np.array([[average_share(values.deal.volume, float(each)) for each in row] for row in yearly])


def on_terms(
    scenario: Scenario,
    values: Values,
    lives: Lives,
    patients: int,
    seed: int,
    simulations: Simulations,
    *,
    twins: bool = False,
) -> tuple[Values, MoneyBack | None]:
    """The values with what is left to pay of a product's price in every draw of these lives, which are made with the same
    patients, seed and simulations.

    Draws of a probabilistic analysis are one population, which has one price by volume; each of `twins`, which differ in a
    number that is varied, has its own.
    """
    deal = values.deal
    if not deal.needs_lives:
        return values, None
    treatments = treatments_each(values, lives.ledgers)
    volume = by_volume(scenario, values, treatments if twins else treatments.mean(axis=0, keepdims=True))
    back = money_back(scenario, deal, lives.parameters, patients, seed, simulations, twins=twins)
    return values.with_left(left_to_pay(deal, volume, None if back is None else back.counts)), back


def check_no_lives(scenario: Scenario, question: str) -> None:
    """Refuse terms that only simulated lives tell, where a question does not ask these. Raises BadInput."""
    deal, where = scenario.settings.economics.deal, f"{scenario.name}: [economics.deal]"
    allowed = f"none in {question}, which charges terms by the treatment alone; clti economics charges all"
    given = {
        "refund": f"{deal.refund:g}" if deal.refund else "",
        "volume": f"{len(deal.volume)} steps" * bool(deal.volume),
    }
    if deal.needs_lives:
        raise BadInput(Problem(where, key, value, allowed) for key, value in given.items() if value)
