"""Ledgers of simulated lives, made once: what was simulated before is read back from the cache.

Probabilistic analyses give each parameter draw patients of its own, in two halves whose luck is independent. Their mean
is the result; how far they differ tells patients' luck from parameters. One-way analyses give every draw the same
patients with the same luck, so that only the parameter differs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import CACHE
from simulator.economics.results import Array
from simulator.run import Result, simulate
from simulator.scenario.economics import Discounting
from simulator.scenario.scenario import Scenario

HALVES = 2
BLOCK = 50
"""Draws that are simulated and kept together: what an interruption can cost."""
MOST_KEPT = 300_000_000
"""Bytes of the cache, beyond which the oldest ledgers go."""

MEANS = ("ledgers", "outcomes", "errors")

Reduce = Callable[[Result], Mapping[str, Array]]
"""What is kept of a result: arrays whose first axis is the draw."""

Reporter = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Opens a display of progress: what, total -> a function that is called with the steps just done."""


@dataclass(frozen=True, eq=False)
class Lives:
    """Mean ledgers of the lives behind each draw.

    halves: shape (halves, draws, policies, fields). outcomes and outcome_errors: (halves, draws, policies, outcomes) at
    the last time. parameters: (draws,). people: patients of each draw in all halves.
    """

    policies: tuple[str, ...]
    halves: Array
    outcomes: Array
    outcome_errors: Array
    parameters: NDArray[np.void]
    people: int

    @property
    def ledgers(self) -> Array:
        """Mean ledgers over both halves, shape (draws, policies, fields)."""
        return np.asarray(self.halves.mean(axis=0))

    def first(self, draws: int) -> Lives:
        """The first draws only."""
        parts = (self.halves, self.outcomes, self.outcome_errors)
        halves, outcomes, errors = (part[:, :draws] for part in parts)
        return Lives(self.policies, halves, outcomes, errors, self.parameters[:draws], self.people)


@contextmanager
def silent(_what: str, _total: int) -> Iterator[Callable[[int], None]]:
    """No display."""
    yield lambda _steps: None


