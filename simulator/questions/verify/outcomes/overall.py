"""Overall: what decides a result, and what must not: engines, workers, order, neighbours."""

from __future__ import annotations

import numpy as np

from simulator.living.cohort_arrays import Followed
from simulator.questions.verify.subject.check import ADVISHE, DESIGN, TECH_VER, Domain, Found, NotApplicable, equal
from simulator.questions.verify.subject.subject import NOTHING, Subject, cohorts
from simulator.scenario.policy import Policy
from simulator.words.errors import BadInput
from simulator.words.vocabulary import DAYS_PER_YEAR

OVERALL = Domain("overall", "G")
SCRATCH = {"remaining", "hazard", "exponent", "cumulative", "looked", "ramp_start", "ramp_duration", "ramp_height"}
"""Fields of a life in which the rules keep notes that mean nothing afterwards."""
REFERENCE_LIVES = 60


def same_lives(a: Followed, b: Followed) -> list[str]:
    """Names of what differs between two cohorts, to the last bit."""
    wrong = []
    for part in ("patients", "lives", "history"):
        one, other = getattr(a, part), getattr(b, part)
        if one.shape != other.shape:
            wrong.append(part)
            continue
        for field in one.dtype.names:
            if field not in SCRATCH and not np.array_equal(
                one[field], other[field], equal_nan=one[field].dtype.kind == "f"
            ):
                wrong.append(f"{part}.{field}")
    for part in ("ledgers", "censuses", "paths", "outcomes"):
        one, other = getattr(a, part), getattr(b, part)
        if not np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
            wrong.append(part)
    return wrong


@OVERALL.check(
    TECH_VER + " (parallel build)",
    "SimPy engine",
    "every event, life and ledger is the compiled engine's, bit for bit",
)
def engines(subject: Subject) -> Found:
    """Two engines."""
    n = min(subject.n, REFERENCE_LIVES)
    wrong: set[str] = set()
    # Within a lifetime nobody is left at the horizon; within a year most are.
    for horizon in {subject.scenario.horizon, min(1.0, subject.scenario.horizon)}:
        scenario = subject.changed(horizon=horizon)
        times = [t for t in subject.times if t < horizon] + [horizon]
        one, other = (
            subject.lives(None, scenario, n=n, times=times, engine=engine, events=True)
            for engine in ("compiled", "simpy")
        )
        wrong |= {f"{p}: {what}" for p in one for what in same_lives(one[p], other[p])}
    said = ", ".join(sorted(wrong)[:4]) or "none"
    return Found(not wrong, f"{n * len(subject.policies)} lives, to the horizon and to one year; differing: {said}")


@OVERALL.check(DESIGN, "one worker, two workers", "the same numbers, bit for bit")
def workers(subject: Subject) -> Found:
    """Threads."""
    n = max(subject.n, 2_500)
    one, two = (subject.run(n=n, times=subject.times, workers=k) for k in (1, 2))
    return equal(
        np.append(one.outcome_estimates.mean, one.ledger_estimates.mean),
        np.append(two.outcome_estimates.mean, two.ledger_estimates.mean),
        "means",
    )


@OVERALL.check(DESIGN, "policies in reverse order", "the same numbers, bit for bit")
def order_of_policies(subject: Subject) -> Found:
    """Order of policies."""
    if len(subject.policies) < 2:
        raise NotApplicable("one policy only")
    there, back = subject.result, subject.run(policies=subject.policies[::-1], times=subject.times)
    return equal(there.ledger_estimates.mean, back.ledger_estimates.mean[::-1], "ledger entries")


@OVERALL.check(DESIGN, "each policy on its own", "the same numbers, bit for bit")
def alone(subject: Subject) -> Found:
    """A policy does not depend on which others are compared."""
    own = [subject.run(policies=[p], times=subject.times).ledger_estimates.mean[0] for p in subject.policies]
    return equal(subject.result.ledger_estimates.mean, own, "ledger entries")


