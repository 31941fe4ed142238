"""The register's distributions, against SciPy's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simulator.evidence import load_register
from simulator.evidence.distributions import quantile, scipys
from simulator.evidence.laws import law_of
from simulator.evidence.parameter import (
    Beta,
    Distribution,
    Fixed,
    Gamma,
    Lognormal,
    LogUniform,
    Normal,
    Triangular,
    Uniform,
)

KINDS: tuple[Distribution, ...] = (
    Normal(kind="normal", sd=0.3),
    Lognormal(kind="lognormal", sd_log=0.4),
    Beta(kind="beta", n=17.0),
    Beta(kind="beta", sd=0.1),
    Gamma(kind="gamma", sd=0.2),
    Uniform(kind="uniform", low=0.1, high=0.9),
    LogUniform(kind="log_uniform", low=0.1, high=0.9),
    Triangular(kind="triangular", low=0.1, high=0.9),
    Triangular(kind="triangular", low=0.37, high=0.9),
    Triangular(kind="triangular", low=0.1, high=0.37),
)
CENTRE = 0.37


def frozen(distribution: Distribution, centre: float) -> Any:
    law, shapes, place, scale = scipys(distribution, centre)
    return law(*shapes, place, scale)


@pytest.mark.parametrize("distribution", KINDS, ids=lambda kind: kind.kind)
def test_laws_are_those_of_scipy_also_outside_their_support(distribution: Distribution) -> None:
    """Quantiles and shares are SciPy's within four units in the last place, at the ends and beyond them, too."""
    law, theirs = law_of(distribution, CENTRE), frozen(distribution, CENTRE)
    assert law is not None
    p = np.linspace(0.0, 1.0, 101)
    np.testing.assert_array_max_ulp(law.quantile(p), theirs.ppf(p), 4)
    x = [-np.inf, -1.0, 0.0, 0.1, 0.2, CENTRE, 0.6, 0.9, 1.0, 3.0, np.inf]
    np.testing.assert_array_max_ulp(np.array([law.share_below(each) for each in x]), theirs.cdf(x), 4)


def test_every_number_of_the_register_is_drawn_from_scipys_truncated_law() -> None:
    """Quantiles of all parameters are those of SciPy's law between the shares below either end of the range."""
    p = np.array([1e-9, 0.025, 0.3, 0.5, 0.975, 1.0 - 1e-9])
    kinds = set()
    for parameter in load_register().parameters:
        if isinstance(parameter.distribution, Fixed):
            assert (quantile(parameter, p) == parameter.value).all()
            continue
        law = frozen(parameter.distribution, parameter.centre)
        start, stop = law.cdf(parameter.range)
        expected = np.clip(law.ppf(start + p * (stop - start)), *parameter.range)
        np.testing.assert_array_max_ulp(quantile(parameter, p), expected, 4)
        kinds.add(parameter.distribution.kind)
    assert kinds >= {"normal", "lognormal", "beta"}
