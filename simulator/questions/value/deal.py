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
from simulator.questions.value.lives import Lives, Simulations
from simulator.questions.value.results import Array
from simulator.questions.value.valuation import COLUMN, times_given
from simulator.questions.value.values import Values
from simulator.run import Result
from simulator.scenario.economics import LIMB_LOST, NOT_RISEN, Deal, Volume
from simulator.scenario.scenario import Scenario
from simulator.words.vocabulary import DAYS_PER_YEAR

PARTS = 2
"""First treatments, and repeats."""


@dataclass(frozen=True, eq=False)
class MoneyBack:
    """Treatments that are paid for, and those that failed in the sense of a deal, as counts per person.

    `paid` and `failed` are discounted, of shape (draws, policies, parts); `failed_by_age` has those whose failure is known in
    each year since referral, undiscounted, of shape (years, draws, policies, parts).
    """

    deal: Deal
    paid: Array
    failed: Array
    failed_by_age: Array

    @property
    def share(self) -> Array:
        """The share of what is paid for products that comes back, shape (draws, policies)."""
        prices = np.array([1.0, self.deal.repeat_price])
        paid, failed = ((each * prices).sum(axis=-1) for each in (self.paid, self.failed))
        return np.asarray(self.deal.refund * np.divide(failed, paid, out=np.zeros_like(failed), where=paid > 0))

    @property
    def by_age(self) -> Array:
        """List prices paid back in each year since referral, on the terms of the deal, shape (years, draws, policies)."""
        prices = np.array([1.0, self.deal.repeat_price])
        return np.asarray((self.failed_by_age * prices).sum(axis=-1) * self.deal.refund * self.deal.kits)


@dataclass(frozen=True)
class Refunded:
    """Reduces kept lives to the treatments paid for and those paid back, of first treatments and repeats apart.

    An array of shape (draws, policies, parts, 2 + ends): paid for and paid back (both discounted at `rate`), then paid
    back by each of `ends` (years since referral, undiscounted).
    """

    when: str
    within: float
    rate: float
    ends: tuple[float, ...]

    @property
    def __name__(self) -> str:
        """Tells results of different terms apart in the store."""
        ends = "_".join(f"{end:g}" for end in self.ends)
        return f"refunded_{self.when}_{self.within!r}_{self.rate!r}_{ends}"

    def __call__(self, result: Result) -> Mapping[str, Array]:
        """Means over patients of each draw and policy."""
        found = np.zeros((len(result.draw_ids), len(result.policies), PARTS, 2 + len(self.ends)))
        people = np.zeros(found.shape[:2])
        for kept in result.kept:
            if isinstance(kept.what, Followed):
                at = kept.draw, result.policies.index(kept.policy)
                found[at] += self._sums(kept.what, result.parameters[kept.draw])
                people[at] += len(kept.what.lives)
        return {"refunded": found / people[:, :, None, None]}

    def _sums(self, cohort: Followed, params: np.void) -> Array:
        ledgers = cohort.ledgers
        paid = np.stack([ledgers[:, COLUMN[f"{kind}count_treated"]] for kind in ("", "cost_")], axis=-1)
        every = np.stack([ledgers[:, COLUMN[f"{kind}count_dose"]] for kind in ("", "cost_")], axis=-1)
        parts = np.stack([paid, every - paid], axis=1)
        when = self._failed_at(cohort, params)
        failed = np.isfinite(when)
        back = parts[:, :, 0] * failed[:, None]
        early = np.exp(-self.rate * np.where(failed, when, 0.0))
        columns = [parts[:, :, 1], back * early[:, None], *(back * (when <= end)[:, None] for end in self.ends)]
        return np.asarray(np.stack(columns, axis=-1).sum(axis=0))

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
    scenario: Scenario, deal: Deal, parameters: NDArray[np.void], patients: int, seed: int, simulations: Simulations
) -> MoneyBack:
    """Treatments paid back under every policy in each draw's lives, which have patients of their own."""
    ends = tuple(year + 0.5 for year in range(len(scenario.settings.economics.budget.uptake)))
    rate = log1p(scenario.settings.discounting.costs)
    reduce = Refunded(deal.refund_when, deal.refund_within_years, rate, ends)
    shapes = {"refunded": (len(scenario.compare), PARTS, 2 + len(ends))}
    found = simulations.reduced("Money back", scenario, parameters, patients, seed, reduce, shapes)["refunded"]
    paid, failed, *until = np.moveaxis(found, -1, 0)
    return MoneyBack(deal, paid, failed, np.diff(np.stack(until), axis=0, prepend=0.0))


def average_share(volume: Sequence[Volume], treatments: float) -> float:
    """The mean share of the price of a year's treatments, each paid by the step that it falls into."""
    if treatments <= 0.0 or not volume:
        return 1.0
    steps = [0.0, *(step.above for step in volume), inf]
    shares = [1.0, *(1.0 - step.discount for step in volume)]
    within = [max(0.0, min(treatments, high) - low) for low, high in pairwise(steps)]
    return sum(many * share for many, share in zip(within, shares, strict=True)) / treatments


def treatments_each(values: Values, lives: Lives) -> Array:
    """Treatments of a person under each policy on average, undiscounted, shape (policies,)."""
    return np.asarray(times_given(lives.ledgers, replace(values, discounted=False)).mean(axis=0))


def by_volume(scenario: Scenario, values: Values, lives: Lives) -> Array:
    """The share of the price that each policy pays in a year in which everybody referred has it, shape (1, policies)."""
    settings = scenario.settings.economics
    doses = treatments_each(values, lives)
    most = settings.budget.treatments_per_year
    yearly = np.minimum(settings.population.per_year * doses, inf if most is None else most)
    return np.array([[average_share(values.deal.volume, float(each)) for each in yearly]])


def failure(deal: Deal) -> str:
    """When money comes back, in words."""
    failures = {
        LIMB_LOST: f"the treated limb is lost within {deal.refund_within_years:g} years",
        NOT_RISEN: "measured TcPO2 has not risen after the last treatment",
    }
    return failures[deal.refund_when]


def in_words(deal: Deal) -> str:
    """The terms in one sentence; empty where there are none."""
    terms = [
        f"{deal.discount:.1%} off the list price" if deal.discount else "",
        f"{deal.wasted:.1%} of bought kits treat nobody" if deal.wasted else "",
        f"repeats at {deal.repeat_price:.1%} of the first" if deal.repeat_price != 1.0 else "",
        *(f"{step.discount:.1%} less beyond {step.above:g} treatments a year" for step in deal.volume),
        f"{deal.refund:.1%} paid back where {failure(deal)}" if deal.refund else "",
    ]
    said = "; ".join(term for term in terms if term)
    return said and f"Terms of the deal on the cell product: {said}. Value-based prices are list prices under them."


def on_terms(
    scenario: Scenario, values: Values, lives: Lives, patients: int, seed: int, simulations: Simulations
) -> tuple[Values, MoneyBack | None]:
    """The values with what is left to pay of a product's price, in every draw of these lives."""
    deal, share, back = values.deal, np.ones((1, len(values.policies))), None
    if deal.volume:
        share = share * by_volume(scenario, values, lives)
    if deal.refund > 0.0:
        back = money_back(scenario, deal, lives.parameters, patients, seed, simulations)
        share = share * (1.0 - back.share)
    return (replace(values, product_share=share) if deal.volume or back else values), back
