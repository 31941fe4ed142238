"""The boundaries of a design's looks, for the information that was planned and for the information that was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from simulator.questions.trial.conduct.decisions import levels_of
from simulator.questions.trial.design.design import Design
from simulator.statistics.sequential.boundaries import Boundaries
from simulator.statistics.sequential.boundary_search import observed_boundaries, solve
from simulator.statistics.sequential.conditional_power import stopping_z
from simulator.statistics.sequential.stopping_plan import Plan
from simulator.words.errors import BadInput, Problem

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StoppingRule:
    """Boundaries for the levels that rules for several hypotheses choose from (`levels_of`).

    `planned` are the shares of information that `boundaries` were solved for.
    """

    design: Design
    planned: Array
    boundaries: tuple[Boundaries, ...]

    @property
    def looks(self) -> int:
        """Number of looks, the last analysis included."""
        return self.planned.size

    def upper(self, shares: Array, first: bool = True) -> Array:
        """Efficacy boundaries for trials that saw these shares of information (trials, looks): (levels, trials, looks).

        Spending functions follow the information; boundaries of a given shape stay as planned. `first`: whether the
        information is that of the first endpoint, for which the looks were planned. The information of another one
        grows at its own pace, and boundaries for the wrong correlations between looks would not keep its alpha (Glimm
        E, Maurer W, Bretz F. Stat Med 2010;29:219-228, doi 10.1002/sim.3748).
        """
        out = np.empty((len(self.boundaries), *shares.shape))
        other = (np.abs(shares - self.planned) > 1e-9).any(axis=1)
        for level, found in enumerate(self.boundaries):
            out[level] = found.upper
            if self.looks == 1:
                out[level] = -ndtri(found.plan.alpha / found.plan.sides)
            elif found.plan.spending is not None and not first:
                out[level] = observed_boundaries(found.plan, shares)
            elif other.any() and found.plan.spending is not None:
                out[level][other] = observed_boundaries(found.plan, shares[other])
        return out

    def lower(self, shares: Array) -> Array:
        """Futility boundaries of the same trials, (trials, looks); minus infinity where nothing stops.

        Conditional power follows the information that was seen; the other rules stay as planned. In a two-sided trial they
        are the half width of the wedge around no effect.
        """
        rule, found = self.design.futility, self.boundaries[0]
        out = np.full(shares.shape, -np.inf)
        if not self.design.stops_for_futility or self.looks == 1:
            return out
        out[:] = found.lower if found.inner is None else found.inner
        out[:, -1] = -np.inf
        if rule is not None and rule.rule == "conditional-power":
            drift = found.drift if rule.assumed == "design" else None
            ahead = np.clip(shares[:, :-1], 1e-6, 1.0 - 1e-9)
            out[:, :-1] = stopping_z(ahead, found.upper[-1], rule.threshold, drift)
        return out


def stopping_rule(design: Design, shares: Sequence[float]) -> StoppingRule:
    """The design's boundaries for interim looks at these shares of the information at the end.

    Raises BadInput where no such boundaries exist.
    """
    looks = design.looks
    information = (*shares, 1.0)
    problems: dict[Problem, None] = {}
    boundaries = []
    for part in levels_of(design):
        alpha = design.alpha / part
        if looks is None:
            plan = Plan(information, alpha, sides=design.sides, power=design.size.power)
        else:
            plan = Plan(
                information,
                alpha,
                looks.type,
                design.sides,
                looks.delta,
                looks.gamma,
                looks.early_z,
                looks.points,
                looks.shares,
                None if design.futility is None else design.futility.rule_of_plan,
                design.size.power,
                looks.rho,
            )
        try:
            boundaries.append(solve(plan, design.file))
        except BadInput as bad:
            problems |= dict.fromkeys(bad.problems)
    if problems:
        raise BadInput(problems)
    return StoppingRule(design, np.array(information), tuple(boundaries))
