"""Boundaries on the scale of the effect: the estimate at which a look stands on its boundary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulator.statistics.sequential.boundaries import Boundaries
from simulator.words.errors import Problem

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

SCALES = ("hazard-ratio", "difference")


@dataclass(frozen=True)
class EffectScale:
    """The effect for which a plan has its power, as a hazard ratio (or any other ratio) or a difference.

    Information at each look then follows from the power, and with it the estimate at every boundary: the logarithm of the
    ratio, or the difference, is in proportion to z / sqrt(t) (Jennison & Turnbull 2000, section 3.1).
    """

    scale: str
    effect: float

    def problems(self, file: str) -> Iterator[Problem]:
        """What is wrong with it."""
        if self.scale not in SCALES:
            yield Problem(file, "effect", repr(self.scale), f"one of {', '.join(SCALES)}")
        elif not np.isfinite(self.effect) or self.effect == 0.0:
            yield Problem(file, "effect", f"{self.effect:g}", "a number other than 0")
        elif self.scale == "hazard-ratio" and (self.effect < 0.0 or self.effect == 1.0):
            yield Problem(file, "effect", f"{self.effect:g}", "a ratio above 0 and other than 1")

    def at(self, z: Array, information: Array, drift: float) -> Array:
        """Estimates at these z, (looks,); `drift` is the mean of the last z under the effect."""
        share = z / (drift * np.sqrt(information))
        if self.scale == "hazard-ratio":
            return np.asarray(np.exp(np.log(self.effect) * share))
        return np.asarray(self.effect * share)

    def beside(self, table: pd.DataFrame, found: Boundaries) -> pd.DataFrame:
        """The boundaries' table with the effect at each; the plan has a power."""
        assert found.drift is not None
        out, t, drift = table.copy(), found.information, found.drift
        out["effect"] = self.at(found.upper, t, drift)
        if found.plan.sides == 2:
            out["harm_effect"] = self.at(-found.upper, t, drift)
        if "futility_z" in out:
            out["futility_effect"] = self.at(out["futility_z"].to_numpy(float), t, drift)
        return out
