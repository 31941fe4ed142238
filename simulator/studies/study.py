"""A published study as its file writes it: who was enrolled, what care they had, what was observed and what is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from simulator.evidence.hospitals import Kind as HospitalKind
from simulator.evidence.hospitals import kind_of
from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen
from simulator.scenario.limits import Doses, Tcpo2, Years, number
from simulator.scenario.policy import CellTherapy, Criteria, Fault, Policy, RepeatDose, Steps
from simulator.scenario.settings import LifeTableChoice
from simulator.studies.measures import (
    BINARY,
    NEEDS_THRESHOLD,
    SHARES,
    TIME_TO_EVENT,
    TWO_SAMPLE,
    Among,
    Binary,
    Measure,
)
from simulator.words.label import Label

Grade: TypeAlias = Literal["A", "B", "C", "D"]
"""A: arms, main baseline and counts with a time point. B: counts, but a main baseline is unknown. C: a direction or a
recalled number. D: nothing to compare with."""
GRADES: tuple[Grade, ...] = ("A", "B", "C", "D")
Kind: TypeAlias = Literal[
    "founding study", "blinded trial", "open trial", "observational comparison", "single arm", "natural history",
    "negative control", "angioplasty", "after amputation", "perfusion and outcome",
]  # fmt: skip

Cohort: TypeAlias = Literal["referral", "trial", "chosen", "mixed"]
"""Consecutive people of a unit; people who met a trial's criteria, imminent amputation excluded; people chosen for a
treatment; people treated and not treated together."""

Size = Annotated[int, BeforeValidator(number(1, 10_000_000, whole=True))]
Count = Annotated[int, BeforeValidator(number(0, 10_000_000, whole=True))]
Time = Annotated[float, BeforeValidator(number(0.0, 30.0, "years"))]
Range = Annotated[tuple[float, float], BeforeValidator(as_tuple)]
TimeOrRange: TypeAlias = Time | Annotated[tuple[Time, Time], BeforeValidator(as_tuple)]
Words = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
MeanSd = Annotated[tuple[Tcpo2, Tcpo2], BeforeValidator(as_tuple)]


class Care(Frozen):
    """What everybody in a group receives; nothing but conservative care without a key.

    `assumed_doses` is a range where the number of doses is not reported: each parameter draw takes one of them.
    """

    cell_therapy: CellTherapy = CellTherapy()
    repeat: RepeatDose = RepeatDose()
    therapies: Steps = ()
    assumed_doses: Annotated[tuple[Doses, Doses] | None, BeforeValidator(as_tuple)] = None

    @property
    def policy(self) -> Policy:
        """The care as a policy that treats everybody."""
        return Policy(cell_therapy=self.cell_therapy, repeat=self.repeat, therapies=self.therapies)

    def faults(self) -> Iterator[Fault]:
        """What the keys cannot tell one by one."""
        yield from self.policy.faults()
        if self.assumed_doses is not None and not 0 < self.assumed_doses[0] <= self.assumed_doses[1]:
            yield "assumed_doses", list(self.assumed_doses), "two whole numbers above 0, the lower first"


class Group(Frozen):
    """People of one arm or part of an arm; its keys lie over those of the study."""

    n: Size
    label: Label = ""
    care: Care = Care()
    population: dict[str, float] = Field(default_factory=dict)
    assumed: dict[str, Range] = Field(default_factory=dict)
    tcpo2: MeanSd | None = None
    entry: Criteria = Criteria()


class Quantity(Frozen):
    """One observed number and how it is formed from simulated lives.

    A share is `events` of `n`, or `value` (with `low` and `high`, or with `n`); a mean is `value` with `sd` and `n`. Without
    an observed number the prediction is shown and nothing is judged. `at_years` as a range is a time that is not reported.
    `reason` is the judgement on a miss, written after the prediction was made. Where `n` counts limbs, `people` is how many
    people they belong to; both limbs of a person are taken to share one fate, the least that so many limbs can tell.
    """

    name: Label
    measure: Measure
    groups: Names
    against: Names = ()
    at_years: TimeOrRange
    among: Annotated[tuple[Among, ...], BeforeValidator(as_tuple)] = ()
    event: Binary | None = None
    threshold: Tcpo2 | None = None
    events: Count | None = None
    n: Size | None = None
    people: Size | None = None
    value: float | None = None
    sd: Annotated[float, BeforeValidator(number(0.0, 1e6))] | None = None
    low: float | None = None
    high: float | None = None
    grade: Grade | None = None
    evidence: Literal["published", "derived", "recalled"]
    usable: bool = True
    ladder: str = ""
    note: str = ""
    reason: str = ""

    @property
    def times(self) -> tuple[float, float]:
        """The shortest and longest time (years) at which it may have been observed."""
        return self.at_years if isinstance(self.at_years, tuple) else (self.at_years, self.at_years)

    @property
    def is_share(self) -> bool:
        """Whether the number is a share of people."""
        return self.measure in SHARES or self.measure in {"tcpo2_at_least", "logistic_probability"}

    @property
    def counted(self) -> tuple[int, int] | None:
        """How many of how many, where it is a count of people or limbs; a share of n people is the nearest count."""
        if self.n is None or self.measure not in (*SHARES, "tcpo2_at_least"):
            return None
        if self.events is not None:
            return self.events, self.n
        return None if self.value is None else (round(self.value * self.n), self.n)

    def faults(self) -> Iterator[Fault]:
        """What the keys cannot tell one by one."""
        if self.times[0] > self.times[1]:
            yield "at_years", list(self.times), "a time, or two with the earlier first"
        if not self.groups:
            yield "groups", [], "at least one group"
        if self.events is not None:
            if self.n is None:
                yield "n", "missing", "required with events"
            elif self.events > self.n:
                yield "events", self.events, f"at most n = {self.n}"
            if self.value is not None:
                yield "value", self.value, "not together with events"
            if self.measure not in SHARES and self.measure != "tcpo2_at_least":
                yield "events", self.events, f"value instead, because {self.measure} is not a share of people"
        if self.is_share and self.value is not None and not 0.0 <= self.value <= 1.0:
            yield "value", self.value, "a share, 0 to 1"
        if (self.low is None) != (self.high is None):
            yield "low", self.low, "low and high together, or neither"
        if self.people is not None and not (self.n is not None and self.people <= self.n <= 2 * self.people):
            yield "people", self.people, "people with one or two of the n limbs each"
        if self.sd is not None and self.n is None:
            yield "n", "missing", "required with sd"
        two = self.measure in TWO_SAMPLE
        if two != bool(self.against):
            yield "against", list(self.against), f"{'at least one group' if two else 'nothing'} with {self.measure}"
        events = TIME_TO_EVENT if self.measure == "hazard_ratio" else BINARY
        if two and self.event not in events:
            yield "event", self.event or "missing", f"required by {self.measure}: one of {', '.join(events)}"
        if self.measure in NEEDS_THRESHOLD and self.threshold is None:
            yield "threshold", "missing", f"required by {self.measure}, in mmHg"
        if self.usable and self.events is None and self.value is None:
            yield "value", "missing", "an observed number (events and n, or value), or usable = false"
        if not self.usable and not self.note:
            yield "note", "missing", "required with usable = false: why nothing can be judged"


class Described(Frozen):
    """A file that describes people and arms."""

    def faults(self) -> Iterator[Fault]:
        """What the keys cannot tell one by one."""
        yield from ()


class Study(Described):
    """A study. `population` replaces parameters of the register that say who is referred, and no others.

    `assumed` gives ranges for what is not reported: each parameter draw takes a value evenly from the range, so that
    ignorance widens the prediction. `tcpo2` is the measured TcPO2 of those enrolled, mean and SD in mmHg. `therapies` are the
    study's own, or files that have them (see `own_therapies`). A study's rates differ from the founding cohort's by offsets of
    its hospital; `founding_centre` says that they are the same. `later` says that the first rules were chosen without it.
    """

    label: Label
    grade: Grade
    kind: Kind
    cohort: Cohort = "referral"
    source: Names = ()
    citation: str = ""
    description: Words
    follow_up_years: Years
    life_table: LifeTableChoice
    founding_centre: bool = False
    later: bool = False
    population: dict[str, float] = Field(default_factory=dict)
    assumed: dict[str, Range] = Field(default_factory=dict)
    tcpo2: MeanSd | None = None
    entry: Criteria = Criteria()
    therapies: dict[str, str | dict[str, Any]] = Field(default_factory=dict)
    groups: dict[str, Group]
    quantity: Annotated[tuple[Quantity, ...], BeforeValidator(as_tuple)]
    assumptions: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = ()
    discussion: str = ""

    @property
    def hospital_kind(self) -> HospitalKind:
        """Among which hospitals the study's is one: by its people and its period."""
        return kind_of(self.cohort, self.life_table.period)

    def criteria(self, group: Group) -> Criteria:
        """Entry criteria of a group: the study's, with the group's own laid over them."""
        own: dict[str, Any] = self.entry.model_dump(exclude_unset=True) | group.entry.model_dump(exclude_unset=True)
        return Criteria(**own)

    def baseline(self, group: Group) -> tuple[dict[str, float], dict[str, Range], MeanSd | None]:
        """Population values, assumed ranges and measured TcPO2 of a group; its own replace the study's."""
        values = {k: v for k, v in self.population.items() if k not in group.assumed} | group.population
        ranges = {k: v for k, v in self.assumed.items() if k not in group.population} | group.assumed
        return values, ranges, group.tcpo2 or self.tcpo2

    def faults(self) -> Iterator[Fault]:
        """What the keys cannot tell one by one. Names of parameters and sources are checked where they are known."""
        if not self.source and not self.citation:
            yield "source", [], "at least one key of sources.toml, or a citation"
        if not self.groups:
            yield "groups", "none", "at least one group"
        for name, group in self.groups.items():
            for key, value, allowed in (*self.criteria(group).faults(), *group.care.faults()):
                yield f"groups.{name}.{key}", value, allowed
        for place, quantity in enumerate(self.quantity):
            here = f"quantity.{quantity.name}"
            for key, value, allowed in quantity.faults():
                yield f"{here}.{key}", value, allowed
            for key, names in (("groups", quantity.groups), ("against", quantity.against)):
                for name in names:
                    if name not in self.groups:
                        yield f"{here}.{key}", name, "one of groups: " + ", ".join(self.groups)
            if quantity.times[1] > self.follow_up_years:
                yield f"{here}.at_years", quantity.times[1], f"at most follow_up_years = {self.follow_up_years:g}"
            if quantity.name in [other.name for other in self.quantity[:place]]:
                yield f"{here}.name", quantity.name, "each name once"
