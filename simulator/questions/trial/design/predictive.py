"""Interim looks by the predictive probability that a trial with a posterior rule will succeed at its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator

from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen
from simulator.questions.trial.design.limits import Patients
from simulator.scenario.limits import Probability
from simulator.scenario.policy import Fault
from simulator.statistics.beliefs.beta_rules import UNIFORM
from simulator.statistics.beliefs.borrowing import LEAST_SHAPE, BorrowingRule

if TYPE_CHECKING:
    from simulator.questions.trial.design.design import Design
    from simulator.questions.trial.design.endpoint import Endpoint


class Predictive(Frozen):
    """Looks after so many patients (`at`) have been followed to the first endpoint.

    The trial stops without success where the predictive probability of success at its end is below `futility`, and with it
    where that is `efficacy` or more (never without).
    """

    at: Annotated[tuple[Patients, ...], BeforeValidator(as_tuple)]
    futility: Probability = 0.0
    efficacy: Probability | None = None


def rule_of(design: Design, endpoint: Endpoint, patients: int) -> BorrowingRule:
    """The posterior rule of a trial of two arms at a size, its patients shared as the allocation says."""
    one, other = (arm.allocation for arm in design.arms[:2])
    controls = round(patients * one / (one + other))
    prior = UNIFORM if endpoint.prior is None else endpoint.prior.mixture
    return BorrowingRule(prior, (controls, patients - controls), 1.0 - design.alpha)


def predictive_faults(design: Design) -> Iterator[Fault]:
    """What is wrong with posterior rules of two arms and with looks by predictive probability."""
    for endpoint in design.endpoints:
        if endpoint.test != "posterior_difference":
            continue
        key = f"endpoints.{endpoint.name}"
        if endpoint.prior is not None and min(*endpoint.prior.a, *endpoint.prior.b) < LEAST_SHAPE:
            yield f"{key}.prior.a", min(*endpoint.prior.a, *endpoint.prior.b), f"a and b of {LEAST_SHAPE:g} or more"
        if len(design.arms) > 2:
            yield f"{key}.test", endpoint.test, "two arms"
        if design.sides == 2:
            yield (
                "sides",
                design.sides,
                f"1 with {endpoint.test}, which asks whether the treated rate is above the control's",
            )
    tested = [each for each in design.confirmatory if each.test == "posterior_difference"]
    if tested and len(design.confirmatory) > 1:
        allowed = "one confirmatory endpoint: a posterior probability is no p value that others could share alpha with"
        yield f"endpoints.{tested[0].name}.test", tested[0].test, allowed
    if tested and (design.looks is not None or design.reestimation is not None):
        allowed = (
            "[predictive], because borrowed patients are there from the first look on, which no boundary allows for"
        )
        yield ("looks" if design.looks is not None else "reestimation"), "given", allowed
    if tested and design.blinded_review is not None:
        allowed = "nothing with posterior_difference, whose borrowed patients belong to one planned size"
        yield "blinded_review", design.blinded_review.nuisance, allowed
    rule = design.predictive
    if rule is None:
        return
    if design.primary.test != "posterior_difference":
        allowed = "a first endpoint with test posterior_difference; a single arm has two_stage with kind 'predictive'"
        yield "predictive", "given", allowed
    at = list(rule.at)
    if not at or at != sorted(set(at)) or (design.size.patients is not None and at[-1] >= design.size.patients):
        yield (
            "predictive.at",
            at,
            f"increasing numbers below the {design.size.patients} patients; the end is not listed",
        )
    if rule.efficacy is not None and rule.efficacy <= rule.futility:
        yield "predictive.efficacy", rule.efficacy, f"above futility, {rule.futility:g}"
    if not rule.futility and rule.efficacy is None:
        yield "predictive.futility", rule.futility, "above 0, or efficacy: these looks would never stop a trial"
