"""Which lives are simulated for an analysis, with whose luck, and what is kept of them; nobody lives here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator import load_scenario
from simulator.living.ledger import FIELDS
from simulator.living.outcomes import OUTCOMES
from simulator.scenario.economics import Discounting
from simulator.valuation import lives as module
from simulator.valuation.lives import (
    PARTS,
    Lives,
    LivesOfDraws,
    Parts,
    Simulations,
    for_money,
    means,
    silent,
)
from simulator.words.luck import seed_of

SHAPES = {"x": (2, 2), "y": (3,)}


def scenario(most: int = 10**9) -> Any:
    """Two policies compared for forty years, in at most so many people."""
    return SimpleNamespace(
        hash="h",
        compare=("care", "cells"),
        register=SimpleNamespace(therapies={}),
        view="central",
        horizon=40.0,
        people_up_to=lambda people: min(people, most),
    )


def draws(number: int) -> Any:
    """Draws of two numbers: 1, 2, ... and 10, 20, ..."""
    found = np.zeros(number, [("a", np.float64), ("b", np.float64)])
    found["a"] = np.arange(1.0, number + 1)
    found["b"] = 10.0 * found["a"]
    return found


def of_draws(**more: Any) -> LivesOfDraws:
    """Lives of which two arrays are kept."""
    given = {"scenario": scenario(), "fields": ("a", "b"), "patients": 30, "seed": 7, "reduce": kept, "shapes": SHAPES}
    return LivesOfDraws(**{**given, **more})


def kept(result: Any) -> Any:
    """Of each draw a number that says which it is."""
    first = result.draws["a"]
    return {
        "y": 100.0 * first[:, None] + np.arange(3.0),
        "x": first[:, None, None] + np.array([[0.0, 0.1], [0.2, 0.3]]),
    }


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is asked of the engine, which gives the draws back, with ledgers and outcomes that tell them."""
    found: list[dict[str, Any]] = []

    def simulate(given: Any, **more: Any) -> Any:
        found.append({"scenario": given, **more})
        size, policies = len(more["draws"]), len(given.compare)
        plain = np.broadcast_to(more["draws"]["a"][:, None, None], (size, policies, len(FIELDS)))
        outcomes = np.zeros((size, policies, 2, len(OUTCOMES)))
        outcomes[:, :, 1] = more["draws"]["b"][:, None, None]
        return SimpleNamespace(
            draws=more["draws"], draw_ledgers=plain, draw_outcomes=outcomes, draw_outcome_errors=outcomes / 100.0
        )

    monkeypatch.setattr(module, "simulate", simulate)
    return found


def test_means_and_parts_of_ledgers() -> None:
    """Halves count alike, parts by their people; the first draws of everything."""
    halves = np.arange(2 * 3 * 2 * 1.0).reshape(2, 3, 2, 1)
    lives = Lives(("care", "cells"), halves, halves + 100.0, halves + 200.0, draws(3), 60)
    assert lives.ledgers.tolist() == [[[3.0], [4.0]], [[5.0], [6.0]], [[7.0], [8.0]]]
    first = lives.first(2)
    assert (
        first.halves.tolist() == halves[:, :2].tolist() and first.people == 60 and first.policies == ("care", "cells")
    )
    assert first.outcomes.tolist() == (halves[:, :2] + 100.0).tolist()
    assert first.outcome_errors.tolist() == (halves[:, :2] + 200.0).tolist()
    assert first.parameters["a"].tolist() == [1.0, 2.0]
    parts = Parts(np.array([[[[1.0]], [[4.0]]]]), np.array([2, 1]))
    assert parts.whole().tolist() == [[[pytest.approx(2.0)]]]


def test_rows_of_draws() -> None:
    """A draw's number and its parameters; whoever has the same patients has the same number."""
    model = of_draws()
    assert model.parameters == ("draw", "a", "b") and model.runner() is model and model.kind == "lives of draws"
    assert model.rows(draws(2)).tolist() == [[0.0, 1.0, 10.0], [1.0, 2.0, 20.0]]
    assert of_draws(fresh=False).rows(draws(2)).tolist() == [[0.0, 1.0, 10.0], [0.0, 2.0, 20.0]]


