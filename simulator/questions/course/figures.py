"""What was published about the course of the disease: each figure with its people, definition, interval, source and grade."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen, checked, read_toml, spelled
from simulator.evidence.register import Register, load_register
from simulator.evidence.shipped import shipped
from simulator.questions.course.people import as_enrolled
from simulator.scenario import Scenario, load_scenario
from simulator.statistics.endpoints.exact_interval import exact_interval
from simulator.studies.reading import load_studies, study_names
from simulator.words.errors import BadInput, Problem, nearest

FACTOR = 1.25
"""By which a figure may be missed whose source gives no interval, and which an interval of counts alone is never closer than:
other people of another hospital differ by more than chance."""

Measure = Literal[
    "incidence",
    "share_of_events",
    "share_before",
    "risk_ratio",
    "hazard_ratio",
    "odds_ratio",
    "rate_ratio",
    "count_ratio",
    "mean_days",
    "walking",
    "tcpo2",
    "tcpo2_change",
    "tcpo2_change_sd",
    "tcpo2_change_below",
    "years_lost",
]
Happening = Literal[
    "death",
    "major_amputation",
    "minor_amputation",
    "any_amputation",
    "amputation_of_either_leg",
    "amputation_or_death",
    "below_knee_amputation",
    "other_limb_amputation",
    "conversion",
    "healing",
    "primary_healing",
    "stump_healing",
    "new_wound",
]
Since = Literal[
    "referral",
    "open_wound",
    "healing",
    "primary_healing",
    "healing_after_minor",
    "healing_after_amputation",
    "first_amputation",
    "minor_amputation",
    "major_amputation",
    "below_knee_amputation",
    "above_knee_amputation",
]
State = Literal["open", "healed", "limb_kept", "amputated"]
Grade = Literal["published", "derived", "recalled", "judgement"]

NEEDS_EVENT = ("incidence", "share_of_events", "share_before", "risk_ratio", "hazard_ratio", "odds_ratio", "count_ratio",
               "mean_days")  # fmt: skip
TWO_SIDED = ("risk_ratio", "hazard_ratio", "odds_ratio", "rate_ratio")
SHARES = ("incidence", "share_of_events", "share_before", "walking", "tcpo2_change_below")
UNITS: dict[str, str] = {
    "mean_days": "days",
    "tcpo2": "mmHg",
    "tcpo2_change": "mmHg",
    "tcpo2_change_sd": "mmHg",
    "years_lost": "years",
}


def several(value: object) -> object:
    """A TOML array as a tuple, and a single number as a tuple of one."""
    return (value,) if isinstance(value, int | float) else as_tuple(value)


Texts = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
Names = Annotated[tuple[Happening, ...], BeforeValidator(as_tuple)]
Counts = Annotated[tuple[int, ...], BeforeValidator(several)]
Times = Annotated[tuple[Annotated[float, Field(ge=0.0, le=40.0)], ...], BeforeValidator(several)]
Numbers = Annotated[tuple[float, ...], BeforeValidator(several)]
Pair = Annotated[tuple[float, float], BeforeValidator(as_tuple)]


class Among(Frozen):
    """Whom of a population a figure counts. Age at referral (years) and measured TcPO2 (mmHg) from the first up to, not
    including, the second number; TcPO2 is that at referral, or where time counts from an open wound, that of then.
    """

    rutherford: Counts = ()
    dialysis: bool | None = None
    beyond_salvage: bool | None = None
    male: bool | None = None
    age: Pair | None = None
    tcpo2: Pair | None = None


class Against(Frozen):
    """What differs on the other side of a ratio."""

    since: Since | None = None
    among: Among | None = None
    state: State | None = None


class Population(Frozen):
    """Simulated people: a scenario, whose policy they live under, how many, and another hospital than the scenario's.

    With a `study` of scenarios/validation they are its own people (`group`: of that group of it).
    """

    scenario: Annotated[str, Field(min_length=1)]
    policy: Annotated[str, Field(min_length=1)]
    patients: Annotated[int, Field(ge=100, le=1_000_000)]
    centre: Literal["average", "founding"] | None = None
    study: str = ""
    group: str = ""


class Figure(Frozen):
    """A published number or the same at several times. What keys mean is told at the head of `calibration/course.toml`."""

    label: Annotated[str, Field(min_length=1)]
    theme: Annotated[str, Field(min_length=1)]
    population: str
    measure: Measure
    event: Happening | None = None
    per: Happening | None = None
    since: Since = "referral"
    landmark_days: Annotated[float, Field(gt=0.0, le=365.0)] | None = None
    censored_by: Names = ()
    among: Among = Among()
    against: Against | None = None
    state: State | None = None
    at_years: Times = ()
    from_years: Annotated[float, Field(ge=0.0)] = 0.0
    within_years: Annotated[float, Field(gt=0.0)] | None = None
    of: Literal["alive", "all"] = "all"
    threshold: float | None = None
    value: Numbers = ()
    events: Counts = ()
    n: Annotated[int, Field(ge=1)] | None = None
    low: Numbers = ()
    high: Numbers = ()
    interval: Literal["printed", "series", "derived"] | None = None
    source: Texts
    grade: Grade
    sets_rule: Texts = ()
    founding: str = ""
    note: str = ""

    @property
    def unit(self) -> str:
        """Of the number: share, ratio, days, years or mmHg."""
        return "share" if self.measure in SHARES else UNITS.get(self.measure, "ratio")

    @property
    def definition(self) -> str:
        """Who counts and how, in words."""
        parts = [self.measure.replace("_", " ")]
        if self.event:
            parts.append(f"of {self.event.replace('_', ' ')}")
        if self.per:
            parts.append(f"for one {self.per.replace('_', ' ')}")
        if self.state:
            other = self.against.state if self.against else None
            parts.append(f"while {self.state.replace('_', ' ')} against {str(other).replace('_', ' ')}")
        if self.since != "referral":
            parts.append(f"since {self.since.replace('_', ' ')}")
        if self.measure in {"incidence", "mean_days", *TWO_SIDED[:3]}:
            censors = [name.replace("_", " ") for name in self.censored_by]
            parts.append(f"net of {', '.join(censors)}" if censors else "crude")
        return " ".join(parts)

    def faults(self) -> Iterator[tuple[str, object, str]]:
        """Key, value and what is allowed, of what keys cannot tell one by one."""
        if self.measure in NEEDS_EVENT and self.event is None:
            yield "event", "missing", f"required with measure {self.measure}"
        if (self.measure in TWO_SIDED) != (self.against is not None):
            yield (
                "against",
                "missing" if self.against is None else "given",
                f"with {', '.join(TWO_SIDED)}, and only then",
            )
        if (self.measure == "rate_ratio") != (self.state is not None):
            yield "state", self.state, "with rate_ratio, and only then"
        if (self.measure == "count_ratio") != (self.per is not None):
            yield "per", self.per, "with count_ratio, and only then"
        if (self.measure == "share_of_events") != (self.within_years is not None):
            yield "within_years", self.within_years, "with share_of_events, and only then"
        if (self.measure == "tcpo2_change_below") != (self.threshold is not None):
            yield "threshold", self.threshold, "with tcpo2_change_below, and only then"
        if (self.since == "open_wound") != (self.landmark_days is not None):
            yield "landmark_days", self.landmark_days, "with since open_wound, and only then"
        size = len(self.at_years)
        if not size:
            yield "at_years", "missing", "at least one time"
        given = self.value or self.events
        if bool(self.value) == bool(self.events) or len(given) != size:
            yield "value", list(given), f"one of value and events, with {size} as at_years has"
        if self.events and (self.n is None or max(self.events) > self.n):
            yield "n", self.n, f"a whole number, at least {max(self.events)}"
        if len(self.low) != len(self.high) or len(self.low) not in {0, size}:
            yield "low", list(self.low), f"low and high, {size} numbers each, or neither"
        if bool(self.low) != (self.interval is not None):
            yield "interval", self.interval, "with low and high, and only then"
        for value, low, high in zip(given, self.low, self.high, strict=False):
            if not low <= value <= high:
                yield "low", low, f"low, value and high in this order, not {low:g}, {value:g}, {high:g}"


@dataclass(frozen=True)
class Point:
    """A figure at one time: its value and the interval in which a model agrees with it, and on what that rests."""

    at_years: float
    value: float
    low: float
    high: float
    basis: str


def points(figure: Figure) -> Iterator[Point]:
    """The figure at each of its times.

    The interval is the one printed, or the span of several series; of counts the exact binomial one, but no closer than
    `FACTOR`; otherwise `FACTOR` to both sides.
    """
    for k, at in enumerate(figure.at_years):
        value = figure.value[k] if figure.value else figure.events[k] / (figure.n or 1)
        near, far = sorted((value / FACTOR, value * FACTOR))
        far = min(far, 1.0) if figure.unit == "share" else far
        if figure.interval is not None:
            yield Point(at, value, figure.low[k], figure.high[k], figure.interval)
        elif figure.events and figure.n is not None:
            low, high = exact_interval(figure.events[k], figure.n)
            yield Point(at, value, min(low, near), max(high, far), "counts")
        else:
            yield Point(at, value, near, far, "factor")


@dataclass(frozen=True)
class Course:
    """The populations to be lived and the figures to be formed, in the order of the file."""

    populations: Mapping[str, Population]
    figures: Mapping[str, Figure]
    scenarios: Mapping[str, Scenario]
    content: bytes


def _settled(population: Population, register: Register, called: str, where: str) -> Scenario:
    """The population's scenario at its hospital and with the people of its study. Raises BadInput."""
    scenario = load_scenario(population.scenario, policies=[population.policy])
    if population.centre is not None:
        scenario = scenario.with_(evidence={"centre": population.centre})
    name, group = population.study, population.group
    if not name:
        if group:
            raise BadInput([Problem(called, f"{where}.group", repr(group), "nothing without study, whose group it is")])
        return scenario
    if name not in study_names():
        raise BadInput([Problem(called, f"{where}.study", repr(name), nearest(name, study_names()))])
    study = load_studies(register, [name])[0][name]
    if group and group not in study.groups:
        raise BadInput([Problem(called, f"{where}.group", repr(group), nearest(group, study.groups))])
    return as_enrolled(scenario, study, group, register)


