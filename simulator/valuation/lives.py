"""Ledgers of simulated lives, made once by a sweep: what was simulated before is read back from its shards.

Probabilistic analyses give each parameter draw patients of its own, in two halves whose luck is independent. Their mean
is the result; how far they differ tells patients' luck from parameters. One-way analyses give every draw the same
patients with the same luck, so that only the parameter differs.
"""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.reporting import divisions
from simulator.living.ledger import FIELDS
from simulator.living.outcomes import OUTCOMES
from simulator.run import Result, simulate
from simulator.run.parts import ledgers_by_part, sizes
from simulator.scenario.arrays import by_name
from simulator.scenario.economics import HALVES, Discounting
from simulator.scenario.scenario import Scenario
from simulator.statistics.decision.results import Array
from simulator.words.luck import seed_of
from simulator.work.code import running_code
from simulator.work.disk import cache_folder
from simulator.work.execution import Way, run_rows
from simulator.work.model import Evaluation, canonical, exact

BLOCK = 50
"""Draws that are simulated and kept together: what an interruption can cost."""

KEPT = 20_000
"""People that are kept one by one together, where each draw has so few that there is room for more of them."""

PARTS = 20
"""Parts of the people whose spread tells the luck of all: enough to know a Monte Carlo error to a sixth of itself."""

MEANS = ("ledgers", "outcomes", "errors")

Reduce = Callable[[Result], Mapping[str, Array]]
"""What is kept of a result: arrays whose first axis is the draw."""

Shapes = Mapping[str, tuple[int, ...]]
"""Name -> shape of the arrays that a `Reduce` gives for one draw."""

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

    @cached_property
    def ledgers(self) -> Array:
        """Mean ledgers over both halves, shape (draws, policies, fields)."""
        return np.asarray(self.halves.mean(axis=0))

    def first(self, draws: int) -> Lives:
        """The first draws only."""
        parts = (self.halves, self.outcomes, self.outcome_errors)
        halves, outcomes, errors = (part[:, :draws] for part in parts)
        return Lives(self.policies, halves, outcomes, errors, self.parameters[:draws], self.people)


@dataclass(frozen=True, eq=False)
class Parts:
    """Mean ledgers of parts of the people behind each draw, shape (draws, parts, policies, fields), and how many are in each."""

    ledgers: Array
    people: NDArray[np.int64]

    def whole(self) -> Array:
        """Mean ledgers over all people, shape (draws, policies, fields)."""
        return np.asarray(np.einsum("dbpf,b->dpf", self.ledgers, self.people / self.people.sum()))


@contextmanager
def silent(_what: str, _total: int) -> Iterator[Callable[[int], None]]:
    """No display."""
    yield lambda _steps: None


