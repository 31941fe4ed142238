"""Options of the commands whose runs can be made in several processes or on a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from simulator.words.errors import Problem, collected

if TYPE_CHECKING:
    from simulator.work.execution import Way

HERE = "command line"
Workers = Annotated[int | None, typer.Option(help="Processes on this machine. Default: whatever uses every core.")]
ClusterAddress = Annotated[
    str | None, typer.Option("--cluster", help="Address of a Dask scheduler, as tcp://10.0.0.1:8786.")
]


def way_of(
    workers: int | None, cluster: str | None, problems: list[Problem], *, otherwise: Way | None = None
) -> Way | None:
    """Where runs are made; None for this process alone. What is wrong is appended to `problems`.

    Asked for neither workers nor a cluster it is `otherwise`.
    """
    if workers is not None and workers < 1:
        problems.append(Problem(HERE, "--workers", str(workers), "1 or more"))
    if cluster is not None and workers is not None:
        problems.append(
            Problem(HERE, "--workers", str(workers), "not together with --cluster, which has its own workers")
        )
    if cluster is not None:
        from simulator.work.cluster import Cluster

        way = Cluster(cluster)
        collected(way.check, problems)
        return way
    if workers is None:
        return otherwise
    if workers > 1:
        from simulator.work.processes import Processes

        return Processes(workers)
    return None
