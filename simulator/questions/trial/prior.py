"""What is believed of a single arm's rate before the trial, as a design writes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator

from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen
from simulator.scenario.limits import Probability, number
from simulator.scenario.policy import Fault
from simulator.statistics.beta_rules import BetaMixture, robust

Shapes = Annotated[tuple[Annotated[float, BeforeValidator(number(0.01, 1e6))], ...], BeforeValidator(as_tuple)]


class Prior(Frozen):
    """A mixture of Beta(a, b) for the rate of the good outcome, as a meta-analytic predictive prior of historical controls or
    arms comes out, with a uniform part of weight `vague` that takes over where the data contradict it. Default: uniform.
    """

    weight: Annotated[tuple[Probability, ...], BeforeValidator(as_tuple)] = (1.0,)
    a: Shapes = (1.0,)
    b: Shapes = (1.0,)
    vague: Probability = 0.0

    @property
    def mixture(self) -> BetaMixture:
        """The whole prior."""
        found = BetaMixture(self.weight, self.a, self.b)
        return robust(found, self.vague) if self.vague else found

    def faults(self) -> Iterator[Fault]:
        """What no key can tell alone."""
        if not len(self.weight) == len(self.a) == len(self.b):
            yield "prior.weight", list(self.weight), "as many as a and b, one for each part of the mixture"
        elif abs(sum(self.weight) - 1.0) > 1e-6:
            yield "prior.weight", list(self.weight), "weights that sum to 1; vague comes on top"
