"""What a protocol states of an outcome instead of a patient's life: rates, medians, hazards or ratios, arm by arm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator

from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen
from simulator.scenario.limits import number
from simulator.scenario.policy import Fault
from simulator.statistics.sizes.survival_course import Pieces, from_survival

if TYPE_CHECKING:
    from simulator.questions.trial.design.design import Design

READS = {
    "amputation_free_survival": ({"amputation_free_survival"}, {"major_amputation", "death"}),
    "major_amputation": ({"major_amputation"},),
    "death": ({"death"},),
    "healing": ({"healing"},),
    "healing_without_amputation": ({"healing"},),
}
"""What must be stated for an endpoint to be simulated: any one of these sets of outcomes."""


def _numbers(low: float, high: float, unit: str) -> Any:
    one = number(low, high, unit)

    def check(value: Any) -> Any:
        return tuple(one(each) for each in value) if isinstance(value, list | tuple) else (one(value),)

    return BeforeValidator(check)


Shares = Annotated[tuple[float, ...], _numbers(1e-6, 1.0 - 1e-6, "(or a list of them)")]
Times = Annotated[tuple[float, ...], _numbers(0.03, 600.0, "months (or a list of them)")]
Hazards = Annotated[tuple[float, ...], _numbers(0.0, 1000.0, "a year (or a list of them)")]
Ratio = Annotated[float, BeforeValidator(number(0.001, 1000.0))]
Median = Annotated[float, BeforeValidator(number(0.01, 6000.0, "months"))]

WAYS = ("event_rate", "median_months", "hazard_per_year", "hazard_ratio")


class Stated(Frozen):
    """What a protocol states of one outcome in one arm, or in all of them without `arm`.

    One of: `event_rate` (the share who have had the event by `at_months`; several of both are pieces), `median_months`,
    `hazard_per_year` (with `until_months` between its pieces), `hazard_ratio` (to the first arm). The event of
    amputation-free survival is a major amputation or death; ``drop_out`` is loss to follow-up.
    """

    outcome: Literal["amputation_free_survival", "major_amputation", "death", "healing", "drop_out"]
    arm: str | None = None
    event_rate: Shares | None = None
    at_months: Times | None = None
    median_months: Median | None = None
    hazard_per_year: Hazards | None = None
    until_months: Annotated[Times | None, BeforeValidator(as_tuple)] = None
    hazard_ratio: Ratio | None = None

    def faults(self) -> Iterator[Fault]:
        """What no key can tell alone."""
        given = [way for way in WAYS if getattr(self, way) is not None]
        if len(given) != 1:
            yield "event_rate", ", ".join(given) or "missing", f"one of {', '.join(WAYS)}"
        rates, times = self.event_rate or (), self.at_months or ()
        if len(rates) != len(times) or list(times) != sorted(set(times)) or list(rates) != sorted(set(rates)):
            yield (
                "at_months",
                list(times),
                "increasing times, one for each of the increasing event_rate, and only with them",
            )
        until = self.until_months or ()
        if self.hazard_per_year is None and until:
            yield "until_months", list(until), "only with hazard_per_year"
        elif self.hazard_per_year and (
            len(until) != len(self.hazard_per_year) - 1 or list(until) != sorted(set(until))
        ):
            yield "until_months", list(until), "increasing times between the hazards, one fewer than there are"

    def law(self, control: Pieces) -> Pieces:
        """The hazards, per year and year."""
        if self.hazard_ratio is not None:
            return control.times(self.hazard_ratio)
        if self.median_months is not None:
            return Pieces((float(np.log(2.0)) / (self.median_months / 12.0),))
        if self.hazard_per_year is not None:
            return Pieces(self.hazard_per_year, tuple(month / 12.0 for month in self.until_months or ()))
        assert self.event_rate is not None and self.at_months is not None
        return from_survival([month / 12.0 for month in self.at_months], self.event_rate)


def stated_faults(design: Design) -> Iterator[Fault]:
    """What is wrong with what a design states."""
    if not design.stated:
        return
    names, outcomes = [arm.name for arm in design.arms], {each.outcome for each in design.stated}
    for place, each in enumerate(design.stated):
        for key, value, allowed in each.faults():
            yield f"stated[{place + 1}].{key}", value, allowed
        if each.arm is not None and each.arm not in names:
            yield f"stated[{place + 1}].arm", each.arm, f"one of {', '.join(names)}"
        if each.hazard_ratio is not None and each.arm in (None, names[0]):
            yield f"stated[{place + 1}].arm", each.arm, "an arm other than the first, to which the ratio is"
    for outcome in sorted(outcomes):
        for name in names:
            found = [each for each in design.stated if each.outcome == outcome and each.arm in (None, name)]
            if len([each for each in found if each.arm == name] or found) != 1:
                yield "stated", f"{outcome} in {name}", "stated once for every arm (or once without arm)"
    if "amputation_free_survival" in outcomes and outcomes & {"major_amputation", "death"}:
        yield "stated", "amputation_free_survival", "either amputation_free_survival, or major_amputation and death"
    for endpoint in design.endpoints:
        needed = READS.get(endpoint.outcome, ())
        if not any(some <= outcomes for some in needed):
            told = " or ".join(" and ".join(sorted(some)) for some in needed)
            allowed = (
                f"an endpoint of what is stated: {told} would have to be"
                if told
                else "a time to an event, or yes or no"
            )
            yield f"endpoints.{endpoint.name}.outcome", endpoint.outcome, allowed
    for endpoint in design.endpoints:
        if endpoint.test == "g_computation":
            allowed = "a test without covariates: stated rates know no TcPO2 on entry"
            yield f"endpoints.{endpoint.name}.test", endpoint.test, allowed
    if design.crossover is not None or design.two_stage is not None:
        yield "stated", "with crossover or two_stage", "neither of them: both are about lives"
    if any(endpoint.stratified for endpoint in design.endpoints) or design.randomisation.strata:
        yield "randomisation.strata", "given", "nothing with stated rates, which know no characteristic of a patient"
