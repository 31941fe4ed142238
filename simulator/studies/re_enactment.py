"""A study as a sweep runs it: shards of draws, kept and resumed as those of sensitivity studies and of the economics."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.scenario.arrays import flat, flat_names
from simulator.studies import measures
from simulator.studies.measures import Seen
from simulator.studies.samples import MOST_SAMPLES, part_counted, parts_of, sample_values
from simulator.studies.study import Quantity, Study
from simulator.work.code import running_code
from simulator.work.model import Evaluation, canonical, exact
from simulator.work.threads import cores, in_order

if TYPE_CHECKING:
    from simulator.studies.prediction import Ready

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StudyOfDraws:
    """A study as a sweep runs it: a row is a draw, what is unknown of each quantity in it, and every group's parameters.

    A row gives for each quantity the number of samples and then the number in each of them.
    """

    study: Study
    groups: Mapping[str, Ready]
    seed: int

    kind = "study of draws"

    @property
    def parameters(self) -> tuple[str, ...]:
        """The draw's number, time and noise of each quantity, then doses and parameters of each group."""
        names = ["draw"]
        for quantity in self.study.quantity:
            names += [f"{quantity.name}.time", f"{quantity.name}.noise"]
        for name, group in self.groups.items():
            names += [f"{name}.doses", *(f"{name}.{field}" for field in flat_names(group.params.dtype))]
        return tuple(names)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The samples of every quantity."""
        places = ("samples", *map(str, range(MOST_SAMPLES)))
        return tuple(f"{quantity.name}.{place}" for quantity in self.study.quantity for place in places)

    @property
    def patients(self) -> int:
        """Lives of each draw in all groups, at most."""
        return sum(group.lives for group in self.groups.values())

    def rows(self, times: Array, noise: list[Array]) -> Array:
        """Inputs of every draw, from the time of each quantity, shape (draws, quantities), and its noise, (draws,)."""
        columns = [np.arange(len(times), dtype=np.float64)]
        for k, each in enumerate(noise):
            columns += [times[:, k], each]
        for group in self.groups.values():
            columns += [group.policies["doses"].astype(np.float64), *flat(group.params).T]
        return np.column_stack(columns)

    def runner(self) -> StudyOfDraws:
        """Itself."""
        return self

    def family(self) -> str:
        """SHA-256 of the study, its groups but for what rows hold, and the code."""
        whole = hashlib.sha256(self.study.model_dump_json().encode())
        for name, group in self.groups.items():
            setting = group.setting
            plain = {"group": name, "lives": group.lives, "horizon": setting.horizon, "seed": setting.seed}
            whole.update(canonical(plain).encode())
            for part in (setting.entry, setting.ages, setting.log_hazards, _without_doses(group.policies[:1])):
                whole.update(np.asarray(part).tobytes())
        whole.update(running_code().encode())
        return whole.hexdigest()

    def evaluate(self, inputs: Array, row_ids: NDArray[np.int64], replicate: int) -> Evaluation:
        """The samples of each row, on every core unless other processes have them."""
        del row_ids, replicate
        values = np.full((len(inputs), len(self.outputs)), np.nan)
        threads = 1 if multiprocessing.parent_process() is not None else cores()
        for row, samples in zip(values, in_order(self._live, inputs, threads), strict=True):
            for place, sample in zip(row.reshape(-1, 1 + MOST_SAMPLES), samples, strict=True):
                place[0], place[1 : 1 + len(sample)] = len(sample), sample
        return exact(values)

    def _live(self, row: Array) -> list[Array]:
        """The values of each quantity in the samples of one draw."""
        quantities = self.study.quantity
        draw, at = int(row[0]), 1 + 2 * len(quantities)
        times, noise = row[1:at:2], row[2:at:2]
        visits = [k for k, quantity in enumerate(quantities) if quantity.measure in measures.AT_A_VISIT]
        seen: dict[str, list[Seen]] = {}
        for name, group in self.groups.items():
            policy, params = group.policies[:1].copy(), np.zeros(1, group.params.dtype)
            policy["doses"] = row[at]
            width = flat(params).shape[1]
            flat(params)[:] = row[at + 1 : at + 1 + width]
            at += 1 + width
            seen[name] = self._seen(name, params[0], policy[0], draw * group.lives, times, visits)
        return [
            sample_values(q, {name: s[k] for name, s in seen.items()}, self.study.groups, times[k], float(noise[k]))
            for k, q in enumerate(quantities)
        ]

    def _seen(self, name: str, params: Any, policy: Any, first: int, times: Array, visits: list[int]) -> list[Seen]:
        """What each quantity sees of a group from person `first` on: all its lives, or as many as its samples take.

        Samples are cut from the front, so that lives behind the last of them change nothing.
        """
        group = self.groups[name]
        takes = self._takes[name]
        most = group.lives
        wanted = max((most if size is None else MOST_SAMPLES * size for size in takes.values()), default=0)
        parts: list[tuple[Array, Array]] = []
        done = 0
        while True:
            count = min(max(1, wanted), most) - done
            parts.append(group.setting.lives(params, policy, first + done, count, times[visits]))
            done += count
            lives, tcpo2 = (np.concatenate(each) for each in zip(*parts, strict=True))
            unknown = np.full(done, np.nan)
            seen = [
                Seen(lives, tcpo2[:, visits.index(k)] if k in visits else unknown)
                for k in range(len(self.study.quantity))
            ]
            if done == most or all(
                size is not None and _counted(self.study.quantity[k], seen[k], times[k]) >= MOST_SAMPLES * size
                for k, size in takes.items()
            ):
                return seen
            wanted = done + max(1, done // 2)

    @cached_property
    def _takes(self) -> dict[str, dict[int, int | None]]:
        """People of each group in a sample of each quantity (by its place) that it belongs to; None where all are looked at."""
        found: dict[str, dict[int, int | None]] = {name: {} for name in self.groups}
        sizes = {name: group.n for name, group in self.study.groups.items()}
        for k, quantity in enumerate(self.study.quantity):
            names = quantity.groups + quantity.against
            if quantity.against:
                own: list[int | None] = [sizes[name] for name in names]
            elif quantity.n is None:
                own = [None] * len(names)
            else:
                own = list(parts_of(quantity.people or quantity.n, [sizes[name] for name in names]))
            for name, size in zip(names, own, strict=True):
                found[name][k] = size
        return found


def _counted(quantity: Quantity, seen: Seen, t: float) -> int:
    return len(seen) if quantity.against else len(part_counted(quantity, seen, t))


def _without_doses(policies: NDArray[np.void]) -> NDArray[np.void]:
    """Policies with no doses, which rows have instead."""
    plain = policies.copy()
    plain["doses"] = 0
    return plain