def load_course(path: Path | None = None, register: Register | None = None) -> Course:
    """The figures of `course.toml` in the folder `path` (default: the shipped calibration).

    Raises BadInput with every fault.
    """
    root = path or shipped("calibration")
    file = root / "course.toml"
    called = spelled(file, root)
    register = register or load_register()
    problems: list[Problem] = []
    table: dict[str, Any] = read_toml(file, called, problems)
    populations: dict[str, Population] = {}
    scenarios: dict[str, Scenario] = {}
    figures: dict[str, Figure] = {}
    for key, each in table.pop("populations", {}).items():
        where = f"populations.{key}"
        population = checked(Population, each, called, where, problems)
        if population is not None:
            populations[key] = population
            try:
                scenarios[key] = _settled(population, register, called, where)
            except BadInput as bad:
                problems.extend(bad.problems)
    for key, each in table.items():
        figure = checked(Figure, each, called, key, problems)
        if figure is None:
            continue
        figures[key] = figure
        found = [(f"{key}.{name}", value, allowed) for name, value, allowed in figure.faults()]
        if figure.population not in populations:
            found.append((f"{key}.population", figure.population, nearest(figure.population, populations)))
        found += [
            (f"{key}.source", s, nearest(s, register.sources)) for s in figure.source if s not in register.sources
        ]
        found += [
            (f"{key}.sets_rule", p, nearest(p, register.names())) for p in figure.sets_rule if p not in register.names()
        ]
        if figure.population in scenarios and figure.since == "referral" and figure.at_years:
            horizon = scenarios[figure.population].horizon
            last = max(*figure.at_years, figure.within_years or 0.0)
            if last > horizon:
                found.append((f"{key}.at_years", last, f"at most the {horizon:g} years of {figure.population}"))
        problems.extend(Problem(called, where, str(value), allowed) for where, value, allowed in found)
    if problems:
        raise BadInput(problems)
    return Course(populations, figures, scenarios, file.read_bytes())
