"""Ledgers of simulated lives, made once: what was simulated before is read back from the cache.

Probabilistic analyses give each parameter draw patients of its own, in two halves whose luck is independent. Their mean
is the result; how far they differ tells patients' luck from parameters. One-way analyses give every draw the same
patients with the same luck, so that only the parameter differs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import CACHE
from simulator.economics.results import Array
from simulator.run import simulate
from simulator.scenario.economics import Discounting
from simulator.scenario.scenario import Scenario

HALVES = 2
BLOCK = 50
"""Draws that are simulated and kept together: what an interruption can cost."""
MOST_KEPT = 300_000_000
"""Bytes of the cache, beyond which the oldest ledgers go."""

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
class Simulator:
    """Simulates what has not been simulated yet. `folder` keeps ledgers between runs; None keeps nothing."""

    folder: Path | None = None if CACHE is None else CACHE / "ledgers"
    progress: Reporter = field(default=silent)

    def probabilistic(
        self, what: str, scenario: Scenario, draws: NDArray[np.void], patients: int, seed: int
    ) -> Lives:
        """Every draw with patients of its own, in two halves of at least one patient."""
        return self._run(what, scenario, draws, max(1, patients // HALVES), seed, HALVES)

    def twins(self, what: str, scenario: Scenario, draws: NDArray[np.void], patients: int, seed: int) -> Lives:
        """Every draw with the same patients and the same luck."""
        return self._run(what, scenario, draws, patients, seed, 0)

    def _run(
        self, what: str, scenario: Scenario, draws: NDArray[np.void], patients: int, seed: int, halves: int
    ) -> Lives:
        """Blocks of draws, each from the cache or simulated; `halves` is 0 where all draws share their patients."""
        lives = len(draws) * max(1, halves) * patients * len(scenario.compare)
        parts: list[list[tuple[Array, Array, Array]]] = []
        with self.progress(what, lives) as advance:
            for half in range(max(1, halves)):
                blocks = []
                for start in range(0, len(draws), BLOCK):
                    block = draws[start : start + BLOCK]
                    own = _seed(seed, start // BLOCK, half) if halves else seed
                    blocks.append(self._block(scenario, block, patients, own, bool(halves), advance))
                parts.append(blocks)
        joined = [np.stack([np.concatenate([b[k] for b in blocks]) for blocks in parts]) for k in range(3)]
        halves_, outcomes, errors = joined
        return Lives(scenario.compare, halves_, outcomes, errors, draws, patients * max(1, halves))

    def _block(
        self,
        scenario: Scenario,
        draws: NDArray[np.void],
        patients: int,
        seed: int,
        fresh: bool,
        advance: Callable[[int], None],
    ) -> tuple[Array, Array, Array]:
        total = len(draws) * patients * len(scenario.compare)
        file = self._file(scenario, draws, patients, seed, fresh)
        if file is not None and file.is_file():
            advance(total)
            with np.load(file, allow_pickle=False) as kept:
                return kept["ledgers"], kept["outcomes"], kept["errors"]
        done = 0

        def show(lives: int, _of: int) -> None:
            nonlocal done
            advance(lives - done)
            done = lives

        result = simulate(
            scenario, patients=patients, seed=seed, draws=draws, fresh_patients=fresh, times=[scenario.horizon],
            engine="compiled", progress=show,
        )  # fmt: skip
        found = result.draw_ledgers, result.draw_outcomes[:, :, -1], result.draw_outcome_errors[:, :, -1]
        if file is not None:
            _keep(file, *found)
        return found

    def _file(
        self, scenario: Scenario, draws: NDArray[np.void], patients: int, seed: int, fresh: bool
    ) -> Path | None:
        """Where a block is kept: a name made of everything that decides it but the sources, which name the folder."""
        if self.folder is None:
            return None
        names = ",".join(draws.dtype.names or ())
        whole = hashlib.sha256(f"{scenario.hash} {scenario.compare} {patients} {seed} {fresh} {names}".encode())
        whole.update(np.ascontiguousarray(draws).tobytes())
        return self.folder / f"{whole.hexdigest()[:32]}.npz"


def for_money(scenario: Scenario, discounting: Discounting) -> Scenario:
    """The scenario as it is valued: at the given discount rates, and with a slot for everybody at once."""
    settings = scenario.settings.model_copy(update={"discounting": discounting, "capacity": None})
    return replace(scenario, settings=settings)


def _seed(seed: int, block: int, half: int) -> int:
    """A seed of its own for each block and half, so that no two of them share a patient."""
    return int(np.random.SeedSequence([seed, block, half]).generate_state(1, np.uint64)[0])


def _keep(file: Path, ledgers: Array, outcomes: Array, errors: Array) -> None:
    """Write a block in one step; a cache that cannot be written is no reason to stop."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(".draft")
        with draft.open("wb") as stream:
            np.savez(stream, ledgers=ledgers, outcomes=outcomes, errors=errors)
        draft.replace(file)
        _forget_oldest(file.parent)
    except OSError:
        return


def _forget_oldest(folder: Path) -> None:
    kept = sorted(((file.stat().st_mtime, file) for file in folder.glob("*.npz")), reverse=True)
    total = 0
    for _, file in kept:
        total += file.stat().st_size
        if total > MOST_KEPT:
            file.unlink(missing_ok=True)
