"""How results are valued: the payer, wound costs, utilities, uncertainty, and whom the decision concerns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen
from simulator.scenario.limits import (
    Amount,
    Arm,
    Aversion,
    Centres,
    Draws,
    Headcount,
    Pairs,
    Probability,
    Ratio,
    Wasted,
    YearlyRate,
    Years,
)
from simulator.scenario.policy import Fault
from simulator.words.label import Label

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]


HALVES = 2
"""Parts of the patients of a draw, each with luck of its own, whose difference tells how large that luck is."""


class Discounting(Frozen):
    """Annual discount rates of effects and costs."""

    effects: YearlyRate
    costs: YearlyRate


class People(Frozen):
    """Whom the decision concerns: people like the scenario's, `per_year` of them over `years`, `waiting` today."""

    per_year: Headcount
    years: Years
    waiting: Headcount = 0.0


class Trial(Frozen):
    """A proposed trial of two arms whose result is known after `years`. Its costs are in a currency of their own."""

    patients_per_arm: Annotated[tuple[Arm, ...], BeforeValidator(as_tuple)]
    years: Years
    fixed_cost: Amount
    cost_per_patient: Amount
    currency: Currency
    price_year: int


class Budget(Frozen):
    """Share of newly referred people under the new policy in each year, within the treatments that can be given."""

    uptake: Annotated[tuple[Probability, ...], BeforeValidator(as_tuple)]
    treatments_per_year: Headcount | None = None
    centres: Centres


LIMB_LOST, NOT_RISEN = "limb_lost", "tcpo2_not_risen"


class Volume(Frozen):
    """Treatments of a year beyond `above` cost less by the share `discount`."""

    above: Headcount
    discount: Probability


class Deal(Frozen):
    """Terms on which a payer buys a cell product; they act on its list price.

    `discount` is taken off. `wasted` is the share of bought kits that treat nobody. A person's second and later treatments
    cost the share `repeat_price` of the first. `volume` lists the steps of a price that falls with a year's treatments. The
    share `refund` of what a person's treatments cost is paid back where the treated limb is lost within
    `refund_within_years` of the first, or where measured TcPO2 has not risen after the last.
    """

    discount: Probability = 0.0
    wasted: Wasted = 0.0
    repeat_price: Probability = 1.0
    volume: Annotated[tuple[Volume, ...], BeforeValidator(as_tuple)] = ()
    refund: Probability = 0.0
    refund_when: Literal["limb_lost", "tcpo2_not_risen"] = "limb_lost"
    refund_within_years: Years = 1.0

    @property
    def kits(self) -> float:
        """List prices paid for a first treatment."""
        return (1.0 - self.discount) / (1.0 - self.wasted)

    @property
    def needs_lives(self) -> bool:
        """Whether only simulated lives tell what is paid."""
        return bool(self.volume) or self.refund > 0.0

    def faults(self) -> Iterator[Fault]:
        """Steps of a volume are in order."""
        above = [step.above for step in self.volume]
        if above != sorted(set(above)):
            yield "volume", above, "steps with rising numbers of treatments"


class Variant(Frozen):
    """One row of the scenario table: what differs from the base case.

    `settings` is a difference in the words of a scenario's file, as ``{ evidence = { view = "sceptical" } }``. Rows with a
    `weight` are averaged with the base case, which has what is left of 1, as one more row.
    """

    label: Label
    parameters: dict[str, Any] = Field(default_factory=dict)
    horizon_years: Years | None = None
    life_table_period: str | None = None
    prices: dict[str, Any] = Field(default_factory=dict)
    utilities: dict[str, Any] = Field(default_factory=dict)
    discounting: Discounting | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    weight: Probability | None = None


class Economics(Frozen):
    """How a scenario is valued.

    `perspective` names a shipped payer or a TOML file. `draws` parameter draws of `patients` patients each make the
    probabilistic analysis. Empty `thresholds` are the payer's own. `prices` and `utilities` replace single values of the
    payer's and of the utility set; amounts are in the payer's currency and price year, and results are restated in `currency`
    and `price_year` if these are given; thresholds are in the money of the results as they are written. A price or a utility is
    a number, which is fixed in every draw, or a table of a `value` and its `distribution`. Without `strict_payer` (which leaves
    out institutional care) and `informal_care` the payer bears what its file says. Without `vascular_events` infarctions and
    strokes short of death cost nothing, neither money nor health. `value_set` is that of the EQ-5D by which the states of the
    utility set and the norm are valued: 3L, as published, or another to which they were mapped. Without `discounting` the
    payer's rates hold. `focus` names the policy of the one-way analysis, the budget and the trial; without it that is the one
    of highest net benefit. Without `two_way` the attributable share and the price of the product are varied together, where the
    policies compared read both.
    """

    perspective: str
    strict_payer: bool | None = None
    informal_care: bool | None = None
    vascular_events: bool = True
    wound_costs: Literal["all_in", "split"]
    utility_set: str
    value_set: str = "3L"
    age_adjusted: bool = True
    population_norm: str | None = None
    draws: Draws
    patients: Pairs
    thresholds: Annotated[tuple[Ratio, ...], BeforeValidator(as_tuple)] = ()
    currency: Currency | None = None
    price_year: int | None = None
    prices: dict[str, Any] = Field(default_factory=dict)
    utilities: dict[str, Any] = Field(default_factory=dict)
    discounting: Discounting | None = None
    population: People
    trial: Trial
    budget: Budget
    deal: Deal = Field(default_factory=Deal)
    focus: str | None = None
    inequality_aversion: Annotated[tuple[Aversion, ...], BeforeValidator(as_tuple)] = ()
    two_way: Annotated[tuple[str, str] | None, BeforeValidator(as_tuple)] = None
    scenarios: dict[str, Variant] = Field(default_factory=dict)

    def faults(self) -> Iterator[Fault]:
        """What the keys cannot tell one by one."""
        if not self.trial.patients_per_arm:
            yield "trial.patients_per_arm", [], "at least one size"
        if not self.budget.uptake:
            yield "budget.uptake", [], "a share for each year"
        for key, value, allowed in self.deal.faults():
            yield f"deal.{key}", value, allowed
        weights = {name: each.weight for name, each in self.scenarios.items() if each.weight is not None}
        if sum(weights.values()) > 1.0:
            yield "scenarios", weights, "weights of at most 1 together"
        if self.two_way is not None and len(set(self.two_way)) < 2:
            yield "two_way", list(self.two_way), "two different parameters or prices"
