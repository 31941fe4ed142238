"""What drives the answer: sweeps of any model, kept run by run, and the indices that come of them.

    sweep = Sweep.of(load_study("study.toml"))
    store = sweep.store("out")
    sweep.execute(store, way=Processes(2))
    runs = sweep.runs(store)
    results = analyse(sweep, runs)
    results.indices, results.convergence, results.ranking, results.noise      # DataFrames

`clinical` is the simulation as a study sees it; `policy_sweep` and `policy_choice` find the best policy. `model` says
what a study can run, `designs` which methods there are and what they cost, `simulator.work` how runs are kept and made,
`indices` and `noise` what they say. Names are imported when they are first asked for, since SALib and pandas
take seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.questions.sweep.methods.emulator import Emulator, fit_emulator
    from simulator.questions.sweep.methods.inputs import Catalogue, Input, JointDraws
    from simulator.questions.sweep.methods.model import KINDS, Model, Runner
    from simulator.questions.sweep.policy_choice import Choices, choose
    from simulator.questions.sweep.policy_sweep import PolicyStudy, PolicySweep, read_policy_study
    from simulator.questions.sweep.results import Results, analyse
    from simulator.questions.sweep.study import Study
    from simulator.questions.sweep.study_reading import load_study
    from simulator.questions.sweep.sweep import Runs, Sweep
    from simulator.work.cluster import Cluster
    from simulator.work.execution import Part, ThisProcess, execute
    from simulator.work.model import Evaluation
    from simulator.work.processes import Processes
    from simulator.work.shards import ShardStore

_HOME = {
    "Cluster": "simulator.work.cluster",
    "Emulator": "simulator.questions.sweep.methods.emulator",
    "fit_emulator": "simulator.questions.sweep.methods.emulator",
    "Part": "simulator.work.execution",
    "ThisProcess": "simulator.work.execution",
    "execute": "simulator.work.execution",
    "Catalogue": "simulator.questions.sweep.methods.inputs",
    "Input": "simulator.questions.sweep.methods.inputs",
    "JointDraws": "simulator.questions.sweep.methods.inputs",
    "KINDS": "simulator.questions.sweep.methods.model",
    "Evaluation": "simulator.work.model",
    "Model": "simulator.questions.sweep.methods.model",
    "Runner": "simulator.questions.sweep.methods.model",
    "Choices": "simulator.questions.sweep.policy_choice",
    "choose": "simulator.questions.sweep.policy_choice",
    "PolicyStudy": "simulator.questions.sweep.policy_sweep",
    "PolicySweep": "simulator.questions.sweep.policy_sweep",
    "read_policy_study": "simulator.questions.sweep.policy_sweep",
    "Processes": "simulator.work.processes",
    "Results": "simulator.questions.sweep.results",
    "analyse": "simulator.questions.sweep.results",
    "ShardStore": "simulator.work.shards",
    "Study": "simulator.questions.sweep.study",
    "load_study": "simulator.questions.sweep.study",
    "Runs": "simulator.questions.sweep.sweep",
    "Sweep": "simulator.questions.sweep.sweep",
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
