"""Means, limits and draws of the register's distributions, truncated to each parameter's allowed range."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from simulator.evidence.former_names import known_instead
from simulator.evidence.laws import Law, beta_size, law_of
from simulator.evidence.parameter import (
    Beta,
    Distribution,
    Fixed,
    Gamma,
    Lognormal,
    LogUniform,
    Normal,
    Parameter,
    Triangular,
    Uniform,
)
from simulator.evidence.wholes import columns, cut_to_one
from simulator.words.errors import BadInput, Problem
from simulator.words.luck import generator

if TYPE_CHECKING:
    from simulator.evidence.register import Register

KEPT = 4096
"""Distributions of which the moments are kept, because they take milliseconds and are asked for often."""
KEPT_DRAWS = 1024
FEW = 1000
"""Draws up to which those of a parameter are kept: an analysis asks for the same ones for each of its scenarios. 8 MB at most."""
ROOT = np.sqrt(2 * np.pi)
SMALLEST_UNIFORM = 2.0**-54
"""Stands for a uniform of exactly zero, whose quantile would be infinite."""


def scipys(distribution: Distribution, centre: float) -> tuple[Any, tuple[float, ...], float, float]:
    """The untruncated distribution written around `centre` as SciPy's, for its moments: law, shapes, place and scale.

    Not frozen, which takes longer than a moment. A fixed one is none.
    """
    match distribution:
        case Fixed():
            raise ValueError("a fixed number has no distribution")
        case Normal(sd=sd):
            return scipy.stats.norm, (), centre, sd
        case Lognormal(sd_log=sd_log):
            return scipy.stats.lognorm, (sd_log,), 0.0, centre
        case Beta(n=n, sd=sd):
            size = beta_size(centre, n, sd)
            return scipy.stats.beta, (centre * size, (1 - centre) * size), 0.0, 1.0
        case Gamma(sd=sd):
            return scipy.stats.gamma, ((centre / sd) ** 2,), 0.0, sd**2 / centre
        case Uniform(low=low, high=high):
            return scipy.stats.uniform, (), low, high - low
        case LogUniform(low=low, high=high):
            return scipy.stats.loguniform, (low, high), 0.0, 1.0
        case Triangular(low=low, high=high):
            return scipy.stats.triang, ((centre - low) / (high - low),), low, high - low


def quantile(parameter: Parameter, probability: ArrayLike) -> NDArray[np.float64]:
    """Quantiles of the truncated distribution at each probability, in the parameter's unit."""
    p = np.asarray(probability, dtype=np.float64)
    law = law_of(parameter.distribution, parameter.centre)
    return np.full(p.shape, parameter.value) if law is None else _truncated(law, *parameter.range, p)


def mean(parameter: Parameter) -> float:
    """Mean of the truncated distribution."""
    return _expectation(parameter, 1)


def sd(parameter: Parameter) -> float:
    """Standard deviation of the truncated distribution."""
    return float(np.sqrt(max(0.0, _expectation(parameter, 2) - _expectation(parameter, 1) ** 2)))


def limits(parameter: Parameter) -> tuple[float, float]:
    """The 2.5% and 97.5% quantiles of the truncated distribution."""
    low, high = quantile(parameter, (0.025, 0.975))
    return float(low), float(high)


WORDS = {"sd": "SD", "sd_log": "SD of the logarithm", "n": "n"}
"""What the numbers of a distribution beside its ends are called."""


def text(distribution: Distribution) -> str:
    """The distribution in a few words, as in "normal, SD 0.4" or "log-uniform, 1,200 to 4,000"."""
    spread = {
        key: f"{value:,.6g}" for key, value in distribution.model_dump(exclude={"kind"}, exclude_none=True).items()
    }
    told = [f"{WORDS[key]} {value}" for key, value in spread.items() if key in WORDS]
    told += [f"{spread['low']} to {spread['high']}"] if "low" in spread else []
    return ", ".join([distribution.kind.replace("_", "-"), *told])


