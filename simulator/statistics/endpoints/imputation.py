"""Multiple imputation of a yes-or-no outcome that was lost, and Rubin's rules.

A patient who is lost is like those of the same arm who were still followed, and whose outcome was still open, when the patient
left: theirs is the chance of the outcome, with Jeffreys' prior. Patients are filled in from the last to leave to the first,
each then counting among those whom earlier ones are like, as in Polya's urn: draws of one posterior, and not of an estimate
(Rubin DB. Multiple imputation for nonresponse in surveys. Wiley 1987, doi 10.1002/9780470316696; for times to an event Taylor
JMG, Murray S, Hsu CH. Stat Probab Lett 2002;58:221-232, doi 10.1016/S0167-7152(02)00030-5). The average over imputations is
therefore near Kaplan and Meier's estimate, and not near the share among those who stayed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled
from simulator.statistics.endpoints.effect import Effect, ratio_or_nan, z_of_t

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

JEFFREYS = 0.5
"""Yeses and noes that the prior adds."""
FEWEST = 5
"""Patients of the same stratum whom a lost one must be like; with fewer, the whole arm's are taken."""


def imputed(
    outcome: Bools,
    missing: Bools,
    left: Array,
    turned: Array,
    arm: NDArray[np.int8],
    stratum: NDArray[np.int32],
    luck: Array,
) -> Bools:
    """Complete outcomes, (imputations, trials, patients); all arguments but the last are (trials, patients).

    `left`: when the outcome was settled or the patient lost, infinite for whoever stayed with it open. `turned`: when the
    patient entered a better state that is not yet the outcome (healed, where the limb must be kept), infinite without one;
    a lost patient is like those in the same state. A negative `arm` takes no part. `luck` is uniform on (0, 1), of shape
    (imputations, missing patients), these trial by trial.
    """
    out = np.repeat(outcome[None], len(luck), axis=0)
    if missing.any():
        which = (np.cumsum(missing) - 1).reshape(missing.shape)
        group = np.where(arm >= 0, arm, -1).astype(np.int64)
        _fill(out, missing, left, turned, group, np.maximum(stratum, 0).astype(np.int64), which, luck)
    return out


@compiled
def _fill(out: Any, missing: Any, left: Any, turned: Any, arm: Any, stratum: Any, which: Any, luck: Any) -> None:
    imputations, trials, patients = out.shape
    arms, strata = arm.max() + 1, stratum.max() + 1
    # By stratum, and in the last place of the whole arm; by state; patients and yeses among them.
    like = np.zeros((arms, strata + 1, 2, 2))
    when, who = np.empty(2 * patients), np.empty(2 * patients, np.int64)
    for j in range(trials):
        some, events = False, 0
        for i in range(patients):
            if arm[j, i] < 0:
                continue
            some = some or missing[j, i]
            when[events], who[events] = left[j, i], i
            events += 1
            if turned[j, i] < left[j, i]:
                when[events], who[events] = turned[j, i], i + patients
                events += 1
        if not some:
            continue
        # Of those who leave at one time the lost come first, for whoever had the event then was no longer like them.
        for e in range(events):
            if who[e] >= patients or not missing[j, who[e]]:
                when[e] = np.nextafter(when[e], -1.0) if when[e] < np.inf else np.inf
        order = np.argsort(-when[:events], kind="mergesort")
        for k in range(imputations):
            like[:] = 0.0
            for e in order:
                i = who[e] % patients
                a, s = arm[j, i], stratum[j, i]
                if who[e] >= patients:
                    for place in (s, strata):
                        like[a, place, 1, 0] -= 1.0
                        like[a, place, 1, 1] -= out[k, j, i]
                        like[a, place, 0, 0] += 1.0
                        like[a, place, 0, 1] += out[k, j, i]
                    continue
                state = 1 if turned[j, i] < left[j, i] else 0
                if missing[j, i]:
                    n, yes = like[a, s, state]
                    if n < FEWEST:
                        n, yes = like[a, strata, state]
                    chance = (yes + JEFFREYS) / (n + 2.0 * JEFFREYS)
                    out[k, j, i] = luck[k, which[j, i]] < chance
                for place in (s, strata):
                    like[a, place, state, 0] += 1.0
                    like[a, place, state, 1] += out[k, j, i]


def rubin(estimates: Array, errors: Array, df: Array) -> Effect:
    """Rubin's rules: estimates and standard errors of shape (imputations, trials), complete-data degrees of freedom (trials,).

    The variance is the mean one within imputations and (1 + 1/m) of that between them; the test is Student's with Barnard and
    Rubin's degrees of freedom (Biometrika 1999;86:948-955, doi 10.1093/biomet/86.4.948), which without anything missing are a
    little fewer than the complete data's. NaN where an imputation has no estimate.
    """
    m = len(estimates)
    mean, within = estimates.mean(axis=0), (errors**2).mean(axis=0)
    between = (1.0 + 1.0 / m) * estimates.var(axis=0, ddof=1)
    se = np.sqrt(within + between)
    share = np.clip(ratio_or_nan(between, within + between), 0.0, 1.0)
    observed = (df + 1.0) / (df + 3.0) * df * (1.0 - share)
    freedom = ratio_or_nan(observed, 1.0 + observed * share**2 / (m - 1.0))
    return Effect(mean, se, z_of_t(ratio_or_nan(mean, se), freedom), freedom)
