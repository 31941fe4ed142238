"""Trials from what a protocol states, without a patient's life: event times drawn from stated rates, arm by arm.

Patient i of trial t has the luck of patient number t * PLACES + i, as in trials of simulated lives, so that blocks, workers and
larger sizes change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

from simulator.compiling import compiled
from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen
from simulator.questions.trial.accrual import PLACES
from simulator.questions.trial.allocation import allocate
from simulator.questions.trial.data import TrialData
from simulator.questions.trial.sites import sites_of
from simulator.rules.draws import budget
from simulator.scenario.limits import number
from simulator.scenario.policy import Fault
from simulator.statistics.survival_course import NONE, Pieces, from_survival
from simulator.words.vocabulary import Stream

if TYPE_CHECKING:
    from simulator.questions.trial.design import Design

Array = NDArray[np.float64]

STREAMS = (Stream.MAJOR_AMPUTATION, Stream.DISEASE_DEATH, Stream.HEALING, Stream.DROP_OUT)
AMPUTATION, DEATH, HEALING, LOSS = range(4)
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


@dataclass(frozen=True)
class StatedLaws:
    """Hazards by arm and event (`AMPUTATION`, `DEATH`, `HEALING`, `LOSS`), per year."""

    laws: tuple[tuple[Pieces, ...], ...]

    def without_effect(self) -> StatedLaws:
        """Every arm as the first, losses included."""
        return StatedLaws((self.laws[0],) * len(self.laws))


def stated_laws(design: Design, drop_out: float) -> StatedLaws:
    """What a design states; `drop_out` (per year) is for designs that state no losses."""
    by_arm: list[list[Pieces]] = []
    for place, arm in enumerate(design.arms):
        laws = [NONE, NONE, NONE, Pieces((drop_out,))]
        for each in sorted(design.stated, key=lambda each: each.arm is not None):
            if each.arm not in (None, arm.name):
                continue
            # Amputation or death is one event, and death stands for both.
            event = {"major_amputation": AMPUTATION, "healing": HEALING, "drop_out": LOSS}.get(each.outcome, DEATH)
            laws[event] = each.law(by_arm[0][event] if place else NONE)
        by_arm.append(laws)
    return StatedLaws(tuple(map(tuple, by_arm)))


@compiled
def _luck(seed: int, first: int, parts: Any, block: int, streams: Any, arm: Any, out: Any) -> None:
    """Arms and unit-exponential budgets of trials first, first + 1, ...; arm (trials, patients), out (streams, ...)."""
    left = np.zeros(parts.shape[0])
    for j in range(arm.shape[0]):
        left[:] = 0.0
        for i in range(arm.shape[1]):
            number = (first + j) * PLACES + i
            arm[j, i] = allocate(left, parts, block, seed, number)
            for s in range(streams.shape[0]):
                out[s, j, i] = budget(seed, number, streams[s], 0)


def stated_trials(
    design: Design, stated: StatedLaws, seed: int, first: int, trials: int, patients: int, longer: float = 0.0
) -> TrialData:
    """Trials first, first + 1, ... of patients whose events come as stated, independent of each other given the arm.

    Independent means that the stated hazard of one event is that of patients who have not had the other. `longer` (years) is
    how much later than planned the trial may end.
    """
    key: Any = np.uint64(seed)
    entries = design.accrual.entries(key, first, trials, patients)
    months = design.follow_up.months / 12.0
    ends = np.full((trials, patients), months)
    if design.follow_up.until == "last":
        ends = entries[:, -1:] + months + longer - entries
    arm = np.zeros((trials, patients), np.int8)
    used = [k for k in range(len(STREAMS)) if any(any(laws[k].rates) for laws in stated.laws)]
    luck = np.empty((len(used), trials, patients))
    parts = np.array([float(each.allocation) for each in design.arms])
    _luck(key, first, parts, design.block, np.array([STREAMS[k] for k in used], np.int64), arm, luck)
    times = np.full((len(STREAMS), trials, patients), np.inf)
    for place, k in enumerate(used):
        for a, laws in enumerate(stated.laws):
            of_arm = arm == a
            times[k][of_arm] = laws[k].inverse(luck[place][of_arm]) if any(laws[k].rates) else np.inf
    amputated, died, healed, lost = times
    followed = np.minimum(ends, lost)
    died = np.where(died <= followed, died, np.inf)
    seen = np.minimum(followed, died)
    amputated, healed = (np.where(each <= seen, each, np.inf) for each in (amputated, healed))
    nothing = np.empty((trials, patients, 0))
    unknown = np.full((trials, patients), np.nan)
    return TrialData(
        arm=arm,
        entry=entries,
        end=ends,
        lost=np.where(lost < np.minimum(ends, died), lost, np.inf),
        healed=healed,
        amputated=amputated,
        died=died,
        crossed=np.full((trials, patients), np.inf),
        reintervened=np.full((trials, patients), np.inf),
        tcpo2_entry=unknown,
        stratum=np.zeros((trials, patients), np.int32),
        screened=np.ones((trials, patients)),
        site=sites_of(key, first, design.accrual.open_sites(entries)),
        caused=np.zeros((trials, patients)),
        visits=np.empty(0),
        tcpo2=nothing,
        walking=nothing,
        walked=nothing,
    )
