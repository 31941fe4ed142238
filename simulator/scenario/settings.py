"""A scenario as its file writes it: population, entry, follow-up, evidence, capacity, economics and options."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen
from simulator.scenario.economics import Discounting, Economics
from simulator.scenario.limits import Arrivals, Hour, Patients, Slots, Years, number
from simulator.scenario.policy import Criteria, Fault, Policy
from simulator.words.label import Label
from simulator.words.vocabulary import DAYS_PER_YEAR


class Population(Frozen):
    """How many patients, and a table of real ones (CSV, from the scenario file on) if there is one.

    Real patients are taken equally often, each time with luck of their own, or as a random sample where there are more of
    them than patients (`simulator.rules.population.taking`); none is turned away.
    """

    patients: Patients
    csv: str | None = None


class FollowUp(Frozen):
    """How long lives are simulated, the times reported besides the end, and a study's calendar if it has one."""

    horizon_years: Years
    report_at_years: Annotated[tuple[Years, ...], BeforeValidator(as_tuple)]
    enrolment_from: date | None = None
    enrolment_to: date | None = None
    data_cut: date | None = None

    @property
    def shortest_and_longest(self) -> tuple[float, float] | None:
        """Years from the last and from the first day of enrolment to the data cut; None without a calendar."""
        if self.enrolment_from is None or self.enrolment_to is None or self.data_cut is None:
            return None
        days = [(self.data_cut - day).days for day in (self.enrolment_to, self.enrolment_from)]
        return days[0] / DAYS_PER_YEAR, days[1] / DAYS_PER_YEAR

    def faults(self) -> Iterator[Fault]:
        """Times after the end, and a calendar that is incomplete or out of order."""
        for time in self.report_at_years:
            if time > self.horizon_years:
                yield "report_at_years", time, f"at most horizon_years = {self.horizon_years:g}"
        calendar = {key: getattr(self, key) for key in ("enrolment_from", "enrolment_to", "data_cut")}
        if any(calendar.values()):
            for key, day in calendar.items():
                if day is None:
                    yield key, "missing", "required with " + ", ".join(k for k, d in calendar.items() if d)
        if all(calendar.values()):
            days = list(calendar.values())
            for (key, day), before in zip(list(calendar.items())[1:], days, strict=False):
                if day < before:
                    yield key, day.isoformat(), f"not before {before.isoformat()}"


Counts = Annotated[tuple[int, int], BeforeValidator(as_tuple)]


class OwnCounts(Frozen):
    """What a hospital counted among its own referrals under conservative care: events and people, within so many years."""

    amputations: Counts | None = None
    deaths: Counts | None = None
    healed: Counts | None = None
    years: Years = 1.0

    def faults(self) -> Iterator[Fault]:
        """At least one count, each of at most as many people."""
        counts = {name: getattr(self, name) for name in ("amputations", "deaths", "healed")}
        if not any(counts.values()):
            yield "centre", "no counts", "at least one of amputations, deaths and healed, as [14, 60]"
        for name, count in counts.items():
            if count is not None and not 0 <= count[0] <= count[1] <= 10_000_000:
                yield (
                    f"centre.{name}",
                    list(count),
                    "events and people: two whole numbers, the first at most the second",
                )
            elif count is not None and count[1] < 1:
                yield f"centre.{name}", list(count), "at least one person"


Rows = Annotated[tuple[float, ...], BeforeValidator(as_tuple)]


class OwnOffsets(Frozen):
    """Where a hospital lies by its own people, as ``clti patients`` writes it: joint draws of the logarithms of its rates.

    Each of `draws` draws of the clinical parameters has equally many rows. `point` goes with the parameters' point values.
    `evidence` names the evidence that the rows go with.
    """

    amputation: Rows
    healing: Rows
    death: Rows
    response: Rows
    point: Rows
    draws: Annotated[int, BeforeValidator(number(1, 10_000, whole=True))]
    evidence: str

    def faults(self) -> Iterator[Fault]:
        """Columns of equal length, a multiple of the draws, and no value beyond what a hospital may have."""
        rows = len(self.amputation)
        if rows == 0 or rows % self.draws:
            yield "centre.amputation", f"{rows} values", f"a multiple of draws = {self.draws}"
        for name in ("amputation", "healing", "death", "response", "point"):
            values, wanted = getattr(self, name), 4 if name == "point" else rows
            if len(values) != wanted:
                yield f"centre.{name}", f"{len(values)} values", f"{wanted} values"
            wrong = [value for value in values if not -5.0 <= value <= 5.0]
            if wrong:
                yield f"centre.{name}", wrong[0], "numbers, -5 to 5"


