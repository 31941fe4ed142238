"""What a sweep can run: rows of numbers in, outputs with their Monte Carlo errors out, under a name for all that decides them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.words.errors import CheckFailed

Floats = NDArray[np.float64]


class RunFailed(CheckFailed):
    """The model could not be run for some rows, which the message names."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Outputs of some rows for one replicate: `values` and their Monte Carlo standard `errors`, (rows, outputs)."""

    values: Floats
    errors: Floats


def exact(values: Floats) -> Evaluation:
    """Outputs of which nobody asks for the Monte Carlo error."""
    return Evaluation(values, np.broadcast_to(0.0, values.shape))


class Evaluator(Protocol):
    """The code behind a model."""

    def evaluate(self, inputs: Floats, row_ids: NDArray[np.int64], replicate: int) -> Evaluation:
        """Run each row of `inputs`, shape (rows, parameters), with the luck of `replicate` (0, 1, ...).

        A row's result depends on that row, the model and the replicate alone: never on its neighbours, its place or
        `row_ids`, which only name rows in messages.
        """


class SweepModel(Protocol):
    """A model that a sweep runs. It is plain data, which crosses to worker processes and clusters as it is."""

    @property
    def kind(self) -> str:
        """What people call models of its kind."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the columns of the inputs."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the columns of the results."""

    @property
    def patients(self) -> int:
        """People of each run."""

    @property
    def seed(self) -> int:
        """Seed of their luck."""

    def runner(self) -> Evaluator:
        """The code that runs it."""

    def family(self) -> str:
        """SHA-256 of everything that decides a result besides the row of inputs and the replicate, code included."""


def canonical(content: Mapping[str, Any]) -> str:
    """JSON with one spelling for one content. Raises TypeError or ValueError for what JSON cannot say."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
