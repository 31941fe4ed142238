"""Checks of results that must be alike: equal policies, doses of nothing, horizons cut and people shifted."""

from __future__ import annotations

import numpy as np

from simulator.evidence.life_table import LifeTable
from simulator.living.outcomes import OUTCOMES
from simulator.questions.verify.outcomes.results import CLINICAL, RESULTS, columns
from simulator.questions.verify.subject.check import (
    DESIGN,
    TECH_VER,
    Found,
    NotApplicable,
    equal,
    none_of,
)
from simulator.questions.verify.subject.subject import NOTHING, Subject, life_years

__all__ = ["RESULTS"]  # here the domain has all its checks


@RESULTS.check(TECH_VER, "one policy under a second name", "differences are exactly 0, with no error")
def same_policy(subject: Subject) -> Found:
    """Identical policies."""
    from simulator.questions.verify.subject.subject import TWIN

    policy = subject.scenario.policies[subject.policies[-1]]
    scenario = subject.changed(policies={TWIN: policy}, reference=TWIN)
    found = subject.run(scenario=scenario, policies=[TWIN, subject.policies[-1]], times=subject.times)
    numbers = np.append(found.difference_estimates.mean, found.difference_estimates.se)
    return equal(numbers, np.zeros_like(numbers), "differences")


@RESULTS.check(TECH_VER, "arms swapped", "every difference changes its sign, and nothing else")
def swapped(subject: Subject) -> Found:
    """Swapped arms."""
    if len(subject.policies) < 2:
        raise NotApplicable("one policy only")
    a, b = subject.scenario.reference, next(p for p in subject.policies if p != subject.scenario.reference)
    there = subject.run(scenario=subject.changed(reference=a), policies=[a, b], times=subject.times)
    back = subject.run(scenario=subject.changed(reference=b), policies=[b, a], times=subject.times)
    found = there.difference_estimates.mean[1], there.difference_estimates.se[1]
    return equal(
        np.stack(found), np.stack([-back.difference_estimates.mean[1], back.difference_estimates.se[1]]), "numbers"
    )


def _equals_no_care(
    subject: Subject, policy: str, values: dict[str, float] | None, scenario_policy: object = None
) -> Found:
    from simulator.scenario import Policy

    extra = {policy: scenario_policy} if isinstance(scenario_policy, Policy) else {}
    lives = subject.lives(values, subject.changed(policies=extra), [NOTHING, policy], times=subject.times)
    places = [OUTCOMES.index(name) for name in CLINICAL]
    return equal(lives[policy].outcomes[:, :, places], lives[NOTHING].outcomes[:, :, places], "outcomes of lives")


@RESULTS.check(TECH_VER, "attribution none, products and routes alike", "cells change no life")
def neutral(subject: Subject) -> Found:
    """Effects neutral: everything would have recovered anyway."""
    policies = [p for p in subject.with_cells if not subject.scenario.policies[p].therapies]
    if not policies:
        raise NotApplicable("no policy gives cells alone")
    ratios = (
        each.parameter("response_or", subject.scenario.view) for each in subject.scenario.register.therapies.values()
    )
    values = {"attributable_share": 0.0, "act_death_hr": 1.0, **{name: 1.0 for name in ratios if name is not None}}
    found = [_equals_no_care(subject, p, values) for p in policies]
    return Found(all(f.passed for f in found), "; ".join(f.what for f in found))


@RESULTS.check(TECH_VER, "no dose and no therapy", "the policy is no care")
def no_doses(subject: Subject) -> Found:
    """A policy without its treatment."""
    p = subject.policies[-1]
    policy = subject.scenario.policies[p]
    return _equals_no_care(subject, "(emptied)", None, policy.without_treatment())


