"""Group-sequential boundaries: when an interim look may stop a trial, and what that does to power and size.

A `Plan` says what is wanted, `solve` finds the boundaries, and `Boundaries` answers questions about them. Everything
is on the scale of the z statistic and of information fractions, so it serves every endpoint. Numbers come from the
recursive integration of `simulator.statistics.sequential.crossing` (Jennison & Turnbull 2000, chapters 2 to 7 and 19).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from simulator.statistics.sequential.crossing import GRID as R
from simulator.statistics.sequential.crossing import crossing
from simulator.statistics.sequential.inner_wedge import wedge_crossing
from simulator.statistics.sequential.stopping_plan import Plan
from simulator.statistics.sizes.formula import fixed_drift

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Boundaries:
    """The solved boundaries of a `Plan`, all arrays of shape (looks,).

    `upper` stops for efficacy. `lower` stops for futility when `plan.sides` is 1 (minus infinity where nothing does)
    and for efficacy in the other direction when it is 2. At the last look the futility boundary meets the efficacy one.
    `drift` is the mean of the last z under the effect that the plan's power is for; None without a power. `inner` is the
    half width of the wedge in which a two-sided trial stops for futility; None where nothing does.
    """

    plan: Plan
    information: Array
    upper: Array
    lower: Array
    drift: float | None
    inner: Array | None = None

    def crossing(self, drift: float) -> tuple[Array, Array]:
        """Probability of stopping at each look below and above, if the last z has mean `drift`."""
        if self.inner is not None:
            down, _, up = wedge_crossing(self.information, self.upper, self.inner, float(drift), R)
            return down, up
        lower, upper = crossing(self.information, self.lower, self.upper, float(drift), R)
        return lower, upper

    def futile(self, drift: float) -> Array:
        """Probability of stopping at each look for futility; at the last, of ending without success."""
        if self.inner is not None:
            return np.asarray(wedge_crossing(self.information, self.upper, self.inner, float(drift), R)[1])
        return np.zeros_like(self.upper) if self.plan.sides == 2 else self.crossing(drift)[0]

    @property
    def binding(self) -> bool:
        """Whether a rule stops for futility that must be obeyed."""
        rule = self.plan.stops_for_futility
        return rule is not None and rule.binding

    def power(self, drift: float) -> float:
        """Probability of ever crossing the upper boundary."""
        return float(self.crossing(drift)[1].sum())

    def expected_information(self, drift: float) -> float:
        """Mean information when the trial ends, as a fraction of the maximum."""
        below, above = self.crossing(drift)
        stop = below + above
        if self.inner is not None:
            stop = stop + self.futile(drift)
        stop[-1] = 1.0 - stop[:-1].sum()
        return float(self.information @ stop)

    @cached_property
    def cumulative_alpha(self) -> Array:
        """Type I error spent by each look, both sides together; a futility rule that is not binding is left out."""
        futility = self.plan.stops_for_futility
        if self.inner is not None and futility is not None and futility.binding:
            down, up = self.crossing(0.0)
            return np.asarray(np.cumsum(up + down))
        ignore = self.plan.sides == 1 and futility is not None and not futility.binding
        lower = np.full_like(self.lower, -np.inf) if ignore else self.lower
        down, up = crossing(self.information, lower, self.upper, 0.0, R)
        return np.asarray(np.cumsum(up + down if self.plan.sides == 2 else up))

    @property
    def nominal_p(self) -> Array:
        """The p value at the efficacy boundary, two-sided if the test is."""
        return np.asarray(self.plan.sides * ndtr(-self.upper))

    @property
    def inflation(self) -> float:
        """Maximum information over that of a trial without looks and with the same error rates. Needs a power."""
        if self.drift is None or self.plan.power is None:
            raise ValueError("the inflation factor needs a plan with a power")
        return (self.drift / fixed_drift(self.plan.alpha / self.plan.sides, self.plan.power)) ** 2

    def table(self) -> pd.DataFrame:
        """One row per look: boundaries, nominal p, error spent, and cumulative chances of stopping."""
        import pandas as pd

        columns: dict[str, object] = {
            "look": np.arange(1, self.information.size + 1),
            "information": self.information,
            "z": self.upper,
            "nominal_p": self.nominal_p,
            "cumulative_alpha": self.cumulative_alpha,
        }
        stops = self.plan.stops_for_futility is not None
        if stops:
            columns["futility_z"] = self.lower if self.inner is None else self.inner
            columns["futility_if_no_effect"] = np.cumsum(self.futile(0.0))
        if self.drift is not None:
            columns["cumulative_power"] = np.cumsum(self.crossing(self.drift)[1])
            if stops:
                columns["futility_if_effect"] = np.cumsum(self.futile(self.drift))
        return pd.DataFrame(columns)

    def summary(self) -> pd.DataFrame:
        """Quantities of the whole design (quantity, value); information is a fraction of the maximum."""
        import pandas as pd

        rows = [
            ("alpha", float(self.cumulative_alpha[-1])),
            ("expected_information_no_effect", self.expected_information(0.0)),
        ]
        if self.drift is not None:
            rows += [
                ("power", self.power(self.drift)),
                ("drift", self.drift),
                ("inflation_factor", self.inflation),
                ("expected_information_half_effect", self.expected_information(self.drift / 2.0)),
                ("expected_information_effect", self.expected_information(self.drift)),
                ("expected_size_over_fixed_no_effect", self.inflation * self.expected_information(0.0)),
                ("expected_size_over_fixed_effect", self.inflation * self.expected_information(self.drift)),
            ]
        return pd.DataFrame(rows, columns=["quantity", "value"])

    def asked(self) -> dict[str, Any]:
        """What was asked of the boundaries, with every parameter of theirs that is read, and what sentences need."""
        plan = self.plan
        futility = plan.stops_for_futility
        told: dict[str, Any] | None = None
        if futility is not None:
            told = {"rule": futility.rule, "binding": futility.binding}
            if futility.rule == "beta":
                told |= {"spending": futility.spending.name}
                if futility.spending.name == "hsd":
                    told |= {"gamma": futility.spending.gamma}
                elif futility.spending.name == "kim-demets":
                    told |= {"rho": futility.spending.rho}
            elif futility.rule == "z":
                told |= {"z": list(futility.z)}
            elif futility.rule == "conditional-power":
                told |= {"threshold": futility.threshold, "assumed": futility.assumed}
        own = {
            name: getattr(plan, name)
            for name in ("delta", "gamma", "rho", "early_z")
            if getattr(plan, name) is not None
        }
        return {
            "looks": int(self.information.size),
            "kind": plan.kind,
            "alpha": plan.alpha,
            "sides": plan.sides,
            "power": plan.power,
            "parameters": own,
            "information": [float(share) for share in self.information],
            "inflation": None if self.drift is None else self.inflation,
            "last_z": float(self.upper[-1]),
            "fixed_z": float(-ndtri(plan.alpha / plan.sides)),
            "futility": told,
        }
