"""Discount factors, and integrals of discounted time."""

from __future__ import annotations

from math import exp
from typing import Any

from simulator.compiling import compiled


@compiled
def discounted_moments(start: float, end: float, rate: float, from_factor: float, to_factor: float) -> Any:
    """Integrals of exp(-rate t) t^j over [start, end] for j = 0, 1, 2; the factors are exp(-rate t) at the ends."""
    if rate == 0.0:
        # Products, not powers: compiled and interpreted they round alike.
        return end - start, 0.5 * (end * end - start * start), (end * (end * end) - start * (start * start)) / 3.0
    a, b = 1.0 / rate, 1.0 / (rate * rate)
    zero = (from_factor - to_factor) * a
    one = from_factor * (start * a + b) - to_factor * (end * a + b)
    two = from_factor * (start * start * a + 2.0 * start * b + 2.0 * a * b)
    two -= to_factor * (end * end * a + 2.0 * end * b + 2.0 * a * b)
    return zero, one, two


@compiled
def overlap(start: float, end: float, low: float, high: float) -> tuple[float, float]:
    """The part of [start, end] inside [low, high]; empty parts have equal ends."""
    a = max(start, low)
    return a, max(a, min(end, high))


@compiled
def discounted(start: float, end: float, rate: float, from_factor: float, to_factor: float) -> float:
    """Integral of exp(-rate t) over [start, end]; the factors are exp(-rate t) at the ends."""
    if rate == 0.0:
        return end - start
    return (from_factor - to_factor) / rate


@compiled
def factors(effect_rate: float, cost_rate: float, t: float) -> tuple[float, float]:
    """The discount factors of effects and of costs at t (years)."""
    costs = exp(-cost_rate * t)
    return (costs if effect_rate == cost_rate else exp(-effect_rate * t)), costs


@compiled
def factors_at(t: float, effect_rate: float, cost_rate: float, start: float, since: tuple[float, float]) -> Any:
    """As `factors`, which are known at `start`: most of what begins within a sojourn has begun before it."""
    return since if t == start else factors(effect_rate, cost_rate, t)
