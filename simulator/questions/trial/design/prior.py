"""What is believed of a rate before the trial, as a design writes it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import BeforeValidator

from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen
from simulator.scenario.limits import Probability, number
from simulator.scenario.policy import Fault
from simulator.statistics.beliefs.beta_rules import BetaMixture, robust
from simulator.statistics.beliefs.meta_analysis import historical_prior

Shapes = Annotated[tuple[Annotated[float, BeforeValidator(number(0.01, 1e6))], ...], BeforeValidator(as_tuple)]
People = Annotated[int, BeforeValidator(number(1, 1_000_000, whole=True))]
Successes = Annotated[int, BeforeValidator(number(0, 1_000_000, whole=True))]
Heterogeneity = Annotated[float, BeforeValidator(number(0.05, 5.0))]

READ_WITH = {
    "weight": "stated",
    "a": "stated",
    "b": "stated",
    "studies": "studies",
    "heterogeneity": "studies",
    "policy": "hospitals",
}
"""Which way of giving a prior reads a key."""


class EarlierStudy(Frozen):
    """Earlier patients of one study, and how many of them had the good outcome at the endpoint's time."""

    patients: People
    successes: Successes


class Prior(Frozen):
    """A mixture of Beta(a, b) for the rate of the good outcome, with a uniform part of weight `vague` that takes over where the
    data contradict the rest. Default: uniform.

    `taken_from` says where the rest comes from: stated as `weight`, `a` and `b`; predicted from earlier `studies` by a
    random-effects meta-analysis, whose standard deviation of log odds between studies has a half-normal prior of scale
    `heterogeneity`; or predicted for a new study from the population of `hospitals`, with patients who meet the design's
    entry criteria under `policy` (default: the control's).
    """

    taken_from: Literal["stated", "studies", "hospitals"] = "stated"
    weight: Annotated[tuple[Probability, ...], BeforeValidator(as_tuple)] = (1.0,)
    a: Shapes = (1.0,)
    b: Shapes = (1.0,)
    studies: Annotated[tuple[EarlierStudy, ...], BeforeValidator(as_tuple)] = ()
    heterogeneity: Heterogeneity = 1.0
    policy: str | None = None
    vague: Probability = 0.0

    @property
    def informative(self) -> BetaMixture:
        """The prior without its vague part. A prior from hospitals must have been simulated (`historical.with_history`)."""
        if self.taken_from == "hospitals" and "weight" not in self.model_fields_set:
            raise ValueError("a prior from hospitals that nobody has simulated")
        return (
            _predicted(self.studies, self.heterogeneity) if self.studies else BetaMixture(self.weight, self.a, self.b)
        )

    @property
    def mixture(self) -> BetaMixture:
        """The whole prior, its vague part last."""
        return robust(self.informative, self.vague) if self.vague else self.informative

    def faults(self) -> Iterator[Fault]:
        """What no key can tell alone."""
        for key, way in READ_WITH.items():
            if key in self.model_fields_set and way != self.taken_from:
                yield f"prior.{key}", "given", f"only with taken_from {way!r}"
        if self.taken_from == "studies" and len(self.studies) < 2:
            yield "prior.studies", len(self.studies), "two or more: one study does not tell how much studies differ"
        for place, each in enumerate(self.studies):
            if each.successes > each.patients:
                yield f"prior.studies[{place + 1}].successes", each.successes, f"at most its {each.patients} patients"
        if not len(self.weight) == len(self.a) == len(self.b):
            yield "prior.weight", list(self.weight), "as many as a and b, one for each part of the mixture"
        elif abs(sum(self.weight) - 1.0) > 1e-6:
            yield "prior.weight", list(self.weight), "weights that sum to 1; vague comes on top"


@lru_cache(maxsize=32)
def _predicted(studies: tuple[EarlierStudy, ...], heterogeneity: float) -> BetaMixture:
    return historical_prior([each.successes for each in studies], [each.patients for each in studies], heterogeneity)
