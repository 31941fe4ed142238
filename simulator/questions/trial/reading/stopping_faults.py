"""Interim looks and stages that cannot be, explained."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.questions.trial.analysis.looks import foreseen
from simulator.questions.trial.conduct.blinded_review import blinded_review_faults
from simulator.questions.trial.design.design import Design
from simulator.questions.trial.design.endpoint import ONE_ARM, WEIGHTED, Endpoint
from simulator.scenario.policy import Fault
from simulator.statistics.sequential.spending import NAMES as SPENDING
from simulator.statistics.sizes.exact_binomial import single_arm_problems
from simulator.words.errors import BadInput


def stopping_faults(design: Design) -> Iterator[Fault]:
    """What is wrong with the looks, stages and reviews of a trial, and with what they may decide."""
    if design.size.events is not None and not design.primary.by_events:
        yield "size.events", design.size.events, "only with a first endpoint that counts events, as logrank does"
    if design.two_stage is not None:
        yield from _stages(design)
    elif design.looks is not None:
        yield from _looks(design)
    elif design.futility is not None:
        yield "futility", design.futility.rule, "only with looks"
    yield from blinded_review_faults(design)
    grow = design.reestimation
    if grow is None:
        return
    looks = design.looks
    if looks is None or not looks.at or looks.by == "months":
        yield "reestimation", "on", "interim looks, by patients, events or information"
        return
    if grow.look is not None and grow.look > len(looks.at):
        yield "reestimation.look", grow.look, f"one of the {len(looks.at)} interim looks"
    if len(looks.at) > 1 and not foreseen(design):
        allowed = "looks whose information is known in advance, because it gives the weights of several stages"
        yield "reestimation", "on", allowed
    if len(looks.at) > 1 and grow.test == "ordinary":
        allowed = "weighted with several interim looks: the promising zone is known to be safe for one look only"
        yield "reestimation.test", grow.test, allowed
    if looks.type == "triangular":
        yield "looks.type", looks.type, "another type with reestimation: the triangle ends where it was planned to"
    if len(design.confirmatory) * len(design.comparisons) > 1:
        yield "reestimation", "on", "one confirmatory endpoint and two arms"
    if design.sides == 2:
        yield "reestimation", "on", "a one-sided test: use sides 1 and half of the alpha"
    if not grow.lower < grow.upper <= grow.target < 1.0:
        yield "reestimation", f"{grow.lower:g}, {grow.upper:g}, {grow.target:g}", "lower < upper <= target < 1"


def _stages(design: Design) -> Iterator[Fault]:
    chosen, endpoint = design.two_stage, design.primary
    assert chosen is not None
    bayes = chosen.kind == "predictive"
    if len(design.arms) != 1 or endpoint.test != ("posterior" if bayes else "exact_binomial"):
        yield (
            "two_stage",
            chosen.kind,
            "one arm and an exact_binomial endpoint, or kind 'predictive' and a posterior one",
        )
        return
    if bayes != (chosen.futility is not None):
        told = "missing" if bayes else chosen.futility
        yield "two_stage.futility", told, "a probability with kind 'predictive', and only then"
    if design.looks is not None or len(design.confirmatory) > 1:
        yield "two_stage", chosen.kind, "no other looks and one confirmatory endpoint"
    if endpoint.lost != "failure":
        yield f"endpoints.{endpoint.name}.lost", endpoint.lost, "'failure', because both stages count every patient"
    numbers = {key: getattr(chosen, key) for key in ("n1", "r1", "n", "r")}
    if bayes:
        if not (chosen.n1 and chosen.n and chosen.n1 < chosen.n):
            yield "two_stage.n1", chosen.n1, "n1 below n, both given"
        for key in ("r1", "r", "hoped_rate"):
            if getattr(chosen, key) is not None:
                yield f"two_stage.{key}", getattr(chosen, key), "nothing with kind 'predictive', which finds the limits"
        return
    if chosen.kind == "given":
        for key, value in numbers.items():
            if value is None:
                yield f"two_stage.{key}", "missing", "a number, because kind is 'given'"
        if None not in numbers.values():
            n1, r1, n, r = (int(value) for value in numbers.values())
            if not (r1 < n1 < n and r1 <= r < n):
                yield "two_stage", f"n1 {n1}, r1 {r1}, n {n}, r {r}", "r1 < n1 < n and r1 <= r < n"
        return
    for key, value in numbers.items():
        if value is not None:
            yield f"two_stage.{key}", value, "only with kind 'given'"
    if chosen.hoped_rate is None:
        yield "two_stage.hoped_rate", "missing", "the rate that the trial hopes for"
    elif endpoint.null_rate is not None:
        p0, p1 = endpoint.null_rate, chosen.hoped_rate
        found = single_arm_problems(p0, p1, design.alpha, design.size.power, design.file)
        yield from ((f"two_stage.{problem.key}", problem.value, problem.allowed) for problem in found)
        if not found:
            try:
                assert design.stages
            except BadInput as bad:
                yield from ((f"two_stage.{problem.key}", problem.value, problem.allowed) for problem in bad.problems)


def _looks(design: Design) -> Iterator[Fault]:
    looks, endpoint = design.looks, design.primary
    assert looks is not None
    for each in design.confirmatory:
        if each.test in WEIGHTED:
            allowed = "no looks: its information is not the number of events, which boundaries here go by"
            yield f"endpoints.{each.name}.test", each.test, allowed
    at = list(looks.at)
    if not at or at != sorted(set(at)) or min(at) <= 0.0:
        yield "looks.at", at, "interim looks in increasing order, the first above 0"
        return
    if endpoint.test in ONE_ARM:
        yield "looks", looks.by, "two_stage, the only interim rule for a single arm"
    if looks.by in ("patients", "events") and any(value != round(value) for value in at):
        yield "looks.at", at, "whole numbers"
    if looks.by == "information" and at[-1] >= 1.0:
        yield "looks.at", at, "shares of the information at the end, below 1; the last analysis is not listed"
    if looks.by == "patients" and design.size.patients is not None and at[-1] >= design.size.patients:
        yield "looks.at", at, f"fewer than the {design.size.patients} patients; the last analysis is not listed"
    if looks.by == "events" and not endpoint.by_events:
        yield "looks.by", looks.by, f"patients, information or months: {endpoint.test} does not count events"
    elif looks.by in ("events", "information") and endpoint.by_events and design.size.events is None:
        allowed = "size.events, the events of the last analysis: without them an event count is no share of information"
        yield "looks.by", looks.by, allowed
    elif looks.by == "events" and design.size.events is not None and at[-1] >= design.size.events:
        yield "looks.at", at, f"fewer than size.events = {design.size.events}; the last analysis is not listed"
    end = float(design.accrual.date(design.size.patients or 1)) * 12.0 + design.follow_up.months
    if looks.by == "months" and at[-1] >= end:
        yield "looks.at", at, f"before the trial ends, which is after about {end:.0f} months"
    own_pace = [other.name for other in design.confirmatory[1:] if not _same_information(endpoint, other)]
    if own_pace and looks.type not in SPENDING:
        allowed = (
            f"a spending function ({', '.join(SPENDING)}), because the information on {', '.join(own_pace)} does not grow "
            f"in step with that on {endpoint.name}"
        )
        yield "looks.type", looks.type, allowed
    several = len(design.confirmatory) * len(design.comparisons) > 1
    if several and design.futility is not None and design.futility.binding:
        allowed = "false with several hypotheses: the rule looks at the first endpoint only, and at all arms together"
        yield "futility.binding", True, allowed
    if looks.type == "triangular":
        if several:
            yield (
                "looks.type",
                looks.type,
                "another type with several hypotheses: the triangle stops for futility by one",
            )
        if design.sides == 2:
            yield "sides", design.sides, "1 with looks.type 'triangular': the triangle is a one-sided test"
        if design.futility is not None:
            yield "futility", design.futility.rule, "nothing with looks.type 'triangular', which has a rule of its own"
    elif design.sides == 2 and design.futility is not None and design.futility.rule != "beta":
        allowed = "beta in a two-sided trial (a wedge around no effect), or a one-sided trial at half of the alpha"
        yield "futility.rule", design.futility.rule, allowed
    if not foreseen(design):
        if looks.type not in SPENDING:
            allowed = (
                f"a spending function ({', '.join(SPENDING)}), because the information at these looks is not known in "
                "advance"
            )
            yield "looks.type", looks.type, allowed
        if design.futility is not None and design.futility.binding:
            yield "futility.binding", True, "false, because the information at these looks is not known in advance"


def _same_information(first: Endpoint, other: Endpoint) -> bool:
    """Whether two endpoints count the same patients at every look."""
    return not first.by_events and not other.by_events and first.waits == other.waits
