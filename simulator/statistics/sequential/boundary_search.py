"""Finding the boundaries that a plan asks for: a constant, or error spent look by look, with futility that may move efficacy."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import ArrayLike

from simulator.statistics.sequential.boundaries import Array, Boundaries
from simulator.statistics.sequential.conditional_power import stopping_z
from simulator.statistics.sequential.crossing import GRID as R
from simulator.statistics.sequential.crossing import (
    bound_for,
    crossing,
    spent_bounds,
    spent_bounds_of_trials,
    start,
    step,
)
from simulator.statistics.sequential.inner_wedge import outer_bounds, wedge_bounds
from simulator.statistics.sequential.stopping_plan import Futility, Plan, in_words
from simulator.statistics.sequential.triangular import triangular_bounds
from simulator.statistics.sizes.formula import fixed_drift
from simulator.words.errors import BadInput, Problem

LEVEL_LOST = 1e-6
"""Share of alpha that may remain unspent by rounding."""


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
    if plan.kind == "triangular":
        _check_triangle(plan, file)
    if rule is not None and rule.binding and not _needs_drift(rule):
        _check_level(_with_bounds(plan, 0.0, None), file)
    if plan.power is None:
        return _with_bounds(plan, 0.0, None)
    target = plan.power
    if len(plan.information) == 1 and plan.sides == 1 and plan.stops_for_futility is None:
        # Without looks before the end there is nothing to solve.
        drift = fixed_drift(plan.alpha, plan.power)
        return _with_bounds(plan, drift, drift)

    def excess(drift: float) -> float:
        return float(_with_bounds(plan, drift, None).crossing(drift)[1].sum()) - target

    least = fixed_drift(plan.alpha / plan.sides, plan.power)
    most = max(2.0 * least, least + 1.0)
    if excess(most) < 0.0:
        what = "a rule that leaves the power within reach: this one stops for futility too often"
        raise BadInput([Problem(file, "futility", in_words(plan.stops_for_futility), what)])
    # A binding futility rule can reach the power with a little less information than a trial without looks.
    drift = float(scipy.optimize.brentq(excess, 0.5 * least, most, xtol=1e-11, rtol=1e-12))
    found = _with_bounds(plan, drift, drift)
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


def _with_bounds(plan: Plan, assumed: float, drift: float | None) -> Boundaries:
    """The boundaries if the effect that futility looks at has the drift `assumed`."""
    t = np.array(plan.information)
    if plan.kind == "triangular":
        lower, upper = _triangle(plan)
        return Boundaries(plan, t, np.array(upper), np.array(lower), drift)
    upper_, rule = np.array(_free_efficacy(plan)), plan.futility
    if plan.sides == 2:
        if rule is None:
            return Boundaries(plan, t, upper_, -upper_, drift)
        upper_, inner = _settled(plan, upper_, lambda outer: _wedge(plan, outer, assumed))
        return Boundaries(plan, t, upper_, -upper_, drift, inner)
    if rule is None:
        return Boundaries(plan, t, upper_, np.full(upper_.size, -np.inf), drift)
    upper_, lower_ = _settled(plan, upper_, lambda outer: _futility(plan, outer, assumed))
    return Boundaries(plan, t, upper_, lower_, drift)


def _settled(plan: Plan, upper: Array, futility: Callable[[Array], Array]) -> tuple[Array, Array]:
    """Efficacy and futility boundaries that fit each other; only a binding rule moves the efficacy boundary."""
    assert plan.futility is not None
    if plan.futility.binding:
        # Each boundary depends on the other's earlier looks only, or weakly through one constant: a few rounds settle both.
        for _ in range(100):
            again = _efficacy(plan, futility(upper))
            done = np.allclose(again, upper, rtol=0.0, atol=1e-11)
            upper = again
            if done:
                break
    return upper, futility(upper)


def _wedge(plan: Plan, upper: Array, drift: float) -> Array:
    """Half width of the wedge that spends the type II error under `drift`."""
    assert plan.futility is not None and plan.power is not None
    t = np.array(plan.information)
    spend = np.diff(plan.futility.spending(1.0 - plan.power, t), prepend=0.0)
    return np.asarray(wedge_bounds(t, upper, spend, drift, R))


@lru_cache(maxsize=64)
def _triangle(plan: Plan) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Lower and upper side of the triangular test, the same for every drift, so kept; nothing where it does not exist."""
    found = triangular_bounds(np.array(plan.information), plan.alpha)
    return ((), ()) if found is None else (tuple(found[0].tolist()), tuple(found[1].tolist()))


@lru_cache(maxsize=64)
def _free_efficacy(plan: Plan) -> tuple[float, ...]:
    """Upper boundary that keeps alpha when no trial stops for futility; the same for every drift, so kept."""
    return tuple(_efficacy(plan, np.full(len(plan.information), -np.inf)).tolist())


def _efficacy(plan: Plan, lower: Array) -> Array:
    """Upper boundary that keeps alpha when the trial also stops below `lower` (minus infinity: never).

    In a two-sided test `lower` is the half width of the wedge.
    """
    t = np.array(plan.information)
    alpha = plan.alpha / plan.sides
    two_sided = plan.sides == 2
    if plan.spending is not None:
        spend = np.diff(plan.spending(alpha, t), prepend=0.0)
        if two_sided and np.isfinite(lower).any():
            return np.asarray(outer_bounds(t, spend, lower, R))
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


def _check_triangle(plan: Plan, file: str) -> None:
    """The sides of the triangle must not meet before the last look."""
    if not _triangle(plan)[0]:
        looks = ", ".join(f"{share:g}" for share in plan.information)
        allowed = (
            "looks whose last step is not so much shorter than the others: the triangle closes before its last look"
        )
        raise BadInput([Problem(file, "information", looks, allowed)])


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