@dataclass(frozen=True)
class Simulations:
    """Simulates what has not been simulated yet. `folder` keeps ledgers between runs; None keeps nothing."""

    folder: Path | None = None if CACHE is None else CACHE / "ledgers"
    progress: Reporter = field(default=silent)

    def probabilistic(self, what: str, scenario: Scenario, draws: NDArray[np.void], patients: int, seed: int) -> Lives:
        """Every draw with patients of its own, in two halves of at least one patient."""
        each = max(1, patients // HALVES)
        total = len(draws) * HALVES * each * len(scenario.compare)
        with self._display(what, total) as advance:
            halves = [
                self._collect(scenario, draws, each, seed, half, means, advance, fresh=True) for half in range(HALVES)
            ]
        return _lives(scenario, halves, draws, HALVES * each)

    def twins(self, what: str, scenario: Scenario, draws: NDArray[np.void], patients: int, seed: int) -> Lives:
        """Every draw with the same patients and the same luck."""
        with self._display(what, len(draws) * patients * len(scenario.compare)) as advance:
            found = self._collect(scenario, draws, patients, seed, 0, means, advance, fresh=False)
        return _lives(scenario, [found], draws, patients)

    def reduced(
        self, what: str, scenario: Scenario, draws: NDArray[np.void], patients: int, seed: int, reduce: Reduce
    ) -> dict[str, Array]:
        """Every draw with patients of its own, who are kept one by one until `reduce` has seen them."""
        with self._display(what, len(draws) * patients * len(scenario.compare)) as advance:
            return self._collect(scenario, draws, patients, seed, 0, reduce, advance, fresh=True, keep=True)

    @contextmanager
    def _display(self, what: str, total: int) -> Iterator[Callable[[int], None]]:
        """Progress that starts with the first lives, after any compilation has had its say."""
        with ExitStack() as stack:
            shown: list[Callable[[int], None]] = []

            def advance(steps: int) -> None:
                if not shown:
                    shown.append(stack.enter_context(self.progress(what, total)))
                shown[0](steps)

            yield advance

    def _collect(
        self,
        scenario: Scenario,
        draws: NDArray[np.void],
        patients: int,
        seed: int,
        half: int,
        reduce: Reduce,
        advance: Callable[[int], None],
        *,
        fresh: bool,
        keep: bool = False,
    ) -> dict[str, Array]:
        """Arrays of all draws, block by block, each from the cache or simulated."""
        size = BLOCK // 10 if keep else BLOCK
        parts = []
        for number, start in enumerate(range(0, len(draws), size)):
            block, own = draws[start : start + size], _seed(seed, number, half) if fresh else seed
            file = self._file(scenario, block, patients, own, fresh, reduce.__name__)
            found = _kept(file)
            if found is None:
                found = dict(reduce(_simulated(scenario, block, patients, own, fresh, keep, advance)))
                _keep(file, found)
            else:
                advance(len(block) * patients * len(scenario.compare))
            parts.append(found)
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _file(
        self, scenario: Scenario, draws: NDArray[np.void], patients: int, seed: int, fresh: bool, what: str
    ) -> Path | None:
        """Where a block is kept: a name made of everything that decides it but the sources, which name the folder."""
        if self.folder is None:
            return None
        whole = hashlib.sha256(f"{scenario.hash} {scenario.compare} {patients} {seed} {fresh} {what}".encode())
        whole.update(",".join(draws.dtype.names or ()).encode())
        whole.update(np.ascontiguousarray(draws).tobytes())
        return self.folder / f"{whole.hexdigest()[:32]}.npz"


def means(result: Result) -> Mapping[str, Array]:
    """Mean ledgers and outcomes at the last time, with the outcomes' standard errors; draws first."""
    found = result.draw_ledgers, result.draw_outcomes[:, :, -1], result.draw_outcome_errors[:, :, -1]
    return dict(zip(MEANS, found, strict=True))


def for_money(scenario: Scenario, discounting: Discounting) -> Scenario:
    """The scenario as it is valued: at the given discount rates, and with a slot for everybody at once."""
    settings = scenario.settings.model_copy(update={"discounting": discounting, "capacity": None})
    return replace(scenario, settings=settings)


def _seed(seed: int, block: int, half: int) -> int:
    """A seed of its own for each block and half, so that no two of them share a patient."""
    return int(np.random.SeedSequence([seed, block, half]).generate_state(1, np.uint64)[0])


def _lives(scenario: Scenario, halves: list[dict[str, Array]], draws: NDArray[np.void], people: int) -> Lives:
    ledgers, outcomes, errors = (np.stack([half[name] for half in halves]) for name in MEANS)
    return Lives(scenario.compare, ledgers, outcomes, errors, draws, people)


def _simulated(
    scenario: Scenario,
    draws: NDArray[np.void],
    patients: int,
    seed: int,
    fresh: bool,
    keep: bool,
    advance: Callable[[int], None],
) -> Result:
    done = 0

    def show(lives: int, _of: int) -> None:
        nonlocal done
        advance(lives - done)
        done = lives

    return simulate(
        scenario,
        patients=patients,
        seed=seed,
        engine="compiled",
        draws=draws,
        fresh_patients=fresh,
        times=[scenario.horizon],
        keep_patients=keep,
        progress=show,
    )


def _kept(file: Path | None) -> dict[str, Array] | None:
    """The arrays of a file; None where there is none that can be read."""
    if file is None or not file.is_file():
        return None
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, EOFError):
        return None


def _keep(file: Path | None, arrays: Mapping[str, Array]) -> None:
    """Write a block in one step; a cache that cannot be written is no reason to stop."""
    if file is None:
        return
    draft = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]
        draft.replace(file)
        _forget_oldest(file.parent)
    except OSError:
        draft.unlink(missing_ok=True)


def _forget_oldest(folder: Path) -> None:
    kept = sorted(((file.stat().st_mtime, file) for file in folder.glob("*.npz")), reverse=True)
    total = 0
    for _, file in kept:
        total += file.stat().st_size
        if total > MOST_KEPT:
            file.unlink(missing_ok=True)