@RESULTS.check(TECH_VER, "treatment after the horizon", "the policy is no care")
def too_late(subject: Subject) -> Found:
    """A wait longer than the horizon."""
    policy = subject.scenario.policies[subject.policies[-1]]
    days = 366.0 * (subject.scenario.horizon + 1.0)
    cells = policy.cell_therapy.model_copy(update={"waiting_days": days})
    therapies = tuple(step.model_copy(update={"wait_days": days}) for step in policy.therapies)
    late = policy.model_copy(update={"cell_therapy": cells, "therapies": therapies})
    return _equals_no_care(subject, "(late)", None, late)


@RESULTS.check(DESIGN, "nothing", "whoever is not treated lives the life of no care")
def untreated(subject: Subject) -> Found:
    """People whom a policy does not treat."""
    lives = subject.lives(policies=[NOTHING, *subject.policies], times=subject.times)
    nothing = lives.pop(NOTHING).ledgers[:, columns("time")]
    wrong = []
    for c in lives.values():
        # A first dose or angioplasty changes nothing before it is given, and whoever waits for one may die first.
        out = (c.lives["doses"] == 0) & (c.lives["step_done"].sum(axis=1) == 0)
        wrong.append((c.ledgers[out][:, columns("time")] != nothing[out]).any(axis=1))
    return none_of(np.concatenate(wrong), "untreated lives")


@RESULTS.check(
    TECH_VER, "attribution complete against none", "cells prevent more amputations when they cause the recovery"
)
def attribution(subject: Subject) -> Found:
    """Attribution moves the comparison, not the treated arm."""
    policies = [p for p in subject.with_cells if not subject.scenario.policies[p].therapies]
    if not policies:
        raise NotApplicable("no policy gives cells alone")
    place = OUTCOMES.index("major_amputation")
    effect = []
    for share in (0.0, 1.0):
        mean = subject.run({"attributable_share": share}, policies=[NOTHING, policies[-1]], times=subject.times)
        effect.append(float(np.diff(mean.outcome_estimates.mean[:, -1, place])[0]))
    return Found(effect[1] < effect[0], f"{effect[0]:+.3f} and {effect[1]:+.3f} at the horizon")


@RESULTS.check(TECH_VER, "horizon halved", "the first half of each life is the same, and life-years are fewer")
def horizon(subject: Subject) -> Found:
    """A longer horizon adds to lives and does not change them."""
    half = subject.scenario.horizon / 2.0
    short = subject.run(scenario=subject.changed(horizon=half), times=[half / 2.0])
    long = subject.run(times=[half / 2.0, subject.scenario.horizon])
    same = equal(
        short.outcome_estimates.mean[:, 0], long.outcome_estimates.mean[:, 0], "outcomes before the shorter end"
    )
    years = [r.ledger_estimates.mean[:, columns("time")].sum(axis=1) for r in (short, long)]
    return Found(same.passed and bool((years[1] > years[0]).all()), same.what)


@RESULTS.check(TECH_VER, "everybody ten years younger", "people live longer")
def younger(subject: Subject) -> Found:
    """Lower starting age, by a life table and a reference age ten years higher."""
    table = subject.scenario.life_table
    shifted = LifeTable(table.country, table.period, table.ages + 10.0, table.log_hazards)
    register = subject.scenario.register["reference_age"]
    values = {"reference_age": min(subject.value("reference_age") + 10.0, register.range[1])}
    before = subject.lives(times=subject.times[-1:])
    after = subject.lives(values, subject.changed(life_table=shifted), times=subject.times[-1:])
    gain = life_years(after) - life_years(before)
    return Found(
        bool((gain >= -1e-9).all() and gain.mean() > 0.0), f"{gain.mean():+.2f} years, shortest {gain.min():+.2g}"
    )


@RESULTS.check(DESIGN, "nothing", "every number is finite")
def finite(subject: Subject) -> Found:
    """No missing and no infinite results."""
    numbers = np.append(subject.result.outcome_estimates.mean, subject.result.ledger_estimates.mean)
    return none_of(~np.isfinite(numbers), "numbers")
