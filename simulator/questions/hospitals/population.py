"""The population of hospitals from what studies say of theirs: means, standard deviations, correlations, tails.

Second stage of a two-stage hierarchical fit (Lunn et al., Stat Med 2013;32:3670, doi:10.1002/sim.5879): each study has given
atoms, offsets in proportion to its likelihood times a wide prior, and the likelihood of the population is their mean ratio of the
population's density to that prior. The founding hospital is a hospital of the population too, with offsets of zero. Sampled with
NumPyro's No-U-Turn sampler, an extra (``pip install clti-simulator[refit]``) that only refitting needs.

The mean of response is zero: open series would teach the model what treatment does. How far hospitals differ in it is learned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp
from scipy.stats import norm

from simulator.evidence.hospitals import CHOSEN, DECADE, OFFSETS, PAIRS, RATES, RESPONSE, TRIAL, Hospitals, Kind
from simulator.evidence.reading import read_toml
from simulator.evidence.shipped import shipped
from simulator.questions.hospitals.surface import Atoms
from simulator.words.errors import BadInput, Problem

Array = NDArray[np.float64]
PRIOR = "hospitals_prior.toml"
THREE = len(RATES)
CHAINS = 2
RESPONSE_PLACE = OFFSETS.index(RESPONSE)


@dataclass(frozen=True)
class Structure:
    """What the population may look like."""

    chosen: bool = True
    """Whether series of people chosen for a treatment have a mean of their own."""
    heavy: bool = True
    """Whether tails are Student's t with estimated degrees of freedom."""
    trial: bool = False
    """Whether trials have a mean of their own."""
    era: bool = False
    """Whether the mean moves from decade to decade."""
    open_response: bool = False
    """Whether the mean of response is learned from the series as well, for comparison."""

    @property
    def name(self) -> str:
        """In a few words, for tables."""
        parts = (
            ["own_mean_of_chosen"] * self.chosen
            + ["own_mean_of_trials"] * self.trial
            + ["era"] * self.era
            + ["heavy_tails"] * self.heavy
            + ["response_learned"] * self.open_response
        )
        return "+".join(parts) or "plain"

    @property
    def covariates(self) -> tuple[str, ...]:
        """What moves the mean."""
        named = {CHOSEN: self.chosen, TRIAL: self.trial, DECADE: self.era}
        return tuple(name for name, used in named.items() if used)


def load_prior() -> dict[str, float]:
    """The numbers of `calibration/hospitals_prior.toml`. Raises BadInput."""
    problems: list[Problem] = []
    table = read_toml(shipped("calibration") / PRIOR, PRIOR, problems)
    if problems:
        raise BadInput(problems)
    return {name: float(each["value"]) for name, each in table.items()}


def sampled(
    studies: Mapping[str, Atoms],
    kinds: Mapping[str, Kind],
    structure: Structure,
    draws: int,
    warm_up: int,
    seed: int,
    founding: bool = True,
    chains: int = CHAINS,
) -> pd.DataFrame:
    """Joint draws of the population given the studies' atoms, in the columns of `Hospitals.rows`.

    `founding` adds the founding hospital, at offsets of zero. Raises BadInput where the extra is not installed.
    """
    try:
        import jax
        import numpyro  # noqa: F401
    except ImportError as missing:
        allowed = 'the extra that refitting needs: pip install "clti-simulator[refit]"'
        raise BadInput([Problem("calibrate", "hospitals", f"{missing.name} is not installed", allowed)]) from missing
    jax.config.update("jax_enable_x64", True)
    names = list(studies)
    sampler = _sampler(structure, draws, warm_up, founding, chains)
    covariates = np.array([[kinds[name].covariates[each] for each in structure.covariates] for name in names])
    sampler.run(
        jax.random.PRNGKey(seed % 2**32),
        np.stack([studies[name].offsets for name in names]),
        np.stack([studies[name].log_prior for name in names]),
        np.array([studies[name].treated for name in names]),
        covariates,
    )
    return table_of({name: np.asarray(values) for name, values in sampler.get_samples().items()})


@lru_cache(maxsize=8)
def _sampler(structure: Structure, draws: int, warm_up: int, founding: bool, chains: int) -> Any:
    """The sampler of a structure, compiled once for all literatures of one size."""
    import jax
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist
    from jax.scipy.special import gammaln
    from numpyro.infer import MCMC, NUTS

    prior = load_prior()

    def density(gap: Any, root: Any, tails: Any) -> Any:
        """Log density of Student's t (normal without tails) at gaps (..., 3) from the mean."""
        solved = jax.scipy.linalg.solve_triangular(root, gap.reshape(-1, THREE).T, lower=True)
        square = (solved**2).sum(axis=0).reshape(gap.shape[:-1])
        level = -jnp.log(jnp.diag(root)).sum()
        if not structure.heavy:
            return level - 0.5 * square - 0.5 * THREE * jnp.log(2 * jnp.pi)
        constant = gammaln((tails + THREE) / 2) - gammaln(tails / 2) - 0.5 * THREE * jnp.log(tails * jnp.pi)
        return level + constant - 0.5 * (tails + THREE) * jnp.log1p(square / tails)

    def model(points: Any, wide: Any, treated: Any, covariates: Any) -> None:
        mean = numpyro.sample("mean", dist.Normal(0.0, prior["mean_sd"]).expand([THREE]).to_event(1))
        sd = numpyro.sample("sd", dist.HalfNormal(prior["sd_scale"]).expand([THREE]).to_event(1))
        correlation = numpyro.sample("root", dist.LKJCholesky(THREE, prior["correlation_concentration"]))
        means: Any = jnp.broadcast_to(mean, (points.shape[0], THREE))
        for place, name in enumerate(structure.covariates):
            moved = numpyro.sample(name, dist.Normal(0.0, prior[f"{name}_sd"]).expand([THREE]).to_event(1))
            means = means + covariates[:, place, None] * moved[None, :]
        tails: Any = jnp.inf
        if structure.heavy:
            tails = 2.0 + numpyro.sample("tails", dist.Exponential(1.0 / prior["tails_mean"]))
        response_sd = numpyro.sample("response_sd", dist.HalfNormal(prior["response_sd_scale"]))
        response_mean: Any = 0.0
        if structure.open_response:
            response_mean = numpyro.sample("response_mean", dist.Normal(0.0, prior["mean_sd"]))
        root = sd[:, None] * correlation
        level = density(points[:, :, :THREE] - means[:, None, :], root, tails) - wide
        response = dist.Normal(response_mean, response_sd).log_prob(points[:, :, RESPONSE_PLACE])
        level = level + jnp.where(treated[:, None], response, 0.0)
        each = jax.scipy.special.logsumexp(level, axis=1) - jnp.log(level.shape[1])
        numpyro.factor("studies", each.sum())
        if founding:
            numpyro.factor("founding", density(-mean[None, :], root, tails)[0])

    return MCMC(
        NUTS(model, target_accept_prob=0.85, max_tree_depth=6),
        num_warmup=warm_up,
        num_samples=draws,
        num_chains=chains,
        chain_method="sequential",
        progress_bar=False,
        jit_model_args=True,
    )


