"""The perfusion path: TcPO2 (mmHg) over time as a baseline plus linear ramps, kept between a floor and a ceiling.

A dose that works, an angioplasty, a restenosis are each one ramp: a start, a duration and a height. Their sum is piecewise
linear and so is its clipped version, which is what the closed forms of `hazards` need.
"""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.compiling import compiled

TOUCH = 1e-9
"""mmHg within which the path counts as lying on its floor or ceiling (rounding at a crossing)."""


@compiled
def add_ramp(life: Any, start: float, duration: float, height: float) -> None:
    """Let the path change by `height` mmHg, linearly over `duration` years from `start`.

    A path holds as many ramps as its record has room for, which is as many as recovery and the register's limit on
    angioplasties can need. Raises IndexError for one more.
    """
    n = life.ramps
    if n >= len(life.ramp_start):
        raise IndexError("a path of perfusion with more ramps than a life has room for")
    life.ramp_start[n] = start
    life.ramp_duration[n] = duration
    life.ramp_height[n] = height
    life.ramps = n + 1


@compiled
def segment(life: Any, t: float) -> tuple[float, float, float]:
    """Path at time t: value (mmHg), slope (mmHg per year) and the end of the straight segment (years)."""
    value = life.tcpo2_start + life.tcpo2_slope * t
    slope = life.tcpo2_slope
    end = inf
    for i in range(life.ramps):
        start = life.ramp_start[i]
        stop = start + life.ramp_duration[i]
        if t < start:
            end = min(end, start)
        elif t < stop:
            rate = life.ramp_height[i] / life.ramp_duration[i]
            value += rate * (t - start)
            slope += rate
            end = min(end, stop)
        else:
            value += life.ramp_height[i]
    return clipped(value, slope, t, end, life.tcpo2_ceiling)


@compiled
def clipped(value: float, slope: float, t: float, end: float, ceiling: float) -> tuple[float, float, float]:
    """A straight segment kept between zero and the ceiling: its value, slope and end."""
    if value >= ceiling - TOUCH and (slope >= 0.0 or value > ceiling + TOUCH):
        if slope < 0.0:
            end = min(end, t + (ceiling - value) / slope)
        return ceiling, 0.0, end
    if value <= TOUCH and (slope <= 0.0 or value < -TOUCH):
        if slope > 0.0:
            end = min(end, t - value / slope)
        return 0.0, 0.0, end
    if slope > 0.0:
        end = min(end, t + (ceiling - value) / slope)
    elif slope < 0.0:
        end = min(end, t - value / slope)
    return value, slope, end


@compiled
def crossing(value: float, slope: float, t: float, level: float) -> float:
    """When a straight segment that starts at t crosses a level (mmHg) within its way; infinite if it never does."""
    if (slope > 0.0 and value < level - TOUCH) or (slope < 0.0 and value > level + TOUCH):
        return t + (level - value) / slope
    return inf


@compiled
def saturated(value: float, slope: float, level: float) -> tuple[float, float]:
    """Value and slope of the smaller of a path and a level, at the start of a segment that does not cross it."""
    if value > level + TOUCH or (value >= level - TOUCH and slope >= 0.0):
        return level, 0.0
    return value, slope


@compiled
def shortfall(value: float, slope: float, level: float) -> tuple[float, float]:
    """How far a path lies below a level, and the slope of that, at the start of a segment that does not cross it."""
    if value < level - TOUCH or (value <= level + TOUCH and slope < 0.0):
        return level - value, -slope
    return 0.0, 0.0


@compiled
def tcpo2(life: Any, t: float) -> float:
    """True TcPO2 (mmHg) at time t."""
    value, _, _ = segment(life, t)
    return value
