"""What a sweep runs: a model named by its kind and settings, built anew wherever it is needed.

A `Model` is plain data. It crosses to worker processes and clusters as it is, and its hash names the results, so a
result can always be told from one of another model. The code behind a kind is a `Runner`; `KINDS` says where.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Protocol, TypeAlias, cast

from simulator.questions.sweep.methods.inputs import Catalogue, Floats
from simulator.work.code import running_code
from simulator.work.model import Evaluator, canonical

KINDS: dict[str, str] = {
    "ishigami": "simulator.questions.sweep.methods.known_models:Ishigami",
    "additive": "simulator.questions.sweep.methods.known_models:Additive",
    "clti": "simulator.questions.sweep.clinical.clinical:Clinical",
}
"""Kind -> ``module:class`` of its `Runner`. A study can name these kinds and nothing else."""

Fault: TypeAlias = tuple[str, object, str]
"""Key of the study, value and what was allowed."""


class Runner(Evaluator, Protocol):
    """What the code behind a kind of model offers.

    Rows of one replicate share their luck, so that differences between rows are differences between parameters;
    replicates are independent of each other.
    """

    def catalogue(self) -> Catalogue:
        """The inputs that may vary, also where there are faults in what does not concern them. May raise BadInput."""

    def faults(self) -> Iterator[Fault]:
        """Everything that is wrong with the settings, outputs, policies and patients of its model."""

    def row_faults(self, inputs: Floats, chosen: Collection[str]) -> Iterator[Fault]:
        """What makes some of a study's rows impossible, each once over all rows: values that do not go together.

        `chosen` are the inputs whose values somebody gave, as ranges or levels; the others come from distributions.
        """

    def row_notes(self, inputs: Floats) -> Iterator[str]:
        """What a reader must know about how the rows were run."""

    def evidence(self) -> str:
        """Hash of every file that it reads, so that edited evidence never meets results of the old one."""


@dataclass(frozen=True)
class Model:
    """Everything that decides a result besides the row of inputs and the replicate.

    `parameters` names the columns of the inputs, `outputs` those of the results. `settings` is canonical JSON of what
    else the kind of model needs, written by `canonical`.
    """

    kind: str
    parameters: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    patients: int = 0
    seed: int = 0
    settings: str = "{}"

    def setting(self, name: str, default: Any) -> Any:
        """One of the settings."""
        return json.loads(self.settings).get(name, default)

    def runner(self) -> Runner:
        """The code that runs it, built once in each process."""
        return _runner(self)

    def family(self) -> str:
        """SHA-256 of the model, the code that runs it and the evidence it reads: what results have in common."""
        content = {"model": asdict(self), "code": running_code(), "evidence": self.runner().evidence()}
        return hashlib.sha256(canonical(content).encode()).hexdigest()


@lru_cache(maxsize=8)
def _runner(model: Model) -> Runner:
    module, name = KINDS[model.kind].split(":")
    return cast(Runner, getattr(importlib.import_module(module), name)(model))