def test_outputs_by_array_and_place() -> None:
    """Every number has a name, and numbers become arrays again."""
    model = of_draws()
    assert model.outputs == ("x.0", "x.1", "x.2", "x.3", "y.0", "y.1", "y.2")
    found = model.arrays(np.arange(14.0).reshape(2, 7))
    assert list(found) == ["x", "y"] and found["x"].tolist() == [[[0, 1], [2, 3]], [[7, 8], [9, 10]]]
    assert found["y"].tolist() == [[4, 5, 6], [11, 12, 13]]


def other(result: Any) -> Any:
    """Something else that is kept."""
    return kept(result)


def test_what_stored_lives_are_named_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that decides them; by what people are divided only where people are seen one by one."""
    monkeypatch.setattr(module, "running_code", lambda: "code")
    named = of_draws().family()
    changes: tuple[dict[str, Any], ...] = (
        {"scenario": SimpleNamespace(**{**vars(scenario()), "hash": "i"})},
        {"scenario": SimpleNamespace(**{**vars(scenario()), "compare": ("cells", "care")})},
        *({"fields": ("b", "a")}, {"patients": 31}, {"seed": 8}, {"fresh": False}, {"keep": True}, {"block": 51}),
        *({"parts": 20}, {"reduce": other}),
    )
    names = [named, *(of_draws(**change).family() for change in changes)]
    assert len(set(names)) == len(names) and of_draws().family() == named and len(named) == 64
    one = of_draws(keep=True).family()
    monkeypatch.setattr(module, "divisions", lambda: {"age": SimpleNamespace(value=(65.0,))})
    two = of_draws(keep=True).family()
    monkeypatch.setattr(module, "divisions", lambda: {"age": SimpleNamespace(value=(75.0,))})
    assert len({one, two, of_draws(keep=True).family()}) == 3 and of_draws().family() == named
    monkeypatch.setattr(module, "running_code", lambda: "other")
    assert of_draws().family() != named


def test_draws_that_are_simulated_together(asked: list[dict[str, Any]]) -> None:
    """Those that follow one another in a block of four, by the block's seed, which knows how many came before."""
    model = of_draws(block=4, keep=True)
    rows = model.rows(draws(11))[[0, 1, 3, 4, 5, 10]]
    found = model.evaluate(rows, np.arange(6), 1)
    assert [each["draws"]["a"].tolist() for each in asked] == [[1.0, 2.0], [4.0], [5.0, 6.0], [11.0]]
    assert [each["draws"]["b"].tolist() for each in asked] == [[10.0, 20.0], [40.0], [50.0, 60.0], [110.0]]
    assert [each["earlier_draws"] for each in asked] == [0, 3, 0, 2]
    assert [each["seed"] for each in asked] == [seed_of(7, "draws", block, 1) for block in (0, 0, 1, 2)]
    for each in asked:
        assert (each["patients"], each["engine"], each["times"]) == (30, "compiled", [40.0])
        assert (each["fresh_patients"], each["keep_patients"], each["workers"]) == (True, True, None)
    first = [1.0, 1.1, 1.2, 1.3, 100.0, 101.0, 102.0]
    assert found.values[0].tolist() == pytest.approx(first) and found.values[3].tolist() == pytest.approx(
        [5.0, 5.1, 5.2, 5.3, 500.0, 501.0, 502.0]
    )
    assert found.values.shape == found.errors.shape == (6, 7) and not found.errors.any()


