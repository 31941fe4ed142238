"""Group-sequential boundaries: when an interim look may stop a trial, and what that does to power and size.

A `Plan` says what is wanted, `solve` finds the boundaries, and `Boundaries` answers questions about them. Everything
is on the scale of the z statistic and of information fractions, so it serves every endpoint. Numbers come from the
recursive integration of `simulator.statistics.crossing` (Jennison & Turnbull 2000, chapters 2 to 7 and 19).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from simulator.statistics.conditional_power import stopping_z
from simulator.statistics.crossing import GRID as R
from simulator.statistics.crossing import bound_for, crossing, spent_bounds, spent_bounds_of_trials, start, step
from simulator.statistics.formula import fixed_drift
from simulator.statistics.stopping_plan import Futility, Plan, in_words
from simulator.words.errors import BadInput, Problem

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

LEVEL_LOST = 1e-6
"""Share of alpha that may remain unspent by rounding."""


@dataclass(frozen=True)
class Boundaries:
    """The solved boundaries of a `Plan`, all arrays of shape (looks,).

    `upper` stops for efficacy. `lower` stops for futility when `plan.sides` is 1 (minus infinity where nothing does)
    and for efficacy in the other direction when it is 2. At the last look the futility boundary meets the efficacy one.
    `drift` is the mean of the last z under the effect that the plan's power is for; None without a power.
    """

    plan: Plan
    information: Array
    upper: Array
    lower: Array
    drift: float | None

    def crossing(self, drift: float) -> tuple[Array, Array]:
        """Probability of stopping at each look below and above, if the last z has mean `drift`."""
        lower, upper = crossing(self.information, self.lower, self.upper, float(drift), R)
        return lower, upper

    def power(self, drift: float) -> float:
        """Probability of ever crossing the upper boundary."""
        return float(self.crossing(drift)[1].sum())

    def expected_information(self, drift: float) -> float:
        """Mean information when the trial ends, as a fraction of the maximum."""
        below, above = self.crossing(drift)
        stop = below + above
        stop[-1] = 1.0 - stop[:-1].sum()
        return float(self.information @ stop)

    @cached_property
    def cumulative_alpha(self) -> Array:
        """Type I error spent by each look, both sides together; a futility rule that is not binding is left out."""
        futility = self.plan.futility
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
        if self.plan.futility is not None:
            columns["futility_z"] = self.lower
            columns["futility_if_no_effect"] = np.cumsum(self.crossing(0.0)[0])
        if self.drift is not None:
            down, up = self.crossing(self.drift)
            columns["cumulative_power"] = np.cumsum(up)
            if self.plan.futility is not None:
                columns["futility_if_effect"] = np.cumsum(down)
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
        futility = plan.futility
        told: dict[str, Any] | None = None
        if futility is not None:
            told = {"rule": futility.rule, "binding": futility.binding}
            if futility.rule == "beta":
                told |= {"spending": futility.spending.name}
                if futility.spending.name == "hsd":
                    told |= {"gamma": futility.spending.gamma}
            elif futility.rule == "z":
                told |= {"z": list(futility.z)}
            else:
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


def solve(plan: Plan, file: str = "design") -> Boundaries:
    """The boundaries that the plan asks for; `BadInput` with everything that is impossible about it."""
    problems = plan.problems(file)
    if problems:
        raise BadInput(problems)
    if plan.kind == "haybittle-peto":
        _check_early(plan, file)
    if plan.futility is not None and plan.futility.rule == "z":
        _check_futility_z(plan, file)
    rule = plan.futility
    if rule is not None and rule.binding and not _needs_drift(rule):
        lower, upper = _bounds(plan, 0.0)
        _check_level(Boundaries(plan, np.array(plan.information), upper, lower, None), file)
    if plan.power is None:
        lower, upper = _bounds(plan, 0.0)
        return Boundaries(plan, np.array(plan.information), upper, lower, None)
    t = np.array(plan.information)
    target = plan.power

    def excess(drift: float) -> float:
        lower, upper = _bounds(plan, drift)
        return float(crossing(t, lower, upper, drift, R)[1].sum()) - target

    least = fixed_drift(plan.alpha / plan.sides, plan.power)
    most = max(2.0 * least, least + 1.0)
    if excess(most) < 0.0:
        what = "a rule that leaves the power within reach: this one stops for futility too often"
        raise BadInput([Problem(file, "futility", in_words(plan.futility), what)])
    # A binding futility rule can reach the power with a little less information than a trial without looks.
    drift = float(scipy.optimize.brentq(excess, 0.5 * least, most, xtol=1e-11, rtol=1e-12))
    lower, upper = _bounds(plan, drift)
    found = Boundaries(plan, t, upper, lower, drift)
    if rule is not None and rule.binding:
        _check_level(found, file)
    return found


def observed_boundaries(plan: Plan, information: ArrayLike) -> Array:
    """Efficacy boundaries of trials whose looks fell at other information than planned: (trials, looks) from the same.

    Only for spending functions, which are meant for this. The last look spends all that is left; futility rules play no
    part. A look that brings no new information gets an infinite boundary. Good for five decimals.
    """
    if plan.spending is None:
        raise ValueError(
            f"boundaries of type {plan.kind!r} cannot follow the observed information; spending functions can"
        )
    rows, place = np.unique(np.atleast_2d(np.asarray(information, dtype=float)), axis=0, return_inverse=True)
    spent = plan.spending(plan.alpha / plan.sides, rows)
    spent[:, -1] = plan.alpha / plan.sides
    spend = np.diff(np.maximum.accumulate(spent, axis=1), axis=1, prepend=0.0)
    return np.asarray(spent_bounds_of_trials(rows, spend, plan.sides == 2))[place.reshape(-1)]


def _bounds(plan: Plan, drift: float) -> tuple[Array, Array]:
    """Lower and upper boundaries if the effect that futility looks at has this drift."""
    upper = np.array(_free_efficacy(plan))
    if plan.futility is None:
        return (-upper if plan.sides == 2 else np.full(upper.size, -np.inf)), upper
    if not plan.futility.binding:
        return _futility(plan, upper, drift), upper
    # Each boundary depends on the other's earlier looks only, or weakly through one constant: a few rounds settle both.
    for _ in range(100):
        lower = _futility(plan, upper, drift)
        again = _efficacy(plan, lower)
        done = np.allclose(again, upper, rtol=0.0, atol=1e-11)
        upper = again
        if done:
            break
    return _futility(plan, upper, drift), upper


@lru_cache(maxsize=64)
def _free_efficacy(plan: Plan) -> tuple[float, ...]:
    """Upper boundary that keeps alpha when no trial stops for futility; the same for every drift, so kept."""
    return tuple(_efficacy(plan, np.full(len(plan.information), -np.inf)).tolist())


def _efficacy(plan: Plan, lower: Array) -> Array:
    """Upper boundary that keeps alpha when the trial also stops below `lower` (minus infinity: never)."""
    t = np.array(plan.information)
    alpha = plan.alpha / plan.sides
    two_sided = plan.sides == 2
    if plan.spending is not None:
        spend = np.diff(plan.spending(alpha, t), prepend=0.0)
        return np.asarray(spent_bounds(t, spend, lower, two_sided, R))

    def upper_for(constant: float) -> Array:
        if plan.kind == "haybittle-peto":
            early = 3.0 if plan.early_z is None else plan.early_z
            return np.append(np.full(t.size - 1, early), constant)
        delta = {"obf": 0.0, "pocock": 0.5}.get(plan.kind, 0.25 if plan.delta is None else plan.delta)
        return np.asarray(constant * t ** (delta - 0.5))

    def excess(constant: float) -> float:
        upper = upper_for(constant)
        low = -upper if two_sided else np.minimum(np.append(lower[:-1], -np.inf), upper)
        return float(crossing(t, low, upper, 0.0, R)[1].sum()) - alpha

    most_lenient = 1e-9
    if excess(most_lenient) < 0.0:
        # Futility leaves so few trials that they cannot spend alpha; the search for the drift passes through such rules.
        return upper_for(most_lenient)
    return upper_for(float(scipy.optimize.brentq(excess, most_lenient, 20.0, xtol=1e-12, rtol=1e-12)))


def _futility(plan: Plan, upper: Array, drift: float) -> Array:
    """Lower boundary for the plan's futility rule; never above `upper`, and equal to it at the last look."""
    assert plan.futility is not None
    t = np.array(plan.information)
    rule = plan.futility
    if rule.rule == "z":
        lower = np.append(rule.z, upper[-1])
    elif rule.rule == "conditional-power":
        effect = drift if rule.assumed == "design" else None
        lower = np.append(stopping_z(t[:-1], upper[-1], rule.threshold, effect), upper[-1])
    else:
        assert plan.power is not None
        spend = np.diff(rule.spending(1.0 - plan.power, t), prepend=0.0)
        lower = np.empty(t.size)
        nodes, mass = np.empty(0), np.empty(0)
        for k in range(t.size - 1):
            before = t[k - 1] if k else 0.0
            lower[k] = min(-bound_for(-nodes, mass, before, t[k], -drift, spend[k]), upper[k])
            if k == 0:
                nodes, mass = start(t[k], drift, lower[k], upper[k], R)
            else:
                nodes, mass = step(nodes, mass, before, t[k], drift, lower[k], upper[k], R)
        lower[-1] = upper[-1]
    return np.asarray(np.minimum(lower, upper))


