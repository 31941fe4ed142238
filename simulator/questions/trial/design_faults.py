"""Designs that cannot be, explained: what the keys of a design file cannot tell one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from simulator.evidence.hospitals import load_hospitals
from simulator.questions.trial.blinded_review import blinded_review_faults
from simulator.questions.trial.blinding import blinding_faults
from simulator.questions.trial.decisions import EXACT
from simulator.questions.trial.design import MEASURES, Design, Multiplicity
from simulator.questions.trial.drop_out import drop_out_faults
from simulator.questions.trial.endpoint import ONE_ARM, WEIGHTED, Endpoint
from simulator.questions.trial.estimand import estimand_faults
from simulator.questions.trial.idle_keys import idle_keys
from simulator.questions.trial.predictive import predictive_faults
from simulator.questions.trial.selection import selection_faults
from simulator.questions.trial.stated import stated_faults
from simulator.scenario.policy import Fault
from simulator.scenario.settings import OwnCounts, OwnOffsets
from simulator.statistics.exact_binomial import single_arm_problems
from simulator.statistics.spending import NAMES as SPENDING
from simulator.words.errors import BadInput, nearest

MOST_IN_GRAPH = 5
"""Hypotheses of a graph with looks."""


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
    unknown = list(_multiplicity(design, known))
    yield from unknown
    if not unknown:
        yield from _aims(design)
    yield from _randomisation(design)
    yield from _size(design)
    if not unknown:
        yield from _stopping(design)
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


def _multiplicity(design: Design, known: list[str]) -> Iterator[Fault]:
    rule = design.multiplicity
    if rule is None:
        if len(design.arms) > 2 and design.selection is None:
            allowed = "a rule (or [selection]), because more than one arm is compared with the control"
            yield "multiplicity.rule", "missing", allowed
        return
    listed = [name for family in rule.families for name in family]
    if bool(listed) != (rule.rule == "gatekeeping"):
        yield (
            "multiplicity.families",
            [list(f) for f in rule.families],
            "lists of endpoints, with rule gatekeeping only",
        )
    yield from _levels_at_looks(design, rule)
    if rule.rule == "dunnett" and (len(design.comparisons) < 2 or len(rule.endpoints or known) > 1):
        yield "multiplicity.rule", rule.rule, "several arms against the control in one confirmatory endpoint"
    if not unknown_names(rule, known):
        yield from _graph(design)
    if listed and rule.endpoints:
        yield "multiplicity.endpoints", list(rule.endpoints), "nothing, because families name the endpoints"
    for name, times in Counter([*listed, *rule.endpoints]).items():
        if name not in known:
            yield "multiplicity.endpoints", name, nearest(name, known)
        elif times > 1:
            yield "multiplicity.endpoints", name, "each endpoint once"


def _levels_at_looks(design: Design, rule: Multiplicity) -> Iterator[Fault]:
    """Which rules know the level of every look."""
    if rule.rule not in EXACT:
        return
    others = "bonferroni, holm, fixed_sequence, gatekeeping or graphical"
    if design.two_stage is not None:
        yield "multiplicity.rule", rule.rule, "nothing with two_stage, which tests one endpoint"
    elif design.looks is None:
        return
    elif rule.rule == "hochberg":
        allowed = f"{others} with looks: Simes' inequality is not shown for the smallest p values of several looks"
        yield "multiplicity.rule", rule.rule, allowed
    elif rule.rule == "dunnett":
        yield (
            "multiplicity.rule",
            rule.rule,
            f"{others} with looks: the joint law of all arms at all looks is not there",
        )
    elif design.looks.type not in SPENDING:
        allowed = f"a spending function ({', '.join(SPENDING)}), because a graph's weights need boundaries at any level"
        yield "looks.type", design.looks.type, allowed
    elif len(rule.weights) > MOST_IN_GRAPH:
        allowed = f"at most {MOST_IN_GRAPH} hypotheses with looks, because every weight has boundaries of its own"
        yield "multiplicity.weights", list(rule.weights), allowed
    elif rule.weights and rule.weights[0] <= 0.0:
        yield (
            "multiplicity.weights",
            list(rule.weights),
            "a weight above 0 for the first endpoint, which ends the trial",
        )


def unknown_names(rule: Multiplicity, known: list[str]) -> bool:
    """Whether a rule names an endpoint that is not there."""
    return not {*rule.endpoints, *(name for family in rule.families for name in family)} <= set(known)


def _graph(design: Design) -> Iterator[Fault]:
    rule = design.multiplicity
    assert rule is not None
    weights, rows = rule.weights, rule.transitions
    if rule.rule != "graphical":
        for key in ("weights", "transitions"):
            if getattr(rule, key):
                yield f"multiplicity.{key}", "given", "only with rule graphical"
        return
    m = len(design.confirmatory) * len(design.comparisons)
    if len(weights) != m or sum(weights) > 1.0 + 1e-9:
        yield "multiplicity.weights", list(weights), f"a share of alpha for each of {m} hypotheses, 1 in all at most"
    fits = len(rows) == m and all(len(row) == m for row in rows)
    if not fits or any(sum(row) > 1.0 + 1e-9 or row[place] for place, row in enumerate(rows)):
        allowed = f"{m} lists of {m} parts, each 1 in all at most and nothing for the hypothesis itself"
        yield "multiplicity.transitions", [list(row) for row in rows], allowed


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


def _stopping(design: Design) -> Iterator[Fault]:
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


def foreseen(design: Design) -> bool:
    """Whether the information at the interim looks is known in advance."""
    looks = design.looks
    return looks is None or looks.by in ("information", "events" if design.primary.by_events else "patients")
