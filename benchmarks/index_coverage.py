"""Do intervals of sensitivity indices hold the truth as often as they say? `python benchmarks/index_coverage.py`.

Every method runs many times, each time with another seed, on functions whose indices are known: the Ishigami function
and sums. A line of the table is one index of one parameter: its truth, how far the estimates are off on average, their
standard deviation, and how many of the 95% intervals hold the truth. An interval fails that holds it less often than a
binomial count would with a probability of 1% for all lines together (Bonferroni). Intervals that hold it more often are
too wide, which is told and forgiven: quasi-random points do better than a bootstrap knows, and a sum without noise has
elementary effects without error.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from scipy.stats import binom, norm

from simulator.questions.sweep.methods.designs import MORRIS_LEVELS, STEP, make_design
from simulator.questions.sweep.methods.indices import indices
from simulator.questions.sweep.methods.inputs import Floats
from simulator.questions.sweep.methods.model import Model
from simulator.questions.sweep.methods.space import Space, build_space
from simulator.work.model import canonical

CONFIDENCE = 0.95
FAIL = 0.01
"""Probability that one line or more fails although every interval is as good as it says."""
REPEATS = 200
USUAL = {
    "sobol": (16, 64, 1024),
    "morris": (4, 8, 20),
    "dgsm": (16, 32, 128),
    "fast": (3, 5),
    "rbd_fast": (64, 1024),
    "pawn": (1024, 2048),
    "regional": (128, 2048),
}  # fmt: skip
"""The smallest and the usual size of each method, as docs/sensitivity.md gives them, and the first with intervals."""
LARGE = 1 << 15
"""Points for the truth of an index that has no closed form: what the method finds in a sample without end."""

Truths = dict[tuple[str, str], float]
"""By index and parameter."""


@dataclass(frozen=True, eq=False)
class Known:
    """A function whose indices are known."""

    name: str
    model: Model
    space: Space

    @classmethod
    def of(cls, name: str, kind: str, output: str, **settings: object) -> Known:
        """An output of a kind of model, under its settings."""
        model = Model(kind, outputs=(output,), settings=canonical(settings))
        inputs = model.runner().catalogue().inputs
        space = build_space(inputs, {}, (), by_group=False, joint_as_group=False)
        return cls(name, Model(kind, space.names, (output,), settings=canonical(settings)), space)

    def __call__(self, points: Floats, *, levels: bool = False) -> Floats:
        """The output at points of the unit cube."""
        inputs = self.space.to_inputs(points, levels=levels)
        return self.model.runner().evaluate(inputs, np.arange(len(inputs)), 0).values[:, 0]

    def truths(self, method: str) -> Truths:
        """What a method is to find."""
        if method == "morris":
            return self._elementary_effects()
        if method in ("sobol", "fast", "rbd_fast", "dgsm"):
            return self._shares()
        design = make_design(method, LARGE, len(self.space.factors), 1)
        found = indices(design, self.space, self(design.points), np.zeros(LARGE), seed=1, confidence=CONFIDENCE)
        return {(each.index, each.parameter): each.value for each in found}

    def _shares(self) -> Truths:
        """Ishigami and Homma 1990; Sobol' and Levitan 1999; for a sum, squared weights over 12."""
        pairs = [f"{a} × {b}" for i, a in enumerate(self.space.labels) for b in self.space.labels[i + 1 :]]
        if self.model.kind == "additive":
            weights = self.model.setting("weights", [1.0, 2.0, 3.0])
            total = sum(weight**2 for weight in weights)
            truths = {("S2", pair): 0.0 for pair in pairs}
            for name, weight in zip(self.space.labels, weights, strict=True):
                truths |= {(index, name): weight**2 / total for index in ("S1", "ST")}
                truths |= {("vi", name): weight**2, ("dgsm", name): weight**2 / (math.pi**2 * total / 12)}
            return truths
        a, b, pi = 7.0, 0.1, math.pi
        first = {"x1": 0.5 * (1 + b * pi**4 / 5) ** 2, "x2": a**2 / 8, "x3": 0.0}
        both = b**2 * pi**8 * (1 / 18 - 1 / 50)
        variance = sum(first.values()) + both
        total = {"x1": first["x1"] + both, "x2": first["x2"], "x3": both}
        # Mean squared difference quotients with the step of the design, on the unit cube.
        step = 2 * pi * STEP
        slopes = {
            "x1": 0.5 * (1 + 2 * b * pi**4 / 5 + b**2 * pi**8 / 9) * (2 * math.sin(step / 2) / step) ** 2,
            "x2": a**2 / 2 * (math.sin(step) / step) ** 2,
            "x3": 8 * b**2 * pi**6 / 7,
        }
        truths = {("S2", pair): both / variance if pair == "x1 × x3" else 0.0 for pair in pairs}
        for name, alone in first.items():
            truths |= {("S1", name): alone / variance, ("ST", name): total[name] / variance}
            truths |= {("vi", name): 4 * pi**2 * slopes[name], ("dgsm", name): 4 * slopes[name] / variance}
        return truths

    def _elementary_effects(self) -> Truths:
        """All elementary effects that a trajectory can meet, each as likely as the others."""
        factors = len(self.space.factors)
        jump = MORRIS_LEVELS / (2 * (MORRIS_LEVELS - 1))
        levels = np.linspace(0, 1, MORRIS_LEVELS)
        truths: Truths = {}
        for factor, name in enumerate(self.space.labels):
            low = np.array([point for point in product(levels, repeat=factors) if point[factor] + jump <= 1 + 1e-9])
            high = low.copy()
            high[:, factor] += jump
            effects = (self(high, levels=True) - self(low, levels=True)) / jump
            truths["mu_star", name] = float(np.abs(effects).mean())
            truths["mu", name], truths["sigma", name] = float(effects.mean()), float(effects.std())
        return truths


