"""What a model lets a study vary, and what is known about how it varies together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Quantile = Callable[[Floats], Floats]
"""From probabilities to values of the parameter, never decreasing."""

UNLIMITED = (-np.inf, np.inf)


@dataclass(frozen=True)
class Input:
    """A parameter that a study may vary.

    `base` is the number in force and `limits` the closed range that any value must lie in, both in `unit`. `quantile`
    is the quantile function of its distribution; without one it varies only over a range that the study gives.
    `group` is its place in the tree of parameters, levels parted by dots. Inputs of one `stream` always stand at the
    same quantile, so they move together.
    """

    name: str
    base: float
    quantile: Quantile | None = None
    group: str = ""
    unit: str = ""
    limits: tuple[float, float] = UNLIMITED
    stream: str = ""

    @property
    def moves_with(self) -> str:
        """Name of what moves it: its stream, or itself."""
        return self.stream or self.name

    def within(self, group: str) -> bool:
        """Whether it belongs to `group` or to a group below it."""
        return self.group == group or self.group.startswith(f"{group}.")


@dataclass(frozen=True, eq=False)
class JointDraws:
    """Draws of parameters that were estimated together, shape (draws, len(names)): a posterior."""

    label: str
    names: tuple[str, ...]
    values: Floats


@dataclass(frozen=True)
class Catalogue:
    """Everything that may vary, in the order of the register, and the draws that tie some of it together."""

    inputs: tuple[Input, ...]
    joint: tuple[JointDraws, ...] = field(default=())

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the inputs."""
        return tuple(each.name for each in self.inputs)

    @property
    def groups(self) -> tuple[str, ...]:
        """Every group and every group above one."""
        paths = (each.group.split(".") for each in self.inputs if each.group)
        return tuple(dict.fromkeys(".".join(path[: depth + 1]) for path in paths for depth in range(len(path))))


def uniform_between(low: float, high: float) -> Quantile:
    """Quantiles of the uniform distribution over a range."""
    return lambda probability: low + (high - low) * np.asarray(probability, dtype=np.float64)


def empirical(draws: Floats) -> Quantile:
    """Quantiles of draws, straight lines between their order statistics."""
    ordered = np.sort(np.asarray(draws, dtype=np.float64))
    return lambda probability: np.quantile(ordered, probability)
