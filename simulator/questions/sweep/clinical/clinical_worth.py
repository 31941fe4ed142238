"""What the lives of a study are worth: prices and utilities as inputs beside the clinical parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from simulator.evidence.distributions import quantile
from simulator.evidence.parameter import Fixed, Parameter
from simulator.questions.sweep.methods.inputs import Floats, Input
from simulator.scenario import Policy, Scenario
from simulator.valuation.deal import check_no_lives
from simulator.valuation.lives import for_money
from simulator.valuation.valuation import Worth, worth
from simulator.valuation.values import Values, values_of
from simulator.work.model import canonical


def parameter_input(parameter: Parameter) -> Input:
    """A number of any register as an input of a study."""
    varies = not isinstance(parameter.distribution, Fixed)
    return Input(
        name=parameter.name,
        base=parameter.value,
        quantile=partial(quantile, parameter) if varies else None,
        group=parameter.group,
        unit=parameter.unit,
        limits=parameter.range,
        stream=parameter.stream,
    )


@dataclass(frozen=True, eq=False)
class ClinicalWorth:
    """The values that a scenario asks for, and the scenario with the payer's discount rates."""

    values: Values
    scenario: Scenario

    @classmethod
    def of(cls, scenario: Scenario) -> ClinicalWorth:
        """The values for the policies that the scenario compares.

        Raises BadInput as `values_of` does, and for terms of a deal that a study's lives do not tell.
        """
        check_no_lives(scenario, "a sensitivity study of costs")
        values = values_of(scenario)
        return cls(values, for_money(scenario, values.discounting))

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        """Every price that is read and every utility."""
        return tuple(parameter_input(each) for each in self._parameters())

    def evidence(self) -> str:
        """Hash of everything that turns a ledger into money and health."""
        values = self.values
        content = {
            "numbers": [each.model_dump(mode="json") for each in self._parameters()],
            "utilities": values.utility_set.method.model_dump(mode="json"),
            "rest": repr((values.norm, values.male_share, values.money, values.discounting)),
            "how": [values.wound_costs, asdict(values.scope), values.age_adjusted],
        }
        return hashlib.sha256(canonical(_finite(content)).encode()).hexdigest()

    def worth(
        self, ledgers: Floats, parameters: Any, varied: Mapping[str, float], policies: Mapping[str, Policy]
    ) -> Worth:
        """Costs and QALYs of ledgers, shape (batches, policies, fields), under one row of inputs.

        `varied` holds that row's prices and utilities. Raises BadInput for an event that nothing charges.
        """
        drawn = self.values.at_base({name: np.array([value]) for name, value in varied.items()})
        return worth(ledgers, parameters, drawn, replace(self.values, policies=policies))

    def _parameters(self) -> Iterator[Parameter]:
        prices, states = self.values.perspective.prices, self.values.utility_set.states
        yield from (prices[name] for name in self.values.price_names)
        yield from states.parameters


def _finite(content: Any) -> Any:
    """The content with infinite ends of ranges as text, which JSON lacks."""
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return repr(content) if isinstance(content, float) else content
