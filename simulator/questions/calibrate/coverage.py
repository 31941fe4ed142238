"""Does the method recover what it does not know? Synthetic cohorts of the study's size, analysed as the real one was.

Truths are drawn from the posterior, so they are parameters that could have produced the study. Each synthetic cohort has
patients of its own and randomised contrasts with their published errors; its posterior comes from chains on the wide
response surface. The share of 90% intervals that hold the truth, and the rank of each truth, say whether to believe it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.evidence.targets import Contrast, Founding, Observed, joint_tables
from simulator.founding.founding import FoundingCohort, as_table
from simulator.founding.summaries import FOLLOWED, cells, outcomes_at_1_year, summarise
from simulator.questions.calibrate.chains import resample, sample_chains
from simulator.questions.calibrate.posterior import Posterior, around, log_prior
from simulator.questions.calibrate.surface import changes, contrasts, total_log_likelihood
from simulator.scenario.scenario import Scenario
from simulator.words.luck import generator, seed_of
from simulator.work.code import running_code
from simulator.work.processes import in_processes
from simulator.work.store import Store

Array = NDArray[np.float64]
OUTCOMES = ("major_amputation", "death", "healing")
"""Outcomes at one year whose recovery is checked."""
FOUND = ("truth", "low", "high", "inside", "rank")
"""What is kept of each outcome of an analysed cohort."""
LEVEL = 0.90
POINTS = 4_000
SPREAD = 1.6
CHAINS, STEPS, KEEP_EVERY = 100, 1000, 10


def observe(lives: Array, data: Founding) -> Observed:
    """A synthetic cohort as its paper would have published it."""
    first = np.bincount(cells(lives, 1.0), minlength=8)
    last = np.bincount(cells(lives, lives[:, FOLLOWED]), minlength=8)
    return Observed(joint_tables(first, last), summarise(lives, data))


@dataclass(frozen=True, eq=False)
class _Method:
    """What the analyses of all synthetic cohorts share, as a worker gets it."""

    scenario: Scenario
    data: Founding
    contrast: Contrast
    posterior: Posterior
    points: Array
    predicted: Array
    seed: int
    steps: int

    def recovered(self, cohort: _Cohort) -> list[dict[str, Any]]:
        """A row per outcome: the truth of a synthetic cohort, and what its analysis says of it."""
        data, contrast, posterior, i = self.data, self.contrast, self.posterior, cohort.truth
        true_outcomes = outcomes_at_1_year(posterior.statistics)
        true_ratio, true_difference = contrasts(posterior.statistics)
        true_changes = changes(posterior.statistics)
        small = FoundingCohort(self.scenario, data, data.n, seed_of(self.seed, "coverage", "scatter"))
        params = self.scenario.parameter_draws(as_table(posterior.prior.values(posterior.z[i][None])))[0]
        seen = observe(small.lives(params, first=cohort.number * data.n), data)
        noise = cohort.noise
        published = replace(
            contrast,
            log_risk_ratio=float(true_ratio[i] + contrast.log_risk_ratio_se * noise[0]),
            tcpo2=float(true_difference[i] + (contrast.tcpo2_se or 0.0) * noise[1]),
            arms=tuple(
                replace(arm, change=float(true_changes[i, 0 if arm.early else 1] + arm.sd * z))
                for arm, z in zip(contrast.arms, noise[2:], strict=True)
            ),
        )

        def level(z: Array) -> Array:
            known = posterior.wide.statistics(z)
            return log_prior(z) + total_log_likelihood(known, seen, posterior.scatter, published)

        first = log_prior(self.points) + total_log_likelihood(self.predicted, seen, posterior.scatter, published)
        start = self.points[np.argsort(-first)[:CHAINS]]
        luck = generator(self.seed, "coverage", "chains", cohort.number)
        kept = sample_chains(level, start, steps=self.steps, keep_every=KEEP_EVERY, luck=luck)
        outcomes = outcomes_at_1_year(posterior.wide.statistics(kept))
        rows = []
        for k, name in enumerate(OUTCOMES):
            low, high = np.quantile(outcomes[:, k], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
            truth = true_outcomes[i, k]
            rows.append(
                {
                    "cohort": cohort.number,
                    "outcome": name,
                    "truth": truth,
                    "low": low,
                    "high": high,
                    "inside": bool(low <= truth <= high),
                    "rank": float(np.mean(outcomes[:, k] < truth)),
                }
            )
        return rows


class _Cohort(NamedTuple):
    """A synthetic cohort: its number, the draw that is its truth, and the noise of its randomised contrasts."""

    number: int
    truth: int
    noise: Array


def coverage(
    scenario: Scenario,
    data: Founding,
    contrast: Contrast,
    posterior: Posterior,
    cohorts: int,
    seed: int,
    advance: Callable[[int], None],
    workers: int = 1,
    store: Store | None = None,
    steps: int = STEPS,
) -> pd.DataFrame:
    """cohort, outcome, truth, low, high, inside, rank (0-1): one row per synthetic cohort and outcome.

    `workers` processes decide how long it takes and nothing else. Cohorts that lie in `store` are not analysed again. Chains
    take `steps` steps, of which every `KEEP_EVERY`th of the second half is kept.
    """
    luck = generator(seed, "coverage")
    truths = resample(posterior.weights, cohorts, generator(seed, "coverage", "truths"))
    points = around(posterior.z[posterior.chosen], POINTS, SPREAD, generator(seed, "coverage", "points"))
    method = _Method(scenario, data, contrast, posterior, points, posterior.wide.statistics(points), seed, steps)
    drawn = [
        _Cohort(number, int(truth), luck.normal(size=2 + len(contrast.arms))) for number, truth in enumerate(truths)
    ]
    whole = hashlib.sha256(repr((seed, cohorts, scenario.hash, CHAINS, steps, KEEP_EVERY, running_code())).encode())
    for part in (points, posterior.z, posterior.weights):
        whole.update(part.tobytes())

    def kept_as(cohort: _Cohort) -> str:
        return f"cohort-{whole.hexdigest()[:32]}-{cohort.number}"

    kept = {each.number: None if store is None else store.read(kept_as(each)) for each in drawn}
    missing = [each for each in drawn if kept[each.number] is None]
    if len(missing) < len(drawn):
        advance(len(drawn) - len(missing))
    for each, rows in zip(missing, in_processes(method.recovered, missing, workers), strict=True):
        kept[each.number] = found = {name: np.array([row[name] for row in rows]) for name in FOUND}
        if store is not None:
            store.write(kept_as(each), found)
        advance(1)
    return pd.concat(
        [pd.DataFrame({"cohort": number, "outcome": OUTCOMES, **(found or {})}) for number, found in kept.items()],
        ignore_index=True,
    )
