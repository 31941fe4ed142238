"""Uncertainty: probabilistic runs, Monte Carlo errors, and draws that stay what they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.posterior import parameter_draws
from simulator.questions.verify.subject.check import (
    ADVISHE,
    DESIGN,
    TECH_VER,
    Domain,
    Found,
    NotApplicable,
    equal,
    near,
    none_of,
)
from simulator.questions.verify.subject.subject import Subject
from simulator.run import Result, simulate
from simulator.words.luck import seed_of

UNCERTAINTY = Domain("uncertainty", "F")
DRAWS = 8
SEEDS = 40


def some(subject: Subject, draws: NDArray[np.void], *, fresh: bool = False, workers: int | None = None) -> Result:
    """A small probabilistic run."""
    n = subject.scenario.people_up_to(min(subject.n, 500))
    scenario, policies = subject.scenario, subject.policies
    return simulate(
        scenario, policies, n, subject.seed, draws=draws, fresh_patients=fresh, times=subject.times, workers=workers
    )


def drawn(subject: Subject, n: int = DRAWS) -> NDArray[np.void]:
    """Parameter draws as every probabilistic analysis takes them."""
    return parameter_draws(subject.scenario.register, n, subject.seed)


@UNCERTAINTY.check(
    TECH_VER, "every draw is the value in force", "the probabilistic run is the deterministic run, bit for bit"
)
def no_uncertainty(subject: Subject) -> Found:
    """A probabilistic run without uncertainty."""
    register = subject.scenario.register
    draws = np.array([tuple(register.values().values())] * 3, dtype=[(n, np.float64) for n in register.names()])
    many, one = some(subject, draws), subject.run(n=min(subject.n, 500), times=subject.times)
    three = np.concatenate([one.draw_outcomes] * 3), np.concatenate([one.draw_ledgers] * 3)
    return equal(
        np.append(many.draw_outcomes, many.draw_ledgers.ravel()), np.append(three[0], three[1].ravel()), "numbers"
    )


@UNCERTAINTY.check(DESIGN, "draws in reverse order", "each draw gives the same numbers")
def order_of_draws(subject: Subject) -> Found:
    """Draws do not depend on their neighbours."""
    draws = drawn(subject)
    there, back = some(subject, draws), some(subject, draws[::-1])
    return equal(there.draw_outcomes, back.draw_outcomes[::-1], "outcomes")


@UNCERTAINTY.check(DESIGN, "more draws", "the first draws stay what they were")
def more_draws(subject: Subject) -> Found:
    """Draw i does not depend on how many there are."""
    few, many = drawn(subject), drawn(subject, 3 * DRAWS)
    names = few.dtype.names or ()
    return equal([few[n] for n in names], [many[n][:DRAWS] for n in names], "values drawn")


@UNCERTAINTY.check(
    TECH_VER, "probabilistic draws", "uncertain parameters vary, fixed ones do not, all within their ranges"
)
def what_varies(subject: Subject) -> Found:
    """What varies is what is uncertain."""
    register, draws = subject.scenario.register, drawn(subject, 200)
    wrong = []
    for p in register.parameters:
        values = draws[p.name]
        outside = not ((values >= p.range[0]) & (values <= p.range[1])).all()
        wrong.append(outside or (np.ptp(values) > 0.0) == (p.distribution.kind == "fixed"))
    return none_of(wrong, "parameters")


@UNCERTAINTY.check(
    TECH_VER, "probabilistic draws", "results vary between draws, and their mean is the mean of the draws"
)
def between_draws(subject: Subject) -> Found:
    """The pooled mean of a probabilistic run."""
    result = some(subject, drawn(subject))
    same = equal(result.outcome_estimates.mean, result.draw_outcomes.mean(axis=0), "means", 1e-12)
    varies = float(result.draw_outcomes[:, 0, -1, -1].std())
    return Found(same.passed and varies > 0.0, f"{same.what}; spread of life-years {varies:.2g}")


@UNCERTAINTY.check(ADVISHE, f"{SEEDS} other seeds", "the spread between seeds is the standard error reported (4 SE)")
def honest_errors(subject: Subject) -> Found:
    """Standard errors against what they promise."""
    runs = [
        subject.run(n=200, seed=seed_of(subject.seed, "other seeds", k), times=subject.times[-1:]) for k in range(SEEDS)
    ]
    found = np.array([r.outcome_estimates.mean[0, -1, -1] for r in runs])
    told = np.sqrt(np.mean([r.outcome_estimates.se[0, -1, -1] ** 2 for r in runs]))
    ratio = float(found.std(ddof=1) / told)
    return Found(abs(ratio - 1.0) <= 4.0 / np.sqrt(2 * SEEDS), f"ratio {ratio:.2f}")


@UNCERTAINTY.check(TECH_VER, "four times the patients", "standard errors are halved")
def more_patients(subject: Subject) -> Found:
    """Standard errors fall with the root of the number of patients."""
    n = subject.n // 4
    few, many = (subject.run(n=k, times=subject.times[-1:]).outcome_estimates.se[0, -1, -1] for k in (n, 4 * n))
    ratio = float(few / many)
    return Found(abs(ratio / 2.0 - 1.0) <= 0.25, f"ratio {ratio:.2f}")


@UNCERTAINTY.check(DESIGN, "another seed", "other lives, and the same means (5 SE)")
def another_seed(subject: Subject) -> Found:
    """Two seeds."""
    one, other = subject.result, subject.run(seed=seed_of(subject.seed, "another seed"), times=subject.times)
    found = near(
        one.outcome_estimates.mean - other.outcome_estimates.mean,
        np.hypot(one.outcome_estimates.se, other.outcome_estimates.se),
        0.0,
        "outcomes",
    )
    same = np.array_equal(one.outcome_estimates.mean, other.outcome_estimates.mean)
    return Found(found.passed and not same, found.what)


@UNCERTAINTY.check(DESIGN, "nothing", "the same seed gives the same numbers")
def same_seed(subject: Subject) -> Found:
    """Repeating a run."""
    again = subject.run(times=subject.times)
    return equal(again.ledger_estimates.mean, subject.result.ledger_estimates.mean, "ledger entries")


@UNCERTAINTY.check(
    DESIGN, "nothing", "paired differences are policy minus reference, with the error of paired differences"
)
def paired_errors(subject: Subject) -> Found:
    """Standard errors of differences against those from single patients."""
    if len(subject.policies) < 2:
        raise NotApplicable("one policy only")
    result, lives = subject.result, subject.base
    reference = lives[result.reference].outcomes
    n = len(reference)
    own = np.array([(lives[p].outcomes - reference).std(axis=0) / np.sqrt(n - 1) for p in result.policies])
    means = np.array([(lives[p].outcomes - reference).mean(axis=0) for p in result.policies])
    signs = equal(result.difference_estimates.mean, means, "differences", 1e-9)
    if not signs.passed:
        return signs
    return equal(result.difference_estimates.se, own, "standard errors", 1e-6)
