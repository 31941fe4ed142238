"""Inputs: luck, distributions, the population, entry criteria, the life table and the evidence behind the numbers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.distributions import mean, quantile, sample, sd
from simulator.evidence.parameter import KINDS
from simulator.questions.verify.subject.check import (
    ADVISHE,
    CLOSED_FORM,
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
from simulator.rules.draws import philox, uniform
from simulator.scenario.arrays import BY_VIEW

INPUTS = Domain("inputs", "A")
DRAWS = 4_000
KS_LIMIT = 2.2
"""sqrt(n) times the Kolmogorov-Smirnov distance that a sound model exceeds once in 8,000 times."""


def ks(u: NDArray[np.float64], what: str) -> Found:
    """Kolmogorov-Smirnov distance of values that should be uniform on (0, 1)."""
    if len(u) < 50:
        raise NotApplicable(f"fewer than 50 {what}")
    ordered, n = np.sort(u), len(u)
    grid = np.arange(n + 1) / n
    distance = float(max(np.abs(ordered - grid[:-1]).max(), np.abs(ordered - grid[1:]).max()) * np.sqrt(n))
    return Found(distance <= KS_LIMIT, f"sqrt(n) D = {distance:.2f} in {n:,} {what} (limit {KS_LIMIT})")


@INPUTS.check(
    "Random123 known answers: Salmon et al., SC11 2011, doi:10.1145/2063384.2063405",
    "nothing",
    "Philox4x32-10 gives its published words",
)
def generator(_subject: Subject) -> Found:
    """The generator's published test vectors for zeros and ones."""
    ones = 0xFFFFFFFF
    made = [*philox(0, 0, 0, 0, 0, 0), *philox(ones, ones, ones, ones, ones, ones)]
    published = [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8, 0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
    return equal([int(word) for word in made], published, "words")


@INPUTS.check(CLOSED_FORM, "nothing", "patients' luck is uniform")
def luck(subject: Subject) -> Found:
    """Uniforms of one stream over patients."""
    key: Any = np.uint64(subject.seed)
    return ks(np.array([uniform(key, i, 7, 0) for i in range(DRAWS)]), "uniforms")


@lru_cache(maxsize=1)
def _draws(subject: Subject) -> NDArray[np.void]:
    return sample(subject.scenario.register, DRAWS, subject.seed)


def _moments(kind: str) -> None:
    def run(subject: Subject) -> Found:
        register = subject.scenario.register
        names = [p.name for p in register.parameters if p.distribution.kind == kind]
        if not names:
            raise NotApplicable(f"no parameter is {kind}")
        drawn = _draws(subject)
        if kind == "fixed":
            return equal(
                [np.ptp(drawn[n]) for n in names] + [drawn[n][0] for n in names],
                [0.0] * len(names) + [register[n].value for n in names],
                "fixed values",
            )
        found, error, expected = [], [], []
        for name in names:
            spread = sd(register[name])
            z = (drawn[name] - mean(register[name])) / spread
            found += [float(z.mean()), float((z * z).mean())]
            error += [1.0 / np.sqrt(DRAWS), float((z * z).std()) / np.sqrt(DRAWS)]
            expected += [0.0, 1.0]
        return near(found, error, expected, f"sample means and variances of {len(names)} {kind} parameters")

    expected = "every draw is the value" if kind == "fixed" else "sample mean and variance are those of the law (5 SE)"
    INPUTS.add(TECH_VER, f"{DRAWS:,} draws of the {kind} parameters", expected, run)


for _kind in KINDS:
    _moments(_kind)


@INPUTS.check(TECH_VER, "nothing", "every value and every draw lies in its parameter's range")
def in_range(subject: Subject) -> Found:
    """Values and draws against ranges."""
    register = subject.scenario.register
    drawn = _draws(subject)
    out = []
    for p in register.parameters:
        values = np.append(drawn[p.name], p.value)
        out.append(not ((values >= p.range[0]) & (values <= p.range[1])).all())
    return none_of(out, "parameters")


@INPUTS.check(CLOSED_FORM, "ranges narrowed to the middle halves", "quantiles are those of the laws cut there")
def narrowed(subject: Subject) -> Found:
    """A law cut at its own quartiles has its quantiles between them."""
    grid = np.linspace(0.05, 0.95, 19)
    found, expected = [], []
    for p in subject.scenario.register.parameters:
        quartiles = quantile(p, (0.25, 0.75))
        if np.ptp(quartiles) > 0.0:
            narrow = p.model_copy(update={"range": tuple(quartiles.tolist())})
            found.append((quantile(narrow, grid) - quartiles[0]) / np.ptp(quartiles))
            expected.append((quantile(p, 0.25 + 0.5 * grid) - quartiles[0]) / np.ptp(quartiles))
    return equal(np.concatenate(found), np.concatenate(expected), "quantiles", 1e-6)


@INPUTS.check(TECH_VER, "probability raised", "every quantile function rises")
def quantiles(subject: Subject) -> Found:
    """Quantiles rise with probability."""
    grid = np.linspace(0.001, 0.999, 50)
    parameters = subject.scenario.register.parameters
    return none_of([(np.diff(quantile(p, grid)) < 0.0).any() for p in parameters], "quantile functions")


@INPUTS.check(
    ADVISHE + ", part B (input data)", "nothing", "every value has a source, or is graded recalled or assumed"
)
def sourced(subject: Subject) -> Found:
    """Sources behind the values."""
    register = subject.scenario.register
    parameters = register.parameters
    wrong = [
        (not p.source and p.grade not in {"assumption", "recalled"}) or any(s not in register.sources for s in p.source)
        for p in parameters
    ]
    return none_of(wrong, "parameters")


@INPUTS.check(
    DESIGN,
    "view of the evidence",
    "credit rises from sceptical over central to optimistic",
)
def views(subject: Subject) -> Found:
    """Order of the views, in recovery and in death."""
    orders = [[subject.value(f"{name}_{view}") for view in ("sceptical", "central", "optimistic")] for name in BY_VIEW]
    what = ", ".join(" <= ".join(f"{share:g}" for share in shares) for shares in orders)
    return Found(all(shares == sorted(shares) for shares in orders), what)
