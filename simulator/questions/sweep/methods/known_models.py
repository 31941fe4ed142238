"""Models whose sensitivity indices are known in closed form, to judge the machinery by.

Both can pretend to be a simulation: `noise` is the standard deviation of one pretended patient, so that an output has
the Monte Carlo standard error noise / sqrt(patients), and `seconds` is how long one row takes.
"""

from __future__ import annotations

import json
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.questions.sweep.methods.inputs import Catalogue, Floats, Input, JointDraws, uniform_between
from simulator.questions.sweep.methods.model import Fault, Model
from simulator.words.errors import nearest
from simulator.words.luck import generator
from simulator.work.model import Evaluation

PRETENCE = ("noise", "seconds")
WEIGHTS = (1.0, 2.0, 3.0)


class _KnownModel(ABC):
    """A formula, run row by row so that a row's bits never depend on its neighbours."""

    settings: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    def __init__(self, model: Model) -> None:
        self.model = model
        self.noise = model.setting("noise", 0.0)
        self.seconds = model.setting("seconds", 0.0)

    @abstractmethod
    def formula(self, row: Sequence[float]) -> dict[str, float]:
        """Each output for one row of inputs."""

    @abstractmethod
    def catalogue(self) -> Catalogue:
        """The inputs that may vary."""

    def faults(self) -> Iterator[Fault]:
        """Unknown outputs, policies and pretended patients that make no sense."""
        for output in self.model.outputs:
            if output not in self.outputs:
                yield "outputs", output, nearest(output, self.outputs)
        for policy in self.model.policies:
            yield "policies", policy, f"none: the model {self.model.kind!r} has no policies"
        for key, value in json.loads(self.model.settings).items():
            if key not in (*PRETENCE, *self.settings):
                yield f"model.settings.{key}", value, nearest(key, (*PRETENCE, *self.settings))
        for key in PRETENCE:
            value = self.model.setting(key, 0.0)
            if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
                yield f"model.settings.{key}", value, "a number, 0 or more"
        if self.model.setting("noise", 0.0) and self.model.patients < 1:
            yield "patients", self.model.patients, "1 or more, because the model has noise"

    def row_faults(self, inputs: Floats, chosen: Collection[str]) -> Iterator[Fault]:
        """Any numbers go together."""
        del inputs, chosen
        yield from ()

    def row_notes(self, inputs: Floats) -> Iterator[str]:
        """Nothing is changed."""
        del inputs
        yield from ()

    def evidence(self) -> str:
        """Nothing is read from files."""
        return ""

    def evaluate(self, inputs: Floats, row_ids: NDArray[np.int64], replicate: int) -> Evaluation:
        """The formula for every row, plus noise that is a function of seed, replicate, row and output."""
        del row_ids
        values = np.empty((len(inputs), len(self.model.outputs)))
        for i, row in enumerate(inputs.tolist()):
            if self.seconds:
                time.sleep(self.seconds)
            result = self.formula(row)
            values[i] = [result[output] for output in self.model.outputs]
        error = self.noise / math.sqrt(self.model.patients) if self.noise else 0.0
        if error:
            values += error * np.array([self._luck(row, replicate) for row in inputs])
        return Evaluation(values, np.full(values.shape, error))

    def _luck(self, row: Floats, replicate: int) -> Floats:
        luck = generator(self.model.seed, "known model", replicate, row.tobytes().hex())
        return luck.standard_normal(len(self.model.outputs))


class Ishigami(_KnownModel):
    """sin x1 + a sin^2 x2 + b x3^4 sin x1 with x uniform on (-pi, pi), a = 7 and b = 0.1.

    Output `y`, and `half` of it. `shifted` adds a constant that hides the effects from careless arithmetic.
    Source: Ishigami and Homma 1990; indices as in Sobol' and Levitan 1999.
    """

    outputs = ("y", "half", "shifted")

    def catalogue(self) -> Catalogue:
        """x1, x2 and x3."""
        quantile = uniform_between(-math.pi, math.pi)
        groups = {"x1": "waves.first", "x2": "waves.second", "x3": "powers"}
        limits = (-math.pi, math.pi)
        return Catalogue(tuple(Input(name, 0.0, quantile, group, limits=limits) for name, group in groups.items()))

    def formula(self, row: Sequence[float]) -> dict[str, float]:
        """The three outputs; an input that the study leaves alone stays at its base, 0."""
        x = dict(zip(self.model.parameters, row, strict=True))
        wave = math.sin(x.get("x1", 0.0))
        y = wave + 7.0 * math.sin(x.get("x2", 0.0)) ** 2 + 0.1 * x.get("x3", 0.0) ** 4 * wave
        return {"y": y, "half": y / 2, "shifted": y + 1e6}


class Additive(_KnownModel):
    """The sum of weights times inputs, each input uniform on (0, 1).

    The setting `weights` gives one weight per input x1, x2, ... Outputs: `sum`; `constant`, which never moves; and
    `inverse`, one over the sum. `correlation` says how strongly the first two inputs go together in the draws that
    tie them (none by default).
    """

    settings = ("weights", "correlation")
    outputs = ("sum", "constant", "inverse")

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        given = model.setting("weights", list(WEIGHTS))
        self.weights = given if _is_numbers(given) else list(WEIGHTS)
        tied = model.setting("correlation", 0.0)
        self.correlation = tied if isinstance(tied, int | float) and -1 < tied < 1 and len(self.weights) > 1 else 0.0

    def faults(self) -> Iterator[Fault]:
        """Weights that are not numbers, and a correlation out of range."""
        yield from super().faults()
        given = self.model.setting("weights", list(WEIGHTS))
        if not _is_numbers(given):
            yield "model.settings.weights", given, "a list of numbers"
        tied = self.model.setting("correlation", 0.0)
        if tied != self.correlation:
            yield "model.settings.correlation", tied, "between -1 and 1, both excluded, for two weights or more"

    def catalogue(self) -> Catalogue:
        """One input per weight; the first two are tied by draws where there is a correlation."""
        names = tuple(f"x{i + 1}" for i in range(len(self.weights)))
        inputs = tuple(Input(name, 0.5, uniform_between(0.0, 1.0), "terms") for name in names)
        correlation = self.correlation
        if not correlation:
            return Catalogue(inputs)
        from scipy.stats import norm

        normal = generator(1, "known model").standard_normal((4000, 2))
        normal[:, 1] = correlation * normal[:, 0] + math.sqrt(1 - correlation**2) * normal[:, 1]
        return Catalogue(inputs, (JointDraws("draws", names[:2], np.asarray(norm.cdf(normal), dtype=np.float64)),))

    def formula(self, row: Sequence[float]) -> dict[str, float]:
        """The three outputs; an input that the study leaves alone stays at its base, 0.5."""
        x = dict(zip(self.model.parameters, row, strict=True))
        total = math.fsum(w * x.get(f"x{i + 1}", 0.5) for i, w in enumerate(self.weights))
        return {"sum": total, "constant": 1.0, "inverse": 1.0 / total if total else math.inf}


def _is_numbers(given: object) -> bool:
    return isinstance(given, list) and bool(given) and all(isinstance(each, int | float) for each in given)
