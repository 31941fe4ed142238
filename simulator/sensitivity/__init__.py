"""What drives the answer: sweeps of any model, kept run by run, and the indices that come of them.

    sweep = Sweep.of(load_study("study.toml"))
    store = sweep.store("out")
    sweep.execute(store, way=Processes(2))
    runs = sweep.runs(store)
    results = analyse(sweep, runs)
    results.indices, results.convergence, results.ranking, results.noise      # DataFrames

`clinical` is the simulation as a study sees it; `policy_sweep` and `policy_choice` find the best policy. `model` says
what a sweep can run, `designs` which methods there are and what they cost, `shards` and `execution` how runs are kept
and made, `indices` and `noise` what they say. Names are imported when they are first asked for, since SALib and pandas
take seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.sensitivity.cluster import Cluster
    from simulator.sensitivity.emulator import Emulator, fit_emulator
    from simulator.sensitivity.execution import Part, ThisProcess, execute
    from simulator.sensitivity.inputs import Catalogue, Input, JointDraws
    from simulator.sensitivity.model import KINDS, Evaluation, Model, Runner
    from simulator.sensitivity.policy_choice import Choices, choose
    from simulator.sensitivity.policy_sweep import PolicyStudy, PolicySweep, read_policy_study
    from simulator.sensitivity.processes import Processes
    from simulator.sensitivity.results import Results, analyse
    from simulator.sensitivity.shards import ShardStore
    from simulator.sensitivity.study import Study, load_study
    from simulator.sensitivity.sweep import Runs, Sweep

_HOME = {
    "Cluster": "cluster",
    "Emulator": "emulator",
    "fit_emulator": "emulator",
    "Part": "execution",
    "ThisProcess": "execution",
    "execute": "execution",
    "Catalogue": "inputs",
    "Input": "inputs",
    "JointDraws": "inputs",
    "KINDS": "model",
    "Evaluation": "model",
    "Model": "model",
    "Runner": "model",
    "Choices": "policy_choice",
    "choose": "policy_choice",
    "PolicyStudy": "policy_sweep",
    "PolicySweep": "policy_sweep",
    "read_policy_study": "policy_sweep",
    "Processes": "processes",
    "Results": "results",
    "analyse": "results",
    "ShardStore": "shards",
    "Study": "study",
    "load_study": "study",
    "Runs": "sweep",
    "Sweep": "sweep",
}

__all__ = [
    "KINDS",
    "Catalogue",
    "Choices",
    "Cluster",
    "Emulator",
    "Evaluation",
    "Input",
    "JointDraws",
    "Model",
    "Part",
    "PolicyStudy",
    "PolicySweep",
    "Processes",
    "Results",
    "Runner",
    "Runs",
    "ShardStore",
    "Study",
    "Sweep",
    "ThisProcess",
    "analyse",
    "choose",
    "execute",
    "fit_emulator",
    "load_study",
    "read_policy_study",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"simulator.sensitivity.{_HOME[name]}"), name)