def test_twins_are_simulated_together(asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """All draws at once by the seed itself; one of several processes has one core."""
    monkeypatch.setattr(module.multiprocessing, "parent_process", lambda: "another")
    model = of_draws(block=2, fresh=False)
    model.evaluate(model.rows(draws(5)), np.arange(5), 0)
    (only,) = asked
    assert only["draws"]["a"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0] and only["seed"] == 7
    assert (only["fresh_patients"], only["keep_patients"], only["workers"], only["earlier_draws"]) == (
        False,
        False,
        1,
        0,
    )


def test_people_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ledgers of every part, as they come."""
    given: list[Any] = []

    def by_part(*words: Any) -> Any:
        given.append(words)
        return np.arange(2 * 3 * 2 * 2.0).reshape(2, 3, 2, 2)

    monkeypatch.setattr(module, "ledgers_by_part", by_part)
    model = of_draws(parts=3, fresh=False, shapes={"ledgers": (3, 2, 2)})
    found = model.evaluate(model.rows(draws(2)), np.arange(2), 0)
    assert found.values.tolist() == np.arange(24.0).reshape(2, 12).tolist()
    ((_, patients, seed, rows, parts, workers),) = given
    assert (patients, seed, parts, workers) == (30, 7, 3, None) and rows["b"].tolist() == [10.0, 20.0]


@pytest.fixture
def swept(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What a sweep is asked for; its outputs are the number of the row, and ten more in a second replicate."""
    found: list[dict[str, Any]] = []

    def run_rows(model: Any, rows: Any, folder: Any, **more: Any) -> Any:
        found.append({"model": model, "rows": rows, "folder": folder, **more})
        more["advance"](2)
        more["advance"](1)
        plain = np.arange(float(len(rows)))[None, :, None] + 10.0 * np.arange(more["replicates"])[:, None, None]
        return np.broadcast_to(plain, (more["replicates"], len(rows), len(model.outputs)))

    monkeypatch.setattr(module, "run_rows", run_rows)
    return found


class Shown:
    """A display that remembers."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, int]] = []
        self.steps: list[int] = []
        self.closed = 0

    @contextmanager
    def __call__(self, what: str, total: int) -> Iterator[Any]:
        self.opened.append((what, total))
        yield self.steps.append
        self.closed += 1


def test_every_draw_has_patients_of_its_own(swept: list[dict[str, Any]]) -> None:
    """In two halves, each of half the people or as many as a table of them allows; lives are told as they are made."""
    shown, way = Shown(), object()
    simulations = Simulations(None, shown, way)  # type: ignore[arg-type]
    lives = simulations.probabilistic("Base case", scenario(), draws(3), 61, 7)
    (only,) = swept
    model = only["model"]
    assert (model.patients, model.seed, model.fresh, model.keep, model.block, model.parts) == (
        30,
        7,
        True,
        False,
        50,
        0,
    )
    assert model.reduce is means and model.fields == ("a", "b") and lives.people == 60
    assert model.shapes == {"ledgers": (2, len(FIELDS)), "outcomes": (2, len(OUTCOMES)), "errors": (2, len(OUTCOMES))}
    assert (only["folder"], only["replicates"], only["rows_per_shard"], only["way"]) == (None, 2, 50, way)
    assert only["rows"].tolist() == model.rows(draws(3)).tolist()
    assert lives.halves.shape == (2, 3, 2, len(FIELDS)) and lives.outcomes.shape == (2, 3, 2, len(OUTCOMES))
    assert lives.halves[:, :, 1, 0].tolist() == [[0.0, 1.0, 2.0], [10.0, 11.0, 12.0]]
    assert lives.policies == ("care", "cells") and lives.parameters["a"].tolist() == [1.0, 2.0, 3.0]
    # Three draws, two halves of thirty people, two policies; two runs and then one.
    assert shown.opened == [("Base case", 360)] and shown.steps == [120, 60] and shown.closed == 1
    assert Simulations(None).probabilistic("", scenario(), draws(1), 1, 7).people == 2
    assert swept[-1]["model"].patients == 1
    assert Simulations(None).probabilistic("", scenario(4), draws(1), 100, 7).people == 8


def test_twins_have_the_same_patients(swept: list[dict[str, Any]]) -> None:
    """One replicate of everybody."""
    lives = Simulations(None).twins("Twins", scenario(50), draws(2), 61, 7)
    model = swept[0]["model"]
    assert (model.patients, model.fresh, model.keep, swept[0]["replicates"], lives.people) == (50, False, False, 1, 50)
    assert lives.halves.shape == (1, 2, 2, len(FIELDS)) and model.reduce is means


@pytest.mark.parametrize(("people", "parts"), [(2 * PARTS, PARTS), (2 * PARTS - 1, 1), (1, 1)])
def test_parts_of_two_people_at_least(people: int, parts: int, swept: list[dict[str, Any]]) -> None:
    """Twenty, or all in one."""
    found = Simulations(None).in_parts("Parts", scenario(people), draws(2), 1_000, 7)
    model = swept[0]["model"]
    assert (model.patients, model.parts, model.fresh, swept[0]["replicates"]) == (people, parts, False, 1)
    assert model.shapes == {"ledgers": (parts, 2, len(FIELDS))} and model.reduce is means
    assert found.ledgers.shape == (2, parts, 2, len(FIELDS)) and found.people.tolist() == [people // parts] * parts


def test_people_who_are_kept(swept: list[dict[str, Any]]) -> None:
    """One by one for a reduction of one's own. Five draws a shard have patients of their own; where all have the same, as many
    stand together as 20,000 people are, fifty at most and five at least."""
    for fresh in (True, False):
        found = Simulations(None).reduced("Kept", scenario(9), draws(2), 60, 7, kept, SHAPES, fresh=fresh)
        model = swept[-1]["model"]
        assert (model.patients, model.fresh, model.keep, model.block, model.reduce) == (
            9,
            fresh,
            True,
            5 if fresh else 50,
            kept,
        )
        assert swept[-1]["replicates"] == 1 and swept[-1]["rows_per_shard"] == model.block
        assert found["x"].shape == (2, 2, 2) and found["y"].tolist() == [[0.0] * 3, [1.0] * 3]
    for people, together in ((1_000, 20), (10_000, 5)):
        Simulations(None).reduced("Kept", scenario(people), draws(2), people, 7, kept, SHAPES, fresh=False)
        assert swept[-1]["model"].block == together
    Simulations(None).reduced("Kept", scenario(), draws(2), 60, 7, kept, SHAPES)
    assert swept[-1]["model"].fresh


def test_lives_that_grow(asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """After every block what the draws so far say, each half by its own seed, and nothing is read or kept."""
    monkeypatch.setattr(module, "BLOCK", 50)
    model = of_draws(reduce=means)
    grown = list(Simulations(None).growing(scenario(4), draws(60), 20, 7))
    assert [len(each.parameters) for each in grown] == [50, 60] and model.block == 50
    assert [each["seed"] for each in asked] == [seed_of(7, "draws", block, half) for block in (0, 1) for half in (0, 1)]
    assert [each["draws"]["a"][0] for each in asked] == [1.0, 1.0, 51.0, 51.0]
    assert [len(each["draws"]) for each in asked] == [50, 50, 10, 10] and {each["patients"] for each in asked} == {4}
    last = grown[-1]
    assert last.people == 8 and last.halves.shape == (2, 60, 2, len(FIELDS))
    assert last.ledgers[:, 0, 0].tolist() == np.arange(1.0, 61.0).tolist()
    assert last.outcomes[0, :, 1, 0].tolist() == (10.0 * np.arange(1.0, 61.0)).tolist()
    assert last.outcome_errors[1, :, 1, 0].tolist() == pytest.approx((0.1 * np.arange(1.0, 61.0)).tolist())
    assert grown[0].ledgers.shape[0] == 50
    asked.clear()
    next(iter(Simulations(None).growing(scenario(), draws(3), 1, 7)))
    assert {each["patients"] for each in asked} == {1}
    assert [each["seed"] for each in asked] == [seed_of(7, "draws", 0, half) for half in (0, 1)]


def test_nothing_is_shown_without_a_display() -> None:
    """It takes any steps."""
    for display in (silent, Simulations(None).progress):
        with display("Lives", 10) as advance:
            advance(5)


def test_a_scenario_as_it_is_valued() -> None:
    """At other rates, and without queues."""
    given = load_scenario(overrides={"capacity": {"slots_per_week": 2, "arrivals_per_week": 10.0}})
    rates = Discounting(effects=0.01, costs=0.02)
    found = for_money(given, rates)
    assert given.settings.capacity is not None and found.settings.capacity is None
    assert found.settings.discounting == rates
    back = {"discounting": given.settings.discounting, "capacity": given.settings.capacity}
    assert found.settings.model_copy(update=back) == given.settings and found.register is given.register
