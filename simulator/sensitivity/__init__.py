"""What drives the answer: sweeps of any model, kept run by run, and the indices that come of them.

    sweep = Sweep.of(load_study("study.toml"))
    store = sweep.store("out")
    sweep.execute(store, way=Processes(2))
    runs = sweep.runs(store)
    results = analyse(sweep, runs)
    results.indices, results.convergence, results.ranking, results.noise      # DataFrames

`clinical` is the simulation as a study sees it; `policy_sweep` and `policy_choice` find the best policy. `model` says
what a study can run, `designs` which methods there are and what they cost, `simulator.sweep` how runs are kept and made,
`indices` and `noise` what they say. Names are imported when they are first asked for, since SALib and pandas
take seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.sensitivity.emulator import Emulator, fit_emulator
    from simulator.sensitivity.inputs import Catalogue, Input, JointDraws
    from simulator.sensitivity.model import KINDS, Model, Runner
    from simulator.sensitivity.policy_choice import Choices, choose
    from simulator.sensitivity.policy_sweep import PolicyStudy, PolicySweep, read_policy_study
    from simulator.sensitivity.results import Results, analyse
    from simulator.sensitivity.study import Study, load_study
    from simulator.sensitivity.sweep import Runs, Sweep
    from simulator.sweep.cluster import Cluster
    from simulator.sweep.execution import Part, ThisProcess, execute
    from simulator.sweep.model import Evaluation
    from simulator.sweep.processes import Processes
    from simulator.sweep.shards import ShardStore

_HOME = {
    "Cluster": "simulator.sweep.cluster",
    "Emulator": "simulator.sensitivity.emulator",
    "fit_emulator": "simulator.sensitivity.emulator",
    "Part": "simulator.sweep.execution",
    "ThisProcess": "simulator.sweep.execution",
    "execute": "simulator.sweep.execution",
    "Catalogue": "simulator.sensitivity.inputs",
    "Input": "simulator.sensitivity.inputs",
    "JointDraws": "simulator.sensitivity.inputs",
    "KINDS": "simulator.sensitivity.model",
    "Evaluation": "simulator.sweep.model",
    "Model": "simulator.sensitivity.model",
    "Runner": "simulator.sensitivity.model",
    "Choices": "simulator.sensitivity.policy_choice",
    "choose": "simulator.sensitivity.policy_choice",
    "PolicyStudy": "simulator.sensitivity.policy_sweep",
    "PolicySweep": "simulator.sensitivity.policy_sweep",
    "read_policy_study": "simulator.sensitivity.policy_sweep",
    "Processes": "simulator.sweep.processes",
    "Results": "simulator.sensitivity.results",
    "analyse": "simulator.sensitivity.results",
    "ShardStore": "simulator.sweep.shards",
    "Study": "simulator.sensitivity.study",
    "load_study": "simulator.sensitivity.study",
    "Runs": "simulator.sensitivity.sweep",
    "Sweep": "simulator.sensitivity.sweep",
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

    return getattr(importlib.import_module(_HOME[name]), name)