FUNCTIONS = (
    Known.of("ishigami", "ishigami", "y"),
    Known.of("sum 1 2 3", "additive", "sum", weights=[1.0, 2.0, 3.0]),
    Known.of("sum 3 1 0 0", "additive", "sum", weights=[3.0, 1.0, 0.0, 0.0]),
)


@dataclass
class Line:
    """One index of one parameter over all repeats."""

    method: str
    size: int
    function: str
    index: str
    parameter: str
    truth: float
    values: list[float] = field(default_factory=list)
    halves: list[float] = field(default_factory=list)
    held: int = 0

    @property
    def has_interval(self) -> bool:
        """Whether the method gives an interval at all."""
        return bool(np.isfinite(self.halves).all())

    @property
    def bias(self) -> float:
        """Mean error of the estimates."""
        return float(np.mean(self.values)) - self.truth

    @property
    def sd(self) -> float:
        """Their standard deviation."""
        return float(np.std(self.values, ddof=1))

    @property
    def width(self) -> float:
        """Half an interval over what the spread of the estimates asks for."""
        need = float(norm.ppf(0.5 + CONFIDENCE / 2)) * self.sd
        return float(np.mean(self.halves)) / need if need > 1e-12 * max(abs(self.truth), 1.0) else math.nan


def measure(method: str, size: int, known: Known, repeats: int) -> list[Line]:
    """The lines of a method at a size on a function."""
    truths = known.truths(method)
    lines: dict[tuple[str, str], Line] = {}
    for seed in range(repeats):
        design = make_design(method, size, len(known.space.factors), 1000 + seed, second_order=method == "sobol")
        outputs = known(design.points, levels=design.method.levels)
        found = indices(design, known.space, outputs, np.zeros_like(outputs), seed=1000 + seed, confidence=CONFIDENCE)
        for each in found:
            key = (each.index, each.parameter)
            line = lines.setdefault(key, Line(method, size, known.name, *key, truths[key]))
            slack = 1e-9 * max(abs(line.truth), 1.0)
            line.values.append(each.value)
            line.halves.append((each.high - each.low) / 2)
            line.held += each.low - slack <= line.truth <= each.high + slack
    return list(lines.values())


def least(repeats: int, lines: int) -> int:
    """The fewest intervals that must hold the truth: fewer have a probability of `FAIL` over all lines at most."""
    return int(binom.ppf(FAIL / max(lines, 1), repeats, CONFIDENCE))


def every(repeats: int, methods: tuple[str, ...]) -> Iterator[Line]:
    """All lines of some methods."""
    for method in methods:
        for size in USUAL[method]:
            for known in FUNCTIONS:
                yield from measure(method, size, known, repeats)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--methods", nargs="*", default=tuple(USUAL), choices=tuple(USUAL))
    asked = parser.parse_args()
    lines = list(every(asked.repeats, tuple(asked.methods)))
    judged = [line for line in lines if line.has_interval]
    bound = least(asked.repeats, len(judged))
    print(f"{len(judged)} intervals of {asked.repeats} each; at least {bound} must hold the truth")
    print(f"{'method':9} {'size':>5} {'function':12} {'index':10} {'parameter':10} {'truth':>9} {'bias':>9} {'sd':>8}"
          "  held  width")  # fmt: skip
    for line in lines:
        verdict = "" if not line.has_interval or line.held >= bound else "  FAILS"
        held = f"{line.held:5d} {line.width:6.2f}" if line.has_interval else "    no interval"
        print(f"{line.method:9} {line.size:5d} {line.function:12} {line.index:10} {line.parameter:10} {line.truth:9.4f}"
              f" {line.bias:+9.4f} {line.sd:8.4f} {held}{verdict}")  # fmt: skip


if __name__ == "__main__":
    main()