@OVERALL.check(DESIGN, "fewer patients", "those who are left live the same lives")
def fewer(subject: Subject) -> Found:
    """A patient does not depend on the others."""
    few, many = subject.lives(n=subject.n // 3, times=subject.times), subject.base
    # Of real patients whole tables are followed, which may be fewer than a third.
    n = min(len(c.ledgers) for c in few.values())
    return equal(
        np.stack([c.ledgers for c in few.values()]), np.stack([c.ledgers[:n] for c in many.values()]), "ledger entries"
    )


@OVERALL.check(DESIGN, "history kept", "the same numbers as without, bit for bit")
def kept(subject: Subject) -> Found:
    """Keeping histories changes nothing."""
    with_history = subject.run(times=subject.times, events=True)
    same = equal(with_history.ledger_estimates.mean, subject.result.ledger_estimates.mean, "ledger entries")
    patients = sum(len(c.lives) for c in cohorts(with_history).values())
    return Found(same.passed and patients == subject.n * len(subject.policies), same.what)


@OVERALL.check(DESIGN, "other times of reporting", "no life changes")
def looking(subject: Subject) -> Found:
    """Looking changes nothing."""
    horizon = subject.scenario.horizon
    seldom, often = (subject.run(times=t) for t in ([horizon], np.linspace(0.0, horizon, 30).tolist()))
    return equal(seldom.ledger_estimates.mean, often.ledger_estimates.mean, "ledger entries")


@OVERALL.check(DESIGN, "every parameter written out as a draw", "the same numbers, bit for bit")
def written_out(subject: Subject) -> Found:
    """Defaults and the same values given explicitly."""
    told = subject.run(subject.scenario.register.values(), times=subject.times)
    return equal(told.ledger_estimates.mean, subject.result.ledger_estimates.mean, "ledger entries")


@OVERALL.check(DESIGN, "nothing", "patients are the same people under every policy")
def twins(subject: Subject) -> Found:
    """Counterfactual twins."""
    people = [c.rows for c in subject.base.values()]
    return equal(np.stack(people), np.stack([people[0]] * len(people)), "baseline values")


@OVERALL.check(DESIGN, "one dose more", "nobody changes before the dose that is added")
def one_more_dose(subject: Subject) -> Found:
    """A policy's future does not reach into the past."""
    if not subject.with_cells:
        raise NotApplicable("no policy gives cells")
    policy = subject.scenario.policies[subject.with_cells[-1]]
    cells = policy.cell_therapy
    change = {"doses": cells.doses + 1, "interval_days": cells.interval_days or 45.0}
    # A repeat dose needs a rule; always is the plainest.
    longer = {"cell_therapy": cells.model_copy(update=change)}
    more: Policy = policy.model_copy(update=longer)
    scenario = subject.changed(policies={"(one more)": more})
    until = (cells.waiting_days + cells.doses * change["interval_days"]) / DAYS_PER_YEAR
    times = [t for t in np.linspace(0.0, until, 6)[:-1] if t < subject.scenario.horizon]
    lives = subject.lives(scenario=scenario, policies=[subject.with_cells[-1], "(one more)"], times=times)
    a, b = lives.values()
    return equal(a.censuses, b.censuses, "states before the added dose")


@OVERALL.check(ADVISHE, "values outside their range, unknown names", "refused, every one of them")
def refused(subject: Subject) -> Found:
    """Bad input is refused."""
    accepted = []
    for values in ({"healing_rate": -1.0}, {"healing_rat": 1.0}, {"male_share": 1.5}, {"recovery_days": float("nan")}):
        try:
            subject.run(values, n=1, policies=[NOTHING])
        except BadInput:
            continue
        accepted.append(str(values))
    return Found(not accepted, f"accepted: {', '.join(accepted) or 'none'}")


@OVERALL.check(DESIGN, "more than two blocks of patients", "no two patients have the same luck")
def distinct(subject: Subject) -> Found:
    """Every patient is simulated once."""
    luck = subject.lives({"background_hr": 1.0}, policies=[NOTHING], n=2_500, times=[0.0])[NOTHING].lives
    different = len(np.unique(luck["background_death"]))
    return Found(different == len(luck), f"{different:,} of {len(luck):,} differ")