@dataclass(frozen=True, eq=False)
class LivesOfDraws:
    """The lives of parameter draws as a sweep runs them: a row is a draw's number and its parameters.

    With `fresh` patients the number says whose lives they are, and a replicate is a half; otherwise every row has the
    same patients. `block` draws share a seed. `keep` keeps patients one by one until `reduce` has seen them. With `parts`
    every row has the same patients, and what is kept are the mean ledgers of so many parts of them.
    """

    scenario: Scenario
    fields: tuple[str, ...]
    patients: int
    seed: int
    reduce: Reduce
    shapes: Shapes
    fresh: bool = True
    keep: bool = False
    block: int = BLOCK
    parts: int = 0

    kind = "lives of draws"

    @property
    def parameters(self) -> tuple[str, ...]:
        """The draw's number, then the parameters that the engine reads."""
        return ("draw", *self.fields)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Every number that `reduce` keeps of a draw, by its array and place."""
        return _numbered(tuple(self.shapes.items()))

    def rows(self, draws: NDArray[np.void]) -> Array:
        """The draws as rows of `parameters`."""
        numbers = np.arange(len(draws), dtype=np.float64) * self.fresh
        columns = by_name(draws, self.scenario.register, self.scenario.view)
        return np.column_stack([numbers, *(columns[name] for name in self.fields)])

    def runner(self) -> LivesOfDraws:
        """Itself."""
        return self

    def family(self) -> str:
        """SHA-256 of the scenario, what is compared and kept and by which classes, the patients and the code."""
        content: dict[str, Any] = {
            "scenario": self.scenario.hash,
            "compare": list(self.scenario.compare),
            "fields": list(self.fields),
            "how": [self.patients, self.seed, self.fresh, self.keep, self.block, self.reduce.__name__, self.parts],
            "code": running_code(),
        }
        if self.keep:  # whoever sees people one by one may divide them
            content["divided"] = {name: each.value for name, each in divisions().items()}
        return hashlib.sha256(canonical(content).encode()).hexdigest()

    def evaluate(self, inputs: Array, row_ids: NDArray[np.int64], replicate: int) -> Evaluation:
        """What `reduce` keeps of each row's lives."""
        del row_ids
        draws = np.zeros(len(inputs), [(name, np.float64) for name in self.fields])
        for i, name in enumerate(self.fields):
            draws[name] = inputs[:, i + 1]
        # One of several processes has a core of its own.
        workers = None if multiprocessing.parent_process() is None else 1
        if self.parts:
            found = ledgers_by_part(self.scenario, self.patients, self.seed, draws, self.parts, workers)
            return exact(found.reshape(len(inputs), -1))
        numbers = inputs[:, 0].astype(np.int64)
        values = np.empty((len(inputs), len(self.outputs)))
        # Draws that follow one another in a block are simulated together.
        apart = np.flatnonzero((np.diff(numbers) != 1) | (np.diff(numbers // self.block) != 0)) + 1
        for rows in np.split(np.arange(len(inputs)), apart if self.fresh else []):
            block, place = divmod(int(numbers[rows[0]]), self.block)
            result = simulate(
                self.scenario,
                patients=self.patients,
                seed=_seed(self.seed, block, replicate) if self.fresh else self.seed,
                engine="compiled",
                draws=draws[rows],
                fresh_patients=self.fresh,
                times=[self.scenario.horizon],
                keep_patients=self.keep,
                workers=workers,
                earlier_draws=place,
            )
            kept = self.reduce(result)
            values[rows] = np.concatenate([kept[name].reshape(len(rows), -1) for name in self.shapes], axis=1)
        return exact(values)

    def arrays(self, values: Array) -> dict[str, Array]:
        """Outputs of shape (draws, outputs) as the arrays that `reduce` gives."""
        cuts = np.cumsum([prod(shape) for shape in self.shapes.values()])[:-1]
        parts = np.split(values, cuts, axis=1)
        return {
            name: part.reshape(len(values), *shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }


@dataclass(frozen=True)
class Simulations:
    """Simulates what has not been simulated yet, as a sweep.

    `folder` keeps the shards between runs; None keeps nothing. `way` says where lives are made: by default on every core
    of this process.
    """

    folder: Path | None = field(default_factory=lambda: cache_folder("ledgers"))
    progress: Reporter = field(default=silent)
    way: Way | None = None

    def probabilistic(self, what: str, scenario: Scenario, draws: NDArray[np.void], patients: int, seed: int) -> Lives:
        """Every draw with patients of its own, in two halves of at least one patient."""
        half = scenario.people_up_to(max(1, patients // HALVES))
        model = _means_of(scenario, draws, half, seed, fresh=True)
        return _lives(scenario, self._run(what, model, draws, HALVES), draws, HALVES * model.patients)

    def growing(self, scenario: Scenario, draws: NDArray[np.void], patients: int, seed: int) -> Iterator[Lives]:
        """As `probabilistic`, yielding what the draws so far say after every `BLOCK` of them; nothing is read or kept.

        The first draws are those of any longer run with as many patients a draw. To stop, let go of the generator.
        """
        model = _means_of(scenario, draws, scenario.people_up_to(max(1, patients // HALVES)), seed, fresh=True)
        rows = model.rows(draws)
        found: list[list[Array]] = [[] for _ in range(HALVES)]
        for start in range(0, len(draws), BLOCK):
            block = rows[start : start + BLOCK]
            for half, values in enumerate(found):
                values.append(model.evaluate(block, np.arange(len(block)), half).values)
            halves = [model.arrays(np.concatenate(values)) for values in found]
            yield _lives(scenario, halves, draws[: start + len(block)], HALVES * model.patients)

    def twins(self, what: str, scenario: Scenario, draws: NDArray[np.void], patients: int, seed: int) -> Lives:
        """Every draw with the same patients and the same luck."""
        model = _means_of(scenario, draws, scenario.people_up_to(patients), seed, fresh=False)
        return _lives(scenario, self._run(what, model, draws, 1), draws, model.patients)

    def in_parts(self, what: str, scenario: Scenario, draws: NDArray[np.void], patients: int, seed: int) -> Parts:
        """The lives of `twins`, as mean ledgers of parts of the people: of one part where each would have a single person."""
        people, names = scenario.people_up_to(patients), _numbers(scenario, draws)
        parts = PARTS if people >= 2 * PARTS else 1
        shapes = {"ledgers": (parts, len(scenario.compare), len(FIELDS))}
        model = LivesOfDraws(scenario, names, people, seed, means, shapes, fresh=False, parts=parts)
        return Parts(self._run(what, model, draws, 1)[0]["ledgers"], sizes(people, parts))

    def reduced(
        self,
        what: str,
        scenario: Scenario,
        draws: NDArray[np.void],
        patients: int,
        seed: int,
        reduce: Reduce,
        shapes: Shapes,
        *,
        fresh: bool = True,
    ) -> dict[str, Array]:
        """Every draw with patients of its own, or those of `twins`, who are kept one by one until `reduce` has seen them."""
        names = _numbers(scenario, draws)
        people = scenario.people_up_to(patients)
        # The seeds of fresh patients are those of small blocks; others may stand together as far as memory goes.
        block = BLOCK // 10 if fresh else min(max(KEPT // people, BLOCK // 10), BLOCK)
        model = LivesOfDraws(scenario, names, people, seed, reduce, shapes, fresh, keep=True, block=block)
        return self._run(what, model, draws, 1)[0]

    def _run(self, what: str, model: LivesOfDraws, draws: NDArray[np.void], replicates: int) -> list[dict[str, Array]]:
        """The arrays of all draws for each replicate."""
        rows = model.rows(draws)
        lives = model.patients * len(model.scenario.compare)
        with self._display(what, len(draws) * replicates * lives) as advance:
            values = run_rows(
                model,
                rows,
                self.folder,
                replicates=replicates,
                rows_per_shard=model.block,
                way=self.way,
                advance=lambda runs: advance(runs * lives),
            )
        return [model.arrays(each) for each in values]

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


@lru_cache(maxsize=8)
def _numbered(shapes: tuple[tuple[str, tuple[int, ...]], ...]) -> tuple[str, ...]:
    # Asked for with every shard, and tens of thousands where people are divided.
    return tuple(f"{name}.{place}" for name, shape in shapes for place in range(prod(shape)))


def means(result: Result) -> Mapping[str, Array]:
    """Mean ledgers and outcomes at the last time, with the outcomes' standard errors; draws first."""
    found = result.draw_ledgers, result.draw_outcomes[:, :, -1], result.draw_outcome_errors[:, :, -1]
    return dict(zip(MEANS, found, strict=True))


def for_money(scenario: Scenario, discounting: Discounting) -> Scenario:
    """The scenario as it is valued: at the given discount rates, and with a slot for everybody at once."""
    settings = scenario.settings.model_copy(update={"discounting": discounting, "capacity": None})
    return replace(scenario, settings=settings)


def _means_of(scenario: Scenario, draws: NDArray[np.void], patients: int, seed: int, *, fresh: bool) -> LivesOfDraws:
    policies = len(scenario.compare)
    shapes = {
        name: (policies, width) for name, width in zip(MEANS, map(len, (FIELDS, OUTCOMES, OUTCOMES)), strict=True)
    }
    return LivesOfDraws(scenario, _numbers(scenario, draws), patients, seed, means, shapes, fresh=fresh)


def _numbers(scenario: Scenario, draws: NDArray[np.void]) -> tuple[str, ...]:
    """Names of every number of the draws, those of therapies too."""
    return tuple(by_name(draws, scenario.register, scenario.view))


def _seed(seed: int, block: int, half: int) -> int:
    """A seed of its own for each block and half, so that no two of them share a patient."""
    return seed_of(seed, "draws", block, half)


def _lives(scenario: Scenario, halves: list[dict[str, Array]], draws: NDArray[np.void], people: int) -> Lives:
    ledgers, outcomes, errors = (np.stack([half[name] for half in halves]) for name in MEANS)
    return Lives(scenario.compare, ledgers, outcomes, errors, draws, people)