def _check_early(plan: Plan, file: str) -> None:
    """The interim looks of Haybittle-Peto must leave some alpha for the last one."""
    t = np.array(plan.information)
    early = 3.0 if plan.early_z is None else plan.early_z
    upper = np.append(np.full(t.size - 1, early), np.inf)
    lower = -upper if plan.sides == 2 else np.full(t.size, -np.inf)
    spent = float(crossing(t, lower, upper, 0.0, R)[1].sum()) * plan.sides
    if spent >= plan.alpha:
        allowed = f"larger: these interim looks alone spend {spent:.4g} of alpha {plan.alpha:g}"
        raise BadInput([Problem(file, "early_z", f"{early:g}", allowed)])


def _needs_drift(rule: Futility) -> bool:
    """Whether a futility rule depends on the effect that the plan's power is for."""
    return rule.rule == "beta" or (rule.rule == "conditional-power" and rule.assumed == "design")


def _check_level(found: Boundaries, file: str) -> None:
    """Binding futility must leave enough trials to spend all of alpha on; rpact refuses the same plans as too extreme."""
    spent, alpha = float(found.cumulative_alpha[-1]), found.plan.alpha
    if spent < alpha * (1.0 - LEVEL_LOST):
        assert found.plan.futility is not None
        allowed = (
            f"a milder rule, or one that is not binding: it stops so many trials without an effect that alpha {alpha:g} can "
            f"no longer be spent, and the level would be {spent:.4f}"
        )
        raise BadInput([Problem(file, "futility", in_words(found.plan.futility), allowed)])


def _check_futility_z(plan: Plan, file: str) -> None:
    """Given futility boundaries must leave room below the efficacy boundaries."""
    assert plan.futility is not None
    upper = _free_efficacy(plan)
    problems = [
        Problem(file, f"futility z at look {k + 1}", f"{z:g}", f"below the efficacy boundary {upper[k]:.4g}")
        for k, z in enumerate(plan.futility.z)
        if z >= upper[k]
    ]
    if problems:
        raise BadInput(problems)
