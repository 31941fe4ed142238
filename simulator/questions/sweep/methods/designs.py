"""The methods of sensitivity analysis and the points of the unit cube at which each one runs the model.

Points come in blocks: a method's size counts blocks, the first blocks of a larger design are the smaller design, and
so a study that grows keeps every run it has. Sobol' points are scrambled (Owen 1998) and nested by construction;
trajectories and search curves are drawn one after the other from the seed. Only designs with levels (one-way and
grid) change with their size.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.questions.sweep.methods.inputs import Floats
from simulator.words.luck import generator, seed_of

HARMONICS = 6
"""Harmonics that FAST adds up. SALib's default of 4 leaves total indices of the Ishigami function off by 0.05."""
CURVE = 16 * HARMONICS**2 + 1
"""Points on a search curve of FAST; half as many let the frequencies of different factors meet."""
STEP = 0.02
"""Step of the finite differences, as a share of each factor's range."""
MORRIS_LEVELS = 4
MOST_ROWS = 20_000_000
"""Runs of one study, replicates included, beyond which it is taken for a slip."""


@dataclass(frozen=True)
class Method:
    """What a method costs, and of which sizes its indices have intervals.

    `counts` says what the size counts. `levels` marks designs that put factors on levels of their range; `grows`
    those whose smaller sizes are part of the larger; `groups` those that can treat factors as one group. Intervals
    are given from the size `intervals_from` on, where `benchmarks/index_coverage.py` has seen them hold the truth as
    often as they say; None where they never do.
    """

    name: str
    counts: str
    smallest: int
    groups: bool = False
    grows: bool = True
    levels: bool = False
    intervals_from: int | None = 1

    def has_intervals(self, size: int) -> bool:
        """Whether indices of a study of this size have intervals that hold what they say."""
        return self.intervals_from is not None and size >= self.intervals_from

    def rows(self, size: int, factors: int, groups: int, *, second_order: bool = False) -> int:
        """Runs of the model for a size, with `groups` the number of groups (or of factors where there are none)."""
        match self.name:
            case "morris":
                return size * (groups + 1)
            case "sobol":
                return size * (2 * groups + 2 if second_order else groups + 2)
            case "fast":
                return size * CURVE * factors
            case "dgsm":
                return size * (factors + 1)
            case "one_way":
                return 1 + size * factors
            case "grid":
                return int(size**factors)
        return size


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method("one_way", "levels", 2, grows=False, levels=True),
        Method("grid", "levels", 2, grows=False, levels=True, intervals_from=None),
        Method("morris", "trajectories", 4, groups=True, levels=True, intervals_from=8),
        Method("dgsm", "points", 16, intervals_from=32),
        Method("sobol", "base points", 16, groups=True, intervals_from=64),
        Method("fast", "search curves", 3, intervals_from=None),
        Method("rbd_fast", "points", 64),
        Method("pawn", "points", 1024, intervals_from=None),
        Method("regional", "points", 128, intervals_from=None),
    )
}

REMOVED = {"delta": "pawn, which answers the same; delta is a quarter to a third too small on the Ishigami function"}
"""Methods of former versions, each with the one to use."""


@dataclass(frozen=True, eq=False)
class Design:
    """The points of a study, shape (rows, factors) in the unit cube, `block` rows for each step of its size."""

    method: Method
    size: int
    points: Floats
    block: int
    second_order: bool = False

    def first(self, size: int) -> slice:
        """The rows of the design of a smaller size."""
        return slice(0, size * self.block)


def make_design(
    name: str,
    size: int,
    factors: int,
    seed: int,
    *,
    groups: tuple[str, ...] | None = None,
    second_order: bool = False,
    base: Floats | None = None,
) -> Design:
    """The design of a method, the same for the same arguments and seed.

    `base` is the point that a one-way design varies around. For a grid the last factor changes fastest.
    """
    method = METHODS[name]
    problem = salib_problem(tuple(f"f{i}" for i in range(factors)), groups)
    if name == "morris":
        from SALib.sample import morris

        points = morris.sample(problem, N=size, num_levels=MORRIS_LEVELS, seed=seed)
    elif name == "sobol":
        from SALib.sample import sobol

        with _no_advice():
            points = sobol.sample(problem, N=size, calc_second_order=second_order, seed=seed)
    elif name == "fast":
        points = np.concatenate([_search_curve(problem, seed, i) for i in range(size)])
    elif name == "dgsm":
        points = _with_neighbours(_sobol_points(size, factors, seed))
    elif name == "one_way":
        assert base is not None
        points = _one_at_a_time(base, size)
    elif name == "grid":
        axes = np.meshgrid(*[np.linspace(0.0, 1.0, size)] * factors, indexing="ij")
        points = np.stack([axis.ravel() for axis in axes], axis=1)
    elif name == "rbd_fast":
        # Sorted by one factor, Sobol' points leave waves in the others, which it would take for that factor's share.
        points = generator(seed, "points").random((size, factors))
    else:
        points = _sobol_points(size, factors, seed)
    block = len(points) // size if method.grows else len(points)
    return Design(method, size, np.asarray(points, dtype=np.float64), block, second_order)


def salib_problem(names: tuple[str, ...], groups: tuple[str, ...] | None = None) -> dict[str, Any]:
    """The unit cube as SALib describes problems."""
    problem: dict[str, Any] = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
    return problem | {"groups": list(groups)} if groups is not None else problem


def _sobol_points(size: int, factors: int, seed: int) -> Floats:
    from scipy.stats import qmc

    with _no_advice():
        return np.asarray(
            qmc.Sobol(d=factors, scramble=True, rng=np.random.default_rng(seed_of(seed, "points"))).random(size)
        )


def _search_curve(problem: dict[str, Any], seed: int, number: int) -> Floats:
    from SALib.sample import fast_sampler

    # SALib spawns streams from its generator, which one made of a key instead of a seed cannot.
    luck = np.random.default_rng(seed_of(seed, "search curve", number))
    return np.asarray(fast_sampler.sample(problem, N=CURVE, M=HARMONICS, seed=luck))


def _with_neighbours(points: Floats) -> Floats:
    """Each point followed by its neighbours one step away along every factor, inward where the edge is nearer.

    SALib's own sampler ignores the seed and steps in proportion to the value, which is no step at all at 0.
    """
    size, factors = points.shape
    rows = np.repeat(points[:, None, :], factors + 1, axis=1)
    for factor in range(factors):
        here = points[:, factor]
        rows[:, factor + 1, factor] = np.where(here + STEP <= 1.0, here + STEP, here - STEP)
    return rows.reshape(size * (factors + 1), factors)


def _one_at_a_time(base: Floats, size: int) -> Floats:
    """The base, then each factor in turn over its levels with the others at the base."""
    rows = np.repeat(base[None, :], 1 + size * len(base), axis=0)
    for factor in range(len(base)):
        rows[1 + factor * size : 1 + (factor + 1) * size, factor] = np.linspace(0.0, 1.0, size)
    return rows


class _no_advice(warnings.catch_warnings):  # noqa: N801 -- reads as a statement
    """Silence SciPy's advice that Sobol' points like powers of two; studies are told when it matters."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.simplefilter("ignore")
