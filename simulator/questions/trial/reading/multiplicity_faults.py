"""Rules for several hypotheses that cannot be, explained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from simulator.questions.trial.conduct.decisions import EXACT
from simulator.questions.trial.design.design import Design
from simulator.questions.trial.design.interim import Multiplicity
from simulator.scenario.policy import Fault
from simulator.statistics.sequential.spending import NAMES as SPENDING
from simulator.words.errors import nearest

MOST_IN_GRAPH = 5
"""Hypotheses of a graph with looks."""


def multiplicity_faults(design: Design, known: list[str]) -> Iterator[Fault]:
    """What is wrong with the rule for several hypotheses, of endpoints with the names `known`."""
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
