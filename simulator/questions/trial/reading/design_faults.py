"""Designs that cannot be, explained: what the keys of a design file cannot tell one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from simulator.evidence.hospitals import load_hospitals
from simulator.questions.trial.design.blinding import blinding_faults
from simulator.questions.trial.design.design import MEASURES, Design
from simulator.questions.trial.design.drop_out import drop_out_faults
from simulator.questions.trial.design.estimand import estimand_faults
from simulator.questions.trial.design.predictive import predictive_faults
from simulator.questions.trial.design.selection import selection_faults
from simulator.questions.trial.design.stated import stated_faults
from simulator.questions.trial.reading.idle_keys import idle_keys
from simulator.questions.trial.reading.multiplicity_faults import multiplicity_faults
from simulator.questions.trial.reading.stopping_faults import stopping_faults
from simulator.scenario.policy import Fault
from simulator.scenario.settings import OwnCounts, OwnOffsets


def faults(design: Design) -> Iterator[Fault]:
    """Key, value and what was allowed, for everything that is wrong."""
    yield from _errors(design)
    yield from _arms(design)
    yield from blinding_faults(design)
    yield from drop_out_faults(design)
    yield from _hospitals(design)
    for key, value, allowed in design.accrual.faults():
        yield f"accrual.{key}", value, allowed
    if design.entry is not None:
        for key, value, allowed in design.entry.faults():
            yield f"entry.{key}", value, allowed
    known = [endpoint.name for endpoint in design.endpoints]
    if not known:
        yield "endpoints", "none", "at least one endpoint"
        return
    yield from _endpoints(design)
    yield from idle_keys(design)
    yield from stated_faults(design)
    yield from estimand_faults(design)
    unknown = list(multiplicity_faults(design, known))
    yield from unknown
    if not unknown:
        yield from _aims(design)
    yield from _randomisation(design)
    yield from _size(design)
    if not unknown:
        yield from stopping_faults(design)
        yield from predictive_faults(design)
        yield from selection_faults(design)


def _errors(design: Design) -> Iterator[Fault]:
    side = design.alpha / design.sides
    if not 0.0 < side < 0.5:
        why = "with alpha 0 no result could ever be significant" if design.alpha == 0.0 else "each side below 0.5"
        yield "alpha", design.alpha, f"above 0 and below 0.5 ({why})"
    if not side < design.size.power < 1.0:
        why = "a trial without any effect already has a power of alpha; no trial is certain to succeed"
        yield "size.power", design.size.power, f"above the one-sided alpha ({side:g}) and below 1: {why}"


def _arms(design: Design) -> Iterator[Fault]:
    if not design.arms:
        yield "arms", "none", "at least one arm"
    for key, names in (("arms", [arm.name for arm in design.arms]), ("endpoints", [e.name for e in design.endpoints])):
        for name, times in Counter(names).items():
            if times > 1:
                yield f"{key}.name", name, "each name once"
    if len({arm.policy for arm in design.arms}) < len(design.arms):
        yield "arms.policy", ", ".join(arm.policy for arm in design.arms), "a policy of its own for every arm"
    crossover = design.crossover
    if crossover is not None:
        if len(design.arms) < 2:
            yield "crossover", crossover.to, "only with a control arm to switch from"
        elif crossover.to == design.arms[0].policy:
            yield "crossover.to", crossover.to, "a policy other than the control's"
        if crossover.after_months >= design.follow_up.months and design.follow_up.until == "own":
            allowed = f"before the end of follow-up, {design.follow_up.months:g} months"
            yield "crossover.after_months", crossover.after_months, allowed


def _hospitals(design: Design) -> Iterator[Fault]:
    """Which hospital, or which several, a trial is carried out at."""
    different = design.accrual.hospitals == "different"
    if different and design.centre is not None:
        yield "centre", design.centre, "nothing, because sites that differ are hospitals of their own"
    if isinstance(design.centre, OwnCounts | OwnOffsets):
        yield from design.centre.faults()
    if different and design.stated:
        yield "accrual.hospitals", "different", "alike with stated rates, which are those of all sites"
    if different and load_hospitals() is None:
        yield "accrual.hospitals", "different", "a fitted population of hospitals: clti calibrate --hospitals"


def _endpoints(design: Design) -> Iterator[Fault]:
    visits, longest = design.visits.at_months, design.follow_up.months
    if list(visits) != sorted(set(visits)):
        yield "visits.at_months", list(visits), "increasing months"
    for visit in visits:
        if visit > longest and design.follow_up.until == "own":
            yield "visits.at_months", visit, f"at most follow_up.months = {longest:g}"
    for endpoint in design.endpoints:
        for key, value, allowed in endpoint.faults(len(design.arms), visits, longest, len(design.randomisation.strata)):
            yield f"endpoints.{endpoint.name}.{key}", value, allowed


def _aims(design: Design) -> Iterator[Fault]:
    """What a margin goes with."""
    others = [each for each in design.endpoints if each.aim != "superiority"]
    if not others:
        return
    primary = design.primary
    if any(each is not primary for each in others) or len(design.confirmatory) > 1:
        yield "endpoints.aim", others[-1].name, "for the first endpoint only, and one that is tested alone"
    if design.sides == 2:
        yield "sides", design.sides, f"1: {primary.aim} is tested in one direction (or in each at alpha)"
    if primary.aim == "equivalence" and (design.looks is not None or design.reestimation is not None):
        yield "looks", "given", "none with aim 'equivalence', whose two tests no boundary here is made for"
    if design.crossover is not None:
        yield "crossover", design.crossover.to, "nothing with a margin: whoever switches makes arms alike"


def _randomisation(design: Design) -> Iterator[Fault]:
    total = sum(arm.allocation for arm in design.arms)
    if total and design.block % total:
        yield "randomisation.block", design.block, f"a multiple of {total}, the sum of the allocations"
    if design.block > (design.size.patients or design.block):
        yield "randomisation.block", design.block, f"at most the {design.size.patients} patients"
    rule = design.randomisation
    if rule.method == "minimised":
        if not rule.strata:
            yield "randomisation.strata", "none", "what minimisation balances"
        if len({arm.allocation for arm in design.arms}) > 1:
            allowed = "arms of equal size with minimisation, whose coin would not keep the ratio for everybody alike"
            yield "arms.allocation", [arm.allocation for arm in design.arms], allowed
        if "block" in rule.model_fields_set:
            yield "randomisation.block", rule.block, "only with method 'blocks'"
    elif "follow" in rule.model_fields_set:
        yield "randomisation.follow", rule.follow, "only with method 'minimised'"
    factors = [stratum.factor for stratum in rule.strata]
    if "site" in factors and design.accrual.pattern != "sites":
        yield "randomisation.strata", "site", "only with accrual pattern 'sites'"
    for factor, times in Counter(factors).items():
        if times > 1:
            yield "randomisation.strata", factor, "each factor once"
    for place, stratum in enumerate(design.randomisation.strata):
        if (stratum.cut is None) == (stratum.factor in MEASURES):
            allowed = "a value to split at" if stratum.cut is None else "nothing, because it has levels of its own"
            yield f"randomisation.strata[{place + 1}].cut", stratum.cut, f"{stratum.factor}: {allowed}"


def _size(design: Design) -> Iterator[Fault]:
    size = design.size
    if (size.patients is None) == (design.two_stage is None):
        if size.patients is None:
            yield "size.patients", "missing", "a number of patients (the search for a size starts from it)"
        else:
            yield "size.patients", size.patients, "nothing, because two_stage settles it"
    if size.events is not None and size.patients is not None and size.events >= size.patients:
        yield "size.events", size.events, f"fewer than the {size.patients} patients, of whom each has one at most"
    if size.patients is not None and size.patients < 2 * len(design.arms) and len(design.arms) > 1:
        yield "size.patients", size.patients, f"at least two for each of {len(design.arms)} arms"
