"""Losses to follow-up: how often, in which arm, and of whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator, Field

from simulator.compiling import compiled
from simulator.evidence.reading import Frozen
from simulator.scenario.limits import number
from simulator.scenario.policy import Fault

if TYPE_CHECKING:
    from simulator.questions.trial.design.design import Design

MOST = 20.0
Rate = Annotated[float, BeforeValidator(number(0.0, MOST, "per year"))]
Ratio = Annotated[float, BeforeValidator(number(0.05, 20.0))]


class DropOut(Frozen):
    """Losses to follow-up at a constant rate; without one the register's. Arms in `by_arm` have their own.

    With `unhealed_ratio` patients leave so many times as often until the limb has healed for the first time. Losses then
    tell of the outcome, which no analysis that takes them for chance allows for.
    """

    per_year: Rate | None = None
    by_arm: Mapping[str, Rate] = Field(default_factory=dict)
    unhealed_ratio: Ratio = 1.0

    def rate_of(self, arm: str) -> float | None:
        """Rate of an arm, None for the register's."""
        return self.by_arm.get(arm, self.per_year)

    def times(self, factor: float, usual: float) -> DropOut:
        """All rates multiplied; `usual` (per year) is the register's."""
        own = usual if self.per_year is None else self.per_year
        by_arm = {name: min(MOST, rate * factor) for name, rate in self.by_arm.items()}
        return self.model_copy(update={"per_year": min(MOST, own * factor), "by_arm": by_arm})


NOBODY_LEAVES = DropOut(per_year=0.0)


@compiled
def leaves_at(budget: float, rate: float, unhealed_ratio: float, healed_at: float) -> float:
    """When somebody with a unit-exponential `budget` is lost (years), at a rate that is `unhealed_ratio` times as high until
    the limb heals."""
    if rate <= 0.0:
        return inf
    before = rate * unhealed_ratio
    if budget <= before * healed_at:
        return budget / before
    return healed_at + (budget - before * healed_at) / rate


def drop_out_faults(design: Design) -> Iterator[Fault]:
    """Rates of arms that are not there, and what stated rates do not know."""
    names = [arm.name for arm in design.arms]
    for name in design.drop_out.by_arm:
        if name not in names:
            yield f"drop_out.by_arm.{name}", design.drop_out.by_arm[name], f"one of {', '.join(names)}"
    if design.stated and (design.drop_out.by_arm or design.drop_out.unhealed_ratio != 1.0):
        allowed = "per_year alone: what is stated of losses stands in [[stated]], and there nobody heals who could stay"
        yield "drop_out", "by_arm or unhealed_ratio", allowed
