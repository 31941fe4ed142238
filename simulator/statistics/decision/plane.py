"""Ellipses of the cost-effectiveness plane: contours of the bivariate normal fitted to the draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.statistics.decision.results import Array, CostEffectResults


@dataclass(frozen=True)
class Ellipse:
    """The contour that holds the share `level` of a bivariate normal with this mean and covariance.

    The axis to the right is effect, the axis upwards cost. `axes` are the half-lengths, longest first; `angle` is that
    of the longest axis in radians from the effect axis.
    """

    level: float
    centre: Array
    covariance: Array

    @property
    def radius(self) -> float:
        """Mahalanobis distance of the contour; its square is a quantile of chi-squared with two degrees of freedom."""
        return float(np.sqrt(-2 * np.log1p(-self.level)))

    @property
    def axes(self) -> tuple[float, float]:
        """Half-lengths of the axes, longest first."""
        short, long = np.sqrt(np.maximum(np.linalg.eigvalsh(self.covariance), 0.0)) * self.radius
        return float(long), float(short)

    @property
    def angle(self) -> float:
        """Direction of the longest axis, between -pi/2 and pi/2."""
        effect, cost = np.linalg.eigh(self.covariance)[1][:, 1]
        return float(np.arctan(cost / effect)) if effect != 0 else float(np.pi / 2)

    def outline(self, points: int = 181) -> Array:
        """A closed outline with the shape (points, 2)."""
        turn = np.linspace(0, 2 * np.pi, points)
        values, vectors = np.linalg.eigh(self.covariance)
        spread = vectors * np.sqrt(np.maximum(values, 0.0))
        return np.asarray(self.centre + self.radius * np.column_stack([np.cos(turn), np.sin(turn)]) @ spread.T)


def ellipse(effect: Array, cost: Array, level: float = 0.95) -> Ellipse:
    """The ellipse of increments (or of totals) per draw; `level` lies strictly between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"level = {level}; allowed: between 0 and 1")
    return Ellipse(level, np.array([effect.mean(), cost.mean()]), np.cov(effect, cost))


def ellipses_table(results: CostEffectResults, comparator: str) -> pd.DataFrame:
    """Outlines that hold 95% of the draws of each option against the comparator if they are normal: option, effect, cost."""
    base = results.column(comparator)
    parts = []
    for p, option in enumerate(results.options):
        if p != base:
            effect = results.effect[:, p] - results.effect[:, base]
            cost = results.cost[:, p] - results.cost[:, base]
            outline = ellipse(effect, cost).outline()
            parts.append(pd.DataFrame({"option": option, "effect": outline[:, 0], "cost": outline[:, 1]}))
    return pd.concat(parts, ignore_index=True)