def _kind_of_centre(value: Any) -> str:
    if isinstance(value, str):
        return "name"
    if isinstance(value, dict):
        return "offsets" if "amputation" in value else "counts"
    return "offsets" if isinstance(value, OwnOffsets) else "counts"


NamedCentre: TypeAlias = Literal["average", "new", "founding"]
NAMES_AND_FILES = {
    "anyOf": [{"type": "string", "enum": list(get_args(NamedCentre))}, {"type": "string", "pattern": r"\.toml$"}]
}
"""What editors of files are told: a reader puts what a file states in place of its name before anything is checked."""


def _known_centre(name: Any) -> Any:
    if name not in get_args(NamedCentre):
        names = ", ".join(map(repr, get_args(NamedCentre)))
        raise ValueError(f"{names}, or a file of own counts or people (NAME.toml)")
    return name


Centre: TypeAlias = Annotated[
    Annotated[
        NamedCentre,
        BeforeValidator(_known_centre),
        Tag("name"),
        WithJsonSchema(NAMES_AND_FILES),
    ]
    | Annotated[OwnCounts, Tag("counts")]
    | Annotated[OwnOffsets, Tag("offsets")],
    Discriminator(_kind_of_centre),
]
"""A hospital, as scenarios and designs state it."""


class Evidence(Frozen):
    """The view on how much of the recovery is caused by cell therapy, and the hospital that the answer is for.

    `centre` is the average hospital of the published series, a new one drawn at random, the founding study's, or one known
    by its own counts or its own people.
    """

    view: Literal["sceptical", "central", "optimistic"]
    centre: Centre = "average"


class LifeTableChoice(Frozen):
    """Background mortality: a country and period of the shipped life tables."""

    country: str
    period: str


Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Capacity(Frozen):
    """A shared resource: procedures a week, referrals a week, who goes first, and when it is open. Without it nobody waits."""

    slots_per_week: Slots
    arrivals_per_week: Arrivals
    queue: Literal["first_come", "worst_tcpo2"] = "first_come"
    open_days: Annotated[tuple[Weekday, ...], BeforeValidator(as_tuple), Field(min_length=1, max_length=7)] = get_args(
        Weekday
    )
    opens_at: Hour = 0.0
    closes_at: Hour = 24.0

    def faults(self) -> Iterator[Fault]:
        """Hours that leave no time."""
        if self.closes_at <= self.opens_at:
            yield "closes_at", self.closes_at, f"later than opens_at = {self.opens_at:g}"


class Settings(Frozen):
    """A whole scenario. A file writes a part of it, and what it `extends` gives the rest."""

    extends: str | None = None
    label: Label
    description: str = ""
    compare: Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
    reference: str
    population: Population
    entry: Criteria = Criteria()
    follow_up: FollowUp
    evidence: Evidence
    life_table: LifeTableChoice
    parameters: dict[str, Any] = Field(default_factory=dict)
    therapies: dict[str, Any] = Field(default_factory=dict)
    capacity: Capacity | None = None
    discounting: Discounting
    economics: Economics
    policies: dict[str, Policy] = Field(default_factory=dict)

    def faults(self) -> Iterator[Fault]:
        """What the keys cannot tell one by one."""
        for key, value, allowed in self.entry.faults():
            yield f"entry.{key}", value, allowed
        if not isinstance(self.evidence.centre, str):
            for key, value, allowed in self.evidence.centre.faults():
                yield f"evidence.{key}", value, allowed
        for key, value, allowed in self.follow_up.faults():
            yield f"follow_up.{key}", value, allowed
        for key, value, allowed in self.economics.faults():
            yield f"economics.{key}", value, allowed
        for key, value, allowed in self.capacity.faults() if self.capacity is not None else ():
            yield f"capacity.{key}", value, allowed
        if not self.compare:
            yield "compare", list(self.compare), "at least one policy"
        for place, name in enumerate(self.compare):
            if name in self.compare[:place]:
                yield "compare", name, "each policy once"
        if self.compare and self.reference not in self.compare:
            yield "reference", self.reference, "one of compare: " + ", ".join(self.compare)
