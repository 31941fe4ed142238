"""The population of hospitals from what studies say of theirs: means, standard deviations, correlations, tails.

Second stage of a two-stage hierarchical fit (Lunn et al., Stat Med 2013;32:3670, doi:10.1002/sim.5879): each study has given
atoms, offsets in proportion to its likelihood times a wide prior, and the likelihood of the population is their mean ratio of the
population's density to that prior, each atom a kernel (`simulator/centre/atoms.py`). The offsets of studies are
integrated out. The founding hospital is a hospital of the population too, with offsets of zero. Sampled with NumPyro's No-U-Turn
sampler, an extra (``pip install clti-simulator[refit]``) that only refitting needs.

The mean of response is zero: open series would teach the model what treatment does. How far hospitals differ in it is learned.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp

from simulator.centre.atoms import Atoms
from simulator.centre.offsets import RESPONSE_PLACE, THREE, log_evidence
from simulator.evidence.hospitals import CHOSEN, DECADE, OFFSETS, PAIRS, RATES, RESPONSE, TRIAL, Hospitals, Kind
from simulator.questions.hospitals.diagnostics import Chains, chains_of
from simulator.questions.hospitals.prior import load_prior, sd_floor
from simulator.work.code import running_code
from simulator.work.store import Store

Array = NDArray[np.float64]
CHAINS = 2
TARGET_ACCEPT, TREE_DEPTH = 0.9, 7


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


@dataclass(frozen=True, eq=False)
class Sampling:
    """Joint draws of a population in the columns of `Hospitals.rows`, and how the chains that made them went."""

    rows: pd.DataFrame
    chains: Chains


def sampled(
    studies: Mapping[str, Atoms],
    kinds: Mapping[str, Kind],
    structure: Structure,
    draws: int,
    warm_up: int,
    seed: int,
    founding: bool = True,
    chains: int = CHAINS,
    store: Store | None = None,
) -> Sampling:
    """Joint draws of the population given the studies' atoms, `draws` of each chain; those in `store` are not drawn again.

    `founding` adds the founding hospital, at offsets of zero.
    """
    kernels = [each.kernels for each in studies.values()]
    covariates = np.array([[kinds[name].covariates[each] for each in structure.covariates] for name in studies])
    given = (
        np.stack([each.centres for each in kernels]),
        np.stack([each.log_weight for each in kernels]),
        np.stack([each.covariance for each in kernels]),
        np.array([each.treated for each in studies.values()]),
        covariates,
    )
    whole = hashlib.sha256(
        repr((structure, draws, warm_up, seed, founding, chains, load_prior(), running_code())).encode()
    )
    for part in given:
        whole.update(part.tobytes())
    kept_as = f"population-{whole.hexdigest()[:48]}"
    kept = None if store is None else store.read(kept_as)
    if kept is None:
        kept = _drawn(given, structure, draws, warm_up, seed, founding, chains)
        if store is not None:
            store.write(kept_as, kept)
    diverging = kept["diverging"]
    rows = table_of({name: values.reshape(-1, *values.shape[2:]) for name, values in kept.items()})
    return Sampling(rows, chains_of(rows, chains, diverging))


def _drawn(
    given: tuple[Array | NDArray[np.bool_], ...],
    structure: Structure,
    draws: int,
    warm_up: int,
    seed: int,
    founding: bool,
    chains: int,
) -> dict[str, NDArray[Any]]:
    """What each chain drew, shape (chains, draws, ...), by name, and where it diverged."""
    import jax

    jax.config.update("jax_enable_x64", True)
    sampler = _sampler(structure, draws, warm_up, founding, chains)
    sampler.run(jax.random.PRNGKey(seed % 2**32), *given, extra_fields=("diverging",))
    found = {name: np.asarray(values) for name, values in sampler.get_samples(group_by_chain=True).items()}
    return found | {"diverging": np.asarray(sampler.get_extra_fields(group_by_chain=True)["diverging"])}


@contextmanager
def compiled_once(folder: Path) -> Iterator[None]:
    """Keep compiled samplers in a folder meanwhile: NumPyro compiles one anew at each run, longer than a literature samples."""
    import jax
    from jax.experimental.compilation_cache.compilation_cache import reset_cache

    def keep_in(place: str | None) -> None:
        jax.config.update("jax_compilation_cache_dir", place)
        # The directory is read once, at the first compilation of all.
        reset_cache()

    keep_in(str(folder))
    try:
        yield
    finally:
        keep_in(None)


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
    floor = sd_floor(prior)

    def level_of(square: Any, root: Any, tails: Any) -> Any:
        """Log density of Student's t (normal without tails) at squared distances (..., points) with roots (..., 3, 3)."""
        level = -jnp.log(jnp.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)[..., None]
        if not structure.heavy:
            return level - 0.5 * square - 0.5 * THREE * jnp.log(2 * jnp.pi)
        constant = gammaln((tails + THREE) / 2) - gammaln(tails / 2) - 0.5 * THREE * jnp.log(tails * jnp.pi)
        return level + constant - 0.5 * (tails + THREE) * jnp.log1p(square / tails)

    def model(centres: Any, weight: Any, covariance: Any, treated: Any, covariates: Any) -> None:
        excess = numpyro.sample("excess", dist.HalfNormal(prior["sd_scale"]).expand([THREE]).to_event(1))
        sd = numpyro.deterministic("sd", jnp.sqrt(excess**2 + floor**2))
        correlation = numpyro.sample("root", dist.LKJCholesky(THREE, prior["correlation_concentration"]))
        own = sd[:, None] * correlation
        # The founding hospital is at zero exactly: where hospitals hardly differ the mean must be near it, in units of their SD.
        away = numpyro.sample("away", dist.Normal(0.0, 1.0).expand([THREE]).to_event(1))
        mean = numpyro.deterministic("mean", own @ away)
        numpyro.factor("prior of the mean", dist.Normal(0.0, prior["mean_sd"]).log_prob(mean).sum())
        means: Any = jnp.broadcast_to(mean, (centres.shape[0], THREE))
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
        # A hospital of the population convolved with a kernel; its response given its rates.
        root = jnp.linalg.cholesky(own @ own.T + covariance[:, :THREE, :THREE])
        gaps = (centres[:, :, :THREE] - means[:, None, :]).transpose(0, 2, 1)
        solved = jax.scipy.linalg.solve_triangular(root, gaps, lower=True)
        level = level_of((solved**2).sum(axis=1), root, tails) + weight
        shared = jax.scipy.linalg.solve_triangular(root, covariance[:, :THREE, THREE, None], lower=True)[..., 0]
        expected = response_mean + jnp.einsum("sip,si->sp", solved, shared)
        variance = response_sd**2 + covariance[:, THREE, THREE] - (shared**2).sum(axis=1)
        response = dist.Normal(expected, jnp.sqrt(variance)[:, None]).log_prob(centres[:, :, RESPONSE_PLACE])
        level = level + jnp.where(treated[:, None], response, 0.0)
        each = jax.scipy.special.logsumexp(level, axis=1) - jnp.log(level.shape[1])
        numpyro.factor("studies", each.sum())
        volume = jnp.log(jnp.diagonal(own)).sum()
        square = (away**2).sum()
        drawn = -0.5 * square - 0.5 * THREE * jnp.log(2 * jnp.pi)
        found = level_of(square[None], own, tails)[0] if founding else 0.0
        # `away` was drawn as normal; what counts is the mean that it stands for.
        numpyro.factor("founding", found + volume - drawn)

    return MCMC(
        NUTS(model, target_accept_prob=TARGET_ACCEPT, max_tree_depth=TREE_DEPTH, dense_mass=True),
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
