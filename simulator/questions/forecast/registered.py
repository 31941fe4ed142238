"""A registered trial as its file writes it: what the registration says, what it leaves open, and what counts as success."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen
from simulator.scenario.limits import Years, number
from simulator.scenario.policy import Criteria, Fault
from simulator.scenario.settings import LifeTableChoice
from simulator.studies.measures import TIME_TO_EVENT, Binary, outcome_of
from simulator.studies.study import (
    Described,
    Group,
    Kind,
    MeanSd,
    Names,
    Range,
    Study,
    Time,
    Words,
)
from simulator.words.label import Label

Test: TypeAlias = Literal["fisher", "log_rank", "none"]
"""How the arms are compared: Fisher's exact test of counts, the log-rank test, or not at all."""
ADVERSE = ("amputation", "death", "amputation or death")
"""Kinds of outcome of which fewer are better."""

Level = Annotated[float, BeforeValidator(number(0.0, 0.5))]


class Looked(Frozen):
    """When and where results were looked for and not found: what makes it a forecast."""

    date: datetime.date
    where: Words


class Endpoint(Frozen):
    """One number of each arm, and the comparison of two arms.

    `measure` is a binary outcome by `at_years`. `test` compares the `treated` with the `control` arms at a two-sided level;
    the trial succeeds if the test is significant in favour of the treated. `own_criterion` says whether the registration
    itself names this comparison; `stands_for` says what of the trial's endpoint the model does not know.
    """

    name: Label
    measure: Binary
    at_years: Time
    primary: bool = False
    treated: Names
    control: Names = ()
    test: Test = "fisher"
    two_sided_level: Level = 0.05
    own_criterion: bool = False
    stands_for: str = ""

    @property
    def fewer_is_better(self) -> bool:
        """Whether the treated win with fewer events."""
        return outcome_of(self.measure) in ADVERSE and self.measure != "amputation_free_survival"

    def faults(self) -> Iterator[Fault]:
        """What the keys cannot tell one by one."""
        if not self.treated:
            yield "treated", [], "at least one group"
        if self.test == "none" and self.control:
            yield "control", list(self.control), 'nothing, because test = "none" compares no arms'
        if self.test != "none" and not self.control:
            yield "control", [], 'at least one group, or test = "none"'
        if both := sorted(set(self.treated) & set(self.control)):
            yield "control", both, "groups that are not among the treated"
        if self.test == "log_rank" and self.measure not in TIME_TO_EVENT:
            yield "test", self.test, f"fisher with {self.measure}; log_rank with one of {', '.join(TIME_TO_EVENT)}"


class RegisteredTrial(Described):
    """A trial whose results are not known.

    People, arms and care are written as those of a study to validate; what the registration does not say is a range in
    `assumed`, from which every draw takes a value of its own. `registration` is the register's identifier. `therapies` are as
    a study's: the trial's own, or files that have them. `centre` is where the trial happens: a new hospital drawn at random
    in every draw, or the founding one.
    """

    label: Label
    registration: Words
    kind: Kind
    source: Names = ()
    citation: str = ""
    description: Words
    looked_for_results: Looked
    follow_up_years: Years
    life_table: LifeTableChoice
    population: dict[str, float] = Field(default_factory=dict)
    assumed: dict[str, Range] = Field(default_factory=dict)
    tcpo2: MeanSd | None = None
    entry: Criteria = Criteria()
    centre: Literal["new", "founding"] = "new"
    therapies: dict[str, str | dict[str, Any]] = Field(default_factory=dict)
    groups: dict[str, Group]
    endpoint: Annotated[tuple[Endpoint, ...], BeforeValidator(as_tuple)]
    assumptions: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = ()

    @property
    def primary(self) -> Endpoint:
        """The endpoint whose comparison decides whether the trial succeeds."""
        return next(each for each in self.endpoint if each.primary)

    @property
    def cohort(self) -> Literal["referral", "trial"]:
        """What kind of cohort its people are: those of a trial, or consecutive ones."""
        return "trial" if self.kind in ("blinded trial", "open trial") else "referral"

    def study(self) -> Study:
        """The people and arms as a study without any observed number, for the code that re-enacts studies."""
        shared = {name: getattr(self, name) for name in SHARED}
        return Study(grade="C", quantity=(), cohort=self.cohort, founding_centre=self.centre == "founding", **shared)

    def faults(self) -> Iterator[Fault]:
        """What the keys cannot tell one by one. Names of parameters and sources are checked where they are known."""
        yield from self.study().faults()
        if not self.endpoint:
            yield "endpoint", [], "at least one"
        elif sum(each.primary for each in self.endpoint) != 1:
            yield (
                "endpoint.primary",
                sum(each.primary for each in self.endpoint),
                "exactly one endpoint with primary = true",
            )
        for place, each in enumerate(self.endpoint):
            here = f"endpoint[{place}]"
            for key, value, allowed in each.faults():
                yield f"{here}.{key}", value, allowed
            for key, names in (("treated", each.treated), ("control", each.control)):
                for name in names:
                    if name not in self.groups:
                        yield f"{here}.{key}", name, "one of groups: " + ", ".join(self.groups)
            if each.at_years > self.follow_up_years:
                yield f"{here}.at_years", each.at_years, f"at most follow_up_years = {self.follow_up_years:g}"
            if each.name in [other.name for other in self.endpoint[:place]]:
                yield f"{here}.name", each.name, "each name once"


SHARED = (
    "label", "kind", "source", "citation", "description", "follow_up_years", "life_table", "population",
    "assumed", "tcpo2", "entry", "therapies", "groups", "assumptions",
)  # fmt: skip
"""Keys that a registered trial has in common with a study."""
