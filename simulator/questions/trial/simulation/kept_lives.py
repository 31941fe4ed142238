"""Lives of trials, kept between runs: a changed boundary, test or size costs no new ones.

A piece holds `UNIT` trials. Its key says all that decides a life and when the trial sees it, and neither endpoints, looks nor
the size: a smaller trial reads the first patients of a larger one's, and a larger one makes the piece anew.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.questions.trial.analysis.data import TrialData
from simulator.questions.trial.design.design import Design
from simulator.questions.trial.design.sites import hospitals_in
from simulator.questions.trial.simulation.truth import Truth
from simulator.work.code import running_code
from simulator.work.disk import remove
from simulator.work.store import Store, forget_oldest

UNIT = 32
"""Trials in a piece."""
MOST_PATIENTS = 4_000
"""Larger trials are not kept: a piece of them would not fit beside others."""
MOST_BYTES = 2 << 30
"""Room that kept lives take at most; the oldest go first."""
TIMES = ("healed", "amputated", "died", "lost", "crossed", "reintervened")
"""Fields of which only those are kept that happen."""
PIECE = "piece"
WHOLE = ("arm", "stratum", "tcpo2_entry", "screened", "site", "caused", "tcpo2", "walking", "walked", "luck")


@dataclass(frozen=True)
class KeptLives:
    """The lives of one design's patients under its scenario and seed, in a folder of the cache."""

    folder: Path
    design: Design
    scenario: str
    seed: int

    @cached_property
    def family(self) -> bytes:
        """What all pieces of a design have in common, without endpoints, looks and sizes."""
        own = self.design
        parts: list[Any] = [
            running_code(),
            self.scenario,
            self.seed,
            own.entry,
            own.accrual,
            own.drop_out,
            own.follow_up,
        ]
        parts += [
            own.blinding,
            hospitals_in(own),
            own.visits,
            own.randomisation,
            own.block,
            [arm.allocation for arm in own.arms],
        ]
        parts.append(sorted({each.at_months for each in own.endpoints if each.needs_visit}, key=str))
        return "\n".join(map(repr, parts)).encode()

    def key(self, truth: Truth, first: int, patients: int, longer: float) -> str:
        """Name of the piece that begins with trial `first`."""
        whole = hashlib.sha256(self.family + f"\n{first} {longer!r}".encode())
        for array in (truth.params_of(first, UNIT), truth.policies, truth.arm_policy, np.array(truth.crossover)):
            whole.update(np.ascontiguousarray(array).tobytes())
        if self.design.follow_up.until == "last":
            # How long a patient is followed depends on who enters last.
            whole.update(f"{patients}".encode())
        return whole.hexdigest()

    def lives(
        self,
        truth: Truth,
        first: int,
        trials: int,
        patients: int,
        longer: float,
        make: Callable[[int, int], TrialData],
    ) -> TrialData:
        """Trials first, first + 1, ...: whole pieces from the store where they are, the rest from `make(first, trials)`."""
        begin, end = -(-first // UNIT) * UNIT, (first + trials) // UNIT * UNIT
        if patients > MOST_PATIENTS or begin >= end:
            return make(first, trials)
        parts = [make(first, begin - first)] if begin > first else []
        missing: list[int] = []
        found: list[dict[str, NDArray[Any]]] = []
        for start in range(begin, end, UNIT):
            piece = self._read(truth, start, patients, longer)
            if piece is None:
                parts += _together(found, patients)
                missing.append(start)
            else:
                parts += self._made(truth, missing, patients, longer, make)
                found.append(piece)
        parts += _together(found, patients) + self._made(truth, missing, patients, longer, make)
        if end < first + trials:
            parts.append(make(end, first + trials - end))
        return parts[0] if len(parts) == 1 else joined(parts)

    def _made(
        self, truth: Truth, starts: list[int], patients: int, longer: float, make: Callable[[int, int], TrialData]
    ) -> list[TrialData]:
        if not starts:
            return []
        data = make(starts[0], UNIT * len(starts))
        for place, start in enumerate(starts):
            piece = data.some(slice(place * UNIT, (place + 1) * UNIT))
            self._store.write(self.key(truth, start, patients, longer), packed(piece))
        starts.clear()
        return [data]

    @cached_property
    def _store(self) -> Store:
        return Store(self.folder, spare=True)

    def _read(self, truth: Truth, start: int, patients: int, longer: float) -> dict[str, NDArray[Any]] | None:
        key = self.key(truth, start, patients, longer)
        found = self._store.read(key)
        if found is None:
            return None
        arrays = arrays_of(found)
        if arrays["arm"].shape[1] < patients:
            remove(self._store.file(key))
            return None
        return arrays

    def tidy(self) -> None:
        """Forget the oldest lives where all of them take too much room."""
        forget_oldest(self.folder, MOST_BYTES)


def packed(data: TrialData) -> dict[str, NDArray[Any]]:
    """A piece as the bytes of all its arrays after those of a list of them: of times only those that are finite, and where they
    stand.

    One member of a file is read in a tenth of a millisecond, and a run reads hundreds of pieces of twenty arrays.
    """
    arrays: dict[str, NDArray[Any]] = {name: getattr(data, name) for name in (*WHOLE, "visits", "entry", "end")}
    for name in TIMES:
        values = getattr(data, name).reshape(-1)
        there = np.flatnonzero(np.isfinite(values))
        arrays[f"{name}_at"], arrays[name] = there.astype(np.int32), values[there]
    # The widest first, so that every array begins where its kind of number may.
    whole = {
        name: np.ascontiguousarray(each) for name, each in sorted(arrays.items(), key=lambda one: -one[1].itemsize)
    }
    layout = json.dumps([[name, each.dtype.str, each.shape] for name, each in whole.items()]).encode()
    content = b"".join(each.tobytes() for each in whole.values())
    # The list is as long as its own first word says, in words of eight bytes.
    layout += b" " * (-len(layout) % 8)
    return {PIECE: np.frombuffer(len(layout).to_bytes(8, "little") + layout + content, np.uint8)}


def arrays_of(piece: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The arrays of a piece, where they lie."""
    whole = piece[PIECE]
    begin = 8 + int.from_bytes(whole[:8].tobytes(), "little")
    arrays: dict[str, NDArray[Any]] = {}
    for name, kind, size in json.loads(whole[8:begin].tobytes()):
        end = begin + np.dtype(kind).itemsize * math.prod(size)
        arrays[name] = whole[begin:end].view(kind).reshape(size)
        begin = end
    return arrays


def unpacked(pieces: list[dict[str, NDArray[Any]]], patients: int) -> TrialData:
    """The trials of some pieces, one after another, with so many patients: the same bits."""
    shapes = [piece["arm"].shape for piece in pieces]
    trials = sum(shape[0] for shape in shapes)
    # Of the trial itself there is one number, which is no patient's.
    whole = {name: np.concatenate([each[name][:, :patients] for each in pieces]) for name in (*WHOLE, "entry", "end")}
    for name in TIMES:
        values = np.full((trials, patients), np.inf)
        first = 0
        for piece, shape in zip(pieces, shapes, strict=True):
            trial, place = np.divmod(piece[f"{name}_at"], np.int32(shape[1]))
            here = place < patients
            values[trial[here] + first, place[here]] = piece[name][here]
            first += shape[0]
        whole[name] = values
    return TrialData(**whole, visits=pieces[0]["visits"])


def _together(found: list[dict[str, NDArray[Any]]], patients: int) -> list[TrialData]:
    """The trials of the pieces found so far, which are then done with."""
    if not found:
        return []
    data = unpacked(found, patients)
    found.clear()
    return [data]


def joined(parts: list[TrialData]) -> TrialData:
    """Trials of several pieces, one after another."""
    names = [*TIMES, *WHOLE, "entry", "end"]
    return replace(parts[0], **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
