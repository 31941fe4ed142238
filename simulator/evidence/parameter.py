"""One number of the evidence register: value, unit, distribution, source, grade and note."""

from __future__ import annotations

import keyword
import math
from collections.abc import Collection, Iterator
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field, ValidationError

from simulator.evidence.reading import MISSING, Frozen, checked
from simulator.words.errors import Problem, nearest
from simulator.words.label import Label

Grade: TypeAlias = Literal["published", "derived", "recalled", "assumption"]
GRADES: tuple[Grade, ...] = ("published", "derived", "recalled", "assumption")

Fault: TypeAlias = tuple[str, object, str]
"""Key, value and what was allowed."""

Positive = Annotated[float, Field(gt=0)]


def as_tuple(value: object) -> object:
    """A TOML array as the tuple that frozen models hold."""
    return tuple(value) if isinstance(value, list) else value


class Fixed(Frozen):
    """Known, or not varied: every draw is the value."""

    kind: Literal["fixed"] = "fixed"

    def faults(self, _value: float) -> Iterator[Fault]:
        """Nothing can be wrong."""
        yield from ()


class Normal(Frozen):
    """Normal around the value."""

    kind: Literal["normal"]
    sd: Positive

    def faults(self, _value: float) -> Iterator[Fault]:
        """Nothing beyond the keys themselves can be wrong."""
        yield from ()


class Lognormal(Frozen):
    """Log-normal with the value as its median; `sd_log` is the standard deviation of the logarithm."""

    kind: Literal["lognormal"]
    sd_log: Positive

    def faults(self, value: float) -> Iterator[Fault]:
        """The median is positive."""
        if value <= 0:
            yield "value", value, "above 0 for a lognormal distribution"


class Beta(Frozen):
    """Beta with the value as its mean, and either `n` (a + b, the people it rests on) or its `sd`."""

    kind: Literal["beta"]
    n: Positive | None = None
    sd: Positive | None = None

    def faults(self, value: float) -> Iterator[Fault]:
        """Exactly one measure of spread, a mean inside (0, 1) and a spread that such a mean can have."""
        if (self.n is None) == (self.sd is None):
            yield "distribution", {"n": self.n, "sd": self.sd}, "exactly one of n and sd"
        if not 0 < value < 1:
            yield "value", value, "between 0 and 1, both excluded, for a beta distribution"
        elif self.sd is not None and self.sd**2 >= value * (1 - value):
            yield "distribution.sd", self.sd, f"below {math.sqrt(value * (1 - value)):.4g} for a mean of {value:g}"


class Gamma(Frozen):
    """Gamma with the value as its mean."""

    kind: Literal["gamma"]
    sd: Positive

    def faults(self, value: float) -> Iterator[Fault]:
        """The mean is positive."""
        if value <= 0:
            yield "value", value, "above 0 for a gamma distribution"


class _Bounded(Frozen):
    low: float
    high: float

    def faults(self, value: float) -> Iterator[Fault]:
        """The ends are in order and the value lies between them."""
        if self.low >= self.high:
            yield "distribution.low", self.low, f"below high = {self.high:g}"
        elif not self.low <= value <= self.high:
            yield "value", value, f"between {self.low:g} and {self.high:g}, the ends of its distribution"


class Uniform(_Bounded):
    """Every number between the ends is as likely."""

    kind: Literal["uniform"]


class LogUniform(_Bounded):
    """Every logarithm between the ends is as likely."""

    kind: Literal["log_uniform"]

    def faults(self, value: float) -> Iterator[Fault]:
        """As for bounded distributions, with positive ends."""
        if self.low <= 0:
            yield "distribution.low", self.low, "above 0"
        yield from super().faults(value)


class Triangular(_Bounded):
    """Triangle between the ends with its mode at the value."""

    kind: Literal["triangular"]


Distribution: TypeAlias = Fixed | Normal | Lognormal | Beta | Gamma | Uniform | LogUniform | Triangular

KINDS: dict[str, type[Distribution]] = {
    "fixed": Fixed,
    "normal": Normal,
    "lognormal": Lognormal,
    "beta": Beta,
    "gamma": Gamma,
    "uniform": Uniform,
    "log_uniform": LogUniform,
    "triangular": Triangular,
}