def table_of(found: Mapping[str, Array]) -> pd.DataFrame:
    """Samples as a table with the columns of `Hospitals.rows`."""
    columns: dict[str, Array] = {}
    rows = len(found["mean"])
    for k, name in enumerate(RATES):
        columns[f"mean_{name}"] = found["mean"][:, k]
    columns[f"mean_{RESPONSE}"] = found.get("response_mean", np.zeros(rows))
    for covariate in Kind().covariates:
        for k, name in enumerate(RATES):
            columns[f"{covariate}_{name}"] = found[covariate][:, k] if covariate in found else np.zeros(rows)
    for k, name in enumerate(RATES):
        columns[f"sd_{name}"] = found["sd"][:, k]
    columns[f"sd_{RESPONSE}"] = found["response_sd"]
    correlation = np.einsum("nij,nkj->nik", found["root"], found["root"])
    for one, other in PAIRS:
        columns[f"corr_{one}_{other}"] = correlation[:, OFFSETS.index(one), OFFSETS.index(other)]
    columns["tails"] = 2.0 + found["tails"] if "tails" in found else np.full(rows, np.inf)
    return pd.DataFrame(columns)


def log_evidence(population: Hospitals, each: Atoms, kind: Kind) -> Array:
    """Log likelihood of a study in each row of the population, up to a constant, shape (rows,)."""
    roots, tails = population.roots(), population.column("tails")
    means, within = population.means(kind), roots[:, :THREE, :THREE]
    gaps = each.offsets[None, :, :THREE] - means[:, None, :THREE]
    square = ((gaps @ np.linalg.inv(within).transpose(0, 2, 1)) ** 2).sum(axis=2)
    volume = np.log(np.diagonal(within, axis1=1, axis2=2)).sum(axis=1)
    level = -0.5 * square - 0.5 * THREE * np.log(2.0 * np.pi)
    heavy = np.isfinite(tails)
    if heavy.any():
        nu = tails[heavy][:, None]
        constant = gammaln((nu + THREE) / 2.0) - gammaln(nu / 2.0) - 0.5 * THREE * np.log(nu * np.pi)
        level[heavy] = constant - 0.5 * (nu + THREE) * np.log1p(square[heavy] / nu)
    level = level - volume[:, None] - each.log_prior
    if each.treated:
        sd = np.maximum(roots[:, RESPONSE_PLACE, RESPONSE_PLACE], 1e-3)[:, None]
        level = level + norm.logpdf(each.offsets[None, :, RESPONSE_PLACE], means[:, RESPONSE_PLACE, None], sd)
    return np.asarray(logsumexp(level, axis=1) - np.log(level.shape[1]))


def informed(population: Hospitals, each: Atoms, kind: Kind, weights: Array | None = None) -> Array:
    """Weight of each row once it has read a hospital's numbers too, from what it weighed before; they sum to 1."""
    log = log_evidence(population, each, kind) + np.log(population.weights() if weights is None else weights)
    found = np.exp(log - log.max())
    return np.asarray(found / found.sum())


def left_out(population: Hospitals, studies: Mapping[str, Atoms], kinds: Mapping[str, Kind]) -> pd.DataFrame:
    """Log weight of each row without each study: one over the study's likelihood there (integrated importance sampling;
    Vehtari et al., J Mach Learn Res 2016;17:103), the largest cut to be no heavier than the root of the number of rows."""
    found = {}
    for name, each in studies.items():
        log = -log_evidence(population, each, kinds[name])
        log = log - log.max()
        highest = np.log(np.sqrt(len(log)) * np.mean(np.exp(log)))
        found[name] = np.minimum(log, highest)
    return pd.DataFrame(found)


def log_score(population: Hospitals, studies: Mapping[str, Atoms], kinds: Mapping[str, Kind], key: str) -> float:
    """Log predictive density of a study without it, up to a constant that no structure changes."""
    log = log_evidence(population, studies[key], kinds[key])
    # The harmonic mean: without the study a row weighs one over the study's likelihood there.
    weights = np.minimum(-log, np.log(np.sqrt(len(log))) + logsumexp(-log) - np.log(len(log)))
    return float(logsumexp(weights + log) - logsumexp(weights))
