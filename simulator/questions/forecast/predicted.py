"""The forecast of a trial: what each arm and the contrast may show, and the chance that the trial succeeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom

from simulator.evidence.register import Register
from simulator.questions.forecast.averaged import VIEW, averaged
from simulator.questions.forecast.lived import VIEWS, Lived, live, sum_of
from simulator.questions.forecast.registered import Endpoint, RegisteredTrial
from simulator.studies.counts import published_counts
from simulator.studies.reading import load_studies

Array = NDArray[np.float64]
QUANTILES = 200
"""Points by which the distribution of an arm's risk is kept: enough to score any number of people."""
TRIALS_OF_AVERAGES = 20
"""Trials of the planned size that are drawn from each value of the competitor's shares."""
DIGITS = 9
"""Decimals of what is written, so that the hash does not hang on the last bits of a machine's arithmetic."""
ARM = ["view", "endpoint", "arm", "n", "mean", "se", "low", "high", "sd_people", "sd_between"]
CONTRAST = ["view", "endpoint", "mean", "se", "low", "high", "sd_people", "sd_between"]
CHANCE = ["view", "endpoint", "primary", "own_criterion", "test", "chance", "se"]
RISK = ["view", "endpoint", "arm", "quantile", "risk"]


@dataclass(frozen=True, eq=False)
class Forecast:
    """A forecast as tables.

    arms: events among the `n` of each arm, mean with Monte Carlo standard error, 95% prediction limits, and the standard
    deviation that is due to people's luck and the one due to parameters, hospital and what the registration leaves open.
    contrasts: the same for the difference of risks, treated minus control. chances: of success, with Monte Carlo error.
    risks: `QUANTILES` equally likely values of each arm's risk, from which any result can be scored.
    """

    arms: pd.DataFrame
    contrasts: pd.DataFrame
    chances: pd.DataFrame
    risks: pd.DataFrame

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table by its name."""
        return {"arms": self.arms, "contrasts": self.contrasts, "chances": self.chances, "risks": self.risks}


def forecast(
    name: str,
    trial: RegisteredTrial,
    register: Register,
    draws: int = 400,
    patients: int = 400,
    seed: int = 1,
    advance: Callable[[int], None] | None = None,
) -> Forecast:
    """The forecast of one trial under each view of the evidence; see `lived.live` for the arguments.

    The competitor's, who averages published arms, stands beside them as the view `averaged.VIEW`.
    """
    found = live(name, trial, register, draws, patients, seed, advance)
    published = published_counts(load_studies(register)[0])
    for endpoint in trial.endpoint:
        found[VIEW, endpoint.name] = averaged(name, trial, endpoint, published, TRIALS_OF_AVERAGES, seed)
    rows: dict[str, list[Mapping[str, object]]] = {"arms": [], "contrasts": [], "chances": [], "risks": []}
    for view in (*VIEWS, VIEW):
        for endpoint in trial.endpoint:
            lived = found[view, endpoint.name]
            here = {"view": view, "endpoint": endpoint.name}
            for arm, risk in lived.risks.items():
                rows["arms"].append({**here, "arm": arm, **_events(risk, lived.counts[arm], trial.groups[arm].n)})
                points = (np.arange(QUANTILES) + 0.5) / QUANTILES
                rows["risks"] += [
                    {**here, "arm": arm, "quantile": q, "risk": r}
                    for q, r in zip(points, np.quantile(risk, points), strict=True)
                ]
            if endpoint.control:
                rows["contrasts"].append({**here, **_difference(endpoint, trial, lived)})
            if lived.success is not None:
                rows["chances"].append({**here, **_chance(endpoint, lived.success)})
    named = zip(rows, (ARM, CONTRAST, CHANCE, RISK), strict=True)
    return Forecast(**{name: pd.DataFrame(rows[name], columns=columns).round(DIGITS) for name, columns in named})


def _events(risk: Array, counts: NDArray[np.int64], n: int) -> dict[str, float]:
    """Events among n people: mean, Monte Carlo error, 95% limits of a new trial and where its spread comes from."""
    draws, trials = counts.shape
    low, high = (float(np.quantile(counts, q, method="inverted_cdf")) for q in (0.025, 0.975))
    people = n * float(np.mean(risk * (1.0 - risk)))
    luck_of_means = people / (n * trials)
    between = max(0.0, float(np.var(risk, ddof=1)) - luck_of_means / n) * n * n
    return {
        "n": n, "mean": n * float(risk.mean()), "se": n * float(risk.std(ddof=1)) / draws**0.5, "low": low, "high": high,
        "sd_people": people**0.5, "sd_between": between**0.5,
    }  # fmt: skip


def _difference(endpoint: Endpoint, trial: RegisteredTrial, lived: Lived) -> dict[str, float]:
    """Difference of risks, treated minus control."""
    sides: list[Array] = []
    variances: list[float] = []
    for names in (endpoint.treated, endpoint.control):
        n = sum(trial.groups[arm].n for arm in names)
        sides.append(sum_of(names, lived.counts) / n)
        pooled = np.average([lived.risks[arm] for arm in names], axis=0, weights=[trial.groups[arm].n for arm in names])
        variances.append(float(np.mean(pooled * (1.0 - pooled))) / n)
    difference: Array = np.subtract(*sides)
    by_draw: Array = np.mean(difference, axis=1)
    people = sum(variances)
    between = max(0.0, float(np.var(by_draw, ddof=1)) - people / difference.shape[1])
    return {
        "mean": float(by_draw.mean()), "se": float(by_draw.std(ddof=1)) / len(by_draw) ** 0.5,
        "low": float(np.quantile(difference, 0.025)), "high": float(np.quantile(difference, 0.975)),
        "sd_people": people**0.5, "sd_between": between**0.5,
    }  # fmt: skip


def _chance(endpoint: Endpoint, success: NDArray[np.bool_]) -> dict[str, object]:
    by_draw = success.mean(axis=1)
    return {
        "primary": endpoint.primary, "own_criterion": endpoint.own_criterion, "test": endpoint.test,
        "chance": float(by_draw.mean()), "se": float(by_draw.std(ddof=1)) / len(by_draw) ** 0.5,
    }  # fmt: skip


def predictive(risks: Array, n: int) -> Array:
    """Probability of 0, 1, ..., n events among n people when the risk is any of `risks` with equal chance, shape (n + 1,)."""
    return np.asarray(np.mean(binom.pmf(np.arange(n + 1)[:, None], n, np.asarray(risks)[None, :]), axis=1))