class Entry(Frozen):
    """A parameter as its file writes it.

    `range` is closed, bounds every value and truncates the distribution. `stream` names the stream of luck its
    draws come from; parameters that share one are drawn at the same quantile, which keeps their order. Without
    it a parameter has a stream of its own.
    """

    label: Label
    value: float
    unit: Annotated[str, Field(min_length=1)]
    distribution: Distribution
    range: Annotated[
        tuple[Annotated[float, Field(allow_inf_nan=True)], Annotated[float, Field(allow_inf_nan=True)]],
        BeforeValidator(as_tuple),
    ]
    source: Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
    grade: Grade
    note: Annotated[str, Field(min_length=1)]
    fitted: bool = False
    stream: str = ""

    def faults(self) -> Iterator[Fault]:
        """What the keys cannot tell one by one: order, containment, support, and a source where one is claimed."""
        low, high = self.range
        if not low < high:
            yield "range", [low, high], "two numbers, the lower first"
        elif not low <= self.value <= high:
            yield "value", self.value, f"{low:g} to {high:g}"
        elif isinstance(self.distribution, _Bounded):
            for key, end in (("low", self.distribution.low), ("high", self.distribution.high)):
                if not low <= end <= high:
                    yield f"distribution.{key}", end, f"{low:g} to {high:g}"
        yield from self.distribution.faults(self.value)
        if self.grade in {"published", "derived"} and not self.source:
            yield "source", [], f"at least one key of sources.toml, because the grade is {self.grade}"


class Parameter(Entry):
    """A parameter in force.

    `value` is the number that is used: the file's, the fitted one, or a user's. `centre` is the number that the
    distribution was written around, so that fitting a value leaves its prior where it was.
    """

    name: str
    group: str
    centre: float

    @property
    def luck(self) -> str:
        """Name of the stream its draws come from."""
        return self.stream or self.name


def read_parameter(
    name: str, group: str, table: object, sources: Collection[str], file: str, key: str, problems: list[Problem]
) -> Parameter | None:
    """The parameter `name` from its TOML table, or None with all of its faults appended to `problems`."""
    before = len(problems)
    if not name.isidentifier() or keyword.iskeyword(name):
        problems.append(Problem(file, key, repr(name), "a name of letters, digits and underscores"))
    if not isinstance(table, dict):
        problems.append(Problem(file, key, repr(table), f"a table with the keys {', '.join(Entry.model_fields)}"))
        return None
    replaced: dict[str, object] = {}
    if "distribution" in table:
        distribution = read_distribution(table["distribution"], file, f"{key}.distribution", problems)
        replaced = {"distribution": distribution or Fixed()}
    entry = checked(Entry, table | replaced, file, key, problems)
    for part, value, allowed in (entry or _rest(table | replaced)).faults():
        problems.append(Problem(file, f"{key}.{part}", repr(value), allowed))
    cited = table.get("source")
    for source in cited if isinstance(cited, list) else []:
        if isinstance(source, str) and source not in sources:
            allowed = f"a publication's key, of sources.toml or of the file's own [sources]; {nearest(source, sources)}"
            problems.append(Problem(file, f"{key}.source", repr(source), allowed))
    if entry is None or len(problems) > before:
        return None
    fields = {field: getattr(entry, field) for field in Entry.model_fields}
    return Parameter(**fields, name=name, group=group, centre=entry.value)


def _rest(table: dict[str, object]) -> Entry:
    """What is left of a faulty table, so that faults between its sound keys are told in the same message."""
    harmless: dict[str, object] = {
        "label": "?",
        "value": math.nan,
        "unit": "?",
        "distribution": Fixed(),
        "range": (-math.inf, math.inf),
        "source": (),
        "grade": "assumption",
        "note": "?",
    }
    sound = harmless | {key: value for key, value in table.items() if key in harmless}
    try:
        Entry.model_validate(sound)
    except ValidationError as error:
        sound |= {key: harmless[key] for key in {str(fault["loc"][0]) for fault in error.errors()}}
    if sound["value"] is harmless["value"]:
        return Entry.model_validate(harmless | {"value": 0.0})
    return Entry.model_validate(sound)


def read_distribution(table: object, file: str, key: str, problems: list[Problem]) -> Distribution | None:
    """A distribution from its TOML table, or None with all of its faults appended to `problems`."""
    kind = table.get("kind", MISSING) if isinstance(table, dict) else repr(table)
    if not isinstance(kind, str) or kind not in KINDS:
        problems.append(Problem(file, f"{key}.kind", str(kind), nearest(str(kind), KINDS)))
        return None
    return checked(KINDS[kind], table, file, key, problems)
