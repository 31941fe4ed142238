"""Does the method recover what it does not know? Synthetic cohorts of the study's size, analysed as the real one was.

Truths are drawn from the posterior, so they are parameters that could have produced the study. Each synthetic cohort has
patients of its own and randomised contrasts with their published errors; its posterior comes from chains on the wide
response surface. The share of 90% intervals that hold the truth, and the rank of each truth, say whether to believe it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.questions.calibrate.chains import resample, sample_chains
from simulator.questions.calibrate.founding import FoundingCohort, as_table
from simulator.questions.calibrate.posterior import Posterior, around, log_prior
from simulator.questions.calibrate.summaries import cells, outcomes_at_1_year, summarise
from simulator.questions.calibrate.surface import changes, contrasts, total_log_likelihood
from simulator.questions.calibrate.targets import Contrast, Founding, Observed, joint_tables
from simulator.scenario.scenario import Scenario
from simulator.words.luck import generator, seed_of

Array = NDArray[np.float64]
OUTCOMES = ("major_amputation", "death", "healing")
"""Outcomes at one year whose recovery is checked."""
LEVEL = 0.90
POINTS = 4_000
SPREAD = 1.6
CHAINS, STEPS, KEEP_EVERY = 100, 1000, 10


def observe(lives: Array, data: Founding) -> Observed:
    """A synthetic cohort as its paper would have published it."""
    first = np.bincount(cells(lives, 1.0), minlength=8)
    last = np.bincount(cells(lives, lives[:, 3]), minlength=8)
    return Observed(joint_tables(first, last), summarise(lives, data))


def coverage(
    scenario: Scenario,
    data: Founding,
    contrast: Contrast,
    posterior: Posterior,
    cohorts: int,
    seed: int,
    advance: Callable[[int], None],
) -> pd.DataFrame:
    """cohort, outcome, truth, low, high, inside, rank (0-1): one row per synthetic cohort and outcome."""
    luck = generator(seed, "coverage")
    truths = resample(posterior.weights, cohorts, generator(seed, "coverage", "truths"))
    centre = posterior.z[posterior.chosen]
    points = around(centre, POINTS, SPREAD, generator(seed, "coverage", "points"))
    predicted = posterior.wide.statistics(points)
    true_outcomes = outcomes_at_1_year(posterior.statistics)
    true_ratio, true_difference = contrasts(posterior.statistics)
    true_changes = changes(posterior.statistics)
    small = FoundingCohort(scenario, data, data.n, seed_of(seed, "coverage", "scatter"))
    rows = []
    for cohort, i in enumerate(truths):
        params = scenario.parameter_draws(as_table(posterior.prior.values(posterior.z[i][None])))[0]
        seen = observe(small.lives(params, first=cohort * data.n), data)
        noise = luck.normal(size=2 + len(contrast.arms))
        published = replace(
            contrast,
            log_risk_ratio=float(true_ratio[i] + contrast.log_risk_ratio_se * noise[0]),
            tcpo2=float(true_difference[i] + (contrast.tcpo2_se or 0.0) * noise[1]),
            arms=tuple(
                replace(arm, change=float(true_changes[i, 0 if arm.early else 1] + arm.sd * z))
                for arm, z in zip(contrast.arms, noise[2:], strict=True)
            ),
        )

        def level(z: Array, seen: Observed = seen, published: Contrast = published) -> Array:
            known = posterior.wide.statistics(z)
            return log_prior(z) + total_log_likelihood(known, seen, posterior.scatter, published)

        first = log_prior(points) + total_log_likelihood(predicted, seen, posterior.scatter, published)
        start = points[np.argsort(-first)[:CHAINS]]
        kept = sample_chains(
            level, start, steps=STEPS, keep_every=KEEP_EVERY, luck=generator(seed, "coverage", "chains", cohort)
        )
        outcomes = outcomes_at_1_year(posterior.wide.statistics(kept))
        for k, name in enumerate(OUTCOMES):
            low, high = np.quantile(outcomes[:, k], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
            truth = true_outcomes[i, k]
            rows.append(
                {
                    "cohort": cohort,
                    "outcome": name,
                    "truth": truth,
                    "low": low,
                    "high": high,
                    "inside": bool(low <= truth <= high),
                    "rank": float(np.mean(outcomes[:, k] < truth)),
                }
            )
        advance(1)
    return pd.DataFrame(rows)