def sample(register: Register, n: int, seed: int, names: Sequence[str] | None = None) -> NDArray[np.void]:
    """`n` independent draws of the parameters, as a structured array of shape (n,) and the register's dtype.

    Only the parameters in `names` vary (default: all); the others keep their values. A parameter's draws are a
    function of the seed and its name (or the stream it shares), so neither another parameter nor the number of
    draws changes them: draw i is the same for every n > i. Shares of one whole that add to more than 1 are cut, see
    `simulator.evidence.wholes`.

    Raises BadInput for unknown names and for a seed outside 0 to 2**64 - 1.
    """
    varied = list(register.names()) if names is None else list(names)
    problems = [
        Problem("sample", "names", name, known_instead(name, register.names()))
        for name in varied
        if name not in register.names()
    ]
    if not 0 <= seed < 2**64:
        problems.append(Problem("sample", "seed", str(seed), "0 to 2**64 - 1"))
    if problems:
        raise BadInput(problems)
    draws = np.empty(n, dtype=register.dtype)
    for name in register.names():
        parameter = register[name]
        draws[name] = _draws(parameter, n, seed) if name in varied else parameter.value
    cut_to_one(columns(draws))
    return draws


def uniforms(stream: str, n: int, seed: int) -> NDArray[np.float64]:
    """The first `n` uniforms of a named stream."""
    return np.maximum(generator(seed, stream).random(n), SMALLEST_UNIFORM)


def _draws(parameter: Parameter, n: int, seed: int) -> NDArray[np.float64] | float:
    if isinstance(parameter.distribution, Fixed):
        return parameter.value
    find: Callable[..., NDArray[np.float64]] = _few_draws if n <= FEW else _few_draws.__wrapped__
    return find(parameter.distribution, parameter.centre, *parameter.range, parameter.luck, n, seed)


@lru_cache(KEPT_DRAWS)
def _few_draws(
    distribution: Distribution, centre: float, low: float, high: float, luck: str, n: int, seed: int
) -> NDArray[np.float64]:
    law = law_of(distribution, centre)
    assert law is not None
    found = _truncated(law, low, high, uniforms(luck, n, seed))
    found.flags.writeable = False
    return found


def _truncated(law: Law, low: float, high: float, p: NDArray[np.float64]) -> NDArray[np.float64]:
    start, stop = law.share_below(low), law.share_below(high)
    return np.clip(law.quantile(start + p * (stop - start)), low, high)


def _expectation(parameter: Parameter, power: int) -> float:
    if isinstance(parameter.distribution, Fixed):
        return parameter.value**power
    return _moment(parameter.distribution, parameter.centre, *parameter.range, power)


@lru_cache(KEPT)
def _moment(distribution: Distribution, centre: float, low: float, high: float, power: int) -> float:
    law, shapes, place, scale = scipys(distribution, centre)
    start, stop = law.cdf((low, high), *shapes, place, scale)
    if start <= 0 and stop >= 1:
        return float(law.moment(power, *shapes, loc=place, scale=scale))
    ends = law.support(*shapes, place, scale)
    inside = max(low, ends[0]), min(high, ends[1])
    density = _density(distribution, centre)
    if density is not None:
        # SciPy's own integral over the body and both tails, to the bit: asking its laws for densities one by one takes ten
        # times as long as the integral.
        share = stop - start
        body = law.ppf(start + share * np.array([0.05, 0.95]), *shapes, place, scale)
        cuts = inside[0], *body, inside[1]
        parts = [scipy.integrate.quad(lambda x: x**power * density(x), *each)[0] for each in pairwise(cuts)]
        return float((parts[0] + parts[1] + parts[2]) / share)
    return float(law.expect(lambda x: x**power, shapes, place, scale, lb=inside[0], ub=inside[1], conditional=True))


def _density(distribution: Distribution, centre: float) -> Callable[[float], Any] | None:
    """The density of the laws that ranges truncate most often, by NumPy's functions, whose bits SciPy's laws have."""
    match distribution:
        case Normal(sd=sd):

            def normal(x: float) -> Any:
                z = (x - centre) / sd
                return np.exp(-(z * z) / 2.0) / ROOT / sd

            return normal
        case Lognormal(sd_log=sd_log):

            def lognormal(x: float) -> Any:
                z = x / centre
                if z == 0.0:
                    return 0.0
                log = np.log(z)
                return np.exp(-(log * log) / (2 * (sd_log * sd_log)) - np.log(sd_log * z * ROOT)) / centre

            return lognormal
        case _:
            return None
