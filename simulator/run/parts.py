"""Mean ledgers of parts of the people, whose spread tells the Monte Carlo error of whatever is computed from ledgers."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simulator.living.ledger import FIELDS
from simulator.living.sums import Sums
from simulator.run.asking import job_of, nobody, warm_up
from simulator.run.job import BLOCK
from simulator.run.simulation import check_finite
from simulator.run.sums import DrawMeans, Floats
from simulator.scenario import Scenario
from simulator.work.threads import in_order


def sizes(people: int, parts: int) -> NDArray[np.int64]:
    """How many people each part has: as equal as can be."""
    return np.diff(np.arange(parts + 1) * people // parts)


def ledgers_by_part(
    scenario: Scenario, patients: int, seed: int, draws: NDArray[np.void], parts: int, workers: int | None = None
) -> Floats:
    """Mean ledgers of each part of the people, shape (draws, parts, policies, fields).

    Lives are those of `simulate` with the same people in every draw; means over all people are those of the parts, weighted
    by `sizes`. There must be at least as many people as parts. Raises BadInput for whatever `simulate` refuses.
    """
    times = [scenario.horizon]
    job, names = job_of(scenario, None, patients, seed, "compiled", draws, False, times, False, False)
    job = replace(job, given=scenario.taken(patients, seed).given)
    count = sizes(patients, parts)
    edges = [0, *np.cumsum(count).tolist()]
    warm_up(job, scenario)

    def of_draw(draw: int) -> tuple[list[Floats], DrawMeans]:
        ledgers, whole = [], Sums.zero(len(names), len(times))
        for start, end in pairwise(edges):
            part = Sums.zero(len(names), len(times))
            for first in range(start, end, BLOCK):
                done = job.run(draw, first, min(BLOCK, end - first))
                if done.barred:
                    raise nobody(scenario)
                part.add(done.sums)
            ledgers.append(part.ledger / (end - start))
            whole.add(part)
        return ledgers, DrawMeans.of(whole, patients, job.reference)

    found = np.empty((len(job.draws), parts, len(names), len(FIELDS)))
    with closing(in_order(of_draw, range(len(job.draws)), workers)) as results:
        for draw, (ledgers, means) in enumerate(results):
            check_finite(means, job, draw, draw, names, scenario)
            found[draw] = ledgers
    return found
